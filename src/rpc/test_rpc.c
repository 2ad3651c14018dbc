/* Every method and every error of the JSON-RPC interface, over a chain in this process whose blocks
 * the test makes itself. The server around it is tested in test_server.c. */
#include "rpc/test_rpc.h"

#include <malloc.h>

#include "base/clock.h"
#include "chain/blocks.h"
#include "city/service.h"
#include "crypto/keccak.h"
#include "rpc/methods.h"
#include "state/trie.h"

/* Call data of a money method with one address and one amount. */
static const char *money_call(const char *method, const struct address *a, uint64_t amount)
{
    const struct service *money = service_named("money");
    for (size_t i = 0; i < service_method_count(money); i++) {
        const struct abi_entry *e = service_method_entry(money, i);
        if (strcmp(e->name, method) != 0)
            continue;
        struct buf data = {0};
        struct abi_value values[2] = {abi_address(a), abi_u64(amount)};
        struct abi_value args = {.item = values, .count = e->inputs.size};
        buf_put(&data, e->selector, 4);
        abi_encode(&data, &e->inputs, &args);
        const char *text = hex_of(data.data, data.len);
        buf_free(&data);
        return text;
    }
    test_fail(__FILE__, __LINE__, "no money method %s", method);
    return "0x";
}

static const char *money_address(void)
{
    static char text[43];
    snprintf(text, sizeof text, "%s", hex_of(service_named("money")->address.b, 20));
    return text;
}

/* An ERC-20 transfer in the pool; the caller makes the block. */
static struct hash token_transfer(size_t from, size_t to, uint64_t value)
{
    struct tx t = ledger_unsigned(&ledger, from, to, 0);
    const char *data = money_call("transfer", &ledger.accounts[to], value);
    struct buf call = {0};
    CHECK_ERR(hex_decode_buf(&call, data, strlen(data)), E_OK);
    t.to = service_named("money")->address;
    t.gas_limit = 200000;
    t.data = bytes_of(arena_dup(&ledger.arena, call.data, call.len), call.len);
    buf_free(&call);
    CHECK(has(ask("eth_sendRawTransaction", "\"%s\"", raw_of(&t, from)), "\"result\":\"0x"));
    ledger.nonces[from]++;
    return t.hash;
}

TEST(methods_are_sorted)
{
    for (size_t i = 1; i < RPC_METHOD_COUNT; i++)
        CHECK(strcmp(RPC_METHODS[i - 1].name, RPC_METHODS[i].name) < 0);
}

TEST(methods_are_documented)
{
    const char *root = getenv("PARVIS_ROOT");
    char path[600], name[100];
    static char text[100000];
    snprintf(path, sizeof path, "%s/docs/rpc.md", root ? root : ".");
    FILE *f = fopen(path, "rb");
    if (!f && !root)
        SKIP("not run from the root of the project");
    REQUIRE(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    for (size_t i = 0; i < RPC_METHOD_COUNT; i++) {
        snprintf(name, sizeof name, "`%s`", RPC_METHODS[i].name);
        CHECK(has(text, name));
    }
}

TEST(envelope)
{
    REQUIRE(begin());
    CHECK(fails(post(""), -32700, "parse error"));
    CHECK(fails(post("{"), -32700, "parse error"));
    CHECK(fails(post("{\"jsonrpc\":\"2.0\"} x"), -32700, "\"id\":null"));
    CHECK(fails(post("[]"), -32600, "empty batch"));
    CHECK(fails(post("7"), -32600, "object"));
    CHECK(fails(post("{\"method\":\"net_version\",\"id\":1}"), -32600, "jsonrpc"));
    CHECK(fails(post("{\"jsonrpc\":\"1.0\",\"method\":\"net_version\",\"id\":1}"), -32600, "2.0"));
    CHECK(fails(post("{\"jsonrpc\":\"2.0\",\"method\":1,\"id\":1}"), -32600, "method"));
    CHECK(fails(post("{\"jsonrpc\":\"2.0\",\"method\":\"net_version\",\"id\":{}}"), -32600, "id"));
    CHECK(fails(post("{\"jsonrpc\":\"2.0\",\"method\":\"net_version\",\"id\":1,\"params\":{}}"),
                -32600, "by name"));
    CHECK(fails(post("{\"jsonrpc\":\"2.0\",\"method\":\"net_version\",\"id\":1,\"params\":3}"),
                -32600, "array"));
    CHECK(fails(ask("no_such", "1"), -32601, "no_such does not exist"));
    CHECK(fails(ask("eth_sendTransaction", "{}"), -32601, "eth_sendTransaction"));
    CHECK(fails(ask("eth_sign", "1"), -32601, "eth_sign"));
    CHECK(fails(ask("net_version", "1"), -32602, "too many"));
    CHECK_STR(post("{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"method\":\"net_version\"}"),
              "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"result\":\"20260\"}");
    CHECK_STR(post("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"net_version\",\"params\":null}"),
              "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":\"20260\"}");
    CHECK_STR(post("{\"jsonrpc\":\"2.0\",\"method\":\"net_version\"}"), "");
    CHECK_STR(post("[{\"jsonrpc\":\"2.0\",\"method\":\"net_version\"}]"), "");
    CHECK_STR(post("[{\"jsonrpc\":\"2.0\",\"method\":\"x\"},"
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"net_version\"},"
                   "{\"jsonrpc\":\"2.0\",\"method\":\"net_version\"},"
                   "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"eth_chainId\"}]"),
              "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"20260\"},"
              "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"0x4f24\"}]");
    CHECK(has(post("[1,{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"eth_chainId\"}]"),
              "[{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600"));
    struct buf b = {0};
    buf_put_u8(&b, '[');
    for (unsigned i = 0; i <= LIMIT_RPC_BATCH; i++)
        buf_puts(&b, i ? ",1" : "1");
    buf_put_u8(&b, ']');
    CHECK(fails(post(buf_cstr(&b)), -32005, "batch too large"));
    buf_free(&b);
    end();
}

TEST(constants)
{
    REQUIRE(begin());
    CHECK(has(ask("web3_clientVersion", " "), "\"parvis/v"));
    CHECK(is(ask("web3_sha3", "\"0x\""),
             "\"0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470\""));
    CHECK(fails(ask("web3_sha3", "\"0x1\""), -32602, "even"));
    CHECK(fails(ask("web3_sha3", "\"0xzz\""), -32602, "digit"));
    CHECK(fails(ask("web3_sha3", " "), -32602, "hexadecimal"));
    CHECK(is(ask("net_version", " "), "\"20260\""));
    CHECK(is(ask("net_listening", " "), "true"));
    CHECK(is(ask("net_peerCount", " "), "\"0x0\""));
    CHECK(is(ask("eth_chainId", " "), "\"0x4f24\""));
    CHECK(is(ask("eth_blockNumber", " "), "\"0x0\""));
    CHECK(is(ask("eth_syncing", " "), "false"));
    CHECK(is(ask("eth_accounts", " "), "[]"));
    CHECK(is(ask("eth_gasPrice", " "), "\"0x0\""));
    CHECK(is(ask("eth_maxPriorityFeePerGas", " "), "\"0x0\""));
    CHECK(has(ask("eth_coinbase", " "), hex_of(ledger.proposer.b, 20)));
    end();
}

TEST(state_and_block_parameters)
{
    REQUIRE(begin());
    struct hash genesis = chain_head(ledger.chain).hash;
    ledger_transfer(&ledger, 0, 7, 1000);
    CHECK(is(ask("eth_getTransactionCount", "\"%s\", \"latest\"", account(0)), "\"0x0\""));
    CHECK(is(ask("eth_getTransactionCount", "\"%s\", \"pending\"", account(0)), "\"0x1\""));
    CHECK_INT(ledger_block(&ledger), 1);
    CHECK(is(ask("eth_getTransactionCount", "\"%s\"", account(0)), "\"0x1\""));
    CHECK(is(ask("eth_getBalance", "\"%s\", \"latest\"", account(7)), "\"0x3e8\""));
    static const char *const now[] = {
        "\"pending\"", "\"safe\"", "\"finalized\"", "\"0x1\"", "{\"blockNumber\":\"0x1\"}", "null"};
    for (size_t i = 0; i < sizeof now / sizeof *now; i++)
        CHECK(is(ask("eth_getBalance", "\"%s\", %s", account(7), now[i]), "\"0x3e8\""));
    CHECK(is(ask("eth_getBalance", "\"%s\", \"earliest\"", account(7)), "\"0x0\""));
    CHECK(is(ask("eth_getBalance", "\"%s\", \"0x0\"", account(7)), "\"0x0\""));
    CHECK(is(ask("eth_getBalance", "\"%s\", {\"blockHash\":\"%s\",\"requireCanonical\":true}",
                 account(7), hex_of(genesis.b, 32)),
             "\"0x0\""));
    CHECK(fails(ask("eth_getBalance", "\"%s\", \"0x2\"", account(7)), -32001, "not found"));
    CHECK(fails(ask("eth_getBalance", "\"%s\", {\"blockHash\":\"%s\"}", account(7),
                    hex_of(KECCAK_EMPTY.b, 32)),
                -32001, "not found"));
    CHECK(fails(ask("eth_getBalance", "\"%s\", {}", account(7)), -32602, "either"));
    CHECK(fails(ask("eth_getBalance", "\"%s\", \"newest\"", account(7)), -32602, "tag"));
    CHECK(fails(ask("eth_getBalance", "\"%s\", {\"blockHash\":\"0x1\"}", account(7)), -32602,
                "blockHash"));
    CHECK(fails(ask("eth_getBalance", "\"0x12\", \"latest\""), -32602, "address"));
    CHECK(fails(ask("eth_getBalance", " "), -32602, "address"));
    CHECK(is(ask("eth_getCode", "\"%s\", \"latest\"", account(0)), "\"0x\""));
    CHECK(is(ask("eth_getStorageAt", "\"%s\", \"0x0\", \"latest\"", account(0)),
             "\"0x0000000000000000000000000000000000000000000000000000000000000000\""));
    CHECK(is(ask("parvis_getStorage", "\"%s\", \"0x0\"", account(0)), "\"0x\""));
    CHECK(fails(ask("eth_getStorageAt", "\"%s\", \"\"", account(0)), -32602, "slot"));
    CHECK(fails(ask("eth_getStorageAt", "\"%s\", \"0xg\"", account(0)), -32602,
                "invalid hex in storage key"));
    CHECK(fails(ask("eth_getStorageAt", "\"%s\", \"0x0%064d\"", account(0), 0), -32602,
                "storage key too long"));
    CHECK(fails(ask("eth_getBalance", "\"%s\", \"2\"", account(7)), -32602, "without 0x"));
    CHECK(fails(ask("eth_getBalance", "\"%s\", {\"blockNumber\":\"0x0\",\"requireCanonical\":1}",
                    account(7)),
                -32602, "requireCanonical"));
    CHECK(
        is(ask("eth_getBalance", "\"%s\", \"%s\"", account(7), hex_of(genesis.b, 32)), "\"0x0\""));
    /* beyond the history the state is gone, the block is not */
    for (unsigned i = 0; i < LIMIT_STATE_HISTORY + 1; i++)
        ledger_block(&ledger);
    CHECK(fails(ask("eth_getBalance", "\"%s\", \"0x0\"", account(7)), -32000, "missing trie node"));
    CHECK(has(ask("eth_getBlockByNumber", "\"0x0\", false"), "\"number\":\"0x0\""));
    end();
}

/* Proof nodes of an answer as the RLP list that trie_verify takes. */
static void proof_list(const struct json *nodes, struct buf *out)
{
    size_t mark = rlp_list_open(out);
    for (const struct json *n = json_first(nodes); n; n = json_next(n)) {
        struct buf node = {0};
        CHECK_ERR(hex_decode_buf(&node, json_text(n), strlen(json_text(n))), E_OK);
        rlp_put_string(out, node.data, node.len);
        buf_free(&node);
    }
    rlp_list_close(out, mark);
}

TEST(proofs)
{
    REQUIRE(begin());
    token_transfer(0, 1, 5);
    CHECK_INT(ledger_block(&ledger), 1);
    struct json *j = NULL;
    struct buf list = {0};
    struct bytes value = {0};
    ask("eth_getProof", "\"%s\", [\"0x0\"], \"latest\"", account(0));
    CHECK_ERR(json_parse(&j, buf_view(&answer), NULL), E_OK);
    const struct json *result = json_get(j, "result");
    REQUIRE(result);
    proof_list(json_get(result, "accountProof"), &list);
    struct hash key = keccak256_of(bytes_of(ledger.accounts[0].b, 20));
    struct hash root = chain_head(ledger.chain).state_root;
    CHECK_ERR(trie_verify(&root, bytes_of(key.b, 32), buf_view(&list), &value), E_OK);
    struct account a;
    CHECK_ERR(account_decode(&a, value), E_OK);
    CHECK_INT(a.nonce, 1);
    CHECK_STR(json_text(json_get(result, "nonce")), "0x1");
    CHECK_STR(json_text(json_get(result, "codeHash")), hex_of(KECCAK_EMPTY.b, 32));
    CHECK_STR(json_text(json_get(json_at(json_get(result, "storageProof"), 0), "value")), "0x0");
    json_free(j);
    buf_free(&list);
    CHECK(fails(ask("eth_getProof", "\"%s\", \"0x0\", \"latest\"", account(0)), -32602, "array"));
    CHECK(fails(ask("eth_getProof", "\"%s\", [1], \"latest\"", account(0)), -32602, "slot"));
    end();
}

TEST(a_long_record)
{
    /* the quota bucket of an account is longer than a word */
    REQUIRE(begin());
    token_transfer(0, 1, 5);
    CHECK_INT(ledger_block(&ledger), 1);
    const char *money = money_address();
    struct chain_view *v;
    struct hash slot = {{0}};
    struct buf record = {0};
    CHECK_ERR(chain_view_open(ledger.chain, &v), E_OK);
    struct statedb_view *s;
    CHECK_ERR(chain_state_at(v, 1, &s), E_OK);
    const struct state_reader *reader = statedb_view_reader(s);
    for (unsigned bucket = 0; bucket < 256 && record.len <= 32; bucket++) {
        uint8_t b = (uint8_t)bucket;
        struct bytes k = bytes_of(&b, 1);
        slot = service_slot("quota-use", &k, 1);
        buf_clear(&record);
        (void)reader->storage(reader->ctx, &service_named("money")->address, &slot, &record);
    }
    chain_view_close(v);
    CHECK(record.len > 32);
    struct hash word = keccak256_of(buf_view(&record));
    CHECK(has(ask("eth_getStorageAt", "\"%s\", \"%s\"", money, hex_of(slot.b, 32)),
              hex_of(word.b, 32)));
    CHECK(has(ask("parvis_getStorage", "\"%s\", \"%s\"", money, hex_of(slot.b, 32)),
              hex_of(record.data, record.len)));
    CHECK(has(ask("eth_getProof", "\"%s\", [\"%s\"], \"latest\"", money, hex_of(slot.b, 32)),
              hex_of(record.data, record.len)));
    buf_free(&record);
    end();
}

TEST(send_raw_errors)
{
    REQUIRE(begin());
    struct tx t;
#define SEND(from) ask("eth_sendRawTransaction", "\"%s\"", raw_of(&t, from))
#define FRESH() t = ledger_unsigned(&ledger, 0, 1, 1)
    CHECK(fails(ask("eth_sendRawTransaction", " "), -32602, "hexadecimal"));
    CHECK(fails(ask("eth_sendRawTransaction", "\"0x0\""), -32602, "hexadecimal"));
    CHECK(fails(ask("eth_sendRawTransaction", "\"1234\""), -32602, "hexadecimal"));
    CHECK(fails(ask("eth_sendRawTransaction", "\"0xc0\""), -32602, "RLP"));
    CHECK(fails(ask("eth_sendRawTransaction", "\"0x05c0\""), -32000,
                "transaction type not supported"));
    FRESH();
    t.chain_id = 1;
    CHECK(fails(SEND(0), -32000, "invalid chain id"));
    FRESH();
    t.gas_limit = 20000;
    CHECK(fails(SEND(0), -32000, "intrinsic gas too low"));
    FRESH();
    t.gas_limit = LIMIT_TX_GAS + 1;
    CHECK(fails(SEND(0), -32000, "exceeds block gas limit"));
    FRESH();
    t.max_priority_fee = u256_from_u64(1);
    CHECK(fails(SEND(0), -32000, "max priority fee per gas higher than max fee per gas"));
    t = ledger_unsigned(&ledger, 7, 0, 1);
    CHECK(fails(SEND(7), -32000, "insufficient funds for gas * price + value"));
    FRESH();
    t.nonce = 1u << 20;
    CHECK(fails(SEND(0), -32000, "nonce too high"));
    FRESH();
    t.nonce = UINT64_MAX;
    CHECK(fails(SEND(0), -32000, "nonce has max value"));
    static uint8_t code[LIMIT_INITCODE_BYTES + 1];
    FRESH();
    t.is_create = true;
    t.gas_limit = LIMIT_TX_GAS;
    t.data = bytes_of(code, sizeof code);
    char *long_raw = mem_alloc(2 * sizeof code + 1000);
    struct bytes raw = ledger_sign(&ledger, &t, 0);
    long_raw[0] = '0';
    long_raw[1] = 'x';
    hex_encode(long_raw + 2, raw.data, raw.len);
    CHECK(fails(ask("eth_sendRawTransaction", "\"%s\"", long_raw), -32000,
                "max initcode size exceeded"));
    mem_free(long_raw);
    FRESH();
    raw_of(&t, 0);
    uint8_t *broken = arena_dup(&ledger.arena, t.raw.data, t.raw.len);
    memset(broken + t.raw.len - 32, 0xff, 32); /* s above the curve's order */
    CHECK(fails(ask("eth_sendRawTransaction", "\"%s\"", hex_of(broken, t.raw.len)), -32000,
                "invalid sender"));
    FRESH();
    const char *sent = SEND(0);
    CHECK(is(sent, arena_printf(&ledger.arena, "\"%s\"", hex_of(t.hash.b, 32))));
    CHECK(fails(SEND(0), -32000, "already known"));
    t.value = u256_from_u64(2);
    CHECK(fails(SEND(0), -32000, "replacement transaction underpriced"));
    ledger_block(&ledger);
    t.value = u256_from_u64(3);
    CHECK(fails(SEND(0), -32000, "nonce too low"));
    engine.failed = true;
    t.nonce = 1;
    CHECK(fails(SEND(0), -32000, "stopping"));
    end();
}

TEST(every_error_has_words)
{
    REQUIRE(begin());
    struct rpc_call c;
    call_init(&c, r);
    for (int e = 1; e < ERR_COUNT; e++) {
        CHECK(!rpc_fail_err(&c, (enum err)e));
        CHECK(c.error_text[0] && c.error_code);
    }
    rpc_fail_err(&c, E_TX_QUOTA);
    CHECK_INT(c.error_code, -32005);
    rpc_fail_err(&c, E_POOL_FULL);
    CHECK(has(c.error_text, "txpool is full"));
    rpc_fail_err(&c, E_IO);
    CHECK_INT(c.error_code, -32603);
    c.deadline_us = 1;
    CHECK(!call_in_time(&c));
    CHECK_INT(c.error_code, -32005);
    call_fini(&c);
    end();
}

TEST(call_and_estimate)
{
    REQUIRE(begin());
    const char *money = money_address();
    CHECK(is(ask("eth_call", "{\"to\":\"%s\",\"data\":\"%s\"}, \"latest\"", money,
                 money_call("balanceOf", &ledger.accounts[0], 0)),
             "\"0x00000000000000000000000000000000000000000000003635c9adc5dea00000\""));
    CHECK(is(ask("eth_call", "{\"to\":\"%s\",\"input\":\"%s\"}", money,
                 money_call("balanceOf", &ledger.accounts[7], 0)),
             "\"0x0000000000000000000000000000000000000000000000000000000000000000\""));
    const char *poor = ask("eth_call", "{\"from\":\"%s\",\"to\":\"%s\",\"data\":\"%s\"}",
                           account(7), money, money_call("transfer", &ledger.accounts[0], 9));
    CHECK(fails(poor, 3, "execution reverted: ERC20InsufficientBalance("));
    CHECK(has(poor, "\"data\":\"0xe450d38c"));
    CHECK(fails(ask("eth_estimateGas", "{\"from\":\"%s\",\"to\":\"%s\",\"data\":\"%s\"}",
                    account(7), money, money_call("transfer", &ledger.accounts[0], 9)),
                3, "ERC20InsufficientBalance"));
    CHECK(is(ask("eth_estimateGas", "{\"from\":\"%s\",\"to\":\"%s\",\"value\":\"0x1\"}", account(0),
                 account(1)),
             "\"0x5208\""));
    CHECK(fails(ask("eth_call", "{\"from\":\"%s\",\"to\":\"%s\",\"value\":\"0x1\"}", account(7),
                    account(1)),
                -32000, "insufficient funds"));
    CHECK(fails(ask("eth_estimateGas", "{\"from\":\"%s\",\"to\":\"%s\",\"gas\":\"0x5000\"}",
                    account(0), account(1)),
                -32000, "gas"));
    CHECK(is(ask("eth_call",
                 "{\"to\":\"%s\",\"gas\":\"0xffff\",\"gasPrice\":\"0x0\",\"accessList\":[{"
                 "\"address\":\"%s\",\"storageKeys\":[\"%s\"]}]}",
                 account(1), account(1), hex_of(KECCAK_EMPTY.b, 32)),
             "\"0x\""));
    static const struct {
        const char *params;
        int code;
        const char *text;
    } bad[] = {
        {" ", -32602, "transaction object"},
        {"\"x\"", -32602, "transaction object"},
        {"{\"from\":1}", -32602, "from"},
        {"{\"to\":\"0x1\"}", -32602, "to must"},
        {"{\"gas\":\"x\"}", -32602, "gas"},
        {"{\"value\":\"-1\"}", -32602, "value"},
        {"{\"data\":\"0x1\"}", -32602, "data"},
        {"{\"data\":\"0x01\",\"input\":\"0x02\"}", -32602, "differ"},
        {"{\"gasPrice\":\"0x1\",\"maxFeePerGas\":\"0x1\"}", -32602, "both"},
        {"{\"accessList\":{}}", -32602, "accessList"},
        {"{\"accessList\":[{}]}", -32602, "address"},
        {"{\"accessList\":[1]}", -32602, "address"},
        {"{\"accessList\":[{\"address\":\"0x0000000000000000000000000000000000000001\"}]}", -32602,
         "storageKeys"},
        {"{}, \"0x99\"", -32001, "not found"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(fails(ask("eth_call", "%s", bad[i].params), bad[i].code, bad[i].text));
    end();
}

TEST(revert_reasons)
{
    REQUIRE(begin());
    struct rpc_call c;
    call_init(&c, r);
    uint8_t data[132] = {0x08, 0xc3, 0x79, 0xa0, [35] = 0x20, [67] = 5, 'n', 'o', 'p', 'e', '!'};
    CHECK(!rpc_fail_revert(&c, bytes_of(data, 100)));
    CHECK_STR(c.error_text, "execution reverted: nope!");
    CHECK_INT(c.error_code, 3);
    data[67] = 200; /* longer than the data: no reason, no crash */
    rpc_fail_revert(&c, bytes_of(data, 100));
    CHECK_STR(c.error_text, "execution reverted");
    data[40] = 1;
    rpc_fail_revert(&c, bytes_of(data, 100));
    CHECK_STR(c.error_text, "execution reverted");
    rpc_fail_revert(&c, bytes_of(NULL, 0));
    CHECK_STR(c.error_text, "execution reverted");
    CHECK(c.error_data.data && c.error_data.len == 0);
    call_fini(&c);
    end();
}

TEST(blocks_transactions_receipts)
{
    REQUIRE(begin());
    struct hash first = token_transfer(0, 1, 5), second = ledger_transfer(&ledger, 1, 2, 3);
    struct tx legacy = ledger_unsigned(&ledger, 2, 3, 4);
    legacy.type = TX_LEGACY;
    CHECK_ERR(ledger_send(&ledger, &legacy, 2), E_OK);
    const char *tx = hex_of(first.b, 32);
    CHECK(has(ask("eth_getTransactionByHash", "\"%s\"", tx), "\"blockHash\":null"));
    CHECK(has((const char *)answer.data, account(0)));
    CHECK(has(ask("eth_getRawTransactionByHash", "\"%s\"", tx), "\"result\":\"0x02"));
    CHECK(is(ask("eth_getTransactionReceipt", "\"%s\"", tx), "null"));
    CHECK(is(ask("txpool_status", " "), "{\"pending\":\"0x3\",\"queued\":\"0x0\"}"));
    CHECK(has(ask("txpool_content", " "), "\"queued\":{}}"));
    CHECK_INT(ledger_block(&ledger), 3);
    CHECK(is(ask("txpool_content", " "), "{\"pending\":{},\"queued\":{}}"));

    CHECK(has(ask("eth_getBlockByNumber", "\"latest\", false"), "\"transactions\":[\"0x"));
    char hash[100];
    snprintf(hash, sizeof hash, "%s", field("hash"));
    static const char *const members[] = {"\"baseFeePerGas\":\"0x0\"",
                                          "\"withdrawals\":[]",
                                          "\"uncles\":[]",
                                          "\"difficulty\":\"0x0\"",
                                          "\"blobGasUsed\":\"0x0\"",
                                          "\"excessBlobGas\":\"0x0\"",
                                          "\"mixHash\":\"0x",
                                          "\"nonce\":\"0x0000000000000000\"",
                                          "\"extraData\":\"0x",
                                          "\"requestsHash\":\"0xe3b0c442",
                                          "\"parentBeaconBlockRoot\":\"0x0000",
                                          "\"sha3Uncles\":\"0x1dcc4de8",
                                          "\"gasUsed\":\"0x",
                                          "\"gasLimit\":\"0x1c9c380\"",
                                          "\"timestamp\":\"0x6553f101\"",
                                          "\"size\":\"0x",
                                          "\"miner\":\"0x",
                                          "\"logsBloom\":\"0x",
                                          "\"withdrawalsRoot\":\"0x56e81f17",
                                          "\"receiptsRoot\":\"0x",
                                          "\"transactionsRoot\":\"0x",
                                          "\"stateRoot\":\"0x"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        CHECK(has((const char *)answer.data, members[i]));
    CHECK(has(ask("eth_getBlockByHash", "\"%s\", true", hash), "\"maxFeePerGas\":\"0x0\""));
    CHECK(has((const char *)answer.data, "\"yParity\":\"0x"));
    CHECK(has((const char *)answer.data, "\"v\":\"0x9e6")); /* 20260 * 2 + 35 = 0x9e6b or 6c */
    CHECK(is(ask("eth_getBlockByHash", "\"%s\", false", tx), "null"));
    CHECK(is(ask("eth_getBlockByNumber", "\"0x55\", false"), "null"));
    CHECK(fails(ask("eth_getBlockByNumber", " "), -32602, "missing"));
    CHECK(fails(ask("eth_getBlockByNumber", "\"x\", false"), -32602, "tag"));
    CHECK(fails(ask("eth_getBlockByNumber", "\"0x1\", 5"), -32602, "true or false"));
    CHECK(fails(ask("eth_getBlockByHash", "\"0x1\", false"), -32602, "32 bytes"));

    CHECK(is(ask("eth_getBlockTransactionCountByHash", "\"%s\"", hash), "\"0x3\""));
    CHECK(is(ask("eth_getBlockTransactionCountByNumber", "\"0x1\""), "\"0x3\""));
    CHECK(is(ask("eth_getBlockTransactionCountByNumber", "\"0x9\""), "null"));
    CHECK(is(ask("eth_getUncleCountByBlockHash", "\"%s\"", hash), "\"0x0\""));
    CHECK(is(ask("eth_getUncleCountByBlockNumber", "\"0x1\""), "\"0x0\""));
    CHECK(is(ask("eth_getUncleCountByBlockNumber", "\"0x9\""), "null"));
    CHECK(is(ask("eth_getUncleByBlockHashAndIndex", "\"%s\", \"0x0\"", hash), "null"));
    CHECK(is(ask("eth_getUncleByBlockNumberAndIndex", "\"0x1\", \"0x0\""), "null"));
    CHECK(has(ask("eth_getTransactionByBlockHashAndIndex", "\"%s\", \"0x0\"", hash), tx));
    CHECK(has(ask("eth_getTransactionByBlockNumberAndIndex", "\"0x1\", \"0x1\""),
              hex_of(second.b, 32)));
    CHECK(is(ask("eth_getTransactionByBlockNumberAndIndex", "\"0x1\", \"0x3\""), "null"));
    CHECK(fails(ask("eth_getTransactionByBlockNumberAndIndex", "\"0x1\""), -32602, "number"));

    tx = hex_of(first.b, 32);
    CHECK(has(ask("eth_getTransactionByHash", "\"%s\"", tx), "\"blockNumber\":\"0x1\""));
    CHECK(has(ask("eth_getRawTransactionByHash", "\"%s\"", tx), "\"result\":\"0x02"));
    CHECK(has(ask("eth_getTransactionReceipt", "\"%s\"", tx), "\"status\":\"0x1\""));
    CHECK(has((const char *)answer.data, "\"logIndex\":\"0x0\""));
    CHECK(has((const char *)answer.data, "\"effectiveGasPrice\":\"0x0\""));
    CHECK(has((const char *)answer.data, "\"contractAddress\":null"));
    CHECK(has((const char *)answer.data, hash));
    CHECK(has(ask("eth_getTransactionReceipt", "\"%s\"", hex_of(legacy.hash.b, 32)),
              "\"type\":\"0x0\""));
    CHECK(is(ask("eth_getTransactionReceipt", "\"%s\"", hash), "null"));
    CHECK(is(ask("eth_getTransactionByHash", "\"%s\"", hash), "null"));
    CHECK(is(ask("eth_getRawTransactionByHash", "\"%s\"", hash), "null"));
    CHECK(fails(ask("eth_getTransactionReceipt", "\"0x12\""), -32602, "32 bytes"));
    CHECK(has(ask("eth_getBlockReceipts", "\"0x1\""), "\"transactionIndex\":\"0x2\""));
    CHECK(has(ask("eth_getBlockReceipts", "\"%s\"", hash), "\"transactionIndex\":\"0x2\""));
    CHECK(is(ask("eth_getBlockReceipts", "\"0x9\""), "null"));
    end();
}

TEST(a_queued_transaction)
{
    REQUIRE(begin());
    struct tx t = ledger_unsigned(&ledger, 0, 1, 1);
    t.nonce = 3;
    CHECK_ERR(ledger_send(&ledger, &t, 0), E_OK);
    t.nonce = 5;
    CHECK_ERR(ledger_send(&ledger, &t, 0), E_OK);
    CHECK(is(ask("txpool_status", " "), "{\"pending\":\"0x0\",\"queued\":\"0x2\"}"));
    CHECK(has(ask("txpool_content", " "), "{\"pending\":{},\"queued\":{\"0x"));
    CHECK(has((const char *)answer.data, "\"3\":{\"type\":\"0x2\""));
    CHECK(has((const char *)answer.data, "\"5\":{\"type\":\"0x2\""));
    CHECK(has((const char *)answer.data, "}}}}"));
    CHECK(is(ask("eth_getTransactionCount", "\"%s\", \"pending\"", account(0)), "\"0x0\""));
    end();
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned n = 0;
    for (const char *p = text; (p = strstr(p, part)) != NULL; p++)
        n++;
    return n;
}

#define TRANSFER_TOPIC "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"

TEST(logs)
{
    REQUIRE(begin());
    for (int i = 0; i < 3; i++) {
        token_transfer(0, 1, 5);
        token_transfer(2, 3, 6);
        CHECK_INT(ledger_block(&ledger), 2);
    }
    ledger_block(&ledger); /* an empty one */
    const char *money = money_address();
    const char *all = ask("eth_getLogs", "{\"fromBlock\":\"0x0\",\"toBlock\":\"latest\"}");
    CHECK_INT(count_of(all, "\"logIndex\""), 6);
    CHECK(has(all, "\"removed\":false"));
    CHECK(has(all, "\"blockTimestamp\":\"0x"));
    CHECK_INT(count_of(ask("eth_getLogs", "{}"), "\"logIndex\""), 0);
    CHECK_INT(
        count_of(ask("eth_getLogs", "{\"fromBlock\":\"0x2\",\"toBlock\":\"0x2\"}"), "logIndex"), 2);
    CHECK_INT(count_of(ask("eth_getLogs",
                           "{\"fromBlock\":\"0x1\",\"toBlock\":\"latest\","
                           "\"address\":\"%s\"}",
                           money),
                       "logIndex"),
              6);
    CHECK_INT(
        count_of(ask("eth_getLogs", "{\"fromBlock\":\"0x1\",\"address\":[\"%s\"]}", account(0)),
                 "logIndex"),
        0);
    CHECK_INT(count_of(ask("eth_getLogs",
                           "{\"fromBlock\":\"0x1\",\"address\":[\"%s\",\"%s\"],"
                           "\"topics\":[\"" TRANSFER_TOPIC "\"]}",
                           account(0), money),
                       "logIndex"),
              6);
    char from[80];
    snprintf(from, sizeof from, "0x000000000000000000000000%s", account(2) + 2);
    CHECK_INT(count_of(ask("eth_getLogs", "{\"fromBlock\":\"0x1\",\"topics\":[null,\"%s\"]}", from),
                       "logIndex"),
              3);
    CHECK_INT(
        count_of(ask("eth_getLogs", "{\"fromBlock\":\"0x1\",\"topics\":[[\"%s\",\"%s\"],[],null]}",
                     TRANSFER_TOPIC, from),
                 "logIndex"),
        6);
    CHECK_INT(
        count_of(ask("eth_getLogs", "{\"fromBlock\":\"0x1\",\"topics\":[[null],null,null,null]}"),
                 "logIndex"),
        0); /* a transfer has three topics */
    ask("eth_getBlockByNumber", "\"0x2\", false");
    char hash[100];
    snprintf(hash, sizeof hash, "%s", field("hash"));
    CHECK_INT(count_of(ask("eth_getLogs", "{\"blockHash\":\"%s\"}", hash), "logIndex"), 2);
    static const struct {
        const char *criteria;
        int code;
        const char *text;
    } bad[] = {
        {"5", -32602, "object"},
        {"{\"address\":\"x\"}", -32602, "address"},
        {"{\"address\":[3]}", -32602, "address"},
        {"{\"topics\":3}", -32602, "topics"},
        {"{\"topics\":[1]}", -32602, "topic"},
        {"{\"topics\":[[1]]}", -32602, "topic"},
        {"{\"topics\":[null,null,null,null,null]}", -32602, "at most 4"},
        {"{\"fromBlock\":\"0x3\",\"toBlock\":\"0x1\"}", -32602, "invalid block range"},
        {"{\"fromBlock\":\"0x1\",\"toBlock\":\"0xffff\"}", -32602, "beyond current head"},
        {"{\"fromBlock\":\"x\"}", -32602, "tag"},
        {"{\"blockHash\":\"0x1\"}", -32602, "blockHash"},
        {"{\"blockHash\":\"" TRANSFER_TOPIC "\"}", -32001, "unknown block"},
        {"{\"blockHash\":\"" TRANSFER_TOPIC "\",\"fromBlock\":\"0x1\"}", -32602, "both"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(fails(ask("eth_getLogs", "%s", bad[i].criteria), bad[i].code, bad[i].text));
    struct buf b = {0};
    buf_puts(&b, "{\"address\":[");
    for (unsigned i = 0; i <= RPC_ITEMS_MAX; i++)
        buf_putf(&b, "%s\"%s\"", i ? "," : "", money);
    buf_puts(&b, "]}");
    CHECK(fails(ask("eth_getLogs", "%s", buf_cstr(&b)), -32602, "max addresses"));
    buf_clear(&b);
    buf_puts(&b, "{\"topics\":[[");
    for (unsigned i = 0; i <= RPC_ITEMS_MAX; i++)
        buf_putf(&b, "%s\"" TRANSFER_TOPIC "\"", i ? "," : "");
    buf_puts(&b, "]]}");
    CHECK(fails(ask("eth_getLogs", "%s", buf_cstr(&b)), -32602, "max topics"));
    buf_free(&b);
    end();
}

static const char *new_filter(const char *method, const char *params)
{
    static char ring[4][64];
    static unsigned turn;
    char *out = ring[turn++ % 4];
    ask(method, "%s", params);
    snprintf(out, sizeof ring[0], "%s", field("result"));
    CHECK_INT(strlen(out), 34);
    return out;
}

/* A filter keeps what it needs of what it was given, and all of them together not too much. */
TEST(filters_keep_little)
{
    REQUIRE(begin());
    struct buf b = {0};
    buf_puts(&b,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_newFilter\",\"params\":[{\"junk\":\"");
    memset(buf_grow(&b, 4u << 20), 'x', 4u << 20);
    buf_puts(&b, "\"}]}");
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < 20; i++)
        CHECK(has(post(buf_cstr(&b)), "\"result\":\"0x"));
    struct mallinfo2 after = mallinfo2();
    CHECK(after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + (16u << 20));
    buf_clear(&b);
    buf_puts(&b, "{\"fromBlock\":\"latest\",\"toBlock\":{\"blockNumber\":\"0x0\",\"junk\":\"");
    memset(buf_grow(&b, 2000), 'x', 2000);
    buf_puts(&b, "\"}}");
    CHECK(fails(ask("eth_newFilter", "%s", buf_cstr(&b)), -32602, "range"));
    buf_clear(&b);
    buf_puts(&b, "{\"topics\":[");
    for (int place = 0; place < 4; place++) {
        for (unsigned i = 0; i < RPC_ITEMS_MAX; i++)
            buf_putf(&b, "%s\"0x%064x\"", i ? "," : place ? "],[" : "[", i);
    }
    buf_puts(&b, "]]}");
    unsigned made = 0;
    while (made < LIMIT_RPC_FILTERS &&
           strstr(ask("eth_newFilter", "%s", buf_cstr(&b)), "\"result\":\"0x"))
        made++;
    CHECK(fails(buf_cstr(&answer), -32005, "too many log criteria"));
    CHECK(made > 300 && made < LIMIT_RPC_FILTERS - 20);
    CHECK(r->criteria_bytes <= LIMIT_RPC_CRITERIA_BYTES);
    buf_free(&b);
    end();
}

/* A poll that fails has told nothing: what it would have told comes with the next one. */
TEST(failed_polls_lose_nothing)
{
    REQUIRE(begin());
    static const char *const methods[] = {"eth_newFilter", "eth_newBlockFilter"};
    for (int i = 0; i < 2; i++) {
        const char *id = new_filter(methods[i], i ? " " : "{}");
        char params[64];
        struct json *json = NULL;
        struct diag d;
        struct rpc_call c;
        struct buf out = {0};
        token_transfer(0, 1, 5);
        ledger_block(&ledger);
        snprintf(params, sizeof params, "[\"%s\"]", id);
        CHECK_ERR(json_parse(&json, bytes_str(params), &d), E_OK);
        call_init(&c, r);
        c.out = &out;
        c.params = json;
        c.deadline_us = 0;
        CHECK(!eth_get_filter_changes(&c));
        CHECK_INT(c.error_code, RPC_LIMIT);
        call_fini(&c);
        json_free(json);
        buf_free(&out);
        const char *text = ask("eth_getFilterChanges", "\"%s\"", id);
        CHECK_INT(i ? count_of(text, "\"0x") : count_of(text, "logIndex"), 1);
        CHECK(is(ask("eth_getFilterChanges", "\"%s\"", id), "[]"));
    }
    end();
}

TEST(filters)
{
    REQUIRE(begin());
    const char *logs = new_filter("eth_newFilter", "{\"topics\":[\"" TRANSFER_TOPIC "\"]}");
    const char *blocks = new_filter("eth_newBlockFilter", " ");
    const char *pending = new_filter("eth_newPendingTransactionFilter", " ");
    CHECK(is(ask("eth_getFilterChanges", "\"%s\"", logs), "[]"));
    CHECK(is(ask("eth_getFilterChanges", "\"%s\"", blocks), "[]"));
    struct hash tx = token_transfer(0, 1, 5);
    CHECK(is(ask("eth_getFilterChanges", "\"%s\"", pending),
             arena_printf(&ledger.arena, "[\"%s\"]", hex_of(tx.b, 32))));
    CHECK(is(ask("eth_getFilterChanges", "\"%s\"", pending), "[]"));
    ledger_block(&ledger);
    token_transfer(0, 1, 5);
    ledger_block(&ledger);
    CHECK_INT(count_of(ask("eth_getFilterChanges", "\"%s\"", logs), "logIndex"), 2);
    CHECK(is(ask("eth_getFilterChanges", "\"%s\"", logs), "[]"));
    CHECK_INT(count_of(ask("eth_getFilterChanges", "\"%s\"", blocks), "\"0x"), 2);
    CHECK(is(ask("eth_getFilterChanges", "\"%s\"", blocks), "[]"));
    CHECK_INT(count_of(ask("eth_getFilterLogs", "\"%s\"", logs), "logIndex"), 1); /* the head's */
    CHECK(fails(ask("eth_getFilterLogs", "\"%s\"", blocks), -32001, "filter not found"));
    const char *ranged = new_filter("eth_newFilter", "{\"fromBlock\":\"0x1\",\"toBlock\":\"0x3\"}");
    CHECK_INT(count_of(ask("eth_getFilterLogs", "\"%s\"", ranged), "logIndex"), 2);
    for (int i = 0; i < 3; i++) {
        token_transfer(0, 1, 5);
        ledger_block(&ledger);
    }
    CHECK_INT(count_of(ask("eth_getFilterChanges", "\"%s\"", ranged), "logIndex"), 1);
    const char *later = new_filter("eth_newFilter", "{\"fromBlock\":\"0x7\"}");
    token_transfer(0, 1, 5);
    ledger_block(&ledger); /* block 6: too early for it */
    CHECK(is(ask("eth_getFilterChanges", "\"%s\"", later), "[]"));
    token_transfer(0, 1, 5);
    ledger_block(&ledger);
    CHECK_INT(count_of(ask("eth_getFilterChanges", "\"%s\"", later), "logIndex"), 1);
    CHECK(is(ask("eth_uninstallFilter", "\"%s\"", later), "true"));
    CHECK(fails(ask("eth_newFilter", "5"), -32602, "object"));
    CHECK(is(ask("eth_uninstallFilter", "\"%s\"", blocks), "true"));
    CHECK(is(ask("eth_uninstallFilter", "\"%s\"", blocks), "false"));
    CHECK(fails(ask("eth_getFilterChanges", "\"%s\"", blocks), -32001, "filter not found"));
    CHECK(fails(ask("eth_getFilterChanges", "\"0x1\""), -32602, "id"));
    CHECK(fails(ask("eth_uninstallFilter", "7"), -32602, "id"));
    unsigned have = filters_count(r);
    CHECK_INT(have, 3);
    for (unsigned i = have; i < LIMIT_RPC_FILTERS; i++)
        CHECK(has(ask("eth_newBlockFilter", " "), "result"));
    CHECK(fails(ask("eth_newBlockFilter", " "), -32005, "too many filters"));
    CHECK(fails(ask("eth_newPendingTransactionFilter", " "), -32005, "too many filters"));
    CHECK(fails(ask("eth_newFilter", "{}"), -32005, "too many filters"));
    end();
}

TEST(fee_history)
{
    REQUIRE(begin());
    ledger_transfer(&ledger, 0, 1, 1);
    ledger_block(&ledger);
    CHECK(is(ask("eth_feeHistory", "\"0x4\", \"latest\", [10, 50.5]"),
             "{\"oldestBlock\":\"0x0\",\"baseFeePerGas\":[\"0x0\",\"0x0\",\"0x0\"],"
             "\"gasUsedRatio\":[0.000000,0.000700],"
             "\"baseFeePerBlobGas\":[\"0x0\",\"0x0\",\"0x0\"],"
             "\"blobGasUsedRatio\":[0.000000,0.000000],"
             "\"reward\":[[\"0x0\",\"0x0\"],[\"0x0\",\"0x0\"]]}"));
    CHECK(is(ask("eth_feeHistory", "1, \"0x0\""),
             "{\"oldestBlock\":\"0x0\",\"baseFeePerGas\":[\"0x0\",\"0x0\"],"
             "\"gasUsedRatio\":[0.000000],\"baseFeePerBlobGas\":[\"0x0\",\"0x0\"],"
             "\"blobGasUsedRatio\":[0.000000]}"));
    CHECK(has(ask("eth_feeHistory", "0, \"latest\""), "\"gasUsedRatio\":[]"));
    CHECK(fails(ask("eth_feeHistory", "1, \"latest\", [50, 10]"), -32602, "percentile"));
    CHECK(fails(ask("eth_feeHistory", "1, \"latest\", [101]"), -32602, "percentile"));
    CHECK(fails(ask("eth_feeHistory", "1, \"latest\", 5"), -32602, "array"));
    CHECK(fails(ask("eth_feeHistory", " "), -32602, "number"));
    end();
}

TEST(parvis_methods)
{
    REQUIRE(begin());
    ledger_transfer(&ledger, 0, 1, 1);
    const char *s = ask("parvis_status", " ");
    CHECK(has(s, "\"engine\":\"solo\""));
    CHECK(has(s, "\"height\":0"));
    CHECK(has(s, "\"pending\":1"));
    CHECK(has(s, "\"chainId\":20260"));
    s = ask("parvis_services", " ");
    CHECK(has(s, "[{\"name\":\"money\""));
    CHECK(has(s, "\"transfer(address,uint256)\":\"0xa9059cbb\""));
    CHECK(has(s, "\"Transfer(address,address,uint256)\":\"" TRANSFER_TOPIC "\""));
    CHECK(has(s, "\"ERC20InsufficientBalance(address,uint256,uint256)\":\"0xe450d38c\""));
    CHECK(fails(ask("eth_subscribe", "\"newHeads\""), -32601, "WebSocket"));
    CHECK(fails(ask("eth_unsubscribe", "\"0x1\""), -32601, "WebSocket"));
    end();
}

/* The strings of the array `name` of the last answer as the RLP list that the verifier takes. */
static struct bytes proof_of(const char *name, struct buf *out)
{
    char mark[64];
    snprintf(mark, sizeof mark, "\"%s\":[", name);
    const char *p = strstr((const char *)answer.data, mark);
    buf_clear(out);
    size_t list = rlp_list_open(out);
    for (p = p ? p + strlen(mark) : "]"; *p != ']'; p++)
        if (*p == '"') {
            struct buf node = {0};
            size_t digits = strcspn(p + 1, "\"");
            CHECK_ERR(hex_decode_buf(&node, p + 1, digits), E_OK);
            rlp_put_string(out, node.data, node.len);
            buf_free(&node);
            p += 1 + digits;
        }
    rlp_list_close(out, list);
    return buf_view(out);
}

TEST(proofs_of_transactions_and_receipts)
{
    REQUIRE(begin());
    struct hash sent[20];
    for (size_t i = 0; i < 20; i++)
        sent[i] = ledger_transfer(&ledger, i % 3, 1, i + 1);
    ledger_block(&ledger);
    struct block b;
    struct arena a = {0};
    struct chain_view *v;
    struct buf proof = {0}, want = {0};
    struct bytes value;
    CHECK_ERR(chain_view_open(ledger.chain, &v), E_OK);
    CHECK_ERR(chain_load_block(v, 1, &a, true, &b), E_OK);
    REQUIRE(b.tx_count == 20);
    for (size_t i = 0; i < b.tx_count; i++) {
        ask("parvis_getReceiptProof", "\"%s\"", hex_of(b.txs[i].hash.b, 32));
        CHECK_STR(field("blockHash"), hex_of(b.hash.b, 32));
        CHECK_STR(field("blockNumber"), "0x1");
        CHECK_INT(strtoul(field("transactionIndex"), NULL, 16), i);
        CHECK_STR(field("transactionHash"), hex_of(b.txs[i].hash.b, 32));
        CHECK(has((char *)answer.data, hex_of(b.txs[i].raw.data, b.txs[i].raw.len)));
        CHECK_ERR(trie_list_verify(&b.header.transactions_root, i,
                                   proof_of("transactionProof", &proof), &value),
                  E_OK);
        CHECK(bytes_eq(value, b.txs[i].raw));
        buf_clear(&want);
        receipt_encode(&want, &b.receipts[i]);
        CHECK(has((char *)answer.data, hex_of(want.data, want.len)));
        CHECK_ERR(
            trie_list_verify(&b.header.receipts_root, i, proof_of("receiptProof", &proof), &value),
            E_OK);
        CHECK(bytes_eq(value, buf_view(&want)));
    }
    const char *s = ask("parvis_getTransactionProof", "\"%s\"", hex_of(sent[4].b, 32));
    CHECK(has(s, "\"transactionProof\":[\"0x") && !strstr(s, "receipt"));
    CHECK(is(ask("parvis_getReceiptProof", "\"%s\"", hex_of(b.hash.b, 32)), "null"));
    CHECK(is(ask("parvis_getTransactionProof", "\"%s\"", hex_of(b.hash.b, 32)), "null"));
    CHECK(fails(ask("parvis_getReceiptProof", " "), -32602, "32 bytes"));
    CHECK(fails(ask("parvis_getTransactionProof", "\"0x12\""), -32602, "32 bytes"));
    chain_view_close(v);
    buf_free(&proof);
    buf_free(&want);
    arena_free(&a);
    end();
}

TEST(metrics_and_health)
{
    REQUIRE(begin());
    struct buf b = {0};
    ledger_transfer(&ledger, 0, 1, 1);
    ledger_block(&ledger);
    ledger_transfer(&ledger, 0, 1, 1);
    ledger_block(&ledger);
    ask("eth_chainId", " ");
    ask("no_such", " ");
    metrics_put(r, &b);
    const char *m = buf_cstr(&b);
    static const char *const lines[] = {"\nparvis_height 2\n",
                                        "\nparvis_transactions_total 2\n",
                                        "\nparvis_block_gas_used 21000\n",
                                        "\nparvis_blocks_total 2\n",
                                        "\nparvis_gas_total 42000\n",
                                        "\nparvis_pool_transactions{state=\"pending\"} 0\n",
                                        "parvis_rpc_requests_total{method=\"eth_chainId\"} 1\n",
                                        "parvis_rpc_errors_total{method=\"unknown\"} 1\n",
                                        "parvis_block_interval_seconds_count 1\n",
                                        "\nparvis_store_used_bytes ",
                                        "\nparvis_resident_memory_bytes ",
                                        "# TYPE parvis_blocks counter\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK(has(m, lines[i]));
    CHECK(strcmp(m + b.len - 6, "# EOF\n") == 0);
    buf_clear(&b);
    CHECK(health_put(r, &b));
    CHECK(has(buf_cstr(&b), "{\"status\":\"ok\",\"height\":2"));
    buf_clear(&b);
    engine.failed = true;
    diag_set(&engine.failure, E_IO, "disk gone");
    CHECK(!health_put(r, &b));
    CHECK(has(buf_cstr(&b), "\"failure\":\"disk gone\""));
    buf_free(&b);
    end();
}

TEST(block_records_are_those_of_an_export)
{
    REQUIRE(begin());
    ledger_transfer(&ledger, 0, 1, 5);
    ledger_block(&ledger);
    struct block b, read;
    struct arena a = {0};
    struct chain_view *v;
    struct buf want = {0};
    CHECK_ERR(chain_view_open(ledger.chain, &v), E_OK);
    CHECK_ERR(chain_load_block(v, 1, &a, true, &b), E_OK);
    export_put_block(&want, &b);
    ask("parvis_getBlockRecord", "\"0x1\"");
    CHECK(has((char *)answer.data, hex_of(want.data, want.len)));
    CHECK_ERR(export_read_block(&read, &a, buf_view(&want)), E_OK);
    CHECK(hash_eq(&read.hash, &b.hash) && read.tx_count == 1);
    CHECK(memcmp(&read.seal, &b.seal, sizeof b.seal) == 0);
    want.len--; /* cut: refused, not read beyond */
    CHECK_ERR(export_read_block(&read, &a, buf_view(&want)), E_RLP);
    ask("parvis_getBlockRecord", "\"0x2\"");
    CHECK(has((char *)answer.data, "-32001"));
    ask("parvis_getLightBlock", "\"latest\""); /* nobody signs together here */
    CHECK(has((char *)answer.data, "-32004"));
    buf_free(&want);
    chain_view_close(v);
    arena_free(&a);
    end();
}
