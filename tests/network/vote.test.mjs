// A consultation on four members: its people speak each to one of them, ballots go in at all of them at
// once while one is killed, and another tells and proposes ballots that do not hold. Nothing is lost,
// nothing false is taken, and every member gives the same archive.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allHashes, build, folder, haveBlock, ok, openNetwork, skip, sleep, startMember, until } from './members.mjs';
import { Wire, bundle, bytes } from './wire.mjs';
import { Random } from './rpc.mjs';
import { Consultation, Refused, Town } from '../voting/chain.mjs';
import { readArchive, sha256 } from '../voting/bel.mjs';
import { json, ourVerify } from '../voting/tool.mjs';

const VOTERS = 60, HANDS = 12;
const random = new Random(Number(process.env.PARVIS_SEED ?? 1));
let cluster, members, hall, c, ballots, voters;

// --- people, each with a member of their own to speak to

class Hall extends Town {
  static async open(network) {
    const [first] = network.members;
    const hall = Object.assign(new Hall(), { home: first.home, url: first.url, rpc: first.rpc, members: network.members,
      nonces: new Map(), accounts: 0, taken: 0 });
    await hall.equip();
    return hall;
  }

  async account(key) {
    return { ...await super.account(key), member: this.members[this.taken++ % this.members.length] };
  }

  // The same hall, whose questions go to a member.
  at(member) {
    return Object.assign(Object.create(this), { home: member.home, url: member.url, rpc: member.rpc,
      send: Town.prototype.send });
  }

  // Through the sender's member; when it returns all others know of it too.
  async send(from, ...rest) {
    const receipt = await this.at(from.member).send(from, ...rest);
    assert.ok(await haveBlock(this.members.filter((m) => m.process), Number(receipt.blockNumber)));
    return receipt;
  }
}

// A ballot's transaction, from an account that nothing is known of.
const signed = async (ballot) => hall.sign(await hall.account(), 'cast', [c.id, ballot], c.gas);
const keyOf = (ballot) => ballot.slice(0, 66); // the credential's
const flip = (ballot, byte) => {
  const copy = bytes(ballot);
  copy[byte] ^= 1;
  return `0x${copy.toString('hex')}`;
};
const receiptOf = (m, hash) => m.rpc.call('eth_getTransactionReceipt', [hash]);

const refusedBy = (m, { raw }, reason) =>
  assert.rejects(m.rpc.call('eth_sendRawTransaction', [raw]), { code: 3, message: reason }, m.name);

// Tells it to a member as a peer would, in one bundle with a transaction that is good: that one gets into a
// block, the other is dropped.
async function smuggle(m, { raw, hash }) {
  const wire = new Wire(m), { key } = await hall.account();
  const good = await hall.signer.sign({ key, nonce: 0, to: hall.clerk.address });
  assert.equal(await wire.insert(bundle(bytes(raw), bytes(good.raw))), 0);
  assert.ok(await until(() => receiptOf(m, good.hash), 20000), `${m.name} dropped more`);
  assert.equal(await receiptOf(m, hash), null);
  wire.socket.destroy();
}

// Waits until every member would take such a call: blocks' time is a little behind the clock.
async function isTime(method, ...rest) {
  const call = { from: hall.clerk.address, to: hall.address, data: hall.face.encodeFunctionData(method, [c.id, ...rest]) };
  for (const m of members)
    assert.ok(await until(() => m.rpc.call('eth_estimateGas', [call]), 15000), `${m.name} refuses ${method}`);
}

// --- voters: one after the other their ballots, each told to whichever member answers

class Voters {
  constructor(ballots) {
    const byVoter = new Map();
    for (const ballot of ballots) byVoter.set(keyOf(ballot), [...byVoter.get(keyOf(ballot)) ?? [], ballot]);
    Object.assign(this, { left: random.shuffle([...byVoter.values()]), seen: new Map(), errors: 0, at: new Set() });
  }

  async hand() {
    for (let own; (own = this.left.shift());)
      for (const ballot of own) await this.vote(await signed(ballot));
  }

  // Somebody who votes once does not, here. -> the ballot
  takeOne() {
    return this.left.splice(this.left.findIndex((own) => own.length === 1), 1)[0][0];
  }

  saw(receipt) {
    assert.equal(receipt.status, '0x1');
    const { args } = hall.face.parseLog(receipt.logs[0]);
    this.seen.set(args.tracker.slice(2), Number(args.height));
  }

  async vote({ raw, hash }) {
    for (;;) {
      const m = random.pick(members);
      try {
        if (!await receiptOf(m, hash))
          await m.rpc.call('eth_sendRawTransaction', [raw]).catch((error) => {
            if (!/known|nonce/.test(error.message)) throw error; // another member told it meanwhile
          });
        const receipt = await until(() => receiptOf(m, hash), 5000, 20);
        assert.ok(receipt, 'no receipt yet');
        this.saw(receipt);
        this.at.add(m);
        return;
      } catch (error) {
        if (m.process && error.code === 3) throw error; // refused: no ballot here is
        this.errors++;
        await sleep(50);
      }
    }
  }

  async until(count) {
    while (this.seen.size < count) await sleep(50);
  }

  // The clerk, until all have voted.
  async keptOpen() {
    for (; this.seen.size < ballots.length; await sleep(200)) await c.stretch();
  }
}

// One ballot from two accounts through two members at once: once only.
async function voteTwice(ballot) {
  const sent = await Promise.all(members.slice(0, 2).map(async (m) => {
    const { raw, hash } = await signed(ballot);
    const refusal = await m.rpc.call('eth_sendRawTransaction', [raw]).then(() => null, (error) => error.message);
    return refusal ?? until(() => receiptOf(m, hash), 20000);
  }));
  const [good, ...more] = sent.filter((r) => r?.status === '0x1');
  assert.ok(good && !more.length);
  voters.saw(good);
  for (const other of sent) if (other !== good) assert.match(other?.status ?? other, /^0x0$|KnownBallot/);
}

// Kills a member while ballots are cast and starts it again, as another program perhaps.
async function again(m, program = m.program) {
  await m.crash();
  const { size } = voters.seen;
  await voters.until(Math.min(size + 4, ballots.length)); // the others go on
  m.program = program;
  startMember(m);
  return until(() => m.head(), 20000);
}

before(async () => {
  if (skip) return;
  cluster = await openNetwork();
  ({ members } = cluster);
  hall = await Hall.open(cluster);
});
after(async () => {
  hall?.dismiss();
  await cluster?.destroy();
});

test('trustees make the key together, each through another member', { skip }, async () => {
  c = await Consultation.publish(hall, { voters: VOTERS, weights: 5, trustees: '1,2/3' });
  assert.equal(new Set(c.members.map((m) => m.member)).size, 4);
  ballots = await c.ballots({ revotes: 20 });
  assert.ok(ballots.length > VOTERS && new Set(ballots.map(keyOf)).size === VOTERS);
});

test('a ballot before the opening is refused at every door, and when a peer tells it', { skip }, async () => {
  c.gas = 2_000_000;
  await Promise.all(members.map(async (m) => {
    const early = await signed(ballots[0]);
    await refusedBy(m, early, /reverted: NotOpen\(/);
    await smuggle(m, early);
  }));
  assert.equal(Number((await c.record()).cast), 0);
});

test('voters vote at all members; one is killed, another becomes careless', { skip, timeout: 90000 }, async () => {
  const bad = [], [, , third, fourth] = members;
  await c.open(20);
  await isTime('cast', ballots[0]);
  c.gas = await c.gasOf(ballots[0]);
  voters = new Voters(ballots);
  await voteTwice(voters.takeOne());
  const voting = Promise.all([voters.keptOpen(), ...Array.from({ length: HANDS }, () => voters.hand())]);
  await voters.until(8);
  await again(third);
  // a proof, a credential, an answer: whatever is touched
  await Promise.all(members.map(async (m, i) => {
    const one = await signed(flip(ballots[i], 300 + 100 * i));
    await refusedBy(m, one, /reverted: InvalidBallot\(rule="\w+"\): \w/);
    await smuggle(m, one);
    bad.push(one);
  }));
  await refusedBy(members[1], await signed(flip(ballots[5], 0)), /reverted: UnknownCredential\(/);
  await again(fourth, join(build, 'careless'));
  await voting;
  assert.ok(voters.errors > 0, 'no kill was felt by a voter');
  assert.equal(voters.at.size, 4);
  // it takes what does not hold, tells it to the others, who drop it, and puts it into a block of its own
  const careless = await signed(flip(ballots[7], 500));
  assert.equal(await fourth.rpc.call('eth_sendRawTransaction', [careless.raw]), careless.hash);
  assert.ok(await until(() => receiptOf(fourth, careless.hash), 20000), 'the careless member proposed nothing');
  const number = Number((await receiptOf(fourth, careless.hash)).blockNumber);
  assert.ok(await haveBlock(members, number));
  for (const m of members) assert.equal((await receiptOf(m, careless.hash)).status, '0x0');
  const { miner } = await members[0].rpc.call('eth_getBlockByNumber', [`0x${number.toString(16)}`, false]);
  assert.equal(miner, json(fourth.home, 'member.json').operator);
  for (const m of members) for (const { hash } of bad) assert.equal(await receiptOf(m, hash), null);
  fourth.program = members[0].program;
  assert.equal(await fourth.stop(), 0);
  startMember(fourth);
  await cluster.ready();
});

test('counted, the archive is the same at every member, and holds', { skip, timeout: 60000 }, async () => {
  await c.closing();
  await isTime('close');
  const numbers = await c.count([1, 2, 4]);
  assert.deepEqual(numbers, c.expected());
  const { lastEvent, cast, counted, status } = await c.record();
  assert.equal(status, 'decided');
  assert.deepEqual([Number(cast), Number(counted)], [ballots.length, VOTERS]);
  const bels = await Promise.all(members.map(async (m) => {
    const bel = join(folder(), `${c.uuid}.bel`);
    await ok('vote', 'export', String(c.id), bel, '--home', m.home, '--rpc', m.url);
    return bel;
  }));
  const archives = bels.map((bel) => readFileSync(bel));
  for (const archive of archives) assert.deepEqual(archive, archives[0]);
  const { code, err } = await ourVerify(bels[3], '--anchor', lastEvent.slice(2));
  assert.equal(code, 0, err);
  const { events } = readArchive(archives[0]);
  assert.deepEqual(JSON.parse(events.at(-1).data[0]), json(c.dir, 'expected.json'));
  // every ballot that was confirmed, where it was said to be, and no other
  assert.equal(voters.seen.size, ballots.length);
  const there = events.flatMap((e, height) => (e.type === 'Ballot' ? [[sha256(e.data[0]), height]] : []));
  assert.deepEqual(new Map(there), new Map([...voters.seen].sort((a, b) => a[1] - b[1])));
});

test('all members have the same blocks, stop as they should, and their copies hold', { skip, timeout: 60000 }, async () => {
  const chains = await allHashes(members);
  for (const chain of chains) assert.deepEqual(chain, chains[0]);
  for (const m of members) assert.doesNotMatch(m.log(), /ended with|ended by/);
  assert.deepEqual(await cluster.stopAll(), [0, 0, 0, 0]);
  for (const m of members.slice(2)) assert.match(await ok('audit', '--home', m.home), /The ledger holds/);
});
