#include "belenios/ballot_plan.h"

/* Room is counted first, then filled: the arrays keep their places. */
struct maker {
    struct bel_plan *plan;
    struct arena *arena;
    size_t offset; /* of the next proof in the packed ballot */
    uint32_t question;
};

static void count_room(struct bel_plan *p, const struct bel_question *q)
{
    size_t ciphertexts = q->ciphertext_count;
    p->pair_count += ciphertexts;
    p->statement_count += ciphertexts;
    p->branch_count += 2 * ciphertexts;
    if (q->kind == BEL_LISTS) {
        p->pair_count += q->list_count + 2;
        p->statement_count += 1 + q->list_count;
        p->branch_count += 1 + 2 * q->list_count;
        p->nonzero_count++;
    } else {
        p->pair_count++;
        p->statement_count += 1 + q->has_blank;
        p->branch_count += q->max - q->min + 1 + 3 * (size_t)q->has_blank;
    }
}

/* The next sum, of term_count pairs which the caller fills in. */
static uint32_t add_sum(struct maker *m, size_t term_count, uint32_t **terms_out)
{
    uint32_t number = (uint32_t)m->plan->pair_count++;
    *terms_out = arena_alloc(m->arena, term_count * sizeof **terms_out);
    m->plan->pairs[number] = (struct bel_pair){*terms_out, (uint32_t)term_count, BEL_NONE};
    return number;
}

static uint32_t add_range_sum(struct maker *m, size_t first, size_t count)
{
    uint32_t *terms, number = add_sum(m, count, &terms);
    for (size_t i = 0; i < count; i++)
        terms[i] = (uint32_t)(first + i);
    return number;
}

static void begin(struct maker *m, enum bel_rule rule, enum bel_purpose purpose, size_t answer,
                  uint32_t named, bool whole)
{
    struct bel_plan *p = m->plan;
    p->statements[p->statement_count++] = (struct bel_statement){
        rule, purpose, m->question, (uint32_t)answer, (uint32_t)p->branch_count,
        0,    named,   whole,       m->offset};
    if (named != BEL_NONE && p->pairs[named].terms)
        p->named_sums++;
}

/* A branch of the statement begun last. */
static void branch(struct maker *m, uint32_t pair, size_t minus)
{
    struct bel_plan *p = m->plan;
    struct bel_statement *s = &p->statements[p->statement_count - 1];
    uint32_t number = (uint32_t)p->branch_count++, *link = &p->pairs[pair].first_branch;
    while (*link != BEL_NONE && p->branches[*link].minus <= minus)
        link = &p->branches[*link].next;
    p->branches[number] = (struct bel_branch){pair, (uint32_t)minus, *link};
    *link = number;
    s->branch_count++;
    if (s->branch_count > p->widest)
        p->widest = s->branch_count;
    m->offset += BEL_PROOF_BYTES;
}

static void individual(struct maker *m, const struct bel_question *q)
{
    for (size_t i = 0; i < q->ciphertext_count; i++) {
        uint32_t pair = (uint32_t)(q->first_ciphertext + i);
        begin(m, BEL_RULE_INDIVIDUAL, BEL_RANGE, i, pair, false);
        branch(m, pair, 0);
        branch(m, pair, 1);
    }
}

static void homomorphic(struct maker *m, const struct bel_question *q)
{
    uint32_t flag = (uint32_t)q->first_ciphertext;
    uint32_t sum = add_range_sum(m, q->first_ciphertext + q->has_blank, q->answer_count);
    individual(m, q);
    if (q->has_blank) {
        begin(m, BEL_RULE_OVERALL, BEL_BLANK_1, 0, BEL_NONE, true);
        branch(m, flag, 1);
    } else {
        begin(m, BEL_RULE_OVERALL, BEL_RANGE, 0, sum, true);
    }
    for (size_t n = q->min; n <= q->max; n++)
        branch(m, sum, n);
    if (q->has_blank) {
        begin(m, BEL_RULE_BLANK, BEL_BLANK_0, 0, BEL_NONE, true);
        branch(m, flag, 0);
        branch(m, sum, 0);
    }
}

static void lists(struct maker *m, const struct bel_question *q)
{
    uint32_t *flags, *candidates;
    uint32_t all_flags = add_sum(m, q->list_count, &flags);
    uint32_t first_sum = (uint32_t)m->plan->pair_count;
    size_t at = q->first_ciphertext;
    for (size_t i = 0; i < q->list_count; i++) {
        flags[i] = (uint32_t)at;
        add_range_sum(m, at + 1, q->lists[i].candidate_count);
        at += 1 + q->lists[i].candidate_count;
    }
    uint32_t all_candidates = add_sum(m, q->list_count, &candidates);
    for (size_t i = 0; i < q->list_count; i++)
        candidates[i] = (uint32_t)(first_sum + i);
    individual(m, q);
    begin(m, BEL_RULE_OVERALL, BEL_RANGE, 0, all_flags, true);
    branch(m, all_flags, 1);
    for (size_t i = 0; i < q->list_count; i++) {
        begin(m, BEL_RULE_LIST, BEL_LIST, i, BEL_NONE, true);
        branch(m, flags[i], 1);
        branch(m, (uint32_t)(first_sum + i), 0);
    }
    m->plan->nonzeros[m->plan->nonzero_count++] =
        (struct bel_nonzero_statement){m->question, all_candidates, m->offset};
    m->offset += BEL_NONZERO_BYTES;
}

void bel_plan_make(struct bel_election *e, struct arena *a)
{
    struct bel_plan *p = arena_zalloc(a, 1, sizeof *p);
    struct maker m = {p, a, EDWARDS_BYTES, 0};
    for (size_t i = 0; i < e->question_count; i++)
        count_room(p, &e->questions[i]);
    p->pairs = arena_alloc(a, p->pair_count * sizeof *p->pairs);
    p->statements = arena_alloc(a, p->statement_count * sizeof *p->statements);
    p->branches = arena_alloc(a, p->branch_count * sizeof *p->branches);
    p->nonzeros = arena_alloc(a, p->nonzero_count * sizeof *p->nonzeros);
    *p = (struct bel_plan){.pairs = p->pairs,
                           .statements = p->statements,
                           .branches = p->branches,
                           .nonzeros = p->nonzeros,
                           .pair_count = e->ciphertext_count};
    for (size_t i = 0; i < e->ciphertext_count; i++)
        p->pairs[i] = (struct bel_pair){NULL, 0, BEL_NONE};
    for (; m.question < e->question_count; m.question++) {
        struct bel_question *q = &e->questions[m.question];
        q->answer_offset = m.offset;
        m.offset += 2 * EDWARDS_BYTES * q->ciphertext_count;
        (q->kind == BEL_LISTS ? lists : homomorphic)(&m, q);
        q->answer_bytes = m.offset - q->answer_offset;
    }
    e->plan = p;
    e->ballot_bytes = m.offset + BEL_PROOF_BYTES;
}
