#!/bin/sh
# parvis t8n: the transitions of our own block tests (whose roots another implementation computed)
# made again from loose transactions; what is refused, and in which words; files and streams.
# shellcheck disable=SC2016,SC2317 # $ is of jq; functions are called by name, through check
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
own=$root/tests/conformance/block
cd "$work" || exit 1
key=0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8

# inputs FILE: alloc.json, env.json, txs.json and header.json of a block test's first block that holds
inputs() {
    jq '.[].pre' "$1" >alloc.json
    jq '[.[].blocks[] | select(.blockHeader)][0].blockHeader' "$1" >header.json
    jq --slurpfile h header.json '$h[0] as $b | .[].genesisBlockHeader as $g | {
        currentCoinbase: $b.coinbase, currentGasLimit: $b.gasLimit, currentNumber: $b.number,
        currentTimestamp: $b.timestamp, blockHashes: {"0": $g.hash}, parentTimestamp: $g.timestamp,
        parentGasUsed: $g.gasUsed, parentGasLimit: $g.gasLimit, parentUncleHash: ("0x" + "00" * 32)} +
        (if $b.difficulty == "0x0" then {currentRandom: $b.mixHash, currentDifficulty: "0x0"}
         else {parentDifficulty: $g.difficulty} end) +
        (if $b.baseFeePerGas then {parentBaseFee: ($g.baseFeePerGas // null)} else {} end) +
        (if $b.withdrawalsRoot then {withdrawals: [{index: "0x0", validatorIndex: "0x5", address: ("0x" + "e0" * 20), amount: "0x9"}]} else {} end) +
        (if $b.parentBeaconBlockRoot then {parentBeaconBlockRoot: $b.parentBeaconBlockRoot,
            parentExcessBlobGas: ($g.excessBlobGas // "0x0"), parentBlobGasUsed: ($g.blobGasUsed // "0x0")} else {} end)' "$1" >env.json
    jq -n --arg key $key '[{to: ("0x" + "c1" * 20), value: "0x0", nonce: "0x0"}, {to: ("0x" + "d0" * 20), value: "0x7", nonce: "0x1"}] |
        map(. + {type: "0x0", gas: "0x30d40", gasPrice: "0x77359400", input: "0x", v: "0x0", r: "0x0", s: "0x0", secretKey: $key, protected: false})' >txs.json
}

# --- every fork: the same roots ---
for test in frontier:5 homestead:5 eip150:5 eip158:5 byzantium:3 constantinoplefix:2 istanbul:2 berlin:2 london:2 paris:- \
    shanghai:- cancun:- prague:- osaka:-; do
    fork=${test%:*} reward=${test#*:}000000000000000000
    [ "${test#*:}" != - ] || reward=-1
    inputs "$own/$fork.json"
    name=$(jq -r '.[].network' "$own/$fork.json")
    gives 0 "$name" t8n --state.fork "$name" "--state.reward=$reward" --output.result=stdout --output.alloc=stdout
    check "$name: the header's values" jq -e --slurpfile h header.json '$h[0] as $h | .result |
        .stateRoot == $h.stateRoot and .txRoot == $h.transactionsTrie and .receiptsRoot == $h.receiptTrie and
        .logsBloom == $h.bloom and .gasUsed == $h.gasUsed and (.currentDifficulty // "0x0") == $h.difficulty and
        .currentBaseFee == $h.baseFeePerGas and .withdrawalsRoot == $h.withdrawalsRoot and
        .blobGasUsed == $h.blobGasUsed and .currentExcessBlobGas == $h.excessBlobGas and .requestsHash == $h.requestsHash and
        (.receipts | length == 2) and (has("rejected") | not)' out
done
check 'requests are listed' jq -e '.result.requests == ["0x01" + "00" * 76]' out
check 'receipts too' jq -e '.result.receipts[0] | .status == "0x1" and (.logs | length == 1) and .logs[0].logIndex == "0x0" and
    .transactionIndex == "0x0" and .blockNumber == "0x1" and .effectiveGasPrice == "0x77359400"' out
check 'the accounts after' jq -e '.alloc["0x" + "d0" * 20].balance == "0x7" and .alloc["0x" + "e0" * 20].balance == "0x218711a00"' out

# --- what may not stand in the block ---
jq --arg key $key '.[0] as $t | [
    $t + {nonce: "0x5"}, $t, $t, $t + {nonce: "0x1", gas: "0x5000"}, $t + {nonce: "0x1", gasPrice: "0x1"},
    $t + {nonce: "0x1", value: "0xffffffffffffffffffffff"}, $t + {nonce: "0x1", gas: "0x1000001"},
    $t + {nonce: "0x1", type: "0x2", chainId: "0x1", maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x77359401"},
    $t + {nonce: "0x1", input: ("0x" + "01" * 1000), gas: "0x9400"},
    $t + {nonce: "0x1", type: "0x2", chainId: "0x7", maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x1"},
    $t + {nonce: "0x1", type: "0x4", chainId: "0x1", maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x1", authorizationList: []},
    $t + {nonce: "0x1", type: "0x3", chainId: "0x1", maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x1", maxFeePerBlobGas: "0x1", blobVersionedHashes: []},
    $t + {nonce: "0x1"}]' txs.json >many.json
gives 0 'some are rejected' t8n --state.fork Osaka --state.reward=-1 --input.txs many.json --output.result=stdout --output.alloc=
check 'by their place and reason' jq -e '[.result.rejected[] | [.index, .error]] == [[0, "nonce too high"], [2, "nonce too low"],
    [3, "intrinsic gas too low"], [4, "max fee per gas less than block base fee"], [5, "insufficient funds for gas * price + value"],
    [6, "transaction gas limit too high"], [7, "max priority fee per gas higher than max fee per gas"],
    [8, "insufficient gas for floor data gas cost"], [9, "invalid chain id for signer"],
    [10, "EIP-7702 transaction with empty auth list"], [11, "blob transaction missing blob hashes"]]' out
check 'the others stand' jq -e '.result.receipts | length == 2 and .[1].transactionIndex == "0x1"' out

# --- streams and files ---
jq -n --slurpfile a alloc.json --slurpfile e env.json --slurpfile t txs.json '{alloc: $a[0], env: $e[0], txs: $t[0]}' >all.json
"$parvis" t8n --input.alloc stdin --input.env stdin --input.txs stdin --state.fork Osaka --state.reward -1 \
    --output.basedir made --output.body body.rlp <all.json >out 2>err
check 'from standard input, into a folder' [ -s made/alloc.json -a -s made/result.json -a -s made/body.rlp ]
check 'the same root' jq -e --slurpfile h header.json '.stateRoot == $h[0].stateRoot' made/result.json
gives 0 'the body read again' t8n --input.txs made/body.rlp --state.fork Osaka --state.reward=-1 --output.result=stdout --output.alloc= --output.body=stdout
check 'gives the same' jq -e --slurpfile r made/result.json --slurpfile b made/body.rlp '.result == $r[0] and .body == $b[0]' out
gives 0 'and traced' t8n --input.txs made/body.rlp --state.fork Osaka --state.reward=-1 --output.basedir made --trace
trace=$(find made -name 'trace-0-0x*.jsonl')
check 'a file for each transaction' [ "$(find made -name 'trace-*.jsonl' | wc -l)" = 2 ]
check 'in lines of EIP-3155' jq -se 'length > 10 and .[0].opName == "PUSH1" and (.[-1] | has("gasUsed"))' "$trace"

# --- what is wrong ---
refuses 3 'no rules named' 'unknown rules' t8n --state.fork Verkle
jq 'del(.withdrawals)' env.json >less.json
refuses 5 'env.withdrawals: missing' 'no withdrawals' t8n --state.fork Osaka --input.env less.json
jq 'del(.currentRandom)' env.json >less.json
refuses 5 'env.currentRandom: missing' 'no randomness' t8n --state.fork Osaka --input.env less.json
jq 'del(.parentBaseFee)' env.json >less.json
refuses 5 'env.currentBaseFee: missing' 'no base fee' t8n --state.fork Osaka --input.env less.json
jq 'del(.parentBeaconBlockRoot)' env.json >less.json
refuses 5 'env.parentBeaconBlockRoot: missing' 'no beacon root' t8n --state.fork Osaka --input.env less.json
jq '.currentDifficulty = "0x1"' env.json >less.json
refuses 5 'env.currentDifficulty' 'a difficulty after the merge' t8n --state.fork Osaka --input.env less.json
jq '.currentNumber = "x"' env.json >less.json
refuses 5 'env.currentNumber' 'a number that is none' t8n --state.fork Osaka --input.env less.json
jq 'with_entries(select(.key != "0x00000961ef480eb55e80d19ad83579a64c007002"))' alloc.json >fewer.json
refuses 7 'EIP-7002' 'a system contract is missing' t8n --state.fork Osaka --input.alloc fewer.json
echo '{}' >object.json
refuses 5 'txs' 'transactions that are none' t8n --state.fork Osaka --input.txs object.json
echo '"0x01"' >bad.rlp
refuses 5 'txs' 'a list that is none' t8n --state.fork Osaka --input.txs bad.rlp
refuses 8 'nothere' 'no such file' t8n --state.fork Osaka --input.alloc nothere
refuses 2 'state.reward' 'no reward' t8n --state.fork Osaka --state.reward x
refuses 8 'none/' 'no folder to write to' t8n --state.fork Osaka --state.reward=-1 --output.result none/x
finish
