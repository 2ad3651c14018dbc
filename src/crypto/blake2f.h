/* blake2f: the compression function F of BLAKE2b (RFC 7693, 3.2) with a free number of rounds.
 * Precompile 0x09, EIP-152.
 * Threads   any. Own code: AVX2 where the processor has it, else plain C; the results are the same.
 */
#ifndef PARVIS_CRYPTO_BLAKE2F_H
#define PARVIS_CRYPTO_BLAKE2F_H

#include <stdbool.h>
#include <stdint.h>

/* blake2f replaces the state h. m is the message block, t the offset counter, is_final the flag
 * that inverts one word. Words are host integers: the caller reads them little-endian. Time grows
 * with rounds (about 9 ns each), which callers bound by gas first. */
void blake2f(uint64_t h[8], const uint64_t m[16], const uint64_t t[2], bool is_final,
             uint32_t rounds);

/* The variants, for tests that compare them. blake2f_variant returns NULL when this processor
 * cannot run variant i, or there is no variant i; 0 is the plain one. */
#define BLAKE2F_VARIANTS 2
typedef void (*blake2f_rounds)(uint64_t v[16], const uint64_t m[16], uint32_t rounds);
blake2f_rounds blake2f_variant(unsigned i);

#endif
