/* json: reading (cJSON behind a few calls, bounded depth and size) and writing (append to a
 * buffer).
 *
 * Reading   exactly RFC 8259, UTF-8 only; refused besides: an object member that occurs twice,
 *           U+0000 in a string, more than LIMIT_JSON_DEPTH levels, a number beyond a double.
 * Integers  are exact or refused: where one is asked for, a number must be written without fraction
 *           and exponent and be at most 2^53 - 1; larger ones travel as strings.
 * No other file includes cJSON.h. */
#ifndef PARVIS_CODEC_JSON_H
#define PARVIS_CODEC_JSON_H

#include "base/u256.h"

struct json; /* a parsed value */

/* json_parse reads one whole text (nothing but white space may follow). *out is freed with
 * json_free and is untouched on an error. E_OK | E_JSON, with line and column in d. */
enum err json_parse(struct json **out, struct bytes text, struct diag *d);
/* json_parse_most also refuses a text of more than `most` values, those inside others counted,
 * before it takes memory for them (some 70 bytes each). E_OK | E_JSON | E_TOO_LARGE. */
enum err json_parse_most(struct json **out, struct bytes text, size_t most, struct diag *d);
/* json_parse_file reads a whole file of at most LIMIT_IMPORT_FILE_BYTES; a byte order mark is
 * skipped. E_OK | E_IO | E_JSON | E_TOO_LARGE; d names file:line:column. */
enum err json_parse_file(struct json **out, const char *path, struct diag *d);
void json_free(struct json *j);

/* The questions below take NULL for "absent": it is of no type and has no children. */
bool json_is_object(const struct json *j);
bool json_is_array(const struct json *j);
bool json_is_string(const struct json *j);
bool json_is_number(const struct json *j);
bool json_is_bool(const struct json *j);
bool json_is_null(const struct json *j);

/* json_get returns a member (case-sensitive) or NULL; json_at an element or NULL; json_count the
 * number of elements or members; json_first/json_next walk children; json_key a member's name. */
const struct json *json_get(const struct json *object, const char *name);
const struct json *json_at(const struct json *array, size_t index);
size_t json_count(const struct json *j);
const struct json *json_first(const struct json *j);
const struct json *json_next(const struct json *child);
const char *json_key(const struct json *member);

const char *json_text(const struct json *string); /* NULL unless a string */
bool json_true(const struct json *j);             /* the value true, and nothing else */
/* Integers: a JSON integer, or a string in decimal or 0x-hex ("-" allowed in front for json_i64).
 * E_OK | E_JSON (absent, not an integer) | E_RANGE (negative, too wide, a number above 2^53 - 1).
 */
enum err json_u64(uint64_t *out, const struct json *j);
enum err json_i64(int64_t *out, const struct json *j);
enum err json_u256(struct u256 *out, const struct json *j);
double json_double(const struct json *j); /* edges only; NaN unless a number */

/* json_print appends j as compact JSON (used to echo a request's id), with a comma if one is due.
 */
void json_print(struct buf *out, const struct json *j);

/* Writing: commas are placed automatically from what precedes in the buffer.
 *   json_open(b, '{'); json_put_key(b, "a"); json_put_u64(b, 1); json_close(b, '}'); */
void json_open(struct buf *b, char bracket);
void json_close(struct buf *b, char bracket);
void json_put_key(struct buf *b, const char *name);
void json_put_string(struct buf *b, const char *text);
void json_put_text(struct buf *b, const char *text, size_t len); /* invalid UTF-8 is replaced */
void json_put_u64(struct buf *b, uint64_t v);
void json_put_i64(struct buf *b, int64_t v);
void json_put_bool(struct buf *b, bool v);
void json_put_null(struct buf *b);
void json_put_raw(struct buf *b, const char *json); /* one whole value, not empty */
/* Ethereum's forms: DATA (0x + all digits) and QUANTITY (0x + no leading zero). */
void json_put_data(struct buf *b, const void *data, size_t len);
void json_put_quantity(struct buf *b, uint64_t v);
void json_put_quantity_u256(struct buf *b, struct u256 v);

#endif
