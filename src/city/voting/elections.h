/* elections: the documents of a consultation and what follows from them: its election out of the
 * cache, its trustees, and what it writes when it is published. */
#ifndef PARVIS_CITY_VOTING_ELECTIONS_H
#define PARVIS_CITY_VOTING_ELECTIONS_H

#include "city/voting/board.h"
#include "city/voting/election_cache.h"
#include "city/voting/events.h"

/* election_of holds the election of a published consultation; the caller releases it. It
 * costs the same whether it is at hand or has to be read (price_election). RecordUnreadable. */
enum err election_of(struct service_call *c, const struct consultation *v,
                     struct voting_election **out);

/* trustees_of fills *out from the board and its messages, every one of which was checked when it
 * was posted; document stays empty. */
enum err trustees_of(struct service_call *c, const struct board *b, struct bel_trustees *out);

/* election_publish writes election.json of a consultation (its series' template, its own name and
 * uuid) and the Setup event, whose credentials are `credentials`; sets stage, fingerprint and time
 * in *v (not stored) and moves *p on (not stored). */
enum err election_publish(struct service_call *c, struct consultation *v, struct progress *p,
                          const uint8_t key32[EDWARDS_BYTES], const struct hash *credentials);

#endif
