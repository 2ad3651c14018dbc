/* bn254_plain: BN254 in portable C; see variants.h. */
#define VARIANT bn254_plain
#include "crypto/pairing/bn254_curve.inc"
