/* civil: see civil.h. */
#include "gateway/files/civil.h"

#include <stdio.h>

#include "city/energy/calendar.h"

#define DAY_S 86400

int64_t civil_to_unix(struct date_time c)
{
    return (int64_t)day_of_civil(c.year, c.month, c.day) * DAY_S + c.hour * 3600 + c.minute * 60 +
           c.second;
}

struct date_time civil_from_unix(int64_t unix_s)
{
    ASSERT(unix_s >= 0 && unix_s <= (int64_t)CALENDAR_SECONDS_MAX);
    struct civil day = civil_of_day((uint32_t)(unix_s / DAY_S));
    unsigned second = (unsigned)(unix_s % DAY_S);
    return (struct date_time){
        .year = day.year,
        .month = day.month,
        .day = day.day,
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
    };
}

bool civil_is_valid(struct date_time c)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
    if (c.year < 1970 || c.year > 9999 || c.month < 1 || c.month > 12)
        return false;
    unsigned days_in_month = c.month == 2 && leap ? 29 : days[c.month - 1];
    return c.day >= 1 && c.day <= days_in_month && c.hour <= 23 && c.minute <= 59 && c.second <= 59;
}

int paris_offset_s(int64_t unix_s)
{
    return (int)zone_offset_s(ZONE_PARIS, (uint64_t)unix_s);
}

unsigned paris_to_unix(int64_t out[2], struct date_time c)
{
    unsigned count = 0;
    if (civil_to_unix(c) < 7200)
        return 0;
    for (int offset = 7200; offset >= 3600; offset -= 3600) {
        int64_t instant = civil_to_unix(c) - offset;
        if (paris_offset_s(instant) == offset)
            out[count++] = instant;
    }
    return count;
}

/* Reads exactly n digits; advances. */
static bool read_digits(const char **p, const char *end, unsigned n, unsigned *out)
{
    *out = 0;
    for (unsigned i = 0; i < n; i++, (*p)++) {
        if (*p == end || **p < '0' || **p > '9')
            return false;
        *out = *out * 10 + (unsigned)(**p - '0');
    }
    return true;
}

static bool read_char(const char **p, const char *end, char c)
{
    if (*p == end || **p != c)
        return false;
    ++*p;
    return true;
}

/* "Z", "+01:00", "+0100", "+01" or nothing, up to end. */
static bool read_offset(const char *p, const char *end, bool *has_offset, int *offset_s)
{
    unsigned hour, minute = 0;
    *has_offset = p != end;
    *offset_s = 0;
    if (p == end || (*p == 'Z' && p + 1 == end))
        return true;
    int sign = *p == '-' ? -1 : 1;
    if (*p != '+' && *p != '-')
        return false;
    p++;
    if (!read_digits(&p, end, 2, &hour))
        return false;
    if (p != end) {
        read_char(&p, end, ':');
        if (!read_digits(&p, end, 2, &minute))
            return false;
    }
    *offset_s = sign * (int)(hour * 3600 + minute * 60);
    return p == end && hour <= 14 && minute <= 59;
}

enum err civil_parse(struct date_time *out, bool *has_offset, int *offset_s, const char *text,
                     size_t len)
{
    const char *p = text, *end = text + len;
    struct date_time c = {0};
    bool ok = read_digits(&p, end, 4, &c.year) && read_char(&p, end, '-') &&
              read_digits(&p, end, 2, &c.month) && read_char(&p, end, '-') &&
              read_digits(&p, end, 2, &c.day) &&
              (read_char(&p, end, 'T') || read_char(&p, end, ' ')) &&
              read_digits(&p, end, 2, &c.hour) && read_char(&p, end, ':') &&
              read_digits(&p, end, 2, &c.minute);
    if (ok && p != end && *p == ':') {
        p++;
        ok = read_digits(&p, end, 2, &c.second);
    }
    if (!ok || !read_offset(p, end, has_offset, offset_s))
        return E_INVALID;
    if (!civil_is_valid(c))
        return E_INVALID;
    *out = c;
    return E_OK;
}

enum err civil_parse_utc(int64_t *out, const char *text, size_t len)
{
    struct date_time c;
    bool has_offset;
    int offset_s;
    if (civil_parse(&c, &has_offset, &offset_s, text, len) != E_OK || !has_offset)
        return E_INVALID;
    *out = civil_to_unix(c) - offset_s;
    return *out >= 0 && *out <= (int64_t)CALENDAR_SECONDS_MAX ? E_OK : E_INVALID;
}

void civil_format_utc(char out[32], int64_t unix_s)
{
    struct date_time c = civil_from_unix(unix_s);
    snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ", c.year, c.month, c.day, c.hour, c.minute,
             c.second);
}

void civil_format_month(char out[16], int64_t unix_s)
{
    struct date_time c = civil_from_unix(unix_s);
    snprintf(out, 16, "%04u-%02u", c.year, c.month);
}
