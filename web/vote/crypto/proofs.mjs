// The proofs of knowledge that elections are made of (specification, "Zero-knowledge proofs"): a proof is { c, r },
// challenge and response.
import { Q, G, modQ, randomScalar, multiPower, BASE, IDENTITY } from './edwards.mjs';
import { challenge } from './challenge.mjs';

// --- knowledge of an exponent (Schnorr 1991): of the credential, of a trustee's key; signatures

export function provePower(purpose, context, secret) {
  const w = randomScalar(), c = challenge(purpose, context, [G.power(w)]);
  return { c, r: modQ(w - secret * c) };
}
export function verifyPower(purpose, context, key, { c, r }) {
  return challenge(purpose, context, [multiPower([[G, r], [key, c]])]) === c;
}

// --- one of several ciphertexts encrypts 0 (Cramer, Damgard, Schoenmakers 1994)
//
// A branch is a ciphertext (alpha, beta) = (g^rho, y^rho g^delta); it is true where delta is 0. Who knows rho and delta
// makes every commitment from the fixed bases g and y: alpha^c is g^(rho c). All branches cost the same, the true
// one too, so that the time a proof takes does not tell which it is.

export function proveOneOf(purpose, context, y, branches, index) {
  const c = branches.map((_, j) => (j === index ? 0n : randomScalar()));
  const r = branches.map(() => randomScalar());
  const commitments = branches.flatMap(({ rho, delta }, j) => {
    const e = modQ(r[j] + rho * c[j]);
    return [G.power(e), y.power(e).add(G.power(modQ(delta * c[j])))];
  });
  c[index] = modQ(challenge(purpose, context, commitments) - c.reduce((sum, v) => sum + v, 0n));
  r[index] = modQ(r[index] - branches[index].rho * c[index]);
  return branches.map((_, j) => ({ c: c[j], r: r[j] }));
}
// branches: [alpha, beta] points.
export function verifyOneOf(purpose, context, y, branches, proofs) {
  const commitments = branches.flatMap(([alpha, beta], j) =>
    [multiPower([[G, proofs[j].r], [alpha, proofs[j].c]]), multiPower([[y, proofs[j].r], [beta, proofs[j].c]])]);
  return challenge(purpose, context, commitments) === modQ(proofs.reduce((sum, p) => sum + p.c, 0n));
}

// The branches "m is low", ..., "m is high": of what a prover knows, and of a ciphertext.
const range = (low, high) => Array.from({ length: high - low + 1 }, (_, i) => low + i);
export const rangeOf = (rho, m, low, high) => range(low, high).map((k) => ({ rho, delta: modQ(BigInt(m - k)) }));
export function rangeBranches([alpha, beta], low, high) {
  let at = beta.subtract(small(low));
  return range(low, high).map((k) => { if (k > low) at = at.subtract(BASE); return [alpha, at]; });
}
const small = (k) => (k === 0 ? IDENTITY : multiPower([[BASE, BigInt(k)]]));

// --- a ciphertext does not encrypt 0: made of its randomness rho and what it encrypts, m (1 to ...)

export function proveNonzero(purpose, context, y, rho, m) {
  let s = 0n;
  while (s === 0n) s = randomScalar();
  const w1 = randomScalar(), w2 = randomScalar();
  const commitment = G.power(modQ(BigInt(m) * s)); // beta^s y^(-rho s)
  const e = modQ(rho * w1);
  const a1 = G.power(modQ(e + w2)), a2 = y.power(modQ(e + w2)).add(G.power(modQ(BigInt(m) * w1)));
  const c = challenge(purpose, context, [commitment, a1, a2]);
  return { commitment, c, t1: modQ(w1 - s * c), t2: modQ(w2 + s * rho * c) };
}
export function verifyNonzero(purpose, context, y, [alpha, beta], { commitment, c, t1, t2 }) {
  if (commitment.isIdentity) return false;
  const a1 = multiPower([[alpha, t1], [G, t2]]);
  const a2 = multiPower([[beta, t1], [y, t2], [commitment, c]]);
  return challenge(purpose, context, [commitment, a1, a2]) === c;
}

// --- two powers have the same exponent (Chaum, Pedersen 1992): X = g^x and F = alpha^x

export function proveSame(purpose, context, alphaPower, secret) {
  const w = randomScalar(), c = challenge(purpose, context, [G.power(w), alphaPower(w)]);
  return { c, r: modQ(w - secret * c) };
}
export function verifySame(purpose, context, key, alpha, factor, { c, r }) {
  return challenge(purpose, context,
    [multiPower([[G, r], [key, c]]), multiPower([[alpha, r], [factor, c]])]) === c;
}

export const inRange = ({ c, r }) => c < Q && r < Q;
