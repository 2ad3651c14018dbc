// What a hostile peer may send: bundles of transactions, put into a running member where the engine puts
// those of its peers (InsertTx of ABCI, written here anew). Each is answered, costs a bounded amount of
// work and memory, and stops nothing.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { allHashes, balance, ethers, haveBlock, keys, openNetwork, skip, sleep, transfer, until } from './members.mjs';
import { Signer } from './signer.mjs';

const GOSSIP_BYTES = 65536;
const GROWTH_MB = 160; // of the member's memory, over all that is done to it here
const [alice, bob] = keys.map((key) => new ethers.Wallet(key));
const nobody = ethers.zeroPadValue('0xb0b0', 20);
let cluster, first, m, wire, signer, memory;

// --- ABCI: frames of a length and a message; requests are answered in their order

function varint(n) {
  const out = [];
  for (let left = BigInt(n); ; left >>= 7n) {
    if (left < 128n) return Buffer.from([...out, Number(left)]);
    out.push(Number(left & 127n) | 128);
  }
}
const field = (number, bytes) => Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
const frame = (message) => Buffer.concat([varint(message.length), message]);
const FLUSH = frame(field(2, Buffer.alloc(0)));
const INFO = 3, INSERT = 21;

class Wire {
  constructor(path) {
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
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const entry = (raw) => Buffer.concat([u32(raw.length), raw]);
function bundle(...raws) {
  const head = Buffer.from('PVB1\0\0\0\0\0\0\0\0');
  head.writeUInt32BE(++mark, 8);
  return Buffer.concat([head, ...raws.map(entry)]);
}
const bytes = (hexText) => Buffer.from(hexText.slice(2), 'hex');

// --- the member

const status = (name) => Number(readFileSync(`/proc/${m.pids().app}/status`, 'utf8').match(new RegExp(`${name}:\\s+(\\d+)`))[1]);
const memoryMb = () => status('VmRSS') / 1024;
function cpuSeconds() {
  const fields = readFileSync(`/proc/${m.pids().app}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

// It answers, goes on with the others, and took an honest transaction.
async function isWell(value) {
  const height = await wire.info();
  assert.ok(height > 0);
  const receipt = await transfer(m, keys[1], nobody, value);
  assert.ok(await haveBlock([first, m], Number(receipt.blockNumber), 20000));
  assert.ok(await until(async () => await wire.info() > height, 20000), 'its heights do not go on');
  assert.ok(memoryMb() < memory + GROWTH_MB, `${memoryMb()} MB, ${memory} before`);
}

before(async () => {
  if (skip) return;
  cluster = await openNetwork({ alloc: { [alice.address]: '1000', [bob.address]: '1000' } });
  [first, m] = cluster.members;
  signer = new Signer(20260);
  wire = new Wire(join(m.home, 'engine', 'app.sock'));
  await transfer(m, keys[1], nobody, 1n);
  memory = memoryMb();
});
after(async () => {
  wire?.socket.destroy();
  signer?.end();
  await cluster?.destroy();
});

test('bundles of no form, and too large ones, are refused one by one', { skip }, async () => {
  const good = bytes((await signer.sign({ key: keys[0].slice(2), nonce: 900, value: 1n, to: nobody })).raw);
  const head = bundle();
  const refused = {
    empty: Buffer.alloc(0),
    'the name alone': Buffer.from('PVB1'),
    'no transaction': head,
    'another name': Buffer.concat([Buffer.from('PVB2'), bundle(good).subarray(4)]),
    'a transaction as it is': good,
    'a length of nothing': Buffer.concat([head, u32(0)]),
    'a length past the end': Buffer.concat([head, u32(good.length + 1), good]),
    'a length of 4 GiB': Buffer.concat([head, u32(0xffffffff), good]),
    'bytes after the last one': Buffer.concat([bundle(good), Buffer.from([0, 0, 0])]),
    'a transaction above 1 MiB': bundle(Buffer.alloc((1 << 20) + 1, 7)),
    'five million empty lengths': Buffer.concat([head, Buffer.alloc(5 << 20)]),
    'a million transactions of a byte': Buffer.concat([head, Buffer.alloc(5 << 20, Buffer.from([0, 0, 0, 1, 2]))]),
  };
  for (const [name, bytes] of Object.entries(refused)) assert.notEqual(await wire.insert(bytes), 0, name);
  for (const noise of ['00', 'c0', '02', '02c0', '7f', 'f8ff', 'ff'.repeat(200)])
    assert.equal(await wire.insert(bundle(Buffer.from(noise, 'hex'))), 0); // a bundle, but of no transaction: dropped later
  await isWell(2n);
});

test('a connection that breaks the protocol is ended, and no other', { skip }, async () => {
  for (const garbage of [varint(1n << 40n), Buffer.alloc(20, 255), frame(Buffer.alloc(1 << 16, 255)), frame(field(77, Buffer.from('x')))]) {
    const other = new Wire(join(m.home, 'engine', 'app.sock'));
    other.waiting.push({ resolve() {}, reject() {} });
    other.socket.write(garbage);
    const ended = await Promise.race([other.closed.then(() => true), sleep(10000)]);
    assert.ok(ended, garbage.subarray(0, 8).toString('hex'));
  }
  await isWell(3n);
});

test('a bundle told a thousand times is executed once', { skip }, async () => {
  const { raw, hash } = await signer.sign({ key: keys[0].slice(2), nonce: 0, value: 5n, to: alice.address });
  const told = bundle(bytes(raw));
  for (let i = 0; i < 500; i++) assert.ok(((code) => code === 0 || code >= 32000)(await wire.insert(told)));
  for (let i = 0; i < 500; i++) await wire.insert(bundle(bytes(raw))); // told anew, under another mark
  assert.ok(await until(() => first.rpc.call('eth_getTransactionReceipt', [hash]), 20000));
  for (let i = 0; i < 20; i++) await wire.insert(told); // and when it is long in a block
  assert.equal(Number(await first.rpc.call('eth_getTransactionCount', [alice.address, 'latest'])), 1);
  assert.equal(Number(await m.rpc.call('eth_getTransactionCount', [alice.address, 'pending'])), 1);
  await isWell(4n);
});

test("somebody else's nonce cannot be taken", { skip }, async () => {
  const thief = '66'.repeat(32);
  const honest = bytes((await signer.sign({ key: keys[0].slice(2), nonce: 1, value: 6n, to: nobody })).raw);
  const before = await balance(first, nobody);
  const altered = []; // the honest one with another signature: of nobody, or of who has nothing
  for (let i = 1; i <= 64; i++) {
    const copy = Buffer.from(honest);
    copy[copy.length - i] ^= 1 + (i % 7);
    altered.push(copy);
  }
  for (const raw of altered) await wire.insert(bundle(raw));
  await wire.insert(bundle(...altered));
  for (let nonce = 0; nonce < 4; nonce++)
    await wire.insert(bundle(bytes((await signer.sign({ key: thief, nonce, value: 6n, to: nobody })).raw)));
  const hash = await m.rpc.call('eth_sendRawTransaction', [`0x${honest.toString('hex')}`]);
  assert.ok(await until(() => first.rpc.call('eth_getTransactionReceipt', [hash]), 20000));
  assert.equal(await balance(first, nobody), before + 6n); // the one transaction alone
  assert.equal(Number(await first.rpc.call('eth_getTransactionCount', [alice.address, 'latest'])), 2);
  await isWell(5n);
});

// bundles of 64 KiB, `count` times, and how long the member works on them
async function flood(raws, count) {
  const per = Math.floor((GOSSIP_BYTES - 12) / (raws[0].length + 4));
  const many = Array.from({ length: per }, (_, i) => raws[i % raws.length]);
  const from = cpuSeconds();
  const codes = await Promise.all(Array.from({ length: count }, () => wire.insert(bundle(...many))));
  assert.equal(codes.length, count); // every one is answered
  await isWell(7n); // in the middle of it
  // then it rests: what waited is worked off
  assert.ok(await until(async () => {
    const before = cpuSeconds();
    await sleep(500);
    return cpuSeconds() - before < 0.2;
  }, 60000, 0), 'it does not come to rest');
  return { seconds: cpuSeconds() - from, transactions: per * count, codes };
}

test('64 KiB of transactions with broken signatures', { skip, timeout: 90000 }, async () => {
  const honest = bytes((await signer.sign({ key: keys[0].slice(2), nonce: 2, value: 1n, to: nobody })).raw);
  const broken = Buffer.from(honest);
  broken.fill(0xff, broken.length - 32); // s above the order: nobody signed this
  const { seconds, transactions } = await flood([broken], 200);
  // each bundle is given up at its first one: far from one recovery (some 50 µs) each
  assert.ok(seconds < transactions * 50e-6, `${seconds} s for ${transactions} transactions`);
});

test('64 KiB of transactions of senders who have nothing', { skip, timeout: 90000 }, async () => {
  const raws = await Promise.all(Array.from({ length: 300 }, async (_, i) => bytes((await signer.sign({
    key: (0x7000 + i).toString(16).padStart(64, '0'), nonce: 0, value: 10n ** 18n, to: nobody })).raw)));
  const { seconds, transactions } = await flood(raws, 20);
  assert.ok(seconds < transactions * 1e-3, `${seconds} s for ${transactions} transactions`);
  assert.equal(Number((await m.rpc.call('txpool_status')).queued), 0);
});

test('more than the inbox holds is refused to be told again, and nothing is kept of it', { skip, timeout: 90000 }, async () => {
  const raws = await Promise.all(Array.from({ length: 300 }, async (_, i) => bytes((await signer.sign({
    key: (0x8000 + i).toString(16).padStart(64, '0'), nonce: 5, value: 1n, to: nobody })).raw)));
  const large = Array.from({ length: 1000 }, (_, i) => raws[i % raws.length]);
  const codes = await Promise.all(Array.from({ length: 400 }, () => wire.insert(bundle(...large)))); // 45 MB
  assert.ok(codes.some((code) => code >= 32000), 'none was refused'); // retryable
  await isWell(8n);
});

test('all members have the same blocks, and stop as they should', { skip }, async () => {
  const chains = await allHashes(cluster.members);
  for (const chain of chains) assert.deepEqual(chain, chains[0]);
  assert.doesNotMatch(m.log(), /ended with|ended by/);
  wire.socket.destroy();
  assert.deepEqual(await cluster.stopAll(), [0, 0, 0, 0]);
});
