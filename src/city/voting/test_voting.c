/* The voting service: lives of consultations, from the plan to the archive. */
#include "city/voting/test_world.h"

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
