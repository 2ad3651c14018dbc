/* Eighths: points that come with the proof that they lie in the subgroup, and without a square
 * root.
 *
 * The curve's group is cyclic of order 8q, so the points of the subgroup are those that are 8 times
 * a point of the curve. Whoever is given such a point, in two coordinates, only has to see that it
 * is on the curve and to double it three times. */
#include "crypto/edwards/group25519.h"

#define TOGETHER 128 /* inversions */

/* The number below p; false if it is not. */
static bool read_coordinate(struct fe25519 *r, const uint8_t le32[32])
{
    fe_from_bytes(r, le32);
    bool high = r->limb[4] == FE_MASK && r->limb[3] == FE_MASK && r->limb[2] == FE_MASK &&
                r->limb[1] == FE_MASK && r->limb[0] >= FE_MASK - 18;
    return !high && le32[31] < 0x80;
}

/* y^2 - x^2 = 1 + d x^2 y^2. The coordinates of a point that is not on the curve may double to a z
 * of 0, which has no inverse. */
static bool on_curve(const struct fe25519 *x, const struct fe25519 *y)
{
    struct fe25519 xx, yy, left, right;
    fe_sqr(&xx, x);
    fe_sqr(&yy, y);
    fe_sub(&left, &yy, &xx);
    fe_mul(&right, &xx, &yy);
    fe_mul(&right, &right, &FE_D);
    fe_add(&right, &right, &FE_ONE);
    return fe_eq(&left, &right);
}

/* 8 times the point, without t. */
static bool read_eighth(struct ed_point *out, const uint8_t xy[ED_EIGHTH_BYTES])
{
    if (!read_coordinate(&out->x, xy) || !read_coordinate(&out->y, xy + 32) ||
        !on_curve(&out->x, &out->y))
        return false;
    out->z = FE_ONE;
    ge_double_xyz(out, out);
    ge_double_xyz(out, out);
    ge_double_xyz(out, out);
    return true;
}

/* x and y, z 1. */
static void make_affine(struct ed_point *p, const struct fe25519 *inverse_z)
{
    fe_mul(&p->x, &p->x, inverse_z);
    fe_mul(&p->y, &p->y, inverse_z);
    fe_mul(&p->t, &p->x, &p->y);
    p->z = FE_ONE;
}

bool ed_eighths_read(struct ed_point *points, uint8_t *le32, const uint8_t *xy, size_t count,
                     size_t *bad_out)
{
    struct fe25519 z[TOGETHER], scratch[TOGETHER];
    for (size_t done = 0; done < count; done += TOGETHER) {
        size_t n = count - done < TOGETHER ? count - done : TOGETHER;
        for (size_t i = 0; i < n; i++) {
            if (!read_eighth(&points[done + i], xy + (done + i) * ED_EIGHTH_BYTES)) {
                *bad_out = done + i;
                return false;
            }
            z[i] = points[done + i].z;
        }
        fe_invert_many(z, scratch, n);
        for (size_t i = 0; i < n; i++) {
            uint8_t x32[32], *to = le32 + (done + i) * EDWARDS_BYTES;
            make_affine(&points[done + i], &z[i]);
            fe_to_bytes(x32, &points[done + i].x);
            fe_to_bytes(to, &points[done + i].y);
            to[31] |= (uint8_t)(x32[0] << 7);
        }
    }
    return true;
}

void ed_eighths_write(uint8_t *xy, const struct ed_point *eighths, size_t count)
{
    struct fe25519 z[TOGETHER], scratch[TOGETHER], x, y;
    for (size_t done = 0; done < count; done += TOGETHER) {
        size_t n = count - done < TOGETHER ? count - done : TOGETHER;
        for (size_t i = 0; i < n; i++)
            z[i] = eighths[done + i].z;
        fe_invert_many(z, scratch, n);
        for (size_t i = 0; i < n; i++, xy += ED_EIGHTH_BYTES) {
            fe_mul(&x, &eighths[done + i].x, &z[i]);
            fe_mul(&y, &eighths[done + i].y, &z[i]);
            fe_to_bytes(xy, &x);
            fe_to_bytes(xy + 32, &y);
        }
    }
}
