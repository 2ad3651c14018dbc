/* seal: authenticated encryption of stored records, hidden record names, and keys from passphrases.
 *
 * Cipher    XChaCha20-Poly1305 (libsodium). The 24-byte nonce is 16 random bytes drawn at
 *           seal_init, followed by a 64-bit counter: never repeated, no randomness per record.
 * Names     seal_name maps a clear record name to 16 bytes with a keyed PRF (SipHash-2-4-128), so
 *           that a name (an address, a transaction hash) cannot be recognised or tested for.
 * Threads   sealing takes the counter atomically; opening and naming are read-only. */
#ifndef PARVIS_CRYPTO_SEAL_H
#define PARVIS_CRYPTO_SEAL_H

#include "base/bytes.h"

#define SEAL_KEY_BYTES 32
#define SEAL_OVERHEAD 40 /* nonce 24 + tag 16 */
#define SEAL_NAME_BYTES 16
#define SEAL_SALT_BYTES 16

struct seal {
    uint8_t record_key[32];
    uint8_t name_key[16];
    uint8_t nonce_prefix[16];
    uint8_t prefix_key[32]; /* HChaCha20(record_key, nonce_prefix): what the cipher begins with */
    _Atomic uint64_t counter;
};

/* seal_init derives the record and name keys from a 32-byte master key (BLAKE2b KDF). */
void seal_init(struct seal *s, const uint8_t master_key[SEAL_KEY_BYTES]);
void seal_wipe(struct seal *s);

/* seal_key_from_passphrase: Argon2id (interactive limits: 2 passes, 64 MiB). E_OK | E_KEY when the
 * passphrase is empty. */
enum err seal_key_from_passphrase(uint8_t key[SEAL_KEY_BYTES], const char *passphrase,
                                  const uint8_t salt[SEAL_SALT_BYTES]);

/* seal_encrypt appends nonce || ciphertext || tag (plain.len + SEAL_OVERHEAD bytes) to out;
 * `bound` is authenticated with it (the record's table and key), so records cannot be swapped. */
void seal_encrypt(struct seal *s, struct buf *out, struct bytes plain, struct bytes bound);

/* seal_decrypt appends the plain text to out. E_OK | E_CORRUPT (any bit differs, or wrong key). */
enum err seal_decrypt(const struct seal *s, struct buf *out, struct bytes sealed,
                      struct bytes bound);

/* seal_name writes the hidden form of a record name. */
void seal_name(const struct seal *s, uint8_t out[SEAL_NAME_BYTES], struct bytes name);

#endif
