/* test_london: reads the optional real data set (67 homes, 4 producers, half-hours of 2013) and
 * its reference results, for the tests of the library and of the service. */
#ifndef PARVIS_CITY_ENERGY_TEST_LONDON_H
#define PARVIS_CITY_ENERGY_TEST_LONDON_H

#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"
#include "city/energy/allocation.h"
#include "city/energy/calendar.h"
#include "city/energy/dayhash.h"
#include "city/energy/readings.h"
#include "codec/json.h"
#include "test.h"

#define LONDON_CONSUMERS 67u
#define LONDON_PRODUCERS 4u
#define LONDON_STEPS 17520u
#define LONDON_DAYS 365u
#define LONDON_START_S 1356998400u

struct london {
    uint64_t *consumption; /* [step][consumer], READING_ABSENT kept */
    uint64_t *production;  /* [step][producer] */
    uint32_t ppm[LONDON_CONSUMERS];
    uint8_t level[LONDON_CONSUMERS];
    uint64_t price[LONDON_PRODUCERS];
    uint64_t peak_w; /* of the first producer */
    char producer[LONDON_PRODUCERS][32];
    char consumer[LONDON_CONSUMERS][32];
};

static inline bool london_table(const char *name, uint64_t *out, size_t columns)
{
    char line[8192];
    const char *path = test_data(name);
    gzFile f = path ? gzopen(path, "rb") : NULL;
    bool good = f && gzgets(f, line, sizeof line);
    for (size_t step = 0; good && step < LONDON_STEPS; step++) {
        good = gzgets(f, line, sizeof line) != NULL;
        char *p = line;
        for (size_t skip = 0; good && skip < 2; skip++)
            p = strchr(p, ',') + 1;
        for (size_t i = 0; good && i < columns; i++) {
            bool absent = *p == ',' || *p == '\n' || *p == '\r' || *p == 0;
            out[step * columns + i] = absent ? READING_ABSENT : strtoull(p, &p, 10);
            p += *p == ',';
        }
    }
    if (f)
        gzclose(f);
    return good;
}

static inline uint64_t london_number(const struct json *o, const char *name)
{
    uint64_t v;
    ASSERT(json_u64(&v, json_get(o, name)) == E_OK);
    return v;
}

/* Loaded once; NULL when the data is not there. */
static inline const struct london *london_load(void)
{
    static struct london l;
    struct diag d;
    struct json *root;
    if (l.consumption || !test_data("energy/a-london-2013/operation.json"))
        return l.consumption ? &l : NULL;
    l.consumption = mem_zalloc((size_t)LONDON_STEPS * LONDON_CONSUMERS, sizeof(uint64_t));
    l.production = mem_zalloc((size_t)LONDON_STEPS * LONDON_PRODUCERS, sizeof(uint64_t));
    ASSERT(london_table("energy/a-london-2013/consumption_wh_halfhour.csv.gz", l.consumption,
                        LONDON_CONSUMERS));
    ASSERT(london_table("energy/a-london-2013/production_wh_halfhour.csv.gz", l.production,
                        LONDON_PRODUCERS));
    ASSERT(json_parse_file(&root, test_data("energy/a-london-2013/operation.json"), &d) == E_OK);
    for (size_t i = 0; i < LONDON_CONSUMERS; i++) {
        const struct json *c = json_at(json_get(root, "consumers"), i);
        l.ppm[i] = (uint32_t)london_number(c, "static_ppm");
        l.level[i] = (uint8_t)london_number(c, "priority_level");
        snprintf(l.consumer[i], sizeof l.consumer[i], "%s", json_text(json_get(c, "id")));
    }
    for (size_t k = 0; k < LONDON_PRODUCERS; k++) {
        const struct json *p = json_at(json_get(root, "producers"), k);
        l.price[k] = london_number(p, "price_microeur_per_kwh");
        l.peak_w = k == 0 ? london_number(p, "peak_w") : l.peak_w;
        snprintf(l.producer[k], sizeof l.producer[k], "%s", json_text(json_get(p, "id")));
    }
    json_free(root);
    return &l;
}

/* The day hashes of the reference, column 0 default .. 3 priority, 4 pairwise; 64 digits each. */
struct london_hashes {
    char hex[LONDON_DAYS][5][65];
};

static inline bool london_hashes_load(struct london_hashes *out)
{
    char line[512];
    const char *path = test_data("energy/oracle/a-london-2013/day_hashes.csv");
    FILE *f = path ? fopen(path, "r") : NULL;
    bool good = f && fgets(line, sizeof line, f);
    for (size_t day = 0; good && day < LONDON_DAYS; day++) {
        good = fgets(line, sizeof line, f) != NULL;
        char *p = line;
        for (size_t k = 0; good && k < 5; k++) {
            p = strchr(p, ',') + 1;
            memcpy(out->hex[day][k], p, 64);
            out->hex[day][k][64] = 0;
        }
    }
    if (f)
        fclose(f);
    return good;
}

static inline bool london_hash_is(const struct hash *h, const char *hex)
{
    char text[65];
    hex_encode(text, h->b, sizeof h->b);
    return strcmp(text, hex) == 0;
}

#endif
