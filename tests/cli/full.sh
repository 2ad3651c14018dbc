#!/bin/sh
# No room left: a store that reaches its map size, a disk that is full. The node stops with a clear
# error, and every transaction it has confirmed is there when there is room again.
# shellcheck disable=SC2317,SC2016 # functions are called by name, through check; $ is of jq
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
cd "$work" || exit 1
"$parvis" init --home key --quiet
"$parvis" account export admin admin.hex --home key
payload=$(head -c 120000 /dev/zero | tr '\0' 0) # 60 000 bytes of call data

# fill: sends until the node refuses; $confirmed is the number of payments that had a receipt
fill() {
    confirmed=0
    while [ "$confirmed" -lt 400 ] && kill -0 "$node" 2>/dev/null; do
        run send 0x000000000000000000000000000000000000da7e --data "$payload" --from ./admin.hex --home key --json
        [ "$code" = 0 ] || break
        confirmed=$((confirmed + 1))
        last=$(jq -r .hash out)
    done
    echo "# $confirmed confirmed before there was no room"
}
receipt() { # receipt HASH: it is there, and says success
    curl -s -H 'content-type: application/json' "$url" \
        -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getTransactionReceipt\",\"params\":[\"$1\"]}" >reply
    jq -e '.result.status == "0x1"' reply
}
# as_it_was HOME NAME: with room, the ledger holds what had been confirmed
as_it_was() {
    start_node --home "$1"
    run status --json
    check "$2: what was confirmed is there" jq -e --argjson n "$confirmed" '.transactions >= $n' out
    check "$2: the last receipt too" receipt "$last"
    prints 'done in block' "$2: and it goes on" send 0x000000000000000000000000000000000000da7e --from ./admin.hex --home key
    stop_node
    check "$2: it stops" [ "$code" = 0 ]
    prints 'The ledger holds' "$2: the audit passes" audit --home "$1"
}

# --- map ---
PARVIS_MAP_MB=x
export PARVIS_MAP_MB
refuses 2 'PARVIS_MAP_MB=x' 'PARVIS_MAP_MB: not a number' init --home none
refuses 2 'donnez un nombre entier' 'PARVIS_MAP_MB: not a number, in French' init --home none --lang fr
PARVIS_MAP_MB=3
gives 0 'init with PARVIS_MAP_MB' init --home small-map --quiet
unset PARVIS_MAP_MB
start_node --home small-map --map-mb 3
fill
check 'map full: the node had taken transactions' [ "$confirmed" -gt 5 ]
check 'map full: and then refused or stopped' [ "$confirmed" -lt 400 ]
wait_node
check 'map full: the node ends with 8' [ "$code" = 8 ]
check 'map full: it says so' grep -q 'reached its map size' node.err
check 'map full: and that the ledger holds' grep -q 'the last stored block holds' node.err
check 'map full: the file is not larger' test "$(stat -c %s small-map/store/store.mdb)" -le $((3 << 20))
start_node --home small-map --map-mb 3
run status --json
check 'map full: it still opens' jq -e --argjson n "$confirmed" '.transactions >= $n' out
stop_node
as_it_was small-map 'map full'

# --- disk ---
mkdir small
if [ "$(id -u)" != 0 ] || ! mount -t tmpfs -o size=3m,mode=700 tmpfs small 2>/dev/null; then
    skip 'disk full' 'mounting a small disk needs root'
    finish
fi
gives 0 'init on a small disk' init --home small/home --quiet
start_node --home small/home
fill
check 'disk full: the node had taken transactions' [ "$confirmed" -gt 5 ]
check 'disk full: and then refused or stopped' [ "$confirmed" -lt 400 ]
wait_node
check 'disk full: the node ends with 8' [ "$code" = 8 ]
check 'disk full: it says so' grep -q 'disk is full' node.err
refuses 8 'No space left' 'disk full: a file cannot be written' export small/chain --home small/home
check 'disk full: nothing half-written stays' test -z "$(find small -name 'chain*')"
mount -o remount,size=16m small
as_it_was small/home 'disk full'
gives 0 'disk full: export elsewhere' export chain --home small/home
dd if=/dev/zero of=small/rest bs=64k 2>/dev/null
refuses 8 'No space left on the disk' 'disk full: init' init --home small/other
check 'disk full: init leaves nothing' test ! -e small/other
# a little room: enough for the keys, not for the ledger
truncate -s -131072 small/rest
refuses 8 'full' 'disk full: import' import chain --home small/other
check 'disk full: import leaves nothing' test ! -e small/other
refuses 8 'plein' 'disk full: import, in French' import chain --home small/other --lang fr
finish
