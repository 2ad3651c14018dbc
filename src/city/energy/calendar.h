/* calendar: integer civil time for metering: local days, months and steps, with the clock changes.
 *
 * Zones     UTC, and Europe/Paris by the European rule (Directive 2000/84/EC): UTC+1, UTC+2 from
 *           the last Sunday of March 01:00 UTC to the last Sunday of October 01:00 UTC. Valid from
 *           1996.
 * Days      numbered from 1970-01-01 in local time: a Paris day has 46, 48 or 50 half-hours. Months
 *           numbered year * 12 + month - 1.
 * Steps     10, 15, 30 or 60 minutes (ACC-07: a dated parameter). A new step length takes effect at
 *           the start of a local day, so every day has one step length; steps are numbered from
 *           the operation's start, each period going on from where the one before it ended.
 * Range     years 1970 to 9999 (CALENDAR_SECONDS_MAX); callers check hostile values with it. */
#ifndef PARVIS_CITY_ENERGY_CALENDAR_H
#define PARVIS_CITY_ENERGY_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALENDAR_SECONDS_MAX 253402300799ull
#define CALENDAR_DAYS_MAX 2932896u

enum zone { ZONE_UTC, ZONE_PARIS, ZONE_COUNT };

const char *zone_name(enum zone z); /* "utc", "paris" */
bool zone_parse(enum zone *out, const char *text);

struct civil {
    uint32_t year;
    uint32_t month; /* 1..12 */
    uint32_t day;   /* 1..31 */
};

/* Proleptic Gregorian, from 1970. */
uint32_t day_of_civil(uint32_t year, uint32_t month, uint32_t day);
struct civil civil_of_day(uint32_t day_number);

/* Local time minus UTC at an instant. */
uint32_t zone_offset_s(enum zone z, uint64_t utc_s);
/* The local day of an instant; the instant a local day begins (both inverse of each other). */
uint32_t zone_day(enum zone z, uint64_t utc_s);
uint64_t zone_day_start_s(enum zone z, uint32_t day_number);

uint32_t month_of_day(uint32_t day_number);
uint32_t month_number(uint32_t year, uint32_t month);
uint32_t month_first_day(uint32_t month_number); /* its first local day */

/* --- steps ---------------------------------------------------------------------------------- */

bool step_minutes_valid(uint64_t minutes); /* 10, 15, 30, 60 */

/* From from_s (the start of a local day; for the first period the operation's start) steps last
 * `minutes`. A schedule is an array of these, ascending. */
struct step_period {
    uint64_t from_s;
    uint32_t minutes;
};

/* The period in force at an instant >= schedule[0].from_s. */
const struct step_period *step_period_at(const struct step_period *schedule, size_t count,
                                         uint64_t utc_s);
/* Number of the step that contains an instant >= schedule[0].from_s, and a step's first instant. */
uint64_t step_at(const struct step_period *schedule, size_t count, uint64_t utc_s);
uint64_t step_start_s(const struct step_period *schedule, size_t count, uint64_t step);
/* Whether an instant is the first of a step. */
bool step_boundary(const struct step_period *schedule, size_t count, uint64_t utc_s);

/* The steps of a local day: the first one's number and start, how many, how long. An operation that
 * starts inside a day has only that day's later steps. false before the operation's first day. */
struct day_steps {
    uint64_t first_step;
    uint64_t start_s;
    uint32_t count;
    uint32_t minutes;
};
bool day_steps_of(struct day_steps *out, enum zone z, const struct step_period *schedule,
                  size_t count, uint32_t day_number);

#endif
