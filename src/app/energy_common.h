/* energy_common: what the `parvis energy` commands share. */
#ifndef PARVIS_APP_ENERGY_COMMON_H
#define PARVIS_APP_ENERGY_COMMON_H

#include "app/command.h"
#include "gateway/files/output.h"
#include "gateway/files/settlement.h"

/* energy_problems prints every problem of an import (to standard error, or as JSON) and returns the
 * exit code; use after a function that filled p returned e. Frees p. */
int energy_problems(const struct cli *cli, enum err e, struct problems *p, const struct diag *d);

/* energy_load_dataset reads --operation, --consumption, --production, or --data DIR. */
enum err energy_load_dataset(struct cli *cli, struct dataset *out, struct problems *p,
                             struct diag *d);

/* Text forms: 12395.63 from cents with two decimals; 64.58 % from basis points;
 * grouped digits "184 600 252". Each into a static ring of buffers, for printf. */
const char *text_cents(uint64_t cents);
const char *text_percent_bp(uint64_t bp);
const char *text_grouped(uint64_t v);
uint64_t ratio_bp(uint64_t part, uint64_t whole); /* floor(10000 * part / whole), 0 if whole is 0 */

#endif
