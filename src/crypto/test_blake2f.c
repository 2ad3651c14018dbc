/* BLAKE2's F: a hash whose value RFC 7693 prints, and the fast variants against the plain one. */
#include "test.h"

#include "crypto/blake2f.h"

/* The state BLAKE2b starts from for a 64-byte digest without key: IV with the parameter block. */
static void state_start(uint64_t h[8])
{
    static const uint64_t iv[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                   0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                   0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
    memcpy(h, iv, sizeof iv);
    h[0] ^= 0x01010040;
}

/* RFC 7693, appendix A: BLAKE2b-512 of "abc" */
TEST(blake2f_hash_of_abc)
{
    uint64_t h[8], m[16] = {0x636261}, t[2] = {3, 0};
    state_start(h);
    blake2f(h, m, t, true, 12);
    uint8_t digest[64];
    for (size_t i = 0; i < 64; i++)
        digest[i] = (uint8_t)(h[i / 8] >> (8 * (i % 8)));
    CHECK_HEX(digest, 64,
              "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
              "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

TEST(blake2f_no_rounds)
{
    uint64_t h[8], m[16] = {1, 2, 3}, t[2] = {~0ULL, ~0ULL};
    state_start(h);
    blake2f(h, m, t, false, 0);
    CHECK(h[1] == 0xbb67ae8584caa73b);           /* h ^ h ^ iv[1] */
    CHECK(h[4] == (0x510e527fade682d1 ^ ~0ULL)); /* the counter inverted it */
    CHECK(h[6] == 0x1f83d9abfb41bd6b);
    blake2f(h, m, t, true, 0);
    CHECK(h[6] == ~0x1f83d9abfb41bd6bULL); /* the final flag inverts it */
}

static void random_words(uint64_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = test_random();
}

TEST(blake2f_variants_agree)
{
    blake2f_rounds plain = blake2f_variant(0), fast;
    REQUIRE(plain && !blake2f_variant(BLAKE2F_VARIANTS));
    for (unsigned i = 1; i < BLAKE2F_VARIANTS; i++) {
        if (!(fast = blake2f_variant(i)))
            SKIP("this processor has no AVX2");
        for (uint32_t rounds = 0; rounds < 500; rounds++) {
            uint64_t v[16], w[16], m[16];
            random_words(v, 16);
            random_words(m, 16);
            memcpy(w, v, sizeof v);
            plain(v, m, rounds);
            fast(w, m, rounds);
            if (memcmp(v, w, sizeof v) != 0)
                test_fail(__FILE__, __LINE__, "variant %u differs after %u rounds", i, rounds);
        }
    }
}
