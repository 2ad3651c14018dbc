/* protobuf: the wire format of Protocol Buffers, as far as CometBFT uses it.
 *
 * Reading   a cursor over borrowed bytes, field by field. Stricter than the specification, so that
 *           a value has one form: a varint is minimal, a number fits its type, a bool is 0 or 1.
 *           Groups are refused. A field that the caller does not know is skipped by reading on.
 * Writing   appends to a struct buf. As in proto3, pb_put_* leave out zero and empty values;
 *           pb_put_field_* write them too (members of a list, messages that are always there).
 * Whole messages are described by tables in codec/protobuf_layout.h. */
#ifndef PARVIS_CODEC_PROTOBUF_H
#define PARVIS_CODEC_PROTOBUF_H

#include "base/bytes.h"

#define PB_VARINT_BYTES 10      /* the longest varint */
#define PB_FIELD_MAX (1u << 28) /* fields above are refused; the format ends at twice that */

enum pb_wire { PB_VARINT = 0, PB_FIXED64 = 1, PB_BYTES = 2, PB_FIXED32 = 5 };

struct pb {
    const uint8_t *p;
    const uint8_t *end;
};

struct pb_field {
    uint32_t number;
    enum pb_wire wire;
    uint64_t integer;   /* of a varint or fixed field */
    struct bytes bytes; /* of a length-delimited field */
};

static inline struct pb pb_reader(struct bytes b)
{
    return (struct pb){b.data, b.len ? b.data + b.len : b.data};
}

static inline bool pb_at_end(const struct pb *r)
{
    return r->p == r->end;
}

/* pb_next reads one field of any kind and advances; pb_next_varint a bare varint (a length in front
 * of a message, an element of a packed list). E_OK | E_PROTOBUF (malformed, a group, at end). On an
 * error no reader advances and no output is written. */
enum err pb_next(struct pb *r, struct pb_field *out);
enum err pb_next_varint(struct pb *r, uint64_t *out);

/* The value of a field as a type of the message's definition. E_OK | E_PROTOBUF (the field has
 * another wire form) | E_RANGE (the value does not fit). out is written only on success. Negative
 * int32 and int64 are varints of ten bytes; sint32 and sint64 are not used by CometBFT. */
enum err pb_u64(const struct pb_field *f, uint64_t *out);
enum err pb_u32(const struct pb_field *f, uint32_t *out);
enum err pb_i64(const struct pb_field *f, int64_t *out);
enum err pb_i32(const struct pb_field *f, int32_t *out);
enum err pb_bool(const struct pb_field *f, bool *out);
enum err pb_sfixed64(const struct pb_field *f, int64_t *out);
enum err pb_bytes(const struct pb_field *f, struct bytes *out);

/* ---- writing ---- */

size_t pb_varint_size(uint64_t v);
void pb_put_varint(struct buf *b, uint64_t v);

/* What comes before the value of a field: its tag, and for bytes or a message the length too. */
void pb_put_tag(struct buf *b, uint32_t number, enum pb_wire wire);
void pb_put_bytes_header(struct buf *b, uint32_t number, size_t len);
size_t pb_bytes_size(uint32_t number, size_t len); /* of the whole field */

void pb_put_field_u64(struct buf *b, uint32_t number, uint64_t v);
void pb_put_field_bytes(struct buf *b, uint32_t number, struct bytes v);

void pb_put_u64(struct buf *b, uint32_t number, uint64_t v);
void pb_put_i64(struct buf *b, uint32_t number, int64_t v); /* int32, bool and enum too */
void pb_put_sfixed64(struct buf *b, uint32_t number, int64_t v);
void pb_put_bytes(struct buf *b, uint32_t number, struct bytes v);

#endif
