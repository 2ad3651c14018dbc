#!/bin/sh
# Ethereum's official state tests, all of them; and the command itself, and `parvis evm run`, on tests
# of our own. tests/conformance/counts.json says how many pass in each suite and fork: it may only
# rise (PARVIS_UPDATE=1 writes it). The data is unpacked for the run, or read where PARVIS_EVM_DATA has
# it unpacked (folder fixtures).
# shellcheck disable=SC2016,SC2317,SC2329 # $ is of jq; functions are called by name, through check
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
counts=$root/tests/conformance/counts.json
data=${PARVIS_DATA:-$root/../shared/data}/evm
own=$root/tests/conformance/state
cd "$work" || exit 1

# --- statetest on tests of our own ---
gives 0 'a folder of ours' statetest "$own"
check 'its summary tells each fork' grep -q '^Osaka  *[1-9][0-9]* passed  *0 failed  *0 skipped$' out
check 'and what is in it' grep -q 'passed, 0 failed, 0 skipped ([1-9][0-9]* files' out
gives 0 'as JSON' statetest "$own" --json
check 'a verdict for every case' jq -e 'length > 100 and all(.verdict == "passed" and .fork != "" and (.stateRoot | length == 66))' out
all=$(jq length out)
check 'one object a line' [ "$(grep -c '^{' out)" = "$all" ]
check 'refusals are named' jq -e '[.[] | select(.refusal == "E_TX_AUTHS")] | length == 1' out
check 'gas is told' jq -e '[.[] | select(.name == "refusals" and .refusal == null)] | length == 1 and .[0].gasUsed == 21000' out
gives 0 'on one thread' statetest "$own" --json --jobs 1
check 'the same cases' [ "$(jq length out)" = "$all" ]
gives 0 'one fork' statetest "$own" --json --fork Merge
check 'only that' jq -e 'length > 0 and all(.fork == "Paris")' out
gives 0 'some tests' statetest "$own" --json --run blobs_
check 'only those' jq -e 'length > 0 and all(.name | startswith("blobs_"))' out
gives 0 'a trace' statetest "$own/store_and_log.json" --trace --fork Osaka --quiet
check 'in lines of EIP-3155' jq -se 'length > 20 and all(has("stateRoot") or (has("pc") and has("op") and has("gas") and has("gasCost") and has("stack") and has("depth") and has("opName")))' err
check 'each case with its end' jq -se '[.[] | select(has("stateRoot"))] | length == 4 and all(.pass and .fork == "Osaka" and .gasUsed != "0x0")' err

jq '.[].post.Osaka[0].hash = "0x" + "00" * 32' "$own/store_and_log.json" >wrong.json
gives 1 'another state root: exit 1' statetest wrong.json
check 'and why' grep -q 'state root 0x[0-9a-f]*, expected 0x0000' out
jq '.[].post.Osaka[0].logs = "0x" + "00" * 32' "$own/store_and_log.json" >wrong.json
gives 1 'another logs hash: exit 1' statetest wrong.json --json
check 'and why, as JSON' jq -e '[.[] | select(.verdict == "failed")] | length == 1 and (.[0].reason | contains("logs hash"))' out
jq '.[].post.Osaka[0].expectException = "TR_NoFunds"' "$own/store_and_log.json" >wrong.json
gives 1 'executed but must be refused: exit 1' statetest wrong.json
check 'and why' grep -q 'executed, expected TR_NoFunds' out
jq '.[].post.London[0].expectException = "TransactionException.NONCE_IS_MAX"' "$own/sender_code.json" >wrong.json
gives 1 'refused for another reason: exit 1' statetest wrong.json
check 'and why' grep -q 'refused with E_TX_SENDER_CODE, expected TransactionException.NONCE_IS_MAX' out
jq 'del(.[].post.London[0].expectException)' "$own/sender_code.json" >wrong.json
gives 1 'refused but must be executed: exit 1' statetest wrong.json
jq '.[].transaction.sender = "0x00000000000000000000000000000000000000ee"' "$own/set_code.json" >wrong.json
gives 1 'signed by another: exit 1' statetest wrong.json
jq '.[].post.Osaka[0] |= (.hash = "0x" + "00" * 32 | .state = {"0x00000000000000000000000000000000000000aa": {"balance": "0x07"}})' "$own/store_and_log.json" >wrong.json
gives 1 'another root, with the accounts expected' statetest wrong.json
check 'the difference is told' grep -q 'x*aa balance: 0, expected 7' out
jq '.[].post.Osaka[0].txbytes = "0x02c0"' "$own/store_and_log.json" >wrong.json
gives 1 'an encoded transaction that is none' statetest wrong.json
jq '.[].post = {"Verkle": .[].post.Osaka}' "$own/self_destruct.json" >verkle.json
prints 'skipped 1: fork Verkle is not one of ours' 'an unknown fork is skipped, and why' statetest verkle.json
echo '{' >broken.json
refuses 5 'broken.json' 'a broken file' statetest broken.json
echo '{"x": {"pre": {}}}' >none.json
refuses 5 'x: not a state test' 'not a state test' statetest none.json
echo '{"x": {"pre": {"0xzz": {}}, "post": {}, "transaction": {}}}' >account.json
refuses 5 'account 0xzz' 'an account that is none' statetest account.json
refuses 3 'nothere' 'no such file' statetest nothere
mkdir empty
refuses 3 'no case was run' 'nothing to run' statetest empty
refuses 2 'no such fork' 'an unknown fork' statetest "$own" --fork Verkle
refuses 2 'jobs' 'no threads' statetest "$own" --jobs 0
prints ' 0 échoués' 'in French' statetest "$own" --lang fr

# --- evm run ---
# 1 + 2, returned as a word
add=600160020160005260206000f3
prints 'output 0x0*3$' 'code runs' evm run --code $add
prints 'gas used 24' 'its gas' evm run --code 0x$add
gives 0 'as JSON' evm run --code $add --json
check 'output and gas' jq -e '.success and .gasUsed == 24 and (.output | endswith("3"))' out
echo "  0x$add" | tr -d ' ' >code.hex
gives 0 'code of a file, timed' evm run --code ./code.hex --bench --time 20 --json
check 'least and median' jq -e '.runs >= 5 and .bestNs > 0 and .medianNs >= .bestNs and .mgasPerSecond > 0' out
prints 'runs: least' 'timed, as text' evm run --code $add --bench --time 5
gives 0 'traced' evm run --code $add --trace
check 'a line an instruction, and the end' jq -se 'length == 9 and .[0] == {"pc": 0, "op": 96, "gas": "0x2540be400", "gasCost": "0x3", "memSize": 0, "stack": [], "depth": 1, "refund": 0, "opName": "PUSH1"} and .[2].stack == ["0x1", "0x2"] and (.[8] | has("output") and .gasUsed == "0x18")' err
gives 1 'an instruction that faults: exit 1' evm run --code 600056 --trace --memory
check 'is told once, with its error' jq -se 'length == 3 and .[1].opName == "JUMP" and (.[1].error | contains("jump")) and has(2) and .[2].gasUsed == "0x2540be400"' err
gives 1 'reverted' evm run --code 60aa60005260206000fd --json
check 'with its data' jq -e '(.success | not) and .error == "execution reverted" and (.output | endswith("aa")) and .gasUsed < 100' out
gives 0 'input' evm run --code 60003560005260206000f3 --input 0x2a --json
check 'is read' jq -e '.output | startswith("0x2a")' out
gives 0 'caller and value' evm run --code 33600052345a5060205260406000f3 --sender 0x00000000000000000000000000000000000000ab --value 7 --json
check 'are seen' jq -e '.output == "0x" + "0" * 62 + "ab" + "0" * 63 + "7"' out
gives 0 'init code' evm run --create --code 600a600c600039600a6000f3602a60005260206000f3 --json
check 'gives the code' jq -e '.output == "0x602a60005260206000f3"' out
gives 1 'not enough gas' evm run --code $add --gas 23
check 'is told' grep -q 'out of gas' out
gives 1 'PUSH0 before Shanghai' evm run --code 5f --fork Paris
gives 0 'and after' evm run --code 5f --fork Shanghai
echo '{"alloc": {"0x00000000000000000000000000000000000000cc": {"code": "0x4260005260206000f3", "balance": "0x1"}}}' >pre.json
echo '{"currentTimestamp": "0x1234"}' >env.json
gives 0 'accounts and environment of files' evm run --prestate pre.json --env env.json --receiver 0x00000000000000000000000000000000000000cc --json
check 'are used' jq -e '.output | endswith("1234")' out
refuses 2 'give --code' 'nothing to run' evm run
refuses 5 'not hexadecimal' 'odd digits' evm run --code 0x123
refuses 3 'nothere.hex' 'no such file' evm run --code ./nothere.hex
refuses 2 'no such fork' 'unknown fork' evm run --code 00 --fork X
refuses 2 'not an address' 'no address' evm run --code 00 --sender 0x12
refuses 2 'not an amount' 'no amount' evm run --code 00 --value x
refuses 5 'broken.json' 'broken accounts' evm run --code 00 --prestate broken.json
echo '{"currentNumber": "x"}' >bad.json
refuses 5 'currentNumber' 'broken environment' evm run --code 00 --env bad.json
prints 'gas consommé 24' 'in French' evm run --code $add --lang fr

# --- the official tests ---
# 2^32 - 1 rounds of BLAKE2, once for each of six forks: minutes for one precompile that vectors
# cover (src/evm/test_precompile_vectors.c)
long=stTimeConsuming/CALLBlake2f_MaxRounds.json
if [ -n "${PARVIS_EVM_DATA:-}" ]; then
    unpacked=$PARVIS_EVM_DATA
    mkdir -p legacy
    for folder in "$unpacked"/fixtures/ethereum-legacytests/Cancun/GeneralStateTests/*; do
        ln -s "$folder" legacy/
    done
    rm -f legacy/stTimeConsuming
    mkdir legacy/stTimeConsuming
    for file in "$unpacked"/fixtures/ethereum-legacytests/Cancun/GeneralStateTests/stTimeConsuming/*; do
        ln -s "$file" legacy/stTimeConsuming/
    done
    legacy=$work/legacy
elif [ -e "$data/fixtures.tar.zst" ]; then
    unpacked=$work/data
    mkdir -p data/fixtures
    tar --zstd -xf "$data/fixtures.tar.zst" -C data/fixtures --wildcards '*/state_tests/*' '*/GeneralStateTests/*'
    legacy=$unpacked/fixtures/ethereum-legacytests/Cancun/GeneralStateTests
else
    skip 'the official state tests' "no data in $data"
    finish
fi
rm -f "$legacy/$long"
skip "$long" 'four thousand million rounds of BLAKE2 in each case'

# suite NAME FOLDER...: runs it; $work/passed gets suite -> fork -> passed
echo '{}' >passed
suite() {
    suite_name=$1
    shift
    code=0
    "$parvis" statetest --json --quiet "$@" >verdicts 2>err || code=$?
    check "no case of $suite_name fails" [ "$code" = 0 ]
    jq -r '.[] | select(.verdict != "passed") | "# \(.verdict): \(.name) \(.fork) \(.index): \(.reason)"' verdicts | head -n 20
    jq --arg name "$suite_name" --slurpfile before passed '
        $before[0] + {($name): ([.[] | select(.verdict == "passed")] | group_by(.fork) | map({key: .[0].fork, value: length}) | from_entries)}' \
        verdicts >after && mv after passed
}
suite eest-v5.4.0 "$unpacked/fixtures/eest-v5.4.0/state_tests"
suite ethereum-tests "$unpacked/fixtures/ethereum-tests/GeneralStateTests"
suite ethereum-legacytests "$legacy"
if [ "${PARVIS_UPDATE:-}" = 1 ]; then
    [ -e "$counts" ] || echo '{}' >"$counts"
    jq --slurpfile p passed '.statetest = $p[0]' "$counts" >new && cp new "$counts"
fi
jq -r '.statetest | to_entries[] | .key as $s | .value | to_entries[] | [$s, .key, .value] | @tsv' "$counts" >expected
check 'there are counts to compare with' [ -s expected ]
while read -r suite fork wanted; do
    got=$(jq --arg s "$suite" --arg f "$fork" '.[$s][$f] // 0' passed)
    echo "# cases: $got"
    check "$suite, $fork: $wanted pass" [ "$got" -ge "$wanted" ]
done <expected
finish
