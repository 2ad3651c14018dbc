#include "city/energy/operation.h"

#include "city/energy/point.h"
#include "city/energy/rules.h"

static struct hash operation_slot(uint64_t id)
{
    return RECORD_SLOT("operation", id);
}

/* --- record ----------------------------------------------------------------------------------- */

static void put_closing(struct buf *b, const struct closing *k)
{
    buf_put_u8(b, k->active);
    record_put_u32(b, k->next_consumer);
    record_put_u64(b, k->lines);
    record_put_u64(b, (uint64_t)k->energy_wh);
    record_put_u64(b, (uint64_t)k->ht_cents);
    record_put_u64(b, (uint64_t)k->vat_cents);
}

static void get_closing(struct record *r, struct closing *k)
{
    k->active = record_u8(r) != 0;
    k->next_consumer = record_u32(r);
    k->lines = record_u64(r);
    k->energy_wh = (int64_t)record_u64(r);
    k->ht_cents = (int64_t)record_u64(r);
    k->vat_cents = (int64_t)record_u64(r);
}

enum err operation_store(struct service_call *c, const struct operation *o)
{
    struct buf b = {0};
    buf_put(&b, o->organiser.b, sizeof o->organiser.b);
    buf_put_u8(&b, (uint8_t)o->zone);
    buf_put_u8(&b, (uint8_t)o->perimeter);
    buf_put(&b, o->site.b, sizeof o->site.b);
    const uint32_t small[] = {o->grid_operator, o->flags,        o->points,    o->consumers,
                              o->producers,     o->days_settled, o->open_month};
    const uint64_t wide[] = {o->settled_until_s,
                             o->produced_wh,
                             o->consumed_wh,
                             o->shared_wh,
                             (uint64_t)o->invoiced_ht_cents,
                             (uint64_t)o->invoiced_vat_cents,
                             o->paid_cents};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
        record_put_u32(&b, small[i]);
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        record_put_u64(&b, wide[i]);
    put_closing(&b, &o->closing);
    buf_put_u8(&b, (uint8_t)o->period_count);
    for (size_t i = 0; i < o->period_count; i++) {
        record_put_u64(&b, o->period[i].from_s);
        buf_put_u8(&b, (uint8_t)o->period[i].minutes);
    }
    buf_put_u8(&b, (uint8_t)o->key_count);
    for (size_t i = 0; i < o->key_count; i++) {
        record_put_u64(&b, o->key[i].from_s);
        buf_put_u8(&b, (uint8_t)o->key[i].key);
    }
    buf_put_u8(&b, (uint8_t)o->pending_count);
    for (size_t i = 0; i < o->pending_count; i++)
        record_put_u32(&b, o->pending[i]);
    struct hash slot = operation_slot(o->id);
    return record_store(c, &slot, &b);
}

static void get_periods(struct record *r, struct operation *o)
{
    o->period_count = record_u8(r);
    r->bad = r->bad || o->period_count == 0 || o->period_count > OPERATION_PERIODS_MAX;
    for (size_t i = 0; !r->bad && i < o->period_count; i++) {
        o->period[i].from_s = record_u64(r);
        o->period[i].minutes = record_u8(r);
    }
    o->key_count = record_u8(r);
    r->bad = r->bad || o->key_count == 0 || o->key_count > OPERATION_PERIODS_MAX;
    for (size_t i = 0; !r->bad && i < o->key_count; i++) {
        o->key[i].from_s = record_u64(r);
        o->key[i].key = (enum allocation_key)record_u8(r);
    }
    o->pending_count = record_u8(r);
    r->bad = r->bad || o->pending_count > OPERATION_PENDING_MAX;
    for (size_t i = 0; !r->bad && i < o->pending_count; i++)
        o->pending[i] = record_u32(r);
}

enum err operation_load(struct service_call *c, uint64_t id, struct operation *out)
{
    struct hash slot = operation_slot(id);
    struct record r;
    TRY(record_load(c, &slot, &r));
    if (record_is_empty(&r))
        return REFUSE(c, "UnknownOperation", abi_u64(id));
    memset(out, 0, sizeof *out);
    out->id = id;
    memcpy(out->organiser.b, record_take(&r, 20), 20);
    out->zone = (enum zone)record_u8(&r);
    out->perimeter = (enum perimeter)record_u8(&r);
    memcpy(out->site.b, record_take(&r, 32), 32);
    uint32_t *const small[] = {&out->grid_operator, &out->flags,     &out->points,
                               &out->consumers,     &out->producers, &out->days_settled,
                               &out->open_month};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
        *small[i] = record_u32(&r);
    uint64_t wide[7];
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        wide[i] = record_u64(&r);
    out->settled_until_s = wide[0];
    out->produced_wh = wide[1];
    out->consumed_wh = wide[2];
    out->shared_wh = wide[3];
    out->invoiced_ht_cents = (int64_t)wide[4];
    out->invoiced_vat_cents = (int64_t)wide[5];
    out->paid_cents = wide[6];
    get_closing(&r, &out->closing);
    get_periods(&r, out);
    return r.bad ? record_unreadable(c) : E_OK;
}

enum err operation_load_own(struct service_call *c, uint64_t id, struct operation *out)
{
    TRY(operation_load(c, id, out));
    if (!address_eq(&out->organiser, &c->frame->caller))
        return service_not_authorised(c, "organiser");
    return E_OK;
}

/* --- time ------------------------------------------------------------------------------------- */

enum err operation_day(struct service_call *c, const struct operation *o, uint64_t day,
                       struct day_steps *out)
{
    if (day >= CALENDAR_DAYS_MAX ||
        !day_steps_of(out, o->zone, o->period, o->period_count, (uint32_t)day))
        return REFUSE(c, "BadDay", abi_u64(day));
    return E_OK;
}

enum err operation_check_from(struct service_call *c, const struct operation *o, uint64_t from_s)
{
    if (from_s > CALENDAR_SECONDS_MAX)
        return REFUSE(c, "BadTime", abi_u64(from_s));
    if (from_s < o->settled_until_s)
        return REFUSE(c, "AlreadySettled", abi_u64(from_s), abi_u64(o->settled_until_s));
    return E_OK;
}

static bool is_day_start(enum zone z, uint64_t at_s)
{
    return zone_day_start_s(z, zone_day(z, at_s)) == at_s;
}

/* A change that begins with a local day, after the change before it. */
static enum err check_change(struct service_call *c, const struct operation *o, uint64_t from_s,
                             uint64_t last_from_s, size_t count, bool may_replace)
{
    TRY(operation_check_from(c, o, from_s));
    if (!is_day_start(o->zone, from_s))
        return REFUSE(c, "NotDayStart", abi_u64(from_s));
    if (from_s < last_from_s || (from_s == last_from_s && !may_replace))
        return REFUSE(c, "NotAfterLastChange", abi_u64(from_s), abi_u64(last_from_s));
    if (count >= OPERATION_PERIODS_MAX)
        return REFUSE(c, "TooManyChanges", abi_u64(OPERATION_PERIODS_MAX));
    return E_OK;
}

/* --- creation --------------------------------------------------------------------------------- */

enum err run_create_operation(struct service_call *c)
{
    uint64_t zone = abi_get_u64(service_arg(c, 0));
    uint64_t start_s = abi_get_u64(service_arg(c, 1));
    uint64_t minutes = abi_get_u64(service_arg(c, 2));
    uint64_t perimeter = abi_get_u64(service_arg(c, 3));
    if (zone >= ZONE_COUNT)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("zone")), abi_u64(zone));
    if (!step_minutes_valid(minutes))
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("stepMinutes")), abi_u64(minutes));
    if (perimeter >= PERIMETER_COUNT)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("perimeter")), abi_u64(perimeter));
    if (start_s > CALENDAR_SECONDS_MAX)
        return REFUSE(c, "BadTime", abi_u64(start_s));
    if (!is_day_start((enum zone)zone, start_s))
        return REFUSE(c, "NotDayStart", abi_u64(start_s));
    struct operation o = {
        .organiser = c->frame->caller,
        .zone = (enum zone)zone,
        .perimeter = (enum perimeter)perimeter,
        .grid_operator = (uint32_t)abi_get_u64(service_arg(c, 5)),
        .flags = (uint32_t)abi_get_u64(service_arg(c, 6)),
        .settled_until_s = start_s,
        .open_month = month_of_day(zone_day((enum zone)zone, start_s)),
        .period_count = 1,
        .period = {{start_s, (uint32_t)minutes}},
        .key_count = 1,
        .key = {{start_s, KEY_DEFAULT}},
    };
    abi_get_bytes32(o.site.b, service_arg(c, 4));
    TRY(rules_check_operation(c, &o));
    struct hash count_slot = RECORD_SLOT("operations", 0);
    struct u256 count;
    TRY(service_load_u256(c, &count_slot, &count));
    o.id = count.w[0] + 1;
    TRY(service_store_u256(c, &count_slot, u256_from_u64(o.id)));
    TRY(operation_store(c, &o));
    TRY(EMIT(c, "OperationCreated", abi_u64(o.id), abi_address(&o.organiser), abi_u64(zone),
             abi_u64(start_s), abi_u64(minutes)));
    return service_return(c, (struct abi_value[]){abi_u64(o.id)});
}

/* --- step and key ------------------------------------------------------------------------------
 */

enum err run_set_step(struct service_call *c)
{
    struct operation o;
    uint64_t minutes = abi_get_u64(service_arg(c, 1)), from_s = abi_get_u64(service_arg(c, 2));
    TRY(operation_load_own(c, abi_get_u64(service_arg(c, 0)), &o));
    if (!step_minutes_valid(minutes))
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("stepMinutes")), abi_u64(minutes));
    TRY(check_change(c, &o, from_s, o.period[o.period_count - 1].from_s, o.period_count, false));
    o.period[o.period_count++] = (struct step_period){from_s, (uint32_t)minutes};
    TRY(operation_store(c, &o));
    TRY(EMIT(c, "StepSet", abi_u64(o.id), abi_u64(minutes), abi_u64(from_s)));
    return service_return(c, NULL);
}

static bool key_has_values(uint64_t key)
{
    return key == KEY_STATIC || key == KEY_WATERFILL || key == KEY_PRIORITY;
}

/* Shape and sums of a key's values; the message names what is wrong. */
static const char *key_values_fault(const struct operation *o, uint64_t key,
                                    const struct abi_value *values)
{
    if (!key_has_values(key))
        return values->count == 0 ? NULL : "this key has no values";
    if (values->count != o->points)
        return "one value per point needed";
    uint64_t sum = 0;
    for (size_t i = 0; i < values->count; i++) {
        uint64_t v = abi_get_u64(&values->item[i]);
        if (key == KEY_PRIORITY && v > 255)
            return "a level is at most 255";
        sum += v;
    }
    return key != KEY_PRIORITY && sum > PPM_ONE ? "coefficients above 1000000 ppm" : NULL;
}

/* Whether a point that consumes was given level 0, which is for the others. */
static enum err level_is_missing(struct service_call *c, const struct operation *o,
                                 const struct abi_value *levels, bool *out)
{
    struct point *points;
    *out = false;
    TRY(points_load(c, o->id, o->points, &points));
    for (uint32_t i = 0; i < o->points; i++)
        *out = *out || (point_consumes(&points[i]) && abi_get_u64(&levels->item[i]) == 0);
    return E_OK;
}

enum err run_set_key(struct service_call *c)
{
    struct operation o;
    uint64_t key = abi_get_u64(service_arg(c, 1)), from_s = abi_get_u64(service_arg(c, 2));
    const struct abi_value *values = service_arg(c, 3);
    TRY(operation_load_own(c, abi_get_u64(service_arg(c, 0)), &o));
    if (key >= KEY_COUNT)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("key")), abi_u64(key));
    const char *fault = key_values_fault(&o, key, values);
    if (fault)
        return REFUSE(c, "BadKeyValues", abi_bytes(bytes_str(fault)));
    bool missing = false;
    if (key == KEY_PRIORITY)
        TRY(level_is_missing(c, &o, values, &missing));
    if (missing)
        return REFUSE(c, "BadKeyValues", abi_bytes(bytes_str("a consumer's level is at least 1")));
    uint64_t last_from_s = o.key[o.key_count - 1].from_s;
    bool replaces = from_s == last_from_s;
    TRY(check_change(c, &o, from_s, last_from_s, replaces ? 0 : o.key_count, true));
    if (!replaces)
        o.key_count++;
    o.key[o.key_count - 1] = (struct key_period){from_s, (enum allocation_key)key};
    struct buf b = {0};
    for (size_t i = 0; i < values->count; i++)
        record_put_u32(&b, (uint32_t)abi_get_u64(&values->item[i]));
    struct hash slot = RECORD_SLOT("key", o.id, o.key_count - 1);
    TRY(record_store(c, &slot, &b));
    TRY(operation_store(c, &o));
    TRY(EMIT(c, "KeySet", abi_u64(o.id), abi_u64(key), abi_u64(from_s), *values));
    return service_return(c, NULL);
}

/* The last period that began at or before an instant (not before the start). */
static uint32_t key_period_at(const struct operation *o, uint64_t at_s)
{
    uint32_t i = o->key_count - 1;
    while (i != 0 && o->key[i].from_s > at_s)
        i--;
    return i;
}

enum err operation_key_at(struct service_call *c, const struct operation *o, uint64_t at_s,
                          uint32_t points, enum allocation_key *key, uint32_t **values)
{
    uint32_t period = key_period_at(o, at_s);
    *key = o->key[period].key;
    *values = arena_zalloc(c->arena, points + 1, sizeof **values);
    if (!key_has_values(*key))
        return E_OK;
    struct hash slot = RECORD_SLOT("key", o->id, period);
    struct record r;
    TRY(record_load(c, &slot, &r));
    uint64_t sum = 0;
    for (uint32_t i = 0; i < points && !record_is_empty(&r); i++) {
        (*values)[i] = record_u32(&r);
        sum += (*values)[i];
        r.bad = r.bad || (*key == KEY_PRIORITY ? (*values)[i] > 255 : sum > PPM_ONE);
    }
    return r.bad ? record_unreadable(c) : E_OK;
}

/* --- views ------------------------------------------------------------------------------------ */

enum err run_operation(struct service_call *c)
{
    struct operation o;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    const struct step_period *p = step_period_at(o.period, o.period_count, o.settled_until_s);
    return service_return(
        c, (struct abi_value[]){
               abi_address(&o.organiser), abi_u64(o.zone), abi_u64(o.period[0].from_s),
               abi_u64(p->minutes), abi_u64(o.key[key_period_at(&o, o.settled_until_s)].key),
               abi_u64(o.perimeter), abi_u64(o.points), abi_u64(o.consumers), abi_u64(o.producers),
               abi_u64(o.settled_until_s), abi_u64(o.open_month), abi_bool(o.closing.active)});
}

enum err run_operation_count(struct service_call *c)
{
    struct hash slot = RECORD_SLOT("operations", 0);
    struct u256 count;
    TRY(service_load_u256(c, &slot, &count));
    return service_return(c, (struct abi_value[]){abi_u256(count)});
}

enum err run_steps(struct service_call *c)
{
    struct operation o;
    struct day_steps d;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(operation_day(c, &o, abi_get_u64(service_arg(c, 1)), &d));
    return service_return(c,
                          (struct abi_value[]){abi_u64(d.first_step), abi_u64(d.start_s),
                                               abi_u64(d.count), abi_u64(d.minutes),
                                               abi_u64(o.key[key_period_at(&o, d.start_s)].key)});
}

enum err run_totals(struct service_call *c)
{
    struct operation o;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    return service_return(
        c, (struct abi_value[]){abi_u64(o.produced_wh), abi_u64(o.consumed_wh),
                                abi_u64(o.shared_wh), abi_u64(o.produced_wh - o.shared_wh),
                                abi_u64(o.days_settled), abi_i64(o.invoiced_ht_cents),
                                abi_i64(o.invoiced_vat_cents), abi_u64(o.paid_cents)});
}
