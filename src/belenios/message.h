/* message: Schnorr's proof of knowing the exponent of a key, and the signatures made of it
 * (specification, "Proofs of knowledge", "Signed messages"; Schnorr 1989, Fiat-Shamir).
 *
 * Under the key X = g^x: A = g^w for a random w, c = the challenge of purpose, context and A,
 * r = w - x c. It holds when the challenge of g^r X^c is c. A proof is packed as c, r, each 32
 * big-endian bytes; its document is {"challenge":"decimal","response":"decimal"}. */
#ifndef PARVIS_BELENIOS_MESSAGE_H
#define PARVIS_BELENIOS_MESSAGE_H

#include "belenios/proof.h"
#include "belenios/text.h"

/* Trustees' documents have no version of their own: they follow crypto version 1. */
void bel_message_sign(uint8_t proof[BEL_PROOF_BYTES], enum bel_purpose purpose,
                      struct bytes context, const struct ed_scalar *secret);
bool bel_message_holds(const uint8_t proof[BEL_PROOF_BYTES], enum bel_purpose purpose,
                       struct bytes context, const struct ed_point *key);

/* The document of a proof. bel_message_proof_write: both numbers must be below q (ASSERT).
 * bel_message_proof_read: false when j is not an object of two such numbers. */
void bel_message_proof_write(struct buf *json, const uint8_t proof[BEL_PROOF_BYTES]);
bool bel_message_proof_read(uint8_t proof[BEL_PROOF_BYTES], const struct json *j);
void bel_message_proof_join(uint8_t proof[BEL_PROOF_BYTES], const struct ed_scalar *challenge,
                            const struct ed_scalar *response);

/* A point's text of 64 digits as a JSON string, and back; reading says nothing of the curve. */
void bel_message_point_write(struct buf *json, const uint8_t le32[EDWARDS_BYTES]);
bool bel_message_point_read(uint8_t le32[EDWARDS_BYTES], const struct json *j);

/* Hq(prefix; points): SHA-256 of prefix and the points' texts with commas between, as a big-endian
 * number modulo q. For hashes of this program's own, whose prefix begins with "parvis-". */
struct ed_scalar bel_message_hash(struct bytes prefix, const uint8_t (*points32)[EDWARDS_BYTES],
                                  size_t count);

#endif
