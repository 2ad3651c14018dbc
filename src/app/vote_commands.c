/* vote_commands: the table of `parvis vote`. */
#include "app/vote_commands.h"

const struct command VOTE_COMMANDS[] = {
    /* anyone */
    {"vote list", "", 0, 0, "lists the consultations", "liste les consultations", NULL,
     vote_list_run},
    {"vote show", "ID", 1, 1, "tells a consultation's questions, state, trustees and result",
     "donne les questions, l'état, les dépositaires et le résultat d'une consultation", NULL,
     vote_show_run},
    /* the clerk */
    {"vote template", "single|multiple|blank|lists|majority-judgment|budget|points", 1, 1,
     "writes an example of the questions, to be edited",
     "écrit un exemple de questions, à modifier", VOTE_TEMPLATE_OPTIONS, vote_template_run},
    {"vote appoint", "ADDRESS|NAME", 1, 1, "lets an account create consultations",
     "permet à un compte de créer des consultations", VOTE_APPOINT_OPTIONS, vote_appoint_run},
    {"vote create", "FILE", 1, 1, "creates a consultation from a template",
     "crée une consultation à partir d'un modèle", VOTE_CREATE_OPTIONS, vote_create_run},
    {"vote unit", "ID", 1, 1,
     "creates another unit of a published consultation: same questions, trustees and times, other "
     "voters",
     "crée une autre unité d'une consultation publiée : mêmes questions, dépositaires et dates, "
     "autres électeurs",
     VOTE_UNIT_OPTIONS, vote_unit_run},
    {"vote reset", "ID", 1, 1, "has all trustees begin again, before publication",
     "fait recommencer tous les dépositaires, avant la publication", VOTE_REASON_OPTIONS,
     vote_reset_run},
    {"vote publish", "ID", 1, 1,
     "publishes a consultation: nothing of its questions, trustees and "
     "voters changes any more",
     "publie une consultation : questions, dépositaires et électeurs ne changent plus",
     VOTE_CLERK_OPTIONS, vote_publish_run},
    {"vote postpone", "ID", 1, 1, "sets other times, with a reason",
     "fixe d'autres dates, avec un motif", VOTE_POSTPONE_OPTIONS, vote_postpone_run},
    {"vote cancel", "ID", 1, 1, "calls a consultation off, with a reason",
     "annule une consultation, avec un motif", VOTE_REASON_OPTIONS, vote_cancel_run},
    {"vote close", "ID", 1, 1, "ends the voting on record, once its time is over",
     "inscrit la fin du vote, une fois l'heure passée", VOTE_ANYONE_OPTIONS, vote_close_run},
    {"vote tally", "ID", 1, 1,
     "writes the encrypted sums, which the trustees then decrypt; where there are several units, "
     "the "
     "clerk's",
     "inscrit les sommes chiffrées, que les dépositaires déchiffrent ensuite ; s'il y a plusieurs "
     "unités, au greffier de le faire",
     VOTE_ANYONE_OPTIONS, vote_tally_run},
    {"vote result", "ID", 1, 1, "computes the result from the trustees' parts, posts and prints it",
     "calcule le résultat à partir des parts des dépositaires, l'inscrit et l'affiche",
     VOTE_ANYONE_OPTIONS, vote_result_run},
    {"vote merge", "ID ID...", 2, 64,
     "puts the encrypted sums of units together, to be counted as one",
     "réunit les sommes chiffrées d'unités, comptées ensuite comme une seule", VOTE_MERGE_OPTIONS,
     vote_merge_run},
    /* the registrar */
    {"vote roll", "ID FILE", 2, 2,
     "draws a secret voting code for every voter of a file and posts the public ones",
     "tire un code de vote secret pour chaque électeur d'un fichier et inscrit les codes publics",
     VOTE_ROLL_OPTIONS, vote_roll_run},
    {"vote sheets", "ID FILE", 2, 2, "writes a printable sheet for every voter of the file",
     "écrit une feuille à imprimer pour chaque électeur du fichier", VOTE_SHEETS_OPTIONS,
     vote_sheets_run},
    {"vote strike", "ID KEY|LOGIN", 2, 2, "strikes out a voter who has not voted",
     "raye un électeur qui n'a pas voté", VOTE_STRIKE_OPTIONS, vote_strike_run},
    /* trustees */
    {"vote seed", "", 0, 0, "makes a trustee's secret", "crée le secret d'un dépositaire",
     VOTE_SEED_OPTIONS, vote_seed_run},
    {"vote work", "ID", 1, 1,
     "does what is due for a trustee: its part of the key, later its part of the decryption",
     "fait ce qu'un dépositaire doit faire : sa part de la clé, puis sa part du déchiffrement",
     VOTE_WORK_OPTIONS, vote_work_run},
    /* voters */
    {"vote cast", "ID", 1, 1, "encrypts a choice on this machine and casts it",
     "chiffre un choix sur cette machine et dépose le bulletin", VOTE_CAST_OPTIONS, vote_cast_run},
    {"vote ballot", "ID|FILE", 1, 1, "encrypts a choice and writes the ballot, without casting it",
     "chiffre un choix et écrit le bulletin, sans le déposer", VOTE_BALLOT_OPTIONS,
     vote_ballot_run},
    {"vote challenge", "ID|FILE", 1, 1,
     "encrypts a choice, shows the ballot's code, then opens it to be checked on another machine; "
     "it "
     "cannot be cast",
     "chiffre un choix, montre le code du bulletin, puis l'ouvre pour qu'une autre machine le "
     "vérifie ; il ne peut être déposé",
     VOTE_CHALLENGE_OPTIONS, vote_challenge_run},
    {"vote check-opening", "ID|FILE BALLOT-FILE OPENING-FILE", 3, 3,
     "checks that a challenged ballot encrypts what its opening says",
     "vérifie qu'un bulletin ouvert chiffre bien ce qu'en dit l'ouverture", VOTE_OPENING_OPTIONS,
     vote_check_opening_run},
    {"vote check", "ID TRACKER", 2, 2,
     "tells whether a ballot is in the urn and counts, and proves it",
     "dit si un bulletin est dans l'urne et s'il compte, et le prouve", VOTE_CHECK_OPTIONS,
     vote_check_run},
    /* archives */
    {"vote export", "ID FILE", 2, 2,
     "writes the whole election as a Belenios archive, which `vote verify` and belenios-tool check",
     "écrit toute l'élection en archive Belenios, que `vote verify` et belenios-tool vérifient",
     VOTE_EXPORT_OPTIONS, vote_export_run},
    {"vote import", "ID FILE...", 2, 4096, "casts ballots that belenios-tool made",
     "dépose des bulletins faits par belenios-tool", VOTE_IMPORT_OPTIONS, vote_import_run},
    {"vote verify", "FILE.bel", 1, 1,
     "checks a whole election from its archive, without a node: every ballot, proof and sum",
     "vérifie une élection entière à partir de son archive, sans nœud : chaque bulletin, preuve et "
     "somme",
     VOTE_VERIFY_OPTIONS, vote_verify_run},
    {"vote hints", "FILE.bel", 1, 1,
     "writes beside an archive what makes `vote verify --hints` five times faster; it need not be "
     "trusted",
     "écrit à côté d'une archive de quoi rendre `vote verify --hints` cinq fois plus rapide ; sans "
     "qu'il faille s'y fier",
     VOTE_HINTS_OPTIONS, vote_hints_run},
    {0},
};
