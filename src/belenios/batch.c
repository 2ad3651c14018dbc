#include "belenios/batch.h"

#include "belenios/ballot_check.h"
#include "crypto/sha256.h"

#define POINTS_TOGETHER 16384u /* of a block; measured */

/* One block on its way. */
struct batch {
    const struct bel_election *election;
    struct bel_check check;            /* of the ballot in hand */
    uint8_t (*encoded)[EDWARDS_BYTES]; /* the points of its hints */
    struct ed_scalar *alpha, *beta;    /* what its equations ask of each pair's two points */

    struct hash seed; /* of everything that is checked together */
    struct hash drawn;
    uint64_t draws;
    struct ed_scalar g, y;   /* the exponents of these two */
    struct ed_point *points; /* those of all hints, ballot after ballot */
    struct ed_scalar *scalars;
    size_t ballot_points, count;
    size_t *places; /* of each ballot: where its points are; SIZE_MAX: it was verified alone */
};

/* --- the sum of all equations ---
 *
 * Every commitment C says: C is g^a y^b times powers of the ballot's points. Multiplied by a
 * coefficient each and added up, the equations are one: the sum of coefficient times C, less what
 * the right sides add up to, is the identity. */

/* The next coefficient: one half of a hash of the seed. */
static struct ed_scalar coefficient(struct batch *b)
{
    size_t half = b->draws % 2;
    if (half == 0) {
        struct sha256 s;
        uint8_t number[8];
        be64_put(number, b->draws);
        sha256_init(&s);
        sha256_update(&s, b->seed.b, sizeof b->seed.b);
        sha256_update(&s, number, sizeof number);
        sha256_final(&s, &b->drawn);
    }
    b->draws++;
    return (struct ed_scalar){
        {be64_get(b->drawn.b + 16 * half), be64_get(b->drawn.b + 16 * half + 8)}};
}

static void take(struct ed_scalar *from, struct ed_scalar a, struct ed_scalar b)
{
    *from = ed_scalar_sub(*from, ed_scalar_mul(a, b));
}

/* A = g^r alpha^c, B = y^r beta^c g^(-minus c); out: the coefficients of both. */
static void add_branch(struct batch *b, size_t i, struct ed_scalar out[2])
{
    const struct bel_branch *branch = &b->election->plan->branches[i];
    struct ed_scalar response = b->check.responses[i], challenge = b->check.challenges[i];
    out[0] = coefficient(b);
    out[1] = coefficient(b);
    take(&b->g, out[0], response);
    take(&b->y, out[1], response);
    take(&b->alpha[branch->pair], out[0], challenge);
    take(&b->beta[branch->pair], out[1], challenge);
    if (branch->minus > 0)
        b->g = ed_scalar_add(
            b->g, ed_scalar_mul(ed_scalar_mul(out[1], challenge), ed_scalar_of(branch->minus)));
}

/* A1 = alpha^t1 g^t2, A2 = beta^t1 y^t2 A0^c; out: the coefficients of A1 and A2, and of A0. */
static void add_nonzero(struct batch *b, size_t i, struct ed_scalar out[2], struct ed_scalar *a0)
{
    const struct ed_scalar *s = b->check.nonzero_scalars[i];
    uint32_t pair = b->election->plan->nonzeros[i].pair;
    out[0] = coefficient(b);
    out[1] = coefficient(b);
    take(&b->alpha[pair], out[0], s[1]);
    take(&b->g, out[0], s[2]);
    take(&b->beta[pair], out[1], s[1]);
    take(&b->y, out[1], s[2]);
    *a0 = ED_ZERO;
    take(a0, out[1], s[0]);
}

/* A sum's exponents go to its terms, which stand before it. */
static void spread_sums(struct batch *b)
{
    const struct bel_plan *p = b->election->plan;
    for (size_t i = p->pair_count; i-- > b->election->ciphertext_count;) {
        for (uint32_t j = 0; j < p->pairs[i].term_count; j++) {
            uint32_t term = p->pairs[i].terms[j];
            b->alpha[term] = ed_scalar_add(b->alpha[term], b->alpha[i]);
            b->beta[term] = ed_scalar_add(b->beta[term], b->beta[i]);
        }
    }
}

/* The scalars of the ballot's points, in their order. */
static void add_equations(struct batch *b, struct ed_scalar *scalars)
{
    const struct bel_plan *p = b->election->plan;
    size_t commitments = bel_check_commitments(p), ciphertexts = b->election->ciphertext_count;
    struct ed_scalar *pairs = scalars + commitments, *a0 = pairs + 2 * ciphertexts,
                     *key = a0 + p->nonzero_count, *signature = pairs - 1;
    for (size_t i = 0; i < p->pair_count; i++)
        b->alpha[i] = b->beta[i] = ED_ZERO;
    for (size_t i = 0; i < p->branch_count; i++)
        add_branch(b, i, &scalars[2 * i]);
    for (size_t i = 0; i < p->nonzero_count; i++)
        add_nonzero(b, i, &scalars[2 * (p->branch_count + i)], &a0[i]);
    spread_sums(b);
    for (size_t i = 0; i < ciphertexts; i++) {
        pairs[2 * i] = b->alpha[i];
        pairs[2 * i + 1] = b->beta[i];
    }
    *signature = coefficient(b); /* A = g^r key^c */
    take(&b->g, *signature, b->check.signature[1]);
    *key = ED_ZERO;
    take(key, *signature, b->check.signature[0]);
}

static bool sum_is_identity(const struct batch *b)
{
    struct ed_point sum;
    ed_msm(&sum, b->points, b->scalars, b->count);
    ed_table_add(&sum, &sum, ed_table_base(), &b->g);
    ed_table_add(&sum, &sum, b->election->table, &b->y);
    return ed_is_identity(&sum);
}

/* --- one ballot --------------------------------------------------------------------------------
 */

/* Are the points of the hints behind the commitments those of the ballot? */
static bool are_the_ballots(const struct batch *b, struct bytes packed)
{
    const struct bel_election *e = b->election;
    const uint8_t *at = b->encoded[bel_check_commitments(e->plan)];
    for (size_t i = 0; i < e->question_count; i++) {
        size_t len = 2 * EDWARDS_BYTES * (size_t)e->questions[i].ciphertext_count;
        if (memcmp(at, packed.data + e->questions[i].answer_offset, len) != 0)
            return false;
        at += len;
    }
    for (size_t i = 0; i < e->plan->nonzero_count; i++, at += EDWARDS_BYTES)
        if (memcmp(at, packed.data + e->plan->nonzeros[i].offset, EDWARDS_BYTES) != 0)
            return false;
    return memcmp(at, bel_ballot_credential(packed), EDWARDS_BYTES) == 0;
}

/* Everything but the equations. False: the ballot has to be verified without its hints. */
static bool read_hints(struct batch *b, struct bytes packed, struct bytes hints)
{
    const struct bel_plan *p = b->election->plan;
    struct bel_check *c = &b->check;
    struct ed_point *points = b->points + b->count;
    size_t commitments = bel_check_commitments(p), pairs = 2 * b->election->ciphertext_count, bad;
    if (hints.len != bel_hints_bytes(b->election) || bel_check_numbers(c, packed, NULL) != E_OK ||
        !ed_eighths_read(points, *b->encoded, hints.data, b->ballot_points, &bad) ||
        !are_the_ballots(b, packed))
        return false;
    memcpy(c->encoded, b->encoded, commitments * sizeof *c->encoded);
    memcpy(c->pairs, points + commitments, pairs * sizeof *points);
    memcpy(c->nonzero_points, points + commitments + pairs, p->nonzero_count * sizeof *points);
    bel_check_sums(c);
    bel_check_name_sums(c);
    return bel_check_signature_hash(c) && bel_check_hashes(c, NULL) == E_OK;
}

/* False: it is bad. */
static bool join(struct batch *b, struct bytes packed, struct bytes hints, size_t *place)
{
    *place = SIZE_MAX;
    if (!read_hints(b, packed, hints))
        return bel_ballot_verify(b->election, packed, NULL) == E_OK;
    *place = b->count;
    add_equations(b, b->scalars + b->count);
    b->count += b->ballot_points;
    return true;
}

/* --- blocks ------------------------------------------------------------------------------------
 */

size_t bel_batch_ballots(const struct bel_election *e)
{
    return POINTS_TOGETHER / bel_hint_points(e) + 1;
}

static void batch_begin(struct batch *b, const struct bel_election *e, size_t ballots)
{
    size_t points = bel_hint_points(e);
    *b = (struct batch){.election = e, .ballot_points = points};
    bel_check_begin(&b->check, e);
    b->encoded = mem_alloc(points * sizeof *b->encoded);
    b->alpha = mem_alloc(e->plan->pair_count * sizeof *b->alpha);
    b->beta = mem_alloc(e->plan->pair_count * sizeof *b->beta);
    b->points = mem_alloc(ballots * points * sizeof *b->points);
    b->scalars = mem_alloc(ballots * points * sizeof *b->scalars);
    b->places = mem_alloc(ballots * sizeof *b->places);
}

static void batch_end(struct batch *b)
{
    bel_check_end(&b->check);
    mem_free(b->encoded);
    mem_free(b->alpha);
    mem_free(b->beta);
    mem_free(b->points);
    mem_free(b->scalars);
    mem_free(b->places);
}

/* Starts anew with other ballots. */
static void batch_reset(struct batch *b, const struct bytes *packed, const struct bytes *hints,
                        size_t count)
{
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, b->election->hash.b, sizeof b->election->hash.b);
    for (size_t i = 0; i < count; i++) {
        uint8_t lengths[16];
        be64_put(lengths, packed[i].len);
        be64_put(lengths + 8, hints[i].len);
        sha256_update(&s, lengths, sizeof lengths);
        sha256_update(&s, packed[i].data, packed[i].len);
        sha256_update(&s, hints[i].data, hints[i].len);
    }
    sha256_final(&s, &b->seed);
    b->draws = b->count = 0;
    b->g = b->y = ED_ZERO;
}

/* False: some ballot is bad, or some hints are, which only their sum told. */
static bool hold_together(struct batch *b, const struct bytes *packed, const struct bytes *hints,
                          size_t count)
{
    batch_reset(b, packed, hints, count);
    for (size_t i = 0; i < count; i++)
        if (!join(b, packed[i], hints[i], &b->places[i]))
            return false;
    return b->count == 0 || sum_is_identity(b);
}

static enum err first_bad(struct batch *b, const struct bytes *packed, size_t count,
                          size_t *bad_out, struct diag *d)
{
    for (size_t i = 0; i < count; i++) {
        enum err err = bel_ballot_verify(b->election, packed[i], d);
        if (err != E_OK) {
            *bad_out = i;
            return err;
        }
        b->places[i] = SIZE_MAX;
    }
    return E_OK;
}

static void add_to_tally(struct bel_tally *t, struct batch *b, const struct bytes *packed,
                         const uint64_t *weights, size_t count, size_t *hinted)
{
    size_t commitments = bel_check_commitments(b->election->plan);
    for (size_t i = 0; i < count; i++) {
        if (b->places[i] != SIZE_MAX) {
            bel_tally_add_points(t, b->points + b->places[i] + commitments, weights[i]);
            ++*hinted;
        } else {
            enum err err = bel_tally_add(t, packed[i], weights[i]);
            ASSERT(err == E_OK); /* it was just verified */
        }
    }
}

/* t NULL: weights and hinted are not used. */
static enum err verify(const struct bel_election *e, struct bel_tally *t,
                       const struct bytes *packed, const struct bytes *hints,
                       const uint64_t *weights, size_t count, size_t *hinted, size_t *bad_out,
                       struct diag *d)
{
    struct batch b;
    size_t together = bel_batch_ballots(e);
    enum err err = E_OK;
    ASSERT(e->table);
    if (together > count)
        together = count;
    batch_begin(&b, e, together);
    for (size_t from = 0; from < count && err == E_OK; from += together) {
        size_t some = count - from < together ? count - from : together;
        if (!hold_together(&b, packed + from, hints + from, some)) {
            size_t bad = 0;
            err = first_bad(&b, packed + from, some, &bad, d);
            *bad_out = from + bad;
        }
        if (err == E_OK && t)
            add_to_tally(t, &b, packed + from, weights + from, some, hinted);
    }
    batch_end(&b);
    return err;
}

enum err bel_ballots_verify(const struct bel_election *e, const struct bytes *packed,
                            const struct bytes *hints, size_t count, size_t *bad_out,
                            struct diag *d)
{
    return verify(e, NULL, packed, hints, NULL, count, NULL, bad_out, d);
}

enum err bel_ballots_tally(struct bel_tally *t, const struct bytes *packed,
                           const struct bytes *hints, const uint64_t *weights, size_t count,
                           size_t *hinted_out, size_t *bad_out, struct diag *d)
{
    return verify(t->election, t, packed, hints, weights, count, hinted_out, bad_out, d);
}
