/* pedersen: a threshold group's messages, as trustees.json has them; internal to this folder.
 *
 * Feldman's verifiable sharing, all members dealing at once (Pedersen 1991): member j's polynomial
 * f_j has k coefficients, of which everybody knows A_jd = g^(a_jd); member i's key is
 * S_i = sum of f_j(i), its public key the product over d of (product over j of A_jd)^(i^d). */
#ifndef PARVIS_BELENIOS_PEDERSEN_H
#define PARVIS_BELENIOS_PEDERSEN_H

#include "belenios/trustees.h"

/* A member's secrets: "sk|" and "dk|" hashed with its seed. */
struct ed_scalar bel_seed_signing(const char *seed);
struct ed_scalar bel_seed_decryption(const char *seed);

/* What is signed: appended to out. */
void bel_certificate_text(struct buf *out, const struct bel_context *c,
                          const struct bel_certificate *m);
void bel_coefficients_text(struct buf *out, const struct bel_context *c,
                           const struct bel_coefficients *m);
/* {"certs":[..],"coefexps":[..]}: all certificates and the sender's coefficients. */
void bel_certificates_text(struct buf *out, const struct bel_context *sender,
                           const struct bel_certificate *certificates,
                           const struct bel_coefficients *own);
/* {"message":TEXT,"signature":PROOF} */
void bel_signed_write(struct buf *json, struct bytes text, const uint8_t proof[BEL_PROOF_BYTES]);

/* {"pok":..,"public_key":..,"signature":..}; signature may be NULL. */
void bel_key_write(struct buf *json, const struct bel_key_message *m, const uint8_t *signature);

/* out[d] = sum over the dealers of A_jd, d < threshold. E_OK | E_INVALID (a point). */
enum err bel_coefficients_sum(struct ed_point *out, const struct bel_context *c,
                              const struct bel_coefficients *all, struct diag *d);
/* The polynomial in the exponent at x: sum of x^d times points[d]. */
void bel_polynomial_at(struct ed_point *out, const struct ed_point *points, size_t count,
                       uint32_t x);
/* bel_verification_check with the sums at hand. */
enum err bel_verification_check_sums(const struct bel_verification *m,
                                     const struct bel_context *sender,
                                     const struct bel_certificate *certificates,
                                     const struct bel_coefficients *own,
                                     const struct ed_point *sums, struct diag *d);

#endif
