/* tally_shape: one value for each ciphertext of a ballot, nested in JSON as ballots nest their
 * choices: an array by question, of an array by answer; by list and its members for Lists. Internal
 * to this folder. */
#ifndef PARVIS_BELENIOS_TALLY_SHAPE_H
#define PARVIS_BELENIOS_TALLY_SHAPE_H

#include "belenios/election.h"

/* Appends the i-th value. */
typedef void (*bel_put_fn)(struct buf *json, const void *ctx, size_t i);
void bel_shape_write(struct buf *json, const struct bel_election *e, bel_put_fn put,
                     const void *ctx);

/* Takes the i-th value; false: it is malformed. bel_shape_read: E_OK | E_INVALID, d names question
 * or answer. */
typedef bool (*bel_take_fn)(void *ctx, size_t i, const struct json *j);
enum err bel_shape_read(const struct bel_election *e, const struct json *j, bel_take_fn take,
                        void *ctx, struct diag *d);

/* Prepends "question 2, answer 3: " for the i-th value (question 2, blank; question 2, list 1,
 * candidate 3). Returns code. */
enum err bel_shape_where(struct diag *d, enum err code, const struct bel_election *e, size_t i);

/* A count of votes: a number, or a string above 2^30 - 1, as Belenios writes weights. */
void bel_weight_write(struct buf *json, uint64_t weight);

/* json_parse of a document of e's shape: E_TOO_LARGE for what is longer than any can be. */
enum err bel_shape_parse(struct json **out, const struct bel_election *e, struct bytes json,
                         struct diag *d);

/* json is what was written again: E_OK | E_INVALID (d: not in canonical form). Frees written. */
enum err bel_same_document(struct buf *written, struct bytes json, struct diag *d);

#endif
