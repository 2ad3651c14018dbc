// A trustee's turn: which message is due, and what it is, from the seed and what the others have posted.
//
// state   { uuid, seed, owner, threshold, size, member, step, posted: [[round 1, round 3, shares], ...] by member - 1 }
//         step: rounds passed; posted: bytes as the ledger has them, empty where nothing is yet.
// Answers { method, args } for the ledger, without the consultation's number; or { complaint: { member, bytes } } when a
//         share is false. Throws VoteError 'trustee-wait' where others are due, 'trustee-seed' where the seed is not that
//         of the messages before.
import * as t from './trustees.mjs';
import { no } from './election.mjs';

const contextOf = ({ threshold, size }, index) => ({ threshold, size, index });
const need = (list, at) => list.forEach((of, i) => of[at].length || no('trustee-wait', { member: i + 1 }));

const certificatesOf = (s) => s.posted.map(([certificate], i) => t.readCertificate(contextOf(s, i + 1), certificate));
const coefficientsOf = (s, certificates) =>
  s.posted.map(([, coefficients], i) => t.readCoefficients(contextOf(s, i + 1), certificates[i], coefficients));
const shareFor = (s, dealer) => t.readShare(s.posted[dealer - 1][2].slice(64 * (s.member - 1), 64 * s.member));

// The shares that all dealers sealed for me, opened; or the dealer whose share is false.
function openShares(s, certificates, coefficients) {
  const values = [];
  for (let dealer = 1; dealer <= s.size; dealer++) {
    const value = t.openShare(contextOf(s, s.member), dealer, s.uuid, s.seed, shareFor(s, dealer), coefficients[dealer - 1]);
    if (value === null) return { liar: dealer };
    values.push(value);
  }
  return { values };
}

function ownSeed(s, certificates) {
  const own = t.makeCertificate(contextOf(s, s.member), s.seed);
  if (!certificates[s.member - 1].verification.equals(own.verification)) no('trustee-seed');
}

export function nextMessage(s) {
  if (s.size === 1) return { method: 'postKey', args: [t.packKey(t.makeKey(t.trusteeSecret(s.seed)))] };
  const me = contextOf(s, s.member);
  if (s.step === 0) return { method: 'postCertificate', args: [t.packCertificate(t.makeCertificate(me, s.seed))] };
  need(s.posted, 0);
  const certificates = certificatesOf(s);
  ownSeed(s, certificates);
  const own = t.makeCoefficients(me, s.uuid, s.seed, certificates);
  if (s.step === 1) return { method: 'commitCoefficients', args: [t.coefficientsHash(me, own)] };
  if (s.step === 2)
    return { method: 'postCoefficients', args: [t.packCoefficients(own), t.packShares(t.makeShares(me, s.uuid, s.seed, certificates))] };
  need(s.posted, 1);
  const coefficients = coefficientsOf(s, certificates), { values, liar } = openShares(s, certificates, coefficients);
  if (liar) return { complaint: { member: liar, bytes: t.makeComplaint(me, liar, s.uuid, s.seed, shareFor(s, liar)) } };
  return { method: 'postVerification',
    args: [t.packVerification(t.makeVerification(me, s.seed, t.memberSecret(values), certificates, coefficients))] };
}

// A member's decryption key, from the shares it received.
export function openingSecret(s) {
  const certificates = certificatesOf(s);
  ownSeed(s, certificates);
  const { values, liar } = openShares(s, certificates, coefficientsOf(s, certificates));
  return liar ? no('trustee-share', { member: liar }) : t.memberSecret(values);
}

