/* vote_events: a consultation's events, as the ledger keeps them, page by page. */
#ifndef PARVIS_APP_VOTE_EVENTS_H
#define PARVIS_APP_VOTE_EVENTS_H

#include "app/vote_ledger.h"
#include "belenios/archive.h"

#define VOTE_EVENTS_PAGE 1024u /* asked for at once; the node gives about a megabyte */

struct vote_event {
    enum bel_event_type type;
    struct hash hash, payload;
    uint64_t time_s, number; /* of the block */
    uint64_t owner;          /* of a partial decryption */
    struct bytes body;       /* what its documents follow from */
};

/* vote_events_get reads events from a height on: at most VOTE_EVENTS_PAGE, at least one if there is
 * one. They live in the ledger's arena; reset it between pages. The codes of vote_view |
 * E_UNSUPPORTED (a kind of event that this program does not know). */
enum err vote_events_get(struct vote_ledger *l, uint64_t id, uint64_t from, struct vote_event **out,
                         size_t *count_out, struct diag *d);

#endif
