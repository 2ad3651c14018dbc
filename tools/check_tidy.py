#!/usr/bin/env python3
"""The parts of the style that a script can say: banned calls, determinism, line length, leftovers."""
import re
import subprocess
import sys

# everywhere in src/
BANNED = {
    r"\b(sprintf|vsprintf|strcpy|strcat|strtok|gets|atoi|atol|atoll|alloca)\s*\(": "unsafe call",
    r"(?<![\w.])(malloc|calloc|realloc|strdup)\s*\(": "use base/mem.h",
    r"(?<![\w.>])(rand|srand|random)\s*\(": "use base/clock.h",
    r"\bassert\s*\(": "use ASSERT, which stays on in release builds",
}
# where every node must compute the same
DETERMINISTIC = ("src/codec/", "src/state/", "src/evm/", "src/city/", "src/chain/")
NONDETERMINISTIC = {
    r"\b(float|double)\b": "no floating point on the consensus path",
    r"(?<![\w.])(time|clock|gettimeofday|clock_gettime|localtime|gmtime)\s*\(": "no clock",
    r"\bclock_(unix_s|mono_us)\s*\(": "no clock",
    r"\brandom_bytes\s*\(": "no randomness",
    r"\b(getenv|setlocale|localeconv)\s*\(": "no environment",
    r"%p": "no pointer printing",
}
# the wrapper that owns a banned thing
ALLOWED = {
    ("src/base/mem.c", "use base/mem.h"),
    ("src/codec/json.c", "no floating point on the consensus path"),
    ("src/codec/json.h", "no floating point on the consensus path"),
}
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# a message for people is written T("English", "français"), base/lang.h
MESSAGE = re.compile(r"\bdiag_(?:set|wrap)\s*\(")
STRING = re.compile(r"\"((?:\\.|[^\"\\])*)\"|'(?:\\.|[^'\\])'|[(),]")
CONVERSION = re.compile(r"%[-+ #0]*[\d.*]*(?:hh|h|ll|l|z|j|t)?[a-zA-Z%]|\\.")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", re.S)


def blank(match):
    text = match.group(0)
    if text.startswith('"'):
        return text if "%p" in text else '""'
    return "".join(c if c == "\n" else " " for c in text)


def format_of(text, start):
    """The third argument of the call whose parenthesis opened before start."""
    depth, commas, begin = 1, 0, start
    for match in STRING.finditer(text, start):
        token = match.group(0)
        depth += (token == "(") - (token == ")")
        if depth == 0 or (token == "," and depth == 1):
            if depth == 0 or commas == 2:
                return text[begin:match.start()].strip()
            commas += 1
            begin = match.end()
    return ""


def untranslated(text):
    """The messages of one language only: (line, format)."""
    text = COMMENT.sub(lambda m: m.group(0) if m.group(0).startswith('"') else blank(m), text)
    for match in MESSAGE.finditer(text):
        words = format_of(text, match.end())
        if words.startswith('"') and re.search(r"[^\W\d_]", CONVERSION.sub("", words)):
            yield text.count("\n", 0, match.start()) + 1, words


def main():
    faults = []
    files = subprocess.run(["git", "ls-files", "src", "tests", "bench", "tools", "script"],
                           capture_output=True, text=True, check=True).stdout.split()
    for path in files:
        if path.startswith("tests/corpus/") or path.endswith("test_summary.py") or path.endswith((".json", ".bin", ".gz")):
            continue
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for number, line in enumerate(text.split("\n"), 1):
            if LEFTOVERS.search(line) and path != "tools/check_tidy.py":
                faults.append(f"{path}:{number}: leftover: {line.strip()[:60]}")
            if path.endswith((".c", ".h")):
                if "\t" in line:
                    faults.append(f"{path}:{number}: tab")
                if len(line) > 100:
                    faults.append(f"{path}:{number}: {len(line)} columns")
        if not path.startswith("src/") or not path.endswith((".c", ".h")):
            continue
        name = path.rsplit("/", 1)[-1]
        rules = dict(BANNED)
        if path.startswith(DETERMINISTIC) and not name.startswith(("test_", "fuzz_")):
            rules.update(NONDETERMINISTIC)
        if not name.startswith(("test_", "fuzz_")):
            for number, words in untranslated(text):
                faults.append(f"{path}:{number}: use T() of base/lang.h: {words[:60]}")
            if path != "src/base/err.c":
                rules[r"\bstrerror\s*\("] = "use os_reason"
        for number, line in enumerate(COMMENT.sub(blank, text).split("\n"), 1):
            for pattern, why in rules.items():
                if re.search(pattern, line) and (path, why) not in ALLOWED:
                    faults.append(f"{path}:{number}: {why}: {line.strip()[:70]}")
    print("\n".join(faults) if faults else "tidy")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
