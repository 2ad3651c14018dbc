// The cases of Ethereum's execution-apis: a chain of 54 blocks through every fork is imported and
// served, and each recorded request must get its recorded answer.
//
// Compared exactly, but for what the suite itself leaves open: where both answers are errors, the
// words may differ (the code may not); cases marked "speconly" are compared by their structure.
// tests/conformance/rpc.json holds how many pass for each method and may only rise
// (PARVIS_UPDATE=1 writes it), and which cases do not apply, with the reason.
import assert from 'node:assert';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import readline from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parvis } from './node.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const record = join(root, 'tests', 'conformance', 'rpc.json');
const archive = join(process.env.PARVIS_DATA ?? join(root, '..', 'shared', 'data'), 'evm',
  'fixtures.tar.zst');

function unpack(into) {
  if (process.env.PARVIS_EXECUTION_APIS) return process.env.PARVIS_EXECUTION_APIS;
  execFileSync('tar', ['--zstd', '-xf', archive, '-C', into, '--wildcards', '*execution-apis/*']);
  return join(into, 'execution-apis', 'tests');
}

// A case is a file of lines: "// note", ">> request", "<< answer".
function readCases(dir) {
  const cases = [];
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const file of readdirSync(join(dir, entry.name)).filter((f) => f.endsWith('.io')).sort()) {
      const lines = readFileSync(join(dir, entry.name, file), 'utf8').split('\n');
      cases.push({
        name: `${entry.name}/${file.slice(0, -3)}`,
        method: entry.name,
        specOnly: lines.some((l) => l.startsWith('// speconly')),
        requests: lines.filter((l) => l.startsWith('>> ')).map((l) => l.slice(3)),
        answers: lines.filter((l) => l.startsWith('<< ')).map((l) => JSON.parse(l.slice(3))),
      });
    }
  }
  return cases;
}

const kind = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : typeof v);

// Members that the schema does not require.
const optional = new Set(['deleteStrategy', 'memory', 'storage', 'returnData', 'refund', 'error']);

// The first place where two answers differ in structure; undefined: nowhere. An array's first
// element stands for all, since how many there are is not the schema's business.
function shapeDiffers(got, want, path = '') {
  if (kind(got) !== kind(want)) {
    return kind(want) === 'null' || kind(got) === 'null' ? undefined
      : `${path}: ${kind(got)}, not ${kind(want)}`;
  }
  if (kind(want) === 'array') {
    return got.length && want.length ? shapeDiffers(got[0], want[0], `${path}[0]`) : undefined;
  }
  if (kind(want) === 'object') {
    // names that are data (addresses, slots, nonces) need not be the same
    const data = Object.keys(want).some((k) => /^(0x|\d)/.test(k));
    for (const key of Object.keys(want)) {
      if (data || optional.has(key)) continue;
      if (!(key in got)) return `${path}.${key} is missing`;
      const inner = shapeDiffers(got[key], want[key], `${path}.${key}`);
      if (inner) return inner;
    }
    return undefined;
  }
  if (kind(want) === 'string' && want.startsWith('0x') !== got.startsWith('0x')) {
    return `${path}: ${got} has another form than ${want}`;
  }
  return undefined;
}

function differs(got, want, path = '') {
  if (kind(got) !== kind(want)) return `${path}: ${JSON.stringify(got)?.slice(0, 200)}, not ${JSON.stringify(want)?.slice(0, 200)}`;
  if (kind(want) === 'object' || kind(want) === 'array') {
    for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
      if (!(key in got)) return `${path}.${key} is missing`;
      if (!(key in want)) return `${path}.${key} is too much`;
      const inner = differs(got[key], want[key], `${path}.${key}`);
      if (inner) return inner;
    }
    return undefined;
  }
  return got === want ? undefined
    : `${path}: ${String(got).slice(0, 200)}, not ${String(want).slice(0, 200)}`;
}

function compare(got, want, specOnly) {
  if (got.error && want.error) {
    return got.error.code === want.error.code ? undefined
      : `error ${got.error.code} (${got.error.message}), not ${want.error.code} (${want.error.message})`;
  }
  if (got.error) return `error ${got.error.code}: ${got.error.message}`;
  return specOnly ? shapeDiffers(got, want) : differs(got, want);
}

async function ask(url, body) {
  const response = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body,
  });
  return JSON.parse(await response.text());
}

async function run(url, c) {
  for (let i = 0; i < c.requests.length; i++) {
    const got = await ask(url, c.requests[i]);
    const fault = compare(got, c.answers[i], c.specOnly);
    if (fault) return fault;
  }
  return undefined;
}

async function serve(home) {
  const child = spawn(parvis, ['node', '--home', home, '--port', '0', '--json', '--log', 'warn'],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout });
  const { url } = await new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line)));
    child.once('exit', (code) => reject(new Error(`the node ended with ${code}`)));
  });
  return { url, stop: () => new Promise((r) => { child.once('exit', r); child.kill('SIGTERM'); }) };
}

test('execution-apis', {
  skip: process.env.PARVIS_EXECUTION_APIS || existsSync(archive) ? false
    : 'the official fixtures are not there',
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'parvis-conformance-'));
  const cases = readCases(unpack(dir));
  const data = process.env.PARVIS_EXECUTION_APIS ?? join(dir, 'execution-apis', 'tests');
  const home = join(dir, 'home');
  execFileSync(parvis, ['import-ethereum', join(data, 'genesis.json'), join(data, 'chain.rlp'),
    '--home', home, '--json'], { encoding: 'utf8' });
  const node = await serve(home);
  const stated = JSON.parse(readFileSync(record, 'utf8'));
  const passed = {}, total = {}, faults = [];
  try {
    for (const c of cases) {
      total[c.method] = (total[c.method] ?? 0) + 1;
      if (stated.not_applicable[c.name]) continue;
      const fault = await run(node.url, c);
      if (fault) faults.push(`${c.name}: ${fault}`);
      else passed[c.method] = (passed[c.method] ?? 0) + 1;
    }
  } finally {
    await node.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);
  t.diagnostic(`${sum(passed)} of ${cases.length} cases passed, `
    + `${Object.keys(stated.not_applicable).length} do not apply`);
  if (process.env.PARVIS_UPDATE) {
    const counts = Object.fromEntries(Object.keys(total).sort().map((m) => [m, passed[m] ?? 0]));
    writeFileSync(record, `${JSON.stringify({ ...stated, cases: cases.length, passed: counts },
      null, 2)}\n`);
  }
  for (const fault of faults) t.diagnostic(fault);
  for (const [method, count] of Object.entries(stated.passed)) {
    assert.ok((passed[method] ?? 0) >= count,
      `${method}: ${passed[method] ?? 0} cases pass, ${count} did before`);
  }
  assert.deepStrictEqual(faults, [], 'cases that apply and fail');
});
