/* Instructions by their results and prices, calls, creations and what bounds them, in every flavour
 * of the interpreter. Prices are those the EIPs state. */
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
#define GAS 1000000

static const struct address SELF = {{[19] = 0x51}}, OTHER = {{[19] = 0x52}};
static const struct address ROOT = {{[18] = 1, [19] = 0xaa}};

struct bench {
    struct state *state;
    struct block_env env;
    struct world world;
    struct arena arena;
    struct frame frame;
    struct frame_result result;
    struct buf code;
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
    state_set_rules(b->state, (struct state_rules){.keeps_empty = fork < FORK_EIP158,
                                                   .destroys_any = fork < FORK_CANCUN});
    b->env = (struct block_env){.chain_id = 0x1234,
                                .number = 500,
                                .timestamp_s = 0x5566,
                                .gas_limit = 0x7788,
                                .beneficiary = {{[19] = 0xbe}},
                                .prev_randao = {{[31] = 0x77}},
                                .base_fee = {{0x99}},
                                .blob_base_fee = {{0xb1}},
                                .difficulty = {{0xd1}},
                                .fork = fork,
                                .block_hash = program_block_hash};
    b->world = (struct world){.state = b->state,
                              .block = &b->env,
                              .origin = ROOT,
                              .gas_price = {{0x11}},
                              .evm = evm_new(),
                              .arena = &b->arena,
                              .runners = {precompile_run, evm_run}};
    evm_set_flavour(b->world.evm, flavour);
    b->frame = (struct frame){
        .caller = ROOT, .recipient = SELF, .code_address = SELF, .gas = GAS, .value = {{3}}};
    state_set_balance(b->state, &ROOT, u256_from_u64(1000));
    state_set_nonce(b->state, &SELF, 1);
    put_code(b, &SELF, hex);
    state_tx_begin(b->state);
    state_warm_address(b->state, &ROOT);
    state_warm_address(b->state, &SELF);
}

static void close_bench(struct bench *b)
{
    evm_free(b->world.evm);
    state_free(b->state);
    arena_free(&b->arena);
    buf_free(&b->code);
}

static enum frame_status run(struct bench *b)
{
    frame_call(&b->world, &b->frame, &b->result);
    return b->result.status;
}

/* --- instructions ----------------------------------------------------------------------------- */

#define RETURN_TOP "5f5260205ff3" /* in Shanghai and later: memory[0] = top, return it */
#define FULL "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define LOWEST "8000000000000000000000000000000000000000000000000000000000000000"

static const struct {
    const char *code; /* leaves the answer on top */
    const char *answer;
    int64_t gas; /* of `code` alone; 0: not asked */
} RESULTS[] = {
    {"6003600401", "7", 9},
    {"7f" FULL "600201", "1", 9},
    {"6003600402", "c", 11},
    {"7f" FULL "7f" FULL "02", "1", 11},
    {"6003600a03", "7", 9},
    {"6001600003", FULL, 9},
    {"6003600a04", "3", 11},
    {"6000600a04", "0", 11},
    {"7f" FULL "7f" LOWEST "05", LOWEST, 11}, /* -2^255 / -1 */
    {"60027f" FULL "6009900305",
     "ff"
     "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffb",
     20}, /* -10 / 2 */
    {"6003600a06", "1", 11},
    {"60037f" FULL "07", FULL, 11}, /* -1 smod 3 = -1 */
    {"6008600a600908", "3", 17},
    {"60087f" FULL "7f" FULL "08", "6", 17},
    {"6007600a600909", "6", 17},
    {"600c7f" FULL "7f" FULL "09", "9", 17},
    {"600a60020a", "400", 0 + 66},
    {"600060000a", "1", 16},
    {"61010060020a", "0", 116}, /* a byte more of exponent */
    {"60ff60000b", FULL, 11},
    {"607f60000b", "7f", 11},
    {"6180ff60010b", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff80ff", 11},
    {"6002600110", "1", 9},
    {"6001600211", "1", 9},
    {"60017f" FULL "12", "1", 9},
    {"7f" FULL "600113", "1", 9},
    {"6005600514", "1", 9},
    {"600015", "1", 6},
    {"600515", "0", 6},
    {"600c600a16", "8", 9},
    {"600c600a17", "e", 9},
    {"600c600a18", "6", 9},
    {"600019", FULL, 6},
    {"61abcd601e1a", "ab", 9},
    {"61abcd60201a", "0", 9},
    {"600160ff1b", LOWEST, 9},
    {"60016101001b", "0", 9},
    {"7f" LOWEST "60ff1c", "1", 9},
    {"7f" LOWEST "60ff1d", FULL, 9},
    {"7f" LOWEST "6101001d", FULL, 9},
    {"60001e", "100", 8},
    {"60011e", "ff", 8},
    {"7f" FULL "1e", "0", 8},
    {"5f5f20", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", 34},
    {"30", "51", 2},
    {"6101aa31", "3e5", 0}, /* ROOT paid 3 of its 1000 */
    {"32", "1aa", 2},
    {"33", "1aa", 2},
    {"34", "3", 2},
    {"5f35", "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", 5},
    {"602035", "2122000000000000000000000000000000000000000000000000000000000000", 6},
    {"602235", "0", 6},
    {"7f" FULL "35", "0", 6},
    {"36", "22", 2},
    {"60406001601f375f51", "2", 0}, /* one byte of call data at 31, then zeros beyond its end */
    {"38", "7", 2},
    {"60015f5f395f51",
     "60"
     "00000000000000000000000000000000000000000000000000000000000000",
     0},
    {"3a", "11", 2},
    {"60523b", "5", 0},
    {"60995c", "0", 103},
    {"60055f5d5f5c", "5", 0},
    {"60995499", NULL, 0}, /* SWAP10 with two words */
    {"60523f", "b4efaf81ec9dcd5a5ad64a5d4ca5e0d6d8a1bd9d6c2c35c5d5cdbb6e6e0ef7d9", -1},
    {"61aaaa3f", "0", 0},
    {"6101f340",
     "0100000000000000000000000000000000000000000000000000000000000"
     "0f3",
     23},
    {"6101f440", "0", 23}, /* this block's own */
    {"60f340", "0", 23},   /* 257 blocks ago */
    {"41", "be", 2},
    {"42", "5566", 2},
    {"43", "1f4", 2},
    {"44", "77", 2},
    {"45", "7788", 2},
    {"46", "1234", 2},
    {"47", "3", 5},
    {"48", "99", 2},
    {"600149", "0", 6},
    {"4a", "b1", 2},
    {"6007600850", "7", 8},
    {"600a5f525f51", "a", 0},
    {"60ab601f535f51", "ab", 0},
    {"6007600155600154", "7", 0},
    {"60085660ff5b6001", NULL, 0}, /* into a PUSH's bytes */
    {"600456005b6009", "9", 15},
    {"6001600657005b6009", "9", 20},
    {"6000600657600960015b50", "9", 0},
    {"6001505958", "4", 9},
    {"59", "0", 2},
    {"5f51505f5159", "20", 0},
    {"5a", "f423e", 2},
    {"6107d1515059", "800", 0},
    {"60ff5f5260205f60205e602051", "ff", 0},
    {"5f", "0", 2},
    {"60016002600382", "1", 12},
    {"60016002600391", "1", 12},
};

/* The rows in which a hash of OTHER's code stands are checked against keccak here. */
static void check_result(const char *code, const char *answer, int64_t gas,
                         enum evm_flavour flavour)
{
    struct bench b;
    struct u256 expected = U256_ZERO;
    uint8_t input[34], be[32];
    char text[400], number[80];
    for (unsigned i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)(i + 1);
    snprintf(text, sizeof text, "%s" RETURN_TOP, code);
    open_bench(&b, FORK_OSAKA, flavour, text);
    put_code(&b, &OTHER, "6001600200");
    b.frame.input = bytes_of(input, sizeof input);
    if (gas < 0) {
        struct hash h = state_code_hash(b.state, &OTHER);
        expected = u256_from_be(h.b);
    } else if (answer) {
        snprintf(number, sizeof number, "0x%s", answer);
        REQUIRE(u256_parse(&expected, number) == E_OK);
    }
    run(&b);
    u256_to_be(be, expected);
    bool right = answer ? b.result.status == FRAME_SUCCESS && b.result.output.len == 32 &&
                              memcmp(b.result.output.data, be, 32) == 0
                        : frame_is_halt(b.result.status) && b.result.gas_left == 0;
    if (!right) {
        struct buf hex = {0};
        buf_put_hex(&hex, b.result.output.data, b.result.output.len);
        printf("# %s gives %s, %s\n", code, buf_cstr(&hex), frame_status_text(b.result.status));
        buf_free(&hex);
    }
    CHECK(right);
    if (gas > 0 && right) /* RETURN_TOP: 2 + 3 + 3 (memory) + 3 + 2 */
        CHECK_INT(GAS - b.result.gas_left - 13, gas);
    close_bench(&b);
}

TEST(results_and_prices)
{
    for (size_t i = 0; i < sizeof RESULTS / sizeof RESULTS[0]; i++)
        for (size_t k = 0; k < FLAVOUR_COUNT; k++)
            check_result(RESULTS[i].code, RESULTS[i].answer, RESULTS[i].gas, FLAVOURS[k]);
}

/* --- prices by fork, refunds ------------------------------------------------------------------ */

static const struct {
    enum fork fork;
    const char *code;
    int64_t gas, refund;
} PRICES[] = {
    {FORK_FRONTIER, "600054", 53, 0},
    {FORK_EIP150, "600054", 203, 0},
    {FORK_ISTANBUL, "600054", 803, 0},
    {FORK_BERLIN, "600054", 2103, 0},
    {FORK_OSAKA, "600054600054", 2103 + 103, 0},
    {FORK_FRONTIER, "60993150", 25, 0},
    {FORK_EIP150, "60993150", 405, 0},
    {FORK_ISTANBUL, "60993150", 705, 0},
    {FORK_BERLIN, "60993150", 2605, 0},
    {FORK_BERLIN, "60043150", 105, 0}, /* a precompile is warm */
    /* slot 0 holds 5 before the transaction, slot 1 nothing */
    {FORK_FRONTIER, "60005f55", 0, 0}, /* PUSH0 unknown: checked below as a halt */
    {FORK_HOMESTEAD, "6000600055", 5006, 15000},
    {FORK_HOMESTEAD, "6007600155", 20006, 0},
    {FORK_CONSTANTINOPLE, "60076001556000600155", 20006 + 206, 19800},
    {FORK_CONSTANTINOPLE, "60076000556005600055", 5006 + 206, 4800},
    {FORK_PETERSBURG, "60076001556000600155", 20006 + 5006, 15000},
    {FORK_ISTANBUL, "60076001556000600155", 20006 + 806, 19200},
    {FORK_ISTANBUL, "60076000556005600055", 5006 + 806, 4200},
    {FORK_ISTANBUL, "60006000556007600055", 5006 + 806, 0},
    {FORK_BERLIN, "60076001556000600155", 22106 + 106, 19900},
    {FORK_BERLIN, "60076000556005600055", 5006 + 106, 2800},
    {FORK_BERLIN, "6000600055", 5006, 15000},
    {FORK_LONDON, "6000600055", 5006, 4800},
    {FORK_LONDON, "60006000556007600055", 5006 + 106, 0},
    {FORK_LONDON, "6005600055", 2206, 0}, /* what it holds already */
    {FORK_FRONTIER, "610100600a0a50", 10 + 20 + 8, 0},
    {FORK_EIP158, "610100600a0a50", 10 + 100 + 8, 0},
    {FORK_FRONTIER, "6099ff", 3, 24000},
    {FORK_EIP150, "6099ff", 30003, 24000},
    {FORK_EIP158, "6099ff", 5003 + 25000, 24000}, /* it has 3 to leave */
    {FORK_BERLIN, "6099ff", 7603 + 25000, 24000},
    {FORK_LONDON, "6099ff", 7603 + 25000, 0},
};

TEST(prices_by_fork)
{
    static const struct hash slot_0;
    for (size_t i = 0; i < sizeof PRICES / sizeof PRICES[0]; i++)
        for (size_t k = 0; k < FLAVOUR_COUNT; k++) {
            struct bench b;
            open_bench(&b, PRICES[i].fork, FLAVOURS[k], PRICES[i].code);
            state_set_storage(b.state, &SELF, &slot_0, bytes_str("\x05"));
            state_tx_begin(b.state);
            run(&b);
            if (PRICES[i].gas == 0) {
                CHECK_INT(b.result.status, FRAME_INVALID_OPCODE);
            } else {
                CHECK_INT(b.result.status, FRAME_SUCCESS);
                if (GAS - b.result.gas_left != PRICES[i].gas)
                    printf("# %s\n", PRICES[i].code);
                CHECK_INT(GAS - b.result.gas_left, PRICES[i].gas);
                CHECK_INT(state_refund(b.state), PRICES[i].refund);
            }
            close_bench(&b);
        }
}

/* --- how frames end --------------------------------------------------------------------------- */

static const struct {
    const char *code;
    enum frame_status status;
    bool is_static;
    int64_t gas;
} ENDS[] = {
    {"", FRAME_SUCCESS, false, 0},
    {"00", FRAME_SUCCESS, false, 0},
    {"60", FRAME_SUCCESS, false, 3}, /* the byte beyond the end is 0 */
    {"01", FRAME_STACK_UNDERFLOW, false, GAS},
    {"5b303056", FRAME_BAD_JUMP, false, GAS},
    {"60015f57", FRAME_BAD_JUMP, false, 2}, /* JUMPI cannot be paid: 5 of 15 */
    {"5b5f5f5f56", FRAME_STACK_OVERFLOW, false, GAS},
    {"0c", FRAME_INVALID_OPCODE, false, GAS},
    {"fe", FRAME_INVALID_OPCODE, false, GAS},
    {"ef", FRAME_INVALID_OPCODE, false, GAS},
    {"a5", FRAME_INVALID_OPCODE, false, GAS}, /* what the fast forms use inside */
    {"5f5ffd", FRAME_REVERT, false, 0},
    {"60015f5f3e", FRAME_RETURN_DATA_BOUNDS, false, GAS},
    {"5f60015f3e", FRAME_RETURN_DATA_BOUNDS, false, GAS}, /* zero bytes beyond the end */
    {"5f5f55", FRAME_WRITE_PROTECTION, true, GAS},
    {"5f5f5d", FRAME_WRITE_PROTECTION, true, GAS},
    {"5f5fa0", FRAME_WRITE_PROTECTION, true, GAS},
    {"5fff", FRAME_WRITE_PROTECTION, true, GAS},
    {"5f5f5ff0", FRAME_WRITE_PROTECTION, true, GAS},
    {"5f5f5f5ff5", FRAME_WRITE_PROTECTION, true, GAS},
    {"5f5f5f5f60015f5ff1", FRAME_WRITE_PROTECTION, true, GAS}, /* a call with value */
    {"5f5f5f5f5f5f5ff1", FRAME_SUCCESS, true, 0},
    {"7f" FULL "51", FRAME_OUT_OF_GAS, false, GAS},
    {"63ffffffff51", FRAME_OUT_OF_GAS, false, GAS},
    {"60017f" FULL "f3", FRAME_OUT_OF_GAS, false, GAS},
    {"5f7f" FULL "f3", FRAME_SUCCESS, false, 5}, /* nothing, from anywhere */
    {"61c0015f5ff0", FRAME_INITCODE_SIZE, false, GAS},
};

TEST(ends)
{
    for (size_t i = 0; i < sizeof ENDS / sizeof ENDS[0]; i++)
        for (size_t k = 0; k < FLAVOUR_COUNT; k++) {
            struct bench b;
            open_bench(&b, FORK_OSAKA, FLAVOURS[k], ENDS[i].code);
            b.frame.is_static = ENDS[i].is_static;
            if (ENDS[i].is_static)
                b.frame.value = U256_ZERO;
            enum frame_status status = ENDS[i].status, got = run(&b);
            if (got != status)
                printf("# %s: %s\n", ENDS[i].code, frame_status_text(got));
            CHECK_INT(got, status);
            if (frame_is_halt(status))
                CHECK(b.result.gas_left == 0 && b.result.output.len == 0);
            else if (ENDS[i].gas)
                CHECK_INT(GAS - b.result.gas_left, ENDS[i].gas);
            close_bench(&b);
        }
}

TEST(status_texts)
{
    for (unsigned s = 0; s < FRAME_STATUS_COUNT; s++)
        CHECK(frame_status_text((enum frame_status)s) != NULL);
    CHECK_STR(frame_status_text(FRAME_OUT_OF_GAS), "out of gas");
    CHECK_STR(opcode_name(OP_KECCAK256), "KECCAK256");
    CHECK_STR(opcode_name(0x0c), "opcode 0xc not defined");
}
