/* energy_coefficients: `parvis energy coefficients`: an organiser's own sharing onto the ledger.
 *
 * The file is the neutral one that `energy export coefficients` writes. It is checked whole, then
 * against the ledger, before anything is sent: the dynamic key from the file's first day, and the
 * coefficients of each day in one transaction, in the encoding of city/energy/readings.h. */
#include <stdio.h>
#include <stdlib.h>

#include "app/energy_chain.h"
#include "app/energy_common.h"
#include "app/energy_day.h"
#include "app/energy_ledger.h"
#include "city/energy/readings.h"
#include "codec/json.h"
#include "gateway/files/civil.h"
#include "gateway/files/csv.h"

const struct cli_option ENERGY_COEFFICIENTS_OPTIONS[] = {
    {"file", "CSV", "operation;prm_producteur;prm_consommateur;horodate;coefficient_ppm",
     "operation;prm_producteur;prm_consommateur;horodate;coefficient_ppm"},
    {"data", "DIR", "the operation's folder: steps with energy to share need coefficients",
     "dossier de l'opération : un pas où il y a de l'énergie à partager veut des coefficients"},
    {"operation", "FILE", "or its operation.json alone", "ou son operation.json seul"},
    {"key", "KEY", "dynamic or dynamic-full (default: as the file has producers)",
     "dynamic ou dynamic-full (défaut : selon que le fichier nomme des producteurs)"},
    {"dry-run", NULL, "check everything, send nothing", "tout vérifier, ne rien envoyer"},
    {"organiser", "FILE", "the organiser's sealed file (default HOME/organiser.sealed)",
     "fichier scellé de l'organisateur (défaut HOME/organiser.sealed)"},
    {0},
};

#define KEY_GAS 4000000u
#define PPM_FULL 1000000u
#define COLUMNS 5u

static const char *const COLUMN[COLUMNS] = {"operation", "prm_producteur", "prm_consommateur",
                                            "horodate", "coefficient_ppm"};

/* One line of the file. Points are numbered as consumers and as producers; producer 0 when the key
 * does not tell them apart. */
struct coefficient {
    uint32_t step, producer, consumer, ppm;
    size_t line;
};

struct coefficients {
    struct cli *cli;
    const char *file;
    struct dataset data; /* without readings when only the operation's file was given */
    struct coefficient *row;
    size_t count, cap;
    enum allocation_key key; /* KEY_DEFAULT: not known before the first line */
    struct organiser organiser;
    struct energy_chain chain;
    struct chain_operation op;
    struct chain_point *point;
    struct sender *sender;
    uint32_t days;
    bool sets_key, sent;
};

/* --- the file ------------------------------------------------------------------------------------
 */

static bool find_point(const struct district_point *p, size_t count, struct csv_field f,
                       uint32_t *out)
{
    for (size_t i = 0; i < count; i++)
        if ((p[i].prm[0] && strcmp(p[i].prm, f.text) == 0) || strcmp(p[i].id, f.text) == 0) {
            *out = (uint32_t)i;
            return true;
        }
    return false;
}

static enum err read_producer(struct coefficients *x, struct coefficient *c, struct csv_field f,
                              struct problems *p)
{
    enum allocation_key key = f.len ? KEY_DYNAMIC_FULL : KEY_DYNAMIC;
    if (x->key == KEY_DEFAULT)
        x->key = key;
    if (x->key != key)
        return problem_add(
            p, x->file, c->line, COLUMN[1],
            x->key == KEY_DYNAMIC
                ? T("the key dynamic names no producer; leave it empty everywhere",
                    "la clé dynamic ne nomme pas de producteur ; laissez vide partout")
                : T("the key dynamic-full names the producer on every line",
                    "la clé dynamic-full nomme le producteur à chaque ligne"));
    if (f.len && !find_point(x->data.op.producer, x->data.op.producers, f, &c->producer))
        return problem_add(p, x->file, c->line, COLUMN[1],
                           T("\"%.40s\" is no producer of the operation",
                             "« %.40s » n'est pas un producteur de l'opération"),
                           f.text);
    return E_OK;
}

static enum err read_time(const struct coefficients *x, struct coefficient *c, struct csv_field f,
                          struct problems *p)
{
    const struct district *o = &x->data.op;
    int64_t at_s = 0;
    if (civil_parse_utc(&at_s, f.text, f.len) != E_OK)
        return problem_add(p, x->file, c->line, COLUMN[3],
                           T("\"%.40s\" is no instant like 2025-03-30T00:30:00Z",
                             "« %.40s » n'est pas un instant comme 2025-03-30T00:30:00Z"),
                           f.text);
    if (at_s < o->start_s || (uint64_t)at_s >= district_step_s(o, o->steps))
        return problem_add(p, x->file, c->line, COLUMN[3],
                           T("%.40s is outside the operation's period",
                             "%.40s est hors de la période de l'opération"),
                           f.text);
    if ((at_s - o->start_s) % o->step_s != 0)
        return problem_add(p, x->file, c->line, COLUMN[3],
                           T("%.40s is not the beginning of a step of %u minutes",
                             "%.40s n'est pas le début d'un pas de %u minutes"),
                           f.text, o->step_s / 60);
    c->step = (uint32_t)((at_s - o->start_s) / o->step_s);
    return E_OK;
}

static enum err check_member(const struct coefficients *x, const struct coefficient *c,
                             const struct district_point *point, const char *column,
                             struct problems *p)
{
    if (c->step >= point->first_step && c->step <= point->last_step)
        return E_OK;
    return problem_add(p, x->file, c->line, column,
                       T("%s is no member in this step", "%s n'est pas membre à ce pas"),
                       point->id);
}

static enum err read_row(struct coefficients *x, const struct csv_row *row, struct problems *p)
{
    const struct district *o = &x->data.op;
    struct coefficient c = {.line = row->line};
    uint64_t ppm = 0;
    if (row->count != COLUMNS)
        return problem_add(p, x->file, c.line, "",
                           T("%zu fields instead of %u", "%zu champs au lieu de %u"), row->count,
                           COLUMNS);
    const struct csv_field *f = row->field;
    if (strcmp(f[0].text, o->name) != 0)
        return problem_add(
            p, x->file, c.line, COLUMN[0],
            T("\"%.60s\" is not the operation %s", "« %.60s » n'est pas l'opération %s"), f[0].text,
            o->name);
    TRY(read_producer(x, &c, f[1], p));
    if (!find_point(o->consumer, o->consumers, f[2], &c.consumer))
        return problem_add(p, x->file, c.line, COLUMN[2],
                           T("\"%.40s\" is no consumer of the operation",
                             "« %.40s » n'est pas un consommateur de l'opération"),
                           f[2].text);
    TRY(read_time(x, &c, f[3], p));
    if (!csv_u64(&ppm, f[4], PPM_FULL))
        return problem_add(p, x->file, c.line, COLUMN[4],
                           T("\"%.40s\" is not a whole number from 0 to 1000000",
                             "« %.40s » n'est pas un nombre entier de 0 à 1000000"),
                           f[4].text);
    TRY(check_member(x, &c, &o->consumer[c.consumer], COLUMN[2], p));
    if (x->key == KEY_DYNAMIC_FULL)
        TRY(check_member(x, &c, &o->producer[c.producer], COLUMN[1], p));
    c.ppm = (uint32_t)ppm;
    if (x->count == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 1024;
        x->row = mem_resize(x->row, x->cap, sizeof *x->row);
    }
    x->row[x->count++] = c;
    return E_OK;
}

static enum err check_header(const struct coefficients *x, const struct csv_row *row,
                             struct problems *p)
{
    bool same = row->count == COLUMNS;
    for (size_t i = 0; same && i < COLUMNS; i++)
        same = strcmp(row->field[i].text, COLUMN[i]) == 0;
    return same ? E_OK
                : problem_add(p, x->file, 1, "",
                              T("the first line must be %s", "la première ligne doit être %s"),
                              "operation;prm_producteur;prm_consommateur;horodate;coefficient_ppm");
}

static int by_step_producer_consumer(const void *a, const void *b)
{
    const struct coefficient *l = a, *r = b;
    if (l->step != r->step)
        return l->step < r->step ? -1 : 1;
    if (l->producer != r->producer)
        return l->producer < r->producer ? -1 : 1;
    if (l->consumer != r->consumer)
        return l->consumer < r->consumer ? -1 : 1;
    return l->line < r->line ? -1 : l->line > r->line;
}

/* Twice the same, and sums; rows are sorted. */
static void check_sums(const struct coefficients *x, struct problems *p)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < x->count; i++) {
        const struct coefficient *c = &x->row[i], *before = i ? c - 1 : NULL;
        char when[32];
        bool same = before && before->step == c->step && before->producer == c->producer;
        civil_format_utc(when, (int64_t)district_step_s(&x->data.op, c->step));
        if (same && before->consumer == c->consumer)
            problem_add(p, x->file, c->line, COLUMN[2],
                        T("the same as line %zu: %s at %s", "identique à la ligne %zu : %s à %s"),
                        before->line, x->data.op.consumer[c->consumer].id, when);
        uint64_t so_far = same ? sum : 0;
        sum = so_far + c->ppm;
        if (sum > PPM_FULL && so_far <= PPM_FULL)
            problem_add(p, x->file, c->line, COLUMN[4],
                        T("the coefficients of %s add up to more than 1000000 ppm",
                          "les coefficients de %s totalisent plus de 1000000 ppm"),
                        when);
    }
}

static uint32_t day_of_step(const struct coefficients *x, uint32_t step)
{
    return zone_day(x->data.op.zone, district_step_s(&x->data.op, step));
}

/* Whether a step of a day that the file names must be in it: when there is something to share, or,
 * without readings, between the day's first and last step named. */
static bool must_be_named(const struct coefficients *x, uint32_t step, bool between)
{
    const struct dataset *data = &x->data;
    size_t n = data->op.consumers, m = data->op.producers;
    bool produced = false, consumed = false;
    if (!data->production_wh)
        return between;
    for (size_t k = 0; k < m; k++) {
        uint64_t wh = data->production_wh[(size_t)step * m + k];
        produced |= wh != WIDE_MISSING && wh != 0;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t wh = data->consumption_wh[(size_t)step * n + i];
        consumed |= wh != WIDE_MISSING && wh != 0;
    }
    return produced && consumed;
}

/* One past the last row of the day that begins with row `from`. */
static size_t day_end(const struct coefficients *x, size_t from)
{
    size_t to = from;
    uint32_t day = day_of_step(x, x->row[from].step);
    while (to < x->count && day_of_step(x, x->row[to].step) == day)
        to++;
    return to;
}

static void check_missing(const struct coefficients *x, struct problems *p)
{
    for (size_t from = 0, to; from < x->count; from = to) {
        uint32_t day = day_of_step(x, x->row[from].step), first, steps;
        size_t at = from;
        to = day_end(x, from);
        if (!day_steps(&x->data.op, day, &first, &steps)) {
            problem_add(p, x->file, x->row[from].line, COLUMN[3],
                        T("the operation ends within %s; only whole days are settled",
                          "l'opération finit au cours du %s ; seuls des jours entiers se règlent"),
                        day_text(day));
            continue;
        }
        for (uint32_t step = first; step < first + steps; step++) {
            char when[32];
            while (at < to && x->row[at].step < step)
                at++;
            if ((at < to && x->row[at].step == step) ||
                !must_be_named(x, step, at > from && at < to))
                continue;
            civil_format_utc(when, (int64_t)district_step_s(&x->data.op, step));
            problem_add(p, x->file, x->row[at < to ? at : to - 1].line, COLUMN[3],
                        T("no coefficients for the step %s", "aucun coefficient pour le pas %s"),
                        when);
        }
    }
}

static enum err read_rows(struct coefficients *x, struct problems *p, struct diag *d)
{
    struct csv *csv;
    struct csv_row row = {0};
    TRY(csv_open(&csv, x->file, ';', d));
    enum err e = csv_next(csv, &row, p);
    if (e == E_OK)
        e = check_header(x, &row, p);
    while (e == E_OK && (e = csv_next(csv, &row, p)) == E_OK && row.count)
        if (!csv_row_is_blank(&row))
            (void)read_row(x, &row, p); /* noted in p; the next line is read all the same */
    csv_close(csv);
    return e;
}

static enum err read_file(struct coefficients *x, struct problems *p, struct diag *d)
{
    TRY(read_rows(x, p, d));
    if (x->count)
        qsort(x->row, x->count, sizeof *x->row, by_step_producer_consumer);
    if (x->count == 0 && p->count == 0)
        problem_add(p, x->file, 0, "", "%s", T("there are no coefficients", "aucun coefficient"));
    check_sums(x, p);
    if (p->count == 0) /* a line that was refused is not a missing one */
        check_missing(x, p);
    return problems_end(p, d);
}

/* --- the ledger ----------------------------------------------------------------------------------
 */

static enum err check_points(const struct coefficients *x, struct diag *d)
{
    const struct district *o = &x->data.op;
    bool same = x->op.points == district_point_count(o) && x->op.zone == o->zone &&
                x->op.start_s == (uint64_t)o->start_s && organiser_has_points(&x->organiser, o);
    for (size_t i = 0; same && i < x->op.points; i++)
        same = hash_eq(&x->point[i].pseudonym, &x->organiser.entry[i].pseudonym) &&
               x->point[i].produces == district_point_at(o, i)->is_producer;
    return same ? E_OK
                : diag_set(d, E_INVALID,
                           T("the files are not those of operation %llu in %s",
                             "les fichiers ne sont pas ceux de l'opération %llu de %s"),
                           (unsigned long long)x->chain.operation, organiser_path(x->cli));
}

static enum err open_operation(struct coefficients *x, struct diag *d)
{
    uint64_t chain_id = 0;
    TRY(organiser_open(x->cli, &x->organiser, d));
    TRY(energy_chain_open(&x->chain, x->cli, d));
    TRY(client_quantity(x->chain.client, "eth_chainId", "[]", &chain_id, d));
    if (!x->organiser.has_operation || x->organiser.chain_id != chain_id)
        return diag_set(d, E_NOT_FOUND,
                        T("%s knows no operation on chain %llu; see `parvis energy load`",
                          "%s ne connaît pas d'opération sur la chaîne %llu ; voir `parvis energy "
                          "load`"),
                        organiser_path(x->cli), (unsigned long long)chain_id);
    x->chain.operation = x->organiser.operation;
    if (!cli_has(x->cli, "dry-run"))
        TRY(client_wait_idle(x->chain.client, x->organiser.key32, d));
    TRY(chain_operation_get(&x->chain, &x->op, d));
    TRY(chain_points(&x->chain, x->op.points, &x->organiser, &x->point, d));
    TRY(check_points(x, d));
    uint32_t first = day_of_step(x, x->row[0].step);
    uint32_t settled = zone_day(x->op.zone, x->op.settled_until_s);
    if (first >= settled)
        return E_OK;
    return diag_set(
        d, E_EXISTS,
        T("%s is settled already, as all days before %s: its coefficients cannot "
          "change any more",
          "le %s est déjà réglé, comme tous les jours avant le %s : ses coefficients ne "
          "changent plus"),
        day_text(first), day_text(settled));
}

/* The day's steps on the ledger must be those of the files; *key is the day's. */
static enum err read_frame(struct coefficients *x, uint32_t day, enum allocation_key *key,
                           struct diag *d)
{
    struct abi_value args[2] = {abi_u64(x->chain.operation), abi_u64(day)}, v;
    uint32_t first, count;
    bool whole = day_steps(&x->data.op, day, &first, &count);
    ASSERT(whole); /* check_missing */
    arena_reset(&x->chain.arena);
    TRY(chain_view(&x->chain, x->chain.energy, "steps", args, 2, &v, d));
    if (abi_get_u64(&v.item[0]) != first || abi_get_u64(&v.item[2]) != count ||
        abi_get_u64(&v.item[3]) * 60 != x->data.op.step_s)
        return diag_set(d, E_INVALID,
                        T("%s has other steps on the ledger than in the files",
                          "%s a d'autres pas au registre que dans les fichiers"),
                        day_text(day));
    *key = (enum allocation_key)abi_get_u64(&v.item[4]);
    return E_OK;
}

/* All days must have the file's key, or the first one gets it and it holds for the others. */
static enum err check_days(struct coefficients *x, struct diag *d)
{
    for (size_t from = 0; from < x->count; from = day_end(x, from)) {
        uint32_t day = day_of_step(x, x->row[from].step);
        enum allocation_key key = KEY_DEFAULT;
        TRY(read_frame(x, day, &key, d));
        x->days++;
        if (from == 0)
            x->sets_key = key != x->key;
        else if (!x->sets_key && key != x->key)
            return diag_set(
                d, E_INVALID,
                T("%s has the key \"%s\" on the ledger; send its coefficients by a file "
                  "of their own",
                  "le %s a la clé « %s » au registre ; envoyez ses coefficients par un "
                  "autre fichier"),
                day_text(day), allocation_key_name(key));
    }
    return E_OK;
}

static enum err set_key(struct coefficients *x, struct diag *d)
{
    uint64_t from_s = zone_day_start_s(x->op.zone, day_of_step(x, x->row[0].step));
    struct abi_value args[4] = {abi_u64(x->chain.operation),
                                abi_u64(x->key),
                                abi_u64(from_s < x->op.start_s ? x->op.start_s : from_s),
                                {.count = 0}};
    if (!x->sets_key)
        return E_OK;
    TRY(sender_send(x->sender, x->chain.energy, "setKey", args, 4, KEY_GAS, "setKey", d));
    return sender_drain(x->sender, d); /* the estimates that follow look at the ledger */
}

/* The members of a day, as the ledger has them: in at least one of its steps. */
static bool is_member(const struct coefficients *x, size_t point, uint32_t first, uint32_t count)
{
    const struct chain_point *p = &x->point[point];
    return p->enter_s < district_step_s(&x->data.op, (uint64_t)first + count) &&
           p->leave_s > district_step_s(&x->data.op, first);
}

/* The day's table [producer][consumer][step], member by member. */
static void put_day(const struct coefficients *x, size_t from, size_t to, uint32_t first,
                    uint32_t count, struct buf *out)
{
    const struct district *o = &x->data.op;
    size_t n = o->consumers, m = x->key == KEY_DYNAMIC_FULL ? o->producers : 1;
    uint32_t *ppm = mem_zalloc(m * n * count, sizeof *ppm);
    for (size_t i = from; i < to; i++) {
        const struct coefficient *c = &x->row[i];
        ppm[(c->producer * n + c->consumer) * count + (c->step - first)] = c->ppm;
    }
    readings_begin(out);
    for (size_t k = 0; k < m; k++) {
        if (x->key == KEY_DYNAMIC_FULL && !is_member(x, n + k, first, count))
            continue;
        for (size_t i = 0; i < n; i++)
            if (is_member(x, i, first, count))
                coefficients_put(out, ppm + (k * n + i) * count, count);
    }
    mem_free(ppm);
}

static enum err send_days(struct coefficients *x, struct diag *d)
{
    uint32_t done = 0;
    for (size_t from = 0, to; from < x->count; from = to) {
        uint32_t day = day_of_step(x, x->row[from].step), first, count;
        struct buf out = {0};
        char what[64];
        to = day_end(x, from);
        (void)day_steps(&x->data.op, day, &first, &count); /* whole: read_frame */
        put_day(x, from, to, first, count, &out);
        snprintf(what, sizeof what, "submitCoefficients %s", day_text(day));
        struct abi_value args[3] = {abi_u64(x->chain.operation), abi_u64(day),
                                    abi_bytes(buf_view(&out))};
        enum err e =
            sender_send(x->sender, x->chain.energy, "submitCoefficients", args, 3, 0, what, d);
        buf_free(&out);
        TRY(e);
        cli_progress(x->cli, T("sending coefficients", "envoi des coefficients"), ++done, x->days);
    }
    return sender_drain(x->sender, d);
}

/* --- the command ---------------------------------------------------------------------------------
 */

static enum err read_options(struct coefficients *x, struct diag *d)
{
    const char *key = cli_get(x->cli, "key");
    x->file = cli_get(x->cli, "file");
    if (!x->file || !cli_get(x->cli, "data") == !cli_get(x->cli, "operation"))
        return diag_set(d, E_USAGE,
                        T("give --file CSV, and --data DIR or --operation FILE",
                          "donnez --file CSV, et --data DOSSIER ou --operation FICHIER"));
    if (key && (!allocation_key_parse(&x->key, key) ||
                (x->key != KEY_DYNAMIC && x->key != KEY_DYNAMIC_FULL)))
        return diag_set(
            d, E_USAGE,
            T("--key %s: dynamic or dynamic-full", "--key %s : dynamic ou dynamic-full"), key);
    return E_OK;
}

static enum err run_coefficients(struct coefficients *x, struct problems *p, struct diag *d)
{
    const char *dir = cli_get(x->cli, "data");
    TRY(read_options(x, d));
    TRY(dir ? dataset_read_dir(&x->data, dir, p, d)
            : district_read(&x->data.op, cli_get(x->cli, "operation"), p, d));
    TRY(read_file(x, p, d));
    TRY(open_operation(x, d));
    TRY(check_days(x, d));
    if (cli_has(x->cli, "dry-run"))
        return E_OK;
    x->sender = sender_new(x->chain.client, x->organiser.key32);
    TRY(set_key(x, d));
    TRY(send_days(x, d));
    x->sent = true;
    return E_OK;
}

static void print_done(const struct coefficients *x)
{
    struct buf b = {0};
    const char *first = day_text(day_of_step(x, x->row[0].step));
    const char *last = day_text(day_of_step(x, x->row[x->count - 1].step));
    if (x->cli->json)
        buf_putf(&b,
                 "{\"operation\":%llu,\"key\":\"%s\",\"sets_key\":%s,\"first_day\":\"%s\","
                 "\"last_day\":\"%s\",\"days\":%u,\"coefficients\":%zu,\"sent\":%s}",
                 (unsigned long long)x->chain.operation, allocation_key_name(x->key),
                 x->sets_key ? "true" : "false", first, last, x->days, x->count,
                 x->sent ? "true" : "false");
    else
        buf_putf(&b,
                 x->sent ? T("%zu coefficients of %u days sent (%s to %s, key %s)\n",
                             "%zu coefficients de %u jours envoyés (du %s au %s, clé %s)\n")
                         : T("%zu coefficients of %u days checked (%s to %s, key %s); nothing was "
                             "sent\n",
                             "%zu coefficients de %u jours vérifiés (du %s au %s, clé %s) ; rien "
                             "n'a été envoyé\n"),
                 x->count, x->days, first, last, allocation_key_name(x->key));
    cli_print(&b);
    buf_free(&b);
}

int energy_coefficients_run(struct cli *cli)
{
    struct coefficients x = {.cli = cli, .key = KEY_DEFAULT};
    struct problems p = {0};
    struct diag d = {0};
    enum err e = run_coefficients(&x, &p, &d);
    cli_progress_end();
    if (e == E_OK && (cli->json || !cli->quiet))
        print_done(&x);
    if (x.chain.client)
        energy_chain_close(&x.chain);
    sender_free(x.sender);
    organiser_free(&x.organiser);
    mem_free(x.point);
    mem_free(x.row);
    dataset_free(&x.data);
    if (e != E_OK)
        return energy_problems(cli, e, &p, &d);
    problems_free(&p);
    return EXIT_OK;
}
