/* modexp: base ^ exponent mod modulus on big-endian integers of any size (GMP behind one call).
 * Precompile 0x05, EIP-198. Public data only: running time depends on the input, so callers bound
 * it (by gas) first.
 * Threads   any. */
#ifndef PARVIS_CRYPTO_MODEXP_H
#define PARVIS_CRYPTO_MODEXP_H

#include "base/bytes.h"

/* modexp writes modulus.len bytes to out, which may not alias the inputs. Any length may be 0 and
 * leading zeros are fine. x^0 is 1 (0^0 too); modulo 1 and modulo 0 everything is 0. */
void modexp(uint8_t *out, struct bytes base, struct bytes exponent, struct bytes modulus);

#endif
