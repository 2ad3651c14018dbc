/* A real district's year through the service: readings in, hashes and invoices out, compared with
 * an independent program's results. */
#include "city/energy/test_london.h"
#include "city/energy/test_service_bench.h"

#define DAY_2013 15706u /* 2013-01-01 */

static char text[64];

static const char *dec(uint64_t v)
{
    snprintf(text, sizeof text, "%" PRIu64, v);
    return text;
}

/* Pseudonyms are the point numbers here; holders are named h0, h1, ... */
static void add_points(struct bench *b, const struct london *l)
{
    for (size_t i = 0; i < LONDON_CONSUMERS + LONDON_PRODUCERS; i++) {
        bool makes = i >= LONDON_CONSUMERS;
        char pseudonym[67] = "0x", holder[16], price[24];
        snprintf(pseudonym, sizeof pseudonym, "0x%064zx", i + 1);
        snprintf(holder, sizeof holder, "@h%zu", i);
        snprintf(price, sizeof price, "%" PRIu64, makes ? l->price[i - LONDON_CONSUMERS] : 0);
        CHECK_STR(ENERGY_CALL(b, "pmo", "addPoint", "1", pseudonym, makes ? "1" : "0", holder, "0",
                              "1356998400", makes ? "36000" : "0", price, makes ? "200000" : "0",
                              "%site%", "900", "7", "0", "0"),
                  dec(i));
    }
}

static void set_key(struct bench *b, const struct london *l, enum allocation_key key)
{
    struct buf list = {0};
    buf_puts(&list, "[");
    for (size_t i = 0; key != KEY_DEFAULT && i < LONDON_CONSUMERS + LONDON_PRODUCERS; i++)
        buf_putf(&list, "%s%u", i ? "," : "",
                 i >= LONDON_CONSUMERS ? 0
                 : key == KEY_PRIORITY ? l->level[i]
                                       : l->ppm[i]);
    buf_puts(&list, "]");
    char number[4];
    snprintf(number, sizeof number, "%u", key);
    CHECK_STR(ENERGY_CALL(b, "pmo", "setKey", "1", number, "1356998400", buf_cstr(&list)), "ok");
    buf_free(&list);
}

static void put_streams(struct buf *batch, const uint64_t *table, size_t columns, uint32_t day)
{
    for (size_t i = 0; i < columns; i++) {
        uint64_t v[48];
        for (size_t t = 0; t < 48; t++)
            v[t] = table[(day * 48 + t) * columns + i];
        readings_put(batch, v, 48);
    }
}

static void settle_day(struct bench *b, const struct london *l, uint32_t day,
                       enum allocation_key key, const struct london_hashes *expected)
{
    struct buf batch = {0};
    struct hash h;
    readings_begin(&batch);
    put_streams(&batch, l->consumption, LONDON_CONSUMERS, day);
    put_streams(&batch, l->production, LONDON_PRODUCERS, day);
    CHECK_STR(energy_send_batch(b, "pmo", "submitDay", 1, DAY_2013 + day, buf_view(&batch)), "ok");
    const struct log_entry *log = energy_log(b, "DaySettled", 0);
    REQUIRE(log);
    memcpy(h.b, log->data.data + 5 * 32, 32);
    CHECK(london_hash_is(&h, expected->hex[day][key]));
    memcpy(h.b, log->data.data + 6 * 32, 32);
    if (key == KEY_DEFAULT)
        CHECK(london_hash_is(&h, expected->hex[day][4]));
    buf_free(&batch);
    arena_reset(&b->arena);
}

static void deposit_for_all(struct bench *b)
{
    for (size_t i = 0; i < LONDON_CONSUMERS; i++)
        CHECK_STR(ENERGY_CALL(b, "bank", "depositFor", "1", dec(i), "1000000000000000000000"),
                  "ok");
}

/* The reference's invoice lines of one month, against the logs of closeMonth. */
static size_t compare_lines(struct bench *b, const struct london *l, uint32_t month)
{
    char line[512];
    size_t lines = 0;
    FILE *f = fopen(test_data("energy/oracle/a-london-2013/invoices.csv"), "r");
    ASSERT(f && fgets(line, sizeof line, f));
    const struct log_entry *log;
    static uint64_t said[LONDON_CONSUMERS][LONDON_PRODUCERS][3];
    memset(said, 0, sizeof said);
    for (size_t i = 0; (log = energy_log(b, "InvoiceLine", i)); i++) {
        uint64_t *cell = said[energy_topic(log, 3)][energy_word(log, 0) - LONDON_CONSUMERS];
        cell[0] = (uint64_t)energy_word(log, 2);
        cell[1] = (uint64_t)energy_word(log, 4);
        cell[2] = (uint64_t)energy_word(log, 5);
        lines++;
    }
    while (fgets(line, sizeof line, f)) {
        char *p = line;
        if (strtoul(line + 5, &p, 10) != month + 1)
            continue;
        size_t k = 0, i = 0;
        while (strncmp(p + 1, l->producer[k], strlen(l->producer[k])) != 0)
            k++;
        p = strchr(p + 1, ',') + 1;
        while (strncmp(p, l->consumer[i], strlen(l->consumer[i])) != 0)
            i++;
        uint64_t v[5];
        p = strchr(p, ',') + 1;
        for (size_t n = 0; n < 5; n++, p++)
            v[n] = strtoull(p, &p, 10);
        CHECK(said[i][k][0] == v[0] && said[i][k][1] == v[3] && said[i][k][2] == v[4]);
        lines -= v[0] != 0;
    }
    CHECK_INT(lines, 0); /* none said that the reference does not have */
    fclose(f);
    return lines;
}

static void close_year(struct bench *b, const struct london *l)
{
    deposit_for_all(b);
    int64_t most_gas = 0;
    for (uint32_t month = 0; month < 12; month++) {
        char number[16];
        snprintf(number, sizeof number, "%u", 2013 * 12 + month);
        CHECK_STR(ENERGY_CALL(b, "pmo", "closeMonth", "1", number, "0"), "true");
        int64_t used = b->gas - b->result.gas_left;
        most_gas = used > most_gas ? used : most_gas;
        compare_lines(b, l, month);
        arena_reset(&b->arena);
    }
    printf("# closing a month of %u lines: at most %" PRId64 " gas\n",
           LONDON_CONSUMERS * LONDON_PRODUCERS, most_gas);
}

static void run_year(enum allocation_key key, const char *totals)
{
    const struct london *l = london_load();
    struct london_hashes *expected = mem_zalloc(1, sizeof *expected);
    if (!l || !london_hashes_load(expected)) {
        mem_free(expected);
        SKIP("no energy/a-london-2013 or its reference results");
    }
    struct bench b;
    energy_open(&b);
    CHECK_STR(
        ENERGY_CALL(&b, "pmo", "createOperation", "0", "1356998400", "30", "1", "%site%", "7", "3"),
        "1");
    add_points(&b, l);
    set_key(&b, l, key);
    for (uint32_t day = 0; day < LONDON_DAYS; day++)
        settle_day(&b, l, day, key, expected);
    if (key == KEY_DEFAULT)
        close_year(&b, l);
    CHECK_STR(ENERGY_CALL(&b, "anyone", "totals", "1"), totals);
    bench_close(&b);
    mem_free(expected);
}

TEST(year_default_key_with_invoices)
{
    run_year(KEY_DEFAULT,
             "184600252, 240470844, 119223702, 65376550, 365, 1239563, 247884, 1487447");
}

TEST(year_static_key)
{
    run_year(KEY_STATIC, "184600252, 240470844, 87898861, 96701391, 365, 0, 0, 0");
}

TEST(year_waterfill_key)
{
    run_year(KEY_WATERFILL, "184600252, 240470844, 119223702, 65376550, 365, 0, 0, 0");
}

TEST(year_priority_key)
{
    run_year(KEY_PRIORITY, "184600252, 240470844, 119223702, 65376550, 365, 0, 0, 0");
}
