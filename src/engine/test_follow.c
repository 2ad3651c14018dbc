/* Tests of a copy that follows a node, against that node's own interface in this process: both
 * ledgers are of the time before a network. Members' signatures and lies stand in tests/network. */
#include "chain/test_ledger.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "engine/engine.h"
#include "rpc/rpc.h"

#define WAIT_MS 60000 /* for what must come; a test that waits this long fails */

/* make_blocks adds blocks of one transaction with so many bytes of data each. */
static void make_blocks(struct ledger *l, size_t count, size_t bytes)
{
    uint8_t *zeros = mem_zalloc(1, bytes + 1);
    for (size_t i = 0; i < count; i++) {
        struct tx t = ledger_unsigned(l, 0, 1, 0);
        t.gas_limit = 11000000;
        t.data = bytes_of(zeros, bytes);
        CHECK_ERR(ledger_send(l, &t, 0), E_OK);
        l->nonces[0]++;
        CHECK_INT(ledger_block(l), 1);
    }
    mem_free(zeros);
}

static bool reaches(struct ledger *copy, uint64_t number)
{
    for (int i = 0; i < WAIT_MS && chain_head(copy->chain).number < number; i += 10)
        usleep(10000);
    return chain_head(copy->chain).number == number;
}

/* Blocks as large as a transaction makes them: 64 in a row are more than one answer holds. */
TEST(large_blocks_are_followed)
{
    static struct ledger source, copy;
    static struct engine source_engine, copy_engine;
    struct rpc *rpc = NULL;
    struct rpc_config config = {.host = "127.0.0.1", .port = 0, .threads = 1};
    struct diag d = {""};
    char url[64];
    log_set_level(LOG_ERROR);
    REQUIRE(ledger_begin(&source));
    REQUIRE(ledger_begin(&copy));
    make_blocks(&source, 40, LIMIT_TX_BYTES - 300);
    make_blocks(&source, 70, 0);
    source_engine = (struct engine){.chain = source.chain, .ops = &ENGINE_HOLD};
    CHECK_ERR(source_engine.ops->start(&source_engine, &d), E_OK);
    CHECK_ERR(rpc_start(&rpc, &source_engine, &config, &d), E_OK);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", rpc_port(rpc));
    copy_engine = (struct engine){.chain = copy.chain, .ops = &ENGINE_FOLLOW, .follow_url = url};
    CHECK_ERR(copy_engine.ops->start(&copy_engine, &d), E_OK);
    CHECK(reaches(&copy, 110));
    CHECK(!atomic_load(&copy_engine.failed));
    struct chain_head here = chain_head(copy.chain), there = chain_head(source.chain);
    CHECK(hash_eq(&here.hash, &there.hash));
    copy_engine.ops->stop(&copy_engine);
    rpc_stop(rpc);
    ledger_end(&source);
    ledger_end(&copy);
}
