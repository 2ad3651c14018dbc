#!/bin/sh
# A network's files: prepare, init, join, a chain that grows; the supervisor; where the ordering
# engine is installed, one member that runs, decides and is killed.
# shellcheck disable=SC2317 # functions are called by name, through check
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
cd "$work" || exit 1
unset PARVIS_ENGINE
sums() { (cd "$1" && find . -type f ! -name '*lock' -exec sha256sum {} + | sort); }

# --- prepare ---
refuses 2 'give --name and --p2p' 'prepare: no name' network prepare --home none
refuses 2 'donnez --name et --p2p' 'prepare: no name, in French' network prepare --home none --lang fr
refuses 2 '1 to 64 bytes' 'prepare: an empty name' network prepare --home none --name '' --p2p 10.0.0.1:26656
for address in nowhere :26656 10.0.0.1:0 10.0.0.1:65536 10.0.0.1:x '10.0.0.1 :5' '[fd00::1:5' host: 'a"b:5'; do
    refuses 2 'HOST:PORT' "prepare: address $address" network prepare --home none --name A --p2p "$address"
done
check 'what prepare refuses leaves nothing' test ! -e none
run network prepare --home a --name 'Mairie "du 3e"' --p2p 10.0.0.1:26656 --json
check 'prepare prints the card' jq -e '.parvisMember == 1 and .name == "Mairie \"du 3e\"" and .p2p == "10.0.0.1:26656" and
    (.operator | test("^0x[0-9a-f]{40}$")) and (.key | test("^0x[0-9a-f]{64}$")) and (.node | test("^[0-9a-f]{40}$"))' out
check 'which stays in the home' cmp out a/member.json
prints 'hand it to' 'prepare --out' network prepare --home b --name Énergie --p2p '[fd00::2]:26656' --out b.json
prints 'remettez-la' 'prepare in French' network prepare --home c --name C --p2p c.example.org:26656 --out c.json --lang fr
cp a/member.json a.json
private() {
    find a -type f ! -name member.json -perm /077 | grep . && return 1
    find a -type d -perm /077 | grep . && return 1
    return 0
}
check 'nobody else can read the keys' private
address_of_key() { # the engine's files agree with the card
    seed=$(jq -r .priv_key.value a/engine/config/priv_validator_key.json | base64 -d | od -An -tx1 | tr -d ' \n')
    [ "0x${seed#????????????????????????????????????????????????????????????????}" = "$(jq -r .key a.json)" ] &&
        [ "$(printf %s "$(jq -r .key a.json | cut -c3-)" | sed 's/../\\x&/g' | xargs -0 printf %b | sha256sum | cut -c1-40 | tr a-f A-F)" = \
            "$(jq -r .address a/engine/config/priv_validator_key.json)" ]
}
check "the validator's key is the card's" address_of_key
sums a >before
refuses 5 'a member.s folder already' 'prepare twice' network prepare --home a --name A --p2p 10.0.0.1:26656
sums a >after
check 'changes nothing' cmp before after

# --- init ---
refuses 5 '1 to 100 members' 'init: no member' network init --out no.json
refuses 3 'none.json' 'init: no such card' network init --member none.json --out no.json
refuses 2 'whole number from 1' 'init: power 0' network init --member a.json=0 --out no.json
refuses 2 'whole number from 1' 'init: not a power' network init --member a.json=heavy --out no.json
refuses 5 'key in common' 'init: the same card twice' network init --member a.json --member a.json --out no.json
refuses 5 'clé en commun' 'init: the same card twice, in French' network init --member a.json --member a.json --out no.json --lang fr
bad_card() { # bad_card FIELD JQ
    jq "$2" a.json >bad.json
    refuses 5 "bad.json: $1" "init: a card with a bad $1" network init --member bad.json --out no.json
}
bad_card parvisMember '.parvisMember = 2'
bad_card name 'del(.name)'
bad_card name '.name = ([range(65) | "x"] | add)'
bad_card operator '.operator = "0x12"'
bad_card key '.key = 5'
bad_card node '.node = "zz"'
bad_card p2p 'del(.p2p)'
bad_card nowhere '.p2p = "nowhere"'
bad_card power '.power = 0'
echo '{' >bad.json
refuses 5 'bad.json' 'init: a card that is not JSON' network init --member bad.json --out no.json
refuses 2 'from 1 to' 'init: chain id' network init --member a.json --chain-id 0 --out no.json
refuses 2 'no effect with --from' 'init: options that --from knows' network init --member a.json --from x --chain-id 5 --out no.json
refuses 2 'no effect without --local' 'init: --hosts alone' network init --member a.json --hosts 10.0.0.1 --out no.json
refuses 2 'no effect without --from' 'init: --governor alone' network init --member a.json --governor admin --out no.json
refuses 2 'sans effet avec --local' 'init: --member and --local, in French' network init --member a.json --local 2 --dir x --lang fr
refuses 2 '40 hexadecimal digits' 'init: --admin' network init --member a.json --admin bob --out no.json
check 'what init refuses leaves nothing' test ! -e no.json
run network init --member a.json --member b.json=20 --chain-id 4242 --timestamp 1700000000 --json
check 'init' [ "$code" = 0 ]
check 'tells file and fingerprint' jq -e '.file == "network.json" and .members == 2 and .chainId == 4242' out
check 'the fingerprint is of the file' test "$(jq -r .fingerprint out)" = "$(sha256sum network.json | cut -d' ' -f1)"
check "the ledger's genesis names the members" jq -e '.genesis.services.members.validators | map(.power) == [10, 20]' network.json
check "the engine's genesis too" jq -e '.engine | .chain_id == "parvis-4242" and .initial_height == "1" and .app_hash == "" and
    (.validators | map(.power) == ["10", "20"] and map(.name) == ["Mairie \"du 3e\"", "Énergie"])' network.json
check 'it does not begin in the past' jq -e '.engine.genesis_time > "2025"' network.json
check 'the first member holds the roles' jq -e '.genesis.roles.governor == .members[0].operator' network.json
refuses 5 'already exists' 'init does not replace a network file' network init --member a.json --member b.json

# --- join ---
refuses 2 'give --network' 'join: no file' network join --home a
refuses 3 'none.json' 'join: no such file' network join --home a --network none.json
refuses 3 'network prepare' 'join: not prepared' network join --home none --network network.json
bad_network() { # bad_network PATTERN JQ
    jq "$2" network.json >bad.json
    refuses 5 "bad.json: $1" "join: a network file with $1" network join --home a --network bad.json
}
bad_network parvisNetwork '.parvisNetwork = 2'
bad_network 'members\[1\].key' '.members[1].key = 1'
bad_network 'members\[0\].power' 'del(.members[0].power)'
bad_network 'genesis and engine' 'del(.engine)'
bad_network 'genesis.chainId' '.genesis.chainId = 0'
bad_network 'engine.chain_id' '.engine.chain_id = "other"'
bad_network 'chain' '.chain = {"file": "../x", "block": 1, "hash": "0x12"}'
jq '.members[0].p2p = "10.9.9.9:26656"' network.json >bad.json
refuses 5 'with another card' 'join: another card of the same member' network join --home a --network bad.json
refuses 2 'HOST:PORT' 'join: --listen' network join --home a --network network.json --listen 5
refuses 2 'HOST:PORT' 'join: --engine-rpc' network join --home a --network network.json --engine-rpc here
hash=$(printf 'AB%.0s' $(seq 32))
refuses 2 'twice' 'join: one --sync-from' network join --home a --network network.json --sync-from http://h:1 --trust "5:$hash"
refuses 2 'twice' 'join: --trust alone' network join --home a --network network.json --trust "5:$hash"
refuses 2 'HEIGHT:HASH' 'join: --trust without a hash' network join --home a --network network.json --sync-from http://h:1 --sync-from http://i:1 --trust 5
check 'what join refuses leaves nothing' test ! -e a/store -a ! -e a/engine/config/config.toml
run network join --home a --network network.json --json
check 'join' [ "$code" = 0 ]
check 'tells what it joined' jq -e '.validator and .members == 2 and .chainId == 4242' out
check 'with the same fingerprint' test "$(jq -r .fingerprint out)" = "$(sha256sum network.json | cut -d' ' -f1)"
config=a/engine/config/config.toml
says() { grep -qxF -- "$1" "$config"; }
check 'only the port for peers listens' says 'laddr = "tcp://0.0.0.0:26656"'
check 'the rest are sockets' says 'laddr = "unix://rpc.sock"'
check 'the ledger is asked who may connect' says 'filter_peers = true'
check 'peers are not told of' says "private_peer_ids = \"$(jq -r .node b.json)\""
check 'the others are called' says "persistent_peers = \"$(jq -r .node b.json)@[fd00::2]:26656\""
check 'a name is a text' says 'moniker = "Mairie \"du 3e\""'
check "the engine's genesis is the network's" sh -c 'jq -S . a/engine/config/genesis.json >g1; jq -S .engine network.json >g2; cmp g1 g2'
prints 'The ledger holds: 1 blocks' 'the ledger is there' audit --home a
refuses 5 'has joined a network already' 'join twice' network join --home a --network network.json
echo '{"height":"7","round":0,"step":3}' >a/engine/data/priv_validator_state.json
mkdir a/engine/data/state.db a/snapshots && touch a/engine/data/state.db/CURRENT
refuses 3 'none.json' 'join --again: no such file' network join --home a --network none.json --again
check 'what is refused removes nothing' test -s a/store/store.mdb -a -e a/engine/data/state.db/CURRENT
gives 0 'join --again' network join --home a --network network.json --again --quiet
check 'begins anew' test -s a/store/store.mdb -a -s a/engine/config/config.toml -a ! -e a/engine/data/state.db -a ! -e a/snapshots
check 'but for the last vote' grep -q '"height":"7"' a/engine/data/priv_validator_state.json
prints 'not among them' 'join of who is not in the file' network join --home c --network network.json \
    --sync-from http://10.0.0.1:26657 --sync-from http://10.0.0.2:26657 --trust "5:$hash" --engine-rpc 10.0.0.3:26657
config=c/engine/config/config.toml
check 'it opens its interface' says 'laddr = "unix://rpc.sock,tcp://10.0.0.3:26657"'
check 'and takes a snapshot' says 'rpc_servers = "http://10.0.0.1:26657,http://10.0.0.2:26657"'
check 'that leads to a block it trusts' says "trust_hash = \"$hash\""
check 'which becomes its ledger: there is none yet' test ! -e c/store -a -s c/genesis.json
run init --home other --quiet
run network prepare --home other --name O --p2p 10.0.0.7:26656
refuses 5 'another ledger' 'join over another ledger' network join --home other --network network.json
refuses 5 'holds a ledger already' 'join by snapshot over a ledger' network join --home other --network network.json \
    --sync-from http://10.0.0.1:26657 --sync-from http://10.0.0.2:26657 --trust "5:$hash"
check 'leaves it' test -s other/store/store.mdb -a ! -e other/engine/config/config.toml

# --- on one machine ---
refuses 2 'give --dir too' 'init --local: no folder' network init --local 2
refuses 2 'one address for each' 'init --local: too few hosts' network init --local 3 --dir many --hosts 10.0.0.1,10.0.0.2
refuses 2 'from 1 to 100' 'init --local: too many' network init --local 101 --dir many
check 'nothing is left' test ! -e many
gives 0 'init --local' network init --local 3 --dir many --hosts 10.77.0.1,10.77.0.2,10.77.0.3 --quiet
check 'says nothing' test ! -s out -a ! -s err
config=many/member-2/engine/config/config.toml
check 'each has its address' says 'laddr = "tcp://10.77.0.2:26656"'
same_block() { # every member's block 0 is the same: so are their exports
    for i in 1 2 3; do "$parvis" export "$work/$i.chain" --home "many/member-$i" --quiet || return 1; done
    cmp 1.chain 2.chain && cmp 1.chain 3.chain
}
check 'all have the same ledger' same_block
refuses 5 'already there' 'init --local over a folder' network init --local 3 --dir many

# --- a chain that grows ---
run init --home solo --quiet --chain-id 99 --alloc 0x00000000000000000000000000000000000a11ce=5
start_node --home solo
prints 'done in block 1' 'a solo chain' send 0x00000000000000000000000000000000000b0b00 --home solo
refuses 8 'another process' 'growing while the node runs' network init --from solo --member a.json --out grown.json
stop_node
refuses 3 'no key named' 'growing without the governor' network init --from solo --member a.json --out grown.json --governor nobody
"$parvis" account new clerk --home solo >/dev/null
refuses 1 'nothing was changed' 'growing by somebody else than the governor' \
    network init --from solo --member a.json --out grown.json --governor clerk
prints 'blocks, 1 transactions' 'the chain is as it was' audit --home solo
run network init --from solo --member a.json --member b.json=20 --out grown.json --json
check 'growing' [ "$code" = 0 ]
check 'tells the chain so far' jq -e '.chain == "grown.chain" and .chainId == 99 and .block >= 2' out
check "the engine goes on from the chain's last block" \
    test "$(jq -r .engine.app_hash grown.json)" = "$(jq -r .chain.hash grown.json | cut -c3- | tr a-f A-F)"
prints 'blocks, 4 transactions' 'audit holds over the founding' audit --home solo
run network prepare --home d --name D --p2p 10.0.0.4:26656 --out d.json
prints 'Joined' 'join of a grown chain' network join --home d --network grown.json
prints 'blocks, 4 transactions' 'it has the history' audit --home d
run network init --from solo --member a.json --member b.json=20 --out again.json
check 'done again, the founding is not repeated' cmp grown.chain again.chain
refuses 5 'already, of other members' 'nor made another one' network init --from solo --member a.json --out third.json
run network prepare --home solo --name S --p2p 10.0.0.5:26656
prints 'Joined' 'the solo home itself joins in place' network join --home solo --network grown.json
jq '.chain.hash = "0x" + ([range(32) | "ab"] | add)' grown.json >bad.json
cp grown.chain bad.chain
run network prepare --home e --name E --p2p 10.0.0.6:26656
refuses 5 'another ledger' 'join: the chain is not the one of the file' network join --home e --network bad.json
check 'nothing is left of it' test ! -e e/store -a ! -e e/engine/config/config.toml
rm grown.chain
refuses 3 'grown.chain' 'join without the chain file' network join --home e --network grown.json

# --- the supervisor without an engine ---
refuses 3 'joined no network' 'start: no network' network start --home none
refuses 3 "n'a rejoint aucun réseau" 'start: no network, in French' network start --home e --lang fr
refuses 3 'no program there' 'start: no such engine' network start --home a --engine none
PARVIS_ENGINE=none
export PARVIS_ENGINE
refuses 3 'no program there' 'start: no such engine in PARVIS_ENGINE' network start --home a
PARVIS_ENGINE=/bin/false
refuses 6 'the service stops' 'start: a wrong key is final' network start --home a --port 0 --key-file b/store.key
refuses 3 'none.key' 'start: no such key file' network start --home a --port 0 --key-file none.key
refuses 2 'the service stops' 'start: an option the node refuses is final' network start --home a --port 70000
refuses 4 'does not answer' 'status: not running' network status --home a
refuses 4 'ne répond pas' 'status: not running, in French' network status --home a --lang fr
refuses 2 'yes or no' 'vote: neither' network vote 1 maybe --home a
refuses 2 'call-off' 'upgrade: nothing said' network upgrade --home a
refuses 2 'call-off' 'upgrade: without a name' network upgrade --at 5 --home a
refuses 4 'is the node running' 'members: no node' network members --rpc http://127.0.0.1:1
# start_member HOME ARGS...: a supervisor: $node, $url
start_member() {
    : >node.json
    "$parvis" network start --port 0 --json --log warn --home "$@" >node.json 2>node.err &
    node=$!
    tries=0
    while [ ! -s node.json ] && kill -0 "$node" 2>/dev/null && [ "$tries" -lt 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    url=$(jq -r .url node.json | tail -n 1)
    PARVIS_RPC=$url
    export PARVIS_RPC
}
# eventually SECONDS COMMAND...
eventually() {
    left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.1
    done
}
start_member a
check 'an engine that ends is started again' eventually 5 grep -q 'both start again' node.err
refuses 8 'is running already' 'start twice' network start --home a
refuses 8 'is running already' 'join --again while it runs' network join --home a --network network.json --again
check 'removes nothing' test -s a/store/store.mdb -a -s a/engine/config/config.toml
stop_node
check 'SIGTERM while it starts again: the supervisor stops with 0' [ "$code" = 0 ]
check 'no application is left' test -z "$(pgrep -f "node --home $work/a" || true)"

# an engine that has given up lives on, and does nothing more
# idle_engine WORDS
idle_engine() {
    printf '#!/bin/sh\necho "E[2026-01-01] %s" >&2\nexec sleep 60\n' "$1" >idle
    chmod +x idle
}
PARVIS_ENGINE=$work/idle
idle_engine 'CONSENSUS FAILURE!!! err=+2/3 committed an invalid block: block time is too far in the future'
start_member a
check 'an engine that gave up is started again' eventually 5 grep -q 'given up; both start again' node.err
check 'and it is said why' grep -q 'its clock is more than 60 s behind' node.err
stop_node
check 'the supervisor stops with 0 then too' [ "$code" = 0 ]
idle_engine 'CONSENSUS FAILURE!!! err=precommit step; +2/3 prevoted for an invalid block: wrong Block.Header.AppHash.  Expected 1, got 2'
refuses 7 'given up; the service stops' 'start: another result than the others' network start --home a --port 0
refuses 7 'join --again' 'start: what to do then' network start --home a --port 0
idle_engine 'prevote step: consensus deems this block invalid; prevoting nil err=wrong Block.Header.AppHash'
start_member a
sleep 1
check "another member's wrong proposal is none of ours" sh -c "kill -0 $node && ! grep -q 'given up' node.err"
stop_node
idle_engine 'State sync failed err=no viable snapshots'
refuses 7 'no snapshot could be taken' 'start: state sync failed' network start --home a --port 0

# --- one member, with the engine ---
PARVIS_ENGINE=$root/engine/bin/cometbft
if [ ! -x "$PARVIS_ENGINE" ]; then
    skip 'a member that runs' 'no ordering engine: script/bootstrap --network'
    finish
fi
port=$((20000 + $$ % 10000))
run network init --local 1 --dir one --p2p-port "$port" --quiet
home=one/member-1
start_member "$home"
check 'the member serves' test -n "$url"
height_above() { [ "$("$parvis" network status --home "$home" --json | jq .consensusHeight)" -gt "$1" ]; }
check 'heights are made' eventually 20 height_above 1
prints 'own power  *10 of 10, 1 validators' 'status' network status --home "$home"
pid_of() { pgrep -P "$node" -x "$1"; }
only_peers() { # sockets of the engine that listen on the network
    ss -ltnp | grep "pid=$(pid_of cometbft)," | awk '{ print $4 }' >listening
    [ "$(cat listening)" = "127.0.0.1:$port" ]
}
if command -v ss >/dev/null; then
    check 'the engine listens to peers only' only_peers
else
    skip 'the engine listens to peers only' 'no ss'
fi
prints 'done in block' 'a transaction' send 0x00000000000000000000000000000000000b0b00 --home "$home"
prints '^member-1 .* 10/10 ' 'members' network members
run network members --json
check 'members as JSON' jq -e '.[0].name == "member-1" and .[0].power == "10"' out
prints 'no\|No proposal' 'no proposal yet' network proposals
prints 'Proposal 1' 'propose-add' network propose-add b.json --power 3 --home "$home"
run network proposals --all --json
check 'one vote of one decides' jq -e '.[0] | .id == "1" and .kind == "add" and .status == "passed" and .text == "Énergie" and .number == 3' out
prints 'Énergie .* 3/13 ' 'the member is there' network members
refuses 3 'no member of this name' 'propose-weight: nobody' network propose-weight nobody 5 --home "$home"
refuses 1 'ProposalClosed' 'vote: too late' network vote 1 no --home "$home"
refuses 1 'NotAuthorised' 'recount: by no member' network recount 1 --home a
prints 'done in block' 'admit a follower' network admit c.json --home "$home"
prints 'done in block' 'and shut it out' network dismiss "$(jq -r .node c.json)" --home "$home"
for victim in cometbft parvis; do
    before=$("$parvis" network status --home "$home" --json | jq .consensusHeight)
    kill -9 "$(pid_of $victim)"
    check "$victim killed: both start again" eventually 20 height_above "$before"
done
check 'it was said' grep -q 'ended by signal 9; both start again' node.err
url=$(jq -r .url node.json | tail -n 1)
PARVIS_RPC=$url
prints 'done in block' 'transactions go on' send 0x00000000000000000000000000000000000b0b00 --home "$home"
prints 'The ledger holds' 'audit while the member runs' audit --home "$home"
kill -9 "$node"
wait_node
nothing_runs() { ! pgrep -f "node --home $work/$home" >/dev/null; }
check 'a supervisor that is killed takes both with it' eventually 5 nothing_runs
start_member "$home"
check 'and starts again' eventually 20 height_above 1
stop_node
check 'SIGTERM: the member stops with 0' [ "$code" = 0 ]
check 'without an error' test -z "$(grep -E "error|panic|engine:" err)"
check 'nothing is left running' nothing_runs
finish
