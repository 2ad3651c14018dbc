#!/bin/sh
# Random programs and transactions give the same state root and logs in another implementation of the
# EVM: @ethereumjs/vm here; geth's and revm's too where script/bootstrap --bench installed them.
# CASES=n SEED=n ask for more (tests/differential/run.py does without the harness).
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh

cases=${CASES:-80} seed=${SEED:-20}

compare() { # compare PEER COUNT
    python3 tests/differential/run.py --build "$build" --seed "$seed" --count "$2" --only "$1" \
        --keep "$work/failures" --optional >"$work/$1.out" 2>&1
    case $? in
    0) result 0 "$1 agrees on $2 random transactions" ;;
    77) skip "$1 agrees on random transactions" "$1 is not installed" ;;
    *) result 1 "$1 agrees on $2 random transactions" "$work/$1.out" ;;
    esac
}

# a harness that cannot tell a difference proves nothing: one storage slot is changed
# shellcheck disable=SC2317,SC2329 # called by check
spoilt() {
    "$build/evm_cases" --seed "$seed" --count 1 --fork Osaka |
        sed 's/"hash": "0x../"hash": "0x00/' >"$work/spoilt.json"
    node tests/differential/ethereumjs.mjs "$work/spoilt.json" | grep -q '"pass":false'
}

check 'the same seed gives the same cases' sh -c \
    "'$build/evm_cases' --seed 5 --count 20 >'$work/a' && '$build/evm_cases' --seed 5 --count 20 | cmp - '$work/a'"
compare ethereumjs "$cases"
check 'a wrong state root is noticed' spoilt
compare geth 3000
compare revm 3000
finish
