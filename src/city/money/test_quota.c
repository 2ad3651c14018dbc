/* Gas quota: admission, periods, buckets, and what the registrar's acts change at once. */
#include "city/money/money.h"
#include "city/money/quota.h"
#include "city/money/quota_record.h"
#include "city/test_bench.h"

#define MEMBERS_GENESIS                                                                            \
    "{\"roles\":{\"registrar\":\"@registrar\",\"issuer\":\"@issuer\"},\"services\":{\"money\":{"   \
    "\"admission\":\"members\",\"quotaGas\":1000,\"quotaPeriod_s\":3600,\"members\":[\"@alice\"]}" \
    "}}"
#define OPEN_GENESIS                                                                        \
    "{\"roles\":{\"registrar\":\"@registrar\"},\"services\":{\"money\":{\"quotaGas\":1000," \
    "\"quotaPeriod_s\":3600}}}"

static void open_quota(struct bench *b, const char *genesis)
{
    struct diag d = {0};
    services_init_with(SERVICES);
    bench_open(b);
    CHECK_ERR(bench_genesis(b, genesis, &d), E_OK);
    CHECK_STR(d.text, "");
}

static enum err check(struct quota_block *q, const char *name, uint64_t gas)
{
    struct address a = bench_address(name);
    return quota_check(q, &a, gas);
}

static void use(struct quota_block *q, const char *name, uint64_t gas)
{
    struct address a = bench_address(name);
    quota_use(q, &a, gas);
}

TEST(quota_open)
{
    struct bench b;
    open_quota(&b, OPEN_GENESIS);
    struct quota_block *q = quota_block_new(b.state, BENCH_NOW_S);
    CHECK_ERR(check(q, "alice", 1000), E_OK);
    CHECK_ERR(check(q, "alice", 1001), E_TX_QUOTA);
    use(q, "alice", 600);
    CHECK_ERR(check(q, "alice", 400), E_OK);
    CHECK_ERR(check(q, "alice", 401), E_TX_QUOTA);
    CHECK_ERR(check(q, "bob", 1000), E_OK);
    use(q, "alice", 400);
    CHECK_ERR(check(q, "alice", 0), E_OK);
    CHECK_ERR(check(q, "alice", 1), E_TX_QUOTA);
    CHECK_ERR(check(q, "alice", UINT64_MAX), E_TX_QUOTA);
    quota_flush(q);
    quota_block_free(q);
    bench_close(&b);
}

TEST(quota_over_blocks_and_periods)
{
    struct bench b;
    open_quota(&b, OPEN_GENESIS);
    struct quota_block *q = quota_block_new(b.state, BENCH_NOW_S);
    use(q, "alice", 700);
    quota_flush(q);
    quota_block_free(q);
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "usedOf", "@alice"), "\"700\", \"1700002800\"");
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "usedOf", "@bob"), "\"0\", \"1700002800\"");

    /* the next block of the same period, then one that forgot to flush */
    q = quota_block_new(b.state, 1700002799);
    CHECK_ERR(check(q, "alice", 300), E_OK);
    CHECK_ERR(check(q, "alice", 301), E_TX_QUOTA);
    use(q, "alice", 300);
    quota_block_free(q);
    q = quota_block_new(b.state, 1700002799);
    CHECK_ERR(check(q, "alice", 300), E_OK);
    quota_block_free(q);

    /* a new period forgets; writing drops what was of the old one */
    q = quota_block_new(b.state, 1700002800);
    CHECK_ERR(check(q, "alice", 1000), E_OK);
    struct address twin = bench_address("alice");
    twin.b[0] ^= 1; /* same bucket */
    quota_use(q, &twin, 5);
    quota_flush(q);
    quota_block_free(q);
    b.env.timestamp_s = 1700002800;
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "usedOf", "@alice"), "\"0\", \"1700006400\"");
    struct hash slot = quota_use_slot(quota_bucket(&twin));
    struct bytes record = state_storage(b.state, &MONEY_SERVICE.address, &slot);
    CHECK_INT(record.len, QUOTA_USE_HEADER + QUOTA_USE_BYTES);
    bench_close(&b);
}

TEST(quota_members)
{
    struct bench b;
    open_quota(&b, MEMBERS_GENESIS);
    struct quota_block *q = quota_block_new(b.state, BENCH_NOW_S);
    CHECK_ERR(check(q, "alice", 1000), E_OK);
    CHECK_ERR(check(q, "alice", 1001), E_TX_QUOTA);
    CHECK_ERR(check(q, "bob", 0), E_TX_NOT_MEMBER);
    CHECK_ERR(check(q, "registrar", 1000), E_OK); /* else nobody could ever be admitted */
    CHECK_ERR(check(q, "issuer", 1000), E_OK);
    /* acts of the registrar hold from the next transaction of the same block */
    CHECK_STR(BENCH_CALL(&b, "registrar", &MONEY_SERVICE, "admit", "@bob", "2000"), "ok");
    CHECK_ERR(check(q, "bob", 2000), E_OK);
    CHECK_ERR(check(q, "bob", 2001), E_TX_QUOTA);
    use(q, "bob", 1500);
    CHECK_STR(BENCH_CALL(&b, "registrar", &MONEY_SERVICE, "admit", "@bob", "0"), "ok");
    CHECK_ERR(check(q, "bob", 1), E_TX_QUOTA); /* used more than the smaller quota allows */
    CHECK_STR(BENCH_CALL(&b, "registrar", &MONEY_SERVICE, "suspend", "@bob",
                         "0x00000000000000000000000000000000000000000000000000000000000000aa"),
              "ok");
    CHECK_ERR(check(q, "bob", 0), E_TX_NOT_MEMBER);
    CHECK_STR(BENCH_CALL(&b, "alice", &MONEY_SERVICE, "admission"), "false, \"1000\", \"3600\"");
    quota_block_free(q);
    bench_close(&b);
}

TEST(quota_suspension_in_open_admission)
{
    struct bench b;
    open_quota(&b, OPEN_GENESIS);
    struct quota_block *q = quota_block_new(b.state, BENCH_NOW_S);
    CHECK_ERR(check(q, "alice", 1), E_OK);
    BENCH_CALL(&b, "registrar", &MONEY_SERVICE, "suspend", "@alice",
               "0x00000000000000000000000000000000000000000000000000000000000000aa");
    CHECK_ERR(check(q, "alice", 1), E_TX_NOT_MEMBER);
    quota_block_free(q);
    bench_close(&b);
}

/* A state without the money service (official fixtures) is not limited and not written. */
TEST(quota_without_service)
{
    struct bench b;
    services_init_with(SERVICES);
    bench_open(&b);
    struct quota_block *q = quota_block_new(b.state, BENCH_NOW_S);
    CHECK_ERR(check(q, "alice", UINT64_MAX), E_OK);
    use(q, "alice", 5);
    quota_flush(q);
    quota_block_free(q);
    CHECK(!state_exists(b.state, &MONEY_SERVICE.address));
    quota_block_free(NULL);
    bench_close(&b);
}

TEST(quota_overflow_saturates)
{
    struct bench b;
    open_quota(&b, OPEN_GENESIS);
    struct quota_block *q = quota_block_new(b.state, BENCH_NOW_S);
    use(q, "alice", UINT64_MAX);
    use(q, "alice", 5);
    CHECK_ERR(check(q, "alice", 1), E_TX_QUOTA);
    quota_flush(q);
    quota_block_free(q);
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "usedOf", "@alice"),
              "\"18446744073709551615\", \"1700002800\"");
    bench_close(&b);
}

/* A bucket holds as many accounts as a storage value; the next one waits for the next period. */
TEST(quota_full_bucket)
{
    struct bench b;
    const size_t max = ((1u << 20) - QUOTA_USE_HEADER) / QUOTA_USE_BYTES;
    open_quota(&b, OPEN_GENESIS);
    struct quota_block *q = quota_block_new(b.state, BENCH_NOW_S);
    struct address a = {{0}};
    for (size_t i = 0; i < max; i++) {
        be32_put(a.b + 8, (uint32_t)i);
        if (quota_check(q, &a, 10) != E_OK) {
            test_fail(__FILE__, __LINE__, "account %zu of %zu refused", i, max);
            break;
        }
        quota_use(q, &a, 10);
    }
    CHECK_ERR(quota_check(q, &a, 10), E_OK);
    a.b[0] = 1;
    CHECK_ERR(quota_check(q, &a, 10), E_TX_QUOTA);
    quota_flush(q);
    quota_block_free(q);
    bench_close(&b);
}

/* Random use over blocks, periods and many accounts against a plain table. */
TEST(quota_random_against_model)
{
    enum { ACCOUNTS = 600 };
    static uint64_t used[ACCOUNTS];
    struct address accounts[ACCOUNTS];
    struct bench b;
    uint64_t now = BENCH_NOW_S, period = now / 3600;
    size_t refused = 0, accepted = 0;
    open_quota(&b, OPEN_GENESIS);
    memset(used, 0, sizeof used);
    for (size_t i = 0; i < ACCOUNTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "member%zu", i);
        accounts[i] = bench_address(name);
    }
    for (size_t block = 0; block < 300; block++) {
        now += test_random() % 120;
        if (now / 3600 != period) {
            memset(used, 0, sizeof used);
            period = now / 3600;
        }
        struct quota_block *q = quota_block_new(b.state, now);
        for (size_t t = 0; t < 100; t++) {
            size_t i = test_random() % ACCOUNTS;
            uint64_t gas = test_random() % 400;
            bool ok = quota_check(q, &accounts[i], gas) == E_OK;
            if (ok != (used[i] + gas <= 1000))
                test_fail(__FILE__, __LINE__, "block %zu account %zu", block, i);
            if (ok) {
                quota_use(q, &accounts[i], gas / 2);
                used[i] += gas / 2;
            }
            ok ? accepted++ : refused++;
        }
        quota_flush(q);
        quota_block_free(q);
    }
    CHECK(refused > 100 && accepted > 100);
    bench_close(&b);
}
