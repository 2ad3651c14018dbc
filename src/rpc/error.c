/* error: every refusal's code and words. Tools decide by these words (viem's and ethers' error
 * classes look for geth's), so they are English whatever the node's language. */
#include "rpc/rpc_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "city/service.h"
#include "rpc/trace.h"

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
    {E_TX_CREATE, RPC_SERVER, "this type of transaction cannot create a contract"},
    {E_TX_AUTHS, RPC_SERVER, "EIP-7702 transaction with empty auth list"},
    {E_TX_BLOBS, RPC_SERVER, "number or version of the blobs not allowed"},
    {E_TX_BLOB_FEE, RPC_SERVER, "max fee per blob gas less than block blob gas fee"},
    {E_PRUNED, RPC_SERVER,
     "state of that block is no longer kept (missing trie node): this node keeps the last 128 "
     "blocks, or all when it was started with --archive"},
    {E_UNSUPPORTED, RPC_UNSUPPORTED, "not supported"},
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

/* --- reverts ---------------------------------------------------------------------------------- */

static bool error_string(struct buf *out, struct bytes data)
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

/* Solidity's codes, in geth's words. */
static bool panic(struct buf *out, struct bytes data)
{
    static const struct {
        uint8_t code;
        const char *text;
    } panics[] = {
        {0x00, "generic panic"},
        {0x01, "assert(false)"},
        {0x11, "arithmetic underflow or overflow"},
        {0x12, "division or modulo by zero"},
        {0x21, "enum overflow"},
        {0x22, "invalid encoded storage byte array accessed"},
        {0x31, "out-of-bounds array access; popping on an empty array"},
        {0x32, "out-of-bounds access of an array or bytesN"},
        {0x41, "out of memory"},
        {0x51, "uninitialized function"},
    };
    static const uint8_t head[4] = {0x4e, 0x48, 0x7b, 0x71};
    if (data.len < 36 || memcmp(data.data, head, sizeof head) != 0)
        return false;
    struct u256 code = u256_from_be(data.data + 4);
    for (size_t i = 0; i < sizeof panics / sizeof *panics; i++)
        if (u256_eq(code, u256_from_u64(panics[i].code))) {
            buf_puts(out, panics[i].text);
            return true;
        }
    uint8_t be[32];
    u256_to_be(be, code);
    buf_puts(out, "unknown panic code: ");
    buf_put_hex(out, be, 32);
    return true;
}

bool revert_reason(struct buf *out, struct bytes data)
{
    return error_string(out, data) || panic(out, data);
}

void put_revert_text(struct buf *out, struct bytes data)
{
    struct buf reason = {0};
    buf_puts(out, "execution reverted");
    if (revert_reason(&reason, data) || (data.len >= 4 && service_explain_revert(&reason, data))) {
        buf_puts(out, ": ");
        buf_put(out, reason.data, reason.len);
    }
    buf_free(&reason);
}

bool rpc_fail_revert(struct rpc_call *c, struct bytes data)
{
    buf_clear(&c->scratch);
    put_revert_text(&c->scratch, data);
    rpc_fail(c, RPC_REVERT, "%s", buf_cstr(&c->scratch));
    c->error_data = data.len ? data : bytes_of("", 0);
    return false;
}

bool rpc_fail_frame(struct rpc_call *c, const struct frame_result *r)
{
    if (r->status == FRAME_SUCCESS)
        return true;
    if (r->status == FRAME_REVERT)
        return rpc_fail_revert(c, r->output);
    return rpc_fail(c, RPC_SERVER, "%s", frame_status_text(r->status));
}

bool rpc_fail_diag(struct rpc_call *c, enum err e, const struct diag *d)
{
    rpc_fail_err(c, e);
    if (!d->text[0])
        return false;
    return rpc_fail(c, e == E_INVALID ? RPC_SERVER : c->error_code, "%.700s", d->text);
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
