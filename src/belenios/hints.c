/* hints: the commitments of a ballot and its points, divided by eight. */
#include "belenios/batch.h"

#include "belenios/ballot_check.h"

size_t bel_hint_points(const struct bel_election *e)
{
    return bel_check_commitments(e->plan) + 2 * e->ciphertext_count + e->plan->nonzero_count + 1;
}

size_t bel_hints_bytes(const struct bel_election *e)
{
    return bel_hint_points(e) * ED_EIGHTH_BYTES;
}

static void divide(struct ed_scalar *s, size_t count, struct ed_scalar eighth)
{
    for (size_t i = 0; i < count; i++)
        s[i] = ed_scalar_mul(s[i], eighth);
}

/* Commitments are products of powers whose exponents are challenges and responses, so an eighth of
 * these gives an eighth of them. */
static enum err find_eighths(struct bel_check *c, struct ed_point *out, struct ed_scalar eighth)
{
    const struct bel_plan *p = c->election->plan;
    size_t commitments = bel_check_commitments(p), pairs = 2 * c->election->ciphertext_count;
    divide(c->challenges, p->branch_count, eighth);
    divide(c->responses, p->branch_count, eighth);
    divide(*c->nonzero_scalars, 3 * p->nonzero_count, eighth);
    divide(c->signature, 2, eighth);
    enum err err = bel_check_signature(c, NULL);
    if (err == E_INVALID) /* of the hash it says nothing, now */
        return err;
    TRY(bel_check_commit(c, NULL));
    memcpy(out, c->commitments, commitments * sizeof *out);
    out += commitments;
    for (size_t i = 0; i < pairs; i++)
        ed_mul(out++, &c->pairs[i], &eighth);
    for (size_t i = 0; i < p->nonzero_count; i++)
        ed_mul(out++, &c->nonzero_points[i], &eighth);
    ed_mul(out, &c->key, &eighth);
    return E_OK;
}

enum err bel_hints_make(struct buf *out, const struct bel_election *e, struct bytes packed)
{
    struct bel_check c;
    size_t count = bel_hint_points(e);
    struct ed_point *eighths = mem_alloc(count * sizeof *eighths);
    bel_check_begin(&c, e);
    enum err err = bel_check_open(&c, packed, NULL);
    if (err == E_OK)
        err = find_eighths(&c, eighths, ed_scalar_inverse(ed_scalar_of(8)));
    if (err == E_OK)
        ed_eighths_write(buf_grow(out, bel_hints_bytes(e)), eighths, count);
    bel_check_end(&c);
    mem_free(eighths);
    return err;
}
