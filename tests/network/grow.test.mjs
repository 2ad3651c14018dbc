// A chain that one node ordered, with accounts, a contract and an energy operation, becomes a network of
// four: the same chain goes on, and everyone has all of it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  allHashes, balance, ethers, folder, growNetwork, hashes, haveBlock, keys, ok, run, skip, startAll, startNode, transfer,
} from './members.mjs';

const [alice, bob] = keys.map((key) => new ethers.Wallet(key));
const nobody = ethers.zeroPadValue('0xb0b0', 20);
// a contract that keeps a word: set by a call with data, told by one without
const RUNTIME = '36600f5760005460005260206000f35b60003560005500';
const CREATION = `0x6017600c60003960176000f3${RUNTIME}`;

let home, cluster, members, district;
const past = {}; // what the node knew before

async function sendFrom(node, wallet, tx) {
  const nonce = Number(await node.rpc.call('eth_getTransactionCount', [wallet.address, 'pending']));
  const raw = await wallet.signTransaction({ type: 2, chainId: 20260, nonce, gasLimit: 300000, maxFeePerGas: 0,
    maxPriorityFeePerGas: 0, ...tx });
  const provider = new ethers.JsonRpcProvider(node.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
  const receipt = await (await provider.broadcastTransaction(raw)).wait(1, 20000);
  provider.destroy();
  return receipt;
}

const asked = (node, hash) => node.rpc.call('eth_getTransactionReceipt', [hash]);
const report = (url) => ok('energy', 'report', '--home', home, '--rpc', url);

before(async () => {
  if (skip) return;
  home = join(folder(), 'solo');
  district = join(folder(), 'district');
  await ok('init', '--home', home, '--quiet', '--timestamp', '1735686000', '--alloc', `${alice.address}=1000`,
    '--alloc', `${bob.address}=10`);
  await ok('energy', 'sample', '--out', district, '--quiet');
  const solo = await startNode(home);
  past.transfer = await transfer(solo, keys[0], nobody, 77n);
  past.contract = (await sendFrom(solo, alice, { data: CREATION })).contractAddress;
  past.call = await asked(solo, (await sendFrom(solo, bob, { to: past.contract, data: ethers.toBeHex(41, 32) })).hash);
  await ok('energy', 'load', '--data', district, '--until', '2025-02-28', '--home', home, '--rpc', solo.url, '--quiet');
  past.report = await report(solo.url);
  past.balances = await Promise.all([alice, bob].map((w) => balance(solo, w.address)));
  past.hashes = await hashes(solo);
  past.block = await solo.rpc.call('eth_getBlockByNumber', ['0x2', true]);
  assert.equal(await solo.stop(), 0);
});
after(() => cluster?.destroy());

test('it becomes a network of four', { skip }, async () => {
  cluster = await growNetwork(home, 4);
  members = cluster.members;
  assert.equal(cluster.info.block, past.hashes.length); // one block more: the founding
  startAll(cluster);
  await cluster.ready(cluster.info.block - 1);
  // the node that ordered alone does not order any more
  const alone = await run('network', 'init', '--from', home, '--out', join(folder(), 'no.json'), '--member', members[0].card);
  assert.notEqual(alone.code, 0);
});

test('addresses, balances, blocks and receipts are what they were, at every member', { skip }, async () => {
  for (const m of members) {
    assert.deepEqual(await hashes(m, 0, past.hashes.length - 1), past.hashes);
    assert.deepEqual(await m.rpc.call('eth_getBlockByNumber', ['0x2', true]), past.block);
    assert.deepEqual(await Promise.all([alice, bob].map((w) => balance(m, w.address))), past.balances);
    assert.equal(await m.rpc.call('eth_getCode', [past.contract, 'latest']), `0x${RUNTIME}`);
    assert.equal(Number(await m.rpc.call('eth_call', [{ to: past.contract }, 'latest'])), 41);
    assert.deepEqual(await asked(m, past.transfer.transactionHash), past.transfer);
    assert.deepEqual(await asked(m, past.call.transactionHash), past.call);
    assert.equal((await report(m.url)).replace(/blocks .*/, ''), past.report.replace(/blocks .*/, ''));
  }
});

test('and everything goes on: accounts, contract, operation', { skip }, async () => {
  await transfer(members[1], keys[0], nobody, 3n);
  await sendFrom(members[2], bob, { to: past.contract, data: ethers.toBeHex(42, 32) });
  await ok('energy', 'load', '--data', district, '--until', '2025-03-31', '--home', home, '--rpc', members[3].url, '--quiet');
  await haveBlock(members, await members[3].head());
  for (const m of members) {
    assert.equal(await balance(m, nobody), 80n);
    assert.equal(Number(await m.rpc.call('eth_call', [{ to: past.contract }, 'latest'])), 42);
    assert.match(await report(m.url), /90 days settled/);
  }
  const chains = await allHashes(members);
  for (const chain of chains) assert.deepEqual(chain, chains[0]);
  assert.ok(chains[0].length > cluster.info.block + 3);
  assert.deepEqual(chains[0].slice(0, past.hashes.length), past.hashes);
});

test('audit passes over both parts on every member; export and import carry both', { skip }, async () => {
  assert.deepEqual(await cluster.stopAll(), [0, 0, 0, 0]);
  const files = [];
  let settled;
  for (const m of members) {
    const audited = JSON.parse(await ok('audit', '--home', m.home, '--json'));
    assert.ok(audited.holds && audited.blocks > cluster.info.block);
    files.push(join(folder(), 'whole.chain'));
    await ok('export', files.at(-1), '--home', m.home, '--quiet');
    settled ??= audited.blocks;
  }
  const copy = join(folder(), 'copy');
  await ok('import', files[1], '--home', copy, '--quiet');
  assert.ok(JSON.parse(await ok('audit', '--home', copy, '--json')).blocks >= settled - 1);
  // it is a copy of the network's ledger: nobody alone can go on with it
  const follower = await startNode(copy, '--follow', 'http://127.0.0.1:1');
  assert.equal(await balance(follower, nobody), 80n);
  assert.deepEqual((await hashes(follower)).slice(0, past.hashes.length), past.hashes);
  assert.deepEqual(await asked(follower, past.call.transactionHash), past.call);
  assert.equal(await follower.stop(), 0);
});

test('an altered history is refused by who joins', { skip }, async () => {
  const stranger = join(folder(), 'stranger');
  await ok('network', 'prepare', '--home', stranger, '--name', 'stranger', '--p2p', '127.0.0.1:35999');
  const path = cluster.network.replace('.json', '.chain');
  const chain = readFileSync(path);
  chain[Math.floor(chain.length / 2)] ^= 1;
  writeFileSync(path, chain);
  const { code, err } = await run('network', 'join', '--home', stranger, '--network', cluster.network);
  assert.notEqual(code, 0);
  assert.match(err, /network\.chain|block/);
});
