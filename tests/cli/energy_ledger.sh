#!/bin/sh
# A year through a running node: load (cut and resumed), report, export; all against the files.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
parvis=${PARVIS_BUILD:-$root/build}/parvis
work=$(mktemp -d)
PARVIS_HOME=$work/home
export PARVIS_HOME
node=
# shellcheck disable=SC2317 # called by trap
stop() {
    [ -z "$node" ] || kill "$node" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT
number=0 failed=0
check() { # check NAME COMMAND...
    name=$1
    shift
    number=$((number + 1))
    if "$@" >"$work/log" 2>&1; then
        echo "ok $number $name"
    else
        sed 's/^/# /' "$work/log"
        echo "not ok $number $name"
        failed=1
    fi
}
# shellcheck disable=SC2317 # called through check
has() { grep -q -- "$2" "$1"; }
echo "1..24"
"$parvis" energy sample --out "$work/data" --quiet
"$parvis" init --timestamp "$("$parvis" energy start --data "$work/data")" --quiet >/dev/null
"$parvis" node --port 0 --json --log error >"$work/node.json" &
node=$!
tries=0
while [ ! -s "$work/node.json" ] && [ $tries -lt 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
PARVIS_RPC=$(sed 's/.*"url":"\([^"]*\)".*/\1/' "$work/node.json")
export PARVIS_RPC

"$parvis" energy report --quiet >/dev/null 2>"$work/err" && code=0 || code=$?
check "nothing to report yet" [ "$code" = 3 ]
# cut the loading at several moments: each time it goes on where the ledger is
cuts=0
for pause in 0.05 0.15 0.3 0.3 0.3; do
    "$parvis" energy load --data "$work/data" --quiet >/dev/null 2>&1 &
    load=$!
    sleep $pause
    kill -9 "$load" 2>/dev/null && cuts=$((cuts + 1))
    wait "$load" 2>/dev/null || true
done
check "loading was cut ($cuts times)" [ $cuts -ge 1 ]
check "load" "$parvis" energy load --data "$work/data" --quiet
"$parvis" energy report --data "$work/data" --json --quiet >"$work/report.json"
check "every day equals the files" has "$work/report.json" '"days":365,"days_equal":365'
check "every invoice line equals" has "$work/report.json" '"lines":1920,"lines_equal":1920'
check "totals equal" has "$work/report.json" '"totals_equal":true'
ht=$(sed 's/.*"ht_cents":\([0-9]*\).*/\1/' "$work/report.json")
vat=$(sed 's/.*"vat_cents":\([0-9]*\).*/\1/' "$work/report.json")
check "all is paid" has "$work/report.json" "\"paid_cents\":$((ht + vat)),"
check "loading again does nothing" [ "$("$parvis" energy load --data "$work/data" --json | sed 's/.*"transactions"://')" = "0}" ]

"$parvis" energy allocate --data "$work/data" --quiet --invoices "$work/i1.csv" --classes "$work/c1.csv" \
    --allocations "$work/a1.csv" --coefficients "$work/k1.csv" >/dev/null
"$parvis" energy export invoices --out "$work/i2.csv" --quiet
check "invoices from the ledger" cmp "$work/i1.csv" "$work/i2.csv"
"$parvis" energy export classes --out "$work/c2.csv" --quiet
sort "$work/c1.csv" >"$work/s1"
sort "$work/c2.csv" >"$work/s2"
check "classes 3 to 6 from the ledger" cmp "$work/s1" "$work/s2"
# October in legal time, with its day of 50 half-hours
"$parvis" energy export allocations --month 2025-10 --out "$work/a2.csv" --quiet
awk -F, '$1 >= 13102 && $1 < 14592' "$work/a1.csv" >"$work/s1"
tail -n +2 "$work/a2.csv" >"$work/s2"
check "a month has 31 * 48 + 2 half-hours" [ "$(wc -l <"$work/s2")" = 1490 ]
check "allocations from the ledger" cmp "$work/s1" "$work/s2"
"$parvis" energy export coefficients --month 2025-10 --out "$work/k2.csv" --quiet
grep -c '^CONFLUENT-2025;99' "$work/k2.csv" >"$work/count" || true
sort "$work/k1.csv" >"$work/s1"
sort "$work/k2.csv" >"$work/s2"
comm -12 "$work/s1" "$work/s2" | wc -l >"$work/same"
check "coefficients from the ledger" [ "$(cat "$work/count")" -gt 1000 ]
check "coefficients equal those of the files" [ "$(cat "$work/same")" = "$(wc -l <"$work/k2.csv")" ]
"$parvis" energy export html --month 2025-06 --out "$work/en.html" --quiet
"$parvis" energy export html --month 2025-06 --point C19-FOYER --lang fr --out "$work/fr.html" --quiet
check "a page for each member of June" [ "$(grep -c 'class="page"' "$work/en.html")" = 40 ]
check "one consumer's page in French" has "$work/fr.html" "Total TTC"
check "the holder's name comes from the organiser's file" has "$work/fr.html" "Foyer 19"
check "the name is not in the organiser's file in clear" sh -c "! grep -aq 'Foyer 19' '$PARVIS_HOME/organiser.sealed'"

check "erase a person" "$parvis" energy erase C19-FOYER --quiet
"$parvis" energy export html --month 2025-06 --out "$work/erased.html" --quiet
check "the name is gone" sh -c "! grep -q 'Foyer 19' '$work/erased.html'"
"$parvis" energy erase C19-FOYER >/dev/null 2>&1 && code=0 || code=$?
check "nothing left to erase" [ "$code" = 3 ]
"$parvis" energy report --key static >/dev/null 2>&1 && code=0 || code=$?
check "another key than the expected one" [ "$code" = 5 ]
"$parvis" energy export everything >/dev/null 2>&1 && code=0 || code=$?
check "an unknown export" [ "$code" = 2 ]
PARVIS_RPC=http://127.0.0.1:1 "$parvis" energy report >/dev/null 2>&1 && code=0 || code=$?
check "no node there" [ "$code" = 4 ]
exit $failed
