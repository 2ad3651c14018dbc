// The node as Foundry sees it: cast reads, sends and replays; forge compiles, creates and runs a
// script against it. foundry/package.json names its packages for Linux on x86-64; elsewhere this is skipped.
// forge gets the npm compiler through solc-cli.mjs.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ethers } from 'ethers';
import { startNode, keys } from './node.mjs';
import { compile } from './solc.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const tool = (name) => join(here, 'foundry', 'node_modules', '@foundry-rs', `${name}-linux-amd64`, 'bin', name);
const skip = existsSync(tool('cast')) && existsSync(tool('forge')) ? false : 'Foundry is not installed for this platform';
const [alice, bob] = keys.map((k) => new ethers.Wallet(k));
let node, project, counter;

before(async () => {
  if (skip) return;
  node = await startNode({ alloc: { [alice.address]: '1000', [bob.address]: '1' } });
  project = mkdtempSync(join(tmpdir(), 'parvis-foundry-'));
  for (const [folder, file] of [['src', 'Counter.sol'], ['src', 'Deploy.s.sol']]) {
    mkdirSync(join(project, folder), { recursive: true });
    cpSync(join(here, 'foundry', file), join(project, folder, file));
  }
  const modules = join(here, 'node_modules');
  writeFileSync(join(project, 'foundry.toml'), `[profile.default]
src = "src"
libs = []
solc = "${join(here, 'solc-cli.mjs')}"
evm_version = "osaka"
optimizer = true
offline = true
remappings = ["@openzeppelin/=${modules}/@openzeppelin/"]
allow_paths = ["${modules}"]
`);
});
after(async () => {
  if (project) rmSync(project, { recursive: true, force: true });
  assert.equal(await node?.stop() ?? 0, 0);
});

const env = { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: '1', NO_COLOR: '1' };
async function run(name, ...args) {
  const { stdout } = await promisify(execFile)(tool(name), args, { cwd: project, env: { ...env, HOME: project, ETH_RPC_URL: node.url }, maxBuffer: 1 << 26 });
  return stdout.trim();
}
const cast = (...args) => run('cast', ...args);
const key = (k) => ['--private-key', k];
const send = async (...args) => JSON.parse(await cast('send', '--json', ...key(keys[0]), ...args));

test('forge create deploys with constructor arguments and coins', { skip }, async () => {
  const out = await run('forge', 'create', 'src/Counter.sol:Counter', '--broadcast', '--json', ...key(keys[0]),
    '--value', '1wei', '--constructor-args', '7');
  counter = JSON.parse(out.slice(out.indexOf('{'))).deployedTo;
  assert.equal(await cast('call', counter, 'number()(uint256)'), '7');
  assert.equal(await cast('balance', counter), '1');
});

test('forge script broadcasts its transactions', { skip }, async () => {
  await run('forge', 'script', 'src/Deploy.s.sol:Deploy', '--rpc-url', node.url, '--broadcast', ...key(keys[0]));
  const log = JSON.parse(readFileSync(join(project, 'broadcast', 'Deploy.s.sol', '20260', 'run-latest.json'), 'utf8'));
  assert.equal(log.transactions.length, 4);
  assert.deepEqual(log.receipts.map((r) => r.status), ['0x1', '0x1', '0x1', '0x1']);
  const [made, proxied] = log.transactions.filter((t) => t.transactionType === 'CREATE').map((t) => t.contractAddress);
  assert.equal(await cast('call', made, 'number()(uint256)'), '42');
  assert.equal(await cast('call', proxied, 'number()(uint256)'), '5');
  assert.equal(ethers.getAddress(await cast('implementation', proxied)), ethers.getAddress(made));
});

test('cast reads the chain', { skip }, async () => {
  assert.equal(await cast('chain-id'), '20260');
  const head = JSON.parse(await cast('block', '--json', 'latest'));
  assert.ok(Number(head.number) > 0);
  assert.equal(BigInt(head.baseFeePerGas), 0n);
  assert.match(await cast('client'), /parvis/i);
  assert.equal(await cast('base-fee'), '0');
  assert.equal(await cast('gas-price'), '0');
  assert.equal(await cast('balance', '--ether', bob.address), '1.000000000000000000');
  assert.equal(await cast('nonce', bob.address), '0');
  assert.ok(Number(await cast('codesize', counter)) > 100);
  assert.equal(BigInt(await cast('storage', counter, '1')), 7n);
  assert.equal(JSON.parse(await cast('proof', counter, '1')).storageProof.length, 1);
  assert.match(await cast('block', '0', '--field', 'hash'), /^0x[0-9a-f]{64}$/);
  assert.ok(Number(await cast('find-block', String(Number(head.timestamp)))) > 0);
});

test('cast sends, asks for receipt, transaction and logs', { skip }, async () => {
  const receipt = await send(counter, 'add(uint256)', '5');
  assert.equal(receipt.status, '0x1');
  const again = JSON.parse(await cast('receipt', '--json', receipt.transactionHash));
  assert.deepEqual([again.blockHash, again.logs.length], [receipt.blockHash, 1]);
  assert.equal(ethers.getAddress(await cast('tx', receipt.transactionHash, 'from')), alice.address);
  const logs = JSON.parse(await cast('logs', '--json', '--from-block', '0', '--address', counter, 'Counted(address indexed,uint256)', alice.address));
  assert.deepEqual(logs.map((l) => [l.transactionHash, BigInt(l.data)]), [[receipt.transactionHash, 12n]]);
  assert.equal(await cast('call', '--block', String(Number(receipt.blockNumber) - 1), counter, 'number()(uint256)'), '7');
  for (const options of [['--legacy'], ['--access-list'], ['--value', '1']])
    assert.equal((await send(bob.address, ...options)).status, '0x1', options[0]);
});

test('cast estimates, and names the error of a refused call', { skip }, async () => {
  const gas = Number(await cast('estimate', '--from', alice.address, counter, 'add(uint256)', '1'));
  assert.ok(gas > 21000 && gas < 100000, `${gas}`);
  await assert.rejects(cast('call', counter, 'add(uint256)', '1001'), (e) =>
    e.stderr.includes(ethers.id('TooLarge(uint256,uint256)').slice(2, 10)) || /TooLarge/.test(e.stderr));
  await assert.rejects(cast('send', ...key(keys[1]), counter, 'reset()'), /OwnableUnauthorizedAccount|118cdaa7/);
  const list = await cast('access-list', '--from', alice.address, counter, 'add(uint256)', '1');
  assert.match(list, new RegExp(counter.slice(2), 'i'));
});

test('cast creates from bytecode, signs offline, publishes', { skip }, async () => {
  const { bytecode } = compile('sol/Samples.sol').Probe;
  const created = await send('--create', bytecode);
  assert.equal(created.status, '0x1');
  assert.equal(ethers.getAddress(created.contractAddress),
    ethers.getCreateAddress({ from: alice.address, nonce: Number(await cast('nonce', alice.address)) - 1 }));
  assert.equal(await cast('call', created.contractAddress, 'fail(uint256)(uint256)', '6'), '6');
  const raw = await cast('mktx', ...key(keys[0]), bob.address, '--value', '2');
  assert.equal(JSON.parse(await cast('publish', '--json', raw)).status, '0x1');
});

test('cast delegates an account (EIP-7702)', { skip }, async () => {
  const { bytecode } = compile('sol/Samples.sol').Wallet;
  const wallet = (await send('--create', bytecode)).contractAddress;
  const signed = await cast('wallet', 'sign-auth', wallet, ...key(keys[1]), '--chain', '20260', '--nonce', '0');
  assert.equal((await send('--auth', signed, bob.address)).status, '0x1');
  assert.equal(await cast('code', bob.address), `0xef0100${wallet.slice(2).toLowerCase()}`);
});

test('cast replays a transaction, and reads its traces from the node', { skip }, async () => {
  const receipt = await send(counter, 'add(uint256)', '3');
  assert.match(await cast('run', receipt.transactionHash), /successfully/i);
  const call = JSON.parse(await cast('rpc', 'debug_traceTransaction', receipt.transactionHash, '{"tracer":"callTracer","tracerConfig":{"withLog":true}}'));
  assert.equal(call.type, 'CALL');
  assert.equal(call.to, counter.toLowerCase());
  assert.equal(call.logs.length, 1);
  assert.equal(BigInt(call.gasUsed), BigInt(receipt.gasUsed));
  const steps = JSON.parse(await cast('rpc', 'debug_traceTransaction', receipt.transactionHash, '{}'));
  assert.equal(steps.failed, false);
  assert.ok(steps.structLogs.some((s) => s.op === 'SSTORE'));
  const before = JSON.parse(await cast('rpc', 'debug_traceTransaction', receipt.transactionHash, '{"tracer":"prestateTracer","tracerConfig":{"diffMode":true}}'));
  assert.ok(before.post[counter.toLowerCase()].storage);
});
