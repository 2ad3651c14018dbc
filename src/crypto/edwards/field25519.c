#include "crypto/edwards/field25519.h"

const struct fe25519 FE_D = {
    {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
const struct fe25519 FE_2D = {
    {0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};
const struct fe25519 FE_I = {
    {0x61b274a0ea0b0, 0x0d5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};

static uint64_t le64_get(const uint8_t *p)
{
    return __builtin_bswap64(be64_get(p));
}

static void le64_put(uint8_t *p, uint64_t v)
{
    be64_put(p, __builtin_bswap64(v));
}

void fe_from_bytes(struct fe25519 *r, const uint8_t le32[32])
{
    uint64_t w0 = le64_get(le32), w1 = le64_get(le32 + 8), w2 = le64_get(le32 + 16),
             w3 = le64_get(le32 + 24);
    r->limb[0] = w0 & FE_MASK;
    r->limb[1] = (w0 >> 51 | w1 << 13) & FE_MASK;
    r->limb[2] = (w1 >> 38 | w2 << 26) & FE_MASK;
    r->limb[3] = (w2 >> 25 | w3 << 39) & FE_MASK;
    r->limb[4] = w3 >> 12 & FE_MASK;
}

/* Limbs below 2^51, value below p. */
static void reduce(uint64_t t[5], const struct fe25519 *a)
{
    memcpy(t, a->limb, sizeof a->limb);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4; i++) {
            t[i + 1] += t[i] >> 51;
            t[i] &= FE_MASK;
        }
        t[0] += 19 * (t[4] >> 51);
        t[4] &= FE_MASK;
    }
    /* now below 2^255 + 2^13: t >= p exactly if t + 19 reaches 2^255 */
    uint64_t over = t[0] + 19;
    for (int i = 1; i < 5; i++)
        over = t[i] + (over >> 51);
    t[0] += 19 * (over >> 51);
    for (int i = 0; i < 4; i++) {
        t[i + 1] += t[i] >> 51;
        t[i] &= FE_MASK;
    }
    t[4] &= FE_MASK;
}

void fe_to_bytes(uint8_t le32[32], const struct fe25519 *a)
{
    uint64_t t[5];
    reduce(t, a);
    le64_put(le32, t[0] | t[1] << 51);
    le64_put(le32 + 8, t[1] >> 13 | t[2] << 38);
    le64_put(le32 + 16, t[2] >> 26 | t[3] << 25);
    le64_put(le32 + 24, t[3] >> 39 | t[4] << 12);
}

bool fe_eq(const struct fe25519 *a, const struct fe25519 *b)
{
    uint64_t x[5], y[5], difference = 0;
    reduce(x, a);
    reduce(y, b);
    for (int i = 0; i < 5; i++)
        difference |= x[i] ^ y[i];
    return difference == 0;
}

bool fe_is_zero(const struct fe25519 *a)
{
    return fe_eq(a, &FE_ZERO);
}

/* r = z^(2^n) */
static void square_times(struct fe25519 *r, const struct fe25519 *z, int n)
{
    fe_sqr(r, z);
    for (int i = 1; i < n; i++)
        fe_sqr(r, r);
}

/* z^(2^250 - 1), and z^11 which is on the way. */
static void pow_250(struct fe25519 *r, struct fe25519 *z11, const struct fe25519 *z)
{
    struct fe25519 z2, z9, a, b, c;
    fe_sqr(&z2, z);
    square_times(&a, &z2, 2);
    fe_mul(&z9, &a, z);
    fe_mul(z11, &z9, &z2);
    fe_sqr(&a, z11);
    fe_mul(&a, &a, &z9); /* 2^5 - 1 */
    square_times(&b, &a, 5);
    fe_mul(&a, &b, &a); /* 2^10 - 1 */
    square_times(&b, &a, 10);
    fe_mul(&b, &b, &a); /* 2^20 - 1 */
    square_times(&c, &b, 20);
    fe_mul(&b, &c, &b); /* 2^40 - 1 */
    square_times(&b, &b, 10);
    fe_mul(&a, &b, &a); /* 2^50 - 1 */
    square_times(&b, &a, 50);
    fe_mul(&b, &b, &a); /* 2^100 - 1 */
    square_times(&c, &b, 100);
    fe_mul(&b, &c, &b); /* 2^200 - 1 */
    square_times(&b, &b, 50);
    fe_mul(r, &b, &a);
}

void fe_pow_p58(struct fe25519 *r, const struct fe25519 *z)
{
    struct fe25519 z1 = *z, z11;
    pow_250(r, &z11, &z1);
    square_times(r, r, 2);
    fe_mul(r, r, &z1); /* 2^252 - 4 + 1 */
}

void fe_invert(struct fe25519 *r, const struct fe25519 *z)
{
    struct fe25519 z11;
    pow_250(r, &z11, z);
    square_times(r, r, 5);
    fe_mul(r, r, &z11); /* 2^255 - 32 + 11 = p - 2 */
}

/* r = u v^3 (u v^7)^((p-5)/8) has v r^2 = u (u/v)^((p-1)/4): times a fourth root of unity. */
enum fe_root fe_sqrt_ratio(struct fe25519 *r, const struct fe25519 *u, const struct fe25519 *v)
{
    struct fe25519 uv3, t, check, iu;
    fe_sqr(&t, v);
    fe_mul(&t, &t, v);
    fe_mul(&uv3, u, &t);
    fe_sqr(&t, &t);
    fe_mul(&t, &t, v);
    fe_mul(&t, &t, u);
    fe_pow_p58(&t, &t);
    fe_mul(&t, &t, &uv3);
    fe_sqr(&check, &t);
    fe_mul(&check, &check, v);
    fe_mul(&iu, u, &FE_I);
    *r = t;
    if (fe_eq(&check, u))
        return FE_ROOT;
    if (fe_eq(&check, &iu))
        return FE_ROOT_I;
    fe_neg(&iu, &iu);
    if (fe_eq(&check, &iu))
        return FE_ROOT_NI;
    fe_mul(r, &t, &FE_I); /* v t^2 = -u */
    return FE_ROOT;
}
