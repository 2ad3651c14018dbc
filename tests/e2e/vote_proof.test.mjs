// The proof that a ballot was recorded, as the check page makes it (web/vote/inclusion.mjs): from a real node's receipt up to
// a block's header, and to validators' signatures, which the test makes as an engine would.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { ethers } from 'ethers';
import { keys, rpc } from './node.mjs';
import { Town } from './vote_town.mjs';
import { run } from '../../web/vote/crypto/ballot.mjs';
import { jobs } from '../../web/vote/jobs.mjs';
import { hashFromText, hexOf } from '../../web/vote/crypto/bytes.mjs';
import { call, send, freshSigner, keySigner, walletSigner, hasWallet, ChainError } from '../../web/vote/chain/node.mjs';
import { fetchProof, checkProof, checkSignatures } from '../../web/vote/inclusion.mjs';
import { ProofError, headerHash, setHash, voteBytes } from '../../web/verify/verify.mjs';

let town, poll, made, block, lightBlock = null;
const realFetch = globalThis.fetch;
const chain = 'test-network', start = Math.floor(Date.now() / 1000) - 1000;

before(async () => {
  town = await Town.open();
  // the page asks the node that served it; the light block is the test's
  globalThis.fetch = async (path, options) => {
    if (path !== '/') return realFetch(path, options);
    const request = JSON.parse(options.body);
    if (lightBlock && request.method === 'parvis_getLightBlock') return new Response(JSON.stringify({ id: request.id, result: await lightBlock(Number(request.params[0])) }));
    return realFetch(town.url, options);
  };
  poll = await town.consultation({ name: 'Proof', voters: 2, questions: [{ answers: ['Yes', 'No'], min: 1, max: 1, question: 'Which?' }] });
  await town.openFor(poll.id, 600);
  made = run(jobs.makeBallot({ document: poll.document, credential: poll.credentials[0], choices: [[1, 0]] }));
  block = Number((await town.send(keys[0], 'cast', poll.id, made.packed)).blockNumber);
});
after(async () => {
  globalThis.fetch = realFetch;
  assert.equal(await town.stop(), 0);
});

test('the event of a casting leads to the header of its block', async () => {
  const tracker = hashFromText(made.tracker), proof = await fetchProof(poll.id, tracker, block);
  const facts = await checkProof(poll.id, tracker, proof);
  const real = (await rpc(town.url, 'eth_getBlockByNumber', [ethers.toQuantity(block), false])).result;
  assert.deepEqual([facts.blockNumber, facts.blockHash, facts.timestamp], [block, real.hash, Number(real.timestamp)]);
  const event = await town.view('eventAt', poll.id, facts.height);
  assert.equal(hexOf(facts.eventHash), hexOf(event.hash));
  assert.equal(hexOf(facts.credential), hexOf(made.packed.slice(0, 32)));
  assert.ok(facts.size < 2048, `${facts.size} bytes`);
  // what is not there is not proven
  assert.equal(await fetchProof(poll.id, tracker, block - 1), null);
  assert.equal(await fetchProof(poll.id, hashFromText('A'.repeat(43)), block), null);
  await assert.rejects(checkProof(poll.id + 1n, tracker, proof), ProofError);
  await assert.rejects(checkProof(poll.id, hashFromText(made.code), proof), ProofError);
  for (const [name, change] of [['header', (p) => { p.header = p.header.slice(); p.header[200] ^= 1; }], ['path', (p) => { p.path = p.path.map((n) => n.slice()); p.path.at(-1)[100] ^= 1; }],
    ['index', (p) => { p.index++; }], ['nodes', (p) => { p.path = []; }]]) {
    const copy = { ...proof };
    change(copy);
    const outcome = await checkProof(poll.id, tracker, copy).then((f) => f.blockHash, (e) => e);
    assert.ok(name === 'header' ? outcome instanceof ProofError || outcome !== facts.blockHash : outcome instanceof ProofError, `${name}: ${outcome}`);
  }
});

test('a wallet of the browser signs; what the service refuses comes back as its error', async () => {
  const wallet = new ethers.Wallet(keys[1]), asked = [];
  let chainId = '0x1';
  globalThis.window = { ethereum: { request: async ({ method, params }) => {
    asked.push(method);
    if (method === 'eth_requestAccounts') return [wallet.address];
    if (method === 'eth_chainId') return chainId;
    if (method === 'wallet_switchEthereumChain') { chainId = params[0].chainId; return null; }
    if (asked.filter((m) => m === 'eth_sendTransaction').length > 1) throw { code: 4001, message: 'the person said no' };
    const [{ from, to, data, gas, maxFeePerGas }] = params;
    assert.deepEqual([from, maxFeePerGas], [wallet.address, '0x0']);
    const raw = await wallet.signTransaction({ type: 2, chainId, nonce: 0, to, data, gasLimit: gas, maxFeePerGas: 0, maxPriorityFeePerGas: 0 });
    return (await rpc(town.url, 'eth_sendRawTransaction', [raw])).result;
  } } };
  try {
    assert.equal(hasWallet(), true);
    const signer = await walletSigner(), states = [];
    const ballot = (choices) => run(jobs.makeBallot({ document: poll.document, credential: poll.credentials[1], choices })).packed;
    const receipt = await send(signer, 'cast', [poll.id, ballot([[0, 1]])], (s) => states.push(s));
    assert.deepEqual([receipt.status, states], ['0x1', ['sending', 'waiting']]);
    assert.deepEqual(asked, ['eth_requestAccounts', 'eth_chainId', 'wallet_switchEthereumChain', 'eth_sendTransaction']);
    await assert.rejects(send(signer, 'cast', [poll.id, ballot([[1, 0]])]), (e) => e.kind === 'wallet' && e.message === 'the person said no');
  } finally { delete globalThis.window; }
  const refused = (name, check = () => true) => (e) => e instanceof ChainError && e.kind === 'refused' && e.name === name && check(e.args);
  await assert.rejects(send(freshSigner(), 'cast', [poll.id, made.packed]), refused('KnownBallot', (a) => a.height === 1n));
  await assert.rejects(send(freshSigner(), 'cast', [poll.id, made.packed.slice(1)]), refused('InvalidBallot', (a) => Buffer.from(a.rule).toString().startsWith('invalid')));
  await assert.rejects(send(freshSigner(), 'cancel', [poll.id, 'x']), refused('NotAuthorised'));
  await assert.rejects(call('consultation', 99), refused('UnknownConsultation', (a) => a.id === 99n));
  assert.equal(keySigner('0x' + '0'.repeat(64)), null);
  assert.equal(keySigner('12'), null);
  assert.equal(keySigner(keys[0]).address, new ethers.Wallet(keys[0]).address.toLowerCase());
  const there = globalThis.fetch;
  globalThis.fetch = async () => { throw new TypeError('no route'); };
  await assert.rejects(call('consultationCount'), (e) => e.kind === 'network');
  globalThis.fetch = there;
});

test('validators\' signatures are checked under it; a ledger of one node has none', async () => {
  const tracker = hashFromText(made.tracker), proof = await fetchProof(poll.id, tracker, block);
  assert.equal(await checkSignatures(proof, {}), null);
  const validators = [1, 2, 3, 4].map((n) => {
    const secret = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, n)]), format: 'der', type: 'pkcs8' });
    const key = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32);
    return { secret, key, address: createHash('sha256').update(key).digest().subarray(0, 20), power: 10n };
  }).sort((a, b) => Buffer.compare(a.address, b.address));
  const time = (s) => new Date(s * 1000).toISOString().replace('.000', ''), big = (b) => Buffer.from(b).toString('hex').toUpperCase();
  const setJson = (power) => validators.map((v) => ({ address: big(v.address), pub_key: { type: 'tendermint/PubKeyEd25519', value: v.key.toString('base64') }, [power]: String(v.power) }));
  lightBlock = async (number) => {
    const none = new Uint8Array(32), set = await setHash(validators), { hash } = (await rpc(town.url, 'eth_getBlockByNumber', [ethers.toQuantity(number), false])).result;
    const hashes = [none, none, set, set, none, ethers.getBytes(hash), none, none], id = { hash: none, parts: 1, partsHash: none };
    const h = { block: 11n, app: 0n, chain, height: BigInt(number), time: { s: start + number, ns: 0 }, lastBlockId: id, hashes, proposer: validators[0].address };
    const commit = { height: h.height, round: 0, blockId: { ...id, hash: await headerHash(h) } }, idJson = (i) => ({ hash: big(i.hash), parts: { total: i.parts, hash: big(i.partsHash) } });
    const names = ['last_commit_hash', 'data_hash', 'validators_hash', 'next_validators_hash', 'consensus_hash', 'app_hash', 'last_results_hash', 'evidence_hash'];
    return { block: { signed_header: { header: { version: { block: '11' }, chain_id: chain, height: String(number), time: time(start + number), last_block_id: idJson(id),
      ...Object.fromEntries(names.map((n, i) => [n, big(hashes[i])])), proposer_address: big(h.proposer) },
    commit: { height: String(number), round: 0, block_id: idJson(commit.blockId), signatures: validators.map((v) => ({ block_id_flag: 2, validator_address: big(v.address), timestamp: time(start + number + 1),
      signature: sign(null, voteBytes(chain, commit, { flag: 2, time: { s: start + number + 1, ns: 0 } }), v.secret).toString('base64') })) } }, validators: setJson('voting_power') } };
  };
  const trust = { chain_id: chain, initial_height: '1', genesis_time: time(start), validators: setJson('power') };
  const { facts, document } = await checkSignatures(proof, trust);
  assert.deepEqual([facts.blockNumber, facts.signers, facts.validators, facts.chain], [block, 4, 4, chain]);
  assert.equal(document.subject.kind, 'receipt');
  await assert.rejects(checkSignatures(proof, { ...trust, chain_id: 'another' }), ProofError);
  await assert.rejects(checkSignatures({ ...proof, document: { ...proof.document, ethHeader: proof.document.ethHeader.replace(/..$/, 'ff') } }, trust), ProofError);
  lightBlock = null;
});
