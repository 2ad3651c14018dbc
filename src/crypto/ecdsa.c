#include "crypto/ecdsa.h"

#include <pthread.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "base/clock.h"
#include "crypto/keccak.h"

/* n / 2, the highest s of EIP-2. */
static const uint8_t half_order[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

static pthread_once_t context_once = PTHREAD_ONCE_INIT;
static secp256k1_context *context;

static void context_create(void)
{
    uint8_t blinding[32];
    context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
    ASSERT(context);
    /* against side channels when signing; changes no result */
    random_bytes(blinding, sizeof blinding);
    ASSERT(secp256k1_context_randomize(context, blinding));
    explicit_bzero(blinding, sizeof blinding);
}

static const secp256k1_context *context_get(void)
{
    ASSERT(pthread_once(&context_once, context_create) == 0);
    return context;
}

static void address_of_pubkey(struct address *out, const secp256k1_pubkey *key)
{
    uint8_t point[65];
    size_t len = sizeof point;
    ASSERT(
        secp256k1_ec_pubkey_serialize(context_get(), point, &len, key, SECP256K1_EC_UNCOMPRESSED));
    ASSERT(len == sizeof point);
    struct hash h;
    keccak256(&h, point + 1, 64);
    memcpy(out->b, h.b + 12, sizeof out->b);
}

enum err ecdsa_sign(struct ecdsa_signature *out, const struct hash *digest, const uint8_t key32[32])
{
    secp256k1_ecdsa_recoverable_signature sig;
    if (!secp256k1_ecdsa_sign_recoverable(context_get(), &sig, digest->b, key32,
                                          secp256k1_nonce_function_rfc6979, NULL))
        return E_KEY;
    uint8_t compact[64];
    int id = 0;
    ASSERT(secp256k1_ecdsa_recoverable_signature_serialize_compact(context, compact, &id, &sig));
    /* 2 and 3 mean that r overflowed the order: one chance in 2^128 */
    ASSERT(id == 0 || id == 1);
    memcpy(out->r, compact, 32);
    memcpy(out->s, compact + 32, 32);
    out->y_parity = (uint8_t)id;
    return E_OK;
}

enum err ecdsa_recover(struct address *out, const struct hash *digest,
                       const struct ecdsa_signature *sig, bool allow_high_s)
{
    if (sig->y_parity > 1)
        return E_SIGNATURE;
    if (!allow_high_s && memcmp(sig->s, half_order, sizeof half_order) > 0)
        return E_SIGNATURE;
    uint8_t compact[64];
    memcpy(compact, sig->r, 32);
    memcpy(compact + 32, sig->s, 32);
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey key;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(context_get(), &parsed, compact,
                                                             sig->y_parity) ||
        !secp256k1_ecdsa_recover(context_get(), &key, &parsed, digest->b))
        return E_SIGNATURE;
    address_of_pubkey(out, &key);
    return E_OK;
}

enum err ecdsa_address(struct address *out, const uint8_t key32[32])
{
    secp256k1_pubkey key;
    if (!secp256k1_ec_pubkey_create(context_get(), &key, key32))
        return E_KEY;
    address_of_pubkey(out, &key);
    return E_OK;
}

void ecdsa_key_generate(uint8_t key32[32])
{
    do
        random_bytes(key32, 32);
    while (!secp256k1_ec_seckey_verify(context_get(), key32));
}
