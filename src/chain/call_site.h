/* call_site: the block around a call; private to call.c and simulate.c. */
#ifndef PARVIS_CHAIN_CALL_SITE_H
#define PARVIS_CHAIN_CALL_SITE_H

#include "chain/chain.h"
#include "chain/execute.h"
#include "chain/rules.h"

/* Block hashes that were asked for: bytecode may ask for one of them a million times. */
#define CALL_SITE_HASHES 257
struct site_hash {
    bool is_set;
    uint64_t number;
    struct hash hash;
};

struct call_site {
    struct chain_view *view;
    struct chain *chain;
    const struct schedule *schedule;
    bool is_ethereum; /* an imported chain: no services */
    struct header header;
    struct hash hash;
    struct block_env env; /* as that header's block has it */
    struct statedb_view *base;
    struct evm *evm;
    struct arena *arena;
    struct site_hash hashes[CALL_SITE_HASHES];
};

/* call_site_open: block `number`, on the state after block state_of. The site must stay where it
 * is. E_OK | E_PRUNED | E_NOT_FOUND | E_CORRUPT | E_IO. */
enum err call_site_open(struct call_site *site, struct chain_view *v, uint64_t number,
                        uint64_t state_of, struct arena *a);
void call_site_close(struct call_site *site);

/* The hash of block `number` of the chain, at most 256 below the site; read from the store once.
 * Zero: there is none. */
struct hash call_site_hash(struct call_site *site, uint64_t number);

/* A context over s with the site's block, arena and interpreter; nobody watches. */
struct execute_context call_site_context(struct call_site *site, struct state *s);

/* What a block of this chain does before its first transaction (EIP-2935, EIP-4788), with the
 * parent named in site->header. E_OK | the codes of state_error. */
enum err call_site_begin(struct call_site *site, struct state *s);

#endif
