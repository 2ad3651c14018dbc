/* The members' service, method by method. A row is a call and its exact outcome; rows of a table
 * share one world and follow each other. Operators are @a, @b ..., their keys "%ka%", their nodes
 * @na (20 bytes, as an address). */
#include "city/members/members.h"
#include "city/test_bench.h"
#include "crypto/sha256.h"

#define ROLES "\"roles\":{\"governor\":\"@gov\"}"
#define VALIDATOR(x, power)                                                             \
    "{\"name\":\"" x "\",\"operator\":\"@" x "\",\"key\":\"%k" x "%\",\"power\":" power \
    ",\"node\":\"@n" x "\"}"
#define OPEN_GENESIS "{" ROLES "}"
#define THREE_GENESIS                                                                           \
    "{" ROLES ",\"services\":{\"members\":{\"validators\":[" VALIDATOR("a", "1") "," VALIDATOR( \
        "b", "1") "," VALIDATOR("c", "1") "]}}}"
#define ONE_GENESIS \
    "{" ROLES ",\"services\":{\"members\":{\"validators\":[" VALIDATOR("a", "7") "]}}}"

#define WEEK "604800"
#define ZERO32 "0x0000000000000000000000000000000000000000000000000000000000000000"
#define ZERO20 "0x0000000000000000000000000000000000000000"

struct row {
    const char *caller;
    const char *method;
    const char *args[7];
    const char *expected;
    uint64_t later_s, later_blocks; /* the clock moves on before the call */
};

static bool seen_errors[256];

static void note_error(const struct bench *b)
{
    if (b->result.status != FRAME_REVERT)
        return;
    for (size_t i = 0; i < service_error_count(&MEMBERS_SERVICE); i++)
        if (memcmp(service_error_entry(&MEMBERS_SERVICE, i)->selector, b->result.output.data, 4) ==
            0)
            seen_errors[i] = true;
}

static void open_members(struct bench *b, const char *genesis)
{
    struct diag d = {0};
    services_init_with(SERVICES);
    bench_open(b);
    CHECK_ERR(bench_genesis(b, genesis, &d), E_OK);
    CHECK_STR(d.text, "");
}

static void run_rows(struct bench *b, const struct row *rows, size_t count, int line)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *r = &rows[i];
        b->env.timestamp_s += r->later_s;
        b->env.number += r->later_blocks;
        const char *seen = bench_call(b, r->caller, &MEMBERS_SERVICE, r->method, r->args);
        note_error(b);
        const char *expected = bench_text(b, r->expected);
        if (strcmp(seen, expected) != 0)
            test_fail(__FILE__, line, "row %zu, %s.%s: %s, expected %s", i, r->caller, r->method,
                      seen, expected);
    }
    test_count(count);
}

#define ROWS(b, ...)                                                \
    do {                                                            \
        static const struct row rows_[] = {__VA_ARGS__};            \
        run_rows(b, rows_, sizeof rows_ / sizeof *rows_, __LINE__); \
    } while (0)

#define SAY(expected, caller, ...)                                                 \
    do {                                                                           \
        const char *seen_ = BENCH_CALL(&b, caller, &MEMBERS_SERVICE, __VA_ARGS__); \
        note_error(&b);                                                            \
        CHECK_STR(seen_, bench_text(&b, expected));                                \
    } while (0)

/* The last call's logs, by name: "Voted Decided MemberAdded". */
static const char *log_names(struct bench *b)
{
    struct buf out = {0};
    for (size_t i = 0; i < state_log_count(b->state); i++)
        for (size_t k = 0; k < service_event_count(&MEMBERS_SERVICE); k++) {
            const struct abi_entry *e = service_event_entry(&MEMBERS_SERVICE, k);
            if (hash_eq(&e->topic, &state_log(b->state, i)->topics[0]))
                buf_putf(&out, "%s%s", out.len ? " " : "", e->name);
        }
    snprintf(b->text, sizeof b->text, "%s", buf_cstr(&out));
    buf_free(&out);
    return b->text;
}

/* --- founding --------------------------------------------------------------------------------- */

TEST(members_are_enrolled_and_found)
{
    struct bench b;
    open_members(&b, OPEN_GENESIS);
    ROWS(&b, {"a", "founded", {0}, "false, \"0\", \"0\""}, {"a", "memberCount", {0}, "\"0\""},
         {"a", "totalPower", {0}, "\"0\""}, {"a", "heartbeat", {0}, "\"10\""},
         {"a",
          "enrol",
          {"Mairie", "@a", "%ka%", "5", "@na"},
          "NotAuthorised(account=@a, role=\"governor\")"},
         {"gov", "found", {0}, "NoMembers()"},
         {"zero", "found", {0}, "NotAuthorised(account=@zero, role=\"governor\")"},
         /* each field, in the order of the arguments but for what needs the others */
         {"gov", "enrol", {"", "@zero", ZERO32, "0", ZERO20}, "InvalidName(length=0, limit=64)"},
         {"gov",
          "enrol",
          {"Mairie", "@zero", ZERO32, "0", ZERO20},
          "InvalidOperator(operator=@zero)"},
         {"gov",
          "enrol",
          {"Mairie", "@money", ZERO32, "0", ZERO20},
          "InvalidOperator(operator=@money)"},
         {"gov",
          "enrol",
          {"Mairie", "@a", ZERO32, "0", ZERO20},
          "InvalidPower(power=0, limit=1000000000)"},
         {"gov",
          "enrol",
          {"Mairie", "@a", ZERO32, "1000000001", ZERO20},
          "InvalidPower(power=1000000001, limit=1000000000)"},
         {"gov",
          "enrol",
          {"Mairie", "@a", ZERO32, "1000000000", ZERO20},
          "InvalidKey(key=" ZERO32 ")"},
         {"gov",
          "enrol",
          {"Mairie", "@a", "%ka%", "1000000000", ZERO20},
          "InvalidNode(node=" ZERO20 ")"},
         {"gov", "enrol", {"Mairie", "@a", "%ka%", "1000000000", "@na"}, "ok"},
         {"gov", "enrol", {"Autre", "@a", "%ka%", "1", "@na"}, "OperatorTaken(operator=@a)"},
         {"gov", "enrol", {"Autre", "@b", "%ka%", "1", "@na"}, "KeyTaken(key=\"ka\")"},
         {"gov", "enrol", {"Autre", "@b", "%kb%", "1", "@na"}, "NodeTaken(node=@na)"},
         {"gov", "enrol", {"Mairie", "@b", "%kb%", "1", "@nb"}, "ok"}, /* names may repeat */
         {"gov", "enrol", {"Citoyens", "@c", "%kc%", "2", "@nc"}, "ok"},
         {"a", "strike", {"@b"}, "NotAuthorised(account=@a, role=\"governor\")"},
         {"gov", "strike", {"@d"}, "UnknownMember(operator=@d)"}, {"gov", "strike", {"@b"}, "ok"},
         {"x", "memberCount", {0}, "\"2\""}, {"x", "totalPower", {0}, "\"1000000002\""},
         {"x", "memberAt", {"1"}, "\"Citoyens\", \"@c\", \"%kc%\", \"2\", \"@nc\""},
         {"x", "memberAt", {"2"}, "UnknownIndex(index=2, count=2)"},
         {"x", "memberOf", {"@a"}, "\"Mairie\", \"%ka%\", \"1000000000\", \"@na\""},
         {"x", "memberOf", {"@b"}, "\"\", \"" ZERO32 "\", \"0\", \"" ZERO20 "\""},
         /* nobody votes yet, and no node connects */
         {"a", "proposeHeartbeat", {"5", "0"}, "NotFounded()"},
         {"a", "vote", {"1", "true"}, "NotFounded()"}, {"a", "recount", {"1"}, "NotFounded()"},
         {"a", "admitFollower", {"@nf"}, "NotFounded()"},
         {"a", "dismissFollower", {"@nf"}, "NotFounded()"},
         {"x", "isNodeAllowed", {"@na"}, "false"},
         {"a", "found", {0}, "NotAuthorised(account=@a, role=\"governor\")"},
         {"gov", "found", {0}, "ok", 9, 3}, {"x", "founded", {0}, "true, \"4\", \"1700000009\""},
         {"x", "isNodeAllowed", {"@na"}, "true"}, {"x", "isNodeAllowed", {"@nb"}, "false"},
         {"gov", "found", {0}, "AlreadyFounded()"}, {"gov", "strike", {"@a"}, "AlreadyFounded()"},
         {"gov", "enrol", {"", "@zero", ZERO32, "0", ZERO20}, "AlreadyFounded()"},
         {"x",
          "memberList",
          {0},
          "[{\"name\":\"Mairie\",\"operator\":\"@a\",\"key\":\"%ka%\",\"power\":\"1000000000\","
          "\"node\":\"@na\"},{\"name\":\"Citoyens\",\"operator\":\"@c\",\"key\":\"%kc%\","
          "\"power\":\"2\",\"node\":\"@nc\"}]"});
    bench_close(&b);
}

TEST(members_without_a_governor_cannot_be_enrolled)
{
    struct bench b;
    open_members(&b, "{}");
    SAY("NotAuthorised(account=@zero, role=\"governor\")", "zero", "enrol", "A", "@a", "%ka%", "1",
        "@na");
    bench_close(&b);
}

TEST(members_names_are_printable)
{
    static const struct {
        const char *name;
        size_t len; /* 0: it is accepted */
    } cases[] = {
        {"Association des Habitants d'Aÿ", 0},
        {"Ё", 0},
        {"日本 ✓ 🌞", 0},
        {"0123456789012345678901234567890123456789012345678901234567890123", 0},
        {"01234567890123456789012345678901234567890123456789012345678901234", 65},
        {" a", 2},
        {"a ", 2},
        {"a\tb", 3},
        {"a\nb", 3},
        {"a\x7f", 2},
        {"a\xc2\x85", 3}, /* a control of ISO 8859-1 */
        {"a\xe2\x80\xae"
         "b",
         5}, /* right-to-left override */
        {"a\xe2\x80\x8b"
         "b",
         5},                      /* zero width space */
        {"a\xef\xbb\xbf", 4},     /* byte order mark */
        {"a\xef\xbf\xbf", 4},     /* no character */
        {"a\xf3\xa0\x81\x81", 5}, /* a tag */
        {"a\xc3", 2},             /* cut */
        {"\xc0\xaf", 2},          /* overlong */
        {"\xed\xa0\x80", 3},      /* a surrogate */
        {"\xff", 1},
    };
    struct bench b;
    open_members(&b, OPEN_GENESIS);
    const struct abi_entry *m = bench_method(&MEMBERS_SERVICE, "enrol");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address operator_ = bench_address("a"), node = bench_address("na");
        uint8_t node_word[32] = {0};
        memcpy(node_word, node.b, 20);
        struct abi_value items[] = {abi_bytes(bytes_str(cases[i].name)), abi_address(&operator_),
                                    service_name32("ka"), abi_u64(1), abi_bytes32(node_word)};
        struct abi_value tuple = {.item = items, .count = 5};
        struct buf data = {0};
        state_checkpoint_t cp = state_checkpoint(b.state);
        buf_put(&data, m->selector, 4);
        abi_encode(&data, &m->inputs, &tuple);
        bench_send(&b, "gov", &MEMBERS_SERVICE, buf_view(&data));
        const char *expected =
            cases[i].len ? arena_printf(&b.arena, "InvalidName(length=%zu, limit=64)", cases[i].len)
                         : "ok";
        if (strcmp(bench_outcome(&b, m), expected) != 0)
            test_fail(__FILE__, __LINE__, "name %zu: %s, expected %s", i, b.text, expected);
        state_revert(b.state, cp);
        buf_free(&data);
    }
    test_count(sizeof cases / sizeof *cases);
    bench_close(&b);
}

TEST(members_genesis_founds)
{
    struct bench b;
    open_members(&b,
                 "{\"services\":{\"members\":{\"heartbeat\":3600,\"controller\":{\"name\":\"N\","
                 "\"contact\":\"C\"},\"validators\":[" VALIDATOR("a", "3") "]}}}");
    ROWS(&b, {"x", "founded", {0}, "true, \"1\", \"1700000000\""},
         {"x", "heartbeat", {0}, "\"3600\""}, {"x", "controller", {0}, "\"N\", \"C\""},
         {"x", "memberAt", {"0"}, "\"a\", \"@a\", \"%ka%\", \"3\", \"@na\""},
         {"gov", "found", {0}, "NotAuthorised(account=@gov, role=\"governor\")"});
    bench_close(&b);
}

TEST(members_genesis_refusals)
{
    static const struct {
        const char *members, *message;
    } cases[] = {
        {"[]", "services.members: not an object"},
        {"{\"members\":[]}", "services.members.members: unknown member"},
        {"{\"heartbeat\":0}", "services.members.heartbeat: 1 to 3600 seconds needed"},
        {"{\"heartbeat\":3601}", "services.members.heartbeat: 1 to 3600 seconds needed"},
        {"{\"heartbeat\":\"soon\"}", "services.members.heartbeat: 1 to 3600 seconds needed"},
        {"{\"validators\":{}}",
         "services.members.validators: a list of at least one member needed"},
        {"{\"validators\":[]}",
         "services.members.validators: a list of at least one member needed"},
        {"{\"validators\":[1]}", "services.members.validators[0]: not an object"},
        {"{\"validators\":[{}]}", "services.members.validators[0].name: a text needed"},
        {"{\"validators\":[{\"nom\":\"a\"}]}",
         "services.members.validators[0].nom: unknown member"},
        {"{\"validators\":[{\"name\":\"a\",\"operator\":\"0x12\"}]}",
         "services.members.validators[0].operator: an address needed"},
        {"{\"validators\":[{\"name\":\"a\",\"operator\":\"@a\",\"key\":\"@a\"}]}",
         "services.members.validators[0].key: 32 bytes (0x...) needed"},
        {"{\"validators\":[{\"name\":\"a\",\"operator\":\"@a\",\"key\":\"%ka%\"}]}",
         "services.members.validators[0].power: a whole number needed"},
        {"{\"validators\":[{\"name\":\"a\",\"operator\":\"@a\",\"key\":\"%ka%\",\"power\":1}]}",
         "services.members.validators[0].node: 20 bytes (40 digits) needed"},
        {"{\"validators\":[" VALIDATOR("a", "1") "," VALIDATOR("b", "0") "]}",
         "services.members.validators[1]: InvalidPower(power=0, limit=1000000000)"},
        {"{\"validators\":[" VALIDATOR("a", "1") "," VALIDATOR("a", "1") "]}",
         "services.members.validators[1]: OperatorTaken(operator=@a)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        struct diag d = {0};
        services_init_with(SERVICES);
        bench_open(&b);
        const char *text =
            arena_printf(&b.arena, "{\"services\":{\"members\":%s}}", cases[i].members);
        CHECK_ERR(bench_genesis(&b, text, &d), E_GENESIS);
        CHECK_STR(d.text, bench_text(&b, cases[i].message));
        bench_close(&b);
    }
    test_count(sizeof cases / sizeof *cases);
}

/* --- votes ------------------------------------------------------------------------------------ */

TEST(members_decide_by_more_than_two_thirds)
{
    struct bench b;
    open_members(&b, THREE_GENESIS);
    SAY("\"1\"", "a", "proposeHeartbeat", "30", "0");
    CHECK_STR(log_names(&b), "Proposed Voted");
    SAY("ok", "b", "vote", "1", "true");
    CHECK_STR(log_names(&b), "Voted"); /* exactly two thirds */
    ROWS(&b,
         {"x",
          "proposal",
          {"1"},
          "{\"kind\":\"%heartbeat%\",\"status\":\"%open%\",\"proposer\":\"@a\","
          "\"opened\":\"1700000000\",\"expiry\":\"1700604800\",\"decided\":\"0\","
          "\"yesPower\":\"2\",\"noPower\":\"0\",\"totalPower\":\"3\",\"operator\":\"@zero\","
          "\"key\":\"" ZERO32 "\",\"node\":\"" ZERO20 "\",\"number\":\"30\",\"text\":\"\"}"},
         {"x", "votesOf", {"1"}, "[\"@a\",\"@b\"], [true,true]"},
         {"x", "openProposals", {0}, "[\"1\"]"}, {"x", "heartbeat", {0}, "\"10\""},
         {"a", "recount", {"1"}, "Undecided(id=1, yesPower=2, noPower=0, totalPower=3)"});
    CHECK_INT(members_heartbeat_s(b.state), 10);
    b.env.timestamp_s += 100;
    SAY("ok", "c", "vote", "1", "true");
    CHECK_STR(log_names(&b), "Voted Decided HeartbeatSet");
    CHECK_INT(members_heartbeat_s(b.state), 30);
    ROWS(&b,
         {"x",
          "proposal",
          {"1"},
          "{\"kind\":\"%heartbeat%\",\"status\":\"%passed%\",\"proposer\":\"@a\","
          "\"opened\":\"1700000000\",\"expiry\":\"1700604800\",\"decided\":\"1700000100\","
          "\"yesPower\":\"3\",\"noPower\":\"0\",\"totalPower\":\"3\",\"operator\":\"@zero\","
          "\"key\":\"" ZERO32 "\",\"node\":\"" ZERO20 "\",\"number\":\"30\",\"text\":\"\"}"},
         {"x", "openProposals", {0}, "[]"}, {"x", "heartbeat", {0}, "\"30\""},
         {"x", "proposalCount", {0}, "\"1\""},
         {"c", "vote", {"1", "true"}, "ProposalClosed(id=1, status=\"passed\")"},
         {"c", "recount", {"1"}, "ProposalClosed(id=1, status=\"passed\")"});
    bench_close(&b);
}

TEST(members_reject_with_a_third)
{
    struct bench b;
    open_members(&b, THREE_GENESIS);
    SAY("\"1\"", "a", "proposeRemove", "@c", "0");
    SAY("ok", "c", "vote", "1", "false"); /* exactly a third */
    CHECK_STR(log_names(&b), "Voted Decided");
    ROWS(&b, {"b", "vote", {"1", "true"}, "ProposalClosed(id=1, status=\"rejected\")"},
         {"x", "memberCount", {0}, "\"3\""}, {"x", "openProposals", {0}, "[]"});
    bench_close(&b);
}

/* 2 of 7 against are less than a third: 2 * 3 < 7; 3 of 7 are more. 5 of 7 for are enough. */
TEST(members_weigh_what_their_power_says)
{
    struct bench b;
    open_members(&b, "{\"services\":{\"members\":{\"validators\":[" VALIDATOR(
                         "a", "4") "," VALIDATOR("b", "2") "," VALIDATOR("c", "1") "]}}}");
    ROWS(&b, {"a", "proposeHeartbeat", {"30", "0"}, "\"1\""}, {"b", "vote", {"1", "false"}, "ok"},
         {"x", "openProposals", {0}, "[\"1\"]"}, {"c", "vote", {"1", "true"}, "ok"},
         {"x", "heartbeat", {0}, "\"30\""}, {"a", "proposeHeartbeat", {"31", "0"}, "\"2\""},
         {"b", "vote", {"2", "false"}, "ok"}, {"c", "vote", {"2", "false"}, "ok"},
         {"x", "heartbeat", {0}, "\"30\""},
         {"x", "votesOf", {"2"}, "[\"@a\",\"@b\",\"@c\"], [true,false,false]"});
    bench_close(&b);
}

TEST(members_votes_are_refused)
{
    struct bench b;
    open_members(&b, THREE_GENESIS);
    ROWS(&b, {"x", "proposeHeartbeat", {"0", "1"}, "NotAuthorised(account=@x, role=\"member\")"},
         {"gov", "proposeRemove", {"@a", "0"}, "NotAuthorised(account=@gov, role=\"member\")"},
         {"a",
          "proposeHeartbeat",
          {"0", "59"},
          "InvalidLifetime(lifetime=59, least=60, most=7776000)"},
         {"a",
          "proposeHeartbeat",
          {"0", "7776001"},
          "InvalidLifetime(lifetime=7776001, least=60, most=7776000)"},
         {"a", "proposeHeartbeat", {"0", "60"}, "InvalidHeartbeat(period=0, limit=3600)"},
         {"a", "proposeHeartbeat", {"3601", "60"}, "InvalidHeartbeat(period=3601, limit=3600)"},
         {"a", "proposeHeartbeat", {"10", "60"}, "NoChange()"},
         {"a", "proposeHeartbeat", {"3600", "7776000"}, "\"1\""},
         {"a", "proposeHeartbeat", {"1", "60"}, "\"2\""},
         {"x", "vote", {"9", "true"}, "NotAuthorised(account=@x, role=\"member\")"},
         {"b", "vote", {"0", "true"}, "UnknownProposal(id=0)"},
         {"b", "vote", {"3", "true"}, "UnknownProposal(id=3)"},
         {"b",
          "vote",
          {"18446744073709551617", "true"}, /* 2^64 + 1 is not 1 */
          "UnknownProposal(id=18446744073709551617)"},
         {"x", "proposal", {"3"}, "UnknownProposal(id=3)"},
         {"x", "votesOf", {"0"}, "UnknownProposal(id=0)"},
         {"a", "vote", {"2", "false"}, "AlreadyVoted(id=2, operator=@a)"},
         {"x", "recount", {"2"}, "NotAuthorised(account=@x, role=\"member\")"},
         {"b", "vote", {"2", "true"}, "ok", 59},
         {"c", "vote", {"2", "true"}, "ProposalExpired(id=2, expiry=1700000060)", 1},
         {"c", "recount", {"2"}, "ProposalExpired(id=2, expiry=1700000060)"},
         {"x", "openProposals", {0}, "[\"1\"]"}, {"x", "heartbeat", {0}, "\"10\""});
    const char *json = BENCH_CALL(&b, "x", &MEMBERS_SERVICE, "proposal", "2");
    CHECK(strstr(json, bench_text(&b, "\"status\":\"%expired%\"")) != NULL);
    bench_close(&b);
}

TEST(members_open_proposals_are_bounded)
{
    struct bench b;
    open_members(&b, THREE_GENESIS);
    for (unsigned i = 1; i <= 8; i++) {
        SAY(arena_printf(&b.arena, "\"%u\"", i), "a", "proposePower", "@b",
            arena_printf(&b.arena, "%u", i + 1), i == 1 ? "60" : "3600");
    }
    ROWS(&b, {"a", "proposePower", {"@b", "99", "0"}, "TooManyProposals(proposer=@a, limit=8)"},
         {"b", "proposePower", {"@b", "99", "0"}, "\"9\""}, /* another's are not counted */
         {"a", "proposePower", {"@b", "99", "0"}, "TooManyProposals(proposer=@a, limit=8)", 59},
         {"a", "proposePower", {"@b", "99", "0"}, "\"10\"", 1}, /* the first has expired */
         {"x", "openProposals", {0}, "[\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"]"},
         {"a", "proposePower", {"@b", "98", "0"}, "TooManyProposals(proposer=@a, limit=8)"},
         {"b", "vote", {"3", "false"}, "ok"}, /* rejected: another place */
         {"a", "proposePower", {"@b", "98", "0"}, "\"11\""});
    bench_close(&b);
}

/* --- changes of the set ----------------------------------------------------------------------- */

TEST(members_come_change_and_go)
{
    struct bench b;
    open_members(&b, ONE_GENESIS);
    SAY("\"1\"", "a", "proposeAdd", "Bornes", "@b", "%kb%", "3", "@nb", "0");
    CHECK_STR(log_names(&b), "Proposed Voted Decided MemberAdded"); /* alone: at once */
    ROWS(&b, {"x", "memberAt", {"1"}, "\"Bornes\", \"@b\", \"%kb%\", \"3\", \"@nb\""},
         {"x", "totalPower", {0}, "\"10\""},
         /* 7 of 10 are more than two thirds: a still decides alone */
         {"a",
          "proposeAdd",
          {"", "@zero", ZERO32, "0", ZERO20, "0"},
          "InvalidName(length=0, limit=64)"},
         {"a", "proposeAdd", {"B", "@b", "%kc%", "3", "@nc", "0"}, "OperatorTaken(operator=@b)"},
         {"a", "proposeAdd", {"C", "@c", "%kb%", "3", "@nc", "0"}, "KeyTaken(key=\"kb\")"},
         {"a", "proposeAdd", {"C", "@c", "%kc%", "3", "@nb", "0"}, "NodeTaken(node=@nb)"},
         {"a", "proposePower", {"@c", "3", "0"}, "UnknownMember(operator=@c)"},
         {"a", "proposePower", {"@b", "0", "0"}, "InvalidPower(power=0, limit=1000000000)"},
         {"a", "proposePower", {"@b", "3", "0"}, "NoChange()"},
         {"a", "proposeKey", {"@c", "%kb%", "@nb", "0"}, "UnknownMember(operator=@c)"},
         {"a", "proposeKey", {"@b", ZERO32, "@nb", "0"}, "InvalidKey(key=" ZERO32 ")"},
         {"a", "proposeKey", {"@b", "%kb%", ZERO20, "0"}, "InvalidNode(node=" ZERO20 ")"},
         {"a", "proposeKey", {"@b", "%ka%", "@nb", "0"}, "KeyTaken(key=\"ka\")"},
         {"a", "proposeKey", {"@b", "%kb%", "@na", "0"}, "NodeTaken(node=@na)"},
         {"a", "proposeKey", {"@b", "%kb%", "@nb", "0"}, "NoChange()"},
         {"a", "proposeRemove", {"@c", "0"}, "UnknownMember(operator=@c)"},
         {"a", "proposeKey", {"@b", "%kb%", "@nb2", "0"}, "\"2\""},
         {"a", "proposeKey", {"@b", "%kb2%", "@nb2", "0"}, "\"3\""},
         {"x", "memberOf", {"@b"}, "\"Bornes\", \"%kb2%\", \"3\", \"@nb2\""},
         {"x", "isNodeAllowed", {"@nb"}, "false"}, {"x", "isNodeAllowed", {"@nb2"}, "true"});
    SAY("\"4\"", "a", "proposePower", "@b", "1000", "0");
    CHECK_STR(log_names(&b), "Proposed Voted Decided MemberReweighted");
    SAY("\"5\"", "b", "proposeRemove", "@a", "0");
    CHECK_STR(log_names(&b), "Proposed Voted Decided MemberRemoved");
    ROWS(&b, {"x", "memberCount", {0}, "\"1\""},
         {"a", "proposeHeartbeat", {"5", "0"}, "NotAuthorised(account=@a, role=\"member\")"},
         {"b", "proposeRemove", {"@b", "0"}, "LastMember(operator=@b)"},
         {"b", "proposeAdd", {"a", "@a", "%ka%", "3", "@na", "0"}, "\"6\""},
         {"x", "memberAt", {"1"}, "\"a\", \"@a\", \"%ka%\", \"3\", \"@na\""});
    bench_close(&b);
}

/* What is counted is who is a member, and with what weight, at that moment. */
TEST(members_votes_of_those_who_left_are_void)
{
    struct bench b;
    open_members(
        &b,
        "{\"services\":{\"members\":{\"validators\":[" VALIDATOR("a", "1") "," VALIDATOR(
            "b", "1") "," VALIDATOR("c", "1") "," VALIDATOR("d", "1") "," VALIDATOR("e",
                                                                                    "1") "]}}}");
    ROWS(&b, {"a", "proposeHeartbeat", {"77", "0"}, "\"1\""}, {"b", "vote", {"1", "true"}, "ok"},
         {"c", "vote", {"1", "true"}, "ok"}, /* 3 of 5 */
         {"a", "proposeRemove", {"@c", "0"}, "\"2\""}, {"b", "vote", {"2", "true"}, "ok"},
         {"d", "vote", {"2", "true"}, "ok"}, {"e", "vote", {"2", "true"}, "ok"},
         {"x", "memberCount", {0}, "\"4\""},
         /* 2 of 4 without c */
         {"d", "recount", {"1"}, "Undecided(id=1, yesPower=2, noPower=0, totalPower=4)"},
         {"c", "vote", {"1", "true"}, "NotAuthorised(account=@c, role=\"member\")"},
         /* c comes back: its old vote stays void, and it votes anew */
         {"a", "proposeAdd", {"c", "@c", "%kc%", "1", "@nc", "0"}, "\"3\""},
         {"b", "vote", {"3", "true"}, "ok"}, {"d", "vote", {"3", "true"}, "ok"},
         {"d", "recount", {"1"}, "Undecided(id=1, yesPower=2, noPower=0, totalPower=5)"},
         {"c", "vote", {"1", "true"}, "ok"},
         {"c", "vote", {"1", "true"}, "AlreadyVoted(id=1, operator=@c)"},
         {"x", "votesOf", {"1"}, "[\"@a\",\"@b\",\"@c\"], [true,true,true]"},
         {"d", "vote", {"1", "true"}, "ok"}, {"x", "heartbeat", {0}, "\"77\""});
    bench_close(&b);
}

/* 3 of 5 for, e leaves after voting no: 3 of 4 are enough, but nobody is left to vote. */
TEST(members_count_again_after_a_change)
{
    struct bench b;
    open_members(
        &b,
        "{\"services\":{\"members\":{\"validators\":[" VALIDATOR("a", "2") "," VALIDATOR(
            "b", "2") "," VALIDATOR("c", "2") "," VALIDATOR("d", "1") "," VALIDATOR("e",
                                                                                    "2") "]}}}");
    ROWS(&b, {"a", "proposeHeartbeat", {"77", "0"}, "\"1\""}, {"b", "vote", {"1", "true"}, "ok"},
         {"c", "vote", {"1", "true"}, "ok"}, {"e", "vote", {"1", "false"}, "ok"}, /* 6 and 2 of 9 */
         {"a", "proposeRemove", {"@e", "0"}, "\"2\""}, {"b", "vote", {"2", "true"}, "ok"},
         {"c", "vote", {"2", "true"}, "ok"}, {"d", "vote", {"2", "true"}, "ok"},
         {"x", "heartbeat", {0}, "\"10\""},
         {"x", "recount", {"1"}, "NotAuthorised(account=@x, role=\"member\")"});
    SAY("ok", "d", "recount", "1"); /* 6 of 7 */
    CHECK_STR(log_names(&b), "Decided HeartbeatSet");
    ROWS(&b, {"x", "heartbeat", {0}, "\"77\""}, {"x", "openProposals", {0}, "[]"},
         {"x", "votesOf", {"1"}, "[\"@a\",\"@b\",\"@c\"], [true,true,true]"});
    bench_close(&b);
}

TEST(members_agreed_changes_may_be_overtaken)
{
    struct bench b;
    open_members(&b, THREE_GENESIS);
    ROWS(&b, {"a", "proposeAdd", {"D", "@d", "%kd%", "1", "@nd", "0"}, "\"1\""},
         {"b", "proposeAdd", {"E", "@e", "%kd%", "1", "@ne", "0"}, "\"2\""},
         {"b", "vote", {"1", "true"}, "ok"}, {"a", "vote", {"2", "true"}, "ok"},
         {"c", "vote", {"1", "true"}, "ok"}, {"x", "memberCount", {0}, "\"4\""});
    SAY("ok", "c", "vote", "2", "true"); /* 3 of 4, and the key is taken */
    CHECK_STR(log_names(&b), "Voted Decided");
    ROWS(&b, {"x", "memberCount", {0}, "\"4\""}, {"x", "openProposals", {0}, "[]"},
         {"d", "vote", {"2", "true"}, "ProposalClosed(id=2, status=\"overtaken\")"});
    bench_close(&b);
}

static const char *hundred_validators(struct bench *b, unsigned count)
{
    struct buf out = {0};
    buf_puts(&out, "{\"services\":{\"members\":{\"validators\":[");
    for (unsigned i = 0; i < count; i++)
        buf_putf(&out,
                 "%s{\"name\":\"%064u\",\"operator\":\"@m%u\",\"key\":\"%%k%u%%\",\"power\":"
                 "1000000000,\"node\":\"@n%u\"}",
                 i ? "," : "", i, i, i, i);
    buf_puts(&out, "]}}}");
    const char *copy = arena_strdup(&b->arena, buf_cstr(&out));
    buf_free(&out);
    return copy;
}

TEST(members_are_at_most_a_hundred)
{
    struct bench b;
    struct diag d = {0};
    services_init_with(SERVICES);
    bench_open(&b);
    CHECK_ERR(bench_genesis(&b, hundred_validators(&b, 101), &d), E_GENESIS);
    CHECK_STR(d.text, "services.members.validators[100]: TooManyMembers(limit=100)");
    bench_close(&b);

    open_members(&b, OPEN_GENESIS);
    bench_close(&b);
    bench_open(&b);
    CHECK_ERR(bench_genesis(&b, hundred_validators(&b, 100), &d), E_OK);
    SAY("\"100000000000\"", "x", "totalPower");
    SAY("TooManyMembers(limit=100)", "m7", "proposeAdd", "N", "@new", "%kn%", "1", "@nn", "0");
    SAY("\"1\"", "m0", "proposeRemove", "@m99", "0");
    int64_t most = 0;
    for (unsigned i = 1; i < 67; i++) { /* the 67th vote is the first above two thirds */
        SAY("\"100\"", "x", "memberCount");
        SAY("ok", arena_printf(&b.arena, "m%u", i), "vote", "1", "true");
        most = BENCH_GAS - b.result.gas_left > most ? BENCH_GAS - b.result.gas_left : most;
    }
    SAY("\"99\"", "x", "memberCount");
    CHECK(most < 200000); /* the largest there is fits any transaction many times over */
    bench_close(&b);
}

/* --- upgrades --------------------------------------------------------------------------------- */

TEST(members_agree_on_upgrades)
{
    struct bench b;
    uint64_t number = 0;
    char name[MEMBERS_NAME_MAX + 1] = "untouched";
    open_members(&b, ONE_GENESIS); /* block 1 */
    ROWS(&b, {"x", "upgrade", {0}, "\"0\", \"\", \"0\", \"0\""},
         {"a", "proposeCallOff", {"0"}, "NoUpgrade()"},
         {"a", "proposeUpgrade", {"9", "", "0"}, "InvalidProgram(length=0, limit=64)"},
         {"a", "proposeUpgrade", {"9", "v\t2", "0"}, "InvalidProgram(length=3, limit=64)"},
         {"a", "proposeUpgrade", {"1", "v2", "0"}, "UpgradePassed(number=1, blockNumber=1)"});
    CHECK(!members_upgrade(b.state, &number, name));
    CHECK_STR(name, "untouched");
    SAY("\"1\"", "a", "proposeUpgrade", "2", "v2", "0");
    CHECK_STR(log_names(&b), "Proposed Voted Decided UpgradeAgreed");
    CHECK(members_upgrade(b.state, &number, name));
    CHECK_INT(number, 2);
    CHECK_STR(name, "v2");
    ROWS(&b, {"x", "upgrade", {0}, "\"2\", \"v2\", \"1700000000\", \"1\""},
         {"a", "proposeUpgrade", {"9", "v3", "0"}, "UpgradePending(number=2, program=\"v2\")"},
         {"a", "proposeCallOff", {"0"}, "NoUpgrade()", 5, 1}, /* block 2 itself: too late */
         {"a", "proposeUpgrade", {"9", "v3", "0"}, "\"2\""},
         {"x", "upgrade", {0}, "\"9\", \"v3\", \"1700000005\", \"2\""});
    b.env.number = 8;
    SAY("\"3\"", "a", "proposeCallOff", "0");
    CHECK_STR(log_names(&b), "Proposed Voted Decided UpgradeCalledOff");
    CHECK(members_upgrade(b.state, &number, name));
    CHECK_INT(number, 2); /* what was in force before is so again */
    CHECK_STR(name, "v2");
    ROWS(&b, {"x", "upgrade", {0}, "\"2\", \"v2\", \"1700000000\", \"1\""},
         {"x", "upgradeCount", {0}, "\"2\""},
         {"x", "upgradeAt", {"1"}, "\"9\", \"v3\", \"1700000005\", \"2\", \"3\""},
         {"x", "upgradeAt", {"0"}, "\"2\", \"v2\", \"1700000000\", \"1\", \"0\""},
         {"x", "upgradeAt", {"2"}, "UnknownIndex(index=2, count=2)"},
         {"a",
          "proposeUpgrade",
          {"1000", "0123456789012345678901234567890123456789012345678901234567890123", "0"},
          "\"4\""});
    CHECK(members_upgrade(b.state, &number, name));
    CHECK_INT(strlen(name), 64);
    bench_close(&b);
}

/* Its block came while the votes were gathered. */
TEST(members_upgrades_may_be_overtaken)
{
    struct bench b;
    uint64_t number;
    char name[MEMBERS_NAME_MAX + 1];
    open_members(&b, THREE_GENESIS);
    ROWS(&b, {"a", "proposeUpgrade", {"3", "v2", "0"}, "\"1\""}, {"b", "vote", {"1", "true"}, "ok"},
         {"c", "vote", {"1", "true"}, "ok", 5, 2},
         {"c", "vote", {"1", "true"}, "ProposalClosed(id=1, status=\"overtaken\")"},
         {"x", "upgradeCount", {0}, "\"0\""});
    CHECK(!members_upgrade(b.state, &number, name));
    bench_close(&b);
}

/* --- followers -------------------------------------------------------------------------------- */

static bool node_allowed(struct bench *b, const char *name)
{
    return members_node_allowed(b->state, bench_address(name).b);
}

TEST(members_admit_followers)
{
    struct bench b;
    open_members(&b, THREE_GENESIS);
    SAY("ok", "a", "admitFollower", "@f1");
    CHECK_STR(log_names(&b), "FollowerAdmitted");
    ROWS(&b, {"x", "admitFollower", {"@f2"}, "NotAuthorised(account=@x, role=\"member\")"},
         {"a", "admitFollower", {ZERO20}, "InvalidNode(node=" ZERO20 ")"},
         {"b", "admitFollower", {"@f1"}, "NodeTaken(node=@f1)"},
         {"b", "admitFollower", {"@nc"}, "NodeTaken(node=@nc)"},
         {"b", "admitFollower", {"@f2"}, "ok"}, {"x", "followersOf", {"@a"}, "[\"@f1\"]"},
         {"x", "followersOf", {"@c"}, "[]"}, {"x", "isNodeAllowed", {"@f2"}, "true"},
         {"x", "isNodeAllowed", {"@f3"}, "false"},
         {"b", "dismissFollower", {"@f1"}, "UnknownFollower(operator=@b, node=@f1)"},
         {"b", "dismissFollower", {"@f3"}, "UnknownFollower(operator=@b, node=@f3)"},
         {"x", "dismissFollower", {"@f3"}, "NotAuthorised(account=@x, role=\"member\")"},
         {"a", "admitFollower", {"@f3"}, "ok"}, {"a", "admitFollower", {"@f4"}, "ok"},
         {"a", "dismissFollower", {"@f3"}, "ok"},
         {"x", "followersOf", {"@a"}, "[\"@f1\",\"@f4\"]"});
    CHECK(node_allowed(&b, "f1") && node_allowed(&b, "nc") && !node_allowed(&b, "f3"));
    for (unsigned i = 5; i < 11; i++)
        SAY("ok", "a", "admitFollower", arena_printf(&b.arena, "@f%u", i));
    SAY("TooManyFollowers(operator=@a, limit=8)", "a", "admitFollower", "@f11");
    /* a follower becomes a member, and a member's node */
    ROWS(&b, {"a", "proposeAdd", {"D", "@d", "%kd%", "1", "@f4", "0"}, "\"1\""},
         {"b", "vote", {"1", "true"}, "ok"},
         {"b", "proposeKey", {"@b", "%kb%", "@f2", "0"}, "\"2\""});
    SAY("ok", "c", "vote", "1", "true");
    CHECK_STR(log_names(&b), "Voted Decided FollowerDismissed MemberAdded");
    ROWS(&b, {"a", "vote", {"2", "true"}, "ok"}, {"d", "vote", {"2", "true"}, "ok"},
         {"x", "memberOf", {"@b"}, "\"b\", \"%kb%\", \"1\", \"@f2\""},
         {"x", "followersOf", {"@b"}, "[]"}, {"a", "admitFollower", {"@f11"}, "ok"},
         {"a", "admitFollower", {"@f12"}, "TooManyFollowers(operator=@a, limit=8)"});
    CHECK(node_allowed(&b, "f4") && node_allowed(&b, "f2") && !node_allowed(&b, "nb"));
    /* they go with who admitted them */
    ROWS(&b, {"b", "proposeRemove", {"@a", "0"}, "\"3\""}, {"c", "vote", {"3", "true"}, "ok"});
    SAY("ok", "d", "vote", "3", "true");
    CHECK_STR(log_names(&b),
              "Voted Decided FollowerDismissed FollowerDismissed FollowerDismissed "
              "FollowerDismissed FollowerDismissed FollowerDismissed FollowerDismissed "
              "FollowerDismissed MemberRemoved");
    CHECK(!node_allowed(&b, "f1") && !node_allowed(&b, "f11") && !node_allowed(&b, "na"));
    SAY("[]", "x", "followersOf", "@a");
    bench_close(&b);
}

/* --- misbehaviour ----------------------------------------------------------------------------- */

/* First 20 bytes of SHA-256 of "ka" and "kb", padded to 32 bytes (Python's hashlib). */
#define ADDRESS_KA "2753d900fbcbb7a561f1496cb45612a2bf139bd7"
#define ADDRESS_KB "12a077d80bbe71d5da1148e3e3e8f348a5207f8b"

static struct misbehaviour report(uint8_t kind, const char *hex, uint64_t height)
{
    struct misbehaviour m = {.kind = kind, .height = height, .time_s = 1699999990, .power = 5};
    CHECK_ERR(hex_decode(m.validator20, 20, hex, strlen(hex)), E_OK);
    return m;
}

TEST(members_who_misbehave_are_expelled)
{
    struct bench b;
    open_members(&b, "{\"services\":{\"members\":{\"validators\":[" VALIDATOR(
                         "a", "4") "," VALIDATOR("b", "2") "]}}}");
    ROWS(&b, {"b", "admitFollower", {"@f1"}, "ok"}, {"b", "proposeHeartbeat", {"60", "0"}, "\"1\""},
         {"x", "misbehaviourCount", {0}, "\"0\""},
         {"x", "misbehaviourAt", {"0"}, "UnknownIndex(index=0, count=0)"});
    struct misbehaviour list[] = {report(1, ADDRESS_KB, 41), report(2, ADDRESS_KB, 42),
                                  report(1, "00112233445566778899aabbccddeeff00112233", 43),
                                  report(2, ADDRESS_KA, 44)};
    state_tx_begin(b.state);
    struct arena *unused = b.world.arena;
    b.world.arena = NULL; /* a block's start has none */
    CHECK_ERR(members_punish(&b.world, list, 4), E_OK);
    b.world.arena = unused;
    CHECK_INT(state_log_count(b.state), 0);
    ROWS(&b, {"x", "misbehaviourCount", {0}, "\"4\""},
         {"x",
          "misbehaviourAt",
          {"0"},
          "1, \"0x" ADDRESS_KB "\", \"41\", \"1699999990\", \"5\", \"@b\", \"b\", "
          "\"%expelled%\", \"1\""},
         {"x",
          "misbehaviourAt",
          {"1"},
          "2, \"0x" ADDRESS_KB "\", \"42\", \"1699999990\", \"5\", \"@zero\", \"\", "
          "\"%unknown%\", \"1\""},
         {"x",
          "misbehaviourAt",
          {"2"},
          "1, \"0x00112233445566778899aabbccddeeff00112233\", \"43\", \"1699999990\", \"5\", "
          "\"@zero\", \"\", \"%unknown%\", \"1\""},
         {"x",
          "misbehaviourAt",
          {"3"},
          "2, \"0x" ADDRESS_KA "\", \"44\", \"1699999990\", \"5\", \"@a\", \"a\", \"%last%\", "
          "\"1\""},
         {"x", "memberCount", {0}, "\"1\""}, {"x", "isNodeAllowed", {"@f1"}, "false"},
         {"x", "followersOf", {"@b"}, "[]"},
         {"b", "vote", {"1", "true"}, "NotAuthorised(account=@b, role=\"member\")"},
         {"a", "recount", {"1"}, "Undecided(id=1, yesPower=0, noPower=0, totalPower=4)"},
         /* by vote it may come back */
         {"a", "proposeAdd", {"b", "@b", "%kb%", "1", "@nb", "0"}, "\"2\""},
         {"x", "memberCount", {0}, "\"2\""});
    bench_close(&b);
}

TEST(members_not_founded_cannot_misbehave)
{
    struct bench b;
    struct misbehaviour one = report(1, ADDRESS_KA, 1);
    open_members(&b, OPEN_GENESIS);
    SAY("ok", "gov", "enrol", "A", "@a", "%ka%", "1", "@na");
    struct hash before = bench_digest(&b);
    CHECK_ERR(members_punish(&b.world, NULL, 0), E_OK);
    CHECK_ERR(members_punish(&b.world, &one, 1), E_BLOCK);
    struct hash after = bench_digest(&b);
    CHECK(hash_eq(&before, &after));
    bench_close(&b);
}

/* --- for the chain and the engine ------------------------------------------------------------- */

TEST(members_are_read_through_the_state)
{
    struct bench b;
    struct member *list;
    size_t count;
    open_members(&b, OPEN_GENESIS);
    ROWS(&b, {"gov", "enrol", {"Trois", "@c", "%kz%", "3", "@nc"}, "ok"},
         {"gov", "enrol", {"Un", "@a", "%ka%", "1", "@na"}, "ok"},
         {"gov", "enrol", {"Deux", "@b", "%kb%", "2", "@nb"}, "ok"});
    CHECK_ERR(members_validators(b.state, &b.arena, &list, &count), E_OK);
    CHECK_INT(count, 0);
    CHECK(!members_founded(b.state) && !node_allowed(&b, "na"));
    SAY("ok", "gov", "found");
    CHECK(members_founded(b.state) && node_allowed(&b, "na") && !node_allowed(&b, "a"));
    CHECK_ERR(members_validators(b.state, &b.arena, &list, &count), E_OK);
    REQUIRE(count == 3);
    for (size_t i = 0; i < 3; i++) {
        static const char *const NAMES[] = {"Un", "Deux", "Trois"}, *const OPERATORS[] = {"a", "b",
                                                                                          "c"};
        struct address a = bench_address(OPERATORS[i]);
        CHECK_STR(list[i].name, NAMES[i]);
        CHECK_INT(list[i].power, i + 1);
        CHECK(address_eq(&list[i].operator, & a));
        CHECK(list[i].key32[0] == 'k' && list[i].key32[1] == (uint8_t) "abz"[i]);
    }
    CHECK_INT(members_heartbeat_s(b.state), 10);
    bench_close(&b);
}

static enum err broken_account(void *ctx, const struct address *a, struct account *out,
                               bool *exists_out)
{
    (void)ctx;
    (void)a;
    (void)out;
    (void)exists_out;
    return E_IO;
}

static enum err broken_storage(void *ctx, const struct address *a, const struct hash *slot,
                               struct buf *out)
{
    (void)ctx;
    (void)a;
    (void)slot;
    (void)out;
    return E_IO;
}

TEST(members_of_a_state_that_cannot_be_read)
{
    static const struct state_reader BROKEN = {broken_account, broken_storage, no_code, NULL};
    struct arena arena = {0};
    struct block_env env = {.number = 1};
    struct state *s = state_new(&BROKEN);
    struct world w = {.state = s, .block = &env};
    struct misbehaviour one = report(1, ADDRESS_KA, 1);
    struct member *list;
    size_t count;
    uint8_t node20[20] = {1};
    uint64_t number;
    char name[MEMBERS_NAME_MAX + 1];
    services_init_with(SERVICES);
    CHECK_ERR(members_validators(s, &arena, &list, &count), E_IO);
    CHECK_ERR(members_punish(&w, &one, 1), E_IO);
    CHECK(!members_founded(s) && !members_node_allowed(s, node20));
    CHECK(!members_upgrade(s, &number, name));
    CHECK_INT(members_heartbeat_s(s), 10);
    state_free(s);
    arena_free(&arena);
}

/* Every record, cut anywhere: a refusal or what a shorter record says, never a stop. */
TEST(members_short_records_are_refused)
{
    static const struct {
        const char *tag;
        int index; /* -1: none */
        const char *method, *arg;
    } cases[] = {
        {"roll", -1, "memberList", NULL},
        {"founded", -1, "founded", NULL},
        {"proposal", 1, "proposal", "1"},
        {"proposal", 1, "votesOf", "1"},
        {"open-proposals", -1, "openProposals", NULL},
        {"upgrade", 0, "upgradeAt", "0"},
        {"upgrade", 0, "upgrade", NULL},
        {"misbehaviour", 0, "misbehaviourAt", "0"},
    };
    struct bench b;
    struct misbehaviour one = report(1, ADDRESS_KB, 41);
    struct member *list;
    size_t count, refused = 0;
    uint64_t number;
    char name[MEMBERS_NAME_MAX + 1];
    open_members(&b, "{\"services\":{\"members\":{\"validators\":[" VALIDATOR(
                         "a", "4") "," VALIDATOR("b", "2") "," VALIDATOR("c", "1") "]}}}");
    CHECK_ERR(members_punish(&b.world, &one, 1), E_OK);
    SAY("\"1\"", "a", "proposeUpgrade", "9", "v2", "0");
    SAY("\"2\"", "c", "proposeHeartbeat", "9", "0");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t id[8];
        struct bytes key = bytes_of(id, 8);
        be64_put(id, (uint64_t)cases[i].index);
        struct hash slot = service_slot(cases[i].tag, &key, cases[i].index >= 0);
        struct bytes whole = state_storage(b.state, &MEMBERS_SERVICE.address, &slot);
        struct bytes copy = bytes_of(arena_dup(&b.arena, whole.data, whole.len), whole.len);
        REQUIRE(copy.len > 10);
        for (size_t len = 1; len < copy.len; len++) {
            state_checkpoint_t cp = state_checkpoint(b.state);
            state_set_storage(b.state, &MEMBERS_SERVICE.address, &slot, bytes_of(copy.data, len));
            const char *seen = BENCH_CALL(&b, "x", &MEMBERS_SERVICE, cases[i].method, cases[i].arg);
            note_error(&b);
            refused += strcmp(seen, "RecordUnreadable()") == 0;
            CHECK(b.result.status == FRAME_SUCCESS || strcmp(seen, "RecordUnreadable()") == 0);
            members_upgrade(b.state, &number, name);
            enum err err = members_validators(b.state, &b.arena, &list, &count);
            CHECK(err == E_OK || err == E_CORRUPT);
            CHECK(err == E_OK || !node_allowed(&b, "na"));
            err = members_punish(&b.world, &one, 1);
            CHECK(err == E_OK || err == E_CORRUPT);
            state_revert(b.state, cp);
        }
    }
    CHECK(refused > 300);
    test_count(refused);
    bench_close(&b);
}

/* --- gas, refusals of the frame, determinism ---------------------------------------------------
 */

#define STARVE(caller, method, ...) \
    bench_starve(&b, caller, &MEMBERS_SERVICE, method, (const char *const[BENCH_ARGS]){__VA_ARGS__})

TEST(members_out_of_gas_changes_nothing)
{
    struct bench b;
    open_members(&b, OPEN_GENESIS);
    STARVE("gov", "enrol", "A", "@a", "%ka%", "1", "@na");
    STARVE("gov", "enrol", "B", "@b", "%kb%", "1", "@nb");
    STARVE("gov", "strike", "@b");
    STARVE("gov", "found", NULL);
    STARVE("a", "admitFollower", "@f1");
    STARVE("a", "admitFollower", "@f2");
    STARVE("a", "admitFollower", "@f3");
    STARVE("a", "dismissFollower", "@f2");
    STARVE("a", "proposeAdd", "B", "@b", "%kb%", "1", "@f1", "0");
    STARVE("a", "proposePower", "@a", "2", "0");
    STARVE("b", "vote", "2", "true");
    STARVE("a", "proposeKey", "@b", "%kz%", "@nb", "0");
    STARVE("b", "vote", "3", "true");
    STARVE("a", "proposeUpgrade", "99", "v2", "0");
    STARVE("b", "vote", "4", "true");
    STARVE("a", "proposeCallOff", "0");
    STARVE("b", "vote", "5", "true");
    STARVE("b", "proposeHeartbeat", "30", "0");
    STARVE("a", "vote", "6", "true");
    STARVE("b", "proposeRemove", "@a", "0");
    STARVE("a", "vote", "7", "true");
    struct misbehaviour one = report(1, ADDRESS_KA, 41);
    CHECK_ERR(members_punish(&b.world, &one, 1), E_OK); /* unknown by now */
    SAY("\"8\"", "b", "proposeHeartbeat", "60", "0");
    for (size_t i = 0; i < service_method_count(&MEMBERS_SERVICE); i++) {
        const struct abi_entry *m = service_method_entry(&MEMBERS_SERVICE, i);
        if (m->mutability != ABI_VIEW)
            continue;
        const char *args[BENCH_ARGS] = {0};
        for (size_t k = 0; k < m->inputs.size; k++)
            args[k] = m->inputs.item[k].kind != ABI_UINT     ? "@b"
                      : strcmp(m->inputs.item[k].name, "id") ? "0"
                                                             : "8";
        bench_starve(&b, "x", &MEMBERS_SERVICE, m->name, args);
    }
    bench_close(&b);
}

TEST(members_count_out_of_gas)
{
    struct bench b;
    open_members(&b, "{\"services\":{\"members\":{\"validators\":[" VALIDATOR(
                         "a", "2") "," VALIDATOR("b", "1") "]}}}");
    SAY("\"1\"", "a", "proposeHeartbeat", "30", "0"); /* exactly two thirds */
    struct misbehaviour one = report(1, ADDRESS_KB, 41);
    CHECK_ERR(members_punish(&b.world, &one, 1), E_OK);
    STARVE("a", "recount", "1");
    SAY("\"30\"", "x", "heartbeat");
    bench_close(&b);
}

TEST(members_refuse_coins_and_static_changes)
{
    struct bench b;
    open_members(&b, THREE_GENESIS);
    b.is_static = true;
    SAY("StaticCall()", "a", "proposeHeartbeat", "30", "0");
    SAY("StaticCall()", "a", "vote", "1", "true");
    SAY("\"3\"", "a", "memberCount");
    b.is_static = false;
    struct address payer = bench_address("a");
    state_set_balance(b.state, &payer, u256_from_u64(1));
    b.value = u256_from_u64(1);
    SAY("NotPayable()", "a", "found");
    b.value = U256_ZERO;
    b.kind = FRAME_DELEGATECALL;
    SAY("DelegateCall()", "a", "memberCount");
    b.kind = FRAME_CALL;
    bench_send(&b, "a", &MEMBERS_SERVICE, bytes_of("\1\2\3\4", 4));
    note_error(&b);
    struct bytes call =
        bench_encode(&b, bench_method(&MEMBERS_SERVICE, "recount"), (const char *const[]){"1"});
    bench_send(&b, "a", &MEMBERS_SERVICE, bytes_of(call.data, call.len - 1));
    note_error(&b);
    bench_close(&b);
}

/* --- random votes against a naive model ------------------------------------------------------- */

#define VOTERS 7

struct voter {
    bool member;
    unsigned power;
    int vote; /* on the proposal in hand: -1 none, 0 no, 1 yes */
};

static void model_count(const struct voter v[VOTERS], unsigned *yes, unsigned *no, unsigned *total)
{
    *yes = *no = *total = 0;
    for (unsigned i = 0; i < VOTERS; i++) {
        if (!v[i].member)
            continue;
        *total += v[i].power;
        *yes += v[i].vote == 1 ? v[i].power : 0;
        *no += v[i].vote == 0 ? v[i].power : 0;
    }
}

/* One proposal, voted on in random order, with members expelled in between; what is expected comes
 * from fractions alone. Returns how it ended: 0 open, 1 passed, 2 rejected. */
static int random_ballot(struct bench *b, struct voter v[VOTERS], unsigned round)
{
    unsigned yes, no, total, proposer = (unsigned)(test_random() % VOTERS);
    const char *period = arena_printf(&b->arena, "%u", 11 + round);
    const char *id = arena_printf(&b->arena, "%u", round);
    while (!v[proposer].member)
        proposer = (proposer + 1) % VOTERS;
    for (unsigned i = 0; i < VOTERS; i++)
        v[i].vote = -1;
    v[proposer].vote = 1;
    BENCH_CALL(b, arena_printf(&b->arena, "m%u", proposer), &MEMBERS_SERVICE, "proposeHeartbeat",
               period, "0");
    CHECK_INT(b->result.status, FRAME_SUCCESS);
    for (unsigned step = 0;; step++) {
        model_count(v, &yes, &no, &total);
        bool passed = members_heartbeat_s(b->state) == 11 + round;
        CHECK_INT(passed, yes * 3 > total * 2);
        if (passed)
            return 1;
        if (no * 3 >= total)
            return 2;
        if (step == 20)
            return 0;
        unsigned who = (unsigned)(test_random() % VOTERS);
        bool will = test_random() % 4 != 0, may = v[who].member && v[who].vote < 0;
        BENCH_CALL(b, arena_printf(&b->arena, "m%u", who), &MEMBERS_SERVICE, "vote", id,
                   will ? "true" : "false");
        CHECK_INT(b->result.status == FRAME_SUCCESS, may);
        v[who].vote = may ? will : v[who].vote;
    }
}

TEST(members_random_votes_agree_with_a_model)
{
    unsigned ends[3] = {0};
    for (unsigned run = 0; run < 60; run++) {
        struct bench b;
        struct buf text = {0};
        struct voter v[VOTERS];
        services_init_with(SERVICES);
        bench_open(&b);
        buf_puts(&text, "{\"services\":{\"members\":{\"validators\":[");
        for (unsigned i = 0; i < VOTERS; i++) {
            v[i] = (struct voter){true, 1 + (unsigned)(test_random() % 5), -1};
            buf_putf(&text,
                     "%s{\"name\":\"m\",\"operator\":\"@m%u\",\"key\":\"%%k%u%%\",\"power\":%u,"
                     "\"node\":\"@n%u\"}",
                     i ? "," : "", i, i, v[i].power, i);
        }
        buf_puts(&text, "]}}}");
        CHECK_ERR(bench_genesis(&b, buf_cstr(&text), NULL), E_OK);
        for (unsigned round = 1; round <= 8; round++) {
            if (round % 3 == 0) { /* one is expelled */
                unsigned who = (unsigned)(test_random() % VOTERS);
                struct misbehaviour m = {.kind = 1};
                struct hash h;
                char key[32] = {0};
                snprintf(key, sizeof key, "k%u", who);
                sha256_once(&h, key, sizeof key);
                memcpy(m.validator20, h.b, 20);
                CHECK_ERR(members_punish(&b.world, &m, 1), E_OK);
                v[who].member = false;
            }
            ends[random_ballot(&b, v, round)]++;
            b.env.timestamp_s += 700000; /* whatever is open ends */
        }
        buf_free(&text);
        bench_close(&b);
    }
    CHECK(ends[1] > 50 && ends[2] > 20); /* each end was met */
    test_count(ends[0] + ends[1] + ends[2]);
}

/* The same calls give the same state, whatever was done and undone in between. */
TEST(members_state_is_a_function_of_the_calls)
{
    struct hash digests[2];
    for (unsigned run = 0; run < 2; run++) {
        struct bench b;
        open_members(&b, THREE_GENESIS);
        if (run) {
            state_checkpoint_t cp = state_checkpoint(b.state);
            SAY("\"1\"", "c", "proposeRemove", "@a", "0");
            SAY("ok", "b", "admitFollower", "@f9");
            state_revert(b.state, cp);
        }
        ROWS(&b, {"a", "proposeAdd", {"D", "@d", "%kd%", "1", "@nd", "0"}, "\"1\""},
             {"b", "vote", {"1", "true"}, "ok"}, {"c", "vote", {"1", "true"}, "ok"},
             {"d", "admitFollower", {"@f1"}, "ok"});
        digests[run] = bench_digest(&b);
        bench_close(&b);
    }
    CHECK(hash_eq(&digests[0], &digests[1]));
}

/* --- last: nothing declared is unreachable ---------------------------------------------------- */

TEST(members_z_every_error_was_seen)
{
    services_init_with(SERVICES);
    if (!seen_errors[0])
        SKIP("runs after the tables");
    for (size_t i = 0; i < service_error_count(&MEMBERS_SERVICE); i++) {
        const struct abi_entry *e = service_error_entry(&MEMBERS_SERVICE, i);
        /* no value of free length is stored; the frame's own test reaches this one */
        if (!seen_errors[i] && strcmp(e->name, "ValueTooLarge") != 0)
            test_fail(__FILE__, __LINE__, "no test reached %s", e->signature);
    }
}
