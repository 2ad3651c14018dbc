#!/bin/sh
# A new ledger: init and its refusals, keys and passphrases, accounts.
# shellcheck disable=SC2317,SC2016 # functions are called by name, through check; $ is of jq
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
cd "$work" || exit 1
alice=0x00000000000000000000000000000000000a11ce

# --- a fresh ledger ---
prints 'A new ledger in home' 'init' init --home home --alloc "$alice=12.5" --timestamp 1700000000
check 'init makes the files it tells of' \
    test -s home/store/store.mdb -a -s home/store.key -a -s home/genesis.json -a -s home/keys/node.key -a -s home/keys/admin.key
private() { [ -z "$(find home -type f -perm /077)" ] && [ -z "$(find home -type d -perm /077)" ]; }
check 'nobody else can read them' private
check 'genesis: chain, time and gas' \
    jq -e '.parvis == 1 and .chainId == 20260 and .timestamp == 1700000000 and .gasLimit == 500000000' home/genesis.json
check 'genesis: the allocation, in the smallest unit, and its reserve' \
    jq -e --arg a "$alice" '.alloc[$a].balance == "12500000000000000000" and .services.money.reserve == "12500000000000000000"' home/genesis.json
run account show admin --home home --json
admin=$(jq -r .address out)
check 'genesis: admin holds every role' jq -e --arg a "$admin" \
    '.roles == {issuer: $a, registrar: $a, governor: $a} and .services.energy.rulesRole == $a and
     .services.voting.clerks == [$a]' home/genesis.json
run account show node --home home --json
check 'genesis: the node proposes' test "$(jq -r .address out)" = "$(jq -r .engine.proposer home/genesis.json)"
check 'genesis: the operator answers for the data, unless said otherwise' \
    jq -e '[.services[].controller] | length == 4 and all(.name == "operator of the node " + $p and .contact == "not stated")' \
    --arg p "$(jq -r .engine.proposer home/genesis.json)" home/genesis.json
cp -r home before
refuses 5 'already holds a ledger' 'init over a ledger' init --home home
refuses 5 'contient déjà un registre' 'init over a ledger, in French' init --home home --lang fr
check 'which stays as it was' diff -r home before

run init --home named --controller-name 'Ville de Lyon' --controller-contact 'dpo@example.org' --json
check 'init --json' jq -e '.chainId == 20260 and (.admin | test("^0x[0-9a-f]{40}$")) and (.proposer | test("^0x[0-9a-f]{40}$"))' out
check 'who answers for the data' \
    jq -e '.services.energy.controller == {name: "Ville de Lyon", contact: "dpo@example.org"}' named/genesis.json
gives 0 'init --quiet' init --home quiet --quiet --chain-id 77 --admission members
check 'says nothing' test ! -s out -a ! -s err
check 'chain id and admission' jq -e '.chainId == 77 and .services.money.admission == "members"' quiet/genesis.json
prints 'Nouveau registre' 'init in French' init --home french --lang fr

# --- what init refuses leaves nothing behind ---
nothing() { [ ! -e none ]; }
refuse_init() { # refuse_init CODE PATTERN NAME ARGS...
    want=$1 pattern=$2 label=$3
    shift 3
    refuses "$want" "$pattern" "$label" init --home none "$@"
    check "$label: nothing is left" nothing
}
refuse_init 5 '0xADDRESS=AMOUNT' 'allocation: not an address' --alloc 0xzz=1
refuse_init 5 '0xADRESSE=MONTANT' 'allocation: not an address, in French' --alloc 0xzz=1 --lang fr
refuse_init 5 '0xADDRESS=AMOUNT' 'allocation: no amount' --alloc "$alice"
refuse_init 5 '0xADDRESS=AMOUNT' 'allocation: not an amount' --alloc "$alice=1e3"
refuse_init 5 'occurs twice' 'allocation: twice' --alloc "$alice=1" --alloc "$alice=2"
refuse_init 5 'service money' "allocation: a service's address" --alloc 0x00000000000000000000000000000000c1700001=1
refuse_init 2 'open or members' 'admission' --admission some
refuse_init 2 'from 1 to' 'chain id' --chain-id 0
refuse_init 2 'from 0 to' 'timestamp' --timestamp tomorrow
refuse_init 2 '1 to 256 bytes' 'controller without a name' --controller-name ''
refuse_init 2 'map-mb 0' 'map size' --map-mb 0
refuse_init 3 'No such file or folder' 'genesis: no file' --genesis none.json
refuse_init 2 'no effect with --genesis' 'genesis and what it says' --genesis home/genesis.json --chain-id 5
echo '{"parvis": 1, "chainId": ' >bad.json
refuse_init 5 'bad.json: ' 'genesis: not JSON' --genesis bad.json
bad_genesis() { # bad_genesis FIELD JQ: the genesis of home, changed, is refused with the field's name
    jq "$2" home/genesis.json >bad.json
    refuse_init 5 "$1" "genesis: $1" --genesis bad.json
}
bad_genesis 'chainId' '.chainId = 0'
bad_genesis 'engine.proposer' '.engine.proposer = "0x12"'
bad_genesis 'roles.mayor' '.roles.mayor = .roles.issuer'
bad_genesis 'services.money.admission' '.services.money.admission = "all"'
bad_genesis 'services.energy.rulesRole' '.services.energy.rulesRole = 1'
bad_genesis 'services.voting.clerks.0.' '.services.voting.clerks = [1]'
bad_genesis 'services.parking' '.services.parking = {}'
bad_genesis 'colour' '.colour = "blue"'
refuse_init 3 'aucun fichier ni dossier' 'genesis: no file, in French' --genesis none.json --lang fr
refuses 2 'home needs a value' 'no name for the home' init --home ''
refuses 8 'A file stands' 'a file in the way' init --home bad.json
check 'is left alone' test -f bad.json

# --- a genesis given; the proposer's key brought along ---
gives 0 'init --genesis' init --home copy --genesis home/genesis.json
check 'tells that another key proposes' grep -q 'does not hold the proposer' out
refuses 6 "not the proposer's" 'the node does not start with another key' node --home copy --port 0
gives 0 'account export' account export node node.hex --home home
gives 0 'account remove' account remove node --home copy
refuses 3 'no key named node' 'the node does not start without its key' node --home copy --port 0
gives 0 'account import' account import node node.hex --home copy
start_node --home copy
check 'with the key it starts' test -n "$url"
stop_node
check 'and stops' [ "$code" = 0 ]

# --- accounts ---
run account new bob --home home --json
bob=$(jq -r .address out)
check 'account new' jq -e '.name == "bob" and (.address | test("^0x[0-9a-f]{40}$"))' out
refuses 5 'already' 'account new: the name is taken' account new bob --home home
refuses 5 "1 to 40 letters" 'account new: a bad name' account new '../bob' --home home
refuses 5 "de 1 à 40 lettres" 'account new: a bad name, in French' account new '../bob' --home home --lang fr
refuses 5 'city service' "account new: a service's name" account new money --home home
refuses 3 'no keys there' 'account list without a home' account list --home none
refuses 3 'parvis init' 'account new without a home' account new bob --home none
prints "^bob  *$bob" 'account show' account show bob --home home
refuses 3 'no key named carol' 'account show: no such key' account show carol --home home
refuses 3 'pas de clé nommée carol' 'account show: no such key, in French' account show carol --home home --lang fr
run account list --home home --json
check 'account list' jq -e --arg b "$bob" '(map(.name) == ["admin", "bob", "node"]) and .[1].address == $b' out
gives 0 'account list as text' account list --home home
check 'has a line each' test "$(wc -l <out)" = 3
gives 0 'account export' account export bob bob.hex --home home
check 'the exported key is private' test "$(stat -c %a bob.hex)" = 600
refuses 5 'already exists' 'account export does not replace a file' account export bob bob.hex --home home
prints "$bob" 'account import' account import bobby bob.hex --home home
run account import robert /dev/null --home home
check 'account import: no key in the file' [ "$code" = 6 ]
echo zz >zz.hex
refuses 6 '64 hexadecimal digits' 'account import: not hexadecimal' account import robert zz.hex --home home
awk 'BEGIN { while (i++ < 64) printf "f"; print "" }' >order.hex
refuses 6 'not a valid secp256k1 key' 'account import: above the order' account import robert order.hex --home home
refuses 3 'none.hex' 'account import: no file' account import robert none.hex --home home
gives 0 'account remove' account remove bobby --home home
refuses 3 'no key named bobby' 'account remove: no such key' account remove bobby --home home
check 'no key lies in clear' test -z "$(grep -rl "$(cat bob.hex)" home)"

# --- another key, another passphrase ---
other=named/store.key
refuses 6 'key' 'node with another store key' node --home home --port 0 --key-file "$other"
refuses 6 'clé' 'node with another store key, in French' node --home home --port 0 --key-file "$other" --lang fr
refuses 6 'does not open' 'account show with another store key' account show admin --home home --key-file "$other"
refuses 6 'key' 'audit with another store key' audit --home home --key-file "$other"
refuses 3 'parvis init' 'no store key' audit --home home --key-file none.key
refuses 6 '64 hexadecimal digits' 'a store key that is none' audit --home home --key-file zz.hex
refuses 3 'parvis init' 'no ledger' node --home none --port 0
mkdir empty && cp home/store.key empty
refuses 3 'has no store' 'a key without a ledger' node --home empty --port 0

echo 'un deux trois' >phrase
echo 'un deux quatre' >wrong
gives 0 'init with a passphrase' init --home secret --passphrase-file phrase
check 'no key file is made' test ! -e secret/store.key
check 'and none is spoken of' test -z "$(grep 'store\.key' out)"
start_node --home secret --passphrase-file phrase
check 'the node opens it' test -n "$url"
prints 'done in block 1' 'and its keys sign' send "$alice" --home secret --passphrase-file phrase
stop_node
check 'the node stops' [ "$code" = 0 ]
refuses 6 'passphrase' 'another passphrase' audit --home secret --passphrase-file wrong
refuses 6 'phrase secrète' 'another passphrase, in French' audit --home secret --passphrase-file wrong --lang fr
refuses 6 'passphrase' 'a key for a ledger with a passphrase' audit --home secret --key-file "$other"
refuses 6 'key file' 'a passphrase for a ledger with a key' audit --home home --passphrase-file phrase
refuses 2 'not both' 'a key and a passphrase' audit --home secret --passphrase-file phrase --key-file "$other"
refuses 3 'none' 'no passphrase file' audit --home secret --passphrase-file none
: >nothing
refuses 6 'empty' 'an empty passphrase' audit --home secret --passphrase-file nothing
PARVIS_PASSPHRASE_FILE=phrase
export PARVIS_PASSPHRASE_FILE
prints 'The ledger holds: 2 blocks' 'the passphrase by environment' audit --home secret
unset PARVIS_PASSPHRASE_FILE
finish
