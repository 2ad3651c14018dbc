// What a hostile peer may send: bundles of transactions, put into a running member where the engine puts
// those of its peers (wire.mjs). Each is answered, costs a bounded amount of
// work and memory, and stops nothing.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { allHashes, balance, ethers, haveBlock, keys, openNetwork, skip, sleep, transfer, until } from './members.mjs';
import { Signer } from './signer.mjs';
import { Wire, bundle, bytes, field, frame, u32, varint } from './wire.mjs';

const GOSSIP_BYTES = 65536;
const GROWTH_MB = 160; // of the member's memory, over all that is done to it here
const [alice, bob] = keys.map((key) => new ethers.Wallet(key));
const nobody = ethers.zeroPadValue('0xb0b0', 20);
let cluster, first, m, wire, signer, memory;

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
  wire = new Wire(m);
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
    const other = new Wire(m);
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
