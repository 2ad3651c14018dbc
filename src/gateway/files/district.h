/* district: an operation's description (operation.json) and its readings, as files hold them.
 *
 *   { "operation": "OP-A", "step_minutes": 30, "steps": 17520, "start_utc": "2013-01-01T00:00:00Z",
 *     "consumers": [{"id": "MAC000002", "static_ppm": 27028, "priority_level": 1,
 *                    "first_step": 0, "last_step": 17519}, ...],
 *     "producers": [{"id": "PR01-ECOLE-PV", "kind": "pv", "peak_w": 36000,
 *                    "price_microeur_per_kwh": 110000}, ...] }
 *
 * Optional  "note"; "zone": "utc" (default) or "paris": the days and months of billing;
 *           "vat_ppm" (default 200000) for the operation or a producer; "organiser": {"name",
 *           "address", "siret", "vat_number"}; for a point "prm" (14 digits), "holder", "address",
 *           "holder_kind": "natural" (default for a consumer) or "legal" (for a producer).
 * Order     points are sorted by identifier: the order of every tie (city/energy/allocation.h). */
#ifndef PARVIS_GATEWAY_FILES_DISTRICT_H
#define PARVIS_GATEWAY_FILES_DISTRICT_H

#include "city/energy/calendar.h"
#include "gateway/files/wide.h"

struct json;

#define DISTRICT_PRICE_MAX 10000000u /* micro-euro per kWh: 10 EUR */

struct district_party {
    char name[96];
    char address[160];
    char siret[24];
    char vat_number[24];
};

struct district_point {
    char id[CURVE_ID_MAX];
    char prm[16]; /* "" if not given */
    struct district_party holder;
    bool is_producer;
    bool is_natural;     /* the holder is a person: needs a consent */
    uint32_t first_step; /* membership, both included */
    uint32_t last_step;
    uint32_t static_ppm; /* consumers */
    uint8_t level;       /* consumers: 1 is served first */
    char kind[16];       /* producers: "pv", "hydro" ... */
    uint32_t peak_w;     /* producers */
    uint64_t price_microeur_kwh;
    uint32_t vat_ppm;
};

struct district {
    char name[64];
    char note[256];
    struct district_party organiser;
    enum zone zone;
    uint32_t step_s;
    uint32_t steps;
    int64_t start_s;
    struct district_point *consumer;
    size_t consumers;
    struct district_point *producer;
    size_t producers;
};

/* district_read reads and checks the file: every wrong or missing member is reported as
 * FILE: member: reason. E_OK | E_CSV (in p) | E_NOT_FOUND | E_IO (in d). */
enum err district_read(struct district *o, const char *path, struct problems *p, struct diag *d);
void district_read_json(struct district *o, const char *name, const struct json *j,
                        struct problems *p);
void district_free(struct district *o);

/* district_put_json appends the description in the form that district_read reads. */
void district_put_json(struct buf *out, const struct district *o);

/* An operation with all its readings. [steps * points], points in the operation's order;
 * WIDE_MISSING where there is none. */
struct dataset {
    struct district op;
    uint64_t *consumption_wh;
    uint64_t *production_wh;
};

/* dataset_read reads the three files and checks that they tell of the same points and period. */
enum err dataset_read(struct dataset *s, const char *operation, const char *consumption,
                      const char *production, struct problems *p, struct diag *d);

/* dataset_read_dir finds them in a folder: operation.json, consumption*.csv[.gz],
 * production*.csv[.gz]. */
enum err dataset_read_dir(struct dataset *s, const char *dir, struct problems *p, struct diag *d);
void dataset_free(struct dataset *s);

#endif
