#include "engine/inbox.h"

#include <pthread.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/bundle.h"

#define THREADS_MAX 4

struct waiting {
    struct waiting *next;
    size_t len;
    uint8_t bytes[];
};

struct inbox {
    struct pool *pool;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct waiting *first, **last;
    size_t count, bytes;
    bool stopping;
    pthread_t threads[THREADS_MAX];
    size_t thread_count;
};

/* is_foul: no honest node passes such a transaction on. Anything else can happen to an honest one
 * whose view of the state is a little older or newer. */
static bool is_foul(enum err e)
{
    switch (e) {
    case E_OK:
    case E_TX_KNOWN:
    case E_TX_NONCE_LOW:
    case E_TX_NONCE_HIGH:
    case E_TX_FUNDS:
    case E_TX_QUOTA:
    case E_TX_NOT_MEMBER:
    case E_TX_SENDER_CODE:
    case E_TX_UNDERPRICED:
    case E_POOL_FULL:
    case E_REVERT:     /* a service that sees another state: a roll, an opening, a closing */
    case E_OUT_OF_GAS: /* and what it costs there */
        return false;
    default:
        return true;
    }
}

void inbox_admit(struct pool *pool, struct bytes encoded)
{
    struct bundle b;
    struct bytes raw;
    struct hash hash;
    if (bundle_read(&b, encoded) != E_OK)
        return;
    while (bundle_next(&b, &raw))
        if (is_foul(pool_add(pool, raw, &hash, NULL)))
            return;
}

static void *run(void *arg)
{
    struct inbox *i = arg;
    pthread_mutex_lock(&i->lock);
    while (!i->stopping) {
        struct waiting *w = i->first;
        if (!w) {
            pthread_cond_wait(&i->filled, &i->lock);
            continue;
        }
        i->first = w->next;
        if (!i->first)
            i->last = &i->first;
        i->count--;
        i->bytes -= w->len;
        pthread_mutex_unlock(&i->lock);
        inbox_admit(i->pool, bytes_of(w->bytes, w->len));
        mem_free(w);
        pthread_mutex_lock(&i->lock);
    }
    pthread_mutex_unlock(&i->lock);
    return NULL;
}

enum err inbox_start(struct inbox **out, struct pool *pool, struct diag *d)
{
    struct inbox *i = mem_zalloc(1, sizeof *i);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t want = processors > 2 * THREADS_MAX ? THREADS_MAX : (size_t)(processors + 1) / 2;
    i->pool = pool;
    i->last = &i->first;
    pthread_mutex_init(&i->lock, NULL);
    pthread_cond_init(&i->filled, NULL);
    while (i->thread_count < want && thread_start(&i->threads[i->thread_count], 0, run, i) == 0)
        i->thread_count++;
    if (i->thread_count == 0) {
        inbox_stop(i);
        return diag_set(d, E_IO, T("no thread for the engine", "pas de fil pour le moteur"));
    }
    *out = i;
    return E_OK;
}

void inbox_stop(struct inbox *i)
{
    if (!i)
        return;
    pthread_mutex_lock(&i->lock);
    i->stopping = true;
    pthread_cond_broadcast(&i->filled);
    pthread_mutex_unlock(&i->lock);
    for (size_t k = 0; k < i->thread_count; k++)
        pthread_join(i->threads[k], NULL);
    for (struct waiting *w = i->first, *next; w; w = next) {
        next = w->next;
        mem_free(w);
    }
    pthread_cond_destroy(&i->filled);
    pthread_mutex_destroy(&i->lock);
    mem_free(i);
}

enum err inbox_put(struct inbox *i, struct bytes encoded)
{
    struct bundle b;
    TRY(bundle_read(&b, encoded));
    pthread_mutex_lock(&i->lock);
    bool full = i->count == INBOX_BUNDLES || i->bytes + encoded.len > INBOX_BYTES;
    if (!full) {
        struct waiting *w = mem_alloc(sizeof *w + encoded.len);
        *w = (struct waiting){.len = encoded.len};
        memcpy(w->bytes, encoded.data, encoded.len);
        *i->last = w;
        i->last = &w->next;
        i->count++;
        i->bytes += encoded.len;
        pthread_cond_signal(&i->filled);
    }
    pthread_mutex_unlock(&i->lock);
    return full ? E_POOL_FULL : E_OK;
}
