/* rlp: strict reading, writing with the list header put in front when the list closes. */
#include "codec/rlp.h"

#include "base/limits.h"

/* The length field of the long forms: 1 to 8 bytes, no leading zero, more than 55. */
static enum err long_length(const uint8_t *p, size_t count, size_t *out)
{
    uint64_t length = 0;
    if (p[0] == 0)
        return E_RLP;
    for (size_t i = 0; i < count; i++)
        length = length << 8 | p[i];
    if (length < 56)
        return E_RLP;
    *out = length;
    return E_OK;
}

enum err rlp_next(struct rlp *r, struct rlp_item *out)
{
    size_t left = (size_t)(r->end - r->p), header = 1, length;
    if (left == 0)
        return E_RLP;
    uint8_t first = r->p[0];
    bool is_list = first >= 0xc0;
    uint8_t base = is_list ? 0xc0 : 0x80;
    if (first < 0x80) {
        header = 0;
        length = 1;
    } else if (first <= base + 55) {
        length = (size_t)(first - base);
    } else {
        size_t count = (size_t)(first - base) - 55;
        if (left < 1 + count)
            return E_RLP;
        TRY(long_length(r->p + 1, count, &length));
        header = 1 + count;
    }
    if (length > left - header)
        return E_RLP;
    if (!is_list && header == 1 && length == 1 && r->p[1] < 0x80)
        return E_RLP; /* such a byte is its own encoding */
    *out = (struct rlp_item){is_list, bytes_of(r->p + header, length),
                             bytes_of(r->p, header + length)};
    r->p += header + length;
    return E_OK;
}

enum err rlp_next_list(struct rlp *r, struct rlp *out)
{
    struct rlp_item item;
    TRY(rlp_next(r, &item));
    if (!item.is_list)
        return E_RLP;
    *out = rlp_reader(item.payload);
    return E_OK;
}

enum err rlp_next_string(struct rlp *r, struct bytes *out)
{
    struct rlp_item item;
    TRY(rlp_next(r, &item));
    if (item.is_list)
        return E_RLP;
    *out = item.payload;
    return E_OK;
}

enum err rlp_next_fixed(struct rlp *r, uint8_t *out, size_t len)
{
    struct bytes s;
    TRY(rlp_next_string(r, &s));
    if (s.len != len)
        return E_RANGE;
    memcpy(out, s.data, len);
    return E_OK;
}

static enum err next_integer(struct rlp *r, size_t max_len, struct bytes *out)
{
    TRY(rlp_next_string(r, out));
    if (out->len > max_len)
        return E_RANGE;
    return out->len && out->data[0] == 0 ? E_RLP : E_OK;
}

enum err rlp_next_u64(struct rlp *r, uint64_t *out)
{
    struct bytes s;
    uint64_t v = 0;
    TRY(next_integer(r, 8, &s));
    for (size_t i = 0; i < s.len; i++)
        v = v << 8 | s.data[i];
    *out = v;
    return E_OK;
}

enum err rlp_next_u256(struct rlp *r, struct u256 *out)
{
    struct bytes s;
    TRY(next_integer(r, 32, &s));
    *out = u256_from_be_min(s);
    return E_OK;
}

static enum err check_items(struct rlp r, unsigned depth)
{
    while (!rlp_at_end(&r)) {
        struct rlp_item item;
        TRY(rlp_next(&r, &item));
        if (!item.is_list)
            continue;
        if (depth == 0)
            return E_TOO_LARGE;
        TRY(check_items(rlp_reader(item.payload), depth - 1));
    }
    return E_OK;
}

enum err rlp_check(struct bytes b)
{
    struct rlp r = rlp_reader(b);
    struct rlp_item item;
    TRY(rlp_next(&r, &item));
    if (!rlp_at_end(&r))
        return E_RLP;
    return item.is_list ? check_items(rlp_reader(item.payload), LIMIT_RLP_DEPTH - 1) : E_OK;
}

/* Writes a header of at most 9 bytes and returns its size. */
static size_t make_header(uint8_t out[9], uint8_t base, size_t len)
{
    if (len <= 55) {
        out[0] = (uint8_t)(base + len);
        return 1;
    }
    size_t count = (size_t)(71 - __builtin_clzll(len)) / 8;
    out[0] = (uint8_t)(base + 55 + count);
    for (size_t i = 0; i < count; i++)
        out[1 + i] = (uint8_t)(len >> 8 * (count - 1 - i));
    return 1 + count;
}

void rlp_put_string(struct buf *b, const void *data, size_t len)
{
    uint8_t header[9];
    const uint8_t *bytes = data;
    if (len == 1 && bytes[0] < 0x80) {
        buf_put_u8(b, bytes[0]);
        return;
    }
    buf_put(b, header, make_header(header, 0x80, len));
    buf_put(b, data, len);
}

void rlp_put_u64(struct buf *b, uint64_t v)
{
    uint8_t be[8];
    size_t skip = v ? (size_t)__builtin_clzll(v) / 8 : 8;
    be64_put(be, v);
    rlp_put_string(b, be + skip, 8 - skip);
}

void rlp_put_u256(struct buf *b, struct u256 v)
{
    uint8_t be[32];
    size_t len = u256_to_be_min(be, v);
    rlp_put_string(b, be, len);
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
    uint8_t header[9];
    size_t len = b->len - mark, header_len = make_header(header, 0xc0, len);
    ASSERT(mark <= b->len);
    buf_grow(b, header_len);
    memmove(b->data + mark + header_len, b->data + mark, len);
    memcpy(b->data + mark, header, header_len);
}

void rlp_list_header(struct buf *b, size_t len)
{
    uint8_t header[9];
    buf_put(b, header, make_header(header, 0xc0, len));
}

size_t rlp_string_size(struct bytes s)
{
    uint8_t header[9];
    return s.len == 1 && s.data[0] < 0x80 ? 1 : make_header(header, 0x80, s.len) + s.len;
}

size_t rlp_list_size(size_t payload_len)
{
    uint8_t header[9];
    return make_header(header, 0xc0, payload_len) + payload_len;
}
