/* test_rpc: a node without a server for tests: its chain makes blocks when told, requests are
 * answered in this process. Header-only, included by the tests of rpc. */
#ifndef PARVIS_RPC_TEST_RPC_H
#define PARVIS_RPC_TEST_RPC_H

#include "chain/test_ledger.h"

#include <stdarg.h>
#include <stdlib.h>

#include "engine/engine.h"
#include "rpc/rpc.h"

static struct ledger ledger;
static struct engine engine;
static struct rpc *r;
static struct buf answer;

static inline bool begin(void)
{
    if (!ledger_begin(&ledger))
        return false;
    engine = (struct engine){.ops = &ENGINE_SOLO, .chain = ledger.chain};
    engine.address = ledger.proposer;
    r = rpc_open(&engine);
    return true;
}

static inline void end(void)
{
    rpc_stop(r);
    ledger_end(&ledger);
    buf_free(&answer);
}

static inline const char *post(const char *body)
{
    buf_clear(&answer);
    rpc_handle(r, bytes_str(body), &answer);
    return buf_cstr(&answer);
}

/* ask calls a method; params is the inside of the array. */
__attribute__((format(printf, 2, 3))) static inline const char *ask(const char *method,
                                                                    const char *params, ...)
{
    static char text[300000], body[310000];
    va_list ap;
    va_start(ap, params);
    vsnprintf(text, sizeof text, params, ap);
    va_end(ap);
    snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[%s]}",
             method, text);
    return post(body);
}

static inline bool has(const char *text, const char *part)
{
    if (strstr(text, part))
        return true;
    printf("# no %s in: %.400s\n", part, text);
    return false;
}

static inline bool is(const char *text, const char *result)
{
    static char want[10000];
    snprintf(want, sizeof want, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}", result);
    if (strcmp(text, want) == 0)
        return true;
    printf("# %.300s, expected %.300s\n", text, want);
    return false;
}

static inline bool fails(const char *text, int code, const char *message)
{
    char want[64];
    snprintf(want, sizeof want, "\"error\":{\"code\":%d,", code);
    return has(text, want) && has(text, message);
}

static inline const char *hex_of(const void *data, size_t len)
{
    static char ring[4][70000];
    static unsigned turn;
    char *out = ring[turn++ % 4];
    memcpy(out, "0x", 2);
    hex_encode(out + 2, data, len);
    return out;
}

static inline const char *account(size_t i)
{
    return hex_of(ledger.accounts[i].b, 20);
}

static inline const char *raw_of(struct tx *t, size_t from)
{
    struct bytes raw = ledger_sign(&ledger, t, from);
    return hex_of(raw.data, raw.len);
}

/* The text between `"name":"` and the next quote of the last answer, copied. */
static inline const char *field(const char *name)
{
    static char ring[4][200];
    static unsigned turn;
    char mark[100], *out = ring[turn++ % 4];
    snprintf(mark, sizeof mark, "\"%s\":\"", name);
    const char *p = strstr((const char *)answer.data, mark);
    size_t n = p ? strcspn(p + strlen(mark), "\"") : 0;
    if (!p || n >= sizeof ring[0]) {
        test_fail(__FILE__, __LINE__, "no %s in the answer", name);
        return "";
    }
    memcpy(out, p + strlen(mark), n);
    out[n] = 0;
    return out;
}

#endif
