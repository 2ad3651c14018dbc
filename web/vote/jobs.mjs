// What takes long, as generators that yield how much is done: run by worker.mjs in a browser, by tests in Node.
// Arguments and results are documents, bytes, texts and numbers: they pass between threads.
import { readElection, no } from './crypto/election.mjs';
import * as ballots from './crypto/ballot.mjs';
import { newCredential, credentialSecret, credentialKey } from './crypto/credential.mjs';
import { readTrustees, trusteeSecret } from './crypto/trustees.mjs';
import { nextMessage, openingSecret } from './crypto/rounds.mjs';
import { readSums, makeDecryption, readDecryption, combine, findResult, countHolds } from './crypto/tally.mjs';

// Lets `work` fill the share from..to of the whole.
function* part(work, from, to) {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    yield from + (to - from) * value;
  }
}

export const jobs = {
  // A ballot of a voter's choices, verified before it is shown: { packed, code, tracker, unsigned, opening }. What a challenge
  // reveals is `unsigned` and `opening`; a ballot that is cast is `packed`.
  *makeBallot({ document, credential, choices }) {
    const e = readElection(document);
    const { ballot, opening } = yield* part(ballots.makeBallot(e, credentialSecret(e.uuid, credential), choices), 0, 0.3);
    const packed = ballots.packBallot(e, ballot);
    const again = yield* part(ballots.unpackBallot(e, packed), 0.3, 0.5);
    yield* part(ballots.verifyBallot(e, again), 0.5, 1);
    return { packed, code: ballots.codeOf(e, again), tracker: ballots.trackerOf(e, again), unsigned: ballots.unsignedDocument(e, ballot),
      opening: ballots.openingJson(e, ballot, opening) };
  },

  // What a second device does with a challenged ballot, the document without a signature: { code, choices by question }.
  *checkOpening({ document, unsigned, opening }) {
    const e = readElection(document), read = ballots.readOpening(e, opening);
    const b = yield* part(ballots.readBallot(e, unsigned, true), 0, 0.3);
    const code = ballots.codeOf(e, b);
    if (code !== read.code) no('opening-code');
    yield* part(ballots.verifyBallot(e, b, true), 0.3, 0.8);
    yield* part(ballots.checkOpening(e, b, read.opening), 0.8, 1);
    return { code, choices: read.opening.map((list) => list.map((o) => o.m)) };
  },

  // The names of a packed ballot, whose points and numbers are as they must be: { tracker, code }.
  *namesOf({ document, packed }) {
    const e = readElection(document), b = yield* ballots.unpackBallot(e, packed);
    return { tracker: ballots.trackerOf(e, b), code: ballots.codeOf(e, b) };
  },

  // Credentials for a roll: [{ credential, key (text) }...].
  *credentials({ uuid, count }) {
    const out = [];
    while (out.length < count) {
      const credential = newCredential();
      out.push({ credential, key: credentialKey(credentialSecret(uuid, credential)).text });
      yield out.length / count;
    }
    return out;
  },

  // The election's key is the trustees': every proof of trustees.json. Answers the keys by owner number - 1.
  *checkTrustees({ document, trustees }) {
    yield 0;
    const group = readTrustees(trustees);
    if (!group.key.equals(readElection(document).publicKey)) no('trustees-key');
    return group.trustees.map((t) => t.key.text);
  },

  // A trustee's next message (crypto/rounds.mjs).
  *trusteeRound(state) {
    yield 0;
    return nextMessage(state);
  },

  // A trustee's part of the decryption, packed. state: as trusteeRound's.
  *decrypt({ document, trustees, sums, state }) {
    const e = readElection(document), group = readTrustees(trustees), me = group.trustees[state.owner - 1];
    const secret = me.member ? openingSecret(state) : trusteeSecret(state.seed);
    if (!me.key.equals(credentialKey(secret))) no('trustee-seed');
    return yield* makeDecryption(e, readSums(e, sums), secret);
  },

  // The result of checked partial decryptions [{ owner, packed }...]. With `counts` they are compared instead of found.
  *result({ document, trustees, sums, decryptions, weight, counts }) {
    const e = readElection(document), group = readTrustees(trustees), encrypted = readSums(e, sums);
    if (!group.key.equals(e.publicKey)) no('trustees-key');
    const factors = new Map();
    for (const [i, { owner, packed }] of decryptions.entries()) {
      const of = group.trustees[owner - 1] ?? no('decryption-form');
      factors.set(owner, yield* part(readDecryption(e, encrypted, of.key, packed), (0.8 * i) / decryptions.length, (0.8 * (i + 1)) / decryptions.length));
    }
    const opened = combine(group, encrypted, factors);
    if (!counts) return yield* part(findResult(opened, BigInt(weight)), 0.8, 1);
    if (counts.length !== opened.length) no('result-other', { answer: 0 });
    for (const [i, point] of opened.entries()) {
      if (!countHolds(point, counts[i])) no('result-other', { answer: i + 1 });
      yield 0.8 + (0.2 * (i + 1)) / opened.length;
    }
    return counts;
  },
};
