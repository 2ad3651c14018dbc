/* rules: the legal perimeter and power limits, ACC-01 to ACC-06, as dated configuration.
 *
 * Sources   code de l'energie L315-2 (ACC-01, 02, 06); arrete of 21 November 2019 as amended on 14
 *           October 2020, 19 September 2023 and 21 February 2025 (ACC-03, 04, 05). Without rules in
 *           the genesis file the two periods of DEFAULT_RULES apply.
 * Refusal   PerimeterRefused(rule, reason). What the contract cannot see (distances, density,
 *           voltage, main activity) is what the organiser attests when it registers a point. */
#ifndef PARVIS_CITY_ENERGY_RULES_H
#define PARVIS_CITY_ENERGY_RULES_H

#include "city/energy/point.h"

struct rules {
    uint64_t from_s;
    uint64_t mainland_w;   /* cumulated installed power stays below */
    uint64_t island_w;     /* the same in zones not interconnected with the mainland */
    uint64_t derogation_w; /* the same with the derogation for municipalities */
    uint32_t distance_m;   /* between the two most distant participants, at most */
    uint32_t periurban_m;  /* with derogation, all in rural or peri-urban municipalities */
    uint32_t rural_m;      /* with derogation, all in rural ones */
};

#define RULES_PERIODS_MAX 64u

enum err rules_check_operation(struct service_call *c, const struct operation *o);
/* Checks a new point against the operation and the members that have not left when it enters. */
enum err rules_check_point(struct service_call *c, const struct operation *o,
                           const struct point *points, const struct point *added);

enum err rules_genesis(struct service_call *c, const struct json *root, struct diag *d);
enum err run_set_rules(struct service_call *c);
enum err run_rules(struct service_call *c);

#endif
