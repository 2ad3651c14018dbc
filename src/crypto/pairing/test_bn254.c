/* BN254 through its public functions: group laws, bilinearity, encodings, and the variants against
 * each other. */
#include "crypto/pairing/bn254.h"
#include "crypto/pairing/variants.h"
#include "test.h"

#define PAIR_BYTES (BN254_G1_BYTES + BN254_G2_BYTES)

static const uint8_t G1[BN254_G1_BYTES] = {[31] = 1, [63] = 2};
static const uint8_t INFINITY_G1[BN254_G1_BYTES];

/* The generator of G2 (EIP-197), twice that, and a point of the twist outside the subgroup. */
static const char *const G2 = "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
                              "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
                              "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
                              "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";
static const char *const G2_TWICE =
    "203e205db4f19b37b60121b83a7333706db86431c6d835849957ed8c3928ad79"
    "27dc7234fd11d3e8c36c59277c3e6f149d5cd3cfa9a62aee49f8130962b4b3b9"
    "195e8aa5b7827463722b8c153931579d3505566b4edf48d498e185f0509de152"
    "04bb53b8977e5f92a0bc372742c4830944a59b4fe6b1c0466e2a6dad122b5d2e";
static const char *const G2_OUTSIDE =
    "0000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000001"
    "0d1271953ed9ea0836846e70a1934187998c7f790cb4d7511b7f8da82de048a4"
    "2869111d5381f072f8e2728fdb825a51aadd70e52c9830e9ab4b871c0531f1bb";
static const char *const MODULUS =
    "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";
static const char *const ORDER = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";

static void hex(uint8_t *out, size_t len, const char *digits)
{
    CHECK(hex_decode(out, len, digits, 2 * len) == E_OK);
}

static void random_bytes(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(test_random() >> 24);
}

static void scalar_of(uint8_t out[32], uint64_t value)
{
    memset(out, 0, 32);
    be64_put(out + 24, value);
}

static void random_point(uint8_t out[BN254_G1_BYTES])
{
    uint8_t k[32];
    random_bytes(k, sizeof k);
    CHECK(bn254_mul(out, G1, k));
}

/* out = a + b on 256-bit numbers, the carry lost */
static void add_256(uint8_t out[32], const uint8_t a[32], const uint8_t b[32])
{
    unsigned carry = 0;
    for (int i = 31; i >= 0; i--) {
        carry += (unsigned)a[i] + b[i];
        out[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* The point -p: p - y in place of y. */
static void negative(uint8_t out[BN254_G1_BYTES], const uint8_t p[BN254_G1_BYTES])
{
    uint8_t modulus[32], complement[32], one[32];
    hex(modulus, 32, MODULUS);
    for (int i = 0; i < 32; i++)
        complement[i] = (uint8_t)~p[32 + i];
    scalar_of(one, 1);
    add_256(complement, complement, one);
    memcpy(out, p, 32);
    add_256(out + 32, modulus, complement);
}

TEST(bn254_known_multiples)
{
    uint8_t k[32], out[64], want[64];
    hex(want, 64,
        "030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3"
        "15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4"); /* 2 (1, 2) */
    scalar_of(k, 2);
    CHECK(bn254_mul(out, G1, k) && memcmp(out, want, 64) == 0);
    CHECK(bn254_add(out, G1, G1) && memcmp(out, want, 64) == 0);
    scalar_of(k, 1);
    CHECK(bn254_mul(out, want, k) && memcmp(out, want, 64) == 0);
    scalar_of(k, 0);
    CHECK(bn254_mul(out, want, k) && memcmp(out, INFINITY_G1, 64) == 0);
    CHECK(bn254_mul(out, INFINITY_G1, want) && memcmp(out, INFINITY_G1, 64) == 0);
    hex(k, 32, ORDER);
    CHECK(bn254_mul(out, want, k) && memcmp(out, INFINITY_G1, 64) == 0);
    k[31]--;
    CHECK(bn254_mul(out, want, k)); /* r - 1: the negative */
    CHECK(bn254_add(out, out, want) && memcmp(out, INFINITY_G1, 64) == 0);
    memset(k, 0xff, 32); /* 2^256 - 1 = 2^255 + (2^255 - 1) */
    uint8_t a[64], b[64], top[32] = {0x80}, rest[32];
    memset(rest, 0xff, 32);
    rest[0] = 0x7f;
    CHECK(bn254_mul(out, want, k) && bn254_mul(a, want, top) && bn254_mul(b, want, rest));
    CHECK(bn254_add(a, a, b) && memcmp(a, out, 64) == 0);
}

TEST(bn254_group_laws)
{
    for (int round = 0; round < 50; round++) {
        uint8_t p[64], q[64], r[64], s[64], t[64], a[32], b[32], ab[32];
        random_point(p);
        random_point(q);
        random_point(r);
        CHECK(bn254_add(s, p, q) && bn254_add(t, q, p) && memcmp(s, t, 64) == 0);
        CHECK(bn254_add(s, s, r) && bn254_add(t, q, r) && bn254_add(t, p, t));
        CHECK(memcmp(s, t, 64) == 0);
        CHECK(bn254_add(s, p, INFINITY_G1) && memcmp(s, p, 64) == 0);
        CHECK(bn254_add(s, INFINITY_G1, p) && memcmp(s, p, 64) == 0);
        negative(s, p);
        CHECK(bn254_add(s, s, p) && memcmp(s, INFINITY_G1, 64) == 0);
        random_bytes(a, 32);
        random_bytes(b, 32);
        a[0] &= 0x7f;
        b[0] &= 0x7f;
        add_256(ab, a, b); /* (a + b) P = a P + b P */
        CHECK(bn254_mul(s, p, a) && bn254_mul(t, p, b) && bn254_add(s, s, t));
        CHECK(bn254_mul(t, p, ab) && memcmp(s, t, 64) == 0);
        CHECK(bn254_mul(s, p, a) && bn254_mul(s, s, b)); /* a (b P) = b (a P), in place */
        CHECK(bn254_mul(t, p, b) && bn254_mul(t, t, a) && memcmp(s, t, 64) == 0);
    }
}

TEST(bn254_encodings_refused)
{
    uint8_t p[64], out[64], k[32] = {0};
    memcpy(p, G1, 64);
    p[63] = 3; /* not on the curve */
    CHECK(!bn254_add(out, p, G1) && !bn254_add(out, G1, p) && !bn254_mul(out, p, k));
    memset(p, 0, 64);
    p[63] = 1; /* x = 0 is no point */
    CHECK(!bn254_mul(out, p, k));
    hex(p, 32, MODULUS); /* x = p, the zero of another name */
    memset(p + 32, 0, 32);
    CHECK(!bn254_add(out, p, G1));
    memcpy(p, G1, 64);
    hex(p, 32, MODULUS);
    p[31]++; /* x = p + 1 */
    CHECK(!bn254_add(out, p, G1) && !bn254_mul(out, p, k));
    memcpy(p, G1, 64);
    hex(p + 32, 32, MODULUS);
    p[63] += 2; /* y = p + 2 */
    CHECK(!bn254_add(out, G1, p) && !bn254_mul(out, p, k));
    memset(p, 0xff, 64);
    CHECK(!bn254_add(out, p, p));
}

static void pair_set(uint8_t *pair, const uint8_t g1[BN254_G1_BYTES], const char *g2)
{
    memcpy(pair, g1, BN254_G1_BYTES);
    hex(pair + BN254_G1_BYTES, BN254_G2_BYTES, g2);
}

TEST(bn254_pairing_is_bilinear)
{
    uint8_t pairs[3 * PAIR_BYTES] = {0}, p[64], q[64], s[64], k[32];
    bool one = false;
    CHECK(bn254_pairing_check(&one, pairs, 0) && one);
    pair_set(pairs, G1, G2);
    CHECK(bn254_pairing_check(&one, pairs, 1) && !one); /* not degenerate */
    for (int round = 0; round < 5; round++) {
        random_point(p);
        random_point(q);
        CHECK(bn254_add(s, p, q));
        negative(s, s);
        pair_set(pairs, p, G2);
        pair_set(pairs + PAIR_BYTES, q, G2);
        pair_set(pairs + 2 * PAIR_BYTES, s, G2);
        CHECK(bn254_pairing_check(&one, pairs, 3) && one);
        CHECK(bn254_pairing_check(&one, pairs, 2) && !one);
        scalar_of(k, 2); /* e(2P, Q) = e(P, 2Q) */
        CHECK(bn254_mul(s, p, k));
        negative(q, p);
        pair_set(pairs, s, G2);
        pair_set(pairs + PAIR_BYTES, q, G2_TWICE);
        CHECK(bn254_pairing_check(&one, pairs, 2) && one);
        pair_set(pairs, p, G2);
        CHECK(bn254_pairing_check(&one, pairs, 2) && !one);
    }
}

/* More pairs than share one Miller loop, with points at infinity among them. */
TEST(bn254_pairing_of_many)
{
    enum { COUNT = 75 };
    static uint8_t pairs[COUNT * PAIR_BYTES];
    uint8_t sum[64] = {0}, p[64];
    bool one = false;
    for (int i = 0; i < COUNT - 1; i++) {
        random_point(p);
        if (i % 10 == 3)
            memset(p, 0, sizeof p);
        pair_set(pairs + i * PAIR_BYTES, p, G2);
        if (i % 10 == 7)
            memset(pairs + i * PAIR_BYTES + BN254_G1_BYTES, 0, BN254_G2_BYTES);
        else
            CHECK(bn254_add(sum, sum, p));
    }
    negative(sum, sum);
    pair_set(pairs + (COUNT - 1) * PAIR_BYTES, sum, G2);
    CHECK(bn254_pairing_check(&one, pairs, COUNT) && one);
    pair_set(pairs + (COUNT - 1) * PAIR_BYTES, p, G2);
    CHECK(bn254_pairing_check(&one, pairs, COUNT) && !one);
}

TEST(bn254_pairing_refuses)
{
    uint8_t pairs[2 * PAIR_BYTES];
    bool one = true;
    pair_set(pairs, G1, G2);
    pair_set(pairs + PAIR_BYTES, G1, G2_OUTSIDE); /* on the twist, not in the subgroup */
    CHECK(!bn254_pairing_check(&one, pairs, 2));
    pair_set(pairs + PAIR_BYTES, INFINITY_G1, G2_OUTSIDE); /* even beside infinity */
    CHECK(!bn254_pairing_check(&one, pairs, 2));
    pair_set(pairs + PAIR_BYTES, G1, G2);
    pairs[2 * PAIR_BYTES - 1] ^= 1; /* not on the twist */
    CHECK(!bn254_pairing_check(&one, pairs, 2));
    pair_set(pairs + PAIR_BYTES, G1, G2);
    pairs[PAIR_BYTES + 63] = 3; /* not on the curve */
    CHECK(!bn254_pairing_check(&one, pairs, 2));
    for (int i = 0; i < 4; i++) { /* a coordinate not below p */
        pair_set(pairs + PAIR_BYTES, G1, G2);
        memset(pairs + PAIR_BYTES + BN254_G1_BYTES + 32 * i, 0xff, 32);
        CHECK(!bn254_pairing_check(&one, pairs, 2));
    }
    pair_set(pairs + PAIR_BYTES, INFINITY_G1, G2);
    CHECK(bn254_pairing_check(&one, pairs, 2) && !one);
}

TEST(bn254_variants_agree)
{
#ifdef __x86_64__
    if (!pairing_has_adx())
        SKIP("no BMI2 and ADX");
    for (int round = 0; round < 200; round++) {
        uint8_t p[64], q[64], k[32], a[64], b[64];
        random_point(p);
        random_point(q);
        random_bytes(k, 32);
        memset(k, 0, (size_t)(round % 33)); /* of every length */
        CHECK(bn254_plain.add(a, p, q) && bn254_adx.add(b, p, q) && memcmp(a, b, 64) == 0);
        CHECK(bn254_plain.mul(a, p, k) && bn254_adx.mul(b, p, k) && memcmp(a, b, 64) == 0);
        p[test_random() % 64] ^= 1;
        bool plain = bn254_plain.add(a, p, q), adx = bn254_adx.add(b, p, q);
        CHECK(plain == adx && (!plain || memcmp(a, b, 64) == 0));
    }
#else
    SKIP("no variant beside the portable one");
#endif
}
