/* The low-level SHA256_* calls of libcrypto are marked deprecated in OpenSSL 3, but they are the
 * ones without an allocation and a provider look-up per digest: a day of readings makes a million
 * small digests. They stay in the 3.x library. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/sha256.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct sha256 *)0)->opaque), "opaque too small");

static SHA256_CTX *state_of(struct sha256 *s)
{
    return (SHA256_CTX *)(void *)s->opaque;
}

void sha256_init(struct sha256 *s)
{
    ASSERT(SHA256_Init(state_of(s)) == 1);
}

void sha256_update(struct sha256 *s, const void *data, size_t len)
{
    SHA256_CTX *c = state_of(s);
    /* Small updates stay here: copied into the library's own block buffer, without the call. */
    if (len < SHA256_CBLOCK - c->num) {
        if (len == 0)
            return;
        memcpy((uint8_t *)c->data + c->num, data, len);
        c->num += (unsigned)len;
        uint64_t bits = ((uint64_t)c->Nh << 32 | c->Nl) + (uint64_t)len * 8;
        c->Nl = (SHA_LONG)bits;
        c->Nh = (SHA_LONG)(bits >> 32);
        return;
    }
    ASSERT(SHA256_Update(c, data, len) == 1);
}

void sha256_final(struct sha256 *s, struct hash *out)
{
    ASSERT(SHA256_Final(out->b, state_of(s)) == 1);
}

void sha256_save(uint8_t out[SHA256_SAVED_BYTES], const struct sha256 *s)
{
    struct sha256 copy = *s;
    const SHA256_CTX *c = state_of(&copy);
    memset(out, 0, SHA256_SAVED_BYTES);
    for (size_t i = 0; i < 8; i++)
        be32_put(out + 4 * i, c->h[i]);
    be64_put(out + 32, ((uint64_t)c->Nh << 32 | c->Nl) / 8);
    memcpy(out + 40, c->data, c->num);
}

void sha256_restore(struct sha256 *s, const uint8_t in[SHA256_SAVED_BYTES])
{
    SHA256_CTX *c = state_of(s);
    uint64_t len = be64_get(in + 32), bits = len * 8;
    sha256_init(s);
    for (size_t i = 0; i < 8; i++)
        c->h[i] = be32_get(in + 4 * i);
    c->Nl = (SHA_LONG)bits;
    c->Nh = (SHA_LONG)(bits >> 32);
    c->num = (unsigned)(len % SHA256_CBLOCK);
    memcpy(c->data, in + 40, c->num);
}

void sha256_once(struct hash *out, const void *data, size_t len)
{
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, data, len);
    sha256_final(&s, out);
}
