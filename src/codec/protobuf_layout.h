/* protobuf_layout: a protobuf message described by a table, and one reader and one writer for all.
 *
 * Purpose   a member says where its value lies in a C struct and what the message's definition
 *           says about it; a table is therefore written beside the struct, once, and read in both
 *           directions. PB_FIELD checks at compile time that the member has the kind's C type.
 * Reading   a member occurs once (lists excepted), lists and byte strings are bounded before
 *           memory is taken, unknown fields are skipped. Byte strings borrow from the message,
 *           lists lie in the arena. A message that is not there reads as an empty one.
 * Writing   members in the table's order, which is the order of their numbers. */
#ifndef PARVIS_CODEC_PROTOBUF_LAYOUT_H
#define PARVIS_CODEC_PROTOBUF_LAYOUT_H

#include "base/mem.h"
#include "codec/protobuf.h"

enum pb_kind {
    PB_KIND_U64,        /* uint64_t */
    PB_KIND_U32,        /* uint32_t */
    PB_KIND_I64,        /* int64_t */
    PB_KIND_I32,        /* int32_t */
    PB_KIND_BOOL,       /* bool */
    PB_KIND_ENUM,       /* an enum of non-negative values: 0 to limit */
    PB_KIND_BYTES,      /* struct bytes; text too */
    PB_KIND_ARRAY,      /* uint8_t[limit]: always there, of exactly this length */
    PB_KIND_MESSAGE,    /* a struct: always written */
    PB_KIND_OPTIONAL,   /* a struct, and a bool that says whether it is there */
    PB_KIND_EACH_U32,   /* const uint32_t * and size_t: at most limit, written packed */
    PB_KIND_EACH_BYTES, /* const struct bytes * and size_t: at most limit */
    PB_KIND_EACH        /* const struct * and size_t: at most limit */
};

struct pb_layout;

struct pb_member {
    uint32_t number;
    enum pb_kind kind;
    size_t offset;
    size_t beside; /* offset of the bool or the count */
    uint64_t limit;
    const struct pb_layout *message;
};

#define PB_LAYOUT_MEMBERS 32 /* of one message, at most */

struct pb_layout {
    const char *name; /* for messages to people */
    size_t size;      /* of the struct */
    const struct pb_member *members;
    size_t count;
    enum err (*check)(const void *value); /* NULL, or what else must hold: E_OK | E_RANGE */
};

#define PB_OFFSET(type, member, c_type)                                                        \
    (offsetof(type, member) +                                                                  \
     0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((type *)0)->member), c_type) ? 1 \
                                                                                           : -1]))
#define PB_FIELD(number_, kind_, type, member, c_type)                              \
    {                                                                               \
        .number = number_, .kind = kind_, .offset = PB_OFFSET(type, member, c_type) \
    }
#define PB_FIELD_U64(n, type, member) PB_FIELD(n, PB_KIND_U64, type, member, uint64_t)
#define PB_FIELD_U32(n, type, member) PB_FIELD(n, PB_KIND_U32, type, member, uint32_t)
#define PB_FIELD_I64(n, type, member) PB_FIELD(n, PB_KIND_I64, type, member, int64_t)
#define PB_FIELD_I32(n, type, member) PB_FIELD(n, PB_KIND_I32, type, member, int32_t)
#define PB_FIELD_BOOL(n, type, member) PB_FIELD(n, PB_KIND_BOOL, type, member, bool)
#define PB_FIELD_BYTES(n, type, member) PB_FIELD(n, PB_KIND_BYTES, type, member, struct bytes)
#define PB_FIELD_ENUM(n, type, member, enum_type, last)                                  \
    {                                                                                    \
        .number = n, .kind = PB_KIND_ENUM, .offset = PB_OFFSET(type, member, enum_type), \
        .limit = last                                                                    \
    }
#define PB_FIELD_ARRAY(n, type, member, len)                                                 \
    {                                                                                        \
        .number = n, .kind = PB_KIND_ARRAY, .offset = PB_OFFSET(type, member, uint8_t[len]), \
        .limit = len                                                                         \
    }
#define PB_FIELD_MESSAGE(n, type, member, layout)                                                 \
    {                                                                                             \
        .number = n, .kind = PB_KIND_MESSAGE, .offset = offsetof(type, member), .message = layout \
    }
#define PB_FIELD_OPTIONAL(n, type, member, present, layout)                      \
    {                                                                            \
        .number = n, .kind = PB_KIND_OPTIONAL, .offset = offsetof(type, member), \
        .beside = PB_OFFSET(type, present, bool), .message = layout              \
    }
#define PB_FIELD_EACH(n, kind_, type, member, total, c_type, most, layout)             \
    {                                                                                  \
        .number = n, .kind = kind_, .offset = PB_OFFSET(type, member, const c_type *), \
        .beside = PB_OFFSET(type, total, size_t), .limit = most, .message = layout     \
    }

/* PB_LAYOUT(LAYOUT_POINT, "point", struct point, check, PB_FIELD_I64(1, struct point, x), ...) */
#define PB_LAYOUT(variable, name_, type, check_, ...)                                           \
    static const struct pb_member variable##_MEMBERS[] = {__VA_ARGS__};                         \
    _Static_assert(sizeof variable##_MEMBERS / sizeof *variable##_MEMBERS <= PB_LAYOUT_MEMBERS, \
                   "too many members");                                                         \
    static const struct pb_layout variable = {                                                  \
        name_, sizeof(type), variable##_MEMBERS,                                                \
        sizeof variable##_MEMBERS / sizeof *variable##_MEMBERS, check_}

/* pb_decode reads one message into the struct at out, which the caller has zeroed; half-filled on
 * an error. E_OK | E_PROTOBUF (malformed, a member twice) | E_RANGE (a value or length out of
 * range) | E_TOO_LARGE (a list longer than its limit). d names the message and the field. */
enum err pb_decode(struct arena *a, void *out, const struct pb_layout *layout, struct bytes message,
                   struct diag *d);

/* pb_size is what pb_encode appends. A value that pb_decode would refuse is a bug here. */
size_t pb_size(const struct pb_layout *layout, const void *value);
void pb_encode(struct buf *out, const struct pb_layout *layout, const void *value);

/* The bytes of one element of a list. */
size_t pb_element_size(const struct pb_member *m);

#endif
