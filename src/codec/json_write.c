/* Writing. The buffer's last byte says whether a comma is due: after an opening bracket, a colon, a
 * comma, a line end (the next document of a stream, or a protocol's header) or nothing, it is not.
 * A value never ends with one of these, since a string ends with its quote. */
#include "codec/json.h"

#include "codec/utf8.h"

static void separate(struct buf *b)
{
    if (b->len == 0)
        return;
    switch (b->data[b->len - 1]) {
    case '{':
    case '[':
    case ':':
    case ',':
    case '\n':
        return;
    default:
        buf_put_u8(b, ',');
    }
}

void json_open(struct buf *b, char bracket)
{
    ASSERT(bracket == '{' || bracket == '[');
    separate(b);
    buf_put_u8(b, (uint8_t)bracket);
}

void json_close(struct buf *b, char bracket)
{
    ASSERT(bracket == '}' || bracket == ']');
    buf_put_u8(b, (uint8_t)bracket);
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void put_control(struct buf *b, uint8_t c)
{
    static const char short_forms[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (short_forms[c])
        buf_put(b, (char[]){'\\', short_forms[c]}, 2);
    else
        buf_putf(b, "\\u%04x", c);
}

static void put_quoted(struct buf *b, const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text, *end = len ? p + len : p;
    buf_reserve(b, len + 2);
    buf_put_u8(b, '"');
    while (p < end) {
        const uint8_t *run = p;
        while (p < end && is_plain(*p))
            p++;
        buf_put(b, run, (size_t)(p - run));
        if (p == end)
            break;
        if (*p >= 0x80) {
            size_t n = utf8_len(p, (size_t)(end - p));
            buf_put(b, n ? (const void *)p : "\xef\xbf\xbd", n ? n : 3); /* U+FFFD */
            p += n ? n : 1;
        } else {
            if (*p < 0x20)
                put_control(b, *p);
            else
                buf_put(b, (uint8_t[]){'\\', *p}, 2);
            p++;
        }
    }
    buf_put_u8(b, '"');
}

void json_put_key(struct buf *b, const char *name)
{
    separate(b);
    put_quoted(b, name, strlen(name));
    buf_put_u8(b, ':');
}

void json_put_text(struct buf *b, const char *text, size_t len)
{
    separate(b);
    put_quoted(b, text, len);
}

void json_put_string(struct buf *b, const char *text)
{
    json_put_text(b, text, strlen(text));
}

void json_put_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    separate(b);
    buf_put(b, digits + at, sizeof digits - at);
}

void json_put_i64(struct buf *b, int64_t v)
{
    if (v >= 0) {
        json_put_u64(b, (uint64_t)v);
        return;
    }
    separate(b);
    buf_putf(b, "%lld", (long long)v);
}

void json_put_bool(struct buf *b, bool v)
{
    json_put_raw(b, v ? "true" : "false");
}

void json_put_null(struct buf *b)
{
    json_put_raw(b, "null");
}

void json_put_raw(struct buf *b, const char *json)
{
    size_t len = strlen(json);
    while (len > 0 && strchr(" \t\r\n", json[len - 1]))
        len--; /* a trailing line end would be read as the end of a document */
    ASSERT(len > 0);
    separate(b);
    buf_put(b, json, len);
}

void json_put_data(struct buf *b, const void *data, size_t len)
{
    separate(b);
    ASSERT(len < SIZE_MAX / 4);
    char *out = (char *)buf_grow(b, 2 * len + 4);
    memcpy(out, "\"0x", 3);
    hex_encode(out + 3, data, len); /* its NUL is where the quote goes */
    out[2 * len + 3] = '"';
}

void json_put_quantity(struct buf *b, uint64_t v)
{
    json_put_quantity_u256(b, u256_from_u64(v));
}

void json_put_quantity_u256(struct buf *b, struct u256 v)
{
    unsigned digits = (u256_bit_len(v) + 3) / 4;
    digits = digits ? digits : 1;
    separate(b);
    char *out = (char *)buf_grow(b, digits + 4);
    memcpy(out, "\"0x", 3);
    for (unsigned i = 0; i < digits; i++)
        out[3 + i] =
            "0123456789abcdef"[v.w[(digits - 1 - i) / 16] >> (digits - 1 - i) % 16 * 4 & 15];
    out[3 + digits] = '"';
}
