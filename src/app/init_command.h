/* init_command: `parvis init` makes a new ledger, or leaves nothing behind. */
#ifndef PARVIS_APP_INIT_COMMAND_H
#define PARVIS_APP_INIT_COMMAND_H

#include "app/cli.h"
#include "chain/genesis.h"

extern const struct cli_option INIT_OPTIONS[];
/* init_create_ledger makes HOME/store with block 0 and a copy of the genesis, or leaves nothing.
 * The codes of home_open_store and chain_create. */
enum err init_create_ledger(const struct cli *cli, const struct genesis *genesis, struct diag *d);
int run_init(struct cli *cli);

#endif
