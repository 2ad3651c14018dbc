/* init_command: `parvis init` makes a new ledger, or leaves nothing behind. */
#ifndef PARVIS_APP_INIT_COMMAND_H
#define PARVIS_APP_INIT_COMMAND_H

#include "app/cli.h"

extern const struct cli_option INIT_OPTIONS[];
int run_init(struct cli *cli);

#endif
