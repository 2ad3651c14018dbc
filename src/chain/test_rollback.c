/* Tests of taking back: after chain_rollback the store holds, record by record, what it held before
 * the block, and the same block can be made again. */
#include "chain/audit.h"
#include "chain/blocks.h"
#include "chain/consensus.h"
#include "chain/test_ledger.h"

#include <stdlib.h>

#include "store/tables.h"

/* SSTORE(calldata[0..32], calldata[32..64]): makes, changes and deletes slots. */
#define WRITER "\"0x00000000000000000000000000000000000aa001\": {\"code\": \"0x6020356000355500\"}"
static const struct address WRITER_AT = {{[17] = 0x0a, [18] = 0xa0, [19] = 0x01}};

/* Every record of a store, in the store's own order, but for code: it is kept for ever. */
struct dump {
    struct buf text;
    enum store_table table;
};

static enum err dump_record(void *ctx, const struct store_record *r)
{
    struct dump *d = ctx;
    CHECK_ERR(r->error, E_OK);
    buf_put_u8(&d->text, (uint8_t)d->table);
    be64_put(buf_grow(&d->text, 8), r->height);
    buf_put(&d->text, r->hidden_name.data, r->hidden_name.len);
    buf_put(&d->text, r->value.data, r->value.len);
    return E_OK;
}

static struct buf dump_store(struct store *s)
{
    struct dump d = {0};
    struct store_txn *t;
    CHECK_ERR(store_begin_read(s, &t), E_OK);
    for (d.table = 0; d.table < STORE_TABLE_COUNT; d.table++)
        if (d.table != TABLE_CODE)
            CHECK_ERR(store_walk(t, d.table, 0, dump_record, &d), E_OK);
    store_abort(t);
    return d.text;
}

static void send_write(struct ledger *l, size_t from, uint8_t slot, uint8_t value)
{
    uint8_t data[64] = {[31] = slot, [63] = value};
    struct tx t = ledger_unsigned(l, from, 0, 0);
    t.to = WRITER_AT;
    t.gas_limit = 100000;
    t.data = bytes_of(arena_dup(&l->arena, data, sizeof data), sizeof data);
    CHECK_ERR(ledger_send(l, &t, from), E_OK);
    l->nonces[from]++;
}

/* send_create deploys code that writes a slot in its constructor and destroys itself or stays. */
static void send_create(struct ledger *l, size_t from, bool dies)
{
    static const uint8_t DIES[] = {0x60, 1, 0x60, 2, 0x55, 0x33, 0xff};
    static const uint8_t STAYS[] = {0x60, 1, 0x60, 2, 0x55, 0x60, 1, 0x60, 0, 0xf3};
    struct tx t = ledger_unsigned(l, from, 0, 7);
    t.is_create = true;
    t.gas_limit = 200000;
    t.data = dies ? bytes_of(DIES, sizeof DIES) : bytes_of(STAYS, sizeof STAYS);
    CHECK_ERR(ledger_send(l, &t, from), E_OK);
    l->nonces[from]++;
}

/* fill_block sends what makes a block change state in every way there is. */
static void fill_block(struct ledger *l, uint64_t number)
{
    for (int i = 0; i < 6; i++)
        send_write(l, 0, (uint8_t)(test_random() % 8), (uint8_t)(test_random() % 3));
    ledger_transfer(l, 1, number % LEDGER_ACCOUNTS, 5);
    if (number % 3 == 0)
        send_create(l, 2, number % 2 != 0);
}

/* reopen closes the chain and opens its store alone, or the other way round. */
static struct store *close_chain(struct ledger *l)
{
    chain_close(l->chain);
    l->chain = NULL;
    return ledger_store(l->dir, false);
}

TEST(taking_back_restores_every_record)
{
    struct ledger l;
    struct diag d = {""};
    struct consensus_point at;
    REQUIRE(ledger_begin_as(&l, &(struct ledger){.alloc = WRITER}));
    for (uint64_t n = 1; n <= 12; n++) {
        struct store *s = close_chain(&l);
        struct buf before = dump_store(s);
        store_close(s);
        REQUIRE(ledger_open(&l));
        uint64_t nonces[LEDGER_ACCOUNTS];
        memcpy(nonces, l.nonces, sizeof nonces);
        fill_block(&l, n);
        CHECK(ledger_block(&l) > 0);
        struct chain_head made = chain_head(l.chain);
        s = close_chain(&l);
        CHECK_ERR(chain_rollback(s, &at, &d), E_OK);
        CHECK_INT(at.block, n - 1);
        CHECK_INT(at.height, 0);
        struct buf after = dump_store(s);
        CHECK(bytes_eq(buf_view(&before), buf_view(&after)));
        buf_free(&before);
        buf_free(&after);
        store_close(s);
        REQUIRE(ledger_open(&l));
        CHECK_INT(chain_head(l.chain).number, n - 1);
        memcpy(l.nonces, nonces, sizeof nonces); /* and on with another block */
        fill_block(&l, n);
        CHECK(ledger_block(&l) > 0);
        CHECK_INT(chain_head(l.chain).number, made.number);
    }
    struct store *s = close_chain(&l);
    struct audit_report report;
    enum err e = audit_run(s, test_tmpdir(), NULL, &report, &d);
    if (e != E_OK)
        test_fail(__FILE__, __LINE__, "audit: %s", d.text);
    store_close(s);
    ledger_end(&l);
}

/* All blocks can be taken back one by one, to block 0 and no further. */
TEST(taking_back_ends_at_block_0)
{
    struct ledger l;
    struct diag d = {""};
    struct consensus_point at;
    struct buf dumps[5] = {{0}};
    REQUIRE(ledger_begin_as(&l, &(struct ledger){.alloc = WRITER}));
    for (uint64_t n = 1; n <= 5; n++) {
        struct store *s = close_chain(&l);
        dumps[n - 1] = dump_store(s);
        store_close(s);
        REQUIRE(ledger_open(&l));
        fill_block(&l, n);
        CHECK(ledger_block(&l) > 0);
    }
    struct store *s = close_chain(&l);
    for (int n = 4; n >= 0; n--) {
        CHECK_ERR(chain_rollback(s, &at, &d), E_OK);
        struct buf now = dump_store(s);
        CHECK(bytes_eq(buf_view(&now), buf_view(&dumps[n])));
        buf_free(&now);
        buf_free(&dumps[n]);
    }
    CHECK_ERR(chain_rollback(s, &at, &d), E_NOT_FOUND);
    CHECK(d.text[0] != 0);
    store_close(s);
    ledger_end(&l);
}

/* On a network a height is taken back, whether or not it made a block. */
TEST(taking_back_goes_by_the_engines_heights)
{
    struct ledger l;
    struct diag d = {""};
    struct consensus_point at;
    struct proposal p;
    const struct block *b;
    REQUIRE(ledger_begin(&l));
    CHECK_ERR(chain_commit_height(l.chain, 1), E_OK);
    ledger_transfer(&l, 0, 1, 5);
    chain_prepare(l.chain, &p, LEDGER_TIME + 1, CHAIN_BLOCK_BYTES);
    CHECK_ERR(chain_finalize(l.chain, &p, true, &b, &d), E_OK);
    chain_decided_at(l.chain, 2);
    CHECK_ERR(ledger_commit(&l, b), E_OK);
    CHECK_ERR(chain_commit_height(l.chain, 3), E_OK);
    at = chain_consensus(l.chain);
    CHECK_INT(at.height, 3);
    CHECK_INT(at.block, 1);
    struct store *s = close_chain(&l);
    static const struct consensus_point EXPECTED[] = {{2, 1}, {1, 0}, {0, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct store_txn *t;
        uint64_t number;
        struct hash hash;
        CHECK_ERR(chain_rollback(s, &at, &d), E_OK);
        CHECK_INT(at.height, EXPECTED[i].height);
        CHECK_INT(at.block, EXPECTED[i].block);
        CHECK_ERR(store_begin_read(s, &t), E_OK);
        CHECK_ERR(blocks_head(t, &number, &hash), E_OK);
        CHECK_INT(number, EXPECTED[i].block);
        CHECK_ERR(consensus_get(t, &at), E_OK);
        CHECK_INT(at.height, EXPECTED[i].height);
        uint64_t decided;
        CHECK_ERR(consensus_of_block(t, 1, &decided), i == 0 ? E_OK : E_NOT_FOUND);
        store_abort(t);
    }
    CHECK_ERR(chain_rollback(s, &at, &d), E_NOT_FOUND);
    store_close(s);
    ledger_end(&l);
}
