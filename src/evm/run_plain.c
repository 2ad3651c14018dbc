/* run_plain: the plain interpreter. It runs the code as it stands, takes stack and gas needs from
 * the table of opcodes, and reports to a tracer. The others are measured against its results. */
#include "evm/instructions.h"
#include "evm/opcode.h"

/* What follows a body, by KIND of the table. */
#define PLAIN_STACK(body, n) \
    vm_charged(vm, gas);     \
    op_##body(sp)
#define PLAIN_ENV(body, n) \
    vm_charged(vm, gas);   \
    op_##body(sp, vm)
#define PLAIN_PUSH(body, n) \
    vm_charged(vm, gas);    \
    op_push(sp, pc + 1, n); \
    pc += n
#define PLAIN_DUP(body, n) \
    vm_charged(vm, gas);   \
    op_dup(sp, n)
#define PLAIN_SWAP(body, n) \
    vm_charged(vm, gas);    \
    op_swap(sp, n)
#define PLAIN_NOTHING(body, n) vm_charged(vm, gas)
#define PLAIN_PC(body, n) \
    vm_charged(vm, gas);  \
    put_u64(sp, (uint64_t)(pc - vm->text))
#define PLAIN_GAS(body, n) gas = op_##body(sp, gas, vm)
#define PLAIN_LOG(body, n) gas = op_log(sp, gas, vm, n)
#define PLAIN_END(body, n)        \
    gas = op_##body(sp, gas, vm); \
    if (gas >= 0)                 \
        return gas;
#define PLAIN_JUMP(body, n)                 \
    vm_charged(vm, gas);                    \
    if (!jump_target(vm, sp - 1))           \
        return vm_fail(vm, FRAME_BAD_JUMP); \
    pc = jump_target(vm, sp - 1) - 1
#define PLAIN_JUMPI(body, n)          \
    vm_charged(vm, gas);              \
    if (!u256_is_zero(get(sp - 2))) { \
        PLAIN_JUMP(body, n);          \
    }

static void begin_step(struct vm *vm, const uint8_t *pc, int64_t gas, struct u256 *sp)
{
    vm->reported = false;
    vm->step_opcode = *pc;
    vm->step_pc = (uint32_t)(pc - vm->text);
    vm->step_gas = gas;
    vm->step_sp = sp;
    vm->step_memory_bytes = vm->memory_bytes;
}

/* Whether the instruction may begin: known, its operands there, room for its results. */
static bool is_ready(struct vm *vm, uint8_t opcode, const struct u256 *sp)
{
    const struct opcode_info *info = &OPCODE_INFO[opcode];
    int64_t height = sp - vm->bottom;
    if (!opcode_is_valid(opcode, vm->fork))
        vm->status = FRAME_INVALID_OPCODE;
    else if (height < info->in)
        vm->status = FRAME_STACK_UNDERFLOW;
    else if (height - info->in + info->out > LIMIT_EVM_STACK_WORDS)
        vm->status = FRAME_STACK_OVERFLOW;
    else
        return true;
    return false;
}

/* Returns the gas left; negative when the frame failed. */
static int64_t run(struct vm *vm, int64_t gas)
{
    const uint8_t *pc = vm->text;
    struct u256 *sp = vm->bottom;
    for (;; pc++) {
        const struct opcode_info *info = &OPCODE_INFO[*pc];
        if (UNLIKELY(vm->tracing))
            begin_step(vm, pc, gas, sp);
        if (!is_ready(vm, *pc, sp))
            return -1;
        gas -= info->gas;
        if (gas < 0)
            return gas;
        switch ((enum opcode) * pc) {
#define X(byte, name, body, in, out, gas_cost, fork, kind, n) \
    case OP_##name: {                                         \
        PLAIN_##kind(body, n);                                \
        break;                                                \
    }
            OPCODES(X)
#undef X
        }
        if (gas < 0)
            return gas;
        sp += info->out - info->in;
    }
}

void vm_run_plain(struct vm *vm, int64_t gas)
{
    vm->gas_left = run(vm, gas);
    if (vm->gas_left < 0 && vm->tracing) {
        vm_report(vm, vm->gas_left);
        vm_report_fault(vm);
    }
}
