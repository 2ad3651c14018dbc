/* Private to src/chain: the open chain and the block in hand. */
#ifndef PARVIS_CHAIN_CHAIN_INTERNAL_H
#define PARVIS_CHAIN_CHAIN_INTERNAL_H

#include <pthread.h>

#include "chain/blocks.h"
#include "chain/chain.h"
#include "chain/consensus.h"
#include "chain/evm_pool.h"
#include "chain/pool.h"
#include "chain/recent.h"
#include "chain/recover.h"
#include "evm/evm.h"

#define CHAIN_LISTENERS_MAX 8
#define CHAIN_HASH_WINDOW 256u /* BLOCKHASH reaches this far back */

/* What lies between chain_prepare and chain_commit. Engine thread only. */
struct work {
    struct tx **taken; /* LIMIT_BLOCK_TXS places for chain_prepare */
    bool borrowed;     /* the pool has lent transactions */
    bool applied;      /* statedb_apply was done */
    struct recent_block *block;
    struct hash *dropped; /* left out of the block as invalid */
    size_t dropped_count;
    struct arena scratch;      /* reset per transaction */
    uint64_t consensus_height; /* at which the block was decided; 0: no network */
};

struct chain {
    struct store *store;
    bool archive, audit;
    struct genesis genesis;
    struct statedb *db;
    struct state *state;     /* over db's head */
    struct evm *evm;         /* the engine thread's */
    struct evm_pool *evms;   /* the readers' */
    struct recover *recover; /* the engine thread's helpers */
    struct pool *pool;       /* NULL for audits */
    struct recent recent;
    struct hash hashes[CHAIN_HASH_WINDOW]; /* of the last blocks, by number; engine thread */
    struct work work;
    struct consensus_point consensus;
    struct consensus_members members; /* at the head; in members_arena */
    struct arena members_arena;
    struct hash members_root;  /* the storage they were read from */
    bool has_total_difficulty; /* imported chains: known once it was asked for */
    struct u256 total_difficulty;

    pthread_mutex_t head_lock;
    struct chain_head head;
    _Atomic uint64_t now_s; /* what chain_tell_time said last */

    struct chain_listener listeners[CHAIN_LISTENERS_MAX];
    _Atomic size_t listener_count;
};

/* What admission learns about a sender at the head: its nonce and balance, and how much gas it may
 * still spend without asking its quota again (at least the asking transaction's gas limit). */
struct sender_state {
    uint64_t nonce;
    struct u256 balance;
    uint64_t credit_gas;
};

/* The rules of a block that would be made now. Any thread. */
enum fork chain_next_fork(struct chain *c);

/* chain_check's work: reads the sender at the head. */
enum err chain_check_sender(struct chain *c, const struct tx *t, struct sender_state *out);

/* The rules of chain_check that need no store, given what is known of the sender. */
enum err chain_check_known(const struct chain *c, const struct tx *t, uint64_t nonce,
                           struct u256 balance);

/* A sender's nonce and balance after the block being committed; engine thread, during a commit. */
void chain_sender_now(struct chain *c, const struct address *a, uint64_t *nonce_out,
                      struct u256 *balance_out);

/* chain_visit_changed calls back for every account that the block being committed changes, with
 * its nonce and balance after it; engine thread, during a commit. */
typedef void (*chain_account_visitor)(void *ctx, const struct address *a, uint64_t nonce,
                                      struct u256 balance);
void chain_visit_changed(struct chain *c, chain_account_visitor visit, void *ctx);

struct chain *chain_view_chain(const struct chain_view *v);

/* chain_open for an import under way; chain_release is chain_close without closing the store. */
enum err chain_open_unfinished(struct chain **out, const struct chain_config *config,
                               struct diag *d);
void chain_release(struct chain *c); /* NULL is fine */

/* The mark of an import under way: chain_open refuses a store that has it. */
enum err chain_mark_importing(struct store *s, bool present);

/* Tells the listeners about a transaction the pool accepted. */
void chain_notify_pending(struct chain *c, const struct tx *t);

/* A secret number that stays the same for a store: salts tables keyed by strangers. */
uint64_t chain_salt(struct store *s);

/* consensus_founded: is the chain a network, by the state before the block that comes next? Asks
 * c->state, which holds no change. */
bool consensus_founded(struct chain *c);

/* consensus_refresh reads the members anew when their register changed with the head. */
enum err consensus_refresh(struct chain *c);

/* chain_finalize in its two halves, for replays that run the first for the next block while the
 * second runs for this one, on another thread and another struct chain (overlap.h). chain_execute
 * makes the block's lists, in c->work.block, and leaves its changes in c->state; it takes nothing
 * of c but genesis, head, hashes, state, evm, recover and work. chain_merge, with both in place,
 * merges the changes into the tries and makes the header; it uses neither evm nor the proposal's
 * transactions, and leaves the state as it is. On an error of chain_merge: chain_abandon. */
enum err chain_execute(struct chain *c, const struct proposal *p, bool drop_invalid,
                       struct diag *d);
enum err chain_merge(struct chain *c, const struct proposal *p, const struct block **block_out,
                     struct diag *d);

/* chain_append takes the next block of an imported Ethereum chain as it is: its header, lists and
 * results are checked by Ethereum's rules. On E_OK it is in hand: chain_commit or chain_abandon.
 * E_OK | E_BLOCK, d says why | E_CORRUPT | E_IO. */
enum err chain_append(struct chain *c, const struct block *b, const struct block **out,
                      struct diag *d);

#endif
