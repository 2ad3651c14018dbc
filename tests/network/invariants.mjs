// What must hold after every fault: one head, equal hashes at every height, every transaction with a seen
// receipt where it was, none twice, coins and nonces as executed once, and an engine that agrees.
import { spawnSync } from 'node:child_process';
import { checkChains } from './history.mjs';
import { parvis } from './cluster.mjs';
import { sink } from './load.mjs';
import { until } from './rpc.mjs';

const BATCH = 100;
const hex = (n) => `0x${n.toString(16)}`;

// fetchChain reads every block of a member anew: [{ hash, txs }].
async function fetchChain(m, from, to) {
  const blocks = [];
  for (let n = from; n <= to; n += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, to - n + 1) }, (_, i) => n + i);
    const replies = await m.rpc.batch(numbers.map((k) => ['eth_getBlockByNumber', [hex(k), false]]), 20000);
    for (const [i, { result, error }] of replies.entries()) {
      if (!result) throw new Error(`${m.name}: block ${numbers[i]}: ${error?.message ?? 'missing'}`);
      blocks.push({ hash: result.hash, txs: result.transactions });
    }
  }
  return { name: m.name, blocks };
}

// sameHead waits until the members agree on a head that is at least `least`; the head, or undefined.
export async function sameHead(members, least, ms) {
  let last = [];
  const head = await until(async () => {
    last = await Promise.all(members.map(async (m) => {
      try {
        const block = await m.rpc.call('eth_getBlockByNumber', ['latest', false]);
        return { number: Number(block.number), hash: block.hash };
      } catch (error) {
        return { number: -1, hash: error.message };
      }
    }));
    return last.every((b) => b.number >= least && b.hash === last[0].hash) ? last[0] : null;
  }, ms, 200);
  return { head, last: members.map((m, i) => `${m.name} at ${last[i]?.number} ${last[i]?.hash?.slice(0, 12)}`).join(', ') };
}

// The engine and its application are at the same height, or one apart while a height is being made, and
// what the engine has signed for is a block of this ledger.
async function checkEngine(m, watch) {
  const hashes = new Map([...watch.blocks].map(([n, b]) => [b.hash.slice(2).toUpperCase(), n]));
  let engine, app;
  const near = await until(async () => { // heights go on between the two questions
    engine = Number((await m.engineAsk('/status')).sync_info.latest_block_height);
    app = Number((await m.engineAsk('/abci_info')).response.last_block_height);
    return Math.abs(app - engine) <= 2;
  }, 5000, 200);
  const faults = [];
  if (!near) faults.push(`${m.name}: engine at height ${engine}, application at ${app}`);
  let last = -1;
  for (let height = Math.max(2, engine - 40); height <= engine; height += 4) {
    const { signed_header: { header } } = await m.engineAsk(`/commit?height=${height}`);
    const number = hashes.get(header.app_hash);
    // the newest block may not have been seen yet
    if (number === undefined && height < engine - 8)
      faults.push(`${m.name}: the header of height ${height} names ${header.app_hash}, which is no block here`);
    else if (number !== undefined && number < last)
      faults.push(`${m.name}: the headers' app_hash goes back at height ${height}`);
    last = Math.max(last, number ?? last);
  }
  return faults;
}

// Coins: every sink holds exactly what the transactions seen in blocks paid to it, and every sender's
// nonce is how many of its transactions there are.
async function checkCoins(m, load, number) {
  const faults = [];
  const at = hex(number);
  const balances = await m.rpc.batch(load.accounts.map((_, i) => ['eth_getBalance', [sink(i), at]]), 10000);
  const nonces = await m.rpc.batch(load.accounts.map((a) => ['eth_getTransactionCount', [a.address, at]]), 10000);
  for (const [i, account] of load.accounts.entries()) {
    if (BigInt(balances[i].result) !== load.values[i])
      faults.push(`${m.name}: sink ${i} holds ${BigInt(balances[i].result)}, ${load.values[i]} was paid to it`);
    if (Number(nonces[i].result) !== account.nonce - account.open.length)
      faults.push(`${m.name}: nonce of account ${i} is ${Number(nonces[i].result)}, ${account.nonce - account.open.length} were executed`);
  }
  return faults;
}

// checkAll, with the load drained: a list of sentences, empty when everything holds. Blocks from `from` on
// are fetched anew.
export async function checkAll({ members, watch, load, from = 0, ms = 60000 }) {
  const faults = watch.anomalies.splice(0);
  const { head, last } = await sameHead(members, watch.top, ms);
  if (!head) return [...faults, `the members do not reach one head: ${last}`];
  const chains = await Promise.all(members.map((m) => fetchChain(m, from, head.number)));
  // a block that came since counts with the next check
  const seen = new Map([...watch.seen].filter(([, sight]) => sight.number >= from && sight.number <= head.number));
  faults.push(...checkChains(chains, seen, from));
  for (const m of members) {
    faults.push(...await checkEngine(m, watch));
    if (load && load.open === 0) faults.push(...await checkCoins(m, load, head.number));
  }
  return faults;
}

// audit executes a stopped member's whole ledger again.
export function audit(home) {
  const run = spawnSync(parvis, ['audit', '--home', home, '--quiet'], { encoding: 'utf8' });
  return run.status === 0 ? [] : [`parvis audit --home ${home}: code ${run.status}: ${run.stdout}${run.stderr}`];
}
