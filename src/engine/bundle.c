#include "engine/bundle.h"

#include "base/limits.h"

static const uint8_t MAGIC[4] = {'P', 'V', 'B', '1'};

void bundle_open(struct buf *out, uint64_t mark)
{
    buf_put(out, MAGIC, sizeof MAGIC);
    be64_put(buf_grow(out, 8), mark);
}

void bundle_add(struct buf *bundle, struct bytes raw)
{
    be32_put(buf_grow(bundle, 4), (uint32_t)raw.len);
    buf_put(bundle, raw.data, raw.len);
}

bool bundle_next(struct bundle *b, struct bytes *raw_out)
{
    if (b->rest.len == 0)
        return false;
    size_t len = be32_get(b->rest.data); /* bundle_read has seen that it fits */
    *raw_out = bytes_of(b->rest.data + 4, len);
    b->rest = bytes_of(b->rest.data + 4 + len, b->rest.len - 4 - len);
    return true;
}

enum err bundle_read(struct bundle *out, struct bytes encoded)
{
    if (encoded.len < BUNDLE_HEAD_BYTES || memcmp(encoded.data, MAGIC, sizeof MAGIC) != 0)
        return E_INVALID;
    struct bundle b = {.mark = be64_get(encoded.data + 4)};
    b.rest = bytes_of(encoded.data + BUNDLE_HEAD_BYTES, encoded.len - BUNDLE_HEAD_BYTES);
    for (struct bytes at = b.rest; at.len; b.count++) {
        size_t len = at.len < 4 ? 0 : be32_get(at.data);
        if (b.count == LIMIT_BLOCK_TXS || len > LIMIT_TX_BYTES)
            return E_TOO_LARGE;
        if (len == 0 || len > at.len - 4)
            return E_INVALID;
        at = bytes_of(at.data + 4 + len, at.len - 4 - len);
    }
    if (b.count == 0)
        return E_INVALID;
    *out = b;
    return E_OK;
}
