/* engine: who decides the order of transactions. One narrow interface; the
 * engine drives chain_check, chain_prepare, chain_process, chain_finalize and chain_commit. */
#ifndef PARVIS_ENGINE_ENGINE_H
#define PARVIS_ENGINE_ENGINE_H

#include "chain/chain.h"
#include "chain/snapshot.h"

/* The application's version in every header of a network's engine, and in the engine's genesis. */
#define ENGINE_APP_VERSION 1u

struct engine;

struct engine_ops {
    const char *name; /* "solo", "comet", "follow", "hold" */
    enum err (*start)(struct engine *e, struct diag *d);
    void (*stop)(struct engine *e); /* finishes the block in hand, joins threads */
    bool agrees_on_time; /* a block's time is what chain_now_s says or later, not the clock's */
    /* hand a transaction to the ordering: local pool, and to peers where there are any; d (may be
     * NULL): why a service refuses it (pool_add) */
    enum err (*submit)(struct engine *e, struct bytes raw, struct hash *hash_out, struct diag *d);
};

/* How a member that joins by state sync makes its ledger: comet takes a snapshot from its peers;
 * begin() says into which store (it sets config->store and genesis_opt and calls
 * snapshot_take_begin), open() opens what came out, is_peer() knows those it was set up with. */
struct engine_sync {
    enum err (*begin)(void *ctx, struct snapshot_take_config *config, struct snapshot_take **out,
                      struct diag *d);
    enum err (*open)(void *ctx, struct chain **out, struct diag *d);
    void *ctx;
    /* whose node may connect meanwhile: there is no register to ask yet. NULL: nobody's */
    bool (*is_peer)(void *ctx, const uint8_t node20[20]);
};

struct engine {
    const struct engine_ops *ops;
    struct chain *chain; /* NULL: there is no ledger yet, see sync */
    uint8_t key32[32];   /* the node's key: seals blocks */
    struct address address;
    const char *app_socket;   /* comet: where CometBFT calls */
    const char *rpc_socket;   /* comet: where CometBFT answers; NULL: nobody asks it */
    const char *snapshot_dir; /* comet: of this node's snapshots; NULL: none are made or served */
    uint64_t snapshot_blocks; /* comet: a snapshot every so many blocks; 0: never */
    const char *follow_url;   /* follow: the node whose blocks are taken */
    const char *trust_path;   /* follow: a file with a trust (engine/light.h), or NULL */
    struct engine_sync *sync; /* comet without a chain: where one comes from */
    _Atomic(struct chain *) synced; /* comet: the chain that was taken; NULL until it is there */
    unsigned block_ms;              /* at most one block per period; 0: as soon as there is work */
    void *private_data;
    _Atomic bool failed; /* a commit failed; the node must stop */
    enum err failure_code;
    struct diag failure;
};

/* solo: one embedded proposer on one machine. */
extern const struct engine_ops ENGINE_SOLO;

/* comet: the members of a network together, through CometBFT (engine/comet.h). */
extern const struct engine_ops ENGINE_COMET;

/* follow: a copy outside the network, of one node's blocks (engine/follow.h). */
extern const struct engine_ops ENGINE_FOLLOW;

/* hold: no block is made; transactions only wait. For an imported Ethereum chain. */
extern const struct engine_ops ENGINE_HOLD;

#endif
