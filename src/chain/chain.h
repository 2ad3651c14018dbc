/* chain: the ledger itself: blocks in a store, executed, committed, read and audited.
 *
 * The five steps of the engine interface are functions here, so that every
 * engine drives the same code:
 *   chain_check     may this transaction wait in the pool?
 *   chain_prepare   choose transactions for a block (by the proposer)
 *   chain_process   is this proposal acceptable? (by everyone)
 *   chain_finalize  execute it: header, receipts, state root; nothing stored yet
 *   chain_commit    one durable store transaction
 * Threads   one engine thread calls prepare..commit. Everything else may be called by any thread:
 *           readers open a struct chain_view. */
#ifndef PARVIS_CHAIN_CHAIN_H
#define PARVIS_CHAIN_CHAIN_H

#include "chain/block.h"
#include "chain/call.h"
#include "chain/genesis.h"
#include "evm/frame.h"
#include "state/statedb.h"

struct chain;
struct pool;

struct chain_config {
    struct store *store; /* takes: closed by chain_close */
    bool archive;        /* keep the state of every height */
    bool audit;          /* no pool, no caches for readers */
};

/* chain_create writes block 0 of a genesis into an empty store. chain_open opens a store that has
 * one (on failure the store is not taken). E_OK | E_EXISTS | E_NOT_FOUND | E_GENESIS | E_VERSION |
 * E_CORRUPT | E_IO ... */
enum err chain_create(struct store *store, const struct genesis *g, struct diag *d);
enum err chain_open(struct chain **out, const struct chain_config *config, struct diag *d);
void chain_close(struct chain *c);

uint64_t chain_id(const struct chain *c);
const struct genesis *chain_genesis(const struct chain *c);
struct pool *chain_pool(struct chain *c);
struct store *chain_store(struct chain *c);

/* The committed head, as a copy. */
struct chain_head {
    uint64_t number;
    struct hash hash;
    struct hash state_root;
    uint64_t timestamp_s;
    uint64_t gas_limit;
    uint64_t tx_total;         /* transactions since genesis */
    uint64_t consensus_height; /* of a network: the engine's last height (chain/consensus.h) */
};
struct chain_head chain_head(struct chain *c);

/* --- the engine's five steps ------------------------------------------------------------------ */

/* A proposal: what the engine orders. Execution adds everything else. */
struct proposal {
    uint64_t number;
    uint64_t timestamp_s;
    struct address proposer;
    struct tx **txs; /* chain_process recovers senders that are missing */
    size_t tx_count;
    const struct withdrawal *reports; /* of misbehaviour (block.h): only on a network */
    size_t report_count;
    /* an own proposal: asked before each transaction, true leaves it and the rest to later blocks
     */
    bool (*enough)(void *ctx);
    void *enough_ctx;
};

/* chain_tell_time: the engine says from when on the next block will be, so that admission judges
 * quotas, and what may be done now, by the time of the next block and not by the last block's.
 * chain_now_s: what it said last, or the head's time if that is later. Any thread. */
void chain_tell_time(struct chain *c, uint64_t unix_s);
uint64_t chain_now_s(struct chain *c);

/* chain_check: state-dependent admission of a decoded transaction with known sender against the
 * head. *state_nonce_out is the sender's nonce at the head. E_OK | E_TX_GAS_LIMIT | E_TX_NONCE_LOW
 * | E_TX_NONCE_HIGH (further ahead than the pool keeps) | E_TX_SENDER_CODE | E_TX_FUNDS |
 * E_TX_QUOTA | E_TX_NOT_MEMBER | E_CORRUPT | E_IO. Reads the store: the pool remembers what it
 * learnt. */
enum err chain_check(struct chain *c, const struct tx *t, uint64_t *state_nonce_out);

/* chain_prepare takes transactions from the pool, by arrival and nonce, up to the block gas limit,
 * LIMIT_BLOCK_TXS and bytes_max (at most CHAIN_BLOCK_BYTES). They are borrowed from the pool until
 * chain_commit or chain_abandon. May be empty. The timestamp is raised to the parent's if it is
 * earlier; the proposer is the genesis', which a network's engine replaces. */
#define CHAIN_BLOCK_BYTES \
    (8u << 20) /* encoded transactions of one block (EIP-7934: block < 10 MiB) */
void chain_prepare(struct chain *c, struct proposal *out, uint64_t timestamp_s, size_t bytes_max);

/* chain_process: number, time and gas rules of a proposal, each transaction's static validity and
 * signature; senders that neither it nor the pool knows are recovered on several threads. Before
 * the network is founded (city/members) only the genesis' proposer may propose, afterwards whom the
 * engine names. E_OK | E_BLOCK with the reason in d. */
enum err chain_process(struct chain *c, const struct proposal *p, struct diag *d);

/* chain_finalize executes. Transactions that turn out invalid (nonce, funds, quota) are left out
 * when drop_invalid (own proposal), and make the proposal E_BLOCK otherwise. *block_out lives until
 * chain_commit or chain_abandon. E_OK | E_BLOCK | E_CORRUPT | E_IO. */
enum err chain_finalize(struct chain *c, const struct proposal *p, bool drop_invalid,
                        const struct block **block_out, struct diag *d);

/* chain_commit stores the finalized block with its seal (NULL on a network, whose members sign
 * together, beside the chain), durably; then the pool, the head and the listeners see it. E_OK |
 * E_DISK_FULL | E_MAP_FULL | E_IO: the head is unchanged and the block is abandoned. chain_abandon
 * forgets the block in hand: what was found invalid leaves the pool, the rest goes back to it. */
enum err chain_commit(struct chain *c, const struct ecdsa_signature *seal_opt);
void chain_abandon(struct chain *c);

/* --- listeners -------------------------------------------------------------------------------- */

/* Called on the engine thread after each commit, and when the pool accepts a transaction (any
 * thread). Must not block. At most 8. */
struct chain_listener {
    void (*block)(void *ctx, const struct block *b);
    void (*pending)(void *ctx, const struct tx *t);
    void *ctx;
};
void chain_listen(struct chain *c, const struct chain_listener *l);

/* Calls, estimation, replay of transactions: chain/call.h. */

/* --- reading ---------------------------------------------------------------------------------- */

/* An interpreter for a thread that reads (its stack has LIMIT_EVM_STACK_BYTES). Never NULL; given
 * back before chain_close. */
struct evm *chain_evm_take(struct chain *c);
void chain_evm_give(struct chain *c, struct evm *e);

/* A consistent view of everything up to the head at the time of opening. */
struct chain_view;
enum err chain_view_open(struct chain *c, struct chain_view **out);
void chain_view_close(struct chain_view *v);
uint64_t chain_view_head(const struct chain_view *v);

/* Blocks. Transactions have their senders. with_receipts loads receipts with logs too. What *out
 * points to is read-only and lives until the arena is reset or the view closed, whichever comes
 * first: recent blocks are shared, not copied, so looking into one costs little however large it
 * is. Heights above the view's head are E_NOT_FOUND. E_OK | E_NOT_FOUND | E_CORRUPT | E_IO. */
enum err chain_load_header(struct chain_view *v, uint64_t number, struct arena *a,
                           struct header *out, struct hash *hash_out);
enum err chain_load_block(struct chain_view *v, uint64_t number, struct arena *a,
                          bool with_receipts, struct block *out);
enum err chain_number_of(struct chain_view *v, const struct hash *block_hash, uint64_t *number_out);
enum err chain_find_tx(struct chain_view *v, const struct hash *tx_hash, uint64_t *number_out,
                       size_t *index_out);

/* The height of a network's engine at which a block was decided. E_OK | E_NOT_FOUND (made before
 * the network, or taken with a snapshot) | E_CORRUPT | E_IO. */
enum err chain_decided_height(struct chain_view *v, uint64_t number, uint64_t *height_out);

/* State at a height: LIMIT_STATE_HISTORY back, or all with archive. The view owns *out and closes
 * it. E_OK | E_PRUNED | E_NOT_FOUND | E_CORRUPT | E_IO. */
enum err chain_state_at(struct chain_view *v, uint64_t number, struct statedb_view **out);

#endif
