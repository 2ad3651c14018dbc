/* instructions: the bodies that every flavour of the interpreter has inline, one text for all.
 * Conventions: evm/vm.h. How a body of each KIND is called: evm/interpreter.h. The others are in
 * vm_memory.c, vm_state.c and vm_call.c. */
#ifndef PARVIS_EVM_INSTRUCTIONS_H
#define PARVIS_EVM_INSTRUCTIONS_H

#include "evm/vm.h"

#define BODY static inline __attribute__((always_inline))

/* get and put read and write a word limb by limb: see u256_copy. A word that is passed on as *sp
 * would be copied whole, through vector registers, by some compilers. */
BODY struct u256 get(const struct u256 *p)
{
    return (struct u256){{p->w[0], p->w[1], p->w[2], p->w[3]}};
}

BODY void put(struct u256 *out, struct u256 v)
{
    u256_copy(out, &v);
}

BODY void put_u64(struct u256 *out, uint64_t v)
{
    out->w[0] = v, out->w[1] = 0, out->w[2] = 0, out->w[3] = 0;
}

/* --- arithmetic and comparison ---------------------------------------------------------------- */

BODY void op_add(struct u256 *sp)
{
    put(sp - 2, u256_add_wrap(get(sp - 1), get(sp - 2)));
}

BODY void op_mul(struct u256 *sp)
{
    put(sp - 2, u256_mul_wrap(get(sp - 1), get(sp - 2)));
}

BODY void op_sub(struct u256 *sp)
{
    put(sp - 2, u256_sub_wrap(get(sp - 1), get(sp - 2)));
}

BODY void op_div(struct u256 *sp)
{
    u256_div(sp - 2, sp - 1, sp - 2);
}

BODY void op_sdiv(struct u256 *sp)
{
    u256_sdiv(sp - 2, sp - 1, sp - 2);
}

BODY void op_mod(struct u256 *sp)
{
    u256_mod(sp - 2, sp - 1, sp - 2);
}

BODY void op_smod(struct u256 *sp)
{
    u256_smod(sp - 2, sp - 1, sp - 2);
}

BODY void op_addmod(struct u256 *sp)
{
    u256_addmod(sp - 3, sp - 1, sp - 2, sp - 3);
}

BODY void op_mulmod(struct u256 *sp, struct vm *vm)
{
    u256_mulmod(sp - 3, sp - 1, sp - 2, sp - 3, &vm->evm->reciprocal);
}

BODY void op_signextend(struct u256 *sp)
{
    put(sp - 2, u256_signextend(get(sp - 2), get(sp - 1)));
}

BODY void op_lt(struct u256 *sp)
{
    put_u64(sp - 2, u256_lt(get(sp - 1), get(sp - 2)));
}

BODY void op_gt(struct u256 *sp)
{
    put_u64(sp - 2, u256_gt(get(sp - 1), get(sp - 2)));
}

BODY void op_slt(struct u256 *sp)
{
    put_u64(sp - 2, u256_slt(get(sp - 1), get(sp - 2)));
}

BODY void op_sgt(struct u256 *sp)
{
    put_u64(sp - 2, u256_sgt(get(sp - 1), get(sp - 2)));
}

BODY void op_eq(struct u256 *sp)
{
    put_u64(sp - 2, u256_eq(get(sp - 1), get(sp - 2)));
}

BODY void op_iszero(struct u256 *sp)
{
    put_u64(sp - 1, u256_is_zero(get(sp - 1)));
}

/* --- bits ------------------------------------------------------------------------------------- */

BODY void op_and(struct u256 *sp)
{
    put(sp - 2, u256_and(get(sp - 1), get(sp - 2)));
}

BODY void op_or(struct u256 *sp)
{
    put(sp - 2, u256_or(get(sp - 1), get(sp - 2)));
}

BODY void op_xor(struct u256 *sp)
{
    put(sp - 2, u256_xor(get(sp - 1), get(sp - 2)));
}

BODY void op_not(struct u256 *sp)
{
    put(sp - 1, u256_not(get(sp - 1)));
}

BODY void op_byte(struct u256 *sp)
{
    put_u64(sp - 2, u256_byte(get(sp - 2), get(sp - 1)));
}

BODY void op_shl(struct u256 *sp)
{
    put(sp - 2, u256_shl(get(sp - 2), get(sp - 1)));
}

BODY void op_shr(struct u256 *sp)
{
    put(sp - 2, u256_shr(get(sp - 2), get(sp - 1)));
}

BODY void op_sar(struct u256 *sp)
{
    put(sp - 2, u256_sar(get(sp - 2), get(sp - 1)));
}

BODY void op_clz(struct u256 *sp)
{
    put_u64(sp - 1, u256_clz(get(sp - 1)));
}

/* --- environment ------------------------------------------------------------------------------ */

BODY void op_address(struct u256 *sp, struct vm *vm)
{
    vm_put_address(sp, &vm->frame->recipient);
}

BODY void op_origin(struct u256 *sp, struct vm *vm)
{
    vm_put_address(sp, &vm->world->origin);
}

BODY void op_caller(struct u256 *sp, struct vm *vm)
{
    vm_put_address(sp, &vm->frame->caller);
}

BODY void op_callvalue(struct u256 *sp, struct vm *vm)
{
    u256_copy(sp, &vm->frame->value);
}

/* The call data; empty for init code, whose frame has the code in input. */
BODY struct bytes call_data(const struct vm *vm)
{
    bool creates = vm->frame->kind == FRAME_CREATE || vm->frame->kind == FRAME_CREATE2;
    return creates ? bytes_of(NULL, 0) : vm->frame->input;
}

BODY void op_calldataload(struct u256 *sp, struct vm *vm)
{
    struct bytes data = call_data(vm);
    uint64_t at = sp[-1].w[0];
    if (LIKELY(u256_fits_u64(get(sp - 1)) && data.len >= 32 && at <= data.len - 32)) {
        put(sp - 1, u256_from_be(data.data + at));
        return;
    }
    uint8_t word[32] = {0};
    if (u256_fits_u64(get(sp - 1)) && at < data.len)
        memcpy(word, data.data + at, data.len - at < 32 ? data.len - at : 32);
    put(sp - 1, u256_from_be(word));
}

BODY void op_calldatasize(struct u256 *sp, struct vm *vm)
{
    put_u64(sp, call_data(vm).len);
}

BODY void op_codesize(struct u256 *sp, struct vm *vm)
{
    put_u64(sp, vm->code->len);
}

BODY void op_gasprice(struct u256 *sp, struct vm *vm)
{
    u256_copy(sp, &vm->world->gas_price);
}

BODY void op_returndatasize(struct u256 *sp, struct vm *vm)
{
    put_u64(sp, vm->return_data.len);
}

BODY void op_coinbase(struct u256 *sp, struct vm *vm)
{
    vm_put_address(sp, &vm->block->beneficiary);
}

BODY void op_timestamp(struct u256 *sp, struct vm *vm)
{
    put_u64(sp, vm->block->timestamp_s);
}

BODY void op_number(struct u256 *sp, struct vm *vm)
{
    put_u64(sp, vm->block->number);
}

BODY void op_prevrandao(struct u256 *sp, struct vm *vm)
{
    if (vm->fork >= FORK_PARIS)
        put(sp, u256_from_be(vm->block->prev_randao.b));
    else
        u256_copy(sp, &vm->block->difficulty);
}

BODY void op_gaslimit(struct u256 *sp, struct vm *vm)
{
    put_u64(sp, vm->block->gas_limit);
}

BODY void op_chainid(struct u256 *sp, struct vm *vm)
{
    put_u64(sp, vm->block->chain_id);
}

BODY void op_basefee(struct u256 *sp, struct vm *vm)
{
    u256_copy(sp, &vm->block->base_fee);
}

BODY void op_blobhash(struct u256 *sp, struct vm *vm)
{
    const struct world *w = vm->world;
    if (u256_fits_u64(get(sp - 1)) && sp[-1].w[0] < w->blob_hash_count)
        put(sp - 1, u256_from_be(w->blob_hashes[sp[-1].w[0]].b));
    else
        put_u64(sp - 1, 0);
}

BODY void op_blobbasefee(struct u256 *sp, struct vm *vm)
{
    u256_copy(sp, &vm->block->blob_base_fee);
}

BODY void op_msize(struct u256 *sp, struct vm *vm)
{
    put_u64(sp, vm->memory_bytes);
}

BODY int64_t op_gas(struct u256 *sp, int64_t gas, struct vm *vm)
{
    vm_charged(vm, gas);
    put_u64(sp, (uint64_t)gas);
    return gas;
}

/* --- stack and memory ------------------------------------------------------------------------- */

BODY void op_pop(struct u256 *sp)
{
    (void)sp;
}

BODY void op_push0(struct u256 *sp)
{
    put_u64(sp, 0);
}

/* limb i of the n bytes at p, read as one number */
BODY uint64_t immediate_limb(const uint8_t *p, int n, int i)
{
    if (n >= 8 * (i + 1))
        return be64_get(p + n - 8 * (i + 1));
    return n > 8 * i ? be64_get(p) >> (64 - 8 * (n - 8 * i)) : 0;
}

BODY void op_push(struct u256 *sp, const uint8_t *p, int n)
{
    sp->w[0] = n == 1 ? *p : immediate_limb(p, n, 0);
    sp->w[1] = immediate_limb(p, n, 1);
    sp->w[2] = immediate_limb(p, n, 2);
    sp->w[3] = immediate_limb(p, n, 3);
}

BODY void op_dup(struct u256 *sp, int n)
{
    u256_copy(sp, sp - n);
}

BODY void op_swap(struct u256 *sp, int n)
{
    struct u256 *a = sp - 1, *b = sp - 1 - n;
    for (int i = 0; i < 4; i++) {
        uint64_t x = a->w[i], y = b->w[i];
        __asm__("" : "+r"(x), "+r"(y));
        a->w[i] = y, b->w[i] = x;
    }
}

/* vm_need for a region of fixed length: MLOAD, MSTORE, MSTORE8. */
BODY int64_t need_small(struct vm *vm, int64_t gas, const struct u256 *offset, uint64_t len)
{
    uint64_t at = offset->w[0];
    if (UNLIKELY((offset->w[1] | offset->w[2] | offset->w[3]) || at >> VM_MEMORY_BITS))
        return -1;
    return LIKELY(at + len <= vm->memory_bytes) ? gas : vm_grow(vm, gas, at + len);
}

BODY int64_t op_mload(struct u256 *sp, int64_t gas, struct vm *vm)
{
    gas = need_small(vm, gas, sp - 1, 32);
    if (UNLIKELY(gas < 0))
        return gas;
    vm_charged(vm, gas);
    put(sp - 1, u256_from_be(vm->memory + sp[-1].w[0]));
    return gas;
}

BODY void put_be(uint8_t *to, const struct u256 *word)
{
    uint64_t w0 = word->w[0], w1 = word->w[1], w2 = word->w[2], w3 = word->w[3];
    __asm__("" : "+r"(w0), "+r"(w1), "+r"(w2), "+r"(w3)); /* as u256_copy */
    be64_put(to, w3);
    be64_put(to + 8, w2);
    be64_put(to + 16, w1);
    be64_put(to + 24, w0);
}

/* The number whose lowest n bits are set and no other; n < 256. */
BODY struct u256 low_bits(unsigned n)
{
    return u256_sub_wrap(u256_shl_bits(u256_from_u64(1), n), u256_from_u64(1));
}

BODY int64_t op_mstore(struct u256 *sp, int64_t gas, struct vm *vm)
{
    gas = need_small(vm, gas, sp - 1, 32);
    if (UNLIKELY(gas < 0))
        return gas;
    vm_charged(vm, gas);
    put_be(vm->memory + sp[-1].w[0], sp - 2);
    return gas;
}

BODY int64_t op_mstore8(struct u256 *sp, int64_t gas, struct vm *vm)
{
    gas = need_small(vm, gas, sp - 1, 1);
    if (UNLIKELY(gas < 0))
        return gas;
    vm_charged(vm, gas);
    vm->memory[sp[-1].w[0]] = (uint8_t)sp[-2].w[0];
    return gas;
}

/* --- control ---------------------------------------------------------------------------------- */

/* The position in the running copy that the word names, or NULL. */
BODY const uint8_t *jump_target(const struct vm *vm, const struct u256 *to)
{
    uint64_t pc = to->w[0];
    if (UNLIKELY((to->w[1] | to->w[2] | to->w[3]) || pc >= vm->code_len))
        return NULL;
    return LIKELY(vm->jumpdests[pc >> 3] >> (pc & 7) & 1) ? vm->text + pc : NULL;
}

BODY int64_t op_stop(struct u256 *sp, int64_t gas, struct vm *vm)
{
    (void)sp;
    vm_charged(vm, gas);
    vm->status = FRAME_SUCCESS;
    return gas;
}

BODY int64_t op_invalid(struct u256 *sp, int64_t gas, struct vm *vm)
{
    (void)sp;
    vm_charged(vm, gas);
    return vm_fail(vm, FRAME_INVALID_OPCODE);
}

BODY int64_t end_with(struct u256 *sp, int64_t gas, struct vm *vm, enum frame_status status)
{
    gas = vm_need(vm, gas, sp - 1, sp - 2);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    vm->output = vm_view(vm, sp - 1, sp - 2);
    vm->status = status;
    return gas;
}

BODY int64_t op_return(struct u256 *sp, int64_t gas, struct vm *vm)
{
    return end_with(sp, gas, vm, FRAME_SUCCESS);
}

BODY int64_t op_revert(struct u256 *sp, int64_t gas, struct vm *vm)
{
    return end_with(sp, gas, vm, FRAME_REVERT);
}

#endif
