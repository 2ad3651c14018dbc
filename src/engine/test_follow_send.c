/* What a copy outside the network does with transactions: it passes them on to a node over HTTP,
 * here one of this process whose pool the test fills. */
#include <stdio.h>

#include "base/limits.h"
#include "chain/test_ledger.h"
#include "engine/engine.h"
#include "rpc/rpc.h"

struct pair {
    struct ledger node, copy;
    struct engine at_node, at_copy;
    struct rpc *rpc;
    char url[64];
};

static bool pair_begin(struct pair *p)
{
    struct diag d = {""};
    struct rpc_config config = {.host = "127.0.0.1", .port = 0, .threads = 1};
    if (!ledger_begin(&p->node) || !ledger_begin(&p->copy))
        return false;
    p->at_node = (struct engine){.chain = p->node.chain, .ops = &ENGINE_HOLD};
    CHECK_ERR(p->at_node.ops->start(&p->at_node, &d), E_OK);
    CHECK_ERR(rpc_start(&p->rpc, &p->at_node, &config, &d), E_OK);
    snprintf(p->url, sizeof p->url, "http://127.0.0.1:%u", rpc_port(p->rpc));
    p->at_copy =
        (struct engine){.chain = p->copy.chain, .ops = &ENGINE_FOLLOW, .follow_url = p->url};
    CHECK_ERR(p->at_copy.ops->start(&p->at_copy, &d), E_OK);
    return true;
}

static void pair_end(struct pair *p)
{
    p->at_copy.ops->stop(&p->at_copy);
    rpc_stop(p->rpc);
    p->at_node.ops->stop(&p->at_node);
    ledger_end(&p->copy);
    ledger_end(&p->node);
}

/* submit hands a transfer with the account's next nonce to an engine. */
static enum err submit(struct pair *p, struct engine *e, size_t from, uint64_t value)
{
    struct hash hash;
    struct diag d;
    struct tx t = ledger_unsigned(&p->copy, from, 1, value);
    return e->ops->submit(e, ledger_sign(&p->copy, &t, from), &hash, &d);
}

TEST(what_the_node_refuses_does_not_wait_here)
{
    static struct pair p;
    REQUIRE(pair_begin(&p));
    struct pool *there = chain_pool(p.node.chain), *here = chain_pool(p.copy.chain);
    pool_limit(there, 0, 0);
    CHECK_ERR(submit(&p, &p.at_copy, 2, 1), E_POOL_FULL);
    CHECK_INT(pool_stats(here).pending, 0);
    pool_limit(there, LIMIT_POOL_TXS, LIMIT_POOL_BYTES);
    CHECK_ERR(submit(&p, &p.at_copy, 2, 2), E_OK); /* another with the nonce, as free */
    CHECK_ERR(submit(&p, &p.at_copy, 2, 2), E_TX_KNOWN);
    CHECK_INT(pool_stats(here).pending, 1);
    CHECK_INT(pool_stats(there).pending, 1);
    /* what waits there and is new here: both know it now */
    CHECK_ERR(submit(&p, &p.at_node, 3, 1), E_OK);
    CHECK_ERR(submit(&p, &p.at_copy, 3, 1), E_TX_KNOWN);
    CHECK_INT(pool_stats(here).pending, 2);
    /* the node has another of that nonce */
    CHECK_ERR(submit(&p, &p.at_node, 4, 1), E_OK);
    CHECK_ERR(submit(&p, &p.at_copy, 4, 2), E_TX_UNDERPRICED);
    CHECK_INT(pool_stats(here).pending, 2);
    pair_end(&p);
}

TEST(what_cannot_be_passed_on_waits)
{
    static struct pair p;
    REQUIRE(pair_begin(&p));
    struct pool *there = chain_pool(p.node.chain), *here = chain_pool(p.copy.chain);
    struct rpc_config config = {
        .host = "127.0.0.1", .port = (uint16_t)rpc_port(p.rpc), .threads = 1};
    struct diag d = {""};
    rpc_stop(p.rpc);
    CHECK_ERR(submit(&p, &p.at_copy, 2, 1), E_CONNECT);
    CHECK_INT(pool_stats(here).pending, 1);
    REQUIRE(rpc_start(&p.rpc, &p.at_node, &config, &d) == E_OK);
    CHECK_ERR(submit(&p, &p.at_copy, 2, 1), E_OK); /* its sender tries again */
    CHECK_INT(pool_stats(there).pending, 1);
    pair_end(&p);
}
