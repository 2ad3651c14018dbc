/* Expected signatures and addresses were made with another implementation (noble, through ethers).
 */
#include "test.h"

#include "crypto/ecdsa.h"
#include "crypto/keccak.h"

static const char order_hex[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

struct vector {
    const char *key, *address, *message, *r, *s;
    uint8_t y_parity;
};

static const struct vector vectors[] = {
    {"4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
     "2c7536e3605d9c16a7a3d7b1898e529396a65c23", "parvis",
     "1ace133a0f484350827978ac23b174bedc13f87abf0a60e59d013d0c1b6d43db",
     "36655d560fac60eddf8673ecd57568f218676fa735f9173c38d752ebc9e12c75", 0},
    {"0000000000000000000000000000000000000000000000000000000000000001",
     "7e5f4552091a69125d5dfcb7b8c2659029395bdf", "",
     "03925438bf9bdfed9cb8d9d9467f8fc624f389846f0db71f4f5c84b483077da6",
     "2ca68cb1027ace392bc6a84fe0ba29288aa07942f571f56201dd33c009ee3886", 1},
};

static void read_hex(uint8_t *out, const char *text)
{
    CHECK_ERR(hex_decode(out, 32, text, strlen(text)), E_OK);
}

TEST(ecdsa_known_signatures)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        uint8_t key[32];
        struct address address, recovered;
        struct ecdsa_signature sig;
        struct hash digest = keccak256_of(bytes_str(v->message));
        read_hex(key, v->key);
        REQUIRE(ecdsa_address(&address, key) == E_OK);
        CHECK_HEX(address.b, 20, v->address);
        REQUIRE(ecdsa_sign(&sig, &digest, key) == E_OK);
        CHECK_HEX(sig.r, 32, v->r);
        CHECK_HEX(sig.s, 32, v->s);
        CHECK_INT(sig.y_parity, v->y_parity);
        REQUIRE(ecdsa_recover(&recovered, &digest, &sig, false) == E_OK);
        CHECK(address_eq(&recovered, &address));
    }
}

TEST(ecdsa_keys_out_of_range)
{
    uint8_t key[32] = {0};
    struct address a;
    struct ecdsa_signature sig;
    struct hash digest = {{1}};
    CHECK_ERR(ecdsa_address(&a, key), E_KEY);
    CHECK_ERR(ecdsa_sign(&sig, &digest, key), E_KEY);
    read_hex(key, order_hex);
    CHECK_ERR(ecdsa_address(&a, key), E_KEY);
    CHECK_ERR(ecdsa_sign(&sig, &digest, key), E_KEY);
}

/* big-endian a - b */
static void subtract(uint8_t out[32], const uint8_t a[32], const uint8_t b[32])
{
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int d = a[i] - b[i] - borrow;
        borrow = d < 0;
        out[i] = (uint8_t)d;
    }
}

TEST(ecdsa_high_s)
{
    uint8_t key[32], order[32];
    struct hash digest = {{7}};
    struct address signer, recovered;
    struct ecdsa_signature sig;
    read_hex(order, order_hex);
    for (int i = 0; i < 20; i++) {
        ecdsa_key_generate(key);
        REQUIRE(ecdsa_address(&signer, key) == E_OK && ecdsa_sign(&sig, &digest, key) == E_OK);
        /* the other signature of the same message: n - s and the other parity */
        subtract(sig.s, order, sig.s);
        sig.y_parity ^= 1;
        CHECK_ERR(ecdsa_recover(&recovered, &digest, &sig, false), E_SIGNATURE);
        REQUIRE(ecdsa_recover(&recovered, &digest, &sig, true) == E_OK);
        CHECK(address_eq(&recovered, &signer));
    }
    /* n/2 itself is the last that is allowed */
    read_hex(sig.s, "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    CHECK_ERR(ecdsa_recover(&recovered, &digest, &sig, false), E_OK);
    sig.s[31]++;
    CHECK_ERR(ecdsa_recover(&recovered, &digest, &sig, false), E_SIGNATURE);
    CHECK_ERR(ecdsa_recover(&recovered, &digest, &sig, true), E_OK);
}

TEST(ecdsa_refusals)
{
    uint8_t key[32];
    struct hash digest = {{7}};
    struct address a = {{0xaa}};
    struct ecdsa_signature sig, bad;
    ecdsa_key_generate(key);
    REQUIRE(ecdsa_sign(&sig, &digest, key) == E_OK);
    bad = sig;
    bad.y_parity = 2;
    CHECK_ERR(ecdsa_recover(&a, &digest, &bad, true), E_SIGNATURE);
    bad = sig;
    memset(bad.r, 0, 32);
    CHECK_ERR(ecdsa_recover(&a, &digest, &bad, true), E_SIGNATURE);
    bad = sig;
    memset(bad.s, 0, 32);
    CHECK_ERR(ecdsa_recover(&a, &digest, &bad, true), E_SIGNATURE);
    bad = sig;
    read_hex(bad.r, order_hex);
    CHECK_ERR(ecdsa_recover(&a, &digest, &bad, true), E_SIGNATURE);
    bad = sig;
    memset(bad.r, 0, 32);
    bad.r[31] = 5; /* no point of the curve has x = 5 */
    CHECK_ERR(ecdsa_recover(&a, &digest, &bad, true), E_SIGNATURE);
    CHECK(a.b[0] == 0xaa && a.b[1] == 0); /* untouched */
}

TEST(ecdsa_random_keys_round_trip)
{
    for (int i = 0; i < 100; i++) {
        uint8_t key[32];
        struct hash digest;
        struct address signer, recovered;
        struct ecdsa_signature sig;
        ecdsa_key_generate(key);
        for (size_t k = 0; k < 32; k++)
            digest.b[k] = (uint8_t)test_random();
        REQUIRE(ecdsa_address(&signer, key) == E_OK && ecdsa_sign(&sig, &digest, key) == E_OK);
        REQUIRE(ecdsa_recover(&recovered, &digest, &sig, false) == E_OK);
        REQUIRE(address_eq(&recovered, &signer));
        digest.b[test_random() % 32] ^= 1; /* another message: another signer, or none */
        REQUIRE(ecdsa_recover(&recovered, &digest, &sig, false) != E_OK ||
                !address_eq(&recovered, &signer));
    }
}
