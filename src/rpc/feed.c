/* feed: what the chain tells its listeners, kept where others fetch it. The engine thread only adds
 * up figures and sets an event; nothing here waits for a reader.
 *
 * A listener cannot be taken back from a chain, so a feed outlives its server: rpc_stop detaches
 * it, and the few bytes stay reachable in the list below. */
#include "base/clock.h"
#include "base/mem.h"
#include "rpc/rpc_internal.h"

const double FEED_BUCKETS_S[10] = {0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 15};

struct rpc_feed {
    struct rpc_feed *next;
    pthread_mutex_t lock;
    struct rpc *r; /* NULL: stopped */
    struct feed_figures figures;
    _Atomic int watchers;
    struct hash *ring; /* RPC_PENDING_RING places, made for the first watcher */
    uint64_t end;      /* hashes ever written */
};

static struct rpc_feed *all_feeds;
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;

static void on_block(void *ctx, const struct block *b)
{
    struct rpc_feed *f = ctx;
    uint64_t now = clock_mono_us();
    pthread_mutex_lock(&f->lock);
    struct feed_figures *g = &f->figures;
    if (g->last_commit_us) {
        uint64_t interval = now - g->last_commit_us;
        size_t i = 0;
        while (i < 10 && (double)interval > FEED_BUCKETS_S[i] * 1e6)
            i++;
        for (; i < 10; i++)
            g->interval_bucket[i]++;
        g->interval_count++;
        g->interval_sum_us += interval;
    }
    g->last_commit_us = now;
    g->blocks++;
    g->txs += b->tx_count;
    g->gas += b->header.gas_used;
    g->last_gas = b->header.gas_used;
    g->last_txs = b->tx_count;
    if (f->r)
        subs_wake(f->r);
    pthread_mutex_unlock(&f->lock);
}

static void on_pending(void *ctx, const struct tx *t)
{
    struct rpc_feed *f = ctx;
    if (atomic_load_explicit(&f->watchers, memory_order_relaxed) == 0)
        return;
    pthread_mutex_lock(&f->lock);
    if (f->r && f->ring) {
        f->ring[f->end++ % RPC_PENDING_RING] = t->hash;
        subs_wake(f->r);
    }
    pthread_mutex_unlock(&f->lock);
}

void feed_open(struct rpc *r)
{
    struct rpc_feed *f = mem_zalloc(1, sizeof *f);
    pthread_mutex_init(&f->lock, NULL);
    f->r = r;
    r->feed = f;
    pthread_mutex_lock(&all_lock);
    f->next = all_feeds;
    all_feeds = f;
    pthread_mutex_unlock(&all_lock);
    struct chain_listener listener = {.block = on_block, .pending = on_pending, .ctx = f};
    chain_listen(r->chain, &listener);
}

void feed_close(struct rpc *r)
{
    struct rpc_feed *f = r->feed;
    pthread_mutex_lock(&f->lock);
    f->r = NULL;
    atomic_store(&f->watchers, 0);
    mem_free(f->ring);
    f->ring = NULL;
    pthread_mutex_unlock(&f->lock);
}

void feed_figures(struct rpc *r, struct feed_figures *out)
{
    pthread_mutex_lock(&r->feed->lock);
    *out = r->feed->figures;
    pthread_mutex_unlock(&r->feed->lock);
}

void feed_watch_pending(struct rpc *r, int change)
{
    struct rpc_feed *f = r->feed;
    pthread_mutex_lock(&f->lock);
    if (!f->ring)
        f->ring = mem_zalloc(RPC_PENDING_RING, sizeof *f->ring);
    atomic_fetch_add(&f->watchers, change);
    pthread_mutex_unlock(&f->lock);
}

uint64_t feed_pending_end(struct rpc *r)
{
    pthread_mutex_lock(&r->feed->lock);
    uint64_t end = r->feed->end;
    pthread_mutex_unlock(&r->feed->lock);
    return end;
}

void feed_pending(struct rpc *r, uint64_t *next, struct buf *out)
{
    struct rpc_feed *f = r->feed;
    pthread_mutex_lock(&f->lock);
    if (f->end > RPC_PENDING_RING && *next < f->end - RPC_PENDING_RING)
        *next = f->end - RPC_PENDING_RING; /* too slow: the oldest are gone */
    for (; f->ring && *next < f->end; ++*next)
        buf_put(out, &f->ring[*next % RPC_PENDING_RING], sizeof *f->ring);
    pthread_mutex_unlock(&f->lock);
}
