/* The field and tower of BLS12-381, with ADX. */
#include "crypto/pairing/variants.h"

#ifdef __x86_64__
#define PAIRING_ADX
#define VARIANT test_bls_adx
extern const struct bls_variant test_bls_adx;
#include "crypto/pairing/bls12_381_curve.inc"

#define RUNNABLE pairing_has_adx()
#define NAME(test) bls_adx_##test
#include "crypto/pairing/test_field.inc"
#endif
