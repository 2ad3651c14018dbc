#!/bin/sh
# An organiser's own sharing: a sample is settled up to a day by the default key, coefficients are sent
# for the days that follow, the rest is loaded, and each day's result is the one that the coefficients
# give by hand. And what is refused: by the file's line, and by the ledger.
# shellcheck disable=SC2016,SC2119 # $ is of jq; the node needs no arguments
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
PARVIS_HOME=$work/home
export PARVIS_HOME
data=$work/data
whole=$work/all.csv
consumption=$data/consumption_wh_halfhour.csv
production=$data/production_wh_halfhour.csv

"$parvis" energy sample --out "$data" --quiet
gunzip "$data"/*.gz
operation=$(jq -r .operation "$data/operation.json")
bakery=$(jq -r '.consumers[] | select(.id == "C04-BOULANGERIE").prm' "$data/operation.json")
"$parvis" init --timestamp "$("$parvis" energy start --data "$data")" --quiet >"$work/log"
start_node

# give FIRST-STEP END PRODUCER PPM: so much to the bakery in each step; 48 steps are a day of January
give() {
    echo 'operation;prm_producteur;prm_consommateur;horodate;coefficient_ppm'
    awk -F, -v from="$1" -v end="$2" -v head="$operation;$3;$bakery;" -v ppm="$4" \
        'NR > 1 && $1 >= from && $1 < end { print head $2 ";" ppm }' "$consumption"
}

# expected FIRST-STEP END PRODUCER PPM: the bakery's part of production, never above its need; Wh. By R1
# the remainder of one part and of what is left of the million goes to the larger: it is rounded.
expected() {
    awk -F, -v from="$1" -v end="$2" -v producer="$3" -v ppm="$4" '
        FNR == 1 { for (i = 3; i <= NF; i++) title[i] = $i; next }
        $1 < from || $1 >= end { next }
        FNR == NR { for (i = 3; i <= NF; i++) if (title[i] == "C04-BOULANGERIE") need[$1] = $i + 0; next }
        { made = 0
          for (i = 3; i <= NF; i++) if (producer == "" || title[i] == producer) made += $i
          part = int((made * ppm + 500000) / 1000000)
          sum += part < need[$1] ? part : need[$1] }
        END { print sum + 0 }' "$consumption" "$production"
}

# follows NAME DAY WH: what the ledger shared on that day, and that it is not nothing
follows() {
    run call energy dayResult 1 "$2" --json
    check "$1: $3 Wh" jq -e --argjson wh "$3" '$wh > 0 and (.sharedWh | tonumber) == $wh' "$work/out"
}

give 96 192 '' 1000000 >"$whole" # 3 and 4 January
refuses 3 'no key there\|organiser.sealed' "no organiser's file yet" \
    energy coefficients --file "$whole" --data "$data"
gives 0 "two days by the default key" energy load --data "$data" --until 2025-01-02 --quiet
gives 0 "a dry run" energy coefficients --file "$whole" --data "$data" --dry-run --json
check "says what it would send" jq -e '.key == "dynamic" and .sets_key and .days == 2 and
    .first_day == "2025-01-03" and .last_day == "2025-01-04" and (.sent | not)' "$work/out"
gives 0 "again" energy coefficients --file "$whole" --data "$data" --dry-run --json
check "the key is still to be set" jq -e .sets_key "$work/out"

wrong() { # wrong PATTERN NAME SED-SCRIPT: the file with one thing changed
    sed "$3" "$whole" >"$work/wrong.csv"
    refuses 5 "wrong.csv:$1" "$2" energy coefficients --file "$work/wrong.csv" --data "$data"
}
wrong '3: prm_consommateur: .* no consumer' "an unknown point" "3s/;$bakery;/;C99;/"
wrong '2: prm_producteur: .* no producer' "an unknown producer" 's/;;/;P99;/'
wrong '3: operation: ' "another operation" '3s/^[^;]*/OTHER/'
wrong '4: horodate: .* no instant' "a bad time" '4s/T\([0-9]\)/ at \1/'
wrong '4: horodate: .* not the beginning of a step' "inside a step" '4s/:.0:00Z/:10:00Z/'
wrong '4: horodate: .* outside' "before the operation" '4s/;20[0-9]*-/;2023-/'
wrong '5: coefficient_ppm: "1000001"' "more than the whole" '5s/1000000$/1000001/'
wrong '6: prm_consommateur: the same as line 5' "a line twice" 5p
wrong '[0-9]*: horodate: no coefficients for the step 2025-01-03T11:00:00Z' "a step is missing" \
    '/2025-01-03T11:00:00Z/d'
wrong '1: the first line must be' "another header" '1s/ppm/percent/'
wrong '7: 4 fields' "a short line" '7s/;[0-9]*$//'
wrong '8: prm_producteur: the key dynamic names no producer' "a producer on one line" '8s/;;/;X;/'
wrong '21: coefficient_ppm: .* more than 1000000 ppm' "two who get more than all" \
    "20{p;s/;$bakery;/;C05-EPICERIE;/;s/;1000000\$/;1/}"
refuses 2 'dynamic or dynamic-full' "a key without coefficients" \
    energy coefficients --file "$whole" --data "$data" --key static
refuses 2 'give --file' "no file" energy coefficients --data "$data"

give 0 144 '' 1000000 >"$work/settled.csv"
refuses 5 '2025-01-01 is settled already' "settled days" \
    energy coefficients --file "$work/settled.csv" --data "$data"

gives 0 "send" energy coefficients --file "$whole" --data "$data" --json
check "two days" jq -e '.sent and .sets_key and .days == 2 and .coefficients == 96' "$work/out"
give 144 192 '' 20000 >"$work/less.csv"
gives 0 "less on 4 January after all, from operation.json alone" energy coefficients \
    --file "$work/less.csv" --operation "$data/operation.json" --json
check "the key is there" jq -e '.sent and (.sets_key | not) and .days == 1' "$work/out"
# 5 January: nothing given. 6 January: the school's roof to the bakery, nothing of the others
give 240 288 P01-ECOLE-PV 1000000 >"$work/full.csv"
gives 0 "per producer" energy coefficients --file "$work/full.csv" --data "$data" --json
check "is the key dynamic-full" jq -e '.key == "dynamic-full" and .sets_key' "$work/out"

gives 0 "load goes on with the keys that are there" \
    energy load --data "$data" --until 2025-01-06 --quiet
follows "3 January: all to the bakery" 20091 "$(expected 96 144 '' 1000000)"
follows "4 January: 2 % of it" 20092 "$(expected 144 192 '' 20000)"
follows "6 January: the school's roof" 20094 "$(expected 240 288 P01-ECOLE-PV 1000000)"
run call energy allocation 1 20091 24 --json
check "at noon of 3 January nobody else got any" jq -e \
    '[.allocatedWh[] | tonumber] | .[3] > 0 and add == .[3]' "$work/out"
"$parvis" energy allocate --data "$data" --key default --quiet \
    --allocations "$work/default.csv" >"$work/log"
run call energy allocation 1 20093 24 --json
jq -r '[.allocatedWh[] | tonumber] | join(",")' "$work/out" >"$work/ledger"
awk -F, '$1 == 216' "$work/default.csv" | cut -d, -f3- >"$work/files"
check "5 January, nothing given: the default key" cmp "$work/ledger" "$work/files"
refuses 5 'go on without --key' "another key now" energy load --data "$data" --key static --quiet
refuses 5 '2025-01-03 is settled already' "too late" \
    energy coefficients --file "$whole" --data "$data"

# What one ledger exports, another one takes: 5 January by the default key comes out the same.
gives 0 "export" energy export coefficients --out "$work/exported.csv" --quiet
awk -F';' 'NR == 1 || $4 >= "2025-01-04T23:00:00Z" && $4 < "2025-01-05T23:00:00Z"' \
    "$work/exported.csv" >"$work/fifth.csv"
run call energy dayResult 1 20093 --json
wh=$(jq -r .sharedWh "$work/out")
stop_node
gives 0 "audit" audit
PARVIS_HOME=$work/second
"$parvis" init --timestamp "$("$parvis" energy start --data "$data")" --quiet >"$work/log"
start_node
gives 0 "another ledger" energy load --data "$data" --until 2025-01-04 --quiet
gives 0 "takes the file" energy coefficients --file "$work/fifth.csv" --data "$data" --quiet
gives 0 "and settles its day" energy load --data "$data" --until 2025-01-05 --quiet
run call energy operation 1 --json
check "by coefficients per producer" jq -e '.key | tonumber == 5' "$work/out"
follows "5 January as on the first" 20093 "$wh"
stop_node
finish
