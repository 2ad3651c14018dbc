// Who can open the sum, and only together (specification, "Trustees", "Pedersen"): the rounds in which a group makes its
// key, and trustees.json. Messages are packed as src/belenios/trustees.h has them: points as RFC 8032 encodings, a proof
// as challenge and response in 32 big-endian bytes each.
//
// A trustee keeps one secret, a seed of 22 base58 characters; everything else follows from it and the election's uuid.
import { utf8, concat, numberOf, randomBase58, isBase58 } from './bytes.mjs';
import { sha256 } from './sha256.mjs';
import { Q, G, IDENTITY, modQ, randomScalar, scalarBytes, scalarFromText, power, multiPower, readBytes, readText } from './edwards.mjs';
import { PROOF_OF_KNOWLEDGE, MESSAGE, CERTIFICATES, hashToScalar, challenge } from './challenge.mjs';
import { provePower, verifyPower } from './proofs.mjs';
import { no } from './election.mjs';

export const newSeed = () => randomBase58(22);
export const isSeed = (text) => text.length === 22 && isBase58(text);

const signingSecret = (seed) => hashToScalar('sk|' + seed);
const receivingSecret = (seed) => hashToScalar('dk|' + seed);

// --- packing

const proofBytes = ({ c, r }) => concat(scalarBytes(c), scalarBytes(r));
const proofJson = ({ c, r }) => `{"challenge":"${c}","response":"${r}"}`;

class Reader {
  constructor(bytes, what) { Object.assign(this, { bytes, what, at: 0 }); }
  bad() { return no('trustee-message', { what: this.what }); }
  take(length) {
    if (this.at + length > this.bytes.length) this.bad();
    return this.bytes.slice(this.at, (this.at += length));
  }
  element() { return readBytes(this.take(32)) ?? this.bad(); }
  key() { const p = this.element(); return p.isIdentity ? this.bad() : p; }
  scalar() { const k = numberOf(this.take(32)); return k < Q ? k : this.bad(); }
  proof() { return { c: this.scalar(), r: this.scalar() }; }
  end() { if (this.at !== this.bytes.length) this.bad(); }
}
function read(bytes, what, how) {
  const r = new Reader(bytes, what), out = how(r);
  r.end();
  return out;
}

// --- a trustee alone: key 32, proof of knowledge 64

export const trusteeSecret = signingSecret;

export function makeKey(secret) {
  const key = G.power(secret);
  return { key, pok: provePower(PROOF_OF_KNOWLEDGE, key.text, secret) };
}
export const keyHolds = ({ key, pok }) => verifyPower(PROOF_OF_KNOWLEDGE, key.text, key, pok);
export const packKey = ({ key, pok }) => concat(key.bytes, proofBytes(pok));

// --- a group of n with threshold k. A context is { threshold, size, index }, index from 1.

// Round 1: verification key (signs), encryption key (receives), signed with the context.
const certificateText = ({ threshold, size, index }, m) =>
  `{"context":{"group":"Ed25519","size":${size},"threshold":${threshold},"index":${index}},` +
  `"verification":"${m.verification.text}","encryption":"${m.encryption.text}"}`;

export function makeCertificate(context, seed) {
  const sk = signingSecret(seed);
  const m = { verification: G.power(sk), encryption: G.power(receivingSecret(seed)) };
  m.signature = provePower(MESSAGE, certificateText(context, m), sk);
  return m;
}
export const packCertificate = (m) => concat(m.verification.bytes, m.encryption.bytes, proofBytes(m.signature));
export function readCertificate(context, bytes) {
  const m = read(bytes, 'certificate', (r) => ({ verification: r.key(), encryption: r.key(), signature: r.proof() }));
  return certificateHolds(context, m) ? m : no('trustee-proof', { round: 1, index: context.index });
}
const certificateHolds = (context, m) => verifyPower(MESSAGE, certificateText(context, m), m.verification, m.signature);

// Round 2: the hash of round 3's coefficients. Round 3: the coefficients g^(a_j), j < k, signed, and a sealed share for
// every member. The polynomial follows from uuid and seed, and is bound to whom shares are made for: the same one for
// other members would give them too many points of it.
const coefficientSecrets = ({ threshold, size, index }, uuid, seed, certificates) => Array.from({ length: threshold }, (_, j) =>
  challenge('parvis-coefficient', `${uuid}|${threshold}|${size}|${index}|${j}|${seed}`, certificates.flatMap((c) => [c.verification, c.encryption])));
const coefficientsText = (points) => `{"coefexps":[${points.map((p) => `"${p.text}"`).join()}]}`;

export function makeCoefficients(context, uuid, seed, certificates) {
  const points = coefficientSecrets(context, uuid, seed, certificates).map((a) => G.power(a));
  return { points, signature: provePower(MESSAGE, coefficientsText(points), signingSecret(seed)) };
}
// The commitment: of the message that is signed, and whose it is.
export const coefficientsHash = ({ index, threshold, size }, m) =>
  sha256(utf8(`parvis-commitment|${index}|${threshold}|${size}|${coefficientsText(m.points)}`));
export const packCoefficients = (m) => concat(...m.points.map((p) => p.bytes), proofBytes(m.signature));
export function readCoefficients(context, certificate, bytes) {
  const m = read(bytes, 'coefficients', (r) =>
    ({ points: Array.from({ length: context.threshold }, () => r.element()), signature: r.proof() }));
  return coefficientsHold(certificate, m) ? m : no('trustee-proof', { round: 3, index: context.index });
}
const coefficientsHold = (certificate, m) =>
  verifyPower(MESSAGE, coefficientsText(m.points), certificate.verification, m.signature);

// g^f(i) of a dealer's polynomial, from its coefficients.
export function sharePoint({ points }, index) {
  return [...points].reverse().reduce((sum, p) => multiPower([[sum, BigInt(index)]]).add(p), IDENTITY);
}

// Shares are sealed by hashed ElGamal: R = g^e, f(i) + Hq("parvis-share|" ...; R, enc_i^e) mod q.
const shareMask = (uuid, dealer, receiver, r, dh) => challenge('parvis-share', `${uuid}|${dealer}|${receiver}`, [r, dh]);

export function makeShares(context, uuid, seed, certificates) {
  const a = coefficientSecrets(context, uuid, seed, certificates);
  return certificates.map((certificate, i) => {
    const value = [...a].reverse().reduce((sum, c) => modQ(sum * BigInt(i + 1) + c), 0n);
    const e = randomScalar(), r = G.power(e);
    return { r, masked: modQ(value + shareMask(uuid, context.index, i + 1, r, power(certificate.encryption, e))) };
  });
}
export const packShares = (shares) => concat(...shares.map(({ r, masked }) => concat(r.bytes, scalarBytes(masked))));
export const readShare = (bytes) => read(bytes, 'share', (r) => ({ r: r.element(), masked: r.scalar() }));

// What `dealer` sealed for me, checked against its coefficients; null when it is false: time for a complaint.
export function openShare(context, dealer, uuid, seed, share, coefficients) {
  const dh = power(share.r, receivingSecret(seed));
  const value = modQ(share.masked - shareMask(uuid, dealer, context.index, share.r, dh));
  return G.power(value).equals(sharePoint(coefficients, context.index)) ? value : null;
}

// A complaint: the Diffie-Hellman point of a sealed share, and a proof that it is that (equality of logarithms; the
// challenge is of the encryption key, R, the point and the commitments).
const complaintChallenge = (uuid, dealer, receiver, points) => challenge('parvis-complaint', `${uuid}|${dealer}|${receiver}`, points);
export function makeComplaint(context, dealer, uuid, seed, share) {
  const secret = receivingSecret(seed), w = randomScalar(), point = power(share.r, secret);
  const c = complaintChallenge(uuid, dealer, context.index, [G.power(secret), share.r, point, G.power(w), power(share.r, w)]);
  return concat(point.bytes, proofBytes({ c, r: modQ(w - secret * c) }));
}
// Who is right: 'dealer' (the share is right), 'receiver' (it is false), or null: the complaint does not hold.
export function judgeComplaint(receiver, dealer, uuid, certificate, share, coefficients, bytes) {
  const { point, proof: { c, r } } = read(bytes, 'complaint', (b) => ({ point: b.element(), proof: b.proof() }));
  const key = certificate.encryption;
  const points = [key, share.r, point, multiPower([[G, r], [key, c]]), multiPower([[share.r, r], [point, c]])];
  if (complaintChallenge(uuid, dealer, receiver, points) !== c) return null;
  const value = modQ(share.masked - shareMask(uuid, dealer, receiver, share.r, point));
  return G.power(value).equals(sharePoint(coefficients, receiver)) ? 'dealer' : 'receiver';
}

// Round 4: g^S of the sum of received shares, its proof, and two signatures.
const signedJson = (text, signature) => `{"message":${JSON.stringify(text)},"signature":${proofJson(signature)}}`;
const certificateContext = (context, index) => ({ ...context, index });
function certsText(context, certificates, coefficients) {
  const certs = certificates.map((m, i) => signedJson(certificateText(certificateContext(context, i + 1), m), m.signature));
  return `{"certs":[${certs.join()}],${coefficientsText(coefficients.points).slice(1)}`;
}
export function makeVerification(context, seed, secret, certificates, coefficients) {
  const sk = signingSecret(seed), m = makeKey(secret);
  m.keySignature = provePower(MESSAGE, m.key.text, sk);
  m.certsSignature = provePower(CERTIFICATES, certsText(context, certificates, coefficients[context.index - 1]), sk);
  return m;
}
export const packVerification = (m) => concat(packKey(m), proofBytes(m.keySignature), proofBytes(m.certsSignature));
export function verificationHolds(context, m, certificates, coefficients) {
  const { verification } = certificates[context.index - 1];
  const expected = coefficients.reduce((sum, c) => sum.add(sharePoint(c, context.index)), IDENTITY);
  return keyHolds(m) && m.key.equals(expected) && verifyPower(MESSAGE, m.key.text, verification, m.keySignature) &&
    verifyPower(CERTIFICATES, certsText(context, certificates, coefficients[context.index - 1]), verification, m.certsSignature);
}
export function readVerification(context, bytes, certificates, coefficients) {
  const m = read(bytes, 'verification', (r) => ({ key: r.key(), pok: r.proof(), keySignature: r.proof(), certsSignature: r.proof() }));
  return verificationHolds(context, m, certificates, coefficients) ? m : no('trustee-proof', { round: 4, index: context.index });
}

// A member's decryption key: the sum of its shares.
export const memberSecret = (shares) => modQ(shares.reduce((sum, s) => sum + s, 0n));

// --- trustees.json

// readTrustees checks every proof and signature of the document, and answers { entries: [{ threshold (0: alone), keys:
// [point...] }...], trustees: [{ entry, member, key }...] by owner number - 1, key: of the election }.
export function readTrustees(document) {
  let j;
  try { j = JSON.parse(document); } catch { no('json'); }
  if (!Array.isArray(j) || !j.length) no('trustees-form');
  const bad = (owner, rule) => no('trustees-proof', { trustee: owner, rule });
  const proof = (p) => ({ c: scalarFromText(p?.challenge) ?? no('trustees-form'), r: scalarFromText(p?.response) ?? no('trustees-form') });
  const element = (t) => readText(t) ?? no('trustees-form');
  const point = (t) => { const p = element(t); return p.isIdentity ? no('trustees-form') : p; };
  const trustees = [], entries = [];
  let key = IDENTITY;
  for (const [type, v] of j) {
    const first = trustees.length + 1, entry = entries.length;
    if (type === 'Single') {
      const m = { key: point(v.public_key), pok: proof(v.pok) };
      if (!keyHolds(m)) bad(first, 'pok');
      entries.push({ threshold: 0, first, keys: [m.key] });
      trustees.push({ entry, member: 0, key: m.key });
      key = key.add(m.key);
      continue;
    }
    if (type !== 'Pedersen') no('unsupported', { where: 'trustees', value: String(type) });
    const size = v.certs?.length, { threshold } = v;
    if (!(threshold >= 1 && threshold < size) || [v.coefexps, v.signatures, v.verification_keys].some((l) => l?.length !== size)) no('trustees-form');
    const contexts = v.certs.map((_, i) => ({ threshold, size, index: i + 1 }));
    const signed = (m, what) => { try { return JSON.parse(m.message); } catch { return no('trustees-form', { what }); } };
    const certificates = v.certs.map((c, i) => {
      const t = signed(c), m = { verification: point(t.verification), encryption: point(t.encryption), signature: proof(c.signature) };
      if (certificateText(contexts[i], m) !== c.message || !certificateHolds(contexts[i], m)) bad(first + i, 'certificate');
      return m;
    });
    const coefficients = v.coefexps.map((c, i) => {
      const m = { points: (signed(c).coefexps ?? []).map(element), signature: proof(c.signature) };
      if (m.points.length !== threshold || coefficientsText(m.points) !== c.message || !coefficientsHold(certificates[i], m))
        bad(first + i, 'coefficients');
      return m;
    });
    const keys = v.verification_keys.map((k, i) => {
      const m = { key: point(k.public_key), pok: proof(k.pok), keySignature: proof(k.signature), certsSignature: proof(v.signatures[i]) };
      if (!verificationHolds(contexts[i], m, certificates, coefficients)) bad(first + i, 'verification');
      trustees.push({ entry, member: i + 1, key: m.key });
      return m.key;
    });
    entries.push({ threshold, first, keys });
    key = coefficients.reduce((sum, c) => sum.add(c.points[0]), key);
  }
  return { entries, trustees, key };
}
