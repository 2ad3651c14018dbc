/* rpc: JSON-RPC 2.0 over HTTP and WebSocket, /metrics, /health and the page at /.
 * A file per namespace: eth_*.c, net_web3.c, parvis.c; server.c wires net/http to them. */
#ifndef PARVIS_RPC_RPC_H
#define PARVIS_RPC_RPC_H

#include "engine/engine.h"
#include "net/http.h"

struct rpc_config {
    const char *host;
    uint16_t port;
    unsigned threads;
};

struct rpc;

/* rpc_start serves a running engine. E_OK | E_IO (address in use ...). */
enum err rpc_start(struct rpc **out, struct engine *engine, const struct rpc_config *config,
                   struct diag *d);
void rpc_stop(struct rpc *r);
uint16_t rpc_port(const struct rpc *r);

/* rpc_handle answers one JSON-RPC body (single or batch); the fuzz target's entry. */
void rpc_handle(struct rpc *r, struct bytes body, struct buf *reply);

#endif
