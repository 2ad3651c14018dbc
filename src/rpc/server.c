/* Routes and life of the JSON-RPC server. */
#include "base/clock.h"
#include "base/mem.h"
#include "city/service.h"
#include "rpc/rpc_internal.h"

#include <stdio.h>

static void refuse(struct http_response *out, int status, const char *text)
{
    out->status = status;
    out->content_type = "text/plain; charset=utf-8";
    buf_puts(out->body, text);
}

static void get(struct rpc *r, const struct http_request *in, struct http_response *out)
{
    if (strcmp(in->path, "/metrics") == 0) {
        out->content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        metrics_put(r, out->body);
    } else if (strcmp(in->path, "/health") == 0) {
        out->content_type = "application/json";
        if (!health_put(r, out->body))
            out->status = 503;
    } else if (!page_serve(in, out)) {
        refuse(out, 404, "Not Found\n");
    }
}

static void on_request(void *ctx, unsigned thread, const struct http_request *in,
                       struct http_response *out)
{
    struct rpc *r = ctx;
    if (strcmp(in->method, "POST") == 0) {
        if (in->path[0] != '/' || in->path[1]) {
            refuse(out, 404, "JSON-RPC is served at /\n");
            return;
        }
        out->content_type = "application/json";
        call_handle(&r->calls[thread], NULL, in->body, out->body);
        if (!out->body->len)
            out->status = 204; /* notifications only */
    } else if (strcmp(in->method, "GET") == 0) {
        get(r, in, out);
    } else {
        refuse(out, 405, "Method Not Allowed\n");
        (void)snprintf(out->extra_headers, sizeof out->extra_headers,
                       "Allow: GET, HEAD, POST, OPTIONS\r\n");
    }
}

static bool on_ws_open(void *ctx, struct http_ws *ws, const char *path)
{
    (void)ctx;
    (void)ws;
    return strcmp(path, "/") == 0 || strcmp(path, "/ws") == 0;
}

static void on_ws_message(void *ctx, unsigned thread, struct http_ws *ws, struct bytes text,
                          struct buf *reply)
{
    struct rpc *r = ctx;
    call_handle(&r->calls[thread], ws, text, reply);
}

static void on_ws_close(void *ctx, struct http_ws *ws)
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
        .request = on_request,
        .ws_open = on_ws_open,
        .ws_message = on_ws_message,
        .ws_close = on_ws_close,
        .ctx = r,
        .cors_origin = "*",
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
