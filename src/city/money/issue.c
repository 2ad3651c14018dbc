/* The issuer's desk: coins are made and destroyed here and nowhere else, and there are never more
 * of them than the reserve the issuer states. */
#include "city/money/desk.h"
#include "city/record.h"

#include <stdlib.h>

#include "base/lang.h"

static const struct address NOBODY;

static enum err load_supply(struct service_call *c, struct u256 *out)
{
    struct hash slot = money_slot("supply");
    return service_load_u256(c, &slot, out);
}

static enum err store_supply(struct service_call *c, struct u256 supply)
{
    struct hash slot = money_slot("supply");
    return service_store_u256(c, &slot, supply);
}

static enum err load_reserve(struct service_call *c, struct u256 *out)
{
    struct hash slot = money_slot("reserve");
    return service_load_u256(c, &slot, out);
}

/* The amount, and apart from it the statement's hash and the time it was made. */
static enum err store_reserve(struct service_call *c, struct u256 amount,
                              const uint8_t statement[32])
{
    struct hash amount_slot = money_slot("reserve");
    struct hash statement_slot = money_slot("reserve-statement");
    uint8_t record[40];
    memcpy(record, statement, 32);
    be64_put(record + 32, service_now_s(c));
    TRY(service_store_u256(c, &amount_slot, amount));
    return service_store(c, &statement_slot, bytes_of(record, sizeof record));
}

static enum err reserve_exceeded(struct service_call *c, struct u256 supply, struct u256 reserve)
{
    return service_revert(c, "ReserveExceeded",
                          (struct abi_value[]){abi_u256(supply), abi_u256(reserve)});
}

enum err run_total_supply(struct service_call *c)
{
    struct u256 supply;
    TRY(load_supply(c, &supply));
    return service_return(c, (struct abi_value[]){abi_u256(supply)});
}

enum err run_reserve(struct service_call *c)
{
    struct hash slot = money_slot("reserve-statement");
    struct buf record = {0};
    struct u256 amount;
    TRY(load_reserve(c, &amount));
    enum err err = service_load(c, &slot, &record);
    if (err == E_OK && record.len != 40)
        err = record_unreadable(c);
    if (err == E_OK) {
        err = service_return(c, (struct abi_value[]){abi_u256(amount), abi_bytes32(record.data),
                                                     abi_u64(be64_get(record.data + 32))});
    }
    buf_free(&record);
    return err;
}

enum err run_set_reserve(struct service_call *c)
{
    struct u256 amount = service_arg(c, 0)->word, supply;
    uint8_t statement[32];
    abi_get_bytes32(statement, service_arg(c, 1));
    TRY(money_require_role(c, MONEY_ISSUER));
    TRY(load_supply(c, &supply));
    if (u256_cmp(supply, amount) > 0)
        return reserve_exceeded(c, supply, amount);
    TRY(store_reserve(c, amount, statement));
    TRY(service_emit(
        c, "ReserveStated",
        (struct abi_value[]){abi_u256(amount), abi_bytes32(statement), abi_u256(supply)}));
    return service_return(c, NULL);
}

enum err run_mint(struct service_call *c)
{
    struct address to = abi_get_address(service_arg(c, 0));
    struct u256 amount = service_arg(c, 1)->word, supply, after, reserve, balance;
    TRY(money_require_role(c, MONEY_ISSUER));
    TRY(money_receiver_check(c, &to));
    TRY(load_supply(c, &supply));
    TRY(load_reserve(c, &reserve));
    if (u256_add(&after, supply, amount)) /* beyond what can be said is beyond any reserve */
        return reserve_exceeded(c, U256_MAX, reserve);
    if (u256_cmp(after, reserve) > 0)
        return reserve_exceeded(c, after, reserve);
    TRY(service_charge(c, GAS_MONEY_ISSUE));
    if (u256_add(&balance, state_balance(c->world->state, &to), amount))
        return record_unreadable(
            c); /* a balance is part of the supply, unless a call overrides it */
    TRY(store_supply(c, after));
    state_set_balance(c->world->state, &to, balance);
    TRY(service_emit(
        c, "Transfer",
        (struct abi_value[]){abi_address(&NOBODY), abi_address(&to), abi_u256(amount)}));
    return service_return(c, NULL);
}

static enum err destroy(struct service_call *c, const struct address *holder, struct u256 amount)
{
    struct state *s = c->world->state;
    struct u256 balance = state_balance(s, holder), rest, supply, after;
    TRY(load_supply(c, &supply));
    TRY(service_charge(c, GAS_MONEY_ISSUE));
    if (u256_sub(&rest, balance, amount))
        return service_revert(
            c, "ERC20InsufficientBalance",
            (struct abi_value[]){abi_address(holder), abi_u256(balance), abi_u256(amount)});
    if (u256_sub(&after, supply, amount))
        return record_unreadable(
            c); /* a balance is part of the supply, unless a call overrides it */
    TRY(store_supply(c, after));
    state_set_balance(s, holder, rest);
    return service_emit(
        c, "Transfer",
        (struct abi_value[]){abi_address(holder), abi_address(&NOBODY), abi_u256(amount)});
}

enum err run_burn(struct service_call *c)
{
    TRY(money_require_role(c, MONEY_ISSUER));
    TRY(destroy(c, &c->frame->caller, service_arg(c, 0)->word));
    return service_return(c, NULL);
}

enum err run_redeem(struct service_call *c)
{
    struct u256 amount = service_arg(c, 0)->word;
    TRY(destroy(c, &c->frame->caller, amount));
    TRY(service_emit(c, "Redeemed",
                     (struct abi_value[]){abi_address(&c->frame->caller), abi_u256(amount),
                                          *service_arg(c, 1)}));
    return service_return(c, NULL);
}

/* --- genesis: the supply is what was allocated ------------------------------------------------ */

static int compare_addresses(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct address));
}

/* An account written twice ("0xAB.." and "0xab..") would be counted twice. */
static enum err refuse_duplicates(struct address *accounts, size_t count, struct diag *d)
{
    qsort(accounts, count, sizeof *accounts, compare_addresses);
    for (size_t i = 1; i < count; i++)
        if (address_eq(&accounts[i - 1], &accounts[i])) {
            char hex[41];
            hex_encode(hex, accounts[i].b, sizeof accounts[i].b);
            return diag_set(d, E_GENESIS,
                            T("alloc.0x%s: given twice", "alloc.0x%s : donné deux fois"), hex);
        }
    return E_OK;
}

static enum err sum_allocations(struct service_call *c, const struct json *alloc,
                                struct u256 *sum_out, struct diag *d)
{
    size_t count = 0;
    struct address *accounts = arena_zalloc(c->arena, json_count(alloc) + 1, sizeof *accounts);
    *sum_out = U256_ZERO;
    for (const struct json *m = json_first(alloc); m; m = json_next(m)) {
        const struct json *balance = json_get(m, "balance");
        struct u256 amount = U256_ZERO;
        if (address_from_hex(&accounts[count++], json_key(m)) != E_OK)
            return diag_set(d, E_GENESIS,
                            T("alloc.%s: not an address", "alloc.%s : pas une adresse"),
                            json_key(m));
        if (balance && json_u256(&amount, balance) != E_OK)
            return diag_set(
                d, E_GENESIS,
                T("alloc.%s.balance: not an amount", "alloc.%s.balance : pas un montant"),
                json_key(m));
        if (u256_add(sum_out, *sum_out, amount))
            return diag_set(
                d, E_GENESIS,
                T("alloc: the balances exceed 2^256-1", "alloc : les soldes dépassent 2^256-1"));
    }
    return refuse_duplicates(accounts, count, d);
}

enum err issue_genesis(struct service_call *c, const struct json *root, const struct json *config,
                       struct diag *d)
{
    struct u256 supply, reserve;
    struct hash statement = {0};
    TRY(sum_allocations(c, json_get(root, "alloc"), &supply, d));
    reserve = supply; /* unless stated, what was allocated is what there is a reserve for */
    const struct json *stated = json_get(config, "reserve");
    if (stated && json_u256(&reserve, stated) != E_OK)
        return diag_set(
            d, E_GENESIS,
            T("services.money.reserve: not an amount", "services.money.reserve : pas un montant"));
    if (u256_cmp(supply, reserve) > 0)
        return diag_set(d, E_GENESIS,
                        T("services.money.reserve: below the sum of the allocated balances",
                          "services.money.reserve : inférieure à la somme des soldes attribués"));
    const struct json *hash = json_get(config, "reserveStatement");
    if (hash && (!json_text(hash) || hash_from_hex(&statement, json_text(hash)) != E_OK))
        return diag_set(d, E_GENESIS,
                        T("services.money.reserveStatement: not 32 bytes",
                          "services.money.reserveStatement : pas 32 octets"));
    TRY(store_supply(c, supply));
    return store_reserve(c, reserve, statement.b);
}
