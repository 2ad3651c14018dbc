#include "load_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crypto/keccak.h"

double now_s(void)
{
    return (double)clock_mono_us() / 1e6;
}

/* --- asking the node ----------------------------------------------------------------------------
 */

static struct connection control = {.node = options.nodes};

static uint64_t quantity_of(struct connection *c, const char *method)
{
    char body[256];
    uint64_t value;
    snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[]}",
             method);
    struct json *reply = rpc(c, body);
    if (json_u64(&value, json_get(reply, "result")) != E_OK)
        die("no number from the node", method);
    json_free(reply);
    return value;
}

uint64_t rpc_quantity(const char *method)
{
    return quantity_of(&control, method);
}

/* Waits until every node has the first one's blocks. */
void wait_for_all(void)
{
    uint64_t head = rpc_quantity("eth_blockNumber");
    for (size_t i = 1; i < options.node_count; i++) {
        struct connection c = {.node = &options.nodes[i]};
        while (quantity_of(&c, "eth_blockNumber") < head)
            usleep(20000);
        close_connection(&c);
        buf_free(&c.in);
    }
}

/* Waits a second for the receipt: some nodes show nonces before receipts. */
bool receipt_ok(const struct hash *h)
{
    char body[200], hex[65];
    bool ok = false, found = false;
    hex_encode(hex, h->b, 32);
    snprintf(body, sizeof body,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getTransactionReceipt\",\"params\":["
             "\"0x%s\"]}",
             hex);
    for (int tries = 0; !found && tries < 50; tries++) {
        uint64_t status = 0;
        if (tries)
            usleep(20000);
        struct json *reply = rpc(&control, body);
        const struct json *receipt = json_get(reply, "result");
        found = json_is_object(receipt);
        ok = found && json_u64(&status, json_get(receipt, "status")) == E_OK && status == 1;
        json_free(reply);
    }
    return ok;
}

/* --- accounts --------------------------------------------------------------------------------- */

void derive_key(uint8_t key[32], const char *kind, uint64_t index)
{
    char text[64];
    struct hash h;
    int n = snprintf(text, sizeof text, "loadgen-%s-%" PRIu64, kind, index);
    keccak256(&h, text, (size_t)n);
    memcpy(key, h.b, 32);
}

/* Asks the nonces at the head in batches of 200. */
void ask_nonces(struct sender *s, size_t count)
{
    struct buf body = {0};
    for (size_t first = 0; first < count; first += 200) {
        size_t last = first + 200 < count ? first + 200 : count;
        buf_clear(&body);
        buf_puts(&body, "[");
        for (size_t i = first; i < last; i++) {
            buf_putf(&body,
                     "%s{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"eth_getTransactionCount\","
                     "\"params\":[\"",
                     i > first ? "," : "", i);
            buf_put_hex(&body, s[i].address.b, 20);
            buf_puts(&body, "\",\"latest\"]}");
        }
        buf_puts(&body, "]");
        struct json *reply = rpc(&control, buf_cstr(&body));
        for (const struct json *r = json_first(reply); r; r = json_next(r)) {
            uint64_t id, nonce;
            if (json_u64(&id, json_get(r, "id")) == E_OK && id < count &&
                json_u64(&nonce, json_get(r, "result")) == E_OK)
                s[id].nonce = nonce;
        }
        json_free(reply);
    }
    buf_free(&body);
}

struct prepared prepare_signed(const struct tx *t, const struct node *node)
{
    struct buf body = {0}, request = {0};
    buf_puts(&body,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sendRawTransaction\",\"params\":[\"");
    buf_put_hex(&body, t->raw.data, t->raw.len);
    buf_puts(&body, "\"]}");
    put_request(&request, node, buf_view(&body));
    struct prepared p = {.data = mem_dup(request.data, request.len),
                         .len = request.len,
                         .raw_len = t->raw.len,
                         .hash = t->hash};
    buf_free(&body);
    buf_free(&request);
    return p;
}

/* what: gas limit, receiver or creation, value, data. */
struct prepared prepare(const struct sender *from, uint64_t nonce, const struct tx *what)
{
    struct arena arena = {0};
    struct tx t = *what;
    t.type = TX_LEGACY;
    t.has_chain_id = true;
    t.chain_id = options.chain_id;
    t.nonce = nonce;
    if (tx_sign(&t, &arena, from->key) != E_OK)
        die("cannot sign", NULL);
    struct prepared p = prepare_signed(&t, from->node);
    arena_free(&arena);
    return p;
}

/* --- sending ---------------------------------------------------------------------------------- */

/* When the next may be sent, with --rate and --window; false when the time is over. */
static bool may_send(struct worker *w, uint64_t began_us, uint64_t *due_us)
{
    uint64_t end_us = options.seconds ? began_us + options.seconds * 1000000 : UINT64_MAX;
    uint64_t share = (options.window + w->of - 1) / w->of;
    *due_us = clock_mono_us();
    if (options.rate) {
        *due_us = began_us + (w->sent * w->of + w->index) * 1000000 / options.rate;
        for (uint64_t now_us; (now_us = clock_mono_us()) < *due_us;)
            usleep((unsigned)(*due_us - now_us));
    } else if (options.window) {
        while (atomic_load(&w->under_way) >= share && *due_us < end_us) {
            usleep(500);
            *due_us = clock_mono_us();
        }
    }
    return *due_us < end_us;
}

static void *send_requests(void *ctx)
{
    struct worker *w = ctx;
    struct connection c = {.node = w->node};
    uint64_t began_us = clock_mono_us(), due_us;
    bool timed = w->of > 0;
    for (size_t i = 0; i < w->count; i++) {
        struct bytes body;
        if (timed && !may_send(w, began_us, &due_us))
            break;
        double start = now_s();
        if (timed && options.watch_ms) {
            atomic_store(&w->requests[i].voyage.sent_us, due_us);
            atomic_fetch_add(&w->under_way, 1);
        }
        w->sent++;
        if (!exchange(&c, bytes_of(w->requests[i].data, w->requests[i].len), &body)) {
            w->refused++;
            close_connection(&c);
            continue;
        }
        w->latency_ms[i] = (float)((now_s() - start) * 1e3);
        bool bad = memmem(body.data, body.len, "\"error\"", 7) != NULL;
        w->accepted += !bad;
        w->refused += bad;
        if (bad && timed && options.watch_ms)
            atomic_fetch_sub(&w->under_way, 1);
        if (bad && !w->first_error[0])
            snprintf(w->first_error, sizeof w->first_error, "%.*s",
                     (int)(body.len < 290 ? body.len : 290), (const char *)body.data);
    }
    close_connection(&c);
    buf_free(&c.in);
    return NULL;
}

void run_workers(struct worker *w, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        w[i].latency_ms = mem_zalloc(w[i].count + 1, sizeof(float));
        if (pthread_create(&w[i].thread, NULL, send_requests, &w[i]) != 0)
            die("cannot start a thread", NULL);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(w[i].thread, NULL);
        if (w[i].first_error[0])
            fprintf(stderr, "loadgen: first refusal: %s\n", w[i].first_error);
    }
}

/* Sends what was prepared over one connection, all of one sender, and waits until it is in blocks.
 */
void send_and_wait(struct worker *w, struct sender *from, const char *what)
{
    uint64_t target = from->nonce + w->count;
    w->node = from->node;
    run_workers(w, 1);
    if (w->refused)
        die(what, w->first_error);
    for (double start = now_s(); from->nonce < target; usleep(20000)) {
        if (now_s() - start > (double)options.timeout_s)
            die(what, "not in a block in time");
        ask_nonces(from, 1);
    }
    for (size_t i = 0; i < w->count; i++)
        mem_free(w->requests[i].data);
    mem_free(w->requests);
    mem_free(w->latency_ms);
}
