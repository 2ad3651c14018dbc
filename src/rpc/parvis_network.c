/* parvis_network: what other copies of the ledger ask of this one: blocks as they are exported, and
 * the network's signatures under them. */
#include "chain/audit.h"
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

/* The first header of the engine that carries the block's hash, with the commit and the validators
 * under it: {"signed_header", "validators"} as engine/light.h reads them. */
bool parvis_get_light_block(struct rpc_call *c)
{
    struct diag d = {""};
    uint64_t number, height;
    if (!named_number(c, &number))
        return false;
    if (!c->r->engine->rpc_socket)
        return rpc_fail(c, RPC_UNSUPPORTED, "this node is not one of a network");
    enum err e = chain_decided_height(c->view, number, &height);
    if (e == E_NOT_FOUND)
        return rpc_fail(c, RPC_NOT_FOUND,
                        "this copy does not know when the network decided block %llu",
                        (unsigned long long)number);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    buf_clear(&c->scratch);
    e = light_fetch(c->r->engine->rpc_socket, height + 1, &c->scratch, &d);
    if (e == E_NOT_FOUND)
        return rpc_fail(c, RPC_NOT_FOUND, "height %llu is not decided yet, or no longer kept: %s",
                        (unsigned long long)height + 1, d.text);
    if (e != E_OK)
        return rpc_fail(c, RPC_SERVER, "%s", d.text);
    json_put_raw(c->out, buf_cstr(&c->scratch));
    return true;
}
