/* Instants as a clerk writes them. */
#include "app/vote_time.h"
#include "base/clock.h"
#include "test.h"

TEST(instants)
{
    static const struct {
        const char *text;
        uint64_t unix_s;
    } cases[] = {
        {"1795903022", 1795903022},
        {"2026-12-01T07:00:00Z", 1796108400},
        {"2026-12-01T08:00:00+01:00", 1796108400},
        {"2026-12-01T08:00", 1796108400}, /* winter time */
        {"2026-07-01T09:00", 1782889200}, /* summer time */
        {"+90", 1000090},
        {"+90s", 1000090},
        {"+30m", 1001800},
        {"+2h", 1007200},
        {"+7d", 1604800},
        {"+7j", 1604800},
    };
    clock_set_fixed(1000000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t out = 0;
        struct diag d = {""};
        enum err e = vote_time_read(&out, "opens", cases[i].text, &d);
        if (e != E_OK || out != cases[i].unix_s)
            test_fail(__FILE__, __LINE__, "%s: %d, %" PRIu64, cases[i].text, e, out);
    }
    clock_set_fixed(0);
}

TEST(no_instants)
{
    static const char *const cases[] = {"",
                                        "soon",
                                        "5m",
                                        "+",
                                        "+5y",
                                        "+m",
                                        "12:00",
                                        "2026-13-01",
                                        "-1",
                                        "1 ",
                                        "2026-03-29T02:30",
                                        "99999999999999999999",
                                        "+9999999999999d"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t out = 7;
        struct diag d = {""};
        if (vote_time_read(&out, "opens", cases[i], &d) != E_USAGE || out != 7)
            test_fail(__FILE__, __LINE__, "taken: %s", cases[i]);
        CHECK(strncmp(d.text, "--opens ", 8) == 0);
    }
}

TEST(instants_in_words)
{
    struct buf b = {0};
    vote_put_time(&b, 1796108400);
    CHECK(strcmp(buf_cstr(&b), "1 December 2026, 08:00") == 0);
    buf_free(&b);
}
