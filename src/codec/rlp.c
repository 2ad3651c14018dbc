#include "codec/rlp.h"

#include "base/limits.h"

/* First bytes: 00..7f the byte itself, 80..b7 a short string, b8..bf a long one (the length's own
 * length is byte - b7), c0..f7 and f8..ff the same for lists. */
enum {
    SHORT_STRING = 0x80,
    LONG_STRING = 0xb7,
    SHORT_LIST = 0xc0,
    LONG_LIST = 0xf7,
    SHORT_MAX = 55
};

/* Reads the length_bytes big-endian bytes at p as a length that must be minimal and above 55. */
static enum err read_long_length(const uint8_t *p, size_t available, size_t length_bytes,
                                 size_t *out)
{
    if (length_bytes > available || p[0] == 0)
        return E_RLP;
    size_t len = 0;
    for (size_t i = 0; i < length_bytes; i++)
        len = len << 8 | p[i];
    if (len <= SHORT_MAX)
        return E_RLP;
    *out = len;
    return E_OK;
}

enum err rlp_next(struct rlp *r, struct rlp_item *out)
{
    size_t available = (size_t)(r->end - r->p);
    if (available == 0)
        return E_RLP;
    uint8_t first = *r->p;
    size_t header = 1, len = 0;
    if (first < SHORT_STRING) {
        header = 0;
        len = 1;
    } else if (first <= LONG_STRING) {
        len = first - SHORT_STRING;
    } else if (first < SHORT_LIST) {
        header += first - LONG_STRING;
        TRY(read_long_length(r->p + 1, available - 1, header - 1, &len));
    } else if (first <= LONG_LIST) {
        len = first - SHORT_LIST;
    } else {
        header += first - LONG_LIST;
        TRY(read_long_length(r->p + 1, available - 1, header - 1, &len));
    }
    if (len > available - header)
        return E_RLP;
    const uint8_t *payload = r->p + header;
    if (first == SHORT_STRING + 1 && payload[0] < SHORT_STRING)
        return E_RLP; /* a byte that is its own encoding */
    *out = (struct rlp_item){first >= SHORT_LIST, bytes_of(payload, len),
                             bytes_of(r->p, header + len)};
    r->p = payload + len;
    return E_OK;
}

enum err rlp_next_list(struct rlp *r, struct rlp *out)
{
    struct rlp at = *r;
    struct rlp_item item;
    TRY(rlp_next(&at, &item));
    if (!item.is_list)
        return E_RLP;
    *out = rlp_reader(item.payload);
    /* r and out may be the same cursor: descending into a list whose end does not matter */
    if (out != r)
        *r = at;
    return E_OK;
}

enum err rlp_next_string(struct rlp *r, struct bytes *out)
{
    struct rlp at = *r;
    struct rlp_item item;
    TRY(rlp_next(&at, &item));
    if (item.is_list)
        return E_RLP;
    *r = at;
    *out = item.payload;
    return E_OK;
}

enum err rlp_next_fixed(struct rlp *r, uint8_t *out, size_t len)
{
    struct rlp at = *r;
    struct bytes s;
    TRY(rlp_next_string(&at, &s));
    if (s.len != len)
        return E_RANGE;
    memcpy(out, s.data, len);
    *r = at;
    return E_OK;
}

/* An integer's bytes: at most max_len, none of them a leading zero (so that 0 is the empty string).
 */
static enum err next_integer(struct rlp *r, size_t max_len, struct bytes *out)
{
    TRY(rlp_next_string(r, out));
    if (out->len > 0 && out->data[0] == 0)
        return E_RLP;
    return out->len > max_len ? E_RANGE : E_OK;
}

enum err rlp_next_u64(struct rlp *r, uint64_t *out)
{
    struct rlp at = *r;
    struct bytes s;
    TRY(next_integer(&at, sizeof *out, &s));
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++)
        v = v << 8 | s.data[i];
    *r = at;
    *out = v;
    return E_OK;
}

enum err rlp_next_u256(struct rlp *r, struct u256 *out)
{
    struct rlp at = *r;
    struct bytes s;
    TRY(next_integer(&at, 32, &s));
    *r = at;
    *out = u256_from_be_min(s);
    return E_OK;
}

enum err rlp_check(struct bytes b)
{
    const uint8_t *end[LIMIT_RLP_DEPTH]; /* of the lists that are open */
    unsigned depth = 0;
    struct rlp r = rlp_reader(b);
    struct rlp_item item;
    TRY(rlp_next(&r, &item));
    if (!rlp_at_end(&r))
        return E_RLP;
    r = rlp_reader(b);
    do {
        TRY(rlp_next(&r, &item));
        if (item.is_list) {
            if (depth == LIMIT_RLP_DEPTH)
                return E_RLP;
            end[depth++] = r.end;
            r = rlp_reader(item.payload);
        }
        while (depth > 0 && rlp_at_end(&r)) {
            /* a list's payload ends where the cursor of the list around it goes on */
            r.end = end[--depth];
        }
    } while (!rlp_at_end(&r));
    return E_OK;
}

/* ---- writing ---- */

static size_t length_bytes_of(size_t len)
{
    return len == 0 ? 0 : (64 - (size_t)__builtin_clzll(len) + 7) / 8;
}

static size_t header_size(size_t len)
{
    return len <= SHORT_MAX ? 1 : 1 + length_bytes_of(len);
}

/* Writes the header for len payload bytes; short_base is 0x80 or 0xc0. */
static void write_header(uint8_t *p, uint8_t short_base, size_t len)
{
    if (len <= SHORT_MAX) {
        *p = (uint8_t)(short_base + len);
        return;
    }
    size_t n = length_bytes_of(len);
    p[0] = (uint8_t)(short_base + SHORT_MAX + n);
    for (size_t i = n; i > 0; i--, len >>= 8)
        p[i] = (uint8_t)len;
}

void rlp_put_string(struct buf *b, const void *data, size_t len)
{
    const uint8_t *p = data;
    if (len == 1 && p[0] < SHORT_STRING) {
        buf_put_u8(b, p[0]);
        return;
    }
    write_header(buf_grow(b, header_size(len)), SHORT_STRING, len);
    buf_put(b, data, len);
}

void rlp_put_u64(struct buf *b, uint64_t v)
{
    uint8_t be[8];
    be64_put(be, v);
    size_t len = length_bytes_of(v);
    rlp_put_string(b, be + sizeof be - len, len);
}

void rlp_put_u256(struct buf *b, struct u256 v)
{
    uint8_t be[32];
    rlp_put_string(b, be, u256_to_be_min(be, v));
}

void rlp_put_raw(struct buf *b, struct bytes encoded)
{
    buf_put(b, encoded.data, encoded.len);
}

size_t rlp_list_open(struct buf *b)
{
    return b->len;
}

void rlp_list_close(struct buf *b, size_t mark)
{
    ASSERT(mark <= b->len);
    size_t len = b->len - mark, header = header_size(len);
    buf_grow(b, header);
    memmove(b->data + mark + header, b->data + mark, len);
    write_header(b->data + mark, SHORT_LIST, len);
}

void rlp_list_header(struct buf *b, size_t len)
{
    write_header(buf_grow(b, header_size(len)), SHORT_LIST, len);
}

size_t rlp_string_size(struct bytes s)
{
    return s.len == 1 && s.data[0] < SHORT_STRING ? 1 : header_size(s.len) + s.len;
}

size_t rlp_list_size(size_t payload_len)
{
    return header_size(payload_len) + payload_len;
}
