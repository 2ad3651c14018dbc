/* vm_call: instructions that start another frame. */
#include "evm/vm.h"

#define GAS_CALL_VALUE 9000
#define GAS_CALL_STIPEND 2300
#define GAS_NEW_ACCOUNT 25000
#define GAS_INIT_CODE_WORD 2 /* EIP-3860 */
#define GAS_HASH_WORD 6

/* EIP-150: a sixty-fourth always stays with the caller. */
static int64_t most_of(int64_t gas)
{
    return gas - gas / 64;
}

/* run_frame starts the child above this frame's operands and memory and takes what comes back. */
static void run_frame(struct vm *vm, struct u256 *sp, const struct frame *child,
                      struct frame_result *result)
{
    struct evm *e = vm->evm;
    struct u256 *stack_top = e->stack_top;
    uint8_t *memory_top = e->memory_top;
    e->stack_top = sp;
    e->memory_top = vm->memory + vm->memory_bytes;
    frame_call(vm->world, child, result);
    e->stack_top = stack_top;
    e->memory_top = memory_top;
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Where the operands of a call lie: DELEGATECALL and STATICCALL have no value. */
struct call_operands {
    struct u256 *gas, *to, *in, *in_len, *out, *out_len;
    struct u256 value;
};

static struct call_operands operands_of(struct u256 *sp, bool with_value)
{
    struct u256 *rest = sp - (with_value ? 3 : 2);
    struct call_operands o = {sp - 1, sp - 2, rest - 1, rest - 2, rest - 3, rest - 4, U256_ZERO};
    if (with_value)
        o.value = *rest;
    return o;
}

/* What the account called costs to look at; EIP-7702: one that delegates costs its target too. */
static int64_t pay_access(struct vm *vm, int64_t gas, const struct address *to)
{
    if (vm->fork < FORK_BERLIN)
        return gas - (vm->fork >= FORK_EIP150 ? 700 : 40);
    gas = vm_access_account(vm, gas, to);
    struct address target;
    if (gas >= 0 && vm->fork >= FORK_PRAGUE &&
        evm_delegation(state_code(vm->world->state, to), &target))
        gas = vm_access_account(vm, gas, &target);
    return gas;
}

static int64_t pay_value(struct vm *vm, int64_t gas, const struct address *to, bool pays,
                         bool is_call)
{
    if (pays)
        gas -= GAS_CALL_VALUE;
    if (is_call && (pays || vm->fork < FORK_EIP158) && !state_exists(vm->world->state, to))
        gas -= GAS_NEW_ACCOUNT;
    return gas;
}

/* The gas for the callee out of `gas`; negative if there is not as much (before EIP-150). */
static int64_t callee_gas(const struct vm *vm, int64_t gas, const struct u256 *asked)
{
    bool fits = u256_fits_u64(*asked) && asked->w[0] <= INT64_MAX;
    int64_t most = vm->fork >= FORK_EIP150 ? most_of(gas) : gas;
    if (fits && (int64_t)asked->w[0] <= most)
        return (int64_t)asked->w[0];
    return vm->fork >= FORK_EIP150 ? most : -1;
}

/* pay_call charges all but the callee's gas and fills in the frame. */
static int64_t pay_call(struct vm *vm, int64_t gas, const struct call_operands *o,
                        struct frame *child, bool pays)
{
    gas = pay_access(vm, gas, &child->code_address);
    if (gas < 0)
        return gas;
    gas = vm_need(vm, gas, o->in, o->in_len);
    if (gas < 0)
        return gas;
    gas = vm_need(vm, gas, o->out, o->out_len);
    if (gas < 0)
        return gas;
    gas = pay_value(vm, gas, &child->code_address, pays, child->kind == FRAME_CALL);
    if (gas < 0)
        return gas;
    child->gas = callee_gas(vm, gas, o->gas);
    child->input = vm_view(vm, o->in, o->in_len);
    return child->gas < 0 ? -1 : gas - child->gas;
}

static int64_t finish_call(struct vm *vm, int64_t gas, struct u256 *sp,
                           const struct call_operands *o, const struct frame *child,
                           struct u256 *answer)
{
    struct frame_result result;
    vm->return_data = bytes_of(NULL, 0);
    run_frame(vm, sp, child, &result);
    vm->return_data = result.output;
    uint64_t len = result.output.len < o->out_len->w[0] ? result.output.len : o->out_len->w[0];
    if (len)
        memcpy(vm->memory + o->out->w[0], result.output.data, len);
    *answer = u256_from_bool(result.status == FRAME_SUCCESS);
    return gas + result.gas_left;
}

VM_BODY(call)
{
    struct call_operands o = operands_of(sp, true);
    bool pays = !u256_is_zero(o.value);
    struct frame child = {.kind = FRAME_CALL,
                          .is_static = vm->frame->is_static,
                          .depth = vm->frame->depth + 1,
                          .caller = vm->frame->recipient,
                          .recipient = vm_address(o.to),
                          .code_address = vm_address(o.to),
                          .value = o.value};
    if (pays && vm->frame->is_static)
        return vm_fail(vm, FRAME_WRITE_PROTECTION);
    gas = pay_call(vm, gas, &o, &child, pays);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    child.gas += pays ? GAS_CALL_STIPEND : 0;
    return finish_call(vm, gas, sp, &o, &child, sp - 7);
}

VM_BODY(callcode)
{
    struct call_operands o = operands_of(sp, true);
    bool pays = !u256_is_zero(o.value);
    struct frame child = {.kind = FRAME_CALLCODE,
                          .is_static = vm->frame->is_static,
                          .depth = vm->frame->depth + 1,
                          .caller = vm->frame->recipient,
                          .recipient = vm->frame->recipient,
                          .code_address = vm_address(o.to),
                          .value = o.value};
    gas = pay_call(vm, gas, &o, &child, pays);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    child.gas += pays ? GAS_CALL_STIPEND : 0;
    return finish_call(vm, gas, sp, &o, &child, sp - 7);
}

VM_BODY(delegatecall)
{
    struct call_operands o = operands_of(sp, false);
    struct frame child = {.kind = FRAME_DELEGATECALL,
                          .is_static = vm->frame->is_static,
                          .depth = vm->frame->depth + 1,
                          .caller = vm->frame->caller,
                          .recipient = vm->frame->recipient,
                          .code_address = vm_address(o.to),
                          .value = vm->frame->value};
    gas = pay_call(vm, gas, &o, &child, false);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    return finish_call(vm, gas, sp, &o, &child, sp - 6);
}

VM_BODY(staticcall)
{
    struct call_operands o = operands_of(sp, false);
    struct frame child = {.kind = FRAME_CALL,
                          .is_static = true,
                          .depth = vm->frame->depth + 1,
                          .caller = vm->frame->recipient,
                          .recipient = vm_address(o.to),
                          .code_address = vm_address(o.to)};
    gas = pay_call(vm, gas, &o, &child, false);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    return finish_call(vm, gas, sp, &o, &child, sp - 6);
}

/* --- creations -------------------------------------------------------------------------------- */

static int64_t create(struct u256 *sp, int64_t gas, struct vm *vm, enum frame_kind kind)
{
    struct frame child = {.kind = kind,
                          .depth = vm->frame->depth + 1,
                          .caller = vm->frame->recipient,
                          .value = sp[-1]};
    bool hashes = kind == FRAME_CREATE2, pays_words = vm->fork >= FORK_SHANGHAI;
    if (vm->frame->is_static)
        return vm_fail(vm, FRAME_WRITE_PROTECTION);
    gas = vm_need(vm, gas, sp - 2, sp - 3);
    if (gas < 0)
        return gas;
    if (pays_words && sp[-3].w[0] > LIMIT_INITCODE_BYTES)
        return vm_fail(vm, FRAME_INITCODE_SIZE);
    gas -= vm_word_gas(sp[-3].w[0],
                       (hashes ? GAS_HASH_WORD : 0) + (pays_words ? GAS_INIT_CODE_WORD : 0));
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    child.gas = vm->fork >= FORK_EIP150 ? most_of(gas) : gas;
    child.input = vm_view(vm, sp - 2, sp - 3);
    if (hashes)
        child.salt = vm_hash(sp - 4);
    struct u256 *answer = sp - (hashes ? 4 : 3);
    struct frame_result result;
    vm->return_data = bytes_of(NULL, 0);
    run_frame(vm, sp, &child, &result);
    if (result.status == FRAME_REVERT)
        vm->return_data = result.output;
    if (result.status == FRAME_SUCCESS)
        vm_put_address(answer, &result.created);
    else
        *answer = U256_ZERO;
    return gas - child.gas + result.gas_left;
}

VM_BODY(create)
{
    return create(sp, gas, vm, FRAME_CREATE);
}

VM_BODY(create2)
{
    return create(sp, gas, vm, FRAME_CREATE2);
}
