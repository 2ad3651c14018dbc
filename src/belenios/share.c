/* share: a member's polynomial, and its values sealed for the others. */
#include "base/lang.h"
#include "belenios/pedersen.h"
#include "crypto/edwards/edwards_secret.h"
#include "crypto/sha256.h"

/* Coefficient j of the polynomial: "parvis-coefficient|" uuid "|" threshold "|" size "|" index "|"
 * j
 * "|" seed "|" and the keys of all certificates, hashed. Bound to whom shares are made for: two
 * polynomials that were the same for different members would give them too many points of it. */
static struct ed_scalar coefficient(const struct bel_context *c, const char *uuid, uint32_t j,
                                    const char *seed, const struct bel_certificate *certificates)
{
    uint8_t keys[2 * BEL_TRUSTEES_MAX][EDWARDS_BYTES];
    struct buf text = {0};
    for (size_t i = 0; i < c->size; i++) {
        memcpy(keys[2 * i], certificates[i].verification32, EDWARDS_BYTES);
        memcpy(keys[2 * i + 1], certificates[i].encryption32, EDWARDS_BYTES);
    }
    buf_putf(&text, "parvis-coefficient|%s|%u|%u|%u|%u|%s|", uuid, c->threshold, c->size, c->index,
             j, seed);
    struct ed_scalar s = bel_message_hash(buf_view(&text), (const uint8_t(*)[EDWARDS_BYTES])keys,
                                          2 * (size_t)c->size);
    ed_secret_wipe(text.data, text.len);
    buf_free(&text);
    return s;
}

/* What hides a share: "parvis-share|" uuid "|" dealer "|" receiver "|", R and the shared point. */
static struct ed_scalar mask(const char *uuid, uint32_t dealer, uint32_t receiver,
                             const uint8_t r32[EDWARDS_BYTES],
                             const uint8_t shared32[EDWARDS_BYTES])
{
    uint8_t points[2][EDWARDS_BYTES];
    struct buf text = {0};
    memcpy(points[0], r32, EDWARDS_BYTES);
    memcpy(points[1], shared32, EDWARDS_BYTES);
    buf_putf(&text, "parvis-share|%s|%u|%u|", uuid, dealer, receiver);
    struct ed_scalar s =
        bel_message_hash(buf_view(&text), (const uint8_t(*)[EDWARDS_BYTES])points, 2);
    buf_free(&text);
    ed_secret_wipe(points, sizeof points);
    return s;
}

static void seal(struct bel_share *out, const struct ed_scalar *value, const char *uuid,
                 uint32_t dealer, uint32_t receiver, const uint8_t encryption32[EDWARDS_BYTES])
{
    uint8_t shared32[EDWARDS_BYTES];
    struct ed_scalar e = ed_secret_scalar();
    ed_secret_base_mul(out->r32, &e);
    ed_secret_mul(shared32, encryption32, &e);
    struct ed_scalar hidden =
        ed_scalar_add(*value, mask(uuid, dealer, receiver, out->r32, shared32));
    ed_scalar_to_be32(out->masked32, &hidden);
    ed_secret_wipe(&e, sizeof e);
    ed_secret_wipe(shared32, sizeof shared32);
}

void bel_coefficients_make(struct bel_coefficients *out, struct bel_share *shares,
                           const struct bel_context *c, const char *uuid, const char *seed,
                           const struct bel_certificate *certificates, struct arena *a)
{
    ASSERT(c->threshold >= 1 && c->threshold < c->size && c->size <= BEL_TRUSTEES_MAX);
    struct ed_scalar secret[BEL_TRUSTEES_MAX], sk = bel_seed_signing(seed);
    out->points32 = arena_alloc(a, c->threshold * sizeof *out->points32);
    for (uint32_t j = 0; j < c->threshold; j++) {
        secret[j] = coefficient(c, uuid, j, seed, certificates);
        ed_secret_base_mul(out->points32[j], &secret[j]);
    }
    struct buf text = {0};
    bel_coefficients_text(&text, c, out);
    bel_message_sign(out->signature, BEL_MESSAGE, buf_view(&text), &sk);
    buf_free(&text);
    for (uint32_t i = 1; i <= c->size; i++) {
        struct ed_scalar value = ED_ZERO;
        for (uint32_t j = c->threshold; j-- > 0;)
            value = ed_scalar_add(ed_scalar_mul(value, ed_scalar_of(i)), secret[j]);
        seal(&shares[i - 1], &value, uuid, c->index, i, certificates[i - 1].encryption32);
        ed_secret_wipe(&value, sizeof value);
    }
    ed_secret_wipe(secret, sizeof secret);
    ed_secret_wipe(&sk, sizeof sk);
}

enum err bel_share_check(const struct bel_share *share, struct diag *d)
{
    struct ed_point r;
    struct ed_scalar masked;
    if (!ed_decode_prime(&r, share->r32) || !ed_scalar_from_be32(&masked, share->masked32))
        return diag_set(d, E_INVALID,
                        T("not a sealed share: its point or its number is none of the group's",
                          "pas une part scellée : son point ou son nombre n'est pas du groupe"));
    return E_OK;
}

/* Takes the mask away and compares with the dealer's coefficients. */
static enum err unmask(struct ed_scalar *out, const struct bel_context *receiver, uint32_t dealer,
                       const char *uuid, const struct bel_share *share,
                       const uint8_t shared32[EDWARDS_BYTES],
                       const struct bel_coefficients *dealers, struct diag *d)
{
    struct ed_scalar masked;
    struct ed_point points[BEL_TRUSTEES_MAX], expected;
    uint8_t expected32[EDWARDS_BYTES], got32[EDWARDS_BYTES];
    ASSERT(receiver->threshold <= BEL_TRUSTEES_MAX);
    bool holds = ed_scalar_from_be32(&masked, share->masked32);
    for (size_t i = 0; holds && i < receiver->threshold; i++)
        holds = ed_decode(&points[i], dealers->points32[i]);
    if (holds) {
        *out = ed_scalar_sub(masked, mask(uuid, dealer, receiver->index, share->r32, shared32));
        bel_polynomial_at(&expected, points, receiver->threshold, receiver->index);
        ed_encode(expected32, &expected);
        ed_secret_base_mul(got32, out);
        holds = memcmp(expected32, got32, sizeof got32) == 0;
    }
    if (!holds)
        return diag_set(
            d, E_PROOF,
            T("member %u's share for member %u does not follow from its coefficients",
              "la part du membre %u pour le membre %u ne résulte pas de ses coefficients"),
            dealer, receiver->index);
    return E_OK;
}

enum err bel_share_open(struct ed_scalar *out, const struct bel_context *me, uint32_t dealer,
                        const char *uuid, const char *seed, const struct bel_share *share,
                        const struct bel_coefficients *dealers, struct diag *d)
{
    uint8_t shared32[EDWARDS_BYTES];
    if (bel_share_check(share, d) != E_OK)
        return diag_wrap(d, E_PROOF, T("member %u: ", "membre %u : "), dealer);
    struct ed_scalar dk = bel_seed_decryption(seed);
    ed_secret_mul(shared32, share->r32, &dk);
    enum err e = unmask(out, me, dealer, uuid, share, shared32, dealers, d);
    ed_secret_wipe(&dk, sizeof dk);
    ed_secret_wipe(shared32, sizeof shared32);
    return e;
}

/* --- complaints: log_g(encryption key) = log_R(shared point), Chaum and Pedersen 1992 --------- */

static struct ed_scalar complaint_challenge(const char *uuid, uint32_t dealer, uint32_t receiver,
                                            const uint8_t points32[5][EDWARDS_BYTES])
{
    struct buf text = {0};
    buf_putf(&text, "parvis-complaint|%s|%u|%u|", uuid, dealer, receiver);
    struct ed_scalar c = bel_message_hash(buf_view(&text), points32, 5);
    buf_free(&text);
    return c;
}

void bel_share_reveal(struct bel_complaint *out, const struct bel_context *me, uint32_t dealer,
                      const char *uuid, const char *seed, const struct bel_share *share)
{
    memset(out, 0, sizeof *out);
    if (bel_share_check(share, NULL) != E_OK)
        return;                       /* whoever judges sees that by itself */
    uint8_t points[5][EDWARDS_BYTES]; /* key, R, shared point, commitments */
    struct ed_scalar dk = bel_seed_decryption(seed), w = ed_secret_scalar();
    ed_secret_base_mul(points[0], &dk);
    memcpy(points[1], share->r32, EDWARDS_BYTES);
    ed_secret_mul(points[2], share->r32, &dk);
    ed_secret_base_mul(points[3], &w);
    ed_secret_mul(points[4], share->r32, &w);
    struct ed_scalar c =
        complaint_challenge(uuid, dealer, me->index, (const uint8_t(*)[EDWARDS_BYTES])points);
    struct ed_scalar r = ed_scalar_sub(w, ed_scalar_mul(dk, c));
    memcpy(out->point32, points[2], EDWARDS_BYTES);
    bel_message_proof_join(out->proof, &c, &r);
    ed_secret_wipe(&dk, sizeof dk);
    ed_secret_wipe(&w, sizeof w);
}

static bool complaint_holds(const struct bel_complaint *m, const struct bel_context *receiver,
                            uint32_t dealer, const char *uuid,
                            const uint8_t encryption32[EDWARDS_BYTES],
                            const struct bel_share *share)
{
    struct ed_scalar c, r;
    struct ed_point key, at, shared, left, right;
    if (!bel_proof_read(&c, &r, m->proof) || !ed_decode_prime(&key, encryption32) ||
        !ed_decode_prime(&at, share->r32) || !ed_decode_prime(&shared, m->point32))
        return false;
    uint8_t points[5][EDWARDS_BYTES];
    memcpy(points[0], encryption32, EDWARDS_BYTES);
    memcpy(points[1], share->r32, EDWARDS_BYTES);
    memcpy(points[2], m->point32, EDWARDS_BYTES);
    ed_table_mul(&left, ed_table_base(), &r);
    ed_mul(&right, &key, &c);
    ed_add(&left, &left, &right);
    ed_encode(points[3], &left);
    ed_mul(&left, &at, &r);
    ed_mul(&right, &shared, &c);
    ed_add(&left, &left, &right);
    ed_encode(points[4], &left);
    struct ed_scalar again =
        complaint_challenge(uuid, dealer, receiver->index, (const uint8_t(*)[EDWARDS_BYTES])points);
    return ed_scalar_eq(&again, &c);
}

enum err bel_share_judge(const struct bel_complaint *m, const struct bel_context *receiver,
                         uint32_t dealer, const char *uuid, const struct bel_certificate *receivers,
                         const struct bel_share *share, const struct bel_coefficients *dealers,
                         struct diag *d)
{
    struct ed_scalar value;
    if (bel_share_check(share, d) != E_OK)
        return diag_wrap(d, E_PROOF, T("member %u: ", "membre %u : "), dealer);
    if (!complaint_holds(m, receiver, dealer, uuid, receivers->encryption32, share))
        return diag_set(
            d, E_INVALID,
            T("member %u's complaint about member %u's share does not hold: its proof is "
              "false",
              "la plainte du membre %u contre la part du membre %u ne tient pas : sa "
              "preuve est fausse"),
            receiver->index, dealer);
    return unmask(&value, receiver, dealer, uuid, share, m->point32, dealers, d);
}
