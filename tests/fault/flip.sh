#!/bin/sh
# One byte changed inside a stored record: flip.sh [COUNT [SEED]] (default 60; 1000 for the long run)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${PARVIS_BUILD:-$root/build}
home=$(mktemp -d)
node=''
trap '[ -n "$node" ] && kill "$node" 2>/dev/null; rm -rf "$home"' EXIT
set -- "${1:-60}" "${2:-1}"
"$build/parvis" init --home "$home" --timestamp 1356998400 >/dev/null
"$build/parvis" node --home "$home" --port 0 --json --log error >"$home/out" &
node=$!
while [ ! -s "$home/out" ]; do sleep 0.05; done
url=$(jq -r .url "$home/out")
# a few blocks with payments, a mint, an allowance and a hold of money: every kind of record
"$build/parvis" send money setReserve 1000000000000000000000 \
    0x1111111111111111111111111111111111111111111111111111111111111111 --home "$home" --rpc "$url" >/dev/null
admin=$("$build/parvis" account show admin --home "$home" --json | jq -r .address)
"$build/parvis" send money mint "$admin" 900000000000000000000 --home "$home" --rpc "$url" >/dev/null
for i in 1 2 3 4 5 6 7 8; do
    "$build/parvis" send "0x00000000000000000000000000000000000010$i$i" --value "$i.5" \
        --home "$home" --rpc "$url" >/dev/null
    "$build/parvis" send money approve "0x00000000000000000000000000000000000020$i$i" "$i" \
        --home "$home" --rpc "$url" >/dev/null
done
kill "$node"
wait "$node" || true
node=''
"$build/flip" "$build/parvis" "$home" "$1" "$2"
