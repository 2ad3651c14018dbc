/* scenario: one random state test: accounts with random programs, an environment and a transaction
 * of type 0, 1, 2 or 4, mostly valid, in the JSON form of Ethereum's state tests (without the
 * "post" member, which only an execution knows). */
#ifndef PARVIS_TESTS_DIFFERENTIAL_SCENARIO_H
#define PARVIS_TESTS_DIFFERENTIAL_SCENARIO_H

#include "base/bytes.h"
#include "evm/fork.h"

/* scenario_append writes `"env": {...}, "pre": {...}, "transaction": {...}` of scenario number
 * `index` of a seed. The same seed, index and fork give the same text. */
void scenario_append(struct buf *out, uint64_t seed, uint64_t index, enum fork fork);

#endif
