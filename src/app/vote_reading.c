/* vote_reading: see vote_reading.h. */
#include "app/vote_reading.h"

#include <stdlib.h>

#include "base/lang.h"

#define MARK "parvis-reading: "
#define AMOUNT_MAX (UINT64_C(1) << 52)

/* --- lines of the description ------------------------------------------------------------------
 */

/* What is left of a line while it is read. */
struct words {
    const char *at;
};

static bool take_word(struct words *w, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(w->at, word, len) != 0)
        return false;
    w->at += len;
    return true;
}

static bool take_number(struct words *w, uint64_t *out)
{
    uint64_t n = 0;
    const char *start = w->at;
    for (; *w->at >= '0' && *w->at <= '9'; w->at++) {
        if (n > AMOUNT_MAX / 10)
            return false;
        n = n * 10 + (uint64_t)(*w->at - '0');
    }
    *out = n;
    return w->at > start && n > 0;
}

/* The costs are as many as the items, which are counted by then. */
static bool take_costs(struct words *w, struct arena *a, struct vote_reading *r)
{
    r->costs = arena_zalloc(a, r->item_count, sizeof *r->costs);
    for (size_t i = 0; i < r->item_count; i++)
        if ((i > 0 && !take_word(w, ",")) || !take_number(w, &r->costs[i]))
            return false;
    return true;
}

static bool take_questions(struct words *w, const struct bel_election *e, struct vote_reading *r)
{
    uint64_t first, last;
    bool several = r->kind == READING_JUDGMENT;
    if (!take_word(w, several ? " questions " : " question ") || !take_number(w, &first))
        return false;
    last = first;
    if (several && (!take_word(w, "-") || !take_number(w, &last)))
        return false;
    if (last < first || last > e->question_count)
        return false;
    r->first = (size_t)first - 1;
    r->last = (size_t)last - 1;
    return true;
}

static bool take_items(struct words *w, const struct bel_election *e, struct vote_reading *r)
{
    uint64_t n = 1;
    const struct bel_question *q = &e->questions[r->first];
    if (take_word(w, " per-item ")) {
        if (!take_number(w, &n))
            return false;
    } else if (r->kind == READING_POINTS) {
        return false;
    }
    if (q->kind != BEL_HOMOMORPHIC || n > q->answer_count || q->answer_count % n != 0)
        return false;
    r->per_item = (size_t)n;
    r->item_count = q->answer_count / r->per_item;
    return true;
}

/* Questions of majority judgment are alike in all but their text. */
static bool are_candidates(const struct bel_election *e, const struct vote_reading *r)
{
    const struct bel_question *model = &e->questions[r->first];
    for (size_t i = r->first; i <= r->last; i++) {
        const struct bel_question *q = &e->questions[i];
        if (q->kind != BEL_HOMOMORPHIC || q->has_blank || q->min != 1 || q->max != 1 ||
            q->answer_count != model->answer_count)
            return false;
        for (size_t k = 0; k < q->answer_count; k++)
            if (strcmp(q->answers[k], model->answers[k]) != 0)
                return false;
    }
    return true;
}

static bool read_line(struct vote_reading *r, struct arena *a, const struct bel_election *e,
                      const char *line)
{
    struct words w = {line};
    *r = (struct vote_reading){.per_item = 1};
    if (take_word(&w, "majority-judgment")) {
        r->kind = READING_JUDGMENT;
        if (!take_questions(&w, e, r) || *w.at || !are_candidates(e, r))
            return false;
        r->item_count = r->last - r->first + 1;
        return true;
    }
    if (take_word(&w, "points"))
        r->kind = READING_POINTS;
    else if (take_word(&w, "budget"))
        r->kind = READING_BUDGET;
    else
        return false;
    if (!take_questions(&w, e, r) || !take_items(&w, e, r))
        return false;
    if (r->kind == READING_BUDGET && (!take_word(&w, " amount ") || !take_number(&w, &r->amount) ||
                                      !take_word(&w, " costs ") || !take_costs(&w, a, r)))
        return false;
    return *w.at == 0;
}

static bool overlaps(const struct vote_readings *all, const struct vote_reading *r)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i].first <= r->last && r->first <= all->at[i].last)
            return true;
    return false;
}

enum err vote_readings_read(struct vote_readings *out, struct arena *a,
                            const struct bel_election *e, struct diag *d)
{
    *out = (struct vote_readings){.at = arena_zalloc(a, e->question_count + 1, sizeof *out->at)};
    for (const char *line = e->description; *line;) {
        size_t len = strcspn(line, "\n");
        if (strncmp(line, MARK, sizeof MARK - 1) == 0) {
            const char *text = arena_printf(a, "%.*s", (int)len, line);
            struct vote_reading r;
            if (!read_line(&r, a, e, text + sizeof MARK - 1))
                return diag_set(d, E_INVALID,
                                T("description: \"%s\" is no reading of these questions (docs/"
                                  "voting.md tells the three forms)",
                                  "description : « %s » ne lit pas ces questions (docs/voting.md "
                                  "donne les trois formes)"),
                                text);
            if (overlaps(out, &r))
                return diag_set(d, E_INVALID,
                                T("description: \"%s\": a question of it is in another reading",
                                  "description : « %s » : une de ces questions est dans une autre "
                                  "lecture"),
                                text);
            out->at[out->count++] = r;
        }
        line += len + (line[len] == '\n');
    }
    return E_OK;
}

const struct vote_reading *vote_reading_of(const struct vote_readings *r, size_t question)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->at[i].first <= question && question <= r->at[i].last)
            return &r->at[i];
    return NULL;
}

void vote_put_description(struct buf *out, const struct bel_election *e)
{
    bool first = true;
    for (const char *line = e->description; *line;) {
        size_t len = strcspn(line, "\n");
        if (strncmp(line, MARK, sizeof MARK - 1) != 0) {
            if (!first)
                buf_puts(out, "\n");
            buf_put(out, line, len);
            first = false;
        }
        line += len + (line[len] == '\n');
    }
}

/* --- majority judgment -------------------------------------------------------------------------
 */

/* A candidate's votes in the order of their grades, the best first, walked outwards from the
 * middle. Taking the majority grade away again and again takes, of n votes, the one at n/2 + 1,
 * then by turns the next one below and above: first comes what lies below, at equal distance. */
struct walk {
    const uint64_t *row;
    size_t grade;
    uint64_t left; /* votes of this grade not passed yet, the present one included */
    int step;
};

static void walk_begin(struct walk *w, const uint64_t *row, uint64_t position, int step)
{
    uint64_t before = 0;
    *w = (struct walk){.row = row, .step = step};
    while (before + row[w->grade] <= position)
        before += row[w->grade++];
    w->left = step > 0 ? before + row[w->grade] - position : position - before + 1;
}

static void walk_on(struct walk *w, uint64_t votes, uint64_t *remaining)
{
    w->left -= votes;
    *remaining -= votes;
    while (w->left == 0 && *remaining > 0) {
        w->grade = (size_t)((ptrdiff_t)w->grade + w->step);
        w->left = w->row[w->grade];
    }
}

/* How many votes from a position on, in a direction, are alike in both; *order: which of the two
 * is better where they differ (-1: x), 0 when `length` of them are alike. */
static uint64_t alike(const uint64_t *x, const uint64_t *y, uint64_t position, uint64_t length,
                      int step, int *order)
{
    struct walk wx, wy;
    uint64_t passed = 0, rx = length, ry = length;
    *order = 0;
    if (length == 0)
        return 0;
    walk_begin(&wx, x, position, step);
    walk_begin(&wy, y, position, step);
    while (passed < length && wx.grade == wy.grade) {
        uint64_t votes = wx.left < wy.left ? wx.left : wy.left;
        if (votes > length - passed)
            votes = length - passed;
        walk_on(&wx, votes, &rx);
        walk_on(&wy, votes, &ry);
        passed += votes;
    }
    if (passed < length)
        *order = wx.grade < wy.grade ? -1 : 1;
    return passed;
}

static uint64_t votes_of(const uint64_t *row, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += row[i];
    return sum;
}

static int compare_judgments(const uint64_t *x, const uint64_t *y, size_t grades)
{
    int below, above;
    uint64_t n = votes_of(x, grades), middle = n / 2; /* from 0 */
    if (n != votes_of(y, grades)) /* no election's counts: every ballot has one grade for each */
        return n > votes_of(y, grades) ? -1 : 1;
    uint64_t alike_below = alike(x, y, middle, n - middle, 1, &below);
    uint64_t alike_above = middle ? alike(x, y, middle - 1, middle, -1, &above) : 0;
    if (middle == 0)
        above = 0;
    if (below == 0 || above == 0)
        return below ? below : above;
    /* the k-th below is taken at 2k when n is even; when odd, the middle comes first, then by turns
     * below and above again, so the k-th above is taken just before or after the (k+1)-th below */
    if (n % 2 == 0)
        return alike_below <= alike_above ? below : above;
    return alike_below <= alike_above + 1 ? below : above;
}

/* --- ranking -----------------------------------------------------------------------------------
 */

struct ranked {
    const struct vote_reading *reading;
    struct vote_item item;
};

static int compare(const struct vote_reading *r, const struct vote_item *x,
                   const struct vote_item *y)
{
    if (r->kind == READING_JUDGMENT)
        return compare_judgments(x->row, y->row, x->row_count);
    return x->votes > y->votes ? -1 : x->votes < y->votes;
}

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int order = compare(x->reading, &x->item, &y->item);
    if (order != 0)
        return order;
    return x->item.item < y->item.item ? -1 : x->item.item > y->item.item;
}

/* "Playground: 1 point" names the item "Playground"; without a colon the whole text does. */
static const char *item_name(struct arena *a, const struct vote_reading *r, const char *answer)
{
    const char *colon = r->per_item > 1 ? strrchr(answer, ':') : NULL;
    size_t len = colon ? (size_t)(colon - answer) : strlen(answer);
    while (colon && len > 0 && answer[len - 1] == ' ')
        len--;
    return arena_printf(a, "%.*s", (int)len, answer);
}

static void fill(struct vote_item *item, struct arena *a, const struct vote_reading *r,
                 const struct bel_election *e, const uint64_t *counts)
{
    const struct bel_question *q =
        &e->questions[r->kind == READING_JUDGMENT ? r->first + item->item : r->first];
    if (r->kind == READING_JUDGMENT) {
        item->name = q->question;
        item->row = counts + q->first_ciphertext;
        item->row_count = q->answer_count;
        uint64_t n = votes_of(item->row, item->row_count);
        while (item->grade + 1 < item->row_count && item->votes + item->row[item->grade] <= n / 2)
            item->votes += item->row[item->grade++];
        item->votes += item->row[item->grade];
        return;
    }
    item->name = item_name(a, r, q->answers[item->item * r->per_item]);
    item->row = counts + q->first_ciphertext + q->has_blank + item->item * r->per_item;
    item->row_count = r->per_item;
    item->votes = votes_of(item->row, item->row_count);
}

void vote_reading_rank(struct vote_item **out, struct arena *a, const struct vote_reading *r,
                       const struct bel_election *e, const uint64_t *counts)
{
    struct ranked *all = arena_zalloc(a, r->item_count, sizeof *all);
    uint64_t left = r->amount;
    for (size_t i = 0; i < r->item_count; i++) {
        all[i] = (struct ranked){r, {.item = i}};
        fill(&all[i].item, a, r, e, counts);
    }
    qsort(all, r->item_count, sizeof *all, by_rank);
    *out = arena_zalloc(a, r->item_count, sizeof **out);
    for (size_t i = 0; i < r->item_count; i++) {
        struct vote_item *item = &(*out)[i];
        *item = all[i].item;
        item->rank = i > 0 && compare(r, &(*out)[i - 1], item) == 0 ? (*out)[i - 1].rank : i + 1;
        if (r->kind != READING_BUDGET || item->votes == 0 || r->costs[item->item] > left)
            continue;
        item->is_funded = true;
        left -= r->costs[item->item];
    }
}
