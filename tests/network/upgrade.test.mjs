// The members agree by vote that from a block on another program runs. One that is not it stops right
// before that block, at every member alike; the one agreed on goes on from there.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import {
  allHashes, build, decide, ethers, hashes, haveBlock, keys, ok, openNetwork, run, send, skip, startAll, startMember,
  transfer, until, within,
} from './members.mjs';

const VERSION = 7; // the code of what another version must go on with: src/app/cli.h
const wallet = new ethers.Wallet(keys[0]);
const nobody = ethers.zeroPadValue('0xb0b0', 20);
let cluster, members;

before(async () => {
  if (skip) return;
  cluster = await openNetwork({ alloc: { [wallet.address]: '1000' } });
  members = cluster.members;
});
after(() => cluster?.destroy());

const agree = (...words) => decide(members[0], members.slice(1, 3), 'upgrade', ...words);

async function sendUntil(number) {
  while (await members[0].head() < number) await transfer(members[0], keys[0], nobody, 1n);
}

test('votes given at the same moment, one of which decides, both count', { skip, timeout: 60000 }, async () => {
  await ok('network', 'upgrade', '--at', '1000', '--program', 'parvis-9.9.9', '--home', members[0].home, '--rpc', members[0].url);
  const { id } = JSON.parse(await ok('network', 'proposals', '--all', '--rpc', members[0].url, '--json')).at(-1);
  assert.ok(await haveBlock(members, await members[0].head()));
  const votes = await Promise.all(members.slice(1, 3).map((m) =>
    run('network', 'vote', String(id), 'yes', '--home', m.home, '--rpc', m.url)));
  for (const { code, out, err } of votes) assert.equal(code, 0, out + err);
  await agree('--call-off');
});

test('an upgrade that is called off in time stops nobody', { skip, timeout: 60000 }, async () => {
  const number = await members[0].head() + 12;
  await agree('--at', String(number), '--program', 'parvis-9.9.9');
  await agree('--call-off');
  assert.ok(await members[0].head() < number, 'decided too late for this test');
  await sendUntil(number + 1);
  assert.ok(await haveBlock(members, number + 1));
});

test('an upgrade to the program that runs goes through', { skip, timeout: 60000 }, async () => {
  const number = await members[0].head() + 8;
  await agree('--at', String(number), '--program', 'parvis-0.1.0');
  await sendUntil(number + 1);
  assert.ok(await haveBlock(members, number + 1));
});

test('an upgrade to another program: all stop right before its block, and say why', { skip, timeout: 120000 }, async () => {
  const number = await members[0].head() + 8;
  await agree('--at', String(number), '--program', 'parvis-9.9.9');
  await sendUntil(number - 2);
  assert.ok(members.every((m) => m.process));
  const words = new RegExp(`from block ${number} on the members agreed to run parvis-9\\.9\\.9`);
  const ended = Promise.all(members.map((m) => m.ended));
  await send(members[0], keys[0], nobody, 1n);
  const codes = await within(ended, 40000);
  assert.ok(codes, `they still run: ${members.map((m) => m.log().slice(-500)).join('\n')}`);
  for (const [i, m] of members.entries()) {
    assert.equal(codes[i].code, VERSION, m.log().slice(-1500));
    assert.match(m.log(), words);
    assert.equal(JSON.parse(await ok('audit', '--home', m.home, '--json')).blocks, number); // 0 to number - 1
  }
  // and another start ends the same way
  const from = members[1].log().length;
  startMember(members[1]);
  const again = await within(members[1].ended, 20000);
  assert.equal(again?.code, VERSION, members[1].log().slice(from));
  assert.match(members[1].log().slice(from), words);
  const french = await run('node', '--home', members[2].home, '--port', '0', '--lang', 'fr');
  assert.equal(french.code, VERSION);
  assert.match(french.err, new RegExp(` ${number}, les membres ont convenu de parvis-9\\.9\\.9`));

  // the program agreed on goes on with that block; a member without it stays out
  const program = join(build, 'upgraded'); // the next version, as far as its name goes: upgraded.c
  for (const m of members.slice(0, 3)) m.program = program;
  startAll(cluster);
  assert.ok(await until(() => members[0].head(), 30000), members[0].log().slice(-1500));
  await transfer(members[0], keys[0], nobody, 1n);
  assert.ok(await members[0].head() >= number);
  assert.equal((await members[3].ended).code, VERSION);
  members[3].program = program;
  startMember(members[3]);
  const head = await members[0].head();
  assert.ok(await haveBlock(members, head), members[3].log().slice(-1500));
  const chains = await allHashes(members);
  for (const chain of chains) assert.deepEqual(chain, chains[0]);
  assert.ok((await hashes(members[3])).length > number);
});
