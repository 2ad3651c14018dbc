#include "city/energy/day.h"

#include "city/energy/consent.h"
#include "city/energy/dayhash.h"
#include "city/energy/readings.h"

void (*day_allocation_hook)(const struct allocation_step *in, struct allocation_result *out);

/* --- members ---------------------------------------------------------------------------------- */

/* The steps of the day in which the point is a member: [*first, *last). */
static void member_steps(const struct day *d, const struct point *p, uint32_t *first,
                         uint32_t *last)
{
    uint64_t step_s = d->steps.minutes * 60u, start_s = d->steps.start_s;
    *first = *last = 0;
    if (p->enter_s >= start_s + d->steps.count * step_s || p->leave_s <= start_s)
        return;
    *last = d->steps.count;
    if (p->enter_s > start_s)
        *first = (uint32_t)((p->enter_s - start_s + step_s - 1) / step_s);
    if (p->leave_s < start_s + d->steps.count * step_s)
        *last = (uint32_t)((p->leave_s - start_s) / step_s);
    if (*first >= *last)
        *first = *last = 0;
}

static bool is_member(const struct day *d, uint32_t point)
{
    uint32_t first, last;
    member_steps(d, &d->points[point], &first, &last);
    return first < last;
}

/* --- key -------------------------------------------------------------------------------------- */

static enum err malformed(struct service_call *c, const struct readings_reader *r)
{
    return REFUSE(c, "MalformedReadings", abi_u64((uint64_t)(r->p - r->begin)));
}

/* The step-by-step coefficients of a dynamic key, [step][producer, if full][consumer]; members
 * only. The sum over consumers stays <= PPM_ONE for every step (and producer). */
static enum err read_coefficients(struct service_call *c, struct day *d, struct record *stored)
{
    bool full = d->key == KEY_DYNAMIC_FULL;
    size_t rows = full ? d->producers : 1, width = rows * d->consumers;
    TRY(service_charge(c, (uint64_t)GAS_ENERGY_READING * width * d->steps.count));
    d->ppm = arena_zalloc(c->arena, width * d->steps.count + 1, sizeof *d->ppm);
    struct readings_reader r;
    if (readings_open(&r, bytes_of(stored->p, (size_t)(stored->end - stored->p))) != E_OK)
        return malformed(c, &r);
    size_t row = 0;
    for (uint32_t k = 0; k < (full ? d->point_count : 1); k++) {
        if (full && !point_produces(&d->points[k]))
            continue;
        size_t at = row++ * d->consumers;
        if (full && !is_member(d, k))
            continue;
        for (uint32_t i = 0; i < d->point_count; i++) {
            if (!point_consumes(&d->points[i]))
                continue;
            if (is_member(d, i) &&
                coefficients_next(&r, d->ppm + at, width, d->steps.count) != E_OK)
                return malformed(c, &r);
            at++;
        }
    }
    if (!readings_at_end(&r))
        return malformed(c, &r);
    for (size_t start = 0; start < width * d->steps.count; start += d->consumers) {
        uint64_t sum = 0;
        for (size_t i = 0; i < d->consumers; i++)
            sum += d->ppm[start + i];
        if (sum > PPM_ONE)
            return REFUSE(c, "BadKeyValues",
                          abi_bytes(bytes_str("coefficients above 1000000 ppm")));
    }
    return E_OK;
}

/* Per-consumer ppm or level out of the key's per-point values. A consumer registered after the key
 * was set has no share, and the last level. */
static void spread_values(struct service_call *c, struct day *d, const uint32_t *values)
{
    d->ppm = arena_zalloc(c->arena, d->consumers + 1, sizeof *d->ppm);
    d->level = arena_zalloc(c->arena, d->consumers + 1, sizeof *d->level);
    uint32_t at = 0;
    for (uint32_t i = 0; i < d->point_count; i++) {
        if (!point_consumes(&d->points[i]))
            continue;
        d->ppm[at] = values[i];
        d->level[at++] = (uint8_t)(values[i] == 0 ? 255 : values[i]);
    }
}

static enum err open_key(struct service_call *c, struct day *d)
{
    uint32_t *values;
    TRY(operation_key_at(c, d->operation, d->steps.start_s, d->point_count, &d->key, &values));
    if (d->key != KEY_DYNAMIC && d->key != KEY_DYNAMIC_FULL) {
        spread_values(c, d, values);
        return E_OK;
    }
    struct hash slot = RECORD_SLOT("coefficients", d->operation->id, d->number);
    struct record stored;
    TRY(record_load(c, &slot, &stored));
    if (record_is_empty(&stored)) { /* D315-6: nothing was given, the default key applies */
        d->key = KEY_DEFAULT;
        return E_OK;
    }
    return read_coefficients(c, d, &stored);
}

enum err day_open(struct service_call *c, const struct operation *o, uint32_t number,
                  uint32_t point_count, struct day *out)
{
    struct point *points;
    *out = (struct day){.operation = o, .number = number, .point_count = point_count};
    TRY(operation_day(c, o, number, &out->steps));
    TRY(points_load(c, o->id, point_count, &points));
    out->points = points;
    for (uint32_t i = 0; i < point_count; i++) {
        out->consumers += point_consumes(&points[i]);
        out->producers += point_produces(&points[i]);
    }
    size_t widest = out->consumers > out->producers ? out->consumers : out->producers;
    allocation_scratch_init(&out->scratch, arena_alloc(c->arena, allocation_scratch_bytes(widest)),
                            widest);
    return open_key(c, out);
}

/* --- readings --------------------------------------------------------------------------------- */

/* One decoded stream: absent becomes zero and is counted; outside membership it must be absent. */
static enum err take_stream(struct service_call *c, struct day *d, uint32_t point, uint64_t *v,
                            size_t stride)
{
    uint32_t first, last;
    member_steps(d, &d->points[point], &first, &last);
    for (uint32_t t = 0; t < d->steps.count; t++) {
        uint64_t *cell = v + (size_t)t * stride;
        if (*cell == READING_ABSENT) {
            d->missing += t >= first && t < last;
            *cell = 0;
        } else if (t < first || t >= last) {
            return REFUSE(c, "NotMember", abi_u64(point), abi_u64(d->steps.first_step + t));
        } else if (*cell >= ENERGY_READING_LIMIT) {
            return REFUSE(c, "ReadingTooLarge", abi_u64(point), abi_u64(d->steps.first_step + t),
                          abi_u64(*cell));
        }
    }
    return E_OK;
}

static enum err read_stream(struct service_call *c, struct day *d, struct readings_reader *r,
                            uint32_t point, uint64_t *v, size_t stride, bool check_consent)
{
    TRY(service_charge(c, (uint64_t)GAS_ENERGY_READING * d->steps.count));
    if (readings_next(r, v, stride, d->steps.count) != E_OK)
        return malformed(c, r);
    if (check_consent)
        TRY(consent_check(c, d->operation, point, &d->points[point], &d->steps, v, stride));
    return take_stream(c, d, point, v, stride);
}

enum err day_read(struct service_call *c, struct day *d, struct bytes batch, bool check_consent)
{
    size_t steps = d->steps.count;
    d->consumed = arena_zalloc(c->arena, steps * d->consumers + 1, sizeof *d->consumed);
    d->produced = arena_zalloc(c->arena, steps * d->producers + 1, sizeof *d->produced);
    d->missing = 0;
    struct readings_reader r;
    if (readings_open(&r, batch) != E_OK)
        return malformed(c, &r);
    uint32_t consumer = 0, producer = 0;
    for (uint32_t i = 0; i < d->point_count; i++) {
        const struct point *p = &d->points[i];
        bool member = is_member(d, i);
        if (point_consumes(p)) {
            if (member)
                TRY(read_stream(c, d, &r, i, d->consumed + consumer, d->consumers, check_consent));
            consumer++;
        }
        if (point_produces(p)) {
            if (member)
                TRY(read_stream(c, d, &r, i, d->produced + producer, d->producers, check_consent));
            producer++;
        }
    }
    return readings_at_end(&r) ? E_OK : malformed(c, &r);
}

/* --- allocation ------------------------------------------------------------------------------- */

void day_result_new(struct service_call *c, const struct day *d, struct allocation_result *out)
{
    size_t n = d->consumers, p = d->producers;
    uint64_t *cells = arena_zalloc(c->arena, n + p + n * p + 1, sizeof *cells);
    *out = (struct allocation_result){
        .allocated_wh = cells, .used_wh = cells + n, .matrix_wh = cells + n + p};
}

enum err day_allocate(struct service_call *c, struct day *d, uint32_t step,
                      struct allocation_result *out)
{
    size_t n = d->consumers, p = d->producers;
    struct allocation_step in = {.key = d->key,
                                 .consumers = n,
                                 .producers = p,
                                 .consumption_wh = d->consumed + step * n,
                                 .production_wh = d->produced + step * p,
                                 .ppm = d->ppm,
                                 .level = d->level};
    if (d->key == KEY_DYNAMIC)
        in.ppm += step * n;
    else if (d->key == KEY_DYNAMIC_FULL)
        in.ppm += step * n * p;
    uint64_t done = d->scratch.work;
    /* the checks and the hashing walk the matrix once more; rounds of waterfill and levels are
     * known only afterwards, at most one step's work is done before its gas is taken */
    TRY(service_charge(c, (uint64_t)GAS_ENERGY_SHARE * (n + p + n * p)));
    allocate_step(out, &in, &d->scratch);
    TRY(service_charge(c, GAS_ENERGY_SHARE * (d->scratch.work - done)));
    if (day_allocation_hook)
        day_allocation_hook(&in, out);
    enum allocation_fault fault = allocation_check(&in, out);
    if (fault != FAULT_NONE)
        return REFUSE(c, "ConservationBroken", abi_u64(d->steps.first_step + step),
                      abi_bytes(bytes_str(allocation_fault_name(fault))));
    return E_OK;
}

static void add_all(uint64_t *sum, const uint64_t *v, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += v[i];
}

static void sums_new(struct service_call *c, const struct day *d, struct day_sums *out)
{
    size_t n = d->consumers, p = d->producers;
    uint64_t *cells = arena_zalloc(c->arena, 2 * n + 2 * p + n * p + 1, sizeof *cells);
    *out = (struct day_sums){.consumed_by = cells,
                             .allocated_to = cells + n,
                             .produced_by = cells + 2 * n,
                             .used_of = cells + 2 * n + p,
                             .matrix = cells + 2 * n + 2 * p};
}

enum err day_sum(struct service_call *c, struct day *d, struct day_sums *out)
{
    size_t n = d->consumers, p = d->producers;
    struct allocation_result step;
    struct dayhash *hash = arena_alloc(c->arena, 2 * sizeof *hash);
    sums_new(c, d, out);
    day_result_new(c, d, &step);
    dayhash_begin(&hash[0]);
    dayhash_begin(&hash[1]);
    for (uint32_t t = 0; t < d->steps.count; t++) {
        TRY(day_allocate(c, d, t, &step));
        out->produced_wh += step.produced_wh;
        out->consumed_wh += step.consumed_wh;
        out->shared_wh += step.shared_wh;
        add_all(out->consumed_by, d->consumed + t * n, n);
        add_all(out->allocated_to, step.allocated_wh, n);
        add_all(out->produced_by, d->produced + t * p, p);
        add_all(out->used_of, step.used_wh, p);
        add_all(out->matrix, step.matrix_wh, n * p);
        dayhash_step(&hash[0], d->steps.first_step + t, step.allocated_wh, n);
        for (size_t k = 0; k < p; k++)
            dayhash_row(&hash[1], d->steps.first_step + t, k, step.matrix_wh + k * n, n);
    }
    dayhash_end(&hash[0], &out->allocation_hash);
    dayhash_end(&hash[1], &out->matrix_hash);
    return E_OK;
}
