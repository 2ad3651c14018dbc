#!/bin/sh
# Nothing of what a ledger holds can be found in its file: addresses, keys, hashes, call data, readings.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${PARVIS_BUILD:-$root/build}
home=$(mktemp -d)
node=''
trap '[ -n "$node" ] && kill "$node" 2>/dev/null; rm -rf "$home"' EXIT
"$build/parvis" energy sample --out "$home/sample" --seed 3 >/dev/null
"$build/parvis" init --home "$home/n" --timestamp 1356998400 >/dev/null
"$build/parvis" node --home "$home/n" --port 0 --json --log error >"$home/out" &
node=$!
while [ ! -s "$home/out" ]; do sleep 0.05; done
url=$(jq -r .url "$home/out")
"$build/parvis" energy load --data "$home/sample" --home "$home/n" --rpc "$url" --quiet >/dev/null
rpc() {
    curl -s -H 'content-type: application/json' -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":$2}" "$url"
}
head=$(rpc eth_blockNumber '[]' | jq -r .result)
number=0
: >"$home/txs"
while [ "$number" -le "$((head))" ]; do
    rpc eth_getBlockByNumber "[\"$(printf '0x%x' "$number")\",true]" | jq -c '.result.transactions[]' >>"$home/txs"
    number=$((number + 1))
done
kill "$node"
wait "$node" || true
node=''
"$build/parvis" export "$home/chain" --home "$home/n" --quiet
# Call data by pieces of 24 bytes from its middle: readings are packed there. Pieces of few different
# bytes (padding and small numbers of the ABI) stand in any file and are no secret.
jq -s '{
    addresses: ([.[] | .from, .to] | map(select(. != null)) | unique | .[0:120]),
    signatures: [.[] | .r] | map(select(length == 66)) | .[0:100],
    "call data and readings": ([.[] | .input | select(length > 400) | [., (length / 2 | floor)] |
        (.[1] - .[1] % 2) as $mid | "0x" + .[0][$mid:$mid + 48]] |
        map(select(([.[2:] | scan("..")] | unique | length) >= 12)) | .[0:200])
}' "$home/txs" >"$home/needles.json"
# the keys of the node and of the store
node_hex=$home/node.hex
"$build/parvis" account export node "$node_hex" --home "$home/n"
jq --arg store "0x$(head -n 1 "$home/n/store.key")" --arg node "0x$(head -n 1 "$node_hex")" \
    '. + {keys: [$store, $node]}' "$home/needles.json" >"$home/needles2.json"
python3 "$root/tests/fault/clear.py" "$home/n" "$home/chain" "$home/needles2.json"
