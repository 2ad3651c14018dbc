/* vote_clerk: what a clerk, or anybody, does with a consultation in one transaction. */
#include "app/vote_commands.h"
#include "app/vote_show.h"
#include "app/vote_time.h"
#include "belenios/election.h"

#define FROM_CLERK                                                                             \
    {                                                                                          \
        "from", "NAME|FILE", "the clerk's key: a name in HOME/keys or a file (default admin)", \
            "clé du greffier : un nom de HOME/keys ou un fichier (défaut admin)"             \
    }

const struct cli_option VOTE_APPOINT_OPTIONS[] = {
    {"dismiss", NULL, "ends it: the account may create no more", "y met fin"},
    {"from", "NAME|FILE", "the governor's key: a name in HOME/keys or a file (default admin)",
     "clé du gouverneur : un nom de HOME/keys ou un fichier (défaut admin)"},
    {0},
};
const struct cli_option VOTE_CLERK_OPTIONS[] = {FROM_CLERK, {0}};
const struct cli_option VOTE_REASON_OPTIONS[] = {
    {"reason", "TEXT", "why; the ledger keeps it, everybody can read it",
     "motif ; le registre le garde, tout le monde peut le lire"},
    FROM_CLERK,
    {0},
};
const struct cli_option VOTE_POSTPONE_OPTIONS[] = {
    {"opens", "TIME", "the new opening, before voting has begun",
     "nouvelle ouverture, avant le début du vote"},
    {"closes", "TIME", "the new closing", "nouvelle clôture"},
    {"reason", "TEXT", "why; the ledger keeps it, everybody can read it",
     "motif ; le registre le garde, tout le monde peut le lire"},
    FROM_CLERK,
    {0},
};
const struct cli_option VOTE_MERGE_OPTIONS[] = {
    {"name", "TEXT", "name of what they become", "nom de ce qu'elles deviennent"},
    FROM_CLERK,
    {0},
};
const struct cli_option VOTE_ANYONE_OPTIONS[] = {
    {"from", "NAME|FILE", "signing key (default: a fresh account; anybody may do this)",
     "clé de signature (défaut : un compte neuf ; chacun peut le faire)"},
    {0},
};

/* --- one transaction ---------------------------------------------------------------------------
 */

struct action {
    struct cli *cli;
    struct vote_ledger ledger;
    uint8_t key32[32];
    uint64_t id;
    struct json *receipt;
};

static enum err begin(struct action *a, struct cli *cli, bool anyone, struct diag *d)
{
    *a = (struct action){.cli = cli};
    TRY(vote_id(&a->id, cli->args[0], d));
    TRY(anyone ? vote_any_key(cli, a->key32, d) : vote_key(cli, a->key32, d));
    return vote_ledger_open(&a->ledger, cli, d);
}

static enum err send(struct action *a, const char *method, const struct abi_value *args,
                     size_t count, struct diag *d)
{
    return vote_send(&a->ledger, a->key32, method, args, count, &a->receipt, d);
}

static int end(struct action *a, enum err e, struct diag *d)
{
    explicit_bzero(a->key32, sizeof a->key32);
    if (e == E_OK)
        e = vote_print_state(&a->ledger, a->id, a->receipt, d);
    json_free(a->receipt);
    vote_ledger_close(&a->ledger);
    return e == E_OK ? EXIT_OK : cli_fail(a->cli, e, d);
}

static int act(struct cli *cli, const char *method, bool anyone)
{
    struct diag d = {0};
    struct action a;
    enum err e = begin(&a, cli, anyone, &d);
    if (e == E_OK) {
        struct abi_value id = abi_u64(a.id);
        e = send(&a, method, &id, 1, &d);
    }
    return end(&a, e, &d);
}

int vote_publish_run(struct cli *cli)
{
    return act(cli, "publish", false);
}

int vote_close_run(struct cli *cli)
{
    return act(cli, "close", true);
}

int vote_tally_run(struct cli *cli)
{
    return act(cli, "tally", true);
}

/* --- with a reason -----------------------------------------------------------------------------
 */

static enum err read_reason(const struct cli *cli, struct abi_value *out, struct diag *d)
{
    const char *reason = cli_get(cli, "reason");
    if (!reason || !reason[0])
        return diag_set(d, E_USAGE,
                        T("--reason is needed: the voters are told why",
                          "--reason est nécessaire : les électeurs apprennent "
                          "pourquoi"));
    *out = abi_bytes(bytes_str(reason));
    return E_OK;
}

static int act_with_reason(struct cli *cli, const char *method)
{
    struct diag d = {0};
    struct action a;
    struct abi_value args[2];
    enum err e = begin(&a, cli, false, &d);
    if (e == E_OK)
        e = read_reason(cli, &args[1], &d);
    args[0] = abi_u64(a.id);
    if (e == E_OK)
        e = send(&a, method, args, 2, &d);
    return end(&a, e, &d);
}

int vote_cancel_run(struct cli *cli)
{
    return act_with_reason(cli, "cancel");
}

int vote_reset_run(struct cli *cli)
{
    return act_with_reason(cli, "resetTrustees");
}

/* Times that are not given stay as they are. */
static enum err postpone(struct action *a, struct diag *d)
{
    struct vote_consultation c;
    struct abi_value args[4];
    const char *opens = cli_get(a->cli, "opens"), *closes = cli_get(a->cli, "closes");
    if (!opens && !closes)
        return diag_set(
            d, E_USAGE,
            T("give --opens, --closes or both", "donnez --opens, --closes ou les deux"));
    TRY(read_reason(a->cli, &args[3], d));
    TRY(vote_consultation_get(&a->ledger, a->id, &c, d));
    if (opens)
        TRY(vote_time_read(&c.opens_s, "opens", opens, d));
    if (closes)
        TRY(vote_time_read(&c.closes_s, "closes", closes, d));
    args[0] = abi_u64(a->id);
    args[1] = abi_u64(c.opens_s);
    args[2] = abi_u64(c.closes_s);
    return send(a, "postpone", args, 4, d);
}

int vote_postpone_run(struct cli *cli)
{
    struct diag d = {0};
    struct action a;
    enum err e = begin(&a, cli, false, &d);
    if (e == E_OK)
        e = postpone(&a, &d);
    return end(&a, e, &d);
}

/* --- units and clerks --------------------------------------------------------------------------
 */

static enum err merge(struct action *a, struct diag *d)
{
    const char *name = cli_get(a->cli, "name");
    if (!name)
        return diag_set(d, E_USAGE, T("--name is needed", "--name est nécessaire"));
    size_t count = a->cli->arg_count;
    struct abi_value *units = arena_zalloc(&a->ledger.arena, count, sizeof *units);
    for (size_t i = 0; i < count; i++) {
        uint64_t unit;
        TRY(vote_id(&unit, a->cli->args[i], d));
        units[i] = abi_u64(unit);
    }
    struct abi_value args[2] = {{.item = units, .count = count}, abi_bytes(bytes_str(name))};
    TRY(send(a, "merge", args, 2, d));
    const struct json *log = vote_log(&a->ledger, a->receipt, "Merged");
    return json_u64(&a->id, json_at(json_get(log, "topics"), 1));
}

int vote_merge_run(struct cli *cli)
{
    struct diag d = {0};
    struct action a;
    enum err e = begin(&a, cli, false, &d);
    if (e == E_OK)
        e = merge(&a, &d);
    return end(&a, e, &d);
}

int vote_appoint_run(struct cli *cli)
{
    struct diag d = {0};
    struct vote_ledger l = {0};
    struct address account;
    uint8_t key32[32];
    enum err e = vote_address(cli, cli->args[0], &account, &d);
    if (e == E_OK)
        e = vote_key(cli, key32, &d);
    if (e == E_OK)
        e = vote_ledger_open(&l, cli, &d);
    if (e == E_OK) {
        struct abi_value arg = abi_address(&account);
        e = vote_send(&l, key32, cli_has(cli, "dismiss") ? "dismissClerk" : "appointClerk", &arg, 1,
                      NULL, &d);
    }
    explicit_bzero(key32, sizeof key32);
    vote_ledger_close(&l);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
