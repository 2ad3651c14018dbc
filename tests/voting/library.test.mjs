// Elections made by the library are accepted by belenios-tool, with the same result, and refused when
// anything of them is changed; elections and ballots made by the tool are accepted by ours.
import { test, before } from 'node:test';
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { addEvent, alone, belIn, folder, json, makeElection, noTool, ourVerify, parvisOk, tool, toolOk, toolVerify,
  toolVersion } from './tool.mjs';
import { b64, bump, change, owned, readArchive, writeArchive } from './bel.mjs';

const skip = noTool;
const kinds = ['simple', 'basic', 'lists', 'majority', 'budget'];
const plans = [
  ...kinds.map((kind) => [kind, { kind, voters: 10, revotes: 30, absent: 10 }]),
  ['weights', { voters: 10, weights: 5, revotes: 30 }],
  ['weights beyond 32 bits', { kind: 'simple', voters: 2, weights: 2e9 }],
  ['nobody votes', { voters: 10, absent: 100 }],
  ['two alone', { voters: 10, trustees: '1,1' }],
  ['a group and two alone', { voters: 10, trustees: '1,2/3,1', open: '1,3,4,5' }],
  ...['1,2', '1,3', '2,3', '1,2,3'].map((open) => [`2 of 3, opened by ${open}`, { voters: 10, trustees: '2/3', open }]),
  ...['1,2,3', '1,2,4', '1,3,4', '2,3,4'].map((open) => [`3 of 4, opened by ${open}`, { kind: 'simple', voters: 10, trustees: '3/4', open }]),
  ['1 of 2', { kind: 'simple', voters: 10, trustees: '1/2', open: '2' }],
];

test('the version of the tool', { skip }, () => assert.match(toolVersion, /^3\.0/));

// what the tool's archive says was elected
const resultIn = (bel) => JSON.parse(readArchive(readFileSync(bel)).events.at(-1).data[0]);

for (const [name, plan] of plans)
  test(`both verifiers accept: ${name}`, { skip }, async () => {
    const made = await makeElection(plan);
    const theirs = await toolVerify(made.dir);
    assert.equal(theirs.code, 0, theirs.err);
    assert.match(theirs.err, /all checks passed/);
    const ours = await ourVerify(made.bel);
    assert.equal(ours.code, 0, ours.err);
    const expected = json(made.dir, 'expected.json');
    assert.deepEqual(resultIn(made.bel), expected);
    // the tool computes the same from the same decryptions
    const archive = readArchive(readFileSync(made.bel));
    const dir = alone(basename(made.bel), writeArchive({ ...archive, events: archive.events.slice(0, -1) }));
    assert.deepEqual(JSON.parse(await toolOk(dir, 'election', 'compute-result')), expected);
  });

test('the tool forms the same encrypted tally, byte for byte', { skip }, async () => {
  for (const kind of [...kinds, 'weights']) {
    const made = await makeElection({ ...(kind === 'weights' ? { weights: 9 } : { kind }), voters: 10, revotes: 50 });
    const archive = readArchive(readFileSync(made.bel));
    const at = archive.events.findIndex((e) => e.type === 'EncryptedTally');
    const dir = alone(basename(made.bel), writeArchive({ ...archive, events: archive.events.slice(0, at) }));
    const tally = await toolOk(dir, 'election', 'compute-encrypted-tally');
    assert.deepEqual(tally.trim().split('\n').at(-1), archive.events[at].data.at(-1), kind);
  }
});

test('our ballots pass verify-ballot, one by one', { skip }, async () => {
  for (const kind of kinds) {
    const made = await makeElection({ kind, voters: 3, until: 'ballots' });
    const { timestamp, events } = readArchive(readFileSync(made.bel));
    const dir = alone(basename(made.bel), writeArchive({ timestamp, events: events.slice(0, 1) }));
    for (const { data: [ballot] } of events.slice(1)) {
      writeFileSync(join(dir, 'ballot.json'), ballot);
      await toolOk(dir, 'election', 'verify-ballot', '--ballot', 'ballot.json');
      writeFileSync(join(dir, 'ballot.json'), bump(ballot, /"response":"\d+/g, 1));
      assert.notEqual((await tool(dir, 'election', 'verify-ballot', '--ballot', 'ballot.json')).code, 0);
    }
  }
});

const choices = {
  simple: '[[0,1,0]]', basic: '[[0,0,1],[1,0,0,1],[1,0,0,0]]', lists: '[[[0,0,0],[0,0],[1,1,0,1]]]',
  majority: `[${Array(5).fill('[0,0,1,0,0,0,0]')}]`, budget: `[[${Array(20).fill(0)}],[${Array(20).fill(0).fill(1, 0, 10)}]]`,
};
for (const kind of kinds)
  test(`ballots, tally and result of the tool on our election: ${kind}`, { skip }, async () => {
    const made = await makeElection({ kind, voters: 3, until: 'setup' });
    const { dir } = made;
    // the tool's form of a trustee's key: a decimal in a JSON string
    writeFileSync(join(dir, 'trustee.privkey'), JSON.stringify(json(dir, 'keys.json')['1']));
    writeFileSync(join(dir, 'choice.json'), choices[kind]);
    for (const credential of Object.values(json(dir, 'private_creds.json'))) {
      writeFileSync(join(dir, 'credential'), credential + '\n');
      const ballot = await toolOk(dir, 'election', 'generate-ballot', '--privcred', 'credential', '--choice', 'choice.json');
      await addEvent(dir, 'Ballot', ballot.trim());
    }
    await addEvent(dir, 'EndBallots');
    await addEvent(dir, 'EncryptedTally', await toolOk(dir, 'election', 'compute-encrypted-tally'));
    await addEvent(dir, 'PartialDecryption',
      await toolOk(dir, 'election', 'decrypt', '--privkey', 'trustee.privkey', '--trustee-id', '1'));
    await addEvent(dir, 'Result', await toolOk(dir, 'election', 'compute-result'));
    assert.equal((await toolVerify(dir)).code, 0);
    // ours asks that each ballot be byte for byte what it would write itself
    const ours = await ourVerify(made.bel);
    assert.equal(ours.code, 0, ours.err);
    const three = JSON.parse(choices[kind], (_, value) => typeof value === 'number' ? 3 * value : value);
    assert.deepEqual(resultIn(made.bel), { result: three });
  });

// --- tampering ---------------------------------------------------------------------------------------
let made, honest;
before(async () => {
  if (skip) return;
  made = await makeElection({ voters: 10, trustees: '1,2/3', weights: 3 });
  honest = readArchive(readFileSync(made.bel));
});
const credentialOf = (ballot) => ballot.match(/"credential":"(\w+)"/)[1];
const moveVote = (text) => {
  const numbers = JSON.parse(text).result;
  numbers[0] = [numbers[0][0] + 1, numbers[0][1] - 1, numbers[0][2]];
  return JSON.stringify({ result: numbers });
};
const insert = (archive, at, event) =>
  ({ ...archive, events: [...archive.events.slice(0, at), event, ...archive.events.slice(at)] });
// name, change, and whether the tool sees it too
const tamperings = [
  ['a response of a ballot', (a) => change(a, 'Ballot', 4, ([b]) => [bump(b, /"response":"\d+/g, 2)]), true],
  ['the signature of a ballot', (a) => change(a, 'Ballot', 4, ([b]) => [bump(b, /"response":"\d+/g, [...b.matchAll(/"response"/g)].length - 1)]), true],
  ['a ballot under another credential', (a) => change(a, 'Ballot', 4, ([b]) =>
    [b.replace(credentialOf(b), credentialOf(a.events[2].data[0]))]), true],
  ['a ballot twice', (a) => insert(a, 6, a.events[5]), true],
  ['a ballot with a space', (a) => change(a, 'Ballot', 4, ([b]) => [b.replace(',"answers"', ', "answers"')]), true],
  ['a ballot of another election', (a) => change(a, 'Ballot', 4, ([b]) => [b.replace(/"election_hash":"[^"]+"/, `"election_hash":"${b64('x')}"`)]), true],
  ['a factor of a decryption', (a) => change(a, 'PartialDecryption', 1, owned((t) => bump(t, /"decryption_factors":\[\["[0-9a-f]+/g))), true],
  ['a proof of a decryption', (a) => change(a, 'PartialDecryption', 0, owned((t) => bump(t, /"response":"\d+/g))), true],
  ['a vote moved in the result', (a) => change(a, 'Result', 0, ([t]) => [moveVote(t)]), true],
  ['a ballot after the end', (a) => insert(a, a.events.findIndex((e) => e.type === 'EncryptedTally'),
    { type: 'Ballot', data: a.events[3].data }), false],
  ['a second result', (a) => insert(a, a.events.length, a.events.at(-1)), false],
  ['a false number of ballots', (a) => change(a, 'EncryptedTally', 0, ([t, s]) => [t, s.replace(/"num_tallied":\d+/, '"num_tallied":3')]), false],
  ['a ballot left out of the chain', (a) => ({ ...a, events: a.events.filter((_, i) => i !== 5) }), false],
];
test('what is tampered with is refused', { skip }, async (t) => {
  for (const [name, tamper, seen] of tamperings)
    await t.test(name, async () => {
      const bytes = writeArchive(tamper(honest));
      assert.notDeepEqual(bytes, readFileSync(made.bel));
      const dir = alone(basename(made.bel), bytes);
      const ours = await ourVerify(belIn(dir));
      assert.notEqual(ours.code, 0, 'ours accepts it');
      assert.match(ours.err, /event \d+/);
      if (seen) assert.notEqual((await toolVerify(dir)).code, 0, 'the tool accepts it');
    });
});

test('without tampering the same way of writing is accepted', { skip }, async () => {
  const dir = alone(basename(made.bel), writeArchive(honest));
  assert.deepEqual(readFileSync(belIn(dir)), readFileSync(made.bel));
  assert.equal((await toolVerify(dir)).code, 0);
});

test('verify-diff accepts growth and refuses a removal', { skip }, async () => {
  const early = { ...honest, events: honest.events.slice(0, 7) };
  const name = basename(made.bel), before = alone(name, writeArchive(early)), after = folder();
  copyFileSync(made.bel, join(after, name));
  const diff = (dir1, dir2) => tool(folder(), 'election', 'verify-diff', `--dir1=${dir1}`, `--dir2=${dir2}`);
  assert.equal((await diff(before, after)).code, 0);
  const removed = alone(name, writeArchive({ ...honest, events: honest.events.filter((_, i) => i !== 3) }));
  assert.notEqual((await diff(before, removed)).code, 0);
  assert.equal((await ourVerify(made.bel, '--older', belIn(before))).code, 0);
  assert.notEqual((await ourVerify(belIn(removed), '--older', belIn(before))).code, 0);
});

test('the tool accepts it a hundred times of a hundred', { skip: skip || !process.env.PARVIS_REPEAT && 'PARVIS_REPEAT=100 asks for it' }, async () => {
  for (let i = 0; i < Number(process.env.PARVIS_REPEAT); i++) assert.equal((await toolVerify(made.dir)).code, 0);
});
