/* The result of a transition as JSON, in the members and forms that geth's `evm t8n` writes. */
#include "gateway/ethereum/transition_internal.h"

#include "base/limits.h"
#include "chain/blocks.h"

/* The words in which geth refuses a transaction: test fillers look for them. */
static const struct {
    enum err why;
    const char *text;
} REASONS[] = {
    {E_TX_NONCE_LOW, "nonce too low"},
    {E_TX_NONCE_HIGH, "nonce too high"},
    {E_TX_NONCE_MAX, "nonce has max value"},
    {E_TX_FUNDS, "insufficient funds for gas * price + value"},
    {E_TX_INTRINSIC_GAS, "intrinsic gas too low"},
    {E_TX_GAS_LIMIT, "gas limit reached"},
    {E_TX_FEE, "max fee per gas less than block base fee"},
    {E_TX_INITCODE, "max initcode size exceeded"},
    {E_TX_SENDER_CODE, "sender not an eoa"},
    {E_TX_TYPE, "transaction type not supported"},
    {E_TX_CHAIN_ID, "invalid chain id for signer"},
    {E_SIGNATURE, "invalid transaction v, r, s values"},
    {E_TX_CREATE, "input string too short for common.Address"},
    {E_TX_AUTHS, "EIP-7702 transaction with empty auth list"},
    {E_TX_BLOB_FEE, "max fee per blob gas less than block blob gas fee"},
    {E_RLP, "rlp: malformed"},
};

static bool only_the_floor_is_missing(const struct transition *t, const struct tx *tx)
{
    uint64_t intrinsic, floor;
    return tx_intrinsic_gas(tx, t->rules.fork, &intrinsic, &floor) == E_OK &&
           tx->gas_limit >= intrinsic;
}

static const char *blob_reason(struct transition *t, const struct rejected *r)
{
    const struct tx *tx = &r->tx;
    if (tx->blob_hash_count == 0)
        return "blob transaction missing blob hashes";
    for (size_t i = 0; i < tx->blob_hash_count; i++)
        if (tx->blob_hashes[i].b[0] != 1)
            return arena_printf(&t->arena, "blob %zu has invalid hash version", i);
    uint64_t wanted = r->blob_gas_used + tx_blob_gas(tx);
    uint64_t most = t->rules.blobs.max * TX_GAS_PER_BLOB;
    if (wanted > most)
        return arena_printf(&t->arena, "blob gas (%llu) would exceed maximum allowance %llu",
                            (unsigned long long)wanted, (unsigned long long)most);
    return "blob transaction has too many blobs";
}

static const char *reason(struct transition *t, const struct rejected *r)
{
    const struct tx *tx = &r->tx;
    if (r->why == E_TX_INTRINSIC_GAS && only_the_floor_is_missing(t, tx))
        return "insufficient gas for floor data gas cost";
    if (r->why == E_TX_FEE && u256_cmp(tx->max_priority_fee, tx->max_fee) > 0)
        return "max priority fee per gas higher than max fee per gas";
    if (r->why == E_TX_GAS_LIMIT && t->rules.fork >= FORK_OSAKA && tx->gas_limit > LIMIT_TX_GAS)
        return "transaction gas limit too high";
    if (r->why == E_TX_BLOBS)
        return blob_reason(t, r);
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
        if (REASONS[i].why == r->why)
            return REASONS[i].text;
    return err_text(r->why);
}

static void put_hash(struct buf *out, const char *name, const struct hash *h)
{
    json_put_key(out, name);
    json_put_data(out, h->b, sizeof h->b);
}

static void put_number(struct buf *out, const char *name, uint64_t v)
{
    json_put_key(out, name);
    json_put_quantity(out, v);
}

static void put_address(struct buf *out, const char *name, const struct address *a)
{
    json_put_key(out, name);
    json_put_data(out, a->b, sizeof a->b);
}

/* --- receipts --------------------------------------------------------------------------------- */

static void put_place(struct buf *out, const struct transition *t, size_t index)
{
    /* the block is not made yet: geth writes this in place of its hash */
    static const struct hash NOT_YET = {{0x13, 0x37}};
    put_hash(out, "blockHash", &NOT_YET);
    put_number(out, "blockNumber", t->header.number);
    put_number(out, "transactionIndex", index);
}

static void put_logs(struct buf *out, const struct transition *t, size_t index, size_t *log_index)
{
    const struct receipt *r = &t->receipts[index];
    json_put_key(out, "logs");
    json_open(out, '[');
    for (size_t i = 0; i < r->log_count; i++) {
        const struct log_entry *log = &r->logs[i];
        json_open(out, '{');
        put_address(out, "address", &log->address);
        json_put_key(out, "topics");
        json_open(out, '[');
        for (unsigned k = 0; k < log->topic_count; k++)
            json_put_data(out, log->topics[k].b, sizeof log->topics[k].b);
        json_close(out, ']');
        json_put_key(out, "data");
        json_put_data(out, log->data.data, log->data.len);
        put_hash(out, "transactionHash", &t->txs[index].hash);
        put_place(out, t, index);
        put_number(out, "blockTimestamp", t->header.timestamp_s);
        put_number(out, "logIndex", (*log_index)++);
        json_put_key(out, "removed");
        json_put_bool(out, false);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_receipt(struct buf *out, const struct transition *t, size_t index,
                        size_t *log_index)
{
    static const struct address nobody;
    const struct receipt *r = &t->receipts[index];
    const struct tx *tx = &t->txs[index];
    json_open(out, '{');
    if (tx->type != TX_LEGACY)
        put_number(out, "type", tx->type);
    json_put_key(out, "root");
    json_put_data(out, r->root.b, r->has_root ? sizeof r->root.b : 0);
    put_number(out, "status", r->success);
    put_number(out, "cumulativeGasUsed", r->cumulative_gas_used);
    json_put_key(out, "logsBloom");
    json_put_data(out, r->bloom, sizeof r->bloom);
    put_logs(out, t, index, log_index);
    put_hash(out, "transactionHash", &tx->hash);
    put_address(out, "contractAddress", r->has_created ? &r->created : &nobody);
    put_number(out, "gasUsed", r->gas_used);
    json_put_key(out, "effectiveGasPrice");
    json_put_quantity_u256(out, tx_effective_gas_price(tx, t->header.base_fee));
    if (tx->type == TX_BLOB) {
        put_number(out, "blobGasUsed", tx_blob_gas(tx));
        json_put_key(out, "blobGasPrice");
        json_put_quantity_u256(out, t->env.blob_base_fee);
    }
    put_place(out, t, index);
    json_close(out, '}');
}

/* --- the whole -------------------------------------------------------------------------------- */

static struct hash all_logs_hash(const struct transition *t)
{
    size_t count = 0, at = 0;
    for (size_t i = 0; i < t->count; i++)
        count += t->receipts[i].log_count;
    struct log_entry *all = mem_alloc((count + 1) * sizeof *all);
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->receipts[i].log_count; k++)
            all[at++] = t->receipts[i].logs[k];
    struct hash hash = logs_hash(all, count);
    mem_free(all);
    return hash;
}

static void put_rejected(struct buf *out, struct transition *t)
{
    if (!t->rejected_count)
        return;
    json_put_key(out, "rejected");
    json_open(out, '[');
    for (size_t i = 0; i < t->rejected_count; i++) {
        json_open(out, '{');
        json_put_key(out, "index");
        json_put_u64(out, t->rejected[i].index);
        json_put_key(out, "error");
        json_put_string(out, reason(t, &t->rejected[i]));
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_requests(struct buf *out, const struct transition *t)
{
    struct hash hash = requests_hash(&t->requests);
    put_hash(out, "requestsHash", &hash);
    json_put_key(out, "requests");
    json_open(out, '[');
    for (uint8_t i = 0; i < REQUEST_TYPES; i++) {
        struct buf typed = {0};
        if (t->requests.of[i].len == 0)
            continue;
        buf_put_u8(&typed, i);
        buf_put(&typed, t->requests.of[i].data, t->requests.of[i].len);
        json_put_data(out, typed.data, typed.len);
        buf_free(&typed);
    }
    json_close(out, ']');
}

/* What forks from London on added. */
static void put_later(struct buf *out, const struct transition *t)
{
    if (t->rules.fork >= FORK_LONDON) {
        json_put_key(out, "currentBaseFee");
        json_put_quantity_u256(out, t->header.base_fee);
    }
    if (t->rules.fork >= FORK_SHANGHAI) {
        struct block b = {.withdrawals = t->withdrawals, .withdrawal_count = t->withdrawal_count};
        struct hash root = block_withdrawals_root(&b);
        put_hash(out, "withdrawalsRoot", &root);
    }
    if (t->rules.fork >= FORK_CANCUN) {
        put_number(out, "currentExcessBlobGas", t->header.excess_blob_gas);
        put_number(out, "blobGasUsed", t->blob_gas_used);
    }
    if (t->rules.fork >= FORK_PRAGUE) {
        put_requests(out, t);
    } else {
        json_put_key(out, "requests");
        json_put_null(out);
    }
}

void transition_write_result(struct transition *t, const struct hash *state_root, struct buf *out)
{
    uint8_t bloom[BLOOM_BYTES] = {0};
    size_t log_index = 0;
    struct hash tx_root = blocks_tx_root(t->txs, t->count), logs = all_logs_hash(t);
    struct hash receipts_root = blocks_receipt_root(t->receipts, t->count);
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < BLOOM_BYTES; k++)
            bloom[k] |= t->receipts[i].bloom[k];
    json_open(out, '{');
    put_hash(out, "stateRoot", state_root);
    put_hash(out, "txRoot", &tx_root);
    put_hash(out, "receiptsRoot", &receipts_root);
    put_hash(out, "logsHash", &logs);
    json_put_key(out, "logsBloom");
    json_put_data(out, bloom, sizeof bloom);
    json_put_key(out, "receipts");
    json_open(out, '[');
    for (size_t i = 0; i < t->count; i++)
        put_receipt(out, t, i, &log_index);
    json_close(out, ']');
    put_rejected(out, t);
    json_put_key(out, "currentDifficulty");
    if (t->merged)
        json_put_null(out);
    else
        json_put_quantity_u256(out, t->header.difficulty);
    put_number(out, "gasUsed", t->gas_used);
    put_later(out, t);
    json_close(out, '}');
}
