/* utf8: one character of UTF-8 (Unicode 15, table 3-7: no overlong form, no surrogate). */
#ifndef PARVIS_CODEC_UTF8_H
#define PARVIS_CODEC_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* utf8_len is the length (1 to 4) of the well-formed character at p, of which len > 0 bytes can be
 * read; 0 if there is none. */
static inline size_t utf8_len(const uint8_t *p, size_t len)
{
    uint8_t first = p[0];
    if (first < 0x80)
        return 1;
    size_t need = first >= 0xc2 && first <= 0xdf   ? 2
                  : first >= 0xe0 && first <= 0xef ? 3
                  : first >= 0xf0 && first <= 0xf4 ? 4
                                                   : 0;
    if (need == 0 || len < need)
        return 0;
    /* what the first byte leaves to the second: E0 and F0 overlong, ED surrogates, F4 the end */
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return need;
}

#endif
