/* settlement: see settlement.h. */
#include "gateway/files/settlement.h"

#include "city/energy/dayhash.h"

/* Working memory of one run. */
struct run {
    const struct dataset *data;
    struct settlement *s;
    struct allocation_step in;
    struct allocation_result out;
    struct allocation_scratch scratch;
    void *scratch_memory;
    uint64_t *consumption_wh, *production_wh;
    uint32_t *ppm;
    uint8_t *level;
    struct dayhash day_hash, day_pairwise;
    struct yearhash year_hash, year_pairwise;
};

size_t dataset_step(const struct dataset *data, uint32_t step, uint64_t *consumption_wh,
                    uint64_t *production_wh)
{
    const struct district *o = &data->op;
    size_t missing = 0;
    for (size_t i = 0; i < o->consumers; i++) {
        uint64_t wh = data->consumption_wh[(size_t)step * o->consumers + i];
        bool member = step >= o->consumer[i].first_step && step <= o->consumer[i].last_step;
        missing += wh == WIDE_MISSING;
        consumption_wh[i] = member && wh != WIDE_MISSING ? wh : 0;
    }
    for (size_t k = 0; k < o->producers; k++) {
        uint64_t wh = data->production_wh[(size_t)step * o->producers + k];
        bool member = step >= o->producer[k].first_step && step <= o->producer[k].last_step;
        missing += wh == WIDE_MISSING;
        production_wh[k] = member && wh != WIDE_MISSING ? wh : 0;
    }
    return missing;
}

static uint32_t day_of_step(const struct district *o, uint32_t step)
{
    return zone_day(o->zone, (uint64_t)o->start_s + (uint64_t)step * o->step_s);
}

static void run_init(struct run *r, struct settlement *s, const struct dataset *data,
                     enum allocation_key key)
{
    const struct district *o = &data->op;
    size_t n = o->consumers, m = o->producers;
    *r = (struct run){.data = data, .s = s};
    r->consumption_wh = mem_zalloc(n, sizeof(uint64_t));
    r->production_wh = mem_zalloc(m, sizeof(uint64_t));
    r->ppm = mem_zalloc(n, sizeof(uint32_t));
    r->level = mem_zalloc(n, 1);
    for (size_t i = 0; i < n; i++) {
        r->ppm[i] = o->consumer[i].static_ppm;
        r->level[i] = o->consumer[i].level;
    }
    r->in = (struct allocation_step){.key = key,
                                     .consumers = n,
                                     .producers = m,
                                     .consumption_wh = r->consumption_wh,
                                     .production_wh = r->production_wh,
                                     .ppm = r->ppm,
                                     .level = r->level};
    r->out.allocated_wh = mem_zalloc(n, sizeof(uint64_t));
    r->out.used_wh = mem_zalloc(m, sizeof(uint64_t));
    r->out.matrix_wh = mem_zalloc(n * m, sizeof(uint64_t));
    size_t point_max = n > m ? n : m;
    r->scratch_memory = mem_alloc(allocation_scratch_bytes(point_max));
    allocation_scratch_init(&r->scratch, r->scratch_memory, point_max);

    uint32_t first_day = day_of_step(o, 0);
    uint32_t last_day = o->steps ? day_of_step(o, o->steps - 1) : first_day;
    *s = (struct settlement){.key = key, .op = o};
    s->days = last_day - first_day + 1;
    s->first_month = month_of_day(first_day);
    s->months = month_of_day(last_day) - s->first_month + 1;
    s->shared_of_step = mem_zalloc(o->steps, sizeof(uint64_t));
    s->day_hash = mem_zalloc(s->days, sizeof(struct hash));
    s->day_pairwise = mem_zalloc(s->days, sizeof(struct hash));
    s->matrix_wh = mem_zalloc(s->months * n * m, sizeof(uint64_t));
    s->consumer_month = mem_zalloc(s->months * n, sizeof(struct month_point));
    s->producer_month = mem_zalloc(s->months * m, sizeof(struct month_point));
    yearhash_begin(&r->year_hash);
    yearhash_begin(&r->year_pairwise);
}

static void run_free(struct run *r)
{
    mem_free(r->consumption_wh);
    mem_free(r->production_wh);
    mem_free(r->ppm);
    mem_free(r->level);
    mem_free(r->out.allocated_wh);
    mem_free(r->out.used_wh);
    mem_free(r->out.matrix_wh);
    mem_free(r->scratch_memory);
}

static void add_to_month(struct run *r, size_t month)
{
    struct settlement *s = r->s;
    size_t n = r->in.consumers, m = r->in.producers;
    uint64_t *matrix = s->matrix_wh + month * n * m;
    struct month_point *consumer = s->consumer_month + month * n;
    struct month_point *producer = s->producer_month + month * m;
    for (size_t i = 0; i < n * m; i++)
        matrix[i] += r->out.matrix_wh[i];
    for (size_t i = 0; i < n; i++) {
        consumer[i].total_wh += r->consumption_wh[i];
        consumer[i].shared_wh += r->out.allocated_wh[i];
    }
    for (size_t k = 0; k < m; k++) {
        producer[k].total_wh += r->production_wh[k];
        producer[k].shared_wh += r->out.used_wh[k];
    }
}

static void run_step(struct run *r, uint32_t step, size_t month)
{
    struct settlement *s = r->s;
    dataset_step(r->data, step, r->consumption_wh, r->production_wh);
    allocate_step(&r->out, &r->in, &r->scratch);
    ASSERT(allocation_check(&r->in, &r->out) == FAULT_NONE);
    s->produced_wh += r->out.produced_wh;
    s->consumed_wh += r->out.consumed_wh;
    s->shared_wh += r->out.shared_wh;
    s->shared_of_step[step] = r->out.shared_wh;
    dayhash_step(&r->day_hash, step, r->out.allocated_wh, r->in.consumers);
    for (size_t k = 0; k < r->in.producers; k++)
        dayhash_row(&r->day_pairwise, step, k, r->out.matrix_wh + k * r->in.consumers,
                    r->in.consumers);
    add_to_month(r, month);
}

void settlement_run(struct settlement *s, const struct dataset *data, enum allocation_key key,
                    settlement_visit visit, void *ctx,
                    void (*tick)(void *, const char *, uint64_t, uint64_t), void *tick_ctx)
{
    struct run r;
    const struct district *o = &data->op;
    run_init(&r, s, data, key);
    uint32_t first_day = day_of_step(o, 0), step = 0;
    for (size_t day = 0; day < s->days; day++) {
        size_t month = month_of_day(first_day + (uint32_t)day) - s->first_month;
        dayhash_begin(&r.day_hash);
        dayhash_begin(&r.day_pairwise);
        for (; step < o->steps && day_of_step(o, step) == first_day + day; step++) {
            run_step(&r, step, month);
            if (visit)
                visit(ctx, step, &r.in, &r.out);
        }
        dayhash_end(&r.day_hash, &s->day_hash[day]);
        dayhash_end(&r.day_pairwise, &s->day_pairwise[day]);
        yearhash_day(&r.year_hash, &s->day_hash[day]);
        yearhash_day(&r.year_pairwise, &s->day_pairwise[day]);
        if (tick)
            tick(tick_ctx, allocation_key_name(key), day + 1, s->days);
    }
    yearhash_end(&r.year_hash, &s->year_hash);
    yearhash_end(&r.year_pairwise, &s->year_pairwise);
    run_free(&r);
}

void settlement_free(struct settlement *s)
{
    mem_free(s->shared_of_step);
    mem_free(s->day_hash);
    mem_free(s->day_pairwise);
    mem_free(s->matrix_wh);
    mem_free(s->consumer_month);
    mem_free(s->producer_month);
    *s = (struct settlement){0};
}

struct invoice_line settlement_line(const struct settlement *s, size_t month, size_t producer,
                                    size_t consumer)
{
    size_t n = s->op->consumers, m = s->op->producers;
    const struct district_point *p = &s->op->producer[producer];
    struct invoice_line l = {.month = s->first_month + (uint32_t)month,
                             .producer = producer,
                             .consumer = consumer,
                             .energy_wh = s->matrix_wh[(month * m + producer) * n + consumer],
                             .price_microeur_kwh = p->price_microeur_kwh,
                             .vat_ppm = p->vat_ppm};
    /* WIDE_WH_MAX * 4464 steps of 10 minutes * DISTRICT_PRICE_MAX < 2^63 */
    bool ok = invoice_amount_of(&l.amount, l.energy_wh, l.price_microeur_kwh, l.vat_ppm);
    ASSERT(ok);
    return l;
}

struct invoice_sum settlement_sum(const struct settlement *s)
{
    struct invoice_sum sum = {0};
    for (size_t month = 0; month < s->months; month++)
        for (size_t k = 0; k < s->op->producers; k++)
            for (size_t i = 0; i < s->op->consumers; i++) {
                struct invoice_line l = settlement_line(s, month, k, i);
                sum.lines++;
                sum.energy_wh += l.energy_wh;
                sum.nanoeur += l.amount.nanoeur;
                sum.ht_cents += l.amount.ht_cents;
                sum.vat_cents += l.amount.vat_cents;
            }
    return sum;
}
