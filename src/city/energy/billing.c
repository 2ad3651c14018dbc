#include "city/energy/billing.h"

uint32_t *points_of_role(struct arena *a, const struct point *points, uint32_t count,
                         bool producers)
{
    uint32_t *out = arena_zalloc(a, count + 1, sizeof *out);
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (producers ? point_produces(&points[i]) : point_consumes(&points[i]))
            out[at++] = i;
    }
    return out;
}

/* --- records ---------------------------------------------------------------------------------- */

#define LINE_BYTES 56u

enum err lines_load(struct service_call *c, uint64_t operation, uint32_t month, uint32_t consumer,
                    struct invoice_line **lines, size_t *count)
{
    struct hash slot = RECORD_SLOT("invoice", operation, month, consumer);
    struct record r;
    TRY(record_load(c, &slot, &r));
    *count = (size_t)(r.end - r.p) / LINE_BYTES;
    *lines = arena_zalloc(c->arena, *count + 1, sizeof **lines);
    for (size_t i = 0; i < *count; i++) {
        struct invoice_line *l = &(*lines)[i];
        l->producer = record_u32(&r);
        l->of_month = record_u32(&r);
        l->energy_wh = (int64_t)record_u64(&r);
        l->price_microeur_kwh = record_u64(&r);
        l->ht_cents = (int64_t)record_u64(&r);
        l->vat_cents = (int64_t)record_u64(&r);
        l->due_cents = record_u64(&r);
        l->paid_cents = record_u64(&r);
    }
    return record_is_empty(&r) ? E_OK : record_unreadable(c);
}

enum err lines_store(struct service_call *c, uint64_t operation, uint32_t month, uint32_t consumer,
                     const struct invoice_line *lines, size_t count)
{
    struct buf b = {0};
    for (size_t i = 0; i < count; i++) {
        const struct invoice_line *l = &lines[i];
        record_put_u32(&b, l->producer);
        record_put_u32(&b, l->of_month);
        record_put_u64(&b, (uint64_t)l->energy_wh);
        record_put_u64(&b, l->price_microeur_kwh);
        record_put_u64(&b, (uint64_t)l->ht_cents);
        record_put_u64(&b, (uint64_t)l->vat_cents);
        record_put_u64(&b, l->due_cents);
        record_put_u64(&b, l->paid_cents);
    }
    ASSERT(b.len == count * LINE_BYTES);
    struct hash slot = RECORD_SLOT("invoice", operation, month, consumer);
    return record_store(c, &slot, &b);
}

enum err billed_load(struct service_call *c, uint64_t operation, uint32_t month, uint32_t consumer,
                     const uint32_t *producer_points, uint32_t producers, struct billed *out)
{
    struct hash slot = RECORD_SLOT("billed", operation, month, consumer);
    struct record r;
    TRY(record_load(c, &slot, &r));
    memset(out, 0, producers * sizeof *out);
    if (!record_is_empty(&r)) {
        for (uint32_t k = 0; k < producers && !record_is_empty(&r); k++) {
            out[k].energy_wh = record_u64(&r);
            out[k].ht_cents = record_u64(&r);
            out[k].vat_cents = record_u64(&r);
        }
        return r.bad ? record_unreadable(c) : E_OK;
    }
    struct invoice_line *lines;
    size_t count;
    TRY(lines_load(c, operation, month, consumer, &lines, &count));
    for (size_t i = 0; i < count; i++) {
        for (uint32_t k = 0; lines[i].of_month == month && k < producers; k++) {
            if (lines[i].producer == producer_points[k])
                out[k] = (struct billed){(uint64_t)lines[i].energy_wh, (uint64_t)lines[i].ht_cents,
                                         (uint64_t)lines[i].vat_cents};
        }
    }
    return E_OK;
}

enum err billed_store(struct service_call *c, uint64_t operation, uint32_t month, uint32_t consumer,
                      const struct billed *billed, uint32_t producers)
{
    struct buf b = {0};
    for (uint32_t k = 0; k < producers; k++) {
        record_put_u64(&b, billed[k].energy_wh);
        record_put_u64(&b, billed[k].ht_cents);
        record_put_u64(&b, billed[k].vat_cents);
    }
    struct hash slot = RECORD_SLOT("billed", operation, month, consumer);
    return record_store(c, &slot, &b);
}

enum err credits_load(struct service_call *c, uint64_t operation, uint32_t consumer,
                      uint32_t producers, uint64_t *out)
{
    struct hash slot = RECORD_SLOT("credit", operation, consumer);
    struct record r;
    TRY(record_load(c, &slot, &r));
    memset(out, 0, producers * sizeof *out);
    for (uint32_t k = 0; k < producers && !record_is_empty(&r); k++)
        out[k] = record_u64(&r);
    return r.bad ? record_unreadable(c) : E_OK;
}

enum err credits_store(struct service_call *c, uint64_t operation, uint32_t consumer,
                       uint32_t producers, const uint64_t *cents)
{
    struct buf b = {0};
    uint64_t any = 0;
    for (uint32_t k = 0; k < producers; k++) {
        record_put_u64(&b, cents[k]);
        any |= cents[k];
    }
    if (any == 0)
        buf_clear(&b); /* no credit, no record */
    struct hash slot = RECORD_SLOT("credit", operation, consumer);
    return record_store(c, &slot, &b);
}

/* --- payment ---------------------------------------------------------------------------------- */

/* Marks the lines of one producer that the rest of the deposit covers; returns their sum. */
static uint64_t mark_paid(struct invoice_line *lines, size_t count, uint32_t producer,
                          struct u256 *left)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct invoice_line *l = &lines[i];
        if (l->producer != producer || l->paid_cents == l->due_cents)
            continue;
        struct u256 rest;
        if (u256_sub(&rest, *left, wei_of_cents(l->due_cents)))
            continue;
        *left = rest;
        l->paid_cents = l->due_cents;
        sum += l->due_cents;
    }
    return sum;
}

enum err lines_pay(struct service_call *c, const struct payment *p, struct invoice_line *lines,
                   size_t count, uint64_t *paid_out)
{
    struct deposit d;
    TRY(deposit_load(c, p->operation, p->consumer_point, &d));
    struct u256 left = deposit_total(&d);
    *paid_out = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t producer = lines[i].producer;
        uint64_t cents = mark_paid(lines, count, producer, &left);
        if (cents == 0)
            continue;
        TRY(deposit_pay(c, &d, &p->points[producer].holder, wei_of_cents(cents)));
        TRY(EMIT(c, "InvoicePaid", abi_u64(p->operation), abi_u64(p->month),
                 abi_u64(p->consumer_point), abi_u64(producer), abi_u64(cents)));
        *paid_out += cents;
    }
    if (!u256_eq(deposit_total(&d), left))
        return REFUSE(c, "MoneyNotConserved", abi_u64(p->operation), abi_u64(p->month),
                      abi_u64(p->consumer_point));
    return *paid_out == 0 ? E_OK : deposit_store(c, p->operation, p->consumer_point, &d);
}
