/* What tools ask about contracts: calls with overrides, estimation, access lists, simulated blocks,
 * traces and raw encodings. The bytecode is written by hand, each with what it does beside it. */
#include "rpc/test_rpc.h"

#include "rpc/methods.h"
#include "rpc/trace.h"

#define A "0x00000000000000000000000000000000000000aa"
#define B "0x00000000000000000000000000000000000000bb"
#define NOBODY "0x0000000000000000000000000000000000000000"
#define ZEROES(n) "%0" #n "d"

#define RETURN_42 "0x602a60005260206000f3"
#define RETURN_SLOT_0 "0x60005460005260206000f3"
#define REVERT_INPUT "0x366000600037366000fd"
#define LOOP "0x5b600056"
#define RETURN_NUMBER "0x4360005260206000f3"
#define RETURN_BASE_FEE "0x4860005260206000f3"
/* stores 1 in ten slots */
#define STORE_TEN                                                                        \
    "0x60016000556001600155600160025560016003556001600455600160055560016006556001600755" \
    "60016008556001600955"
/* calls 0x..bb with all gas it may give, and reverts when that fails */
#define CALL_B                                 \
    "0x60006000600060006000"                   \
    "73"                                       \
    "00000000000000000000000000000000000000bb" \
    "5af1"                                     \
    "15602657005b60006000fd"
/* logs one topic, then calls 0x..bb with a value of 5 */
#define LOG_AND_PAY_B            \
    "0x602a60006000a1"           \
    "600060006000600060056100bb" \
    "5af1"                       \
    "00"

static bool holds(const char *part)
{
    return has((const char *)answer.data, part);
}

static const char *with_code(const char *code)
{
    static char ring[4][1200];
    static unsigned turn;
    char *out = ring[turn++ % 4];
    snprintf(out, sizeof ring[0], "{\"" A "\":{\"code\":\"%s\"}}", code);
    return out;
}

#define WORD(last) "\"0x00000000000000000000000000000000000000000000000000000000000000" last "\""

TEST(calls_with_state_overrides)
{
    REQUIRE(begin());
    CHECK(is(ask("eth_call", "{\"to\":\"" A "\"}, \"latest\", %s", with_code(RETURN_42)),
             WORD("2a")));
    CHECK(is(ask("eth_call", "{\"to\":\"" A "\"}, \"latest\""), "\"0x\""));
    for (int i = 0; i < 2; i++)
        CHECK(is(ask("eth_call",
                     "{\"to\":\"" A "\"}, \"latest\", {\"" A "\":{\"code\":\"" RETURN_SLOT_0
                     "\",\"%s\":{" WORD("00") ":" WORD("07") "}}}",
                     i ? "state" : "stateDiff"),
                 WORD("07")));
    /* an account without funds may send what an override gives it */
    CHECK(fails(ask("eth_call", "{\"from\":\"" B "\",\"to\":\"" A "\",\"value\":\"0x5\"}"), -32000,
                "insufficient funds for gas * price + value: address "
                "0x00000000000000000000000000000000000000bb have 0 want 5"));
    CHECK(
        is(ask("eth_call", "{\"from\":\"" B "\",\"to\":\"" A
                           "\",\"value\":\"0x5\"}, \"latest\", {\"" B "\":{\"balance\":\"0x5\"}}"),
           "\"0x\""));
    /* a creation's address follows the nonce */
    CHECK(has(ask("eth_call",
                  "{\"from\":\"" B "\",\"data\":\"0x3060005260206000f3\"}, \"latest\", {\"" B
                  "\":{\"nonce\":\"0x1\"}}"),
              "\"result\":\"0x000000000000000000000000"));
    char first[200];
    snprintf(first, sizeof first, "%s", (const char *)answer.data);
    ask("eth_call", "{\"from\":\"" B "\",\"data\":\"0x3060005260206000f3\"}, \"latest\"");
    CHECK(strcmp(first, (const char *)answer.data) != 0);
    /* identity (0x04) elsewhere: there it answers, at its own place nothing does */
    const char *moved = "{\"0x0000000000000000000000000000000000000004\":{"
                        "\"movePrecompileToAddress\":\"" A "\"}}";
    CHECK(is(ask("eth_call", "{\"to\":\"" A "\",\"data\":\"0x1234\"}, \"latest\", %s", moved),
             "\"0x1234\""));
    CHECK(is(ask("eth_call",
                 "{\"to\":\"0x0000000000000000000000000000000000000004\",\"data\":\"0x1234\"}, "
                 "\"latest\", %s",
                 moved),
             "\"0x\""));
    CHECK(is(ask("eth_call",
                 "{\"to\":\"0x0000000000000000000000000000000000000004\",\"data\":\"0x1234\"}"),
             "\"0x1234\""));
    static const struct {
        const char *overrides;
        int code;
        const char *text;
    } bad[] = {
        {"5", -32602, "object"},
        {"{\"0x12\":{}}", -32602, "not an address"},
        {"{\"" A "\":5}", -32602, "must be an object"},
        {"{\"" A "\":{},\"0x00000000000000000000000000000000000000AA\":{}}", -32602, "twice"},
        {"{\"" A "\":{\"balances\":\"0x1\"}}", -32602, "unknown member"},
        {"{\"" A "\":{\"balance\":\"x\"}}", -32602, "balance"},
        {"{\"" A "\":{\"nonce\":\"x\"}}", -32602, "nonce"},
        {"{\"" A "\":{\"code\":\"0x1\"}}", -32602, "code"},
        {"{\"" A "\":{\"state\":{},\"stateDiff\":{}}}", -32602, "both 'state' and 'stateDiff'"},
        {"{\"" A "\":{\"state\":[]}}", -32602, "state"},
        {"{\"" A "\":{\"stateDiff\":{\"0x1\":" WORD("01") "}}}", -32602, "32 bytes"},
        {"{\"" A "\":{\"stateDiff\":{" WORD("01") ":\"0x1\"}}}", -32602, "value"},
        {"{\"" A "\":{\"movePrecompileToAddress\":\"" B "\"}}", -32000, "is not a precompile"},
        {"{\"0x0000000000000000000000000000000000000004\":{\"movePrecompileToAddress\":\"" A
         "\"},\"" A "\":{}}",
         -32000, "already overridden"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(fails(ask("eth_call", "{}, \"latest\", %s", bad[i].overrides), bad[i].code,
                    bad[i].text));
    end();
}

#define MONEY "0x00000000000000000000000000000000c1700001"
#define MAX_WORD "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

/* Services trust their own records: nothing of theirs may be different but the balance. */
TEST(services_are_not_overridden)
{
    REQUIRE(begin());
    static const char *const bad[] = {
        "{\"" MONEY "\":{\"state\":{}}}",
        "{\"" MONEY "\":{\"state\":{" WORD("00") ":" WORD("01") "}}}",
        "{\"" MONEY "\":{\"stateDiff\":{" WORD("00") ":" WORD("01") "}}}",
        "{\"" MONEY "\":{\"code\":\"0x00\"}}",
        "{\"" MONEY "\":{\"nonce\":\"0x7\"}}",
        "{\"" MONEY "\":{\"balance\":\"0x1\",\"movePrecompileToAddress\":\"" A "\"}}",
        "{\"0x0000000000000000000000000000000000000004\":{\"movePrecompileToAddress\":\"" MONEY
        "\"}}",
    };
    /* admission(), which reads a record that must be there */
    const char *admission = "{\"to\":\"" MONEY "\",\"data\":\"0xa59f185f\"}";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(fails(ask("eth_call", "%s, \"latest\", %s", admission, bad[i]), -32000,
                    "a service of this chain: only its balance"));
        CHECK(fails(ask("eth_estimateGas", "%s, \"latest\", %s", admission, bad[i]), -32000,
                    "a service of this chain"));
        CHECK(fails(ask("eth_simulateV1",
                        "{\"blockStateCalls\":[{\"stateOverrides\":%s,\"calls\":[%s]}]}", bad[i],
                        admission),
                    -32000, "a service of this chain"));
        CHECK(fails(
            ask("debug_traceCall", "%s, \"latest\", {\"stateOverrides\":%s}", admission, bad[i]),
            -32000, "a service of this chain"));
    }
    CHECK(has(ask("eth_call", "%s, \"latest\", {\"" MONEY "\":{\"balance\":\"" MAX_WORD "\"}}",
                  admission),
              "\"result\""));
    end();
}

/* Balances that no chain holds are refused in words, by whatever way they come. */
TEST(overridden_balances_reach_services)
{
    REQUIRE(begin());
    ledger_block(&ledger);
    /* redeem(2^256 - 1, 0) and a transfer of as much to the service's caller's neighbour */
    const char *calls[] = {
        "{\"from\":\"" A "\",\"to\":\"" MONEY
        "\",\"data\":\"0x22e4e61dffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "0000000000000000000000000000000000000000000000000000000000000000\"}",
        "{\"from\":\"" A "\",\"to\":\"" MONEY
        "\",\"data\":\"0xa9059cbb00000000000000000000000000000000000000000000000000000000000000bb"
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"}",
        "{\"from\":\"" A "\",\"to\":\"" B "\",\"value\":\"" MAX_WORD "\"}",
    };
    const char *rich =
        "{\"" A "\":{\"balance\":\"" MAX_WORD "\"},\"" B "\":{\"balance\":\"" MAX_WORD
        "\"},\"" MONEY "\":{\"balance\":\"" MAX_WORD "\"}}";
    for (size_t i = 0; i < 3; i++) {
        ask("eth_call", "%s, \"latest\", %s", calls[i], rich);
        CHECK(holds(i ? "\"result\"" : "RecordUnreadable"));
        ask("debug_traceCall", "%s, \"latest\", {\"tracer\":\"callTracer\",\"stateOverrides\":%s}",
            calls[i], rich);
        CHECK(holds("\"result\""));
        ask("eth_simulateV1", "{\"blockStateCalls\":[{\"stateOverrides\":%s,\"calls\":[%s]}]}",
            rich, calls[i]);
        CHECK(holds(i ? "\"status\":\"0x1\"" : "\"status\":\"0x0\""));
    }
    end();
}

TEST(calls_with_block_overrides)
{
    REQUIRE(begin());
    CHECK(is(ask("eth_call", "{\"to\":\"" A "\"}, \"latest\", %s, {\"number\":\"0x2a\"}",
                 with_code(RETURN_NUMBER)),
             WORD("2a")));
    /* who offers no fee sees no base fee */
    CHECK(is(ask("eth_call", "{\"to\":\"" A "\"}, \"latest\", %s, {\"baseFeePerGas\":\"0x7\"}",
                 with_code(RETURN_BASE_FEE)),
             WORD("00")));
    CHECK(is(ask("eth_call",
                 "{\"from\":\"%s\",\"to\":\"" A
                 "\",\"gas\":\"0xffff\",\"gasPrice\":\"0x9\"}, \"latest\", %s, "
                 "{\"baseFeePerGas\":\"0x7\"}",
                 account(0), with_code(RETURN_BASE_FEE)),
             WORD("07")));
    CHECK(fails(ask("eth_call",
                    "{\"from\":\"%s\",\"gas\":\"0xffff\",\"maxFeePerGas\":\"0x3\"}, \"latest\", "
                    "{}, {\"baseFeePerGas\":\"0x7\"}",
                    account(0)),
                -32000, "max fee per gas less than block base fee"));
    CHECK(fails(ask("eth_call",
                    "{\"from\":\"%s\",\"gas\":\"0xffff\",\"maxFeePerGas\":\"0x3\","
                    "\"maxPriorityFeePerGas\":\"0x4\"}",
                    account(0)),
                -32000, "max priority fee per gas higher than max fee per gas"));
    static const struct {
        const char *overrides, *text;
    } bad[] = {
        {"5", "object"},
        {"{\"numbers\":\"0x1\"}", "unknown member"},
        {"{\"number\":\"x\"}", "number"},
        {"{\"time\":\"x\"}", "time"},
        {"{\"gasLimit\":\"x\"}", "gasLimit"},
        {"{\"feeRecipient\":\"x\"}", "feeRecipient"},
        {"{\"prevRandao\":\"x\"}", "prevRandao"},
        {"{\"difficulty\":\"x\"}", "difficulty"},
        {"{\"baseFeePerGas\":\"x\"}", "baseFeePerGas"},
        {"{\"blobBaseFee\":\"x\"}", "blobBaseFee"},
        {"{\"beaconRoot\":" WORD("01") "}", "not supported for this RPC method"},
        {"{\"withdrawals\":[]}", "not supported for this RPC method"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(fails(ask("eth_call", "{}, \"latest\", {}, %s", bad[i].overrides), -32602,
                    bad[i].text));
    end();
}

TEST(messages_refused)
{
    REQUIRE(begin());
    static const struct {
        const char *message;
        int code;
        const char *text;
    } bad[] = {
        {"{\"authorizationList\":[]}", -32602, "authorizationList"},
        {"{\"authorizationList\":[{}]}", -32602, "set-code transaction cannot create"},
        {"{\"to\":\"" A "\",\"authorizationList\":[{}]}", -32602, "chainId"},
        {"{\"to\":\"" A "\",\"authorizationList\":[{\"chainId\":\"0x1\"}]}", -32602, "address"},
        {"{\"to\":\"" A "\",\"blobVersionedHashes\":[" WORD("01") "]}", -32004, "no blobs"},
        {"{\"to\":\"" A "\",\"type\":\"0x3\"}", -32004, "no blobs"},
        {"{\"to\":\"" A "\",\"blobs\":[]}", -32004, "blobs"},
        {"{\"to\":\"" A "\",\"maxFeePerBlobGas\":\"x\"}", -32602, "maxFeePerBlobGas"},
        {"{\"to\":\"" A "\",\"type\":\"0x7\"}", -32602, "type"},
        {"{\"to\":\"" A "\",\"chainId\":\"0x1\"}", -32602, "chainId does not match"},
        {"{\"to\":\"" A "\",\"chainId\":\"x\"}", -32602, "chainId"},
        {"{\"to\":\"" A "\",\"nonce\":\"x\"}", -32602, "nonce"},
        {"{\"to\":\"" A "\",\"maxPriorityFeePerGas\":\"x\"}", -32602, "maxPriorityFeePerGas"},
        {"{\"to\":\"" A "\",\"gasPrice\":\"0x1\",\"maxPriorityFeePerGas\":\"0x1\"}", -32602,
         "both gasPrice"},
        {"{\"to\":\"" A "\",\"gas\":\"0x1\"}", -32000, "intrinsic gas too low: have 1, want 21000"},
        {"{\"to\":\"" A "\",\"gas\":\"0x5300\",\"data\":\"0xffffffffffffffffffffffffffffff"
         "ffffffffffffffffffffffffffffffffff\"}",
         -32000, "intrinsic gas too low"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(fails(ask("eth_call", "%s", bad[i].message), bad[i].code, bad[i].text));
    /* EIP-7702 in a call: account 1 lends its address the code of 0x..aa for this once */
    struct tx_auth auth = {.chain_id = u256_from_u64(LEDGER_CHAIN_ID)};
    CHECK_ERR(address_from_hex(&auth.address, A), E_OK);
    CHECK_ERR(tx_auth_sign(&auth, ledger.keys[1]), E_OK);
    uint8_t be_r[32], be_s[32];
    u256_to_be(be_r, auth.r);
    u256_to_be(be_s, auth.s);
    const char *r_hex = hex_of(be_r, 32), *s_hex = hex_of(be_s, 32);
    CHECK(is(ask("eth_call",
                 "{\"to\":\"%s\",\"authorizationList\":[{\"chainId\":\"0x4f24\",\"address\":\"" A
                 "\",\"nonce\":\"0x0\",\"yParity\":\"0x%x\",\"r\":\"%s\",\"s\":\"%s\"}]}, "
                 "\"latest\", %s",
                 account(1), (unsigned)auth.y_parity.w[0], r_hex, s_hex, with_code(RETURN_42)),
             WORD("2a")));
    end();
}

TEST(failures_of_calls)
{
    REQUIRE(begin());
#define CALL_WITH(code, data) \
    ask("eth_call", "{\"to\":\"" A "\",\"data\":\"%s\"}, \"latest\", %s", data, with_code(code))
    CHECK(fails(CALL_WITH(REVERT_INPUT, "0x"), 3, "\"execution reverted\""));
    CHECK(holds("\"data\":\"0x\""));
    CHECK(fails(CALL_WITH(REVERT_INPUT, "0x12345678"), 3, "\"execution reverted\""));
    CHECK(holds("\"data\":\"0x12345678\""));
    static const struct {
        const char *code, *text;
    } panics[] = {
        {"01", "assert(false)"},
        {"11", "arithmetic underflow or overflow"},
        {"12", "division or modulo by zero"},
        {"32", "out-of-bounds access of an array or bytesN"},
        {"99", "unknown panic code: 0x"},
    };
    for (size_t i = 0; i < sizeof panics / sizeof *panics; i++) {
        char data[80], text[120];
        snprintf(data, sizeof data, "0x4e487b71%062d%s", 0, panics[i].code);
        snprintf(text, sizeof text, "execution reverted: %s", panics[i].text);
        CHECK(fails(CALL_WITH(REVERT_INPUT, data), 3, text));
    }
    CHECK(fails(CALL_WITH("0xfe", "0x"), -32000, "invalid opcode"));
    CHECK(fails(CALL_WITH("0x01", "0x"), -32000, "stack underflow"));
    CHECK(fails(CALL_WITH("0x600056", "0x"), -32000, "invalid jump destination"));
    CHECK(fails(
        ask("eth_call", "{\"to\":\"" A "\",\"gas\":\"0xffff\"}, \"latest\", %s", with_code(LOOP)),
        -32000, "out of gas"));
    CHECK(fails(ask("eth_estimateGas", "{\"to\":\"" A "\"}, \"latest\", %s", with_code(LOOP)),
                -32000, "gas required exceeds allowance (16777216)"));
    CHECK(fails(ask("eth_estimateGas",
                    "{\"to\":\"" A "\",\"data\":\"0x08c379a0%064x%064x6e6f%060d\"},"
                    " \"latest\", %s",
                    32, 2, 0, with_code(REVERT_INPUT)),
                3, "execution reverted: no"));
    CHECK(fails(ask("eth_estimateGas", "{\"to\":\"" A "\"}, \"latest\", %s", with_code("0xfe")),
                -32000, "invalid opcode"));
    CHECK(fails(ask("eth_estimateGas",
                    "{\"from\":\"%s\",\"to\":\"" A "\",\"value\":\"0x1\",\"gasPrice\":\"0x1\"}",
                    account(7)),
                -32000, "insufficient funds"));
    end();
}

static uint64_t estimate(const char *overrides)
{
    ask("eth_estimateGas", "{\"to\":\"" A "\"}, \"latest\", %s", overrides);
    return strtoull(field("result"), NULL, 16);
}

static bool succeeds_with(const char *overrides, uint64_t gas)
{
    return strstr(ask("eth_call", "{\"to\":\"" A "\",\"gas\":\"0x%llx\"}, \"latest\", %s",
                      (unsigned long long)gas, overrides),
                  "\"result\"") != NULL;
}

TEST(estimates_are_exact)
{
    REQUIRE(begin());
    /* a contract that gives 63/64 of its gas to another needs more than it uses; refunds too */
    static const char *const cases[] = {
        "{\"" A "\":{\"code\":\"" STORE_TEN "\"}}",
        "{\"" A "\":{\"code\":\"" CALL_B "\"},\"" B "\":{\"code\":\"" STORE_TEN "\"}}",
        "{\"" A "\":{\"code\":\"0x6000600055\",\"state\":{" WORD("00") ":" WORD("01") "}}}",
        "{\"" A "\":{\"code\":\"0x5a620f424010600a57fe5b00\"}}", /* wants a million gas left */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t gas = estimate(cases[i]);
        CHECK(gas > 21000);
        CHECK(succeeds_with(cases[i], gas));
        CHECK(!succeeds_with(cases[i], gas - 1));
    }
    end();
}

TEST(access_lists)
{
    REQUIRE(begin());
    CHECK(has(
        ask("eth_createAccessList", "{\"to\":\"" A "\"}, \"latest\", %s", with_code(RETURN_SLOT_0)),
        "{\"accessList\":[{\"address\":\"" A "\",\"storageKeys\":[" WORD("00") "]}],"
                                                                               "\"gasUsed\":\"0x"));
    /* who is called becomes part of it, the callee of the message does not */
    CHECK(has(ask("eth_createAccessList",
                  "{\"to\":\"" A "\"}, \"latest\", {\"" A "\":{\"code\":\"" CALL_B "\"},\"" B
                  "\":{\"code\":\"" STORE_TEN "\"}}"),
              "{\"accessList\":[{\"address\":\"" B "\",\"storageKeys\":[" WORD("00") ","));
    CHECK(has(ask("eth_createAccessList", "{\"to\":\"" A "\",\"data\":\"0x01\"}, \"latest\", %s",
                  with_code(REVERT_INPUT)),
              "\"error\":\"execution reverted\",\"gasUsed\""));
    CHECK(has(ask("eth_createAccessList", "{\"to\":\"" A "\"}, \"latest\", %s", with_code("0xfe")),
              "\"error\":\"invalid opcode\""));
    CHECK(has(ask("eth_createAccessList", "{\"from\":\"%s\",\"data\":\"0x00\"}", account(0)),
              "\"accessList\":[]"));
    CHECK(fails(ask("eth_createAccessList", "{\"gas\":\"0x1\"}"), -32000, "intrinsic gas"));
    CHECK(fails(ask("eth_createAccessList", "5"), -32602, "object"));
    end();
}

/* --- simulated blocks ------------------------------------------------------------------------- */

TEST(simulated_blocks)
{
    REQUIRE(begin());
    ledger_block(&ledger);
    ask("eth_simulateV1",
        "{\"blockStateCalls\":[{\"calls\":[{\"from\":\"%s\",\"to\":\"" A
        "\",\"value\":\"0x5\"}]},{\"stateOverrides\":{\"" A "\":{\"code\":\"" RETURN_NUMBER
        "\"}},\"calls\":[{\"to\":\"" A "\"}]}]}, \"latest\"",
        account(0));
    CHECK(holds("[{\"number\":\"0x2\""));
    CHECK(holds("{\"number\":\"0x3\""));
    CHECK(holds("\"returnData\":" WORD("03")));
    CHECK(holds("\"status\":\"0x1\""));
    CHECK(holds("\"gasUsed\":\"0x5208\",\"maxUsedGas\":\"0x5208\""));
    /* transfers as logs; a failed call leaves none */
    ask("eth_simulateV1",
        "{\"blockStateCalls\":[{\"stateOverrides\":{\"" A "\":{\"code\":\"" LOG_AND_PAY_B
        "\"}},\"calls\":[{\"from\":\"%s\",\"to\":\"" A "\",\"value\":\"0x7\"},{\"from\":\"%s\","
        "\"to\":\"" A "\",\"value\":\"0x1\",\"gas\":\"0x5300\"}]}],\"traceTransfers\":true,"
        "\"returnFullTransactions\":true}",
        account(0), account(1));
    CHECK(holds("\"logs\":[{\"address\":\"0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\""));
    CHECK(holds("\"data\":" WORD("07")));
    CHECK(holds("\"data\":" WORD("05")));
    CHECK(holds("\"topics\":[" WORD("2a") "]"));
    CHECK(holds("\"status\":\"0x0\",\"error\":{\"code\":-32015,\"message\":\"out of gas\"}"));
    CHECK(holds("\"maxFeePerGas\":\"0x0\""));
    /* with a gas price it is a legacy transaction, unsigned */
    ask("eth_simulateV1",
        "{\"blockStateCalls\":[{\"calls\":[{\"to\":\"" A "\",\"gasPrice\":\"0x0\"}]}],"
        "\"returnFullTransactions\":true}");
    CHECK(holds("\"type\":\"0x0\""));
    CHECK(holds("\"v\":\"0x0\",\"r\":\"0x0\",\"s\":\"0x0\""));
    /* the chain is as before */
    CHECK(is(ask("eth_getBalance", "\"" A "\""), "\"0x0\""));
    CHECK(is(ask("eth_blockNumber", " "), "\"0x1\""));
    end();
}

TEST(simulations_refused)
{
    REQUIRE(begin());
    ledger_block(&ledger);
    static const struct {
        const char *blocks, *rest;
        int code;
        const char *text;
    } bad[] = {
        {"{\"blockOverrides\":{\"number\":\"0x1\"}}", "", -38020, "block numbers must be in order"},
        {"{\"blockOverrides\":{\"time\":\"0x1\"}}", "", -38021,
         "block timestamps must be in order"},
        {"{\"blockOverrides\":{\"number\":\"0x500\"}}", "", -38026, "too many blocks"},
        {"{\"calls\":[{\"to\":\"" A "\",\"nonce\":\"0x5\"}]}", ",\"validation\":true", -38011,
         "nonce too high"},
        {"{\"stateOverrides\":{\"" B "\":{\"nonce\":\"0x9\"}},\"calls\":[{\"from\":\"" B
         "\",\"to\":\"" A "\",\"nonce\":\"0x5\"}]}",
         ",\"validation\":true", -38010, "nonce too low"},
        {"{\"stateOverrides\":{\"" B "\":{\"nonce\":\"0xffffffffffffffff\"}},\"calls\":[{\"from\":"
         "\"" B "\",\"to\":\"" A "\"}]}",
         ",\"validation\":true", -32603, "nonce has max value"},
        {"{\"blockOverrides\":{\"baseFeePerGas\":\"0x9\"},\"calls\":[{\"to\":\"" A "\"}]}",
         ",\"validation\":true", -38012, "max fee per gas less than block base fee"},
        {"{\"calls\":[{\"to\":\"" A "\",\"maxPriorityFeePerGas\":\"0x2\"}]}", "", -32602,
         "max priority fee per gas higher"},
        {"{\"calls\":[{\"to\":\"" A "\",\"gas\":\"0x100\"}]}", "", -38013, "intrinsic gas too low"},
        {"{\"calls\":[{\"from\":\"" B "\",\"to\":\"" A "\",\"value\":\"0x1\"}]}", "", -38014,
         "insufficient funds"},
        {"{\"calls\":[{\"to\":\"" A "\",\"gas\":\"0xffffffffff\"}]}", "", -38015,
         "block gas limit reached"},
        {"{\"stateOverrides\":{\"" A "\":{\"movePrecompileToAddress\":\"" B "\"}}}", "", -32000,
         "is not a precompile"},
        {"{\"blockOverrides\":{\"withdrawals\":[{}]}}", "", -32004, "no withdrawals"},
        {"{\"blockOverrides\":{\"withdrawals\":5}}", "", -32602, "withdrawals"},
        {"{\"blockOverrides\":{\"beaconRoot\":5}}", "", -32602, "beaconRoot"},
        {"{\"calls\":5}", "", -32602, "calls"},
        {"{\"calls\":[5]}", "", -32602, "object"},
        {"5", "", -32602, "object"},
        {"{}", ",\"validation\":5", -32602, "validation"},
        {"{}", ",\"traceTransfers\":5", -32602, "traceTransfers"},
        {"{}", ",\"returnFullTransactions\":5", -32602, "returnFullTransactions"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(
            fails(ask("eth_simulateV1", "{\"blockStateCalls\":[%s]%s}", bad[i].blocks, bad[i].rest),
                  bad[i].code, bad[i].text));
    CHECK(fails(ask("eth_simulateV1", "{}"), -32602, "blockStateCalls"));
    CHECK(fails(ask("eth_simulateV1", "{\"blockStateCalls\":[]}"), -32602, "empty"));
    CHECK(fails(ask("eth_simulateV1", "{\"blockStateCalls\":[{}]}, \"0x99\""), -32000,
                "header not found"));
    struct buf many = {0};
    for (unsigned i = 0; i < 300; i++)
        buf_puts(&many, i ? ",{}" : "{}");
    CHECK(fails(ask("eth_simulateV1", "{\"blockStateCalls\":[%s]}", buf_cstr(&many)), -38026,
                "too many blocks"));
    buf_clear(&many);
    for (unsigned i = 0; i < 60000; i++)
        buf_puts(&many, i ? "00" : "0x00");
    CHECK(fails(ask("eth_simulateV1",
                    "{\"blockStateCalls\":[{\"calls\":[{\"input\":\"%s\",\"from\":\"%s\"}]}]}",
                    buf_cstr(&many), account(0)),
                -38025, "max initcode size exceeded"));
    buf_free(&many);
    end();
}

/* --- traces ----------------------------------------------------------------------------------- */

/* Deploys runtime code of at most 32 bytes and returns its address as text. */
static const char *deploy(const char *runtime)
{
    static char ring[4][43];
    static unsigned turn;
    char *out = ring[turn++ % 4], init[200];
    struct buf code = {0};
    size_t len = (strlen(runtime) - 2) / 2;
    /* PUSHn runtime, MSTORE at 0, RETURN its last len bytes */
    snprintf(init, sizeof init, "0x%02x%s60005260%02x60%02xf3", (unsigned)(0x5f + len), runtime + 2,
             (unsigned)len, (unsigned)(32 - len));
    CHECK_ERR(hex_decode_buf(&code, init, strlen(init)), E_OK);
    struct tx t = ledger_unsigned(&ledger, 0, 0, 0);
    t.is_create = true;
    t.gas_limit = 1000000;
    t.data = bytes_of(arena_dup(&ledger.arena, code.data, code.len), code.len);
    buf_free(&code);
    struct address at = tx_create_address(&ledger.accounts[0], t.nonce);
    CHECK_ERR(ledger_send(&ledger, &t, 0), E_OK);
    ledger.nonces[0]++;
    CHECK_INT(ledger_block(&ledger), 1);
    snprintf(out, sizeof ring[0], "%s", hex_of(at.b, 20));
    return out;
}

/* A transaction with four bytes of data and a value of 3 to a contract, in the pool. */
static struct hash invoke(size_t from, const char *contract)
{
    struct tx t = ledger_unsigned(&ledger, from, 0, 3);
    CHECK_ERR(address_from_hex(&t.to, contract), E_OK);
    t.gas_limit = 200000;
    t.data = bytes_str("abcd");
    CHECK_ERR(ledger_send(&ledger, &t, from), E_OK);
    ledger.nonces[from]++;
    return t.hash;
}

static const char *trace(const struct hash *tx, const char *options)
{
    return ask("debug_traceTransaction", "\"%s\", %s", hex_of(tx->b, 32), options);
}

TEST(traces_of_transactions)
{
    REQUIRE(begin());
    const char *code = deploy("0x600160005500"); /* SSTORE(0, 1) */
    const char *failing = deploy("0xfe");
    struct hash first = invoke(1, code), second = invoke(2, code), third = invoke(3, failing);
    CHECK_INT(ledger_block(&ledger), 3);
    CHECK(has(trace(&first, "{}"), "\"failed\":false,\"returnValue\":\"0x\",\"structLogs\":["
                                   "{\"pc\":0,\"op\":\"PUSH1\",\"gas\":"));
    CHECK(holds("\"op\":\"SSTORE\""));
    CHECK(holds("\"stack\":[\"0x1\",\"0x0\"],\"storage\":{" WORD("00") ":" WORD("01") "}"));
    CHECK(!strstr((const char *)answer.data, "\"memory\""));
    /* the second one finds what the first one wrote: 22100 gas there, 2200 here */
    CHECK(holds("\"gasCost\":22100"));
    CHECK(
        has(trace(&second, "{\"disableStack\":true,\"disableStorage\":true}"), "\"gasCost\":2200"));
    CHECK(!strstr((const char *)answer.data, "\"stack\""));
    CHECK(!strstr((const char *)answer.data, "\"storage\""));
    CHECK(has(trace(&second, "{\"limit\":1}"), "\"structLogs\":[{\"pc\":0,"));
    CHECK(!strstr((const char *)answer.data, "SSTORE"));
    CHECK(has(trace(&third, "{}"), "\"failed\":true"));
    CHECK(holds("\"error\":\"invalid opcode: INVALID\"}]"));
    CHECK(has(trace(&first, "{\"tracer\":\"callTracer\"}"), "{\"type\":\"CALL\",\"from\":"));
    CHECK(holds("\"value\":\"0x3\""));
    CHECK(holds("\"input\":\"0x61626364\"}"));
    CHECK(
        has(trace(&third, "{\"tracer\":\"callTracer\"}"), "\"error\":\"invalid opcode: INVALID\""));
    CHECK(has(trace(&first, "{\"tracer\":\"prestateTracer\"}"), "\"codeHash\":\"0x"));
    CHECK(holds("\"storage\":{" WORD("00") ":" WORD("00") "}"));
    CHECK(
        has(trace(&second, "{\"tracer\":\"prestateTracer\",\"tracerConfig\":{\"diffMode\":true}}"),
            "\"post\":{"));
    CHECK(holds("\"balance\":\"0x6\"")); /* 3 of the first, 3 of this one */
    CHECK(is(trace(&first, "{\"tracer\":\"4byteTracer\"}"), "{\"0x61626364-0\":1}"));
    CHECK(is(trace(&first, "{\"tracer\":\"noopTracer\"}"), "{}"));
    CHECK(has(trace(&first, "{\"tracer\":\"flatCallTracer\"}"),
              "[{\"action\":{\"callType\":\"call\""));
    CHECK(holds("\"transactionPosition\":0"));
    CHECK(has(ask("debug_traceBlockByNumber", "\"latest\", {\"tracer\":\"callTracer\"}"),
              hex_of(second.b, 32)));
    CHECK(holds(hex_of(third.b, 32)));
    ask("eth_getBlockByNumber", "\"latest\", false");
    char hash[100];
    snprintf(hash, sizeof hash, "%s", field("hash"));
    CHECK(has(ask("debug_traceBlockByHash", "\"%s\", {\"tracer\":\"noopTracer\"}", hash),
              "\"result\":{}},{\"txHash\":"));
    CHECK(has(ask("debug_traceBlockByNumber", "\"0x1\""), "\"op\":\"RETURN\""));
    ledger_block(&ledger);
    CHECK(is(ask("debug_traceBlockByNumber", "\"latest\""), "[]"));
    end();
}

TEST(traces_of_calls)
{
    REQUIRE(begin());
    CHECK(
        has(ask("debug_traceCall",
                "{\"to\":\"" A "\"}, \"latest\", {\"enableMemory\":true,\"enableReturnData\":true,"
                "\"stateOverrides\":%s}",
                with_code(RETURN_42)),
            "\"returnValue\":" WORD("2a")));
    CHECK(holds("\"memory\":[" WORD("2a") "]"));
    CHECK(has(ask("debug_traceCall",
                  "{\"to\":\"" A "\"}, \"latest\", {\"tracer\":\"callTracer\",\"tracerConfig\":{"
                  "\"withLog\":true},\"stateOverrides\":{\"" A "\":{\"code\":\"" LOG_AND_PAY_B
                  "\",\"balance\":\"0x5\"},\"" B "\":{\"code\":\"" RETURN_42 "\"}}}"),
              "\"logs\":[{\"address\":\"" A
              "\",\"topics\":[" WORD("2a") "],\"data\":\"0x\","
                                           "\"index\":\"0x0\",\"position\":\"0x0\"}]"));
    CHECK(holds("\"calls\":[{\"type\":\"CALL\",\"from\":\"" A "\",\"to\":\"" B
                "\",\"value\":\"0x5\""));
    CHECK(
        has(ask("debug_traceCall",
                "{\"to\":\"" A "\"}, \"latest\", {\"tracer\":\"callTracer\",\"tracerConfig\":{"
                "\"onlyTopCall\":true},\"stateOverrides\":{\"" A "\":{\"code\":\"" CALL_B "\"}}}"),
            "\"type\":\"CALL\""));
    CHECK(!strstr((const char *)answer.data, "\"calls\""));
    CHECK(has(ask("debug_traceCall",
                  "{\"to\":\"" A "\"}, \"latest\", {\"blockOverrides\":{\"number\":\"0x2a\"},"
                  "\"stateOverrides\":%s}",
                  with_code(RETURN_NUMBER)),
              "\"returnValue\":" WORD("2a")));
    CHECK(fails(ask("debug_traceCall", "{\"to\":\"" A "\",\"gas\":\"0x1\"}, \"latest\""), -32000,
                "intrinsic gas"));
    CHECK(fails(ask("debug_traceCall", "{\"to\":\"" A "\"}, \"latest\", {\"stateOverrides\":5}"),
                -32602, "object"));
    CHECK(fails(ask("debug_traceCall", "{\"to\":\"" A "\"}, \"latest\", {\"blockOverrides\":5}"),
                -32602, "object"));
    end();
}

TEST(traces_refused)
{
    REQUIRE(begin());
    struct hash tx = ledger_transfer(&ledger, 0, 1, 5);
    ledger_block(&ledger);
    static const struct {
        const char *options, *text;
    } bad[] = {
        {"5", "object"},
        {"{\"tracer\":\"{step:function(){}}\"}", "unknown tracer"},
        {"{\"tracer\":5}", "unknown tracer"},
        {"{\"tracerConfig\":5}", "tracerConfig"},
        {"{\"timeout\":5}", "timeout"},
        {"{\"timeout\":\"5 years\"}", "timeout"},
        {"{\"limit\":\"x\"}", "limit"},
        {"{\"enableMemory\":5}", "enableMemory"},
        {"{\"tracer\":\"callTracer\",\"tracerConfig\":{\"withLog\":5}}", "withLog"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(fails(trace(&tx, bad[i].options), -32602, bad[i].text));
    CHECK(fails(trace(&tx, "{\"timeout\":\"0us\"}"), -32000, "execution timeout"));
    struct hash none = {{1}};
    CHECK(fails(trace(&none, "{}"), -32000, "transaction not found"));
    CHECK(fails(ask("debug_traceTransaction", "\"0x1\""), -32602, "32 bytes"));
    CHECK(fails(ask("debug_traceBlockByNumber", "\"0x0\""), -32000, "genesis is not traceable"));
    CHECK(fails(ask("debug_traceBlockByNumber", "\"0x99\""), -32000, "block not found"));
    CHECK(fails(ask("debug_traceBlockByNumber", " "), -32602, "missing"));
    CHECK(fails(ask("debug_traceBlockByHash", "\"%s\"", hex_of(none.b, 32)), -32000,
                "block not found"));
    CHECK(fails(ask("debug_traceBlockByHash", "\"latest\""), -32602, "32 bytes"));
    CHECK(is(trace(&tx, "{\"timeout\":\"1m\",\"tracer\":\"noopTracer\"}"), "{}"));
    /* what is too large is refused, whatever it is */
    CHECK(fails(ask("debug_traceCall",
                    "{\"to\":\"" A "\"}, \"latest\", {\"enableMemory\":true,\"stateOverrides\":%s}",
                    with_code("0x6201000051505b600656")),
                -32005, "too large"));
    for (unsigned i = 0; i < LIMIT_STATE_HISTORY + 2; i++)
        ledger_block(&ledger);
    CHECK(fails(trace(&tx, "{}"), -32000, "no longer kept"));
    end();
}

/* --- encodings, configuration, the pool --------------------------------------------------------
 */

TEST(raw_encodings)
{
    REQUIRE(begin());
    struct hash tx = ledger_transfer(&ledger, 0, 1, 5);
    ledger_block(&ledger);
    const char *raw = ask("debug_getRawTransaction", "\"%s\"", hex_of(tx.b, 32));
    CHECK(has(raw, "\"result\":\"0x02"));
    ask("debug_getRawBlock", "\"latest\"");
    struct buf rlp = {0};
    struct block b;
    struct arena arena = {0};
    const char *text = strstr((const char *)answer.data, "\"0x") + 1;
    CHECK_ERR(hex_decode_buf(&rlp, text, strcspn(text, "\"")), E_OK);
    CHECK_ERR(block_decode(&b, &arena, buf_view(&rlp)), E_OK);
    CHECK(b.tx_count == 1 && hash_eq(&b.txs[0].hash, &tx));
    struct hash hash = header_hash(&b.header), head = chain_head(ledger.chain).hash;
    CHECK(hash_eq(&hash, &head));
    CHECK(has(ask("debug_getRawHeader", "\"%s\"", hex_of(head.b, 32)), "\"result\":\"0xf9"));
    CHECK(has(ask("debug_getRawReceipts", "\"latest\""), "\"result\":[\"0x02f9"));
    CHECK(is(ask("debug_getRawReceipts", "\"0x0\""), "[]"));
    CHECK(fails(ask("debug_getRawBlock", "\"0x99\""), -32000, "block not found"));
    CHECK(fails(ask("debug_getRawHeader", " "), -32602, "missing"));
    CHECK(fails(ask("debug_getRawReceipts", "\"2\""), -32602, "without 0x prefix"));
    CHECK(is(ask("debug_getRawTransaction", "\"%s\"", hex_of(head.b, 32)), "null"));
    arena_free(&arena);
    buf_free(&rlp);
    end();
}

TEST(configuration_and_fees)
{
    REQUIRE(begin());
    CHECK(has(ask("eth_config", " "), "{\"current\":{\"activationTime\":0,\"blobSchedule\":{"));
    CHECK(holds("\"chainId\":\"0x4f24\",\"forkId\":\"0x"));
    CHECK(holds("\"P256VERIFY\":\"0x0000000000000000000000000000000000000100\""));
    CHECK(holds("\"HISTORY_STORAGE_ADDRESS\":\"0x0000f90827f1c53a10cb7a02335b175320002935\"}"));
    CHECK(holds("\"next\":null,\"last\":null}"));
    CHECK(
        has(ask("eth_capabilities", " "), "\"state\":{\"disabled\":false,\"oldestBlock\":\"0x0\""));
    CHECK(is(ask("eth_baseFee", " "), "\"0x0\""));
    CHECK(is(ask("eth_blobBaseFee", " "), "\"0x0\""));
    for (unsigned i = 0; i < LIMIT_STATE_HISTORY + 2; i++)
        ledger_block(&ledger);
    CHECK(has(ask("eth_capabilities", " "),
              "\"state\":{\"disabled\":false,\"oldestBlock\":\"0x2\",\"deleteStrategy\":{\"type\":"
              "\"window\",\"retentionBlocks\":\"0x80\"}}"));
    end();
}

TEST(storage_values)
{
    REQUIRE(begin());
    const char *code = deploy("0x600760005500");
    invoke(1, code);
    ledger_block(&ledger);
    char want[300];
    snprintf(want, sizeof want, "{\"%s\":[" WORD("07") "," WORD("00") "]}", code);
    CHECK(is(ask("eth_getStorageValues", "{\"%s\":[\"0x0\",\"0x1\"]}, \"latest\"", code), want));
    CHECK(fails(ask("eth_getStorageValues", "{}"), -32602, "empty request"));
    CHECK(fails(ask("eth_getStorageValues", "5"), -32602, "object"));
    CHECK(fails(ask("eth_getStorageValues", "{\"0x1\":[]}"), -32602, "not an address"));
    CHECK(fails(ask("eth_getStorageValues", "{\"" A "\":5}"), -32602, "array"));
    CHECK(fails(ask("eth_getStorageValues", "{\"" A "\":[\"0xzz\"]}"), -32602, "invalid hex"));
    struct buf many = {0};
    for (unsigned i = 0; i <= RPC_PROOF_KEYS_MAX; i++)
        buf_puts(&many, i ? ",\"0x0\"" : "\"0x0\"");
    CHECK(fails(ask("eth_getStorageValues", "{\"" A "\":[%s]}", buf_cstr(&many)), -32602,
                "too many slots"));
    buf_free(&many);
    end();
}

TEST(pool_of_one_sender)
{
    REQUIRE(begin());
    ledger_transfer(&ledger, 0, 1, 5);
    ledger_transfer(&ledger, 2, 1, 6);
    CHECK(has(ask("txpool_contentFrom", "\"%s\"", account(0)), "{\"pending\":{\"0\":{\"type\""));
    CHECK(!strstr((const char *)answer.data, account(2)));
    CHECK(is(ask("txpool_contentFrom", "\"" A "\""), "{\"pending\":{},\"queued\":{}}"));
    CHECK(fails(ask("txpool_contentFrom", "5"), -32602, "address"));
    char line[200], to[43];
    address_text(to, &ledger.accounts[1]);
    snprintf(line, sizeof line, "{\"0\":\"%s: 6 wei + 21000 gas \u00d7 0 wei\"}", to);
    CHECK(has(ask("txpool_inspect", " "), line));
    end();
}

TEST(no_keys_here)
{
    REQUIRE(begin());
    static const char *const methods[] = {"eth_sign", "eth_signTransaction", "eth_signTypedData_v4",
                                          "eth_sendTransaction", "personal_unlockAccount"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        CHECK(fails(ask(methods[i], "{}"), -32601, "keeps no keys"));
    end();
}
