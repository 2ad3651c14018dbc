/* bls12_381: the curve of EIP-2537: y^2 = x^3 + 4 over a 381-bit field, its twist, the ate pairing,
 * multi-scalar multiplication and the maps from field elements. Public data only: running time
 * depends on the input.
 *
 * Encodings (EIP-2537): a field element is 64 bytes big-endian, the upper 16 zero, below the
 * modulus; an element of Fp2 is real part first; the point at infinity is all zeros. Scalars are
 * any 256-bit big-endian number. Unless said otherwise a function returns false when an encoding is
 * not canonical or a point is not on its curve. */
#ifndef PARVIS_CRYPTO_PAIRING_BLS12_381_H
#define PARVIS_CRYPTO_PAIRING_BLS12_381_H

#include "base/bytes.h"

#define BLS_FP_BYTES 64
#define BLS_G1_BYTES 128
#define BLS_G2_BYTES 256
#define BLS_SCALAR_BYTES 32

/* Addition asks for the curve only, not the subgroup. out may alias. */
bool bls_g1_add(uint8_t out[BLS_G1_BYTES], const uint8_t a[BLS_G1_BYTES],
                const uint8_t b[BLS_G1_BYTES]);
bool bls_g2_add(uint8_t out[BLS_G2_BYTES], const uint8_t a[BLS_G2_BYTES],
                const uint8_t b[BLS_G2_BYTES]);

/* The sum of scalar * point over count >= 1 pairs (point, scalar) standing together: 160 bytes each
 * for G1, 288 for G2. Also false when a point is not in the subgroup. */
bool bls_g1_msm(uint8_t out[BLS_G1_BYTES], const uint8_t *pairs, size_t count);
bool bls_g2_msm(uint8_t out[BLS_G2_BYTES], const uint8_t *pairs, size_t count);

/* bls_pairing_check: count >= 1 pairs (G1, G2), 384 bytes each; subgroups are asked for. */
bool bls_pairing_check(bool *is_one_out, const uint8_t *pairs, size_t count);

/* RFC 9380: simplified SWU map to the isogenous curve, isogeny, cofactor cleared. */
bool bls_map_fp_to_g1(uint8_t out[BLS_G1_BYTES], const uint8_t fp[BLS_FP_BYTES]);
bool bls_map_fp2_to_g2(uint8_t out[BLS_G2_BYTES], const uint8_t fp2[2 * BLS_FP_BYTES]);

/* KZG point evaluation (EIP-4844): whether the polynomial committed to has value y at z. commitment
 * and proof are compressed G1 points (48 bytes, subgroup checked), z and y canonical scalars.
 * Uses tau*G2 of the Ethereum ceremony (c-kzg-4844, trusted_setup.txt). False: not canonical, or
 * the proof does not hold. */
bool kzg_verify(const uint8_t commitment[48], const uint8_t z[32], const uint8_t y[32],
                const uint8_t proof[48]);

#endif
