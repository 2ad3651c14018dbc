/* ballot_check: the steps by which a packed ballot is verified, for one ballot (ballot_verify.c)
 * or many together.
 *
 *   bel_check_begin    takes the room that a ballot of this election needs; used again and again
 *   bel_check_open     length, scalars, points of the curve, the signed hash; sums of ciphertexts
 *   bel_check_signature  the voter's signature: it refuses at a tenth of the cost of the proofs
 *   bel_check_commit   every point is of the subgroup; finds the commitments of all proofs (most of
 *                      the time goes here)
 *   bel_check_hashes   every challenge is the hash of its commitments
 * A ballot is good if it passes all of them. Sizes of the arrays are in brackets. */
#ifndef PARVIS_BELENIOS_BALLOT_CHECK_H
#define PARVIS_BELENIOS_BALLOT_CHECK_H

#include "belenios/ballot.h"
#include "belenios/ballot_plan.h"

struct bel_check {
    const struct bel_election *election;
    struct bytes packed;
    struct ed_point key;                      /* of the credential */
    struct ed_point *pairs;                   /* alpha, beta of every pair [2 pair_count] */
    struct ed_scalar *challenges, *responses; /* of every branch [branch_count] */
    struct ed_point *nonzero_points;          /* A0 [nonzero_count] */
    struct ed_scalar (*nonzero_scalars)[3];   /* challenge, t1, t2 [nonzero_count] */
    struct ed_scalar signature[2];            /* challenge, response */
    char signed_text[BEL_HASH_CHARS + 1];

    /* Commitments: A and B of every branch, then A1 and A2 of every non-zero proof, then the
     * signature's A. They are followed by alpha and beta of the sums that challenges name, which
     * are encoded with them. [bel_check_points] */
    struct ed_point *commitments;
    uint8_t (*encoded)[EDWARDS_BYTES];
    /* What challenges hash before their points: fingerprint and credential; the same with all
     * ciphertexts of the question in hand. */
    struct buf voter, whole;
    void *room;
};

/* How many commitments a ballot has; how many points are encoded with them. */
size_t bel_check_commitments(const struct bel_plan *p);
size_t bel_check_points(const struct bel_plan *p);

void bel_check_begin(struct bel_check *c, const struct bel_election *e);
void bel_check_end(struct bel_check *c);

/* E_OK | E_INVALID; d names question, answer and rule. */
enum err bel_check_open(struct bel_check *c, struct bytes packed, struct diag *d);
/* The parts of it for points that come from elsewhere (batch.h): length, scalars and the signed
 * hash; then, once c->pairs has the ciphertexts, the sums. */
enum err bel_check_numbers(struct bel_check *c, struct bytes packed, struct diag *d);
void bel_check_sums(struct bel_check *c);
/* After it, before bel_check_commit. E_OK | E_INVALID (the credential) | E_SIGNATURE. */
enum err bel_check_signature(struct bel_check *c, struct diag *d);
/* Does the hash of the signature's A, in c->encoded, say its challenge? */
bool bel_check_signature_hash(const struct bel_check *c);
/* Fills c->commitments and c->encoded but the signature's, which is there. The election must be
 * prepared. E_OK | E_INVALID. */
enum err bel_check_commit(struct bel_check *c, struct diag *d);
/* Where the commitments come from elsewhere: the sums that challenges name, encoded behind them. */
void bel_check_name_sums(struct bel_check *c);
/* Reads c->encoded. E_OK | E_PROOF. */
enum err bel_check_hashes(struct bel_check *c, struct diag *d);

/* What stands before the points in a challenge: fingerprint "|" credential; then, after "|", the
 * ciphertexts with commas between. */
void bel_voter_context(struct buf *text, const struct bel_election *e, const uint8_t *key32);
void bel_put_ciphertexts(struct buf *text, const uint8_t *points32, size_t count);

#endif
