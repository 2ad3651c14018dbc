/* recent: the last blocks kept decoded in memory, shared read-only, so that a receipt asked for
 * right after a commit costs a look-up. Bounded by RECENT_BLOCKS and RECENT_BYTES_MAX.
 * Threads   any; one lock inside, held for look-ups only. */
#ifndef PARVIS_CHAIN_RECENT_H
#define PARVIS_CHAIN_RECENT_H

#include <pthread.h>

#include "chain/block.h"
#include "chain/ptr_map.h"

#define RECENT_BLOCKS 256u
#define RECENT_BYTES_MAX ((size_t)96 << 20)

/* One block with everything it points to. Shared by reference counting. */
struct recent_block {
    _Atomic unsigned references;
    struct arena arena;
    struct block block;
    uint64_t tx_total;
    struct recent_tx *index; /* one per transaction, for the map */
};

struct recent_tx {
    struct hash hash;
    struct recent_block *block;
    uint32_t index;
};

struct recent {
    pthread_mutex_t lock;
    struct recent_block *ring[RECENT_BLOCKS]; /* by number */
    uint64_t oldest, newest;                  /* kept: oldest..newest; none when ring is empty */
    size_t count;
    size_t bytes;
    struct ptr_map txs;
};

void recent_init(struct recent *r, uint64_t salt);
void recent_fini(struct recent *r);

/* recent_block_new makes an empty block with one reference; recent_unref gives one back. */
struct recent_block *recent_block_new(void);
void recent_unref(struct recent_block *b); /* NULL is fine */

/* recent_add keeps b (takes a reference of its own) as the newest block. */
void recent_add(struct recent *r, struct recent_block *b);

/* recent_get returns a block with a reference for the caller, or NULL. recent_find_tx tells where a
 * transaction stands; false when it is in no kept block. */
struct recent_block *recent_get(struct recent *r, uint64_t number);
bool recent_find_tx(struct recent *r, const struct hash *tx_hash, uint64_t *number_out,
                    size_t *index_out);

#endif
