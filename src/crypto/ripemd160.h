/* ripemd160: RIPEMD-160, one-shot (OpenSSL's implementation). ISO/IEC 10118-3; precompile 0x03.
 * Threads   any. */
#ifndef PARVIS_CRYPTO_RIPEMD160_H
#define PARVIS_CRYPTO_RIPEMD160_H

#include "base/bytes.h"

#define RIPEMD160_BYTES 20

void ripemd160_once(uint8_t out[RIPEMD160_BYTES], const void *data, size_t len);

#endif
