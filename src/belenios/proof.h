/* proof: non-interactive zero-knowledge proofs made (specification, "Proofs of interval
 * membership"); how they are checked stands in ballot_verify.c, which does many at once.
 *
 * Packed    challenge, response: 32 big-endian bytes each, below q. */
#ifndef PARVIS_BELENIOS_PROOF_H
#define PARVIS_BELENIOS_PROOF_H

#include "belenios/version.h"

#define BEL_PROOF_BYTES 64

/* An encryption whose opening the prover knows: alpha = g^r, beta = y^r g^m, and the value that a
 * branch claims for m. */
struct bel_claim {
    struct ed_scalar r;
    uint32_t m, claimed;
};

/* One drawn number of each branch's real and simulated course. */
struct bel_draw {
    struct ed_scalar commitment; /* w, where the branch is the one proved */
    struct ed_scalar challenge, response;
};

/* bel_claims_prove proves that one of the claims holds (claimed = m; one at least must, ASSERTed)
 * and hides which. y32 is the election's key. The proofs, BEL_PROOF_BYTES each, are written to
 * `out`. Secrets: r and m; the course of the calculation does not depend on m.
 * draws (count of them) are random; bel_draws_make draws them. */
void bel_draws_make(struct bel_draw *draws, size_t count);
void bel_claims_prove(uint8_t *out, const struct bel_version *v, enum bel_purpose purpose,
                      struct bytes context, const struct bel_claim *claims, size_t count,
                      const uint8_t y32[EDWARDS_BYTES], const struct bel_draw *draws);

/* y^r g^m for a secret m of 0 or 1. */
void bel_encrypt(uint8_t alpha32[EDWARDS_BYTES], uint8_t beta32[EDWARDS_BYTES],
                 const uint8_t y32[EDWARDS_BYTES], const struct ed_scalar *r, uint32_t m);

/* A non-zero proof (specification, "Lists"): the claim's m is not 0, `claimed` is not looked at.
 * out: commitment, challenge, two responses. Of the draw, commitment is s, not 0, and challenge and
 * response are w1 and w2. */
void bel_nonzero_prove(uint8_t *out, const struct bel_version *v, struct bytes context,
                       const struct bel_claim *claim, const uint8_t y32[EDWARDS_BYTES],
                       const struct bel_draw *draw);

/* Knowledge of x for X = g^x, bound to a context: signatures of ballots and messages. w is drawn.
 * bel_schnorr_check: g^r X^c hashes to c. key must be of prime order or the identity. */
void bel_schnorr_prove(uint8_t out[BEL_PROOF_BYTES], const struct bel_version *v,
                       enum bel_purpose purpose, struct bytes context, const struct ed_scalar *x,
                       const struct ed_scalar *w);
bool bel_schnorr_check(const uint8_t proof[BEL_PROOF_BYTES], const struct bel_version *v,
                       enum bel_purpose purpose, struct bytes context, const struct ed_point *key);

/* Below q? */
bool bel_proof_read(struct ed_scalar *challenge, struct ed_scalar *response,
                    const uint8_t proof[BEL_PROOF_BYTES]);

#endif
