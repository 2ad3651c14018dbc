// A network of real members on this machine: real `parvis network start`, real engine.
//
// Where it may, the harness runs in namespaces of its own (network, mounts, processes) that are gone with
// it, however it ends. In there every member has a network namespace with two lines: one to the other
// members, over bridges between which a member can be moved or of which it can be taken (that is how
// lines are cut, without a packet's sender being told), and one to the harness, never cut. Elsewhere the
// members share the loopback, and what needs a cut line is skipped.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Rpc, engineGet, sleep, until } from './rpc.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const build = process.env.PARVIS_BUILD ?? join(root, 'build');
export const parvis = join(build, 'parvis');
const P2P_PORT = 26656;
const INSIDE = 'PARVIS_FAULTS_INSIDE';

export function engineProgram() {
  const own = join(root, 'engine', 'bin', 'cometbft');
  if (process.env.PARVIS_ENGINE) return existsSync(process.env.PARVIS_ENGINE) ? process.env.PARVIS_ENGINE : null;
  if (existsSync(own)) return own;
  const found = spawnSync('sh', ['-c', 'command -v cometbft'], { encoding: 'utf8' }).stdout.trim();
  return found || null;
}

// --- namespaces --------------------------------------------------------------------------------------

const UNSHARE = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const PROBE = `mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up &&
  ip netns add probe && ip link add br0 type bridge && ip link add ve0 type veth peer name ve1 netns probe &&
  ip link set ve0 master br0 && nsenter --net=/run/netns/probe sysctl -q -w net.ipv4.tcp_retries2=4`;

function namespaceOptions() {
  for (const options of [UNSHARE, ['--user', '--map-root-user', ...UNSHARE]])
    if (spawnSync('unshare', [...options, 'sh', '-c', PROBE], { stdio: 'ignore' }).status === 0) return options;
  return null;
}

// enter(main): runs main in namespaces of their own where that is allowed, else here. main gets
// { work, cut }: a folder that is removed afterwards, and whether lines can be cut.
export async function enter(main) {
  if (process.env[INSIDE]) {
    const { work, cut } = JSON.parse(process.env[INSIDE]);
    if (cut) execFileSync('sh', ['-c', 'mount -t tmpfs none /run && mkdir -p /run/netns && ip link set lo up']);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));
    process.exit(await main({ work, cut }));
  }
  const work = mkdtempSync(join(tmpdir(), 'parvis-network-'));
  const options = process.env.PARVIS_FAULTS_LOOPBACK ? null : namespaceOptions();
  const inside = { ...process.env, [INSIDE]: JSON.stringify({ work, cut: options !== null }) };
  const [program, ...rest] = [...(options ? ['unshare', ...options] : []), process.execPath, ...process.argv.slice(1)];
  const child = spawn(program, rest, { env: inside, stdio: 'inherit' });
  // ends what is left and removes the folder when this process is gone, even by SIGKILL
  const janitor = spawn('sh', ['-c', 'cat >/dev/null; kill -9 "$1" 2>/dev/null; sleep 0.5; rm -rf "$2"', 'sh',
    String(child.pid), work], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  janitor.unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
  const code = await new Promise((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
  janitor.kill();
  if (process.env.PARVIS_FAULTS_KEEP) process.stderr.write(`kept: ${work}\n`);
  else rmSync(work, { recursive: true, force: true });
  process.exit(code);
}

// Runs a program while the load and the watch go on; resolves to what it printed.
export const exec = async (file, ...args) => (await promisify(execFile)(file, args, { maxBuffer: 1 << 26 })).stdout;

const sh = (line) => execFileSync('sh', ['-c', line], { stdio: ['ignore', 'pipe', 'pipe'] });

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// A run of free ports for peers, one after the other, below those that connections are given.
const [PORT_LOW, PORT_HIGH] = (process.env.PARVIS_NETWORK_PORTS ?? '20000-31999').split('-').map(Number);
export async function freePorts(count) {
  for (;;) {
    const first = PORT_LOW + Math.floor(Math.random() * (PORT_HIGH - PORT_LOW - count));
    const free = await Promise.all(Array.from({ length: count }, (_, i) => new Promise((resolve) => {
      const server = net.createServer();
      server.once('error', () => resolve(false));
      server.listen(first + i, '127.0.0.1', () => server.close(() => resolve(true)));
    })));
    if (free.every(Boolean)) return first;
  }
}

// --- members -----------------------------------------------------------------------------------------

export class Member {
  constructor(cluster, number, home) {
    Object.assign(this, { cluster, number, home, name: `member-${number}`, process: null, program: parvis });
    this.group = 0; // 0: with all others; 1, 2: on that side of a partition; -1: alone
    this.logPath = join(cluster.dir, `member-${number}.log`);
    this.exits = [];
  }

  async place(p2pPort, p2pHost = `10.8.0.${this.number}`) {
    this.rpcHost = this.cluster.cut ? `10.9.0.${this.number}` : '127.0.0.1';
    this.rpcPort = this.cluster.cut ? 8545 : await freePort();
    this.p2pHost = this.cluster.cut ? p2pHost : '127.0.0.1';
    this.p2pPort = p2pPort;
    this.rpc = new Rpc(this.rpcHost, this.rpcPort);
    // where light clients and members that sync find the engine, if it is told to serve them
    this.engineHost = `${this.p2pHost}:${this.cluster.cut ? 26657 : await freePort()}`;
    if (this.cluster.cut) this.cluster.lay(this);
  }

  get engineSocket() {
    return join(this.home, 'engine', 'rpc.sock');
  }

  inNamespace(argv) {
    return this.cluster.cut ? ['nsenter', `--net=/run/netns/${this.netns}`, ...argv] : argv;
  }

  start(extra = []) {
    const argv = this.inNamespace([this.program, 'network', 'start', '--home', this.home, '--host', this.rpcHost,
      '--port', String(this.rpcPort), '--threads', '2', '--log', 'info', '--snapshot-blocks', '100', ...extra]);
    const log = createWriteStream(this.logPath, { flags: 'a' });
    appendFileSync(this.logPath, `--- started ${new Date().toISOString()}\n`);
    const child = spawn(argv[0], argv.slice(1), {
      env: { ...process.env, PARVIS_ENGINE: this.cluster.engine }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.process = child;
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => {
      if (this.process === child) this.process = null;
      this.exits.push({ code, signal });
      log.end(`--- ended ${code ?? signal} ${new Date().toISOString()}\n`, () => resolve({ code, signal })); // all it said is there
    }));
  }

  // The supervisor's children: { app, engine }, undefined where not running.
  pids() {
    const out = {};
    if (!this.process) return out;
    try {
      const { pid } = this.process;
      for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)) {
        const words = readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0');
        if (words[1] === 'node') out.app = Number(child);
        else if (words[1] === 'start') out.engine = Number(child);
      }
    } catch { /* gone meanwhile */ }
    return out;
  }

  // Sends a signal to the app, the engine, or both. Returns how many got it.
  signal(what, signal) {
    const pids = this.pids();
    let count = 0;
    for (const key of what === 'both' ? ['engine', 'app'] : [what]) {
      if (!pids[key]) continue;
      try {
        process.kill(pids[key], signal);
        count++;
      } catch { /* gone meanwhile */ }
    }
    return count;
  }

  // Ends the member at once, supervisor and all (its children die with it).
  async crash() {
    if (!this.process) return;
    this.process.kill('SIGKILL');
    await this.ended;
    await sleep(100);
  }

  async stop() {
    if (!this.process) return null;
    this.process.kill('SIGTERM');
    const { code } = await this.ended;
    return code;
  }

  cli(...args) {
    return exec(parvis, ...args, '--home', this.home);
  }

  // A command that speaks to the running member.
  ask(...args) {
    return this.cli(...args, '--rpc', `http://${this.rpcHost}:${this.rpcPort}`);
  }

  engineAsk(target) {
    return engineGet(this.engineSocket, target);
  }

  async head() {
    return Number(await this.rpc.call('eth_blockNumber'));
  }

  log() {
    try {
      return readFileSync(this.logPath, 'utf8');
    } catch {
      return '';
    }
  }

  // Changes a line of the engine's configuration: key = value within its section.
  configure(key, value) {
    const path = join(this.home, 'engine', 'config', 'config.toml');
    const text = readFileSync(path, 'utf8');
    const changed = text.replace(new RegExp(`^${key} = .*$`, 'm'), `${key} = ${value}`);
    if (changed === text && !text.includes(`${key} = ${value}`)) throw new Error(`${path} has no ${key}`);
    writeFileSync(path, changed);
  }
}

// --- the network -------------------------------------------------------------------------------------

let clusters = 0;

export class Cluster {
  // options: members, alloc ({address: coins}), engine, init (more words for `network init`); place of enter()
  constructor({ work, cut }, options) {
    Object.assign(this, { cut, engine: options.engine, count: options.members ?? 4, alloc: options.alloc ?? {},
      words: options.init ?? [] });
    this.id = ++clusters;
    this.dir = join(work, `cluster-${this.id}`);
    this.members = [];
    mkdirSync(this.dir, { recursive: true });
  }

  async create() {
    const first = this.cut ? P2P_PORT : await freePorts(this.count + 8);
    const hosts = Array.from({ length: this.count }, (_, i) => `10.8.0.${i + 1}`).join(',');
    const allocs = Object.entries(this.alloc).flatMap(([a, v]) => ['--alloc', `${a}=${v}`]);
    if (this.cut) this.bridges();
    this.firstPort = first;
    this.net = join(this.dir, 'net');
    this.info = JSON.parse(execFileSync(parvis, ['network', 'init', '--local', String(this.count), '--dir', this.net,
      '--p2p-port', String(first), ...(this.cut ? ['--hosts', hosts] : []), '--json', ...allocs, ...this.words], { encoding: 'utf8' }));
    for (let i = 1; i <= this.count; i++) {
      const member = new Member(this, i, join(this.net, `member-${i}`));
      await member.place(this.cut ? first : first + i - 1);
      this.members.push(member);
    }
    this.last = this.count;
    return this;
  }

  // A member's folder beside the others', with keys of its own, that joins and that a member lets connect.
  // joinOptions: of `network join`. Its number, hence its address, was no other's: the others would look for
  // it where that one was.
  async join(name, joinOptions = []) {
    const member = new Member(this, ++this.last, join(this.net, name));
    member.name = name;
    await member.place(this.cut ? this.firstPort : this.firstPort + member.number - 1);
    const peer = `${member.p2pHost}:${member.p2pPort}`;
    member.card = join(member.home, 'member.json');
    await member.cli('network', 'prepare', '--name', name, '--p2p', peer, '--quiet');
    await member.cli('network', 'join', '--network', join(this.net, 'network.json'), '--listen', peer, '--quiet', ...joinOptions);
    await this.members[0].ask('network', 'admit', member.card, '--quiet');
    return member;
  }

  // --- lines

  bridges() {
    const id = this.id;
    sh(`ip link add p${id} type bridge && ip link set p${id} up &&
      ip link add q${id} type bridge && ip link set q${id} up &&
      ip link add c${id} type bridge && ip link set c${id} up && ip addr add 10.9.0.254/24 dev c${id}`);
  }

  lay(m) {
    m.netns = `n${this.id}m${m.number}`;
    m.port = `p${this.id}m${m.number}`;
    const inside = `nsenter --net=/run/netns/${m.netns}`;
    sh(`ip netns add ${m.netns} &&
      ip link add ${m.port} type veth peer name peers netns ${m.netns} &&
      ip link set ${m.port} master ${m.group === 2 ? 'q' : 'p'}${this.id} up &&
      ip link add c${this.id}m${m.number} type veth peer name control netns ${m.netns} &&
      ip link set c${this.id}m${m.number} master c${this.id} up &&
      ${inside} ip link set lo up &&
      ${inside} ip addr add ${m.p2pHost}/24 dev peers && ${inside} ip link set peers up &&
      ${inside} ip addr add ${m.rpcHost}/24 dev control && ${inside} ip link set control up &&
      ${inside} sysctl -q -w net.ipv4.tcp_retries2=4`);
  }

  // Where a member's line to the others ends: 0 with all, 1 or 2 a side, -1 nowhere.
  connect(m, group) {
    m.group = group;
    sh(group < 0 ? `ip link set ${m.port} nomaster` : `ip link set ${m.port} master ${group === 2 ? 'q' : 'p'}${this.id}`);
  }

  partition(second) {
    for (const m of this.members) this.connect(m, second.includes(m) ? 2 : 1);
  }

  heal() {
    if (this.cut) for (const m of this.members) if (m.group !== 0) this.connect(m, 0);
  }

  // --- life

  startAll() {
    for (const m of this.members) if (!m.process) m.start();
  }

  running() {
    return this.members.filter((m) => m.process);
  }

  // Waits until every running member answers and has a block after `above`.
  async ready(above = -1, ms = 60000) {
    const ok = await until(async () => {
      const heads = await Promise.all(this.running().map((m) => m.head()));
      return heads.every((h) => h > above);
    }, ms, 100);
    if (!ok) throw new Error(`the network did not get ready in ${ms} ms`);
  }

  async stopAll() {
    const codes = await Promise.all(this.members.map((m) => m.stop()));
    for (const m of this.members) m.rpc.close();
    return codes;
  }

  remove(m) {
    m.rpc.close();
    if (this.cut) sh(`ip netns del ${m.netns}; ip link del ${m.port} 2>/dev/null || true`);
  }

  // All at once and for good; the namespaces' names are freed for a cluster after this one.
  async destroy() {
    await Promise.all(this.members.map((m) => m.crash()));
    for (const m of this.members) this.remove(m);
    if (this.cut) sh(`ip link del p${this.id}; ip link del q${this.id}; ip link del c${this.id}`);
  }
}
