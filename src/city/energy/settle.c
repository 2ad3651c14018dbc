#include "city/energy/settle.h"

#include "city/energy/month.h"
#include "crypto/keccak.h"

/* --- records ---------------------------------------------------------------------------------- */

static struct hash day_slot(uint64_t operation, uint64_t day)
{
    return RECORD_SLOT("day", operation, day);
}

static enum err load_result(struct service_call *c, uint64_t operation, uint64_t day,
                            struct day_result *out, bool *exists)
{
    struct hash slot = day_slot(operation, day);
    struct record r;
    TRY(record_load(c, &slot, &r));
    memset(out, 0, sizeof *out);
    *exists = !record_is_empty(&r);
    if (!*exists)
        return E_OK;
    out->version = record_u32(&r);
    out->points = record_u32(&r);
    out->steps = record_u32(&r);
    out->missing = record_u32(&r);
    out->produced_wh = record_u64(&r);
    out->consumed_wh = record_u64(&r);
    out->shared_wh = record_u64(&r);
    memcpy(out->allocation_hash.b, record_take(&r, 32), 32);
    memcpy(out->matrix_hash.b, record_take(&r, 32), 32);
    return r.bad ? record_unreadable(c) : E_OK;
}

enum err day_result_load(struct service_call *c, const struct operation *o, uint64_t day,
                         struct day_result *out)
{
    bool exists;
    TRY(load_result(c, o->id, day, out, &exists));
    return exists ? E_OK : REFUSE(c, "DayNotSettled", abi_u64(day));
}

static enum err store_result(struct service_call *c, uint64_t operation, uint64_t day,
                             const struct day_result *d)
{
    struct buf b = {0};
    record_put_u32(&b, d->version);
    record_put_u32(&b, d->points);
    record_put_u32(&b, d->steps);
    record_put_u32(&b, d->missing);
    record_put_u64(&b, d->produced_wh);
    record_put_u64(&b, d->consumed_wh);
    record_put_u64(&b, d->shared_wh);
    buf_put(&b, d->allocation_hash.b, 32);
    buf_put(&b, d->matrix_hash.b, 32);
    struct hash slot = day_slot(operation, day);
    return record_store(c, &slot, &b);
}

static enum err keep_batch(struct service_call *c, const struct day *d, uint32_t version,
                           struct bytes batch)
{
    struct hash slot = RECORD_SLOT("batch", d->operation->id, d->number, version);
    return service_store(c, &slot, batch);
}

enum err day_reopen(struct service_call *c, const struct operation *o, uint64_t number,
                    struct day *out)
{
    struct day_result result;
    struct record batch;
    TRY(day_result_load(c, o, number, &result));
    TRY(day_open(c, o, (uint32_t)number, result.points, out));
    struct hash slot = RECORD_SLOT("batch", o->id, number, result.version);
    TRY(record_load(c, &slot, &batch));
    return day_read(c, out, bytes_of(batch.p, (size_t)(batch.end - batch.p)), false);
}

/* --- adding up -------------------------------------------------------------------------------- */

/* to += now - before, without ever passing below zero: before was added earlier. */
static void move_sums(uint64_t *to, const uint64_t *now, const uint64_t *before_opt, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += now[i] - (before_opt ? before_opt[i] : 0);
}

/* The month's record in the operation's present width; the day may know fewer points. */
static void book_month(struct month *m, const struct day *d, const struct day_sums *now,
                       const struct day_sums *before)
{
    size_t n = d->consumers, p = d->producers;
    move_sums(m->consumed_wh, now->consumed_by, before ? before->consumed_by : NULL, n);
    move_sums(m->allocated_wh, now->allocated_to, before ? before->allocated_to : NULL, n);
    move_sums(m->produced_wh, now->produced_by, before ? before->produced_by : NULL, p);
    move_sums(m->used_wh, now->used_of, before ? before->used_of : NULL, p);
    for (size_t k = 0; k < p; k++)
        move_sums(m->matrix_wh + k * m->consumers, now->matrix + k * n,
                  before ? before->matrix + k * n : NULL, n);
}

static enum err book(struct service_call *c, struct operation *o, const struct day *d,
                     const struct day_sums *now, const struct day_sums *before)
{
    struct month m;
    uint32_t month = month_of_day(d->number);
    TRY(month_load(c, o, month, &m));
    m.days += before == NULL;
    book_month(&m, d, now, before);
    TRY(month_store(c, o, month, &m));
    o->produced_wh += now->produced_wh - (before ? before->produced_wh : 0);
    o->consumed_wh += now->consumed_wh - (before ? before->consumed_wh : 0);
    o->shared_wh += now->shared_wh - (before ? before->shared_wh : 0);
    return E_OK;
}

static struct day_result result_of(const struct day *d, const struct day_sums *s, uint32_t version)
{
    return (struct day_result){.version = version,
                               .points = d->point_count,
                               .steps = d->steps.count,
                               .missing = d->missing,
                               .produced_wh = s->produced_wh,
                               .consumed_wh = s->consumed_wh,
                               .shared_wh = s->shared_wh,
                               .allocation_hash = s->allocation_hash,
                               .matrix_hash = s->matrix_hash};
}

/* --- methods ---------------------------------------------------------------------------------- */

static uint64_t day_end_s(const struct day *d)
{
    return d->steps.start_s + (uint64_t)d->steps.count * d->steps.minutes * 60u;
}

static enum err refuse_settled(struct service_call *c, const struct operation *o, uint64_t day)
{
    struct day_result result;
    bool exists;
    TRY(load_result(c, o->id, day, &result, &exists));
    return exists ? REFUSE(c, "DaySettledAlready", abi_u64(day)) : E_OK;
}

enum err run_submit_coefficients(struct service_call *c)
{
    struct operation o;
    struct day d;
    struct hash digest;
    uint64_t day = abi_get_u64(service_arg(c, 1));
    struct bytes coefficients = service_arg(c, 2)->bytes;
    TRY(operation_load_own(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(refuse_settled(c, &o, day));
    struct hash slot = RECORD_SLOT("coefficients", o.id, day);
    TRY(service_store(c, &slot, coefficients));
    TRY(day_open(c, &o, (uint32_t)day, o.points, &d)); /* reads and checks them */
    if (d.key != KEY_DYNAMIC && d.key != KEY_DYNAMIC_FULL)
        return REFUSE(c, "KeyNotDynamic", abi_u64(day));
    keccak256(&digest, coefficients.data, coefficients.len);
    TRY(EMIT(c, "CoefficientsSubmitted", abi_u64(o.id), abi_u64(day), abi_bytes32(digest.b)));
    return service_return(c, NULL);
}

enum err run_submit_day(struct service_call *c)
{
    struct operation o;
    struct day d;
    struct day_sums sums;
    uint64_t day = abi_get_u64(service_arg(c, 1));
    struct bytes batch = service_arg(c, 2)->bytes;
    TRY(operation_load_own(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(refuse_settled(c, &o, day));
    TRY(day_open(c, &o, (uint32_t)day, o.points, &d));
    if (day_end_s(&d) > service_now_s(c))
        return REFUSE(c, "DayNotOver", abi_u64(day), abi_u64(day_end_s(&d)));
    TRY(day_read(c, &d, batch, true));
    TRY(day_sum(c, &d, &sums));
    struct day_result result = result_of(&d, &sums, 1);
    TRY(keep_batch(c, &d, 1, batch));
    TRY(store_result(c, o.id, day, &result));
    TRY(book(c, &o, &d, &sums, NULL));
    o.days_settled++;
    if (day_end_s(&d) > o.settled_until_s)
        o.settled_until_s = day_end_s(&d);
    TRY(operation_store(c, &o));
    TRY(EMIT(c, "DaySettled", abi_u64(o.id), abi_u64(day), abi_u64(sums.produced_wh),
             abi_u64(sums.consumed_wh), abi_u64(sums.shared_wh),
             abi_u64(sums.produced_wh - sums.shared_wh), abi_u64(d.missing),
             abi_bytes32(sums.allocation_hash.b), abi_bytes32(sums.matrix_hash.b)));
    return service_return(c, NULL);
}

/* A closed month's new truth will be invoiced with the next month that closes. */
static enum err note_pending(struct service_call *c, struct operation *o, uint32_t month)
{
    if (month >= o->open_month)
        return E_OK;
    uint32_t at = 0;
    while (at < o->pending_count && o->pending[at] < month)
        at++;
    if (at < o->pending_count && o->pending[at] == month)
        return E_OK;
    if (o->pending_count == OPERATION_PENDING_MAX)
        return REFUSE(c, "TooManyChanges", abi_u64(OPERATION_PENDING_MAX));
    memmove(&o->pending[at + 1], &o->pending[at], (o->pending_count - at) * sizeof o->pending[0]);
    o->pending[at] = month;
    o->pending_count++;
    return E_OK;
}

static enum err emit_correction(struct service_call *c, const struct day *d, uint32_t version,
                                const struct day_sums *now, const struct day_sums *before)
{
    int64_t produced = (int64_t)(now->produced_wh - before->produced_wh);
    int64_t consumed = (int64_t)(now->consumed_wh - before->consumed_wh);
    int64_t shared = (int64_t)(now->shared_wh - before->shared_wh);
    return EMIT(c, "CorrectionEntry", abi_u64(d->operation->id), abi_u64(d->number),
                abi_u64(version), abi_i64(produced), abi_i64(consumed), abi_i64(shared),
                abi_i64(produced - shared), abi_bytes32(now->allocation_hash.b),
                abi_bytes32(now->matrix_hash.b));
}

enum err run_correct_day(struct service_call *c)
{
    struct operation o;
    struct day_result result;
    struct day before_day, d;
    struct day_sums before, now;
    uint64_t day = abi_get_u64(service_arg(c, 1));
    struct bytes batch = service_arg(c, 2)->bytes;
    TRY(operation_load_own(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(day_result_load(c, &o, day, &result));
    if (o.closing.active)
        return REFUSE(c, "MonthClosing", abi_u64(o.open_month));
    TRY(day_reopen(c, &o, day, &before_day));
    TRY(day_sum(c, &before_day, &before));
    TRY(day_open(c, &o, (uint32_t)day, result.points, &d));
    TRY(day_read(c, &d, batch, true));
    TRY(day_sum(c, &d, &now));
    uint32_t version = result.version + 1;
    result = result_of(&d, &now, version);
    TRY(keep_batch(c, &d, version, batch));
    TRY(store_result(c, o.id, day, &result));
    TRY(book(c, &o, &d, &now, &before));
    TRY(note_pending(c, &o, month_of_day((uint32_t)day)));
    TRY(operation_store(c, &o));
    TRY(emit_correction(c, &d, version, &now, &before));
    return service_return(c, NULL);
}
