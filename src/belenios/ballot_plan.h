/* ballot_plan: what the proofs of an election's ballots state, worked out once from its questions.
 *
 * Verifying, making and batching all walk this list. A pair is an encryption (alpha, beta): each of
 * a ballot's ciphertexts, and sums (products, as Belenios writes) of others. A statement is an
 * OR-proof of branches: "the pair of one of the branches encrypts what the branch says" (Cramer,
 * Damgard, Schoenmakers 1994); with one branch a plain proof. Everything is in the order of the
 * ballot's document, which is the order of its packed form (belenios/ballot.h).
 *   individual   pair i is 0 or 1
 *   overall      the sum of the answers is min .. max; with `blank`: or pair 0 is 1
 *   blank        pair 0 is 0, or the sum of the answers is
 *   one list     the sum of the lists' own flags is 1
 *   list         its flag is 1, or the sum of its candidates is 0
 * The candidates of all lists together are not 0: the non-zero proof, which is no OR-proof and
 * stands apart. */
#ifndef PARVIS_BELENIOS_BALLOT_PLAN_H
#define PARVIS_BELENIOS_BALLOT_PLAN_H

#include "belenios/election.h"
#include "belenios/proof.h"

#define BEL_NONE UINT32_MAX

enum bel_rule {
    BEL_RULE_INDIVIDUAL,
    BEL_RULE_OVERALL,
    BEL_RULE_BLANK,
    BEL_RULE_LIST,
};

struct bel_pair {
    const uint32_t *terms; /* a sum's pairs, all before it; NULL: a ciphertext */
    uint32_t term_count;
    uint32_t first_branch; /* the branches on it by rising `minus`, chained by `next` */
};

/* The pair encrypts `minus`. Its proof is the place of challenge and response in the packed ballot,
 * its commitments are number 2i and 2i + 1 for branch i. */
struct bel_branch {
    uint32_t pair, minus, next;
};

struct bel_statement {
    enum bel_rule rule;
    enum bel_purpose purpose;
    uint32_t question, answer; /* from 0; of a list: its number */
    uint32_t first_branch, branch_count;
    uint32_t named; /* the pair that the challenge names, or BEL_NONE */
    bool whole;     /* the challenge covers all ciphertexts of the question, not the voter only */
    size_t offset;  /* of its proofs in the packed ballot */
};

struct bel_nonzero_statement {
    uint32_t question, pair;
    size_t offset; /* commitment, challenge, two responses */
};
#define BEL_NONZERO_BYTES (EDWARDS_BYTES + 3 * 32)

struct bel_plan {
    struct bel_pair *pairs; /* the ciphertexts, then sums */
    size_t pair_count;
    struct bel_statement *statements; /* by question */
    size_t statement_count;
    struct bel_branch *branches;
    size_t branch_count;
    struct bel_nonzero_statement *nonzeros;
    size_t nonzero_count;
    size_t named_sums; /* of the pairs that a challenge names, those that are sums */
    size_t widest;     /* the most branches of a statement */
};

/* bel_plan_make lays the ballots of e out: e->plan, e->ballot_bytes and each question's part. */
void bel_plan_make(struct bel_election *e, struct arena *a);

#endif
