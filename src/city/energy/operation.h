/* operation: one collective self-consumption operation: organiser, perimeter, calendar, keys and
 * running totals. Slot "operation"(id); key values in "key"(id, ordinal of the key period). */
#ifndef PARVIS_CITY_ENERGY_OPERATION_H
#define PARVIS_CITY_ENERGY_OPERATION_H

#include "city/energy/allocation.h"
#include "city/energy/calendar.h"
#include "city/energy/energy.h"
#include "city/record.h"

#define OPERATION_PERIODS_MAX 64u /* changes of step; and again of key */
#define OPERATION_PENDING_MAX 36u /* closed months with corrections not yet invoiced */

enum perimeter { PERIMETER_BUILDING, PERIMETER_EXTENDED, PERIMETER_COUNT };

struct key_period {
    uint64_t from_s;
    enum allocation_key key;
};

/* Sums of a closing under way, for MonthClosed. */
struct closing {
    bool active;
    uint32_t next_consumer;
    uint64_t lines;
    int64_t energy_wh;
    int64_t ht_cents;
    int64_t vat_cents;
};

struct operation {
    uint64_t id;
    struct address organiser;
    enum zone zone;
    enum perimeter perimeter;
    struct hash site;
    uint32_t grid_operator;
    uint32_t flags; /* OPERATION_* */
    uint32_t points;
    uint32_t consumers; /* storage counts among both */
    uint32_t producers;
    uint64_t settled_until_s; /* end of the last settled day; the start before the first */
    uint32_t days_settled;
    uint32_t open_month; /* the first month not closed */
    uint64_t produced_wh;
    uint64_t consumed_wh;
    uint64_t shared_wh;
    int64_t invoiced_ht_cents;
    int64_t invoiced_vat_cents;
    uint64_t paid_cents;
    struct closing closing;
    uint32_t period_count;
    struct step_period period[OPERATION_PERIODS_MAX];
    uint32_t key_count;
    struct key_period key[OPERATION_PERIODS_MAX];
    uint32_t pending_count;
    uint32_t pending[OPERATION_PENDING_MAX]; /* months, ascending */
};

/* operation_load: UnknownOperation when there is none. operation_load_own: also NotAuthorised
 * (organiser) unless the caller is its organiser. */
enum err operation_load(struct service_call *c, uint64_t id, struct operation *out);
enum err operation_load_own(struct service_call *c, uint64_t id, struct operation *out);
enum err operation_store(struct service_call *c, const struct operation *o);

/* The steps of a day; BadDay when the operation has none that day. */
enum err operation_day(struct service_call *c, const struct operation *o, uint64_t day,
                       struct day_steps *out);
/* Refuses an instant inside what is settled, or beyond the calendar (BadTime). */
enum err operation_check_from(struct service_call *c, const struct operation *o, uint64_t from_s);

/* The key of a day and its values per point (ppm or levels, zero-filled to `points` entries). */
enum err operation_key_at(struct service_call *c, const struct operation *o, uint64_t at_s,
                          uint32_t points, enum allocation_key *key, uint32_t **values);

enum err run_create_operation(struct service_call *c);
enum err run_set_step(struct service_call *c);
enum err run_set_key(struct service_call *c);
enum err run_operation(struct service_call *c);
enum err run_operation_count(struct service_call *c);
enum err run_steps(struct service_call *c);
enum err run_totals(struct service_call *c);

#endif
