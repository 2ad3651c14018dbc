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

/* ---- against arithmetic bit by bit ----
 *
 * A number of 512 bits as eight limbs; sums and doublings only, so that nothing of what is tested
 * is used to test it. */

struct wide {
    uint64_t w[8];
};

static struct wide wide_of(struct u256 a)
{
    return (struct wide){{a.w[0], a.w[1], a.w[2], a.w[3], 0, 0, 0, 0}};
}

static bool wide_bit(const struct wide *a, unsigned i)
{
    return a->w[i / 64] >> (i % 64) & 1;
}

/* a + a + bit; the highest bit is lost */
static void wide_double(struct wide *a, bool bit)
{
    for (unsigned i = 8; i-- > 0;)
        a->w[i] = a->w[i] << 1 | (i ? a->w[i - 1] >> 63 : bit);
}

static void wide_add(struct wide *a, const struct wide *b)
{
    uint128 t = 0;
    for (unsigned i = 0; i < 8; i++) {
        t = (t >> 64) + a->w[i] + b->w[i];
        a->w[i] = (uint64_t)t;
    }
}

static bool wide_below(const struct wide *a, const struct wide *b)
{
    for (unsigned i = 8; i-- > 0;)
        if (a->w[i] != b->w[i])
            return a->w[i] < b->w[i];
    return false;
}

static void wide_sub(struct wide *a, const struct wide *b)
{
    struct wide minus, one = {{1}};
    for (unsigned i = 0; i < 8; i++)
        minus.w[i] = ~b->w[i];
    wide_add(&minus, &one);
    wide_add(a, &minus);
}

static struct wide wide_mul(struct u256 a, struct u256 b)
{
    struct wide product = {{0}}, factor = wide_of(a), bits = wide_of(b);
    for (unsigned i = 256; i-- > 0;) {
        wide_double(&product, 0);
        if (wide_bit(&bits, i))
            wide_add(&product, &factor);
    }
    return product;
}

/* quotient and rest of n / d, 0 for d = 0; the quotient modulo 2^256 */
static struct u256 wide_divide(struct u256 *rest, const struct wide *n, struct u256 d)
{
    struct wide r = {{0}}, q = {{0}}, divisor = wide_of(d);
    for (unsigned i = 512; i-- > 0 && !u256_is_zero(d);) {
        wide_double(&r, wide_bit(n, i));
        bool take = !wide_below(&r, &divisor);
        if (take)
            wide_sub(&r, &divisor);
        wide_double(&q, take);
    }
    *rest = (struct u256){{r.w[0], r.w[1], r.w[2], r.w[3]}};
    return (struct u256){{q.w[0], q.w[1], q.w[2], q.w[3]}};
}

static struct u256 low_half(const struct wide *a)
{
    return (struct u256){{a->w[0], a->w[1], a->w[2], a->w[3]}};
}

/* Limbs at which guessed digits and carries go wrong. */
static struct u256 edge_u256(void)
{
    static const uint64_t limbs[] = {0, 1, 2, 1ULL << 63, ~0ULL, ~0ULL >> 1, ~0ULL - 1, 1ULL << 32};
    struct u256 v = U256_ZERO;
    for (unsigned i = 0, n = 1 + (unsigned)(test_random() % 4); i < n; i++)
        v.w[i] = test_random() % 3 ? limbs[test_random() % 8] : test_random();
    return v;
}

/* A dividend whose quotient by b has digits at the edge and whose rest is near 0 or b. */
static struct u256 near_multiple(struct u256 b)
{
    struct wide product = wide_mul(b, edge_u256());
    struct u256 v = low_half(&product);
    switch (test_random() % 3) {
    case 0:
        return u256_add_wrap(v, u256_sub_wrap(b, u256_from_u64(1)));
    case 1:
        return u256_sub_wrap(v, u256_from_u64(1));
    default:
        return v;
    }
}

static struct u256 any_u256(void)
{
    return test_random() % 2 ? edge_u256() : random_u256();
}

static struct u256 sized(struct u256 a)
{
    return u256_is_negative(a) ? u256_neg(a) : a;
}

TEST(u256_mul_and_carries)
{
    for (int i = 0; i < 20000; i++) {
        struct u256 a = any_u256(), b = any_u256(), r;
        struct wide product = wide_mul(a, b), sum = wide_of(a), addend = wide_of(b);
        REQUIRE(u256_eq(u256_mul_wrap(a, b), low_half(&product)));
        bool high = product.w[4] || product.w[5] || product.w[6] || product.w[7];
        REQUIRE(u256_mul(&r, a, b) == high && u256_eq(r, low_half(&product)));
        wide_add(&sum, &addend);
        REQUIRE(u256_add(&r, a, b) == (sum.w[4] == 1) && u256_eq(r, low_half(&sum)));
        REQUIRE(u256_eq(u256_add_wrap(a, b), r));
        REQUIRE(u256_eq(u256_sub_wrap(r, b), a));
        REQUIRE(u256_is_zero(u256_add_wrap(a, u256_neg(a))));
        REQUIRE(u256_eq(u256_not(a), u256_sub_wrap(U256_MAX, a)));
    }
}

TEST(u256_order)
{
    for (int i = 0; i < 100000; i++) {
        struct u256 a = any_u256(), b = test_random() % 4 ? any_u256() : a;
        struct wide x = wide_of(a), y = wide_of(b);
        REQUIRE(u256_lt(a, b) == wide_below(&x, &y) && u256_gt(a, b) == wide_below(&y, &x));
        bool a_below =
            u256_is_negative(a) != u256_is_negative(b) ? u256_is_negative(a) : wide_below(&x, &y);
        REQUIRE(u256_slt(a, b) == a_below);
        REQUIRE(u256_sgt(a, b) == (!a_below && !u256_eq(a, b)));
    }
}

TEST(u256_division)
{
    for (int i = 0; i < 60000; i++) {
        struct u256 b = any_u256(), a = test_random() % 2 ? any_u256() : near_multiple(b), q, r;
        struct wide n = wide_of(a);
        struct u256 rest, quotient = wide_divide(&rest, &n, b);
        u256_divmod(&q, &r, a, b);
        REQUIRE(u256_eq(q, quotient) && u256_eq(r, rest));
        u256_div(&q, &a, &b);
        u256_mod(&r, &a, &b);
        REQUIRE(u256_eq(q, quotient) && u256_eq(r, rest));
    }
}

TEST(u256_signed_division)
{
    for (int i = 0; i < 60000; i++) {
        struct u256 b = any_u256(), a = test_random() % 2 ? any_u256() : near_multiple(b), q, r;
        struct wide n = wide_of(sized(a));
        struct u256 rest, quotient = wide_divide(&rest, &n, sized(b));
        if (u256_is_negative(a) != u256_is_negative(b))
            quotient = u256_neg(quotient);
        if (u256_is_negative(a))
            rest = u256_neg(rest);
        u256_sdiv(&q, &a, &b);
        u256_smod(&r, &a, &b);
        REQUIRE(u256_eq(q, quotient) && u256_eq(r, rest));
    }
    struct u256 least = {{0, 0, 0, 1ULL << 63}}, minus_one = U256_MAX, q, r;
    u256_sdiv(&q, &least, &minus_one);
    u256_smod(&r, &least, &minus_one);
    CHECK(u256_eq(q, least) && u256_is_zero(r));
}

TEST(u256_addmod_of_the_whole_sum)
{
    for (int i = 0; i < 40000; i++) {
        struct u256 a = any_u256(), b = any_u256(), m = any_u256(), r, rest;
        if (test_random() % 2) { /* operands below, the usual case */
            u256_mod(&a, &a, &m);
            u256_mod(&b, &b, &m);
        }
        struct wide sum = wide_of(a), addend = wide_of(b);
        wide_add(&sum, &addend);
        wide_divide(&rest, &sum, m);
        u256_addmod(&r, &a, &b, &m);
        REQUIRE(u256_eq(r, rest));
    }
}

TEST(u256_mulmod_with_and_without_reciprocal)
{
    struct u256_reciprocal cache = {0};
    unsigned computed = 0;
    for (int i = 0; i < 10000; i++) {
        struct u256 m = test_random() % 16 ? any_u256() : U256_MAX;
        for (int times = 0; times < 4; times++) {
            struct u256 a = any_u256(), b = test_random() % 2 ? any_u256() : near_multiple(m), r;
            struct wide product = wide_mul(a, b);
            struct u256 rest;
            wide_divide(&rest, &product, m);
            u256_mulmod(&r, &a, &b, &m, NULL);
            REQUIRE(u256_eq(r, rest));
            u256_mulmod(&r, &a, &b, &m, &cache);
            REQUIRE(u256_eq(r, rest));
            computed += cache.ready;
        }
    }
    CHECK(computed > 10000);
}

TEST(u256_exp)
{
    for (int i = 0; i < 3000; i++) {
        struct u256 base = any_u256(), exponent = any_u256(), r, power = u256_from_u64(1);
        if (test_random() % 4 == 0)
            base = u256_shl_bits(u256_from_u64(1), (unsigned)(test_random() % 256));
        if (test_random() % 2)
            exponent = u256_from_u64(test_random() % 300);
        struct wide bits = wide_of(exponent);
        for (unsigned k = 256; k-- > 0;) {
            power = u256_mul_wrap(power, power);
            if (wide_bit(&bits, k))
                power = u256_mul_wrap(power, base);
        }
        u256_exp(&r, &base, &exponent);
        REQUIRE(u256_eq(r, power));
    }
    struct u256 zero = U256_ZERO, one;
    u256_exp(&one, &zero, &zero);
    CHECK(u256_eq(one, u256_from_u64(1)));
}

/* Bit i of the result is bit i - by (left) or i + by (right) of the value. */
TEST(u256_shifts_bit_by_bit)
{
    for (int i = 0; i < 20000; i++) {
        struct u256 v = any_u256();
        unsigned by = (unsigned)(test_random() % 300);
        struct wide x = wide_of(v), left = {{0}}, right = {{0}}, arithmetic = {{0}};
        for (unsigned k = 0; k < 256; k++) {
            uint64_t bit = 1ULL << k % 64;
            if (k >= by && wide_bit(&x, k - by))
                left.w[k / 64] |= bit;
            if (k + by < 256 && wide_bit(&x, k + by))
                right.w[k / 64] |= bit;
            if (k + by < 256 ? wide_bit(&x, k + by) : u256_is_negative(v))
                arithmetic.w[k / 64] |= bit;
        }
        REQUIRE(u256_eq(u256_shl_bits(v, by), low_half(&left)));
        REQUIRE(u256_eq(u256_shr_bits(v, by), low_half(&right)));
        REQUIRE(u256_eq(u256_sar_bits(v, by), low_half(&arithmetic)));
        struct u256 word = u256_from_u64(by), huge = word;
        REQUIRE(u256_eq(u256_shl(v, word), low_half(&left)));
        REQUIRE(u256_eq(u256_shr(v, word), low_half(&right)));
        REQUIRE(u256_eq(u256_sar(v, word), low_half(&arithmetic)));
        huge.w[1 + test_random() % 3] = 1 + test_random() % 7;
        REQUIRE(u256_is_zero(u256_shl(v, huge)) && u256_is_zero(u256_shr(v, huge)));
        REQUIRE(u256_eq(u256_sar(v, huge), u256_is_negative(v) ? U256_MAX : U256_ZERO));
    }
}

TEST(u256_bytes_of_a_word)
{
    for (int i = 0; i < 50000; i++) {
        struct u256 v = any_u256(), huge = U256_ZERO;
        unsigned at = (unsigned)(test_random() % 40);
        uint8_t be[32], extended[32];
        u256_to_be(be, v);
        REQUIRE(u256_byte(v, u256_from_u64(at)) == (at < 32 ? be[at] : 0));
        memcpy(extended, be, 32);
        if (at < 31) /* byte 31 - at holds the sign, what is before it is filled with it */
            memset(extended, be[31 - at] & 0x80 ? 0xff : 0, 31 - at);
        REQUIRE(u256_eq(u256_signextend(v, u256_from_u64(at)), u256_from_be(extended)));
        huge.w[1 + test_random() % 3] = 1 + test_random() % 7;
        REQUIRE(u256_byte(v, huge) == 0 && u256_eq(u256_signextend(v, huge), v));
        REQUIRE(u256_clz(v) == 256 - u256_bit_len(v));
    }
    CHECK_INT(u256_clz(U256_ZERO), 256);
    CHECK_INT(u256_clz(U256_MAX), 0);
}

TEST(u256_bitwise)
{
    for (int i = 0; i < 20000; i++) {
        struct u256 a = any_u256(), b = any_u256(), copy;
        struct u256 both = u256_and(a, b), either = u256_or(a, b), one = u256_xor(a, b);
        REQUIRE(u256_eq(u256_add_wrap(both, either), u256_add_wrap(a, b)));
        REQUIRE(u256_eq(u256_sub_wrap(either, both), one) && u256_eq(u256_xor(one, b), a));
        REQUIRE(u256_eq(u256_not(u256_or(a, b)), u256_and(u256_not(a), u256_not(b))));
        u256_copy(&copy, &a);
        REQUIRE(u256_eq(copy, a) && u256_eq(u256_load(&a), a));
        u256_store(&copy, b);
        REQUIRE(u256_eq(copy, b));
    }
}

TEST(u256_long_operations_in_place)
{
    struct u256_reciprocal cache = {0};
    for (int i = 0; i < 2000; i++) {
        struct u256 a = any_u256(), b = any_u256(), m = any_u256(), r, x;
        x = a, u256_div(&r, &a, &b), u256_div(&x, &x, &b);
        REQUIRE(u256_eq(x, r));
        x = b, u256_mod(&r, &a, &b), u256_mod(&x, &a, &x);
        REQUIRE(u256_eq(x, r));
        x = b, u256_sdiv(&r, &a, &b), u256_sdiv(&x, &a, &x);
        REQUIRE(u256_eq(x, r));
        x = a, u256_smod(&r, &a, &b), u256_smod(&x, &x, &b);
        REQUIRE(u256_eq(x, r));
        x = m, u256_addmod(&r, &a, &b, &m), u256_addmod(&x, &a, &b, &x);
        REQUIRE(u256_eq(x, r));
        x = m, u256_mulmod(&r, &a, &b, &m, &cache), u256_mulmod(&x, &a, &b, &x, &cache);
        REQUIRE(u256_eq(x, r));
        x = b, u256_exp(&r, &a, &b), u256_exp(&x, &a, &x);
        REQUIRE(u256_eq(x, r));
    }
}
