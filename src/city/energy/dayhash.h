/* dayhash: one SHA-256 that commits to a day's allocations, comparable with anyone's recomputation.
 *
 * Form      one text line per step, in order:  "step,a_1,a_2,...,a_n\n"      (allocations in Wh)
 *           or per step and producer:          "step,producer,m_1,...,m_n\n" (matrix rows)
 *           decimal numbers without leading zeros; step counted from the operation's start.
 * Year      SHA-256 over the concatenated lower-case hexadecimal digests of its days, in order. */
#ifndef PARVIS_CITY_ENERGY_DAYHASH_H
#define PARVIS_CITY_ENERGY_DAYHASH_H

#include "base/bytes.h"
#include "crypto/sha256.h"

#define DAYHASH_BUFFER 8192

struct dayhash {
    struct sha256 sha;
    size_t fill;
    char text[DAYHASH_BUFFER];
};

void dayhash_begin(struct dayhash *h);
void dayhash_step(struct dayhash *h, uint64_t step, const uint64_t *allocated_wh, size_t count);
void dayhash_row(struct dayhash *h, uint64_t step, uint64_t producer, const uint64_t *row_wh,
                 size_t count);
void dayhash_end(struct dayhash *h, struct hash *out);

/* yearhash: feed the days' digests in order. */
struct yearhash {
    struct sha256 sha;
};
void yearhash_begin(struct yearhash *y);
void yearhash_day(struct yearhash *y, const struct hash *day);
void yearhash_end(struct yearhash *y, struct hash *out);

#endif
