/* recover: senders and authorities of many transactions, and who sealed their block, recovered on
 * worker threads while the thread that executes does something else; and the work that services'
 * methods let be done ahead of their turn (service_ahead). The result is that of tx_recover, one
 * after the other: only who computes it and when differs.
 *
 * Threads   a struct recover belongs to one thread, which starts and finishes batches; its workers
 *           (one per processor, at most RECOVER_WORKERS_MAX) are started with the first batch that
 *           is worth it, and sleep between batches. Where none can be started, recover_finish does
 *           the work. */
#ifndef PARVIS_CHAIN_RECOVER_H
#define PARVIS_CHAIN_RECOVER_H

#include "chain/tx.h"

#define RECOVER_WORKERS_MAX 8u

struct recover;
struct recover_batch;

struct recover *recover_new(void); /* starts no thread yet */
/* recover_free ends the workers; every batch must have been finished. NULL is fine. */
void recover_free(struct recover *r);

/* recover_start hands out the transactions that the pointers lead to (the pointers are copied) and
 * returns at once. Their senders and authorizations are the workers' until recover_finish. */
struct recover_batch *recover_start(struct recover *r, struct tx *const *txs, size_t count);

/* Who signed a block hash. */
struct recover_seal {
    struct hash block_hash;
    struct ecdsa_signature signature;
    bool has_signer; /* this and signer are the workers' until recover_finish */
    struct address signer;
};

/* recover_start_block does so for txs that lie in one row, and for the block's seal (NULL: it has
 * none). */
struct recover_batch *recover_start_block(struct recover *r, struct tx *txs, size_t count,
                                          struct recover_seal *seal_opt);

/* recover_finish helps with what is left of the batch, waits for the rest and frees the batch (NULL
 * is an empty one). E_OK: every transaction has its sender, every authorization is recovered |
 * E_SIGNATURE: *bad_out is the first transaction whose signature gives no sender; those after it
 * may or may not have been looked at. Either way the seal was. */
enum err recover_finish(struct recover_batch *b, size_t *bad_out);

#endif
