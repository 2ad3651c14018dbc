/* ethereum: a block executed by Ethereum's rules, of every fork: system calls, transactions,
 * rewards, withdrawals and requests. Works on a struct state; who keeps the state, and what its
 * root is, the caller knows (a store, or accounts in memory). Deterministic; no clock.
 *
 * ethereum_run does all of it for a block that exists. Its parts are there for those who make one
 * from an environment and loose transactions (a transition tool). */
#ifndef PARVIS_CHAIN_ETHEREUM_H
#define PARVIS_CHAIN_ETHEREUM_H

#include "chain/block.h"
#include "chain/rules.h"
#include "evm/evm.h"

/* Around a block. */
struct block_run {
    const struct schedule *schedule;
    struct state *state; /* at the parent's end; cleared by the caller when the block is refused */
    struct evm *evm;
    struct hash (*block_hash)(void *ctx, uint64_t number); /* as struct block_env */
    /* The root of the state as it stands now: for the receipts before Byzantium, and at the end.
     * E_OK | the codes of the reader. */
    enum err (*root)(void *ctx, struct hash *out);
    void *ctx;
    enum err refusal; /* why a transaction makes the block E_BLOCK; set by ethereum_run */
};

/* Requests of the execution layer (EIP-7685), by type: 0 deposits, 1 withdrawals, 2 consolidations.
 */
#define REQUEST_TYPES 3
struct requests {
    struct buf of[REQUEST_TYPES]; /* without the type byte */
};
void requests_free(struct requests *r);
struct hash requests_hash(const struct requests *r);

/* ethereum_begin makes the system calls before the first transaction: the parent's beacon root
 * (EIP-4788, from Cancun on) and the parent's hash (EIP-2935, from Prague on). A contract that is
 * not there is left out. E_OK | the codes of state_error. */
enum err ethereum_begin(struct state *s, struct evm *evm, const struct block_env *env,
                        const struct hash *parent_hash, const struct hash *parent_beacon_root);

/* ethereum_history is the call of EIP-2935 alone: what holds on a chain without a beacon, where
 * genesis gives the account its code (ethereum_history_code, nonce 1). EIP-4788 needs a beacon
 * chain's root and does not hold there, nor do the requests of EIP-6110, 7002 and 7251. */
enum err ethereum_history(struct state *s, struct evm *evm, const struct block_env *env,
                          const struct hash *parent_hash);

extern const struct address ETHEREUM_HISTORY_ADDRESS;
struct bytes ethereum_history_code(void);

/* ethereum_withdraw pays the withdrawals (EIP-4895). E_OK | the codes of state_error. */
enum err ethereum_withdraw(struct state *s, const struct withdrawal *withdrawals, size_t count);

/* ethereum_requests collects the requests of a block from Prague on: deposits from the receipts
 * (EIP-6110), withdrawals and consolidations from their contracts (EIP-7002, EIP-7251).
 * E_OK | E_BLOCK (a deposit event of another layout, a contract missing or failing), d says which |
 * the codes of state_error. */
enum err ethereum_requests(struct state *s, struct evm *evm, const struct block_env *env,
                           const struct address *deposit_contract, const struct receipt *receipts,
                           size_t count, struct requests *out, struct diag *d);

/* ethereum_reward pays the miner and the ommers of a proof-of-work block.
 *   base_wei  0: as the fork says */
struct ommer_reward {
    struct address beneficiary;
    uint64_t generations; /* 1: a sibling of the parent */
};
void ethereum_reward(struct state *s, uint64_t base_wei, const struct address *miner,
                     const struct ommer_reward *ommers, size_t count);
uint64_t ethereum_base_reward(enum fork fork);

/* ethereum_run executes b, whose header and lists were checked (chain/rules.h), and compares what
 * comes out with its header. Fills senders where they are missing, and b->receipts (in a).
 * E_OK | E_BLOCK, d names the transaction or header field | the codes of state_error and root. */
enum err ethereum_run(struct block_run *run, struct block *b, struct arena *a, struct diag *d);

#endif
