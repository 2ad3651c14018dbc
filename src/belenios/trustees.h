/* trustees: who can open the sum, and only together (specification, "Trustees", "Pedersen").
 *
 * trustees.json is an array of ["Single", key] - needed each - and ["Pedersen", parameters] - any k
 * of the n members of the group. The election's key is the product of their keys. Trustees are
 * numbered from 1 through all entries, a group's members one by one; that number is the "owner" of
 * a partial decryption. */
#ifndef PARVIS_BELENIOS_TRUSTEES_H
#define PARVIS_BELENIOS_TRUSTEES_H

#include "belenios/election.h"
#include "belenios/message.h"

#define BEL_TRUSTEES_MAX 64u
#define LIMIT_BEL_TRUSTEES_BYTES (1u << 20)

struct bel_trustee {
    uint8_t key32[EDWARDS_BYTES]; /* partial decryptions are checked against it */
    size_t entry;                 /* of trustees.json, from 0 */
    size_t member;                /* in its group, from 1; 0: Single */
};
struct bel_trustees {
    struct bytes document;
    struct bel_trustee *trustees; /* trustees[owner - 1] */
    size_t count;
    struct bel_trustees_entry {
        uint32_t threshold; /* 0: Single */
        uint32_t size;      /* members; 1 for Single */
        size_t first;       /* its first trustee's place */
    } * entries;
    size_t entry_count;
    uint8_t key32[EDWARDS_BYTES]; /* of the election */
};

/* bel_trustees_read reads trustees.json and checks every proof and signature in it: proofs of
 * knowledge, certificates with their contexts, coefficients, signatures of the certificates, and
 * verification keys against the coefficients. An empty array is refused. E_OK | E_JSON | E_INVALID
 * | E_RANGE | E_UNSUPPORTED | E_TOO_LARGE | E_PROOF | E_SIGNATURE; d names trustee and rule. */
enum err bel_trustees_read(struct bel_trustees *out, struct arena *a, struct bytes json,
                           struct diag *d);

/* --- making them -------------------------------------------------------------------------------
 * Messages are packed: points as RFC 8032 encodings, proofs as BEL_PROOF_BYTES. Whoever receives
 * one checks it at once, so that a bad one is refused with its sender's name. */

#define BEL_SEED_CHARS 22
void bel_seed_new(char out[BEL_SEED_CHARS + 1]); /* a trustee's secret, base58 */

/* A trustee alone. Its secret exponent is "sk|" of the seed, as a group member's. */
struct bel_key_message {
    uint8_t key32[EDWARDS_BYTES];
    uint8_t pok[BEL_PROOF_BYTES];
};
void bel_single_make(struct bel_key_message *out, struct ed_scalar *secret_out, const char *seed);
enum err bel_single_check(const struct bel_key_message *m, struct diag *d);

/* A group of n with threshold k < n, in four rounds:
 *   1 certificate     verification key (signs), encryption key (receives), signed with the context
 *   2 commitment      SHA-256 of the round-3 coefficients, so that nobody chooses his after seeing
 *                     the others' (as Belenios' version 2 does; rogue keys)
 *   3 coefficients    g^(a_j), j < k, signed; and one sealed share f(i) for every member i
 *   4 verification    g^(sum of received shares), proof of knowledge, signatures
 * Shares are sealed by hashed ElGamal in the same group: R = g^e, masked = f(i) +
 * Hq("parvis-share|" uuid "|" dealer "|" receiver "|"; R, enc_i^e) mod q. Secret under DDH in the
 * random-oracle model; a changed one fails against the coefficients. None of rounds 2's hash and
 * 3's shares is part of trustees.json. */
struct bel_context {
    uint32_t threshold, size, index; /* index from 1 */
};
struct bel_certificate {
    uint8_t verification32[EDWARDS_BYTES], encryption32[EDWARDS_BYTES];
    uint8_t signature[BEL_PROOF_BYTES];
};
struct bel_share { /* sealed */
    uint8_t r32[EDWARDS_BYTES];
    uint8_t masked32[32]; /* big-endian */
};
struct bel_coefficients {
    uint8_t (*points32)[EDWARDS_BYTES]; /* threshold of them */
    uint8_t signature[BEL_PROOF_BYTES];
};
struct bel_verification {
    struct bel_key_message key;             /* g^S and its proof */
    uint8_t key_signature[BEL_PROOF_BYTES]; /* of the key's text, by the verification key */
    uint8_t certs_signature[BEL_PROOF_BYTES];
};

/* bel_certificate_make: E_OK | E_RANGE (no such context). The checks: E_OK | E_RANGE | E_INVALID (a
 * point) | E_SIGNATURE | E_PROOF; d names the rule, the caller knows the sender. */
enum err bel_certificate_make(struct bel_certificate *out, const struct bel_context *c,
                              const char *seed);
enum err bel_certificate_check(const struct bel_certificate *m, const struct bel_context *c,
                               struct diag *d);

/* The polynomial follows from the seed, uuid, context and the certificates' keys (so a trustee
 * keeps nothing but the seed): its coefficients are Hq("parvis-coefficient|" uuid "|" threshold "|"
 * size
 * "|" index "|" j "|" seed "|"; keys of all certificates). bel_coefficients_make fills
 * out->points32 (c->threshold, in the arena) and shares[size] sealed for the certificates' keys.
 * bel_coefficients_hash is the round-2 commitment. Certificates must have been checked. */
void bel_coefficients_make(struct bel_coefficients *out, struct bel_share *shares,
                           const struct bel_context *c, const char *uuid, const char *seed,
                           const struct bel_certificate *certificates, struct arena *a);
void bel_coefficients_hash(struct hash *out, const struct bel_context *c,
                           const struct bel_coefficients *m);
/* dealer: the context of who sent them. */
enum err bel_coefficients_check(const struct bel_coefficients *m, const struct bel_context *dealer,
                                const struct bel_certificate *certificate, struct diag *d);

/* bel_share_check: a sealed share that could be one. E_OK | E_INVALID.
 * bel_share_open unseals the share that `dealer` (its index) made for me and checks it against the
 * dealer's coefficients. E_OK | E_PROOF (the share is false: d names the dealer).
 * bel_share_reveal is the complaint: the Diffie-Hellman point of a sealed share and a proof that it
 * is that (equality of logarithms, bound to uuid, dealer and receiver), with which anyone unseals
 * it; bel_share_judge does so. E_OK (the share is right, the complaint false) | E_PROOF (the dealer
 * cheated) | E_INVALID (the complaint itself does not hold). Of a share that bel_share_check
 * refuses no complaint needs to hold: it is E_PROOF at once. */
enum err bel_share_check(const struct bel_share *share, struct diag *d);
enum err bel_share_open(struct ed_scalar *out, const struct bel_context *me, uint32_t dealer,
                        const char *uuid, const char *seed, const struct bel_share *share,
                        const struct bel_coefficients *dealers, struct diag *d);
struct bel_complaint {
    uint8_t point32[EDWARDS_BYTES];
    uint8_t proof[BEL_PROOF_BYTES];
};
void bel_share_reveal(struct bel_complaint *out, const struct bel_context *me, uint32_t dealer,
                      const char *uuid, const char *seed, const struct bel_share *share);
enum err bel_share_judge(const struct bel_complaint *m, const struct bel_context *receiver,
                         uint32_t dealer, const char *uuid, const struct bel_certificate *receivers,
                         const struct bel_share *share, const struct bel_coefficients *dealers,
                         struct diag *d);

/* coefficients[size], certificates[size]. secret = sum of my shares: my decryption key. */
void bel_verification_make(struct bel_verification *out, const struct bel_context *me,
                           const char *seed, const struct ed_scalar *secret,
                           const struct bel_certificate *certificates,
                           const struct bel_coefficients *coefficients);
enum err bel_verification_check(const struct bel_verification *m, const struct bel_context *sender,
                                const struct bel_certificate *certificates,
                                const struct bel_coefficients *coefficients, struct diag *d);

/* A whole entry; bel_trustees_write writes the document. */
struct bel_entry {
    uint32_t threshold; /* 0: Single, of `single` */
    uint32_t size;
    struct bel_key_message single;
    const struct bel_certificate *certificates;
    const struct bel_coefficients *coefficients;
    const struct bel_verification *verifications;
};
void bel_trustees_write(struct buf *json, const struct bel_entry *entries, size_t count);

#endif
