/* forks: Ethereum's names of its rule sets, and what a rule set says about blobs.
 *
 * The names are those of the official fixtures. Transition names ("ParisToShanghaiAtTime15k") are
 * not one rule set and are not found here. */
#ifndef PARVIS_GATEWAY_ETHEREUM_FORKS_H
#define PARVIS_GATEWAY_ETHEREUM_FORKS_H

#include "base/u256.h"
#include "evm/fork.h"

/* fork_named: "Cancun", "Merge" and "Paris", "ConstantinopleFix" and "Petersburg", "EIP158" and
 * "SpuriousDragon" ... False for a name that is none. */
bool fork_named(const char *name, enum fork *out);

/* The name that fixtures use most for it ("ConstantinopleFix" for FORK_PETERSBURG). */
const char *fork_name(enum fork fork);

/* EIP-7840: blobs of a block, and how fast their price moves. All 0 before Cancun. */
struct blob_schedule {
    unsigned target, max;
    uint64_t update_fraction;
};
struct blob_schedule blob_schedule(enum fork fork);

/* EIP-4844: the price of a blob's gas for a block's excess_blob_gas; U256_MAX where it would not
 * fit. update_fraction must not be 0. */
struct u256 blob_base_fee(uint64_t excess_blob_gas, uint64_t update_fraction);

#endif
