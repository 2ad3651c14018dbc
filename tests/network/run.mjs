// One network under load, and what a fault needs to act on it and to tell about it.
import { Cluster } from './cluster.mjs';
import { audit, checkAll } from './invariants.mjs';
import { Load, makeAccounts } from './load.mjs';
import { Signer } from './signer.mjs';
import { Watch } from './watch.mjs';
import { Workloads } from './workloads.mjs';
import { sleep, until } from './rpc.mjs';

const ACCOUNTS = 48;
const CHAIN_ID = 20260;
const DRAIN_MS = 60000;

export class Run {
  constructor(place, options, random) {
    Object.assign(this, { place, options, random, checked: 0 });
    this.say = options.say;
  }

  // Makes a network and sets it going. prepare(cluster) may change folders before the start.
  async open(prepare) {
    const { seed, members, rate, engine } = this.options;
    this.signer = new Signer(CHAIN_ID);
    const names = [...Array(ACCOUNTS).keys()].map((i) => `transfer-${i}`);
    const accounts = await makeAccounts(this.signer, seed, names);
    const clients = await makeAccounts(this.signer, seed, Workloads.names());
    const alloc = Object.fromEntries([...accounts, ...clients].map((a) => [a.address, '1000']));
    this.cluster = await new Cluster(this.place, { members, alloc, engine }).create();
    // two of them serve members that sync; the interface's line comes before that of the peers
    for (const m of this.members.slice(0, 2)) {
      m.engineRpc = ['--engine-rpc', m.engineHost];
      m.configure('laddr', `"unix://rpc.sock,tcp://${m.engineHost}"`);
    }
    await prepare?.(this.cluster);
    this.born = performance.now();
    this.cluster.startAll();
    await this.cluster.ready();
    this.watch = new Watch(this.cluster);
    this.load = new Load(this.cluster, this.watch, this.signer, this.random, accounts, rate);
    this.workloads = new Workloads(this.cluster, this.watch, this.load, this.signer, this.random);
    await this.workloads.start(clients);
    if (!await until(() => this.load.committed > 0, 30000)) throw new Error('nothing is committed');
    return this;
  }

  get members() {
    return this.cluster.members;
  }

  // A member more, which runs and has come past the block at which it began. It may be some blocks behind:
  // under full load a copy that has synchronised follows at the pace of the others.
  async enlarge(member) {
    const { top } = this.watch;
    member.start();
    this.watch.add(member);
    if (!await until(async () => await member.head() > top, 90000, 100))
      throw new Error(`${member.name} did not come to block ${top}; its last words: ` +
        member.log().trim().split('\n').slice(-8).map((line) => line.slice(0, 200)).join(' / '));
    this.members.push(member);
    return member;
  }

  // Takes a member out again, for good.
  async reduce(member) {
    this.members.splice(this.members.indexOf(member), 1);
    const code = await member.stop();
    this.cluster.remove(member);
    return code;
  }

  // Does the member serve the ledger as it is, whatever its engine does?
  async serves(m, blocks = 2) {
    return Boolean(m.process) && await m.head() >= this.watch.top - blocks;
  }

  // Is it in step with the others, its engine too?
  async inStep(m, blocks = 2) {
    if (!await this.serves(m, blocks)) return false;
    return !(await m.engineAsk('/status')).sync_info.catching_up;
  }

  // Waits until all (but those given) are in step again; how long that took in ms, undefined if never.
  async recovered(except = [], ms = 90000) {
    const from = performance.now();
    const members = this.members.filter((m) => !except.includes(m) && m.process);
    const ok = await until(async () => (await Promise.all(members.map((m) => this.inStep(m)))).every(Boolean), ms, 100);
    return ok && performance.now() - from;
  }

  // Waits for a new block; ms from `since` to when it was seen, undefined if none came.
  async nextBlock(since, ms = 90000) {
    const at = await until(() => this.watch.firstAfter(since), ms, 20);
    return at && at - since;
  }

  // Runs one fault and everything that must hold after it. -> a row of the table
  async fault(name, act, seconds) {
    const context = { events: 0, notes: [], values: {}, except: [] };
    const began = performance.now();
    const committed = this.load.committed;
    this.say(`${name}: begins, block ${this.watch.top}`);
    let faults = [];
    let ended = began;
    try {
      await act(this, context, began + seconds * 1000);
      ended = performance.now();
      this.cluster.heal();
      const back = await this.recovered(context.except);
      if (back === undefined) faults.push(await this.whoIsMissing(context.except));
      else context.values.recovered = back;
    } catch (error) {
      faults.push(error.skip ? `skip: ${error.message}` : `harness: ${error.stack}`);
      ended = performance.now();
      this.cluster.heal();
    }
    const gap = this.watch.longestGap(began, Math.max(ended, this.watch.arrivals.at(-1) ?? 0));
    const open = await this.load.drain(DRAIN_MS);
    const row = { fault: name, events: context.events, committed: this.load.committed - committed,
      gap, values: context.values, notes: context.notes, seconds: (ended - began) / 1000 };
    if (open) faults.push(`${open} transactions are still open ${DRAIN_MS / 1000} s after the load stopped`);
    const members = this.members.filter((m) => m.process && !context.except.includes(m));
    try {
      faults.push(...await checkAll({ members, watch: this.watch, load: this.load, from: Math.max(0, this.checked - 50) }));
      this.checked = this.watch.top;
    } catch (error) {
      faults.push(`harness: ${error.stack}`);
    }
    this.load.resume();
    if (!context.events && !faults.length) faults.push('nothing happened: no fault fired');
    row.skipped = faults.find((f) => f.startsWith('skip: '))?.slice(6);
    row.faults = faults.filter((f) => !f.startsWith('skip: '));
    this.say(`${name}: ${row.skipped ? `skipped: ${row.skipped}` : row.faults.length ? 'FAILED' : 'holds'}, ` +
      `${row.events} events, ${row.committed} committed, longest gap ${(gap / 1000).toFixed(1)} s` +
      `${context.notes.length ? `; ${context.notes.join('; ')}` : ''}`);
    for (const fault of row.faults) this.say(`  ${fault}`);
    return row;
  }

  async whoIsMissing(except) {
    const heads = await Promise.all(this.members.filter((m) => !except.includes(m)).map(async (m) => (
      `${m.name} ${m.process ? await m.head().catch((e) => e.message) : 'not running'}`)));
    return `not all members came back: ${heads.join(', ')}; the head is ${this.watch.top}`;
  }

  // Ends everything and checks the histories and the folders. -> rows of the table
  async close({ auditAll = false, except = [] } = {}) {
    const rows = [];
    const members = this.members.filter((m) => m.process && !except.includes(m));
    await this.workloads.stop();
    await this.load.drain(DRAIN_MS);
    let faults = [];
    try {
      faults = await checkAll({ members, watch: this.watch, load: this.load });
      faults.push(...await this.workloads.check(members));
    } catch (error) {
      faults.push(`harness: ${error.stack}`);
    }
    const { register, set } = this.workloads;
    rows.push({ fault: 'history', events: register.length + set.length, committed: this.load.committed, faults,
      values: {}, notes: [`${register.length} register operations, ${set.length} additions, ${this.watch.readCount} reads`] });
    await this.load.stop();
    await this.watch.stop();
    const codes = await Promise.all(members.map((m) => m.stop()));
    faults = codes.flatMap((code, i) => (code === 0 ? [] : [`${members[i].name} stopped with code ${code}`]));
    for (const m of auditAll ? members : [this.random.pick(members)]) faults.push(...audit(m.home));
    rows.push({ fault: 'stop and audit', events: members.length, faults, values: {}, notes: [] });
    await this.cluster.destroy();
    this.signer.end();
    return rows;
  }
}

export class Skip extends Error {
  constructor(message) {
    super(message);
    this.skip = true;
  }
}

export { sleep, until };
