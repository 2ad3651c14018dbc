/* follow: the engine of a copy outside the network: it takes blocks from one node by JSON-RPC,
 * executes every one of them, and believes that node nothing.
 *
 * Blocks   made before the network bear the seal of the genesis' proposer. From the founding on a
 *          block counts because the members signed a header of the ordering engine that carries
 *          its hash: the newest such header is checked as engine/light.h says, the blocks by the
 *          parent hashes that lead back from the one it carries to the head here, before any of
 *          them is executed.
 * Trust    whose signatures count is the ledger's own members' register, as far as it is not
 *          older than the trust period; else a file that a member gives (`parvis network trust`).
 *          When members have changed so much that too few of them signed the newest header, those
 *          in between lead there.
 * Sending  transactions are passed on to the node that is followed; what it refuses is refused.
 * Threads  one, which fetches, executes and commits. */
#ifndef PARVIS_ENGINE_FOLLOW_H
#define PARVIS_ENGINE_FOLLOW_H

#include "base/mem.h"
#include "engine/engine.h"

/* What the node followed is asked for. Bounded like every answer of a stranger. E_OK | E_CONNECT |
 * E_TIMEOUT | E_TOO_LARGE | E_JSON | E_NOT_FOUND (the node does not have it) | E_INVALID (the node
 * refused) | E_RLP ... (what came is no block). */
struct source;
/* No request takes longer than total_ms, nor on once *give_up is true. */
enum err source_open(struct source **out, const char *url, unsigned total_ms,
                     const _Atomic bool *give_up, struct diag *d);
void source_close(struct source *s); /* NULL is fine */
enum err source_head(struct source *s, uint64_t *number_out, struct diag *d);
/* source_links gives what the headers of count blocks from `first` on say. */
struct source_link {
    struct hash hash, parent;
    uint64_t number;
};
enum err source_links(struct source *s, uint64_t first, size_t count, struct source_link *out,
                      struct diag *d);
/* source_blocks decodes *count blocks from `first` on into the arena. E_OK: at least one came;
 * *count says how many: what follows is too much for one answer, or is refused when it is asked for
 * first. */
enum err source_blocks(struct source *s, uint64_t first, size_t *count, struct arena *a,
                       struct block *out, struct diag *d);
/* source_light gives the signed header of an engine's height, 0 for the newest, as JSON; and which
 * block the node says it carries. */
enum err source_light(struct source *s, uint64_t height, struct buf *json_out, uint64_t *number_out,
                      struct diag *d);
/* source_send passes a transaction on. E_OK | what the node says of it: E_TX_KNOWN | E_TX_* |
 * E_POOL_FULL | E_INVALID (refused for another reason) | no verdict: E_CONNECT | E_TIMEOUT |
 * E_TOO_LARGE | E_JSON. */
enum err source_send(struct source *s, struct bytes raw, struct diag *d);

#endif
