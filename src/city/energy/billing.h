/* billing: the records and payments of invoices, below the closing of months (invoice.c). */
#ifndef PARVIS_CITY_ENERGY_BILLING_H
#define PARVIS_CITY_ENERGY_BILLING_H

#include "city/energy/invoice.h"

/* Per producer, in the operation's producer order. */
struct billed {
    uint64_t energy_wh;
    uint64_t ht_cents;
    uint64_t vat_cents;
};

/* Lines of an invoice; count 0 when there is none. Arrays live in the call's arena. */
enum err lines_load(struct service_call *c, uint64_t operation, uint32_t month, uint32_t consumer,
                    struct invoice_line **lines, size_t *count);
enum err lines_store(struct service_call *c, uint64_t operation, uint32_t month, uint32_t consumer,
                     const struct invoice_line *lines, size_t count);

/* What was invoiced for a month so far. producer_points names the point of each producer. */
enum err billed_load(struct service_call *c, uint64_t operation, uint32_t month, uint32_t consumer,
                     const uint32_t *producer_points, uint32_t producers, struct billed *out);
enum err billed_store(struct service_call *c, uint64_t operation, uint32_t month, uint32_t consumer,
                      const struct billed *b, uint32_t producers);

enum err credits_load(struct service_call *c, uint64_t operation, uint32_t consumer,
                      uint32_t producers, uint64_t *out);
enum err credits_store(struct service_call *c, uint64_t operation, uint32_t consumer,
                       uint32_t producers, const uint64_t *cents);

/* lines_pay pays, in order, every line that is due and that the deposit covers; one transfer per
 * producer, with InvoicePaid. Refuses MoneyNotConserved when what left the deposit is not what the
 * lines say. *paid_out is the total in cents. */
struct payment {
    uint64_t operation;
    uint32_t month;
    uint32_t consumer_point;
    const struct point *points;
};
enum err lines_pay(struct service_call *c, const struct payment *p, struct invoice_line *lines,
                   size_t count, uint64_t *paid_out);

/* The points that consume (or produce) in order. */
uint32_t *points_of_role(struct arena *a, const struct point *points, uint32_t count,
                         bool producers);

#endif
