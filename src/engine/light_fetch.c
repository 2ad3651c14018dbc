#include "engine/light_fetch.h"

#include <stdio.h>

#include "base/lang.h"
#include "base/limits.h"
#include "engine/light.h"
#include "net/fetch.h"

#define PER_PAGE 100u /* the engine's largest */

static const struct fetch_limits LIMITS = {2000, 10000, 8u << 20};

/* The engine's words for what it does not have; it gives no code of its own for it. */
static bool is_missing(const char *text)
{
    return strstr(text, "must be less than or equal to") || strstr(text, "is not available") ||
           strstr(text, "could not find") || strstr(text, "must be greater than 0");
}

static enum err refused(const struct json *error, struct diag *d)
{
    const char *text = json_text(json_get(error, "data"));
    if (!text)
        text = json_text(json_get(error, "message"));
    if (!text)
        text = "?";
    return diag_set(d, is_missing(text) ? E_NOT_FOUND : E_JSON,
                    T("the engine answers: %s", "le moteur répond : %s"), text);
}

/* Asks; *reply_out is freed by the caller, *result_out borrows from it. */
static enum err ask(struct fetch *f, const char *target, struct json **reply_out,
                    const struct json **result_out, struct diag *d)
{
    struct buf text = {0};
    struct json *reply = NULL;
    enum err e = fetch_get(f, target, &text, NULL, d);
    if (e == E_OK)
        e = json_parse(&reply, buf_view(&text), d);
    buf_free(&text);
    TRY(e);
    const struct json *error = json_get(reply, "error"), *result = json_get(reply, "result");
    if (error && !json_is_null(error))
        e = refused(error, d);
    else if (!result)
        e = diag_set(d, E_JSON,
                     T("the engine's answer has no result",
                       "la réponse du moteur ne contient pas de résultat"));
    if (e != E_OK) {
        json_free(reply);
        return e;
    }
    *reply_out = reply;
    *result_out = result;
    return E_OK;
}

static enum err read_commit(struct fetch *f, struct arena *a, uint64_t height,
                            struct light_block *b, struct diag *d)
{
    char target[64] = "/commit";
    struct json *reply;
    const struct json *result;
    if (height)
        snprintf(target, sizeof target, "/commit?height=%llu", (unsigned long long)height);
    TRY(ask(f, target, &reply, &result, d));
    enum err e = light_read_signed_header(b, a, json_get(result, "signed_header"), d);
    json_free(reply);
    return e;
}

static enum err read_validators(struct fetch *f, struct arena *a, struct light_block *b,
                                struct diag *d)
{
    uint64_t total = 1;
    for (unsigned page = 1; b->set.count < total; page++) {
        char target[96];
        struct json *reply;
        const struct json *result;
        snprintf(target, sizeof target, "/validators?height=%llu&page=%u&per_page=%u",
                 (unsigned long long)b->header.height, page, PER_PAGE);
        TRY(ask(f, target, &reply, &result, d));
        size_t before = b->set.count;
        enum err e = light_read_validators(&b->set, a, json_get(result, "validators"), true, d);
        if (e == E_OK && (json_u64(&total, json_get(result, "total")) != E_OK ||
                          total > LIMIT_LIGHT_VALIDATORS || b->set.count == before))
            e = diag_set(d, E_JSON,
                         T("the engine's pages of validators do not add up",
                           "les pages de validateurs du moteur sont incohérentes"));
        json_free(reply);
        TRY(e);
    }
    return E_OK;
}

enum err light_fetch(const char *rpc_socket_path, uint64_t consensus_height, struct buf *json_out,
                     struct diag *d)
{
    struct fetch *f;
    struct arena a = {0};
    struct light_block b = {0};
    struct buf base = {0};
    buf_putf(&base, "unix:%s", rpc_socket_path);
    enum err e = fetch_open(&f, buf_cstr(&base), &LIMITS, d);
    buf_free(&base);
    TRY(e);
    e = read_commit(f, &a, consensus_height, &b, d);
    if (e == E_OK)
        e = read_validators(f, &a, &b, d);
    if (e == E_OK) {
        light_drop_bad_votes(&b);
        light_put_block(json_out, &b);
    }
    fetch_close(f);
    arena_free(&a);
    return e;
}
