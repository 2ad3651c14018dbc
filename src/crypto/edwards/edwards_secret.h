/* edwards_secret: the same group where the exponent is a secret. libsodium's constant-time
 * multiplication, whose refusals (a zero exponent, the identity) are answered here as mathematics
 * has it. Points are RFC 8032 encodings and must be of the prime-order subgroup (ASSERTed). */
#ifndef PARVIS_CRYPTO_EDWARDS_SECRET_H
#define PARVIS_CRYPTO_EDWARDS_SECRET_H

#include "crypto/edwards/edwards.h"

/* A uniform number in [0, q), from the system's randomness (base/clock.h's seam is not used: a
 * ballot must never be made from a repeatable source). */
struct ed_scalar ed_secret_scalar(void);
void ed_secret_wipe(void *secret, size_t len);

void ed_secret_base_mul(uint8_t out32[EDWARDS_BYTES], const struct ed_scalar *secret);
void ed_secret_mul(uint8_t out32[EDWARDS_BYTES], const uint8_t point32[EDWARDS_BYTES],
                   const struct ed_scalar *secret);
/* Sum of two encoded points, neither being secret. */
void ed_encoded_add(uint8_t out32[EDWARDS_BYTES], const uint8_t a32[EDWARDS_BYTES],
                    const uint8_t b32[EDWARDS_BYTES]);

#endif
