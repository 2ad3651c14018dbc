// Signatures of accounts: ECDSA on secp256k1 (SEC 2) with the nonces of RFC 6979 and low s, as Ethereum has them.
import { concat, numberOf, bigEndian, randomBytes } from '../crypto/bytes.mjs';
import { hmacSha256 } from '../crypto/sha256.mjs';
import { keccak256 } from '../../verify/verify.mjs';

const P = 2n ** 256n - 2n ** 32n - 977n;
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const GENERATOR = { x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n, z: 1n };

const mod = (a, m) => { const r = a % m; return r < 0n ? r + m : r; };
function inverse(a, m) {
  let [r, s, u, v] = [m, mod(a, m), 0n, 1n];
  while (s) { const k = r / s; [r, s, u, v] = [s, r - k * s, v, u - k * v]; }
  return mod(u, m);
}

// Homogeneous coordinates and the complete formulae of Renes, Costello and Batina 2016 (algorithm 7, a = 0, b3 = 21):
// one addition for every pair of points, so that a multiplication's steps do not depend on the secret.
function add({ x: x1, y: y1, z: z1 }, { x: x2, y: y2, z: z2 }) {
  const xx = (x1 * x2) % P, yy = (y1 * y2) % P, zz = (21n * z1 * z2) % P;
  const xy = (x1 * y2 + x2 * y1) % P, yz = (y1 * z2 + y2 * z1) % P, xz = (21n * (x1 * z2 + x2 * z1)) % P;
  const minus = yy - zz, plus = yy + zz;
  return { x: mod(xy * minus - yz * xz, P), y: mod(plus * minus + 3n * xx * xz, P), z: mod(yz * plus + 3n * xx * xy, P) };
}
function multiply(k) {
  let out = { x: 0n, y: 1n, z: 0n };
  for (let i = 255n; i >= 0n; i--) {
    out = add(out, out);
    out = [out, add(out, GENERATOR)][Number((k >> i) & 1n)];
  }
  const z = inverse(out.z, P);
  return { x: mod(out.x * z, P), y: mod(out.y * z, P) };
}

const isSecret = (k) => k > 0n && k < N;

// A new account: { secret: 32 bytes, address: 20 bytes }; or the account of a given secret (E: 'key').
export function account(secret) {
  if (!secret) do secret = randomBytes(32); while (!isSecret(numberOf(secret)));
  if (secret.length !== 32 || !isSecret(numberOf(secret))) throw new Error('key');
  const { x, y } = multiply(numberOf(secret));
  return { secret, address: keccak256(concat(bigEndian(x, 32), bigEndian(y, 32))).slice(12) };
}

// RFC 6979 section 3.2 with SHA-256.
function* nonces(secret, hash) {
  const reduced = bigEndian(numberOf(hash) % N, 32);
  let k = new Uint8Array(32), v = new Uint8Array(32).fill(1);
  for (const tag of [0, 1]) {
    k = hmacSha256(k, concat(v, [tag], secret, reduced));
    v = hmacSha256(k, v);
  }
  for (;;) {
    v = hmacSha256(k, v);
    yield numberOf(v);
    k = hmacSha256(k, concat(v, [0]));
    v = hmacSha256(k, v);
  }
}

// { r, s, parity } of a 32-byte hash.
export function sign(secret, hash) {
  for (const k of nonces(secret, hash)) {
    if (!isSecret(k)) continue;
    const { x, y } = multiply(k), r = x % N;
    const s = mod(inverse(k, N) * (numberOf(hash) + r * numberOf(secret)), N);
    if (r === 0n || s === 0n) continue;
    const high = s > N / 2n, parity = Number(y & 1n) ^ (high ? 1 : 0);
    if (x >= N) continue; // one in 2^128; its parity would be 2 or 3, which a transaction cannot say
    return { r, s: high ? N - s : s, parity };
  }
}
