/* vm_state: instructions that read or change accounts and storage. */
#include "evm/vm.h"

#include "crypto/keccak.h"
#include "evm/precompile.h"

#define GAS_WARM 100 /* EIP-2929 */
#define GAS_COLD_ACCOUNT 2600
#define GAS_COLD_SLOT 2100
#define GAS_NEW_ACCOUNT 25000

/* --- accounts --------------------------------------------------------------------------------- */

int64_t vm_access_account(struct vm *vm, int64_t gas, const struct address *a)
{
    if (vm->fork < FORK_BERLIN)
        return gas;
    bool warm = state_warm_address(vm->world->state, a) || precompile_is(vm->fork, a);
    return gas - (warm ? GAS_WARM : GAS_COLD_ACCOUNT);
}

/* What looking at an account costs before Berlin: by the forks that changed it. */
static int64_t look_gas(const struct vm *vm, int64_t frontier, int64_t eip150, int64_t istanbul)
{
    if (vm->fork >= FORK_BERLIN)
        return 0;
    return vm->fork >= FORK_ISTANBUL ? istanbul : vm->fork >= FORK_EIP150 ? eip150 : frontier;
}

VM_BODY(balance)
{
    struct address a = vm_address(sp - 1);
    gas = vm_access_account(vm, gas, &a) - look_gas(vm, 20, 400, 700);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    sp[-1] = state_balance(vm->world->state, &a);
    return gas;
}

void op_selfbalance(struct u256 *sp, struct vm *vm)
{
    *sp = state_account_balance(vm->self);
}

VM_BODY(extcodesize)
{
    struct address a = vm_address(sp - 1);
    gas = vm_access_account(vm, gas, &a) - look_gas(vm, 20, 700, 700);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    sp[-1] = u256_from_u64(state_code(vm->world->state, &a).len);
    return gas;
}

VM_BODY(extcodehash) /* EIP-1052: 0 for an account that does not exist */
{
    struct address a = vm_address(sp - 1);
    gas = vm_access_account(vm, gas, &a) - look_gas(vm, 400, 400, 700);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    if (state_exists(vm->world->state, &a)) {
        struct hash h = state_code_hash(vm->world->state, &a);
        sp[-1] = u256_from_be(h.b);
    } else {
        sp[-1] = U256_ZERO;
    }
    return gas;
}

void op_blockhash(struct u256 *sp, struct vm *vm)
{
    const struct block_env *b = vm->block;
    uint64_t number = sp[-1].w[0];
    bool recent = u256_fits_u64(sp[-1]) && number < b->number && b->number - number <= 256;
    sp[-1] = U256_ZERO;
    if (recent && b->block_hash) {
        struct hash h = b->block_hash(b->block_hash_ctx, number);
        sp[-1] = u256_from_be(h.b);
    }
}

/* --- storage ---------------------------------------------------------------------------------- */

static struct state_slot *slot_of(struct vm *vm, const struct u256 *key, bool *was_warm)
{
    struct hash h = vm_hash(key);
    return state_slot_of(vm->world->state, vm->self, &h, was_warm);
}

static int64_t sload_gas(enum fork fork, bool was_warm)
{
    if (fork >= FORK_BERLIN)
        return was_warm ? GAS_WARM : GAS_COLD_SLOT;
    return fork >= FORK_ISTANBUL ? 800 : fork >= FORK_EIP150 ? 200 : 50;
}

VM_BODY(sload)
{
    bool was_warm;
    const struct state_slot *slot = slot_of(vm, sp - 1, &was_warm);
    gas -= sload_gas(vm->fork, was_warm);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    sp[-1] = state_slot_word(slot);
    return gas;
}

/* Price and refund of writing `value` over `now` where `original` stood before the transaction.
 * EIP-1283 (Constantinople only), EIP-2200 (Istanbul), EIP-2929 (Berlin), EIP-3529 (London). */
struct write_price {
    int64_t gas, refund;
};

static struct write_price net_price(enum fork fork, struct u256 original, struct u256 now,
                                    struct u256 value)
{
    int64_t same = fork >= FORK_BERLIN ? GAS_WARM : fork >= FORK_ISTANBUL ? 800 : 200;
    int64_t change = fork >= FORK_BERLIN ? 5000 - GAS_COLD_SLOT : 5000;
    int64_t clear = fork >= FORK_LONDON ? 4800 : 15000;
    struct write_price p = {same, 0};
    if (u256_eq(now, value))
        return p;
    if (u256_eq(original, now)) {
        p.gas = u256_is_zero(original) ? 20000 : change;
        p.refund = !u256_is_zero(original) && u256_is_zero(value) ? clear : 0;
        return p;
    }
    if (!u256_is_zero(original)) {
        if (u256_is_zero(now))
            p.refund -= clear;
        else if (u256_is_zero(value))
            p.refund += clear;
    }
    if (u256_eq(original, value))
        p.refund += (u256_is_zero(original) ? 20000 : change) - same;
    return p;
}

static struct write_price old_price(struct u256 now, struct u256 value)
{
    if (u256_is_zero(now) && !u256_is_zero(value))
        return (struct write_price){20000, 0};
    return (struct write_price){5000, !u256_is_zero(now) && u256_is_zero(value) ? 15000 : 0};
}

VM_BODY(sstore)
{
    struct state *s = vm->world->state;
    enum fork fork = vm->fork;
    bool was_warm, net = fork == FORK_CONSTANTINOPLE || fork >= FORK_ISTANBUL;
    if (vm->frame->is_static)
        return vm_fail(vm, FRAME_WRITE_PROTECTION);
    if (fork >= FORK_ISTANBUL && gas <= 2300) /* EIP-2200: not with the stipend of a transfer */
        return -1;
    struct state_slot *slot = slot_of(vm, sp - 1, &was_warm);
    struct u256 now = state_slot_word(slot);
    struct write_price p =
        net ? net_price(fork, state_slot_original(s, slot), now, sp[-2]) : old_price(now, sp[-2]);
    gas -= p.gas + (fork >= FORK_BERLIN && !was_warm ? GAS_COLD_SLOT : 0);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    if (p.refund)
        state_add_refund(s, p.refund);
    if (!u256_eq(now, sp[-2]))
        state_slot_set(s, slot, sp[-2]);
    return gas;
}

void op_tload(struct u256 *sp, struct vm *vm)
{
    struct hash key = vm_hash(sp - 1);
    sp[-1] = state_transient(vm->world->state, &vm->frame->recipient, &key);
}

VM_BODY(tstore)
{
    struct hash key = vm_hash(sp - 1);
    if (vm->frame->is_static)
        return vm_fail(vm, FRAME_WRITE_PROTECTION);
    vm_charged(vm, gas);
    state_set_transient(vm->world->state, &vm->frame->recipient, &key, sp[-2]);
    return gas;
}

/* --- the end of an account -------------------------------------------------------------------- */

/* EIP-150 and EIP-161: creating the heir costs, since EIP-161 only if it inherits anything. */
static bool makes_account(const struct vm *vm, const struct address *heir)
{
    bool pays = vm->fork == FORK_EIP150 || !u256_is_zero(state_account_balance(vm->self));
    return vm->fork >= FORK_EIP150 && pays && !state_exists(vm->world->state, heir);
}

/* EIP-6780: the balance moves; the account goes only if this transaction made it, and only then is
 * what it leaves to itself gone. */
static void leave_to(struct vm *vm, const struct address *heir)
{
    struct state *s = vm->world->state;
    const struct address *self = &vm->frame->recipient;
    const struct tracer *t = vm->world->tracer;
    struct u256 balance = state_account_balance(vm->self);
    bool goes = vm->fork < FORK_CANCUN || state_was_created(s, self);
    bool paid = state_transfer(s, self, heir, balance);
    ASSERT(paid); /* it is all there is */
    if (t && t->self_destruct)
        t->self_destruct(t->ctx, vm->world, self, heir, balance);
    if (!goes)
        return;
    if (address_eq(self, heir) && !u256_is_zero(balance))
        state_set_balance(s, self, U256_ZERO);
    if (state_self_destruct(s, self) && vm->fork < FORK_LONDON)
        state_add_refund(s, 24000);
}

VM_BODY(selfdestruct)
{
    struct address heir = vm_address(sp - 1);
    if (vm->frame->is_static)
        return vm_fail(vm, FRAME_WRITE_PROTECTION);
    if (vm->fork >= FORK_BERLIN && !state_warm_address(vm->world->state, &heir) &&
        !precompile_is(vm->fork, &heir))
        gas -= GAS_COLD_ACCOUNT;
    if (vm->fork >= FORK_EIP150)
        gas -= 5000 + (makes_account(vm, &heir) ? GAS_NEW_ACCOUNT : 0);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    leave_to(vm, &heir);
    vm->status = FRAME_SUCCESS;
    return gas;
}
