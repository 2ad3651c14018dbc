// A node is killed again and again while ballots are cast. Every ballot whose tracker was confirmed is
// there afterwards, once; the chain of events has no gap; the archive passes both verifiers.
//   KILLS=10   how often
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Consultation, Town, sleep } from './chain.mjs';
import { noTool, ourVerify, parvisOk, toolVerify } from './tool.mjs';
import { readArchive, sha256 } from './bel.mjs';

const kills = Number(process.env.KILLS ?? 10);
const VOTERS = 60 * kills;
let town;
before(async () => { town = await Town.open(); });
after(async () => assert.equal(await town.stop(), 0));

// Sends ballots one after the other from several hands, as voters do; a ballot whose confirmation did not
// come is sent again by its voter, from the same account. Ends when all are confirmed.
class Voters {
  constructor(c, ballots) {
    Object.assign(this, { c, left: ballots.map((ballot) => ({ ballot })), confirmed: new Map(), errors: 0 });
  }

  async hand() {
    for (let voter; (voter = this.left.shift());) {
      try {
        await this.vote(voter);
      } catch {
        this.errors++; // the node is away: nothing is known of this ballot
        this.left.push(voter);
        await sleep(20);
      }
    }
  }

  async vote(voter) {
    const { c } = this, { town } = c;
    voter.account ??= await town.account();
    voter.signed ??= await town.sign(voter.account, 'cast', [c.id, voter.ballot], this.gas);
    const { hash, raw } = voter.signed;
    const known = await town.rpc.call('eth_getTransactionReceipt', [hash]);
    if (!known) await town.rpc.call('eth_sendRawTransaction', [raw]);
    const receipt = known ?? await this.soon(hash);
    const { args } = town.face.parseLog(receipt.logs[0]);
    this.confirmed.set(args.tracker, args.height);
  }

  async soon(hash) {
    for (let i = 0; i < 200; i++) {
      const receipt = await this.c.town.rpc.call('eth_getTransactionReceipt', [hash], 2000);
      if (receipt) return receipt;
      await sleep(5);
    }
    throw new Error('no receipt yet');
  }
}

test(`${kills} kills while ${VOTERS} voters vote`, async () => {
  const c = await Consultation.publish(town, { kind: 'simple', voters: VOTERS, trustees: '2/3' });
  const ballots = await c.ballots();
  await c.open(3600);
  const voters = new Voters(c, ballots.slice(1));
  const [first] = await c.cast(ballots.slice(0, 1));
  voters.confirmed.set(first.tracker, first.height);
  voters.gas = Math.ceil(c.gasUsed * 1.5);
  const voting = Promise.all([...Array(8)].map(() => voters.hand()));
  let killed = 0, lost = 0;
  for (; killed < kills; killed++) {
    while (voters.confirmed.size < (killed + 1) * VOTERS / (kills + 2)) await sleep(5);
    await sleep(Math.random() * 30);
    await town.kill();
    const then = new Map(voters.confirmed);
    await town.start();
    for (const [tracker, height] of then)
      if (await town.view('ballotHeight', c.id, tracker) !== height + 1n) lost++;
  }
  await voting;
  assert.equal(lost, 0);
  assert.ok(voters.errors > 0, 'no kill was felt by a voter');
  assert.equal(voters.confirmed.size, VOTERS);

  const record = await c.record();
  assert.equal(Number(record.cast), VOTERS);
  assert.equal(Number(record.events), VOTERS + 1);
  const bel = await c.export();
  const { events } = readArchive(readFileSync(bel));
  const trackers = events.filter((e) => e.type === 'Ballot').map((e) => '0x' + sha256(e.data[0]));
  assert.deepEqual([...trackers].sort(), [...voters.confirmed.keys()].sort());
  trackers.forEach((tracker, i) => assert.equal(voters.confirmed.get(tracker), BigInt(i + 1)));
  const ours = await ourVerify(bel, '--anchor', record.lastEvent.slice(2));
  assert.equal(ours.code, 0, ours.err);
  if (!noTool) assert.equal((await toolVerify(dirname(bel))).code, 0);
});

test('the copy holds after it all', async () => {
  await town.kill();
  assert.match(await parvisOk('audit', '--home', town.home), /The ledger holds/);
  await town.start();
});
