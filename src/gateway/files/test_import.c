/* Importers of meter files: what they accept, and that every refusal names file, line and field. */
#include "test.h"

#include <unistd.h>

#include "gateway/files/civil.h"
#include "gateway/files/meters.h"
#include "gateway/files/wide.h"

#define HEADER                                                                                     \
    "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;" \
    "Etape metier;Unite;Pas en minutes\n"
#define VALUES(prm, what, step)                                                                 \
    prm ";Courbe de charge;30/03/2025;31/03/2025;Energie active;" what ";Comptage Brut;W;" step \
        "\n\nHorodate;Valeur\n"

struct import {
    struct curve_set set;
    struct problems p;
    enum err e;
};

static struct import import_csv(const char *text, enum curve_label label)
{
    struct import i = {0};
    struct csv *csv = csv_open_text("t.csv", bytes_str(text), ';');
    i.e = enedis_csv_read(&i.set, csv, &i.p);
    csv_close(csv);
    if (i.e == E_OK)
        i.e = curve_set_finish(&i.set, label, &i.p);
    return i;
}

static struct import import_json(const char *text)
{
    struct import i = {0};
    i.e = enedis_json_read(&i.set, "t.json", bytes_str(text), CURVE_CONSUMPTION, &i.p);
    if (i.e == E_OK)
        i.e = curve_set_finish(&i.set, CURVE_LABEL_START, &i.p);
    return i;
}

static void import_free(struct import *i)
{
    curve_set_free(&i->set);
    problems_free(&i->p);
}

/* The report must contain "where" (file:line: field). */
static void check_refused(struct import i, const char *where, int line)
{
    if (i.e != E_CSV || i.p.count == 0)
        test_fail(__FILE__, line, "not refused; expected %s", where);
    else if (!strstr(buf_cstr(&i.p.text), where))
        test_fail(__FILE__, line, "\"%s\" is not in: %s", where, buf_cstr(&i.p.text));
    import_free(&i);
}
#define REFUSED_CSV(text, where) check_refused(import_csv(text, CURVE_LABEL_START), where, __LINE__)
#define REFUSED_JSON(text, where) check_refused(import_json(text), where, __LINE__)

TEST(csv_fields_quotes_and_line_ends)
{
    struct problems p = {0};
    struct csv_row row;
    struct csv *c = csv_open_text("t",
                                  bytes_str("\xef\xbb\xbf"
                                            "a;\"b;\"\"c\"\"\";\r\n\n\"x\ny\";z"),
                                  0);
    REQUIRE(csv_next(c, &row, &p) == E_OK);
    CHECK_INT(row.count, 3);
    CHECK_STR(row.field[0].text, "a");
    CHECK_STR(row.field[1].text, "b;\"c\"");
    CHECK_STR(row.field[2].text, "");
    REQUIRE(csv_next(c, &row, &p) == E_OK);
    CHECK(csv_row_is_blank(&row));
    REQUIRE(csv_next(c, &row, &p) == E_OK);
    CHECK_INT(row.line, 3);
    CHECK_STR(row.field[0].text, "x\ny");
    CHECK_STR(row.field[1].text, "z");
    REQUIRE(csv_next(c, &row, &p) == E_OK);
    CHECK_INT(row.count, 0);
    csv_close(c);
    CHECK_INT(p.count, 0);
}

TEST(csv_refusals)
{
    static const struct {
        const char *text, *where;
    } CASES[] = {
        {"a,\"b", "t:1: a quoted field does not end"},
        {"a\nb,\"c\"d", "t:2: text after a closing quote"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct problems p = {0};
        struct csv_row row = {.count = 1};
        struct csv *c = csv_open_text("t", bytes_str(CASES[i].text), 0);
        enum err e = E_OK;
        while (e == E_OK && row.count)
            e = csv_next(c, &row, &p);
        CHECK_ERR(e, E_CSV);
        CHECK(strncmp(p.first, CASES[i].where, strlen(CASES[i].where)) == 0);
        CHECK_ERR(csv_next(c, &row, &p), E_CSV);
        csv_close(c);
        problems_free(&p);
    }
    struct problems p = {0};
    struct csv_row row;
    struct csv *c = csv_open_text("t", bytes_of("a\0b", 3), 0);
    CHECK_ERR(csv_next(c, &row, &p), E_CSV);
    CHECK(strstr(p.first, "t:1: a NUL byte") != NULL);
    csv_close(c);
    problems_free(&p);
}

TEST(csv_reads_gzip_and_reports_a_cut_one)
{
    char path[512];
    struct problems p = {0};
    struct diag d = {0};
    struct wide w = {.points = 1, .start_s = 0, .step_s = 1800, .steps = 2000};
    char *id = mem_strdup("A");
    w.id = mem_dup(&id, sizeof id);
    w.wh = mem_zalloc(2000, sizeof *w.wh);
    for (size_t i = 0; i < 2000; i++)
        w.wh[i] = test_random() % 5000;
    snprintf(path, sizeof path, "%s/w.csv.gz", test_tmpdir());
    REQUIRE(wide_write(&w, path, &d) == E_OK);
    struct csv *c;
    struct wide back = {0};
    REQUIRE(csv_open(&c, path, 0, &d) == E_OK);
    CHECK_ERR(wide_read(&back, c, &p), E_OK);
    csv_close(c);
    CHECK_INT(back.steps, 2000);
    CHECK(back.wh && memcmp(back.wh, w.wh, 2000 * sizeof *w.wh) == 0);
    wide_free(&back);
    REQUIRE(truncate(path, 3000) == 0);
    REQUIRE(csv_open(&c, path, 0, &d) == E_OK);
    CHECK_ERR(wide_read(&back, c, &p), E_CSV);
    CHECK(strstr(buf_cstr(&p.text), "gzip") != NULL);
    csv_close(c);
    wide_free(&back);
    wide_free(&w);
    problems_free(&p);
    CHECK_ERR(csv_open(&c, "/nonexistent/x.csv", 0, &d), E_NOT_FOUND);
}

TEST(paris_time_has_its_two_changes)
{
    int64_t t[2];
    struct date_time spring = {2025, 3, 30, 2, 30, 0}, autumn = {2025, 10, 26, 2, 30, 0};
    CHECK_INT(paris_to_unix(t, spring), 0);
    CHECK_INT(paris_to_unix(t, autumn), 2);
    CHECK_INT(t[1] - t[0], 3600);
    autumn.hour = 3;
    CHECK_INT(paris_to_unix(t, autumn), 1);
    char text[32];
    civil_format_utc(text, t[0]);
    CHECK_STR(text, "2025-10-26T02:30:00Z");
    int64_t a, b;
    CHECK_ERR(civil_parse_utc(&a, "2024-02-29T12:00:00+01:00", 25), E_OK);
    CHECK_ERR(civil_parse_utc(&b, "2024-02-29 11:00Z", 17), E_OK);
    CHECK_INT(a, b);
    CHECK_ERR(civil_parse_utc(&b, "2023-02-29T11:00:00Z", 20), E_INVALID);
    CHECK_ERR(civil_parse_utc(&b, "2023-02-28T24:00:00Z", 20), E_INVALID);
    CHECK_ERR(civil_parse_utc(&b, "2023-02-28T11:00:00", 19), E_INVALID);
    CHECK_ERR(civil_parse_utc(&b, "2023-02-28T11:00:00+15:00", 25), E_INVALID);
    CHECK_ERR(civil_parse_utc(&b, "1969-12-31T23:00:00Z", 20), E_INVALID);
}

TEST(load_curve_across_the_spring_change_unsorted_with_gap)
{
    struct import i =
        import_csv(HEADER VALUES("99000000000001", "Consommation",
                                 "30") "2025-03-30T03:00:00+02:00;400\n"  /* 01:00Z */
                                       "2025-03-30T01:30:00+01:00;300\n"  /* 00:30Z */
                                       "2025-03-30T01:00:00+01:00;\n"     /* 00:00Z, missing */
                                       "2025-03-30T05:00:00+02:00;500\n", /* 03:00Z after a gap */
                   CURVE_LABEL_START);
    REQUIRE(i.e == E_OK && i.set.count == 1);
    const struct curve *c = &i.set.curve[0];
    static const struct {
        const char *when;
        uint64_t wh;
        bool missing;
    } EXPECTED[] = {{"2025-03-30T00:00:00Z", 0, true},
                    {"2025-03-30T00:30:00Z", 150, false},
                    {"2025-03-30T01:00:00Z", 200, false},
                    {"2025-03-30T03:00:00Z", 250, false}};
    REQUIRE(c->count == 4);
    for (size_t k = 0; k < 4; k++) {
        char when[32];
        civil_format_utc(when, c->measure[k].start_s);
        CHECK_STR(when, EXPECTED[k].when);
        CHECK_INT(c->measure[k].missing, EXPECTED[k].missing);
        CHECK_INT(c->measure[k].step_s, 1800);
        if (!EXPECTED[k].missing)
            CHECK_INT(c->measure[k].value, EXPECTED[k].wh);
    }
    import_free(&i);
}

TEST(load_curve_across_the_autumn_change_has_both_hours)
{
    struct import i = import_csv(
        HEADER VALUES("99000000000001", "Production",
                      "30") "2025-10-26T02:00:00+02:00;10\n2025-10-26T02:30:00+02:00;20\n"
                            "2025-10-26T02:00:00+01:00;30\n2025-10-26T02:30:00+01:00;40\n",
        CURVE_LABEL_START);
    REQUIRE(i.e == E_OK && i.set.count == 1 && i.set.curve[0].count == 4);
    CHECK_INT(i.set.curve[0].role, CURVE_PRODUCTION);
    for (size_t k = 0; k < 4; k++) {
        CHECK_INT(i.set.curve[0].measure[k].value, 5 * (k + 1));
        CHECK_INT(i.set.curve[0].measure[k].start_s - i.set.curve[0].measure[0].start_s, 1800 * k);
    }
    import_free(&i);
}

TEST(mixed_steps_and_both_roles_in_one_file)
{
    struct import i = import_csv(
        HEADER VALUES(
            "99000000000001", "Consommation",
            "60") "2025-01-01T00:00:00Z;60\n2025-01-01T01:00:00Z;61\n"
                  "2025-01-01T02:00:00Z;60\n2025-01-01T02:10:00Z;120\n2025-01-01T02:20:00Z;60\n"
                  "2025-01-01T02:30:00Z;100\n2025-01-01T03:00:00Z;100\n2025-01-01T03:30:00Z;"
                  "100\n" HEADER VALUES("99000000000001", "Production",
                                        "30") "2025-01-01T00:00:00Z;7\n",
        CURVE_LABEL_START);
    REQUIRE(i.e == E_OK && i.set.count == 2);
    static const uint32_t STEPS[] = {3600, 3600, 600, 600, 600, 1800, 1800, 1800};
    static const uint64_t WH[] = {60, 61, 10, 20, 10, 50, 50, 50};
    REQUIRE(i.set.curve[0].count == 8);
    for (size_t k = 0; k < 8; k++) {
        CHECK_INT(i.set.curve[0].measure[k].step_s, STEPS[k]);
        CHECK_INT(i.set.curve[0].measure[k].value, WH[k]);
    }
    CHECK_INT(i.set.curve[1].role, CURVE_PRODUCTION);
    CHECK_INT(i.set.curve[1].measure[0].value, 4); /* 3.5 half up */
    /* to half-hours: 60 minutes are refused, or split; 3 * 10 minutes are summed */
    struct problems p = {0};
    CHECK_ERR(curve_resample(&i.set.curve[0], 1800, false, &p), E_CSV);
    CHECK(strstr(p.first, "t.csv:5: step: ") != NULL);
    CHECK_ERR(curve_resample(&i.set.curve[0], 1800, true, &p), E_OK);
    static const uint64_t HALF[] = {30, 30, 30, 31, 40, 50, 50, 50};
    REQUIRE(i.set.curve[0].count == 8);
    for (size_t k = 0; k < 8; k++)
        CHECK_INT(i.set.curve[0].measure[k].value, HALF[k]);
    problems_free(&p);
    import_free(&i);
}

TEST(end_labels_give_the_same_curve)
{
    struct import a =
        import_csv(HEADER VALUES("99000000000001", "Consommation",
                                 "30") "2025-01-01T00:30:00Z;61\n2025-01-01T01:00:00Z;63\n"
                                       "2025-01-01T01:10:00Z;60\n2025-01-01T01:20:00Z;60\n",
                   CURVE_LABEL_END);
    REQUIRE(a.e == E_OK && a.set.curve[0].count == 4);
    static const int64_t START[] = {0, 1800, 3600, 4200};
    static const uint64_t WH[] = {31, 31, 10, 10};
    for (size_t k = 0; k < 4; k++) {
        CHECK_INT(a.set.curve[0].measure[k].start_s - 1735689600, START[k]);
        CHECK_INT(a.set.curve[0].measure[k].value, WH[k]);
    }
    import_free(&a);
}

TEST(a_missing_part_makes_the_sum_missing)
{
    struct import i =
        import_csv(HEADER VALUES("99000000000001", "Consommation",
                                 "10") "2025-01-01T00:00:00Z;60\n2025-01-01T00:10:00Z;\n"
                                       "2025-01-01T00:20:00Z;60\n2025-01-01T00:30:00Z;60\n"
                                       "2025-01-01T00:40:00Z;60\n2025-01-01T00:50:00Z;66\n"
                                       "2025-01-01T01:00:00Z;60\n",
                   CURVE_LABEL_START);
    REQUIRE(i.e == E_OK);
    struct problems p = {0};
    CHECK_ERR(curve_resample(&i.set.curve[0], 1800, false, &p), E_OK);
    REQUIRE(i.set.curve[0].count == 3);
    CHECK(i.set.curve[0].measure[0].missing);
    CHECK_INT(i.set.curve[0].measure[1].value, 31);
    CHECK(i.set.curve[0].measure[2].missing); /* two parts are not there */
    import_free(&i);
}

TEST(watts_become_energy_exactly)
{
    /* whatever the readings, the running total of a day is the exact one rounded half up */
    struct curve_set set = {0};
    struct problems p = {0};
    struct curve *c = curve_set_point(&set, "99000000000001", CURVE_CONSUMPTION);
    uint64_t total_wmin = 30, total_wh = 0;
    for (size_t k = 0; k < 144; k++)
        curve_set_add(&set, c,
                      (struct curve_measure){.start_s = 86400 + (int64_t)k * 600,
                                             .step_s = 600,
                                             .value = test_random() % 9001,
                                             .file = "t"});
    uint64_t watts[144];
    for (size_t k = 0; k < 144; k++)
        watts[k] = c->measure[k].value;
    REQUIRE(curve_set_finish(&set, CURVE_LABEL_START, &p) == E_OK);
    for (size_t k = 0; k < 144; k++) {
        total_wmin += watts[k] * 10;
        total_wh += set.curve[0].measure[k].value;
        CHECK_INT(total_wh, total_wmin / 60);
    }
    curve_set_free(&set);
}

TEST(load_curve_refusals_name_file_line_and_field)
{
    REFUSED_CSV("", "t.csv:1: the file ends");
    REFUSED_CSV("a;b;c\n", "t.csv:1: identifiant prm: ");
    REFUSED_CSV(HEADER, "the file ends before any measure");
    REFUSED_CSV(HEADER VALUES("9900000000001", "Consommation", "30"), "t.csv:2: identifiant prm: ");
    REFUSED_CSV(HEADER VALUES("99000000000001", "Soutirage?", "30"), "t.csv:2: grandeur metier: ");
    REFUSED_CSV(HEADER VALUES("99000000000001", "Consommation", "7"), "t.csv:2: pas en minutes: ");
    REFUSED_CSV(HEADER "99000000000001;Index;a;b;Energie active;Consommation;x;W;30\n",
                "t.csv:2: type de donnees: ");
    REFUSED_CSV(HEADER "99000000000001;Courbe de charge;a;b;Tension;Consommation;x;W;30\n",
                "t.csv:2: grandeur physique: ");
    REFUSED_CSV(HEADER "99000000000001;Courbe de charge;a;b;Energie active;Consommation;x;kWh;30\n",
                "t.csv:2: unite: ");
    REFUSED_CSV(HEADER "99000000000001;Courbe de charge;a;b;Energie active;Consommation;x;W;30\n"
                       "2025-01-01T00:00:00Z;1\n",
                "t.csv:3: Horodate;Valeur: ");
#define OK_BLOCK HEADER VALUES("99000000000001", "Consommation", "30")
    REFUSED_CSV(OK_BLOCK "2025-01-01T00:00:00;1\n", "t.csv:5: Horodate: ");
    REFUSED_CSV(OK_BLOCK "2025-13-01T00:00:00Z;1\n", "t.csv:5: Horodate: ");
    REFUSED_CSV(OK_BLOCK "2025-01-01T00:00:00Z;1\n2025-01-01T00:30:00Z;-4\n", "t.csv:6: Valeur: ");
    REFUSED_CSV(OK_BLOCK "2025-01-01T00:00:00Z;1.5\n", "t.csv:5: Valeur: ");
    REFUSED_CSV(OK_BLOCK "2025-01-01T00:00:00Z;999999999999\n", "t.csv:5: Valeur: ");
    REFUSED_CSV(OK_BLOCK "2025-01-01T00:00:00Z\n", "t.csv:5: 1 field(s)");
    REFUSED_CSV(OK_BLOCK "2025-01-01T00:00:00Z;1\n2025-01-01T01:00:00+01:00;2\n",
                "t.csv:6: time: 99000000000001 2025-01-01T00:00:00Z was given already at t.csv:5");
    REFUSED_CSV(OK_BLOCK "2025-01-01T00:00:00Z;1\n2025-01-01T00:07:00Z;2\n",
                "t.csv:5: time: no step");
    REFUSED_CSV(OK_BLOCK "2025-01-01T00:05:00Z;1\n2025-01-01T00:35:00Z;2\n",
                "t.csv:5: time: not on a boundary");
    REFUSED_CSV(OK_BLOCK "\"2025-01-01T00:00:00Z;1\n", "t.csv:5: a quoted field does not end");
    /* all bad lines are reported, not only the first */
    struct import i = import_csv(OK_BLOCK "x;1\ny;2\nz;3\n", CURVE_LABEL_START);
    CHECK_INT(i.p.count, 3);
    struct diag d = {0};
    CHECK_ERR(problems_end(&i.p, &d), E_CSV);
    CHECK(strstr(d.text, "t.csv:5: Horodate: ") && strstr(d.text, "and 2 more"));
    import_free(&i);
}

#define METER(prm, unit, items)                                                             \
    "{\"meter_reading\":{\"usage_point_id\":\"" prm "\",\"reading_type\":{\"unit\":\"" unit \
    "\"},\n\"interval_reading\":[\n" items "\n]}}"
#define ITEM(value, date, step) \
    "{\"value\":" value ",\"date\":\"" date "\",\n\"interval_length\":\"" step "\"}"

TEST(metering_json_resolves_legal_time)
{
    struct import i = import_json(METER(
        "99000000000001", "W",
        ITEM("\"100\"", "2025-10-26 01:30:00", "PT30M") "," ITEM(
            "200", "2025-10-26 02:00:00",
            "PT30M") "," ITEM("\"300\"", "2025-10-26 02:30:00",
                              "PT30M") "," ITEM("\"\"", "2025-10-26 02:00:00",
                                                "PT30M") "," ITEM("\"500\"", "2025-10-26 02:30:00",
                                                                  "PT30M") "," ITEM("\"600\"",
                                                                                    "2025-10-26 "
                                                                                    "03:00:00",
                                                                                    "PT30M")));
    REQUIRE(i.e == E_OK && i.set.count == 1 && i.set.curve[0].count == 6);
    for (size_t k = 0; k < 6; k++) {
        const struct curve_measure *m = &i.set.curve[0].measure[k];
        CHECK_INT(m->start_s - i.set.curve[0].measure[0].start_s, 1800 * k);
        CHECK_INT(m->missing, k == 3);
        if (!m->missing)
            CHECK_INT(m->value, 50 * (k + 1));
    }
    import_free(&i);
    /* spring: 01:30 is followed by 03:00 */
    i = import_json(METER(
        "99000000000001", "W",
        ITEM("1", "2025-03-30 01:30:00", "PT30M") "," ITEM("3", "2025-03-30 03:00:00", "PT30M")));
    REQUIRE(i.e == E_OK && i.set.curve[0].count == 2);
    CHECK_INT(i.set.curve[0].measure[1].start_s - i.set.curve[0].measure[0].start_s, 1800);
    import_free(&i);
}

TEST(metering_json_refusals_name_file_line_and_field)
{
    REFUSED_JSON("{", "t.json: JSON: ");
    REFUSED_JSON("{}", "t.json: meter_reading: ");
    REFUSED_JSON(METER("123", "W", ""), "t.json: meter_reading.usage_point_id: ");
    REFUSED_JSON(METER("99000000000001", "Wh", ""), "t.json: meter_reading.reading_type.unit: ");
    REFUSED_JSON("{\"meter_reading\":{\"usage_point_id\":\"99000000000001\","
                 "\"reading_type\":{\"unit\":\"W\"}}}",
                 "t.json: meter_reading.interval_reading: ");
#define ONE(item) METER("99000000000001", "W", ITEM("1", "2025-01-01 00:00:00", "PT30M") ",\n" item)
    REFUSED_JSON(ONE(ITEM("1", "2025-03-30 02:30:00", "PT30M")),
                 "t.json:5: interval_reading[1].date: ");
    REFUSED_JSON(ONE(ITEM("1", "yesterday", "PT30M")), "t.json:5: interval_reading[1].date: ");
    REFUSED_JSON(ONE(ITEM("1", "2025-01-01 00:30:00", "P1D")),
                 "t.json:5: interval_reading[1].interval_length: ");
    REFUSED_JSON(ONE(ITEM("\"1,5\"", "2025-01-01 00:30:00", "PT30M")),
                 "t.json:5: interval_reading[1].value: ");
    REFUSED_JSON(ONE(ITEM("-1", "2025-01-01 00:30:00", "PT30M")),
                 "t.json:5: interval_reading[1].value: ");
    REFUSED_JSON(ONE(ITEM("1", "2025-01-01 00:00:00", "PT30M")), "t.json:5: time: ");
    REFUSED_JSON(ONE(ITEM("1", "2025-01-01 00:10:00", "PT10M")), "no step of"); /* overlap */
}

static struct wide read_wide(const char *text, struct problems *p, enum err *e)
{
    struct wide w = {0};
    struct csv *c = csv_open_text("w.csv", bytes_str(text), ',');
    *e = wide_read(&w, c, p);
    csv_close(c);
    return w;
}

TEST(wide_tables)
{
    struct problems p = {0};
    enum err e;
    struct wide w = read_wide("step,ts_utc,A,B\n0,2013-01-01T00:00:00Z,1,\n"
                              "1,2013-01-01T00:30:00Z,3,4\n",
                              &p, &e);
    CHECK_ERR(e, E_OK);
    REQUIRE(w.points == 2 && w.steps == 2);
    CHECK_INT(w.step_s, 1800);
    CHECK(w.wh[0] == 1 && w.wh[1] == WIDE_MISSING && w.wh[2] == 3 && w.wh[3] == 4);
    struct buf b = {0};
    wide_write_buf(&w, &b);
    CHECK_STR(buf_cstr(&b), "step,ts_utc,A,B\n0,2013-01-01T00:00:00Z,1,\n"
                            "1,2013-01-01T00:30:00Z,3,4\n");
    buf_free(&b);
    wide_free(&w);
    static const struct {
        const char *text, *where;
    } BAD[] = {
        {"", "w.csv: the file is empty"},
        {"a,b,c\n", "w.csv:1: step,ts_utc,ID...: "},
        {"step,ts_utc,A,A\n", "w.csv:1: A: two columns"},
        {"step,ts_utc,A,\n", "w.csv:1: ID: column 4"},
        {"step,ts_utc,A\n0,2013-01-01T00:00:00Z,1\n", "fewer than two rows"},
        {"step,ts_utc,A\n0,x,1\n", "w.csv:2: ts_utc: "},
        {"step,ts_utc,A\n0,2013-01-01T00:00:00Z,1\n1,2013-01-01T00:07:00Z,1\n",
         "w.csv:3: ts_utc: "},
        {"step,ts_utc,A\n0,2013-01-01T00:00:00Z,1\n1,2013-01-01T00:30:00Z,1\n"
         "2,2013-01-01T01:30:00Z,1\n",
         "w.csv:4: ts_utc: "},
        {"step,ts_utc,A\n0,2013-01-01T00:00:00Z,1\n2,2013-01-01T00:30:00Z,1\n", "w.csv:3: step: "},
        {"step,ts_utc,A\n0,2013-01-01T00:00:00Z,1,2\n", "w.csv:2: 4 fields"},
        {"step,ts_utc,A\n0,2013-01-01T00:00:00Z,1e3\n", "w.csv:2: A: "},
        {"step,ts_utc,A\n0,2013-01-01T00:00:00Z,100000001\n", "w.csv:2: A: "},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        w = read_wide(BAD[i].text, &p, &e);
        CHECK_ERR(e, E_CSV);
        if (!strstr(buf_cstr(&p.text), BAD[i].where))
            test_fail(__FILE__, __LINE__, "\"%s\" is not in: %s", BAD[i].where, buf_cstr(&p.text));
        wide_free(&w);
        problems_free(&p);
    }
}

/* --- the official samples ----------------------------------------------------------------------
 */

static const char *const SAMPLES[] = {
    "cdc_ete_30000000001000.csv",   "cdc_ete_30000000001001.csv",   "cdc_ete_30000000001002.csv",
    "cdc_hiver_30000000001000.csv", "cdc_hiver_30000000001001.csv", "cdc_hiver_30000000001002.csv"};

TEST(format_samples_give_the_expected_energy)
{
    struct curve_set set = {0};
    struct problems p = {0};
    struct diag d = {0};
    char path[256];
    for (size_t i = 0; i < 6; i++) {
        snprintf(path, sizeof path, "energy/h-format-samples/%s", SAMPLES[i]);
        const char *file = test_data(path);
        if (!file)
            SKIP("no shared data");
        REQUIRE(meters_read_file(&set, file, CURVE_CONSUMPTION, &p, &d) == E_OK);
    }
    REQUIRE(curve_set_finish(&set, CURVE_LABEL_START, &p) == E_OK);
    REQUIRE(set.count == 3);
    struct csv *c;
    struct csv_row row;
    size_t rows = 0, measures = 0;
    for (size_t i = 0; i < set.count; i++)
        measures += set.curve[i].count;
    REQUIRE(csv_open(&c, test_data("energy/h-format-samples/expected_wh_utc.csv"), ',', &d) ==
            E_OK);
    REQUIRE(csv_next(c, &row, &p) == E_OK);
    while (csv_next(c, &row, &p) == E_OK && row.count == 4) {
        int64_t when = 0;
        uint64_t wh = 0;
        const struct curve *curve = &set.curve[0];
        while (curve < set.curve + 2 && strcmp(curve->id, row.field[0].text) != 0)
            curve++;
        REQUIRE(civil_parse_utc(&when, row.field[2].text, row.field[2].len) == E_OK);
        REQUIRE(csv_u64(&wh, row.field[3], UINT32_MAX));
        const struct curve_measure *m = curve->measure;
        while (m < curve->measure + curve->count && m->start_s != when)
            m++;
        REQUIRE(m < curve->measure + curve->count);
        CHECK(!m->missing && m->step_s == 1800);
        CHECK_INT(m->value, wh);
        rows++;
    }
    csv_close(c);
    CHECK_INT(rows, 864);
    CHECK_INT(measures, rows); /* each time once, so nothing else was imported */
    curve_set_free(&set);
    test_count(rows);
}

TEST(metering_sample_gives_the_pack_s_energy)
{
    const char *file = test_data("energy/h-format-samples/metering_data_v4.json");
    if (!file)
        SKIP("no shared data");
    struct curve_set set = {0};
    struct problems p = {0};
    struct diag d = {0};
    char *copy = mem_strdup(file);
    REQUIRE(meters_read_file(&set, copy, CURVE_CONSUMPTION, &p, &d) == E_OK);
    mem_free(copy);
    REQUIRE(curve_set_finish(&set, CURVE_LABEL_START, &p) == E_OK);
    REQUIRE(set.count == 1 && set.curve[0].count == 48);
    struct csv *c;
    struct wide w = {0};
    REQUIRE(csv_open(&c, test_data("energy/a-london-2013/consumption_wh_halfhour.csv.gz"), ',',
                     &d) == E_OK);
    REQUIRE(wide_read(&w, c, &p) == E_OK);
    csv_close(c);
    CHECK_STR(w.id[0], "MAC000002");
    for (size_t k = 0; k < 48; k++) {
        const struct curve_measure *m = &set.curve[0].measure[k];
        size_t step = (size_t)(m->start_s - w.start_s) / 1800;
        CHECK_INT(m->value, w.wh[step * w.points]);
    }
    wide_free(&w);
    curve_set_free(&set);
    test_count(48);
}
