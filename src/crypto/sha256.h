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
void sha256_once(struct hash *out, const void *data, size_t len);

#endif
