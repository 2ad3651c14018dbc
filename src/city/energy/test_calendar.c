#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "city/energy/calendar.h"
#include "city/energy/dayhash.h"
#include "city/energy/readings.h"
#include "test.h"

#define MINUTE 60u
#define DAY 86400u

TEST(civil_days_round_trip)
{
    CHECK_INT(day_of_civil(1970, 1, 1), 0);
    CHECK_INT(day_of_civil(2000, 3, 1), 11017);
    CHECK_INT(day_of_civil(9999, 12, 31), CALENDAR_DAYS_MAX);
    struct civil before = civil_of_day(0);
    for (uint32_t day = 1; day <= 80000; day++) { /* to the year 2189, over 2100 */
        struct civil c = civil_of_day(day);
        bool next = c.year == before.year && c.month == before.month && c.day == before.day + 1;
        bool rolls = c.day == 1 &&
                     (c.month == before.month + 1 || (c.month == 1 && c.year == before.year + 1));
        REQUIRE((next || rolls) && day_of_civil(c.year, c.month, c.day) == day);
        before = c;
    }
}

TEST(months)
{
    uint32_t m = month_number(2013, 3);
    CHECK_INT(month_first_day(m), day_of_civil(2013, 3, 1));
    CHECK_INT(month_of_day(day_of_civil(2013, 3, 31)), m);
    CHECK_INT(month_of_day(day_of_civil(2013, 4, 1)), m + 1);
    CHECK_INT(month_first_day(month_number(2013, 12) + 1), day_of_civil(2014, 1, 1));
}

/* Against the C library's own time zone data, hour by hour over 20 years. */
TEST(paris_against_the_system)
{
    setenv("TZ", "Europe/Paris", 1);
    tzset();
    struct tm probe;
    time_t july = 1372636800; /* 2013-07-01 */
    localtime_r(&july, &probe);
    if (probe.tm_gmtoff != 7200)
        SKIP("no time zone data on this system");
    size_t cases = 0;
    for (time_t t = 946684800; t < 1577836800; t += 3600, cases++) {
        localtime_r(&t, &probe);
        REQUIRE(zone_offset_s(ZONE_PARIS, (uint64_t)t) == (uint64_t)probe.tm_gmtoff);
    }
    printf("# %zu hours agree\n", cases);
}

TEST(days_with_clock_changes)
{
    const struct step_period half_hours[] = {{1356994800, 30}}; /* 2013-01-01 00:00 Paris */
    static const struct {
        uint32_t month, day, count;
    } CASES[] = {{1, 1, 48}, {3, 30, 48}, {3, 31, 46}, {4, 1, 48}, {10, 27, 50}, {10, 28, 48}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct day_steps d;
        uint32_t day = day_of_civil(2013, CASES[i].month, CASES[i].day);
        REQUIRE(day_steps_of(&d, ZONE_PARIS, half_hours, 1, day));
        CHECK_INT(d.count, CASES[i].count);
        CHECK_INT(zone_day(ZONE_PARIS, d.start_s), day);
        CHECK_INT(zone_day(ZONE_PARIS, d.start_s - 1), day - 1);
        CHECK_INT(zone_day(ZONE_PARIS, d.start_s + d.count * 30 * MINUTE - 1), day);
        CHECK_INT(step_start_s(half_hours, 1, d.first_step), d.start_s);
    }
    struct day_steps d;
    CHECK(!day_steps_of(&d, ZONE_PARIS, half_hours, 1, day_of_civil(2012, 12, 31)));
}

/* Days follow each other without gap, whatever changes: numbers and instants. */
TEST(schedules_are_continuous)
{
    const uint64_t start = 1356998400;
    const struct step_period s[] = {
        {start, 30}, {start + 90 * DAY, 15}, {start + 120 * DAY, 60}, {start + 130 * DAY, 10}};
    uint64_t step = 0, at = start;
    for (uint32_t day = day_of_civil(2013, 1, 1); day < day_of_civil(2014, 1, 1); day++) {
        struct day_steps d;
        REQUIRE(day_steps_of(&d, ZONE_UTC, s, 4, day));
        REQUIRE(d.first_step == step && d.start_s == at);
        for (uint32_t t = 0; t < d.count; t++) {
            uint64_t begin = at + t * d.minutes * MINUTE;
            REQUIRE(step_start_s(s, 4, step + t) == begin && step_at(s, 4, begin) == step + t);
            REQUIRE(step_boundary(s, 4, begin) && !step_boundary(s, 4, begin + 1));
        }
        step += d.count;
        at += d.count * d.minutes * MINUTE;
    }
    CHECK_INT(at, start + 365 * DAY);
}

TEST(zone_and_step_names)
{
    enum zone z;
    CHECK(zone_parse(&z, "paris") && z == ZONE_PARIS);
    CHECK(zone_parse(&z, "utc") && z == ZONE_UTC);
    CHECK(!zone_parse(&z, "Lyon"));
    CHECK(step_minutes_valid(10) && step_minutes_valid(15) && step_minutes_valid(30));
    CHECK(step_minutes_valid(60) && !step_minutes_valid(20) && !step_minutes_valid(0));
}

/* --- hashes ----------------------------------------------------------------------------------- */

TEST(dayhash_is_the_hash_of_the_lines)
{
    static const char LINES[] = "17,0,9,10,99,100,999,1000,9999,10000,123456,1000000000000\n"
                                "18,1,0,0,0,0,0,0,0,0,0,18446744073709551615\n";
    const uint64_t a[] = {0, 9, 10, 99, 100, 999, 1000, 9999, 10000, 123456, 1000000000000};
    const uint64_t b[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, UINT64_MAX};
    struct dayhash h;
    struct hash got, expected;
    dayhash_begin(&h);
    dayhash_step(&h, 17, a, 11);
    dayhash_row(&h, 18, 1, b, 10);
    dayhash_end(&h, &got);
    sha256_once(&expected, LINES, sizeof LINES - 1);
    CHECK(hash_eq(&got, &expected));
}

/* Lines longer than the buffer, against printf. */
TEST(dayhash_of_long_lines)
{
    struct dayhash h;
    struct hash got, expected;
    struct buf text = {0};
    uint64_t v[4096];
    dayhash_begin(&h);
    for (uint64_t step = 0; step < 3; step++) {
        buf_putf(&text, "%" PRIu64, step);
        for (size_t i = 0; i < 4096; i++) {
            v[i] = test_random() >> (test_random() % 64);
            buf_putf(&text, ",%" PRIu64, v[i]);
        }
        buf_puts(&text, "\n");
        dayhash_step(&h, step, v, 4096);
    }
    dayhash_end(&h, &got);
    sha256_once(&expected, text.data, text.len);
    CHECK(hash_eq(&got, &expected));
    buf_free(&text);
}

/* --- encoding of readings ------------------------------------------------------------------------
 */

TEST(readings_round_trip)
{
    for (unsigned round = 0; round < 500; round++) {
        uint64_t in[96], out[96];
        struct buf b = {0};
        for (size_t t = 0; t < 96; t++) {
            uint64_t v = test_random() >> (14 + test_random() % 50);
            in[t] = round % 7 == 0 ? 0 : round % 7 == 1 || v % 5 == 0 ? READING_ABSENT : v;
        }
        readings_begin(&b);
        readings_put(&b, in, 96);
        struct readings_reader r;
        CHECK_ERR(readings_open(&r, buf_view(&b)), E_OK);
        CHECK_ERR(readings_next(&r, out, 1, 96), E_OK);
        CHECK(readings_at_end(&r));
        CHECK(memcmp(in, out, sizeof in) == 0);
        /* cut anywhere: refused, never read past the end */
        for (size_t len = 0; len < b.len; len++) {
            uint8_t *cut = mem_dup(b.data, len); /* exactly len bytes, for the sanitizer */
            enum err err = readings_open(&r, bytes_of(cut, len));
            if (err == E_OK)
                err = readings_next(&r, out, 1, 96);
            CHECK_ERR(err, E_INVALID);
            mem_free(cut);
        }
        buf_free(&b);
    }
}

TEST(readings_refuse_other_forms)
{
    static const struct {
        const char *hex;
        enum err expected;
    } CASES[] = {
        {"010205", E_OK},                    /* one step of 4 Wh */
        {"0100", E_OK},                      /* absent */
        {"0101", E_OK},                      /* zero */
        {"01", E_INVALID},                   /* no stream */
        {"0205", E_INVALID},                 /* another version */
        {"0103", E_INVALID},                 /* unknown mode */
        {"01028500", E_INVALID},             /* 5, not in the shortest form */
        {"0102ffffffffffffff7f", E_INVALID}, /* beyond 2^50 */
        {"010280808080808080808001", E_INVALID},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct buf b = {0};
        struct readings_reader r;
        uint64_t v;
        REQUIRE(hex_decode_buf(&b, CASES[i].hex, strlen(CASES[i].hex)) == E_OK);
        enum err err = readings_open(&r, buf_view(&b));
        if (err == E_OK)
            err = readings_next(&r, &v, 1, 1);
        CHECK_ERR(err, CASES[i].expected);
        buf_free(&b);
    }
}

TEST(coefficients_round_trip)
{
    const uint32_t flat[] = {7, 7, 7}, steps[] = {0, 1000000, 128};
    uint32_t out[3];
    struct buf b = {0};
    struct readings_reader r;
    readings_begin(&b);
    coefficients_put(&b, flat, 3);
    coefficients_put(&b, steps, 3);
    CHECK_ERR(readings_open(&r, buf_view(&b)), E_OK);
    CHECK_ERR(coefficients_next(&r, out, 1, 3), E_OK);
    CHECK(memcmp(out, flat, sizeof out) == 0);
    CHECK_ERR(coefficients_next(&r, out, 1, 3), E_OK);
    CHECK(memcmp(out, steps, sizeof out) == 0);
    CHECK(readings_at_end(&r));
    buf_free(&b);
    const uint8_t above[] = {1, 1, 0xc1, 0x84, 0x3d}, absent[] = {1, 0};
    CHECK_ERR(readings_open(&r, bytes_of(above, sizeof above)), E_OK);
    CHECK_ERR(coefficients_next(&r, out, 1, 3), E_INVALID); /* 1000001 ppm */
    CHECK_ERR(readings_open(&r, bytes_of(absent, sizeof absent)), E_OK);
    CHECK_ERR(coefficients_next(&r, out, 1, 3), E_INVALID);
}
