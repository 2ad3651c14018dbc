/* sample: a made-up city district for trying the program without anybody's data.
 *
 * SYNTHETIC: no reading comes from a real meter. 40 consumers (households, shops, offices, a
 * school) and 4 solar roofs in Lyon during 2025, half-hour by half-hour in legal time, so both
 * clock changes are in it. The sun's position is computed, the weather is autocorrelated noise
 * around Lyon's seasons, consumption follows profiles of day, week and season; some meters have
 * gaps, one household leaves in June and one joins in March. Everything is integer arithmetic from
 * one seed: the same seed gives the same bytes on every machine, compiler and optimisation level.
 */
#ifndef PARVIS_GATEWAY_FILES_SAMPLE_H
#define PARVIS_GATEWAY_FILES_SAMPLE_H

#include "gateway/files/district.h"

/* sample_generate fills *out (free with dataset_free). */
void sample_generate(struct dataset *out, uint64_t seed);

/* sample_write makes the district and writes operation.json, consumption_wh_halfhour.csv.gz and
 * production_wh_halfhour.csv.gz into dir, which is created if need be. E_OK | E_IO | E_DISK_FULL.
 */
enum err sample_write(const char *dir, uint64_t seed, struct diag *d);

#endif
