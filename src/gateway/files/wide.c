/* wide: see wide.h. */
#include "gateway/files/wide.h"

#include <inttypes.h>

#include "base/limits.h"
#include "city/energy/calendar.h"
#include "gateway/files/civil.h"
#include "gateway/files/output.h"

void wide_free(struct wide *w)
{
    for (size_t i = 0; i < w->points; i++)
        mem_free(w->id[i]);
    mem_free(w->id);
    mem_free(w->wh);
    *w = (struct wide){0};
}

static enum err read_header(struct wide *w, const struct csv *csv, const struct csv_row *row,
                            struct problems *p)
{
    const char *file = csv_name(csv);
    if (row->count < 3 || strcmp(row->field[0].text, "step") != 0 ||
        strcmp(row->field[1].text, "ts_utc") != 0)
        return problem_add(p, file, row->line, "step,ts_utc,ID...",
                           T("this header is expected on the first line",
                             "cet en-tête est attendu en première ligne"));
    if (row->count - 2 > LIMIT_OPERATION_POINTS)
        return problem_add(p, file, row->line, "",
                           T("%zu points; at most %u", "%zu points ; au plus %u"), row->count - 2,
                           LIMIT_OPERATION_POINTS);
    w->id = mem_zalloc(row->count - 2, sizeof *w->id);
    enum err e = E_OK;
    for (size_t i = 2; i < row->count; i++) {
        const struct csv_field f = row->field[i];
        w->id[w->points++] = mem_strdup(f.text);
        if (f.len == 0 || f.len >= CURVE_ID_MAX)
            e = problem_add(p, file, row->line, "ID",
                            T("column %zu has no name of 1 to %d characters",
                              "la colonne %zu n'a pas de nom de 1 à %d caractères"),
                            i + 1, CURVE_ID_MAX - 1);
        for (size_t k = 0; k + 2 < i; k++)
            if (strcmp(w->id[k], f.text) == 0)
                e = problem_add(p, file, row->line, f.text,
                                T("two columns have this name; rename or remove one",
                                  "deux colonnes portent ce nom ; renommez ou retirez-en une"));
    }
    return e;
}

/* A table is of an operation: meter files may have 5 minutes, an operation may not (ACC-07). */
static bool step_is_allowed(int64_t step_s)
{
    return step_s > 0 && step_s % 60 == 0 && step_minutes_valid((uint64_t)step_s / 60);
}

/* The time of row `step` must follow from the first two. */
static enum err check_time(struct wide *w, const struct csv *csv, const struct csv_row *row,
                           struct problems *p)
{
    int64_t t;
    const struct csv_field f = row->field[1];
    if (civil_parse_utc(&t, f.text, f.len) != E_OK)
        return problem_add(p, csv_name(csv), row->line, "ts_utc",
                           T("\"%.40s\" is not a time like 2013-01-01T00:30:00Z",
                             "« %.40s » n'est pas une horodate comme 2013-01-01T00:30:00Z"),
                           f.text);
    if (w->steps == 0)
        w->start_s = t;
    else if (w->steps == 1 && step_is_allowed(t - w->start_s))
        w->step_s = (uint32_t)(t - w->start_s);
    if (w->steps == 1 && w->step_s == 0)
        return problem_add(p, csv_name(csv), row->line, "ts_utc",
                           T("not one step of 10, 15, 30 or 60 minutes after the first row",
                             "pas à un pas de 10, 15, 30 ou 60 minutes de la première ligne"));
    if (t != w->start_s + (int64_t)w->steps * w->step_s) {
        char expected[32];
        civil_format_utc(expected, w->start_s + (int64_t)w->steps * w->step_s);
        return problem_add(p, csv_name(csv), row->line, "ts_utc",
                           T("%.40s found, %s expected; rows follow each other step by step",
                             "%.40s trouvé, %s attendu ; les lignes se suivent pas à pas"),
                           f.text, expected);
    }
    return E_OK;
}

static void add_row(struct wide *w, const struct csv *csv, const struct csv_row *row,
                    struct problems *p)
{
    uint64_t step = 0;
    const char *file = csv_name(csv);
    if (row->count != w->points + 2) {
        problem_add(p, file, row->line, "",
                    T("%zu fields, the header has %zu; complete or shorten the line",
                      "%zu champs, l'en-tête en a %zu ; complétez ou raccourcissez la ligne"),
                    row->count, w->points + 2);
        return;
    }
    if (!csv_u64(&step, row->field[0], UINT32_MAX) || step != w->steps)
        problem_add(p, file, row->line, "step",
                    T("\"%.20s\" found, %zu expected", "« %.20s » trouvé, %zu attendu"),
                    row->field[0].text, w->steps);
    check_time(w, csv, row, p);
    if ((w->steps + 1) * w->points > w->cap) {
        w->cap = w->cap ? w->cap * 2 : w->points * 1024;
        w->wh = mem_resize(w->wh, w->cap, sizeof *w->wh);
    }
    uint64_t *out = w->wh + w->steps * w->points;
    for (size_t i = 0; i < w->points; i++) {
        const struct csv_field f = row->field[i + 2];
        out[i] = WIDE_MISSING;
        if (f.len && !csv_u64(&out[i], f, WIDE_WH_MAX))
            problem_add(p, file, row->line, w->id[i],
                        T("\"%.40s\" is not a whole number of Wh from 0 to %u (leave it empty when "
                          "missing)",
                          "« %.40s » n'est pas un nombre entier de Wh de 0 à %u (laissez vide si "
                          "manquant)"),
                        f.text, WIDE_WH_MAX);
    }
    w->steps++;
}

enum err wide_read(struct wide *w, struct csv *csv, struct problems *p)
{
    struct csv_row row;
    size_t before = p->count;
    TRY(csv_next(csv, &row, p));
    if (row.count == 0)
        return problem_add(p, csv_name(csv), 0, "", T("the file is empty", "fichier vide"));
    TRY(read_header(w, csv, &row, p));
    for (;;) {
        TRY(csv_next(csv, &row, p));
        if (row.count == 0)
            break;
        if (!csv_row_is_blank(&row))
            add_row(w, csv, &row, p);
        /* one wrong row shifts all the following: do not repeat the same complaint for ever */
        if (p->count - before > PROBLEMS_SHOWN_MAX)
            return E_CSV;
    }
    if (w->steps < 2 && p->count == before)
        problem_add(p, csv_name(csv), 0, "",
                    T("fewer than two rows; the step length cannot be told",
                      "moins de deux lignes ; la durée du pas est inconnue"));
    return p->count == before ? E_OK : E_CSV;
}

enum err wide_from_curves(struct wide *w, struct curve_set *s, enum curve_role role,
                          int64_t start_s, uint32_t step_s, size_t steps, bool split,
                          struct problems *p)
{
    enum err e = E_OK;
    *w = (struct wide){.start_s = start_s, .step_s = step_s, .steps = steps};
    for (size_t i = 0; i < s->count; i++)
        w->points += s->curve[i].role == role;
    w->id = mem_zalloc(w->points + 1, sizeof *w->id);
    w->cap = steps * w->points;
    w->wh = mem_zalloc(w->cap + 1, sizeof *w->wh);
    for (size_t i = 0; i < w->cap; i++)
        w->wh[i] = WIDE_MISSING;
    size_t column = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct curve *c = &s->curve[i];
        if (c->role != role)
            continue;
        w->id[column] = mem_strdup(c->id);
        if (curve_resample(c, step_s, split, p) != E_OK)
            e = E_CSV;
        for (size_t k = 0; e == E_OK && k < c->count; k++) {
            const struct curve_measure *m = &c->measure[k];
            int64_t step = (m->start_s - start_s) / step_s;
            if (m->start_s < start_s || (uint64_t)step >= steps)
                e = problem_add(p, m->file, m->line, T("time", "horodate"),
                                T("outside the period asked for; widen it or cut the file",
                                  "hors de la période demandée ; élargissez-la ou coupez le "
                                  "fichier"));
            else if (!m->missing)
                w->wh[(size_t)step * w->points + column] = m->value;
        }
        column++;
    }
    return e;
}

static void put_row(const struct wide *w, size_t step, struct buf *out)
{
    char when[32];
    civil_format_utc(when, w->start_s + (int64_t)step * w->step_s);
    buf_putf(out, "%zu,%s", step, when);
    for (size_t i = 0; i < w->points; i++) {
        uint64_t wh = w->wh[step * w->points + i];
        if (wh == WIDE_MISSING)
            buf_put_u8(out, ',');
        else
            buf_putf(out, ",%" PRIu64, wh);
    }
    buf_put_u8(out, '\n');
}

static void put_header(const struct wide *w, struct buf *out)
{
    buf_puts(out, "step,ts_utc");
    for (size_t i = 0; i < w->points; i++) {
        buf_put_u8(out, ',');
        csv_put_field(out, w->id[i], ',');
    }
    buf_put_u8(out, '\n');
}

void wide_write_buf(const struct wide *w, struct buf *out)
{
    put_header(w, out);
    for (size_t step = 0; step < w->steps; step++)
        put_row(w, step, out);
}

enum err wide_write(const struct wide *w, const char *path, struct diag *d)
{
    struct buf text = {0};
    wide_write_buf(w, &text);
    enum err e = output_write(path, buf_view(&text), d);
    buf_free(&text);
    return e;
}
