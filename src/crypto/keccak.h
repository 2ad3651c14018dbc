/* keccak: Keccak-256 as Ethereum uses it (original padding 0x01, not SHA3-256's 0x06).
 * Spec  Keccak reference 3.0; Yellow Paper sec. 2. */
#ifndef PARVIS_CRYPTO_KECCAK_H
#define PARVIS_CRYPTO_KECCAK_H

#include "base/bytes.h"

#define KECCAK_RATE 136

/* Incremental use: init, any number of update, one final. */
struct keccak {
    uint64_t lane[25];
    size_t fill; /* bytes absorbed in the current block, < KECCAK_RATE */
};

void keccak_init(struct keccak *k);
void keccak_update(struct keccak *k, const void *data, size_t len);
void keccak_final(struct keccak *k, struct hash *out);

/* keccak256 hashes len bytes at once. */
void keccak256(struct hash *out, const void *data, size_t len);
struct hash keccak256_of(struct bytes b);

/* keccak256_many hashes `count` inputs into out[count]; on a processor with AVX-512 eight of them
 * in about the time of two. Best where inputs that stand together are about equally long. */
void keccak256_many(struct hash *out, const struct bytes *in, size_t count);

/* Test seams: true keeps to the plain build, or away from AVX-512, where the processor has more. */
extern bool keccak_plain_only, keccak_scalar_only;

/* keccak256 of no bytes, and of RLP's empty string 0x80 (the root of an empty trie). */
extern const struct hash KECCAK_EMPTY;
extern const struct hash KECCAK_EMPTY_TRIE;

#endif
