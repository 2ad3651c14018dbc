#include "chain/block.h"

#include "codec/rlp.h"
#include "crypto/keccak.h"
#include "state/trie.h"

/* keccak256(rlp([])): no uncles (EIP-3675). */
const struct hash HEADER_NO_OMMERS = {{0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a,
                                       0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
                                       0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13,
                                       0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47}};

/* sha256(""): no execution requests (EIP-7685). */
const struct hash HEADER_NO_REQUESTS = {{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                         0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                                         0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                         0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}};

static void put_hash(struct buf *out, const struct hash *h)
{
    rlp_put_string(out, h->b, sizeof h->b);
}

static enum err next_hash(struct rlp *r, struct hash *out)
{
    return rlp_next_fixed(r, out->b, sizeof out->b);
}

/* --- header ----------------------------------------------------------------------------------- */

void header_own(struct header *h)
{
    h->form = HEADER_PRAGUE;
    h->ommers_hash = HEADER_NO_OMMERS;
    h->difficulty = U256_ZERO;
    memset(h->nonce, 0, sizeof h->nonce);
    h->base_fee = U256_ZERO;
    h->withdrawals_root = KECCAK_EMPTY_TRIE;
    h->blob_gas_used = 0;
    h->excess_blob_gas = 0;
    memset(&h->parent_beacon_root, 0, sizeof h->parent_beacon_root);
    h->requests_hash = HEADER_NO_REQUESTS;
}

enum err header_check_own(const struct header *h)
{
    static const uint8_t no_nonce[sizeof h->nonce];
    bool own = h->form == HEADER_PRAGUE && hash_eq(&h->ommers_hash, &HEADER_NO_OMMERS) &&
               u256_is_zero(h->difficulty) && memcmp(h->nonce, no_nonce, sizeof no_nonce) == 0 &&
               u256_is_zero(h->base_fee) && h->blob_gas_used == 0 && h->excess_blob_gas == 0 &&
               hash_is_zero(&h->parent_beacon_root) &&
               hash_eq(&h->requests_hash, &HEADER_NO_REQUESTS);
    return own ? E_OK : E_BLOCK;
}

void header_encode(struct buf *out, const struct header *h)
{
    ASSERT(h->extra_data.len <= HEADER_EXTRA_BYTES);
    size_t list = rlp_list_open(out);
    put_hash(out, &h->parent_hash);
    put_hash(out, &h->ommers_hash);
    rlp_put_string(out, h->beneficiary.b, sizeof h->beneficiary.b);
    put_hash(out, &h->state_root);
    put_hash(out, &h->transactions_root);
    put_hash(out, &h->receipts_root);
    rlp_put_string(out, h->bloom, sizeof h->bloom);
    rlp_put_u256(out, h->difficulty);
    rlp_put_u64(out, h->number);
    rlp_put_u64(out, h->gas_limit);
    rlp_put_u64(out, h->gas_used);
    rlp_put_u64(out, h->timestamp_s);
    rlp_put_string(out, h->extra_data.data, h->extra_data.len);
    put_hash(out, &h->prev_randao);
    rlp_put_string(out, h->nonce, sizeof h->nonce);
    if (h->form >= HEADER_LONDON)
        rlp_put_u256(out, h->base_fee);
    if (h->form >= HEADER_SHANGHAI)
        put_hash(out, &h->withdrawals_root);
    if (h->form >= HEADER_CANCUN) {
        rlp_put_u64(out, h->blob_gas_used);
        rlp_put_u64(out, h->excess_blob_gas);
        put_hash(out, &h->parent_beacon_root);
    }
    if (h->form >= HEADER_PRAGUE)
        put_hash(out, &h->requests_hash);
    rlp_list_close(out, list);
}

/* decode_later reads what the forks since London appended. The number of fields tells the form. */
static enum err decode_later(struct header *h, struct rlp *r)
{
    if (rlp_at_end(r))
        return E_OK;
    h->form = HEADER_LONDON;
    TRY(rlp_next_u256(r, &h->base_fee));
    if (rlp_at_end(r))
        return E_OK;
    h->form = HEADER_SHANGHAI;
    TRY(next_hash(r, &h->withdrawals_root));
    if (rlp_at_end(r))
        return E_OK;
    h->form = HEADER_CANCUN;
    TRY(rlp_next_u64(r, &h->blob_gas_used));
    TRY(rlp_next_u64(r, &h->excess_blob_gas));
    TRY(next_hash(r, &h->parent_beacon_root));
    if (rlp_at_end(r))
        return E_OK;
    h->form = HEADER_PRAGUE;
    return next_hash(r, &h->requests_hash);
}

static enum err decode_fields(struct header *h, struct rlp *r)
{
    TRY(next_hash(r, &h->parent_hash));
    TRY(next_hash(r, &h->ommers_hash));
    TRY(rlp_next_fixed(r, h->beneficiary.b, sizeof h->beneficiary.b));
    TRY(next_hash(r, &h->state_root));
    TRY(next_hash(r, &h->transactions_root));
    TRY(next_hash(r, &h->receipts_root));
    TRY(rlp_next_fixed(r, h->bloom, sizeof h->bloom));
    TRY(rlp_next_u256(r, &h->difficulty));
    TRY(rlp_next_u64(r, &h->number));
    TRY(rlp_next_u64(r, &h->gas_limit));
    TRY(rlp_next_u64(r, &h->gas_used));
    TRY(rlp_next_u64(r, &h->timestamp_s));
    TRY(rlp_next_string(r, &h->extra_data));
    if (h->extra_data.len > HEADER_EXTRA_BYTES)
        return E_RANGE;
    TRY(next_hash(r, &h->prev_randao));
    TRY(rlp_next_fixed(r, h->nonce, sizeof h->nonce));
    return decode_later(h, r);
}

enum err header_decode(struct header *out, struct bytes rlp)
{
    struct rlp whole = rlp_reader(rlp), fields;
    struct header h = {0};
    TRY(rlp_next_list(&whole, &fields));
    if (!rlp_at_end(&whole))
        return E_RLP;
    TRY(decode_fields(&h, &fields));
    if (!rlp_at_end(&fields))
        return E_RLP;
    *out = h;
    return E_OK;
}

struct hash header_hash(const struct header *h)
{
    struct buf rlp = {0};
    header_encode(&rlp, h);
    struct hash hash = keccak256_of(buf_view(&rlp));
    buf_free(&rlp);
    return hash;
}

/* --- blooms ----------------------------------------------------------------------------------- */

/* bloom_bits gives the three bits of an item: the low 11 bits of the first three byte pairs of its
 * hash (Yellow Paper sec. 4.3.1), counted from the end of the filter. */
static void bloom_bits(unsigned bits[3], struct bytes item)
{
    struct hash h = keccak256_of(item);
    for (size_t i = 0; i < 3; i++)
        bits[i] = (unsigned)(h.b[2 * i] << 8 | h.b[2 * i + 1]) & 2047;
}

void bloom_add(uint8_t bloom[BLOOM_BYTES], struct bytes item)
{
    unsigned bits[3];
    bloom_bits(bits, item);
    for (size_t i = 0; i < 3; i++)
        bloom[BLOOM_BYTES - 1 - bits[i] / 8] |= (uint8_t)(1u << bits[i] % 8);
}

bool bloom_may_contain(const uint8_t bloom[BLOOM_BYTES], struct bytes item)
{
    unsigned bits[3];
    bloom_bits(bits, item);
    for (size_t i = 0; i < 3; i++)
        if (!(bloom[BLOOM_BYTES - 1 - bits[i] / 8] & 1u << bits[i] % 8))
            return false;
    return true;
}

/* --- receipts --------------------------------------------------------------------------------- */

static void put_log(struct buf *out, const struct log_entry *log)
{
    size_t list = rlp_list_open(out);
    rlp_put_string(out, log->address.b, sizeof log->address.b);
    size_t topics = rlp_list_open(out);
    for (unsigned i = 0; i < log->topic_count; i++)
        put_hash(out, &log->topics[i]);
    rlp_list_close(out, topics);
    rlp_put_string(out, log->data.data, log->data.len);
    rlp_list_close(out, list);
}

void receipt_encode(struct buf *out, const struct receipt *r)
{
    if (r->type != TX_LEGACY)
        buf_put_u8(out, (uint8_t)r->type);
    size_t list = rlp_list_open(out);
    if (r->has_root)
        put_hash(out, &r->root);
    else
        rlp_put_u64(out, r->success);
    rlp_put_u64(out, r->cumulative_gas_used);
    rlp_put_string(out, r->bloom, sizeof r->bloom);
    size_t logs = rlp_list_open(out);
    for (size_t i = 0; i < r->log_count; i++)
        put_log(out, &r->logs[i]);
    rlp_list_close(out, logs);
    rlp_list_close(out, list);
}

static enum err read_log(struct log_entry *log, struct arena *a, struct rlp *r)
{
    struct rlp fields, topics;
    struct bytes data;
    *log = (struct log_entry){0};
    TRY(rlp_next_list(r, &fields));
    TRY(rlp_next_fixed(&fields, log->address.b, sizeof log->address.b));
    TRY(rlp_next_list(&fields, &topics));
    while (!rlp_at_end(&topics)) {
        if (log->topic_count == 4)
            return E_RANGE;
        TRY(rlp_next_fixed(&topics, log->topics[log->topic_count++].b, sizeof(struct hash)));
    }
    TRY(rlp_next_string(&fields, &data));
    if (data.len)
        log->data = bytes_of(arena_dup(a, data.data, data.len), data.len);
    return rlp_at_end(&fields) ? E_OK : E_RLP;
}

static enum err read_logs(struct receipt *out, struct arena *a, struct rlp logs)
{
    struct rlp count = logs;
    struct rlp_item item;
    for (; !rlp_at_end(&count); out->log_count++)
        TRY(rlp_next(&count, &item));
    if (out->log_count)
        out->logs = arena_alloc(a, out->log_count * sizeof *out->logs);
    for (size_t i = 0; i < out->log_count; i++)
        TRY(read_log(&out->logs[i], a, &logs));
    return E_OK;
}

/* A status is 0 or 1 (EIP-658); before Byzantium a state root stood in its place. */
static enum err read_status(struct receipt *r, struct bytes status)
{
    r->has_root = status.len == sizeof r->root.b;
    if (r->has_root)
        memcpy(r->root.b, status.data, sizeof r->root.b);
    else if (status.len > 1 || (status.len == 1 && status.data[0] != 1))
        return E_RANGE;
    r->success = status.len == 1;
    return E_OK;
}

enum err receipt_decode(struct receipt *out, struct arena *a, struct bytes encoded)
{
    struct receipt r = {.type = TX_LEGACY};
    struct rlp whole, fields, logs;
    struct bytes status;
    if (encoded.len && encoded.data[0] < 0x80) {
        if (encoded.data[0] < TX_ACCESS_LIST || encoded.data[0] > TX_SET_CODE)
            return E_TX_TYPE;
        r.type = (enum tx_type)encoded.data[0];
        encoded = bytes_of(encoded.data + 1, encoded.len - 1);
    }
    whole = rlp_reader(encoded);
    TRY(rlp_next_list(&whole, &fields));
    TRY(rlp_next_string(&fields, &status));
    TRY(rlp_next_u64(&fields, &r.cumulative_gas_used));
    TRY(rlp_next_fixed(&fields, r.bloom, sizeof r.bloom));
    TRY(rlp_next_list(&fields, &logs));
    if (!rlp_at_end(&whole) || !rlp_at_end(&fields))
        return E_RLP;
    TRY(read_status(&r, status));
    TRY(read_logs(&r, a, logs));
    *out = r;
    return E_OK;
}

void receipt_copy(struct receipt *out, struct arena *a, const struct receipt *r)
{
    *out = *r;
    out->output = (struct bytes){0};
    out->logs = NULL;
    if (!r->log_count)
        return;
    out->logs = arena_dup(a, r->logs, r->log_count * sizeof *r->logs);
    for (size_t i = 0; i < r->log_count; i++)
        out->logs[i].data.data = arena_dup(a, r->logs[i].data.data, r->logs[i].data.len);
}

/* --- the lists of a block --------------------------------------------------------------------- */

static void put_ommers(struct buf *out, const struct block *b)
{
    size_t list = rlp_list_open(out);
    for (size_t i = 0; i < b->ommer_count; i++)
        header_encode(out, &b->ommers[i]);
    rlp_list_close(out, list);
}

static void put_withdrawal(struct buf *out, const struct withdrawal *w)
{
    size_t list = rlp_list_open(out);
    rlp_put_u64(out, w->index);
    rlp_put_u64(out, w->validator_index);
    rlp_put_string(out, w->address.b, sizeof w->address.b);
    rlp_put_u64(out, w->amount_gwei);
    rlp_list_close(out, list);
}

static void put_withdrawals(struct buf *out, const struct block *b)
{
    size_t list = rlp_list_open(out);
    for (size_t i = 0; i < b->withdrawal_count; i++)
        put_withdrawal(out, &b->withdrawals[i]);
    rlp_list_close(out, list);
}

void block_encode_extras(struct buf *out, const struct block *b)
{
    put_ommers(out, b);
    if (b->header.form >= HEADER_SHANGHAI)
        put_withdrawals(out, b);
}

struct hash block_ommers_hash(const struct block *b)
{
    struct buf rlp = {0};
    put_ommers(&rlp, b);
    struct hash hash = keccak256_of(buf_view(&rlp));
    buf_free(&rlp);
    return hash;
}

struct hash block_withdrawals_root(const struct block *b)
{
    struct bytes *items = mem_alloc((b->withdrawal_count + 1) * sizeof *items);
    struct buf text = {0};
    for (size_t i = 0; i < b->withdrawal_count; i++) {
        size_t from = text.len;
        put_withdrawal(&text, &b->withdrawals[i]);
        items[i] = (struct bytes){NULL, text.len - from};
    }
    size_t at = 0; /* the buffer has stopped moving */
    for (size_t i = 0; i < b->withdrawal_count; i++) {
        items[i].data = text.data + at;
        at += items[i].len;
    }
    struct hash root = trie_list_root(items, b->withdrawal_count);
    mem_free(items);
    buf_free(&text);
    return root;
}

static enum err count_items(struct rlp list, size_t *out)
{
    struct rlp_item item;
    for (*out = 0; !rlp_at_end(&list); ++*out)
        TRY(rlp_next(&list, &item));
    return E_OK;
}

static enum err read_ommers(struct block *b, struct arena *a, struct rlp list)
{
    struct rlp_item item;
    TRY(count_items(list, &b->ommer_count));
    b->ommers = arena_alloc(a, (b->ommer_count + 1) * sizeof *b->ommers);
    for (size_t i = 0; i < b->ommer_count; i++) {
        TRY(rlp_next(&list, &item));
        TRY(header_decode(&b->ommers[i], item.raw));
    }
    return E_OK;
}

static enum err read_withdrawals(struct block *b, struct arena *a, struct rlp list)
{
    TRY(count_items(list, &b->withdrawal_count));
    b->withdrawals = arena_alloc(a, (b->withdrawal_count + 1) * sizeof *b->withdrawals);
    for (size_t i = 0; i < b->withdrawal_count; i++) {
        struct withdrawal *w = &b->withdrawals[i];
        struct rlp fields;
        TRY(rlp_next_list(&list, &fields));
        TRY(rlp_next_u64(&fields, &w->index));
        TRY(rlp_next_u64(&fields, &w->validator_index));
        TRY(rlp_next_fixed(&fields, w->address.b, sizeof w->address.b));
        TRY(rlp_next_u64(&fields, &w->amount_gwei));
        if (!rlp_at_end(&fields))
            return E_RLP;
    }
    return E_OK;
}

enum err block_decode_extras(struct block *b, struct arena *a, struct bytes ommers_and_withdrawals)
{
    struct rlp r = rlp_reader(ommers_and_withdrawals), list;
    TRY(rlp_next_list(&r, &list));
    TRY(read_ommers(b, a, list));
    if (b->header.form >= HEADER_SHANGHAI) {
        TRY(rlp_next_list(&r, &list));
        TRY(read_withdrawals(b, a, list));
    }
    return rlp_at_end(&r) ? E_OK : E_RLP;
}

/* --- blocks ----------------------------------------------------------------------------------- */

void block_encode(struct buf *out, const struct block *b)
{
    size_t list = rlp_list_open(out);
    header_encode(out, &b->header);
    size_t txs = rlp_list_open(out);
    for (size_t i = 0; i < b->tx_count; i++) {
        if (b->txs[i].type == TX_LEGACY)
            rlp_put_raw(out, b->txs[i].raw);
        else /* EIP-2718: a typed transaction is a byte string in the body */
            rlp_put_string(out, b->txs[i].raw.data, b->txs[i].raw.len);
    }
    rlp_list_close(out, txs);
    block_encode_extras(out, b);
    rlp_list_close(out, list);
}

size_t block_rlp_size(const struct block *b)
{
    struct buf rest = {0};
    size_t txs = 0;
    header_encode(&rest, &b->header);
    block_encode_extras(&rest, b);
    for (size_t i = 0; i < b->tx_count; i++)
        txs += b->txs[i].type == TX_LEGACY ? b->txs[i].raw.len : rlp_string_size(b->txs[i].raw);
    size_t size = rlp_list_size(rest.len + rlp_list_size(txs));
    buf_free(&rest);
    return size;
}

static enum err read_txs(struct block *b, struct arena *a, struct rlp list)
{
    struct rlp_item item;
    TRY(count_items(list, &b->tx_count));
    b->txs = arena_zalloc(a, b->tx_count + 1, sizeof *b->txs);
    for (size_t i = 0; i < b->tx_count; i++) {
        TRY(rlp_next(&list, &item));
        if (!item.is_list && (item.payload.len == 0 || item.payload.data[0] >= 0x80))
            return E_RLP; /* a legacy transaction stands in the body as a list */
        TRY(tx_decode(&b->txs[i], a, item.is_list ? item.raw : item.payload));
    }
    return E_OK;
}

enum err block_decode(struct block *out, struct arena *a, struct bytes rlp)
{
    struct bytes copy = bytes_of(arena_dup(a, rlp.data, rlp.len), rlp.len);
    struct rlp whole = rlp_reader(copy), r, txs;
    struct rlp_item header;
    struct block b = {.size_bytes = rlp.len};
    TRY(rlp_next_list(&whole, &r));
    if (!rlp_at_end(&whole))
        return E_RLP;
    TRY(rlp_next(&r, &header));
    TRY(header_decode(&b.header, header.raw));
    b.hash = keccak256_of(header.raw);
    TRY(rlp_next_list(&r, &txs));
    TRY(read_txs(&b, a, txs));
    TRY(block_decode_extras(&b, a, bytes_of(r.p, (size_t)(r.end - r.p))));
    *out = b;
    return E_OK;
}
