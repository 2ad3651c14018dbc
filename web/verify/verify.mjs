// Verifies a proof document of `parvis proof` in a browser or in Node.js (18 or later), without a node, a
// network or another library:
//
//   import { verifyProof } from './verify.mjs';
//   const facts = await verifyProof(document, trust);      // throws ProofError when it does not hold
//
// document  the parsed JSON that `parvis proof` wrote (its parts: src/engine/proof.h)
// trust     the engine's genesis file, or what `parvis verify-proof --save-trust` wrote, parsed
// options   { now: Date or milliseconds, period: seconds that the trust lasts }
// facts     what is proven, as `parvis verify-proof --json` prints it, without `from` (that needs
//           secp256k1); and facts.trust, the trust for the next document
//
// The rules are those of src/engine/light.h. Signatures are WebCrypto's Ed25519 (Chrome 137, Firefox 129,
// Safari 17, Node 18), hashes WebCrypto's SHA-256 and the Keccak below.

export class ProofError extends Error {}

const PERIOD_S = 14 * 86400;
const DRIFT_S = 10;
const POWER_MAX = (2n ** 63n - 1n) / 8n;
const SET_MAX = 1024;
const PATH_MAX = 1024;

const fail = (text) => { throw new ProofError(text); };
const bad = (name) => fail(`${name}: missing, unknown or malformed`);

// --- bytes

const EMPTY = new Uint8Array();
const utf8 = (text) => new TextEncoder().encode(text);

function concat(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { out.set(p, at); at += p.length; }
  return out;
}

const equal = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
const hexOf = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
const data = (bytes) => '0x' + hexOf(bytes);
const pairs = (text) => Uint8Array.from(text.match(/../g) ?? [], (p) => parseInt(p, 16));
const numberOf = (bytes) => bytes.reduce((n, b) => n * 256n + BigInt(b), 0n);

// --- Keccak-256

const ROUND = 24;
const MASK = (1n << 64n) - 1n;
const { constants: KECCAK_CONSTANTS, rotations: KECCAK_ROTATIONS } = keccakTables();

// The round constants come from a shift register, the rotations from the walk over the lanes (FIPS 202).
function keccakTables() {
  const constants = [];
  let bits = 1;
  for (let round = 0; round < ROUND; round++) {
    let c = 0n;
    for (let j = 0; j < 7; j++) {
      if (bits & 1) c |= 1n << BigInt(2 ** j - 1);
      bits = (bits << 1) ^ (bits & 0x80 ? 0x171 : 0);
    }
    constants.push(c);
  }
  const rotations = Array(25).fill(0n);
  for (let t = 0, x = 1, y = 0; t < 24; t++) {
    rotations[x + 5 * y] = BigInt(((t + 1) * (t + 2) / 2) % 64);
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return { constants, rotations };
}

const rotate = (v, n) => n === 0n ? v : ((v << n) | (v >> (64n - n))) & MASK;

function keccakPermute(a) {
  for (const constant of KECCAK_CONSTANTS) {
    const c = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20]);
    for (let x = 0; x < 5; x++) {
      const d = c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1n);
      for (let y = 0; y < 25; y += 5) a[x + y] ^= d;
    }
    const b = Array(25);
    for (let x = 0; x < 5; x++)
      for (let y = 0; y < 5; y++) b[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(a[x + 5 * y], KECCAK_ROTATIONS[x + 5 * y]);
    for (let y = 0; y < 25; y += 5)
      for (let x = 0; x < 5; x++) a[x + y] = b[x + y] ^ (~b[(x + 1) % 5 + y] & MASK & b[(x + 2) % 5 + y]);
    a[0] ^= constant;
  }
}

export function keccak256(bytes) {
  const rate = 136;
  const padded = new Uint8Array((Math.floor(bytes.length / rate) + 1) * rate);
  padded.set(bytes);
  padded[bytes.length] ^= 1;
  padded[padded.length - 1] ^= 0x80;
  const a = Array(25).fill(0n);
  const view = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += rate) {
    for (let i = 0; i < rate / 8; i++) a[i] ^= view.getBigUint64(at + 8 * i, true);
    keccakPermute(a);
  }
  const out = new Uint8Array(32);
  for (let i = 0; i < 4; i++) new DataView(out.buffer).setBigUint64(8 * i, a[i], true);
  return out;
}

// --- SHA-256 and Ed25519

const nodeCrypto = () => import('node:crypto');
const subtle = async () => globalThis.crypto?.subtle ?? (await nodeCrypto()).webcrypto.subtle;

export async function sha256(bytes) {
  return new Uint8Array(await (await subtle()).digest('SHA-256', bytes));
}

async function verifySignature(key, message, signature) {
  try {
    const s = await subtle();
    const imported = await s.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']);
    return await s.verify({ name: 'Ed25519' }, imported, signature, message);
  } catch (error) {
    if (error.name !== 'NotSupportedError') return false; // the key is no point of the curve
    if (typeof process === 'undefined' || !process.versions?.node)
      throw new Error('this browser verifies no Ed25519 signatures');
    // An early Node: the same key as SubjectPublicKeyInfo (RFC 8410)
    const { createPublicKey, verify } = await nodeCrypto();
    const spki = concat(pairs('302a300506032b6570032100'), key);
    return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
  }
}

// --- values of the engine's JSON: one way to write each

function only(object, needed, optional = []) {
  if (object === null || typeof object !== 'object' || Array.isArray(object)) bad(needed.join(' '));
  for (const name of Object.keys(object)) if (!needed.includes(name) && !optional.includes(name)) bad(name);
  for (const name of needed) if (!Object.hasOwn(object, name)) bad(name);
}

const text = (j, name) => typeof j[name] === 'string' ? j[name] : bad(name);

function number(j, name, max = 2n ** 63n - 1n) {
  const t = text(j, name);
  if (!/^(0|[1-9][0-9]{0,19})$/.test(t) || BigInt(t) > max) bad(name);
  return BigInt(t);
}

function small(j, name) {
  const v = j[name];
  return Number.isInteger(v) && v >= 0 && v <= 0x7fffffff ? v : bad(name);
}

function list(j, name, max) {
  return Array.isArray(j[name]) && j[name].length <= max ? j[name] : bad(name);
}

function upper(j, name, ...lengths) {
  const t = text(j, name);
  if (!/^([0-9A-F]{2})*$/.test(t) || (lengths.length && !lengths.includes(t.length / 2))) bad(name);
  return pairs(t);
}

function lower(t, name, min, max) {
  if (typeof t !== 'string' || !/^0x([0-9a-f]{2})*$/.test(t) || t.length / 2 - 1 < min || t.length / 2 - 1 > max) bad(name);
  return pairs(t.slice(2));
}

function base64(j, name, length) {
  const t = text(j, name);
  let binary;
  try { binary = atob(t); } catch { bad(name); }
  if (binary.length !== length || btoa(binary) !== t) bad(name);
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

function time(j, name) {
  const m = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{0,8}[1-9]))?Z$/.exec(text(j, name)) ?? bad(name);
  const ms = Date.parse(m[1] + 'Z');
  if (!(ms >= 0) || new Date(ms).toISOString().slice(0, 19) !== m[1]) bad(name);
  return { s: ms / 1000, ns: Number((m[2] ?? '').padEnd(9, '0')), text: j[name] };
}

const later = (a, b) => a.s - b.s || a.ns - b.ns;

// --- what is hashed and signed: protobuf messages

function varint(v) {
  const out = [];
  for (v = BigInt(v); v >= 0x80n; v >>= 7n) out.push(Number(v & 0x7fn) | 0x80);
  return Uint8Array.from([...out, Number(v)]);
}

const message = (field, content) => concat(varint(field << 3 | 2), varint(content.length), content);
const bytesField = (field, content) => content.length ? message(field, content) : EMPTY;
const numberField = (field, v) => v ? concat(varint(field << 3), varint(v)) : EMPTY;

function fixed64(field, v) {
  const out = new Uint8Array(9);
  out[0] = field << 3 | 1;
  new DataView(out.buffer).setBigUint64(1, BigInt(v), true);
  return v ? out : EMPTY;
}

const timeMessage = (t) => concat(numberField(1, t.s), numberField(2, t.ns));
const blockId = (id) => concat(bytesField(1, id.hash),
  message(2, concat(numberField(1, id.parts), bytesField(2, id.partsHash))));

// RFC 6962
async function treeRoot(leaves) {
  if (leaves.length === 0) return sha256(EMPTY);
  if (leaves.length === 1) return sha256(concat([0], leaves[0]));
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return sha256(concat([1], await treeRoot(leaves.slice(0, left)), await treeRoot(leaves.slice(left))));
}

export function headerHash(h) {
  return treeRoot([
    concat(numberField(1, h.block), numberField(2, h.app)), bytesField(1, utf8(h.chain)), numberField(1, h.height),
    timeMessage(h.time), blockId(h.lastBlockId), ...h.hashes.map((b) => bytesField(1, b)), bytesField(1, h.proposer)]);
}

export function setHash(set) {
  return treeRoot(set.map((v) => concat(message(1, bytesField(1, v.key)), numberField(2, v.power))));
}

export function voteBytes(chain, commit, vote) {
  const content = concat(numberField(1, 2), fixed64(2, commit.height), fixed64(3, commit.round),
    vote.flag === 2 ? message(4, blockId(commit.blockId)) : EMPTY, message(5, timeMessage(vote.time)),
    bytesField(6, utf8(chain)));
  return concat(varint(content.length), content);
}

// --- a block of the engine

function readBlockId(j, name) {
  const id = j[name];
  only(id, ['hash', 'parts']);
  only(id.parts, ['total', 'hash']);
  return { hash: upper(id, 'hash', 0, 32), parts: small(id.parts, 'total'), partsHash: upper(id.parts, 'hash', 0, 32) };
}

const HASHES = ['last_commit_hash', 'data_hash', 'validators_hash', 'next_validators_hash', 'consensus_hash', 'app_hash',
  'last_results_hash', 'evidence_hash'];

function readHeader(j) {
  only(j, ['version', 'chain_id', 'height', 'time', 'last_block_id', ...HASHES, 'proposer_address']);
  only(j.version, ['block'], ['app']);
  const U64 = 2n ** 64n - 1n;
  const h = {
    block: number(j.version, 'block', U64), app: 'app' in j.version ? number(j.version, 'app', U64) : 0n,
    chain: text(j, 'chain_id'), height: number(j, 'height'), time: time(j, 'time'),
    lastBlockId: readBlockId(j, 'last_block_id'),
    hashes: HASHES.map((name) => name === 'app_hash' ? upper(j, name)
      : name.endsWith('validators_hash') ? upper(j, name, 32) : upper(j, name, 0, 32)),
    proposer: upper(j, 'proposer_address', 20),
  };
  if (!h.chain || utf8(h.chain).length > 50 || h.height === 0n || h.hashes[5].length > 64) bad('header');
  [h.setHash, h.nextSetHash, h.appHash] = [h.hashes[2], h.hashes[3], h.hashes[5]];
  return h;
}

function readVote(j) {
  only(j, ['block_id_flag', 'validator_address', 'timestamp', 'signature']);
  const flag = small(j, 'block_id_flag');
  if (flag < 1 || flag > 3) bad('block_id_flag');
  if (flag === 1) {
    if (j.validator_address !== '' || j.timestamp !== '0001-01-01T00:00:00Z' || j.signature !== null) bad('signature');
    return { flag };
  }
  return { flag, address: upper(j, 'validator_address', 20), time: time(j, 'timestamp'), signature: base64(j, 'signature', 64) };
}

async function readValidator(j, powerName) {
  only(j.pub_key, ['type', 'value']);
  if (j.pub_key.type !== 'tendermint/PubKeyEd25519') bad('type');
  const key = base64(j.pub_key, 'value', 32);
  const address = (await sha256(key)).slice(0, 20);
  if (!equal(upper(j, 'address', 20), address)) bad('address');
  const power = number(j, powerName, POWER_MAX);
  return power ? { key, address, power } : bad(powerName);
}

async function readSet(j, name, powerName = 'voting_power', optional = []) {
  const set = [];
  for (const v of list(j, name, SET_MAX)) {
    only(v, ['address', 'pub_key', powerName], optional);
    set.push(await readValidator(v, powerName));
  }
  if (powerOf(set) > POWER_MAX) bad(powerName);
  return set;
}

// The engine's order, which the hash of a set is of; people write a genesis file in any.
function sorted(set) {
  const before = (a, b) => {
    const at = a.address.findIndex((byte, i) => byte !== b.address[i]);
    return at < 0 ? 0 : a.address[at] - b.address[at];
  };
  return set.sort((a, b) => (a.power === b.power ? before(a, b) : a.power > b.power ? -1 : 1));
}

const powerOf = (set) => set.reduce((sum, v) => sum + v.power, 0n);

async function readBlock(j) {
  only(j, ['signed_header', 'validators']);
  only(j.signed_header, ['header', 'commit']);
  const c = j.signed_header.commit;
  only(c, ['height', 'round', 'block_id', 'signatures']);
  const header = readHeader(j.signed_header.header);
  return {
    header, hash: await headerHash(header), set: await readSet(j, 'validators'),
    commit: { height: number(c, 'height'), round: small(c, 'round'), blockId: readBlockId(c, 'block_id'),
      votes: list(c, 'signatures', SET_MAX).map(readVote) },
  };
}

// --- the rules (src/engine/light.h)

async function check(b, no) {
  const { header, commit, set } = b;
  if (commit.height !== header.height) no('the commit is of another height');
  if (!equal(commit.blockId.hash, b.hash)) no('the commit is of another header');
  if (!equal(header.setHash, await setHash(set))) no('the validators are not those that the header names');
  if (commit.votes.length !== set.length) no('not one vote for each validator');
  if (new Set(set.map((v) => hexOf(v.key))).size !== set.length) no('a validator occurs twice');
  b.signers = set.filter((_, i) => commit.votes[i].flag === 2);
  for (const [i, vote] of commit.votes.entries()) {
    if (vote.flag === 1) continue;
    if (!equal(vote.address, set[i].address)) no('a vote stands at the place of another validator');
    if (!await verifySignature(set[i].key, voteBytes(header.chain, commit, vote), vote.signature))
      no('a signature of a validator is wrong');
  }
  if (3n * powerOf(b.signers) <= 2n * powerOf(set)) no('no more than two thirds of the power signed it');
}

async function follows(t, b, now, no) {
  const { header } = b;
  if (later(header.time, { s: now.s + DRIFT_S, ns: now.ns }) > 0) no('it is dated in the future: is this clock right?');
  if (header.height < t.height) no('it is before the trusted height');
  if (t.hash && header.height === t.height) return equal(b.hash, t.hash) || no('it is not the trusted header');
  if (later(now, { s: t.time.s + t.period, ns: t.time.ns }) >= 0)
    no('the trust period is over: get a newer trusted header from someone you know');
  if (header.height === t.height)
    return equal(header.setHash, await setHash(t.set)) || no('its validators are not the trusted ones');
  if (t.hash && later(header.time, t.time) <= 0) no('it is not later than the trusted header');
  if (t.hash && header.height === t.height + 1n)
    return equal(header.setHash, t.nextSetHash) || no('its validators are not those that the trusted header named next');
  const trusted = t.set.filter((v) => b.signers.some((s) => equal(s.key, v.key)));
  if (3n * powerOf(trusted) <= powerOf(t.set))
    no('no more than a third of the trusted power signed it: a header in between is missing');
}

async function step(t, json, now) {
  const b = await readBlock(json);
  const no = (what) => fail(`consensus height ${b.header.height}: ${what}`);
  if (b.header.chain !== t.chain) no('it is of another chain');
  await check(b, no);
  await follows(t, b, now, no);
  const { height, time: at, nextSetHash } = b.header;
  return { block: b, trust: { ...t, height, time: at, set: b.set, hash: b.hash, nextSetHash } };
}

async function readTrust(j) {
  let t;
  if (Object.hasOwn(j, 'genesis_time')) {
    t = { chain: text(j, 'chain_id'), height: j.initial_height ? number(j, 'initial_height') || 1n : 1n,
      time: time(j, 'genesis_time'), period: PERIOD_S, set: sorted(await readSet(j, 'validators', 'power', ['name'])) };
  } else {
    only(j, ['version', 'chain', 'height', 'time', 'periodSeconds', 'validators'], ['headerHash', 'nextValidatorsHash']);
    if (j.version !== 1) bad('version');
    t = { chain: text(j, 'chain'), height: number(j, 'height'), time: time(j, 'time'), set: await readSet(j, 'validators'),
      period: Number.isSafeInteger(j.periodSeconds) && j.periodSeconds >= 0 ? j.periodSeconds : bad('periodSeconds') };
    if ('headerHash' in j || 'nextValidatorsHash' in j)
      Object.assign(t, { hash: upper(j, 'headerHash', 32), nextSetHash: upper(j, 'nextValidatorsHash', 32) });
  }
  return t.chain && t.set.length ? t : bad('validators');
}

function writeTrust(t) {
  const big = (bytes) => hexOf(bytes).toUpperCase();
  return { version: 1, chain: t.chain, height: String(t.height), time: t.time.text, periodSeconds: t.period,
    headerHash: big(t.hash), nextValidatorsHash: big(t.nextSetHash),
    validators: t.set.map((v) => ({ address: big(v.address),
      pub_key: { type: 'tendermint/PubKeyEd25519', value: btoa(String.fromCharCode(...v.key)) }, voting_power: String(v.power) })) };
}

// --- RLP and the Merkle-Patricia trie

// One item at `at`: { list, content, raw, end }; every form that is not the shortest is refused.
function rlpItem(b, at) {
  const no = () => fail('malformed RLP');
  const first = at < b.length ? b[at] : no();
  if (first < 0x80) return { list: false, content: b.slice(at, at + 1), raw: b.slice(at, at + 1), end: at + 1 };
  const isList = first >= 0xc0;
  let length = first - (isList ? 0xc0 : 0x80), start = at + 1;
  if (length > 55) {
    const count = length - 55;
    if (count > 4 || start + count > b.length || b[start] === 0) no();
    length = Number(numberOf(b.slice(start, start + count)));
    start += count;
    if (length < 56) no();
  }
  const end = start + length;
  if (end > b.length || (!isList && length === 1 && b[start] < 0x80)) no();
  return { list: isList, content: b.slice(start, end), raw: b.slice(at, end), end };
}

function rlpItems(content) {
  const items = [];
  for (let at = 0; at < content.length; at = items[items.length - 1].end) items.push(rlpItem(content, at));
  return items;
}

function rlpList(b) {
  const item = rlpItem(b, 0);
  return item.list && item.end === b.length ? rlpItems(item.content) : fail('malformed RLP');
}

const string = (item) => item && !item.list ? item.content : fail('malformed RLP');
const strings = (items) => items.map(string);

function rlpNumber(v) {
  if (v < 0x80) return Uint8Array.from([v || 0x80]);
  const bytes = pairs(v.toString(16).padStart(v.toString(16).length + v.toString(16).length % 2, '0'));
  return concat([0x80 + bytes.length], bytes);
}

const nibblesOf = (bytes) => Array.from(bytes).flatMap((b) => [b >> 4, b & 15]);
const EMPTY_ROOT = '56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';

// The value of key under root that the nodes show; empty when they show that there is none.
function trieValue(root, key, nodes, what) {
  const no = () => fail(`${what}: the proof does not lead from the header to what is asked`);
  const path = nibblesOf(key);
  let at = 0, used = 0, value = null;
  if (hexOf(root) === EMPTY_ROOT) return nodes.length ? no() : EMPTY;
  const next = (hash) => {
    const node = nodes[used++] ?? no();
    return equal(keccak256(node), hash) ? node : no();
  };
  const follow = (item) => {
    if (item.list) return item.raw.length < 32 ? item.raw : no();
    if (item.content.length === 0) { value = EMPTY; return null; }
    return item.content.length === 32 && nodes[used]?.length >= 32 ? next(item.content) : no();
  };
  for (let node = next(root); value === null;) {
    const items = rlpList(node);
    if (items.length === 17) {
      if (at === path.length) value = string(items[16]);
      else node = follow(items[path[at++]]);
      continue;
    }
    if (items.length !== 2) no();
    const head = nibblesOf(string(items[0]));
    if (head.length === 0 || head[0] > 3 || (!(head[0] & 1) && head[1])) no();
    const isLeaf = head[0] & 2, rest = head.slice(head[0] & 1 ? 1 : 2);
    if (!isLeaf && (rest.length === 0 || (!items[1].list && items[1].content.length !== 32))) no();
    if (isLeaf && string(items[1]).length === 0) no();
    const matches = (isLeaf ? rest.length === path.length - at : rest.length <= path.length - at) &&
      rest.every((n, i) => n === path[at + i]);
    if (isLeaf || !matches) value = matches ? items[1].content : EMPTY;
    else { at += rest.length; node = follow(items[1]); }
  }
  return used === nodes.length ? value : no();
}

// --- what stands under the Ethereum header

const nodes = (j, name) => list(j, name, 65).map((n) => lower(n, name, 1, (1 << 20) + 1024));

function quantity(bytes, max = 32) {
  return bytes.length <= max && bytes[0] !== 0 ? numberOf(bytes) : fail('a number is malformed');
}

const HEADER = { parentHash: 0, stateRoot: 3, transactionsRoot: 4, receiptsRoot: 5, number: 8, timestamp: 11 };

function readEthHeader(bytes) {
  const fields = strings(rlpList(bytes));
  if (![15, 16, 17, 20, 21].includes(fields.length)) fail('ethHeader: not an Ethereum header');
  const root = (name) => fields[HEADER[name]].length === 32 ? fields[HEADER[name]] : fail(`ethHeader: ${name}`);
  return { stateRoot: root('stateRoot'), transactionsRoot: root('transactionsRoot'), receiptsRoot: root('receiptsRoot'),
    number: quantity(fields[HEADER.number], 8), timestamp: quantity(fields[HEADER.timestamp], 8) };
}

function accountFacts(h, j) {
  only(j, ['kind', 'address', 'accountProof', 'storage']);
  const address = lower(j.address, 'address', 20, 20);
  const leaf = trieValue(h.stateRoot, keccak256(address), nodes(j, 'accountProof'), 'account');
  let [nonce, balance, storageRoot, codeHash] = [EMPTY, EMPTY, pairs(EMPTY_ROOT), keccak256(EMPTY)];
  if (leaf.length) {
    const fields = strings(rlpList(leaf));
    if (fields.length !== 4 || fields[2].length !== 32 || fields[3].length !== 32) fail('account: the leaf is not an account');
    [nonce, balance, storageRoot, codeHash] = fields;
  }
  const storage = list(j, 'storage', 1024).map((s) => {
    only(s, ['key', 'proof']);
    const key = lower(s.key, 'key', 32, 32);
    const value = trieValue(storageRoot, keccak256(key), nodes(s, 'proof'), 'storage');
    const item = value.length ? rlpItem(value, 0) : null;
    if (item && item.end !== value.length) fail('storage: the slot holds no value');
    return { key: data(key), value: data(item ? string(item) : EMPTY) };
  });
  return { address: data(address), exists: leaf.length > 0, nonce: Number(quantity(nonce, 8)),
    balance: '0x' + quantity(balance).toString(16), codeHash: data(codeHash), storage };
}

function shown(root, j, name, proof) {
  const value = lower(j[name], name, 1, 64 << 20);
  if (!equal(trieValue(root, rlpNumber(j.index), nodes(j, proof), proof), value))
    fail(`${proof}: does not lead from the header's root to what is shown`);
  return value;
}

// The fields of a transaction of types 0 to 4, by their place in its list.
function transactionFacts(h, j) {
  small(j, 'index');
  const raw = shown(h.transactionsRoot, j, 'transaction', 'transactionProof');
  const hash = data(keccak256(raw));
  if (lower(j.transactionHash, 'transactionHash', 32, 32) && hash !== j.transactionHash) fail('transaction: its hash is another');
  const type = raw[0] < 0x80 ? raw[0] : 0;
  const at = [3, 4, 5, 5, 5][type] ?? fail('transaction: not one that can be read');
  const fields = rlpList(raw[0] < 0x80 ? raw.slice(1) : raw);
  const to = string(fields[at]);
  if (to.length !== 20 && to.length !== 0) fail('transaction: not one that can be read');
  return { transactionHash: hash, index: j.index, to: to.length ? data(to) : null,
    value: '0x' + quantity(string(fields[at + 1])).toString(16), data: data(string(fields[at + 2])) };
}

function readReceipt(encoded) {
  const fields = rlpList(encoded[0] < 0x80 ? encoded.slice(1) : encoded);
  if (fields.length !== 4 || !fields[3].list) fail('receipt: not one that can be read');
  const logs = rlpItems(fields[3].content).map((l) => {
    const [address, topics, content] = l.list ? rlpItems(l.content) : [];
    if (!topics?.list || string(address).length !== 20) fail('receipt: not one that can be read');
    return { address: data(string(address)), topics: strings(rlpItems(topics.content)).map(data), data: data(string(content)) };
  });
  return { success: equal(string(fields[0]), [1]), logs };
}

const receiptFacts = (h, j) => readReceipt(shown(h.receiptsRoot, j, 'receipt', 'receiptProof'));

// What a receipt says, shown by the path of trie nodes from a block's header alone (bytes): for who trusts the header's hash
// from elsewhere. { blockHash, blockNumber, timestamp, success, logs }
export function receiptUnder(header, index, path) {
  const h = readEthHeader(header), encoded = trieValue(h.receiptsRoot, rlpNumber(index), path, 'receiptProof');
  if (!encoded.length) fail('receiptProof: there is no such receipt in the block');
  return { blockHash: data(keccak256(header)), blockNumber: Number(h.number), timestamp: Number(h.timestamp), ...readReceipt(encoded) };
}

function subjectFacts(h, j) {
  const of = ['kind', 'transactionHash', 'index', 'transaction', 'transactionProof'];
  switch (j?.kind) {
    case 'account':
      return accountFacts(h, j);
    case 'transaction':
      only(j, of);
      return transactionFacts(h, j);
    case 'receipt':
      only(j, [...of, 'receipt', 'receiptProof']);
      return { ...transactionFacts(h, j), ...receiptFacts(h, j) };
    default:
      return bad('kind');
  }
}

// --- the whole

export async function verifyProof(document, trust, { now = Date.now(), period } = {}) {
  const ms = Number(now);
  const at = { s: Math.floor(ms / 1000), ns: (ms - Math.floor(ms / 1000) * 1000) * 1e6 };
  let t = await readTrust(trust);
  if (period !== undefined) t.period = period;
  only(document, ['version', 'block', 'ethHeader', 'subject'], ['path']);
  if (document.version !== 1) fail('version: this program reads version 1');
  let block;
  for (const json of 'path' in document ? list(document, 'path', PATH_MAX) : []) t = (await step(t, json, at)).trust;
  ({ block, trust: t } = await step(t, document.block, at));
  const encoded = lower(document.ethHeader, 'ethHeader', 1, 4096);
  const ethHash = keccak256(encoded);
  if (!equal(block.header.appHash, ethHash)) fail('ethHeader: not the header whose hash the validators signed');
  const h = readEthHeader(encoded);
  const subject = subjectFacts(h, document.subject);
  return {
    chain: t.chain, consensusHeight: Number(t.height), time: t.time.text, signers: block.signers.length,
    validators: block.set.length, signedPower: Number(powerOf(block.signers)), power: Number(powerOf(block.set)),
    blockNumber: Number(h.number), blockHash: data(ethHash), timestamp: Number(h.timestamp), kind: document.subject.kind,
    ...subject, trust: writeTrust(t),
  };
}
