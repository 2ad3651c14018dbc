/* energy_load: `parvis energy load`: an operation from files onto the ledger, in the steps an
 * organiser takes: register, fund, one transaction per day, close each month.
 *
 * Resumable: what is there already is asked of the ledger before each step, and the organiser's
 * file is saved before the first transaction that needs it. */
#include <stdio.h>

#include "app/energy_chain.h"
#include "app/energy_common.h"
#include "app/energy_day.h"
#include "app/energy_ledger.h"
#include "app/home.h"
#include "city/energy/energy.h"
#include "crypto/keccak.h"

const struct cli_option ENERGY_LOAD_OPTIONS[] = {
    {"data", "DIR", "folder with operation.json, consumption*.csv[.gz], production*.csv[.gz]",
     "dossier avec operation.json, consumption*.csv[.gz], production*.csv[.gz]"},
    {"operation", "FILE", "or the three files one by one", "ou les trois fichiers un par un"},
    {"consumption", "FILE", "consumption in Wh, wide CSV", "consommations en Wh, CSV large"},
    {"production", "FILE", "production in Wh, wide CSV", "productions en Wh, CSV large"},
    {"key", "KEY", "default, static, waterfill or priority (default: default)",
     "default, static, waterfill ou priority (défaut : default)"},
    {"organiser", "FILE", "the organiser's sealed file (default HOME/organiser.sealed)",
     "fichier scellé de l'organisateur (défaut HOME/organiser.sealed)"},
    {"issuer", "NAME|FILE", "key of the city currency's issuer, to fund deposits (default admin)",
     "clé de l'émetteur de la monnaie, pour alimenter les dépôts (défaut admin)"},
    {"until", "DAY", "settle up to this day (2025-03-30); a later run goes on",
     "règle jusqu'à ce jour (2025-03-30) ; une autre exécution continue"},
    {"no-fund", NULL, "make no deposits: invoices stay due",
     "aucun dépôt : les factures restent dues"},
    {0},
};

#define SETUP_GAS 4000000u
/* One distribution operator per operation; its code is the organiser's choice. */
#define GRID_OPERATOR 1u

struct load {
    struct cli *cli;
    struct dataset data;
    struct settlement plan; /* what the year will cost, for the deposits */
    struct organiser organiser;
    struct energy_chain chain;
    struct chain_operation on_chain;
    struct sender *sender; /* signs as the organiser */
    enum allocation_key key;
    uint32_t last_day; /* to settle; later ones are left to another run */
    uint64_t transactions;
};

/* --- the organiser's file and the operation ----------------------------------------------------
 */

static enum err check_same_points(struct load *l, struct diag *d)
{
    if (organiser_has_points(&l->organiser, &l->data.op))
        return E_OK;
    return diag_set(d, E_EXISTS,
                    T("%s is the file of another operation (%s); give another one with --organiser",
                      "%s est le fichier d'une autre opération (%s) ; donnez-en un autre avec "
                      "--organiser"),
                    organiser_path(l->cli), l->organiser.operation_name);
}

static enum err open_organiser(struct load *l, struct diag *d)
{
    uint64_t chain_id = 0;
    enum err e = organiser_open(l->cli, &l->organiser, d);
    if (e == E_NOT_FOUND) {
        organiser_from_district(&l->organiser, &l->data.op);
        TRY(organiser_store(l->cli, &l->organiser, d));
    } else if (e != E_OK) {
        return e;
    }
    TRY(check_same_points(l, d));
    TRY(client_quantity(l->chain.client, "eth_chainId", "[]", &chain_id, d));
    if (l->organiser.has_operation && l->organiser.chain_id != chain_id)
        return diag_set(d, E_EXISTS,
                        T("%s belongs to chain %llu, the node is on chain %llu",
                          "%s appartient à la chaîne %llu, le nœud est sur la chaîne %llu"),
                        organiser_path(l->cli), (unsigned long long)l->organiser.chain_id,
                        (unsigned long long)chain_id);
    l->organiser.chain_id = chain_id;
    l->sender = sender_new(l->chain.client, l->organiser.key32);
    return client_wait_idle(l->chain.client, l->organiser.key32, d);
}

/* The number of the operation that this account made, from the count downwards; the account's key
 * belongs to one operation. E_NOT_FOUND when it made none. */
static enum err find_created(struct load *l, struct diag *d)
{
    struct abi_value v;
    struct address own;
    TRY(ecdsa_address(&own, l->organiser.key32));
    TRY(chain_view(&l->chain, l->chain.energy, "operationCount", NULL, 0, &v, d));
    for (l->chain.operation = abi_get_u64(&v.item[0]); l->chain.operation > 0;
         l->chain.operation--) {
        TRY(chain_operation_get(&l->chain, &l->on_chain, d));
        if (address_eq(&l->on_chain.organiser, &own))
            return E_OK;
    }
    return diag_set(d, E_NOT_FOUND,
                    T("the operation was not created", "l'opération n'a pas été créée"));
}

static enum err create_operation(struct load *l, struct diag *d)
{
    const struct district *o = &l->data.op;
    static const uint8_t no_site[32];
    if (!l->organiser.has_operation) {
        struct abi_value args[7] = {
            abi_u64(o->zone),
            abi_u64((uint64_t)o->start_s),
            abi_u64(o->step_s / 60),
            abi_u64(1), /* extended perimeter */
            abi_bytes32(no_site),
            abi_u64(GRID_OPERATOR),
            abi_u64(OPERATION_LEGAL_ORGANISER | OPERATION_RENEWABLE),
        };
        enum err e = find_created(l, d); /* by a run that was cut before it saved the number */
        if (e == E_NOT_FOUND) {
            TRY(sender_send(l->sender, l->chain.energy, "createOperation", args, 7, SETUP_GAS,
                            "createOperation", d));
            TRY(sender_drain(l->sender, d));
            e = find_created(l, d);
        }
        TRY(e);
        l->organiser.has_operation = true;
        l->organiser.operation = l->chain.operation;
        TRY(organiser_store(l->cli, &l->organiser, d));
    }
    l->chain.operation = l->organiser.operation;
    return chain_operation_get(&l->chain, &l->on_chain, d);
}

/* --- points, key, consents ---------------------------------------------------------------------
 */

/* A producer without a stated peak: twice its largest half-hour, as power. */
static uint64_t power_of(const struct dataset *data, size_t k)
{
    const struct district *o = &data->op;
    uint64_t largest_wh = 1;
    if (o->producer[k].peak_w)
        return o->producer[k].peak_w;
    for (uint32_t step = 0; step < o->steps; step++) {
        uint64_t wh = data->production_wh[(size_t)step * o->producers + k];
        if (wh != WIDE_MISSING && wh > largest_wh)
            largest_wh = wh;
    }
    return largest_wh * 3600 / o->step_s;
}

static enum err add_point(struct load *l, size_t i, struct diag *d)
{
    static const uint8_t no_site[32];
    const struct district *o = &l->data.op;
    const struct district_point *p = district_point_at(o, i);
    const struct organiser_entry *e = &l->organiser.entry[i];
    struct address holder;
    char what[64];
    TRY(ecdsa_address(&holder, e->key32));
    snprintf(what, sizeof what, "addPoint %s", p->id);
    struct abi_value args[14] = {
        abi_u64(l->chain.operation),
        abi_bytes32(e->pseudonym.b),
        abi_u64(p->is_producer ? 1 : 0),
        abi_address(&holder),
        abi_u64(p->is_natural ? 1 : 0),
        abi_u64(district_step_s(o, p->first_step)),
        abi_u64(p->is_producer ? power_of(&l->data, i - o->consumers) : 0),
        abi_u64(p->price_microeur_kwh),
        abi_u64(p->is_producer ? p->vat_ppm : 0),
        abi_bytes32(no_site),
        abi_u64(0), /* metres to the farthest participant: attested by the organiser */
        abi_u64(GRID_OPERATOR),
        abi_u64(0), /* urban */
        abi_u64(0),
    };
    return sender_send(l->sender, l->chain.energy, "addPoint", args, 14, SETUP_GAS, what, d);
}

static enum err add_points(struct load *l, struct diag *d)
{
    const struct district *o = &l->data.op;
    size_t n = district_point_count(o);
    for (size_t i = l->on_chain.points; i < n; i++) {
        TRY(add_point(l, i, d));
        cli_progress(l->cli, T("registering points", "inscription des points"), i + 1, n);
    }
    TRY(sender_drain(l->sender, d));
    TRY(chain_operation_get(&l->chain, &l->on_chain, d));
    for (size_t i = 0; i < n; i++) {
        const struct district_point *p = district_point_at(o, i);
        struct abi_value args[3] = {abi_u64(l->chain.operation), abi_u64(i),
                                    abi_u64(district_step_s(o, (uint64_t)p->last_step + 1))},
                         v;
        char what[64];
        if (p->last_step + 1 >= o->steps)
            continue;
        arena_reset(&l->chain.arena);
        TRY(chain_view(&l->chain, l->chain.energy, "point", args, 2, &v, d));
        if (abi_get_u64(&v.item[5]) == abi_get_u64(&args[2]))
            continue; /* announced in an earlier run */
        snprintf(what, sizeof what, "removePoint %s", p->id);
        TRY(sender_send(l->sender, l->chain.energy, "removePoint", args, 3, SETUP_GAS, what, d));
    }
    return sender_drain(l->sender, d);
}

static enum err set_key(struct load *l, struct diag *d)
{
    const struct district *o = &l->data.op;
    bool dynamic = l->on_chain.key == KEY_DYNAMIC || l->on_chain.key == KEY_DYNAMIC_FULL;
    if (l->on_chain.key == l->key)
        return E_OK;
    if (dynamic && !cli_get(l->cli, "key")) /* set by `energy coefficients` */
        return E_OK;
    if (dynamic)
        return diag_set(d, E_EXISTS,
                        T("the operation has the key \"%s\"; go on without --key",
                          "l'opération a la clé « %s » ; continuez sans --key"),
                        allocation_key_name(l->on_chain.key));
    if (l->on_chain.settled_until_s != (uint64_t)o->start_s)
        return diag_set(
            d, E_EXISTS,
            T("days are settled already with the key \"%s\"; go on with --key %s",
              "des jours sont déjà réglés avec la clé « %s » ; continuez avec --key %s"),
            allocation_key_name(l->on_chain.key), allocation_key_name(l->on_chain.key));
    size_t n = l->key == KEY_DEFAULT ? 0 : district_point_count(o);
    struct abi_value *values = mem_zalloc(n + 1, sizeof *values);
    for (size_t i = 0; i < n && i < o->consumers; i++)
        values[i] =
            abi_u64(l->key == KEY_PRIORITY ? o->consumer[i].level : o->consumer[i].static_ppm);
    struct abi_value args[4] = {abi_u64(l->chain.operation),
                                abi_u64(l->key),
                                abi_u64((uint64_t)o->start_s),
                                {.item = values, .count = n}};
    enum err e = sender_send(l->sender, l->chain.energy, "setKey", args, 4, SETUP_GAS, "setKey", d);
    mem_free(values);
    return e == E_OK ? sender_drain(l->sender, d) : e;
}

/* Each holder signs for itself; the organiser's file keeps their keys in this demonstration. */
static enum err give_consent(struct load *l, size_t i, struct diag *d)
{
    const struct district *o = &l->data.op;
    struct abi_value args[5] = {abi_u64(l->chain.operation), abi_u64(i),
                                abi_u64(CONSENT_SETTLEMENT), abi_u64((uint64_t)o->start_s),
                                abi_u64(district_step_s(o, o->steps))},
                     v;
    char what[64];
    arena_reset(&l->chain.arena);
    TRY(client_wait_idle(l->chain.client, l->organiser.entry[i].key32, d));
    TRY(chain_view(&l->chain, l->chain.energy, "consents", args, 2, &v, d));
    if (v.item[0].count)
        return E_OK;
    snprintf(what, sizeof what, "giveConsent %s", district_point_at(o, i)->id);
    struct sender *holder = sender_new(l->chain.client, l->organiser.entry[i].key32);
    enum err e = sender_send(holder, l->chain.energy, "giveConsent", args, 5, SETUP_GAS, what, d);
    if (e == E_OK)
        e = sender_drain(holder, d);
    l->transactions += holder->sent;
    sender_free(holder);
    return e;
}

static enum err give_consents(struct load *l, struct diag *d)
{
    size_t n = district_point_count(&l->data.op);
    for (size_t i = 0; i < n; i++) {
        if (district_point_at(&l->data.op, i)->is_natural)
            TRY(give_consent(l, i, d));
        cli_progress(l->cli, T("consents", "consentements"), i + 1, n);
    }
    return E_OK;
}

/* --- money -------------------------------------------------------------------------------------
 */

static struct u256 wei_of_cents(uint64_t cents)
{
    struct u256 out;
    bool overflow = u256_mul(&out, u256_from_u64(cents), u256_from_u64(WEI_PER_CENT));
    ASSERT(!overflow);
    return out;
}

/* What a consumer's year will cost, tax included. */
static uint64_t year_cents(const struct load *l, size_t consumer)
{
    uint64_t sum = 0;
    for (size_t month = 0; month < l->plan.months; month++)
        for (size_t k = 0; k < l->data.op.producers; k++) {
            struct invoice_line line = settlement_line(&l->plan, month, k, consumer);
            sum += line.amount.ht_cents + line.amount.vat_cents;
        }
    return sum;
}

/* The issuer states a reserve that covers the new coins and mints them to the organiser, who was
 * paid in euros by the consumers. */
static enum err mint(struct load *l, const uint8_t *issuer32, const struct address *to,
                     struct u256 amount, struct diag *d)
{
    struct hash statement;
    struct abi_value v;
    struct u256 reserve;
    static const char TEXT[] = "euros received for deposits of energy invoices";
    TRY(chain_view(&l->chain, l->chain.money, "reserve", NULL, 0, &v, d));
    u256_add(&reserve, v.item[0].word, amount);
    keccak256(&statement, TEXT, sizeof TEXT - 1);
    struct sender *s = sender_new(l->chain.client, issuer32);
    struct abi_value state[2] = {abi_u256(reserve), abi_bytes32(statement.b)};
    struct abi_value give[2] = {abi_address(to), abi_u256(amount)};
    enum err e = sender_send(s, l->chain.money, "setReserve", state, 2, SETUP_GAS, "setReserve", d);
    if (e == E_OK)
        e = sender_send(s, l->chain.money, "mint", give, 2, SETUP_GAS, "mint", d);
    if (e == E_OK)
        e = sender_drain(s, d);
    l->transactions += s->sent;
    sender_free(s);
    return e;
}

/* Brings the organiser's balance to `total`, minting what is missing. */
static enum err fill_purse(struct load *l, struct u256 total, struct diag *d)
{
    uint8_t key32[32];
    struct address own;
    struct abi_value v, who;
    TRY(ecdsa_address(&own, l->organiser.key32));
    who = abi_address(&own);
    TRY(chain_view(&l->chain, l->chain.money, "balanceOf", &who, 1, &v, d));
    if (u256_cmp(v.item[0].word, total) >= 0)
        return E_OK;
    const char *issuer = cli_get(l->cli, "issuer") ? cli_get(l->cli, "issuer") : "admin";
    enum err e = key_load(l->cli, issuer, key32, d);
    if (e != E_OK)
        return diag_wrap(
            d, e,
            T("the deposits need the issuer's key (--issuer), or --no-fund: ",
              "les dépôts demandent la clé de l'émetteur (--issuer), ou --no-fund : "));
    e = client_wait_idle(l->chain.client, key32, d);
    if (e == E_OK) /* again: an earlier run may have minted meanwhile */
        e = chain_view(&l->chain, l->chain.money, "balanceOf", &who, 1, &v, d);
    if (e == E_OK && !u256_sub(&total, total, v.item[0].word) && !u256_is_zero(total))
        e = mint(l, key32, &own, total, d);
    explicit_bzero(key32, sizeof key32);
    return e;
}

static enum err has_deposit(struct load *l, size_t i, bool *out, struct diag *d)
{
    struct abi_value args[2] = {abi_u64(l->chain.operation), abi_u64(i)}, v;
    arena_reset(&l->chain.arena);
    TRY(chain_view(&l->chain, l->chain.energy, "deposit", args, 2, &v, d));
    *out = !u256_is_zero(v.item[0].word);
    return E_OK;
}

static enum err fund(struct load *l, struct diag *d)
{
    const struct district *o = &l->data.op;
    struct u256 total = U256_ZERO;
    bool *funded = mem_zalloc(o->consumers, sizeof *funded);
    if (cli_has(l->cli, "no-fund") || l->on_chain.settled_until_s != (uint64_t)o->start_s) {
        mem_free(funded);
        return E_OK; /* a resumed run: the deposits came before the first day */
    }
    enum err e = E_OK;
    for (size_t i = 0; e == E_OK && i < o->consumers; i++) {
        e = has_deposit(l, i, &funded[i], d);
        if (!funded[i])
            u256_add(&total, total, wei_of_cents(year_cents(l, i)));
    }
    if (e == E_OK)
        e = fill_purse(l, total, d);
    for (size_t i = 0; e == E_OK && i < o->consumers; i++) {
        uint64_t cents = year_cents(l, i);
        struct abi_value args[3] = {abi_u64(l->chain.operation), abi_u64(i),
                                    abi_u256(wei_of_cents(cents))};
        char what[64];
        snprintf(what, sizeof what, "depositFor %s", o->consumer[i].id);
        if (!funded[i] && cents)
            e = sender_send(l->sender, l->chain.energy, "depositFor", args, 3, SETUP_GAS, what, d);
        cli_progress(l->cli, T("deposits", "dépôts"), i + 1, o->consumers);
    }
    mem_free(funded);
    return e == E_OK ? sender_drain(l->sender, d) : e;
}

/* --- days and months ---------------------------------------------------------------------------
 */

/* The day's key on the ledger: `energy coefficients` may have set one for later days, whose
 * coefficients take gas. */
static enum err key_of_day(struct load *l, uint32_t day, enum allocation_key *out, struct diag *d)
{
    struct abi_value args[2] = {abi_u64(l->chain.operation), abi_u64(day)}, v;
    arena_reset(&l->chain.arena);
    TRY(chain_view(&l->chain, l->chain.energy, "steps", args, 2, &v, d));
    *out = (enum allocation_key)abi_get_u64(&v.item[4]);
    return E_OK;
}

static enum err send_day(struct load *l, uint32_t day, uint32_t first, uint32_t count,
                         struct diag *d)
{
    struct buf batch = {0};
    enum allocation_key key = l->key;
    char what[64];
    TRY(key_of_day(l, day, &key, d));
    day_batch(&l->data, first, count, &batch);
    snprintf(what, sizeof what, "submitDay %s", day_text(day));
    struct abi_value args[3] = {abi_u64(l->chain.operation), abi_u64(day),
                                abi_bytes(buf_view(&batch))};
    enum err e = sender_send(l->sender, l->chain.energy, "submitDay", args, 3,
                             day_gas(&l->data.op, key, batch.len, count, 1), what, d);
    buf_free(&batch);
    return e;
}

/* Closing is cut into transactions of about 200 lines. */
static uint32_t consumers_per_close(const struct load *l)
{
    size_t n = 200 / l->data.op.producers;
    return n ? (uint32_t)n : 1;
}

static enum err close_part(struct load *l, uint32_t month, struct diag *d)
{
    char what[64];
    struct abi_value args[3] = {abi_u64(l->chain.operation), abi_u64(month),
                                abi_u64(consumers_per_close(l))};
    snprintf(what, sizeof what, "closeMonth %u-%02u", month / 12, month % 12 + 1);
    return sender_send(l->sender, l->chain.energy, "closeMonth", args, 3, LIMIT_TX_GAS, what, d);
}

static enum err close_month(struct load *l, uint32_t month, struct diag *d)
{
    size_t per_close = consumers_per_close(l);
    for (size_t done = 0; done < l->data.op.consumers; done += per_close)
        TRY(close_part(l, month, d));
    return E_OK;
}

/* A run that was cut may have left a month closed in part. */
static enum err finish_closing(struct load *l, uint32_t until_month, struct diag *d)
{
    TRY(sender_drain(l->sender, d));
    TRY(chain_operation_get(&l->chain, &l->on_chain, d));
    while (l->on_chain.open_month < until_month) {
        TRY(close_part(l, l->on_chain.open_month, d));
        TRY(sender_drain(l->sender, d));
        TRY(chain_operation_get(&l->chain, &l->on_chain, d));
    }
    return E_OK;
}

static enum err send_days(struct load *l, struct diag *d)
{
    const struct district *o = &l->data.op;
    uint32_t first_day = zone_day(o->zone, (uint64_t)o->start_s);
    uint32_t day = zone_day(o->zone, l->on_chain.settled_until_s), first, count;
    uint32_t last_day = zone_day(o->zone, district_step_s(o, o->steps - 1));
    uint32_t days = (l->last_day < last_day ? l->last_day : last_day) + 1 - first_day;
    TRY(finish_closing(l, month_of_day(day), d)); /* months whose days a cut run had sent */
    for (; day <= l->last_day && day_steps(o, day, &first, &count) && count; day++) {
        TRY(send_day(l, day, first, count, d));
        if (month_of_day(day + 1) != month_of_day(day))
            TRY(close_month(l, month_of_day(day), d));
        cli_progress(l->cli, T("settling days", "règlement des jours"), day + 1 - first_day, days);
    }
    TRY(finish_closing(l, month_of_day(day), d));
    return E_OK;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static enum err run_load(struct load *l, struct diag *d)
{
    TRY(open_organiser(l, d));
    settlement_run(&l->plan, &l->data, l->key, NULL, NULL, cli_progress, l->cli);
    TRY(create_operation(l, d));
    TRY(add_points(l, d));
    TRY(set_key(l, d));
    TRY(give_consents(l, d));
    TRY(fund(l, d));
    return send_days(l, d);
}

static void print_done(const struct load *l)
{
    struct buf b = {0};
    uint64_t all = l->transactions + l->sender->sent;
    if (l->cli->json)
        buf_putf(&b, "{\"operation\":%llu,\"points\":%u,\"transactions\":%llu}",
                 (unsigned long long)l->chain.operation, l->on_chain.points,
                 (unsigned long long)all);
    else
        buf_putf(&b,
                 T("Operation %llu (%s): %u points, settled by %llu transactions; the organiser's "
                   "file is %s\n",
                   "Opération %llu (%s) : %u points, réglée par %llu transactions ; le fichier de "
                   "l'organisateur est %s\n"),
                 (unsigned long long)l->chain.operation, l->data.op.name, l->on_chain.points,
                 (unsigned long long)all, organiser_path(l->cli));
    cli_print(&b);
    buf_free(&b);
}

static enum err read_key(struct cli *cli, enum allocation_key *out, struct diag *d)
{
    const char *name = cli_get(cli, "key");
    *out = KEY_DEFAULT;
    if (name &&
        (!allocation_key_parse(out, name) || *out == KEY_DYNAMIC || *out == KEY_DYNAMIC_FULL))
        return diag_set(d, E_USAGE,
                        T("--key %s: default, static, waterfill or priority",
                          "--key %s : default, static, waterfill ou priority"),
                        name);
    return E_OK;
}

int energy_load_run(struct cli *cli)
{
    static struct load l;
    struct problems p = {0};
    struct diag d = {0};
    l = (struct load){.cli = cli, .last_day = UINT32_MAX};
    enum err e = read_key(cli, &l.key, &d);
    if (e == E_OK)
        e = day_option(cli, "until", &l.last_day, &d);
    if (e == E_OK)
        e = energy_load_dataset(cli, &l.data, &p, &d);
    if (e != E_OK)
        return energy_problems(cli, e, &p, &d);
    e = energy_chain_open(&l.chain, cli, &d);
    if (e == E_OK)
        e = run_load(&l, &d);
    cli_progress_end();
    if (e == E_OK && !cli->quiet)
        print_done(&l);
    if (l.chain.client)
        energy_chain_close(&l.chain);
    sender_free(l.sender);
    settlement_free(&l.plan);
    organiser_free(&l.organiser);
    dataset_free(&l.data);
    problems_free(&p);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
