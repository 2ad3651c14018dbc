#!/usr/bin/env python3
"""Checks that rooms include only themselves and the rooms above them (ARCHITECTURE.md, "Rooms"),
and that third-party headers stay inside their one wrapper."""
import os
import re
import sys

ROOMS = ["base", "crypto", "codec", "belenios", "net", "store", "state", "evm", "city", "chain", "engine",
         "rpc", "gateway", "app"]
# library header -> where it may be included
WRAPPED = {
    "lmdb.h": ["src/store/"],
    "secp256k1": ["src/crypto/"],
    "sodium": ["src/crypto/"],
    "openssl/": ["src/crypto/"],
    "cJSON.h": ["src/codec/"],
    "cjson/": ["src/codec/"],
    "http_parser.h": ["src/net/"],
    "wslay/": ["src/net/"],
    "curl/": ["src/net/"],
    "zlib.h": ["src/gateway/", "src/city/energy/test_"],
    "zstd.h": ["src/codec/"],
    "qrencode.h": ["src/app/vote_qr"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" and parts[1] in ROOMS else None


def service_of(path):
    parts = path.split("/")
    return parts[2] if len(parts) > 3 and parts[1] == "city" else None


def check(path, faults):
    room = room_of(path)
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            m = INCLUDE.match(line)
            if not m:
                continue
            kind, name = m.groups()
            where = f"{path}:{number}"
            for header, places in WRAPPED.items():
                if kind == "<" and name.startswith(header) and \
                        not any(path.startswith(p) for p in places):
                    faults.append(f"{where}: <{name}> belongs in {places[0]} only")
            if kind == "<" or room is None or name == "test.h":
                continue
            if not os.path.exists(os.path.join("src", name)):
                if not name.startswith("web_"):  # generated at build time
                    faults.append(f"{where}: \"{name}\" is not a path from src/")
                continue
            target = name.split("/")[0]
            test = os.path.basename(path).startswith(("test_", "fuzz_"))
            if ROOMS.index(target) > ROOMS.index(room) and not test:
                faults.append(f"{where}: {room} may not include {target} (it lies below)")
            other, own = service_of("src/" + name), service_of(path)
            if other and own and other not in (own, "money"):
                faults.append(f"{where}: service {own} may not include service {other}")


def main():
    faults = []
    for folder, _, files in os.walk("src"):
        for file in sorted(files):
            if file.endswith((".c", ".h")):
                check(os.path.join(folder, file).replace(os.sep, "/"), faults)
    print("\n".join(faults) if faults else "layers hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
