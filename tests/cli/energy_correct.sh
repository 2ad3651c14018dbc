#!/bin/sh
# Late readings: a sample is settled with readings missing and one wrong, in closed months and in the
# open one; corrected from the whole files; reported, invoiced and audited. Then the organiser's own
# key on the command line, and what is told of an operation that is not the organiser's.
# shellcheck disable=SC2016,SC2119 # $ is of jq; the node needs no arguments
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
PARVIS_HOME=$work/home
export PARVIS_HOME

"$parvis" energy sample --out "$work/late" --quiet
gunzip "$work/late"/*.gz
mkdir "$work/early"
cp "$work/late/operation.json" "$work/early"
# noon of 5 January and 8 March: a meter that has not answered yet; of 6 January: a wrong value
awk -F, -v OFS=, '$1 == 216 || $1 == 3192 { $6 = "" } { print }' \
    "$work/late/consumption_wh_halfhour.csv" >"$work/early/consumption_wh_halfhour.csv"
awk -F, -v OFS=, '$1 == 264 { $3 += 700 } { print }' \
    "$work/late/production_wh_halfhour.csv" >"$work/early/production_wh_halfhour.csv"
"$parvis" init --timestamp "$("$parvis" energy start --data "$work/late")" --quiet >"$work/log"
start_node

refuses 3 'no key there\|organiser.sealed' "nothing to correct without an organiser's file" \
    energy correct --data "$work/late"
gives 0 "load a part of the year" energy load --data "$work/early" --until 2025-03-10 --quiet
gives 2 "a day that is none" energy correct --data "$work/late" --until 2025-02-30
gives 0 "the same files: nothing to correct" energy correct --data "$work/early" --json
check "69 days compared, 296 left to load" \
    jq -e '.days_compared == 69 and .days_different == 0 and .days_unsettled == 296' "$work/out"
prints '296 days of the files are not settled yet' "and says so" energy correct --data "$work/early"

gives 1 "the whole files differ" energy correct --data "$work/late" --dry-run --json
cp "$work/out" "$work/dry.json"
check "on three days, two of them in closed months" jq -e '
    .days_different == 3 and .days_corrected == 0 and
    [.corrections[] | [.day, .late, .changed, .removed, .closed_month]] == [
        ["2025-01-05", 1, 0, 0, true], ["2025-01-06", 0, 1, 0, true], ["2025-03-08", 1, 0, 0, false]]' \
    "$work/out"
check "6 January produced 700 Wh less" jq -e '.corrections[1].produced_wh == -700' "$work/out"
consumed=$(awk -F, '$1 == 216 { print $6 }' "$work/late/consumption_wh_halfhour.csv")
check "5 January consumed the late reading" \
    jq -e --argjson wh "$consumed" '$wh > 0 and .corrections[0].consumed_wh == $wh' "$work/out"
gives 1 "a dry run changes nothing" energy correct --data "$work/late" --dry-run --json
check "the same answer" cmp "$work/out" "$work/dry.json"
gives 1 "a part of the days" energy correct --data "$work/late" --dry-run --json \
    --from 2025-01-06 --until 2025-02-28
check "holds one" jq -e '[.corrections[].day] == ["2025-01-06"] and .days_compared == 54' "$work/out"
gives 1 "the report sees the difference" energy report --data "$work/late" --json
check "on the same three days" jq -e '.check | .days - .days_equal == 3 and (.totals_equal | not)' \
    "$work/out"

gives 0 "correct" energy correct --data "$work/late" --json
check "three days corrected" jq -e \
    '.days_corrected == 3 and ([.corrections[].version] == [2, 2, 2])' "$work/out"
jq '.corrections | map(del(.version))' "$work/dry.json" >"$work/foreseen"
jq '.corrections | map(del(.version))' "$work/out" >"$work/booked"
check "the dry run had foreseen what the ledger computed" cmp "$work/foreseen" "$work/booked"
gives 0 "a second run" energy correct --data "$work/late" --json
check "finds nothing" jq -e '.days_different == 0 and .corrections == []' "$work/out"
gives 0 "the report compares with the corrected files" energy report --data "$work/late" --json
check "days and totals equal, January's lines wait for March" jq -e '.check |
    .days == 69 and .days_equal == 69 and .totals_equal and
    .lines_pending > 0 and .lines_equal + .lines_pending == .lines' "$work/out"
prints 'invoiced when 2025-03 closes' "and says when" energy report --data "$work/late"
gives 1 "the files of before are not the ledger any more" energy report --data "$work/early"

gives 0 "load goes on and closes March" energy load --data "$work/late" --until 2025-04-05 --quiet
gives 0 "all is invoiced" energy report --data "$work/late" --json
check "nothing pending" jq -e '.check | .days == 95 and .days_equal == 95 and
    .lines == 480 and .lines_equal == 480 and .lines_pending == 0' "$work/out"
gives 0 "invoices with their corrections" energy export invoices --out "$work/ledger.csv"
check "a column tells the month of each line" grep -q '_cents,of_month$' "$work/ledger.csv"
check "March corrects January" grep -q '^2025-03,.*,C04-BOULANGERIE,.*,2025-01$' "$work/ledger.csv"
gives 0 "invoices of the files" energy allocate --data "$work/late" --quiet \
    --invoices "$work/files.csv"
# month by month the corrected lines add up to what the files would have given at once
sums() { # sums FILE COLUMN-OF-THE-MONTH
    awk -F, -v month="$2" 'NR > 1 && $month <= "2025-03" {
        key = $month "," $2 "," $3; wh[key] += $4; ht[key] += $7; vat[key] += $8 }
        END { for (key in wh) print key "," wh[key] "," ht[key] "," vat[key] }' "$1" | sort
}
sums "$work/ledger.csv" 10 >"$work/ledger.sums"
sums "$work/files.csv" 1 >"$work/files.sums"
check "480 sums" [ "$(wc -l <"$work/ledger.sums")" = 480 ]
check "equal those of the files" cmp "$work/ledger.sums" "$work/files.sums"

# files of the same readings, but of other members, or of fewer days
mkdir "$work/other" "$work/short"
cp "$work/late"/*.csv "$work/other"
jq '(.consumers[] | select(.id == "C04-BOULANGERIE")).first_step = 96' \
    "$work/late/operation.json" >"$work/other/operation.json"
refuses 5 'C04-BOULANGERIE enters or leaves at another step' "an entry is no reading" \
    energy correct --data "$work/other" --dry-run
jq '(.consumers[] | select(.id == "C04-BOULANGERIE")).id = "C04-BANK"' \
    "$work/late/operation.json" >"$work/other/operation.json"
sed -i 1s/C04-BOULANGERIE/C04-BANK/ "$work/other/consumption_wh_halfhour.csv"
refuses 5 'not those of operation 1' "another member" energy correct --data "$work/other" --dry-run
jq '.steps = 78 * 48 | del(.consumers[].last_step, .producers[].last_step)' \
    "$work/late/operation.json" >"$work/short/operation.json"
for file in consumption_wh_halfhour.csv production_wh_halfhour.csv; do
    head -n $((78 * 48 + 1)) "$work/late/$file" >"$work/short/$file"
done
prints '17 settled days are not wholly in the files' "days that the files do not have" \
    energy correct --data "$work/short"

gives 0 "another organiser's operation" send energy createOperation 0 1735689600 30 1 \
    0x0000000000000000000000000000000000000000000000000000000000000000 1 3 --from admin
prints 'Operation 2: 0 consumers' "is not called by this one's name" energy report --id 2
prints 'Operation 1 CONFLUENT-2025:' "this one is" energy report

gives 0 "the organiser's key by name" energy key organiser --json
address=$(jq -r .address "$work/out")
prints "$address" "is the operation's organiser" call energy operation 1
refuses 5 'a key named organiser already' "a name that is taken" energy key organiser
gives 0 "it signs: a tariff for December" send energy setTariff 1 40 100000 200000 24311 \
    --from organiser
gives 0 "a holder's key" energy key resident --point C19-FOYER --quiet
gives 0 "it signs: a consent" send energy giveConsent 1 18 2 1767222000 1798758000 \
    --from resident
refuses 3 'no such point' "a point that is none" energy key nobody --point C99
gives 0 "erase" energy erase C20-FOYER --quiet
refuses 3 'no such point' "an erased point has no key" energy key nobody --point C20-FOYER

# a reader that has gone: no message, the exit code of the environment
{
    sleep 0.3
    "$parvis" energy export invoices --quiet 2>"$work/pipe.err"
    echo $? >"$work/code"
} | true
check "a closed pipe ends with 8" [ "$(cat "$work/code")" = 8 ]
check "and without a word" [ ! -s "$work/pipe.err" ]

gives 2 "no operation has steps of 5 minutes" energy import --step 5 "$work/files.csv"
mkdir "$work/five"
cp "$work/late/operation.json" "$work/late/production_wh_halfhour.csv" "$work/five"
printf 'step,ts_utc,A\n0,2025-01-01T00:00:00Z,1\n1,2025-01-01T00:05:00Z,1\n' \
    >"$work/five/consumption.csv"
refuses 5 'not one step of 10, 15, 30 or 60 minutes' "nor its files" energy allocate \
    --data "$work/five"

stop_node
gives 0 "audit" audit
finish
