/* Commands about Ethereum's own formats; the table is ETHEREUM_COMMANDS in command.h. */
#ifndef PARVIS_APP_ETHEREUM_COMMANDS_H
#define PARVIS_APP_ETHEREUM_COMMANDS_H

#include "app/cli.h"

extern const struct cli_option STATETEST_OPTIONS[];
int run_statetest(struct cli *cli);

extern const struct cli_option EVM_RUN_OPTIONS[];
int run_evm(struct cli *cli);

extern const struct cli_option BLOCKTEST_OPTIONS[];
int run_blocktest(struct cli *cli);

extern const struct cli_option T8N_OPTIONS[];
int run_t8n(struct cli *cli);

extern const struct cli_option IMPORT_ETHEREUM_OPTIONS[];
int run_import_ethereum(struct cli *cli);

#endif
