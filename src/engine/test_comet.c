/* Tests of the application's side of a network, called as CometBFT would: proposals, decisions,
 * commits; what is refused; what a restart of either side leaves. The real engine stands in
 * tests/network. */
#include "chain/test_ledger.h"
#include "engine/comet.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "chain/audit.h"
#include "city/members/roll.h"
#include "crypto/sha256.h"
#include "engine/bundle.h"

#define HEARTBEAT_S 10

/* Four members whose keys are made up: nobody signs here. */
struct net {
    struct ledger l;
    struct engine engine;
    struct comet comet;
    struct arena arena;
    uint8_t keys[4][32];
    char services[2048];
};

static void member_json(struct buf *out, struct net *n, size_t i, const struct address *operator)
{
    struct buf node = {0};
    memset(n->keys[i], (int)(0xc0 + i), 32);
    uint8_t node20[20];
    memset(node20, (int)(0xa0 + i), sizeof node20);
    buf_putf(out, "%s{\"name\": \"member %zu\", \"operator\": \"", i ? ", " : "", i);
    buf_put_hex(out, operator->b, 20);
    buf_puts(out, "\", \"key\": \"");
    buf_put_hex(out, n->keys[i], 32);
    buf_putf(out, "\", \"power\": %zu, \"node\": \"", 10 + i);
    buf_put_hex(out, node20, 20);
    buf_puts(out, "\"}");
    buf_free(&node);
}

static void net_wire(struct net *n)
{
    n->engine = (struct engine){.ops = &ENGINE_COMET, .chain = n->l.chain};
    n->comet = (struct comet){.engine = &n->engine, .chain = n->l.chain};
    pthread_mutex_init(&n->comet.lock, NULL);
    pthread_mutex_init(&n->comet.snapshot_lock, NULL);
    pthread_cond_init(&n->comet.snapshot_due, NULL);
    atomic_store(&n->comet.stopping, true); /* no waiting for work */
}

static bool net_begin(struct net *n)
{
    struct buf text = {0};
    struct ledger keys = {0};
    log_set_level(LOG_ERROR);
    memset(n, 0, sizeof *n);
    ledger_keys(&keys);
    buf_puts(&text, "{\"members\": {\"validators\": [");
    for (size_t i = 0; i < 4; i++)
        member_json(&text, n, i, i == 0 ? &keys.proposer : &keys.accounts[i]);
    buf_putf(&text, "], \"heartbeat\": %d}}", HEARTBEAT_S);
    snprintf(n->services, sizeof n->services, "%s", buf_cstr(&text));
    buf_free(&text);
    if (!ledger_begin_with(&n->l, n->services))
        return false;
    net_wire(n);
    return true;
}

static void net_unwire(struct net *n)
{
    pthread_cond_destroy(&n->comet.snapshot_due);
    pthread_mutex_destroy(&n->comet.snapshot_lock);
    pthread_mutex_destroy(&n->comet.lock);
}

static void net_end(struct net *n)
{
    net_unwire(n);
    arena_free(&n->arena);
    ledger_end(&n->l);
}

static void address20(uint8_t out[20], const uint8_t key32[32])
{
    struct hash digest;
    sha256_once(&digest, key32, 32);
    memcpy(out, digest.b, 20);
}

/* height_of makes what the engine says of a height, `after_s` seconds after genesis. */
static struct abci_block height_of(struct net *n, uint64_t height, uint64_t after_s, size_t by)
{
    struct abci_block b = {.height = (int64_t)height,
                           .time = {.seconds = (int64_t)(LEDGER_TIME + after_s), .nanos = 5},
                           .max_tx_bytes = 1 << 20};
    address20(b.proposer20, n->keys[by]);
    return b;
}

static void set_tx(struct net *n, struct abci_block *b, struct bytes bundle)
{
    struct bytes *txs = arena_alloc(&n->arena, sizeof *txs);
    *txs = bundle;
    b->txs = txs;
    b->tx_count = 1;
}

static struct abci_txs_response prepare(struct net *n, struct abci_block *b)
{
    struct abci_txs_response out = {0};
    comet_prepare(&n->comet, b, &out, &n->arena);
    if (out.tx_count)
        set_tx(n, b, out.txs[0]);
    return out;
}

static enum abci_verdict process(struct net *n, const struct abci_block *b)
{
    struct abci_verdict_response out = {0};
    comet_process(&n->comet, b, &out, &n->arena);
    return out.status;
}

static struct abci_response finalize(struct net *n, const struct abci_block *b)
{
    struct abci_response out = {.kind = ABCI_FINALIZE_BLOCK};
    comet_finalize(&n->comet, b, &out, &n->arena);
    return out;
}

static struct abci_response commit(struct net *n)
{
    struct abci_response out = {.kind = ABCI_COMMIT};
    comet_commit(&n->comet, &out, &n->arena);
    return out;
}

/* decide takes a height through all steps; returns the app_hash. */
static struct hash decide(struct net *n, struct abci_block *b)
{
    struct hash app_hash = {{0}};
    CHECK_INT(process(n, b), ABCI_ACCEPT);
    struct abci_response decided = finalize(n, b);
    if (decided.kind != ABCI_FINALIZE_BLOCK) {
        test_fail(__FILE__, __LINE__, "finalize: %s", n->engine.failure.text);
        return app_hash;
    }
    CHECK_INT(decided.finalize_block.tx_result_count, b->tx_count);
    CHECK_INT(decided.finalize_block.app_hash.len, 32);
    memcpy(app_hash.b, decided.finalize_block.app_hash.data, 32);
    CHECK_INT(commit(n).kind, ABCI_COMMIT);
    struct chain_head head = chain_head(n->l.chain);
    CHECK(hash_eq(&head.hash, &app_hash));
    CHECK_INT(head.consensus_height, b->height);
    return app_hash;
}

TEST(a_height_from_proposal_to_commit)
{
    struct net n;
    REQUIRE(net_begin(&n));
    uint64_t balance = ledger_balance(&n.l, 2, NULL);
    for (int i = 0; i < 5; i++)
        ledger_transfer(&n.l, 1, 2, 5);
    struct abci_block b = height_of(&n, 1, 3, 2);
    CHECK_INT(prepare(&n, &b).tx_count, 1);
    CHECK(n.comet.has_candidate); /* executed already */
    struct chain_head before = chain_head(n.l.chain);
    CHECK_INT(before.number, 0);
    decide(&n, &b);
    struct chain_head head = chain_head(n.l.chain);
    CHECK_INT(head.number, 1);
    CHECK_INT(head.tx_total, 5);
    CHECK_INT(head.timestamp_s, LEDGER_TIME + 3);
    CHECK_INT(ledger_balance(&n.l, 2, NULL) - balance, 25);
    net_end(&n);
}

/* The same transactions at the same time by the same proposer: the engine adds nothing. */
TEST(the_same_block_as_without_an_engine)
{
    struct net n;
    struct ledger alone;
    struct proposal p;
    const struct block *made;
    struct diag d = {""};
    REQUIRE(net_begin(&n));
    REQUIRE(ledger_begin_with(&alone, n.services));
    for (int i = 0; i < 20; i++) {
        ledger_transfer(&n.l, 1 + (size_t)i % 3, 2, 5);
        ledger_transfer(&alone, 1 + (size_t)i % 3, 2, 5);
    }
    struct abci_block b = height_of(&n, 1, 3, 0);
    prepare(&n, &b);
    struct hash here = decide(&n, &b);
    chain_prepare(alone.chain, &p, LEDGER_TIME + 3, CHAIN_BLOCK_BYTES); /* by the proposer */
    CHECK_ERR(chain_finalize(alone.chain, &p, true, &made, &d), E_OK);
    CHECK(hash_eq(&made->hash, &here));
    CHECK_INT(made->tx_count, 20);
    chain_abandon(alone.chain);
    ledger_end(&alone);
    net_end(&n);
}

TEST(a_height_with_nothing_to_do_makes_no_block)
{
    struct net n;
    REQUIRE(net_begin(&n));
    struct chain_head genesis = chain_head(n.l.chain);
    for (uint64_t h = 1; h <= 3; h++) {
        struct abci_block b = height_of(&n, h, h, h % 4);
        CHECK_INT(prepare(&n, &b).tx_count, 0);
        struct hash app_hash = decide(&n, &b);
        CHECK(hash_eq(&app_hash, &genesis.hash));
        CHECK_INT(chain_head(n.l.chain).number, 0);
        CHECK_INT(chain_now_s(n.l.chain), LEDGER_TIME + h); /* not the clock's */
    }
    struct abci_block b = height_of(&n, 4, HEARTBEAT_S, 1); /* but a heartbeat does */
    CHECK_INT(prepare(&n, &b).tx_count, 0);
    decide(&n, &b);
    CHECK_INT(chain_head(n.l.chain).number, 1);
    CHECK_INT(chain_head(n.l.chain).timestamp_s, LEDGER_TIME + HEARTBEAT_S);
    b = height_of(&n, 5, HEARTBEAT_S + 1, 1);
    decide(&n, &b);
    CHECK_INT(chain_head(n.l.chain).number, 1);
    net_end(&n);
}

/* bundle_of signs transfers of one account that no pool has seen. */
static struct bytes bundle_of(struct net *n, size_t from, size_t count, uint64_t mark)
{
    struct buf b = {0};
    bundle_open(&b, mark);
    for (size_t i = 0; i < count; i++) {
        struct tx t = ledger_unsigned(&n->l, from, 2, 5);
        bundle_add(&b, ledger_sign(&n->l, &t, from));
        n->l.nonces[from]++;
    }
    struct bytes out = bytes_of(arena_dup(&n->arena, b.data, b.len), b.len);
    buf_free(&b);
    return out;
}

TEST(proposals_that_do_not_hold_are_refused)
{
    struct net n;
    REQUIRE(net_begin(&n));
    struct abci_block b = height_of(&n, 1, 3, 1);
    struct bytes good = bundle_of(&n, 1, 3, 0);
    struct bytes bad[] = {
        bytes_str("no bundle at all"), bytes_of(good.data, good.len - 1),
        bundle_of(&n, 2, 1, 9), /* a gossiped one */
        bytes_of(good.data, 0), /* empty: no bundle */
    };
    for (size_t i = 0; i < 3; i++) {
        set_tx(&n, &b, bad[i]);
        CHECK_INT(process(&n, &b), ABCI_REJECT);
    }
    n.l.nonces[3] = 7; /* a gap: does not execute */
    set_tx(&n, &b, bundle_of(&n, 3, 1, 0));
    CHECK_INT(process(&n, &b), ABCI_REJECT);
    n.l.nonces[7] = 0; /* no funds */
    set_tx(&n, &b, bundle_of(&n, 7, 1, 0));
    CHECK_INT(process(&n, &b), ABCI_REJECT);
    struct bytes two[2] = {good, good};
    b.txs = two;
    b.tx_count = 2;
    CHECK_INT(process(&n, &b), ABCI_REJECT);
    struct abci_block later = height_of(&n, 2, 3, 1); /* not the next height */
    CHECK_INT(process(&n, &later), ABCI_REJECT);
    CHECK(!n.comet.has_candidate && !atomic_load(&n.engine.failed));
    set_tx(&n, &b, good);
    decide(&n, &b);
    CHECK_INT(chain_head(n.l.chain).tx_total, 3);
    net_end(&n);
}

/* of_many asks about a block of `count` transactions of one byte, as the engine's message gives it.
 */
static struct abci_response of_many(struct net *n, enum abci_kind kind, size_t count)
{
    struct abci_request r = {.kind = kind, .block = height_of(n, 1, 3, 1)}, read;
    struct abci_response out = {.kind = kind};
    struct bytes *txs = mem_alloc(count * sizeof *txs);
    struct buf message = {0};
    struct diag d = {""};
    for (size_t i = 0; i < count; i++)
        txs[i] = bytes_str("x");
    r.block.txs = txs;
    r.block.tx_count = count;
    abci_request_encode(&message, &r);
    CHECK_ERR(abci_request_decode(&n->arena, &read, buf_view(&message), &d), E_OK);
    CHECK_STR(d.text, "");
    atomic_store(&n->engine.synced, n->l.chain);
    comet_handle(&n->comet, &read, &out, &n->arena);
    mem_free(txs);
    buf_free(&message);
    return out;
}

TEST(a_proposal_of_too_many_transactions_is_refused_like_any_other)
{
    static const size_t COUNTS[] = {65536, 65537, ((4u << 20) + (256u << 10)) / 3};
    struct net n;
    REQUIRE(net_begin(&n));
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
        struct abci_response r = of_many(&n, ABCI_PROCESS_PROPOSAL, COUNTS[i]);
        CHECK_INT(r.kind, ABCI_PROCESS_PROPOSAL);
        CHECK_INT(r.process_proposal.status, ABCI_REJECT);
    }
    CHECK_INT(of_many(&n, ABCI_PREPARE_PROPOSAL, 65537).kind, ABCI_PREPARE_PROPOSAL);
    CHECK(!atomic_load(&n.engine.failed));
    /* decided all the same: there is an end, and a reason for it */
    CHECK_INT(of_many(&n, ABCI_FINALIZE_BLOCK, 65537).kind, ABCI_EXCEPTION);
    CHECK_ERR(n.engine.failure_code, E_BLOCK);
    net_end(&n);
}

/* Flipping any bit of a proposal makes it another one or none: never the same block. */
TEST(no_flipped_byte_of_a_proposal_passes)
{
    struct net n;
    struct hash first;
    REQUIRE(net_begin(&n));
    struct abci_block b = height_of(&n, 1, 3, 1);
    struct bytes good = bundle_of(&n, 1, 2, 0);
    set_tx(&n, &b, good);
    struct abci_response r = finalize(&n, &b);
    memcpy(first.b, r.finalize_block.app_hash.data, 32);
    size_t refused = 0;
    for (size_t i = 0; i < good.len; i++) {
        uint8_t *copy = arena_dup(&n.arena, good.data, good.len);
        copy[i] ^= 1;
        set_tx(&n, &b, bytes_of(copy, good.len));
        refused += process(&n, &b) == ABCI_REJECT;
    }
    CHECK_INT(refused, good.len); /* every byte is signed or structure */
    set_tx(&n, &b, good);
    CHECK_INT(process(&n, &b), ABCI_ACCEPT);
    r = finalize(&n, &b);
    CHECK(memcmp(first.b, r.finalize_block.app_hash.data, 32) == 0);
    commit(&n);
    net_end(&n);
}

/* Several candidates for one height: what is decided counts, whichever was executed last. */
TEST(the_decided_proposal_counts)
{
    struct net n;
    REQUIRE(net_begin(&n));
    ledger_transfer(&n.l, 4, 2, 5);
    struct abci_block own = height_of(&n, 1, 3, 0);
    CHECK_INT(prepare(&n, &own).tx_count, 1);
    struct abci_block first = height_of(&n, 1, 4, 1), second = height_of(&n, 1, 5, 2);
    set_tx(&n, &first, bundle_of(&n, 1, 3, 0));
    set_tx(&n, &second, bundle_of(&n, 3, 2, 0));
    CHECK_INT(process(&n, &first), ABCI_ACCEPT);
    CHECK_INT(process(&n, &second), ABCI_ACCEPT);
    CHECK_INT(process(&n, &first), ABCI_ACCEPT);
    CHECK_INT(process(&n, &second), ABCI_ACCEPT);
    struct abci_response r = finalize(&n, &first);
    CHECK_INT(r.kind, ABCI_FINALIZE_BLOCK);
    CHECK_INT(commit(&n).kind, ABCI_COMMIT);
    CHECK_INT(chain_head(n.l.chain).tx_total, 3);
    CHECK_INT(pool_stats(chain_pool(n.l.chain)).pending, 1); /* the own one waits on */
    net_end(&n);
}

/* CometBFT restarts between FinalizeBlock and Commit: the same height comes once more. */
TEST(a_height_finalized_again_counts_once)
{
    struct net n;
    REQUIRE(net_begin(&n));
    struct abci_block b = height_of(&n, 1, 3, 1);
    set_tx(&n, &b, bundle_of(&n, 1, 3, 0));
    struct abci_response one = finalize(&n, &b), two = finalize(&n, &b);
    CHECK(bytes_eq(one.finalize_block.app_hash, two.finalize_block.app_hash));
    CHECK_INT(commit(&n).kind, ABCI_COMMIT);
    CHECK_INT(chain_head(n.l.chain).tx_total, 3);
    CHECK_INT(commit(&n).kind, ABCI_EXCEPTION); /* nothing to commit */
    net_end(&n);
}

TEST(the_handshake_tells_what_is_on_disk)
{
    struct net n;
    struct abci_info_response info;
    REQUIRE(net_begin(&n));
    comet_info(&n.comet, &info, &n.arena);
    CHECK_INT(info.last_block_height, 0);
    struct abci_block b = height_of(&n, 1, 3, 1);
    set_tx(&n, &b, bundle_of(&n, 1, 3, 0));
    struct hash app_hash = decide(&n, &b);
    struct abci_block empty = height_of(&n, 2, 4, 1);
    decide(&n, &empty);
    struct abci_block lost = height_of(&n, 3, 5, 1); /* decided, and the application dies */
    set_tx(&n, &lost, bundle_of(&n, 3, 1, 0));
    finalize(&n, &lost);
    chain_close(n.l.chain);
    n.l.chain = NULL;
    net_unwire(&n);
    REQUIRE(ledger_open(&n.l));
    net_wire(&n);
    comet_info(&n.comet, &info, &n.arena);
    CHECK_INT(info.last_block_height, 2);
    CHECK(bytes_eq(info.last_block_app_hash, bytes_of(app_hash.b, 32)));
    decide(&n, &lost); /* replayed by the engine */
    CHECK_INT(chain_head(n.l.chain).tx_total, 4);
    net_end(&n);
}

static struct abci_response init_chain(struct net *n, const char *chain, size_t count, int64_t more)
{
    struct abci_validator_update v[4];
    struct abci_response out = {.kind = ABCI_INIT_CHAIN};
    struct abci_init_chain_request in = {
        .chain_id = bytes_str(chain), .validators = v, .validator_count = count};
    for (size_t i = 0; i < 4; i++) { /* in another order than the register's */
        memcpy(v[i].key32, n->keys[3 - i], 32);
        v[i].power = 10 + 3 - (int64_t)i + (i == 1 ? more : 0);
    }
    comet_init_chain(&n->comet, &in, &out, &n->arena);
    atomic_store(&n->engine.failed, false);
    return out;
}

TEST(only_the_ledgers_own_network_begins)
{
    struct net n;
    REQUIRE(net_begin(&n));
    struct chain_head head = chain_head(n.l.chain);
    struct abci_response r = init_chain(&n, "parvis-20260", 4, 0);
    CHECK_INT(r.kind, ABCI_INIT_CHAIN);
    CHECK(bytes_eq(r.init_chain.app_hash, bytes_of(head.hash.b, 32)));
    CHECK_INT(init_chain(&n, "parvis-20261", 4, 0).kind, ABCI_EXCEPTION);
    CHECK_INT(init_chain(&n, "parvis-20260", 3, 0).kind, ABCI_EXCEPTION);
    CHECK_INT(init_chain(&n, "parvis-20260", 4, 1).kind, ABCI_EXCEPTION);
    CHECK_INT(init_chain(&n, "parvis-20260", 4, -100).kind, ABCI_EXCEPTION);
    net_end(&n);
}

/* check_report: what the register keeps of the first report is what the block says of it. */
static void check_report(struct net *n, uint64_t time_s, uint64_t power)
{
    struct chain_view *v;
    struct statedb_view *at;
    struct hash slot = members_slot_at("misbehaviour", 0);
    struct buf kept = {0};
    CHECK_ERR(chain_view_open(n->l.chain, &v), E_OK);
    CHECK_ERR(chain_state_at(v, chain_view_head(v), &at), E_OK);
    const struct state_reader *r = statedb_view_reader(at);
    CHECK_ERR(r->storage(r->ctx, &MEMBERS_SERVICE.address, &slot, &kept), E_OK);
    CHECK(kept.len > 45 && be64_get(kept.data + 29) == time_s && be64_get(kept.data + 37) == power);
    buf_free(&kept);
    chain_view_close(v);
}

/* What the engine reports of a validator is acted on in the block, and audited with it. */
TEST(a_reported_validator_loses_its_vote)
{
    struct net n;
    struct diag d = {""};
    struct audit_report report;
    REQUIRE(net_begin(&n));
    struct abci_misbehaviour m = {.kind = ABCI_DUPLICATE_VOTE, .height = 1};
    address20(m.validator.address20, n.keys[2]);
    struct abci_block b = height_of(&n, 1, 3, 1);
    b.misbehaviours = &m;
    b.misbehaviour_count = 1;
    CHECK_INT(process(&n, &b), ABCI_ACCEPT);
    struct abci_response r = finalize(&n, &b);
    CHECK_INT(r.finalize_block.validator_update_count, 1);
    CHECK_INT(r.finalize_block.validator_updates[0].power, 0);
    CHECK(memcmp(r.finalize_block.validator_updates[0].key32, n.keys[2], 32) == 0);
    commit(&n);
    CHECK_INT(chain_members(n.l.chain).count, 3);
    check_report(&n, LEDGER_TIME + 3, 12);
    struct abci_block after = height_of(&n, 2, 4, 2); /* it may still be proposer for a height */
    set_tx(&n, &after, bundle_of(&n, 1, 1, 0));
    CHECK_INT(process(&n, &after), ABCI_ACCEPT);
    r = finalize(&n, &after);
    CHECK_INT(r.finalize_block.validator_update_count, 0);
    commit(&n);
    chain_close(n.l.chain);
    n.l.chain = NULL;
    struct store *s = ledger_store(n.l.dir, false);
    enum err e = audit_run(s, test_tmpdir(), NULL, &report, &d);
    if (e != E_OK)
        test_fail(__FILE__, __LINE__, "audit: %s", d.text);
    CHECK_INT(report.blocks, 3);
    store_close(s);
    net_end(&n);
}

TEST(what_was_decided_and_does_not_hold_stops_the_node)
{
    struct net n;
    REQUIRE(net_begin(&n));
    struct abci_block b = height_of(&n, 1, 3, 1);
    n.l.nonces[3] = 7;
    set_tx(&n, &b, bundle_of(&n, 3, 1, 0));
    CHECK_INT(finalize(&n, &b).kind, ABCI_EXCEPTION);
    CHECK(atomic_load(&n.engine.failed) && n.engine.failure.text[0]);
    CHECK_INT(chain_head(n.l.chain).consensus_height, 0);
    net_end(&n);
}

static uint32_t query(struct net *n, const char *path)
{
    struct abci_query_request in = {.path = bytes_str(path)};
    struct abci_query_response out = {0};
    comet_query(&n->comet, &in, &out, &n->arena);
    return out.code;
}

TEST(only_members_nodes_may_connect)
{
    struct net n;
    REQUIRE(net_begin(&n));
    CHECK_INT(query(&n, "/p2p/filter/addr/10.0.0.1:26656"), 0);
    CHECK_INT(query(&n, "/p2p/filter/id/a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"), 0);
    CHECK_INT(query(&n, "/p2p/filter/id/b0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"), 1);
    CHECK_INT(query(&n, "/p2p/filter/id/a0a0"), 1);
    CHECK_INT(query(&n, "/p2p/filter/id/"), 1);
    CHECK_INT(query(&n, "/p2p/filter/id/zza0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"), 1);
    CHECK_INT(query(&n, "/head"), 0);
    CHECK_INT(query(&n, "/else"), 2);
    net_end(&n);
}
