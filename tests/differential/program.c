#include "differential/program.h"

#include <string.h>

enum {
    OP_STOP = 0x00,
    OP_SUB = 0x03,
    OP_KECCAK256 = 0x20,
    OP_CODESIZE = 0x38,
    OP_CODECOPY = 0x39,
    OP_POP = 0x50,
    OP_MSTORE = 0x52,
    OP_SSTORE = 0x55,
    OP_JUMP = 0x56,
    OP_JUMPI = 0x57,
    OP_GAS = 0x5a,
    OP_JUMPDEST = 0x5b,
    OP_TSTORE = 0x5d,
    OP_PUSH0 = 0x5f,
    OP_PUSH1 = 0x60,
    OP_PUSH2 = 0x61,
    OP_PUSH32 = 0x7f,
    OP_DUP1 = 0x80,
    OP_SWAP1 = 0x90,
    OP_LOG0 = 0xa0,
    OP_CREATE = 0xf0,
    OP_CALL = 0xf1,
    OP_CALLCODE = 0xf2,
    OP_RETURN = 0xf3,
    OP_DELEGATECALL = 0xf4,
    OP_CREATE2 = 0xf5,
    OP_STATICCALL = 0xfa,
    OP_REVERT = 0xfd,
    OP_SELFDESTRUCT = 0xff,
};

struct writer {
    struct buf *out;
    size_t start; /* of this program in out: jump destinations count from here */
    struct random *r;
    const struct address *cast;
    unsigned height; /* of the stack, where known */
    unsigned nesting;
};

static void op(struct writer *w, unsigned opcode, unsigned in, unsigned out)
{
    buf_put_u8(w->out, (uint8_t)opcode);
    w->height = (w->height > in ? w->height - in : 0) + out;
}

/* --- words ------------------------------------------------------------------------------------ */

static void word_bits(uint8_t out[32], struct random *r)
{
    unsigned bit = random_below(r, 256), kind = random_below(r, 3);
    memset(out, 0, 32);
    if (kind == 0) { /* 2^bit */
        out[31 - bit / 8] = (uint8_t)(1u << bit % 8);
        return;
    }
    for (unsigned i = 0; i < bit; i++) /* 2^bit - 1 */
        out[31 - i / 8] |= (uint8_t)(1u << i % 8);
    if (kind == 2) /* -2^bit */
        for (unsigned i = 0; i < 32; i++)
            out[i] = (uint8_t)~out[i];
}

void program_word(uint8_t out[32], struct random *r, const struct address cast[PROGRAM_CAST])
{
    unsigned kind = random_below(r, 10), len;
    memset(out, 0, 32);
    switch (kind) {
    case 0:
    case 1:
    case 2:
    case 3: /* small */
        out[31] = (uint8_t)random_below(r, kind == 0 ? 4 : 80);
        return;
    case 4:
        memcpy(out + 12, cast[random_below(r, PROGRAM_CAST)].b, 20);
        return;
    case 5:
    case 6:
        word_bits(out, r);
        return;
    default: /* any bits, of any length */
        len = 1 + random_below(r, 32);
        for (unsigned i = 32 - len; i < 32; i++)
            out[i] = (uint8_t)random_u64(r);
    }
}

static void push_bytes(struct writer *w, const uint8_t *bytes, size_t len)
{
    buf_put_u8(w->out, (uint8_t)(OP_PUSH0 + len));
    buf_put(w->out, bytes, len);
    w->height++;
}

static void push(struct writer *w, uint64_t v)
{
    uint8_t be[8];
    unsigned skip = 0;
    be64_put(be, v);
    while (skip < 8 && be[skip] == 0)
        skip++;
    push_bytes(w, be + skip, 8 - skip);
}

static void push_word(struct writer *w)
{
    uint8_t word[32];
    unsigned skip = 0;
    program_word(word, w->r, w->cast);
    while (skip < 32 && word[skip] == 0)
        skip++;
    if (random_chance(w->r, 5)) /* longer than it need be */
        skip = random_below(w->r, skip + 1);
    push_bytes(w, word + skip, 32 - skip);
}

/* A memory offset or size: small, seldom enormous. */
static void push_extent(struct writer *w)
{
    if (random_chance(w->r, 1))
        push_word(w);
    else
        push(w, random_below(w->r, random_chance(w->r, 80) ? 130 : 3000));
}

/* An account of the cast, a precompile, or anything. */
static void push_account(struct writer *w)
{
    unsigned kind = random_below(w->r, 20);
    if (kind < 13)
        push_bytes(w, w->cast[random_below(w->r, PROGRAM_CAST)].b, 20);
    else if (kind < 18)
        push(w, random_chance(w->r, 4) ? 0x100 : 1 + random_below(w->r, 0x12));
    else
        push_word(w);
}

static void need(struct writer *w, unsigned count)
{
    if (random_chance(w->r, 1)) /* without asking: the stack may underflow */
        return;
    while (w->height < count)
        push_word(w);
}

/* --- steps ------------------------------------------------------------------------------------ */

struct simple {
    uint8_t opcode, in, out;
};

static void step_compute(struct writer *w)
{
    static const struct simple OPS[] = {
        {0x01, 2, 1}, {0x02, 2, 1}, {0x03, 2, 1}, {0x04, 2, 1}, {0x05, 2, 1}, {0x06, 2, 1},
        {0x07, 2, 1}, {0x08, 3, 1}, {0x09, 3, 1}, {0x0a, 2, 1}, {0x0b, 2, 1}, {0x10, 2, 1},
        {0x11, 2, 1}, {0x12, 2, 1}, {0x13, 2, 1}, {0x14, 2, 1}, {0x15, 1, 1}, {0x16, 2, 1},
        {0x17, 2, 1}, {0x18, 2, 1}, {0x19, 1, 1}, {0x1a, 2, 1}, {0x1b, 2, 1}, {0x1c, 2, 1},
        {0x1d, 2, 1}, {0x35, 1, 1}, {0x49, 1, 1}, {0x40, 1, 1},
    };
    static const struct simple CLZ = {0x1e, 1, 1}; /* undefined before Osaka: not too often */
    const struct simple *s =
        random_chance(w->r, 1) ? &CLZ : &OPS[random_below(w->r, sizeof OPS / sizeof OPS[0])];
    if (random_chance(w->r, 50)) /* fresh operands: the stack's are often large by now */
        for (unsigned i = 0; i < s->in; i++)
            push_word(w);
    need(w, s->in);
    op(w, s->opcode, s->in, s->out);
}

static void step_environment(struct writer *w)
{
    static const uint8_t OPS[] = {0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42,
                                  0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x58, 0x59, 0x5a};
    op(w, OPS[random_below(w->r, sizeof OPS)], 0, 1);
}

static void step_account(struct writer *w)
{
    static const uint8_t OPS[] = {0x31, 0x3b, 0x3f}; /* BALANCE EXTCODESIZE EXTCODEHASH */
    push_account(w);
    op(w, OPS[random_below(w->r, sizeof OPS)], 1, 1);
}

static void step_stack(struct writer *w)
{
    unsigned n = random_below(w->r, random_chance(w->r, 80) ? 4 : 16);
    if (random_chance(w->r, 50)) {
        need(w, n + 1);
        op(w, OP_DUP1 + n, 0, 1);
    } else {
        need(w, n + 2);
        op(w, OP_SWAP1 + n, 0, 0);
    }
}

static void step_memory(struct writer *w)
{
    switch (random_below(w->r, 5)) {
    case 0:
        push_extent(w);
        op(w, 0x51, 1, 1); /* MLOAD */
        break;
    case 1:
        need(w, 1);
        push_extent(w);
        op(w, OP_MSTORE, 2, 0);
        break;
    case 2:
        need(w, 1);
        push_extent(w);
        op(w, 0x53, 2, 0); /* MSTORE8 */
        break;
    case 3:
        push_extent(w);
        push_extent(w);
        push_extent(w);
        op(w, 0x5e, 3, 0); /* MCOPY */
        break;
    default:
        push_extent(w);
        push_extent(w);
        op(w, OP_KECCAK256, 2, 1);
    }
}

static void step_copy(struct writer *w)
{
    static const uint8_t OPS[] = {0x37, OP_CODECOPY, 0x3e}; /* CALLDATACOPY .. RETURNDATACOPY */
    uint8_t opcode = OPS[random_below(w->r, sizeof OPS)];
    if (opcode == 0x3e && random_chance(w->r, 90)) { /* beyond its end it halts */
        push(w, random_chance(w->r, 50) ? 0 : random_below(w->r, 33));
        push(w, 0);
    } else {
        push_extent(w);
        push_extent(w);
    }
    push_extent(w);
    if (random_chance(w->r, 25)) {
        push_account(w);
        op(w, 0x3c, 4, 0); /* EXTCODECOPY */
    } else {
        op(w, opcode, 3, 0);
    }
}

static void step_storage(struct writer *w)
{
    bool transient = random_chance(w->r, 25);
    unsigned slot = random_below(w->r, 5);
    if (random_chance(w->r, 40)) {
        push(w, slot);
        op(w, transient ? 0x5c : 0x54, 1, 1);
        return;
    }
    if (random_chance(w->r, 30))
        push(w, random_below(w->r, 3)); /* clearing and restoring earns refunds */
    else
        need(w, 1);
    push(w, slot);
    op(w, transient ? OP_TSTORE : OP_SSTORE, 2, 0);
}

static void step_log(struct writer *w)
{
    unsigned topics = random_below(w->r, 5);
    need(w, topics);
    push_extent(w);
    push_extent(w);
    op(w, OP_LOG0 + topics, 2 + topics, 0);
}

/* keep_result: what a call returned goes to storage or stays on the stack. */
static void keep_result(struct writer *w)
{
    if (random_chance(w->r, 50)) {
        push(w, 16 + random_below(w->r, 8));
        op(w, OP_SSTORE, 2, 0);
    }
}

static void step_call(struct writer *w)
{
    static const uint8_t OPS[] = {OP_CALL, OP_CALL, OP_CALLCODE, OP_DELEGATECALL, OP_STATICCALL};
    unsigned opcode = OPS[random_below(w->r, sizeof OPS)];
    bool has_value = opcode == OP_CALL || opcode == OP_CALLCODE;
    for (unsigned i = 0; i < 4; i++)
        push_extent(w);
    if (has_value)
        push(w, random_chance(w->r, 70) ? 0 : random_u64(w->r) >> random_below(w->r, 64));
    push_account(w);
    if (random_chance(w->r, 60))
        op(w, OP_GAS, 0, 1);
    else
        push(w, random_below(w->r, 100000));
    op(w, opcode, has_value ? 7 : 6, 1);
    keep_result(w);
}

static void steps(struct writer *w, unsigned count);

/* An init code in memory: a program that usually ends by returning a piece of its memory. */
static void step_create(struct writer *w)
{
    struct buf init = {0};
    bool two = random_chance(w->r, 50);
    unsigned size;
    if (random_chance(w->r, 80) && w->nesting < 2) {
        struct writer inner = {&init, 0, w->r, w->cast, 0, w->nesting + 1};
        steps(&inner, 1 + random_below(w->r, 6));
        push(&inner, random_below(w->r, 40));
        push(&inner, random_below(w->r, 64));
        op(&inner, random_chance(w->r, 90) ? OP_RETURN : OP_REVERT, 2, 0);
    }
    size = (unsigned)init.len;
    for (size_t at = 0; at < init.len; at += 32) {
        uint8_t word[32] = {0};
        memcpy(word, init.data + at, init.len - at < 32 ? init.len - at : 32);
        push_bytes(w, word, 32);
        push(w, at);
        op(w, OP_MSTORE, 2, 0);
    }
    buf_free(&init);
    if (two)
        push(w, random_below(w->r, 3)); /* salt: collisions happen */
    if (size)
        push(w, size);
    else
        push_extent(w);
    push(w, 0);
    push(w, random_chance(w->r, 80) ? 0 : random_below(w->r, 1000));
    op(w, two ? OP_CREATE2 : OP_CREATE, two ? 4 : 3, 1);
    keep_result(w);
}

/* level brings the stack back to a height, so that paths that meet agree. */
static void level(struct writer *w, unsigned height)
{
    while (w->height > height)
        op(w, OP_POP, 1, 0);
    while (w->height < height)
        push_word(w);
}

static void put_u16(struct writer *w, size_t at, size_t v)
{
    w->out->data[at] = (uint8_t)(v >> 8);
    w->out->data[at + 1] = (uint8_t)v;
}

static void step_branch(struct writer *w)
{
    need(w, 1);
    op(w, OP_PUSH2, 0, 1);
    size_t at = w->out->len;
    buf_put(w->out, "\0\0", 2);
    op(w, OP_JUMPI, 2, 0);
    unsigned height = w->height;
    steps(w, 1 + random_below(w->r, 4));
    level(w, height);
    put_u16(w, at, w->out->len - w->start + random_chance(w->r, 1));
    op(w, OP_JUMPDEST, 0, 0);
}

static void step_loop(struct writer *w)
{
    push(w, 1 + random_below(w->r, 6));
    size_t top = w->out->len - w->start;
    op(w, OP_JUMPDEST, 0, 0);
    unsigned height = w->height;
    steps(w, 1 + random_below(w->r, 3));
    level(w, height);
    push(w, 1);
    op(w, OP_SWAP1, 0, 0);
    op(w, OP_SUB, 2, 1);
    op(w, OP_DUP1, 0, 1);
    op(w, OP_PUSH2, 0, 1);
    buf_put(w->out, "\0\0", 2);
    put_u16(w, w->out->len - 2, top);
    op(w, OP_JUMPI, 2, 0);
    op(w, OP_POP, 1, 0);
}

static void step_end(struct writer *w)
{
    switch (random_below(w->r, 5)) {
    case 0:
        push_account(w);
        op(w, OP_SELFDESTRUCT, 1, 0);
        break;
    case 1:
        op(w, random_below(w->r, 256), 0, 0); /* any byte, defined or not */
        break;
    case 2:
        push_word(w);
        op(w, OP_JUMP, 1, 0);
        break;
    default:
        push_extent(w);
        push_extent(w);
        op(w, random_chance(w->r, 50) ? OP_RETURN : OP_REVERT, 2, 0);
    }
}

static void step(struct writer *w)
{
    unsigned k = random_below(w->r, 100);
    if (k < 34)
        step_compute(w);
    else if (k < 40)
        step_environment(w);
    else if (k < 45)
        step_account(w);
    else if (k < 53)
        step_stack(w);
    else if (k < 62)
        step_memory(w);
    else if (k < 66)
        step_copy(w);
    else if (k < 78)
        step_storage(w);
    else if (k < 81)
        step_log(w);
    else if (k < 89)
        step_call(w);
    else if (k < 92)
        step_create(w);
    else if (k < 96)
        step_branch(w);
    else if (k < 99)
        step_loop(w);
    else
        step_end(w);
}

static void steps(struct writer *w, unsigned count)
{
    if (++w->nesting <= 4)
        for (unsigned i = 0; i < count; i++)
            step(w);
    w->nesting--;
}

void program_append(struct buf *out, struct random *r, const struct address cast[PROGRAM_CAST],
                    unsigned count)
{
    struct writer w = {out, out->len, r, cast, 0, 0};
    steps(&w, count);
    for (unsigned i = 0; i < 3 && w.height; i++) { /* what is left becomes visible */
        push(&w, 32 + i);
        op(&w, OP_SSTORE, 2, 0);
    }
    if (random_chance(r, 30))
        step_end(&w);
}
