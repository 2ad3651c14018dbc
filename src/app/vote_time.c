/* vote_time: see vote_time.h. */
#include "app/vote_time.h"

#include "base/clock.h"
#include "base/lang.h"
#include "gateway/files/civil.h"

#define TIME_MAX_S UINT64_C(253402300799) /* end of the year 9999 */

/* +N, +Nm, +Nh, +Nd; false: not that. */
static bool read_relative(uint64_t *out, const char *text)
{
    static const struct {
        const char *unit;
        uint64_t seconds;
    } UNITS[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"j", 86400}};
    uint64_t n = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (n > TIME_MAX_S)
            return false;
        n = n * 10 + (uint64_t)(*p - '0');
    }
    if (p == text)
        return false;
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (strcmp(p, UNITS[i].unit) == 0) {
            *out = n * UNITS[i].seconds;
            return n <= TIME_MAX_S / UNITS[i].seconds;
        }
    }
    return false;
}

static bool read_civil(uint64_t *out, const char *text)
{
    struct date_time c;
    bool has_offset;
    int offset_s;
    int64_t utc[2];
    if (civil_parse(&c, &has_offset, &offset_s, text, strlen(text)) != E_OK)
        return false;
    if (has_offset)
        utc[0] = civil_to_unix(c) - offset_s;
    else if (paris_to_unix(utc, c) == 0)
        return false;
    *out = (uint64_t)utc[0];
    return utc[0] >= 0;
}

enum err vote_time_read(uint64_t *out, const char *what, const char *text, struct diag *d)
{
    uint64_t t = 0;
    bool is_number = text[0] && text[strspn(text, "0123456789")] == 0;
    bool ok = text[0] == '+' ? read_relative(&t, text + 1)
              : is_number    ? read_relative(&t, text)
                             : read_civil(&t, text);
    if (ok && text[0] == '+')
        t += clock_unix_s();
    if (ok && t <= TIME_MAX_S) {
        *out = t;
        return E_OK;
    }
    return diag_set(d, E_USAGE,
                    T("--%s %s: write an instant as 2026-12-01T08:00 (French time), "
                      "2026-12-01T07:00:00Z, seconds since 1970, or +30m, +2h, +7d from now",
                      "--%s %s : écrivez un instant sous la forme 2026-12-01T08:00 (heure "
                      "française), 2026-12-01T07:00:00Z, en secondes depuis 1970, ou +30m, +2h, "
                      "+7d à partir de maintenant"),
                    what, text);
}

void vote_put_time(struct buf *out, uint64_t unix_s)
{
    static const char *const EN[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
    static const char *const FR[] = {"janvier",   "février", "mars",     "avril",
                                     "mai",       "juin",    "juillet",  "août",
                                     "septembre", "octobre", "novembre", "décembre"};
    int64_t at = (int64_t)(unix_s < TIME_MAX_S ? unix_s : TIME_MAX_S);
    struct date_time c = civil_from_unix(at + paris_offset_s(at));
    buf_putf(out, T("%u %s %u, %02u:%02u", "%u %s %u, %02u:%02u"), c.day,
             T(EN[c.month - 1], FR[c.month - 1]), c.year, c.hour, c.minute);
}
