/* bn254_adx: BN254 with the BMI2 and ADX instructions; see variants.h. */
#ifdef __x86_64__
#define PAIRING_ADX
#define VARIANT bn254_adx
#include "crypto/pairing/bn254_curve.inc"
#else
typedef int bn254_adx_is_for_x86_64; /* a translation unit is not empty */
#endif
