#!/usr/bin/env python3
"""Times the interpreter against geth's `evm` and revm's `revme` on the same inputs in one run.

  evm_peers.py --parvis build/parvis --peers DIR programs FILE|DIR...   state tests as programs: each
        transaction.data of each file is run against the code of transaction.to, by the call that each
        program offers for it (`parvis evm run --bench`, `evm run --bench`, `revme evm --bench`)
  evm_peers.py --parvis build/parvis --peers DIR blocks FILE|DIR...     blockchain tests: processor
        time of the whole process that executes the block (reading the JSON included), least of ROUNDS

Prints a table, the geometric means of the ratios, and with --json FILE the same as JSON. A reference
that is not in DIR is left out and named. Exit code 1 when an execution failed.
"""
import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time

REVME_GAS = 16777216  # revme evm runs Osaka: EIP-7825 caps a transaction
UNITS_US = {"ns": 1e-3, "µs": 1.0, "us": 1.0, "ms": 1e3, "s": 1e6}


def say(text):
    print(text, file=sys.stderr, flush=True)


def json_files(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in sorted(os.walk(path)):
                for name in sorted(names):
                    if name.endswith(".json"):
                        yield os.path.join(folder, name)
        else:
            yield path


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", **more)


def duration_us(number, unit):
    return float(number) * UNITS_US[unit]


# --- programs -------------------------------------------------------------------------------------


def programs(paths):
    """(name, code, input, gas) of every input of every state test."""
    for path in json_files(paths):
        with open(path) as f:
            tests = json.load(f)
        for name, test in tests.items():
            tx = test["transaction"]
            labels = test.get("_info", {}).get("labels", {})
            code = test["pre"][tx["to"]]["code"]
            gas = int(tx["gasLimit"][0], 16)
            for i, data in enumerate(tx["data"]):
                yield f"{name}/{labels.get(str(i), i)}", code, data, gas


def parvis_program(args, code_file, data, gas):
    r = run([args.parvis, "evm", "run", "--code", code_file, "--input", data, "--gas", str(gas),
             "--bench", "--json"])
    if r.returncode != 0:
        say(r.stderr)
        return None, None
    out = json.loads(r.stdout)
    return out["medianNs"] / 1e3, int(out["gasUsed"])


def geth_program(args, code_file, data, gas):
    with tempfile.NamedTemporaryFile("w", suffix=".hex") as f:
        f.write(data)
        f.flush()
        r = run([args.geth, "run", "--bench", "--codefile", code_file, "--inputfile", f.name,
                 "--gas", str(gas)])
    m = re.search(r"execution time:\s+([\d.]+)(ns|µs|ms|s)\b", r.stdout + r.stderr)
    return duration_us(*m.groups()) if m else None


def revme_program(args, name, code_file, data):
    if name.startswith("snailtracer"):  # needs more gas than `revme evm` gives: it has its own
        r = run([args.revme, "bench", "snailtracer"], cwd=args.scratch)
        m = re.search(r"^snailtracer\s+time:\s+\[\S+ \S+ ([\d.]+) (\S+)", r.stdout, re.M)
    else:
        r = run([args.revme, "evm", "--bench", "--path", code_file, "--input", data, "--gas-limit",
                 str(REVME_GAS)], cwd=args.scratch)
        m = re.search(r"time:\s+\[\S+ \S+ ([\d.]+) (\S+)", r.stdout + r.stderr)
    return duration_us(*m.groups()) if m else None


def table_programs(args):
    rows, failed = [], False
    for name, code, data, gas in programs(args.paths):
        say(f"  {name}")
        code_file = os.path.join(args.scratch, "code.hex")
        with open(code_file, "w") as f:
            f.write(code)
        ours, used = parvis_program(args, code_file, data, gas)
        if ours is None:
            failed = True
            continue
        with open(code_file, "w") as f:
            f.write(code[2:])
        row = {"name": name, "gas": used, "parvis_us": ours}
        if args.geth:
            row["geth_us"] = geth_program(args, code_file, data, gas)
        if args.revme:
            row["revm_us"] = revme_program(args, name, code_file, data)
        rows.append(row)
    return rows, failed, "us"


# --- blocks ---------------------------------------------------------------------------------------


def process_ms(command, rounds, cwd):
    """The least processor time of some runs, and the largest resident set, or None if it failed."""
    best, resident = None, 0
    for _ in range(rounds):
        with open(os.devnull, "w") as null:
            p = subprocess.Popen(command, stdout=null, stderr=null, cwd=cwd)
            _, status, usage = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
        if p.returncode != 0:
            return None, 0
        ms = (usage.ru_utime + usage.ru_stime) * 1e3
        best = ms if best is None else min(best, ms)
        resident = max(resident, usage.ru_maxrss)
    return best, resident


def block_gas(path):
    with open(path) as f:
        test = next(iter(json.load(f).values()))
    return sum(int(b["blockHeader"]["gasUsed"], 16) for b in test["blocks"] if "blockHeader" in b)


def table_blocks(args):
    rows, failed = [], False
    for path in json_files(args.paths):
        path = os.path.abspath(path)
        name = os.path.basename(path).removesuffix(".json")
        say(f"  {name}")
        ours, resident = process_ms([args.parvis, "blocktest", path], args.rounds, args.scratch)
        if ours is None:
            say(f"    parvis blocktest {path} failed")
            failed = True
            continue
        row = {"name": name, "gas": block_gas(path), "parvis_ms": ours,
               "parvis_resident_kib": resident}
        if args.geth:
            row["geth_ms"], _ = process_ms([args.geth, "blocktest", path], args.rounds, args.scratch)
        if args.revme:
            row["revm_ms"], _ = process_ms([args.revme, "btest", path],
                                           args.rounds, args.scratch)
        rows.append(row)
    return rows, failed, "ms"


# --- output ---------------------------------------------------------------------------------------


def ratios(rows, peer, unit):
    return [r[f"{peer}_{unit}"] / r[f"parvis_{unit}"] for r in rows if r.get(f"{peer}_{unit}")]


def geometric_mean(values):
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else float("nan")


def print_table(rows, peers, unit):
    print("| input | gas | Mgas/s | parvis " + unit + " | "
          + " | ".join(f"{p} {unit} | {p} / parvis" for p in peers) + " |")
    print("|---|---|---|---|" + "---|---|" * len(peers))
    for r in rows:
        ours = r[f"parvis_{unit}"]
        seconds = ours / (1e6 if unit == "us" else 1e3)
        line = f"| {r['name']} | {r['gas']} | {r['gas'] / seconds / 1e6:.0f} | {ours:.1f} |"
        for p in peers:
            t = r.get(f"{p}_{unit}")
            line += f" {t:.1f} | {t / ours:.2f} |" if t else " – | – |"
        print(line)
    print()
    for p in peers:
        v = ratios(rows, p, unit)
        print(f"{p} / parvis: geometric mean {geometric_mean(v):.2f}, least {min(v, default=0):.2f} "
              f"({len(v)} of {len(rows)} inputs; above 1 parvis is faster)")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("table", choices=["programs", "blocks"])
    p.add_argument("paths", nargs="+")
    p.add_argument("--parvis", required=True)
    p.add_argument("--peers", required=True, help="folder with evm and revme")
    p.add_argument("--rounds", type=int, default=3, help="runs of each block, the least counts")
    p.add_argument("--json", metavar="FILE")
    args = p.parse_args()
    args.parvis = os.path.abspath(args.parvis)
    for name, tool in (("geth", "evm"), ("revme", "revme")):
        path = os.path.abspath(os.path.join(args.peers, tool))
        setattr(args, name, path if os.access(path, os.X_OK) else None)
        if not getattr(args, name):
            say(f"{tool} is not in {args.peers}: its column is left out (script/bootstrap --bench)")
    peers = [n for n, t in (("geth", args.geth), ("revm", args.revme)) if t]
    with tempfile.TemporaryDirectory() as args.scratch:
        started = time.monotonic()
        rows, failed, unit = {"programs": table_programs, "blocks": table_blocks}[args.table](args)
        say(f"  {time.monotonic() - started:.0f} s")
    print_table(rows, peers, unit)
    if args.table == "blocks" and rows:
        slow = max((r for r in rows if r["gas"]), key=lambda r: r["parvis_ms"] / r["gas"])
        big = max(rows, key=lambda r: r["parvis_resident_kib"])
        print(f"slowest per Mgas: {slow['name']}, {slow['parvis_ms'] / slow['gas'] * 1e6:.2f} ms; "
              f"largest resident set: {big['name']}, {big['parvis_resident_kib'] / 1024:.0f} MiB")
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"unit": unit, "rows": rows}, f, indent=1)
    sys.exit(1 if failed or not rows else 0)


main()
