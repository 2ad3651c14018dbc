/* ballot_make: a choice encrypted and proved. Every exponent is a secret: libsodium's constant time
 * through crypto/edwards/edwards_secret.h, and no branch on a choice once it is found to be one. */
#include "belenios/ballot_check.h"
#include "belenios/proof.h"
#include "crypto/edwards/edwards_secret.h"
#include "crypto/sha256.h"

/* The opening of every pair: randomness and content, of sums too. */
struct secrets {
    struct ed_scalar *r;
    uint32_t *m;
};

static void add_sums(const struct bel_plan *p, size_t ciphertext_count, struct secrets *s)
{
    for (size_t i = ciphertext_count; i < p->pair_count; i++) {
        s->r[i] = ED_ZERO;
        s->m[i] = 0;
        for (uint32_t j = 0; j < p->pairs[i].term_count; j++) {
            s->r[i] = ed_scalar_add(s->r[i], s->r[p->pairs[i].terms[j]]);
            s->m[i] += s->m[p->pairs[i].terms[j]];
        }
    }
}

/* A pair's points, which are public by now; a sum is added up. */
static void sum_pair(struct ed_point out[2], const struct bel_election *e, struct bytes packed,
                     uint32_t number)
{
    const struct bel_pair *pair = &e->plan->pairs[number];
    if (!pair->terms) {
        const uint8_t *at = bel_ballot_ciphertext(e, packed, number);
        ASSERT(ed_decode(&out[0], at) && ed_decode(&out[1], at + EDWARDS_BYTES));
        return;
    }
    sum_pair(out, e, packed, pair->terms[0]);
    for (uint32_t j = 1; j < pair->term_count; j++) {
        struct ed_point term[2];
        sum_pair(term, e, packed, pair->terms[j]);
        ed_add(&out[0], &out[0], &term[0]);
        ed_add(&out[1], &out[1], &term[1]);
    }
}

struct maker {
    const struct bel_election *election;
    uint8_t *ballot; /* packed */
    struct secrets secrets;
    struct buf voter, whole;  /* contexts of challenges */
    struct bel_claim *claims; /* of one statement */
    struct bel_draw *draws;
};

static struct bytes packed_of(const struct maker *m)
{
    return bytes_of(m->ballot, m->election->ballot_bytes);
}

static void prove(struct maker *m, const struct bel_statement *s)
{
    const struct bel_plan *p = m->election->plan;
    struct buf *context = s->whole ? &m->whole : &m->voter;
    size_t len = context->len;
    if (s->named != BEL_NONE) {
        struct ed_point named[2];
        uint8_t named32[2 * EDWARDS_BYTES];
        sum_pair(named, m->election, packed_of(m), s->named);
        ed_encode_many(named32, named, 2);
        bel_put_ciphertexts(context, named32, 1);
    }
    for (uint32_t i = 0; i < s->branch_count; i++) {
        const struct bel_branch *b = &p->branches[s->first_branch + i];
        m->claims[i] = (struct bel_claim){m->secrets.r[b->pair], m->secrets.m[b->pair], b->minus};
    }
    bel_draws_make(m->draws, s->branch_count);
    bel_claims_prove(m->ballot + s->offset, m->election->version, s->purpose, buf_view(context),
                     m->claims, s->branch_count, m->election->public_key32, m->draws);
    context->len = len;
}

static void prove_nonzero(struct maker *m, const struct bel_nonzero_statement *s)
{
    struct bel_claim claim = {m->secrets.r[s->pair], m->secrets.m[s->pair], 0};
    do {
        bel_draws_make(m->draws, 1);
    } while (ed_scalar_is_zero(&m->draws[0].commitment));
    bel_nonzero_prove(m->ballot + s->offset, m->election->version, buf_view(&m->whole), &claim,
                      m->election->public_key32, &m->draws[0]);
    ed_secret_wipe(&claim, sizeof claim);
}

static void encrypt(struct maker *m, const uint8_t *choice)
{
    const struct bel_election *e = m->election;
    for (size_t i = 0; i < e->ciphertext_count; i++) {
        uint8_t *at = m->ballot + (bel_ballot_ciphertext(e, packed_of(m), i) - m->ballot);
        m->secrets.r[i] = ed_secret_scalar();
        m->secrets.m[i] = choice[i];
        bel_encrypt(at, at + EDWARDS_BYTES, e->public_key32, &m->secrets.r[i], choice[i]);
    }
    add_sums(e->plan, e->ciphertext_count, &m->secrets);
}

static void prove_all(struct maker *m)
{
    const struct bel_election *e = m->election;
    size_t statement = 0, nonzero = 0;
    bel_voter_context(&m->voter, e, m->ballot);
    for (uint32_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        buf_clear(&m->whole);
        buf_put(&m->whole, m->voter.data, m->voter.len);
        bel_put_ciphertexts(&m->whole, m->ballot + q->answer_offset, q->ciphertext_count);
        for (; statement < e->plan->statement_count && e->plan->statements[statement].question == i;
             statement++)
            prove(m, &e->plan->statements[statement]);
        if (q->kind == BEL_LISTS)
            prove_nonzero(m, &e->plan->nonzeros[nonzero++]);
    }
}

static void sign(struct maker *m, const struct ed_scalar *x)
{
    const struct bel_election *e = m->election;
    char text[BEL_HASH_CHARS + 1];
    struct ed_scalar w = ed_secret_scalar();
    ASSERT(bel_ballot_signed_text(text, e, packed_of(m)) == E_OK);
    bel_schnorr_prove(m->ballot + e->ballot_bytes - BEL_PROOF_BYTES, e->version, BEL_SIGNATURE,
                      bytes_str(text), x, &w);
    ed_secret_wipe(&w, sizeof w);
}

/* Everything secret goes at the end, but what the opening keeps. */
static void make(struct maker *m, const struct ed_scalar *x, const uint8_t *choice)
{
    const struct bel_plan *p = m->election->plan;
    m->secrets.r = mem_alloc(p->pair_count * sizeof *m->secrets.r);
    m->secrets.m = mem_alloc(p->pair_count * sizeof *m->secrets.m);
    m->claims = mem_alloc(p->widest * sizeof *m->claims);
    m->draws = mem_alloc(p->widest * sizeof *m->draws);
    bel_credential_public(m->ballot, x);
    encrypt(m, choice);
    prove_all(m);
    sign(m, x);
}

static void forget(struct maker *m)
{
    const struct bel_plan *p = m->election->plan;
    ed_secret_wipe(m->secrets.r, p->pair_count * sizeof *m->secrets.r);
    ed_secret_wipe(m->secrets.m, p->pair_count * sizeof *m->secrets.m);
    ed_secret_wipe(m->claims, p->widest * sizeof *m->claims);
    ed_secret_wipe(m->draws, p->widest * sizeof *m->draws);
    mem_free(m->secrets.r);
    mem_free(m->secrets.m);
    mem_free(m->claims);
    mem_free(m->draws);
    buf_free(&m->voter);
    buf_free(&m->whole);
}

enum err bel_ballot_make(struct buf *packed, const struct bel_election *e,
                         const struct ed_scalar *x, const uint8_t *choice, struct arena *a,
                         struct bel_opening *opening_out, struct diag *d)
{
    struct maker m = {.election = e};
    TRY(bel_choice_check(e, choice, d));
    m.ballot = buf_grow(packed, e->ballot_bytes);
    memset(m.ballot, 0, e->ballot_bytes);
    make(&m, x, choice);
    if (opening_out) {
        opening_out->randomness =
            arena_dup(a, m.secrets.r, e->ciphertext_count * sizeof *m.secrets.r);
        opening_out->choice = arena_dup(a, choice, e->ciphertext_count);
        ASSERT(bel_ballot_signed_text(opening_out->hash, e, packed_of(&m)) == E_OK);
    }
    forget(&m);
    return E_OK;
}
