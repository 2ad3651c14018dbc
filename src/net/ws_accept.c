/* The handshake hash of RFC 6455 sec. 4.2.2: base64(SHA-1(key || GUID)). SHA-1 proves nothing here,
 * it only shows that the server speaks WebSocket; so it stays private to this file. */
#include "net/conn.h"

static uint32_t rotl(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static void sha1_block(uint32_t h[5], const uint8_t block[64])
{
    uint32_t w[80];
    for (unsigned i = 0; i < 16; i++)
        w[i] = be32_get(block + 4 * i);
    for (unsigned i = 16; i < 80; i++)
        w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (unsigned i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? (b & c) | (~b & d)
                     : i < 40 ? b ^ c ^ d
                     : i < 60 ? (b & c) | (b & d) | (c & d)
                              : b ^ c ^ d;
        static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
        uint32_t t = rotl(a, 5) + f + e + k[i / 20] + w[i];
        e = d;
        d = c;
        c = rotl(b, 30);
        b = a;
        a = t;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ws_accept_key(char out[29], const char *key)
{
    /* 24 + 36 characters, 0x80, zeros, 64-bit length: two blocks */
    uint8_t text[128] = {0}, digest[21] = {0};
    ASSERT(strlen(key) == 24);
    memcpy(text, key, 24);
    memcpy(text + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
    text[60] = 0x80;
    be64_put(text + 120, 60 * 8);
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    sha1_block(h, text);
    sha1_block(h, text + 64);
    for (unsigned i = 0; i < 5; i++)
        be32_put(digest + 4 * i, h[i]);
    for (unsigned i = 0; i < 7; i++) {
        uint32_t v =
            (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (unsigned j = 0; j < 4; j++)
            out[4 * i + j] = alphabet[v >> (18 - 6 * j) & 63];
    }
    out[27] = '='; /* 20 bytes: one character of padding */
    out[28] = 0;
}

bool ws_key_valid(const char *key)
{
    return strlen(key) == 24 && strspn(key, alphabet) == 22 && strcmp(key + 22, "==") == 0;
}
