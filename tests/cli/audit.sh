#!/bin/sh
# A copy checked, moved and damaged: audit, export, import.
# shellcheck disable=SC2317,SC2016 # functions are called by name, through check; $ is of jq
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
cd "$work" || exit 1
dave=0x000000000000000000000000000000000000da7e

"$parvis" init --home home --quiet
start_node --home home
for amount in 1 2 3 4 5; do
    "$parvis" send money setReserve 1000000000000000000000 "0x$(printf %064d "$amount")" --home home >/dev/null
    "$parvis" send money mint "$dave" "$amount" --home home >/dev/null
done
gives 0 'export while the node runs' export live --home home
prints 'The ledger holds: [0-9]* blocks, 10 transactions' 'audit while the node runs' audit --home home
stop_node
check 'the node stops' [ "$code" = 0 ]
start_node --home home
run status --json
cp out status
stop_node
blocks=$(jq '.height + 1' status) # and block 0
check 'a ledger of ten transactions' jq -e '.height >= 10 and .transactions == 10' status
sum() { (cd "$1" && find . -type f ! -name '*-lock' -exec sha256sum {} + | sort); }

# --- audit ---
run audit --home home --json
check 'audit --json' jq -e --argjson b "$blocks" '.holds == true and .blocks == $b and .transactions == 10 and .gas > 0 and .records > 0 and
    .elapsed_us > 0 and .blocks_per_s > 0 and .gas_per_s > 0' out
prints "Le registre est intègre : $blocks blocs, 10 transactions" 'audit in French' audit --home home --lang fr
prints 'The ledger holds' 'audit with its scratch elsewhere' audit --home home --scratch "$work"
scratch_left() { find . -name 'audit-*' | grep .; }
check 'no scratch is left' test -z "$(scratch_left)"
refuses 8 'none' 'audit: no folder for the scratch' audit --home home --scratch none
sum home >before
gives 0 'export' export chain --home home
gives 0 'export again' export again --home home
check 'is the same file' cmp chain again
sum home >after
check 'and changes nothing' cmp before after
refuses 8 'none/chain' 'export to no folder' export none/chain --home home
refuses 3 'parvis init' 'export of no ledger' export x --home none

# --- import ---
gives 0 'import into a new home' import chain --home new
"$parvis" account export node node.hex --home home
refuses 3 'no key named node' 'the key that seals blocks is not in an export' node --home new --port 0
"$parvis" account import node node.hex --home new >/dev/null
start_node --home new
run status --json
cp out status.new
same() { [ "$(jq -c "$1" status)" = "$(jq -c "$1" status.new)" ]; }
check 'the same last block' same '[.height, .hash, .stateRoot, .timestamp]'
stop_node
prints "The ledger holds: $blocks blocks, 10 transactions" 'which passes the audit' audit --home new
refuses 5 'already holds a ledger' 'import over a ledger' import chain --home new
refuses 3 'No such file or folder' 'import of no file' import none --home fresh
nothing() { [ ! -e fresh ] && [ ! -e fresh.import ]; }
check 'leaves nothing' nothing
echo phrase >phrase
gives 0 'import under a passphrase' import chain --home secret --passphrase-file phrase
prints "The ledger holds: $blocks blocks, 10 transactions" 'opens with it' audit --home secret --passphrase-file phrase

# damaged FILE NAME: an import that is refused and leaves nothing
damaged() {
    refuses 7 "$1" "import: $2" import "$1" --home fresh
    check "import: $2: nothing is left" nothing
}
# flip IN OUT OFFSET: changes the byte there
flip() {
    cp "$1" "$2"
    byte=$(od -An -tu1 -j"$3" -N1 "$1" | tr -d ' ')
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$2" bs=1 seek="$3" conv=notrunc status=none
}
size=$(stat -c %s chain)
for offset in 3 40 $((size / 3)) $((size / 2)) $((size - 3)); do
    flip chain "flip$offset" "$offset"
    damaged "flip$offset" "a byte changed at $offset of $size"
done
head -c $((size - 20)) chain >short
damaged short 'a file cut short'
head -c 0 chain >empty
damaged empty 'an empty file'
(cat chain && echo) >long
damaged long 'something behind the end'
refuses 7 'altéré\|endommagé\|modifié\|byte\|octet' 'import: in French' import "flip$((size / 2))" --home fresh --lang fr

# --- a damaged ledger ---
damage() { # a copy of home, to be damaged
    rm -rf bad
    cp -r home bad
}
damage
size=$(stat -c %s bad/store/store.mdb)
truncate -s $((size / 2)) bad/store/store.mdb
refuses 7 'store.mdb is truncated' 'audit of a truncated store' audit --home bad
refuses 7 'store.mdb est tronqué' 'audit of a truncated store, in French' audit --home bad --lang fr
refuses 7 'store.mdb is truncated' 'node on a truncated store' node --home bad --port 0
refuses 7 'store.mdb is truncated' 'export of a truncated store' export x --home bad
check 'the file is left as it is' test "$(stat -c %s bad/store/store.mdb)" = $((size / 2))
damage
: >bad/store/store.mdb
refuses 7 'store.mdb is missing or empty' 'audit of an empty store' audit --home bad
damage
rm bad/store/store.mdb
refuses 7 'store.mdb is missing or empty' 'audit of a store without its file' audit --home bad
damage
flip home/store/store.head bad/store/store.head 60
run audit --home bad
check 'a changed head file is refused' test "$code" = 7 -o "$code" = 6
# one byte changed somewhere: found out, or it was in no record (a page that is free)
others=0 part=1
while [ "$part" -le 20 ]; do
    damage
    flip home/store/store.mdb bad/store/store.mdb $((size * part / 21))
    run audit --home bad
    case $code in
    0 | 7) ;;
    *) echo "# byte $((size * part / 21)): exit $code" && others=1 ;;
    esac
    part=$((part + 1))
done
check 'one changed byte: the audit holds or exits with 7' [ "$others" = 0 ]
# a byte in every page behind the two head pages: some are in records
damage
at=$((2 * 4096 + 3000))
while [ "$at" -lt "$size" ]; do
    printf 'x' | dd of=bad/store/store.mdb bs=1 seek="$at" conv=notrunc status=none
    at=$((at + 4096))
done
refuses 7 '.' 'a changed byte in every page: exit 7' audit --home bad
finish
