/* The field and tower of BLS12-381, in portable C. */
#include "crypto/pairing/variants.h"

#define VARIANT test_bls_plain
extern const struct bls_variant test_bls_plain;
#include "crypto/pairing/bls12_381_curve.inc"

#define RUNNABLE true
#define NAME(test) bls_plain_##test
#include "crypto/pairing/test_field.inc"
