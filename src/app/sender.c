/* sender: see sender.h. */
#include "app/sender.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "crypto/ecdsa.h"

/* --- asking ------------------------------------------------------------------------------------
 */

static const struct abi_entry *method_named(const struct service *s, const char *name)
{
    for (size_t i = 0; s->methods[i].line; i++)
        if (strcmp(service_method_entry(s, i)->name, name) == 0)
            return service_method_entry(s, i);
    ASSERT(!"method of a service's table");
    return NULL;
}

void client_input(struct buf *out, const struct service *s, const char *method,
                  const struct abi_value *args, size_t count)
{
    const struct abi_entry *entry = method_named(s, method);
    struct abi_value tuple = {.item = (struct abi_value *)args, .count = count};
    ASSERT(entry->inputs.size == count);
    buf_put(out, entry->selector, sizeof entry->selector);
    abi_encode(out, &entry->inputs, &tuple);
}

enum err client_view(struct client *c, struct arena *a, const struct service *s, const char *method,
                     const struct abi_value *args, size_t count, struct abi_value *out,
                     struct diag *d)
{
    struct buf input = {0}, output = {0};
    const struct abi_entry *entry = method_named(s, method);
    client_input(&input, s, method, args, count);
    enum err e = client_eth_call(c, &s->address, buf_view(&input), &output, d);
    if (e == E_OK) {
        /* values borrow from what they were read from */
        struct bytes kept = {arena_dup(a, output.data, output.len), output.len};
        if (abi_decode(out, a, &entry->outputs, kept) != E_OK)
            e = diag_set(d, E_ABI,
                         T("%s.%s: the node's answer has another form; other version?",
                           "%s.%s : réponse du nœud d'une autre forme ; autre version ?"),
                         s->name, method);
    }
    buf_free(&input);
    buf_free(&output);
    return e;
}

/* --- sending -----------------------------------------------------------------------------------
 */

enum err client_wait_idle(struct client *c, const uint8_t *key32, struct diag *d)
{
    struct address a;
    char hex[41], params[80];
    uint64_t mined = 0, pending = 0, deadline_us = clock_mono_us() + 60000000;
    TRY(ecdsa_address(&a, key32));
    hex_encode(hex, a.b, sizeof a.b);
    for (;;) {
        snprintf(params, sizeof params, "[\"0x%s\",\"pending\"]", hex);
        TRY(client_quantity(c, "eth_getTransactionCount", params, &pending, d));
        snprintf(params, sizeof params, "[\"0x%s\",\"latest\"]", hex);
        TRY(client_quantity(c, "eth_getTransactionCount", params, &mined, d));
        if (mined >= pending)
            return E_OK;
        if (clock_mono_us() > deadline_us)
            return diag_set(d, E_TIMEOUT,
                            T("%llu transactions of 0x%s still wait; is the node making blocks?",
                              "%llu transactions de 0x%s attendent encore ; le nœud fait-il des "
                              "blocs ?"),
                            (unsigned long long)(pending - mined), hex);
        usleep(20000);
    }
}

struct sender *sender_new(struct client *c, const uint8_t *key32)
{
    struct sender *s = mem_zalloc(1, sizeof *s);
    s->client = c;
    s->key32 = key32;
    s->nonce = UINT64_MAX;
    return s;
}

void sender_free(struct sender *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SENDER_WINDOW; i++)
        buf_free(&s->waiting[i].data);
    mem_free(s);
}

/* Asks the node what the call would do now, so that it tells the reason; nothing is sent. */
static enum err explain_failure(struct sender *s, const struct waiting *w, struct diag *d)
{
    struct tx t = {.to = w->to, .data = buf_view(&w->data)};
    struct address from;
    struct diag why = {0};
    TRY(ecdsa_address(&from, s->key32));
    enum err e = client_estimate_gas(s->client, &t, &from, &why);
    return diag_set(d, E_REVERT,
                    T("%s: refused by the ledger: %s", "%s : refusé par le registre : %s"), w->what,
                    e == E_OK ? T("the state has changed since; run the command again",
                                  "l'état a changé depuis ; relancez la commande")
                              : why.text);
}

static enum err wait_oldest(struct sender *s, struct diag *d)
{
    struct waiting *w = &s->waiting[s->head];
    struct json *receipt = NULL;
    bool ok = false;
    TRY(client_wait_receipt(s->client, &w->hash, 120000, &receipt, &ok, d));
    json_free(receipt);
    s->head = (s->head + 1) % SENDER_WINDOW;
    s->count--;
    return ok ? E_OK : explain_failure(s, w, d);
}

enum err sender_send(struct sender *s, const struct service *service, const char *method,
                     const struct abi_value *args, size_t count, uint64_t gas, const char *what,
                     struct diag *d)
{
    if (s->count == SENDER_WINDOW)
        TRY(wait_oldest(s, d));
    struct waiting *w = &s->waiting[(s->head + s->count) % SENDER_WINDOW];
    buf_clear(&w->data);
    client_input(&w->data, service, method, args, count);
    w->to = service->address;
    snprintf(w->what, sizeof w->what, "%s", what);
    struct tx t = {.to = w->to, .data = buf_view(&w->data), .gas_limit = gas};
    enum err e = client_send(s->client, &t, s->key32, &s->nonce, &w->hash, d);
    if (e != E_OK)
        return diag_wrap(d, e, T("%s: ", "%s : "), what);
    s->count++;
    s->sent++;
    return E_OK;
}

enum err sender_drain(struct sender *s, struct diag *d)
{
    while (s->count)
        TRY(wait_oldest(s, d));
    return E_OK;
}
