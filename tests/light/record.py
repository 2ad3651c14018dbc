#!/usr/bin/env python3
"""Records what a real CometBFT signs, for the tests of light verification.
    record.py COMETBFT PARVIS
A ledger of this program is made and some of its blocks are put, as the application's hash, under
the headers of five CometBFT v0.40.0 nodes (app.py behind each): four validators, one of them
stopped for a while, then a fifth, then a set that shares too little with the first to be skipped to.
Writes beside this file:
    genesis.json             the engine's genesis, which is also a trust
    heights.json             the answers to /commit and /validators of some heights, as they came
    account.json, receipt.json, transaction.json, path.json     documents (src/engine/proof.h)
    now                      when this was recorded"""
import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

here = os.path.dirname(os.path.abspath(__file__))
cometbft, parvis = (os.path.abspath(p) for p in sys.argv[1:3])
started = []


def spawn(*command, **more):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    started.append(process)
    return process


def stop(process):
    process.terminate()
    process.wait()


# --- the ledger

class Ledger:
    def __init__(self, folder):
        self.home = folder
        self.admin = json.loads(self.cli("init", "--json", "--timestamp", "1700000000"))["admin"]
        process = subprocess.Popen([parvis, "node", "--home", folder, "--port", "0", "--json", "--log", "warn"],
                                   stdout=subprocess.PIPE, text=True)
        started.append(process)
        self.url = json.loads(process.stdout.readline())["url"]

    def cli(self, *args):
        return subprocess.run([parvis, *args, "--home", self.home], check=True, stdout=subprocess.PIPE, text=True).stdout

    def rpc(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())["result"]

    def send(self, *args):
        return json.loads(self.cli("send", *args, "--rpc", self.url, "--json"))

    def head(self):
        return int(self.rpc("eth_blockNumber"), 16)

    def block_hash(self, number):
        return self.rpc("eth_getBlockByNumber", hex(number), False)["hash"][2:]

    def slot(self, tag, *keys):
        data = tag.encode() + b"\0" + b"".join(len(k).to_bytes(4, "big") + k for k in keys)
        return self.rpc("web3_sha3", "0x" + data.hex())


# --- the network

class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Member:
    def __init__(self, folder):
        self.folder = folder
        self.app = spawn(sys.executable, os.path.join(here, "app.py"), "app.sock", cwd=folder)
        self.start()

    def start(self):
        self.engine = spawn(cometbft, "start", "--home", ".", cwd=self.folder)

    def key(self):
        with open(os.path.join(self.folder, "config/priv_validator_key.json"), encoding="utf-8") as f:
            return base64.b64decode(json.load(f)["pub_key"]["value"])

    def ask(self, target):
        connection = Unix(os.path.join(self.folder, "rpc.sock"))
        connection.request("GET", target)
        return json.loads(connection.getresponse().read())

    def height(self):
        try:
            return int(self.ask("/status")["result"]["sync_info"]["latest_block_height"])
        except (OSError, KeyError, http.client.HTTPException):
            return 0

    def submit(self, tx):
        assert self.ask("/broadcast_tx_sync?tx=0x" + tx.hex())["result"]["code"] == 0

    def wait(self, height):
        while self.height() < height:
            time.sleep(0.05)


def configure(folder, port, peers):
    path = os.path.join(folder, "config/config.toml")
    section, lines = "", []
    values = {"proxy_app": "unix://app.sock", "timeout_commit": "300ms", "create_empty_blocks": False,
              "addr_book_strict": False, "allow_duplicate_ip": True, "persistent_peers": peers,
              "peer_gossip_sleep_duration": "10ms"}
    with open(path, encoding="utf-8") as f:
        for line in f:
            name = line.split(" = ")[0]
            if line.startswith("["):
                section = line.strip()
            if name == "laddr":
                values["laddr"] = "unix://rpc.sock" if section == "[rpc]" else f"tcp://127.0.0.1:{port}"
            lines.append(f"{name} = {json.dumps(values[name])}\n" if name in values else line)
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(lines)


def network(folder):
    run = lambda *a: subprocess.run([cometbft, *a], check=True, stdout=subprocess.PIPE, text=True).stdout
    run("testnet", "--v", "4", "--n", "1", "--o", folder)
    folders = [os.path.join(folder, f"node{i}") for i in range(5)]
    genesis = json.load(open(os.path.join(folders[0], "config/genesis.json"), encoding="utf-8"))
    for v in genesis["validators"]:
        v["power"] = "10"
    ids = [run("show-node-id", "--home", f).strip() for f in folders]
    members = []
    for i, f in enumerate(folders):
        json.dump(genesis, open(os.path.join(f, "config/genesis.json"), "w", encoding="utf-8"))
        peers = ",".join(f"{n}@127.0.0.1:{36600 + j}" for j, n in enumerate(ids) if j != i)
        configure(f, 36600 + i, peers)
    for f in folders:
        members.append(Member(f))
    return genesis, members


# --- documents

def light_block(recorded):
    validators = [{k: v[k] for k in ("address", "pub_key", "voting_power")}
                  for v in recorded["validators"]["result"]["validators"]]
    return {"signed_header": recorded["commit"]["result"]["signed_header"], "validators": validators}


def write(name, value):
    with open(os.path.join(here, name), "w", encoding="utf-8") as f:
        json.dump(value, f, separators=(",", ":"))
        f.write("\n")


def account_subject(ledger, number):
    money = next(s["address"] for s in ledger.rpc("parvis_services") if s["name"] == "money")
    used = ledger.slot("quota-use", bytes.fromhex(ledger.admin[-2:]))  # longer than a word
    slots = [used, ledger.slot("quota-config"), "0x" + "42" * 32]
    proof = ledger.rpc("eth_getProof", money, slots, hex(number))
    return {"kind": "account", "address": money, "accountProof": proof["accountProof"],
            "storage": [{"key": k, "proof": s["proof"]} for k, s in zip(slots, proof["storageProof"])]}


def transaction_subject(ledger, kind, tx):
    proof = ledger.rpc("parvis_getReceiptProof", tx)
    names = ["transaction", "transactionProof"] + (["receipt", "receiptProof"] if kind == "receipt" else [])
    return {"kind": kind, "transactionHash": tx, "index": int(proof["transactionIndex"], 16)} | \
        {n: proof[n] for n in names}


def write_document(ledger, name, number, block, subject, path=()):
    document = {"version": 1, "block": light_block(block),
                "ethHeader": ledger.rpc("debug_getRawHeader", hex(number)), "subject": subject}
    if path:
        document["path"] = [light_block(b) for b in path]
    write(name, document)


# --- the story

class Story:
    def __init__(self, folder):
        self.ledger = Ledger(os.path.join(folder, "ledger"))
        self.genesis, self.members = network(os.path.join(folder, "net"))
        self.heights = {}
        self.members[0].wait(1)

    def signed(self, tx):
        """Orders tx; returns the height after its own, whose header has what it changed."""
        member = self.members[0]
        before = member.height()
        member.submit(tx)
        for height in range(before + 1, before + 20):
            member.wait(height)
            block = member.ask(f"/block?height={height}")["result"]["block"]
            if base64.b64encode(tx).decode() in (block["data"]["txs"] or []):
                member.wait(height + 1)  # comes by itself when the hash has changed
                return height + 1
        raise AssertionError("the transaction was not ordered")

    def keep(self, height):
        member = self.members[0]
        self.heights[str(height)] = {
            "commit": member.ask(f"/commit?height={height}"),
            "validators": member.ask(f"/validators?height={height}&page=1&per_page=100")}
        return self.heights[str(height)]

    def change(self, *powers):
        for index, power in powers:
            self.members[0].submit(self.members[index].key() + power.to_bytes(8, "big"))
        for filler in range(3):  # heights come only when something changes
            last = self.signed(os.urandom(32))
        for height in range(last - 5, last + 1):
            self.keep(height)


def run(folder):
    story = Story(folder)
    ledger = story.ledger
    sent = [ledger.send("money", "transfer", "0x" + "%040x" % (7919 * (n + 1)), "0") for n in range(3)]
    number, tx = sent[2]["block"], sent[2]["hash"]
    block = story.keep(story.signed(bytes.fromhex(ledger.block_hash(number))))
    story.keep(1)
    write_document(ledger, "account.json", number, block, account_subject(ledger, number))
    write_document(ledger, "receipt.json", number, block, transaction_subject(ledger, "receipt", tx))
    # one of four is away: its votes are absent
    stop(story.members[3].engine)
    number, tx = sent[1]["block"], sent[1]["hash"]
    block = story.keep(story.signed(bytes.fromhex(ledger.block_hash(number))))
    write_document(ledger, "transaction.json", number, block, transaction_subject(ledger, "transaction", tx))
    story.members[3].start()
    story.members[3].wait(story.members[0].height())
    # a fifth validator of more power than the four, then three of the four leave
    story.change((4, 1000))
    story.change((1, 0), (2, 0), (3, 0))
    number = sent[0]["block"]
    block = story.keep(story.signed(bytes.fromhex(ledger.block_hash(number))))
    change = min(int(h) for h, r in story.heights.items()
                 if len(r["validators"]["result"]["validators"]) == 5)
    path = [story.heights[str(change - 1)], story.heights[str(change)]]
    write_document(ledger, "path.json", number, block, account_subject(ledger, number), path)
    write("genesis.json", story.genesis)
    write("heights.json", story.heights)
    with open(os.path.join(here, "now"), "w", encoding="ascii") as f:
        f.write(time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime()))


def main():
    folder = tempfile.mkdtemp(prefix="light-")
    os.mkdir(os.path.join(folder, "ledger"))
    try:
        run(folder)
    finally:
        for process in started:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
