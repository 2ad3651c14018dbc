#include "chain/recover.h"

#include <pthread.h>
#include <unistd.h>

#include "base/thread.h"
#include "city/service.h"

#define STACK_BYTES ((size_t)512 << 10)
#define CHUNK 8u        /* transactions taken at once: some 400 us, against 1 us for the lock */
#define WORTH_A_WAKE 4u /* signatures; a smaller batch is left to whoever comes by */

/* A batch is in the owner's list from its start to its finish. Everything but the transactions in
 * claimed chunks is guarded by the owner's lock. Chunks are claimed in order, so when one is bad,
 * all that come before it have been claimed and will be done. */
struct recover_batch {
    struct recover *owner;
    struct recover_batch *next;
    struct tx **txs;
    size_t count;
    struct recover_seal *seal; /* NULL: none, or it is done or in somebody's hands */
    size_t claimed;            /* txs[0..claimed) are done or in somebody's hands */
    size_t running;            /* chunks in hands */
    size_t bad;                /* the first that gives no sender; SIZE_MAX: none so far */
};

struct recover {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct recover_batch *head, *tail; /* oldest first: it is needed first */
    pthread_t workers[RECOVER_WORKERS_MAX];
    size_t worker_count;
    bool tried, stopping;
};

struct recover *recover_new(void)
{
    struct recover *r = mem_zalloc(1, sizeof *r);
    services_init(); /* the workers ask whether a service has work ahead */
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->work, NULL);
    pthread_cond_init(&r->done, NULL);
    return r;
}

/* end_work: a claimed part of the batch is done. The lock is held. */
static void end_work(struct recover *r, struct recover_batch *b)
{
    b->running--;
    if (b->running == 0 && b->claimed == b->count && !b->seal)
        pthread_cond_broadcast(&r->done);
}

static void work_on_seal(struct recover *r, struct recover_batch *b)
{
    struct recover_seal *s = b->seal;
    b->seal = NULL;
    b->running++;
    pthread_mutex_unlock(&r->lock);
    s->has_signer = ecdsa_recover(&s->signer, &s->block_hash, &s->signature, false) == E_OK;
    pthread_mutex_lock(&r->lock);
    end_work(r, b);
}

/* work_on claims a chunk and recovers it. The lock is held at entry and exit. False: nothing of
 * this batch is left to claim. */
static bool work_on(struct recover *r, struct recover_batch *b)
{
    if (b->seal) {
        work_on_seal(r, b);
        return true;
    }
    size_t from = b->claimed, to = b->count - from < CHUNK ? b->count : from + CHUNK;
    if (from == to)
        return false;
    b->claimed = to;
    b->running++;
    pthread_mutex_unlock(&r->lock);
    while (from < to && tx_recover(b->txs[from]) == E_OK) {
        if (!b->txs[from]->is_create)
            service_ahead(&b->txs[from]->to, b->txs[from]->data);
        from++;
    }
    pthread_mutex_lock(&r->lock);
    if (from < to) {
        b->claimed = b->count; /* what follows does not matter any more */
        if (from < b->bad)
            b->bad = from;
    }
    end_work(r, b);
    return true;
}

static void *worker(void *arg)
{
    struct recover *r = arg;
    pthread_mutex_lock(&r->lock);
    while (!r->stopping) {
        struct recover_batch *b = r->head;
        while (b && !work_on(r, b))
            b = b->next;
        if (!b)
            pthread_cond_wait(&r->work, &r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* start_workers is tried once; as many as can be had will do, none is fine. */
static void start_workers(struct recover *r)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (r->tried)
        return;
    r->tried = true;
    while (r->worker_count < RECOVER_WORKERS_MAX && (long)r->worker_count < processors)
        if (thread_start(&r->workers[r->worker_count], STACK_BYTES, worker, r) == 0)
            r->worker_count++;
        else
            break;
}

void recover_free(struct recover *r)
{
    if (!r)
        return;
    ASSERT(!r->head);
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < r->worker_count; i++)
        pthread_join(r->workers[i], NULL);
    pthread_cond_destroy(&r->work);
    pthread_cond_destroy(&r->done);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

static void append(struct recover *r, struct recover_batch *b)
{
    bool worth = b->count + (b->seal != NULL) >= WORTH_A_WAKE;
    if (worth)
        start_workers(r);
    pthread_mutex_lock(&r->lock);
    *(r->tail ? &r->tail->next : &r->head) = b;
    r->tail = b;
    if (worth)
        pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
}

static struct recover_batch *batch_new(struct recover *r, size_t count)
{
    struct recover_batch *b = mem_zalloc(1, sizeof *b);
    b->owner = r;
    b->txs = mem_alloc((count + 1) * sizeof(struct tx *));
    b->count = count;
    b->bad = SIZE_MAX;
    return b;
}

struct recover_batch *recover_start(struct recover *r, struct tx *const *txs, size_t count)
{
    struct recover_batch *b = batch_new(r, count);
    if (count)
        memcpy(b->txs, txs, count * sizeof(struct tx *));
    append(r, b);
    return b;
}

struct recover_batch *recover_start_block(struct recover *r, struct tx *txs, size_t count,
                                          struct recover_seal *seal_opt)
{
    struct recover_batch *b = batch_new(r, count);
    b->seal = seal_opt;
    for (size_t i = 0; i < count; i++)
        b->txs[i] = &txs[i];
    append(r, b);
    return b;
}

/* take_out removes the batch from the list. The lock is held. */
static void take_out(struct recover *r, struct recover_batch *b)
{
    struct recover_batch *before = NULL;
    for (struct recover_batch *at = r->head; at != b; at = at->next)
        before = at;
    *(before ? &before->next : &r->head) = b->next;
    if (r->tail == b)
        r->tail = before;
}

enum err recover_finish(struct recover_batch *b, size_t *bad_out)
{
    if (!b)
        return E_OK;
    struct recover *r = b->owner;
    pthread_mutex_lock(&r->lock);
    while (work_on(r, b))
        ;
    while (b->running)
        pthread_cond_wait(&r->done, &r->lock);
    take_out(r, b);
    pthread_mutex_unlock(&r->lock);
    size_t bad = b->bad;
    mem_free(b->txs);
    mem_free(b);
    if (bad == SIZE_MAX)
        return E_OK;
    *bad_out = bad;
    return E_SIGNATURE;
}
