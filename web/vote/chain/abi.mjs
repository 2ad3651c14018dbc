// Solidity's contract ABI for the signatures in Solidity's own words: "create((string template, uint64 opens) plan)".
// Values: bigint (numbers are taken, bigints given), boolean, "0x.." address, Uint8Array (bytes, bytesN), string, array;
// a tuple is an object by the names of its members, or an array.
import { utf8, concat, numberOf, bigEndian, hexOf, bytesOf } from '../crypto/bytes.mjs';
import { keccak256 } from '../../verify/verify.mjs';

const WORD = 32;

// --- types

// Splits at commas outside of brackets.
function split(text) {
  const out = [''];
  let depth = 0;
  for (const c of text) {
    if (c === '(') depth++;
    if (c === ')') depth--;
    if (c === ',' && depth === 0) out.push('');
    else out[out.length - 1] += c;
  }
  return out.map((t) => t.trim()).filter(Boolean);
}
const SKIPPED = new Set(['indexed', 'memory', 'calldata']);

// "(uint32 threshold, address[] members)[] trustees" is { kind: 'array', of: { kind: 'tuple', .. }, name: 'trustees' }.
function parseType(text) {
  let at = text.lastIndexOf(')') + 1;
  const brackets = /^[a-z0-9]*((\[[0-9]*\])*)/.exec(text.slice(at))[0];
  const words = text.slice(at + brackets.length).trim().split(/\s+/).filter((w) => w && !SKIPPED.has(w));
  let type = at ? { kind: 'tuple', items: split(text.slice(text.indexOf('(') + 1, at - 1)).map(parseType) }
    : { kind: /^[a-z0-9]+/.exec(text)[0] };
  for (const [, count] of brackets.matchAll(/\[([0-9]*)\]/g)) type = { kind: 'array', of: type, count: count === '' ? null : Number(count) };
  return { ...type, name: words[0], indexed: /\bindexed\b/.test(text.slice(at)) };
}
const canonical = (t) => t.kind === 'tuple' ? `(${t.items.map(canonical).join()})`
  : t.kind === 'array' ? `${canonical(t.of)}[${t.count ?? ''}]` : t.kind;
const isDynamic = (t) => t.kind === 'bytes' || t.kind === 'string' ||
  (t.kind === 'array' && (t.count === null || isDynamic(t.of))) || (t.kind === 'tuple' && t.items.some(isDynamic));
const headWords = (t) => isDynamic(t) ? 1 : t.kind === 'array' ? t.count * headWords(t.of)
  : t.kind === 'tuple' ? t.items.reduce((n, i) => n + headWords(i), 0) : 1;

// "function cast(uint256 id, bytes ballot) returns (bool)" with or without "function", "event", "error" and modifiers.
export function parse(line) {
  const bare = line.replace(/^(function|event|error)\s+/, ''), open = bare.indexOf('(');
  let depth = 0, end = open;
  do { if (bare[end] === '(') depth++; if (bare[end] === ')') depth--; end++; } while (depth);
  const inputs = split(bare.slice(open + 1, end - 1)).map(parseType);
  const returned = /\breturns\s*\((.*)\)\s*$/.exec(bare.slice(end));
  const name = bare.slice(0, open), signature = `${name}(${inputs.map(canonical).join()})`;
  const hash = keccak256(utf8(signature));
  return { name, signature, inputs, outputs: returned ? split(returned[1]).map(parseType) : [], hash, selector: hash.slice(0, 4) };
}

// --- encoding

const word = (n) => bigEndian(BigInt.asUintN(256, BigInt(n)), WORD);
const padRight = (b) => concat(b, new Uint8Array((WORD - (b.length % WORD)) % WORD));
const asBytes = (v) => (typeof v === 'string' ? bytesOf(v) : v);

function encodeValue(t, v) {
  if (t.kind === 'tuple') return encodeAll(t.items, Array.isArray(v) ? v : t.items.map((i) => v[i.name]));
  if (t.kind === 'array') {
    const body = encodeAll(v.map(() => t.of), v);
    return t.count === null ? concat(word(v.length), body) : body;
  }
  if (t.kind === 'string' || t.kind === 'bytes') {
    const b = t.kind === 'string' ? utf8(v) : asBytes(v);
    return concat(word(b.length), padRight(b));
  }
  if (t.kind === 'bool') return word(v ? 1 : 0);
  if (t.kind.startsWith('bytes')) return padRight(asBytes(v));
  return word(t.kind === 'address' ? BigInt(v) : v);
}
function encodeAll(types, values) {
  const head = [], tail = [];
  let at = types.reduce((n, t) => n + headWords(t), 0) * WORD;
  types.forEach((t, i) => {
    const e = encodeValue(t, values[i]);
    if (!isDynamic(t)) { head.push(e); return; }
    head.push(word(at));
    tail.push(e);
    at += e.length;
  });
  return concat(...head, ...tail);
}
export const encodeCall = (method, values) => concat(method.selector, encodeAll(method.inputs, values));

// --- decoding

function decodeValue(t, data, at) {
  const bad = () => { throw new Error('malformed ABI data'); };
  const take = (start, length) => (start + length <= data.length ? data.subarray(start, start + length) : bad());
  const small = (start) => { const n = numberOf(take(start, WORD)); return n <= BigInt(data.length) ? Number(n) : bad(); };
  if (t.kind === 'tuple') {
    const values = decodeAll(t.items, data, at), out = [...values];
    t.items.forEach((i, n) => { if (i.name) out[i.name] = values[n]; });
    return out;
  }
  if (t.kind === 'array') {
    const count = t.count ?? small(at);
    return decodeAll(Array(count).fill(t.of), data, t.count === null ? at + WORD : at);
  }
  if (t.kind === 'string' || t.kind === 'bytes') {
    const b = take(at + WORD, small(at));
    return t.kind === 'string' ? new TextDecoder().decode(b) : Uint8Array.from(b);
  }
  const w = take(at, WORD);
  if (t.kind === 'bool') return numberOf(w) === 1n;
  if (t.kind === 'address') return '0x' + hexOf(w.subarray(12));
  if (t.kind.startsWith('bytes')) return Uint8Array.from(w.subarray(0, Number(t.kind.slice(5))));
  return t.kind.startsWith('int') ? BigInt.asIntN(256, numberOf(w)) : numberOf(w);
}
function decodeAll(types, data, base = 0) {
  let at = base;
  return types.map((t) => {
    const start = isDynamic(t) ? base + Number(numberOf(data.subarray(at, at + WORD))) : at;
    at += headWords(t) * WORD;
    return decodeValue(t, data, start);
  });
}
// A method's outputs: an array, with the outputs' names as members.
export const decodeResult = (method, data) => decodeValue({ kind: 'tuple', items: method.outputs }, data, 0);
// The arguments of an error or event's data (events: not indexed ones).
export const decodeInputs = (entry, data) => decodeValue({ kind: 'tuple', items: entry.inputs.filter((i) => !i.indexed) }, data, 0);
