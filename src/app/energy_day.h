/* energy_day: a local day of an operation's files, as `energy load` sends it and `energy correct`
 * compares it. */
#ifndef PARVIS_APP_ENERGY_DAY_H
#define PARVIS_APP_ENERGY_DAY_H

#include "app/command.h"
#include "city/energy/allocation.h"
#include "gateway/files/organiser.h"

#define DAY_STEPS_MAX 200u /* 25 hours of 10 minutes are 150 */

/* Points in the order in which `energy load` registers them: consumers, then producers. */
size_t district_point_count(const struct district *o);
const struct district_point *district_point_at(const struct district *o, size_t i);
/* When a step begins, in seconds since 1970. */
uint64_t district_step_s(const struct district *o, uint64_t step);

/* organiser_has_points: whether the organiser's file is of these points (erased ones match any). */
bool organiser_has_points(const struct organiser *organiser, const struct district *o);

/* day_steps: the steps of a local day that the data has; false when it has not all of them. */
bool day_steps(const struct district *o, uint32_t day, uint32_t *first, uint32_t *count);

/* day_batch appends the day's readings in the encoding of city/energy/readings.h. */
void day_batch(const struct dataset *data, uint32_t first, uint32_t count, struct buf *out);

/* day_gas: an upper bound of the gas of settling a batch; correcting takes twice as much. At most
 * LIMIT_TX_GAS. */
uint64_t day_gas(const struct district *o, enum allocation_key key, size_t batch_bytes,
                 uint64_t steps, unsigned times);

/* day_text: "2025-03-30", in a ring of buffers, for printf. */
const char *day_text(uint32_t day);

/* day_option reads an option "YYYY-MM-DD"; *out keeps its value when it is absent. E_OK | E_USAGE.
 */
enum err day_option(const struct cli *cli, const char *name, uint32_t *out, struct diag *d);

#endif
