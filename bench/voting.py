#!/usr/bin/env python3
"""Measures voting against belenios-tool, on the same elections in the same run, and prints Markdown.

  voting.py --build DIR [--tool PROGRAM] [--ballots 4925] [--large 50000] [--each 200] [--node-ballots 20000]

ballot      one ballot of several kinds: verified and made, ms of one processor
election    an election of --ballots ballots of three questions: verified whole, summed
million     an election of --large simple ballots, verified and projected to a million
node        ballots accepted, recorded and confirmed by a node (bench_ballots)

The tool's time for a ballot is that of `election verify` less that with --skip-ballot-check, over the
ballots; for making one, that of `election generate-ballot` less that of a command that does nothing.
Without the tool its columns stay empty.
"""
import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

KINDS = [("simple", "one question, one of 3"), ("basic", "three questions, 11 ciphertexts"),
         ("lists", "three lists, 9 ciphertexts"), ("majority", "majority judgment, 5 of 7 grades"),
         ("budget", "budget, 20 and 4 times 5")]
options = None


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, cwd=None, stdin=None):
    """(output, wall seconds, CPU seconds) of a command that must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run(command, cwd=cwd, stdin=stdin or subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"voting.py: {' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def program(name):
    return os.path.join(options.build, name)


def tool(folder, *args):
    return run([options.tool, *args], cwd=folder)


class Election:
    """One made by the library in a folder of its own."""

    def __init__(self, name, *args):
        self.folder = os.path.join(options.work, name)
        os.mkdir(self.folder)
        say(f"making the election {name}")
        out, self.wall, _ = run([program("make_election"), self.folder, *[str(a) for a in args]])
        self.report = json.loads(out)
        self.archive = os.path.join(self.folder, self.report["uuid"] + ".bel")

    def verify(self, *args):
        """Wall and CPU seconds of `parvis vote verify` on every processor."""
        _, wall, cpu = run([program("parvis"), "vote", "verify", self.archive, "--quiet", *args])
        return wall, cpu

    def hints(self):
        """Writes hints beside the archive. -> their file"""
        run([program("parvis"), "vote", "hints", self.archive, "--quiet"])
        return self.archive + ".hints"

    def done(self):
        shutil.rmtree(self.folder)


def median(measure, rounds):
    return statistics.median(measure() for _ in range(rounds))


def ratio(theirs, ours):
    return f"{theirs / ours:.1f}" if theirs else ""


def number(value, form="{:.2f}"):
    return form.format(value) if value is not None else "–"


def tool_verify_ms(election):
    whole = tool(election.folder, "election", "verify")[2]
    without = tool(election.folder, "election", "verify", "--skip-ballot-check")[2]
    return (whole - without) * 1e3 / election.report["ballots"]


def tool_make_ms(election):
    folder = election.folder
    with open(os.path.join(folder, "private_creds.json")) as f:
        credential = next(iter(json.load(f).values()))
    with open(os.path.join(folder, "election.json")) as f:
        questions = json.load(f)["questions"]
    with open(os.path.join(folder, "credential"), "w") as f:
        f.write(credential + "\n")
    choice = []
    for q in questions:
        if q.get("type") == "Lists":
            lists = q["value"]["answers"]
            choice.append([[int(i == 0 and j < 2) for j in range(len(names))] for i, names in enumerate(lists)])
        else:
            blank, answers = int(q.get("blank", False)), len(q["answers"])
            choice.append([0] * blank + [int(i < q["min"]) for i in range(answers)])
    with open(os.path.join(folder, "choice.json"), "w") as f:
        json.dump(choice, f)
    start_up = median(lambda: tool(folder, "setup", "generate-token")[2], 5)
    whole = median(lambda: tool(folder, "election", "generate-ballot", "--privcred", "credential",
                                "--choice", "choice.json")[2], 5)
    return (whole - start_up) * 1e3


def table_ballot():
    print("\n## Voting: one ballot, ms of one processor\n")
    print("| ballot | JSON bytes | packed | verify | in a batch with hints | tool | tool / verify | make | tool | "
          "tool / make | read |\n|---|---|---|---|---|---|---|---|---|---|---|")
    for kind, words in KINDS:
        election = Election(kind, "--kind", kind, "--voters", options.each)
        ours = json.loads(run([program("bench_voting"), election.folder, str(options.each)])[0])
        verify = tool_verify_ms(election) if options.tool else None
        make = tool_make_ms(election) if options.tool else None
        print(f"| {words} | {ours['json_bytes']} | {ours['packed_bytes']} | {ours['verify_ms']:.2f} | "
              f"{ours['batch_ms']:.2f} | {number(verify)} | {ratio(verify, ours['verify_ms'])} | "
              f"{ours['make_ms']:.2f} | {number(make)} | {ratio(make, ours['make_ms'])} | {ours['read_ms']:.3f} |",
              flush=True)
        election.done()
    print(f"\n{options.each} ballots each; aims: verify 1.3 simple and 5 for three questions, make 10")


def tool_tally_s(election):
    """The tool sums an archive that ends after EndBallots."""
    folder = os.path.join(options.work, "closed")
    os.mkdir(folder)
    with open(election.archive, "rb") as f:
        data = f.read()
    at = 0
    while b'"type":"EndBallots"' not in data[at + 512:at + 1024]:
        size = int(data[at + 124:at + 135], 8)
        at += 512 + (size + 511) // 512 * 512
    size = int(data[at + 124:at + 135], 8)
    with open(os.path.join(folder, os.path.basename(election.archive)), "wb") as f:
        f.write(data[:at + 512 + (size + 511) // 512 * 512])
    cpu = tool(folder, "election", "compute-encrypted-tally")[2]
    shutil.rmtree(folder)
    return cpu


def table_election():
    count = options.ballots
    election = Election("whole", "--voters", count)
    wall, cpu = election.verify()
    hints = election.hints()
    size = os.path.getsize(election.archive) / 1e6
    hinted, hinted_cpu = election.verify("--hints", hints)
    ours = json.loads(run([program("bench_voting"), election.folder, str(count)])[0])
    theirs = tool_wall = tally = None
    if options.tool:
        say("the tool verifies it")
        _, tool_wall, theirs = tool(election.folder, "election", "verify")
        tally = tool_tally_s(election)
    print(f"\n## Voting: an election of {count} ballots of three questions, {size:.0f} MB, seconds\n")
    print("| | parvis, wall | parvis, CPU | tool, wall | tool, CPU | tool / parvis, wall |\n|---|---|---|---|---|---|")
    print(f"| verify the archive | {wall:.2f} | {cpu:.2f} | {number(tool_wall)} | {number(theirs)} | "
          f"{ratio(tool_wall, wall)} |")
    print(f"| the same with hints | {hinted:.2f} | {hinted_cpu:.2f} | {number(tool_wall)} | {number(theirs)} | "
          f"{ratio(tool_wall, hinted)} |")
    print(f"| sum of its ballots, every processor | {ours['tally_threads_s']:.2f} | | | {number(tally)} | "
          f"{ratio(tally, ours['tally_threads_s'])} |")
    print(f"| the same, one processor | {ours['tally_s']:.2f} | {ours['tally_s']:.2f} | | {number(tally)} | "
          f"{ratio(tally, ours['tally_s'])} |")
    print("\nThe tool's sum includes reading the archive; aims: verify 15 s on 2 processors, sum of 5000 1 s",
          flush=True)
    election.done()


def table_million():
    count = options.large
    election = Election("large", "--kind", "simple", "--voters", count)
    wall, cpu = election.verify()
    hints = election.hints()
    hinted, hinted_cpu = election.verify("--hints", hints)
    size = os.path.getsize(election.archive) / 1e6
    cast = election.report["cast_s"]
    print(f"\n## Voting: {count} simple ballots, measured, and a million at the same rate\n")
    print("| | measured | a million |\n|---|---|---|")
    scale = 1e6 / count
    print(f"| archive | {size:.0f} MB | {size * scale / 1e3:.1f} GB |")
    print(f"| verify, {os.cpu_count()} processors | {wall:.1f} s | {wall * scale / 60:.1f} min |")
    print(f"| verify, CPU | {cpu:.1f} s | {cpu * scale / 60:.1f} min |")
    print(f"| verify with hints, {os.cpu_count()} processors | {hinted:.1f} s | {hinted * scale / 60:.1f} min |")
    print(f"| verify with hints, CPU | {hinted_cpu:.1f} s | {hinted_cpu * scale / 60:.1f} min |")
    print(f"| ballots made, {os.cpu_count()} processors | {cast:.1f} s | {cast * scale / 60:.1f} min |", flush=True)
    election.done()


def table_node():
    name = program("bench_ballots")
    if not os.path.exists(name):
        print("\n## Voting: ballots accepted by a node\n\nskipped: there is no bench_ballots in the build")
        return
    with tempfile.TemporaryDirectory(prefix="parvis-bench-ballots-") as folder:
        chain = os.path.join(folder, "chain")
        os.mkdir(chain)
        count = ["--ballots", str(options.node_ballots), "--dir", chain]
        taken = run([name, *count, "--answers", "3"])[0]
        again = run([name, "--audit-of", chain])[0]
    print(f"\n## Voting: {options.node_ballots} simple ballots through pool and blocks, in one process, "
          f"durable and sealed; and the copy audited\n\n```\n{taken}{again}```", flush=True)


def main():
    global options
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--tool")
    parser.add_argument("--ballots", type=int, default=4925)
    parser.add_argument("--large", type=int, default=50000)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--node-ballots", type=int, default=20000)
    parser.add_argument("--part", action="append", choices=["ballot", "election", "million", "node"])
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    if options.tool:
        options.tool = os.path.abspath(options.tool)
    with tempfile.TemporaryDirectory(prefix="parvis-bench-voting-") as options.work:
        for name, table in (("ballot", table_ballot), ("election", table_election), ("million", table_million),
                            ("node", table_node)):
            if not options.part or name in options.part:
                table()


main()
