/* Points: reading, writing, adding. Multiplications are in multiply.c, table.c and msm.c. */
#include "crypto/edwards/group25519.h"

const struct ed_point ED_IDENTITY = {{{0}}, {{1}}, {{1}}, {{0}}};
const struct ed_point ED_BASE = {
    {{0x62d608f25d51a, 0x412a4b4f6592a, 0x75b7171a4b31d, 0x1ff60527118fe, 0x216936d3cd6e5}},
    {{0x6666666666658, 0x4cccccccccccc, 0x1999999999999, 0x3333333333333, 0x6666666666666}},
    {{1}},
    {{0x68ab3a5b7dda3, 0x00eea2a5eadbb, 0x2af8df483c27e, 0x332b375274732, 0x67875f0fd78b7}}};

/* --- encoding ----------------------------------------------------------------------------------
 */

/* y, and the sign of x; false if y is not below p. */
static bool read_y(struct fe25519 *y, uint8_t *sign, const uint8_t le32[EDWARDS_BYTES])
{
    uint8_t bytes[EDWARDS_BYTES], canonical[EDWARDS_BYTES];
    memcpy(bytes, le32, sizeof bytes);
    *sign = bytes[31] >> 7;
    bytes[31] &= 0x7f;
    fe_from_bytes(y, bytes);
    fe_to_bytes(canonical, y);
    return memcmp(bytes, canonical, sizeof bytes) == 0;
}

static bool is_odd(const struct fe25519 *a)
{
    uint8_t le32[32];
    fe_to_bytes(le32, a);
    return le32[0] & 1;
}

/* x^2 = (y^2 - 1) / (d y^2 + 1), whose denominator is never 0. */
static bool decode_begin(struct ed_point *out, struct fe_root *root, uint8_t *sign,
                         const uint8_t le32[EDWARDS_BYTES])
{
    struct fe25519 yy, u, v;
    bool canonical = read_y(&out->y, sign, le32);
    fe_sqr(&yy, &out->y);
    fe_sub(&u, &yy, &FE_ONE);
    fe_mul(&v, &yy, &FE_D);
    fe_add(&v, &v, &FE_ONE);
    fe_root_begin(root, &u, &v);
    return canonical;
}

static bool decode_end(struct ed_point *out, const struct fe_root *root, uint8_t sign,
                       const struct fe25519 *power)
{
    struct fe25519 x;
    if (fe_root_end(&x, root, power) != FE_ROOT)
        return false;
    if (fe_is_zero(&x) && sign)
        return false;
    if (is_odd(&x) != sign)
        fe_neg(&x, &x);
    fe_mul(&out->x, &x, &FE_ONE); /* tight */
    out->z = FE_ONE;
    fe_mul(&out->t, &out->x, &out->y);
    return true;
}

/* Decodes up to FE_LANES points side by side. Returns how many are good before the first that is
 * not, or `lanes`; what follows that one is not looked at any further. */
static size_t decode_lanes(struct ed_point *out, const uint8_t *le32, size_t stride, size_t lanes,
                           bool prime)
{
    struct fe_root root[FE_LANES];
    struct fe25519 power[FE_LANES];
    uint8_t sign[FE_LANES];
    bool in_subgroup[FE_LANES];
    size_t begun = 0, decoded = 0, good = 0;
    while (begun < lanes &&
           decode_begin(&out[begun], &root[begun], &sign[begun], le32 + begun * stride)) {
        power[begun] = root[begun].base;
        begun++;
    }
    fe_pow_p58(power, begun);
    while (decoded < begun &&
           decode_end(&out[decoded], &root[decoded], sign[decoded], &power[decoded]))
        decoded++;
    if (!prime)
        return decoded;
    ge_are_prime_order(in_subgroup, out, decoded);
    while (good < decoded && in_subgroup[good])
        good++;
    return good;
}

bool ed_decode(struct ed_point *out, const uint8_t le32[EDWARDS_BYTES])
{
    return decode_lanes(out, le32, 0, 1, false) == 1;
}

bool ed_decode_prime(struct ed_point *out, const uint8_t le32[EDWARDS_BYTES])
{
    return decode_lanes(out, le32, 0, 1, true) == 1;
}

bool ed_decode_prime_many(struct ed_point *out, const uint8_t *le32, size_t stride, size_t count,
                          size_t *bad_out)
{
    for (size_t done = 0; done < count; done += FE_LANES) {
        size_t lanes = count - done < FE_LANES ? count - done : FE_LANES;
        size_t good = decode_lanes(out + done, le32 + done * stride, stride, lanes, true);
        if (good < lanes) {
            *bad_out = done + good;
            return false;
        }
    }
    return true;
}

static void encode_affine(uint8_t le32[EDWARDS_BYTES], const struct ed_point *p,
                          const struct fe25519 *inverse_z)
{
    struct fe25519 x, y;
    fe_mul(&x, &p->x, inverse_z);
    fe_mul(&y, &p->y, inverse_z);
    fe_to_bytes(le32, &y);
    le32[31] |= (uint8_t)(is_odd(&x) << 7);
}

void ed_encode(uint8_t le32[EDWARDS_BYTES], const struct ed_point *p)
{
    struct fe25519 inverse_z;
    fe_invert(&inverse_z, &p->z);
    encode_affine(le32, p, &inverse_z);
}

#define ENCODE_TOGETHER 128

void ed_encode_many(uint8_t *le32, const struct ed_point *points, size_t count)
{
    struct fe25519 z[ENCODE_TOGETHER], scratch[ENCODE_TOGETHER];
    while (count > 0) {
        size_t n = count < ENCODE_TOGETHER ? count : ENCODE_TOGETHER;
        for (size_t i = 0; i < n; i++)
            z[i] = points[i].z;
        fe_invert_many(z, scratch, n);
        for (size_t i = 0; i < n; i++)
            encode_affine(le32 + i * EDWARDS_BYTES, &points[i], &z[i]);
        le32 += n * EDWARDS_BYTES;
        points += n;
        count -= n;
    }
}

/* scratch[i] becomes the product of the first i + 1; its inverse is walked back. */
void fe_invert_many(struct fe25519 *z, struct fe25519 *scratch, size_t count)
{
    struct fe25519 inverse, t;
    if (count == 0)
        return;
    scratch[0] = z[0];
    for (size_t i = 1; i < count; i++)
        fe_mul(&scratch[i], &scratch[i - 1], &z[i]);
    fe_invert(&inverse, &scratch[count - 1]);
    for (size_t i = count - 1; i > 0; i--) {
        fe_mul(&t, &inverse, &scratch[i - 1]);
        fe_mul(&inverse, &inverse, &z[i]);
        z[i] = t;
    }
    z[0] = inverse;
}

void ge_to_niels_many(struct ge_niels *r, const struct ed_point *points, size_t count,
                      struct fe25519 *scratch)
{
    for (size_t i = 0; i < count; i++)
        r[i].t2d = points[i].z; /* kept there until it is inverted */
    struct fe25519 inverse, x, y, t;
    if (count == 0)
        return;
    scratch[0] = r[0].t2d;
    for (size_t i = 1; i < count; i++)
        fe_mul(&scratch[i], &scratch[i - 1], &r[i].t2d);
    fe_invert(&inverse, &scratch[count - 1]);
    for (size_t i = count; i-- > 0;) {
        t = inverse;
        if (i > 0) {
            fe_mul(&t, &inverse, &scratch[i - 1]);
            fe_mul(&inverse, &inverse, &r[i].t2d);
        }
        fe_mul(&x, &points[i].x, &t);
        fe_mul(&y, &points[i].y, &t);
        fe_add(&r[i].sum, &y, &x);
        fe_sub(&r[i].difference, &y, &x);
        fe_mul(&t, &x, &y);
        fe_mul(&r[i].t2d, &t, &FE_2D);
    }
}

/* --- the group ---------------------------------------------------------------------------------
 */

static void add(struct ed_point *out, const struct ed_point *a, const struct ed_point *b,
                bool negative)
{
    struct ge_cached c;
    ge_to_cached(&c, b);
    ge_add_cached(out, a, &c, negative);
}

void ed_add(struct ed_point *out, const struct ed_point *a, const struct ed_point *b)
{
    add(out, a, b, false);
}

void ed_sub(struct ed_point *out, const struct ed_point *a, const struct ed_point *b)
{
    add(out, a, b, true);
}

void ed_neg(struct ed_point *out, const struct ed_point *a)
{
    struct fe25519 minus;
    *out = *a;
    fe_neg(&minus, &a->x);
    fe_mul(&out->x, &minus, &FE_ONE); /* tight */
    fe_neg(&minus, &a->t);
    fe_mul(&out->t, &minus, &FE_ONE);
}

void ed_double(struct ed_point *out, const struct ed_point *a)
{
    ge_double(out, a);
}

/* x1/z1 = x2/z2 and y1/z1 = y2/z2. */
bool ed_eq(const struct ed_point *a, const struct ed_point *b)
{
    struct fe25519 l, r;
    fe_mul(&l, &a->x, &b->z);
    fe_mul(&r, &b->x, &a->z);
    if (!fe_eq(&l, &r))
        return false;
    fe_mul(&l, &a->y, &b->z);
    fe_mul(&r, &b->y, &a->z);
    return fe_eq(&l, &r);
}

bool ed_is_identity(const struct ed_point *a)
{
    return fe_is_zero(&a->x) && fe_eq(&a->y, &a->z);
}
