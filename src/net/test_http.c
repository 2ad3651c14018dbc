/* The server through real sockets: what a careless, a slow and a hostile client can do to it. */
#include "test.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/conn.h"

#define BODY_MAX 100000

static _Atomic unsigned ws_opened, ws_closed, calls;
static _Atomic(struct http_ws *) last_ws;
static _Atomic unsigned thread_seen[4];

static void on_request(void *ctx, unsigned thread, const struct http_request *in,
                       struct http_response *out)
{
    (void)ctx;
    atomic_fetch_add(&calls, 1);
    atomic_fetch_add(&thread_seen[thread % 4], 1);
    out->content_type = "text/plain";
    if (strcmp(in->path, "/big") == 0) {
        memset(buf_grow(out->body, 4u << 20), 'x', 4u << 20);
        return;
    }
    if (strcmp(in->path, "/slow") == 0)
        usleep(20000);
    if (strcmp(in->path, "/missing") == 0)
        out->status = 404;
    const char *custom = http_header(in, "x-custom");
    buf_putf(out->body, "%s %s ?%s ct=%s al=%s x=%s [", in->method, in->path, in->query,
             in->content_type, in->accept_language, custom ? custom : "-");
    buf_put(out->body, in->body.data, in->body.len);
    buf_put_u8(out->body, ']');
}

static bool on_open(void *ctx, struct http_ws *ws, const char *path)
{
    (void)ctx;
    if (strcmp(path, "/refused") == 0)
        return false;
    atomic_fetch_add(&ws_opened, 1);
    http_ws_set_data(ws, &ws_opened);
    atomic_store(&last_ws, ws);
    return true;
}

static void on_message(void *ctx, unsigned thread, struct http_ws *ws, struct bytes text,
                       struct buf *reply)
{
    (void)ctx;
    (void)thread;
    if (http_ws_data(ws) != &ws_opened)
        abort();
    if (bytes_eq(text, bytes_str("silent")))
        return;
    if (bytes_eq(text, bytes_str("big"))) {
        memset(buf_grow(reply, 1u << 20), 'x', 1u << 20);
        return;
    }
    buf_puts(reply, "echo ");
    buf_put(reply, text.data, text.len);
}

static void on_close(void *ctx, struct http_ws *ws)
{
    (void)ctx;
    (void)ws;
    atomic_store(&last_ws, NULL);
    atomic_fetch_add(&ws_closed, 1);
}

static struct http_config test_config(void)
{
    return (struct http_config){.host = "127.0.0.1",
                                .threads = 2,
                                .body_bytes_max = BODY_MAX,
                                .connections_max = 50,
                                .idle_timeout_ms = 3000,
                                .request = on_request,
                                .ws_open = on_open,
                                .ws_message = on_message,
                                .ws_close = on_close,
                                .cors_origin = "*",
                                .header_timeout_ms = 500,
                                .body_timeout_ms = 600};
}

static struct http_server *start_with(const struct http_config *config)
{
    struct http_server *s = NULL;
    struct diag d = {{0}};
    enum err e = http_start(&s, config, &d);
    if (e != E_OK)
        test_fail(__FILE__, __LINE__, "http_start: %s %s", err_name(e), d.text);
    return s;
}

static struct http_server *start(void)
{
    struct http_config config = test_config();
    return start_with(&config);
}

/* window: bytes that wait unread on this side; 0: as many as the system likes. */
static int dial_window(const struct http_server *s, int window)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (window)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(http_port(s)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        abort();
    return fd;
}

static int dial(const struct http_server *s)
{
    return dial_window(s, 0);
}

static void put(int fd, const void *data, size_t len)
{
    if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        printf("# short send\n");
}

static void puts_fd(int fd, const char *text)
{
    put(fd, text, strlen(text));
}

/* Reads until the peer closes, or `want` bytes. Returns a NUL-terminated static text. */
static char answer_text[8u << 20];
static size_t answer_len;

static const char *read_some(int fd, size_t want)
{
    answer_len = 0;
    while (answer_len < want && answer_len < sizeof answer_text - 1) {
        size_t room = sizeof answer_text - 1 - answer_len;
        if (room > want - answer_len)
            room = want - answer_len;
        ssize_t n = recv(fd, answer_text + answer_len, room, 0);
        if (n <= 0)
            break;
        answer_len += (size_t)n;
    }
    answer_text[answer_len] = 0;
    return answer_text;
}

static const char *read_all(int fd)
{
    return read_some(fd, SIZE_MAX);
}

/* One answer of a keep-alive connection: head, then Content-Length bytes. */
static const char *read_answer(int fd)
{
    answer_len = 0;
    answer_text[0] = 0;
    char *end;
    while (!(end = strstr(answer_text, "\r\n\r\n"))) {
        if (recv(fd, answer_text + answer_len, 1, 0) != 1)
            return answer_text;
        answer_text[++answer_len] = 0;
    }
    const char *length = strstr(answer_text, "Content-Length: ");
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0, head = answer_len;
    while (answer_len < head + body) {
        ssize_t n = recv(fd, answer_text + answer_len, head + body - answer_len, 0);
        if (n <= 0)
            break;
        answer_len += (size_t)n;
    }
    answer_text[answer_len] = 0;
    return answer_text;
}

static bool has(const char *text, const char *part)
{
    if (strstr(text, part))
        return true;
    printf("# no \"%s\" in: %.300s\n", part, text);
    return false;
}

/* Sends one hostile text and expects the status and the end of the connection. */
static void expect_status(const struct http_server *s, const char *request, int status)
{
    char line[32];
    int fd = dial(s);
    puts_fd(fd, request);
    const char *text = read_all(fd);
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    if (strncmp(text, line, strlen(line)) != 0)
        test_fail(__FILE__, __LINE__, "%.60s... -> %.40s, expected %d", request, text, status);
    if (!strstr(text, "Connection: close"))
        test_fail(__FILE__, __LINE__, "no Connection: close after %.60s", request);
    close(fd);
}

TEST(keep_alive_and_fields)
{
    struct http_server *s = start();
    int fd = dial(s);
    puts_fd(fd, "GET /a/b?c=1#x HTTP/1.1\r\nHost: x\r\nAccept-Language: fr-FR\r\n"
                "X-Custom:  with spaces \t\r\n\r\n");
    const char *t = read_answer(fd);
    CHECK(has(t, "HTTP/1.1 200 OK\r\n"));
    CHECK(has(t, "GET /a/b ?c=1 ct= al=fr-FR x=with spaces []"));
    CHECK(has(t, "Access-Control-Allow-Origin: *\r\n"));
    CHECK(has(t, "\r\nDate: "));
    puts_fd(fd, "POST / HTTP/1.1\r\nhost: x\r\nContent-Type: application/json\r\n"
                "Content-Length: 5\r\n\r\nhello");
    CHECK(has(read_answer(fd), "POST / ? ct=application/json al= x=- [hello]"));
    puts_fd(fd, "GET http://example.org/abs?q HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(has(read_answer(fd), "GET /abs ?q"));
    puts_fd(fd, "GET /missing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    t = read_all(fd);
    CHECK(has(t, "HTTP/1.1 404 Not Found\r\n"));
    CHECK(has(t, "Connection: close\r\n"));
    close(fd);
    http_stop(s);
}

TEST(head_options_and_http10)
{
    struct http_server *s = start();
    int fd = dial(s);
    puts_fd(fd, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nOPTIONS / HTTP/1.1\r\nHost: x\r\n"
                "Origin: http://a\r\nConnection: close\r\n\r\n");
    const char *t = read_all(fd);
    CHECK(has(t, "Content-Length: "));
    CHECK(!strstr(t, "GET /"));
    CHECK(has(t, "HTTP/1.1 204 No Content\r\n"));
    CHECK(has(t, "Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"));
    close(fd);
    fd = dial(s);
    puts_fd(fd, "GET /old HTTP/1.0\r\n\r\n");
    CHECK(has(read_all(fd), "GET /old"));
    close(fd);
    fd = dial(s);
    puts_fd(fd, "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(has(read_answer(fd), "Connection: keep-alive\r\n"));
    close(fd);
    http_stop(s);
}

TEST(pipelined)
{
    struct http_server *s = start();
    int fd = dial(s);
    struct buf b = {0};
    for (int i = 0; i < 200; i++)
        buf_putf(&b, "POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", i);
    buf_puts(&b, "GET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    put(fd, b.data, b.len);
    const char *t = read_all(fd), *p = t;
    for (int i = 0; i < 200; i++) {
        char line[64];
        snprintf(line, sizeof line, "POST /%d ?", i);
        p = strstr(p, line);
        REQUIRE(p);
    }
    CHECK(has(p, "GET /end"));
    close(fd);
    /* large answers pause the parser; every request is answered in the end, in order, also after
     * the client closed its side */
    fd = dial(s);
    buf_clear(&b);
    for (int i = 0; i < 20; i++)
        buf_puts(&b, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    put(fd, b.data, b.len);
    shutdown(fd, SHUT_WR);
    size_t total = 0;
    ssize_t n;
    while ((n = recv(fd, answer_text, sizeof answer_text, 0)) > 0)
        total += (size_t)n;
    CHECK(total > 20 * (4u << 20) && total < 20 * ((4u << 20) + 300));
    close(fd);
    buf_free(&b);
    http_stop(s);
}

TEST(chunked_and_expect)
{
    struct http_server *s = start();
    int fd = dial(s);
    puts_fd(fd, "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n");
    usleep(20000);
    puts_fd(fd, "5;ext=1\r\ndefgh\r\n0\r\nTrailer: ignored\r\nx-custom: no\r\n\r\n");
    CHECK(has(read_answer(fd), "x=- [abcdefgh]"));
    puts_fd(fd, "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    CHECK(has(read_some(fd, 25), "HTTP/1.1 100 Continue\r\n\r\n"));
    puts_fd(fd, "body");
    CHECK(has(read_answer(fd), "[body]"));
    close(fd);
    http_stop(s);
}

TEST(smuggling_and_malformed)
{
    struct http_server *s = start();
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\n\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
         "0\r\n\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4,4\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x4\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         501},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         "fffffffffffffffff\r\nabc\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n40000\r\n", 0},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        {"GET / HTTP/1.1\r\nHost: x\r\nNa me: y\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nA\x01: y\r\n\r\n", 400},
        {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
        {"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501},
        {"GET / HTTP/1.1\r\nHost: x\r\nExpect: magic\r\n\r\n", 417},
        {"\x16\x03\x01\x02\x05\x01\xfc", 501},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n", 413},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (cases[i].status)
            expect_status(s, cases[i].request, cases[i].status);
    test_count(sizeof cases / sizeof *cases - 1);
    /* a chunked body beyond the limit is refused as soon as it is */
    struct buf b = {0};
    buf_puts(&b, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n");
    memset(buf_grow(&b, BODY_MAX + 1), 'y', BODY_MAX + 1);
    int fd = dial(s);
    put(fd, b.data, b.len);
    CHECK(has(read_all(fd), "HTTP/1.1 413 "));
    close(fd);
    fd = dial(s);
    put(fd, "GET / HTTP/1.1\r\nHost: x\r\nA: \0b\r\n\r\n", 35);
    CHECK(has(read_all(fd), "HTTP/1.1 400 "));
    close(fd);
    /* a head larger than 16 KiB */
    buf_clear(&b);
    buf_puts(&b, "GET / HTTP/1.1\r\nHost: x\r\nLong: ");
    memset(buf_grow(&b, 17000), 'z', 17000);
    fd = dial(s);
    put(fd, b.data, b.len);
    CHECK(has(read_all(fd), "HTTP/1.1 431 "));
    close(fd);
    buf_clear(&b);
    buf_puts(&b, "GET /");
    memset(buf_grow(&b, 17000), 'z', 17000);
    fd = dial(s);
    put(fd, b.data, b.len);
    CHECK(has(read_all(fd), "HTTP/1.1 431 "));
    close(fd);
    buf_free(&b);
    http_stop(s);
}

TEST(slow_clients)
{
    struct http_server *s = start();
    /* header trickle: refused 500 ms after its first byte, however often a byte comes */
    int fd = dial(s);
    uint64_t t0 = clock_mono_us();
    const char *slow = "GET / HTTP/1.1\r\nHost: abcdefghijklmnopqrstuvwxyz";
    struct pollfd p = {fd, POLLIN, 0};
    for (size_t i = 0; slow[i] && poll(&p, 1, 50) == 0; i++)
        if (send(fd, slow + i, 1, MSG_NOSIGNAL) != 1)
            break;
    CHECK(has(read_all(fd), "HTTP/1.1 408 "));
    CHECK(clock_mono_us() - t0 < 3000000);
    close(fd);
    /* body trickle */
    fd = dial(s);
    t0 = clock_mono_us();
    puts_fd(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    p.fd = fd;
    for (int i = 0; i < 100 && poll(&p, 1, 50) == 0; i++)
        if (send(fd, "x", 1, MSG_NOSIGNAL) != 1)
            break;
    CHECK(has(read_all(fd), "HTTP/1.1 408 "));
    CHECK(clock_mono_us() - t0 < 3000000);
    close(fd);
    /* a client that asks for much and reads nothing is dropped */
    fd = dial(s);
    for (int i = 0; i < 30; i++)
        puts_fd(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    usleep(1500000);
    struct http_stats stats;
    http_stats(s, &stats);
    CHECK_INT(stats.connections_now, 0);
    CHECK(stats.connections == 3);
    CHECK(stats.bytes_in > 100 && stats.bytes_out > 100);
    close(fd);
    http_stop(s);
}

#define WS_REQUEST(path)                                                                        \
    "GET " path " HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade" \
    "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

static int ws_dial(const struct http_server *s)
{
    int fd = dial(s);
    puts_fd(fd, WS_REQUEST("/ws?x=1"));
    /* the example of RFC 6455 sec. 1.3 */
    CHECK(has(read_answer(fd), "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    return fd;
}

static void frame(struct buf *b, unsigned first, const void *data, size_t len, bool mask)
{
    static const uint8_t key[4] = {1, 2, 3, 4};
    buf_put_u8(b, (uint8_t)first);
    uint8_t m = mask ? 0x80 : 0, wide[8];
    if (len < 126) {
        buf_put_u8(b, (uint8_t)(m | len));
    } else if (len < 65536) {
        buf_put_u8(b, m | 126);
        buf_put_u8(b, (uint8_t)(len >> 8));
        buf_put_u8(b, (uint8_t)len);
    } else {
        buf_put_u8(b, m | 127);
        be64_put(wide, len);
        buf_put(b, wide, 8);
    }
    if (mask)
        buf_put(b, key, 4);
    for (size_t i = 0; i < len; i++)
        buf_put_u8(b, ((const uint8_t *)data)[i] ^ (mask ? key[i & 3] : 0));
}

static void send_frame(int fd, unsigned first, const char *text, bool mask)
{
    struct buf b = {0};
    frame(&b, first, text, strlen(text), mask);
    put(fd, b.data, b.len);
    buf_free(&b);
}

/* Reads one frame from the server; returns its first byte, or -1. */
static int read_frame(int fd)
{
    uint8_t head[10];
    if (recv(fd, head, 2, MSG_WAITALL) != 2)
        return -1;
    size_t len = head[1];
    if (len == 126 && recv(fd, head + 2, 2, MSG_WAITALL) == 2)
        len = (size_t)head[2] << 8 | head[3];
    else if (len == 127 && recv(fd, head + 2, 8, MSG_WAITALL) == 8)
        len = (size_t)be64_get(head + 2);
    read_some(fd, len);
    return head[0];
}

static void expect_close(int fd, unsigned code)
{
    CHECK_INT(read_frame(fd), 0x88);
    if (answer_len < 2)
        test_fail(__FILE__, __LINE__, "close without a code, expected %u", code);
    CHECK_INT((uint8_t)answer_text[0] << 8 | (uint8_t)answer_text[1], code);
    CHECK_STR(read_all(fd), "");
    close(fd);
}

static struct http_stats stats_of(const struct http_server *s)
{
    struct http_stats stats;
    http_stats(s, &stats);
    return stats;
}

/* A client that takes a little of its answer now and then is dropped like one that takes nothing.
 */
TEST(trickling_reader)
{
    struct http_server *s = start();
    int fd = dial_window(s, 4096);
    puts_fd(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    unsigned rounds = 0;
    for (; rounds < 100 && (!rounds || stats_of(s).connections_now); rounds++) {
        read_some(fd, 4000);
        usleep(50000);
    }
    CHECK(rounds > 5 && rounds < 60);
    close(fd);
    http_stop(s);
}

/* Answers that nobody reads: beyond the bound others are refused, until the slow are cut off. */
TEST(held_answers_are_bounded)
{
    struct http_config config = test_config();
    config.held_bytes_max = 2u << 20;
    config.body_timeout_ms = 60000;
    config.busy_json = "{\"busy\":true}";
    struct http_server *s = start_with(&config);
    int fds[8], ws = ws_dial(s);
    for (int i = 0; i < 8; i++) {
        fds[i] = dial_window(s, 4096);
        puts_fd(fds[i], "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 100 && stats_of(s).requests < 8; i++)
        usleep(2000);
    usleep(20000);
    CHECK(stats_of(s).bytes_held > config.held_bytes_max);
    CHECK(stats_of(s).bytes_held < 3 * (4u << 20)); /* the bound and an answer per thread */
    int fd = dial(s);
    puts_fd(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(has(read_answer(fd), "HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK(has(answer_text, "application/json"));
    CHECK(has(answer_text, "{\"busy\":true}"));
    send_frame(ws, 0x81, "hello", true);
    CHECK_INT(read_frame(ws), 0x81);
    CHECK_STR(answer_text, "{\"busy\":true}");
    for (int i = 0; i < 40 && stats_of(s).bytes_held > config.held_bytes_max; i++)
        usleep(100000);
    puts_fd(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); /* on the same connection */
    CHECK(has(read_answer(fd), "HTTP/1.1 200 OK\r\n"));
    send_frame(ws, 0x81, "hello", true);
    CHECK_INT(read_frame(ws), 0x81);
    CHECK_STR(answer_text, "echo hello");
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    close(fd);
    close(ws);
    for (int i = 0; i < 100 && stats_of(s).connections_now; i++)
        usleep(10000);
    CHECK_INT(stats_of(s).bytes_held, 0);
    http_stop(s);
}

/* Bodies that do not end count too. */
TEST(held_bodies_are_bounded)
{
    struct http_config config = test_config();
    config.held_bytes_max = 300000;
    config.body_timeout_ms = 60000;
    struct http_server *s = start_with(&config);
    static char part[99000];
    memset(part, 'b', sizeof part);
    int fds[12];
    unsigned refused = 0;
    for (int i = 0; i < 12; i++) {
        fds[i] = dial(s);
        puts_fd(fds[i], "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
        put(fds[i], part, sizeof part);
    }
    for (int i = 0; i < 12; i++) {
        struct pollfd p = {fds[i], POLLIN, 0};
        ssize_t n = poll(&p, 1, 300) == 1 ? recv(fds[i], answer_text, 13, 0) : 0;
        refused += n == 13 && memcmp(answer_text, "HTTP/1.1 503 ", 13) == 0;
    }
    CHECK(refused >= 6);
    CHECK(stats_of(s).bytes_held < 700000);
    for (int i = 0; i < 12; i++)
        close(fds[i]);
    http_stop(s);
}

/* Nor do WebSocket messages. */
TEST(held_messages_are_bounded)
{
    struct http_config config = test_config();
    config.held_bytes_max = 200000;
    config.idle_timeout_ms = 60000;
    struct http_server *s = start_with(&config);
    static char part[90000];
    memset(part, 'm', sizeof part);
    struct buf b = {0};
    frame(&b, 0x01, part, sizeof part, true);
    int fds[12];
    unsigned refused = 0;
    for (int i = 0; i < 12; i++) {
        fds[i] = ws_dial(s);
        put(fds[i], b.data, b.len);
    }
    for (int i = 0; i < 12; i++) {
        struct pollfd p = {fds[i], POLLIN, 0};
        refused += poll(&p, 1, 200) == 1 && read_frame(fds[i]) == 0x88 && answer_len > 2 &&
                   ((uint8_t)answer_text[0] << 8 | (uint8_t)answer_text[1]) == 1013;
    }
    CHECK(refused >= 6);
    CHECK(stats_of(s).bytes_held < 500000);
    for (int i = 0; i < 12; i++)
        close(fds[i]);
    buf_free(&b);
    http_stop(s);
}

/* Requests that came together do not keep others waiting, nor the end. */
TEST(turns)
{
    struct http_config config = test_config();
    config.threads = 1;
    struct http_server *s = start_with(&config);
    struct buf b = {0};
    for (int i = 0; i < 200; i++)
        buf_putf(&b, "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n%04d", i);
    int slow = dial(s), fd = dial(s);
    put(slow, b.data, b.len);
    usleep(50000);
    uint64_t t0 = clock_mono_us();
    puts_fd(fd, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(has(read_answer(fd), "GET /quick"));
    CHECK(clock_mono_us() - t0 < 1000000);
    for (int i = 0; i < 20; i++) {
        char want[8];
        snprintf(want, sizeof want, "[%04d]", i);
        CHECK(has(read_answer(slow), want));
    }
    t0 = clock_mono_us();
    http_stop(s);
    CHECK(clock_mono_us() - t0 < 3000000);
    close(slow);
    close(fd);
    buf_free(&b);
}

TEST(idle_is_closed)
{
    struct http_server *s = NULL;
    struct http_config config = test_config();
    config.idle_timeout_ms = 300;
    CHECK_ERR(http_start(&s, &config, NULL), E_OK);
    int fd = dial(s);
    puts_fd(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(has(read_answer(fd), "200 OK"));
    uint64_t t0 = clock_mono_us();
    CHECK_STR(read_all(fd), "");
    CHECK(clock_mono_us() - t0 > 200000 && clock_mono_us() - t0 < 2000000);
    close(fd);
    http_stop(s);
}

TEST(connections_are_bounded_and_spread)
{
    struct http_server *s = start();
    int fds[50];
    for (int i = 0; i < 4; i++)
        atomic_store(&thread_seen[i], 0);
    for (int i = 0; i < 50; i++) {
        fds[i] = dial(s);
        puts_fd(fds[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(has(read_answer(fds[i]), "200 OK"));
    }
    CHECK_INT(atomic_load(&thread_seen[0]), 25);
    CHECK_INT(atomic_load(&thread_seen[1]), 25);
    int extra = dial(s);
    CHECK(has(read_all(extra), "HTTP/1.1 503 "));
    close(extra);
    for (int i = 0; i < 50; i++)
        close(fds[i]);
    http_stop(s);
}

TEST(half_close_and_stop)
{
    struct http_server *s = start();
    int fd = dial(s);
    puts_fd(fd, "GET /h HTTP/1.1\r\nHost: x\r\n\r\n");
    shutdown(fd, SHUT_WR);
    CHECK(has(read_all(fd), "GET /h"));
    close(fd);
    fd = dial(s);
    puts_fd(fd, "GET /partial HTT");
    shutdown(fd, SHUT_WR);
    CHECK_STR(read_all(fd), "");
    close(fd);
    /* what was received before the stop is answered */
    fd = dial(s);
    puts_fd(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
    read_answer(fd);
    puts_fd(fd, "GET /two HTTP/1.1\r\nHost: x\r\n\r\n");
    http_stop(s);
    CHECK(has(read_all(fd), "GET /two"));
    close(fd);
}

TEST(start_errors)
{
    struct http_server *s = start(), *other = NULL;
    struct http_config config = test_config();
    struct diag d = {{0}};
    config.port = http_port(s);
    CHECK_ERR(http_start(&other, &config, &d), E_IO);
    CHECK(has(d.text, "in use"));
    config.port = 0;
    config.host = "no.such.host.invalid";
    CHECK_ERR(http_start(&other, &config, &d), E_IO);
    http_stop(s);
    http_stop(NULL);
}

/* --- WebSocket -------------------------------------------------------------------------------- */

TEST(ws_messages)
{
    struct http_server *s = start();
    unsigned closed = atomic_load(&ws_closed);
    int fd = ws_dial(s);
    send_frame(fd, 0x81, "hello", true);
    CHECK_INT(read_frame(fd), 0x81);
    CHECK_STR(answer_text, "echo hello");
    /* fragments with a ping between them */
    send_frame(fd, 0x01, "frag", true);
    send_frame(fd, 0x89, "p", true);
    send_frame(fd, 0x00, "men", true);
    send_frame(fd, 0x80, "ted \xc3\xa9", true);
    CHECK_INT(read_frame(fd), 0x8a);
    CHECK_STR(answer_text, "p");
    CHECK_INT(read_frame(fd), 0x81);
    CHECK_STR(answer_text, "echo fragmented \xc3\xa9");
    /* a burst in one write, the first without a reply */
    struct buf b = {0};
    frame(&b, 0x81, "silent", 6, true);
    for (int i = 0; i < 1000; i++)
        frame(&b, 0x81, "x", 1, true);
    put(fd, b.data, b.len);
    for (int i = 0; i < 1000; i++) {
        REQUIRE(read_frame(fd) == 0x81);
        CHECK_STR(answer_text, "echo x");
    }
    /* 70 000 bytes at once, both ways */
    char *big = mem_zalloc(70001, 1);
    memset(big, 'q', 70000);
    buf_clear(&b);
    frame(&b, 0x81, big, 70000, true);
    put(fd, b.data, b.len);
    CHECK_INT(read_frame(fd), 0x81);
    CHECK_INT(answer_len, 70005);
    mem_free(big);
    buf_free(&b);
    send_frame(fd, 0x88, "\x03\xe8", true); /* 1000 */
    expect_close(fd, 1000);
    usleep(50000);
    CHECK_INT(atomic_load(&ws_closed), closed + 1);
    http_stop(s);
}

TEST(ws_refusals)
{
    struct http_server *s = start();
    static const char max[] = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
                              "Upgrade\r\nSec-WebSocket-Key: ";
    char request[512];
    expect_status(s, WS_REQUEST("/refused"), 404);
    snprintf(request, sizeof request,
             "%sdGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n", max);
    expect_status(s, request, 426);
    snprintf(request, sizeof request, "%sshort\r\nSec-WebSocket-Version: 13\r\n\r\n", max);
    expect_status(s, request, 400);
    snprintf(request, sizeof request,
             "%sdGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nContent-Length: "
             "2\r\n\r\nab",
             max);
    expect_status(s, request, 400);
    /* another protocol is ignored: an ordinary answer */
    int fd = dial(s);
    puts_fd(fd,
            "GET /h2c HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n");
    CHECK(has(read_all(fd), "GET /h2c"));
    close(fd);
    http_stop(s);
}

TEST(ws_protocol_errors)
{
    struct http_server *s = start();
    int fd = ws_dial(s);
    send_frame(fd, 0x81, "unmasked", false);
    expect_close(fd, 1002);
    fd = ws_dial(s);
    send_frame(fd, 0x81, "\xff\xfe", true);
    expect_close(fd, 1007);
    fd = ws_dial(s);
    send_frame(fd, 0xc1, "rsv", true);
    expect_close(fd, 1002);
    fd = ws_dial(s);
    send_frame(fd, 0x83, "opcode", true);
    expect_close(fd, 1002);
    fd = ws_dial(s);
    send_frame(fd, 0x80, "continuation of nothing", true);
    expect_close(fd, 1002);
    fd = ws_dial(s);
    send_frame(fd, 0x09, "fragmented ping", true);
    CHECK_INT(read_frame(fd), 0x88); /* wslay closes without a code here */
    CHECK_STR(read_all(fd), "");
    close(fd);
    fd = ws_dial(s);
    send_frame(fd, 0x82, "binary", true);
    expect_close(fd, 1003);
    fd = ws_dial(s);
    put(fd, "\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff\x01\x02\x03\x04x", 15);
    expect_close(fd, 1009);
    /* many fragments must not add up to more than one message may have */
    fd = ws_dial(s);
    struct buf b = {0};
    char part[10000];
    memset(part, 'a', sizeof part);
    for (int i = 0; i < 11; i++)
        frame(&b, i ? 0x00 : 0x01, part, sizeof part, true);
    put(fd, b.data, b.len);
    buf_free(&b);
    expect_close(fd, 1009);
    http_stop(s);
}

/* A message in more frames than it needs holds much for every byte. */
TEST(ws_fragments)
{
    struct http_server *s = start();
    struct buf b = {0};
    for (int extra = 0; extra < 2; extra++) {
        int fd = ws_dial(s);
        buf_clear(&b);
        frame(&b, 0x01, "f", 1, true);
        for (int i = 0; i < 998 + extra; i++) {
            frame(&b, 0x00, "r", 1, true);
            if (i % 100 == 0)
                frame(&b, 0x8a, "pong", 4, true); /* is none of them */
        }
        frame(&b, 0x80, "g", 1, true);
        put(fd, b.data, b.len / 3);
        usleep(20000); /* cut within a frame's head */
        put(fd, b.data + b.len / 3, b.len - b.len / 3);
        if (extra) {
            expect_close(fd, 1009);
        } else {
            CHECK_INT(read_frame(fd), 0x81);
            CHECK_INT(answer_len, 1005);
            close(fd);
        }
    }
    buf_free(&b);
    http_stop(s);
}

/* Small requests of one write for large answers: no more of them is answered than is read. */
TEST(ws_unread_answers)
{
    struct http_config config = test_config();
    config.body_timeout_ms = 5000;
    struct http_server *s = start_with(&config);
    int fd = ws_dial(s);
    struct buf b = {0};
    for (int i = 0; i < 20; i++) {
        frame(&b, 0x81, "big", 3, true);
        frame(&b, 0x89, "p", 1, true);
    }
    uint64_t before = stats_of(s).requests;
    put(fd, b.data, b.len);
    usleep(200000);
    CHECK(stats_of(s).requests - before < 10); /* the sockets' own buffers take some */
    CHECK(stats_of(s).bytes_held < 3u << 20);
    unsigned answers = 0, pongs = 0;
    for (int i = 0; i < 40; i++) {
        int first = read_frame(fd);
        answers += first == 0x81 && answer_len == 1u << 20;
        pongs += first == 0x8a && answer_len == 1;
    }
    CHECK_INT(answers, 20);
    CHECK_INT(pongs, 20);
    close(fd);
    buf_free(&b);
    http_stop(s);
}

static void *push_many(void *arg)
{
    struct http_ws *ws = arg;
    for (int i = 0; i < 1000; i++)
        http_ws_send(ws, bytes_str("pushed from another thread"));
    return NULL;
}

TEST(ws_push)
{
    struct http_server *s = start();
    int fd = ws_dial(s);
    struct http_ws *ws = atomic_load(&last_ws);
    REQUIRE(ws);
    pthread_t id[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&id[i], NULL, push_many, ws);
    for (int i = 0; i < 3000; i++) {
        REQUIRE(read_frame(fd) == 0x81);
        CHECK_STR(answer_text, "pushed from another thread");
    }
    for (int i = 0; i < 3; i++)
        pthread_join(id[i], NULL);
    /* a reader that stopped reading is cut off, the sender never waits */
    static char big[1u << 20];
    memset(big, 'b', sizeof big);
    unsigned closed = atomic_load(&ws_closed);
    for (int i = 0; i < 40 && atomic_load(&ws_closed) == closed; i++) {
        http_ws_send(ws, bytes_of(big, sizeof big));
        usleep(1000);
    }
    for (int i = 0; i < 300 && atomic_load(&ws_closed) == closed; i++)
        usleep(10000);
    CHECK_INT(atomic_load(&ws_closed), closed + 1);
    close(fd);
    /* the server says goodbye */
    fd = ws_dial(s);
    http_stop(s);
    expect_close(fd, 1001);
}

TEST(ws_ping_when_idle)
{
    struct http_server *s = NULL;
    struct http_config config = test_config();
    config.idle_timeout_ms = 200;
    CHECK_ERR(http_start(&s, &config, NULL), E_OK);
    int fd = ws_dial(s);
    CHECK_INT(read_frame(fd), 0x89);
    send_frame(fd, 0x8a, "", true); /* pong: it lives on */
    CHECK_INT(read_frame(fd), 0x89);
    CHECK_INT(read_frame(fd), -1); /* no pong: closed */
    close(fd);
    http_stop(s);
}
