#include "test.h"

#include <sodium.h>

#include "crypto/seal.h"

static const uint8_t master[SEAL_KEY_BYTES] = {1, 2, 3};
static const struct bytes bound = {(const uint8_t *)"table/key", 9};

TEST(seal_round_trip)
{
    struct seal s;
    struct buf sealed = {0}, plain = {0};
    uint8_t data[300];
    seal_init(&s, master);
    for (size_t len = 0; len < sizeof data; len++) {
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)test_random();
        buf_clear(&sealed);
        buf_clear(&plain);
        buf_puts(&sealed, "in front");
        buf_puts(&plain, "kept");
        seal_encrypt(&s, &sealed, bytes_of(len ? data : NULL, len), bound);
        REQUIRE(sealed.len == 8 + len + SEAL_OVERHEAD);
        struct bytes record = bytes_of(sealed.data + 8, sealed.len - 8);
        REQUIRE(seal_decrypt(&s, &plain, record, bound) == E_OK);
        REQUIRE(plain.len == 4 + len && memcmp(plain.data, "kept", 4) == 0);
        REQUIRE(memcmp(plain.data + 4, data, len) == 0);
    }
    buf_free(&sealed);
    buf_free(&plain);
}

/* Two nodes with the same key read each other's records, and never share a nonce. */
TEST(seal_same_key_elsewhere)
{
    struct seal a, b;
    struct buf first = {0}, second = {0}, plain = {0};
    seal_init(&a, master);
    seal_init(&b, master);
    seal_encrypt(&a, &first, bytes_str("reading"), bound);
    seal_encrypt(&b, &second, bytes_str("reading"), bound);
    CHECK(memcmp(first.data, second.data, 24) != 0);
    CHECK_ERR(seal_decrypt(&b, &plain, buf_view(&first), bound), E_OK);
    CHECK_STR(buf_cstr(&plain), "reading");
    buf_clear(&second);
    seal_encrypt(&a, &second, bytes_str("reading"), bound);
    CHECK(memcmp(first.data, second.data, 24) != 0 &&
          !bytes_eq(buf_view(&first), buf_view(&second)));
    buf_free(&first);
    buf_free(&second);
    buf_free(&plain);
}

/* A record is plain XChaCha20-Poly1305: the library's own call opens it. */
TEST(seal_is_xchacha20)
{
    struct seal s;
    struct buf sealed = {0};
    uint8_t plain[100] = {0};
    unsigned long long len = 0;
    seal_init(&s, master);
    for (size_t n = 0; n < sizeof plain; n += 33) {
        uint8_t data[sizeof plain];
        memset(data, (int)n + 1, sizeof data);
        buf_clear(&sealed);
        seal_encrypt(&s, &sealed, bytes_of(data, n), bound);
        CHECK(crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &len, NULL, sealed.data + 24,
                                                         sealed.len - 24, bound.data, bound.len,
                                                         sealed.data, s.record_key) == 0);
        CHECK(len == n && memcmp(plain, data, n) == 0);
    }
    buf_free(&sealed);
}

TEST(seal_detects_every_change)
{
    struct seal s, other;
    struct buf sealed = {0}, plain = {0};
    uint8_t key[SEAL_KEY_BYTES];
    seal_init(&s, master);
    seal_encrypt(&s, &sealed, bytes_str("twelve kWh at noon"), bound);
    for (size_t i = 0; i < sealed.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            sealed.data[i] ^= (uint8_t)(1 << bit);
            REQUIRE(seal_decrypt(&s, &plain, buf_view(&sealed), bound) == E_CORRUPT);
            sealed.data[i] ^= (uint8_t)(1 << bit);
        }
    for (size_t len = 0; len < sealed.len; len++)
        REQUIRE(seal_decrypt(&s, &plain, bytes_of(sealed.data, len), bound) == E_CORRUPT);
    CHECK_ERR(seal_decrypt(&s, &plain, buf_view(&sealed), bytes_str("table/kez")), E_CORRUPT);
    CHECK_ERR(seal_decrypt(&s, &plain, buf_view(&sealed), bytes_of(NULL, 0)), E_CORRUPT);
    for (int i = 0; i < SEAL_KEY_BYTES; i++) {
        memcpy(key, master, sizeof key);
        key[i] ^= 0x10;
        seal_init(&other, key);
        REQUIRE(seal_decrypt(&other, &plain, buf_view(&sealed), bound) == E_CORRUPT);
    }
    CHECK_INT(plain.len, 0);
    CHECK_ERR(seal_decrypt(&s, &plain, buf_view(&sealed), bound), E_OK); /* and it still opens */
    buf_free(&sealed);
    buf_free(&plain);
}

TEST(seal_names)
{
    struct seal s, again, other;
    uint8_t a[SEAL_NAME_BYTES], b[SEAL_NAME_BYTES];
    uint8_t key[SEAL_KEY_BYTES] = {9};
    seal_init(&s, master);
    seal_init(&again, master);
    seal_init(&other, key);
    seal_name(&s, a, bytes_str("account"));
    seal_name(&again, b, bytes_str("account"));
    CHECK(memcmp(a, b, sizeof a) == 0);
    seal_name(&s, b, bytes_str("accounu"));
    CHECK(memcmp(a, b, sizeof a) != 0);
    seal_name(&other, b, bytes_str("account"));
    CHECK(memcmp(a, b, sizeof a) != 0);
    seal_name(&s, b, bytes_of(NULL, 0));
    CHECK(memcmp(a, b, sizeof a) != 0);
}

TEST(seal_passphrases)
{
    uint8_t a[SEAL_KEY_BYTES], b[SEAL_KEY_BYTES];
    uint8_t salt[SEAL_SALT_BYTES] = {1};
    CHECK_ERR(seal_key_from_passphrase(a, "", salt), E_KEY);
    REQUIRE(seal_key_from_passphrase(a, "correct horse", salt) == E_OK);
    REQUIRE(seal_key_from_passphrase(b, "correct horse", salt) == E_OK);
    CHECK(memcmp(a, b, sizeof a) == 0);
    REQUIRE(seal_key_from_passphrase(b, "correct horsf", salt) == E_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
    salt[0] = 2;
    REQUIRE(seal_key_from_passphrase(b, "correct horse", salt) == E_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
}

TEST(seal_wipe_leaves_nothing)
{
    struct seal s;
    static const struct seal zero;
    seal_init(&s, master);
    seal_wipe(&s);
    CHECK(memcmp(&s, &zero, sizeof s) == 0);
}
