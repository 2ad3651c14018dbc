// What is hashed before which points: crypto version 1 of Belenios (specification, "Hash"; belenios-tool 2.1 to 3.3).
import { utf8, numberOf } from './bytes.mjs';
import { sha256 } from './sha256.mjs';
import { Q, encodeAll } from './edwards.mjs';

export const PROOF_OF_KNOWLEDGE = 'pok|Ed25519';
export const MESSAGE = 'sigmsg';
export const CERTIFICATES = 'sigmsg|certs_sig'; // a signature of a message that begins so
export const SIGNATURE = 'sig';
export const RANGE = 'prove';
export const BLANK_0 = 'bproof0';
export const BLANK_1 = 'bproof1';
export const LIST = 'lproof';
export const NONZERO = 'nonzero';
export const DECRYPTION = 'decrypt';

// A hash of text, as a number below q.
export const hashToScalar = (text) => numberOf(sha256(utf8(text))) % Q;

// The challenge of a proof: of its purpose, its context and its commitments.
export function challenge(purpose, context, points) {
  encodeAll(points);
  return hashToScalar(`${purpose}|${context}|${points.map((p) => p.text).join()}`);
}
