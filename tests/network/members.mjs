// A running network for a test, other nodes beside it, and what tests do with both.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, Member, build, engineProgram, freePorts, parvis } from './cluster.mjs';
import { Rpc, sleep, until } from './rpc.mjs';

export { build, engineProgram, parvis, sleep, until };
export const require = createRequire(new URL('../e2e/package.json', import.meta.url));
export const { ethers } = require('ethers');
// what every test of a network needs; false: it is there
export const skip = engineProgram() ? false : 'no ordering engine: script/bootstrap --network, or PARVIS_ENGINE';
// fixed keys, so that a failure repeats
export const keys = [1, 2, 3, 4, 5].map((n) => '0x' + String(n).padStart(2, '0').repeat(32));
export const hex = (n) => `0x${n.toString(16)}`;

// --- folders and processes that end with the test

const folders = [], running = new Set();
process.on('exit', () => {
  for (const child of running) {
    try {
      process.kill(child.pid, 'SIGKILL');
    } catch { /* ended meanwhile */ }
  }
  if (!process.env.PARVIS_NETWORK_KEEP)
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

export function folder() {
  const made = mkdtempSync(join(tmpdir(), 'parvis-members-'));
  folders.push(made);
  return made;
}

// run('audit', '--home', x): -> { code, out, err }; the test goes on meanwhile
export function run(...args) {
  return new Promise((resolve) => {
    const child = spawn(parvis, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let out = '', err = '';
    child.stdout.setEncoding('utf8').on('data', (d) => { out += d; });
    child.stderr.setEncoding('utf8').on('data', (d) => { err += d; });
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code: code ?? signal, out, err });
    });
  });
}

// the same, and it must succeed: -> what it printed
export async function ok(...args) {
  const { code, out, err } = await run(...args);
  if (code !== 0) throw new Error(`parvis ${args.join(' ')}: code ${code}: ${err}`);
  return out;
}

// `parvis node` in a folder: -> { url, wsUrl, rpc, log(), stop(), ended }
export async function startNode(home, ...args) {
  const path = join(folder(), 'node.log');
  const child = spawn(parvis, ['node', '--home', home, '--port', '0', '--json', '--threads', '2', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.stderr.pipe(createWriteStream(path));
  const log = () => readFileSync(path, 'utf8');
  const ended = new Promise((resolve) => child.once('close', (code, signal) => {
    running.delete(child);
    resolve(code ?? signal);
  }));
  const line = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (d) => { if ((text += d).includes('\n')) resolve(text); });
    ended.then((code) => reject(new Error(`the node ended with ${code}: ${log()}`)));
  });
  const { url } = JSON.parse(line);
  const { hostname, port } = new URL(url);
  const rpc = new Rpc(hostname, Number(port), 10000);
  return { url, wsUrl: url.replace('http', 'ws'), rpc, home, log, ended,
    stop() {
      rpc.close();
      child.kill('SIGTERM');
      return ended;
    } };
}

// The promise's value if it comes within the time, else undefined.
export async function within(promise, ms) {
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, ms); });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// --- the network

// A cluster of members that runs: options as for Cluster; start: false leaves it stopped
export async function openNetwork(options = {}) {
  const cluster = await new Cluster({ work: folder(), cut: false }, { engine: engineProgram(), ...options }).create();
  for (const m of cluster.members) {
    m.url = `http://${m.rpcHost}:${m.rpcPort}`;
    m.rpc.timeoutMs = 10000;
  }
  if (options.start === false) return cluster;
  startAll(cluster);
  await cluster.ready();
  return cluster;
}

// A member of the cluster's network in a folder of its own, prepared; it joins and starts later.
export async function newMember(cluster, number, home = join(cluster.dir, `member-${number}`)) {
  const m = new Member(cluster, number, home);
  await m.place(cluster.firstPort + number - 1);
  m.url = `http://${m.rpcHost}:${m.rpcPort}`;
  m.rpc.timeoutMs = 10000;
  m.card = join(home, 'member.json');
  await ok('network', 'prepare', '--home', home, '--name', m.name, '--p2p', `127.0.0.1:${m.p2pPort}`);
  return m;
}

export const joinNetwork = (m, network, ...args) =>
  ok('network', 'join', '--home', m.home, '--network', network, '--listen', `127.0.0.1:${m.p2pPort}`, '--quiet', ...args);

// The stopped node of a home becomes a network of `count`, whose first member it is; none is started.
export async function growNetwork(home, count) {
  const cluster = new Cluster({ work: folder(), cut: false }, { engine: engineProgram(), members: count });
  cluster.firstPort = await freePorts(count + 2);
  cluster.network = join(cluster.dir, 'network.json');
  for (let i = 1; i <= count; i++)
    cluster.members.push(await newMember(cluster, i, i === 1 ? home : undefined));
  cluster.info = JSON.parse(await ok('network', 'init', '--from', home, '--out', cluster.network, '--json',
    ...cluster.members.flatMap((m) => ['--member', m.card])));
  for (const m of cluster.members) await joinNetwork(m, cluster.network);
  return cluster;
}

export function startMember(m, ...args) {
  m.start(args);
  const { process: child } = m;
  running.add(child);
  m.ended.then(() => running.delete(child));
}

export function startAll(cluster) {
  for (const m of cluster.members) if (!m.process) startMember(m);
}

// The chain of a node as it is now: every block's hash.
export async function hashes(node, from = 0, to = undefined) {
  const last = to ?? Number(await node.rpc.call('eth_blockNumber'));
  const out = [];
  for (let n = from; n <= last; n += 100) {
    const numbers = Array.from({ length: Math.min(100, last - n + 1) }, (_, i) => n + i);
    for (const { result, error } of await node.rpc.batch(numbers.map((k) => ['eth_getBlockByNumber', [hex(k), false]]), 30000)) {
      if (!result) throw new Error(`a block is missing: ${error?.message}`);
      out.push(result.hash);
    }
  }
  return out;
}

// Waits until all nodes have block `number`, and returns true; false after the time.
export async function haveBlock(nodes, number, ms = 30000) {
  return !!await until(async () => (await Promise.all(nodes.map((n) => n.rpc.call('eth_blockNumber'))))
    .every((n) => Number(n) >= number), ms, 100);
}

// The hashes of all blocks up to the lowest of the nodes' heads: an array a node.
export async function allHashes(nodes) {
  const heads = await Promise.all(nodes.map((n) => n.rpc.call('eth_blockNumber')));
  const common = Math.min(...heads.map(Number));
  return Promise.all(nodes.map((n) => hashes(n, 0, common)));
}

// A block that came after now.
export async function nextBlock(node, ms = 30000) {
  const before = Number(await node.rpc.call('eth_blockNumber'));
  return until(async () => Number(await node.rpc.call('eth_blockNumber')) > before, ms, 100);
}

export async function balance(node, address, tag = 'latest') {
  return BigInt(await node.rpc.call('eth_getBalance', [address, tag]));
}

// Sends value from a key through a node: -> the hash
export async function send(node, key, to, value, nonce) {
  const wallet = new ethers.Wallet(key);
  const number = nonce ?? Number(await node.rpc.call('eth_getTransactionCount', [wallet.address, 'pending']));
  const chainId = Number(await node.rpc.call('eth_chainId'));
  const raw = await wallet.signTransaction({ type: 2, chainId, nonce: number, to, value, gasLimit: 21000,
    maxFeePerGas: 0, maxPriorityFeePerGas: 0 });
  return node.rpc.call('eth_sendRawTransaction', [raw]);
}

// and waits for the receipt there
export async function transfer(node, ...rest) {
  const hash = await send(node, ...rest);
  const receipt = await until(() => node.rpc.call('eth_getTransactionReceipt', [hash]), 30000, 50);
  if (!receipt) throw new Error(`${hash} is in no block after 30 s`);
  return receipt;
}

// `parvis network ...words` at one member proposes; the others vote yes until it is decided.
export async function decide(first, others, ...words) {
  await ok('network', ...words, '--home', first.home, '--rpc', first.url);
  const { id } = JSON.parse(await ok('network', 'proposals', '--all', '--rpc', first.url, '--json')).at(-1);
  const proposed = await first.head();
  for (const m of others) {
    await until(async () => await m.head() >= proposed, 20000, 20); // it has to know the proposal
    const { code, err } = await run('network', 'vote', String(id), 'yes', '--home', m.home, '--rpc', m.url);
    // decided before all had voted, against one of them perhaps
    if (code !== 0 && !/ProposalClosed|NotAuthorised/.test(err)) throw new Error(err);
  }
}
