/* batch: many ballots verified together, with the help of hints.
 *
 * A hint is what a prover knew and a verifier has to find again: the commitments A, B of every
 * proof of a ballot, encoded. With them a proof's challenge is a hash of given bytes, and what
 * remains - g^r alpha^c = A and so on, thousands of equations - is one random linear combination: a
 * single multi-scalar multiplication (Bellare, Garay, Rabin 1998). Hints travel beside a ballot,
 * never in it: where they are missing or wrong the ballot is verified without. Coefficients are 128
 * bits of a hash over everything that is checked, so every node computes the same. Every hint's
 * point must lie in the subgroup. */
#ifndef PARVIS_BELENIOS_BATCH_H
#define PARVIS_BELENIOS_BATCH_H

#include "belenios/ballot.h"

/* Bytes of the hints of one ballot. */
size_t bel_hints_bytes(const struct bel_election *e);
/* bel_hints_make finds the hints of a ballot (by recomputing them, as a verifier without does); the
 * election must be prepared. E_OK | E_INVALID (a point or a number is none). */
enum err bel_hints_make(struct buf *out, const struct bel_election *e, struct bytes packed);

/* bel_ballots_verify checks count ballots on the calling thread; hints[i] may be empty. E_OK | the
 * error of the first bad ballot, *bad_out its place, d as bel_ballot_verify: the same answer as
 * bel_ballot_verify gives one by one. */
enum err bel_ballots_verify(const struct bel_election *e, const struct bytes *packed,
                            const struct bytes *hints, size_t count, size_t *bad_out,
                            struct diag *d);

#endif
