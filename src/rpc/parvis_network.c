/* parvis_network: what other copies of the ledger ask of this one: blocks as they are exported, and
 * the network's signatures under them. */
#include "chain/audit.h"
#include "engine/light.h"
#include "engine/light_fetch.h"
#include "rpc/methods.h"

/* The block that parameter 0 names. */
static bool named_number(struct rpc_call *c, uint64_t *number_out)
{
    if (!param(c, 0))
        return rpc_fail(c, RPC_PARAMS, "missing value for required argument 0");
    return param_block(c, 0, number_out, NULL);
}

/* The content of an exported block's record (chain/audit.h), for `parvis node --follow`. */
bool parvis_get_block_record(struct rpc_call *c)
{
    struct block b;
    uint64_t number;
    if (!named_number(c, &number))
        return false;
    enum err e = chain_load_block(c->view, number, &c->arena, false, &b);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    buf_clear(&c->scratch);
    export_put_block(&c->scratch, &b);
    json_put_data(c->out, c->scratch.data, c->scratch.len);
    return true;
}

/* Which consensus height parameter 0 asks for: that of the header that carries a block's hash, a
 * given one, or 0 for the latest. False: answered already. */
static bool asked_height(struct rpc_call *c, uint64_t *height_out, bool *none_out)
{
    const struct json *which = param(c, 0), *given = json_get(which, "consensusHeight");
    uint64_t number, decided;
    *none_out = false;
    if (given)
        return read_u64(c, given, "consensusHeight", height_out);
    *height_out = 0;
    if (json_is_string(which) && strcmp(json_text(which), "latest") == 0)
        return true;
    if (!named_number(c, &number))
        return c->error_code == RPC_NOT_FOUND ? (*none_out = true) : false;
    enum err e = chain_decided_height(c->view, number, &decided);
    *none_out = e == E_NOT_FOUND;
    *height_out = decided + 1;
    return e == E_OK || e == E_NOT_FOUND || rpc_fail_err(c, e);
}

/* carried_block: the block whose hash the fetched header carries. */
static bool carried_block(struct rpc_call *c, const char *text, uint64_t *number_out,
                          uint64_t *height_out)
{
    struct json *j = NULL;
    struct light_block b;
    struct hash hash;
    struct diag d = {""};
    enum err e = json_parse(&j, bytes_str(text), &d);
    if (e == E_OK)
        e = light_read_block(&b, &c->arena, j, &d);
    json_free(j);
    if (e != E_OK || b.header.app_hash.len != sizeof hash.b)
        return rpc_fail(c, RPC_SERVER, "the engine's header: %s", d.text);
    memcpy(hash.b, b.header.app_hash.data, sizeof hash.b);
    *height_out = b.header.height;
    struct chain_view *v = call_view(c);
    return v && (chain_number_of(v, &hash, number_out) == E_OK ||
                 rpc_fail(c, RPC_SERVER, "the header carries a block that is not here (yet)"));
}

/* A header of the engine with the commit and the validators under it (engine/light.h), and the
 * block whose hash it carries; null when there is none. */
bool parvis_get_light_block(struct rpc_call *c)
{
    struct diag d = {""};
    uint64_t height, number;
    bool none;
    if (!param(c, 0))
        return rpc_fail(c, RPC_PARAMS, "missing value for required argument 0");
    if (!c->r->engine->rpc_socket)
        return rpc_fail(c, RPC_UNSUPPORTED, "this node is not one of a network");
    if (!asked_height(c, &height, &none))
        return false;
    struct buf text = {0};
    enum err e = none ? E_NOT_FOUND : light_fetch(c->r->engine->rpc_socket, height, &text, &d);
    bool ok = e == E_OK || e == E_NOT_FOUND || rpc_fail(c, RPC_SERVER, "%s", d.text);
    if (e == E_NOT_FOUND) {
        json_put_null(c->out);
    } else if (ok && (ok = carried_block(c, buf_cstr(&text), &number, &height))) {
        json_open(c->out, '{');
        json_put_key(c->out, "blockNumber");
        json_put_quantity(c->out, number);
        json_put_key(c->out, "consensusHeight");
        json_put_quantity(c->out, height);
        json_put_key(c->out, "block");
        json_put_raw(c->out, buf_cstr(&text));
        json_close(c->out, '}');
    }
    buf_free(&text);
    return ok;
}
