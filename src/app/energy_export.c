/* energy_export: `parvis energy export`: what the ledger holds of an operation, asked point by
 * point and step by step through eth_call, written in the forms of gateway/files/exports.h. Names
 * come from the organiser's file; without it points are called by their pseudonym. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/energy_chain.h"
#include "app/energy_common.h"
#include "app/energy_ledger.h"
#include "base/clock.h"
#include "city/energy/readings.h"
#include "gateway/files/exports.h"
#include "gateway/files/invoice_html.h"

const struct cli_option ENERGY_EXPORT_OPTIONS[] = {
    {"out", "FILE", "file to write (default: standard output; .gz: compressed)",
     "fichier à écrire (défaut : sortie standard ; .gz : compressé)"},
    {"month", "YYYY-MM", "only this month", "ce mois seulement"},
    {"point", "ID", "html: only this consumer", "html : ce consommateur seulement"},
    {"id", "N", "number of the operation (default: the organiser's, else the last one)",
     "numéro de l'opération (défaut : celle de l'organisateur, sinon la dernière)"},
    {"organiser", "FILE", "the organiser's sealed file (default HOME/organiser.sealed)",
     "fichier scellé de l'organisateur (défaut HOME/organiser.sealed)"},
    {0},
};

#define PAY_WITHIN_S (30 * 86400)

struct export
{
    struct cli *cli;
    struct energy_chain chain;
    struct organiser organiser;
    bool have_organiser;
    struct chain_operation op;
    struct chain_point *point;
    uint32_t *consumer, *producer; /* point index of the n-th of each */
    uint32_t month;                /* 0: all */
    uint32_t first_month, until_month;
    uint64_t chain_id;
    struct buf out;
};

static bool month_wanted(const struct export *x, uint32_t month)
{
    return x->month == 0 || x->month == month;
}

static enum err read_month(struct export *x, struct diag *d)
{
    unsigned year, month;
    char rest;
    const char *text = cli_get(x->cli, "month");
    if (!text)
        return E_OK;
    if (sscanf(text, "%4u-%2u%c", &year, &month, &rest) != 2 || month < 1 || month > 12)
        return diag_set(d, E_USAGE, T("--month %s: write 2025-03", "--month %s : écrivez 2025-03"),
                        text);
    x->month = month_number(year, month);
    return E_OK;
}

static enum err open_export(struct export *x, struct diag *d)
{
    TRY(read_month(x, d));
    TRY(energy_chain_open(&x->chain, x->cli, d));
    TRY(energy_chain_select(&x->chain, x->cli, &x->organiser, &x->have_organiser, d));
    TRY(chain_operation_get(&x->chain, &x->op, d));
    TRY(client_quantity(x->chain.client, "eth_chainId", "[]", &x->chain_id, d));
    TRY(chain_points(&x->chain, x->op.points, x->have_organiser ? &x->organiser : NULL, &x->point,
                     d));
    x->consumer = mem_zalloc(x->op.points + 1, sizeof *x->consumer);
    x->producer = mem_zalloc(x->op.points + 1, sizeof *x->producer);
    size_t consumers = 0, producers = 0;
    for (uint32_t i = 0; i < x->op.points; i++) {
        if (x->point[i].consumes)
            x->consumer[consumers++] = i;
        if (x->point[i].produces)
            x->producer[producers++] = i;
    }
    if (consumers != x->op.consumers || producers != x->op.producers)
        return diag_set(d, E_INVALID,
                        T("points were added meanwhile; run the command again",
                          "des points ont été ajoutés entre-temps ; relancez la commande"));
    x->first_month = month_of_day(zone_day(x->op.zone, x->op.start_s));
    x->until_month = x->op.settled_until_s > x->op.start_s
                         ? month_of_day(zone_day(x->op.zone, x->op.settled_until_s - 1)) + 1
                         : x->first_month;
    return E_OK;
}

/* --- classes ------------------------------------------------------------------------------------
 */

static enum err export_classes_of(struct export *x, struct diag *d)
{
    uint32_t months = x->until_month - x->first_month;
    buf_puts(&x->out, "month,point,class,energy_wh\n");
    for (uint32_t month = x->first_month; month < x->until_month; month++)
        for (uint32_t i = 0; i < x->op.points; i++) {
            struct abi_value args[3] = {abi_u64(x->chain.operation), abi_u64(month), abi_u64(i)}, v;
            char when[16];
            if (!month_wanted(x, month))
                continue;
            arena_reset(&x->chain.arena);
            TRY(chain_view(&x->chain, x->chain.energy, "classes", args, 3, &v, d));
            month_text(when, month);
            for (unsigned class = 3; class <= 6; class ++) {
                bool has = class < 5 ? x->point[i].consumes : x->point[i].produces;
                if (!has)
                    continue;
                buf_putf(&x->out, "%s,", when);
                csv_put_field(&x->out, x->point[i].id, ',');
                buf_putf(&x->out, ",%u,%" PRIu64 "\n", class, abi_get_u64(&v.item[class - 3]));
            }
            cli_progress(x->cli, "classes", (month - x->first_month) * x->op.points + i + 1,
                         (uint64_t)months * x->op.points);
        }
    return E_OK;
}

/* --- allocations and coefficients ---------------------------------------------------------------
 */

/* One day as the ledger has it. */
struct chain_day {
    uint64_t first_step, start_s;
    uint32_t count, step_s;
    uint64_t *consumed, *produced; /* [steps * consumers], [steps * producers]; absent is 0 */
};

static enum err read_day_frame(struct export *x, uint32_t day, struct chain_day *out,
                               struct diag *d)
{
    struct abi_value args[2] = {abi_u64(x->chain.operation), abi_u64(day)}, v;
    TRY(chain_view(&x->chain, x->chain.energy, "steps", args, 2, &v, d));
    *out = (struct chain_day){.first_step = abi_get_u64(&v.item[0]),
                              .start_s = abi_get_u64(&v.item[1]),
                              .count = (uint32_t)abi_get_u64(&v.item[2]),
                              .step_s = (uint32_t)abi_get_u64(&v.item[3]) * 60};
    return E_OK;
}

/* The readings of the day's latest version, decoded. */
static enum err read_day_readings(struct export *x, uint32_t day, struct chain_day *o,
                                  struct diag *d)
{
    struct abi_value args[3] = {abi_u64(x->chain.operation), abi_u64(day)}, v;
    struct readings_reader r;
    size_t consumer = 0, producer = 0, n = x->op.consumers, m = x->op.producers;
    TRY(chain_view(&x->chain, x->chain.energy, "dayResult", args, 2, &v, d));
    args[2] = v.item[0];
    TRY(chain_view(&x->chain, x->chain.energy, "readings", args, 3, &v, d));
    o->consumed = arena_zalloc(&x->chain.arena, o->count * n + 1, sizeof(uint64_t));
    o->produced = arena_zalloc(&x->chain.arena, o->count * m + 1, sizeof(uint64_t));
    uint64_t until_s = o->start_s + (uint64_t)o->count * o->step_s;
    enum err e = readings_open(&r, v.item[0].bytes);
    for (uint32_t i = 0; e == E_OK && i < x->op.points; i++) {
        const struct chain_point *p = &x->point[i];
        bool member = p->enter_s < until_s && p->leave_s > o->start_s;
        if (member && p->consumes)
            e = readings_next(&r, o->consumed + consumer, n, o->count);
        if (e == E_OK && member && p->produces)
            e = readings_next(&r, o->produced + producer, m, o->count);
        consumer += p->consumes;
        producer += p->produces;
    }
    if (e != E_OK || !readings_at_end(&r))
        return diag_set(
            d, E_INVALID,
            T("day %u: readings of another form", "jour %u : relevés d'une autre forme"), day);
    for (size_t i = 0; i < o->count * n; i++)
        o->consumed[i] = o->consumed[i] == READING_ABSENT ? 0 : o->consumed[i];
    for (size_t i = 0; i < o->count * m; i++)
        o->produced[i] = o->produced[i] == READING_ABSENT ? 0 : o->produced[i];
    return E_OK;
}

/* The points as exports.h wants them. */
static struct district district_of(const struct export *x)
{
    struct district o = {
        .zone = x->op.zone, .consumers = x->op.consumers, .producers = x->op.producers};
    snprintf(o.name, sizeof o.name, "%" PRIu64, x->chain.operation);
    if (x->have_organiser)
        memcpy(o.name, x->organiser.operation_name, sizeof o.name);
    o.consumer = mem_zalloc(o.consumers + 1, sizeof *o.consumer);
    o.producer = mem_zalloc(o.producers + 1, sizeof *o.producer);
    for (size_t i = 0; i < o.consumers + o.producers; i++) {
        const struct chain_point *p =
            &x->point[i < o.consumers ? x->consumer[i] : x->producer[i - o.consumers]];
        struct district_point *out =
            i < o.consumers ? &o.consumer[i] : &o.producer[i - o.consumers];
        snprintf(out->id, sizeof out->id, "%.39s", p->id);
        memcpy(out->prm, p->prm, sizeof out->prm);
    }
    return o;
}

static void copy_words(uint64_t *out, const struct abi_value *list, size_t count)
{
    for (size_t i = 0; i < count && i < list->count; i++)
        out[i] = abi_get_u64(&list->item[i]);
}

struct steps_export {
    struct district district;
    bool coefficients;
    uint64_t *allocated, *matrix;
    struct allocation_scratch scratch;
};

static enum err export_step(struct export *x, struct steps_export *s, uint32_t day,
                            const struct chain_day *frame, uint32_t t, struct diag *d)
{
    struct abi_value args[3] = {abi_u64(x->chain.operation), abi_u64(day), abi_u64(t)}, v;
    struct district *o = &s->district;
    uint32_t step = (uint32_t)(frame->first_step + t);
    /* times come from the day's own frame: steps may have changed their length before it */
    o->step_s = frame->step_s;
    o->start_s = (int64_t)frame->start_s - (int64_t)frame->first_step * frame->step_s;
    if (!s->coefficients) {
        TRY(chain_view(&x->chain, x->chain.energy, "allocation", args, 3, &v, d));
        copy_words(s->allocated, &v.item[0], o->consumers);
        export_allocation_step(&x->out, o, step, s->allocated);
        return E_OK;
    }
    TRY(chain_view(&x->chain, x->chain.energy, "matrix", args, 3, &v, d));
    copy_words(s->matrix, &v.item[0], o->consumers * o->producers);
    struct allocation_step in = {.consumers = o->consumers,
                                 .producers = o->producers,
                                 .consumption_wh = frame->consumed + (size_t)t * o->consumers,
                                 .production_wh = frame->produced + (size_t)t * o->producers};
    export_coefficient_step(&x->out, o, step, &in, s->matrix, &s->scratch);
    return E_OK;
}

static enum err export_day(struct export *x, struct steps_export *s, uint32_t day, struct diag *d)
{
    struct chain_day frame;
    arena_reset(&x->chain.arena);
    TRY(read_day_frame(x, day, &frame, d));
    if (s->coefficients)
        TRY(read_day_readings(x, day, &frame, d));
    uint64_t *consumed = frame.consumed, *produced = frame.produced;
    struct arena kept = x->chain.arena; /* the day's readings live there while steps come and go */
    x->chain.arena = (struct arena){0};
    enum err e = E_OK;
    frame.consumed = consumed;
    frame.produced = produced;
    for (uint32_t t = 0; e == E_OK && t < frame.count; t++) {
        arena_reset(&x->chain.arena);
        e = export_step(x, s, day, &frame, t, d);
    }
    arena_free(&x->chain.arena);
    x->chain.arena = kept;
    return e;
}

static enum err export_steps_of(struct export *x, bool coefficients, struct diag *d)
{
    struct steps_export s = {.district = district_of(x), .coefficients = coefficients};
    size_t n = x->op.consumers, m = x->op.producers, point_max = n > m ? n : m;
    uint32_t first = zone_day(x->op.zone, x->op.start_s);
    uint32_t until = zone_day(x->op.zone, x->op.settled_until_s);
    void *memory = mem_alloc(allocation_scratch_bytes(point_max + 1));
    allocation_scratch_init(&s.scratch, memory, point_max + 1);
    s.allocated = mem_zalloc(n + 1, sizeof *s.allocated);
    s.matrix = mem_zalloc(n * m + 1, sizeof *s.matrix);
    if (coefficients)
        export_coefficient_header(&x->out);
    else
        export_allocation_header(&x->out, &s.district);
    enum err e = E_OK;
    for (uint32_t day = first; e == E_OK && day < until; day++) {
        if (month_wanted(x, month_of_day(day)))
            e = export_day(x, &s, day, d);
        cli_progress(x->cli, T("days", "jours"), day + 1 - first, until - first);
    }
    mem_free(memory);
    mem_free(s.allocated);
    mem_free(s.matrix);
    district_free(&s.district);
    return e;
}

/* --- invoices -----------------------------------------------------------------------------------
 */

/* One line as the ledger has it. */
struct chain_line {
    uint32_t month, of_month, consumer, producer; /* points */
    int64_t energy_wh, ht_cents, vat_cents;
    uint64_t price_microeur_kwh, paid_cents;
    uint32_t vat_ppm;
};

struct chain_lines {
    struct chain_line *at;
    size_t count, cap;
};

static enum err read_tariff(struct export *x, struct chain_line *l, struct diag *d)
{
    struct abi_value args[3] = {abi_u64(x->chain.operation), abi_u64(l->producer),
                                abi_u64(l->of_month)},
                     v;
    TRY(chain_view(&x->chain, x->chain.energy, "tariff", args, 3, &v, d));
    l->price_microeur_kwh = abi_get_u64(&v.item[0]);
    l->vat_ppm = (uint32_t)abi_get_u64(&v.item[1]);
    return E_OK;
}

static void add_line(struct chain_lines *all, struct chain_line l)
{
    if (all->count == all->cap) {
        all->cap = all->cap ? all->cap * 2 : 64;
        all->at = mem_resize(all->at, all->cap, sizeof *all->at);
    }
    all->at[all->count++] = l;
}

static enum err read_invoice(struct export *x, uint32_t month, uint32_t consumer,
                             struct chain_lines *out, struct diag *d)
{
    struct abi_value args[3] = {abi_u64(x->chain.operation), abi_u64(month), abi_u64(consumer)}, v;
    arena_reset(&x->chain.arena);
    TRY(chain_view(&x->chain, x->chain.energy, "invoice", args, 3, &v, d));
    for (size_t i = 0; i < v.item[0].count; i++) {
        struct chain_line l = {
            .month = month,
            .of_month = (uint32_t)abi_get_u64(&v.item[1].item[i]),
            .consumer = consumer,
            .producer = (uint32_t)abi_get_u64(&v.item[0].item[i]),
            .energy_wh = (int64_t)abi_get_u64(&v.item[2].item[i]),
            .ht_cents = (int64_t)abi_get_u64(&v.item[3].item[i]),
            .vat_cents = (int64_t)abi_get_u64(&v.item[4].item[i]),
            .paid_cents = abi_get_u64(&v.item[6].item[i]),
        };
        if (l.producer >= x->op.points)
            return diag_set(d, E_INVALID,
                            T("an invoice line of an unknown producer",
                              "ligne de facture d'un producteur inconnu"));
        TRY(read_tariff(x, &l, d));
        add_line(out, l);
    }
    return E_OK;
}

static int by_month_producer_consumer(const void *a, const void *b)
{
    const struct chain_line *x = a, *y = b;
    if (x->month != y->month)
        return x->month < y->month ? -1 : 1;
    if (x->producer != y->producer)
        return x->producer < y->producer ? -1 : 1;
    if (x->consumer != y->consumer)
        return x->consumer < y->consumer ? -1 : 1;
    return x->of_month < y->of_month ? -1 : x->of_month > y->of_month;
}

/* Every line of the months closed so far. */
static enum err read_invoices(struct export *x, struct chain_lines *all, struct diag *d)
{
    const char *only = cli_get(x->cli, "point");
    uint32_t months = x->op.open_month - x->first_month;
    for (uint32_t month = x->first_month; month < x->op.open_month; month++)
        for (uint32_t i = 0; i < x->op.consumers; i++) {
            uint32_t point = x->consumer[i];
            if (month_wanted(x, month) && (!only || strcmp(only, x->point[point].id) == 0))
                TRY(read_invoice(x, month, point, all, d));
            cli_progress(x->cli, T("invoices", "factures"),
                         (month - x->first_month) * x->op.consumers + i + 1,
                         (uint64_t)months * x->op.consumers);
        }
    return E_OK;
}

/* of_month: the table has corrections, each line says the month it belongs to. */
static void put_csv_line(struct export *x, const struct chain_line *l, bool of_month)
{
    char when[16];
    int64_t nanoeur = l->energy_wh * (int64_t)l->price_microeur_kwh;
    month_text(when, l->month);
    buf_putf(&x->out, "%s,", when);
    csv_put_field(&x->out, x->point[l->producer].id, ',');
    buf_put_u8(&x->out, ',');
    csv_put_field(&x->out, x->point[l->consumer].id, ',');
    buf_putf(&x->out, ",%" PRId64 ",%" PRIu64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64,
             l->energy_wh, l->price_microeur_kwh, nanoeur, l->ht_cents, l->vat_cents,
             l->ht_cents + l->vat_cents);
    month_text(when, l->of_month);
    if (of_month)
        buf_putf(&x->out, ",%s", when);
    buf_put_u8(&x->out, '\n');
}

/* The ledger makes no line where no energy went from a producer to a consumer; the table of all
 * lines says so with a zero. all is sorted. */
static enum err add_zero_lines(struct export *x, struct chain_lines *all, struct diag *d)
{
    const char *only = cli_get(x->cli, "point");
    size_t at = 0, sorted = all->count;
    for (uint32_t month = x->first_month; month < x->op.open_month; month++)
        for (uint32_t k = 0; k < x->op.producers && month_wanted(x, month); k++) {
            struct chain_line zero = {
                .month = month, .of_month = month, .producer = x->producer[k]};
            arena_reset(&x->chain.arena);
            TRY(read_tariff(x, &zero, d));
            for (uint32_t i = 0; i < x->op.consumers; i++) {
                bool there = false;
                zero.consumer = x->consumer[i];
                for (;
                     at < sorted && all->at[at].month == month &&
                     all->at[at].producer == zero.producer && all->at[at].consumer == zero.consumer;
                     at++)
                    there |= all->at[at].of_month == month;
                if (!there && (!only || strcmp(only, x->point[zero.consumer].id) == 0))
                    add_line(all, zero);
            }
        }
    return E_OK;
}

static void sort_lines(struct chain_lines *all)
{
    if (all->count)
        qsort(all->at, all->count, sizeof *all->at, by_month_producer_consumer);
}

static enum err export_invoices_csv(struct export *x, struct diag *d)
{
    struct chain_lines all = {0};
    bool vat_is_20 = true, corrections = false;
    enum err e = read_invoices(x, &all, d);
    sort_lines(&all);
    if (e == E_OK)
        e = add_zero_lines(x, &all, d);
    sort_lines(&all);
    for (size_t i = 0; i < all.count; i++) {
        vat_is_20 &= all.at[i].vat_ppm == 200000;
        corrections |= all.at[i].of_month != all.at[i].month;
    }
    export_invoice_header(&x->out, vat_is_20);
    if (corrections) {
        x->out.len--; /* the line end */
        buf_puts(&x->out, ",of_month\n");
    }
    for (size_t i = 0; e == E_OK && i < all.count; i++)
        put_csv_line(x, &all.at[i], corrections);
    mem_free(all.at);
    return e;
}

static void put_page(struct export *x, const struct chain_line *l, size_t count)
{
    const struct chain_point *consumer = &x->point[l->consumer];
    struct html_line *line = mem_zalloc(count, sizeof *line);
    struct html_invoice page = {.month = l->month, .line = line, .lines = count};
    uint64_t month_end_s = zone_day_start_s(x->op.zone, month_first_day(l->month + 1));
    for (size_t i = 0; i < count; i++) {
        const struct chain_point *p = &x->point[l[i].producer];
        line[i] = (struct html_line){.producer = p->holder,
                                     .of_month = l[i].of_month,
                                     .energy_wh = l[i].energy_wh,
                                     .price_microeur_kwh = l[i].price_microeur_kwh,
                                     .vat_ppm = l[i].vat_ppm,
                                     .ht_cents = l[i].ht_cents,
                                     .vat_cents = l[i].vat_cents};
        memcpy(line[i].producer_id, p->id, sizeof p->id);
        page.paid_cents += l[i].paid_cents;
    }
    page.issued_s = (int64_t)month_end_s;
    page.due_s = page.issued_s + PAY_WITHIN_S;
    page.consumer = consumer->holder;
    memcpy(page.consumer_id, consumer->id, sizeof consumer->id);
    memcpy(page.consumer_prm, consumer->prm, sizeof consumer->prm);
    snprintf(page.operation, sizeof page.operation, T("operation %" PRIu64, "opération %" PRIu64),
             x->chain.operation);
    if (x->have_organiser) {
        page.organiser = x->organiser.party;
        memcpy(page.operation, x->organiser.operation_name, sizeof page.operation);
    }
    snprintf(page.number, sizeof page.number, "%" PRIu64 "-%04u%02u-%04u", x->chain.operation,
             l->month / 12, l->month % 12 + 1, l->consumer);
    snprintf(page.ledger_reference, sizeof page.ledger_reference,
             T("chain %" PRIu64 ", operation %" PRIu64 ", point %u",
               "chaîne %" PRIu64 ", opération %" PRIu64 ", point %u"),
             x->chain_id, x->chain.operation, l->consumer);
    html_invoice(&x->out, &page);
    mem_free(line);
}

static enum err export_invoices_html(struct export *x, struct diag *d)
{
    struct chain_lines all = {0};
    enum err e = read_invoices(x, &all, d);
    html_begin(&x->out, T("Invoices", "Factures"));
    for (size_t i = 0; e == E_OK && i < all.count;) {
        size_t count = 1;
        while (i + count < all.count && all.at[i + count].month == all.at[i].month &&
               all.at[i + count].consumer == all.at[i].consumer)
            count++;
        put_page(x, &all.at[i], count);
        i += count;
    }
    html_end(&x->out);
    mem_free(all.at);
    return e;
}

/* --- the command --------------------------------------------------------------------------------
 */

static enum err run_export(struct export *x, const char *what, struct diag *d)
{
    static const char *const WHAT[] = {"allocations", "classes", "coefficients", "invoices",
                                       "html"};
    size_t k = 0;
    while (k < 5 && strcmp(what, WHAT[k]) != 0)
        k++;
    if (k == 5)
        return diag_set(d, E_USAGE,
                        T("%s: allocations, classes, coefficients, invoices or html",
                          "%s : allocations, classes, coefficients, invoices ou html"),
                        what);
    TRY(open_export(x, d));
    if (k == 1)
        TRY(export_classes_of(x, d));
    else if (k == 3)
        TRY(export_invoices_csv(x, d));
    else if (k == 4)
        TRY(export_invoices_html(x, d));
    else
        TRY(export_steps_of(x, k == 2, d));
    cli_progress_end();
    if (cli_get(x->cli, "out"))
        return output_write(cli_get(x->cli, "out"), buf_view(&x->out), d);
    cli_print(&x->out);
    return E_OK;
}

int energy_export_run(struct cli *cli)
{
    struct export x = {.cli = cli};
    struct diag d = {0};
    enum err e = run_export(&x, cli->args[0], &d);
    energy_chain_close(&x.chain);
    organiser_free(&x.organiser);
    mem_free(x.point);
    mem_free(x.consumer);
    mem_free(x.producer);
    buf_free(&x.out);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
