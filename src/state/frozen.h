/* frozen: the state for a thread that executes blocks ahead of the one that merges them.
 *
 * Model     The head as the store has it, read in a transaction of its own, and over it the changes
 *           of at most one block: executed, but not yet merged into the tries. The struct state
 *           that executed it is frozen: nobody changes it until frozen_merged.
 * Use       execution thread: execute block n on a state over frozen_reader -> frozen_put(n's
 *           state) -> execute n + 1 on another state over the same reader, while the merging thread
 *           passes n's state to statedb_apply and commits -> frozen_merged -> n's state may be
 *           cleared and used for n + 2.
 * Storage   an account's storage_root tells only whether there is storage: that is all execution
 *           asks (EIP-7610), and the root of the frozen block is not known yet. An account with
 *           neither nonce nor code whose last storage a block may have deleted is waited for.
 * Threads   one, which executes: it alone calls what is below and owns the read transaction and the
 *           accounts remembered. The frozen state it shares with the merging thread, which like it
 *           only reads it (state_visit_changes). Both hand it over under a lock of the caller's. */
#ifndef PARVIS_STATE_FROZEN_H
#define PARVIS_STATE_FROZEN_H

#include "state/state.h"
#include "store/store.h"

struct frozen;

/* frozen_open begins at the store's head. wait: returns when the frozen block is committed (E_OK)
 * or will not be (an error, which is then the reader's). E_OK | E_IO | E_LIMIT. */
enum err frozen_open(struct frozen **out, struct store *store, enum err (*wait)(void *ctx),
                     void *ctx);
void frozen_close(struct frozen *f); /* NULL is fine */

/* Of the states that execute, until frozen_close. */
const struct state_reader *frozen_reader(struct frozen *f);

/* frozen_put: the reader now gives what s, which was executed over it without an error, left
 * behind. None may be frozen at that time. */
void frozen_put(struct frozen *f, const struct state *s);

/* frozen_merged: the frozen block is the store's head now; nothing reads its state any more. Does
 * nothing when none is frozen. Where the read transaction cannot be moved there, reading is an
 * error from then on. */
void frozen_merged(struct frozen *f);

#endif
