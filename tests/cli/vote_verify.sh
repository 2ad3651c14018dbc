#!/bin/sh
# `parvis vote verify` on archives: whole, under way, changed, older copies, both languages.
# shellcheck disable=SC2317,SC2329 # functions are called by name, through check
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
make=$build/make_election
if [ ! -x "$make" ]; then
    skip 'vote verify' 'make_election was not built'
    finish
fi
cd "$work" || exit 1

# election FOLDER ARGS...: an election of the library's own; its archive is FOLDER.bel
election() {
    folder=$1
    shift
    mkdir "$folder"
    "$make" "$folder" --seed 7 "$@" >/dev/null
    mv "$folder"/*.bel "$folder.bel"
}
election whole --kind basic --voters 8 --trustees 1,2/3 --open 1,2,4 --weights 3 --revotes 30
election voting --kind simple --voters 4 --until ballots
election setup --kind simple --voters 4 --until setup
election closed --kind simple --voters 4 --until closed
election tally --kind simple --voters 4 --until tally
election decrypted --kind simple --voters 4 --until decrypted
election lists --kind lists --voters 5

# --- archives that hold ---
prints 'whole.bel holds: every ballot, proof and sum was checked' 'a whole election' vote verify whole.bel
prints '^State: complete, with its result' 'its state' vote verify whole.bel
prints '^Trustees: 1 (each needed), 2 of 3' 'its trustees' vote verify whole.bel
prints '^Voters: 8 (weight ' 'its voters' vote verify whole.bel
prints ' %  Sans avis$' 'its result by answer' vote verify whole.bel
prints '^State: under way: no ballot yet' 'only set up' vote verify setup.bel
prints '^State: under way: voting has not ended' 'while people vote' vote verify voting.bel
prints '^State: under way: voting has ended, no sum yet' 'closed' vote verify closed.bel
prints '^State: under way: the trustees have to decrypt' 'summed' vote verify tally.bel
prints '^State: under way: the trustees are decrypting' 'decrypted' vote verify decrypted.bel
prints ' %  L2$' 'a question of lists' vote verify lists.bel
prints '^Électeurs : 5' 'in French' vote verify lists.bel --lang fr
prints 'holds' 'on one thread' vote verify whole.bel --threads 1
from_pipe() { "$parvis" vote verify --quiet /dev/stdin <whole.bel | grep -q holds; }
check 'from a pipe' from_pipe

# result: the counts that the program prints as JSON are those of the choices in clear
run vote verify whole.bel --json
check 'as JSON' jq -e '.holds and .state == "result" and .voters == 8 and .counted <= .ballots and .trustees == 4
    and .decryptions == 3 and (.lastEvent | length == 64) and (.fingerprint | length == 43)' out
same_counts() {
    jq -c '[.result.questions[] | [.answers[].count]]' out >counts
    jq -c '.result // .' whole/expected.json >expected
    cmp counts expected
}
check 'the result is the sum of the choices' same_counts
run vote verify voting.bel --json
check 'questions before there is a result' jq -e '.state == "voting" and (.questions[0].answers | length == 3)
    and (has("result") | not)' out

# --- archives that do not ---
{ cat whole.bel && head -c 1024 /dev/zero; } >zeros.bel
refuses 1 'zeros.bel: record at byte [0-9]*: an empty block' "tar's zeros at the end" vote verify zeros.bel
refuses 1 "un bloc vide" 'in French' vote verify zeros.bel --lang fr
head -c "$(($(wc -c <whole.bel) - 512))" whole.bel >cut.bel
refuses 1 'the file ends' 'cut' vote verify cut.bel
printf 'PK' >zip.bel
refuses 1 'not a Belenios archive' 'another file' vote verify zip.bel
: >empty.bel
refuses 1 'not a Belenios archive' 'an empty file' vote verify empty.bel
run vote verify zeros.bel --json
check 'a fault as JSON, exit 1' test "$code" = 1
check 'with its code and message' jq -e '(.holds | not) and .fault.code == "E_INVALID"
    and (.fault.message | test("an empty block"))' out

# --- what was there before ---
run vote verify voting.bel --json
last=$(jq -r .lastEvent out)
gives 0 'an event that is there' vote verify voting.bel --anchor "$last"
gives 0 'with 0x' vote verify voting.bel --anchor "0x$last"
refuses 1 'the trusted event is not in this archive' 'an event that is not' vote verify whole.bel --anchor "$last"
# from the header of the second ballot's data on: an older copy is what stands before
first_ballot=$(grep -abo '[0-9a-f]\{64\}\.event\.json' whole.bel | sed -n 2p | cut -d: -f1)
head -c "$((first_ballot + 1024))" whole.bel >older.bel
prints 'holds' 'an older copy' vote verify whole.bel --older older.bel
refuses 1 'the older copy has another event here' 'of another election' vote verify voting.bel --older older.bel
refuses 1 'the older copy goes on after event' 'that is newer' vote verify older.bel --older whole.bel
refuses 5 'empty.bel: empty' 'that is empty' vote verify whole.bel --older empty.bel

# --- with hints ---
prints '^voting.bel.hints: hints of 4 ballots, 5696 bytes' 'hints are written' vote hints voting.bel
prints '^Hints: used for every ballot' 'and used' vote verify voting.bel --hints voting.bel.hints
refuses 5 'voting.bel.hints: already exists; --force replaces it' 'not written twice' vote hints voting.bel
run vote hints whole.bel --out h --force --threads 2 --json
check 'as JSON' jq -e '.file == "h" and .ballots > 8 and .bytes > 64' out
run vote verify whole.bel --hints h --json
check 'the same counts' same_counts
check 'every hint was of use' jq -e '.holds and .hinted == .ballots' out
prints '^Hints: used for 0 ballots; the others' 'those of another election' vote verify whole.bel --hints voting.bel.hints
prints '^Indices : utilisés pour chaque bulletin' 'in French' vote verify whole.bel --hints h --lang fr
refuses 1 'an empty block' 'a bad archive' vote verify zeros.bel --hints h
head -c 5000 voting.bel.hints >cut.hints
refuses 5 'cut.hints: the file of hints has 4936 bytes after its header' 'hints that were cut' vote verify voting.bel --hints cut.hints
refuses 5 'whole.bel: not a file of hints' 'another file' vote verify voting.bel --hints whole.bel
refuses 3 'nosuch' 'no hints' vote verify voting.bel --hints nosuch
refuses 5 'zeros.bel: record at byte [0-9]*: an empty block' 'hints of a bad archive' vote hints zeros.bel
check 'leave no file' test ! -e zeros.bel.hints -a ! -e zeros.bel.hints.tmp
refuses 8 'nosuch/h' 'a folder that is not there' vote hints voting.bel --out nosuch/h

# --- the command line ---
refuses 2 '--anchor xyz: a hash is 64 hexadecimal digits' 'no hash' vote verify whole.bel --anchor xyz
refuses 2 'threads' 'no threads' vote verify whole.bel --threads 0
refuses 3 'nosuch.bel' 'no file' vote verify nosuch.bel
refuses 8 '/whole: ' 'a folder' vote verify ./whole
refuses 2 'vote verify' 'no argument' vote verify
finish
