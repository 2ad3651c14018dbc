/* call: messages run on the state of a block and then forgotten: calls, gas estimation, and the
 * transactions of a block run again for somebody who watches. Simulated blocks are in simulate.h.
 *
 * Threads   any, whose stack has LIMIT_EVM_STACK_BYTES; each call takes an interpreter from the
 *           chain's pool.
 * Bounds    gas, by LIMIT_RPC_CALL_GAS. Nothing here looks at a clock: who asks may. */
#ifndef PARVIS_CHAIN_CALL_H
#define PARVIS_CHAIN_CALL_H

#include "chain/message.h"

struct chain_view;

/* What of an account is to be different. Members without their mark stay as they are. */
struct slot_override {
    struct hash key, value;
};
struct account_override {
    struct address address;
    bool has_nonce, has_balance, has_code, has_move;
    bool has_state; /* slots replace the whole storage; otherwise they are set in it */
    uint64_t nonce;
    struct u256 balance;
    struct bytes code;
    const struct slot_override *slots;
    size_t slot_count;
    struct address move_to; /* the precompile's new address */
};
struct state_override {
    const struct account_override *accounts;
    size_t count;
};

/* What of the block is to be different. */
struct block_override {
    bool has_number, has_time, has_gas_limit, has_beneficiary, has_prev_randao, has_base_fee,
        has_blob_base_fee, has_beacon_root, has_difficulty;
    uint64_t number, time_s, gas_limit;
    struct address beneficiary;
    struct hash prev_randao, beacon_root;
    struct u256 base_fee, blob_base_fee, difficulty;
    const struct withdrawal *withdrawals; /* of simulated blocks only */
    size_t withdrawal_count;
};

/* --- for who watches -------------------------------------------------------------------------- */

/* Around a message, or each transaction that is run again. begin: before it, with the state as it
 * stands then; returns who watches its instructions, or NULL. end: after it; a code other than E_OK
 * ends the replay with it. */
struct replay_watcher {
    const struct tracer *(*begin)(void *ctx, size_t index, struct state *s,
                                  const struct block_env *env, const struct tx *t);
    enum err (*end)(void *ctx, size_t index, struct state *s, const struct tx *t,
                    const struct receipt *r);
    /* asked before each transaction, watched or not; false ends it with E_TIMEOUT; may be NULL */
    bool (*goes_on)(void *ctx);
    void *ctx;
};

/* A message. Zeroes mean: from nobody, to the zero address, all gas allowed, no fee. */
struct call_request {
    struct address from;
    bool is_create, has_nonce;
    bool is_legacy; /* gave a gas price: max_fee and max_priority_fee are both that */
    struct address to;
    uint64_t gas; /* 0: as much as allowed */
    uint64_t nonce;
    struct u256 max_fee, max_priority_fee, max_fee_per_blob_gas;
    struct u256 value;
    struct bytes data;
    const struct tx_access *access;
    size_t access_count;
    struct tx_auth *auths;
    size_t auth_count;
    const struct hash *blob_hashes;
    size_t blob_hash_count;
    /* around the message; may be NULL */
    const struct state_override *state;
    const struct block_override *block;
    const struct tracer *tracer;
    const struct replay_watcher *watcher; /* instead of tracer; index 0 */
    bool (*goes_on)(void *ctx); /* asked between the runs of an estimation: E_TIMEOUT; NULL: yes */
    void *goes_on_ctx;
    struct diag *diag; /* what was refused, in geth's words; a service's reason for a revert */
};

/* The tx that a request stands for; gas_limit, nonce and chain_id are left to the caller. */
struct tx call_tx(const struct call_request *request);

/* chain_call executes a message on the state after block `number` without keeping anything. The
 * sender need not sign; a fee is paid only if one is offered. gas 0 or above LIMIT_RPC_CALL_GAS
 * means LIMIT_RPC_CALL_GAS. *gas_used_out is what a transaction would be charged: intrinsic gas,
 * refunds and the EIP-7623 floor counted. The result's output lives in the arena. E_OK (also when
 * the call failed: see out->status) | the codes of message_run | E_INVALID (an override that cannot
 * be) | E_PRUNED | E_NOT_FOUND | E_CORRUPT | E_IO. */
enum err chain_call(struct chain_view *v, uint64_t number, const struct call_request *request,
                    struct arena *a, struct frame_result *out, uint64_t *gas_used_out);

/* The smallest gas limit with which the request succeeds, at most LIMIT_TX_GAS (or request->gas if
 * that is lower and not 0, or what the sender can pay for). E_OK | E_REVERT | E_OUT_OF_GAS, with
 * *out filled for the revert data | E_TIMEOUT | chain_call's errors. */
enum err chain_estimate_gas(struct chain_view *v, uint64_t number,
                            const struct call_request *request, struct arena *a, uint64_t *gas_out,
                            struct frame_result *out);

/* --- replay ----------------------------------------------------------------------------------- */

/* chain_replay runs the transactions first..last of block `number` again, after all those before
 * them, on the state before the block (archive, or within LIMIT_STATE_HISTORY). The watcher sees
 * first..last only. E_OK | E_UNSUPPORTED (block 0) | E_PRUNED | E_NOT_FOUND | E_CORRUPT (a
 * transaction does not do what its receipt says) | E_IO | E_TIMEOUT | the watcher's code. */
enum err chain_replay(struct chain_view *v, uint64_t number, size_t first, size_t last,
                      const struct replay_watcher *watcher, struct arena *a);

/* --- shared with simulate --------------------------------------------------------------------- */

/* override_apply makes the differences in s and in *moves (whose array lives in the arena; moves of
 * an earlier call are forgotten). has_services: it is a chain of ours, on which services have their
 * addresses; there only balances can be different. E_OK | E_INVALID with d. */
enum err override_apply(const struct state_override *o, struct state *s, enum fork fork,
                        bool has_services, struct arena *a, struct precompile_moves *moves,
                        struct diag *d);
void override_block(const struct block_override *o, struct block_env *env);

#endif
