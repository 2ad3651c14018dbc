#!/usr/bin/env python3
"""A node that lies: passes everything on to a true one but for one thing.
   liar.py URL LIE     prints its own address
LIE: short-sums | torsion-sums | other-sums | short-part | shares=OWNER | uuid | threshold | gas-once | no-receipts
     reveal   one false share after another, of owner 1, 2...; says of what it is sent that it is recorded"""
import http.server
import json
import re
import sys
import urllib.request

node, lie = sys.argv[1:]
TALLY_OF, EVENTS_OF, SHARES_OF = 'da897cd1', 'c2127bb7', '4e4c9fbe'
CONSULTATION, TRUSTEE_AT = '12894660', '1f310d4f'
REVEAL = {
    'eth_estimateGas': lambda params: '0xf4240',
    'eth_sendRawTransaction': lambda params: '0x' + '00' * 32,
    'eth_getTransactionReceipt': lambda params: {'status': '0x1', 'transactionHash': params[0], 'logs': []},
}
ORDER_2 = bytes.fromhex('ec' + 'ff' * 30 + '7f')  # a point, but not of the group
POINT, SHARE, ITEM = 32, 64, 96
told = []


def word(data, at):
    return int.from_bytes(data[at:at + 32], 'big')


def with_bytes(data, change):
    """An answer whose first value, of bytes, stands last."""
    at = word(data, 0)
    value = change(data[at + 32:at + 32 + word(data, at)])
    return data[:at] + len(value).to_bytes(32, 'big') + value + bytes(-len(value) % 32)


def short_part(data):
    """Takes the last word of the last body."""
    size = 3 * ITEM
    if word(data, len(data) - size - 32) != size:
        return data
    body = data[-size:-32]
    return data[:-size - 32] + len(body).to_bytes(32, 'big') + body


def spoil_shares(value):
    value = bytearray(value)
    for at in range(SHARE - 1, len(value), SHARE):
        value[at] ^= 1
    return bytes(value)


def false_dealer():
    if lie == 'reveal':
        return 1 + told.count('eth_sendRawTransaction')
    return int(lie[7:]) if lie.startswith('shares=') else 0


def call_answer(call, data):
    method, owner = call[2:10], call[74:138]
    if method == CONSULTATION and lie == 'uuid':
        uuid = re.search(rb'[1-9A-HJ-NP-Za-km-z]{14,}', data)[0]
        return data.replace(uuid, uuid[1:] + uuid[:1])
    if method == TRUSTEE_AT and lie == 'threshold':
        return data[:127] + b'\1' + data[128:]
    if method == TALLY_OF:
        if lie == 'short-sums':
            return with_bytes(data, lambda sums: sums[:-2 * POINT])
        if lie == 'torsion-sums':
            return with_bytes(data, lambda sums: ORDER_2 + sums[POINT:])
        if lie == 'other-sums':
            return with_bytes(data, lambda sums: sums[2 * POINT:4 * POINT] + sums[2 * POINT:])
    if method == EVENTS_OF and lie == 'short-part':
        return short_part(data)
    if method == SHARES_OF and int(owner, 16) == false_dealer():
        return with_bytes(data, spoil_shares)
    return data


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        asked = json.loads(body)
        if lie == 'no-receipts' and asked['method'] == 'eth_getTransactionReceipt':
            self.close_connection = True
            return
        if lie == 'gas-once' and asked['method'] == 'eth_estimateGas' and not told:
            told.append('eth_estimateGas')
            self.answer({'id': asked['id'], 'result': '0xf4240'})
            return
        if lie == 'reveal' and asked['method'] in REVEAL:
            told.append(asked['method'])
            self.answer({'id': asked['id'], 'result': REVEAL[asked['method']](asked['params'])})
            return
        request = urllib.request.Request(node, body, {'Content-Type': 'application/json'})
        answer = json.loads(urllib.request.urlopen(request).read())
        if asked['method'] == 'eth_call' and 'result' in answer:
            data = call_answer(asked['params'][0]['data'], bytes.fromhex(answer['result'][2:]))
            answer['result'] = '0x' + data.hex()
        self.answer(answer)

    def answer(self, answer):
        out = json.dumps({'jsonrpc': '2.0', **answer}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(out)))
        self.end_headers()
        self.wfile.write(out)


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(f'http://127.0.0.1:{server.server_port}', flush=True)
server.serve_forever()
