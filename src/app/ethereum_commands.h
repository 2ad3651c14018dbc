/* Commands about Ethereum's own formats; the table is ETHEREUM_COMMANDS in command.h. */
#ifndef PARVIS_APP_ETHEREUM_COMMANDS_H
#define PARVIS_APP_ETHEREUM_COMMANDS_H

#include "app/cli.h"

extern const struct cli_option BLOCKTEST_OPTIONS[];
int run_blocktest(struct cli *cli);

#endif
