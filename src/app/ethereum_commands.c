#include "app/ethereum_commands.h"

const struct command ETHEREUM_COMMANDS[] = {
    {"statetest", "FILE|DIR...", 1, 255, "runs Ethereum's official state tests",
     "exécute les tests officiels d'état d'Ethereum", STATETEST_OPTIONS, run_statetest},
    {"evm run", "", 0, 0, "runs bytecode given on the command line, traces or times it",
     "exécute du bytecode donné en ligne de commande, le trace ou le chronomètre", EVM_RUN_OPTIONS,
     run_evm},
    {"blocktest", "FILE|DIR...", 1, 255, "runs Ethereum's official block tests",
     "exécute les tests officiels de blocs d'Ethereum", BLOCKTEST_OPTIONS, run_blocktest},
    {"t8n", "", 0, 0, "executes transactions on accounts, as geth's `evm t8n` does",
     "exécute des transactions sur des comptes, comme `evm t8n` de geth", T8N_OPTIONS, run_t8n},
    {"import-ethereum", "GENESIS [BLOCKS]", 1, 2,
     "makes a ledger from an Ethereum chain (genesis.json, blocks in RLP), checking every block",
     "crée un registre à partir d'une chaîne Ethereum (genesis.json, blocs en RLP), en vérifiant "
     "chaque bloc",
     IMPORT_ETHEREUM_OPTIONS, run_import_ethereum},
    {0},
};
