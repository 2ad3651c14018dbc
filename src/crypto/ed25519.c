#include "crypto/ed25519.h"

#include <sodium.h>

#include "base/clock.h"
#include "crypto/sha256.h"

_Static_assert(sizeof(struct ed25519_secret) == crypto_sign_SECRETKEYBYTES, "libsodium's secret");
_Static_assert(ED25519_SIGNATURE_BYTES == crypto_sign_BYTES, "libsodium's signature");

static void library_start(void)
{
    ASSERT(sodium_init() >= 0); /* idempotent and thread-safe */
}

void ed25519_from_seed(struct ed25519_secret *out, const uint8_t seed32[32])
{
    uint8_t key32[32], secret64[64];
    library_start();
    ASSERT(crypto_sign_seed_keypair(key32, secret64, seed32) == 0);
    memcpy(out->seed32, secret64, 32);
    memcpy(out->key32, secret64 + 32, 32);
    sodium_memzero(secret64, sizeof secret64);
}

void ed25519_generate(struct ed25519_secret *out)
{
    uint8_t seed32[32];
    random_bytes(seed32, sizeof seed32);
    ed25519_from_seed(out, seed32);
    sodium_memzero(seed32, sizeof seed32);
}

void ed25519_wipe(struct ed25519_secret *s)
{
    sodium_memzero(s, sizeof *s);
}

void ed25519_sign(uint8_t signature64[ED25519_SIGNATURE_BYTES], const struct ed25519_secret *s,
                  struct bytes message)
{
    uint8_t secret64[64];
    library_start();
    memcpy(secret64, s->seed32, 32);
    memcpy(secret64 + 32, s->key32, 32);
    ASSERT(crypto_sign_detached(signature64, NULL, message.data, message.len, secret64) == 0);
    sodium_memzero(secret64, sizeof secret64);
}

bool ed25519_verify(const uint8_t signature64[ED25519_SIGNATURE_BYTES],
                    const uint8_t key32[ED25519_KEY_BYTES], struct bytes message)
{
    library_start();
    return crypto_sign_verify_detached(signature64, message.data, message.len, key32) == 0;
}

void ed25519_address20(uint8_t out20[20], const uint8_t key32[ED25519_KEY_BYTES])
{
    struct hash h;
    sha256_once(&h, key32, ED25519_KEY_BYTES);
    memcpy(out20, h.b, 20);
}
