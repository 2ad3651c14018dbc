/* settle: batches of readings become settled days; corrections stand beside them.
 * Slots "day"(operation, day): the result of the version in force; "batch"(operation, day,
 * version): what was sent, kept for ever; "coefficients"(operation, day). */
#ifndef PARVIS_CITY_ENERGY_SETTLE_H
#define PARVIS_CITY_ENERGY_SETTLE_H

#include "city/energy/day.h"

struct day_result {
    uint32_t version; /* 1 for the first batch, +1 per correction */
    uint32_t points;  /* registered when it was settled */
    uint32_t steps;
    uint32_t missing;
    uint64_t produced_wh;
    uint64_t consumed_wh;
    uint64_t shared_wh;
    struct hash allocation_hash;
    struct hash matrix_hash;
};

/* DayNotSettled when there is none. */
enum err day_result_load(struct service_call *c, const struct operation *o, uint64_t day,
                         struct day_result *out);
/* A day as settled, its readings decoded, ready for day_allocate. */
enum err day_reopen(struct service_call *c, const struct operation *o, uint64_t number,
                    struct day *out);

enum err run_submit_coefficients(struct service_call *c);
enum err run_submit_day(struct service_call *c);
enum err run_correct_day(struct service_call *c);

/* views.c */
enum err run_day_result(struct service_call *c);
enum err run_readings(struct service_call *c);
enum err run_allocation(struct service_call *c);
enum err run_matrix(struct service_call *c);

#endif
