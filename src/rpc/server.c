/* Life of the JSON-RPC server: its parts, its HTTP server, its end. */
#include "base/clock.h"
#include "base/mem.h"
#include "city/service.h"
#include "rpc/rpc_internal.h"

static void ws_gone(void *ctx, struct http_ws *ws)
{
    subs_drop(ctx, ws);
}

struct rpc *rpc_open(struct engine *engine)
{
    struct rpc *r = mem_zalloc(1, sizeof *r);
    services_init();
    r->engine = engine;
    r->chain = engine->chain;
    r->started_us = clock_mono_us();
    r->method_calls = mem_zalloc(RPC_METHOD_COUNT + 1, sizeof *r->method_calls);
    r->method_errors = mem_zalloc(RPC_METHOD_COUNT + 1, sizeof *r->method_errors);
    filters_open(r);
    subs_open(r);
    feed_open(r);
    return r;
}

enum err rpc_start(struct rpc **out, struct engine *engine, const struct rpc_config *config,
                   struct diag *d)
{
    struct rpc *r = rpc_open(engine);
    r->threads = config->threads ? config->threads : 2;
    r->calls = mem_zalloc(r->threads, sizeof *r->calls);
    for (unsigned i = 0; i < r->threads; i++)
        call_init(&r->calls[i], r);
    struct http_config http = {
        .host = config->host ? config->host : "127.0.0.1",
        .port = config->port,
        .threads = r->threads,
        .body_bytes_max = LIMIT_RPC_BODY_BYTES,
        .connections_max = LIMIT_RPC_CONNECTIONS,
        .request = request_route,
        .ws_open = ws_admit,
        .ws_message = ws_answer,
        .ws_close = ws_gone,
        .ctx = r,
        .cors_origin = "*",
        .busy_json = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32005,\"message\":"
                     "\"the node holds too many answers that were not read: try again\"}}",
    };
    subs_start(r);
    enum err e = http_start(&r->http, &http, d);
    if (e != E_OK) {
        rpc_stop(r);
        return e;
    }
    *out = r;
    return E_OK;
}

void rpc_stop(struct rpc *r)
{
    if (!r)
        return;
    http_stop(r->http);
    filters_close(r);
    feed_close(r);
    subs_close(r);
    for (unsigned i = 0; i < r->threads; i++)
        call_fini(&r->calls[i]);
    mem_free(r->calls);
    mem_free((void *)r->method_calls);
    mem_free((void *)r->method_errors);
    mem_free(r);
}

uint16_t rpc_port(const struct rpc *r)
{
    return http_port(r->http);
}
