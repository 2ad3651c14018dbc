/* edwards_secret: the same group where the exponent is a secret. libsodium's constant-time
 * multiplication, whose refusals (a zero exponent, the identity) are answered here as mathematics
 * has it: whether the exponent is zero or the point is the identity can be told from the time,
 * nothing else. Points are RFC 8032 encodings.
 *
 * Errors    none: a point that is not of the prime-order subgroup stops the process (ASSERT), so
 *           what came from outside is read with ed_decode_prime first.
 * Secrets   the caller wipes its own with ed_secret_wipe; none is kept here. */
#ifndef PARVIS_CRYPTO_EDWARDS_SECRET_H
#define PARVIS_CRYPTO_EDWARDS_SECRET_H

#include "crypto/edwards/edwards.h"

/* A uniform number in [0, q), from the system's randomness (base/clock.h's seam is not used: a
 * ballot must never be made from a repeatable source). */
struct ed_scalar ed_secret_scalar(void);
/* ed_secret_wipe overwrites a secret, of any type, in a way that no compiler leaves out. */
void ed_secret_wipe(void *secret, size_t len);

/* secret times g, and secret times a point of the subgroup (the identity is one). */
void ed_secret_base_mul(uint8_t out32[EDWARDS_BYTES], const struct ed_scalar *secret);
void ed_secret_mul(uint8_t out32[EDWARDS_BYTES], const uint8_t point32[EDWARDS_BYTES],
                   const struct ed_scalar *secret);
/* Sum of two encoded points of the curve (ASSERTed), in a time that does not depend on them. */
void ed_encoded_add(uint8_t out32[EDWARDS_BYTES], const uint8_t a32[EDWARDS_BYTES],
                    const uint8_t b32[EDWARDS_BYTES]);

#endif
