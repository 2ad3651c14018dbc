// Four members settle the sample district's year; each serves it to ethers and viem like a node alone.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allHashes, balance, ethers, folder, haveBlock, hashes, hex, keys, ok, openNetwork, require, skip } from './members.mjs';

const { Trie } = require('@ethereumjs/trie');
const { createPublicClient, createWalletClient, defineChain, http, parseEther, webSocket } = require('viem');
const { privateKeyToAccount } = require('viem/accounts');
const bytes = (text) => ethers.getBytes(text);
const csv = (path) => readFileSync(path, 'utf8').trim().split('\n').slice(1).map((line) => line.split(','));

let cluster, members, district, services;
const wallets = keys.map((key) => new ethers.Wallet(key));
const nobody = (n) => ethers.zeroPadValue(ethers.toBeHex(0xb0b0 + n), 20);
const pairs = [[0, 1], [1, 2], [2, 3], [3, 0]]; // through one member, seen at another
const provider = (m) => new ethers.JsonRpcProvider(m.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });

before(async () => {
  if (skip) return;
  cluster = await openNetwork({ alloc: Object.fromEntries(wallets.map((w) => [w.address, '1000'])),
    init: ['--timestamp', '1735686000'] });
  members = cluster.members;
  district = join(folder(), 'district');
  services = Object.fromEntries((await members[0].rpc.call('parvis_services')).map((s) => [s.name, s.address]));
});
after(() => cluster?.destroy());

test('a year is loaded through one member; every block is the same at all four', { skip }, async () => {
  await ok('energy', 'sample', '--out', district, '--quiet');
  await ok('energy', 'load', '--data', district, '--home', members[0].home, '--rpc', members[0].url, '--quiet');
  await haveBlock(members, await members[0].head());
  const chains = await allHashes(members);
  assert.ok(chains[0].length > 20, `${chains[0].length} blocks`);
  for (const chain of chains) assert.deepEqual(chain, chains[0]);
  const roots = await Promise.all(members.map(async (m) =>
    (await m.rpc.call('eth_getBlockByNumber', [hex(chains[0].length - 1), false])).stateRoot));
  assert.equal(new Set(roots).size, 1);
  // they took turns: no member made all of it
  const proposers = new Set();
  for (let n = 1; n < chains[0].length; n++)
    proposers.add((await members[1].rpc.call('eth_getBlockByNumber', [hex(n), false])).miner);
  assert.equal(proposers.size, 4);
});

test('the report is the same at every member, and that of the files', { skip }, async () => {
  const files = join(folder(), 'hashes.csv');
  const offline = JSON.parse(await ok('energy', 'allocate', '--data', district, '--json', '--quiet', '--day-hashes', files));
  const reports = await Promise.all(members.map((m) => ok('energy', 'report', '--home', m.home, '--rpc', m.url)));
  // who is behind the operation's pseudonym only the organiser's home knows; a block may come meanwhile
  assert.match(reports[0], /^Operation 1 CONFLUENT-2025: .* 365 days settled/);
  const tables = reports.map((report) => report.replace(' CONFLUENT-2025', '').replace(/\n *blocks .*/, ''));
  assert.match(tables[0], /produced  *206 426 802 Wh/);
  for (const table of tables) assert.equal(table, tables[0]);
  const days = csv(files), first = Math.floor(Date.parse('2025-01-01T00:00:00Z') / 86400000);
  for (const m of members) {
    const p = provider(m);
    const energy = new ethers.Contract(services.energy, JSON.parse(await ok('abi', 'energy')), p);
    const totals = await energy.totals(1);
    assert.equal(Number(totals.settledDays), 365);
    assert.equal(Number(totals.producedWh), offline.production_wh);
    assert.equal(Number(totals.sharedWh), offline.auto_wh.default);
    assert.equal(Number(totals.invoicedHtCents), offline.invoices.ht_cents);
    for (const at of [0, 88, 298, 364])
      assert.ok(days[at].includes((await energy.dayResult(1, first + at)).allocationHash.slice(2)), `day ${at}`);
    p.destroy();
  }
});

test('ethers: sent through one member, seen at another; logs; a record proved', { skip }, async () => {
  const abi = JSON.parse(await ok('abi', 'money'));
  for (const [i, j] of pairs) {
    const from = provider(members[i]), to = provider(members[j]);
    const money = new ethers.Contract(services.money, abi, wallets[i].connect(from));
    const tx = await money.transfer(nobody(i), 1000n + BigInt(i));
    const receipt = await to.waitForTransaction(tx.hash, 1, 20000);
    assert.equal(receipt.status, 1);
    assert.equal(await to.getBalance(nobody(i)), 1000n + BigInt(i));
    const there = new ethers.Contract(services.money, abi, to);
    const [event] = await there.queryFilter(there.filters.Transfer(wallets[i].address, nobody(i)), receipt.blockNumber);
    assert.equal(event.transactionHash, tx.hash);
    assert.equal(event.blockHash, receipt.blockHash);
    await from.waitForTransaction(tx.hash, 1, 20000);
    assert.deepEqual(await from.getTransactionReceipt(tx.hash).then((r) => r.toJSON()), receipt.toJSON());
    from.destroy();
    to.destroy();
  }
});

// the key of a record of `energy`: src/city/service.h
function recordSlot(tag, ...parts) {
  const words = parts.flatMap((part) => ['0x00000008', ethers.zeroPadValue(ethers.toBeHex(part), 8)]);
  return ethers.keccak256(ethers.concat([ethers.toUtf8Bytes(tag), '0x00', ...words]));
}

async function proved(root, key, proof) {
  const trie = await Trie.createFromProof(proof.map(bytes), { root: bytes(root), useKeyHashing: false }, true);
  assert.equal(ethers.hexlify(trie.root()), root);
  return trie.get(bytes(ethers.keccak256(key)), true);
}

test('a record of a service is proved by every member with the same proof', { skip }, async () => {
  const slot = recordSlot('day', 1, Math.floor(Date.parse('2025-01-01T00:00:00Z') / 86400000) + 171);
  const number = hex(Math.min(...await Promise.all(members.map((m) => m.head()))));
  const proofs = await Promise.all(members.map((m) => m.rpc.call('eth_getProof', [services.energy, [slot], number])));
  for (const proof of proofs) assert.deepEqual(proof, proofs[0]);
  const { stateRoot } = await members[3].rpc.call('eth_getBlockByNumber', [number, false]);
  const account = await proved(stateRoot, services.energy, proofs[0].accountProof);
  const storageRoot = ethers.decodeRlp(ethers.hexlify(account))[2];
  const record = ethers.decodeRlp(ethers.hexlify(await proved(storageRoot, slot, proofs[0].storageProof[0].proof)));
  assert.equal(record, proofs[0].storageProof[0].value);
  assert.equal(bytes(record).length, 104); // version, points, steps, missing, three sums, two hashes
});

test('viem: sent through one member, heard at another', { skip }, async () => {
  const abi = JSON.parse(await ok('abi', 'money'));
  for (const [i, j] of pairs) {
    const chains = [i, j].map((k) => defineChain({ id: 20260, name: 'Parvis',
      nativeCurrency: { name: 'city', symbol: 'CITY', decimals: 18 }, rpcUrls: { default: { http: [members[k].url] } } }));
    const account = privateKeyToAccount(keys[i]);
    const wallet = createWalletClient({ chain: chains[0], transport: http(), account });
    const reader = createPublicClient({ chain: chains[1], transport: http(), pollingInterval: 20, cacheTime: 0 });
    const stream = createPublicClient({ chain: chains[1], transport: webSocket(members[j].url.replace('http', 'ws')) });
    let stop;
    const heard = new Promise((resolve, reject) => {
      stop = stream.watchContractEvent({ address: services.money, abi, eventName: 'Transfer', onError: reject,
        onLogs: (logs) => resolve(logs[0]) });
    });
    const head = new Promise((resolve, reject) => stream.watchBlockNumber({ onBlockNumber: resolve, onError: reject }));
    await stream.getBlockNumber({ cacheTime: 0 }); // answered after the subscriptions, on the same connection
    const hash = await wallet.writeContract({ address: services.money, abi, functionName: 'transfer',
      args: [nobody(10 + i), parseEther('1')] });
    const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 20000 });
    assert.equal(receipt.status, 'success');
    const log = await heard;
    assert.equal(log.transactionHash, hash);
    assert.equal(log.blockNumber, receipt.blockNumber);
    assert.ok(await head > 0n);
    assert.equal(await balance(members[j], nobody(10 + i)), parseEther('1'));
    stop();
    (await stream.transport.getRpcClient()).close();
  }
});

test('every member stops with 0, and its copy holds', { skip }, async () => {
  const last = await members[0].head();
  await haveBlock(members, last);
  const tip = (await Promise.all(members.map((m) => hashes(m, last, last)))).flat();
  assert.equal(new Set(tip).size, 1);
  assert.deepEqual(await cluster.stopAll(), [0, 0, 0, 0]);
  assert.match(await ok('audit', '--home', members[2].home), /The ledger holds/);
});
