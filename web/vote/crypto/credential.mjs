// A voter's secret credential: 22 base58 characters written XXXXX-XXXXXX-XXXXX-XXXXXX, and the exponent derived from it
// and the election's uuid.
import { utf8, concat, numberOf, randomBase58 } from './bytes.mjs';
import { sha256 } from './sha256.mjs';
import { Q, G } from './edwards.mjs';

const written = (c) => `${c.slice(0, 5)}-${c.slice(5, 11)}-${c.slice(11, 16)}-${c.slice(16)}`;

export const newCredential = () => written(randomBase58(22));

// What was typed or pasted, with or without its dashes and blanks, as it is written; null when it is none.
export function readCredential(typed) {
  const text = typed.replace(/[\s\u2010-\u2015-]/g, '');
  return /^[1-9A-HJ-NP-Za-km-z]{22}$/.test(text) ? written(text) : null;
}

export function credentialSecret(uuid, credential) {
  const part = (n) => sha256(utf8(`derive_credential|${uuid}|${n}|${credential}`));
  return numberOf(concat(part(0), part(1))) % Q;
}
export const credentialKey = (secret) => G.power(secret);
