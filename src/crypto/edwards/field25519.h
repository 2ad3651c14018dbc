/* field25519: arithmetic modulo p = 2^255 - 19; shared by the files of this folder, of no use
 * outside.
 *
 * Form      value = sum of limb[i] * 2^(51 i). Two bounds are kept, by hand and by comment:
 *             tight  limbs below 2^51 + 2^13: what fe_mul, fe_sqr and fe_from_bytes return;
 *             loose  limbs below 2^54: what fe_mul and fe_sqr accept.
 *           A sum or difference of two tight elements is loose, and may still be an argument of
 *           one more fe_add or, as the second argument, of fe_sub_loose.
 * Time      no branch and no index depends on a value, except where a function says so. */
#ifndef PARVIS_CRYPTO_EDWARDS_FIELD25519_H
#define PARVIS_CRYPTO_EDWARDS_FIELD25519_H

#include "crypto/edwards/edwards.h"

__extension__ typedef unsigned __int128 fe_wide;

#define FE_MASK ((UINT64_C(1) << 51) - 1)

static const struct fe25519 FE_ZERO = {{0}}, FE_ONE = {{1}};
/* d of the curve, -121665/121666; its double; a square root of -1 (2^((p-1)/4)). */
extern const struct fe25519 FE_D, FE_2D, FE_I;

static inline void fe_add(struct fe25519 *r, const struct fe25519 *a, const struct fe25519 *b)
{
    r->limb[0] = a->limb[0] + b->limb[0];
    r->limb[1] = a->limb[1] + b->limb[1];
    r->limb[2] = a->limb[2] + b->limb[2];
    r->limb[3] = a->limb[3] + b->limb[3];
    r->limb[4] = a->limb[4] + b->limb[4];
}

/* fe_sub is a + 2p - b for a tight b; fe_sub_loose is a + 4p - b for limbs of b up to 2^53 - 76. */
static inline void fe_sub(struct fe25519 *r, const struct fe25519 *a, const struct fe25519 *b)
{
    r->limb[0] = a->limb[0] + (2 * FE_MASK - 36) - b->limb[0];
    r->limb[1] = a->limb[1] + 2 * FE_MASK - b->limb[1];
    r->limb[2] = a->limb[2] + 2 * FE_MASK - b->limb[2];
    r->limb[3] = a->limb[3] + 2 * FE_MASK - b->limb[3];
    r->limb[4] = a->limb[4] + 2 * FE_MASK - b->limb[4];
}

static inline void fe_sub_loose(struct fe25519 *r, const struct fe25519 *a, const struct fe25519 *b)
{
    r->limb[0] = a->limb[0] + (4 * FE_MASK - 72) - b->limb[0];
    r->limb[1] = a->limb[1] + 4 * FE_MASK - b->limb[1];
    r->limb[2] = a->limb[2] + 4 * FE_MASK - b->limb[2];
    r->limb[3] = a->limb[3] + 4 * FE_MASK - b->limb[3];
    r->limb[4] = a->limb[4] + 4 * FE_MASK - b->limb[4];
}

static inline void fe_neg(struct fe25519 *r, const struct fe25519 *a)
{
    fe_sub(r, &FE_ZERO, a);
}

/* t / 2^51, in two shifts and a sum: the shift of a pair of registers is slow on many processors.
 */
static inline uint64_t fe_over(fe_wide t)
{
    return ((uint64_t)(t >> 64) << 13) + ((uint64_t)t >> 51);
}

/* From five columns of a product, each below 2^115, to a tight element. */
static inline void fe_carry(struct fe25519 *r, fe_wide t0, fe_wide t1, fe_wide t2, fe_wide t3,
                            fe_wide t4)
{
    t1 += fe_over(t0);
    t2 += fe_over(t1);
    t3 += fe_over(t2);
    t4 += fe_over(t3);
    uint64_t low = ((uint64_t)t0 & FE_MASK) + fe_over(t4) * 19;
    r->limb[0] = low & FE_MASK;
    r->limb[1] = ((uint64_t)t1 & FE_MASK) + (low >> 51);
    r->limb[2] = (uint64_t)t2 & FE_MASK;
    r->limb[3] = (uint64_t)t3 & FE_MASK;
    r->limb[4] = (uint64_t)t4 & FE_MASK;
}

static inline void fe_mul(struct fe25519 *r, const struct fe25519 *a, const struct fe25519 *b)
{
    uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3], a4 = a->limb[4];
    uint64_t b0 = b->limb[0], b1 = b->limb[1], b2 = b->limb[2], b3 = b->limb[3], b4 = b->limb[4];
    uint64_t c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4;
    fe_wide t0 = (fe_wide)a0 * b0 + (fe_wide)a1 * c4 + (fe_wide)a2 * c3 + (fe_wide)a3 * c2 +
                 (fe_wide)a4 * c1;
    fe_wide t1 = (fe_wide)a0 * b1 + (fe_wide)a1 * b0 + (fe_wide)a2 * c4 + (fe_wide)a3 * c3 +
                 (fe_wide)a4 * c2;
    fe_wide t2 = (fe_wide)a0 * b2 + (fe_wide)a1 * b1 + (fe_wide)a2 * b0 + (fe_wide)a3 * c4 +
                 (fe_wide)a4 * c3;
    fe_wide t3 = (fe_wide)a0 * b3 + (fe_wide)a1 * b2 + (fe_wide)a2 * b1 + (fe_wide)a3 * b0 +
                 (fe_wide)a4 * c4;
    fe_wide t4 = (fe_wide)a0 * b4 + (fe_wide)a1 * b3 + (fe_wide)a2 * b2 + (fe_wide)a3 * b1 +
                 (fe_wide)a4 * b0;
    fe_carry(r, t0, t1, t2, t3, t4);
}

static inline void fe_sqr(struct fe25519 *r, const struct fe25519 *a)
{
    uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3], a4 = a->limb[4];
    uint64_t d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2, c3 = 19 * a3, c4 = 19 * a4;
    fe_wide t0 = (fe_wide)a0 * a0 + (fe_wide)d1 * c4 + (fe_wide)d2 * c3;
    fe_wide t1 = (fe_wide)d0 * a1 + (fe_wide)d2 * c4 + (fe_wide)a3 * c3;
    fe_wide t2 = (fe_wide)d0 * a2 + (fe_wide)a1 * a1 + (fe_wide)(2 * a3) * c4;
    fe_wide t3 = (fe_wide)d0 * a3 + (fe_wide)d1 * a2 + (fe_wide)a4 * c4;
    fe_wide t4 = (fe_wide)d0 * a4 + (fe_wide)d1 * a3 + (fe_wide)a2 * a2;
    fe_carry(r, t0, t1, t2, t3, t4);
}

/* fe_from_bytes reads 255 bits (the top bit of byte 31 is ignored), any value below 2^255;
 * fe_to_bytes writes the number below p. */
void fe_from_bytes(struct fe25519 *r, const uint8_t le32[32]);
void fe_to_bytes(uint8_t le32[32], const struct fe25519 *a);
/* Arguments may be loose. */
bool fe_eq(const struct fe25519 *a, const struct fe25519 *b);
bool fe_is_zero(const struct fe25519 *a);

/* fe_pow_p58 raises z[0] to z[lanes - 1] to the power (p-5)/8 = 2^252 - 3, which square roots and
 * residue symbols are made of, in place; several side by side take less time than one after the
 * other. fe_invert is 1/z, 0 of 0. */
#define FE_LANES 4
void fe_pow_p58(struct fe25519 *z, size_t lanes);
void fe_invert(struct fe25519 *r, const struct fe25519 *z);

/* The square root of u/v, v not 0, around a power that the caller makes, alone or with others:
 * fe_root_begin sets r->base, whose fe_pow_p58 is given to fe_root_end. */
struct fe_root {
    struct fe25519 u, v, uv3, base;
};
enum fe_root_class {
    FE_ROOT,    /* v root^2 = u */
    FE_ROOT_I,  /* there is none, and v root^2 = i u */
    FE_ROOT_NI, /* there is none, and v root^2 = -i u */
};
void fe_root_begin(struct fe_root *r, const struct fe25519 *u, const struct fe25519 *v);
enum fe_root_class fe_root_end(struct fe25519 *root, const struct fe_root *r,
                               const struct fe25519 *power);

#endif
