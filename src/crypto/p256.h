/* p256: ECDSA verification on the curve P-256 (secp256r1), precompile 0x100, EIP-7951.
 * OpenSSL's point multiplication behind one call.
 * Threads   any; each keeps its scratch until it ends. */
#ifndef PARVIS_CRYPTO_P256_H
#define PARVIS_CRYPTO_P256_H

#include "base/bytes.h"

/* p256_verify tells whether (r, s) signs digest under the key (x, y). All numbers are big-endian.
 * False also when r or s is not in [1, n-1], x or y not below p, or (x, y) not on the curve. */
bool p256_verify(const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32],
                 const uint8_t x[32], const uint8_t y[32]);

#endif
