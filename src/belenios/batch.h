/* batch: many ballots verified together, with the help of hints.
 *
 * Hints     A ballot's hints are what its prover knew and a verifier has to find again: the
 *           commitments A, B of every proof. With them a proof's challenge is a hash of given
 *           points, and what remains - g^r alpha^c = A and so on, thousands of equations - is one
 *           random linear combination: a single multi-scalar multiplication (Bellare, Garay, Rabin
 *           1998). Each point is given by its eighth (ed_eighths_read), which shows that it lies in
 *           the subgroup and spares its square root; so are the ballot's own points, for the same
 *           reason. In this order: A and B of every branch, A1 and A2 of every non-zero proof, A of
 *           the signature; alpha and beta of every ciphertext, A0 of every non-zero proof, the
 *           credential. 64 bytes each: 1408 bytes for one question of 3 answers.
 * Trust     none. Hints travel beside a ballot, never in it, and decide nothing: where they are
 *           missing or wrong the ballot is verified without. The answer is bel_ballot_verify's,
 *           ballot after ballot, for good hints and for bad ones.
 * Soundness The coefficients are 128 bits of SHA-256 over the election, all ballots and all hints
 *           of the block, so every verifier draws the same. All points lie in the group of order q,
 *           a prime above 2^128. If one equation does not hold, its error X is not the identity,
 *           and for whatever the others add up to at most one coefficient of X makes the sum the
 *           identity: probability 2^-128 for each set of ballots and hints that an attacker tries.
 *           If all hold, the hints are the commitments that bel_ballot_verify finds, and it hashes
 *           the same bytes.
 * Cost      a fifth of the time without (`build/bench_ballot`; docs/voting-hints.md), more than
 *           half of it the multiplication's. A block whose hints are bad costs that and the time
 *           without. */
#ifndef PARVIS_BELENIOS_BATCH_H
#define PARVIS_BELENIOS_BATCH_H

#include "belenios/tally.h"

/* How many points and bytes the hints of one ballot are. */
size_t bel_hint_points(const struct bel_election *e);
size_t bel_hints_bytes(const struct bel_election *e);
/* bel_hints_make finds the hints of a ballot by recomputing them, as a verifier without does, and
 * appends them. The election must be prepared. E_OK | E_INVALID (a point or a number is none). */
enum err bel_hints_make(struct buf *out, const struct bel_election *e, struct bytes packed);

/* How many ballots are worth a block of their own: what is gained by more is lost to memory. */
size_t bel_batch_ballots(const struct bel_election *e);

/* bel_ballots_verify checks count ballots on the calling thread, block after block; hints[i] may be
 * empty. E_OK | the error of the first bad ballot, *bad_out its place, d as bel_ballot_verify.
 * bel_ballots_tally adds them to t besides, with their weights, unless one is bad: then t is of no
 * use any more. It adds to *hinted_out how many were verified with the help of their hints. */
enum err bel_ballots_verify(const struct bel_election *e, const struct bytes *packed,
                            const struct bytes *hints, size_t count, size_t *bad_out,
                            struct diag *d);
enum err bel_ballots_tally(struct bel_tally *t, const struct bytes *packed,
                           const struct bytes *hints, const uint64_t *weights, size_t count,
                           size_t *hinted_out, size_t *bad_out, struct diag *d);

#endif
