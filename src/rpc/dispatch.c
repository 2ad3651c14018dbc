/* What arrives: routes of HTTP and WebSocket; then one JSON-RPC 2.0 body: single or batch, requests
 * and notifications, answers in order. */
#include "rpc/rpc_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "rpc/methods.h"

const struct rpc_method RPC_METHODS[] = {
#define METHOD_ROW(name, run, params) {name, run, params},
    RPC_METHOD_TABLE(METHOD_ROW)
#undef METHOD_ROW
};
const size_t RPC_METHOD_COUNT = sizeof RPC_METHODS / sizeof *RPC_METHODS;

void call_init(struct rpc_call *c, struct rpc *r)
{
    *c = (struct rpc_call){.r = r, .chain = r->chain};
}

void call_fini(struct rpc_call *c)
{
    chain_view_close(c->view);
    arena_free(&c->arena);
    buf_free(&c->scratch);
    c->view = NULL;
}

struct chain_view *call_view(struct rpc_call *c)
{
    if (!c->view) {
        enum err e = chain_view_open(c->chain, &c->view);
        if (e != E_OK) {
            c->view = NULL;
            rpc_fail_err(c, e);
        }
    }
    return c->view;
}

bool call_in_time(struct rpc_call *c)
{
    if (clock_mono_us() < c->deadline_us)
        return true;
    return rpc_fail(c, RPC_LIMIT, "the request took more than %u s: ask for less at a time",
                    RPC_CALL_US / 1000000);
}

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct rpc_method *)row)->name);
}

static void put_answer_head(struct buf *out, const struct json *id, const char *member)
{
    buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (id)
        json_print(out, id);
    else
        buf_puts(out, "null");
    buf_puts(out, member);
}

static void put_failure(struct rpc_call *c, const struct json *id)
{
    put_answer_head(c->out, id, ",\"error\":");
    rpc_put_error(c->out, c->error_code, c->error_text, c->error_data);
    buf_put_u8(c->out, '}');
}

/* What asks the node for a key. */
static bool wants_a_key(const char *name)
{
    return strncmp(name, "eth_sign", 8) == 0 || strcmp(name, "eth_sendTransaction") == 0 ||
           strncmp(name, "personal_", 9) == 0;
}

/* run_method finds and runs; false with the error set. */
static bool run_method(struct rpc_call *c, const char *name, size_t *index_out)
{
    const struct rpc_method *m =
        bsearch(name, RPC_METHODS, RPC_METHOD_COUNT, sizeof *RPC_METHODS, by_name);
    *index_out = m ? (size_t)(m - RPC_METHODS) : RPC_METHOD_COUNT;
    if (!m)
        return rpc_fail(c, RPC_NO_METHOD, "the method %.100s does not exist/is not available%s",
                        name,
                        wants_a_key(name) ? ": this node keeps no keys, sign in your wallet and "
                                            "use eth_sendRawTransaction"
                                          : "");
    if (c->params && json_count(c->params) > m->params_max)
        return rpc_fail(c, RPC_PARAMS, "too many arguments, want at most %u", m->params_max);
    if (!m->run(c))
        return false;
    if (c->out->len > LIMIT_RPC_RESPONSE_BYTES)
        return rpc_fail(c, RPC_LIMIT, "the answer is larger than %u MiB: ask for less at a time",
                        LIMIT_RPC_RESPONSE_BYTES >> 20);
    return true;
}

static const char *request_fault(const struct json *request)
{
    if (!json_is_object(request))
        return "a request must be an object";
    const struct json *version = json_get(request, "jsonrpc"), *id = json_get(request, "id"),
                      *params = json_get(request, "params"), *method = json_get(request, "method");
    const char *text = version ? json_text(version) : NULL;
    if (!text || strcmp(text, "2.0") != 0)
        return "jsonrpc must be \"2.0\"";
    if (id && !json_is_string(id) && !json_is_number(id) && !json_is_null(id))
        return "id must be a string, a number or null";
    if (!method || !json_is_string(method))
        return "method must be a string";
    if (params && !json_is_array(params) && !json_is_null(params))
        return json_is_object(params) ? "parameters by name are not supported, give an array"
                                      : "params must be an array";
    return NULL;
}

static void handle_one(struct rpc_call *c, const struct json *request)
{
    struct buf *out = c->out;
    size_t start = out->len, index = RPC_METHOD_COUNT;
    const char *fault = request_fault(request);
    const struct json *id = json_is_object(request) ? json_get(request, "id") : NULL;
    bool ok = false;
    if (id && !json_is_string(id) && !json_is_number(id))
        id = NULL;
    if (fault) {
        rpc_fail(c, RPC_INVALID_REQUEST, "invalid request: %s", fault);
    } else if (call_in_time(c)) {
        const struct json *params = json_get(request, "params");
        c->params = params && json_is_array(params) ? params : NULL;
        put_answer_head(out, id, ",\"result\":");
        ok = run_method(c, json_text(json_get(request, "method")), &index);
        buf_put_u8(out, '}');
    }
    atomic_fetch_add_explicit(&c->r->method_calls[index], 1, memory_order_relaxed);
    if (!ok) {
        atomic_fetch_add_explicit(&c->r->method_errors[index], 1, memory_order_relaxed);
        out->len = start;
        put_failure(c, id);
    }
    if (!fault && !json_get(request, "id"))
        out->len = start; /* a notification is not answered */
    if (c->arena.used_bytes)
        arena_reset(&c->arena);
}

static void handle_batch(struct rpc_call *c, const struct json *batch)
{
    struct buf *out = c->out;
    size_t n = json_count(batch), start = out->len;
    if (n == 0 || n > LIMIT_RPC_BATCH) {
        rpc_fail(c, n ? RPC_LIMIT : RPC_INVALID_REQUEST,
                 n ? "batch too large: at most %u requests" : "empty batch", LIMIT_RPC_BATCH);
        put_failure(c, NULL);
        return;
    }
    buf_put_u8(out, '[');
    for (const struct json *request = json_first(batch); request; request = json_next(request)) {
        size_t at = out->len;
        if (at > start + 1)
            buf_put_u8(out, ',');
        size_t before = out->len;
        if (out->len - start > LIMIT_RPC_RESPONSE_BYTES / 2)
            c->deadline_us = 0; /* the rest is refused like what takes too long */
        handle_one(c, request);
        if (out->len == before)
            out->len = at;
    }
    if (out->len == start + 1)
        out->len = start; /* notifications only */
    else
        buf_put_u8(out, ']');
}

/* call_handle answers one body: single or batch. */
static void call_handle(struct rpc_call *c, struct http_ws *ws, struct bytes body,
                        struct buf *reply)
{
    struct json *json = NULL;
    struct diag d;
    c->ws = ws;
    c->out = reply;
    c->deadline_us = clock_mono_us() + RPC_CALL_US;
    d.text[0] = 0;
    enum err e = json_parse_most(&json, body, LIMIT_RPC_VALUES, &d);
    if (e != E_OK) {
        atomic_fetch_add_explicit(&c->r->method_errors[RPC_METHOD_COUNT], 1, memory_order_relaxed);
        if (e == E_TOO_LARGE)
            rpc_fail(c, RPC_LIMIT, "request too large: at most %u values", LIMIT_RPC_VALUES);
        else
            rpc_fail(c, RPC_PARSE, "parse error: %.500s", d.text);
        put_failure(c, NULL);
        return;
    }
    if (json_is_array(json))
        handle_batch(c, json);
    else
        handle_one(c, json);
    json_free(json);
    chain_view_close(c->view);
    c->view = NULL;
    c->params = NULL;
    if (c->arena.chunk)
        arena_reset(&c->arena);
}

void rpc_handle(struct rpc *r, struct bytes body, struct buf *reply)
{
    struct rpc_call c;
    call_init(&c, r);
    call_handle(&c, NULL, body, reply);
    call_fini(&c);
}

/* --- routes ----------------------------------------------------------------------------------- */

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

void request_route(void *ctx, unsigned thread, const struct http_request *in,
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

bool ws_admit(void *ctx, struct http_ws *ws, const char *path)
{
    (void)ctx;
    (void)ws;
    return strcmp(path, "/") == 0 || strcmp(path, "/ws") == 0;
}

void ws_answer(void *ctx, unsigned thread, struct http_ws *ws, struct bytes text, struct buf *reply)
{
    struct rpc *r = ctx;
    call_handle(&r->calls[thread], ws, text, reply);
}
