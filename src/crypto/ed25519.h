/* ed25519: signatures of the ordering engine's validators and nodes (RFC 8032; libsodium).
 *
 * Stricter  CometBFT v0.40 verifies by ZIP-215: it multiplies by the cofactor and accepts encodings
 *           of points that RFC 8032 does not produce. libsodium compares without the cofactor and
 *           refuses keys and R of small order and keys that are not canonical. What is accepted
 *           here is accepted there; what an honest signer makes is accepted by both. The difference
 *           is safe for a light client: it may refuse a vote that the network counted, never count
 *           one that the network refused. A validator could make such votes on purpose; whoever
 *           writes a proof leaves them out, so this costs proofs nothing while more than two thirds
 *           sign honestly. Consensus itself is CometBFT's and never asks here.
 * Threads   any. */
#ifndef PARVIS_CRYPTO_ED25519_H
#define PARVIS_CRYPTO_ED25519_H

#include "base/bytes.h"

#define ED25519_KEY_BYTES 32
#define ED25519_SIGNATURE_BYTES 64

/* The secret as CometBFT's key files keep it: seed, then public key. */
struct ed25519_secret {
    uint8_t seed32[32];
    uint8_t key32[ED25519_KEY_BYTES];
};

void ed25519_from_seed(struct ed25519_secret *out, const uint8_t seed32[32]);
void ed25519_generate(struct ed25519_secret *out);
void ed25519_wipe(struct ed25519_secret *s);

void ed25519_sign(uint8_t signature64[ED25519_SIGNATURE_BYTES], const struct ed25519_secret *s,
                  struct bytes message);
bool ed25519_verify(const uint8_t signature64[ED25519_SIGNATURE_BYTES],
                    const uint8_t key32[ED25519_KEY_BYTES], struct bytes message);

/* CometBFT's address of a validator and id of a node: the first 20 bytes of SHA-256(key). */
void ed25519_address20(uint8_t out20[20], const uint8_t key32[ED25519_KEY_BYTES]);

#endif
