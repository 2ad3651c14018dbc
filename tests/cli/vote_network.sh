#!/bin/sh
# A ballot cast on a network is proven to somebody who runs no node: the receipt of the cast under a
# header that the validators signed. Needs the ordering engine.
# shellcheck disable=SC2016,SC2317 # $ is of jq; functions are called by name, through check
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
cd "$work" || exit 1
unset PARVIS_ENGINE
PARVIS_ENGINE=$root/engine/bin/cometbft
export PARVIS_ENGINE
if [ ! -x "$PARVIS_ENGINE" ]; then
    skip 'ballots on a network' 'no ordering engine: script/bootstrap --network'
    finish
fi
is() { [ -s out ] && jq -e "$1" out; }

run network init --local 1 --dir one --p2p-port $((20000 + $$ % 10000)) --quiet
PARVIS_HOME=$work/one/member-1
export PARVIS_HOME
: >node.json
"$parvis" network start --port 0 --json --log warn >node.json 2>node.err &
node=$!
tries=0
while [ ! -s node.json ] && kill -0 "$node" 2>/dev/null && [ "$tries" -lt 600 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
PARVIS_RPC=$(jq -r .url node.json)
export PARVIS_RPC

"$parvis" account new registrar >log
"$parvis" vote seed --out seed --quiet
"$parvis" vote template single --out single.json
clerk=$("$parvis" account list --json | jq -r 'map(.name)[0]')
gives 0 'a clerk is there' vote create single.json --opens +1h --closes +2h --registrar registrar --trustee "$clerk" \
    --from "$clerk" --quiet
printf 'login\nann\n' >voters.csv
gives 0 'one voter' vote roll 1 voters.csv --from registrar --out . --quiet
gives 0 'the key' vote work 1 --seed seed --from "$clerk"
gives 0 'published' vote publish 1 --from "$clerk" --quiet
gives 0 'opened' vote postpone 1 --opens +2 --closes +1h --reason "now" --from "$clerk" --quiet
tries=0
until [ "$("$parvis" vote show 1 --json | jq -r .status)" = open ] || [ "$tries" -ge 300 ]; do
    sleep 0.2
    tries=$((tries + 1))
done
sleep 2
jq -r .ann credentials.json >ann.code
printf '[[0,1,0]]' >choice
gives 0 'Ann votes' vote cast 1 --credential ann.code --choice choice --json
tracker=$(jq -r .tracker out)
tx=$(jq -r .transaction out)
trust=$PARVIS_HOME/engine/config/genesis.json
tries=0 # the header that carries the block is signed with the next one
until "$parvis" vote check 1 "$tracker" --proof proof.json --trust "$trust" --json >out 2>err || [ "$tries" -ge 100 ]; do
    sleep 0.2
    tries=$((tries + 1))
done
check 'it is there and counts' is '.recorded and .counts'
check 'proven by less than 2 kB' is '.proofBytes + .headerBytes < 2000'
gives 0 'the proof verifies offline' verify-proof proof.json --trust "$trust" --json
check 'it is of this cast' is ".kind == \"receipt\" and .success and .transactionHash == \"$tx\""
hex=0x$(printf %s= "$tracker" | base64 -d | od -An -tx1 | tr -d ' \n')
check 'the tracker is in its event' is "[.logs[].topics[]] | any(. == \"$hex\")"
refuses 3 nofile 'a trust that is not there' vote check 1 "$tracker" --trust nofile
refuses 5 . 'a trust that is none' vote check 1 "$tracker" --trust voters.csv
stop_node
finish
