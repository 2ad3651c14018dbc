// One voter's encrypted answers with their proofs (specification, "Ballot"): made, written, read, verified and opened.
//
// A ballot here is { credential, answers: [{ ciphertexts: [[alpha, beta]...], individual: [[p, p]...], overall: [p...],
// blank: [p, p] | lists: [[p, p]...], nonzero }...], signature: p } with points and proofs p = { c, r }. Packed it has the
// layout of src/belenios/ballot.h, of which the JSON document follows bit by bit.
//
// The functions that take long are generators: they yield the share of the work done, between 0 and 1, and return their
// result; whoever drives them may let others run in between (run() drives one to its end).
import { utf8, concat, hashText, numberOf } from './bytes.mjs';
import { sha256 } from './sha256.mjs';
import { Q, G, Table, BASE, IDENTITY, modQ, randomScalar, scalarBytes, encodeAll, readNumber, scalarFromText } from './edwards.mjs';
import { SIGNATURE, RANGE, BLANK_0, BLANK_1, LIST, NONZERO } from './challenge.mjs';
import { provePower, verifyPower, proveOneOf, verifyOneOf, rangeOf, rangeBranches, proveNonzero, verifyNonzero } from './proofs.mjs';
import { checkChoice, nest, flat, no } from './election.mjs';

export function run(work) {
  for (;;) { const { done, value } = work.next(); if (done) return value; }
}

// The table of the election's key, made once.
export const keyTable = (e) => (e.table ??= new Table(e.publicKey));

const sumOf = (list, of) => list.reduce((total, v) => total + of(v), 0n);
const product = (ciphertexts) => ciphertexts.reduce(([a, b], [c, d]) => [a.add(c), b.add(d)], [IDENTITY, IDENTITY]);

// The texts that proofs are bound to: the election and the voter; and these with the answer's ciphertexts.
const voterContext = (e, credential) => `${e.fingerprint}|${credential.text}`;
function answerContext(outer, ciphertexts) {
  encodeAll(ciphertexts.flat());
  return `${outer}|${ciphertexts.map(([a, b]) => `${a.text},${b.text}`).join()}`;
}
const rangeContext = (context, [alpha, beta]) => `${context}|${alpha.text},${beta.text}`;

// --- making

// What one ciphertext encrypts and with which randomness: { rho, m }.
function* encryptAnswer(e, q, outer, opened, step) {
  const y = keyTable(e);
  const ciphertexts = [];
  for (const { rho, m } of opened) {
    ciphertexts.push([G.power(rho), y.power(rho).add(m ? BASE : IDENTITY)]);
    yield step();
  }
  const context = answerContext(outer, ciphertexts);
  const individual = [];
  for (const [i, { rho, m }] of opened.entries()) {
    individual.push(proveOneOf(RANGE, rangeContext(outer, ciphertexts[i]), y, rangeOf(rho, m, 0, 1), m));
    yield step();
  }
  const all = (list) => ({ rho: modQ(sumOf(list, (o) => o.rho)), m: list.reduce((n, o) => n + o.m, 0) });
  const answer = { ciphertexts, individual };
  if (q.kind === 'lists') {
    const byList = nest(q, opened), flags = all(byList.map(([flag]) => flag)), candidates = all(byList.flatMap(([, ...c]) => c));
    const sum = product(nest(q, ciphertexts).map(([flag]) => flag));
    answer.overall = proveOneOf(RANGE, rangeContext(context, sum), y, rangeOf(flags.rho, flags.m, 1, 1), 0);
    answer.lists = byList.map(([flag, ...rest]) => {
      const chosen = all(rest);
      return proveOneOf(LIST, context, y,
        [{ rho: flag.rho, delta: modQ(BigInt(flag.m - 1)) }, { rho: chosen.rho, delta: BigInt(chosen.m) }], flag.m ? 0 : 1);
    });
    answer.nonzero = proveNonzero(NONZERO, context, y, candidates.rho, candidates.m);
  } else if (q.blank) {
    const [flag, ...rest] = opened, chosen = all(rest);
    answer.overall = proveOneOf(BLANK_1, context, y,
      [{ rho: flag.rho, delta: modQ(BigInt(flag.m - 1)) }, ...rangeOf(chosen.rho, chosen.m, q.min, q.max)],
      flag.m ? 0 : 1 + chosen.m - q.min);
    answer.blank = proveOneOf(BLANK_0, context, y,
      [{ rho: flag.rho, delta: BigInt(flag.m) }, { rho: chosen.rho, delta: BigInt(chosen.m) }], flag.m ? 1 : 0);
  } else {
    const chosen = all(opened);
    answer.overall = proveOneOf(RANGE, rangeContext(context, product(ciphertexts)), y,
      rangeOf(chosen.rho, chosen.m, q.min, q.max), chosen.m - q.min);
  }
  return answer;
}

// makeBallot encrypts choices, by question the numbers that checkChoice takes, with a voter's secret. Returns
// { ballot, opening }: the opening is by question [{ rho, m }...], and secret.
export function* makeBallot(e, secret, choices) {
  if (choices.length !== e.questions.length) no('choice-form', { question: 0 });
  e.questions.forEach((q, i) => checkChoice(q, choices[i], i + 1));
  const credential = G.power(secret), outer = voterContext(e, credential);
  let done = 0;
  const step = () => ++done / (2 * e.ciphertexts + 1);
  const opening = choices.map((bits) => bits.map((m) => ({ rho: randomScalar(), m })));
  const answers = [];
  for (const [i, q] of e.questions.entries()) answers.push(yield* encryptAnswer(e, q, outer, opening[i], step));
  const ballot = { credential, answers };
  ballot.signature = provePower(SIGNATURE, unsignedHash(e, ballot), secret);
  return { ballot, opening };
}

// --- documents

const proofJson = ({ c, r }) => `{"challenge":"${c}","response":"${r}"}`;
const proofsJson = (list) => `[${list.map(proofJson).join()}]`;

function answerJson(q, a) {
  const ciphertexts = a.ciphertexts.map(([x, y]) => `{"alpha":"${x.text}","beta":"${y.text}"}`);
  const individual = a.individual.map(proofsJson);
  const nested = (texts) => (q.kind === 'lists' ? `[${nest(q, texts).map((l) => `[${l.join()}]`).join()}]` : `[${texts.join()}]`);
  const start = `{"choices":${nested(ciphertexts)},"individual_proofs":${nested(individual)},"overall_proof":`;
  if (q.kind !== 'lists') return `${start}${proofsJson(a.overall)}${a.blank ? `,"blank_proof":${proofsJson(a.blank)}` : ''}}`;
  const { commitment, c, t1, t2 } = a.nonzero;
  return `${start}${proofJson(a.overall[0])},"list_proofs":[${a.lists.map(proofsJson).join()}],"nonzero_proof":` +
    `{"commitment":"${commitment.text}","challenge":"${c}","response":["${t1}","${t2}"]}}`;
}

function unsignedHash(e, b) { return hashText(sha256(utf8(unsignedJson(e, b) + '}'))); }
function unsignedJson(e, b) {
  encodeAll([b.credential, ...b.answers.flatMap((a) => a.ciphertexts.flat())]);
  return `{"election_uuid":"${e.uuid}","election_hash":"${e.fingerprint}","credential":"${b.credential.text}",` +
    `"answers":[${b.answers.map((a, i) => answerJson(e.questions[i], a)).join()}]`;
}

export function ballotJson(e, b) {
  const unsigned = unsignedJson(e, b);
  return `${unsigned},"signature":{"hash":"${hashText(sha256(utf8(unsigned + '}')))}","proof":${proofJson(b.signature)}}}`;
}

// Two names of a ballot, both the SHA-256 of a document in base64. The code is of the ballot without its signature: a
// device shows it before the voter decides to cast or to challenge. The tracker is of the whole ballot, once it is cast.
export const codeOf = unsignedHash;
export const unsignedDocument = (e, b) => unsignedJson(e, b) + '}';
export const trackerOf = (e, b) => hashText(sha256(utf8(ballotJson(e, b))));

// --- the packed form: every value in its order, by a writer and a reader that see the same walk

function walkAnswer(q, a, point, proof, scalar) {
  const many = (list, count, each) => Array.from({ length: count }, (_, i) => each(list?.[i]));
  const branches = (count) => (list) => many(list, count, proof);
  const out = { ciphertexts: many(a?.ciphertexts, q.count, (ct) => [point(ct?.[0]), point(ct?.[1])]),
    individual: many(a?.individual, q.count, branches(2)) };
  if (q.kind === 'lists') {
    out.overall = branches(1)(a?.overall);
    out.lists = many(a?.lists, q.lists.length, branches(2));
    const n = a?.nonzero;
    out.nonzero = { commitment: point(n?.commitment), c: scalar(n?.c), t1: scalar(n?.t1), t2: scalar(n?.t2) };
  } else {
    out.overall = branches(q.max - q.min + 1 + (q.blank ? 1 : 0))(a?.overall);
    if (q.blank) out.blank = branches(2)(a?.blank);
  }
  return out;
}
function walkBallot(e, b, point, scalar) {
  const proof = (p) => ({ c: scalar(p?.c), r: scalar(p?.r) });
  const credential = point(b?.credential);
  const answers = e.questions.map((q, i) => walkAnswer(q, b?.answers[i], point, proof, scalar));
  return { credential, answers, signature: proof(b?.signature) };
}

export function packBallot(e, b) {
  const parts = [];
  walkBallot(e, b, (p) => parts.push(p.bytes), (k) => parts.push(scalarBytes(k)));
  return concat(...parts);
}

// unpackBallot reads a packed ballot: every point canonical and in the subgroup, every scalar below q.
export function* unpackBallot(e, packed) {
  const values = packed.length / 32;
  if (!Number.isInteger(values)) no('ballot-length');
  let at = 0;
  const next = () => packed.slice(32 * at, 32 * ++at);
  const points = [];
  const shape = walkBallot(e, null, () => { points.push(next()); return points.length - 1; }, () => numberOf(next()));
  if (at !== values) no('ballot-length');
  const read = [];
  for (const bytes of points) {
    read.push(readNumber(numberOf(bytes.reverse())) ?? no('ballot-point', { point: read.length }));
    yield read.length / points.length;
  }
  return walkBallot(e, shape, (i) => read[i], (k) => (k < Q ? k : no('ballot-scalar')));
}

// readBallot reads a document: byte for byte what ballotJson makes of it, and of this election. With `challenged` the
// document is one without a signature, and so is the ballot (its signature is zero).
export function* readBallot(e, document, challenged = false) {
  let j;
  try { j = JSON.parse(document); } catch { no('json'); }
  if (j?.election_uuid !== e.uuid || j.election_hash !== e.fingerprint) no('ballot-other-election');
  if (!Array.isArray(j.answers) || j.answers.length !== e.questions.length) no('ballot-form');
  const proof = (p) => ({ c: p?.challenge, r: p?.response });
  if (challenged) j.signature = { proof: { challenge: '0', response: '0' } };
  const proofs = (l) => (Array.isArray(l) ? l.map(proof) : []);
  const shape = { credential: j.credential, signature: proof(j.signature?.proof), answers: j.answers.map((a, i) => {
    const q = e.questions[i];
    const ciphertexts = (flat(q, a?.choices) ?? no('ballot-form')).map((ct) => [ct?.alpha, ct?.beta]);
    const individual = (flat(q, a.individual_proofs) ?? no('ballot-form')).map(proofs);
    if (q.kind !== 'lists') return { ciphertexts, individual, overall: proofs(a.overall_proof), blank: proofs(a.blank_proof) };
    const n = a.nonzero_proof;
    return { ciphertexts, individual, overall: [proof(a.overall_proof)], lists: Array.isArray(a.list_proofs) ? a.list_proofs.map(proofs) : [],
      nonzero: { commitment: n?.commitment, c: n?.challenge, t1: n?.response?.[0], t2: n?.response?.[1] } };
  }) };
  const texts = [];
  const indexed = walkBallot(e, shape, (t) => texts.push(t) - 1, (t) => scalarFromText(t) ?? no('ballot-scalar'));
  const read = [];
  for (const t of texts) {
    const isText = typeof t === 'string' && /^[0-9a-f]{64}$/.test(t);
    read.push((isText && readNumber(BigInt('0x' + t))) || no('ballot-point', { point: read.length }));
    yield read.length / texts.length;
  }
  const b = walkBallot(e, indexed, (i) => read[i], (k) => k);
  if ((challenged ? unsignedDocument(e, b) : ballotJson(e, b)) !== document) no('ballot-form');
  return b;
}

// --- verification

// verifyBallot checks everything that can be checked of a ballot alone; throws VoteError 'proof' or 'signature' with
// question and answer. Its points are in the subgroup already: unpackBallot and readBallot see to it. A challenged ballot
// has no signature to check.
export function* verifyBallot(e, b, challenged = false) {
  const y = keyTable(e), outer = voterContext(e, b.credential);
  if (b.credential.isIdentity) no('signature');
  if (!challenged && !verifyPower(SIGNATURE, unsignedHash(e, b), b.credential, b.signature)) no('signature');
  let done = 0;
  for (const [i, q] of e.questions.entries()) {
    const a = b.answers[i], context = answerContext(outer, a.ciphertexts);
    const hold = (is, detail = {}) => is || no('proof', { question: i + 1, ...detail });
    for (const [k, ct] of a.ciphertexts.entries()) {
      hold(verifyOneOf(RANGE, rangeContext(outer, ct), y, rangeBranches(ct, 0, 1), a.individual[k]), { answer: k + 1 });
      yield ++done / (e.ciphertexts + 1);
    }
    if (q.kind === 'lists') {
      const byList = nest(q, a.ciphertexts), flags = product(byList.map(([flag]) => flag));
      hold(verifyOneOf(RANGE, rangeContext(context, flags), y, rangeBranches(flags, 1, 1), a.overall));
      byList.forEach(([[alpha, beta], ...rest], l) =>
        hold(verifyOneOf(LIST, context, y, [[alpha, beta.subtract(BASE)], product(rest)], a.lists[l]), { list: l + 1 }));
      hold(verifyNonzero(NONZERO, context, y, product(byList.flatMap(([, ...rest]) => rest)), a.nonzero));
    } else if (q.blank) {
      const [[alpha, beta], ...rest] = a.ciphertexts, sum = product(rest);
      hold(verifyOneOf(BLANK_1, context, y, [[alpha, beta.subtract(BASE)], ...rangeBranches(sum, q.min, q.max)], a.overall));
      hold(verifyOneOf(BLANK_0, context, y, [[alpha, beta], sum], a.blank));
    } else {
      const sum = product(a.ciphertexts);
      hold(verifyOneOf(RANGE, rangeContext(context, sum), y, rangeBranches(sum, q.min, q.max), a.overall));
    }
  }
}

// --- a challenged ballot is opened (Benaloh 2006): revealed without its signature, so that nobody can cast it

// {"hash":..,"choice":[[..]],"randomness":[["decimal",..]]}, as bel_opening_write writes it; hash: the ballot's code; a
// choice of lists is nested, randomness is not
export function openingJson(e, b, opening) {
  const choice = opening.map((list, i) => nest(e.questions[i], list.map((o) => o.m)));
  const randomness = opening.map((list) => list.map((o) => String(o.rho)));
  return JSON.stringify({ hash: codeOf(e, b), choice, randomness });
}
export function readOpening(e, text) {
  let j;
  try { j = JSON.parse(text); } catch { no('json'); }
  if (!Array.isArray(j?.choice) || !Array.isArray(j.randomness) || typeof j.hash !== 'string' ||
    j.choice.length !== e.questions.length || j.randomness.length !== e.questions.length) no('opening-form');
  return { code: j.hash, opening: e.questions.map((q, i) => {
    const bits = flat(q, j.choice[i]) ?? no('opening-form'), texts = j.randomness[i];
    if (!Array.isArray(texts) || texts.length !== q.count) no('opening-form');
    return bits.map((m, k) => ({ m: m === 0 || m === 1 ? m : no('opening-form'), rho: scalarFromText(texts[k]) ?? no('opening-form') }));
  }) };
}

// checkOpening encrypts again and compares: does the ballot hold exactly these choices?
export function* checkOpening(e, b, opening) {
  const y = keyTable(e);
  let done = 0;
  for (const [i, list] of opening.entries())
    for (const [k, { rho, m }] of list.entries()) {
      const [alpha, beta] = b.answers[i].ciphertexts[k];
      if (!G.power(rho).equals(alpha) || !y.power(rho).add(m ? BASE : IDENTITY).equals(beta))
        no('opening', { question: i + 1, answer: k + 1 });
      yield ++done / e.ciphertexts;
    }
}
