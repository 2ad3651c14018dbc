#include "belenios/ballot_check.h"

#include "base/lang.h"

size_t bel_check_commitments(const struct bel_plan *p)
{
    return 2 * p->branch_count + 2 * p->nonzero_count + 1;
}

size_t bel_check_points(const struct bel_plan *p)
{
    return bel_check_commitments(p) + 2 * p->named_sums;
}

void bel_check_begin(struct bel_check *c, const struct bel_election *e)
{
    const struct bel_plan *p = e->plan;
    size_t points = bel_check_points(p);
    size_t pairs_bytes = 2 * p->pair_count * sizeof *c->pairs;
    size_t commitments_bytes = points * sizeof *c->commitments;
    size_t scalars_bytes = p->branch_count * sizeof *c->challenges;
    size_t nonzero_bytes = p->nonzero_count * sizeof *c->nonzero_points;
    size_t nonzero_scalars_bytes = p->nonzero_count * sizeof *c->nonzero_scalars;
    uint8_t *room = mem_alloc(pairs_bytes + commitments_bytes + nonzero_bytes + 2 * scalars_bytes +
                              nonzero_scalars_bytes + points * EDWARDS_BYTES);
    *c = (struct bel_check){.election = e, .room = room};
    c->pairs = (struct ed_point *)(void *)room;
    c->commitments = (struct ed_point *)(void *)(room += pairs_bytes);
    c->nonzero_points = (struct ed_point *)(void *)(room += commitments_bytes);
    c->challenges = (struct ed_scalar *)(void *)(room += nonzero_bytes);
    c->responses = (struct ed_scalar *)(void *)(room += scalars_bytes);
    c->nonzero_scalars = (struct ed_scalar(*)[3])(void *)(room += scalars_bytes);
    c->encoded = (uint8_t(*)[EDWARDS_BYTES])(room += nonzero_scalars_bytes);
}

void bel_check_end(struct bel_check *c)
{
    buf_free(&c->voter);
    buf_free(&c->whole);
    mem_free(c->room);
    *c = (struct bel_check){0};
}

/* --- opening ----------------------------------------------------------------------------------
 */

static enum err bad_scalar(struct diag *d, uint32_t question)
{
    return diag_set(
        d, E_INVALID,
        T("question %u: a number of a proof is not below the group's order",
          "question %u : un nombre d'une preuve n'est pas inférieur à l'ordre du groupe"),
        question + 1);
}

static enum err read_scalars(struct bel_check *c, struct diag *d)
{
    const struct bel_plan *p = c->election->plan;
    for (size_t i = 0; i < p->statement_count; i++) {
        const struct bel_statement *s = &p->statements[i];
        for (uint32_t j = 0; j < s->branch_count; j++) {
            uint32_t b = s->first_branch + j;
            const uint8_t *proof = c->packed.data + s->offset + (size_t)j * BEL_PROOF_BYTES;
            if (!bel_proof_read(&c->challenges[b], &c->responses[b], proof))
                return bad_scalar(d, s->question);
        }
    }
    for (size_t i = 0; i < p->nonzero_count; i++) {
        const uint8_t *at = c->packed.data + p->nonzeros[i].offset + EDWARDS_BYTES;
        for (size_t j = 0; j < 3; j++) {
            if (!ed_scalar_from_be32(&c->nonzero_scalars[i][j], at + 32 * j))
                return bad_scalar(d, p->nonzeros[i].question);
        }
    }
    const uint8_t *signature = c->packed.data + c->packed.len - BEL_PROOF_BYTES;
    if (!bel_proof_read(&c->signature[0], &c->signature[1], signature))
        return diag_set(d, E_INVALID,
                        T("the signature: a number is not below the group's order",
                          "la signature : un nombre n'est pas inférieur à l'ordre du groupe"));
    return E_OK;
}

/* Which point is none: the credential, a ciphertext's, a non-zero proof's commitment. */
static enum err bad_credential(struct diag *d)
{
    return diag_set(d, E_INVALID,
                    T("the credential is not a point of the group Ed25519",
                      "le code public n'est pas un point du groupe Ed25519"));
}

static enum err bad_ciphertext(const struct bel_check *c, size_t number, bool beta, struct diag *d)
{
    const struct bel_question *q = c->election->questions;
    while (number >= q->first_ciphertext + q->ciphertext_count)
        q++;
    return diag_set(d, E_INVALID,
                    T("question %zu, answer %zu: %s is not a point of the group Ed25519",
                      "question %zu, réponse %zu : %s n'est pas un point du groupe Ed25519"),
                    (size_t)(q - c->election->questions) + 1, number - q->first_ciphertext + 1,
                    beta ? "beta" : "alpha");
}

static enum err bad_nonzero(const struct bel_check *c, size_t number, struct diag *d)
{
    return diag_set(d, E_INVALID,
                    T("question %u: the non-zero proof's commitment is not a point of the group "
                      "Ed25519",
                      "question %u : l'engagement de la preuve de non-nullité n'est pas un point "
                      "du groupe Ed25519"),
                    c->election->plan->nonzeros[number].question + 1);
}

static enum err read_points(struct bel_check *c, struct diag *d)
{
    const struct bel_election *e = c->election;
    if (!ed_decode(&c->key, bel_ballot_credential(c->packed)))
        return bad_credential(d);
    for (size_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        struct ed_point *to = &c->pairs[2 * q->first_ciphertext];
        for (size_t j = 0; j < 2 * q->ciphertext_count; j++) {
            if (!ed_decode(&to[j], c->packed.data + q->answer_offset + j * EDWARDS_BYTES))
                return bad_ciphertext(c, q->first_ciphertext + j / 2, j % 2, d);
        }
    }
    for (size_t i = 0; i < e->plan->nonzero_count; i++) {
        if (!ed_decode(&c->nonzero_points[i], c->packed.data + e->plan->nonzeros[i].offset))
            return bad_nonzero(c, i, d);
    }
    return E_OK;
}

void bel_check_sums(struct bel_check *c)
{
    const struct bel_plan *p = c->election->plan;
    for (size_t i = c->election->ciphertext_count; i < p->pair_count; i++) {
        const struct bel_pair *pair = &p->pairs[i];
        struct ed_point *sum = &c->pairs[2 * i];
        memcpy(sum, &c->pairs[2 * (size_t)pair->terms[0]], 2 * sizeof *sum);
        for (uint32_t j = 1; j < pair->term_count; j++) {
            const struct ed_point *term = &c->pairs[2 * (size_t)pair->terms[j]];
            ed_add(&sum[0], &sum[0], &term[0]);
            ed_add(&sum[1], &sum[1], &term[1]);
        }
    }
}

enum err bel_check_numbers(struct bel_check *c, struct bytes packed, struct diag *d)
{
    if (packed.len != c->election->ballot_bytes)
        return diag_set(d, E_INVALID,
                        T("the ballot has %zu bytes; one of this election has %zu",
                          "le bulletin a %zu octets ; un bulletin de cette élection en a %zu"),
                        packed.len, c->election->ballot_bytes);
    c->packed = packed;
    TRY(read_scalars(c, d));
    ASSERT(bel_ballot_signed_text(c->signed_text, c->election, packed) == E_OK);
    return E_OK;
}

enum err bel_check_open(struct bel_check *c, struct bytes packed, struct diag *d)
{
    TRY(bel_check_numbers(c, packed, d));
    TRY(read_points(c, d));
    bel_check_sums(c);
    return E_OK;
}

/* --- the signature ----------------------------------------------------------------------------
 */

bool bel_check_signature_hash(const struct bel_check *c)
{
    size_t place = bel_check_commitments(c->election->plan) - 1;
    struct ed_scalar hash =
        c->election->version->challenge(BEL_SIGNATURE, bytes_str(c->signed_text),
                                        (const uint8_t(*)[EDWARDS_BYTES])c->encoded + place, 1);
    return ed_scalar_eq(&hash, &c->signature[0]);
}

enum err bel_check_signature(struct bel_check *c, struct diag *d)
{
    size_t place = bel_check_commitments(c->election->plan) - 1;
    struct ed_point *a = &c->commitments[place];
    if (!ed_mul_each_prime(a, &c->key, &c->signature[0], 1))
        return bad_credential(d);
    ed_table_add(a, a, ed_table_base(), &c->signature[1]);
    ed_encode(c->encoded[place], a);
    if (bel_check_signature_hash(c))
        return E_OK;
    return diag_set(d, E_SIGNATURE,
                    T("the signature does not hold: the ballot was changed, or its maker has not "
                      "the credential's secret",
                      "la signature ne tient pas : le bulletin a été modifié, ou son auteur n'a "
                      "pas le secret du code"));
}

/* --- commitments ------------------------------------------------------------------------------
 */

#define TOGETHER 16 /* branches of a pair */

/* A = g^r alpha^c and B = y^r (beta / g^minus)^c for some branches on a pair. */
static void commit_branches(struct bel_check *c, const uint32_t *branches, size_t count,
                            const struct ed_point *alpha_c, const struct ed_point *beta_c)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t b = branches[i];
        uint64_t minus = c->election->plan->branches[b].minus;
        struct ed_point *out = &c->commitments[2 * (size_t)b];
        ed_table_add(&out[0], &alpha_c[i], ed_table_base(), &c->responses[b]);
        ed_table_add(&out[1], &beta_c[i], c->election->table, &c->responses[b]);
        if (minus > 0) {
            struct ed_scalar shift =
                ed_scalar_sub(ED_ZERO, ed_scalar_mul(ed_scalar_of(minus), c->challenges[b]));
            ed_table_add(&out[1], &out[1], ed_table_base(), &shift);
        }
    }
}

/* All branches on a pair. A ciphertext's points are found to be of the subgroup on the way; sums of
 * such are then too. */
static enum err commit_pair(struct bel_check *c, size_t number, struct diag *d)
{
    const struct bel_plan *p = c->election->plan;
    const struct ed_point *pair = &c->pairs[2 * number];
    bool tested = p->pairs[number].terms;
    for (uint32_t b = p->pairs[number].first_branch; b != BEL_NONE;) {
        uint32_t branches[TOGETHER];
        struct ed_scalar challenges[TOGETHER];
        struct ed_point alpha_c[TOGETHER], beta_c[TOGETHER];
        size_t count = 0;
        for (; b != BEL_NONE && count < TOGETHER; b = p->branches[b].next, count++) {
            branches[count] = b;
            challenges[count] = c->challenges[b];
        }
        if (tested) {
            ed_mul_each(alpha_c, &pair[0], challenges, count);
            ed_mul_each(beta_c, &pair[1], challenges, count);
        } else if (!ed_mul_each_prime(alpha_c, &pair[0], challenges, count)) {
            return bad_ciphertext(c, number, false, d);
        } else if (!ed_mul_each_prime(beta_c, &pair[1], challenges, count)) {
            return bad_ciphertext(c, number, true, d);
        }
        tested = true;
        commit_branches(c, branches, count, alpha_c, beta_c);
    }
    return E_OK;
}

/* A1 = alpha^t1 g^t2, A2 = beta^t1 y^t2 A0^c. */
static enum err commit_nonzero(struct bel_check *c, size_t number, struct ed_point *out,
                               struct diag *d)
{
    const struct ed_point *pair = &c->pairs[2 * (size_t)c->election->plan->nonzeros[number].pair];
    const struct ed_scalar *s = c->nonzero_scalars[number];
    struct ed_point a0_c;
    if (!ed_mul_each_prime(&a0_c, &c->nonzero_points[number], &s[0], 1))
        return bad_nonzero(c, number, d);
    ed_mul(&out[0], &pair[0], &s[1]);
    ed_table_add(&out[0], &out[0], ed_table_base(), &s[2]);
    ed_mul(&out[1], &pair[1], &s[1]);
    ed_table_add(&out[1], &out[1], c->election->table, &s[2]);
    ed_add(&out[1], &out[1], &a0_c);
    return E_OK;
}

/* The sums that challenges name, behind the commitments. */
static void put_sums(struct bel_check *c)
{
    const struct bel_plan *p = c->election->plan;
    struct ed_point *out = c->commitments + bel_check_commitments(p);
    for (size_t i = 0; i < p->statement_count; i++) {
        uint32_t named = p->statements[i].named;
        if (named == BEL_NONE || !p->pairs[named].terms)
            continue;
        memcpy(out, &c->pairs[2 * (size_t)named], 2 * sizeof *out);
        out += 2;
    }
}

void bel_check_name_sums(struct bel_check *c)
{
    size_t first = bel_check_commitments(c->election->plan);
    put_sums(c);
    ed_encode_many(c->encoded[first], c->commitments + first, 2 * c->election->plan->named_sums);
}

enum err bel_check_commit(struct bel_check *c, struct diag *d)
{
    const struct bel_plan *p = c->election->plan;
    struct ed_point *out = c->commitments + 2 * p->branch_count;
    ASSERT(c->election->table);
    for (size_t i = 0; i < p->pair_count; i++)
        TRY(commit_pair(c, i, d));
    for (size_t i = 0; i < p->nonzero_count; i++, out += 2)
        TRY(commit_nonzero(c, i, out, d));
    put_sums(c);
    ed_encode_many((uint8_t *)c->encoded, c->commitments, bel_check_points(p));
    return E_OK;
}
