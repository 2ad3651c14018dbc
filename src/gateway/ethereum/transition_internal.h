/* Private to transition*.c. */
#ifndef PARVIS_GATEWAY_ETHEREUM_TRANSITION_INTERNAL_H
#define PARVIS_GATEWAY_ETHEREUM_TRANSITION_INTERNAL_H

#include "chain/ethereum.h"
#include "gateway/ethereum/alloc.h"
#include "gateway/ethereum/transition.h"

struct rejected {
    size_t index;
    enum err why;
    struct tx tx;           /* as far as it could be read */
    uint64_t blob_gas_used; /* by those before it */
};

struct transition {
    const struct transition_input *in;
    struct evm *evm;
    struct diag *d;
    struct arena arena; /* everything but scratch */
    struct schedule schedule;
    struct rules rules;
    bool merged;
    /* from the environment */
    struct header header; /* of the block that is being made */
    struct block_env env;
    struct ommer_reward *ommers;
    size_t ommer_count;
    struct withdrawal *withdrawals;
    size_t withdrawal_count;
    bool has_withdrawals;
    struct {
        uint64_t number;
        struct hash hash;
    } * hashes;
    size_t hash_count;
    /* state */
    struct alloc *alloc;
    struct state *state;
    /* results */
    struct tx *txs; /* that stand in the block */
    struct receipt *receipts;
    size_t count;
    struct rejected *rejected;
    size_t rejected_count;
    uint64_t gas_used, blob_gas_used; /* by those that stand in the block so far */
    struct requests requests;
};

/* transition_read_env fills what comes from the environment. E_OK | E_JSON | E_INVALID. */
enum err transition_read_env(struct transition *t);

/* transition_write_result appends the result as JSON. */
void transition_write_result(struct transition *t, const struct hash *state_root, struct buf *out);

#endif
