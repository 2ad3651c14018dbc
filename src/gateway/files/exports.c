/* exports: see exports.h. */
#include "gateway/files/exports.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/files/civil.h"

void month_text(char out[16], uint32_t month_number)
{
    snprintf(out, 16, "%04u-%02u", (month_number / 12) % 10000, month_number % 12 + 1);
}

void export_invoice_header(struct buf *out, bool vat_is_20)
{
    buf_putf(out,
             "month,producer,consumer,energy_wh,price_microeur_per_kwh,amount_nanoeur,"
             "amount_ht_cents,%s,amount_ttc_cents\n",
             vat_is_20 ? "vat20_cents" : "vat_cents");
}

void export_invoice_line(struct buf *out, const char *month, const char *producer,
                         const char *consumer, const struct invoice_line *l)
{
    buf_putf(out, "%s,", month);
    csv_put_field(out, producer, ',');
    buf_put_u8(out, ',');
    csv_put_field(out, consumer, ',');
    buf_putf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
             l->energy_wh, l->price_microeur_kwh, l->amount.nanoeur, l->amount.ht_cents,
             l->amount.vat_cents, l->amount.ht_cents + l->amount.vat_cents);
}

void export_invoices(struct buf *out, const struct settlement *s)
{
    const struct district *o = s->op;
    bool vat_is_20 = true;
    for (size_t k = 0; k < o->producers; k++)
        vat_is_20 &= o->producer[k].vat_ppm == 200000;
    export_invoice_header(out, vat_is_20);
    for (size_t month = 0; month < s->months; month++)
        for (size_t k = 0; k < o->producers; k++)
            for (size_t i = 0; i < o->consumers; i++) {
                struct invoice_line l = settlement_line(s, month, k, i);
                char when[16];
                month_text(when, l.month);
                export_invoice_line(out, when, o->producer[k].id, o->consumer[i].id, &l);
            }
}

void export_days(struct buf *out, const struct settlement *s, size_t keys, size_t pairwise)
{
    buf_puts(out, "day");
    for (size_t i = 0; i < keys; i++)
        buf_putf(out, ",%s", allocation_key_name(s[i].key));
    buf_putf(out, ",pairwise_%s\n", allocation_key_name(s[pairwise].key));
    for (size_t day = 0; day < s[0].days; day++) {
        char hex[65];
        buf_putf(out, "%zu", day);
        for (size_t i = 0; i <= keys; i++) {
            const struct hash *h = i < keys ? &s[i].day_hash[day] : &s[pairwise].day_pairwise[day];
            hex_encode(hex, h->b, sizeof h->b);
            buf_putf(out, ",%s", hex);
        }
        buf_put_u8(out, '\n');
    }
}

void export_steps(struct buf *out, const struct dataset *data, const struct settlement *s,
                  size_t keys)
{
    const struct district *o = &data->op;
    uint64_t *consumption = mem_zalloc(o->consumers, sizeof *consumption);
    uint64_t *production = mem_zalloc(o->producers, sizeof *production);
    buf_puts(out, "step,production_wh,consumption_wh,missing");
    for (size_t i = 0; i < keys; i++)
        buf_putf(out, ",auto_%s", allocation_key_name(s[i].key));
    for (size_t i = 0; i < keys; i++)
        buf_putf(out, ",surplus_%s", allocation_key_name(s[i].key));
    buf_put_u8(out, '\n');
    for (uint32_t step = 0; step < o->steps; step++) {
        uint64_t produced = 0, consumed = 0;
        size_t missing = dataset_step(data, step, consumption, production);
        for (size_t i = 0; i < o->consumers; i++)
            consumed += consumption[i];
        for (size_t k = 0; k < o->producers; k++)
            produced += production[k];
        buf_putf(out, "%u,%" PRIu64 ",%" PRIu64 ",%zu", step, produced, consumed, missing);
        for (size_t i = 0; i < keys; i++)
            buf_putf(out, ",%" PRIu64, s[i].shared_of_step[step]);
        for (size_t i = 0; i < keys; i++)
            buf_putf(out, ",%" PRIu64, produced - s[i].shared_of_step[step]);
        buf_put_u8(out, '\n');
    }
    mem_free(consumption);
    mem_free(production);
}

static void put_class(struct buf *out, const char *month, const char *id, int class,
                      uint64_t energy_wh)
{
    buf_putf(out, "%s,", month);
    csv_put_field(out, id, ',');
    buf_putf(out, ",%d,%" PRIu64 "\n", class, energy_wh);
}

void export_classes(struct buf *out, const struct settlement *s)
{
    const struct district *o = s->op;
    buf_puts(out, "month,point,class,energy_wh\n");
    for (size_t month = 0; month < s->months; month++) {
        char when[16];
        month_text(when, s->first_month + (uint32_t)month);
        for (size_t i = 0; i < o->consumers; i++) {
            struct month_point m = s->consumer_month[month * o->consumers + i];
            put_class(out, when, o->consumer[i].id, 3, m.shared_wh);
            put_class(out, when, o->consumer[i].id, 4, m.total_wh - m.shared_wh);
        }
        for (size_t k = 0; k < o->producers; k++) {
            struct month_point m = s->producer_month[month * o->producers + k];
            put_class(out, when, o->producer[k].id, 5, m.shared_wh);
            put_class(out, when, o->producer[k].id, 6, m.total_wh - m.shared_wh);
        }
    }
}

void export_allocation_header(struct buf *out, const struct district *o)
{
    buf_puts(out, "step,ts_utc");
    for (size_t i = 0; i < o->consumers; i++) {
        buf_put_u8(out, ',');
        csv_put_field(out, o->consumer[i].id, ',');
    }
    buf_put_u8(out, '\n');
}

void export_allocation_step(struct buf *out, const struct district *o, uint32_t step,
                            const uint64_t *allocated_wh)
{
    char when[32];
    civil_format_utc(when, o->start_s + (int64_t)step * o->step_s);
    buf_putf(out, "%u,%s", step, when);
    for (size_t i = 0; i < o->consumers; i++)
        buf_putf(out, ",%" PRIu64, allocated_wh[i]);
    buf_put_u8(out, '\n');
}

static const char *operator_name(const struct district_point *p)
{
    return p->prm[0] ? p->prm : p->id;
}

void export_coefficient_header(struct buf *out)
{
    buf_puts(out, "operation;prm_producteur;prm_consommateur;horodate;coefficient_ppm\n");
}

void export_coefficient_step(struct buf *out, const struct district *o, uint32_t step,
                             const struct allocation_step *in, const uint64_t *matrix_wh,
                             struct allocation_scratch *scratch)
{
    char when[32];
    uint32_t *ppm = mem_zalloc(in->consumers, sizeof *ppm);
    civil_format_utc(when, o->start_s + (int64_t)step * o->step_s);
    for (size_t k = 0; k < in->producers; k++) {
        const uint64_t *row = matrix_wh + k * in->consumers;
        uint64_t shared = 0;
        for (size_t i = 0; i < in->consumers; i++)
            shared += row[i];
        if (shared == 0)
            continue;
        coefficients_derive(ppm, in->production_wh[k], row, in->consumption_wh, in->consumers,
                            scratch);
        for (size_t i = 0; i < in->consumers; i++) {
            if (ppm[i] == 0)
                continue;
            csv_put_field(out, o->name, ';');
            buf_putf(out, ";%s;%s;%s;%" PRIu32 "\n", operator_name(&o->producer[k]),
                     operator_name(&o->consumer[i]), when, ppm[i]);
        }
    }
    mem_free(ppm);
}
