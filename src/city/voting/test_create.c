/* Clerks, plans, voters, times: what may be before a consultation is published, and who may do it.
 */
#include "city/voting/test_archive.h"

#define ONE "[[0,[\"@ines\"]]]"

static const char *plan_of(struct election_world *w, const char *times, const char *registrar,
                           const char *trustees)
{
    const char *plan = world_plan(w, WORLD_TEMPLATE, "0", trustees);
    const char *end = strstr(plan, arena_printf(&w->arena, ",%u,%u,", WORLD_OPENS, WORLD_CLOSES));
    return arena_printf(&w->arena, "%.*s,%s,0,\"%s\",%s]", (int)(end - plan), plan, times,
                        registrar, trustees);
}

TEST(voting_clerks)
{
    struct election_world w;
    world_open(&w);
    SAY(&w, "true", "x", "isClerk", "@clerk");
    SAY(&w, "false", "x", "isClerk", "@other");
    SAY(&w, "NotAuthorised(account=@clerk, role=\"governor\")", "clerk", "appointClerk", "@other");
    SAY(&w, "NoChange()", "gov", "appointClerk", "@clerk");
    SAY(&w, "NoChange()", "gov", "dismissClerk", "@other");
    SAY(&w, "ok", "gov", "appointClerk", "@other");
    SAY(&w, "ok", "gov", "dismissClerk", "@clerk");
    SAY(&w, "NotAuthorised(account=@clerk, role=\"clerk\")", "clerk", "create",
        world_plan(&w, WORLD_TEMPLATE, "0", ONE));
    SAY(&w, "\"1\"", "other", "create", world_plan(&w, WORLD_TEMPLATE, "0", ONE));
    world_close(&w);
}

TEST(voting_genesis)
{
    static const struct {
        const char *voting, *message; /* "": it is accepted */
    } cases[] = {
        {"{\"clerks\":[]}", ""},
        {"{\"clerks\":[\"@a\",\"@b\"],\"controller\":{\"name\":\"N\",\"contact\":\"C\"}}", ""},
        {"[]", "services.voting: not an object"},
        {"{\"clerk\":[]}", "services.voting.clerk: unknown member"},
        {"{\"clerks\":\"@a\"}", "services.voting.clerks: a list of addresses needed"},
        {"{\"clerks\":[1]}", "services.voting.clerks[0]: not an address"},
        {"{\"clerks\":[\"@a\",\"0x12\"]}", "services.voting.clerks[1]: not an address"},
        {"{\"clerks\":[\"@a\",\"@a\"]}",
         "services.voting.clerks[1]: the account stands there already"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        struct diag d = {0};
        services_init_with(SERVICES);
        bench_open(&b);
        const char *text =
            arena_printf(&b.arena, "{\"services\":{\"voting\":%s}}", cases[i].voting);
        CHECK_ERR(bench_genesis(&b, text, &d), cases[i].message[0] ? E_GENESIS : E_OK);
        CHECK_STR(d.text, bench_text(&b, cases[i].message));
        bench_close(&b);
    }
    test_count(sizeof cases / sizeof *cases);
}

TEST(voting_plans_that_cannot_be)
{
    static const struct {
        const char *trustees, *rule;
    } cases[] = {
        {"[]", "none"},
        {"[[0,[]]]", "size"},
        {"[[0,[\"@a\",\"@b\"]]]", "size"},
        {"[[2,[\"@a\",\"@b\"]]]", "size"},
        {"[[1,[]]]", "size"},
        {"[[0,[\"@zero\"]]]", "account"},
        {"[[0,[\"@a\"]],[1,[\"@b\",\"@a\"]]]", "twice"},
    };
    struct election_world w;
    world_open(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        SAY(&w, arena_printf(&w.arena, "InvalidTrustees(rule=\"%s\")", cases[i].rule), "clerk",
            "create", world_plan(&w, WORLD_TEMPLATE, "0", cases[i].trustees));
    test_count(sizeof cases / sizeof *cases);

    struct buf many = {0}; /* 65 trustees; then a group whose rounds would not fit transactions */
    for (int i = 0; i < 65; i++)
        buf_putf(&many, "%s[0,[\"@t%d\"]]", i ? "," : "[", i);
    buf_puts(&many, "]");
    SAY(&w, "InvalidTrustees(rule=\"many\")", "clerk", "create",
        world_plan(&w, WORLD_TEMPLATE, "0", buf_cstr(&many)));
    buf_clear(&many);
    buf_puts(&many, "[[32,[");
    for (int i = 0; i < 33; i++)
        buf_putf(&many, "%s\"@t%d\"", i ? "," : "", i);
    buf_puts(&many, "]]]");
    SAY(&w, "InvalidTrustees(rule=\"size\")", "clerk", "create",
        world_plan(&w, WORLD_TEMPLATE, "0", buf_cstr(&many)));
    buf_free(&many);

    SAY(&w, "InvalidTimes(opens=1700001000, closes=1700001000, time=1700000000)", "clerk", "create",
        plan_of(&w, "1700001000,1700001000", "@registrar", ONE));
    SAY(&w, "InvalidTimes(opens=1600000000, closes=1700000000, time=1700000000)", "clerk", "create",
        plan_of(&w, "1600000000,1700000000", "@registrar", ONE));
    SAY(&w, "InvalidRegistrar(registrar=@zero)", "clerk", "create",
        plan_of(&w, "1700001000,1700002000", "@zero", ONE));
    SAY(&w, "\"0\"", "x", "consultationCount");
    world_close(&w);
}

/* A question of n answers, any number of which may be chosen. */
static const char *wide_template(struct election_world *w, int questions, int answers)
{
    struct buf out = {0};
    buf_puts(&out, "{\"description\":\"\",\"name\":\"n\",\"questions\":[");
    for (int q = 0; q < questions; q++) {
        buf_putf(&out, "%s{\"answers\":[", q ? "," : "");
        for (int i = 0; i < answers; i++)
            buf_putf(&out, "%s\"a\"", i ? "," : "");
        buf_puts(&out, "],\"min\":0,\"max\":1,\"question\":\"q\"}");
    }
    buf_puts(&out, "]}");
    const char *text = arena_strdup(&w->arena, buf_cstr(&out));
    buf_free(&out);
    return text;
}

TEST(voting_templates_that_cannot_be)
{
    static const struct {
        const char *template, *expected;
    } cases[] = {
        {"{", "InvalidTemplate(rule=\"json\")"},
        {"{}", "InvalidTemplate(rule=\"invalid\")"},
        {"{\"description\":\"\",\"name\":\"n\",\"questions\":[{\"answers\":[\"a\"],\"min\":2,"
         "\"max\":1,\"question\":\"q\"}]}",
         "InvalidTemplate(rule=\"range\")"},
        {"{\"description\":\"\",\"name\":\"n\",\"questions\":[{\"type\":\"NonHomomorphic\","
         "\"value\":{\"answers\":[\"a\"],\"question\":\"q\"}}]}",
         "InvalidTemplate(rule=\"unsupported\")"},
        {"{\"description\":\"\",\"name\":\"\",\"questions\":[{\"answers\":[\"a\"],\"min\":0,"
         "\"max\":1,\"question\":\"q\"}]}",
         "InvalidText(length=0, limit=256)"},
    };
    struct election_world w;
    struct diag why = {0};
    world_open(&w);
    w.b.world.why = &why;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        SAY(&w, cases[i].expected, "clerk", "create", world_plan(&w, cases[i].template, "0", ONE));
    CHECK(why.text[0] != 0); /* in words, for who asked */
    /* the widest ballot that fits a transaction, and one that does not */
    SAY(&w, "\"1\"", "clerk", "create", world_plan(&w, wide_template(&w, 4, 64), "0", ONE));
    const char *seen = BENCH_CALL(&w.b, "clerk", &VOTING_SERVICE, "create",
                                  world_plan(&w, wide_template(&w, 16, 64), "0", ONE));
    world_note(&w.b);
    CHECK(strncmp(seen, "BallotTooCostly(gas=", 20) == 0);
    world_close(&w);
}

#define TEXTS(description, question, first, list, candidate)                                    \
    "{\"description\":\"" description "\",\"name\":\"n\",\"questions\":[{\"answers\":[\"" first \
    "\",\"b\"],\"min\":0,\"max\":1,\"question\":\"" question                                    \
    "\"},{\"type\":\"Lists\",\"value\":{\"answers\":[[\"" list "\",\"x\",\"" candidate          \
    "\"]],\"question\":\"s\"}}]}"

/* What voters and clerks read can be seen: no control characters, which a terminal would obey. */
TEST(voting_texts_that_cannot_be)
{
    static const struct {
        const char *template, *at; /* NULL: it is taken */
    } cases[] = {
        {TEXTS("", "q", "a", "L", "y"), NULL},
        {TEXTS("un\\n\\r\\n  deux \\n", "q \xc3\xa9 \xe2\x80\x94 ?", "a", "L", "y"), NULL},
        {TEXTS("\\u001b[2J", "q", "a", "L", "y"), "description: "},
        {TEXTS("one\\rtwo", "q", "a", "L", "y"), "description: "},
        {TEXTS("one\\r", "q", "a", "L", "y"), "description: "},
        {TEXTS("", "\\u001b[2J", "a", "L", "y"), "questions[0].question: "},
        {TEXTS("", "one\\ntwo", "a", "L", "y"), "questions[0].question: "},
        {TEXTS("", "q",
               "\xe2\x80\xae"
               "a",
               "L", "y"),
         "questions[0].answers[0]: "},
        {TEXTS("", "q", "", "L", "y"), "questions[0].answers[0]: "},
        {TEXTS("", "q", "a ", "L", "y"), "questions[0].answers[0]: "},
        {TEXTS("", "q", "a", "\\u0007", "y"), "questions[1].value.answers[0][0]: "},
        {TEXTS("", "q", "a", "L", "\\u009b"), "questions[1].value.answers[0][2]: "},
    };
    struct election_world w;
    struct diag why = {0};
    world_open(&w);
    w.b.world.why = &why;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        state_checkpoint_t cp = state_checkpoint(w.b.state);
        why.text[0] = 0;
        SAY(&w, cases[i].at ? "InvalidTemplate(rule=\"text\")" : "\"1\"", "clerk", "create",
            world_plan(&w, cases[i].template, "0", ONE));
        if (cases[i].at)
            CHECK(strncmp(why.text, cases[i].at, strlen(cases[i].at)) == 0);
        state_revert(w.b.state, cp);
    }
    test_count(sizeof cases / sizeof *cases);
    world_close(&w);
}

/* --- voters ----------------------------------------------------------------------------------- */

static const char *key_of(struct election_world *w, size_t voter)
{
    return world_hex(w, w->voters[voter].key32, 32);
}

static void make_voters(struct election_world *w, size_t count)
{
    const char *uuid = world_uuid(w);
    for (size_t i = 0; i < count; i++) {
        bel_credential_new(w->voters[i].credential);
        bel_credential_secret(&w->voters[i].x, bel_version(1), uuid, w->voters[i].credential);
        bel_credential_public(w->voters[i].key32, &w->voters[i].x);
    }
    qsort(w->voters, count, sizeof *w->voters, world_compare);
    w->voter_count = count;
}

TEST(voting_roll)
{
    struct election_world w;
    struct buf two = {0};
    uint8_t torsion[32]; /* of order 2 */
    uint8_t identity[32] = {1};
    memset(torsion, 0xff, sizeof torsion);
    torsion[0] = 0xec;
    torsion[31] = 0x7f;
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", ONE);
    make_voters(&w, 6);
    const char *id = world_id(&w);
    SAY(&w, "NotAuthorised(account=@clerk, role=\"registrar\")", "clerk", "addVoters", id,
        key_of(&w, 0), "[]");
    SAY(&w, "InvalidVoters(rule=\"length\")", "registrar", "addVoters", id, "0x", "[]");
    SAY(&w, "InvalidVoters(rule=\"length\")", "registrar", "addVoters", id, "0x00", "[]");
    SAY(&w, "InvalidVoters(rule=\"length\")", "registrar", "addVoters", id, key_of(&w, 0), "[1,2]");
    SAY(&w,
        arena_printf(&w.arena, "InvalidVoter(key=%s, rule=\"point\")", world_hex(&w, identity, 32)),
        "registrar", "addVoters", id, world_hex(&w, identity, 32), "[]");
    SAY(&w,
        arena_printf(&w.arena, "InvalidVoter(key=%s, rule=\"point\")", world_hex(&w, torsion, 32)),
        "registrar", "addVoters", id, world_hex(&w, torsion, 32), "[]");
    SAY(&w, arena_printf(&w.arena, "InvalidVoter(key=%s, rule=\"weight\")", key_of(&w, 0)),
        "registrar", "addVoters", id, key_of(&w, 0), "[4503599627370496]");
    SAY(&w, "ok", "registrar", "addVoters", id, key_of(&w, 1), "[3]");
    SAY(&w, "InvalidVoters(rule=\"weights\")", "registrar", "addVoters", id, key_of(&w, 2), "[]");
    SAY(&w, arena_printf(&w.arena, "InvalidVoter(key=%s, rule=\"order\")", key_of(&w, 1)),
        "registrar", "addVoters", id, key_of(&w, 1), "[1]"); /* the same once more */
    SAY(&w, arena_printf(&w.arena, "InvalidVoter(key=%s, rule=\"order\")", key_of(&w, 0)),
        "registrar", "addVoters", id, key_of(&w, 0), "[1]");
    buf_put(&two, w.voters[2].key32, 32);
    buf_put(&two, w.voters[4].key32, 32);
    SAY(&w, "ok", "registrar", "addVoters", id, world_hex(&w, two.data, two.len), "[1,0]");
    SAY(&w, "ok", "registrar", "addVoters", id, key_of(&w, 5), "[4503599627370491]");
    SAY(&w, "true, false, \"3\", \"0\", \"0\"", "x", "voterOf", id, key_of(&w, 1));
    SAY(&w, "true, false, \"0\", \"0\", \"0\"", "x", "voterOf", id, key_of(&w, 4));
    SAY(&w, "false, false, \"0\", \"0\", \"0\"", "x", "voterOf", id, key_of(&w, 0));
    SAY(&w, arena_printf(&w.arena, "\"%s\", [\"0\"]", key_of(&w, 4)), "x", "votersOf", id, "2",
        "1");
    SAY(&w, "\"0x\", []", "x", "votersOf", id, "4", "9");
    SAY(&w, "UnknownIndex(index=5, count=4)", "x", "votersOf", id, "5", "1");
    buf_free(&two);
    world_close(&w);
}

/* More voters than a page holds, in uneven calls: the roll reads as it was written, and its hash is
 * that of the document. */
TEST(voting_roll_of_many)
{
    enum { MANY = 600 };
    static struct world_voter all[MANY];
    struct election_world w;
    struct buf keys = {0}, document = {0};
    struct bel_roll roll = {.count = MANY};
    struct hash stated, found;
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", ONE);
    world_single(&w, "ines");
    for (size_t i = 0; i < MANY; i++) {
        struct ed_scalar x = ed_scalar_of(1000 + i);
        bel_credential_public(all[i].key32, &x);
    }
    qsort(all, MANY, sizeof *all, world_compare);
    roll.voters = arena_zalloc(&w.arena, MANY, sizeof *roll.voters);
    for (size_t i = 0, step = 1; i < MANY; step = step * 3 % 257) {
        buf_clear(&keys);
        for (size_t k = 0; k < step && i < MANY; k++, i++) {
            buf_put(&keys, all[i].key32, 32);
            memcpy(roll.voters[i].key32, all[i].key32, 32);
            roll.voters[i].weight = 1;
        }
        SAY(&w, "ok", "registrar", "addVoters", world_id(&w), world_hex(&w, keys.data, keys.len),
            "[]");
    }
    struct abi_value list = ASK(&w, "votersOf", world_id(&w), "0", "100000");
    CHECK_INT(list.item[1].count, MANY);
    for (size_t i = 0; i < MANY; i++)
        CHECK(memcmp(list.item[0].bytes.data + 32 * i, all[i].key32, 32) == 0);
    world_publish(&w);
    bel_roll_write(&document, &roll);
    sha256_once(&found, document.data, document.len);
    struct bytes setup = ASK(&w, "eventAt", world_id(&w), "0").item[6].bytes;
    const char *credentials = strstr((const char *)setup.data, "\"credentials\":\"");
    REQUIRE(credentials != NULL);
    CHECK(hex_decode(stated.b, 32, credentials + 15, 64) == E_OK);
    CHECK(hash_eq(&stated, &found));
    buf_free(&keys);
    buf_free(&document);
    world_close(&w);
}

/* --- publishing and what comes before the result ---------------------------------------------- */

TEST(voting_publishing)
{
    struct election_world w;
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", ONE);
    const char *id = world_id(&w);
    SAY(&w, "UnknownConsultation(id=2)", "clerk", "publish", "2");
    SAY(&w, "UnknownConsultation(id=18446744073709551617)", "clerk", "publish",
        "18446744073709551617");
    SAY(&w, "NotAuthorised(account=@x, role=\"clerk\")", "x", "publish", id);
    SAY(&w, "TrusteesIncomplete(owner=1)", "clerk", "publish", id);
    SAY(&w, "\"\"", "x", "trusteesOf", id);
    world_single(&w, "ines");
    SAY(&w, "NoVoters()", "clerk", "publish", id);
    world_voters(&w, 1, false);
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "InvalidTimes(opens=1700001000, closes=1700002000, time=1700002000)", "clerk",
        "publish", id);
    SAY(&w, "WrongStatus(id=1, status=\"draft\")", "x", "tally", id);
    SAY(&w, "WrongStatus(id=1, status=\"draft\")", "phone", "cast", id, "0x");
    world_at(&w, BENCH_NOW_S);
    world_publish(&w);
    SAY(&w, "WrongStatus(id=1, status=\"published\")", "clerk", "publish", id);
    SAY(&w, "WrongStatus(id=1, status=\"published\")", "ines", "postKey", id, "0x");
    SAY(&w, "WrongStatus(id=1, status=\"published\")", "registrar", "addVoters", id, "0x", "[]");
    CHECK_STR(w.e.name, "Place du marché");
    CHECK_STR(w.e.uuid, world_uuid(&w));
    CHECK(w.e.administrator && strcmp(w.e.administrator, "A") == 0);
    world_verify(&w, BEL_SETUP);
    world_close(&w);
}

TEST(voting_postponed)
{
    struct election_world w;
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", ONE);
    world_single(&w, "ines");
    world_voters(&w, 2, false);
    const char *id = world_id(&w);
    SAY(&w, "NotAuthorised(account=@x, role=\"clerk\")", "x", "postpone", id, "1700001000",
        "1700002000", "why");
    SAY(&w, "InvalidText(length=0, limit=1024)", "clerk", "postpone", id, "1700001000",
        "1700002000", "");
    SAY(&w, "InvalidTimes(opens=1700002000, closes=1700001000, time=1700000000)", "clerk",
        "postpone", id, "1700002000", "1700001000", "why");
    SAY(&w, "ok", "clerk", "postpone", id, "1700001500", "1700002500", "salle fermée");
    world_publish(&w);
    world_at(&w, 1700001400);
    SAY(&w, "InvalidTimes(opens=1700001399, closes=1700002500, time=1700001400)", "clerk",
        "postpone", id, "1700001399", "1700002500", "why");
    SAY(&w, "ok", "clerk", "postpone", id, "1700001600", "1700002600", "why");
    world_at(&w, 1700001600);
    world_cast(&w, 0, 1);
    SAY(&w, "InvalidTimes(opens=1700001601, closes=1700002700, time=1700001600)", "clerk",
        "postpone", id, "1700001601", "1700002700", "why");
    SAY(&w, "InvalidTimes(opens=1700001600, closes=1700002600, time=1700001600)", "clerk",
        "postpone", id, "1700001600", "1700002600", "why");
    SAY(&w, "ok", "clerk", "postpone", id, "1700001600", "1700002700", "why");
    world_at(&w, 1700002699);
    world_cast(&w, 1, 1);
    world_at(&w, 1700002700);
    SAY(&w, "WrongStatus(id=1, status=\"closed\")", "clerk", "postpone", id, "1700001600",
        "1700002800", "why");
    world_close(&w);
}

TEST(voting_cancelled)
{
    struct election_world w;
    world_open(&w);
    world_create(&w, WORLD_TEMPLATE, "0", ONE);
    const char *id = world_id(&w);
    world_single(&w, "ines");
    world_voters(&w, 2, false);
    world_publish(&w);
    world_at(&w, WORLD_OPENS);
    world_cast(&w, 0, 1);
    SAY(&w, "NotAuthorised(account=@x, role=\"clerk\")", "x", "cancel", id, "why");
    SAY(&w, "ok", "clerk", "cancel", id, "élection annulée par le juge");
    CHECK_STR(world_status(&w), "cancelled");
    SAY(&w, "WrongStatus(id=1, status=\"cancelled\")", "clerk", "cancel", id, "why");
    SAY(&w, "WrongStatus(id=1, status=\"cancelled\")", "phone", "cast", id, "0x");
    SAY(&w, "WrongStatus(id=1, status=\"cancelled\")", "phone", "close", id);
    SAY(&w, "WrongStatus(id=1, status=\"cancelled\")", "clerk", "createUnit", id, "n", "0",
        "@registrar");
    world_verify(&w, BEL_BALLOT); /* what was voted can still be seen */
    world_close(&w);
}
