/* comet_query: what the engine asks about peers before it lets them in, and the head. */
#include <string.h>

#include "base/mem.h"
#include "engine/comet.h"

#define FILTER_ADDRESS "/p2p/filter/addr/"
#define FILTER_NODE "/p2p/filter/id/"
#define REFUSED 1u
#define UNKNOWN_PATH 2u

/* in_register asks the register in the state at the head; what cannot be read is refused. */
static bool in_register(struct chain *chain, const uint8_t node20[20])
{
    struct chain_view *v;
    struct statedb_view *at;
    bool allowed = false;
    if (chain_view_open(chain, &v) != E_OK)
        return false;
    if (chain_state_at(v, chain_view_head(v), &at) == E_OK) {
        struct state *s = state_new(statedb_view_reader(at));
        allowed = members_node_allowed(s, node20) && state_error(s) == E_OK;
        state_free(s);
    }
    chain_view_close(v);
    return allowed;
}

static bool starts_with(struct bytes text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

/* is_filter answers when a peer is asked about. chain_opt: NULL: there is no ledger, and those that
 * the node was set up with are let in. */
static bool is_filter(struct comet *c, struct chain *chain_opt, const struct abci_query_request *in,
                      struct abci_query_response *out)
{
    const struct engine_sync *sync = c->engine->sync;
    uint8_t node20[20];
    size_t skip = strlen(FILTER_NODE);
    if (starts_with(in->path, FILTER_ADDRESS)) /* the node's key decides, not where it calls from */
        return true;
    if (!starts_with(in->path, FILTER_NODE))
        return false;
    bool known = in->path.len == skip + 2 * sizeof node20 &&
                 hex_decode(node20, sizeof node20, (const char *)in->path.data + skip,
                            in->path.len - skip) == E_OK;
    known = known && (chain_opt ? in_register(chain_opt, node20)
                                : sync && sync->is_peer && sync->is_peer(sync->ctx, node20));
    out->code = known ? 0 : REFUSED;
    out->log = bytes_str(known ? "" : "not a node of a member, nor one that a member admitted");
    return true;
}

void comet_query_alone(struct comet *c, const struct abci_query_request *in,
                       struct abci_query_response *out)
{
    if (is_filter(c, NULL, in, out))
        return;
    out->code = UNKNOWN_PATH;
    out->log = bytes_str("paths: /p2p/filter/addr/..., /p2p/filter/id/...; there is no ledger yet");
}

void comet_query(struct comet *c, const struct abci_query_request *in,
                 struct abci_query_response *out, struct arena *a)
{
    struct chain_head head = chain_head(c->chain);
    if (is_filter(c, c->chain, in, out))
        return;
    if (bytes_eq(in->path, bytes_str("/head"))) {
        out->key = bytes_str("head");
        out->value = bytes_of(arena_dup(a, head.hash.b, sizeof head.hash.b), sizeof head.hash.b);
        out->height = (int64_t)head.number;
        return;
    }
    out->code = UNKNOWN_PATH;
    out->log = bytes_str("paths: /head, /p2p/filter/addr/..., /p2p/filter/id/...");
}
