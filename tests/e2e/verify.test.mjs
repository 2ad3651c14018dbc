// Proof documents checked by the JavaScript module and by the command, side by side: recorded ones, signed by a
// real CometBFT (tests/light), and ones made by `parvis proof` from a running node behind which the test signs.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ethers } from 'ethers';
import { startNode, keys, parvis, rpc } from './node.mjs';
import { verifyProof, ProofError, keccak256, headerHash, setHash, voteBytes } from '../../web/verify/verify.mjs';

const recorded = join(dirname(fileURLToPath(import.meta.url)), '..', 'light');
const module = join(recorded, '..', '..', 'web', 'verify', 'verify.mjs');
const read = (name) => JSON.parse(readFileSync(join(recorded, name), 'utf8'));
const documents = ['account.json', 'receipt.json', 'transaction.json', 'path.json'];
const genesis = read('genesis.json');
const at = readFileSync(join(recorded, 'now'), 'utf8').trim();
const dir = mkdtempSync(join(tmpdir(), 'parvis-verify-'));
after(() => rmSync(dir, { recursive: true, force: true }));

// Not execFileSync: the server of this process must go on answering.
function run(...args) {
  return new Promise((resolve) => {
    const child = spawn(parvis, args);
    let out = '', err = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { err += d; });
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

async function both(file, trustFile, ...options) {
  const saved = join(dir, 'saved.json');
  const c = await run('verify-proof', file, '--trust', trustFile, '--json', '--save-trust', saved, ...options);
  assert.equal(c.code, 0, c.err);
  const now = options[0] === '--at' ? new Date(options[1]) : new Date();
  const facts = await verifyProof(JSON.parse(readFileSync(file)), JSON.parse(readFileSync(trustFile)), { now });
  const printed = JSON.parse(c.out);
  delete printed.from;
  const { trust, ...rest } = facts;
  assert.deepEqual(rest, printed);
  assert.deepEqual(trust, JSON.parse(readFileSync(saved)));
  return facts;
}

test('Keccak-256 is ethers\'', () => {
  for (const length of [0, 1, 31, 32, 135, 136, 137, 271, 272, 500]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    assert.equal(ethers.hexlify(keccak256(bytes)), ethers.keccak256(bytes));
  }
});

for (const name of documents)
  test(`${name}: the module and the command agree`, async () => {
    const facts = await both(join(recorded, name), join(recorded, 'genesis.json'), '--at', at);
    assert.equal(facts.chain, genesis.chain_id);
    // and the trust that came out is one
    const next = await verifyProof(Object.fromEntries(Object.entries(read(name)).filter(([k]) => k !== 'path')),
      facts.trust, { now: new Date(at) });
    assert.deepEqual(next, facts);
  });

test('without Ed25519 in WebCrypto, Node\'s own is used', async () => {
  const real = globalThis.crypto ?? (await import('node:crypto')).webcrypto;
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'crypto');
  let asked = 0;
  const importKey = async () => { asked++; throw new DOMException('unknown algorithm', 'NotSupportedError'); };
  Object.defineProperty(globalThis, 'crypto',
    { configurable: true, value: { subtle: { digest: (...a) => real.subtle.digest(...a), importKey } } });
  try {
    await verifyProof(read('account.json'), genesis, { now: new Date(at) });
    const forged = read('account.json');
    forged.block.signed_header.commit.signatures.find((v) => v.signature).signature = Buffer.alloc(64).toString('base64');
    await assert.rejects(verifyProof(forged, genesis, { now: new Date(at) }), /signature of a validator is wrong/);
  } finally {
    if (descriptor) Object.defineProperty(globalThis, 'crypto', descriptor);
    else delete globalThis.crypto;
  }
  assert.ok(asked > 1);
});

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

test('in a browser', browser ? {} : { skip: 'no Chromium on this machine' }, async () => {
  const page = `<!doctype html><html><body><pre id="out">nothing</pre><script type="module">
    import { verifyProof } from '/verify.mjs';
    const get = async (name) => (await fetch('/' + name)).json();
    const lines = [];
    for (const name of ${JSON.stringify(documents)}) {
      const document = await get(name), trust = await get('genesis.json'), options = { now: new Date('${at}') };
      lines.push((await verifyProof(document, trust, options)).blockHash);
      document.block.signed_header.commit.round++;
      lines.push(await verifyProof(document, trust, options).then(() => 'held', (e) => e.constructor.name));
    }
    document.getElementById('out').textContent = lines.join(' ');
  </script></body></html>`;
  const files = createServer((request, response) => {
    const name = request.url.slice(1);
    const isModule = name === 'verify.mjs';
    response.setHeader('content-type', name === '' ? 'text/html' : isModule ? 'text/javascript' : 'application/json');
    if (name && !isModule && name !== 'genesis.json' && !documents.includes(name)) response.writeHead(404).end();
    else response.end(name ? readFileSync(isModule ? module : join(recorded, name)) : page);
  });
  await new Promise((resolve) => files.listen(0, '127.0.0.1', resolve));
  const dom = await new Promise((resolve) => {
    const child = spawn(browser, ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      `--user-data-dir=${join(dir, 'chromium')}`, '--virtual-time-budget=8000', '--dump-dom',
      `http://127.0.0.1:${files.address().port}/`], { stdio: ['ignore', 'pipe', 'ignore'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), 60000);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (d) => { out += d; });
    child.on('close', () => { clearTimeout(timer); resolve(out); });
  });
  files.close();
  const words = (dom.match(/<pre id="out">([^<]*)</)?.[1] ?? dom.slice(0, 300)).split(' ');
  assert.equal(words.length, 2 * documents.length, words.join(' '));
  for (let i = 0; i < words.length; i += 2) {
    assert.match(words[i], /^0x[0-9a-f]{64}$/);
    assert.equal(words[i + 1], 'ProofError');
  }
});

// One bit changed: refused, as a proof that does not hold and in no other way. The paths of an account's proof also
// show that neighbours of its slots are empty; that is all a changed document may say.
test('a changed document proves nothing', async () => {
  let seed = Number(process.env.SEED ?? 1), neighbours = 0;
  const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 65536) % n; };
  for (const name of documents) {
    const original = readFileSync(join(recorded, name));
    const facts = await verifyProof(JSON.parse(original), genesis, { now: new Date(at) });
    for (let i = 0; i < 300; i++) {
      const changed = Buffer.from(original);
      changed[random(1 << 15) % changed.length] ^= 1 << random(8);
      let document;
      try { document = JSON.parse(changed); } catch { continue; }
      try {
        const other = await verifyProof(document, genesis, { now: new Date(at) });
        assert.equal(other.storage.filter((s, k) => s.key !== facts.storage[k].key).length, 1);
        for (const [k, s] of other.storage.entries())
          if (s.key === facts.storage[k].key) assert.equal(s.value, facts.storage[k].value);
          else assert.equal(s.value, '0x');
        neighbours++;
      } catch (error) {
        assert.ok(error instanceof ProofError, error.stack);
      }
    }
  }
  assert.ok(neighbours < 40);
});

test('what the module refuses', async () => {
  const now = new Date(at), document = read('path.json');
  const rejects = (trust, options, words) => assert.rejects(verifyProof(document, trust, options), words);
  await rejects(genesis, { now: now.getTime() + 14 * 86400e3 }, /period is over/);
  await rejects(genesis, { now, period: 1 }, /period is over/);
  await rejects(genesis, { now: now.getTime() - 3600e3 }, /in the future/);
  await rejects({ ...genesis, chain_id: 'another' }, { now }, /another chain/);
  const { path, ...leap } = document;
  await assert.rejects(verifyProof(leap, genesis, { now }), /a header in between is missing/);
  await assert.rejects(verifyProof({ ...document, path: path.slice(1) }, genesis, { now }), /in between/);
  await assert.rejects(verifyProof({ ...document, more: 1 }, genesis, { now }), /more/);
  await assert.rejects(verifyProof(null, genesis, { now }), ProofError);
  for (const name of Object.keys(document)) {
    const { [name]: gone, ...less } = document;
    await assert.rejects(verifyProof(less, genesis, { now }), ProofError);
  }
});

// --- a node, and in front of it a server that adds the engine's signatures

const validators = [...Array(8).keys()].map((n) => {
  const seed = Buffer.alloc(32, n + 1);
  const secret = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });
  const key = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { secret, key, address: createHash('sha256').update(key).digest().subarray(0, 20), power: 10n };
});
const CHANGE = 20, chain = 'test-network', start = Math.floor(Date.now() / 1000) - 1000;
const setOf = (height) => height < CHANGE ? validators.slice(0, 4) : validators.slice(4);
const timeOf = (s) => new Date(s * 1000).toISOString().replace('.000', '');
const big = (bytes) => Buffer.from(bytes).toString('hex').toUpperCase();
const setJson = (set, power) => set.map((v) => ({ address: big(v.address),
  pub_key: { type: 'tendermint/PubKeyEd25519', value: v.key.toString('base64') }, [power]: String(v.power) }));

// The header of a height carries Ethereum block height / 2.
async function lightBlock(height) {
  const number = Math.floor(height / 2), set = setOf(height), none = new Uint8Array(32);
  const { hash } = (await rpc(node.url, 'eth_getBlockByNumber', [ethers.toQuantity(number), false])).result;
  const hashes = [none, none, await setHash(set), await setHash(setOf(height + 1)), none, ethers.getBytes(hash), none, none];
  const id = { hash: none, parts: 1, partsHash: none };
  const h = { block: 11n, app: 0n, chain, height: BigInt(height), time: { s: start + height, ns: 0 }, lastBlockId: id, hashes,
    proposer: set[0].address };
  const commit = { height: h.height, round: 0, blockId: { ...id, hash: await headerHash(h) } };
  const idJson = (i) => ({ hash: big(i.hash), parts: { total: i.parts, hash: big(i.partsHash) } });
  const names = ['last_commit_hash', 'data_hash', 'validators_hash', 'next_validators_hash', 'consensus_hash', 'app_hash',
    'last_results_hash', 'evidence_hash'];
  const signatures = set.map((v) => ({ block_id_flag: 2, validator_address: big(v.address), timestamp: timeOf(start + height + 1),
    signature: sign(null, voteBytes(chain, commit, { flag: 2, time: { s: start + height + 1, ns: 0 } }), v.secret).toString('base64') }));
  return { blockNumber: ethers.toQuantity(number), consensusHeight: ethers.toQuantity(height), block: {
    signed_header: {
      header: { version: { block: '11' }, chain_id: chain, height: String(height), time: timeOf(start + height),
        last_block_id: idJson(id), ...Object.fromEntries(names.map((n, i) => [n, big(hashes[i])])), proposer_address: big(h.proposer) },
      commit: { height: String(height), round: 0, block_id: idJson(commit.blockId), signatures } },
    validators: setJson(set, 'voting_power') } };
}

let node, server, url, alice, money, sent = [], asked = [];
const file = (name) => join(dir, name);

async function answer(request) {
  if (request.method !== 'parvis_getLightBlock')
    return rpc(node.url, request.method, request.params);
  const [which] = request.params, head = Number((await rpc(node.url, 'eth_blockNumber')).result);
  asked.push(which);
  const height = which === 'latest' ? 2 * head : which.consensusHeight ? Number(which.consensusHeight) : 2 * Number(which);
  return { result: height > 0 && height <= 2 * head + 1 ? await lightBlock(height) : null };
}

before(async () => {
  alice = new ethers.Wallet(keys[0]);
  node = await startNode({ alloc: { [alice.address]: '1000' } });
  const provider = new ethers.JsonRpcProvider(node.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
  const signer = new ethers.NonceManager(alice.connect(provider));
  const service = (await rpc(node.url, 'parvis_services')).result.find((s) => s.name === 'money');
  money = service.address;
  const contract = new ethers.Contract(money, ['function transfer(address,uint256) returns (bool)'], signer);
  for (let i = 1; i <= 12; i++) {
    const tx = await contract.transfer(ethers.zeroPadValue(ethers.toBeHex(i), 20), i);
    sent.push(await tx.wait());
  }
  provider.destroy();
  server = createServer((request, response) => {
    const parts = [];
    request.on('data', (d) => parts.push(d));
    request.on('end', async () => {
      const body = JSON.parse(Buffer.concat(parts));
      response.end(JSON.stringify({ jsonrpc: '2.0', ...await answer(body), id: body.id }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
  writeFileSync(file('genesis.json'), JSON.stringify({ genesis_time: timeOf(start), chain_id: chain, initial_height: '1',
    validators: setJson(setOf(1), 'power') }));
});
after(async () => {
  server.close();
  assert.equal(await node.stop(), 0);
});

async function prove(...args) {
  const made = await run('proof', ...args, '--rpc', url, '--out', file('proof.json'));
  assert.equal(made.code, 0, made.err);
  return JSON.parse(readFileSync(file('proof.json')));
}

test('an account and slots, in an early block', async () => {
  await prove(alice.address, '0', '0x' + '11'.repeat(32), '--block', '5', '--trust', file('genesis.json'));
  const facts = await both(file('proof.json'), file('genesis.json'));
  assert.equal(facts.blockNumber, 5);
  assert.equal(facts.nonce, Number((await rpc(node.url, 'eth_getTransactionCount', [alice.address, '0x5'])).result));
  assert.equal(BigInt(facts.balance), BigInt((await rpc(node.url, 'eth_getBalance', [alice.address, '0x5'])).result));
  assert.deepEqual(facts.storage.map((s) => s.value), ['0x', '0x']);
});

test('headers in between are found when the validators have all changed', async () => {
  asked = [];
  const document = await prove('money', '--trust', file('genesis.json'));
  assert.ok(document.path.some((b) => b.signed_header.header.height === String(CHANGE - 1)));
  assert.ok(document.path.length < 10 && asked.length < 30);
  const facts = await both(file('proof.json'), file('genesis.json'));
  assert.ok(facts.consensusHeight > CHANGE && facts.exists);
  // from what was verified, the next proof needs none
  writeFileSync(file('trust.json'), JSON.stringify(facts.trust));
  assert.equal((await prove('money', '--trust', file('trust.json'))).path, undefined);
  await both(file('proof.json'), file('trust.json'));
  // a reader who did not say what he trusts gets a document that does not reach him
  await prove('money');
  const late = await run('verify-proof', file('proof.json'), '--trust', file('genesis.json'));
  assert.equal(late.code, 1);
  assert.match(late.err, /a header in between is missing/);
});

test('receipts and transactions', async () => {
  const { hash, blockNumber, logs } = sent[2];
  await prove('--receipt', hash, '--trust', file('genesis.json'));
  let facts = await both(file('proof.json'), file('genesis.json'));
  assert.equal(facts.blockNumber, blockNumber);
  assert.ok(facts.success && facts.to === money);
  assert.deepEqual(facts.logs, logs.map((l) => ({ address: l.address.toLowerCase(), topics: [...l.topics], data: l.data })));
  await prove('--transaction', sent[0].hash);
  facts = await both(file('proof.json'), file('genesis.json'));
  assert.equal(facts.transactionHash, sent[0].hash);
  assert.equal(facts.success, undefined);
});

test('refusals of the commands', async () => {
  const refused = async (code, words, ...args) => {
    const r = await run(...args, '--rpc', url);
    assert.equal(r.code, code, r.err);
    assert.match(r.err, words);
  };
  await refused(3, /in no block/, 'proof', '--receipt', '0x' + '77'.repeat(32));
  await refused(3, /no signed header/, 'proof', 'money', '--block', '1000000');
  await refused(2, /ADDRESS, or --receipt/, 'proof');
  await refused(2, /ADDRESS, or --receipt/, 'proof', 'money', '--receipt', sent[0].hash);
  await refused(2, /--block goes with/, 'proof', '--receipt', sent[0].hash, '--block', '1');
  await refused(5, /64 hexadecimal/, 'proof', '--receipt', '0x12');
  await refused(5, /a slot is/, 'proof', 'money', 'slot');
  await refused(5, /neither a service nor an address/, 'proof', 'nobody');
  await refused(5, /not a trust/, 'proof', 'money', '--trust', file('proof.json'));
  // a trust of another network: no header in between can help
  const strange = { ...JSON.parse(readFileSync(file('genesis.json'))), chain_id: 'elsewhere' };
  writeFileSync(file('strange.json'), JSON.stringify(strange));
  await refused(1, /another chain/, 'proof', 'money', '--trust', file('strange.json'));
  await refused(2, /--trust FILE/, 'verify-proof', file('proof.json'));
  await refused(2, /--at/, 'verify-proof', file('proof.json'), '--trust', file('genesis.json'), '--at', 'today');
  await refused(1, /period is over/, 'verify-proof', file('proof.json'), '--trust', file('genesis.json'), '--period', '1');
  writeFileSync(file('text.json'), 'not JSON');
  await refused(1, /text.json/, 'verify-proof', file('text.json'), '--trust', file('genesis.json'));
});
