/* vote_commands: the table of `parvis vote`. */
#include "app/vote_commands.h"

const struct command VOTE_COMMANDS[] = {
    {0},
};
