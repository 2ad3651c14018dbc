/* Every CSV importer on hostile bytes. The first byte picks the importer, its label and separator.
 */
#include "gateway/files/meters.h"
#include "gateway/files/wide.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_rows(struct bytes text, char separator)
{
    struct problems p = {0};
    struct csv_row row = {.count = 1};
    struct csv *c = csv_open_text("fuzz", text, separator);
    size_t line = 0;
    while (row.count && csv_next(c, &row, &p) == E_OK)
        for (size_t i = 0; i < row.count; i++) {
            ASSERT(strlen(row.field[i].text) == row.field[i].len && row.line >= line);
            line = row.line;
        }
    csv_close(c);
    problems_free(&p);
}

static void read_curves(struct bytes text, enum curve_label label)
{
    struct curve_set s = {0};
    struct problems p = {0};
    struct csv *c = csv_open_text("fuzz", text, ';');
    if (enedis_csv_read(&s, c, &p) == E_OK && curve_set_finish(&s, label, &p) == E_OK)
        for (size_t i = 0; i < s.count; i++)
            if (curve_resample(&s.curve[i], 1800, true, &p) == E_OK)
                for (size_t k = 1; k < s.curve[i].count; k++)
                    ASSERT(s.curve[i].measure[k - 1].start_s < s.curve[i].measure[k].start_s);
    csv_close(c);
    curve_set_free(&s);
    problems_free(&p);
}

/* What is accepted is written back and read to the same. */
static void read_table(struct bytes text)
{
    struct wide w = {0}, again = {0};
    struct problems p = {0};
    struct buf out = {0};
    struct csv *c = csv_open_text("fuzz", text, ',');
    if (wide_read(&w, c, &p) == E_OK) {
        wide_write_buf(&w, &out);
        struct csv *c2 = csv_open_text("again", buf_view(&out), ',');
        enum err e = wide_read(&again, c2, &p);
        ASSERT(e == E_OK && again.steps == w.steps && again.points == w.points);
        ASSERT(memcmp(again.wh, w.wh, w.steps * w.points * sizeof *w.wh) == 0);
        csv_close(c2);
        wide_free(&again);
    }
    csv_close(c);
    wide_free(&w);
    buf_free(&out);
    problems_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes text = bytes_of(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        read_rows(text, data[0] & 4 ? ';' : 0);
        break;
    case 1:
        read_curves(text, data[0] & 4 ? CURVE_LABEL_END : CURVE_LABEL_START);
        break;
    case 2:
        read_table(text);
        break;
    default:
        read_curves(text, CURVE_LABEL_START);
    }
    return 0;
}
