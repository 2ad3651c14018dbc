#!/bin/sh
# `parvis energy allocate` and `import` against the reference results, file by file, byte by byte.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
parvis=${PARVIS_BUILD:-$root/build}/parvis
data=${PARVIS_DATA:-$root/../shared/data}/energy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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
if [ ! -d "$data/oracle/a-london-2013" ]; then
    echo "1..1"
    echo "ok 1 energy allocate # SKIP no shared data"
    exit 0
fi
pack=$data/a-london-2013 oracle=$data/oracle/a-london-2013
echo "1..27"
"$parvis" energy allocate --operation "$pack/operation.json" \
    --consumption "$pack/consumption_wh_halfhour.csv.gz" \
    --production "$pack/production_wh_halfhour.csv.gz" --key all --json --quiet \
    --day-hashes "$work/days.csv" --steps "$work/steps.csv.gz" --invoices "$work/invoices.csv" \
    --allocations "$work/allocations.csv" >"$work/summary.json"
check "day hashes of four keys and the matrix" cmp "$work/days.csv" "$oracle/day_hashes.csv"
gzip -dc "$oracle/steps.csv.gz" >"$work/expected_steps.csv"
gzip -dc "$work/steps.csv.gz" >"$work/steps.csv"
check "totals of every step" cmp "$work/steps.csv" "$work/expected_steps.csv"
check "invoice lines" cmp "$work/invoices.csv" "$oracle/invoices.csv"
# the summary: each member of the reference is in ours with the same value
tr -d ' \n' <"$oracle/summary.json" | sed 's/"label":"[^"]*",//; s/^{//; s/}$//' >"$work/expected"
tr -d '\n' <"$work/summary.json" | sed 's/^{//; s/}$//' >"$work/actual"
check "summary with year hashes" cmp "$work/actual" "$work/expected"
grep '^76[89][0-9],default,\|^step' "$oracle/week_allocation.csv" | cut -d, -f1,3- | tail -n +2 >"$work/expected"
grep '^76[89][0-9],' "$work/allocations.csv" | cut -d, -f1,3- >"$work/actual"
check "allocations of each consumer" cmp "$work/actual" "$work/expected"
check "vectors" "$parvis" energy allocate --vectors "$data/oracle/vectors.json"

column=2
for key in default static waterfill priority; do
    "$parvis" energy allocate --data "$pack" --key "$key" --quiet --json \
        --day-hashes "$work/days.csv" >"$work/one.json"
    cut -d, -f1,2 "$work/days.csv" >"$work/actual"
    cut -d, -f1,$column "$oracle/day_hashes.csv" >"$work/expected"
    check "365 days of key $key" cmp "$work/actual" "$work/expected"
    column=$((column + 1))
done

# the same vectors with one figure changed must fail
sed 's/"production_wh": *680/"production_wh":681/; s/"default": *\[0, *183, *497\]/"default":[0,183,496]/' \
    "$data/oracle/vectors.json" >"$work/wrong.json"
"$parvis" energy allocate --vectors "$work/wrong.json" >/dev/null 2>&1 && code=0 || code=$?
check "a wrong vector is found" [ "$code" = 1 ]

samples=$data/h-format-samples
"$parvis" energy import "$samples"/cdc_*.csv --quiet --out "$work/column.csv" >"$work/table"
cut -d, -f1,3,5 "$work/column.csv" | tail -n +2 | sort >"$work/actual"
cut -d, -f1,3,4 "$samples/expected_wh_utc.csv" | tail -n +2 | sort >"$work/expected"
check "load curves across both clock changes" cmp "$work/actual" "$work/expected"
check "the table of an import" has "$work/table" "30000000001002 *production"
"$parvis" energy import "$samples/metering_data_v4.json" --quiet --step 60 \
    --consumption-out "$work/wide.csv" --json >"$work/import.json"
check "metering data in JSON" has "$work/import.json" '"measures":24'
check "wide CSV from an import" has "$work/wide.csv" '^step,ts_utc,30000000001000$'

# refusals: exit code, and file, line and field on standard error
refused() { # refused NAME CODE TEXT COMMAND...
    what=$1 expected=$2 text=$3
    shift 3
    "$@" >/dev/null 2>"$work/err" && code=0 || code=$?
    check "$what: exit code" [ "$code" = "$expected" ]
    check "$what: message" has "$work/err" "$text"
}
sed 's/^2013-03-30T01:00:00+01:00;.*/2013-03-30T01:00:00+01:00;-5/' \
    "$samples/cdc_ete_30000000001000.csv" >"$work/bad.csv"
refused "negative power" 5 "bad.csv:7: Valeur: " "$parvis" energy import "$work/bad.csv" --out "$work/none.csv"
check "nothing is half-imported" [ ! -e "$work/none.csv" ]
refused "no such file" 3 "nowhere.csv" "$parvis" energy import "$work/nowhere.csv"
refused "unknown key" 2 "default, static" "$parvis" energy allocate --data "$pack" --key shares
sed 's/"MAC000003"/"MAC000004"/' "$pack/operation.json" >"$work/operation.json"
refused "a point without column" 5 "MAC000004" "$parvis" energy allocate \
    --operation "$work/operation.json" --consumption "$pack/consumption_wh_halfhour.csv.gz" \
    --production "$pack/production_wh_halfhour.csv.gz"
"$parvis" energy sample --out "$work/a" --seed 5 --quiet
"$parvis" energy sample --out "$work/b" --seed 5 --quiet
check "the sample is reproducible" diff -r "$work/a" "$work/b"
check "where the sample begins" [ "$("$parvis" energy start --data "$work/a")" = 1735686000 ]
check "the sample is shared" "$parvis" energy allocate --data "$work/a" --key waterfill --quiet
exit $failed
