// The voting page's own cryptography (web/vote/crypto, web/vote/chain) against known answers, against elections that
// belenios-tool made, against ethers, and against itself. Belenios' data is looked for in $PARVIS_DATA, else beside the
// project, as the unit tests do.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ethers } from 'ethers';
import * as bytes from '../../web/vote/crypto/bytes.mjs';
import { sha256, hmacSha256 } from '../../web/vote/crypto/sha256.mjs';
import * as edwards from '../../web/vote/crypto/edwards.mjs';
import { challenge } from '../../web/vote/crypto/challenge.mjs';
import { readElection, readTexts, checkChoice, VoteError } from '../../web/vote/crypto/election.mjs';
import { newCredential, readCredential, credentialSecret, credentialKey } from '../../web/vote/crypto/credential.mjs';
import * as ballots from '../../web/vote/crypto/ballot.mjs';
import * as proofs from '../../web/vote/crypto/proofs.mjs';
import * as trustees from '../../web/vote/crypto/trustees.mjs';
import { jobs } from '../../web/vote/jobs.mjs';
import * as tally from '../../web/vote/crypto/tally.mjs';
import { account } from '../../web/vote/chain/secp256k1.mjs';
import { signTransaction } from '../../web/vote/chain/tx.mjs';
import { median, byMajority } from '../../web/vote/judgment.mjs';
import { parts, funded, plainDescription } from '../../web/vote/readings.mjs';
import { standIn, sha512, verifyEd25519 } from '../../web/vote/crypto/webcrypto.mjs';
import { verifyProof, receiptUnder } from '../../web/verify/verify.mjs';
import { ERRORS } from '../../web/vote/chain/voting.mjs';
import { ChainError } from '../../web/vote/chain/node.mjs';
import { explain } from '../../web/vote/explain.mjs';
import * as abi from '../../web/vote/chain/abi.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const data = join(process.env.PARVIS_DATA ?? join(root, '..', 'shared', 'data'), 'voting');
const needsData = existsSync(join(data, 'vectors.json')) ? {} : { skip: `no ${data}: set PARVIS_DATA` };
const vectors = needsData.skip ? null : JSON.parse(readFileSync(join(data, 'vectors.json'), 'utf8'));
const { run } = ballots;
const code = (wanted, detail = {}) => (e) => {
  assert.ok(e instanceof VoteError, String(e));
  assert.equal(e.code, wanted);
  for (const [k, v] of Object.entries(detail)) assert.equal(e.detail[k], v, k);
  return true;
};

// The records of an archive: [name, body]...
function records(folder) {
  const file = readFileSync(join(data, folder, readdirSync(join(data, folder)).find((n) => n.endsWith('.bel'))));
  const out = [];
  for (let at = 0; at < file.length;) {
    const size = parseInt(file.toString('latin1', at + 124, at + 135), 8);
    out.push([file.toString('latin1', at, at + 100).replace(/\0.*/s, ''), file.toString('utf8', at + 512, at + 512 + size)]);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return out;
}
const archives = ['e10-basic', 'e10-threshold', 'e10-lists', 'e20-mj-homomorphic', 'e20-participatory-budget'];
const electionOf = (list) => readElection(list.find(([, b]) => b.startsWith('{"version":1,"desc'))[1]);
const ballotsOf = (list) => list.map(([, b]) => b).filter((b) => b.startsWith('{"election_uuid"'));

// An election of every kind of question, with a key of our own.
const keySecret = edwards.modQ(bytes.numberOf(sha256(bytes.utf8('a key for tests'))));
const document = JSON.stringify({ version: 1, description: 'Une phrase', name: 'Éléments', group: 'Ed25519',
  public_key: edwards.G.power(keySecret).text, questions: [
    { answers: ['Oui', 'Non', 'Sans avis'], min: 1, max: 1, question: 'Une seule' },
    { answers: ['a', 'b', 'c', 'd'], min: 0, max: 2, question: 'Jusqu’à deux' },
    { answers: ['x', 'y'], blank: true, min: 1, max: 2, question: 'Ou blanc' },
    { type: 'Lists', value: { answers: [['L1', 'a', 'b'], ['L2', 'c']], question: 'Listes' } }], uuid: 'abcdefghijkmno' });
const election = readElection(document);
const choices = [[0, 1, 0], [1, 0, 0, 1], [0, 1, 1], [1, 1, 0, 0, 0]];
const voter = credentialSecret(election.uuid, 'AAAAA-AAAAAA-AAAAA-AAAAAA');

test('SHA-256 and HMAC are Node\'s', () => {
  for (const n of [0, 3, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const b = Uint8Array.from({ length: n }, (_, i) => i * 7);
    assert.equal(bytes.hexOf(sha256(b)), createHash('sha256').update(b).digest('hex'));
    assert.equal(ethers.hexlify(hmacSha256(b, b)), ethers.computeHmac('sha256', b, b));
  }
});

test('hashes as text, base58 and credentials', () => {
  for (let i = 0; i < 50; i++) {
    const h = bytes.randomBytes(32), text = bytes.hashText(h);
    assert.equal(text, Buffer.from(h).toString('base64').slice(0, 43));
    assert.deepEqual(bytes.hashFromText(text), h);
  }
  for (const wrong of ['', 'A'.repeat(42), 'A'.repeat(44), 'A'.repeat(42) + 'B', '!' + 'A'.repeat(42)]) assert.equal(bytes.hashFromText(wrong), null);
  const c = newCredential();
  assert.match(c, /^[1-9A-HJ-NP-Za-km-z]{5}-[1-9A-HJ-NP-Za-km-z]{6}-[1-9A-HJ-NP-Za-km-z]{5}-[1-9A-HJ-NP-Za-km-z]{6}$/);
  assert.equal(readCredential(` ${c.replaceAll('-', ' ')}\n`), c);
  for (const wrong of ['', c.slice(1), c + 'a', c.replace(/^./, '0'), c.replace(/^./, 'l')]) assert.equal(readCredential(wrong), null);
  assert.equal(trustees.isSeed(trustees.newSeed()), true);
});

test('points, challenges, credentials and keys of the known answers', needsData, () => {
  for (const { scalar, hex } of vectors.points) {
    const k = BigInt(scalar);
    for (const p of [edwards.G.power(k), edwards.power(edwards.BASE, k), edwards.multiPower([[edwards.BASE, edwards.modQ(k)]]),
      new edwards.Table(edwards.BASE).power(k)]) assert.equal(p.text, hex);
    assert.equal(edwards.readText(hex).text, hex);
  }
  const { a, b, a_plus_b: sum } = vectors.point_sum;
  assert.equal(edwards.readText(a).add(edwards.readText(b)).text, sum);
  assert.equal(edwards.readText(sum).subtract(edwards.readText(b)).text, a);
  assert.equal(edwards.readBytes(bytes.bytesOf(vectors.order8_point_libsodium_order_hex)), null);
  for (const h of vectors.hash) {
    const [, purpose, context] = /^(pok\|Ed25519|[a-z]+)\|(.*)\|$/.exec(h.prefix);
    assert.equal(String(challenge(purpose, context, h.points.map(edwards.readText))), h.challenge);
  }
  for (const c of vectors.credentials_made_by_belenios_tool) {
    const secret = credentialSecret(c.uuid, c.credential);
    assert.equal(String(secret), c.secret);
    assert.equal(credentialKey(secret).text, c.public);
  }
  assert.equal(readElection(vectors.election_fingerprint.election_json).fingerprint, vectors.election_fingerprint.phi);
  assert.equal(String(trustees.trusteeSecret(vectors.pki.seed)), vectors.pki.sk);
  const m = trustees.makeCertificate({ threshold: 2, size: 3, index: 1 }, vectors.pki.seed);
  assert.deepEqual([m.verification.text, m.encryption.text], [vectors.pki.verification, vectors.pki.encryption]);
  for (const l of vectors.lagrange) assert.equal(String(tally.lagrange(l.I, l.j)), l.lambda);
});

test('encodings that are not the one canonical encoding of a group element are refused', () => {
  const y = (n) => edwards.readNumber(n);
  assert.equal(y(edwards.P + 1n), null);               // 1 + p
  assert.equal(y(1n | (1n << 255n)), null);            // x = 0 with a sign
  assert.equal(y(edwards.P - 1n), null);               // order 2
  assert.equal(y(2n), null);                           // not on the curve
  assert.equal(y(1n).isIdentity, true);
  assert.equal(edwards.readText('6'.repeat(62) + '58').equals(edwards.BASE), true);
  assert.equal(edwards.readText('6'.repeat(62) + '5' ), null);
  for (const t of ['01', '-1', '', '1.0', String(edwards.Q), 'x']) assert.equal(edwards.scalarFromText(t), null);
  assert.equal(edwards.scalarFromText('0'), 0n);
});

test('powers agree however they are taken, at the edges too', () => {
  const base = edwards.G.power(12345n), table = new edwards.Table(base);
  const ones = ((1n << 256n) - 1n) / 15n;
  for (const k of [0n, 1n, 2n, 15n, 16n, edwards.Q - 1n, edwards.modQ(ones), edwards.modQ(ones - 1n), edwards.randomScalar()]) {
    const p = edwards.power(base, k);
    assert.ok(table.power(k).equals(p));
    assert.ok(edwards.multiPower([[base, k]]).equals(p));
    assert.ok(edwards.multiPower([[table, k], [base, k]]).equals(p.double()));
    assert.ok(edwards.G.power(edwards.modQ(12345n * k)).equals(p));
  }
  assert.ok(edwards.power(edwards.IDENTITY, 5n).isIdentity);
  assert.equal(edwards.modQ(edwards.inverseQ(7n) * 7n), 1n);
});

for (const folder of archives)
  test(`${folder}: ballots, trustees, decryptions and result of belenios-tool`, needsData, () => {
    const list = records(folder), e = electionOf(list), data64 = new Map(list.map(([name, body]) => [name.slice(0, 64), body]));
    for (const json of ballotsOf(list).slice(0, 3)) {
      const b = run(ballots.readBallot(e, json));
      run(ballots.verifyBallot(e, b));
      const packed = ballots.packBallot(e, b);
      assert.equal(ballots.ballotJson(e, run(ballots.unpackBallot(e, packed))), json);
      assert.equal(ballots.trackerOf(e, b), createHash('sha256').update(json).digest('base64').slice(0, 43));
    }
    const group = trustees.readTrustees(list.find(([, b]) => b.startsWith('[["'))[1]);
    assert.ok(group.key.equals(e.publicKey));
    const point = (t) => edwards.readText(t).bytes, number = (t) => edwards.scalarBytes(BigInt(t));
    const encrypted = JSON.parse(list.map(([, b]) => b).find((b) => /^\[\[\[?\{"alpha"/.test(b)));
    const sums = tally.readSums(e, bytes.concat(...encrypted.flat(3).flatMap(({ alpha, beta }) => [point(alpha), point(beta)])));
    const factors = new Map();
    for (const [, body] of list) {
      if (!body.startsWith('{"owner"')) continue;
      const { owner, payload } = JSON.parse(body), j = JSON.parse(data64.get(payload)), p = j.decryption_proofs.flat(3);
      const packed = bytes.concat(...j.decryption_factors.flat(3).flatMap((f, i) => [point(f), number(p[i].challenge), number(p[i].response)]));
      factors.set(owner, run(tally.readDecryption(e, sums, group.trustees[owner - 1].key, packed)));
      const changed = packed.slice();
      changed[95] ^= 1;
      assert.throws(() => run(tally.readDecryption(e, sums, group.trustees[owner - 1].key, changed)), code('decryption-proof', { answer: 1 }));
    }
    const wanted = JSON.parse(list.map(([, b]) => b).find((b) => b.startsWith('{"result"'))).result.flat(2);
    const opened = tally.combine(group, sums, factors);
    const found = run(tally.findResult(opened, 1000n));
    assert.deepEqual(found.map(Number), wanted);
    assert.ok(tally.countHolds(opened[0], found[0]) && !tally.countHolds(opened[0], found[0] + 1n));
    factors.delete(1);
    assert.throws(() => tally.combine(group, sums, factors), code('decryptions-missing', { entry: 1, have: 0 }));
    // and one of our own among them
    const own = ballotsOf(list)[0] && run(ballots.makeBallot(e, voter, firstChoice(e)));
    run(ballots.verifyBallot(e, own.ballot));
  });

const firstChoice = (e) => e.questions.map((q) => {
  const bits = Array(q.count).fill(0);
  if (q.kind === 'lists') bits[0] = bits[1] = 1;
  else for (let i = 0; i < q.min; i++) bits[i + (q.blank ? 1 : 0)] = 1;
  return bits;
});

test('a ballot made here is written, packed, read, verified and opened', () => {
  const steps = [];
  const work = ballots.makeBallot(election, voter, choices);
  let next = work.next();
  for (; !next.done; next = work.next()) steps.push(next.value);
  assert.ok(steps.length > 2 * election.ciphertexts - 1 && steps.every((s, i) => s > 0 && s <= 1 && (!i || s > steps[i - 1])));
  const { ballot, opening } = next.value;
  run(ballots.verifyBallot(election, ballot));
  const json = ballots.ballotJson(election, ballot), packed = ballots.packBallot(election, ballot);
  assert.equal(ballots.ballotJson(election, run(ballots.readBallot(election, json))), json);
  assert.equal(ballots.ballotJson(election, run(ballots.unpackBallot(election, packed))), json);
  const read = ballots.readOpening(election, ballots.openingJson(election, ballot, opening));
  assert.equal(read.code, ballots.codeOf(election, ballot));
  run(ballots.checkOpening(election, ballot, read.opening));
  const lie = structuredClone(read.opening);
  lie[0][0].m = 1; lie[0][1].m = 0;
  assert.throws(() => run(ballots.checkOpening(election, ballot, lie)), code('opening', { question: 1, answer: 1 }));
  for (const wrong of ['{', '{}', '{"hash":"a","choice":[],"randomness":[]}']) assert.throws(() => ballots.readOpening(election, wrong), VoteError);
});

test('what a challenge reveals is checked by a second device, and is no ballot', () => {
  const made = run(jobs.makeBallot({ document, credential: 'AAAAA-AAAAAA-AAAAA-AAAAAA', choices }));
  assert.equal(made.code, createHash('sha256').update(made.unsigned).digest('base64').slice(0, 43));
  assert.deepEqual(run(jobs.namesOf({ document, packed: made.packed })), { tracker: made.tracker, code: made.code });
  assert.ok(!made.unsigned.includes('signature') && !made.opening.includes('signature'));
  const { unsigned, opening } = made;
  assert.deepEqual(run(jobs.checkOpening({ document, unsigned, opening })), { code: made.code, choices });
  assert.throws(() => run(jobs.checkOpening({ document, unsigned, opening: opening.replace(made.code, made.tracker) })), code('opening-code'));
  assert.throws(() => run(jobs.checkOpening({ document, unsigned: unsigned.replace('}', ',"signature":1}'), opening })), VoteError);
  const packed = ballots.packBallot(election, run(ballots.readBallot(election, unsigned, true)));
  assert.deepEqual(packed.slice(0, -64), made.packed.slice(0, -64));
  assert.throws(() => run(ballots.verifyBallot(election, run(ballots.unpackBallot(election, packed)))), code('signature'));
});

test('every choice that a voter may make can be encrypted, every other is refused', () => {
  const e = readElection(document.replace(/"questions":.*"uuid"/,
    '"questions":[{"answers":["a","b"],"blank":true,"min":0,"max":1,"question":"q"},{"type":"Lists","value":{"answers":[["L","a"],["M","b"]],"question":"l"}}],"uuid"'));
  const all = (n) => Array.from({ length: 2 ** n }, (_, v) => Array.from({ length: n }, (_, i) => (v >> i) & 1));
  let good = 0;
  for (const blank of all(3)) for (const lists of all(4)) {
    const may = (blank[0] ? !blank[1] && !blank[2] : blank[1] + blank[2] <= 1) &&
      lists[0] + lists[2] === 1 && (lists[0] ? lists[1] && !lists[3] : lists[3] && !lists[1]);
    if (may) { good++; run(ballots.verifyBallot(e, run(ballots.makeBallot(e, voter, [blank, lists])).ballot)); }
    else assert.throws(() => run(ballots.makeBallot(e, voter, [blank, lists])), VoteError);
  }
  assert.equal(good, 8);
  assert.throws(() => checkChoice(e.questions[0], [1, 1, 0], 1), code('choice-blank', { question: 1 }));
  assert.throws(() => checkChoice(e.questions[0], [0, 1, 1], 1), code('choice-count', { min: 0, max: 1, chosen: 2 }));
  assert.throws(() => checkChoice(e.questions[0], [0, 1], 1), code('choice-form'));
  assert.throws(() => checkChoice(e.questions[1], [1, 0, 0, 0], 2), code('choice-no-candidate', { question: 2 }));
  assert.throws(() => checkChoice(e.questions[1], [1, 1, 1, 1], 2), code('choice-one-list'));
  assert.throws(() => checkChoice(e.questions[1], [1, 1, 0, 1], 2), code('choice-other-list'));
});

test('a ballot in which any value is changed does not verify', () => {
  const { ballot } = run(ballots.makeBallot(election, voter, choices)), packed = ballots.packBallot(election, ballot);
  const refused = (b) => assert.throws(() => run(ballots.verifyBallot(election, run(ballots.unpackBallot(election, b)))), VoteError);
  for (let at = 0; at < packed.length; at += 32 * 5) {
    const changed = packed.slice();
    changed[at + 31] ^= 1;
    refused(changed);
  }
  const high = packed.slice();
  high.fill(255, packed.length - 32);
  assert.throws(() => run(ballots.unpackBallot(election, high)), code('ballot-scalar'));
  assert.throws(() => run(ballots.unpackBallot(election, packed.slice(32))), code('ballot-length'));
  assert.throws(() => run(ballots.unpackBallot(election, packed.slice(1))), code('ballot-length'));
  const small = packed.slice();
  small.set(edwards.decode(edwards.P - 1n).bytes, 32);
  assert.throws(() => run(ballots.unpackBallot(election, small)), code('ballot-point', { point: 1 }));
  // another voter's answers under one's own signature
  const other = edwards.modQ(voter + 1n), copy = { ...ballot, credential: edwards.G.power(other) };
  const json = ballots.ballotJson(election, copy), hash = /"hash":"([^"]*)"/.exec(json)[1];
  copy.signature = proofs.provePower('sig', hash, other);
  assert.throws(() => run(ballots.verifyBallot(election, copy)), code('proof', { question: 1, answer: 1 }));
});

test('documents that are not byte for byte what they say are refused', () => {
  const { ballot } = run(ballots.makeBallot(election, voter, choices)), json = ballots.ballotJson(election, ballot);
  const read = (text) => () => run(ballots.readBallot(election, text));
  assert.throws(read(json + ' '), code('ballot-form'));
  assert.throws(read(json.replace('"signature":{"hash"', '"signature":{"x":1,"hash"')), code('ballot-form'));
  assert.throws(read(json.replace('abcdefghijkmno', 'abcdefghijkmnp')), code('ballot-other-election'));
  assert.throws(read('{'), code('json'));
  assert.throws(read(json.replace(/"challenge":"\d+"/, '"challenge":"00"')), code('ballot-scalar'));
  assert.throws(read(json.replace(/"alpha":"[0-9a-f]/, '"alpha":"Z')), code('ballot-point', { point: 1 }));
  assert.throws(read(json.replace('"answers":[', '"answers":[1,')), code('ballot-form'));
  const bad = (from, to, c, where) => assert.throws(() => readElection(document.replace(from, to)), code(c, where ? { where } : {}));
  bad('"group":"Ed25519"', '"group":"X"', 'unsupported');
  bad('"min":1', '"min":4', 'range', 'questions[0].max');
  bad('"min":1', '"minimum":1', 'member');
  bad('"Lists"', '"NonHomomorphic"', 'unsupported', 'questions[3].type');
  bad('abcdefghijkmno', 'abc', 'member', 'uuid');
  bad(/"public_key":"../, '"public_key":"zz', 'member', 'public_key');
  bad(/"questions":\[.*\],"uuid"/, '"questions":[],"uuid"', 'range', 'questions');
  bad('{', '{{', 'json');
  assert.equal(readTexts(document).questions.length, 4);
});

test('a group of three makes a key, two of them open a sum; false shares are found and judged', () => {
  const uuid = election.uuid, seeds = [1, 2, 3].map(trustees.newSeed);
  const contexts = seeds.map((_, i) => ({ threshold: 2, size: 3, index: i + 1 }));
  const certificates = seeds.map((s, i) => trustees.readCertificate(contexts[i], trustees.packCertificate(trustees.makeCertificate(contexts[i], s))));
  const coefficients = seeds.map((s, i) => trustees.readCoefficients(contexts[i], certificates[i],
    trustees.packCoefficients(trustees.makeCoefficients(contexts[i], uuid, s, certificates))));
  // another order of members, another polynomial
  const others = [certificates[1], certificates[0], certificates[2]];
  assert.ok(!trustees.makeCoefficients(contexts[0], uuid, seeds[0], others).points[0].equals(coefficients[0].points[0]));
  assert.equal(trustees.coefficientsHash(contexts[0], coefficients[0]).length, 32);
  const shares = seeds.map((s, i) => {
    const packed = trustees.packShares(trustees.makeShares(contexts[i], uuid, s, certificates));
    return [0, 1, 2].map((k) => trustees.readShare(packed.slice(64 * k, 64 * k + 64)));
  });
  const secrets = seeds.map((s, i) => trustees.memberSecret(shares.map((sent, d) =>
    trustees.openShare(contexts[i], d + 1, uuid, s, sent[i], coefficients[d]))));
  const verifications = seeds.map((s, i) => trustees.readVerification(contexts[i],
    trustees.packVerification(trustees.makeVerification(contexts[i], s, secrets[i], certificates, coefficients)), certificates, coefficients));
  // a false share, its complaint; and a complaint about a right one
  const lie = { ...shares[1][0], masked: edwards.modQ(shares[1][0].masked + 1n) };
  assert.equal(trustees.openShare(contexts[0], 2, uuid, seeds[0], lie, coefficients[1]), null);
  const judge = (share, complaint) => trustees.judgeComplaint(1, 2, uuid, certificates[0], share, coefficients[1], complaint);
  assert.equal(judge(lie, trustees.makeComplaint(contexts[0], 2, uuid, seeds[0], lie)), 'receiver');
  assert.equal(judge(shares[1][0], trustees.makeComplaint(contexts[0], 2, uuid, seeds[0], shares[1][0])), 'dealer');
  assert.equal(judge(shares[1][0], trustees.makeComplaint(contexts[0], 2, uuid, seeds[2], shares[1][0])), null);
  // messages of another member, or changed
  assert.throws(() => trustees.readCertificate(contexts[1], trustees.packCertificate(certificates[0])), code('trustee-proof', { round: 1, index: 2 }));
  assert.throws(() => trustees.readCoefficients(contexts[0], certificates[1], trustees.packCoefficients(coefficients[0])), code('trustee-proof', { round: 3 }));
  assert.throws(() => trustees.readVerification(contexts[0], trustees.packVerification(verifications[1]), certificates, coefficients), code('trustee-proof', { round: 4 }));
  assert.throws(() => trustees.readCertificate(contexts[0], new Uint8Array(5)), code('trustee-message', { what: 'certificate' }));
  // the sum of two ballots, opened by the first and the third
  const key = coefficients.reduce((sum, c) => sum.add(c.points[0]), edwards.IDENTITY);
  const e = readElection(document.replace(/"public_key":"[0-9a-f]*"/, `"public_key":"${key.text}"`));
  const made = [0, 1].map((i) => run(ballots.makeBallot(e, edwards.modQ(voter + BigInt(i)), choices)).ballot);
  const packed = bytes.concat(...made[0].answers.flatMap((a, q) => a.ciphertexts.flatMap((ct, k) =>
    ct.map((p, side) => p.add(made[1].answers[q].ciphertexts[k][side]).bytes))));
  const sums = tally.readSums(e, packed);
  const group = { entries: [{ threshold: 2, first: 1, keys: verifications.map((v) => v.key) }] };
  const factors = new Map([3, 1].map((owner) => [owner,
    run(tally.readDecryption(e, sums, verifications[owner - 1].key, run(tally.makeDecryption(e, sums, secrets[owner - 1]))))]));
  assert.deepEqual(run(tally.findResult(tally.combine(group, sums, factors), 2n)), choices.flat().map((m) => BigInt(2 * m)));
  assert.throws(() => run(tally.findResult(tally.combine(group, sums, factors), 1n)), code('result-none'));
  assert.throws(() => run(tally.findResult([], 2n ** 41n)), code('result-bound'));
  factors.delete(1);
  assert.throws(() => tally.combine(group, sums, factors), code('decryptions-missing', { entry: 1, have: 1, needed: 2 }));
  assert.throws(() => tally.readSums(e, packed.slice(1)), code('sums-form'));
  assert.throws(() => run(tally.readDecryption(e, sums, key, new Uint8Array(1))), code('decryption-form'));
});

test('trustees.json with a false proof or a foreign form is refused', needsData, () => {
  const [, text] = records('e10-threshold').find(([, b]) => b.startsWith('[["'));
  const j = JSON.parse(text), at = j.findIndex(([type]) => type === 'Pedersen');
  const changed = (edit) => { const copy = structuredClone(j); edit(copy[at][1], copy); return () => trustees.readTrustees(JSON.stringify(copy)); };
  assert.throws(changed((p) => { p.certs[1].signature.response = '5'; }), code('trustees-proof', { rule: 'certificate' }));
  assert.throws(changed((p) => { p.coefexps[1].signature.response = '5'; }), code('trustees-proof', { rule: 'coefficients' }));
  assert.throws(changed((p) => { p.signatures[0].response = '5'; }), code('trustees-proof', { rule: 'verification' }));
  assert.throws(changed((p) => { [p.verification_keys[0], p.verification_keys[1]] = [p.verification_keys[1], p.verification_keys[0]]; }), code('trustees-proof'));
  assert.throws(changed((p) => { p.threshold = 3; }), code('trustees-form'));
  assert.throws(changed((p, all) => { all[1 - at][1].pok.challenge = '7'; }), code('trustees-proof', { rule: 'pok' }));
  const other = records('e10-basic').find(([, b]) => b.startsWith('{"version":1,"desc'))[1];
  assert.throws(() => run(jobs.checkTrustees({ document: other, trustees: text })), code('trustees-key'));
  assert.throws(() => trustees.readTrustees('{'), code('json'));
  assert.throws(() => trustees.readTrustees('[]'), code('trustees-form'));
  assert.throws(() => trustees.readTrustees('[["Other",{}]]'), code('unsupported'));
});

test('accounts and transactions are ethers\'', async () => {
  for (let i = 0; i < 12; i++) {
    const a = account(), wallet = new ethers.Wallet(ethers.hexlify(a.secret));
    assert.equal('0x' + bytes.hexOf(a.address), wallet.address.toLowerCase());
    const tx = { chainId: 31337, nonce: i * 40, gas: 21000 * i * i, to: '0x00000000000000000000000000000000c1700004', data: bytes.randomBytes(i * 29) };
    const { raw, hash } = signTransaction(a.secret, tx);
    assert.equal(raw, await wallet.signTransaction({ type: 2, chainId: tx.chainId, nonce: tx.nonce, gasLimit: tx.gas, to: tx.to,
      data: ethers.hexlify(tx.data), maxFeePerGas: 0, maxPriorityFeePerGas: 0, value: 0 }));
    assert.equal(hash, ethers.keccak256(raw));
  }
  for (const wrong of [new Uint8Array(32), new Uint8Array(31).fill(1), new Uint8Array(32).fill(255)]) assert.throws(() => account(wrong), /key/);
});

test('calls and results are encoded as ethers encodes them', () => {
  const line = 'function f(uint256[3] a, (bool b, bytes4 c)[2] d, bytes[] e, int64 g, string[][] s, (uint32 threshold, address[] members)[] t) view ' +
    'returns (uint256[3] a, (bool b, bytes4 c)[2] d, bytes[] e, int64 g, string[][] s, (uint32 threshold, address[] members)[] t)';
  const m = abi.parse(line), reference = new ethers.Interface([line]);
  const t = [{ threshold: 2, members: ['0x' + '01'.repeat(20), '0x' + '02'.repeat(20)] }, { threshold: 0, members: [] }];
  const values = [[1, 2n, 3], [[true, '0x01020304'], [false, '0xaabbccdd']], ['0x', '0x' + '11'.repeat(40)], -5, [['é', 'b'], []], t];
  assert.equal(bytes.hexOf(m.selector), reference.getFunction('f').selector.slice(2));
  assert.equal('0x' + bytes.hexOf(abi.encodeCall(m, values)), reference.encodeFunctionData('f', values));
  const out = abi.decodeResult(m, bytes.bytesOf(reference.encodeFunctionResult('f', values)));
  assert.deepEqual([out.a[2], out.d[0].b, bytes.hexOf(out.d[1].c), out.e[1].length, out.g, out.s[0][0], out.t[0].members[1]],
    [3n, true, 'aabbccdd', 40, -5n, 'é', '0x' + '02'.repeat(20)]);
  assert.throws(() => abi.decodeResult(m, new Uint8Array(40)));
});

test('majority judgment ranks as its definition says', () => {
  // the median taken away from both, again and again
  const byDefinition = (a, b) => {
    const row = (c) => c.flatMap((n, i) => Array(Number(n)).fill(i)), x = row(a), y = row(b);
    for (let k; (k = Math.floor(x.length / 2)) < x.length; x.splice(k, 1), y.splice(k, 1)) if (x[k] !== y[k]) return x[k] - y[k];
    return 0;
  };
  let all = [];
  for (let n = 0; n <= 5; n++) {
    all = [];
    for (let i = 0; i <= n; i++) for (let j = 0; i + j <= n; j++) all.push([BigInt(i), BigInt(j), BigInt(n - i - j)]);
    for (const a of all) for (const b of all) assert.equal(Math.sign(byMajority(a, b)), Math.sign(byDefinition(a, b)), `${a} ${b}`);
  }
  assert.equal(median([2n, 0n, 2n]), 2);
  assert.equal(median([3n, 0n, 2n]), 0);
  assert.ok(byMajority([2n ** 50n, 1n, 0n], [2n ** 50n, 0n, 1n]) < 0);
});

test('readings of the description, as the command line has them', () => {
  const questions = [...['A', 'B'].map((question) => ({ kind: 'homomorphic', question, answers: ['x', 'y'], blank: false, min: 1, max: 1 })),
    { kind: 'homomorphic', question: 'P', answers: ['S: 1', 'S: 2', 'T: 1', 'T: 2'], blank: false, min: 0, max: 3 },
    { kind: 'homomorphic', question: 'M', answers: ['u (5)', 'v (7)', 'w (3)'], blank: false, min: 0, max: 2 }];
  const of = (...lines) => parts({ questions, description: lines.join('\n') });
  assert.deepEqual(of('text').map((p) => p.type), ['single', 'single', 'multiple', 'multiple']);
  const read = of('text', 'parvis-reading: majority-judgment questions 1-2', 'parvis-reading: points question 3 per-item 2', 'parvis-reading: budget question 4 amount 10 costs 5,7,3');
  assert.deepEqual(read.map((p) => [p.type, p.first]), [['grades', 0], ['points', 2], ['budget', 3]]);
  assert.deepEqual(read[1].items, ['S', 'T']);
  assert.deepEqual(funded(read[2], [4n, 9n, 4n]), { order: [1, 0, 2], taken: new Set([1, 2]), left: 0n });
  for (const wrong of ['majority-judgment questions 1-3', 'majority-judgment questions 1', 'points question 3', 'points question 3 per-item 3', 'budget question 4 amount 10 costs 5,7', 'budget question 9 amount 1 costs 1', 'other'])
    assert.ok(of('parvis-reading: ' + wrong).every((p) => ['single', 'multiple'].includes(p.type)), wrong);
  assert.equal(plainDescription({ description: 'a\nparvis-reading: x\nb' }), 'a\nb');
});

test('the stand-in for WebCrypto verifies what validators sign', async () => {
  for (const n of [0, 111, 112, 127, 128, 300]) {
    const b = Uint8Array.from({ length: n }, (_, i) => i * 3);
    assert.equal(bytes.hexOf(sha512(b)), createHash('sha512').update(b).digest('hex'));
  }
  const { publicKey, privateKey } = generateKeyPairSync('ed25519'), raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  const message = bytes.utf8('a vote'), signature = new Uint8Array(sign(null, message, privateKey));
  assert.equal(verifyEd25519(raw, message, signature), true);
  for (const at of [0, 40]) {
    const changed = signature.slice();
    changed[at] ^= 1;
    assert.equal(verifyEd25519(raw, message, changed), false);
  }
  assert.equal(verifyEd25519(raw, bytes.utf8('another'), signature), false);
  const recorded = join(root, 'tests', 'light'), read = (name) => JSON.parse(readFileSync(join(recorded, name), 'utf8'));
  const real = Object.getOwnPropertyDescriptor(globalThis, 'crypto');
  Object.defineProperty(globalThis, 'crypto', { configurable: true, value: { subtle: standIn } });
  try {
    const facts = await verifyProof(read('receipt.json'), read('genesis.json'), { now: new Date(readFileSync(join(recorded, 'now'), 'utf8').trim()) });
    assert.equal(facts.kind, 'receipt');
    const { ethHeader, subject } = read('receipt.json');
    const under = receiptUnder(bytes.bytesOf(ethHeader), subject.index, subject.receiptProof.map(bytes.bytesOf));
    assert.deepEqual([under.blockHash, under.success, under.logs], [facts.blockHash, facts.success, facts.logs]);
    assert.throws(() => receiptUnder(bytes.bytesOf(ethHeader), subject.index + 1, subject.receiptProof.map(bytes.bytesOf)), /receipt/);
  } finally { Object.defineProperty(globalThis, 'crypto', real); }
});

test('every refusal of the service, and every error of these pages, has its sentence in both languages', () => {
  const zero = (t) => (t.kind === 'tuple' ? t.items.map(zero) : t.kind.startsWith('bytes') ? bytes.utf8('proof'.padEnd(32, '\0')) : 1n);
  for (const e of Object.values(ERRORS).filter((x) => !['UnknownMethod', 'BadCalldata', 'NotPayable', 'StaticCall', 'DelegateCall', 'ValueTooLarge', 'RecordUnreadable', 'UnknownIndex'].includes(x.name))) {
    const args = Object.fromEntries(e.inputs.map((i) => [i.name, zero(i)])), [en, fr] = [0, 1].map((k) => explain(new ChainError('refused', e.name, { name: e.name, args }), (...texts) => texts[k]));
    assert.ok(!en.includes(e.name) && en !== fr && !/undefined|\[object/.test(en + fr), `${e.name}: ${en} ${fr}`);
  }
  const detail = { question: 1, answer: 2, min: 1, max: 2, chosen: 3, where: 'x', value: 'y', trustee: 1, rule: 'pok', member: 1, index: 1, round: 1, have: 1, needed: 2, entry: 1 };
  const source = ['ballot', 'election', 'trustees', 'rounds', 'tally'].map((n) => readFileSync(join(root, 'web', 'vote', 'crypto', n + '.mjs'), 'utf8')).join() + readFileSync(join(root, 'web', 'vote', 'jobs.mjs'), 'utf8');
  const codes = new Set([...source.matchAll(/\bno\('([a-z-]+)'/g)].map((m) => m[1]));
  assert.ok(codes.size > 25);
  for (const c of codes) for (const k of [0, 1]) assert.ok(!/undefined|\[object/.test(explain(new VoteError(c, detail), (...texts) => texts[k])), c);
  for (const kind of ['network', 'none', 'lost', 'wallet', 'rpc', 'refused']) assert.ok(explain(new ChainError(kind, 'm', { name: 'Unheard' }), (...t) => t[1]).length > 10);
});
