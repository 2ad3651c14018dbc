#!/bin/sh
# A running node: start, stop, status, payments, calls.
# shellcheck disable=SC2317,SC2016 # functions are called by name, through check; $ is of jq
# shellcheck source=tests/cli/lib/tap.sh
. tests/cli/lib/tap.sh
cd "$work" || exit 1
PARVIS_HOME=$work/home
export PARVIS_HOME
dave=0x000000000000000000000000000000000000da7e
money=0x00000000000000000000000000000000c1700001

# an account with money has to be known before the genesis
"$parvis" init --home first --quiet
"$parvis" account new alice --home first >/dev/null
alice=$("$parvis" account show alice --home first --json | jq -r .address)
"$parvis" account export alice alice.hex --home first
gives 0 'init' init --alloc "$alice=100" --quiet
"$parvis" account import alice alice.hex >/dev/null
"$parvis" account new bob >/dev/null
bob=$("$parvis" account show bob --json | jq -r .address)

refuses 4 'is the node running' 'no node' status --rpc http://127.0.0.1:1
refuses 4 'le nœud est-il en marche' 'no node, in French' status --rpc http://127.0.0.1:1 --lang fr
refuses 5 'http://HOST:PORT' 'not an address' status --rpc 127.0.0.1
start_node
check 'the node tells where it serves' jq -e '(.url | test("^http://127[.]0[.]0[.]1:[0-9]+$")) and .chainId == 20260 and .block == 0' node.json
refuses 8 'another process' 'a second node on the same ledger' node --port 0
refuses 8 'un autre processus' 'a second node, in French' node --port 0 --lang fr
refuses 8 'Address already in use' 'a port in use' node --home first --port "${url##*:}"
refuses 8 'nosuch' 'no such host' node --home first --host nosuch.invalid --port 0

# --- status ---
run status --json
check 'status --json' jq -e '.chainId == 20260 and .height == 0 and .engine == "solo" and .failed == false and (.hash | test("^0x[0-9a-f]{64}$"))' out
prints '^height  *0$' 'status' status
code=0
curl -s -o out -w '%{http_code}' "$url/health" >err || code=$?
check 'health' grep -qx 200 err

# --- payments ---
run account balance alice --json
check 'balance' jq -e '.balance == "100.00" and .balance_wei == "100000000000000000000"' out
prints '^100.00$' 'balance of an address' account balance "$alice"
prints '^0.00$' 'balance of an unknown account' account balance "$dave"
refuses 3 'no key named carol' 'balance of no key' account balance carol
refuses 5 '40 hexadecimal digits' 'balance of no address' account balance 0x12
prints 'done in block [0-9]*, 21000 gas' 'a payment' send "$bob" --value 12.34 --from alice
prints '^12.34$' 'has arrived' account balance bob
run send bob --value 1 --from alice --json
check 'a payment to a name, as JSON' jq -e '.success == true and .block > 1 and .gas_used == 21000 and (.hash | test("^0x[0-9a-f]{64}$"))' out
prints 'faite au bloc' 'in French' send bob --value 1 --from alice --lang fr
prints 'done in block' 'a key from a file' send bob --value 1 --from ./alice.hex
run send bob --value 1 --from alice --no-wait --json
check '--no-wait gives the hash' jq -e '(.hash | test("^0x[0-9a-f]{64}$")) and (has("block") | not)' out
done_transactions() { "$parvis" status --json | jq .transactions; }
reaches() {
    tries=0
    while [ "$(done_transactions)" -lt "$1" ] && [ "$tries" -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    [ "$(done_transactions)" = "$1" ]
}
check 'and the payment is done all the same' reaches 5
refuses 5 'insufficient funds' 'more than there is' send bob --value 1000 --from alice
refuses 5 'insufficient funds' 'more than there is, gas given' send bob --value 1000 --from alice --gas 21000
refuses 5 '12.50' 'not an amount' send bob --value 1,5 --from alice
refuses 5 'nonce too low' 'an old nonce' send bob --value 1 --from alice --nonce 0
refuses 2 'from 21000 to' 'gas below a payment' send bob --value 1 --from alice --gas 5
refuses 5 '40 hexadecimal digits' 'no address' send 0x1234 --value 1 --from alice
refuses 3 'no key named carol' 'no key to sign with' send bob --value 1 --from carol
run send bob --value 1000 --from alice --json
check 'an error as JSON' jq -e '.error.code == "E_INVALID" and (.error.message | test("insufficient funds"))' err

# --- methods ---
prints 'done in block' 'a method by name' send money transfer "$bob" 1000000000000000000 --from alice
prints 'done in block' 'a method by its line' \
    send "$money" 'function transfer(address to, uint256 value) returns (bool)' "$bob" 1000000000000000000 --from alice
transfer=0xa9059cbb000000000000000000000000${bob#0x}0000000000000000000000000000000000000000000000000de0b6b3a7640000
prints 'done in block' '--data' send money --data "$transfer" --from alice
prints '^19.34$' 'all of them have paid' account balance bob
refuses 5 'hexadecimal' '--data: not hexadecimal' send money --data 0xz --from alice
refuses 2 'not both' '--data and a method' send money transfer "$bob" 1 --data 0x00 --from alice
refuses 1 'ERC20InsufficientBalance(sender=.*needed=' 'a method that reverts: its error in words' \
    send money transfer "$bob" 1000000000000000000000 --from alice
run send money transfer "$bob" 1000000000000000000000 --from alice --gas 200000
check 'one that fails in its block: exit 1' [ "$code" = 1 ]
check 'FAILED, and why' grep -q 'FAILED in block [0-9]*, [0-9]* gas' out
check 'the reason' grep -q 'ERC20InsufficientBalance(sender=' out
run send money transfer "$bob" 1000000000000000000000 --from alice --gas 200000 --json
check 'as JSON' jq -e '.success == false and .block > 8 and (.reason | test("ERC20InsufficientBalance"))' out
refuses 1 'NotAuthorised(account=.*registrar' 'what only a role may do' send money admit "$bob" 0 --from alice
refuses 3 'no method nosuch' 'no such method' send money nosuch --from alice
refuses 3 'pas de méthode nosuch' 'no such method, in French' send money nosuch --from alice --lang fr
refuses 2 'takes 2 arguments, 1 given' 'too few arguments' send money transfer "$bob" --from alice
refuses 5 'argument 2 (value)' 'an argument of another type' send money transfer "$bob" many --from alice
refuses 5 'not a Solidity function line' 'not a function line' send money 'function transfer(' --from alice

prints '^"Parvis' 'call: a text' call money name
prints '^"19340000000000000000"$' 'call: a number' call money balanceOf "$bob"
run call money balanceOf "$bob" --json
check 'call --json' jq -e '. == ["19340000000000000000"]' out
run call "$money" 'function balanceOf(address who) view returns (uint256 amount)' "$bob"
check 'call by address and line' grep -q '^amount  *"19340000000000000000"$' out
prints 'operator of the node' 'call controller of money' call money controller
run call energy controller --json
check 'call controller of energy' jq -e '.contact == "not stated"' out
prints '^contact  *"not stated"$' 'call: named results, a line each' call energy controller
refuses 3 'no method nosuch' 'call: no such method' call money nosuch
refuses 2 'missing argument' 'call: no method' call money
refuses 3 'no key named nosuch' 'call: no such service' call nosuch name
refuses 1 'revert' 'call: what reverts' call money transfer "$bob" 1
refuses 5 'not what' 'call: an answer of another type' call "$dave" 'function f() view returns (uint256)'

# --- the ledger read while it is served; stop and start ---
prints 'The ledger holds: [0-9]* blocks, 10 transactions' 'audit while the node runs' audit
stop_node
check 'SIGTERM: the node stops with 0' [ "$code" = 0 ]
check 'without a word' test ! -s err
start_node --archive --threads 1 --block-ms 20
head=$(jq .block node.json)
check 'it goes on where it was' test "$head" -ge 10 -a "$(done_transactions)" = 10
kill -INT "$node"
wait_node
check 'SIGINT stops it too' [ "$code" = 0 ]
"$parvis" node --port 0 --lang fr --log error >node.fr 2>err &
node=$!
tries=0
while [ ! -s node.fr ] && [ "$tries" -lt 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
check 'it says so in French too' grep -q "Nœud Parvis : chaîne 20260, bloc $head" node.fr
stop_node

# --- members only ---
gives 0 'init --admission members' init --home club --admission members --alloc "$alice=5" --quiet
"$parvis" account import alice alice.hex --home club >/dev/null
start_node --home club
refuses 5 'not an admitted member' 'who is not admitted cannot send' send "$dave" --value 1 --from alice --home club
prints 'done in block' 'admin admits' send money admit "$alice" 0 --home club
prints 'done in block' 'and then it can' send "$dave" --value 1 --from alice --home club
stop_node
finish
