# shellcheck shell=sh
# Sourced by tests/cli/*.sh: a folder of its own, nodes that are ended with the test, and TAP.
# The program is that of $PARVIS_BUILD (default build).
#   run ARGS...                          runs the program: $code, $work/out, $work/err
#   check NAME COMMAND...                a test: the command succeeds
#   gives CODE NAME ARGS...              a test: the program exits with CODE
#   refuses CODE PATTERN NAME ARGS...    a test: it exits with CODE and its error matches PATTERN
#   prints PATTERN NAME ARGS...          a test: it exits with 0 and its output matches PATTERN
#   start_node ARGS...                   a node on a free port: $node, $url, PARVIS_RPC
#   stop_node                            ends it by SIGTERM: $code
#   finish                               the plan; the script's exit status
set -u
root=$(pwd)
build=${PARVIS_BUILD:-build}
case $build in
/*) ;;
*) build=$root/$build ;;
esac
parvis=$build/parvis
work=$(mktemp -d)
node='' url='' code=0 number=0 failed=0
# what the caller has set would change what the program does
unset PARVIS_HOME PARVIS_RPC PARVIS_PASSPHRASE_FILE PARVIS_MAP_MB
PARVIS_LANG=en
ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99
UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:halt_on_error=1:exitcode=99
LSAN_OPTIONS=exitcode=99
export PARVIS_LANG ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS

# shellcheck disable=SC2317,SC2329 # called by trap
cleanup() {
    [ -z "$node" ] || kill "$node" 2>/dev/null
    if [ -d "$work/small" ]; then umount "$work/small" 2>/dev/null; fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

run() {
    code=0
    "$parvis" "$@" >"$work/out" 2>"$work/err" || code=$?
}

result() { # result 0|1 NAME [FILE...]: FILEs say why it failed
    number=$((number + 1))
    if [ "$1" = 0 ]; then
        echo "ok $number $2"
        return
    fi
    echo "not ok $number $2"
    failed=1
    shift 2
    for file in "$@"; do
        head -c 4000 "$file" | sed "s/^/# $(basename "$file"): /"
        echo
    done
}

# outcome TRUTH NAME: of a run, with what it printed
outcome() {
    [ "$1" = 0 ] || echo "# exit code $code"
    result "$1" "$2" "$work/err" "$work/out"
}

check() {
    name=$1 truth=0
    shift
    "$@" >"$work/check" 2>&1 || truth=1
    result "$truth" "$name" "$work/check"
}

gives() {
    want=$1 name=$2 truth=1
    shift 2
    run "$@"
    if [ "$code" = "$want" ]; then truth=0; fi
    outcome "$truth" "$name"
}

refuses() {
    want=$1 pattern=$2 name=$3 truth=1
    shift 3
    run "$@"
    if [ "$code" = "$want" ] && grep -q -- "$pattern" "$work/err"; then truth=0; fi
    outcome "$truth" "$name"
}

prints() {
    pattern=$1 name=$2 truth=1
    shift 2
    run "$@"
    if [ "$code" = 0 ] && grep -q -- "$pattern" "$work/out"; then truth=0; fi
    outcome "$truth" "$name"
}

skip() { # skip NAME REASON
    number=$((number + 1))
    echo "ok $number $1 # SKIP $2"
}

start_node() {
    : >"$work/node.json"
    "$parvis" node --port 0 --json --log warn "$@" >"$work/node.json" 2>"$work/node.err" &
    node=$!
    tries=0
    while [ ! -s "$work/node.json" ] && kill -0 "$node" 2>/dev/null && [ "$tries" -lt 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    url=$(jq -r .url "$work/node.json")
    PARVIS_RPC=$url
    export PARVIS_RPC
}

# wait_node waits for a node that ends by itself; after 20 s it is ended: $code is then 143.
wait_node() {
    tries=0
    while kill -0 "$node" 2>/dev/null && [ "$tries" -lt 400 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    [ "$tries" -lt 400 ] || kill "$node"
    code=0
    wait "$node" || code=$?
    node=''
}

stop_node() {
    kill "$node"
    wait_node
    cp "$work/node.err" "$work/err"
}

finish() {
    echo "1..$number"
    exit "$failed"
}
