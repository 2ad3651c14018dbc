#include "crypto/edwards/edwards_secret.h"

#include <sodium.h>

_Static_assert(EDWARDS_BYTES == crypto_core_ed25519_BYTES, "libsodium's encoding");
_Static_assert(EDWARDS_BYTES == crypto_core_ed25519_SCALARBYTES, "libsodium's scalars");

static const uint8_t IDENTITY[EDWARDS_BYTES] = {1};

static void library_start(void)
{
    ASSERT(sodium_init() >= 0); /* idempotent and thread-safe */
}

struct ed_scalar ed_secret_scalar(void)
{
    uint8_t drawn[32];
    struct ed_scalar s;
    library_start();
    do { /* 253 bits: q is just above 2^252 */
        randombytes_buf(drawn, sizeof drawn);
        drawn[0] &= 0x1f;
    } while (!ed_scalar_from_be32(&s, drawn));
    sodium_memzero(drawn, sizeof drawn);
    return s;
}

void ed_secret_wipe(void *secret, size_t len)
{
    sodium_memzero(secret, len);
}

void ed_secret_base_mul(uint8_t out32[EDWARDS_BYTES], const struct ed_scalar *secret)
{
    uint8_t le32[32];
    library_start();
    ed_scalar_to_le32(le32, secret);
    if (ed_scalar_is_zero(secret))
        memcpy(out32, IDENTITY, sizeof IDENTITY);
    else
        ASSERT(crypto_scalarmult_ed25519_base_noclamp(out32, le32) == 0);
    sodium_memzero(le32, sizeof le32);
}

void ed_secret_mul(uint8_t out32[EDWARDS_BYTES], const uint8_t point32[EDWARDS_BYTES],
                   const struct ed_scalar *secret)
{
    uint8_t le32[32];
    bool identity = memcmp(point32, IDENTITY, sizeof IDENTITY) == 0;
    library_start();
    ed_scalar_to_le32(le32, secret);
    if (!identity && !ed_scalar_is_zero(secret)) { /* checks the point too */
        ASSERT(crypto_scalarmult_ed25519_noclamp(out32, le32, point32) == 0);
    } else {
        ASSERT(identity || crypto_core_ed25519_is_valid_point(point32));
        memcpy(out32, IDENTITY, sizeof IDENTITY);
    }
    sodium_memzero(le32, sizeof le32);
}

void ed_encoded_add(uint8_t out32[EDWARDS_BYTES], const uint8_t a32[EDWARDS_BYTES],
                    const uint8_t b32[EDWARDS_BYTES])
{
    library_start();
    ASSERT(crypto_core_ed25519_add(out32, a32, b32) == 0);
}
