/* client: JSON-RPC over net/fetch; one connection, one request at a time. */
#include "app/client.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "city/service.h"
#include "net/fetch.h"

static const struct fetch_limits LIMITS = {5000, 60000, LIMIT_RPC_RESPONSE_BYTES};

struct client {
    struct fetch *fetch;
    char *url;
    struct buf request;
    struct buf reply;
    uint64_t next_id;
    uint64_t chain_id; /* 0: not asked yet */
};

enum err client_open(struct client **out, const char *url, struct diag *d)
{
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return diag_set(d, E_INVALID,
                        T("%s: give the node's address as http://HOST:PORT",
                          "%s : donnez l'adresse du nœud sous la forme http://HÔTE:PORT"),
                        url);
    struct fetch *f;
    TRY(fetch_open(&f, url, &LIMITS, d));
    struct client *c = mem_zalloc(1, sizeof *c);
    c->fetch = f;
    c->url = mem_strdup(url);
    *out = c;
    return E_OK;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    fetch_close(c->fetch);
    mem_free(c->url);
    buf_free(&c->request);
    buf_free(&c->reply);
    mem_free(c);
}

static enum err post(struct client *c, struct diag *d)
{
    struct diag why = {0};
    buf_clear(&c->reply);
    enum err e = fetch_post(c->fetch, "", buf_view(&c->request), &c->reply, NULL, &why);
    if (e != E_CONNECT && e != E_TIMEOUT)
        return e == E_OK ? e : diag_set(d, e, "%s", why.text);
    return diag_set(d, e,
                    T("%s; is the node running? (`parvis node`, or another address with --rpc)",
                      "%s ; le nœud est-il en marche ? (`parvis node`, ou une autre adresse "
                      "avec --rpc)"),
                    why.text);
}

/* The node's error object as a code and a message; revert data is explained if a service knows it.
 */
static enum err explain_error(const char *method, const struct json *error, struct diag *d)
{
    int64_t code = 0;
    struct buf data = {0}, text = {0};
    const char *message = json_text(json_get(error, "message"));
    const char *hex = json_text(json_get(error, "data"));
    json_i64(&code, json_get(error, "code"));
    bool known = hex && hex_decode_buf(&data, hex, strlen(hex)) == E_OK &&
                 service_explain_revert(&text, buf_view(&data));
    /* -32005 is a limit of the node (its queue, a quota): the same may be accepted later */
    if (known && message && strstr(message, buf_cstr(&text)))
        known = false; /* the node has explained it already */
    enum err e = code == 3 ? E_REVERT : code == -32005 ? E_LIMIT : E_INVALID;
    diag_set(d, e, T("%s: %s (%lld)%s%s", "%s : le nœud répond « %s » (%lld)%s%s"), method,
             message ? message : "?", (long long)code, known ? T(": ", " : ") : "",
             known ? buf_cstr(&text) : "");
    buf_free(&data);
    buf_free(&text);
    return e;
}

enum err client_call(struct client *c, const char *method, const char *params,
                     struct json **reply_out, struct diag *d)
{
    struct json *reply = NULL;
    buf_clear(&c->request);
    buf_putf(&c->request, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"%s\",\"params\":%s}",
             (unsigned long long)++c->next_id, method, params);
    TRY(post(c, d));
    struct diag why = {0};
    enum err e = json_parse(&reply, buf_view(&c->reply), &why);
    if (e != E_OK)
        return diag_set(d, E_JSON,
                        T("%s answered something else than JSON: %s",
                          "%s a répondu autre chose que du JSON : %s"),
                        c->url, why.text);
    const struct json *error = json_get(reply, "error");
    if (error && !json_is_null(error))
        e = explain_error(method, error, d);
    else if (!json_get(reply, "result"))
        e = diag_set(
            d, E_JSON,
            T("%s: no result in the node's answer", "%s : pas de résultat dans la réponse du nœud"),
            method);
    if (e != E_OK) {
        json_free(reply);
        return e;
    }
    *reply_out = reply;
    return E_OK;
}

const struct json *client_result(const struct json *reply)
{
    return json_get(reply, "result");
}

enum err client_quantity(struct client *c, const char *method, const char *params, uint64_t *out,
                         struct diag *d)
{
    struct json *reply;
    TRY(client_call(c, method, params, &reply, d));
    enum err e = json_u64(out, client_result(reply));
    json_free(reply);
    return e == E_OK ? e : diag_set(d, E_JSON, T("%s: not a number", "%s : pas un nombre"), method);
}

enum err client_data(struct client *c, const char *method, const char *params, struct buf *out,
                     struct diag *d)
{
    struct json *reply;
    TRY(client_call(c, method, params, &reply, d));
    const char *hex = json_text(client_result(reply));
    enum err e = hex ? hex_decode_buf(out, hex, strlen(hex)) : E_HEX;
    json_free(reply);
    return e == E_OK ? e : diag_set(d, E_JSON, T("%s: no data", "%s : pas de données"), method);
}

enum err client_eth_call(struct client *c, const struct address *to, struct bytes input,
                         struct buf *out, struct diag *d)
{
    struct buf params = {0};
    buf_puts(&params, "[{\"to\":\"");
    buf_put_hex(&params, to->b, sizeof to->b);
    buf_puts(&params, "\",\"data\":\"");
    buf_put_hex(&params, input.data, input.len);
    buf_puts(&params, "\"},\"latest\"]");
    enum err e = client_data(c, "eth_call", buf_cstr(&params), out, d);
    buf_free(&params);
    return e;
}

enum err client_estimate_gas(struct client *c, struct tx *t, const struct address *from,
                             struct diag *d)
{
    struct buf params = {0};
    buf_puts(&params, "[{\"from\":\"");
    buf_put_hex(&params, from->b, sizeof from->b);
    if (!t->is_create) {
        buf_puts(&params, "\",\"to\":\"");
        buf_put_hex(&params, t->to.b, sizeof t->to.b);
    }
    buf_puts(&params, "\",\"data\":\"");
    buf_put_hex(&params, t->data.data, t->data.len);
    buf_puts(&params, "\",\"value\":");
    json_put_quantity_u256(&params, t->value);
    buf_puts(&params, "}]");
    enum err e = client_quantity(c, "eth_estimateGas", buf_cstr(&params), &t->gas_limit, d);
    buf_free(&params);
    return e;
}

enum err client_send(struct client *c, struct tx *t, const uint8_t key32[32], uint64_t *nonce_inout,
                     struct hash *hash_out, struct diag *d)
{
    struct address from;
    struct arena arena = {0};
    struct buf params = {0}, reply = {0};
    TRY(ecdsa_address(&from, key32));
    if (c->chain_id == 0)
        TRY(client_quantity(c, "eth_chainId", "[]", &c->chain_id, d));
    if (*nonce_inout == UINT64_MAX) {
        char text[80], hex[41];
        hex_encode(hex, from.b, sizeof from.b);
        snprintf(text, sizeof text, "[\"0x%s\",\"pending\"]", hex);
        TRY(client_quantity(c, "eth_getTransactionCount", text, nonce_inout, d));
    }
    if (t->gas_limit == 0)
        TRY(client_estimate_gas(c, t, &from, d));
    t->type = TX_DYNAMIC_FEE;
    t->has_chain_id = true;
    t->chain_id = c->chain_id;
    t->nonce = *nonce_inout;
    enum err e = tx_sign(t, &arena, key32);
    if (e == E_OK) {
        buf_puts(&params, "[\"");
        buf_put_hex(&params, t->raw.data, t->raw.len);
        buf_puts(&params, "\"]");
        e = client_data(c, "eth_sendRawTransaction", buf_cstr(&params), &reply, d);
    }
    if (e == E_OK) {
        *hash_out = t->hash;
        ++*nonce_inout;
    }
    buf_free(&params);
    buf_free(&reply);
    arena_free(&arena);
    t->raw = (struct bytes){0};
    return e;
}

enum err client_wait_receipt(struct client *c, const struct hash *tx_hash, unsigned timeout_ms,
                             struct json **receipt_out, bool *ok_out, struct diag *d)
{
    char params[80], hex[65];
    uint64_t deadline_us = clock_mono_us() + (uint64_t)timeout_ms * 1000;
    unsigned pause_us = 500;
    hex_encode(hex, tx_hash->b, sizeof tx_hash->b);
    snprintf(params, sizeof params, "[\"0x%s\"]", hex);
    for (;;) {
        struct json *reply;
        TRY(client_call(c, "eth_getTransactionReceipt", params, &reply, d));
        const struct json *receipt = client_result(reply);
        if (receipt && !json_is_null(receipt)) {
            uint64_t status = 0;
            json_u64(&status, json_get(receipt, "status"));
            *ok_out = status == 1;
            *receipt_out = reply;
            return E_OK;
        }
        json_free(reply);
        if (clock_mono_us() > deadline_us)
            return diag_set(d, E_TIMEOUT,
                            T("transaction 0x%s was not in a block within %u ms",
                              "la transaction 0x%s n'est pas entrée dans un bloc en %u ms"),
                            hex, timeout_ms);
        usleep(pause_us);
        pause_us = pause_us < 50000 ? pause_us * 2 : pause_us;
    }
}
