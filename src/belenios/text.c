#include "belenios/text.h"

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void reverse32(uint8_t out[EDWARDS_BYTES], const uint8_t in[EDWARDS_BYTES])
{
    for (size_t i = 0; i < EDWARDS_BYTES; i++)
        out[i] = in[EDWARDS_BYTES - 1 - i];
}

void bel_point_text(char out[BEL_POINT_CHARS + 1], const uint8_t le32[EDWARDS_BYTES])
{
    uint8_t be32[EDWARDS_BYTES];
    reverse32(be32, le32);
    hex_encode(out, be32, sizeof be32);
}

/* The value of a lower-case hexadecimal digit, or -1. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool bel_point_bytes(uint8_t le32[EDWARDS_BYTES], const char *text, size_t len)
{
    if (len != BEL_POINT_CHARS)
        return false;
    for (size_t i = 0; i < EDWARDS_BYTES; i++) {
        int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        le32[EDWARDS_BYTES - 1 - i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* 32 bytes are 42 digits of six bits and one of four, which stand at its upper end. */
void bel_hash_text(char out[BEL_HASH_CHARS + 1], const struct hash *h)
{
    uint32_t bits = 0;
    unsigned held = 0;
    char *p = out;
    for (size_t i = 0; i < sizeof h->b; i++) {
        bits = bits << 8 | h->b[i];
        for (held += 8; held >= 6; held -= 6)
            *p++ = BASE64[bits >> (held - 6) & 63];
    }
    *p++ = BASE64[bits << (6 - held) & 63];
    *p = '\0';
    ASSERT(p == out + BEL_HASH_CHARS);
}

bool bel_hash_from_text(struct hash *out, const char *text, size_t len)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    struct hash h;
    if (len != BEL_HASH_CHARS)
        return false;
    for (size_t i = 0; i < len; i++) {
        const char *digit = text[i] ? strchr(BASE64, text[i]) : NULL;
        if (!digit)
            return false;
        bits = bits << 6 | (uint32_t)(digit - BASE64);
        held += 6;
        if (held >= 8) {
            held -= 8;
            h.b[at++] = (uint8_t)(bits >> held);
        }
    }
    if (bits & ((1u << held) - 1)) /* the last digit's lower two bits say nothing */
        return false;
    *out = h;
    return true;
}

bool bel_is_base58(const char *text, size_t len)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    for (size_t i = 0; i < len; i++) {
        if (!text[i] || !strchr(alphabet, text[i]))
            return false;
    }
    return true;
}

void bel_put_string(struct buf *out, const char *text, size_t len)
{
    buf_put_u8(out, '"');
    for (size_t i = 0; i < len; i++) {
        static const char named[] = "\b\f\n\r\t", letters[] = "bfnrt";
        char c = text[i];
        const char *known = c ? strchr(named, c) : NULL;
        if (c == '"' || c == '\\')
            buf_putf(out, "\\%c", c);
        else if (known)
            buf_putf(out, "\\%c", letters[known - named]);
        else if ((uint8_t)c < 0x20 || c == 0x7f)
            buf_putf(out, "\\u%04x", (unsigned)(uint8_t)c);
        else
            buf_put_u8(out, (uint8_t)c);
    }
    buf_put_u8(out, '"');
}
