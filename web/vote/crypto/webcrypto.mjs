// Where a page comes over plain http, browsers have no WebCrypto. This stands in with what web/verify/verify.mjs asks of
// it: SHA-256, and Ed25519 signatures (RFC 8032 section 5.1.7) by the arithmetic of edwards.mjs. Import it before.
import { concat, numberOf } from './bytes.mjs';
import { sha256, constants, padded } from './sha256.mjs';
import { Q, BASE, decode, multiPower } from './edwards.mjs';

// SHA-512 (FIPS 180-4), of short messages: plain, on numbers of 64 bits.
const M64 = (1n << 64n) - 1n;
const { initial, round } = constants(64, 80);
const right = (v, n) => ((v >> n) | (v << (64n - n))) & M64;

export function sha512(message) {
  const bytes = padded(message, 128), view = new DataView(bytes.buffer), h = [...initial];
  for (let at = 0; at < bytes.length; at += 128) {
    const w = Array.from({ length: 16 }, (_, t) => view.getBigUint64(at + 8 * t));
    for (let t = 16; t < 80; t++) {
      const a = w[t - 15], b = w[t - 2];
      w.push((w[t - 16] + (right(a, 1n) ^ right(a, 8n) ^ (a >> 7n)) + w[t - 7] + (right(b, 19n) ^ right(b, 61n) ^ (b >> 6n))) & M64);
    }
    let [a, b, c, d, e, f, g, i] = h;
    for (let t = 0; t < 80; t++) {
      const t1 = i + (right(e, 14n) ^ right(e, 18n) ^ right(e, 41n)) + ((e & f) ^ (~e & M64 & g)) + round[t] + w[t];
      const t2 = (right(a, 28n) ^ right(a, 34n) ^ right(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [i, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & M64, c, b, a, (t1 + t2) & M64];
    }
    [a, b, c, d, e, f, g, i].forEach((v, n) => { h[n] = (h[n] + v) & M64; });
  }
  const out = new DataView(new ArrayBuffer(64));
  h.forEach((v, n) => out.setBigUint64(8 * n, v));
  return new Uint8Array(out.buffer);
}

const littleEndian = (bytes) => numberOf(Uint8Array.from(bytes).reverse());

export function verifyEd25519(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const a = decode(littleEndian(key)), r = decode(littleEndian(signature.slice(0, 32))), s = littleEndian(signature.slice(32));
  if (!a || !r || s >= Q) return false;
  const k = littleEndian(sha512(concat(signature.slice(0, 32), key, message))) % Q;
  return multiPower([[BASE, s]]).equals(r.add(multiPower([[a, k]])));
}

export const standIn = {
  digest: async (name, bytes) => sha256(new Uint8Array(bytes)).buffer,
  importKey: async (format, key) => key,
  verify: async (algorithm, key, signature, message) => verifyEd25519(key, message, signature),
};
if (globalThis.crypto && !globalThis.crypto.subtle) Object.defineProperty(globalThis.crypto, 'subtle', { value: standIn });
