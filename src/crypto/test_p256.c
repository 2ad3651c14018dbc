/* P-256: the published signature of RFC 6979 and everything that must be refused. */
#include "test.h"

#include "base/thread.h"
#include "crypto/p256.h"

struct signed_digest {
    uint8_t digest[32], r[32], s[32], x[32], y[32];
};

static void number(uint8_t out[32], const char *hex)
{
    CHECK_ERR(hex_decode(out, 32, hex, strlen(hex)), E_OK);
}

/* RFC 6979, A.2.5: SHA-256, message "sample" */
static struct signed_digest sample(void)
{
    struct signed_digest d;
    number(d.digest, "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf");
    number(d.r, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716");
    number(d.s, "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    number(d.x, "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
    number(d.y, "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    return d;
}

static bool verify(const struct signed_digest *d)
{
    return p256_verify(d->digest, d->r, d->s, d->x, d->y);
}

#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define FIELD "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"

TEST(p256_published)
{
    struct signed_digest d = sample();
    CHECK(verify(&d));
    /* n - s signs too: the precompile asks for no low s */
    number(d.s, "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9");
    CHECK(verify(&d));
}

TEST(p256_every_byte_counts)
{
    for (size_t i = 0; i < sizeof(struct signed_digest); i++) {
        struct signed_digest d = sample();
        ((uint8_t *)&d)[i] ^= 0x10;
        if (verify(&d))
            test_fail(__FILE__, __LINE__, "byte %zu changes nothing", i);
    }
    struct signed_digest d = sample();
    CHECK(verify(&d)); /* nothing of the refused ones stayed behind */
}

TEST(p256_ranges)
{
    static const uint8_t zero[32];
    struct signed_digest good = sample(), d;
#define WITH(field, value) (d = good, memcpy(d.field, value, 32), verify(&d))
#define WITH_HEX(field, hex) (d = good, number(d.field, hex), verify(&d))
    CHECK(!WITH(r, zero));
    CHECK(!WITH(s, zero));
    CHECK(!WITH_HEX(r, ORDER));
    CHECK(!WITH_HEX(s, ORDER));
    CHECK(!WITH_HEX(x, FIELD));
    CHECK(!WITH_HEX(y, FIELD));
    CHECK(!WITH_HEX(x, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"));
    d = good;
    memset(d.x, 0, 32);
    memset(d.y, 0, 32); /* the point at infinity */
    CHECK(!verify(&d));
#undef WITH
#undef WITH_HEX
}

/* The sum of both products is the point at infinity: digest = -r d for the private key d, here 1
 * (the key is the generator), so digest = n - r. */
TEST(p256_sum_at_infinity)
{
    struct signed_digest d;
    number(d.x, "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    number(d.y, "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    number(d.r, "0000000000000000000000000000000000000000000000000000000000000001");
    number(d.s, "0000000000000000000000000000000000000000000000000000000000000001");
    number(d.digest, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");
    CHECK(!verify(&d));
    /* a digest of 0 leaves only the key's product, u2 = 1: x of the generator modulo n */
    memset(d.digest, 0, 32);
    memcpy(d.r, d.x, 32);
    memcpy(d.s, d.x, 32);
    CHECK(verify(&d));
}

static void *verify_on_thread(void *ctx)
{
    struct signed_digest d = sample();
    bool *all = ctx;
    for (int i = 0; i < 20; i++)
        *all = verify(&d) && *all;
    return NULL;
}

/* A thread's scratch goes with it: the leak check of the sanitizer build sees to that. */
TEST(p256_threads)
{
    for (int i = 0; i < 3; i++) {
        bool all = true;
        void *result;
        CHECK_INT(thread_run(0, verify_on_thread, &all, &result), 0);
        CHECK(all);
    }
}
