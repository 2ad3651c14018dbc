/* Sums, partial decryptions, results: every subset of trustees, every change refused. */
#include "belenios/test_election.h"

static struct test_election poll;

/* Ballots of eight voters with weights, one of them 0. */
static void begin(const char *trustees)
{
    static const uint64_t WEIGHTS[8] = {1, 2, 3, 0, 5, 1000000, 7, 1};
    static const char *const CHOICES[3] = {"[[1,0,0]]", "[[0,1,0]]", "[[0,0,1]]"};
    test_begin(&poll, TEST_SIMPLE, trustees, 8, WEIGHTS);
    for (size_t i = 0; i < 8; i++) {
        test_cast(&poll, i, CHOICES[i % 3]);
        test_expect(&poll, i, CHOICES[i % 3]);
    }
}

static bool same_sums(const struct bel_tally *a, const struct bel_tally *b)
{
    uint8_t x[2][2 * EDWARDS_BYTES * 3];
    bel_tally_pack(x[0], a);
    bel_tally_pack(x[1], b);
    return memcmp(x[0], x[1], sizeof x[0]) == 0 && a->ballot_count == b->ballot_count &&
           a->total_weight == b->total_weight;
}

TEST(sums_do_not_depend_on_the_way)
{
    struct bel_tally one, two, empty;
    uint64_t weights[200];
    struct bytes packed[200];
    begin("1");
    bel_tally_init(&one, &poll.e);
    bel_tally_init(&two, &poll.e);
    bel_tally_init(&empty, &poll.e);
    for (size_t i = 0; i < 200; i++) {
        packed[i] = poll.ballots[i % 8];
        weights[i] = poll.roll.voters[i % 8].weight;
        CHECK_ERR(bel_tally_add(&one, packed[i], weights[i]), E_OK);
    }
    CHECK_INT(one.ballot_count, 200);
    CHECK_INT(one.total_weight, 25 * poll.roll.total_weight);
    for (unsigned threads = 0; threads < 9; threads++) {
        struct bel_tally many;
        bel_tally_init(&many, &poll.e);
        CHECK_ERR(bel_tally_many(&many, packed, weights, 200, threads), E_OK);
        CHECK(same_sums(&one, &many));
        bel_tally_fini(&many);
    }
    /* half and half, merged; then taken out again */
    for (size_t i = 0; i < 100; i++) {
        CHECK_ERR(bel_tally_add(&two, packed[i], weights[i]), E_OK);
        CHECK_ERR(bel_tally_remove(&one, packed[i], weights[i]), E_OK);
    }
    bel_tally_merge(&two, &one);
    bel_tally_subtract(&two, &one);
    for (size_t i = 0; i < 100; i++)
        CHECK_ERR(bel_tally_remove(&two, packed[i], weights[i]), E_OK);
    CHECK(same_sums(&two, &empty));
    CHECK_ERR(bel_tally_many(&two, packed, weights, 0, 4), E_OK);
    CHECK(same_sums(&two, &empty));
    bel_tally_fini(&one);
    bel_tally_fini(&two);
    bel_tally_fini(&empty);
    test_end(&poll);
}

/* Revotes of heavy voters: the weights pass 2^64 before the replaced ballots are taken out. */
TEST(weights_may_wrap_on_the_way)
{
    struct bel_tally all, replaced, counting;
    begin("1");
    bel_tally_init(&all, &poll.e);
    bel_tally_init(&replaced, &poll.e);
    bel_tally_init(&counting, &poll.e);
    CHECK_ERR(bel_tally_add(&replaced, poll.ballots[0], BEL_WEIGHT_MAX), E_OK);
    for (int doubled = 0; doubled < 13; doubled++) {
        struct bel_tally twin;
        bel_tally_init(&twin, &poll.e);
        bel_tally_merge(&twin, &replaced);
        bel_tally_merge(&replaced, &twin);
        bel_tally_fini(&twin);
    }
    CHECK_ERR(bel_tally_add(&counting, poll.ballots[1], BEL_WEIGHT_MAX), E_OK);
    bel_tally_merge(&all, &replaced);
    bel_tally_merge(&all, &counting);
    CHECK(all.total_weight < replaced.total_weight);
    bel_tally_subtract(&all, &replaced);
    CHECK(same_sums(&all, &counting));
    bel_tally_fini(&all);
    bel_tally_fini(&replaced);
    bel_tally_fini(&counting);
    test_end(&poll);
}

TEST(a_bad_ballot_changes_nothing)
{
    struct bel_tally tally, empty;
    uint8_t bad[4096];
    struct bytes packed[40];
    uint64_t weights[40];
    begin("1");
    bel_tally_init(&tally, &poll.e);
    bel_tally_init(&empty, &poll.e);
    REQUIRE(poll.e.ballot_bytes <= sizeof bad);
    memcpy(bad, poll.ballots[0].data, poll.e.ballot_bytes);
    memset((uint8_t *)bel_ballot_ciphertext(&poll.e, bytes_of(bad, poll.e.ballot_bytes), 2), 0xff,
           32);
    CHECK_ERR(bel_tally_add(&tally, bytes_of(bad, poll.e.ballot_bytes), 1), E_INVALID);
    CHECK_ERR(bel_tally_add(&tally, bytes_of(bad, 7), 1), E_INVALID);
    for (size_t i = 0; i < 40; i++) {
        packed[i] = poll.ballots[1];
        weights[i] = 1;
    }
    packed[39] = bytes_of(bad, poll.e.ballot_bytes);
    CHECK_ERR(bel_tally_many(&tally, packed, weights, 40, 2), E_INVALID);
    CHECK(same_sums(&tally, &empty));
    bel_tally_fini(&tally);
    bel_tally_fini(&empty);
    test_end(&poll);
}

TEST(sums_packed_and_written)
{
    struct bel_tally tally, again;
    struct buf json = {0}, packed = {0};
    uint8_t sums[2 * EDWARDS_BYTES * 3];
    struct diag d = {0};
    begin("1");
    bel_tally_init(&tally, &poll.e);
    bel_tally_init(&again, &poll.e);
    for (size_t i = 0; i < 8; i++)
        CHECK_ERR(bel_tally_add(&tally, poll.ballots[i], poll.roll.voters[i].weight), E_OK);
    bel_tally_pack(sums, &tally);
    CHECK_ERR(bel_tally_load(&again, bytes_of(sums, sizeof sums), 8, poll.roll.total_weight), E_OK);
    CHECK(same_sums(&tally, &again));
    bel_sums_write(&json, &poll.e, bytes_of(sums, sizeof sums));
    CHECK_ERR(bel_sums_read(&packed, &poll.e, buf_view(&json), &d), E_OK);
    CHECK(bytes_eq(buf_view(&packed), bytes_of(sums, sizeof sums)));
    /* refused: another length, a point of order 2 */
    CHECK_ERR(bel_tally_load(&again, bytes_of(sums, 64), 8, 1), E_INVALID);
    memset(sums, 0xff, 32);
    sums[0] = 0xec;
    sums[31] = 0x7f;
    CHECK_ERR(bel_tally_load(&again, bytes_of(sums, sizeof sums), 8, 1), E_INVALID);
    CHECK(same_sums(&tally, &again));
    buf_free(&json);
    buf_free(&packed);
    bel_tally_fini(&tally);
    bel_tally_fini(&again);
    test_end(&poll);
}

static enum err read_sums(const char *text, struct diag *d)
{
    struct buf packed = {0};
    enum err e = bel_sums_read(&packed, &poll.e, bytes_str(text), d);
    buf_free(&packed);
    return e;
}

TEST(sums_malformed)
{
#define Z "0000000000000000000000000000000000000000000000000000000000000001"
#define C "{\"alpha\":\"" Z "\",\"beta\":\"" Z "\"}"
    static const struct {
        const char *json;
        enum err expected;
        const char *words;
    } CASES[] = {
        {"[[" C "," C "," C "]]", E_OK, ""},
        {"[[" C "," C "," C "]", E_JSON, "encrypted tally"},
        {"{}", E_INVALID, "1 questions"},
        {"[]", E_INVALID, "1 questions"},
        {"[[" C "," C "]]", E_INVALID, "question 1: not as many"},
        {"[" C "]", E_INVALID, "question 1: not as many"},
        {"[[" C ",{\"alpha\":\"" Z "\"}," C "]]", E_INVALID, "question 1, answer 2: malformed"},
        {"[[" C "," C ",{\"alpha\":\"1\",\"beta\":\"" Z "\"}]]", E_INVALID, "answer 3: malformed"},
        {"[[" C "," C ", " C "]]", E_INVALID, "canonical"},
    };
    begin("1");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct diag d = {0};
        enum err e = read_sums(CASES[i].json, &d);
        if (e != CASES[i].expected || !strstr(d.text, CASES[i].words))
            test_fail(__FILE__, __LINE__, "%s: %s: %s", CASES[i].json, err_name(e), d.text);
    }
    test_count(sizeof CASES / sizeof *CASES);
    /* refused by its length, before memory is spent on its content */
    struct buf long_one = {0};
    struct diag d = {0};
    buf_puts(&long_one, "[");
    while (long_one.len < 1u << 20)
        buf_puts(&long_one, "0,");
    CHECK_ERR(read_sums(buf_cstr(&long_one), &d), E_TOO_LARGE);
    CHECK(strstr(d.text, "encrypted tally: "));
    buf_free(&long_one);
    test_end(&poll);
}

/* --- partial decryptions -----------------------------------------------------------------------
 */

TEST(a_partial_decryption)
{
    struct buf json = {0}, packed = {0};
    struct diag d = {0};
    begin("2");
    test_tally(&poll);
    test_decrypt(&poll, 1);
    struct bytes good = poll.decryptions[0];
    const uint8_t *key = poll.trustees.trustees[0].key32;
    CHECK_INT(good.len, bel_decryption_bytes(&poll.e));
    CHECK_ERR(bel_decryption_check(&poll.e, poll.sums, good, key, &d), E_OK);
    bel_decryption_write(&json, &poll.e, good);
    CHECK_ERR(bel_decryption_read(&packed, &poll.e, buf_view(&json), &d), E_OK);
    CHECK(bytes_eq(buf_view(&packed), good));
    /* another trustee's key, another sum, another length */
    CHECK_ERR(bel_decryption_check(&poll.e, poll.sums, good, poll.trustees.trustees[1].key32, &d),
              E_PROOF);
    CHECK(strstr(d.text, "question 1, answer 1: the decryption proof does not hold"));
    uint8_t other[2 * EDWARDS_BYTES * 3];
    memcpy(other, poll.sums.data, sizeof other);
    memcpy(other + 64, other, 32);
    CHECK_ERR(bel_decryption_check(&poll.e, bytes_of(other, sizeof other), good, key, &d), E_PROOF);
    CHECK(strstr(d.text, "answer 2"));
    CHECK_ERR(bel_decryption_check(&poll.e, poll.sums, bytes_of(good.data, good.len - 1), key, &d),
              E_INVALID);
    memset(other, 0xff, 32);
    CHECK_ERR(bel_decryption_check(&poll.e, poll.sums, good, other, &d), E_INVALID);
    CHECK(strstr(d.text, "the trustee's key"));
    /* any bit */
    for (size_t i = 0; i < packed.len; i++) {
        packed.data[i] ^= 1;
        enum err e = bel_decryption_check(&poll.e, poll.sums, buf_view(&packed), key, &d);
        CHECK(e == E_PROOF || e == E_INVALID);
        packed.data[i] ^= 1;
    }
    /* a factor outside the subgroup, a number above q */
    memset(packed.data, 0, 32);
    CHECK_ERR(bel_decryption_check(&poll.e, poll.sums, buf_view(&packed), key, &d), E_INVALID);
    CHECK(strstr(d.text, "the decryption factor is not a point"));
    memcpy(packed.data, good.data, good.len);
    memset(packed.data + 32, 0xff, 32);
    CHECK_ERR(bel_decryption_check(&poll.e, poll.sums, buf_view(&packed), key, &d), E_INVALID);
    CHECK(strstr(d.text, "out of range"));
    buf_free(&json);
    buf_free(&packed);
    test_end(&poll);
}

TEST(partial_decryptions_malformed)
{
#define P "{\"challenge\":\"1\",\"response\":\"2\"}"
#define F "\"" Z "\""
    static const struct {
        const char *json;
        enum err expected;
        const char *words;
    } CASES[] = {
        {"{\"decryption_factors\":[[" F "," F "," F "]],\"decryption_proofs\":[[" P "," P "," P
         "]]}",
         E_OK, ""},
        {"{", E_JSON, "partial decryption"},
        {"[]", E_INVALID, "not an object"},
        {"{\"decryption_factors\":[[" F "," F "]],\"decryption_proofs\":[[" P "," P "," P "]]}",
         E_INVALID, "decryption_factors: question 1"},
        {"{\"decryption_factors\":[[" F "," F "," F "]]}", E_INVALID, "decryption_proofs"},
        {"{\"decryption_factors\":[[" F "," F ",7]],\"decryption_proofs\":[[" P "," P "," P "]]}",
         E_INVALID, "answer 3: malformed"},
        {"{\"decryption_factors\":[[" F "," F "," F "]],\"decryption_proofs\":[[" P ",{}," P "]]}",
         E_INVALID, "answer 2: malformed"},
        {"{\"decryption_proofs\":[[" P "," P "," P "]],\"decryption_factors\":[[" F "," F "," F
         "]]}",
         E_INVALID, "canonical"},
    };
    begin("1");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct diag d = {0};
        struct buf packed = {0};
        enum err e = bel_decryption_read(&packed, &poll.e, bytes_str(CASES[i].json), &d);
        if (e != CASES[i].expected || !strstr(d.text, CASES[i].words))
            test_fail(__FILE__, __LINE__, "%s: %s: %s", CASES[i].json, err_name(e), d.text);
        buf_free(&packed);
    }
    test_count(sizeof CASES / sizeof *CASES);
    test_end(&poll);
}

/* --- opening -----------------------------------------------------------------------------------
 */

/* Opens with the owners whose bit is set, in rising or falling order. */
static enum err open_with(unsigned owners, bool falling, struct diag *d)
{
    uint64_t who[16];
    struct bytes what[16];
    size_t count = 0;
    for (unsigned k = 0; k < poll.trustees.count; k++) {
        unsigned i = falling ? (unsigned)poll.trustees.count - 1 - k : k;
        if (owners >> i & 1) {
            who[count] = i + 1;
            what[count++] = poll.decryptions[i];
        }
    }
    struct ed_point points[3];
    enum err enough = bel_decryptions_suffice(&poll.trustees, who, count, NULL);
    enum err e = bel_open(points, &poll.e, &poll.trustees, poll.sums, who, what, count, d);
    CHECK(enough == E_OK || enough == e);
    return e == E_OK ? bel_result_check(poll.expected, &poll.e, points, d) : e;
}

static bool suffices(unsigned owners)
{
    for (size_t i = 0; i < poll.trustees.entry_count; i++) {
        const struct bel_trustees_entry *entry = &poll.trustees.entries[i];
        unsigned members = owners >> entry->first & ((1u << entry->size) - 1);
        if ((uint32_t)__builtin_popcount(members) < (entry->threshold ? entry->threshold : 1))
            return false;
    }
    return true;
}

TEST(every_subset_of_trustees)
{
    static const char *const SPECS[] = {"1", "3", "1/2", "2/3", "3/4", "1,2/3", "1,2/4,1"};
    size_t cases = 0;
    for (size_t i = 0; i < sizeof SPECS / sizeof *SPECS; i++) {
        begin(SPECS[i]);
        test_tally(&poll);
        for (uint64_t owner = 1; owner <= poll.trustees.count; owner++)
            test_decrypt(&poll, owner);
        for (unsigned owners = 0; owners < 1u << poll.trustees.count; owners++, cases++)
            for (int falling = 0; falling < 2; falling++)
                CHECK_ERR(open_with(owners, falling, NULL), suffices(owners) ? E_OK : E_NOT_FOUND);
        test_end(&poll);
    }
    test_count(cases);
}

TEST(who_is_missing)
{
    struct diag d = {0};
    begin("1,2/3");
    test_tally(&poll);
    for (uint64_t owner = 1; owner <= 4; owner++)
        test_decrypt(&poll, owner);
    CHECK_ERR(open_with(0xe, false, &d), E_NOT_FOUND);
    CHECK_STR(d.text, "the partial decryption of trustee 1 is missing");
    CHECK_ERR(open_with(0x5, false, &d), E_NOT_FOUND);
    CHECK_STR(d.text, "1 partial decryptions of trustees 2 to 4: 2 are needed");
    /* owners that are nobody, and one twice, do not count */
    uint64_t who[4] = {0, 99, 3, 3};
    CHECK_ERR(bel_decryptions_suffice(&poll.trustees, who, 4, &d), E_NOT_FOUND);
    /* factors that are no points */
    uint8_t bad[3 * 96];
    memset(bad, 0xff, sizeof bad);
    poll.decryptions[0] = bytes_of(bad, sizeof bad);
    CHECK_ERR(open_with(0xf, false, &d), E_INVALID);
    test_end(&poll);
}

/* --- results -----------------------------------------------------------------------------------
 */

static enum err find(uint64_t *out, uint64_t n, bool negative, uint64_t bound)
{
    struct ed_point points[3];
    uint64_t counts[3];
    struct diag d = {0};
    for (size_t i = 0; i < 3; i++) {
        ed_mul_small(&points[i], &ED_BASE, n);
        if (negative)
            ed_neg(&points[i], &points[i]);
    }
    enum err e = bel_result_find(counts, &poll.e, points, bound, &d);
    *out = e == E_OK ? counts[2] : 0;
    return e;
}

TEST(logarithms)
{
    uint64_t found;
    size_t cases = 0;
    begin("1");
    for (uint64_t bound = 0; bound < 40; bound++)
        for (uint64_t n = 0; n < 50; n++, cases++) {
            CHECK_ERR(find(&found, n, false, bound), n <= bound ? E_OK : E_NOT_FOUND);
            CHECK(n > bound || found == n);
            CHECK_ERR(find(&found, n, true, bound), n == 0 ? E_OK : E_NOT_FOUND);
        }
    static const uint64_t BOUNDS[] = {1000, 999983, 1000000007, UINT64_C(1) << 36};
    for (size_t i = 0; i < sizeof BOUNDS / sizeof *BOUNDS; i++, cases += 4) {
        uint64_t b = BOUNDS[i], inside = test_random() % b;
        CHECK_ERR(find(&found, b, false, b), E_OK);
        CHECK(found == b);
        CHECK_ERR(find(&found, inside, false, b), E_OK);
        CHECK(found == inside);
        CHECK_ERR(find(&found, b - 1, false, b), E_OK);
        CHECK(found == b - 1);
        CHECK_ERR(find(&found, b + 1, false, b), E_NOT_FOUND);
    }
    test_count(cases);
    test_end(&poll);
}

TEST(results_as_documents)
{
    static const struct {
        const char *json;
        enum err expected;
        const char *words;
    } CASES[] = {
        {"{\"result\":[[0,1073741823,\"1073741824\"]]}", E_OK, ""},
        {"{\"result\":[[0,1073741824,1]]}", E_INVALID, "canonical"},
        {"{\"result\":[[0,\"12\",1]]}", E_INVALID, "canonical"},
        {"{\"result\":[[0,1,-1]]}", E_INVALID, "answer 3: malformed"},
        {"{\"result\":[[0,1]]}", E_INVALID, "question 1: not as many"},
        {"{\"result\":[]}", E_INVALID, "1 questions"},
        {"{\"result\":[[0,1,2]],\"more\":1}", E_INVALID, "canonical"},
        {"[]", E_INVALID, "result"},
        {"[", E_JSON, "result"},
    };
    begin("1");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct diag d = {0};
        uint64_t counts[3];
        enum err e = bel_result_read(counts, &poll.e, bytes_str(CASES[i].json), &d);
        if (e != CASES[i].expected || !strstr(d.text, CASES[i].words))
            test_fail(__FILE__, __LINE__, "%s: %s: %s", CASES[i].json, err_name(e), d.text);
        CHECK(e != E_OK || (counts[0] == 0 && counts[1] == 1073741823 && counts[2] == 1073741824));
    }
    test_count(sizeof CASES / sizeof *CASES);
    test_end(&poll);
}

TEST(sizes_as_documents)
{
    struct buf json = {0};
    struct hash h = {{0}};
    bel_sized_write(&json, 3, 1073741824, &h);
    CHECK_STR(buf_cstr(&json),
              "{\"num_tallied\":3,\"total_weight\":\"1073741824\",\"encrypted_tally\":"
              "\"0000000000000000000000000000000000000000000000000000000000000000\"}");
    buf_clear(&json);
    bel_owned_write(&json, 2, &h);
    CHECK_STR(buf_cstr(&json),
              "{\"owner\":2,\"payload\":"
              "\"0000000000000000000000000000000000000000000000000000000000000000\"}");
    buf_free(&json);
}
