/* vote_result: see vote_result.h. */
#include "app/vote_result.h"

#include "app/energy_common.h"
#include "app/json_members.h"

/* --- one answer --------------------------------------------------------------------------------
 */

struct view {
    struct buf *out;
    bool json;
    const uint64_t *counts; /* NULL: none yet */
    uint64_t total;         /* what shares are of */
};

static void put_answer(struct view *v, const char *text, size_t ciphertext, const char *indent)
{
    if (v->json) {
        json_open(v->out, '{');
        json_put_text_member(v->out, "answer", text);
        if (v->counts)
            json_put_u64_member(v->out, "count", v->counts[ciphertext]);
        json_close(v->out, '}');
    } else if (v->counts) {
        buf_putf(v->out, "%s%8llu  %8s  %s\n", indent, (unsigned long long)v->counts[ciphertext],
                 text_percent_bp(ratio_bp(v->counts[ciphertext], v->total)), text);
    } else {
        buf_putf(v->out, "%s- %s\n", indent, text);
    }
}

static void put_list(struct view *v, const struct bel_list *l, size_t ciphertext)
{
    if (v->json) {
        json_open(v->out, '{');
        json_put_text_member(v->out, "list", l->name);
        if (v->counts)
            json_put_u64_member(v->out, "count", v->counts[ciphertext]);
        json_put_key(v->out, "candidates");
        json_open(v->out, '[');
    } else {
        put_answer(v, l->name, ciphertext, "  ");
    }
    for (size_t i = 0; i < l->candidate_count; i++)
        put_answer(v, l->candidates[i], ciphertext + 1 + i, "    ");
    if (v->json) {
        json_close(v->out, ']');
        json_close(v->out, '}');
    }
}

/* --- questions ---------------------------------------------------------------------------------
 */

static void put_answers(struct view *v, const struct bel_question *q)
{
    size_t at = q->first_ciphertext;
    if (q->kind == BEL_LISTS) {
        for (size_t i = 0; i < q->list_count; i++) {
            put_list(v, &q->lists[i], at);
            at += 1 + q->lists[i].candidate_count;
        }
        return;
    }
    if (q->has_blank)
        put_answer(v, T("blank vote", "vote blanc"), at++, "  ");
    for (size_t i = 0; i < q->answer_count; i++)
        put_answer(v, q->answers[i], at + i, "  ");
}

static void put_question(struct view *v, const struct bel_question *q, size_t number)
{
    if (v->json) {
        json_open(v->out, '{');
        json_put_text_member(v->out, "question", q->question);
        json_put_text_member(v->out, "type", q->kind == BEL_LISTS ? "lists" : "choices");
        if (q->kind == BEL_HOMOMORPHIC) {
            json_put_u64_member(v->out, "min", q->min);
            json_put_u64_member(v->out, "max", q->max);
            json_put_bool_member(v->out, "blank", q->has_blank);
        }
        json_put_key(v->out, q->kind == BEL_LISTS ? "lists" : "answers");
        json_open(v->out, '[');
        put_answers(v, q);
        json_close(v->out, ']');
        json_close(v->out, '}');
        return;
    }
    buf_putf(v->out, "%zu. %s", number, q->question);
    if (q->kind == BEL_LISTS)
        buf_puts(v->out, T("  (one list, at least one of its candidates)",
                           "  (une liste, au moins un de ses candidats)"));
    else if (q->min == q->max)
        buf_putf(v->out, T("  (choose %u)", "  (%u à choisir)"), q->max);
    else
        buf_putf(v->out, T("  (choose %u to %u)", "  (de %u à %u à choisir)"), q->min, q->max);
    buf_puts(v->out, "\n");
    put_answers(v, q);
}

/* --- readings ----------------------------------------------------------------------------------
 */

static const char *reading_title(enum vote_reading_kind kind)
{
    switch (kind) {
    case READING_JUDGMENT:
        return T("Majority judgment", "Jugement majoritaire");
    case READING_POINTS:
        return T("Points", "Points");
    case READING_BUDGET:
        return T("Budget", "Budget");
    }
    return "";
}

static const char *reading_name(enum vote_reading_kind kind)
{
    static const char *const NAMES[] = {"majority-judgment", "points", "budget"};
    return NAMES[kind];
}

static void put_item_json(struct view *v, const struct vote_reading *r, const char *grade,
                          const struct vote_item *item)
{
    json_open(v->out, '{');
    json_put_u64_member(v->out, "rank", item->rank);
    json_put_text_member(v->out, "name", item->name);
    json_put_u64_member(v->out, "item", item->item + 1);
    if (r->kind == READING_JUDGMENT)
        json_put_text_member(v->out, "grade", grade);
    json_put_u64_member(v->out, "votes", item->votes);
    if (r->kind == READING_BUDGET) {
        json_put_u64_member(v->out, "cost", r->costs[item->item]);
        json_put_bool_member(v->out, "funded", item->is_funded);
    }
    json_close(v->out, '}');
}

static void put_item_text(struct view *v, const struct vote_reading *r, const char *grade,
                          const struct vote_item *item)
{
    unsigned long long votes = item->votes;
    buf_putf(v->out, "  %3zu. %s: ", item->rank, item->name);
    if (r->kind == READING_JUDGMENT)
        buf_putf(v->out,
                 T("%s (%s gave it this grade or a better one)\n",
                   "%s (%s lui ont donné cette mention ou mieux)\n"),
                 grade, text_percent_bp(ratio_bp(item->votes, v->total)));
    else if (r->kind == READING_POINTS)
        buf_putf(v->out, T("%llu points\n", "%llu points\n"), votes);
    else
        buf_putf(v->out, T("%llu votes, costs %s: %s\n", "%llu voix, coûte %s : %s\n"), votes,
                 text_grouped(r->costs[item->item]),
                 item->is_funded ? T("taken", "retenu") : T("not taken", "pas retenu"));
}

static void put_reading(struct view *v, struct arena *a, const struct bel_election *e,
                        const struct vote_reading *r)
{
    struct vote_item *items;
    vote_reading_rank(&items, a, r, e, v->counts);
    if (v->json) {
        json_open(v->out, '{');
        json_put_text_member(v->out, "reading", reading_name(r->kind));
        json_put_u64_member(v->out, "first_question", r->first + 1);
        json_put_u64_member(v->out, "last_question", r->last + 1);
        if (r->kind == READING_BUDGET)
            json_put_u64_member(v->out, "amount", r->amount);
        json_put_key(v->out, "ranking");
        json_open(v->out, '[');
    } else {
        buf_putf(v->out, "\n%s", reading_title(r->kind));
        if (r->kind == READING_BUDGET)
            buf_putf(v->out, " (%s)", text_grouped(r->amount));
        buf_puts(v->out, "\n");
    }
    for (size_t i = 0; i < r->item_count; i++) {
        const char *grade = e->questions[r->first].answers[items[i].grade];
        if (v->json)
            put_item_json(v, r, grade, &items[i]);
        else
            put_item_text(v, r, grade, &items[i]);
    }
    if (v->json) {
        json_close(v->out, ']');
        json_close(v->out, '}');
    }
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static void put_all_questions(struct view *v, const struct bel_election *e)
{
    if (v->json)
        json_open(v->out, '[');
    for (size_t i = 0; i < e->question_count; i++)
        put_question(v, &e->questions[i], i + 1);
    if (v->json)
        json_close(v->out, ']');
}

void vote_put_questions(struct buf *out, bool json, const struct bel_election *e)
{
    put_all_questions(&(struct view){.out = out, .json = json}, e);
}

void vote_put_result(struct buf *out, bool json, const struct bel_election *e,
                     const uint64_t *counts, uint64_t total_weight)
{
    struct arena a = {0};
    struct vote_readings readings;
    struct view v = {out, json, counts, total_weight};
    if (vote_readings_read(&readings, &a, e, NULL) != E_OK)
        readings.count = 0; /* a line of another program's: the counts stand for themselves */
    if (json) {
        json_open(out, '{');
        json_put_key(out, "questions");
    }
    put_all_questions(&v, e);
    if (json) {
        json_put_key(out, "readings");
        json_open(out, '[');
    }
    for (size_t i = 0; i < readings.count; i++)
        put_reading(&v, &a, e, &readings.at[i]);
    if (json) {
        json_close(out, ']');
        json_close(out, '}');
    }
    arena_free(&a);
}
