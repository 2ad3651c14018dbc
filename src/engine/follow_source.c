/* follow_source: JSON-RPC to the node that is followed. */
#include <stdio.h>

#include "base/lang.h"
#include "base/limits.h"
#include "chain/audit.h"
#include "codec/json.h"
#include "engine/follow.h"
#include "net/fetch.h"

#define NOT_THERE (-32001) /* docs/rpc.md, "Errors" */

#define CONNECT_MS 5000u

struct source {
    struct fetch *fetch;
    struct buf request, reply;
};

enum err source_open(struct source **out, const char *url, unsigned total_ms,
                     const _Atomic bool *give_up, struct diag *d)
{
    struct fetch_limits limits = {CONNECT_MS, total_ms, LIMIT_RPC_RESPONSE_BYTES, give_up};
    struct source *s = mem_zalloc(1, sizeof *s);
    enum err e = fetch_open(&s->fetch, url, &limits, d);
    if (e != E_OK) {
        mem_free(s);
        return e;
    }
    *out = s;
    return E_OK;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    fetch_close(s->fetch);
    buf_free(&s->request);
    buf_free(&s->reply);
    mem_free(s);
}

static enum err malformed(struct diag *d)
{
    return diag_set(d, E_JSON,
                    T("the node followed gives an answer of another form",
                      "le nœud suivi donne une réponse d'une autre forme"));
}

/* post sends s->request and parses the answer; the caller frees it. */
static enum err post(struct source *s, struct json **out, struct diag *d)
{
    buf_clear(&s->reply);
    TRY(fetch_post(s->fetch, "", buf_view(&s->request), &s->reply, NULL, d));
    return json_parse(out, buf_view(&s->reply), d);
}

/* result_of picks a reply's result; the node's own refusal becomes a code. */
static enum err result_of(const struct json *reply, const struct json **out, struct diag *d)
{
    const struct json *error = json_get(reply, "error");
    if (!error) {
        *out = json_get(reply, "result");
        return *out ? E_OK : malformed(d);
    }
    int64_t code = 0;
    const char *text = json_text(json_get(error, "message"));
    bool missing = json_i64(&code, json_get(error, "code")) == E_OK && code == NOT_THERE;
    return diag_set(d, missing ? E_NOT_FOUND : E_INVALID,
                    T("the node followed refuses: %s", "le nœud suivi refuse : %s"),
                    text ? text : "?");
}

static void put_call(struct buf *out, const char *method, size_t id, uint64_t number)
{
    buf_putf(out, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"%s\",\"params\":[\"0x%llx\"]}", id,
             method, (unsigned long long)number);
}

enum err source_head(struct source *s, uint64_t *number_out, struct diag *d)
{
    struct json *reply = NULL;
    const struct json *result = NULL;
    buf_clear(&s->request);
    buf_puts(&s->request,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_blockNumber\",\"params\":[]}");
    TRY(post(s, &reply, d));
    enum err e = result_of(reply, &result, d);
    if (e == E_OK && json_u64(number_out, result) != E_OK)
        e = malformed(d);
    json_free(reply);
    return e;
}

/* each asks for count blocks in one batch and hands over their bytes, in order. *taken_out is how
 * many were: a node cuts the answer to a batch at some size, and refuses what comes after. */
static enum err each(struct source *s, const char *method, uint64_t first, size_t count,
                     enum err (*take)(void *ctx, size_t index, struct bytes data), void *ctx,
                     size_t *taken_out, struct diag *d)
{
    *taken_out = 0;
    struct json *reply = NULL;
    struct buf data = {0};
    buf_clear(&s->request);
    for (size_t i = 0; i < count; i++) {
        buf_puts(&s->request, i ? "," : "[");
        put_call(&s->request, method, i, first + i);
    }
    buf_puts(&s->request, "]");
    TRY(post(s, &reply, d));
    enum err e = json_count(reply) == count ? E_OK : malformed(d);
    const struct json *item = e == E_OK ? json_first(reply) : NULL;
    for (size_t i = 0; e == E_OK && i < count; i++, item = json_next(item)) {
        const struct json *result = NULL;
        buf_clear(&data);
        e = result_of(item, &result, d);
        const char *text = json_text(result);
        if (e == E_OK && (!text || hex_decode_buf(&data, text, strlen(text)) != E_OK))
            e = malformed(d);
        if (e == E_OK) {
            e = take(ctx, i, buf_view(&data));
            if (e != E_OK)
                diag_set(d, e,
                         T("block %llu of the node followed: %s", "bloc %llu du nœud suivi : %s"),
                         (unsigned long long)(first + i), err_text(e));
        }
        *taken_out += e == E_OK;
    }
    buf_free(&data);
    json_free(reply);
    return e;
}

static enum err take_link(void *ctx, size_t index, struct bytes data)
{
    struct source_link *links = ctx;
    struct header h;
    TRY(header_decode(&h, data));
    links[index] = (struct source_link){header_hash(&h), h.parent_hash, h.number};
    return E_OK;
}

enum err source_links(struct source *s, uint64_t first, size_t count, struct source_link *out,
                      struct diag *d)
{
    size_t taken;
    return each(s, "debug_getRawHeader", first, count, take_link, out, &taken, d);
}

struct taking {
    struct arena *arena;
    struct block *blocks;
};

static enum err take_block(void *ctx, size_t index, struct bytes data)
{
    struct taking *t = ctx;
    struct bytes copy = bytes_of(arena_dup(t->arena, data.data, data.len), data.len);
    return export_read_block(&t->blocks[index], t->arena, copy);
}

enum err source_blocks(struct source *s, uint64_t first, size_t *count, struct arena *a,
                       struct block *out, struct diag *d)
{
    struct taking t = {a, out};
    enum err e = each(s, "parvis_getBlockRecord", first, *count, take_block, &t, count, d);
    return *count ? E_OK : e;
}

enum err source_light(struct source *s, uint64_t height, struct buf *json_out, uint64_t *number_out,
                      struct diag *d)
{
    struct json *reply = NULL;
    const struct json *result = NULL;
    buf_clear(&s->request);
    buf_puts(&s->request, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"parvis_getLightBlock\","
                          "\"params\":[");
    if (height)
        buf_putf(&s->request, "{\"consensusHeight\":\"0x%llx\"}", (unsigned long long)height);
    else
        buf_puts(&s->request, "\"latest\"");
    buf_puts(&s->request, "]}");
    TRY(post(s, &reply, d));
    enum err e = result_of(reply, &result, d);
    if (e == E_OK && json_is_null(result))
        e = diag_set(d, E_NOT_FOUND,
                     T("the node followed has no signed header of height %llu",
                       "le nœud suivi n'a pas d'en-tête signé de hauteur %llu"),
                     (unsigned long long)height);
    if (e == E_OK && json_u64(number_out, json_get(result, "blockNumber")) != E_OK)
        e = malformed(d);
    if (e == E_OK)
        json_print(json_out, json_get(result, "block"));
    json_free(reply);
    return e;
}

/* refusal_of finds the code of a node's words (docs/rpc.md, "Errors"; other clients use them too):
 * of those that a transaction may meet there though it was good here. */
static enum err refusal_of(const struct json *reply)
{
    static const struct {
        const char *text;
        enum err e;
    } words[] = {
        {"already known", E_TX_KNOWN},
        {"nonce too low", E_TX_NONCE_LOW},
        {"nonce too high", E_TX_NONCE_HIGH},
        {"insufficient funds for gas * price + value", E_TX_FUNDS},
        {"replacement transaction underpriced", E_TX_UNDERPRICED},
        {"the sender's gas quota for this period is used up", E_TX_QUOTA},
        {"the sender is not an admitted member of this chain", E_TX_NOT_MEMBER},
        {"txpool is full, send again later", E_POOL_FULL},
    };
    const char *text = json_text(json_get(json_get(reply, "error"), "message"));
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].text, text) == 0)
            return words[i].e;
    return E_INVALID;
}

enum err source_send(struct source *s, struct bytes raw, struct diag *d)
{
    struct json *reply = NULL;
    const struct json *result = NULL;
    buf_clear(&s->request);
    buf_puts(&s->request,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sendRawTransaction\",\"params\":[\"");
    buf_put_hex(&s->request, raw.data, raw.len);
    buf_puts(&s->request, "\"]}");
    TRY(post(s, &reply, d));
    enum err e = result_of(reply, &result, d);
    if (e == E_INVALID || e == E_NOT_FOUND)
        e = refusal_of(reply);
    json_free(reply);
    return e;
}
