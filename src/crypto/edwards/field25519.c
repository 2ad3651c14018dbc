/* Bytes, comparisons, powers and square roots modulo 2^255 - 19. */
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

/* --- powers --------------------------------------------------------------------------------------
 *
 * Of one element or of several side by side: a squaring waits for the one before it, and the
 * processor has room for another's meanwhile. */

static inline void mul_lanes(struct fe25519 *r, const struct fe25519 *a, const struct fe25519 *b,
                             size_t lanes)
{
    for (size_t l = 0; l < lanes; l++)
        fe_mul(&r[l], &a[l], &b[l]);
}

/* r = a^(2^times) */
static inline void square_lanes(struct fe25519 *r, const struct fe25519 *a, int times, size_t lanes)
{
    for (size_t l = 0; l < lanes; l++)
        fe_sqr(&r[l], &a[l]);
    for (int i = 1; i < times; i++)
        for (size_t l = 0; l < lanes; l++)
            fe_sqr(&r[l], &r[l]);
}

/* r = z^(2^250 - 1), and z^11 which is on the way. */
static inline void pow_250(struct fe25519 *r, struct fe25519 *z11, const struct fe25519 *z,
                           size_t lanes)
{
    struct fe25519 z2[FE_LANES], z9[FE_LANES], a[FE_LANES], b[FE_LANES], c[FE_LANES];
    square_lanes(z2, z, 1, lanes);
    square_lanes(a, z2, 2, lanes);
    mul_lanes(z9, a, z, lanes);
    mul_lanes(z11, z9, z2, lanes);
    square_lanes(a, z11, 1, lanes);
    mul_lanes(a, a, z9, lanes); /* 2^5 - 1 */
    square_lanes(b, a, 5, lanes);
    mul_lanes(a, b, a, lanes); /* 2^10 - 1 */
    square_lanes(b, a, 10, lanes);
    mul_lanes(b, b, a, lanes); /* 2^20 - 1 */
    square_lanes(c, b, 20, lanes);
    mul_lanes(b, c, b, lanes); /* 2^40 - 1 */
    square_lanes(b, b, 10, lanes);
    mul_lanes(a, b, a, lanes); /* 2^50 - 1 */
    square_lanes(b, a, 50, lanes);
    mul_lanes(b, b, a, lanes); /* 2^100 - 1 */
    square_lanes(c, b, 100, lanes);
    mul_lanes(b, c, b, lanes); /* 2^200 - 1 */
    square_lanes(b, b, 50, lanes);
    mul_lanes(r, b, a, lanes);
}

/* 2^252 - 3 = 4 (2^250 - 1) + 1 */
static inline void pow_p58(struct fe25519 *r, const struct fe25519 *z, size_t lanes)
{
    struct fe25519 t[FE_LANES], z11[FE_LANES];
    pow_250(t, z11, z, lanes);
    square_lanes(t, t, 2, lanes);
    mul_lanes(r, t, z, lanes);
}

void fe_pow_p58(struct fe25519 *z, size_t lanes)
{
    ASSERT(lanes <= FE_LANES);
    if (lanes == 1) /* each its own loops */
        pow_p58(z, z, 1);
    else if (lanes == FE_LANES)
        pow_p58(z, z, FE_LANES);
    else
        pow_p58(z, z, lanes);
}

/* p - 2 = 2^255 - 21 = 2^5 (2^250 - 1) + 11 */
void fe_invert(struct fe25519 *r, const struct fe25519 *z)
{
    struct fe25519 t[FE_LANES], z11[FE_LANES];
    pow_250(t, z11, z, 1);
    square_lanes(t, t, 5, 1);
    fe_mul(r, t, z11);
}

/* --- square roots of u/v: r = u v^3 (u v^7)^((p-5)/8) has v r^2 = u (u/v)^((p-1)/4), u times a
 * fourth root of unity. */

void fe_root_begin(struct fe_root *r, const struct fe25519 *u, const struct fe25519 *v)
{
    struct fe25519 t;
    r->u = *u;
    r->v = *v;
    fe_sqr(&t, v);
    fe_mul(&t, &t, v);
    fe_mul(&r->uv3, u, &t);
    fe_sqr(&t, &t);
    fe_mul(&t, &t, v);
    fe_mul(&r->base, &t, u);
}

enum fe_root_class fe_root_end(struct fe25519 *root, const struct fe_root *r,
                               const struct fe25519 *power)
{
    struct fe25519 check, iu;
    fe_mul(root, &r->uv3, power);
    fe_sqr(&check, root);
    fe_mul(&check, &check, &r->v);
    if (fe_eq(&check, &r->u))
        return FE_ROOT;
    fe_mul(&iu, &r->u, &FE_I);
    if (fe_eq(&check, &iu))
        return FE_ROOT_I;
    fe_neg(&iu, &iu);
    if (fe_eq(&check, &iu))
        return FE_ROOT_NI;
    fe_mul(root, root, &FE_I); /* v root^2 was -u */
    return FE_ROOT;
}
