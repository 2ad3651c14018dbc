#!/bin/sh
# What the program says about itself: help, usage errors, manual, completion, version, ABI, bench.
# shellcheck disable=SC2317,SC2016 # functions are called by name, through check; $ is of jq
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh

# --- help of every command, in both languages ---
run --help
commands=$(sed -n 's/^  \([a-z][a-z0-9-]*\( [a-z][a-z0-9-]*\)\{0,1\}\)  *[a-z].*/\1/p' "$work/out" | sed 's/ *$//')
for wanted in init node status audit export import 'account new' 'account import' 'account export' \
    'account list' 'account show' 'account remove' 'account balance' send call abi \
    'energy allocate' 'energy sample' 'energy import' 'energy load' 'energy report' \
    'energy export' 'energy erase' 'energy coefficients' 'energy correct' 'energy key' \
    'network prepare' 'network init' 'network join' 'network start' 'network status' 'network trust' 'network members' \
    'network proposals' 'network propose-add' 'network propose-weight' 'network propose-remove' \
    'network propose-key' 'network propose-heartbeat' 'network upgrade' 'network vote' 'network recount' \
    'network admit' 'network dismiss' 'vote list' 'vote show' 'vote template' 'vote appoint' 'vote create' 'vote unit' 'vote reset' \
    'vote publish' 'vote postpone' 'vote cancel' 'vote close' 'vote tally' 'vote result' 'vote merge' 'vote roll' \
    'vote sheets' 'vote strike' 'vote seed' 'vote work' 'vote cast' 'vote ballot' 'vote challenge' \
    'vote check-opening' 'vote check' 'vote export' 'vote import' 'vote verify' 'vote hints' \
    statetest blocktest 'evm run' t8n import-ethereum proof verify-proof bench version completion man; do
    check "the overview lists $wanted" grep -q "^  $wanted  *" "$work/out"
done
prints 'Usage : parvis COMMANDE' 'overview in French' --help --lang fr
prints 'Usage: parvis COMMAND' 'help is the overview' help
run
check 'no command: the overview, exit 2' [ "$code" = 2 ]

# each_help LANG WORD: every command has a help text that begins with the usage line
each_help() {
    printf '%s\n' "$commands" | while read -r command; do
        # shellcheck disable=SC2086 # a command is one or two words
        "$parvis" $command --help --lang "$1" >"$work/help" || echo "$command: exit $?"
        grep -q "^$2 parvis $command" "$work/help" || echo "$command: no usage line"
        grep -q -- "--home" "$work/help" || echo "$command: no common options"
    done >"$work/faults"
    cat "$work/faults"
    [ ! -s "$work/faults" ]
}
check 'every command has help in English' each_help en 'Usage:'
check 'every command has help in French' each_help fr 'Usage :'
# shellcheck disable=SC2086
different() {
    printf '%s\n' "$commands" | while read -r command; do
        "$parvis" $command --help --lang en >"$work/en"
        "$parvis" $command --help --lang fr >"$work/fr"
        ! cmp -s "$work/en" "$work/fr" || echo "$command"
    done >"$work/faults"
    cat "$work/faults"
    [ ! -s "$work/faults" ]
}
check 'help is translated' different
prints 'Usage: parvis send' 'help send is send --help' help send
prints 'Usage: parvis account new' '-h' account new -h
prints 'parvis account balance' 'a first word with --help lists its commands' account --help

# --- usage errors ---
refuses 2 'unknown command nosuch' 'unknown command' nosuch
refuses 2 'commande inconnue nosuch' 'unknown command, in French' nosuch --lang fr
refuses 2 'parvis account new' 'a first word alone lists what can follow' account
refuses 2 'parvis account new' 'an unknown second word too' account nosuch
refuses 2 'options come after' 'an option before the command' --home x status
refuses 2 'unknown option --nosuch' 'unknown option' status --nosuch
refuses 2 'option inconnue : --nosuch' 'unknown option, in French' status --nosuch --lang fr
refuses 2 'Try .parvis status --help' 'an error tells where help is' status --nosuch
refuses 2 '--home needs a value' 'an option without its value' status --home
refuses 2 '--json takes no value' 'a value for a flag' status --json=1
refuses 2 'missing argument: FILE' 'missing argument' export
refuses 2 'argument manquant : FILE' 'missing argument, in French' export --lang fr
refuses 2 'unexpected argument: extra' 'extra argument' status extra
refuses 2 'use en or fr' 'unknown language' version --lang de
refuses 2 'from 0 to 65535' 'a number out of bounds' node --port 70000
refuses 2 'from 0 to 65535' 'not a number' node --port x
refuses 2 'de 0 à 65535' 'not a number, in French' node --port x --lang fr
run node --port x
check 'one message for one fault' [ "$(wc -l <"$work/err")" = 1 ]
run node --port x --json
check 'with --json the error is JSON' jq -e '.error.code == "E_USAGE"' "$work/err"
refuses 2 'error, warn, info or debug' 'unknown log level' node --log loud
many=$(awk 'BEGIN { for (i = 0; i < 300; i++) printf "-h " }')
# shellcheck disable=SC2086
refuses 2 'too many options' 'too many options' status $many
gives 0 'options after -- are arguments' version --

# --- manual ---
run man
check 'the manual begins with .TH' grep -q '^\.TH PARVIS 1' "$work/out"
cp "$work/out" "$work/man"
in_manual() {
    printf '%s\n' "$commands" | while read -r command; do
        grep -qF ".SS $(printf %s "$command" | sed 's/-/\\-/g')" "$work/man" || echo "$command"
    done >"$work/faults"
    cat "$work/faults"
    [ ! -s "$work/faults" ]
}
check 'every command is in the manual' in_manual
exit_codes() {
    for exit_code in 0 1 2 3 4 5 6 7 8 71; do
        grep -q "^\.B $exit_code\$" "$work/man" || return 1
    done
}
check 'every exit code is in the manual' exit_codes
prints 'SH COMMANDES' 'the manual in French' man --lang fr
if command -v groff >/dev/null; then
    renders() {
        groff -man -Tutf8 -Kutf8 -ww -rLL=100n "$work/man" >"$work/page" 2>"$work/warnings"
        cat "$work/warnings"
        [ ! -s "$work/warnings" ] && grep -q 'asks the node for a balance' "$work/page"
    }
    check 'the manual renders without a warning' renders
else
    skip 'the manual renders without a warning' 'no groff'
fi

# --- completion ---
# candidates WORDS...: what the last word may become
candidates() {
    # shellcheck disable=SC2016 # bash expands it
    bash -c 'eval "$("$1" completion)" && shift && COMP_WORDS=(parvis "$@") && COMP_CWORD=$# &&
        _parvis && printf "%s\n" "${COMPREPLY[@]}"' bash "$parvis" "$@"
}
completes() { # completes WORD WORDS...
    word=$1
    shift
    candidates "$@" | grep -qx -- "$word"
}
if command -v bash >/dev/null; then
    check 'completion: ener' completes energy ener
    check 'completion: energy al' completes allocate energy al
    check 'completion: account' completes balance account ''
    check 'completion: options of a command' completes --no-wait send --no
    check 'completion: options of two words' completes --operation energy allocate --op
    check 'completion: common options' completes --passphrase-file audit --pass
    check 'completion: files for an option' completes tests/cli/node.sh init --genesis tests/cli/no
    check 'completion: files for an argument' completes tests/cli/node.sh import tests/cli/no
    only_energy() { [ "$(candidates energ)" = energy ]; }
    check 'completion: each word once' only_energy
else
    skip completion 'no bash'
fi

# --- version, ABI, bench ---
prints '^parvis [0-9]*\.[0-9]*\.[0-9]*' 'version' version
prints '^parvis [0-9]' '--version' --version
run version --json
check 'version as JSON' jq -e '.version | test("^[0-9]+[.][0-9]+[.][0-9]+$")' "$work/out"
for service in money energy members voting; do
    run abi "$service"
    check "abi $service is JSON with its methods" \
        jq -e '[.[] | select(.type == "function") | .name] | length > 10 and any(. == "controller")' "$work/out"
    check "abi $service: every item has a type and inputs" \
        jq -e 'all(.[]; (.type | IN("function", "event", "error")) and (.inputs | type == "array"))' "$work/out"
    prints "^interface IParvis" "abi $service --solidity" abi "$service" --solidity
    prints '^#' "abi $service --markdown" abi "$service" --markdown
done
refuses 3 'there are: money' 'abi of no service' abi nosuch
refuses 3 'il y a : money' 'abi of no service, in French' abi nosuch --lang fr
run bench keccak --json
check 'bench keccak' jq -e '.[0] | .name == "keccak256" and .value > 1' "$work/out"
refuses 3 'no benchmark nosuch' 'no such benchmark' bench keccak nosuch
refuses 2 'from 100 to' 'bench: a number out of bounds' bench ledger --transfers 1
if [ -c /dev/full ]; then
    code=0
    "$parvis" version >/dev/full 2>"$work/err" || code=$?
    check 'output that cannot be written: exit 8' [ "$code" = 8 ]
    check 'and a message' grep -q 'standard output' "$work/err"
fi
finish
