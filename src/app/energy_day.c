/* energy_day: see energy_day.h. */
#include "app/energy_day.h"

#include <stdio.h>

#include "base/limits.h"
#include "city/energy/energy.h"
#include "city/energy/readings.h"
#include "gateway/files/civil.h"

size_t district_point_count(const struct district *o)
{
    return o->consumers + o->producers;
}

const struct district_point *district_point_at(const struct district *o, size_t i)
{
    return i < o->consumers ? &o->consumer[i] : &o->producer[i - o->consumers];
}

uint64_t district_step_s(const struct district *o, uint64_t step)
{
    return (uint64_t)o->start_s + step * o->step_s;
}

bool organiser_has_points(const struct organiser *organiser, const struct district *o)
{
    bool same = organiser->count == district_point_count(o);
    for (size_t i = 0; same && i < organiser->count; i++)
        same = organiser->entry[i].erased ||
               strcmp(organiser->entry[i].id, district_point_at(o, i)->id) == 0;
    return same;
}

bool day_steps(const struct district *o, uint32_t day, uint32_t *first, uint32_t *count)
{
    uint64_t from_s = zone_day_start_s(o->zone, day), until_s = zone_day_start_s(o->zone, day + 1);
    if (from_s < (uint64_t)o->start_s)
        from_s = (uint64_t)o->start_s;
    *first = (uint32_t)((from_s - (uint64_t)o->start_s) / o->step_s);
    *count = (uint32_t)((until_s - from_s) / o->step_s);
    return (uint64_t)*first + *count <= o->steps;
}

void day_batch(const struct dataset *data, uint32_t first, uint32_t count, struct buf *out)
{
    const struct district *o = &data->op;
    uint64_t wh[DAY_STEPS_MAX];
    ASSERT(count <= DAY_STEPS_MAX);
    readings_begin(out);
    for (size_t i = 0; i < district_point_count(o); i++) {
        const struct district_point *p = district_point_at(o, i);
        size_t stride = p->is_producer ? o->producers : o->consumers;
        const uint64_t *column =
            p->is_producer ? data->production_wh + (i - o->consumers) : data->consumption_wh + i;
        if (p->first_step >= first + count || p->last_step < first)
            continue; /* no member that day */
        for (uint32_t t = 0; t < count; t++) {
            uint32_t step = first + t;
            uint64_t v = column[(size_t)step * stride];
            bool member = step >= p->first_step && step <= p->last_step;
            wh[t] = member && v != WIDE_MISSING ? v : READING_ABSENT;
        }
        readings_put(out, wh, count);
    }
}

/* GAS_ENERGY_* of the loops, the bytes, and room to spare. */
uint64_t day_gas(const struct district *o, enum allocation_key key, size_t batch_bytes,
                 uint64_t steps, unsigned times)
{
    uint64_t n = o->consumers, p = o->producers;
    uint64_t share = n + p + 3 * n * p + (key == KEY_WATERFILL ? n * n : 4 * n);
    uint64_t gas = 1000000 + 2 * steps * ((n + p) * GAS_ENERGY_READING + share * GAS_ENERGY_SHARE) +
                   200 * batch_bytes + 400 * (n + p + n * p);
    if (key == KEY_DYNAMIC ||
        key == KEY_DYNAMIC_FULL) /* at most 3 bytes each, loaded and decoded */
        gas += steps * n * (key == KEY_DYNAMIC_FULL ? p : 1) * (GAS_ENERGY_READING + 3 * 100);
    return gas < LIMIT_TX_GAS / times ? gas * times : LIMIT_TX_GAS;
}

const char *day_text(uint32_t day)
{
    static char ring[4][32];
    static unsigned at;
    char *out = ring[at++ % 4];
    struct civil c = civil_of_day(day);
    snprintf(out, sizeof ring[0], "%04u-%02u-%02u", c.year, c.month, c.day);
    return out;
}

enum err day_option(const struct cli *cli, const char *name, uint32_t *out, struct diag *d)
{
    struct date_time t = {0};
    char rest;
    const char *text = cli_get(cli, name);
    if (!text)
        return E_OK;
    if (sscanf(text, "%4u-%2u-%2u%c", &t.year, &t.month, &t.day, &rest) != 3 || !civil_is_valid(t))
        return diag_set(
            d, E_USAGE,
            T("--%s %s: write a day like 2025-03-30", "--%s %s : écrivez un jour comme 2025-03-30"),
            name, text);
    *out = day_of_civil(t.year, t.month, t.day);
    return E_OK;
}
