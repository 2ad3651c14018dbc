/* execute: a transaction and a block, run on a struct state. Deterministic; no store, no clock. */
#ifndef PARVIS_CHAIN_EXECUTE_H
#define PARVIS_CHAIN_EXECUTE_H

#include "chain/block.h"
#include "evm/frame.h"

struct quota_block;

/* execute_tx: buys gas, runs the frame, refunds (EIP-3529), applies the EIP-7623 floor, pays the
 * proposer, counts the sender's quota. The receipt's logs live in the arena.
 * E_OK (also for a reverted transaction) | E_TX_* when the transaction may not stand in this block:
 * the state is then unchanged. */
enum err execute_tx(struct state *s, const struct block_env *env, struct quota_block *q,
                    const struct tx *t, uint64_t gas_used_before, struct arena *a,
                    struct receipt *out);

/* The world's runners of this build: services, precompiles, bytecode. */
void execute_world(struct world *w, struct state *s, const struct block_env *env, struct arena *a);

#endif
