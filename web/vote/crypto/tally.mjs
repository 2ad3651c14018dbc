// The sum of ballots under encryption, its opening by trustees, and the result (specification, "Tally"). Packed sums are
// alpha 32, beta 32 for each ciphertext; a partial decryption is packed as factor 32, challenge 32, response 32 for each.
import { concat, numberOf } from './bytes.mjs';
import { Q, BASE, IDENTITY, modQ, inverseQ, multiPower, power, readBytes, scalarBytes, G } from './edwards.mjs';
import { DECRYPTION } from './challenge.mjs';
import { proveSame, verifySame } from './proofs.mjs';
import { no } from './election.mjs';

export function readSums(e, packed) {
  if (packed.length !== 64 * e.ciphertexts) no('sums-form');
  const point = (at) => readBytes(packed.slice(at, at + 32)) ?? no('sums-form');
  return Array.from({ length: e.ciphertexts }, (_, i) => [point(64 * i), point(64 * i + 32)]);
}

const context = (e, key) => `${e.fingerprint}|${key.text}`;

// makeDecryption opens the sums with a trustee's secret: packed, a generator as those of ballot.mjs.
export function* makeDecryption(e, sums, secret) {
  const key = G.power(secret), out = [];
  for (const [i, [alpha]] of sums.entries()) {
    const factor = power(alpha, secret);
    const { c, r } = proveSame(DECRYPTION, context(e, key), (w) => power(alpha, w), secret);
    out.push(factor.bytes, scalarBytes(c), scalarBytes(r));
    yield (i + 1) / sums.length;
  }
  return concat(...out);
}

// readDecryption checks a partial decryption by the trustee with this key, and answers its factors.
export function* readDecryption(e, sums, key, packed) {
  if (packed.length !== 96 * e.ciphertexts) no('decryption-form');
  const factors = [];
  for (const [i, [alpha]] of sums.entries()) {
    const factor = readBytes(packed.slice(96 * i, 96 * i + 32)) ?? no('decryption-form');
    const [c, r] = [32, 64].map((at) => numberOf(packed.slice(96 * i + at, 96 * i + at + 32)));
    if (c >= Q || r >= Q || !verifySame(DECRYPTION, context(e, key), key, alpha, factor, { c, r })) no('decryption-proof', { answer: i + 1 });
    factors.push(factor);
    yield (i + 1) / sums.length;
  }
  return factors;
}

// Lagrange's coefficient of j among the indices, at 0.
export const lagrange = (indices, j) => indices.filter((i) => i !== j)
  .reduce((n, i) => modQ(n * BigInt(i) * inverseQ(modQ(BigInt(i - j)))), 1n);

// combine takes the factors of partial decryptions away from the sums: decryptions is a Map from owner number (from 1) to
// factors; of a group the first k members in the order of their indices count. Answers the points g^result; throws
// 'decryptions-missing' with the entry.
export function combine(trustees, sums, decryptions) {
  const pairs = sums.map(() => []);
  for (const [entry, { threshold, first, keys }] of trustees.entries.entries()) {
    const have = keys.map((_, i) => i + 1).filter((i) => decryptions.has(first + i - 1)).slice(0, threshold || 1);
    if (have.length < (threshold || 1)) no('decryptions-missing', { entry: entry + 1, have: have.length, needed: threshold || 1 });
    for (const j of have) {
      const weight = threshold ? lagrange(have, j) : 1n;
      decryptions.get(first + j - 1).forEach((factor, i) => pairs[i].push([factor, weight]));
    }
  }
  return sums.map(([, beta], i) => beta.subtract(multiPower(pairs[i])));
}

// Logarithms up to a bound: baby steps once for all, then giant steps (Shanks 1971). 2^40 takes a million steps.
export const BOUND_MAX = 2n ** 40n;
export function* findResult(points, bound) {
  if (bound > BOUND_MAX) no('result-bound');
  let side = 1n;
  while (side * side < bound + 1n) side++;
  const baby = new Map();
  let at = IDENTITY;
  for (let i = 0n; i < side; i++) {
    baby.set(key(at), i);
    at = at.add(BASE);
    if (i % 512n === 0n) yield 0.5 * Number(i) / Number(side);
  }
  const giant = at.negate(), out = [];
  for (const [n, p] of points.entries()) {
    let walk = p, found = null;
    for (let i = 0n; i <= side && found === null; i++) {
      const j = baby.get(key(walk));
      if (j !== undefined) found = i * side + j;
      walk = walk.add(giant);
    }
    if (found === null || found > bound) no('result-none', { answer: n + 1 });
    out.push(found);
    yield 0.5 + (n + 1) / points.length / 2;
  }
  return out;
}
const key = (p) => p.number;

// Is a claimed count the logarithm?
export const countHolds = (point, count) => multiPower([[BASE, BigInt(count)]]).equals(point);
