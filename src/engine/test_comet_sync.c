/* Tests of a node that joins by a snapshot, called as CometBFT would: whom it lets in, what it
 * takes and refuses. What a snapshot holds is tested in chain/. */
#include "chain/test_snapshot.h"
#include "engine/comet.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/log.h"
#include "chain/store_dir.h"

/* A ledger with a snapshot of its head, and a node beside it that has none. */
struct join {
    struct ledger source;
    struct snap snap;
    char snapshots[600], taken[600], beside[4200];
    struct engine engine;
    struct engine_sync sync;
    struct comet comet;
    struct arena arena;
    uint8_t peer20[20];
    enum err open_fails; /* E_OK: it opens */
};

static enum err begin(void *ctx, struct snapshot_take_config *config, struct snapshot_take **out,
                      struct diag *d)
{
    struct join *j = ctx;
    config->store = (struct store_config){.dir = j->taken, .key32 = LEDGER_STORE_KEY};
    return snapshot_take_begin(out, config, d);
}

static enum err open_taken(void *ctx, struct chain **out, struct diag *d)
{
    struct join *j = ctx;
    if (j->open_fails != E_OK)
        return diag_set(d, j->open_fails, "it does not open");
    struct chain_config config = {.store = ledger_store(j->taken, false)};
    return chain_open(out, &config, d);
}

static bool is_peer(void *ctx, const uint8_t node20[20])
{
    const struct join *j = ctx;
    return memcmp(node20, j->peer20, sizeof j->peer20) == 0;
}

static bool join_begin(struct join *j)
{
    struct diag d = {""};
    memset(j, 0, sizeof *j);
    log_set_level(LOG_ERROR);
    if (!snap_begin(&j->source))
        return false;
    snap_blocks(&j->source);
    snprintf(j->snapshots, sizeof j->snapshots, "%.500s/snapshots", j->source.dir);
    snprintf(j->taken, sizeof j->taken, "%.500s/taken", j->source.dir);
    store_dir_beside(j->beside, j->taken, ".take");
    CHECK_ERR(snap_make(chain_store(j->source.chain), j->snapshots, 5, &d), E_OK);
    if (!snap_load(&j->snap, chain_store(j->source.chain), j->snapshots, 5))
        return false;
    memset(j->peer20, 0xa7, sizeof j->peer20);
    j->sync = (struct engine_sync){begin, open_taken, j, is_peer};
    j->engine = (struct engine){.ops = &ENGINE_COMET, .sync = &j->sync};
    j->comet = (struct comet){.engine = &j->engine};
    pthread_mutex_init(&j->comet.lock, NULL);
    pthread_mutex_init(&j->comet.snapshot_lock, NULL);
    pthread_cond_init(&j->comet.snapshot_due, NULL);
    return true;
}

static void join_end(struct join *j)
{
    inbox_stop(j->comet.inbox);
    outbox_free(j->comet.outbox);
    snapshot_take_free(j->comet.take);
    chain_close(j->comet.chain);
    pthread_cond_destroy(&j->comet.snapshot_due);
    pthread_mutex_destroy(&j->comet.snapshot_lock);
    pthread_mutex_destroy(&j->comet.lock);
    arena_free(&j->snap.arena);
    arena_free(&j->arena);
    ledger_end(&j->source);
}

static uint32_t query(struct join *j, const char *path)
{
    struct abci_request in = {.kind = ABCI_QUERY};
    struct abci_response out = {.kind = ABCI_QUERY};
    in.query.path = bytes_str(path);
    comet_handle(&j->comet, &in, &out, &j->arena);
    CHECK_INT(out.kind, ABCI_QUERY);
    return out.query.code;
}

static enum abci_offer_result offer(struct join *j)
{
    struct abci_request in = {.kind = ABCI_OFFER_SNAPSHOT};
    struct abci_response out = {.kind = ABCI_OFFER_SNAPSHOT};
    in.offer_snapshot.has_snapshot = true;
    in.offer_snapshot.snapshot = (struct abci_snapshot){.height = 9,
                                                        .format = SNAPSHOT_FORMAT,
                                                        .chunks = (uint32_t)j->snap.count,
                                                        .metadata = j->snap.manifest};
    in.offer_snapshot.app_hash = bytes_of(j->snap.head_hash.b, 32);
    comet_handle(&j->comet, &in, &out, &j->arena);
    return out.offer_snapshot.result;
}

static enum abci_apply_result apply(struct join *j, size_t index)
{
    struct abci_request in = {.kind = ABCI_APPLY_SNAPSHOT_CHUNK};
    struct abci_response out = {.kind = ABCI_APPLY_SNAPSHOT_CHUNK};
    in.apply_chunk.index = (uint32_t)index;
    in.apply_chunk.chunk = j->snap.chunks[index];
    in.apply_chunk.sender = bytes_str("somebody");
    comet_handle(&j->comet, &in, &out, &j->arena);
    return out.apply_chunk.result;
}

/* take_all takes the chunks until one is not accepted; the last answer. */
static enum abci_apply_result take_all(struct join *j)
{
    enum abci_apply_result last = ABCI_APPLY_ACCEPT;
    for (size_t i = 0; i < j->snap.count && last == ABCI_APPLY_ACCEPT; i++)
        last = apply(j, i);
    return last;
}

TEST(without_a_ledger_only_known_peers_may_connect)
{
    struct join j;
    REQUIRE(join_begin(&j));
    CHECK_INT(query(&j, "/p2p/filter/addr/10.0.0.1:26656"), 0);
    CHECK_INT(query(&j, "/p2p/filter/id/a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7"), 0);
    CHECK_INT(query(&j, "/p2p/filter/id/a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a8"), 1);
    CHECK_INT(query(&j, "/p2p/filter/id/a7a7"), 1);
    CHECK_INT(query(&j, "/p2p/filter/id/"), 1);
    CHECK_INT(query(&j, "/head"), 2);
    j.sync.is_peer = NULL;
    CHECK_INT(query(&j, "/p2p/filter/id/a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7"), 1);
    j.engine.sync = NULL;
    CHECK_INT(query(&j, "/p2p/filter/id/a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7"), 1);
    join_end(&j);
}

static int puts_left;

static int fail_put(const char *operation)
{
    return strcmp(operation, "put") == 0 && puts_left-- <= 0 ? ENOSPC : 0;
}

/* A snapshot that fills the disk is one to be refused: what it took is given back, the next fits.
 */
TEST(a_snapshot_that_fills_the_disk_is_rejected)
{
    struct join j;
    REQUIRE(join_begin(&j));
    for (int puts = 1; puts < 60; puts += 1 + puts / 2) {
        CHECK_INT(offer(&j), ABCI_OFFER_ACCEPT);
        puts_left = puts;
        store_fault_hook = fail_put;
        CHECK_INT(take_all(&j), ABCI_APPLY_REJECT_SNAPSHOT);
        store_fault_hook = NULL;
        CHECK(!j.comet.take && !snap_exists(j.beside) && !snap_exists(j.taken));
        CHECK(!atomic_load(&j.engine.failed));
        CHECK_INT(apply(&j, 0), ABCI_APPLY_ABORT); /* of none */
    }
    CHECK_INT(offer(&j), ABCI_OFFER_ACCEPT);
    CHECK_INT(take_all(&j), ABCI_APPLY_ACCEPT);
    REQUIRE(atomic_load(&j.engine.synced) != NULL);
    struct chain_head here = chain_head(j.comet.chain);
    CHECK_INT(here.number, 5);
    CHECK_INT(here.consensus_height, 9);
    CHECK(hash_eq(&here.hash, &j.snap.head_hash));
    join_end(&j);
}

/* A ledger that was taken and does not open ends the node, whatever the reason is called. */
TEST(a_ledger_that_does_not_open_ends_the_node)
{
    static const enum err WHY[] = {E_VERSION, E_CORRUPT, E_INVALID, E_BLOCK, E_DISK_FULL, E_IO};
    for (size_t i = 0; i < sizeof WHY / sizeof *WHY; i++) {
        struct join j;
        REQUIRE(join_begin(&j));
        j.open_fails = WHY[i];
        CHECK_INT(offer(&j), ABCI_OFFER_ACCEPT);
        CHECK_INT(take_all(&j), ABCI_APPLY_ABORT);
        CHECK(atomic_load(&j.engine.failed) && j.engine.failure_code == WHY[i]);
        CHECK(!j.comet.chain && !atomic_load(&j.engine.synced));
        join_end(&j);
    }
}

static size_t snapshots_of(struct join *j, const char *dir)
{
    struct snapshot_info *list;
    size_t count = 0;
    CHECK_ERR(snapshot_list(chain_store(j->source.chain), dir, &j->arena, &list, &count), E_OK);
    return count;
}

/* Who asks again and again puts off the next snapshot for ten minutes, not for ever. */
TEST(asking_does_not_put_off_snapshots_for_ever)
{
    struct join j;
    struct diag d = {""};
    struct abci_list_snapshots_response out = {0};
    char dir[600];
    REQUIRE(join_begin(&j));
    snprintf(dir, sizeof dir, "%.500s/own", j.source.dir);
    j.engine.snapshot_dir = dir;
    j.engine.snapshot_blocks = 5;
    j.comet.chain = j.source.chain;
    comet_list_snapshots(&j.comet, &out, &j.arena); /* somebody asks */
    CHECK_ERR(comet_snapshots_start(&j.comet, &d), E_OK);
    for (int i = 0; i < 20; i++, usleep(5000))
        comet_snapshots_wake(&j.comet);
    CHECK_INT(snapshots_of(&j, dir), 0);
    atomic_fetch_sub(&j.comet.snapshot_since_us, UINT64_C(601000000));
    comet_list_snapshots(&j.comet, &out, &j.arena); /* and again */
    for (int i = 0; i < 4000 && snapshots_of(&j, dir) == 0; i++, usleep(5000))
        comet_snapshots_wake(&j.comet);
    CHECK_INT(snapshots_of(&j, dir), 1);
    atomic_store(&j.comet.stopping, true);
    comet_snapshots_stop(&j.comet);
    j.comet.chain = NULL;
    join_end(&j);
}
