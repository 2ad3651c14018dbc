/* loadgen: a JSON-RPC load generator for any Ethereum node.
 *
 * Signs transfers from many accounts beforehand (of coins, or with --kind erc20 of a token that it
 * deploys first from the bytecode in --bytecode), sends them as eth_sendRawTransaction over HTTP
 * keep-alive from several connections, waits until all are in blocks, looks at receipts, and prints
 * one line of JSON: rates, latency percentiles, and the server's CPU time per transaction.
 * A server that answers out of order or by chunked encoding is fine; TLS is not spoken. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "chain/tx.h"
#include "codec/json.h"
#include "crypto/ecdsa.h"
#include "crypto/keccak.h"

static struct {
    const char *host;
    uint16_t port;
    uint64_t transfers, accounts, connections, recipients, pid, timeout_s, waiting;
    uint64_t chain_id;
    uint8_t funder_key[32];
    const char *label;
    const char *kind;     /* "transfer" | "erc20" */
    const char *bytecode; /* file: a token's creation code in hexadecimal; all to its creator */
} options = {
    .host = "127.0.0.1",
    .port = 8545,
    .transfers = 40000,
    .accounts = 200,
    .connections = 16,
    .recipients = 10000,
    .timeout_s = 300,
    .label = "",
    .kind = "transfer",
};

/* The token that erc20 transfers move; zero for coins. */
static struct address token;

static _Noreturn void die(const char *what, const char *detail)
{
    fprintf(stderr, "loadgen: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
    exit(1);
}

static double now_s(void)
{
    return (double)clock_mono_us() / 1e6;
}

/* --- HTTP ------------------------------------------------------------------------------------- */

struct connection {
    int fd;
    struct buf in;
};

static void dial(struct connection *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
    int one = 1;
    if (inet_pton(AF_INET, options.host, &address.sin_addr) != 1)
        die("give the host as an IPv4 address", options.host);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("no connection to the node", options.host);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static bool send_all(int fd, const uint8_t *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool receive_more(struct connection *c)
{
    buf_reserve(&c->in, 65536);
    ssize_t n = recv(c->fd, c->in.data + c->in.len, 65535, 0);
    if (n <= 0)
        return false;
    c->in.len += (size_t)n;
    buf_cstr(&c->in);
    return true;
}

/* Joins the chunks of a body in place; false until the last chunk has come. */
static bool dechunk(struct connection *c, size_t start, struct bytes *body)
{
    char *end = (char *)c->in.data + c->in.len, *from = (char *)c->in.data + start, *out;
    for (;;) {
        char *line = memmem(from, (size_t)(end - from), "\r\n", 2);
        if (!line)
            return false;
        size_t len = strtoul(from, NULL, 16);
        if ((size_t)(end - line) < len + 4)
            return false;
        if (len == 0)
            break;
        from = line + 2 + len + 2;
    }
    /* complete: now move */
    from = out = (char *)c->in.data + start;
    for (;;) {
        char *line = memmem(from, (size_t)(end - from), "\r\n", 2);
        size_t len = strtoul(from, NULL, 16);
        if (len == 0)
            break;
        memmove(out, line + 2, len);
        out += len;
        from = line + 2 + len + 2;
    }
    *body = bytes_of(c->in.data + start, (size_t)(out - ((char *)c->in.data + start)));
    return true;
}

/* One request that is already complete with its header; the body of the answer borrows from c. */
static bool exchange(struct connection *c, struct bytes request, struct bytes *body)
{
    if (c->fd <= 0)
        dial(c);
    buf_clear(&c->in);
    if (!send_all(c->fd, request.data, request.len))
        return false;
    char *head_end = NULL;
    do {
        if (!receive_more(c))
            return false;
        head_end = strstr((char *)c->in.data, "\r\n\r\n");
    } while (!head_end);
    size_t start = (size_t)(head_end + 4 - (char *)c->in.data);
    char *length = strcasestr((char *)c->in.data, "\r\ncontent-length:");
    if (length && length < head_end) {
        size_t want = strtoul(length + 17, NULL, 10);
        while (c->in.len < start + want)
            if (!receive_more(c))
                return false;
        *body = bytes_of(c->in.data + start, want);
        return true;
    }
    while (!dechunk(c, start, body))
        if (!receive_more(c))
            return false;
    return true;
}

static void put_request(struct buf *out, struct bytes body)
{
    buf_putf(out,
             "POST / HTTP/1.1\r\nHost: %s:%u\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n",
             options.host, options.port, body.len);
    buf_put(out, body.data, body.len);
}

static struct connection control;

static struct json *rpc(const char *body_text)
{
    struct buf request = {0};
    struct bytes body;
    struct json *reply;
    put_request(&request, bytes_str(body_text));
    if (!exchange(&control, buf_view(&request), &body))
        die("the node closed the connection", NULL);
    struct diag d = {0};
    if (json_parse(&reply, body, &d) != E_OK)
        die("the node's answer is not JSON", d.text);
    buf_free(&request);
    return reply;
}

static uint64_t rpc_quantity(const char *method)
{
    char body[256];
    uint64_t value;
    snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[]}",
             method);
    struct json *reply = rpc(body);
    if (json_u64(&value, json_get(reply, "result")) != E_OK)
        die("no number from the node", method);
    json_free(reply);
    return value;
}

/* Waits a second for the receipt: some nodes show nonces before receipts. */
static bool receipt_ok(const struct hash *h)
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
        struct json *reply = rpc(body);
        const struct json *receipt = json_get(reply, "result");
        found = json_is_object(receipt);
        ok = found && json_u64(&status, json_get(receipt, "status")) == E_OK && status == 1;
        json_free(reply);
    }
    return ok;
}

/* --- accounts --------------------------------------------------------------------------------- */

struct sender {
    uint8_t key[32];
    struct address address;
    uint64_t first_nonce;
    uint64_t nonce; /* at the head, as last asked */
};

static void derive_key(uint8_t key[32], const char *kind, uint64_t index)
{
    char text[64];
    struct hash h;
    int n = snprintf(text, sizeof text, "loadgen-%s-%" PRIu64, kind, index);
    keccak256(&h, text, (size_t)n);
    memcpy(key, h.b, 32);
}

/* Asks the nonces at the head in batches of 200. */
static void ask_nonces(struct sender *s, size_t count)
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
        struct json *reply = rpc(buf_cstr(&body));
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

/* A complete HTTP request that sends one signed transaction. */
struct prepared {
    uint8_t *data;
    size_t len;
    struct hash hash;
};

/* what: gas limit, receiver or creation, value, data. */
static struct prepared prepare(const struct sender *from, uint64_t nonce, const struct tx *what)
{
    struct arena arena = {0};
    struct buf body = {0}, request = {0};
    struct tx t = *what;
    t.type = TX_LEGACY;
    t.has_chain_id = true;
    t.chain_id = options.chain_id;
    t.nonce = nonce;
    if (tx_sign(&t, &arena, from->key) != E_OK)
        die("cannot sign", NULL);
    buf_puts(&body,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sendRawTransaction\",\"params\":[\"");
    buf_put_hex(&body, t.raw.data, t.raw.len);
    buf_puts(&body, "\"]}");
    put_request(&request, buf_view(&body));
    struct prepared p = {mem_dup(request.data, request.len), request.len, t.hash};
    buf_free(&body);
    buf_free(&request);
    arena_free(&arena);
    return p;
}

static struct prepared prepare_coins(const struct sender *from, uint64_t nonce,
                                     const struct address *to, struct u256 value)
{
    return prepare(from, nonce, &(struct tx){.gas_limit = 21000, .to = *to, .value = value});
}

/* transfer(to, value) of the token. */
static struct prepared prepare_tokens(const struct sender *from, uint64_t nonce,
                                      const struct address *to, struct u256 value)
{
    uint8_t data[4 + 32 + 32] = {0xa9, 0x05, 0x9c, 0xbb};
    memcpy(data + 4 + 12, to->b, sizeof to->b);
    u256_to_be(data + 36, value);
    /* a first receipt costs 51 600 */
    struct tx what = {.gas_limit = 65000, .to = token, .data = bytes_of(data, sizeof data)};
    return prepare(from, nonce, &what);
}

static struct prepared prepare_transfer(const struct sender *from, uint64_t nonce,
                                        const struct address *to, struct u256 value)
{
    return (address_is_zero(&token) ? prepare_coins : prepare_tokens)(from, nonce, to, value);
}

/* --- sending ---------------------------------------------------------------------------------- */

struct worker {
    pthread_t thread;
    struct prepared *requests;
    size_t count;
    uint64_t accepted, refused;
    float *latency_ms;
    char first_error[300];
};

static void *send_requests(void *ctx)
{
    struct worker *w = ctx;
    struct connection c = {0};
    for (size_t i = 0; i < w->count; i++) {
        struct bytes body;
        double start = now_s();
        if (!exchange(&c, bytes_of(w->requests[i].data, w->requests[i].len), &body)) {
            w->refused++;
            close(c.fd);
            c.fd = 0;
            continue;
        }
        w->latency_ms[i] = (float)((now_s() - start) * 1e3);
        bool bad = memmem(body.data, body.len, "\"error\"", 7) != NULL;
        w->accepted += !bad;
        w->refused += bad;
        if (bad && !w->first_error[0])
            snprintf(w->first_error, sizeof w->first_error, "%.*s",
                     (int)(body.len < 290 ? body.len : 290), (const char *)body.data);
    }
    if (c.fd > 0)
        close(c.fd);
    buf_free(&c.in);
    return NULL;
}

static void run_workers(struct worker *w, size_t count)
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
static void send_and_wait(struct worker *w, struct sender *from, const char *what)
{
    uint64_t target = from->nonce + w->count;
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

static void deploy_token(struct sender *funder)
{
    char text[2 * 49152 + 4];
    struct buf code = {0};
    FILE *f = options.bytecode ? fopen(options.bytecode, "r") : NULL;
    size_t len = f ? fread(text, 1, sizeof text, f) : 0;
    if (f)
        fclose(f);
    while (len && text[len - 1] == '\n')
        len--;
    if (!len || hex_decode_buf(&code, text, len) != E_OK)
        die("--kind erc20 needs --bytecode FILE, in hexadecimal", options.bytecode);
    struct worker w = {.count = 1, .requests = mem_zalloc(1, sizeof(struct prepared))};
    struct tx what = {.gas_limit = 10000000, .is_create = true, .data = buf_view(&code)};
    w.requests[0] = prepare(funder, funder->nonce, &what);
    struct hash hash = w.requests[0].hash;
    struct address created = tx_create_address(&funder->address, funder->nonce);
    send_and_wait(&w, funder, "the token could not be deployed");
    if (!receipt_ok(&hash))
        die("the token's creation failed", NULL);
    token = created;
    buf_free(&code);
}

/* Deploys the token if one is asked for, and gives every account what it will send. */
static void fund(struct sender *accounts)
{
    struct sender funder = {0};
    struct u256 amount;
    memcpy(funder.key, options.funder_key, 32);
    if (ecdsa_address(&funder.address, funder.key) != E_OK ||
        u256_parse_units(&amount, "1", 18) != E_OK)
        die("not a valid funder key", NULL);
    ask_nonces(&funder, 1);
    if (strcmp(options.kind, "erc20") == 0)
        deploy_token(&funder);
    struct worker w = {.count = options.accounts};
    w.requests = mem_zalloc(w.count, sizeof *w.requests);
    for (size_t i = 0; i < w.count; i++)
        w.requests[i] = prepare_transfer(&funder, funder.nonce + i, &accounts[i].address, amount);
    send_and_wait(&w, &funder, "the accounts could not be funded");
}

/* Fills the pool with transactions that cannot be taken: their senders' first nonce never comes. */
static void fill_pool(void)
{
    static const struct address nowhere = {{1}};
    uint64_t per_sender = 1000;
    struct worker w = {.count = options.waiting};
    struct sender from = {0};
    w.requests = mem_zalloc(w.count + 1, sizeof *w.requests);
    for (uint64_t i = 0; i < options.waiting; i++) {
        if (i % per_sender == 0)
            derive_key(from.key, "waiting", i / per_sender);
        w.requests[i] = prepare_coins(&from, i % per_sender + 1, &nowhere, U256_ZERO);
    }
    run_workers(&w, 1);
    if (w.refused)
        die("the node refused transactions that must wait", w.first_error);
    for (uint64_t i = 0; i < options.waiting; i++)
        mem_free(w.requests[i].data);
    mem_free(w.requests);
    mem_free(w.latency_ms);
}

/* --- figures ---------------------------------------------------------------------------------- */

static double cpu_s(uint64_t pid)
{
    char path[64], text[2048];
    snprintf(path, sizeof path, "/proc/%" PRIu64 "/stat", pid);
    FILE *f = pid ? fopen(path, "r") : NULL;
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    unsigned long user = 0, system = 0;
    char *after = strrchr(text, ')');
    if (after)
        sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static uint64_t number(const char *name, const char *text)
{
    struct u256 v;
    if (!text || u256_parse(&v, text) != E_OK || !u256_fits_u64(v))
        die("not a number", name);
    return v.w[0];
}

static void read_options(int argc, char **argv)
{
    const char *const usage =
        "usage: loadgen --funder HEXKEY [--host IPV4] [--port N] [--transfers N] [--accounts N] "
        "[--connections N] [--recipients N] [--pid N] [--timeout SECONDS] [--waiting N] "
        "[--label TEXT] [--kind transfer|erc20] [--bytecode FILE]";
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!value)
            die(usage, NULL);
        if (strcmp(name, "--host") == 0)
            options.host = value;
        else if (strcmp(name, "--label") == 0)
            options.label = value;
        else if (strcmp(name, "--kind") == 0)
            options.kind = value;
        else if (strcmp(name, "--bytecode") == 0)
            options.bytecode = value;
        else if (strcmp(name, "--port") == 0)
            options.port = (uint16_t)number(name, value);
        else if (strcmp(name, "--transfers") == 0)
            options.transfers = number(name, value);
        else if (strcmp(name, "--accounts") == 0)
            options.accounts = number(name, value);
        else if (strcmp(name, "--connections") == 0)
            options.connections = number(name, value);
        else if (strcmp(name, "--recipients") == 0)
            options.recipients = number(name, value);
        else if (strcmp(name, "--pid") == 0)
            options.pid = number(name, value);
        else if (strcmp(name, "--waiting") == 0)
            options.waiting = number(name, value);
        else if (strcmp(name, "--timeout") == 0)
            options.timeout_s = number(name, value);
        else if (strcmp(name, "--funder") == 0 &&
                 hex_decode(options.funder_key, 32, value, strlen(value)) == E_OK)
            continue;
        else
            die(usage, NULL);
    }
    if (strcmp(options.kind, "transfer") != 0 && strcmp(options.kind, "erc20") != 0)
        die(usage, NULL);
    if (options.connections > options.accounts)
        options.connections = options.accounts;
    if (options.connections == 0 || options.transfers == 0 || options.recipients == 0)
        die(usage, NULL);
}

/* Gives every connection its own accounts, so that nonces arrive in order. */
static void prepare_all(struct worker *w, struct sender *accounts)
{
    uint64_t per_account = (options.transfers + options.accounts - 1) / options.accounts, total = 0;
    for (uint64_t c = 0; c < options.connections; c++)
        w[c].requests = mem_zalloc((options.accounts / options.connections + 1) * per_account,
                                   sizeof(struct prepared));
    for (uint64_t k = 0; k < per_account; k++) {
        for (uint64_t i = 0; i < options.accounts && total < options.transfers; i++, total++) {
            uint8_t key[32];
            struct address to;
            struct worker *worker = &w[i % options.connections];
            derive_key(key, "recipient", (i * 7919 + k * 104729) % options.recipients);
            memcpy(to.b, key + 12, 20);
            worker->requests[worker->count++] =
                prepare_transfer(&accounts[i], accounts[i].first_nonce + k, &to, u256_from_u64(1));
        }
    }
}

static void print_figures(const struct worker *w, double accept_s, double mined_s, uint64_t mined,
                          double server_cpu_s, uint64_t blocks)
{
    uint64_t accepted = 0, refused = 0, seen = 0, good = 0;
    size_t count = 0;
    float *latency = mem_zalloc(options.transfers + 1, sizeof *latency);
    for (uint64_t c = 0; c < options.connections; c++) {
        accepted += w[c].accepted;
        refused += w[c].refused;
        memcpy(latency + count, w[c].latency_ms, w[c].count * sizeof *latency);
        count += w[c].count;
        for (size_t k = 0; k < 5 && w[c].count; k++, seen++)
            good += receipt_ok(&w[c].requests[(w[c].count - 1) * (k + 1) / 5].hash);
    }
    qsort(latency, count, sizeof *latency, compare_floats);
    printf("{\"label\":\"%s\",\"sent\":%zu,\"accepted\":%" PRIu64 ",\"refused\":%" PRIu64
           ",\"mined\":%" PRIu64 ",\"accept_s\":%.3f,\"mined_s\":%.3f,\"accepted_per_s\":%.0f,"
           "\"mined_per_s\":%.0f,\"blocks\":%" PRIu64 ",\"request_p50_ms\":%.2f,"
           "\"request_p99_ms\":%.2f,\"receipts_seen\":%" PRIu64 ",\"receipts_ok\":%" PRIu64
           ",\"server_cpu_s\":%.2f,\"server_cpu_us_per_tx\":%.1f}\n",
           options.label, count, accepted, refused, mined, accept_s, mined_s,
           (double)accepted / accept_s, (double)mined / mined_s, blocks, (double)latency[count / 2],
           (double)latency[count * 99 / 100], seen, good, server_cpu_s,
           mined ? server_cpu_s * 1e6 / (double)mined : 0.0);
    mem_free(latency);
    if (good != seen || mined != accepted)
        exit(1);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    options.chain_id = rpc_quantity("eth_chainId");
    struct sender *accounts = mem_zalloc(options.accounts, sizeof *accounts);
    for (uint64_t i = 0; i < options.accounts; i++) {
        derive_key(accounts[i].key, "account", i);
        if (ecdsa_address(&accounts[i].address, accounts[i].key) != E_OK)
            die("cannot derive an account", NULL);
    }
    fund(accounts);
    ask_nonces(accounts, options.accounts);
    for (uint64_t i = 0; i < options.accounts; i++)
        accounts[i].first_nonce = accounts[i].nonce;
    struct worker *w = mem_zalloc(options.connections, sizeof *w);
    prepare_all(w, accounts);
    if (options.waiting)
        fill_pool();

    uint64_t first_block = rpc_quantity("eth_blockNumber");
    double cpu_before = cpu_s(options.pid), start = now_s();
    run_workers(w, options.connections);
    double accept_s = now_s() - start;
    uint64_t accepted = 0, mined = 0;
    for (uint64_t c = 0; c < options.connections; c++)
        accepted += w[c].accepted;
    for (;;) {
        ask_nonces(accounts, options.accounts);
        mined = 0;
        for (uint64_t i = 0; i < options.accounts; i++)
            mined += accounts[i].nonce - accounts[i].first_nonce;
        if (mined >= accepted || now_s() - start > (double)options.timeout_s)
            break;
        usleep(20000);
    }
    double mined_s = now_s() - start;
    double server_cpu_s = cpu_s(options.pid) - cpu_before;
    print_figures(w, accept_s, mined_s, mined, server_cpu_s,
                  rpc_quantity("eth_blockNumber") - first_block);
    return 0;
}
