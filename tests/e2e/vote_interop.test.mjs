// The voting page's JavaScript and the program, each with what the other made: ballots, openings, trustees' rounds,
// partial decryptions, results.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ethers } from 'ethers';
import { cli, parvis, startNode, keys, rpc } from './node.mjs';
import { run, readBallot, verifyBallot, ballotJson, packBallot, codeOf, trackerOf } from '../../web/vote/crypto/ballot.mjs';
import { readElection } from '../../web/vote/crypto/election.mjs';
import { credentialKey, credentialSecret, newCredential } from '../../web/vote/crypto/credential.mjs';
import { newSeed } from '../../web/vote/crypto/trustees.mjs';
import { concat, hexOf } from '../../web/vote/crypto/bytes.mjs';
import { jobs } from '../../web/vote/jobs.mjs';
import { METHODS } from '../../web/vote/chain/voting.mjs';
import { encodeCall, decodeResult } from '../../web/vote/chain/abi.mjs';
import { signTransaction } from '../../web/vote/chain/tx.mjs';

const VOTING = '0x00000000000000000000000000000000c1700004';
const folder = mkdtempSync(join(tmpdir(), 'parvis-interop-'));
const at = (name) => join(folder, name);
const write = (name, text) => { writeFileSync(at(name), text); return at(name); };
let node, id, document, trustees;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function view(name, ...args) {
  const { result, error } = await rpc(node.url, 'eth_call', [{ to: VOTING, data: ethers.hexlify(encodeCall(METHODS[name], args)) }, 'latest']);
  if (error) throw new Error(error.message);
  return decodeResult(METHODS[name], ethers.getBytes(result));
}
async function send(key, name, ...args) {
  const from = new ethers.Wallet(key).address, nonce = BigInt((await rpc(node.url, 'eth_getTransactionCount', [from, 'pending'])).result);
  const { raw, hash } = signTransaction(ethers.getBytes(key), { chainId: BigInt(node.chainId ?? 20260), nonce, gas: 16000000, to: VOTING, data: encodeCall(METHODS[name], args) });
  const sent = await rpc(node.url, 'eth_sendRawTransaction', [raw]);
  assert.equal(sent.error, undefined, `${name}: ${sent.error?.message}`);
  for (;;) {
    const { result } = await rpc(node.url, 'eth_getTransactionReceipt', [hash]);
    if (result) { assert.equal(result.status, '0x1', name); return result; }
    await pause(30);
  }
}
const vote = (...args) => cli(node.home, 'vote', ...args, '--rpc', node.url, '--json');
const statusOf = async () => Buffer.from((await view('consultation', id)).record.status).toString().replace(/\0/g, '');

before(async () => {
  node = await startNode();
  node.chainId = Number((await rpc(node.url, 'eth_chainId')).result);
});
after(async () => {
  assert.equal(await node.stop(), 0);
  rmSync(folder, { recursive: true, force: true });
});

const questions = [{ answers: ['Yes', 'No'], blank: true, min: 1, max: 1, question: 'Blank too' }, { answers: ['a', 'b', 'c'], min: 0, max: 2, question: 'Two' },
  { type: 'Lists', value: { answers: [['L', 'u', 'v'], ['M', 'w']], question: 'Lists' } }];
const credentials = { js: newCredential(), c: newCredential(), other: newCredential() };
const seeds = [newSeed(), newSeed(), newSeed()];

test('a group of which one trustee is the page and two are the program makes a key', async () => {
  const accounts = keys.map((k) => new ethers.Wallet(k).address);
  const template = write('template.json', JSON.stringify({ description: 'é', name: 'Interop', questions }));
  const made = JSON.parse(vote('create', template, '--opens', '+1d', '--closes', '+2d', '--registrar', node.admin, '--group', `2:${accounts.join()}`));
  id = BigInt(made.id ?? made.consultation);
  const { record: { uuid } } = await view('consultation', id);
  seeds.forEach((s, i) => write(`seed${i}`, s + '\n'));
  keys.forEach((k, i) => write(`key${i}`, k.replace(/^0x/, '') + '\n'));
  const state = async () => {
    const me = await view('trusteeAt', id, 1), posted = [];
    for (const owner of [1, 2, 3]) posted.push([(await view('messageOf', id, owner, 1)).message, (await view('messageOf', id, owner, 3)).message, (await view('sharesOf', id, owner)).shares]);
    return { uuid, seed: seeds[0], owner: 1, threshold: 2, size: 3, member: 1, step: Number(me.step), posted };
  };
  known.state = state;
  for (let round = 1; round <= 4; round++) {
    const message = run(jobs.trusteeRound(await state()));
    await send(keys[0], message.method, id, ...message.args);
    for (const i of [1, 2]) vote('work', String(id), '--seed', at(`seed${i}`), '--from', at(`key${i}`));
    assert.deepEqual([Number((await view('trusteeAt', id, 1)).step), Number((await view('trusteeAt', id, 3)).step)], [round, round]);
  }
  const admin = '0x' + readFileSync(join(node.home, 'admin.hex'), 'utf8').trim().replace(/^0x/, '');
  const roll = Object.values(credentials).map((c) => credentialKey(credentialSecret(uuid, c))).sort((a, b) => (a.text < b.text ? -1 : 1));
  await send(admin, 'addVoters', id, concat(...roll.map((k) => k.bytes)), []);
  vote('publish', String(id));
  ({ document } = await view('electionOf', id));
  ({ document: trustees } = await view('trusteesOf', id));
  write('election.json', document);
  assert.equal(run(jobs.checkTrustees({ document, trustees })).length, 3);
  for (const [name, c] of Object.entries(credentials)) write(`${name}.code`, c + '\n');
});
const known = {};

const CHOICES = { js: [[0, 1, 0], [1, 0, 1], [1, 1, 0, 0, 0]], c: [[1, 0, 0], [0, 0, 0], [0, 0, 0, 1, 1]] };
const nested = (choices) => JSON.stringify([choices[0], choices[1], [choices[2].slice(0, 3), choices[2].slice(3)]]);

test('a ballot that the program made is read and verified byte for byte', () => {
  const e = readElection(document);
  cli(node.home, 'vote', 'ballot', at('election.json'), '--credential', at('c.code'), '--choice', write('choice', nested(CHOICES.c)), '--out', at('c.ballot'));
  const json = readFileSync(at('c.ballot'), 'utf8').trim(), b = run(readBallot(e, json));
  run(verifyBallot(e, b));
  assert.equal(ballotJson(e, b), json);
  assert.equal(b.credential.text, credentialKey(credentialSecret(e.uuid, credentials.c)).text);
  known.c = b;
});

test('a challenged ballot of the one is checked by the other', () => {
  const e = readElection(document);
  cli(node.home, 'vote', 'challenge', at('election.json'), '--credential', at('c.code'), '--choice', at('choice'), '--out', at('c.challenged'), '--opening', at('c.opening'));
  const unsigned = readFileSync(at('c.challenged'), 'utf8').trim(), opening = readFileSync(at('c.opening'), 'utf8').trim();
  assert.deepEqual(run(jobs.checkOpening({ document, unsigned, opening })), { code: codeOf(e, run(readBallot(e, unsigned, true))), choices: CHOICES.c });
  const made = run(jobs.makeBallot({ document, credential: credentials.js, choices: CHOICES.js }));
  const check = (text) => spawnSync(parvis, ['vote', 'check-opening', at('election.json'), write('js.challenged', made.unsigned), write('js.opening', text), '--json'], { encoding: 'utf8' });
  const good = check(made.opening);
  assert.equal(good.status, 0, good.stderr);
  assert.ok(good.stdout.includes(made.code), good.stdout);
  const lie = check(made.opening.replace('"choice":[[0,1,0]', '"choice":[[0,0,1]'));
  assert.notEqual(lie.status, 0);
});

test('ballots of both are cast, the sum is opened by the page and the program, and both find the result', async () => {
  const e = readElection(document), opens = Math.floor(Date.now() / 1000) + 1, closes = opens + 12;
  const admin = '0x' + readFileSync(join(node.home, 'admin.hex'), 'utf8').trim().replace(/^0x/, '');
  await send(admin, 'postpone', id, opens, closes, 'sooner');
  while (await statusOf() !== 'open') await pause(200);
  const made = run(jobs.makeBallot({ document, credential: credentials.js, choices: CHOICES.js }));
  await send(keys[2], 'cast', id, made.packed);
  vote('cast', String(id), '--ballot', at('c.ballot'));
  assert.deepEqual(run(jobs.namesOf({ document, packed: made.packed })), { tracker: made.tracker, code: made.code });
  const event = await view('eventAt', id, (await view('ballotHeight', id, Buffer.from(trackerOf(e, known.c) + '=', 'base64'))).height - 1n);
  assert.equal(hexOf(event.body), hexOf(packBallot(e, known.c)));
  assert.ok(vote('check', String(id), made.tracker).includes(made.code)); // the recorded ballot's code
  while (await statusOf() !== 'closed') await pause(200);
  await send(admin, 'tally', id);
  const { sums, weight } = await view('tallyOf', id);
  const packed = run(jobs.decrypt({ document, trustees, sums, state: await known.state() }));
  await send(keys[0], 'postDecryption', id, packed);
  vote('work', String(id), '--seed', at('seed2'), '--from', at('key2'));
  const { record } = await view('consultation', id), decryptions = [];
  for (let height = record.events - 2n; height < record.events; height++) {
    const { owner, body } = await view('eventAt', id, height);
    decryptions.push({ owner: Number(owner), packed: body });
  }
  const counts = run(jobs.result({ document, trustees, sums, decryptions, weight }));
  assert.deepEqual(counts.map(Number), CHOICES.js.flat().map((m, i) => m + CHOICES.c.flat()[i]));
  const told = vote('result', String(id));
  assert.equal(await statusOf(), 'decided', told);
  assert.deepEqual((await view('resultOf', id)).counts, counts);
  assert.deepEqual(run(jobs.result({ document, trustees, sums, decryptions, counts })), counts);
  assert.throws(() => run(jobs.result({ document, trustees, sums, decryptions, counts: counts.map((n) => n + 1n) })), /result-other/);
});
