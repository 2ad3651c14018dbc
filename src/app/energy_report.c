/* energy_report: `parvis energy report`: the table of an operation's year from the ledger, checked
 * against the files when they are given. */
#include <stdio.h>

#include "app/energy_chain.h"
#include "app/energy_common.h"
#include "app/energy_ledger.h"
#include "city/energy/energy.h"
#include "gateway/files/exports.h"

const struct cli_option ENERGY_REPORT_OPTIONS[] = {
    {"id", "N", "number of the operation (default: the organiser's, else the last one)",
     "numéro de l'opération (défaut : celle de l'organisateur, sinon la dernière)"},
    {"organiser", "FILE", "the organiser's sealed file (default HOME/organiser.sealed)",
     "fichier scellé de l'organisateur (défaut HOME/organiser.sealed)"},
    {"data", "DIR", "also compute the same days from files and compare every day and invoice line",
     "calcule aussi les mêmes jours depuis les fichiers et compare chaque jour et chaque ligne"},
    {"key", "KEY", "the key that is expected: another one on the ledger is a fault",
     "la clé attendue : une autre au registre est une faute"},
    {"operation", "FILE", "or the three files one by one", "ou les trois fichiers un par un"},
    {"consumption", "FILE", "consumption in Wh, wide CSV", "consommations en Wh, CSV large"},
    {"production", "FILE", "production in Wh, wide CSV", "productions en Wh, CSV large"},
    {0},
};

/* Days: the last version's hashes of allocation and matrix against the files shared again.
 * Lines: what all invoices so far say of a month, its own lines and later corrections added up.
 * Pending: a correction is booked, the month that will invoice it is not closed yet. */
struct check {
    bool done;
    size_t days, days_equal, days_unsettled, lines, lines_equal, lines_pending;
    uint64_t produced_wh, consumed_wh, shared_wh; /* of the settled steps, from the files */
    uint32_t steps;                               /* settled ones */
    bool totals_equal;
};

struct report {
    struct cli *cli;
    struct energy_chain chain;
    struct organiser organiser;
    bool have_organiser;
    struct chain_operation op;
    struct chain_totals totals;
    uint64_t blocks;
    struct check check;
};

/* --- checking against the files -----------------------------------------------------------------
 */

static enum err check_days(struct report *r, const struct settlement *s, struct diag *d)
{
    uint32_t first = zone_day(s->op->zone, (uint64_t)s->op->start_s);
    uint32_t settled = zone_day(s->op->zone, r->op.settled_until_s); /* the first that is not */
    for (size_t i = 0; i < s->days; i++) {
        struct abi_value args[2] = {abi_u64(r->chain.operation), abi_u64(first + i)}, v;
        uint8_t allocation[32], matrix[32];
        if (first + i >= settled) {
            r->check.days_unsettled++;
            continue;
        }
        arena_reset(&r->chain.arena);
        TRY(chain_view(&r->chain, r->chain.energy, "dayResult", args, 2, &v, d));
        abi_get_bytes32(allocation, &v.item[7]);
        abi_get_bytes32(matrix, &v.item[8]);
        r->check.days++;
        r->check.days_equal += memcmp(allocation, s->day_hash[i].b, 32) == 0 &&
                               memcmp(matrix, s->day_pairwise[i].b, 32) == 0;
        cli_progress(r->cli, T("comparing days", "comparaison des jours"), i + 1, s->days);
    }
    return E_OK;
}

/* What was invoiced of one month, producer and consumer, corrections included. */
struct invoiced {
    int64_t energy_wh, ht_cents, vat_cents;
};

/* Adds one invoice's lines to the months they are of; sums is [months * producers]. */
static void add_lines(const struct settlement *s, const struct abi_value *v, size_t months,
                      struct invoiced *sums)
{
    for (size_t i = 0; i < v->item[0].count; i++) {
        uint64_t producer = abi_get_u64(&v->item[0].item[i]) - s->op->consumers;
        uint64_t month = abi_get_u64(&v->item[1].item[i]) - s->first_month;
        if (producer >= s->op->producers || month >= months)
            continue; /* no such line in the files: the totals tell */
        struct invoiced *sum = &sums[month * s->op->producers + producer];
        sum->energy_wh += (int64_t)abi_get_u64(&v->item[2].item[i]);
        sum->ht_cents += (int64_t)abi_get_u64(&v->item[3].item[i]);
        sum->vat_cents += (int64_t)abi_get_u64(&v->item[4].item[i]);
    }
}

/* The ledger's own energy of every month, corrections included: [months * producers * consumers].
 */
static enum err read_months(struct report *r, const struct settlement *s, size_t months,
                            uint64_t *out, struct diag *d)
{
    size_t cells = s->op->producers * s->op->consumers;
    for (size_t month = 0; month < months; month++) {
        struct abi_value args[2] = {abi_u64(r->chain.operation), abi_u64(s->first_month + month)},
                         v;
        arena_reset(&r->chain.arena);
        TRY(chain_view(&r->chain, r->chain.energy, "monthMatrix", args, 2, &v, d));
        for (size_t i = 0; i < cells && i < v.item[0].count; i++)
            out[month * cells + i] = abi_get_u64(&v.item[0].item[i]);
    }
    return E_OK;
}

static void check_line(struct check *c, const struct settlement *s, size_t month, size_t producer,
                       size_t consumer, const struct invoiced *sum, uint64_t booked_wh)
{
    struct invoice_line line = settlement_line(s, month, producer, consumer);
    bool equal = (uint64_t)sum->energy_wh == line.energy_wh &&
                 (uint64_t)sum->ht_cents == line.amount.ht_cents &&
                 (uint64_t)sum->vat_cents == line.amount.vat_cents;
    c->lines++;
    c->lines_equal += equal;
    c->lines_pending +=
        !equal && booked_wh == line.energy_wh && booked_wh != (uint64_t)sum->energy_wh;
}

static enum err check_consumer(struct report *r, const struct settlement *s, size_t months,
                               size_t consumer, const uint64_t *booked, struct diag *d)
{
    size_t n = s->op->consumers, m = s->op->producers;
    struct invoiced *sums = mem_zalloc(months * m, sizeof *sums);
    enum err e = E_OK;
    for (size_t month = 0; e == E_OK && month < months; month++) {
        struct abi_value args[3] = {abi_u64(r->chain.operation), abi_u64(s->first_month + month),
                                    abi_u64(consumer)},
                         v;
        arena_reset(&r->chain.arena);
        e = chain_view(&r->chain, r->chain.energy, "invoice", args, 3, &v, d);
        if (e == E_OK)
            add_lines(s, &v, months, sums);
    }
    for (size_t i = 0; e == E_OK && i < months * m; i++)
        check_line(&r->check, s, i / m, i % m, consumer, &sums[i], booked[i * n + consumer]);
    mem_free(sums);
    return e;
}

static enum err check_lines(struct report *r, const struct settlement *s, struct diag *d)
{
    const struct district *o = s->op;
    size_t months = r->op.open_month - s->first_month; /* closed ones */
    months = months < s->months ? months : s->months;
    if (months == 0)
        return E_OK;
    uint64_t *booked = mem_zalloc(months * o->producers * o->consumers, sizeof *booked);
    enum err e = read_months(r, s, months, booked, d);
    for (size_t i = 0; e == E_OK && i < o->consumers; i++) {
        e = check_consumer(r, s, months, i, booked, d);
        cli_progress(r->cli, T("comparing invoices", "comparaison des factures"), i + 1,
                     o->consumers);
    }
    mem_free(booked);
    return e;
}

static void add_settled(void *ctx, uint32_t step, const struct allocation_step *in,
                        const struct allocation_result *out)
{
    struct check *c = ctx;
    (void)in;
    if (step >= c->steps)
        return;
    c->produced_wh += out->produced_wh;
    c->consumed_wh += out->consumed_wh;
    c->shared_wh += out->shared_wh;
}

static enum err check_files(struct report *r, struct problems *p, struct diag *d)
{
    struct dataset data;
    struct settlement s;
    TRY(energy_load_dataset(r->cli, &data, p, d));
    enum err e = E_OK;
    if (data.op.consumers != r->op.consumers || data.op.producers != r->op.producers ||
        (uint64_t)data.op.start_s != r->op.start_s)
        e = diag_set(d, E_INVALID,
                     T("the files are of another operation (%zu consumers, %zu producers)",
                       "les fichiers sont d'une autre opération (%zu consommateurs, %zu "
                       "producteurs)"),
                     data.op.consumers, data.op.producers);
    if (e == E_OK && (r->op.key == KEY_DYNAMIC || r->op.key == KEY_DYNAMIC_FULL))
        e = diag_set(d, E_UNSUPPORTED,
                     T("dynamic coefficients are not in the files; compare without --data",
                       "les coefficients dynamiques ne sont pas dans les fichiers ; sans --data"));
    if (e == E_OK) {
        uint64_t settled = (r->op.settled_until_s - r->op.start_s) / data.op.step_s;
        r->check.steps = settled < UINT32_MAX ? (uint32_t)settled : UINT32_MAX;
        settlement_run(&s, &data, (enum allocation_key)r->op.key, add_settled, &r->check,
                       cli_progress, r->cli);
        e = check_days(r, &s, d);
        if (e == E_OK)
            e = check_lines(r, &s, d);
        r->check.totals_equal = r->check.produced_wh == r->totals.produced_wh &&
                                r->check.consumed_wh == r->totals.consumed_wh &&
                                r->check.shared_wh == r->totals.shared_wh;
        r->check.done = e == E_OK;
        settlement_free(&s);
    }
    dataset_free(&data);
    return e;
}

static bool check_holds(const struct check *c)
{
    return c->days_equal == c->days && c->lines_equal + c->lines_pending == c->lines &&
           c->totals_equal;
}

/* --- printing -----------------------------------------------------------------------------------
 */

static void put_number(struct buf *b, const char *name, uint64_t v)
{
    json_put_key(b, name);
    json_put_u64(b, v);
}

static void print_json(const struct report *r)
{
    struct buf b = {0};
    const struct chain_totals *t = &r->totals;
    json_open(&b, '{');
    put_number(&b, "operation", r->chain.operation);
    json_put_key(&b, "key");
    json_put_string(&b, allocation_key_name((enum allocation_key)r->op.key));
    put_number(&b, "consumers", r->op.consumers);
    put_number(&b, "producers", r->op.producers);
    put_number(&b, "days", t->days);
    put_number(&b, "production_wh", t->produced_wh);
    put_number(&b, "consumption_wh", t->consumed_wh);
    put_number(&b, "shared_wh", t->shared_wh);
    put_number(&b, "surplus_wh", t->surplus_wh);
    put_number(&b, "self_consumption_rate_bp", ratio_bp(t->shared_wh, t->produced_wh));
    put_number(&b, "self_sufficiency_bp", ratio_bp(t->shared_wh, t->consumed_wh));
    put_number(&b, "ht_cents", t->ht_cents);
    put_number(&b, "vat_cents", t->vat_cents);
    put_number(&b, "paid_cents", t->paid_cents);
    put_number(&b, "block", r->blocks);
    if (r->check.done) {
        json_put_key(&b, "check");
        json_open(&b, '{');
        put_number(&b, "days", r->check.days);
        put_number(&b, "days_equal", r->check.days_equal);
        put_number(&b, "days_unsettled", r->check.days_unsettled);
        put_number(&b, "lines", r->check.lines);
        put_number(&b, "lines_equal", r->check.lines_equal);
        put_number(&b, "lines_pending", r->check.lines_pending);
        json_put_key(&b, "totals_equal");
        json_put_bool(&b, r->check.totals_equal);
        json_close(&b, '}');
    }
    json_close(&b, '}');
    cli_print(&b);
    buf_free(&b);
}

static void put_row(struct buf *b, const char *name, const char *value, const char *unit)
{
    /* columns are counted in characters, names may hold accents */
    int accents = 0;
    for (const char *p = name; *p; p++)
        accents += ((uint8_t)*p & 0xc0) == 0x80;
    buf_putf(b, "  %-*s %15s %s\n", 28 + accents, name, value, unit);
}

/* What is neither equal nor wrong. */
static void put_remarks(struct buf *b, const struct report *r)
{
    if (r->check.lines_pending)
        buf_putf(b,
                 T("  %zu lines were corrected since: invoiced when %u-%02u closes\n",
                   "  %zu lignes ont été corrigées depuis : facturées à la clôture de %u-%02u\n"),
                 r->check.lines_pending, r->op.open_month / 12, r->op.open_month % 12 + 1);
    if (r->check.days_unsettled)
        buf_putf(b,
                 T("  %zu days of the files are not settled yet and were not compared\n",
                   "  %zu jours des fichiers ne sont pas encore réglés ni comparés\n"),
                 r->check.days_unsettled);
}

static void print_table(const struct report *r)
{
    struct buf b = {0};
    const struct chain_totals *t = &r->totals;
    buf_putf(
        &b,
        T("Operation %llu%s%s: %u consumers, %u producers, %u days settled, key \"%s\"\n",
          "Opération %llu%s%s : %u consommateurs, %u producteurs, %u jours réglés, clé « %s »\n"),
        (unsigned long long)r->chain.operation, r->have_organiser ? " " : "",
        r->have_organiser ? r->organiser.operation_name : "", r->op.consumers, r->op.producers,
        t->days, allocation_key_name((enum allocation_key)r->op.key));
    put_row(&b, T("produced", "produit"), text_grouped(t->produced_wh), "Wh");
    put_row(&b, T("consumed", "consommé"), text_grouped(t->consumed_wh), "Wh");
    put_row(&b, T("shared", "partagé"), text_grouped(t->shared_wh), "Wh");
    put_row(&b, T("surplus", "surplus"), text_grouped(t->surplus_wh), "Wh");
    put_row(&b, T("self-consumption rate", "taux d'autoconsommation"),
            text_percent_bp(ratio_bp(t->shared_wh, t->produced_wh)), "");
    put_row(&b, T("self-sufficiency rate", "taux d'autoproduction"),
            text_percent_bp(ratio_bp(t->shared_wh, t->consumed_wh)), "");
    put_row(&b, T("invoiced before tax", "facturé hors taxe"), text_cents(t->ht_cents), "EUR");
    put_row(&b, T("VAT", "TVA"), text_cents(t->vat_cents), "EUR");
    put_row(&b, T("paid in city currency", "payé en monnaie de la ville"),
            text_cents(t->paid_cents), "EUR");
    put_row(&b, T("blocks", "blocs"), text_grouped(r->blocks), "");
    if (r->check.done)
        buf_putf(&b,
                 T("  checked against the files: %zu of %zu days, %zu of %zu invoice lines, totals "
                   "%s\n",
                   "  vérifié d'après les fichiers : %zu jours sur %zu, %zu lignes de facture sur "
                   "%zu, totaux %s\n"),
                 r->check.days_equal, r->check.days, r->check.lines_equal, r->check.lines,
                 r->check.totals_equal ? T("equal", "égaux") : T("DIFFERENT", "DIFFÉRENTS"));
    if (r->check.done)
        put_remarks(&b, r);
    cli_print(&b);
    buf_free(&b);
}

static enum err check_key(const struct report *r, struct diag *d)
{
    const char *expected = cli_get(r->cli, "key");
    const char *actual = allocation_key_name((enum allocation_key)r->op.key);
    if (!expected || strcmp(expected, actual) == 0)
        return E_OK;
    return diag_set(d, E_INVALID,
                    T("the operation shares by the key \"%s\", not \"%s\"",
                      "l'opération partage selon la clé « %s », pas « %s »"),
                    actual, expected);
}

static enum err read_report(struct report *r, struct problems *p, struct diag *d)
{
    bool files = cli_has(r->cli, "data") || cli_has(r->cli, "operation");
    TRY(energy_chain_select(&r->chain, r->cli, &r->organiser, &r->have_organiser, d));
    TRY(chain_operation_get(&r->chain, &r->op, d));
    TRY(check_key(r, d));
    TRY(chain_totals_get(&r->chain, &r->totals, d));
    TRY(client_quantity(r->chain.client, "eth_blockNumber", "[]", &r->blocks, d));
    return files ? check_files(r, p, d) : E_OK;
}

int energy_report_run(struct cli *cli)
{
    struct report r = {.cli = cli};
    struct problems p = {0};
    struct diag d = {0};
    enum err e = energy_chain_open(&r.chain, cli, &d);
    if (e == E_OK) {
        e = read_report(&r, &p, &d);
        energy_chain_close(&r.chain);
    }
    cli_progress_end();
    if (e == E_OK && cli->json)
        print_json(&r);
    else if (e == E_OK)
        print_table(&r);
    organiser_free(&r.organiser);
    if (e != E_OK)
        return energy_problems(cli, e, &p, &d);
    return r.check.done && !check_holds(&r.check) ? EXIT_NO : EXIT_OK;
}
