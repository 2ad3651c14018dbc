/* Fees: what a transaction should offer, and what blocks took. A chain of ours asks for no fee;
 * an imported Ethereum chain has base fees and blobs. */
#include <stdio.h>
#include <stdlib.h>

#include "rpc/methods.h"

static const struct schedule *schedule(const struct rpc_call *c)
{
    return &chain_genesis(c->chain)->schedule;
}

/* The base fee of the block after h. */
static struct u256 next_base_fee(const struct rpc_call *c, const struct header *h)
{
    if (!chain_genesis(c->chain)->is_ethereum || h->form < HEADER_LONDON)
        return U256_ZERO;
    return rules_base_fee(h);
}

static struct u256 next_blob_fee(const struct rpc_call *c, const struct header *h)
{
    struct rules r = rules_of(schedule(c), h);
    if (h->form < HEADER_CANCUN)
        return U256_ZERO;
    return schedule_blob_fee(rules_excess_blob_gas(&r, h), r.blobs.base_fee_fraction);
}

static bool head_header(struct rpc_call *c, struct header *h)
{
    struct hash hash;
    struct chain_view *v = call_view(c);
    if (!v)
        return false;
    enum err e = chain_load_header(v, chain_view_head(v), &c->arena, h, &hash);
    return e == E_OK || rpc_fail_err(c, e);
}

bool eth_base_fee(struct rpc_call *c)
{
    struct header h;
    if (!head_header(c, &h))
        return false;
    json_put_quantity_u256(c->out, next_base_fee(c, &h));
    return true;
}

/* With no tip asked for, what suffices is the base fee. */
bool eth_gas_price(struct rpc_call *c)
{
    return eth_base_fee(c);
}

bool eth_max_priority_fee(struct rpc_call *c)
{
    json_put_quantity(c->out, 0);
    return true;
}

bool eth_blob_base_fee(struct rpc_call *c)
{
    struct header h;
    if (!head_header(c, &h))
        return false;
    json_put_quantity_u256(c->out, rules_env(schedule(c), &h).blob_base_fee);
    return true;
}

/* --- history ---------------------------------------------------------------------------------- */

#define PERCENTILES_MAX 100u

struct fee_query {
    uint64_t oldest, count;
    double percentiles[PERCENTILES_MAX];
    size_t percentile_count;
    bool wants_reward;
    struct header *headers; /* count of them */
};

static bool read_percentiles(struct rpc_call *c, struct fee_query *q)
{
    const struct json *list = param(c, 2);
    double last = 0;
    q->wants_reward = list != NULL;
    if (list && (!json_is_array(list) || json_count(list) > PERCENTILES_MAX))
        return rpc_fail(c, RPC_PARAMS, "reward percentiles must be an array of at most 100");
    for (const struct json *p = list ? json_first(list) : NULL; p; p = json_next(p)) {
        double v = json_is_number(p) ? json_double(p) : -1;
        if (!(v >= last && v <= 100))
            return rpc_fail(c, RPC_PARAMS, "invalid reward percentile: must be 0 to 100, rising");
        q->percentiles[q->percentile_count++] = last = v;
    }
    return true;
}

static bool load_headers(struct rpc_call *c, struct fee_query *q)
{
    q->headers = arena_alloc(&c->arena, (q->count + 1) * sizeof *q->headers);
    for (uint64_t i = 0; i < q->count; i++) {
        struct hash hash;
        enum err e = chain_load_header(c->view, q->oldest + i, &c->arena, &q->headers[i], &hash);
        if (e != E_OK)
            return rpc_fail_err(c, e);
        if (!call_in_time(c))
            return false;
    }
    return true;
}

/* part / whole with six digits. Values beyond 10^12 are divided first, so that nothing wraps. */
static void put_ratio(struct buf *out, uint64_t part, uint64_t whole)
{
    char ratio[48];
    uint64_t ppm = 0;
    if (whole)
        ppm = whole < 1000000000000 ? part * 1000000 / whole : part / (whole / 1000000);
    (void)snprintf(ratio, sizeof ratio, "%llu.%06llu", (unsigned long long)(ppm / 1000000),
                   (unsigned long long)(ppm % 1000000));
    json_put_raw(out, ratio);
}

static void put_fees(struct rpc_call *c, const struct fee_query *q, bool blobs)
{
    struct buf *out = c->out;
    json_put_key(out, blobs ? "baseFeePerBlobGas" : "baseFeePerGas");
    json_open(out, '[');
    for (uint64_t i = 0; i < q->count; i++)
        json_put_quantity_u256(out, blobs ? rules_env(schedule(c), &q->headers[i]).blob_base_fee
                                          : q->headers[i].base_fee);
    if (q->count) {
        const struct header *last = &q->headers[q->count - 1];
        json_put_quantity_u256(out, blobs ? next_blob_fee(c, last) : next_base_fee(c, last));
    }
    json_close(out, ']');
}

static void put_ratios(struct rpc_call *c, const struct fee_query *q, bool blobs)
{
    struct buf *out = c->out;
    json_put_key(out, blobs ? "blobGasUsedRatio" : "gasUsedRatio");
    json_open(out, '[');
    for (uint64_t i = 0; i < q->count; i++) {
        const struct header *h = &q->headers[i];
        if (blobs)
            put_ratio(out, h->blob_gas_used, rules_of(schedule(c), h).blobs.max * TX_GAS_PER_BLOB);
        else
            put_ratio(out, h->gas_used, h->gas_limit);
    }
    json_close(out, ']');
}

struct tip {
    struct u256 tip;
    uint64_t gas_used;
};

static int by_tip(const void *a, const void *b)
{
    return u256_cmp(((const struct tip *)a)->tip, ((const struct tip *)b)->tip);
}

/* The tips at the percentiles of the block's gas. */
static bool put_tips(struct rpc_call *c, const struct fee_query *q, uint64_t number)
{
    struct block b;
    enum err e = chain_load_block(c->view, number, &c->arena, true, &b);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    struct tip *tips = arena_zalloc(&c->arena, b.tx_count + 1, sizeof *tips);
    for (size_t i = 0; i < b.tx_count; i++) {
        tips[i].gas_used =
            b.receipts[i].cumulative_gas_used - (i ? b.receipts[i - 1].cumulative_gas_used : 0);
        if (u256_sub(&tips[i].tip, tx_effective_gas_price(&b.txs[i], b.header.base_fee),
                     b.header.base_fee))
            tips[i].tip = U256_ZERO;
    }
    if (b.tx_count)
        qsort(tips, b.tx_count, sizeof *tips, by_tip);
    uint64_t sum = tips[0].gas_used;
    size_t at = 0;
    json_open(c->out, '[');
    for (size_t i = 0; i < q->percentile_count; i++) {
        double threshold = (double)b.header.gas_used * q->percentiles[i] / 100;
        while ((double)sum < threshold && at + 1 < b.tx_count)
            sum += tips[++at].gas_used;
        json_put_quantity_u256(c->out, tips[at].tip);
    }
    json_close(c->out, ']');
    return call_in_time(c);
}

static bool put_reward(struct rpc_call *c, const struct fee_query *q, uint64_t number)
{
    struct arena_mark before = arena_mark(&c->arena);
    bool ok = put_tips(c, q, number);
    arena_back(&c->arena, before); /* one block at a time */
    return ok;
}

bool eth_fee_history(struct rpc_call *c)
{
    struct fee_query q = {0};
    uint64_t newest;
    if (!param_u64(c, 0, &q.count) || !param_block(c, 1, &newest, NULL) || !read_percentiles(c, &q))
        return false;
    if (q.count > RPC_FEE_HISTORY_MAX)
        q.count = RPC_FEE_HISTORY_MAX;
    if (q.count > newest + 1)
        q.count = newest + 1;
    q.oldest = newest + 1 - q.count;
    if (!load_headers(c, &q))
        return false;
    struct buf *out = c->out;
    json_open(out, '{');
    json_put_key(out, "oldestBlock");
    json_put_quantity(out, q.oldest);
    put_fees(c, &q, false);
    put_ratios(c, &q, false);
    put_fees(c, &q, true);
    put_ratios(c, &q, true);
    if (q.wants_reward) {
        json_put_key(out, "reward");
        json_open(out, '[');
        for (uint64_t i = 0; i < q.count; i++)
            if (!put_reward(c, &q, q.oldest + i))
                return false;
        json_close(out, ']');
    }
    json_close(out, '}');
    return true;
}
