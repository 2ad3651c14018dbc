/* energy_calls: what an organiser of self-consumption sends, signed: a made-up operation of 90
 * consumers and 10 producers at 96 steps a day. The readings are drawn from a fixed sequence. */
#ifndef PARVIS_BENCH_ENERGY_CALLS_H
#define PARVIS_BENCH_ENERGY_CALLS_H

#include "base/mem.h"
#include "chain/tx.h"

#define ENERGY_POINTS 100u
#define ENERGY_STEPS 96u
#define ENERGY_START_S 1698796800u /* 2023-11-01, UTC */

struct organiser {
    uint8_t key32[32];
    struct address address; /* of the key */
    uint64_t chain_id, nonce;
};

/* Each gives one transaction, in the arena's memory, and counts the nonce. The operation's number
 * is the ledger's count at its creation. Points 0 to ENERGY_POINTS - 1, then days from 0 on, in
 * order. */
struct tx energy_create_operation(struct organiser *o, struct arena *a);
struct tx energy_add_point(struct organiser *o, struct arena *a, uint64_t operation,
                           uint64_t index);
struct tx energy_submit_day(struct organiser *o, struct arena *a, uint64_t operation, uint64_t day);

#endif
