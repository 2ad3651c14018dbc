/* simulate: eth_simulateV1: blocks that could follow, assembled from messages, with everything a
 * real block has: system calls, receipts, roots, hashes. Nothing is stored.
 *
 * Form   execution-apis, eth_simulateV1; what it leaves open is as geth does it.
 * Bounds LIMIT_SIMULATE_BLOCKS blocks, gaps between the numbers asked for included;
 *        LIMIT_SIMULATE_GAS gas in all. */
#ifndef PARVIS_CHAIN_SIMULATE_H
#define PARVIS_CHAIN_SIMULATE_H

#include "chain/call.h"

#define LIMIT_SIMULATE_BLOCKS 256u
#define LIMIT_SIMULATE_GAS 50000000u
#define SIMULATE_SECONDS 12u /* between blocks, where no time is asked for */

struct simulate_block {
    struct block_override block;
    struct state_override state;
    const struct call_request *calls; /* their overrides and tracer are not looked at */
    size_t call_count;
};

struct simulate_request {
    const struct simulate_block *blocks;
    size_t block_count;
    bool trace_transfers; /* a log for every transfer of the native coin (ERC-7528's address) */
    bool validation;      /* nonces, fees and funds as of a real block */
    bool (*goes_on)(void *ctx); /* asked before each call and block; false: E_TIMEOUT; NULL: yes */
    void *ctx;
};

struct simulated_call {
    enum frame_status status;
    struct bytes output; /* returned or revert data */
    uint64_t gas_used, gas_peak;
    const struct log_entry *logs; /* with transfers, when asked for */
    const size_t *log_numbers;    /* their places in the block */
    size_t log_count;
};

struct simulated_block {
    struct block block; /* transactions have senders; receipts as in the receipts root */
    struct simulated_call *calls;
};

/* JSON-RPC codes of what is refused. */
enum simulate_code {
    SIMULATE_NONCE_LOW = -38010,
    SIMULATE_NONCE_HIGH = -38011,
    SIMULATE_FEE = -38012,
    SIMULATE_INTRINSIC_GAS = -38013,
    SIMULATE_FUNDS = -38014,
    SIMULATE_BLOCK_GAS = -38015,
    SIMULATE_NUMBER = -38020,
    SIMULATE_TIME = -38021,
    SIMULATE_INITCODE = -38025,
    SIMULATE_BLOCKS = -38026,
    SIMULATE_INVALID = -32000, /* an override that cannot be */
    SIMULATE_PARAMS = -32602,
    SIMULATE_OTHER = -32603
};

/* chain_simulate simulates on block `number`. Everything returned lives in the arena, or until the
 * view is closed. E_OK | E_INVALID: *code_out and d say what is refused | E_PRUNED | E_NOT_FOUND |
 * E_TIMEOUT | E_CORRUPT | E_IO. */
enum err chain_simulate(struct chain_view *v, uint64_t number, const struct simulate_request *q,
                        struct arena *a, struct simulated_block **out, size_t *count_out,
                        enum simulate_code *code_out, struct diag *d);

#endif
