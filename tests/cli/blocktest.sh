#!/bin/sh
# Ethereum's official block tests, all of them; and the command itself on tests of our own, whose
# roots another implementation computed (tools/make_block_tests.py).
# tests/conformance/counts.json says how many pass in each suite and network: it may only rise
# (PARVIS_UPDATE=1 writes it). The data is unpacked for the run, or read where PARVIS_EVM_DATA has it
# unpacked (folders fixtures and static).
# shellcheck disable=SC2016,SC2317,SC2329 # $ is of jq; functions are called by name, through check
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
counts=$root/tests/conformance/counts.json
data=${PARVIS_DATA:-$root/../shared/data}/evm
own=$root/tests/conformance/block
cd "$work" || exit 1

# --- the command, on tests of our own ---
prints '1 passed, 0 failed, 0 skipped (10 blocks, 8 of them refused' 'a test of ours' blocktest "$own/cancun.json"
gives 0 'a folder of ours' blocktest "$own"
check 'its summary tells each network' grep -q '^CancunToPragueAtTime15k  *1 passed  *0 failed  *0 skipped$' out
gives 0 'as JSON' blocktest "$own" --json
check 'a verdict for every test' jq -e 'length == 18 and all(.verdict == "passed" and .network != "" and .blocks >= 10 and .gasUsed > 40000)' out
check 'wrong blocks were refused' jq -e 'all(.refused == .blocks * 4 / 5)' out
gives 0 'one network' blocktest "$own" --json --fork Cancun
check 'only that' jq -e 'length == 1 and all(.network == "Cancun")' out
gives 0 'some tests' blocktest "$own" --json --run time15k
check 'only those' jq -e 'length == 4' out
gives 0 'on one thread' blocktest "$own" --jobs 1
jq '.[].lastblockhash = "0x" + "00" * 32' "$own/cancun.json" >wrong.json
gives 1 'another last block: exit 1' blocktest wrong.json
check 'and why' grep -q 'the last block is not the stated one' out
jq '.[].blocks[4].expectException = "BlockException.ANY"' "$own/cancun.json" >wrong.json
gives 1 'a block that holds but must not: exit 1' blocktest wrong.json --json
check 'and why, as JSON' jq -e '.[0].verdict == "failed" and (.[0].reason | contains("block 4 holds, but must be refused"))' out
jq 'del(.[].blocks[0].expectException)' "$own/cancun.json" >wrong.json
gives 1 'a block that must hold but does not: exit 1' blocktest wrong.json
check 'and why' grep -q 'block 0 is refused: state root is not what execution gives' out
jq '.[].blocks[4].blockHeader.hash = "0x" + "00" * 32' "$own/cancun.json" >wrong.json
gives 1 'another block hash: exit 1' blocktest wrong.json
jq '.[].pre |= with_entries(.value.balance = "0x01")' "$own/cancun.json" >wrong.json
gives 1 'other accounts before: exit 1' blocktest wrong.json
check 'and why' grep -q 'another state root than block 0' out
jq '.[].postState |= with_entries(.value.balance = "0x01")' "$own/cancun.json" >wrong.json
gives 1 'other accounts after: exit 1' blocktest wrong.json
check 'and why' grep -q 'postState' out
jq '.[].network = "HomesteadToDaoAt5"' "$own/cancun.json" >dao.json
prints 'the DAO fork' 'a network without rules is skipped, and why' blocktest dao.json
jq '.[].config.blobSchedule = {"Cancun": {"target": "0x03"}}' "$own/cancun.json" >wrong.json
gives 1 'half a blob schedule: exit 1' blocktest wrong.json
check 'and why' grep -q 'blobSchedule.Cancun' out
echo '{' >broken.json
refuses 5 'broken.json' 'a broken file' blocktest broken.json
refuses 3 'nothere' 'no such file' blocktest nothere
mkdir empty
refuses 3 'no test was run' 'nothing to run' blocktest empty
refuses 2 'no such network' 'an unknown network' blocktest "$own" --fork CancunToLondonAtTime15k
refuses 2 'jobs' 'no threads' blocktest "$own" --jobs 0
prints '1 réussis, 0 échoués' 'in French' blocktest "$own/cancun.json" --lang fr

# --- the official tests ---
if [ -n "${PARVIS_EVM_DATA:-}" ]; then
    unpacked=$PARVIS_EVM_DATA
elif [ -e "$data/fixtures.tar.zst" ] && [ -e "$data/blockchain-static.tar.zst" ]; then
    unpacked=$work/data
    mkdir -p data/fixtures data/static
    tar --zstd -xf "$data/fixtures.tar.zst" -C data/fixtures --wildcards '*/blockchain_tests/*' '*/BlockchainTests/*'
    tar --zstd -xf "$data/blockchain-static.tar.zst" -C data/static
else
    skip 'the official block tests' "no data in $data"
    finish
fi

# suite NAME FOLDER: runs it; $work/passed gets suite -> network -> passed
echo '{}' >passed
suite() {
    code=0
    "$parvis" blocktest --json --quiet "$2" >verdicts 2>err || code=$?
    check "no test of $1 fails" [ "$code" = 0 ]
    jq -r '.[] | select(.verdict == "failed") | "# \(.name): \(.reason)"' verdicts | head -n 20
    # what is skipped has a reason that we stand by: the DAO fork moved other people's money
    check "$1: nothing is skipped but the DAO fork" jq -e '[.[] | select(.verdict == "skipped")] | all(.network == "HomesteadToDaoAt5")' verdicts
    jq --arg name "$1" --slurpfile before passed '
        $before[0] + {($name): ([.[] | select(.verdict == "passed")] | group_by(.network) | map({key: .[0].network, value: length}) | from_entries)}' \
        verdicts >after && mv after passed
}
suite eest-v5.4.0 "$unpacked/fixtures/eest-v5.4.0/blockchain_tests"
suite eest-bal-v5.7.0-alpha "$unpacked/fixtures/eest-bal-v5.7.0-alpha"
suite eest-v5.4.0-static "$unpacked/static"
suite ethereum-tests "$unpacked/fixtures/ethereum-tests/BlockchainTests"
if [ "${PARVIS_UPDATE:-}" = 1 ]; then
    [ -e "$counts" ] || echo '{}' >"$counts"
    jq --slurpfile p passed '.blocktest = $p[0]' "$counts" >new && cp new "$counts"
fi
jq -r '.blocktest // {} | to_entries[] | .key as $s | .value | to_entries[] | [$s, .key, .value] | @tsv' "$counts" >expected
check 'there are counts to compare with' [ -s expected ]
while read -r suite network wanted; do
    got=$(jq --arg s "$suite" --arg n "$network" '.[$s][$n] // 0' passed)
    echo "# cases: $got"
    check "$suite, $network: $wanted pass" [ "$got" -ge "$wanted" ]
done <expected
finish
