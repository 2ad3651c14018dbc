// What a peer says to a member: bundles of transactions, given to its application where the engine gives
// those of its peers (InsertTx of ABCI, written here anew).
import assert from 'node:assert/strict';
import net from 'node:net';
import { join, relative } from 'node:path';

// --- ABCI: frames of a length and a message; requests are answered in their order

export function varint(n) {
  const out = [];
  for (let left = BigInt(n); ; left >>= 7n) {
    if (left < 128n) return Buffer.from([...out, Number(left)]);
    out.push(Number(left & 127n) | 128);
  }
}
export const field = (number, bytes) => Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
export const frame = (message) => Buffer.concat([varint(message.length), message]);
const FLUSH = frame(field(2, Buffer.alloc(0)));
const INFO = 3, INSERT = 21;

export class Wire {
  constructor(member) {
    const path = join(member.home, 'engine', 'app.sock');
    this.waiting = [];
    this.data = Buffer.alloc(0);
    // a socket's address is short: from here
    this.socket = net.connect(relative(process.cwd(), path).length < path.length ? relative(process.cwd(), path) : path);
    this.socket.on('data', (data) => this.take(data));
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.on('error', () => {});
    this.closed.then(() => { for (const w of this.waiting) w.reject(new Error('the member closed the connection')); });
  }

  take(data) {
    this.data = Buffer.concat([this.data, data]);
    for (;;) {
      const [length, at] = this.number(this.data, 0);
      if (length === undefined || this.data.length < at + length) return;
      const message = this.data.subarray(at, at + length);
      this.data = this.data.subarray(at + length);
      const [tag, from] = this.number(message, 0);
      const [, begin] = this.number(message, from);
      if (tag >> 3 !== 3) this.waiting.shift().resolve({ kind: tag >> 3, body: message.subarray(begin) }); // 3: of a flush
    }
  }

  number(bytes, at) {
    let value = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      value += (bytes[at] & 127) * 2 ** shift;
      if (bytes[at++] < 128) return [value, at];
    }
    return [undefined, at];
  }

  ask(kind, body) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer in 20 s')), 20000);
      const end = (act) => (value) => { clearTimeout(timer); act(value); };
      this.waiting.push({ resolve: end(resolve), reject: end(reject) });
      this.socket.write(Buffer.concat([frame(field(kind, body)), FLUSH]));
    });
  }

  // -> the code: 0 is taken
  async insert(bundle) {
    const { kind, body } = await this.ask(INSERT, field(1, bundle));
    assert.equal(kind, INSERT + 1);
    return body.length ? this.number(body, 1)[0] : 0;
  }

  // -> the last height
  async info() {
    const { kind, body } = await this.ask(INFO, Buffer.alloc(0));
    assert.equal(kind, INFO + 1);
    for (let at = 0; at < body.length;) {
      const [tag, from] = this.number(body, at);
      const [value, next] = this.number(body, from);
      if (tag === 4 << 3) return value;
      at = (tag & 7) === 2 ? next + value : next;
    }
    return 0;
  }
}

// --- bundles: src/engine/bundle.h

let mark = 0;
export const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const entry = (raw) => Buffer.concat([u32(raw.length), raw]);
export function bundle(...raws) {
  const head = Buffer.from('PVB1\0\0\0\0\0\0\0\0');
  head.writeUInt32BE(++mark, 8);
  return Buffer.concat([head, ...raws.map(entry)]);
}
export const bytes = (hexText) => Buffer.from(hexText.slice(2), 'hex');
