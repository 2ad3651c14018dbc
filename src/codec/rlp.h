/* rlp: Ethereum's Recursive Length Prefix, strict in both directions (Yellow Paper app. B).
 *
 * Reading   a cursor over borrowed bytes; every non-canonical form is refused (leading zeros in a
 *           length, a long form where a short one fits, a single byte < 0x80 with a prefix).
 * Writing   items append to a struct buf; lists are opened and closed, the header is put in front
 *           when the list closes. */
#ifndef PARVIS_CODEC_RLP_H
#define PARVIS_CODEC_RLP_H

#include "base/u256.h"

struct rlp {
    const uint8_t *p;
    const uint8_t *end;
};

struct rlp_item {
    bool is_list;
    struct bytes payload; /* string content, or the concatenated items of the list */
    struct bytes raw;     /* with header */
};

static inline struct rlp rlp_reader(struct bytes b)
{
    return (struct rlp){b.data, b.len ? b.data + b.len : b.data};
}

static inline bool rlp_at_end(const struct rlp *r)
{
    return r->p == r->end;
}

/* rlp_next reads one item and advances. E_OK | E_RLP (malformed or at end). The content of a list
 * is not looked at. On an error no reader advances and no output is written. */
enum err rlp_next(struct rlp *r, struct rlp_item *out);

/* Typed reads; each E_OK | E_RLP (malformed, a list for a string, an integer with leading zeros) |
 * E_RANGE (an integer too wide, a string of another length). Integers are minimal big-endian.
 * rlp_next_fixed wants a string of exactly len bytes; rlp_next_list gives a reader of the list,
 * which may be r itself. */
enum err rlp_next_list(struct rlp *r, struct rlp *out);
enum err rlp_next_string(struct rlp *r, struct bytes *out);
enum err rlp_next_fixed(struct rlp *r, uint8_t *out, size_t len);
enum err rlp_next_u64(struct rlp *r, uint64_t *out);
enum err rlp_next_u256(struct rlp *r, struct u256 *out);

/* rlp_check verifies that b is exactly one well-formed item, at every depth; lists may be nested
 * LIMIT_RLP_DEPTH deep. E_OK | E_RLP. */
enum err rlp_check(struct bytes b);

void rlp_put_string(struct buf *b, const void *data, size_t len);
void rlp_put_u64(struct buf *b, uint64_t v);
void rlp_put_u256(struct buf *b, struct u256 v);
void rlp_put_raw(struct buf *b, struct bytes encoded);

/* size_t mark = rlp_list_open(b); ...items...; rlp_list_close(b, mark); may nest. */
size_t rlp_list_open(struct buf *b);
void rlp_list_close(struct buf *b, size_t mark);

/* rlp_list_header appends only the header of a list whose payload has len bytes. */
void rlp_list_header(struct buf *b, size_t len);

/* Encoded sizes, header included. */
size_t rlp_string_size(struct bytes s);
size_t rlp_list_size(size_t payload_len);

#endif
