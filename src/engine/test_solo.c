/* Tests of the solo engine: blocks come by themselves, at most one per period; it stops cleanly; a
 * commit that fails stops it and says why. */
#include "chain/test_ledger.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static struct engine engine_of(struct ledger *l, unsigned block_ms)
{
    struct engine e = {.ops = &ENGINE_SOLO, .chain = l->chain, .block_ms = block_ms};
    memcpy(e.key32, l->proposer_key, 32);
    return e;
}

/* wait_for waits until the chain has `count` transactions, at most ten seconds. */
static bool wait_for(struct ledger *l, uint64_t count)
{
    for (int i = 0; i < 10000 && chain_head(l->chain).tx_total < count; i++)
        usleep(1000);
    return chain_head(l->chain).tx_total == count;
}

TEST(blocks_come_as_there_is_work)
{
    struct ledger l;
    struct diag d = {""};
    REQUIRE(ledger_begin(&l));
    struct engine e = engine_of(&l, 0);
    REQUIRE(e.ops->start(&e, &d) == E_OK);
    CHECK(address_eq(&e.address, &l.proposer));
    for (int i = 0; i < 20; i++) {
        struct tx t = ledger_unsigned(&l, 0, 1, 1);
        struct hash hash;
        CHECK_ERR(e.ops->submit(&e, ledger_sign(&l, &t, 0), &hash, NULL), E_OK);
        l.nonces[0]++;
        if (i % 5 == 4)
            CHECK(wait_for(&l, (uint64_t)i + 1));
    }
    e.ops->stop(&e);
    e.ops->stop(&e); /* twice is once */
    struct chain_head head = chain_head(l.chain);
    CHECK(head.number >= 4 && head.tx_total == 20 && !e.failed);
    CHECK(head.timestamp_s >= LEDGER_TIME);
    uint64_t number = head.number;
    ledger_transfer(&l, 0, 1, 1); /* nobody orders it any more */
    usleep(20000);
    CHECK_INT(chain_head(l.chain).number, number);
    ledger_end(&l);
}

TEST(every_block_has_the_proposers_seal)
{
    struct ledger l;
    struct diag d = {""};
    REQUIRE(ledger_begin(&l));
    struct engine e = engine_of(&l, 0);
    REQUIRE(e.ops->start(&e, &d) == E_OK);
    ledger_transfer(&l, 0, 1, 1);
    CHECK(wait_for(&l, 1));
    e.ops->stop(&e);
    struct chain_view *v;
    struct arena a = {0};
    struct block b;
    struct address signer;
    REQUIRE(chain_view_open(l.chain, &v) == E_OK);
    CHECK_ERR(chain_load_block(v, 1, &a, false, &b), E_OK);
    CHECK_ERR(ecdsa_recover(&signer, &b.hash, &b.seal, false), E_OK);
    CHECK(address_eq(&signer, &l.proposer) && address_eq(&signer, &b.header.beneficiary));
    chain_view_close(v);
    arena_free(&a);
    ledger_end(&l);
}

TEST(at_most_one_block_per_period)
{
    struct ledger l;
    struct diag d = {""};
    REQUIRE(ledger_begin(&l));
    struct engine e = engine_of(&l, 100);
    REQUIRE(e.ops->start(&e, &d) == E_OK);
    uint64_t begin_us = clock_mono_us();
    for (int i = 0; i < 30; i++) {
        ledger_transfer(&l, 0, 1, 1);
        usleep(10000);
    }
    CHECK(wait_for(&l, 30));
    uint64_t periods = (clock_mono_us() - begin_us) / 100000 + 1;
    e.ops->stop(&e);
    CHECK(chain_head(l.chain).number >= 2 && chain_head(l.chain).number <= periods);
    ledger_end(&l);
}

/* Ten seconds at most for the block that must come; then a second in which none may. */
TEST(one_empty_block_follows_then_rest)
{
    struct ledger l;
    struct diag d = {""};
    REQUIRE(ledger_begin(&l));
    struct engine e = engine_of(&l, 0);
    REQUIRE(e.ops->start(&e, &d) == E_OK);
    usleep(600000);
    CHECK_INT(chain_head(l.chain).number, 0); /* nothing happened yet: no heartbeat */
    ledger_transfer(&l, 0, 1, 1);
    for (int i = 0; i < 10000 && chain_head(l.chain).number < 2; i++)
        usleep(1000);
    CHECK_INT(chain_head(l.chain).number, 2);
    usleep(1000000);
    CHECK_INT(chain_head(l.chain).number, 2);
    CHECK_INT(chain_head(l.chain).tx_total, 1);
    e.ops->stop(&e);
    ledger_end(&l);
}

TEST(time_never_goes_back)
{
    struct ledger l;
    struct diag d = {""};
    REQUIRE(ledger_begin(&l));
    struct engine e = engine_of(&l, 0);
    clock_set_fixed(LEDGER_TIME + 100);
    REQUIRE(e.ops->start(&e, &d) == E_OK);
    ledger_transfer(&l, 0, 1, 1);
    CHECK(wait_for(&l, 1));
    clock_set_fixed(LEDGER_TIME - 100);
    ledger_transfer(&l, 0, 1, 1);
    CHECK(wait_for(&l, 2));
    e.ops->stop(&e);
    clock_set_fixed(0);
    CHECK_INT(chain_head(l.chain).timestamp_s, LEDGER_TIME + 100);
    ledger_end(&l);
}

TEST(only_the_proposers_key_starts)
{
    struct ledger l;
    struct diag d = {""};
    REQUIRE(ledger_begin(&l));
    struct engine e = engine_of(&l, 0);
    memcpy(e.key32, l.keys[0], 32);
    CHECK_ERR(e.ops->start(&e, &d), E_KEY);
    CHECK(strstr(d.text, "proposer"));
    memset(e.key32, 0, 32);
    CHECK_ERR(e.ops->start(&e, &d), E_KEY);
    e.ops->stop(&e); /* never started: nothing to do */
    ledger_end(&l);
}

static _Atomic int faults_fired;

static int no_space(const char *operation)
{
    if (strcmp(operation, "commit") != 0)
        return 0;
    atomic_fetch_add(&faults_fired, 1);
    return ENOSPC;
}

TEST(a_commit_that_fails_stops_the_engine)
{
    struct ledger l;
    struct diag d = {""};
    struct hash hash;
    REQUIRE(ledger_begin(&l));
    struct engine e = engine_of(&l, 0);
    REQUIRE(e.ops->start(&e, &d) == E_OK);
    store_fault_hook = no_space;
    struct tx t = ledger_unsigned(&l, 0, 1, 1);
    struct bytes raw = ledger_sign(&l, &t, 0);
    CHECK_ERR(e.ops->submit(&e, raw, &hash, NULL), E_OK);
    for (int i = 0; i < 10000 && !e.failed; i++)
        usleep(1000);
    CHECK(e.failed && atomic_load(&faults_fired) == 1);
    CHECK(strstr(e.failure.text, "block 1") && strstr(e.failure.text, err_text(E_DISK_FULL)));
    store_fault_hook = NULL;
    CHECK_ERR(e.ops->submit(&e, raw, &hash, NULL), E_STOPPED);
    e.ops->stop(&e);
    CHECK_INT(chain_head(l.chain).number, 0);
    ledger_end(&l);
}
