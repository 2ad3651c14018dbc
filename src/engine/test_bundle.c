/* Tests of what members tell each other: bundles, what is told and told again, what comes in. */
#include "chain/test_ledger.h"

#include <unistd.h>

#include "base/limits.h"
#include "engine/bundle.h"
#include "engine/inbox.h"
#include "engine/outbox.h"

TEST(a_bundle_gives_back_what_went_in)
{
    struct buf b = {0};
    struct bundle read;
    struct bytes raw;
    bundle_open(&b, 7);
    bundle_add(&b, bytes_str("one"));
    bundle_add(&b, bytes_str("another"));
    CHECK_ERR(bundle_read(&read, buf_view(&b)), E_OK);
    CHECK_INT(read.mark, 7);
    CHECK_INT(read.count, 2);
    CHECK(bundle_next(&read, &raw) && bytes_eq(raw, bytes_str("one")));
    CHECK(bundle_next(&read, &raw) && bytes_eq(raw, bytes_str("another")));
    CHECK(!bundle_next(&read, &raw));
    buf_free(&b);
}

TEST(what_is_no_bundle_is_refused)
{
    struct buf b = {0};
    struct bundle read = {.count = 99};
    bundle_open(&b, 1);
    CHECK_ERR(bundle_read(&read, buf_view(&b)), E_INVALID); /* nothing in it */
    bundle_add(&b, bytes_str("one"));
    for (size_t len = 0; len < b.len; len++) /* cut anywhere */
        CHECK_ERR(bundle_read(&read, bytes_of(b.data, len)), E_INVALID);
    for (size_t i = 0; i < 4; i++) { /* another beginning */
        b.data[i] ^= 1;
        CHECK_ERR(bundle_read(&read, buf_view(&b)), E_INVALID);
        b.data[i] ^= 1;
    }
    buf_put_u8(&b, 0); /* a rest */
    CHECK_ERR(bundle_read(&read, buf_view(&b)), E_INVALID);
    b.len--;
    be32_put(b.data + BUNDLE_HEAD_BYTES, 0); /* an empty transaction */
    CHECK_ERR(bundle_read(&read, buf_view(&b)), E_INVALID);
    be32_put(b.data + BUNDLE_HEAD_BYTES, LIMIT_TX_BYTES + 1);
    CHECK_ERR(bundle_read(&read, buf_view(&b)), E_TOO_LARGE);
    be32_put(b.data + BUNDLE_HEAD_BYTES, UINT32_MAX);
    CHECK_ERR(bundle_read(&read, buf_view(&b)), E_TOO_LARGE);
    CHECK_INT(read.count, 99); /* untouched */
    b.len = BUNDLE_HEAD_BYTES;
    for (size_t i = 0; i <= LIMIT_BLOCK_TXS; i++)
        bundle_add(&b, bytes_str("x"));
    CHECK_ERR(bundle_read(&read, buf_view(&b)), E_TOO_LARGE);
    CHECK_ERR(bundle_read(&read, bytes_of(b.data, b.len - 5)), E_OK);
    buf_free(&b);
}

static struct hash put_transfer(struct ledger *l, struct outbox *o)
{
    struct hash hash = ledger_transfer(l, 0, 1, 5);
    outbox_put(o, &hash);
    return hash;
}

static size_t count_in(const struct buf *b)
{
    struct bundle read;
    return bundle_read(&read, buf_view(b)) == E_OK ? read.count : 0;
}

TEST(what_came_in_here_is_told_once_and_again_when_it_still_waits)
{
    struct ledger l;
    struct buf first = {0}, again = {0}, none = {0};
    REQUIRE(ledger_begin(&l));
    struct outbox *o = outbox_new(chain_pool(l.chain));
    for (int i = 0; i < 3; i++)
        put_transfer(&l, o);
    CHECK(outbox_bundle(o, &first, BUNDLE_GOSSIP_BYTES, 10));
    CHECK_INT(count_in(&first), 3);
    CHECK(!outbox_bundle(o, &none, BUNDLE_GOSSIP_BYTES, 10 + OUTBOX_AGAIN_BLOCKS - 1));
    CHECK(outbox_bundle(o, &again, BUNDLE_GOSSIP_BYTES, 10 + OUTBOX_AGAIN_BLOCKS));
    CHECK_INT(count_in(&again), 3);
    CHECK_INT(first.len, again.len);
    CHECK(!bytes_eq(buf_view(&first), buf_view(&again))); /* the mark differs, nothing else */
    CHECK(memcmp(first.data + BUNDLE_HEAD_BYTES, again.data + BUNDLE_HEAD_BYTES,
                 first.len - BUNDLE_HEAD_BYTES) == 0);
    CHECK_INT(ledger_block(&l), 3);
    CHECK(!outbox_bundle(o, &none, BUNDLE_GOSSIP_BYTES, 100)); /* they stand in a block */
    CHECK_INT(none.len, 0);
    buf_free(&first);
    buf_free(&again);
    outbox_free(o);
    ledger_end(&l);
}

TEST(bundles_are_closed_before_they_grow_too_large)
{
    struct ledger l;
    struct buf b = {0};
    size_t total = 0, bundles = 0;
    REQUIRE(ledger_begin(&l));
    struct outbox *o = outbox_new(chain_pool(l.chain));
    for (int i = 0; i < 2000; i++)
        put_transfer(&l, o);
    for (; outbox_bundle(o, &b, 20000, 1); bundles++) {
        CHECK(b.len <= 20000);
        CHECK(count_in(&b) > 100);
        total += count_in(&b);
        buf_clear(&b);
    }
    CHECK_INT(total, 2000);
    CHECK(bundles > 5);
    buf_free(&b);
    outbox_free(o);
    ledger_end(&l);
}

/* wait_pending waits until `count` transactions can be executed, at most ten seconds. */
static bool wait_pending(struct ledger *l, size_t count)
{
    for (int i = 0; i < 10000 && pool_stats(chain_pool(l->chain)).pending < count; i++)
        usleep(1000);
    return pool_stats(chain_pool(l->chain)).pending == count;
}

static void add_transfer(struct ledger *l, struct buf *bundle, size_t from)
{
    struct tx t = ledger_unsigned(l, from, 1, 5);
    bundle_add(bundle, ledger_sign(l, &t, from));
    l->nonces[from]++;
}

TEST(bundles_of_peers_reach_the_pool)
{
    struct ledger l;
    struct diag d = {""};
    struct inbox *in = NULL;
    struct buf b = {0};
    REQUIRE(ledger_begin(&l));
    CHECK_ERR(inbox_start(&in, chain_pool(l.chain), &d), E_OK);
    bundle_open(&b, 1);
    for (int i = 0; i < 10; i++)
        add_transfer(&l, &b, 0);
    CHECK_ERR(inbox_put(in, buf_view(&b)), E_OK);
    CHECK(wait_pending(&l, 10));
    CHECK_ERR(inbox_put(in, buf_view(&b)), E_OK); /* a copy changes nothing */
    CHECK_ERR(inbox_put(in, bytes_of(b.data, b.len - 1)), E_INVALID);
    b.len = 0;
    bundle_open(&b, 2);
    add_transfer(&l, &b, 1);
    CHECK_ERR(inbox_put(in, buf_view(&b)), E_OK);
    CHECK(wait_pending(&l, 11));
    inbox_stop(in);
    buf_free(&b);
    ledger_end(&l);
}

/* What follows a transaction that no honest node passes on is not looked at. */
TEST(a_foul_transaction_ends_its_bundle)
{
    struct ledger l;
    struct diag d = {""};
    struct inbox *in = NULL;
    struct buf b = {0};
    REQUIRE(ledger_begin(&l));
    CHECK_ERR(inbox_start(&in, chain_pool(l.chain), &d), E_OK);
    bundle_open(&b, 1);
    add_transfer(&l, &b, 0);
    size_t foul_at = b.len;
    add_transfer(&l, &b, 1);
    add_transfer(&l, &b, 2);
    b.data[foul_at + 4] ^= 0x40; /* not a type of transaction */
    CHECK_ERR(inbox_put(in, buf_view(&b)), E_OK);
    CHECK(wait_pending(&l, 1));
    b.len = 0;
    bundle_open(&b, 2); /* a stale nonce can happen to an honest peer: what follows counts */
    l.nonces[3] = 20000;
    add_transfer(&l, &b, 3);
    l.nonces[4] = 0;
    add_transfer(&l, &b, 4);
    CHECK_ERR(inbox_put(in, buf_view(&b)), E_OK);
    CHECK(wait_pending(&l, 2));
    inbox_stop(in);
    buf_free(&b);
    ledger_end(&l);
}

/* More than may wait is refused, not kept. */
TEST(a_full_inbox_refuses)
{
    struct ledger l;
    struct diag d = {""};
    struct inbox *in = NULL;
    struct buf b = {0};
    enum err e = E_OK;
    size_t put = 0;
    REQUIRE(ledger_begin(&l));
    CHECK_ERR(inbox_start(&in, chain_pool(l.chain), &d), E_OK);
    bundle_open(&b, 1);
    for (int i = 0; i < 600; i++) /* each costs a recovery: the threads fall behind */
        add_transfer(&l, &b, 0);
    while (put < 4 * INBOX_BUNDLES && (e = inbox_put(in, buf_view(&b))) == E_OK)
        put++;
    CHECK_ERR(e, E_POOL_FULL);
    CHECK((put + 1) * b.len > INBOX_BYTES || put >= INBOX_BUNDLES); /* not before it is full */
    inbox_stop(in); /* with most of it still waiting */
    buf_free(&b);
    ledger_end(&l);
}
