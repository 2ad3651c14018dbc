/* error: every refusal's code and words. Tools decide by these words (viem's and ethers' error
 * classes look for geth's), so they are English whatever the node's language. */
#include "rpc/rpc_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "city/service.h"

bool rpc_fail(struct rpc_call *c, int code, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(c->error_text, sizeof c->error_text, format, ap);
    va_end(ap);
    c->error_code = code;
    c->error_data = (struct bytes){0};
    return false;
}

static const struct {
    enum err e;
    int code;
    const char *text;
} words[] = {
    {E_RLP, RPC_PARAMS, "transaction is not well-formed RLP"},
    {E_RANGE, RPC_PARAMS, "a field of the transaction is out of range"},
    {E_SIGNATURE, RPC_SERVER, "invalid sender: invalid transaction v, r, s values"},
    {E_TX_TYPE, RPC_SERVER, "transaction type not supported"},
    {E_TX_CHAIN_ID, RPC_SERVER, "invalid chain id for signer"},
    {E_TX_NONCE_LOW, RPC_SERVER, "nonce too low"},
    {E_TX_NONCE_HIGH, RPC_SERVER, "nonce too high"},
    {E_TX_NONCE_MAX, RPC_SERVER, "nonce has max value"},
    {E_TX_FUNDS, RPC_SERVER, "insufficient funds for gas * price + value"},
    {E_TX_INTRINSIC_GAS, RPC_SERVER, "intrinsic gas too low"},
    {E_TX_GAS_LIMIT, RPC_SERVER, "exceeds block gas limit"},
    {E_TX_FEE, RPC_SERVER, "max priority fee per gas higher than max fee per gas"},
    {E_TX_INITCODE, RPC_SERVER, "max initcode size exceeded"},
    {E_TX_SENDER_CODE, RPC_SERVER, "sender not an eoa"},
    {E_TX_QUOTA, RPC_LIMIT, "the sender's gas quota for this period is used up"},
    {E_TX_NOT_MEMBER, RPC_SERVER, "the sender is not an admitted member of this chain"},
    {E_TX_KNOWN, RPC_SERVER, "already known"},
    {E_TX_UNDERPRICED, RPC_SERVER, "replacement transaction underpriced"},
    {E_TX_TOO_LARGE, RPC_SERVER, "oversized data"},
    {E_POOL_FULL, RPC_LIMIT, "txpool is full, send again later"},
    {E_PRUNED, RPC_SERVER, "state of that block is no longer kept (missing trie node)"},
    {E_OUT_OF_GAS, RPC_SERVER, "out of gas"},
    {E_NOT_FOUND, RPC_NOT_FOUND, "not found"},
    {E_STOPPED, RPC_SERVER, "the node is stopping"},
    {E_LIMIT, RPC_LIMIT, "a limit of this node was reached"},
    {E_CORRUPT, RPC_INTERNAL, "a stored record does not hold"},
};

bool rpc_fail_err(struct rpc_call *c, enum err e)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].e == e)
            return rpc_fail(c, words[i].code, "%s", words[i].text);
    return rpc_fail(c, RPC_INTERNAL, "internal error (%s)", err_name(e));
}

/* The reason of Error(string), as text; false for anything else. */
static bool reason_string(struct buf *out, struct bytes data)
{
    static const uint8_t head[36] = {0x08, 0xc3, 0x79, 0xa0, [35] = 0x20};
    if (data.len < 68 || memcmp(data.data, head, sizeof head) != 0)
        return false;
    for (size_t i = 36; i < 60; i++)
        if (data.data[i])
            return false;
    uint64_t len = be64_get(data.data + 60);
    if (len > data.len - 68)
        return false;
    buf_put(out, data.data + 68, len < 512 ? (size_t)len : 512);
    return true;
}

bool rpc_fail_revert(struct rpc_call *c, struct bytes data)
{
    buf_clear(&c->scratch);
    bool known = reason_string(&c->scratch, data) ||
                 (data.len >= 4 && service_explain_revert(&c->scratch, data));
    if (known)
        rpc_fail(c, RPC_REVERT, "execution reverted: %s", buf_cstr(&c->scratch));
    else
        rpc_fail(c, RPC_REVERT, "execution reverted");
    c->error_data = data.len ? data : bytes_of("", 0);
    return false;
}

void rpc_put_error(struct buf *out, int code, const char *text, struct bytes data)
{
    json_open(out, '{');
    json_put_key(out, "code");
    json_put_i64(out, code);
    json_put_key(out, "message");
    json_put_string(out, text);
    if (data.data) {
        json_put_key(out, "data");
        json_put_data(out, data.data, data.len);
    }
    json_close(out, '}');
}
