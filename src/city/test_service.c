/* The services frame, on a service of its own and on the real list. */
#include "base/limits.h"
#include "evm/evm.h"
#include "city/test_bench.h"

/* --- a service that does each thing once ------------------------------------------------------ */

static enum err probe_echo(struct service_call *c)
{
    return service_return(c, c->args.item);
}

static enum err probe_store(struct service_call *c)
{
    struct hash slot = service_slot("kept", NULL, 0);
    TRY(service_store(c, &slot, service_arg(c, 0)->bytes));
    return service_return(c, NULL);
}

static enum err probe_load(struct service_call *c)
{
    struct hash slot = service_slot("kept", NULL, 0);
    struct buf b = {0};
    enum err err = service_load(c, &slot, &b);
    if (err == E_OK)
        err = service_return(c, (struct abi_value[]){abi_bytes(buf_view(&b))});
    buf_free(&b);
    return err;
}

static enum err probe_emit(struct service_call *c)
{
    TRY(service_emit(
        c, "Seen",
        (struct abi_value[]){*service_arg(c, 0), *service_arg(c, 1), *service_arg(c, 2)}));
    return service_return(c, NULL);
}

static enum err probe_pay(struct service_call *c)
{
    return service_return(c, (struct abi_value[]){abi_u256(c->frame->value)});
}

static enum err probe_refuse(struct service_call *c)
{
    return service_not_authorised(c, "warden");
}

static enum err probe_fill(struct service_call *c)
{
    size_t len = abi_get_u64(service_arg(c, 0));
    struct hash slot = service_slot("kept", NULL, 0);
    uint8_t *data = arena_zalloc(c->arena, len, 1);
    TRY(service_store(c, &slot, bytes_of(data, len)));
    return service_return(c, NULL);
}

static unsigned probe_sums;

static enum err probe_sum(struct service_call *c)
{
    struct u256 sum = U256_ZERO;
    for (size_t i = 0; i < service_arg(c, 0)->count; i++)
        u256_add(&sum, sum, service_arg(c, 0)->item[i].word);
    probe_sums++;
    return service_return(c, (struct abi_value[]){abi_u256(sum)});
}

static const struct service_method PROBE_METHODS[] = {
    {"function echo((address who, uint64 n)[] points, string text) view returns ((address who, "
     "uint64 n)[] points, string text)",
     "Says what it hears.", 100, 10, probe_echo},
    {"function sum(uint64[] numbers) pure returns (uint256)", "Adds up.", 100,
     GAS_SERVICE_LIST_WORD, probe_sum},
    {"function store(bytes value)", "Keeps.", 100, 0, probe_store},
    {"function load() view returns (bytes value)", "Tells.", 100, 0, probe_load},
    {"function emitSeen(address who, uint64 n, string text)", "Emits.", 100, 0, probe_emit},
    {"function pay() payable returns (uint256 value)", "Takes coins.", 100, 0, probe_pay},
    {"function refuse()", "Refuses.", 100, 0, probe_refuse},
    {"function fill(uint256 len)", "Keeps many zeros.", 100, 0, probe_fill},
    {0},
};

static const struct service_line PROBE_EVENTS[] = {
    {"event Seen(address indexed who, uint64 n, string text)", "Somebody was seen."},
    {0},
};

static const struct service_line PROBE_ERRORS[] = {{0}};

static const struct service PROBE = {.name = "probe",
                                     .title = "ParvisProbe",
                                     .purpose = "For tests.",
                                     .address = SERVICE_ADDRESS(0xee),
                                     .methods = PROBE_METHODS,
                                     .events = PROBE_EVENTS,
                                     .errors = PROBE_ERRORS};

static const struct service *const PROBE_LIST[] = {&PROBE, NULL};

static void open_probe(struct bench *b)
{
    struct diag d = {0};
    services_init_with(PROBE_LIST);
    bench_open(b);
    CHECK_ERR(
        bench_genesis(b,
                      "{\"alloc\":{\"@alice\":{\"balance\":\"1000\"}},\"services\":{"
                      "\"probe\":{\"controller\":{\"name\":\"Town\",\"contact\":\"t.example\"}}}}",
                      &d),
        E_OK);
    CHECK_STR(d.text, "");
}

TEST(service_arguments_and_results)
{
    struct bench b;
    open_probe(&b);
    struct address alice = bench_address("alice");
    char hex[41];
    hex_encode(hex, alice.b, 20);
    const char *seen = BENCH_CALL(&b, "alice", &PROBE, "echo", "[[\"@alice\",7]]", "hi");
    CHECK(strstr(seen, hex) && strstr(seen, "7") && strstr(seen, "\"hi\""));
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "controller"), "\"Town\", \"t.example\"");
    bench_close(&b);
}

/* Bytecode that calls a service in a loop, with a list of 20 000 elements it has in its memory: the
 * list is paid for each time, and what the calls took is given back. */
TEST(service_calls_below_depth_0_keep_nothing)
{
    struct bench b;
    static const struct address looper = {{0xaa}};
    const uint32_t n = 20000, len = 4 + 32 * (1 + 1 + n); /* offset, length, elements */
    char code[400];
    struct buf bytes = {0};
    open_probe(&b);
    const uint8_t *s = bench_method(&PROBE, "sum")->selector;
    /* selector at 0, offset at 4, length at 0x24; then: again: CALL, POP, JUMP again */
    snprintf(code, sizeof code,
             "63%02x%02x%02x%02x60e01b5f52602060045262%06x6024525b5f5f62%06x5f5f73"
             "00000000000000000000000000000000c17000ee5af150601656",
             s[0], s[1], s[2], s[3], n, len);
    CHECK_ERR(hex_decode_buf(&bytes, code, strlen(code)), E_OK);
    state_set_code(b.state, &looper, buf_view(&bytes));
    b.world.evm = evm_new();
    b.world.runners[1] = evm_run;
    struct frame f = {.recipient = looper,
                      .code_address = looper,
                      .caller = bench_address("alice"),
                      .gas = 4000000};
    size_t before = b.arena.used_bytes;
    state_tx_begin(b.state);
    probe_sums = 0;
    frame_call(&b.world, &f, &b.result);
    CHECK_INT(b.result.status, FRAME_OUT_OF_GAS);
    CHECK(probe_sums > 20);
    CHECK(probe_sums < 4000000 / (n * GAS_SERVICE_LIST_WORD));
    CHECK(b.arena.used_bytes - before < 4096);
    buf_free(&bytes);
    evm_free(b.world.evm);
    bench_close(&b);
}

TEST(service_refusals_in_order)
{
    struct bench b;
    open_probe(&b);
    const struct abi_entry *store = bench_method(&PROBE, "store");
    struct bytes input = bench_encode(&b, store, (const char *const[]){"0x1234"});

    /* DELEGATECALL and CALLCODE before anything else */
    b.kind = FRAME_DELEGATECALL;
    bench_send(&b, "alice", &PROBE, bytes_of("??", 2));
    CHECK_STR(bench_outcome(&b, store), "DelegateCall()");
    b.kind = FRAME_CALLCODE;
    bench_send(&b, "alice", &PROBE, input);
    CHECK_STR(bench_outcome(&b, store), "DelegateCall()");
    b.kind = FRAME_CALL;

    /* unknown methods: none, short, wrong; even with coins */
    bench_send(&b, "alice", &PROBE, (struct bytes){0});
    CHECK_STR(bench_outcome(&b, store), "UnknownMethod(selector=0x00000000)");
    bench_send(&b, "alice", &PROBE, bytes_of(input.data, 3));
    CHECK_STR(bench_outcome(&b, store), "UnknownMethod(selector=0x00000000)");
    b.value = u256_from_u64(1);
    bench_send(&b, "alice", &PROBE, bytes_of("\xde\xad\xbe\xef", 4));
    CHECK_STR(bench_outcome(&b, store), "UnknownMethod(selector=0xdeadbeef)");

    /* coins before static and arguments */
    bench_send(&b, "alice", &PROBE, bytes_of(input.data, 5));
    CHECK_STR(bench_outcome(&b, store), "NotPayable()");
    b.value = U256_ZERO;
    b.is_static = true;
    bench_send(&b, "alice", &PROBE, bytes_of(input.data, 5));
    CHECK_STR(bench_outcome(&b, store), "StaticCall()");
    b.is_static = false;

    /* gas of the table before arguments */
    b.gas = 99;
    bench_send(&b, "alice", &PROBE, bytes_of(input.data, 5));
    CHECK_STR(bench_outcome(&b, store), "out of gas");
    b.gas = 100;
    bench_send(&b, "alice", &PROBE, bytes_of(input.data, 5));
    CHECK_STR(bench_outcome(&b, store), "BadCalldata()");
    CHECK_INT(b.result.gas_left, 0);
    b.gas = BENCH_GAS;

    /* arguments: every truncation, and one byte too many */
    for (size_t len = 4; len < input.len; len++) {
        bench_send(&b, "alice", &PROBE, bytes_of(input.data, len));
        CHECK_STR(bench_outcome(&b, store), "BadCalldata()");
    }
    bench_send(&b, "alice", &PROBE, input);
    CHECK_STR(bench_outcome(&b, store), "ok");
    CHECK_STR(BENCH_CALL(&b, "bob", &PROBE, "refuse"),
              bench_text(&b, "NotAuthorised(account=@bob, role=\"warden\")"));
    bench_close(&b);
}

TEST(service_views_run_static)
{
    struct bench b;
    open_probe(&b);
    b.is_static = true;
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "load"), "\"0x\"");
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "emitSeen", "@bob", "1", "x"), "StaticCall()");
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "pay"), "StaticCall()");
    bench_close(&b);
}

TEST(service_coins)
{
    struct bench b;
    open_probe(&b);
    struct address alice = bench_address("alice");
    b.value = u256_from_u64(400);
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "pay"), "\"400\"");
    CHECK(u256_eq(state_balance(b.state, &PROBE.address), u256_from_u64(400)));
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "store", "0x00"), "NotPayable()");
    CHECK(u256_eq(state_balance(b.state, &alice), u256_from_u64(600)));
    bench_close(&b);
}

TEST(service_gas_is_exact)
{
    struct bench b;
    open_probe(&b);
    /* store: 100 + 5000 + 100 for the one word kept */
    b.gas = 5199;
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "store", "0x0102"), "out of gas");
    CHECK_INT(b.result.gas_left, 0);
    b.gas = 5200;
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "store", "0x0102"), "ok");
    CHECK_INT(b.result.gas_left, 0);
    /* load: 100 + 200 + 3 for the word read, 3 * 3 for those returned (offset, length, bytes) */
    b.gas = 311;
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "load"), "out of gas");
    b.gas = 312;
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "load"), "\"0x0102\"");
    /* log: 100 + 375 * (1 + 2 topics) + 8 * 128 bytes of data (n, offset, length, text) */
    b.gas = 100 + 1125 + 1024;
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "emitSeen", "@bob", "1", "x"), "ok");
    CHECK_INT(b.result.gas_left, 0);
    b.gas--;
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "emitSeen", "@bob", "1", "x"), "out of gas");
    CHECK_INT(state_log_count(b.state), 0);
    /* echo: 100 + 10 per word in and 3 per word out; an empty list and an empty text take 4 words
     */
    b.gas = 151;
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "echo", "[]", ""), "out of gas");
    b.gas = 152;
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "echo", "[]", ""), "[], \"\"");
    CHECK_INT(b.result.gas_left, 0);
    bench_close(&b);
}

TEST(service_storage_limit)
{
    struct bench b;
    char len[16];
    open_probe(&b);
    b.gas = 1000000000;
    snprintf(len, sizeof len, "%u", LIMIT_STATE_VALUE_BYTES + 1);
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "fill", len),
              "ValueTooLarge(length=1048577, limit=1048576)");
    snprintf(len, sizeof len, "%u", LIMIT_STATE_VALUE_BYTES);
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "fill", len), "ok");
    bench_close(&b);
}

TEST(service_log_layout)
{
    struct bench b;
    open_probe(&b);
    struct address bob = bench_address("bob");
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "emitSeen", "@bob", "5", "hello"), "ok");
    REQUIRE(state_log_count(b.state) == 1);
    const struct log_entry *log = state_log(b.state, 0);
    struct hash topic = keccak256_of(bytes_str("Seen(address,uint64,string)"));
    CHECK(address_eq(&log->address, &PROBE.address));
    CHECK_INT(log->topic_count, 2);
    CHECK(hash_eq(&log->topics[0], &topic));
    CHECK(memcmp(log->topics[1].b + 12, bob.b, 20) == 0);
    CHECK_HEX(log->data.data, log->data.len,
              "0000000000000000000000000000000000000000000000000000000000000005"
              "0000000000000000000000000000000000000000000000000000000000000040"
              "0000000000000000000000000000000000000000000000000000000000000005"
              "68656c6c6f000000000000000000000000000000000000000000000000000000");
    bench_close(&b);
}

TEST(service_slots_differ)
{
    struct bytes ab[] = {bytes_str("ab"), bytes_str("c")};
    struct bytes a_bc[] = {bytes_str("a"), bytes_str("bc")};
    struct bytes abc = bytes_str("abc");
    struct hash h[] = {service_slot("t", ab, 2), service_slot("t", a_bc, 2),
                       service_slot("t", &abc, 1), service_slot("tabc", NULL, 0),
                       service_slot("t", NULL, 0)};
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(!hash_eq(&h[i], &h[k]));
}

TEST(service_account_looks_like_a_contract)
{
    struct bench b;
    open_probe(&b);
    struct bytes code = state_code(b.state, &PROBE.address);
    CHECK_HEX(code.data, code.len, "fe");
    CHECK_INT(state_nonce(b.state, &PROBE.address), 1);
    bench_close(&b);
}

TEST(service_genesis_refusals)
{
    static const struct {
        const char *genesis, *diag;
    } rows[] = {
        {"{\"services\":[]}", "services: not an object"},
        {"{\"services\":{\"ghost\":{}}}", "services.ghost: no such service"},
        {"{\"services\":{\"probe\":3}}", "services.probe: not an object"},
        {"{\"services\":{\"probe\":{\"x\":3}}}", "services.probe.x: unknown member"},
        {"{\"services\":{\"probe\":{\"controller\":{}}}}",
         "services.probe.controller.name: a text of 1 to 256 bytes needed"},
        {"{\"services\":{\"probe\":{\"controller\":{\"name\":\"a\"}}}}",
         "services.probe.controller.contact: a text of 1 to 256 bytes needed"},
        {"{\"services\":{\"probe\":{\"controller\":{\"nam\":\"a\"}}}}",
         "services.probe.controller.nam: unknown member"},
        {"{\"alloc\":{\"@probe\":{\"balance\":\"1\"}}}",
         "alloc: the address of service probe cannot be allocated"},
    };
    services_init_with(PROBE_LIST);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        struct diag d = {0};
        bench_open(&b);
        CHECK_ERR(bench_genesis(&b, rows[i].genesis, &d), E_GENESIS);
        CHECK_STR(d.text, rows[i].diag);
        bench_close(&b);
    }
}

TEST(service_without_controller_says_so)
{
    struct bench b;
    struct diag d = {0};
    services_init_with(PROBE_LIST);
    bench_open(&b);
    CHECK_ERR(bench_genesis(&b, "{}", &d), E_OK);
    CHECK_STR(BENCH_CALL(&b, "alice", &PROBE, "controller"), "\"\", \"\"");
    bench_close(&b);
}

/* --- text ------------------------------------------------------------------------------------- */

static void check_text(void (*make)(struct buf *, const struct service *), const char *needle)
{
    struct buf b = {0};
    make(&b, &PROBE);
    if (!strstr(buf_cstr(&b), needle))
        test_fail(__FILE__, __LINE__, "not found: %s in:\n%s", needle, buf_cstr(&b));
    buf_free(&b);
}

TEST(service_text_of_tuples)
{
    services_init_with(PROBE_LIST);
    check_text(service_solidity, "    struct Point {\n        address who;\n        uint64 n;\n");
    check_text(service_solidity, "function echo(Point[] calldata points, string calldata text) "
                                 "external view returns (Point[] memory points, string memory "
                                 "text);");
    check_text(service_solidity, "function pay() external payable returns (uint256 value);");
    check_text(service_solidity, "event Seen(address indexed who, uint64 n, string text);");
    check_text(service_solidity, "error NotAuthorised(address account, bytes32 role);");
    check_text(service_solidity, "address constant PARVIS_PROBE = 0x");
    check_text(service_abi_json,
               "{\"components\":[{\"internalType\":\"address\",\"name\":\"who\",\"type\":"
               "\"address\"},{\"internalType\":\"uint64\",\"name\":\"n\",\"type\":\"uint64\"}],"
               "\"internalType\":\"struct IParvisProbe.Point[]\",\"name\":\"points\",\"type\":"
               "\"tuple[]\"}");
    check_text(service_abi_json, "[{\"inputs\":[],\"name\":\"BadCalldata\",\"type\":\"error\"}");
    check_text(service_markdown, "### `echo((address who, uint64 n)[] points, string text)`");
    check_text(service_markdown, "gas 100 + 10 per 32 bytes of arguments");
}

TEST(service_explains_solidity_errors)
{
    static const char *const rows[][2] = {
        {"08c379a0"
         "0000000000000000000000000000000000000000000000000000000000000020"
         "0000000000000000000000000000000000000000000000000000000000000003"
         "6e6f210000000000000000000000000000000000000000000000000000000000",
         "Error(message=\"no!\")"},
        {"4e487b710000000000000000000000000000000000000000000000000000000000000011",
         "Panic(code=17)"},
        {"4e487b71", NULL},
        {"01020304", NULL},
        {"0102", NULL},
        {"", NULL},
    };
    services_init_with(PROBE_LIST);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf data = {0}, text = {0};
        CHECK_ERR(hex_decode_buf(&data, rows[i][0], strlen(rows[i][0])), E_OK);
        CHECK(service_explain_revert(&text, buf_view(&data)) == (rows[i][1] != NULL));
        CHECK_STR(buf_cstr(&text), rows[i][1] ? rows[i][1] : "");
        buf_free(&data);
        buf_free(&text);
    }
}

/* Every real service: its texts come out whole and its names are found. */
TEST(service_real_list)
{
    services_init_with(SERVICES);
    for (size_t i = 0; SERVICES[i]; i++) {
        const struct service *s = SERVICES[i];
        struct buf abi = {0}, solidity = {0}, page = {0};
        struct json *parsed = NULL;
        CHECK(service_named(s->name) == s);
        CHECK(service_at(&s->address) == s);
        service_abi_json(&abi, s);
        CHECK_ERR(json_parse(&parsed, buf_view(&abi), NULL), E_OK);
        CHECK_INT(json_count(parsed),
                  service_method_count(s) + service_event_count(s) + service_error_count(s));
        service_solidity(&solidity, s);
        service_markdown(&page, s);
        CHECK(solidity.len > 0 && page.len > 0);
        json_free(parsed);
        buf_free(&abi);
        buf_free(&solidity);
        buf_free(&page);
    }
    CHECK(service_named("nobody") == NULL);
}

/* The files in interfaces/ and docs/services/ are what the tables say now. PARVIS_UPDATE=1 in the
 * environment writes them anew. */
static void check_generated(const char *folder, const char *name, const char *extension,
                            void (*make)(struct buf *, const struct service *),
                            const struct service *s)
{
    const char *root = getenv("PARVIS_ROOT");
    char path[4096];
    struct buf now = {0}, kept = {0};
    snprintf(path, sizeof path, "%s/%s%s%s", root ? root : ".", folder, name, extension);
    make(&now, s);
    FILE *f = fopen(path, getenv("PARVIS_UPDATE") ? "wb" : "rb");
    if (f && getenv("PARVIS_UPDATE")) {
        CHECK(fwrite(now.data, 1, now.len, f) == now.len);
    } else {
        uint8_t part[4096];
        size_t n;
        while (f && (n = fread(part, 1, sizeof part, f)) > 0)
            buf_put(&kept, part, n);
        if (!bytes_eq(buf_view(&kept), buf_view(&now)))
            test_fail(__FILE__, __LINE__,
                      "%s is not what the table says; PARVIS_UPDATE=1 test_city_service writes it",
                      path);
    }
    if (f)
        fclose(f);
    buf_free(&now);
    buf_free(&kept);
}

TEST(service_generated_files)
{
    services_init_with(SERVICES);
    for (size_t i = 0; SERVICES[i]; i++) {
        check_generated("interfaces/I", SERVICES[i]->title, ".sol", service_solidity, SERVICES[i]);
        check_generated("docs/services/", SERVICES[i]->name, ".md", service_markdown, SERVICES[i]);
    }
}
