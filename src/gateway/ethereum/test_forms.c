/* Ethereum's JSON forms: single values, environments, transactions, accounts, exceptions. */
#include "test.h"

#include "crypto/keccak.h"
#include "gateway/ethereum/alloc.h"
#include "gateway/ethereum/exceptions.h"
#include "gateway/ethereum/forks.h"
#include "gateway/ethereum/forms.h"

static struct json *parse(const char *text)
{
    struct json *j = NULL;
    struct diag d = {""};
    if (json_parse(&j, bytes_str(text), &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, d.text);
    return j;
}

TEST(fork_names)
{
    enum fork fork;
    for (int f = 0; f < FORK_COUNT; f++) {
        CHECK(fork_named(fork_name((enum fork)f), &fork));
        CHECK_INT(fork, f);
    }
    CHECK(fork_named("Merge", &fork) && fork == FORK_PARIS);
    CHECK(fork_named("SpuriousDragon", &fork) && fork == FORK_EIP158);
    CHECK(!fork_named("ParisToShanghaiAtTime15k", &fork) && !fork_named("", &fork));
}

/* --- single values ---------------------------------------------------------------------------- */

static void check_u64(const char *text, enum err expected, uint64_t value)
{
    char whole[200];
    snprintf(whole, sizeof whole, "[%s]", text);
    struct json *j = parse(whole);
    uint64_t out = 77;
    enum err e = form_u64(&out, json_at(j, 0));
    if (e != expected || out != (e == E_OK ? value : 77))
        test_fail(__FILE__, __LINE__, "%s: %s, %llu", text, err_name(e), (unsigned long long)out);
    json_free(j);
}

TEST(numbers)
{
    check_u64("\"0x1a\"", E_OK, 26);
    check_u64("\"0x001A\"", E_OK, 26);
    check_u64("\"26\"", E_OK, 26);
    check_u64("26", E_OK, 26);
    check_u64("\"0x\"", E_OK, 0);
    check_u64("\"\"", E_OK, 0);
    check_u64("\"0x:bigint 0x05\"", E_OK, 5);
    check_u64("\"0xffffffffffffffff\"", E_OK, UINT64_MAX);
    check_u64("\"0x010000000000000000\"", E_RANGE, 0);
    check_u64("\"0xzz\"", E_JSON, 0);
    check_u64("\"12x\"", E_JSON, 0);
    check_u64("null", E_JSON, 0);
    check_u64("[]", E_JSON, 0);
    struct json *j = parse("[\"0x1"
                           "0000000000000000000000000000000000000000000000000000000000000000\"]");
    struct u256 wide;
    CHECK_ERR(form_u256(&wide, json_at(j, 0)), E_RANGE);
    CHECK_ERR(form_u256(&wide, NULL), E_JSON);
    json_free(j);
}

TEST(byte_strings)
{
    struct json *j = parse("[\"0x123\", \"ab\", \"0x\", \"\", \"0x1g\", \"g\", 5]");
    struct buf b = {0};
    CHECK_ERR(form_data(&b, json_at(j, 0)), E_OK);
    CHECK_HEX(b.data, b.len, "0123");
    buf_clear(&b);
    CHECK_ERR(form_data(&b, json_at(j, 1)), E_OK);
    CHECK_HEX(b.data, b.len, "ab");
    buf_clear(&b);
    CHECK_ERR(form_data(&b, json_at(j, 2)), E_OK);
    CHECK_ERR(form_data(&b, json_at(j, 3)), E_OK);
    CHECK_INT(b.len, 0);
    CHECK_ERR(form_data(&b, json_at(j, 4)), E_JSON);
    CHECK_ERR(form_data(&b, json_at(j, 5)), E_JSON);
    CHECK_ERR(form_data(&b, json_at(j, 6)), E_JSON);
    buf_free(&b);
    json_free(j);
    struct hash h;
    struct address a;
    CHECK_ERR(form_hash_text(&h, "0x5"), E_OK);
    CHECK(h.b[31] == 5 && h.b[0] == 0);
    CHECK_ERR(form_address_text(&a, "a94f5374fce5edbc8e2a8697c15331677e6ebf0b"), E_OK);
    CHECK(a.b[0] == 0xa9 && a.b[19] == 0x0b);
    CHECK_ERR(form_address_text(&a, "0x00a94f5374fce5edbc8e2a8697c15331677e6ebf0b"), E_RANGE);
    CHECK_ERR(form_address_text(&a, "0xq"), E_JSON);
    CHECK_ERR(form_hash(&h, NULL), E_JSON);
    CHECK_ERR(form_address(&a, NULL), E_JSON);
}

/* --- environments ----------------------------------------------------------------------------- */

static const char ENV[] =
    "{\"currentCoinbase\":\"0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba\",\"currentGasLimit\":"
    "\"0x07270e00\",\"currentNumber\":\"0x05\",\"currentTimestamp\":\"0x03e8\",\"currentRandom\":"
    "\"0x09\",\"currentDifficulty\":\"0x20000\",\"currentBaseFee\":\"0x07\","
    "\"currentExcessBlobGas\":\"0x4000000\"}";

TEST(environments_by_fork)
{
    struct arena a = {0};
    struct block_env env;
    struct diag d;
    struct json *j = parse(ENV);
    CHECK_ERR(form_env(&env, &a, j, FORK_BERLIN, 1, &d), E_OK);
    CHECK(env.number == 5 && env.timestamp_s == 1000 && env.gas_limit == 120000000);
    CHECK(env.beneficiary.b[0] == 0x2a && env.chain_id == 1 && env.fork == FORK_BERLIN);
    CHECK(u256_is_zero(env.base_fee) && env.difficulty.w[0] == 0x20000 && env.blobs_max == 0);
    CHECK_ERR(form_env(&env, &a, j, FORK_LONDON, 1, &d), E_OK);
    CHECK_INT(env.base_fee.w[0], 7);
    CHECK_ERR(form_env(&env, &a, j, FORK_PARIS, 1, &d), E_OK);
    CHECK(u256_is_zero(env.difficulty) && env.prev_randao.b[31] == 9);
    CHECK(u256_is_zero(env.blob_base_fee));
    CHECK_ERR(form_env(&env, &a, j, FORK_CANCUN, 1, &d), E_OK);
    CHECK(env.blobs_max == 6 && env.blob_base_fee.w[0] > 1);
    struct u256 cancun_fee = env.blob_base_fee;
    CHECK_ERR(form_env(&env, &a, j, FORK_PRAGUE, 1, &d), E_OK); /* EIP-7691: moves slower */
    CHECK(env.blobs_max == 9 && u256_cmp(env.blob_base_fee, cancun_fee) < 0);
    struct hash five = env.block_hash(env.block_hash_ctx, 5), text = keccak256_of(bytes_str("5"));
    CHECK(hash_eq(&five, &text));
    json_free(j);
    arena_free(&a);
}

TEST(environments_with_hashes_and_faults)
{
    static const char *const bad[] = {"{\"currentNumber\":\"x\"}", "{\"currentCoinbase\":5}",
                                      "{\"blockHashes\":{\"x\":\"0x1\"}}",
                                      "{\"blockHashes\":{\"1\":7}}", "[]"};
    struct arena a = {0};
    struct block_env env;
    struct diag d;
    struct json *j = parse("{\"blockHashes\":{\"0\":\"0xaa\",\"0x1\":\"0xbb\"}}");
    CHECK_ERR(form_env(&env, &a, j, FORK_OSAKA, 1, &d), E_OK);
    CHECK(env.block_hash(env.block_hash_ctx, 0).b[31] == 0xaa);
    CHECK(env.block_hash(env.block_hash_ctx, 1).b[31] == 0xbb);
    struct hash none = env.block_hash(env.block_hash_ctx, 2);
    CHECK(hash_is_zero(&none));
    CHECK_INT(env.base_fee.w[0], 10);
    json_free(j);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        j = parse(bad[i]);
        CHECK_ERR(form_env(&env, &a, j, FORK_OSAKA, 1, &d), E_JSON);
        json_free(j);
    }
    arena_free(&a);
}

/* --- transactions ----------------------------------------------------------------------------- */

static enum err read_tx(struct tx *out, struct arena *a, const char *text)
{
    struct json *j = parse(text);
    enum err e = form_tx(out, a, j, 1);
    json_free(j);
    return e;
}

#define BODY                                                                                      \
    "\"nonce\":\"0x1\",\"gas\":\"0x5208\",\"to\":\"0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b\"," \
    "\"value\":\"0x2\",\"input\":\"0x03\""
#define KEY "\"secretKey\":\"0x4545454545454545454545454545454545454545454545454545454545454545\""
#define FEES "\"maxFeePerGas\":\"0x5\",\"maxPriorityFeePerGas\":\"0x4\""
#define ACCESS                                                                                     \
    "\"accessList\":[{\"address\":\"0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b\",\"storageKeys\":" \
    "[\"0x1\",\"0x02\"]}]"

TEST(transactions_of_each_type)
{
    static const struct {
        const char *text;
        enum tx_type type;
    } rows[] = {
        {"{" BODY "," KEY ",\"gasPrice\":\"0x5\"}", TX_LEGACY},
        {"{" BODY "," KEY ",\"gasPrice\":\"0x5\"," ACCESS "}", TX_ACCESS_LIST},
        {"{" BODY "," KEY "," FEES "," ACCESS "}", TX_DYNAMIC_FEE},
        {"{" BODY "," KEY "," FEES
         ",\"maxFeePerBlobGas\":\"0x6\",\"blobVersionedHashes\":[\"0x01\"]}",
         TX_BLOB},
        {"{" BODY "," KEY "," FEES
         ",\"authorizationList\":[{\"chainId\":\"0x0\",\"address\":\"0xcc\","
         "\"nonce\":\"0x7\",\"v\":\"0x1\",\"r\":\"0x8\",\"s\":\"0x9\"}]}",
         TX_SET_CODE},
        {"{\"type\":\"0x2\"," BODY "," KEY "," FEES "}", TX_DYNAMIC_FEE},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tx t, back;
        CHECK_ERR(read_tx(&t, &a, rows[i].text), E_OK);
        CHECK_INT(t.type, rows[i].type);
        CHECK_ERR(tx_decode(&back, &a, t.raw), E_OK);
        CHECK_ERR(tx_recover(&back), E_OK);
        CHECK(address_eq(&back.sender, &t.sender) && back.nonce == 1 && back.gas_limit == 21000);
        CHECK(back.value.w[0] == 2 && back.data.len == 1 && back.data.data[0] == 3);
        CHECK(back.max_fee.w[0] == 5 && back.has_chain_id && back.chain_id == 1);
        CHECK_INT(back.access_count, rows[i].type == TX_ACCESS_LIST || i == 2);
        CHECK_INT(back.blob_hash_count, rows[i].type == TX_BLOB);
        CHECK_INT(back.auth_count, rows[i].type == TX_SET_CODE);
    }
    arena_free(&a);
}

/* What another signed: the fields with v, r, s give back the transaction that was signed. */
TEST(signed_transactions)
{
    struct arena a = {0};
    struct tx t, again;
    for (int kind = 0; kind < 3; kind++) {
        char text[1000], r[65], s[65];
        const char *fees = kind == 2 ? FEES : "\"gasPrice\":\"0x5\"";
        snprintf(text, sizeof text, "{" BODY "," KEY ",\"protected\":%s,%s}",
                 kind == 1 ? "false" : "true", fees);
        REQUIRE(read_tx(&t, &a, text) == E_OK);
        CHECK(t.has_chain_id == (kind != 1));
        unsigned v = t.signature.y_parity + (kind == 0 ? 37 : kind == 1 ? 27 : 0);
        hex_encode(r, t.signature.r, 32);
        hex_encode(s, t.signature.s, 32);
        snprintf(text, sizeof text, "{" BODY ",%s,\"v\":\"0x%x\",\"r\":\"0x%s\",\"s\":\"0x%s\"}",
                 fees, v, r, s);
        CHECK_ERR(read_tx(&again, &a, text), E_OK);
        CHECK(hash_eq(&again.hash, &t.hash) && !again.has_sender);
        CHECK_ERR(tx_recover(&again), E_OK);
        CHECK(address_eq(&again.sender, &t.sender));
    }
    CHECK_ERR(read_tx(&t, &a,
                      "{" BODY ",\"gasPrice\":\"0x5\",\"v\":\"0x5\",\"r\":\"0x1\",\"s\":\"0x1\"}"),
              E_SIGNATURE);
    CHECK_ERR(read_tx(&t, &a, "{" BODY "," FEES ",\"v\":\"0x2\",\"r\":\"0x1\",\"s\":\"0x1\"}"),
              E_SIGNATURE);
    CHECK_ERR(read_tx(&t, &a, "{" BODY ",\"gasPrice\":\"0x5\",\"sender\":\"0xab\"}"), E_OK);
    CHECK(t.has_sender && t.sender.b[19] == 0xab);
    arena_free(&a);
}

TEST(transactions_that_are_none)
{
    static const struct {
        const char *text;
        enum err e;
    } rows[] = {
        {"{}", E_JSON},
        {"{" BODY ",\"gasPrice\":\"0x5\"}", E_JSON}, /* by nobody */
        {"{\"type\":\"0x7\"," BODY "," KEY ",\"gasPrice\":\"0x5\"}", E_TX_TYPE},
        {"{" BODY ",\"secretKey\":\"0x0\",\"gasPrice\":\"0x5\"}", E_KEY},
        {"{" BODY "," KEY ",\"gasPrice\":\"0x1"
         "0000000000000000000000000000000000000000000000000000000000000000\"}",
         E_RANGE},
        {"{\"nonce\":\"0x1\",\"gas\":\"0x1\",\"value\":\"0x0\",\"input\":\"xx\",\"gasPrice\":"
         "\"0x1\"," KEY "}",
         E_JSON},
        {"{" BODY "," KEY "," FEES ",\"accessList\":[{\"address\":7}]}", E_JSON},
        {"{" BODY "," KEY "," FEES ",\"authorizationList\":[{}]}", E_JSON},
        {"{" BODY "," KEY "," FEES ",\"maxFeePerBlobGas\":\"0x1\",\"blobVersionedHashes\":[5]}",
         E_JSON},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tx t;
        enum err e = read_tx(&t, &a, rows[i].text);
        if (e != rows[i].e)
            test_fail(__FILE__, __LINE__, "%s: %s", rows[i].text, err_name(e));
    }
    arena_free(&a);
}

/* --- accounts --------------------------------------------------------------------------------- */

static struct alloc *read_alloc(const char *text)
{
    struct alloc *a = alloc_new();
    struct json *j = parse(text);
    struct diag d = {""};
    if (alloc_read(a, j, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s", d.text);
    json_free(j);
    return a;
}

static const char ACCOUNTS[] =
    "{\"0x1000000000000000000000000000000000000001\":{\"balance\":\"0x5\",\"nonce\":\"0x2\","
    "\"code\":\"0x6001\",\"storage\":{\"0x1\":\"0x7\",\"0x2\":\"0x0\"}},"
    "\"0x1000000000000000000000000000000000000002\":{},"
    "\"1000000000000000000000000000000000000003\":{\"balance\":\"9\"}}";
static const struct address ONE = {{0x10, [19] = 1}}, TWO = {{0x10, [19] = 2}},
                            THREE = {{0x10, [19] = 3}}, FOUR = {{0x10, [19] = 4}};
static const struct hash SLOT_1 = {{[31] = 1}}, SLOT_2 = {{[31] = 2}};

TEST(accounts_are_read_and_written)
{
    struct alloc *a = read_alloc(ACCOUNTS);
    struct buf out = {0}, again = {0};
    alloc_write(a, &out);
    CHECK(strstr(buf_cstr(&out), "\"code\":\"0x6001\"") && strstr(buf_cstr(&out), "\"0x9\""));
    CHECK(!strstr(buf_cstr(&out), "0000000000000000000000000000000000000000000000000000000002\":"));
    struct alloc *b = read_alloc(buf_cstr(&out));
    alloc_write(b, &again);
    CHECK_STR(buf_cstr(&again), buf_cstr(&out));
    struct hash x = alloc_root(a), y = alloc_root(b);
    CHECK(hash_eq(&x, &y));
    buf_clear(&out);
    CHECK_INT(alloc_diff(a, b, &out), 0);
    alloc_free(a);
    alloc_free(b);
    a = alloc_new();
    x = alloc_root(a);
    CHECK(hash_eq(&x, &KECCAK_EMPTY_TRIE));
    alloc_free(a);
    alloc_free(NULL);
    buf_free(&out);
    buf_free(&again);
}

TEST(accounts_seen_by_a_state)
{
    struct alloc *a = read_alloc(ACCOUNTS);
    struct state *s = state_new(alloc_reader(a));
    CHECK(state_balance(s, &ONE).w[0] == 5 && state_nonce(s, &ONE) == 2);
    CHECK(state_code(s, &ONE).len == 2 && state_has_storage(s, &ONE));
    CHECK(state_storage(s, &ONE, &SLOT_1).len == 1 && state_storage(s, &ONE, &SLOT_2).len == 0);
    CHECK(state_is_listed(s, &TWO) && !state_exists(s, &TWO) && !state_has_storage(s, &THREE));
    CHECK(!state_is_listed(s, &FOUR) && state_error(s) == E_OK);
    struct hash unknown = {{1}};
    struct buf out = {0};
    const struct state_reader *r = alloc_reader(a);
    CHECK_ERR(r->code(r->ctx, &unknown, &out), E_CORRUPT);
    buf_free(&out);
    state_free(s);
    alloc_free(a);
}

/* Changes of a state come to the same accounts as if they had been listed. */
TEST(changes_are_taken_in)
{
    static const uint8_t word[] = {0x2a};
    struct alloc *a = read_alloc(ACCOUNTS), *copy = alloc_copy(a);
    struct hash before = alloc_root(a);
    struct state *s = state_new(alloc_reader(a));
    state_tx_begin(s);
    state_set_storage(s, &ONE, &SLOT_1, (struct bytes){0});
    state_set_storage(s, &ONE, &SLOT_2, bytes_of(word, 1));
    state_touch(s, &TWO); /* empty: EIP-161 takes it away */
    CHECK(state_transfer(s, &THREE, &FOUR, u256_from_u64(4)));
    state_set_code(s, &FOUR, bytes_str("new"));
    state_set_code(s, &ONE, bytes_str(""));
    state_tx_end(s);
    alloc_apply(copy, s);
    struct hash unchanged = alloc_root(a), after = alloc_root(copy);
    CHECK(hash_eq(&unchanged, &before) && !hash_eq(&after, &before));
    struct alloc *wanted = read_alloc(
        "{\"0x1000000000000000000000000000000000000001\":{\"balance\":\"0x5\",\"nonce\":\"0x2\","
        "\"storage\":{\"0x2\":\"0x2a\"}},"
        "\"0x1000000000000000000000000000000000000003\":{\"balance\":\"0x5\"},"
        "\"0x1000000000000000000000000000000000000004\":{\"balance\":\"0x4\",\"code\":\"0x6e6577\"}"
        "}");
    struct hash expected = alloc_root(wanted);
    struct buf lines = {0};
    CHECK(hash_eq(&after, &expected));
    if (alloc_diff(copy, wanted, &lines) != 0)
        test_fail(__FILE__, __LINE__, "%s", buf_cstr(&lines));
    buf_clear(&lines);
    CHECK(alloc_diff(a, wanted, &lines) >= 6); /* every kind of difference has its line */
    CHECK(strstr(buf_cstr(&lines), "balance") && strstr(buf_cstr(&lines), "code bytes") &&
          strstr(buf_cstr(&lines), "exists") && strstr(buf_cstr(&lines), "storage 0x"));
    buf_free(&lines);
    state_free(s);
    alloc_free(copy);
    alloc_free(a);
    alloc_free(wanted);
}

/* Many slots and accounts, changed at random: the root is that of a fresh list of the same. */
TEST(random_storage)
{
    struct alloc *a = alloc_new();
    struct u256 model[64] = {0};
    for (int round = 0; round < 20; round++) {
        struct alloc *next = alloc_copy(a);
        struct state *s = state_new(alloc_reader(a));
        state_tx_begin(s);
        state_set_nonce(s, &ONE, 1);
        for (int i = 0; i < 30; i++) {
            unsigned slot = (unsigned)(test_random() % 64);
            struct hash key = {{[31] = (uint8_t)slot}};
            uint8_t value = (uint8_t)(test_random() % 3);
            model[slot] = u256_from_u64(value);
            state_set_storage(s, &ONE, &key, bytes_of(&value, value != 0));
        }
        state_tx_end(s);
        alloc_apply(next, s);
        state_free(s);
        struct buf text = {0};
        buf_puts(&text,
                 "{\"0x1000000000000000000000000000000000000001\":{\"nonce\":\"1\",\"storage\":{");
        for (unsigned i = 0; i < 64; i++)
            buf_putf(&text, "%s\"0x%x\":\"%u\"", i ? "," : "", i, (unsigned)model[i].w[0]);
        buf_puts(&text, "}}}");
        struct alloc *fresh = read_alloc(buf_cstr(&text));
        struct hash x = alloc_root(next), y = alloc_root(fresh);
        CHECK(hash_eq(&x, &y));
        alloc_free(fresh);
        buf_free(&text);
        /* the copy borrows from a: keep what it is, in a list of its own */
        struct buf written = {0};
        alloc_write(next, &written);
        alloc_free(next);
        alloc_free(a);
        a = read_alloc(buf_cstr(&written));
        buf_free(&written);
    }
    alloc_free(a);
}

TEST(accounts_that_are_none)
{
    static const char *const bad[] = {"[]",
                                      "{\"0xzz\":{}}",
                                      "{\"0x1\":{\"balance\":\"x\"}}",
                                      "{\"0x1\":{\"nonce\":\"0x10000000000000000\"}}",
                                      "{\"0x1\":{\"code\":\"0xg\"}}",
                                      "{\"0x1\":{\"storage\":{\"0xg\":\"0x1\"}}}",
                                      "{\"0x1\":{\"storage\":{\"0x1\":[]}}}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct alloc *a = alloc_new();
        struct json *j = parse(bad[i]);
        struct diag d = {""};
        CHECK_ERR(alloc_read(a, j, &d), E_JSON);
        CHECK(d.text[0]);
        json_free(j);
        alloc_free(a);
    }
}

TEST(no_logs)
{
    struct hash h = logs_hash(NULL, 0);
    CHECK_HEX(h.b, 32, "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");
}

/* --- exceptions ------------------------------------------------------------------------------- */

TEST(exceptions)
{
    CHECK(exception_allows("TransactionException.NONCE_IS_MAX", E_TX_NONCE_MAX));
    CHECK(!exception_allows("TransactionException.NONCE_IS_MAX", E_TX_FUNDS));
    CHECK(exception_allows("TransactionException.INSUFFICIENT_ACCOUNT_FUNDS|TransactionException."
                           "INTRINSIC_GAS_TOO_LOW",
                           E_TX_INTRINSIC_GAS));
    CHECK(exception_allows("TR_NoFundsOrGas", E_TX_FUNDS) &&
          exception_allows("TR_NoFundsOrGas", E_TX_INTRINSIC_GAS));
    CHECK(!exception_allows("TR_NoFunds", E_OK) && !exception_allows("WhoKnows", E_OK));
    CHECK(exception_allows("WhoKnows", E_RLP) && exception_allows("TR_NoFunds|WhoKnows", E_RLP));
    CHECK(!exception_allows("", E_RLP));
}
