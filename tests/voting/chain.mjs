// A node with consultations on it, spoken to through its service's ABI alone: clerk, registrar, trustees
// and voters as their own software would be. Secrets are used by the program roles (roles.c), ballots
// made by make_election.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import readline from 'node:readline';
import { build, folder, json, makeElection, makeIn, parvisOk } from './tool.mjs';
import { Rpc, sleep, until } from '../network/rpc.mjs';
import { Signer } from '../network/signer.mjs';

const { ethers } = createRequire(new URL('../e2e/package.json', import.meta.url))('ethers');
const CHAIN_ID = 20260;
const KEYS_PER_CALL = 500;
const FAR = 1000000; // seconds: the times are set when the ballots are made
const hex = (n) => '0x' + n.toString(16);
const word = (text) => ethers.decodeBytes32String(text);

// Lines to a program, lines back, in order.
class Roles {
  constructor() {
    this.child = spawn(join(build, 'roles'), [], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.waiting = [];
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.waiting.shift().resolve(line));
    this.child.once('exit', (code) => this.waiting.forEach((w) => w.reject(new Error(`roles ended with ${code}`))));
  }

  ask(...words) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(words.join(' ') + '\n');
    });
  }
}

// A call that the ledger refused: { name, args } of the service's error.
export class Refused extends Error {
  constructor(error) {
    super(`${error?.name ?? 'refused'}(${error?.args.map(String).join(', ') ?? ''})`);
    Object.assign(this, { refusal: error?.name, args: error?.args });
  }
}

export class Town {
  static async open(nodeArgs = []) {
    const town = Object.assign(new Town(), { home: join(folder(), 'home'), nodeArgs, nonces: new Map(), accounts: 0 });
    await parvisOk('init', '--home', town.home, '--chain-id', CHAIN_ID, '--json');
    await town.start();
    await town.equip();
    return town;
  }

  // What its people need, once a node answers.
  async equip() {
    await parvisOk('account', 'export', 'admin', join(this.home, 'admin.hex'), '--home', this.home);
    this.signer = new Signer(CHAIN_ID);
    this.roles = new Roles();
    this.face = new ethers.Interface(JSON.parse(await parvisOk('abi', 'voting')));
    this.address = (await this.rpc.call('parvis_services')).find((s) => s.name === 'voting').address;
    // the genesis makes who founded the ledger a clerk
    this.clerk = await this.account('0x' + readFileSync(join(this.home, 'admin.hex'), 'utf8').trim().replace(/^0x/, ''));
  }

  async start(...more) {
    this.child = spawn(join(build, 'parvis'), ['node', '--home', this.home, '--port', '0', '--json', '--log', 'warn',
      ...this.nodeArgs, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve(code ?? signal)));
    const { url } = JSON.parse(await new Promise((resolve, reject) => {
      readline.createInterface({ input: this.child.stdout }).once('line', resolve);
      this.ended.then((code) => reject(new Error(`the node ended with ${code}`)));
    }));
    this.url = url;
    const { hostname, port } = new URL(url);
    this.rpc?.close();
    this.rpc = new Rpc(hostname, Number(port), 30000);
  }

  // Ends the node as a power cut ends the program; start() brings it back.
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  async stop() {
    this.dismiss();
    this.rpc.close();
    this.child.kill('SIGTERM');
    return this.ended;
  }

  // Ends what equip() began.
  dismiss() {
    this.signer.end();
    this.roles.child.stdin.end();
  }

  cli(...args) {
    return parvisOk(...args, '--home', this.home, '--rpc', this.url);
  }

  // An account nothing is known of: fixed keys, so that a failure repeats.
  async account(key = ethers.id(`voting test ${this.accounts++}`)) {
    return { key, address: ethers.getAddress(await this.signer.address(key)) };
  }

  async view(method, ...args) {
    const data = this.face.encodeFunctionData(method, args);
    const out = this.face.decodeFunctionResult(method, await this.ask('eth_call', [{ to: this.address, data }, 'latest']));
    return out.length === 1 ? out[0] : out;
  }

  async ask(method, params) {
    const reply = await this.rpc.post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), 30000);
    if (!reply.error) return reply.result;
    if (reply.error.data) throw new Refused(this.face.parseError(reply.error.data));
    throw new Error(reply.error.message);
  }

  // Signs a call; gas: how much, or estimated, which refuses what would fail.
  async sign(from, method, args, gas) {
    const data = this.face.encodeFunctionData(method, args);
    if (!gas) gas = Math.ceil(Number(await this.ask('eth_estimateGas', [{ from: from.address, to: this.address, data }])) * 1.1);
    const nonce = await this.nonce(from.address);
    return this.signer.sign({ key: from.key, nonce, gas, to: this.address, data });
  }

  // The node is asked once for each account, even when several calls of it begin together.
  nonce(address) {
    const mine = this.nonces.get(address) ??
      this.rpc.call('eth_getTransactionCount', [address, 'pending']).then(Number);
    const next = mine.then((n) => n + 1);
    next.catch(() => this.nonces.delete(address)); // the node was away: ask again
    this.nonces.set(address, next);
    return mine;
  }

  async send(from, method, args, gas) {
    const { raw } = await this.sign(from, method, args, gas);
    const hash = await this.ask('eth_sendRawTransaction', [raw]);
    return this.receipt(hash, method);
  }

  async receipt(hash, what) {
    const receipt = await until(() => this.rpc.call('eth_getTransactionReceipt', [hash]), 30000, 10);
    if (!receipt) throw new Error(`${what}: no receipt`);
    if (receipt.status !== '0x1') throw new Error(`${what}: failed in its block`);
    return { ...receipt, events: receipt.logs.map((log) => this.face.parseLog(log)) };
  }

  async time() {
    const block = await this.rpc.call('eth_getBlockByNumber', ['latest', false]);
    return Math.max(Number(block.timestamp), Math.floor(Date.now() / 1000));
  }
}

// The template of one of make_election's kinds.
async function templateOf(kind) {
  const made = await makeElection({ kind, voters: 1, until: 'setup' });
  const { version, group, public_key, uuid, ...template } = json(made.dir, 'election.json'); // eslint-disable-line no-unused-vars
  return JSON.stringify(template);
}

export class Consultation {
  // Creates it and plays trustees and registrar up to publication; open() sets the times.
  //   kind, trustees '1,2/3', voters, weights (greatest), floor;
  //   spoil { dealer, receiver }: the member of the group whose share for another is false at first
  static async publish(town, { kind = 'basic', trustees = '1', voters = 10, weights = 0, floor = 0, spoil } = {}) {
    const c = Object.assign(new Consultation(), { town, dir: folder(), groups: [], members: [], complaints: [] });
    for (const text of trustees.split(',')) {
      const [threshold, size] = text.includes('/') ? text.split('/').map(Number) : [0, 1];
      const members = [];
      for (let i = 0; i < size; i++) members.push({ ...await town.account(), seed: await town.roles.ask('seed') });
      c.groups.push({ threshold, size, members });
      c.members.push(...members);
    }
    c.registrar = await town.account();
    const now = await town.time();
    const { events } = await town.send(town.clerk, 'create', [{
      template: await templateOf(kind), opens: now + FAR, closes: now + 2 * FAR, floor, registrar: c.registrar.address,
      trustees: c.groups.map((g) => ({ threshold: g.threshold, members: g.members.map((m) => m.address) })),
    }]);
    c.id = events.find((e) => e.name === 'ConsultationCreated').args.id;
    c.uuid = (await c.record()).uuid;
    for (const group of c.groups) await (group.threshold ? c.makeGroup(group, spoil) : c.makeSingle(group));
    await c.enrol(voters, weights);
    await town.send(town.clerk, 'publish', [c.id]);
    writeFileSync(join(c.dir, 'election.json'), await town.view('electionOf', c.id));
    writeFileSync(join(c.dir, 'trustees.json'), await town.view('trusteesOf', c.id));
    return c;
  }

  async record() {
    const r = (await this.town.view('consultation', this.id)).toObject();
    return { ...r, status: word(r.status) };
  }

  send(from, method, ...args) {
    return this.town.send(from, method, [this.id, ...args]);
  }

  async makeSingle({ members: [m] }) {
    await this.send(m, 'postKey', await this.town.roles.ask('single', m.seed));
  }

  // The four rounds; again when a member complains of a share.
  async makeGroup(g, spoil) {
    const { roles } = this.town, context = (i) => [g.threshold, g.size, i + 1];
    const all = (list) => '0x' + list.map((x) => x.slice(2)).join('');
    const each = (play) => Promise.all(g.members.map(play));
    g.certificates = await each(async (m, i) => {
      const message = await roles.ask('certificate', ...context(i), m.seed);
      await this.send(m, 'postCertificate', message);
      return message;
    });
    const dealt = await each(async (m, i) =>
      (await roles.ask('coefficients', ...context(i), this.uuid, m.seed, all(g.certificates))).split(' '));
    await each((m, i) => this.send(m, 'commitCoefficients', dealt[i][0]));
    g.coefficients = all(dealt.map((d) => d[1]));
    const shares = dealt.map(([, , s], dealer) => g.members.map((_, receiver) => {
      const share = '0x' + s.slice(2 + receiver * 128, 130 + receiver * 128);
      const isFalse = dealer === spoil?.dealer && receiver === spoil.receiver;
      return isFalse ? share.slice(0, -1) + (share.endsWith('0') ? '1' : '0') : share;
    }));
    await each((m, i) => this.send(m, 'postCoefficients', dealt[i][1], all(shares[i])));
    g.shares = g.members.map((_, receiver) => all(shares.map((s) => s[receiver])));
    const verdicts = await each((m, i) => roles.ask('verification', ...context(i), this.uuid, m.seed, all(g.certificates),
      g.coefficients, g.shares[i]));
    // the complaint last: it begins the group anew, and a verification after it would be of a group that is gone
    const content = (verdict) => !verdict.startsWith('false');
    await each(async (m, i) => content(verdicts[i]) && this.send(m, 'postVerification', verdicts[i]));
    const doubting = verdicts.findIndex((verdict) => !content(verdict));
    if (doubting < 0) return;
    await this.complain(g, doubting, Number(verdicts[doubting].split(' ')[1]));
    await this.makeGroup(g);
  }

  // Member i of the group opens the share that this dealer, counted from 1 in it, gave them.
  async complain(g, i, dealer) {
    const complaint = await this.town.roles.ask('complaint', g.threshold, g.size, i + 1, dealer, this.uuid, g.members[i].seed,
      '0x' + g.shares[i].slice(2 + (dealer - 1) * 128, 2 + dealer * 128));
    const { events } = await this.send(g.members[i], 'complain', this.members.indexOf(g.members[dealer - 1]) + 1, complaint);
    const { args } = events.find((e) => e.name === 'TrusteeComplaint');
    this.complaints.push({ dealer: args.dealer, receiver: args.receiver });
  }

  async enrol(voters, weights) {
    await makeIn(this.dir, { roll: this.uuid, voters, weights });
    const roll = json(this.dir, 'public_creds.json').map((line) => line.split(','));
    for (let at = 0; at < roll.length; at += KEYS_PER_CALL) {
      const some = roll.slice(at, at + KEYS_PER_CALL);
      const keys = '0x' + some.map(([key]) => key.match(/../g).reverse().join('')).join('');
      await this.send(this.registrar, 'addVoters', keys, weights ? some.map(([, weight]) => weight ?? 1) : []);
    }
  }

  // Makes ballots for the roll. -> the packed ballots, in hexadecimal
  async ballots({ revotes = 0, absent = 0, seed = 1 } = {}) {
    await makeIn(this.dir, { revotes, absent, seed }, ['--ballots']);
    return readFileSync(join(this.dir, 'ballots.hex'), 'utf8').split('\n').filter(Boolean);
  }

  // From now on, for some seconds; cast() makes them more where it is slow.
  async open(seconds = 10) {
    const opens = await this.town.time() + 3; // the transaction has until then to be in a block
    this.closes = opens + seconds;
    await this.send(this.town.clerk, 'postpone', opens, this.closes, 'the test begins');
    while (await this.town.time() < opens) await sleep(50);
    await sleep(1100); // admission takes the time from the engine, which looks at the clock each second
  }

  // Later an end, when it is near and the test is slow.
  async stretch() {
    if (this.closes - await this.town.time() >= 8) return;
    this.closes += 10;
    await this.send(this.town.clerk, 'postpone', await this.opens(), this.closes, 'the test is slow');
  }

  // What a ballot's transaction may cost.
  async gasOf(ballot) {
    const { town } = this, probe = await town.account();
    const estimate = await town.ask('eth_estimateGas', [{ from: probe.address, to: town.address,
      data: town.face.encodeFunctionData('cast', [this.id, ballot]) }]);
    return Math.ceil(Number(estimate) * 1.5);
  }

  // Each from an account of its own, each voter's in their order. -> the events BallotCast
  async cast(ballots, { window = 64, onCast } = {}) {
    const { town } = this, done = [];
    if (!this.closes) await this.open(10 + ballots.length / 400 | 0);
    if (!ballots.length) return done;
    const gas = await this.gasOf(ballots[0]);
    for (let at = 0; at < ballots.length; at += window) {
      const some = ballots.slice(at, at + window), hashes = [];
      await this.stretch();
      const signed = await Promise.all(some.map(async (ballot) => town.sign(await town.account(), 'cast', [this.id, ballot], gas)));
      const replies = await town.rpc.batch(signed.map(({ raw }) => ['eth_sendRawTransaction', [raw]]), 60000);
      for (const reply of replies) {
        if (reply.error) throw new Error(`cast: ${reply.error.message}`);
        hashes.push(reply.result);
      }
      for (const hash of hashes) {
        const { events, gasUsed } = await town.receipt(hash, 'cast');
        const event = events.find((e) => e.name === 'BallotCast');
        done.push(event.args);
        this.gasUsed = Number(gasUsed);
        onCast?.(event.args);
      }
    }
    return done;
  }

  // Waits for the closing time, then closes, sums, and has these trustees (by number) decrypt.
  async count(owners = this.defaultOwners()) {
    await this.closing();
    const anyone = await this.town.account();
    await this.send(anyone, 'close');
    await this.send(anyone, 'tally');
    const parts = [];
    for (const owner of owners) parts.push(`${owner}:${await this.decrypt(owner)}`);
    const numbers = await this.opened(parts);
    await this.send(anyone, 'postResult', numbers);
    return numbers;
  }

  async opens() {
    return (await this.record()).opens;
  }

  async closing() {
    while (await this.town.time() < this.closes) await sleep(50);
  }

  defaultOwners() {
    let first = 1;
    return this.groups.flatMap((g) => {
      const owners = [...Array(g.threshold || 1)].map((_, i) => first + i);
      first += g.size;
      return owners;
    });
  }

  // A trustee's part, posted. -> it
  async decrypt(owner) {
    const message = await this.part(owner);
    await this.send(this.members[owner - 1], 'postDecryption', message);
    return message;
  }

  async part(owner) {
    const { town } = this, member = this.members[owner - 1];
    const g = this.groups.find((group) => group.members.includes(member)), i = g.members.indexOf(member);
    this.sums = (await town.view('tallyOf', this.id)).sums;
    return town.roles.ask('decrypt', this.dir, this.sums, member.seed,
      ...g.threshold ? [g.threshold, g.size, i + 1, this.uuid, g.coefficients, g.shares[i]] : []);
  }

  async opened(parts) {
    const { countedWeight } = await this.record();
    const answer = await this.town.roles.ask('result', this.dir, this.sums, countedWeight, ...parts);
    if (answer === 'none') throw new Error('the parts do not open the sum');
    return answer.split(',').map(BigInt);
  }

  // The sum of the choices in clear, as flat as the service has it.
  expected() {
    return json(this.dir, 'expected.json').result.flat(2).map(BigInt);
  }

  // -> the archive, by the program
  async export() {
    const bel = join(folder(), `${this.uuid}.bel`);
    await this.town.cli('vote', 'export', this.id, bel);
    copyFileSync(bel, join(this.dir, `${this.uuid}.bel`));
    return bel;
  }
}

export { ethers, hex, sleep };
