#include "city/energy/calendar.h"

#include <string.h>

#include "base/err.h"

#define DAY_S 86400u
#define HOUR_S 3600u

const char *zone_name(enum zone z)
{
    ASSERT((unsigned)z < ZONE_COUNT);
    return z == ZONE_UTC ? "utc" : "paris";
}

bool zone_parse(enum zone *out, const char *text)
{
    for (unsigned z = 0; z < ZONE_COUNT; z++) {
        if (strcmp(text, zone_name((enum zone)z)) == 0) {
            *out = (enum zone)z;
            return true;
        }
    }
    return false;
}

/* Days are counted from 0000-03-01 inside (so that the leap day ends a year), in eras of 400 years:
 * the well known arithmetic of the proleptic Gregorian calendar. */
#define DAYS_TO_1970 719468u
#define ERA_DAYS 146097u

uint32_t day_of_civil(uint32_t year, uint32_t month, uint32_t day)
{
    ASSERT(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
    uint32_t y = month <= 2 ? year - 1 : year;
    uint32_t era = y / 400, of_era = y % 400;
    uint32_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

struct civil civil_of_day(uint32_t day_number)
{
    uint32_t z = day_number + DAYS_TO_1970;
    uint32_t era = z / ERA_DAYS, of_era = z % ERA_DAYS;
    uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint32_t m = (5 * of_year + 2) / 153;
    uint32_t month = m < 10 ? m + 3 : m - 9;
    return (struct civil){
        .year = era * 400 + year + (month <= 2),
        .month = month,
        .day = of_year - (153 * m + 2) / 5 + 1,
    };
}

/* 1970-01-01 was a Thursday; 0 = Sunday. March and October have 31 days. */
static uint64_t last_sunday_0100_s(uint32_t year, uint32_t month)
{
    uint32_t last = day_of_civil(year, month, 31);
    return (uint64_t)(last - (last + 4) % 7) * DAY_S + HOUR_S;
}

uint32_t zone_offset_s(enum zone z, uint64_t utc_s)
{
    ASSERT(utc_s <= CALENDAR_SECONDS_MAX);
    if (z == ZONE_UTC)
        return 0;
    uint32_t year = civil_of_day((uint32_t)(utc_s / DAY_S)).year;
    bool summer = utc_s >= last_sunday_0100_s(year, 3) && utc_s < last_sunday_0100_s(year, 10);
    return summer ? 2 * HOUR_S : HOUR_S;
}

uint32_t zone_day(enum zone z, uint64_t utc_s)
{
    return (uint32_t)((utc_s + zone_offset_s(z, utc_s)) / DAY_S);
}

uint64_t zone_day_start_s(enum zone z, uint32_t day_number)
{
    ASSERT(day_number <= CALENDAR_DAYS_MAX);
    uint64_t local_midnight = (uint64_t)day_number * DAY_S;
    if (z == ZONE_UTC || day_number == 0)
        return local_midnight;
    /* The clock changes at 01:00 UTC, after local midnight: the offset one hour earlier holds. */
    return local_midnight - zone_offset_s(z, local_midnight - 2 * HOUR_S);
}

uint32_t month_number(uint32_t year, uint32_t month)
{
    return year * 12 + month - 1;
}

uint32_t month_of_day(uint32_t day_number)
{
    struct civil c = civil_of_day(day_number);
    return month_number(c.year, c.month);
}

uint32_t month_first_day(uint32_t month)
{
    return day_of_civil(month / 12, month % 12 + 1, 1);
}

bool step_minutes_valid(uint64_t minutes)
{
    return minutes == 10 || minutes == 15 || minutes == 30 || minutes == 60;
}

const struct step_period *step_period_at(const struct step_period *schedule, size_t count,
                                         uint64_t utc_s)
{
    ASSERT(count != 0 && utc_s >= schedule[0].from_s);
    size_t i = count - 1;
    while (schedule[i].from_s > utc_s)
        i--;
    return &schedule[i];
}

static uint64_t steps_in(const struct step_period *p, uint64_t until_s)
{
    return (until_s - p->from_s) / (p->minutes * 60u);
}

uint64_t step_at(const struct step_period *schedule, size_t count, uint64_t utc_s)
{
    const struct step_period *last = step_period_at(schedule, count, utc_s);
    uint64_t step = 0;
    for (const struct step_period *p = schedule; p != last; p++)
        step += steps_in(p, p[1].from_s);
    return step + steps_in(last, utc_s);
}

uint64_t step_start_s(const struct step_period *schedule, size_t count, uint64_t step)
{
    const struct step_period *p = schedule;
    for (size_t i = 1; i < count; i++, p++) {
        uint64_t n = steps_in(p, p[1].from_s);
        if (step < n)
            break;
        step -= n;
    }
    return p->from_s + step * p->minutes * 60u;
}

bool step_boundary(const struct step_period *schedule, size_t count, uint64_t utc_s)
{
    const struct step_period *p = step_period_at(schedule, count, utc_s);
    return (utc_s - p->from_s) % (p->minutes * 60u) == 0;
}

bool day_steps_of(struct day_steps *out, enum zone z, const struct step_period *schedule,
                  size_t count, uint32_t day_number)
{
    ASSERT(count != 0 && day_number < CALENDAR_DAYS_MAX);
    uint64_t start = zone_day_start_s(z, day_number);
    uint64_t end = zone_day_start_s(z, day_number + 1);
    if (end <= schedule[0].from_s)
        return false;
    if (start < schedule[0].from_s)
        start = schedule[0].from_s;
    const struct step_period *p = step_period_at(schedule, count, start);
    *out = (struct day_steps){
        .first_step = step_at(schedule, count, start),
        .start_s = start,
        .count = (uint32_t)((end - start) / (p->minutes * 60u)),
        .minutes = p->minutes,
    };
    return true;
}
