/* rpc: JSON-RPC 2.0 over HTTP and WebSocket, /metrics, /health and the page at /.
 *
 * Files     server.c     the server's life
 *           dispatch.c   routes; one body (single, batch, notification) -> method table -> answer
 *           param.c      reading parameters; call_object.c messages and overrides; error.c every
 *                        error's code and words
 *           json_chain.c blocks, transactions, receipts and logs as JSON
 *           web3_net.c eth_*.c debug.c txpool.c parvis.c   the methods, a file per kind
 *           trace.h      the tracers of debug_trace*, a file each
 *           logs.c       log criteria and their search; filter.c polled filters
 *           feed.c       what the chain tells, without ever holding up the engine
 *           subscribe.c  eth_subscribe: its own thread reads blocks and writes to WebSockets
 *           metrics.c page.c
 * Threads   a request runs on one of net's loops; each loop has its own call context. A WebSocket
 *           that does not read its events is closed by net.
 * Errors    JSON-RPC's own codes; 3 with data for a revert; -32000 with the words that ethers, viem
 *           and wallets look for ("nonce too low"); -32001 block or filter not found; -32004 known
 *           but not supported; -32005 a limit of this node.
 * Not here  keys: no method signs (eth_accounts is empty, eth_sendTransaction is -32601). */
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
void rpc_stop(struct rpc *r); /* NULL is fine */
uint16_t rpc_port(const struct rpc *r);

/* rpc_open is rpc_start without a server (tests, the fuzz target, in-process use); rpc_stop ends
 * it. rpc_handle answers one JSON-RPC body (single or batch); nothing is appended for
 * notifications. Any thread. */
struct rpc *rpc_open(struct engine *engine);
void rpc_handle(struct rpc *r, struct bytes body, struct buf *reply);

#endif
