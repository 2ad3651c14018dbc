#include "city/energy/point.h"

#include "city/energy/rules.h"

#define TARIFFS_MAX 64u

/* --- record ----------------------------------------------------------------------------------- */

static void put_point(struct buf *b, const struct point *p)
{
    buf_put(b, p->pseudonym.b, sizeof p->pseudonym.b);
    buf_put(b, p->holder.b, sizeof p->holder.b);
    buf_put_u8(b, (uint8_t)p->role);
    buf_put_u8(b, (uint8_t)p->holder_kind);
    buf_put_u8(b, (uint8_t)p->density);
    record_put_u32(b, p->flags);
    record_put_u64(b, p->enter_s);
    record_put_u64(b, p->leave_s);
    record_put_u64(b, p->power_w);
    record_put_u32(b, p->distance_m);
    record_put_u64(b, p->consent_from_s);
    record_put_u64(b, p->consent_until_s);
}

static void get_point(struct record *r, struct point *p)
{
    memset(p, 0, sizeof *p);
    memcpy(p->pseudonym.b, record_take(r, 32), 32);
    memcpy(p->holder.b, record_take(r, 20), 20);
    p->role = (enum point_role)record_u8(r);
    p->holder_kind = (enum holder_kind)record_u8(r);
    p->density = (enum density)record_u8(r);
    p->flags = record_u32(r);
    p->enter_s = record_u64(r);
    p->leave_s = record_u64(r);
    p->power_w = record_u64(r);
    p->distance_m = record_u32(r);
    p->consent_from_s = record_u64(r);
    p->consent_until_s = record_u64(r);
}

static enum err load_chunk(struct service_call *c, uint64_t operation, uint32_t chunk,
                           uint32_t count, struct point *out)
{
    struct hash slot = RECORD_SLOT("points", operation, chunk);
    struct record r;
    TRY(record_load(c, &slot, &r));
    for (uint32_t i = 0; i < count; i++)
        get_point(&r, &out[i]);
    return r.bad ? record_unreadable(c) : E_OK;
}

static uint32_t chunk_fill(uint32_t points, uint32_t chunk)
{
    uint32_t left = points - chunk * POINTS_PER_CHUNK;
    return left < POINTS_PER_CHUNK ? left : POINTS_PER_CHUNK;
}

enum err points_load(struct service_call *c, uint64_t operation, uint32_t count, struct point **out)
{
    *out = arena_alloc(c->arena, (count + 1) * sizeof **out);
    for (uint32_t chunk = 0; chunk * POINTS_PER_CHUNK < count; chunk++)
        TRY(load_chunk(c, operation, chunk, chunk_fill(count, chunk),
                       *out + chunk * POINTS_PER_CHUNK));
    return E_OK;
}

enum err point_load(struct service_call *c, const struct operation *o, uint64_t index,
                    struct point *out)
{
    if (index >= o->points)
        return REFUSE(c, "UnknownPoint", abi_u64(o->id), abi_u64(index));
    struct point chunk[POINTS_PER_CHUNK];
    uint32_t at = (uint32_t)index / POINTS_PER_CHUNK;
    TRY(load_chunk(c, o->id, at, chunk_fill(o->points, at), chunk));
    *out = chunk[index % POINTS_PER_CHUNK];
    return E_OK;
}

enum err point_store(struct service_call *c, const struct operation *o, uint32_t index,
                     const struct point *p)
{
    struct point chunk[POINTS_PER_CHUNK];
    uint32_t at = index / POINTS_PER_CHUNK, count = chunk_fill(o->points, at);
    bool is_new = index + 1 == o->points; /* its place was not stored yet */
    TRY(load_chunk(c, o->id, at, is_new ? index % POINTS_PER_CHUNK : count, chunk));
    chunk[index % POINTS_PER_CHUNK] = *p;
    struct buf b = {0};
    for (uint32_t i = 0; i < count; i++)
        put_point(&b, &chunk[i]);
    struct hash slot = RECORD_SLOT("points", o->id, at);
    return record_store(c, &slot, &b);
}

/* --- tariffs ---------------------------------------------------------------------------------- */

static enum err load_tariffs(struct service_call *c, uint64_t operation, uint32_t point,
                             struct tariff out[TARIFFS_MAX], size_t *count)
{
    struct hash slot = RECORD_SLOT("tariff", operation, point);
    struct record r;
    TRY(record_load(c, &slot, &r));
    for (*count = 0; !record_is_empty(&r) && !r.bad && *count < TARIFFS_MAX; (*count)++) {
        struct tariff *t = &out[*count];
        t->from_month = record_u32(&r);
        t->price_microeur_kwh = record_u64(&r);
        t->vat_ppm = record_u32(&r);
        r.bad = r.bad || t->price_microeur_kwh >= ENERGY_PRICE_LIMIT || t->vat_ppm > PPM_ONE;
    }
    return r.bad ? record_unreadable(c) : E_OK;
}

static enum err store_tariffs(struct service_call *c, uint64_t operation, uint32_t point,
                              const struct tariff *t, size_t count)
{
    struct buf b = {0};
    for (size_t i = 0; i < count; i++) {
        record_put_u32(&b, t[i].from_month);
        record_put_u64(&b, t[i].price_microeur_kwh);
        record_put_u32(&b, t[i].vat_ppm);
    }
    struct hash slot = RECORD_SLOT("tariff", operation, point);
    TRY(record_store(c, &slot, &b));
    const struct tariff *last = &t[count - 1];
    return EMIT(c, "TariffSet", abi_u64(operation), abi_u64(point),
                abi_u64(last->price_microeur_kwh), abi_u64(last->vat_ppm),
                abi_u64(last->from_month));
}

enum err tariff_at(struct service_call *c, uint64_t operation, uint32_t point, uint32_t month,
                   struct tariff *out)
{
    struct tariff all[TARIFFS_MAX];
    size_t count;
    TRY(load_tariffs(c, operation, point, all, &count));
    *out = (struct tariff){0};
    for (size_t i = 0; i < count && all[i].from_month <= month; i++)
        *out = all[i];
    return E_OK;
}

static enum err check_tariff(struct service_call *c, uint64_t price_microeur_kwh, uint64_t vat_ppm)
{
    if (price_microeur_kwh >= ENERGY_PRICE_LIMIT)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("priceMicroeurPerKwh")),
                      abi_u64(price_microeur_kwh));
    if (vat_ppm > PPM_ONE)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("vatPpm")), abi_u64(vat_ppm));
    return E_OK;
}

enum err run_set_tariff(struct service_call *c)
{
    struct operation o;
    struct point p;
    uint32_t index = (uint32_t)abi_get_u64(service_arg(c, 1));
    struct tariff t = {.from_month = (uint32_t)abi_get_u64(service_arg(c, 4)),
                       .price_microeur_kwh = abi_get_u64(service_arg(c, 2)),
                       .vat_ppm = (uint32_t)abi_get_u64(service_arg(c, 3))};
    TRY(operation_load_own(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(point_load(c, &o, index, &p));
    if (!point_produces(&p))
        return REFUSE(c, "NotProducer", abi_u64(index));
    TRY(check_tariff(c, t.price_microeur_kwh, t.vat_ppm));
    if (t.from_month < o.open_month + o.closing.active)
        return REFUSE(c, "AlreadyClosed", abi_u64(t.from_month));
    struct tariff all[TARIFFS_MAX];
    size_t count;
    TRY(load_tariffs(c, o.id, index, all, &count));
    if (count != 0 && t.from_month < all[count - 1].from_month)
        return REFUSE(c, "NotAfterLastChange", abi_u64(t.from_month),
                      abi_u64(all[count - 1].from_month));
    bool replaces = count != 0 && t.from_month == all[count - 1].from_month;
    if (!replaces && count == TARIFFS_MAX)
        return REFUSE(c, "TooManyChanges", abi_u64(TARIFFS_MAX));
    count += !replaces;
    all[count - 1] = t;
    TRY(store_tariffs(c, o.id, index, all, count));
    return service_return(c, NULL);
}

/* --- registration ------------------------------------------------------------------------------
 */

static struct hash pseudonym_slot(uint64_t operation, const uint8_t pseudonym[32])
{
    uint8_t id[8];
    be64_put(id, operation);
    return service_slot("pseudonym", (struct bytes[]){bytes_of(id, 8), bytes_of(pseudonym, 32)}, 2);
}

static enum err check_kinds(struct service_call *c, const struct point *p, uint64_t price,
                            uint64_t vat_ppm)
{
    if (p->role >= ROLE_COUNT)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("role")), abi_u64(p->role));
    if (p->holder_kind >= HOLDER_COUNT)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("holderKind")), abi_u64(p->holder_kind));
    if (p->density >= DENSITY_COUNT)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("density")), abi_u64(p->density));
    if (address_is_zero(&p->holder) || service_at(&p->holder)) /* neither can be paid */
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("holder")), abi_u64(0));
    if (p->power_w >= (1ull << 40) || (!point_produces(p) && p->power_w != 0))
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("powerW")), abi_u64(p->power_w));
    TRY(check_tariff(c, price, vat_ppm));
    if (!point_produces(p) && (price != 0 || vat_ppm != 0))
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("priceMicroeurPerKwh")), abi_u64(price));
    return E_OK;
}

static void read_point(struct service_call *c, struct point *p)
{
    memset(p, 0, sizeof *p);
    abi_get_bytes32(p->pseudonym.b, service_arg(c, 1));
    p->role = (enum point_role)abi_get_u64(service_arg(c, 2));
    p->holder = abi_get_address(service_arg(c, 3));
    p->holder_kind = (enum holder_kind)abi_get_u64(service_arg(c, 4));
    p->enter_s = abi_get_u64(service_arg(c, 5));
    p->leave_s = POINT_STAYS;
    p->power_w = abi_get_u64(service_arg(c, 6));
    abi_get_bytes32(p->site.b, service_arg(c, 9));
    p->distance_m = (uint32_t)abi_get_u64(service_arg(c, 10));
    p->grid_operator = (uint32_t)abi_get_u64(service_arg(c, 11));
    p->density = (enum density)abi_get_u64(service_arg(c, 12));
    p->flags = (uint32_t)abi_get_u64(service_arg(c, 13));
}

/* An instant at which a member may enter or leave: a step boundary, not inside what is settled. */
static enum err check_boundary(struct service_call *c, const struct operation *o, uint64_t at_s)
{
    TRY(operation_check_from(c, o, at_s));
    if (!step_boundary(o->period, o->period_count, at_s))
        return REFUSE(c, "NotStepBoundary", abi_u64(at_s));
    return E_OK;
}

static enum err count_point(struct service_call *c, struct operation *o, const struct point *p)
{
    o->points++;
    o->consumers += point_consumes(p);
    o->producers += point_produces(p);
    if (o->points > LIMIT_OPERATION_POINTS ||
        (uint64_t)o->consumers * o->producers > ENERGY_CELLS_MAX)
        return REFUSE(c, "TooManyPoints", abi_u64(LIMIT_OPERATION_POINTS),
                      abi_u64(ENERGY_CELLS_MAX));
    return E_OK;
}

enum err run_add_point(struct service_call *c)
{
    struct operation o;
    struct point p, *members;
    uint64_t price = abi_get_u64(service_arg(c, 7)), vat_ppm = abi_get_u64(service_arg(c, 8));
    read_point(c, &p);
    TRY(operation_load_own(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(check_kinds(c, &p, price, vat_ppm));
    TRY(check_boundary(c, &o, p.enter_s));
    struct hash slot = pseudonym_slot(o.id, p.pseudonym.b);
    struct u256 taken;
    TRY(service_load_u256(c, &slot, &taken));
    if (!u256_is_zero(taken))
        return REFUSE(c, "PseudonymTaken", abi_bytes32(p.pseudonym.b));
    TRY(points_load(c, o.id, o.points, &members));
    TRY(rules_check_point(c, &o, members, &p));
    uint32_t index = o.points;
    TRY(count_point(c, &o, &p));
    TRY(service_store_u256(c, &slot, u256_from_u64(o.points)));
    TRY(point_store(c, &o, index, &p));
    TRY(operation_store(c, &o));
    TRY(EMIT(c, "PointAdded", abi_u64(o.id), abi_u64(index), abi_bytes32(p.pseudonym.b),
             abi_u64(p.role), abi_address(&p.holder), abi_u64(p.enter_s)));
    if (point_produces(&p)) {
        struct tariff t = {month_of_day(zone_day(o.zone, p.enter_s)), price, (uint32_t)vat_ppm};
        TRY(store_tariffs(c, o.id, index, &t, 1));
    }
    return service_return(c, (struct abi_value[]){abi_u64(index)});
}

/* A departure put off is an entry at the instant at which the point would have left: others may
 * have taken its place meanwhile. */
static enum err check_stay(struct service_call *c, const struct operation *o, const struct point *p,
                           uint64_t leave_s)
{
    struct point *members, again = *p;
    if (leave_s <= p->leave_s)
        return E_OK;
    again.enter_s = p->leave_s; /* which leaves the point itself out of the members looked at */
    again.site = o->site;       /* checked at registration and not kept */
    again.grid_operator = o->grid_operator;
    TRY(points_load(c, o->id, o->points, &members));
    return rules_check_point(c, o, members, &again);
}

enum err run_remove_point(struct service_call *c)
{
    struct operation o;
    struct point p;
    uint64_t index = abi_get_u64(service_arg(c, 1)), leave_s = abi_get_u64(service_arg(c, 2));
    TRY(operation_load_own(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(point_load(c, &o, index, &p));
    if (p.leave_s < o.settled_until_s)
        return REFUSE(c, "HasLeft", abi_u64(index), abi_u64(p.leave_s));
    TRY(check_boundary(c, &o, leave_s));
    if (leave_s < p.enter_s)
        return REFUSE(c, "BadTime", abi_u64(leave_s));
    TRY(check_stay(c, &o, &p, leave_s));
    p.leave_s = leave_s;
    TRY(point_store(c, &o, (uint32_t)index, &p));
    TRY(EMIT(c, "PointRemoved", abi_u64(o.id), abi_u64(index), abi_u64(leave_s)));
    return service_return(c, NULL);
}

/* --- views ------------------------------------------------------------------------------------ */

enum err run_point(struct service_call *c)
{
    struct operation o;
    struct point p;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(point_load(c, &o, abi_get_u64(service_arg(c, 1)), &p));
    return service_return(c, (struct abi_value[]){abi_bytes32(p.pseudonym.b), abi_u64(p.role),
                                                  abi_address(&p.holder), abi_u64(p.holder_kind),
                                                  abi_u64(p.enter_s), abi_u64(p.leave_s),
                                                  abi_u64(p.power_w)});
}

enum err run_point_of(struct service_call *c)
{
    uint8_t pseudonym[32];
    struct operation o;
    struct u256 number;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    abi_get_bytes32(pseudonym, service_arg(c, 1));
    struct hash slot = pseudonym_slot(o.id, pseudonym);
    TRY(service_load_u256(c, &slot, &number));
    if (u256_is_zero(number))
        return REFUSE(c, "UnknownPseudonym", abi_bytes32(pseudonym));
    return service_return(c, (struct abi_value[]){abi_u64(number.w[0] - 1)});
}

enum err run_tariff(struct service_call *c)
{
    struct operation o;
    struct point p;
    struct tariff t;
    uint64_t index = abi_get_u64(service_arg(c, 1));
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(point_load(c, &o, index, &p));
    TRY(tariff_at(c, o.id, (uint32_t)index, (uint32_t)abi_get_u64(service_arg(c, 2)), &t));
    return service_return(c,
                          (struct abi_value[]){abi_u64(t.price_microeur_kwh), abi_u64(t.vat_ppm)});
}
