// Faults of lines and clocks.
import { clockCanMove, moveClock } from './clock.mjs';
import { note } from './fault_kill.mjs';
import { Skip, sleep } from './run.mjs';

function needLines(run) {
  if (!run.cluster.cut) throw new Skip('no network namespaces here: lines cannot be cut');
}

// One member is alone for 6 s.
async function isolate(run, context, end) {
  needLines(run);
  do {
    const m = run.random.pick(run.members);
    run.cluster.connect(m, -1);
    context.events++;
    const since = performance.now();
    await sleep(6000);
    note(context, 'gap with one member alone', run.watch.longestGap(since, performance.now()));
    run.cluster.heal();
    note(context, 'back in step', await run.recovered([], 60000));
    await sleep(run.random.between(500, 1500));
  } while (performance.now() < end);
}

// Two and two: nobody may go on, and all go on afterwards.
function partition(ms) {
  return async (run, context) => {
    needLines(run);
    const second = run.random.shuffle(run.members).slice(0, Math.floor(run.members.length / 2));
    run.cluster.partition(second);
    context.events++;
    let before; // what was decided before may still arrive
    for (let i = 0; i < 7 && run.watch.top !== before; i++) {
      before = run.watch.top;
      await sleep(1500);
    }
    before = run.watch.top;
    await sleep(ms - 1500);
    if (run.watch.top !== before)
      run.watch.anomaly(`blocks ${before + 1} to ${run.watch.top} were made without two thirds of the members`);
    const since = performance.now();
    run.cluster.heal();
    note(context, 'first block after the heal', await run.nextBlock(since));
  };
}

// One member's clock is wrong by so many seconds for a while, then right again.
function clock(seconds) {
  return async (run, context, end) => {
    if (!clockCanMove) throw new Skip(`clocks cannot be moved on ${process.arch}`);
    // an engine that starts before its genesis time waits for it
    const young = run.born + 1000 - seconds * 1000 - performance.now();
    if (young > 0) {
      await sleep(young);
      end += young;
    }
    const m = run.random.pick(run.members);
    const moved = new Set();
    const all = () => [m.process.pid, ...Object.values(m.pids())];
    const since = performance.now();
    const logged = m.log().length;
    while (performance.now() < end) {
      for (const pid of all()) {
        if (moved.has(pid)) continue;
        await moveClock(pid, seconds);
        moved.add(pid);
        context.events++;
      }
      await sleep(5); // a process that starts has the wrong time almost from its beginning
    }
    note(context, 'gap with a wrong clock', run.watch.longestGap(since, performance.now()));
    for (const pid of all()) if (moved.has(pid)) await moveClock(pid, 0).catch(() => {});
    note(context, 'back in step', await run.recovered([], 90000));
    const told = m.log().slice(logged).split('\n').find((line) => /its clock|this clock/.test(line) && /network:/.test(line));
    context.notes.push(told ? `${m.name} says: ${told.replace(/^.*network: /, '')}` : `${m.name} says nothing of its clock`);
  };
}

export const LINE_FAULTS = {
  isolate,
  'partition-5': partition(5000),
  'partition-20': partition(20000),
  'clock-ahead': clock(90),
  'clock-behind': clock(-90),
};
