/* schedule: which of Ethereum's rules hold at a block, for a chain that moves from fork to fork.
 *
 * Up to London a fork begins at a block number; Paris begins after the block with which the total
 * difficulty reaches a mark (EIP-3675); later ones begin at a time. Between forks, the numbers of
 * blobs alone may change (EIP-7892, "BPO").
 *
 * A chain of ours has no proof of work and no blobs; it begins at Cancun or later, by time only
 * (schedule_own). The blocks of a chain of ours keep the Osaka form under every fork: a fork
 * changes what bytecode and transactions may do, not how a header is written. */
#ifndef PARVIS_CHAIN_SCHEDULE_H
#define PARVIS_CHAIN_SCHEDULE_H

#include "base/u256.h"
#include "evm/fork.h"

#define SCHEDULE_NEVER UINT64_MAX
#define SCHEDULE_BPO_MAX 8

/* EIP-7840: blobs of a block aimed at and allowed, and how fast their price moves. */
struct blob_params {
    uint64_t target, max, base_fee_fraction;
};

/* When the difficulty bomb was put off without a fork of the virtual machine. */
enum bomb { BOMB_MUIR_GLACIER, BOMB_ARROW_GLACIER, BOMB_GRAY_GLACIER, BOMB_COUNT };

struct schedule {
    uint64_t chain_id;
    uint64_t from_block[FORK_PARIS]; /* FORK_FRONTIER .. FORK_LONDON; SCHEDULE_NEVER */
    uint64_t bomb_block[BOMB_COUNT];
    bool has_terminal_difficulty; /* Paris comes */
    struct u256 terminal_difficulty;
    uint64_t from_time[FORK_COUNT];       /* FORK_SHANGHAI and later; SCHEDULE_NEVER */
    struct blob_params blobs[FORK_COUNT]; /* FORK_CANCUN and later */
    struct {
        uint64_t from_time;
        struct blob_params blobs;
    } bpo[SCHEDULE_BPO_MAX]; /* ascending */
    size_t bpo_count;
    struct address deposit_contract; /* whose events are deposits (EIP-6110) */
};

/* What holds at one block. */
struct rules {
    enum fork fork;
    struct blob_params blobs; /* 0 before Cancun */
    uint64_t bomb_delay;      /* blocks by which the difficulty bomb was put off */
};

/* schedule_of: one fork from block 0 on, with Ethereum's blob numbers and deposit contract. All
 * forks before are there from block 0 too. */
void schedule_of(struct schedule *out, enum fork fork, uint64_t chain_id);

/* schedule_own: a chain of ours: Osaka from block 0 on, no blobs. */
void schedule_own(struct schedule *out, uint64_t chain_id);

/* schedule_rules: merged is whether the block is one of proof of stake (its difficulty is 0). */
struct rules schedule_rules(const struct schedule *s, uint64_t number, uint64_t timestamp_s,
                            bool merged);

/* The price of a blob's gas (EIP-4844: 1 * e^(excess / fraction)), U256_MAX where it would not fit;
 * 0 when the fraction is 0, that is before Cancun. */
struct u256 schedule_blob_fee(uint64_t excess_blob_gas, uint64_t fraction);

#endif
