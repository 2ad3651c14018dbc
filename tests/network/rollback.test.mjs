// Ledger and engine of one member are no longer of the same time: a backup put back by half, a store lost, a
// crash between two writes. Each ends in a member that runs, or in a message that names the command.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { engineProgram, ethers, folder, hashes, keys, ok, openNetwork, run, skip, startMember, transfer, until, within } from './members.mjs';

const NOT_FOUND = 3, DAMAGED = 7; // src/app/cli.h
const wallet = new ethers.Wallet(keys[0]);
const nobody = ethers.zeroPadValue('0xb0b0', 20);
let cluster, first, m;

before(async () => {
  if (skip) return;
  cluster = await openNetwork({ alloc: { [wallet.address]: '1000' } });
  [first, m] = cluster.members;
  await transfer(first, keys[0], nobody, 1n);
});
after(() => cluster?.destroy());

const data = () => join(m.home, 'engine', 'data');
const STATE = 'priv_validator_state.json'; // of the last vote: never put back

// what the member said since
function said(from = 0) {
  return m.log().slice(from);
}

const engineHeight = async (of) => Number((await of.engineAsk('/status')).sync_info.latest_block_height);

// blocks, and heights without
async function goOn(count = 2) {
  for (let i = 0; i < count; i++) await transfer(first, keys[0], nobody, 1n);
  const height = await engineHeight(first);
  await until(async () => await engineHeight(first) > height + 1, 20000);
}

// copies the engine's data, or the ledger, to somewhere and back
const DATA = { engine: () => data(), ledger: () => join(m.home, 'store') };
function keep(what) {
  const to = folder();
  cpSync(DATA[what](), to, { recursive: true });
  return () => {
    for (const name of readdirSync(DATA[what]())) if (name !== STATE) rmSync(join(DATA[what](), name), { recursive: true });
    cpSync(to, DATA[what](), { recursive: true, filter: (path) => !path.endsWith(STATE) });
  };
}

function wipe(what) {
  for (const name of readdirSync(DATA[what]())) if (name !== STATE) rmSync(join(DATA[what](), name), { recursive: true });
}

// the member starts, and is in step with the others, with their blocks
async function runs() {
  const from = m.log().length;
  startMember(m);
  const { transactionHash, blockNumber } = await transfer(first, keys[0], nobody, 1n);
  const seen = await until(() => m.rpc.call('eth_getTransactionReceipt', [transactionHash]), 40000, 100);
  assert.ok(seen, `the member does not get to block ${Number(blockNumber)}:\n${said(from)}`);
  const head = Number(blockNumber);
  assert.deepEqual(await hashes(m, 0, head), await hashes(first, 0, head));
  return said(from);
}

// the member starts and ends, saying why
async function refuses(words, code = DAMAGED) {
  const from = m.log().length;
  startMember(m);
  const ended = await within(m.ended, 40000);
  assert.ok(ended, `it still runs:\n${said(from)}`);
  assert.match(said(from), words);
  assert.equal(ended.code, code, said(from));
}

async function rollBack() {
  return JSON.parse(await ok('rollback', '--home', m.home, '--json')).consensusHeight;
}

const engineRollback = (...words) =>
  execFileSync(engineProgram(), ['rollback', '--home', join(m.home, 'engine'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

test("the engine's data put back to an older copy: rollback, as often as needed", { skip, timeout: 120000 }, async () => {
  assert.equal(await m.stop(), 0);
  const back = keep('engine');
  await runs();
  await goOn();
  assert.equal(await m.stop(), 0);
  back();
  await refuses(/is higher than core[^]*parvis rollback/);
  // what the engine has: its own words tell the height
  const [, app, core] = said().match(/app block height \((\d+)\) is higher than core \((\d+)\)(?![^]*is higher than core)/).map(Number);
  assert.ok(app > core + 1, `${app} is not more than one above ${core}`);
  // one is not enough
  assert.equal(await rollBack(), app - 1);
  await refuses(/is higher than core[^]*parvis rollback/);
  for (let at = app - 1; at > core; at--) assert.equal(await rollBack(), at - 1);
  assert.match(await ok('audit', '--home', m.home), /The ledger holds/);
  await runs();
});

test('half a backup, an older ledger: it replays by itself', { skip, timeout: 60000 }, async () => {
  assert.equal(await m.stop(), 0);
  const back = keep('ledger');
  await runs();
  await goOn();
  assert.equal(await m.stop(), 0);
  back();
  await runs();
});

test('both of the same older backup', { skip, timeout: 60000 }, async () => {
  assert.equal(await m.stop(), 0);
  const back = [keep('ledger'), keep('engine')];
  await runs();
  await goOn();
  assert.equal(await m.stop(), 0);
  for (const each of back) each();
  await runs();
});

test('the ledger a few heights behind', { skip, timeout: 60000 }, async () => {
  for (const heights of [3]) {
    assert.equal(await m.stop(), 0);
    for (let i = 0; i < heights; i++) await rollBack();
    await runs();
  }
});

// facts: the engine stores a height's block, has it executed, and then stores what that gave
test('a crash before the engine noted what the ledger has stored (A = S = T + 1)', { skip, timeout: 60000 }, async () => {
  assert.equal(await m.stop(), 0);
  engineRollback();
  await runs();
});

test('a crash after the engine stored a block, before the ledger did (A = T, S = T + 1)', { skip, timeout: 60000 }, async () => {
  assert.equal(await m.stop(), 0);
  engineRollback();
  await rollBack();
  await runs();
});

test('the engine one height behind, block and all (A = S + 1)', { skip, timeout: 60000 }, async () => {
  assert.equal(await m.stop(), 0);
  engineRollback('--hard');
  await refuses(/is higher than core[^]*parvis rollback/);
  await rollBack();
  await runs();
});

test("a part of the engine's data put back: join --again", { skip, timeout: 120000 }, async () => {
  const parts = ['state.db', 'blockstore.db'], older = folder(), newer = folder();
  const copy = (part, from, to) => {
    rmSync(join(to, part), { recursive: true, force: true });
    cpSync(join(from, part), join(to, part), { recursive: true });
  };
  assert.equal(await m.stop(), 0);
  for (const part of parts) copy(part, data(), older);
  await runs();
  await goOn(1);
  assert.equal(await m.stop(), 0);
  for (const part of parts) {
    copy(part, data(), newer);
    copy(part, older, data());
    await refuses(/parvis network join --again/);
    copy(part, newer, data());
  }
  copy(parts[0], older, data());
  await again();
  await runs();
});

const again = () => ok('network', 'join', '--again', '--home', m.home, '--network', join(cluster.net, 'network.json'),
  '--listen', `127.0.0.1:${m.p2pPort}`, '--quiet');

for (const [what, parts, words] of [
  ['the ledger is lost', ['ledger'], /parvis network join --again/],
  ["the engine's data are lost", ['engine'], /parvis network join --again|parvis rollback/],
])
  test(`${what}: join --again`, { skip, timeout: 60000 }, async () => {
    assert.equal(await m.stop(), 0);
    for (const part of parts) wipe(part);
    await refuses(words);
    await again();
    await runs();
  });

test('both are lost: join --again', { skip, timeout: 60000 }, async () => {
  assert.equal(await m.stop(), 0);
  wipe('ledger');
  wipe('engine');
  await refuses(/parvis network join --again/);
  await again();
  await runs();
});

test('a key or the record of the last vote is lost: none is made up', { skip, timeout: 60000 }, async () => {
  assert.equal(await m.stop(), 0);
  const kept = folder();
  for (const [file, words] of [[`data/${STATE}`, /record of the last vote[^]*parvis network propose-key/],
    ['config/priv_validator_key.json', /priv_validator_key\.json[^]*backup/], ['config/node_key.json', /node_key\.json[^]*backup/]]) {
    const path = join(m.home, 'engine', file);
    cpSync(path, join(kept, 'file'));
    rmSync(path);
    await refuses(words, NOT_FOUND);
    assert.ok(!existsSync(path));
    cpSync(join(kept, 'file'), path);
  }
  await runs();
});

test('rollback ends at the beginning, and is refused while the member runs', { skip, timeout: 60000 }, async () => {
  const refused = await run('rollback', '--home', m.home);
  assert.equal(refused.code, 8, refused.err);
  assert.equal(await m.stop(), 0);
  const fresh = join(folder(), 'fresh');
  await ok('init', '--home', fresh, '--quiet');
  const none = await run('rollback', '--home', fresh);
  assert.equal(none.code, 3, none.err);
  await runs();
});
