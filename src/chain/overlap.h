/* overlap: one block executes while the block before it is merged and committed. Private to replay.
 *
 * Owners    the chain (its tries, its store's write transactions, its head) is the merging thread's
 *           from overlap_hand_over until overlap_wait returns, and the caller's otherwise.
 *           A second struct chain, `front`, is the caller's alone: as much of a chain as execution
 *           needs, its head the stated header of the last block handed over, its hashes likewise.
 *           Two struct states take turns: one executes, the other belongs to the block handed over,
 *           and nobody changes it until overlap_wait. Both read through state/frozen.h.
 *           A recent_block goes with its block from front to the chain.
 * Store     the merging thread alone writes. Each of the two reads in a transaction of its own.
 * Small     a block that changes little is merged on the caller's thread, and so is every block
 *           where no thread can be started. */
#ifndef PARVIS_CHAIN_OVERLAP_H
#define PARVIS_CHAIN_OVERLAP_H

#include "chain/chain.h"
#include "chain/recover.h"

struct overlap;

/* always: also blocks that are too small to gain by it. E_OK | E_IO | E_LIMIT. */
enum err overlap_open(struct overlap **out, struct chain *c, bool always);
void overlap_close(struct overlap *o); /* waits; NULL is fine */

uint64_t overlap_next(const struct overlap *o); /* the number of the block to execute next */

/* overlap_execute checks and executes the block that follows the last one handed over. On E_OK it
 * is in hand: overlap_hand_over or overlap_drop; *block_out has transactions, receipts, gas used.
 * Otherwise as chain_process and chain_execute. */
enum err overlap_execute(struct overlap *o, const struct proposal *p,
                         const struct recover_seal *seal_opt, const struct block **block_out,
                         struct diag *d);
void overlap_drop(struct overlap *o);

/* overlap_hand_over gives the block in hand to the merging thread, which has none: it merges it and
 * compares it with what is stated; then it commits it, or forgets it where `commit` is false. */
void overlap_hand_over(struct overlap *o, const struct block *stated, bool commit);

/* overlap_wait ends the block handed over, if there is one. E_OK | the code of what went wrong, in
 * d what. *stored_out_opt: it was right, and what went wrong was the commit. */
enum err overlap_wait(struct overlap *o, bool *commit_failed_out, struct diag *d);

/* replay.c: whether a block is what its header states. E_OK | E_BLOCK, d names the field. */
enum err replay_compare(const struct header *stated, const struct hash *stated_hash,
                        const struct block *made, struct diag *d);

#endif
