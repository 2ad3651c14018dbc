/* Trustees: the tool's documents accepted and every change of them refused; groups of our own. */
#include "belenios/test_election.h"
#include "belenios/test_files.h"

/* Kept out of the stack. */
static struct arena kept;

static void group_make(struct test_group *g, uint32_t threshold, uint32_t size)
{
    arena_free(&kept);
    test_group_make(g, threshold, size, &kept);
}

/* The election's key is what any k members' secrets interpolate to at 0. */
static void check_subset(const struct test_group *g, const struct bel_trustees *t, unsigned members)
{
    struct ed_scalar at_zero = ED_ZERO;
    for (uint32_t i = 1; i <= g->size; i++) {
        if (!(members >> (i - 1) & 1))
            continue;
        struct ed_scalar weight = ED_ONE;
        for (uint32_t j = 1; j <= g->size; j++) {
            if (j == i || !(members >> (j - 1) & 1))
                continue;
            struct ed_scalar below = ed_scalar_sub(ed_scalar_of(j), ed_scalar_of(i));
            weight =
                ed_scalar_mul(weight, ed_scalar_mul(ed_scalar_of(j), ed_scalar_inverse(below)));
        }
        at_zero = ed_scalar_add(at_zero, ed_scalar_mul(weight, g->party[i - 1].secret));
    }
    uint8_t key32[EDWARDS_BYTES];
    ed_secret_base_mul(key32, &at_zero);
    bool enough = (uint32_t)__builtin_popcount(members) >= g->threshold;
    CHECK((memcmp(key32, t->key32, sizeof key32) == 0) == enough);
}

TEST(groups_of_every_size)
{
    static const struct {
        uint32_t threshold, size;
    } CASES[] = {{1, 2}, {1, 3}, {2, 3}, {3, 4}, {2, 5}, {4, 7}};
    size_t subsets = 0;
    for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
        static struct test_group g;
        struct bel_trustees t;
        struct diag d = {0};
        struct buf json = {0};
        group_make(&g, CASES[c].threshold, CASES[c].size);
        struct bel_entry entry = test_group_entry(&g);
        bel_trustees_write(&json, &entry, 1);
        CHECK_ERR(bel_trustees_read(&t, &kept, buf_view(&json), &d), E_OK);
        CHECK_STR(d.text, "");
        CHECK_INT(t.count, g.size);
        for (size_t i = 0; i < t.count; i++)
            CHECK(t.trustees[i].member == i + 1 && t.trustees[i].entry == 0);
        for (unsigned members = 1; members < 1u << g.size; members++, subsets++)
            check_subset(&g, &t, members);
        buf_free(&json);
        arena_free(&kept);
    }
    test_count(subsets);
}

TEST(singles_and_a_group)
{
    static struct test_group g;
    struct bel_trustees t;
    struct diag d = {0};
    struct buf json = {0};
    char seed[BEL_SEED_CHARS + 1];
    struct ed_scalar secret[2];
    struct bel_entry entries[3] = {{.size = 1}, {0}, {.size = 1}};
    group_make(&g, 2, 3);
    bel_seed_new(seed);
    bel_single_make(&entries[0].single, &secret[0], seed);
    bel_seed_new(seed);
    bel_single_make(&entries[2].single, &secret[1], seed);
    entries[1] = test_group_entry(&g);
    bel_trustees_write(&json, entries, 3);
    REQUIRE(bel_trustees_read(&t, &kept, buf_view(&json), &d) == E_OK);
    CHECK_INT(t.count, 5);
    CHECK_INT(t.entry_count, 3);
    CHECK(t.trustees[0].member == 0 && t.trustees[1].member == 1 && t.trustees[4].member == 0);
    CHECK(t.trustees[3].entry == 1 && t.trustees[4].entry == 2);
    CHECK(t.entries[1].threshold == 2 && t.entries[1].size == 3 && t.entries[2].first == 4);
    CHECK(memcmp(t.trustees[4].key32, entries[2].single.key32, EDWARDS_BYTES) == 0);
    buf_free(&json);
    arena_free(&kept);
}

/* --- what is refused ---------------------------------------------------------------------------
 */

TEST(a_false_share_is_told_and_proved)
{
    static struct test_group g;
    struct diag d = {0};
    struct ed_scalar value;
    struct bel_complaint complaint;
    group_make(&g, 2, 3);
    const struct test_party *me = &g.party[2];
    const struct bel_certificate *mine = &g.certificates[2];
    struct bel_share *share = &g.shares[0][2], honest = *share;
    const struct bel_coefficients *dealers = &g.coefficients[0];
#define OPEN() bel_share_open(&value, &me->context, 1, TEST_UUID, me->seed, share, dealers, &d)
#define JUDGE() bel_share_judge(&complaint, &me->context, 1, TEST_UUID, mine, share, dealers, &d)
    bel_share_reveal(&complaint, &me->context, 1, TEST_UUID, me->seed, share);
    CHECK_ERR(JUDGE(), E_OK); /* against an honest dealer: the complaint is what is false */
    share->masked32[31] ^= 1;
    CHECK_ERR(OPEN(), E_PROOF);
    CHECK(strstr(d.text, "member 1's share for member 3"));
    bel_share_reveal(&complaint, &me->context, 1, TEST_UUID, me->seed, share);
    CHECK_ERR(JUDGE(), E_PROOF);
    complaint.proof[40] ^= 1;
    CHECK_ERR(JUDGE(), E_INVALID);
    complaint.proof[40] ^= 1;
    memset(complaint.proof, 0xff, 32); /* no number below q */
    CHECK_ERR(JUDGE(), E_INVALID);
    bel_share_reveal(&complaint, &me->context, 1, TEST_UUID, me->seed, share);
    memcpy(complaint.point32, share->r32, sizeof complaint.point32);
    CHECK_ERR(JUDGE(), E_INVALID);
    *share = honest;
    /* bound to uuid, dealer and receiver */
    bel_share_reveal(&complaint, &me->context, 1, "other", me->seed, share);
    CHECK_ERR(JUDGE(), E_INVALID);
    bel_share_reveal(&complaint, &me->context, 2, TEST_UUID, me->seed, share);
    CHECK_ERR(JUDGE(), E_INVALID);
    /* of a share that is none, the dealer is guilty without proof */
    memset(share->r32, 0, sizeof share->r32); /* of order 4 */
    CHECK_ERR(bel_share_check(share, &d), E_INVALID);
    CHECK_ERR(OPEN(), E_PROOF);
    bel_share_reveal(&complaint, &me->context, 1, TEST_UUID, me->seed, share);
    CHECK_ERR(JUDGE(), E_PROOF);
    *share = honest;
    memset(share->masked32, 0xff, sizeof share->masked32);
    CHECK_ERR(OPEN(), E_PROOF);
#undef OPEN
#undef JUDGE
    arena_free(&kept);
}

TEST(messages_of_the_wrong_sender)
{
    static struct test_group g;
    struct diag d = {0};
    struct hash h[2];
    group_make(&g, 2, 3);
    struct bel_context c = g.party[1].context;
    CHECK_ERR(bel_certificate_check(&g.certificates[0], &c, &d), E_SIGNATURE);
    CHECK(strstr(d.text, "member 2 of 3"));
    CHECK_ERR(bel_coefficients_check(&g.coefficients[0], &c, &g.certificates[1], &d), E_SIGNATURE);
    CHECK_ERR(bel_verification_check(&g.verifications[0], &c, g.certificates, g.coefficients, &d),
              E_PROOF);
    bel_coefficients_hash(&h[0], &c, &g.coefficients[0]);
    bel_coefficients_hash(&h[1], &g.party[0].context, &g.coefficients[0]);
    CHECK(!hash_eq(&h[0], &h[1]));
    struct bel_verification v = g.verifications[1];
    v.key_signature[63] ^= 1;
    CHECK_ERR(bel_verification_check(&v, &c, g.certificates, g.coefficients, &d), E_SIGNATURE);
    v = g.verifications[1];
    v.certs_signature[63] ^= 1;
    CHECK_ERR(bel_verification_check(&v, &c, g.certificates, g.coefficients, &d), E_SIGNATURE);
    v = g.verifications[1];
    v.key.pok[63] ^= 1;
    CHECK_ERR(bel_verification_check(&v, &c, g.certificates, g.coefficients, &d), E_PROOF);
    struct bel_certificate m = g.certificates[1];
    memset(m.encryption32, 0, sizeof m.encryption32); /* of order 4 */
    CHECK_ERR(bel_certificate_check(&m, &c, &d), E_INVALID);
    m = g.certificates[1];
    ed_encode(m.verification32, &ED_IDENTITY);
    CHECK_ERR(bel_certificate_check(&m, &c, &d), E_INVALID);
    memset(g.coefficients[0].points32[1], 0, EDWARDS_BYTES);
    CHECK_ERR(
        bel_coefficients_check(&g.coefficients[0], &g.party[0].context, &g.certificates[0], &d),
        E_INVALID);
    memset(g.coefficients[0].points32[1], 0xff, EDWARDS_BYTES); /* not even a point */
    CHECK_ERR(bel_verification_check(&v, &c, g.certificates, g.coefficients, &d), E_INVALID);
    arena_free(&kept);
}

/* The same seed makes the same polynomial again for the same members, and another for others. */
TEST(polynomials_follow_from_the_seed)
{
    static struct test_group g;
    struct bel_share shares[3];
    struct bel_coefficients again;
    struct bel_context c;
    group_make(&g, 2, 3);
    const char *seed = g.party[0].seed;
    const uint8_t *first = g.coefficients[0].points32[0];
#define MAKES_SAME(context, uuid)                                                       \
    (bel_coefficients_make(&again, shares, context, uuid, seed, g.certificates, &kept), \
     memcmp(again.points32[0], first, EDWARDS_BYTES) == 0)
    c = g.party[0].context;
    CHECK(MAKES_SAME(&c, TEST_UUID));
    CHECK(!MAKES_SAME(&c, "4jA5L86ZC9W4Fh"));
    c.index = 2;
    CHECK(!MAKES_SAME(&c, TEST_UUID));
    c = (struct bel_context){1, 3, 1};
    CHECK(!MAKES_SAME(&c, TEST_UUID));
    c = g.party[0].context;
    struct bel_certificate other = g.certificates[1];
    g.certificates[1] = g.certificates[2];
    g.certificates[2] = other;
    CHECK(!MAKES_SAME(&c, TEST_UUID));
#undef MAKES_SAME
    arena_free(&kept);
}

TEST(contexts_that_are_none)
{
    static const struct bel_context CASES[] = {{0, 3, 1}, {3, 3, 1}, {4, 3, 1}, {2, 65, 1},
                                               {2, 3, 0}, {2, 3, 4}, {0, 0, 0}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bel_certificate m;
        CHECK_ERR(bel_certificate_make(&m, &CASES[i], "seed"), E_RANGE);
    }
}

TEST(seeds)
{
    char seed[2][BEL_SEED_CHARS + 1];
    bel_seed_new(seed[0]);
    bel_seed_new(seed[1]);
    CHECK_INT(strlen(seed[0]), BEL_SEED_CHARS);
    CHECK(strspn(seed[0], "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz") ==
          BEL_SEED_CHARS);
    CHECK(strcmp(seed[0], seed[1]) != 0);
}

/* --- documents ---------------------------------------------------------------------------------
 */

static enum err read_text(const char *text, struct diag *d)
{
    struct arena a = {0};
    struct bel_trustees t;
    enum err e = bel_trustees_read(&t, &a, bytes_str(text), d);
    arena_free(&a);
    return e;
}

/* Replaces the first `from` of the document by `to` (of any length). */
static enum err read_changed(struct buf *json, const char *from, const char *to, struct diag *d)
{
    const char *text = buf_cstr(json), *at = strstr(text, from);
    if (!at) {
        test_fail(__FILE__, __LINE__, "%s is not in the document", from);
        return E_OK;
    }
    struct buf changed = {0};
    buf_put(&changed, text, (size_t)(at - text));
    buf_puts(&changed, to);
    buf_puts(&changed, at + strlen(from));
    enum err e = read_text(buf_cstr(&changed), d);
    buf_free(&changed);
    return e;
}

TEST(documents_refused)
{
    static const struct {
        const char *from, *to;
        enum err expected;
        const char *word;
    } CASES[] = {
        {"\"Single\"", "\"Triple\"", E_UNSUPPORTED, "Triple"},
        {"\"Single\",", "\"Single\",1,", E_INVALID, "entry 1"},
        {"\"pok\"", "\"pik\"", E_INVALID, "pok"},
        {"\"public_key\":\"", "\"public_key\":\"0", E_INVALID, "public_key"},
        {"\"response\":\"", "\"response\":\"0", E_INVALID, "pok"},
        {"\"response\":\"", "\"response\":\"1", E_PROOF, "entry 1: the proof of knowing"},
        {",[\"Pedersen\"", ", [\"Pedersen\"", E_INVALID, "canonical"},
        {"\"threshold\":2", "\"threshold\":3", E_RANGE, "3 of 3"},
        {"\"threshold\":2", "\"threshold\":0", E_RANGE, "0 of 3"},
        {"\"threshold\":2", "\"threshold\":1", E_INVALID, "member 1: certs"},
        {"\"threshold\":2", "\"threshold\":{}", E_INVALID, "threshold"},
        {"\"certs\":[", "\"certs\":7,\"x\":[", E_INVALID, "certs"},
        {"\"coefexps\":[", "\"coefexps\":[{},", E_INVALID, "coefexps"},
        {"\"signatures\":[", "\"signatures\":[{},", E_INVALID, "signatures"},
        {"\"verification_keys\":[", "\"verification_keys\":[{},", E_INVALID, "verification_keys"},
        {"\"certs\":[{\"message\":\"{", "\"certs\":[{\"message\":\"", E_INVALID, "certs: message"},
        {"\"certs\":[{\"message\":\"{", "\"certs\":[{\"message\":\"{ ", E_INVALID,
         "canonical form"},
        {"\\\"index\\\":2", "\\\"index\\\":1", E_INVALID, "member 2: certs"},
        {"\\\"group\\\"", "\\\"grupp\\\"", E_INVALID, "member 1: certs"},
        {"\\\"verification\\\"", "\\\"verificatiox\\\"", E_INVALID, "member 1: certs: message"},
        {"{\\\"coefexps\\\"", "{ \\\"coefexps\\\"", E_INVALID, "member 1: coefexps"},
        {"{\\\"coefexps\\\":[", "{\\\"coefexps\\\":[1,", E_INVALID, "member 1: coefexps: message"},
    };
    static struct test_group g;
    struct buf json = {0};
    struct bel_entry entries[2] = {{.size = 1}};
    struct ed_scalar secret;
    do { /* whose response stays below q with a digit more */
        char seed[BEL_SEED_CHARS + 1];
        bel_seed_new(seed);
        bel_single_make(&entries[0].single, &secret, seed);
    } while (entries[0].single.pok[32] || entries[0].single.pok[33]);
    group_make(&g, 2, 3);
    entries[1] = test_group_entry(&g);
    bel_trustees_write(&json, entries, 2);
    CHECK_ERR(read_text(buf_cstr(&json), NULL), E_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct diag d = {0};
        enum err e = read_changed(&json, CASES[i].from, CASES[i].to, &d);
        if (e != CASES[i].expected || !strstr(d.text, CASES[i].word))
            test_fail(__FILE__, __LINE__, "%s: %s (%s)", CASES[i].to, err_name(e), d.text);
    }
    test_count(sizeof CASES / sizeof *CASES);
    CHECK_ERR(read_text("[]", NULL), E_INVALID);
    CHECK_ERR(read_text("{}", NULL), E_INVALID);
    CHECK_ERR(read_text("[", NULL), E_JSON);
    buf_free(&json);
    arena_free(&kept);
}

/* More trustees, and more bytes, than are read. */
TEST(documents_too_large)
{
    struct buf json = {0};
    struct bel_entry entries[65] = {0};
    struct ed_scalar secret;
    static struct test_group g;
    group_make(&g, 1, 2);
    for (size_t i = 0; i < 65; i++) {
        entries[i].size = 1;
        bel_single_make(&entries[i].single, &secret, "one seed for all of them");
    }
    bel_trustees_write(&json, entries, 64);
    CHECK_ERR(read_text(buf_cstr(&json), NULL), E_OK);
    buf_clear(&json);
    bel_trustees_write(&json, entries, 65);
    CHECK_ERR(read_text(buf_cstr(&json), NULL), E_TOO_LARGE);
    buf_clear(&json);
    entries[63] = test_group_entry(&g);
    bel_trustees_write(&json, entries, 64);
    CHECK_ERR(read_text(buf_cstr(&json), NULL), E_TOO_LARGE);
    buf_clear(&json);
    memset(buf_grow(&json, LIMIT_BEL_TRUSTEES_BYTES + 1), ' ', LIMIT_BEL_TRUSTEES_BYTES + 1);
    CHECK_ERR(read_text(buf_cstr(&json), NULL), E_TOO_LARGE);
    buf_free(&json);
    arena_free(&kept);
}

/* --- the tool's --------------------------------------------------------------------------------
 */

/* Its document holds; any changed digit does not. */
static void check_document(const char *path, struct bytes file)
{
    struct arena a = {0};
    struct bel_trustees t;
    struct diag d = {0};
    while (file.len && file.data[file.len - 1] == '\n')
        file.len--;
    if (bel_trustees_read(&t, &a, file, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", path, d.text);
    size_t refused = 0, step = file.len / 60;
    struct buf changed = {0};
    buf_put(&changed, file.data, file.len);
    for (size_t i = step; i < file.len; i += step, refused++) {
        size_t at = i;
        while (at < file.len && !(file.data[at] >= '0' && file.data[at] <= '9'))
            at++;
        if (at == file.len)
            break;
        changed.data[at] ^= 1;
        CHECK(bel_trustees_read(&t, &a, buf_view(&changed), &d) != E_OK);
        changed.data[at] ^= 1;
    }
    CHECK(refused > 30);
    buf_free(&changed);
    arena_free(&a);
}

TEST(the_tools_trustees)
{
    size_t count = test_each("e*/trustees.json", check_document);
    if (!count)
        SKIP("no shared data");
    test_count(count);
}

/* The tool's seeds give the keys of its certificates. */
static void check_seed(const char *path, struct bytes file)
{
    char other[4096], seed[64] = {0};
    snprintf(other, sizeof other, "%.*s.cert", (int)(strlen(path) - 4), path);
    REQUIRE(file.len >= BEL_SEED_CHARS && file.len < sizeof seed);
    memcpy(seed, file.data, BEL_SEED_CHARS);
    struct buf cert = test_file(other);
    struct bel_certificate m;
    char text[BEL_POINT_CHARS + 1];
    CHECK_ERR(bel_certificate_make(&m, &(struct bel_context){2, 3, 1}, seed), E_OK);
    bel_point_text(text, m.verification32);
    CHECK(strstr(buf_cstr(&cert), text));
    bel_point_text(text, m.encryption32);
    CHECK(strstr(buf_cstr(&cert), text));
    buf_free(&cert);
}

TEST(the_tools_seeds)
{
    size_t count = test_each("e*/keys/*.key", check_seed);
    if (!count)
        SKIP("no shared data");
    test_count(count);
}
