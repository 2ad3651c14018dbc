/* Blocks, transactions and receipts. What is not there is null, as the execution API wants. */
#include "rpc/methods.h"

/* A block is named by its hash or by number or tag; *found_out false: answer null. */
static bool find_block(struct rpc_call *c, bool by_hash, uint64_t *number_out, bool *found_out)
{
    struct hash hash;
    struct chain_view *v = call_view(c);
    if (!v)
        return false;
    *found_out = true;
    if (!by_hash) {
        if (!param(c, 0))
            return rpc_fail(c, RPC_PARAMS, "missing value for required argument 0");
        if (param_block(c, 0, number_out, NULL))
            return true;
        *found_out = false;
        return c->error_code == RPC_NOT_FOUND;
    }
    if (!param_hash(c, 0, &hash))
        return false;
    enum err e = chain_number_of(v, &hash, number_out);
    *found_out = e == E_OK;
    return e == E_OK || e == E_NOT_FOUND || rpc_fail_err(c, e);
}

bool load_block(struct rpc_call *c, bool by_hash, bool receipts, struct block *b, bool *found_out)
{
    uint64_t number = 0;
    if (!find_block(c, by_hash, &number, found_out))
        return false;
    if (!*found_out) {
        json_put_null(c->out);
        return true;
    }
    enum err e = chain_load_block(c->view, number, &c->arena, receipts, b);
    return e == E_OK || rpc_fail_err(c, e);
}

static bool get_block(struct rpc_call *c, bool by_hash)
{
    struct block b;
    bool full, found;
    if (!param_bool(c, 1, &full) || !load_block(c, by_hash, false, &b, &found))
        return false;
    if (found)
        put_block(c->out, &b, full);
    return true;
}

bool eth_get_block_by_hash(struct rpc_call *c)
{
    return get_block(c, true);
}

bool eth_get_block_by_number(struct rpc_call *c)
{
    return get_block(c, false);
}

/* EIP-4844: what a unit of blob gas cost in this block; 0 on a chain of ours. */
static struct u256 blob_fee(struct rpc_call *c, const struct block *b)
{
    return rules_env(&chain_genesis(c->chain)->schedule, &b->header).blob_base_fee;
}

bool eth_get_block_receipts(struct rpc_call *c)
{
    struct block b;
    bool found;
    const char *text = param(c, 0) ? json_text(param(c, 0)) : NULL;
    bool by_hash = text && strlen(text) == 66;
    if (!load_block(c, by_hash, true, &b, &found))
        return false;
    if (!found)
        return true;
    size_t logs = 0;
    json_open(c->out, '[');
    for (size_t i = 0; i < b.tx_count; i++) {
        put_receipt(c->out, &b, i, logs, blob_fee(c, &b));
        logs += b.receipts[i].log_count;
        if (c->out->len > LIMIT_RPC_RESPONSE_BYTES)
            return true; /* the dispatcher refuses it */
    }
    json_close(c->out, ']');
    return true;
}

static bool tx_count(struct rpc_call *c, bool by_hash)
{
    struct block b;
    bool found;
    if (!load_block(c, by_hash, false, &b, &found))
        return false;
    if (found)
        json_put_quantity(c->out, b.tx_count);
    return true;
}

bool eth_tx_count_by_hash(struct rpc_call *c)
{
    return tx_count(c, true);
}

bool eth_tx_count_by_number(struct rpc_call *c)
{
    return tx_count(c, false);
}

static bool uncle(struct rpc_call *c, bool by_hash, bool count)
{
    struct block b;
    uint64_t index = 0;
    bool found;
    if ((!count && !param_u64(c, 1, &index)) || !load_block(c, by_hash, false, &b, &found))
        return false;
    if (!found)
        return true;
    if (count)
        json_put_quantity(c->out, b.ommer_count);
    else if (index < b.ommer_count)
        put_ommer(c->out, &b.ommers[index]);
    else
        json_put_null(c->out);
    return true;
}

bool eth_uncle_by_hash(struct rpc_call *c)
{
    return uncle(c, true, false);
}

bool eth_uncle_by_number(struct rpc_call *c)
{
    return uncle(c, false, false);
}

bool eth_uncle_count_by_hash(struct rpc_call *c)
{
    return uncle(c, true, true);
}

bool eth_uncle_count_by_number(struct rpc_call *c)
{
    return uncle(c, false, true);
}

static bool tx_at(struct rpc_call *c, bool by_hash)
{
    struct block b;
    bool found;
    uint64_t index;
    if (!param_u64(c, 1, &index) || !load_block(c, by_hash, false, &b, &found))
        return false;
    if (found && index < b.tx_count)
        put_tx(c->out, &b.txs[index], &b, (size_t)index);
    else if (found)
        json_put_null(c->out);
    return true;
}

bool eth_tx_by_block_hash(struct rpc_call *c)
{
    return tx_at(c, true);
}

bool eth_tx_by_block_number(struct rpc_call *c)
{
    return tx_at(c, false);
}

bool find_tx(struct rpc_call *c, struct hash *hash, bool receipts, struct block *b,
             size_t *index_out, bool *found_out)
{
    uint64_t number;
    struct chain_view *v = call_view(c);
    *found_out = false;
    if (!v || !param_hash(c, 0, hash))
        return false;
    enum err e = chain_find_tx(v, hash, &number, index_out);
    if (e == E_NOT_FOUND)
        return true;
    if (e == E_OK)
        e = chain_load_block(v, number, &c->arena, receipts, b);
    /* indexed by a block that was committed after this view was opened: not there yet */
    if (e == E_NOT_FOUND)
        return true;
    if (e == E_OK && *index_out >= b->tx_count)
        e = E_CORRUPT;
    *found_out = e == E_OK;
    return e == E_OK || rpc_fail_err(c, e);
}

/* waiting reads a transaction of the pool into c->scratch and decodes it. */
static bool waiting(struct rpc_call *c, const struct hash *hash, struct tx *t)
{
    struct pool *pool = chain_pool(c->chain);
    buf_clear(&c->scratch);
    return pool && pool_get(pool, hash, &c->scratch) == E_OK &&
           tx_decode(t, &c->arena, buf_view(&c->scratch)) == E_OK && tx_recover(t) == E_OK;
}

bool eth_get_tx(struct rpc_call *c)
{
    struct hash hash;
    struct block b;
    struct tx t;
    size_t index;
    bool found;
    if (!find_tx(c, &hash, false, &b, &index, &found))
        return false;
    if (found)
        put_tx(c->out, &b.txs[index], &b, index);
    else if (waiting(c, &hash, &t))
        put_tx(c->out, &t, NULL, 0);
    else
        json_put_null(c->out);
    return true;
}

bool eth_get_raw_tx(struct rpc_call *c)
{
    struct hash hash;
    struct block b;
    struct tx t;
    size_t index;
    bool found;
    if (!find_tx(c, &hash, false, &b, &index, &found))
        return false;
    if (found)
        json_put_data(c->out, b.txs[index].raw.data, b.txs[index].raw.len);
    else if (waiting(c, &hash, &t))
        json_put_data(c->out, c->scratch.data, c->scratch.len);
    else
        json_put_null(c->out);
    return true;
}

bool eth_get_receipt(struct rpc_call *c)
{
    struct hash hash;
    struct block b;
    size_t index;
    bool found;
    if (!find_tx(c, &hash, true, &b, &index, &found))
        return false;
    if (found)
        put_receipt(c->out, &b, index, log_base(&b, index), blob_fee(c, &b));
    else
        json_put_null(c->out);
    return true;
}
