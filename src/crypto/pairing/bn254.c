#include "crypto/pairing/bn254.h"

#include "crypto/pairing/variants.h"

#ifdef __x86_64__
#include <cpuid.h>

bool pairing_has_adx(void)
{
    static int known; /* 0: not asked yet; threads may ask twice and find the same */
    int state = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (state == 0) {
        unsigned a, b, c, d;
        bool has = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_BMI2) && (b & bit_ADX);
        state = has ? 1 : 2;
        __atomic_store_n(&known, state, __ATOMIC_RELAXED);
    }
    return state == 1;
}

static const struct bn254_variant *variant(void)
{
    return pairing_has_adx() ? &bn254_adx : &bn254_plain;
}
#else
bool pairing_has_adx(void)
{
    return false;
}

static const struct bn254_variant *variant(void)
{
    return &bn254_plain;
}
#endif

bool bn254_add(uint8_t out[BN254_G1_BYTES], const uint8_t a[BN254_G1_BYTES],
               const uint8_t b[BN254_G1_BYTES])
{
    return variant()->add(out, a, b);
}

bool bn254_mul(uint8_t out[BN254_G1_BYTES], const uint8_t point[BN254_G1_BYTES],
               const uint8_t scalar[32])
{
    return variant()->mul(out, point, scalar);
}

bool bn254_pairing_check(bool *is_one_out, const uint8_t *pairs, size_t count)
{
    return variant()->pairing_check(is_one_out, pairs, count);
}
