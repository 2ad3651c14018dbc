#!/usr/bin/env python3
"""Compares our EVM with another implementation on random programs and transactions.

  tests/differential/run.py [--count N] [--seed N] [--peers DIR] [--build DIR] [--keep DIR]

evm_cases writes random state tests with the state root and logs hash that we computed; every peer
that is found executes them and says which it agrees with: geth's `evm` and revm's `revme` in --peers,
@ethereumjs/vm in tests/differential. Prints one line a peer; a case in which somebody differs is
kept in --keep as a file that `parvis statetest` and the peers read. Exit code 1 when there is a
difference, or no peer; 77 (skipped) with --optional when there is no peer.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def geth(tool):
    def judge(path):
        r = subprocess.run([tool, "statetest", path], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, check=False)
        return {v["name"]: v["pass"] for v in json.loads(r.stdout or "[]")}
    return judge


def revme(tool):
    def some(path):
        r = subprocess.run([tool, "statetest", "--single-thread", "--json-outcome",
                            "--omit-progress", "--keep-going", path],
                           capture_output=True, text=True, check=False)
        verdicts = {}
        for line in (r.stderr + r.stdout).splitlines():
            if line.startswith("{") and '"test"' in line:
                v = json.loads(line)
                verdicts[v["test"]] = v["pass"]
        return verdicts, r.returncode == 0

    def judge(path):  # revme leaves a file at the first difference: go on behind it
        with open(path, encoding="utf-8") as f:
            cases = json.load(f)
        verdicts = {}
        while cases:
            new, all_pass = some(path)
            if all_pass:  # of some refused transactions it says nothing by name
                new = dict.fromkeys(cases, True)
            verdicts.update(new)
            cases = {n: c for n, c in cases.items() if n not in new}
            if not new or not cases:
                break
            path = path + "+"
            with open(path, "w", encoding="utf-8") as f:
                json.dump(cases, f)
        return verdicts
    return judge


def ethereumjs(script):
    def judge(path):
        r = subprocess.run(["node", script, path], stdout=subprocess.PIPE, text=True, check=True)
        return {v["name"]: v["pass"] for v in json.loads(r.stdout)}
    return judge


def find_peers(folder):
    found = {}
    for name, tool, make in (("geth", "evm", geth), ("revm", "revme", revme)):
        path = os.path.join(folder, tool)
        if os.access(path, os.X_OK):
            found[name] = make(path)
    if os.path.isdir(os.path.join(ROOT, "tests/differential/node_modules")):
        found["ethereumjs"] = ethereumjs(os.path.join(ROOT, "tests/differential/ethereumjs.mjs"))
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--from", dest="start", type=int, default=0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--batch", type=int, default=5000)
    p.add_argument("--fork", default="all")
    p.add_argument("--peers", default=os.path.join(ROOT, "bench/peers/bin"))
    p.add_argument("--only", help="one peer: geth, revm or ethereumjs")
    p.add_argument("--build", default=os.path.join(ROOT, "build"))
    p.add_argument("--keep", default="differential-failures")
    p.add_argument("--optional", action="store_true")
    args = p.parse_args()
    peers = find_peers(args.peers)
    if args.only:
        peers = {n: j for n, j in peers.items() if n == args.only}
    if not peers:
        print("no other EVM found (script/bootstrap --bench installs them)", file=sys.stderr)
        sys.exit(77 if args.optional else 1)
    agreed = dict.fromkeys(peers, 0)
    differed = dict.fromkeys(peers, 0)
    refused = 0
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "cases.json")
        for start in range(args.start, args.start + args.count, args.batch):
            count = min(args.batch, args.start + args.count - start)
            with open(path, "wb") as f:
                subprocess.run([os.path.join(args.build, "evm_cases"), "--seed", str(args.seed),
                                "--from", str(start), "--count", str(count), "--fork", args.fork],
                               stdout=f, check=True)
            with open(path, encoding="utf-8") as f:
                text = f.read()
            names = re.findall(r'^"(parvis_\w+)": \{', text, re.M)
            refused += text.count("expectException")
            cases = None
            for peer, judge in peers.items():
                verdicts = judge(path)
                bad = [n for n in names if not verdicts.get(n, False)]
                agreed[peer] += len(names) - len(bad)
                differed[peer] += len(bad)
                for name in bad[:20]:
                    cases = cases or json.loads(text)
                    os.makedirs(args.keep, exist_ok=True)
                    with open(os.path.join(args.keep, f"{peer}-{name}.json"), "w",
                              encoding="utf-8") as f:
                        json.dump({name: cases[name]}, f, indent=1)
                    print(f"{peer} differs: {args.keep}/{peer}-{name}.json", flush=True)
            if sys.stderr.isatty():
                print(f"\r{start + count - args.start} of {args.count}", end="", file=sys.stderr)
    for peer in peers:
        print(f"{peer}: {agreed[peer]} agree, {differed[peer]} differ "
              f"({refused} of the transactions refused by both, seed {args.seed})")
    sys.exit(1 if any(differed.values()) else 0)


main()
