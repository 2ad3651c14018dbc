/* inbox: bundles that peers sent, on their way into the pool. The engine hands them over in the
 * routine that also brings the votes, so they are only queued here; threads of their own decode
 * them, recover the signatures and ask the pool.
 *
 * Bounds    INBOX_BUNDLES and INBOX_BYTES wait at most; more is refused, and comes again when its
 *           sender tells it again. A bundle is given up at its first transaction that no honest
 * node would have passed on (it does not decode, is signed by nobody, or breaks a rule that needs
 * no state), so that a hostile one costs at most one recovery per valid signature it brings. */
#ifndef PARVIS_ENGINE_INBOX_H
#define PARVIS_ENGINE_INBOX_H

#include "chain/pool.h"

#define INBOX_BUNDLES 1024u
#define INBOX_BYTES (32u << 20)

struct inbox;

/* inbox_start starts the threads (one for every two processors, at most 4). E_OK | E_IO. */
enum err inbox_start(struct inbox **out, struct pool *pool, struct diag *d);
void inbox_stop(struct inbox *i); /* what waits is dropped; NULL is fine */

/* inbox_admit is what the threads do with one bundle. */
void inbox_admit(struct pool *pool, struct bytes encoded);

/* inbox_put takes a copy of a bundle. E_OK | E_INVALID | E_TOO_LARGE (its form, bundle_read) |
 * E_POOL_FULL (no room: come again). */
enum err inbox_put(struct inbox *i, struct bytes encoded);

#endif
