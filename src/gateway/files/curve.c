/* curve: see curve.h. */
#include "gateway/files/curve.h"

#include <stdlib.h>

#include "gateway/files/civil.h"

#define DAY_S 86400

bool curve_step_is_allowed(int64_t step_s)
{
    return step_s == 300 || step_s == 600 || step_s == 900 || step_s == 1800 || step_s == 3600;
}

bool prm_is_valid(const char *text, size_t len)
{
    return len == 14 && strspn(text, "0123456789") == 14;
}

void curve_set_free(struct curve_set *s)
{
    for (size_t i = 0; i < s->count; i++)
        mem_free(s->curve[i].measure);
    mem_free(s->curve);
    arena_free(&s->names);
    *s = (struct curve_set){0};
}

const char *curve_set_file(struct curve_set *s, const char *name)
{
    return arena_strdup(&s->names, name);
}

struct curve *curve_set_point(struct curve_set *s, const char *id, enum curve_role role)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->curve[i].role == role && strcmp(s->curve[i].id, id) == 0)
            return &s->curve[i];
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 16;
        s->curve = mem_resize(s->curve, s->cap, sizeof *s->curve);
    }
    struct curve *c = &s->curve[s->count++];
    *c = (struct curve){.role = role};
    ASSERT(strlen(id) < sizeof c->id);
    memcpy(c->id, id, strlen(id));
    return c;
}

bool curve_set_add(struct curve_set *s, struct curve *c, struct curve_measure m)
{
    if (s->measures == CURVE_MEASURES_MAX)
        return false;
    if (c->count == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 256;
        c->measure = mem_resize(c->measure, c->cap, sizeof *c->measure);
    }
    c->measure[c->count++] = m;
    s->measures++;
    return true;
}

static int compare_measures(const void *a, const void *b)
{
    const struct curve_measure *x = a, *y = b;
    if (x->start_s != y->start_s)
        return x->start_s < y->start_s ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static int compare_curves(const void *a, const void *b)
{
    const struct curve *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : (int)x->role - (int)y->role;
}

static enum err refuse_duplicates(const struct curve *c, struct problems *p)
{
    enum err e = E_OK;
    for (size_t i = 1; i < c->count; i++) {
        const struct curve_measure *a = &c->measure[i - 1], *b = &c->measure[i];
        char when[32];
        if (a->start_s != b->start_s)
            continue;
        civil_format_utc(when, b->start_s);
        e = problem_add(p, b->file, b->line, T("time", "horodate"),
                        T("%s %s was given already at %s:%zu; keep one of the two lines",
                          "%s %s est déjà donné à %s:%zu ; gardez une seule des deux lignes"),
                        c->id, when, a->file, a->line);
    }
    return e;
}

/* The distance between the k-th label and the following one, walking in the direction in which a
 * label's step extends (forward from start labels, backward from end labels); 0 at the end. */
static int64_t label_distance(const struct curve *c, enum curve_label label, size_t k)
{
    if (k + 1 >= c->count)
        return 0;
    size_t last = c->count - 1;
    return label == CURVE_LABEL_START
               ? c->measure[k + 1].start_s - c->measure[k].start_s
               : c->measure[last - k].start_s - c->measure[last - k - 1].start_s;
}

/* Finds the step of every sample (curve.h, "Steps"). */
static enum err find_steps(struct curve *c, enum curve_label label, struct problems *p)
{
    enum err e = E_OK;
    int64_t current = 0;
    for (size_t k = 0; k < c->count; k++) {
        struct curve_measure *m = &c->measure[label == CURVE_LABEL_START ? k : c->count - 1 - k];
        int64_t distance = label_distance(c, label, k);
        int64_t declared = m->step_s;
        if (current == 0 || m->step_is_exact)
            current = m->step_s ? m->step_s : distance;
        bool shorter = distance && distance < current;
        bool longer = distance > current &&
                      (distance == declared || distance == label_distance(c, label, k + 1));
        if (!m->step_is_exact && (shorter || longer) && curve_step_is_allowed(distance))
            current = distance;
        m->step_s = curve_step_is_allowed(current) ? (uint32_t)current : 0;
        if (m->step_s == 0 || (distance && distance < current))
            e = problem_add(
                p, m->file, m->line, T("time", "horodate"),
                T("no step of 5, 10, 15, 30 or 60 minutes fits between this row and its "
                  "neighbour (%lld s); correct the time",
                  "aucun pas de 5, 10, 15, 30 ou 60 minutes entre cette ligne et sa "
                  "voisine (%lld s) ; corrigez l'horodate"),
                (long long)distance);
    }
    return e;
}

static enum err place_steps(struct curve *c, enum curve_label label, struct problems *p)
{
    enum err e = E_OK;
    for (size_t i = 0; i < c->count; i++) {
        struct curve_measure *m = &c->measure[i];
        if (label == CURVE_LABEL_END)
            m->start_s -= m->step_s;
        if (m->start_s % m->step_s != 0)
            e = problem_add(
                p, m->file, m->line, T("time", "horodate"),
                T("not on a boundary of its %u-minute step; correct the time or the step",
                  "pas sur une limite de son pas de %u minutes ; corrigez l'horodate ou "
                  "le pas"),
                m->step_s / 60);
    }
    return e;
}

/* Power to energy (curve.h, "Rounding"). */
static void convert_to_wh(struct curve *c)
{
    uint64_t carry_wmin = 0;
    int64_t day = INT64_MIN;
    for (size_t i = 0; i < c->count; i++) {
        struct curve_measure *m = &c->measure[i];
        int64_t its_day = m->start_s / DAY_S - (m->start_s % DAY_S < 0);
        if (its_day != day)
            carry_wmin = 30;
        day = its_day;
        if (m->missing)
            continue;
        carry_wmin += m->value * (m->step_s / 60);
        m->value = carry_wmin / 60;
        carry_wmin %= 60;
    }
}

static enum err finish_curve(struct curve *c, enum curve_label label, struct problems *p)
{
    if (c->count)
        qsort(c->measure, c->count, sizeof *c->measure, compare_measures);
    TRY(refuse_duplicates(c, p));
    TRY(find_steps(c, label, p));
    TRY(place_steps(c, label, p));
    convert_to_wh(c);
    return E_OK;
}

enum err curve_set_finish(struct curve_set *s, enum curve_label label, struct problems *p)
{
    enum err result = E_OK;
    if (s->count)
        qsort(s->curve, s->count, sizeof *s->curve, compare_curves);
    for (size_t i = 0; i < s->count; i++)
        if (finish_curve(&s->curve[i], label, p) != E_OK)
            result = E_CSV;
    return result;
}

/* --- resampling ------------------------------------------------------------------------------- */

struct measures {
    struct curve_measure *at;
    size_t count, cap;
};

static void measures_put(struct measures *out, struct curve_measure m)
{
    if (out->count == out->cap) {
        out->cap = out->cap ? out->cap * 2 : 256;
        out->at = mem_resize(out->at, out->cap, sizeof *out->at);
    }
    out->at[out->count++] = m;
}

static void split_measure(struct measures *out, struct curve_measure m, uint32_t step_s)
{
    uint64_t parts = m.step_s / step_s, total = m.value;
    for (uint64_t k = 0; k < parts; k++) {
        struct curve_measure part = m;
        part.start_s += (int64_t)(k * step_s);
        part.step_s = step_s;
        part.value = m.missing ? 0 : total * (k + 1) / parts - total * k / parts;
        measures_put(out, part);
    }
}

/* Sums the measures of one step from index i on; returns the index of the first one after it. */
static size_t sum_measures(struct measures *out, const struct curve *c, size_t i, uint32_t step_s)
{
    struct curve_measure sum = c->measure[i];
    int64_t start_s = sum.start_s - sum.start_s % step_s;
    int64_t covered_s = 0;
    sum.start_s = start_s;
    sum.step_s = step_s;
    sum.value = 0;
    sum.missing = false;
    for (; i < c->count && c->measure[i].start_s < start_s + step_s; i++) {
        covered_s += c->measure[i].step_s;
        sum.missing |= c->measure[i].missing;
        sum.value += c->measure[i].value;
    }
    sum.missing |= covered_s != step_s;
    if (sum.missing)
        sum.value = 0;
    measures_put(out, sum);
    return i;
}

enum err curve_resample(struct curve *c, uint32_t step_s, bool split, struct problems *p)
{
    struct measures out = {0};
    enum err e = E_OK;
    for (size_t i = 0; i < c->count;) {
        const struct curve_measure *m = &c->measure[i];
        if (m->step_s > step_s && (!split || m->step_s % step_s != 0)) {
            e = problem_add(p, m->file, m->line, T("step", "pas"),
                            T("%s is measured every %u minutes, the operation counts every %u; "
                              "give --split to spread the energy evenly",
                              "%s est mesuré toutes les %u minutes, l'opération compte par %u ; "
                              "ajoutez --split pour répartir l'énergie également"),
                            c->id, m->step_s / 60, step_s / 60);
            break; /* one problem per curve says it */
        }
        if (m->step_s > step_s) {
            split_measure(&out, *m, step_s);
            i++;
        } else if (m->step_s == step_s) {
            measures_put(&out, *m);
            i++;
        } else {
            i = sum_measures(&out, c, i, step_s);
        }
    }
    if (e != E_OK) {
        mem_free(out.at);
        return e;
    }
    mem_free(c->measure);
    c->measure = out.at;
    c->count = out.count;
    c->cap = out.cap;
    return E_OK;
}
