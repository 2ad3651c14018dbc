// Faults of members that are wrong or lie. Each has a network of its own, which it leaves spoilt.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, Cluster, exec, Member } from './cluster.mjs';
import { note } from './fault_kill.mjs';
import { checkChains } from './history.mjs';
import { Load, makeAccounts } from './load.mjs';
import { Run, sleep, until } from './run.mjs';
import { Signer } from './signer.mjs';
import { Watch } from './watch.mjs';

const MONEY = '0x00000000000000000000000000000000c1700001';

async function withRun(place, options, random, name, act, prepare) {
  const run = await new Run(place, options, random).open(prepare);
  const spoilt = [];
  const row = await run.fault(name, (r, context) => act(r, context, spoilt), 0);
  const rows = await run.close({ except: spoilt });
  for (const extra of rows) row.faults.push(...extra.faults.map((f) => `${extra.fault}: ${f}`));
  return row;
}

// A fifth folder votes with a copy of member 2's key, while member 2 runs.
function duplicateKey(place, options, random) {
  return withRun(place, options, random, 'duplicate-key', async (run, context, spoilt) => {
    const honest = run.members.filter((m) => m.number !== 2);
    const victim = run.members[1];
    const double = await run.cluster.join('double');
    const key = ['engine', 'config', 'priv_validator_key.json'];
    copyFileSync(join(victim.home, ...key), join(double.home, ...key));
    double.start();
    context.events++;
    const since = performance.now();
    const { top } = run.watch;
    const isThere = async (m) => JSON.parse(await m.ask('network', 'members', '--json')).some((x) => x.name === victim.name);
    const expelled = await until(async () => !(await isThere(honest[0])), 90000, 250);
    if (!expelled) throw new Error(`${victim.name} still is a member 90 s after its key was used twice`);
    note(context, 'expelled', performance.now() - since);
    context.notes.push(`${run.watch.top - top} blocks until it was expelled`);
    victim.ignored = true; // it may be cut off from here on
    context.except.push(victim);
    spoilt.push(victim);
    await sleep(3000);
    const gone = await until(async () => (await Promise.all(honest.map(isThere))).every((there) => !there), 20000, 250);
    if (!gone) run.watch.anomaly('not all members see the expulsion');
    const { validators } = await honest[0].engineAsk('/validators');
    if (validators.length !== honest.length) run.watch.anomaly(`the engine counts ${validators.length} validators`);
    await double.crash();
    await victim.crash();
    run.cluster.remove(double);
    if (!await run.nextBlock(performance.now(), 20000)) throw new Error('the others do not go on');
  });
}

// One member runs a program that computes one number wrongly, once it is asked to.
function mutant(place, options, random) {
  return withRun(place, options, random, 'mutant', async (run, context, spoilt) => {
    const wrong = run.members.at(-1);
    const sound = run.members.filter((m) => m !== wrong);
    wrong.ignored = true;
    context.except.push(wrong);
    spoilt.push(wrong);
    await sleep(300);
    const [account] = run.load.accounts;
    await until(() => account.open.length === 0, 10000, 5);
    await run.load.drain(20000);
    const data = `095ea7b3${'51'.padStart(64, '0')}${'1'.padStart(64, '0')}`; // approve(0x51, 1)
    const tx = await run.signer.sign({ key: account.key, nonce: account.nonce++, gas: 200000, to: MONEY, data });
    const since = performance.now();
    await sound[0].rpc.call('eth_sendRawTransaction', [tx.raw]);
    await run.watch.sight(tx.hash);
    run.load.resume();
    context.events++;
    const end = await Promise.race([wrong.ended, sleep(60000)]);
    if (!end) throw new Error('the member with the wrong program runs on');
    note(context, 'it stopped', performance.now() - since);
    context.notes.push(`it stopped with code ${end.code}: ${/network: (the others got.*|.*differs.*)/.exec(wrong.log())?.[1] ?? 'without a reason'}`);
    if (end.code !== 7) run.watch.anomaly(`the member with the wrong program stopped with code ${end.code}`);
    if (!await run.nextBlock(performance.now(), 20000)) throw new Error('the others do not go on');
  }, (cluster) => {
    cluster.members.at(-1).program = join(build, 'mutant');
  });
}

// The negative control: two of four keys vote on both sides of a 2|2 partition. That breaks safety, by
// the very rule the network stands on; a checker that saw nothing here would be blind.
async function splitDouble(place, options, random) {
  const row = { fault: 'split-double (must fork)', events: 0, committed: 0, values: {}, notes: [], faults: [] };
  if (!place.cut) return { ...row, skipped: 'no network namespaces here: lines cannot be cut' };
  options.say('split-double: begins');
  const signer = new Signer(20260);
  const accounts = await makeAccounts(signer, options.seed, [...Array(24).keys()].map((i) => `split-${i}`));
  const alloc = Object.fromEntries(accounts.map((a) => [a.address, '1000']));
  const cluster = await new Cluster(place, { members: 4, alloc, engine: options.engine }).create();
  const side = [cluster.members[3]];
  for (const m of cluster.members.slice(0, 2)) {
    const double = new Member(cluster, m.number + 4, `${m.home}-double`);
    double.group = 2;
    await exec('cp', '-a', m.home, double.home);
    await double.place(m.p2pPort, m.p2pHost);
    side.push(double);
  }
  cluster.connect(cluster.members[3], 2);
  cluster.members.push(...side.slice(1));
  cluster.startAll();
  const began = performance.now();
  const watch = new Watch(cluster, { quiet: true });
  const load = new Load(cluster, watch, signer, random, accounts, 60);
  await until(() => watch.anomalies.some((a) => a.startsWith('FORK')), 60000, 100);
  row.values['seen while it ran'] = performance.now() - began;
  if (!watch.anomalies.some((a) => a.startsWith('FORK'))) row.faults.push('two of four equivocated, and the watch saw no fork');
  await load.stop();
  await watch.stop();
  const chains = [];
  for (const m of [cluster.members[2], cluster.members[3]]) {
    const blocks = [];
    for (let n = 0; n <= await m.head(); n++) {
      const block = await m.rpc.call('eth_getBlockByNumber', [`0x${n.toString(16)}`, false]);
      blocks.push({ hash: block.hash, txs: block.transactions });
    }
    chains.push({ name: m.name, blocks });
  }
  const found = checkChains(chains, watch.seen);
  for (const pattern of [/^FORK/, /LOST|is in/])
    if (!found.some((f) => pattern.test(f))) row.faults.push(`the final check found no ${pattern} in a forked network`);
  row.events = 2;
  row.committed = watch.seen.size;
  row.notes.push(found.find((f) => f.startsWith('FORK')));
  options.say(`split-double: ${row.faults[0] ?? `seen: ${row.notes[0]}`}`);
  await cluster.destroy();
  signer.end();
  return row;
}

// name -> async (place, options, random) -> row
export const BYZANTINE_FAULTS = { 'duplicate-key': duplicateKey, mutant, 'split-double': splitDouble };
