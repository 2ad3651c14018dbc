/* Files of hints beside archives: written, read, of use; and whatever is wrong with them, the
 * answer about the archive is the one without. */
#include "belenios/hints.h"
#include "belenios/test_election.h"
#include "belenios/test_files.h"

#define VOTERS 40u

static struct test_election poll;

static enum err put(void *ctx, struct bytes piece, struct diag *d)
{
    (void)d;
    buf_put(ctx, piece.data, piece.len);
    return E_OK;
}

static struct buf hints_of(struct bytes archive, uint64_t ballots)
{
    struct buf out = {0};
    struct diag d = {0};
    uint64_t count = 0;
    CHECK_ERR(bel_hints_file_make(archive, &(struct bel_verify_options){.threads = 2}, put, &out,
                                  &count, &d),
              E_OK);
    CHECK_INT(count, ballots);
    return out;
}

struct answer {
    enum err code;
    struct diag d;
    uint64_t event, ballots, counted, weight, hinted;
    bool has_result;
};

static struct answer verify(struct bytes archive, const struct bel_hints_file *hints,
                            unsigned threads)
{
    struct bel_verify_options o = {.threads = threads, .hints = hints};
    struct answer x = {0};
    struct bel_report r;
    struct arena a = {0};
    x.code = bel_archive_verify(&r, &a, archive, &o, &x.d);
    x.event = r.fault_event;
    x.ballots = r.ballot_count;
    x.counted = r.counted;
    x.weight = r.total_weight;
    x.hinted = r.hinted;
    x.has_result = r.has_result;
    bel_report_free(&r);
    arena_free(&a);
    return x;
}

/* With this file, on one thread and on three, as without; how many of the hints were of use. */
static uint64_t same_answer(struct bytes archive, struct bytes hints)
{
    struct bel_hints_file f;
    struct diag d = {0};
    struct answer without = verify(archive, NULL, 1), with = {0};
    CHECK_ERR(bel_hints_file_read(&f, hints, &d), E_OK);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        with = verify(archive, &f, threads);
        CHECK_ERR(with.code, without.code);
        CHECK_STR(with.d.text, without.d.text);
        CHECK_INT(with.event, without.event);
        CHECK_INT(with.ballots, without.ballots);
        CHECK_INT(with.counted, without.counted);
        CHECK_INT(with.weight, without.weight);
        CHECK(with.has_result == without.has_result);
    }
    CHECK_INT(without.hinted, 0);
    return with.hinted;
}

/* A poll under way, of weights, in which some vote twice. */
static struct buf archive_make(bool closed)
{
    uint64_t weights[VOTERS];
    for (size_t i = 0; i < VOTERS; i++)
        weights[i] = 1 + i % 3;
    test_begin(&poll, TEST_SIMPLE, "1", VOTERS, weights);
    for (size_t i = 0; i < VOTERS; i++)
        test_cast(&poll, i, i % 3 ? "[[1,0,0]]" : "[[0,1,0]]");
    for (size_t i = 0; i < VOTERS; i += 5)
        test_cast(&poll, i, "[[0,0,1]]");
    if (closed) {
        test_close(&poll);
        test_tally(&poll);
        test_decrypt(&poll, 1);
    }
    return test_archive(&poll);
}
#define BALLOTS (VOTERS + VOTERS / 5)

TEST(hints_of_an_archive)
{
    struct buf closed = archive_make(true), hints = hints_of(buf_view(&closed), BALLOTS);
    size_t each = bel_hints_bytes(&poll.e);
    CHECK_INT(each, 1408);
    CHECK_INT(hints.len, BEL_HINTS_HEADER_BYTES + BALLOTS * each);
    CHECK_INT(same_answer(buf_view(&closed), buf_view(&hints)), BALLOTS);
    for (size_t i = 0; i < BALLOTS; i++) { /* those of the ballot itself */
        struct buf packed = {0}, own = {0};
        struct diag d = {0};
        CHECK_ERR(bel_ballot_read(&packed, &poll.e, poll.events[1 + i].docs[0], &d), E_OK);
        CHECK_ERR(bel_hints_make(&own, &poll.e, buf_view(&packed)), E_OK);
        CHECK(memcmp(own.data, hints.data + BEL_HINTS_HEADER_BYTES + i * each, each) == 0);
        buf_free(&packed);
        buf_free(&own);
    }
    buf_free(&hints);
    buf_free(&closed);
    test_end(&poll);
}

/* What was written while people voted is of use ever after. */
TEST(hints_of_an_older_archive)
{
    struct buf whole = archive_make(true);
    poll.event_count = 1 + 10;
    struct buf early = test_archive(&poll), hints = hints_of(buf_view(&early), 10);
    CHECK_INT(same_answer(buf_view(&early), buf_view(&hints)), 10);
    CHECK_INT(same_answer(buf_view(&whole), buf_view(&hints)), 10);
    struct buf later = hints_of(buf_view(&whole), BALLOTS);
    CHECK_INT(same_answer(buf_view(&early), buf_view(&later)), 10);
    poll.event_count = 1;
    struct buf none = test_archive(&poll), empty = hints_of(buf_view(&none), 0);
    CHECK_INT(empty.len, BEL_HINTS_HEADER_BYTES);
    CHECK_INT(same_answer(buf_view(&none), buf_view(&empty)), 0);
    CHECK_INT(same_answer(buf_view(&whole), buf_view(&empty)), 0);
    buf_free(&whole);
    buf_free(&early);
    buf_free(&hints);
    buf_free(&later);
    buf_free(&none);
    buf_free(&empty);
    test_end(&poll);
}

TEST(hints_that_are_wrong)
{
    struct buf archive = archive_make(true), hints = hints_of(buf_view(&archive), BALLOTS);
    size_t each = bel_hints_bytes(&poll.e);
    uint8_t *first = hints.data + BEL_HINTS_HEADER_BYTES, *kept = mem_dup(first, 2 * each);
    memcpy(first, kept + each, each); /* two exchanged */
    memcpy(first + each, kept, each);
    CHECK_INT(same_answer(buf_view(&archive), buf_view(&hints)), BALLOTS - 2);
    memset(first, 0, each);
    CHECK_INT(same_answer(buf_view(&archive), buf_view(&hints)), BALLOTS - 2);
    memcpy(first, kept, 2 * each);
    CHECK_INT(same_answer(buf_view(&archive), buf_view(&hints)), BALLOTS);
    for (size_t i = 0; i < BALLOTS * each; i++)
        first[i] = (uint8_t)test_random();
    CHECK_INT(same_answer(buf_view(&archive), buf_view(&hints)), 0);
    mem_free(kept);
    buf_free(&hints);
    buf_free(&archive);
    test_end(&poll);
}

TEST(hints_of_another_election)
{
    struct buf one = archive_make(false), hints = hints_of(buf_view(&one), BALLOTS);
    test_end(&poll);
    struct buf other = archive_make(false);
    CHECK_INT(same_answer(buf_view(&other), buf_view(&hints)), 0);
    hints.data[16] ^= 1; /* says another, though it is this one's */
    CHECK_INT(same_answer(buf_view(&one), buf_view(&hints)), 0);
    buf_free(&one);
    buf_free(&other);
    buf_free(&hints);
    test_end(&poll);
}

static void check_no_file(struct bytes file, const char *why)
{
    struct bel_hints_file f;
    struct diag d = {0};
    CHECK_ERR(bel_hints_file_read(&f, file, &d), E_INVALID);
    CHECK(strstr(d.text, why) != NULL);
}

TEST(hints_files_that_are_none)
{
    struct buf archive = archive_make(false), hints = hints_of(buf_view(&archive), BALLOTS);
    for (size_t len = 0; len < hints.len; len += len < 200 ? 1 : 97)
        check_no_file(bytes_of(hints.data, len),
                      len < BEL_HINTS_HEADER_BYTES ? "not a file of hints" : "cut or changed");
    buf_put(&hints, "x", 1);
    check_no_file(buf_view(&hints), "cut or changed");
    hints.len--;
    memset(hints.data + 48, 0xff, 16); /* numbers whose product overflows */
    check_no_file(buf_view(&hints), "cut or changed");
    check_no_file(buf_view(&archive), "not a file of hints");
    buf_free(&hints);
    buf_free(&archive);
    test_end(&poll);
}

/* Bad ballots, each of another kind: the first in the archive's order is told, with hints that were
 * written before and with those of the bad archive. */
TEST(hints_and_bad_ballots)
{
    static const struct {
        size_t ballot;
        const char *from, *to;
    } faults[] = {
        {40, "\"alpha\":\"", "\"alpha\":\"0"},       /* cannot be read */
        {33, "\"response\":\"", "\"response\":\"1"}, /* a number, or its proof */
        {21, "\"beta\":\"", "\"beta\":\"7"},         /* cannot be read */
        {12, "\"individual_proofs\":[[{\"challenge\":\"",
         "\"individual_proofs\":[[{\"challenge\":\"1"},
    };
    struct diag d = {0};
    struct buf good = archive_make(true), hints = hints_of(buf_view(&good), BALLOTS);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        test_change(&poll, 1 + faults[i].ballot, 0, faults[i].from, faults[i].to);
        struct buf bad = test_archive(&poll), own = hints_of(buf_view(&bad), BALLOTS);
        CHECK(verify(buf_view(&bad), NULL, 1).code != E_OK);
        CHECK_INT(same_answer(buf_view(&bad), buf_view(&hints)), 0);
        CHECK_INT(same_answer(buf_view(&bad), buf_view(&own)), 0);
        buf_free(&bad);
        buf_free(&own);
    }
    uint8_t *forged = mem_dup(poll.ballots[7].data, poll.ballots[7].len);
    forged[poll.ballots[7].len - 1] ^= 1; /* before those that cannot be read */
    poll.events[8].docs[0] = test_ballot_doc(&poll, bytes_of(forged, poll.ballots[7].len));
    mem_free(forged);
    struct buf bad = test_archive(&poll), own = hints_of(buf_view(&bad), BALLOTS);
    CHECK_ERR(verify(buf_view(&bad), NULL, 1).code, E_SIGNATURE);
    same_answer(buf_view(&bad), buf_view(&hints));
    same_answer(buf_view(&bad), buf_view(&own));
    buf_free(&bad);
    buf_free(&own);
    struct ed_scalar stranger = ed_secret_scalar(); /* not on the roll */
    poll.events[4].docs[0] = test_ballot_doc(&poll, test_ballot(&poll, &stranger, "[[1,0,0]]"));
    bad = test_archive(&poll);
    own = hints_of(buf_view(&bad), BALLOTS);
    CHECK_ERR(verify(buf_view(&bad), NULL, 1).code, E_NOT_FOUND);
    same_answer(buf_view(&bad), buf_view(&own));
    buf_free(&bad);
    uint64_t count = 0;
    poll.events[2] = poll.events[1]; /* the chain does not hold: nothing is written */
    bad = test_archive(&poll);
    struct buf nothing = {0};
    struct bel_verify_options o = {.threads = 1};
    CHECK_ERR(bel_hints_file_make(buf_view(&bad), &o, put, &nothing, &count, &d), E_EXISTS);
    CHECK_INT(nothing.len, 0);
    buf_free(&bad);
    buf_free(&own);
    buf_free(&hints);
    buf_free(&good);
    test_end(&poll);
}

static enum err put_nothing(void *ctx, struct bytes piece, struct diag *d)
{
    (void)ctx;
    (void)piece;
    return diag_set(d, E_DISK_FULL, "full");
}

TEST(hints_that_cannot_be_written)
{
    struct diag d = {0};
    uint64_t count;
    struct bel_verify_options o = {.threads = 1};
    struct buf archive = archive_make(false);
    CHECK_ERR(bel_hints_file_make(buf_view(&archive), &o, put_nothing, NULL, &count, &d),
              E_DISK_FULL);
    buf_free(&archive);
    test_end(&poll);
}

/* --- elections of belenios-tool ----------------------------------------------------------------
 */

static void check_archive(const char *path, struct bytes file)
{
    struct buf hints = {0};
    struct diag d = {0};
    struct bel_verify_options o = {.threads = 2};
    uint64_t count = 0;
    if (bel_hints_file_make(file, &o, put, &hints, &count, &d) == E_OK) {
        uint64_t used = same_answer(file, buf_view(&hints));
        if (verify(file, NULL, 2).code == E_OK && used != count)
            test_fail(__FILE__, __LINE__, "%s: %llu of %llu hints were of use", path,
                      (unsigned long long)used, (unsigned long long)count);
    }
    buf_free(&hints);
}

TEST(hints_of_the_tools_archives)
{
    size_t count =
        test_each("e*/*.bel", check_archive) + test_each("negative/*.bel", check_archive);
    if (!count)
        SKIP("no shared data");
    test_count(count);
}
