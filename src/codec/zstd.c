#include "codec/zstd.h"

#include <zstd.h>

#include "base/mem.h"

#define LEVEL 3

size_t zstd_bound(size_t plain_len)
{
    return ZSTD_compressBound(plain_len);
}

void zstd_compress(struct buf *out, struct bytes plain)
{
    size_t cap = ZSTD_compressBound(plain.len), at = out->len;
    uint8_t *frame = buf_grow(out, cap);
    size_t len = ZSTD_compress(frame, cap, plain.data, plain.len, LEVEL);
    if (ZSTD_isError(len)) /* the room suffices: nothing but memory can be missing */
        mem_fail(cap);
    out->len = at + len;
}

enum err zstd_expand(struct buf *out, struct bytes frame, size_t plain_max)
{
    unsigned long long len = ZSTD_getFrameContentSize(frame.data, frame.len);
    if (len == ZSTD_CONTENTSIZE_UNKNOWN || len == ZSTD_CONTENTSIZE_ERROR ||
        ZSTD_findFrameCompressedSize(frame.data, frame.len) != frame.len)
        return E_CORRUPT;
    if (len > plain_max)
        return E_TOO_LARGE;
    size_t at = out->len;
    uint8_t *plain = buf_grow(out, (size_t)len);
    size_t got = ZSTD_decompress(plain, (size_t)len, frame.data, frame.len);
    if (got == len)
        return E_OK;
    out->len = at;
    return E_CORRUPT;
}
