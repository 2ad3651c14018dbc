#include "chain/recent.h"

#include <stdatomic.h>

void recent_init(struct recent *r, uint64_t salt)
{
    *r = (struct recent){.txs = {.key_at = offsetof(struct recent_tx, hash),
                                 .key_len = sizeof(struct hash),
                                 .salt = salt}};
    pthread_mutex_init(&r->lock, NULL);
}

struct recent_block *recent_block_new(void)
{
    struct recent_block *b = mem_zalloc(1, sizeof *b);
    b->references = 1;
    return b;
}

void recent_unref(struct recent_block *b)
{
    if (!b || atomic_fetch_sub(&b->references, 1) != 1)
        return;
    arena_free(&b->arena);
    mem_free(b);
}

static size_t weight(const struct recent_block *b)
{
    return sizeof *b + b->arena.used_bytes;
}

/* drop_oldest takes the oldest block out of the ring and returns it, for the caller to release
 * outside of the lock. */
static struct recent_block *drop_oldest(struct recent *r)
{
    struct recent_block **place = &r->ring[r->oldest % RECENT_BLOCKS], *b = *place;
    for (size_t i = 0; i < b->block.tx_count; i++)
        ptr_map_remove(&r->txs, &b->index[i]);
    r->bytes -= weight(b);
    *place = NULL;
    r->oldest++;
    r->count--;
    return b;
}

void recent_add(struct recent *r, struct recent_block *b)
{
    b->index = arena_alloc(&b->arena, (b->block.tx_count + 1) * sizeof *b->index);
    for (size_t i = 0; i < b->block.tx_count; i++)
        b->index[i] = (struct recent_tx){b->block.txs[i].hash, b, (uint32_t)i};
    atomic_fetch_add(&b->references, 1);

    struct recent_block *dropped[RECENT_BLOCKS];
    size_t dropped_count = 0;
    pthread_mutex_lock(&r->lock);
    ASSERT(r->count == 0 || b->block.header.number == r->newest + 1);
    while (r->count == RECENT_BLOCKS || (r->count && r->bytes + weight(b) > RECENT_BYTES_MAX))
        dropped[dropped_count++] = drop_oldest(r);
    r->newest = b->block.header.number;
    if (r->count++ == 0)
        r->oldest = r->newest;
    r->ring[r->newest % RECENT_BLOCKS] = b;
    r->bytes += weight(b);
    for (size_t i = 0; i < b->block.tx_count; i++)
        ptr_map_insert(&r->txs, &b->index[i]);
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < dropped_count; i++)
        recent_unref(dropped[i]);
}

void recent_fini(struct recent *r)
{
    while (r->count)
        recent_unref(drop_oldest(r));
    mem_free(r->txs.slot);
    pthread_mutex_destroy(&r->lock);
}

struct recent_block *recent_get(struct recent *r, uint64_t number)
{
    pthread_mutex_lock(&r->lock);
    bool kept = r->count && number >= r->oldest && number <= r->newest;
    struct recent_block *b = kept ? r->ring[number % RECENT_BLOCKS] : NULL;
    if (b)
        atomic_fetch_add(&b->references, 1);
    pthread_mutex_unlock(&r->lock);
    return b;
}

bool recent_find_tx(struct recent *r, const struct hash *tx_hash, uint64_t *number_out,
                    size_t *index_out)
{
    pthread_mutex_lock(&r->lock);
    const struct recent_tx *t = ptr_map_find(&r->txs, tx_hash->b);
    if (t) {
        *number_out = t->block->block.header.number;
        *index_out = t->index;
    }
    pthread_mutex_unlock(&r->lock);
    return t != NULL;
}
