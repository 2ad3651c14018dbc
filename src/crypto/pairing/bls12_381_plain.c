/* bls12_381_plain: BLS12-381 in portable C; see variants.h. */
#define VARIANT bls_plain
#include "crypto/pairing/bls12_381_curve.inc"
