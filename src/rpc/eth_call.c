/* eth_call, eth_estimateGas, eth_sendRawTransaction and fees. */
#include <stdio.h>

#include "rpc/methods.h"

static bool read_request(struct rpc_call *c, struct call_request *out, uint64_t *number_out)
{
    if (!read_call(c, param(c, 0), out) || !param_block(c, 1, number_out, NULL))
        return false;
    if (param(c, 2) || param(c, 3))
        return rpc_fail(c, RPC_UNSUPPORTED, "state and block overrides are not supported");
    return true;
}

/* outcome turns a frame that did not succeed into the error tools expect. */
static bool outcome(struct rpc_call *c, const struct frame_result *r)
{
    switch (r->status) {
    case FRAME_SUCCESS:
        return true;
    case FRAME_REVERT:
        return rpc_fail_revert(c, r->output);
    case FRAME_OUT_OF_GAS:
        return rpc_fail(c, RPC_SERVER, "out of gas");
    case FRAME_BALANCE:
        return rpc_fail(c, RPC_SERVER, "insufficient funds for gas * price + value");
    case FRAME_DEPTH:
        return rpc_fail(c, RPC_SERVER, "max call depth exceeded");
    default:
        return rpc_fail(c, RPC_SERVER, "%s", frame_status_text(r->status));
    }
}

bool eth_call(struct rpc_call *c)
{
    struct call_request request;
    struct frame_result result = {0};
    uint64_t number, gas_used;
    if (!read_request(c, &request, &number))
        return false;
    enum err e = chain_call(c->view, number, &request, &c->arena, &result, &gas_used);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    if (!outcome(c, &result))
        return false;
    json_put_data(c->out, result.output.data, result.output.len);
    return true;
}

bool eth_estimate_gas(struct rpc_call *c)
{
    struct call_request request;
    struct frame_result result = {0};
    uint64_t number, gas;
    if (!read_request(c, &request, &number))
        return false;
    enum err e = chain_estimate_gas(c->view, number, &request, &c->arena, &gas, &result);
    if (e == E_REVERT)
        return rpc_fail_revert(c, result.output);
    if (e == E_OUT_OF_GAS)
        return result.status == FRAME_SUCCESS || result.status == FRAME_OUT_OF_GAS
                   ? rpc_fail(c, RPC_SERVER, "gas required exceeds allowance")
                   : outcome(c, &result);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    json_put_quantity(c->out, gas);
    return true;
}

bool eth_send_raw(struct rpc_call *c)
{
    const struct json *j = param(c, 0);
    const char *text = j ? json_text(j) : NULL;
    struct hash hash;
    if (!text || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
        return rpc_fail(c, RPC_PARAMS, "the transaction must be hexadecimal data (0x...)");
    buf_clear(&c->scratch);
    if (hex_decode_buf(&c->scratch, text, strlen(text)) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "the transaction is not hexadecimal data");
    enum err e = c->r->engine->ops->submit(c->r->engine, buf_view(&c->scratch), &hash);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    put_hash(c->out, &hash);
    return true;
}

bool eth_gas_price(struct rpc_call *c)
{
    json_put_quantity(c->out, 0);
    return true;
}

static bool read_percentiles(struct rpc_call *c, size_t *count_out)
{
    const struct json *list = param(c, 2);
    double last = 0;
    *count_out = list ? json_count(list) : 0;
    if (list && (!json_is_array(list) || *count_out > 100))
        return rpc_fail(c, RPC_PARAMS, "reward percentiles must be an array of at most 100");
    for (const struct json *p = list ? json_first(list) : NULL; p; p = json_next(p)) {
        double v = json_is_number(p) ? json_double(p) : -1;
        if (!(v >= last && v <= 100))
            return rpc_fail(c, RPC_PARAMS, "invalid reward percentile: must be 0 to 100, rising");
        last = v;
    }
    return true;
}

/* Base fee and tips are 0 on this chain; what is worth telling is how full the blocks were. */
bool eth_fee_history(struct rpc_call *c)
{
    uint64_t count, newest;
    size_t percentiles;
    if (!param_u64(c, 0, &count) || !param_block(c, 1, &newest, NULL) ||
        !read_percentiles(c, &percentiles))
        return false;
    if (count > RPC_FEE_HISTORY_MAX)
        count = RPC_FEE_HISTORY_MAX;
    if (count > newest + 1)
        count = newest + 1;
    struct buf *out = c->out;
    uint64_t oldest = newest + 1 - count;
    json_open(out, '{');
    json_put_key(out, "oldestBlock");
    json_put_quantity(out, oldest);
    json_put_key(out, "baseFeePerGas");
    json_open(out, '[');
    for (uint64_t i = 0; i <= count && count; i++)
        json_put_raw(out, "\"0x0\"");
    json_close(out, ']');
    json_put_key(out, "gasUsedRatio");
    json_open(out, '[');
    for (uint64_t n = oldest; count && n <= newest; n++) {
        struct header h;
        struct hash hash;
        enum err e = chain_load_header(c->view, n, &c->arena, &h, &hash);
        if (e != E_OK)
            return rpc_fail_err(c, e);
        if (!call_in_time(c))
            return false;
        char ratio[32];
        uint64_t ppm = 0; /* gas limits beyond 10^12 are divided first, so that nothing wraps */
        if (h.gas_limit)
            ppm = h.gas_limit < 1000000000000 ? h.gas_used * 1000000 / h.gas_limit
                                              : h.gas_used / (h.gas_limit / 1000000);
        (void)snprintf(ratio, sizeof ratio, "%llu.%06llu", (unsigned long long)(ppm / 1000000),
                       (unsigned long long)(ppm % 1000000));
        json_put_raw(out, ratio);
    }
    json_close(out, ']');
    if (param(c, 2)) {
        json_put_key(out, "reward");
        json_open(out, '[');
        for (uint64_t i = 0; i < count; i++) {
            json_open(out, '[');
            for (size_t k = 0; k < percentiles; k++)
                json_put_raw(out, "\"0x0\"");
            json_close(out, ']');
        }
        json_close(out, ']');
    }
    json_close(out, '}');
    return true;
}
