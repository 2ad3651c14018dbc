/* exports: what a settlement is written to, as CSV. All functions append to a buffer.
 *
 * allocations    step,ts_utc,ID...: Wh received per step (wide.h's form)
 * steps          step,production_wh,consumption_wh,missing,auto_KEY...,surplus_KEY...
 * days           day,KEY...,pairwise_KEY
 * invoices       month,producer,consumer,energy_wh,price_microeur_per_kwh,amount_nanoeur,
 *                amount_ht_cents,vat20_cents,amount_ttc_cents ("vat_cents" if a rate is not 20 %)
 * classes        month,point,class,energy_wh: the distribution operator's classes 3 to 6
 * coefficients   operation;prm_producteur;prm_consommateur;horodate;coefficient_ppm: the neutral
 *                form of facts/energy.md 1.4; ppm of the producer's production; only steps that
 *                shared something */
#ifndef PARVIS_GATEWAY_FILES_EXPORTS_H
#define PARVIS_GATEWAY_FILES_EXPORTS_H

#include "gateway/files/settlement.h"

void export_invoice_header(struct buf *out, bool vat_is_20);
void export_invoice_line(struct buf *out, const char *month, const char *producer,
                         const char *consumer, const struct invoice_line *l);
void export_invoices(struct buf *out, const struct settlement *s);

void export_days(struct buf *out, const struct settlement *s, size_t keys, size_t pairwise);
void export_steps(struct buf *out, const struct dataset *data, const struct settlement *s,
                  size_t keys);
void export_classes(struct buf *out, const struct settlement *s);

void export_allocation_header(struct buf *out, const struct district *o);
void export_allocation_step(struct buf *out, const struct district *o, uint32_t step,
                            const uint64_t *allocated_wh);
void export_coefficient_header(struct buf *out);
/* One row per producer and consumer that shared: R3 over a producer's rows gives its matrix row
 * back within 1 Wh (coefficients_derive). */
void export_coefficient_step(struct buf *out, const struct district *o, uint32_t step,
                             const struct allocation_step *in, const uint64_t *matrix_wh,
                             struct allocation_scratch *scratch);

/* A month number as "2013-01". */
void month_text(char out[16], uint32_t month_number);

#endif
