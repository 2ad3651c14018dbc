/* bytes: views, growable buffers, fixed-size names (address, hash) and hexadecimal.
 *
 * Purpose   the vocabulary every room speaks: a borrowed view (struct bytes), an owned growable
 *           buffer (struct buf), a 20-byte address and a 32-byte hash.
 * Memory    allocation failure is fail-stop (see base/mem.h), so nothing here returns "no memory".
 * Threads   values only; no shared state. */
#ifndef PARVIS_BASE_BYTES_H
#define PARVIS_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/* A borrowed view of len bytes. data may be NULL only if len is 0. Never freed through the view. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

struct address {
    uint8_t b[20];
};

struct hash {
    uint8_t b[32];
};

/* An owned growable byte buffer. {0} is a valid empty buffer. */
struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
    return (struct bytes){(const uint8_t *)data, len};
}

static inline struct bytes bytes_str(const char *text)
{
    return bytes_of(text, strlen(text));
}

static inline struct bytes buf_view(const struct buf *b)
{
    return (struct bytes){b->data, b->len};
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool address_eq(const struct address *a, const struct address *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static inline bool address_is_zero(const struct address *a)
{
    static const struct address zero;
    return address_eq(a, &zero);
}

static inline bool hash_eq(const struct hash *a, const struct hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static inline bool hash_is_zero(const struct hash *h)
{
    static const struct hash zero;
    return hash_eq(h, &zero);
}

/* buf_reserve makes room for extra more bytes; buf_put copies len bytes to the end;
 * buf_put_u8 appends one byte; buf_putf appends printf-formatted text (a NUL is kept after the
 * text but not counted in len); buf_grow appends len uninitialised bytes and returns them. */
void buf_reserve(struct buf *b, size_t extra);
void buf_put(struct buf *b, const void *data, size_t len);
void buf_put_u8(struct buf *b, uint8_t byte);
uint8_t *buf_grow(struct buf *b, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* buf_clear empties b and keeps its memory; buf_free releases it and leaves {0}. */
void buf_clear(struct buf *b);
void buf_free(struct buf *b);

/* buf_cstr returns b's content NUL-terminated; valid until b changes. */
const char *buf_cstr(struct buf *b);

/* text_disarm replaces what a terminal would act on with '?': control characters (C0, DEL and, in
 * UTF-8, C1). with_lines keeps line ends and tabs. For text that holds words of strangers. */
void text_disarm(char *text, size_t len, bool with_lines);

/* hex_encode writes 2*len lower-case digits and a NUL to out (2*len+1 bytes), no prefix. */
void hex_encode(char *out, const uint8_t *data, size_t len);

/* buf_put_hex appends "0x" and 2*len lower-case digits. */
void buf_put_hex(struct buf *b, const uint8_t *data, size_t len);

/* hex_decode reads exactly 2*out_len digits of text (text_len characters, optional "0x" prefix).
 * Returns E_OK | E_HEX (wrong length or a non-digit); out is written only on success. */
enum err hex_decode(uint8_t *out, size_t out_len, const char *text, size_t text_len);

/* hex_decode_buf appends the bytes of an even number of digits ("0x" optional). E_OK | E_HEX. */
enum err hex_decode_buf(struct buf *out, const char *text, size_t text_len);

/* address_from_hex / hash_from_hex read 40 / 64 digits with optional "0x". E_OK | E_HEX. */
enum err address_from_hex(struct address *out, const char *text);
enum err hash_from_hex(struct hash *out, const char *text);

/* Big-endian integers in byte strings. */
static inline uint64_t be64_get(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

static inline void be64_put(uint8_t *p, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(p, &v, sizeof v);
}

static inline uint32_t be32_get(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

static inline void be32_put(uint8_t *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
}

#endif
