/* snapshot_form: manifests, chunks and records as bytes; see snapshot.h. */
#include "chain/snapshot_internal.h"

#include "codec/zstd.h"
#include "crypto/keccak.h"
#include "crypto/sha256.h"

static const char MAGIC[] = {'P', 'V', 'S', 'N'};
#define COUNTS_AT 24u
#define HEADER_LEN_AT (COUNTS_AT + 4 * SECTION_COUNT)
#define HEADER_AT (HEADER_LEN_AT + 4)
#define CHUNK_SUM_BYTES 8u

size_t snapshot_content_bytes = SNAPSHOT_CONTENT_BYTES;
size_t snapshot_manifest_bytes = LIMIT_SNAPSHOT_MANIFEST_BYTES;

/* --- manifest --------------------------------------------------------------------------------- */

uint32_t manifest_chunks_max(size_t header_len)
{
    return (uint32_t)((snapshot_manifest_bytes - HEADER_AT - header_len) / 32);
}

void manifest_encode(struct buf *out, const struct manifest *m)
{
    uint8_t *p = buf_grow(out, HEADER_AT);
    memcpy(p, MAGIC, sizeof MAGIC);
    be32_put(p + 4, SNAPSHOT_FORMAT);
    be64_put(p + 8, m->number);
    be64_put(p + 16, m->content_bytes);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        be32_put(p + COUNTS_AT + 4 * i, m->chunks[i]);
    be32_put(p + HEADER_LEN_AT, (uint32_t)m->header_rlp.len);
    buf_put(out, m->header_rlp.data, m->header_rlp.len);
    buf_put(out, m->hashes.data, m->hashes.len);
}

enum err manifest_decode(struct manifest *out, struct bytes text)
{
    struct manifest m = {0};
    uint64_t chunks = 0;
    if (text.len < HEADER_AT || text.len > LIMIT_SNAPSHOT_MANIFEST_BYTES ||
        memcmp(text.data, MAGIC, sizeof MAGIC) != 0)
        return E_CORRUPT;
    if (be32_get(text.data + 4) != SNAPSHOT_FORMAT)
        return E_VERSION;
    m.number = be64_get(text.data + 8);
    m.content_bytes = be64_get(text.data + 16);
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        m.chunks[i] = be32_get(text.data + COUNTS_AT + 4 * i);
        chunks += m.chunks[i];
    }
    size_t header_len = be32_get(text.data + HEADER_LEN_AT), rest = text.len - HEADER_AT;
    if (header_len > rest || chunks * 32 != rest - header_len || !m.chunks[SECTION_GENESIS] ||
        !m.chunks[SECTION_BLOCKS])
        return E_CORRUPT;
    m.chunk_count = (uint32_t)chunks;
    m.header_rlp = bytes_of(text.data + HEADER_AT, header_len);
    m.hashes = bytes_of(text.data + HEADER_AT + header_len, rest - header_len);
    if (header_decode(&m.header, m.header_rlp) != E_OK || m.header.number != m.number)
        return E_CORRUPT;
    if (m.content_bytes < chunks || m.content_bytes > chunks * SNAPSHOT_CONTENT_BYTES)
        return E_CORRUPT;
    m.head_hash = keccak256_of(m.header_rlp);
    *out = m;
    return E_OK;
}

struct hash manifest_chunk_hash(const struct manifest *m, uint32_t index)
{
    struct hash h;
    ASSERT(index < m->chunk_count);
    memcpy(h.b, m->hashes.data + (size_t)index * 32, sizeof h.b);
    return h;
}

enum err snapshot_manifest_block(struct bytes manifest, uint64_t *number_out, struct hash *hash_out)
{
    struct manifest m;
    TRY(manifest_decode(&m, manifest));
    *number_out = m.number;
    *hash_out = m.head_hash;
    return E_OK;
}

/* --- chunks ----------------------------------------------------------------------------------- */

void chunk_pack(struct buf *out, struct bytes content)
{
    struct hash sum;
    size_t at = out->len;
    (void)buf_grow(out, CHUNK_SUM_BYTES);
    zstd_compress(out, content);
    size_t frame_at = at + CHUNK_SUM_BYTES;
    sha256_once(&sum, out->data + frame_at, out->len - frame_at);
    memcpy(out->data + at, sum.b, CHUNK_SUM_BYTES);
    ASSERT(out->len - at <= LIMIT_SNAPSHOT_CHUNK_BYTES);
}

enum err chunk_open(struct buf *content_out, struct bytes chunk, const struct hash *content_hash)
{
    struct hash sum;
    size_t at = content_out->len;
    if (chunk.len <= CHUNK_SUM_BYTES || chunk.len > LIMIT_SNAPSHOT_CHUNK_BYTES)
        return E_CORRUPT;
    struct bytes frame = bytes_of(chunk.data + CHUNK_SUM_BYTES, chunk.len - CHUNK_SUM_BYTES);
    sha256_once(&sum, frame.data, frame.len);
    if (memcmp(sum.b, chunk.data, CHUNK_SUM_BYTES) != 0 ||
        zstd_expand(content_out, frame, SNAPSHOT_CONTENT_BYTES) != E_OK)
        return E_CORRUPT;
    sha256_once(&sum, content_out->data + at, content_out->len - at);
    if (hash_eq(&sum, content_hash))
        return E_OK;
    content_out->len = at;
    return E_CORRUPT;
}

bool record_next(struct bytes *rest, struct record_in *out, bool *too_long_out)
{
    *too_long_out = false;
    if (rest->len < RECORD_HEAD_BYTES)
        return false;
    size_t len = be32_get(rest->data + 1);
    *too_long_out = len > LIMIT_SNAPSHOT_RECORD_BYTES;
    if (*too_long_out || rest->len - RECORD_HEAD_BYTES < len)
        return false;
    *out = (struct record_in){rest->data[0], bytes_of(rest->data + RECORD_HEAD_BYTES, len)};
    rest->data += RECORD_HEAD_BYTES + len;
    rest->len -= RECORD_HEAD_BYTES + len;
    return true;
}
