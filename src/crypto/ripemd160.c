/* The low-level calls, as for SHA-256: deprecated in OpenSSL 3 but kept in the 3.x library. They
 * need no provider (RIPEMD-160 is in the default one only from 3.0.7 on), no look-up and no
 * allocation per digest. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/ripemd160.h"

#include <openssl/ripemd.h>

_Static_assert(RIPEMD160_DIGEST_LENGTH == RIPEMD160_BYTES, "digest size");

void ripemd160_once(uint8_t out[RIPEMD160_BYTES], const void *data, size_t len)
{
    RIPEMD160_CTX c;
    ASSERT(RIPEMD160_Init(&c) == 1);
    if (len > 0) /* data may be NULL then */
        ASSERT(RIPEMD160_Update(&c, data, len) == 1);
    ASSERT(RIPEMD160_Final(out, &c) == 1);
}
