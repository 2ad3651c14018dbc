#include "belenios/batch.h"

#include "belenios/ballot_check.h"
#include "crypto/sha256.h"

/* So many points go into one multiplication: more gain little, and cost memory. */
#define POINTS_TOGETHER 8192u

size_t bel_hints_bytes(const struct bel_election *e)
{
    return bel_check_commitments(e->plan) * EDWARDS_BYTES;
}

enum err bel_hints_make(struct buf *out, const struct bel_election *e, struct bytes packed)
{
    struct bel_check c;
    bel_check_begin(&c, e);
    enum err err = bel_check_open(&c, packed, NULL);
    if (err == E_OK)
        err = bel_check_signature(&c, NULL);
    if (err == E_OK || err == E_SIGNATURE) /* a bad ballot has hints too */
        err = bel_check_commit(&c, NULL);
    if (err == E_OK)
        buf_put(out, c.encoded, bel_hints_bytes(e));
    bel_check_end(&c);
    return err;
}

/* --- the sum of all equations -----------------------------------------------------------------
 * Every commitment C of a ballot says: C is g^a y^b times powers of the ballot's points. Multiplied
 * by a coefficient each and added up, the equations are one: the sum of coefficient times C, less
 * what the right sides add up to, is the identity. */

struct batch {
    const struct bel_election *election;
    struct hash seed; /* of everything that is checked together */
    uint64_t drawn;
    struct ed_scalar g, y; /* the exponents on the right, taken from 0 */
    struct ed_point *points;
    struct ed_scalar *scalars;
    size_t count, max;
    /* of the ballot in hand: what the right sides ask of each pair's alpha and beta */
    struct ed_scalar *alpha, *beta;
};

/* The next coefficient: 128 bits of a hash of the seed. */
static struct ed_scalar coefficient(struct batch *b)
{
    struct sha256 s;
    struct hash h;
    struct ed_scalar c = ED_ZERO;
    uint8_t number[8];
    be64_put(number, b->drawn++);
    sha256_init(&s);
    sha256_update(&s, b->seed.b, sizeof b->seed.b);
    sha256_update(&s, number, sizeof number);
    sha256_final(&s, &h);
    c.limb[0] = be64_get(h.b);
    c.limb[1] = be64_get(h.b + 8);
    return c;
}

static void add_term(struct batch *b, const struct ed_point *p, struct ed_scalar s)
{
    ASSERT(b->count < b->max);
    b->points[b->count] = *p;
    b->scalars[b->count++] = s;
}

static void take(struct ed_scalar *from, struct ed_scalar a, struct ed_scalar b)
{
    *from = ed_scalar_sub(*from, ed_scalar_mul(a, b));
}

/* A = g^r alpha^c, B = y^r beta^c g^(-minus c). */
static void add_branch(struct batch *b, const struct bel_check *c, size_t i)
{
    const struct bel_branch *branch = &b->election->plan->branches[i];
    struct ed_scalar for_a = coefficient(b), for_b = coefficient(b);
    add_term(b, &c->commitments[2 * i], for_a);
    add_term(b, &c->commitments[2 * i + 1], for_b);
    take(&b->g, for_a, c->responses[i]);
    take(&b->y, for_b, c->responses[i]);
    take(&b->alpha[branch->pair], for_a, c->challenges[i]);
    take(&b->beta[branch->pair], for_b, c->challenges[i]);
    if (branch->minus > 0)
        b->g = ed_scalar_add(b->g, ed_scalar_mul(ed_scalar_mul(for_b, c->challenges[i]),
                                                 ed_scalar_of(branch->minus)));
}

/* A1 = alpha^t1 g^t2, A2 = beta^t1 y^t2 A0^c. */
static void add_nonzero(struct batch *b, const struct bel_check *c, size_t i)
{
    const struct bel_plan *p = b->election->plan;
    const struct ed_scalar *s = c->nonzero_scalars[i];
    const struct ed_point *at = &c->commitments[2 * (p->branch_count + i)];
    struct ed_scalar for_1 = coefficient(b), for_2 = coefficient(b), for_0 = ED_ZERO;
    add_term(b, &at[0], for_1);
    add_term(b, &at[1], for_2);
    take(&b->alpha[p->nonzeros[i].pair], for_1, s[1]);
    take(&b->g, for_1, s[2]);
    take(&b->beta[p->nonzeros[i].pair], for_2, s[1]);
    take(&b->y, for_2, s[2]);
    take(&for_0, for_2, s[0]);
    add_term(b, &c->nonzero_points[i], for_0);
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

static void add_ballot(struct batch *b, const struct bel_check *c)
{
    const struct bel_plan *p = b->election->plan;
    struct ed_scalar for_a = coefficient(b), for_key = ED_ZERO;
    for (size_t i = 0; i < p->pair_count; i++)
        b->alpha[i] = b->beta[i] = ED_ZERO;
    for (size_t i = 0; i < p->branch_count; i++)
        add_branch(b, c, i);
    for (size_t i = 0; i < p->nonzero_count; i++)
        add_nonzero(b, c, i);
    spread_sums(b);
    for (size_t i = 0; i < b->election->ciphertext_count; i++) {
        add_term(b, &c->pairs[2 * i], b->alpha[i]);
        add_term(b, &c->pairs[2 * i + 1], b->beta[i]);
    }
    add_term(b, &c->commitments[bel_check_commitments(p) - 1], for_a);
    take(&b->g, for_a, c->signature[1]);
    take(&for_key, for_a, c->signature[0]);
    add_term(b, &c->key, for_key);
}

static bool sum_is_identity(const struct batch *b)
{
    struct ed_point sum;
    ed_msm(&sum, b->points, b->scalars, b->count);
    ed_table_add(&sum, &sum, ed_table_base(), &b->g);
    ed_table_add(&sum, &sum, b->election->table, &b->y);
    return ed_is_identity(&sum);
}

/* --- the subgroup -----------------------------------------------------------------------------
 * What a point has besides its part in the subgroup is of order 2, 4 or 8. The sum of a random half
 * of many points, one of which has such a part, has one too, in at least half of the draws. So 128
 * such sums are tested instead of thousands of points. Eight sums at a time: a byte for each point
 * says to which of the eight it goes, and points with the same byte are added up first. */

#define SUM_BITS 8
#define SUM_BLOCKS (128 / SUM_BITS)
#define SUMS_PAY 512u /* with fewer points than this each is tested */

/* Sum number `bit` is that of the buckets whose number has the bit; the highest first, whose
 * buckets then fall together with those of the number without it. */
static bool sums_are_prime(struct ed_point bucket[1 << SUM_BITS])
{
    for (size_t half = 1 << (SUM_BITS - 1); half > 0; half /= 2) {
        struct ed_point sum = ED_IDENTITY;
        for (size_t i = 0; i < half; i++) {
            ed_add(&sum, &sum, &bucket[half + i]);
            ed_add(&bucket[i], &bucket[i], &bucket[half + i]);
        }
        if (!ed_is_prime_order(&sum))
            return false;
    }
    return true;
}

static void draw_bytes(uint8_t out[SUM_BLOCKS], const struct batch *b, size_t number)
{
    struct sha256 s;
    struct hash h;
    uint8_t be[8];
    be64_put(be, number);
    sha256_init(&s);
    sha256_update(&s, "subgroup", 8);
    sha256_update(&s, b->seed.b, sizeof b->seed.b);
    sha256_update(&s, be, sizeof be);
    sha256_final(&s, &h);
    memcpy(out, h.b, SUM_BLOCKS);
}

static bool points_are_prime(const struct batch *b)
{
    struct ed_point bucket[1 << SUM_BITS];
    bool good = true;
    if (b->count < SUMS_PAY) {
        for (size_t i = 0; good && i < b->count; i++)
            good = ed_is_prime_order(&b->points[i]);
        return good;
    }
    uint8_t(*bytes)[SUM_BLOCKS] = mem_alloc(b->count * sizeof *bytes);
    for (size_t i = 0; i < b->count; i++)
        draw_bytes(bytes[i], b, i);
    for (size_t block = 0; good && block < SUM_BLOCKS; block++) {
        for (size_t i = 0; i < 1 << SUM_BITS; i++)
            bucket[i] = ED_IDENTITY;
        for (size_t i = 0; i < b->count; i++) {
            struct ed_point *to = &bucket[bytes[i][block]];
            ed_add(to, to, &b->points[i]);
        }
        good = sums_are_prime(bucket);
    }
    mem_free(bytes);
    return good;
}

/* --- ballots ----------------------------------------------------------------------------------
 */

static size_t points_of_ballot(const struct bel_election *e)
{
    return bel_check_commitments(e->plan) + 2 * e->ciphertext_count + e->plan->nonzero_count + 1;
}

static void batch_begin(struct batch *b, const struct bel_election *e, size_t ballots)
{
    *b = (struct batch){.election = e, .max = ballots * points_of_ballot(e)};
    b->points = mem_alloc(b->max * sizeof *b->points);
    b->scalars = mem_alloc(b->max * sizeof *b->scalars);
    b->alpha = mem_alloc(e->plan->pair_count * sizeof *b->alpha);
    b->beta = mem_alloc(e->plan->pair_count * sizeof *b->beta);
}

static void batch_end(struct batch *b)
{
    mem_free(b->points);
    mem_free(b->scalars);
    mem_free(b->alpha);
    mem_free(b->beta);
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
    b->drawn = b->count = 0;
    b->g = b->y = ED_ZERO;
}

/* Everything but the equations and the subgroup, which the batch tells. False: the ballot has to be
 * verified without its hints. */
static bool join(struct batch *b, struct bel_check *c, struct bytes packed, struct bytes hints)
{
    if (hints.len != bel_hints_bytes(b->election) || bel_check_open(c, packed, NULL) != E_OK)
        return false;
    for (size_t i = 0; i < hints.len / EDWARDS_BYTES; i++) {
        if (!ed_decode(&c->commitments[i], hints.data + i * EDWARDS_BYTES))
            return false;
    }
    memcpy(c->encoded, hints.data, hints.len);
    bel_check_name_sums(c);
    if (!bel_check_signature_hash(c) || bel_check_hashes(c, NULL) != E_OK)
        return false;
    add_ballot(b, c);
    return true;
}

/* False: some ballot is bad, or some hints are, which only their sum told. */
static bool hold_together(struct batch *b, struct bel_check *c, const struct bytes *packed,
                          const struct bytes *hints, size_t count)
{
    batch_reset(b, packed, hints, count);
    for (size_t i = 0; i < count; i++) {
        if (!join(b, c, packed[i], hints[i]) &&
            bel_ballot_verify(b->election, packed[i], NULL) != E_OK)
            return false;
    }
    return b->count == 0 || (points_are_prime(b) && sum_is_identity(b));
}

static enum err first_bad(const struct bel_election *e, const struct bytes *packed, size_t count,
                          size_t *bad_out, struct diag *d)
{
    for (size_t i = 0; i < count; i++) {
        enum err err = bel_ballot_verify(e, packed[i], d);
        if (err != E_OK) {
            *bad_out = i;
            return err;
        }
    }
    return E_OK;
}

enum err bel_ballots_verify(const struct bel_election *e, const struct bytes *packed,
                            const struct bytes *hints, size_t count, size_t *bad_out,
                            struct diag *d)
{
    struct batch b;
    struct bel_check c;
    size_t together = POINTS_TOGETHER / points_of_ballot(e) + 1;
    enum err err = E_OK;
    if (together > count)
        together = count;
    ASSERT(e->table);
    batch_begin(&b, e, together);
    bel_check_begin(&c, e);
    for (size_t from = 0; from < count && err == E_OK; from += together) {
        size_t some = count - from < together ? count - from : together;
        if (!hold_together(&b, &c, packed + from, hints + from, some)) {
            err = first_bad(e, packed + from, some, bad_out, d);
            *bad_out += from;
        }
    }
    bel_check_end(&c);
    batch_end(&b);
    return err;
}
