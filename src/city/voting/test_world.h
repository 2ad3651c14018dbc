/* test_world: a world with a consultation in it, for tests of the voting service: its trustees,
 * registrar and voters, who do what they have to. The archive that follows
 * from it: test_archive.h. */
#ifndef PARVIS_CITY_VOTING_TEST_WORLD_H
#define PARVIS_CITY_VOTING_TEST_WORLD_H

#include "belenios/tally.h"
#include "city/test_bench.h"
#include "city/voting/voting.h"
#include "crypto/edwards/edwards_secret.h"
#include "crypto/sha256.h"

extern bool world_seen[256]; /* errors of the table that were met, in any test of the program */

#define WORLD_VOTERS_MAX 64
#define WORLD_OPENS (BENCH_NOW_S + 1000u)
#define WORLD_CLOSES (BENCH_NOW_S + 2000u)

#define WORLD_TEMPLATE                                                                     \
    "{\"description\":\"d\",\"name\":\"Place du "                                          \
    "march\xc3\xa9\",\"questions\":[{\"answers\":[\"oui\","                                \
    "\"non\",\"autre\"],\"min\":1,\"max\":1,\"question\":\"q\"}],\"administrator\":\"A\"," \
    "\"credential_authority\":\"R\"}"

struct world_voter {
    char credential[BEL_CREDENTIAL_CHARS + 1];
    struct ed_scalar x;
    uint8_t key32[32];
    uint64_t weight;
};
struct election_world {
    struct bench b;
    struct arena arena; /* kept through calls */
    uint64_t id;
    struct bel_election e; /* once published */
    struct world_voter voters[WORLD_VOTERS_MAX];
    size_t voter_count;
};

static inline const char *world_hex(struct election_world *w, const void *data, size_t len)
{
    struct buf out = {0};
    buf_put_hex(&out, data, len);
    const char *text = arena_strdup(&w->arena, buf_cstr(&out));
    buf_free(&out);
    return text;
}
static inline const char *world_number(struct election_world *w, uint64_t v)
{
    return arena_printf(&w->arena, "%llu", (unsigned long long)v);
}

static inline void world_note(const struct bench *b)
{
    if (b->result.status != FRAME_REVERT)
        return;
    for (size_t i = 0; i < service_error_count(&VOTING_SERVICE); i++)
        if (memcmp(service_error_entry(&VOTING_SERVICE, i)->selector, b->result.output.data, 4) ==
            0)
            world_seen[i] = true;
}

/* A call and its outcome; a failed one changes nothing. */
#define SAY(w, expected, caller, ...)                                                  \
    do {                                                                               \
        struct hash before_ = bench_digest(&(w)->b);                                   \
        const char *seen_ = BENCH_CALL(&(w)->b, caller, &VOTING_SERVICE, __VA_ARGS__); \
        world_note(&(w)->b);                                                           \
        CHECK_STR(seen_, bench_text(&(w)->b, expected));                               \
        struct hash after_ = bench_digest(&(w)->b);                                    \
        CHECK((w)->b.result.status == FRAME_SUCCESS || hash_eq(&before_, &after_));    \
    } while (0)

/* A view's values, decoded. */
static inline struct abi_value world_ask(struct election_world *w, const char *const *words)
{
    struct abi_value v = {0};
    const struct abi_entry *m = bench_method(&VOTING_SERVICE, words[0]);
    bench_send(&w->b, "anybody", &VOTING_SERVICE, bench_encode(&w->b, m, words + 1));
    if (w->b.result.status != FRAME_SUCCESS ||
        abi_decode(&v, &w->arena, &m->outputs, w->b.result.output) != E_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", words[0], bench_outcome(&w->b, m));
    return v;
}
#define ASK(w, ...) world_ask(w, (const char *const[BENCH_ARGS + 1]){__VA_ARGS__})

static inline const char *world_id(struct election_world *w)
{
    return world_number(w, w->id);
}
static inline const struct abi_value *world_record(struct election_world *w, size_t field)
{
    return &ASK(w, "consultation", world_id(w)).item[0].item[field];
}
enum {
    RECORD_STATUS,
    RECORD_PUBLISHED = 4,
    RECORD_CAST = 10,
    RECORD_COUNTED,
    RECORD_WEIGHT,
    RECORD_EVENTS,
    RECORD_LAST,
    RECORD_UUID = 21,
    RECORD_NAME
};

static inline const char *world_status(struct election_world *w)
{
    uint8_t word[33] = {0};
    abi_get_bytes32(word, world_record(w, RECORD_STATUS));
    return arena_strdup(&w->arena, (const char *)word);
}
static inline const char *world_uuid(struct election_world *w)
{
    struct bytes text = world_record(w, RECORD_UUID)->bytes;
    return arena_printf(&w->arena, "%.*s", (int)text.len, (const char *)text.data);
}

static inline void world_open(struct election_world *w)
{
    struct diag d = {0};
    memset(w, 0, sizeof *w);
    services_init_with(SERVICES);
    bench_open(&w->b);
    CHECK_ERR(bench_genesis(&w->b,
                            "{\"roles\":{\"governor\":\"@gov\"},\"services\":{\"voting\":{"
                            "\"clerks\":[\"@clerk\"]}}}",
                            &d),
              E_OK);
    CHECK_STR(d.text, "");
}
static inline void world_close(struct election_world *w)
{
    bel_election_free(&w->e);
    bench_close(&w->b);
    arena_free(&w->arena);
}

/* JSON text as a JSON string inside of an argument. */
static inline const char *world_plan(struct election_world *w, const char *template,
                                     const char *floor, const char *trustees)
{
    struct buf out = {0};
    buf_puts(&out, "[\"");
    for (const char *p = template; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_put_u8(&out, '\\');
        buf_put_u8(&out, (uint8_t)*p);
    }
    buf_putf(&out, "\",%u,%u,%s,\"@registrar\",%s]", WORLD_OPENS, WORLD_CLOSES, floor, trustees);
    const char *text = arena_strdup(&w->arena, buf_cstr(&out));
    buf_free(&out);
    return text;
}

/* Creates a consultation: w->id. */
static inline void world_create(struct election_world *w, const char *template, const char *floor,
                                const char *trustees)
{
    struct abi_value count = ASK(w, "consultationCount");
    w->id = count.item[0].word.w[0] + 1;
    const char *expected = arena_printf(&w->arena, "\"%llu\"", (unsigned long long)w->id);
    SAY(w, expected, "clerk", "create", world_plan(w, template, floor, trustees));
}

/* --- trustees --------------------------------------------------------------------------------- */

static inline const char *world_seed(const char *name)
{
    static char seed[BEL_SEED_CHARS + 1];
    memset(seed, 'x', BEL_SEED_CHARS);
    size_t len = strlen(name);
    memcpy(seed, name, len < 8 ? len : 8);
    for (size_t i = 0; i < BEL_SEED_CHARS; i++)
        if (seed[i] == '0' || seed[i] == 'l' || seed[i] == 'O' || seed[i] == 'I')
            seed[i] = 'z';
    seed[BEL_SEED_CHARS] = 0;
    return seed;
}

static inline void world_single(struct election_world *w, const char *name)
{
    struct bel_key_message m;
    struct ed_scalar secret;
    bel_single_make(&m, &secret, world_seed(name));
    SAY(w, "ok", name, "postKey", world_id(w), world_hex(w, &m, sizeof m));
}

/* A group of n whose members are names[], of owner numbers first.. */
struct world_group {
    const char *names[8];
    uint32_t threshold, size;
    uint64_t first;
    struct bel_certificate certificates[8];
    struct bel_coefficients coefficients[8];
    struct bel_share shares[8][8];
    struct ed_scalar secrets[8];
};
static inline struct bel_context group_context(const struct world_group *g, uint32_t i)
{
    return (struct bel_context){g->threshold, g->size, i + 1};
}

static inline void group_certify(struct election_world *w, struct world_group *g)
{
    for (uint32_t i = 0; i < g->size; i++) {
        struct bel_context c = group_context(g, i);
        CHECK_ERR(bel_certificate_make(&g->certificates[i], &c, world_seed(g->names[i])), E_OK);
        SAY(w, "ok", g->names[i], "postCertificate", world_id(w),
            world_hex(w, &g->certificates[i], sizeof g->certificates[i]));
    }
}

static inline const char *group_packed(struct election_world *w, const struct world_group *g,
                                       uint32_t i)
{
    struct buf packed = {0};
    buf_put(&packed, g->coefficients[i].points32, (size_t)32 * g->threshold);
    buf_put(&packed, g->coefficients[i].signature, BEL_PROOF_BYTES);
    const char *text = world_hex(w, packed.data, packed.len);
    buf_free(&packed);
    return text;
}

static inline void group_commit(struct election_world *w, struct world_group *g)
{
    for (uint32_t i = 0; i < g->size; i++) {
        struct bel_context c = group_context(g, i);
        struct hash h;
        bel_coefficients_make(&g->coefficients[i], g->shares[i], &c, world_uuid(w),
                              world_seed(g->names[i]), g->certificates, &w->arena);
        bel_coefficients_hash(&h, &c, &g->coefficients[i]);
        SAY(w, "ok", g->names[i], "commitCoefficients", world_id(w), world_hex(w, h.b, 32));
    }
}

static inline void group_reveal(struct election_world *w, struct world_group *g)
{
    for (uint32_t i = 0; i < g->size; i++)
        SAY(w, "ok", g->names[i], "postCoefficients", world_id(w), group_packed(w, g, i),
            world_hex(w, g->shares[i], g->size * sizeof(struct bel_share)));
}

static inline void group_verify(struct election_world *w, struct world_group *g)
{
    struct diag d = {0};
    for (uint32_t i = 0; i < g->size; i++) {
        struct bel_context c = group_context(g, i);
        struct bel_verification m;
        g->secrets[i] = ED_ZERO;
        for (uint32_t k = 0; k < g->size; k++) {
            struct ed_scalar share;
            CHECK_ERR(bel_share_open(&share, &c, k + 1, world_uuid(w), world_seed(g->names[i]),
                                     &g->shares[k][i], &g->coefficients[k], &d),
                      E_OK);
            g->secrets[i] = ed_scalar_add(g->secrets[i], share);
        }
        bel_verification_make(&m, &c, world_seed(g->names[i]), &g->secrets[i], g->certificates,
                              g->coefficients);
        SAY(w, "ok", g->names[i], "postVerification", world_id(w), world_hex(w, &m, sizeof m));
    }
}

static inline void group_make(struct election_world *w, struct world_group *g)
{
    group_certify(w, g);
    group_commit(w, g);
    group_reveal(w, g);
    group_verify(w, g);
}

/* --- voters ----------------------------------------------------------------------------------- */

static inline int world_compare(const void *a, const void *b)
{
    const struct world_voter *x = a, *y = b;
    for (size_t i = 32; i-- > 0;)
        if (x->key32[i] != y->key32[i])
            return x->key32[i] < y->key32[i] ? -1 : 1;
    return 0;
}

/* Makes voters and has the registrar add them; weighted: of weights 1, 2, 3 ... */
static inline void world_voters(struct election_world *w, size_t count, bool weighted)
{
    struct buf keys = {0}, weights = {0};
    const char *uuid = world_uuid(w);
    w->voter_count = count;
    for (size_t i = 0; i < count; i++) {
        struct world_voter *v = &w->voters[i];
        bel_credential_new(v->credential);
        bel_credential_secret(&v->x, bel_version(1), uuid, v->credential);
        bel_credential_public(v->key32, &v->x);
    }
    qsort(w->voters, count, sizeof *w->voters, world_compare);
    buf_puts(&weights, "[");
    for (size_t i = 0; i < count; i++) {
        w->voters[i].weight = weighted ? i + 1 : 1;
        buf_put(&keys, w->voters[i].key32, 32);
        if (weighted)
            buf_putf(&weights, "%s%zu", i ? "," : "", i + 1);
    }
    buf_puts(&weights, "]");
    SAY(w, "ok", "registrar", "addVoters", world_id(w), world_hex(w, keys.data, keys.len),
        arena_strdup(&w->arena, buf_cstr(&weights)));
    buf_free(&keys);
    buf_free(&weights);
}

/* Publishes and reads the election back. */
static inline void world_publish(struct election_world *w)
{
    struct diag d = {0};
    SAY(w, "ok", "clerk", "publish", world_id(w));
    struct bytes document = ASK(w, "electionOf", world_id(w)).item[0].bytes;
    bel_election_free(&w->e);
    CHECK_ERR(bel_election_read(&w->e, &w->arena, document, &d), E_OK);
    CHECK_STR(d.text, "");
    bel_election_prepare(&w->e);
}

/* The voting has begun, or is over. */
static inline void world_at(struct election_world *w, uint64_t time_s)
{
    w->b.env.timestamp_s = time_s;
    w->b.env.number++;
}

/* A ballot for a choice as belenios-tool writes them: [[1,0,0],[0,1]]. */
static inline struct bytes world_ballot_of(struct election_world *w, size_t voter,
                                           const char *choices)
{
    uint8_t choice[BEL_CIPHERTEXTS_MAX];
    struct buf packed = {0};
    struct diag d = {0};
    CHECK_ERR(bel_choice_read(choice, &w->e, bytes_str(choices), &d), E_OK);
    CHECK_ERR(bel_ballot_make(&packed, &w->e, &w->voters[voter].x, choice, &w->arena, NULL, &d),
              E_OK);
    CHECK_STR(d.text, "");
    struct bytes copy = bytes_of(arena_dup(&w->arena, packed.data, packed.len), packed.len);
    buf_free(&packed);
    return copy;
}
/* A ballot for one answer of three. */
static inline struct bytes world_ballot(struct election_world *w, size_t voter, size_t answer)
{
    static const char *const CHOICES[] = {"[[1,0,0]]", "[[0,1,0]]", "[[0,0,1]]"};
    return world_ballot_of(w, voter, CHOICES[answer]);
}
static inline void world_cast(struct election_world *w, size_t voter, size_t answer)
{
    struct bytes ballot = world_ballot(w, voter, answer);
    SAY(w, "ok", "phone", "cast", world_id(w), world_hex(w, ballot.data, ballot.len));
}

/* --- counting --------------------------------------------------------------------------------- */

static inline const char *world_part(struct election_world *w, const struct ed_scalar *x)
{
    struct bytes sums = ASK(w, "tallyOf", world_id(w)).item[0].bytes;
    struct buf packed = {0};
    bel_decryption_make(&packed, &w->e, sums, x);
    const char *text = world_hex(w, packed.data, packed.len);
    buf_free(&packed);
    return text;
}
static inline void world_decrypt_single(struct election_world *w, const char *name)
{
    struct bel_key_message m;
    struct ed_scalar secret;
    bel_single_make(&m, &secret, world_seed(name));
    SAY(w, "ok", name, "postDecryption", world_id(w), world_part(w, &secret));
}

#endif
