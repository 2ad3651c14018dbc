/* vote_voters: see vote_voters.h. */
#include "app/vote_voters.h"

#include <stdlib.h>

#include "app/cli.h"
#include "base/limits.h"
#include "crypto/edwards/edwards_secret.h"
#include "gateway/files/csv.h"

/* --- VOTERS.csv --------------------------------------------------------------------------------
 */

enum column { COLUMN_LOGIN, COLUMN_WEIGHT, COLUMN_NAME, COLUMN_ADDRESS, COLUMN_COUNT };
static const char *const COLUMNS[] = {"login", "weight", "name", "address"};
#define NO_COLUMN SIZE_MAX

struct reading {
    struct csv *csv;
    size_t place[COLUMN_COUNT]; /* of a column, or NO_COLUMN */
    size_t width;
    size_t cap;
};

static enum err read_header(struct reading *r, const struct csv_row *row, struct problems *p)
{
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        r->place[c] = NO_COLUMN;
    r->width = row->count;
    for (size_t i = 0; i < row->count; i++) {
        size_t c = 0;
        while (c < COLUMN_COUNT && strcmp(COLUMNS[c], row->field[i].text) != 0)
            c++;
        if (c == COLUMN_COUNT || r->place[c] != NO_COLUMN)
            return problem_add(p, csv_name(r->csv), row->line, row->field[i].text,
                               T("the first line names the columns, each once: login, and if "
                                 "wanted weight, name, address",
                                 "la première ligne nomme les colonnes, chacune une fois : login, "
                                 "et si besoin weight, name, address"));
        r->place[c] = i;
    }
    if (row->count == 0 || r->place[COLUMN_LOGIN] == NO_COLUMN)
        return problem_add(p, csv_name(r->csv), row->line, "login",
                           T("the column is missing from the first line",
                             "la colonne manque dans la première ligne"));
    return E_OK;
}

static const char *field(const struct reading *r, struct arena *a, const struct csv_row *row,
                         enum column c)
{
    return r->place[c] == NO_COLUMN ? NULL : arena_strdup(a, row->field[r->place[c]].text);
}

static void read_voter(const struct reading *r, struct vote_voters *v, const struct csv_row *row,
                       struct problems *p)
{
    struct vote_voter *voter = &v->at[v->count];
    const char *file = csv_name(r->csv);
    if (row->count != r->width) {
        problem_add(
            p, file, row->line, "",
            T("%zu fields, the first line has %zu", "%zu champs, la première ligne en a %zu"),
            row->count, r->width);
        return;
    }
    *voter = (struct vote_voter){.login = field(r, &v->arena, row, COLUMN_LOGIN),
                                 .name = field(r, &v->arena, row, COLUMN_NAME),
                                 .address = field(r, &v->arena, row, COLUMN_ADDRESS),
                                 .weight = 1,
                                 .line = row->line};
    size_t len = strlen(voter->login);
    if (len == 0 || len > VOTE_LOGIN_MAX || voter->login[strcspn(voter->login, " \t\r\n")])
        problem_add(p, file, row->line, "login",
                    T("\"%s\": 1 to %d characters without a space",
                      "« %s » : de 1 à %d caractères sans espace"),
                    voter->login, VOTE_LOGIN_MAX);
    if (r->place[COLUMN_WEIGHT] != NO_COLUMN &&
        !csv_u64(&voter->weight, row->field[r->place[COLUMN_WEIGHT]], BEL_WEIGHT_MAX))
        problem_add(p, file, row->line, "weight",
                    T("\"%s\" is not a whole number from 0 to %llu",
                      "« %s » n'est pas un nombre entier de 0 à %llu"),
                    row->field[r->place[COLUMN_WEIGHT]].text, (unsigned long long)BEL_WEIGHT_MAX);
    v->count++;
}

static enum err read_rows(struct reading *r, struct vote_voters *v, struct problems *p)
{
    struct csv_row row;
    TRY(csv_next(r->csv, &row, p));
    TRY(read_header(r, &row, p));
    v->has_weights = r->place[COLUMN_WEIGHT] != NO_COLUMN;
    for (;;) {
        TRY(csv_next(r->csv, &row, p));
        if (row.count == 0)
            return E_OK;
        if (csv_row_is_blank(&row) && r->width > 1)
            continue;
        if (v->count == BEL_ROLL_MAX)
            return problem_add(p, csv_name(r->csv), row.line, "",
                               T("more than %u voters", "plus de %u électeurs"), BEL_ROLL_MAX);
        if (v->count == r->cap) {
            r->cap = r->cap ? r->cap * 2 : 256;
            v->at = mem_resize(v->at, r->cap, sizeof *v->at);
        }
        read_voter(r, v, &row, p);
    }
}

static int by_login(const void *a, const void *b)
{
    const struct vote_voter *x = *(struct vote_voter *const *)a,
                            *y = *(struct vote_voter *const *)b;
    int order = strcmp(x->login, y->login);
    return order ? order : x->line < y->line ? -1 : 1;
}

static void index_logins(struct vote_voters *v, const char *file, struct problems *p)
{
    v->by_login = mem_zalloc(v->count + 1, sizeof *v->by_login);
    for (size_t i = 0; i < v->count; i++)
        v->by_login[i] = &v->at[i];
    qsort(v->by_login, v->count, sizeof *v->by_login, by_login);
    for (size_t i = 1; i < v->count; i++)
        if (strcmp(v->by_login[i - 1]->login, v->by_login[i]->login) == 0)
            problem_add(
                p, file, v->by_login[i]->line, "login",
                T("\"%s\" is that of line %zu too", "« %s » est aussi celui de la ligne %zu"),
                v->by_login[i]->login, v->by_login[i - 1]->line);
}

enum err vote_voters_read(struct vote_voters *out, const char *path, struct problems *p,
                          struct diag *d)
{
    struct reading r = {0};
    *out = (struct vote_voters){0};
    TRY(csv_open(&r.csv, path, 0, d));
    enum err e = read_rows(&r, out, p);
    if (e == E_OK && out->count == 0)
        e = problem_add(p, path, 0, "", T("no voter in it", "aucun électeur"));
    if (e == E_OK)
        index_logins(out, path, p);
    csv_close(r.csv);
    return problems_end(p, d);
}

void vote_voters_free(struct vote_voters *v)
{
    for (size_t i = 0; i < v->count; i++)
        ed_secret_wipe(v->at[i].credential, sizeof v->at[i].credential);
    mem_free(v->at);
    mem_free(v->by_login);
    arena_free(&v->arena);
    *v = (struct vote_voters){0};
}

/* --- credentials -------------------------------------------------------------------------------
 */

enum err vote_credentials_new(struct vote_voters *v, const char *path, struct diag *d)
{
    struct buf text = {0};
    size_t room = 0;
    for (size_t i = 0; i < v->count; i++)
        room += 6 * strlen(v->at[i].login) + BEL_CREDENTIAL_CHARS + 8;
    buf_reserve(&text, room); /* so that no copy of it is left behind in memory */
    json_open(&text, '{');
    for (size_t i = 0; i < v->count; i++) {
        bel_credential_new(v->at[i].credential);
        json_put_key(&text, v->at[i].login);
        json_put_string(&text, v->at[i].credential);
    }
    json_close(&text, '}');
    buf_puts(&text, "\n");
    enum err e = file_write(path, buf_view(&text), 0600, false, d);
    ed_secret_wipe(text.data, text.cap);
    buf_free(&text);
    return e;
}

static struct vote_voter *find(const struct vote_voters *v, const char *login)
{
    size_t low = 0, high = v->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(v->by_login[middle]->login, login);
        if (order == 0)
            return v->by_login[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static enum err take_credentials(struct vote_voters *v, const struct json *file, const char *path,
                                 struct diag *d)
{
    for (const struct json *j = json_first(file); j; j = json_next(j)) {
        struct vote_voter *voter = find(v, json_key(j));
        const char *text = json_text(j);
        if (!voter)
            return diag_set(d, E_INVALID,
                            T("%s: \"%s\" is not among the voters",
                              "%s : « %s » n'est pas parmi les électeurs"),
                            path, json_key(j));
        if (!text || !bel_credential_is_well_formed(text))
            return diag_set(d, E_INVALID,
                            T("%s: what stands at \"%s\" is no credential",
                              "%s : à « %s », ce n'est pas un code de vote"),
                            path, voter->login);
        memcpy(voter->credential, text, sizeof voter->credential);
    }
    for (size_t i = 0; i < v->count; i++)
        if (!v->at[i].credential[0])
            return diag_set(
                d, E_INVALID,
                T("%s: no credential for \"%s\"", "%s : pas de code de vote pour « %s »"), path,
                v->at[i].login);
    return E_OK;
}

enum err vote_credentials_read(struct vote_voters *v, const char *path, struct diag *d)
{
    struct json *file = NULL;
    struct buf text = {0};
    TRY(file_read(&text, path, LIMIT_IMPORT_FILE_BYTES, d));
    enum err e = json_parse(&file, buf_view(&text), d);
    if (e == E_OK && !json_is_object(file))
        e = diag_set(d, E_JSON,
                     T("not an object of logins and credentials",
                       "pas un objet d'identifiants et de codes de vote"));
    if (e != E_OK)
        diag_wrap(d, e, "%s: ", path);
    else
        e = take_credentials(v, file, path, d);
    json_free(file);
    ed_secret_wipe(text.data, text.cap);
    buf_free(&text);
    return e;
}

void vote_voters_roll(struct bel_roll *out, struct arena *a, const struct vote_voters *v,
                      const char *uuid)
{
    const struct bel_version *version = bel_version(1);
    *out = (struct bel_roll){.voters = arena_zalloc(a, v->count, sizeof *out->voters),
                             .by_key = arena_zalloc(a, v->count, sizeof *out->by_key),
                             .count = v->count,
                             .has_weights = v->has_weights};
    for (size_t i = 0; i < v->count; i++) {
        struct ed_scalar x;
        bel_credential_secret(&x, version, uuid, v->at[i].credential);
        bel_credential_public(out->voters[i].key32, &x);
        ed_secret_wipe(&x, sizeof x);
        out->voters[i].weight = v->at[i].weight;
        out->total_weight += v->at[i].weight;
    }
    bel_roll_sort(out);
}
