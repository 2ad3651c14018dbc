#include "engine/outbox.h"

#include <pthread.h>

#include "base/mem.h"
#include "engine/bundle.h"

struct told {
    struct hash hash;
    uint64_t at; /* head when it was told */
};

/* First in, first out, in a ring that doubles when it is full. */
struct queue {
    struct told *ring;
    size_t first, count, cap;
};

struct outbox {
    struct pool *pool;
    pthread_mutex_t lock;
    struct queue fresh, told;
    uint64_t mark; /* of the last bundle */
    struct buf raw;
};

static struct told *queue_at(struct queue *q, size_t i)
{
    return &q->ring[(q->first + i) & (q->cap - 1)];
}

static void queue_push(struct queue *q, struct told item)
{
    if (q->count == q->cap) {
        struct queue larger = {.cap = q->cap ? 2 * q->cap : 1024, .count = q->count};
        larger.ring = mem_alloc(larger.cap * sizeof *larger.ring);
        for (size_t i = 0; i < q->count; i++)
            larger.ring[i] = *queue_at(q, i);
        mem_free(q->ring);
        *q = larger;
    }
    q->count++;
    *queue_at(q, q->count - 1) = item;
}

static struct told queue_pop(struct queue *q)
{
    struct told item = *queue_at(q, 0);
    q->first = (q->first + 1) & (q->cap - 1);
    q->count--;
    return item;
}

struct outbox *outbox_new(struct pool *pool)
{
    struct outbox *o = mem_zalloc(1, sizeof *o);
    o->pool = pool;
    pthread_mutex_init(&o->lock, NULL);
    return o;
}

void outbox_free(struct outbox *o)
{
    if (!o)
        return;
    mem_free(o->fresh.ring);
    mem_free(o->told.ring);
    buf_free(&o->raw);
    pthread_mutex_destroy(&o->lock);
    mem_free(o);
}

void outbox_put(struct outbox *o, const struct hash *tx_hash)
{
    pthread_mutex_lock(&o->lock);
    queue_push(&o->fresh, (struct told){*tx_hash, 0});
    pthread_mutex_unlock(&o->lock);
}

/* tell_again moves what was told long ago back to what is to be told. */
static void tell_again(struct outbox *o, uint64_t head)
{
    while (o->told.count && queue_at(&o->told, 0)->at + OUTBOX_AGAIN_BLOCKS <= head)
        queue_push(&o->fresh, queue_pop(&o->told));
}

bool outbox_bundle(struct outbox *o, struct buf *out, size_t bytes_max, uint64_t head)
{
    size_t start = out->len, count = 0;
    if (bytes_max > BUNDLE_GOSSIP_BYTES)
        bytes_max = BUNDLE_GOSSIP_BYTES;
    pthread_mutex_lock(&o->lock);
    tell_again(o, head);
    while (o->fresh.count) {
        struct told *next = queue_at(&o->fresh, 0);
        buf_clear(&o->raw);
        if (pool_get(o->pool, &next->hash, &o->raw) != E_OK) {
            queue_pop(&o->fresh); /* in a block already, or dropped */
            continue;
        }
        if (count && out->len - start + 4 + o->raw.len > bytes_max)
            break;
        if (count++ == 0)
            bundle_open(out, ++o->mark);
        bundle_add(out, buf_view(&o->raw));
        queue_push(&o->told, (struct told){next->hash, head});
        queue_pop(&o->fresh);
    }
    pthread_mutex_unlock(&o->lock);
    return count > 0;
}
