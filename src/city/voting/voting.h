/* voting: consultations by secret ballot, in the protocol of Belenios (src/belenios), on the
 * ledger.
 *
 * A consultation is an election of Belenios: every document of its archive follows from the state,
 * and the hash chain of its events is kept here, so that the archive can be made by anybody, and
 * nothing can be taken out of it without the ledger showing it.
 * Draft     a clerk (appointed by the governor or the genesis) creates it from a template, names a
 *           registrar and the trustees' accounts. Trustees make the key together, in rounds whose
 *           messages are checked at once (belenios/trustees.h); the registrar adds the voters'
 *           public credentials, which tell nobody's name; the clerk publishes (event Setup).
 * Open      opens <= block time < closes: ballots come from any account and are verified whole
 *           (event Ballot). The last ballot of a credential counts. The encrypted sums are kept
 *           up to date, a replaced ballot being taken out again.
 * Counting  afterwards anybody closes (EndBallots) and tallies (EncryptedTally), unless fewer
 *           voters voted than the floor; trustees post their parts (PartialDecryption), checked;
 *           anybody posts the result (Result), checked against what they opened.
 * Units     consultations with the same questions and trustees, under the same clerk (createUnit),
 *           who alone tallies them: what is tallied may be opened, and is never merged any more
 * (the difference of two opened sums would be one that the floor keeps shut). Those too small to be
 * counted alone are merged: a consultation of its own document, whose sums are the product of
 * theirs, and whose decryption proofs are bound to it. Its Setup names the units' last events in
 * place of credentials; it is no archive of Belenios by itself, the units are, up to EndBallots.
 * Refusals  name the rule as a word (bytes32) that no language or rewording changes, for the data
 *           of a refusal is part of what all nodes agree on; where somebody waits for an answer
 *           (the pool, calls), service_tell adds a sentence.
 * Threads   handlers as every service's. What is costly and a pure function of public bytes is kept
 *           in two process-wide, bounded, locked caches (election_cache.h, verified.h). */
#ifndef PARVIS_CITY_VOTING_VOTING_H
#define PARVIS_CITY_VOTING_VOTING_H

#include "city/service.h"

extern const struct service VOTING_SERVICE;

#define VOTING_NAME_MAX 256u
#define VOTING_REASON_MAX 1024u
#define VOTING_UNITS_MAX 64u         /* in one merge */
#define VOTING_VOTERS_MAX 2000000u   /* of one consultation */
#define VOTING_LIST_BYTES (1u << 20) /* of bodies in one answer of eventsOf */
#define VOTING_EVENTS_MAX 4096u      /* events in it */

#endif
