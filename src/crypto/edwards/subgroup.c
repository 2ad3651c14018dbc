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

/* Is z a fourth power? z^((p-1)/4) = 1; the exponent is 2^253 - 5. */
static bool is_fourth_power(const struct fe25519 *z)
{
    struct fe25519 t;
    fe_pow_p58(&t, z);
    fe_sqr(&t, &t);
    fe_mul(&t, &t, z);
    return fe_eq(&t, &FE_ONE);
}

/* Step 2: w = *wn / *wd and s with its sign. n/d is u; s is one of its roots. */
static void half(struct fe25519 *wn, struct fe25519 *wd, struct fe25519 *s,
                 const struct ed_point *p, const struct fe25519 *n, const struct fe25519 *d)
{
    struct fe25519 xd, xn, t;
    fe_mul(&xd, d, &p->x); /* x' = xn / xd, v/s being c s z / x */
    fe_mul(&xn, &xd, &A);
    fe_mul(&t, n, &p->x);
    fe_add(&t, &t, &t);
    fe_add(&xn, &xn, &t);
    fe_mul(&t, d, s);
    fe_mul(&t, &t, &p->z);
    fe_mul(&t, &t, &C);
    fe_add(&t, &t, &t);
    fe_add(&xn, &xn, &t);
    fe_mul(&xn, &xn, &FE_ONE);
    enum fe_root root = fe_sqrt_ratio(&t, &xn, &xd);
    if (root == FE_ROOT) {
        *wn = t;
        *wd = FE_ONE;
        return;
    }
    /* x' = t^2 / i or t^2 / -i is none: the square is (A^2 - 4) / x', whose root is k/t or ik/t */
    *wd = t;
    *wn = ROOT_K;
    if (root == FE_ROOT_NI)
        fe_mul(wn, wn, &FE_I);
    fe_neg(&t, s);
    fe_mul(s, &t, &FE_ONE);
}

bool ed_is_prime_order(const struct ed_point *p)
{
    struct fe25519 n, d, s, wn, wd, ww, sw, t;
    if (fe_is_zero(&p->x))
        return fe_eq(&p->y, &p->z);
    fe_add(&n, &p->z, &p->y);
    fe_sub(&d, &p->z, &p->y);
    if (fe_sqrt_ratio(&s, &n, &d) != FE_ROOT)
        return false;
    half(&wn, &wd, &s, p, &n, &d);
    fe_sqr(&ww, &wd);
    fe_mul(&ww, &ww, &A);
    fe_sqr(&t, &wn);
    fe_sub(&t, &t, &ww);
    fe_mul(&sw, &s, &wn);
    fe_mul(&sw, &sw, &wd);
    fe_add(&sw, &sw, &sw);
    fe_add(&t, &t, &sw); /* 2 wd^2 uQ */
    fe_mul(&ww, &wd, &ROOT_A2);
    fe_sub(&ww, &wn, &ww);
    fe_sqr(&ww, &ww); /* wd^2 (w - a)^2 */
    fe_mul(&t, &t, &ww);
    for (int i = 0; i < 3; i++) { /* times 8, so that it is uQ (w - a)^2 times (2 wd)^4 */
        fe_add(&t, &t, &t);
        fe_mul(&t, &t, &FE_ONE);
    }
    return is_fourth_power(&t);
}
