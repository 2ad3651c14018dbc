/* Escrow: coins wait in the money account's own balance until a hold says whose they are.
 *
 * Record    payer 20 | payee 20 | arbiter 20 | purpose 32 | expiry 8 | amount without leading
 * zeros. Names     keccak256(payer, number of the payer's holds so far): a payer knows the name
 * beforehand, whatever others do in the same block. */
#include "city/money/desk.h"
#include "city/record.h"

#include "crypto/keccak.h"

#define RECORD_FIXED 100u

static const struct address NOBODY;

static struct hash hold_slot(const struct hash *id)
{
    struct bytes key = bytes_of(id->b, sizeof id->b);
    return service_slot("hold", &key, 1);
}

static enum err store_hold(struct service_call *c, const struct hash *id,
                           const struct money_hold_record *h)
{
    uint8_t record[RECORD_FIXED + 32];
    struct hash slot = hold_slot(id);
    if (u256_is_zero(h->amount))
        return service_store(c, &slot, (struct bytes){0});
    memcpy(record, h->payer.b, 20);
    memcpy(record + 20, h->payee.b, 20);
    memcpy(record + 40, h->arbiter.b, 20);
    memcpy(record + 60, h->purpose.b, 32);
    be64_put(record + 92, h->expiry_s);
    size_t amount_len = u256_to_be_min(record + RECORD_FIXED, h->amount);
    return service_store(c, &slot, bytes_of(record, RECORD_FIXED + amount_len));
}

static enum err load_hold(struct service_call *c, const struct hash *id,
                          struct money_hold_record *h)
{
    struct hash slot = hold_slot(id);
    struct buf b = {0};
    memset(h, 0, sizeof *h);
    enum err err = service_load(c, &slot, &b);
    if (err == E_OK && b.len > 0) {
        if (b.len <= RECORD_FIXED || b.len > RECORD_FIXED + 32) {
            buf_free(&b);
            return record_unreadable(c);
        }
        memcpy(h->payer.b, b.data, 20);
        memcpy(h->payee.b, b.data + 20, 20);
        memcpy(h->arbiter.b, b.data + 40, 20);
        memcpy(h->purpose.b, b.data + 60, 32);
        h->expiry_s = be64_get(b.data + 92);
        h->amount = u256_from_be_min(bytes_of(b.data + RECORD_FIXED, b.len - RECORD_FIXED));
    }
    buf_free(&b);
    return err;
}

/* A hold that exists, or UnknownHold. */
static enum err open_hold(struct service_call *c, const struct hash *id,
                          struct money_hold_record *h)
{
    TRY(load_hold(c, id, h));
    if (u256_is_zero(h->amount))
        return service_revert(c, "UnknownHold", (struct abi_value[]){abi_bytes32(id->b)});
    return E_OK;
}

static enum err next_id(struct service_call *c, const struct address *payer, struct hash *id)
{
    struct hash slot = money_slot_of("hold-number", payer);
    struct u256 number, next;
    uint8_t text[20 + 32];
    TRY(service_load_u256(c, &slot, &number));
    memcpy(text, payer->b, 20);
    u256_to_be(text + 20, number);
    keccak256(id, text, sizeof text);
    if (u256_add(&next, number, u256_from_u64(1)))
        return record_unreadable(c);
    return service_store_u256(c, &slot, next);
}

static bool expired(struct service_call *c, const struct money_hold_record *h)
{
    return service_now_s(c) >= h->expiry_s;
}

static enum err hold(struct service_call *c, const struct money_hold_record *h, struct hash *id)
{
    bool parties = !address_is_zero(&h->payee) || !address_is_zero(&h->arbiter);
    if (u256_is_zero(h->amount) || !parties)
        return service_revert(c, "EmptyHold", NULL);
    if (expired(c, h))
        return service_revert(
            c, "ExpiryPassed",
            (struct abi_value[]){abi_u64(h->expiry_s), abi_u64(service_now_s(c))});
    if (!address_is_zero(&h->payee))
        TRY(money_receiver_check(c, &h->payee));
    TRY(money_move(c, &h->payer, &MONEY_SERVICE.address, h->amount));
    TRY(next_id(c, &h->payer, id));
    TRY(store_hold(c, id, h));
    return service_emit(c, "Held",
                        (struct abi_value[]){abi_bytes32(id->b), abi_address(&h->payer),
                                             abi_address(&h->arbiter), abi_address(&h->payee),
                                             abi_u256(h->amount), abi_u64(h->expiry_s),
                                             abi_bytes32(h->purpose.b)});
}

/* Who may release: the arbiter; the payer too, to the payee it named. */
static enum err may_release(struct service_call *c, const struct hash *id,
                            const struct money_hold_record *h, const struct address *acting,
                            const struct address *to)
{
    bool arbiter = address_eq(acting, &h->arbiter) && !address_is_zero(acting);
    bool payer = address_eq(acting, &h->payer) && !address_is_zero(&h->payee);
    if (!arbiter && !payer)
        return service_not_authorised(c, "arbiter");
    if (!address_is_zero(&h->payee) && !address_eq(to, &h->payee))
        return service_revert(c, "HoldForOther",
                              (struct abi_value[]){abi_bytes32(id->b), abi_address(&h->payee)});
    if (expired(c, h))
        return service_revert(c, "HoldExpired",
                              (struct abi_value[]){abi_bytes32(id->b), abi_u64(h->expiry_s)});
    return money_receiver_check(c, to);
}

static enum err release(struct service_call *c, const struct hash *id, const struct address *acting,
                        const struct address *to, struct u256 amount)
{
    struct money_hold_record h;
    struct u256 rest;
    TRY(open_hold(c, id, &h));
    TRY(may_release(c, id, &h, acting, to));
    if (u256_sub(&rest, h.amount, amount))
        return service_revert(
            c, "HoldExceeded",
            (struct abi_value[]){abi_bytes32(id->b), abi_u256(h.amount), abi_u256(amount)});
    h.amount = rest;
    TRY(store_hold(c, id, &h));
    TRY(money_move(c, &MONEY_SERVICE.address, to, amount));
    return service_emit(
        c, "Released", (struct abi_value[]){abi_bytes32(id->b), abi_address(to), abi_u256(amount)});
}

/* Ends a hold, the rest going to its payer. */
static enum err give_back(struct service_call *c, const struct hash *id,
                          struct money_hold_record *h)
{
    struct u256 rest = h->amount;
    h->amount = U256_ZERO;
    TRY(store_hold(c, id, h));
    TRY(money_move(c, &MONEY_SERVICE.address, &h->payer, rest));
    return service_emit(
        c, "Refunded",
        (struct abi_value[]){abi_bytes32(id->b), abi_address(&h->payer), abi_u256(rest)});
}

static enum err refund(struct service_call *c, const struct hash *id, const struct address *acting)
{
    struct money_hold_record h;
    TRY(open_hold(c, id, &h));
    bool party = address_eq(acting, &h.arbiter) || address_eq(acting, &h.payee);
    if (!party || address_is_zero(acting))
        return service_not_authorised(c, "arbiter");
    return give_back(c, id, &h);
}

/* --- methods ---------------------------------------------------------------------------------- */

static struct hash id_argument(struct service_call *c)
{
    struct hash id;
    abi_get_bytes32(id.b, service_arg(c, 0));
    return id;
}

enum err run_hold(struct service_call *c)
{
    struct hash id;
    struct money_hold_record h = {
        .payer = c->frame->caller,
        .payee = abi_get_address(service_arg(c, 0)),
        .arbiter = abi_get_address(service_arg(c, 1)),
        .amount = service_arg(c, 2)->word,
        .expiry_s = abi_get_u64(service_arg(c, 3)),
    };
    abi_get_bytes32(h.purpose.b, service_arg(c, 4));
    TRY(hold(c, &h, &id));
    return service_return(c, (struct abi_value[]){abi_bytes32(id.b)});
}

enum err run_release(struct service_call *c)
{
    struct hash id = id_argument(c);
    struct address to = abi_get_address(service_arg(c, 1));
    TRY(release(c, &id, &c->frame->caller, &to, service_arg(c, 2)->word));
    return service_return(c, NULL);
}

enum err run_refund(struct service_call *c)
{
    struct hash id = id_argument(c);
    TRY(refund(c, &id, &c->frame->caller));
    return service_return(c, NULL);
}

enum err run_expire(struct service_call *c)
{
    struct hash id = id_argument(c);
    struct money_hold_record h;
    TRY(open_hold(c, &id, &h));
    if (!expired(c, &h))
        return service_revert(c, "HoldNotExpired",
                              (struct abi_value[]){abi_bytes32(id.b), abi_u64(h.expiry_s)});
    TRY(give_back(c, &id, &h));
    return service_return(c, NULL);
}

enum err run_hold_of(struct service_call *c)
{
    struct hash id = id_argument(c);
    struct money_hold_record h;
    TRY(load_hold(c, &id, &h));
    return service_return(c, (struct abi_value[]){abi_address(&h.payer), abi_address(&h.payee),
                                                  abi_address(&h.arbiter), abi_u256(h.amount),
                                                  abi_u64(h.expiry_s), abi_bytes32(h.purpose.b)});
}

/* --- for other services ----------------------------------------------------------------------- */

enum err money_hold(struct service_call *c, const struct address *payer,
                    const struct address *payee, struct u256 amount, uint64_t expiry_s,
                    const struct hash *purpose, struct hash *id_out)
{
    struct service_call money = service_as(c, &MONEY_SERVICE);
    struct money_hold_record h = {.payer = *payer,
                                  .payee = payee ? *payee : NOBODY,
                                  .arbiter = c->service->address,
                                  .amount = amount,
                                  .expiry_s = expiry_s,
                                  .purpose = *purpose};
    enum err err = hold(&money, &h, id_out);
    service_back(c, &money);
    return err;
}

enum err money_release(struct service_call *c, const struct hash *id, const struct address *to,
                       struct u256 amount)
{
    struct service_call money = service_as(c, &MONEY_SERVICE);
    enum err err = release(&money, id, &c->service->address, to, amount);
    service_back(c, &money);
    return err;
}

enum err money_refund(struct service_call *c, const struct hash *id)
{
    struct service_call money = service_as(c, &MONEY_SERVICE);
    enum err err = refund(&money, id, &c->service->address);
    service_back(c, &money);
    return err;
}

enum err money_hold_read(struct service_call *c, const struct hash *id,
                         struct money_hold_record *out)
{
    struct service_call money = service_as(c, &MONEY_SERVICE);
    enum err err = load_hold(&money, id, out);
    service_back(c, &money);
    return err;
}
