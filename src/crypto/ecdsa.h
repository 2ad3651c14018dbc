/* ecdsa: secp256k1 signatures with public-key recovery (libsecp256k1 behind three calls).
 * Threads   any; the library context is created once and read-only. */
#ifndef PARVIS_CRYPTO_ECDSA_H
#define PARVIS_CRYPTO_ECDSA_H

#include "base/bytes.h"

/* r and s big-endian, y_parity 0 or 1 (the recovery id; ids 2 and 3 never occur on Ethereum). */
struct ecdsa_signature {
    uint8_t r[32];
    uint8_t s[32];
    uint8_t y_parity;
};

/* Whether it is a signature at all: all zero stands for none. */
static inline bool ecdsa_signature_is_set(const struct ecdsa_signature *s)
{
    static const struct ecdsa_signature none;
    return memcmp(s, &none, sizeof none) != 0;
}

/* ecdsa_sign makes the deterministic (RFC 6979), low-s signature of a 32-byte digest.
 * E_OK | E_KEY (not a valid secret key). */
enum err ecdsa_sign(struct ecdsa_signature *out, const struct hash *digest,
                    const uint8_t key32[32]);

/* ecdsa_recover returns the address that signed digest. s must be <= n/2 (EIP-2) unless
 * allow_high_s (Frontier transactions and the ecrecover precompile). E_OK | E_SIGNATURE. */
enum err ecdsa_recover(struct address *out, const struct hash *digest,
                       const struct ecdsa_signature *sig, bool allow_high_s);

/* ecdsa_address derives the address of a secret key. E_OK | E_KEY. */
enum err ecdsa_address(struct address *out, const uint8_t key32[32]);

/* ecdsa_key_generate draws a valid secret key from the system's randomness. */
void ecdsa_key_generate(uint8_t key32[32]);

#endif
