/* The field and tower of BN254, in portable C. */
#include "crypto/pairing/variants.h"

#define VARIANT test_bn254_plain
extern const struct bn254_variant test_bn254_plain;
#include "crypto/pairing/bn254_curve.inc"

#define RUNNABLE true
#define NAME(test) bn254_plain_##test
#include "crypto/pairing/test_field.inc"
