/* The floor below which nothing is counted, and units merged because of it; parts of the decryption
 * and results that are refused. */
#include "city/voting/test_archive.h"

#define ONE "[[0,[\"@ines\"]]]"

/* A unit with `voters` voters, of whom the first `casting` vote; its id in w->id. */
static void fill_unit(struct election_world *w, size_t voters, size_t casting)
{
    world_voters(w, voters, false);
    world_publish(w);
    world_at(w, WORLD_OPENS);
    for (size_t i = 0; i < casting; i++)
        world_cast(w, i, i % 3);
    world_at(w, BENCH_NOW_S);
}

static void open_units(struct election_world *w)
{
    world_open(w);
    world_create(w, WORLD_TEMPLATE, "3", ONE);
    world_single(w, "ines");
    SAY(w, "WrongStatus(id=1, status=\"draft\")", "clerk", "createUnit", "1", "Nord", "3",
        "@registrar");
    fill_unit(w, 4, 2);
    SAY(w, "NotAuthorised(account=@x, role=\"clerk\")", "x", "createUnit", "1", "Nord", "3",
        "@registrar");
    SAY(w, "InvalidText(length=0, limit=256)", "clerk", "createUnit", "1", "", "3", "@registrar");
    SAY(w, "InvalidRegistrar(registrar=@zero)", "clerk", "createUnit", "1", "Nord", "3", "@zero");
    SAY(w, "InvalidFloor(floor=0, least=3)", "clerk", "createUnit", "1", "Nord", "0", "@registrar");
    SAY(w, "InvalidFloor(floor=2, least=3)", "clerk", "createUnit", "1", "Nord", "2", "@registrar");
    SAY(w, "\"2\"", "clerk", "createUnit", "1", "Nord", "3", "@registrar");
    w->id = 2;
    SAY(w, "WrongStatus(id=1, status=\"published\")", "ines", "postKey", "2", "0x");
    fill_unit(w, 3, 1);
    SAY(w, "InvalidFloor(floor=2, least=3)", "clerk", "createUnit", "2", "Sud", "2", "@registrar");
    SAY(w, "\"3\"", "clerk", "createUnit", "2", "Sud", "3", "@registrar");
    w->id = 3;
    fill_unit(w, 3, 3);
}

static void read_election(struct election_world *w)
{
    struct diag d = {0};
    bel_election_free(&w->e);
    CHECK_ERR(
        bel_election_read(&w->e, &w->arena, ASK(w, "electionOf", world_id(w)).item[0].bytes, &d),
        E_OK);
}

TEST(voting_units_merged)
{
    struct election_world w;
    open_units(&w);
    SAY(&w, "NotOver(id=1, closes=1700002000, time=1700000000)", "clerk", "merge", "[1,2]", "Tout");
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "BelowFloor(id=1, counted=2, floor=3)", "clerk", "tally", "1");
    SAY(&w, "BelowFloor(id=2, counted=1, floor=3)", "clerk", "tally", "2");
    SAY(&w, "InvalidUnits(rule=\"count\")", "clerk", "merge", "[1]", "Tout");
    SAY(&w, "InvalidUnits(rule=\"twice\")", "clerk", "merge", "[1,2,1]", "Tout");
    SAY(&w, "UnknownConsultation(id=9)", "clerk", "merge", "[1,9]", "Tout");
    SAY(&w, "NotAuthorised(account=@x, role=\"clerk\")", "x", "merge", "[1,2]", "Tout");
    SAY(&w, "InvalidText(length=0, limit=256)", "clerk", "merge", "[1,2]", "");
    SAY(&w, "ok", "x", "close", "2"); /* closed before or by the merge: the same */
    SAY(&w, "\"4\"", "clerk", "merge", "[1,2]", "Nord et centre");
    for (w.id = 1; w.id <= 2; w.id++) {
        CHECK_STR(world_status(&w), "merged");
        read_election(&w);
        world_verify(&w, BEL_END_BALLOTS); /* the unit's archive stands */
    }
    SAY(&w, "WrongStatus(id=1, status=\"merged\")", "clerk", "tally", "1");
    SAY(&w, "WrongStatus(id=1, status=\"merged\")", "clerk", "merge", "[1,3]", "Tout");
    SAY(&w, "WrongStatus(id=1, status=\"merged\")", "clerk", "cancel", "1", "why");
    w.id = 4;
    CHECK_STR(world_status(&w), "closed");
    read_election(&w);
    CHECK_STR(w.e.name, "Nord et centre");
    SAY(&w, "NotAuthorised(account=@registrar, role=\"registrar\")", "registrar", "strike", "4",
        world_hex(&w, w.voters[0].key32, 32), "why");
    /* the trustees' parts are bound to the merged document */
    SAY(&w, "WrongStatus(id=4, status=\"closed\")", "ines", "postDecryption", "4", "0x");
    SAY(&w, "NotAuthorised(account=@x, role=\"clerk\")", "x", "tally", "4");
    SAY(&w, "ok", "clerk", "tally", "4");
    struct bel_election merged = w.e;
    w.id = 1;
    memset(&w.e, 0, sizeof w.e);
    read_election(&w);
    struct bel_key_message m;
    struct ed_scalar secret;
    struct buf part = {0};
    bel_single_make(&m, &secret, world_seed("ines"));
    bel_decryption_make(&part, &w.e, ASK(&w, "tallyOf", "4").item[0].bytes, &secret);
    w.id = 4;
    SAY(&w, "InvalidDecryption(owner=1, rule=\"proof\")", "ines", "postDecryption", "4",
        world_hex(&w, part.data, part.len));
    bel_election_free(&w.e);
    w.e = merged;
    world_decrypt_single(&w, "ines");
    SAY(&w, "ok", "x", "postResult", "4", "[2,1,0]");
    /* the third unit is large enough by itself */
    w.id = 3;
    read_election(&w);
    SAY(&w, "ok", "clerk", "tally", "3");
    world_decrypt_single(&w, "ines");
    SAY(&w, "ok", "x", "postResult", "3", "[1,1,1]");
    world_verify(&w, BEL_RESULT);
    buf_free(&part);
    world_close(&w);
}

TEST(voting_merged_again)
{
    struct election_world w;
    open_units(&w);
    world_create(&w, WORLD_TEMPLATE, "0", "[[0,[\"@jean\"]]]"); /* another consultation: 4 */
    world_single(&w, "jean");
    fill_unit(&w, 2, 2);
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "InvalidUnits(rule=\"series\")", "clerk", "merge", "[1,4]", "Tout");
    SAY(&w, "\"5\"", "clerk", "merge", "[2,3]", "Nord et sud");
    SAY(&w, "\"6\"", "clerk", "merge", "[5,1]", "Tout");
    w.id = 6;
    CHECK_INT(abi_get_u64(world_record(&w, RECORD_COUNTED)), 6);
    read_election(&w);
    SAY(&w, "ok", "clerk", "tally", "6");
    world_decrypt_single(&w, "ines");
    SAY(&w, "InvalidResult(rule=\"length\")", "x", "postResult", "6", "[3,2]");
    SAY(&w, "InvalidResult(rule=\"proof\")", "x", "postResult", "6", "[2,3,1]");
    SAY(&w, "InvalidResult(rule=\"proof\")", "x", "postResult", "6", "[0,0,0]");
    SAY(&w, "ok", "x", "postResult", "6", "[3,2,1]");
    SAY(&w, "WrongStatus(id=6, status=\"decided\")", "x", "postResult", "6", "[3,2,1]");
    SAY(&w, "WrongStatus(id=6, status=\"decided\")", "clerk", "cancel", "6", "why");
    world_close(&w);
}

/* The clerk alone says which units are counted by themselves: a stranger who tallied the one that
 * is large enough would leave the others below the floor for good. Once tallied it is not merged:
 * its sum and a common one, both opened, would tell the other's. */
TEST(voting_units_are_the_clerks_to_tally)
{
    struct election_world w;
    open_units(&w);
    world_at(&w, WORLD_CLOSES);
    for (int i = 1; i <= 3; i++)
        SAY(&w, "NotAuthorised(account=@x, role=\"clerk\")", "x", "tally", world_number(&w, i));
    SAY(&w, "ok", "x", "close", "3");
    state_checkpoint_t cp = state_checkpoint(w.b.state);
    SAY(&w, "\"4\"", "clerk", "merge", "[2,3]", "Nord et sud");
    SAY(&w, "NotAuthorised(account=@x, role=\"clerk\")", "x", "tally", "4");
    SAY(&w, "\"5\"", "clerk", "merge", "[4,1]", "Tout");
    state_revert(w.b.state, cp);
    SAY(&w, "ok", "clerk", "tally", "3");
    SAY(&w, "WrongStatus(id=3, status=\"tallied\")", "clerk", "merge", "[2,3]", "Nord et sud");
    world_close(&w);
}

/* A roll's whole weight may be up to 2^52 - 1, and so may that of all that is merged. */
TEST(voting_weights_of_units)
{
    struct election_world w;
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", ONE);
    world_single(&w, "ines");
    const char *half = "[2251799813685248]", *less = "[2251799813685247]"; /* 2^51 */
    const char *weights[] = {half, half, less, "[1]"};
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            SAY(&w, arena_printf(&w.arena, "\"%d\"", i + 1), "clerk", "createUnit", "1", "Nord",
                "0", "@registrar");
        w.id = (uint64_t)i + 1;
        struct ed_scalar x = ed_scalar_of((uint64_t)i + 7);
        uint8_t key32[32];
        bel_credential_public(key32, &x);
        SAY(&w, "ok", "registrar", "addVoters", world_id(&w), world_hex(&w, key32, 32), weights[i]);
        SAY(&w, "ok", "clerk", "publish", world_id(&w));
    }
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "InvalidUnits(rule=\"weight\")", "clerk", "merge", "[1,2]", "Tout");
    SAY(&w, "\"5\"", "clerk", "merge", "[1,3]", "Tout");
    SAY(&w, "InvalidUnits(rule=\"weight\")", "clerk", "merge", "[5,4]", "Tout");
    SAY(&w, "\"6\"", "clerk", "merge", "[2,4]", "Reste");
    SAY(&w, "InvalidUnits(rule=\"weight\")", "clerk", "merge", "[6,5]", "Tout");
    world_close(&w);
}

/* Two of three open the sum, whichever two; one does not; a part that is wrong is refused by its
 * sender's name and keeps nobody from going on. */
TEST(voting_parts)
{
    static const uint8_t PAIRS[3][2] = {{0, 1}, {0, 2}, {2, 1}};
    struct election_world w;
    struct world_group g = {{"anna", "bert", "cleo"}, .threshold = 2, .size = 3, .first = 1};
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", "[[2,[\"@anna\",\"@bert\",\"@cleo\"]]]");
    group_make(&w, &g);
    world_voters(&w, 3, true);
    world_publish(&w);
    world_at(&w, WORLD_OPENS);
    world_cast(&w, 0, 0);
    world_cast(&w, 1, 0);
    world_cast(&w, 2, 1);
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "ok", "x", "tally", "1");
    SAY(&w, "NotAuthorised(account=@x, role=\"trustee\")", "x", "postDecryption", "1", "0x");
    SAY(&w, "InvalidDecryption(owner=2, rule=\"invalid\")", "bert", "postDecryption", "1", "0x");
    SAY(&w, "InvalidDecryption(owner=2, rule=\"proof\")", "bert", "postDecryption", "1",
        world_part(&w, &g.secrets[0]));
    SAY(&w, "TooFewDecryptions(decryptions=0)", "x", "postResult", "1", "[3,3,0]");
    for (size_t i = 0; i < 3; i++) {
        state_checkpoint_t cp = state_checkpoint(w.b.state);
        const char *first = g.names[PAIRS[i][0]], *second = g.names[PAIRS[i][1]];
        SAY(&w, "ok", first, "postDecryption", "1", world_part(&w, &g.secrets[PAIRS[i][0]]));
        SAY(&w, "TooFewDecryptions(decryptions=1)", "x", "postResult", "1", "[3,3,0]");
        SAY(&w, "ok", second, "postDecryption", "1", world_part(&w, &g.secrets[PAIRS[i][1]]));
        SAY(&w, arena_printf(&w.arena, "AlreadyDecrypted(owner=%d)", PAIRS[i][1] + 1), second,
            "postDecryption", "1", "0x");
        SAY(&w, "ok", "x", "postResult", "1", "[3,3,0]");
        world_verify(&w, BEL_RESULT);
        state_revert(w.b.state, cp);
    }
    /* all three, and nothing more after the result */
    for (size_t i = 0; i < 3; i++)
        SAY(&w, "ok", g.names[i], "postDecryption", "1", world_part(&w, &g.secrets[i]));
    SAY(&w, "ok", "x", "postResult", "1", "[3,3,0]");
    SAY(&w, "WrongStatus(id=1, status=\"decided\")", "anna", "postDecryption", "1", "0x");
    world_verify(&w, BEL_RESULT);
    world_close(&w);
}

TEST(voting_nobody_votes)
{
    struct election_world w;
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", ONE);
    world_single(&w, "ines");
    world_voters(&w, 2, false);
    world_publish(&w);
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "ok", "x", "tally", "1");
    world_decrypt_single(&w, "ines");
    SAY(&w, "ok", "x", "postResult", "1", "[0,0,0]");
    world_verify(&w, BEL_RESULT);
    world_close(&w);
}

/* The last file of the program: whatever may be refused was refused by some test. */
TEST(voting_every_error_was_met)
{
    services_init_with(SERVICES);
    for (size_t i = 0; i < service_error_count(&VOTING_SERVICE); i++) {
        const struct abi_entry *e = service_error_entry(&VOTING_SERVICE, i);
        /* the frame's own test reaches these; the last two need a store that is damaged, or a
         * document above a megabyte */
        static const char *const FRAME[] = {
            "UnknownMethod", "BadCalldata",   "NotPayable", "StaticCall",
            "DelegateCall",  "ValueTooLarge", NULL};
        size_t k = 0;
        while (FRAME[k] && strcmp(FRAME[k], e->name) != 0)
            k++;
        if (!FRAME[k] && !world_seen[i])
            test_fail(__FILE__, __LINE__, "no test met %s", e->signature);
    }
}
