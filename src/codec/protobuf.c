#include "codec/protobuf.h"

enum {
    TAG_WIRE_BITS = 3,
    PAYLOAD_BITS = 7, /* of a varint's byte; the eighth says that another follows */
    MORE = 0x80
};

enum err pb_next_varint(struct pb *r, uint64_t *out)
{
    uint64_t v = 0;
    size_t available = (size_t)(r->end - r->p);
    for (size_t i = 0; i < available && i < PB_VARINT_BYTES; i++) {
        uint8_t byte = r->p[i];
        if (i == PB_VARINT_BYTES - 1 && byte > 1)
            return E_PROTOBUF; /* more than 64 bits */
        v |= (uint64_t)(byte & (MORE - 1)) << (PAYLOAD_BITS * i);
        if (byte & MORE)
            continue;
        if (byte == 0 && i > 0)
            return E_PROTOBUF; /* longer than it needs to be */
        r->p += i + 1;
        *out = v;
        return E_OK;
    }
    return E_PROTOBUF;
}

static uint64_t little_endian(const uint8_t *p, size_t len)
{
    uint64_t v = 0;
    for (size_t i = len; i > 0; i--)
        v = v << 8 | p[i - 1];
    return v;
}

enum err pb_next(struct pb *r, struct pb_field *out)
{
    struct pb at = *r;
    struct pb_field f = {0};
    uint64_t tag, len = 0;
    TRY(pb_next_varint(&at, &tag));
    uint64_t number = tag >> TAG_WIRE_BITS;
    if (number == 0 || number > PB_FIELD_MAX)
        return E_PROTOBUF;
    f.number = (uint32_t)number;
    f.wire = (enum pb_wire)(tag & ((1u << TAG_WIRE_BITS) - 1));
    switch (f.wire) {
    case PB_VARINT:
        TRY(pb_next_varint(&at, &f.integer));
        break;
    case PB_FIXED64:
    case PB_FIXED32:
        len = f.wire == PB_FIXED64 ? sizeof(uint64_t) : sizeof(uint32_t);
        if (len > (size_t)(at.end - at.p))
            return E_PROTOBUF;
        f.integer = little_endian(at.p, len);
        break;
    case PB_BYTES:
        TRY(pb_next_varint(&at, &len));
        if (len > (size_t)(at.end - at.p))
            return E_PROTOBUF;
        f.bytes = bytes_of(at.p, len);
        break;
    default:
        return E_PROTOBUF; /* a group, or nothing that is defined */
    }
    at.p += len;
    *r = at;
    *out = f;
    return E_OK;
}

enum err pb_u64(const struct pb_field *f, uint64_t *out)
{
    if (f->wire != PB_VARINT)
        return E_PROTOBUF;
    *out = f->integer;
    return E_OK;
}

enum err pb_u32(const struct pb_field *f, uint32_t *out)
{
    uint64_t v;
    TRY(pb_u64(f, &v));
    if (v > UINT32_MAX)
        return E_RANGE;
    *out = (uint32_t)v;
    return E_OK;
}

enum err pb_i64(const struct pb_field *f, int64_t *out)
{
    uint64_t v;
    TRY(pb_u64(f, &v));
    *out = (int64_t)v;
    return E_OK;
}

enum err pb_i32(const struct pb_field *f, int32_t *out)
{
    int64_t v;
    TRY(pb_i64(f, &v));
    if (v < INT32_MIN || v > INT32_MAX)
        return E_RANGE;
    *out = (int32_t)v;
    return E_OK;
}

enum err pb_bool(const struct pb_field *f, bool *out)
{
    uint64_t v;
    TRY(pb_u64(f, &v));
    if (v > 1)
        return E_RANGE;
    *out = v == 1;
    return E_OK;
}

enum err pb_sfixed64(const struct pb_field *f, int64_t *out)
{
    if (f->wire != PB_FIXED64)
        return E_PROTOBUF;
    *out = (int64_t)f->integer;
    return E_OK;
}

enum err pb_bytes(const struct pb_field *f, struct bytes *out)
{
    if (f->wire != PB_BYTES)
        return E_PROTOBUF;
    *out = f->bytes;
    return E_OK;
}

/* ---- writing ---- */

size_t pb_varint_size(uint64_t v)
{
    size_t bits = 64 - (size_t)__builtin_clzll(v | 1);
    return (bits + PAYLOAD_BITS - 1) / PAYLOAD_BITS;
}

void pb_put_varint(struct buf *b, uint64_t v)
{
    for (; v >= MORE; v >>= PAYLOAD_BITS)
        buf_put_u8(b, (uint8_t)(v | MORE));
    buf_put_u8(b, (uint8_t)v);
}

static uint64_t tag_of(uint32_t number, enum pb_wire wire)
{
    ASSERT(number > 0 && number <= PB_FIELD_MAX);
    return (uint64_t)number << TAG_WIRE_BITS | (uint64_t)wire;
}

void pb_put_tag(struct buf *b, uint32_t number, enum pb_wire wire)
{
    pb_put_varint(b, tag_of(number, wire));
}

void pb_put_bytes_header(struct buf *b, uint32_t number, size_t len)
{
    pb_put_tag(b, number, PB_BYTES);
    pb_put_varint(b, len);
}

size_t pb_bytes_size(uint32_t number, size_t len)
{
    return pb_varint_size(tag_of(number, PB_BYTES)) + pb_varint_size(len) + len;
}

void pb_put_field_u64(struct buf *b, uint32_t number, uint64_t v)
{
    pb_put_tag(b, number, PB_VARINT);
    pb_put_varint(b, v);
}

void pb_put_field_bytes(struct buf *b, uint32_t number, struct bytes v)
{
    pb_put_bytes_header(b, number, v.len);
    buf_put(b, v.data, v.len);
}

void pb_put_u64(struct buf *b, uint32_t number, uint64_t v)
{
    if (v != 0)
        pb_put_field_u64(b, number, v);
}

void pb_put_i64(struct buf *b, uint32_t number, int64_t v)
{
    pb_put_u64(b, number, (uint64_t)v);
}

void pb_put_sfixed64(struct buf *b, uint32_t number, int64_t v)
{
    if (v == 0)
        return;
    uint64_t bits = (uint64_t)v;
    pb_put_tag(b, number, PB_FIXED64);
    uint8_t *p = buf_grow(b, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++, bits >>= 8)
        p[i] = (uint8_t)bits;
}

void pb_put_bytes(struct buf *b, uint32_t number, struct bytes v)
{
    if (v.len != 0)
        pb_put_field_bytes(b, number, v);
}
