// SHA-256 and HMAC (FIPS 180-4, RFC 2104). Own and synchronous: WebCrypto is absent where a page comes over
// plain http, and its answers would arrive too late for a proof that hashes as it goes.
import { concat } from './bytes.mjs';

const PRIMES = [];
for (let n = 2; PRIMES.length < 80; n++) if (PRIMES.every((p) => n % p)) PRIMES.push(n);

// The first `bits` bits after the point of the k-th root of n (k is 2 or 3), by bisection.
export function rootFraction(n, k, bits) {
  const scaled = BigInt(n) << BigInt(bits * k);
  let low = 0n, high = BigInt(n) << BigInt(bits);
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(k) <= scaled) low = middle; else high = middle;
  }
  return low & ((1n << BigInt(bits)) - 1n);
}

export const constants = (bits, rounds) => ({
  initial: PRIMES.slice(0, 8).map((p) => rootFraction(p, 2, bits)),
  round: PRIMES.slice(0, rounds).map((p) => rootFraction(p, 3, bits)),
});

const { initial, round } = constants(32, 64);
const K = Int32Array.from(round, Number);
const H = Int32Array.from(initial, Number);

// The message with its padding: one bit, zeros, its length in bits, to a multiple of `block` bytes.
export function padded(message, block) {
  const length = block / 8;
  const out = new Uint8Array(Math.ceil((message.length + 1 + length) / block) * block);
  out.set(message);
  out[message.length] = 0x80;
  new DataView(out.buffer).setBigUint64(out.length - 8, BigInt(message.length) * 8n);
  return out;
}

export function sha256(message) {
  const bytes = padded(message, 64), view = new DataView(bytes.buffer);
  const h = Int32Array.from(H), w = new Int32Array(64);
  for (let at = 0; at < bytes.length; at += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + 4 * t);
    for (let t = 16; t < 64; t++) {
      const a = w[t - 15], b = w[t - 2];
      const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
      const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, i] = h;
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (i + s1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      i = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += i;
  }
  const out = new DataView(new ArrayBuffer(32));
  h.forEach((v, n) => out.setInt32(4 * n, v));
  return new Uint8Array(out.buffer);
}

export function hmacSha256(key, message) {
  const block = new Uint8Array(64);
  block.set(key.length > 64 ? sha256(key) : key);
  return sha256(concat(block.map((b) => b ^ 0x5c), sha256(concat(block.map((b) => b ^ 0x36), message))));
}
