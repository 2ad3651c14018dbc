#include "codec/protobuf_layout.h"

#include "base/lang.h"

/* Where a member's value, and its bool or count, lie. */
static void *at(void *value, size_t offset)
{
    return (uint8_t *)value + offset;
}

static const void *at_const(const void *value, size_t offset)
{
    return (const uint8_t *)value + offset;
}

static bool is_list(const struct pb_member *m)
{
    return m->kind == PB_KIND_EACH_U32 || m->kind == PB_KIND_EACH_BYTES || m->kind == PB_KIND_EACH;
}

size_t pb_element_size(const struct pb_member *m)
{
    return m->kind == PB_KIND_EACH_U32     ? sizeof(uint32_t)
           : m->kind == PB_KIND_EACH_BYTES ? sizeof(struct bytes)
                                           : m->message->size;
}

/* The index of the member with this number; layout->count if there is none. */
static size_t find(const struct pb_layout *layout, uint32_t number)
{
    size_t i = 0;
    while (i < layout->count && layout->members[i].number != number)
        i++;
    return i;
}

static enum err fault(struct diag *d, enum err e, const struct pb_layout *layout, uint32_t number)
{
    return diag_set(d, e, T("%s, field %u: %s", "%s, champ %u : %s"), layout->name, number,
                    err_text(e));
}

/* ---- reading ---- */

/* How many elements a field adds to a list: a packed field holds as many varints as it has bytes
 * that end one. */
static size_t elements_in(const struct pb_member *m, const struct pb_field *f)
{
    if (m->kind != PB_KIND_EACH_U32 || f->wire != PB_BYTES)
        return 1;
    size_t n = 0;
    for (size_t i = 0; i < f->bytes.len; i++)
        n += f->bytes.data[i] < 0x80;
    return n;
}

/* Walks the message once: every field well-formed, no member twice, every list within its limit;
 * then gives each list its memory. */
static enum err make_room(struct arena *a, void *out, const struct pb_layout *layout,
                          struct bytes message, struct diag *d)
{
    uint64_t counts[PB_LAYOUT_MEMBERS] = {0};
    struct pb r = pb_reader(message);
    struct pb_field f = {0};
    while (!pb_at_end(&r)) {
        uint32_t before = f.number;
        if (pb_next(&r, &f) != E_OK)
            return diag_set(d, E_PROTOBUF,
                            T("%s, after field %u: %s", "%s, après le champ %u : %s"), layout->name,
                            before, err_text(E_PROTOBUF));
        size_t i = find(layout, f.number);
        if (i == layout->count)
            continue;
        const struct pb_member *m = &layout->members[i];
        counts[i] += elements_in(m, &f);
        if (!is_list(m) && counts[i] > 1)
            return fault(d, E_PROTOBUF, layout, f.number);
        if (is_list(m) && counts[i] > m->limit)
            return fault(d, E_TOO_LARGE, layout, f.number);
    }
    for (size_t i = 0; i < layout->count; i++) {
        const struct pb_member *m = &layout->members[i];
        if (is_list(m) && counts[i] > 0)
            *(void **)at(out, m->offset) = arena_zalloc(a, counts[i], pb_element_size(m));
    }
    return E_OK;
}

static enum err read_packed(uint32_t *list, size_t *count, const struct pb_field *f)
{
    struct pb r = pb_reader(f->bytes);
    while (!pb_at_end(&r)) {
        struct pb_field element = {.wire = PB_VARINT};
        TRY(pb_next_varint(&r, &element.integer));
        TRY(pb_u32(&element, &list[*count]));
        (*count)++;
    }
    return E_OK;
}

static enum err read_array(void *out, size_t len, const struct pb_field *f)
{
    struct bytes b;
    TRY(pb_bytes(f, &b));
    if (b.len != len)
        return E_RANGE;
    memcpy(out, b.data, len);
    return E_OK;
}

static enum err read_enum(void *out, uint64_t last, const struct pb_field *f)
{
    uint32_t v;
    TRY(pb_u32(f, &v));
    if (v > last)
        return E_RANGE;
    memcpy(out, &v, sizeof v);
    return E_OK;
}

/* Reads a member that is no message. */
static enum err read_plain(void *value, const struct pb_member *m, const struct pb_field *f)
{
    void *p = at(value, m->offset);
    size_t *count = at(value, m->beside);
    switch (m->kind) {
    case PB_KIND_U64:
        return pb_u64(f, p);
    case PB_KIND_U32:
        return pb_u32(f, p);
    case PB_KIND_I64:
        return pb_i64(f, p);
    case PB_KIND_I32:
        return pb_i32(f, p);
    case PB_KIND_BOOL:
        return pb_bool(f, p);
    case PB_KIND_ENUM:
        return read_enum(p, m->limit, f);
    case PB_KIND_BYTES:
        return pb_bytes(f, p);
    case PB_KIND_ARRAY:
        return read_array(p, m->limit, f);
    case PB_KIND_EACH_U32:
        if (f->wire == PB_BYTES)
            return read_packed(*(uint32_t **)p, count, f);
        TRY(pb_u32(f, *(uint32_t **)p + *count));
        (*count)++;
        return E_OK;
    case PB_KIND_EACH_BYTES:
        TRY(pb_bytes(f, *(struct bytes **)p + *count));
        (*count)++;
        return E_OK;
    default:
        ASSERT(false);
    }
}

static enum err read_message(struct arena *a, void *value, const struct pb_layout *layout,
                             const struct pb_member *m, const struct pb_field *f, struct diag *d)
{
    struct bytes b;
    if (pb_bytes(f, &b) != E_OK)
        return fault(d, E_PROTOBUF, layout, f->number);
    if (m->kind == PB_KIND_OPTIONAL)
        *(bool *)at(value, m->beside) = true;
    if (m->kind != PB_KIND_EACH)
        return pb_decode(a, at(value, m->offset), m->message, b, d);
    size_t *count = at(value, m->beside);
    uint8_t *list = *(uint8_t **)at(value, m->offset);
    TRY(pb_decode(a, list + *count * m->message->size, m->message, b, d));
    (*count)++;
    return E_OK;
}

enum err pb_decode(struct arena *a, void *out, const struct pb_layout *layout, struct bytes message,
                   struct diag *d)
{
    TRY(make_room(a, out, layout, message, d));
    uint32_t seen = 0; /* a bit per member */
    struct pb r = pb_reader(message);
    struct pb_field f;
    while (!pb_at_end(&r)) {
        TRY(pb_next(&r, &f));
        size_t i = find(layout, f.number);
        if (i == layout->count)
            continue;
        const struct pb_member *m = &layout->members[i];
        seen |= UINT32_C(1) << i;
        if (m->message) {
            TRY(read_message(a, out, layout, m, &f, d));
            continue;
        }
        enum err e = read_plain(out, m, &f);
        if (e != E_OK)
            return fault(d, e, layout, f.number);
    }
    for (size_t i = 0; i < layout->count; i++) {
        const struct pb_member *m = &layout->members[i];
        if (seen >> i & 1)
            continue;
        if (m->kind == PB_KIND_ARRAY)
            return fault(d, E_RANGE, layout, m->number);
        if (m->kind == PB_KIND_MESSAGE)
            TRY(pb_decode(a, at(out, m->offset), m->message, bytes_of(NULL, 0), d));
    }
    if (layout->check && layout->check(out) != E_OK)
        return diag_set(d, E_RANGE, "%s: %s", layout->name, err_text(E_RANGE));
    return E_OK;
}

/* ---- writing ---- */

/* The value of an integer member as it goes on the wire. */
static uint64_t integer_of(const struct pb_member *m, const void *p)
{
    uint32_t narrow;
    switch (m->kind) {
    case PB_KIND_U64:
    case PB_KIND_I64:
        return *(const uint64_t *)p;
    case PB_KIND_I32:
        return (uint64_t)(int64_t) * (const int32_t *)p;
    case PB_KIND_BOOL:
        return *(const bool *)p;
    default:
        memcpy(&narrow, p, sizeof narrow);
        ASSERT(m->kind != PB_KIND_ENUM || narrow <= m->limit);
        return narrow;
    }
}

static size_t packed_size(const uint32_t *list, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += pb_varint_size(list[i]);
    return size;
}

static size_t list_size(const struct pb_member *m, const void *list, size_t count)
{
    ASSERT(count <= m->limit);
    size_t size = 0;
    if (count == 0)
        return 0;
    if (m->kind == PB_KIND_EACH_U32)
        return pb_bytes_size(m->number, packed_size(list, count));
    for (size_t i = 0; i < count; i++) {
        const void *element = at_const(list, i * pb_element_size(m));
        size += pb_bytes_size(m->number, m->message ? pb_size(m->message, element)
                                                    : ((const struct bytes *)element)->len);
    }
    return size;
}

size_t pb_size(const struct pb_layout *layout, const void *value)
{
    size_t size = 0;
    for (size_t i = 0; i < layout->count; i++) {
        const struct pb_member *m = &layout->members[i];
        const void *p = at_const(value, m->offset);
        if (is_list(m)) {
            size +=
                list_size(m, *(const void *const *)p, *(const size_t *)at_const(value, m->beside));
        } else if (m->message) {
            if (m->kind == PB_KIND_MESSAGE || *(const bool *)at_const(value, m->beside))
                size += pb_bytes_size(m->number, pb_size(m->message, p));
        } else if (m->kind == PB_KIND_ARRAY) {
            size += pb_bytes_size(m->number, m->limit);
        } else if (m->kind == PB_KIND_BYTES) {
            size_t len = ((const struct bytes *)p)->len;
            size += len ? pb_bytes_size(m->number, len) : 0;
        } else if (integer_of(m, p) != 0) {
            size += pb_bytes_size(m->number, 0) - 1 + pb_varint_size(integer_of(m, p));
        }
    }
    return size;
}

static void put_message(struct buf *out, const struct pb_member *m, const void *value)
{
    pb_put_bytes_header(out, m->number, pb_size(m->message, value));
    pb_encode(out, m->message, value);
}

static void put_list(struct buf *out, const struct pb_member *m, const void *list, size_t count)
{
    if (m->kind == PB_KIND_EACH_U32) {
        const uint32_t *numbers = list;
        if (count > 0)
            pb_put_bytes_header(out, m->number, packed_size(numbers, count));
        for (size_t i = 0; i < count; i++)
            pb_put_varint(out, numbers[i]);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const void *element = at_const(list, i * pb_element_size(m));
        if (m->message)
            put_message(out, m, element);
        else
            pb_put_field_bytes(out, m->number, *(const struct bytes *)element);
    }
}

void pb_encode(struct buf *out, const struct pb_layout *layout, const void *value)
{
    ASSERT(!layout->check || layout->check(value) == E_OK);
    for (size_t i = 0; i < layout->count; i++) {
        const struct pb_member *m = &layout->members[i];
        const void *p = at_const(value, m->offset);
        if (is_list(m)) {
            put_list(out, m, *(const void *const *)p, *(const size_t *)at_const(value, m->beside));
        } else if (m->message) {
            if (m->kind == PB_KIND_MESSAGE || *(const bool *)at_const(value, m->beside))
                put_message(out, m, p);
        } else if (m->kind == PB_KIND_ARRAY) {
            pb_put_field_bytes(out, m->number, bytes_of(p, m->limit));
        } else if (m->kind == PB_KIND_BYTES) {
            pb_put_bytes(out, m->number, *(const struct bytes *)p);
        } else {
            pb_put_u64(out, m->number, integer_of(m, p));
        }
    }
}
