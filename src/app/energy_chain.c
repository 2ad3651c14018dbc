/* energy_chain: see energy_chain.h. */
#include "app/energy_chain.h"

#include <stdio.h>

#include "app/cli.h"

enum err energy_chain_open(struct energy_chain *c, const struct cli *cli, struct diag *d)
{
    *c = (struct energy_chain){.energy = service_named("energy"), .money = service_named("money")};
    ASSERT(c->energy && c->money);
    return client_open(&c->client, cli_rpc(cli), d);
}

void energy_chain_close(struct energy_chain *c)
{
    client_close(c->client);
    arena_free(&c->arena);
}

enum err chain_view(struct energy_chain *c, const struct service *s, const char *method,
                    const struct abi_value *args, size_t count, struct abi_value *out,
                    struct diag *d)
{
    return client_view(c->client, &c->arena, s, method, args, count, out, d);
}

enum err chain_operation_get(struct energy_chain *c, struct chain_operation *out, struct diag *d)
{
    struct abi_value arg = abi_u64(c->operation), v;
    arena_reset(&c->arena);
    TRY(chain_view(c, c->energy, "operation", &arg, 1, &v, d));
    const struct abi_value *f = v.item;
    *out = (struct chain_operation){
        .organiser = abi_get_address(&f[0]),
        .zone = (enum zone)abi_get_u64(&f[1]),
        .start_s = abi_get_u64(&f[2]),
        .step_minutes = (uint32_t)abi_get_u64(&f[3]),
        .key = (uint8_t)abi_get_u64(&f[4]),
        .points = (uint32_t)abi_get_u64(&f[6]),
        .consumers = (uint32_t)abi_get_u64(&f[7]),
        .producers = (uint32_t)abi_get_u64(&f[8]),
        .settled_until_s = abi_get_u64(&f[9]),
        .open_month = (uint32_t)abi_get_u64(&f[10]),
        .closing = abi_get_u64(&f[11]) != 0,
    };
    return E_OK;
}

enum err chain_totals_get(struct energy_chain *c, struct chain_totals *out, struct diag *d)
{
    struct abi_value arg = abi_u64(c->operation), v;
    arena_reset(&c->arena);
    TRY(chain_view(c, c->energy, "totals", &arg, 1, &v, d));
    const struct abi_value *f = v.item;
    *out = (struct chain_totals){
        .produced_wh = abi_get_u64(&f[0]),
        .consumed_wh = abi_get_u64(&f[1]),
        .shared_wh = abi_get_u64(&f[2]),
        .surplus_wh = abi_get_u64(&f[3]),
        .days = (uint32_t)abi_get_u64(&f[4]),
        .ht_cents = abi_get_u64(&f[5]),
        .vat_cents = abi_get_u64(&f[6]),
        .paid_cents = abi_get_u64(&f[7]),
    };
    return E_OK;
}

static void name_point(struct chain_point *p, struct organiser *o)
{
    struct organiser_entry *e = o ? organiser_by_pseudonym(o, &p->pseudonym) : NULL;
    if (e && !e->erased) {
        snprintf(p->id, sizeof p->id, "%s", e->id);
        memcpy(p->prm, e->prm, sizeof p->prm);
        p->holder = e->holder;
    } else {
        char hex[65];
        hex_encode(hex, p->pseudonym.b, 32);
        snprintf(p->id, sizeof p->id, "0x%.16s", hex);
    }
}

enum err chain_points(struct energy_chain *c, uint32_t count, struct organiser *o,
                      struct chain_point **out, struct diag *d)
{
    struct chain_point *point = mem_zalloc(count + 1, sizeof *point);
    for (uint32_t i = 0; i < count; i++) {
        struct abi_value args[2] = {abi_u64(c->operation), abi_u64(i)}, v;
        struct chain_point *p = &point[i];
        arena_reset(&c->arena);
        enum err e = chain_view(c, c->energy, "point", args, 2, &v, d);
        if (e != E_OK) {
            mem_free(point);
            return e;
        }
        p->index = i;
        abi_get_bytes32(p->pseudonym.b, &v.item[0]);
        uint64_t role = abi_get_u64(&v.item[1]);
        p->consumes = role != 1;
        p->produces = role != 0;
        p->enter_s = abi_get_u64(&v.item[4]);
        p->leave_s = abi_get_u64(&v.item[5]);
        name_point(p, o);
    }
    *out = point;
    return E_OK;
}

/* --- the organiser's file --------------------------------------------------------------------- */

const char *organiser_path(const struct cli *cli)
{
    static char path[4200];
    if (cli_get(cli, "organiser"))
        return cli_get(cli, "organiser");
    snprintf(path, sizeof path, "%s/organiser.sealed", cli_home(cli));
    return path;
}

enum err organiser_open(const struct cli *cli, struct organiser *o, struct diag *d)
{
    uint8_t key32[32];
    char *passphrase = NULL;
    TRY(cli_read_secret(cli, key32, &passphrase, d));
    struct organiser_secret secret = {passphrase ? NULL : key32, passphrase};
    enum err e = organiser_load(o, organiser_path(cli), secret, d);
    explicit_bzero(key32, sizeof key32);
    mem_free(passphrase);
    return e;
}

enum err organiser_store(const struct cli *cli, const struct organiser *o, struct diag *d)
{
    uint8_t key32[32];
    char *passphrase = NULL;
    TRY(cli_read_secret(cli, key32, &passphrase, d));
    struct organiser_secret secret = {passphrase ? NULL : key32, passphrase};
    enum err e = organiser_save(o, organiser_path(cli), secret, d);
    explicit_bzero(key32, sizeof key32);
    mem_free(passphrase);
    return e;
}

/* Whether the operation is the one of the organiser's file: a number alone may be another chain's,
 * or another organiser's. */
static enum err is_organisers(struct energy_chain *c, const struct organiser *o, bool *out,
                              struct diag *d)
{
    struct chain_operation op;
    struct address own;
    uint64_t chain_id = 0;
    *out = false;
    if (!o->has_operation || o->operation != c->operation)
        return E_OK;
    TRY(client_quantity(c->client, "eth_chainId", "[]", &chain_id, d));
    TRY(ecdsa_address(&own, o->key32));
    TRY(chain_operation_get(c, &op, d));
    *out = chain_id == o->chain_id && address_eq(&own, &op.organiser);
    return E_OK;
}

enum err energy_chain_select(struct energy_chain *c, struct cli *cli, struct organiser *o,
                             bool *have_organiser, struct diag *d)
{
    struct diag why = {0};
    struct abi_value v;
    uint64_t id = UINT64_MAX, count = 0;
    TRY(cli_get_u64(cli, "id", 0, UINT64_MAX - 1, &id));
    enum err e = organiser_open(cli, o, &why);
    *have_organiser = e == E_OK;
    if (e != E_OK && e != E_NOT_FOUND && cli_has(cli, "organiser"))
        return diag_set(d, e, "%s", why.text);
    if (id == UINT64_MAX && *have_organiser && o->has_operation)
        id = o->operation;
    if (id == UINT64_MAX) {
        TRY(chain_view(c, c->energy, "operationCount", NULL, 0, &v, d));
        count = abi_get_u64(&v.item[0]);
        if (count == 0)
            return diag_set(d, E_NOT_FOUND,
                            T("no operation on this ledger yet; see `parvis energy load`",
                              "aucune opération sur ce registre ; voir `parvis energy load`"));
        id = count; /* numbered from 1 */
    }
    c->operation = id;
    if (!*have_organiser)
        return E_OK;
    TRY(is_organisers(c, o, have_organiser, d));
    if (!*have_organiser) /* its names belong to other points */
        organiser_free(o);
    return E_OK;
}
