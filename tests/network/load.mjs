// The load: signed transfers from some dozens of accounts to random members, each remembered. A
// transaction that is not in a block after a while, or whose member died, is sent again elsewhere, byte
// for byte; so it must be executed once, whoever takes it.
import { createHash } from 'node:crypto';
import { sleep } from './rpc.mjs';

const TICK_MS = 50;
const AGAIN_MS = 4000;
const OPEN_MAX = 4; // of one account
export const sink = (i) => `0x${(0x51000000 + i).toString(16).padStart(40, '0')}`;
export const keyOf = (seed, name) => createHash('sha256').update(`parvis-faults-${seed}-${name}`).digest('hex');
// What a node says of a transaction that it or the chain has already.
const HAS_IT = /known|nonce/i;

// A sender: one key, its next nonce.
export class Account {
  constructor(key, address) {
    Object.assign(this, { key, address, nonce: 0, open: [] });
  }
}

export async function makeAccounts(signer, seed, names) {
  return Promise.all(names.map(async (name) => {
    const key = keyOf(seed, name);
    return new Account(key, await signer.address(key));
  }));
}

export class Load {
  constructor(cluster, watch, signer, random, accounts, perSecond) {
    Object.assign(this, { cluster, watch, signer, random, accounts, perSecond });
    this.sent = 0;
    this.accepted = 0;
    this.again = 0;
    this.refused = new Map(); // message -> how often
    this.values = accounts.map(() => 0n); // paid to each account's sink by transactions seen in a block
    this.committed = 0;
    this.stopped = false;
    this.paused = false;
    this.loop = this.run();
  }

  // Members that are thought to answer; a client that cannot reach one takes another.
  target() {
    const up = this.cluster.members.filter((m) => m.process && !m.ignored && this.watch.reachable.get(m) !== false);
    return this.random.pick(up.length ? up : this.cluster.members);
  }

  async run() {
    let credit = 0;
    let last = performance.now();
    while (!this.stopped) {
      const now = performance.now();
      credit = Math.min(credit + (now - last) / 1000 * this.perSecond, this.perSecond / 4);
      last = now;
      this.settle(now);
      const count = this.paused ? 0 : Math.floor(credit);
      credit -= count;
      if (count > 0) await this.make(count);
      await sleep(TICK_MS);
    }
  }

  async make(count) {
    const free = this.random.shuffle(this.accounts.filter((a) => a.open.length < OPEN_MAX));
    const chosen = [];
    for (let i = 0; i < count && free.length; i++) {
      const account = free[i % free.length];
      if (account.open.length < OPEN_MAX) chosen.push(account);
      else break;
      const index = this.accounts.indexOf(account);
      const tx = { account, index, value: BigInt(1 + this.random.below(1000)), at: performance.now(), acceptedBy: null };
      tx.nonce = account.nonce++;
      tx.member = account.open.length ? account.open[0].member : this.target();
      account.open.push(tx);
      tx.signed = this.signer.sign({ key: account.key, nonce: tx.nonce, value: tx.value, to: sink(index) });
      tx.fresh = true;
    }
    const byMember = new Map();
    for (const account of new Set(chosen)) {
      for (const tx of account.open) {
        if (!tx.fresh) continue;
        tx.fresh = false;
        Object.assign(tx, await tx.signed);
        byMember.set(tx.member, [...byMember.get(tx.member) ?? [], tx]);
      }
    }
    for (const [member, txs] of byMember) void this.send(member, txs);
  }

  async send(member, txs) {
    this.sent += txs.length;
    let replies;
    try {
      replies = await member.rpc.batch(txs.map((tx) => ['eth_sendRawTransaction', [tx.raw]]));
    } catch {
      for (const tx of txs) tx.lost = true;
      return;
    }
    for (const [i, tx] of txs.entries()) {
      const message = replies[i]?.error?.message;
      if (replies[i]?.result === tx.hash || HAS_IT.test(message ?? '')) {
        this.accepted++;
        tx.acceptedBy = member.name;
      } else {
        this.refused.set(message, (this.refused.get(message) ?? 0) + 1);
        tx.lost = true;
      }
    }
  }

  // Crosses off what is in a block; sends again what has waited too long, or whose member is gone.
  settle(now) {
    const byMember = new Map();
    for (const account of this.accounts) {
      const open = [];
      for (const tx of account.open) {
        if (tx.hash && this.watch.seen.has(tx.hash)) {
          this.values[tx.index] += tx.value;
          this.committed++;
        } else {
          open.push(tx);
        }
      }
      account.open = open;
      const gone = open.length && (!open[0].member.process || open.some((tx) => tx.lost && now - tx.at > 300) ||
        now - open[0].at > AGAIN_MS);
      if (!gone || open.some((tx) => tx.fresh || !tx.raw)) continue;
      const member = this.target();
      for (const tx of open) {
        Object.assign(tx, { member, at: now, lost: false });
        this.again++;
        byMember.set(member, [...byMember.get(member) ?? [], tx]);
      }
    }
    for (const [member, txs] of byMember) void this.send(member, txs);
  }

  get open() {
    return this.accounts.reduce((sum, a) => sum + a.open.length, 0);
  }

  // No new transactions; resolves to how many are still open after at most ms.
  async drain(ms) {
    this.paused = true;
    const end = performance.now() + ms;
    while (this.open && performance.now() < end) await sleep(TICK_MS);
    return this.open;
  }

  resume() {
    this.paused = false;
  }

  async stop() {
    this.stopped = true;
    await this.loop;
  }
}
