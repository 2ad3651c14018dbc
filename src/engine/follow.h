/* follow: the engine of a copy outside the network: it takes blocks from one node by JSON-RPC,
 * executes every one of them, and believes that node nothing.
 *
 * Blocks     made before the network bear the seal of the genesis' proposer. From the founding on a
 *            block counts because the members signed a header of the ordering engine that carries
 *            its hash: the newest is checked as engine/light.h says, those before by the parent
 *            hashes that lead back from it to the head here, before any of them is executed.
 * Trust      whose signatures count is the ledger's own members' register, as far as it is not
 * older than the trust period; else a file that a member gives (`parvis network trust`). Sending
 * transactions are passed on to the node that is followed. Threads    one, which fetches, executes
 * and commits. */
#ifndef PARVIS_ENGINE_FOLLOW_H
#define PARVIS_ENGINE_FOLLOW_H

#include "base/mem.h"
#include "engine/engine.h"

/* What the node followed is asked for. Bounded like every answer of a stranger. E_OK | E_CONNECT |
 * E_TIMEOUT | E_TOO_LARGE | E_JSON | E_NOT_FOUND (the node does not have it) | E_INVALID (the node
 * refused) | E_RLP ... (what came is no block). */
struct source;
enum err source_open(struct source **out, const char *url, struct diag *d);
void source_close(struct source *s); /* NULL is fine */
enum err source_head(struct source *s, uint64_t *number_out, struct diag *d);
/* source_headers gives the hashes, and the parents' hashes, of count blocks from `first` on. */
struct source_link {
    struct hash hash, parent;
};
enum err source_links(struct source *s, uint64_t first, size_t count, struct source_link *out,
                      struct diag *d);
/* source_blocks decodes count blocks from `first` on into the arena. */
enum err source_blocks(struct source *s, uint64_t first, size_t count, struct arena *a,
                       struct block *out, struct diag *d);
/* source_light gives the signed header that carries a block's hash, as JSON. */
enum err source_light(struct source *s, uint64_t number, struct buf *json_out, struct diag *d);
enum err source_send(struct source *s, struct bytes raw, struct diag *d);

#endif
