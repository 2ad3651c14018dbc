/* Every way in which an archive can be wrong, and what is said of it. */
#include "belenios/test_election.h"

static struct test_election poll;

/* --- archives that do not ----------------------------------------------------------------------
 */

static void swap(size_t a, size_t b)
{
    struct test_event kept = poll.events[a];
    poll.events[a] = poll.events[b];
    poll.events[b] = kept;
}

static void break_setup_data(void)
{
    test_change(&poll, 0, 3, "{\"election\"", "{ \"election\"");
}
static void break_election(void)
{
    test_change(&poll, 0, 0, "\"min\":1", "\"min\":9");
    test_setup_again(&poll);
}
static void other_group(void)
{
    test_change(&poll, 0, 0, "\"group\":\"Ed25519\"", "\"group\":\"BELENIOS-2048\"");
    test_setup_again(&poll);
}
static void break_trustees(void)
{
    test_change(&poll, 0, 1, "\"threshold\":2", "\"threshold\":3");
    test_setup_again(&poll);
}
static void other_trustees(void)
{
    poll.events[0].docs[1] = test_trustees_make(&poll, "1,2/3");
    test_setup_again(&poll);
}
static void roll_twice(void)
{
    char key[BEL_POINT_CHARS + 1], other[BEL_POINT_CHARS + 1];
    bel_point_text(key, poll.roll.voters[0].key32);
    bel_point_text(other, poll.roll.voters[2].key32);
    test_change(&poll, 0, 2, other, key);
    test_setup_again(&poll);
}
static void stranger(void)
{
    struct ed_scalar x = ed_secret_scalar();
    poll.events[2].docs[0] = test_ballot_doc(&poll, test_ballot(&poll, &x, "[[1,0,0]]"));
}
static void copy(void)
{
    poll.events[3] = poll.events[1];
}
static void change_ballot(void)
{
    test_change(&poll, 2, 0, "\"challenge\":\"", "\"challenge\":\"0");
}
static void huge_ballot(void)
{
    struct buf b = {0};
    memset(buf_grow(&b, LIMIT_BEL_BALLOT_BYTES + 1), ' ', LIMIT_BEL_BALLOT_BYTES + 1);
    poll.events[2].docs[0] = test_keep(&poll.a, &b);
}
static void late_ballot(void)
{
    swap(4, 5);
}
static void two_setups(void)
{
    poll.events[1] = poll.events[0];
}
static void no_setup(void)
{
    test_drop(&poll, 0);
}
static void no_end(void)
{
    test_drop(&poll, 5);
}
static void no_tally(void)
{
    test_drop(&poll, 6);
}
static void result_twice(void)
{
    poll.events[poll.event_count] = poll.events[poll.event_count - 1];
    poll.event_count++;
}
static void result_early(void)
{
    poll.event_count = 8;
    poll.events[7] = poll.events[10];
}
static void data_missing(void)
{
    poll.events[6].docs[0] = poll.events[6].docs[1];
    poll.events[6].doc_count = 1;
}
static void data_too_much(void)
{
    poll.events[10].docs[1] = poll.events[10].docs[0];
    poll.events[10].docs[0] = bytes_str("\"hidden\"");
    poll.events[10].doc_count = 2;
}
static void data_far_too_much(void)
{
    poll.events[0].docs[4] = poll.events[0].docs[3];
    poll.events[0].docs[3] = bytes_str("\"hidden\"");
    poll.events[0].doc_count = 5;
}
static void tally_drops(void)
{
    poll.ballots[1] = (struct bytes){0};
    poll.event_count = 6;
    test_tally(&poll);
}
static void tally_doubles(void)
{
    struct bel_tally tally;
    bel_tally_init(&tally, &poll.e);
    CHECK_ERR(bel_tally_load(&tally, poll.sums, 3, 3), E_OK);
    CHECK_ERR(bel_tally_add(&tally, poll.ballots[2], 1), E_OK);
    bel_tally_pack((uint8_t *)poll.sums.data, &tally);
    bel_tally_fini(&tally);
    test_tally_docs(&poll, &poll.events[6], 3, 3);
}
static void tally_malformed(void)
{
    poll.events[6].docs[0] = bytes_str("[]");
}
static void wrong_count(void)
{
    test_tally_docs(&poll, &poll.events[6], 4, 3);
}
static void wrong_weight(void)
{
    test_tally_docs(&poll, &poll.events[6], 3, 2);
}
static void sized_malformed(void)
{
    test_change(&poll, 6, 1, "{\"num_tallied\"", "{ \"num_tallied\"");
}
static void sized_no_json(void)
{
    poll.events[6].docs[1] = bytes_str("{");
}
static void owner_nobody(void)
{
    test_decryption_docs(&poll, &poll.events[8], 5, poll.decryptions[1]);
}
static void owner_other(void)
{
    test_decryption_docs(&poll, &poll.events[8], 3, poll.decryptions[1]);
}
static void owner_twice(void)
{
    poll.events[8] = poll.events[7];
}
static void owner_malformed(void)
{
    test_change(&poll, 8, 1, "\"owner\":2", "\"owner\":\"2\"");
}
static void owner_no_json(void)
{
    poll.events[8].docs[1] = bytes_str("{");
}
static void decryption_malformed(void)
{
    test_change(&poll, 8, 0, "{\"decryption_factors\"", "{ \"decryption_factors\"");
    struct hash h = test_hash(poll.events[8].docs[0]);
    struct buf json = {0};
    bel_owned_write(&json, 2, &h);
    poll.events[8].docs[1] = test_keep(&poll.a, &json);
}
static void decryptions_missing(void)
{
    test_drop(&poll, 7);
}
static void result_false(void)
{
    poll.events[10].docs[0] = bytes_str("{\"result\":[[1,1,1]]}");
}
static void result_malformed(void)
{
    poll.events[10].docs[0] = bytes_str("{\"result\":[[0,2]]}");
}

TEST(every_fault_is_told)
{
    static const struct {
        void (*make)(void);
        enum err expected;
        uint64_t event;
        const char *words;
    } CASES[] = {
        {break_setup_data, E_INVALID, 0, "event 0 (Setup): setup_data does not name"},
        {break_election, E_RANGE, 0, "event 0 (Setup): "},
        {other_group, E_UNSUPPORTED, 0, "BELENIOS-2048"},
        {break_trustees, E_RANGE, 0, "event 0 (Setup): trustees: entry 2"},
        {other_trustees, E_PROOF, 0, "the election's key is not the product"},
        {roll_twice, E_EXISTS, 0, "the same key as number 1"},
        {stranger, E_NOT_FOUND, 2, "event 2 (Ballot): ballot 2 ("},
        {copy, E_EXISTS, 3, "event 3 (Ballot): the ballot is a copy of ballot 1"},
        {change_ballot, E_JSON, 2, "ballot 2 ("},
        {huge_ballot, E_TOO_LARGE, 2, "event 2 (Ballot): a ballot of more than"},
        {late_ballot, E_INVALID, 5, "event 5 (Ballot): may not follow EndBallots"},
        {two_setups, E_INVALID, 1, "event 1 (Setup): may not follow Setup"},
        {no_setup, E_INVALID, 0, "event 0 (Ballot): may not follow the beginning"},
        {no_end, E_INVALID, 5, "(EncryptedTally): may not follow Ballot"},
        {no_tally, E_INVALID, 6, "(PartialDecryption): may not follow EndBallots"},
        {result_twice, E_INVALID, 11, "(Result): may not follow Result"},
        {result_early, E_INVALID, 7, "(Result): may not follow EncryptedTally"},
        {data_missing, E_INVALID, 6, "1 records of data stand before it, it takes 2"},
        {data_too_much, E_INVALID, 10, "2 records of data stand before it, it takes 1"},
        {data_far_too_much, E_INVALID, UINT64_MAX, "no event takes so much data"},
        {tally_drops, E_PROOF, 6, "question 1, answer 1: the encrypted tally is not the sum"},
        {tally_doubles, E_PROOF, 6, "the encrypted tally is not the sum"},
        {tally_malformed, E_INVALID, 6, "event 6 (EncryptedTally): encrypted tally: not an array"},
        {wrong_count, E_PROOF, 6, "num_tallied is 4 and total_weight 3; 3 ballots of weight 3"},
        {wrong_weight, E_PROOF, 6, "num_tallied is 3 and total_weight 2; 3 ballots of weight 3"},
        {sized_malformed, E_INVALID, 6, "sized_encrypted_tally is not in canonical form"},
        {sized_no_json, E_JSON, 6, "sized_encrypted_tally: "},
        {owner_nobody, E_RANGE, 8, "event 8 (PartialDecryption): trustee 5: there are 4"},
        {owner_other, E_PROOF, 8, "trustee 3: question 1, answer 1: the decryption proof"},
        {owner_twice, E_EXISTS, 8, "trustee 1 has decrypted before"},
        {owner_malformed, E_INVALID, 8, "its owner is not named in canonical form"},
        {owner_no_json, E_JSON, 8, "owned: "},
        {decryption_malformed, E_INVALID, 8, "trustee 2: partial decryption: not in canonical"},
        {decryptions_missing, E_NOT_FOUND, 9, "the partial decryption of trustee 1 is missing"},
        {result_false, E_PROOF, 10, "question 1, answer 1: the result says 1"},
        {result_malformed, E_INVALID, 10, "event 10 (Result): result: question 1"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct diag d = {0};
        struct bel_report r;
        struct arena a = {0};
        struct bel_verify_options o = {.threads = 2};
        test_full(&poll);
        CASES[i].make();
        struct buf file = test_archive(&poll);
        enum err e = bel_archive_verify(&r, &a, buf_view(&file), &o, &d);
        if (e != CASES[i].expected || r.fault_event != CASES[i].event ||
            !strstr(d.text, CASES[i].words))
            test_fail(__FILE__, __LINE__, "case %zu (%s): %s, event %lld: %s", i, CASES[i].words,
                      err_name(e), (long long)r.fault_event, d.text);
        bel_report_free(&r);
        arena_free(&a);
        buf_free(&file);
        test_end(&poll);
    }
    test_count(sizeof CASES / sizeof *CASES);
}

static enum err verify_bytes(struct bytes file, struct diag *d)
{
    struct bel_report r;
    struct arena a = {0};
    enum err e = bel_archive_verify(&r, &a, file, &(struct bel_verify_options){.threads = 1}, d);
    bel_report_free(&r);
    arena_free(&a);
    return e;
}

/* Faults of the container, whose writer makes none: found in what is around the events. */
TEST(faults_around_the_events)
{
    struct diag d = {0};
    struct bel_writer w;
    struct buf out = {0};
    test_full(&poll);
    bel_writer_begin(&w, &out, 1795454598);
    CHECK_ERR(verify_bytes(buf_view(&out), &d), E_INVALID);
    CHECK_STR(d.text, "the archive has no event");
    bel_writer_data(&w, bytes_str("{}"));
    CHECK_ERR(verify_bytes(buf_view(&out), &d), E_INVALID);
    CHECK(strstr(d.text, "data that no event takes"));
    buf_free(&out);
    /* a height, a parent, a payload that is another record */
    struct buf file = test_archive(&poll);
    for (size_t k = 0; k < 4; k++) {
        static const char *const WORDS[] = {"event 1 (Ballot): its height is 2, it is event 1",
                                            "its parent is not the event before",
                                            "its payload is not the record before it",
                                            "event 1: event: "};
        struct bel_event e = {
            .height = k == 0 ? 2 : 1, .type = BEL_BALLOT, .has_parent = true, .has_payload = true};
        struct buf json = {0};
        struct hash h;
        bel_writer_begin(&w, &out, 1795454598);
        for (size_t i = 0; i < 4; i++)
            bel_writer_data(&w, poll.events[0].docs[i]);
        h = test_hash(poll.events[0].docs[3]);
        bel_writer_event(&w, BEL_SETUP, &h, &e.parent);
        bel_writer_data(&w, poll.events[1].docs[0]);
        e.payload = test_hash(poll.events[1].docs[0]);
        e.parent.b[0] ^= k == 1;
        e.payload.b[0] ^= k == 2;
        bel_event_write(&json, &e);
        if (k == 3)
            json.data[json.len - 1] = ']';
        /* a record that is named an event */
        size_t at = out.len;
        bel_writer_data(&w, buf_view(&json));
        memmove(out.data + at + 64, ".event.json", 12);
        unsigned sum = 0;
        memset(out.data + at + 148, ' ', 8);
        for (size_t i = 0; i < 512; i++)
            sum += out.data[at + i];
        snprintf((char *)out.data + at + 148, 7, "%06o", sum);
        CHECK_ERR(verify_bytes(buf_view(&out), &d), k == 3 ? E_JSON : E_INVALID);
        if (!strstr(d.text, WORDS[k]))
            test_fail(__FILE__, __LINE__, "%s: %s", WORDS[k], d.text);
        buf_free(&json);
        buf_free(&out);
    }
    buf_free(&file);
    test_end(&poll);
}
