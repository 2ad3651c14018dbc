/* point: members of an operation: consumers, producers and storage, with tariffs.
 * Slots "points"(operation, chunk of POINTS_PER_CHUNK), "pseudonym"(operation, bytes32),
 * "tariff"(operation, point). */
#ifndef PARVIS_CITY_ENERGY_POINT_H
#define PARVIS_CITY_ENERGY_POINT_H

#include "city/energy/operation.h"

#define POINTS_PER_CHUNK 32u /* one stored record; registering a point rewrites one chunk */
#define POINT_STAYS UINT64_MAX

enum point_role { ROLE_CONSUMER, ROLE_PRODUCER, ROLE_STORAGE, ROLE_COUNT };
enum holder_kind { HOLDER_LEGAL, HOLDER_NATURAL, HOLDER_COUNT };
enum density { DENSITY_URBAN, DENSITY_PERIURBAN, DENSITY_RURAL, DENSITY_COUNT };

struct point {
    struct hash pseudonym;
    struct address holder;
    enum point_role role;
    enum holder_kind holder_kind;
    enum density density;
    uint32_t flags; /* POINT_* */
    uint64_t enter_s;
    uint64_t leave_s; /* POINT_STAYS while not announced */
    uint64_t power_w;
    uint32_t distance_m;
    /* the latest consent for settlement, so that the usual day needs no other record */
    uint64_t consent_from_s;
    uint64_t consent_until_s;
    /* attested at registration, checked then and not kept */
    struct hash site;
    uint32_t grid_operator;
};

static inline bool point_consumes(const struct point *p)
{
    return p->role != ROLE_PRODUCER;
}
static inline bool point_produces(const struct point *p)
{
    return p->role != ROLE_CONSUMER;
}

/* points_load reads the first `count` points into the arena. point_load reads one (UnknownPoint).
 * point_store rewrites one; the chunk is read again. */
enum err points_load(struct service_call *c, uint64_t operation, uint32_t count,
                     struct point **out);
enum err point_load(struct service_call *c, const struct operation *o, uint64_t index,
                    struct point *out);
enum err point_store(struct service_call *c, const struct operation *o, uint32_t index,
                     const struct point *p);

struct tariff {
    uint32_t from_month;
    uint64_t price_microeur_kwh;
    uint32_t vat_ppm;
};
/* The tariff in force in a month (zero price before the first). */
enum err tariff_at(struct service_call *c, uint64_t operation, uint32_t point, uint32_t month,
                   struct tariff *out);

enum err run_add_point(struct service_call *c);
enum err run_remove_point(struct service_call *c);
enum err run_set_tariff(struct service_call *c);
enum err run_point(struct service_call *c);
enum err run_point_of(struct service_call *c);
enum err run_tariff(struct service_call *c);

#endif
