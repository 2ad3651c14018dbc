/* energy_ledger: `parvis energy load`, `coefficients`, `correct`, `report` and `export`: work with
 * a running node. */
#ifndef PARVIS_APP_ENERGY_LEDGER_H
#define PARVIS_APP_ENERGY_LEDGER_H

#include "app/command.h"

extern const struct cli_option ENERGY_LOAD_OPTIONS[], ENERGY_CORRECT_OPTIONS[],
    ENERGY_REPORT_OPTIONS[], ENERGY_EXPORT_OPTIONS[], ENERGY_COEFFICIENTS_OPTIONS[];
int energy_load_run(struct cli *cli);
int energy_coefficients_run(struct cli *cli);
int energy_correct_run(struct cli *cli);
int energy_report_run(struct cli *cli);
int energy_export_run(struct cli *cli);

#endif
