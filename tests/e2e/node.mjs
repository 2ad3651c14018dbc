// A node of our own for a test: a fresh ledger, a running process, and how to end it.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import readline from 'node:readline';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const parvis = join(process.env.PARVIS_BUILD ?? join(root, 'build'), 'parvis');

// Fixed keys, so that a failure repeats.
export const keys = [1, 2, 3].map((n) => '0x' + String(n).padStart(2, '0').repeat(32));

export function cli(home, ...args) {
  return execFileSync(parvis, [...args, '--home', home], { encoding: 'utf8' });
}

// startNode({ alloc: { '0x..': '1000' } }) resolves to { url, wsUrl, home, admin, chainId, stop }
export async function startNode({ alloc = {}, nodeArgs = [], initArgs = [] } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'parvis-e2e-'));
  const allocs = Object.entries(alloc).flatMap(([a, v]) => ['--alloc', `${a}=${v}`]);
  const made = JSON.parse(cli(home, 'init', '--json', ...allocs, ...initArgs));
  cli(home, 'account', 'export', 'admin', join(home, 'admin.hex'));
  const child = spawn(parvis, ['node', '--home', home, '--port', '0', '--json', '--log', 'warn',
    ...nodeArgs], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout });
  const announced = await new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line)));
    child.once('exit', (code) => reject(new Error(`the node ended with ${code}`)));
  });
  return {
    ...announced, home, admin: made.admin, wsUrl: announced.url.replace('http', 'ws'),
    async stop() {
      const exit = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const code = await exit;
      rmSync(home, { recursive: true, force: true });
      return code;
    },
  };
}

export async function rpc(url, method, params = []) {
  const response = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return response.json();
}

export function writeTemp(home, name, text) {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
}
