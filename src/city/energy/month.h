/* month: what an operation's local month adds up to, per point and per producer-consumer pair.
 * Slot "month"(operation, month). Always the corrected truth; what was invoiced from it is kept
 * apart (invoice.h). Arrays are in consumer and producer order of the whole operation. */
#ifndef PARVIS_CITY_ENERGY_MONTH_H
#define PARVIS_CITY_ENERGY_MONTH_H

#include "city/energy/operation.h"

struct month {
    uint32_t days; /* settled */
    uint32_t consumers;
    uint32_t producers;
    uint64_t *consumed_wh;  /* [consumers]; class 3 + 4 */
    uint64_t *allocated_wh; /* [consumers]; class 3 */
    uint64_t *produced_wh;  /* [producers]; class 5 + 6 */
    uint64_t *used_wh;      /* [producers]; class 5 */
    uint64_t *matrix_wh;    /* [producers * consumers], row = producer */
};

/* month_load gives zeros for a month without readings, and makes room for the points the operation
 * has by now. Arrays live in the call's arena. */
enum err month_load(struct service_call *c, const struct operation *o, uint32_t month,
                    struct month *out);
enum err month_store(struct service_call *c, const struct operation *o, uint32_t month,
                     const struct month *m);

enum err run_month_matrix(struct service_call *c);
enum err run_classes(struct service_call *c);

#endif
