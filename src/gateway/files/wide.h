/* wide: one table for many points: a row per step, a column per point.
 *
 *   step,ts_utc,MAC000002,MAC000003
 *   0,2013-01-01T00:00:00Z,219,1966
 *   1,2013-01-01T00:30:00Z,241,
 *
 * Energy in Wh per step, empty = missing. Steps are numbered from 0 without a hole; all have the
 * same length, which the first two rows tell. */
#ifndef PARVIS_GATEWAY_FILES_WIDE_H
#define PARVIS_GATEWAY_FILES_WIDE_H

#include "gateway/files/csv.h"
#include "gateway/files/curve.h"

#define WIDE_MISSING UINT64_MAX
#define WIDE_WH_MAX 100000000u /* one reading */

struct wide {
    char **id;
    size_t points;
    int64_t start_s;
    uint32_t step_s; /* 0 when there are fewer than two steps */
    size_t steps;
    uint64_t *wh; /* [steps * points], step after step; WIDE_MISSING where empty */
    size_t cap;
};

/* wide_read reads a table. E_OK | E_CSV (in p). w must be {0}; free it in every case. */
enum err wide_read(struct wide *w, struct csv *csv, struct problems *p);

/* wide_from_curves makes a table of the curves of one role, each brought to step_s
 * (curve_resample), from start_s for `steps` steps; what no curve covers is missing. A measure
 * outside is a problem. */
enum err wide_from_curves(struct wide *w, struct curve_set *s, enum curve_role role,
                          int64_t start_s, uint32_t step_s, size_t steps, bool split,
                          struct problems *p);

/* wide_write writes the table to a file, gzip when its name ends in ".gz" (without a time stamp, so
 * the same table gives the same bytes). E_OK | E_IO. */
enum err wide_write(const struct wide *w, const char *path, struct diag *d);
void wide_write_buf(const struct wide *w, struct buf *out);
void wide_free(struct wide *w);

#endif
