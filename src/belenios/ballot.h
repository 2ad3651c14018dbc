/* ballot: one voter's encrypted answers with their proofs (specification, "Ballot").
 *
 * Packed    A ballot travels and is stored as e->ballot_bytes bytes of fixed layout, of which the
 *           JSON document follows bit by bit and back: credential (32), for each question its part,
 *           then the signature's proof (64). A question's part: ciphertexts (alpha 32, beta 32)...;
 *           then the proofs in the document's order, each challenge 32, response 32 (big-endian);
 *           the non-zero proof of Lists is commitment 32, challenge 32, two responses. Points are
 *           RFC 8032 encodings. What the document has besides (uuid, fingerprint, hash) follows
 *           from election and content. A simple question of 3 answers: 736 bytes against 2.24 kB.
 * Verified  every point canonical and in the subgroup, every scalar below q, every proof, the
 *           signature. Whether the credential is on the roll, and whether it is a copy of an
 *           earlier one, is the caller's to ask.
 * Threads   any; an election prepared once is only read. */
#ifndef PARVIS_BELENIOS_BALLOT_H
#define PARVIS_BELENIOS_BALLOT_H

#include "belenios/credential.h"

#define LIMIT_BEL_BALLOT_BYTES (1u << 20) /* of JSON */
#define BEL_SIGNATURE_BYTES 64

/* bel_ballot_read packs a document (appended to packed). Refused: what is not byte for byte the
 * document that bel_ballot_write would make, another election's uuid or fingerprint, wrong numbers
 * of choices or proofs. E_OK | E_JSON | E_INVALID | E_TOO_LARGE; d names the rule. */
enum err bel_ballot_read(struct buf *packed, const struct bel_election *e, struct bytes json,
                         struct diag *d);
/* bel_ballot_write appends the document of a packed ballot. E_OK | E_INVALID (not ballot_bytes
 * long, or a scalar that is not below q: it has no document). */
enum err bel_ballot_write(struct buf *json, const struct bel_election *e, struct bytes packed);

/* The credential's public key, inside the packed ballot; the tracker (SHA-256 of the document). */
static inline const uint8_t *bel_ballot_credential(struct bytes packed)
{
    return packed.data;
}
enum err bel_ballot_hash(struct hash *out, const struct bel_election *e, struct bytes packed);
/* What a ballot's signature signs: the document without it, hashed. The packed ballot may end
 * before its signature. E_OK | E_INVALID as bel_ballot_write. */
enum err bel_ballot_signed_text(char out[BEL_HASH_CHARS + 1], const struct bel_election *e,
                                struct bytes packed);
/* A ballot without its signature: packed, the first bel_unsigned_bytes of it; as a document,
 * without the member "signature". _write takes it packed whole too. Otherwise as bel_ballot_read,
 * _write. */
static inline size_t bel_unsigned_bytes(const struct bel_election *e)
{
    return e->ballot_bytes - BEL_SIGNATURE_BYTES;
}
enum err bel_unsigned_read(struct buf *packed, const struct bel_election *e, struct bytes json,
                           struct diag *d);
enum err bel_unsigned_write(struct buf *json, const struct bel_election *e, struct bytes packed);
/* The i-th ciphertext (of the election's count): alpha, then beta, 64 bytes. */
const uint8_t *bel_ballot_ciphertext(const struct bel_election *e, struct bytes packed, size_t i);

/* bel_ballot_verify checks everything that can be checked of a ballot alone. The election must be
 * prepared. E_OK | E_INVALID (length, a point, a scalar) | E_SIGNATURE | E_PROOF; d names question,
 * answer and rule ("question 2, answer 3: the individual proof does not hold"). */
enum err bel_ballot_verify(const struct bel_election *e, struct bytes packed, struct diag *d);

/* What a voter's device knows of the ballot it made: the randomness of every ciphertext and what it
 * encrypts. Revealed for a challenge (Benaloh 2006) it lets a second device encrypt again and
 * compare. Such a ballot must never be cast, so the second device gets it unsigned: who sees it
 * could else post it after the voter's own and so replace that. What ties the two is the ballot's
 * code, the hash that is signed: the device tells it before the voter decides to cast or to
 * challenge. */
struct bel_opening {
    struct ed_scalar *randomness; /* e->ciphertext_count of them */
    uint8_t *choice;
    char hash[BEL_HASH_CHARS + 1]; /* the ballot's code: bel_ballot_signed_text */
};

/* bel_ballot_make encrypts a choice with a voter's secret x. *opening_out may be NULL; what it
 * points to is the arena's, and secret. E_OK | E_INVALID (the choice is none, d says why). */
enum err bel_ballot_make(struct buf *packed, const struct bel_election *e,
                         const struct ed_scalar *x, const uint8_t *choice, struct arena *a,
                         struct bel_opening *opening_out, struct diag *d);
/* bel_opening_check: does the ballot - packed whole, or unsigned - encrypt exactly this, and is it
 * the one with this code? E_OK | E_INVALID (it has no document) | E_PROOF (d names the answer).
 * bel_opening_write and _read: {"hash":"..","choice":[[0,1]..],"randomness":[["decimal"..]..]}, by
 * question; the choice of Lists nested as bel_choice_read has it, the randomness not. */
enum err bel_opening_check(const struct bel_election *e, struct bytes packed,
                           const struct bel_opening *o, struct diag *d);
void bel_opening_write(struct buf *json, const struct bel_election *e, struct bytes packed,
                       const struct bel_opening *o);
/* E_OK | E_JSON | E_INVALID. */
enum err bel_opening_read(struct bel_opening *out, struct arena *a, const struct bel_election *e,
                          struct bytes json, struct diag *d);

#endif
