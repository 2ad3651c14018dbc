/* precompile_internal: what the table of precompile.c is made of. Only the precompile*.c files
 * include it.
 *
 * A row's price function is asked first, from the input's lengths and bytes alone; its run function
 * only when the frame can pay. So whatever run does and allocates is bounded by gas. */
#ifndef PARVIS_EVM_PRECOMPILE_INTERNAL_H
#define PARVIS_EVM_PRECOMPILE_INTERNAL_H

#include "evm/precompile.h"

#define PRECOMPILE_UNPAYABLE UINT64_MAX /* a price beyond 64 bits */

/* The gas for this input. Input of a wrong length may be priced 0: run refuses it. */
typedef uint64_t precompile_price(enum fork fork, struct bytes input);

/* Fills *out (empty before), with memory of a. False: the input is bad, all gas goes. */
typedef bool precompile_body(struct arena *a, enum fork fork, struct bytes input,
                             struct bytes *out);

/* input_copy takes len bytes from offset on; what lies beyond the input is zero. */
void input_copy(uint8_t *out, size_t len, struct bytes input, size_t offset);

/* input_words counts the 32-byte words of an input, the last one perhaps partial. */
uint64_t input_words(struct bytes input);

/* output_alloc makes *out len zero bytes and returns them for writing. */
uint8_t *output_alloc(struct arena *a, size_t len, struct bytes *out);

/* precompile_basic.c: signatures, hashes, copying */
precompile_price ecrecover_price, sha256_price, ripemd160_price, identity_price, blake2f_price,
    p256verify_price;
precompile_body ecrecover_body, sha256_body, ripemd160_body, identity_body, blake2f_body,
    p256verify_body;

/* precompile_modexp.c */
precompile_price modexp_price;
precompile_body modexp_body;

/* precompile_bn254.c */
precompile_price bn254_add_price, bn254_mul_price, bn254_pairing_price;
precompile_body bn254_add_body, bn254_mul_body, bn254_pairing_body;

/* precompile_bls12_381.c */
precompile_price kzg_price, bls_g1_add_price, bls_g1_msm_price, bls_g2_add_price, bls_g2_msm_price,
    bls_pairing_price, bls_map_fp_price, bls_map_fp2_price;
precompile_body kzg_body, bls_g1_add_body, bls_g1_msm_body, bls_g2_add_body, bls_g2_msm_body,
    bls_pairing_body, bls_map_fp_body, bls_map_fp2_body;

#endif
