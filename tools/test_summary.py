#!/usr/bin/env python3
"""Sums what a test run left in a folder: *.tap files and meson's testlog.json of each flavour.
Prints failures with their output and skips with their reasons, then writes DIR/summary, whose last
line is the closing line of script/test. Data-driven tests report their cases as "# cases: N"; those
stand in the count in place of the one test that ran them."""
import glob
import json
import os
import re
import sys

LINE = re.compile(r"^(\s*)(not )?ok\b\s*\d*\s*-?\s*(.*?)\s*(?:#\s*(SKIP|skip|TODO)\b\s*(.*))?$")


def read_tap(where, text, out):
    """Counts one TAP stream. Indented lines are subtests: they count, their parents do not."""
    cases, comments = 0, []
    plan = None
    lines = text.split("\n")
    tests = []
    for index, line in enumerate(lines):
        m = re.match(r"^\s*# cases: (\d+)", line)
        if m:
            cases += int(m.group(1))
            continue
        m = re.match(r"^1\.\.(\d+)", line)
        if m:
            plan = int(m.group(1))
        m = LINE.match(line)
        if not m:
            if line.startswith("#"):
                comments.append(line)
            continue
        indent, bad, name, directive, reason = m.groups()
        tests.append((len(indent), bool(bad), name, directive, reason, cases, comments))
        cases, comments = 0, []
    top = [t for t in tests if t[0] == 0]
    if plan is None and not top:
        out["failed"].append((where, "printed no test", text[-2000:]))
        return
    if plan is not None and len(top) < plan:
        out["failed"].append((where, f"stopped after {len(top)} of {plan} tests", text[-2000:]))
    for position, (indent, bad, name, directive, reason, count, notes) in enumerate(tests):
        # a parent follows its deeper children
        parent = position > 0 and tests[position - 1][0] > indent
        if bad:
            if not parent:
                out["failed"].append((where, name, "\n".join(notes[-30:])))
        elif directive and directive.upper() == "SKIP":
            out["skipped"].append((where, name, reason))
        elif not parent:
            out["passed"] += max(1, count)
            if count:
                out["vectors"].append((where, name, count))


def read_meson(path, out):
    flavour = os.path.basename(path)[:-5]
    with open(path, encoding="utf-8") as f:
        for line in f:
            t = json.loads(line)
            where = f"{flavour}: {t['name']}"
            if t["result"] in ("TIMEOUT", "ERROR", "INTERRUPT"):
                out["failed"].append((where, t["result"], (t.get("stdout") or "")[-1500:] +
                                      (t.get("stderr") or "")[-2500:]))
            else:
                before = len(out["failed"])
                read_tap(where, t.get("stdout") or "", out)
                if t["returncode"] and len(out["failed"]) == before:
                    out["failed"].append((where, f"exit {t['returncode']}",
                                          (t.get("stderr") or "")[-2500:]))


def main():
    folder = sys.argv[1]
    out = {"passed": 0, "failed": [], "skipped": [], "vectors": []}
    for path in sorted(glob.glob(os.path.join(folder, "*.tap"))):
        with open(path, encoding="utf-8", errors="replace") as f:
            text = f.read()
        error_path = path[:-4] + ".err"
        before = len(out["failed"])
        read_tap(os.path.basename(path)[:-4], text, out)
        if len(out["failed"]) > before and os.path.exists(error_path):
            with open(error_path, encoding="utf-8", errors="replace") as f:
                where, name, detail = out["failed"][-1]
                out["failed"][-1] = (where, name, detail + "\n" + f.read()[-2000:])
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        read_meson(path, out)
    for where, name, count in out["vectors"]:
        print(f"cases: {where}: {name}: {count}")
    for where, name, reason in out["skipped"]:
        print(f"skipped: {where}: {name}: {reason or 'no reason given'}")
    for where, name, detail in out["failed"]:
        print(f"FAILED: {where}: {name}\n{detail}".rstrip())
    line = (f"{out['passed']} passed, {len(out['failed'])} failed, {len(out['skipped'])} skipped")
    with open(os.path.join(folder, "summary"), "w", encoding="utf-8") as f:
        f.write(line + "\n")
    return 1 if out["failed"] or not out["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
