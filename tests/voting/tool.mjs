// The programs that the tests of voting compare: belenios-tool (put there by tool.sh), ours, and the one
// that makes whole elections with the library.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const build = process.env.PARVIS_BUILD ?? join(here, '..', '..', 'build');
const program = join(here, 'tool', 'belenios-tool');

// Why there is nothing to compare with, or false.
export const noTool = existsSync(program) ? false : 'belenios-tool is not there; sh tests/voting/tool.sh says why';
export const toolVersion = noTool ? '' : readFileSync(join(here, 'tool', 'version'), 'utf8').trim();

// The elections that belenios-tool made, or undefined.
const data = join(process.env.PARVIS_DATA ?? join(here, '..', '..', '..', 'shared', 'data'), 'voting');
export const elections = existsSync(data) ? data : undefined;
export const noData = elections ? false : `there is no ${data}`;

// -> { code, out, err }
export function run(file, args, { cwd, input, env } = {}) {
  return new Promise((resolve) => {
    const child = execFile(file, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28,
      env: { ...process.env, PARVIS_LANG: 'en', ...env } },
      (error, out, err) => resolve({ code: error ? error.code ?? -1 : 0, out, err }));
    child.stdin.on('error', () => {}); // a program that does not read
    child.stdin.end(input ?? '');
  });
}

async function succeed(what, result) {
  const { code, out, err } = await result;
  if (code !== 0) throw new Error(`${what}: exit ${code}\n${err.slice(0, 2000)}\n${out.slice(0, 500)}`);
  return out;
}

export const tool = (cwd, ...args) => run(program, args, { cwd });
export const parvis = (...args) => run(join(build, 'parvis'), args.map(String));
export const toolOk = (cwd, ...args) => succeed(`belenios-tool ${args.join(' ')}`, tool(cwd, ...args));
export const parvisOk = (...args) => succeed(`parvis ${args.join(' ')}`, parvis(...args));

// archive add-event of what another command of the tool printed
export async function addEvent(cwd, type, body = '') {
  return succeed(`add-event ${type}`, run(program, ['archive', 'add-event', `--type=${type}`], { cwd, input: body }));
}

// A new folder, which goes away with the test process.
let place;
export function folder() {
  if (!place) {
    place = mkdtempSync(join(tmpdir(), 'parvis-voting-'));
    process.on('exit', () => rmSync(place, { recursive: true, force: true }));
  }
  return mkdtempSync(join(place, 'f-'));
}

export const json = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));
export const belIn = (dir) => join(dir, readdirSync(dir).find((name) => name.endsWith('.bel')));

// Runs make_election in a folder. -> its report
export async function makeIn(dir, options, flags = []) {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const out = await succeed(`make_election ${args.join(' ')}`, run(join(build, 'make_election'), [dir, ...flags, ...args]));
  return JSON.parse(out);
}

// Makes an election into a folder of its own. -> the program's report, with { dir, bel }
export async function makeElection(options = {}) {
  const dir = folder(), made = await makeIn(dir, options);
  return { ...made, dir, bel: join(dir, `${made.uuid}.bel`) };
}

// A file alone in a folder, as the tool wants archives. -> the folder
export function alone(name, content) {
  const dir = join(folder(), 'one');
  mkdirSync(dir);
  writeFileSync(join(dir, name), content);
  return dir;
}

// What each verifier says of an archive: { code, out, err }
export const toolVerify = (dir) => tool(dir, 'election', 'verify');
export const ourVerify = (bel, ...args) => parvis('vote', 'verify', bel, ...args);
