/* verified: which ballots were found to hold, so that each is verified once per node: when it is
 * offered to the pool, when a proposal or a replayed block is read ahead, or else when it is
 * executed.
 *
 * Only ballots that hold are noted, under SHA-256 of election and packed ballot, with their tracker
 * (which costs a document to find). A pure function remembered: what a node has here changes
 * nothing but time. Bounded: VERIFIED_MAX ballots, 16 MiB; newer ones replace older ones.
 * Threads   any; a lock for each part of the table. */
#ifndef PARVIS_CITY_VOTING_VERIFIED_H
#define PARVIS_CITY_VOTING_VERIFIED_H

#include "belenios/ballot.h"

#define VERIFIED_MAX (1u << 18)

/* verified_ballot verifies a ballot (bel_ballot_verify), unless it is known to hold, and tells its
 * tracker. E_OK | what bel_ballot_verify refuses, with d. */
enum err verified_ballot(const struct bel_election *e, struct bytes packed,
                         struct hash *tracker_out, struct diag *d);

/* How many ballots were verified whole so far, by this process (for tests and measurements). */
uint64_t verified_work(void);

#endif
