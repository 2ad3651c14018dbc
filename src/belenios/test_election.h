/* test_election: elections of our own for tests: trustees, voters, ballots, and every document of
 * the archive at hand to be changed before it is written. */
#ifndef PARVIS_BELENIOS_TEST_ELECTION_H
#define PARVIS_BELENIOS_TEST_ELECTION_H

#include <stdlib.h>

#include "belenios/archive.h"
#include "belenios/pedersen.h"
#include "belenios/tally.h"
#include "belenios/verify.h"
#include "crypto/edwards/edwards_secret.h"
#include "crypto/sha256.h"
#include "test.h"

#define TEST_UUID "8Fvs3P8wQJKtJE"
#define TEST_MEMBERS_MAX 8
#define TEST_VOTERS_MAX 128
#define TEST_EVENTS_MAX 512

/* --- a threshold group, whose every message is at hand -----------------------------------------
 */

struct test_party {
    struct bel_context context;
    char seed[BEL_SEED_CHARS + 1];
    struct ed_scalar secret;
};
struct test_group {
    uint32_t threshold, size;
    struct test_party party[TEST_MEMBERS_MAX];
    struct bel_certificate certificates[TEST_MEMBERS_MAX];
    struct bel_coefficients coefficients[TEST_MEMBERS_MAX];
    struct bel_share shares[TEST_MEMBERS_MAX][TEST_MEMBERS_MAX]; /* dealer, receiver */
    struct bel_verification verifications[TEST_MEMBERS_MAX];
};

static inline void test_group_make(struct test_group *g, uint32_t threshold, uint32_t size,
                                   struct arena *a)
{
    struct diag d = {0};
    *g = (struct test_group){.threshold = threshold, .size = size};
    for (uint32_t i = 0; i < size; i++) {
        struct test_party *p = &g->party[i];
        p->context = (struct bel_context){threshold, size, i + 1};
        bel_seed_new(p->seed);
        CHECK_ERR(bel_certificate_make(&g->certificates[i], &p->context, p->seed), E_OK);
        CHECK_ERR(bel_certificate_check(&g->certificates[i], &p->context, &d), E_OK);
    }
    for (uint32_t i = 0; i < size; i++) {
        const struct test_party *p = &g->party[i];
        bel_coefficients_make(&g->coefficients[i], g->shares[i], &p->context, TEST_UUID, p->seed,
                              g->certificates, a);
        CHECK_ERR(bel_coefficients_check(&g->coefficients[i], &p->context, &g->certificates[i], &d),
                  E_OK);
    }
    for (uint32_t i = 0; i < size; i++) {
        struct test_party *p = &g->party[i];
        for (uint32_t dealer = 0; dealer < size; dealer++) {
            struct ed_scalar value = ED_ZERO;
            CHECK_ERR(bel_share_check(&g->shares[dealer][i], &d), E_OK);
            CHECK_ERR(bel_share_open(&value, &p->context, dealer + 1, TEST_UUID, p->seed,
                                     &g->shares[dealer][i], &g->coefficients[dealer], &d),
                      E_OK);
            p->secret = ed_scalar_add(p->secret, value);
        }
        bel_verification_make(&g->verifications[i], &p->context, p->seed, &p->secret,
                              g->certificates, g->coefficients);
        CHECK_ERR(bel_verification_check(&g->verifications[i], &p->context, g->certificates,
                                         g->coefficients, &d),
                  E_OK);
    }
}

static inline struct bel_entry test_group_entry(const struct test_group *g)
{
    return (struct bel_entry){.threshold = g->threshold,
                              .size = g->size,
                              .certificates = g->certificates,
                              .coefficients = g->coefficients,
                              .verifications = g->verifications};
}

/* --- an election -------------------------------------------------------------------------------
 */

struct test_event {
    enum bel_event_type type;
    struct bytes docs[5]; /* the payload last */
    size_t doc_count;
};
struct test_election {
    struct arena a;
    struct bel_election e;
    struct bel_trustees trustees;
    struct ed_scalar secrets[2 * TEST_MEMBERS_MAX]; /* by owner - 1 */
    struct bel_roll roll;
    struct ed_scalar x[TEST_VOTERS_MAX];
    struct bytes ballots[TEST_VOTERS_MAX]; /* the last of each voter, packed; data NULL: none */
    uint64_t *expected;                    /* what the result has to be */
    struct bytes sums;
    uint64_t owners[2 * TEST_MEMBERS_MAX];
    struct bytes decryptions[2 * TEST_MEMBERS_MAX];
    size_t decryption_count;
    struct test_event events[TEST_EVENTS_MAX];
    size_t event_count;
};

#define TEST_SIMPLE                                                                          \
    "{\"description\":\"d\",\"name\":\"n\",\"questions\":[{\"answers\":[\"a\",\"b\",\"c\"]," \
    "\"min\":1,\"max\":1,\"question\":\"q\"}]}"
#define TEST_MIXED                                                                                \
    "{\"description\":\"\",\"name\":\"mixed\",\"questions\":[{\"answers\":[\"yes\",\"no\"],"      \
    "\"blank\":true,\"min\":1,\"max\":1,\"question\":\"1\"},{\"answers\":[\"a\",\"b\",\"c\"],"    \
    "\"min\":0,\"max\":2,\"question\":\"2\"},{\"type\":\"Lists\",\"value\":{\"answers\":[[\"L\"," \
    "\"l\",\"m\"],[\"M\",\"n\"]],\"question\":\"3\"}}]}"

static inline struct bytes test_keep(struct arena *a, struct buf *b)
{
    struct bytes kept = bytes_of(arena_dup(a, b->data, b->len), b->len);
    buf_free(b);
    return kept;
}

static inline struct bytes test_text(struct test_election *t, const char *text)
{
    return bytes_str(arena_strdup(&t->a, text));
}

static inline struct hash test_hash(struct bytes doc)
{
    struct hash h;
    sha256_once(&h, doc.data, doc.len);
    return h;
}

static inline struct test_event *test_event(struct test_election *t, enum bel_event_type type)
{
    ASSERT(t->event_count < TEST_EVENTS_MAX);
    t->events[t->event_count] = (struct test_event){.type = type};
    return &t->events[t->event_count++];
}

static inline void test_doc(struct test_event *e, struct bytes doc)
{
    e->docs[e->doc_count++] = doc;
}

/* Names again, after a change, what setup_data names. */
static inline void test_setup_again(struct test_election *t)
{
    struct buf json = {0};
    struct bytes *docs = t->events[0].docs;
    struct hash h[3] = {test_hash(docs[0]), test_hash(docs[1]), test_hash(docs[2])};
    bel_setup_write(&json, &h[0], &h[1], &h[2]);
    docs[3] = test_keep(&t->a, &json);
}

/* Trustees, as "1,2/3": one alone and a group of three of which two are needed. */
static inline struct bytes test_trustees_make(struct test_election *t, const char *spec)
{
    struct bel_entry entries[TEST_MEMBERS_MAX];
    size_t count = 0, owner = 0;
    for (const char *p = spec; *p; p += *p == ',') {
        unsigned long n = strtoul(p, (char **)&p, 10);
        if (*p != '/') {
            for (; n; n--) {
                char seed[BEL_SEED_CHARS + 1];
                bel_seed_new(seed);
                entries[count] = (struct bel_entry){.size = 1};
                bel_single_make(&entries[count++].single, &t->secrets[owner++], seed);
            }
            continue;
        }
        unsigned long size = strtoul(p + 1, (char **)&p, 10);
        struct test_group *g = arena_alloc(&t->a, sizeof *g);
        test_group_make(g, (uint32_t)n, (uint32_t)size, &t->a);
        entries[count++] = test_group_entry(g);
        for (unsigned long i = 0; i < size; i++)
            t->secrets[owner++] = g->party[i].secret;
    }
    struct buf json = {0};
    bel_trustees_write(&json, entries, count);
    return test_keep(&t->a, &json);
}

/* weights: one for each voter, or NULL. */
static inline struct bytes test_roll_make(struct test_election *t, size_t voters,
                                          const uint64_t *weights)
{
    struct buf json = {0};
    struct bel_roll r = {.count = voters, .has_weights = weights != NULL};
    r.voters = arena_zalloc(&t->a, voters + 1, sizeof *r.voters);
    for (size_t i = 0; i < voters; i++) {
        t->x[i] = ed_secret_scalar();
        bel_credential_public(r.voters[i].key32, &t->x[i]);
        r.voters[i].weight = weights ? weights[i] : 1;
    }
    bel_roll_write(&json, &r);
    return test_keep(&t->a, &json);
}

/* The Setup event of an election of these documents, the election's own made of a template. */
static inline void test_setup(struct test_election *t, const char *template, const char *uuid,
                              struct bytes trustees_doc, struct bytes roll_doc)
{
    struct diag d = {0};
    CHECK_ERR(bel_trustees_read(&t->trustees, &t->a, trustees_doc, &d), E_OK);
    struct bel_election draft;
    struct buf json = {0};
    CHECK_ERR(bel_template_read(&draft, &t->a, bytes_str(template), &d), E_OK);
    draft.version = bel_version(1);
    draft.uuid = uuid;
    memcpy(draft.public_key32, t->trustees.key32, EDWARDS_BYTES);
    bel_election_write(&json, &draft);
    struct bytes election_doc = test_keep(&t->a, &json);
    CHECK_ERR(bel_election_read(&t->e, &t->a, election_doc, &d), E_OK);
    CHECK_STR(d.text, "");
    bel_election_prepare(&t->e);
    t->expected = arena_zalloc(&t->a, t->e.ciphertext_count, sizeof *t->expected);
    struct test_event *setup = test_event(t, BEL_SETUP);
    test_doc(setup, election_doc);
    test_doc(setup, trustees_doc);
    test_doc(setup, roll_doc);
    setup->doc_count = 4;
    test_setup_again(t);
}

/* An election up to its Setup event. t has static storage; test_end releases it. */
static inline void test_begin(struct test_election *t, const char *template, const char *trustees,
                              size_t voters, const uint64_t *weights)
{
    struct diag d = {0};
    memset(t, 0, sizeof *t);
    struct bytes trustees_doc = test_trustees_make(t, trustees);
    struct bytes roll_doc = test_roll_make(t, voters, weights);
    CHECK_ERR(bel_roll_read(&t->roll, &t->a, roll_doc, &d), E_OK);
    test_setup(t, template, TEST_UUID, trustees_doc, roll_doc);
}

static inline void test_end(struct test_election *t)
{
    bel_election_free(&t->e);
    arena_free(&t->a);
}

/* A ballot as belenios-tool writes choices, packed. */
static inline struct bytes test_ballot(struct test_election *t, const struct ed_scalar *x,
                                       const char *choice)
{
    struct diag d = {0};
    struct buf packed = {0};
    uint8_t bits[BEL_CIPHERTEXTS_MAX] = {0};
    CHECK_ERR(bel_choice_read(bits, &t->e, bytes_str(choice), &d), E_OK);
    CHECK_ERR(bel_ballot_make(&packed, &t->e, x, bits, &t->a, NULL, &d), E_OK);
    return test_keep(&t->a, &packed);
}

static inline struct bytes test_ballot_doc(struct test_election *t, struct bytes packed)
{
    struct buf json = {0};
    CHECK_ERR(bel_ballot_write(&json, &t->e, packed), E_OK);
    return test_keep(&t->a, &json);
}

/* The roll is in the order of test_roll_make, so voter i has secret x[i]. */
static inline void test_cast(struct test_election *t, size_t voter, const char *choice)
{
    t->ballots[voter] = test_ballot(t, &t->x[voter], choice);
    test_doc(test_event(t, BEL_BALLOT), test_ballot_doc(t, t->ballots[voter]));
}

static inline void test_expect(struct test_election *t, size_t voter, const char *choice)
{
    struct diag d = {0};
    uint8_t bits[BEL_CIPHERTEXTS_MAX] = {0};
    CHECK_ERR(bel_choice_read(bits, &t->e, bytes_str(choice), &d), E_OK);
    for (size_t i = 0; i < t->e.ciphertext_count; i++)
        t->expected[i] += bits[i] * t->roll.voters[voter].weight;
}

static inline void test_close(struct test_election *t)
{
    test_event(t, BEL_END_BALLOTS);
}

/* The encrypted tally's documents, sized as said. */
static inline void test_tally_docs(struct test_election *t, struct test_event *e, uint64_t count,
                                   uint64_t weight)
{
    struct buf json = {0};
    bel_sums_write(&json, &t->e, t->sums);
    e->doc_count = 0;
    test_doc(e, test_keep(&t->a, &json));
    struct hash h = test_hash(e->docs[0]);
    bel_sized_write(&json, count, weight, &h);
    test_doc(e, test_keep(&t->a, &json));
}

static inline void test_tally(struct test_election *t)
{
    struct bel_tally tally;
    bel_tally_init(&tally, &t->e);
    for (size_t i = 0; i < t->roll.count; i++)
        if (t->ballots[i].data)
            CHECK_ERR(bel_tally_add(&tally, t->ballots[i], t->roll.voters[i].weight), E_OK);
    size_t len = 2 * EDWARDS_BYTES * t->e.ciphertext_count;
    uint8_t *sums = arena_alloc(&t->a, len);
    bel_tally_pack(sums, &tally);
    t->sums = bytes_of(sums, len);
    test_tally_docs(t, test_event(t, BEL_ENCRYPTED_TALLY), tally.ballot_count, tally.total_weight);
    bel_tally_fini(&tally);
}

static inline void test_decryption_docs(struct test_election *t, struct test_event *e,
                                        uint64_t owner, struct bytes packed)
{
    struct buf json = {0};
    bel_decryption_write(&json, &t->e, packed);
    e->doc_count = 0;
    test_doc(e, test_keep(&t->a, &json));
    struct hash h = test_hash(e->docs[0]);
    bel_owned_write(&json, owner, &h);
    test_doc(e, test_keep(&t->a, &json));
}

static inline void test_decrypt(struct test_election *t, uint64_t owner)
{
    struct buf packed = {0};
    bel_decryption_make(&packed, &t->e, t->sums, &t->secrets[owner - 1]);
    struct bytes kept = test_keep(&t->a, &packed);
    t->owners[t->decryption_count] = owner;
    t->decryptions[t->decryption_count++] = kept;
    test_decryption_docs(t, test_event(t, BEL_PARTIAL_DECRYPTION), owner, kept);
}

/* The result found, which is written; E_NOT_FOUND when decryptions do not suffice. */
static inline enum err test_result(struct test_election *t, struct diag *d)
{
    struct ed_point *points = arena_alloc(&t->a, t->e.ciphertext_count * sizeof *points);
    uint64_t *counts = arena_zalloc(&t->a, t->e.ciphertext_count, sizeof *counts);
    TRY(bel_open(points, &t->e, &t->trustees, t->sums, t->owners, t->decryptions,
                 t->decryption_count, d));
    TRY(bel_result_find(counts, &t->e, points, t->roll.total_weight, d));
    TRY(bel_result_check(counts, &t->e, points, d));
    struct buf json = {0};
    bel_result_write(&json, &t->e, counts);
    test_doc(test_event(t, BEL_RESULT), test_keep(&t->a, &json));
    CHECK(memcmp(counts, t->expected, t->e.ciphertext_count * sizeof *counts) == 0);
    return E_OK;
}

/* An election with all events: Setup 0, Ballots 1 to 4, EndBallots 5, EncryptedTally 6,
 * PartialDecryptions 7 to 9, Result 10. */
static inline void test_full(struct test_election *t)
{
    struct diag d = {0};
    test_begin(t, TEST_SIMPLE, "1,2/3", 3, NULL);
    test_cast(t, 0, "[[1,0,0]]");
    test_cast(t, 1, "[[0,1,0]]");
    test_cast(t, 2, "[[0,1,0]]");
    test_cast(t, 0, "[[0,0,1]]");
    test_expect(t, 1, "[[0,1,0]]");
    test_expect(t, 2, "[[0,1,0]]");
    test_expect(t, 0, "[[0,0,1]]");
    test_close(t);
    test_tally(t);
    test_decrypt(t, 1);
    test_decrypt(t, 2);
    test_decrypt(t, 3);
    CHECK_ERR(test_result(t, &d), E_OK);
}

static inline void test_drop(struct test_election *t, size_t event)
{
    t->event_count--;
    memmove(&t->events[event], &t->events[event + 1],
            (t->event_count - event) * sizeof t->events[0]);
}

/* The document with the first `from` replaced. */
static inline struct bytes test_replaced(struct test_election *t, struct bytes doc,
                                         const char *from, const char *to)
{
    struct buf b = {0}, out = {0};
    buf_put(&b, doc.data, doc.len);
    const char *text = buf_cstr(&b), *at = strstr(text, from);
    ASSERT(at);
    buf_put(&out, text, (size_t)(at - text));
    buf_puts(&out, to);
    buf_puts(&out, at + strlen(from));
    buf_free(&b);
    return test_keep(&t->a, &out);
}

static inline void test_change(struct test_election *t, size_t event, size_t doc, const char *from,
                               const char *to)
{
    t->events[event].docs[doc] = test_replaced(t, t->events[event].docs[doc], from, to);
}

/* The archive of all events; freed with buf_free. */
static inline struct buf test_archive(const struct test_election *t)
{
    struct buf out = {0};
    struct bel_writer w;
    bel_writer_begin(&w, &out, 1795454598);
    for (size_t i = 0; i < t->event_count; i++) {
        const struct test_event *e = &t->events[i];
        struct hash payload = {0};
        for (size_t k = 0; k < e->doc_count; k++) {
            bel_writer_data(&w, e->docs[k]);
            payload = test_hash(e->docs[k]);
        }
        bel_writer_event(&w, e->type, e->doc_count ? &payload : NULL, NULL);
    }
    return out;
}

static inline enum err test_verify_with(const struct test_election *t,
                                        const struct bel_verify_options *o, struct diag *d)
{
    struct buf file = test_archive(t);
    struct bel_report r;
    struct arena a = {0};
    *d = (struct diag){0};
    enum err e = bel_archive_verify(&r, &a, buf_view(&file), o, d);
    if (e == E_OK && r.has_result)
        CHECK(memcmp(r.counts, t->expected, t->e.ciphertext_count * sizeof *r.counts) == 0);
    bel_report_free(&r);
    arena_free(&a);
    buf_free(&file);
    return e;
}

static inline enum err test_verify(const struct test_election *t, struct diag *d)
{
    return test_verify_with(t, &(struct bel_verify_options){.threads = 2}, d);
}

#endif
