/* execute_tx: what a transaction costs and changes, and every refusal with the state unchanged. A
 * service made for the purpose stands in for code that uses gas, reverts or speaks. */
#include "test.h"

#include "base/limits.h"
#include "chain/execute.h"
#include "chain/genesis.h"
#include "city/money/quota.h"
#include "city/service.h"
#include "crypto/keccak.h"
#include "evm/test_reader.h"

#define ETHER 1000000000000000000ULL
#define CHAIN_ID 20260u

static const struct address ALICE = {{1}}, BOB = {{2}}, MINER = {{0xfe}}, CONTRACT = {{0xcc}};

/* --- the probe: a service that does as it is told --------------------------------------------- */

static struct {
    bool ran, to_warm, sender_warm, miner_warm, listed_warm, slot_warm, other_warm;
    struct address origin;
    struct u256 gas_price;
} seen;
static const struct hash SLOT = {{7}};
static const struct address LISTED = {{0x77}};

static enum err run_spend(struct service_call *c)
{
    TRY(service_charge(c, abi_get_u64(service_arg(c, 0))));
    state_add_refund(c->world->state, (int64_t)abi_get_u64(service_arg(c, 1)));
    return service_return(c, NULL);
}

static enum err run_fail(struct service_call *c)
{
    TRY(service_store(c, &SLOT, bytes_str("lost")));
    TRY(service_emit(c, "Spoke", (struct abi_value[]){abi_u64(1), abi_u64(2)}));
    state_add_refund(c->world->state, 5000);
    return service_revert(c, "Nope", NULL);
}

static enum err run_speak(struct service_call *c)
{
    TRY(service_store(c, &SLOT, bytes_str("kept")));
    TRY(service_emit(c, "Spoke", (struct abi_value[]){abi_u64(1), abi_u64(2)}));
    TRY(service_emit(c, "Spoke", (struct abi_value[]){abi_u64(3), abi_u64(4)}));
    return service_return(c, NULL);
}

static enum err run_look(struct service_call *c)
{
    struct state *s = c->world->state;
    seen.ran = true;
    seen.to_warm = state_warm_address(s, &c->service->address);
    seen.sender_warm = state_warm_address(s, &c->frame->caller);
    seen.miner_warm = state_warm_address(s, &MINER);
    seen.listed_warm = state_warm_address(s, &LISTED);
    seen.slot_warm = state_warm_slot(s, &LISTED, &SLOT);
    seen.other_warm = state_warm_address(s, &BOB);
    seen.origin = c->world->origin;
    seen.gas_price = c->world->gas_price;
    return service_return(c, NULL);
}

static const struct service_method PROBE_METHODS[] = {
    {"function spend(uint64 gas, uint64 refund)", "Uses gas.", 0, 0, run_spend},
    {"function fail()", "Reverts.", 100, 0, run_fail},
    {"function speak() payable", "Two logs.", 100, 0, run_speak},
    {"function look()", "What is warm.", 0, 0, run_look},
    {0},
};
static const struct service_line PROBE_EVENTS[] = {
    {"event Spoke(uint64 indexed a, uint64 b)", "Said."},
    {0},
};
static const struct service_line PROBE_ERRORS[] = {{"error Nope()", "No."}, {0}};
static const struct service PROBE = {
    .name = "probe",
    .title = "Probe",
    .purpose = "Tests.",
    .address = SERVICE_ADDRESS(0x7f),
    .methods = PROBE_METHODS,
    .events = PROBE_EVENTS,
    .errors = PROBE_ERRORS,
};
static const struct service *const PROBE_ONLY[] = {&PROBE, NULL};

/* Call data of a method without arguments, or with two words. */
static struct bytes probe_call(struct arena *a, const char *signature, uint64_t x, uint64_t y)
{
    struct hash h = keccak256_of(bytes_str(signature));
    uint8_t *data = arena_zalloc(a, 1, 4 + 64);
    memcpy(data, h.b, 4);
    be64_put(data + 4 + 24, x);
    be64_put(data + 4 + 56, y);
    return bytes_of(data, strstr(signature, "()") ? 4 : 4 + 64);
}

/* --- a world ---------------------------------------------------------------------------------- */

struct bench {
    struct state *state;
    struct block_env env;
    struct arena arena;
    struct quota_block *quota;
    uint64_t gas_before;
    struct tx tx;
    struct receipt receipt;
};

static void bench_open(struct bench *b, bool with_probe)
{
    static const uint8_t code[] = {0xfe};
    memset(b, 0, sizeof *b);
    memset(&seen, 0, sizeof seen);
    services_init_with(with_probe ? PROBE_ONLY : SERVICES);
    b->state = state_new(&EMPTY_READER);
    b->env = (struct block_env){.chain_id = CHAIN_ID,
                                .number = 1,
                                .timestamp_s = 1700000000,
                                .gas_limit = 30000000,
                                .beneficiary = MINER,
                                .fork = FORK_OSAKA};
    state_set_balance(b->state, &ALICE, u256_from_u64(ETHER));
    if (with_probe) {
        state_set_nonce(b->state, &PROBE.address, 1);
        state_set_code(b->state, &PROBE.address, bytes_of(code, sizeof code));
    }
    b->tx = (struct tx){.type = TX_DYNAMIC_FEE,
                        .has_chain_id = true,
                        .chain_id = CHAIN_ID,
                        .gas_limit = 21000,
                        .to = BOB,
                        .value = u256_from_u64(1000),
                        .signature = {.r = {1}, .s = {1}},
                        .has_sender = true,
                        .sender = ALICE};
}

static void bench_close(struct bench *b)
{
    quota_block_free(b->quota);
    state_free(b->state);
    arena_free(&b->arena);
}

static enum err run(struct bench *b)
{
    memset(&b->receipt, 0x5a, sizeof b->receipt);
    struct execute_context x = {.state = b->state,
                                .block = &b->env,
                                .arena = &b->arena,
                                .quota = b->quota,
                                .gas_used = b->gas_before};
    return execute_tx(&x, &b->tx, &b->receipt);
}

static uint64_t balance(struct bench *b, const struct address *a)
{
    return state_balance(b->state, a).w[0];
}

/* A fingerprint of all changes, whatever their order: the sum of their hashes. */
struct fingerprint {
    struct u256 sum;
};

static void add_item(struct fingerprint *f, const void *a, size_t a_len, const void *b,
                     size_t b_len)
{
    struct keccak k;
    struct hash h;
    keccak_init(&k);
    keccak_update(&k, a, a_len);
    keccak_update(&k, b, b_len);
    keccak_final(&k, &h);
    u256_add(&f->sum, f->sum, u256_from_be(h.b));
}

static void visit_account(void *ctx, const struct address *a, const struct account *now)
{
    struct buf rlp = {0};
    if (now)
        account_encode(&rlp, now);
    add_item(ctx, a->b, 20, rlp.data, rlp.len);
    buf_free(&rlp);
}

static void visit_storage(void *ctx, const struct address *a, const struct hash *slot,
                          struct bytes value)
{
    uint8_t name[52];
    memcpy(name, a->b, 20);
    memcpy(name + 20, slot->b, 32);
    add_item(ctx, name, sizeof name, value.data, value.len);
}

static void visit_cleared(void *ctx, const struct address *a)
{
    add_item(ctx, a->b, 20, "cleared", 7);
}

static void visit_code(void *ctx, const struct hash *code_hash, struct bytes code)
{
    add_item(ctx, code_hash->b, 32, code.data, code.len);
}

static struct u256 fingerprint(struct bench *b)
{
    struct fingerprint f = {U256_ZERO};
    struct state_change_visitor v = {visit_account, visit_storage, visit_cleared, visit_code, &f};
    state_visit_changes(b->state, &v);
    return f.sum;
}

/* --- what goes well --------------------------------------------------------------------------- */

TEST(plain_transfer)
{
    struct bench b;
    static const uint8_t none[BLOOM_BYTES];
    bench_open(&b, true);
    b.gas_before = 5000;
    CHECK_ERR(run(&b), E_OK);
    CHECK(b.receipt.success && b.receipt.type == TX_DYNAMIC_FEE && !b.receipt.has_created);
    CHECK_INT(b.receipt.gas_used, 21000);
    CHECK_INT(b.receipt.cumulative_gas_used, 26000);
    CHECK(b.receipt.log_count == 0 && memcmp(b.receipt.bloom, none, BLOOM_BYTES) == 0);
    CHECK_INT(balance(&b, &ALICE), ETHER - 1000);
    CHECK_INT(balance(&b, &BOB), 1000);
    CHECK_INT(state_nonce(b.state, &ALICE), 1);
    CHECK(!state_exists(b.state, &MINER)); /* no fee, no account (EIP-161) */
    bench_close(&b);
}

TEST(zero_value_to_nobody_makes_no_account)
{
    struct bench b;
    bench_open(&b, true);
    b.tx.value = U256_ZERO;
    CHECK_ERR(run(&b), E_OK);
    CHECK(!state_exists(b.state, &BOB));
    CHECK_INT(state_nonce(b.state, &ALICE), 1);
    bench_close(&b);
}

TEST(fees)
{
    struct bench b;
    bench_open(&b, true);
    b.tx.max_fee = u256_from_u64(10);
    b.tx.max_priority_fee = u256_from_u64(3);
    CHECK_ERR(run(&b), E_OK); /* base fee 0: the tip is all there is to pay */
    CHECK_INT(balance(&b, &ALICE), ETHER - 1000 - 3 * 21000);
    CHECK_INT(balance(&b, &MINER), 3 * 21000);
    b.env.base_fee = u256_from_u64(9); /* the base fee is burnt, the tip is what is left */
    b.tx.nonce = 1;
    CHECK_ERR(run(&b), E_OK);
    CHECK_INT(balance(&b, &ALICE), ETHER - 2000 - 13 * 21000);
    CHECK_INT(balance(&b, &MINER), 4 * 21000);
    b.tx.nonce = 2;
    b.tx.sender = MINER; /* pays itself */
    b.tx.nonce = 0;
    b.tx.value = U256_ZERO;
    b.tx.gas_limit = 8400; /* 8400 * 10 = all it has, but below the intrinsic gas */
    CHECK_ERR(run(&b), E_TX_INTRINSIC_GAS);
    b.tx.gas_limit = 21000;
    CHECK_ERR(run(&b), E_TX_FUNDS);
    state_set_balance(b.state, &MINER, u256_from_u64(210000));
    CHECK_ERR(run(&b), E_OK);
    CHECK_INT(balance(&b, &MINER), 210000 - 9 * 21000);
    bench_close(&b);
}

TEST(logs_and_bloom)
{
    struct bench b;
    bench_open(&b, true);
    struct hash topic = keccak256_of(bytes_str("Spoke(uint64,uint64)"));
    b.tx.to = PROBE.address;
    b.tx.gas_limit = 100000;
    b.tx.data = probe_call(&b.arena, "speak()", 0, 0);
    CHECK_ERR(run(&b), E_OK);
    REQUIRE(b.receipt.success && b.receipt.log_count == 2);
    state_tx_begin(b.state); /* the receipt's logs are its own */
    CHECK(address_eq(&b.receipt.logs[1].address, &PROBE.address));
    CHECK(b.receipt.logs[1].topic_count == 2 && hash_eq(&b.receipt.logs[1].topics[0], &topic));
    CHECK(b.receipt.logs[1].topics[1].b[31] == 3);
    CHECK(b.receipt.logs[1].data.len == 32 && b.receipt.logs[1].data.data[31] == 4);
    CHECK(bloom_may_contain(b.receipt.bloom, bytes_of(PROBE.address.b, 20)));
    CHECK(bloom_may_contain(b.receipt.bloom, bytes_of(topic.b, 32)));
    CHECK(bloom_may_contain(b.receipt.bloom, bytes_of(b.receipt.logs[0].topics[1].b, 32)));
    CHECK(!bloom_may_contain(b.receipt.bloom, bytes_of(ALICE.b, 20)));
    CHECK_INT(balance(&b, &PROBE.address), 1000);
    uint64_t logs = 2 * (GAS_SERVICE_LOG * 3 + GAS_SERVICE_LOG_BYTE * 32);
    CHECK_INT(b.receipt.gas_used,
              21000 + 4 * 16 + 100 + logs + GAS_SERVICE_STORE + GAS_SERVICE_STORE_WORD);
    bench_close(&b);
}

TEST(revert_leaves_nonce_and_fee)
{
    struct bench b;
    static const uint8_t none[BLOOM_BYTES];
    bench_open(&b, true);
    b.tx.to = PROBE.address;
    b.tx.value = U256_ZERO;
    b.tx.gas_limit = 100000;
    b.tx.max_fee = b.tx.max_priority_fee = u256_from_u64(2);
    b.tx.data = probe_call(&b.arena, "fail()", 0, 0);
    CHECK_ERR(run(&b), E_OK);
    CHECK(!b.receipt.success);
    CHECK(b.receipt.gas_used > 21000 && b.receipt.gas_used < 30000);
    struct hash nope = keccak256_of(bytes_str("Nope()"));
    CHECK(bytes_eq(b.receipt.output, bytes_of(nope.b, 4)));
    CHECK(b.receipt.log_count == 0 && memcmp(b.receipt.bloom, none, BLOOM_BYTES) == 0);
    struct u256 after = fingerprint(&b);
    /* the same by hand: nonce, fee and nothing else */
    struct bench c;
    bench_open(&c, true);
    state_set_nonce(c.state, &ALICE, 1);
    state_set_balance(c.state, &ALICE, u256_from_u64(ETHER - 2 * b.receipt.gas_used));
    state_set_balance(c.state, &MINER, u256_from_u64(2 * b.receipt.gas_used));
    CHECK(u256_eq(after, fingerprint(&c)));
    bench_close(&b);
    bench_close(&c);
}

TEST(out_of_gas_takes_the_whole_limit)
{
    struct bench b;
    bench_open(&b, true);
    b.tx.to = PROBE.address;
    b.tx.value = U256_ZERO;
    b.tx.gas_limit = 50000;
    b.tx.data = probe_call(&b.arena, "spend(uint64,uint64)", 40000, 0);
    CHECK_ERR(run(&b), E_OK);
    CHECK(!b.receipt.success && b.receipt.gas_used == 50000 && b.receipt.output.len == 0);
    CHECK_INT(state_nonce(b.state, &ALICE), 1);
    bench_close(&b);
}

/* EIP-3529: at most a fifth of the gas used comes back; before London a half. */
TEST(refund_cap)
{
    static const struct {
        enum fork fork;
        uint64_t spend, refund, expected; /* in execution gas on top of the intrinsic */
    } rows[] = {
        {FORK_OSAKA, 100000, 10, 99990},
        {FORK_OSAKA, 78680, 20000, 78680 - 20000}, /* (78680 + 21320) / 5 = 20000: just allowed */
        {FORK_OSAKA, 78680, 20001, 78680 - 20000},
        {FORK_OSAKA, 78680, 1000000, 78680 - 20000},
        {FORK_BERLIN, 78680, 1000000, 78680 - 50000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_open(&b, true);
        b.env.fork = rows[i].fork;
        b.tx.type = TX_ACCESS_LIST;
        b.tx.to = PROBE.address;
        b.tx.value = U256_ZERO;
        b.tx.gas_limit = 200000;
        b.tx.max_fee = b.tx.max_priority_fee = u256_from_u64(1);
        b.tx.data = probe_call(&b.arena, "spend(uint64,uint64)", rows[i].spend, rows[i].refund);
        uint64_t intrinsic, floor;
        CHECK_ERR(tx_intrinsic_gas(&b.tx, rows[i].fork, &intrinsic, &floor), E_OK);
        uint64_t spend = rows[i].spend + 21320 - intrinsic; /* a round sum with the intrinsic gas */
        b.tx.data = probe_call(&b.arena, "spend(uint64,uint64)", spend, rows[i].refund);
        uint64_t again;
        CHECK_ERR(tx_intrinsic_gas(&b.tx, rows[i].fork, &again, &floor), E_OK);
        CHECK_ERR(run(&b), E_OK);
        CHECK_INT(b.receipt.gas_used, rows[i].expected + 21320 + again - intrinsic);
        CHECK_INT(balance(&b, &MINER), b.receipt.gas_used);
        bench_close(&b);
    }
}

/* EIP-7623: data that costs little to run pays its floor, refunds or not. */
TEST(floor_gas)
{
    static uint8_t data[1000];
    struct bench b;
    bench_open(&b, true);
    memset(data, 1, sizeof data);
    b.tx.data = bytes_of(data, sizeof data);
    b.tx.gas_limit = 21000 + 40 * 1000;
    CHECK_ERR(run(&b), E_OK);
    CHECK_INT(b.receipt.gas_used, 21000 + 40 * 1000);
    b.tx.nonce = 1;
    b.tx.gas_limit = 100000; /* the gas above the floor comes back */
    CHECK_ERR(run(&b), E_OK);
    CHECK_INT(b.receipt.gas_used, 21000 + 40 * 1000);
    b.tx.nonce = 2;
    b.env.fork = FORK_CANCUN;
    CHECK_ERR(run(&b), E_OK);
    CHECK_INT(b.receipt.gas_used, 21000 + 16 * 1000);
    bench_close(&b);
}

TEST(warm_up_for_code)
{
    static const struct hash slots[] = {{{7}}};
    static const struct tx_access access[] = {{{{0x77}}, slots, 1}};
    for (int fork = FORK_ISTANBUL; fork <= FORK_OSAKA; fork++) {
        struct bench b;
        bench_open(&b, true);
        b.env.fork = (enum fork)fork;
        b.tx.type = fork < FORK_BERLIN ? TX_LEGACY : TX_ACCESS_LIST;
        b.tx.to = PROBE.address;
        b.tx.value = U256_ZERO;
        b.tx.gas_limit = 100000;
        b.tx.max_fee = b.tx.max_priority_fee = u256_from_u64(5);
        b.tx.data = probe_call(&b.arena, "look()", 0, 0);
        b.tx.access = fork < FORK_BERLIN ? NULL : access;
        b.tx.access_count = fork < FORK_BERLIN ? 0 : 1;
        CHECK_ERR(run(&b), E_OK);
        CHECK(seen.ran && b.receipt.success);
        CHECK(seen.to_warm == (fork >= FORK_BERLIN));
        CHECK(seen.sender_warm == (fork >= FORK_BERLIN));
        CHECK(seen.listed_warm == (fork >= FORK_BERLIN));
        CHECK(seen.slot_warm == (fork >= FORK_BERLIN));
        CHECK(seen.miner_warm == (fork >= FORK_SHANGHAI)); /* EIP-3651 */
        CHECK(!seen.other_warm);
        CHECK(address_eq(&seen.origin, &ALICE) && u256_eq(seen.gas_price, u256_from_u64(5)));
        bench_close(&b);
    }
}

TEST(contracts_without_bytecode)
{
    struct bench b;
    bench_open(&b, true);
    state_set_code(b.state, &CONTRACT, bytes_str("code"));
    b.tx.to = CONTRACT;
    b.tx.gas_limit = 60000;
    CHECK_ERR(run(&b), E_OK);
    CHECK(!b.receipt.success && b.receipt.gas_used == 60000 && !b.receipt.has_created);
    b.tx.nonce = 1;
    b.tx.is_create = true;
    b.tx.to = (struct address){{0}};
    CHECK_ERR(run(&b), E_OK);
    CHECK(!b.receipt.success && b.receipt.gas_used == 60000 && b.receipt.has_created);
    struct address expected = tx_create_address(&ALICE, 1);
    CHECK(address_eq(&b.receipt.created, &expected));
    CHECK(!state_exists(b.state, &expected));
    CHECK_INT(state_nonce(b.state, &ALICE), 2);
    CHECK_INT(balance(&b, &ALICE), ETHER);
    bench_close(&b);
}

/* --- refusals --------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    enum err expected;
} REFUSALS[] = {
    {"type", E_TX_TYPE},
    {"chain", E_TX_CHAIN_ID},
    {"nonce low", E_TX_NONCE_LOW},
    {"nonce high", E_TX_NONCE_HIGH},
    {"nonce max", E_TX_NONCE_MAX},
    {"funds", E_TX_FUNDS},
    {"value", E_TX_FUNDS},
    {"sum", E_TX_FUNDS},
    {"intrinsic", E_TX_INTRINSIC_GAS},
    {"floor", E_TX_INTRINSIC_GAS},
    {"cap", E_TX_GAS_LIMIT},
    {"block", E_TX_GAS_LIMIT},
    {"block over", E_TX_GAS_LIMIT},
    {"int64", E_TX_GAS_LIMIT},
    {"tip", E_TX_FEE},
    {"base fee", E_TX_FEE},
    {"init code", E_TX_INITCODE},
    {"sender code", E_TX_SENDER_CODE},
    {"high s", E_SIGNATURE},
};

static void spoil(struct bench *b, const char *what)
{
    static const uint8_t init_code[LIMIT_INITCODE_BYTES + 1];
    struct tx *t = &b->tx;
#define IS(name) (strcmp(what, name) == 0)
    if (IS("type"))
        t->type = TX_BLOB;
    else if (IS("chain"))
        t->chain_id++;
    else if (IS("nonce low"))
        t->nonce--;
    else if (IS("nonce high"))
        t->nonce++;
    else if (IS("nonce max"))
        t->nonce = UINT64_MAX;
    else if (IS("funds"))
        t->max_fee = u256_from_u64(ETHER);
    else if (IS("value"))
        t->value = u256_from_u64(ETHER + 1);
    else if (IS("sum"))
        t->value = U256_MAX, t->max_fee = u256_from_u64(1);
    else if (IS("intrinsic"))
        t->gas_limit = 20999;
    else if (IS("floor"))
        t->data = bytes_of(init_code, 100), t->gas_limit = 21000 + 4 * 100;
    else if (IS("cap"))
        t->gas_limit = LIMIT_TX_GAS + 1;
    else if (IS("block"))
        b->gas_before = b->env.gas_limit - 20999;
    else if (IS("block over"))
        b->gas_before = b->env.gas_limit + 1;
    else if (IS("int64"))
        t->gas_limit = b->env.gas_limit = 1ULL << 63, b->env.fork = FORK_PRAGUE;
    else if (IS("tip"))
        t->max_priority_fee = u256_from_u64(1);
    else if (IS("base fee"))
        b->env.base_fee = u256_from_u64(1);
    else if (IS("init code"))
        t->is_create = true, t->data = bytes_of(init_code, sizeof init_code),
        t->gas_limit = LIMIT_TX_GAS;
    else if (IS("sender code"))
        state_set_code(b->state, &ALICE, bytes_str("code"));
    else if (IS("high s"))
        memset(t->signature.s, 0x80, 32);
    else
        test_fail(__FILE__, __LINE__, "nothing spoils %s", what);
#undef IS
}

TEST(refusals_change_nothing)
{
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        struct bench b;
        bench_open(&b, true);
        state_set_nonce(b.state, &ALICE, 5);
        b.tx.nonce = 5;
        spoil(&b, REFUSALS[i].what);
        struct u256 before = fingerprint(&b);
        enum err e = run(&b);
        if (e != REFUSALS[i].expected)
            test_fail(__FILE__, __LINE__, "%s: %s, expected %s", REFUSALS[i].what, err_name(e),
                      err_name(REFUSALS[i].expected));
        CHECK(u256_eq(before, fingerprint(&b)));
        bench_close(&b);
    }
}

TEST(exact_limits_are_taken)
{
    struct bench b;
    bench_open(&b, true);
    b.gas_before = b.env.gas_limit - 21000;
    b.tx.value = u256_from_u64(ETHER - 2 * 21000);
    b.tx.max_fee = b.tx.max_priority_fee = u256_from_u64(2);
    CHECK_ERR(run(&b), E_OK);
    CHECK_INT(balance(&b, &ALICE), 0);
    bench_close(&b);
}

/* --- quota ------------------------------------------------------------------------------------ */

static bool open_with_genesis(struct bench *b, const char *money)
{
    struct genesis g;
    struct diag d;
    char text[512];
    bench_open(b, false);
    snprintf(text, sizeof text,
             "{\"parvis\":1,\"chainId\":20260,\"engine\":{\"proposer\":"
             "\"0xfe00000000000000000000000000000000000000\"},\"services\":{\"money\":{%s}}}",
             money);
    enum err e = genesis_parse(&g, bytes_str(text), &d);
    if (e == E_OK)
        e = genesis_apply(&g, b->state, &d);
    if (e != E_OK)
        test_fail(__FILE__, __LINE__, "%s", d.text);
    else
        genesis_free(&g);
    b->quota = quota_block_new(b->state, b->env.timestamp_s);
    return e == E_OK;
}

TEST(quota_is_asked_and_counted)
{
    struct bench b;
    REQUIRE(open_with_genesis(&b, "\"quotaGas\":50000"));
    b.tx.gas_limit = 50001;
    struct u256 before = fingerprint(&b);
    CHECK_ERR(run(&b), E_TX_QUOTA);
    CHECK(u256_eq(before, fingerprint(&b)));
    b.tx.gas_limit = 50000;
    CHECK_ERR(run(&b), E_OK); /* uses 21000 of it */
    b.tx.nonce = 1;
    b.tx.gas_limit = 29001;
    CHECK_ERR(run(&b), E_TX_QUOTA);
    b.tx.gas_limit = 29000;
    CHECK_ERR(run(&b), E_OK);
    quota_flush(b.quota); /* the next block knows */
    quota_block_free(b.quota);
    b.quota = quota_block_new(b.state, b.env.timestamp_s);
    b.tx.nonce = 2;
    b.tx.gas_limit = 21000;
    CHECK_ERR(run(&b), E_TX_QUOTA);
    quota_block_free(b.quota);
    b.quota = quota_block_new(b.state, b.env.timestamp_s + 86400); /* and the next day forgets */
    CHECK_ERR(run(&b), E_OK);
    bench_close(&b);
}

TEST(only_members_may_send)
{
    struct bench b;
    REQUIRE(open_with_genesis(&b, "\"admission\":\"members\",\"members\":"
                                  "[\"0x0200000000000000000000000000000000000000\"]"));
    struct u256 before = fingerprint(&b);
    CHECK_ERR(run(&b), E_TX_NOT_MEMBER);
    CHECK(u256_eq(before, fingerprint(&b)));
    b.tx.sender = BOB;
    b.tx.value = U256_ZERO;
    CHECK_ERR(run(&b), E_OK);
    bench_close(&b);
}

/* --- a reader that fails ---------------------------------------------------------------------- */

static enum err broken_account(void *ctx, const struct address *a, struct account *out,
                               bool *exists_out)
{
    *exists_out = false;
    *out = account_empty();
    return address_eq(a, ctx) ? E_CORRUPT : E_OK;
}

TEST(reader_failures_come_through)
{
    const struct address *const broken[] = {&ALICE, &BOB, &MINER};
    for (size_t i = 0; i < 3; i++) {
        struct bench b;
        struct address at = *broken[i];
        struct state_reader reader = {broken_account, no_storage, no_code, &at};
        bench_open(&b, true);
        state_free(b.state);
        b.state = state_new(&reader);
        if (i > 0)
            state_set_balance(b.state, &ALICE, u256_from_u64(ETHER));
        b.tx.max_fee = b.tx.max_priority_fee = u256_from_u64(1);
        CHECK_ERR(run(&b), E_CORRUPT);
        bench_close(&b);
    }
}
