/* Are two values of a message the same, member by member? For tests: what is decoded is compared
 * with what was meant, not with what an encoder makes of both. */
#ifndef PARVIS_CODEC_TEST_PROTOBUF_H
#define PARVIS_CODEC_TEST_PROTOBUF_H

#include "codec/protobuf_layout.h"

static inline bool pb_same(const struct pb_layout *layout, const void *a, const void *b);

static inline bool pb_same_member(const struct pb_member *m, const void *a, const void *b)
{
    static const size_t SIZES[] = {
        [PB_KIND_U64] = sizeof(uint64_t),     [PB_KIND_U32] = sizeof(uint32_t),
        [PB_KIND_I64] = sizeof(int64_t),      [PB_KIND_I32] = sizeof(int32_t),
        [PB_KIND_BOOL] = sizeof(bool),        [PB_KIND_ENUM] = sizeof(uint32_t),
        [PB_KIND_EACH_U32] = sizeof(uint32_t)};
    switch (m->kind) {
    case PB_KIND_BYTES:
    case PB_KIND_EACH_BYTES:
        return bytes_eq(*(const struct bytes *)a, *(const struct bytes *)b);
    case PB_KIND_ARRAY:
        return memcmp(a, b, m->limit) == 0;
    case PB_KIND_MESSAGE:
    case PB_KIND_OPTIONAL:
    case PB_KIND_EACH:
        return pb_same(m->message, a, b);
    default:
        return memcmp(a, b, SIZES[m->kind]) == 0;
    }
}

static inline bool pb_same(const struct pb_layout *layout, const void *a, const void *b)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct pb_member *m = &layout->members[i];
        const uint8_t *at_a = (const uint8_t *)a, *at_b = (const uint8_t *)b;
        size_t times = 1, step = 0;
        const uint8_t *first = at_a + m->offset, *second = at_b + m->offset;
        if (m->kind == PB_KIND_OPTIONAL) {
            bool there = *(const bool *)(at_a + m->beside);
            if (there != *(const bool *)(at_b + m->beside))
                return false;
            times = there;
        }
        if (m->kind >= PB_KIND_EACH_U32) {
            times = *(const size_t *)(at_a + m->beside);
            if (times != *(const size_t *)(at_b + m->beside))
                return false;
            step = pb_element_size(m);
            first = *(const uint8_t *const *)first;
            second = *(const uint8_t *const *)second;
        }
        for (size_t n = 0; n < times; n++)
            if (!pb_same_member(m, first + n * step, second + n * step))
                return false;
    }
    return true;
}

#endif
