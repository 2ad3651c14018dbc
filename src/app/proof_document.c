#include "app/proof_document.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/lang.h"

struct making {
    struct client *client;
    struct arena arena;
    uint64_t number; /* of the Ethereum block */
    struct light_block block;
    struct light_block path[LIMIT_LIGHT_PATH];
    size_t path_count;
    struct buf subject;
};

static struct light_time now(void)
{
    return (struct light_time){(int64_t)clock_unix_s(), 0};
}

/* The signed header of which `which` (a JSON value) tells the block or the consensus height. */
static enum err get_block(struct making *m, const char *which, struct light_block *out,
                          uint64_t *number_out, struct diag *d)
{
    struct json *reply;
    struct diag why = {0};
    char params[128];
    snprintf(params, sizeof params, "[%s]", which);
    TRY(client_call(m->client, "parvis_getLightBlock", params, &reply, d));
    const struct json *result = client_result(reply);
    enum err e = E_OK;
    if (json_is_null(result))
        e = diag_set(d, E_NOT_FOUND,
                     T("no signed header carries that block (yet)",
                       "aucun en-tête signé ne porte (encore) ce bloc"));
    else if (light_read_block(out, &m->arena, json_get(result, "block"), &why) != E_OK ||
             (number_out && json_u64(number_out, json_get(result, "blockNumber")) != E_OK))
        e = diag_set(d, E_JSON, T("%s: %s", "%s : %s"), "parvis_getLightBlock", why.text);
    json_free(reply);
    return e;
}

/* --- the headers in between ----------------------------------------------------------------------
 */

/* Goes from t to b: at once, or by way of the height in the middle. */
static enum err go(struct making *m, struct light_trust *t, const struct light_block *b,
                   struct diag *d)
{
    for (;;) {
        enum err e = light_step(t, b, now(), d);
        uint64_t from = t->height, to = b->header.height;
        if (e == E_OK)
            return e;
        /* halve until a step holds; the step after it is tried from there */
        for (;;) {
            char which[64];
            struct light_block middle;
            if (to <= from + 1 || m->path_count == LIMIT_LIGHT_PATH)
                return E_PROOF; /* d says why the last step does not hold */
            to = from + (to - from) / 2;
            snprintf(which, sizeof which, "{\"consensusHeight\":\"0x%llx\"}",
                     (unsigned long long)to);
            TRY(get_block(m, which, &middle, NULL, d));
            if (light_step(t, &middle, now(), d) == E_OK) {
                m->path[m->path_count++] = middle;
                break;
            }
        }
    }
}

/* --- the subject
 * ----------------------------------------------------------------------------------- */

static void put_copy(struct buf *out, const struct json *from, const char *name)
{
    json_put_key(out, name);
    json_print(out, json_get(from, name));
}

static enum err get_account(struct making *m, const struct proof_wish *w, struct diag *d)
{
    struct json *reply;
    struct buf params = {0}, *out = &m->subject;
    json_open(&params, '[');
    json_put_data(&params, w->address.b, sizeof w->address.b);
    json_open(&params, '[');
    for (size_t i = 0; i < w->slot_count; i++)
        json_put_data(&params, w->slots[i].b, sizeof w->slots[i].b);
    json_close(&params, ']');
    json_put_quantity(&params, m->number);
    json_close(&params, ']');
    enum err e = client_call(m->client, "eth_getProof", buf_cstr(&params), &reply, d);
    buf_free(&params);
    TRY(e);
    const struct json *result = client_result(reply);
    json_open(out, '{');
    json_put_key(out, "kind");
    json_put_string(out, proof_kind_name(w->kind));
    json_put_key(out, "address");
    json_put_data(out, w->address.b, sizeof w->address.b);
    put_copy(out, result, "accountProof");
    json_put_key(out, "storage");
    json_open(out, '[');
    const struct json *slot = json_first(json_get(result, "storageProof"));
    for (size_t i = 0; slot && i < w->slot_count; i++, slot = json_next(slot)) {
        json_open(out, '{');
        json_put_key(out, "key");
        json_put_data(out, w->slots[i].b, sizeof w->slots[i].b);
        put_copy(out, slot, "proof");
        json_close(out, '}');
    }
    json_close(out, ']');
    json_close(out, '}');
    json_free(reply);
    return E_OK;
}

static enum err get_tx(struct making *m, const struct proof_wish *w, struct diag *d)
{
    struct json *reply;
    uint64_t index = 0;
    struct buf params = {0}, *out = &m->subject;
    bool receipt = w->kind == PROOF_RECEIPT;
    json_open(&params, '[');
    json_put_data(&params, w->tx_hash.b, sizeof w->tx_hash.b);
    json_close(&params, ']');
    enum err e =
        client_call(m->client, receipt ? "parvis_getReceiptProof" : "parvis_getTransactionProof",
                    buf_cstr(&params), &reply, d);
    buf_free(&params);
    TRY(e);
    const struct json *result = client_result(reply);
    if (json_is_null(result)) {
        e = diag_set(d, E_NOT_FOUND,
                     T("the transaction is in no block", "la transaction n'est dans aucun bloc"));
    } else if (json_u64(&m->number, json_get(result, "blockNumber")) != E_OK ||
               json_u64(&index, json_get(result, "transactionIndex")) != E_OK) {
        e = diag_set(d, E_JSON, T("%s: malformed answer", "%s : réponse mal formée"),
                     "parvis_getReceiptProof");
    } else {
        json_open(out, '{');
        json_put_key(out, "kind");
        json_put_string(out, proof_kind_name(w->kind));
        put_copy(out, result, "transactionHash");
        json_put_key(out, "index");
        json_put_u64(out, index);
        put_copy(out, result, "transaction");
        put_copy(out, result, "transactionProof");
        if (receipt) {
            put_copy(out, result, "receipt");
            put_copy(out, result, "receiptProof");
        }
        json_close(out, '}');
    }
    json_free(reply);
    return e;
}

/* --- the whole
 * ------------------------------------------------------------------------------------- */

static enum err gather(struct making *m, const struct proof_wish *w,
                       const struct light_trust *trust, struct buf *header, struct diag *d)
{
    char which[64] = "\"latest\"", params[80];
    uint64_t carried;
    if (w->kind != PROOF_ACCOUNT)
        TRY(get_tx(m, w, d));
    if (w->kind != PROOF_ACCOUNT)
        snprintf(which, sizeof which, "\"0x%llx\"", (unsigned long long)m->number);
    else if (w->block)
        snprintf(which, sizeof which, "\"%.40s\"", w->block);
    TRY(get_block(m, which, &m->block, &carried, d));
    m->number = carried;
    if (w->kind == PROOF_ACCOUNT)
        TRY(get_account(m, w, d));
    snprintf(params, sizeof params, "[\"0x%llx\"]", (unsigned long long)m->number);
    TRY(client_data(m->client, "debug_getRawHeader", params, header, d));
    if (!trust)
        return E_OK;
    struct light_trust t = *trust;
    return go(m, &t, &m->block, d);
}

static void write(struct buf *out, const struct making *m, const struct buf *header)
{
    json_open(out, '{');
    json_put_key(out, "version");
    json_put_u64(out, 1);
    if (m->path_count) {
        json_put_key(out, "path");
        json_open(out, '[');
        for (size_t i = 0; i < m->path_count; i++)
            light_put_block(out, &m->path[i]);
        json_close(out, ']');
    }
    json_put_key(out, "block");
    light_put_block(out, &m->block);
    json_put_key(out, "ethHeader");
    json_put_data(out, header->data, header->len);
    json_put_key(out, "subject");
    buf_put(out, m->subject.data, m->subject.len);
    json_close(out, '}');
}

/* What is handed out holds, from the trust if there is one. */
static enum err check(struct making *m, const struct light_trust *trust, struct bytes document,
                      struct diag *d)
{
    struct json *j;
    struct proof_facts f;
    struct light_trust own = {.chain_id = m->block.header.chain_id,
                              .height = m->block.header.height,
                              .has_header = true,
                              .header_hash = m->block.hash};
    if (trust)
        own = *trust;
    TRY(json_parse(&j, document, d));
    enum err e = proof_verify(&f, &m->arena, &own, j, now(), d);
    json_free(j);
    return e;
}

enum err proof_document(struct buf *out, struct client *c, const struct proof_wish *wish,
                        const struct light_trust *trust, struct diag *d)
{
    struct making *m = mem_zalloc(1, sizeof *m);
    struct buf header = {0}, text = {0};
    m->client = c;
    enum err e = gather(m, wish, trust, &header, d);
    if (e == E_OK) {
        write(&text, m, &header);
        e = check(m, trust, buf_view(&text), d);
    }
    if (e == E_OK)
        buf_put(out, text.data, text.len);
    buf_free(&header);
    buf_free(&text);
    buf_free(&m->subject);
    arena_free(&m->arena);
    mem_free(m);
    return e;
}
