/* execute: a transaction and a block, run on a struct state. Deterministic; no store, no clock. */
#ifndef PARVIS_CHAIN_EXECUTE_H
#define PARVIS_CHAIN_EXECUTE_H

#include "chain/block.h"
#include "evm/frame.h"

struct quota_block;

/* execute_tx: checks the transaction against rules, block and sender, buys gas, runs the frame,
 * refunds (EIP-3529), applies the EIP-7623 floor, pays the proposer, counts the sender's quota.
 *   t                has_sender; every rule of tx_check is applied again here
 *   q                NULL: no quota is asked or counted (official fixtures)
 *   gas_used_before  by the earlier transactions of the block
 *   a                scratch, and what the receipt points to (logs, output)
 * E_OK (also for a reverted transaction) | E_TX_*, E_SIGNATURE when the transaction may not stand
 * in this block: the state is then unchanged | the code of state_error. */
enum err execute_tx(struct state *s, const struct block_env *env, struct quota_block *q,
                    const struct tx *t, uint64_t gas_used_before, struct arena *a,
                    struct receipt *out);

/* The world's runners of this build: services now; precompiles and bytecode add theirs here. origin
 * and gas_price are left for the caller. */
void execute_world(struct world *w, struct state *s, const struct block_env *env, struct arena *a);

#endif
