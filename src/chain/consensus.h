/* consensus: what ties the blocks of a network to the engine that orders them (engine/comet.h).
 *
 * Heights   The engine counts heights of its own. One at which nothing was to do makes no block, so
 *           the two numbers drift apart; TABLE_CONSENSUS tells at which height a block was decided
 *           and META "consensus" which height was the last. Both are written in the block's own
 *           store transaction (a height without a block in one of its own), so that after a crash
 *           the engine is told exactly what is on disk.
 * Members   Who may propose and how much each vote weighs is the ledger's own state
 *           (city/members); the copy here is that of the head.
 * Threads   the engine's, but for consensus_get and consensus_of_block. */
#ifndef PARVIS_CHAIN_CONSENSUS_H
#define PARVIS_CHAIN_CONSENSUS_H

#include "chain/chain.h"
#include "city/members/members.h"

/* The last height that was committed, and the head block after it. {0, 0}: none yet. */
struct consensus_point {
    uint64_t height;
    uint64_t block;
};

/* consensus_get: E_OK | E_CORRUPT | E_IO. consensus_of_block: the height at which a block was
 * decided. E_OK | E_NOT_FOUND (one of the time before the network) | E_CORRUPT | E_IO.
 * consensus_put notes that `height` left `block` as the head, which it made itself or not. */
enum err consensus_get(struct store_txn *t, struct consensus_point *out);
enum err consensus_of_block(struct store_txn *t, uint64_t block, uint64_t *height_out);
enum err consensus_put(struct store_txn *t, const struct consensus_point *p, bool made_block);

/* Who orders, by the state after the head. Valid until the next commit. */
struct consensus_members {
    bool founded; /* the chain is a network */
    const struct member *list;
    size_t count;
    uint64_t heartbeat_s;
    bool has_upgrade; /* from upgrade_block on, a program that knows this name must run */
    uint64_t upgrade_block;
    char upgrade_program[MEMBERS_NAME_MAX + 1];
};
struct consensus_members chain_members(struct chain *c);

/* chain_members_next lists the validators as they will be after the block in hand. E_OK | what
 * state_error says. */
enum err chain_members_next(struct chain *c, struct arena *a, struct member **out,
                            size_t *count_out);

/* The block in hand: finalized, not committed. NULL: none. */
const struct block *chain_in_hand(struct chain *c);

/* chain_decided_at: the block in hand was decided at this height, which chain_commit then stores
 * with it. chain_commit_height stores a height that made no block. E_OK and the errors of
 * chain_commit. chain_consensus tells the last one stored. */
void chain_decided_at(struct chain *c, uint64_t height);
enum err chain_commit_height(struct chain *c, uint64_t height);
struct consensus_point chain_consensus(struct chain *c);

/* chain_rollback takes the last height out of a store that nobody has open for writing, with the
 * block it made if it made one: for an engine that was set back to an older copy of its own data.
 * On a chain without a network it takes the last block. Block 0 stays. *out is what is then the
 * last. E_OK | E_NOT_FOUND (there is nothing to take back) | E_CORRUPT | store errors; d explains.
 */
enum err chain_rollback(struct store *store, struct consensus_point *out, struct diag *d);

#endif
