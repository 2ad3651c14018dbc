/* events: the chain of a consultation's events, as its archive has them (belenios/archive.h), and
 * what every ballot changes. */
#ifndef PARVIS_CITY_VOTING_EVENTS_H
#define PARVIS_CITY_VOTING_EVENTS_H

#include "belenios/archive.h"
#include "city/voting/consultation.h"

struct progress {
    uint64_t cast;           /* ballots */
    uint64_t counted;        /* voters who cast one */
    uint64_t counted_weight; /* theirs */
    uint64_t events;
    struct hash last; /* event */
};
enum err progress_load(struct service_call *c, uint64_t id, struct progress *out);
enum err progress_store(struct service_call *c, uint64_t id, const struct progress *p);

struct event {
    uint64_t height;
    enum bel_event_type type;
    struct hash hash, payload; /* payload: zero with EndBallots */
    uint64_t time_s, number;   /* of the block */
    uint64_t owner;            /* of a partial decryption */
    struct bytes body;
};
/* event_append writes the next event, at p's height, and moves *p on (not stored). payload NULL:
 * none. event_load refuses a height at which there is none (UnknownIndex). */
enum err event_append(struct service_call *c, uint64_t id, struct progress *p,
                      enum bel_event_type type, const struct hash *payload, uint64_t owner,
                      struct bytes body);
enum err event_load(struct service_call *c, uint64_t id, uint64_t height, struct event *out);

/* The height of a ballot's event plus 1, by its tracker; 0: none. */
enum err tracker_load(struct service_call *c, uint64_t id, const struct hash *tracker,
                      uint64_t *out);
enum err tracker_store(struct service_call *c, uint64_t id, const struct hash *tracker,
                       uint64_t height);

#endif
