#include "test.h"

#include "base/u256.h"

/* A number with a random length and runs of zeros and ones: where carries go wrong. */
static struct u256 random_u256(void)
{
    struct u256 v;
    for (int i = 0; i < 4; i++) {
        uint64_t kind = test_random() % 8;
        v.w[i] = kind == 0 ? 0 : kind == 1 ? ~0ULL : kind == 2 ? 1ULL << 63 : test_random();
    }
    for (unsigned limbs = (unsigned)(test_random() % 5); limbs < 4; limbs++)
        v.w[limbs] = 0;
    if (test_random() % 4 == 0)
        v.w[0] >>= test_random() % 64;
    return v;
}

static uint128 low128(struct u256 v)
{
    return (uint128)v.w[1] << 64 | v.w[0];
}

static struct u256 of128(uint128 v)
{
    return (struct u256){{(uint64_t)v, (uint64_t)(v >> 64), 0, 0}};
}

static uint128 random_u128(void)
{
    return low128(random_u256());
}

TEST(u256_against_the_compilers_128_bits)
{
    for (int i = 0; i < 200000; i++) {
        uint128 a = random_u128(), b = random_u128();
        struct u256 r, q;
        bool carry = u256_add(&r, of128(a), of128(b));
        REQUIRE(!carry && low128(r) == (uint128)(a + b) && r.w[2] == (a + b < a) && !r.w[3]);
        bool borrow = u256_sub(&r, of128(a), of128(b));
        REQUIRE(borrow == (a < b) && low128(r) == (uint128)(a - b));
        REQUIRE(r.w[3] == (a < b ? ~0ULL : 0));
        bool overflow = u256_mul(&r, of128(a), of128(b));
        REQUIRE(!overflow && low128(r) == (uint128)(a * b));
        u256_divmod(&q, &r, of128(a), of128(b));
        REQUIRE(u256_eq(q, of128(b ? a / b : 0)) && u256_eq(r, of128(b ? a % b : 0)));
        REQUIRE(u256_cmp(of128(a), of128(b)) == (a > b) - (a < b));
    }
}

TEST(u256_identities)
{
    for (int i = 0; i < 200000; i++) {
        struct u256 a = random_u256(), b = random_u256(), c = random_u256(), q, r, x, y, z;
        bool carry = u256_add(&x, a, b);
        REQUIRE(u256_sub(&y, x, b) == carry && u256_eq(y, a));
        REQUIRE(carry == (u256_cmp(x, a) < 0));
        u256_divmod(&q, &r, a, b);
        if (u256_is_zero(b)) {
            REQUIRE(u256_is_zero(q) && u256_is_zero(r));
        } else {
            REQUIRE(u256_cmp(r, b) < 0);
            REQUIRE(!u256_mul(&x, q, b) && !u256_add(&x, x, r) && u256_eq(x, a));
        }
        u256_add(&x, a, b); /* (a + b) c = a c + b c, modulo 2^256 */
        u256_mul(&x, x, c);
        u256_mul(&y, a, c);
        u256_mul(&z, b, c);
        u256_add(&y, y, z);
        REQUIRE(u256_eq(x, y));
        bool overflow = u256_mul(&x, a, b); /* a b / b = a exactly when a b fits */
        u256_divmod(&q, &r, x, b);
        if (!u256_is_zero(b) && !overflow)
            REQUIRE(u256_eq(q, a) && u256_is_zero(r));
        if (overflow)
            REQUIRE(u256_bit_len(a) + u256_bit_len(b) > 256);
        else
            REQUIRE(u256_bit_len(a) + u256_bit_len(b) <= 257);
    }
}

TEST(u256_division_with_one_output)
{
    struct u256 q, r;
    u256_divmod(&q, NULL, u256_from_u64(17), u256_from_u64(5));
    u256_divmod(NULL, &r, u256_from_u64(17), u256_from_u64(5));
    CHECK_INT(q.w[0], 3);
    CHECK_INT(r.w[0], 2);
}

TEST(u256_aliased_outputs)
{
    struct u256 a = U256_MAX;
    CHECK(u256_add(&a, a, u256_from_u64(1)) && u256_is_zero(a));
    CHECK(u256_sub(&a, a, u256_from_u64(1)) && u256_eq(a, U256_MAX));
    CHECK(u256_mul(&a, a, a) && u256_eq(a, u256_from_u64(1)));
    struct u256 b = u256_from_u64(7);
    a = u256_from_u64(50);
    u256_divmod(&a, &b, a, b);
    CHECK(a.w[0] == 7 && b.w[0] == 1);
}

TEST(u256_bytes)
{
    uint8_t be[32], min[32];
    for (int i = 0; i < 20000; i++) {
        struct u256 v = random_u256();
        u256_to_be(be, v);
        REQUIRE(u256_eq(u256_from_be(be), v));
        size_t len = u256_to_be_min(min, v);
        REQUIRE(len == (u256_bit_len(v) + 7) / 8 && (len == 0 || min[0] != 0));
        REQUIRE(u256_eq(u256_from_be_min(bytes_of(min, len)), v));
    }
    CHECK_INT(u256_bit_len(U256_ZERO), 0);
    CHECK_INT(u256_bit_len(U256_MAX), 256);
    CHECK_INT(u256_to_be_min(min, U256_ZERO), 0);
    CHECK(u256_fits_u64(u256_from_u64(~0ULL)) && !u256_fits_u64(U256_MAX));
}

TEST(u256_text_round_trip)
{
    char text[160];
    for (int i = 0; i < 20000; i++) {
        struct u256 v = random_u256(), back;
        u256_dec(text, v);
        REQUIRE(u256_parse(&back, text) == E_OK && u256_eq(back, v));
        unsigned decimals = (unsigned)(test_random() % 78);
        u256_units(text, v, decimals, (unsigned)(test_random() % (decimals + 1)));
        REQUIRE(u256_parse_units(&back, text, decimals) == E_OK && u256_eq(back, v));
    }
}

#define MAX_DEC "115792089237316195423570985008687907853269984665640564039457584007913129639935"
#define MAX_PLUS_1 "115792089237316195423570985008687907853269984665640564039457584007913129639936"

TEST(u256_parse_forms)
{
    struct u256 v = u256_from_u64(9);
    CHECK_ERR(u256_parse(&v, MAX_DEC), E_OK);
    CHECK(u256_eq(v, U256_MAX));
    CHECK_ERR(u256_parse(&v, "0xfFfF"), E_OK);
    CHECK_INT(v.w[0], 65535);
    CHECK_ERR(u256_parse(&v, "007"), E_OK);
    CHECK_INT(v.w[0], 7);
    CHECK_ERR(u256_parse(&v, MAX_PLUS_1), E_RANGE);
    CHECK_ERR(u256_parse(&v, "0x1"
                             "0000000000000000000000000000000000000000000000000000000000000000"),
              E_RANGE);
    static const char *const bad[] = {"", "0x", "-1", "+1", " 1", "1 ", "1a", "0xg", "1.0", "0X1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(u256_parse(&v, bad[i]), E_INVALID);
    CHECK_INT(v.w[0], 7); /* untouched by errors */
}

TEST(u256_units_forms)
{
    struct u256 v;
    char text[160];
    CHECK_ERR(u256_parse_units(&v, "12.5", 18), E_OK);
    u256_dec(text, v);
    CHECK_STR(text, "12500000000000000000");
    u256_units(text, v, 18, 0);
    CHECK_STR(text, "12.5");
    u256_units(text, v, 18, 2);
    CHECK_STR(text, "12.50");
    u256_units(text, U256_ZERO, 18, 0);
    CHECK_STR(text, "0");
    u256_units(text, U256_ZERO, 2, 2);
    CHECK_STR(text, "0.00");
    u256_units(text, u256_from_u64(1), 18, 0);
    CHECK_STR(text, "0.000000000000000001");
    u256_units(text, u256_from_u64(1200), 0, 0);
    CHECK_STR(text, "1200");
    u256_units(text, U256_MAX, 77, 0);
    CHECK_STR(text,
              "1.15792089237316195423570985008687907853269984665640564039457584007913129639935");
    static const char *const bad[] = {"",   ".",   ".5",  "5.",    "1.2.3",
                                      "-1", "1e3", "1,5", "0.001", "0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(u256_parse_units(&v, bad[i], 2), E_INVALID);
    CHECK_ERR(u256_parse_units(&v, MAX_DEC, 0), E_OK);
    CHECK_ERR(u256_parse_units(&v, MAX_DEC, 1), E_RANGE);
}
