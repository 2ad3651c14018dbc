/* vote_commands: the commands of `parvis vote`, a file each; vote_commands.c is their table.
 * Each run function is struct command's: it returns an exit code. */
#ifndef PARVIS_APP_VOTE_COMMANDS_H
#define PARVIS_APP_VOTE_COMMANDS_H

#include "app/cli.h"

#endif
