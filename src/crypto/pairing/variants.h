/* variants: each curve is compiled twice from the same templates, in portable C and with the BMI2
 * and ADX instructions of x86-64; the public functions choose once, by what the processor has. */
#ifndef PARVIS_CRYPTO_PAIRING_VARIANTS_H
#define PARVIS_CRYPTO_PAIRING_VARIANTS_H

#include "base/bytes.h"

struct bn254_variant {
    bool (*add)(uint8_t *out, const uint8_t *a, const uint8_t *b);
    bool (*mul)(uint8_t *out, const uint8_t *point, const uint8_t *scalar);
    bool (*pairing_check)(bool *is_one_out, const uint8_t *pairs, size_t count);
};

extern const struct bn254_variant bn254_plain;
#ifdef __x86_64__
extern const struct bn254_variant bn254_adx;
#endif

struct bls_variant {
    bool (*g1_add)(uint8_t *out, const uint8_t *a, const uint8_t *b);
    bool (*g2_add)(uint8_t *out, const uint8_t *a, const uint8_t *b);
    bool (*g1_msm)(uint8_t *out, const uint8_t *pairs, size_t count);
    bool (*g2_msm)(uint8_t *out, const uint8_t *pairs, size_t count);
    bool (*pairing_check)(bool *is_one_out, const uint8_t *pairs, size_t count);
    bool (*map_fp_to_g1)(uint8_t *out, const uint8_t *fp);
    bool (*map_fp2_to_g2)(uint8_t *out, const uint8_t *fp2);
    bool (*kzg_verify)(const uint8_t *commitment, const uint8_t *z, const uint8_t *y,
                       const uint8_t *proof);
};

extern const struct bls_variant bls_plain;
#ifdef __x86_64__
extern const struct bls_variant bls_adx;
#endif

/* pairing_has_adx tells whether the _adx variants run on this processor. */
bool pairing_has_adx(void);

#endif
