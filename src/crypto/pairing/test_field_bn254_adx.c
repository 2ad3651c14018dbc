/* The field and tower of BN254, with ADX. */
#include "crypto/pairing/variants.h"

#ifdef __x86_64__
#define PAIRING_ADX
#define VARIANT test_bn254_adx
extern const struct bn254_variant test_bn254_adx;
#include "crypto/pairing/bn254_curve.inc"

#define RUNNABLE pairing_has_adx()
#define NAME(test) bn254_adx_##test
#include "crypto/pairing/test_field.inc"
#endif
