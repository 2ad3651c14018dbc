/* Tests of the chain: from the pool through blocks to reopening; proposals; views; calls. */
#include "chain/audit.h"
#include "chain/blocks.h"
#include "chain/chain.h"
#include "chain/test_ledger.h"

#include <errno.h>

#include "base/limits.h"
#include "crypto/keccak.h"
#include "store/tables.h"

TEST(transfers_go_through_blocks_and_survive_reopening)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    uint64_t before = ledger_balance(&l, 1, NULL), nonce;
    struct hash first = ledger_transfer(&l, 0, 1, 5);
    struct hash second = ledger_transfer(&l, 0, 1, 7);
    struct hash third = ledger_transfer(&l, 2, 1, 11);
    CHECK_INT(ledger_block(&l), 3);
    CHECK_INT(chain_head(l.chain).number, 1);
    CHECK_INT(chain_head(l.chain).tx_total, 3);
    CHECK_INT(ledger_balance(&l, 1, NULL) - before, 23);
    ledger_transfer(&l, 0, 1, 1);
    CHECK_INT(ledger_block(&l), 1);
    struct chain_head head = chain_head(l.chain);

    for (int round = 0; round < 2; round++) { /* from memory, then from the store */
        struct chain_view *v;
        struct block b;
        struct arena a = {0};
        uint64_t number;
        size_t index;
        REQUIRE(chain_view_open(l.chain, &v) == E_OK);
        CHECK_ERR(chain_find_tx(v, &second, &number, &index), E_OK);
        CHECK(number == 1 && index == 1);
        CHECK_ERR(chain_find_tx(v, &third, &number, &index), E_OK);
        CHECK(number == 1 && index == 2);
        CHECK_ERR(chain_find_tx(v, &head.hash, &number, &index), E_NOT_FOUND);
        CHECK_ERR(chain_load_block(v, 1, &a, true, &b), E_OK);
        CHECK(b.tx_count == 3 && hash_eq(&b.txs[0].hash, &first));
        CHECK(b.txs[2].has_sender && address_eq(&b.txs[2].sender, &l.accounts[2]));
        CHECK(b.receipts && b.receipts[2].success && b.receipts[2].gas_used == 21000);
        CHECK_INT(b.receipts[2].cumulative_gas_used, 63000);
        CHECK_INT(b.header.gas_used, 63000);
        struct hash root = blocks_receipt_root(b.receipts, b.tx_count);
        CHECK(hash_eq(&root, &b.header.receipts_root));
        struct buf rlp = {0};
        block_encode(&rlp, &b);
        CHECK_INT(b.size_bytes, rlp.len);
        buf_free(&rlp);
        CHECK_ERR(chain_number_of(v, &b.hash, &number), E_OK);
        CHECK_INT(number, 1);
        CHECK_ERR(chain_number_of(v, &head.hash, &number), E_OK);
        CHECK_INT(number, 2);
        CHECK_ERR(chain_number_of(v, &first, &number), E_NOT_FOUND);
        CHECK_ERR(chain_load_block(v, 3, &a, false, &b), E_NOT_FOUND);
        struct header h;
        struct hash hash;
        CHECK_ERR(chain_load_header(v, 0, &a, &h, &hash), E_OK);
        CHECK_INT(h.timestamp_s, LEDGER_TIME);
        CHECK_ERR(chain_load_header(v, 3, &a, &h, &hash), E_NOT_FOUND);
        chain_view_close(v);
        arena_free(&a);
        CHECK_INT(ledger_balance(&l, 1, &nonce) - before, 24);
        ledger_balance(&l, 0, &nonce);
        CHECK_INT(nonce, 3);
        if (round == 0) {
            chain_close(l.chain);
            REQUIRE(ledger_open(&l));
            struct chain_head again = chain_head(l.chain);
            CHECK(memcmp(&again, &head, sizeof head) == 0);
        }
    }
    CHECK_INT(chain_id(l.chain), LEDGER_CHAIN_ID);
    ledger_transfer(&l, 0, 1, 1); /* and it goes on */
    CHECK_INT(ledger_block(&l), 1);
    ledger_end(&l);
}

TEST(a_store_has_one_chain)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct diag d;
    CHECK_ERR(chain_create(chain_store(l.chain), chain_genesis(l.chain), &d), E_EXISTS);
    ledger_end(&l);
    struct chain_config config = {.store = ledger_store(test_tmpdir(), true)};
    struct chain *c;
    CHECK_ERR(chain_open(&c, &config, &d), E_NOT_FOUND);
    store_close(config.store);
}

/* overwrite replaces a META record. */
static void overwrite_meta(const char *dir, const char *name, struct bytes value)
{
    struct store *s = ledger_store(dir, false);
    struct store_txn *t;
    CHECK_ERR(store_begin_write(s, &t), E_OK);
    CHECK_ERR(store_put(t, TABLE_META, (struct store_key){.name = bytes_str(name)}, value), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
    store_close(s);
}

TEST(records_of_another_version_are_refused)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    chain_close(l.chain);
    l.chain = NULL;
    struct diag d;
    struct chain_config config = {0};
    overwrite_meta(l.dir, META_VERSION, bytes_of("\0\0\0\x63", 4));
    config.store = ledger_store(l.dir, false);
    CHECK_ERR(chain_open(&l.chain, &config, &d), E_VERSION);
    store_close(config.store);
    overwrite_meta(l.dir, META_VERSION, bytes_of("\0\0\0\x1", 4));
    overwrite_meta(l.dir, META_IMPORTING, bytes_str("1"));
    config.store = ledger_store(l.dir, false);
    CHECK_ERR(chain_open(&l.chain, &config, &d), E_CORRUPT);
    store_close(config.store);
    arena_free(&l.arena);
}

/* --- proposals -------------------------------------------------------------------------------- */

/* propose makes a proposal of signed transactions. */
static struct proposal propose(struct ledger *l, struct tx *txs, struct tx **order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CHECK_ERR(tx_recover(&txs[i]), E_OK);
        order[i] = &txs[i];
    }
    return (struct proposal){.number = chain_head(l->chain).number + 1,
                             .timestamp_s = LEDGER_TIME + 1,
                             .proposer = l->proposer,
                             .txs = order,
                             .tx_count = count};
}

TEST(process_refuses_what_breaks_a_rule)
{
    struct ledger l;
    struct tx txs[2], *order[2];
    struct diag d;
    REQUIRE(ledger_begin(&l));
    txs[0] = ledger_unsigned(&l, 0, 1, 1);
    txs[1] = ledger_unsigned(&l, 1, 0, 1);
    ledger_sign(&l, &txs[0], 0);
    ledger_sign(&l, &txs[1], 1);
    struct proposal good = propose(&l, txs, order, 2), p = good;
    CHECK_ERR(chain_process(l.chain, &p, &d), E_OK);
    p.number = 2;
    CHECK_ERR(chain_process(l.chain, &p, &d), E_BLOCK);
    CHECK(strstr(d.text, "follow"));
    p = good;
    p.timestamp_s = LEDGER_TIME - 1;
    CHECK_ERR(chain_process(l.chain, &p, &d), E_BLOCK);
    CHECK(strstr(d.text, "timestamp"));
    p = good;
    p.proposer = l.accounts[0];
    CHECK_ERR(chain_process(l.chain, &p, &d), E_BLOCK);
    CHECK(strstr(d.text, "proposer"));
    p = good;
    p.tx_count = LIMIT_BLOCK_TXS + 1;
    CHECK_ERR(chain_process(l.chain, &p, &d), E_BLOCK);
    struct ecdsa_signature signature = txs[1].signature;
    txs[0].has_sender = txs[1].has_sender = false; /* nobody recovered them yet */
    CHECK_ERR(chain_process(l.chain, &good, &d), E_OK);
    CHECK(address_eq(&txs[0].sender, &l.accounts[0]) && address_eq(&txs[1].sender, &l.accounts[1]));
    txs[1].has_sender = false;
    memset(txs[1].signature.r, 0xff, 32); /* above the curve's order: nobody's */
    CHECK_ERR(chain_process(l.chain, &good, &d), E_BLOCK);
    CHECK(strstr(d.text, "transaction 1") && strstr(d.text, err_text(E_SIGNATURE)));
    txs[1].signature = signature;
    txs[1].has_sender = true;
    txs[1].chain_id = 1;
    CHECK_ERR(chain_process(l.chain, &good, &d), E_BLOCK);
    txs[1].chain_id = LEDGER_CHAIN_ID;
    txs[0].gas_limit = txs[1].gas_limit = LIMIT_TX_GAS; /* each fits, both do not */
    CHECK_ERR(chain_process(l.chain, &good, &d), E_BLOCK);
    CHECK(strstr(d.text, "transaction 1"));
    ledger_end(&l);
}

TEST(equal_proposals_make_equal_blocks)
{
    struct ledger l[2];
    struct buf bytes[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        struct tx txs[3], *order[3];
        const struct block *b;
        struct diag d;
        REQUIRE(ledger_begin(&l[i]));
        txs[0] = ledger_unsigned(&l[i], 0, 1, 5);
        ledger_sign(&l[i], &txs[0], 0);
        l[i].nonces[0]++;
        txs[1] = ledger_unsigned(&l[i], 0, 2, 6);
        ledger_sign(&l[i], &txs[1], 0);
        txs[2] = ledger_unsigned(&l[i], 3, 4, 7);
        txs[2].type = TX_LEGACY;
        ledger_sign(&l[i], &txs[2], 3);
        struct proposal p = propose(&l[i], txs, order, 3);
        CHECK_ERR(chain_finalize(l[i].chain, &p, i == 0, &b, &d), E_OK);
        if (i == 1) { /* the second chain abandons once before */
            chain_abandon(l[i].chain);
            CHECK_ERR(chain_finalize(l[i].chain, &p, false, &b, &d), E_OK);
        }
        block_encode(&bytes[i], b);
        CHECK_INT(b->size_bytes, bytes[i].len);
        CHECK_ERR(ledger_commit(&l[i], b), E_OK);
    }
    CHECK(bytes[0].len > 500 && bytes_eq(buf_view(&bytes[0]), buf_view(&bytes[1])));
    for (int i = 0; i < 2; i++) {
        buf_free(&bytes[i]);
        ledger_end(&l[i]);
    }
}

TEST(invalid_transactions_are_dropped_or_refused)
{
    struct ledger l;
    struct tx txs[2], *order[2];
    const struct block *b;
    struct diag d;
    REQUIRE(ledger_begin(&l));
    txs[0] = ledger_unsigned(&l, 0, 1, 1);
    ledger_sign(&l, &txs[0], 0);
    txs[1] = ledger_unsigned(&l, 7, 1, 1); /* has no funds */
    ledger_sign(&l, &txs[1], 7);
    struct proposal p = propose(&l, txs, order, 2);
    CHECK_ERR(chain_finalize(l.chain, &p, false, &b, &d), E_BLOCK);
    CHECK(strstr(d.text, "transaction 1"));
    chain_abandon(l.chain);
    CHECK_ERR(chain_finalize(l.chain, &p, true, &b, &d), E_OK);
    CHECK_INT(b->tx_count, 1);
    chain_abandon(l.chain);
    CHECK_INT(chain_head(l.chain).number, 0);
    CHECK_INT(ledger_balance(&l, 7, NULL), 0);
    ledger_end(&l);
}

/* A sender that spends in its first transaction what its second needs. */
TEST(a_transaction_that_turns_invalid_leaves_the_pool)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct tx all = ledger_unsigned(&l, 0, 1, 0);
    REQUIRE(u256_parse(&all.value, "1000000000000000000000") == E_OK);
    CHECK_ERR(ledger_send(&l, &all, 0), E_OK);
    l.nonces[0]++;
    ledger_transfer(&l, 0, 1, 1);
    l.nonces[0]++;
    struct tx later = ledger_unsigned(&l, 0, 1, 0);
    CHECK_ERR(ledger_send(&l, &later, 0), E_OK); /* behind a gap */
    CHECK_INT(ledger_block(&l), 1);
    struct pool_stats stats = pool_stats(chain_pool(l.chain));
    CHECK(stats.pending == 0 && stats.queued == 1);
    CHECK_INT(ledger_balance(&l, 0, NULL), 0);
    ledger_end(&l);
}

TEST(abandoned_blocks_leave_no_trace)
{
    struct ledger l;
    struct proposal p;
    const struct block *b;
    struct diag d;
    REQUIRE(ledger_begin(&l));
    uint64_t before = ledger_balance(&l, 1, NULL);
    ledger_transfer(&l, 0, 1, 5);
    for (int i = 0; i < 3; i++) {
        chain_prepare(l.chain, &p, LEDGER_TIME + 1, CHAIN_BLOCK_BYTES);
        CHECK_INT(p.tx_count, 1);
        CHECK_INT(pool_wait(chain_pool(l.chain), 0), 0);
        CHECK_ERR(chain_finalize(l.chain, &p, true, &b, &d), E_OK);
        chain_abandon(l.chain);
        CHECK_INT(ledger_balance(&l, 1, NULL), before);
        CHECK_INT(chain_head(l.chain).number, 0);
        CHECK_INT(pool_stats(chain_pool(l.chain)).pending, 1);
    }
    CHECK_INT(ledger_block(&l), 1);
    CHECK_INT(ledger_balance(&l, 1, NULL), before + 5);
    ledger_end(&l);
}

/* --- commits that fail ------------------------------------------------------------------------ */

static long fault_countdown;
static int faults_fired;

static int disk_full(const char *operation)
{
    if (strcmp(operation, "put") && strcmp(operation, "commit") && strcmp(operation, "del") &&
        strcmp(operation, "begin"))
        return 0;
    if (fault_countdown > 0 && --fault_countdown == 0) {
        faults_fired++;
        return ENOSPC;
    }
    return 0;
}

TEST(a_commit_that_fails_leaves_the_head)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    ledger_transfer(&l, 0, 1, 5);
    uint64_t before = ledger_balance(&l, 1, NULL);
    for (long n = 1;; n++) {
        struct proposal p;
        const struct block *b;
        struct diag d;
        struct ecdsa_signature seal;
        chain_prepare(l.chain, &p, LEDGER_TIME + 1, CHAIN_BLOCK_BYTES);
        CHECK_INT(p.tx_count, 1);
        CHECK_ERR(chain_finalize(l.chain, &p, true, &b, &d), E_OK);
        CHECK_ERR(ecdsa_sign(&seal, &b->hash, l.proposer_key), E_OK);
        int fired = faults_fired;
        fault_countdown = n;
        store_fault_hook = disk_full;
        enum err e = chain_commit(l.chain, &seal);
        store_fault_hook = NULL;
        if (faults_fired == fired) {
            CHECK_ERR(e, E_OK);
            break;
        }
        CHECK_ERR(e, E_DISK_FULL);
        CHECK_INT(chain_head(l.chain).number, 0);
        CHECK_INT(ledger_balance(&l, 1, NULL), before);
        chain_close(l.chain); /* and what is on disk says the same */
        REQUIRE(ledger_open(&l));
        CHECK_INT(chain_head(l.chain).number, 0);
        l.nonces[0] = 0;
        ledger_transfer(&l, 0, 1, 5);
    }
    CHECK(faults_fired > 10);
    CHECK_INT(ledger_balance(&l, 1, NULL), before + 5);
    ledger_end(&l);
}

/* --- views and calls -------------------------------------------------------------------------- */

TEST(earlier_states_can_be_read)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    uint64_t start = ledger_balance(&l, 1, NULL);
    for (int i = 0; i < 140; i++) {
        ledger_transfer(&l, 0, 1, 1);
        CHECK_INT(ledger_block(&l), 1);
    }
    struct chain_view *v;
    REQUIRE(chain_view_open(l.chain, &v) == E_OK);
    static const uint64_t HEIGHTS[] = {140, 139, 100, 140 - LIMIT_STATE_HISTORY};
    for (size_t i = 0; i < 4; i++) {
        struct statedb_view *at;
        struct account a;
        bool exists;
        REQUIRE(chain_state_at(v, HEIGHTS[i], &at) == E_OK);
        const struct state_reader *r = statedb_view_reader(at);
        CHECK_ERR(r->account(r->ctx, &l.accounts[1], &a, &exists), E_OK);
        CHECK_INT(a.balance.w[0] - start, HEIGHTS[i]);
    }
    struct statedb_view *at;
    CHECK_ERR(chain_state_at(v, 140 - LIMIT_STATE_HISTORY - 1, &at), E_PRUNED);
    CHECK_ERR(chain_state_at(v, 141, &at), E_NOT_FOUND);
    chain_view_close(v);
    ledger_end(&l);
}

TEST(calls_run_on_a_state_and_keep_nothing)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    ledger_transfer(&l, 0, 1, 5);
    CHECK_INT(ledger_block(&l), 1);
    uint64_t before = ledger_balance(&l, 1, NULL), gas, estimate;
    struct chain_view *v;
    struct arena a = {0};
    struct frame_result r;
    struct call_request q = {.from = l.accounts[0], .to = l.accounts[1], .value = {{9, 0, 0, 0}}};
    REQUIRE(chain_view_open(l.chain, &v) == E_OK);
    CHECK_ERR(chain_call(v, 1, &q, &a, &r, &gas), E_OK);
    CHECK(r.status == FRAME_SUCCESS && gas == 21000);
    CHECK_ERR(chain_estimate_gas(v, 1, &q, &a, &estimate, &r), E_OK);
    CHECK_INT(estimate, 21000);
    q.data = bytes_str("\x01\x02\x00\x03"); /* EIP-7623: 10 gas per token, 4 tokens per byte */
    CHECK_ERR(chain_estimate_gas(v, 0, &q, &a, &estimate, &r), E_OK);
    CHECK(estimate > 21000 && estimate < 21400);
    q.gas = 21000;
    CHECK_ERR(chain_call(v, 1, &q, &a, &r, &gas), E_TX_INTRINSIC_GAS);
    CHECK_ERR(chain_call(v, 2, &q, &a, &r, &gas), E_NOT_FOUND);
    q = (struct call_request){.from = l.accounts[7], .to = l.accounts[1], .value = {{9, 0, 0, 0}}};
    CHECK_ERR(chain_call(v, 1, &q, &a, &r, &gas), E_TX_FUNDS);
    CHECK_ERR(chain_estimate_gas(v, 1, &q, &a, &estimate, &r), E_TX_FUNDS);
    chain_view_close(v);
    arena_free(&a);
    CHECK_INT(ledger_balance(&l, 1, NULL), before);
    ledger_end(&l);
}

/* --- listeners -------------------------------------------------------------------------------- */

struct heard {
    size_t blocks, txs, pending;
};

static void hear_block(void *ctx, const struct block *b)
{
    struct heard *h = ctx;
    h->blocks++;
    h->txs += b->tx_count;
}

static void hear_pending(void *ctx, const struct tx *t)
{
    struct heard *h = ctx;
    h->pending += t->has_sender;
}

TEST(listeners_hear_blocks_and_transactions)
{
    struct ledger l;
    struct heard heard = {0};
    struct chain_listener listener = {hear_block, hear_pending, &heard};
    REQUIRE(ledger_begin(&l));
    chain_listen(l.chain, &listener);
    ledger_transfer(&l, 0, 1, 1);
    ledger_transfer(&l, 1, 0, 1);
    CHECK(heard.pending == 2 && heard.blocks == 0);
    CHECK_INT(ledger_block(&l), 2);
    CHECK(heard.blocks == 1 && heard.txs == 2);
    ledger_end(&l);
}
