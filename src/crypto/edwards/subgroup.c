/* Is a point of the subgroup of order q? The group of the curve is cyclic of order 8q, so the
 * question is whether the point P is 8 times another one. Multiplying by q would tell, in 252
 * doublings; halving P once and asking for a residue symbol tells in three powers of the field.
 *
 * On the Montgomery curve v^2 = u^3 + A u^2 + u, A = 486662, which edwards25519 is by
 * u = (1 + y) / (1 - y), v = c u / x, c^2 = -(A + 2) (RFC 7748, section 4.1):
 *
 * 1 P is twice a point exactly if u is a square: (0, 0) is the only rational point of order two,
 *   as A^2 - 4 is not a square, and u is its (Tate) pairing with P. Let s^2 = u.
 * 2 Doubling goes over the curve y'^2 = x'^3 - 2A x'^2 + (A^2 - 4) x': Q = (uQ, vQ) goes to
 *   x' = (vQ/uQ)^2 = uQ + A + 1/uQ, and that to u = (y'/2x')^2. Backwards, x' solves
 *   x'^2 - (2A + 4u) x' + A^2 - 4 = 0: x' = A + 2u + 2v/s, or the same with -s. The product of
 *   the two is A^2 - 4, no square, so one of them is a square and the other is none; only the
 *   square is the image of a point. Let w^2 = x', s its sign; then uQ = (w^2 - A + 2sw) / 2 and
 *   vQ = w uQ belong to a point Q with 2Q = P or -P.
 * 3 The other halves are Q + (0, 0), and (0, 0) is 4 times a point: so P is 8 times a point
 *   exactly if Q is 4 times one. The pairing of Q with the point (1, a), a^2 = A + 2, of order
 *   four says so: (vQ - a uQ)^2 / uQ = uQ (w - a)^2 has to be a fourth power, since the tangent
 *   v = a u at (1, a) goes through (0, 0), and the function's divisor is 4 (1, a) - 4 O.
 *
 * The method is that of Koshelev, "Subgroup membership testing on elliptic curves via the Tate
 * pairing" (2022), and Pornin, "Point-halving and subgroup membership in twisted Edwards curves"
 * (2022). Nothing above is zero or a pole once x is not 0, which only (0, 1) and (0, -1) have. */
#include "crypto/edwards/group25519.h"

static const struct fe25519 A = {{486662}};
static const struct fe25519 C = {
    {0x604aaff457e06, 0x2296fa350598d, 0x7f13dfb16874f, 0x35de93d846e01, 0x0f26edf460a00}};
static const struct fe25519 ROOT_A2 = {/* a of step 3 */
                                       {0x5b7106377bbd8, 0x71af6ad9382cb, 0x02d64427297b8,
                                        0x6a81ef02c4294, 0x141b0b6806563}};
static const struct fe25519 ROOT_K = {/* its square is (A^2 - 4) i */
                                      {0x374105eb49c67, 0x4274b2f267fe8, 0x3f166de60e579,
                                       0x2078c19f0b198, 0x0680fe74c4f11}};

/* A point on its way through the three steps. */
struct halving {
    const struct ed_point *p;
    struct fe25519 n, d; /* u = n/d */
    struct fe25519 s;
    struct fe25519 fourth;
    struct fe_root root;
    bool twice; /* the point is twice another */
};

static void step_1(struct halving *h)
{
    fe_add(&h->n, &h->p->z, &h->p->y);
    fe_sub(&h->d, &h->p->z, &h->p->y);
    fe_root_begin(&h->root, &h->n, &h->d);
}

/* x' = xn / xd, where v/s = c s z / x */
static void step_2(struct halving *h, const struct fe25519 *power)
{
    const struct ed_point *p = h->p;
    struct fe25519 xn, xd, t;
    h->twice = fe_root_end(&h->s, &h->root, power) == FE_ROOT;
    fe_mul(&xd, &h->d, &p->x);
    fe_mul(&xn, &xd, &A);
    fe_mul(&t, &h->n, &p->x);
    fe_add(&t, &t, &t);
    fe_add(&xn, &xn, &t);
    fe_mul(&t, &h->d, &h->s);
    fe_mul(&t, &t, &p->z);
    fe_mul(&t, &t, &C);
    fe_add(&t, &t, &t);
    fe_add(&xn, &xn, &t);
    fe_mul(&xn, &xn, &FE_ONE); /* tight */
    fe_root_begin(&h->root, &xn, &xd);
}

/* w = wn / wd */
static void step_3(struct halving *h, const struct fe25519 *power)
{
    struct fe25519 wn, wd = FE_ONE, t, square;
    enum fe_root_class class = fe_root_end(&wn, &h->root, power);
    if (class != FE_ROOT) { /* the square is (A^2 - 4) / x' with -s; its root is k/wn or ik/wn */
        wd = wn;
        wn = ROOT_K;
        if (class == FE_ROOT_NI)
            fe_mul(&wn, &wn, &FE_I);
        fe_neg(&t, &h->s);
        fe_mul(&h->s, &t, &FE_ONE);
    }
    fe_sqr(&t, &wd);
    fe_mul(&t, &t, &A);
    fe_sqr(&square, &wn);
    fe_sub(&square, &square, &t);
    fe_mul(&t, &h->s, &wn);
    fe_mul(&t, &t, &wd);
    fe_add(&t, &t, &t);
    fe_add(&h->fourth, &square, &t); /* 2 wd^2 uQ */
    fe_mul(&t, &wd, &ROOT_A2);
    fe_sub(&square, &wn, &t);
    fe_sqr(&square, &square); /* wd^2 (w - a)^2 */
    fe_mul(&h->fourth, &h->fourth, &square);
    static const struct fe25519 eight = {{8}}; /* makes it uQ (w - a)^2 times (2 wd)^4 */
    fe_mul(&h->fourth, &h->fourth, &eight);
}

/* A fourth power has z^((p-1)/4) = 1; (p-1)/4 = 2 (p-5)/8 + 1. */
static bool step_4(const struct halving *h, const struct fe25519 *power)
{
    struct fe25519 t;
    if (fe_is_zero(&h->p->x))
        return fe_eq(&h->p->y, &h->p->z);
    fe_sqr(&t, power);
    fe_mul(&t, &t, &h->fourth);
    return h->twice && fe_eq(&t, &FE_ONE);
}

void ge_are_prime_order(bool *out, const struct ed_point *points, size_t lanes)
{
    struct halving h[FE_LANES];
    struct fe25519 power[FE_LANES];
    ASSERT(lanes <= FE_LANES);
    for (size_t l = 0; l < lanes; l++) {
        h[l].p = &points[l];
        step_1(&h[l]);
        power[l] = h[l].root.base;
    }
    fe_pow_p58(power, lanes);
    for (size_t l = 0; l < lanes; l++) {
        step_2(&h[l], &power[l]);
        power[l] = h[l].root.base;
    }
    fe_pow_p58(power, lanes);
    for (size_t l = 0; l < lanes; l++) {
        step_3(&h[l], &power[l]);
        power[l] = h[l].fourth;
    }
    fe_pow_p58(power, lanes);
    for (size_t l = 0; l < lanes; l++)
        out[l] = step_4(&h[l], &power[l]);
}

bool ed_is_prime_order(const struct ed_point *p)
{
    bool is;
    ge_are_prime_order(&is, p, 1);
    return is;
}
