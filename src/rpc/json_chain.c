/* Blocks, transactions, receipts and logs in the JSON that Ethereum's execution API describes. */
#include "rpc/rpc_internal.h"

void put_hash(struct buf *out, const struct hash *h)
{
    json_put_data(out, h->b, sizeof h->b);
}

void put_address(struct buf *out, const struct address *a)
{
    json_put_data(out, a->b, sizeof a->b);
}

static void key_hash(struct buf *out, const char *name, const struct hash *h)
{
    json_put_key(out, name);
    put_hash(out, h);
}

static void key_address(struct buf *out, const char *name, const struct address *a)
{
    json_put_key(out, name);
    put_address(out, a);
}

static void key_quantity(struct buf *out, const char *name, uint64_t v)
{
    json_put_key(out, name);
    json_put_quantity(out, v);
}

static void key_u256(struct buf *out, const char *name, struct u256 v)
{
    json_put_key(out, name);
    json_put_quantity_u256(out, v);
}

static void key_raw(struct buf *out, const char *name, const char *json)
{
    json_put_key(out, name);
    json_put_raw(out, json);
}

void put_header_fields(struct buf *out, const struct header *h, const struct hash *hash)
{
    key_quantity(out, "number", h->number);
    key_hash(out, "hash", hash);
    key_hash(out, "parentHash", &h->parent_hash);
    json_put_key(out, "nonce");
    json_put_data(out, h->nonce, sizeof h->nonce);
    key_hash(out, "sha3Uncles", &h->ommers_hash);
    json_put_key(out, "logsBloom");
    json_put_data(out, h->bloom, BLOOM_BYTES);
    key_hash(out, "transactionsRoot", &h->transactions_root);
    key_hash(out, "stateRoot", &h->state_root);
    key_hash(out, "receiptsRoot", &h->receipts_root);
    key_address(out, "miner", &h->beneficiary);
    key_u256(out, "difficulty", h->difficulty);
    json_put_key(out, "extraData");
    json_put_data(out, h->extra_data.data, h->extra_data.len);
    key_quantity(out, "gasLimit", h->gas_limit);
    key_quantity(out, "gasUsed", h->gas_used);
    key_quantity(out, "timestamp", h->timestamp_s);
    key_hash(out, "mixHash", &h->prev_randao);
    if (h->form >= HEADER_LONDON)
        key_u256(out, "baseFeePerGas", h->base_fee);
    if (h->form >= HEADER_SHANGHAI)
        key_hash(out, "withdrawalsRoot", &h->withdrawals_root);
    if (h->form >= HEADER_CANCUN) {
        key_quantity(out, "blobGasUsed", h->blob_gas_used);
        key_quantity(out, "excessBlobGas", h->excess_blob_gas);
        key_hash(out, "parentBeaconBlockRoot", &h->parent_beacon_root);
    }
    if (h->form >= HEADER_PRAGUE)
        key_hash(out, "requestsHash", &h->requests_hash);
}

static void put_withdrawals(struct buf *out, const struct block *b)
{
    json_put_key(out, "withdrawals");
    json_open(out, '[');
    for (size_t i = 0; i < b->withdrawal_count; i++) {
        const struct withdrawal *w = &b->withdrawals[i];
        json_open(out, '{');
        key_quantity(out, "index", w->index);
        key_quantity(out, "validatorIndex", w->validator_index);
        key_address(out, "address", &w->address);
        key_quantity(out, "amount", w->amount_gwei);
        json_close(out, '}');
    }
    json_close(out, ']');
}

void put_block_fields(struct buf *out, const struct block *b, bool full)
{
    put_header_fields(out, &b->header, &b->hash);
    key_quantity(out, "size", b->size_bytes);
    json_put_key(out, "transactions");
    json_open(out, '[');
    for (size_t i = 0; i < b->tx_count; i++) {
        if (full)
            put_tx(out, &b->txs[i], b, i);
        else
            put_hash(out, &b->txs[i].hash);
    }
    json_close(out, ']');
    json_put_key(out, "uncles");
    json_open(out, '[');
    for (size_t i = 0; i < b->ommer_count; i++) {
        struct hash h = header_hash(&b->ommers[i]);
        put_hash(out, &h);
    }
    json_close(out, ']');
    if (b->header.form >= HEADER_SHANGHAI)
        put_withdrawals(out, b);
}

void put_block(struct buf *out, const struct block *b, bool full)
{
    json_open(out, '{');
    put_block_fields(out, b, full);
    json_close(out, '}');
}

/* An ommer is shown as a block without transactions. */
void put_ommer(struct buf *out, const struct header *h)
{
    struct block b = {.header = *h, .hash = header_hash(h)};
    b.size_bytes = block_rlp_size(&b);
    put_block(out, &b, false);
}

void put_access_list(struct buf *out, const struct tx_access *list, size_t count)
{
    json_put_key(out, "accessList");
    json_open(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_open(out, '{');
        key_address(out, "address", &list[i].address);
        json_put_key(out, "storageKeys");
        json_open(out, '[');
        for (size_t k = 0; k < list[i].slot_count; k++)
            put_hash(out, &list[i].slots[k]);
        json_close(out, ']');
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_authorizations(struct buf *out, const struct tx *t)
{
    json_put_key(out, "authorizationList");
    json_open(out, '[');
    for (size_t i = 0; i < t->auth_count; i++) {
        const struct tx_auth *auth = &t->auths[i];
        json_open(out, '{');
        key_u256(out, "chainId", auth->chain_id);
        key_address(out, "address", &auth->address);
        key_quantity(out, "nonce", auth->nonce);
        key_u256(out, "yParity", auth->y_parity);
        key_u256(out, "r", auth->r);
        key_u256(out, "s", auth->s);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_blob_fields(struct buf *out, const struct tx *t)
{
    key_u256(out, "maxFeePerBlobGas", t->max_fee_per_blob_gas);
    json_put_key(out, "blobVersionedHashes");
    json_open(out, '[');
    for (size_t i = 0; i < t->blob_hash_count; i++)
        put_hash(out, &t->blob_hashes[i]);
    json_close(out, ']');
}

static void put_signature(struct buf *out, const struct tx *t)
{
    struct u256 v = u256_from_u64(t->signature.y_parity);
    if (t->type == TX_LEGACY && t->has_chain_id) { /* EIP-155 */
        u256_add(&v, v, u256_from_u64(t->chain_id));
        u256_add(&v, v, u256_from_u64(t->chain_id));
        u256_add(&v, v, u256_from_u64(35));
    } else if (t->type == TX_LEGACY) {
        /* a simulated transaction carries no signature at all */
        bool is_signed = !u256_is_zero(u256_from_be(t->signature.r));
        u256_add(&v, v, u256_from_u64(is_signed ? 27 : 0));
    } else {
        key_quantity(out, "yParity", t->signature.y_parity);
    }
    key_u256(out, "v", v);
    key_u256(out, "r", u256_from_be(t->signature.r));
    key_u256(out, "s", u256_from_be(t->signature.s));
}

static void put_place(struct buf *out, const struct block *block, size_t index)
{
    if (!block) {
        key_raw(out, "blockHash", "null");
        key_raw(out, "blockNumber", "null");
        key_raw(out, "transactionIndex", "null");
        return;
    }
    key_hash(out, "blockHash", &block->hash);
    key_quantity(out, "blockNumber", block->header.number);
    key_quantity(out, "transactionIndex", index);
}

static struct u256 price_in(const struct block *b, const struct tx *t)
{
    return tx_effective_gas_price(t, b->header.base_fee); /* 0 before LONDON */
}

void put_tx(struct buf *out, const struct tx *t, const struct block *block, size_t index)
{
    json_open(out, '{');
    key_quantity(out, "type", t->type);
    key_hash(out, "hash", &t->hash);
    key_quantity(out, "nonce", t->nonce);
    put_place(out, block, index);
    if (block)
        key_quantity(out, "blockTimestamp", block->header.timestamp_s);
    else
        key_raw(out, "blockTimestamp", "null");
    key_address(out, "from", &t->sender);
    if (t->is_create)
        key_raw(out, "to", "null");
    else
        key_address(out, "to", &t->to);
    key_u256(out, "value", t->value);
    key_quantity(out, "gas", t->gas_limit);
    key_u256(out, "gasPrice", block ? price_in(block, t) : t->max_fee);
    if (t->type >= TX_DYNAMIC_FEE) {
        key_u256(out, "maxFeePerGas", t->max_fee);
        key_u256(out, "maxPriorityFeePerGas", t->max_priority_fee);
    }
    json_put_key(out, "input");
    json_put_data(out, t->data.data, t->data.len);
    if (t->type != TX_LEGACY)
        put_access_list(out, t->access, t->access_count);
    if (t->type == TX_BLOB)
        put_blob_fields(out, t);
    if (t->type == TX_SET_CODE)
        put_authorizations(out, t);
    if (t->has_chain_id || t->type != TX_LEGACY)
        key_quantity(out, "chainId", t->chain_id);
    put_signature(out, t);
    json_close(out, '}');
}

void put_log(struct buf *out, const struct block *b, size_t tx_index, size_t log_index,
             const struct log_entry *l)
{
    json_open(out, '{');
    key_address(out, "address", &l->address);
    json_put_key(out, "topics");
    json_open(out, '[');
    for (unsigned i = 0; i < l->topic_count; i++)
        put_hash(out, &l->topics[i]);
    json_close(out, ']');
    json_put_key(out, "data");
    json_put_data(out, l->data.data, l->data.len);
    key_hash(out, "blockHash", &b->hash);
    key_quantity(out, "blockNumber", b->header.number);
    key_quantity(out, "blockTimestamp", b->header.timestamp_s);
    key_hash(out, "transactionHash", &b->txs[tx_index].hash);
    key_quantity(out, "transactionIndex", tx_index);
    key_quantity(out, "logIndex", log_index);
    key_raw(out, "removed", "false");
    json_close(out, '}');
}

size_t log_base(const struct block *b, size_t index)
{
    size_t base = 0;
    for (size_t i = 0; i < index; i++)
        base += b->receipts[i].log_count;
    return base;
}

void put_receipt(struct buf *out, const struct block *b, size_t index, size_t log_index,
                 struct u256 blob_base_fee)
{
    const struct tx *t = &b->txs[index];
    const struct receipt *r = &b->receipts[index];
    json_open(out, '{');
    key_quantity(out, "type", t->type);
    if (r->has_root) /* before Byzantium */
        key_hash(out, "root", &r->root);
    else
        key_quantity(out, "status", r->success);
    key_hash(out, "transactionHash", &t->hash);
    put_place(out, b, index);
    key_address(out, "from", &t->sender);
    if (t->is_create)
        key_raw(out, "to", "null");
    else
        key_address(out, "to", &t->to);
    if (t->is_create) { /* also when the creation failed, as geth has it */
        struct address created = tx_create_address(&t->sender, t->nonce);
        key_address(out, "contractAddress", &created);
    } else {
        key_raw(out, "contractAddress", "null");
    }
    key_quantity(out, "gasUsed", r->gas_used);
    key_quantity(out, "cumulativeGasUsed", r->cumulative_gas_used);
    key_u256(out, "effectiveGasPrice", price_in(b, t));
    if (t->type == TX_BLOB) {
        key_quantity(out, "blobGasUsed", t->blob_hash_count * TX_GAS_PER_BLOB);
        key_u256(out, "blobGasPrice", blob_base_fee);
    }
    json_put_key(out, "logsBloom");
    json_put_data(out, r->bloom, BLOOM_BYTES);
    json_put_key(out, "logs");
    json_open(out, '[');
    for (size_t i = 0; i < r->log_count; i++)
        put_log(out, b, index, log_index + i, &r->logs[i]);
    json_close(out, ']');
    json_close(out, '}');
}
