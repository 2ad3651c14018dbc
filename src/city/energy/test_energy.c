/* The energy service: every method, every refusal, and how energy and money keep adding up. */
#include "city/record.h"
#include "city/energy/day.h"
#include "city/energy/invoice.h"
#include "city/energy/test_service_bench.h"

/* One operation from 2023-11-01 UTC, half-hours; the bench's clock stands at 2023-11-14 22:13:20.
 * Month 24286 is November 2023; day 19662 its first. */
#define START 1698796800u
#define DAY_0 19662u
#define NOVEMBER "24286"
#define DECEMBER "24287"
#define SITE "%site%"

#define SAY(expected, caller, ...) CHECK_STR(ENERGY_CALL(&b, caller, __VA_ARGS__), expected)
#define BATCH(expected, method, day, batch) \
    CHECK_STR(energy_send_batch(&b, "pmo", method, 1, day, batch), expected)

static void create(struct bench *b, const char *zone, const char *start)
{
    energy_open(b);
    CHECK_STR(ENERGY_CALL(b, "pmo", "createOperation", zone, start, "30", "1", SITE, "7", "3"),
              "1");
}

static const char *add(struct bench *b, const char *name, const char *role, const char *holder,
                       const char *kind, const char *enter)
{
    bool makes = strcmp(role, "0") != 0;
    return ENERGY_CALL(b, "pmo", "addPoint", "1", name, role, holder, kind, enter,
                       makes ? "36000" : "0", makes ? "100000" : "0", makes ? "200000" : "0", SITE,
                       "900", "7", "0", "0");
}

/* Two consumers (anna, bert) and a producer (sun), members from the start. */
static void district(struct bench *b)
{
    create(b, "0", "1698796800");
    CHECK_STR(add(b, "%anna%", "0", "@anna", "0", "1698796800"), "0");
    CHECK_STR(add(b, "%bert%", "0", "@bert", "0", "1698796800"), "1");
    CHECK_STR(add(b, "%sun%", "1", "@sun", "0", "1698796800"), "2");
}

/* A batch in which stream i has values[i] in every step (READING_ABSENT: none). In the arena. */
static struct bytes flat(struct bench *b, size_t steps, size_t streams, const uint64_t *values)
{
    struct buf out = {0};
    readings_begin(&out);
    for (size_t i = 0; i < streams; i++) {
        uint64_t v[150];
        for (size_t t = 0; t < steps; t++)
            v[t] = values[i];
        readings_put(&out, v, steps);
    }
    struct bytes copy = bytes_of(arena_dup(&b->arena, out.data, out.len), out.len);
    buf_free(&out);
    return copy;
}
static const char *hex_of(struct bench *b, struct bytes data)
{
    struct buf out = {0};
    buf_put_hex(&out, data.data, data.len);
    const char *text = arena_strdup(&b->arena, buf_cstr(&out));
    buf_free(&out);
    return text;
}

/* The same value in every step of a half-hour day. */
static const uint64_t *same(uint64_t value)
{
    static uint64_t v[48];
    for (size_t t = 0; t < 48; t++)
        v[t] = value;
    return v;
}

/* Coefficients of two consumers: 70 % all day; 30 % in the first step, then 10 %. In the arena. */
static struct bytes two_coefficients(struct bench *b)
{
    struct buf k = {0};
    uint32_t first[48], second[48];
    for (size_t t = 0; t < 48; t++) {
        first[t] = 700000;
        second[t] = t == 0 ? 300000 : 100000;
    }
    readings_begin(&k);
    coefficients_put(&k, first, 48);
    coefficients_put(&k, second, 48);
    struct bytes copy = bytes_of(arena_dup(&b->arena, k.data, k.len), k.len);
    buf_free(&k);
    return copy;
}

#define FLAT(steps, ...) \
    flat(&b, steps, sizeof((const uint64_t[]){__VA_ARGS__}) / 8, (const uint64_t[]){__VA_ARGS__})

/* --- operations ---------------------------------------------------------------------------------
 */

TEST(operations_and_their_refusals)
{
    struct bench b;
    energy_open(&b);
    static const struct {
        const char *zone, *start, *minutes, *perimeter, *site, *flags, *expected;
    } CASES[] = {
        {"2", "1698796800", "30", "1", SITE, "3", "BadValue(parameter=zone, value=2)"},
        {"0", "1698796800", "20", "1", SITE, "3", "BadValue(parameter=stepMinutes, value=20)"},
        {"0", "1698796800", "30", "2", SITE, "3", "BadValue(parameter=perimeter, value=2)"},
        {"0", "253402300800", "30", "1", SITE, "3", "BadTime(instant=253402300800)"},
        {"0", "1698796801", "30", "1", SITE, "3", "NotDayStart(instant=1698796801)"},
        {"1", "1698796800", "30", "1", SITE, "3", "NotDayStart(instant=1698796800)"},
        {"0", "1698796800", "30", "1", SITE, "2",
         "PerimeterRefused(rule=ACC-01, reason=the organiser must be a legal person)"},
        {"0", "1698796800", "30", "0",
         "0x0000000000000000000000000000000000000000000000000000000000000000", "3",
         "PerimeterRefused(rule=ACC-02, reason=an operation inside one building must commit to its "
         "site)"},
        {"0", "1698796800", "30", "1", SITE, "3", "1"},
        {"1", "1698793200", "15", "0", SITE, "1", "2"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        SAY(CASES[i].expected, "pmo", "createOperation", CASES[i].zone, CASES[i].start,
            CASES[i].minutes, CASES[i].perimeter, CASES[i].site, "7", CASES[i].flags);
    SAY("2", "anyone", "operationCount");
    SAY("UnknownOperation(operation=3)", "anyone", "operation", "3");
    SAY("UnknownOperation(operation=0)", "anyone", "totals", "0");
    bench_close(&b);
}

TEST(points_and_their_refusals)
{
    struct bench b;
    district(&b);
    static const struct {
        const char *caller, *name, *role, *holder, *kind, *enter, *power, *price, *vat, *density,
            *expected;
    } CASES[] = {
        {"bert", "%c%", "0", "@c", "0", "1698796800", "0", "0", "0", "0", NULL},
        {"pmo", "%c%", "3", "@c", "0", "1698796800", "0", "0", "0", "0",
         "BadValue(parameter=role, value=3)"},
        {"pmo", "%c%", "0", "@c", "2", "1698796800", "0", "0", "0", "0",
         "BadValue(parameter=holderKind, value=2)"},
        {"pmo", "%c%", "0", "@c", "0", "1698796800", "0", "0", "0", "3",
         "BadValue(parameter=density, value=3)"},
        {"pmo", "%c%", "0", "@zero", "0", "1698796800", "0", "0", "0", "0",
         "BadValue(parameter=holder, value=0)"},
        {"pmo", "%c%", "1", "@money", "0", "1698796800", "0", "0", "0", "0",
         "BadValue(parameter=holder, value=0)"},
        {"pmo", "%c%", "0", "@c", "0", "1698796800", "5", "0", "0", "0",
         "BadValue(parameter=powerW, value=5)"},
        {"pmo", "%c%", "1", "@c", "0", "1698796800", "5", "16777216", "0", "0",
         "BadValue(parameter=priceMicroeurPerKwh, value=16777216)"},
        {"pmo", "%c%", "0", "@c", "0", "1698796800", "0", "1", "0", "0",
         "BadValue(parameter=priceMicroeurPerKwh, value=1)"},
        {"pmo", "%c%", "1", "@c", "0", "1698796800", "5", "1", "1000001", "0",
         "BadValue(parameter=vatPpm, value=1000001)"},
        {"pmo", "%c%", "0", "@c", "0", "1698796801", "0", "0", "0", "0",
         "NotStepBoundary(instant=1698796801)"},
        {"pmo", "%c%", "0", "@c", "0", "1698795000", "0", "0", "0", "0",
         "AlreadySettled(from=1698795000, settledUntil=1698796800)"},
        {"pmo", "%anna%", "0", "@c", "0", "1698796800", "0", "0", "0", "0", NULL},
        {"pmo", "%c%", "0", "@c", "0", "1698798600", "0", "0", "0", "0", "3"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *got =
            ENERGY_CALL(&b, CASES[i].caller, "addPoint", "1", CASES[i].name, CASES[i].role,
                        CASES[i].holder, CASES[i].kind, CASES[i].enter, CASES[i].power,
                        CASES[i].price, CASES[i].vat, SITE, "900", "7", CASES[i].density, "0");
        if (CASES[i].expected)
            CHECK_STR(got, CASES[i].expected);
        else
            CHECK(strncmp(got, i == 0 ? "NotAuthorised(" : "PseudonymTaken(", 14) == 0);
    }
    SAY("3", "anyone", "pointOf", "1", "%c%");
    CHECK(strncmp(ENERGY_CALL(&b, "x", "pointOf", "1", "%d%"), "UnknownPseudonym(", 17) == 0);
    SAY("UnknownPoint(operation=1, point=4)", "anyone", "point", "1", "4");
    SAY("100000, 200000", "anyone", "tariff", "1", "2", NOVEMBER);
    SAY("0, 0", "anyone", "tariff", "1", "2", "24285");
    SAY("NotProducer(point=0)", "pmo", "setTariff", "1", "0", "1", "0", NOVEMBER);
    SAY("AlreadyClosed(month=24285)", "pmo", "setTariff", "1", "2", "1", "0", "24285");
    SAY("ok", "pmo", "setTariff", "1", "2", "120000", "55000", DECEMBER);
    SAY("NotAfterLastChange(from=24286, last=24287)", "pmo", "setTariff", "1", "2", "1", "0",
        NOVEMBER);
    SAY("100000, 200000", "anyone", "tariff", "1", "2", NOVEMBER);
    SAY("120000, 55000", "anyone", "tariff", "1", "2", "24300");
    SAY("BadTime(instant=1698796800)", "pmo", "removePoint", "1", "3", "1698796800");
    SAY("ok", "pmo", "removePoint", "1", "3", "1698883200");
    bench_close(&b);
}

TEST(too_many_points)
{
    struct bench b;
    create(&b, "0", "1698796800");
    char name[67];
    const char *got = "";
    for (unsigned i = 0; i < 300 && strncmp(got, "TooMany", 7) != 0; i++) {
        /* storage is both: 256 * 256 cells are the limit */
        snprintf(name, sizeof name, "0x%064x", i + 1);
        got = ENERGY_CALL(&b, "pmo", "addPoint", "1", name, "2", "@s", "0", "1698796800", "9", "1",
                          "0", SITE, "900", "7", "0", "0");
        arena_reset(&b.arena);
    }
    CHECK_STR(got, "TooManyPoints(points=4096, cells=65536)");
    CHECK_STR(ENERGY_CALL(&b, "x", "pointOf", "1",
                          "0x0000000000000000000000000000000000000000000000000000000000000100"),
              "255");
    bench_close(&b);
}

/* --- perimeter ----------------------------------------------------------------------------------
 */

static void perimeter_case(const char *perimeter, const char *operation_flags, const char *site,
                           const char *role, const char *power, const char *distance,
                           const char *grid, const char *density, const char *flags,
                           const char *rule_opt)
{
    struct bench b;
    char expected[32] = "1";
    energy_open(&b);
    SAY("1", "pmo", "createOperation", "0", "1698796800", "30", perimeter, SITE, "7",
        operation_flags);
    /* a first member in a rural place, 1 km away */
    SAY("0", "pmo", "addPoint", "1", "%first%", "1", "@f", "0", "1698796800", "1000000", "1", "0",
        SITE, "1000", "7", "2", "0");
    if (rule_opt)
        snprintf(expected, sizeof expected, "PerimeterRefused(rule=%s,", rule_opt);
    const char *got =
        ENERGY_CALL(&b, "pmo", "addPoint", "1", "%second%", role, "@s", "0", "1698796800", power,
                    "0", "0", site, distance, grid, density, flags);
    if (strncmp(got, expected, strlen(expected)) != 0)
        test_fail(__FILE__, __LINE__, "%s, expected %s", got, expected);
    bench_close(&b);
}

TEST(perimeter_rules)
{
    /* ACC-02: one building; medium voltage only if renewable */
    perimeter_case("0", "3", SITE, "0", "0", "0", "7", "0", "0", NULL);
    perimeter_case("0", "3", "%other%", "0", "0", "0", "7", "0", "0", "ACC-02");
    perimeter_case("1", "3", "%other%", "0", "0", "0", "7", "0", "1", NULL);
    perimeter_case("1", "1", "%other%", "0", "0", "0", "7", "0", "1", "ACC-02");
    /* ACC-03: one distribution operator, 2 km */
    perimeter_case("1", "3", SITE, "0", "0", "2000", "7", "0", "0", NULL);
    perimeter_case("1", "3", SITE, "0", "0", "2001", "7", "0", "0", "ACC-03");
    perimeter_case("1", "3", SITE, "0", "0", "0", "8", "0", "0", "ACC-03");
    /* ACC-04: derogation, 20 km all rural, 10 km rural or peri-urban */
    perimeter_case("1", "11", SITE, "0", "0", "20000", "7", "2", "0", NULL);
    perimeter_case("1", "11", SITE, "0", "0", "20001", "7", "2", "0", "ACC-04");
    perimeter_case("1", "11", SITE, "0", "0", "10000", "7", "1", "0", NULL);
    perimeter_case("1", "11", SITE, "0", "0", "10001", "7", "1", "0", "ACC-04");
    perimeter_case("1", "11", SITE, "0", "0", "2001", "7", "0", "0", "ACC-04");
    /* ACC-05: below 3 MW in 2023; 0.5 MW on an island; derogation as the mainland then */
    perimeter_case("1", "3", SITE, "1", "1999999", "0", "7", "0", "0", NULL);
    perimeter_case("1", "3", SITE, "1", "2000000", "0", "7", "0", "0", "ACC-05");
    perimeter_case("1", "19", SITE, "1", "2000000", "0", "7", "0", "0", "ACC-05");
    /* ACC-06 */
    perimeter_case("1", "3", SITE, "0", "0", "0", "7", "0", "2", "ACC-06");
}

TEST(rules_change_with_time)
{
    struct bench b;
    energy_open(&b);
    SAY("3000000, 500000, 3000000, 2000, 10000, 20000", "x", "rules", "1741215599");
    SAY("5000000, 500000, 10000000, 2000, 10000, 20000", "x", "rules", "1741215600");
    CHECK(strncmp(ENERGY_CALL(&b, "pmo", "setRules", "1800000000", "1", "2", "3", "4", "5", "6"),
                  "NotAuthorised(", 14) == 0);
    SAY("NotAfterLastChange(from=1741215600, last=1741215600)", "prefect", "setRules", "1741215600",
        "1", "2", "3", "4", "5", "6");
    SAY("ok", "prefect", "setRules", "1800000000", "6000000", "2", "3", "4", "5", "6");
    SAY("5000000, 500000, 10000000, 2000, 10000, 20000", "x", "rules", "1799999999");
    SAY("6000000, 2, 3, 4, 5, 6", "x", "rules", "1800000000");
    for (unsigned i = 1; i <= 61; i++) {
        char from[16];
        snprintf(from, sizeof from, "%u", 1800000000 + i);
        SAY("ok", "prefect", "setRules", from, "1", "2", "3", "4", "5", "6");
    }
    SAY("TooManyChanges(limit=64)", "prefect", "setRules", "1900000000", "1", "2", "3", "4", "5",
        "6");
    bench_close(&b);
}

TEST(genesis_is_checked)
{
    static const struct {
        const char *energy;
        bool good;
    } CASES[] = {
        {"{}", true},
        {"{\"rulesRole\":\"prefect\"}", false},
        {"{\"rulesrole\":\"@prefect\"}", false},
        {"{\"rules\":[]}", false},
        {"{\"rules\":[{\"from\":0}]}", false},
        {"{\"rules\":[{\"from\":0,\"mainlandW\":1,\"islandW\":2,\"derogationW\":3,\"distanceM\":4,"
         "\"periurbanM\":5,\"ruralM\":6}]}",
         true},
        {"{\"rules\":[{\"from\":0,\"mainlandW\":1,\"islandW\":2,\"derogationW\":3,\"distanceM\":4,"
         "\"periurbanM\":5,\"ruralM\":6,\"x\":7}]}",
         false},
        {"{\"rules\":[{\"from\":0,\"mainlandW\":1,\"islandW\":2,\"derogationW\":3,\"distanceM\":4,"
         "\"periurbanM\":5,\"ruralM\":6},{\"from\":0,\"mainlandW\":1,\"islandW\":2,"
         "\"derogationW\":3,\"distanceM\":4,\"periurbanM\":5,\"ruralM\":6}]}",
         false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bench b;
        struct diag d = {0};
        char genesis[1024];
        services_init();
        bench_open(&b);
        snprintf(genesis, sizeof genesis,
                 "{\"roles\":{\"issuer\":\"@issuer\"},\"services\":{\"energy\":%s}}",
                 CASES[i].energy);
        CHECK_ERR(bench_genesis(&b, genesis, &d), CASES[i].good ? E_OK : E_GENESIS);
        CHECK(CASES[i].good || strstr(d.text, "services.energy"));
        bench_close(&b);
    }
}

/* --- days ----------------------------------------------------------------------------------------
 */

TEST(a_day_and_its_views)
{
    struct bench b;
    district(&b);
    BATCH("ok", "submitDay", DAY_0, FLAT(48, 30, 10, 20));
    const struct log_entry *log = energy_log(&b, "DaySettled", 0);
    REQUIRE(log);
    CHECK_INT(energy_word(log, 0), 960);
    CHECK_INT(energy_word(log, 1), 1920);
    CHECK_INT(energy_word(log, 2), 960);
    CHECK_INT(energy_word(log, 3), 0);
    SAY("[15,5], [20]", "x", "allocation", "1", "19662", "47");
    SAY("[15,5]", "x", "matrix", "1", "19662", "0");
    SAY("BadValue(parameter=step, value=48)", "x", "matrix", "1", "19662", "48");
    SAY("[720,240]", "x", "monthMatrix", "1", NOVEMBER);
    SAY("720, 720, 0, 0", "x", "classes", "1", NOVEMBER, "0");
    SAY("0, 0, 960, 0", "x", "classes", "1", NOVEMBER, "2");
    SAY("UnknownPoint(operation=1, point=3)", "x", "classes", "1", NOVEMBER, "3");
    SAY("960, 1920, 960, 0, 1, 0, 0, 0", "x", "totals", "1");
    SAY("0, 1698796800, 48, 30, 0", "x", "steps", "1", "19662");
    SAY("BadDay(day=19661)", "x", "steps", "1", "19661");
    SAY("DayNotSettled(day=19663)", "x", "dayResult", "1", "19663");
    SAY("BadValue(parameter=version, value=2)", "x", "readings", "1", "19662", "2");
    CHECK_STR(ENERGY_CALL(&b, "x", "readings", "1", "19662", "1"),
              hex_of(&b, FLAT(48, 30, 10, 20)));
    bench_close(&b);
}

TEST(days_refused)
{
    struct bench b;
    district(&b);
    CHECK(strncmp(energy_send_batch(&b, "bert", "submitDay", 1, DAY_0, FLAT(48, 1, 1, 1)),
                  "NotAuthorised(", 14) == 0);
    BATCH("BadDay(day=19661)", "submitDay", DAY_0 - 1, FLAT(48, 1, 1, 1));
    BATCH("DayNotOver(day=19675, end=1700006400)", "submitDay", DAY_0 + 13, FLAT(48, 1, 1, 1));
    BATCH("MalformedReadings(offset=0)", "submitDay", DAY_0, bytes_of("", 0));
    BATCH("MalformedReadings(offset=3)", "submitDay", DAY_0, bytes_of("\1\0\0", 3));
    BATCH("MalformedReadings(offset=4)", "submitDay", DAY_0, bytes_of("\1\0\0\0\0", 5));
    BATCH("MalformedReadings(offset=1)", "submitDay", DAY_0, bytes_of("\1\3\0\0", 4));
    BATCH("ReadingTooLarge(point=1, step=0, wh=67108864)", "submitDay", DAY_0,
          FLAT(48, 1, 67108864, 1));
    BATCH("ok", "submitDay", DAY_0, FLAT(48, 1, READING_ABSENT, 1));
    CHECK_INT(energy_word(energy_log(&b, "DaySettled", 0), 4), 48);
    BATCH("DaySettledAlready(day=19662)", "submitDay", DAY_0, FLAT(48, 1, 1, 1));
    BATCH("DayNotSettled(day=19663)", "correctDay", DAY_0 + 1, FLAT(48, 1, 1, 1));
    /* nothing begins inside what is settled */
    SAY("AlreadySettled(from=1698796800, settledUntil=1698883200)", "pmo", "setKey", "1", "0",
        "1698796800", "[]");
    SAY("AlreadySettled(from=1698796800, settledUntil=1698883200)", "pmo", "setStep", "1", "15",
        "1698796800");
    CHECK_STR(add(&b, "%late%", "0", "@late", "0", "1698796800"),
              "AlreadySettled(from=1698796800, settledUntil=1698883200)");
    SAY("AlreadySettled(from=1698796800, settledUntil=1698883200)", "pmo", "removePoint", "1", "0",
        "1698796800");
    SAY("ok", "pmo", "removePoint", "1", "0", "1698883200");
    BATCH("ok", "submitDay", DAY_0 + 1, FLAT(48, 1, 1));
    SAY("HasLeft(point=0, leaving=1698883200)", "pmo", "removePoint", "1", "0", "1698969600");
    bench_close(&b);
}

/* Days in any order; each once. */
TEST(days_in_any_order)
{
    struct bench b;
    district(&b);
    BATCH("ok", "submitDay", DAY_0 + 5, FLAT(48, 1, 1, 1));
    BATCH("ok", "submitDay", DAY_0 + 2, FLAT(48, 1, 1, 1));
    BATCH("DaySettledAlready(day=19667)", "submitDay", DAY_0 + 5, FLAT(48, 1, 1, 1));
    SAY("96, 192, 96, 0, 2, 0, 0, 0", "x", "totals", "1");
    bench_close(&b);
}

TEST(members_enter_and_leave_inside_a_day)
{
    struct bench b;
    district(&b);
    /* carl enters at 12:00 of the first day, anna leaves at 06:00 of the second */
    CHECK_STR(add(&b, "%carl%", "0", "@carl", "0", "1698840000"), "3");
    SAY("ok", "pmo", "removePoint", "1", "0", "1698904800");
    BATCH("NotMember(point=3, step=0)", "submitDay", DAY_0, FLAT(48, 10, 10, 10, 10));
    uint64_t half[48];
    struct buf batch = {0};
    for (size_t t = 0; t < 48; t++)
        half[t] = t < 24 ? READING_ABSENT : 10;
    readings_begin(&batch);
    for (size_t i = 0; i < 3; i++)
        readings_put(&batch, same(10), 48);
    readings_put(&batch, half, 48);
    BATCH("ok", "submitDay", DAY_0, buf_view(&batch));
    CHECK_INT(energy_word(energy_log(&b, "DaySettled", 0), 4), 0); /* none missing */
    SAY("[5,5,0], [10]", "x", "allocation", "1", "19662", "23");
    SAY("[4,3,3], [10]", "x", "allocation", "1", "19662", "24");
    for (size_t t = 0; t < 48; t++)
        half[t] = t < 12 ? 10 : READING_ABSENT;
    buf_clear(&batch);
    readings_begin(&batch);
    readings_put(&batch, half, 48);
    for (size_t i = 0; i < 3; i++)
        readings_put(&batch, same(10), 48);
    BATCH("ok", "submitDay", DAY_0 + 1, buf_view(&batch));
    SAY("[4,3,3], [10]", "x", "allocation", "1", "19663", "11");
    SAY("[0,5,5], [10]", "x", "allocation", "1", "19663", "12");
    BATCH("ok", "submitDay", DAY_0 + 2, FLAT(48, 10, 10, 10)); /* three members are left */
    buf_free(&batch);
    bench_close(&b);
}

TEST(clock_changes_in_paris)
{
    struct bench b;
    create(&b, "1", "1679612400"); /* 2023-03-24 00:00 in Paris */
    CHECK_STR(add(&b, "%a%", "0", "@a", "0", "1679612400"), "0");
    CHECK_STR(add(&b, "%p%", "1", "@p", "0", "1679612400"), "1");
    SAY("96, 1679785200, 46, 30, 0", "x", "steps", "1", "19442"); /* 26 March */
    BATCH("MalformedReadings(offset=48)", "submitDay", 19442, FLAT(48, 3, 2));
    BATCH("ok", "submitDay", 19442, FLAT(46, 3, 2));
    CHECK_INT(energy_word(energy_log(&b, "DaySettled", 0), 0), 92);
    SAY("10510, 1698530400, 50, 30, 0", "x", "steps", "1", "19659"); /* 29 October */
    BATCH("ok", "submitDay", 19659, FLAT(50, 3, 2));
    CHECK_INT(energy_word(energy_log(&b, "DaySettled", 0), 0), 100);
    bench_close(&b);
}

TEST(step_changes_with_a_day)
{
    struct bench b;
    district(&b);
    CHECK(strncmp(ENERGY_CALL(&b, "x", "setStep", "1", "15", "1698969600"), "NotAuthorised(", 14) ==
          0);
    SAY("BadValue(parameter=stepMinutes, value=5)", "pmo", "setStep", "1", "5", "1698969600");
    SAY("NotDayStart(instant=1698971400)", "pmo", "setStep", "1", "15", "1698971400");
    SAY("BadTime(instant=253402300800)", "pmo", "setStep", "1", "15", "253402300800");
    SAY("ok", "pmo", "setStep", "1", "15", "1698969600");
    SAY("NotAfterLastChange(from=1698969600, last=1698969600)", "pmo", "setStep", "1", "10",
        "1698969600");
    SAY("48, 1698883200, 48, 30, 0", "x", "steps", "1", "19663");
    SAY("96, 1698969600, 96, 15, 0", "x", "steps", "1", "19664");
    SAY("192, 1699056000, 96, 15, 0", "x", "steps", "1", "19665");
    BATCH("ok", "submitDay", 19663, FLAT(48, 4, 4, 4));
    BATCH("ok", "submitDay", 19664, FLAT(96, 2, 2, 2));
    SAY("384, 768, 384, 0, 2, 0, 0, 0", "x", "totals", "1");
    for (unsigned i = 1; i <= 62; i++) {
        char from[16];
        snprintf(from, sizeof from, "%u", 1698969600 + i * 86400);
        SAY("ok", "pmo", "setStep", "1", i % 2 ? "10" : "60", from);
    }
    SAY("TooManyChanges(limit=64)", "pmo", "setStep", "1", "15", "1798761600");
    bench_close(&b);
}

TEST(keys_and_their_refusals)
{
    struct bench b;
    district(&b);
    SAY("BadValue(parameter=key, value=6)", "pmo", "setKey", "1", "6", "1698796800", "[]");
    SAY("BadKeyValues(reason=this key has no values)", "pmo", "setKey", "1", "0", "1698796800",
        "[1]");
    SAY("BadKeyValues(reason=one value per point needed)", "pmo", "setKey", "1", "1", "1698796800",
        "[1]");
    SAY("BadKeyValues(reason=coefficients above 1000000 ppm)", "pmo", "setKey", "1", "2",
        "1698796800", "[1000000,1,0]");
    SAY("BadKeyValues(reason=a level is at most 255)", "pmo", "setKey", "1", "3", "1698796800",
        "[1,256,0]");
    SAY("BadKeyValues(reason=a consumer's level is at least 1)", "pmo", "setKey", "1", "3",
        "1698796800", "[1,0,0]");
    SAY("ok", "pmo", "setKey", "1", "1", "1698796800", "[250000,500000,0]");
    SAY("ok", "pmo", "setKey", "1", "2", "1698883200", "[250000,750000,0]");
    SAY("ok", "pmo", "setKey", "1", "3", "1698969600", "[2,1,0]");
    SAY("ok", "pmo", "setKey", "1", "4", "1699056000", "[]");
    SAY("ok", "pmo", "setKey", "1", "5", "1699228800", "[]");
    SAY("NotAfterLastChange(from=1699142400, last=1699228800)", "pmo", "setKey", "1", "0",
        "1699142400", "[]");
    BATCH("ok", "submitDay", DAY_0, FLAT(48, 9, 9, 20));
    SAY("[5,9], [14]", "x", "allocation", "1", "19662", "0");
    BATCH("ok", "submitDay", DAY_0 + 1, FLAT(48, 12, 9, 20));
    SAY("[11,9], [20]", "x", "allocation", "1", "19663", "0");
    BATCH("ok", "submitDay", DAY_0 + 2, FLAT(48, 18, 9, 20));
    SAY("[11,9], [20]", "x", "allocation", "1", "19664", "0");
    bench_close(&b);
}

TEST(dynamic_keys)
{
    struct bench b;
    district(&b);
    SAY("ok", "pmo", "setKey", "1", "4", "1698796800", "[]");
    SAY("ok", "pmo", "setKey", "1", "5", "1698969600", "[]");
    SAY("ok", "pmo", "setKey", "1", "0", "1699056000", "[]");
    struct bytes k = two_coefficients(&b);
    BATCH("KeyNotDynamic(day=19665)", "submitCoefficients", DAY_0 + 3, k);
    BATCH("ok", "submitCoefficients", DAY_0, k);
    BATCH("MalformedReadings(offset=5)", "submitCoefficients", DAY_0, bytes_of("\1\1\1\1\1\0", 6));
    BATCH("BadKeyValues(reason=coefficients above 1000000 ppm)", "submitCoefficients", DAY_0,
          bytes_of("\1\1\xc0\x84\x3d\1\1", 7));
    BATCH("ok", "submitDay", DAY_0, FLAT(48, 100, 100, 100));
    BATCH("DaySettledAlready(day=19662)", "submitCoefficients", DAY_0, k);
    SAY("[70,30], [100]", "x", "allocation", "1", "19662", "0");
    SAY("[70,10], [80]", "x", "allocation", "1", "19662", "1");
    BATCH("ok", "submitDay", DAY_0 + 1, FLAT(48, 100, 300, 100));
    SAY("[25,75], [100]", "x", "allocation", "1", "19663", "1"); /* D315-6 */
    BATCH("ok", "submitCoefficients", DAY_0 + 2, k);             /* one producer: same shape */
    BATCH("ok", "submitDay", DAY_0 + 2, FLAT(48, 50, 100, 100));
    SAY("[50,30], [80]", "x", "allocation", "1", "19664", "0");
    bench_close(&b);
}

TEST(storage_consumes_and_produces)
{
    struct bench b;
    district(&b);
    CHECK_STR(add(&b, "%battery%", "2", "@cell", "0", "1698796800"), "3");
    /* day: charges 10 of what the sun makes; night would be the other way round */
    BATCH("ok", "submitDay", DAY_0, FLAT(48, 5, 5, 20, 10, 0));
    SAY("[5,5,10], [20,0]", "x", "allocation", "1", "19662", "0");
    BATCH("ok", "submitDay", DAY_0 + 1, FLAT(48, 5, 5, 0, 0, 8));
    SAY("[4,4,0], [0,8]", "x", "allocation", "1", "19663", "0");
    SAY("480, 0, 384, 0", "x", "classes", "1", NOVEMBER, "3");
    bench_close(&b);
}

static void steal(const struct allocation_step *in, struct allocation_result *out)
{
    (void)in;
    out->allocated_wh[0]++; /* one watt-hour out of nothing */
}

TEST(a_step_that_breaks_conservation_is_refused)
{
    struct bench b;
    district(&b);
    day_allocation_hook = steal;
    BATCH("ConservationBroken(step=0, law=above production)", "submitDay", DAY_0,
          FLAT(48, 30, 10, 20));
    day_allocation_hook = NULL;
    SAY("DayNotSettled(day=19662)", "x", "dayResult", "1", "19662");
    BATCH("ok", "submitDay", DAY_0, FLAT(48, 30, 10, 20));
    bench_close(&b);
}

TEST(gas_of_a_large_batch)
{
    struct bench b;
    create(&b, "0", "1698796800");
    SAY("ok", "pmo", "setStep", "1", "15", "1698883200");
    uint64_t values[100];
    for (unsigned i = 0; i < 100; i++) {
        char name[67], index[8];
        snprintf(name, sizeof name, "0x%064x", i + 1);
        snprintf(index, sizeof index, "%u", i);
        CHECK_STR(add(&b, name, i < 96 ? "0" : "1", "@h", "0", "1698796800"), index);
        values[i] = 100 + i;
    }
    BATCH("ok", "submitDay", DAY_0 + 1, flat(&b, 96, 100, values));
    printf("# a day of 100 points and 96 steps: %" PRId64 " gas\n", b.gas - b.result.gas_left);
    CHECK(b.gas - b.result.gas_left < 2000000);
    b.gas = 300000;
    BATCH("out of gas", "submitDay", DAY_0 + 2, flat(&b, 96, 100, values));
    bench_close(&b);
}

/* --- consent
 * -------------------------------------------------------------------------------------- */

TEST(consent_of_natural_persons)
{
    struct bench b;
    create(&b, "0", "1698796800");
    CHECK_STR(add(&b, "%anna%", "0", "@anna", "1", "1698796800"), "0");
    CHECK_STR(add(&b, "%sun%", "1", "@sun", "0", "1698796800"), "1");
    BATCH("ConsentMissing(point=0, step=0)", "submitDay", DAY_0, FLAT(48, 5, 5));
    CHECK(strncmp(ENERGY_CALL(&b, "pmo", "giveConsent", "1", "0", "1", "0", "9"), "NotAuthorised(",
                  14) == 0);
    SAY("BadValue(parameter=purpose, value=3)", "anna", "giveConsent", "1", "0", "3", "0", "9");
    SAY("BadTime(instant=9)", "anna", "giveConsent", "1", "0", "1", "9", "9");
    SAY("NoConsent(point=0, purpose=1)", "anna", "withdrawConsent", "1", "0", "1");
    SAY("ok", "anna", "giveConsent", "1", "0", "2", "1698796800", "1798796800"); /* statistics */
    BATCH("ConsentMissing(point=0, step=0)", "submitDay", DAY_0, FLAT(48, 5, 5));
    SAY("ok", "anna", "giveConsent", "1", "0", "1", "1698840000", "1798796800"); /* from noon */
    BATCH("ConsentMissing(point=0, step=0)", "submitDay", DAY_0, FLAT(48, 5, 5));
    BATCH("ok", "submitDay", DAY_0, FLAT(48, READING_ABSENT, 5));
    BATCH("ok", "submitDay", DAY_0 + 1, FLAT(48, 5, 5));
    /* withdrawn in the afternoon of the sixth day: collection stops with the next half-hour */
    b.env.timestamp_s = START + 5 * 86400 + 15 * 3600 + 7;
    SAY("ok", "anna", "withdrawConsent", "1", "0", "1");
    CHECK_INT(energy_word(energy_log(&b, "ConsentWithdrawn", 0), 1),
              START + 5 * 86400 + 15 * 3600 + 1800);
    SAY("NoConsent(point=0, purpose=1)", "anna", "withdrawConsent", "1", "0", "1");
    SAY("[2,1], [1698796800,1698840000], [1798796800,1699284600]", "x", "consents", "1", "0");
    b.env.timestamp_s = BENCH_NOW_S;
    BATCH("ConsentMissing(point=0, step=271)", "submitDay", DAY_0 + 5, FLAT(48, 5, 5));
    struct buf batch = {0};
    uint64_t v[48];
    for (size_t t = 0; t < 48; t++)
        v[t] = t < 31 ? 5 : READING_ABSENT;
    readings_begin(&batch);
    readings_put(&batch, v, 48);
    readings_put(&batch, same(5), 48);
    BATCH("ok", "submitDay", DAY_0 + 5, buf_view(&batch));
    CHECK_INT(energy_word(energy_log(&b, "DaySettled", 0), 4), 17);
    BATCH("ConsentMissing(point=0, step=288)", "submitDay", DAY_0 + 6, FLAT(48, 5, 5));
    /* consent given again: both intervals count */
    SAY("ok", "anna", "giveConsent", "1", "0", "1", "1699401600", "1798796800");
    BATCH("ok", "submitDay", DAY_0 + 7, FLAT(48, 5, 5));
    BATCH("ok", "submitDay", DAY_0 + 3, FLAT(48, 5, 5));
    buf_free(&batch);
    bench_close(&b);
}

TEST(consent_before_the_start_and_lists)
{
    struct bench b;
    create(&b, "0", "1798761600"); /* starts in 2027 */
    CHECK_STR(add(&b, "%anna%", "0", "@anna", "1", "1798761600"), "0");
    SAY("ok", "anna", "giveConsent", "1", "0", "1", "1798761600", "1898761600");
    SAY("ok", "anna", "withdrawConsent", "1", "0", "1"); /* before any step: nothing remains */
    SAY("[], [], []", "x", "consents", "1", "0");
    for (unsigned i = 0; i < 64; i++)
        SAY("ok", "anna", "giveConsent", "1", "0", "2", "5", "6");
    SAY("TooManyChanges(limit=64)", "anna", "giveConsent", "1", "0", "2", "5", "6");
    bench_close(&b);
}

/* --- money
 * ---------------------------------------------------------------------------------------- */

#define EURO "000000000000000000"

/* November settled with 1 kWh made a day; anna takes 3/4, bert 1/4. 30 kWh at 10 cents. */
static void november(struct bench *bench)
{
    bench->env.timestamp_s = 1704067200;
    for (uint32_t day = DAY_0; day < DAY_0 + 30; day++)
        CHECK_STR(energy_send_batch(bench, "pmo", "submitDay", 1, day,
                                    flat(bench, 48, 3, (const uint64_t[]){3000, 1000, 1000})),
                  "ok");
}

static void december(struct bench *bench)
{
    for (uint32_t day = DAY_0 + 30; day < DAY_0 + 61; day++)
        CHECK_STR(energy_send_batch(bench, "pmo", "submitDay", 1, day,
                                    flat(bench, 48, 3, (const uint64_t[]){0, 1000, 10})),
                  "ok");
}

static const char *coins(struct bench *b, const char *account)
{
    return energy_plain(BENCH_CALL(b, "x", &MONEY_SERVICE, "balanceOf", account));
}

TEST(deposits)
{
    struct bench b;
    district(&b);
    SAY("NotConsumer(point=2)", "bank", "depositFor", "1", "2", "5");
    SAY("BadValue(parameter=amount, value=0)", "bank", "depositFor", "1", "0", "0");
    CHECK(strncmp(ENERGY_CALL(&b, "poor", "depositFor", "1", "0", "5"), "ERC20InsufficientBalance(",
                  25) == 0);
    SAY("ok", "bank", "depositFor", "1", "0", "5" EURO);
    SAY("ok", "alice", "depositFor", "1", "0", "7" EURO);
    SAY("ok", "bank", "depositFor", "1", "0", "1" EURO); /* joins the bank's part */
    SAY("13" EURO, "x", "deposit", "1", "0");
    CHECK_STR(coins(&b, "@alice"), "993" EURO);
    CHECK(strncmp(ENERGY_CALL(&b, "bank", "withdrawDeposit", "1", "0", "1"), "NotAuthorised(",
                  14) == 0);
    SAY("DepositTooSmall(balance=13" EURO ", needed=13000000000000000001)", "anna",
        "withdrawDeposit", "1", "0", "13000000000000000001");
    SAY("ok", "anna", "withdrawDeposit", "1", "0", "8" EURO); /* 6 to the bank, 2 to alice */
    SAY("5" EURO, "x", "deposit", "1", "0");
    CHECK_STR(coins(&b, "@alice"), "995" EURO);
    SAY("ok", "anna", "withdrawDeposit", "1", "0", "5" EURO);
    SAY("0", "x", "deposit", "1", "0");
    CHECK_STR(coins(&b, "@bank"), "1000000" EURO);
    /* strangers cannot fill the places of the holder and of the organiser */
    static const char *const PAYERS[] = {"p1", "p2", "p3", "p4", "p5", "p6", "p7", "pmo", "anna"};
    for (size_t i = 0; i < 9; i++) {
        struct address a = bench_address(PAYERS[i]);
        state_set_balance(b.state, &a, u256_from_u64(100));
        SAY(i == 6 ? "TooManyPayers(limit=6)" : "ok", PAYERS[i], "depositFor", "1", "0", "10");
    }
    SAY("ok", "p6", "depositFor", "1", "0", "10"); /* joins its part */
    SAY("90", "x", "deposit", "1", "0");
    /* more than there are coins: only where a call overrides balances */
    struct u256 rich; /* with the 10 that come back: all that can be said */
    u256_sub(&rich, U256_MAX, u256_from_u64(10));
    for (size_t i = 0; i < 2; i++) {
        struct address a = bench_address(PAYERS[i]);
        state_set_balance(b.state, &a, rich);
    }
    SAY("BadValue(parameter=amount, value=0)", "p1", "depositFor", "1", "0",
        "115792089237316195423570985008687907853269984665640564039457584007913129639935");
    static const char most[] =
        "115792089237316195423570985008687907853269984665640564039457584007913129639845";
    SAY("ok", "p2", "depositFor", "1", "0", most); /* with the 90: all that can be said */
    SAY("BadValue(parameter=amount, value=0)", "p1", "depositFor", "1", "0", "1");
    bench_close(&b);
}

TEST(a_departure_put_off_is_looked_at_like_an_entry)
{
    struct bench b;
    create(&b, "0", "1698796800");
    const char *const big[] = {"1", "1699920000", "2000000", "100000", "200000"};
#define ADD(expected, name, enter)                                                          \
    SAY(expected, "pmo", "addPoint", "1", name, big[0], "@sun", "0", enter, big[2], big[3], \
        big[4], SITE, "900", "7", "0", "0")
    ADD("0", "%old%", "1698796800");
    SAY("ok", "pmo", "removePoint", "1", "0", big[1]);
    SAY("ok", "pmo", "removePoint", "1", "0", "1700006400"); /* nobody took its place yet */
    SAY("ok", "pmo", "removePoint", "1", "0", big[1]);
    ADD("1", "%new%", big[1]);
    SAY("PerimeterRefused(rule=ACC-05, reason=cumulated installed power not below the limit)",
        "pmo", "removePoint", "1", "0", "1700006400");
    SAY("ok", "pmo", "removePoint", "1", "0", "1699833600"); /* earlier is no question */
    bench_close(&b);
#undef ADD
}

TEST(a_month_is_closed_paid_and_unpaid)
{
    struct bench b;
    district(&b);
    SAY("DaysMissing(month=24286, settled=0, expected=30)", "pmo", "closeMonth", "1", NOVEMBER,
        "0");
    SAY("NotOpenMonth(month=24287, open=24286)", "pmo", "closeMonth", "1", DECEMBER, "0");
    november(&b);
    SAY("ok", "bank", "depositFor", "1", "0", "200" EURO); /* bert has none */
    CHECK(strncmp(ENERGY_CALL(&b, "anna", "closeMonth", "1", NOVEMBER, "0"), "NotAuthorised(",
                  14) == 0);
    SAY("false", "pmo", "closeMonth", "1", NOVEMBER, "1"); /* anna only */
    BATCH("MonthClosing(month=24286)", "correctDay", DAY_0, FLAT(48, 3000, 1000, 1000));
    SAY("AlreadyClosed(month=24286)", "pmo", "setTariff", "1", "2", "1", "0", NOVEMBER);
    SAY("true", "pmo", "closeMonth", "1", NOVEMBER, "5");
    const struct log_entry *closed = energy_log(&b, "MonthClosed", 0);
    REQUIRE(closed);
    CHECK_INT(energy_word(closed, 0), 2);
    CHECK_INT(energy_word(closed, 1), 1440000);
    CHECK_INT(energy_word(closed, 2), 14400);
    CHECK_INT(energy_word(closed, 3), 2880);
    SAY("[2], [24286], [1080000], [10800], [2160], [12960], [12960]", "x", "invoice", "1", NOVEMBER,
        "0");
    SAY("[2], [24286], [360000], [3600], [720], [4320], [0]", "x", "invoice", "1", NOVEMBER, "1");
    SAY("NotConsumer(point=2)", "x", "invoice", "1", NOVEMBER, "2");
    SAY("UnknownPoint(operation=1, point=9)", "x", "invoice", "1", NOVEMBER, "9");
    CHECK_STR(coins(&b, "@sun"), "129600000000000000000");
    SAY("70400000000000000000", "x", "deposit", "1", "0");
    SAY("NothingDue(month=24286, point=0)", "anna", "payInvoice", "1", NOVEMBER, "0");
    CHECK(strncmp(ENERGY_CALL(&b, "x", "payInvoice", "1", NOVEMBER, "1"), "NotAuthorised(", 14) ==
          0);
    SAY("DepositTooSmall(balance=0, needed=43200000000000000000)", "bert", "payInvoice", "1",
        NOVEMBER, "1");
    SAY("ok", "bank", "depositFor", "1", "1", "43200000000000000000");
    SAY("ok", "bert", "payInvoice", "1", NOVEMBER, "1");
    SAY("0", "x", "deposit", "1", "1");
    CHECK_STR(coins(&b, "@sun"), "172800000000000000000");
    SAY("1440000, 5760000, 1440000, 0, 30, 14400, 2880, 17280", "x", "totals", "1");
    SAY("NotOpenMonth(month=24286, open=24287)", "pmo", "closeMonth", "1", NOVEMBER, "0");
    bench_close(&b);
}

/* Before the month closes a correction just changes it; afterwards it becomes a line of the next.
 */
TEST(corrections)
{
    struct bench b;
    district(&b);
    november(&b);
    SAY("ok", "bank", "depositFor", "1", "0", "1000" EURO);
    SAY("ok", "bank", "depositFor", "1", "1", "1000" EURO);
    BATCH("ok", "correctDay", DAY_0, FLAT(48, 1000, 1000, 1000));
    const struct log_entry *entry = energy_log(&b, "CorrectionEntry", 0);
    REQUIRE(entry);
    CHECK_INT(energy_word(entry, 0), 2);
    CHECK_INT(energy_word(entry, 1), 0);
    CHECK_INT(energy_word(entry, 2), -96000);
    CHECK_INT(energy_word(entry, 3), 0);
    SAY("[1068000,372000]", "x", "monthMatrix", "1", NOVEMBER);
    SAY("true", "pmo", "closeMonth", "1", NOVEMBER, "0");
    SAY("[2], [24286], [1068000], [10680], [2136], [12816], [12816]", "x", "invoice", "1", NOVEMBER,
        "0");
    /* after closing: the second day was all bert's */
    BATCH("ok", "correctDay", DAY_0 + 1, FLAT(48, 0, 3000, 1000));
    SAY("[1032000,408000]", "x", "monthMatrix", "1", NOVEMBER);
    SAY("[2], [24286], [1068000], [10680], [2136], [12816], [12816]", "x", "invoice", "1", NOVEMBER,
        "0");
    december(&b);
    SAY("true", "pmo", "closeMonth", "1", DECEMBER, "0");
    /* anna gets 36 kWh back, more than she owes now: credit; bert pays December and the rest */
    SAY("[2], [24286], [-36000], [-360], [-72], [0], [0]", "x", "invoice", "1", DECEMBER, "0");
    SAY("[432]", "x", "credits", "1", "0");
    SAY("[2,2], [24286,24287], [36000,14880], [360,149], [72,30], [432,179], [432,179]", "x",
        "invoice", "1", DECEMBER, "1");
    SAY("[0]", "x", "credits", "1", "1");
    /* a second correction of the same month counts from what was invoiced by now; anna's January
     * line is set against her credit */
    BATCH("ok", "correctDay", DAY_0 + 1, FLAT(48, 1000, 1000, 1000));
    b.env.timestamp_s = 1706745600; /* 2024-02-01 */
    for (uint32_t day = DAY_0 + 61; day < DAY_0 + 92; day++)
        BATCH("ok", "submitDay", day, FLAT(48, 0, 0, 0));
    SAY("true", "pmo", "closeMonth", "1", "24288", "0");
    SAY("[2], [24286], [24000], [240], [48], [0], [0]", "x", "invoice", "1", "24288", "0");
    SAY("[144]", "x", "credits", "1", "0");
    SAY("[2], [24286], [-24000], [-240], [-48], [0], [0]", "x", "invoice", "1", "24288", "1");
    CHECK(strncmp(ENERGY_CALL(&b, "x", "dayResult", "1", "19663"), "3, 48, 48000, 96000,", 20) ==
          0);
    /* every version is kept as it was sent */
    CHECK_STR(ENERGY_CALL(&b, "x", "readings", "1", "19663", "1"),
              hex_of(&b, FLAT(48, 3000, 1000, 1000)));
    CHECK_STR(ENERGY_CALL(&b, "x", "readings", "1", "19663", "2"),
              hex_of(&b, FLAT(48, 0, 3000, 1000)));
    bench_close(&b);
}

static void forge(struct invoice_line *lines, size_t count)
{
    if (count != 0)
        lines[0].due_cents++;
}

TEST(an_invoice_that_breaks_conservation_is_refused)
{
    struct bench b;
    district(&b);
    november(&b);
    invoice_hook = forge;
    SAY("MoneyNotConserved(operation=1, month=24286, point=0)", "pmo", "closeMonth", "1", NOVEMBER,
        "0");
    invoice_hook = NULL;
    SAY("true", "pmo", "closeMonth", "1", NOVEMBER, "0");
    bench_close(&b);
}

TEST(a_short_record_is_refused)
{
    struct bench b;
    district(&b);
    uint8_t id[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    struct bytes key = bytes_of(id, sizeof id);
    struct hash slot = service_slot("operation", &key, 1);
    struct bytes whole = state_storage(b.state, &ENERGY_SERVICE.address, &slot);
    REQUIRE(whole.len > 100);
    for (size_t len = 1; len < whole.len; len++) {
        struct buf cut = {0};
        struct bytes now;
        state_checkpoint_t cp = state_checkpoint(b.state);
        buf_put(&cut, whole.data, len);
        state_set_storage(b.state, &ENERGY_SERVICE.address, &slot, buf_view(&cut));
        SAY("RecordUnreadable()", "x", "operation", "1");
        buf_free(&cut);
        state_revert(b.state, cp);
        now = state_storage(b.state, &ENERGY_SERVICE.address, &slot);
        whole = now;
    }
    bench_close(&b);
}

/* A call may run on a state that somebody made up: values of a key that are none, and a price. */
TEST(a_record_of_values_is_refused)
{
    static const char *const KEYS[] = {"1", "2", "3"};
    const uint64_t key_of[] = {1, 0}, tariff_of[] = {1, 2};
    uint8_t values[32] = {1};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        struct bench b;
        district(&b);
        SAY("ok", "pmo", "setKey", "1", KEYS[i], "1698796800", "[2,1,0]");
        struct hash slot = record_slot("key", key_of, 2);
        state_set_storage(b.state, &ENERGY_SERVICE.address, &slot, bytes_of(values, sizeof values));
        BATCH("RecordUnreadable()", "submitDay", DAY_0, FLAT(48, 30, 10, 20));
        bench_close(&b);
    }
    struct bench b;
    district(&b);
    november(&b);
    SAY("ok", "bank", "depositFor", "1", "0", "200" EURO);
    struct hash slot = record_slot("tariff", tariff_of, 2);
    memset(values, 0xff, sizeof values);
    memset(values, 0, 4);
    state_set_storage(b.state, &ENERGY_SERVICE.address, &slot, bytes_of(values, 16));
    SAY("RecordUnreadable()", "pmo", "closeMonth", "1", NOVEMBER, "5");
    bench_close(&b);
}

/* --- the table
 * --------------------------------------------------------------------------------------- */

TEST(every_declared_error_was_reached)
{
    services_init();
    bool any = false;
    for (size_t i = 0; i < sizeof energy_error_seen; i++)
        any = any || energy_error_seen[i];
    if (!any)
        SKIP("meaningful after the other tests of this program");
    for (size_t i = 0; ENERGY_SERVICE.errors[i].line; i++) {
        if (!energy_error_seen[i])
            test_fail(__FILE__, __LINE__, "no test reaches %s", ENERGY_SERVICE.errors[i].line);
    }
}
