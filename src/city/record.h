/* record: a service's storage records as flat bytes: integers big-endian, fixed fields in order.
 *
 * Writing appends to a struct buf. Reading goes through a cursor which never runs past the end: a
 * short record sets `bad` and gives zeros, and the loader refuses with RecordUnreadable (the store
 * has already reported a fault then, and the block will not be committed); a service that uses
 * record_unreadable declares that error. */
#ifndef PARVIS_CITY_RECORD_H
#define PARVIS_CITY_RECORD_H

#include "city/service.h"

static inline void record_put_u32(struct buf *b, uint32_t v)
{
    be32_put(buf_grow(b, 4), v);
}
static inline void record_put_u64(struct buf *b, uint64_t v)
{
    be64_put(buf_grow(b, 8), v);
}

struct record {
    const uint8_t *p;
    const uint8_t *end;
    bool bad;
};

static inline const uint8_t *record_take(struct record *r, size_t len)
{
    static const uint8_t ZEROS[64];
    ASSERT(len <= sizeof ZEROS);
    if ((size_t)(r->end - r->p) < len) {
        r->bad = true;
        return ZEROS;
    }
    const uint8_t *at = r->p;
    r->p += len;
    return at;
}
static inline uint8_t record_u8(struct record *r)
{
    return *record_take(r, 1);
}
static inline uint32_t record_u32(struct record *r)
{
    return be32_get(record_take(r, 4));
}
static inline uint64_t record_u64(struct record *r)
{
    return be64_get(record_take(r, 8));
}
static inline void record_skip(struct record *r, size_t len)
{
    r->bad |= (size_t)(r->end - r->p) < len;
    r->p = r->bad ? r->end : r->p + len;
}
static inline bool record_is_empty(const struct record *r)
{
    return r->p == r->end;
}

/* A slot named by a table tag and up to three numbers; unused numbers are left out by count. */
struct hash record_slot(const char *tag, const uint64_t *keys, size_t count);
#define RECORD_SLOT(tag, ...)                         \
    record_slot(tag, (const uint64_t[]){__VA_ARGS__}, \
                sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* record_load reads a slot into the call's arena (an empty record when absent).
 * record_store writes *b and frees it. record_unreadable refuses. */
enum err record_load(struct service_call *c, const struct hash *slot, struct record *out);
enum err record_store(struct service_call *c, const struct hash *slot, struct buf *b);
enum err record_unreadable(struct service_call *c);

/* record_text_holds: UTF-8 that a person can read before deciding on it: not empty, without
 * control, formatting and line characters, and without a space at either end. */
bool record_text_holds(struct bytes text);

/* Refusal with a custom error and its arguments. */
#define REFUSE(c, error, ...) service_revert(c, error, (const struct abi_value[]){__VA_ARGS__})
#define EMIT(c, event, ...) service_emit(c, event, (const struct abi_value[]){__VA_ARGS__})

/* int64 as an ABI word (two's complement over 256 bits). */
static inline struct abi_value abi_i64(int64_t v)
{
    uint64_t sign = v < 0 ? ~0ull : 0;
    return (struct abi_value){.word = {{(uint64_t)v, sign, sign, sign}}};
}
/* A list of count words in the arena, to be filled in through .item. */
static inline struct abi_value abi_list(struct arena *a, size_t count)
{
    return (struct abi_value){.item = arena_zalloc(a, count + 1, sizeof(struct abi_value)),
                              .count = count};
}

#endif
