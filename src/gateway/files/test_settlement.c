/* Settlement from files against an independent reference, and the forms it is written in. */
#include "test.h"

#include "gateway/files/exports.h"

static char *data_path(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "energy/%s", name);
    const char *found = test_data(path);
    return found ? mem_strdup(found) : NULL;
}

/* The file's text, gunzipped. */
static void read_all(struct buf *out, const char *path)
{
    struct csv *c;
    struct csv_row row;
    struct problems p = {0};
    struct diag d = {0};
    if (csv_open(&c, path, ',', &d) != E_OK)
        return;
    while (csv_next(c, &row, &p) == E_OK && row.count)
        for (size_t i = 0; i < row.count; i++)
            buf_putf(out, "%s%s", row.field[i].text, i + 1 < row.count ? "," : "\n");
    csv_close(c);
}

static void check_same(const char *what, struct buf *actual, const char *oracle_name)
{
    struct buf expected = {0};
    char *path = data_path(oracle_name);
    if (path)
        read_all(&expected, path);
    CHECK(expected.len > 1000);
    if (!bytes_eq(buf_view(actual), buf_view(&expected)))
        test_fail(__FILE__, __LINE__, "%s differs from %s (%zu and %zu bytes)", what, oracle_name,
                  actual->len, expected.len);
    mem_free(path);
    buf_free(&expected);
    buf_clear(actual);
}

struct week {
    struct buf text;
    enum allocation_key key;
    bool coefficients_hold;
    struct allocation_scratch scratch;
};

/* Coefficients sent to the operator give back what was allocated, within 1 Wh (facts 4.1). */
static void visit(void *ctx, uint32_t step, const struct allocation_step *in,
                  const struct allocation_result *out)
{
    struct week *w = ctx;
    uint32_t ppm[128];
    if (step < 7680 || step > 8015)
        return;
    buf_putf(&w->text, "%u,%s", step, allocation_key_name(w->key));
    for (size_t i = 0; i < in->consumers; i++)
        buf_putf(&w->text, ",%llu", (unsigned long long)out->allocated_wh[i]);
    buf_put_u8(&w->text, '\n');
    for (size_t k = 0; k < in->producers; k++)
        w->coefficients_hold &=
            coefficients_derive(ppm, in->production_wh[k], out->matrix_wh + k * in->consumers,
                                in->consumption_wh, in->consumers, &w->scratch) <= 1;
}

/* Rows of week_allocation.csv of one key. */
static void read_week(struct buf *out, const char *key)
{
    struct buf all = {0};
    char *path = data_path("oracle/a-london-2013/week_allocation.csv");
    if (path)
        read_all(&all, path);
    for (const char *line = buf_cstr(&all); *line; line = strchr(line, '\n') + 1) {
        const char *name = strchr(line, ',') + 1;
        if (strncmp(name, key, strlen(key)) == 0 && name[strlen(key)] == ',')
            buf_put(out, line, (size_t)(strchr(line, '\n') + 1 - line));
    }
    mem_free(path);
    buf_free(&all);
}

TEST(london_year_is_the_oracle_s)
{
    static const enum allocation_key KEYS[4] = {KEY_DEFAULT, KEY_STATIC, KEY_WATERFILL,
                                                KEY_PRIORITY};
    struct problems p = {0};
    struct diag d = {0};
    struct dataset data;
    struct settlement s[4];
    char *dir = data_path("a-london-2013");
    if (!dir)
        SKIP("no shared data");
    REQUIRE(dataset_read_dir(&data, dir, &p, &d) == E_OK);
    void *memory = mem_alloc(allocation_scratch_bytes(128));
    for (size_t i = 0; i < 4; i++) {
        struct week w = {.key = KEYS[i], .coefficients_hold = true};
        struct buf expected = {0};
        allocation_scratch_init(&w.scratch, memory, 128);
        settlement_run(&s[i], &data, KEYS[i], visit, &w, NULL, NULL);
        read_week(&expected, allocation_key_name(KEYS[i]));
        CHECK(expected.len > 1000 && bytes_eq(buf_view(&expected), buf_view(&w.text)));
        CHECK(w.coefficients_hold);
        buf_free(&expected);
        buf_free(&w.text);
    }
    struct buf b = {0};
    export_days(&b, s, 4, 0);
    check_same("days", &b, "oracle/a-london-2013/day_hashes.csv");
    export_steps(&b, &data, s, 4);
    check_same("steps", &b, "oracle/a-london-2013/steps.csv.gz");
    export_invoices(&b, s);
    check_same("invoices", &b, "oracle/a-london-2013/invoices.csv");
    CHECK_INT(s[0].produced_wh, 184600252);
    CHECK_INT(s[0].shared_wh, 119223702);
    CHECK_INT(s[1].shared_wh, 87898861);
    CHECK_HEX(s[2].year_hash.b, 32,
              "8a9d02ff5145df54be658617141dfbbcfb6d9711e61b69482b5f5d2e5919aed8");
    CHECK_HEX(s[0].year_pairwise.b, 32,
              "77b5cdfd3f1399cebc3035517440029aa310de085d75f1b40b43c287f87ce646");
    struct invoice_sum sum = settlement_sum(s);
    CHECK_INT(sum.ht_cents, 1239563);
    CHECK_INT(sum.vat_cents, 247884);
    test_count(365 * 5 + 17520 + 3216 + 1344);
    for (size_t i = 0; i < 4; i++)
        settlement_free(&s[i]);
    mem_free(memory);
    mem_free(dir);
    buf_free(&b);
    dataset_free(&data);
}

/* --- a district of three, written out ----------------------------------------------------------
 */

static const char OPERATION[] =
    "{\"operation\":\"X;Y\",\"zone\":\"paris\",\"step_minutes\":30,\"steps\":46,"
    "\"start_utc\":\"2025-03-29T23:00:00Z\",\"vat_ppm\":55000,"
    "\"consumers\":[{\"id\":\"B\",\"static_ppm\":400000,\"last_step\":9},"
    "{\"id\":\"A\",\"static_ppm\":600000,\"prm\":\"99000000000001\"}],"
    "\"producers\":[{\"id\":\"P\",\"price_microeur_per_kwh\":100000}]}";

static void write_text(const char *dir, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    if (f) {
        fputs(text, f);
        fclose(f);
    }
}

/* Tables of 46 half-hours from the clock change of March on; wrong_id renames a column. */
static void write_tables(const char *dir, const char *consumer_b)
{
    struct buf c = {0}, p = {0};
    buf_putf(&c, "step,ts_utc,A,%s\n", consumer_b);
    buf_puts(&p, "step,ts_utc,P\n");
    for (unsigned i = 0; i < 46; i++) {
        unsigned minute = 23 * 60 + i * 30;
        char when[32];
        snprintf(when, sizeof when, "2025-03-%02uT%02u:%02u:00Z", 29 + minute / 1440,
                 minute / 60 % 24, minute % 60);
        buf_putf(&c, "%u,%s,300,%s\n", i, when, i < 10 ? "100" : "");
        buf_putf(&p, "%u,%s,200\n", i, when);
    }
    write_text(dir, "consumption.csv", buf_cstr(&c));
    write_text(dir, "production.csv", buf_cstr(&p));
    buf_free(&c);
    buf_free(&p);
}

TEST(a_short_day_with_an_exit)
{
    const char *dir = test_tmpdir();
    struct problems p = {0};
    struct diag d = {0};
    struct dataset data;
    struct settlement s;
    struct buf b = {0};
    write_text(dir, "operation.json", OPERATION);
    write_tables(dir, "B");
    REQUIRE(dataset_read_dir(&data, dir, &p, &d) == E_OK);
    CHECK_STR(data.op.consumer[0].id, "A"); /* sorted */
    CHECK_INT(data.op.consumer[1].last_step, 9);
    settlement_run(&s, &data, KEY_DEFAULT, NULL, NULL, NULL, NULL);
    CHECK_INT(s.days, 1); /* 46 half-hours */
    CHECK_INT(s.shared_wh, 46 * 200);
    CHECK_INT(s.consumer_month[0].shared_wh, 10 * 150 + 36 * 200);
    CHECK_INT(s.consumer_month[1].shared_wh, 10 * 50);
    export_classes(&b, &s);
    CHECK_STR(buf_cstr(&b), "month,point,class,energy_wh\n2025-03,A,3,8700\n2025-03,A,4,5100\n"
                            "2025-03,B,3,500\n2025-03,B,4,500\n2025-03,P,5,9200\n2025-03,P,6,0\n");
    buf_clear(&b);
    export_invoices(&b, &s); /* 5.5 %: 87 ct -> 4.785 -> 5; 5 ct -> 0.275 -> 0 */
    CHECK_STR(buf_cstr(&b),
              "month,producer,consumer,energy_wh,price_microeur_per_kwh,amount_nanoeur,"
              "amount_ht_cents,vat_cents,amount_ttc_cents\n"
              "2025-03,P,A,8700,100000,870000000,87,5,92\n2025-03,P,B,500,100000,50000000,5,0,5\n");
    settlement_free(&s);
    dataset_free(&data);
    buf_free(&b);
}

TEST(a_district_that_does_not_fit_is_refused)
{
    static const struct {
        const char *from, *to, *where;
    } CASES[] = {
        {"\"X;Y\"", "7", "operation.json: operation: "},
        {"paris", "mars", "operation.json: zone: "},
        {"\"step_minutes\":30", "\"step_minutes\":7", "operation.json: step_minutes: "},
        {"\"steps\":46", "\"steps\":-1", "operation.json: steps: "},
        {"\"steps\":46", "\"steps\":45", "consumption.csv: ts_utc: "},
        {"2025-03-29T23:00:00Z", "2025-03-29", "operation.json: start_utc: "},
        {"400000", "400001", "operation.json: static_ppm: "},
        {"99000000000001", "12", "operation.json: consumers[1].prm: "},
        {"\"id\":\"A\"", "\"id\":\"B\"", "operation.json: consumers: two points"},
        {"\"id\":\"A\"", "\"id\":\"\"", "operation.json: consumers[1].id: "},
        {"\"last_step\":9", "\"last_step\":99", "operation.json: consumers[0].last_step: "},
        {"\"last_step\":9", "\"first_step\":5,\"last_step\":3", "consumers[0].last_step: "},
        {"100000}", "99999999999}", "producers[0].price_microeur_per_kwh: "},
        {"\"price_microeur_per_kwh\":100000", "\"kind\":\"pv\"", "price_microeur_per_kwh: "},
        {"\"producers\":[", "\"sellers\":[", "operation.json: producers: "},
        {"\"id\":\"P\"", "\"id\":\"Q\"", "production.csv:1: Q: no column"},
        {"{\"operation\"", "{{\"operation\"", "operation.json: JSON: "},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *dir = test_tmpdir();
        const char *at = strstr(OPERATION, CASES[i].from);
        struct buf text = {0};
        struct problems p = {0};
        struct diag d = {0};
        struct dataset data;
        REQUIRE(at != NULL);
        buf_put(&text, OPERATION, (size_t)(at - OPERATION));
        buf_puts(&text, CASES[i].to);
        buf_puts(&text, at + strlen(CASES[i].from));
        write_text(dir, "operation.json", buf_cstr(&text));
        write_tables(dir, "B");
        CHECK_ERR(dataset_read_dir(&data, dir, &p, &d), E_CSV);
        if (!strstr(buf_cstr(&p.text), CASES[i].where))
            test_fail(__FILE__, __LINE__, "\"%s\" is not in: %s", CASES[i].where,
                      buf_cstr(&p.text));
        CHECK(d.text[0] != 0);
        problems_free(&p);
        buf_free(&text);
    }
    struct problems p = {0};
    struct diag d = {0};
    struct dataset data;
    const char *dir = test_tmpdir();
    CHECK_ERR(dataset_read_dir(&data, dir, &p, &d), E_NOT_FOUND);
    write_text(dir, "operation.json", OPERATION);
    write_tables(dir, "C");
    CHECK_ERR(dataset_read_dir(&data, dir, &p, &d), E_CSV);
    CHECK(strstr(buf_cstr(&p.text), "consumption.csv:1: C: this column is no point") != NULL);
    problems_free(&p);
}
