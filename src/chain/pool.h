/* pool: transactions waiting to be ordered, by sender and nonce, then arrival. Bounded.
 * Threads   any; one lock inside. Holds decoded transactions with their senders. */
#ifndef PARVIS_CHAIN_POOL_H
#define PARVIS_CHAIN_POOL_H

#include "chain/chain.h"

struct pool *pool_new(struct chain *c);
void pool_free(struct pool *p);

/* pool_limit lowers the bounds (LIMIT_POOL_TXS, LIMIT_POOL_BYTES): small machines, tests. */
void pool_limit(struct pool *p, size_t txs_max, size_t bytes_max);

/* A transaction that nobody judges, as it stands behind a gap or the node makes no blocks, leaves
 * with the first block after so long (by chain_now_s) and so many blocks. */
#define POOL_WAIT_S (3u * 3600)
#define POOL_WAIT_BLOCKS 64u

/* pool_add decodes, recovers the sender, checks against head and pool, and keeps a copy of raw.
 * *hash_out is set whenever raw decodes. A nonce gap waits (queued) until it closes.
 * A waiting transaction is replaced by one of the same sender and nonce whose two prices are a
 * tenth higher, if the pool has room for it; free ones are not (E_TX_UNDERPRICED). When the pool is
 * full, transactions behind a nonce gap make room for executable ones, oldest first. A call to a
 * service's method that asks for it is run on the head's state first (chain/rehearse.h). E_OK |
 * E_RLP ... | E_SIGNATURE | E_TX_* | E_POOL_FULL | E_REVERT (the service refuses: d, which may be
 * NULL, says why) | E_OUT_OF_GAS. */
enum err pool_add(struct pool *p, struct bytes raw, struct hash *hash_out, struct diag *d);

/* pool_take borrows executable transactions, oldest first, nonces in order per sender, until
 * gas_max, count_max or bytes_max. pool_committed follows the accounts that the block in hand (b;
 * NULL: none) changed, which drops what it included, drops what became invalid, and gives the rest
 * back. With a block, the head is published next and then pool_published is called: between the two
 * nothing is learnt from the store, and pool_add may wait. pool_return gives borrowed ones back. */
size_t pool_take(struct pool *p, struct tx **out, size_t count_max, uint64_t gas_max,
                 size_t bytes_max);
void pool_return(struct pool *p);
void pool_committed(struct pool *p, const struct block *b, const struct hash *dropped,
                    size_t dropped_count);
void pool_published(struct pool *p);

/* pool_drop takes out a transaction that others refuse, so that its nonce is free again; not one
 * that is borrowed. */
void pool_drop(struct pool *p, const struct hash *tx_hash);

/* pool_fill_senders gives transactions decoded elsewhere the senders and authorities that were
 * recovered when the pool took them; the others stay as they are. */
void pool_fill_senders(struct pool *p, struct tx *const *txs, size_t count);

/* The sender's next nonce, counting what waits without a gap. */
uint64_t pool_next_nonce(struct pool *p, const struct address *sender, uint64_t state_nonce);

/* A waiting transaction's encoding appended to out, or E_NOT_FOUND. */
enum err pool_get(struct pool *p, const struct hash *tx_hash, struct buf *raw_out);

/* pool_wait sleeps until a transaction can be taken, timeout_ms passed, or pool_wake was called.
 * Returns the number that can be taken. */
size_t pool_wait(struct pool *p, unsigned timeout_ms);
void pool_wake(struct pool *p);
/* pool_pause sleeps timeout_ms whatever waits, or until pool_wake. */
void pool_pause(struct pool *p, unsigned timeout_ms);

struct pool_stats {
    size_t pending; /* executable now */
    size_t queued;  /* waiting for an earlier nonce */
    size_t bytes;
};
struct pool_stats pool_stats(struct pool *p);

/* pool_visit calls back for every waiting transaction, by sender and nonce. */
typedef void (*pool_visitor)(void *ctx, const struct tx *t, bool pending);
void pool_visit(struct pool *p, pool_visitor visit, void *ctx);

#endif
