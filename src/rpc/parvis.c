/* parvis_*: what only this node has: its status and the city's services. */
#include "base/clock.h"
#include "city/service.h"
#include "rpc/methods.h"

static void key_number(struct buf *out, const char *name, uint64_t v)
{
    json_put_key(out, name);
    json_put_u64(out, v);
}

bool parvis_status(struct rpc_call *c)
{
    struct buf *out = c->out;
    struct engine *engine = c->r->engine;
    struct chain_head head = chain_head(c->chain);
    struct pool *pool = chain_pool(c->chain);
    struct pool_stats waiting = pool ? pool_stats(pool) : (struct pool_stats){0};
    json_open(out, '{');
    json_put_key(out, "version");
    json_put_string(out, PARVIS_VERSION);
    key_number(out, "chainId", chain_id(c->chain));
    json_put_key(out, "engine");
    json_put_string(out, engine->ops->name);
    json_put_key(out, "proposer");
    put_address(out, &engine->address);
    key_number(out, "height", head.number);
    if (head.consensus_height)
        key_number(out, "consensusHeight", head.consensus_height);
    json_put_key(out, "hash");
    put_hash(out, &head.hash);
    json_put_key(out, "stateRoot");
    put_hash(out, &head.state_root);
    key_number(out, "timestamp", head.timestamp_s);
    key_number(out, "gasLimit", head.gas_limit);
    key_number(out, "transactions", head.tx_total);
    key_number(out, "pending", waiting.pending);
    key_number(out, "queued", waiting.queued);
    key_number(out, "uptimeSeconds", (clock_mono_us() - c->r->started_us) / 1000000);
    json_put_key(out, "failed");
    json_put_bool(out, atomic_load(&engine->failed));
    json_close(out, '}');
    return true;
}

static void put_entry(struct buf *out, const struct abi_entry *e)
{
    json_put_key(out, e->signature);
    if (e->what == ABI_EVENT)
        json_put_data(out, e->topic.b, sizeof e->topic.b);
    else
        json_put_data(out, e->selector, sizeof e->selector);
}

/* Names, addresses, and by signature the selectors and topics, so that a page without a keccak of
 * its own can call and listen. */
bool parvis_services(struct rpc_call *c)
{
    struct buf *out = c->out;
    json_open(out, '[');
    for (const struct service *const *s = SERVICES; *s; s++) {
        json_open(out, '{');
        json_put_key(out, "name");
        json_put_string(out, (*s)->name);
        json_put_key(out, "title");
        json_put_string(out, (*s)->title);
        json_put_key(out, "address");
        put_address(out, &(*s)->address);
        json_put_key(out, "purpose");
        json_put_string(out, (*s)->purpose);
        json_put_key(out, "methods");
        json_open(out, '{');
        for (size_t i = 0; i < service_method_count(*s); i++)
            put_entry(out, service_method_entry(*s, i));
        json_close(out, '}');
        json_put_key(out, "events");
        json_open(out, '{');
        for (size_t i = 0; i < service_event_count(*s); i++)
            put_entry(out, service_event_entry(*s, i));
        json_close(out, '}');
        json_put_key(out, "errors");
        json_open(out, '{');
        for (size_t i = 0; i < service_error_count(*s); i++)
            put_entry(out, service_error_entry(*s, i));
        json_close(out, '}');
        json_close(out, '}');
    }
    json_close(out, ']');
    return true;
}
