#include "app/ethereum_commands.h"

const struct command ETHEREUM_COMMANDS[] = {
    {"blocktest", "FILE|DIR...", 1, 255, "runs Ethereum's official block tests",
     "exécute les tests officiels de blocs d'Ethereum", BLOCKTEST_OPTIONS, run_blocktest},
    {0},
};
