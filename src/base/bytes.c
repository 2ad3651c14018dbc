#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

#define BUF_MIN_BYTES 64

void buf_reserve(struct buf *b, size_t extra)
{
    if (b->cap - b->len >= extra)
        return;
    if (extra > SIZE_MAX / 2 - b->len)
        mem_fail(extra);
    size_t need = b->len + extra;
    size_t cap = b->cap < BUF_MIN_BYTES ? BUF_MIN_BYTES : b->cap * 2;
    if (cap < need)
        cap = need;
    b->data = mem_resize(b->data, cap, 1);
    b->cap = cap;
}

uint8_t *buf_grow(struct buf *b, size_t len)
{
    buf_reserve(b, len ? len : 1); /* never a NULL pointer, even for no bytes */
    uint8_t *p = b->data + b->len;
    b->len += len;
    return p;
}

void buf_put(struct buf *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(buf_grow(b, len), data, len);
}

void buf_put_u8(struct buf *b, uint8_t byte)
{
    *buf_grow(b, 1) = byte;
}

void buf_puts(struct buf *b, const char *text)
{
    buf_put(b, text, strlen(text));
}

void buf_putf(struct buf *b, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    buf_reserve(b, BUF_MIN_BYTES);
    size_t room = b->cap - b->len;
    int n = vsnprintf((char *)b->data + b->len, room, format, ap);
    ASSERT(n >= 0);
    if ((size_t)n >= room) {
        buf_reserve(b, (size_t)n + 1);
        vsnprintf((char *)b->data + b->len, (size_t)n + 1, format, again);
    }
    va_end(again);
    va_end(ap);
    b->len += (size_t)n;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
}

void buf_free(struct buf *b)
{
    mem_free(b->data);
    *b = (struct buf){0};
}

const char *buf_cstr(struct buf *b)
{
    buf_reserve(b, 1);
    b->data[b->len] = 0;
    return (const char *)b->data;
}

static const char hex_digits[16] = "0123456789abcdef";

static void hex_put(char *out, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex_digits[data[i] >> 4];
        out[2 * i + 1] = hex_digits[data[i] & 15];
    }
}

void text_disarm(char *text, size_t len, bool with_lines)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i], next = i + 1 < len ? (uint8_t)text[i + 1] : 0;
        if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
            text[i] = text[i + 1] = '?';
        else if (with_lines && (c == '\n' || c == '\t' || (c == '\r' && next == '\n')))
            continue;
        else if (c < 0x20 || c == 0x7f)
            text[i] = '?';
    }
}

void hex_encode(char *out, const uint8_t *data, size_t len)
{
    hex_put(out, data, len);
    out[2 * len] = 0;
}

void buf_put_hex(struct buf *b, const uint8_t *data, size_t len)
{
    ASSERT(len < SIZE_MAX / 4);
    char *out = (char *)buf_grow(b, 2 + 2 * len);
    out[0] = '0';
    out[1] = 'x';
    hex_put(out + 2, data, len);
}

/* The value of a digit plus one, so that the rest of the table, zero, means "not a digit". */
static const uint8_t hex_value_plus_1[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static size_t hex_skip_prefix(const char **text, size_t text_len)
{
    if (text_len >= 2 && (*text)[0] == '0' && (*text)[1] == 'x') {
        *text += 2;
        return text_len - 2;
    }
    return text_len;
}

/* Converts 2*len digits; false (and unspecified output) if one of them is not a digit. */
static bool hex_convert(uint8_t *out, const char *text, size_t len)
{
    unsigned bad = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned high = hex_value_plus_1[(uint8_t)text[2 * i]];
        unsigned low = hex_value_plus_1[(uint8_t)text[2 * i + 1]];
        bad |= (high == 0) | (low == 0);
        out[i] = (uint8_t)((high - 1) << 4 | ((low - 1) & 15));
    }
    return !bad;
}

enum err hex_decode(uint8_t *out, size_t out_len, const char *text, size_t text_len)
{
    text_len = hex_skip_prefix(&text, text_len);
    if (text_len % 2 != 0 || text_len / 2 != out_len)
        return E_HEX;
    for (size_t i = 0; i < text_len; i++)
        if (!hex_value_plus_1[(uint8_t)text[i]])
            return E_HEX;
    hex_convert(out, text, out_len);
    return E_OK;
}

enum err hex_decode_buf(struct buf *out, const char *text, size_t text_len)
{
    text_len = hex_skip_prefix(&text, text_len);
    if (text_len % 2 != 0)
        return E_HEX;
    if (text_len == 0)
        return E_OK;
    buf_reserve(out, text_len / 2);
    if (!hex_convert(out->data + out->len, text, text_len / 2))
        return E_HEX;
    out->len += text_len / 2;
    return E_OK;
}

enum err address_from_hex(struct address *out, const char *text)
{
    return hex_decode(out->b, sizeof out->b, text, strlen(text));
}

enum err hash_from_hex(struct hash *out, const char *text)
{
    return hex_decode(out->b, sizeof out->b, text, strlen(text));
}
