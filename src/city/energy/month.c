#include "city/energy/month.h"

#include "city/energy/point.h"

static void make_room(struct service_call *c, const struct operation *o, struct month *m)
{
    size_t n = o->consumers, p = o->producers;
    uint64_t *cells = arena_zalloc(c->arena, 2 * n + 2 * p + n * p + 1, sizeof *cells);
    *m = (struct month){.consumers = o->consumers,
                        .producers = o->producers,
                        .consumed_wh = cells,
                        .allocated_wh = cells + n,
                        .produced_wh = cells + 2 * n,
                        .used_wh = cells + 2 * n + p,
                        .matrix_wh = cells + 2 * n + 2 * p};
}

static void get_list(struct record *r, uint64_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = record_u64(r);
}

enum err month_load(struct service_call *c, const struct operation *o, uint32_t month,
                    struct month *out)
{
    struct hash slot = RECORD_SLOT("month", o->id, month);
    struct record r;
    TRY(record_load(c, &slot, &r));
    make_room(c, o, out);
    if (record_is_empty(&r))
        return E_OK;
    out->days = record_u32(&r);
    uint32_t consumers = record_u32(&r), producers = record_u32(&r);
    if (r.bad || consumers > o->consumers || producers > o->producers)
        return record_unreadable(c);
    get_list(&r, out->consumed_wh, consumers);
    get_list(&r, out->allocated_wh, consumers);
    get_list(&r, out->produced_wh, producers);
    get_list(&r, out->used_wh, producers);
    for (uint32_t k = 0; k < producers; k++)
        get_list(&r, out->matrix_wh + (size_t)k * o->consumers, consumers);
    return r.bad ? record_unreadable(c) : E_OK;
}

static void put_list(struct buf *b, const uint64_t *v, size_t count)
{
    uint8_t *at = buf_grow(b, count * 8);
    for (size_t i = 0; i < count; i++)
        be64_put(at + 8 * i, v[i]);
}

enum err month_store(struct service_call *c, const struct operation *o, uint32_t month,
                     const struct month *m)
{
    struct buf b = {0};
    record_put_u32(&b, m->days);
    record_put_u32(&b, m->consumers);
    record_put_u32(&b, m->producers);
    put_list(&b, m->consumed_wh, m->consumers);
    put_list(&b, m->allocated_wh, m->consumers);
    put_list(&b, m->produced_wh, m->producers);
    put_list(&b, m->used_wh, m->producers);
    put_list(&b, m->matrix_wh, (size_t)m->consumers * m->producers);
    struct hash slot = RECORD_SLOT("month", o->id, month);
    return record_store(c, &slot, &b);
}

/* --- views ------------------------------------------------------------------------------------ */

enum err run_month_matrix(struct service_call *c)
{
    struct operation o;
    struct month m;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(month_load(c, &o, (uint32_t)abi_get_u64(service_arg(c, 1)), &m));
    size_t cells = (size_t)m.consumers * m.producers;
    struct abi_value list = abi_list(c->arena, cells);
    for (size_t i = 0; i < cells; i++)
        list.item[i] = abi_u64(m.matrix_wh[i]);
    return service_return(c, &list);
}

enum err run_classes(struct service_call *c)
{
    struct operation o;
    struct month m;
    struct point *points;
    uint64_t index = abi_get_u64(service_arg(c, 2));
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    if (index >= o.points)
        return REFUSE(c, "UnknownPoint", abi_u64(o.id), abi_u64(index));
    TRY(points_load(c, o.id, o.points, &points));
    TRY(month_load(c, &o, (uint32_t)abi_get_u64(service_arg(c, 1)), &m));
    uint32_t consumer = 0, producer = 0;
    for (uint32_t i = 0; i < index; i++) {
        consumer += point_consumes(&points[i]);
        producer += point_produces(&points[i]);
    }
    uint64_t v[4] = {0};
    if (point_consumes(&points[index])) {
        v[0] = m.allocated_wh[consumer];
        v[1] = m.consumed_wh[consumer] - v[0];
    }
    if (point_produces(&points[index])) {
        v[2] = m.used_wh[producer];
        v[3] = m.produced_wh[producer] - v[2];
    }
    return service_return(
        c, (struct abi_value[]){abi_u64(v[0]), abi_u64(v[1]), abi_u64(v[2]), abi_u64(v[3])});
}
