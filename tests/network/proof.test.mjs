// Proofs from a network that runs, for someone who runs no node: the command and the JavaScript module
// agree on every one, before and after the validators have changed by votes.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  allHashes, balance, decide, ethers, folder, haveBlock, joinNetwork, keys, newMember, ok, openNetwork, run, skip, startMember,
  startNode, transfer, until,
} from './members.mjs';
import { verifyProof, ProofError } from '../../web/verify/verify.mjs';

const wallets = keys.map((key) => new ethers.Wallet(key));
const nobody = ethers.zeroPadValue('0xb0b0', 20);
let cluster, members, dir, genesis, receipt, money, follower;
const file = (name) => join(dir, name);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));

before(async () => {
  if (skip) return;
  cluster = await openNetwork({ alloc: Object.fromEntries(wallets.map((w) => [w.address, '1000'])) });
  members = cluster.members;
  dir = folder();
  genesis = join(members[0].home, 'engine', 'config', 'genesis.json');
  money = (await members[0].rpc.call('parvis_services')).find((s) => s.name === 'money').address;
  receipt = await transfer(members[0], keys[0], nobody, 12345n);
});
after(async () => {
  await follower?.stop();
  await cluster?.destroy();
});

// makes a document through a member and has both verify it: -> what they say
async function prove(m, trust, ...words) {
  const made = await until(async () => { // the header that carries a block is signed a height later
    const r = await run('proof', ...words, '--rpc', m.url, '--trust', trust, '--out', file('proof.json'));
    if (r.code !== 3) return r;
  }, 20000);
  assert.equal(made?.code, 0, made?.err);
  return both(file('proof.json'), trust);
}

async function both(document, trust) {
  const { trust: next, ...facts } = await verifyProof(read(document), read(trust));
  const printed = JSON.parse(await ok('verify-proof', document, '--trust', trust, '--json', '--save-trust', file('saved.json')));
  const { from } = printed;
  delete printed.from;
  assert.deepEqual(facts, printed);
  assert.deepEqual(next, read(file('saved.json')));
  return { ...facts, from }; // who signed the transaction only the command finds out
}

// the key of a record of a service: src/city/service.h
const recordSlot = (tag) => ethers.keccak256(ethers.concat([ethers.toUtf8Bytes(tag), '0x00']));

test('an account, from the genesis and from a trust that a member hands out', { skip }, async () => {
  await ok('network', 'trust', '--rpc', members[3].url, '--out', file('member.json'));
  for (const [i, trust] of [[0, genesis], [2, genesis], [1, file('member.json')]]) {
    const facts = await prove(members[i], trust, wallets[0].address, '--block', String(Number(receipt.blockNumber)));
    assert.equal(facts.chain, 'parvis-20260');
    assert.equal(facts.validators, 4);
    assert.ok(facts.signers >= 3);
    assert.equal(BigInt(facts.balance), ethers.parseEther('1000') - 12345n);
    assert.equal(facts.nonce, 1);
    const block = await members[3].rpc.call('eth_getBlockByNumber', [ethers.toQuantity(facts.blockNumber), false]);
    assert.equal(facts.blockHash, block.hash);
  }
  const { exists } = await prove(members[1], genesis, '0x00000000000000000000000000000000deadbeef');
  assert.equal(exists, false);
});

test('the record of a service', { skip }, async () => {
  const { members: list } = Object.fromEntries((await members[0].rpc.call('parvis_services')).map((s) => [s.name, s.address]));
  const slot = recordSlot('roll'); // of all members: src/city/members/roll.h
  const facts = await prove(members[2], genesis, 'members', slot, '7');
  assert.equal(facts.address, list);
  const [at] = (await members[0].rpc.call('eth_getProof', [list, [slot], 'latest'])).storageProof;
  assert.equal(facts.storage[0].value, at.value);
  for (const m of members) assert.ok(at.value.includes(read(join(m.home, 'member.json')).key.slice(2)));
  assert.equal(facts.storage[1].value, '0x');
});

test('the first header of all, whose validators are those of the genesis', { skip }, async () => {
  await prove(members[0], genesis, money);
  const document = read(file('proof.json'));
  const { block } = await members[0].rpc.call('parvis_getLightBlock', [{ consensusHeight: '0x1' }]);
  const { accountProof } = await members[0].rpc.call('eth_getProof', [money, [], '0x0']);
  writeFileSync(file('first.json'), JSON.stringify({ ...document, block,
    ethHeader: await members[0].rpc.call('debug_getRawHeader', ['0x0']),
    subject: { ...document.subject, accountProof } }));
  for (const order of [(a) => a, (a) => a.reverse()]) { // the file's order does not matter
    writeFileSync(file('genesis.json'), JSON.stringify({ ...read(genesis), validators: order(read(genesis).validators) }));
    assert.equal((await both(file('first.json'), file('genesis.json'))).blockNumber, 0);
  }
});

test('a receipt and a transaction', { skip }, async () => {
  const made = await prove(members[3], genesis, '--receipt', receipt.transactionHash);
  assert.equal(made.success, true);
  assert.equal(made.from, wallets[0].address.toLowerCase());
  assert.equal(BigInt(made.value), 12345n);
  assert.equal(made.blockHash, receipt.blockHash);
  const tx = await prove(members[1], genesis, '--transaction', receipt.transactionHash);
  assert.equal(tx.from, wallets[0].address.toLowerCase());
  assert.equal(tx.to, nobody);
  assert.equal(tx.success, undefined);
});

// Every leaf of a document: [path, value].
function* leaves(value, path = []) {
  if (value !== null && typeof value === 'object') for (const key of Object.keys(value)) yield* leaves(value[key], [...path, key]);
  else yield [path, value];
}

function changed(value) {
  if (typeof value === 'number') return value + 1;
  const at = value.lastIndexOf('=') < 0 ? value.length - 2 : value.indexOf('=') - 2;
  const c = value[at];
  const other = /[0-9]/.test(c) ? String((Number(c) + 1) % 10) : c === 'A' ? 'B' : c === 'a' ? 'b' : c === 'Z' ? 'Y' : /[A-Z]/.test(c) ? 'A' : 'a';
  return value.slice(0, at) + other + value.slice(at + 1);
}

test('refused after any change, and by the trust of another network', { skip }, async () => {
  await prove(members[0], genesis, '--receipt', receipt.transactionHash);
  const document = read(file('proof.json')), trust = read(genesis);
  let count = 0;
  for (const [path, value] of leaves(document)) {
    const copy = structuredClone(document);
    const last = path.pop();
    let place = copy;
    for (const key of path) place = place[key];
    if (value === null || value === '') place[last] = 'AA';
    else place[last] = changed(value);
    await assert.rejects(verifyProof(copy, trust), ProofError, `${[...path, last]}: ${value} -> ${place[last]}`);
    if (count++ % 8 === 0) { // the command too
      writeFileSync(file('changed.json'), JSON.stringify(copy));
      assert.equal((await run('verify-proof', file('changed.json'), '--trust', genesis)).code, 1, String([...path, last]));
    }
  }
  assert.ok(count > 60, `${count} leaves`);

  const strange = await openNetwork({ members: 4, start: false });
  const other = join(strange.members[0].home, 'engine', 'config', 'genesis.json');
  await assert.rejects(verifyProof(document, read(other)), /third of the trusted power/);
  const refused = await run('verify-proof', file('proof.json'), '--trust', other);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /third of the trusted power/);
  const unmade = await run('proof', money, '--rpc', members[0].url, '--trust', other);
  assert.equal(unmade.code, 1, unmade.err);
  await strange.destroy();
});

// --- the validators change

const validators = async (m) => (await m.engineAsk('/validators?per_page=100')).validators;

test('a member joins by vote, others leave; proofs lead from the genesis through headers in between', { skip, timeout: 180000 }, async () => {
  // a copy that has seen only the beginning
  const home = join(folder(), 'copy');
  await ok('init', '--home', home, '--genesis', join(members[0].home, 'genesis.json'), '--quiet');
  await ok('network', 'trust', '--rpc', members[0].url, '--out', file('early.json'));

  const fifth = await newMember(cluster, 5);
  await joinNetwork(fifth, join(cluster.net, 'network.json'));
  await ok('network', 'admit', fifth.card, '--home', members[0].home, '--rpc', members[0].url);
  members.push(fifth);
  startMember(fifth);
  assert.ok(await haveBlock([fifth], await members[0].head()), fifth.log());
  await decide(members[0], [members[1], members[2]], 'propose-add', fifth.card, '--power', '40');
  assert.ok(await until(async () => (await validators(members[0])).length === 5, 30000, 200));
  for (const gone of ['member-2', 'member-3', 'member-4'])
    await decide(fifth, [members[0], members[3]], 'propose-remove', gone);
  assert.ok(await until(async () => (await validators(members[0])).length === 2, 30000, 200), JSON.stringify(await validators(members[0])));

  // of the four that the genesis names one is left
  const { transactionHash } = await transfer(fifth, keys[1], nobody, 5n);
  for (const trust of [genesis, file('early.json')]) {
    const facts = await prove(members[0], trust, '--receipt', transactionHash);
    assert.equal(facts.validators, 2);
    assert.equal(facts.power, 50);
    const document = read(file('proof.json'));
    assert.ok(document.path.length >= 1, 'a header in between was needed');
    await assert.rejects(verifyProof({ ...document, path: undefined }, read(trust)), ProofError);
    const { path, ...leap } = document;
    await assert.rejects(verifyProof(leap, read(trust)), /in between is missing/);
  }
  // what was verified is trusted from now on: no header in between is needed
  await prove(fifth, file('saved.json'), nobody);
  assert.equal(read(file('proof.json')).path, undefined);
  assert.equal((await prove(fifth, file('saved.json'), nobody)).validators, 2);

  // a copy that knows only the genesis gets there too
  follower = await startNode(home, '--follow', fifth.url);
  const head = await fifth.head();
  assert.ok(await haveBlock([follower], head), follower.log());
  assert.equal(await balance(follower, nobody), 12350n);
  assert.doesNotMatch(follower.log(), /following/);
  await haveBlock(members, head);
  for (const chain of await allHashes([...members, follower])) assert.equal(chain[head], (await allHashes([fifth]))[0][head]);
});
