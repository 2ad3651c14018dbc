#include "chain/evm_pool.h"

#include <pthread.h>

#include "base/mem.h"

#define IDLE_MAX 8 /* more readers than this at once make and free theirs */

struct evm_pool {
    pthread_mutex_t lock;
    struct evm *idle[IDLE_MAX];
    size_t count;
};

struct evm_pool *evm_pool_new(void)
{
    struct evm_pool *p = mem_zalloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

void evm_pool_free(struct evm_pool *p)
{
    if (!p)
        return;
    while (p->count)
        evm_free(p->idle[--p->count]);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

struct evm *evm_pool_take(struct evm_pool *p)
{
    pthread_mutex_lock(&p->lock);
    struct evm *e = p->count ? p->idle[--p->count] : NULL;
    pthread_mutex_unlock(&p->lock);
    return e ? e : evm_new();
}

void evm_pool_give(struct evm_pool *p, struct evm *e)
{
    pthread_mutex_lock(&p->lock);
    if (p->count < IDLE_MAX) {
        p->idle[p->count++] = e;
        e = NULL;
    }
    pthread_mutex_unlock(&p->lock);
    evm_free(e);
}
