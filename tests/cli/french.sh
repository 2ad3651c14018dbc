#!/bin/sh
# Refusals in French, of every layer: command line, genesis, store, files, network, blocks.
# shellcheck disable=SC2317 # functions are called by name, through check
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
cd "$work" || exit 1
PARVIS_LANG=fr
alice=0x00000000000000000000000000000000000a11ce

# --- command line ---
refuses 2 'commande inconnue nosuch' 'an unknown command' nosuch
refuses 2 'option inconnue : --nosuch' 'an unknown option' status --nosuch
PARVIS_LANG=en
refuses 2 'commande inconnue nosuch' '--lang goes before the environment' nosuch --lang fr
refuses 2 'unknown command nosuch' 'and so it does for English' nosuch --lang=en
PARVIS_LANG=fr

# --- genesis ---
run init --home home --quiet --timestamp 1700000000 --alloc "$alice=1"
check 'a ledger to work on' test "$code" = 0
# genesis PATTERN JQ: the genesis, changed, is refused; nothing of the English message is left
english='needed\|unknown\|such\|missing\|given\|address of\|not a\|below\|balances\|ascending\|exceed'
genesis() {
    jq "$2" home/genesis.json >bad.json
    refuses 5 "$1" "genesis: $1" init --home none --genesis bad.json
    in_english() { grep -q "$english" err; }
    no_english() { ! in_english; }
    check 'without an English word' no_english
}
genesis 'chainId : absent' 'del(.chainId)'
genesis 'chainId : un entier de 1 à' '.chainId = 0'
genesis 'colour : membre inconnu' '.colour = "blue"'
genesis 'engine.proposer : une adresse de 40' '.engine.proposer = "0x12"'
genesis 'alloc.0x12 : une adresse de 40' '.alloc["0x12"] = {}'
genesis "alloc.$alice.balance : un montant" ".alloc[\"$alice\"].balance = \"-1\""
genesis "alloc.$alice : donné deux fois" '.alloc["'"${alice#0x}"'"] = {}'
genesis 'du service money ne peut rien recevoir' '.alloc["0x00000000000000000000000000000000c1700001"] = {balance: "1"}'
genesis 'roles.mayor : rôle inconnu (issuer, registrar et governor existent)' '.roles.mayor = .roles.issuer'
genesis 'services.parking : service inconnu' '.services.parking = {}'
genesis 'services.money.colour : membre inconnu' '.services.money.colour = 1'
genesis 'services.money.controller.name : un texte de 1 à' '.services.money.controller.name = ""'
genesis 'services.money.controller.tel : membre inconnu' '.services.money.controller.tel = "1"'
genesis 'services.money.admission : « open » ou « members » est attendu' '.services.money.admission = "all"'
genesis 'services.money.quotaGas : un entier supérieur à 0' '.services.money.quotaGas = 0'
genesis "services.money.members : une liste d'adresses" '.services.money.members = 1'
genesis 'services.money.members : pas une adresse' '.services.money.members = ["bob"]'
genesis 'services.money.name : un texte de 1 à' '.services.money.name = ""'
genesis 'services.money.reserve : pas un montant' '.services.money.reserve = "a lot"'
genesis 'services.money.reserve : inférieure à la somme des soldes' '.services.money.reserve = "0"'
genesis 'services.money.reserveStatement : pas 32 octets' '.services.money.reserveStatement = "0x12"'
genesis 'services.energy.rulesRole : pas une adresse' '.services.energy.rulesRole = 1'
genesis 'services.energy.rules : une liste de 1 à' '.services.energy.rules = []'
genesis 'services.energy.rules : membre inconnu' '.services.energy.rules = [{until: 1}]'
genesis 'services.energy.rules\[\].from : un entier' '.services.energy.rules = [{}]'
genesis 'en ordre croissant' '.services.energy.rules = [range(2) |
    {from: 1, mainlandW: 1, islandW: 1, derogationW: 1, distanceM: 1, periurbanM: 1, ruralM: 1}]'
echo '{"parvis": 1,' >bad.json
refuses 5 'bad.json : ligne 2, colonne 1 : ' 'genesis: not JSON' init --home none --genesis bad.json
refuses 3 'none.json : aucun fichier ni dossier de ce nom' 'genesis: no file' init --home none --genesis none.json

# --- store and chain ---
printf 'aa%.0s' $(seq 32) >other.key
refuses 6 "home/store : cette clé n'ouvre pas la base" "another key than the store's" audit --home home --key-file other.key
refuses 3 'pas de clé ; lancez .parvis init' 'no ledger' audit --home none
refuses 8 'none/chain.part : aucun fichier ni dossier de ce nom' 'export to no folder' export none/chain --home home
refuses 3 'none : aucun fichier ni dossier de ce nom' 'import of no file' import none --home fresh
refuses 7 "bad.json n'est pas une chaîne exportée" 'import of another file' import bad.json --home fresh
cp -r home lost
rm lost/store/store.mdb
refuses 7 'store.mdb est absent ou vide' 'a lost store' audit --home lost
cp -r home nonsense
head -c 65536 /dev/zero >nonsense/store/store.mdb
refuses 7 'store.mdb : un enregistrement stocké est altéré' 'a store of zeros' audit --home nonsense

# --- meter files and the organiser's ---
printf 'a;b\n1;2\n' >curve.csv
refuses 5 "curve.csv:1: identifiant prm : colonne absente" 'CSV without its columns' energy import curve.csv
refuses 3 'none.csv : aucun fichier ni dossier de ce nom' 'no CSV' energy import none.csv
refuses 3 'none.json : aucun fichier ni dossier de ce nom' 'no JSON' energy import none.json
refuses 8 "curve.csv : il existe déjà\|un fichier tient la place d'un dossier" 'a file where a folder goes' \
    energy sample --out curve.csv/x

# --- network ---
refuses 4 'connexion impossible ; le nœud est-il en marche ?' 'no node' status --rpc http://127.0.0.1:1
run init --home other --quiet
start_node --home home
refuses 8 'est utilisé par un autre processus' 'a ledger in use' node --home home --port 0
refuses 8 ' : adresse déjà utilisée' 'a port in use' node --home other --port "${url##*:}"
refuses 5 'le nœud répond « ' 'what the node refuses, in its own words' send "$alice" --value 1 --home home
stop_node
finish
