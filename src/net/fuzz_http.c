/* The parser of HTTP and WebSocket input, fed from memory as a socket would: the first byte
 * chooses how the rest is cut into reads, and whether the connection begins as a WebSocket (the
 * rest are frames then, which are masked here: a fuzzer would spend its time on masks otherwise).
 */
#include "net/conn.h"

#include <stdlib.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void loop_wake(struct http_loop *l);

static void on_request(void *ctx, unsigned thread, const struct http_request *in,
                       struct http_response *out)
{
    (void)ctx;
    (void)thread;
    /* everything a handler may look at is touched, so that a sanitizer sees wild views */
    size_t sum = strlen(in->method) + strlen(in->path) + strlen(in->query) +
                 strlen(in->content_type) + strlen(in->accept_language);
    const char *custom = http_header(in, "x-custom");
    sum += custom ? strlen(custom) : 0;
    for (size_t i = 0; i < in->body.len; i++)
        sum += in->body.data[i];
    buf_putf(out->body, "%zu", sum);
    if (in->path[1] == 'B')
        memset(buf_grow(out->body, 300u << 10), 'b', 300u << 10);
}

static bool on_open(void *ctx, struct http_ws *ws, const char *path)
{
    (void)ctx;
    http_ws_set_data(ws, ws);
    return path[0] == '/' && path[1] != 'N';
}

static void on_message(void *ctx, unsigned thread, struct http_ws *ws, struct bytes text,
                       struct buf *reply)
{
    (void)ctx;
    (void)thread;
    if (http_ws_data(ws) != ws)
        abort();
    buf_put(reply, text.data, text.len);
    http_ws_send(ws, text);
}

static void on_close(void *ctx, struct http_ws *ws)
{
    (void)ctx;
    (void)ws;
}

static void feed(struct http_conn *c, const uint8_t *data, size_t len, size_t step, bool drain)
{
    for (size_t at = 0; at < len && c->state != CONN_CLOSE; at += step) {
        size_t n = len - at < step ? len - at : step;
        conn_feed(c, data + at, n);
        if (c->ws.queued) {
            c->loop->dirty = NULL;
            c->ws.queued = false;
            ws_pump(c);
        }
        if (drain) {
            buf_clear(&c->out);
            conn_resume(c);
        }
    }
}

/* Splits data into frames (first byte, length byte, payload) and masks them. */
static void as_frames(struct buf *out, const uint8_t *data, size_t len)
{
    while (len >= 2) {
        size_t n = data[1] & 0x7f;
        if (n > 125)
            n = 125;
        if (n > len - 2)
            n = len - 2;
        buf_put_u8(out, data[0]);
        buf_put_u8(out, (uint8_t)(n | (data[1] & 0x80 ? 0 : 0x80)));
        if (!(data[1] & 0x80))
            buf_put(out, "\0\0\0\0", 4);
        buf_put(out, data + 2, n);
        data += 2 + n;
        len -= 2 + n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char upgrade[] =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    static const struct http_config config = {.host = "memory",
                                              .threads = 1,
                                              .body_bytes_max = 4096,
                                              .request = on_request,
                                              .ws_open = on_open,
                                              .ws_message = on_message,
                                              .ws_close = on_close,
                                              .cors_origin = "*",
                                              .header_timeout_ms = 1000,
                                              .body_timeout_ms = 1000,
                                              .idle_timeout_ms = 1000};
    if (size < 1)
        return 0;
    static const size_t steps[4] = {SIZE_MAX / 2, 1, 7, 100};
    struct http_loop loop;
    loop_init(&loop, &config, 0);
    struct http_conn *c = conn_new(&loop, -1);
    if (data[0] & 4) {
        struct buf frames = {0};
        conn_feed(c, (const uint8_t *)upgrade, sizeof upgrade - 1);
        ASSERT(c->state == CONN_WS);
        as_frames(&frames, data + 1, size - 1);
        feed(c, frames.data, frames.len, steps[data[0] & 3], data[0] & 8);
        buf_free(&frames);
    } else {
        feed(c, data + 1, size - 1, steps[data[0] & 3], data[0] & 8);
    }
    conn_eof(c);
    buf_clear(&c->out);
    conn_resume(c);
    conn_expire(c);
    conn_free(c);
    loop_fini(&loop);
    return 0;
}
