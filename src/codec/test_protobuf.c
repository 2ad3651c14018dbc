#include "test.h"

#include "codec/protobuf_layout.h"
#include "codec/test_protobuf.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* An exact-size copy, so that a sanitizer sees reads past the end. */
static struct bytes exact(const char *hex)
{
    struct buf b = {0};
    CHECK_ERR(hex_decode_buf(&b, hex, strlen(hex)), E_OK);
    struct bytes copy = bytes_of(mem_dup(b.data, b.len), b.len);
    buf_free(&b);
    return copy;
}

static void drop(struct bytes b)
{
    mem_free((void *)(uintptr_t)b.data);
}

TEST(protobuf_varints_both_ways)
{
    for (unsigned bit = 0; bit <= 64; bit++)
        for (int around = -1; around <= 1; around++) {
            uint64_t v = (bit == 64 ? 0 : UINT64_C(1) << bit) + (uint64_t)(int64_t)around, back = 0;
            struct buf b = {0};
            pb_put_varint(&b, v);
            CHECK_INT(b.len, pb_varint_size(v));
            struct pb r = pb_reader(buf_view(&b));
            CHECK_ERR(pb_next_varint(&r, &back), E_OK);
            CHECK(back == v && pb_at_end(&r));
            buf_free(&b);
        }
}

/* All strings of up to 3 bytes as a varint: accepted exactly when writing it again gives the same
 * bytes. */
TEST(protobuf_all_short_varints)
{
    size_t accepted = 0;
    for (size_t len = 0; len <= 3; len++)
        for (uint32_t n = 0; n < 1u << (8 * len); n++) {
            uint8_t in[4];
            uint64_t v = 0;
            struct buf b = {0};
            be32_put(in, n);
            struct pb r = pb_reader(bytes_of(in + 4 - len, len));
            const uint8_t *from = r.p;
            if (pb_next_varint(&r, &v) != E_OK) {
                REQUIRE(r.p == from);
                continue;
            }
            pb_put_varint(&b, v);
            REQUIRE(bytes_eq(buf_view(&b), bytes_of(from, (size_t)(r.p - from))));
            accepted += pb_at_end(&r);
            buf_free(&b);
        }
    /* as many as there are numbers of at most 21 bits */
    CHECK_INT(accepted, 1 << 21);
}

TEST(protobuf_fields)
{
    static const struct {
        const char *hex;
        enum err e;
        uint32_t number;
        enum pb_wire wire;
        uint64_t integer;
        size_t len;
    } cases[] = {
        {"0800", E_OK, 1, PB_VARINT, 0, 0},
        {"08ffffffffffffffffff01", E_OK, 1, PB_VARINT, UINT64_MAX, 0},
        {"110100000000000080", E_OK, 2, PB_FIXED64, UINT64_C(0x8000000000000001), 0},
        {"1d04030201", E_OK, 3, PB_FIXED32, 0x01020304, 0},
        {"220161", E_OK, 4, PB_BYTES, 0, 1},
        {"2200", E_OK, 4, PB_BYTES, 0, 0},
        {"80808080 0800", E_OK, PB_FIELD_MAX, PB_VARINT, 0, 0},
        {"", E_PROTOBUF, 0, 0, 0, 0},
        {"08", E_PROTOBUF, 0, 0, 0, 0},                       /* no value */
        {"0880", E_PROTOBUF, 0, 0, 0, 0},                     /* an open varint */
        {"088000", E_PROTOBUF, 0, 0, 0, 0},                   /* 0 in two bytes */
        {"880000", E_PROTOBUF, 0, 0, 0, 0},                   /* a tag in two bytes */
        {"08ffffffffffffffffff02", E_PROTOBUF, 0, 0, 0, 0},   /* 65 bits */
        {"08ffffffffffffffffff8100", E_PROTOBUF, 0, 0, 0, 0}, /* eleven bytes */
        {"0000", E_PROTOBUF, 0, 0, 0, 0},                     /* number 0 */
        {"88808080 0800", E_PROTOBUF, 0, 0, 0, 0},            /* a number too large */
        {"11 01020304050607", E_PROTOBUF, 0, 0, 0, 0},
        {"1d 010203", E_PROTOBUF, 0, 0, 0, 0},
        {"220261", E_PROTOBUF, 0, 0, 0, 0},
        {"22ffffffffffffffffff01", E_PROTOBUF, 0, 0, 0, 0}, /* a length of 2^64 - 1 */
        {"0b0c", E_PROTOBUF, 0, 0, 0, 0},                   /* a group */
        {"0c", E_PROTOBUF, 0, 0, 0, 0},
        {"0e00", E_PROTOBUF, 0, 0, 0, 0}, /* wire types 6 and 7 */
        {"0f00", E_PROTOBUF, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char hex[64] = "";
        size_t n = 0;
        for (const char *p = cases[i].hex; *p; p++)
            if (*p != ' ')
                hex[n++] = *p;
        struct bytes b = exact(hex);
        struct pb r = pb_reader(b);
        struct pb_field f = {.number = 99};
        enum err e = pb_next(&r, &f);
        if (e != cases[i].e)
            test_fail(__FILE__, __LINE__, "%s: %s", cases[i].hex, err_name(e));
        if (e == E_OK && cases[i].e == E_OK)
            CHECK(f.number == cases[i].number && f.wire == cases[i].wire &&
                  f.integer == cases[i].integer && f.bytes.len == cases[i].len && pb_at_end(&r));
        else
            CHECK(f.number == 99 && r.p == b.data);
        drop(b);
    }
    test_count(COUNT(cases));
}

TEST(protobuf_typed_values)
{
    struct pb_field f = {.wire = PB_VARINT, .integer = UINT64_C(1) << 32};
    struct pb_field text = {.wire = PB_BYTES};
    uint64_t u64 = 7;
    uint32_t u32 = 7;
    int64_t i64 = 7;
    int32_t i32 = 7;
    bool flag = true;
    struct bytes b = {NULL, 7};
    CHECK_ERR(pb_u32(&f, &u32), E_RANGE);
    CHECK_ERR(pb_i32(&f, &i32), E_RANGE);
    f.integer = INT32_MAX + UINT64_C(1);
    CHECK_ERR(pb_i32(&f, &i32), E_RANGE);
    f.integer = (uint64_t)(INT32_MIN - INT64_C(1));
    CHECK_ERR(pb_i32(&f, &i32), E_RANGE);
    f.integer = 2;
    CHECK_ERR(pb_bool(&f, &flag), E_RANGE);
    CHECK_ERR(pb_bytes(&f, &b), E_PROTOBUF);
    CHECK_ERR(pb_sfixed64(&f, &i64), E_PROTOBUF);
    CHECK_ERR(pb_u64(&text, &u64), E_PROTOBUF);
    CHECK_ERR(pb_u32(&text, &u32), E_PROTOBUF);
    CHECK_ERR(pb_i64(&text, &i64), E_PROTOBUF);
    CHECK_ERR(pb_i32(&text, &i32), E_PROTOBUF);
    CHECK_ERR(pb_bool(&text, &flag), E_PROTOBUF);
    CHECK(u64 == 7 && u32 == 7 && i64 == 7 && i32 == 7 && flag && b.len == 7);
    f.integer = (uint64_t)INT64_C(-5);
    CHECK_ERR(pb_i32(&f, &i32), E_OK);
    CHECK_ERR(pb_i64(&f, &i64), E_OK);
    CHECK(i32 == -5 && i64 == -5);
}

TEST(protobuf_writing)
{
    struct buf b = {0};
    pb_put_u64(&b, 1, 0);
    pb_put_i64(&b, 1, 0);
    pb_put_sfixed64(&b, 1, 0);
    pb_put_bytes(&b, 1, bytes_of(NULL, 0));
    CHECK_INT(b.len, 0);
    pb_put_u64(&b, 1, 300);
    pb_put_i64(&b, 2, -1);
    pb_put_sfixed64(&b, 3, -2);
    pb_put_bytes(&b, 16, bytes_str("ab"));
    pb_put_field_u64(&b, 5, 0);
    pb_put_field_bytes(&b, 6, bytes_of(NULL, 0));
    CHECK_HEX(b.data, b.len,
              "08ac02"
              "10ffffffffffffffffff01"
              "19feffffffffffffff"
              "8201026162"
              "2800"
              "3200");
    CHECK_INT(pb_bytes_size(16, 2), 5);
    buf_free(&b);
}

/* ---- a described message ---- */

struct point {
    int64_t x;
    uint8_t mark[2];
};

struct shape {
    struct point origin;
    bool has_end;
    struct point end;
    const struct point *corners;
    size_t corner_count;
    const uint32_t *colours;
    size_t colour_count;
};

static enum err check_point(const void *value)
{
    return ((const struct point *)value)->x < 1000 ? E_OK : E_RANGE;
}

PB_LAYOUT(POINT, "Point", struct point, check_point, PB_FIELD_I64(1, struct point, x),
          PB_FIELD_ARRAY(2, struct point, mark, 2));
PB_LAYOUT(SHAPE, "Shape", struct shape, NULL, PB_FIELD_MESSAGE(1, struct shape, origin, &POINT),
          PB_FIELD_OPTIONAL(2, struct shape, end, has_end, &POINT),
          PB_FIELD_EACH(3, PB_KIND_EACH, struct shape, corners, corner_count, struct point, 2,
                        &POINT),
          PB_FIELD_EACH(4, PB_KIND_EACH_U32, struct shape, colours, colour_count, uint32_t, 4,
                        NULL));

TEST(protobuf_layouts)
{
    static const struct {
        const char *hex;
        enum err e;
        const char *text;
    } cases[] = {
        {"0a040a02 0102", E_PROTOBUF, NULL},
        {"0a0412020102", E_OK, ""},
        {"0a0412020102 120412020304 1a0412020506 1a0412020708 220101", E_OK, ""},
        {"", E_RANGE, "Point, field 2: value out of range"}, /* the origin reads as empty */
        {"0a0412020102 0a0412020102", E_PROTOBUF, "Shape, field 1: malformed protobuf message"},
        {"0a0412020102 0801", E_PROTOBUF, NULL},
        {"0a0412020102 1801", E_PROTOBUF, "Shape, field 3: malformed protobuf message"},
        {"0a0412020102 1a00", E_RANGE, "Point, field 2: value out of range"},
        {"0a0412020102 1a00 1a00 1a00", E_TOO_LARGE, "Shape, field 3: too large"},
        {"0a0412020102 22050102030405", E_TOO_LARGE, "Shape, field 4: too large"},
        {"0a0412020102 2203010203 2001 2001", E_TOO_LARGE, "Shape, field 4: too large"},
        {"0a0412020102 22020180", E_PROTOBUF, "Shape, field 4: malformed protobuf message"},
        {"0a0708e80712020102", E_RANGE, "Point: value out of range"}, /* x = 1000 */
        {"0a0412020102 fa01", E_PROTOBUF, "Shape, after field 1: malformed protobuf message"},
    };
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shape s = {0}, again = {0};
        struct diag d = {""};
        char hex[128] = "";
        size_t n = 0;
        for (const char *p = cases[i].hex; *p; p++)
            if (*p != ' ')
                hex[n++] = *p;
        struct bytes b = exact(hex);
        enum err e = pb_decode(&a, &s, &SHAPE, b, &d);
        if (e != cases[i].e)
            test_fail(__FILE__, __LINE__, "%s: %s", cases[i].hex, err_name(e));
        if (cases[i].text)
            CHECK_STR(d.text, cases[i].text);
        if (e == E_OK) {
            struct buf out = {0};
            pb_encode(&out, &SHAPE, &s);
            CHECK_HEX(out.data, out.len, hex);
            CHECK_INT(out.len, pb_size(&SHAPE, &s));
            CHECK_ERR(pb_decode(&a, &again, &SHAPE, buf_view(&out), NULL), E_OK);
            CHECK(pb_same(&SHAPE, &s, &again));
            again.origin.mark[1]++;
            CHECK(!pb_same(&SHAPE, &s, &again));
            buf_free(&out);
        }
        drop(b);
    }
    test_count(COUNT(cases));
    arena_free(&a);
}
