/* Consultations that units were merged into: whole, and every way in which a unit can be wrong.
 *
 * The world of these tests: North and South were merged into Region, Region and West into All. */
#include "belenios/test_election.h"

enum unit { NORTH, SOUTH, WEST, REGION, ALL, OTHER, UNITS };

static const struct {
    const char *uuid, *name, *file;
} NAMES[UNITS] = {
    [NORTH] = {"8Fvs3P8wQJKtJE", "North", "north.bel"},
    [SOUTH] = {"8Fvs3P8wQJKtJF", "South", "south.bel"},
    [WEST] = {"8Fvs3P8wQJKtJG", "West", "west.bel"},
    [REGION] = {"8Fvs3P8wQJKtJH", "Region", "region.bel"},
    [ALL] = {"8Fvs3P8wQJKtJJ", "All", "all.bel"},
    [OTHER] = {"8Fvs3P8wQJKtJK", "Other", "other.bel"},
};

#define TEMPLATE(name)                                                           \
    "{\"description\":\"d\",\"name\":\"" name "\",\"questions\":[{\"answers\":[" \
    "\"a\",\"b\",\"c\"],\"min\":1,\"max\":1,\"question\":\"q\"}]}"

static struct test_election world[UNITS];
static struct bytes trustees;
/* What is handed to the verification, and what a case may change before and after merging. */
static enum unit given[2 * UNITS];
static size_t given_count;
static struct bytes given_file[2 * UNITS]; /* in place of the unit's archive; data NULL: none */

/* --- the world ---------------------------------------------------------------------------------
 */

static struct hash last_event(enum unit u)
{
    struct buf file = test_archive(&world[u]);
    struct bel_reader r;
    struct bel_record record = {0};
    struct diag d = {0};
    CHECK_ERR(bel_reader_begin(&r, buf_view(&file), &d), E_OK);
    while (bel_reader_next(&r, &record, &d) == E_OK)
        continue;
    buf_free(&file);
    return record.hash;
}

static void begin_as(enum unit u, const char *template, const char *uuid, size_t voters,
                     const uint64_t *weights)
{
    struct test_election *t = &world[u];
    struct diag d = {0};
    memset(t, 0, sizeof *t);
    if (u == NORTH)
        trustees = test_trustees_make(t, "1,1/2");
    memcpy(t->secrets, world[NORTH].secrets, sizeof t->secrets);
    struct bytes roll = test_roll_make(t, voters, weights);
    CHECK_ERR(bel_roll_read(&t->roll, &t->a, roll, &d), E_OK);
    test_setup(t, template, uuid, trustees, roll);
}

static void begin(enum unit u, size_t voters, const uint64_t *weights)
{
    static const char *const TEMPLATES[UNITS] = {[NORTH] = TEMPLATE("North"),
                                                 [SOUTH] = TEMPLATE("South"),
                                                 [WEST] = TEMPLATE("West"),
                                                 [OTHER] = TEMPLATE("Other")};
    begin_as(u, TEMPLATES[u], NAMES[u].uuid, voters, weights);
}

static void vote(enum unit u, size_t voter, const char *choice)
{
    test_cast(&world[u], voter, choice);
}

/* Names two units in place of credentials. */
static void name_units(enum unit u, enum unit a, enum unit b)
{
    char hex[2][65];
    struct buf json = {0};
    struct hash h[2] = {last_event(a), last_event(b)};
    hex_encode(hex[0], h[0].b, sizeof h[0].b);
    hex_encode(hex[1], h[1].b, sizeof h[1].b);
    buf_putf(&json, "[\"%s\",\"%s\"]", hex[0], hex[1]);
    world[u].events[0].docs[2] = test_keep(&world[u].a, &json);
    test_setup_again(&world[u]);
}

static void merge(enum unit u, const char *template, enum unit a, enum unit b)
{
    struct test_election *t = &world[u];
    memset(t, 0, sizeof *t);
    memcpy(t->secrets, world[NORTH].secrets, sizeof t->secrets);
    test_setup(t, template, NAMES[u].uuid, trustees, bytes_str("[]"));
    name_units(u, a, b);
    test_close(t);
}

/* The tally of All: what was cast last in North, South and West; and its result. */
static void count_all(void)
{
    struct test_election *t = &world[ALL];
    struct diag d = {0};
    struct bel_tally tally;
    bel_tally_init(&tally, &t->e);
    for (enum unit u = NORTH; u <= WEST; u++)
        for (size_t i = 0; i < world[u].roll.count; i++)
            if (world[u].ballots[i].data)
                CHECK_ERR(
                    bel_tally_add(&tally, world[u].ballots[i], world[u].roll.voters[i].weight),
                    E_OK);
    size_t len = 2 * EDWARDS_BYTES * t->e.ciphertext_count;
    uint8_t *sums = arena_alloc(&t->a, len);
    bel_tally_pack(sums, &tally);
    t->sums = bytes_of(sums, len);
    t->roll.total_weight = tally.total_weight;
    test_tally_docs(t, test_event(t, BEL_ENCRYPTED_TALLY), tally.ballot_count, tally.total_weight);
    bel_tally_fini(&tally);
    test_decrypt(t, 1);
    test_decrypt(t, 3);
    memcpy(t->expected, (const uint64_t[]){3, 2, 3}, 3 * sizeof *t->expected);
    CHECK_ERR(test_result(t, &d), E_OK);
    CHECK_STR(d.text, "");
}

/* A hash is a public key too, one in 16 times: not in these tests, where it would change what is
 * said. */
static bool names_are_keys(enum unit u)
{
    struct arena a = {0};
    struct bel_roll roll;
    struct diag d;
    bool are = bel_roll_read(&roll, &a, world[u].events[0].docs[2], &d) == E_OK;
    arena_free(&a);
    return are;
}

static void end_world(void)
{
    for (enum unit u = 0; u < UNITS; u++)
        if (world[u].event_count) {
            test_end(&world[u]);
            memset(&world[u], 0, sizeof world[u]);
        }
}

/* Events of All: Setup 0, EndBallots 1, EncryptedTally 2, PartialDecryptions 3 and 4, Result 5. */
static void begin_world(void (*before)(void))
{
    static const uint64_t WEIGHTS[2] = {2, 30};
    do {
        end_world();
        begin(NORTH, 3, NULL);
        vote(NORTH, 0, "[[1,0,0]]");
        vote(NORTH, 1, "[[0,1,0]]");
        begin(SOUTH, 2, WEIGHTS);
        vote(SOUTH, 0, "[[0,1,0]]");
        vote(SOUTH, 0, "[[1,0,0]]"); /* again: weight 2 */
        begin(WEST, 4, NULL);
        for (size_t i = 0; i < 4; i++)
            vote(WEST, i, "[[0,0,1]]");
        vote(WEST, 3, "[[0,1,0]]");
        test_close(&world[NORTH]);
        test_close(&world[SOUTH]);
        test_close(&world[WEST]);
        if (before)
            before();
        merge(REGION, TEMPLATE("Region"), NORTH, SOUTH);
        merge(ALL, TEMPLATE("All"), REGION, WEST);
    } while (names_are_keys(REGION) || names_are_keys(ALL));
    memcpy(given, (const enum unit[]){WEST, SOUTH, REGION, NORTH}, 4 * sizeof *given);
    given_count = 4;
    memset(given_file, 0, sizeof given_file);
}

/* --- verifying ---------------------------------------------------------------------------------
 */

/* main's archive with the given ones. */
static enum err verify(enum unit main, struct bel_report *r, struct arena *a,
                       struct bel_verify_options *o, struct diag *d)
{
    struct buf files[2 * UNITS], file = test_archive(&world[main]);
    struct bel_unit_file units[2 * UNITS];
    *d = (struct diag){0};
    for (size_t i = 0; i < given_count; i++) {
        files[i] = test_archive(&world[given[i]]);
        units[i].file = given_file[i].data ? given_file[i] : buf_view(&files[i]);
        units[i].name = NAMES[given[i]].file;
    }
    o->units = units;
    o->unit_count = given_count;
    enum err e = bel_archive_verify(r, a, buf_view(&file), o, d);
    for (size_t i = 0; i < given_count; i++)
        buf_free(&files[i]);
    buf_free(&file);
    return e;
}

static enum err verify_all(unsigned threads, struct diag *d)
{
    struct bel_report r;
    struct arena a = {0};
    struct bel_verify_options o = {.threads = threads};
    enum err e = verify(ALL, &r, &a, &o, d);
    bel_report_free(&r);
    arena_free(&a);
    return e;
}

TEST(a_whole_life)
{
    struct diag d = {0};
    begin_world(NULL);
    count_all();
    for (size_t events = 1; events <= 6; events++) {
        world[ALL].event_count = events;
        CHECK_ERR(verify_all((unsigned)events % 4, &d), E_OK);
        CHECK_STR(d.text, "");
    }
    for (size_t turn = 0; turn < given_count; turn++) { /* in any order */
        enum unit first = given[0];
        memmove(given, given + 1, 3 * sizeof *given);
        given[3] = first;
        CHECK_ERR(verify_all(1, &d), E_OK);
    }
    memcpy(given, (const enum unit[]){NORTH, SOUTH}, 2 * sizeof *given);
    given_count = 2;
    struct bel_report r;
    struct arena a = {0};
    struct bel_verify_options o = {.threads = 1};
    CHECK_ERR(verify(REGION, &r, &a, &o, &d), E_OK);
    CHECK_INT(r.unit_count, 2);
    bel_report_free(&r);
    arena_free(&a);
}

static void check_unit(const struct bel_unit *u, enum unit unit, size_t parent, uint64_t voters,
                       uint64_t ballots, uint64_t counted, uint64_t weight)
{
    struct hash last = last_event(unit);
    CHECK_STR(u->name, NAMES[unit].name);
    CHECK_STR(u->uuid, NAMES[unit].uuid);
    CHECK(hash_eq(&u->last_event, &last));
    CHECK(given[u->file] == unit && u->is_merged == (unit == REGION));
    CHECK_INT(u->parent, parent);
    CHECK_INT(u->voter_count, voters);
    CHECK_INT(u->ballot_count, ballots);
    CHECK_INT(u->counted, counted);
    CHECK_INT(u->total_weight, weight);
}

TEST(what_is_reported)
{
    struct diag d = {0};
    struct bel_report r;
    struct arena a = {0};
    struct bel_verify_options o = {.threads = 2};
    begin_world(NULL);
    count_all();
    struct hash anchor = last_event(ALL);
    struct buf older = {0};
    world[ALL].event_count = 2;
    older = test_archive(&world[ALL]);
    world[ALL].event_count = 6;
    o.anchor = &anchor;
    o.older = buf_view(&older);
    CHECK_ERR(verify(ALL, &r, &a, &o, &d), E_OK);
    REQUIRE(r.unit_count == 4);
    check_unit(&r.units[0], REGION, BEL_NO_UNIT, 5, 4, 3, 4);
    check_unit(&r.units[1], WEST, BEL_NO_UNIT, 4, 5, 4, 4);
    check_unit(&r.units[2], NORTH, 0, 3, 2, 2, 2);
    check_unit(&r.units[3], SOUTH, 0, 2, 2, 1, 2);
    CHECK_INT(r.voter_count, 9);
    CHECK_INT(r.roll_weight, 3 + 32 + 4);
    CHECK(r.has_weights && r.has_result && r.fault_event == UINT64_MAX);
    CHECK_INT(r.ballot_count, 9);
    CHECK_INT(r.counted, 7);
    CHECK_INT(r.total_weight, 8);
    CHECK_INT(r.decryption_count, 2);
    CHECK(memcmp(r.counts, world[ALL].expected, 3 * sizeof *r.counts) == 0);
    bel_report_free(&r);
    arena_free(&a);
    buf_free(&older);
}

/* --- what is wrong -----------------------------------------------------------------------------
 */

/* Before the merging: units that are named as they are. */
static void bad_ballot(void)
{
    test_change(&world[SOUTH], 1, 0, "\"challenge\":\"", "\"challenge\":\"0");
}
static void bad_roll(void)
{
    test_change(&world[WEST], 0, 2, "[\"", "[\"x");
    test_setup_again(&world[WEST]);
}
static void bad_setup(void)
{
    test_change(&world[WEST], 0, 3, "{\"election\"", "{ \"election\"");
}
static void south_as(const char *template, const char *uuid)
{
    test_end(&world[SOUTH]);
    begin_as(SOUTH, template, uuid, 2, NULL);
    vote(SOUTH, 0, "[[1,0,0]]");
    test_close(&world[SOUTH]);
}
static void other_questions(void)
{
    south_as("{\"description\":\"d\",\"name\":\"South\",\"questions\":[{\"answers\":[\"c\","
             "\"b\",\"a\"],\"min\":1,\"max\":1,\"question\":\"q\"}]}",
             NAMES[SOUTH].uuid);
}
static void other_description(void)
{
    south_as("{\"description\":\"e\",\"name\":\"South\",\"questions\":[{\"answers\":[\"a\","
             "\"b\",\"c\"],\"min\":1,\"max\":1,\"question\":\"q\"}]}",
             NAMES[SOUTH].uuid);
}
static void uuid_of_north(void)
{
    south_as(TEMPLATE("South"), NAMES[NORTH].uuid);
}
static void uuid_of_all(void)
{
    south_as(TEMPLATE("South"), NAMES[ALL].uuid);
}
static void other_trustees(void)
{
    struct bytes kept = trustees;
    trustees = test_trustees_make(&world[WEST], "1,1/2");
    south_as(TEMPLATE("South"), NAMES[SOUTH].uuid);
    trustees = kept;
}
static void not_ended(void)
{
    world[SOUTH].event_count--;
}
static void counted_alone(void)
{
    test_tally(&world[SOUTH]);
}
static void too_heavy(void)
{
    static const uint64_t WEIGHTS[2] = {1, BEL_WEIGHT_MAX - 1};
    test_end(&world[SOUTH]);
    begin(SOUTH, 2, WEIGHTS);
    test_close(&world[SOUTH]);
}

/* After it. */
static void none_given(void)
{
    given_count = 0;
}
static void two_given(void)
{
    given_count = 0;
    given[given_count++] = REGION;
    given[given_count++] = WEST;
}
static void one_missing(void)
{
    memmove(given, given + 1, --given_count * sizeof *given);
}
static void one_twice(void)
{
    given[given_count++] = SOUTH;
}
static void superfluous(void)
{
    begin(OTHER, 1, NULL);
    test_close(&world[OTHER]);
    given[given_count++] = OTHER;
}
static void itself(void)
{
    given[given_count++] = ALL;
}
static void a_ballot_less(void)
{
    test_drop(&world[SOUTH], 2);
}
static void a_unit_that_went_on(void)
{
    test_tally(&world[WEST]);
}
static void merged_twice(void)
{
    name_units(ALL, REGION, NORTH);
}
static void garbage(void)
{
    given_file[1] = bytes_str("garbage");
}
static void plain_with_units(void)
{
    world[ALL].events[0].docs[2] = world[SOUTH].events[0].docs[2];
    test_setup_again(&world[ALL]);
}
static void own_ballot(void)
{
    world[ALL].events[1] = world[NORTH].events[1];
    test_close(&world[ALL]);
}
static void upper_case(void)
{
    char *doc = (char *)world[ALL].events[0].docs[2].data;
    for (size_t i = 0; i < world[ALL].events[0].docs[2].len; i++)
        if (doc[i] >= 'a' && doc[i] <= 'f')
            doc[i] -= 'a' - 'A';
    test_setup_again(&world[ALL]);
}
static void separator(void)
{
    test_change(&world[ALL], 0, 2, "\",\"", "\";\"");
    test_setup_again(&world[ALL]);
}
static void one_name(void)
{
    struct bytes *doc = &world[ALL].events[0].docs[2];
    ((char *)doc->data)[67] = ']';
    doc->len = 68;
    test_setup_again(&world[ALL]);
}
static void sums_false(void)
{
    struct bel_tally tally;
    struct test_election *t = &world[ALL];
    count_all();
    bel_tally_init(&tally, &t->e);
    CHECK_ERR(bel_tally_load(&tally, t->sums, 7, 8), E_OK);
    CHECK_ERR(bel_tally_add(&tally, world[NORTH].ballots[0], 1), E_OK);
    bel_tally_pack((uint8_t *)t->sums.data, &tally);
    bel_tally_fini(&tally);
    test_tally_docs(t, &t->events[2], 7, 8);
}
static void number_false(void)
{
    count_all();
    test_tally_docs(&world[ALL], &world[ALL].events[2], 8, 8);
}
static void decryption_twice(void)
{
    count_all();
    world[ALL].events[4] = world[ALL].events[3];
}
static void result_false(void)
{
    count_all();
    world[ALL].events[5].docs[0] = bytes_str("{\"result\":[[3,3,2]]}");
}

TEST(every_fault_is_told)
{
    static const struct {
        void (*before)(void), (*after)(void);
        enum err expected;
        uint64_t event;
        const char *words, *more;
    } CASES[] = {
        {bad_ballot, NULL, E_JSON, 0,
         "event 0 (Setup): unit south.bel: event 1 (Ballot): ballot 1 (", "question 1"},
        {bad_roll, NULL, E_INVALID, 0, "unit west.bel: public credential 1: 64 lower-case", ""},
        {bad_setup, NULL, E_INVALID, 0, "unit west.bel: setup_data does not name", ""},
        {other_questions, NULL, E_PROOF, 0,
         "unit south.bel: its description or questions are not those of this consultation", ""},
        {other_description, NULL, E_PROOF, 0, "unit south.bel: its description or questions", ""},
        {uuid_of_north, NULL, E_EXISTS, 0, "unit south.bel: its uuid 8Fvs3P8wQJKtJE is another's",
         ""},
        {uuid_of_all, NULL, E_EXISTS, 0, "unit south.bel: its uuid 8Fvs3P8wQJKtJJ is another's",
         ""},
        {other_trustees, NULL, E_PROOF, 0, "unit south.bel: its trustees are not those of", ""},
        {not_ended, NULL, E_INVALID, 0, "unit south.bel: its last event is Ballot: its voting had",
         ""},
        {counted_alone, NULL, E_INVALID, 0, "unit south.bel: its last event is EncryptedTally", ""},
        {too_heavy, NULL, E_RANGE, 0, "unit south.bel: the weights of all units sum to more than",
         ""},
        {NULL, none_given, E_UNSUPPORTED, 0, "event 0 (Setup): 2 units were merged into this",
         "--unit FILE.bel"},
        {NULL, two_given, E_UNSUPPORTED, 0, "unit region.bel: the archive of a unit is not given",
         ""},
        {NULL, one_missing, E_UNSUPPORTED, 0, "Setup): the archive of a unit is not given", ""},
        {NULL, one_twice, E_EXISTS, 0, "unit south.bel: given twice: the same archive as south.bel",
         ""},
        {NULL, superfluous, E_NOT_FOUND, 0, "unit other.bel: its last event is ",
         "which this consultation does not name"},
        {NULL, itself, E_NOT_FOUND, 0, "unit all.bel: its last event is ", ""},
        {NULL, a_ballot_less, E_NOT_FOUND, 0, "unit south.bel: its last event is ",
         "; the unit that ends with "},
        {NULL, a_unit_that_went_on, E_NOT_FOUND, 0, "unit west.bel: its last event is ", ""},
        {NULL, merged_twice, E_EXISTS, 0, "unit north.bel: merged twice: its ballots would", ""},
        {NULL, garbage, E_INVALID, 0, "unit south.bel: not a Belenios archive", ""},
        {NULL, plain_with_units, E_INVALID, 0, "no units were merged into this one", ""},
        {NULL, own_ballot, E_INVALID, 0, "no units were merged into this one", ""},
        {NULL, upper_case, E_INVALID, 0, "no units were merged into this one", ""},
        {NULL, separator, E_INVALID, 0, "no units were merged into this one", ""},
        {NULL, one_name, E_INVALID, 0, "no units were merged into this one", ""},
        {NULL, sums_false, E_PROOF, 2, "event 2 (EncryptedTally): question 1, answer 1: the encr",
         "is not the sum of the ballots that count"},
        {NULL, number_false, E_PROOF, 2, "num_tallied is 8 and total_weight 8; 7 ballots of weight",
         ""},
        {NULL, decryption_twice, E_EXISTS, 4, "trustee 1 has decrypted before", ""},
        {NULL, result_false, E_PROOF, 5, "event 5 (Result): question 1, answer 2", ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct diag d = {0};
        struct bel_report r;
        struct arena a = {0};
        struct bel_verify_options o = {.threads = 2};
        begin_world(CASES[i].before);
        if (CASES[i].after)
            CASES[i].after();
        enum err e = verify(ALL, &r, &a, &o, &d);
        if (e != CASES[i].expected || r.fault_event != CASES[i].event ||
            !strstr(d.text, CASES[i].words) || !strstr(d.text, CASES[i].more))
            test_fail(__FILE__, __LINE__, "case %zu (%s): %s, event %lld: %s", i, CASES[i].words,
                      err_name(e), (long long)r.fault_event, d.text);
        bel_report_free(&r);
        arena_free(&a);
    }
    test_count(sizeof CASES / sizeof *CASES);
}

/* One in 16 hashes is a public key too, so names of units may be taken for voters; their sums are
 * not those of voters who did not vote, and both are told. */
TEST(names_that_are_keys)
{
    struct diag d = {0};
    struct test_election *t = &world[OTHER];
    end_world();
    test_begin(t, TEST_SIMPLE, "1", 2, NULL);
    t->ballots[0] = test_ballot(t, &t->x[0], "[[1,0,0]]");
    test_close(t);
    test_tally(t);
    CHECK_ERR(test_verify(t, &d), E_PROOF);
    CHECK(strstr(d.text, "event 2 (EncryptedTally): question 1, answer 1: the encrypted tally is "
                         "not the sum of the ballots that count; or: 2 units were merged"));
}

/* More names than one message has room for. */
TEST(many_units)
{
    struct diag d = {0};
    struct buf json = {0};
    for (size_t count = 7; count <= BEL_UNITS_MAX + 1; count += BEL_UNITS_MAX - 6) {
        begin_world(NULL);
        for (size_t i = 0; i < count; i++) {
            struct hash h = test_hash(bytes_of(&i, sizeof i));
            char hex[65];
            hex_encode(hex, h.b, sizeof h.b);
            buf_putf(&json, "%s\"%s\"", i ? "," : "[", hex);
        }
        buf_puts(&json, "]");
        world[ALL].events[0].docs[2] = test_keep(&world[ALL].a, &json);
        test_setup_again(&world[ALL]);
        given_count = 0;
        CHECK_ERR(verify_all(1, &d), count <= BEL_UNITS_MAX ? E_UNSUPPORTED : E_INVALID);
        CHECK(strstr(d.text, count <= BEL_UNITS_MAX ? ", ..." : "public credential 1: not a key"));
    }
    end_world();
}
