/* sha256: SHA-256 (OpenSSL's implementation), one-shot and incremental. FIPS 180-4. */
#ifndef PARVIS_CRYPTO_SHA256_H
#define PARVIS_CRYPTO_SHA256_H

#include "base/bytes.h"

struct sha256 {
    _Alignas(16) uint8_t opaque[128]; /* holds the library's state */
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t len);
void sha256_final(struct sha256 *s, struct hash *out);

/* sha256_save writes a hash under way as SHA256_SAVED_BYTES bytes that are the same on every
 * machine, from which sha256_restore goes on: the eight words, the length in bytes (big-endian),
 * the bytes of the block not yet full, zeros. Restoring takes any bytes. */
#define SHA256_SAVED_BYTES 104
void sha256_save(uint8_t out[SHA256_SAVED_BYTES], const struct sha256 *s);
void sha256_restore(struct sha256 *s, const uint8_t in[SHA256_SAVED_BYTES]);

void sha256_once(struct hash *out, const void *data, size_t len);

#endif
