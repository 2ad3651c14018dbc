/* web3_* and net_*, and the eth_* constants of a chain without fees, miners or syncing. */
#include <inttypes.h>

#include "crypto/keccak.h"
#include "rpc/methods.h"

bool web3_client_version(struct rpc_call *c)
{
    json_put_string(c->out, "parvis/v" PARVIS_VERSION "/linux/c17");
    return true;
}

bool web3_sha3(struct rpc_call *c)
{
    struct bytes data;
    if (!read_data(c, param(c, 0), "the parameter", &data))
        return false;
    struct hash h = keccak256_of(data);
    put_hash(c->out, &h);
    return true;
}

bool net_version(struct rpc_call *c)
{
    buf_putf(c->out, "\"%" PRIu64 "\"", chain_id(c->chain));
    return true;
}

bool net_listening(struct rpc_call *c)
{
    json_put_bool(c->out, true);
    return true;
}

bool net_peer_count(struct rpc_call *c)
{
    json_put_quantity(c->out, 0);
    return true;
}

bool eth_chain_id(struct rpc_call *c)
{
    json_put_quantity(c->out, chain_id(c->chain));
    return true;
}

bool eth_block_number(struct rpc_call *c)
{
    /* within a batch the number must fit the state that its other requests see */
    json_put_quantity(c->out, c->view ? chain_view_head(c->view) : chain_head(c->chain).number);
    return true;
}

bool eth_syncing(struct rpc_call *c)
{
    json_put_bool(c->out, false);
    return true;
}

bool eth_accounts(struct rpc_call *c)
{
    json_put_raw(c->out, "[]");
    return true;
}

bool eth_coinbase(struct rpc_call *c)
{
    put_address(c->out, &c->r->engine->address);
    return true;
}
