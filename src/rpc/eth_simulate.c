/* eth_simulateV1: reading the request and telling what came of it; the work is chain/simulate.h's.
 */
#include "chain/simulate.h"

#include "rpc/methods.h"

#define VM_ERROR (-32015)

static const struct json *member(const struct json *object, const char *name)
{
    const struct json *j = json_get(object, name);
    return j && json_is_null(j) ? NULL : j;
}

static bool read_calls(struct rpc_call *c, const struct json *j, struct simulate_block *out)
{
    size_t n = j ? json_count(j) : 0, k = 0;
    if (!j)
        return true;
    /* each needs 21000 gas at least */
    if (!json_is_array(j) || n > LIMIT_SIMULATE_GAS / 21000)
        return rpc_fail(c, RPC_PARAMS, "calls must be an array of at most %u calls",
                        LIMIT_SIMULATE_GAS / 21000);
    struct call_request *calls = arena_zalloc(&c->arena, n + 1, sizeof *calls);
    for (const struct json *call = json_first(j); call; call = json_next(call))
        if (!read_call(c, call, &calls[k++]))
            return false;
    out->calls = calls;
    out->call_count = n;
    return true;
}

static bool read_flag(struct rpc_call *c, const struct json *object, const char *name, bool *out)
{
    const struct json *j = member(object, name);
    if (j && !json_is_bool(j))
        return rpc_fail(c, RPC_PARAMS, "%s must be true or false", name);
    *out = j && json_true(j);
    return true;
}

static bool read_request(struct rpc_call *c, const struct json *j, struct simulate_request *out,
                         bool *full_out)
{
    const struct json *list = j && json_is_object(j) ? member(j, "blockStateCalls") : NULL;
    size_t n = list ? json_count(list) : 0, k = 0;
    if (!list || !json_is_array(list))
        return rpc_fail(c, RPC_PARAMS, "blockStateCalls must be an array");
    if (n == 0)
        return rpc_fail(c, RPC_PARAMS, "empty input");
    if (n > LIMIT_SIMULATE_BLOCKS)
        return rpc_fail(c, SIMULATE_BLOCKS, "too many blocks");
    struct simulate_block *blocks = arena_zalloc(&c->arena, n, sizeof *blocks);
    for (const struct json *b = json_first(list); b; b = json_next(b), k++) {
        if (!json_is_object(b))
            return rpc_fail(c, RPC_PARAMS, "a member of blockStateCalls must be an object");
        if (!read_block_override(c, member(b, "blockOverrides"), true, &blocks[k].block) ||
            !read_state_override(c, member(b, "stateOverrides"), &blocks[k].state) ||
            !read_calls(c, member(b, "calls"), &blocks[k]))
            return false;
    }
    *out = (struct simulate_request){.blocks = blocks, .block_count = n};
    return read_flag(c, j, "traceTransfers", &out->trace_transfers) &&
           read_flag(c, j, "validation", &out->validation) &&
           read_flag(c, j, "returnFullTransactions", full_out);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void put_call_error(struct buf *out, const struct simulated_call *call)
{
    bool reverted = call->status == FRAME_REVERT;
    struct buf text = {0};
    if (reverted)
        put_revert_text(&text, call->output);
    else
        buf_puts(&text, frame_status_text(call->status));
    json_put_key(out, "error");
    json_open(out, '{');
    json_put_key(out, "code");
    json_put_i64(out, reverted ? RPC_REVERT : VM_ERROR);
    json_put_key(out, "message");
    json_put_text(out, (const char *)text.data, text.len);
    if (reverted) {
        json_put_key(out, "data");
        json_put_data(out, call->output.data, call->output.len);
    }
    json_close(out, '}');
    buf_free(&text);
}

static void put_call(struct buf *out, const struct simulated_block *b, size_t index)
{
    const struct simulated_call *call = &b->calls[index];
    bool ok = call->status == FRAME_SUCCESS;
    json_open(out, '{');
    json_put_key(out, "returnData");
    json_put_data(out, call->output.data, ok ? call->output.len : 0);
    json_put_key(out, "logs");
    json_open(out, '[');
    for (size_t i = 0; ok && i < call->log_count; i++)
        put_log(out, &b->block, index, call->log_numbers[i], &call->logs[i]);
    json_close(out, ']');
    json_put_key(out, "gasUsed");
    json_put_quantity(out, call->gas_used);
    json_put_key(out, "maxUsedGas");
    json_put_quantity(out, call->gas_peak);
    json_put_key(out, "status");
    json_put_quantity(out, ok);
    if (!ok)
        put_call_error(out, call);
    json_close(out, '}');
}

static void put_simulated(struct buf *out, const struct simulated_block *b, bool full)
{
    json_open(out, '{');
    put_block_fields(out, &b->block, full);
    json_put_key(out, "calls");
    json_open(out, '[');
    for (size_t i = 0; i < b->block.tx_count; i++)
        put_call(out, b, i);
    json_close(out, ']');
    json_close(out, '}');
}

static bool in_time(void *ctx)
{
    return call_in_time(ctx);
}

bool eth_simulate_v1(struct rpc_call *c)
{
    struct simulate_request request;
    struct simulated_block *blocks;
    enum simulate_code code;
    struct diag d = {""};
    uint64_t number;
    size_t count;
    bool full;
    if (!read_request(c, param(c, 0), &request, &full))
        return false;
    request.goes_on = in_time;
    request.ctx = c;
    if (!param_block(c, 1, &number, NULL))
        return c->error_code == RPC_NOT_FOUND ? rpc_fail(c, RPC_SERVER, "header not found") : false;
    enum err e = chain_simulate(c->view, number, &request, &c->arena, &blocks, &count, &code, &d);
    if (e == E_INVALID)
        return rpc_fail(c, code, "%.700s", d.text);
    if (e == E_TIMEOUT)
        return call_in_time(c); /* says so */
    if (e != E_OK)
        return rpc_fail_err(c, e);
    json_open(c->out, '[');
    for (size_t i = 0; i < count; i++) {
        put_simulated(c->out, &blocks[i], full);
        if (c->out->len > LIMIT_RPC_RESPONSE_BYTES)
            return true; /* the dispatcher refuses it */
    }
    json_close(c->out, ']');
    return true;
}
