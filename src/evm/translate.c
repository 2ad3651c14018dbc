#include "evm/translate.h"

#include "evm/opcode.h"

struct match {
    uint8_t fused, len; /* len 0: none */
};

static bool is_target(const struct code *c, const uint8_t *immediate)
{
    return code_is_jumpdest(c, (uint64_t)immediate[0] << 8 | immediate[1]);
}

/* PUSH2 target JUMPI, the target valid. */
static bool is_branch(const struct code *c, const uint8_t *p)
{
    return p[0] == OP_PUSH2 && p[3] == OP_JUMPI && is_target(c, p + 1);
}

/* A comparison (LT to EQ), perhaps ISZERO, and a branch on it. */
static struct match match_compare(const struct code *c, const uint8_t *p)
{
    uint8_t which = p[0] - OP_LT;
    if (is_branch(c, p + 1))
        return (struct match){FUSED_LT_JUMPI + which, 5};
    if (p[1] == OP_ISZERO && is_branch(c, p + 2))
        return (struct match){FUSED_LT_ISZERO_JUMPI + which, 6};
    return (struct match){0};
}

/* PUSH1 1, PUSH1 1, PUSH1 n, SHL, SUB: how compilers write n one-bits; then mostly AND. */
static struct match match_mask(const uint8_t *p)
{
    static const uint8_t head[] = {OP_PUSH1, 1, OP_PUSH1, 1, OP_PUSH1};
    if (memcmp(p, head, sizeof head) != 0 || p[6] != OP_SHL || p[7] != OP_SUB)
        return (struct match){0};
    return p[8] == OP_AND ? (struct match){FUSED_MASK_AND, 9} : (struct match){FUSED_MASK, 8};
}

/* PUSH1 and what uses it. */
static struct match match_constant(const uint8_t *p)
{
    struct match mask = match_mask(p);
    if (mask.len)
        return mask;
    switch (p[2]) {
    case OP_ADD:
        return (struct match){FUSED_PUSH1_ADD, 3};
    case OP_SUB:
        return (struct match){FUSED_PUSH1_SUB, 3};
    case OP_MUL:
        return (struct match){FUSED_PUSH1_MUL, 3};
    case OP_AND:
        return (struct match){FUSED_PUSH1_AND, 3};
    case OP_SHL:
        return (struct match){FUSED_PUSH1_SHL, 3};
    case OP_SHR:
        return p[3] == OP_AND ? (struct match){FUSED_PUSH1_SHR_AND, 4}
                              : (struct match){FUSED_PUSH1_SHR, 3};
    case OP_EQ: /* rather with a branch that follows */
        return p[3] == OP_PUSH2 ? (struct match){0} : (struct match){FUSED_PUSH1_EQ, 3};
    case OP_MLOAD:
        return (struct match){FUSED_PUSH1_MLOAD, 3};
    case OP_MSTORE:
        return (struct match){FUSED_PUSH1_MSTORE, 3};
    case OP_DUP1:
        return (struct match){FUSED_PUSH1_DUP1, 3};
    case OP_DUP2:
        return p[3] == OP_MSTORE ? (struct match){0} : (struct match){FUSED_PUSH1_DUP2, 3};
    case OP_SWAP1:
        return (struct match){FUSED_PUSH1_SWAP1, 3};
    default:
        return (struct match){0};
    }
}

static struct match match_push1(const uint8_t *p)
{
    bool second_does_more = p[2] == OP_PUSH1 && match_constant(p + 2).len;
    if (p[2] != OP_PUSH1 || second_does_more || match_mask(p).len)
        return match_constant(p);
    return (struct match){FUSED_PUSH1_PUSH1, 4};
}

static struct match match_dup(const struct code *c, const uint8_t *p)
{
    static const struct {
        uint8_t first, second, fused;
    } pairs[] = {
        {OP_DUP1, OP_ADD, FUSED_DUP1_ADD},       {OP_DUP2, OP_ADD, FUSED_DUP2_ADD},
        {OP_DUP3, OP_ADD, FUSED_DUP3_ADD},       {OP_DUP7, OP_ADD, FUSED_DUP7_ADD},
        {OP_DUP2, OP_SUB, FUSED_DUP2_SUB},       {OP_DUP2, OP_LT, FUSED_DUP2_LT},
        {OP_DUP2, OP_MSTORE, FUSED_DUP2_MSTORE}, {OP_DUP1, OP_MULMOD, FUSED_DUP1_MULMOD},
        {OP_DUP2, OP_DUP2, FUSED_DUP2_DUP2},
    };
    if (p[0] == OP_DUP1 && p[1] == OP_PUSH4 && p[6] == OP_EQ && is_branch(c, p + 7))
        return (struct match){FUSED_SELECTOR_JUMPI, 11};
    if (p[0] == OP_DUP2 && p[1] == OP_LT && match_compare(c, p + 1).len)
        return (struct match){0};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (p[0] == pairs[i].first && p[1] == pairs[i].second)
            return (struct match){pairs[i].fused, 2};
    return (struct match){0};
}

static struct match pair(bool matches, uint8_t fused)
{
    return matches ? (struct match){fused, 2} : (struct match){0};
}

static struct match match_at(const struct code *c, const uint8_t *p)
{
    switch (p[0]) {
    case OP_PUSH1:
        return match_push1(p);
    case OP_PUSH2:
        if (p[3] == OP_JUMP && is_target(c, p + 1))
            return (struct match){FUSED_PUSH2_JUMP, 4};
        if (is_branch(c, p))
            return (struct match){FUSED_PUSH2_JUMPI, 4};
        return p[3] == OP_ADD ? (struct match){FUSED_PUSH2_ADD, 4} : (struct match){0};
    case OP_PUSH4:
        return p[5] == OP_AND ? (struct match){FUSED_PUSH4_AND, 6} : (struct match){0};
    case OP_LT:
    case OP_GT:
    case OP_SLT:
    case OP_SGT:
    case OP_EQ:
        return match_compare(c, p);
    case OP_ISZERO:
        if (is_branch(c, p + 1))
            return (struct match){FUSED_ISZERO_JUMPI, 5};
        return pair(p[1] == OP_ISZERO && !is_branch(c, p + 2), FUSED_ISZERO_ISZERO);
    case OP_POP:
        return p[1] == OP_JUMP ? pair(true, FUSED_POP_JUMP) : pair(p[1] == OP_POP, FUSED_POP_POP);
    case OP_ADD:
        if (p[1] == OP_SWAP1 && p[2] != OP_POP)
            return pair(true, FUSED_ADD_SWAP1);
        return pair(p[1] == OP_MLOAD, FUSED_ADD_MLOAD);
    case OP_MUL:
        return pair(p[1] == OP_ADD, FUSED_MUL_ADD);
    case OP_AND:
        return pair(p[1] == OP_OR, FUSED_AND_OR);
    case OP_SUB:
        return pair(p[1] == OP_AND, FUSED_SUB_AND);
    default:
        break;
    }
    if (p[0] >= OP_SWAP1 && p[0] <= OP_SWAP5)
        return pair(p[1] == OP_POP, (uint8_t)(FUSED_SWAP1_POP + p[0] - OP_SWAP1));
    if (p[0] >= OP_DUP1 && p[0] <= OP_DUP16)
        return match_dup(c, p);
    return (struct match){0};
}

void code_translate(uint8_t *fast, const struct code *c, enum fork fork)
{
    bool fuses = fork >= FORK_CONSTANTINOPLE; /* which has all that the sequences contain */
    memcpy(fast, c->bytes, c->len + CODE_PADDING);
    for (size_t pc = 0; pc < c->len;) {
        struct match m = fuses ? match_at(c, c->bytes + pc) : (struct match){0};
        if (m.len)
            fast[pc] = m.fused;
        else if (!opcode_is_valid(c->bytes[pc], fork))
            fast[pc] = OP_INVALID;
        pc += m.len ? m.len : 1u + OPCODE_INFO[c->bytes[pc]].immediates;
    }
}
