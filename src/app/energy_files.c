/* energy_files: see energy_files.h. */
#include "app/energy_files.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/energy_chain.h"
#include "app/energy_common.h"
#include "app/home.h"
#include "codec/json.h"
#include "gateway/files/civil.h"
#include "gateway/files/meters.h"
#include "gateway/files/sample.h"

const struct cli_option ENERGY_SAMPLE_OPTIONS[] = {
    {"out", "DIR", "folder to write (made if need be)", "dossier à écrire (créé au besoin)"},
    {"seed", "N", "another district for another number (default 2026)",
     "un autre quartier pour un autre nombre (défaut 2026)"},
    {0},
};

int energy_sample_run(struct cli *cli)
{
    uint64_t seed = 2026;
    struct diag d = {0};
    const char *dir = cli_get(cli, "out");
    if (cli_get_u64(cli, "seed", 0, UINT64_MAX, &seed) != E_OK)
        return EXIT_USAGE_ERROR;
    if (!dir) {
        diag_set(&d, E_USAGE,
                 T("give the folder to write with --out DIR",
                   "donnez le dossier à écrire avec --out DOSSIER"));
        return cli_fail(cli, E_USAGE, &d);
    }
    enum err e = sample_write(dir, seed, &d);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    if (!cli->quiet && !cli->json)
        printf(T("A synthetic district (seed %" PRIu64 ") is in %s: operation.json, "
                 "consumption_wh_halfhour.csv.gz, production_wh_halfhour.csv.gz\n",
                 "Un quartier synthétique (graine %" PRIu64 ") est dans %s : operation.json, "
                 "consumption_wh_halfhour.csv.gz, production_wh_halfhour.csv.gz\n"),
               seed, dir);
    return EXIT_OK;
}

/* --- import ----------------------------------------------------------------------------------- */

const struct cli_option ENERGY_IMPORT_OPTIONS[] = {
    {"label", "start|end",
     "whether a time names the beginning or the end of its step (default start)",
     "l'horodate désigne le début ou la fin du pas (défaut start)"},
    {"production", NULL, "JSON files hold production (they do not say so themselves)",
     "les fichiers JSON contiennent de la production (ils ne le disent pas)"},
    {"step", "MINUTES", "bring everything to one step: 10, 15, 30 or 60",
     "ramène tout à un pas : 10, 15, 30 ou 60"},
    {"split", NULL, "allow longer steps to be spread evenly over shorter ones",
     "autorise à répartir également un pas long sur des pas courts"},
    {"consumption-out", "FILE", "write consumption as wide CSV (needs --step)",
     "écrit les consommations en CSV large (avec --step)"},
    {"production-out", "FILE", "write production as wide CSV (needs --step)",
     "écrit les productions en CSV large (avec --step)"},
    {"out", "FILE", "write all measures in a column: prm,role,ts_utc_start,step_s,wh",
     "écrit toutes les mesures en colonne : prm,role,ts_utc_start,step_s,wh"},
    {0},
};

struct extent {
    int64_t from_s, until_s;
    uint64_t total_wh;
    size_t measures, missing;
    uint32_t step_min_s, step_max_s;
};

static struct extent extent_of(const struct curve *c)
{
    struct extent x = {.from_s = INT64_MAX, .until_s = INT64_MIN, .step_min_s = UINT32_MAX};
    for (size_t i = 0; i < c->count; i++) {
        const struct curve_measure *m = &c->measure[i];
        int64_t end = m->start_s + m->step_s;
        x.from_s = m->start_s < x.from_s ? m->start_s : x.from_s;
        x.until_s = end > x.until_s ? end : x.until_s;
        x.step_min_s = m->step_s < x.step_min_s ? m->step_s : x.step_min_s;
        x.step_max_s = m->step_s > x.step_max_s ? m->step_s : x.step_max_s;
        x.missing += m->missing;
        x.total_wh += m->missing ? 0 : m->value;
        x.measures++;
    }
    return x;
}

static const char *role_name(enum curve_role role)
{
    return role == CURVE_CONSUMPTION ? "consumption" : "production";
}

static void print_set(const struct cli *cli, const struct curve_set *s)
{
    struct buf b = {0};
    if (cli->json)
        json_open(&b, '[');
    else
        buf_putf(&b, "%-16s %-12s %-21s %-21s %7s %6s %8s %14s\n", "PRM", T("role", "rôle"),
                 T("from (UTC)", "de (UTC)"), T("until (UTC)", "à (UTC)"), T("minutes", "minutes"),
                 T("rows", "lignes"), T("missing", "manquant"), "Wh");
    for (size_t i = 0; i < s->count; i++) {
        const struct curve *c = &s->curve[i];
        struct extent x = extent_of(c);
        char from[32], until[32], steps[32];
        civil_format_utc(from, c->count ? x.from_s : 0);
        civil_format_utc(until, c->count ? x.until_s : 0);
        if (x.step_min_s == x.step_max_s)
            snprintf(steps, sizeof steps, "%u", x.step_min_s / 60);
        else
            snprintf(steps, sizeof steps, "%u-%u", x.step_min_s / 60, x.step_max_s / 60);
        if (!cli->json) {
            buf_putf(&b, "%-16s %-12s %-21s %-21s %7s %6zu %8zu %14s\n", c->id, role_name(c->role),
                     from, until, steps, x.measures, x.missing, text_grouped(x.total_wh));
            continue;
        }
        json_open(&b, '{');
        json_put_key(&b, "prm");
        json_put_string(&b, c->id);
        json_put_key(&b, "role");
        json_put_string(&b, role_name(c->role));
        json_put_key(&b, "from");
        json_put_string(&b, from);
        json_put_key(&b, "until");
        json_put_string(&b, until);
        json_put_key(&b, "measures");
        json_put_u64(&b, x.measures);
        json_put_key(&b, "missing");
        json_put_u64(&b, x.missing);
        json_put_key(&b, "energyWh");
        json_put_u64(&b, x.total_wh);
        json_close(&b, '}');
    }
    if (cli->json)
        json_close(&b, ']');
    cli_print(&b);
    buf_free(&b);
}

static enum err write_column(const struct curve_set *s, const char *path, struct diag *d)
{
    struct buf b = {0};
    buf_puts(&b, "prm,role,ts_utc_start,step_s,wh\n");
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->curve[i].count; k++) {
            const struct curve_measure *m = &s->curve[i].measure[k];
            char when[32];
            civil_format_utc(when, m->start_s);
            buf_putf(&b, "%s,%s,%s,%u,", s->curve[i].id, role_name(s->curve[i].role), when,
                     m->step_s);
            if (!m->missing)
                buf_putf(&b, "%" PRIu64, m->value);
            buf_put_u8(&b, '\n');
        }
    enum err e = output_write(path, buf_view(&b), d);
    buf_free(&b);
    return e;
}

static enum err write_wide(struct cli *cli, struct curve_set *s, enum curve_role role,
                           const char *path, uint32_t step_s, struct problems *p, struct diag *d)
{
    int64_t from_s = INT64_MAX, until_s = INT64_MIN;
    for (size_t i = 0; i < s->count; i++) {
        struct extent x = extent_of(&s->curve[i]);
        from_s = x.measures && x.from_s < from_s ? x.from_s : from_s;
        until_s = x.measures && x.until_s > until_s ? x.until_s : until_s;
    }
    if (from_s > until_s)
        return diag_set(d, E_NOT_FOUND,
                        T("%s: no measures to write", "%s : aucune mesure à écrire"), path);
    from_s -= from_s % step_s;
    size_t steps = (size_t)((until_s - from_s + step_s - 1) / step_s);
    size_t points = 0;
    for (size_t i = 0; i < s->count; i++)
        points += s->curve[i].role == role;
    if (points && steps > CURVE_MEASURES_MAX / points)
        return diag_set(d, E_TOO_LARGE,
                        T("%s: %zu steps of %zu points; import a shorter period",
                          "%s : %zu pas de %zu points ; importez une période plus courte"),
                        path, steps, points);
    struct wide w = {0};
    enum err e = wide_from_curves(&w, s, role, from_s, step_s, steps, cli_has(cli, "split"), p);
    if (e == E_OK)
        e = wide_write(&w, path, d);
    wide_free(&w);
    return e;
}

static enum err read_label(struct cli *cli, enum curve_label *out, struct diag *d)
{
    const char *text = cli_get(cli, "label");
    *out = text && strcmp(text, "end") == 0 ? CURVE_LABEL_END : CURVE_LABEL_START;
    if (text && strcmp(text, "end") != 0 && strcmp(text, "start") != 0)
        return diag_set(d, E_USAGE, T("--label %s: start or end", "--label %s : start ou end"),
                        text);
    return E_OK;
}

static enum err write_outputs(struct cli *cli, struct curve_set *s, uint64_t minutes,
                              struct problems *p, struct diag *d)
{
    const char *consumption = cli_get(cli, "consumption-out");
    const char *production = cli_get(cli, "production-out");
    uint32_t step_s = (uint32_t)minutes * 60;
    if ((consumption || production) && !minutes)
        return diag_set(d, E_USAGE,
                        T("wide CSV has one step for all: give --step 10, 15, 30 or 60",
                          "le CSV large a un seul pas : donnez --step 10, 15, 30 ou 60"));
    for (size_t i = 0; minutes && i < s->count; i++)
        if (curve_resample(&s->curve[i], step_s, cli_has(cli, "split"), p) != E_OK)
            return problems_end(p, d);
    if (cli_has(cli, "out"))
        TRY(write_column(s, cli_get(cli, "out"), d));
    if (consumption)
        TRY(write_wide(cli, s, CURVE_CONSUMPTION, consumption, step_s, p, d));
    if (production)
        TRY(write_wide(cli, s, CURVE_PRODUCTION, production, step_s, p, d));
    return E_OK;
}

int energy_import_run(struct cli *cli)
{
    struct curve_set s = {0};
    struct problems p = {0};
    struct diag d = {0};
    enum curve_label label;
    uint64_t minutes = 0;
    enum curve_role role = cli_has(cli, "production") ? CURVE_PRODUCTION : CURVE_CONSUMPTION;
    if (cli_get_u64(cli, "step", 10, 60, &minutes) != E_OK)
        return EXIT_USAGE_ERROR;
    enum err e = read_label(cli, &label, &d);
    if (e == E_OK && minutes && !step_minutes_valid(minutes))
        e = diag_set(&d, E_USAGE,
                     T("--step %llu: an operation's step is 10, 15, 30 or 60 minutes",
                       "--step %llu : le pas d'une opération est de 10, 15, 30 ou 60 minutes"),
                     (unsigned long long)minutes);
    for (size_t i = 0; i < cli->arg_count && (e == E_OK || e == E_CSV); i++) {
        enum err file = meters_read_file(&s, cli->args[i], role, &p, &d);
        e = file == E_OK ? e : file; /* go on, to report all bad lines of all files */
        cli_progress(cli, T("reading", "lecture"), i + 1, cli->arg_count);
    }
    cli_progress_end();
    if (e == E_OK)
        e = curve_set_finish(&s, label, &p);
    if (e == E_OK)
        e = write_outputs(cli, &s, minutes, &p, &d);
    if (e == E_OK)
        print_set(cli, &s);
    curve_set_free(&s);
    if (e != E_OK)
        return energy_problems(cli, e, &p, &d);
    problems_free(&p);
    return EXIT_OK;
}

/* --- start ------------------------------------------------------------------------------------ */

const struct cli_option ENERGY_START_OPTIONS[] = {
    {"data", "DIR", "folder with operation.json", "dossier avec operation.json"},
    {"operation", "FILE", "or the file itself", "ou le fichier lui-même"},
    {0},
};

int energy_start_run(struct cli *cli)
{
    char path[4096];
    struct district o;
    struct problems p = {0};
    struct diag d = {0};
    const char *dir = cli_get(cli, "data"), *file = cli_get(cli, "operation");
    if (!dir == !file) {
        diag_set(&d, E_USAGE,
                 T("give --data DIR or --operation FILE",
                   "donnez --data DOSSIER ou --operation FICHIER"));
        return cli_fail(cli, E_USAGE, &d);
    }
    snprintf(path, sizeof path, "%s%s", file ? file : dir, file ? "" : "/operation.json");
    enum err e = district_read(&o, path, &p, &d);
    if (e == E_OK)
        printf("%lld\n", (long long)o.start_s);
    district_free(&o);
    if (e != E_OK)
        return energy_problems(cli, e, &p, &d);
    return EXIT_OK;
}

/* --- erase ------------------------------------------------------------------------------------ */

const struct cli_option ENERGY_ERASE_OPTIONS[] = {
    {"organiser", "FILE", "the organiser's sealed file (default HOME/organiser.sealed)",
     "fichier scellé de l'organisateur (défaut HOME/organiser.sealed)"},
    {0},
};

int energy_erase_run(struct cli *cli)
{
    struct organiser o;
    struct diag d = {0};
    enum err e = organiser_open(cli, &o, &d);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    e = organiser_erase(&o, cli->args[0]);
    if (e != E_OK)
        diag_set(&d, e, T("%s: no such point in %s", "%s : pas de tel point dans %s"), cli->args[0],
                 organiser_path(cli));
    else
        e = organiser_store(cli, &o, &d);
    organiser_free(&o);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    if (!cli->quiet && !cli->json)
        printf(T("%s is erased: its pseudonym on the ledger can no longer be tied to anyone.\n",
                 "%s est effacé : son pseudonyme au registre ne mène plus à personne.\n"),
               cli->args[0]);
    return EXIT_OK;
}

/* --- key -------------------------------------------------------------------------------------- */

const struct cli_option ENERGY_KEY_OPTIONS[] = {
    {"point", "ID", "the key of this point's holder, not the organiser's",
     "la clé du titulaire de ce point, non celle de l'organisateur"},
    {"organiser", "FILE", "the organiser's sealed file (default HOME/organiser.sealed)",
     "fichier scellé de l'organisateur (défaut HOME/organiser.sealed)"},
    {0},
};

/* The organiser's key, or the one that signs for the holder of a point. */
static enum err pick_key(struct cli *cli, struct organiser *o, const uint8_t **out, struct diag *d)
{
    const char *id = cli_get(cli, "point");
    struct organiser_entry *e = id ? organiser_by_id(o, id) : NULL;
    if (e && e->erased) /* its key is gone */
        e = NULL;
    *out = e ? e->key32 : o->key32;
    return !id || e ? E_OK
                    : diag_set(d, E_NOT_FOUND,
                               T("%s: no such point in %s, or it was erased",
                                 "%s : pas de tel point dans %s, ou il a été effacé"),
                               id, organiser_path(cli));
}

static void print_key(const struct cli *cli, const struct address *a)
{
    struct buf b = {0};
    char hex[41];
    hex_encode(hex, a->b, sizeof a->b);
    if (cli->json)
        buf_putf(&b, "{\"name\":\"%s\",\"address\":\"0x%s\"}", cli->args[0], hex);
    else
        buf_putf(&b,
                 T("Key %s of 0x%s is sealed in %s; sign with --from %s\n",
                   "La clé %s de 0x%s est scellée dans %s ; signez avec --from %s\n"),
                 cli->args[0], hex, home_path(cli, "keys"), cli->args[0]);
    cli_print(&b);
    buf_free(&b);
}

int energy_key_run(struct cli *cli)
{
    struct organiser o = {0};
    struct diag d = {0};
    struct address address;
    const uint8_t *key32 = NULL;
    enum err e = organiser_open(cli, &o, &d);
    if (e == E_OK)
        e = pick_key(cli, &o, &key32, &d);
    if (e == E_OK)
        e = ecdsa_address(&address, key32);
    if (e == E_OK)
        e = key_save(cli, cli->args[0], key32, &d);
    organiser_free(&o);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    if (!cli->quiet)
        print_key(cli, &address);
    return EXIT_OK;
}
