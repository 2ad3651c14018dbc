/* energy_correct: `parvis energy correct`: the readings that the ledger holds of each settled day
 * are compared with the files; days that differ are sent again, by correctDay. Nothing is kept
 * between runs: what differs is asked of the ledger each time, so a cut run can be repeated. */
#include <stdio.h>

#include "app/energy_chain.h"
#include "app/energy_common.h"
#include "app/energy_day.h"
#include "app/energy_ledger.h"
#include "city/energy/dayhash.h"
#include "city/energy/readings.h"

const struct cli_option ENERGY_CORRECT_OPTIONS[] = {
    {"data", "DIR", "folder with operation.json, consumption*.csv[.gz], production*.csv[.gz]",
     "dossier avec operation.json, consumption*.csv[.gz], production*.csv[.gz]"},
    {"operation", "FILE", "or the three files one by one", "ou les trois fichiers un par un"},
    {"consumption", "FILE", "consumption in Wh, wide CSV", "consommations en Wh, CSV large"},
    {"production", "FILE", "production in Wh, wide CSV", "productions en Wh, CSV large"},
    {"from", "DAY", "first day to compare (2025-03-30; default: the operation's first)",
     "premier jour à comparer (2025-03-30 ; défaut : le premier de l'opération)"},
    {"until", "DAY", "last day to compare (default: the last one settled)",
     "dernier jour à comparer (défaut : le dernier réglé)"},
    {"dry-run", NULL, "only tell what differs, send nothing (exit code 1 if something does)",
     "dit seulement ce qui diffère, n'envoie rien (code de sortie 1 s'il y a un écart)"},
    {"organiser", "FILE", "the organiser's sealed file (default HOME/organiser.sealed)",
     "fichier scellé de l'organisateur (défaut HOME/organiser.sealed)"},
    {0},
};

/* A day's readings as a table; READING_ABSENT where there is none. */
struct day_table {
    uint64_t *consumed; /* [steps * consumers] */
    uint64_t *produced; /* [steps * producers] */
};

struct day_energy {
    uint64_t produced_wh, consumed_wh, shared_wh;
    struct hash allocation;
};

/* A settled day as the ledger tells it. */
struct ledger_day {
    uint32_t version;
    enum allocation_key key;
    struct day_energy energy;
};

/* A day that differs. */
struct correction {
    uint32_t day, first, count, version;
    uint64_t late, changed, removed; /* readings: absent before; another value; absent now */
    struct day_energy before, after;
    bool
        shared_known; /* of after: not before it is sent, when the day's coefficients are unknown */
};

struct correct {
    struct cli *cli;
    struct dataset data;
    struct organiser organiser;
    struct energy_chain chain;
    struct chain_operation op;
    struct sender *sender;
    struct day_table ledger, files;
    struct correction *at; /* the days that differ */
    size_t count, cap;
    uint32_t from_day, last_day;
    uint32_t compared, unsettled, outside; /* outside: settled, but not wholly in the files */
    bool sent;
};

/* --- whose files ------------------------------------------------------------------------------ */

static enum err other_operation(const struct correct *x, struct diag *d)
{
    return diag_set(d, E_INVALID,
                    T("the files are not those of operation %llu in %s",
                      "les fichiers ne sont pas ceux de l'opération %llu de %s"),
                    (unsigned long long)x->chain.operation, organiser_path(x->cli));
}

static uint64_t at_most(uint64_t v, uint64_t most)
{
    return v < most ? v : most;
}

/* The files must know the same members in the same steps; only readings are corrected here. */
static enum err check_point(const struct correct *x, size_t i, const struct chain_point *on_ledger,
                            struct diag *d)
{
    const struct district *o = &x->data.op;
    const struct district_point *p = district_point_at(o, i);
    uint64_t end_s = district_step_s(o, o->steps);
    if (!hash_eq(&on_ledger->pseudonym, &x->organiser.entry[i].pseudonym) ||
        on_ledger->produces != p->is_producer || on_ledger->consumes == p->is_producer)
        return other_operation(x, d);
    if (at_most(on_ledger->enter_s, end_s) == district_step_s(o, p->first_step) &&
        at_most(on_ledger->leave_s, end_s) == district_step_s(o, (uint64_t)p->last_step + 1))
        return E_OK;
    return diag_set(
        d, E_INVALID,
        T("%s enters or leaves at another step than on the ledger; only readings can be "
          "corrected",
          "%s entre ou sort à un autre pas qu'au registre ; seuls les relevés se "
          "corrigent"),
        p->id);
}

static enum err check_points(struct correct *x, struct diag *d)
{
    struct chain_point *point = NULL;
    const struct district *o = &x->data.op;
    if (x->op.points != district_point_count(o) || x->op.start_s != (uint64_t)o->start_s ||
        x->op.zone != o->zone || !organiser_has_points(&x->organiser, o))
        return other_operation(x, d);
    TRY(chain_points(&x->chain, x->op.points, &x->organiser, &point, d));
    enum err e = E_OK;
    for (size_t i = 0; e == E_OK && i < x->op.points; i++)
        e = check_point(x, i, &point[i], d);
    mem_free(point);
    return e;
}

static enum err open_operation(struct correct *x, struct diag *d)
{
    uint64_t chain_id = 0;
    TRY(organiser_open(x->cli, &x->organiser, d));
    TRY(client_quantity(x->chain.client, "eth_chainId", "[]", &chain_id, d));
    if (!x->organiser.has_operation || x->organiser.chain_id != chain_id)
        return diag_set(d, E_NOT_FOUND,
                        T("%s knows no operation on chain %llu; see `parvis energy load`",
                          "%s ne connaît pas d'opération sur la chaîne %llu ; voir `parvis energy "
                          "load`"),
                        organiser_path(x->cli), (unsigned long long)chain_id);
    x->chain.operation = x->organiser.operation;
    if (!cli_has(x->cli, "dry-run")) /* what an earlier run sent belongs to what is compared */
        TRY(client_wait_idle(x->chain.client, x->organiser.key32, d));
    TRY(chain_operation_get(&x->chain, &x->op, d));
    return check_points(x, d);
}

/* --- a day's readings and sums ------------------------------------------------------------------
 */

static bool is_member(const struct district_point *p, uint32_t first, uint32_t count)
{
    return p->first_step < first + count && p->last_step >= first;
}

static enum err read_batch(const struct correct *x, struct bytes batch, uint32_t first,
                           uint32_t count, struct day_table *out)
{
    const struct district *o = &x->data.op;
    struct readings_reader r;
    memset(out->consumed, 0xff, count * o->consumers * sizeof(uint64_t)); /* READING_ABSENT */
    memset(out->produced, 0xff, count * o->producers * sizeof(uint64_t));
    TRY(readings_open(&r, batch));
    for (size_t i = 0; i < o->consumers; i++)
        if (is_member(&o->consumer[i], first, count))
            TRY(readings_next(&r, out->consumed + i, o->consumers, count));
    for (size_t k = 0; k < o->producers; k++)
        if (is_member(&o->producer[k], first, count))
            TRY(readings_next(&r, out->produced + k, o->producers, count));
    return readings_at_end(&r) ? E_OK : E_INVALID;
}

static void compare(const uint64_t *ledger, const uint64_t *files, size_t count,
                    struct correction *c)
{
    for (size_t i = 0; i < count; i++) {
        c->late += ledger[i] == READING_ABSENT && files[i] != READING_ABSENT;
        c->removed += ledger[i] != READING_ABSENT && files[i] == READING_ABSENT;
        c->changed +=
            ledger[i] != READING_ABSENT && files[i] != READING_ABSENT && ledger[i] != files[i];
    }
}

static void absent_to_zero(uint64_t *v, size_t count)
{
    for (size_t i = 0; i < count; i++)
        v[i] = v[i] == READING_ABSENT ? 0 : v[i];
}

/* What a day's readings add up to by the contract's rules and the files' coefficients. */
static void share_day(const struct correct *x, enum allocation_key key, struct day_table *t,
                      uint32_t first, uint32_t count, struct day_energy *out)
{
    const struct district *o = &x->data.op;
    size_t n = o->consumers, m = o->producers, widest = n > m ? n : m;
    struct allocation_scratch scratch;
    void *memory = mem_alloc(allocation_scratch_bytes(widest));
    uint32_t *ppm = mem_zalloc(n, sizeof *ppm);
    uint8_t *level = mem_zalloc(n, 1);
    uint64_t *cells = mem_zalloc(n + m, sizeof *cells);
    struct dayhash *hash = mem_alloc(sizeof *hash);
    allocation_scratch_init(&scratch, memory, widest);
    for (size_t i = 0; i < n; i++) {
        ppm[i] = o->consumer[i].static_ppm;
        level[i] = o->consumer[i].level;
    }
    absent_to_zero(t->consumed, count * n);
    absent_to_zero(t->produced, count * m);
    *out = (struct day_energy){0};
    dayhash_begin(hash);
    for (uint32_t step = 0; step < count; step++) {
        struct allocation_step in = {.key = key,
                                     .consumers = n,
                                     .producers = m,
                                     .consumption_wh = t->consumed + step * n,
                                     .production_wh = t->produced + step * m,
                                     .ppm = ppm,
                                     .level = level};
        struct allocation_result result = {.allocated_wh = cells, .used_wh = cells + n};
        allocate_step(&result, &in, &scratch);
        out->produced_wh += result.produced_wh;
        out->consumed_wh += result.consumed_wh;
        out->shared_wh += result.shared_wh;
        dayhash_step(hash, first + step, cells, n);
    }
    dayhash_end(hash, &out->allocation);
    mem_free(memory);
    mem_free(ppm);
    mem_free(level);
    mem_free(cells);
    mem_free(hash);
}

/* --- comparing ----------------------------------------------------------------------------------
 */

static enum err read_result(struct correct *x, uint32_t day, uint32_t *version,
                            struct day_energy *out, struct diag *d)
{
    struct abi_value args[2] = {abi_u64(x->chain.operation), abi_u64(day)}, v;
    TRY(chain_view(&x->chain, x->chain.energy, "dayResult", args, 2, &v, d));
    *version = (uint32_t)abi_get_u64(&v.item[0]);
    *out = (struct day_energy){.produced_wh = abi_get_u64(&v.item[2]),
                               .consumed_wh = abi_get_u64(&v.item[3]),
                               .shared_wh = abi_get_u64(&v.item[4])};
    abi_get_bytes32(out->allocation.b, &v.item[7]);
    return E_OK;
}

/* The day's frame must be the one of the files: same steps, same length. */
static enum err read_frame(struct correct *x, uint32_t day, uint32_t first, uint32_t count,
                           struct ledger_day *out, struct diag *d)
{
    struct abi_value args[2] = {abi_u64(x->chain.operation), abi_u64(day)}, v;
    TRY(chain_view(&x->chain, x->chain.energy, "steps", args, 2, &v, d));
    if (abi_get_u64(&v.item[0]) != first || abi_get_u64(&v.item[2]) != count ||
        abi_get_u64(&v.item[3]) * 60 != x->data.op.step_s)
        return diag_set(d, E_INVALID,
                        T("%s has other steps on the ledger (%llu of %llu minutes) than in the "
                          "files",
                          "%s a d'autres pas au registre (%llu de %llu minutes) que dans les "
                          "fichiers"),
                        day_text(day), (unsigned long long)abi_get_u64(&v.item[2]),
                        (unsigned long long)abi_get_u64(&v.item[3]));
    out->key = (enum allocation_key)abi_get_u64(&v.item[4]);
    return E_OK;
}

static struct correction *new_correction(struct correct *x)
{
    if (x->count == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 32;
        x->at = mem_resize(x->at, x->cap, sizeof *x->at);
    }
    struct correction *c = &x->at[x->count++];
    *c = (struct correction){0};
    return c;
}

/* A dynamic key's coefficients are not in the files; without any its days follow the default key.
 * Whether the files' rule is the ledger's is seen by sharing the old readings again. */
static void foresee(struct correct *x, const struct ledger_day *l, struct correction *c)
{
    struct day_energy again;
    bool dynamic = l->key == KEY_DYNAMIC || l->key == KEY_DYNAMIC_FULL;
    enum allocation_key key = dynamic ? KEY_DEFAULT : l->key;
    share_day(x, key, &x->ledger, c->first, c->count, &again);
    share_day(x, key, &x->files, c->first, c->count, &c->after);
    c->shared_known = hash_eq(&again.allocation, &l->energy.allocation);
}

static enum err compare_day(struct correct *x, uint32_t day, uint32_t first, uint32_t count,
                            struct diag *d)
{
    const struct district *o = &x->data.op;
    struct ledger_day l = {0};
    struct buf batch = {0};
    TRY(read_result(x, day, &l.version, &l.energy, d));
    TRY(read_frame(x, day, first, count, &l, d));
    struct abi_value args[3] = {abi_u64(x->chain.operation), abi_u64(day), abi_u64(l.version)}, v;
    TRY(chain_view(&x->chain, x->chain.energy, "readings", args, 3, &v, d));
    x->compared++;
    day_batch(&x->data, first, count, &batch);
    if (v.item[0].bytes.len == batch.len &&
        memcmp(v.item[0].bytes.data, batch.data, batch.len) == 0) {
        buf_free(&batch);
        return E_OK;
    }
    struct correction c = {
        .day = day, .first = first, .count = count, .version = l.version, .before = l.energy};
    enum err e = read_batch(x, buf_view(&batch), first, count, &x->files);
    ASSERT(e == E_OK); /* written by day_batch */
    buf_free(&batch);
    if (read_batch(x, v.item[0].bytes, first, count, &x->ledger) != E_OK)
        return diag_set(d, E_INVALID,
                        T("%s: readings of another form on the ledger",
                          "%s : relevés d'une autre forme au registre"),
                        day_text(day));
    compare(x->ledger.consumed, x->files.consumed, count * o->consumers, &c);
    compare(x->ledger.produced, x->files.produced, count * o->producers, &c);
    if (c.late + c.changed + c.removed == 0) /* the same readings, written in another way */
        return E_OK;
    foresee(x, &l, &c);
    *new_correction(x) = c;
    return E_OK;
}

static enum err compare_days(struct correct *x, struct diag *d)
{
    const struct district *o = &x->data.op;
    uint32_t first_day = zone_day(o->zone, (uint64_t)o->start_s), first, count;
    uint32_t settled = zone_day(o->zone, x->op.settled_until_s); /* the first that is not */
    uint32_t end = zone_day(o->zone, district_step_s(o, o->steps - 1)) + 1;
    end = end < settled ? settled : end;
    first_day = first_day < x->from_day ? x->from_day : first_day;
    end = x->last_day < end ? x->last_day + 1 : end;
    for (uint32_t day = first_day; day < end; day++) {
        enum err e = E_OK;
        arena_reset(&x->chain.arena);
        if (!day_steps(o, day, &first, &count)) {
            x->outside += day < settled;
            continue;
        }
        if (day < settled)
            e = compare_day(x, day, first, count, d);
        if (e == E_REVERT &&
            strstr(d->text, "DayNotSettled")) { /* left out by who sent the others */
            *d = (struct diag){0};
            e = E_OK;
            x->unsettled++;
        }
        TRY(e);
        x->unsettled += day >= settled;
        cli_progress(x->cli, T("comparing days", "comparaison des jours"), day + 1 - first_day,
                     end - first_day);
    }
    return E_OK;
}

/* --- sending ------------------------------------------------------------------------------------
 */

static enum err send_one(struct correct *x, const struct correction *c, struct diag *d)
{
    struct buf batch = {0};
    char what[64];
    day_batch(&x->data, c->first, c->count, &batch);
    snprintf(what, sizeof what, "correctDay %s", day_text(c->day));
    struct abi_value args[3] = {abi_u64(x->chain.operation), abi_u64(c->day),
                                abi_bytes(buf_view(&batch))};
    /* both versions of the day are shared: twice the work of settling it */
    uint64_t gas = day_gas(&x->data.op, (enum allocation_key)x->op.key, batch.len, c->count, 2);
    enum err e = sender_send(x->sender, x->chain.energy, "correctDay", args, 3, gas, what, d);
    buf_free(&batch);
    return e;
}

static enum err send_corrections(struct correct *x, struct diag *d)
{
    if (x->count == 0 || cli_has(x->cli, "dry-run"))
        return E_OK;
    if (x->op.closing)
        return diag_set(d, E_INVALID,
                        T("month %u-%02u is being closed; finish with `parvis energy load`, then "
                          "correct",
                          "le mois %u-%02u est en cours de clôture ; terminez par `parvis energy "
                          "load`, puis corrigez"),
                        x->op.open_month / 12, x->op.open_month % 12 + 1);
    x->sender = sender_new(x->chain.client, x->organiser.key32);
    for (size_t i = 0; i < x->count; i++) {
        TRY(send_one(x, &x->at[i], d));
        cli_progress(x->cli, T("correcting days", "correction des jours"), i + 1, x->count);
    }
    TRY(sender_drain(x->sender, d));
    for (size_t i = 0; i < x->count; i++) {
        struct correction *c = &x->at[i];
        arena_reset(&x->chain.arena);
        TRY(read_result(x, c->day, &c->version, &c->after, d));
        c->shared_known = true;
    }
    x->sent = true;
    return E_OK;
}

/* --- printing -----------------------------------------------------------------------------------
 */

/* "+1 234": in the ring of text_grouped's buffers plus a sign. */
static const char *text_difference(uint64_t before, uint64_t after)
{
    static char ring[4][56];
    static unsigned at;
    char *out = ring[at++ % 4];
    snprintf(out, sizeof ring[0], "%s%s",
             after > before   ? "+"
             : after < before ? "-"
                              : "",
             text_grouped(after > before ? after - before : before - after));
    return out;
}

static size_t count_closed(const struct correct *x)
{
    size_t closed = 0;
    for (size_t i = 0; i < x->count; i++)
        closed += month_of_day(x->at[i].day) < x->op.open_month;
    return closed;
}

static void put_day_line(struct buf *b, const struct correction *c)
{
    buf_putf(b, "%-12s %8llu %8llu %8llu %14s %14s %14s\n", day_text(c->day),
             (unsigned long long)c->late, (unsigned long long)c->changed,
             (unsigned long long)c->removed,
             text_difference(c->before.produced_wh, c->after.produced_wh),
             text_difference(c->before.consumed_wh, c->after.consumed_wh),
             c->shared_known ? text_difference(c->before.shared_wh, c->after.shared_wh) : "?");
}

static void put_summary(struct buf *b, const struct correct *x)
{
    size_t closed = count_closed(x);
    if (x->count == 0)
        buf_putf(b,
                 T("%u settled days compared: the ledger holds the readings of the files\n",
                   "%u jours réglés comparés : le registre contient les relevés des fichiers\n"),
                 x->compared);
    else if (x->sent)
        buf_putf(b,
                 T("%u settled days compared, %zu corrected\n",
                   "%u jours réglés comparés, %zu corrigés\n"),
                 x->compared, x->count);
    else
        buf_putf(b,
                 T("%u settled days compared, %zu differ; nothing was sent\n",
                   "%u jours réglés comparés, %zu diffèrent ; rien n'a été envoyé\n"),
                 x->compared, x->count);
    if (closed)
        buf_putf(b,
                 T("%zu of them in closed months: invoiced when %u-%02u closes\n",
                   "dont %zu dans des mois clos : facturés à la clôture de %u-%02u\n"),
                 closed, x->op.open_month / 12, x->op.open_month % 12 + 1);
    if (x->unsettled)
        buf_putf(b,
                 T("%u days of the files are not settled yet: `parvis energy load` sends them\n",
                   "%u jours des fichiers ne sont pas encore réglés : `parvis energy load` les "
                   "envoie\n"),
                 x->unsettled);
    if (x->outside)
        buf_putf(b,
                 T("%u settled days are not wholly in the files and were not compared\n",
                   "%u jours réglés ne sont pas entièrement dans les fichiers et n'ont pas été "
                   "comparés\n"),
                 x->outside);
}

static void print_table(const struct correct *x)
{
    struct buf b = {0};
    if (x->count)
        buf_putf(&b, T("%-12s %8s %8s %8s %14s %14s %14s\n", "%-12s %8s %8s %9s %14s %15s %15s\n"),
                 T("day", "jour"), T("late", "tardifs"), T("changed", "changés"),
                 T("removed", "retirés"), T("produced Wh", "produit Wh"),
                 T("consumed Wh", "consommé Wh"), T("shared Wh", "partagé Wh"));
    for (size_t i = 0; i < x->count; i++)
        put_day_line(&b, &x->at[i]);
    put_summary(&b, x);
    cli_print(&b);
    buf_free(&b);
}

static void put_number(struct buf *b, const char *name, uint64_t v)
{
    json_put_key(b, name);
    json_put_u64(b, v);
}

static void put_difference(struct buf *b, const char *name, uint64_t before, uint64_t after)
{
    json_put_key(b, name);
    json_put_i64(b, (int64_t)(after - before));
}

static void put_day_json(struct buf *b, const struct correct *x, const struct correction *c)
{
    json_open(b, '{');
    json_put_key(b, "day");
    json_put_string(b, day_text(c->day));
    put_number(b, "late", c->late);
    put_number(b, "changed", c->changed);
    put_number(b, "removed", c->removed);
    put_difference(b, "produced_wh", c->before.produced_wh, c->after.produced_wh);
    put_difference(b, "consumed_wh", c->before.consumed_wh, c->after.consumed_wh);
    if (c->shared_known) {
        put_difference(b, "shared_wh", c->before.shared_wh, c->after.shared_wh);
    } else {
        json_put_key(b, "shared_wh");
        json_put_null(b);
    }
    put_number(b, "version", c->version);
    json_put_key(b, "closed_month");
    json_put_bool(b, month_of_day(c->day) < x->op.open_month);
    json_close(b, '}');
}

static void print_json(const struct correct *x)
{
    struct buf b = {0};
    json_open(&b, '{');
    put_number(&b, "operation", x->chain.operation);
    put_number(&b, "days_compared", x->compared);
    put_number(&b, "days_different", x->count);
    put_number(&b, "days_corrected", x->sent ? x->count : 0);
    put_number(&b, "days_unsettled", x->unsettled);
    put_number(&b, "days_outside", x->outside);
    json_put_key(&b, "corrections");
    json_open(&b, '[');
    for (size_t i = 0; i < x->count; i++)
        put_day_json(&b, x, &x->at[i]);
    json_close(&b, ']');
    json_close(&b, '}');
    cli_print(&b);
    buf_free(&b);
}

/* --- the command --------------------------------------------------------------------------------
 */

static enum err run_correct(struct correct *x, struct problems *p, struct diag *d)
{
    TRY(day_option(x->cli, "from", &x->from_day, d));
    TRY(day_option(x->cli, "until", &x->last_day, d));
    TRY(energy_load_dataset(x->cli, &x->data, p, d));
    TRY(energy_chain_open(&x->chain, x->cli, d));
    TRY(open_operation(x, d));
    const struct district *o = &x->data.op;
    x->ledger.consumed = mem_alloc(DAY_STEPS_MAX * o->consumers * sizeof(uint64_t));
    x->ledger.produced = mem_alloc(DAY_STEPS_MAX * o->producers * sizeof(uint64_t));
    x->files.consumed = mem_alloc(DAY_STEPS_MAX * o->consumers * sizeof(uint64_t));
    x->files.produced = mem_alloc(DAY_STEPS_MAX * o->producers * sizeof(uint64_t));
    TRY(compare_days(x, d));
    return send_corrections(x, d);
}

static void correct_free(struct correct *x)
{
    if (x->chain.client)
        energy_chain_close(&x->chain);
    sender_free(x->sender);
    mem_free(x->ledger.consumed);
    mem_free(x->ledger.produced);
    mem_free(x->files.consumed);
    mem_free(x->files.produced);
    mem_free(x->at);
    organiser_free(&x->organiser);
    dataset_free(&x->data);
}

int energy_correct_run(struct cli *cli)
{
    struct correct x = {.cli = cli, .last_day = UINT32_MAX};
    struct problems p = {0};
    struct diag d = {0};
    enum err e = run_correct(&x, &p, &d);
    int code = EXIT_OK;
    cli_progress_end();
    if (e == E_OK && cli->json)
        print_json(&x);
    else if (e == E_OK && (!cli->quiet || x.count))
        print_table(&x);
    if (e == E_OK && x.count && !x.sent)
        code = EXIT_NO;
    correct_free(&x);
    if (e != E_OK)
        return energy_problems(cli, e, &p, &d);
    problems_free(&p);
    return code;
}
