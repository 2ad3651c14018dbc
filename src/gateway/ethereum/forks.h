/* forks: Ethereum's names of its rule sets.
 *
 * The names are those of the official fixtures. Transition names ("ParisToShanghaiAtTime15k") are
 * not one rule set and are not found here. */
#ifndef PARVIS_GATEWAY_ETHEREUM_FORKS_H
#define PARVIS_GATEWAY_ETHEREUM_FORKS_H

#include <stdbool.h>

#include "evm/fork.h"

/* fork_named: "Cancun", "Merge" and "Paris", "ConstantinopleFix" and "Petersburg", "EIP158" and
 * "SpuriousDragon" ... False for a name that is none. */
bool fork_named(const char *name, enum fork *out);

/* The name that fixtures use most for it ("ConstantinopleFix" for FORK_PETERSBURG). */
const char *fork_name(enum fork fork);

#endif
