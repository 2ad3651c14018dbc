/* district: see district.h. */
#include "codec/json.h"
#include "gateway/files/district.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "gateway/files/civil.h"

struct reader {
    const char *file;
    struct problems *p;
    char where[64]; /* "consumers[3]" */
};

static void bad_member(struct reader *r, const char *name, const char *expected)
{
    char field[128];
    snprintf(field, sizeof field, "%s%s%s", r->where, r->where[0] ? "." : "", name);
    problem_add(r->p, r->file, 0, field, T("%s is expected", "%s attendu"), expected);
}

static void read_text(struct reader *r, const struct json *object, const char *name, bool required,
                      char *out, size_t size)
{
    const struct json *j = json_get(object, name);
    const char *text = json_text(j);
    if (!j && !required)
        return;
    if (!text || strlen(text) >= size || (required && !text[0])) {
        char expected[64];
        snprintf(expected, sizeof expected,
                 T("a text of at most %zu bytes", "texte d'au plus %zu octets"), size - 1);
        bad_member(r, name, expected);
        return;
    }
    memcpy(out, text, strlen(text) + 1);
}

static uint64_t read_number(struct reader *r, const struct json *object, const char *name,
                            bool required, uint64_t otherwise, uint64_t max)
{
    uint64_t value = otherwise;
    const struct json *j = json_get(object, name);
    if (!j && !required)
        return otherwise;
    if (!j || json_u64(&value, j) != E_OK || value > max) {
        char expected[64];
        snprintf(expected, sizeof expected,
                 T("a whole number from 0 to %llu", "nombre entier de 0 à %llu"),
                 (unsigned long long)max);
        bad_member(r, name, expected);
        return otherwise;
    }
    return value;
}

static void read_party(struct reader *r, const struct json *j, const char *name_member,
                       struct district_party *out)
{
    read_text(r, j, name_member, false, out->name, sizeof out->name);
    read_text(r, j, "address", false, out->address, sizeof out->address);
    read_text(r, j, "siret", false, out->siret, sizeof out->siret);
    read_text(r, j, "vat_number", false, out->vat_number, sizeof out->vat_number);
}

static void read_point(struct reader *r, const struct district *o, const struct json *j,
                       uint32_t vat_ppm, struct district_point *out)
{
    uint32_t last = o->steps ? o->steps - 1 : 0;
    read_text(r, j, "id", true, out->id, sizeof out->id);
    read_text(r, j, "prm", false, out->prm, sizeof out->prm);
    if (out->prm[0] && !prm_is_valid(out->prm, strlen(out->prm)))
        bad_member(r, "prm", T("14 digits", "14 chiffres"));
    read_party(r, j, "holder", &out->holder);
    char kind[16] = "";
    read_text(r, j, "holder_kind", false, kind, sizeof kind);
    out->is_natural = kind[0] ? strcmp(kind, "natural") == 0 : !out->is_producer;
    if (kind[0] && !out->is_natural && strcmp(kind, "legal") != 0)
        bad_member(r, "holder_kind", "\"natural\", \"legal\"");
    out->first_step = (uint32_t)read_number(r, j, "first_step", false, 0, last);
    out->last_step = (uint32_t)read_number(r, j, "last_step", false, last, last);
    if (out->last_step < out->first_step)
        bad_member(r, "last_step", T("not before first_step", "pas avant first_step"));
    if (!out->is_producer) {
        out->static_ppm = (uint32_t)read_number(r, j, "static_ppm", false, 0, 1000000);
        out->level = (uint8_t)read_number(r, j, "priority_level", false, 1, 255);
        return;
    }
    read_text(r, j, "kind", false, out->kind, sizeof out->kind);
    out->peak_w = (uint32_t)read_number(r, j, "peak_w", false, 0, 1000000000);
    out->price_microeur_kwh =
        read_number(r, j, "price_microeur_per_kwh", true, 0, DISTRICT_PRICE_MAX);
    out->vat_ppm = (uint32_t)read_number(r, j, "vat_ppm", false, vat_ppm, 1000000);
}

static int compare_points(const void *a, const void *b)
{
    return strcmp(((const struct district_point *)a)->id, ((const struct district_point *)b)->id);
}

static size_t read_points(struct reader *r, const struct district *o, const struct json *root,
                          const char *name, bool is_producer, uint32_t vat_ppm,
                          struct district_point **out)
{
    const struct json *list = json_get(root, name);
    size_t n = json_is_array(list) ? json_count(list) : 0, i = 0;
    r->where[0] = 0;
    if (n == 0 || n > LIMIT_OPERATION_POINTS) {
        bad_member(r, name, T("a list of 1 to 4096 points", "liste de 1 à 4096 points"));
        return 0;
    }
    *out = mem_zalloc(n, sizeof **out);
    for (const struct json *j = json_first(list); j; j = json_next(j), i++) {
        snprintf(r->where, sizeof r->where, "%s[%zu]", name, i);
        (*out)[i].is_producer = is_producer;
        read_point(r, o, j, vat_ppm, &(*out)[i]);
    }
    r->where[0] = 0;
    qsort(*out, n, sizeof **out, compare_points);
    for (i = 1; i < n; i++)
        if (strcmp((*out)[i - 1].id, (*out)[i].id) == 0)
            problem_add(r->p, r->file, 0, name,
                        T("two points are called %s; rename one",
                          "deux points s'appellent %s ; renommez-en un"),
                        (*out)[i].id);
    return n;
}

void district_read_json(struct district *o, const char *name, const struct json *j,
                        struct problems *p)
{
    struct reader r = {.file = name, .p = p};
    char text[64] = "";
    *o = (struct district){0};
    read_text(&r, j, "operation", true, o->name, sizeof o->name);
    read_text(&r, j, "note", false, o->note, sizeof o->note);
    read_text(&r, j, "zone", false, text, sizeof text);
    if (text[0] && !zone_parse(&o->zone, text))
        bad_member(&r, "zone", "\"utc\", \"paris\"");
    uint64_t minutes = read_number(&r, j, "step_minutes", true, 0, 60);
    if (!step_minutes_valid(minutes))
        bad_member(&r, "step_minutes", "10, 15, 30, 60");
    o->step_s = (uint32_t)minutes * 60;
    o->steps = (uint32_t)read_number(&r, j, "steps", true, 0, 10000000);
    text[0] = 0;
    read_text(&r, j, "start_utc", true, text, sizeof text);
    if (civil_parse_utc(&o->start_s, text, strlen(text)) != E_OK)
        bad_member(&r, "start_utc", "2013-01-01T00:00:00Z");
    uint32_t vat_ppm = (uint32_t)read_number(&r, j, "vat_ppm", false, 200000, 1000000);
    if (json_get(j, "organiser")) {
        snprintf(r.where, sizeof r.where, "organiser");
        read_party(&r, json_get(j, "organiser"), "name", &o->organiser);
        r.where[0] = 0;
    }
    o->consumers = read_points(&r, o, j, "consumers", false, vat_ppm, &o->consumer);
    o->producers = read_points(&r, o, j, "producers", true, vat_ppm, &o->producer);
    uint64_t ppm = 0;
    for (size_t i = 0; i < o->consumers; i++)
        ppm += o->consumer[i].static_ppm;
    if (ppm > 1000000)
        problem_add(p, name, 0, "static_ppm",
                    T("the coefficients add up to %llu ppm; at most 1000000",
                      "les coefficients totalisent %llu ppm ; au plus 1000000"),
                    (unsigned long long)ppm);
}

enum err district_read(struct district *o, const char *path, struct problems *p, struct diag *d)
{
    struct json *j = NULL;
    size_t before = p->count;
    enum err e = json_parse_file(&j, path, d);
    *o = (struct district){0};
    if (e == E_JSON)
        return problem_add(p, path, 0, "JSON", "%s", d ? d->text : err_text(e));
    TRY(e);
    district_read_json(o, path, j, p);
    json_free(j);
    return p->count == before ? E_OK : E_CSV;
}

void district_free(struct district *o)
{
    mem_free(o->consumer);
    mem_free(o->producer);
    *o = (struct district){0};
}

/* --- writing ---------------------------------------------------------------------------------- */

static void put_text(struct buf *out, const char *name, const char *text)
{
    if (!text[0])
        return;
    json_put_key(out, name);
    json_put_string(out, text);
}

static void put_number(struct buf *out, const char *name, uint64_t v)
{
    json_put_key(out, name);
    json_put_u64(out, v);
}

static void put_party(struct buf *out, const char *name_member, const struct district_party *p)
{
    put_text(out, name_member, p->name);
    put_text(out, "address", p->address);
    put_text(out, "siret", p->siret);
    put_text(out, "vat_number", p->vat_number);
}

static void put_points(struct buf *out, const char *name, const struct district_point *point,
                       size_t points)
{
    json_put_key(out, name);
    json_open(out, '[');
    for (size_t i = 0; i < points; i++) {
        const struct district_point *p = &point[i];
        buf_puts(out, i ? ",\n" : "\n"); /* a point per line, for people */
        json_open(out, '{');
        put_text(out, "id", p->id);
        put_text(out, "prm", p->prm);
        put_party(out, "holder", &p->holder);
        put_text(out, "holder_kind", p->is_natural ? "natural" : "legal");
        put_number(out, "first_step", p->first_step);
        put_number(out, "last_step", p->last_step);
        if (p->is_producer) {
            put_text(out, "kind", p->kind);
            put_number(out, "peak_w", p->peak_w);
            put_number(out, "price_microeur_per_kwh", p->price_microeur_kwh);
            put_number(out, "vat_ppm", p->vat_ppm);
        } else {
            put_number(out, "static_ppm", p->static_ppm);
            put_number(out, "priority_level", p->level);
        }
        json_close(out, '}');
    }
    json_close(out, ']');
}

void district_put_json(struct buf *out, const struct district *o)
{
    char start[32];
    civil_format_utc(start, o->start_s);
    json_open(out, '{');
    put_text(out, "operation", o->name);
    put_text(out, "note", o->note);
    put_text(out, "zone", zone_name(o->zone));
    put_number(out, "step_minutes", o->step_s / 60);
    put_number(out, "steps", o->steps);
    put_text(out, "start_utc", start);
    if (o->organiser.name[0]) {
        json_put_key(out, "organiser");
        json_open(out, '{');
        put_party(out, "name", &o->organiser);
        json_close(out, '}');
    }
    put_points(out, "consumers", o->consumer, o->consumers);
    put_points(out, "producers", o->producer, o->producers);
    json_close(out, '}');
    buf_put_u8(out, '\n');
}

/* --- readings --------------------------------------------------------------------------------- */

/* Puts a table's columns in the order of the operation's points. */
static uint64_t *order_columns(const struct district *o, const struct district_point *point,
                               size_t points, const struct wide *w, const char *file,
                               struct problems *p)
{
    size_t before = p->count;
    size_t *column = mem_zalloc(points, sizeof *column);
    if (w->step_s != o->step_s || w->start_s != o->start_s || w->steps != o->steps)
        problem_add(p, file, 0, "ts_utc",
                    T("the table has %zu steps of %u s; the operation has %u of %u s, or another "
                      "start",
                      "le tableau a %zu pas de %u s ; l'opération en a %u de %u s, ou un autre "
                      "début"),
                    w->steps, w->step_s, o->steps, o->step_s);
    for (size_t i = 0; i < points; i++) {
        size_t k = 0;
        while (k < w->points && strcmp(w->id[k], point[i].id) != 0)
            k++;
        column[i] = k;
        if (k == w->points)
            problem_add(p, file, 1, point[i].id,
                        T("no column for this point of the operation; add it",
                          "pas de colonne pour ce point de l'opération ; ajoutez-la"));
    }
    for (size_t k = 0; k < w->points; k++) {
        struct district_point wanted = {0};
        snprintf(wanted.id, sizeof wanted.id, "%s", w->id[k]);
        if (!bsearch(&wanted, point, points, sizeof *point, compare_points))
            problem_add(p, file, 1, w->id[k],
                        T("this column is no point of the operation; remove it or add the point",
                          "cette colonne n'est pas un point de l'opération ; retirez-la ou ajoutez "
                          "le point"));
    }
    uint64_t *out = NULL;
    if (p->count == before) {
        out = mem_zalloc(w->steps * points, sizeof *out);
        for (size_t step = 0; step < w->steps; step++)
            for (size_t i = 0; i < points; i++)
                out[step * points + i] = w->wh[step * w->points + column[i]];
    }
    mem_free(column);
    return out;
}

static enum err read_table(const struct district *o, const struct district_point *point,
                           size_t points, const char *path, uint64_t **out, struct problems *p,
                           struct diag *d)
{
    struct csv *csv = NULL;
    struct wide w = {0};
    TRY(csv_open(&csv, path, ',', d));
    enum err e = wide_read(&w, csv, p);
    if (e == E_OK)
        *out = order_columns(o, point, points, &w, path, p);
    if (e == E_OK && !*out)
        e = E_CSV;
    wide_free(&w);
    csv_close(csv);
    return e;
}

enum err dataset_read(struct dataset *s, const char *operation, const char *consumption,
                      const char *production, struct problems *p, struct diag *d)
{
    struct district *o = &s->op;
    *s = (struct dataset){0};
    enum err e = district_read(o, operation, p, d);
    if (e == E_OK)
        e = read_table(o, o->consumer, o->consumers, consumption, &s->consumption_wh, p, d);
    if (e == E_OK)
        e = read_table(o, o->producer, o->producers, production, &s->production_wh, p, d);
    if (e != E_OK)
        dataset_free(s);
    if (e == E_CSV)
        return problems_end(p, d);
    return e;
}

static bool is_table_name(const char *name, const char *prefix)
{
    size_t len = strlen(name);
    return strncmp(name, prefix, strlen(prefix)) == 0 &&
           ((len > 4 && strcmp(name + len - 4, ".csv") == 0) ||
            (len > 7 && strcmp(name + len - 7, ".csv.gz") == 0));
}

enum err dataset_read_dir(struct dataset *s, const char *dir, struct problems *p, struct diag *d)
{
    char operation[4096], table[2][4096] = {"", ""};
    static const char *const PREFIX[2] = {"consumption", "production"};
    DIR *folder = opendir(dir);
    *s = (struct dataset){0};
    if (!folder)
        return diag_os(d, errno == ENOENT ? E_NOT_FOUND : E_IO, dir, errno);
    for (struct dirent *f; (f = readdir(folder)) != NULL;)
        for (int i = 0; i < 2; i++)
            /* of several, the first in the alphabet, whatever order the folder has */
            if (is_table_name(f->d_name, PREFIX[i]) &&
                (!table[i][0] || strcmp(f->d_name, strrchr(table[i], '/') + 1) < 0))
                snprintf(table[i], sizeof table[i], "%s/%s", dir, f->d_name);
    closedir(folder);
    for (int i = 0; i < 2; i++)
        if (!table[i][0])
            return diag_set(d, E_NOT_FOUND,
                            T("%s: no %s*.csv or .csv.gz in this folder",
                              "%s : pas de %s*.csv ni .csv.gz dans ce dossier"),
                            dir, PREFIX[i]);
    snprintf(operation, sizeof operation, "%s/operation.json", dir);
    return dataset_read(s, operation, table[0], table[1], p, d);
}

void dataset_free(struct dataset *s)
{
    district_free(&s->op);
    mem_free(s->consumption_wh);
    mem_free(s->production_wh);
    *s = (struct dataset){0};
}
