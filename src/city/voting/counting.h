/* counting: from the end of the voting to the result. */
#ifndef PARVIS_CITY_VOTING_COUNTING_H
#define PARVIS_CITY_VOTING_COUNTING_H

#include "city/voting/events.h"

/* counting_end writes EndBallots unless it is written, and moves *v and *p on (neither stored). The
 * voting must be over. */
enum err counting_end(struct service_call *c, struct consultation *v, struct progress *p);

/* Partial decryptions that were posted. */
struct decryption {
    uint64_t owner;
    uint64_t height; /* of its event, whose body it is */
};
enum err decryptions_load(struct service_call *c, uint64_t id, struct decryption **out,
                          size_t *count_out);

#endif
