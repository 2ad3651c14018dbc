/* frame_call with runners made for the purpose: what moves, what is undone, what gas is left. */
#include "test.h"

#include "base/limits.h"
#include "crypto/keccak.h"
#include "evm/frame.h"
#include "evm/test_reader.h"

static const struct address ALICE = {{1}}, BOB = {{2}}, CONTRACT = {{0xcc}}, NATIVE = {{0xee}};

struct bench {
    struct state *state;
    struct block_env env;
    struct world world;
    struct arena arena;
    struct frame frame;
    struct frame_result result;
};

static void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->state = state_new(&EMPTY_READER);
    b->env = (struct block_env){.chain_id = 1, .number = 1, .fork = FORK_OSAKA};
    b->world = (struct world){.state = b->state, .block = &b->env, .arena = &b->arena};
    b->frame = (struct frame){
        .caller = ALICE, .recipient = BOB, .code_address = BOB, .gas = 100000, .input = {0}};
    state_set_balance(b->state, &ALICE, u256_from_u64(1000));
    state_tx_begin(b->state);
}

static void bench_close(struct bench *b)
{
    state_free(b->state);
    arena_free(&b->arena);
}

static enum frame_status call(struct bench *b)
{
    memset(&b->result, 0x5a, sizeof b->result); /* frame_call must fill all of it */
    frame_call(&b->world, &b->frame, &b->result);
    return b->result.status;
}

static uint64_t balance(struct bench *b, const struct address *a)
{
    return state_balance(b->state, a).w[0];
}

/* --- runners ---------------------------------------------------------------------------------- */

/* What the native account at NATIVE does: the first byte of its input is the status to end with. It
 * leaves a mark in storage, a log and a refund, and uses 100 gas. */
static bool run_native(struct world *w, const struct frame *f, struct frame_result *out)
{
    static const struct hash slot;
    if (!address_eq(&f->code_address, &NATIVE))
        return false;
    state_set_storage(w->state, &f->recipient, &slot, bytes_str("mark"));
    state_add_log(w->state, &f->recipient, &slot, 1, bytes_str("log"));
    state_add_refund(w->state, 50);
    out->status = (enum frame_status)f->input.data[0];
    out->gas_left = f->gas - 100;
    out->output = bytes_str("output");
    return true;
}

/* Calls itself until frame_call refuses; `frames_run` counts how often it ran. */
static unsigned frames_run;
static enum frame_status last_status;
static bool run_recursive(struct world *w, const struct frame *f, struct frame_result *out)
{
    struct frame deeper = *f;
    struct frame_result result;
    frames_run++;
    deeper.depth++;
    frame_call(w, &deeper, &result);
    if (result.status != FRAME_SUCCESS) {
        last_status = result.status;
        CHECK_INT(result.gas_left, deeper.gas);
    }
    *out = (struct frame_result){.status = FRAME_SUCCESS, .gas_left = f->gas};
    return true;
}

/* A bytecode runner's contract: init code is returned as the code to deploy; first byte 0xfd
 * reverts, 0xfe fails. Code that is called returns itself. */
static bool run_code(struct world *w, const struct frame *f, struct frame_result *out)
{
    bool creates = f->kind == FRAME_CREATE || f->kind == FRAME_CREATE2;
    struct bytes code = creates ? f->input : state_code(w->state, &f->code_address);
    if (!creates && code.len == 0)
        return false;
    CHECK(!creates || address_eq(&f->recipient, &f->code_address));
    *out = (struct frame_result){.status = FRAME_SUCCESS, .gas_left = f->gas - 10, .output = code};
    if (code.len && code.data[0] == 0xfd)
        out->status = FRAME_REVERT;
    if (code.len && code.data[0] == 0xfe)
        out->status = FRAME_INVALID;
    return true;
}

/* --- calls ------------------------------------------------------------------------------------ */

TEST(plain_transfer)
{
    struct bench b;
    bench_open(&b);
    b.frame.value = u256_from_u64(300);
    CHECK_INT(call(&b), FRAME_SUCCESS);
    CHECK_INT(b.result.gas_left, 100000);
    CHECK(b.result.output.len == 0 && address_is_zero(&b.result.created));
    CHECK_INT(balance(&b, &ALICE), 700);
    CHECK_INT(balance(&b, &BOB), 300);
    CHECK_INT(state_log_count(b.state), 0);
    CHECK_INT(state_nonce(b.state, &ALICE), 0);
    b.frame.value = u256_from_u64(701);
    CHECK_INT(call(&b), FRAME_BALANCE);
    CHECK_INT(b.result.gas_left, 100000);
    CHECK_INT(balance(&b, &ALICE), 700);
    bench_close(&b);
}

TEST(zero_value_touches)
{
    struct bench b;
    bench_open(&b);
    CHECK_INT(call(&b), FRAME_SUCCESS);
    state_tx_end(b.state);
    CHECK(!state_exists(b.state, &BOB)); /* EIP-161 */
    bench_close(&b);
}

TEST(success_keeps_and_failure_undoes)
{
    static const struct hash slot;
    static const enum frame_status all[] = {FRAME_SUCCESS, FRAME_REVERT, FRAME_OUT_OF_GAS,
                                            FRAME_INVALID};
    for (size_t i = 0; i < 4; i++) {
        struct bench b;
        uint8_t input = (uint8_t)all[i];
        bench_open(&b);
        b.world.runners[0] = run_code; /* asked first, declines: NATIVE has no code */
        b.world.runners[1] = run_native;
        b.frame.recipient = b.frame.code_address = NATIVE;
        b.frame.value = u256_from_u64(5);
        b.frame.input = bytes_of(&input, 1);
        CHECK_INT(call(&b), all[i]);
        bool kept = all[i] == FRAME_SUCCESS, spoke = kept || all[i] == FRAME_REVERT;
        CHECK_INT(b.result.gas_left, spoke ? 99900 : 0);
        CHECK_INT(b.result.output.len, spoke ? 6 : 0);
        CHECK_INT(balance(&b, &NATIVE), kept ? 5 : 0);
        CHECK_INT(balance(&b, &ALICE), kept ? 995 : 1000);
        CHECK_INT(state_storage(b.state, &NATIVE, &slot).len, kept ? 4 : 0);
        CHECK_INT(state_log_count(b.state), kept ? 1 : 0);
        CHECK_INT(state_refund(b.state), kept ? 50 : 0);
        bench_close(&b);
    }
}

TEST(static_frames)
{
    struct bench b;
    bench_open(&b);
    b.frame.is_static = true;
    CHECK_INT(call(&b), FRAME_SUCCESS);
    b.frame.value = u256_from_u64(1);
    CHECK_INT(call(&b), FRAME_WRITE_PROTECTION);
    CHECK_INT(b.result.gas_left, 0);
    CHECK_INT(balance(&b, &BOB), 0);
    b.frame.kind = FRAME_DELEGATECALL; /* passes a value on without moving it */
    CHECK_INT(call(&b), FRAME_SUCCESS);
    b.frame.value = U256_ZERO;
    b.frame.kind = FRAME_CREATE;
    CHECK_INT(call(&b), FRAME_WRITE_PROTECTION);
    b.frame.kind = FRAME_CREATE2;
    CHECK_INT(call(&b), FRAME_WRITE_PROTECTION);
    CHECK_INT(state_nonce(b.state, &ALICE), 0);
    bench_close(&b);
}

TEST(depth_limit)
{
    struct bench b;
    bench_open(&b);
    b.frame.depth = LIMIT_CALL_DEPTH;
    CHECK_INT(call(&b), FRAME_SUCCESS);
    b.frame.depth++;
    CHECK_INT(call(&b), FRAME_DEPTH);
    CHECK_INT(b.result.gas_left, 100000);
    b.frame.depth = 0;
    b.world.runners[0] = run_recursive;
    frames_run = 0;
    CHECK_INT(call(&b), FRAME_SUCCESS);
    CHECK_INT(frames_run, LIMIT_CALL_DEPTH + 1);
    CHECK_INT(last_status, FRAME_DEPTH);
    bench_close(&b);
}

TEST(delegatecall_and_callcode_move_nothing)
{
    struct bench b;
    bench_open(&b);
    b.frame.kind = FRAME_DELEGATECALL;
    b.frame.value = u256_from_u64(5000); /* the value of the frame above; not checked again */
    CHECK_INT(call(&b), FRAME_SUCCESS);
    b.frame.kind = FRAME_CALLCODE;
    CHECK_INT(call(&b), FRAME_BALANCE);
    b.frame.value = u256_from_u64(500);
    CHECK_INT(call(&b), FRAME_SUCCESS);
    CHECK_INT(balance(&b, &ALICE), 1000);
    CHECK_INT(balance(&b, &BOB), 0);
    bench_close(&b);
}

TEST(code_without_a_runner)
{
    struct bench b;
    bench_open(&b);
    state_set_code(b.state, &CONTRACT, bytes_str("code"));
    b.frame.recipient = b.frame.code_address = CONTRACT;
    b.frame.value = u256_from_u64(5);
    CHECK_INT(call(&b), FRAME_INVALID);
    CHECK_INT(b.result.gas_left, 0);
    CHECK_INT(balance(&b, &ALICE), 1000);
    b.frame.recipient = BOB; /* the code decides, not whose storage it is */
    b.frame.kind = FRAME_DELEGATECALL;
    CHECK_INT(call(&b), FRAME_INVALID);
    b.world.runners[0] = run_code;
    CHECK_INT(call(&b), FRAME_SUCCESS);
    CHECK(bytes_eq(b.result.output, bytes_str("code")));
    bench_close(&b);
}

/* --- creations -------------------------------------------------------------------------------- */

static void open_create(struct bench *b, enum frame_kind kind, struct bytes init_code)
{
    bench_open(b);
    b->frame.kind = kind;
    b->frame.value = u256_from_u64(7);
    b->frame.input = init_code;
    b->world.runners[0] = run_native;
    b->world.runners[1] = run_code;
}

TEST(create_without_a_runner)
{
    struct bench b;
    open_create(&b, FRAME_CREATE, bytes_str("init"));
    b.world.runners[0] = NULL;
    CHECK_INT(call(&b), FRAME_INVALID);
    CHECK_INT(b.result.gas_left, 0);
    CHECK_INT(state_nonce(b.state, &ALICE), 1);
    CHECK_INT(balance(&b, &ALICE), 1000);
    CHECK(address_is_zero(&b.result.created));
    bench_close(&b);
}

TEST(create_deploys)
{
    struct bench b;
    open_create(&b, FRAME_CREATE, bytes_str("code"));
    struct address expected = frame_create_address(&ALICE, 41);
    state_set_nonce(b.state, &ALICE, 41);
    state_set_balance(b.state, &expected, u256_from_u64(3)); /* money sent ahead is kept */
    CHECK_INT(call(&b), FRAME_SUCCESS);
    CHECK(address_eq(&b.result.created, &expected));
    CHECK_INT(b.result.gas_left, 100000 - 10 - 4 * 200);
    CHECK(bytes_eq(state_code(b.state, &expected), bytes_str("code")));
    CHECK_INT(state_nonce(b.state, &expected), 1);
    CHECK_INT(state_nonce(b.state, &ALICE), 42);
    CHECK_INT(balance(&b, &expected), 10);
    CHECK(state_was_created(b.state, &expected));
    CHECK(state_warm_address(b.state, &expected));
    /* a second time, the next address */
    CHECK_INT(call(&b), FRAME_SUCCESS);
    expected = frame_create_address(&ALICE, 42);
    CHECK(address_eq(&b.result.created, &expected));
    bench_close(&b);
}

TEST(create_failures)
{
    static const struct {
        const char *init;
        enum frame_status status;
        int64_t gas_left;
        size_t output;
    } rows[] = {{"\xfdno", FRAME_REVERT, 99990, 3}, {"\xfeno", FRAME_INVALID, 0, 0}};
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        open_create(&b, FRAME_CREATE, bytes_str(rows[i].init));
        struct address at = frame_create_address(&ALICE, 0);
        CHECK_INT(call(&b), rows[i].status);
        CHECK_INT(b.result.gas_left, rows[i].gas_left);
        CHECK_INT(b.result.output.len, rows[i].output);
        CHECK(address_is_zero(&b.result.created));
        CHECK_INT(state_nonce(b.state, &ALICE), 1); /* stays raised */
        CHECK_INT(balance(&b, &ALICE), 1000);
        CHECK(!state_exists(b.state, &at) && !state_was_created(b.state, &at));
        CHECK(state_warm_address(b.state, &at)); /* EIP-2929 */
        bench_close(&b);
    }
}

TEST(create_limits_of_code)
{
    static uint8_t code[LIMIT_CODE_BYTES + 1];
    static const struct {
        enum fork fork;
        size_t len;
        uint8_t first;
        int64_t gas;
        enum frame_status status;
        size_t deployed;
    } rows[] = {
        {FORK_OSAKA, LIMIT_CODE_BYTES, 0, 10000000, FRAME_SUCCESS, LIMIT_CODE_BYTES},
        {FORK_OSAKA, LIMIT_CODE_BYTES + 1, 0, 10000000, FRAME_CODE_SIZE, 0}, /* EIP-170 */
        {FORK_EIP150, LIMIT_CODE_BYTES + 1, 0, 10000000, FRAME_SUCCESS, LIMIT_CODE_BYTES + 1},
        {FORK_OSAKA, 1, 0xef, 10000, FRAME_CODE_PREFIX, 0}, /* EIP-3541 */
        {FORK_BERLIN, 1, 0xef, 10000, FRAME_SUCCESS, 1},
        {FORK_OSAKA, 3, 0, 10 + 600, FRAME_SUCCESS, 3},
        {FORK_OSAKA, 3, 0, 10 + 599, FRAME_CODE_GAS, 0}, /* EIP-2 */
        {FORK_HOMESTEAD, 3, 0, 10 + 599, FRAME_CODE_GAS, 0},
        {FORK_FRONTIER, 3, 0, 10 + 599, FRAME_SUCCESS, 0},
        {FORK_OSAKA, 0, 0, 10, FRAME_SUCCESS, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        open_create(&b, FRAME_CREATE, bytes_of(code, rows[i].len));
        code[0] = rows[i].first;
        b.env.fork = rows[i].fork;
        b.frame.gas = rows[i].gas;
        struct address at = frame_create_address(&ALICE, 0);
        CHECK_INT(call(&b), rows[i].status);
        CHECK_INT(state_code(b.state, &at).len, rows[i].deployed);
        CHECK_INT(balance(&b, &at), rows[i].status == FRAME_SUCCESS ? 7 : 0);
        bool numbered = rows[i].status == FRAME_SUCCESS && rows[i].fork >= FORK_EIP158;
        CHECK_INT(state_nonce(b.state, &at), numbered ? 1 : 0);
        bench_close(&b);
    }
}

/* EIP-684 and EIP-7610: an address with a nonce, code or storage is taken. */
TEST(create_collisions)
{
    static const struct hash slot;
    for (unsigned what = 0; what < 3; what++) {
        struct bench b;
        open_create(&b, FRAME_CREATE, bytes_str("code"));
        struct address at = frame_create_address(&ALICE, 0);
        if (what == 0)
            state_set_nonce(b.state, &at, 1);
        else if (what == 1)
            state_set_code(b.state, &at, bytes_str("old"));
        else
            state_set_storage(b.state, &at, &slot, bytes_str("old"));
        CHECK_INT(call(&b), FRAME_COLLISION);
        CHECK_INT(b.result.gas_left, 0);
        CHECK_INT(state_nonce(b.state, &ALICE), 1);
        CHECK_INT(balance(&b, &at), 0);
        bench_close(&b);
    }
}

TEST(create_refusals_before_anything_runs)
{
    struct bench b;
    open_create(&b, FRAME_CREATE, bytes_str("code"));
    b.frame.value = u256_from_u64(1001);
    CHECK_INT(call(&b), FRAME_BALANCE);
    CHECK_INT(state_nonce(b.state, &ALICE), 0);
    b.frame.value = U256_ZERO;
    b.frame.depth = LIMIT_CALL_DEPTH + 1;
    CHECK_INT(call(&b), FRAME_DEPTH);
    CHECK_INT(state_nonce(b.state, &ALICE), 0);
    b.frame.depth = 0;
    state_set_nonce(b.state, &ALICE, UINT64_MAX); /* EIP-2681 */
    CHECK_INT(call(&b), FRAME_NONCE);
    CHECK_INT(b.result.gas_left, 100000);
    bench_close(&b);
}

TEST(create2_deploys)
{
    struct bench b;
    open_create(&b, FRAME_CREATE2, bytes_str("code"));
    b.frame.salt.b[31] = 9;
    struct address expected = frame_create2_address(&ALICE, &b.frame.salt, bytes_str("code"));
    CHECK_INT(call(&b), FRAME_SUCCESS);
    CHECK(address_eq(&b.result.created, &expected));
    CHECK_INT(state_nonce(b.state, &ALICE), 1);
    CHECK_INT(call(&b), FRAME_COLLISION); /* the same address again */
    CHECK_INT(state_nonce(b.state, &ALICE), 2);
    bench_close(&b);
}

/* The examples of EIP-1014. */
TEST(create2_addresses)
{
    static const struct {
        const char *creator, *salt, *init, *address;
    } rows[] = {
        {"0000000000000000000000000000000000000000",
         "0000000000000000000000000000000000000000000000000000000000000000", "00",
         "4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38"},
        {"deadbeef00000000000000000000000000000000",
         "0000000000000000000000000000000000000000000000000000000000000000", "00",
         "b928f69bb1d91cd65274e3c79d8986362984fda3"},
        {"deadbeef00000000000000000000000000000000",
         "000000000000000000000000feed000000000000000000000000000000000000", "00",
         "d04116cdd17bebe565eb2422f2497e06cc1c9833"},
        {"0000000000000000000000000000000000000000",
         "0000000000000000000000000000000000000000000000000000000000000000", "deadbeef",
         "70f2b2914a2a4b783faefb75f459a580616fcb5e"},
        {"00000000000000000000000000000000deadbeef",
         "00000000000000000000000000000000000000000000000000000000cafebabe", "deadbeef",
         "60f3f640a8508fc6a86d45df051962668e1e8ac7"},
        {"00000000000000000000000000000000deadbeef",
         "00000000000000000000000000000000000000000000000000000000cafebabe",
         "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
         "1d8bfdc5d46dc4f61d6b6115972536ebe6a8854c"},
        {"0000000000000000000000000000000000000000",
         "0000000000000000000000000000000000000000000000000000000000000000", "",
         "e33c0c7f7df4809055c3eba6c09cfe4baf1bd9e0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address creator;
        struct hash salt;
        struct buf init = {0};
        REQUIRE(address_from_hex(&creator, rows[i].creator) == E_OK);
        REQUIRE(hash_from_hex(&salt, rows[i].salt) == E_OK);
        REQUIRE(hex_decode_buf(&init, rows[i].init, strlen(rows[i].init)) == E_OK);
        struct address a = frame_create2_address(&creator, &salt, buf_view(&init));
        CHECK_HEX(a.b, 20, rows[i].address);
        buf_free(&init);
    }
}
