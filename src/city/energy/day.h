/* day: one operation-day from its batch to its results, in memory. Used to settle, to correct, and
 * by the views, so that what is shown is what was computed. */
#ifndef PARVIS_CITY_ENERGY_DAY_H
#define PARVIS_CITY_ENERGY_DAY_H

#include "city/energy/point.h"

/* The day's frame: its steps, its members, its key. */
struct day {
    const struct operation *operation;
    uint32_t number;
    struct day_steps steps;
    const struct point *points;
    uint32_t point_count; /* registered when the day was settled */
    uint32_t consumers;
    uint32_t producers;
    enum allocation_key key;
    uint32_t *ppm;      /* as struct allocation_step; dynamic keys: per step, one after the other */
    uint8_t *level;     /* [consumers] */
    uint64_t *consumed; /* [steps * consumers], READING_ABSENT taken as zero */
    uint64_t *produced; /* [steps * producers] */
    uint32_t missing;   /* absent readings of members */
    struct allocation_scratch scratch;
};

/* What a day adds up to. */
struct day_sums {
    uint64_t produced_wh;
    uint64_t consumed_wh;
    uint64_t shared_wh;
    uint64_t *consumed_by; /* [consumers] */
    uint64_t *allocated_to;
    uint64_t *produced_by; /* [producers] */
    uint64_t *used_of;
    uint64_t *matrix; /* [producers * consumers] */
    struct hash allocation_hash;
    struct hash matrix_hash;
};

/* day_open loads points, key and coefficients. day_read decodes a batch and checks it:
 * MalformedReadings, NotMember, ReadingTooLarge, ConsentMissing (only if check_consent). Charges
 * gas. */
enum err day_open(struct service_call *c, const struct operation *o, uint32_t number,
                  uint32_t point_count, struct day *out);
enum err day_read(struct service_call *c, struct day *d, struct bytes batch, bool check_consent);

/* day_allocate computes one step (result arrays from day_result_new); ConservationBroken when the
 * laws of allocation_check do not hold. day_sum runs over all steps. */
void day_result_new(struct service_call *c, const struct day *d, struct allocation_result *out);
enum err day_allocate(struct service_call *c, struct day *d, uint32_t step,
                      struct allocation_result *out);
enum err day_sum(struct service_call *c, struct day *d, struct day_sums *out);

/* Test seam: when set, called on every computed step before it is checked. */
extern void (*day_allocation_hook)(const struct allocation_step *in, struct allocation_result *out);

#endif
