#!/bin/sh
# parvis import-ethereum: a chain of Ethereum's (from a block test of our own) becomes a ledger:
# served, audited, exported, refused where it is wrong.
# shellcheck disable=SC2016,SC2317 # $ is of jq; functions are called by name, through check
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
test=$root/tests/conformance/block/cancuntopragueattime15k.json
cd "$work" || exit 1

jq '.[] | .genesisBlockHeader as $h | {
    config: {chainId: 1, homesteadBlock: 0, eip150Block: 0, eip155Block: 0, eip158Block: 0, byzantiumBlock: 0,
        constantinopleBlock: 0, petersburgBlock: 0, istanbulBlock: 0, berlinBlock: 0, londonBlock: 0,
        terminalTotalDifficulty: 0, shanghaiTime: 0, cancunTime: 0, pragueTime: 15000,
        depositContractAddress: "0x00000000219ab540356cbb839cbe05303d7705fa"},
    nonce: $h.nonce, timestamp: $h.timestamp, extraData: $h.extraData, gasLimit: $h.gasLimit, difficulty: $h.difficulty,
    mixHash: $h.mixHash, coinbase: $h.coinbase, alloc: .pre}' "$test" >genesis.json
# blocks FILTER: the chosen blocks, one after the other, in chain.rlp
blocks() {
    jq -r "[.[].blocks[] | select(.blockHeader)] | $1 | .[].rlp[2:]" "$test" |
        python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex("".join(sys.stdin.read().split())))'
}
blocks . >chain.rlp
hash=$(jq -r '.[].lastblockhash' "$test")

gives 0 'a chain through a fork' import-ethereum genesis.json chain.rlp --home home --json
check 'its head' jq -e --arg hash "$hash" '.block == 3 and .hash == $hash and .chainId == 1 and .transactions == 6' out
prints 'The ledger holds: 4 blocks, 6 transactions' 'audit' audit --home home
refuses 5 'ledger' 'a folder that holds a ledger' import-ethereum genesis.json chain.rlp --home home
gives 0 'export' export file --home home
gives 0 'and import' import file --home copy
prints 'The ledger holds: 4 blocks, 6 transactions' 'the copy' audit --home copy
gives 0 'block 0 alone' import-ethereum genesis.json --home zero
prints 'The ledger holds: 1 blocks' 'is a ledger, too' audit --home zero

start_node --home home
rpc() {
    curl -s -H 'content-type: application/json' -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":$2}" "$url" >answer
}
rpc eth_getBlockByNumber '["latest", false]'
check 'the node serves its head' jq -e --arg hash "$hash" '.result.hash == $hash and (.result.withdrawals | length == 1)' answer
rpc eth_getBalance "[\"0x$(printf 'd0%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)\", \"0x1\"]"
check 'and the state of every height' jq -e '.result == "0x7"' answer
rpc eth_blockNumber '[]'
before=$(cat answer)
sleep 1
rpc eth_blockNumber '[]'
check 'which nobody continues' [ "$before" = "$(cat answer)" ]
stop_node
check 'the node stops' [ "$code" = 0 ]

# --- what does not hold ---
head -c 700 chain.rlp >short.rlp
refuses 7 'block 0 of the file' 'a file that ends in a block' import-ethereum genesis.json short.rlp --home bad
blocks '.[1:]' >later.rlp
refuses 7 'parent hash' 'a block is missing' import-ethereum genesis.json later.rlp --home bad
jq '.config.pragueTime = 99999' genesis.json >late.json
refuses 7 'block 1 of the file: the number of fields' 'another fork schedule' import-ethereum late.json chain.rlp --home bad
jq '.alloc[].balance = "0x1"' genesis.json >poor.json
refuses 7 'parent hash' 'another block 0' import-ethereum poor.json chain.rlp --home bad
jq '.config.amsterdamTime = 1' genesis.json >next.json
refuses 5 'config.amsterdamTime: rules' 'rules that we do not have' import-ethereum next.json --home bad
jq '.config.daoForkSupport = true' genesis.json >dao.json
refuses 5 'DAO' 'the DAO fork' import-ethereum dao.json --home bad
jq 'del(.config)' genesis.json >none.json
refuses 5 'config: an object' 'no configuration' import-ethereum none.json --home bad
jq '.config.blobSchedule = {cancun: {target: 9, max: 6, baseFeeUpdateFraction: 5}}' genesis.json >blobs.json
refuses 5 'blobSchedule.cancun' 'a blob target above the maximum' import-ethereum blobs.json --home bad
refuses 3 'nothere' 'no such genesis' import-ethereum nothere --home bad
refuses 3 'nothere' 'no such blocks' import-ethereum genesis.json nothere --home bad
check 'nothing is left of them' [ ! -e bad/store ]
finish
