/* Records that say anything: a call may run on a state that somebody made up (eth_call's overrides
 * of storage), so that no record may stop a node, whatever is written in it. */
#include "city/record.h"
#include "city/voting/test_world.h"

#define PLAN "[[0,[\"@ines\"]],[2,[\"@anna\",\"@bert\",\"@cleo\"]]]"
#define SEED UINT64_C(0x9e3779b97f4a7c15)

struct kept_record {
    struct hash slot;
    struct bytes value;
};
struct sent {
    const char *caller;
    struct bytes input;
};
struct scene {
    struct election_world w;
    struct world_group g;
    struct kept_record records[256];
    size_t record_count;
    struct sent calls[64];
    size_t call_count;
    uint64_t random;
    size_t refused, passed;
};

static void keep_record(void *ctx, const struct address *a, const struct hash *slot,
                        struct bytes value)
{
    struct scene *s = ctx;
    if (!address_eq(a, &VOTING_SERVICE.address) || value.len == 0)
        return;
    if (s->record_count == sizeof s->records / sizeof *s->records)
        test_fail(__FILE__, __LINE__, "more records than %zu", s->record_count);
    else
        s->records[s->record_count++] = (struct kept_record){
            *slot, bytes_of(arena_dup(&s->w.arena, value.data, value.len), value.len)};
}

static void skip_account(void *ctx, const struct address *a, const struct account *now)
{
    (void)ctx;
    (void)a;
    (void)now;
}

static void skip_cleared(void *ctx, const struct address *a)
{
    (void)ctx;
    (void)a;
}

static int compare_records(const void *a, const void *b)
{
    return memcmp(((const struct kept_record *)a)->slot.b, ((const struct kept_record *)b)->slot.b,
                  32);
}

static void keep_records(struct scene *s)
{
    struct state_change_visitor visitor = {skip_account, keep_record, skip_cleared,
                                           bench_visit_code, s};
    state_visit_changes(s->w.b.state, &visitor);
    qsort(s->records, s->record_count, sizeof *s->records, compare_records);
}

static uint64_t next(struct scene *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random;
}

static void add_call(struct scene *s, const char *caller, const char *const *words)
{
    struct bytes input = bench_encode(&s->w.b, bench_method(&VOTING_SERVICE, words[0]), words + 1);
    s->calls[s->call_count++] =
        (struct sent){caller, bytes_of(arena_dup(&s->w.arena, input.data, input.len), input.len)};
}
#define ADD(s, caller, ...) add_call(s, caller, (const char *const[BENCH_ARGS + 1]){__VA_ARGS__})

static void add_views(struct scene *s, const char *id)
{
    const char *key = world_hex(&s->w, s->w.voters[0].key32, 32);
    ADD(s, "x", "consultationCount");
    ADD(s, "x", "isClerk", "@clerk");
    ADD(s, "x", "consultation", id);
    ADD(s, "x", "electionOf", id);
    ADD(s, "x", "trusteesOf", id);
    ADD(s, "x", "trusteeCount", id);
    ADD(s, "x", "trusteeAt", id, "2");
    ADD(s, "x", "messageOf", id, "2", "3");
    ADD(s, "x", "sharesOf", id, "2");
    ADD(s, "x", "voterOf", id, key);
    ADD(s, "x", "votersOf", id, "0", "100");
    ADD(s, "x", "eventAt", id, "1");
    ADD(s, "x", "eventsOf", id, "0", "100");
    ADD(s, "x", "ballotHeight", id, key);
    ADD(s, "x", "tallyOf", id);
    ADD(s, "x", "resultOf", id);
}

/* Every call, each on the state as it stands. */
static void call_all(struct scene *s)
{
    for (size_t i = 0; i < s->call_count; i++) {
        state_checkpoint_t cp = state_checkpoint(s->w.b.state);
        bench_send(&s->w.b, s->calls[i].caller, &VOTING_SERVICE, s->calls[i].input);
        world_note(&s->w.b);
        enum frame_status status = s->w.b.result.status;
        CHECK(status == FRAME_SUCCESS || status == FRAME_REVERT || status == FRAME_OUT_OF_GAS);
        s->passed += status == FRAME_SUCCESS;
        s->refused += status == FRAME_REVERT;
        state_revert(s->w.b.state, cp);
    }
    arena_reset(&s->w.b.arena);
}

static void call_with(struct scene *s, const struct hash *slot, const uint8_t *value, size_t len)
{
    state_checkpoint_t cp = state_checkpoint(s->w.b.state);
    state_set_storage(s->w.b.state, &VOTING_SERVICE.address, slot, bytes_of(value, len));
    call_all(s);
    state_revert(s->w.b.state, cp);
}

static void distort(struct scene *s, const struct kept_record *r)
{
    /* owner 1's part is event 0 (Setup), after one of nobody's */
    static const uint8_t PART[32] = {1, [23] = 1};
    size_t len = r->value.len, word = len < 32 ? 32 : len;
    uint8_t *v = mem_zalloc(word, 1);
    call_with(s, &r->slot, v, 0);
    call_with(s, &r->slot, v, len);
    call_with(s, &r->slot, PART, sizeof PART);
    memset(v, 0xff, word);
    call_with(s, &r->slot, v, 32);
    call_with(s, &r->slot, v, len);
    v[0] = 1; /* a word as an override has it: no zero first */
    for (size_t i = 1; i < word; i++)
        v[i] = (uint8_t)next(s);
    call_with(s, &r->slot, v, len);
    for (size_t i = 0; i < 4; i++) { /* as it was, but for a byte; the first ones say most */
        memcpy(v, r->value.data, len);
        v[next(s) % (i % 2 && len > 64 ? 64 : len)] = (uint8_t)next(s);
        call_with(s, &r->slot, v, len);
    }
    for (size_t at = 2; at + 4 <= len && at < 112; at += 4) /* numbers: none, and the greatest */
        for (int byte = 0; byte <= 0xff; byte += 0xff) {
            memcpy(v, r->value.data, len);
            memset(v + at, byte, 4);
            call_with(s, &r->slot, v, len);
        }
    mem_free(v);
}

static void distort_all(struct scene *s)
{
    call_all(s);
    CHECK(s->passed > s->refused);
    keep_records(s);
    for (size_t i = 0; i < s->record_count; i++)
        distort(s, &s->records[i]);
    CHECK(s->refused > 0);
    test_count(s->refused + s->passed);
}

static void scene_open(struct scene *s, const char *trustees)
{
    memset(s, 0, sizeof *s);
    s->random = SEED;
    s->g = (struct world_group){{"anna", "bert", "cleo"}, .threshold = 2, .size = 3, .first = 2};
    world_open(&s->w);
    world_create(&s->w, WORLD_TEMPLATE, "2", trustees);
}

static void scene_close(struct scene *s)
{
    world_close(&s->w);
    mem_free(s);
}

static void open_unit(struct election_world *w, const char *name)
{
    SAY(w, arena_printf(&w->arena, "\"%llu\"", (unsigned long long)w->id + 1), "clerk",
        "createUnit", "1", name, "2", "@registrar");
    w->id++;
}

static void fill_unit(struct election_world *w)
{
    world_voters(w, 2, false);
    world_publish(w);
    world_at(w, WORLD_OPENS);
    world_cast(w, 0, 0);
    world_cast(w, 1, 1);
    world_at(w, BENCH_NOW_S);
}

/* One counted as far as the result, whose parts are there; two more that are over, of one of whom
 * another was made. */
TEST(voting_records_of_a_tally)
{
    struct scene *s = mem_zalloc(1, sizeof *s);
    scene_open(s, PLAN);
    struct election_world *w = &s->w;
    world_single(w, "ines");
    group_make(w, &s->g);
    fill_unit(w);
    struct bel_election first = w->e;
    memset(&w->e, 0, sizeof w->e);
    open_unit(w, "Nord");
    fill_unit(w);
    open_unit(w, "Sud");
    fill_unit(w);
    world_at(w, WORLD_CLOSES);
    bel_election_free(&w->e);
    w->e = first;
    w->id = 1;
    SAY(w, "ok", "clerk", "tally", "1");
    const char *part = world_part(w, &s->g.secrets[2]);
    world_decrypt_single(w, "ines");
    SAY(w, "ok", "anna", "postDecryption", "1", world_part(w, &s->g.secrets[0]));
    SAY(w, "ok", "bert", "postDecryption", "1", world_part(w, &s->g.secrets[1]));
    add_views(s, "1");
    ADD(s, "cleo", "postDecryption", "1", part);
    ADD(s, "x", "postResult", "1", "[1,1,0]");
    ADD(s, "clerk", "tally", "2");
    ADD(s, "x", "close", "3");
    ADD(s, "clerk", "merge", "[2,3]", "Nord et sud");
    ADD(s, "clerk", "cancel", "1", "why");
    distort_all(s);
    scene_close(s);
}

/* One trustee is enough: what its part is said to be is opened. */
TEST(voting_records_of_one_part)
{
    struct scene *s = mem_zalloc(1, sizeof *s);
    scene_open(s, "[[0,[\"@ines\"]]]");
    struct election_world *w = &s->w;
    world_single(w, "ines");
    fill_unit(w);
    world_at(w, WORLD_CLOSES);
    SAY(w, "ok", "clerk", "tally", "1");
    const char *part = world_part(w, &(struct ed_scalar){.limb = {5}});
    world_decrypt_single(w, "ines");
    add_views(s, "1");
    ADD(s, "x", "postResult", "1", "[1,1,0]");
    ADD(s, "x", "postResult", "1", "[0,0,0]");
    ADD(s, "ines", "postDecryption", "1", part);
    distort_all(s);
    scene_close(s);
}

/* Open: ballots replace others. */
TEST(voting_records_of_ballots)
{
    struct scene *s = mem_zalloc(1, sizeof *s);
    scene_open(s, "[[0,[\"@ines\"]]]");
    struct election_world *w = &s->w;
    world_single(w, "ines");
    world_voters(w, 3, true);
    world_publish(w);
    world_at(w, WORLD_OPENS);
    world_cast(w, 0, 0);
    world_cast(w, 1, 1);
    struct bytes again = world_ballot(w, 1, 2), fresh = world_ballot(w, 2, 2);
    add_views(s, "1");
    ADD(s, "phone", "cast", "1", world_hex(w, again.data, again.len));
    ADD(s, "phone", "cast", "1", world_hex(w, fresh.data, fresh.len));
    ADD(s, "phone", "cast", "1", "0x");
    ADD(s, "registrar", "strike", "1", world_hex(w, w->voters[2].key32, 32), "why");
    ADD(s, "clerk", "createUnit", "1", "Nord", "2", "@registrar");
    ADD(s, "clerk", "postpone", "1", arena_printf(&w->arena, "%u", WORLD_OPENS),
        arena_printf(&w->arena, "%u", WORLD_CLOSES + 1), "why");
    distort_all(s);
    scene_close(s);
}

static const char *verification(struct scene *s, uint32_t i)
{
    struct world_group *g = &s->g;
    struct bel_context c = group_context(g, i);
    struct bel_verification m;
    struct diag d = {0};
    struct ed_scalar secret = ED_ZERO, share;
    for (uint32_t k = 0; k < g->size; k++) {
        CHECK_ERR(bel_share_open(&share, &c, k + 1, world_uuid(&s->w), world_seed(g->names[i]),
                                 &g->shares[k][i], &g->coefficients[k], &d),
                  E_OK);
        secret = ed_scalar_add(secret, share);
    }
    bel_verification_make(&m, &c, world_seed(g->names[i]), &secret, g->certificates,
                          g->coefficients);
    return world_hex(&s->w, &m, sizeof m);
}

/* A draft whose trustees are at work; then one that can be published. */
TEST(voting_records_of_a_draft)
{
    struct scene *s = mem_zalloc(1, sizeof *s);
    scene_open(s, PLAN);
    struct election_world *w = &s->w;
    struct bel_complaint complaint;
    struct bel_context bert = group_context(&s->g, 1);
    group_certify(w, &s->g);
    group_commit(w, &s->g);
    SAY(w, "ok", "anna", "postCoefficients", "1", group_packed(w, &s->g, 0),
        world_hex(w, s->g.shares[0], 3 * sizeof(struct bel_share)));
    world_voters(w, 2, true);
    bel_share_reveal(&complaint, &bert, 1, world_uuid(w), world_seed("bert"), &s->g.shares[0][1]);
    struct bel_key_message key;
    struct ed_scalar secret;
    bel_single_make(&key, &secret, world_seed("ines"));
    add_views(s, "1");
    ADD(s, "ines", "postKey", "1", world_hex(w, &key, sizeof key));
    ADD(s, "bert", "postCoefficients", "1", group_packed(w, &s->g, 1),
        world_hex(w, s->g.shares[1], 3 * sizeof(struct bel_share)));
    ADD(s, "bert", "complain", "1", "2", world_hex(w, &complaint, sizeof complaint));
    ADD(s, "clerk", "resetTrustees", "1", "why");
    ADD(s, "registrar", "addVoters", "1", world_hex(w, w->voters[1].key32, 32), "[1]");
    ADD(s, "clerk", "create", world_plan(w, WORLD_TEMPLATE, "0", PLAN));
    distort_all(s);
    scene_close(s);
}

TEST(voting_records_of_trustees_done)
{
    struct scene *s = mem_zalloc(1, sizeof *s);
    scene_open(s, PLAN);
    struct election_world *w = &s->w;
    group_certify(w, &s->g);
    group_commit(w, &s->g);
    group_reveal(w, &s->g);
    world_voters(w, 2, true);
    world_single(w, "ines");
    SAY(w, "ok", "anna", "postVerification", "1", verification(s, 0));
    SAY(w, "ok", "bert", "postVerification", "1", verification(s, 1));
    const char *last = verification(s, 2);
    state_checkpoint_t cp = state_checkpoint(w->b.state);
    add_views(s, "1");
    ADD(s, "cleo", "postVerification", "1", last);
    distort_all(s);
    state_revert(w->b.state, cp);
    SAY(w, "ok", "cleo", "postVerification", "1", last);
    s->call_count = s->record_count = s->passed = s->refused = 0;
    ADD(s, "clerk", "publish", "1");
    distort_all(s);
    scene_close(s);
}
