/* run_fused: the handlers of FUSED (evm/translate.h), for inclusion after run_fast.h. They have
 * only the usual way: when the stack, the gas or the memory might not do, UNFUSE runs the first of
 * the single instructions instead, and the rest follow as they stand in the code. */
#ifndef PARVIS_EVM_RUN_FUSED_H
#define PARVIS_EVM_RUN_FUSED_H

#include "evm/translate.h"

/* in: words that must be there; grow: by how many the stack grows at its highest; cost: of all. */
#define CAN(in, grow, cost)                                                      \
    if (UNLIKELY(sp - bottom < (in) || sp > vm->limit - (grow) || gas < (cost))) \
        UNFUSE;                                                                  \
    gas -= (cost);

/* Ends a sequence with PUSH2 and JUMPI; the target stands at pc + at. */
#define BRANCH(taken, in, at)                                 \
    if (taken) {                                              \
        PAY(1) /* the JUMPDEST */                             \
        pc = vm->text + ((size_t)pc[at] << 8 | pc[(at) + 1]); \
        NEXT(in, 0, 1);                                       \
    }                                                         \
    NEXT(in, 0, (at) + 3);

#define COMPARE_HANDLERS(name, compare)                                                           \
    BEGIN(name##_JUMPI)                                                                           \
    CAN(2, 0, 16)                                                                                 \
    BRANCH(compare(get(sp - 1), get(sp - 2)), 2, 2)                                               \
    END BEGIN(name##_ISZERO_JUMPI) CAN(2, 0, 19) BRANCH(!compare(get(sp - 1), get(sp - 2)), 2, 3) \
        END

/* PUSH of one limb and an operation on it and the top: the result takes the top's place. */
#define CONSTANT_HANDLER(name, value, cost, len, result) \
    BEGIN(name)                                          \
    CAN(1, 1, cost)                                      \
    uint64_t constant = (value);                         \
    struct u256 top = get(sp - 1);                       \
    put(sp - 1, result);                                 \
    NEXT(0, 0, len);                                     \
    END

#define SWAP_POP_HANDLER(n)          \
    BEGIN(SWAP##n##_POP)             \
    CAN((n) + 1, 0, 5)               \
    u256_copy(sp - 1 - (n), sp - 1); \
    NEXT(1, 0, 2);                   \
    END

#define DUP_ADD_HANDLER(n)                                  \
    BEGIN(DUP##n##_ADD)                                     \
    CAN(n, 1, 6)                                            \
    put(sp - 1, u256_add_wrap(get(sp - (n)), get(sp - 1))); \
    NEXT(0, 0, 2);                                          \
    END

/* Memory that is there already. */
#define HAS_WORD(offset) (LIKELY((offset) < vm->memory_bytes && vm->memory_bytes - (offset) >= 32))

#define FUSED_HANDLERS                                                                             \
    BEGIN(PUSH2_JUMP)                                                                              \
    CAN(0, 1, 12)                                                                                  \
    pc = vm->text + ((size_t)pc[1] << 8 | pc[2]);                                                  \
    NEXT(0, 0, 1);                                                                                 \
    END BEGIN(PUSH2_JUMPI) CAN(1, 1, 13) BRANCH(!u256_is_zero(get(sp - 1)), 1, 1)                  \
        END BEGIN(ISZERO_JUMPI) CAN(1, 1, 16) BRANCH(u256_is_zero(get(sp - 1)), 1, 2)              \
            END COMPARE_HANDLERS(LT, u256_lt) COMPARE_HANDLERS(GT, u256_gt)                        \
                COMPARE_HANDLERS(SLT, u256_slt) COMPARE_HANDLERS(SGT, u256_sgt)                    \
                    COMPARE_HANDLERS(EQ, u256_eq) BEGIN(SELECTOR_JUMPI) CAN(1, 2, 22)              \
                        BRANCH(u256_eq(get(sp - 1), u256_from_u64(be32_get(pc + 2))), 0, 8)        \
                            END BEGIN(POP_JUMP) const uint8_t *target =                            \
                                sp - bottom < 2 ? NULL : jump_target(vm, sp - 2);                  \
    if (UNLIKELY(!target || gas < 11))                                                             \
        UNFUSE;                                                                                    \
    gas -= 11;                                                                                     \
    pc = target;                                                                                   \
    NEXT(2, 0, 1);                                                                                 \
    END CONSTANT_HANDLER(PUSH1_ADD, pc[1], 6, 3, u256_add_wrap(top, u256_from_u64(constant)))      \
        CONSTANT_HANDLER(PUSH1_SUB, pc[1], 6, 3, u256_sub_wrap(u256_from_u64(constant), top))      \
            CONSTANT_HANDLER(PUSH1_MUL, pc[1], 8, 3, u256_mul_wrap(u256_from_u64(constant), top))  \
                CONSTANT_HANDLER(PUSH1_AND, pc[1], 6, 3, u256_from_u64(constant &top.w[0]))        \
                    CONSTANT_HANDLER(PUSH1_SHL, pc[1], 6, 3,                                       \
                                     u256_shl_bits(top, (unsigned)constant))                       \
                        CONSTANT_HANDLER(PUSH1_SHR, pc[1], 6, 3,                                   \
                                         u256_shr_bits(top, (unsigned)constant))                   \
                            CONSTANT_HANDLER(PUSH1_EQ, pc[1], 6, 3,                                \
                                             u256_from_u64(u256_eq(top, u256_from_u64(constant)))) \
                                CONSTANT_HANDLER(PUSH2_ADD, (uint64_t)pc[1] << 8 | pc[2], 6, 4,    \
                                                 u256_add_wrap(top, u256_from_u64(constant)))      \
                                    CONSTANT_HANDLER(PUSH4_AND, be32_get(pc + 1), 6, 6,            \
                                                     u256_from_u64(constant &top.w[0]))            \
                                        BEGIN(PUSH1_SHR_AND) CAN(2, 1, 9) put(                     \
                                            sp - 2, u256_and(get(sp - 2),                          \
                                                             u256_shr_bits(get(sp - 1), pc[1])));  \
    NEXT(1, 0, 4);                                                                                 \
    END BEGIN(PUSH1_MLOAD) if (!HAS_WORD(pc[1])) UNFUSE;                                           \
    CAN(0, 1, 6)                                                                                   \
    put(sp, u256_from_be(vm->memory + pc[1]));                                                     \
    NEXT(0, 1, 3);                                                                                 \
    END BEGIN(PUSH1_MSTORE) if (!HAS_WORD(pc[1])) UNFUSE;                                          \
    CAN(1, 1, 6)                                                                                   \
    put_be(vm->memory + pc[1], sp - 1);                                                            \
    NEXT(1, 0, 3);                                                                                 \
    END BEGIN(PUSH1_PUSH1) CAN(0, 2, 6) put_u64(sp, pc[1]);                                        \
    put_u64(sp + 1, pc[3]);                                                                        \
    NEXT(0, 2, 4);                                                                                 \
    END BEGIN(PUSH1_DUP1) CAN(0, 2, 6) put_u64(sp, pc[1]);                                         \
    put_u64(sp + 1, pc[1]);                                                                        \
    NEXT(0, 2, 3);                                                                                 \
    END BEGIN(PUSH1_DUP2) CAN(1, 2, 6) put_u64(sp, pc[1]);                                         \
    u256_copy(sp + 1, sp - 1);                                                                     \
    NEXT(0, 2, 3);                                                                                 \
    END BEGIN(PUSH1_SWAP1) CAN(1, 1, 6) u256_copy(sp, sp - 1);                                     \
    put_u64(sp - 1, pc[1]);                                                                        \
    NEXT(0, 1, 3);                                                                                 \
    END BEGIN(MASK) CAN(0, 3, 15) put(sp, low_bits(pc[5]));                                        \
    NEXT(0, 1, 8);                                                                                 \
    END BEGIN(MASK_AND) CAN(1, 3, 18) put(sp - 1, u256_and(get(sp - 1), low_bits(pc[5])));         \
    NEXT(0, 0, 9);                                                                                 \
    END SWAP_POP_HANDLER(1) SWAP_POP_HANDLER(2) SWAP_POP_HANDLER(3) SWAP_POP_HANDLER(4)            \
        SWAP_POP_HANDLER(5) BEGIN(POP_POP) CAN(2, 0, 4) NEXT(2, 0, 2);                             \
    END DUP_ADD_HANDLER(1) DUP_ADD_HANDLER(2) DUP_ADD_HANDLER(3) DUP_ADD_HANDLER(7)                \
        BEGIN(DUP2_SUB) CAN(2, 1, 6) put(sp - 1, u256_sub_wrap(get(sp - 2), get(sp - 1)));         \
    NEXT(0, 0, 2);                                                                                 \
    END BEGIN(DUP2_LT) CAN(2, 1, 6) put_u64(sp - 1, u256_lt(get(sp - 2), get(sp - 1)));            \
    NEXT(0, 0, 2);                                                                                 \
    END BEGIN(DUP2_MSTORE) CAN(2, 1, 6) if (!u256_fits_u64(get(sp - 2)) || !HAS_WORD(sp[-2].w[0])) \
    {                                                                                              \
        gas += 6;                                                                                  \
        UNFUSE;                                                                                    \
    }                                                                                              \
    put_be(vm->memory + sp[-2].w[0], sp - 1);                                                      \
    NEXT(1, 0, 2);                                                                                 \
    END BEGIN(DUP1_MULMOD) CAN(3, 1, 11)                                                           \
        u256_mulmod(sp - 2, sp - 1, sp - 1, sp - 2, &vm->evm->reciprocal);                         \
    NEXT(1, 0, 2);                                                                                 \
    END BEGIN(DUP2_DUP2) CAN(2, 2, 6) u256_copy(sp, sp - 2);                                       \
    u256_copy(sp + 1, sp - 1);                                                                     \
    NEXT(0, 2, 2);                                                                                 \
    END BEGIN(ADD_MLOAD) CAN(2, 0, 6) struct u256 at = u256_add_wrap(get(sp - 1), get(sp - 2));    \
    if (!u256_fits_u64(at) || !HAS_WORD(at.w[0])) {                                                \
        gas += 6;                                                                                  \
        UNFUSE;                                                                                    \
    }                                                                                              \
    put(sp - 2, u256_from_be(vm->memory + at.w[0]));                                               \
    NEXT(1, 0, 2);                                                                                 \
    END BEGIN(MUL_ADD) CAN(3, 0, 8)                                                                \
        put(sp - 3, u256_add_wrap(u256_mul_wrap(get(sp - 1), get(sp - 2)), get(sp - 3)));          \
    NEXT(2, 0, 2);                                                                                 \
    END BEGIN(AND_OR) CAN(3, 0, 6)                                                                 \
        put(sp - 3, u256_or(u256_and(get(sp - 1), get(sp - 2)), get(sp - 3)));                     \
    NEXT(2, 0, 2);                                                                                 \
    END BEGIN(SUB_AND) CAN(3, 0, 6)                                                                \
        put(sp - 3, u256_and(u256_sub_wrap(get(sp - 1), get(sp - 2)), get(sp - 3)));               \
    NEXT(2, 0, 2);                                                                                 \
    END BEGIN(ISZERO_ISZERO) CAN(1, 0, 6) put_u64(sp - 1, !u256_is_zero(get(sp - 1)));             \
    NEXT(0, 0, 2);                                                                                 \
    END BEGIN(ADD_SWAP1) CAN(3, 0, 6) struct u256 sum = u256_add_wrap(get(sp - 1), get(sp - 2));   \
    u256_copy(sp - 2, sp - 3);                                                                     \
    put(sp - 3, sum);                                                                              \
    NEXT(1, 0, 2);                                                                                 \
    END

#endif
