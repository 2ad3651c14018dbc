/* text: how Belenios writes numbers, points and hashes in its JSON documents.
 *
 * A point is 64 lower-case hexadecimal digits of the 256-bit big-endian number whose little-endian
 * bytes RFC 8032 writes; a scalar is a decimal string without leading zero, below q; a hash of a
 * document is 64 lower-case hexadecimal digits, or standard base64 without the final "=" (43
 * characters) where a person reads it. */
#ifndef PARVIS_BELENIOS_TEXT_H
#define PARVIS_BELENIOS_TEXT_H

#include "codec/json.h"
#include "crypto/edwards/edwards.h"

#define BEL_POINT_CHARS 64
#define BEL_HASH_CHARS 43 /* base64 */

void bel_point_text(char out[BEL_POINT_CHARS + 1], const uint8_t le32[EDWARDS_BYTES]);
/* Reads exactly 64 lower-case digits into RFC 8032's byte order; says nothing of the curve. */
bool bel_point_bytes(uint8_t le32[EDWARDS_BYTES], const char *text, size_t len);

/* SHA-256 of a document in base64: trackers, fingerprints. */
void bel_hash_text(char out[BEL_HASH_CHARS + 1], const struct hash *h);
bool bel_hash_from_text(struct hash *out, const char *text, size_t len);

/* The base58 alphabet of credentials, seeds and uuids: 1-9 A-H J-N P-Z a-k m-z. */
bool bel_is_base58(const char *text, size_t len);
/* Belenios' JSON strings: UTF-8 raw; only ", \ and control characters escaped (\b \f \n \r \t by
 * letter, the others \u00xx in lower case). With the quotes. */
void bel_put_string(struct buf *out, const char *text, size_t len);

#endif
