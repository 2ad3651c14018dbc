#include "crypto/pairing/bls12_381.h"

#include "crypto/pairing/variants.h"

static const struct bls_variant *variant(void)
{
#ifdef __x86_64__
    if (pairing_has_adx())
        return &bls_adx;
#endif
    return &bls_plain;
}

bool bls_g1_add(uint8_t out[BLS_G1_BYTES], const uint8_t a[BLS_G1_BYTES],
                const uint8_t b[BLS_G1_BYTES])
{
    return variant()->g1_add(out, a, b);
}

bool bls_g2_add(uint8_t out[BLS_G2_BYTES], const uint8_t a[BLS_G2_BYTES],
                const uint8_t b[BLS_G2_BYTES])
{
    return variant()->g2_add(out, a, b);
}

bool bls_g1_msm(uint8_t out[BLS_G1_BYTES], const uint8_t *pairs, size_t count)
{
    return variant()->g1_msm(out, pairs, count);
}

bool bls_g2_msm(uint8_t out[BLS_G2_BYTES], const uint8_t *pairs, size_t count)
{
    return variant()->g2_msm(out, pairs, count);
}

bool bls_pairing_check(bool *is_one_out, const uint8_t *pairs, size_t count)
{
    return variant()->pairing_check(is_one_out, pairs, count);
}

bool bls_map_fp_to_g1(uint8_t out[BLS_G1_BYTES], const uint8_t fp[BLS_FP_BYTES])
{
    return variant()->map_fp_to_g1(out, fp);
}

bool bls_map_fp2_to_g2(uint8_t out[BLS_G2_BYTES], const uint8_t fp2[2 * BLS_FP_BYTES])
{
    return variant()->map_fp2_to_g2(out, fp2);
}

bool kzg_verify(const uint8_t commitment[48], const uint8_t z[32], const uint8_t y[32],
                const uint8_t proof[48])
{
    return variant()->kzg_verify(commitment, z, y, proof);
}
