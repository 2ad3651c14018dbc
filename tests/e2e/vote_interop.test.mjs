// The voting page's JavaScript and the program, each with what the other made: ballots, openings, trustees' rounds,
// partial decryptions, results.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ethers } from 'ethers';
import { cli, parvis, keys } from './node.mjs';
import { Town } from './vote_town.mjs';
import { run, readBallot, verifyBallot, ballotJson, packBallot, codeOf, trackerOf } from '../../web/vote/crypto/ballot.mjs';
import { readElection } from '../../web/vote/crypto/election.mjs';
import { credentialKey, credentialSecret, newCredential } from '../../web/vote/crypto/credential.mjs';
import { openingSecret } from '../../web/vote/crypto/rounds.mjs';
import { newSeed } from '../../web/vote/crypto/trustees.mjs';
import { hexOf } from '../../web/vote/crypto/bytes.mjs';
import { jobs } from '../../web/vote/jobs.mjs';

const folder = mkdtempSync(join(tmpdir(), 'parvis-interop-'));
const at = (name) => join(folder, name);
const write = (name, text) => { writeFileSync(at(name), text); return at(name); };
let town, id, document, trustees;

before(async () => { town = await Town.open(); });
after(async () => {
  assert.equal(await town.stop(), 0);
  rmSync(folder, { recursive: true, force: true });
});

const questions = [{ answers: ['Yes', 'No'], blank: true, min: 1, max: 1, question: 'Blank too' }, { answers: ['a', 'b', 'c'], min: 0, max: 2, question: 'Two' },
  { type: 'Lists', value: { answers: [['L', 'u', 'v'], ['M', 'w']], question: 'Lists' } }];
const credentials = { js: newCredential(), c: newCredential(), other: newCredential() };
const seeds = [newSeed(), newSeed(), newSeed()];

test('a group whose members are the page and the program in turns makes a key', async () => {
  const accounts = keys.map((k) => new ethers.Wallet(k).address);
  const template = write('template.json', JSON.stringify({ description: 'é', name: 'Interop', questions }));
  const made = JSON.parse(town.vote('create', template, '--opens', '+1d', '--closes', '+2d', '--registrar', new ethers.Wallet(town.admin).address, '--group', `2:${accounts.join()}`));
  id = BigInt(made.id ?? made.consultation);
  const { record: { uuid } } = await town.view('consultation', id);
  seeds.forEach((s, i) => write(`seed${i}`, s + '\n'));
  keys.forEach((k, i) => write(`key${i}`, k.replace(/^0x/, '') + '\n'));
  const state = async (owner) => {
    const me = await town.view('trusteeAt', id, owner), posted = [];
    for (const o of [1, 2, 3]) posted.push([(await town.view('messageOf', id, o, 1)).message, (await town.view('messageOf', id, o, 3)).message, (await town.view('sharesOf', id, o)).shares]);
    return { uuid, seed: seeds[owner - 1], owner, threshold: 2, size: 3, member: owner, step: Number(me.step), posted };
  };
  known.state = state;
  // the first and the second change between page and program at every round: what one commits to, the other reveals
  for (let round = 1; round <= 4; round++) {
    for (const owner of [1, 2, 3]) {
      if (owner === 3 || (owner + round) % 2) town.vote('work', String(id), '--seed', at(`seed${owner - 1}`), '--from', at(`key${owner - 1}`));
      else {
        const message = run(jobs.trusteeRound(await state(owner)));
        await town.send(keys[owner - 1], message.method, id, ...message.args);
      }
      assert.equal(Number((await town.view('trusteeAt', id, owner)).step), round);
    }
  }
  await town.enrol(id, Object.values(credentials));
  town.vote('publish', String(id));
  ({ document } = await town.view('electionOf', id));
  ({ document: trustees } = await town.view('trusteesOf', id));
  write('election.json', document);
  assert.equal(run(jobs.checkTrustees({ document, trustees })).length, 3);
  for (const [name, c] of Object.entries(credentials)) write(`${name}.code`, c + '\n');
});
const known = {};

test('a false share is found, complained of, and the program agrees', async () => {
  const accounts = keys.map((k) => new ethers.Wallet(k).address), own = [newSeed(), newSeed(), newSeed()];
  const made = JSON.parse(town.vote('create', at('template.json'), '--opens', '+1d', '--closes', '+2d', '--registrar', new ethers.Wallet(town.admin).address, '--group', `2:${accounts.join()}`));
  const other = BigInt(made.id ?? made.consultation), { record: { uuid } } = await town.view('consultation', other);
  const state = async (owner) => {
    const me = await town.view('trusteeAt', other, owner), posted = [];
    for (const o of [1, 2, 3]) posted.push([(await town.view('messageOf', other, o, 1)).message, (await town.view('messageOf', other, o, 3)).message, (await town.view('sharesOf', other, o)).shares]);
    return { uuid, seed: own[owner - 1], owner, threshold: 2, size: 3, member: owner, step: Number(me.step), posted };
  };
  await assert.rejects(async () => run(jobs.trusteeRound({ ...await state(1), step: 1 })), (e) => e.code === 'trustee-wait' && e.detail.member === 1);
  for (let round = 1; round <= 3; round++)
    for (const owner of [1, 2, 3]) {
      const { method, args } = run(jobs.trusteeRound(await state(owner)));
      if (round === 3 && owner === 2) args[1][63] ^= 1; // what the second seals for the first
      await town.send(keys[owner - 1], method, other, ...args);
    }
  await assert.rejects(async () => run(jobs.trusteeRound({ ...await state(3), seed: own[0] })), (e) => e.code === 'trustee-seed');
  assert.equal(run(jobs.trusteeRound(await state(3))).method, 'postVerification');
  const st1 = await state(1), { complaint } = run(jobs.trusteeRound(st1));
  assert.equal(complaint.member, 2);
  assert.throws(() => openingSecret(st1), (e) => e.code === 'trustee-share' && e.detail.member === 2);
  const changed = complaint.bytes.slice();
  changed[40] ^= 1;
  await assert.rejects(town.view('complain', other, 2, changed));
  await town.send(keys[0], 'complain', other, 2, complaint.bytes);
  assert.equal(Number((await town.view('trusteeAt', other, 1)).step), 0); // the group begins again
});

const CHOICES = { js: [[0, 1, 0], [1, 0, 1], [1, 1, 0, 0, 0]], c: [[1, 0, 0], [0, 0, 0], [0, 0, 0, 1, 1]] };
const nested = (choices) => JSON.stringify([choices[0], choices[1], [choices[2].slice(0, 3), choices[2].slice(3)]]);

test('a ballot that the program made is read and verified byte for byte', () => {
  const e = readElection(document);
  cli(town.node.home, 'vote', 'ballot', at('election.json'), '--credential', at('c.code'), '--choice', write('choice', nested(CHOICES.c)), '--out', at('c.ballot'));
  const json = readFileSync(at('c.ballot'), 'utf8').trim(), b = run(readBallot(e, json));
  run(verifyBallot(e, b));
  assert.equal(ballotJson(e, b), json);
  assert.equal(b.credential.text, credentialKey(credentialSecret(e.uuid, credentials.c)).text);
  known.c = b;
});

test('a challenged ballot of the one is checked by the other', () => {
  const e = readElection(document);
  cli(town.node.home, 'vote', 'challenge', at('election.json'), '--credential', at('c.code'), '--choice', at('choice'), '--out', at('c.challenged'), '--opening', at('c.opening'));
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
  const e = readElection(document);
  await town.openFor(id, 12);
  const made = run(jobs.makeBallot({ document, credential: credentials.js, choices: CHOICES.js }));
  await town.send(keys[2], 'cast', id, made.packed);
  town.vote('cast', String(id), '--ballot', at('c.ballot'));
  assert.deepEqual(run(jobs.namesOf({ document, packed: made.packed })), { tracker: made.tracker, code: made.code });
  const event = await town.view('eventAt', id, (await town.view('ballotHeight', id, Buffer.from(trackerOf(e, known.c) + '=', 'base64'))).height - 1n);
  assert.equal(hexOf(event.body), hexOf(packBallot(e, known.c)));
  assert.ok(town.vote('check', String(id), made.tracker).includes(made.code)); // the recorded ballot's code
  await town.until(id, 'closed');
  await town.send(town.admin, 'tally', id);
  const { sums, weight } = await town.view('tallyOf', id);
  const packed = run(jobs.decrypt({ document, trustees, sums, state: await known.state(1) }));
  await town.send(keys[0], 'postDecryption', id, packed);
  town.vote('work', String(id), '--seed', at('seed2'), '--from', at('key2'));
  const { record } = await town.view('consultation', id), decryptions = [];
  for (let height = record.events - 2n; height < record.events; height++) {
    const { owner, body } = await town.view('eventAt', id, height);
    decryptions.push({ owner: Number(owner), packed: body });
  }
  const counts = run(jobs.result({ document, trustees, sums, decryptions, weight }));
  assert.deepEqual(counts.map(Number), CHOICES.js.flat().map((m, i) => m + CHOICES.c.flat()[i]));
  const told = town.vote('result', String(id));
  assert.equal(await town.status(id), 'decided', told);
  assert.deepEqual((await town.view('resultOf', id)).counts, counts);
  assert.deepEqual(run(jobs.result({ document, trustees, sums, decryptions, counts })), counts);
  assert.throws(() => run(jobs.result({ document, trustees, sums, decryptions, counts: counts.map((n) => n + 1n) })), /result-other/);
});
