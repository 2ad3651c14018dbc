/* The ERC-20 face: balances are the accounts' native balances, allowances are kept here. */
#include "city/money/desk.h"

static enum err return_text(struct service_call *c, const char *tag)
{
    struct hash slot = money_slot(tag);
    struct buf text = {0};
    enum err err = service_load(c, &slot, &text);
    if (err == E_OK)
        err = service_return(c, (struct abi_value[]){abi_bytes(buf_view(&text))});
    buf_free(&text);
    return err;
}

enum err run_name(struct service_call *c)
{
    return return_text(c, "name");
}

enum err run_symbol(struct service_call *c)
{
    return return_text(c, "symbol");
}

enum err run_decimals(struct service_call *c)
{
    return service_return(c, (struct abi_value[]){abi_u64(18)});
}

enum err run_balance_of(struct service_call *c)
{
    struct address account = abi_get_address(service_arg(c, 0));
    struct u256 balance = state_balance(c->world->state, &account);
    return service_return(c, (struct abi_value[]){abi_u256(balance)});
}

/* --- moving coins ----------------------------------------------------------------------------- */

enum err money_receiver_check(struct service_call *c, const struct address *to)
{
    if (address_is_zero(to) || service_at(to))
        return service_revert(c, "ERC20InvalidReceiver", (struct abi_value[]){abi_address(to)});
    return E_OK;
}

enum err money_move(struct service_call *c, const struct address *from, const struct address *to,
                    struct u256 amount)
{
    struct state *s = c->world->state;
    TRY(service_charge(c, GAS_MONEY_MOVE));
    if (address_is_zero(from))
        return service_revert(c, "ERC20InvalidSender", (struct abi_value[]){abi_address(from)});
    if (!state_transfer(s, from, to, amount))
        return service_revert(c, "ERC20InsufficientBalance",
                              (struct abi_value[]){abi_address(from),
                                                   abi_u256(state_balance(s, from)),
                                                   abi_u256(amount)});
    return service_emit(c, "Transfer",
                        (struct abi_value[]){abi_address(from), abi_address(to), abi_u256(amount)});
}

static enum err transfer(struct service_call *c, const struct address *from,
                         const struct address *to, struct u256 amount)
{
    TRY(money_receiver_check(c, to));
    return money_move(c, from, to, amount);
}

static enum err return_true(struct service_call *c)
{
    return service_return(c, (struct abi_value[]){abi_bool(true)});
}

enum err run_transfer(struct service_call *c)
{
    struct address to = abi_get_address(service_arg(c, 0));
    TRY(transfer(c, &c->frame->caller, &to, service_arg(c, 1)->word));
    return return_true(c);
}

/* --- allowances ------------------------------------------------------------------------------- */

static struct hash allowance_slot(const struct address *owner, const struct address *spender)
{
    struct bytes keys[2] = {bytes_of(owner->b, sizeof owner->b),
                            bytes_of(spender->b, sizeof spender->b)};
    return service_slot("allowance", keys, 2);
}

enum err money_approve(struct service_call *c, const struct address *owner,
                       const struct address *spender, struct u256 value)
{
    if (address_is_zero(owner))
        return service_revert(c, "ERC20InvalidApprover", (struct abi_value[]){abi_address(owner)});
    if (address_is_zero(spender))
        return service_revert(c, "ERC20InvalidSpender", (struct abi_value[]){abi_address(spender)});
    struct hash slot = allowance_slot(owner, spender);
    TRY(service_store_u256(c, &slot, value));
    return service_emit(
        c, "Approval",
        (struct abi_value[]){abi_address(owner), abi_address(spender), abi_u256(value)});
}

enum err run_approve(struct service_call *c)
{
    struct address spender = abi_get_address(service_arg(c, 0));
    TRY(money_approve(c, &c->frame->caller, &spender, service_arg(c, 1)->word));
    return return_true(c);
}

enum err run_allowance(struct service_call *c)
{
    struct address owner = abi_get_address(service_arg(c, 0));
    struct address spender = abi_get_address(service_arg(c, 1));
    struct hash slot = allowance_slot(&owner, &spender);
    struct u256 value;
    TRY(service_load_u256(c, &slot, &value));
    return service_return(c, (struct abi_value[]){abi_u256(value)});
}

/* An allowance of 2^256-1 is not used up (as OpenZeppelin's); others shrink, without an event. */
static enum err spend_allowance(struct service_call *c, const struct address *owner,
                                const struct address *spender, struct u256 amount)
{
    struct hash slot = allowance_slot(owner, spender);
    struct u256 allowance, rest;
    TRY(service_load_u256(c, &slot, &allowance));
    if (u256_sub(&rest, allowance, amount))
        return service_revert(
            c, "ERC20InsufficientAllowance",
            (struct abi_value[]){abi_address(spender), abi_u256(allowance), abi_u256(amount)});
    if (u256_eq(allowance, U256_MAX))
        return E_OK;
    return service_store_u256(c, &slot, rest);
}

enum err run_transfer_from(struct service_call *c)
{
    struct address from = abi_get_address(service_arg(c, 0));
    struct address to = abi_get_address(service_arg(c, 1));
    struct u256 amount = service_arg(c, 2)->word;
    TRY(spend_allowance(c, &from, &c->frame->caller, amount));
    TRY(transfer(c, &from, &to, amount));
    return return_true(c);
}

/* --- for other services ----------------------------------------------------------------------- */

struct u256 money_balance(struct service_call *c, const struct address *account)
{
    return state_balance(c->world->state, account);
}

enum err money_transfer(struct service_call *c, const struct address *from,
                        const struct address *to, struct u256 amount)
{
    struct service_call money = service_as(c, &MONEY_SERVICE);
    enum err err = transfer(&money, from, to, amount);
    service_back(c, &money);
    return err;
}
