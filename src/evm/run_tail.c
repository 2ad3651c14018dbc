/* run_tail: the interpreter as a function per handler, each of which ends in a jump to the next
 * one. The compiler then gives every handler its own registers, and what is rare in one costs the
 * others nothing. Needs guaranteed tail calls; without them this file has nothing to run. */
#include "evm/vm.h"

#if defined(__clang__) && defined(__has_attribute)
#if __has_attribute(musttail) && !defined(PARVIS_NO_TAIL)
#define HAS_TAIL 1
#endif
#endif

#ifndef HAS_TAIL

const bool VM_HAS_TAIL = false, VM_TAIL_IS_FASTER = false;

void vm_run_tail(struct vm *vm, int64_t gas)
{
    vm_run_threaded(vm, gas);
}

#else

#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Winitializer-overrides"

#undef VM_TRACED
#include "evm/run_fast.h"
#include "evm/run_fused.h"

/* With preserve_none the arguments lie in registers that the functions called from a handler keep,
 * and a handler saves none. */
#if __has_attribute(preserve_none)
#define HANDLER_CALL __attribute__((preserve_none))
const bool VM_TAIL_IS_FASTER = true;
#else
#define HANDLER_CALL
const bool VM_TAIL_IS_FASTER = false;
#endif

const bool VM_HAS_TAIL = true;

#define PARAMETERS                                                                       \
    const uint8_t *pc, struct u256 *sp, int64_t gas, struct vm *vm, struct u256 *bottom, \
        const void *table
typedef HANDLER_CALL void handler(PARAMETERS);

#define GO \
    __attribute__((musttail)) return ((handler *const *)table)[*pc](pc, sp, gas, vm, bottom, table)
#define BEGIN(name)                                 \
    static HANDLER_CALL void run_##name(PARAMETERS) \
    {
#define END }
#define STOP(why) __attribute__((musttail)) return stop(pc, sp, (why), vm, bottom, table)
#define UNFUSE                                                                                    \
    __attribute__((musttail)) return ((handler *const *)table)[pc[vm->to_bytes]](pc, sp, gas, vm, \
                                                                                 bottom, table)
#define FAILED STOP(vm->status)
#define FINISHED        \
    vm->gas_left = gas; \
    return

/* gas carries the status here, for all handlers have one signature */
static HANDLER_CALL __attribute__((noinline)) void stop(PARAMETERS)
{
    (void)pc, (void)sp, (void)bottom, (void)table;
    vm->status = (enum frame_status)gas;
    vm->gas_left = -1;
}

OPCODES(HANDLER)
FUSED_HANDLERS

#define X(byte, name, body, in, out, cost, fork, kind, n) [byte] = run_##name,
static handler *const TABLE[256] = {[0 ... 255] = run_INVALID,
                                    OPCODES(X)
#undef X
#define X(byte, name) [byte] = run_##name,
                                        FUSED(X)};
#undef X

void vm_run_tail(struct vm *vm, int64_t gas)
{
    TABLE[*vm->text](vm->text, vm->bottom, gas, vm, vm->bottom, TABLE);
}

#endif
