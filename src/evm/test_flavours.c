/* The fast interpreters against the plain one, on random programs: bytes at random, and programs
 * built so that most instructions find what they need. Each is run with plenty of gas and again
 * with less than it used, so that it ends at any place. */
#include "test.h"

#include "evm/opcode.h"
#include "evm/test_program.h"

static struct evm *e;
static uint64_t programs_ended[FRAME_STATUS_COUNT];

static uint64_t below(uint64_t n)
{
    return test_random() % n;
}

static void show(const struct program *p, const struct program_result *a,
                 const struct program_result *b)
{
    struct buf hex = {0};
    buf_put_hex(&hex, p->code.data, p->code.len);
    printf("# fork %d gas %" PRId64 " static %d creates %d: %d %" PRId64 " against %d %" PRId64
           "\n# %s\n",
           (int)p->fork, p->gas, p->is_static, p->creates, (int)a->status, a->gas_left,
           (int)b->status, b->gas_left, buf_cstr(&hex));
    buf_free(&hex);
}

/* compare runs the program in all flavours and returns what the plain one gave. */
static struct program_result compare(const struct program *p)
{
    static const enum evm_flavour fast[] = {EVM_THREADED, EVM_TAIL};
    evm_set_flavour(e, EVM_PLAIN);
    struct program_result plain = program_run(e, p, NULL);
    programs_ended[plain.status]++;
    for (size_t i = 0; i < sizeof fast / sizeof fast[0]; i++) {
        evm_set_flavour(e, fast[i]);
        struct program_result r = program_run(e, p, NULL);
        bool same = program_result_eq(&plain, &r);
        CHECK(same);
        if (!same)
            show(p, &plain, &r);
    }
    return plain;
}

static void compare_at_all_gas(struct program *p)
{
    int64_t plenty = p->gas;
    struct program_result r = compare(p);
    int64_t used = plenty - r.gas_left;
    for (unsigned i = 0; i < 3 && used > 0; i++) {
        p->gas = (int64_t)below((uint64_t)used + 2);
        compare(p);
    }
    p->gas = plenty;
}

/* --- programs --------------------------------------------------------------------------------- */

static uint8_t code[800];
static size_t len;
static size_t base;   /* where the code will stand in the program */
static size_t height; /* of the stack, as far as the builder knows */

static void put_push(unsigned width, uint64_t value)
{
    code[len++] = (uint8_t)(OP_PUSH1 + width - 1);
    for (unsigned i = width; i-- > 0;)
        code[len++] = (uint8_t)(i < 8 ? value >> (8 * i) : 0);
    height++;
}

/* An operand of the kind that programs have: a small number, a round one, an address, noise. */
static void put_operand(void)
{
    static const uint64_t addresses[] = {0x1001, 0x1002, 0x1003, 0x1004, 0xca, 4, 2, 0x9999};
    switch (below(9)) {
    case 0:
        put_push(1, 0);
        break;
    case 1:
        put_push(1, 1);
        break;
    case 2:
        put_push(1 + (unsigned)below(2), 32 * below(12));
        break;
    case 3:
        put_push(1, below(256));
        break;
    case 4:
        put_push(2, addresses[below(8)]);
        break;
    case 5:
        put_push(1 + (unsigned)below(8), test_random());
        break;
    case 6:
        put_push(32, test_random());
        memcpy(code + len - 32, (uint64_t[]){test_random(), test_random()}, 16);
        break;
    case 7:
        put_push(1 + (unsigned)below(32), below(2) ? ~0ULL : 1);
        break;
    default:
        put_push(1, 8 * below(33));
    }
}

static void put_opcode(uint8_t op)
{
    const struct opcode_info *info = &OPCODE_INFO[op];
    while (height < info->in)
        put_operand();
    code[len++] = op;
    height += (size_t)info->out - info->in;
}

/* The pairs and triples that compilers write, which the translation joins. */
static void put_idiom(void)
{
    static const uint8_t compares[] = {OP_LT, OP_GT, OP_SLT, OP_SGT, OP_EQ, OP_SUB, OP_AND};
    static const uint8_t usual[] = {OP_ADD, OP_MUL, OP_SUB,    OP_AND,  OP_OR,  OP_SHL,
                                    OP_SHR, OP_DIV, OP_MSTORE, OP_EQ,   OP_LT,  OP_MLOAD,
                                    OP_SAR, OP_XOR, OP_BYTE,   OP_DUP1, OP_POP, OP_ISZERO};
    unsigned n = (unsigned)below(6);
    switch (below(10)) {
    case 0: /* a branch over a few instructions */
        put_opcode((uint8_t)(OP_DUP1 + n));
        put_opcode(compares[below(sizeof compares)]);
        if (below(2))
            put_opcode(OP_ISZERO);
        put_push(2, base + len + 3 + 1 + 2);
        code[len++] = OP_JUMPI;
        height -= 2;
        code[len++] = OP_ADDRESS, code[len++] = OP_POP;
        code[len++] = OP_JUMPDEST;
        break;
    case 1:
        if (below(3) == 0) {
            if (below(6)) /* else whatever lies there */
                put_push(2, base + len + 3 + 2 + 2), put_push(1, 9);
            put_opcode(OP_POP);
        } else {
            put_push(2, base + len + 4);
        }
        code[len++] = OP_JUMP;
        height--;
        code[len++] = below(8) ? OP_JUMPDEST : OP_INVALID;
        break;
    case 2: /* the mask of an address */
        put_operand();
        put_push(1, 1), put_push(1, 1), put_push(1, 8 * below(33));
        put_opcode(OP_SHL), put_opcode(OP_SUB);
        if (below(3))
            put_opcode(OP_AND);
        break;
    case 3:
        put_opcode((uint8_t)(OP_SWAP1 + n));
        put_opcode(OP_POP);
        if (below(2))
            put_opcode(usual[below(sizeof usual)]);
        break;
    case 4:
        put_opcode(OP_POP), put_opcode(OP_POP);
        break;
    case 5: /* the table of functions */
        put_opcode(OP_DUP1);
        put_push(4, test_random());
        put_opcode(OP_EQ);
        put_push(2, base + len + 4);
        code[len++] = OP_JUMPI;
        height -= 2;
        code[len++] = below(8) ? OP_JUMPDEST : OP_PC;
        break;
    case 6:
        put_opcode((uint8_t)(OP_DUP1 + below(16)));
        put_opcode(usual[below(sizeof usual)]);
        break;
    case 7:
        put_push(1 + (unsigned)below(4), below(600));
        put_opcode(usual[below(sizeof usual)]);
        break;
    case 8:
        put_push(1, below(256));
        put_opcode((uint8_t)(OP_DUP1 + n));
        put_opcode(usual[below(sizeof usual)]);
        break;
    default:
        put_opcode(usual[below(sizeof usual)]);
        put_opcode(usual[below(sizeof usual)]);
    }
}

static void put_any(void)
{
    uint8_t op = (uint8_t)test_random();
    bool ends = op == OP_STOP || op == OP_RETURN || op == OP_REVERT || op == OP_SELFDESTRUCT ||
                op == OP_INVALID || op == OP_JUMP || op == OP_JUMPI;
    bool unknown = !OPCODE_INFO[op].name;
    if ((ends || unknown) && below(20))
        return;
    if (op >= OP_PUSH1 && op <= OP_PUSH32)
        put_operand();
    else if (unknown)
        code[len++] = op;
    else
        put_opcode(op);
}

/* What lies on the stack is what the program returns, or all it computed would go unseen. */
static void put_end(void)
{
    for (unsigned i = 0; i < 8; i++) {
        put_push(1, 32 * i);
        code[len++] = OP_MSTORE;
    }
    put_push(2, 256), put_push(1, 0);
    code[len++] = below(8) ? OP_RETURN : OP_REVERT;
}

/* With a loop around it now and then: every position is then met more than once. */
static void build(void)
{
    bool loops = below(3) == 0;
    base = len = height = 0;
    for (size_t i = 0, n = below(18); i < n; i++)
        put_operand();
    if (loops) {
        put_push(1, 2 + below(5));
        code[len++] = OP_JUMPDEST;
    }
    size_t start = len - 1;
    size_t wanted = 20 + below(300);
    while (len < wanted)
        if (below(2))
            put_idiom();
        else
            put_any();
    if (loops && start < 256) { /* some of what was left on the stack counts down */
        put_push(1, 1), put_opcode(OP_SWAP1), put_opcode(OP_SUB), put_opcode(OP_DUP1);
        put_push(1, start);
        code[len++] = OP_JUMPI;
    }
    put_end();
}

static void run_programs(unsigned count, void (*make)(void))
{
    memset(programs_ended, 0, sizeof programs_ended);
    e = evm_new();
    for (unsigned i = 0; i < count; i++) {
        uint8_t input[100];
        for (size_t k = 0; k < sizeof input; k++)
            input[k] = (uint8_t)test_random();
        make();
        struct program p = {.fork = below(3) ? FORK_OSAKA : (enum fork)below(FORK_COUNT),
                            .gas = 200000,
                            .is_static = below(16) == 0,
                            .creates = below(8) == 0,
                            .code = bytes_of(code, len),
                            .input = bytes_of(input, below(sizeof input))};
        compare_at_all_gas(&p);
    }
    evm_free(e);
}

TEST(built_programs)
{
    run_programs(6000, build);
    /* a generator whose programs all end early would prove little */
    CHECK(programs_ended[FRAME_SUCCESS] > 1000);
    CHECK(programs_ended[FRAME_OUT_OF_GAS] > 1000);
    CHECK(programs_ended[FRAME_STACK_UNDERFLOW] > 0);
    CHECK(programs_ended[FRAME_BAD_JUMP] > 0);
    CHECK(programs_ended[FRAME_REVERT] > 0);
    CHECK(programs_ended[FRAME_WRITE_PROTECTION] > 0);
}

static void random_bytes(void)
{
    len = 1 + below(200);
    for (size_t i = 0; i < len; i++)
        code[i] = (uint8_t)test_random();
}

TEST(random_bytes)
{
    run_programs(4000, random_bytes);
    CHECK(programs_ended[FRAME_STACK_UNDERFLOW] > 1000);
}

/* Sequences that find `words` words and some more: the stack's ends are met by every instruction,
 * joined with another or not. Their results are returned where they get that far. */
static void run_at_height(size_t words)
{
    static uint8_t big[3000];
    size_t n = 0;
    for (size_t k = 0, all = words + below(8); k < all; k++)
        big[n++] = k & 1 ? OP_CALLER : OP_GAS;
    base = n, len = 0, height = 1000; /* the builder adds no operands */
    for (size_t wanted = 1 + below(12); len < wanted;)
        put_idiom();
    if (words > 8) {
        for (unsigned i = 0; i < 24; i++)
            code[len++] = OP_POP;
        put_end();
    }
    memcpy(big + n, code, len);
    struct program p = {.fork = FORK_OSAKA, .gas = 100000, .code = bytes_of(big, n + len)};
    compare(&p);
}

TEST(full_stacks)
{
    memset(programs_ended, 0, sizeof programs_ended);
    e = evm_new();
    for (unsigned i = 0; i < 6000; i++)
        run_at_height(1018);
    CHECK(programs_ended[FRAME_STACK_OVERFLOW] > 500);
    CHECK(programs_ended[FRAME_SUCCESS] > 500);
    evm_free(e);
}

TEST(empty_stacks)
{
    memset(programs_ended, 0, sizeof programs_ended);
    e = evm_new();
    for (unsigned i = 0; i < 6000; i++)
        run_at_height(0);
    CHECK(programs_ended[FRAME_STACK_UNDERFLOW] > 500);
    CHECK(programs_ended[FRAME_SUCCESS] > 500);
    evm_free(e);
}

TEST(flavours_are_answered)
{
    e = evm_new();
    enum evm_flavour fastest = evm_flavour(e);
    CHECK(fastest == EVM_THREADED || fastest == EVM_TAIL);
    evm_set_flavour(e, EVM_TAIL);
    CHECK(evm_flavour(e) == EVM_TAIL || evm_flavour(e) == EVM_THREADED);
    CHECK(evm_flavour(e) == EVM_TAIL || fastest == EVM_THREADED); /* absent: the next plainer */
    evm_set_flavour(e, EVM_THREADED);
    CHECK(evm_flavour(e) == EVM_THREADED);
    evm_set_flavour(e, EVM_PLAIN);
    CHECK(evm_flavour(e) == EVM_PLAIN);
    evm_free(e);
}
