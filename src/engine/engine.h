/* engine: who decides the order of transactions. One narrow interface; the
 * engine drives chain_check, chain_prepare, chain_process, chain_finalize and chain_commit. */
#ifndef PARVIS_ENGINE_ENGINE_H
#define PARVIS_ENGINE_ENGINE_H

#include "chain/chain.h"

struct engine;

struct engine_ops {
    const char *name; /* "solo", "comet", "hold" */
    enum err (*start)(struct engine *e, struct diag *d);
    void (*stop)(struct engine *e); /* finishes the block in hand, joins threads */
    /* hand a transaction to the ordering: local pool, and to peers where there are any */
    enum err (*submit)(struct engine *e, struct bytes raw, struct hash *hash_out);
};

struct engine {
    const struct engine_ops *ops;
    struct chain *chain;
    uint8_t key32[32]; /* the node's key: seals blocks */
    struct address address;
    const char *app_socket; /* comet: where CometBFT calls */
    unsigned block_ms;      /* at most one block per period; 0: as soon as there is work */
    void *private_data;
    _Atomic bool failed; /* a commit failed; the node must stop */
    struct diag failure;
};

/* solo: one embedded proposer on one machine. */
extern const struct engine_ops ENGINE_SOLO;

/* comet: the members of a network together, through CometBFT (engine/comet.h). */
extern const struct engine_ops ENGINE_COMET;

/* hold: no block is made; transactions only wait. For an imported Ethereum chain. */
extern const struct engine_ops ENGINE_HOLD;

#endif
