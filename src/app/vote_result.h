/* vote_result: a result as people and programs read it. */
#ifndef PARVIS_APP_VOTE_RESULT_H
#define PARVIS_APP_VOTE_RESULT_H

#include "app/vote_reading.h"

/* vote_put_result appends the counts of every question (one count for each ciphertext of the
 * election) and, where the description asks for it, their reading. json: as a member's value, an
 * array of questions and of readings in an object; else as lines. */
void vote_put_result(struct buf *out, bool json, const struct bel_election *e,
                     const uint64_t *counts, uint64_t total_weight);
/* The questions alone, as `vote show` prints them before there is a result. */
void vote_put_questions(struct buf *out, bool json, const struct bel_election *e);

#endif
