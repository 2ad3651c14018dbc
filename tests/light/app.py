#!/usr/bin/env python3
"""The smallest application behind CometBFT that record.py needs (ABCI 2.0 over a Unix socket):
a transaction of 32 bytes becomes the application's hash, one of 40 (key, power) changes a validator.
    app.py SOCKET"""
import os
import socket
import sys
import threading

lock = threading.Lock()
state = {"height": 0, "hash": bytes(32)}


def varint(v):
    out = bytearray()
    while v >= 0x80:
        out.append(v & 0x7F | 0x80)
        v >>= 7
    out.append(v)
    return bytes(out)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, at):
    v = shift = 0
    while True:
        byte = data[at]
        at += 1
        v |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return v, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 1:
            value, at = data[at:at + 8], at + 8
        else:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        yield tag >> 3, value


def finalize(request):
    txs = [v for n, v in fields(request) if n == 1]
    height = next((v for n, v in fields(request) if n == 5), 0)
    updates = b""
    with lock:
        for tx in txs:
            if len(tx) == 32:
                state["hash"] = tx
            elif len(tx) == 40:
                key = field(1, field(1, tx[:32]))
                updates += field(3, key + field(2, int.from_bytes(tx[32:], "big")))
        state["height"] = height
        results = b"".join(field(2, b"") for _ in txs)
        return results + updates + field(5, state["hash"])


def answer(kind, request):
    if kind == 1:
        return b"".join(field(n, v) for n, v in fields(request))
    if kind == 3:
        with lock:
            known = state["height"] > 0
            return field(4, state["height"]) + field(5, state["hash"] if known else b"")
    if kind == 5:
        return field(3, state["hash"])
    if kind == 16:
        return b"".join(field(1, v) for n, v in fields(request) if n == 2)
    if kind == 17:
        return field(1, 1)
    if kind == 20:
        return finalize(request)
    return b""


def serve(connection):
    stream = connection.makefile("rb")
    while True:
        size = shift = 0
        while True:
            byte = stream.read(1)
            if not byte:
                return
            size |= (byte[0] & 0x7F) << shift
            shift += 7
            if byte[0] < 0x80:
                break
        for kind, request in fields(stream.read(size)):
            reply = field(kind + 1, answer(kind, request))
            connection.sendall(varint(len(reply)) + reply)


def main():
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
    listener.bind(sys.argv[1])
    listener.listen(8)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
