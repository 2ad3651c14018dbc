// A district's year seen from outside: what the service answers, emits and proves, with ethers and a
// trie library that is not ours, against `parvis energy allocate` on the same files.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Trie } from '@ethereumjs/trie';
import { ethers } from 'ethers';
import { startNode, cli, parvis, rpc } from './node.mjs';

const bytes = (hex) => ethers.getBytes(hex);
const run = (...args) => execFileSync(parvis, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
const csv = (path) => readFileSync(path, 'utf8').trim().split('\n').slice(1).map((l) => l.split(','));

let node, provider, energy, files, summary, folder;

before(async () => {
  node = await startNode({ initArgs: ['--timestamp', '1735686000'] });
  folder = join(node.home, 'district');
  run('energy', 'sample', '--out', folder, '--quiet');
  files = { hashes: join(folder, 'hashes.csv'), allocations: join(folder, 'allocations.csv') };
  summary = JSON.parse(run('energy', 'allocate', '--data', folder, '--json', '--quiet',
    '--day-hashes', files.hashes, '--allocations', files.allocations));
  provider = new ethers.JsonRpcProvider(node.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
  const services = (await rpc(node.url, 'parvis_services')).result;
  const address = services.find((s) => s.name === 'energy').address;
  energy = new ethers.Contract(address, JSON.parse(cli(node.home, 'abi', 'energy')), provider);
});
after(async () => {
  provider.destroy();
  assert.equal(await node.stop(), 0);
});

test('a filter reports every settled day as it happens', async () => {
  const topic = energy.interface.getEvent('DaySettled').topicHash;
  const { result: filter } = await rpc(node.url, 'eth_newFilter', [{ address: energy.target, topics: [topic] }]);
  cli(node.home, 'energy', 'load', '--data', folder, '--rpc', node.url, '--quiet');
  const { result: logs } = await rpc(node.url, 'eth_getFilterChanges', [filter]);
  const days = logs.map((l) => energy.interface.parseLog(l).args);
  assert.equal(days.length, 365);
  assert.deepEqual((await rpc(node.url, 'eth_getFilterChanges', [filter])).result, []);
  const sum = (name) => Number(days.reduce((total, d) => total + d[name], 0n));
  assert.equal(sum('producedWh'), summary.production_wh);
  assert.equal(sum('consumedWh'), summary.consumption_wh);
  assert.equal(sum('sharedWh'), summary.auto_wh.default);
  assert.equal(sum('surplusWh'), summary.surplus_wh.default);
  // the days' hashes, chained as anyone can, are the year's hash of the offline calculation
  const chained = (name) => createHash('sha256')
    .update(days.map((d) => d[name].slice(2)).join('')).digest('hex');
  assert.equal(chained('allocationHash'), summary.year_hash.default);
  assert.equal(chained('matrixHash'), summary.pairwise_year_hash);
});

test('totals and days by eth_call are those of the files', async () => {
  const totals = await energy.totals(1);
  assert.equal(Number(totals.producedWh), summary.production_wh);
  assert.equal(Number(totals.sharedWh), summary.auto_wh.default);
  assert.equal(Number(totals.settledDays), 365);
  assert.equal(Number(totals.invoicedHtCents), summary.invoices.ht_cents);
  assert.equal(Number(totals.invoicedVatCents), summary.invoices.vat_cents);
  assert.equal(totals.paidCents, totals.invoicedHtCents + totals.invoicedVatCents);
  const days = csv(files.hashes);
  assert.equal(days.length, 365);
  for (const at of [0, 88, 200, 298, 364]) { // 88 and 298: 46 and 50 half-hours
    const number = Math.floor(Date.parse('2025-01-01T00:00:00Z') / 86400000) + at;
    const day = await energy.dayResult(1, number);
    assert.equal(Number(day.steps), at === 88 ? 46 : at === 298 ? 50 : 48);
    assert.ok(days[at].includes(day.allocationHash.slice(2)), `day ${at}: ${days[at]}`);
  }
});

test('the allocation of a step by eth_call is that of the files', async () => {
  const rows = new Map(csv(files.allocations).map((r) => [r[0], r]));
  for (const [dayOffset, step] of [[120, 25], [171, 20], [200, 30]]) {
    const number = 20089 + dayOffset; // 2025-01-01 is local day 20089
    const info = await energy.steps(1, number);
    const { allocatedWh, usedWh } = await energy.allocation(1, number, step);
    const row = rows.get(String(info.firstStep + BigInt(step)));
    const expected = row.slice(-allocatedWh.length).map(Number);
    assert.deepEqual(allocatedWh.map(Number), expected);
    const given = allocatedWh.reduce((a, b) => a + b, 0n);
    assert.ok(given > 0n);
    assert.equal(usedWh.reduce((a, b) => a + b, 0n), given);
    const matrix = await energy.matrix(1, number, step);
    for (let i = 0; i < allocatedWh.length; i++) {
      let column = 0n;
      for (let k = 0; k < usedWh.length; k++) column += matrix[k * allocatedWh.length + i];
      assert.equal(column, allocatedWh[i]);
    }
  }
});

// Slots as src/city/service.h says: keccak256(tag, 0x00, then each key behind its 4-byte length);
// the keys of energy's records are 8-byte integers.
function recordSlot(tag, ...keys) {
  const parts = [ethers.toUtf8Bytes(tag), new Uint8Array([0])];
  for (const key of keys)
    parts.push(ethers.toBeArray(0x100000000n + 8n).slice(1), ethers.zeroPadValue(ethers.toBeHex(key), 8));
  return ethers.keccak256(ethers.concat(parts));
}

async function prove(slot) {
  const block = (await rpc(node.url, 'eth_getBlockByNumber', ['latest', false])).result;
  const { result } = await rpc(node.url, 'eth_getProof', [energy.target, [slot], block.number]);
  const read = async (root, key, proof) => {
    const trie = await Trie.createFromProof(proof.map(bytes), { root: bytes(root), useKeyHashing: false }, true);
    assert.equal(ethers.hexlify(trie.root()), root);
    return trie.get(bytes(ethers.keccak256(key)), true);
  };
  const account = await read(block.stateRoot, energy.target, result.accountProof);
  const storageRoot = ethers.decodeRlp(ethers.hexlify(account))[2];
  assert.equal(storageRoot, result.storageHash);
  const found = await read(storageRoot, slot, result.storageProof[0].proof);
  return { found: found && ethers.decodeRlp(ethers.hexlify(found)), result };
}

test('the record of a day is proved to a third party', async () => {
  const day = 20089 + 171;
  const { found, result } = await prove(recordSlot('day', 1, day));
  assert.equal(result.storageProof[0].value, found);
  // settle.h: version, points, steps, missing (4 bytes each), produced, consumed, shared (8), hashes
  const view = new DataView(bytes(found).buffer);
  const said = await energy.dayResult(1, day);
  assert.equal(bytes(found).length, 4 * 4 + 3 * 8 + 64);
  assert.equal(view.getUint32(0), Number(said.version));
  assert.equal(view.getUint32(8), Number(said.steps));
  assert.equal(view.getBigUint64(16), said.producedWh);
  assert.equal(view.getBigUint64(24), said.consumedWh);
  assert.equal(view.getBigUint64(32), said.sharedWh);
  assert.equal(ethers.dataSlice(found, 40, 72), said.allocationHash);
  assert.equal(ethers.dataSlice(found, 72), said.matrixHash);
});

test('the readings of a day are proved, and that there is no correction', async () => {
  const day = 20089 + 10;
  const { found } = await prove(recordSlot('batch', 1, day, 1));
  assert.equal(found, await energy.readings(1, day, 1));
  assert.equal((await prove(recordSlot('batch', 1, day, 2))).found, null);
});

test('a refusal arrives as the custom error of the service', async () => {
  await assert.rejects(energy.dayResult(1, 30000),
    (e) => e.code === 'CALL_EXCEPTION' && e.revert?.name === 'DayNotSettled' && e.revert.args[0] === 30000n);
  await assert.rejects(energy.totals(2),
    (e) => e.code === 'CALL_EXCEPTION' && e.revert?.name === 'UnknownOperation');
  await assert.rejects(energy.submitDay.staticCall(1, 20089, '0x01'),
    (e) => e.code === 'CALL_EXCEPTION' && e.revert?.name === 'NotAuthorised');
});
