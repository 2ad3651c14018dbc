/* execute: a transaction, run on a struct state. Deterministic; no store, no clock.
 *
 * The rules are Ethereum's of block->fork, Frontier to Osaka; a chain of ours adds its services and
 * quotas. What belongs to a block and not to a transaction (withdrawals, system contracts, rewards)
 * is elsewhere. */
#ifndef PARVIS_CHAIN_EXECUTE_H
#define PARVIS_CHAIN_EXECUTE_H

#include "chain/block.h"
#include "evm/evm.h"
#include "evm/frame.h"

struct quota_block;

/* What transactions are executed in. Everything is borrowed. */
struct execute_context {
    struct state *state; /* execute_prepare sets its rules */
    const struct block_env *block;
    struct arena *arena;         /* scratch, and what receipts point to (logs, output) */
    struct evm *evm;             /* of the calling thread; NULL: contracts are refused */
    const struct tracer *tracer; /* NULL: nobody watches */
    struct quota_block *quota;   /* NULL: no quota is asked or counted */
    bool ethereum_only;          /* no city services (official fixtures) */
    struct diag *why;            /* who waits for a service's reasons; NULL in blocks */
    /* of the block's transactions so far: execute_tx adds */
    uint64_t gas_used;
    uint64_t blob_gas_used;
};

/* execute_prepare gives the state the rules of the block's fork. Once, before the first
 * transaction of a block whose fork may be an old one (before Cancun). */
void execute_prepare(const struct execute_context *x);

/* execute_tx: checks the transaction against rules, block and sender, buys gas, sets delegations,
 * runs the frame, refunds (EIP-3529), applies the EIP-7623 floor, pays the proposer, counts the
 * sender's quota.
 *   t  has_sender; every rule of tx_check is applied again here
 * E_OK (also for a reverted transaction) | E_TX_*, E_SIGNATURE when the transaction may not stand
 * in this block: the state is then unchanged | the code of state_error. */
enum err execute_tx(struct execute_context *x, const struct tx *t, struct receipt *out);

/* The world of a call in this context: the runners of this build (services, precompiles, bytecode),
 * who watches. origin, gas_price and blob hashes are left for the caller. */
void execute_world(struct world *w, const struct execute_context *x);

/* execute_message is the part of execute_tx between buying gas and refunding: sets delegations
 * (EIP-7702), warms addresses, raises the sender's nonce, runs the frame. For a call that is no
 * transaction (eth_call): t needs type, sender, to, value, data and lists, no signature.
 *   gas  what is left after the intrinsic gas
 * The state's transaction has begun (state_tx_begin). */
void execute_message(struct world *w, const struct tx *t, int64_t gas, struct frame_result *out);

/* execute_charge is the gas a transaction pays for that had gas_limit, and gas_left after its
 * frame: refunds are capped at a fifth (EIP-3529; a half before London) of what was used, then the
 * calldata floor holds (EIP-7623). *refunded_out_opt is what was taken off. */
uint64_t execute_charge(const struct state *s, enum fork fork, uint64_t gas_limit, int64_t gas_left,
                        uint64_t floor, uint64_t *refunded_out_opt);

#endif
