/* The genesis file: what a sound one makes, and every refusal by the name of its member. */
#include "test.h"

#include "base/lang.h"
#include "base/limits.h"
#include "chain/genesis.h"
#include "city/service.h"
#include "evm/test_reader.h"

#define PROPOSER "\"0x00000000000000000000000000000000000000aa\""
#define ENGINE "\"engine\":{\"name\":\"solo\",\"proposer\":" PROPOSER "}"
#define HEAD "\"parvis\":1,\"chainId\":20260," ENGINE
#define ACCOUNT "0x1111111111111111111111111111111111111111"

static enum err parse(struct genesis *g, const char *text, struct diag *d)
{
    d->text[0] = 0;
    return genesis_parse(g, bytes_str(text), d);
}

/* Parse and apply to an empty state; the outcome of the first step that fails. */
static enum err run(const char *text, struct diag *d)
{
    struct genesis g;
    enum err e = parse(&g, text, d);
    if (e != E_OK)
        return e;
    struct state *s = state_new(&EMPTY_READER);
    e = genesis_apply(&g, s, d);
    state_free(s);
    genesis_free(&g);
    return e;
}

TEST(full_genesis)
{
    static const char text[] =
        "{\"parvis\": 1, \"chainId\": \"0x4f24\", \"timestamp\": 1356998400,\n"
        " \"gasLimit\": 30000000, \"extraData\": \"0x7061727669\", " ENGINE ",\n"
        " \"roles\": {\"issuer\": " PROPOSER "},\n"
        " \"alloc\": {\"" ACCOUNT "\": {\"balance\": \"1000000000000000000\"},\n"
        "   \"2222222222222222222222222222222222222222\": {\"nonce\": 3, \"code\": \"0x6000\",\n"
        "      \"storage\": {\"0x01\": \"0x00ff\", \"2\": 0}},\n"
        "   \"0x3333333333333333333333333333333333333333\": {}},\n"
        " \"services\": {\"money\": {\"admission\": \"members\"}}}\n";
    struct diag d;
    struct genesis g;
    struct hash slot = {{0}};
    struct address a, b, c;
    REQUIRE(address_from_hex(&a, ACCOUNT) == E_OK);
    memset(b.b, 0x22, sizeof b.b);
    memset(c.b, 0x33, sizeof c.b);
    REQUIRE(parse(&g, text, &d) == E_OK);
    CHECK(g.chain_id == 20260 && g.timestamp_s == 1356998400 && g.gas_limit == 30000000);
    CHECK(g.extra_data_len == 5 && memcmp(g.extra_data, "parvi", 5) == 0);
    CHECK(g.proposer.b[19] == 0xaa && bytes_eq(buf_view(&g.text), bytes_str(text)));

    struct state *s = state_new(&EMPTY_READER);
    REQUIRE(genesis_apply(&g, s, &d) == E_OK);
    CHECK(u256_eq(state_balance(s, &a), u256_from_u64(1000000000000000000)));
    CHECK_INT(state_nonce(s, &b), 3);
    CHECK(state_code(s, &b).len == 2 && state_code(s, &b).data[0] == 0x60);
    slot.b[31] = 1;
    CHECK(bytes_eq(state_storage(s, &b, &slot), bytes_of("\xff", 1)));
    slot.b[31] = 2;
    CHECK_INT(state_storage(s, &b, &slot).len, 0);
    CHECK(!state_exists(s, &c));
    for (size_t i = 0; SERVICES[i]; i++) /* code, so that Solidity's calls find a contract */
        CHECK(state_code(s, &SERVICES[i]->address).len > 0 &&
              state_nonce(s, &SERVICES[i]->address) == 1);
    state_free(s);
    genesis_free(&g);
    genesis_free(&g); /* twice is fine */
}

TEST(defaults)
{
    struct diag d;
    struct genesis g;
    REQUIRE(parse(&g, "{\"parvis\":1,\"chainId\":1,\"engine\":{\"proposer\":" PROPOSER "}}", &d) ==
            E_OK);
    CHECK(g.chain_id == 1 && g.timestamp_s == 0 && g.gas_limit == GENESIS_GAS_LIMIT);
    CHECK_INT(g.extra_data_len, 0);
    struct state *s = state_new(&EMPTY_READER);
    CHECK_ERR(genesis_apply(&g, s, &d), E_OK);
    state_free(s);
    genesis_free(&g);
}

/* The largest and smallest values that are taken. */
TEST(bounds_that_hold)
{
    static const char *const members[] = {
        "\"gasLimit\":21000",
        "\"gasLimit\":9007199254740991",
        "\"timestamp\":253402300799",
        "\"extraData\":\"0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"",
        "\"extraData\":\"\"",
        "\"alloc\":{\"" ACCOUNT "\":{\"nonce\":\"18446744073709551614\"}}",
        "\"alloc\":{\"" ACCOUNT "\":{\"balance\":\"0xffffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffff\"}}",
        "\"roles\":{},\"alloc\":{},\"services\":{}",
    };
    struct diag d;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, "{" HEAD ",%s}", members[i]);
        enum err e = run(text, &d);
        if (e != E_OK)
            test_fail(__FILE__, __LINE__, "%s: %s", members[i], d.text);
    }
    CHECK_ERR(run("{\"parvis\":1,\"chainId\":\"9223372036854775771\"," ENGINE "}", &d), E_OK);
}

#define MAX256 "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static const struct {
    const char *text;  /* the whole file, or members after HEAD if it does not begin with '{' */
    const char *begin; /* of the message */
} REFUSALS[] = {
    {"{}", "parvis: missing"},
    {"{\"parvis\":2,\"chainId\":1," ENGINE "}", "parvis: an integer from 1 to 1"},
    {"{\"parvis\":\"one\",\"chainId\":1," ENGINE "}", "parvis: an integer is needed"},
    {"{\"parvis\":1," ENGINE "}", "chainId: missing"},
    {"{\"parvis\":1,\"chainId\":0," ENGINE "}",
     "chainId: an integer from 1 to 9223372036854775771"},
    {"{\"parvis\":1,\"chainId\":\"9223372036854775772\"," ENGINE "}", "chainId: an integer from 1"},
    {"{\"parvis\":1,\"chainId\":-1," ENGINE "}", "chainId: an integer from 1"},
    {"{\"parvis\":1,\"chainId\":1.5," ENGINE "}", "chainId: an integer is needed"},
    {"{\"parvis\":1,\"chainId\":1}", "engine: missing"},
    {"{\"parvis\":1,\"chainId\":1,\"engine\":\"solo\"}", "engine: an object is needed"},
    {"{\"parvis\":1,\"chainId\":1,\"engine\":{}}", "engine.proposer: missing"},
    {"{\"parvis\":1,\"chainId\":1,\"engine\":{\"proposer\":\"0xaa\"}}",
     "engine.proposer: an address of 40"},
    {"{\"parvis\":1,\"chainId\":1,\"engine\":{\"proposer\":7}}",
     "engine.proposer: an address of 40"},
    {"{\"parvis\":1,\"chainId\":1,\"engine\":{\"proposer\":"
     "\"0x0000000000000000000000000000000000000000\"}}",
     "engine.proposer: nobody has the key"},
    {"{\"parvis\":1,\"chainId\":1,\"engine\":{\"name\":\"raft\",\"proposer\":" PROPOSER "}}",
     "engine.name: no such engine"},
    {"{\"parvis\":1,\"chainId\":1,\"engine\":{\"name\":1,\"proposer\":" PROPOSER "}}",
     "engine.name: no such engine"},
    {"{\"parvis\":1,\"chainId\":1,\"engine\":{\"nme\":\"solo\",\"proposer\":" PROPOSER "}}",
     "engine.nme: unknown member"},
    {"\"chainID\":1", "chainID: unknown member"},
    {"\"timestamp\":true", "timestamp: an integer is needed"},
    {"\"timestamp\":253402300800", "timestamp: an integer from 0"},
    {"\"gasLimit\":20999", "gasLimit: an integer from 21000"},
    {"\"gasLimit\":\"9007199254740992\"", "gasLimit: an integer from 21000"},
    {"\"gasLimit\":\"0x10000000000000000\"", "gasLimit: an integer from 21000"},
    {"\"extraData\":\"0x0\"", "extraData: hexadecimal bytes"},
    {"\"extraData\":12", "extraData: hexadecimal bytes"},
    {"\"extraData\":\"0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\"",
     "extraData: 33 bytes, at most 32"},
    {"\"roles\":[]", "roles: an object is needed"},
    {"\"roles\":{\"issuer\":\"me\"}", "roles.issuer: an address of 40"},
    {"\"roles\":{\"mayor\":" PROPOSER "}", "roles.mayor: no such role"},
    {"\"alloc\":[]", "alloc: an object is needed"},
    {"\"alloc\":{\"0x11\":{}}", "alloc.0x11: an address of 40"},
    {"\"alloc\":{\"" ACCOUNT "\":5}", "alloc." ACCOUNT ": an object is needed"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"blance\":\"5\"}}", "alloc." ACCOUNT ".blance: unknown member"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"balance\":\"5 coins\"}}",
     "alloc." ACCOUNT ".balance: an amount"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"balance\":\"" MAX256 "0\"}}",
     "alloc." ACCOUNT ".balance: an amount"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"balance\":\"" MAX256 "\"},"
     "\"0x2222222222222222222222222222222222222222\":{\"balance\":1}}",
     "alloc.0x2222222222222222222222222222222222222222.balance: the sum of the balances"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"nonce\":\"18446744073709551615\"}}",
     "alloc." ACCOUNT ".nonce: an integer from 0"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"code\":\"0xf\"}}", "alloc." ACCOUNT ".code: hexadecimal bytes"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"code\":\"0xef00\"}}",
     "alloc." ACCOUNT ".code: code beginning with ef"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"nonce\":1,\"storage\":7}}",
     "alloc." ACCOUNT ".storage: an object is needed"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"nonce\":1,\"storage\":{\"slot\":\"0x1\"}}}",
     "alloc." ACCOUNT ".storage.slot: a slot"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"nonce\":1,\"storage\":{\"0x1\":\"" MAX256 "0\"}}}",
     "alloc." ACCOUNT ".storage.0x1: a word"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"nonce\":1,\"storage\":{\"0x1\":1,\"1\":2}}}",
     "alloc." ACCOUNT
     ".storage.0x0000000000000000000000000000000000000000000000000000000000000001: "
     "given twice"},
    {"\"alloc\":{\"" ACCOUNT "\":{\"storage\":{\"0x1\":1}}}",
     "alloc." ACCOUNT ".storage: an account with no nonce"},
    {"\"alloc\":{\"" ACCOUNT "\":{},\"1111111111111111111111111111111111111111\":{}}",
     "alloc." ACCOUNT ": given twice"},
    {"\"forks\":7", "forks: an object is needed"},
    {"\"forks\":{}", "forks: one of them must begin with block 0"},
    {"\"forks\":{\"osaka\":1}", "forks: one of them must begin with block 0"},
    {"\"forks\":{\"london\":0}", "forks.london: unknown member"},
    {"\"forks\":{\"cancun\":\"soon\"}", "forks.cancun: an integer is needed"},
    {"\"forks\":{\"cancun\":0,\"prague\":9,\"osaka\":8}", "forks.osaka: earlier than"},
    {"\"services\":[]", "services: an object is needed"},
    {"\"services\":{\"money\":7}", "services.money: an object is needed"},
    {"\"services\":{\"mony\":{}}", "services.mony: no such service"},
    {"\"services\":{\"money\":{\"quota\":1}}", "services.money.quota: unknown member"},
    {"\"services\":{\"money\":{\"admission\":\"all\"}}", "services.money.admission:"},
};

TEST(refusals_name_the_member)
{
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        char text[2048];
        struct diag d;
        bool whole = REFUSALS[i].text[0] == '{';
        snprintf(text, sizeof text, whole ? "%s%s%s" : "{%s,%s}", whole ? "" : HEAD,
                 REFUSALS[i].text, "");
        enum err e = run(text, &d);
        if (e != E_GENESIS || strncmp(d.text, REFUSALS[i].begin, strlen(REFUSALS[i].begin)) != 0)
            test_fail(__FILE__, __LINE__, "%s: %s \"%s\", expected \"%s...\"", text, err_name(e),
                      d.text, REFUSALS[i].begin);
    }
}

/* --- an Ethereum chain's ---------------------------------------------------------------------- */

#define CONFIG "\"config\":{\"chainId\":7"

static const struct {
    const char *text, *begin;
} ETHEREUM_REFUSALS[] = {
    {"{}", "config: an object is needed"},
    {"{\"config\":{}}", "config.chainId: missing"},
    {"{\"config\":{\"chainId\":0}}", "config.chainId: an integer from 1"},
    {"{" CONFIG ",\"londonBlock\":-1}}", "config.londonBlock: an integer from 0"},
    {"{" CONFIG ",\"amsterdamTime\":1}}", "config.amsterdamTime: rules that"},
    {"{" CONFIG ",\"bpo9Time\":1}}", "config.bpo9Time: rules that"},
    {"{" CONFIG ",\"bpo1Time\":1}}", "config.blobSchedule.bpo1: missing"},
    {"{" CONFIG ",\"daoForkSupport\":true}}", "config.daoForkSupport: the state change"},
    {"{" CONFIG ",\"clique\":{}}}", "config.clique: proof of authority"},
    {"{" CONFIG ",\"terminalTotalDifficulty\":\"x\"}}",
     "config.terminalTotalDifficulty: an integer"},
    {"{" CONFIG ",\"depositContractAddress\":1}}", "config.depositContractAddress: an address"},
    {"{" CONFIG ",\"blobSchedule\":1}}", "config.blobSchedule: an object"},
    {"{" CONFIG ",\"blobSchedule\":{\"osaka\":1}}}", "config.blobSchedule.osaka: an object"},
    {"{" CONFIG ",\"blobSchedule\":{\"osaka\":{\"max\":0}}}}", "config.blobSchedule.osaka.max: an"},
    {"{" CONFIG ",\"blobSchedule\":{\"osaka\":{\"target\":99}}}}",
     "config.blobSchedule.osaka: the target is above"},
    {"{" CONFIG "},\"nonce\":\"0x10000000000000000\"}", "nonce: too wide"},
    {"{" CONFIG "},\"mixHash\":true}", "mixHash: hexadecimal bytes"},
    {"{" CONFIG "},\"difficulty\":true}", "difficulty: an integer"},
    {"{" CONFIG "},\"number\":1}", "number: an integer from 0 to 0"},
    {"{" CONFIG "},\"coinbase\":1}", "coinbase: an address"},
    {"{" CONFIG "},\"extraData\":\"0x0\"}", "extraData: hexadecimal bytes"},
    {"{" CONFIG "},\"alloc\":7}", "alloc: an object"},
};

TEST(an_ethereum_genesis_names_what_it_refuses)
{
    for (size_t i = 0; i < sizeof ETHEREUM_REFUSALS / sizeof ETHEREUM_REFUSALS[0]; i++) {
        struct genesis g;
        struct diag d = {""};
        const char *text = ETHEREUM_REFUSALS[i].text, *begin = ETHEREUM_REFUSALS[i].begin;
        enum err e = genesis_parse_ethereum(&g, bytes_str(text), &d);
        if (e != E_GENESIS || strncmp(d.text, begin, strlen(begin)) != 0)
            test_fail(__FILE__, __LINE__, "%s: %s \"%s\", expected \"%s...\"", text, err_name(e),
                      d.text, begin);
        genesis_free(&g);
    }
}

TEST(an_ethereum_genesis_gives_forks_and_block_0)
{
    static const char text[] =
        "{" CONFIG ",\"homesteadBlock\":0,\"byzantiumBlock\":null,\"londonBlock\":5,"
        "\"grayGlacierBlock\":6,\"terminalTotalDifficulty\":\"0x10\",\"cancunTime\":100,"
        "\"bpo1Time\":200,\"blobSchedule\":{\"bpo1\":{\"target\":1,\"max\":2,"
        "\"baseFeeUpdateFraction\":3}}},\"nonce\":\"0x2a\",\"difficulty\":\"0x20000\","
        "\"gasLimit\":\"0x1388\",\"excessBlobGas\":null,\"alloc\":{\"" ACCOUNT "\":{}}}";
    struct genesis g;
    struct diag d = {""};
    struct hash root = {{1}};
    struct address a;
    REQUIRE(genesis_parse_ethereum(&g, bytes_str(text), &d) == E_OK);
    struct schedule *s = &g.schedule;
    CHECK(g.is_ethereum && g.chain_id == 7 && s->chain_id == 7);
    CHECK(schedule_rules(s, 4, 0, false).fork == FORK_HOMESTEAD);
    CHECK(schedule_rules(s, 5, 0, false).fork == FORK_LONDON);
    CHECK_INT(schedule_rules(s, 5, 0, false).bomb_delay, 9700000);
    CHECK_INT(schedule_rules(s, 6, 0, false).bomb_delay, 11400000);
    CHECK(schedule_rules(s, 7, 99, true).fork == FORK_PARIS);
    CHECK(schedule_rules(s, 7, 100, true).fork == FORK_CANCUN);
    CHECK_INT(schedule_rules(s, 7, 200, true).blobs.max, 2);
    struct header h = genesis_header(&g, &root);
    CHECK(h.form == HEADER_FRONTIER && h.nonce[7] == 0x2a && h.gas_limit == 5000);
    CHECK(hash_eq(&h.state_root, &root) && u256_eq(h.difficulty, u256_from_u64(0x20000)));
    struct state *state = state_new(&EMPTY_READER);
    CHECK_ERR(genesis_apply(&g, state, &d), E_OK);
    REQUIRE(address_from_hex(&a, ACCOUNT) == E_OK);
    CHECK_INT(state_nonce(state, &a), 0);
    CHECK(!state_exists(state, &SERVICES[0]->address)); /* no services of ours */
    state_free(state);
    genesis_free(&g);
    CHECK_ERR(genesis_parse(&g, bytes_str(text), &d), E_GENESIS); /* and no chain of ours */
    CHECK_ERR(genesis_parse_stored(&g, bytes_str(text), &d), E_OK);
    CHECK(g.is_ethereum);
    genesis_free(&g);
}

TEST(not_an_object_or_not_json)
{
    struct diag d;
    struct genesis g;
    CHECK_ERR(run("[]", &d), E_GENESIS);
    CHECK_STR(d.text, "the file: an object is needed");
    lang_current = LANG_FR;
    CHECK_ERR(run("7", &d), E_GENESIS);
    CHECK_STR(d.text, "le fichier : un objet est attendu");
    lang_current = LANG_EN;
    CHECK_ERR(run("{\"parvis\":1", &d), E_JSON);
    CHECK_ERR(run("{\"parvis\":1,\"parvis\":1}", &d), E_JSON);
    memset(&g, 0x5a, sizeof g);
    CHECK_ERR(parse(&g, "", &d), E_JSON);
    CHECK(!g.json && !g.text.data && !g.text.len);
}

TEST(code_size)
{
    struct buf text = {0};
    struct diag d;
    for (unsigned more = 0; more < 2; more++) {
        buf_clear(&text);
        buf_puts(&text, "{" HEAD ",\"alloc\":{\"" ACCOUNT "\":{\"code\":\"");
        for (unsigned i = 0; i < LIMIT_CODE_BYTES + more; i++)
            buf_puts(&text, "00");
        buf_puts(&text, "\"}}}");
        CHECK_ERR(run(buf_cstr(&text), &d), more ? E_GENESIS : E_OK);
    }
    CHECK_STR(d.text, "alloc." ACCOUNT ".code: 24577 bytes, at most 24576");
    buf_free(&text);
}

TEST(service_addresses_are_taken)
{
    char text[1024], hex[41];
    struct diag d;
    hex_encode(hex, SERVICES[0]->address.b, 20);
    snprintf(text, sizeof text, "{" HEAD ",\"alloc\":{\"%s\":{\"nonce\":1}}}", hex);
    CHECK_ERR(run(text, &d), E_GENESIS);
    CHECK(strstr(d.text, SERVICES[0]->name) != NULL);
}

/* A state whose reader fails is not taken for an empty one. */
static enum err broken_account(void *ctx, const struct address *a, struct account *out,
                               bool *exists_out)
{
    (void)ctx;
    (void)a;
    *out = account_empty();
    *exists_out = false;
    return E_IO;
}

TEST(reader_failure)
{
    static const struct state_reader broken = {broken_account, no_storage, no_code, NULL};
    struct diag d;
    struct genesis g;
    REQUIRE(parse(&g, "{" HEAD "}", &d) == E_OK);
    struct state *s = state_new(&broken);
    CHECK_ERR(genesis_apply(&g, s, &d), E_IO);
    state_free(s);
    genesis_free(&g);
}
