/* light_fetch: a consensus height as the engine's RPC tells it, in the form that light_read_block
 * reads. What the engine adds and nothing signs is left out, and so are votes that a strict reader
 * would refuse (crypto/ed25519.h).
 * Threads   any; each call has a connection of its own. */
#ifndef PARVIS_ENGINE_LIGHT_FETCH_H
#define PARVIS_ENGINE_LIGHT_FETCH_H

#include "base/bytes.h"

/* Asks the engine behind a Unix socket for the commit and the validators of a height (0: the
 * latest), and appends the block as JSON. The block is not verified: whoever reads it does.
 * E_OK | E_CONNECT | E_TIMEOUT | E_NOT_FOUND (no such height, or pruned) | E_JSON (not what
 * CometBFT v0.40 answers) | E_TOO_LARGE. */
enum err light_fetch(const char *rpc_socket_path, uint64_t consensus_height, struct buf *json_out,
                     struct diag *d);

#endif
