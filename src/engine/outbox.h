/* outbox: the transactions that came in at this node and that its peers must hear of, by hash. What
 * was told once is told again after OUTBOX_AGAIN_BLOCKS if it still waits in the pool: the peers it
 * was told to may have lost it.
 * Threads   any; one lock inside. Bound: what the pool took in, 40 bytes each. */
#ifndef PARVIS_ENGINE_OUTBOX_H
#define PARVIS_ENGINE_OUTBOX_H

#include "chain/pool.h"

#define OUTBOX_AGAIN_BLOCKS 8u

struct outbox;

struct outbox *outbox_new(struct pool *pool);
void outbox_free(struct outbox *o); /* NULL is fine */

/* outbox_put notes a transaction that the pool has just taken. */
void outbox_put(struct outbox *o, const struct hash *tx_hash);

/* outbox_bundle appends one gossiped bundle (engine/bundle.h) of at most bytes_max to out, of what
 * is still in the pool, and notes that it was told at block `head`. False when nothing is to be
 * told. */
bool outbox_bundle(struct outbox *o, struct buf *out, size_t bytes_max, uint64_t head);

#endif
