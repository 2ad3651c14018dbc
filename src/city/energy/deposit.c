#include "city/energy/deposit.h"

#include "city/money/money.h"

static struct hash deposit_slot(uint64_t operation, uint32_t point)
{
    return RECORD_SLOT("deposit", operation, point);
}

enum err deposit_load(struct service_call *c, uint64_t operation, uint32_t point,
                      struct deposit *out)
{
    struct hash slot = deposit_slot(operation, point);
    struct record r;
    TRY(record_load(c, &slot, &r));
    memset(out, 0, sizeof *out);
    while (!record_is_empty(&r) && !r.bad && out->count < DEPOSIT_PAYERS_MAX) {
        struct deposit_part *p = &out->part[out->count++];
        memcpy(p->hold.b, record_take(&r, 32), 32);
        memcpy(p->payer.b, record_take(&r, 20), 20);
        p->amount = u256_from_be(record_take(&r, 32));
    }
    return r.bad ? record_unreadable(c) : E_OK;
}

enum err deposit_store(struct service_call *c, uint64_t operation, uint32_t point,
                       const struct deposit *d)
{
    struct buf b = {0};
    for (uint32_t i = 0; i < d->count; i++) {
        buf_put(&b, d->part[i].hold.b, 32);
        buf_put(&b, d->part[i].payer.b, 20);
        u256_to_be(buf_grow(&b, 32), d->part[i].amount);
    }
    struct hash slot = deposit_slot(operation, point);
    TRY(record_store(c, &slot, &b));
    return EMIT(c, "DepositChanged", abi_u64(operation), abi_u64(point),
                abi_u256(deposit_total(d)));
}

/* All coins there are fit; more than there are can only be in a call that overrides balances. */
static bool total_fits(const struct deposit *d, struct u256 *total)
{
    bool fits = true;
    *total = U256_ZERO;
    for (uint32_t i = 0; i < d->count; i++)
        fits &= !u256_add(total, *total, d->part[i].amount);
    return fits;
}

struct u256 deposit_total(const struct deposit *d)
{
    struct u256 total;
    ASSERT(total_fits(d, &total)); /* run_deposit_for looked */
    return total;
}

struct u256 wei_of_cents(uint64_t cents)
{
    struct u256 wei;
    ASSERT(!u256_mul(&wei, u256_from_u64(cents), u256_from_u64(WEI_PER_CENT)));
    return wei;
}

/* The first `emptied` parts have ended with their last coin. */
static void drop_emptied(struct deposit *d, uint32_t emptied)
{
    d->count -= emptied;
    memmove(d->part, d->part + emptied, d->count * sizeof d->part[0]);
}

/* Releases amount, to one account or (to NULL) each part to who paid it in. */
static enum err release(struct service_call *c, struct deposit *d, const struct address *to_opt,
                        struct u256 amount)
{
    uint32_t emptied = 0;
    for (uint32_t i = 0; i < d->count && !u256_is_zero(amount); i++) {
        struct deposit_part *p = &d->part[i];
        struct u256 take = u256_cmp(p->amount, amount) < 0 ? p->amount : amount;
        TRY(money_release(c, &p->hold, to_opt ? to_opt : &p->payer, take));
        (void)u256_sub(&p->amount, p->amount, take);
        (void)u256_sub(&amount, amount, take);
        emptied += u256_is_zero(p->amount);
    }
    ASSERT(u256_is_zero(amount));
    drop_emptied(d, emptied);
    return E_OK;
}

enum err deposit_pay(struct service_call *c, struct deposit *d, const struct address *to,
                     struct u256 amount)
{
    return release(c, d, to, amount);
}

/* --- methods ---------------------------------------------------------------------------------- */

/* What the first two arguments name. */
struct asked {
    struct operation o;
    struct point p;
    uint32_t index;
};

static enum err load_asked(struct service_call *c, struct asked *a)
{
    uint64_t index = abi_get_u64(service_arg(c, 1));
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &a->o));
    TRY(point_load(c, &a->o, index, &a->p));
    a->index = (uint32_t)index;
    return E_OK;
}

/* How many payers there may be for this one to join: the holder and the organiser always find a
 * place, however many others sent a coin. */
static uint32_t places_for(const struct asked *a, const struct address *payer)
{
    bool concerned = address_eq(payer, &a->p.holder) || address_eq(payer, &a->o.organiser);
    return concerned ? DEPOSIT_PAYERS_MAX : DEPOSIT_PAYERS_MAX - 2;
}

/* A payer's part grows by being held anew as a whole, so that each payer has one hold. */
static enum err add_part(struct service_call *c, struct deposit *d, const struct asked *a,
                         struct u256 amount)
{
    const struct address *payer = &c->frame->caller, nobody = {{0}};
    struct hash purpose = deposit_slot(a->o.id, a->index);
    uint32_t at = 0, places = places_for(a, payer);
    while (at < d->count && !address_eq(&d->part[at].payer, payer))
        at++;
    if (at == d->count && at >= places)
        return REFUSE(c, "TooManyPayers", abi_u64(places));
    if (at < d->count) {
        TRY(money_refund(c, &d->part[at].hold));
        if (u256_add(&amount, amount, d->part[at].amount))
            return REFUSE(c, "BadValue", abi_bytes(bytes_str("amount")), abi_u64(0));
    } else {
        d->count++;
    }
    d->part[at].payer = *payer;
    d->part[at].amount = amount;
    return money_hold(c, payer, &nobody, amount, UINT64_MAX, &purpose, &d->part[at].hold);
}

enum err run_deposit_for(struct service_call *c)
{
    struct asked a;
    struct deposit d;
    struct u256 amount = service_arg(c, 2)->word, total;
    TRY(load_asked(c, &a));
    if (!point_consumes(&a.p))
        return REFUSE(c, "NotConsumer", abi_u64(a.index));
    if (u256_is_zero(amount))
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("amount")), abi_u64(0));
    TRY(deposit_load(c, a.o.id, a.index, &d));
    TRY(add_part(c, &d, &a, amount));
    if (!total_fits(&d, &total))
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("amount")), abi_u64(0));
    TRY(deposit_store(c, a.o.id, a.index, &d));
    return service_return(c, NULL);
}

enum err run_withdraw_deposit(struct service_call *c)
{
    struct asked a;
    struct deposit d;
    struct u256 amount = service_arg(c, 2)->word;
    TRY(load_asked(c, &a));
    if (!address_eq(&a.p.holder, &c->frame->caller))
        return service_not_authorised(c, "holder");
    TRY(deposit_load(c, a.o.id, a.index, &d));
    struct u256 total = deposit_total(&d);
    if (u256_is_zero(amount) || u256_cmp(amount, total) > 0)
        return REFUSE(c, "DepositTooSmall", abi_u256(total), abi_u256(amount));
    TRY(release(c, &d, NULL, amount));
    TRY(deposit_store(c, a.o.id, a.index, &d));
    return service_return(c, NULL);
}

enum err run_deposit(struct service_call *c)
{
    struct asked a;
    struct deposit d;
    TRY(load_asked(c, &a));
    TRY(deposit_load(c, a.o.id, a.index, &d));
    return service_return(c, (struct abi_value[]){abi_u256(deposit_total(&d))});
}
