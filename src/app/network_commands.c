/* network_commands: the table of `parvis network ...`. */
#include "app/network.h"

const struct command NETWORK_COMMANDS[] = {
    {"network prepare", "", 0, 0, "makes a member's keys and its card for the other members",
     "crée les clés d'un membre et sa fiche pour les autres", NETWORK_PREPARE_OPTIONS,
     run_network_prepare},
    {"network init", "", 0, 0, "makes a network file from the members' cards",
     "crée un fichier de réseau à partir des fiches des membres", NETWORK_INIT_OPTIONS,
     run_network_init},
    {"network join", "", 0, 0, "makes the ledger and the engine's files of a prepared member",
     "crée le registre et les fichiers du moteur d'un membre préparé", NETWORK_JOIN_OPTIONS,
     run_network_join},
    {0},
};
