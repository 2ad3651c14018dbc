/* consent: what a point's holder agreed to: purpose, from, until, withdrawn (ACC-25).
 * Slot "consent"(operation, point): a list of intervals; withdrawing shortens them, so the record
 * shows what was in force at every past instant; the events show who did what when. */
#ifndef PARVIS_CITY_ENERGY_CONSENT_H
#define PARVIS_CITY_ENERGY_CONSENT_H

#include "city/energy/point.h"

#define CONSENTS_MAX 64u

struct consent {
    uint8_t purpose; /* CONSENT_* */
    uint64_t from_s;
    uint64_t until_s;
};

/* ConsentMissing unless readings of the point may be collected in every step of the day whose
 * value is present: values[t * stride] for t in [first, last). Points of legal persons need none.
 */
enum err consent_check(struct service_call *c, const struct operation *o, uint32_t index,
                       const struct point *p, const struct day_steps *day, const uint64_t *values,
                       size_t stride);

enum err run_give_consent(struct service_call *c);
enum err run_withdraw_consent(struct service_call *c);
enum err run_consents(struct service_call *c);

#endif
