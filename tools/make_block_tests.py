#!/usr/bin/env python3
"""Makes the block tests of tests/conformance/block with another implementation as the judge.

    tools/make_block_tests.py GETH_EVM

GETH_EVM is geth's `evm` program: its transition tool executes the transactions and tells the roots;
this script only writes headers around them (the RLP and Keccak-256 below). So what the files demand
of Parvis was never computed by Parvis."""
import json
import os
import subprocess
import sys
import tempfile

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                      "tests", "conformance", "block")
# the account of geth's own examples
KEY = "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8"
SENDER = "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b"
EMPTY_TRIE = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
NO_OMMERS = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
ZERO_HASH = "0x" + "00" * 32
FORKS = ["Frontier", "Homestead", "EIP150", "EIP158", "Byzantium", "ConstantinopleFix", "Istanbul", "Berlin",
         "London", "Paris", "Shanghai", "Cancun", "Prague", "Osaka"]
REWARDS = {"Frontier": 5, "Homestead": 5, "EIP150": 5, "EIP158": 5, "Byzantium": 3}

# --- Keccak-256 and RLP ---------------------------------------------------------------------------


def rotate(x, n):
    return (x << n | x >> 64 - n) & (1 << 64) - 1 if n else x


def permute(a):
    r = 1
    for _ in range(24):
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
        a = [a[i] ^ d[i % 5] for i in range(25)]
        b, x, y, current = a[:], 1, 0, a[1]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, b[x + 5 * y] = a[x + 5 * y], rotate(current, (t + 1) * (t + 2) // 2 % 64)
        a = [b[i] ^ ~b[i - i % 5 + (i + 1) % 5] & b[i - i % 5 + (i + 2) % 5] & (1 << 64) - 1 for i in range(25)]
        for j in range(7):
            r = (r << 1 ^ (r >> 7) * 0x171) & 0xff
            if r & 2:
                a[0] ^= 1 << (1 << j) - 1
    return a


def keccak(data):
    data += b"\x01" + b"\x00" * (135 - len(data) % 136)
    data = data[:-1] + bytes([data[-1] | 0x80])
    a = [0] * 25
    for at in range(0, len(data), 136):
        for i in range(17):
            a[i] ^= int.from_bytes(data[at + 8 * i:at + 8 * i + 8], "little")
        a = permute(a)
    return b"".join(v.to_bytes(8, "little") for v in a[:4])


def rlp(item):
    if isinstance(item, list):
        body = b"".join(rlp(i) for i in item)
        return head(0xc0, len(body)) + body
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    return item if len(item) == 1 and item[0] < 0x80 else head(0x80, len(item)) + item


def head(base, size):
    if size < 56:
        return bytes([base + size])
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(length)]) + length


def raw(text):
    return bytes.fromhex(text[2:])


def number(text):
    return int(text, 0)


# --- headers --------------------------------------------------------------------------------------

FIELDS = ["parentHash", "uncleHash", "coinbase", "stateRoot", "transactionsTrie", "receiptTrie", "bloom",
          "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce",
          "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"]
NUMBERS = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed",
           "excessBlobGas"}


def header_items(h):
    return [number(h[f]) if f in NUMBERS else raw(h[f]) for f in FIELDS if f in h]


def with_hash(h):
    h = {f: h[f] for f in FIELDS if f in h}
    h["hash"] = "0x" + keccak(rlp(header_items(h))).hex()
    return h


def later_fields(fork, result, base_fee):
    """What forks from London on appended."""
    h, at = {}, FORKS.index(fork)
    if at >= FORKS.index("London"):
        h["baseFeePerGas"] = base_fee
    if at >= FORKS.index("Shanghai"):
        h["withdrawalsRoot"] = result.get("withdrawalsRoot", EMPTY_TRIE)
    if at >= FORKS.index("Cancun"):
        h["blobGasUsed"] = result.get("blobGasUsed", "0x0")
        h["excessBlobGas"] = result.get("currentExcessBlobGas", "0x0")
        h["parentBeaconBlockRoot"] = ZERO_HASH
    if at >= FORKS.index("Prague"):
        h["requestsHash"] = result.get("requestsHash", NO_REQUESTS)
    return h


NO_REQUESTS = "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

# --- geth -----------------------------------------------------------------------------------------


def transition(evm, network, alloc, env, txs, reward):
    with tempfile.TemporaryDirectory() as folder:
        given = json.dumps({"alloc": alloc, "env": env, "txs": txs})
        done = subprocess.run(
            [evm, "t8n", "--input.alloc", "stdin", "--input.env", "stdin", "--input.txs", "stdin", "--state.fork",
             network, f"--state.reward={reward}", "--output.basedir", folder, "--output.alloc", "stdout",
             "--output.result", "stdout", "--output.body", "stdout"],
            input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def fork_at(network, timestamp):
    if "To" not in network:
        return network
    before, rest = network.split("To")
    after, at = rest.split("AtTime")
    return after if timestamp >= int(at.replace("k", "000")) else before


def genesis(evm, network, alloc):
    fork = fork_at(network, 0)
    work = FORKS.index(fork) < FORKS.index("Paris")
    root = transition(evm, "Frontier", alloc,
                      {"currentCoinbase": "0x" + "00" * 20, "currentGasLimit": "0x0", "currentNumber": "0x0",
                       "currentTimestamp": "0x0", "currentDifficulty": "0x20000"}, [], -1)["result"]["stateRoot"]
    h = {"parentHash": ZERO_HASH, "uncleHash": NO_OMMERS, "coinbase": "0x" + "00" * 20, "stateRoot": root,
         "transactionsTrie": EMPTY_TRIE, "receiptTrie": EMPTY_TRIE, "bloom": "0x" + "00" * 256,
         "difficulty": "0x20000" if work else "0x0", "number": "0x0", "gasLimit": hex(30000000), "gasUsed": "0x0",
         "timestamp": "0x0", "extraData": "0x", "mixHash": ZERO_HASH, "nonce": "0x" + "00" * 8}
    h.update(later_fields(fork, {}, "0x3b9aca00"))
    return with_hash(h)


def block(evm, network, parent, alloc, txs, seconds, withdrawals):
    timestamp = number(parent["timestamp"]) + seconds
    fork = fork_at(network, timestamp)
    at = FORKS.index(fork)
    env = {"currentCoinbase": "0x" + "c0" * 20, "currentGasLimit": parent["gasLimit"],
           "currentNumber": hex(number(parent["number"]) + 1), "currentTimestamp": hex(timestamp),
           "blockHashes": {parent["number"]: parent["hash"]}, "parentGasUsed": parent["gasUsed"],
           "parentGasLimit": parent["gasLimit"], "parentTimestamp": parent["timestamp"],
           "parentDifficulty": parent["difficulty"], "parentUncleHash": ZERO_HASH}
    if at >= FORKS.index("London"):
        env["parentBaseFee"] = parent["baseFeePerGas"]
    if at >= FORKS.index("Paris"):
        env["currentRandom"] = "0x" + "99" * 32
        env["currentDifficulty"] = "0x0"
        del env["parentDifficulty"]
    if at >= FORKS.index("Shanghai"):
        env["withdrawals"] = withdrawals
    if at >= FORKS.index("Cancun"):
        env["parentBeaconBlockRoot"] = ZERO_HASH
        env["parentExcessBlobGas"] = parent.get("excessBlobGas", "0x0")
        env["parentBlobGasUsed"] = parent.get("blobGasUsed", "0x0")
    reward = -1 if at >= FORKS.index("Paris") else REWARDS.get(fork, 2) * 10**18
    out = transition(evm, network, alloc, env, txs, reward)
    result = out["result"]
    if result.get("rejected"):
        sys.exit(f"{network}: {result['rejected']}")
    h = {"parentHash": parent["hash"], "uncleHash": NO_OMMERS, "coinbase": env["currentCoinbase"],
         "stateRoot": result["stateRoot"], "transactionsTrie": result["txRoot"], "receiptTrie": result["receiptsRoot"],
         "bloom": result["logsBloom"], "difficulty": result["currentDifficulty"] or "0x0",
         "number": env["currentNumber"], "gasLimit": env["currentGasLimit"], "gasUsed": result["gasUsed"],
         "timestamp": hex(timestamp), "extraData": "0x", "mixHash": env.get("currentRandom", ZERO_HASH),
         "nonce": "0x" + "00" * 8}
    h.update(later_fields(fork, result, result.get("currentBaseFee")))
    return with_hash(h), out["alloc"], raw(out["body"]), withdrawals if at >= FORKS.index("Shanghai") else None


def block_rlp(h, body, withdrawals):
    """body is the encoded list of transactions"""
    content = rlp(header_items(h)) + body + rlp([])
    if withdrawals is not None:
        content += rlp([[number(w["index"]), number(w["validatorIndex"]), raw(w["address"]), number(w["amount"])]
                        for w in withdrawals])
    return "0x" + (head(0xc0, len(content)) + content).hex()


# --- the tests ------------------------------------------------------------------------------------

COUNTER = "0x" + "c1" * 20  # counts its calls in slot 0, logs the count, keeps the parent's hash in slot 1
COUNTER_CODE = "0x60005460010180600055600052600143034060015560206000a0"
SYSTEM = {  # stand-ins of our own: the withdrawal queue answers 76 zero bytes, the other nothing
    "0x00000961ef480eb55e80d19ad83579a64c007002": "0x604c6000f3",
    "0x0000bbddc7ce488642fb579f8b00f3a590007251": "0x60006000f3",
    "0x000f3df6d732807ef1319fb7b8bb8522d0beac02": "0x6000356000556000",  # keeps the last root
    "0x0000f90827f1c53a10cb7a02335b175320002935": "0x60003543600190039055",  # slot number-1 = its hash
}


def accounts():
    alloc = {SENDER: {"balance": hex(10**21)}, COUNTER: {"balance": "0x1", "code": COUNTER_CODE}}
    for address, code in SYSTEM.items():
        alloc[address] = {"balance": "0x0", "nonce": "0x1", "code": code}
    return alloc


def legacy(nonce, to, value, price):
    return {"type": "0x0", "nonce": hex(nonce), "gas": hex(200000), "gasPrice": hex(price), "to": to,
            "value": hex(value), "input": "0x", "v": "0x0", "r": "0x0", "s": "0x0", "secretKey": KEY,
            "protected": False}


def test(evm, network, seconds):
    alloc = pre = accounts()
    price = 2 * 10**9
    parent = first = genesis(evm, network, alloc)
    blocks, nonce = [], 0
    for i, step in enumerate(seconds):
        txs = [legacy(nonce, COUNTER, 0, price), legacy(nonce + 1, "0x" + "d0" * 20, 7, price)]
        nonce += 2
        withdrawals = [{"index": hex(i), "validatorIndex": "0x5", "address": "0x" + "e0" * 20, "amount": "0x9"}]
        h, alloc, body, paid = block(evm, network, parent, alloc, txs, step, withdrawals)
        for field, value in (("stateRoot", "0x" + "01" * 32), ("gasUsed", hex(number(h["gasUsed"]) + 1)),
                             ("timestamp", parent["timestamp"]), ("receiptTrie", EMPTY_TRIE)):
            wrong = with_hash({**h, field: value})
            blocks.append({"rlp": block_rlp(wrong, body, paid), "expectException": f"BlockException.WRONG_{field}"})
        blocks.append({"rlp": block_rlp(h, body, paid), "blockHeader": h})
        parent = h
    return {"network": network, "genesisBlockHeader": first,
            "genesisRLP": block_rlp(first, rlp([]), [] if "withdrawalsRoot" in first else None), "pre": pre,
            "postState": alloc, "lastblockhash": parent["hash"], "config": {"chainid": "0x1"}, "blocks": blocks}


def main():
    evm = sys.argv[1]
    os.makedirs(FOLDER, exist_ok=True)
    for network in FORKS:
        write(network.lower(), test(evm, network, [12, 12]))
    for network in ("ParisToShanghaiAtTime15k", "ShanghaiToCancunAtTime15k", "CancunToPragueAtTime15k",
                    "PragueToOsakaAtTime15k"):
        write(network.lower(), test(evm, network, [14999, 1, 12]))


def write(name, content):
    with open(os.path.join(FOLDER, name + ".json"), "w", encoding="utf-8") as f:
        json.dump({name: content}, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
