/* translate: the form of code that the fast interpreters run.
 *
 * Same length and same positions as the code itself, so program counters, jumps and immediates need
 * no mapping. Bytes that are no instruction in this fork become INVALID. The first byte of a
 * sequence that compilers write often (FUSED) becomes an instruction of our own that does all of
 * it; the other bytes stay. Such a sequence contains no JUMPDEST, so nothing jumps into it. When
 * its gas, its stack or its memory might not suffice, its handler leaves it to the single
 * instructions (evm/run_fused.h), so that every frame ends exactly where it would have. */
#ifndef PARVIS_EVM_TRANSLATE_H
#define PARVIS_EVM_TRANSLATE_H

#include "evm/code.h"

/* X(byte, NAME): bytes that are no instruction in any fork. */
// clang-format off
#define FUSED(X) \
    /* jumps whose target is known and valid */ \
    X(0xa5, PUSH2_JUMP)      X(0xa6, PUSH2_JUMPI)     X(0xa7, ISZERO_JUMPI) \
    X(0xa8, LT_JUMPI)        X(0xa9, GT_JUMPI)        X(0xaa, SLT_JUMPI) \
    X(0xab, SGT_JUMPI)       X(0xac, EQ_JUMPI)        X(0xad, LT_ISZERO_JUMPI) \
    X(0xae, GT_ISZERO_JUMPI) X(0xaf, SLT_ISZERO_JUMPI) X(0xb0, SGT_ISZERO_JUMPI) \
    X(0xb1, EQ_ISZERO_JUMPI) X(0xb2, SELECTOR_JUMPI)  X(0xb3, POP_JUMP) \
    /* constants */ \
    X(0xb4, PUSH1_ADD)       X(0xb5, PUSH1_SUB)       X(0xb6, PUSH1_MUL) \
    X(0xb7, PUSH1_AND)       X(0xb8, PUSH1_SHL)       X(0xb9, PUSH1_SHR) \
    X(0xba, PUSH1_EQ)        X(0xbb, PUSH1_MLOAD)     X(0xbc, PUSH1_MSTORE) \
    X(0xbd, PUSH1_PUSH1)     X(0xbe, PUSH1_DUP1)      X(0xbf, PUSH1_DUP2) \
    X(0xc0, PUSH1_SWAP1)     X(0xc1, PUSH2_ADD)       X(0xc2, PUSH4_AND) \
    X(0xc3, MASK)            X(0xc4, MASK_AND)        X(0xc5, PUSH1_SHR_AND) \
    /* the stack */ \
    X(0xc6, SWAP1_POP)       X(0xc7, SWAP2_POP)       X(0xc8, SWAP3_POP) \
    X(0xc9, SWAP4_POP)       X(0xca, SWAP5_POP)       X(0xcb, POP_POP) \
    X(0xcc, DUP1_ADD)        X(0xcd, DUP2_ADD)        X(0xce, DUP3_ADD) \
    X(0xcf, DUP7_ADD)        X(0xd0, DUP2_SUB)        X(0xd1, DUP2_LT) \
    X(0xd2, DUP2_MSTORE)     X(0xd3, DUP1_MULMOD)     X(0xd4, DUP2_DUP2) \
    /* two operations */ \
    X(0xd5, ADD_MLOAD)       X(0xd6, MUL_ADD)         X(0xd7, AND_OR) \
    X(0xd8, SUB_AND)         X(0xd9, ISZERO_ISZERO)   X(0xda, ADD_SWAP1)
// clang-format on

enum fused {
#define X(byte, name) FUSED_##name = byte,
    FUSED(X)
#undef X
};

/* code_translate writes c->len + CODE_PADDING bytes; c->bytes and c->jumpdests are ready. */
void code_translate(uint8_t *fast, const struct code *c, enum fork fork);

#endif
