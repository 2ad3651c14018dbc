/* enedis_json: metering data in JSON, and the choice between the two formats (meters.h). */
#include "codec/json.h"
#include "gateway/files/civil.h"
#include "gateway/files/meters.h"

#include <errno.h>
#include <stdio.h>
#include <zlib.h>

#include "base/limits.h"

/* Lines of the elements of the text's interval_reading arrays, in order: the parser keeps no
 * positions, and a person needs one. The text is well-formed JSON already. */
struct element_lines {
    uint32_t *line;
    size_t count, cap;
};

static void element_add(struct element_lines *l, uint32_t line)
{
    if (l->count == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 256;
        l->line = mem_resize(l->line, l->cap, sizeof *l->line);
    }
    l->line[l->count++] = line;
}

static void find_elements(struct element_lines *l, struct bytes text)
{
    static const char NAME[] = "interval_reading";
    uint32_t line = 1;
    unsigned depth = 0, inside = 0; /* inside: depth of the array we are in, 0 if in none */
    bool named = false;             /* the last string was NAME */
    bool wanted = false;            /* an element begins at the next byte that is not blank */
    for (size_t i = 0; i < text.len; i++) {
        uint8_t b = text.data[i];
        line += b == '\n';
        if (b == ' ' || b == '\t' || b == '\r' || b == '\n' || b == ':')
            continue;
        if (wanted && b != ']')
            element_add(l, line);
        wanted = inside && depth == inside && b == ',';
        if (b == '"') {
            size_t begin = ++i;
            while (i < text.len && text.data[i] != '"')
                i += text.data[i] == '\\' ? 2 : 1;
            named = i - begin == sizeof NAME - 1 && i <= text.len &&
                    memcmp(text.data + begin, NAME, sizeof NAME - 1) == 0;
            continue;
        }
        if (b == '[' || b == '{') {
            depth++;
            if (b == '[' && named && !inside)
                inside = depth;
            wanted = inside == depth;
        } else if (b == ']' || b == '}') {
            inside = depth == inside ? 0 : inside;
            depth -= depth > 0;
        }
        named = false;
    }
}

/* The repeated hour of October seen so far: labels of that hour already given once. */
struct repeated {
    int64_t label[64]; /* as if UTC; 60 minutes / 5 = 12 per October, at most 5 Octobers */
    size_t count;
};

struct reading {
    struct curve_set *set;
    struct problems *p;
    const char *file;
    enum curve_role role;
    struct repeated repeated;
    struct element_lines lines;
    size_t element; /* of all arrays, counted as lines are */
};

static bool seen_once(struct repeated *r, int64_t label)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->label[i] == label)
            return true;
    if (r->count < sizeof r->label / sizeof r->label[0])
        r->label[r->count++] = label;
    return false;
}

/* A date in legal time, or with an offset if the file has one. */
static bool resolve_date(struct reading *r, const char *text, int64_t *out)
{
    struct date_time c;
    bool has_offset;
    int offset_s;
    int64_t candidate[2];
    if (civil_parse(&c, &has_offset, &offset_s, text, strlen(text)) != E_OK)
        return false;
    if (has_offset) {
        *out = civil_to_unix(c) - offset_s;
        return *out >= 0;
    }
    unsigned n = paris_to_unix(candidate, c);
    if (n == 0)
        return false;
    *out = n == 2 && seen_once(&r->repeated, civil_to_unix(c)) ? candidate[1] : candidate[0];
    return true;
}

/* "PT30M", "PT1H"; 0 when it is no step. */
static uint32_t parse_step(const char *text)
{
    static const struct {
        const char *text;
        uint32_t step_s;
    } STEPS[] = {{"PT5M", 300},   {"PT10M", 600},  {"PT15M", 900},
                 {"PT30M", 1800}, {"PT60M", 3600}, {"PT1H", 3600}};
    for (size_t i = 0; text && i < sizeof STEPS / sizeof STEPS[0]; i++)
        if (strcmp(text, STEPS[i].text) == 0)
            return STEPS[i].step_s;
    return 0;
}

/* A member's text: a string as it is, a number printed, "" when null or absent. */
static const char *member_text(char out[64], const struct json *object, const char *name)
{
    const struct json *j = json_get(object, name);
    struct buf b = {0};
    out[0] = 0;
    if (json_is_string(j))
        snprintf(out, 64, "%s", json_text(j));
    else if (j && !json_is_null(j)) {
        json_print(&b, j);
        snprintf(out, 64, "%s", buf_cstr(&b));
        buf_free(&b);
    }
    return out;
}

static void read_interval(struct reading *r, const char *prm, const struct json *item, size_t index)
{
    char where[64], text[64];
    size_t line = r->element < r->lines.count ? r->lines.line[r->element] : 0;
    struct curve_measure m = {.step_is_exact = true, .line = line, .file = r->file};
    r->element++;
    snprintf(where, sizeof where, "interval_reading[%zu].date", index);
    if (!resolve_date(r, member_text(text, item, "date"), &m.start_s)) {
        problem_add(r->p, r->file, line, where,
                    T("\"%s\" is not a time that exists in France, like 2013-06-10 02:00:00",
                      "« %s » n'est pas une heure légale existante, comme 2013-06-10 02:00:00"),
                    text);
        return;
    }
    m.step_s = parse_step(member_text(text, item, "interval_length"));
    if (m.step_s == 0) {
        snprintf(where, sizeof where, "interval_reading[%zu].interval_length", index);
        problem_add(r->p, r->file, line, where,
                    T("\"%s\" found; PT5M, PT10M, PT15M, PT30M or PT60M is expected",
                      "« %s » trouvé ; PT5M, PT10M, PT15M, PT30M ou PT60M attendu"),
                    text);
        return;
    }
    member_text(text, item, "value");
    m.missing = text[0] == 0;
    if (!m.missing &&
        !csv_u64(&m.value, (struct csv_field){text, strlen(text)}, CURVE_POWER_MAX_W)) {
        snprintf(where, sizeof where, "interval_reading[%zu].value", index);
        problem_add(r->p, r->file, line, where,
                    T("\"%s\" is not a whole number of W from 0 to %u",
                      "« %s » n'est pas un nombre entier de W de 0 à %u"),
                    text, CURVE_POWER_MAX_W);
        return;
    }
    if (!curve_set_add(r->set, curve_set_point(r->set, prm, r->role), m))
        problem_add(r->p, r->file, line, where,
                    T("more than %u measures; import fewer files at once",
                      "plus de %u mesures ; importez moins de fichiers à la fois"),
                    CURVE_MEASURES_MAX);
}

static void read_meter(struct reading *r, const struct json *meter)
{
    char prm[64], text[64];
    const struct json *type = json_get(meter, "reading_type");
    const struct json *items = json_get(meter, "interval_reading");
    member_text(prm, meter, "usage_point_id");
    if (!prm_is_valid(prm, strlen(prm))) {
        problem_add(
            r->p, r->file, 0, "meter_reading.usage_point_id",
            T("\"%s\" found; 14 digits are expected", "« %s » trouvé ; 14 chiffres attendus"), prm);
        return;
    }
    if (strcmp(member_text(text, type, "unit"), "W") != 0) {
        problem_add(r->p, r->file, 0, "meter_reading.reading_type.unit",
                    T("\"%s\" found; W is expected (a load curve, not daily energy)",
                      "« %s » trouvé ; W attendu (une courbe de charge, pas l'énergie du jour)"),
                    text);
        return;
    }
    if (!json_is_array(items)) {
        problem_add(r->p, r->file, 0, "meter_reading.interval_reading",
                    T("no list of measures there; get the file again",
                      "pas de liste de mesures ; récupérez le fichier"));
        return;
    }
    r->repeated.count = 0;
    size_t index = 0;
    for (const struct json *j = json_first(items); j; j = json_next(j))
        read_interval(r, prm, j, index++);
}

/* {"meter_reading": {...}}, the meter_reading itself, or an array of either. */
static void read_document(struct reading *r, const struct json *j)
{
    const struct json *meter = json_get(j, "meter_reading");
    if (json_is_array(j)) {
        for (const struct json *item = json_first(j); item; item = json_next(item))
            if (!json_is_array(item))
                read_document(r, item);
    } else if (meter || json_get(j, "usage_point_id")) {
        read_meter(r, meter ? meter : j);
    } else {
        problem_add(r->p, r->file, 0, "meter_reading",
                    T("no such member; is it metering data in JSON?",
                      "membre absent ; est-ce bien un fichier de mesures en JSON ?"));
    }
}

enum err enedis_json_read(struct curve_set *s, const char *name, struct bytes text,
                          enum curve_role role_json, struct problems *p)
{
    struct json *j = NULL;
    struct diag d = {0};
    size_t before = p->count;
    if (json_parse(&j, text, &d) != E_OK)
        return problem_add(p, name, 0, "JSON", "%s", d.text);
    struct reading r = {.set = s, .p = p, .file = curve_set_file(s, name), .role = role_json};
    find_elements(&r.lines, text);
    read_document(&r, j);
    mem_free(r.lines.line);
    json_free(j);
    return p->count == before ? E_OK : E_CSV;
}

/* --- either format ---------------------------------------------------------------------------- */

static enum err read_whole(struct buf *out, const char *path, struct problems *p, struct diag *d)
{
    errno = 0;
    gzFile gz = gzopen(path, "rb");
    int n = 0;
    if (!gz)
        return diag_os(d, errno == ENOENT ? E_NOT_FOUND : E_IO, path, errno);
    do {
        buf_reserve(out, 65536);
        n = gzread(gz, out->data + out->len, 65536);
        out->len += n > 0 ? (size_t)n : 0;
    } while (n > 0 && out->len <= LIMIT_IMPORT_FILE_BYTES);
    int code = Z_OK;
    gzerror(gz, &code);
    gzclose_r(gz);
    if (n < 0 || (code != Z_OK && code != Z_STREAM_END))
        return problem_add(
            p, path, 0, "",
            T("cannot be read (%s); get the file again", "illisible (%s) ; récupérez le fichier"),
            code == Z_ERRNO ? os_reason(errno) : "gzip");
    if (out->len > LIMIT_IMPORT_FILE_BYTES)
        return problem_add(p, path, 0, "",
                           T("larger than %u bytes; split it", "plus de %u octets ; découpez-le"),
                           LIMIT_IMPORT_FILE_BYTES);
    return E_OK;
}

enum err meters_read_file(struct curve_set *s, const char *path, enum curve_role role_json,
                          struct problems *p, struct diag *d)
{
    struct buf text = {0};
    size_t at = 0;
    enum err e = read_whole(&text, path, p, d);
    while (e == E_OK && at < text.len && text.data[at] &&
           strchr(" \t\r\n\xef\xbb\xbf", text.data[at]))
        at++;
    if (e == E_OK && at < text.len && (text.data[at] == '{' || text.data[at] == '[')) {
        e = enedis_json_read(s, path, bytes_of(text.data + at, text.len - at), role_json, p);
    } else if (e == E_OK) {
        struct csv *csv = csv_open_text(path, buf_view(&text), ';');
        e = enedis_csv_read(s, csv, p);
        csv_close(csv);
    }
    buf_free(&text);
    return e;
}
