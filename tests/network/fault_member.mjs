// Faults and changes of who is a member: one more, another weight, one less, a fresh copy by snapshot.
import { note } from './fault_kill.mjs';
import { until } from './run.mjs';

// The consensus' own list at a member: { key: power }
async function powers(m) {
  const { validators } = await m.engineAsk('/validators?per_page=100');
  return Object.fromEntries(validators.map((v) => [v.pub_key.value, Number(v.voting_power)]));
}

// One proposes, the others vote until it is decided and the engine of every member counts by it.
async function decide(run, context, name, wanted, ...proposal) {
  const [first, ...others] = run.members.slice(0, 4);
  const since = performance.now();
  await first.ask('network', ...proposal, '--quiet');
  const open = JSON.parse(await first.ask('network', 'proposals', '--json'));
  const { id } = open.at(-1);
  for (const m of others) {
    if (!JSON.parse(await m.ask('network', 'proposals', '--json')).some((p) => p.id === id)) continue;
    // the last votes may come after the decision
    await m.ask('network', 'vote', id, 'yes', '--quiet').catch((error) => context.lastRefusal = error.message);
  }
  const ok = await until(async () => (await Promise.all(run.members.map(async (m) => wanted(await powers(m))))).every(Boolean), 30000, 100);
  if (!ok) throw new Error(`${name} was not decided: ${context.lastRefusal ?? ''} ${JSON.stringify(await powers(first))}`);
  context.events++;
  note(context, name, performance.now() - since);
}

// A fifth member joins by executing everything, becomes a validator, gets another weight, as does a
// founding member, and leaves.
async function validators(run, context) {
  const fifth = await run.cluster.join('member-5');
  await run.enlarge(fifth);
  context.events++;
  if (!await until(() => run.inStep(fifth, 20), 120000, 100)) throw new Error('the member that joined does not keep up');
  await decide(run, context, 'added', (p) => Object.keys(p).length === 5, 'propose-add', fifth.card);
  await decide(run, context, 'weighed', (p) => Object.values(p).includes(13), 'propose-weight', 'member-5', '13');
  await decide(run, context, 'weighed again', (p) => Object.values(p).includes(12), 'propose-weight', 'member-4', '12');
  await decide(run, context, 'removed', (p) => Object.keys(p).length === 4, 'propose-remove', 'member-5');
  await decide(run, context, 'weighed back', (p) => Object.values(p).every((n) => n === 10), 'propose-weight', 'member-4', '10');
  const code = await run.reduce(fifth);
  if (code !== 0) run.watch.anomaly(`the member that left stopped with code ${code}`);
}

// A fresh member that takes a snapshot instead of every block, checked against two members.
async function stateSync(run, context) {
  const [first, second] = run.members;
  const { sync_info: at } = await first.engineAsk('/status');
  const began = performance.now();
  const fresh = await run.cluster.join('fresh', ['--sync-from', `http://${first.engineHost}`, '--sync-from', `http://${second.engineHost}`,
    '--trust', `${at.latest_block_height}:${at.latest_block_hash}`]);
  await run.enlarge(fresh);
  context.events++;
  note(context, 'follows after its snapshot', performance.now() - began);
  context.notes.push(`${run.watch.top - await fresh.head()} blocks behind under load`);
  await run.load.drain(30000);
  note(context, 'in step when the load pauses', await run.recovered([], 60000));
  const text = fresh.log();
  context.notes.push(text.split('\n').find((line) => /taking the snapshot/.test(line))?.trim().slice(0, 160) ?? 'it says nothing of a snapshot');
  const { sync_info: now } = await fresh.engineAsk('/status');
  if (Number(now.earliest_block_height) <= 1) run.watch.anomaly('the fresh member has the first block: it took no snapshot');
  await until(() => (run.watch.heads.get(fresh) ?? -1) >= run.watch.top - 2, 30000);
  run.load.resume();
  const code = await run.reduce(fresh);
  if (code !== 0) run.watch.anomaly(`the fresh member stopped with code ${code}`);
}

export const MEMBER_FAULTS = { validators, 'state-sync': stateSync };
