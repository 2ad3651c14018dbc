#include "crypto/seal.h"

#include <sodium.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/mem.h"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(SEAL_OVERHEAD == NONCE_BYTES + TAG_BYTES, "record layout");
_Static_assert(SEAL_KEY_BYTES == crypto_kdf_blake2b_KEYBYTES, "master key");
_Static_assert(SEAL_NAME_BYTES == crypto_shorthash_siphashx24_BYTES, "name");
_Static_assert(SEAL_SALT_BYTES == crypto_pwhash_SALTBYTES, "salt");

/* Domain separation of the two keys: these constants are part of the stored format. */
#define KDF_CONTEXT "parvis-1"
enum { KDF_RECORD = 1, KDF_NAME = 2 };

static void library_start(void)
{
    ASSERT(sodium_init() >= 0); /* idempotent and thread-safe */
}

void seal_init(struct seal *s, const uint8_t master_key[SEAL_KEY_BYTES])
{
    library_start();
    crypto_kdf_blake2b_derive_from_key(s->record_key, sizeof s->record_key, KDF_RECORD, KDF_CONTEXT,
                                       master_key);
    crypto_kdf_blake2b_derive_from_key(s->name_key, sizeof s->name_key, KDF_NAME, KDF_CONTEXT,
                                       master_key);
    random_bytes(s->nonce_prefix, sizeof s->nonce_prefix);
    crypto_core_hchacha20(s->prefix_key, s->nonce_prefix, s->record_key, NULL);
    atomic_store(&s->counter, 0);
}

void seal_wipe(struct seal *s)
{
    sodium_memzero(s, sizeof *s);
}

enum err seal_key_from_passphrase(uint8_t key[SEAL_KEY_BYTES], const char *passphrase,
                                  const uint8_t salt[SEAL_SALT_BYTES])
{
    size_t len = strlen(passphrase);
    if (len == 0)
        return E_KEY;
    library_start();
    if (crypto_pwhash(
            key, SEAL_KEY_BYTES, passphrase, len, salt, crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
            crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
        mem_fail(crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE); /* its only cause of failure */
    return E_OK;
}

/* XChaCha20 is ChaCha20 under HChaCha20(key, the nonce's first 16 bytes), with the nonce's last 8
 * behind four zero bytes. All records of one process share the first 16, so their HChaCha20 is done
 * once. */
static void short_nonce(uint8_t out[crypto_aead_chacha20poly1305_ietf_NPUBBYTES],
                        const uint8_t nonce[NONCE_BYTES])
{
    memset(out, 0, 4);
    memcpy(out + 4, nonce + 16, 8);
}

void seal_encrypt(struct seal *s, struct buf *out, struct bytes plain, struct bytes bound)
{
    uint64_t counter = atomic_fetch_add_explicit(&s->counter, 1, memory_order_relaxed);
    uint8_t *nonce = buf_grow(out, plain.len + SEAL_OVERHEAD);
    uint8_t last[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    memcpy(nonce, s->nonce_prefix, sizeof s->nonce_prefix);
    be64_put(nonce + sizeof s->nonce_prefix, counter);
    short_nonce(last, nonce);
    unsigned long long sealed_len = 0;
    crypto_aead_chacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, &sealed_len, plain.data,
                                              plain.len, bound.data, bound.len, NULL, last,
                                              s->prefix_key);
    ASSERT(sealed_len == plain.len + TAG_BYTES);
}

enum err seal_decrypt(const struct seal *s, struct buf *out, struct bytes sealed,
                      struct bytes bound)
{
    if (sealed.len < SEAL_OVERHEAD)
        return E_CORRUPT;
    size_t plain_len = sealed.len - SEAL_OVERHEAD;
    buf_reserve(out, plain_len + 1); /* never a NULL pointer, even for no bytes */
    uint8_t last[crypto_aead_chacha20poly1305_ietf_NPUBBYTES], other_key[32];
    const uint8_t *key = s->prefix_key;
    if (memcmp(sealed.data, s->nonce_prefix, sizeof s->nonce_prefix) != 0) {
        crypto_core_hchacha20(other_key, sealed.data, s->record_key, NULL);
        key = other_key;
    }
    short_nonce(last, sealed.data);
    unsigned long long written = 0;
    int refused = crypto_aead_chacha20poly1305_ietf_decrypt(
        out->data + out->len, &written, NULL, sealed.data + NONCE_BYTES, sealed.len - NONCE_BYTES,
        bound.data, bound.len, last, key);
    if (key == other_key)
        sodium_memzero(other_key, sizeof other_key);
    if (refused)
        return E_CORRUPT;
    ASSERT(written == plain_len);
    out->len += plain_len;
    return E_OK;
}

void seal_name(const struct seal *s, uint8_t out[SEAL_NAME_BYTES], struct bytes name)
{
    static const uint8_t none = 0;
    crypto_shorthash_siphashx24(out, name.len ? name.data : &none, name.len, s->name_key);
}
