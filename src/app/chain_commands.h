/* chain_commands: `send` for other commands. */
#ifndef PARVIS_APP_CHAIN_COMMANDS_H
#define PARVIS_APP_CHAIN_COMMANDS_H

#include "app/command.h"

/* chain_send is `parvis send ARGS... --from FROM`, with cli's common options: prints the receipt or
 * the reason, returns the exit code. gas_reserve: allowed above the estimate, which is exact for
 * the state it saw, for what transactions that come first may make it cost more. */
int chain_send(const struct cli *cli, const char *from, const char **args, size_t count,
               uint64_t gas_reserve);

#endif
