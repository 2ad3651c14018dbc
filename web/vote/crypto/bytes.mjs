// Bytes as hexadecimal, base64, base58 and numbers; randomness.

export const utf8 = (text) => new TextEncoder().encode(text);

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { out.set(p, at); at += p.length; }
  return out;
}

export const equal = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

export const hexOf = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

// Pairs of hexadecimal digits, with or without 0x.
export function bytesOf(hex) {
  const digits = hex.startsWith('0x') ? hex.slice(2) : hex;
  if (digits.length % 2 || !/^[0-9a-fA-F]*$/.test(digits)) throw new Error('not pairs of hexadecimal digits');
  return Uint8Array.from(digits.match(/../g) ?? [], (p) => parseInt(p, 16));
}

// Big-endian numbers.
export const numberOf = (bytes) => (bytes.length ? BigInt('0x' + hexOf(bytes)) : 0n);
export const bigEndian = (n, length) => bytesOf(n.toString(16).padStart(2 * length, '0'));

// The fewest big-endian bytes of a number; none for 0 (as RLP has them).
export function shortest(n) {
  const digits = BigInt(n).toString(16);
  return n === 0 || n === 0n ? new Uint8Array() : bytesOf(digits.length % 2 ? '0' + digits : digits);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

// Standard base64 of 32 bytes without the final "=": trackers and fingerprints (43 characters).
export function hashText(hash) {
  let out = '';
  for (let i = 0; i < hash.length; i += 3) {
    const n = (hash[i] << 16) | ((hash[i + 1] ?? 0) << 8) | (hash[i + 2] ?? 0);
    out += BASE64[n >> 18] + BASE64[(n >> 12) & 63] + BASE64[(n >> 6) & 63] + BASE64[n & 63];
  }
  return out.slice(0, Math.ceil((hash.length * 4) / 3));
}

// Reads what hashText writes; null when it is not 43 such characters that end as 32 bytes do.
export function hashFromText(text) {
  if (!/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]$/.test(text)) return null;
  const out = [];
  for (let i = 0; i < 44; i += 4) {
    const n = [0, 1, 2, 3].reduce((v, k) => (v << 6) | Math.max(0, BASE64.indexOf(text[i + k] || 'A')), 0);
    out.push((n >> 16) & 255, (n >> 8) & 255, n & 255);
  }
  return Uint8Array.from(out.slice(0, 32));
}

export const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
export const isBase58 = (text) => /^[1-9A-HJ-NP-Za-km-z]+$/.test(text);

export const randomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

// Characters drawn evenly: a byte of 232 and above is drawn again (232 = 4 * 58).
export function randomBase58(length) {
  let out = '';
  while (out.length < length)
    for (const b of randomBytes(length))
      if (b < 232 && out.length < length) out += BASE58[b % 58];
  return out;
}
