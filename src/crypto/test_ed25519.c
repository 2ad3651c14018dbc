#include "crypto/ed25519.h"
#include "test.h"

/* RFC 8032 sec. 7.1: TEST 1, TEST 2, TEST 3. */
static const struct {
    const char *seed, *key, *message, *signature;
} CASES[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(ed25519_rfc_8032)
{
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct ed25519_secret s;
        struct buf message = {0};
        uint8_t seed[32], signature[64];
        CHECK_ERR(hex_decode(seed, 32, CASES[i].seed, 64), E_OK);
        CHECK_ERR(hex_decode_buf(&message, CASES[i].message, strlen(CASES[i].message)), E_OK);
        ed25519_from_seed(&s, seed);
        CHECK_HEX(s.key32, 32, CASES[i].key);
        CHECK_HEX(s.seed32, 32, CASES[i].seed);
        ed25519_sign(signature, &s, buf_view(&message));
        CHECK_HEX(signature, 64, CASES[i].signature);
        CHECK(ed25519_verify(signature, s.key32, buf_view(&message)));
        buf_put_u8(&message, 0);
        CHECK(!ed25519_verify(signature, s.key32, buf_view(&message)));
        buf_free(&message);
    }
    test_count(sizeof CASES / sizeof *CASES);
}

TEST(ed25519_every_bit_counts)
{
    struct ed25519_secret s;
    uint8_t signature[64];
    struct bytes message = bytes_str("forty-two");
    ed25519_generate(&s);
    ed25519_sign(signature, &s, message);
    REQUIRE(ed25519_verify(signature, s.key32, message));
    for (unsigned i = 0; i < 512; i++) {
        signature[i / 8] ^= (uint8_t)(1 << i % 8);
        CHECK(!ed25519_verify(signature, s.key32, message));
        signature[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (unsigned i = 0; i < 256; i++) {
        s.key32[i / 8] ^= (uint8_t)(1 << i % 8);
        CHECK(!ed25519_verify(signature, s.key32, message));
        s.key32[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    struct ed25519_secret other;
    ed25519_generate(&other);
    CHECK(memcmp(other.key32, s.key32, 32) != 0);
    CHECK(!ed25519_verify(signature, other.key32, message));
    ed25519_wipe(&other);
    static const struct ed25519_secret zero;
    CHECK(memcmp(&other, &zero, sizeof zero) == 0);
}

/* ZIP-215 accepts, under a key of small order, R of small order with S = 0 for any message; RFC
 * 8032's scalar bound is asked by both. */
TEST(ed25519_is_stricter_than_the_network)
{
    uint8_t key[32] = {1}, signature[64] = {1}; /* the neutral element; S = 0 */
    CHECK(!ed25519_verify(signature, key, bytes_str("anything")));
    struct ed25519_secret s;
    uint8_t seed[32] = {7};
    ed25519_from_seed(&s, seed);
    ed25519_sign(signature, &s, bytes_str("m"));
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0x10};
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    CHECK(!ed25519_verify(signature, s.key32, bytes_str("m")));
}

/* A validator of a real network: key and address as CometBFT v0.40.0 printed them. */
TEST(ed25519_addresses)
{
    uint8_t key[32], address[20];
    CHECK_ERR(
        hex_decode(key, 32, "a9009383598e696a3a0f5452c2d8f2afbe34af8f7c83079770a82c5a8e08aa0e", 64),
        E_OK);
    ed25519_address20(address, key);
    CHECK_HEX(address, 20, "ccd3eabe4c81c0df280e788d2b855fd2dd5d77dd");
}
