/* energy_files: `parvis energy sample`, `import`, `start`, `erase` and `key`: work on files only.
 */
#ifndef PARVIS_APP_ENERGY_FILES_H
#define PARVIS_APP_ENERGY_FILES_H

#include "app/command.h"

extern const struct cli_option ENERGY_SAMPLE_OPTIONS[], ENERGY_IMPORT_OPTIONS[],
    ENERGY_START_OPTIONS[], ENERGY_ERASE_OPTIONS[], ENERGY_KEY_OPTIONS[];
int energy_sample_run(struct cli *cli);
int energy_import_run(struct cli *cli);
int energy_start_run(struct cli *cli);
int energy_erase_run(struct cli *cli);
int energy_key_run(struct cli *cli);

#endif
