/* transition: a state transition as Ethereum's tools ask for it (geth's `evm t8n`, the
 * execution-spec tests): accounts, an environment and loose transactions in; accounts, results and
 * the transactions that stand in the block out.
 *
 * A transaction that may not stand in the block is rejected and left out; nothing else fails on it.
 * The environment may leave out what follows from the parent it describes: base fee, difficulty,
 * excess blob gas. */
#ifndef PARVIS_GATEWAY_ETHEREUM_TRANSITION_H
#define PARVIS_GATEWAY_ETHEREUM_TRANSITION_H

#include "chain/block.h"
#include "codec/json.h"
#include "evm/evm.h"
#include "evm/tracer.h"

struct transition_input {
    const struct json *alloc, *env;
    const struct json *txs; /* an array; NULL: txs_rlp */
    struct bytes txs_rlp;   /* a list of transactions, as in a block's body */
    const char *fork;       /* gateway/ethereum/networks.h */
    uint64_t chain_id;
    bool has_reward; /* the miner's account is touched, before Paris paid */
    uint64_t reward_wei;
    /* Who watches each transaction; trace_begin NULL: nobody. It may return NULL. */
    const struct tracer *(*trace_begin)(void *ctx, size_t index, const struct tx *t);
    void (*trace_end)(void *ctx, const struct receipt *r);
    void *trace_ctx;
};

struct transition_output {
    struct buf alloc;  /* JSON */
    struct buf result; /* JSON: stateRoot, txRoot, receiptsRoot, logsHash, logsBloom, receipts,
                        * rejected, gasUsed, currentDifficulty, currentBaseFee ... */
    struct buf body;   /* RLP of the transactions that stand in the block */
};

/* transition_run: E_OK | E_NOT_FOUND (fork) | E_JSON, E_RLP, E_RANGE, E_INVALID (an input; d names
 * it) | E_BLOCK (a system contract fails). out is to be freed in any case. */
enum err transition_run(const struct transition_input *in, struct evm *evm,
                        struct transition_output *out, struct diag *d);
void transition_free(struct transition_output *out);

#endif
