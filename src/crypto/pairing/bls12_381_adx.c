/* bls12_381_adx: BLS12-381 with the BMI2 and ADX instructions; see variants.h. */
#ifdef __x86_64__
#define PAIRING_ADX
#define VARIANT bls_adx
#include "crypto/pairing/bls12_381_curve.inc"
#else
typedef int bls12_381_adx_is_for_x86_64; /* a translation unit is not empty */
#endif
