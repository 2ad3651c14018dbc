/* energy_allocate: see energy_allocate.h. */
#include "app/energy_allocate.h"

#include <stdio.h>

#include "app/energy_common.h"
#include "codec/json.h"
#include "gateway/files/exports.h"

const struct cli_option ENERGY_ALLOCATE_OPTIONS[] = {
    {"operation", "FILE", "the operation's description (operation.json)",
     "description de l'opération (operation.json)"},
    {"consumption", "FILE", "consumption in Wh, wide CSV, plain or gzip",
     "consommations en Wh, CSV large, brut ou gzip"},
    {"production", "FILE", "production in Wh, wide CSV, plain or gzip",
     "productions en Wh, CSV large, brut ou gzip"},
    {"data", "DIR", "a folder that holds the three files", "dossier contenant les trois fichiers"},
    {"key", "KEY", "default, static, waterfill, priority, or all (default: default)",
     "default, static, waterfill, priority ou all (défaut : default)"},
    {"day-hashes", "FILE", "write the days' hashes as CSV",
     "écrit les empreintes des jours en CSV"},
    {"steps", "FILE", "write the totals of each step as CSV (.gz: compressed)",
     "écrit les totaux de chaque pas en CSV (.gz : compressé)"},
    {"invoices", "FILE", "write the invoice lines as CSV", "écrit les lignes de facture en CSV"},
    {"allocations", "FILE", "write what each consumer received in each step as CSV",
     "écrit ce que chaque consommateur a reçu à chaque pas en CSV"},
    {"classes", "FILE", "write classes 3 to 6 per point and month as CSV",
     "écrit les classes 3 à 6 par point et par mois en CSV"},
    {"coefficients", "FILE", "write the coefficients per step as CSV",
     "écrit les coefficients par pas en CSV"},
    {"vectors", "FILE", "only check a JSON file of test vectors",
     "vérifie seulement un fichier JSON de vecteurs de test"},
    {0},
};

#define KEYS 4

struct per_step {
    const struct district *op;
    struct buf allocations, coefficients;
    bool want_allocations, want_coefficients;
    struct allocation_scratch scratch;
    void *scratch_memory;
};

static void visit_step(void *ctx, uint32_t step, const struct allocation_step *in,
                       const struct allocation_result *out)
{
    struct per_step *x = ctx;
    if (x->want_allocations)
        export_allocation_step(&x->allocations, x->op, step, out->allocated_wh);
    if (x->want_coefficients)
        export_coefficient_step(&x->coefficients, x->op, step, in, out->matrix_wh, &x->scratch);
}

static enum err write_option(struct cli *cli, const char *option, struct buf *text, struct diag *d)
{
    enum err e = output_write(cli_get(cli, option), buf_view(text), d);
    buf_clear(text);
    return e;
}

/* Writes every file asked for; s[0] is the key that invoices and matrix are made with. */
static enum err write_files(struct cli *cli, const struct dataset *data, const struct settlement *s,
                            size_t keys, struct per_step *x, struct diag *d)
{
    struct buf b = {0};
    enum err e = E_OK;
    if (e == E_OK && cli_has(cli, "day-hashes")) {
        export_days(&b, s, keys, 0);
        e = write_option(cli, "day-hashes", &b, d);
    }
    if (e == E_OK && cli_has(cli, "steps")) {
        export_steps(&b, data, s, keys);
        e = write_option(cli, "steps", &b, d);
    }
    if (e == E_OK && cli_has(cli, "invoices")) {
        export_invoices(&b, s);
        e = write_option(cli, "invoices", &b, d);
    }
    if (e == E_OK && cli_has(cli, "classes")) {
        export_classes(&b, s);
        e = write_option(cli, "classes", &b, d);
    }
    if (e == E_OK && x->want_allocations)
        e = write_option(cli, "allocations", &x->allocations, d);
    if (e == E_OK && x->want_coefficients)
        e = write_option(cli, "coefficients", &x->coefficients, d);
    buf_free(&b);
    return e;
}

/* {"default": value, ...} of every key. */
static void put_per_key(struct buf *b, const char *name, const struct settlement *s, size_t keys,
                        uint64_t (*value)(const struct settlement *))
{
    json_put_key(b, name);
    json_open(b, '{');
    for (size_t i = 0; i < keys; i++) {
        json_put_key(b, allocation_key_name(s[i].key));
        json_put_u64(b, value(&s[i]));
    }
    json_close(b, '}');
}

static uint64_t shared_of(const struct settlement *s)
{
    return s->shared_wh;
}
static uint64_t surplus_of(const struct settlement *s)
{
    return s->produced_wh - s->shared_wh;
}
static uint64_t self_consumption_of(const struct settlement *s)
{
    return ratio_bp(s->shared_wh, s->produced_wh);
}
static uint64_t self_sufficiency_of(const struct settlement *s)
{
    return ratio_bp(s->shared_wh, s->consumed_wh);
}

static void put_hash(struct buf *b, const char *name, const struct hash *h)
{
    char hex[65];
    hex_encode(hex, h->b, sizeof h->b);
    json_put_key(b, name);
    json_put_string(b, hex);
}

static void put_number(struct buf *b, const char *name, uint64_t v)
{
    json_put_key(b, name);
    json_put_u64(b, v);
}

static void put_producers(struct buf *b, const char *name, const struct settlement *s, bool surplus)
{
    const struct district *o = s->op;
    json_put_key(b, name);
    json_open(b, '{');
    for (size_t k = 0; k < o->producers; k++) {
        uint64_t total = 0;
        for (size_t month = 0; month < s->months; month++) {
            struct month_point m = s->producer_month[month * o->producers + k];
            total += surplus ? m.total_wh - m.shared_wh : m.total_wh;
        }
        put_number(b, o->producer[k].id, total);
    }
    json_close(b, '}');
}

static void print_json(const struct settlement *s, size_t keys)
{
    struct buf b = {0};
    struct invoice_sum sum = settlement_sum(s);
    json_open(&b, '{');
    json_put_key(&b, "operation");
    json_put_string(&b, s->op->name);
    put_number(&b, "consumers", s->op->consumers);
    put_number(&b, "producers", s->op->producers);
    put_number(&b, "steps", s->op->steps);
    put_number(&b, "production_wh", s->produced_wh);
    put_number(&b, "consumption_wh", s->consumed_wh);
    put_per_key(&b, "auto_wh", s, keys, shared_of);
    put_per_key(&b, "surplus_wh", s, keys, surplus_of);
    put_per_key(&b, "self_consumption_rate_bp", s, keys, self_consumption_of);
    put_per_key(&b, "self_sufficiency_bp", s, keys, self_sufficiency_of);
    json_put_key(&b, "year_hash");
    json_open(&b, '{');
    for (size_t i = 0; i < keys; i++)
        put_hash(&b, allocation_key_name(s[i].key), &s[i].year_hash);
    json_close(&b, '}');
    put_hash(&b, "pairwise_year_hash", &s->year_pairwise);
    json_put_key(&b, "invoices");
    json_open(&b, '{');
    put_number(&b, "energy_wh", sum.energy_wh);
    put_number(&b, "nanoeur", sum.nanoeur);
    put_number(&b, "ht_cents", sum.ht_cents);
    put_number(&b, "vat_cents", sum.vat_cents);
    json_close(&b, '}');
    put_producers(&b, "producer_surplus_wh", s, true);
    put_producers(&b, "producer_total_wh", s, false);
    json_close(&b, '}');
    cli_print(&b);
    buf_free(&b);
}

static void print_table(const struct settlement *s, size_t keys)
{
    struct buf b = {0};
    struct invoice_sum sum = settlement_sum(s);
    char hex[65];
    buf_putf(&b,
             T("Operation %s: %zu consumers, %zu producers, %u steps of %u minutes\n",
               "Opération %s : %zu consommateurs, %zu producteurs, %u pas de %u minutes\n"),
             s->op->name, s->op->consumers, s->op->producers, s->op->steps, s->op->step_s / 60);
    buf_putf(&b,
             T("Produced    %15s Wh\nConsumed    %15s Wh\n",
               "Produit     %15s Wh\nConsommé    %15s Wh\n"),
             text_grouped(s->produced_wh), text_grouped(s->consumed_wh));
    buf_putf(&b, "%-10s %15s %15s %10s %10s  %s\n", T("key", "clé"), T("shared Wh", "partagé Wh"),
             T("surplus Wh", "surplus Wh"), T("self-cons.", "autocons."),
             T("self-suff.", "autoprod."), T("hash of the period", "empreinte de la période"));
    for (size_t i = 0; i < keys; i++) {
        hex_encode(hex, s[i].year_hash.b, 32);
        buf_putf(&b, "%-10s %15s %15s %10s %10s  %.16s...\n", allocation_key_name(s[i].key),
                 text_grouped(s[i].shared_wh), text_grouped(surplus_of(&s[i])),
                 text_percent_bp(self_consumption_of(&s[i])),
                 text_percent_bp(self_sufficiency_of(&s[i])), hex);
    }
    buf_putf(&b,
             T("Invoices (%s): %s lines, %s EUR before tax, %s EUR VAT\n",
               "Factures (%s) : %s lignes, %s EUR HT, %s EUR de TVA\n"),
             allocation_key_name(s->key), text_grouped(sum.lines), text_cents(sum.ht_cents),
             text_cents(sum.vat_cents));
    cli_print(&b);
    buf_free(&b);
}

/* The keys asked for: one, or the four that need nothing sent per step. */
static enum err read_keys(struct cli *cli, enum allocation_key key[KEYS], size_t *count,
                          struct diag *d)
{
    static const enum allocation_key ALL[KEYS] = {KEY_DEFAULT, KEY_STATIC, KEY_WATERFILL,
                                                  KEY_PRIORITY};
    const char *name = cli_get(cli, "key");
    if (name && strcmp(name, "all") == 0) {
        memcpy(key, ALL, sizeof ALL);
        *count = KEYS;
        return E_OK;
    }
    *count = 1;
    key[0] = KEY_DEFAULT;
    if (name && (!allocation_key_parse(&key[0], name) || key[0] == KEY_DYNAMIC ||
                 key[0] == KEY_DYNAMIC_FULL))
        return diag_set(d, E_USAGE,
                        T("--key %s: default, static, waterfill, priority or all",
                          "--key %s : default, static, waterfill, priority ou all"),
                        name);
    return E_OK;
}

int energy_allocate_run(struct cli *cli)
{
    struct dataset data;
    struct settlement s[KEYS];
    struct problems p = {0};
    struct diag d = {0};
    enum allocation_key key[KEYS];
    size_t keys = 0;
    if (cli_has(cli, "vectors"))
        return energy_check_vectors(cli, cli_get(cli, "vectors"));
    enum err e = read_keys(cli, key, &keys, &d);
    if (e == E_OK)
        e = energy_load_dataset(cli, &data, &p, &d);
    if (e != E_OK)
        return energy_problems(cli, e, &p, &d);
    struct per_step x = {.op = &data.op,
                         .want_allocations = cli_has(cli, "allocations"),
                         .want_coefficients = cli_has(cli, "coefficients")};
    size_t point_max =
        data.op.consumers > data.op.producers ? data.op.consumers : data.op.producers;
    x.scratch_memory = mem_alloc(allocation_scratch_bytes(point_max));
    allocation_scratch_init(&x.scratch, x.scratch_memory, point_max);
    export_allocation_header(&x.allocations, &data.op);
    export_coefficient_header(&x.coefficients);
    for (size_t i = 0; i < keys; i++)
        settlement_run(&s[i], &data, key[i], i == 0 ? visit_step : NULL, &x, cli_progress, cli);
    cli_progress_end();
    e = write_files(cli, &data, s, keys, &x, &d);
    if (e == E_OK && cli->json)
        print_json(s, keys);
    else if (e == E_OK)
        print_table(s, keys);
    for (size_t i = 0; i < keys; i++)
        settlement_free(&s[i]);
    buf_free(&x.allocations);
    buf_free(&x.coefficients);
    mem_free(x.scratch_memory);
    dataset_free(&data);
    problems_free(&p);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
