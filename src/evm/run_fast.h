/* run_fast: what the threaded and the tail-calling interpreter have in common, for inclusion by
 * run_threaded.c and run_tail.c only. Both run code as code_translate left it, so that every byte
 * has a handler, and check stack and gas with constants of the opcode table.
 *
 * The including file defines, before it expands OPCODES(HANDLER):
 *   BEGIN(name) ... END     a handler; in it pc, sp, gas, vm, bottom are in registers
 *   GO                      runs the instruction at pc
 *   UNFUSE                  runs the single instruction that the code has at pc
 *   STOP(status)            ends the frame as failed
 *   FAILED                  likewise, vm->status is set
 *   FINISHED                ends the frame as a body left it */
#ifndef PARVIS_EVM_RUN_FAST_H
#define PARVIS_EVM_RUN_FAST_H

#define VM_TRACED 0
#include "evm/instructions.h"
#include "evm/opcode.h"

#define NEED(in, out)                                              \
    if ((in) > 0 && UNLIKELY(sp - bottom < (in)))                  \
        STOP(FRAME_STACK_UNDERFLOW);                               \
    if ((out) > (in) && UNLIKELY(sp > vm->limit - ((out) - (in)))) \
        STOP(FRAME_STACK_OVERFLOW);
#define PAY(cost)          \
    gas -= (cost);         \
    if (UNLIKELY(gas < 0)) \
        STOP(FRAME_OUT_OF_GAS);
#define NEXT(in, out, len) \
    sp += (out) - (in);    \
    pc += (len);           \
    GO

/* The handlers, by KIND of the table. */
#define FAST_STACK(name, body, in, out, cost, n) \
    BEGIN(name)                                  \
    NEED(in, out)                                \
    PAY(cost)                                    \
    op_##body(sp);                               \
    NEXT(in, out, 1);                            \
    END
#define FAST_ENV(name, body, in, out, cost, n) \
    BEGIN(name)                                \
    NEED(in, out)                              \
    PAY(cost)                                  \
    op_##body(sp, vm);                         \
    NEXT(in, out, 1);                          \
    END
#define FAST_PUSH(name, body, in, out, cost, n) \
    BEGIN(name)                                 \
    NEED(in, out)                               \
    PAY(cost)                                   \
    op_push(sp, pc + 1, n);                     \
    NEXT(in, out, 1 + n);                       \
    END
#define FAST_DUP(name, body, in, out, cost, n) \
    BEGIN(name)                                \
    NEED(in, out)                              \
    PAY(cost)                                  \
    op_dup(sp, n);                             \
    NEXT(in, out, 1);                          \
    END
#define FAST_SWAP(name, body, in, out, cost, n) \
    BEGIN(name)                                 \
    NEED(in, out)                               \
    PAY(cost)                                   \
    op_swap(sp, n);                             \
    NEXT(in, out, 1);                           \
    END
#define FAST_NOTHING(name, body, in, out, cost, n) \
    BEGIN(name)                                    \
    PAY(cost)                                      \
    NEXT(in, out, 1);                              \
    END
#define FAST_PC(name, body, in, out, cost, n) \
    BEGIN(name)                               \
    NEED(in, out)                             \
    PAY(cost)                                 \
    put_u64(sp, (uint64_t)(pc - vm->text));   \
    NEXT(in, out, 1);                         \
    END
#define FAST_GAS(name, body, in, out, cost, n) \
    BEGIN(name)                                \
    NEED(in, out)                              \
    PAY(cost)                                  \
    gas = op_##body(sp, gas, vm);              \
    if (UNLIKELY(gas < 0))                     \
        FAILED;                                \
    NEXT(in, out, 1);                          \
    END
#define FAST_LOG(name, body, in, out, cost, n) \
    BEGIN(name)                                \
    NEED(in, out)                              \
    PAY(cost)                                  \
    gas = op_log(sp, gas, vm, n);              \
    if (UNLIKELY(gas < 0))                     \
        FAILED;                                \
    NEXT(in, out, 1);                          \
    END
#define FAST_END(name, body, in, out, cost, n) \
    BEGIN(name)                                \
    NEED(in, out)                              \
    PAY(cost)                                  \
    gas = op_##body(sp, gas, vm);              \
    FINISHED;                                  \
    END

/* A jump that is taken runs the JUMPDEST it lands on at once. JUMP_TO: target is where, or NULL;
 * cost what the jump itself takes, which decides how a bad one ends. */
#define JUMP_TO(target, in, cost)                               \
    pc = (target);                                              \
    if (UNLIKELY(!pc))                                          \
        STOP(gas < (cost) ? FRAME_OUT_OF_GAS : FRAME_BAD_JUMP); \
    PAY((cost) + 1)                                             \
    NEXT(in, 0, 1)
#define FAST_JUMP(name, body, in, out, cost, n) \
    BEGIN(name)                                 \
    NEED(in, out)                               \
    JUMP_TO(jump_target(vm, sp - 1), in, cost); \
    END
#define FAST_JUMPI(name, body, in, out, cost, n) \
    BEGIN(name)                                  \
    NEED(in, out)                                \
    if (u256_is_zero(get(sp - 2))) {             \
        PAY(cost)                                \
        NEXT(in, out, 1);                        \
    }                                            \
    JUMP_TO(jump_target(vm, sp - 1), in, cost);  \
    END

#define HANDLER(byte, name, body, in, out, cost, fork, kind, n) \
    FAST_##kind(name, body, in, out, cost, n)

#endif
