/* 0x06 to 0x08: the curve of EIP-196 and EIP-197, repriced by EIP-1108 in Istanbul. */
#include "crypto/pairing/bn254.h"
#include "evm/precompile_internal.h"

#define PAIR_BYTES (BN254_G1_BYTES + BN254_G2_BYTES)

uint64_t bn254_add_price(enum fork fork, struct bytes input)
{
    (void)input;
    return fork < FORK_ISTANBUL ? 500 : 150;
}

/* Two points; missing input is zero, which is the point at infinity. */
bool bn254_add_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    uint8_t in[2 * BN254_G1_BYTES];
    (void)fork;
    input_copy(in, sizeof in, input, 0);
    return bn254_add(output_alloc(a, BN254_G1_BYTES, out), in, in + BN254_G1_BYTES);
}

uint64_t bn254_mul_price(enum fork fork, struct bytes input)
{
    (void)input;
    return fork < FORK_ISTANBUL ? 40000 : 6000;
}

/* A point and a scalar */
bool bn254_mul_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    uint8_t in[BN254_G1_BYTES + 32];
    (void)fork;
    input_copy(in, sizeof in, input, 0);
    return bn254_mul(output_alloc(a, BN254_G1_BYTES, out), in, in + BN254_G1_BYTES);
}

uint64_t bn254_pairing_price(enum fork fork, struct bytes input)
{
    uint64_t pairs = input.len / PAIR_BYTES;
    return fork < FORK_ISTANBUL ? 100000 + 80000 * pairs : 45000 + 34000 * pairs;
}

/* Whole pairs only; none at all gives one. */
bool bn254_pairing_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    bool is_one;
    (void)fork;
    if (input.len % PAIR_BYTES != 0 ||
        !bn254_pairing_check(&is_one, input.data, input.len / PAIR_BYTES))
        return false;
    output_alloc(a, 32, out)[31] = is_one;
    return true;
}
