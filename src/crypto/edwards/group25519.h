/* group25519: the additions and doublings behind edwards.h; shared by the files of this folder.
 *
 * The curve is -x^2 + y^2 = 1 + d x^2 y^2, where -1 is a square and d is none: the formulas (add-
 * 2008-hwcd-3 and dbl-2008-hwcd of the Explicit-Formulas Database) hold for every two points,
 * equal, opposite or the identity. All coordinates of a point are tight (field25519.h). */
#ifndef PARVIS_CRYPTO_EDWARDS_GROUP25519_H
#define PARVIS_CRYPTO_EDWARDS_GROUP25519_H

#include "crypto/edwards/field25519.h"

/* A point ready to be added: (Y+X, Y-X, 2Z, 2dT). */
struct ge_cached {
    struct fe25519 sum, difference, z2, t2d;
};

/* The same of an affine point: (y+x, y-x, 2dxy). */
struct ge_niels {
    struct fe25519 sum, difference, t2d;
};

/* A point whose coordinates are products not yet made: X = e f, Y = g h, Z = f g, T = e h. */
struct ge_factors {
    struct fe25519 e, f, g, h;
};

static inline void ge_to_cached(struct ge_cached *r, const struct ed_point *p)
{
    fe_add(&r->sum, &p->y, &p->x);
    fe_sub(&r->difference, &p->y, &p->x);
    fe_add(&r->z2, &p->z, &p->z);
    fe_mul(&r->t2d, &p->t, &FE_2D);
}

/* The three or all four coordinates; without t the point may only be doubled. */
static inline void ge_finish_xyz(struct ed_point *r, const struct ge_factors *a)
{
    fe_mul(&r->x, &a->e, &a->f);
    fe_mul(&r->y, &a->g, &a->h);
    fe_mul(&r->z, &a->f, &a->g);
}

static inline void ge_finish(struct ed_point *r, const struct ge_factors *a)
{
    ge_finish_xyz(r, a);
    fe_mul(&r->t, &a->e, &a->h);
}

static inline void ge_double_factors(struct ge_factors *r, const struct ed_point *p)
{
    struct fe25519 xx, yy, zz2, s;
    fe_sqr(&xx, &p->x);
    fe_sqr(&yy, &p->y);
    fe_sqr(&zz2, &p->z);
    fe_add(&zz2, &zz2, &zz2);
    fe_add(&s, &p->x, &p->y);
    fe_sqr(&s, &s);
    fe_add(&r->h, &xx, &yy);
    fe_sub_loose(&r->e, &s, &r->h);
    fe_sub(&r->g, &yy, &xx);
    fe_sub_loose(&r->f, &zz2, &r->g);
}

static inline void ge_double_xyz(struct ed_point *r, const struct ed_point *p)
{
    struct ge_factors f;
    ge_double_factors(&f, p);
    ge_finish_xyz(r, &f);
}

static inline void ge_double(struct ed_point *r, const struct ed_point *p)
{
    struct ge_factors f;
    ge_double_factors(&f, p);
    ge_finish(r, &f);
}

/* p plus, or minus if negative, the point of (sum, difference, z2, t2d). */
static inline void ge_add_factors(struct ge_factors *r, const struct ed_point *p,
                                  const struct fe25519 *sum, const struct fe25519 *difference,
                                  const struct fe25519 *zz2, const struct fe25519 *t2d,
                                  bool negative)
{
    struct fe25519 a, b, c;
    fe_sub(&a, &p->y, &p->x);
    fe_mul(&a, &a, negative ? sum : difference);
    fe_add(&b, &p->y, &p->x);
    fe_mul(&b, &b, negative ? difference : sum);
    fe_mul(&c, &p->t, t2d);
    fe_sub(&r->e, &b, &a);
    fe_add(&r->h, &b, &a);
    fe_sub(negative ? &r->g : &r->f, zz2, &c);
    fe_add(negative ? &r->f : &r->g, zz2, &c);
}

static inline void ge_add_cached_factors(struct ge_factors *r, const struct ed_point *p,
                                         const struct ge_cached *q, bool negative)
{
    struct fe25519 zz2;
    fe_mul(&zz2, &p->z, &q->z2);
    ge_add_factors(r, p, &q->sum, &q->difference, &zz2, &q->t2d, negative);
}

static inline void ge_add_cached(struct ed_point *r, const struct ed_point *p,
                                 const struct ge_cached *q, bool negative)
{
    struct ge_factors f;
    ge_add_cached_factors(&f, p, q, negative);
    ge_finish(r, &f);
}

static inline void ge_add_niels(struct ed_point *r, const struct ed_point *p,
                                const struct ge_niels *q, bool negative)
{
    struct ge_factors f;
    struct fe25519 zz2;
    fe_add(&zz2, &p->z, &p->z);
    ge_add_factors(&f, p, &q->sum, &q->difference, &zz2, &q->t2d, negative);
    ge_finish(r, &f);
}

/* The same of p and digit times the point of `odd`; digit is odd, at most 15 in size. An ed_odd
 * holds cached points under the name of points. */
static inline void ge_add_odd_factors(struct ge_factors *r, const struct ed_point *p,
                                      const struct ed_odd *odd, int digit)
{
    const struct ge_cached *c = (const struct ge_cached *)(const void *)odd->multiple;
    ge_add_cached_factors(r, p, &c[(digit > 0 ? digit : -digit) / 2], digit < 0);
}

/* ed_is_prime_order of up to FE_LANES points side by side. */
void ge_are_prime_order(bool *out, const struct ed_point *points, size_t lanes);

/* ge_to_niels_many needs `scratch` of count elements; one inversion among all. */
void ge_to_niels_many(struct ge_niels *r, const struct ed_point *points, size_t count,
                      struct fe25519 *scratch);
/* fe_invert_many replaces z[i], none of them 0, by their inverses, with one inversion. */
void fe_invert_many(struct fe25519 *z, struct fe25519 *scratch, size_t count);

/* ge_wnaf writes s in the signed form of width w: digits are 0 or odd, below 2^(w-1) in size, and
 * any w neighbours have at most one that is not 0. Returns one more than the index of the highest
 * digit that is not 0 (0 for 0). w is 2 to 8. */
#define GE_WNAF_DIGITS 257
#define GE_ODD_WIDTH 5 /* digits up to 15: those of an ed_odd */
int ge_wnaf(int8_t digits[GE_WNAF_DIGITS], const struct ed_scalar *s, int w);

/* A scalar, in the form of GE_ODD_WIDTH, and the point that it multiplies; the sum of `count` such
 * products, their doublings shared (Straus). */
struct ge_multiple {
    struct ed_odd odd;
    int8_t digits[GE_WNAF_DIGITS];
    int top; /* ge_wnaf's */
};
void ge_sum_of_multiples(struct ed_point *out, const struct ge_multiple *m, size_t count);

#endif
