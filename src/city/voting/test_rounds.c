/* How trustees make the key: turns, messages that do not hold, false shares. */
#include "city/voting/test_world.h"

#define PLAN "[[0,[\"@ines\"]],[2,[\"@anna\",\"@bert\",\"@cleo\"]]]"

static void group_open(struct election_world *w, struct world_group *g)
{
    *g = (struct world_group){{"anna", "bert", "cleo"}, .threshold = 2, .size = 3, .first = 2};
    world_open(w);
    world_create(w, WORLD_TEMPLATE, "0", PLAN);
}

TEST(voting_rounds_in_turn)
{
    struct election_world w;
    struct world_group g;
    struct hash zero = {0};
    group_open(&w, &g);
    const char *id = world_id(&w), *hash = world_hex(&w, zero.b, 32);
    SAY(&w, "NotAuthorised(account=@x, role=\"trustee\")", "x", "postKey", id, "0x");
    SAY(&w, "OutOfTurn(owner=1, round=1, waitsFor=0)", "ines", "postCertificate", id, "0x");
    SAY(&w, "OutOfTurn(owner=2, round=1, waitsFor=0)", "anna", "postKey", id, "0x");
    SAY(&w, "OutOfTurn(owner=2, round=2, waitsFor=2)", "anna", "commitCoefficients", id, hash);
    SAY(&w, "InvalidMessage(owner=1, rule=\"invalid\")", "ines", "postKey", id, "0x");
    SAY(&w, "InvalidMessage(owner=2, rule=\"invalid\")", "anna", "postCertificate", id, "0x00");
    group_certify(&w, &g);
    SAY(&w, "OutOfTurn(owner=3, round=1, waitsFor=3)", "bert", "postCertificate", id, "0x");
    SAY(&w, "OutOfTurn(owner=3, round=3, waitsFor=3)", "bert", "postCoefficients", id, "0x", "0x");
    group_commit(&w, &g);
    SAY(&w, "InvalidMessage(owner=3, rule=\"invalid\")", "bert", "postCoefficients", id, "0x",
        "0x");
    SAY(&w, "InvalidMessage(owner=3, rule=\"commitment\")", "bert", "postCoefficients", id,
        group_packed(&w, &g, 0), world_hex(&w, g.shares[1], 3 * sizeof(struct bel_share)));
    SAY(&w, "ok", "bert", "postCoefficients", id, group_packed(&w, &g, 1),
        world_hex(&w, g.shares[1], 3 * sizeof(struct bel_share)));
    SAY(&w, "OutOfTurn(owner=3, round=4, waitsFor=2)", "bert", "postVerification", id, "0x");
    /* what was posted can be read, by members who open their shares */
    SAY(&w, "\"@bert\", \"1\", 2, 2, 3, 3, false", "x", "trusteeAt", id, "3");
    SAY(&w, "\"@ines\", \"0\", 0, 0, 1, 0, false", "x", "trusteeAt", id, "1");
    SAY(&w, "\"4\"", "x", "trusteeCount", id);
    SAY(&w, arena_printf(&w.arena, "\"%s\"", group_packed(&w, &g, 1)), "x", "messageOf", id, "3",
        "3");
    SAY(&w,
        arena_printf(&w.arena, "\"%s\"", world_hex(&w, g.shares[1], 3 * sizeof(struct bel_share))),
        "x", "sharesOf", id, "3");
    SAY(&w, "\"0x\"", "x", "messageOf", id, "3", "4");
    SAY(&w, "UnknownTrustee(owner=0)", "x", "trusteeAt", id, "0");
    SAY(&w, "UnknownTrustee(owner=5)", "x", "messageOf", id, "5", "1");
    world_close(&w);
}

TEST(voting_messages_that_do_not_hold)
{
    struct election_world w;
    struct world_group g;
    struct bel_key_message key;
    struct ed_scalar secret;
    struct bel_context c;
    struct diag why = {0};
    group_open(&w, &g);
    w.b.world.why = &why;
    const char *id = world_id(&w);
    bel_single_make(&key, &secret, world_seed("ines"));
    key.pok[40] ^= 1;
    SAY(&w, "InvalidMessage(owner=1, rule=\"proof\")", "ines", "postKey", id,
        world_hex(&w, &key, sizeof key));
    CHECK(why.text[0] != 0);
    /* a certificate made for another place in the group */
    c = group_context(&g, 1);
    CHECK_ERR(bel_certificate_make(&g.certificates[0], &c, world_seed("anna")), E_OK);
    SAY(&w, "InvalidMessage(owner=2, rule=\"signature\")", "anna", "postCertificate", id,
        world_hex(&w, &g.certificates[0], sizeof g.certificates[0]));
    group_certify(&w, &g);
    group_commit(&w, &g);
    group_reveal(&w, &g);
    struct bel_verification m;
    c = group_context(&g, 0);
    bel_verification_make(&m, &c, world_seed("anna"), &secret, g.certificates, g.coefficients);
    SAY(&w, "InvalidMessage(owner=2, rule=\"proof\")", "anna", "postVerification", id,
        world_hex(&w, &m, sizeof m));
    group_verify(&w, &g);
    SAY(&w, "OutOfTurn(owner=2, round=4, waitsFor=2)", "anna", "postVerification", id, "0x");
    world_close(&w);
}

/* Coefficients that were announced, under somebody else's signature. */
TEST(voting_coefficients_under_another_signature)
{
    struct election_world w;
    struct world_group g;
    struct hash h;
    group_open(&w, &g);
    group_certify(&w, &g);
    for (uint32_t i = 0; i < 3; i++) {
        struct bel_context c = group_context(&g, i);
        bel_coefficients_make(&g.coefficients[i], g.shares[i], &c, world_uuid(&w),
                              world_seed(g.names[i]), g.certificates, &w.arena);
        if (i == 1)
            memcpy(g.coefficients[1].signature, g.coefficients[0].signature, BEL_PROOF_BYTES);
        bel_coefficients_hash(&h, &c, &g.coefficients[i]);
        SAY(&w, "ok", g.names[i], "commitCoefficients", world_id(&w), world_hex(&w, h.b, 32));
    }
    SAY(&w, "InvalidMessage(owner=3, rule=\"signature\")", "bert", "postCoefficients", world_id(&w),
        group_packed(&w, &g, 1), world_hex(&w, g.shares[1], 3 * sizeof(struct bel_share)));
    world_close(&w);
}

static const char *complaint_of(struct election_world *w, struct world_group *g, uint32_t me,
                                uint32_t dealer)
{
    struct bel_context c = group_context(g, me);
    struct bel_complaint m;
    bel_share_reveal(&m, &c, dealer + 1, world_uuid(w), world_seed(g->names[me]),
                     &g->shares[dealer][me]);
    return world_hex(w, &m, sizeof m);
}

/* Bert gives Cleo a false share: she shows it, everybody sees it, and the group begins again. */
TEST(voting_false_share)
{
    struct election_world w;
    struct world_group g;
    group_open(&w, &g);
    const char *id = world_id(&w);
    world_single(&w, "ines");
    group_certify(&w, &g);
    group_commit(&w, &g);
    SAY(&w, "OutOfTurn(owner=4, round=3, waitsFor=3)", "cleo", "complain", id, "3", "0x");
    g.shares[1][2].masked32[31] ^= 1;
    group_reveal(&w, &g);
    SAY(&w, "UnknownTrustee(owner=1)", "cleo", "complain", id, "1", complaint_of(&w, &g, 2, 1));
    SAY(&w, "UnknownTrustee(owner=9)", "cleo", "complain", id, "9", complaint_of(&w, &g, 2, 1));
    SAY(&w, "UnknownTrustee(owner=3)", "ines", "complain", id, "3", complaint_of(&w, &g, 2, 1));
    SAY(&w, "InvalidComplaint(rule=\"invalid\")", "cleo", "complain", id, "3", "0x");
    SAY(&w, "InvalidComplaint(rule=\"invalid\")", "cleo", "complain", id, "3",
        complaint_of(&w, &g, 0, 1)); /* not hers */
    SAY(&w, "InvalidComplaint(rule=\"unfounded\")", "cleo", "complain", id, "2",
        complaint_of(&w, &g, 2, 0));
    SAY(&w, "InvalidComplaint(rule=\"unfounded\")", "anna", "complain", id, "3",
        complaint_of(&w, &g, 0, 1));
    SAY(&w, "ok", "cleo", "complain", id, "3", complaint_of(&w, &g, 2, 1));
    for (uint64_t owner = 2; owner <= 4; owner++)
        CHECK_INT(abi_get_u64(&ASK(&w, "trusteeAt", id, world_number(&w, owner)).item[5]), 0);
    CHECK_INT(abi_get_u64(&ASK(&w, "trusteeAt", id, "1").item[5]), 1); /* alone: untouched */
    SAY(&w, "\"0x\"", "x", "sharesOf", id, "3");
    SAY(&w, "\"0x\"", "x", "messageOf", id, "3", "3");
    group_make(&w, &g);
    world_voters(&w, 1, false);
    world_publish(&w);
    world_close(&w);
}

TEST(voting_trustees_begin_again)
{
    struct election_world w;
    struct world_group g;
    group_open(&w, &g);
    const char *id = world_id(&w);
    world_single(&w, "ines");
    group_make(&w, &g);
    SAY(&w, "NotAuthorised(account=@ines, role=\"clerk\")", "ines", "resetTrustees", id, "why");
    SAY(&w, "InvalidText(length=2, limit=1024)", "clerk", "resetTrustees", id, " a");
    SAY(&w, "ok", "clerk", "resetTrustees", id, "clé perdue");
    SAY(&w, "TrusteesIncomplete(owner=1)", "clerk", "publish", id);
    world_single(&w, "ines");
    world_voters(&w, 1, false);
    SAY(&w, "TrusteesIncomplete(owner=2)", "clerk", "publish", id);
    group_make(&w, &g);
    world_publish(&w);
    SAY(&w, "WrongStatus(id=1, status=\"published\")", "clerk", "resetTrustees", id, "why");
    world_close(&w);
}
