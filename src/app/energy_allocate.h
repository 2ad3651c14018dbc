/* energy_allocate: `parvis energy allocate`, the contract's rules over files, without a ledger. */
#ifndef PARVIS_APP_ENERGY_ALLOCATE_H
#define PARVIS_APP_ENERGY_ALLOCATE_H

#include "app/command.h"

extern const struct cli_option ENERGY_ALLOCATE_OPTIONS[];
int energy_allocate_run(struct cli *cli);

/* energy_check_vectors runs a JSON file of allocation vectors ("allocation", "largest_remainder",
 * "pairwise") and prints how many hold; EXIT_NO when one does not. */
int energy_check_vectors(struct cli *cli, const char *path);

#endif
