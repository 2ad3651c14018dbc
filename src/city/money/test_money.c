/* The money service, method by method. A row is a call and its exact outcome; rows of a table share
 * one world and follow each other. */
#include "city/money/money.h"
#include "city/money/quota.h"
#include "city/test_bench.h"
#include "crypto/ecdsa.h"

#define GENESIS                                                                                   \
    "{\"alloc\":{\"@alice\":{\"balance\":\"1000\"},\"@bob\":{\"balance\":\"500\"}},"              \
    "\"roles\":{\"issuer\":\"@issuer\",\"registrar\":\"@registrar\",\"governor\":\"@governor\"}," \
    "\"services\":{\"money\":{\"name\":\"Gonette\",\"symbol\":\"GON\",\"reserve\":\"2000\","      \
    "\"quotaGas\":1000000,\"quotaPeriod_s\":3600}}}"

#define MAX_UINT "115792089237316195423570985008687907853269984665640564039457584007913129639935"
#define HASH_A "0x00000000000000000000000000000000000000000000000000000000000000aa"

struct row {
    const char *caller;
    const char *method;
    const char *args[8];
    const char *expected;
    enum { PLAIN, STATIC } how;
    uint64_t later_s; /* the clock moves on before the call */
};

static bool seen_errors[256];

static void note_error(const struct bench *b)
{
    if (b->result.status != FRAME_REVERT)
        return;
    for (size_t i = 0; i < service_error_count(&MONEY_SERVICE); i++)
        if (memcmp(service_error_entry(&MONEY_SERVICE, i)->selector, b->result.output.data, 4) == 0)
            seen_errors[i] = true;
}

static void open_money(struct bench *b)
{
    struct diag d = {0};
    services_init_with(SERVICES);
    bench_open(b);
    CHECK_ERR(bench_genesis(b, GENESIS, &d), E_OK);
    CHECK_STR(d.text, "");
}

static struct u256 balance_of(struct bench *b, const char *name)
{
    struct address a = bench_address(name);
    return state_balance(b->state, &a);
}

static struct u256 total_supply(struct bench *b)
{
    BENCH_CALL(b, "alice", &MONEY_SERVICE, "totalSupply");
    return b->result.output.len == 32 ? u256_from_be(b->result.output.data) : U256_ZERO;
}

static const char *const EVERYBODY[] = {"alice",    "bob",  "carol", "issuer", "registrar",
                                        "governor", "shop", "money", "zero"};

static void check_conserved(struct bench *b)
{
    struct u256 sum = U256_ZERO;
    for (size_t i = 0; i < sizeof EVERYBODY / sizeof *EVERYBODY; i++)
        CHECK(!u256_add(&sum, sum, balance_of(b, EVERYBODY[i])));
    CHECK(u256_eq(sum, total_supply(b)));
}

static void run_rows(struct bench *b, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *r = &rows[i];
        b->env.timestamp_s += r->later_s;
        b->is_static = r->how == STATIC;
        const char *seen = bench_call(b, r->caller, &MONEY_SERVICE, r->method, r->args);
        note_error(b);
        b->is_static = false;
        const char *expected = bench_text(b, r->expected);
        if (strcmp(seen, expected) != 0)
            test_fail(__FILE__, __LINE__, "row %zu, %s.%s: %s, expected %s", i, r->caller,
                      r->method, seen, expected);
        check_conserved(b);
    }
}

#define RUN_ROWS(rows)                                      \
    do {                                                    \
        struct bench b_;                                    \
        open_money(&b_);                                    \
        run_rows(&b_, rows, sizeof(rows) / sizeof *(rows)); \
        test_count(sizeof(rows) / sizeof *(rows));          \
        bench_close(&b_);                                   \
    } while (0)

static const struct row TOKEN_ROWS[] = {
    {"alice", "name", {0}, "\"Gonette\"", STATIC},
    {"alice", "symbol", {0}, "\"GON\"", STATIC},
    {"alice", "decimals", {0}, "18", STATIC},
    {"alice", "totalSupply", {0}, "\"1500\"", STATIC},
    {"alice", "balanceOf", {"@alice"}, "\"1000\"", STATIC},
    {"alice", "balanceOf", {"@nobody"}, "\"0\"", STATIC},
    /* transfer */
    {"alice", "transfer", {"@carol", "100"}, "StaticCall()", STATIC},
    {"alice", "transfer", {"@carol", "100"}, "true"},
    {"alice", "balanceOf", {"@carol"}, "\"100\""},
    {"alice", "transfer", {"@alice", "900"}, "true"},
    {"alice", "balanceOf", {"@alice"}, "\"900\""},
    {"alice",
     "transfer",
     {"@carol", "901"},
     "ERC20InsufficientBalance(sender=@alice, balance=900, needed=901)"},
    {"nobody",
     "transfer",
     {"@carol", "1"},
     "ERC20InsufficientBalance(sender=@nobody, balance=0, needed=1)"},
    {"alice", "transfer", {"@zero", "1"}, "ERC20InvalidReceiver(receiver=@zero)"},
    {"alice", "transfer", {"@money", "1"}, "ERC20InvalidReceiver(receiver=@money)"},
    {"zero", "transfer", {"@carol", "0"}, "ERC20InvalidSender(sender=@zero)"},
    {"alice", "transfer", {"@carol", "0"}, "true"},
    /* approve, allowance */
    {"alice", "approve", {"@bob", "50"}, "StaticCall()", STATIC},
    {"alice", "approve", {"@zero", "50"}, "ERC20InvalidSpender(spender=@zero)"},
    {"zero", "approve", {"@bob", "50"}, "ERC20InvalidApprover(approver=@zero)"},
    {"alice", "allowance", {"@alice", "@bob"}, "\"0\"", STATIC},
    {"alice", "approve", {"@bob", "50"}, "true"},
    {"bob", "allowance", {"@alice", "@bob"}, "\"50\"", STATIC},
    {"bob", "allowance", {"@bob", "@alice"}, "\"0\""},
    /* transferFrom */
    {"bob", "transferFrom", {"@alice", "@carol", "1"}, "StaticCall()", STATIC},
    {"bob",
     "transferFrom",
     {"@alice", "@carol", "51"},
     "ERC20InsufficientAllowance(spender=@bob, allowance=50, needed=51)"},
    {"carol",
     "transferFrom",
     {"@alice", "@carol", "1"},
     "ERC20InsufficientAllowance(spender=@carol, allowance=0, needed=1)"},
    {"bob", "transferFrom", {"@alice", "@money", "1"}, "ERC20InvalidReceiver(receiver=@money)"},
    {"bob", "transferFrom", {"@alice", "@zero", "1"}, "ERC20InvalidReceiver(receiver=@zero)"},
    {"bob", "transferFrom", {"@zero", "@carol", "0"}, "ERC20InvalidSender(sender=@zero)"},
    {"bob", "transferFrom", {"@alice", "@carol", "20"}, "true"},
    {"bob", "allowance", {"@alice", "@bob"}, "\"30\""},
    {"alice", "balanceOf", {"@carol"}, "\"120\""},
    {"alice", "approve", {"@bob", "5000"}, "true"},
    {"bob",
     "transferFrom",
     {"@alice", "@carol", "881"},
     "ERC20InsufficientBalance(sender=@alice, balance=880, needed=881)"},
    {"alice", "approve", {"@bob", MAX_UINT}, "true"},
    {"bob", "transferFrom", {"@alice", "@carol", "80"}, "true"},
    {"bob", "allowance", {"@alice", "@bob"}, "\"" MAX_UINT "\""},
};

static const struct row ISSUER_ROWS[] = {
    {"alice",
     "reserve",
     {0},
     "\"2000\", \"0x" /* statement */
     "0000000000000000000000000000000000000000000000000000000000000000\", \"1700000000\"",
     STATIC},
    /* mint */
    {"issuer", "mint", {"@carol", "1"}, "StaticCall()", STATIC},
    {"alice", "mint", {"@carol", "1"}, "NotAuthorised(account=@alice, role=\"issuer\")"},
    {"governor", "mint", {"@carol", "1"}, "NotAuthorised(account=@governor, role=\"issuer\")"},
    {"issuer", "mint", {"@zero", "1"}, "ERC20InvalidReceiver(receiver=@zero)"},
    {"issuer", "mint", {"@money", "1"}, "ERC20InvalidReceiver(receiver=@money)"},
    {"issuer", "mint", {"@carol", "501"}, "ReserveExceeded(supply=2001, reserve=2000)"},
    {"issuer", "mint", {"@carol", MAX_UINT}, "ReserveExceeded(supply=" MAX_UINT ", reserve=2000)"},
    {"issuer", "mint", {"@carol", "500"}, "ok"},
    {"issuer", "totalSupply", {0}, "\"2000\""},
    {"issuer", "mint", {"@carol", "1"}, "ReserveExceeded(supply=2001, reserve=2000)"},
    {"issuer", "mint", {"@carol", "0"}, "ok"},
    /* setReserve */
    {"issuer", "setReserve", {"3000", HASH_A}, "StaticCall()", STATIC},
    {"alice", "setReserve", {"3000", HASH_A}, "NotAuthorised(account=@alice, role=\"issuer\")"},
    {"issuer", "setReserve", {"1999", HASH_A}, "ReserveExceeded(supply=2000, reserve=1999)"},
    {"issuer", "setReserve", {"3000", HASH_A}, "ok", PLAIN, 60},
    {"alice", "reserve", {0}, "\"3000\", \"" HASH_A "\", \"1700000060\""},
    {"issuer", "mint", {"@issuer", "1000"}, "ok"},
    /* burn */
    {"issuer", "burn", {"1"}, "StaticCall()", STATIC},
    {"alice", "burn", {"1"}, "NotAuthorised(account=@alice, role=\"issuer\")"},
    {"issuer",
     "burn",
     {"1001"},
     "ERC20InsufficientBalance(sender=@issuer, balance=1000, needed=1001)"},
    {"issuer", "burn", {"400"}, "ok"},
    {"issuer", "balanceOf", {"@issuer"}, "\"600\""},
    {"issuer", "totalSupply", {0}, "\"2600\""},
    /* redeem */
    {"alice", "redeem", {"1", HASH_A}, "StaticCall()", STATIC},
    {"alice",
     "redeem",
     {"1001", HASH_A},
     "ERC20InsufficientBalance(sender=@alice, balance=1000, needed=1001)"},
    {"alice", "redeem", {"250", HASH_A}, "ok"},
    {"alice", "balanceOf", {"@alice"}, "\"750\""},
    {"alice", "totalSupply", {0}, "\"2350\""},
    {"issuer", "setReserve", {"2350", HASH_A}, "ok"},
};

static const struct row ROLE_ROWS[] = {
    {"alice", "roleHolder", {"%issuer%"}, "\"@issuer\"", STATIC},
    {"alice", "roleHolder", {"%mayor%"}, "UnknownRole(role=\"mayor\")", STATIC},
    {"alice", "roleOfferedTo", {"%mayor%"}, "UnknownRole(role=\"mayor\")", STATIC},
    {"alice", "roleOfferedTo", {"%issuer%"}, "\"@zero\"", STATIC},
    {"issuer", "offerRole", {"%issuer%", "@carol"}, "StaticCall()", STATIC},
    {"issuer", "offerRole", {"%mayor%", "@carol"}, "UnknownRole(role=\"mayor\")"},
    {"alice",
     "offerRole",
     {"%issuer%", "@carol"},
     "NotAuthorised(account=@alice, role=\"issuer\")"},
    {"registrar",
     "offerRole",
     {"%issuer%", "@carol"},
     "NotAuthorised(account=@registrar, role=\"issuer\")"},
    {"issuer", "offerRole", {"%issuer%", "@carol"}, "ok"},
    {"alice", "roleOfferedTo", {"%issuer%"}, "\"@carol\""},
    {"carol", "mint", {"@carol", "1"}, "NotAuthorised(account=@carol, role=\"issuer\")"},
    {"bob", "acceptRole", {"%issuer%"}, "NotAuthorised(account=@bob, role=\"issuer\")"},
    {"zero", "acceptRole", {"%registrar%"}, "NotAuthorised(account=@zero, role=\"registrar\")"},
    {"carol", "acceptRole", {"%mayor%"}, "UnknownRole(role=\"mayor\")"},
    {"carol", "acceptRole", {"%issuer%"}, "StaticCall()", STATIC},
    {"carol", "acceptRole", {"%issuer%"}, "ok"},
    {"alice", "roleHolder", {"%issuer%"}, "\"@carol\""},
    {"alice", "roleOfferedTo", {"%issuer%"}, "\"@zero\""},
    {"carol", "mint", {"@carol", "1"}, "ok"},
    {"issuer", "mint", {"@carol", "1"}, "NotAuthorised(account=@issuer, role=\"issuer\")"},
    {"carol", "acceptRole", {"%issuer%"}, "NotAuthorised(account=@carol, role=\"issuer\")"},
    /* an offer withdrawn; the governor replaces a lost registrar */
    {"carol", "offerRole", {"%issuer%", "@bob"}, "ok"},
    {"carol", "offerRole", {"%issuer%", "@zero"}, "ok"},
    {"bob", "acceptRole", {"%issuer%"}, "NotAuthorised(account=@bob, role=\"issuer\")"},
    {"governor", "offerRole", {"%registrar%", "@bob"}, "ok"},
    {"bob", "acceptRole", {"%registrar%"}, "ok"},
    {"alice", "roleHolder", {"%registrar%"}, "\"@bob\""},
    {"governor", "offerRole", {"%governor%", "@alice"}, "ok"},
    {"alice", "acceptRole", {"%governor%"}, "ok"},
    {"governor",
     "offerRole",
     {"%registrar%", "@governor"},
     "NotAuthorised(account=@governor, role=\"registrar\")"},
};

static const struct row MEMBER_ROWS[] = {
    {"alice", "admission", {0}, "true, \"1000000\", \"3600\"", STATIC},
    {"alice", "quotaOf", {"@alice"}, "\"1000000\"", STATIC},
    {"alice", "usedOf", {"@alice"}, "\"0\", \"1700002800\"", STATIC},
    {"registrar", "admit", {"@alice", "5"}, "StaticCall()", STATIC},
    {"alice", "admit", {"@alice", "5"}, "NotAuthorised(account=@alice, role=\"registrar\")"},
    {"registrar", "admit", {"@alice", "5"}, "ok"},
    {"alice", "quotaOf", {"@alice"}, "\"5\""},
    {"registrar", "suspend", {"@alice", HASH_A}, "StaticCall()", STATIC},
    {"bob", "suspend", {"@alice", HASH_A}, "NotAuthorised(account=@bob, role=\"registrar\")"},
    {"registrar", "suspend", {"@alice", HASH_A}, "ok"},
    {"alice", "quotaOf", {"@alice"}, "\"0\""},
    {"registrar", "suspend", {"@issuer", HASH_A}, "HoldsRole(account=@issuer)"},
    {"registrar", "suspend", {"@governor", HASH_A}, "HoldsRole(account=@governor)"},
    {"registrar", "suspend", {"@registrar", HASH_A}, "HoldsRole(account=@registrar)"},
    {"registrar", "admit", {"@alice", "0"}, "ok"},
    {"alice", "quotaOf", {"@alice"}, "\"1000000\""},
};

TEST(money_token)
{
    RUN_ROWS(TOKEN_ROWS);
}

TEST(money_issuer)
{
    RUN_ROWS(ISSUER_ROWS);
}

TEST(money_roles)
{
    RUN_ROWS(ROLE_ROWS);
}

TEST(money_members)
{
    RUN_ROWS(MEMBER_ROWS);
}

/* --- escrow ----------------------------------------------------------------------------------- */

/* keccak256(payer, number): the name of a payer's n-th hold. */
static const char *hold_id(struct bench *b, const char *payer, unsigned number)
{
    uint8_t text[52] = {0};
    struct address a = bench_address(payer);
    struct hash h;
    char hex[65];
    memcpy(text, a.b, 20);
    text[51] = (uint8_t)number;
    keccak256(&h, text, sizeof text);
    hex_encode(hex, h.b, 32);
    return arena_printf(&b->arena, "0x%s", hex);
}

/* In rows of escrow "#0" stands for alice's first hold, "#1" for her second... */
static const char *with_ids(struct bench *b, const char *text)
{
    struct buf out = {0};
    for (const char *p = text; *p; p++) {
        if (p[0] == '#' && isdigit((unsigned char)p[1]))
            buf_puts(&out, hold_id(b, "alice", (unsigned)(*++p - '0')));
        else
            buf_put_u8(&out, (uint8_t)*p);
    }
    const char *copy = arena_strdup(&b->arena, buf_cstr(&out));
    buf_free(&out);
    return copy;
}

static void run_escrow_rows(const struct row *rows, size_t count)
{
    struct bench b;
    open_money(&b);
    for (size_t i = 0; i < count; i++) {
        struct row r = rows[i];
        r.expected = with_ids(&b, r.expected);
        for (size_t k = 0; k < 8 && r.args[k]; k++)
            r.args[k] = with_ids(&b, r.args[k]);
        run_rows(&b, &r, 1);
    }
    test_count(count);
    bench_close(&b);
}

#define EXPIRY "1700001000"
#define NO_HOLD                                       \
    "\"@zero\", \"@zero\", \"@zero\", \"0\", \"0\", " \
    "\"0x0000000000000000000000000000000000000000000000000000000000000000\""

static const struct row ESCROW_ROWS[] = {
    {"alice", "hold", {"@shop", "@carol", "1", EXPIRY, HASH_A}, "StaticCall()", STATIC},
    {"alice", "hold", {"@shop", "@carol", "0", EXPIRY, HASH_A}, "EmptyHold()"},
    {"alice", "hold", {"@zero", "@zero", "1", EXPIRY, HASH_A}, "EmptyHold()"},
    {"alice",
     "hold",
     {"@shop", "@carol", "1", "1700000000", HASH_A},
     "ExpiryPassed(expiry=1700000000, blockTime=1700000000)"},
    {"alice",
     "hold",
     {"@money", "@carol", "1", EXPIRY, HASH_A},
     "ERC20InvalidReceiver(receiver=@money)"},
    {"alice",
     "hold",
     {"@shop", "@carol", "1001", EXPIRY, HASH_A},
     "ERC20InsufficientBalance(sender=@alice, balance=1000, needed=1001)"},
    {"alice", "hold", {"@shop", "@carol", "600", EXPIRY, HASH_A}, "\"#0\""},
    {"alice", "balanceOf", {"@alice"}, "\"400\""},
    {"alice", "balanceOf", {"@money"}, "\"600\""},
    {"bob",
     "holdOf",
     {"#0"},
     "\"@alice\", \"@shop\", \"@carol\", \"600\", \"" EXPIRY "\", \"" HASH_A "\"",
     STATIC},
    {"bob", "holdOf", {"#1"}, NO_HOLD},
    /* release: parts, by the arbiter or the payer */
    {"carol", "release", {"#0", "@shop", "1"}, "StaticCall()", STATIC},
    {"carol", "release", {"#1", "@shop", "1"}, "UnknownHold(id=#1)"},
    {"bob", "release", {"#0", "@shop", "1"}, "NotAuthorised(account=@bob, role=\"arbiter\")"},
    {"shop", "release", {"#0", "@shop", "1"}, "NotAuthorised(account=@shop, role=\"arbiter\")"},
    {"carol", "release", {"#0", "@carol", "1"}, "HoldForOther(id=#0, payee=@shop)"},
    {"alice", "release", {"#0", "@alice", "1"}, "HoldForOther(id=#0, payee=@shop)"},
    {"carol", "release", {"#0", "@shop", "601"}, "HoldExceeded(id=#0, held=600, needed=601)"},
    {"carol", "release", {"#0", "@shop", "100"}, "ok"},
    {"alice", "release", {"#0", "@shop", "50"}, "ok"},
    {"bob", "balanceOf", {"@shop"}, "\"150\""},
    {"carol", "release", {"#0", "@shop", "451"}, "HoldExceeded(id=#0, held=450, needed=451)"},
    /* expire: not before, then by anyone; no release any more */
    {"bob", "expire", {"#0"}, "StaticCall()", STATIC},
    {"bob", "expire", {"#1"}, "UnknownHold(id=#1)"},
    {"bob", "expire", {"#0"}, "HoldNotExpired(id=#0, expiry=1700001000)", PLAIN, 999},
    {"carol", "release", {"#0", "@shop", "1"}, "HoldExpired(id=#0, expiry=1700001000)", PLAIN, 1},
    {"bob", "expire", {"#0"}, "ok"},
    {"bob", "expire", {"#0"}, "UnknownHold(id=#0)"},
    {"alice", "balanceOf", {"@alice"}, "\"850\""},
    {"bob", "holdOf", {"#0"}, NO_HOLD},
    /* refund: by the arbiter, by the payee; not by the payer */
    {"alice", "hold", {"@shop", "@carol", "10", "1700009000", HASH_A}, "\"#1\""},
    {"carol", "refund", {"#1"}, "StaticCall()", STATIC},
    {"carol", "refund", {"#0"}, "UnknownHold(id=#0)"},
    {"alice", "refund", {"#1"}, "NotAuthorised(account=@alice, role=\"arbiter\")"},
    {"carol", "refund", {"#1"}, "ok"},
    {"alice", "hold", {"@shop", "@zero", "10", "1700009000", HASH_A}, "\"#2\""},
    {"zero", "refund", {"#2"}, "NotAuthorised(account=@zero, role=\"arbiter\")"},
    {"zero", "release", {"#2", "@shop", "1"}, "NotAuthorised(account=@zero, role=\"arbiter\")"},
    {"shop", "refund", {"#2"}, "ok"},
    {"alice", "balanceOf", {"@alice"}, "\"850\""},
    /* without payee the arbiter chooses, and the payer may not release */
    {"alice", "hold", {"@zero", "@carol", "30", "18446744073709551615", HASH_A}, "\"#3\""},
    {"alice", "release", {"#3", "@shop", "1"}, "NotAuthorised(account=@alice, role=\"arbiter\")"},
    {"carol", "release", {"#3", "@zero", "1"}, "ERC20InvalidReceiver(receiver=@zero)"},
    {"carol", "release", {"#3", "@money", "1"}, "ERC20InvalidReceiver(receiver=@money)"},
    {"carol", "release", {"#3", "@shop", "10"}, "ok"},
    {"carol", "release", {"#3", "@bob", "10"}, "ok"},
    {"carol", "release", {"#3", "@carol", "10"}, "ok"},
    {"carol", "release", {"#3", "@carol", "0"}, "UnknownHold(id=#3)"},
    {"alice", "balanceOf", {"@money"}, "\"0\""},
    /* a hold without end never expires */
    {"alice", "hold", {"@shop", "@zero", "5", "18446744073709551615", HASH_A}, "\"#4\""},
    {"bob", "expire", {"#4"}, "HoldNotExpired(id=#4, expiry=18446744073709551615)", PLAIN, 1000000},
    {"alice", "release", {"#4", "@shop", "5"}, "ok"},
};

TEST(money_escrow)
{
    run_escrow_rows(ESCROW_ROWS, sizeof ESCROW_ROWS / sizeof *ESCROW_ROWS);
}

/* --- logs ------------------------------------------------------------------------------------- */

static void check_log(struct bench *b, size_t index, const char *signature, unsigned topics)
{
    struct hash topic = keccak256_of(bytes_str(signature));
    if (index >= state_log_count(b->state)) {
        test_fail(__FILE__, __LINE__, "no log %zu (%s)", index, signature);
        return;
    }
    const struct log_entry *log = state_log(b->state, index);
    CHECK(address_eq(&log->address, &MONEY_SERVICE.address));
    CHECK_INT(log->topic_count, topics);
    if (!hash_eq(&log->topics[0], &topic))
        test_fail(__FILE__, __LINE__, "log %zu is not %s", index, signature);
}

static const char TRANSFER[] = "Transfer(address,address,uint256)";

TEST(money_events)
{
    struct bench b;
    open_money(&b);
    BENCH_CALL(&b, "alice", &MONEY_SERVICE, "transfer", "@bob", "7");
    check_log(&b, 0, TRANSFER, 3);
    struct address alice = bench_address("alice"), bob = bench_address("bob");
    const struct log_entry *log = state_log(b.state, 0);
    CHECK(memcmp(log->topics[1].b + 12, alice.b, 20) == 0);
    CHECK(memcmp(log->topics[2].b + 12, bob.b, 20) == 0);
    CHECK_HEX(log->data.data, log->data.len,
              "0000000000000000000000000000000000000000000000000000000000000007");
    BENCH_CALL(&b, "alice", &MONEY_SERVICE, "approve", "@bob", "7");
    check_log(&b, 0, "Approval(address,address,uint256)", 3);
    BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "mint", "@bob", "7");
    check_log(&b, 0, TRANSFER, 3);
    BENCH_CALL(&b, "bob", &MONEY_SERVICE, "redeem", "7", HASH_A);
    check_log(&b, 0, TRANSFER, 3);
    check_log(&b, 1, "Redeemed(address,uint256,bytes32)", 2);
    BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "setReserve", "7000", HASH_A);
    check_log(&b, 0, "ReserveStated(uint256,bytes32,uint256)", 1);
    BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "offerRole", "%issuer%", "@bob");
    check_log(&b, 0, "RoleOffered(bytes32,address,address)", 4);
    BENCH_CALL(&b, "bob", &MONEY_SERVICE, "acceptRole", "%issuer%");
    check_log(&b, 0, "RoleTaken(bytes32,address,address)", 4);
    BENCH_CALL(&b, "registrar", &MONEY_SERVICE, "admit", "@carol", "9");
    check_log(&b, 0, "Admitted(address,uint64)", 2);
    BENCH_CALL(&b, "registrar", &MONEY_SERVICE, "suspend", "@carol", HASH_A);
    check_log(&b, 0, "Suspended(address,bytes32)", 2);
    BENCH_CALL(&b, "alice", &MONEY_SERVICE, "hold", "@shop", "@carol", "9", EXPIRY, HASH_A);
    check_log(&b, 0, TRANSFER, 3);
    check_log(&b, 1, "Held(bytes32,address,address,address,uint256,uint64,bytes32)", 4);
    const char *id = hold_id(&b, "alice", 0);
    BENCH_CALL(&b, "alice", &MONEY_SERVICE, "release", id, "@shop", "4");
    check_log(&b, 0, TRANSFER, 3);
    check_log(&b, 1, "Released(bytes32,address,uint256)", 3);
    BENCH_CALL(&b, "carol", &MONEY_SERVICE, "refund", id);
    check_log(&b, 0, TRANSFER, 3);
    check_log(&b, 1, "Refunded(bytes32,address,uint256)", 3);
    bench_close(&b);
}

/* --- permit ----------------------------------------------------------------------------------- */

static const uint8_t OWNER_KEY[32] = {[31] = 0x2a};

static struct hash domain_separator(struct bench *b)
{
    struct hash h = {0};
    BENCH_CALL(b, "alice", &MONEY_SERVICE, "DOMAIN_SEPARATOR");
    if (b->result.output.len == 32)
        memcpy(h.b, b->result.output.data, 32);
    return h;
}

struct permit {
    struct address owner, spender;
    uint64_t value, nonce, deadline;
    uint8_t v;
    struct ecdsa_signature sig;
};

/* Own signing, written from EIP-2612 and EIP-712 apart from the service's code. */
static void sign_permit(struct bench *b, struct permit *p, const uint8_t key[32])
{
    uint8_t words[6][32] = {0}, text[66] = {0x19, 0x01};
    struct hash type = keccak256_of(bytes_str(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"));
    struct hash domain = domain_separator(b), message, digest;
    memcpy(words[0], type.b, 32);
    memcpy(words[1] + 12, p->owner.b, 20);
    memcpy(words[2] + 12, p->spender.b, 20);
    be64_put(words[3] + 24, p->value);
    be64_put(words[4] + 24, p->nonce);
    be64_put(words[5] + 24, p->deadline);
    keccak256(&message, words, sizeof words);
    memcpy(text + 2, domain.b, 32);
    memcpy(text + 34, message.b, 32);
    keccak256(&digest, text, sizeof text);
    CHECK_ERR(ecdsa_sign(&p->sig, &digest, key), E_OK);
    p->v = (uint8_t)(27 + p->sig.y_parity);
}

static const char *hex_text(struct bench *b, const uint8_t *data, size_t len)
{
    struct buf out = {0};
    buf_put_hex(&out, data, len);
    const char *copy = arena_strdup(&b->arena, buf_cstr(&out));
    buf_free(&out);
    return copy;
}

static const char *send_permit(struct bench *b, const struct permit *p)
{
    const char *seen = BENCH_CALL(
        b, "shop", &MONEY_SERVICE, "permit", hex_text(b, p->owner.b, 20),
        hex_text(b, p->spender.b, 20), arena_printf(&b->arena, "%" PRIu64, p->value),
        arena_printf(&b->arena, "%" PRIu64, p->deadline), arena_printf(&b->arena, "%u", p->v),
        hex_text(b, p->sig.r, 32), hex_text(b, p->sig.s, 32));
    note_error(b);
    return seen;
}

TEST(money_permit)
{
    struct bench b;
    struct permit p = {.value = 77, .deadline = BENCH_NOW_S};
    open_money(&b);
    ecdsa_address(&p.owner, OWNER_KEY);
    p.spender = bench_address("bob");
    const char *owner = hex_text(&b, p.owner.b, 20);
    sign_permit(&b, &p, OWNER_KEY);

    b.is_static = true;
    CHECK_STR(send_permit(&b, &p), "StaticCall()");
    b.is_static = false;
    CHECK_STR(send_permit(&b, &p), "ok");
    check_log(&b, 0, "Approval(address,address,uint256)", 3);
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "allowance", owner, "@bob"), "\"77\"");
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "nonces", owner), "\"1\"");

    /* again: the nonce has moved, so another account seems to have signed */
    CHECK(strncmp(send_permit(&b, &p), "ERC2612InvalidSigner(signer=0x", 30) == 0);
    p.nonce = 1;
    sign_permit(&b, &p, OWNER_KEY);
    struct permit q = p;
    q.value++;
    CHECK(strncmp(send_permit(&b, &q), "ERC2612InvalidSigner(signer=0x", 30) == 0);

    /* signatures that are none: wrong v, r = 0, the high-s twin */
    q = p;
    q.v = 29;
    CHECK_STR(send_permit(&b, &q), "ECDSAInvalidSignature()");
    q.v = 0;
    CHECK_STR(send_permit(&b, &q), "ECDSAInvalidSignature()");
    q = p;
    memset(q.sig.r, 0, 32);
    CHECK_STR(send_permit(&b, &q), "ECDSAInvalidSignature()");
    q = p;
    static const char order[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    struct hash n;
    struct u256 s;
    hash_from_hex(&n, order);
    u256_sub(&s, u256_from_be(n.b), u256_from_be(p.sig.s));
    u256_to_be(q.sig.s, s);
    q.v = (uint8_t)(55 - p.v);
    CHECK_STR(send_permit(&b, &q), "ECDSAInvalidSignature()");

    /* the zero spender, a deadline passed by a second, another chain */
    q = p;
    memset(&q.spender, 0, sizeof q.spender);
    sign_permit(&b, &q, OWNER_KEY);
    CHECK_STR(send_permit(&b, &q), bench_text(&b, "ERC20InvalidSpender(spender=@zero)"));
    b.env.timestamp_s++;
    CHECK_STR(send_permit(&b, &p), "ERC2612ExpiredSignature(deadline=1700000000)");
    b.env.timestamp_s--;
    b.env.chain_id++;
    CHECK(strncmp(send_permit(&b, &p), "ERC2612InvalidSigner(signer=0x", 30) == 0);
    b.env.chain_id--;
    CHECK_STR(send_permit(&b, &p), "ok");
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "nonces", owner), "\"2\"");
    bench_close(&b);
}

/* Signed by ethers 6 (signTypedData) with the key 0x2a, for this genesis and chain. */
TEST(money_permit_signed_elsewhere)
{
    static const char owner[] = "0xae3DfFEE97f92db0201d11CB8877C89738353bCE";
    static const char spender[] = "0x00000000000000000000000000000000000000b0";
    struct bench b;
    open_money(&b);
    CHECK_STR(BENCH_CALL(&b, "alice", &MONEY_SERVICE, "DOMAIN_SEPARATOR"),
              "\"0xb9185b6b27fac716737e2a49ebd94ad2c0a9f31d728349283ef023b3d324dc60\"");
    CHECK_STR(BENCH_CALL(&b, "shop", &MONEY_SERVICE, "permit", owner, spender,
                         "1000000000000000000", MAX_UINT, "28",
                         "0x41707cd69d790509c74083e689f6e991a8c9248892b715c2b784fdb222c1bc74",
                         "0x26b4f550ae29e1cdc6e3ae749e7895b90c99cf4e9a294882845f1d6024b71cee"),
              "ok");
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "allowance", owner, spender),
              "\"1000000000000000000\"");
    CHECK_STR(BENCH_CALL(&b, "shop", &MONEY_SERVICE, "permit", owner, spender, "0", "1700000000",
                         "28", "0xa542f7a7697d63a00192d2548790b799e72f1aab1e690dde37a07fec360daca8",
                         "0x3c9799ea3f21e6eee6d253b56ad36ed8e61b16e53c0f40b776a6d4561bd335cf"),
              "ok");
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "allowance", owner, spender), "\"0\"");
    bench_close(&b);
}

TEST(money_domain)
{
    struct bench b;
    open_money(&b);
    CHECK_STR(BENCH_CALL(&b, "alice", &MONEY_SERVICE, "eip712Domain"),
              bench_text(&b, "\"0x0f\", \"Gonette\", \"1\", \"20260\", \"@money\", "
                             "\"0x000000000000000000000000000000000000000000000000000000000000"
                             "0000\", []"));
    bench_close(&b);
}

/* --- genesis ---------------------------------------------------------------------------------- */

TEST(money_genesis_refusals)
{
    static const struct {
        const char *genesis, *diag;
    } rows[] = {
        {"{\"services\":{\"money\":{\"nam\":\"x\"}}}", "services.money.nam: unknown member"},
        {"{\"services\":{\"money\":{\"name\":\"\"}}}",
         "services.money.name: a text of 1 to 64 bytes needed"},
        {"{\"services\":{\"money\":{\"symbol\":3}}}",
         "services.money.symbol: a text of 1 to 16 bytes needed"},
        {"{\"services\":{\"money\":{\"admission\":\"all\"}}}",
         "services.money.admission: \"open\" or \"members\" needed"},
        {"{\"services\":{\"money\":{\"quotaGas\":0}}}",
         "services.money.quotaGas: a whole number above 0 needed"},
        {"{\"services\":{\"money\":{\"quotaPeriod_s\":\"x\"}}}",
         "services.money.quotaPeriod_s: a whole number above 0 needed"},
        {"{\"services\":{\"money\":{\"members\":\"@bob\"}}}",
         "services.money.members: a list of addresses needed"},
        {"{\"services\":{\"money\":{\"members\":[\"0x12\"]}}}",
         "services.money.members: not an address"},
        {"{\"services\":{\"money\":{\"reserve\":\"much\"}}}",
         "services.money.reserve: not an amount"},
        {"{\"services\":{\"money\":{\"reserveStatement\":\"0x12\"}}}",
         "services.money.reserveStatement: not 32 bytes"},
        {"{\"alloc\":{\"@bob\":{\"balance\":\"9\"}},\"services\":{\"money\":{\"reserve\":\"8\"}}}",
         "services.money.reserve: below the sum of the allocated balances"},
        {"{\"alloc\":{\"@bob\":{\"balance\":\"9\"},\"@carol\":{\"balance\":\"" MAX_UINT "\"}}}",
         "alloc: the balances exceed 2^256-1"},
        {"{\"alloc\":{\"@bob\":{\"balance\":\"-9\"}}}", NULL},
        {"{\"alloc\":{\"bob\":{\"balance\":\"9\"}}}", "alloc.bob: not an address"},
        {"{\"alloc\":{\"0x00000000000000000000000000000000000000ab\":{},"
         "\"0x00000000000000000000000000000000000000AB\":{}}}",
         "alloc.0x00000000000000000000000000000000000000ab: given twice"},
        {"{\"roles\":[]}", "roles: not an object"},
        {"{\"roles\":{\"mayor\":\"@bob\"}}",
         "roles.mayor: no such role (issuer, registrar and governor exist)"},
        {"{\"roles\":{\"issuer\":\"bob\"}}", "roles.issuer: not an address"},
        {"{\"roles\":{\"issuer\":3}}", "roles.issuer: not an address"},
    };
    services_init_with(SERVICES);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        struct diag d = {0};
        bench_open(&b);
        CHECK_ERR(bench_genesis(&b, rows[i].genesis, &d), E_GENESIS);
        if (rows[i].diag)
            CHECK_STR(d.text, rows[i].diag);
        bench_close(&b);
    }
    test_count(sizeof rows / sizeof *rows);
}

TEST(money_genesis_defaults)
{
    struct bench b;
    struct diag d = {0};
    services_init_with(SERVICES);
    bench_open(&b);
    CHECK_ERR(bench_genesis(&b, "{\"alloc\":{\"@bob\":{\"balance\":\"9\"}}}", &d), E_OK);
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "admission"),
              "true, \"50000000000\", \"86400\"");
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "totalSupply"), "\"9\"");
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "symbol"), "\"PVS\"");
    CHECK(strncmp(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "reserve"), "\"9\", ", 5) == 0);
    CHECK_STR(BENCH_CALL(&b, "bob", &MONEY_SERVICE, "roleHolder", "%issuer%"),
              bench_text(&b, "\"@zero\""));
    /* nobody holds the role, so not even the zero address has it */
    CHECK_STR(BENCH_CALL(&b, "zero", &MONEY_SERVICE, "mint", "@bob", "0"),
              bench_text(&b, "NotAuthorised(account=@zero, role=\"issuer\")"));
    bench_close(&b);
}

/* --- at the end of the numbers ------------------------------------------------------------------
 */

/* The issuer may state any reserve, and make coins up to it. */
TEST(money_supply_ends_at_the_last_number)
{
    struct bench b;
    open_money(&b);
    CHECK_STR(BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "setReserve", MAX_UINT, "%x%"), "ok");
    CHECK_STR(BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "mint", "@carol", MAX_UINT),
              "ReserveExceeded(supply=" MAX_UINT ", reserve=" MAX_UINT ")");
    struct u256 rest, supply = u256_from_u64(1500);
    u256_sub(&rest, U256_MAX, supply);
    char text[80];
    u256_dec(text, rest);
    CHECK_STR(BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "mint", "@carol", text), "ok");
    CHECK_STR(BENCH_CALL(&b, "x", &MONEY_SERVICE, "totalSupply"), "\"" MAX_UINT "\"");
    static const char *const MORE[] = {"1", "1510", MAX_UINT};
    for (size_t i = 0; i < 3; i++)
        CHECK_STR(BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "mint", "@carol", MORE[i]),
                  "ReserveExceeded(supply=" MAX_UINT ", reserve=" MAX_UINT ")");
    bench_close(&b);
}

/* A call may override balances, so that there are more coins than were ever made. */
static void make_rich(struct bench *b)
{
    static const char *const RICH[] = {"alice", "carol", "issuer", "money", "zero"};
    for (size_t i = 0; i < sizeof RICH / sizeof *RICH; i++) {
        struct address a = bench_address(RICH[i]);
        state_set_balance(b->state, &a, U256_MAX);
    }
}

TEST(money_refuses_what_only_overridden_balances_hold)
{
    struct bench b;
    open_money(&b);
    make_rich(&b);
    CHECK_STR(BENCH_CALL(&b, "alice", &MONEY_SERVICE, "redeem", MAX_UINT, "%x%"),
              "RecordUnreadable()");
    CHECK_STR(BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "burn", "1501"), "RecordUnreadable()");
    CHECK_STR(BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "mint", "@carol", "1"),
              "RecordUnreadable()");
    CHECK_STR(BENCH_CALL(&b, "alice", &MONEY_SERVICE, "transfer", "@carol", MAX_UINT), "true");
    make_rich(&b);
    CHECK_STR(BENCH_CALL(&b, "carol", &MONEY_SERVICE, "transfer", "@carol", MAX_UINT), "true");
    CHECK(strlen(BENCH_CALL(&b, "carol", &MONEY_SERVICE, "hold", "@alice", "@alice", MAX_UINT,
                            "1800000000", "%x%")) == 68);
    const char *id = hold_id(&b, "carol", 0);
    make_rich(&b);
    CHECK_STR(BENCH_CALL(&b, "alice", &MONEY_SERVICE, "refund", id), "ok");
    bench_close(&b);
}

/* --- refusals every method shares ------------------------------------------------------------- */

/* Every method refuses coins, and every changing method a static call, before anything else. */
TEST(money_refuses_coins_and_static_changes)
{
    struct bench b;
    open_money(&b);
    for (size_t i = 0; i < service_method_count(&MONEY_SERVICE); i++) {
        const struct abi_entry *m = service_method_entry(&MONEY_SERVICE, i);
        b.value = u256_from_u64(1);
        bench_send(&b, "alice", &MONEY_SERVICE, bytes_of(m->selector, 4));
        CHECK_STR(bench_outcome(&b, m), "NotPayable()");
        note_error(&b);
        b.value = U256_ZERO;
        b.is_static = true;
        bench_send(&b, "alice", &MONEY_SERVICE, bytes_of(m->selector, 4));
        bool refused = strcmp(bench_outcome(&b, m), "StaticCall()") == 0;
        CHECK(refused == (m->mutability == ABI_NONPAYABLE));
        b.is_static = false;
        if (m->inputs.size > 0) {
            bench_send(&b, "alice", &MONEY_SERVICE, bytes_of(m->selector, 4));
            CHECK_STR(bench_outcome(&b, m), "BadCalldata()");
            note_error(&b);
        }
    }
    b.kind = FRAME_DELEGATECALL;
    bench_send(&b, "alice", &MONEY_SERVICE, bytes_of("\1\2\3\4", 4));
    note_error(&b);
    b.kind = FRAME_CALL;
    bench_send(&b, "alice", &MONEY_SERVICE, bytes_of("\1\2\3\4", 4));
    note_error(&b);
    check_conserved(&b);
    bench_close(&b);
}

#define STARVE(b, caller, method, ...) \
    bench_starve(b, caller, &MONEY_SERVICE, method, (const char *const[BENCH_ARGS]){__VA_ARGS__})

TEST(money_out_of_gas_changes_nothing)
{
    struct bench b;
    struct permit p = {.value = 77, .deadline = BENCH_NOW_S};
    open_money(&b);
    STARVE(&b, "alice", "transfer", "@carol", "10");
    STARVE(&b, "alice", "approve", "@bob", "10");
    STARVE(&b, "bob", "transferFrom", "@alice", "@carol", "5");
    STARVE(&b, "issuer", "setReserve", "5000", HASH_A);
    STARVE(&b, "issuer", "mint", "@issuer", "50");
    STARVE(&b, "issuer", "burn", "5");
    STARVE(&b, "alice", "redeem", "5", HASH_A);
    STARVE(&b, "registrar", "admit", "@carol", "5");
    STARVE(&b, "registrar", "suspend", "@carol", HASH_A);
    STARVE(&b, "issuer", "offerRole", "%issuer%", "@bob");
    STARVE(&b, "bob", "acceptRole", "%issuer%");
    STARVE(&b, "alice", "hold", "@shop", "@carol", "20", EXPIRY, HASH_A);
    STARVE(&b, "carol", "release", hold_id(&b, "alice", 0), "@shop", "5");
    STARVE(&b, "carol", "refund", hold_id(&b, "alice", 0));
    STARVE(&b, "alice", "hold", "@shop", "@carol", "20", EXPIRY, HASH_A);
    b.env.timestamp_s += 1000;
    STARVE(&b, "bob", "expire", hold_id(&b, "alice", 1));
    p.deadline = b.env.timestamp_s;
    ecdsa_address(&p.owner, OWNER_KEY);
    p.spender = bench_address("bob");
    sign_permit(&b, &p, OWNER_KEY);
    STARVE(&b, "shop", "permit", hex_text(&b, p.owner.b, 20), hex_text(&b, p.spender.b, 20), "77",
           arena_printf(&b.arena, "%" PRIu64, p.deadline), arena_printf(&b.arena, "%u", p.v),
           hex_text(&b, p.sig.r, 32), hex_text(&b, p.sig.s, 32));
    /* and the views */
    for (size_t i = 0; i < service_method_count(&MONEY_SERVICE); i++) {
        const struct abi_entry *m = service_method_entry(&MONEY_SERVICE, i);
        if (m->mutability != ABI_VIEW)
            continue;
        const char *args[BENCH_ARGS] = {0};
        for (size_t k = 0; k < m->inputs.size; k++)
            args[k] = m->inputs.item[k].kind == ABI_ADDRESS ? "@bob" : "%issuer%";
        bench_starve(&b, "alice", &MONEY_SERVICE, m->name, args);
    }
    check_conserved(&b);
    bench_close(&b);
}

/* --- random sequences against a naive model --------------------------------------------------- */

#define ACTORS 5
#define HOLDS_MAX 4000
static const char *const ACTOR[ACTORS] = {"alice", "bob", "carol", "shop", "issuer"};

struct model_hold {
    char id[67];
    unsigned payer, payee, arbiter; /* payee ACTORS: anyone */
    uint64_t amount, expiry;
};

/* What the books should say, in 64-bit integers and without any of the service's code. */
struct model {
    uint64_t balance[ACTORS], allowance[ACTORS][ACTORS], supply, reserve, held;
    unsigned hold_count, holds_of[ACTORS];
    struct model_hold holds[HOLDS_MAX];
};

static const char *number(struct bench *b, uint64_t v)
{
    return arena_printf(&b->arena, "%" PRIu64, v);
}

static const char *at(struct bench *b, unsigned actor)
{
    return actor == ACTORS ? "@zero" : arena_printf(&b->arena, "@%s", ACTOR[actor]);
}

/* One operation on both; true when the service's success and the model's agree. */
static bool step_token(struct bench *b, struct model *m, unsigned op)
{
    unsigned who = (unsigned)(test_random() % ACTORS), from = (unsigned)(test_random() % ACTORS),
             to = (unsigned)(test_random() % ACTORS);
    uint64_t amount = test_random() % 300;
    bool ok = false;
    switch (op) {
    case 0:
        BENCH_CALL(b, ACTOR[who], &MONEY_SERVICE, "transfer", at(b, to), number(b, amount));
        if ((ok = m->balance[who] >= amount)) {
            m->balance[who] -= amount;
            m->balance[to] += amount;
        }
        break;
    case 1:
        BENCH_CALL(b, ACTOR[who], &MONEY_SERVICE, "approve", at(b, to), number(b, amount));
        m->allowance[who][to] = amount;
        ok = true;
        break;
    case 2:
        BENCH_CALL(b, ACTOR[who], &MONEY_SERVICE, "transferFrom", at(b, from), at(b, to),
                   number(b, amount));
        if ((ok = m->allowance[from][who] >= amount && m->balance[from] >= amount)) {
            m->allowance[from][who] -= amount;
            m->balance[from] -= amount;
            m->balance[to] += amount;
        }
        break;
    case 3:
        BENCH_CALL(b, ACTOR[who], &MONEY_SERVICE, "mint", at(b, to), number(b, amount));
        if ((ok = who == 4 && m->supply + amount <= m->reserve)) {
            m->balance[to] += amount;
            m->supply += amount;
        }
        break;
    case 4:
        BENCH_CALL(b, ACTOR[who], &MONEY_SERVICE, "redeem", number(b, amount), HASH_A);
        if ((ok = m->balance[who] >= amount)) {
            m->balance[who] -= amount;
            m->supply -= amount;
        }
        break;
    default:
        BENCH_CALL(b, ACTOR[who], &MONEY_SERVICE, "setReserve", number(b, 1000 + amount * 10),
                   HASH_A);
        if ((ok = who == 4 && 1000 + amount * 10 >= m->supply))
            m->reserve = 1000 + amount * 10;
    }
    return ok == (b->result.status == FRAME_SUCCESS);
}

static bool step_hold(struct bench *b, struct model *m)
{
    uint64_t amount = test_random() % 200;
    struct model_hold h = {.payer = (unsigned)(test_random() % ACTORS),
                           .payee = (unsigned)(test_random() % (ACTORS + 1)),
                           .arbiter = (unsigned)(test_random() % ACTORS),
                           .amount = amount,
                           .expiry = b->env.timestamp_s - 5 + test_random() % 100};
    snprintf(h.id, sizeof h.id, "%s", hold_id(b, ACTOR[h.payer], m->holds_of[h.payer]));
    BENCH_CALL(b, ACTOR[h.payer], &MONEY_SERVICE, "hold", at(b, h.payee), at(b, h.arbiter),
               number(b, amount), number(b, h.expiry), HASH_A);
    bool ok = amount > 0 && h.expiry > b->env.timestamp_s && m->balance[h.payer] >= amount;
    if (ok) {
        m->holds_of[h.payer]++;
        m->balance[h.payer] -= amount;
        m->held += amount;
        m->holds[m->hold_count++] = h;
    }
    return ok == (b->result.status == FRAME_SUCCESS);
}

static bool step_settle(struct bench *b, struct model *m, unsigned op)
{
    if (m->hold_count == 0)
        return true;
    unsigned recent = m->hold_count < 8 ? m->hold_count : 8;
    struct model_hold *h = &m->holds[m->hold_count - 1 - test_random() % recent];
    unsigned who = (unsigned)(test_random() % ACTORS), to = (unsigned)(test_random() % ACTORS);
    if (test_random() % 2)
        who = h->arbiter;
    if (test_random() % 2 && h->payee < ACTORS)
        to = h->payee;
    uint64_t amount = test_random() % 150;
    bool open = h->amount > 0, over = b->env.timestamp_s >= h->expiry, ok = false;
    if (op == 0) {
        BENCH_CALL(b, ACTOR[who], &MONEY_SERVICE, "release", h->id, at(b, to), number(b, amount));
        bool party = who == h->arbiter || (who == h->payer && h->payee < ACTORS);
        ok =
            open && !over && party && (h->payee == ACTORS || h->payee == to) && amount <= h->amount;
    } else if (op == 1) {
        BENCH_CALL(b, ACTOR[who], &MONEY_SERVICE, "refund", h->id);
        ok = open && (who == h->arbiter || who == h->payee);
        amount = h->amount;
        to = h->payer;
    } else {
        BENCH_CALL(b, ACTOR[who], &MONEY_SERVICE, "expire", h->id);
        ok = open && over;
        amount = h->amount;
        to = h->payer;
    }
    if (ok) {
        h->amount -= amount;
        m->held -= amount;
        m->balance[to] += amount;
    }
    return ok == (b->result.status == FRAME_SUCCESS);
}

static bool books_agree(struct bench *b, const struct model *m)
{
    uint64_t sum = m->held;
    for (unsigned i = 0; i < ACTORS; i++) {
        sum += m->balance[i];
        if (!u256_eq(balance_of(b, ACTOR[i]), u256_from_u64(m->balance[i])))
            return false;
    }
    return sum == m->supply && u256_eq(balance_of(b, "money"), u256_from_u64(m->held)) &&
           u256_eq(total_supply(b), u256_from_u64(m->supply)) && m->supply <= m->reserve;
}

TEST(money_random_operations_conserve)
{
    static struct model m;
    struct bench b;
    size_t passed = 0;
    const size_t steps = 20000;
    open_money(&b);
    memset(&m, 0, sizeof m);
    m.balance[0] = 1000;
    m.balance[1] = 500;
    m.supply = 1500;
    m.reserve = 2000;
    for (size_t i = 0; i < steps; i++) {
        unsigned op = (unsigned)(test_random() % 10);
        bool agree = op < 6                                ? step_token(&b, &m, op)
                     : op == 6 && m.hold_count < HOLDS_MAX ? step_hold(&b, &m)
                                                           : step_settle(&b, &m, op % 3);
        passed += b.result.status == FRAME_SUCCESS;
        if (!agree || !books_agree(&b, &m)) {
            test_fail(__FILE__, __LINE__, "step %zu, operation %u: model and service differ (%s)",
                      i, op, agree ? "books" : "outcome");
            break;
        }
        if (test_random() % 4 == 0)
            b.env.timestamp_s += test_random() % 20;
        if (i % 500 == 0)
            arena_reset(&b.arena);
    }
    CHECK(passed > steps / 4 && passed < steps); /* both kinds of outcome were tried */
    CHECK(m.hold_count > 100);
    bench_close(&b);
}

/* --- what other services use ------------------------------------------------------------------ */

static enum err agent_pay(struct service_call *c)
{
    struct address to = abi_get_address(service_arg(c, 0));
    TRY(money_transfer(c, &c->frame->caller, &to, service_arg(c, 1)->word));
    return service_return(c, NULL);
}

static enum err agent_keep(struct service_call *c)
{
    struct hash purpose = {{1}}, id;
    TRY(money_hold(c, &c->frame->caller, NULL, service_arg(c, 0)->word, UINT64_MAX, &purpose, &id));
    return service_return(c, (struct abi_value[]){abi_bytes32(id.b)});
}

static enum err agent_settle(struct service_call *c)
{
    struct hash id;
    struct address to = abi_get_address(service_arg(c, 1));
    struct money_hold_record before, after;
    abi_get_bytes32(id.b, service_arg(c, 0));
    TRY(money_hold_read(c, &id, &before));
    TRY(money_release(c, &id, &to, service_arg(c, 2)->word));
    TRY(money_hold_read(c, &id, &after));
    return service_return(c, (struct abi_value[]){abi_u256(before.amount), abi_u256(after.amount)});
}

static enum err agent_undo(struct service_call *c)
{
    struct hash id;
    abi_get_bytes32(id.b, service_arg(c, 0));
    TRY(money_refund(c, &id));
    return service_return(c, NULL);
}

static enum err agent_ask(struct service_call *c)
{
    struct address issuer;
    TRY(money_role_holder(c, MONEY_ISSUER, &issuer));
    return service_return(
        c, (struct abi_value[]){abi_address(&issuer), abi_u256(money_balance(c, &issuer))});
}

static const struct service_method AGENT_METHODS[] = {
    {"function pay(address to, uint256 amount)", "Pays.", 100, 0, agent_pay},
    {"function keep(uint256 amount) returns (bytes32)", "Holds.", 100, 0, agent_keep},
    {"function settle(bytes32 id, address to, uint256 amount) returns (uint256, uint256)",
     "Releases.", 100, 0, agent_settle},
    {"function undo(bytes32 id)", "Refunds.", 100, 0, agent_undo},
    {"function ask() view returns (address, uint256)", "Asks.", 100, 0, agent_ask},
    {0},
};
static const struct service AGENT = {.name = "agent",
                                     .title = "ParvisAgent",
                                     .purpose = "For tests.",
                                     .address = SERVICE_ADDRESS(0xef),
                                     .methods = AGENT_METHODS};
static const struct service *const WITH_AGENT[] = {&MONEY_SERVICE, &AGENT, NULL};

TEST(money_for_other_services)
{
    struct bench b;
    struct diag d = {0};
    services_init_with(WITH_AGENT);
    bench_open(&b);
    REQUIRE(bench_genesis(&b, GENESIS, &d) == E_OK);
    CHECK_STR(BENCH_CALL(&b, "alice", &AGENT, "ask"), bench_text(&b, "\"@issuer\", \"0\""));
    CHECK_STR(BENCH_CALL(&b, "alice", &AGENT, "pay", "@bob", "100"), "ok");
    check_log(&b, 0, TRANSFER, 3);
    /* the caller pays for what money did: 100 own, the move, a log of 4 topics and a word */
    CHECK_INT(BENCH_GAS - b.result.gas_left, 100 + 2 * 5000 + 4 * 375 + 32 * 8);
    CHECK_STR(BENCH_CALL(&b, "alice", &AGENT, "pay", "@bob", "901"),
              bench_text(&b, "ERC20InsufficientBalance(sender=@alice, balance=900, needed=901)"));
    CHECK_STR(BENCH_CALL(&b, "alice", &AGENT, "pay", "@agent", "1"),
              bench_text(&b, "ERC20InvalidReceiver(receiver=@agent)"));
    const char *id = hold_id(&b, "alice", 0);
    CHECK_STR(BENCH_CALL(&b, "alice", &AGENT, "keep", "300"), arena_printf(&b.arena, "\"%s\"", id));
    CHECK_STR(BENCH_CALL(&b, "alice", &MONEY_SERVICE, "refund", id),
              bench_text(&b, "NotAuthorised(account=@alice, role=\"arbiter\")"));
    CHECK_STR(BENCH_CALL(&b, "shop", &AGENT, "settle", id, "@shop", "120"), "\"300\", \"180\"");
    CHECK_STR(BENCH_CALL(&b, "shop", &AGENT, "settle", id, "@shop", "181"),
              arena_printf(&b.arena, "HoldExceeded(id=%s, held=180, needed=181)", id));
    CHECK_STR(BENCH_CALL(&b, "shop", &AGENT, "undo", id), "ok");
    CHECK_STR(BENCH_CALL(&b, "shop", &AGENT, "undo", id),
              arena_printf(&b.arena, "UnknownHold(id=%s)", id));
    check_conserved(&b);
    b.gas = 7000; /* runs out inside money: the caller's gas is what is spent */
    CHECK_STR(BENCH_CALL(&b, "alice", &AGENT, "pay", "@bob", "1"), "out of gas");
    check_conserved(&b);
    bench_close(&b);
}

/* --- records that say anything: a call may run on a state that somebody made up --------------- */

struct kept_record {
    struct hash slot;
    struct bytes value;
};
struct kept_records {
    struct arena arena;
    struct kept_record at[32];
    size_t count;
};

static void keep_record(void *ctx, const struct address *a, const struct hash *slot,
                        struct bytes value)
{
    struct kept_records *k = ctx;
    if (!address_eq(a, &MONEY_SERVICE.address) || value.len == 0)
        return;
    REQUIRE(k->count < sizeof k->at / sizeof *k->at);
    k->at[k->count++] = (struct kept_record){
        *slot, bytes_of(arena_dup(&k->arena, value.data, value.len), value.len)};
}

static void skip_account(void *ctx, const struct address *a, const struct account *now)
{
    (void)ctx;
    (void)a;
    (void)now;
}

static void skip_cleared(void *ctx, const struct address *a)
{
    (void)ctx;
    (void)a;
}

/* Every call, each on the state as it stands; how many were refused for what stands there. */
static size_t call_all(struct bench *b, const char *hold)
{
    const struct {
        const char *caller;
        const char *words[BENCH_ARGS + 1];
    } calls[] = {
        {"x", {"name"}},
        {"x", {"symbol"}},
        {"x", {"totalSupply"}},
        {"x", {"balanceOf", "@alice"}},
        {"x", {"allowance", "@alice", "@bob"}},
        {"x", {"nonces", "@alice"}},
        {"x", {"DOMAIN_SEPARATOR"}},
        {"x", {"eip712Domain"}},
        {"x", {"reserve"}},
        {"x", {"roleHolder", "%issuer%"}},
        {"x", {"roleOfferedTo", "%issuer%"}},
        {"x", {"admission"}},
        {"x", {"quotaOf", "@bob"}},
        {"x", {"usedOf", "@bob"}},
        {"x", {"holdOf", hold}},
        {"alice", {"transfer", "@bob", "1"}},
        {"bob", {"transferFrom", "@alice", "@bob", "1"}},
        {"alice", {"hold", "@bob", "@shop", "1", "1800000000", HASH_A}},
        {"shop", {"release", hold, "@bob", "1"}},
        {"shop", {"refund", hold}},
        {"x", {"expire", hold}},
        {"alice", {"redeem", "1", HASH_A}},
        {"issuer", {"mint", "@bob", "1"}},
        {"issuer", {"burn", "1"}},
        {"registrar", {"admit", "@bob", "5"}},
        {"registrar", {"suspend", "@bob", HASH_A}},
    };
    size_t refused = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        state_checkpoint_t cp = state_checkpoint(b->state);
        const char *seen = bench_call_words(b, calls[i].caller, &MONEY_SERVICE, calls[i].words);
        note_error(b);
        refused += strcmp(seen, "RecordUnreadable()") == 0;
        CHECK(b->result.status == FRAME_SUCCESS || b->result.status == FRAME_REVERT);
        struct quota_block *q = quota_block_new(b->state, BENCH_NOW_S);
        struct address bob = bench_address("bob");
        if (quota_check(q, &bob, 1) == E_OK)
            quota_use(q, &bob, 1);
        quota_block_free(q);
        state_revert(b->state, cp);
    }
    return refused;
}

TEST(money_records_that_say_anything)
{
    struct bench b;
    struct kept_records k = {0};
    struct state_change_visitor visitor = {skip_account, keep_record, skip_cleared,
                                           bench_visit_code, &k};
    uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
    size_t refused = 0;
    open_money(&b);
    const char *hold = arena_strdup(&k.arena, hold_id(&b, "alice", 0));
    BENCH_CALL(&b, "alice", &MONEY_SERVICE, "approve", "@bob", "9");
    BENCH_CALL(&b, "registrar", &MONEY_SERVICE, "admit", "@bob", "7");
    BENCH_CALL(&b, "issuer", &MONEY_SERVICE, "mint", "@issuer", "9");
    BENCH_CALL(&b, "alice", &MONEY_SERVICE, "hold", "@bob", "@shop", "100", "1800000000", HASH_A);
    CHECK_INT(b.result.status, FRAME_SUCCESS);
    struct address bob = bench_address("bob");
    struct quota_block *q = quota_block_new(b.state, BENCH_NOW_S);
    quota_use(q, &bob, 5);
    quota_flush(q);
    quota_block_free(q);
    CHECK_INT(call_all(&b, hold), 0);
    state_visit_changes(b.state, &visitor);
    CHECK(k.count > 8);
    for (size_t i = 0; i < k.count; i++) {
        size_t len = k.at[i].value.len, size = len < 32 ? 32 : len;
        uint8_t *v = mem_zalloc(size, 1);
        for (int how = 0; how < 24; how++) {
            size_t wide = how % 2 && len < 32 ? 32 : len; /* as an override has it */
            memset(v, how == 1 || how == 2 ? 0xff : 0, size);
            for (size_t at = 0; how > 2 && at < wide; at++) {
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
                v[at] = (uint8_t)(random >> 56) | (at == 0);
            }
            if (how > 12) { /* as it was, but for a byte, or for the last eight */
                memset(v, 0, size);
                memcpy(v, k.at[i].value.data, len);
                v[(random >> 33) % len] = (uint8_t)(random >> 40);
                memset(v + (how % 4 || len < 8 ? len - 1 : len - 8), 0, how % 4 || len < 8 ? 0 : 8);
            }
            state_checkpoint_t cp = state_checkpoint(b.state);
            state_set_storage(b.state, &MONEY_SERVICE.address, &k.at[i].slot, bytes_of(v, wide));
            refused += call_all(&b, hold);
            state_set_storage(b.state, &MONEY_SERVICE.address, &k.at[i].slot, (struct bytes){0});
            refused += call_all(&b, hold);
            state_revert(b.state, cp);
            arena_reset(&b.arena);
        }
        mem_free(v);
    }
    CHECK(refused > 0);
    /* balances, which calls override too */
    for (size_t i = 0; i < sizeof EVERYBODY / sizeof *EVERYBODY; i++) {
        struct address a = bench_address(EVERYBODY[i]);
        state_checkpoint_t cp = state_checkpoint(b.state);
        state_set_balance(b.state, &a, U256_MAX);
        call_all(&b, hold);
        BENCH_CALL(&b, EVERYBODY[i], &MONEY_SERVICE, "redeem", MAX_UINT, HASH_A);
        CHECK(b.result.status == FRAME_REVERT);
        state_set_balance(b.state, &a, U256_ZERO);
        call_all(&b, hold);
        state_revert(b.state, cp);
    }
    bench_close(&b);
    arena_free(&k.arena);
}

/* --- last: nothing declared is unreachable ---------------------------------------------------- */

TEST(money_z_every_error_was_seen)
{
    services_init_with(SERVICES);
    if (!seen_errors[0])
        SKIP("runs after the tables");
    for (size_t i = 0; i < service_error_count(&MONEY_SERVICE); i++) {
        const struct abi_entry *e = service_error_entry(&MONEY_SERVICE, i);
        /* money stores no value of free length; the frame's own test reaches this one */
        if (!seen_errors[i] && strcmp(e->name, "ValueTooLarge") != 0)
            test_fail(__FILE__, __LINE__, "no test reached %s", e->signature);
    }
}
