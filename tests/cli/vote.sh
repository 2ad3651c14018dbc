#!/bin/sh
# A whole consultation on the command line: clerk, registrar, a trustee alone and a group of whom two of
# three suffice, five voters with a ballot replaced, one challenged and one voter struck out; counting,
# the archive, its verification; every refusal by its exit code and message. Then units merged under a
# floor, with majority judgment, and ballots that another program made.
# shellcheck disable=SC2016,SC2119,SC2317 # $ is of jq; the node needs no arguments; `is` is given to `check`
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
PARVIS_HOME=$work/home
export PARVIS_HOME
tool=$root/tests/voting/tool/belenios-tool # the independent verifier, where it could be had
cd "$work" || exit 1
case $build in
*asan* | *tsan*) seconds=40 ;;
*) seconds=16 ;;
esac

# until_status ID STATUS: waits for it, at most a minute, and no longer than the node lives
until_status() {
    tries=0
    while [ "$tries" -lt 300 ] && kill -0 "$node"; do
        status=$("$parvis" vote show "$1" --json | jq -r .status)
        if [ "$status" = "$2" ]; then return; fi
        sleep 0.2
        tries=$((tries + 1))
    done
}
is() { [ -s "$work/out" ] && jq -e "$1" "$work/out"; }
mode_of() { stat -c %a "$1"; }
# code_of ID LOGIN: the secret voting code, in a file of that name
code_of() { jq -r --arg login "$2" '.[$login]' "voters-$1/credentials.json" >"$2.code"; }
choose() { printf '%s' "$1" >choice; }

"$parvis" init --quiet >log
start_node
for name in t1 t2 t3 t4 registrar other; do "$parvis" account new "$name" >log; done

# --- templates ---
for kind in single multiple blank lists majority-judgment budget points; do
    gives 0 "template $kind" vote template "$kind" --out "$kind.json"
    check "template $kind is JSON" jq -e '.questions | length > 0' "$kind.json"
    run vote template "$kind" --lang fr
    check "template $kind in French" sh -c "jq -e .name '$work/out' && ! cmp '$work/out' $kind.json"
    gives 0 "create from $kind" vote create "$kind.json" --opens +1d --closes +2d --registrar registrar \
        --trustee t1 --quiet
done
refuses 2 'single, multiple' 'an unknown kind' vote template ranking
refuses 5 'already exists' 'a template is not overwritten' vote template single --out single.json

# --- creating ---
refuses 2 'opens is needed' 'no opening' vote create single.json --closes +2d --registrar registrar --trustee t1
refuses 2 '2026-12-01T08:00' 'an opening that is no time' vote create single.json --opens soon --closes +2d \
    --registrar registrar --trustee t1
refuses 2 'not after' 'closing before opening' vote create single.json --opens +2d --closes +1d \
    --registrar registrar --trustee t1
refuses 2 'registrar is needed' 'no registrar' vote create single.json --opens +1d --closes +2d --trustee t1
refuses 2 'give the trustees' 'no trustees' vote create single.json --opens +1d --closes +2d --registrar registrar
refuses 2 'K:ADDRESS' 'a group that is not larger than its threshold' vote create single.json --opens +1d \
    --closes +2d --registrar registrar --group 2:t1,t2
refuses 3 nobody 'an account that is none' vote create single.json --opens +1d --closes +2d \
    --registrar nobody --trustee t1
refuses 5 '40 hexadecimal' 'an address that is none' vote create single.json --opens +1d --closes +2d \
    --registrar 0x12 --trustee t1
refuses 3 'nofile.json' 'no template' vote create nofile.json --opens +1d --closes +2d --registrar registrar --trustee t1
sed 's/"max": 1/"max": 9/' single.json >bad.json
refuses 5 'bad.json: .*max' 'a template with a fault' vote create bad.json --opens +1d --closes +2d \
    --registrar registrar --trustee t1
sed 's/questions 1-3/questions 1-4/' majority-judgment.json >bad.json
refuses 5 'bad.json: .*is no reading of these questions' 'a reading that fits no question' vote create bad.json \
    --opens +1d --closes +2d --registrar registrar --trustee t1
refuses 1 'may not do that.*NotAuthorised' 'only a clerk creates' vote create single.json --opens +1d --closes +2d \
    --registrar registrar --trustee t1 --from other
refuses 1 'closes in the future.*InvalidTimes' 'a time that is over' vote create single.json --opens 1000 \
    --closes 2000 --registrar registrar --trustee t1
gives 0 'a second clerk' vote appoint other
gives 0 'who creates' vote create single.json --opens +1d --closes +2d --registrar registrar --trustee t1 \
    --from other --quiet
gives 0 'and is dismissed' vote appoint other --dismiss
refuses 1 NotAuthorised 'and creates no more' vote create single.json --opens +1d --closes +2d --registrar registrar \
    --trustee t1 --from other
gives 0 'the consultation' vote create single.json --opens +1h --closes +2h --registrar registrar --trustee t1 \
    --group 2:t2,t3,t4 --json
id=$(jq -r .id out)
check 'has number 9 and is a draft' is '.id == 9 and .status == "draft" and .voters == 0'
prints 'any 2 of them, 0 of 4 rounds' 'show tells what the trustees have to do' vote show "$id"
refuses 3 'no such consultation' 'no such consultation' vote show 77
refuses 2 'has a number' 'a number that is none' vote show first

# --- trustees ---
refuses 2 'out FILE' 'a seed needs a file' vote seed
for name in t1 t2 t3 t4; do "$parvis" vote seed --out "$name.seed" --quiet; done
check 'a seed is for its owner only' [ "$(mode_of t1.seed)" = 600 ]
refuses 5 'already exists' 'a seed is not overwritten' vote seed --out t1.seed
act() { run vote work "$id" --seed "$1.seed" --from "$1" --json; }
refuses 2 'give the trustee' 'no seed' vote work "$id" --from t1
refuses 6 'no trustee.s seed' 'a file that is no seed' vote work "$id" --seed single.json --from t1
refuses 3 'is no trustee' 'an account that is no trustee' vote work "$id" --seed t1.seed --from other
refuses 1 'a trustee has not done' 'not published before' vote publish "$id"
act t1
check 'the one alone posts its key' is '.did == "posted the key"'
act t1
check 'and is done' is '.did == "" and .waitsFor == "the publication"'
act t2
check 'round 1' is '.did | startswith("round 1")'
act t2
check 'waits for the others of its group' is '.did == "" and .waitsFor == "trustees 3, 4 (round 1)"'
act t3
act t4
for round in 2 3; do
    for name in t2 t3 t4; do act "$name"; done
    check "round $round" is ".did | startswith(\"round $round\")"
done
coefficients=$("$parvis" call voting messageOf "$id" 3 3 --json | jq -r .message)
shares=$("$parvis" call voting sharesOf "$id" 3 --json | jq -r '.shares[2:]')
run vote reset "$id" --reason "a seed was lost"
check 'the clerk has them begin again' [ "$code" = 0 ]
act t2
check 'from round 1' is '.did | startswith("round 1")'
act t1
for round in 1 2; do for name in t2 t3 t4; do act "$name"; done; done
act t2
act t4
# the second member deals what it dealt before, but the first one's share to the third and the other way
gives 0 'a member deals false shares' send voting postCoefficients "$id" "$coefficients" \
    "0x$(echo "$shares" | cut -c257-384)$(echo "$shares" | cut -c129-256)$(echo "$shares" | cut -c1-128)" --from t3
act t2
check 'and is named' is '.did | startswith("complained: trustee 3 dealt a false share")'
act t2
check 'their group begins again' is '.did | startswith("round 1")'
for round in 1 2 3 4; do for name in t2 t3 t4; do act "$name"; done; done
check 'up to the last round' is '.did | startswith("round 4")'
refuses 2 'reason is needed' 'no reset without a reason' vote reset "$id"

# --- the roll ---
printf 'login,name\nann,Ann Éluard\nbea,Béa <B>\ncid,Cid\ndan,Dan\neve,Eve\n' >voters.csv
refuses 1 'no voters' 'not published before' vote publish "$id"
printf 'login\nann\nbea\nann\n' >twice.csv
refuses 5 'twice.csv:4: login: .*line 2' 'a voter twice' vote roll "$id" twice.csv --from registrar
printf 'name,login\nAnn,ann x\nBea\n' >bad.csv
run vote roll "$id" bad.csv --from registrar
check 'every bad line is told' sh -c "[ $code = 5 ] && grep -q 'bad.csv:2: login' '$work/err' && grep -q 'bad.csv:3: ' '$work/err'"
printf 'login,weight\nann,-1\n' >bad.csv
refuses 5 'bad.csv:2: weight' 'a weight that is none' vote roll "$id" bad.csv --from registrar
printf 'person\nann\n' >bad.csv
refuses 5 'names the columns' 'a column that is none' vote roll "$id" bad.csv --from registrar
printf 'login\n' >bad.csv
refuses 5 'no voter' 'nobody' vote roll "$id" bad.csv --from registrar
refuses 3 'nofile.csv' 'no file of voters' vote roll "$id" nofile.csv --from registrar
refuses 1 NotAuthorised 'only the registrar' vote roll "$id" voters.csv --out elsewhere --from other
gives 0 'the roll' vote roll "$id" voters.csv --from registrar --json
check 'of five voters' is '.voters == 5'
check 'the codes are secret' [ "$(mode_of "voters-$id/credentials.json")$(mode_of "voters-$id")" = 600700 ]
check 'the public ones are sorted' jq -e '. == sort and length == 5' "voters-$id/public_creds.json"
gives 0 'again changes nothing' vote roll "$id" voters.csv --from registrar --json
check 'still five' is '.voters == 5'
refuses 5 'not those of other/' 'with other codes it is refused' vote roll "$id" voters.csv --out other --from registrar
cp "voters-$id/public_creds.json" before.json
sed 's/$/,2/; 1s/,2$/,weight/' voters.csv >heavy.csv
refuses 5 'with other weights than in heavy.csv' 'nor other weights' vote roll "$id" heavy.csv --from registrar
check 'and the public ones are as they were' cmp before.json "voters-$id/public_creds.json"
head -n 4 voters.csv >fewer.csv
refuses 5 'not among the voters' 'codes of somebody else' vote roll "$id" fewer.csv --from registrar
gives 0 'sheets' vote sheets "$id" voters.csv --url https://vote.example.org --json
check 'five of them, in one file' is '.sheets == 5 and .files == 1'
sheets=voters-$id/sheets-1.html
check 'secret too' [ "$(mode_of "$sheets")" = 600 ]
check 'with names as they are written' sh -c "grep -q 'Ann Éluard' '$sheets' && grep -q 'Béa &lt;B&gt;' '$sheets'"
code_of "$id" ann
check 'and the code as link' grep -q "https://vote.example.org/vote/#$id.$(cat ann.code)" "$sheets"
check 'and as QR code' [ "$(grep -o 'class="qr"' "$sheets" | wc -l)" = 5 ]
cp "$sheets" before.html
run vote sheets "$id" voters.csv --only bea --lang fr
check 'one in French' sh -c "[ $code = 0 ] && grep -q 'code de vote secret' 'voters-$id/sheet-bea.html' &&
    ! grep -q Éluard 'voters-$id/sheet-bea.html'"
check 'beside the others' cmp before.html "$sheets"
check 'and secret like them' [ "$(mode_of "voters-$id/sheet-bea.html")" = 600 ]
refuses 3 'no such voter' 'a sheet of nobody' vote sheets "$id" voters.csv --only nobody
refuses 2 'such as https' 'an address that is none' vote sheets "$id" voters.csv --url vote.example.org

# --- publishing and times ---
for name in bea cid dan eve; do code_of "$id" "$name"; done
choose '[[1,0,0]]'
refuses 1 'not published yet' 'no ballots for a draft' vote cast "$id" --credential ann.code --choice choice
gives 0 'published' vote publish "$id" --json
check 'and waits for the opening' is '.status == "published" and .events == 1'
refuses 5 'changes no more' 'the roll is closed' vote roll "$id" voters.csv --from registrar
refuses 1 'not open yet' 'no ballots yet' vote cast "$id" --credential ann.code --choice choice
refuses 1 'pas encore ouverte' 'in French' vote cast "$id" --credential ann.code --choice choice --lang fr
refuses 2 'opens, --closes or both' 'which time?' vote postpone "$id" --reason "x"
gives 0 'brought forward' vote postpone "$id" --opens +3 --closes "+$seconds" --reason "the hall is free today" --json
check 'with the reason' is '.reason == "the hall is free today"'
until_status "$id" open

# --- voting ---
gives 0 'Ann votes' vote cast "$id" --credential ann.code --choice choice --json
first=$(jq -r .tracker out)
choose '[[0,0,1]]'
gives 0 'and again' vote cast "$id" --credential ann.code --choice choice --json
second=$(jq -r .tracker out)
code_=$(jq -r .code out)
run vote check "$id" "$first" --json
check 'the first ballot does not count' is '.recorded and (.counts | not) and (.last | not)'
run vote check "$id" "$second" --json
check 'the second does, under the code it was cast with' is ".recorded and .counts and .code == \"$code_\""
check 'its proof is below 2 kB, with the header' is '.proofBytes > 0 and .proofBytes + .headerBytes < 2000'
choose '[[0,1,0]]'
run vote cast "$id" --credential - --choice choice --quiet <bea.code
check 'Bea votes from standard input' [ "$code" = 0 ]
# on a terminal: asked for the choice, shown the code, asked again
if command -v script >log; then
    printf '4\n1 2\n3\no\n' | script -qec "$parvis vote cast $id --credential cid.code" /dev/null >out 2>err
    check 'a wrong number is asked for again' [ "$(grep -c 'not as many' out)" = 2 ]
    noted=$(tr -d '\r' <out | sed -n 's/^ballot code  //p' | head -n 1)
    prints 'Freedom Square' 'what was opened is what was chosen' vote check-opening "$id" opened-ballot.json \
        opened-opening.json --code "$noted"
    cp opened-ballot.json before.json
    printf '3\no\n' | script -qec "$parvis vote cast $id --credential cid.code" /dev/null >out 2>err
    check 'another one does not overwrite it' grep -q 'opened-ballot.json: already exists; --force' out
    check 'which is as it was' cmp before.json opened-ballot.json
    printf '3\no\n' | script -qec "$parvis vote cast $id --credential cid.code --force" /dev/null >out 2>err
    check 'unless asked' sh -c "grep -q 'check-opening' out && ! cmp before.json opened-ballot.json"
    printf '3\n\n' | script -qec "$parvis vote cast $id --credential cid.code" /dev/null >out 2>err
    check 'Cid votes' grep -q 'is in the urn' out
    check 'once, for what was opened was not cast' [ "$("$parvis" vote show "$id" --json | jq .cast)" = 4 ]
else
    skip 'voting on a terminal' 'no script'
fi
gives 0 'Cid makes a ballot' vote ballot "$id" --credential cid.code --choice choice --out cid.json
gives 0 'and casts it after that' vote cast "$id" --ballot cid.json
refuses 1 'in the urn already' 'but once' vote cast "$id" --ballot cid.json
gives 0 'Dan challenges' vote challenge "$id" --credential dan.code --choice choice --out dan.json \
    --opening dan.opening --json
dan=$(jq -r .code out)
refuses 5 'dan.json: already exists; --force' 'a challenge overwrites no ballot' vote challenge "$id" --credential dan.code \
    --choice choice --out dan.json --opening new.opening
refuses 5 'dan.opening: already exists; --force' 'and no opening' vote challenge "$id" --credential dan.code \
    --choice choice --out new.json --opening dan.opening
check 'nothing of it is written' [ ! -e new.json ]
gives 0 'unless asked' vote challenge "$id" --credential dan.code --choice choice --out dan.json --opening dan.opening \
    --force --json
dan=$(jq -r .code out)
check 'the opening is secret' [ "$(mode_of dan.opening)" = 600 ]
prints 'Lime Tree Square' 'another machine finds his choice' vote check-opening "$id" dan.json dan.opening --code "$dan"
refuses 1 'another ballot than the one it showed' 'under the code he noted' vote check-opening "$id" dan.json \
    dan.opening --code "$(printf %043d 0 | tr 0 A)"
sed 's/\[\[0,1,0\]\]/[[1,0,0]]/' dan.opening >other.opening
refuses 1 'answer 1: the ballot encrypts something else' 'not another one' vote check-opening "$id" dan.json other.opening
sed 's/"credential":"[0-9a-f]\{4\}/"credential":"0000/' dan.json >other.json
refuses 1 'ballot codes differ' 'nor in a ballot that was altered' vote check-opening "$id" other.json dan.opening
check 'what was opened has no signature' jq -e 'has("signature") | not' dan.json
refuses 5 'dan.json: .*signature' 'so nobody can cast it' vote cast "$id" --ballot dan.json
jq -c --argjson s "$(jq -c .signature cid.json)" --arg h "$dan" '.signature = ($s | .hash = $h)' dan.json >forged.json
refuses 1 'InvalidBallot.*signature' 'with a signature of another ballot neither' vote cast "$id" --ballot forged.json
choose '[[1,0,0]]'
gives 0 'then casts a fresh one' vote cast "$id" --credential dan.code --choice choice
refuses 6 'no voting code' 'a code that is none' vote cast "$id" --credential voters.csv --choice choice
printf 'Abcde-fghijk-Lmnop-qrstuv' >unknown.code
refuses 1 'not on the roll' 'a code of nobody' vote cast "$id" --credential unknown.code --choice choice
printf '[[1,1,0]]' >two
refuses 5 'question 1' 'two answers where one is wanted' vote cast "$id" --credential dan.code --choice two
refuses 2 'can be seen by others' 'a choice on the command line' vote cast "$id" --credential dan.code --choice '[[1,0,0]]'
refuses 2 'voting code' 'no code' vote cast "$id" --choice choice
refuses 2 'only one of' 'both from standard input' vote cast "$id" --credential - --choice -
refuses 2 'have no effect' 'a ballot and a choice' vote cast "$id" --ballot cid.json --choice choice
refuses 3 'no ballot of this tracker' 'an unknown tracker' vote check "$id" "$(printf %043d 0 | tr 0 A)"
refuses 2 'a tracker is' 'a tracker that is none' vote check "$id" abc
refuses 5 . 'no signed proof from a node that orders alone' vote check "$id" "$second" --proof proof.json
refuses 1 NotAuthorised 'only the registrar strikes out' vote strike "$id" eve --credentials \
    "voters-$id/credentials.json" --reason "voted on paper"
refuses 2 'reason is needed' 'with a reason' vote strike "$id" eve --credentials "voters-$id/credentials.json"
refuses 3 'no credential of' 'somebody' vote strike "$id" nobody --credentials "voters-$id/credentials.json" --reason x
refuses 5 '64 hexadecimal' 'or a key' vote strike "$id" eve --reason x
gives 0 'Eve is struck out' vote strike "$id" eve --credentials "voters-$id/credentials.json" \
    --reason "voted on paper" --from registrar
refuses 1 'struck out' 'and cannot vote' vote cast "$id" --credential eve.code --choice choice
refuses 1 'has cast a ballot' 'Dan cannot be struck out' vote strike "$id" dan --credentials \
    "voters-$id/credentials.json" --reason "voted on paper" --from registrar
refuses 1 'not over' 'no counting yet' vote tally "$id"
refuses 1 InvalidTimes 'an open one closes no sooner' vote postpone "$id" --closes +1 --reason "x"
refuses 5 'no result yet' 'no result yet' vote result "$id"
prints '4 of 5 voters' 'list' vote list
until_status "$id" closed

# --- counting ---
refuses 1 'no ballots any more' 'too late' vote cast "$id" --credential bea.code --choice choice
gives 0 'closed on record' vote close "$id" --json
gives 0 'tallied' vote tally "$id" --json
check 'four voters count' is '.status == "tallied" and .counted == 4 and .cast == 6'
refuses 3 'trustee 1 is missing' 'nobody has decrypted' vote result "$id"
act t1
act t4
check 'a part' is '.did == "posted the part of the decryption"'
refuses 3 'are needed' 'two of the group are needed' vote result "$id"
refuses 1 . 'another seed decrypts nothing' vote work "$id" --seed t1.seed --from t2
act t2
gives 0 'the result' vote result "$id" --json
check 'is what was chosen' is '[.result.questions[0].answers[].count] == [1,2,1]'
gives 0 'to be read again' vote result "$id"
prints 'Lime Tree Square' 'and shown' vote show "$id"
act t3
check 'nothing is left to do' is '.did == "" and .status == "decided"'
refuses 1 WrongStatus 'nor to call off' vote cancel "$id" --reason "too late"

# --- the archive ---
gives 0 'export' vote export "$id" vote.bel --json
check 'thirteen events' is '.events == 13'
refuses 5 'force' 'is not overwritten' vote export "$id" vote.bel
cp vote.bel copy.bel
gives 0 'unless asked' vote export "$id" vote.bel --force --quiet
check 'with the same bytes' cmp vote.bel copy.bel
gives 0 'it verifies' vote verify vote.bel
if [ -x "$tool" ]; then
    mkdir archive
    cp vote.bel archive
    check 'by belenios-tool too' sh -c "cd archive && LWT_ASYNC_METHOD=none '$tool' election verify"
else
    skip 'by belenios-tool too' 'no belenios-tool (script/bootstrap --test)'
fi
sed 's/"credential":"./"credential":"g/' vote.bel >copy.bel
refuses 1 'does not have the hash' 'not with a byte changed' vote verify copy.bel
refuses 5 'not published' 'a draft has none' vote export 1 draft.bel
gives 0 'its ballots' vote import "$id" vote.bel --json
check 'are in the urn already' is '.cast == 0 and .known == 6'

# --- many at once: what the first ballots write is more than what they saw when their gas was estimated ---
run vote create single.json --opens +1h --closes +2h --registrar registrar --trustee t1 --json
rush=$(jq -r .id out)
run vote work "$rush" --seed t1.seed --from t1
{
    echo login
    for n in 1 2 3 4 5 6 7 8; do echo "rush$n"; done
    echo ../mé
} >rush.csv
run vote roll "$rush" rush.csv --from registrar --quiet
gives 0 'the sheet of a login that is no file name' vote sheets "$rush" rush.csv --only ../mé
check 'is in the folder all the same' sh -c "ls voters-$rush | grep -qx 'sheet-[.][.]_m__-[0-9a-f]\{16\}[.]html'"
run vote publish "$rush" --quiet
run vote postpone "$rush" --opens +1 --closes +1h --reason "now" --quiet
for n in 1 2 3 4 5 6 7 8; do
    code_of "$rush" "rush$n"
    "$parvis" vote ballot "$rush" --credential "rush$n.code" --choice choice --out "rush$n.json" --quiet
done
until_status "$rush" open
casts=''
for n in 1 2 3 4 5 6 7 8; do
    "$parvis" vote cast "$rush" --ballot "rush$n.json" >"rush$n.out" 2>&1 &
    casts="$casts $!"
done
rushed=0
for cast in $casts; do wait "$cast" && rushed=$((rushed + 1)); done
result "$([ "$rushed" = 8 ]; echo $?)" 'eight first ballots at once are all recorded' rush*.out

# --- units under a floor, with majority judgment ---
unit_of() { # unit_of ID LOGIN...: its roll
    unit=$1
    shift
    {
        echo login,weight
        for login; do echo "$login,2"; done
    } >"unit-$unit.csv"
    gives 0 "the roll of unit $unit" vote roll "$unit" "unit-$unit.csv" --from registrar --quiet
}
run vote create majority-judgment.json --opens +1h --closes +2h --registrar registrar --group 1:t1,t2 --floor 3 --json
north=$(jq -r .id out)
"$parvis" vote work "$north" --seed t1.seed --from t1 --watch >watch 2>&1 &
watch=$!
"$parvis" vote work "$north" --seed t2.seed --from t2 --watch >watch2 2>&1 &
watch2=$!
unit_of "$north" ida joe
tries=0
until "$parvis" vote show "$north" --json | jq -e '.trustees | all(.ready)' >log || [ "$tries" -ge 100 ]; do
    sleep 0.2
    tries=$((tries + 1))
done
gives 0 'a unit is published' vote publish "$north" --quiet
refuses 2 'name is needed' 'a unit has a name' vote unit "$north" --registrar registrar
gives 0 'another unit of it' vote unit "$north" --name South --registrar registrar --json
check 'which has its floor' is '.floor == 3'
south=$(jq -r .id out)
unit_of "$south" kim
gives 0 'is published too' vote publish "$south" --quiet
for unit in $north $south; do
    gives 0 "unit $unit is brought forward" vote postpone "$unit" --opens +3 --closes +15 --reason "today" --quiet
done
until_status "$south" open
for login in ida joe; do code_of "$north" "$login"; done
code_of "$south" kim
choose '[[1,0,0,0,0,0],[0,1,0,0,0,0],[0,0,1,0,0,0]]'
gives 0 'Ida votes' vote cast "$north" --credential ida.code --choice choice
refuses 1 'not on the roll' 'not in the other unit' vote cast "$south" --credential ida.code --choice choice
choose '[[0,1,0,0,0,0],[1,0,0,0,0,0],[0,0,0,0,0,1]]'
if [ -x "$tool" ]; then
    mkdir tool
    "$parvis" vote export "$north" tool/north.bel --quiet
    printf %s "$(cat joe.code)" >tool/joe.privcred
    check 'Joe makes a ballot with belenios-tool' sh -c \
        "cd tool && LWT_ASYNC_METHOD=none '$tool' election generate-ballot --privcred joe.privcred --choice ../choice >../joe.json"
else
    gives 0 'Joe makes a ballot' vote ballot "$north" --credential joe.code --choice choice --out joe.json
fi
gives 0 'that is imported' vote import "$north" joe.json --json
check 'as one ballot' is '.cast == 1 and .known == 0'
gives 0 'exported' vote export "$north" north.bel --quiet
check 'as the bytes it was' grep -qF "$(cat joe.json)" north.bel
cp north.bel earlier.bel
sed 's/"choices":\[{"alpha":"./&0/' joe.json >damaged.json
: >empty.json
refuses 5 'empty.json: no ballot' 'an empty file' vote import "$north" empty.json
refuses 5 'damaged.json:1' 'not a damaged one' vote import "$north" damaged.json
gives 0 'Kim votes' vote cast "$south" --credential kim.code --choice choice
until_status "$north" closed
until_status "$south" closed
refuses 1 'NotAuthorised' 'a unit is the clerk'"'"'s to tally' vote tally "$north"
refuses 1 'fewer voters than the floor' 'too few for the floor' vote tally "$north" --from admin
refuses 1 WrongStatus 'not merged with what is decided' vote merge "$north" "$id" --name "Both"
refuses 1 InvalidUnits 'nor with itself' vote merge "$north" "$north" --name "Both"
refuses 2 'name is needed' 'nor without a name' vote merge "$north" "$south"
gives 0 'merged' vote merge "$north" "$south" --name "Both" --json
both=$(jq -r .id out)
gives 0 'tallied' vote tally "$both" --from admin --json
check 'with all three' is '.counted == 3 and .countedWeight == 6'
gives 0 'decrypted by one of the two, with the key made for the first unit' vote work "$both" --seed t2.seed --from t2
gives 0 'decided' vote result "$both" --json
check 'graded' is '[.result.readings[0].ranking[] | [.rank, .name, .grade]] ==
    [[1, "A park", "Excellent"], [2, "Workshops", "Very good"], [3, "Housing", "Reject"]]'
prints "vote verify both.bel --unit $north.bel --unit $south.bel" 'the merged archive' vote export "$both" both.bel
gives 0 'and one of a unit' vote export "$north" north.bel --force --quiet
gives 0 'which verifies' vote verify north.bel
gives 0 'and of the other' vote export "$south" south.bel --quiet
prints 'Merged of:' 'with both the merged one verifies' vote verify both.bel --unit south.bel --unit north.bel
check 'its units are told' grep -Eq '^  South \([0-9A-Za-z]+\); voters: 1; ballots: 1, of which 1 count' out
check 'and their sum' grep -q '^Ballots: 3, of which 3 count (weight 6)' out
prints 'Réunion de :' 'in French' vote verify both.bel --unit south.bel --unit north.bel --lang fr
gives 0 'as JSON' vote verify both.bel --unit south.bel --unit north.bel --json
check 'with the units' is '[.units[] | [.voters, .ballots, .countedWeight]] == [[2, 2, 4], [1, 1, 2]] and
    .voters == 3 and .counted == 3 and .countedWeight == 6 and (.units[1].name == "South")'
# one in 256 times both hashes are keys too, and the sums are what does not fit
run vote verify both.bel
check 'not without them' sh -c "[ $code = 5 ] || [ $code = 1 ]; grep -q '2 units were merged into this' '$work/err'"
refuses 5 'the archive of a unit is not given' 'nor with one of them' vote verify both.bel --unit north.bel
refuses 1 'unit earlier.bel: its last event is .* does not name; the unit that ends with' 'nor with an earlier one' \
    vote verify both.bel --unit south.bel --unit earlier.bel
refuses 1 'unit vote.bel: its last event is .* does not name$' 'nor with one of another consultation' \
    vote verify both.bel --unit south.bel --unit north.bel --unit vote.bel
refuses 1 'unit north.bel: given twice' 'nor with one twice' \
    vote verify both.bel --unit north.bel --unit south.bel --unit north.bel
refuses 1 'no units were merged' 'a unit has none itself' vote verify north.bel --unit south.bel
refuses 3 'nowhere.bel' 'an archive that is not there' vote verify both.bel --unit nowhere.bel
sed 's/"credential":"./"credential":"g/' north.bel >copy.bel
refuses 1 'unit copy.bel: .*does not have the hash' 'nor with a byte changed' vote verify both.bel \
    --unit south.bel --unit copy.bel
if [ -x "$tool" ]; then
    rm -r archive
    mkdir archive
    cp north.bel archive
    check 'a unit by belenios-tool too' sh -c "cd archive && LWT_ASYNC_METHOD=none '$tool' election verify"
    rm archive/north.bel
    cp both.bel archive
    check 'which takes the sums of a merged one as they are' sh -c \
        "cd archive && LWT_ASYNC_METHOD=none '$tool' election verify"
else
    skip 'a unit by belenios-tool too' 'no belenios-tool (script/bootstrap --test)'
fi
prints 'merged into another one' 'the units are merged' vote show "$north"
check 'those who watched have ended' wait "$watch" "$watch2"
check 'having done all rounds' sh -c "grep -q 'round 4' watch && grep -q 'round 4' watch2"
run vote cancel 1 --reason "not needed" --json
check 'one is called off' is '.status == "cancelled" and .reason == "not needed"'
refuses 1 'was cancelled: not needed' 'and takes no ballots' vote cast 1 --credential ann.code --choice choice

stop_node
check 'the node stopped well' [ "$code" = 0 ]
gives 0 'audit' audit
refuses 4 'is the node running' 'no node' vote list
finish
