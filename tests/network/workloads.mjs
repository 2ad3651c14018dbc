// Workloads whose history is checked: a register with compare-and-set, and a set, both in one small
// contract. Clients act one operation at a time, each with its own account, through random members.
import { createRequire } from 'node:module';
import { checkRegister, checkSet } from './history.mjs';
import { sleep } from './rpc.mjs';

const { ethers } = createRequire(new URL('../e2e/package.json', import.meta.url))('ethers');

// --- the contract ------------------------------------------------------------------------------------

const OPCODES = {
  STOP: 0x00, ADD: 0x01, EQ: 0x14, CALLDATALOAD: 0x35, CODECOPY: 0x39, MSTORE: 0x52, SLOAD: 0x54, SSTORE: 0x55,
  JUMP: 0x56, JUMPI: 0x57, JUMPDEST: 0x5b, DUP1: 0x80, LOG0: 0xa0, RETURN: 0xf3,
};

// Words: an opcode; a number (PUSH1); @label (PUSH2 of its place); label: (JUMPDEST).
function assemble(source) {
  const words = source.trim().split(/\s+/);
  const places = {};
  let at = 0;
  for (const word of words) {
    if (word.endsWith(':')) places[word.slice(0, -1)] = at++;
    else at += word.startsWith('@') ? 3 : /^\d/.test(word) ? 2 : 1;
  }
  return Buffer.from(words.flatMap((word) => {
    if (word.endsWith(':')) return [OPCODES.JUMPDEST];
    if (word.startsWith('@')) return [0x61, places[word.slice(1)] >> 8, places[word.slice(1)] & 255];
    return /^\d/.test(word) ? [0x60, Number(word)] : [OPCODES[word]];
  }));
}

// Call data: three words: what, a, b. Slot 0 is the register, slot 1 counts additions, slot x the element
// x. The event is (ok, the value found; for an addition how often the element is there now). Anything
// else: returns register and count.
const RUNTIME = assemble(`
  0 CALLDATALOAD
  DUP1 1 EQ @write JUMPI  DUP1 2 EQ @cas JUMPI  DUP1 3 EQ @add JUMPI  DUP1 4 EQ @read JUMPI
  0 SLOAD 0 MSTORE  1 SLOAD 32 MSTORE  64 0 RETURN
  write:  0 SLOAD 32 MSTORE  1 0 MSTORE  32 CALLDATALOAD 0 SSTORE  @log JUMP
  cas:    0 SLOAD DUP1 32 MSTORE  32 CALLDATALOAD EQ DUP1 0 MSTORE  @set JUMPI  @log JUMP
  set:    64 CALLDATALOAD 0 SSTORE  @log JUMP
  add:    32 CALLDATALOAD SLOAD 1 ADD DUP1 32 CALLDATALOAD SSTORE 32 MSTORE  1 0 MSTORE
          1 SLOAD 1 ADD 1 SSTORE  @log JUMP
  read:   0 SLOAD 32 MSTORE  1 0 MSTORE
  log:    64 0 LOG0 STOP`);
const CREATION = Buffer.concat([
  Buffer.from([0x60, RUNTIME.length, 0x60, 12, 0x60, 0, OPCODES.CODECOPY, 0x60, RUNTIME.length, 0x60, 0, OPCODES.RETURN]),
  RUNTIME,
]);
const CODES = { write: 1n, cas: 2n, add: 3n, read: 4n };
const word = (n) => n.toString(16).padStart(64, '0');

// --- clients -----------------------------------------------------------------------------------------

const GAS = 200000;
const AGAIN_MS = 3000;
const REGISTER_CLIENTS = 4;
const SET_CLIENTS = 3;

export class Workloads {
  constructor(cluster, watch, load, signer, random) {
    Object.assign(this, { cluster, watch, load, signer, random });
    this.register = [];
    this.set = [];
    this.stopped = false;
    this.element = 1000n;
  }

  static names() {
    return [...Array(REGISTER_CLIENTS).keys()].map((i) => `register-${i}`)
      .concat([...Array(SET_CLIENTS).keys()].map((i) => `set-${i}`));
  }

  async start(accounts) {
    const [deployer] = accounts;
    this.contract = ethers.getCreateAddress({ from: deployer.address, nonce: 0 });
    await this.commit(await this.signer.sign({ key: deployer.key, nonce: deployer.nonce++, gas: 1000000, data: CREATION.toString('hex') }));
    this.watch.counter = this.contract;
    this.loops = accounts.map((account, i) => this.client(account, i < REGISTER_CLIENTS ? this.register : this.set));
  }

  // Sends until it is in a block; resolves to where.
  async commit({ raw, hash }) {
    const sight = this.watch.sight(hash);
    for (;;) {
      const member = this.load.target();
      await member.rpc.call('eth_sendRawTransaction', [raw]).catch(() => {});
      const found = await Promise.race([sight, sleep(AGAIN_MS)]);
      if (found) return found;
      if (this.stopped && performance.now() > this.giveUpAt) return null;
    }
  }

  async receipt(hash) {
    for (;;) {
      const { member } = this.watch.seen.get(hash);
      for (const m of [member, ...this.random.shuffle(this.cluster.members)]) {
        const found = await m.rpc.call('eth_getTransactionReceipt', [hash]).catch(() => null);
        if (found) return found;
      }
      if (this.stopped && performance.now() > this.giveUpAt) return null;
      await sleep(100);
    }
  }

  choose(history) {
    if (history === this.set) return { kind: 'add', args: [++this.element] };
    const small = () => BigInt(this.random.below(5));
    const kind = this.random.pick(['write', 'cas', 'cas', 'cas', 'read']);
    return { kind, args: kind === 'write' ? [small()] : kind === 'cas' ? [small(), small()] : [] };
  }

  async client(account, history) {
    while (!this.stopped) {
      const op = this.choose(history);
      const data = word(CODES[op.kind]) + word(op.args[0] ?? 0n) + word(op.args[1] ?? 0n);
      const tx = await this.signer.sign({ key: account.key, nonce: account.nonce++, gas: GAS, to: this.contract, data });
      op.invoked = performance.now();
      history.push(op);
      if (!await this.commit(tx)) return;
      const receipt = await this.receipt(tx.hash);
      if (!receipt) return;
      op.completed = performance.now();
      op.block = Number(receipt.blockNumber);
      op.index = Number(receipt.transactionIndex);
      if (receipt.status !== '0x1' || receipt.logs.length !== 1) {
        this.watch.anomaly(`${op.kind} at ${op.block}.${op.index}: status ${receipt.status}, ${receipt.logs.length} events`);
        return;
      }
      op.ok = BigInt(receipt.logs[0].data.slice(0, 66)) === 1n;
      op.value = BigInt(`0x${receipt.logs[0].data.slice(66)}`);
      await sleep(this.random.between(20, 200));
    }
  }

  async stop(ms = 30000) {
    this.giveUpAt = performance.now() + ms;
    this.stopped = true;
    await Promise.all(this.loops);
  }

  // Everything that is wrong with the two histories, by the state of each of the members given.
  async check(members) {
    const faults = checkRegister(this.register.filter((op) => op.completed !== undefined));
    for (const m of members) {
      const final = new Map();
      const elements = this.set.map((op) => op.args[0]);
      for (let i = 0; i < elements.length; i += 100) {
        const part = elements.slice(i, i + 100);
        const replies = await m.rpc.batch(part.map((x) => ['eth_getStorageAt', [this.contract, `0x${word(x)}`, 'latest']]), 10000);
        for (const [k, x] of part.entries()) final.set(x, Number(BigInt(replies[k].result)));
      }
      const size = Number(BigInt(await m.rpc.call('eth_getStorageAt', [this.contract, `0x${word(1n)}`, 'latest'])));
      faults.push(...checkSet(this.set, final, size).map((f) => `${m.name}: set: ${f}`));
    }
    return faults;
  }
}
