/* The voting service: lives of consultations, from the plan to the archive. */
#include "city/voting/test_archive.h"

bool world_seen[256];

TEST(voting_life_with_one_trustee)
{
    struct election_world w;
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", "[[0,[\"@ines\"]]]");
    CHECK_STR(world_status(&w), "draft");
    world_single(&w, "ines");
    world_voters(&w, 5, false);
    world_publish(&w);
    CHECK_STR(world_status(&w), "published");
    world_at(&w, WORLD_OPENS);
    CHECK_STR(world_status(&w), "open");
    world_cast(&w, 0, 0);
    world_cast(&w, 1, 2);
    world_cast(&w, 2, 0);
    world_cast(&w, 0, 1); /* votes again */
    world_at(&w, WORLD_CLOSES);
    CHECK_STR(world_status(&w), "closed");
    SAY(&w, "ok", "anybody", "tally", world_id(&w));
    CHECK_STR(world_status(&w), "tallied");
    world_decrypt_single(&w, "ines");
    SAY(&w, "ok", "anybody", "postResult", world_id(&w), "[1,1,1]");
    CHECK_STR(world_status(&w), "decided");
    SAY(&w, "[\"1\",\"1\",\"1\"]", "anybody", "resultOf", world_id(&w));
    world_verify(&w, BEL_RESULT);
    world_close(&w);
}

TEST(voting_life_with_a_group)
{
    struct election_world w;
    struct world_group g = {{"anna", "bert", "cleo"}, .threshold = 2, .size = 3, .first = 2};
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", "[[0,[\"@ines\"]],[2,[\"@anna\",\"@bert\",\"@cleo\"]]]");
    world_single(&w, "ines");
    group_make(&w, &g);
    world_voters(&w, 3, true);
    world_publish(&w);
    world_at(&w, WORLD_OPENS);
    world_cast(&w, 0, 0);
    world_cast(&w, 2, 2);
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "ok", "anybody", "close", world_id(&w));
    SAY(&w, "ok", "anybody", "tally", world_id(&w));
    SAY(&w, "ok", "cleo", "postDecryption", world_id(&w), world_part(&w, &g.secrets[2]));
    world_decrypt_single(&w, "ines");
    SAY(&w, "TooFewDecryptions(decryptions=2)", "anybody", "postResult", world_id(&w), "[1,0,3]");
    SAY(&w, "ok", "anna", "postDecryption", world_id(&w), world_part(&w, &g.secrets[0]));
    SAY(&w, "ok", "anybody", "postResult", world_id(&w), "[1,0,3]");
    world_verify(&w, BEL_RESULT);
    world_close(&w);
}

#define KINDS                                                                                     \
    "{\"description\":\"d\",\"name\":\"n\",\"questions\":[{\"answers\":[\"a\",\"b\",\"c\"],"      \
    "\"blank\":true,"                                                                             \
    "\"min\":1,\"max\":2,\"question\":\"q\"},{\"answers\":[\"a\",\"b\"],\"min\":0,\"max\":2,"     \
    "\"question\":\"r\"},{\"type\":\"Lists\",\"value\":{\"answers\":[[\"L\",\"x\",\"y\"],[\"M\"," \
    "\"z\"]],"                                                                                    \
    "\"question\":\"s\"}}]}"

/* Questions of every kind in one ballot, weights, and votes again. */
TEST(voting_life_of_every_kind_of_question)
{
    struct election_world w;
    world_open(&w);
    world_create(&w, KINDS, "2", "[[0,[\"@ines\"]]]");
    world_single(&w, "ines");
    world_voters(&w, 4, true);
    world_publish(&w);
    world_at(&w, WORLD_OPENS);
    static const struct {
        size_t voter;
        const char *choice;
    } cast[] = {
        {0, "[[0,1,1,0],[0,0],[[1,1,0],[0,0]]]"},
        {1, "[[1,0,0,0],[1,1],[[0,0,0],[1,1]]]"}, /* blank */
        {2, "[[0,0,0,1],[0,1],[[1,1,1],[0,0]]]"},
        {0, "[[0,0,1,0],[1,0],[[0,0,0],[1,1]]]"},
        {1, "[[0,1,0,0],[1,0],[[1,0,1],[0,0]]]"},
        {0, "[[1,0,0,0],[0,0],[[1,0,1],[0,0]]]"},
    };
    for (size_t i = 0; i < sizeof cast / sizeof *cast; i++) {
        struct bytes ballot = world_ballot_of(&w, cast[i].voter, cast[i].choice);
        SAY(&w, "ok", "phone", "cast", world_id(&w), world_hex(&w, ballot.data, ballot.len));
    }
    world_verify(&w, BEL_BALLOT);
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "ok", "anybody", "tally", world_id(&w));
    world_decrypt_single(&w, "ines");
    /* weights 1, 2 and 3 of the last ballots of voters 0, 1 and 2 */
    SAY(&w, "ok", "anybody", "postResult", world_id(&w), "[1,2,0,3,2,3,6,3,6,0,0]");
    world_verify(&w, BEL_RESULT);
    world_close(&w);
}

/* Two consultations at once, with other trustees: what happens in one is nothing to the other. */
TEST(voting_several_at_once)
{
    struct election_world w;
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", "[[0,[\"@ines\"]]]");
    world_single(&w, "ines");
    world_voters(&w, 3, false);
    world_publish(&w);
    struct bytes of_first = world_ballot(&w, 2, 1);
    struct bel_election first = w.e;
    memset(&w.e, 0, sizeof w.e);
    world_create(&w, KINDS, "0", "[[0,[\"@jean\"]],[0,[\"@ines\"]]]");
    world_single(&w, "jean");
    world_single(&w, "ines");
    world_voters(&w, 2, true);
    world_publish(&w);
    world_at(&w, WORLD_OPENS);
    const char *second = world_id(&w);
    struct bytes of_second = world_ballot_of(&w, 1, "[[0,1,0,0],[0,0],[[0,0,0],[1,1]]]");
    SAY(&w, "ok", "phone", "cast", second, world_hex(&w, of_second.data, of_second.len));
    SAY(&w, "InvalidBallot(rule=\"invalid\")", "phone", "cast", second,
        world_hex(&w, of_first.data, of_first.len));
    SAY(&w, "ok", "phone", "cast", "1", world_hex(&w, of_first.data, of_first.len));
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "ok", "x", "tally", "1");
    SAY(&w, "ok", "x", "tally", second);
    SAY(&w, "NotAuthorised(account=@jean, role=\"trustee\")", "jean", "postDecryption", "1", "0x");
    world_decrypt_single(&w, "jean");
    SAY(&w, "TooFewDecryptions(decryptions=1)", "x", "postResult", second,
        "[0,2,0,0,0,0,0,0,0,2,2]");
    world_decrypt_single(&w, "ines");
    SAY(&w, "ok", "x", "postResult", second, "[0,2,0,0,0,0,0,0,0,2,2]");
    world_verify(&w, BEL_RESULT);
    struct bel_election kept = w.e;
    w.id = 1;
    w.e = first;
    world_decrypt_single(&w, "ines");
    SAY(&w, "ok", "x", "postResult", "1", "[0,1,0]");
    world_verify(&w, BEL_RESULT);
    bel_election_free(&kept);
    world_close(&w);
}
