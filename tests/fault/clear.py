#!/usr/bin/env python3
"""Searches a stopped node's store for what it must not show: addresses, keys, hashes, call data and
readings, as raw bytes and as text. Prints TAP.

  clear.py HOME EXPORT NEEDLES.json

NEEDLES.json holds {"kind": ["0x...", ...]}; EXPORT is the chain exported in clear, in which a sample
of the needles must be found: a search that finds nothing anywhere proves nothing."""
import base64
import json
import sys


def forms(raw):
    """How a byte string could appear in a file."""
    digits = raw.hex()
    yield "raw", raw
    yield "reversed", raw[::-1]
    yield "hex", digits.encode()
    yield "HEX", digits.upper().encode()
    yield "UTF-16", digits.encode("utf-16-le")
    # base64 depends on the alignment: the middle is the same for each of the three
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        yield "base64", text[4:len(text) // 4 * 4 - 4]


def main():
    home, export, needles_path = sys.argv[1:4]
    with open(f"{home}/store/store.mdb", "rb") as f:
        store = f.read()
    with open(f"{home}/store/store.head", "rb") as f:
        store += f.read()
    with open(export, "rb") as f:
        control = f.read()
    with open(needles_path, encoding="utf-8") as f:
        needles = json.load(f)
    number, failed = 0, False
    for kind, values in needles.items():
        found, seen = [], 0
        for value in values:
            raw = bytes.fromhex(value[2:])
            if len(raw) < 8:
                continue
            seen += raw in control
            for name, pattern in forms(raw):
                if len(pattern) >= 8 and pattern in store:
                    found.append(f"{value[:40]} as {name}")
        number += 1
        # keys are never in an exported chain; everything else must be
        works = seen > 0 or kind.startswith("key")
        failed |= bool(found) or not works or not values
        for line in found[:5]:
            print(f"# {line}")
        if not works:
            print("# not one of them is in the export: the search itself does not work")
        print(f"# cases: {len(values)}")
        print(f"{'ok' if works and values and not found else 'not ok'} {number} "
              f"no {kind} in clear in {len(store)} bytes")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
