/* merge: consultations made of others. */
#ifndef PARVIS_CITY_VOTING_MERGE_H
#define PARVIS_CITY_VOTING_MERGE_H

#include "city/voting/consultation.h"

/* consultation_new_unit makes another consultation of the same series as `like`, a draft under a
 * name and uuid of its own (not stored): InvalidText. */
enum err consultation_new_unit(struct service_call *c, const struct consultation *like,
                               struct bytes name, struct consultation *out);

#endif
