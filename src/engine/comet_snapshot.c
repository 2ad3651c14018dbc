/* comet_snapshot: snapshots of the whole ledger (chain/snapshot.h): made now and then on a thread
 * of their own, served to members that join, and taken by one that does. */
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/comet.h"

#define KEEP 2u
#define ASKED_US 60000000u  /* after which nobody is taking a snapshot any more */
#define DEFER_US 600000000u /* for so long it is left to them; then others want a newer one */

/* --- making ----------------------------------------------------------------------------------- */

/* is_due: of which block a snapshot is to be made; false: of none yet. All members make them of the
 * same blocks, so that a joining one can take its chunks from any; and none is made, and so none
 * removed, while somebody may be taking one, but for ten minutes at most: to ask costs nothing. */
static bool is_due(struct comet *c, uint64_t last, uint64_t *number_out)
{
    uint64_t head = chain_head(c->chain).number;
    uint64_t asked_us = atomic_load(&c->snapshot_asked_us);
    uint64_t since_us = atomic_load(&c->snapshot_since_us), now_us = clock_mono_us();
    bool taken = asked_us && now_us - asked_us <= ASKED_US && now_us - since_us <= DEFER_US;
    *number_out = head - head % c->engine->snapshot_blocks;
    return *number_out > last && !taken;
}

static void note_asked(struct comet *c)
{
    uint64_t now_us = clock_mono_us();
    uint64_t before_us = atomic_exchange(&c->snapshot_asked_us, now_us);
    if (!before_us || now_us - before_us > ASKED_US)
        atomic_store(&c->snapshot_since_us, now_us);
}

static uint64_t newest(struct comet *c)
{
    struct arena a = {0};
    struct snapshot_info *list;
    size_t count = 0;
    uint64_t number = 0;
    if (snapshot_list(chain_store(c->chain), c->engine->snapshot_dir, &a, &list, &count) == E_OK &&
        count)
        number = list[0].number;
    arena_free(&a);
    return number;
}

static void make(struct comet *c, uint64_t number)
{
    struct diag d = {""};
    struct snapshot_make_config config = {.store = chain_store(c->chain),
                                          .dir = c->engine->snapshot_dir,
                                          .number = number,
                                          .stop_opt = &c->stopping};
    enum err e = snapshot_make(&config, &number, &d);
    if (e == E_OK || e == E_EXISTS)
        e = snapshot_prune(c->engine->snapshot_dir, KEEP, &d);
    if (e == E_OK)
        log_info("engine", T("snapshot of block %llu", "instantané du bloc %llu"),
                 (unsigned long long)number);
    else if (e != E_STOPPED)
        log_warn("engine", T("no snapshot: %s", "pas d'instantané : %s"),
                 d.text[0] ? d.text : err_text(e));
}

static void *run(void *arg)
{
    struct comet *c = arg;
    uint64_t last = newest(c), number;
    pthread_mutex_lock(&c->snapshot_lock);
    while (!atomic_load(&c->stopping)) {
        if (is_due(c, last, &number)) {
            pthread_mutex_unlock(&c->snapshot_lock);
            make(c, number);
            last = number; /* one that failed is tried again when the next is due */
            pthread_mutex_lock(&c->snapshot_lock);
            continue;
        }
        pthread_cond_wait(&c->snapshot_due, &c->snapshot_lock);
    }
    pthread_mutex_unlock(&c->snapshot_lock);
    return NULL;
}

enum err comet_snapshots_start(struct comet *c, struct diag *d)
{
    if (!c->engine->snapshot_blocks || !c->engine->snapshot_dir)
        return E_OK;
    if (thread_start(&c->snapshot_thread, 0, run, c) != 0)
        return diag_set(d, E_IO, T("no thread for the engine", "pas de fil pour le moteur"));
    c->has_snapshot_thread = true;
    return E_OK;
}

void comet_snapshots_wake(struct comet *c)
{
    pthread_mutex_lock(&c->snapshot_lock);
    pthread_cond_signal(&c->snapshot_due);
    pthread_mutex_unlock(&c->snapshot_lock);
}

void comet_snapshots_stop(struct comet *c)
{
    if (!c->has_snapshot_thread)
        return;
    comet_snapshots_wake(c);
    pthread_join(c->snapshot_thread, NULL);
    c->has_snapshot_thread = false;
}

/* --- serving ---------------------------------------------------------------------------------- */

/* The engine names a snapshot by its own height: the one at which its last block was decided. */
static enum err height_of(struct comet *c, uint64_t block, uint64_t *height_out)
{
    struct store_txn *t;
    TRY(store_begin_read(chain_store(c->chain), &t));
    enum err e = consensus_of_block(t, block, height_out);
    store_abort(t);
    return e;
}

void comet_list_snapshots(struct comet *c, struct abci_list_snapshots_response *out,
                          struct arena *a)
{
    struct snapshot_info *list;
    size_t count = 0;
    note_asked(c);
    if (!c->engine->snapshot_dir ||
        snapshot_list(chain_store(c->chain), c->engine->snapshot_dir, a, &list, &count) != E_OK)
        return;
    struct abci_snapshot *snapshots = arena_zalloc(a, count + 1, sizeof *snapshots);
    for (size_t i = 0; i < count; i++) {
        struct abci_snapshot *s = &snapshots[out->snapshot_count];
        if (height_of(c, list[i].number, &s->height) != E_OK)
            continue; /* of the time before the network */
        s->format = SNAPSHOT_FORMAT;
        s->chunks = list[i].chunks;
        s->hash = bytes_of(list[i].hash.b, sizeof list[i].hash.b);
        s->metadata = list[i].manifest;
        out->snapshot_count++;
    }
    out->snapshots = snapshots;
}

void comet_load_chunk(struct comet *c, const struct abci_load_chunk_request *in,
                      struct abci_load_chunk_response *out, struct arena *a)
{
    struct snapshot_info *list;
    struct buf chunk = {0};
    uint64_t height;
    size_t count = 0;
    note_asked(c);
    if (!c->engine->snapshot_dir || in->format != SNAPSHOT_FORMAT ||
        snapshot_list(chain_store(c->chain), c->engine->snapshot_dir, a, &list, &count) != E_OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (height_of(c, list[i].number, &height) == E_OK && height == in->height &&
            snapshot_load_chunk(chain_store(c->chain), c->engine->snapshot_dir, list[i].number,
                                in->chunk, &chunk) == E_OK)
            out->chunk = bytes_of(arena_dup(a, chunk.data, chunk.len), chunk.len);
    buf_free(&chunk);
}

/* --- taking ----------------------------------------------------------------------------------- */

/* put_point: the height that was offered may be a later one at which nothing was to do; it carries
 * the block's hash all the same. What made the block before it cannot be taken back here
 * (E_PRUNED), so that nobody is misled by the difference. */
static enum err put_point(void *ctx, struct store_txn *t)
{
    struct comet *c = ctx;
    return consensus_put(t, &c->sync_point, true);
}

void comet_offer_snapshot(struct comet *c, const struct abci_offer_snapshot_request *in,
                          struct abci_offer_snapshot_response *out)
{
    struct diag d = {""};
    struct engine_sync *sync = c->engine->sync;
    struct hash head;
    out->result = ABCI_OFFER_ABORT;
    if (!sync || c->chain || !in->has_snapshot)
        return;
    out->result = ABCI_OFFER_REJECT;
    if (in->snapshot.format != SNAPSHOT_FORMAT)
        out->result = ABCI_OFFER_REJECT_FORMAT;
    if (in->snapshot.format != SNAPSHOT_FORMAT || in->app_hash.len != sizeof head.b ||
        snapshot_manifest_block(in->snapshot.metadata, &c->sync_point.block, &head) != E_OK)
        return;
    snapshot_take_free(c->take);
    c->take = NULL;
    c->sync_point.height = in->snapshot.height;
    struct snapshot_take_config config = {
        .manifest = in->snapshot.metadata, .finish_opt = put_point, .finish_ctx = c};
    memcpy(config.head_hash.b, in->app_hash.data, sizeof config.head_hash.b);
    if (sync->begin(sync->ctx, &config, &c->take, &d) == E_OK) {
        out->result = ABCI_OFFER_ACCEPT;
        log_info("engine",
                 T("taking the snapshot of block %llu, %u chunks",
                   "reprise de l'instantané du bloc %llu, %u morceaux"),
                 (unsigned long long)c->sync_point.block, snapshot_take_chunks(c->take));
    } else {
        log_warn("engine", "%s", d.text);
    }
}

/* complete opens the ledger that was taken; from here on the node is like any other. */
static enum err complete(struct comet *c, struct diag *d)
{
    TRY(snapshot_take_end(c->take, d));
    snapshot_take_free(c->take);
    c->take = NULL;
    struct chain *chain = NULL;
    TRY(c->engine->sync->open(c->engine->sync->ctx, &chain, d));
    enum err e = comet_attach(c, chain, d);
    if (e != E_OK)
        chain_close(chain);
    return e;
}

/* abort_take ends the node: the engine asks nobody for another snapshot. */
static void abort_take(struct comet *c, struct abci_apply_chunk_response *out, enum err e,
                       const struct diag *d)
{
    snapshot_take_free(c->take);
    c->take = NULL;
    out->result = ABCI_APPLY_ABORT;
    c->engine->failure_code = e;
    diag_set(&c->engine->failure, e, "%s", d->text[0] ? d->text : err_text(e));
    atomic_store(&c->engine->failed, true);
}

void comet_apply_chunk(struct comet *c, const struct abci_apply_chunk_request *in,
                       struct abci_apply_chunk_response *out, struct arena *a)
{
    struct diag d = {""};
    if (!c->take) {
        out->result = ABCI_APPLY_ABORT;
        return;
    }
    enum err e = snapshot_take_chunk(c->take, in->index, in->chunk, &d);
    if (e == E_OK && snapshot_take_next(c->take) == snapshot_take_chunks(c->take))
        e = complete(c, &d);
    if (e != E_OK)
        log_warn("engine", T("snapshot, chunk %u: %s", "instantané, morceau %u : %s"), in->index,
                 d.text[0] ? d.text : err_text(e));
    if (e != E_OK && !c->take) { /* the ledger is in its place, and does not open */
        abort_take(c, out, e, &d);
        return;
    }
    switch (e) {
    case E_OK:
        out->result = ABCI_APPLY_ACCEPT;
        return;
    case E_CORRUPT: { /* these bytes came wrong: from somebody else, please */
        uint32_t *again = arena_alloc(a, sizeof *again);
        struct bytes *sender = arena_alloc(a, sizeof *sender);
        *again = in->index;
        *sender = in->sender;
        *out = (struct abci_apply_chunk_response){ABCI_APPLY_RETRY, again, 1, sender, 1};
        return;
    }
    case E_INVALID: {
        uint32_t *again = arena_alloc(a, sizeof *again);
        *again = snapshot_take_next(c->take);
        *out = (struct abci_apply_chunk_response){
            .result = ABCI_APPLY_RETRY, .refetch_chunks = again, .refetch_count = 1};
        return;
    }
    case E_BLOCK:
    case E_DISK_FULL: /* one that somebody made to fill it? What was taken gives its room back, */
    case E_MAP_FULL:  /* and another snapshot may fit */
        snapshot_take_free(c->take);
        c->take = NULL;
        out->result = ABCI_APPLY_REJECT_SNAPSHOT;
        return;
    default: /* the disk: another snapshot would not help */
        abort_take(c, out, e, &d);
    }
}
