#!/bin/sh
# What a node can do to who uses it for a consultation: sums and parts that are none, one ballot named as the
# sum, shares shown false so that complaints reveal the true ones, a receipt that never comes.
# shellcheck disable=SC2016,SC2119,SC2317 # ` is of a message; the node needs no arguments; functions are called by name, through check
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
PARVIS_HOME=$work/home
export PARVIS_HOME
cd "$work" || exit 1
case $build in
*asan* | *tsan*) seconds=40 ;;
*) seconds=10 ;;
esac
is() { [ -s "$work/out" ] && jq -e "$1" "$work/out"; }
code_of() { jq -r --arg login "$2" '.[$login]' "voters-$1/credentials.json" >"$2.code"; }
until_status() { # until_status ID STATUS: at most a minute
    tries=0
    until [ "$("$parvis" vote show "$1" --json | jq -r .status)" = "$2" ] || [ "$tries" -ge 300 ]; do
        sleep 0.2
        tries=$((tries + 1))
    done
}
# lie LIE: such a node, at $lying
lie() {
    : >liar.url
    python3 "$root/tests/cli/lib/liar.py" "$url" "$1" >liar.url &
    liar=$!
    tries=0
    until [ -s liar.url ] || [ "$tries" -ge 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    lying=$(cat liar.url)
}
truth() {
    kill "$liar"
    wait "$liar" 2>/dev/null
}
work() { # work NAME ARGS...
    who=$1
    shift
    run vote work "$id" --seed "$who.seed" --from "$who" --json "$@"
}
decrypted() { [ "$("$parvis" vote show "$id" --json | jq '[.trustees[] | select(.decrypted)] | length')" = "$1" ]; }

"$parvis" init --quiet >log
start_node
for name in t1 t2 t3 registrar; do "$parvis" account new "$name" >log; done
for name in t1 t2 t3; do "$parvis" vote seed --out "$name.seed" --quiet; done
"$parvis" vote template single --out single.json
run vote create single.json --opens +1h --closes +2h --registrar registrar --group 2:t1,t2,t3 --json
id=$(jq -r .id out)

# --- whose node ---
refuses 2 'on another machine' 'no trustee works through a node of others' vote work "$id" --seed t1.seed --from t1 \
    --rpc http://192.0.2.1:8545
for host in 127.example.org localhost.example.org 127.0.0.1@example.org 127.0.0.1:x@example.org; do
    refuses 2 'on another machine' "neither through $host" vote work "$id" --seed t1.seed --from t1 --rpc "http://$host"
done
refuses 2 'sur une autre machine' 'said in French' vote work "$id" --seed t1.seed --from t1 --rpc http://192.0.2.1 --lang fr
set --
for n in 1 2 3 4 5 6 7 8 9; do set -- "$@" --witness "http://127.0.0.$n"; done
refuses 2 'more than 8' 'nor with nine witnesses' vote work "$id" --seed t1.seed --from t1 "$@"
refuses 5 'as http://HOST:PORT' 'nor one that is no address' vote work "$id" --seed t1.seed --from t1 --witness host
local=http://localhost:${url##*:}
gives 0 'one that is trusted may be elsewhere' vote work "$id" --seed t1.seed --from t1 --trust-node
gives 0 'on this machine it is one of ours' vote work "$id" --seed t2.seed --from t2 --rpc "$local"
gives 0 'a witness that agrees' vote work "$id" --seed t3.seed --from t3 --witness "$local" --witness "$url"
for name in t1 t2 t3 t1 t2 t3; do work "$name" --witness "$local"; done
check 'up to round 3' is '.did | startswith("round 3")'

# --- shares shown false ---
lie shares=2
work t1 --witness "$lying"
check 'no round against a witness' [ "$code" = 1 ]
check 'which is named' grep -q "witness $lying says something else than $url (sharesOf)" err
work t1 --rpc "$lying" --witness "$url"
check 'no complaint that a witness does not bear out' sh -c "[ $code = 1 ] && grep -q sharesOf err"
for lie in uuid threshold; do
    truth
    lie "$lie"
    work t1 --rpc "$lying" --witness "$url"
    check "nor in a list of trustees of its own: $lie" sh -c "[ $code = 1 ] && grep -q 'something else.*trusteeAt' err"
done
work t1
check 'with the true node all shares hold' is '.did | startswith("round 4")'
truth
gives 0 'they begin again' vote reset "$id" --reason "to see a node that lies twice" --quiet
for round in 1 2 3; do for name in t1 t2 t3; do work "$name"; done; done
check "as far as round $round" is '.did | startswith("round 3")'
lie shares=1
work t3 --rpc "$lying"
check 'the ledger takes no complaint of a share that holds' sh -c "[ $code = 1 ] && grep -q 'InvalidComplaint.*unfounded' err"
truth
lie reveal
refuses 1 'the share of trustee 2 is false, after that of trustee 1' 'nobody complains of one after another by itself' \
    vote work "$id" --seed t3.seed --from t3 --rpc "$lying" --watch
check 'but of one' sh -c "grep -c 'complained: trustee' out | grep -q '^1$'"
truth
for name in t1 t2 t3; do work "$name"; done
check 'and the group goes on' is '.did | startswith("round 4")'

# --- voters ---
printf 'login\nann\nbea\ncid\n' >voters.csv
gives 0 'the roll' vote roll "$id" voters.csv --from registrar --quiet
gives 0 'published' vote publish "$id" --quiet
gives 0 'opened' vote postpone "$id" --opens +1 --closes "+$seconds" --reason "now" --quiet
for name in ann bea cid; do code_of "$id" "$name"; done
printf '[[1,0,0]]' >choice
until_status "$id" open
lie no-receipts
refuses 4 'may be in the urn; `parvis vote check' 'a receipt that does not come' vote cast "$id" --credential ann.code \
    --choice choice --rpc "$lying"
tracker=$(sed -n 's/.*vote check [0-9]* \([^`]*\)`.*/\1/p' err)
run vote check "$id" "$tracker" --json
check 'the tracker is told, and it is there' is '.recorded and .counts'
run vote cast "$id" --credential bea.code --choice choice --rpc "$lying" --json
check 'in JSON too' sh -c "jq -r .error.message err | grep -q 'vote check $id [A-Za-z0-9+/]\{43\}'"
truth
lie gas-once
refuses 1 'WrongStatus' 'a transaction that fails tells why' vote publish "$id" --rpc "$lying"
truth
until_status "$id" closed
gives 0 'tallied' vote tally "$id" --quiet

# --- what to decrypt ---
lie short-sums
work t1 --rpc "$lying"
check 'sums that are too few' sh -c "[ $code = 5 ] && grep -q 'tallyOf has 128 bytes, 192 are expected' err"
truth
lie torsion-sums
work t1 --rpc "$lying"
check 'sums that are no points of the group' sh -c "[ $code = 5 ] && grep -q 'not all points of the group' err"
truth
lie other-sums
work t1 --rpc "$lying" --witness "$url"
check 'other sums than the witness has' sh -c "[ $code = 1 ] && grep -q 'witness $url says something else than $lying (tallyOf)' err"
work t1 --witness "$url" --witness "$lying"
check 'or one of two' sh -c "[ $code = 1 ] && grep -q 'witness $lying says something else' err"
check 'nothing was sent' decrypted 0
truth
work t1 --witness "$lying"
check 'a witness that does not answer' [ "$code" = 4 ]
for name in t1 t2; do work "$name" --witness "$url"; done
check 'both have decrypted' decrypted 2
lie short-sums
refuses 5 'tallyOf has 128 bytes' 'no result of sums that are too few' vote result "$id" --rpc "$lying"
truth
lie short-part
refuses 5 'decryption of trustee 2 has 256 bytes, 288 are expected' 'nor of a part that is too short' vote result "$id" \
    --rpc "$lying"
truth
gives 0 'the true node has it all' vote result "$id" --json
check 'two votes' is '[.result.questions[0].answers[].count] == [2,0,0]'
stop_node
finish
