/* tally: the sum of ballots under encryption, its opening by trustees, and the result.
 *
 * The sum of a question's ciphertext is the product over the ballots that count (the last of each
 * credential) of ciphertext^weight; documents nest it as choices are nested. Packed: 64 bytes a
 * ciphertext. A partial decryption is packed as factor 32 and proof 64 for each ciphertext; it is
 * bound to the election's fingerprint and the trustee's key (specification, "Tally"). */
#ifndef PARVIS_BELENIOS_TALLY_H
#define PARVIS_BELENIOS_TALLY_H

#include "belenios/ballot.h"
#include "belenios/trustees.h"

struct bel_tally {
    const struct bel_election *election;
    struct ed_point *sums; /* alpha, beta, alpha, beta ... */
    uint64_t ballot_count;
    uint64_t total_weight; /* modulo 2^64 while ballots are in it that others replace; what counts
                              stays below BEL_WEIGHT_MAX */
};

void bel_tally_init(struct bel_tally *t, const struct bel_election *e);
void bel_tally_fini(struct bel_tally *t);
/* bel_tally_add adds a verified ballot (its points must decode, E_INVALID else); bel_tally_remove
 * takes it out again, for a revote. bel_tally_merge adds another sum of the same shape,
 * bel_tally_subtract takes one away. */
enum err bel_tally_add(struct bel_tally *t, struct bytes packed, uint64_t weight);
enum err bel_tally_remove(struct bel_tally *t, struct bytes packed, uint64_t weight);
/* The same of a ballot whose alpha, beta ... are decoded already; they may be overwritten. */
void bel_tally_add_points(struct bel_tally *t, struct ed_point *points, uint64_t weight);
void bel_tally_merge(struct bel_tally *t, const struct bel_tally *other);
void bel_tally_subtract(struct bel_tally *t, const struct bel_tally *other);
/* bel_tally_many does so for many ballots on `threads` threads (0: one per processor). */
enum err bel_tally_many(struct bel_tally *t, const struct bytes *packed, const uint64_t *weights,
                        size_t count, unsigned threads);

/* Packed sums: 64 bytes for each of e->ciphertext_count. load refuses points outside the subgroup.
 */
void bel_tally_pack(uint8_t *out, const struct bel_tally *t);
enum err bel_tally_load(struct bel_tally *t, struct bytes packed, uint64_t ballot_count,
                        uint64_t total_weight);
/* encrypted_tally.json, and sized_encrypted_tally.json of it. bel_sums_read reads the first,
 * packed. */
void bel_sums_write(struct buf *json, const struct bel_election *e, struct bytes packed_sums);
enum err bel_sums_read(struct buf *packed_sums, const struct bel_election *e, struct bytes json,
                       struct diag *d);
void bel_sized_write(struct buf *json, uint64_t ballot_count, uint64_t total_weight,
                     const struct hash *encrypted_tally);

/* --- opening ------------------------------------------------------------------------------------
 */

static inline size_t bel_decryption_bytes(const struct bel_election *e)
{
    return e->ciphertext_count * (EDWARDS_BYTES + BEL_PROOF_BYTES);
}
/* bel_decryption_make: x is the trustee's secret (a member's: the sum of its shares); sums from
 * outside were read by bel_tally_load or bel_sums_read, and are what the trustee means to open:
 * whoever gets the decryption of one ballot's ciphertexts has read that ballot.
 * bel_decryption_check: E_OK | E_INVALID (length, a point) | E_PROOF; d names the answer. */
void bel_decryption_make(struct buf *packed, const struct bel_election *e, struct bytes packed_sums,
                         const struct ed_scalar *x);
enum err bel_decryption_check(const struct bel_election *e, struct bytes packed_sums,
                              struct bytes packed, const uint8_t trustee_key32[EDWARDS_BYTES],
                              struct diag *d);
void bel_decryption_write(struct buf *json, const struct bel_election *e, struct bytes packed);
enum err bel_decryption_read(struct buf *packed, const struct bel_election *e, struct bytes json,
                             struct diag *d);
void bel_owned_write(struct buf *json, uint64_t owner, const struct hash *payload);

/* bel_decryptions_suffice: every Single and k members of every group are among the owners.
 * E_OK | E_NOT_FOUND (d says who is missing). */
enum err bel_decryptions_suffice(const struct bel_trustees *t, const uint64_t *owners, size_t count,
                                 struct diag *d);
/* bel_open combines checked partial decryptions (of each group the first k supplied, in index
 * order) into g^result, one point for each ciphertext. bel_result_find takes its logarithms,
 * bounded by total_weight (baby-step giant-step); bel_result_check compares claimed ones. E_OK |
 * E_INVALID (a length, a point) | E_NOT_FOUND (too few; no logarithm within the bound) | E_PROOF
 * (another result). */
enum err bel_open(struct ed_point *out, const struct bel_election *e, const struct bel_trustees *t,
                  struct bytes packed_sums, const uint64_t *owners, const struct bytes *decryptions,
                  size_t count, struct diag *d);
enum err bel_result_find(uint64_t *counts, const struct bel_election *e,
                         const struct ed_point *opened, uint64_t total_weight, struct diag *d);
enum err bel_result_check(const uint64_t *counts, const struct bel_election *e,
                          const struct ed_point *opened, struct diag *d);
void bel_result_write(struct buf *json, const struct bel_election *e, const uint64_t *counts);
enum err bel_result_read(uint64_t *counts, const struct bel_election *e, struct bytes json,
                         struct diag *d);

#endif
