#include "city/energy/billing.h"
#include "city/energy/month.h"

void (*invoice_hook)(struct invoice_line *lines, size_t count);

/* What a closing looks at: the month itself last, before it the earlier months with corrections. */
struct closing_month {
    uint32_t month;
    struct month sums;
    struct tariff *tariff; /* [producers] */
};

struct close {
    struct operation o;
    struct point *points;
    uint32_t *consumer_points;
    uint32_t *producer_points;
    size_t month_count;
    struct closing_month month[OPERATION_PENDING_MAX + 1];
};

/* --- opening ---------------------------------------------------------------------------------- */

static enum err load_closing_month(struct service_call *c, struct close *k, uint32_t month)
{
    struct closing_month *m = &k->month[k->month_count++];
    m->month = month;
    TRY(month_load(c, &k->o, month, &m->sums));
    m->tariff = arena_zalloc(c->arena, k->o.producers + 1, sizeof *m->tariff);
    for (uint32_t i = 0; i < k->o.producers; i++)
        TRY(tariff_at(c, k->o.id, k->producer_points[i], month, &m->tariff[i]));
    return E_OK;
}

static uint32_t expected_days(const struct operation *o, uint32_t month)
{
    uint32_t first = month_first_day(month), end = month_first_day(month + 1);
    uint32_t start = zone_day(o->zone, o->period[0].from_s);
    return end - (start > first ? start : first);
}

static enum err open_close(struct service_call *c, struct close *k, uint64_t month)
{
    struct operation *o = &k->o;
    TRY(operation_load_own(c, abi_get_u64(service_arg(c, 0)), o));
    if (month != o->open_month)
        return REFUSE(c, "NotOpenMonth", abi_u64(month), abi_u64(o->open_month));
    TRY(points_load(c, o->id, o->points, &k->points));
    k->consumer_points = points_of_role(c->arena, k->points, o->points, false);
    k->producer_points = points_of_role(c->arena, k->points, o->points, true);
    k->month_count = 0;
    for (uint32_t i = 0; i < o->pending_count; i++)
        TRY(load_closing_month(c, k, o->pending[i]));
    TRY(load_closing_month(c, k, (uint32_t)month));
    uint32_t days = k->month[k->month_count - 1].sums.days;
    uint32_t expected = expected_days(o, (uint32_t)month);
    if (days < expected)
        return REFUSE(c, "DaysMissing", abi_u64(month), abi_u64(days), abi_u64(expected));
    return E_OK;
}

/* --- lines ------------------------------------------------------------------------------------ */

struct line_list {
    struct invoice_line *line;
    size_t count;
};

static void add_line(struct line_list *list, uint32_t producer_point, uint32_t month,
                     const struct tariff *t, uint64_t energy_wh, struct billed *billed)
{
    struct invoice_amount now;
    /* cannot overflow: ENERGY_READING_LIMIT and ENERGY_PRICE_LIMIT bound the product */
    ASSERT(invoice_amount_of(&now, energy_wh, t->price_microeur_kwh, t->vat_ppm));
    list->line[list->count++] = (struct invoice_line){
        .producer = producer_point,
        .of_month = month,
        .energy_wh = (int64_t)(energy_wh - billed->energy_wh),
        .price_microeur_kwh = t->price_microeur_kwh,
        .ht_cents = (int64_t)(now.ht_cents - billed->ht_cents),
        .vat_cents = (int64_t)(now.vat_cents - billed->vat_cents),
    };
    *billed = (struct billed){energy_wh, now.ht_cents, now.vat_cents};
}

/* The lines of one consumer in one month: new energy, or the difference to what was invoiced. */
static enum err add_lines(struct service_call *c, struct close *k, size_t at, uint32_t consumer,
                          struct line_list *list)
{
    struct closing_month *m = &k->month[at];
    uint32_t producers = k->o.producers;
    bool corrects = at + 1 < k->month_count;
    struct billed *billed = arena_zalloc(c->arena, producers + 1, sizeof *billed);
    if (corrects)
        TRY(billed_load(c, k->o.id, m->month, consumer, k->producer_points, producers, billed));
    size_t before = list->count;
    for (uint32_t p = 0; p < producers; p++) {
        uint64_t energy_wh = m->sums.matrix_wh[(size_t)p * m->sums.consumers + consumer];
        if (energy_wh != billed[p].energy_wh)
            add_line(list, k->producer_points[p], m->month, &m->tariff[p], energy_wh, &billed[p]);
    }
    if (corrects && list->count != before)
        TRY(billed_store(c, k->o.id, m->month, consumer, billed, producers));
    return E_OK;
}

/* Sets negative lines and carried credit against the producer's positive lines, in order. */
static void offset_producer(struct line_list *list, uint32_t producer_point, uint64_t *credit)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct invoice_line *l = &list->line[i];
        int64_t amount = l->ht_cents + l->vat_cents;
        if (l->producer == producer_point && amount < 0)
            *credit += (uint64_t)-amount;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct invoice_line *l = &list->line[i];
        int64_t amount = l->ht_cents + l->vat_cents;
        if (l->producer != producer_point || amount <= 0)
            continue;
        uint64_t offset = *credit < (uint64_t)amount ? *credit : (uint64_t)amount;
        *credit -= offset;
        l->due_cents = (uint64_t)amount - offset;
    }
}

static uint64_t sum_u64(const uint64_t *v, uint32_t count)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += v[i];
    return sum;
}

/* What the lines say equals what will be claimed and the change of credit. */
static bool money_holds(const struct line_list *list, uint64_t credit_before, uint64_t credit_after)
{
    int64_t said = 0, due = 0;
    for (size_t i = 0; i < list->count; i++) {
        said += list->line[i].ht_cents + list->line[i].vat_cents;
        due += (int64_t)list->line[i].due_cents;
    }
    return said == due - (int64_t)(credit_after - credit_before);
}

static enum err offset_credits(struct service_call *c, struct close *k, uint32_t consumer,
                               struct line_list *list)
{
    uint32_t producers = k->o.producers;
    uint64_t *credit = arena_zalloc(c->arena, producers + 1, sizeof *credit);
    TRY(credits_load(c, k->o.id, consumer, producers, credit));
    uint64_t before = sum_u64(credit, producers);
    for (uint32_t p = 0; p < producers; p++)
        offset_producer(list, k->producer_points[p], &credit[p]);
    if (invoice_hook)
        invoice_hook(list->line, list->count);
    uint64_t after = sum_u64(credit, producers);
    if (!money_holds(list, before, after))
        return REFUSE(c, "MoneyNotConserved", abi_u64(k->o.id), abi_u64(k->o.open_month),
                      abi_u64(k->consumer_points[consumer]));
    return before == 0 && after == 0 ? E_OK
                                     : credits_store(c, k->o.id, consumer, producers, credit);
}

static enum err emit_line(struct service_call *c, const struct close *k, uint32_t consumer_point,
                          const struct invoice_line *l)
{
    return EMIT(c, "InvoiceLine", abi_u64(k->o.id), abi_u64(k->o.open_month),
                abi_u64(consumer_point), abi_u64(l->producer), abi_u64(l->of_month),
                abi_i64(l->energy_wh), abi_u64(l->price_microeur_kwh), abi_i64(l->ht_cents),
                abi_i64(l->vat_cents));
}

static void book_lines(struct operation *o, const struct line_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct invoice_line *l = &list->line[i];
        o->closing.lines++;
        o->closing.energy_wh += l->energy_wh;
        o->closing.ht_cents += l->ht_cents;
        o->closing.vat_cents += l->vat_cents;
        o->invoiced_ht_cents += l->ht_cents;
        o->invoiced_vat_cents += l->vat_cents;
    }
}

/* All of one consumer: lines, credit, payment. */
static enum err close_consumer(struct service_call *c, struct close *k, uint32_t consumer)
{
    struct operation *o = &k->o;
    size_t most = k->month_count * o->producers;
    struct line_list list = {arena_zalloc(c->arena, most + 1, sizeof *list.line), 0};
    TRY(service_charge(c, (uint64_t)GAS_ENERGY_SHARE * most));
    for (size_t m = 0; m < k->month_count; m++)
        TRY(add_lines(c, k, m, consumer, &list));
    if (list.count == 0)
        return E_OK;
    TRY(service_charge(c, (uint64_t)GAS_ENERGY_LINE * list.count));
    TRY(offset_credits(c, k, consumer, &list));
    uint32_t point = k->consumer_points[consumer];
    for (size_t i = 0; i < list.count; i++)
        TRY(emit_line(c, k, point, &list.line[i]));
    uint64_t paid;
    struct payment payment = {o->id, o->open_month, point, k->points};
    TRY(lines_pay(c, &payment, list.line, list.count, &paid));
    o->paid_cents += paid;
    book_lines(o, &list);
    return lines_store(c, o->id, o->open_month, consumer, list.line, list.count);
}

/* --- methods ---------------------------------------------------------------------------------- */

static enum err finish_close(struct service_call *c, struct operation *o)
{
    const struct closing k = o->closing;
    uint32_t month = o->open_month++;
    o->closing = (struct closing){0};
    o->pending_count = 0;
    return EMIT(c, "MonthClosed", abi_u64(o->id), abi_u64(month), abi_u64(k.lines),
                abi_i64(k.energy_wh), abi_i64(k.ht_cents), abi_i64(k.vat_cents));
}

enum err run_close_month(struct service_call *c)
{
    struct close *k = arena_alloc(c->arena, sizeof *k);
    TRY(open_close(c, k, abi_get_u64(service_arg(c, 1))));
    struct operation *o = &k->o;
    uint64_t most = abi_get_u64(service_arg(c, 2));
    uint32_t left = o->consumers - o->closing.next_consumer;
    uint32_t now = most == 0 || most > left ? left : (uint32_t)most;
    o->closing.active = true;
    for (uint32_t i = 0; i < now; i++)
        TRY(close_consumer(c, k, o->closing.next_consumer + i));
    o->closing.next_consumer += now;
    bool closed = now == left;
    if (closed)
        TRY(finish_close(c, o));
    TRY(operation_store(c, o));
    return service_return(c, (struct abi_value[]){abi_bool(closed)});
}

/* The consumer number of a point; NotConsumer. */
static enum err consumer_of(struct service_call *c, const struct operation *o,
                            const struct point *points, uint64_t index, uint32_t *out)
{
    if (index >= o->points)
        return REFUSE(c, "UnknownPoint", abi_u64(o->id), abi_u64(index));
    if (!point_consumes(&points[index]))
        return REFUSE(c, "NotConsumer", abi_u64(index));
    *out = 0;
    for (uint32_t i = 0; i < index; i++)
        *out += point_consumes(&points[i]);
    return E_OK;
}

enum err run_pay_invoice(struct service_call *c)
{
    struct operation o;
    struct point *points;
    struct invoice_line *lines;
    size_t count;
    uint32_t consumer;
    uint32_t month = (uint32_t)abi_get_u64(service_arg(c, 1));
    uint64_t index = abi_get_u64(service_arg(c, 2)), due = 0, paid;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(points_load(c, o.id, o.points, &points));
    TRY(consumer_of(c, &o, points, index, &consumer));
    if (!address_eq(&points[index].holder, &c->frame->caller) &&
        !address_eq(&o.organiser, &c->frame->caller))
        return service_not_authorised(c, "holder");
    TRY(lines_load(c, o.id, month, consumer, &lines, &count));
    for (size_t i = 0; i < count; i++)
        due += lines[i].due_cents - lines[i].paid_cents;
    if (due == 0)
        return REFUSE(c, "NothingDue", abi_u64(month), abi_u64(index));
    struct payment payment = {o.id, month, (uint32_t)index, points};
    TRY(lines_pay(c, &payment, lines, count, &paid));
    if (paid == 0) {
        struct deposit d;
        TRY(deposit_load(c, o.id, (uint32_t)index, &d));
        return REFUSE(c, "DepositTooSmall", abi_u256(deposit_total(&d)),
                      abi_u256(wei_of_cents(due)));
    }
    o.paid_cents += paid;
    TRY(lines_store(c, o.id, month, consumer, lines, count));
    TRY(operation_store(c, &o));
    return service_return(c, NULL);
}

enum err run_invoice(struct service_call *c)
{
    struct operation o;
    struct point *points;
    struct invoice_line *lines;
    size_t count;
    uint32_t consumer;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(points_load(c, o.id, o.points, &points));
    TRY(consumer_of(c, &o, points, abi_get_u64(service_arg(c, 2)), &consumer));
    TRY(lines_load(c, o.id, (uint32_t)abi_get_u64(service_arg(c, 1)), consumer, &lines, &count));
    struct abi_value out[7];
    for (size_t k = 0; k < 7; k++)
        out[k] = abi_list(c->arena, count);
    for (size_t i = 0; i < count; i++) {
        out[0].item[i] = abi_u64(lines[i].producer);
        out[1].item[i] = abi_u64(lines[i].of_month);
        out[2].item[i] = abi_i64(lines[i].energy_wh);
        out[3].item[i] = abi_i64(lines[i].ht_cents);
        out[4].item[i] = abi_i64(lines[i].vat_cents);
        out[5].item[i] = abi_u64(lines[i].due_cents);
        out[6].item[i] = abi_u64(lines[i].paid_cents);
    }
    return service_return(c, out);
}

enum err run_credits(struct service_call *c)
{
    struct operation o;
    struct point *points;
    uint32_t consumer;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(points_load(c, o.id, o.points, &points));
    TRY(consumer_of(c, &o, points, abi_get_u64(service_arg(c, 1)), &consumer));
    uint64_t *credit = arena_zalloc(c->arena, o.producers + 1, sizeof *credit);
    TRY(credits_load(c, o.id, consumer, o.producers, credit));
    struct abi_value list = abi_list(c->arena, o.producers);
    for (uint32_t p = 0; p < o.producers; p++)
        list.item[p] = abi_u64(credit[p]);
    return service_return(c, &list);
}
