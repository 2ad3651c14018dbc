/* sums: the encrypted sums of the ballots that count, kept up to date with every ballot. */
#ifndef PARVIS_CITY_VOTING_SUMS_H
#define PARVIS_CITY_VOTING_SUMS_H

#include "city/voting/elections.h"

/* sums_load gives the packed sums, 64 bytes a ciphertext; identities where no ballot counts. */
enum err sums_load(struct service_call *c, const struct consultation *v, struct bytes *out);

/* sums_change adds a ballot of a weight, and takes the one it replaces out again (empty: none). */
enum err sums_change(struct service_call *c, const struct consultation *v,
                     struct voting_election *election, struct bytes ballot, struct bytes replaced,
                     uint64_t weight);

/* sums_merge stores the product of the sums of `count` units as those of v. */
enum err sums_merge(struct service_call *c, const struct consultation *v,
                    const struct consultation *units, size_t count);

#endif
