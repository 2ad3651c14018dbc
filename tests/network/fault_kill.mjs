// Faults of processes: killed, paused, gone for a while.
import { sleep, until } from './run.mjs';

const note = (context, name, ms) => {
  context.values[name] = Math.max(context.values[name] ?? 0, ms ?? Infinity);
};

// Every 1 to 3 s another member's processes are killed; the supervisors start them again.
function rotating(what) {
  return async (run, context, end) => {
    while (performance.now() < end) {
      for (const m of run.random.shuffle(run.members)) {
        if (performance.now() >= end) break;
        if (m.signal(what, 'SIGKILL')) context.events++;
        await sleep(run.random.between(1000, 3000));
      }
    }
  };
}

// All members' processes at once; every second time their supervisors too, which the harness starts
// again, as systemd would.
async function killAll(run, context, end) {
  for (let round = 0; performance.now() < end || round < 2; round++) {
    await sleep(run.random.between(1500, 4000));
    const since = performance.now();
    if (round % 2) {
      await Promise.all(run.members.map((m) => m.crash()));
      run.cluster.startAll();
    } else {
      for (const m of run.members) m.signal('both', 'SIGKILL');
    }
    context.events += run.members.length;
    const ms = await run.nextBlock(since + 50, 60000);
    note(context, 'first block after all were killed', ms);
    if (ms === undefined) throw new Error('no block in 60 s after all members were killed');
  }
}

// Both processes of a member stand still for 4 s and go on where they were.
async function pause(run, context, end) {
  do {
    const m = run.random.pick(run.members);
    context.events += m.signal('both', 'SIGSTOP') > 0;
    await sleep(4000);
    m.signal('both', 'SIGCONT');
    await sleep(run.random.between(500, 2500));
  } while (performance.now() < end);
}

// One member is down for 8 s and comes back.
async function down(run, context, end) {
  do {
    const m = run.random.pick(run.members);
    const since = performance.now();
    await m.crash();
    context.events++;
    await sleep(8000);
    note(context, 'gap with one member down', run.watch.longestGap(since, performance.now()));
    m.start();
    await until(() => run.inStep(m), 60000, 100);
    note(context, 'back in step', performance.now() - since - 8000);
  } while (performance.now() < end);
}

export const KILL_FAULTS = {
  'kill-engine': rotating('engine'),
  'kill-app': rotating('app'),
  'kill-both': rotating('both'),
  'kill-all': killAll,
  pause,
  down,
};
export { note };
