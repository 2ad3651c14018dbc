/* ballot_verify: the hashes of a ballot's proofs, and the whole of its verification. */
#include "base/lang.h"
#include "belenios/ballot_check.h"

static void put_point(struct buf *text, const uint8_t le32[EDWARDS_BYTES])
{
    char hex[BEL_POINT_CHARS + 1];
    bel_point_text(hex, le32);
    buf_put(text, hex, BEL_POINT_CHARS);
}

void bel_voter_context(struct buf *text, const struct bel_election *e, const uint8_t *key32)
{
    buf_puts(text, e->fingerprint);
    buf_put_u8(text, '|');
    put_point(text, key32);
}

void bel_put_ciphertexts(struct buf *text, const uint8_t *points32, size_t count)
{
    for (size_t i = 0; i < 2 * count; i++) {
        buf_put_u8(text, i == 0 ? '|' : ',');
        put_point(text, points32 + i * EDWARDS_BYTES);
    }
}

static enum err does_not_hold(struct diag *d, const struct bel_statement *s)
{
    unsigned question = s->question + 1, answer = s->answer + 1;
    switch (s->rule) {
    case BEL_RULE_INDIVIDUAL:
        return diag_set(d, E_PROOF,
                        T("question %u, answer %u: the individual proof does not hold",
                          "question %u, réponse %u : la preuve individuelle ne tient pas"),
                        question, answer);
    case BEL_RULE_OVERALL:
        return diag_set(d, E_PROOF,
                        T("question %u: the overall proof does not hold",
                          "question %u : la preuve globale ne tient pas"),
                        question);
    case BEL_RULE_BLANK:
        return diag_set(d, E_PROOF,
                        T("question %u: the blank proof does not hold",
                          "question %u : la preuve du vote blanc ne tient pas"),
                        question);
    case BEL_RULE_LIST:
        break;
    }
    return diag_set(d, E_PROOF,
                    T("question %u, list %u: the list proof does not hold",
                      "question %u, liste %u : la preuve de liste ne tient pas"),
                    question, answer);
}

/* The challenge is the sum of the branches' own. named: the ciphertext that it names, or NULL. */
static bool statement_holds(struct bel_check *c, const struct bel_statement *s,
                            const uint8_t *named)
{
    struct buf *context = s->whole ? &c->whole : &c->voter;
    struct ed_scalar sum = ED_ZERO;
    size_t len = context->len;
    if (named)
        bel_put_ciphertexts(context, named, 1);
    struct ed_scalar hash = c->election->version->challenge(
        s->purpose, buf_view(context),
        (const uint8_t(*)[EDWARDS_BYTES])c->encoded + 2 * (size_t)s->first_branch,
        2 * (size_t)s->branch_count);
    context->len = len;
    for (uint32_t i = 0; i < s->branch_count; i++)
        sum = ed_scalar_add(sum, c->challenges[s->first_branch + i]);
    return ed_scalar_eq(&hash, &sum);
}

static void set_whole(struct bel_check *c, const struct bel_question *q)
{
    buf_clear(&c->whole);
    buf_put(&c->whole, c->voter.data, c->voter.len);
    bel_put_ciphertexts(&c->whole, c->packed.data + q->answer_offset, q->ciphertext_count);
}

/* The hash covers A0, A1, A2; A0 must not be the identity. c->whole is the question's. */
static enum err check_nonzero(struct bel_check *c, size_t number, struct diag *d)
{
    const struct bel_plan *p = c->election->plan;
    const struct bel_nonzero_statement *s = &p->nonzeros[number];
    uint8_t points[3][EDWARDS_BYTES];
    memcpy(points[0], c->packed.data + s->offset, EDWARDS_BYTES);
    memcpy(points[1], c->encoded + 2 * p->branch_count + 2 * number, 2 * EDWARDS_BYTES);
    struct ed_scalar hash = c->election->version->challenge(
        BEL_NONZERO, buf_view(&c->whole), (const uint8_t(*)[EDWARDS_BYTES])points, 3);
    if (!ed_scalar_eq(&hash, &c->nonzero_scalars[number][0]) ||
        ed_is_identity(&c->nonzero_points[number]))
        return diag_set(d, E_PROOF,
                        T("question %u: the non-zero proof does not hold",
                          "question %u : la preuve de non-nullité ne tient pas"),
                        s->question + 1);
    return E_OK;
}

/* The ciphertext that the challenge of a statement names; sums lie behind the commitments, in the
 * order in which they are named. */
static const uint8_t *named_of(const struct bel_check *c, const struct bel_statement *s,
                               size_t *sums_seen)
{
    const struct bel_plan *p = c->election->plan;
    if (s->named == BEL_NONE)
        return NULL;
    if (!p->pairs[s->named].terms)
        return bel_ballot_ciphertext(c->election, c->packed, s->named);
    return c->encoded[bel_check_commitments(p) + 2 * (*sums_seen)++];
}

enum err bel_check_hashes(struct bel_check *c, struct diag *d)
{
    const struct bel_election *e = c->election;
    size_t statement = 0, sums_seen = 0, nonzero = 0;
    buf_clear(&c->voter);
    bel_voter_context(&c->voter, e, bel_ballot_credential(c->packed));
    for (uint32_t i = 0; i < e->question_count; i++) {
        set_whole(c, &e->questions[i]);
        for (; statement < e->plan->statement_count && e->plan->statements[statement].question == i;
             statement++) {
            const struct bel_statement *s = &e->plan->statements[statement];
            if (!statement_holds(c, s, named_of(c, s, &sums_seen)))
                return does_not_hold(d, s);
        }
        if (e->questions[i].kind == BEL_LISTS)
            TRY(check_nonzero(c, nonzero++, d));
    }
    return E_OK;
}

enum err bel_ballot_verify(const struct bel_election *e, struct bytes packed, struct diag *d)
{
    struct bel_check c;
    ASSERT(e->table);
    bel_check_begin(&c, e);
    enum err err = bel_check_open(&c, packed, d);
    if (err == E_OK)
        err = bel_check_signature(&c, d);
    if (err == E_OK)
        err = bel_check_commit(&c, d);
    if (err == E_OK)
        err = bel_check_hashes(&c, d);
    bel_check_end(&c);
    return err;
}
