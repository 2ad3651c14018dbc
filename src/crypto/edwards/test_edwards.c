/* The group against libsodium, against itself, and over every coset of the torsion points. */
#include <sodium.h>

#include "base/mem.h"
#include "codec/json.h"
#include "crypto/edwards/edwards_secret.h"
#include "crypto/edwards/group25519.h"
#include "test.h"

static struct ed_scalar random_scalar(void)
{
    uint8_t be64[64];
    struct ed_scalar s;
    for (size_t i = 0; i < sizeof be64; i++)
        be64[i] = (uint8_t)(test_random() >> 24);
    ed_scalar_reduce(&s, be64, sizeof be64);
    return s;
}

static struct ed_point random_point(void)
{
    struct ed_point p;
    struct ed_scalar s = random_scalar();
    ed_mul(&p, &ED_BASE, &s);
    return p;
}

/* 0, 1, 2, q - 1, q - 2, 2^252, then random. */
static struct ed_scalar scalar_case(int i)
{
    struct ed_scalar power = {{0, 0, 0, UINT64_C(1) << 60}};
    switch (i) {
    case 0:
    case 1:
    case 2:
        return ed_scalar_of((uint64_t)i);
    case 3:
    case 4:
        return ed_scalar_sub(ED_ZERO, ed_scalar_of((uint64_t)i - 2));
    case 5:
        return power;
    default:
        return random_scalar();
    }
}

/* The additions and doublings of school: the reference of every multiplication here. */
static struct ed_point slow_mul(const struct ed_point *p, const uint64_t limb[4])
{
    struct ed_point r = ED_IDENTITY;
    for (int i = 255; i >= 0; i--) {
        ed_add(&r, &r, &r);
        if (limb[i / 64] >> (i % 64) & 1)
            ed_add(&r, &r, p);
    }
    return r;
}

static const uint64_t Q[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};

/* The eight points of order 1, 2, 4, 8, as libsodium lists them, in the order k times the second.
 */
static void torsion(struct ed_point out[8])
{
    static const char *const order8 =
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    uint8_t le32[32];
    out[0] = ED_IDENTITY;
    ASSERT(hex_decode(le32, 32, order8, 64) == E_OK);
    ASSERT(ed_decode(&out[1], le32));
    for (int i = 2; i < 8; i++)
        ed_add(&out[i], &out[i - 1], &out[1]);
}

TEST(field_constants)
{
    struct fe25519 a = {{121666}}, b = {{121665}}, t;
    fe_mul(&t, &FE_D, &a);
    fe_add(&t, &t, &b);
    CHECK(fe_is_zero(&t));
    fe_add(&t, &FE_D, &FE_D);
    CHECK(fe_eq(&t, &FE_2D));
    fe_sqr(&t, &FE_I);
    fe_add(&t, &t, &FE_ONE);
    CHECK(fe_is_zero(&t));
    /* i = 2^((p-1)/4), and (p-1)/4 = 2 (p-5)/8 + 1 */
    struct fe25519 two = {{2}};
    t = two;
    fe_pow_p58(&t, 1);
    fe_sqr(&t, &t);
    fe_mul(&t, &t, &two);
    CHECK(fe_eq(&t, &FE_I));
}

TEST(field_bytes_of_p_and_around)
{
    uint8_t le32[32], out[32];
    struct fe25519 a;
    for (int i = 0; i < 19; i++) { /* p + i is i */
        memset(le32, 0xff, sizeof le32);
        le32[0] = (uint8_t)(0xed + i);
        le32[31] = 0x7f;
        fe_from_bytes(&a, le32);
        fe_to_bytes(out, &a);
        memset(le32, 0, sizeof le32);
        le32[0] = (uint8_t)i;
        CHECK(memcmp(out, le32, sizeof out) == 0);
    }
    for (int i = 1; i < 100; i++) { /* -i is p - i, from the largest limbs that are allowed */
        struct fe25519 n = {{(uint64_t)i}};
        fe_neg(&a, &n);
        fe_add(&a, &a, &FE_ZERO);
        fe_to_bytes(out, &a);
        memset(le32, 0xff, sizeof le32);
        le32[0] = (uint8_t)(0xed - i);
        le32[31] = 0x7f;
        CHECK(memcmp(out, le32, sizeof out) == 0);
        fe_add(&a, &a, &n);
        CHECK(fe_is_zero(&a));
    }
    /* the loosest elements that a product takes: 2^54 - 1 in each limb */
    struct fe25519 loose, product, expected;
    for (int i = 0; i < 5; i++)
        loose.limb[i] = (UINT64_C(1) << 54) - 1;
    fe_mul(&a, &loose, &FE_ONE);
    fe_mul(&product, &loose, &loose);
    fe_mul(&expected, &a, &a);
    CHECK(fe_eq(&product, &expected));
    fe_sqr(&product, &loose);
    CHECK(fe_eq(&product, &expected));
    fe_invert(&product, &a);
    fe_mul(&product, &product, &loose);
    CHECK(fe_eq(&product, &FE_ONE));
}

TEST(base_is_that_of_rfc_8032)
{
    struct fe25519 five = {{5}}, four = {{4}}, t;
    uint8_t le32[32];
    fe_mul(&t, &ED_BASE.y, &five);
    CHECK(fe_eq(&t, &four));
    fe_mul(&t, &ED_BASE.x, &ED_BASE.y);
    CHECK(fe_eq(&t, &ED_BASE.t));
    ed_encode(le32, &ED_BASE);
    CHECK_HEX(le32, 32, "5866666666666666666666666666666666666666666666666666666666666666");
    struct ed_point p;
    REQUIRE(ed_decode(&p, le32));
    CHECK(ed_eq(&p, &ED_BASE));
    p = slow_mul(&ED_BASE, Q);
    CHECK(ed_is_identity(&p));
}

TEST(multiplications_as_libsodium)
{
    for (int i = 0; i < 60; i++) {
        struct ed_scalar s = scalar_case(i);
        struct ed_point p = random_point(), r, slow = slow_mul(&p, s.limb);
        uint8_t p32[32], s32[32], own[32], expected[32] = {1};
        ed_mul(&r, &p, &s);
        CHECK(ed_eq(&r, &slow));
        ed_encode(own, &r);
        ed_encode(p32, &p);
        ed_scalar_to_le32(s32, &s);
        if (i > 0)
            REQUIRE(crypto_scalarmult_ed25519_noclamp(expected, s32, p32) == 0);
        CHECK(memcmp(own, expected, 32) == 0);
        ed_table_mul(&r, ed_table_base(), &s);
        ed_encode(own, &r);
        if (i > 0)
            REQUIRE(crypto_scalarmult_ed25519_base_noclamp(expected, s32) == 0);
        CHECK(memcmp(own, expected, 32) == 0);
        ed_mul_small(&r, &p, s.limb[0]);
        slow = slow_mul(&p, (uint64_t[4]){s.limb[0]});
        CHECK(ed_eq(&r, &slow));
    }
}

TEST(group_laws)
{
    struct ed_point t[8];
    torsion(t);
    for (int i = 0; i < 200; i++) {
        struct ed_point a = random_point(), b = random_point(), c = random_point(), l, r, m;
        if (i < 8) { /* the formulas hold for points of every order, and for equal ones */
            a = t[i];
            b = t[(3 * i + 1) % 8];
        } else if (i < 16) {
            ed_add(&a, &a, &t[i % 8]);
            b = a;
        } else if (i < 24) {
            ed_neg(&b, &a);
        }
        ed_add(&l, &a, &b);
        ed_add(&l, &l, &c);
        ed_add(&r, &b, &c);
        ed_add(&r, &a, &r);
        CHECK(ed_eq(&l, &r));
        ed_add(&r, &c, &b);
        ed_add(&r, &r, &a);
        CHECK(ed_eq(&l, &r));
        ed_double(&l, &a);
        ed_add(&r, &a, &a);
        CHECK(ed_eq(&l, &r));
        ed_sub(&l, &a, &b);
        ed_add(&l, &l, &b);
        CHECK(ed_eq(&l, &a));
        ed_neg(&m, &a);
        ed_add(&l, &a, &m);
        CHECK(ed_is_identity(&l));
        CHECK(ed_eq(&l, &ED_IDENTITY));
        ed_add(&l, &a, &ED_IDENTITY);
        CHECK(ed_eq(&l, &a));
        struct ed_scalar x = random_scalar(), y = random_scalar(), sum = ed_scalar_add(x, y);
        a = random_point();
        ed_mul(&l, &a, &x);
        ed_mul(&r, &a, &y);
        ed_add(&l, &l, &r);
        ed_mul(&r, &a, &sum);
        CHECK(ed_eq(&l, &r));
        ed_mul(&l, &a, &x);
        ed_mul(&l, &l, &y);
        x = ed_scalar_mul(x, y);
        ed_mul(&r, &a, &x);
        CHECK(ed_eq(&l, &r));
    }
}

TEST(additions_as_libsodium)
{
    for (int i = 0; i < 100; i++) {
        struct ed_point a = random_point(), b = random_point(), r;
        uint8_t a32[32], b32[32], own[32], expected[32];
        ed_encode(a32, &a);
        ed_encode(b32, &b);
        REQUIRE(crypto_core_ed25519_add(expected, a32, b32) == 0);
        ed_add(&r, &a, &b);
        ed_encode(own, &r);
        CHECK(memcmp(own, expected, 32) == 0);
        ed_encoded_add(own, a32, b32);
        CHECK(memcmp(own, expected, 32) == 0);
        REQUIRE(crypto_core_ed25519_sub(expected, a32, b32) == 0);
        ed_sub(&r, &a, &b);
        ed_encode(own, &r);
        CHECK(memcmp(own, expected, 32) == 0);
    }
}

TEST(decode_reads_back_what_encode_wrote)
{
    struct ed_point points[300], p;
    static uint8_t le32[300 * 32];
    uint8_t one[32];
    for (size_t i = 0; i < 300; i++)
        points[i] = random_point();
    points[7] = ED_IDENTITY;
    ed_encode_many(le32, points, 300);
    ed_encode_many(le32, points, 0);
    for (size_t i = 0; i < 300; i++) {
        ed_encode(one, &points[i]);
        CHECK(memcmp(one, le32 + 32 * i, 32) == 0);
        REQUIRE(ed_decode_prime(&p, one));
        CHECK(ed_eq(&p, &points[i]));
    }
}

/* Any 32 bytes are read exactly if libsodium writes the point of the same y back unchanged. */
TEST(decode_refuses_what_is_not_canonical)
{
    struct ed_point p;
    uint8_t le32[32];
    for (int i = 0; i < 19; i++) { /* y = p + i, whatever the sign */
        memset(le32, 0xff, sizeof le32);
        le32[0] = (uint8_t)(0xed + i);
        CHECK(!ed_decode(&p, le32));
        le32[31] = 0x7f;
        CHECK(!ed_decode(&p, le32));
    }
    memset(le32, 0, sizeof le32); /* (0, 1), then with a sign */
    le32[0] = 1;
    CHECK(ed_decode_prime(&p, le32) && ed_is_identity(&p));
    le32[31] = 0x80;
    CHECK(!ed_decode(&p, le32));
    memset(le32, 0xff, sizeof le32); /* (0, -1) with a sign, then without */
    le32[0] = 0xec;
    CHECK(!ed_decode(&p, le32));
    le32[31] = 0x7f;
    CHECK(ed_decode(&p, le32) && !ed_is_prime_order(&p));
    CHECK(!ed_decode_prime(&p, le32));
    memset(le32, 0, sizeof le32); /* y = 2 is of no point */
    le32[0] = 2;
    CHECK(!ed_decode(&p, le32));
    int on_curve = 0;
    for (int i = 0; i < 400; i++) {
        uint8_t back[32], zero[32] = {1};
        for (size_t j = 0; j < 32; j++)
            le32[j] = (uint8_t)(test_random() >> 24);
        bool expected = crypto_core_ed25519_add(back, le32, zero) == 0;
        CHECK(ed_decode(&p, le32) == expected);
        CHECK(ed_decode_prime(&p, le32) == (crypto_core_ed25519_is_valid_point(le32) == 1));
        on_curve += expected;
    }
    CHECK(on_curve > 120 && on_curve < 280);
}

/* Every coset: 8 torsion points plus points of the subgroup; and against multiplication by q. */
TEST(prime_order_only_without_torsion)
{
    struct ed_point t[8], p, r;
    torsion(t);
    p = slow_mul(&t[1], (uint64_t[4]){8});
    CHECK(ed_is_identity(&p));
    CHECK(!ed_eq(&t[4], &ED_IDENTITY));
    for (int i = 0; i < 200; i++) {
        struct ed_point base = i == 0 ? ED_IDENTITY : random_point();
        if (i == 1)
            base = ED_BASE;
        for (int k = 0; k < 8; k++) {
            uint8_t le32[32];
            ed_add(&p, &base, &t[k]);
            CHECK(ed_is_prime_order(&p) == (k == 0)); /* projective */
            if (i < 8) {
                r = slow_mul(&p, Q);
                CHECK(ed_is_identity(&r) == (k == 0));
            }
            ed_encode(le32, &p);
            CHECK(ed_decode(&r, le32) && ed_eq(&r, &p));
            CHECK(ed_decode_prime(&r, le32) == (k == 0));
            ed_neg(&r, &p);
            CHECK(ed_is_prime_order(&r) == (k == 0));
        }
    }
}

TEST(decode_prime_many_names_the_first_bad_one)
{
    enum { COUNT = 37, STRIDE = 40 };
    struct ed_point t[8], out[COUNT], points[COUNT];
    uint8_t le[COUNT * STRIDE], bad32[32], none32[32] = {2};
    torsion(t);
    for (size_t i = 0; i < COUNT; i++) {
        points[i] = random_point();
        ed_encode(le + i * STRIDE, &points[i]);
    }
    for (size_t count = 0; count <= COUNT; count++) {
        size_t bad = 99;
        REQUIRE(ed_decode_prime_many(out, le, STRIDE, count, &bad));
        for (size_t i = 0; i < count; i++)
            CHECK(ed_eq(&out[i], &points[i]));
    }
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t good[2][32];
        size_t bad = 99, later = i + (COUNT - 1 - i) / 2;
        struct ed_point p;
        memcpy(good[0], le + i * STRIDE, 32);
        memcpy(good[1], le + later * STRIDE, 32);
        ed_add(&p, &points[i], &t[1 + i % 7]);
        ed_encode(bad32, &p);
        memcpy(le + later * STRIDE, none32, 32);
        memcpy(le + i * STRIDE, i % 3 ? bad32 : none32, 32);
        CHECK(!ed_decode_prime_many(out, le, STRIDE, COUNT, &bad));
        CHECK_INT(bad, i);
        memcpy(le + later * STRIDE, good[1], 32);
        memcpy(le + i * STRIDE, good[0], 32);
    }
}

TEST(tables_and_odd_multiples)
{
    struct ed_point p = random_point(), k = random_point(), r, slow, other;
    struct ed_table *t = ed_table_new(&k);
    struct ed_odd odd;
    ed_odd_make(&odd, &p);
    for (int i = 0; i < 40; i++) {
        struct ed_scalar a = scalar_case(i % 8), b = scalar_case(i / 6);
        slow = slow_mul(&k, a.limb);
        ed_table_mul(&r, t, &a);
        CHECK(ed_eq(&r, &slow));
        other = slow_mul(&p, b.limb);
        ed_add(&slow, &slow, &other);
        ed_table_odd(&r, t, &a, &odd, &b);
        CHECK(ed_eq(&r, &slow));
        ed_table_add(&r, &other, t, &a);
        CHECK(ed_eq(&r, &slow));
    }
    ed_table_free(t);
    ed_table_free(NULL);
}

TEST(one_point_by_several_scalars)
{
    enum { COUNT = 20 };
    struct ed_point t[8], p, products[COUNT + 1], slow;
    struct ed_scalar s[COUNT];
    torsion(t);
    for (size_t count = 0; count <= COUNT; count++) {
        p = count == 5 ? ED_IDENTITY : random_point();
        for (size_t i = 0; i < count; i++)
            s[i] = scalar_case((int)(i + count) % 12);
        for (int checked = 0; checked < 2; checked++) {
            products[COUNT] = ED_BASE;
            memset(products, 0, COUNT * sizeof *products);
            if (checked)
                REQUIRE(ed_mul_each_prime(products, &p, s, count));
            else
                ed_mul_each(products, &p, s, count);
            for (size_t i = 0; i < count; i++) {
                slow = slow_mul(&p, s[i].limb);
                CHECK(ed_eq(&products[i], &slow));
            }
            CHECK(ed_eq(&products[COUNT], &ED_BASE));
        }
    }
    for (int i = 0; i < 40; i++) { /* every coset */
        struct ed_point base = i == 0 ? ED_IDENTITY : random_point();
        for (int k = 0; k < 8; k++) {
            s[0] = random_scalar();
            ed_add(&p, &base, &t[k]);
            CHECK(ed_mul_each_prime(products, &p, s, (size_t)i % 3) == (k == 0));
            ed_mul_each(products, &p, s, 1);
            slow = slow_mul(&p, s[0].limb);
            CHECK(ed_eq(&products[0], &slow));
        }
    }
    products[0] = p = random_point(); /* in place */
    s[0] = ed_scalar_of(3);
    s[1] = ed_scalar_of(5);
    ed_mul_each(products, &products[0], s, 2);
    ed_mul_small(&slow, &p, 3);
    CHECK(ed_eq(&products[0], &slow));
    ed_mul_small(&slow, &p, 5);
    CHECK(ed_eq(&products[1], &slow));
}

TEST(msm_as_plain_sums)
{
    static const size_t counts[] = {0, 1, 2, 3, 7, 8, 9, 31, 64, 150, 1000};
    struct ed_point *points = mem_zalloc(1000, sizeof *points), sum, product, r;
    struct ed_scalar *scalars = mem_zalloc(1000, sizeof *scalars);
    for (int i = 0; i < 1000; i++) {
        points[i] = i % 50 == 9 ? ED_IDENTITY : random_point();
        scalars[i] = scalar_case(i % 11);
    }
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        sum = ED_IDENTITY;
        for (size_t i = 0; i < counts[c]; i++) {
            ed_mul(&product, &points[i], &scalars[i]);
            ed_add(&sum, &sum, &product);
        }
        ed_msm(&r, points, scalars, counts[c]);
        CHECK(ed_eq(&r, &sum));
    }
    /* short scalars: only the windows that are there; all zero: none */
    sum = ED_IDENTITY;
    for (size_t i = 0; i < 1000; i++) {
        scalars[i] = ed_scalar_of(test_random() >> 40);
        ed_mul_small(&product, &points[i], scalars[i].limb[0]);
        ed_add(&sum, &sum, &product);
    }
    ed_msm(&r, points, scalars, 1000);
    CHECK(ed_eq(&r, &sum));
    memset(scalars, 0, 1000 * sizeof *scalars);
    ed_msm(&r, points, scalars, 1000);
    CHECK(ed_is_identity(&r));
    mem_free(points);
    mem_free(scalars);
}

TEST(secret_multiplications)
{
    static const uint8_t identity[32] = {1};
    for (int i = 0; i < 20; i++) {
        struct ed_scalar s = scalar_case(i), drawn = ed_secret_scalar();
        struct ed_point p = i == 9 ? ED_IDENTITY : random_point(), r;
        uint8_t p32[32], own[32], expected[32], back[32];
        ed_encode(p32, &p);
        ed_mul(&r, &p, &s);
        ed_encode(expected, &r);
        ed_secret_mul(own, p32, &s);
        CHECK(memcmp(own, expected, 32) == 0);
        ed_mul(&r, &ED_BASE, &s);
        ed_encode(expected, &r);
        ed_secret_base_mul(own, &s);
        CHECK(memcmp(own, expected, 32) == 0);
        ed_encoded_add(back, own, identity);
        CHECK(memcmp(own, back, 32) == 0);
        ed_scalar_to_be32(back, &drawn);
        struct ed_scalar again;
        CHECK(ed_scalar_from_be32(&again, back));
        CHECK(!ed_scalar_is_zero(&drawn));
        ed_secret_wipe(&drawn, sizeof drawn);
        CHECK(ed_scalar_is_zero(&drawn));
    }
}

static bool point_of_hex(struct ed_point *out, const struct json *hex)
{
    uint8_t be[32], le[32];
    const char *text = json_text(hex);
    if (text == NULL || hex_decode(be, 32, text, strlen(text)) != E_OK)
        return false;
    for (int i = 0; i < 32; i++)
        le[i] = be[31 - i];
    return ed_decode_prime(out, le);
}

TEST(known_answers_of_belenios)
{
    const char *path = test_data("voting/vectors.json");
    if (path == NULL)
        SKIP("voting/vectors.json of the test data is not there");
    struct json *j;
    struct diag d = {0};
    struct ed_point a, b, sum, p;
    REQUIRE(json_parse_file(&j, path, &d) == E_OK);
    const struct json *points = json_get(j, "points");
    CHECK(json_count(points) > 3);
    for (const struct json *v = json_first(points); v != NULL; v = json_next(v)) {
        struct ed_scalar s;
        const char *text = json_text(json_get(v, "scalar"));
        REQUIRE(ed_scalar_from_decimal(&s, text, strlen(text)));
        REQUIRE(point_of_hex(&p, json_get(v, "hex")));
        ed_table_mul(&sum, ed_table_base(), &s);
        CHECK(ed_eq(&sum, &p));
    }
    test_count(json_count(points));
    const struct json *v = json_get(j, "point_sum");
    REQUIRE(point_of_hex(&a, json_get(v, "a")));
    REQUIRE(point_of_hex(&b, json_get(v, "b")));
    REQUIRE(point_of_hex(&p, json_get(v, "a_plus_b")));
    ed_add(&sum, &a, &b);
    CHECK(ed_eq(&sum, &p));
    uint8_t le32[32];
    const char *text = json_text(json_get(j, "order8_point_libsodium_order_hex"));
    REQUIRE(hex_decode(le32, 32, text, strlen(text)) == E_OK);
    CHECK(ed_decode(&p, le32));
    CHECK(!ed_decode_prime(&p, le32));
    json_free(j);
}
