// A copy outside the network: it takes everything from one node and believes it nothing.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  balance, ethers, folder, growNetwork, hashes, haveBlock, hex, keys, ok, openNetwork, run, skip, sleep, startAll, startNode,
  transfer, until,
} from './members.mjs';

const wallets = keys.map((key) => new ethers.Wallet(key));
const alloc = Object.fromEntries(wallets.map((w) => [w.address, '1000']));
const nobody = ethers.zeroPadValue('0xb0b0', 20);

// A node as somebody wants it to look: change(request, result) may give another result. `down`: it
// answers nobody; `hangs`: nor ends a connection; `records`: so many blocks are what one answer holds;
// `to`: the URL of the node behind.
class Liar {
  constructor(to) {
    Object.assign(this, { to, change: null, down: false, changed: 0 });
  }

  async answer(call) {
    const response = await fetch(this.to, { method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify(call) });
    const reply = await response.json();
    const result = this.change?.(call, structuredClone(reply.result));
    if (result === undefined || JSON.stringify(result) === JSON.stringify(reply.result)) return reply;
    this.changed++;
    return { jsonrpc: '2.0', id: call.id, result };
  }

  async open() {
    this.server = createServer((request, response) => {
      const parts = [];
      request.on('data', (d) => parts.push(d));
      request.on('end', async () => {
        if (this.down) return request.socket.destroy();
        if (this.hangs) return;
        const calls = JSON.parse(Buffer.concat(parts));
        if (this.records && calls.length > this.records && calls[0].method === 'parvis_getBlockRecord') {
          this.changed++;
          return response.end(' '.repeat(65 << 20));
        }
        try {
          const replies = Array.isArray(calls) ? await Promise.all(calls.map((c) => this.answer(c))) : await this.answer(calls);
          response.end(JSON.stringify(replies));
        } catch {
          request.socket.destroy();
        }
      });
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const open = [];
const closing = (thing) => { open.push(thing); return thing; };
let cluster, members, genesis, copy;

// A home that has block 0 and nothing else.
async function newCopy(genesisFile) {
  const home = join(folder(), 'copy');
  await ok('init', '--home', home, '--genesis', genesisFile, '--quiet');
  return home;
}

async function follow(home, url, ...args) {
  return closing(await startNode(home, '--follow', url, ...args));
}

async function sameAs(node, source) {
  const head = Number(await source.rpc.call('eth_blockNumber'));
  assert.ok(await haveBlock([node], head), `the copy does not get to block ${head}: ${node.log()}`);
  assert.deepEqual(await hashes(node, 0, head), await hashes(source, 0, head));
}

before(async () => {
  if (skip) return;
  cluster = await openNetwork({ alloc });
  members = cluster.members;
  genesis = join(members[0].home, 'genesis.json');
  for (let i = 0; i < 6; i++) await transfer(members[i % 4], keys[0], nobody, 1n);
});
after(async () => {
  for (const thing of open) await (thing.stop?.() ?? thing.close());
  await cluster?.destroy();
});

test('from the genesis alone a copy reaches the head', { skip }, async () => {
  copy = await follow(await newCopy(genesis), members[1].url);
  await sameAs(copy, members[0]);
  const before = await balance(members[0], nobody);
  await transfer(members[2], keys[1], nobody, 5n);
  assert.ok(await until(async () => await balance(copy, nobody) === before + 5n, 20000, 100), copy.log());
});

test('it passes transactions on', { skip }, async () => {
  const before = await balance(members[0], nobody);
  const receipt = await transfer(copy, keys[2], nobody, 7n);
  assert.equal(await balance(members[3], nobody), before + 7n);
  assert.deepEqual(await members[3].rpc.call('eth_getTransactionReceipt', [receipt.transactionHash]), receipt);
  // what the network refuses is refused
  await assert.rejects(transfer(copy, '0x' + '77'.repeat(32), nobody, 1n), /funds/);
});

test('it follows while blocks come without a pause', { skip }, async () => {
  let nonce = Number(await members[0].rpc.call('eth_getTransactionCount', [wallets[3].address, 'pending']));
  const end = performance.now() + 4000;
  let first, seen = 0;
  const lags = [];
  while (performance.now() < end || (seen < 6 && performance.now() < end + 26000)) {
    await transfer(members[0], keys[3], nobody, 1n, nonce++);
    const [there, here] = (await Promise.all([members[0], copy].map((n) => n.rpc.call('eth_blockNumber')))).map(Number);
    first ??= there;
    seen = there - first;
    lags.push(there - here);
  }
  const last = Number(await members[0].rpc.call('eth_blockNumber'));
  assert.ok(last - first >= 5, `${last - first} blocks`);
  assert.ok(Math.min(...lags.slice(lags.length / 2)) < last - first, `behind by ${lags}`);
  await sameAs(copy, members[0]);
});

test('the source goes away and comes back; the copy too', { skip }, async () => {
  const source = closing(await new Liar(members[1].url).open());
  assert.equal(await copy.stop(), 0);
  copy = await follow(copy.home, source.url);
  source.down = true;
  await transfer(members[0], keys[0], nobody, 1n);
  assert.ok(await until(() => /following http.*: /.test(copy.log()), 20000), 'nothing was said');
  // it cannot be passed on; its sender may try again
  const wallet = new ethers.Wallet(keys[4]);
  const raw = await wallet.signTransaction({ type: 2, chainId: 20260, nonce: 0, to: nobody, value: 9n, gasLimit: 21000,
    maxFeePerGas: 0, maxPriorityFeePerGas: 0 });
  await assert.rejects(copy.rpc.call('eth_sendRawTransaction', [raw]));
  assert.ok(Number(await copy.rpc.call('eth_blockNumber')) > 0); // and still answers
  source.down = false;
  await sameAs(copy, members[0]);
  const hash = await copy.rpc.call('eth_sendRawTransaction', [raw]);
  assert.ok(await until(() => members[3].rpc.call('eth_getTransactionReceipt', [hash]), 20000), copy.log());
  await assert.rejects(copy.rpc.call('eth_sendRawTransaction', [raw]), /nonce|already known/);
  // and one that hangs keeps nobody from stopping
  await sameAs(copy, members[0]);
  source.hangs = true;
  await sleep(1500);
  const since = performance.now();
  assert.equal(await copy.stop(), 0);
  assert.ok(performance.now() - since < 10000, 'it waited for an answer');
  source.hangs = false;
  copy = await follow(copy.home, source.url);
});

test('it asks for fewer blocks where an answer is too large', { skip, timeout: 120000 }, async () => {
  const source = closing(await new Liar(members[1].url).open());
  const head = Number(await members[0].rpc.call('eth_blockNumber'));
  source.records = Math.ceil(head / 3);
  const other = await follow(await newCopy(genesis), source.url);
  assert.ok(await until(async () => Number(await other.rpc.call('eth_blockNumber')) >= head, 60000, 200), other.log());
  assert.ok(source.changed >= 2, `${source.changed} answers too large`);
  await sameAs(other, members[0]);
  assert.equal(await other.stop(), 0);
});

test('audit re-executes what the copy has; it holds', { skip }, async () => {
  const head = Number(await copy.rpc.call('eth_blockNumber'));
  assert.equal(await copy.stop(), 0);
  const { blocks, holds } = JSON.parse(await ok('audit', '--home', copy.home, '--json'));
  assert.ok(holds && blocks >= head + 1);
});

// Flips one bit of a hexadecimal text, at a byte of the given part of it.
function flip(text, part) {
  const at = 2 + 2 * Math.floor((text.length / 2 - 2) * part);
  return text.slice(0, at) + (parseInt(text[at], 16) ^ 1).toString(16) + text.slice(at + 1);
}

const lies = {
  'a byte of a transaction': ['parvis_getBlockRecord', (r) => flip(r, 0.97), /another block|block \d+ of the node followed/],
  'a byte of a header in a record': ['parvis_getBlockRecord', (r) => flip(r, 0.3), /another block/],
  'a byte at the beginning of a record': ['parvis_getBlockRecord', (r) => flip(r, 0), /RLP/],
  'a byte of a header': ['debug_getRawHeader', (r) => flip(r, 0.5), /not the one that was signed|RLP/],
  'a byte of the newest header': ['parvis_getLightBlock', (r) => {
    r.block.signed_header.header.app_hash = flip(r.block.signed_header.header.app_hash, 0.5).toUpperCase();
    return r;
  }, /another header/],
  'a signature': ['parvis_getLightBlock', (r) => {
    for (const s of r.block.signed_header.commit.signatures) if (s.signature) s.signature = Buffer.alloc(64, 7).toString('base64');
    return r;
  }, /signature of a validator is wrong/],
  'too few signatures': ['parvis_getLightBlock', (r) => {
    r.block.signed_header.commit.signatures = r.block.signed_header.commit.signatures.map((s, i) => (i < 2 ? s
      : { block_id_flag: 1, validator_address: '', timestamp: '0001-01-01T00:00:00Z', signature: null }));
    return r;
  }, /two thirds/],
  'a block that is not the one signed': ['parvis_getLightBlock', (r) => ({ ...r, blockNumber: hex(Number(r.blockNumber) - 1) }),
    /not the one that was signed/],
  'a block far ahead': ['parvis_getLightBlock', (r) => ({ ...r, blockNumber: '0x7fffffffffffff' }), /refuses|not the one/],
  'nothing of the form': ['parvis_getLightBlock', () => ({ block: [] }), /another form/],
  'text instead of a block': ['parvis_getBlockRecord', () => 'block', /another form/],
};

test('a source that lies is refused', { skip, concurrency: true }, (t) => Promise.all(
  Object.entries(lies).map(([lie, [method, change, words]]) => t.test(lie, async () => {
    const liar = closing(await new Liar(members[2].url).open());
    const home = await newCopy(genesis);
    liar.change = (call, result) => (call.method === method ? change(result) : undefined);
    const node = await follow(home, liar.url);
    assert.ok(await until(() => /following/.test(node.log()), 20000), `nothing was said; ${liar.changed} answers changed`);
    assert.match(node.log(), words);
    assert.ok(liar.changed > 0);
    assert.equal(Number(await node.rpc.call('eth_blockNumber')), 0);
    liar.change = null; // it mends its ways: nothing was kept of the lie
    await sameAs(node, members[0]);
    assert.equal(await node.stop(), 0);
  }))));

test('a source that lies in one block: those before are kept', { skip }, async () => {
  const liar = closing(await new Liar(members[2].url).open());
  const node = await follow(await newCopy(genesis), liar.url);
  await sameAs(node, members[0]);
  const head = Number(await node.rpc.call('eth_blockNumber'));
  liar.change = (call, result) => (call.method === 'parvis_getBlockRecord' ? flip(result, 0.98) : undefined);
  await transfer(members[0], keys[0], nobody, 1n);
  assert.ok(await until(() => liar.changed && /following/.test(node.log()), 15000));
  assert.equal(Number(await node.rpc.call('eth_blockNumber')), head);
  assert.equal(await node.stop(), 0);
  assert.equal(JSON.parse(await ok('audit', '--home', node.home, '--json')).blocks, head + 1);
});

test('another chain is refused', { skip }, async () => {
  const other = await openNetwork({ members: 1, alloc });
  closing({ stop: () => other.destroy() });
  await transfer(other.members[0], keys[0], nobody, 1n);
  const node = await follow(await newCopy(genesis), other.members[0].url);
  assert.ok(await until(() => /following/.test(node.log()), 15000));
  assert.match(node.log(), /third of the trusted power|does not continue/);
  assert.equal(Number(await node.rpc.call('eth_blockNumber')), 0);
  assert.equal(await node.stop(), 0);
});

// --- a trusted header

test('a trust that a member hands out', { skip }, async () => {
  const file = join(folder(), 'trust.json');
  await ok('network', 'trust', '--rpc', members[3].url, '--out', file);
  const trust = JSON.parse(readFileSync(file));
  assert.equal(trust.chain, 'parvis-20260');
  assert.equal(trust.validators.length, 4);
  const { signed_header: { commit } } = await members[0].engineAsk(`/commit?height=${trust.height}`);
  assert.equal(trust.headerHash, commit.block_id.hash);
  const node = await follow(await newCopy(genesis), members[1].url, '--trust', file);
  await transfer(members[0], keys[0], nobody, 1n);
  await sameAs(node, members[0]);
  await node.stop();
  // printed, in the same form
  assert.deepEqual(Object.keys(JSON.parse(await ok('network', 'trust', '--rpc', members[3].url))), Object.keys(trust));

  // one of another network, or too old: refused
  for (const [change, words] of [[{ chain: 'parvis-1' }, /another chain/], [{ periodSeconds: 1 }, /period is over/]]) {
    writeFileSync(file, JSON.stringify({ ...trust, ...change }));
    const refused = await follow(await newCopy(genesis), members[1].url, '--trust', file);
    assert.ok(await until(() => words.test(refused.log()), 15000), refused.log());
    assert.equal(Number(await refused.rpc.call('eth_blockNumber')), 0);
    await refused.stop();
  }
  writeFileSync(file, '{}');
  const bad = await run('node', '--home', await newCopy(genesis), '--port', '0', '--follow', members[1].url, '--trust', file);
  assert.equal(bad.code, 5, bad.err);
  assert.match(bad.err, /trust\.json/);
});

test('what the commands refuse', { skip }, async () => {
  const refused = async (code, words, ...args) => {
    const r = await run(...args);
    assert.equal(r.code, code, r.err);
    assert.match(r.err, words);
  };
  await refused(4, /is the node running/, 'network', 'trust', '--rpc', 'http://127.0.0.1:1');
  await refused(2, /--follow/, 'node', '--home', copy.home, '--trust', 'x');
  await refused(5, /nonsense/, 'node', '--home', copy.home, '--follow', 'nonsense');
});

// --- a node that orders alone, and what becomes of it

test('a solo node is followed, and across its founding as a network', { skip, timeout: 120000 }, async () => {
  const home = join(folder(), 'solo');
  await ok('init', '--home', home, '--quiet', '--alloc', `${wallets[0].address}=1000`);
  const solo = closing(await startNode(home));
  const source = closing(await new Liar(solo.url).open());
  for (let i = 0; i < 3; i++) await transfer(solo, keys[0], nobody, 1n);
  // a lie in what one node sealed
  source.change = (call, result) => (call.method === 'parvis_getBlockRecord' ? flip(result, 0.3) : undefined);
  const follower = await follow(await newCopy(join(home, 'genesis.json')), source.url);
  assert.ok(await until(() => /following/.test(follower.log()), 15000));
  assert.match(follower.log(), /seal|another block/);
  assert.equal(Number(await follower.rpc.call('eth_blockNumber')), 0);
  source.change = null;
  await sameAs(follower, solo);
  await transfer(follower, keys[0], nobody, 1n);
  // a trust is a network's
  const none = await run('network', 'trust', '--rpc', solo.url);
  assert.equal(none.code, 5, none.err);
  assert.match(none.err, /not one of a network/);
  assert.equal(await solo.stop(), 0);

  // the node becomes the network's only member, at another address
  source.down = true;
  const grown = await growNetwork(home, 1);
  closing({ stop: () => grown.destroy() });
  startAll(grown);
  await grown.ready();
  const [member] = grown.members;
  source.to = member.url;
  source.down = false;
  await transfer(member, keys[0], nobody, 1n);
  await sameAs(follower, member);
  await transfer(follower, keys[0], nobody, 1n);
  await sameAs(follower, member);
  assert.equal(await follower.stop(), 0);
  assert.match(await ok('audit', '--home', follower.home), /The ledger holds/);
});
