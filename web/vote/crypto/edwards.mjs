// The prime-order subgroup of edwards25519 (RFC 7748, RFC 8032 section 5.1) and the numbers modulo its order:
// -x^2 + y^2 = 1 + d x^2 y^2 over 2^255 - 19; extended coordinates and formulae of Hisil, Wong, Carter and Dawson
// 2008, complete: no case is special.
//
// Secrets   Table.power and power(), which take secret exponents, do the same additions and doublings in the same
//           order whatever the exponent is. JavaScript promises nothing of the time a BigInt takes, so this narrows what
//           timing could tell; it does not rule it out.
// Encoding  A point is written as one number: y, and the sign of x as bit 255. Belenios writes it in 64 hexadecimal
//           digits (`text`), RFC 8032 in 32 little-endian bytes (`bytes`).
import { numberOf, bigEndian, randomBytes } from './bytes.mjs';

export const P = (1n << 255n) - 19n;
export const Q = (1n << 252n) + 27742317777372353535851937790883648493n;
const M255 = (1n << 255n) - 1n;

// --- scalars: numbers modulo q

export const modQ = (n) => { const r = n % Q; return r < 0n ? r + Q : r; };
// Of 48 random bytes, so that the remainder is even to 2^-128.
export const randomScalar = () => modQ(numberOf(randomBytes(48)));

function inverseModulo(a, m) {
  let [r, s, u, v] = [m, ((a % m) + m) % m, 0n, 1n];
  while (s) { const k = r / s; [r, s, u, v] = [s, r - k * s, v, u - k * v]; }
  return ((u % m) + m) % m;
}
export const inverseQ = (a) => inverseModulo(a, Q);

// Decimal without a sign or a leading zero, below q; null for anything else.
export function scalarFromText(text) {
  if (typeof text !== 'string' || !/^(0|[1-9][0-9]{0,75})$/.test(text)) return null;
  const n = BigInt(text);
  return n < Q ? n : null;
}

// --- the field: numbers between -p and p; modP gives the one that is not negative.

const mul = (a, b) => (a * b) % P;
const modP = (n) => { const r = n % P; return r < 0n ? r + P : r; };

function powerP(a, e) {
  let out = 1n;
  for (let i = BigInt(e.toString(2).length - 1); i >= 0n; i--) {
    out = mul(out, out);
    if ((e >> i) & 1n) out = mul(out, a);
  }
  return out;
}

const D = modP(-121665n * inverseModulo(121666n, P));
const D2 = modP(2n * D);
const ROOT_OF_MINUS_1 = modP(powerP(2n, (P - 1n) / 4n));

// --- points

export class Point {
  #encoded;
  constructor(x, y, z, t) { this.x = x; this.y = y; this.z = z; this.t = t; }

  // What an addition needs of its second point: y - x, y + x, 2 d t, 2 z.
  get cached() { return this.kept ??= [this.y - this.x, this.y + this.x, mul(this.t, D2), 2n * this.z]; }

  add(other) { return addCached(this, other.cached); }
  subtract(other) { return this.add(other.negate()); }
  negate() { return new Point(-this.x, this.y, this.z, -this.t); }
  double() {
    const a = mul(this.x, this.x), b = mul(this.y, this.y), c = 2n * mul(this.z, this.z);
    const sum = this.x + this.y, e = mul(sum, sum) - a - b, g = b - a, f = g - c, h = -a - b;
    return new Point(mul(e, f), mul(g, h), mul(f, g), mul(e, h));
  }
  equals(other) {
    return modP(this.x * other.z - other.x * this.z) === 0n && modP(this.y * other.z - other.y * this.z) === 0n;
  }
  get isIdentity() { return modP(this.x) === 0n && modP(this.y - this.z) === 0n; }

  // The encoding as a number; kept, since a point is written more often than made.
  get number() {
    if (this.#encoded === undefined) encodeAll([this]);
    return this.#encoded;
  }
  set number(n) { this.#encoded = n; }
  get isEncoded() { return this.#encoded !== undefined; }
  get text() { return this.number.toString(16).padStart(64, '0'); }
  get bytes() { return bigEndian(this.number, 32).reverse(); }
}

function addCached(p, [minus, plus, t2d, z2]) {
  const a = mul(p.y - p.x, minus), b = mul(p.y + p.x, plus), c = mul(p.t, t2d), d = mul(p.z, z2);
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return new Point(mul(e, f), mul(g, h), mul(f, g), mul(e, h));
}

// encodeAll finds the encodings of many points with one inversion (Montgomery's trick).
export function encodeAll(points) {
  const open = points.filter((p) => !p.isEncoded);
  const products = [1n];
  for (const p of open) products.push(mul(products[products.length - 1], p.z));
  let inverse = inverseModulo(products[open.length], P);
  for (let i = open.length - 1; i >= 0; i--) {
    const z = mul(inverse, products[i]);
    inverse = mul(inverse, open[i].z);
    const x = modP(open[i].x * z), y = modP(open[i].y * z);
    open[i].number = y | ((x & 1n) << 255n);
  }
}

// The point that a number encodes; null unless it is the one canonical encoding of a point of the curve.
export function decode(n) {
  const sign = n >> 255n, y = n & M255;
  if (n < 0n || sign > 1n || y >= P) return null;
  const u = modP(y * y - 1n), v = modP(D * y * y + 1n), v3 = modP(v * v * v);
  let x = modP(u * v3 * powerP(modP(u * v3 * v3 * v), (P - 5n) / 8n));
  if (modP(v * x * x + u) === 0n) x = modP(x * ROOT_OF_MINUS_1);
  if (modP(v * x * x - u) !== 0n || (x === 0n && sign === 1n)) return null;
  if ((x & 1n) !== sign) x = P - x;
  const p = new Point(x, y, 1n, modP(x * y));
  p.number = n;
  return p;
}

export const IDENTITY = decode(1n);
export const BASE = decode(BigInt('0x' + '6'.repeat(62) + '58'));

export const inSubgroup = (p) => multiPower([[p, Q]]).isIdentity;

// A canonical encoding of an element of the subgroup, else null.
export function readNumber(n) {
  const p = decode(n);
  return p && inSubgroup(p) ? p : null;
}
export const readText = (text) => (typeof text === 'string' && /^[0-9a-f]{64}$/.test(text) ? readNumber(BigInt('0x' + text)) : null);
export const readBytes = (bytes) => (bytes.length === 32 ? readNumber(numberOf(Uint8Array.from(bytes).reverse())) : null);

// --- powers. The group is written multiplicatively, as Belenios does: p "to the" k.

// A number's digits between 1 and 2^bits, least first: none is 0, so that every digit costs the same addition.
function digits(k, bits, count) {
  const ones = ((1n << BigInt(bits * count)) - 1n) / ((1n << BigInt(bits)) - 1n);
  const text = modQ(k - ones).toString(16).padStart(64, '0');
  const out = [];
  if (bits === 4) for (let i = 63; i >= 0; i--) out.push(parseInt(text[i], 16) + 1);
  else for (let i = 62; i >= 0; i -= 2) out.push(parseInt(text.slice(i, i + 2), 16) + 1);
  return out;
}

// The multiples 1 to 16 of a point.
function multiples(p, count = 16) {
  const out = [p];
  while (out.length < count) out.push(out.length % 2 ? out[(out.length - 1) / 2].double() : out[out.length - 1].add(p));
  return out;
}

// A fixed base: 64 rows of 16 multiples, so that a power is 64 additions.
export class Table {
  constructor(base) {
    this.base = base;
    this.rows = [];
    for (let i = 0, row = base; i < 64; i++) {
      const m = multiples(row);
      this.rows.push(m.map((p) => p.cached));
      row = m[15];
    }
  }
  power(k) {
    const d = digits(k, 4, 64);
    let out = addCached(IDENTITY, this.rows[0][d[0] - 1]);
    for (let i = 1; i < 64; i++) out = addCached(out, this.rows[i][d[i] - 1]);
    return out;
  }
}

let tableOfG;
export const G = { get table() { return (tableOfG ??= new Table(BASE)); }, power(k) { return this.table.power(k); } };

// A power of any point to a secret exponent: 64 additions, 252 doublings. p must be in the subgroup.
export function power(p, k) {
  const m = multiples(p), d = digits(k, 4, 64);
  let out = m[d[63] - 1];
  for (let i = 62; i >= 0; i--) {
    out = out.double().double().double().double();
    out = out.add(m[d[i] - 1]);
  }
  return out;
}

// The product of powers [[point or Table, exponent]...] of public values: Straus' method, fixed bases from their
// tables. Its time depends on the exponents.
export function multiPower(pairs) {
  let fixed = null, running = null;
  const rest = [];
  for (const [base, k] of pairs) {
    if (base.power) { const p = base.power(k); fixed = fixed ? fixed.add(p) : p; continue; }
    if (k === 0n) continue;
    rest.push({ text: k.toString(16).padStart(64, '0'), of: multiples(base, 15) });
  }
  for (let i = 0; i < 64; i++) {
    if (running) running = running.double().double().double().double();
    for (const r of rest) {
      const d = parseInt(r.text[i], 16);
      if (d) running = running ? running.add(r.of[d - 1]) : r.of[d - 1];
    }
  }
  return running ? (fixed ? running.add(fixed) : running) : fixed ?? IDENTITY;
}

export const scalarBytes = (k) => bigEndian(k, 32);
