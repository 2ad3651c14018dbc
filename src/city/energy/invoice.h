/* invoice: a consumer's lines of one closed month, and what became of them.
 *
 * Slots     "invoice"(operation, month, consumer): the lines, never changed but for `paid`.
 *           "billed"(operation, month, consumer): energy and amounts invoiced so far for a month
 *           that was corrected after it closed (absent: what its own invoice says).
 *           "credit"(operation, consumer): cents per producer that corrections owe the consumer.
 * Amounts   a correction line is the difference between R7 of the corrected monthly energy and what
 *           was invoiced, so a corrected month ends with the amounts it would have had at once.
 * Credit    a negative line is set against the same producer's lines of this invoice, the rest is
 *           carried to the next. due >= 0 always; the sum of (ht + vat) is the sum of due less the
 *           change of credit. */
#ifndef PARVIS_CITY_ENERGY_INVOICE_H
#define PARVIS_CITY_ENERGY_INVOICE_H

#include "city/energy/deposit.h"

struct invoice_line {
    uint32_t producer; /* point */
    uint32_t of_month; /* the month the energy belongs to */
    int64_t energy_wh;
    uint64_t price_microeur_kwh;
    int64_t ht_cents;
    int64_t vat_cents;
    uint64_t due_cents;
    uint64_t paid_cents; /* 0 or due_cents */
};

enum err run_close_month(struct service_call *c);
enum err run_pay_invoice(struct service_call *c);
enum err run_invoice(struct service_call *c);
enum err run_credits(struct service_call *c);

/* Test seam: when set, called on a consumer's lines before they are checked. */
extern void (*invoice_hook)(struct invoice_line *lines, size_t count);

#endif
