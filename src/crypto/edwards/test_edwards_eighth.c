/* Eighths of points: read as what they are an eighth of, and nothing else read. */
#include <string.h>

#include "base/bytes.h"
#include "crypto/edwards/edwards.h"
#include "test.h"

#define COUNT 131u /* more than share an inversion */

/* Points of the subgroup that have nothing to do with each other, and their eighths. */
static void make(struct ed_point points[COUNT], struct ed_point eighths[COUNT])
{
    struct ed_scalar s = ed_scalar_of(test_random()), eighth = ed_scalar_inverse(ed_scalar_of(8));
    for (size_t i = 0; i < COUNT; i++) {
        s = ed_scalar_add(ed_scalar_mul(s, s), ed_scalar_of(i));
        ed_table_mul(&points[i], ed_table_base(), &s);
        ed_mul(&eighths[i], &points[i], &eighth);
    }
}

static struct ed_point order_8(void)
{
    uint8_t bytes[EDWARDS_BYTES];
    struct ed_point p = ED_IDENTITY;
    CHECK(hex_decode(bytes, sizeof bytes,
                     "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                     64) == E_OK &&
          ed_decode(&p, bytes));
    return p;
}

TEST(eighths_are_read_as_their_points)
{
    static struct ed_point points[COUNT], eighths[COUNT], read[COUNT];
    static uint8_t xy[COUNT][ED_EIGHTH_BYTES], le32[COUNT][EDWARDS_BYTES],
        expected[COUNT][EDWARDS_BYTES];
    size_t bad = 0;
    make(points, eighths);
    for (size_t i = 0; i < COUNT; i++) { /* any of the eight */
        struct ed_point t = order_8();
        ed_mul_small(&t, &t, i % 8);
        ed_add(&eighths[i], &eighths[i], &t);
    }
    ed_encode_many(*expected, points, COUNT);
    ed_eighths_write(*xy, eighths, COUNT);
    CHECK(ed_eighths_read(read, *le32, *xy, COUNT, &bad));
    CHECK(memcmp(le32, expected, sizeof le32) == 0);
    for (size_t i = 0; i < COUNT; i++) {
        struct ed_point twice[2]; /* all four coordinates are right */
        CHECK(ed_eq(&read[i], &points[i]));
        ed_add(&twice[0], &read[i], &ED_BASE);
        ed_add(&twice[1], &points[i], &ED_BASE);
        CHECK(ed_eq(&twice[0], &twice[1]));
    }
    CHECK(ed_eighths_read(read, *le32, *xy, 0, &bad));
}

/* Eight times a point of small order is the identity. */
TEST(eighths_of_the_identity)
{
    struct ed_point t = order_8(), p = ED_IDENTITY, read;
    uint8_t xy[ED_EIGHTH_BYTES], le32[EDWARDS_BYTES], identity[EDWARDS_BYTES] = {1};
    size_t bad;
    for (int i = 0; i < 8; i++) {
        ed_eighths_write(xy, &p, 1);
        CHECK(ed_eighths_read(&read, le32, xy, 1, &bad));
        CHECK(ed_is_identity(&read));
        CHECK(memcmp(le32, identity, sizeof le32) == 0);
        ed_add(&p, &p, &t);
    }
}

static bool reads(const uint8_t xy[ED_EIGHTH_BYTES])
{
    struct ed_point p;
    uint8_t le32[EDWARDS_BYTES];
    size_t bad = 1;
    bool good = ed_eighths_read(&p, le32, xy, 1, &bad);
    CHECK(good || bad == 0);
    return good;
}

TEST(coordinates_off_the_curve)
{
    static struct ed_point points[COUNT], eighths[COUNT], read[COUNT];
    static uint8_t xy[COUNT][ED_EIGHTH_BYTES], le32[COUNT][EDWARDS_BYTES];
    size_t bad = 0;
    make(points, eighths);
    ed_eighths_write(*xy, eighths, COUNT);
    for (size_t bit = 0; bit < 8 * ED_EIGHTH_BYTES; bit++) {
        xy[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!reads(xy[0]));
        xy[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t i = 0; i < COUNT; i++) {
        xy[i][3] ^= 1;
        CHECK(!ed_eighths_read(read, *le32, *xy, COUNT, &bad));
        CHECK_INT(bad, i);
        xy[i][3] ^= 1;
    }
    memset(xy[0], 0, ED_EIGHTH_BYTES);
    CHECK(!reads(xy[0]));
    xy[0][0] = 1;
    CHECK(!reads(xy[0]));
}

/* (0, 1) and (0, -1) with coordinates of p or more, and with the top bit. */
TEST(coordinates_not_below_p)
{
    uint8_t xy[ED_EIGHTH_BYTES] = {0}, p[32];
    memset(p, 0xff, sizeof p);
    p[0] = 0xed;
    p[31] = 0x7f;
    xy[32] = 1;
    CHECK(reads(xy));
    memcpy(xy, p, 32); /* x = p */
    CHECK(!reads(xy));
    memset(xy, 0, 32);
    memcpy(xy + 32, p, 32);
    xy[32] = 0xee; /* y = p + 1 */
    CHECK(!reads(xy));
    xy[32] = 0xec; /* y = p - 1 */
    CHECK(reads(xy));
    xy[63] |= 0x80;
    CHECK(!reads(xy));
    xy[63] &= 0x7f;
    xy[31] = 0x80;
    CHECK(!reads(xy));
}
