/* vote_verify: `parvis vote verify`: a whole election checked from its archive, without a node. */
#include "app/json_members.h"
#include "app/mapped.h"
#include "app/vote_commands.h"
#include "app/vote_result.h"
#include "belenios/hints.h"

const struct cli_option VOTE_VERIFY_OPTIONS[] = {
    {"older", "FILE", "an older copy: nothing in it may have been removed or changed since",
     "une copie plus ancienne : rien n'a pu en être retiré ou modifié depuis"},
    {"anchor", "HASH", "hash of an event that has to be in the archive, as the ledger proves it",
     "hachage d'un événement qui doit être dans l'archive, tel que le registre le prouve"},
    {"hints", "FILE",
     "what `vote hints` wrote of this archive: five times faster, and the answer the same, "
     "whatever "
     "the file holds",
     "ce que `vote hints` a écrit de cette archive : cinq fois plus rapide, et la même réponse, "
     "quoi que contienne le fichier"},
    {"unit", "FILE.bel",
     "archive of a unit that was merged into this consultation; once for each of them",
     "archive d'une unité réunie dans cette consultation ; une fois pour chacune"},
    {"threads", "N", "threads that verify (default: one per processor)",
     "fils qui vérifient (défaut : un par processeur)"},
    {0},
};

/* --- what is told ------------------------------------------------------------------------------
 */

/* How far an election is, after its last event. */
static const struct {
    const char *word, *en, *fr;
} STATES[BEL_EVENT_TYPES] = {
    [BEL_SETUP] = {"published", "under way: no ballot yet", "en cours : aucun bulletin encore"},
    [BEL_BALLOT] = {"voting", "under way: voting has not ended",
                    "en cours : le vote n'est pas terminé"},
    [BEL_END_BALLOTS] = {"closed", "under way: voting has ended, no sum yet",
                         "en cours : vote terminé, pas encore de total"},
    [BEL_ENCRYPTED_TALLY] = {"tallied", "under way: the trustees have to decrypt",
                             "en cours : les dépositaires doivent déchiffrer"},
    [BEL_PARTIAL_DECRYPTION] = {"decrypting", "under way: the trustees are decrypting",
                                "en cours : les dépositaires déchiffrent"},
    [BEL_RESULT] = {"result", "complete, with its result", "complète, avec son résultat"},
};

static void put_unit_members(struct buf *b, const struct bel_report *r)
{
    json_put_key(b, "units");
    json_open(b, '[');
    for (size_t i = 0; i < r->unit_count; i++) {
        const struct bel_unit *u = &r->units[i];
        char last[2 * sizeof u->last_event.b + 1];
        hex_encode(last, u->last_event.b, sizeof u->last_event.b);
        json_open(b, '{');
        json_put_text_member(b, "name", u->name);
        json_put_text_member(b, "uuid", u->uuid);
        if (u->parent != BEL_NO_UNIT)
            json_put_text_member(b, "mergedInto", r->units[u->parent].uuid);
        json_put_text_member(b, "lastEvent", last);
        json_put_u64_member(b, "voters", u->voter_count);
        json_put_u64_member(b, "ballots", u->ballot_count);
        json_put_u64_member(b, "counted", u->counted);
        json_put_u64_member(b, "countedWeight", u->total_weight);
        json_close(b, '}');
    }
    json_close(b, ']');
}

static void put_members(struct buf *b, const struct bel_report *r)
{
    char last[2 * sizeof r->last_hash.b + 1];
    hex_encode(last, r->last_hash.b, sizeof r->last_hash.b);
    json_put_text_member(b, "state", STATES[r->last_event].word);
    json_put_text_member(b, "name", r->election.name);
    json_put_text_member(b, "uuid", r->election.uuid);
    json_put_text_member(b, "fingerprint", r->election.fingerprint);
    json_put_u64_member(b, "events", r->event_count);
    json_put_text_member(b, "lastEvent", last);
    json_put_u64_member(b, "trustees", r->trustees.count);
    json_put_u64_member(b, "voters", r->voter_count);
    json_put_u64_member(b, "rollWeight", r->roll_weight);
    json_put_u64_member(b, "ballots", r->ballot_count);
    json_put_u64_member(b, "hinted", r->hinted);
    json_put_u64_member(b, "counted", r->counted);
    json_put_u64_member(b, "countedWeight", r->total_weight);
    json_put_u64_member(b, "decryptions", r->decryption_count);
    if (r->unit_count)
        put_unit_members(b, r);
    json_put_key(b, r->has_result ? "result" : "questions");
    if (r->has_result)
        vote_put_result(b, true, &r->election, r->counts, r->total_weight);
    else
        vote_put_questions(b, true, &r->election);
}

static void put_json(struct buf *b, const struct bel_report *r, enum err e, const struct diag *d)
{
    json_open(b, '{');
    json_put_bool_member(b, "holds", e == E_OK);
    if (e == E_OK) {
        put_members(b, r);
    } else {
        json_put_key(b, "fault");
        json_open(b, '{');
        json_put_text_member(b, "code", err_name(e));
        if (r->fault_event != UINT64_MAX)
            json_put_u64_member(b, "event", r->fault_event);
        json_put_text_member(b, "message", d->text);
        json_close(b, '}');
    }
    json_close(b, '}');
}

static void put_trustees(struct buf *b, const struct bel_trustees *t)
{
    size_t alone = 0;
    for (size_t i = 0; i < t->entry_count; i++)
        alone += t->entries[i].threshold == 0;
    buf_puts(b, T("Trustees: ", "Dépositaires : "));
    if (alone)
        buf_putf(b, T("%zu (each needed)", "%zu (chacun nécessaire)"), alone);
    for (size_t i = 0, groups = 0; i < t->entry_count; i++)
        if (t->entries[i].threshold)
            buf_putf(b, T("%s%u of %u", "%s%u sur %u"), alone || groups++ ? ", " : "",
                     t->entries[i].threshold, t->entries[i].size);
    buf_puts(b, "\n");
}

/* Voters and ballots, of the whole or of a unit. */
static void put_ballots(struct buf *b, bool with_weights, uint64_t ballots, uint64_t counted,
                        uint64_t weight)
{
    buf_putf(b, T("%llu, of which %llu count", "%llu, dont %llu comptent"),
             (unsigned long long)ballots, (unsigned long long)counted);
    if (with_weights)
        buf_putf(b, T(" (weight %llu)", " (poids %llu)"), (unsigned long long)weight);
}

static void put_units(struct buf *b, const struct bel_report *r)
{
    buf_puts(b, T("Merged of:\n", "Réunion de :\n"));
    for (size_t i = 0; i < r->unit_count; i++) {
        const struct bel_unit *u = &r->units[i];
        buf_putf(b, "  %s (%s)", u->name, u->uuid);
        if (u->parent != BEL_NO_UNIT)
            buf_putf(b, T(", merged into %s", ", réunie dans %s"), r->units[u->parent].name);
        buf_putf(b, T("; voters: %llu; ballots: ", " ; électeurs : %llu ; bulletins : "),
                 (unsigned long long)u->voter_count);
        put_ballots(b, r->has_weights, u->ballot_count, u->counted, u->total_weight);
        buf_puts(b, "\n");
    }
}

static void put_text(struct buf *b, const char *path, const struct bel_report *r, bool with_hints)
{
    char last[2 * sizeof r->last_hash.b + 1];
    hex_encode(last, r->last_hash.b, sizeof r->last_hash.b);
    buf_putf(b,
             T("%s holds: every ballot, proof and sum was checked.\n\n",
               "%s est correcte : chaque bulletin, preuve et somme a été vérifié.\n\n"),
             path);
    buf_putf(b, T("Election: %s (%s)\n", "Élection : %s (%s)\n"), r->election.name,
             r->election.uuid);
    buf_putf(b, T("State: %s\n", "État : %s\n"),
             T(STATES[r->last_event].en, STATES[r->last_event].fr));
    buf_putf(b, T("Fingerprint: %s\n", "Empreinte : %s\n"), r->election.fingerprint);
    put_trustees(b, &r->trustees);
    if (r->unit_count)
        put_units(b, r);
    buf_putf(b, T("Voters: %llu", "Électeurs : %llu"), (unsigned long long)r->voter_count);
    if (r->has_weights)
        buf_putf(b, T(" (weight %llu)", " (poids %llu)"), (unsigned long long)r->roll_weight);
    buf_puts(b, T("\nBallots: ", "\nBulletins : "));
    put_ballots(b, r->has_weights, r->ballot_count, r->counted, r->total_weight);
    if (with_hints && r->hinted == r->ballot_count)
        buf_puts(b,
                 T("\nHints: used for every ballot", "\nIndices : utilisés pour chaque bulletin"));
    else if (with_hints)
        buf_putf(b,
                 T("\nHints: used for %llu ballots; the others were verified without",
                   "\nIndices : utilisés pour %llu bulletins ; les autres ont été vérifiés sans"),
                 (unsigned long long)r->hinted);
    buf_putf(b,
             T("\nLast event: %s (number %llu)\n\n", "\nDernier événement : %s (numéro %llu)\n\n"),
             last, (unsigned long long)r->event_count - 1);
    if (r->has_result)
        vote_put_result(b, false, &r->election, r->counts, r->total_weight);
    else
        vote_put_questions(b, false, &r->election);
}

/* --- the command -------------------------------------------------------------------------------
 */

struct files {
    struct mapped archive, older, hints;
    struct bel_hints_file hints_read;
    struct mapped *units;
    struct bel_unit_file *unit_files;
    size_t unit_count;
};

static enum err map_units(struct bel_verify_options *o, struct files *f, const struct cli *cli,
                          struct diag *d)
{
    size_t count = 0;
    while (cli_get_nth(cli, "unit", count))
        count++;
    f->units = mem_zalloc(count + 1, sizeof *f->units);
    f->unit_files = mem_zalloc(count + 1, sizeof *f->unit_files);
    f->unit_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *path = cli_get_nth(cli, "unit", i);
        TRY(file_map(&f->units[i], path, d));
        f->unit_files[i] = (struct bel_unit_file){f->units[i].content, path};
    }
    o->units = f->unit_files;
    o->unit_count = count;
    return E_OK;
}

static void unmap_all(struct files *f)
{
    file_unmap(&f->archive);
    file_unmap(&f->older);
    file_unmap(&f->hints);
    for (size_t i = 0; i < f->unit_count; i++)
        file_unmap(&f->units[i]);
    mem_free(f->units);
    mem_free(f->unit_files);
}

static enum err read_options(struct bel_verify_options *o, struct files *f, struct hash *anchor,
                             struct cli *cli, struct diag *d)
{
    uint64_t threads = 0;
    const char *older = cli_get(cli, "older"), *hash = cli_get(cli, "anchor"),
               *hints = cli_get(cli, "hints");
    TRY(cli_get_u64(cli, "threads", 1, 256, &threads));
    if (hash && hash_from_hex(anchor, hash) != E_OK)
        return diag_set(d, E_USAGE,
                        T("--anchor %s: a hash is 64 hexadecimal digits",
                          "--anchor %s : un hachage est 64 chiffres hexadécimaux"),
                        hash);
    *o = (struct bel_verify_options){.threads = (unsigned)threads,
                                     .tick = cli_progress,
                                     .tick_ctx = cli,
                                     .anchor = hash ? anchor : NULL};
    TRY(file_map(&f->archive, cli->args[0], d));
    if (older) {
        TRY(file_map(&f->older, older, d));
        if (f->older.content.len == 0)
            return diag_set(d, E_INVALID, T("%s: empty", "%s : vide"), older);
        o->older = f->older.content;
    }
    if (hints) {
        TRY(file_map(&f->hints, hints, d));
        enum err e = bel_hints_file_read(&f->hints_read, f->hints.content, d);
        if (e != E_OK)
            return diag_wrap(d, e, "%s: ", hints);
        o->hints = &f->hints_read;
    }
    return map_units(o, f, cli, d);
}

int vote_verify_run(struct cli *cli)
{
    struct diag d = {0};
    struct arena a = {0};
    struct bel_verify_options o;
    struct files files = {0};
    struct hash anchor;
    struct bel_report r;
    struct buf out = {0};
    int code;
    enum err e = read_options(&o, &files, &anchor, cli, &d);
    if (e == E_OK) {
        e = bel_archive_verify(&r, &a, files.archive.content, &o, &d);
        cli_progress_end();
        if (cli->json)
            put_json(&out, &r, e, &d);
        else if (e == E_OK)
            put_text(&out, cli->args[0], &r, o.hints != NULL);
        cli_print(&out);
        code = e == E_OK ? EXIT_OK : e == E_UNSUPPORTED ? exit_code(e) : EXIT_NO;
        if (e != E_OK && !cli->json) {
            diag_wrap(&d, e, T("%s: ", "%s : "), cli->args[0]);
            cli_fail(cli, e, &d);
        }
        bel_report_free(&r);
    } else {
        code = cli_fail(cli, e, &d);
    }
    unmap_all(&files);
    buf_free(&out);
    arena_free(&a);
    return code;
}
