/* debug_*: blocks and transactions in their encodings, and transactions run again for a tracer. */
#include "base/clock.h"
#include "rpc/methods.h"
#include "rpc/trace.h"

/* --- encodings -------------------------------------------------------------------------------- */

/* The block that parameter 0 names, by number, tag or hash. */
static bool named_block(struct rpc_call *c, bool receipts, struct block *b)
{
    uint64_t number;
    if (!param(c, 0))
        return rpc_fail(c, RPC_PARAMS, "missing value for required argument 0");
    if (!param_block(c, 0, &number, NULL))
        return c->error_code == RPC_NOT_FOUND ? rpc_fail(c, RPC_SERVER, "block not found") : false;
    enum err e = chain_load_block(c->view, number, &c->arena, receipts, b);
    return e == E_OK || rpc_fail_err(c, e);
}

bool debug_raw_block(struct rpc_call *c)
{
    struct block b;
    if (!named_block(c, false, &b))
        return false;
    buf_clear(&c->scratch);
    block_encode(&c->scratch, &b);
    json_put_data(c->out, c->scratch.data, c->scratch.len);
    return true;
}

bool debug_raw_header(struct rpc_call *c)
{
    struct block b;
    if (!named_block(c, false, &b))
        return false;
    buf_clear(&c->scratch);
    header_encode(&c->scratch, &b.header);
    json_put_data(c->out, c->scratch.data, c->scratch.len);
    return true;
}

bool debug_raw_receipts(struct rpc_call *c)
{
    struct block b;
    if (!named_block(c, true, &b))
        return false;
    json_open(c->out, '[');
    for (size_t i = 0; i < b.tx_count; i++) {
        buf_clear(&c->scratch);
        receipt_encode(&c->scratch, &b.receipts[i]);
        json_put_data(c->out, c->scratch.data, c->scratch.len);
        if (c->out->len > LIMIT_RPC_RESPONSE_BYTES)
            return true; /* the dispatcher refuses it */
    }
    json_close(c->out, ']');
    return true;
}

/* --- traces ----------------------------------------------------------------------------------- */

/* One request: what is watched, and where its results go. */
struct tracing {
    struct rpc_call *c;
    struct trace_config config;
    struct trace trace;
    bool is_open;
    const struct block *block; /* NULL: a call */
    bool many;                 /* an array with the transactions' hashes */
    uint64_t deadline_us;
    size_t bytes_left;
};

static const struct tracer *begin(void *ctx, size_t index, struct state *s,
                                  const struct block_env *env, const struct tx *t)
{
    struct tracing *tr = ctx;
    trace_open(&tr->trace, &tr->config, s, env, t, tr->deadline_us, &tr->bytes_left);
    tr->is_open = true;
    if (tr->block)
        tr->trace.log_base = log_base(tr->block, index);
    return &tr->trace.tracer;
}

static enum err verdict(const struct tracing *tr)
{
    switch (tr->trace.stopped) {
    case TRACE_TIMED_OUT:
        return E_TIMEOUT;
    case TRACE_TOO_LARGE:
        return E_TOO_LARGE;
    case TRACE_GOES_ON:
        break;
    }
    if (tr->c->out->len > LIMIT_RPC_RESPONSE_BYTES)
        return E_TOO_LARGE;
    return clock_mono_us() > tr->deadline_us ? E_TIMEOUT : E_OK;
}

static enum err end(void *ctx, size_t index, struct state *s, const struct tx *t,
                    const struct receipt *r)
{
    struct tracing *tr = ctx;
    struct buf *out = tr->c->out;
    struct trace_outcome outcome = {.status = r->success ? FRAME_SUCCESS : FRAME_REVERT,
                                    .gas_used = r->gas_used,
                                    .output = r->output};
    struct trace_place place = {.tx_hash = t->hash, .index = index};
    if (tr->block) {
        place.in_block = true;
        place.block_hash = tr->block->hash;
        place.block_number = tr->block->header.number;
    }
    if (!tr->trace.stopped) {
        if (tr->many) {
            json_open(out, '{');
            json_put_key(out, "txHash");
            put_hash(out, &t->hash);
            json_put_key(out, "result");
        }
        trace_put(&tr->trace, s, &outcome, &place, out);
        if (tr->many)
            json_close(out, '}');
    }
    enum err e = verdict(tr);
    trace_close(&tr->trace);
    tr->is_open = false;
    return e;
}

static bool goes_on(void *ctx)
{
    const struct tracing *tr = ctx;
    return clock_mono_us() < tr->deadline_us;
}

static bool read_config(struct tracing *tr, size_t i)
{
    struct rpc_call *c = tr->c;
    struct diag d = {""};
    if (trace_config_read(&tr->config, param(c, i), &d) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "%.700s", d.text);
    uint64_t until = clock_mono_us() + tr->config.timeout_us;
    tr->deadline_us = until < c->deadline_us ? until : c->deadline_us;
    tr->bytes_left = LIMIT_TRACE_BYTES;
    return true;
}

static bool failed(struct tracing *tr, enum err e, const struct diag *d)
{
    struct rpc_call *c = tr->c;
    if (tr->is_open)
        trace_close(&tr->trace);
    tr->is_open = false;
    if (e == E_OK)
        return true;
    if (e == E_TIMEOUT)
        return rpc_fail(c, RPC_SERVER, "execution timeout");
    if (e == E_TOO_LARGE)
        return rpc_fail(c, RPC_LIMIT,
                        "the trace is too large: ask for one transaction, set limit, or leave "
                        "out memory, stack or storage");
    if (e == E_PRUNED)
        return rpc_fail(c, RPC_SERVER,
                        "the state before that block is no longer kept: this node keeps the last "
                        "%u blocks, or all when it was started with --archive",
                        LIMIT_STATE_HISTORY);
    return rpc_fail_diag(c, e, d);
}

/* replay traces the transactions first..last of a block. */
static bool replay(struct tracing *tr, const struct block *b, size_t first, size_t last)
{
    struct replay_watcher watcher = {begin, end, goes_on, tr};
    struct diag none = {""};
    tr->block = b;
    enum err e = chain_replay(tr->c->view, b->header.number, first, last, &watcher, &tr->c->arena);
    return failed(tr, e, &none);
}

bool debug_trace_transaction(struct rpc_call *c)
{
    struct tracing tr = {.c = c};
    struct hash hash;
    struct block b;
    uint64_t number;
    size_t index;
    struct chain_view *v = call_view(c);
    if (!v || !param_hash(c, 0, &hash) || !read_config(&tr, 1))
        return false;
    enum err e = chain_find_tx(v, &hash, &number, &index);
    if (e == E_NOT_FOUND)
        return rpc_fail(c, RPC_SERVER, "transaction not found");
    if (e == E_OK)
        e = chain_load_block(v, number, &c->arena, true, &b);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    return replay(&tr, &b, index, index);
}

static bool trace_block(struct rpc_call *c)
{
    struct tracing tr = {.c = c, .many = true};
    struct block b;
    if (!named_block(c, true, &b) || !read_config(&tr, 1))
        return false;
    if (b.header.number == 0)
        return rpc_fail(c, RPC_SERVER, "genesis is not traceable");
    json_open(c->out, '[');
    if (b.tx_count && !replay(&tr, &b, 0, b.tx_count - 1))
        return false;
    json_close(c->out, ']');
    return true;
}

bool debug_trace_block_by_number(struct rpc_call *c)
{
    return trace_block(c);
}

bool debug_trace_block_by_hash(struct rpc_call *c)
{
    struct hash hash;
    return param_hash(c, 0, &hash) && trace_block(c);
}

/* The options object carries the overrides too. */
bool debug_trace_call(struct rpc_call *c)
{
    struct tracing tr = {.c = c};
    struct call_request request;
    struct state_override state;
    struct block_override block;
    struct diag d = {""};
    struct replay_watcher watcher = {begin, end, goes_on, &tr};
    struct frame_result result;
    uint64_t number, gas_used;
    const struct json *options = param(c, 2);
    if (!read_call(c, param(c, 0), &request) || !param_block(c, 1, &number, NULL) ||
        !read_config(&tr, 2) ||
        !read_state_override(c, options ? json_get(options, "stateOverrides") : NULL, &state) ||
        !read_block_override(c, options ? json_get(options, "blockOverrides") : NULL, false,
                             &block))
        return false;
    request.state = &state;
    request.block = &block;
    request.diag = &d;
    request.watcher = &watcher;
    enum err e = chain_call(c->view, number, &request, &c->arena, &result, &gas_used);
    return failed(&tr, e, &d);
}
