#!/usr/bin/env python3
"""Measures networks of members on this machine against CometBFT with an application that does nothing
(abci_nop: the same engine, the same configuration, as many bytes for each transaction), and against one
node without an engine, all interleaved in one run.

  network.py --build DIR --engine COMETBFT [--part transfers|light|days|idle]... [option...]

transfers   signed transfers, without a pause, `--window` of them on their way at once
light       `--rate` signed transfers a second
days        batches of one day's readings of 100 points (submitDay), without a pause
idle        what a network without work writes and keeps

Prints Markdown; with --json FILE the figures of every round too. Latency is from sending until the node
it was sent to shows the block (a look every 5 ms); of the do-nothing application until its Commit ended.
"""
import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

FUNDER = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # a throwaway key
FUNDER_ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
TICKS = os.sysconf("SC_CLK_TCK")
options = None
folders = 0
running = []


def say(text):
    print(text, file=sys.stderr, flush=True)


def program(name):
    return os.path.join(options.build, name)


def new_folder(name):
    global folders
    folders += 1
    return os.path.join(options.work, f"{name}-{folders}")


# --- processes ------------------------------------------------------------------------------------


def stat_of(pid):
    """(parent, CPU seconds) of a process, or None."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
    except OSError:
        return None


def cpu_s(pids):
    return sum((stat_of(pid) or (0, 0.0))[1] for pid in pids)


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat_of(name) or (0, 0))[0] == pid:
            found.append(int(name))
    return found


def is_engine(pid):
    return os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath(options.engine)


def start(command, **more):
    """A process whose first line of output is awaited; it is ended with this program at the latest."""
    with open(os.path.join(options.work, "log"), "a") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, **more)
    running.append(process)
    return process


def end(processes):
    for p in processes:
        p.send_signal(signal.SIGTERM)
    for p in processes:
        try:
            p.wait(20)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
        running.remove(p)


def first_line(process, what):
    line = process.stdout.readline()
    if not line:
        with open(os.path.join(options.work, "log")) as log:
            say(log.read()[-4000:])
        sys.exit(f"{what} ended with code {process.wait()} before it was ready")
    return json.loads(line)


# --- what is measured -----------------------------------------------------------------------------


def make_network(count):
    folder = new_folder(f"network-{count}")
    command = [program("parvis"), "network", "init", "--local", str(count), "--dir", folder]
    command += ["--p2p-port", str(options.port), "--alloc", f"{FUNDER_ADDRESS}=1000000", "--quiet"]
    subprocess.run(command, check=True)
    homes = [os.path.join(folder, f"member-{i + 1}") for i in range(count)]
    for home in homes:
        path = os.path.join(home, "engine/config/config.toml")
        with open(path) as f:
            text = f.read()
        for setting in options.set or []:
            name, _, value = setting.partition("=")
            text, found = re.subn(f"(?m)^{name} = .*$", f"{name} = {value}", text)
            if not found:
                sys.exit(f"{name} is not in {path}")
        with open(path, "w") as f:
            f.write(text)
    return folder, homes


class Nodes:
    """Nodes of ours: a network of `count` members, or for 0 a single node without an engine."""

    def __init__(self, count):
        environment = dict(os.environ, PARVIS_ENGINE=options.engine)
        if count:
            self.folder, self.homes = make_network(count)
            words = ["network", "start"]
        else:
            self.folder = new_folder("solo")
            self.homes = [self.folder]
            command = [program("parvis"), "init", "--home", self.folder, "--quiet"]
            subprocess.run(command + ["--alloc", f"{FUNDER_ADDRESS}=1000000"], check=True)
            words = ["node"]
        self.processes = []
        for i, home in enumerate(self.homes):
            command = [program("parvis"), *words, "--home", home, "--json", "--log", "error"]
            command += ["--port", str(options.port + 500 + i)]
            self.processes.append(start(command, env=environment))
        self.ports = [first_line(p, "a node")["url"].rpartition(":")[2] for p in self.processes]
        self.engines, self.applications = [], []
        if not count:
            self.applications = [p.pid for p in self.processes]
        while len(self.engines) < count:
            below = [pid for p in self.processes for pid in children(p.pid)]
            self.engines = [pid for pid in below if is_engine(pid)]
            self.applications = [pid for pid in below if not is_engine(pid)]
            time.sleep(0.1)

    def load(self, *more):
        command = [program("loadgen"), "--funder", FUNDER, "--port", ",".join(self.ports)]
        pids = self.engines + self.applications
        command += ["--watch", "5", "--pid", ",".join(map(str, pids)), *map(str, more)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        figures = json.loads(done.stdout)
        each = figures["server_cpu_each_s"]
        split = len(self.engines)
        return {
            "rate": figures["mined_per_s"],
            "latency": (figures["latency_median_ms"], figures["latency_p99_ms"]),
            "interval": (figures["interval_median_ms"], figures["interval_max_ms"]),
            "engine_us": sum(each[:split]) * 1e6 / figures["mined"],
            "application_us": sum(each[split:]) * 1e6 / figures["mined"],
            "bytes": figures["bytes_per_tx"],
        }

    def close(self):
        end(self.processes)
        shutil.rmtree(self.folder)


def nodes_load(count, *more):
    nodes = Nodes(count)
    figures = nodes.load(*more)
    nodes.close()
    return figures


def nop_load(count, size, rate, window):
    """The do-nothing application under the members' own engine configuration."""
    folder, homes = make_network(count)
    applications, engines = [], []
    for home in homes:
        engine_home = os.path.join(home, "engine")
        command = [program("abci_nop"), "app.sock", "--bundle", "--bytes", str(round(size))]
        command += ["--rate", str(max(rate // count, 1)), "--window", str(max(window // count, 1))]
        applications.append(start(command, cwd=engine_home))
        while not os.path.exists(os.path.join(engine_home, "app.sock")):
            time.sleep(0.01)
        command = [options.engine, "start", "--home", "."]
        engines.append(start(command, cwd=engine_home))
    for p in applications:
        first_line(p, "abci_nop")
    pids = [p.pid for p in engines], [p.pid for p in applications]
    before = [cpu_s(group) for group in pids]
    time.sleep(options.seconds)
    used = [cpu_s(group) - cpu for group, cpu in zip(pids, before)]
    end(applications)
    end(engines)
    reports = [json.loads(p.stdout.readlines()[-1]) for p in applications]
    shutil.rmtree(folder)
    transactions = max(r["transactions"] for r in reports)
    return {
        "rate": statistics.median(r["transactions"] / r["seconds"] for r in reports),
        "latency": tuple(
            statistics.median(r[key] for r in reports)
            for key in ("latency_median_ms", "latency_p99_ms")
        ),
        "interval": (reports[0]["interval_median_ms"], reports[0]["interval_max_ms"]),
        "engine_us": used[0] * 1e6 / transactions,
        "application_us": used[1] * 1e6 / transactions,
        "bytes": size,
    }


# --- tables ---------------------------------------------------------------------------------------


def middle(rounds):
    """The median of each figure over the rounds."""
    out = {}
    for key, value in rounds[0].items():
        if isinstance(value, tuple):
            out[key] = tuple(statistics.median(r[key][i] for r in rounds) for i in range(len(value)))
        else:
            out[key] = statistics.median(r[key] for r in rounds)
    return out


def name_of(kind, count):
    if kind == "solo":
        return "one node, no engine"
    members = "1 member" if count == 1 else f"{count} members"
    return members + (", doing nothing" if kind == "nop" else "")


def print_table(title, note, results, unit):
    print(f"\n### {title}\n\n{note}\n")
    print(f"| | {unit}/s | latency ms, median / p99 | block interval ms, median / longest "
          f"| CPU us each, engine / application |")
    print("|---|---|---|---|---|")
    for (kind, count), rounds in results.items():
        m = middle(rounds)
        rate = f"{m['rate']:,.0f}".replace(",", " ") if m["rate"] >= 10 else f"{m['rate']:.1f}"
        print(f"| {name_of(kind, count)} | {rate} | {m['latency'][0]:.0f} / {m['latency'][1]:.0f} "
              f"| {m['interval'][0]:.0f} / {m['interval'][1]:.0f} "
              f"| {m['engine_us']:.0f} / {m['application_us']:.0f} |")


def quotient(results, above, below):
    """Median of the rounds' ratios."""
    return statistics.median(a["rate"] / b["rate"] for a, b in zip(results[above], results[below]))


def bytes_in(results):
    return next(rounds[0]["bytes"] for rounds in results.values())


def print_verdict(results):
    if options.only:
        return
    print()
    solo = middle(results["solo", 1])["rate"]
    for n in options.members:
        nop = middle(results["nop", n])["rate"]
        ours = quotient(results, ("ours", n), ("nop", n))
        shared = n * quotient(results, ("ours", n), ("solo", 1))
        limit = "execution" if solo / n < 0.8 * nop else "ordering"
        print(f"- {name_of('ours', n)}: {ours:.2f} of the do-nothing rate, {shared:.2f} of the single "
              f"node's rate divided by {n}; what limits is {limit} "
              f"(0.8 x do nothing = {0.8 * nop:.0f}/s, single node / {n} = {solo / n:.0f}/s)")


def rounds_of(what, load, nop):
    """Interleaves the rounds of a table. The do-nothing rows come after ours, of as many bytes."""
    rows = [("solo", 1)] + [(kind, n) for n in options.members for kind in ("ours", "nop")]
    results = {row: [] for row in rows if row[0] in (options.only or ["solo", "ours", "nop"])}
    for i in range(options.rounds):
        say(f"{what}: round {i + 1} of {options.rounds}")
        size = 99
        for kind, n in results:
            if kind == "nop":
                results[kind, n].append(nop(n, size))
            else:
                results[kind, n].append(nodes_load(0 if kind == "solo" else n, *load))
                size = results[kind, n][-1]["bytes"]
    return results


def transfers():
    more = ("--transfers", options.transfers, "--seconds", options.seconds, "--window", options.window,
            "--connections", 16)
    full = rounds_of(
        "transfers, as many as it takes", more,
        lambda n, size: nop_load(n, size, 400000, options.nop_window),
    )
    size = bytes_in(full)
    print_table(
        "Signed transfers, as many as it takes",
        f"{size:.0f} bytes each; {options.window} on their way at once (do nothing: "
        f"{options.nop_window}, so latency here is how long these take); CPU of all members together",
        full, "transfers")
    print_verdict(full)
    return {"transfers": full}


def light():
    more = ("--transfers", options.rate * options.seconds, "--rate", options.rate,
            "--connections", 16)
    results = rounds_of(
        f"{options.rate} transfers a second", more,
        lambda n, size: nop_load(n, size, options.rate, options.nop_window),
    )
    print_table(f"{options.rate} signed transfers a second", f"{bytes_in(results):.0f} bytes each",
                results, "transfers")
    return {"light": results}


def days():
    more = ("--kind", "day", "--accounts", 16, "--transfers", options.days, "--window", 256,
            "--seconds", options.seconds, "--connections", 16)
    results = rounds_of("days of readings", more, lambda n, size: nop_load(n, size, 10000, 1024))
    size = bytes_in(results)
    print_table("Batches of a day's readings, as many as it takes",
                f"{size:.0f} bytes each: 100 points, 96 steps; 256 on their way at once", results,
                "batches")
    print_verdict(results)
    return {"days": results}


# --- what idling costs ----------------------------------------------------------------------------


def size_of(path):
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_blocks * 512
            except OSError:
                pass  # compacted away meanwhile
    return total


def written(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/io") as f:
            total += int(dict(line.split(": ") for line in f.read().splitlines())["write_bytes"])
    return total


def heights(home, port):
    """(consensus height, block of the ledger) of a member."""
    url = f"http://127.0.0.1:{port}"
    command = [program("parvis"), "network", "status", "--home", home, "--json", "--rpc", url]
    status = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    ask = urllib.request.Request(url, headers={"Content-Type": "application/json"}, data=json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}).encode())
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(ask) as reply:
        return status["consensusHeight"], int(json.load(reply)["result"], 16)


PLACES = {
    "the engine's blocks": "engine/data/blockstore.db",
    "the engine's state": "engine/data/state.db",
    "the engine's log": "engine/data/cs.wal",
}
LOG_BYTES = 1 << 30  # the engine's own bound


def heights_kept():
    path = os.path.join(os.path.dirname(__file__), "../src/engine/comet.h")
    with open(path) as f:
        return int(re.search(r"#define COMET_RETAIN_HEIGHTS (\d+)", f.read()).group(1))


def look(nodes):
    return {
        "time": time.monotonic(),
        "made": heights(nodes.homes[0], nodes.ports[0]),
        "kept": [sum(size_of(os.path.join(h, p)) for h in nodes.homes) for p in PLACES.values()],
        "written": [written(nodes.engines), written(nodes.applications)],
        "cpu": [cpu_s(nodes.engines), cpu_s(nodes.applications)],
    }


def idle():
    nodes = Nodes(options.members[-1])
    count = len(nodes.homes)
    time.sleep(10)
    before = look(nodes)
    say(f"an idle network of {count}: {options.idle} s")
    time.sleep(options.idle)
    after = look(nodes)
    nodes.close()
    beat = json.loads(subprocess.run([program("bench_heartbeat")], stdout=subprocess.PIPE, check=True).stdout)
    seconds = after["time"] - before["time"]
    a_day = 86400 / seconds
    made = [b - a for a, b in zip(before["made"], after["made"])]
    grown = [(b - a) / count for a, b in zip(before["kept"], after["kept"])]
    wrote = [(b - a) / count for a, b in zip(before["written"], after["written"])]
    cpu = [(b - a) / count / seconds * 100 for a, b in zip(before["cpu"], after["cpu"])]
    print(f"\n### An idle network of {count}: what one member keeps\n")
    print("| | a height or block | a day | at most |\n|---|---|---|---|")
    for name, bytes_grown in zip(PLACES, grown):
        each = bytes_grown / made[0]
        most = f"{each * heights_kept() / 1e6:.0f} MB: {heights_kept()} heights"
        if name == "the engine's log":
            most = f"{LOG_BYTES / 1e6:.0f} MB"
        print(f"| {name} | {each:.0f} bytes | {bytes_grown * a_day / 1e6:.0f} MB | {most} |")
    each = beat["bytes_per_block"]
    print(f"| the ledger | {each} bytes | {each * made[1] * a_day / 1e6:.0f} MB | kept: it is the ledger |")
    print(f"\n{made[0]} heights of the engine and {made[1]} blocks of the ledger in {seconds:.0f} s; "
          f"a member's engine takes {cpu[0]:.1f} % of a processor, its application {cpu[1]:.1f} %; they "
          f"write {wrote[0] * a_day / 1e9:.1f} and {wrote[1] * a_day / 1e9:.1f} GB a day to the disk.")
    return {"idle": {"before": before, "after": after, "bytes_per_block": each}}


PARTS = {"transfers": transfers, "light": light, "days": days, "idle": idle}


def main():
    global options
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--build", required=True)
    p.add_argument("--engine", required=True)
    p.add_argument("--part", action="append", choices=list(PARTS))
    p.add_argument("--members", default="1,4", type=lambda t: [int(n) for n in t.split(",")])
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--seconds", type=int, default=10, help="of sending, each time")
    p.add_argument("--transfers", type=int, default=120000, help="at most, each time")
    p.add_argument("--window", type=int, default=5000)
    p.add_argument("--nop-window", type=int, default=20000)
    p.add_argument("--rate", type=int, default=200)
    p.add_argument("--days", type=int, default=3200, help="batches at most, each time")
    p.add_argument("--idle", type=int, default=60, help="seconds")
    p.add_argument("--port", type=int, default=27000, help="the first of those used, to 600 above")
    p.add_argument("--set", action="append", metavar="NAME=VALUE",
                   help="in the engine's configuration, to try another (of ours and of do nothing)")
    p.add_argument("--only", action="append", choices=["solo", "ours", "nop"], help="some rows alone")
    p.add_argument("--json", metavar="FILE")
    options = p.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    options.engine = shutil.which(options.engine) or sys.exit(f"{options.engine}: not a program")
    options.engine = os.path.abspath(options.engine)
    options.build = os.path.abspath(options.build)
    options.work = tempfile.mkdtemp(prefix="parvis-bench-network-")
    figures = {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for part in options.part or PARTS:
            figures.update(PARTS[part]())
    finally:
        end(list(running))
        shutil.rmtree(options.work, ignore_errors=True)
    if options.json:
        plain = {}
        for part, value in figures.items():
            plain[part] = (value if part == "idle" else
                           {f"{kind} {n}": rounds for (kind, n), rounds in value.items()})
        with open(options.json, "w") as f:
            json.dump(plain, f, indent=1)


main()
