// Consultations held on a node: exported, accepted by belenios-tool and by ours with the result that the
// choices in clear add up to; ballots made by the tool come out byte for byte; what must not be is refused.
//   PARVIS_VOTERS=5000   also holds one of that many voters and three questions
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Consultation, Refused, Town } from './chain.mjs';
import { addEvent, folder, json, noTool, ourVerify, tool, toolOk, toolVerify } from './tool.mjs';
import { readArchive, sha256 } from './bel.mjs';

let town;
before(async () => { town = await Town.open(); });
after(async () => assert.equal(await town.stop(), 0));

// Both verifiers accept the export, it holds the events of the ledger, and its result is the sum.
async function accepted(c, bel) {
  const { events } = readArchive(readFileSync(bel));
  const ours = await ourVerify(bel, '--anchor', (await c.record()).lastEvent.slice(2));
  assert.equal(ours.code, 0, ours.err);
  if (!noTool) {
    const theirs = await toolVerify(dirname(bel));
    assert.equal(theirs.code, 0, theirs.err);
  }
  assert.deepEqual(JSON.parse(events.at(-1).data[0]), json(c.dir, 'expected.json'));
  return events;
}

const trackersOf = (events) => events.filter((e) => e.type === 'Ballot').map((e) => sha256(e.data[0]));

async function held(options, { owners, ...voting } = {}) {
  const c = await Consultation.publish(town, options);
  const done = await c.cast(await c.ballots(voting));
  const numbers = await c.count(owners);
  assert.deepEqual(numbers, c.expected());
  assert.equal((await c.record()).status, 'decided');
  const events = await accepted(c, await c.export());
  assert.deepEqual(trackersOf(events), done.map((e) => e.tracker.slice(2)));
  return c;
}

const revotes = { revotes: 40, absent: 10 };
const plans = [
  ['basic, blank votes, revotes', {}, revotes],
  ...['simple', 'lists', 'majority', 'budget'].map((kind) => [kind, { kind }, revotes]),
  ['weights', { weights: 7 }, revotes],
  ['nobody votes', { kind: 'simple' }, { absent: 100 }],
  ['two alone and a group', { kind: 'simple', trustees: '1,2/3,1' }, { owners: [1, 3, 4, 5] }],
  ...[[1, 2], [1, 3], [2, 3], [1, 2, 3]].map((owners) => [`2 of 3: ${owners}`, { kind: 'simple', trustees: '2/3' }, { owners }]),
  ...[[1, 2, 3], [1, 2, 4], [1, 3, 4], [2, 3, 4]].map((owners) => [`3 of 4: ${owners}`, { trustees: '3/4', weights: 3 }, { owners }]),
];
// side by side on one ledger: most of the time is waiting for the end
test('ten voters', { concurrency: plans.length }, (t) =>
  Promise.all(plans.map(([name, options, voting]) => t.test(name, () => held(options, voting)))));

test('500 voters, three questions', () => held({ voters: 500, trustees: '2/3' }, { revotes: 5 }));
test('5 000 voters, one question', () => held({ kind: 'simple', voters: 5000 }));
const many = Number(process.env.PARVIS_VOTERS ?? 0);
test(`${many || 'more'} voters, three questions`, { skip: many ? false : 'PARVIS_VOTERS=5000 asks for it' },
  () => held({ voters: many, trustees: '2/3', weights: 5 }, { revotes: 5 }));

test('ballots made by belenios-tool come out byte for byte', { skip: noTool }, async () => {
  const choices = { basic: '[[0,0,1],[1,0,0,1],[1,0,0,0]]', lists: '[[[0,0,0],[0,0],[1,1,0,1]]]' };
  for (const [kind, choice] of Object.entries(choices)) {
    const c = await Consultation.publish(town, { kind, voters: 3, weights: kind === 'basic' ? 9 : 0 });
    const setup = await c.export(), dir = dirname(setup), ballots = [];
    writeFileSync(join(dir, 'choice.json'), choice);
    for (const credential of Object.values(json(c.dir, 'private_creds.json'))) {
      writeFileSync(join(dir, 'credential'), credential + '\n');
      ballots.push((await toolOk(dir, 'election', 'generate-ballot', '--privcred', 'credential', '--choice', 'choice.json')).trim());
    }
    await c.open(8);
    const files = ballots.map((ballot, i) => {
      const path = join(dir, `ballot-${i}.json`);
      writeFileSync(path, ballot);
      return path;
    });
    await town.cli('vote', 'import', c.id, ...files);
    const voting = await c.export();
    assert.deepEqual(readArchive(readFileSync(voting)).events.slice(1).map((e) => e.data[0]).sort(), [...ballots].sort());
    // what the tool makes of its own ballots, event by event, is what the ledger made of them
    const order = readArchive(readFileSync(voting)).events.slice(1).map((e) => e.data[0]);
    for (const ballot of order) await addEvent(dir, 'Ballot', ballot);
    assert.deepEqual(readFileSync(setup), readFileSync(voting));
    const numbers = await c.count();
    const bel = await c.export();
    assert.equal((await toolVerify(dirname(bel))).code, 0);
    assert.deepEqual(JSON.parse(readArchive(readFileSync(bel)).events.at(-1).data[0]).result.flat(2).map(BigInt), numbers);
    // nothing was taken away since
    const diff = await tool(folder(), 'election', 'verify-diff', `--dir1=${dirname(voting)}`, `--dir2=${dirname(bel)}`);
    assert.equal(diff.code, 0, diff.err);
    assert.equal((await ourVerify(bel, '--older', voting)).code, 0);
  }
});

const refused = (play, name, rule) => assert.rejects(play, (error) => {
  assert.ok(error instanceof Refused, error.stack);
  assert.equal(error.refusal, name);
  if (rule) assert.ok(error.args.map(String).join().includes(rule), error.message);
  return true;
});
const rule = (text) => '0x' + Buffer.from(text).toString('hex');
const flip = (ballot, byte) => {
  const bytes = Buffer.from(ballot.slice(2), 'hex');
  bytes[byte] ^= 1;
  return '0x' + bytes.toString('hex');
};

test('what must not be cast is refused and changes nothing', async () => {
  const options = { kind: 'simple', voters: 6 };
  const c = await Consultation.publish(town, options), other = await Consultation.publish(town, options);
  const ballots = await c.ballots(), foreign = await other.ballots(), someone = await town.account();
  const cast = (ballot) => c.send(someone, 'cast', ballot);
  await refused(cast(ballots[0]), 'NotOpen');
  const key = '0x' + ballots[5].slice(2, 66);
  await c.send(c.registrar, 'strike', key, 'voted on paper');
  await c.open(12);
  await other.open(12);
  await c.cast(ballots.slice(0, 3));
  const before = await c.record();
  await refused(cast(foreign[0]), 'UnknownCredential');
  await refused(cast(ballots[5]), 'CredentialStruck');
  await refused(cast(ballots[1]), 'KnownBallot');
  await refused(cast('0x' + ballots[3].slice(2, 66) + ballots[4].slice(66)), 'InvalidBallot'); // another voter's answers
  await refused(cast(ballots[3].slice(0, -2)), 'InvalidBallot', rule('invalid'));
  for (const byte of [32, 64, 300, 500, 700, 735]) await refused(cast(flip(ballots[3], byte)), 'InvalidBallot');
  await refused(c.send(c.registrar, 'strike', '0x' + ballots[0].slice(2, 66), 'too late'), 'HasVoted');
  await refused(c.send(someone, 'close'), 'NotOver');
  await refused(c.send(someone, 'tally'), 'NotOver');
  assert.deepEqual(await c.record(), before);
  await c.closing();
  await refused(cast(ballots[3]), 'NotOpen');
  await c.send(someone, 'close');
  await refused(cast(ballots[3]), 'WrongStatus');
  assert.equal((await c.record()).cast, before.cast);
});

test('a false share is proved and its dealer named; fewer than k do not decrypt', async () => {
  const options = { kind: 'simple', voters: 3, trustees: '2/3', spoil: { dealer: 1, receiver: 2 } };
  const c = await Consultation.publish(town, options);
  assert.deepEqual(c.complaints, [{ dealer: 2n, receiver: 3n }]);
  await c.cast(await c.ballots());
  await c.closing();
  const anyone = await town.account();
  await c.send(anyone, 'close');
  await c.send(anyone, 'tally');
  const one = await c.part(1);
  const wrong = flip(one, 40);
  await refused(c.send(c.members[0], 'postDecryption', wrong), 'InvalidDecryption', '1,');
  await refused(c.send(c.members[1], 'postDecryption', one), 'InvalidDecryption', '2,');
  const first = await c.decrypt(1);
  await refused(c.send(c.members[0], 'postDecryption', first), 'AlreadyDecrypted');
  await assert.rejects(c.opened([`1:${first}`]), /do not open/);
  await refused(c.send(anyone, 'postResult', c.expected()), 'TooFewDecryptions');
  const numbers = await c.opened([`1:${first}`, `3:${await c.decrypt(3)}`]);
  await refused(c.send(anyone, 'postResult', numbers.map((n, i) => n + BigInt(i === 0))), 'InvalidResult');
  await c.send(anyone, 'postResult', numbers);
  await accepted(c, await c.export());
});
