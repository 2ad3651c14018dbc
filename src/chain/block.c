#include "chain/block.h"

#include "codec/rlp.h"
#include "crypto/keccak.h"
#include "crypto/sha256.h"

#define EXTRA_DATA_MAX 32

/* keccak256(rlp([])): no uncles, ever (EIP-3675). */
static const struct hash OMMERS_NONE = {{0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a,
                                         0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
                                         0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13,
                                         0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47}};

/* sha256(""): no execution requests (EIP-7685). */
static const struct hash REQUESTS_NONE = {{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                           0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                                           0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                           0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}};

static const uint8_t NONCE_NONE[8];

static void put_hash(struct buf *out, const struct hash *h)
{
    rlp_put_string(out, h->b, sizeof h->b);
}

/* --- header ----------------------------------------------------------------------------------- */

void header_encode(struct buf *out, const struct header *h)
{
    static const struct hash zero;
    ASSERT(h->extra_data.len <= EXTRA_DATA_MAX);
    size_t list = rlp_list_open(out);
    put_hash(out, &h->parent_hash);
    put_hash(out, &OMMERS_NONE);
    rlp_put_string(out, h->beneficiary.b, sizeof h->beneficiary.b);
    put_hash(out, &h->state_root);
    put_hash(out, &h->transactions_root);
    put_hash(out, &h->receipts_root);
    rlp_put_string(out, h->bloom, sizeof h->bloom);
    rlp_put_u64(out, 0); /* difficulty */
    rlp_put_u64(out, h->number);
    rlp_put_u64(out, h->gas_limit);
    rlp_put_u64(out, h->gas_used);
    rlp_put_u64(out, h->timestamp_s);
    rlp_put_string(out, h->extra_data.data, h->extra_data.len);
    put_hash(out, &h->prev_randao);
    rlp_put_string(out, NONCE_NONE, sizeof NONCE_NONE);
    rlp_put_u64(out, 0);               /* base fee (EIP-1559) */
    put_hash(out, &KECCAK_EMPTY_TRIE); /* withdrawals root (EIP-4895) */
    rlp_put_u64(out, 0);               /* blob gas used (EIP-4844) */
    rlp_put_u64(out, 0);               /* excess blob gas */
    put_hash(out, &zero);              /* parent beacon block root (EIP-4788) */
    put_hash(out, &REQUESTS_NONE);     /* requests hash (EIP-7685) */
    rlp_list_close(out, list);
}

/* expect_zero reads a number that must be 0: RLP's empty string. */
static enum err expect_zero(struct rlp *r)
{
    struct bytes got;
    TRY(rlp_next_string(r, &got));
    return got.len == 0 ? E_OK : E_BLOCK;
}

/* expect reads a string that must be exactly the given bytes. */
static enum err expect(struct rlp *r, const void *bytes, size_t len)
{
    struct bytes got;
    TRY(rlp_next_string(r, &got));
    return bytes_eq(got, bytes_of(bytes, len)) ? E_OK : E_BLOCK;
}

static enum err decode_fields(struct header *h, struct rlp *r)
{
    static const struct hash zero;
    TRY(rlp_next_fixed(r, h->parent_hash.b, sizeof h->parent_hash.b));
    TRY(expect(r, OMMERS_NONE.b, sizeof OMMERS_NONE.b));
    TRY(rlp_next_fixed(r, h->beneficiary.b, sizeof h->beneficiary.b));
    TRY(rlp_next_fixed(r, h->state_root.b, sizeof h->state_root.b));
    TRY(rlp_next_fixed(r, h->transactions_root.b, sizeof h->transactions_root.b));
    TRY(rlp_next_fixed(r, h->receipts_root.b, sizeof h->receipts_root.b));
    TRY(rlp_next_fixed(r, h->bloom, sizeof h->bloom));
    TRY(expect_zero(r)); /* difficulty */
    TRY(rlp_next_u64(r, &h->number));
    TRY(rlp_next_u64(r, &h->gas_limit));
    TRY(rlp_next_u64(r, &h->gas_used));
    TRY(rlp_next_u64(r, &h->timestamp_s));
    TRY(rlp_next_string(r, &h->extra_data));
    if (h->extra_data.len > EXTRA_DATA_MAX)
        return E_RANGE;
    TRY(rlp_next_fixed(r, h->prev_randao.b, sizeof h->prev_randao.b));
    TRY(expect(r, NONCE_NONE, sizeof NONCE_NONE));
    TRY(expect_zero(r)); /* base fee */
    TRY(expect(r, KECCAK_EMPTY_TRIE.b, sizeof KECCAK_EMPTY_TRIE.b));
    TRY(expect_zero(r)); /* blob gas used */
    TRY(expect_zero(r)); /* excess blob gas */
    TRY(expect(r, zero.b, sizeof zero.b));
    return expect(r, REQUESTS_NONE.b, sizeof REQUESTS_NONE.b);
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

enum err receipt_decode(struct receipt *out, struct arena *a, struct bytes encoded)
{
    struct receipt r = {.type = TX_LEGACY};
    struct rlp whole, fields, logs;
    uint64_t status;
    if (encoded.len && encoded.data[0] < 0x80) {
        if (encoded.data[0] != TX_ACCESS_LIST && encoded.data[0] != TX_DYNAMIC_FEE)
            return E_TX_TYPE;
        r.type = (enum tx_type)encoded.data[0];
        encoded = bytes_of(encoded.data + 1, encoded.len - 1);
    }
    whole = rlp_reader(encoded);
    TRY(rlp_next_list(&whole, &fields));
    TRY(rlp_next_u64(&fields, &status));
    TRY(rlp_next_u64(&fields, &r.cumulative_gas_used));
    TRY(rlp_next_fixed(&fields, r.bloom, sizeof r.bloom));
    TRY(rlp_next_list(&fields, &logs));
    if (!rlp_at_end(&whole) || !rlp_at_end(&fields))
        return E_RLP;
    if (status > 1)
        return E_RANGE;
    r.success = status == 1;
    TRY(read_logs(&r, a, logs));
    *out = r;
    return E_OK;
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
    rlp_list_close(out, rlp_list_open(out)); /* ommers */
    rlp_list_close(out, rlp_list_open(out)); /* withdrawals */
    rlp_list_close(out, list);
}
