/* vote_roll_view: the electoral roll as the ledger has it. */
#ifndef PARVIS_APP_VOTE_ROLL_VIEW_H
#define PARVIS_APP_VOTE_ROLL_VIEW_H

#include "app/vote_ledger.h"
#include "belenios/credential.h"

/* vote_roll_get reads the whole roll, in the ledger's arena and order; by_key is not filled. The
 * codes of vote_view | E_INVALID (fewer than the consultation counts). */
enum err vote_roll_get(struct vote_ledger *l, const struct vote_consultation *c,
                       struct bel_roll *out, struct diag *d);

#endif
