/* bn254: the curve alt_bn128 of EIP-196 and EIP-197: y^2 = x^3 + 3 over a 254-bit field, its sextic
 * twist, and the optimal ate pairing. Public data only: running time depends on the input.
 *
 * Encodings (EIP-196, EIP-197): field elements are 32 bytes big-endian below the field modulus; the
 * point at infinity is all zeros; an element of Fp2 is imaginary part first. */
#ifndef PARVIS_CRYPTO_PAIRING_BN254_H
#define PARVIS_CRYPTO_PAIRING_BN254_H

#include "base/bytes.h"

#define BN254_G1_BYTES 64
#define BN254_G2_BYTES 128

/* bn254_add and bn254_mul: out may alias the inputs; the scalar is any 256-bit big-endian number.
 * False when a point is not canonical or not on the curve. */
bool bn254_add(uint8_t out[BN254_G1_BYTES], const uint8_t a[BN254_G1_BYTES],
               const uint8_t b[BN254_G1_BYTES]);
bool bn254_mul(uint8_t out[BN254_G1_BYTES], const uint8_t point[BN254_G1_BYTES],
               const uint8_t scalar[32]);

/* bn254_pairing_check reads count pairs (G1, G2), each 192 bytes: *is_one_out tells whether the
 * product of their pairings is one (true for none). False when a point is not canonical, not on its
 * curve, or (G2) not in the subgroup. */
bool bn254_pairing_check(bool *is_one_out, const uint8_t *pairs, size_t count);

#endif
