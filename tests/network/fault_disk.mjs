// Faults of what a member keeps: a cut log, a store that is gone, a full disk, a kill at each step of a
// commit.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import readline from 'node:readline';
import { exec } from './cluster.mjs';
import { note } from './fault_kill.mjs';
import { Skip, sleep, until } from './run.mjs';

// The last bytes of the engine's log of its consensus are lost, as when the power goes.
async function walCut(run, context, end) {
  do {
    const m = run.random.pick(run.members);
    await m.crash();
    const wal = join(m.home, 'engine', 'data', 'cs.wal', 'wal');
    const { size } = statSync(wal);
    truncateSync(wal, Math.max(0, size - run.random.between(1, 4096)));
    context.events++;
    const since = performance.now();
    m.start();
    const ok = await until(() => run.inStep(m), 60000, 100);
    note(context, 'back in step', ok && performance.now() - since);
    if (!ok) throw new Error(`${m.name} did not come back after its log was cut`);
    await sleep(run.random.between(500, 1500));
  } while (performance.now() < end);
}

// The application's store is gone. In turn: its genesis is still there, the ledger is made anew and executes
// every block again that its own engine kept; or the member joins again and gets all from the others.
async function wipe(run, context, end) {
  for (let round = 0; performance.now() < end || round < 2; round++) {
    const m = run.random.pick(run.members);
    m.mayGoBack = true;
    await m.crash();
    rmSync(join(m.home, 'store'), { recursive: true });
    if (round % 2) await m.cli('network', 'join', '--again', '--network', join(run.cluster.net, 'network.json'),
      '--listen', `${m.p2pHost}:${m.p2pPort}`, '--quiet', ...m.engineRpc ?? []);
    else await m.cli('init', '--genesis', join(m.home, 'genesis.json'), '--quiet');
    context.events++;
    run.watch.forget(m);
    const since = performance.now();
    m.start();
    const ok = await until(() => run.inStep(m), 120000, 100);
    note(context, round % 2 ? 'joined again' : 'executed again', ok && performance.now() - since);
    if (!ok) throw new Error(`${m.name} did not come back after its store was wiped`);
    await sleep(1000);
    m.mayGoBack = false;
  }
}

// The member's folder on a disk of its own, which is then filled; room is made when it has stopped.
async function diskFull(run, context) {
  const m = run.random.pick(run.members);
  if (!run.cluster.cut) throw new Skip('no mount namespace here: a full disk cannot be made');
  const kept = `${m.home}.kept`, filler = join(m.home, 'filler');
  await m.stop();
  const used = Number((await exec('du', '-sm', m.home)).split('\t')[0]);
  await exec('cp', '-a', m.home, kept);
  await exec('mount', '-t', 'tmpfs', '-o', `size=${used + 40}m`, 'none', m.home);
  await exec('cp', '-a', `${kept}/.`, m.home);
  try {
    m.start();
    if (!await until(() => run.inStep(m), 60000, 100)) throw new Error(`${m.name} does not run on another disk`);
    const logged = m.log().length;
    await exec('dd', 'if=/dev/zero', `of=${filler}`, 'bs=4096').catch(() => {}); // until there is no room
    context.events++;
    const since = performance.now();
    const said = await until(() => m.log().slice(logged).split('\n').find((line) => /disk is full|disk full|no space/i.test(line)), 60000, 200);
    await sleep(5000);
    note(context, 'gap while the disk is full', run.watch.longestGap(since, performance.now()));
    context.notes.push(said ? `it says: ${said.trim().slice(0, 160)}` : 'it says nothing of a full disk');
    if (await run.inStep(m).catch(() => false)) context.notes.push('the member went on without room');
    if (m.exits.at(-1) && !m.process) context.notes.push(`it stopped with code ${m.exits.at(-1).code}`);
    rmSync(filler);
    await exec('mount', '-o', 'remount,size=2g', m.home);
    const room = performance.now();
    if (!m.process) m.start();
    const ok = await until(() => run.inStep(m), 90000, 100);
    note(context, 'back in step after room was made', ok && performance.now() - room);
    if (!said) run.watch.anomaly(`${m.name} said nothing of its full disk`);
    if (!ok) run.watch.anomaly(`${m.name} did not come back when there was room`);
  } finally {
    await m.stop();
    const back = `${m.home}.back`;
    await exec('cp', '-a', m.home, back);
    await exec('umount', m.home);
    rmSync(m.home, { recursive: true });
    await exec('mv', back, m.home);
    rmSync(kept, { recursive: true });
    m.start();
  }
}

// --- a kill at each step of a commit -----------------------------------------------------------------

// The thread of the application that writes to the store: the one on CometBFT's consensus connection.
async function committingThread(pid) {
  const trace = spawn('strace', ['-f', '-qq', '-e', 'trace=fdatasync', '-p', String(pid)],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => trace.once('close', resolve));
  const timer = setTimeout(() => trace.kill('SIGTERM'), 5000);
  let thread;
  for await (const line of readline.createInterface({ input: trace.stderr })) {
    thread ??= /^(?:\[pid\s+)?(\d+)\]?\s+fdatasync/.exec(line)?.[1];
    if (thread) trace.kill('SIGTERM');
  }
  clearTimeout(timer);
  await ended;
  return thread;
}

// Before an answer to the engine (proposal, finalize, commit), before each write of the store's pages,
// before they are made durable, before the head that makes them count is written, and before it is told.
const STEPS = ['sendto', 'writev', 'pwrite64', 'fdatasync'];

async function killInCommit(run, m, step, nth) {
  const { app } = m.pids();
  const thread = app && existsSync(`/proc/${app}`) ? await committingThread(app) : undefined;
  if (!thread) return false;
  const trace = spawn('strace', ['-qq', '-e', `trace=${step}`, '-e', `inject=${step}:signal=SIGKILL:when=${nth}`,
    '-o', '/dev/null', '-p', thread], { stdio: 'ignore' });
  const ended = new Promise((resolve) => trace.once('close', resolve));
  const killed = await until(() => !existsSync(`/proc/${app}`) || m.pids().app !== app, 15000, 50);
  trace.kill('SIGTERM');
  await ended;
  return Boolean(killed);
}

async function commitSteps(run, context) {
  if (spawnSync('strace', ['-V'], { stdio: 'ignore' }).status !== 0) throw new Skip('strace is not installed');
  const done = Object.fromEntries(STEPS.map((step) => [step, 0]));
  const wanted = run.options.kills;
  for (let round = 0; context.events < wanted && round < wanted * 3; round++) {
    const m = run.members[round % run.members.length];
    const step = STEPS[round % STEPS.length];
    if (!await until(() => m.pids().app && m.pids().engine && run.serves(m), 30000, 50)) continue;
    if (!await killInCommit(run, m, step, run.random.between(1, 5))) continue;
    context.events++;
    done[step]++;
  }
  context.notes.push(Object.entries(done).map(([step, n]) => `${n} before ${step}`).join(', '));
  if (context.events < wanted) throw new Error(`only ${context.events} of ${wanted} kills happened`);
}

export const DISK_FAULTS = {
  'wal-cut': walCut,
  wipe,
  'disk-full': diskFull,
  'commit-steps': commitSteps,
};
