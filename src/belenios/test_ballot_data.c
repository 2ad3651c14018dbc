/* Ballots that belenios-tool made: read, written again to the same bytes, verified. */
#include "belenios/test_voting.h"
#include "crypto/sha256.h"

static void check_ballot(const struct voting *v, struct bytes json, size_t number)
{
    struct diag d = {""};
    struct buf packed = {0}, again = {0};
    struct hash h, expected;
    if (bel_ballot_read(&packed, &v->election, json, &d) != E_OK) {
        test_fail(__FILE__, __LINE__, "ballot %zu: %s", number, d.text);
        return;
    }
    CHECK(packed.len == v->election.ballot_bytes);
    CHECK_ERR(bel_ballot_write(&again, &v->election, buf_view(&packed)), E_OK);
    CHECK(bytes_eq(buf_view(&again), json));
    sha256_once(&expected, json.data, json.len);
    CHECK_ERR(bel_ballot_hash(&h, &v->election, buf_view(&packed)), E_OK);
    CHECK(hash_eq(&h, &expected));
    CHECK(bel_roll_find(&v->roll, bel_ballot_credential(buf_view(&packed))) != SIZE_MAX);
    if (bel_ballot_verify(&v->election, buf_view(&packed), &d) != E_OK)
        test_fail(__FILE__, __LINE__, "ballot %zu: %s", number, d.text);
    buf_free(&packed);
    buf_free(&again);
}

TEST(ballot_of_every_archive)
{
    size_t cases = 0;
    for (size_t i = 0; i < sizeof voting_archives / sizeof *voting_archives; i++) {
        struct voting v;
        struct buf again = {0};
        if (!voting_open(&v, voting_archives[i]))
            SKIP("shared data not found (PARVIS_DATA)");
        CHECK(v.ballot_count > 0);
        for (size_t j = 0; j < v.ballot_count; j++, cases++)
            check_ballot(&v, v.ballots[j], j);
        bel_election_write(&again, &v.election);
        CHECK(bytes_eq(buf_view(&again), v.election_json));
        buf_clear(&again);
        bel_roll_write(&again, &v.roll);
        CHECK(bytes_eq(buf_view(&again), v.roll_json));
        buf_free(&again);
        voting_close(&v);
    }
    test_count(cases);
}

TEST(ballot_made_here)
{
    for (size_t i = 0; i < 3; i++) {
        struct voting v;
        struct buf packed = {0};
        struct diag d = {""};
        struct bel_opening o;
        uint8_t choice[64] = {0};
        struct ed_scalar x;
        if (!voting_open(&v, voting_archives[i]))
            SKIP("shared data not found (PARVIS_DATA)");
        bel_credential_secret(&x, v.election.version, v.election.uuid, "S48jL-BLeV98-ybyBJ-Z7ztc8");
        CHECK_ERR(bel_choice_read(choice, &v.election,
                                  bytes_str(i == 2 ? "[[[0,0,0],[0,0],[1,1,0,0]]]"
                                                   : "[[1,0,0],[1,0,1,0],[0,1,0,0]]"),
                                  &d),
                  E_OK);
        CHECK_ERR(bel_ballot_make(&packed, &v.election, &x, choice, &v.arena, &o, &d), E_OK);
        CHECK_ERR(bel_ballot_verify(&v.election, buf_view(&packed), &d), E_OK);
        CHECK_ERR(bel_opening_check(&v.election, buf_view(&packed), &o, &d), E_OK);
        buf_free(&packed);
        voting_close(&v);
    }
}
