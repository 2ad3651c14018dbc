/* settlement: a whole period of an operation computed offline with the contract's own rules
 * (city/energy/allocation.h): totals, days' hashes, months' matrix and invoice lines. What the
 * ledger says can so be checked by anyone who has the readings.
 *
 * Days and months are those of the operation's zone. Membership: outside first_step..last_step a
 * point counts as zero. Cost: one pass over the steps; memory: months * producers * consumers. */
#ifndef PARVIS_GATEWAY_FILES_SETTLEMENT_H
#define PARVIS_GATEWAY_FILES_SETTLEMENT_H

#include "city/energy/allocation.h"
#include "gateway/files/district.h"

/* Energy of one point and month by the operator's classes. Consumer: 3 self-produced (received),
 * 4 from elsewhere; 3 + 4 = consumption. Producer: 5 shared, 6 surplus; 5 + 6 = production. */
struct month_point {
    uint64_t total_wh;
    uint64_t shared_wh; /* class 3 or 5; class 4 or 6 is the rest */
};

struct settlement {
    enum allocation_key key;
    const struct district *op; /* borrowed */
    uint64_t produced_wh, consumed_wh, shared_wh;
    uint64_t *shared_of_step;  /* [steps] */
    struct hash *day_hash;     /* [days] */
    struct hash *day_pairwise; /* [days] */
    size_t days;
    struct hash year_hash, year_pairwise;
    uint32_t first_month; /* calendar.h month number */
    size_t months;
    uint64_t *matrix_wh;                /* [months * producers * consumers] */
    struct month_point *consumer_month; /* [months * consumers] */
    struct month_point *producer_month; /* [months * producers] */
};

/* Called for every step with the step's inputs and results; may be NULL. */
typedef void (*settlement_visit)(void *ctx, uint32_t step, const struct allocation_step *in,
                                 const struct allocation_result *out);

/* settlement_run computes one key over the whole dataset; tick (may be NULL) tells progress in
 * days. An allocation that breaks a conservation law is a bug and stops (ASSERT). Free with
 * settlement_free. Keys: default, static, waterfill, priority. */
void settlement_run(struct settlement *s, const struct dataset *data, enum allocation_key key,
                    settlement_visit visit, void *ctx,
                    void (*tick)(void *, const char *, uint64_t, uint64_t), void *tick_ctx);
void settlement_free(struct settlement *s);

/* Readings of a step: consumption and production of all points (in their order), missing ones
 * counted; arrays of consumers and producers elements. */
size_t dataset_step(const struct dataset *data, uint32_t step, uint64_t *consumption_wh,
                    uint64_t *production_wh);

/* One line of an invoice: a producer's energy to a consumer in a month. */
struct invoice_line {
    uint32_t month; /* calendar.h month number */
    size_t producer, consumer;
    uint64_t energy_wh;
    uint64_t price_microeur_kwh;
    uint32_t vat_ppm;
    struct invoice_amount amount;
};

/* settlement_line is the line of (month index, producer, consumer). */
struct invoice_line settlement_line(const struct settlement *s, size_t month, size_t producer,
                                    size_t consumer);

/* Sums of all lines. */
struct invoice_sum {
    uint64_t lines, energy_wh, nanoeur, ht_cents, vat_cents;
};
struct invoice_sum settlement_sum(const struct settlement *s);

#endif
