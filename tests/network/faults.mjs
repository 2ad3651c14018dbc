#!/usr/bin/env node
// The fault harness of a network: real members, real engine, load, faults, and what must hold after each.
//
//   node tests/network/faults.mjs [--seed N] [--duration S] [--faults a,b,c|all] [--members 4] [--rate N]
//                                 [--kills N] [--audit one|all] [--json]
//
// --duration is the time for each fault, --kills how many kills at steps of a commit, --rate transfers a
// second. Progress goes to standard error, the table (or JSON) to standard
// output. Exit 0: everything held; 1: something did not; 77: there is no engine to test with.
// PARVIS_FAULTS_KEEP=1 keeps the folders, PARVIS_FAULTS_LOOPBACK=1 does without namespaces.
import { engineProgram, enter } from './cluster.mjs';
import { BYZANTINE_FAULTS } from './fault_byzantine.mjs';
import { DISK_FAULTS } from './fault_disk.mjs';
import { KILL_FAULTS } from './fault_kill.mjs';
import { LINE_FAULTS } from './fault_line.mjs';
import { MEMBER_FAULTS } from './fault_member.mjs';
import { Random } from './rpc.mjs';
import { Run } from './run.mjs';

const SHARED = { ...KILL_FAULTS, ...LINE_FAULTS, ...DISK_FAULTS, ...MEMBER_FAULTS }; // on one network
const FAULTS = { ...SHARED, ...BYZANTINE_FAULTS };

function parse(argv) {
  const options = { seed: 1, duration: 20, faults: 'all', members: 4, rate: 200, kills: 20, audit: 'one', json: false };
  for (let i = 0; i < argv.length; i++) {
    const name = argv[i].replace(/^--/, '');
    if (!argv[i].startsWith('--') || !(name in options)) throw new Error(`unknown option ${argv[i]}`);
    if (name === 'json') options.json = true;
    else if (typeof options[name] === 'string') options[name] = argv[++i];
    else options[name] = Number(argv[++i]);
    if (Number.isNaN(options[name])) throw new Error(`--${name}: a number is wanted`);
  }
  options.list = options.faults === 'all' ? Object.keys(FAULTS) : options.faults.split(',');
  for (const name of options.list) if (!FAULTS[name]) throw new Error(`unknown fault ${name}: ${Object.keys(FAULTS).join(', ')}`);
  return options;
}

const seconds = (ms) => (ms === undefined ? '' : Number.isFinite(ms) ? (ms / 1000).toFixed(1) : 'never');

function table(rows) {
  const out = ['| fault | events | committed | longest gap, s | measured, s | verdict |', '|---|---|---|---|---|---|'];
  for (const r of rows) {
    const values = Object.entries(r.values ?? {}).map(([name, ms]) => `${name} ${seconds(ms)}`).join(', ');
    const verdict = r.skipped ? `skipped: ${r.skipped}` : r.faults.length ? `**fails**: ${r.faults[0].split('\n')[0]}` : 'holds';
    out.push(`| ${r.fault} | ${r.events} | ${r.committed ?? ''} | ${seconds(r.gap)} | ${values} | ${verdict} |`);
  }
  return out.join('\n');
}

async function main(place) {
  const options = parse(process.argv.slice(2));
  const began = performance.now();
  options.say = (text) => process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} ${text}\n`);
  options.engine = engineProgram();
  if (!options.engine) {
    process.stdout.write('no engine: script/bootstrap --network installs it, PARVIS_ENGINE names one\n');
    return 77;
  }
  const random = new Random(options.seed);
  const rows = [];
  options.say(`seed ${options.seed}, ${options.members} members, ${place.cut ? 'namespaces' : 'loopback: lines cannot be cut'}`);
  const shared = options.list.filter((name) => SHARED[name]);
  if (shared.length) {
    const run = await new Run(place, options, random).open();
    for (const name of shared) rows.push(await run.fault(name, SHARED[name], options.duration));
    rows.push(...await run.close({ auditAll: options.audit === 'all' }));
  }
  for (const name of options.list) if (BYZANTINE_FAULTS[name]) rows.push(await BYZANTINE_FAULTS[name](place, options, random));
  process.stdout.write(options.json ? `${JSON.stringify({ seed: options.seed, cut: place.cut, rows })}\n` : `${table(rows)}\n`);
  return rows.some((r) => r.faults.length) ? 1 : 0;
}

try {
  parse(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
await enter(main);
