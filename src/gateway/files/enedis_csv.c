/* enedis_csv: the load-curve CSV of Enedis (meters.h). */
#include "gateway/files/civil.h"
#include "gateway/files/meters.h"

#include <ctype.h>

enum column { COL_PRM, COL_TYPE, COL_PHYSICAL, COL_BUSINESS, COL_UNIT, COL_STEP, COL_COUNT };

static const struct {
    const char *name;
    bool required;
} COLUMNS[COL_COUNT] = {
    [COL_PRM] = {"identifiant prm", true},
    [COL_TYPE] = {"type de donnees", false},
    [COL_PHYSICAL] = {"grandeur physique", false},
    [COL_BUSINESS] = {"grandeur metier", true},
    [COL_UNIT] = {"unite", true},
    [COL_STEP] = {"pas en minutes", false},
};

struct block {
    struct curve_set *set;
    struct csv *csv;
    struct problems *p;
    const char *file;
    size_t column[COL_COUNT]; /* SIZE_MAX: not there */
    char id[CURVE_ID_MAX];
    enum curve_role role;
    uint32_t step_s;
    enum { WANT_HEADER, WANT_VALUES, WANT_ROW_HEADER, WANT_ROWS, SKIP_BLOCK } state;
    size_t time_column, value_column;
};

/* Lower case without accents or outer blanks, so that a column is found however it was typed. */
static void fold(char *out, size_t size, struct csv_field f)
{
    size_t n = 0;
    for (size_t i = 0; i < f.len && n + 1 < size; i++) {
        uint8_t b = (uint8_t)f.text[i];
        if (b == 0xc3 && i + 1 < f.len) {
            uint8_t next = (uint8_t)f.text[++i] | 0x20; /* upper and lower differ by 0x20 */
            b = next >= 0xa8 && next <= 0xab ? 'e' : next >= 0xa0 && next <= 0xa5 ? 'a' : '?';
        } else if (b >= 0xe8 && b <= 0xeb) {
            b = 'e'; /* Latin-1 */
        }
        if (n == 0 && b == ' ')
            continue;
        out[n++] = (char)tolower(b);
    }
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = 0;
}

static bool folds_to(struct csv_field f, const char *text)
{
    char folded[64];
    fold(folded, sizeof folded, f);
    return strcmp(folded, text) == 0;
}

static size_t find_column(const struct csv_row *row, const char *name)
{
    for (size_t i = 0; i < row->count; i++)
        if (folds_to(row->field[i], name))
            return i;
    return SIZE_MAX;
}

static enum err read_header(struct block *b, const struct csv_row *row)
{
    enum err e = E_OK;
    for (int i = 0; i < COL_COUNT; i++) {
        b->column[i] = find_column(row, COLUMNS[i].name);
        if (b->column[i] == SIZE_MAX && COLUMNS[i].required)
            e = problem_add(
                b->p, b->file, row->line, COLUMNS[i].name,
                T("this column is not in the header; is it an Enedis load curve?",
                  "colonne absente de l'en-tête ; est-ce une courbe de charge Enedis ?"));
    }
    b->state = e == E_OK ? WANT_VALUES : SKIP_BLOCK;
    return e;
}

/* The field of a column, or an empty one. */
static struct csv_field value_of(const struct block *b, const struct csv_row *row, enum column c)
{
    if (b->column[c] >= row->count)
        return (struct csv_field){"", 0};
    return row->field[b->column[c]];
}

static enum err bad_value(struct block *b, const struct csv_row *row, enum column c,
                          const char *expected)
{
    return problem_add(b->p, b->file, row->line, COLUMNS[c].name,
                       T("\"%.40s\" found; %s is expected", "« %.40s » trouvé ; %s attendu"),
                       value_of(b, row, c).text, expected);
}

static enum err read_values(struct block *b, const struct csv_row *row)
{
    enum err e = E_OK;
    uint64_t minutes = 0;
    struct csv_field prm = value_of(b, row, COL_PRM);
    struct csv_field business = value_of(b, row, COL_BUSINESS);
    if (!prm_is_valid(prm.text, prm.len))
        e = bad_value(b, row, COL_PRM, T("14 digits", "14 chiffres"));
    else
        memcpy(b->id, prm.text, 15);
    if (b->column[COL_TYPE] != SIZE_MAX &&
        !folds_to(value_of(b, row, COL_TYPE), "courbe de charge"))
        e = bad_value(b, row, COL_TYPE, "Courbe de charge");
    if (b->column[COL_PHYSICAL] != SIZE_MAX &&
        !folds_to(value_of(b, row, COL_PHYSICAL), "energie active") &&
        !folds_to(value_of(b, row, COL_PHYSICAL), "puissance active"))
        e = bad_value(b, row, COL_PHYSICAL, "Energie active");
    if (folds_to(business, "consommation"))
        b->role = CURVE_CONSUMPTION;
    else if (folds_to(business, "production") || folds_to(business, "injection"))
        b->role = CURVE_PRODUCTION;
    else
        e = bad_value(b, row, COL_BUSINESS, "Consommation, Production");
    if (!folds_to(value_of(b, row, COL_UNIT), "w"))
        e = bad_value(b, row, COL_UNIT, "W");
    if (value_of(b, row, COL_STEP).len && (!csv_u64(&minutes, value_of(b, row, COL_STEP), 60) ||
                                           !curve_step_is_allowed((int64_t)minutes * 60)))
        e = bad_value(b, row, COL_STEP, "5, 10, 15, 30, 60");
    b->step_s = (uint32_t)minutes * 60;
    b->state = e == E_OK ? WANT_ROW_HEADER : SKIP_BLOCK;
    return e;
}

static enum err read_row_header(struct block *b, const struct csv_row *row)
{
    b->time_column = find_column(row, "horodate");
    b->value_column = find_column(row, "valeur");
    if (b->time_column == SIZE_MAX || b->value_column == SIZE_MAX) {
        b->state = SKIP_BLOCK;
        return problem_add(b->p, b->file, row->line, "Horodate;Valeur",
                           T("this header is missing; add it before the measures",
                             "en-tête manquant ; ajoutez-le avant les mesures"));
    }
    b->state = WANT_ROWS;
    return E_OK;
}

static enum err read_measure(struct block *b, const struct csv_row *row)
{
    struct curve_measure m = {.step_s = b->step_s, .line = row->line, .file = b->file};
    if (row->count <= b->time_column || row->count <= b->value_column)
        return problem_add(b->p, b->file, row->line, "",
                           T("%zu field(s) instead of a time and a value; complete the line",
                             "%zu champ(s) au lieu d'une horodate et d'une valeur ; complétez"),
                           row->count);
    struct csv_field time = row->field[b->time_column], value = row->field[b->value_column];
    if (civil_parse_utc(&m.start_s, time.text, time.len) != E_OK)
        return problem_add(b->p, b->file, row->line, "Horodate",
                           T("\"%.40s\" is not a time like 2013-03-30T00:30:00+01:00",
                             "« %.40s » n'est pas une horodate comme 2013-03-30T00:30:00+01:00"),
                           time.text);
    m.missing = value.len == 0;
    if (!m.missing && !csv_u64(&m.value, value, CURVE_POWER_MAX_W))
        return problem_add(b->p, b->file, row->line, "Valeur",
                           T("\"%.40s\" is not a whole number of W from 0 to %u (leave it empty "
                             "when missing)",
                             "« %.40s » n'est pas un nombre entier de W de 0 à %u (laissez vide si "
                             "manquant)"),
                           value.text, CURVE_POWER_MAX_W);
    if (!curve_set_add(b->set, curve_set_point(b->set, b->id, b->role), m))
        return problem_add(b->p, b->file, row->line, "",
                           T("more than %u measures; import fewer files at once",
                             "plus de %u mesures ; importez moins de fichiers à la fois"),
                           CURVE_MEASURES_MAX);
    return E_OK;
}

enum err enedis_csv_read(struct curve_set *s, struct csv *csv, struct problems *p)
{
    struct csv_row row;
    size_t problems_before = p->count, blocks = 0;
    struct block b = {.set = s, .csv = csv, .p = p, .file = curve_set_file(s, csv_name(csv))};
    for (;;) {
        TRY(csv_next(csv, &row, p));
        if (row.count == 0)
            break;
        if (csv_row_is_blank(&row))
            continue;
        if (find_column(&row, "identifiant prm") != SIZE_MAX || b.state == WANT_HEADER) {
            read_header(&b, &row);
            blocks++;
        } else if (b.state == WANT_VALUES) {
            read_values(&b, &row);
        } else if (b.state == WANT_ROW_HEADER) {
            read_row_header(&b, &row);
        } else if (b.state == WANT_ROWS) {
            read_measure(&b, &row);
        }
    }
    if (blocks == 0 || b.state == WANT_VALUES || b.state == WANT_ROW_HEADER)
        problem_add(p, b.file, row.line, "",
                    T("the file ends before any measure; get the whole file",
                      "le fichier se termine avant toute mesure ; récupérez-le en entier"));
    return p->count == problems_before ? E_OK : E_CSV;
}
