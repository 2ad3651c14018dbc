/* vote_create: `parvis vote create` and `parvis vote unit`. */
#include <stdio.h>

#include "app/vote_commands.h"
#include "app/vote_reading.h"
#include "app/vote_show.h"
#include "app/vote_time.h"
#include "belenios/trustees.h"

const struct cli_option VOTE_CREATE_OPTIONS[] = {
    {"opens", "TIME", "when voting begins: 2026-12-01T08:00 (French time), +30m, +2d...",
     "début du vote : 2026-12-01T08:00 (heure française), +30m, +2d..."},
    {"closes", "TIME", "when it ends", "fin du vote"},
    {"registrar", "ADDRESS|NAME", "account of the registrar, who keeps the electoral roll",
     "compte du registraire, qui tient la liste électorale"},
    {"trustee", "ADDRESS|NAME", "a trustee who is always needed to decrypt; several times",
     "un dépositaire toujours nécessaire pour déchiffrer ; plusieurs fois"},
    {"group", "K:ADDRESS,ADDRESS,...", "trustees of whom any K suffice; several times",
     "dépositaires dont K quelconques suffisent ; plusieurs fois"},
    {"floor", "N", "nothing is counted unless N voters have voted (default 0)",
     "rien n'est compté si moins de N électeurs ont voté (défaut 0)"},
    {"from", "NAME|FILE", "the clerk's key: a name in HOME/keys or a file (default admin)",
     "clé du greffier : un nom de HOME/keys ou un fichier (défaut admin)"},
    {0},
};
const struct cli_option VOTE_UNIT_OPTIONS[] = {
    {"name", "TEXT", "the unit's name", "nom de l'unité"},
    {"registrar", "ADDRESS|NAME", "account of the unit's registrar",
     "compte du registraire de l'unité"},
    {"floor", "N", "nothing is counted unless N voters have voted (default: as in ID)",
     "rien n'est compté si moins de N électeurs ont voté (défaut : comme dans ID)"},
    {"from", "NAME|FILE", "the clerk's key: a name in HOME/keys or a file (default admin)",
     "clé du greffier : un nom de HOME/keys ou un fichier (défaut admin)"},
    {0},
};

struct plan {
    struct cli *cli;
    struct arena arena;
    struct bytes template;
    uint64_t opens_s, closes_s, floor;
    struct address registrar;
    struct abi_value *entries; /* trustees */
    size_t entry_count;
};

/* --- the command line --------------------------------------------------------------------------
 */

static enum err needs(struct diag *d, const char *option)
{
    return diag_set(d, E_USAGE, T("--%s is needed", "--%s est nécessaire"), option);
}

static enum err read_time(const struct plan *p, const char *option, uint64_t *out, struct diag *d)
{
    const char *text = cli_get(p->cli, option);
    return text ? vote_time_read(out, option, text, d) : needs(d, option);
}

static enum err read_registrar(const struct cli *cli, struct address *out, struct diag *d)
{
    const char *text = cli_get(cli, "registrar");
    return text ? vote_address(cli, text, out, d) : needs(d, "registrar");
}

/* An entry: a threshold (0: alone) and accounts separated by commas. */
static enum err add_entry(struct plan *p, uint64_t threshold, const char *accounts, struct diag *d)
{
    struct abi_value *entry = &p->entries[p->entry_count++];
    struct abi_value *member = arena_zalloc(&p->arena, BEL_TRUSTEES_MAX, sizeof *member);
    struct abi_value *field = arena_zalloc(&p->arena, 2, sizeof *field);
    size_t count = 0;
    for (const char *at = accounts; *at; count++) {
        struct address a;
        size_t len = strcspn(at, ",");
        if (count == BEL_TRUSTEES_MAX)
            return diag_set(d, E_USAGE, T("more than %u trustees", "plus de %u dépositaires"),
                            BEL_TRUSTEES_MAX);
        TRY(vote_address(p->cli, arena_printf(&p->arena, "%.*s", (int)len, at), &a, d));
        member[count] = abi_address(&a);
        at += len + (at[len] == ',');
    }
    field[0] = abi_u64(threshold);
    field[1] = (struct abi_value){.item = member, .count = count};
    *entry = (struct abi_value){.item = field, .count = 2};
    return E_OK;
}

static enum err add_group(struct plan *p, const char *text, struct diag *d)
{
    uint64_t threshold = 0;
    size_t members = 1, digits = strspn(text, "0123456789");
    for (const char *at = text; *at; at++)
        members += *at == ',';
    for (size_t i = 0; i < digits && i < 4; i++)
        threshold = threshold * 10 + (uint64_t)(text[i] - '0');
    if (digits == 0 || text[digits] != ':' || threshold == 0 || threshold >= members)
        return diag_set(d, E_USAGE,
                        T("--group %s: write K:ADDRESS,ADDRESS,... with more addresses than K",
                          "--group %s : écrivez K:ADRESSE,ADRESSE,... avec plus d'adresses que K"),
                        text);
    return add_entry(p, threshold, text + digits + 1, d);
}

static enum err read_trustees(struct plan *p, struct diag *d)
{
    p->entries = arena_zalloc(&p->arena, p->cli->value_count + 1, sizeof *p->entries);
    for (size_t i = 0; cli_get_nth(p->cli, "trustee", i); i++)
        TRY(add_entry(p, 0, cli_get_nth(p->cli, "trustee", i), d));
    for (size_t i = 0; cli_get_nth(p->cli, "group", i); i++)
        TRY(add_group(p, cli_get_nth(p->cli, "group", i), d));
    if (p->entry_count == 0)
        return diag_set(d, E_USAGE,
                        T("give the trustees who decrypt the result: --trustee, --group",
                          "donnez les dépositaires qui déchiffrent le résultat : --trustee, "
                          "--group"));
    return E_OK;
}

/* The template is checked here, so that a fault is told by the place in the file. */
static enum err read_template(struct plan *p, struct diag *d)
{
    const char *path = p->cli->args[0];
    struct bel_election election;
    struct vote_readings readings;
    struct buf file = {0};
    enum err e = file_read(&file, path, LIMIT_BEL_ELECTION_BYTES, d);
    if (e == E_OK) {
        p->template = (struct bytes){arena_dup(&p->arena, file.data, file.len), file.len};
        e = bel_template_read(&election, &p->arena, p->template, d);
        if (e == E_OK)
            e = vote_readings_read(&readings, &p->arena, &election, d);
        if (e != E_OK)
            diag_wrap(d, e, "%s: ", path);
    }
    buf_free(&file);
    return e;
}

static enum err read_plan(struct plan *p, struct diag *d)
{
    TRY(read_time(p, "opens", &p->opens_s, d));
    TRY(read_time(p, "closes", &p->closes_s, d));
    if (p->closes_s <= p->opens_s)
        return diag_set(d, E_USAGE,
                        T("--closes is not after --opens", "--closes n'est pas après --opens"));
    TRY(cli_get_u64(p->cli, "floor", 0, UINT32_MAX, &p->floor));
    TRY(read_template(p, d));
    TRY(read_registrar(p->cli, &p->registrar, d));
    return read_trustees(p, d);
}

/* --- sending -----------------------------------------------------------------------------------
 */

/* Sends what makes a consultation and says which one it made. */
static enum err create(struct cli *cli, const char *method, const struct abi_value *args,
                       size_t count, struct diag *d)
{
    struct vote_ledger l = {0};
    uint8_t key32[32];
    struct json *receipt = NULL;
    uint64_t id = 0;
    enum err e = vote_key(cli, key32, d);
    if (e == E_OK)
        e = vote_ledger_open(&l, cli, d);
    if (e == E_OK)
        e = vote_send(&l, key32, method, args, count, &receipt, d);
    explicit_bzero(key32, sizeof key32);
    if (e == E_OK &&
        json_u64(&id, json_at(json_get(vote_log(&l, receipt, "ConsultationCreated"), "topics"),
                              1)) != E_OK)
        e = diag_set(d, E_JSON,
                     T("the node's receipt names no consultation",
                       "le reçu du nœud ne nomme pas de consultation"));
    if (e == E_OK)
        e = vote_print_state(&l, id, receipt, d);
    json_free(receipt);
    vote_ledger_close(&l);
    return e;
}

int vote_create_run(struct cli *cli)
{
    struct diag d = {0};
    struct plan p = {.cli = cli};
    enum err e = read_plan(&p, &d);
    if (e == E_OK) {
        struct abi_value field[6] = {
            abi_bytes(p.template),     abi_u64(p.opens_s),
            abi_u64(p.closes_s),       abi_u64(p.floor),
            abi_address(&p.registrar), {.item = p.entries, .count = p.entry_count}};
        struct abi_value plan = {.item = field, .count = 6};
        e = create(cli, "create", &plan, 1, &d);
    }
    arena_free(&p.arena);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* A unit keeps the floor of the consultation it is like: a lower one would open what the other
 * keeps closed. */
static enum err unit_floor(const struct cli *cli, uint64_t like, uint64_t *out, struct diag *d)
{
    struct vote_ledger l;
    struct vote_consultation c;
    if (cli_has(cli, "floor"))
        return cli_get_u64(cli, "floor", 0, UINT32_MAX, out);
    TRY(vote_ledger_open(&l, cli, d));
    enum err e = vote_consultation_get(&l, like, &c, d);
    if (e == E_OK)
        *out = c.floor;
    vote_ledger_close(&l);
    return e;
}

int vote_unit_run(struct cli *cli)
{
    struct diag d = {0};
    uint64_t like, floor = 0;
    struct address registrar;
    const char *name = cli_get(cli, "name");
    enum err e = vote_id(&like, cli->args[0], &d);
    if (e == E_OK && !name)
        e = needs(&d, "name");
    if (e == E_OK)
        e = read_registrar(cli, &registrar, &d);
    if (e == E_OK)
        e = unit_floor(cli, like, &floor, &d);
    if (e == E_OK) {
        struct abi_value args[4] = {abi_u64(like), abi_bytes(bytes_str(name)), abi_u64(floor),
                                    abi_address(&registrar)};
        e = create(cli, "createUnit", args, 4, &d);
    }
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
