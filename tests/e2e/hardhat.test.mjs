// The sample project of contracts/ as its user runs it: `npx hardhat test --network parvis` against a
// node, and the deploy script.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ethers } from 'ethers';
import { startNode, rpc } from './node.mjs';

const project = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'contracts');
// the accounts of hardhat.config.js
const phrase = 'test test test test test test test test test test test junk';
const accounts = [0, 1, 2, 3].map((i) => ethers.HDNodeWallet.fromPhrase(phrase, '', `m/44'/60'/0'/0/${i}`).address);
let node;

before(async () => {
  node = await startNode({ alloc: Object.fromEntries(accounts.map((a) => [a, '1000'])) });
});
after(async () => {
  assert.equal(await node?.stop(), 0);
});

function hardhat(args, env = {}) {
  const child = spawn(join(project, 'node_modules', '.bin', 'hardhat'), args, { cwd: project,
    env: { ...process.env, PARVIS_URL: node.url, HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true', ...env } });
  let stdout = '', stderr = '';
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, stdout, stderr })));
}

test('the project\'s own tests pass with the node as network', async () => {
  const { code, stdout, stderr } = await hardhat(['test', '--network', 'parvis']);
  assert.equal(code, 0, stdout + stderr);
  assert.ok(Number(/(\d+) passing/.exec(stdout)[1]) >= 14, stdout);
  assert.doesNotMatch(stdout, /failing|pending/);
});

test('the deploy script names what is missing, and deploys', async () => {
  const deploy = (env) => hardhat(['run', 'scripts/deploy.js', '--network', 'parvis'], env);
  const without = await deploy({});
  assert.equal(without.code, 1);
  assert.match(without.stderr, /OPERATION/);
  const { code, stdout, stderr } = await deploy({ OPERATION: '1', PRICE: '2.5' });
  assert.equal(code, 0, stderr);
  const address = ethers.getAddress(stdout.trim().split('\n').at(-1));
  assert.ok((await rpc(node.url, 'eth_getCode', [address, 'latest'])).result.length > 1000);
});
