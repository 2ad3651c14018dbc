/* Whole elections of our own, from setup to result; threads, progress, older copies. */
#include "belenios/test_election.h"

static struct test_election poll;

/* --- elections that hold -----------------------------------------------------------------------
 */

/* A whole life in which only the given owners decrypt. */
static void whole_life(const char *trustees, unsigned owners, enum err expected)
{
    static const uint64_t WEIGHTS[5] = {1, 3, 0, 2, 10};
    struct diag d = {0};
    test_begin(&poll, TEST_MIXED, trustees, 5, WEIGHTS);
    CHECK_ERR(test_verify(&poll, &d), E_OK);
    test_cast(&poll, 0, "[[1,0,0],[1,0,1],[[1,1,0],[0,0]]]");
    test_cast(&poll, 1, "[[0,1,0],[0,0,0],[[0,0,0],[1,1]]]");
    test_cast(&poll, 2, "[[0,0,1],[0,0,1],[[0,0,0],[1,1]]]");
    test_cast(&poll, 0, "[[0,0,1],[1,1,0],[[1,1,1],[0,0]]]"); /* again */
    test_cast(&poll, 4, "[[0,1,0],[0,1,0],[[1,0,1],[0,0]]]");
    test_cast(&poll, 0, "[[0,1,0],[1,0,0],[[1,0,1],[0,0]]]"); /* and again */
    test_expect(&poll, 0, "[[0,1,0],[1,0,0],[[1,0,1],[0,0]]]");
    test_expect(&poll, 1, "[[0,1,0],[0,0,0],[[0,0,0],[1,1]]]");
    test_expect(&poll, 2, "[[0,0,1],[0,0,1],[[0,0,0],[1,1]]]");
    test_expect(&poll, 4, "[[0,1,0],[0,1,0],[[1,0,1],[0,0]]]");
    CHECK_ERR(test_verify(&poll, &d), E_OK);
    test_close(&poll);
    CHECK_ERR(test_verify(&poll, &d), E_OK);
    test_tally(&poll);
    CHECK_ERR(test_verify(&poll, &d), E_OK);
    CHECK_STR(d.text, "");
    for (uint64_t owner = poll.trustees.count; owner >= 1; owner--)
        if (owners >> (owner - 1) & 1)
            test_decrypt(&poll, owner);
    CHECK_ERR(test_verify(&poll, &d), E_OK);
    CHECK_ERR(test_result(&poll, &d), expected);
    CHECK_ERR(test_verify(&poll, &d), E_OK);
    test_end(&poll);
}

TEST(whole_lives)
{
    whole_life("1", 1, E_OK);
    whole_life("2", 3, E_OK);
    whole_life("2", 2, E_NOT_FOUND);
    for (unsigned owners = 1; owners < 8; owners++)
        whole_life("2/3", owners, __builtin_popcount(owners) >= 2 ? E_OK : E_NOT_FOUND);
    whole_life("1,1/2", 5, E_OK);
    whole_life("1,1/2", 6, E_NOT_FOUND);
}

TEST(nobody_voted)
{
    struct diag d = {0};
    test_begin(&poll, TEST_SIMPLE, "1,1/2", 3, NULL);
    test_close(&poll);
    test_tally(&poll);
    test_decrypt(&poll, 1);
    test_decrypt(&poll, 3);
    CHECK_ERR(test_result(&poll, &d), E_OK);
    CHECK_ERR(test_verify(&poll, &d), E_OK);
    test_end(&poll);
}

TEST(what_is_reported)
{
    static const uint64_t WEIGHTS[3] = {4, 5, 6};
    struct diag d = {0};
    struct bel_report r;
    struct arena a = {0};
    struct bel_verify_options o = {.threads = 1};
    test_begin(&poll, TEST_SIMPLE, "1,1/2", 3, WEIGHTS);
    test_cast(&poll, 0, "[[1,0,0]]");
    test_cast(&poll, 1, "[[0,1,0]]");
    test_cast(&poll, 0, "[[0,1,0]]");
    struct buf file = test_archive(&poll);
    CHECK_ERR(bel_archive_verify(&r, &a, buf_view(&file), &o, &d), E_OK);
    CHECK(r.has_setup && !r.has_result && r.last_event == BEL_BALLOT);
    CHECK_INT(r.event_count, 4);
    CHECK_INT(r.ballot_count, 3);
    CHECK_INT(r.counted, 2);
    CHECK_INT(r.total_weight, 9);
    CHECK_INT(r.roll.total_weight, 15);
    CHECK_INT(r.trustees.count, 3);
    CHECK(r.fault_event == UINT64_MAX);
    CHECK_STR(r.election.uuid, TEST_UUID);
    struct bel_reader reader;
    struct bel_record record = {0};
    CHECK_ERR(bel_reader_begin(&reader, buf_view(&file), &d), E_OK);
    while (bel_reader_next(&reader, &record, &d) == E_OK)
        CHECK(record.offset > 0);
    CHECK(hash_eq(&r.last_hash, &record.hash));
    bel_report_free(&r);
    buf_free(&file);
    arena_free(&a);
    test_end(&poll);
}

/* --- many ballots ------------------------------------------------------------------------------
 */

/* Of three bad ballots the first is told, whatever the threads do. */
TEST(the_first_fault_on_any_number_of_threads)
{
    struct diag first = {0};
    test_begin(&poll, TEST_SIMPLE, "1", 60, NULL);
    for (size_t i = 0; i < 60; i++)
        test_cast(&poll, i, "[[1,0,0]]");
    test_close(&poll);
    test_tally(&poll);
    struct diag d = {0};
    CHECK_ERR(test_verify(&poll, &d), E_OK);
    test_change(&poll, 24, 0, "\"challenge\":\"", "\"challenge\":\"0");
    for (size_t i = 30; i < 60; i++) {
        struct ed_scalar x = ed_secret_scalar();
        poll.events[i].docs[0] = test_ballot_doc(&poll, test_ballot(&poll, &x, "[[1,0,0]]"));
    }
    poll.events[55] = poll.events[54]; /* a copy of a bad one, told after it */
    for (unsigned threads = 0; threads <= 16; threads++)
        for (size_t run = 0; run < 5; run++) {
            struct bel_verify_options o = {.threads = threads};
            CHECK_ERR(test_verify_with(&poll, &o, &d), E_JSON);
            CHECK(strstr(d.text, "event 24 (Ballot): ballot 24 ("));
            CHECK(!first.text[0] || strcmp(first.text, d.text) == 0);
            first = d;
        }
    test_end(&poll);
}

struct ticks {
    uint64_t done, total;
    size_t count;
    bool rising;
};

static void note_tick(void *ctx, const char *what, uint64_t done, uint64_t total)
{
    struct ticks *x = ctx;
    x->rising = x->rising && done >= x->done && done <= total && what[0];
    *x = (struct ticks){done, total, x->count + 1, x->rising};
}

TEST(progress)
{
    struct diag d = {0};
    struct ticks x = {.rising = true};
    struct bel_verify_options o = {.threads = 3, .tick = note_tick, .tick_ctx = &x};
    test_begin(&poll, TEST_SIMPLE, "1", 40, NULL);
    for (size_t i = 0; i < 40; i++)
        test_cast(&poll, i, "[[1,0,0]]");
    CHECK_ERR(test_verify_with(&poll, &o, &d), E_OK);
    CHECK(x.rising && x.count > 0 && x.done == 40 && x.total == 40);
    test_end(&poll);
}

/* --- an older copy, a trusted event ------------------------------------------------------------
 */

TEST(what_was_there_before)
{
    struct diag d = {0};
    struct bel_verify_options o = {.threads = 1};
    test_full(&poll);
    size_t whole = poll.event_count;
    poll.event_count = 4;
    struct buf older = test_archive(&poll);
    poll.event_count = whole;
    o.older = buf_view(&older);
    CHECK_ERR(test_verify_with(&poll, &o, &d), E_OK);
    struct bel_reader r;
    struct bel_record record = {0}, last = {0};
    REQUIRE(bel_reader_begin(&r, o.older, &d) == E_OK);
    while (bel_reader_next(&r, &record, &d) == E_OK)
        last = record;
    o.anchor = &last.hash;
    CHECK_ERR(test_verify_with(&poll, &o, &d), E_OK);
    test_drop(&poll, 2);
    CHECK_ERR(test_verify_with(&poll, &o, &d), E_PROOF);
    CHECK(strstr(d.text, "event 2 (Ballot): the older copy has another event here"));
    poll.event_count = 2;
    CHECK_ERR(test_verify_with(&poll, &o, &d), E_PROOF);
    CHECK_STR(d.text, "the older copy goes on after event 1, where this archive ends");
    older.len -= 512; /* ends within its last record */
    o.older = buf_view(&older);
    poll.event_count = 1;
    CHECK_ERR(test_verify_with(&poll, &o, &d), E_PROOF);
    older.len = 512 * 20;
    memset(older.data + 1024, 'x', 100);
    o.older = buf_view(&older);
    CHECK_ERR(test_verify_with(&poll, &o, &d), E_INVALID);
    CHECK(strstr(d.text, "the older copy: record at byte 1024"));
    o.older = bytes_str("nothing");
    CHECK_ERR(test_verify_with(&poll, &o, &d), E_INVALID);
    CHECK(strstr(d.text, "the older copy: not a Belenios archive"));
    o.older = (struct bytes){0};
    CHECK_ERR(test_verify_with(&poll, &o, &d), E_PROOF);
    CHECK(strstr(d.text, "the trusted event is not in this archive"));
    buf_free(&older);
    test_end(&poll);
}
