#include "evm/vm.h"

#include "base/mem.h"

/* The whole price of a memory of so many words (Yellow Paper, C_mem). */
static int64_t memory_price(uint64_t words)
{
    return (int64_t)(3 * words + words * words / 512);
}

int64_t vm_grow(struct vm *vm, int64_t gas, uint64_t end)
{
    uint64_t words = (end + 31) / 32, had = vm->memory_bytes;
    gas -= memory_price(words) - memory_price(had / 32);
    if (gas < 0)
        return gas;
    uint8_t *from = vm->memory + had, *to = vm->memory + 32 * words;
    if (words * 32 > (uint64_t)(vm->evm->memory_end - vm->memory))
        return -1;
    if (vm->evm->memory_dirty > from) /* the region is used again and again */
        memset(from, 0, (size_t)((to < vm->evm->memory_dirty ? to : vm->evm->memory_dirty) - from));
    if (vm->evm->memory_dirty < to)
        vm->evm->memory_dirty = to;
    vm->memory_bytes = 32 * words;
    return gas;
}

static struct trace_step current_step(const struct vm *vm)
{
    return (struct trace_step){
        .frame = vm->frame,
        .pc = vm->step_pc,
        .opcode = vm->step_opcode,
        .gas = vm->step_gas,
        .stack = vm->bottom,
        .stack_count = (size_t)(vm->step_sp - vm->bottom),
        .memory = bytes_of(vm->memory, vm->step_memory_bytes),
        .return_data = vm->return_data,
        .refund = state_refund(vm->world->state),
    };
}

void vm_report(struct vm *vm, int64_t gas)
{
    const struct tracer *t = vm->world->tracer;
    if (vm->reported)
        return;
    vm->reported = true;
    struct trace_step step = current_step(vm);
    step.gas_cost = vm->step_gas - gas;
    if (t->step)
        t->step(t->ctx, vm->world, &step);
}

void vm_report_fault(struct vm *vm)
{
    const struct tracer *t = vm->world->tracer;
    struct trace_step step = current_step(vm);
    step.error = vm->status;
    if (t->fault)
        t->fault(t->ctx, vm->world, &step);
}
