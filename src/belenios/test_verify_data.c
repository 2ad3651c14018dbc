/* The tool's archives hold, at every stage; the tampered ones are refused for the stated reason. */
#include "belenios/test_files.h"
#include "belenios/verify.h"

static enum err verify(struct bytes file, struct bytes older, const struct hash *anchor,
                       struct diag *d)
{
    struct bel_report r;
    struct arena a = {0};
    struct bel_verify_options o = {.threads = 2, .older = older, .anchor = anchor};
    enum err e = bel_archive_verify(&r, &a, file, &o, d);
    bel_report_free(&r);
    arena_free(&a);
    return e;
}

/* The result that the tool wrote beside. */
static void check_result(const char *path, const struct bel_report *r)
{
    char beside[4096];
    struct buf json = {0};
    const char *slash = strrchr(path, '/');
    snprintf(beside, sizeof beside, "%.*s/result.json", (int)(slash - path), path);
    struct buf expected = test_file(beside);
    REQUIRE(expected.data);
    while (expected.len && expected.data[expected.len - 1] == '\n')
        expected.len--;
    bel_result_write(&json, &r->election, r->counts);
    CHECK(bytes_eq(buf_view(&json), buf_view(&expected)));
    buf_free(&json);
    buf_free(&expected);
}

static void check_whole(const char *path, struct bytes file)
{
    struct bel_report r;
    struct arena a = {0};
    struct diag d = {0};
    struct bel_verify_options o = {0};
    if (bel_archive_verify(&r, &a, file, &o, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", path, d.text);
    else if (!r.has_result || r.last_event != BEL_RESULT)
        test_fail(__FILE__, __LINE__, "%s: no result", path);
    else
        check_result(path, &r);
    bel_report_free(&r);
    arena_free(&a);
}

TEST(whole_elections)
{
    size_t count = test_each("e*/*.bel", check_whole);
    if (!count)
        SKIP("no shared data");
    test_count(count);
}

static void check_stage(const char *path, struct bytes file)
{
    static const enum bel_event_type LAST[] = {BEL_SETUP, BEL_BALLOT, BEL_ENCRYPTED_TALLY,
                                               BEL_PARTIAL_DECRYPTION};
    struct bel_report r;
    struct arena a = {0};
    struct diag d = {0};
    struct bel_verify_options o = {.threads = 1};
    size_t stage = (size_t)(strrchr(path, '/')[1] - '1');
    REQUIRE(stage < sizeof LAST / sizeof *LAST);
    if (bel_archive_verify(&r, &a, file, &o, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", path, d.text);
    CHECK(!r.has_result && r.has_setup && r.last_event == LAST[stage]);
    bel_report_free(&r);
    arena_free(&a);
}

TEST(elections_under_way)
{
    size_t count = test_each("e*/stages/*.bel", check_stage);
    if (!count)
        SKIP("no shared data");
    test_count(count);
}

/* What expected.json of the negatives says, and what we say. */
static const struct {
    const char *file;
    enum err code;
    const char *words;
} NEGATIVES[] = {
    {"00-honest-rebuilt", E_OK, ""},
    {"01-proof-byte", E_INVALID, "signature.hash is not the hash of what is signed"},
    {"03-overall-proof-resigned", E_PROOF, "the overall proof does not hold"},
    {"05-blank-proof-missing", E_JSON, "\"blank_proof\""},
    {"06-signature", E_SIGNATURE, "the signature does not hold"},
    {"08-torsion-alpha", E_INVALID, "question 1, answer 1: alpha is not a point of the group"},
    {"10-replayed-ballot", E_EXISTS, "copy of ballot"},
    {"12-unknown-credential", E_NOT_FOUND, "credential is not on the roll"},
    {"14-other-election-hash", E_INVALID, "another election's fingerprint"},
    {"16-noncanonical-order", E_JSON, "byte for byte"},
    {"20-tally-drops-ballot", E_PROOF, "not the sum of the ballots that count"},
    {"22-result-modified", E_PROOF, "the decrypted sum is another number"},
    {"24-decryption-proof", E_PROOF, "the decryption proof does not hold"},
    {"30-duplicate-credential", E_EXISTS,
     "event 0 (Setup): public credential 2: the same key as number 1"},
    {"40-ballot-after-end", E_INVALID, "(Ballot): may not follow EndBallots"},
    {"42-bad-height", E_INVALID, "its height is"},
    {"44-trailing-tar-zeros", E_INVALID, "an empty block"},
    {"46-raw-byte-flip", E_INVALID, "does not have the hash in its name"},
    {"48-ballot-removed", E_OK, ""},
};

static size_t seen;

static void check_negative(const char *path, struct bytes file)
{
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < sizeof NEGATIVES / sizeof *NEGATIVES; i++) {
        if (strncmp(name, NEGATIVES[i].file, strlen(NEGATIVES[i].file)) != 0)
            continue;
        struct diag d = {0};
        enum err e = verify(file, (struct bytes){0}, NULL, &d);
        if (e != NEGATIVES[i].code || !strstr(d.text, NEGATIVES[i].words))
            test_fail(__FILE__, __LINE__, "%s: %s: %s", name, err_name(e), d.text);
        seen++;
        return;
    }
    test_fail(__FILE__, __LINE__, "%s: not in the table", name);
}

TEST(tampered_elections)
{
    size_t count = test_each("negative/*.bel", check_negative);
    if (!count)
        SKIP("no shared data");
    CHECK_INT(seen, sizeof NEGATIVES / sizeof *NEGATIVES);
    test_count(count);
}

/* A ballot removed and the chain rebuilt: only who kept something can see it. */
TEST(a_removed_ballot)
{
    const char *path = test_data("voting/negative/48-ballot-removed.bel");
    if (!path)
        SKIP("no shared data");
    struct buf removed = test_file(path);
    struct buf honest = test_file(test_data("voting/negative/00-honest-rebuilt.bel"));
    struct bytes none = {0};
    struct bel_reader r;
    struct bel_record record = {0};
    struct diag d = {0};
    /* an older copy: the honest archive up to its last ballot */
    REQUIRE(bel_reader_begin(&r, buf_view(&honest), &d) == E_OK);
    for (size_t events = 0; events < 12; events += record.is_event)
        REQUIRE(bel_reader_next(&r, &record, &d) == E_OK);
    struct bytes older = bytes_of(honest.data, r.at);
    CHECK_ERR(verify(buf_view(&honest), older, &record.hash, &d), E_OK);
    CHECK_ERR(verify(buf_view(&removed), older, NULL, &d), E_PROOF);
    CHECK(strstr(d.text, "the older copy has another event here"));
    CHECK_ERR(verify(buf_view(&removed), none, &record.hash, &d), E_PROOF);
    CHECK(strstr(d.text, "the trusted event is not in this archive"));
    /* the older copy may not be the newer one */
    CHECK_ERR(verify(older, buf_view(&honest), NULL, &d), E_PROOF);
    CHECK(strstr(d.text, "goes on after event 11"));
    CHECK_ERR(verify(buf_view(&honest), bytes_str("no archive"), NULL, &d), E_INVALID);
    CHECK(strstr(d.text, "the older copy: not a Belenios archive"));
    buf_free(&removed);
    buf_free(&honest);
}
