/* Credentials and the roll. */
#include "belenios/credential.h"
#include "test.h"

TEST(credential_form)
{
    char text[BEL_CREDENTIAL_CHARS + 1], other[BEL_CREDENTIAL_CHARS + 1];
    bel_credential_new(text);
    bel_credential_new(other);
    CHECK(bel_credential_is_well_formed(text) && strcmp(text, other) != 0);
    CHECK(bel_credential_is_well_formed("S48jL-BLeV98-ybyBJ-Z7ztc8"));
    CHECK(!bel_credential_is_well_formed("S48jL-BLeV98-ybyBJ-Z7ztc"));
    CHECK(!bel_credential_is_well_formed("S48jLBBLeV98-ybyBJ-Z7ztc8"));
    CHECK(!bel_credential_is_well_formed("S48jL-BLeV98-ybyBJ-Z7ztc0"));
    CHECK(!bel_credential_is_well_formed(""));
}

/* count keys, g^1, g^2 ..., as a roll; the i-th (from 1) has the weight i where weights is set. */
static void make_roll(struct bel_roll *r, struct arena *a, size_t count, bool weights)
{
    *r = (struct bel_roll){.count = count, .has_weights = weights};
    r->voters = arena_alloc(a, count * sizeof *r->voters);
    r->by_key = arena_alloc(a, count * sizeof *r->by_key);
    for (size_t i = 0; i < count; i++) {
        struct ed_scalar x = ed_scalar_of(i + 1);
        bel_credential_public(r->voters[i].key32, &x);
        r->voters[i].weight = weights ? i + 1 : 1;
    }
}

TEST(roll_written_and_read)
{
    for (int weights = 0; weights < 2; weights++) {
        struct arena a = {0};
        struct bel_roll r, again;
        struct buf json = {0}, twice = {0};
        struct diag d = {""};
        uint8_t none[32] = {0};
        make_roll(&r, &a, 300, weights);
        uint8_t tenth[32];
        memcpy(tenth, r.voters[9].key32, 32);
        bel_roll_sort(&r);
        bel_roll_write(&json, &r);
        CHECK_ERR(bel_roll_read(&again, &a, buf_view(&json), &d), E_OK);
        CHECK_INT(again.count, 300);
        CHECK_INT(again.total_weight, weights ? 300 * 301 / 2 : 300);
        CHECK_INT(again.has_weights, weights);
        bel_roll_write(&twice, &again);
        CHECK(bytes_eq(buf_view(&json), buf_view(&twice)));
        for (size_t i = 0; i < again.count; i++) {
            CHECK_INT(bel_roll_find(&again, again.voters[i].key32), i);
            CHECK_INT(bel_roll_find(&r, again.voters[i].key32), i);
            if (i > 0) {
                char text[2][BEL_POINT_CHARS + 1];
                bel_point_text(text[0], again.voters[i - 1].key32);
                bel_point_text(text[1], again.voters[i].key32);
                CHECK(strcmp(text[0], text[1]) < 0);
            }
        }
        CHECK_INT(again.voters[bel_roll_find(&again, tenth)].weight, weights ? 10 : 1);
        CHECK(bel_roll_find(&again, none) == SIZE_MAX);
        buf_free(&json);
        buf_free(&twice);
        arena_free(&a);
    }
}

#define G "6666666666666666666666666666666666666666666666666666666666666658"
#define G2 "2260cdf3092329c21da25ee8c9a21f5697390f51643851560e5f46ae6af8a3c9"

TEST(roll_forms)
{
    static const struct {
        const char *json, *text;
        enum err err;
    } cases[] = {
        {"[]", "", E_OK},
        {" [ \"" G "\" ,\n\"" G2 ",0\"]\n", "", E_OK},
        {"[\"" G ",4503599627370495\"]", "", E_OK},
        {"", "public credentials: byte 0: \"[\" is expected", E_JSON},
        {"{}", "public credentials: byte 0: \"[\" is expected", E_JSON},
        {"[1]", "public credentials: byte 1: a text is expected", E_JSON},
        {"[\"" G "\",]", "public credentials: byte 68: a text is expected", E_JSON},
        {"[\"" G "\" \"" G2 "\"]", "public credentials: byte 68: \",\" or \"]\" is expected",
         E_JSON},
        {"[\"" G "\"]]", "public credentials: byte 68: the end is expected", E_JSON},
        {"[\"" G "x\"]", "public credentials: byte 66: \" or a comma and a weight is expected",
         E_JSON},
        {"[\"66\"]", "public credential 1: 64 lower-case hexadecimal digits are expected",
         E_INVALID},
        {"[\"" G2 "\",\"A\"]", "public credential 2: 64 lower-case hexadecimal digits are expected",
         E_INVALID},
        {"[\"" G ",\"]",
         "public credential 1: \"key,weight\" is expected, the weight a whole number (and no name "
         "or login after it)",
         E_INVALID},
        {"[\"" G ",01\"]", "", E_INVALID},
        {"[\"" G ",1,voter\"]", "", E_INVALID},
        {"[\"" G ",100000000000000000\"]", "", E_INVALID},
        {"[\"" G ",1", "", E_INVALID},
        {"[\"" G ",4503599627370496\"]",
         "public credential 1: the weight is more than 4503599627370495", E_RANGE},
        {"[\"" G ",4503599627370495\",\"" G2 "\"]",
         "public credential 2: the weights sum to more than 4503599627370495", E_RANGE},
        {"[\"" G "\",\"" G2 "\",\"" G ",2\"]", "public credential 3: the same key as number 1",
         E_EXISTS},
        {"[\"" G2 "\",\"0000000000000000000000000000000000000000000000000000000000000001\"]",
         "public credential 2: not a key of the group Ed25519", E_INVALID},
        {"[\"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05\"]",
         "public credential 1: not a key of the group Ed25519", E_INVALID},
        {"[\"" G2 "\",\"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffee\"]",
         "public credential 2: not a key of the group Ed25519", E_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = {0};
        struct bel_roll r;
        struct diag d = {""};
        CHECK_ERR(bel_roll_read(&r, &a, bytes_str(cases[i].json), &d), cases[i].err);
        if (cases[i].text[0] || cases[i].err == E_OK)
            CHECK_STR(d.text, cases[i].text);
        arena_free(&a);
    }
}

/* Enough for several threads: the first bad key is told. */
TEST(roll_of_many)
{
    struct arena a = {0};
    struct bel_roll r, read;
    struct buf json = {0};
    struct diag d = {""};
    make_roll(&r, &a, 9000, false);
    bel_roll_write(&json, &r);
    CHECK_ERR(bel_roll_read(&read, &a, buf_view(&json), &d), E_OK);
    static const size_t bad[] = {8999, 8000, 4321, 4320, 70, 64, 63};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char expected[80];
        if (i % 2 == 0)
            memset(r.voters[bad[i]].key32, 0, 32);
        else
            memcpy(r.voters[bad[i]].key32, (const uint8_t[32]){1}, 32); /* the identity */
        buf_clear(&json);
        bel_roll_write(&json, &r);
        CHECK_ERR(bel_roll_read(&read, &a, buf_view(&json), &d), E_INVALID);
        snprintf(expected, sizeof expected, "public credential %zu: not a key of the group Ed25519",
                 bad[i] + 1);
        CHECK_STR(d.text, expected);
    }
    buf_free(&json);
    arena_free(&a);
}

TEST(roll_too_large)
{
    struct arena a = {0};
    struct buf json = {0};
    struct bel_roll r;
    struct diag d = {""};
    memset(buf_grow(&json, 2 * BEL_ROLL_MAX + 2), '"', 2 * BEL_ROLL_MAX + 2);
    CHECK_ERR(bel_roll_read(&r, &a, buf_view(&json), &d), E_TOO_LARGE);
    CHECK_STR(d.text, "public credentials: more than 2000000");
    buf_free(&json);
    arena_free(&a);
}
