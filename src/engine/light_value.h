/* Private to src/engine: the values of which light documents consist, strictly read. Each E_OK |
 * E_JSON, and d then names the member. */
#ifndef PARVIS_ENGINE_LIGHT_VALUE_H
#define PARVIS_ENGINE_LIGHT_VALUE_H

#include "engine/light.h"

/* value_bad is the error itself. value_only: j is an object of these members (space-separated) and
 * no other; those after the first '?' may be missing. */
enum err value_bad(struct diag *d, const char *where);
enum err value_only(const struct json *j, const char *members, struct diag *d);

/* The member `name` of j. */
enum err value_number(uint64_t *out, const struct json *j, const char *name, uint64_t max,
                      struct diag *d); /* decimal in a string */
enum err value_small(uint32_t *out, const struct json *j, const char *name,
                     struct diag *d); /* a JSON integer up to 2^31 - 1 */
enum err value_hex(struct bytes *out, struct arena *a, const struct json *j, const char *name,
                   size_t min, size_t max, struct diag *d); /* in capitals */
enum err value_hash(struct bytes *out, struct arena *a, const struct json *j, const char *name,
                    struct diag *d); /* 32 bytes or none */
enum err value_whole_hash(struct bytes *out, struct arena *a, const struct json *j,
                          const char *name, struct diag *d);
enum err value_20(uint8_t out20[20], const struct json *j, const char *name, struct diag *d);
enum err value_base64(uint8_t *out, size_t len, const struct json *j, const char *name,
                      struct diag *d);
enum err value_time(struct light_time *out, const struct json *j, const char *name, struct diag *d);

void value_put_number(struct buf *out, uint64_t v);
void value_put_hex(struct buf *out, struct bytes b);
void value_put_base64(struct buf *out, const uint8_t *data, size_t len); /* at most 64 bytes */

#endif
