#include "city/energy/consent.h"

#include "city/energy/readings.h"

static enum err load_consents(struct service_call *c, uint64_t operation, uint32_t point,
                              struct consent out[CONSENTS_MAX], size_t *count)
{
    struct hash slot = RECORD_SLOT("consent", operation, point);
    struct record r;
    TRY(record_load(c, &slot, &r));
    for (*count = 0; !record_is_empty(&r) && !r.bad && *count < CONSENTS_MAX; (*count)++) {
        struct consent *k = &out[*count];
        k->purpose = record_u8(&r);
        k->from_s = record_u64(&r);
        k->until_s = record_u64(&r);
    }
    return r.bad ? record_unreadable(c) : E_OK;
}

static enum err store_consents(struct service_call *c, uint64_t operation, uint32_t point,
                               const struct consent *k, size_t count)
{
    struct buf b = {0};
    for (size_t i = 0; i < count; i++) {
        buf_put_u8(&b, k[i].purpose);
        record_put_u64(&b, k[i].from_s);
        record_put_u64(&b, k[i].until_s);
    }
    struct hash slot = RECORD_SLOT("consent", operation, point);
    return record_store(c, &slot, &b);
}

static bool step_covered(const struct consent *k, size_t count, uint64_t start_s, uint64_t end_s)
{
    for (size_t i = 0; i < count; i++) {
        if (k[i].purpose == CONSENT_SETTLEMENT && k[i].from_s <= start_s && end_s <= k[i].until_s)
            return true;
    }
    return false;
}

enum err consent_check(struct service_call *c, const struct operation *o, uint32_t index,
                       const struct point *p, const struct day_steps *day, const uint64_t *values,
                       size_t stride)
{
    uint64_t step_s = day->minutes * 60u, end_s = day->start_s + day->count * step_s;
    if (p->holder_kind == HOLDER_LEGAL ||
        (p->consent_from_s <= day->start_s && end_s <= p->consent_until_s))
        return E_OK;
    struct consent all[CONSENTS_MAX];
    size_t count;
    TRY(load_consents(c, o->id, index, all, &count));
    for (uint32_t t = 0; t < day->count; t++) {
        uint64_t start_s = day->start_s + t * step_s;
        if (values[t * stride] != READING_ABSENT &&
            !step_covered(all, count, start_s, start_s + step_s))
            return REFUSE(c, "ConsentMissing", abi_u64(index), abi_u64(day->first_step + t));
    }
    return E_OK;
}

/* The point, the purpose, and that the caller is the point's holder. */
static enum err load_for_holder(struct service_call *c, struct operation *o, struct point *p,
                                uint32_t *index, uint8_t *purpose)
{
    uint64_t point = abi_get_u64(service_arg(c, 1)), asked = abi_get_u64(service_arg(c, 2));
    *index =
        (uint32_t)point; /* point_load and the check of asked refuse what these would cut off */
    *purpose = (uint8_t)asked;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), o));
    TRY(point_load(c, o, point, p));
    if (!address_eq(&p->holder, &c->frame->caller))
        return service_not_authorised(c, "holder");
    if (asked != CONSENT_SETTLEMENT && asked != CONSENT_STATISTICS)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("purpose")), abi_u64(asked));
    return E_OK;
}

/* The point's own copy is the latest interval for settlement. */
static enum err store_latest(struct service_call *c, const struct operation *o, struct point *p,
                             uint32_t index, const struct consent *all, size_t count)
{
    p->consent_from_s = p->consent_until_s = 0;
    for (size_t i = 0; i < count; i++) {
        if (all[i].purpose == CONSENT_SETTLEMENT) {
            p->consent_from_s = all[i].from_s;
            p->consent_until_s = all[i].until_s;
        }
    }
    TRY(store_consents(c, o->id, index, all, count));
    return point_store(c, o, index, p);
}

enum err run_give_consent(struct service_call *c)
{
    struct operation o;
    struct point p;
    struct consent all[CONSENTS_MAX];
    uint32_t index;
    uint8_t purpose;
    size_t count;
    uint64_t from_s = abi_get_u64(service_arg(c, 3)), until_s = abi_get_u64(service_arg(c, 4));
    TRY(load_for_holder(c, &o, &p, &index, &purpose));
    if (from_s >= until_s)
        return REFUSE(c, "BadTime", abi_u64(from_s));
    TRY(load_consents(c, o.id, index, all, &count));
    if (count == CONSENTS_MAX)
        return REFUSE(c, "TooManyChanges", abi_u64(CONSENTS_MAX));
    all[count++] = (struct consent){purpose, from_s, until_s};
    TRY(store_latest(c, &o, &p, index, all, count));
    TRY(EMIT(c, "ConsentGiven", abi_u64(o.id), abi_u64(index), abi_u64(purpose), abi_u64(from_s),
             abi_u64(until_s)));
    return service_return(c, NULL);
}

/* The first instant of the step after the one that contains now. */
static uint64_t next_step_s(const struct operation *o, uint64_t now_s)
{
    if (now_s < o->period[0].from_s)
        return o->period[0].from_s;
    uint64_t step = step_at(o->period, o->period_count, now_s);
    return step_start_s(o->period, o->period_count, step + 1);
}

enum err run_withdraw_consent(struct service_call *c)
{
    struct operation o;
    struct point p;
    struct consent all[CONSENTS_MAX];
    uint32_t index;
    uint8_t purpose;
    size_t count, kept = 0;
    bool changed = false;
    TRY(load_for_holder(c, &o, &p, &index, &purpose));
    TRY(load_consents(c, o.id, index, all, &count));
    uint64_t at_s = next_step_s(&o, service_now_s(c));
    for (size_t i = 0; i < count; i++) {
        struct consent k = all[i];
        if (k.purpose == purpose && k.until_s > at_s) {
            k.until_s = at_s;
            changed = true;
        }
        if (k.from_s < k.until_s)
            all[kept++] = k;
    }
    if (!changed)
        return REFUSE(c, "NoConsent", abi_u64(index), abi_u64(purpose));
    TRY(store_latest(c, &o, &p, index, all, kept));
    TRY(EMIT(c, "ConsentWithdrawn", abi_u64(o.id), abi_u64(index), abi_u64(purpose),
             abi_u64(at_s)));
    return service_return(c, NULL);
}

enum err run_consents(struct service_call *c)
{
    struct operation o;
    struct point p;
    struct consent all[CONSENTS_MAX];
    size_t count;
    uint64_t index = abi_get_u64(service_arg(c, 1));
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(point_load(c, &o, index, &p));
    TRY(load_consents(c, o.id, (uint32_t)index, all, &count));
    struct abi_value lists[3];
    for (size_t k = 0; k < 3; k++)
        lists[k] = abi_list(c->arena, count);
    for (size_t i = 0; i < count; i++) {
        lists[0].item[i] = abi_u64(all[i].purpose);
        lists[1].item[i] = abi_u64(all[i].from_s);
        lists[2].item[i] = abi_u64(all[i].until_s);
    }
    return service_return(c, lists);
}
