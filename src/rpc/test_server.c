/* The whole door: a node with a running engine, spoken to over HTTP and WebSocket. */
#include "chain/test_ledger.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/lang.h"
#include "city/service.h"
#include "rpc/rpc_internal.h"

static struct ledger ledger;
static struct engine engine;
static struct rpc *r;

static bool begin(bool running)
{
    struct diag d = {{0}};
    struct rpc_config config = {.host = "127.0.0.1", .threads = 2};
    if (!ledger_begin(&ledger))
        return false;
    engine = (struct engine){.ops = &ENGINE_SOLO, .chain = ledger.chain};
    memcpy(engine.key32, ledger.proposer_key, 32);
    if ((running && engine.ops->start(&engine, &d) != E_OK) ||
        rpc_start(&r, &engine, &config, &d) != E_OK) {
        test_fail(__FILE__, __LINE__, "start: %s", d.text);
        return false;
    }
    return true;
}

static void end(void)
{
    rpc_stop(r);
    engine.ops->stop(&engine);
    ledger_end(&ledger);
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(rpc_port(r)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        abort();
    return fd;
}

static char text[1u << 20];

/* One request on a connection of its own; the whole answer. */
__attribute__((format(printf, 1, 2))) static const char *http(const char *format, ...)
{
    char request[4096];
    size_t len = 0;
    ssize_t n;
    va_list ap;
    va_start(ap, format);
    vsnprintf(request, sizeof request, format, ap);
    va_end(ap);
    int fd = dial();
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        abort();
    while (len < sizeof text - 1 && (n = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0)
        len += (size_t)n;
    text[len] = 0;
    close(fd);
    return text;
}

static const char *get(const char *path, const char *header)
{
    return http("GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", path, header);
}

static const char *post(const char *body)
{
    return http("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                strlen(body), body);
}

static bool has(const char *where, const char *part)
{
    if (strstr(where, part))
        return true;
    printf("# no %s in: %.400s\n", part, where);
    return false;
}

TEST(routes)
{
    REQUIRE(begin(true));
    CHECK(has(post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"}"),
              "\"result\":\"0x4f24\""));
    CHECK(has(text, "Content-Type: application/json\r\n"));
    CHECK(has(text, "Access-Control-Allow-Origin: *\r\n"));
    CHECK(has(post("{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}"), "HTTP/1.1 204 "));
    CHECK(has(post("{"), "HTTP/1.1 200 OK"));
    CHECK(has(text, "-32700"));
    CHECK(has(http("POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
                   "0\r\n\r\n"),
              "HTTP/1.1 404 "));
    CHECK(has(http("DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "HTTP/1.1 405 "));
    CHECK(has(text, "Allow: GET, HEAD, POST, OPTIONS\r\n"));
    CHECK(has(
        http("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %u\r\n\r\n", LIMIT_RPC_BODY_BYTES + 1),
        "HTTP/1.1 413 "));
    CHECK(has(get("/metrics", ""), "application/openmetrics-text"));
    CHECK(has(text, "\n# EOF\n"));
    CHECK(has(get("/health", ""), "{\"status\":\"ok\""));
    CHECK(has(get("/nothing", ""), "HTTP/1.1 404 "));
    engine.failed = true;
    CHECK(has(get("/health", ""), "HTTP/1.1 503 "));
    CHECK(has(text, "\"status\":\"failed\""));
    end();
}

/* A contract that calls itself until its gas is used up, some 600 levels deep, on the threads that
 * answer requests: also when every instruction is watched. */
TEST(deep_calls)
{
    static const char *const params[] = {
        "\"method\":\"eth_call\",\"params\":[{\"to\":\"%s\"},\"latest\",%s]",
        "\"method\":\"debug_traceCall\",\"params\":[{\"to\":\"%s\"},\"latest\",{\"tracer\":"
        "\"callTracer\",\"stateOverrides\":%s}]"};
    static const char to[] = "0x00000000000000000000000000000000000000aa",
                      self[] = "{\"0x00000000000000000000000000000000000000aa\":{\"code\":"
                               "\"0x60006000600060006000305af100\"}}";
    char body[600], call[500];
    REQUIRE(begin(true));
    for (size_t i = 0; i < 2; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(call, sizeof call, params[i], to, self);
#pragma GCC diagnostic pop
        snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":1,%s}", call);
        CHECK(has(post(body), i ? "\"type\":\"CALL\"" : "\"result\":\"0x\""));
    }
    unsigned depth = 0;
    for (const char *p = text; (p = strstr(p, "\"calls\":[")) != NULL; p++)
        depth++;
    CHECK(depth > 500);
    end();
}

TEST(page)
{
    REQUIRE(begin(true));
    CHECK(has(get("/", ""), "<html lang=\"en\">"));
    CHECK(has(text, "Content-Type: text/html; charset=utf-8\r\n"));
    CHECK(has(text, "Content-Security-Policy: default-src 'self'"));
    CHECK(has(text, "frame-ancestors 'none'")); /* nobody frames the voting pages */
    CHECK(has(get("/", "Accept-Language: fr-FR,fr;q=0.9,en;q=0.8\r\n"), "<html lang=\"fr\">"));
    CHECK(has(get("/", "Accept-Language: de, fr;q=0.3, en;q=0.7\r\n"), "<html lang=\"en\">"));
    CHECK(has(get("/?lang=fr", "Accept-Language: en\r\n"), "<html lang=\"fr\">"));
    CHECK(has(get("/?lang=en", "Accept-Language: fr\r\n"), "<html lang=\"en\">"));
    lang_current = LANG_FR;
    CHECK(has(get("/", "Accept-Language: de\r\n"), "<html lang=\"fr\">"));
    lang_current = LANG_EN;
    CHECK(has(get("/style.css", ""), "text/css"));
    CHECK(has(get("/app.js", ""), "text/javascript"));
    end();
}

TEST(start_refused)
{
    REQUIRE(begin(true));
    struct rpc *other = NULL;
    struct diag d = {{0}};
    struct rpc_config config = {.host = "127.0.0.1", .port = rpc_port(r), .threads = 1};
    CHECK_ERR(rpc_start(&other, &engine, &config, &d), E_IO);
    CHECK(has(d.text, "in use"));
    rpc_stop(NULL);
    end();
}

/* --- WebSocket -------------------------------------------------------------------------------- */

static int ws_dial(void)
{
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    int fd = dial();
    char c, last[4] = {0};
    if (send(fd, request, sizeof request - 1, 0) < 0)
        abort();
    while (memcmp(last, "\r\n\r\n", 4) != 0 && recv(fd, &c, 1, 0) == 1) {
        memmove(last, last + 1, 3);
        last[3] = c;
    }
    return fd;
}

static void ws_put(int fd, const char *method, const char *params)
{
    char body[1000];
    uint8_t frame[1024] = {0x81};
    int len = snprintf(body, sizeof body,
                       "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[%s]}", method,
                       params);
    size_t at = 2; /* then, where 7 bits do not hold it, the length; then a mask of zeros */
    frame[1] = (uint8_t)(0x80 | (len < 126 ? len : 126));
    if (len >= 126) {
        frame[at++] = (uint8_t)(len >> 8);
        frame[at++] = (uint8_t)len;
    }
    at += 4;
    memcpy(frame + at, body, (size_t)len);
    if (send(fd, frame, at + (size_t)len, 0) < 0)
        abort();
}

static const char *ws_get(int fd)
{
    uint8_t head[4];
    size_t len;
    text[0] = 0;
    if (recv(fd, head, 2, MSG_WAITALL) != 2)
        return text;
    len = head[1];
    if (len == 126 && recv(fd, head + 2, 2, MSG_WAITALL) == 2)
        len = (size_t)head[2] << 8 | head[3];
    if (len < 127 * 512 && recv(fd, text, len, MSG_WAITALL) == (ssize_t)len)
        text[len] = 0;
    return text;
}

static const char *ws_ask(int fd, const char *method, const char *params)
{
    ws_put(fd, method, params);
    return ws_get(fd);
}

static void result_id(char out[40])
{
    const char *p = strstr(text, "\"result\":\"");
    snprintf(out, 40, "%.34s", p ? p + 10 : "");
}

TEST(subscriptions)
{
    REQUIRE(begin(true));
    int fd = ws_dial(), other = ws_dial();
    char heads[40], pending[40], full[40];
    CHECK(has(ws_ask(fd, "eth_chainId", ""), "\"0x4f24\""));
    CHECK(has(ws_ask(fd, "eth_subscribe", "\"newHeads\""), "\"result\":\"0x"));
    result_id(heads);
    CHECK(has(ws_ask(fd, "eth_subscribe", "\"newPendingTransactions\""), "\"result\":\"0x"));
    result_id(pending);
    CHECK(has(ws_ask(other, "eth_subscribe", "\"newPendingTransactions\", true"), "result"));
    result_id(full);
    CHECK(has(ws_ask(fd, "eth_subscribe", "\"logs\", {\"topics\":[1]}"), "-32602"));
    CHECK(has(ws_ask(fd, "eth_subscribe", "\"syncing\""), "no \\\"syncing\\\" subscription"));
    CHECK(has(ws_ask(fd, "eth_subscribe", ""), "-32602"));
    CHECK(has(ws_ask(fd, "eth_subscribe", "\"newPendingTransactions\", 5"), "-32602"));
    CHECK_INT(subs_count(r), 3);
    ledger_transfer(&ledger, 0, 1, 5);
    bool saw_head = false, saw_pending = false;
    for (int i = 0; i < 2; i++) {
        ws_get(fd);
        CHECK(has(text, "\"method\":\"eth_subscription\""));
        if (strstr(text, heads))
            saw_head = strstr(text, "\"number\":\"0x1\"") != NULL;
        if (strstr(text, pending))
            saw_pending = strstr(text, "\"result\":\"0x") != NULL;
    }
    CHECK(saw_head && saw_pending);
    CHECK(has(ws_get(other), full));
    CHECK(has(text, "\"value\":\"0x5\""));
    CHECK(has(text, "\"blockHash\":null"));
    char params[60];
    snprintf(params, sizeof params, "\"%s\"", pending);
    CHECK(has(ws_ask(other, "eth_unsubscribe", params), "subscription not found"));
    CHECK(has(ws_ask(fd, "eth_unsubscribe", params), "\"result\":true"));
    CHECK(has(ws_ask(fd, "eth_unsubscribe", params), "subscription not found"));
    CHECK(has(ws_ask(fd, "eth_unsubscribe", "5"), "-32602"));
    close(other);
    for (int i = 0; i < 200 && subs_count(r) > 1; i++)
        usleep(10000);
    CHECK_INT(subs_count(r), 1); /* a closed connection takes its subscriptions with it */
    for (unsigned i = 1; i < RPC_SUBSCRIPTIONS_EACH; i++)
        CHECK(has(ws_ask(fd, "eth_subscribe", "\"logs\", {}"), "\"result\":\"0x"));
    CHECK(has(ws_ask(fd, "eth_subscribe", "\"newHeads\""), "too many subscriptions"));
    close(fd);
    end();
}

TEST(logs_by_subscription)
{
    REQUIRE(begin(true));
    int fd = ws_dial();
    struct tx t = ledger_unsigned(&ledger, 0, 1, 0);
    uint8_t data[68] = {0xa9, 0x05, 0x9c, 0xbb, [67] = 9}; /* transfer(address,uint256) */
    memcpy(data + 16, ledger.accounts[1].b, 20);
    CHECK(
        has(ws_ask(fd, "eth_subscribe",
                   "\"logs\", {\"topics\":[\"0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f"
                   "55a4df523b3ef\"]}"),
            "result"));
    CHECK(has(ws_ask(fd, "eth_subscribe",
                     "\"logs\", {\"address\":\"0x000000000000000000000000000000"
                     "0000000001\"}"),
              "result"));
    t.to = service_named("money")->address;
    t.gas_limit = 200000;
    t.data = bytes_of(data, sizeof data);
    CHECK_ERR(ledger_send(&ledger, &t, 0), E_OK);
    CHECK(has(ws_get(fd), "\"method\":\"eth_subscription\""));
    CHECK(has(text, "\"blockNumber\":\"0x1\""));
    CHECK(has(text, "\"logIndex\":\"0x0\""));
    CHECK(has(ws_ask(fd, "eth_chainId", ""), "\"0x4f24\"")); /* and nothing for the other one */
    close(fd);
    end();
}

/* Subscriptions come and go while their logs are looked for, also with their connection. */
TEST(logs_while_subscriptions_go)
{
    REQUIRE(begin(true));
    struct tx t = ledger_unsigned(&ledger, 0, 1, 0);
    uint8_t data[68] = {0xa9, 0x05, 0x9c, 0xbb, [67] = 1}; /* transfer(address,uint256) */
    memcpy(data + 16, ledger.accounts[1].b, 20);
    t.to = service_named("money")->address;
    t.gas_limit = 200000;
    t.data = bytes_of(data, sizeof data);
    int stays = ws_dial();
    CHECK(has(ws_ask(stays, "eth_subscribe", "\"logs\", {}"), "result"));
    for (int i = 0; i < 20; i++) {
        int goes = ws_dial();
        char id[40], params[60];
        for (int k = 0; k < 10; k++)
            ws_put(goes, "eth_subscribe",
                   "\"logs\", {\"address\":[\"0xc000000000000000000000000000000000000000\","
                   "\"0x00000000000000000000000000000000c1700001\","
                   "\"0x0000000000000000000000000000000000000001\"]}");
        ws_get(goes);
        result_id(id);
        t.nonce = (uint64_t)i;
        CHECK_ERR(ledger_send(&ledger, &t, 0), E_OK);
        snprintf(params, sizeof params, "\"%s\"", id);
        ws_put(goes, "eth_unsubscribe", params);
        if (i % 2)
            CHECK(has(ws_get(stays), "\"logIndex\":\"0x0\""));
        close(goes);
        if (!(i % 2))
            CHECK(has(ws_get(stays), "\"logIndex\":\"0x0\""));
    }
    for (int i = 0; i < 200 && subs_count(r) > 1; i++)
        usleep(10000);
    CHECK_INT(subs_count(r), 1);
    CHECK_INT(r->criteria_bytes, 0);
    close(stays);
    end();
}

TEST(every_block_is_told_once)
{
    REQUIRE(begin(true));
    int fd = ws_dial();
    CHECK(has(ws_ask(fd, "eth_subscribe", "\"newHeads\""), "result"));
    for (int i = 0; i < 300; i++)
        ledger_transfer(&ledger, (size_t)i % LEDGER_CONTRACT, 7, 1);
    unsigned long last = 0, txs = 0;
    while (txs < 300) {
        const char *p = strstr(ws_get(fd), "\"number\":\"0x");
        REQUIRE(p);
        unsigned long number = strtoul(p + 12, NULL, 16);
        CHECK_INT(number, last + 1);
        last = number;
        p = strstr(text, "\"gasUsed\":\"0x");
        REQUIRE(p);
        txs += strtoul(p + 13, NULL, 16) / 21000;
    }
    CHECK_INT(txs, 300);
    /* stopping with an open subscription and a busy engine */
    for (int i = 0; i < 100; i++)
        ledger_transfer(&ledger, (size_t)i % LEDGER_CONTRACT, 7, 1);
    end();
    close(fd);
}

TEST(stale_head)
{
    REQUIRE(begin(false)); /* no engine runs: what waits, waits */
    ledger_transfer(&ledger, 0, 1, 5);
    CHECK(has(get("/health", ""), "\"status\":\"ok\""));
    r->started_us -= 31000000;
    CHECK(has(get("/health", ""), "HTTP/1.1 503 "));
    CHECK(has(text, "\"status\":\"stale\""));
    end();
}
