/* Tests of a chain of ours with bytecode: contracts made and called, the history contract of
 * EIP-2935, forks by time; and that such a chain audits, moves to a file and back. */
#include "chain/audit.h"
#include "chain/ethereum.h"
#include "chain/test_ledger.h"

#include <unistd.h>

#define HISTORY "0000f90827f1c53a10cb7a02335b175320002935"
#define COUNTER "c100000000000000000000000000000000000001" /* counts in slot 0, and logs it */
#define READER                                                                                    \
    "c100000000000000000000000000000000000002"             /* slot N = what the history says of N \
                                                            */
#define ZEROES "c100000000000000000000000000000000000003"  /* slot 0 = CLZ(1), from Osaka on */
#define REFUSER "c100000000000000000000000000000000000004" /* reverts */

static const char ALLOC[] =
    "\"0x" COUNTER "\": {\"code\": \"0x5f54600101805f555f5260aa60205fa100\"},"
    "\"0x" READER "\": {\"code\": \"0x5f355f526020602060205f5f73" HISTORY "5af1506020515f355500\"},"
    "\"0x" ZEROES "\": {\"code\": \"0x60011e5f5500\"},"
    "\"0x" REFUSER "\": {\"code\": \"0x5f5ffd\"}";

static struct address address_of(const char *hex)
{
    struct address a;
    CHECK_ERR(address_from_hex(&a, hex), E_OK);
    return a;
}

/* A genesis with the contracts, and with that of EIP-2935 where asked for. */
static bool begin(struct ledger *l, bool history, const char *forks)
{
    static char alloc[2048];
    char code[200];
    struct bytes history_code = ethereum_history_code();
    hex_encode(code, history_code.data, history_code.len);
    if (history)
        snprintf(alloc, sizeof alloc, "%s, \"0x" HISTORY "\": {\"nonce\": 1, \"code\": \"0x%s\"}",
                 ALLOC, code);
    else
        snprintf(alloc, sizeof alloc, "%s", ALLOC);
    return ledger_begin_as(l, &(struct ledger){.alloc = alloc, .forks = forks});
}

/* call sends a call with a number as its data. */
static void call(struct ledger *l, const char *to, uint64_t number)
{
    uint8_t data[32];
    u256_to_be(data, u256_from_u64(number));
    struct tx t = ledger_unsigned(l, 0, 0, 0);
    t.to = address_of(to);
    t.gas_limit = 200000;
    t.data = bytes_of(data, sizeof data);
    CHECK_ERR(ledger_send(l, &t, 0), E_OK);
    l->nonces[0]++;
}

/* slot reads a word at the head. */
static struct u256 slot(struct ledger *l, const struct address *a, uint64_t key)
{
    struct chain_view *v;
    struct statedb_view *at;
    struct hash name;
    struct buf value = {0};
    u256_to_be(name.b, u256_from_u64(key));
    CHECK_ERR(chain_view_open(l->chain, &v), E_OK);
    CHECK_ERR(chain_state_at(v, chain_view_head(v), &at), E_OK);
    const struct state_reader *r = statedb_view_reader(at);
    CHECK_ERR(r->storage(r->ctx, a, &name, &value), E_OK);
    struct u256 word = u256_from_be_min(buf_view(&value));
    buf_free(&value);
    chain_view_close(v);
    return word;
}

static struct u256 slot_of(struct ledger *l, const char *contract, uint64_t key)
{
    struct address a = address_of(contract);
    return slot(l, &a, key);
}

/* block_with makes a block of what waits and gives its receipts. */
static size_t block_with(struct ledger *l, struct arena *a, struct block *out)
{
    struct chain_view *v;
    size_t count = ledger_block(l);
    CHECK_ERR(chain_view_open(l->chain, &v), E_OK);
    struct block b = {0};
    CHECK_ERR(chain_load_block(v, chain_view_head(v), a, true, &b), E_OK);
    *out = b;
    out->receipts = arena_dup(a, b.receipts, b.tx_count * sizeof *b.receipts);
    chain_view_close(v);
    return count;
}

TEST(contracts_are_made_called_and_refuse)
{
    /* init code that returns the counter's 17 bytes */
    static const uint8_t INIT[] = {0x60, 17,   0x80, 0x60, 9,    0x5f, 0x39, 0x5f, 0xf3,
                                   0x5f, 0x54, 0x60, 0x01, 0x01, 0x80, 0x5f, 0x55, 0x5f,
                                   0x52, 0x60, 0xaa, 0x60, 0x20, 0x5f, 0xa1, 0x00};
    struct ledger l;
    struct arena a = {0};
    struct block b;
    REQUIRE(begin(&l, false, NULL));
    struct tx t = ledger_unsigned(&l, 0, 0, 0);
    t.is_create = true;
    t.gas_limit = 500000;
    t.data = bytes_of(INIT, sizeof INIT);
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    l.nonces[0]++;
    call(&l, COUNTER, 0);
    call(&l, REFUSER, 0);
    call(&l, COUNTER, 0);
    CHECK_INT(block_with(&l, &a, &b), 4);
    CHECK(b.receipts[0].success && b.receipts[0].has_created);
    CHECK(b.receipts[1].success && b.receipts[1].log_count == 1);
    CHECK(!b.receipts[2].success && b.receipts[2].log_count == 0);
    CHECK(b.receipts[2].gas_used > 21000 && b.receipts[2].gas_used < 30000);
    CHECK(b.receipts[3].logs[0].topics[0].b[31] == 0xaa);
    CHECK(u256_eq(slot_of(&l, COUNTER, 0), u256_from_u64(2)));
    struct address made = b.receipts[0].created;
    CHECK(u256_is_zero(slot(&l, &made, 0)));
    t = ledger_unsigned(&l, 1, 0, 0);
    t.to = made;
    t.gas_limit = 100000;
    CHECK_ERR(ledger_send(&l, &t, 1), E_OK);
    CHECK_INT(ledger_block(&l), 1);
    CHECK(u256_eq(slot(&l, &made, 0), u256_from_u64(1)));
    arena_free(&a);
    ledger_end(&l);
}

/* Calls whose code asks a million times for a block's hash, or calls a precompile that an override
 * moved, keep nothing of it. */
TEST(calls_that_ask_often_keep_nothing)
{
    static const struct {
        const char *code, *from;
    } rows[] = {
        {"5b5f40505f56", NULL}, /* BLOCKHASH(0) in a loop */
        {"5b5f5f620200005f5f61c0de5af1505f56",
         "0000000000000000000000000000000000000004"}, /* identity of 128 KiB, at 0x..c0de */
    };
    struct ledger l;
    REQUIRE(begin(&l, false, NULL));
    for (int i = 0; i < 300; i++) { /* block 0 is no longer among those in memory */
        ledger_transfer(&l, 0, 1, 1);
        CHECK_INT(ledger_block(&l), 1);
    }
    struct chain_view *v;
    REQUIRE(chain_view_open(l.chain, &v) == E_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct frame_result r;
        struct diag d = {0};
        struct buf code = {0};
        uint64_t gas;
        CHECK_ERR(hex_decode_buf(&code, rows[i].code, strlen(rows[i].code)), E_OK);
        struct account_override accounts[2] = {
            {.address = {{0xaa}}, .has_code = true, .code = buf_view(&code)}};
        struct state_override o = {.accounts = accounts, .count = 1};
        if (rows[i].from) {
            accounts[1] = (struct account_override){.address = address_of(rows[i].from),
                                                    .has_move = true,
                                                    .move_to = {{[18] = 0xc0, [19] = 0xde}}};
            o.count = 2;
        }
        struct call_request q = {.to = {{0xaa}}, .gas = 10000000, .state = &o, .diag = &d};
        CHECK_ERR(chain_call(v, rows[i].from ? 300 : 200, &q, &a, &r, &gas), E_OK);
        CHECK_INT(r.status, FRAME_OUT_OF_GAS);
        CHECK(a.used_bytes < 300000); /* two outputs at most */
        arena_free(&a);
        buf_free(&code);
    }
    /* an estimation runs its message many times, and keeps the first run's megabyte */
    struct arena a = {0};
    struct frame_result r;
    static const uint8_t big[] = {0x62, 0x10, 0, 0, 0x5f, 0xf3};
    struct account_override account = {
        .address = {{0xaa}}, .has_code = true, .code = bytes_of(big, sizeof big)};
    struct state_override o = {.accounts = &account, .count = 1};
    struct call_request q = {.to = {{0xaa}}, .state = &o};
    uint64_t gas;
    CHECK_ERR(chain_estimate_gas(v, 300, &q, &a, &gas, &r), E_OK);
    CHECK_INT(r.output.len, 1 << 20);
    CHECK(a.used_bytes < 3 << 20);
    arena_free(&a);
    chain_view_close(v);
    ledger_end(&l);
}

/* EIP-2935: from the second block on, the contract knows the hash of each block before. */
TEST(the_history_contract_knows_the_last_blocks)
{
    struct ledger l;
    REQUIRE(begin(&l, true, NULL));
    struct hash hashes[3];
    for (size_t i = 0; i < 3; i++) {
        hashes[i] = chain_head(l.chain).hash;
        ledger_transfer(&l, 1, 2, 1);
        CHECK_INT(ledger_block(&l), 1);
    }
    for (uint64_t i = 0; i < 3; i++)
        call(&l, READER, i);
    call(&l, READER, 77); /* not yet */
    CHECK_INT(ledger_block(&l), 4);
    for (size_t i = 0; i < 3; i++) {
        struct u256 told = slot_of(&l, READER, i), stated = u256_from_be(hashes[i].b);
        CHECK(u256_eq(told, stated));
        CHECK(u256_eq(slot_of(&l, HISTORY, i), stated));
    }
    CHECK(u256_is_zero(slot_of(&l, READER, 77)));
    ledger_end(&l);
}

/* Without the contract in the genesis nothing is written: the chain is as it was before. */
TEST(no_history_contract_no_history)
{
    struct ledger l;
    REQUIRE(begin(&l, false, NULL));
    ledger_transfer(&l, 1, 2, 1);
    CHECK_INT(ledger_block(&l), 1);
    CHECK(u256_is_zero(slot_of(&l, HISTORY, 0)));
    ledger_end(&l);
}

/* CLZ (EIP-7939) came with Osaka; the block at LEDGER_TIME + 2 is the first under it here. The
 * history contract is called from Prague on, here from block 2 on. */
TEST(forks_begin_at_their_time)
{
    char forks[200];
    struct ledger l;
    struct arena a = {0};
    struct block b;
    snprintf(forks, sizeof forks, "{\"cancun\": 0, \"prague\": %u, \"osaka\": %u}", LEDGER_TIME + 2,
             LEDGER_TIME + 3);
    REQUIRE(begin(&l, true, forks));
    for (int i = 0; i < 3; i++) {
        call(&l, ZEROES, 0);
        CHECK_INT(block_with(&l, &a, &b), 1);
        CHECK(b.receipts[0].success == (i == 2));
        CHECK_ERR(header_check_own(&b.header), E_OK); /* the form stays */
        CHECK(u256_is_zero(slot_of(&l, HISTORY, (uint64_t)i)) == (i == 0));
    }
    CHECK(u256_eq(slot_of(&l, ZEROES, 0), u256_from_u64(255)));
    arena_free(&a);
    ledger_end(&l);
}

/* A chain with contracts, closed. */
static bool make_chain(struct ledger *l)
{
    if (!begin(l, true, NULL))
        return false;
    for (uint64_t i = 0; i < 3; i++) {
        call(l, COUNTER, 0);
        call(l, READER, i);
        call(l, REFUSER, 0);
        CHECK_INT(ledger_block(l), 3);
    }
    chain_close(l->chain);
    l->chain = NULL;
    return true;
}

static void audit(const char *dir)
{
    struct audit_report report;
    struct diag d = {""};
    struct store *s = ledger_store(dir, false);
    if (audit_run(s, test_tmpdir(), NULL, &report, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "audit: %s", d.text);
    CHECK(report.blocks == 4 && report.transactions == 9);
    store_close(s);
}

TEST(a_chain_with_contracts_audits_and_travels)
{
    struct ledger l;
    struct diag d = {""};
    char file[600], copy[600];
    REQUIRE(make_chain(&l));
    audit(l.dir);
    snprintf(file, sizeof file, "%s/chain", test_tmpdir());
    snprintf(copy, sizeof copy, "%s/copy", test_tmpdir());
    struct store *s = ledger_store(l.dir, false);
    CHECK_ERR(chain_export(s, file, NULL, &d), E_OK);
    store_close(s);
    struct store_config config = {.dir = copy, .key32 = LEDGER_STORE_KEY};
    CHECK_ERR(chain_import_new(&config, file, NULL, &d), E_OK);
    audit(copy);
    ledger_end(&l);
}
