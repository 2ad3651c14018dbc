/* vm_memory: instructions that move bytes, and the two that cost by the size of an operand. */
#include "evm/vm.h"

#include "crypto/keccak.h"

#define GAS_COPY_WORD 3   /* Yellow Paper, G_copy */
#define GAS_KECCAK_WORD 6 /* G_keccak256word */

VM_BODY(exp)
{
    int64_t bytes = (u256_bit_len(sp[-2]) + 7) / 8;
    gas -= bytes * (vm->fork >= FORK_EIP158 ? 50 : 10); /* EIP-160 */
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    u256_exp(sp - 2, sp - 1, sp - 2);
    return gas;
}

VM_BODY(keccak256)
{
    gas = vm_need(vm, gas, sp - 1, sp - 2);
    if (gas < 0)
        return gas;
    gas -= vm_word_gas(sp[-2].w[0], GAS_KECCAK_WORD);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    struct bytes data = vm_view(vm, sp - 1, sp - 2);
    struct hash h;
    keccak256(&h, data.data, data.len);
    sp[-2] = u256_from_be(h.b);
    return gas;
}

/* Pays for writing `len` bytes of memory at `to` and for copying them. */
static int64_t pay_copy(struct vm *vm, int64_t gas, const struct u256 *to, const struct u256 *len)
{
    gas = vm_need(vm, gas, to, len);
    return gas < 0 ? gas : gas - vm_word_gas(len->w[0], GAS_COPY_WORD);
}

/* Copies from `source` with zeros beyond its end. The memory is paid for. */
static void copy_in(struct vm *vm, const struct u256 *to, struct bytes source,
                    const struct u256 *from, uint64_t len)
{
    if (len == 0)
        return;
    uint8_t *out = vm->memory + to->w[0];
    uint64_t there = 0;
    if (u256_fits_u64(*from) && from->w[0] < source.len) {
        there = source.len - from->w[0] < len ? source.len - from->w[0] : len;
        memmove(out, source.data + from->w[0], there);
    }
    memset(out + there, 0, len - there);
}

VM_BODY(calldatacopy)
{
    bool creates = vm->frame->kind == FRAME_CREATE || vm->frame->kind == FRAME_CREATE2;
    gas = pay_copy(vm, gas, sp - 1, sp - 3);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    copy_in(vm, sp - 1, creates ? bytes_of(NULL, 0) : vm->frame->input, sp - 2, sp[-3].w[0]);
    return gas;
}

VM_BODY(codecopy)
{
    gas = pay_copy(vm, gas, sp - 1, sp - 3);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    copy_in(vm, sp - 1, bytes_of(vm->code->bytes, vm->code->len), sp - 2, sp[-3].w[0]);
    return gas;
}

/* EIP-211: reading beyond what was returned fails, even zero bytes beyond it. */
VM_BODY(returndatacopy)
{
    gas = pay_copy(vm, gas, sp - 1, sp - 3);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    uint64_t end;
    if (!u256_fits_u64(sp[-2]) || __builtin_add_overflow(sp[-2].w[0], sp[-3].w[0], &end) ||
        end > vm->return_data.len)
        return vm_fail(vm, FRAME_RETURN_DATA_BOUNDS);
    copy_in(vm, sp - 1, vm->return_data, sp - 2, sp[-3].w[0]);
    return gas;
}

VM_BODY(mcopy) /* EIP-5656 */
{
    const struct u256 *further = u256_lt(sp[-1], sp[-2]) ? sp - 2 : sp - 1;
    gas = pay_copy(vm, gas, further, sp - 3);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    if (sp[-3].w[0])
        memmove(vm->memory + sp[-1].w[0], vm->memory + sp[-2].w[0], sp[-3].w[0]);
    return gas;
}

VM_BODY(extcodecopy)
{
    struct address a = vm_address(sp - 1);
    gas = vm_access_account(vm, gas, &a);
    if (gas < 0)
        return gas;
    if (vm->fork < FORK_BERLIN)
        gas -= vm->fork >= FORK_EIP150 ? 700 : 20;
    if (gas < 0)
        return gas;
    gas = pay_copy(vm, gas, sp - 2, sp - 4);
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    copy_in(vm, sp - 2, state_code(vm->world->state, &a), sp - 3, sp[-4].w[0]);
    return gas;
}

int64_t op_log(struct u256 *sp, int64_t gas, struct vm *vm, unsigned topics)
{
    struct hash topic[4];
    if (vm->frame->is_static)
        return vm_fail(vm, FRAME_WRITE_PROTECTION);
    gas = vm_need(vm, gas, sp - 1, sp - 2);
    if (gas < 0)
        return gas;
    gas -= 8 * (int64_t)sp[-2].w[0];
    if (gas < 0)
        return gas;
    vm_charged(vm, gas);
    for (unsigned i = 0; i < topics; i++)
        topic[i] = vm_hash(sp - 3 - i);
    state_add_log(vm->world->state, &vm->frame->recipient, topic, topics,
                  vm_view(vm, sp - 1, sp - 2));
    return gas;
}
