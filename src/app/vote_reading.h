/* vote_reading: what the numbers of some questions mean together: majority judgment, points, a
 * budget.
 *
 * To the protocol these are ordinary homomorphic questions. That they are to be read together is
 * said in the election's own description, whose bytes every ballot is bound to, so that anyone
 * reads the same result from the archive alone. A line of the description:
 *
 *   parvis-reading: majority-judgment questions 1-5
 *       each question a candidate, its answers the grades, the best first; the same grades in all
 *       of them, one to be chosen, no blank vote
 *   parvis-reading: points question 2 per-item 5
 *       the answers in groups of 5, a group an item, each answer a point for it
 *   parvis-reading: budget question 1 amount 100000 costs 30000,45000,12000
 *       each answer (or, with per-item N before amount, each group of N) a project with its cost;
 *       in the order of their votes projects are taken as long as the amount suffices
 *
 * Questions are counted from 1; no question is in two readings. */
#ifndef PARVIS_APP_VOTE_READING_H
#define PARVIS_APP_VOTE_READING_H

#include "belenios/election.h"

enum vote_reading_kind { READING_JUDGMENT, READING_POINTS, READING_BUDGET };

struct vote_reading {
    enum vote_reading_kind kind;
    size_t first, last; /* questions, from 0 */
    size_t per_item;    /* answers that make an item; 1: each by itself */
    size_t item_count;  /* candidates, items, projects */
    uint64_t amount;    /* READING_BUDGET */
    uint64_t *costs;    /* item_count of them */
};
struct vote_readings {
    struct vote_reading *at;
    size_t count;
};

/* vote_readings_read finds the readings of an election. Memory is the arena's.
 * E_OK (also: there is none) | E_INVALID (a line that is not one, or does not fit its questions; d
 * quotes it). */
enum err vote_readings_read(struct vote_readings *out, struct arena *a,
                            const struct bel_election *e, struct diag *d);
/* The reading that a question belongs to, or NULL. */
const struct vote_reading *vote_reading_of(const struct vote_readings *r, size_t question);
/* The description without the lines of readings. */
void vote_put_description(struct buf *out, const struct bel_election *e);

/* What came of one item. */
struct vote_item {
    size_t item;      /* candidate, item or project, from 0 */
    size_t rank;      /* from 1; equal ones share it */
    uint64_t votes;   /* points, or approvals; a candidate's: that gave its grade or a better one */
    size_t grade;     /* READING_JUDGMENT: the majority grade, an answer's place */
    bool is_funded;   /* READING_BUDGET */
    const char *name; /* in the arena */
    const uint64_t *row; /* of the counts: its grades, or its answers */
    size_t row_count;
};

/* vote_reading_rank ranks the items of a reading by the election's counts (one for each
 * ciphertext), the best first; *out has r->item_count of them, in the arena.
 *   majority judgment   by the majority grade: the best that more than half gave, or a better one;
 *                       equal ones by taking such a grade away from each and asking again (Balinski
 *                       and Laraki, Majority Judgment, 2011), until nothing differs
 *   points, budget      by votes; equal projects are taken in the order of the question */
void vote_reading_rank(struct vote_item **out, struct arena *a, const struct vote_reading *r,
                       const struct bel_election *e, const uint64_t *counts);

#endif
