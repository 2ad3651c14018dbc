/* Numbers modulo q, against GMP and libsodium. */
#include <gmp.h>
#include <sodium.h>

#include "crypto/edwards/edwards.h"
#include "test.h"

static const char *const Q_TEXT =
    "7237005577332262213973186563042994240857116359379907606001950938285454250989";

static void random_be(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(test_random() >> 24);
}

/* One in four is at an edge: near 0 or near q. */
static struct ed_scalar random_scalar(void)
{
    struct ed_scalar s, near = ed_scalar_of(test_random() % 4);
    uint8_t be64[64];
    switch (test_random() % 8) {
    case 0:
        return near;
    case 1:
        return ed_scalar_sub(ED_ZERO, near);
    default:
        random_be(be64, sizeof be64);
        ed_scalar_reduce(&s, be64, sizeof be64);
        return s;
    }
}

static void to_mpz(mpz_t out, const struct ed_scalar *s)
{
    mpz_import(out, 4, -1, 8, 0, 0, s->limb);
}

static bool is_mpz(const struct ed_scalar *s, const mpz_t expected)
{
    mpz_t own;
    mpz_init(own);
    to_mpz(own, s);
    bool same = mpz_cmp(own, expected) == 0;
    mpz_clear(own);
    return same;
}

TEST(scalar_add_sub_mul_inverse_as_gmp)
{
    mpz_t q, x, y, z;
    mpz_inits(x, y, z, NULL);
    mpz_init_set_str(q, Q_TEXT, 10);
    for (int i = 0; i < 2000; i++) {
        struct ed_scalar a = random_scalar(), b = random_scalar();
        to_mpz(x, &a);
        to_mpz(y, &b);
        mpz_add(z, x, y);
        mpz_mod(z, z, q);
        struct ed_scalar r = ed_scalar_add(a, b);
        CHECK(is_mpz(&r, z));
        mpz_sub(z, x, y);
        mpz_mod(z, z, q);
        r = ed_scalar_sub(a, b);
        CHECK(is_mpz(&r, z));
        mpz_mul(z, x, y);
        mpz_mod(z, z, q);
        r = ed_scalar_mul(a, b);
        CHECK(is_mpz(&r, z));
        if (i < 50 && !ed_scalar_is_zero(&a)) {
            r = ed_scalar_inverse(a);
            r = ed_scalar_mul(r, a);
            CHECK(ed_scalar_eq(&r, &ED_ONE));
        }
    }
    struct ed_scalar zero = ed_scalar_inverse(ED_ZERO);
    CHECK(ed_scalar_is_zero(&zero));
    mpz_clears(q, x, y, z, NULL);
}

TEST(scalar_reduce_as_libsodium)
{
    uint8_t be[64] = {0}, le[64], expected[32], own[32];
    for (int i = 0; i < 2000; i++) {
        size_t len = i < 65 ? (size_t)i : 64;
        random_be(be, len);
        if (i == 64)
            memset(be, 0xff, sizeof be);
        memset(le, 0, sizeof le);
        for (size_t j = 0; j < len; j++)
            le[j] = be[len - 1 - j];
        struct ed_scalar s;
        ed_scalar_reduce(&s, be, len);
        ed_scalar_to_le32(own, &s);
        crypto_core_ed25519_scalar_reduce(expected, le);
        CHECK(memcmp(own, expected, sizeof own) == 0);
    }
}

TEST(scalar_bytes_only_below_q)
{
    static const uint8_t q[32] = {0x10, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                                  0,    0,    0,    0,    0,    0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7,
                                  0x9c, 0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed};
    uint8_t be[32], back[32];
    struct ed_scalar s = ED_ONE;
    CHECK(!ed_scalar_from_be32(&s, q));
    memset(be, 0xff, sizeof be);
    CHECK(!ed_scalar_from_be32(&s, be));
    CHECK(ed_scalar_eq(&s, &ED_ONE));
    memcpy(be, q, sizeof be);
    be[31]--;
    REQUIRE(ed_scalar_from_be32(&s, be));
    ed_scalar_to_be32(back, &s);
    CHECK(memcmp(be, back, sizeof be) == 0);
    s = ed_scalar_add(s, ED_ONE);
    CHECK(ed_scalar_is_zero(&s));
    ed_scalar_reduce(&s, q, sizeof q);
    CHECK(ed_scalar_is_zero(&s));
}

TEST(scalar_decimal)
{
    char text[ED_SCALAR_DECIMAL_MAX + 1];
    struct ed_scalar s, back;
    CHECK_INT(ed_scalar_to_decimal(text, &ED_ZERO), 1);
    CHECK_STR(text, "0");
    s = ed_scalar_sub(ED_ZERO, ED_ONE);
    CHECK_INT(ed_scalar_to_decimal(text, &s), ED_SCALAR_DECIMAL_MAX);
    CHECK_STR(text, "7237005577332262213973186563042994240857116359379907606001950938285454250988");
    mpz_t x;
    mpz_init(x);
    for (int i = 0; i < 500; i++) {
        s = random_scalar();
        if (i < 252) { /* every length */
            s = ED_ONE;
            for (int j = 0; j < i; j++)
                s = ed_scalar_add(s, s);
        }
        size_t len = ed_scalar_to_decimal(text, &s);
        CHECK_INT(len, strlen(text));
        to_mpz(x, &s);
        char *expected = mpz_get_str(NULL, 10, x);
        CHECK_STR(text, expected);
        void (*release)(void *, size_t);
        mp_get_memory_functions(NULL, NULL, &release);
        release(expected, strlen(expected) + 1);
        REQUIRE(ed_scalar_from_decimal(&back, text, len));
        CHECK(ed_scalar_eq(&back, &s));
    }
    mpz_clear(x);
}

TEST(scalar_decimal_refused)
{
    static const char *const texts[] = {
        "",
        "00",
        "01",
        "-1",
        "+1",
        " 1",
        "1 ",
        "0x1",
        "1a",
        "a",
        "/",
        ":",
        "7237005577332262213973186563042994240857116359379907606001950938285454250989",
        "9999999999999999999999999999999999999999999999999999999999999999999999999999",
        "10000000000000000000000000000000000000000000000000000000000000000000000000000",
        "115792089237316195423570985008687907853269984665640564039457584007913129639937",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ed_scalar s = ED_ONE;
        CHECK(!ed_scalar_from_decimal(&s, texts[i], strlen(texts[i])));
        CHECK(ed_scalar_eq(&s, &ED_ONE));
    }
    struct ed_scalar s;
    REQUIRE(ed_scalar_from_decimal(&s, "12x", 2)); /* what lies behind len is not read */
    s = ed_scalar_sub(s, ed_scalar_of(12));
    CHECK(ed_scalar_is_zero(&s));
}
