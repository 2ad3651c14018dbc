/* BLS12-381 through its public functions: group laws, sums, bilinearity, maps, encodings, KZG, and
 * the variants against each other. */
#include "base/mem.h"
#include "crypto/pairing/bls12_381.h"
#include "crypto/pairing/variants.h"
#include "test.h"

#define PAIR_BYTES (BLS_G1_BYTES + BLS_G2_BYTES)

static const char *const MODULUS =
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
    "1eabfffeb153ffffb9feffffffffaaab";
static const char *const ORDER = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";

/* What differs between G1 and G2. */
struct group {
    size_t bytes, field_bytes;
    bool (*add)(uint8_t *out, const uint8_t *a, const uint8_t *b);
    bool (*msm)(uint8_t *out, const uint8_t *pairs, size_t count);
    bool (*map)(uint8_t *out, const uint8_t *element);
};

static const struct group groups[2] = {
    {BLS_G1_BYTES, BLS_FP_BYTES, bls_g1_add, bls_g1_msm, bls_map_fp_to_g1},
    {BLS_G2_BYTES, 2 * BLS_FP_BYTES, bls_g2_add, bls_g2_msm, bls_map_fp2_to_g2},
};

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

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static void random_point(const struct group *g, uint8_t *out)
{
    uint8_t element[2 * BLS_FP_BYTES] = {0};
    for (size_t at = 0; at < g->field_bytes; at += BLS_FP_BYTES) /* below 2^376 */
        random_bytes(element + at + 17, 47);
    CHECK(g->map(out, element));
}

static bool multiply(const struct group *g, uint8_t *out, const uint8_t *point, const uint8_t k[32])
{
    uint8_t pair[BLS_G2_BYTES + 32];
    memcpy(pair, point, g->bytes);
    memcpy(pair + g->bytes, k, 32);
    return g->msm(out, pair, 1);
}

static void add_256(uint8_t out[32], const uint8_t a[32], const uint8_t b[32])
{
    unsigned carry = 0;
    for (int i = 31; i >= 0; i--) {
        carry += (unsigned)a[i] + b[i];
        out[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* The negative, as (r - 1) times the point. */
static void negative(const struct group *g, uint8_t *out, const uint8_t *point)
{
    uint8_t k[32];
    hex(k, 32, ORDER);
    k[31]--;
    CHECK(multiply(g, out, point, k));
}

TEST(bls_group_laws)
{
    for (int round = 0; round < 60; round++) {
        const struct group *g = &groups[round % 2];
        uint8_t p[256], q[256], r[256], s[256], t[256], zero[256] = {0}, a[32], b[32], ab[32];
        random_point(g, p);
        random_point(g, q);
        random_point(g, r);
        CHECK(g->add(s, p, q) && g->add(t, q, p) && memcmp(s, t, g->bytes) == 0);
        CHECK(g->add(s, s, r) && g->add(t, q, r) && g->add(t, p, t));
        CHECK(memcmp(s, t, g->bytes) == 0);
        CHECK(g->add(s, p, zero) && memcmp(s, p, g->bytes) == 0);
        CHECK(g->add(s, zero, p) && memcmp(s, p, g->bytes) == 0);
        CHECK(g->add(s, zero, zero) && is_zero(s, g->bytes));
        negative(g, s, p);
        CHECK(g->add(s, s, p) && is_zero(s, g->bytes));
        scalar_of(a, 2);
        CHECK(g->add(s, p, p) && multiply(g, t, p, a) && memcmp(s, t, g->bytes) == 0);
        random_bytes(a, 32);
        random_bytes(b, 32);
        a[0] &= 0x7f;
        b[0] &= 0x7f;
        add_256(ab, a, b);
        CHECK(multiply(g, s, p, a) && multiply(g, t, p, b) && g->add(s, s, t));
        CHECK(multiply(g, t, p, ab) && memcmp(s, t, g->bytes) == 0);
        hex(a, 32, ORDER);
        CHECK(multiply(g, s, p, a) && is_zero(s, g->bytes));
    }
}

/* Sums of every size about the changes of method, with zeros, equal and opposite points and scalars
 * at the edges, against one multiplication after another. */
TEST(bls_sums)
{
    static const size_t counts[] = {1, 2, 7, 8, 9, 16, 17, 64, 65, 66, 150};
    for (size_t round = 0; round < 2 * sizeof counts / sizeof *counts; round++) {
        const struct group *g = &groups[round % 2];
        size_t count = counts[round / 2], pair_bytes = g->bytes + 32;
        uint8_t *pairs = mem_alloc(count * pair_bytes), want[256] = {0}, one[256], got[256];
        for (size_t i = 0; i < count; i++) {
            uint8_t *at = pairs + i * pair_bytes, *k = at + g->bytes;
            random_point(g, at);
            random_bytes(k, 32);
            if (i % 9 == 1)
                memset(at, 0, g->bytes);
            if (i % 9 == 2)
                memcpy(at, at - 2 * pair_bytes, pair_bytes);
            if (i % 9 == 3)
                negative(g, at, at - pair_bytes);
            if (i % 9 == 4)
                memcpy(k, k - pair_bytes, 32);
            if (i % 9 == 5)
                hex(k, 32, ORDER);
            if (i % 9 == 6)
                memset(k, 0xff, 32);
            if (i % 9 == 7)
                scalar_of(k, test_random() % 3);
            CHECK(multiply(g, one, at, k) && g->add(want, want, one));
        }
        CHECK(g->msm(got, pairs, count) && memcmp(got, want, g->bytes) == 0);
        mem_free(pairs);
    }
}

TEST(bls_encodings_refused)
{
    for (int i = 0; i < 2; i++) {
        const struct group *g = &groups[i];
        uint8_t p[256], q[256], out[256], k[32] = {1};
        random_point(g, p);
        for (size_t at = 0; at < g->bytes; at += BLS_FP_BYTES) {
            memcpy(q, p, g->bytes);
            q[at + 15] = 1; /* the padding */
            CHECK(!g->add(out, p, q) && !g->add(out, q, p) && !multiply(g, out, q, k));
            memcpy(q, p, g->bytes);
            hex(q + at + 16, 48, MODULUS);
            CHECK(!g->add(out, p, q) && !multiply(g, out, q, k));
            memcpy(q, p, g->bytes);
            q[at + 63] ^= 1; /* another number: not on the curve */
            CHECK(!g->add(out, p, q) && !multiply(g, out, q, k));
        }
        uint8_t element[2 * BLS_FP_BYTES] = {0};
        for (size_t at = 0; at < g->field_bytes; at += BLS_FP_BYTES) {
            memset(element, 0, sizeof element);
            element[at] = 1;
            CHECK(!g->map(out, element));
            memset(element, 0, sizeof element);
            hex(element + at + 16, 48, MODULUS);
            CHECK(!g->map(out, element));
            element[at + 63]--; /* p - 1 is fine */
            CHECK(g->map(out, element));
        }
    }
}

/* Points of the curves outside the subgroups: (0, 2), of order 3, and ones with a small x. */
static const char *const OUTSIDE_G1[] = {
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0"
    "000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0"
    "000000000000000000000000000000002",
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0"
    "000000000000000000000000000000004"
    "000000000000000000000000000000000a989badd40d6212b33cffc3f3763e9bc760f988c9926b26da9dd85e928483"
    "4"
    "46346b8ed00e1de5d5ea93e354abe706c",
};
static const char *const OUTSIDE_G2 = "000000000000000000000000000000000000000000000000000000000000"
                                      "00000000000000000000000000000000000"
                                      "000000000000000000000000000000002"
                                      "000000000000000000000000000000000000000000000000000000000000"
                                      "00000000000000000000000000000000000"
                                      "000000000000000000000000000000000"
                                      "0000000000000000000000000000000018c6b864ae17dc9da64203ffefb9"
                                      "66306425a7bc6aeb7c75247438372716284"
                                      "a4173830420cd476ba1a365b95bfcec38"
                                      "00000000000000000000000000000000172e93db764a8400a7d5071b6b6f"
                                      "5de0da2f0f4a063119abca014006b7c40a2"
                                      "cfe291a1924e65db0d6d0fcfbf3bf3d5c";

TEST(bls_subgroups)
{
    uint8_t p[128], q[256], out[256], k[32] = {0}, pair[PAIR_BYTES];
    bool one = false;
    for (int i = 0; i < 2; i++) {
        hex(p, 128, OUTSIDE_G1[i]);
        random_point(&groups[1], q);
        CHECK(bls_g1_add(out, p, p) && !multiply(&groups[0], out, p, k));
        memcpy(pair, p, 128);
        memcpy(pair + 128, q, 256);
        CHECK(!bls_pairing_check(&one, pair, 1));
        memset(pair + 128, 0, 256);
        CHECK(!bls_pairing_check(&one, pair, 1));
    }
    CHECK(bls_g1_add(out, p, p) && bls_g1_add(out, out, p)); /* additions do not ask */
    hex(q, 256, OUTSIDE_G2);
    random_point(&groups[0], p);
    CHECK(bls_g2_add(out, q, q) && !multiply(&groups[1], out, q, k));
    memcpy(pair, p, 128);
    memcpy(pair + 128, q, 256);
    CHECK(!bls_pairing_check(&one, pair, 1));
    memset(pair, 0, 128);
    CHECK(!bls_pairing_check(&one, pair, 1));
}

TEST(bls_pairing_is_bilinear)
{
    for (int round = 0; round < 5; round++) {
        uint8_t pairs[2 * PAIR_BYTES], p[128], q[256], a[32], b[32], ap[128], bq[256];
        bool one = true;
        random_point(&groups[0], p);
        random_point(&groups[1], q);
        random_bytes(a, 32);
        random_bytes(b, 32);
        /* e(aP, bQ) e(-bP, aQ) = 1 */
        CHECK(multiply(&groups[0], ap, p, a) && multiply(&groups[1], bq, q, b));
        memcpy(pairs, ap, 128);
        memcpy(pairs + 128, bq, 256);
        CHECK(bls_pairing_check(&one, pairs, 1) && !one);
        CHECK(multiply(&groups[0], ap, p, b) && multiply(&groups[1], bq, q, a));
        negative(&groups[0], ap, ap);
        memcpy(pairs + PAIR_BYTES, ap, 128);
        memcpy(pairs + PAIR_BYTES + 128, bq, 256);
        CHECK(bls_pairing_check(&one, pairs, 2) && one);
        memcpy(pairs + PAIR_BYTES + 128, q, 256);
        CHECK(bls_pairing_check(&one, pairs, 2) && !one);
    }
}

TEST(bls_pairing_of_many)
{
    enum { COUNT = 70 };
    static uint8_t pairs[COUNT * PAIR_BYTES];
    uint8_t q[256], sum[128] = {0};
    bool one = false;
    random_point(&groups[1], q);
    for (int i = 0; i < COUNT - 1; i++) {
        uint8_t *at = pairs + i * PAIR_BYTES;
        random_point(&groups[0], at);
        if (i % 10 == 3)
            memset(at, 0, 128);
        if (i % 10 != 7) {
            memcpy(at + 128, q, 256);
            CHECK(bls_g1_add(sum, sum, at));
        }
    }
    negative(&groups[0], sum, sum);
    memcpy(pairs + (COUNT - 1) * PAIR_BYTES, sum, 128);
    memcpy(pairs + (COUNT - 1) * PAIR_BYTES + 128, q, 256);
    CHECK(bls_pairing_check(&one, pairs, COUNT) && one);
    pairs[0] = 1;
    CHECK(!bls_pairing_check(&one, pairs, COUNT));
}

/* One published value each (EIP-2537's vectors), and that the results are in the subgroup. */
TEST(bls_maps)
{
    uint8_t element[128], out[256], want[256], k[32];
    hex(element, 64,
        "0000000000000000000000000000000014406e5bfb9209256a3820879a29ac2f62d6aca82324bf3ae2aa7d3c54"
        "79"
        "2043bd8c791fccdb080c1a52dc68b8b69350");
    hex(want, 128,
        "000000000000000000000000000000000d7721bcdb7ce1047557776eb2659a444166dc6dd55c7ca6e240e21ae9"
        "aa"
        "18f529f04ac31d861b54faf3307692545db700000000000000000000000000000000108286acbdf4384f67659a"
        "8a"
        "be89e712a504cb3ce1cba07a716869025d60d499a00d1da8cdc92958918c222ea93d87f0");
    CHECK(bls_map_fp_to_g1(out, element) && memcmp(out, want, 128) == 0);
    hex(element, 128,
        "0000000000000000000000000000000014406e5bfb9209256a3820879a29ac2f62d6aca82324bf3ae2aa7d3c54"
        "792043bd8c791fccdb080c1a52dc68b8b69350000000000000000000000000000000000e885bb33996e12f07da"
        "69073e2c0cc880bc8eff26d2a724299eb12d54f4bcf26f4748bb020e80a7e3794a7b0e47a641");
    CHECK(bls_map_fp2_to_g2(out, element));
    hex(want, 256,
        "000000000000000000000000000000000d029393d3a13ff5b26fe52bd8953768946c5510f9441f1136f1e93895"
        "7882db6adbd7504177ee49281ecccba596f2bf000000000000000000000000000000001993f668fb1ae603aefb"
        "b1323000033fcb3b65d8ed3bf09c84c61e27704b745f540299a1872cd697ae45a5afd780f1d600000000000000"
        "000000000000000000079cb41060ef7a128d286c9ef8638689a49ca19da8672ea5c47b6ba6dbde193ee835d3b8"
        "7a76a689966037c07159c10d0000000000000000000000000000000017c688ae9a8b59a7069c27f2d58dd2196c"
        "b414f4fb89da8510518a1142ab19d158badd1c3bad03408fafb1669903cd6c");
    CHECK(memcmp(out, want, 256) == 0);
    hex(k, 32, ORDER);
    for (int i = 0; i < 100; i++) {
        const struct group *g = &groups[i % 2];
        memset(element, 0, sizeof element);
        if (i < 20) /* small numbers, zero among them: the exceptional cases */
            element[63] = (uint8_t)(i / 2);
        else if (i < 40)
            element[127] = (uint8_t)(i / 2);
        else
            for (size_t at = 0; at < g->field_bytes; at += BLS_FP_BYTES)
                random_bytes(element + at + 17, 47);
        CHECK(g->map(out, element) && multiply(g, out, out, k) && is_zero(out, g->bytes));
    }
}

/* KZG on polynomials whose commitments are known without the setup: f(X) = X, of which tau G1 is
 * the commitment and G1 the proof at every point; f(X) = 1, with G1 and infinity. */
static const char *const TAU_G1_COMPRESSED = "ad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8"
                                             "dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81";
static const char *const G1_COMPRESSED = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f1"
                                         "71bac586c55e83ff97a1aeffb3af00adb22c6bb";

TEST(kzg_proofs)
{
    uint8_t tau[48], g1[48], infinity[48] = {0xc0}, z[32], one[32], zero[32] = {0};
    hex(tau, 48, TAU_G1_COMPRESSED);
    hex(g1, 48, G1_COMPRESSED);
    scalar_of(one, 1);
    for (int i = 0; i < 10; i++) {
        random_bytes(z, 32);
        z[0] &= 0x3f;
        CHECK(kzg_verify(tau, z, z, g1));
        CHECK(!kzg_verify(tau, z, one, g1));
        CHECK(!kzg_verify(tau, z, z, tau));
        CHECK(kzg_verify(g1, z, one, infinity));
        CHECK(!kzg_verify(g1, z, z, infinity));
        CHECK(kzg_verify(infinity, z, zero, infinity));
        CHECK(!kzg_verify(infinity, z, one, infinity));
    }
    CHECK(kzg_verify(tau, zero, zero, g1));
    hex(z, 32, ORDER);
    z[31]--;
    CHECK(kzg_verify(tau, z, z, g1)); /* r - 1 is canonical, r is not */
    z[31]++;
    CHECK(!kzg_verify(tau, z, zero, g1));
    CHECK(!kzg_verify(tau, zero, z, g1));
    CHECK(!kzg_verify(tau, z, z, g1));
}

TEST(kzg_encodings_refused)
{
    uint8_t tau[48], g1[48], bad[48], z[32] = {0}, one[32];
    hex(tau, 48, TAU_G1_COMPRESSED);
    hex(g1, 48, G1_COMPRESSED);
    scalar_of(one, 1);
    for (unsigned flags = 0; flags < 8; flags++) { /* all but the right ones */
        memcpy(bad, g1, 48);
        bad[0] = (uint8_t)((g1[0] & 0x1f) | flags << 5);
        CHECK(kzg_verify(tau, z, z, bad) == (flags == g1[0] >> 5));
        memset(bad, 0, 48);
        bad[0] = (uint8_t)(flags << 5);
        CHECK(kzg_verify(g1, z, one, bad) == (flags == 6)); /* infinity */
    }
    memset(bad, 0, 48);
    bad[0] = 0xc0;
    bad[47] = 1; /* infinity with more in it */
    CHECK(!kzg_verify(g1, z, one, bad));
    hex(bad, 48, MODULUS);
    bad[0] |= 0x80; /* x = p */
    CHECK(!kzg_verify(tau, z, z, bad) && !kzg_verify(bad, z, z, g1));
    memset(bad, 0, 48);
    bad[0] = 0x80; /* (0, 2): on the curve, not in the subgroup */
    CHECK(!kzg_verify(tau, z, z, bad) && !kzg_verify(bad, z, z, g1));
    bad[47] = 1; /* x = 1 is no point */
    CHECK(!kzg_verify(tau, z, z, bad));
}

TEST(bls_variants_agree)
{
#ifdef __x86_64__
    if (!pairing_has_adx())
        SKIP("no BMI2 and ADX");
    for (int round = 0; round < 100; round++) {
        const struct group *g = &groups[round % 2];
        bool in_g2 = round % 2;
        uint8_t pairs[3 * (BLS_G2_BYTES + 32)], element[128] = {0}, a[256], b[256];
        for (int i = 0; i < 3; i++) {
            random_point(g, pairs + (size_t)i * (g->bytes + 32));
            random_bytes(pairs + (size_t)i * (g->bytes + 32) + g->bytes, 32);
        }
        CHECK((in_g2 ? bls_plain.g2_msm : bls_plain.g1_msm)(a, pairs, 3));
        CHECK((in_g2 ? bls_adx.g2_msm : bls_adx.g1_msm)(b, pairs, 3));
        CHECK(memcmp(a, b, g->bytes) == 0);
        random_bytes(element + 17, 47);
        CHECK((in_g2 ? bls_plain.map_fp2_to_g2 : bls_plain.map_fp_to_g1)(a, element));
        CHECK((in_g2 ? bls_adx.map_fp2_to_g2 : bls_adx.map_fp_to_g1)(b, element));
        CHECK(memcmp(a, b, g->bytes) == 0);
    }
#else
    SKIP("no variant beside the portable one");
#endif
}
