/* vote_commands: the commands of `parvis vote`, a file each; vote_commands.c is their table.
 * Each run function is struct command's: it returns an exit code. */
#ifndef PARVIS_APP_VOTE_COMMANDS_H
#define PARVIS_APP_VOTE_COMMANDS_H

#include "app/cli.h"

/* anyone */
extern const struct cli_option VOTE_EXPORT_OPTIONS[], VOTE_IMPORT_OPTIONS[], VOTE_CHECK_OPTIONS[],
    VOTE_VERIFY_OPTIONS[], VOTE_HINTS_OPTIONS[];
int vote_list_run(struct cli *cli);
int vote_show_run(struct cli *cli);
int vote_check_run(struct cli *cli);
int vote_export_run(struct cli *cli);
int vote_import_run(struct cli *cli);
int vote_verify_run(struct cli *cli);
int vote_hints_run(struct cli *cli);

/* the clerk */
extern const struct cli_option VOTE_TEMPLATE_OPTIONS[], VOTE_CREATE_OPTIONS[], VOTE_UNIT_OPTIONS[],
    VOTE_CLERK_OPTIONS[], VOTE_POSTPONE_OPTIONS[], VOTE_REASON_OPTIONS[], VOTE_MERGE_OPTIONS[],
    VOTE_APPOINT_OPTIONS[], VOTE_ANYONE_OPTIONS[];
int vote_appoint_run(struct cli *cli);
int vote_template_run(struct cli *cli);
int vote_create_run(struct cli *cli);
int vote_unit_run(struct cli *cli);
int vote_reset_run(struct cli *cli);
int vote_publish_run(struct cli *cli);
int vote_postpone_run(struct cli *cli);
int vote_cancel_run(struct cli *cli);
int vote_close_run(struct cli *cli);
int vote_tally_run(struct cli *cli);
int vote_result_run(struct cli *cli);
int vote_merge_run(struct cli *cli);

/* the registrar */
extern const struct cli_option VOTE_ROLL_OPTIONS[], VOTE_SHEETS_OPTIONS[], VOTE_STRIKE_OPTIONS[];
int vote_roll_run(struct cli *cli);
int vote_sheets_run(struct cli *cli);
int vote_strike_run(struct cli *cli);

/* trustees */
extern const struct cli_option VOTE_SEED_OPTIONS[], VOTE_WORK_OPTIONS[];
int vote_seed_run(struct cli *cli);
int vote_work_run(struct cli *cli);

/* voters */
extern const struct cli_option VOTE_BALLOT_OPTIONS[], VOTE_CHALLENGE_OPTIONS[],
    VOTE_OPENING_OPTIONS[], VOTE_CAST_OPTIONS[];
int vote_ballot_run(struct cli *cli);
int vote_challenge_run(struct cli *cli);
int vote_check_opening_run(struct cli *cli);
int vote_cast_run(struct cli *cli);

#endif
