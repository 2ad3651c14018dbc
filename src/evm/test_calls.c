/* Frames that bytecode starts: calls, creations, delegations; and what bounds a call tree. */
#include "test.h"

#include "base/limits.h"
#include "base/thread.h"
#include "evm/code.h"
#include "evm/opcode.h"
#include "evm/test_program.h"
#include "evm/tracer.h"
#include "evm/translate.h"

static const enum evm_flavour FLAVOURS[] = {EVM_PLAIN, EVM_THREADED, EVM_TAIL};
#define FLAVOUR_COUNT (sizeof FLAVOURS / sizeof FLAVOURS[0])
#define GAS 10000000

static const struct address SELF = {{[19] = 0x51}}, OTHER = {{[19] = 0x52}};
static const struct address ROOT = {{[18] = 1, [19] = 0xaa}};

struct bench {
    struct state *state;
    struct block_env env;
    struct world world;
    struct arena arena;
    struct frame frame;
    struct frame_result result;
};

static void put_code(struct bench *b, const struct address *a, const char *hex)
{
    struct buf code = {0};
    REQUIRE(hex_decode_buf(&code, hex, strlen(hex)) == E_OK);
    state_set_code(b->state, a, buf_view(&code));
    buf_free(&code);
}

static void open_bench(struct bench *b, enum fork fork, enum evm_flavour flavour, const char *hex)
{
    memset(b, 0, sizeof *b);
    b->state = state_new(&EMPTY_READER);
    b->env = (struct block_env){.number = 500, .fork = fork};
    b->world = (struct world){.state = b->state,
                              .block = &b->env,
                              .origin = ROOT,
                              .evm = evm_new(),
                              .arena = &b->arena,
                              .runners = {precompile_run, evm_run}};
    evm_set_flavour(b->world.evm, flavour);
    b->frame = (struct frame){.caller = ROOT, .recipient = SELF, .code_address = SELF, .gas = GAS};
    state_set_balance(b->state, &SELF, u256_from_u64(1000));
    state_set_nonce(b->state, &SELF, 1);
    put_code(b, &SELF, hex);
    state_tx_begin(b->state);
    state_warm_address(b->state, &SELF);
}

static void close_bench(struct bench *b)
{
    evm_free(b->world.evm);
    state_free(b->state);
    arena_free(&b->arena);
}

static enum frame_status run(struct bench *b)
{
    frame_call(&b->world, &b->frame, &b->result);
    return b->result.status;
}

static uint64_t balance(struct bench *b, const struct address *a)
{
    return state_balance(b->state, a).w[0];
}

static uint64_t stored(struct bench *b, const struct address *a, uint8_t slot)
{
    struct hash key = {{[31] = slot}};
    return u256_from_be_min(state_storage(b->state, a, &key)).w[0];
}

/* --- calls ------------------------------------------------------------------------------------ */

/* OTHER stores CALLER, CALLVALUE, ADDRESS in slots 1 to 3 and answers 0x2a. */
#define NOTES                    \
    "33600155346002553060035560" \
    "2a5f5260205ff3"
/* Stores whether the call worked in slot 9, what came back in slot 8. */
#define AFTER                    \
    "60095560205f5f3e5f51600855" \
    "00"

TEST(kinds_of_calls)
{
    static const struct {
        const char *code;
        const struct address *noted; /* in whose storage */
        uint64_t caller, value, address, self_balance;
    } rows[] = {
        {"5f5f5f5f600760525af1" AFTER, &OTHER, 0x51, 7, 0x52, 993},
        {"5f5f5f5f600760525af2" AFTER, &SELF, 0x51, 7, 0x51, 1000},
        {"5f5f5f5f60525af4" AFTER, &SELF, 0x1aa, 0, 0x51, 1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < FLAVOUR_COUNT; k++) {
            struct bench b;
            open_bench(&b, FORK_OSAKA, FLAVOURS[k], rows[i].code);
            put_code(&b, &OTHER, NOTES);
            CHECK_INT(run(&b), FRAME_SUCCESS);
            CHECK_INT(stored(&b, rows[i].noted, 1), rows[i].caller);
            CHECK_INT(stored(&b, rows[i].noted, 2), rows[i].value);
            CHECK_INT(stored(&b, rows[i].noted, 3), rows[i].address);
            CHECK_INT(stored(&b, &SELF, 9), 1);
            CHECK_INT(stored(&b, &SELF, 8), 0x2a);
            CHECK_INT(balance(&b, &SELF), rows[i].self_balance);
            close_bench(&b);
        }
}

/* A static call fails where it would change anything, and costs the callee all its gas. */
TEST(static_call)
{
    for (size_t k = 0; k < FLAVOUR_COUNT; k++) {
        struct bench b;
        open_bench(&b, FORK_OSAKA, FLAVOURS[k],
                   "5f5f5f5f6052611000fa6009555f"
                   "00");
        put_code(&b, &OTHER, NOTES);
        CHECK_INT(run(&b), FRAME_SUCCESS);
        CHECK_INT(stored(&b, &SELF, 9), 0);
        CHECK_INT(stored(&b, &OTHER, 1), 0);
        /* 4 * 2 + 3 + 3, cold 2600, 4096; 3 and a cold slot that stays 0: 2200; 2 */
        CHECK_INT(GAS - b.result.gas_left, 14 + 2600 + 4096 + 3 + 2200 + 2);
        close_bench(&b);
    }
}

TEST(prices_of_calls)
{
    static const struct {
        enum fork fork;
        const char *code;
        int64_t gas;
    } rows[] = {
        {FORK_OSAKA, "5f5f5f5f5f60995af1", 15 + 2 + 2600 - 2},
        {FORK_OSAKA, "5f5f5f5f600160995af1", 8 + 6 + 2 + 2600 + 9000 + 25000 - 2300},
        {FORK_OSAKA, "5f5f5f5f600160995af2", 8 + 6 + 2 + 2600 + 9000 - 2300},
        {FORK_OSAKA, "60205f60205f5f60045af1", 2 * 3 + 3 * 2 + 3 + 2 + 100 + 3 + 18},
        {FORK_OSAKA, "5f5f5f5f6107d060525af1",
         8 + 6 + 2 + 2600 + 9000 + 25000}, /* above the balance */
        {FORK_EIP158, "6000600060006000600060995af1", 18 + 2 + 700},
        {FORK_EIP150, "6000600060006000600060995af1", 18 + 2 + 700 + 25000},
        {FORK_HOMESTEAD, "600060006000600060006099612000f1", 21 + 40 + 25000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < FLAVOUR_COUNT; k++) {
            struct bench b;
            open_bench(&b, rows[i].fork, FLAVOURS[k], rows[i].code);
            if (rows[i].fork < FORK_EIP158)
                state_set_rules(b.state, (struct state_rules){true, true});
            CHECK_INT(run(&b), FRAME_SUCCESS);
            int64_t expected = rows[i].gas;
            if (i == 4) /* nothing ran: the stipend comes back as well */
                expected -= 2300;
            CHECK_INT(GAS - b.result.gas_left, expected);
            close_bench(&b);
        }
}

/* EIP-7702: the account's own code is the designator, what runs is the target's, for one step. */
TEST(delegations)
{
    static const struct {
        const char *delegation; /* of OTHER */
        uint64_t answer, extra_gas;
        bool works;
    } rows[] = {
        {"ef01000000000000000000000000000000000000000060", 0x2a, 2600, true},
        {"ef01000000000000000000000000000000000000000004", 0, 100,
         true}, /* a precompile: nothing */
        {"ef01000000000000000000000000000000000000000099", 0, 2600, true}, /* nothing there */
        {"ef01000000000000000000000000000000000000000052", 0, 100, false}, /* itself */
    };
    static const struct address target = {{[19] = 0x60}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < FLAVOUR_COUNT; k++) {
            struct bench b;
            /* EXTCODESIZE, a call with 1000 gas, its success, then the gas that all took */
            open_bench(&b, FORK_OSAKA, FLAVOURS[k],
                       "60523b6007555a60205f5f5f5f60526103e8f15a90600955900360065500");
            put_code(&b, &OTHER, rows[i].delegation);
            put_code(&b, &target, "602a5f5260205ff3");
            CHECK_INT(run(&b), FRAME_SUCCESS);
            CHECK_INT(stored(&b, &SELF, 7), 23);
            CHECK_INT(stored(&b, &SELF, 9), rows[i].works);
            uint64_t ran = rows[i].answer ? 3 + 2 + 3 + 3 + 3 + 2 : rows[i].works ? 0 : 1000;
            /* 2 of the second GAS, operands 3 + 4 * 2 + 3 + 3, memory 3, warm 100 */
            CHECK_INT(stored(&b, &SELF, 6), 2 + 17 + 3 + 100 + rows[i].extra_gas + ran);
            close_bench(&b);
        }
    struct address a;
    CHECK(!evm_delegation(bytes_str("\xef\x01"), &a));
}

/* --- creations -------------------------------------------------------------------------------- */

TEST(creations)
{
    /* init code, the last 10 bytes of memory[0..32): it deploys the two bytes 0x6001 */
    static const char *const codes[] = {
        "696160015f526002601ef35f52"
        "600a60166005f0"
        "3d60085560095500",
        "696160015f526002601ef35f52"
        "6009600a60165ff5"
        "3d60085560095500",
    };
    for (size_t k = 0; k < FLAVOUR_COUNT; k++)
        for (unsigned second = 0; second < 2; second++) {
            struct bench b;
            struct hash salt = {{[31] = 9}};
            open_bench(&b, FORK_OSAKA, FLAVOURS[k], codes[second]);
            struct bytes init = bytes_of("\x61\x60\x01\x5f\x52\x60\x02\x60\x1e\xf3", 10);
            struct address at =
                second ? frame_create2_address(&SELF, &salt, init) : frame_create_address(&SELF, 1);
            CHECK_INT(run(&b), FRAME_SUCCESS);
            CHECK_INT(stored(&b, &SELF, 8), 0); /* RETURNDATASIZE after a success */
            CHECK(stored(&b, &SELF, 9) != 0);
            CHECK_INT(state_nonce(b.state, &SELF), 2);
            CHECK_INT(state_nonce(b.state, &at), 1);
            CHECK_INT(balance(&b, &at), second ? 0 : 5);
            CHECK(state_was_created(b.state, &at));
            CHECK(bytes_eq(state_code(b.state, &at), bytes_of("\x60\x01", 2)));
            close_bench(&b);
        }
}

/* The data of a creation that reverts can be read; its gas comes back, the nonce stays raised. */
TEST(creation_that_reverts)
{
    for (size_t k = 0; k < FLAVOUR_COUNT; k++) {
        struct bench b;
        /* init code: PUSH1 4, PUSH0, REVERT */
        open_bench(&b, FORK_OSAKA, FLAVOURS[k], "6360045ffd5f526004601c5ff03d60085560095500");
        CHECK_INT(run(&b), FRAME_SUCCESS);
        CHECK_INT(stored(&b, &SELF, 8), 4);
        CHECK_INT(stored(&b, &SELF, 9), 0);
        CHECK_INT(state_nonce(b.state, &SELF), 2);
        close_bench(&b);
    }
}

/* EIP-6780: an account that was there before keeps its code; what it leaves to itself stays. */
TEST(self_destruction)
{
    static const struct {
        enum fork fork;
        const char *code;
        bool gone;
        uint64_t left, heir;
    } rows[] = {
        {FORK_OSAKA, "6099ff", false, 0, 1000},
        {FORK_OSAKA, "30ff", false, 1000, 0},
        {FORK_SHANGHAI, "6099ff", true, 0, 1000},
        {FORK_SHANGHAI, "30ff", true, 0, 0},
    };
    static const struct address heir = {{[19] = 0x99}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        open_bench(&b, rows[i].fork, EVM_FASTEST, rows[i].code);
        state_set_rules(b.state, (struct state_rules){.destroys_any = rows[i].fork < FORK_CANCUN});
        CHECK_INT(run(&b), FRAME_SUCCESS);
        CHECK_INT(balance(&b, &SELF), rows[i].left);
        CHECK_INT(balance(&b, &heir), rows[i].heir);
        state_tx_end(b.state);
        CHECK(state_exists(b.state, &SELF) == !rows[i].gone);
        close_bench(&b);
    }
}

/* --- bounds ----------------------------------------------------------------------------------- */

/* Calls itself with all it may pass on; each level keeps some memory. The last refusal comes from
 * the depth, the deepest frame being at LIMIT_CALL_DEPTH. */
static void *run_deep(void *ctx)
{
    struct bench *b = ctx;
    run(b);
    return NULL;
}

static unsigned deepest, entered;
static void note_enter(void *ctx, struct world *w, const struct frame *f,
                       const struct address *recipient)
{
    (void)ctx, (void)w, (void)recipient;
    deepest = f->depth > deepest ? f->depth : deepest;
    entered++;
}

TEST(deepest_calls)
{
    static const char *const codes[] = {
        "5f5f5f5f5f305af1"
        "00", /* CALL itself */
        "5f5f5f5f305af4"
        "00",                                  /* DELEGATECALL */
        "60015f52365f5f375f5f36365f5f305af100" /* with memory */
    };
    static const struct tracer tracer = {.enter = note_enter};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        for (size_t k = 0; k < FLAVOUR_COUNT; k++) {
            struct bench b;
            void *nothing;
            deepest = entered = 0;
            open_bench(&b, FORK_OSAKA, FLAVOURS[k], codes[i]);
            b.frame.gas = INT64_C(1) << 40;
            b.world.tracer = &tracer;
            CHECK_INT(thread_run(LIMIT_EVM_STACK_BYTES, run_deep, &b, &nothing), 0);
            CHECK_INT(b.result.status, FRAME_SUCCESS);
            CHECK_INT(deepest, LIMIT_CALL_DEPTH + 1);
            CHECK_INT(entered, LIMIT_CALL_DEPTH + 2);
            close_bench(&b);
        }
}

/* Memory that a frame grows into was used by another one before: it is zero all the same. */
TEST(memory_is_zero)
{
    for (size_t k = 0; k < FLAVOUR_COUNT; k++) {
        struct bench b;
        /* OTHER fills memory with ones; SELF calls it, grows and looks at the same place */
        open_bench(&b, FORK_OSAKA, FLAVOURS[k],
                   "5f5f5f5f5f60525af15060805160a05117"
                   "5f5260205ff3");
        put_code(&b, &OTHER,
                 "5f19608052"
                 "5f1960a052"
                 "5f1960c05200");
        CHECK_INT(run(&b), FRAME_SUCCESS);
        CHECK(b.result.output.len == 32 && u256_is_zero(u256_from_be(b.result.output.data)));
        CHECK_INT(run(&b), FRAME_SUCCESS);
        close_bench(&b);
    }
}

/* A frame with gas for it may grow to the region's end and no further. */
TEST(memory_region_ends)
{
    struct bench b;
    open_bench(&b, FORK_OSAKA, EVM_FASTEST,
               "640100000000"
               "51"
               "00"); /* at 4 GiB */
    b.frame.gas = INT64_MAX;
    CHECK_INT(run(&b), FRAME_OUT_OF_GAS);
    put_code(&b, &SELF, "6404000000006000f3"); /* returns 16 GiB */
    CHECK_INT(run(&b), FRAME_OUT_OF_GAS);
    put_code(&b, &SELF, "60016304000000525f5f5360015f5ff3"); /* 64 MiB, given back afterwards */
    run(&b);
    put_code(&b, &SELF, "63040000005160005260206000f3");
    CHECK_INT(run(&b), FRAME_SUCCESS);
    CHECK(b.result.output.len == 32 && u256_is_zero(u256_from_be(b.result.output.data)));
    close_bench(&b);
}

/* --- prepared code ---------------------------------------------------------------------------- */

TEST(code_cache_keeps_to_its_bound)
{
    struct code_cache *cache = code_cache_new();
    static uint8_t code[LIMIT_CODE_BYTES];
    size_t count = 2 * (LIMIT_EVM_CODE_CACHE_BYTES / code_room(sizeof code));
    struct hash first = {{0}};
    CHECK(code_cache_find(cache, &first, FORK_OSAKA) == NULL);
    struct code *pinned = code_cache_add(cache, &first, bytes_of(code, sizeof code), FORK_OSAKA);
    for (size_t i = 1; i <= count; i++) {
        struct hash h = {{(uint8_t)i, (uint8_t)(i >> 8)}};
        code_unpin(code_cache_add(cache, &h, bytes_of(code, sizeof code), FORK_OSAKA));
    }
    struct hash second = {{1}}, last = {{(uint8_t)count, (uint8_t)(count >> 8)}};
    CHECK(code_cache_find(cache, &second, FORK_OSAKA) == NULL); /* the longest unused went */
    struct code *kept = code_cache_find(cache, &last, FORK_OSAKA);
    REQUIRE(kept != NULL);
    code_unpin(kept);
    CHECK(code_cache_find(cache, &first, FORK_OSAKA) == pinned); /* in use: stayed */
    code_unpin(pinned);
    code_unpin(pinned);
    CHECK(code_cache_find(cache, &last, FORK_PRAGUE) == NULL); /* another fork, other code */
    code_cache_free(cache);
}

/* Long runs of one sequence cost the translation no more than their length. */
TEST(translation_is_linear)
{
    size_t len = 4 << 20;
    uint8_t *bytes = mem_alloc(len);
    for (unsigned op = 0; op < 256; op++) {
        if (op != OP_PUSH1 && op != OP_POP && op != OP_DUP2 && op != OP_JUMPDEST && op != 0xfe)
            continue;
        memset(bytes, (int)op, len);
        void *room = mem_alloc(code_room(len));
        struct code *c = code_prepare(room, bytes_of(bytes, len), FORK_OSAKA);
        CHECK_INT(c->len, len);
        CHECK(code_is_jumpdest(c, 77) == (op == OP_JUMPDEST));
        mem_free(room);
    }
    mem_free(bytes);
}

/* Every joined sequence is met by one that is built here, and never where it may not stand. */
TEST(sequences_are_joined)
{
    static const struct {
        const char *code;
        uint8_t at_0;
    } rows[] = {
        {"610004565b", FUSED_PUSH2_JUMP},
        {"61000356", OP_PUSH2}, /* no destination there */
        {"610004575b", FUSED_PUSH2_JUMPI},
        {"15610005575b", FUSED_ISZERO_JUMPI},
        {"10610005575b", FUSED_LT_JUMPI},
        {"11610005575b", FUSED_GT_JUMPI},
        {"12610005575b", FUSED_SLT_JUMPI},
        {"13610005575b", FUSED_SGT_JUMPI},
        {"14610005575b", FUSED_EQ_JUMPI},
        {"1015610006575b", FUSED_LT_ISZERO_JUMPI},
        {"1415610006575b", FUSED_EQ_ISZERO_JUMPI},
        {"80631234567814"
         "61000b575b",
         FUSED_SELECTOR_JUMPI},
        {"5056", FUSED_POP_JUMP},
        {"600101", FUSED_PUSH1_ADD},
        {"60016001600a1b03", FUSED_MASK},
        {"60016001600a1b0316", FUSED_MASK_AND},
        {"60026001600a1b0316", FUSED_PUSH1_PUSH1},
        {"60001c16", FUSED_PUSH1_SHR_AND},
        {"60001c", FUSED_PUSH1_SHR},
        {"9050", FUSED_SWAP1_POP},
        {"9450", FUSED_SWAP5_POP},
        {"9550", OP_SWAP6},
        {"505b", OP_POP}, /* something jumps in between */
        {"5050", FUSED_POP_POP},
        {"0c", OP_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf code = {0};
        REQUIRE(hex_decode_buf(&code, rows[i].code, strlen(rows[i].code)) == E_OK);
        void *room = mem_alloc(code_room(code.len));
        const struct code *c = code_prepare(room, buf_view(&code), FORK_OSAKA);
        if (c->fast[0] != rows[i].at_0)
            printf("# %s\n", rows[i].code);
        CHECK_INT(c->fast[0], rows[i].at_0);
        CHECK_INT(c->fast[1], c->bytes[1]); /* only the first byte of a sequence changes */
        c = code_prepare(room, buf_view(&code), FORK_BYZANTIUM);
        CHECK_INT(c->fast[0],
                  opcode_is_valid(code.data[0], FORK_BYZANTIUM) ? code.data[0] : OP_INVALID);
        mem_free(room);
        buf_free(&code);
    }
}

/* --- tracers ---------------------------------------------------------------------------------- */

struct seen {
    unsigned steps, faults, enters, leaves;
    int64_t cost_of_call, gas_sum;
    enum frame_status fault;
};

static void see_step(void *ctx, struct world *w, const struct trace_step *step)
{
    struct seen *seen = ctx;
    (void)w;
    seen->steps++;
    if (step->frame->depth == 0 && step->opcode == OP_CALL)
        seen->cost_of_call = step->gas_cost;
    else
        seen->gas_sum += step->gas_cost;
}

static void see_fault(void *ctx, struct world *w, const struct trace_step *step)
{
    struct seen *seen = ctx;
    (void)w;
    seen->faults++;
    seen->fault = step->error;
}

static void see_enter(void *ctx, struct world *w, const struct frame *f, const struct address *to)
{
    (void)w, (void)f, (void)to;
    ((struct seen *)ctx)->enters++;
}

static void see_leave(void *ctx, struct world *w, const struct frame *f,
                      const struct frame_result *out)
{
    (void)w, (void)f, (void)out;
    ((struct seen *)ctx)->leaves++;
}

TEST(tracer_sees_all)
{
    struct seen seen = {0};
    struct bench b;
    const struct tracer t = {see_enter, see_leave, see_step, see_fault, NULL, &seen};
    open_bench(&b, FORK_OSAKA, EVM_FASTEST,
               "5f5f5f5f5f60526103e8f1600101"
               "00");
    put_code(&b, &OTHER, "600101"); /* fails: one word where two are needed */
    b.world.tracer = &t;
    CHECK_INT(run(&b), FRAME_SUCCESS);
    CHECK_INT(seen.steps, 8 + 2 + 3);
    CHECK_INT(seen.faults, 1);
    CHECK_INT(seen.fault, FRAME_STACK_UNDERFLOW);
    CHECK_INT(seen.enters, 2);
    CHECK_INT(seen.leaves, 2);
    CHECK_INT(seen.cost_of_call, 2600 + 1000);
    int64_t used = GAS - b.result.gas_left;
    struct frame_result traced = b.result;
    b.world.tracer = NULL;
    state_tx_begin(b.state);
    state_warm_address(b.state, &SELF);
    CHECK_INT(run(&b), traced.status);
    CHECK_INT(GAS - b.result.gas_left, used);
    close_bench(&b);
}
