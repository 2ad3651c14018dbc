#include "belenios/proof.h"

#include "base/mem.h"
#include "crypto/edwards/edwards_secret.h"

/* --- choosing without a branch ----------------------------------------------------------------
 */

static uint64_t mask_of(bool yes)
{
    uint64_t mask = 0 - (uint64_t)yes;
    __asm__("" : "+r"(mask)); /* stays arithmetic: no compiler makes a jump of it */
    return mask;
}

static struct ed_scalar choose(bool first, struct ed_scalar a, struct ed_scalar b)
{
    uint64_t mask = mask_of(first);
    struct ed_scalar r;
    for (int i = 0; i < 4; i++)
        r.limb[i] = (a.limb[i] & mask) | (b.limb[i] & ~mask);
    return r;
}

static void choose_point(uint8_t out32[EDWARDS_BYTES], bool first, const uint8_t *a,
                         const uint8_t *b)
{
    uint8_t mask = (uint8_t)mask_of(first);
    for (size_t i = 0; i < EDWARDS_BYTES; i++)
        out32[i] = (uint8_t)((a[i] & mask) | (b[i] & (uint8_t)~mask));
}

/* --- one step each ----------------------------------------------------------------------------
 */

void bel_draws_make(struct bel_draw *draws, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        draws[i].commitment = ed_secret_scalar();
        draws[i].challenge = ed_secret_scalar();
        draws[i].response = ed_secret_scalar();
    }
}

bool bel_proof_read(struct ed_scalar *challenge, struct ed_scalar *response,
                    const uint8_t proof[BEL_PROOF_BYTES])
{
    return ed_scalar_from_be32(challenge, proof) && ed_scalar_from_be32(response, proof + 32);
}

static void put_proof(uint8_t out[BEL_PROOF_BYTES], const struct ed_scalar *challenge,
                      const struct ed_scalar *response)
{
    ed_scalar_to_be32(out, challenge);
    ed_scalar_to_be32(out + 32, response);
}

void bel_encrypt(uint8_t alpha32[EDWARDS_BYTES], uint8_t beta32[EDWARDS_BYTES],
                 const uint8_t y32[EDWARDS_BYTES], const struct ed_scalar *r, uint32_t m)
{
    uint8_t g32[EDWARDS_BYTES], with_g32[EDWARDS_BYTES];
    ed_encode(g32, &ED_BASE);
    ed_secret_base_mul(alpha32, r);
    ed_secret_mul(beta32, y32, r);
    ed_encoded_add(with_g32, beta32, g32);
    choose_point(beta32, m != 0, with_g32, beta32);
}

/* --- proofs that one of several claims holds --------------------------------------------------
 */

/* The commitments of a branch. Proved: g^w and y^w. Simulated, with alpha = g^r and beta / g^M =
 * y^r g^(m - M): g^e and y^e g^((m - M) c), e = response + r c. */
static void commit(uint8_t a32[EDWARDS_BYTES], uint8_t b32[EDWARDS_BYTES],
                   const struct bel_claim *claim, const struct bel_draw *draw, bool proved,
                   const uint8_t y32[EDWARDS_BYTES])
{
    uint8_t shift32[EDWARDS_BYTES], shifted32[EDWARDS_BYTES];
    bool holds = claim->m == claim->claimed;
    struct ed_scalar e = ed_scalar_add(draw->response, ed_scalar_mul(claim->r, draw->challenge));
    struct ed_scalar difference =
        ed_scalar_sub(ed_scalar_of(claim->m), ed_scalar_of(claim->claimed));
    e = choose(proved, draw->commitment, e);
    /* where the claim holds the shift is 0; another is calculated and not taken */
    struct ed_scalar shift =
        choose(holds, draw->commitment, ed_scalar_mul(difference, draw->challenge));
    ed_secret_base_mul(a32, &e);
    ed_secret_mul(b32, y32, &e);
    ed_secret_base_mul(shift32, &shift);
    ed_encoded_add(shifted32, b32, shift32);
    choose_point(b32, holds, b32, shifted32);
    ed_secret_wipe(&e, sizeof e);
    ed_secret_wipe(&shift, sizeof shift);
    ed_secret_wipe(&difference, sizeof difference);
}

/* The first claim that holds is the one proved. */
static void find_proved(bool *proved, const struct bel_claim *claims, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        bool holds = claims[i].m == claims[i].claimed;
        proved[i] = holds & !found;
        found |= holds;
    }
    ASSERT(found);
}

void bel_claims_prove(uint8_t *out, const struct bel_version *v, enum bel_purpose purpose,
                      struct bytes context, const struct bel_claim *claims, size_t count,
                      const uint8_t y32[EDWARDS_BYTES], const struct bel_draw *draws)
{
    uint8_t(*commitments)[EDWARDS_BYTES] = mem_alloc(2 * count * sizeof *commitments);
    bool *proved = mem_alloc(count * sizeof *proved);
    struct ed_scalar others = ED_ZERO;
    find_proved(proved, claims, count);
    for (size_t i = 0; i < count; i++) {
        commit(commitments[2 * i], commitments[2 * i + 1], &claims[i], &draws[i], proved[i], y32);
        others = ed_scalar_add(others, choose(proved[i], ED_ZERO, draws[i].challenge));
    }
    struct ed_scalar hash =
        v->challenge(purpose, context, (const uint8_t(*)[EDWARDS_BYTES])commitments, 2 * count);
    struct ed_scalar own = ed_scalar_sub(hash, others);
    for (size_t i = 0; i < count; i++) {
        struct ed_scalar response =
            ed_scalar_sub(draws[i].commitment, ed_scalar_mul(claims[i].r, own));
        struct ed_scalar challenge = choose(proved[i], own, draws[i].challenge);
        response = choose(proved[i], response, draws[i].response);
        put_proof(out + i * BEL_PROOF_BYTES, &challenge, &response);
    }
    ed_secret_wipe(&others, sizeof others);
    ed_secret_wipe(&own, sizeof own);
    ed_secret_wipe(proved, count * sizeof *proved);
    mem_free(proved);
    mem_free(commitments);
}

/* --- not zero ---------------------------------------------------------------------------------
 */

/* A0 = beta^s y^(-sr) = g^(ms), A1 = alpha^w1 g^w2 = g^(r w1 + w2), A2 = beta^w1 y^w2 =
 * y^(r w1 + w2) g^(m w1). */
void bel_nonzero_prove(uint8_t *out, const struct bel_version *v, struct bytes context,
                       const struct bel_claim *claim, const uint8_t y32[EDWARDS_BYTES],
                       const struct bel_draw *draw)
{
    uint8_t commitments[3][EDWARDS_BYTES], shift32[EDWARDS_BYTES];
    struct ed_scalar s = draw->commitment, w1 = draw->challenge, w2 = draw->response;
    struct ed_scalar m = ed_scalar_of(claim->m);
    struct ed_scalar a0 = ed_scalar_mul(m, s), shift = ed_scalar_mul(m, w1);
    struct ed_scalar e = ed_scalar_add(ed_scalar_mul(claim->r, w1), w2);
    ASSERT(claim->m != 0 && !ed_scalar_is_zero(&s));
    ed_secret_base_mul(commitments[0], &a0);
    ed_secret_base_mul(commitments[1], &e);
    ed_secret_mul(commitments[2], y32, &e);
    ed_secret_base_mul(shift32, &shift);
    ed_encoded_add(commitments[2], commitments[2], shift32);
    struct ed_scalar c =
        v->challenge(BEL_NONZERO, context, (const uint8_t(*)[EDWARDS_BYTES])commitments, 3);
    struct ed_scalar sc = ed_scalar_mul(s, c);
    struct ed_scalar t1 = ed_scalar_sub(w1, sc);
    struct ed_scalar t2 = ed_scalar_add(w2, ed_scalar_mul(sc, claim->r));
    memcpy(out, commitments[0], EDWARDS_BYTES);
    ed_scalar_to_be32(out + EDWARDS_BYTES, &c);
    ed_scalar_to_be32(out + EDWARDS_BYTES + 32, &t1);
    ed_scalar_to_be32(out + EDWARDS_BYTES + 64, &t2);
    ed_secret_wipe(&e, sizeof e);
    ed_secret_wipe(&s, sizeof s);
    ed_secret_wipe(&sc, sizeof sc);
    ed_secret_wipe(&w1, sizeof w1);
    ed_secret_wipe(&w2, sizeof w2);
    ed_secret_wipe(&m, sizeof m);
    ed_secret_wipe(&a0, sizeof a0);
    ed_secret_wipe(&shift, sizeof shift);
}

/* --- knowledge of a key's secret --------------------------------------------------------------
 */

void bel_schnorr_prove(uint8_t out[BEL_PROOF_BYTES], const struct bel_version *v,
                       enum bel_purpose purpose, struct bytes context, const struct ed_scalar *x,
                       const struct ed_scalar *w)
{
    uint8_t a32[1][EDWARDS_BYTES];
    ed_secret_base_mul(a32[0], w);
    struct ed_scalar c = v->challenge(purpose, context, (const uint8_t(*)[EDWARDS_BYTES])a32, 1);
    struct ed_scalar r = ed_scalar_sub(*w, ed_scalar_mul(*x, c));
    put_proof(out, &c, &r);
}

bool bel_schnorr_check(const uint8_t proof[BEL_PROOF_BYTES], const struct bel_version *v,
                       enum bel_purpose purpose, struct bytes context, const struct ed_point *key)
{
    uint8_t a32[1][EDWARDS_BYTES];
    struct ed_scalar c, r;
    struct ed_point a;
    struct ed_odd odd;
    if (!bel_proof_read(&c, &r, proof))
        return false;
    ed_odd_make(&odd, key);
    ed_table_odd(&a, ed_table_base(), &r, &odd, &c);
    ed_encode(a32[0], &a);
    struct ed_scalar hash = v->challenge(purpose, context, (const uint8_t(*)[EDWARDS_BYTES])a32, 1);
    return ed_scalar_eq(&hash, &c);
}
