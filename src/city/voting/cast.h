/* cast: ballots verified before their turn. */
#ifndef PARVIS_CITY_VOTING_CAST_H
#define PARVIS_CITY_VOTING_CAST_H

#include "city/service.h"

/* cast_ahead verifies the ballot of a call to `cast` under the elections of that number that are
 * being voted in, so that its execution finds it done. Knows nothing of the state: it decides
 * nothing. Any thread. */
void cast_ahead(const struct abi_value *args);

#endif
