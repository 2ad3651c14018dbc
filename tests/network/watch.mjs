// What clients see: every member is asked for its head, again and again, and each new block of each is
// fetched. From that come the receipts seen (which transaction, in which block, where, when), the pauses
// between blocks, and any disagreement between two members, at once.
import { sleep } from './rpc.mjs';

const POLL_MS = 100;
const BATCH = 40;

export class Watch {
  constructor(cluster, { quiet = false } = {}) {
    Object.assign(this, { cluster, quiet });
    this.blocks = new Map(); // number -> { hash, txs, at, by }: as first seen anywhere
    this.seen = new Map(); // transaction -> { number, hash, index, member, at }
    this.heads = new Map(); // member -> the last block fetched from it
    this.reads = new Map(); // member -> the last count read at "latest"
    this.anomalies = [];
    this.waiters = new Map();
    this.top = -1;
    this.arrivals = []; // times at which a new height was first seen
    this.reachable = new Map();
    this.counter = null; // the workloads' contract, whose count never goes down
    this.readCount = 0;
    this.stopped = false;
    this.loops = cluster.members.map((m) => this.follow(m));
  }

  add(member) {
    this.loops.push(this.follow(member));
  }

  anomaly(text) {
    if (this.anomalies.length < 200) this.anomalies.push(text);
    if (!this.quiet) process.stderr.write(`ANOMALY ${text}\n`);
  }

  // A member whose ledger is made anew begins at its first block again.
  forget(member) {
    this.heads.set(member, -1);
    this.reads.delete(member);
  }

  async follow(member) {
    while (!this.stopped && !member.ignored) {
      try {
        await this.look(member);
        this.reachable.set(member, true);
      } catch {
        this.reachable.set(member, false);
      }
      await sleep(POLL_MS);
    }
  }

  async look(member) {
    if (!member.process) throw new Error('not running');
    const head = await member.head();
    let known = this.heads.get(member) ?? -1;
    if (head < known && !member.mayGoBack)
      this.anomaly(`${member.name}: its head went back from ${known} to ${head}`);
    while (known < head && !this.stopped) {
      const numbers = [];
      for (let n = known + 1; n <= head && numbers.length < BATCH; n++) numbers.push(n);
      const replies = await member.rpc.batch(numbers.map((n) => ['eth_getBlockByNumber', [`0x${n.toString(16)}`, false]]), 8000);
      for (const [i, reply] of replies.entries()) {
        if (!reply?.result) throw new Error(`no block ${numbers[i]}`);
        this.take(member, numbers[i], reply.result);
      }
      known = numbers[numbers.length - 1];
      this.heads.set(member, known);
    }
    if (this.counter) await this.readCounter(member);
  }

  take(member, number, block) {
    const at = performance.now();
    const first = this.blocks.get(number);
    if (!first) {
      this.blocks.set(number, { hash: block.hash, txs: block.transactions, at, by: member.name });
      if (number > this.top) {
        this.top = number;
        this.arrivals.push(at);
      }
    } else if (first.hash !== block.hash) {
      this.anomaly(`FORK at block ${number}: ${first.by} has ${first.hash}, ${member.name} has ${block.hash}`);
    }
    for (const [index, hash] of block.transactions.entries()) {
      const before = this.seen.get(hash);
      if (!before) {
        const sight = { number, hash: block.hash, index, member, at };
        this.seen.set(hash, sight);
        this.waiters.get(hash)?.(sight);
        this.waiters.delete(hash);
      } else if (before.number !== number || before.index !== index) {
        this.anomaly(`transaction ${hash} is in block ${before.number} and in block ${number} (${member.name})`);
      }
    }
  }

  // eth_call at "latest" on one member never shows an older state than the call before it.
  async readCounter(member) {
    const before = this.reads.get(member);
    const word = await member.rpc.call('eth_call', [{ to: this.counter, data: '0x' }, 'latest']);
    const count = Number(BigInt(`0x${word.slice(66, 130) || '0'}`));
    this.readCount++;
    // the member may have been made anew between question and answer
    if (before !== undefined && count < before && this.reads.get(member) === before && !member.mayGoBack)
      this.anomaly(`${member.name}: read ${count} at "latest" after ${before}`);
    this.reads.set(member, count);
  }

  // Resolves to the sight of a transaction once it is in a block somewhere.
  sight(hash) {
    const known = this.seen.get(hash);
    return known ? Promise.resolve(known) : new Promise((resolve) => this.waiters.set(hash, resolve));
  }

  // The longest time between two new blocks within [from, to], the ends included.
  longestGap(from, to) {
    let last = from, longest = 0;
    for (const at of this.arrivals) {
      if (at <= from || at > to) continue;
      longest = Math.max(longest, at - last);
      last = at;
    }
    return Math.max(longest, to - last);
  }

  firstAfter(time) {
    return this.arrivals.find((at) => at > time);
  }

  async stop() {
    this.stopped = true;
    await Promise.all(this.loops);
  }
}
