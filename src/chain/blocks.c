#include "chain/blocks.h"

#include <stdlib.h>

#include "crypto/keccak.h"
#include "state/trie.h"
#include "store/tables.h"

#define SEAL_SIGNATURE_BYTES 65
#define RECEIPT_SUCCESS 1u
#define RECEIPT_CREATED 2u
#define RECEIPT_ROOT 4u

static void put_be32(struct buf *out, size_t v)
{
    ASSERT(v <= UINT32_MAX);
    be32_put(buf_grow(out, 4), (uint32_t)v);
}

static void put_be64(struct buf *out, uint64_t v)
{
    be64_put(buf_grow(out, 8), v);
}

/* A bounded reader of a record. Past its end it delivers zeros and remembers it. */
struct reader {
    struct bytes rest;
    bool short_of;
};

static const uint8_t *take(struct reader *r, size_t len)
{
    static const uint8_t zeros[64];
    if (r->rest.len < len) {
        r->short_of = true;
        r->rest.len = 0;
        return len <= sizeof zeros ? zeros : NULL;
    }
    const uint8_t *p = r->rest.data;
    r->rest.data += len;
    r->rest.len -= len;
    return p;
}

static uint32_t take_be32(struct reader *r)
{
    return be32_get(take(r, 4));
}

static uint64_t take_be64(struct reader *r)
{
    return be64_get(take(r, 8));
}

/* --- roots -------------------------------------------------------------------------- */

static struct bytes *tx_items(const struct tx *txs, size_t count)
{
    struct bytes *items = mem_alloc((count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = txs[i].raw;
    return items;
}

/* The items borrow from text. */
static struct bytes *receipt_items(struct buf *text, const struct receipt *receipts, size_t count)
{
    struct bytes *items = mem_alloc((count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        size_t from = text->len;
        receipt_encode(text, &receipts[i]);
        items[i] = (struct bytes){NULL, text->len - from};
    }
    size_t at = 0; /* the buffer has stopped moving */
    for (size_t i = 0; i < count; i++) {
        items[i].data = text->data + at;
        at += items[i].len;
    }
    return items;
}

struct hash blocks_tx_root(const struct tx *txs, size_t count)
{
    struct bytes *items = tx_items(txs, count);
    struct hash root = trie_list_root(items, count);
    mem_free(items);
    return root;
}

struct hash blocks_receipt_root(const struct receipt *receipts, size_t count)
{
    struct buf text = {0};
    struct bytes *items = receipt_items(&text, receipts, count);
    struct hash root = trie_list_root(items, count);
    mem_free(items);
    buf_free(&text);
    return root;
}

void blocks_prove_tx(const struct tx *txs, size_t count, size_t index, struct buf *rlp_list_out)
{
    struct bytes *items = tx_items(txs, count);
    trie_list_prove(items, count, index, rlp_list_out);
    mem_free(items);
}

void blocks_prove_receipt(const struct receipt *receipts, size_t count, size_t index,
                          struct buf *rlp_list_out)
{
    struct buf text = {0};
    struct bytes *items = receipt_items(&text, receipts, count);
    trie_list_prove(items, count, index, rlp_list_out);
    mem_free(items);
    buf_free(&text);
}

/* --- record forms ----------------------------------------------------------------------------- */

static void encode_header(struct buf *out, const struct block *b, uint64_t tx_total)
{
    buf_put(out, b->seal.r, 32);
    buf_put(out, b->seal.s, 32);
    buf_put_u8(out, b->seal.y_parity);
    put_be32(out, b->tx_count);
    put_be64(out, tx_total);
    put_be64(out, b->size_bytes);
    header_encode(out, &b->header);
}

static enum err decode_header(struct bytes record, struct stored_header *out)
{
    struct reader r = {record, false};
    const uint8_t *seal = take(&r, 32);
    memcpy(out->seal.r, seal, 32);
    memcpy(out->seal.s, take(&r, 32), 32);
    out->seal.y_parity = *take(&r, 1);
    out->tx_count = take_be32(&r);
    out->tx_total = take_be64(&r);
    out->size_bytes = take_be64(&r);
    out->rlp = r.rest;
    if (r.short_of || header_decode(&out->header, r.rest) != E_OK)
        return E_CORRUPT;
    keccak256(&out->hash, r.rest.data, r.rest.len);
    return E_OK;
}

static void encode_body(struct buf *out, const struct block *b)
{
    put_be32(out, b->tx_count);
    for (size_t i = 0; i < b->tx_count; i++) {
        buf_put(out, b->txs[i].sender.b, sizeof b->txs[i].sender.b);
        put_be32(out, b->txs[i].raw.len);
        buf_put(out, b->txs[i].raw.data, b->txs[i].raw.len);
    }
    if (b->ommer_count || b->withdrawal_count) /* never in a block of ours */
        block_encode_extras(out, b);
}

static enum err decode_body(struct arena *a, struct bytes record, struct block *out)
{
    struct reader r = {record, false};
    size_t count = take_be32(&r);
    if (r.short_of || count > r.rest.len / 24)
        return E_CORRUPT;
    out->txs = arena_zalloc(a, count + 1, sizeof *out->txs);
    for (size_t i = 0; i < count; i++) {
        struct address sender;
        memcpy(sender.b, take(&r, sizeof sender.b), sizeof sender.b);
        size_t len = take_be32(&r);
        const uint8_t *raw = take(&r, len);
        if (r.short_of || tx_decode(&out->txs[i], a, bytes_of(raw, len)) != E_OK)
            return E_CORRUPT;
        out->txs[i].sender = sender;
        out->txs[i].has_sender = true;
    }
    out->tx_count = count;
    if (r.rest.len != 0 && block_decode_extras(out, a, r.rest) != E_OK)
        return E_CORRUPT;
    return E_OK;
}

void blocks_encode_receipts(struct buf *out, const struct receipt *receipts, size_t count)
{
    put_be32(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct receipt *r = &receipts[i];
        buf_put_u8(out, (uint8_t)r->type);
        buf_put_u8(out, (uint8_t)((r->success ? RECEIPT_SUCCESS : 0) |
                                  (r->has_created ? RECEIPT_CREATED : 0) |
                                  (r->has_root ? RECEIPT_ROOT : 0)));
        put_be64(out, r->gas_used);
        if (r->has_root)
            buf_put(out, r->root.b, sizeof r->root.b);
        if (r->has_created)
            buf_put(out, r->created.b, sizeof r->created.b);
        put_be32(out, r->log_count);
        for (size_t j = 0; j < r->log_count; j++) {
            const struct log_entry *log = &r->logs[j];
            buf_put(out, log->address.b, sizeof log->address.b);
            buf_put_u8(out, (uint8_t)log->topic_count);
            buf_put(out, log->topics, log->topic_count * sizeof log->topics[0]);
            put_be32(out, log->data.len);
            buf_put(out, log->data.data, log->data.len);
        }
    }
}

static enum err decode_log(struct reader *r, struct log_entry *log, uint8_t bloom[BLOOM_BYTES])
{
    memcpy(log->address.b, take(r, sizeof log->address.b), sizeof log->address.b);
    log->topic_count = *take(r, 1);
    if (log->topic_count > 4)
        return E_CORRUPT;
    bloom_add(bloom, bytes_of(log->address.b, sizeof log->address.b));
    for (unsigned i = 0; i < log->topic_count; i++) {
        memcpy(log->topics[i].b, take(r, 32), 32);
        bloom_add(bloom, bytes_of(log->topics[i].b, 32));
    }
    size_t len = take_be32(r);
    log->data = bytes_of(take(r, len), len);
    return r->short_of ? E_CORRUPT : E_OK;
}

static enum err decode_receipt(struct arena *a, struct reader *r, struct receipt *out)
{
    out->type = (enum tx_type) * take(r, 1);
    uint8_t flags = *take(r, 1);
    out->success = (flags & RECEIPT_SUCCESS) != 0;
    out->has_created = (flags & RECEIPT_CREATED) != 0;
    out->has_root = (flags & RECEIPT_ROOT) != 0;
    out->gas_used = take_be64(r);
    if (out->has_root)
        memcpy(out->root.b, take(r, sizeof out->root.b), sizeof out->root.b);
    if (out->has_created)
        memcpy(out->created.b, take(r, sizeof out->created.b), sizeof out->created.b);
    out->log_count = take_be32(r);
    if (r->short_of || out->log_count > r->rest.len / 25)
        return E_CORRUPT;
    out->logs = arena_zalloc(a, out->log_count + 1, sizeof *out->logs);
    for (size_t i = 0; i < out->log_count; i++)
        TRY(decode_log(r, &out->logs[i], out->bloom));
    return E_OK;
}

enum err blocks_decode_receipts(struct arena *a, struct bytes record, struct receipt **out,
                                size_t *count_out)
{
    struct reader r = {record, false};
    size_t count = take_be32(&r);
    if (r.short_of || count > r.rest.len / 14)
        return E_CORRUPT;
    struct receipt *receipts = arena_zalloc(a, count + 1, sizeof *receipts);
    uint64_t cumulative = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(decode_receipt(a, &r, &receipts[i]));
        cumulative += receipts[i].gas_used;
        receipts[i].cumulative_gas_used = cumulative;
    }
    if (r.rest.len != 0)
        return E_CORRUPT;
    *out = receipts;
    *count_out = count;
    return E_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static struct store_key by_height(uint64_t height)
{
    return (struct store_key){.height = height};
}

static struct store_key by_name(const void *name, size_t len)
{
    return (struct store_key){.name = bytes_of(name, len)};
}

struct hidden_tx {
    uint8_t hidden[SEAL_NAME_BYTES];
    uint32_t index;
};

static int compare_hidden(const void *a, const void *b)
{
    return memcmp(a, b, SEAL_NAME_BYTES);
}

/* put_tx_hashes writes one record per transaction, in the order of their hidden names, so that
 * neighbours in a page are written one after the other. */
static enum err put_tx_hashes(struct store *s, struct store_txn *t, const struct block *b)
{
    struct hidden_tx *order = mem_alloc((b->tx_count + 1) * sizeof *order);
    for (size_t i = 0; i < b->tx_count; i++) {
        store_hide(s, order[i].hidden, bytes_of(b->txs[i].hash.b, 32));
        order[i].index = (uint32_t)i;
    }
    qsort(order, b->tx_count, sizeof *order, compare_hidden);
    enum err e = E_OK;
    for (size_t i = 0; e == E_OK && i < b->tx_count; i++) {
        uint8_t value[12];
        be64_put(value, b->header.number);
        be32_put(value + 8, order[i].index);
        e = store_put(t, TABLE_TX_HASH, by_name(b->txs[order[i].index].hash.b, 32),
                      bytes_of(value, sizeof value));
    }
    mem_free(order);
    return e;
}

static enum err put_head(struct store_txn *t, uint64_t number, const struct hash *hash)
{
    uint8_t value[40];
    be64_put(value, number);
    memcpy(value + 8, hash->b, 32);
    return store_put(t, TABLE_META, by_name(META_HEAD, strlen(META_HEAD)),
                     bytes_of(value, sizeof value));
}

static enum err put_records(struct store_txn *t, const struct block *b, uint64_t tx_total,
                            struct buf *scratch)
{
    uint64_t number = b->header.number;
    encode_header(scratch, b, tx_total);
    TRY(store_put(t, TABLE_HEADER, by_height(number), buf_view(scratch)));
    buf_clear(scratch);
    encode_body(scratch, b);
    TRY(store_put(t, TABLE_BODY, by_height(number), buf_view(scratch)));
    buf_clear(scratch);
    blocks_encode_receipts(scratch, b->receipts, b->tx_count);
    TRY(store_put(t, TABLE_RECEIPTS, by_height(number), buf_view(scratch)));
    buf_clear(scratch);
    put_be64(scratch, number);
    TRY(store_put(t, TABLE_BLOCK_HASH, by_name(b->hash.b, 32), buf_view(scratch)));
    return put_head(t, number, &b->hash);
}

enum err blocks_put(struct store_txn *t, const struct block *b, uint64_t tx_total)
{
    struct buf scratch = {0};
    enum err e = put_records(t, b, tx_total, &scratch);
    buf_free(&scratch);
    return e == E_OK ? put_tx_hashes(store_of(t), t, b) : e;
}

static enum err remove_records(struct store_txn *t, uint64_t number, struct arena *a)
{
    struct stored_header h;
    struct block b = {0};
    TRY(blocks_header(t, number, a, &h));
    TRY(blocks_body(t, number, a, &b));
    for (size_t i = 0; i < b.tx_count; i++)
        TRY(store_del(t, TABLE_TX_HASH, by_name(b.txs[i].hash.b, 32)));
    TRY(store_del(t, TABLE_BLOCK_HASH, by_name(h.hash.b, 32)));
    TRY(store_del(t, TABLE_HEADER, by_height(number)));
    TRY(store_del(t, TABLE_BODY, by_height(number)));
    TRY(store_del(t, TABLE_RECEIPTS, by_height(number)));
    return put_head(t, number - 1, &h.header.parent_hash);
}

enum err blocks_remove(struct store_txn *t, uint64_t number)
{
    struct arena a = {0};
    ASSERT(number > 0);
    enum err e = remove_records(t, number, &a);
    arena_free(&a);
    return e == E_NOT_FOUND ? E_CORRUPT : e;
}

/* --- reading ---------------------------------------------------------------------------------- */

enum err blocks_meta(struct store_txn *t, const char *name, struct buf *out)
{
    return store_get(t, TABLE_META, by_name(name, strlen(name)), out);
}

enum err blocks_check_version(struct store_txn *t)
{
    struct buf value = {0};
    enum err e = blocks_meta(t, META_VERSION, &value);
    if (e == E_OK && value.len != 4)
        e = E_CORRUPT;
    if (e == E_OK && be32_get(value.data) != CHAIN_RECORDS_VERSION)
        e = E_VERSION;
    buf_free(&value);
    return e;
}

enum err blocks_head(struct store_txn *t, uint64_t *number_out, struct hash *hash_out)
{
    struct buf value = {0};
    enum err e = blocks_meta(t, META_HEAD, &value);
    if (e == E_OK && value.len != 40)
        e = E_CORRUPT;
    if (e == E_OK) {
        *number_out = be64_get(value.data);
        memcpy(hash_out->b, value.data + 8, 32);
    }
    buf_free(&value);
    return e;
}

/* load reads a record by height into the arena. */
static enum err load(struct store_txn *t, enum store_table table, uint64_t number, struct arena *a,
                     struct bytes *out)
{
    struct buf value = {0};
    enum err e = store_get(t, table, by_height(number), &value);
    if (e == E_OK)
        *out = bytes_of(arena_dup(a, value.data, value.len), value.len);
    buf_free(&value);
    return e;
}

enum err blocks_header(struct store_txn *t, uint64_t number, struct arena *a,
                       struct stored_header *out)
{
    struct bytes record;
    TRY(load(t, TABLE_HEADER, number, a, &record));
    TRY(decode_header(record, out));
    return out->header.number == number ? E_OK : E_CORRUPT;
}

enum err blocks_body(struct store_txn *t, uint64_t number, struct arena *a, struct block *out)
{
    struct bytes record;
    TRY(load(t, TABLE_BODY, number, a, &record));
    return decode_body(a, record, out);
}

enum err blocks_receipts(struct store_txn *t, uint64_t number, struct arena *a,
                         struct receipt **out, size_t *count_out)
{
    struct bytes record;
    TRY(load(t, TABLE_RECEIPTS, number, a, &record));
    return blocks_decode_receipts(a, record, out, count_out);
}

enum err blocks_number_of(struct store_txn *t, const struct hash *block_hash, uint64_t *number_out)
{
    struct buf value = {0};
    enum err e = store_get(t, TABLE_BLOCK_HASH, by_name(block_hash->b, 32), &value);
    if (e == E_OK && value.len != 8)
        e = E_CORRUPT;
    if (e == E_OK)
        *number_out = be64_get(value.data);
    buf_free(&value);
    return e;
}

enum err blocks_find_tx(struct store_txn *t, const struct hash *tx_hash, uint64_t *number_out,
                        size_t *index_out)
{
    struct buf value = {0};
    enum err e = store_get(t, TABLE_TX_HASH, by_name(tx_hash->b, 32), &value);
    if (e == E_OK && value.len != 12)
        e = E_CORRUPT;
    if (e == E_OK) {
        *number_out = be64_get(value.data);
        *index_out = be32_get(value.data + 8);
    }
    buf_free(&value);
    return e;
}
