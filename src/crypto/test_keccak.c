/* The expected digests of patterned input were computed with another implementation (noble, through
 * ethers). */
#include "test.h"

#include "base/mem.h"
#include "crypto/keccak.h"
#include "crypto/sha256.h"

struct vector {
    size_t len;
    const char *keccak, *sha;
};

/* digests of bytes (7 i + 3) mod 256, i < len */
static const struct vector vectors[] = {
    {1, "69c322e3248a5dfc29d73c5b0553b0185a35cd5bb6386747517ef7e53b15e287",
     "084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5"},
    {7, "af2dd82887bb5be2eaa8117023b0b486d9dbd438e9f92e89dc2ada088af681ad",
     "ab764db46a4b504f034619a51475e900366a04738693b13a742845930daf74e4"},
    {8, "ad894215c2106b9dfa2c04022025509974a5eb20b9f4cd27ca716967542ecf6e",
     "0865c1be255b33b69c4c1b7df3646cd2b7feab36f595044ab191176f1668d9ad"},
    {135, "00ef96af9cf4b24c7f269d922294444a197d0a33638c2e56634c57e892103a8f",
     "357ebb96ceaad098f322cd545ff898c7948507845a63c727fcf6b27ff37ceac4"},
    {136, "742061bcad767ed4c4f5883b1dcb1aad11afdcc140dc469d953759b127b9f9ed",
     "cafc3beeb530a50bb73465c4593bac4fd06a74a4f5203ec651e858aa03024be7"},
    {137, "e3371f61e770abf254c34239c3b0099ad90594507415bc81dd0a10b9692bbf2a",
     "c9eb70663c864e694427f52c8119b3540200d9d3ef2921bfbc6efa11e48bb17b"},
    {271, "4401c4afbe16ff911bdbf2d38e556e5b861f3fdf0f9d4306b1c46f6ae4f73584",
     "9eb71254dca673f0b8edee654d336d2f12e028604ae24896950fd4ac5410f434"},
    {272, "ac141fd7b0a0ffcd2e967254d508da3ec616596493c36fa304425647d90e6de5",
     "4d7f90b8f5b501760a5b8864a557e1b8df45d4c01cf54fd7f97ff5b98ca45c9a"},
    {273, "16192ea86793083e47731cb3c970600f04768414d92bc0540e54ce8607a0fce0",
     "f1ed23fb22a4aba7c2aa16df87ffb235b10261bac0fef2b6228d6a57ceebc1e0"},
    {1000000, "717b412cb2c904766540c226481c3f346ce4382e24c6e07187361916dcb7175e",
     "1dc6622e2b0d38fe9e646130ff9014746cfa84d65e17c919e2834277d318c78a"},
};

static uint8_t *pattern(size_t len)
{
    uint8_t *p = mem_alloc(len);
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)(7 * i + 3);
    return p;
}

static void check_known_digests(void)
{
    struct hash h;
    keccak256(&h, NULL, 0);
    CHECK_HEX(h.b, 32, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    CHECK(hash_eq(&h, &KECCAK_EMPTY));
    h = keccak256_of(bytes_str("abc"));
    CHECK_HEX(h.b, 32, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    h = keccak256_of(bytes_str("\x80"));
    CHECK(hash_eq(&h, &KECCAK_EMPTY_TRIE));
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t *p = pattern(vectors[i].len);
        keccak256(&h, p, vectors[i].len);
        CHECK_HEX(h.b, 32, vectors[i].keccak);
        mem_free(p);
    }
}

TEST(keccak_known_digests)
{
    check_known_digests();
    keccak_scalar_only = true;
    check_known_digests();
    keccak_scalar_only = false;
    keccak_plain_only = true;
    check_known_digests();
    keccak_plain_only = false;
}

TEST(sha256_known_digests)
{
    struct hash h;
    sha256_once(&h, NULL, 0);
    CHECK_HEX(h.b, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_once(&h, "abc", 3); /* FIPS 180-4's example */
    CHECK_HEX(h.b, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t *p = pattern(vectors[i].len);
        sha256_once(&h, p, vectors[i].len);
        CHECK_HEX(h.b, 32, vectors[i].sha);
        mem_free(p);
    }
}

/* Many at once are what each alone is: any number of them, lengths mixed, ends of blocks. */
TEST(keccak_many)
{
    enum { MAX = 20, LENGTH = 420 };
    uint8_t *data = pattern(LENGTH + MAX);
    for (int plain = 0; plain < 2; plain++) {
        keccak_plain_only = plain;
        for (size_t round = 0; round < 1000; round++) {
            struct bytes in[MAX];
            struct hash out[MAX];
            size_t count = round % (MAX + 1);
            for (size_t i = 0; i < count; i++)
                in[i] = bytes_of(data + i, round < LENGTH ? round : test_random() % LENGTH);
            if (count && round % 3 == 0)
                in[round % count] = bytes_of(NULL, 0);
            keccak256_many(out, in, count);
            for (size_t i = 0; i < count; i++) {
                struct hash alone = keccak256_of(in[i]);
                REQUIRE(hash_eq(&alone, &out[i]));
            }
        }
    }
    keccak_plain_only = false;
    mem_free(data);
}

/* Any split of the input into updates gives the digest of the whole, at any alignment. */
TEST(digests_in_pieces)
{
    enum { MAX = 600 };
    uint8_t *data = pattern(MAX + 8);
    for (int i = 0; i < 4000; i++) {
        size_t len = test_random() % MAX, shift = test_random() % 8;
        size_t piece_max = 1 + test_random() % 300;
        struct hash whole, pieces, sha_whole, sha_pieces;
        struct keccak k;
        struct sha256 s;
        keccak_init(&k);
        sha256_init(&s);
        for (size_t at = 0; at < len;) {
            size_t n = test_random() % (piece_max + 1);
            n = n < len - at ? n : len - at;
            keccak_update(&k, data + shift + at, n);
            sha256_update(&s, data + shift + at, n);
            at += n;
        }
        keccak_final(&k, &pieces);
        sha256_final(&s, &sha_pieces);
        keccak256(&whole, data + shift, len);
        sha256_once(&sha_whole, data + shift, len);
        REQUIRE(hash_eq(&whole, &pieces));
        REQUIRE(hash_eq(&sha_whole, &sha_pieces));
    }
    mem_free(data);
}

/* The bit counter that small updates keep has two 32-bit halves. */
TEST(sha256_counts_past_2_to_the_29_bytes)
{
    enum { PIECE = 1 << 20, PIECES = 513 };
    uint8_t *data = mem_zalloc(PIECE, 1);
    struct sha256 big, small;
    struct hash a, b;
    sha256_init(&big);
    sha256_init(&small);
    for (int i = 0; i < PIECES; i++) {
        sha256_update(&big, data, PIECE);
        sha256_update(&small, data, 60); /* so that small updates cross every half */
        sha256_update(&small, data, PIECE - 60);
    }
    sha256_final(&big, &a);
    sha256_final(&small, &b);
    CHECK(hash_eq(&a, &b));
    mem_free(data);
}
