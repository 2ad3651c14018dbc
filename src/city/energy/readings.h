/* readings: the compact encoding of a day's batch, shared by whoever sends it and by the service.
 *
 * Batch     byte 1 (the encoding's version), then one stream per point that is a member in at least
 *           one step of the day, in index order; storage has two, consumption first.
 * Stream    byte 0: absent the whole day.  byte 1: zero in every step.
 *           byte 2: one varint per step of the day: 0 = absent, otherwise Wh + 1.
 *           Steps in which the point is not a member must be absent.
 * Varint    LEB128, least significant 7 bits first, shortest form only, value < 2^50.
 * Shares    coefficients: byte 1, then for each member consumer (full dynamic: for each member
 *           producer, for each member consumer) of the day in index order: byte 1 and one varint
 *           ppm for the whole day, or byte 2 and one varint ppm per step.
 * Size      a household's half-hour takes 1 to 2 bytes. */
#ifndef PARVIS_CITY_ENERGY_READINGS_H
#define PARVIS_CITY_ENERGY_READINGS_H

#include "base/bytes.h"

#define READING_ABSENT UINT64_MAX
#define READINGS_VERSION 1u

/* Writing. readings_begin starts a batch of readings or of coefficients; put one stream after the
 * other. Values < 2^50 or READING_ABSENT (ASSERT). */
void readings_begin(struct buf *out);
void readings_put(struct buf *out, const uint64_t *wh, size_t steps);
void coefficients_put(struct buf *out, const uint32_t *ppm, size_t steps);

/* Reading: a cursor over a batch. E_OK | E_INVALID (malformed) at reader.p. */
struct readings_reader {
    const uint8_t *begin;
    const uint8_t *p;
    const uint8_t *end;
};
enum err readings_open(struct readings_reader *r, struct bytes batch);
/* One stream: value of step t goes to out[t * stride]. */
enum err readings_next(struct readings_reader *r, uint64_t *out, size_t stride, size_t steps);
enum err coefficients_next(struct readings_reader *r, uint32_t *out, size_t stride, size_t steps);
/* Nothing may follow the last stream. */
bool readings_at_end(const struct readings_reader *r);

#endif
