/* energy_commands: the table of `parvis energy ...`. */
#include "app/energy_allocate.h"
#include "app/energy_files.h"
#include "app/energy_ledger.h"

const struct command ENERGY_COMMANDS[] = {
    {"energy allocate", "", 0, 0,
     "shares a period's production by the contract's rules, from files, without a ledger",
     "répartit la production d'une période selon les règles du contrat, depuis des fichiers, sans "
     "registre",
     ENERGY_ALLOCATE_OPTIONS, energy_allocate_run},
    {"energy sample", "", 0, 0, "makes a synthetic district to try the program with",
     "fabrique un quartier synthétique pour essayer le programme", ENERGY_SAMPLE_OPTIONS,
     energy_sample_run},
    {"energy import", "FILE...", 1, 4096,
     "checks meter files (Enedis load curves in CSV or JSON) and converts them",
     "vérifie des fichiers de comptage (courbes Enedis en CSV ou JSON) et les convertit",
     ENERGY_IMPORT_OPTIONS, energy_import_run},
    {"energy start", "", 0, 0,
     "prints when an operation's data begin, in seconds since 1970 (for `parvis init --timestamp`)",
     "affiche le début des données d'une opération, en secondes depuis 1970 (pour `parvis init "
     "--timestamp`)",
     ENERGY_START_OPTIONS, energy_start_run},
    {"energy load", "", 0, 0,
     "registers an operation on the ledger, sends its readings day by day and closes the months",
     "inscrit une opération au registre, envoie ses relevés jour par jour et clôt les mois",
     ENERGY_LOAD_OPTIONS, energy_load_run},
    {"energy coefficients", "", 0, 0,
     "sends an organiser's own sharing coefficients, for days that are not settled yet",
     "envoie les coefficients de partage d'un organisateur, pour des jours pas encore réglés",
     ENERGY_COEFFICIENTS_OPTIONS, energy_coefficients_run},
    {"energy correct", "", 0, 0,
     "compares the readings of settled days with the files and sends corrections where they differ",
     "compare les relevés des jours réglés avec les fichiers et envoie les corrections nécessaires",
     ENERGY_CORRECT_OPTIONS, energy_correct_run},
    {"energy report", "", 0, 0, "tells what an operation produced, shared, invoiced and paid",
     "dit ce qu'une opération a produit, partagé, facturé et payé", ENERGY_REPORT_OPTIONS,
     energy_report_run},
    {"energy export", "allocations|classes|coefficients|invoices|html", 1, 1,
     "writes what the ledger holds of an operation as CSV, or its invoices as printable HTML",
     "écrit ce que le registre contient d'une opération en CSV, ou ses factures en HTML imprimable",
     ENERGY_EXPORT_OPTIONS, energy_export_run},
    {"energy erase", "POINT", 1, 1,
     "destroys what names a person at a point in the organiser's file",
     "détruit dans le fichier de l'organisateur ce qui nomme une personne à un point",
     ENERGY_ERASE_OPTIONS, energy_erase_run},
    {"energy key", "NAME", 1, 1,
     "copies the organiser's signing key (or a holder's) to HOME/keys, sealed, for `send --from "
     "NAME`",
     "copie la clé de signature de l'organisateur (ou d'un titulaire) dans HOME/keys, scellée, "
     "pour "
     "`send --from NOM`",
     ENERGY_KEY_OPTIONS, energy_key_run},
    {0},
};
