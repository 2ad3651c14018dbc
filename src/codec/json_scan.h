/* json_scan: the strict grammar of RFC 8259, checked before cJSON builds a tree.
 *
 * Purpose   cJSON accepts more than JSON (raw control characters, "\u0000" that cuts a string,
 *           leading zeros, invalid UTF-8) and says little about where a text is wrong. */
#ifndef PARVIS_CODEC_JSON_SCAN_H
#define PARVIS_CODEC_JSON_SCAN_H

#include "base/bytes.h"

struct json_fault {
    size_t at;        /* byte position in the text */
    const char *what; /* for a person, in their language */
};

/* json_scan checks one whole text. plain gets a byte per number, in order: 1 for an integer without
 * fraction and exponent, else 0. E_OK | E_JSON with *fault | E_TOO_LARGE with *fault: more than
 * `most` values, those inside others counted. */
enum err json_scan(struct bytes text, size_t most, struct buf *plain, struct json_fault *fault);

#endif
