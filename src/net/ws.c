/* WebSocket (RFC 6455) over a connection: wslay reads and writes frames, masks, joins fragments,
 * checks UTF-8, answers pings and runs the closing handshake. */
#include <strings.h>

#include "base/mem.h"
#include "net/conn.h"

static ssize_t on_recv(wslay_event_context_ptr w, uint8_t *buf, size_t len, int flags, void *ctx)
{
    struct http_conn *c = ctx;
    (void)flags;
    size_t n = c->ws.in.len < len ? c->ws.in.len : len;
    if (n == 0 || conn_unsent(c) > CONN_OUT_PAUSE) {
        wslay_event_set_error(w, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(buf, c->ws.in.data, n);
    c->ws.in.data += n;
    c->ws.in.len -= n;
    return (ssize_t)n;
}

static ssize_t on_send(wslay_event_context_ptr w, const uint8_t *data, size_t len, int flags,
                       void *ctx)
{
    struct http_conn *c = ctx;
    (void)w;
    (void)flags;
    buf_put(&c->out, data, len);
    return (ssize_t)len;
}

static void queue_text(struct http_ws *ws, struct bytes text)
{
    struct wslay_event_msg m = {WSLAY_TEXT_FRAME, text.data, text.len};
    /* refused only once a close was queued: then nobody reads it any more */
    (void)wslay_event_queue_msg(ws->wslay, &m);
}

static void refuse(struct http_ws *ws, uint16_t code, const char *reason)
{
    (void)wslay_event_queue_close(ws->wslay, code, (const uint8_t *)reason, strlen(reason));
    wslay_event_shutdown_read(ws->wslay);
}

static void on_message(wslay_event_context_ptr w, const struct wslay_event_on_msg_recv_arg *m,
                       void *ctx)
{
    struct http_conn *c = ctx;
    struct http_loop *l = c->loop;
    (void)w;
    if (m->opcode == WSLAY_BINARY_FRAME) {
        refuse(&c->ws, WSLAY_CODE_UNSUPPORTED_DATA, "text messages only");
        return;
    }
    if (m->opcode != WSLAY_TEXT_FRAME)
        return;
    atomic_fetch_add_explicit(&l->requests, 1, memory_order_relaxed);
    buf_clear(&l->reply);
    l->config->ws_message(l->config->ctx, l->thread, &c->ws, bytes_of(m->msg, m->msg_length),
                          &l->reply);
    if (l->reply.len)
        queue_text(&c->ws, buf_view(&l->reply));
    if (l->reply.cap > CONN_KEEP_BYTES * 4)
        buf_free(&l->reply);
    /* into out now, so that on_recv sees how much waits */
    (void)wslay_event_send(c->ws.wslay);
}

/* settle sends what wslay queued and follows its closing handshake. */
static void settle(struct http_conn *c)
{
    wslay_event_context_ptr w = c->ws.wslay;
    if (wslay_event_send(w) != 0 || (!wslay_event_want_read(w) && !wslay_event_want_write(w)) ||
        wslay_event_get_close_sent(w))
        c->state = CONN_CLOSE;
}

size_t ws_feed(struct http_conn *c, const uint8_t *data, size_t len)
{
    c->pinged = false;
    c->ws.in = bytes_of(data, len);
    int rc = wslay_event_recv(c->ws.wslay);
    size_t used = len - c->ws.in.len;
    c->ws.in = (struct bytes){0};
    settle(c);
    if (rc != 0)
        c->state = CONN_CLOSE;
    return used;
}

void ws_pump(struct http_conn *c)
{
    struct http_loop *l = c->loop;
    struct http_ws *ws = &c->ws;
    ws->held = c->state == CONN_WS && conn_unsent(c) > CONN_OUT_PAUSE;
    if (c->state != CONN_WS || ws->held)
        return; /* conn_resume comes back */
    pthread_mutex_lock(&l->lock);
    struct buf taken = ws->pending;
    ws->pending = l->pushes;
    l->pushes = taken;
    bool overflow = ws->overflow;
    pthread_mutex_unlock(&l->lock);
    if (overflow) {
        refuse(ws, WSLAY_CODE_POLICY_VIOLATION, "too slow");
    } else {
        for (size_t at = 0; at < taken.len;) {
            uint32_t len = be32_get(taken.data + at);
            queue_text(ws, bytes_of(taken.data + at + 4, len));
            at += 4 + (size_t)len;
        }
    }
    if (taken.cap > CONN_KEEP_BYTES * 4)
        buf_free(&l->pushes);
    else
        buf_clear(&l->pushes);
    settle(c);
}

void ws_ping(struct http_conn *c)
{
    struct wslay_event_msg m = {WSLAY_PING, NULL, 0};
    (void)wslay_event_queue_msg(c->ws.wslay, &m);
    settle(c);
}

void ws_shut(struct http_conn *c, uint16_t code)
{
    refuse(&c->ws, code, "");
    settle(c);
    c->state = CONN_CLOSE;
}

static bool handshake_ok(struct http_conn *c)
{
    const struct conn_head *h = &c->head;
    if (!c->loop->config->ws_open) {
        conn_fail(c, 404);
    } else if (strcmp(head_at(h, h->ws_version), "13") != 0) {
        conn_fail(c, 426);
    } else if (c->parser.method != HTTP_GET || !ws_key_valid(head_at(h, h->ws_key)) || h->lengths ||
               h->codings) {
        conn_fail(c, 400);
    } else {
        return true;
    }
    return false;
}

bool ws_upgrade(struct http_conn *c)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_recv, .send_callback = on_send, .on_msg_recv_callback = on_message};
    const struct http_config *config = c->loop->config;
    if (!handshake_ok(c))
        return false;
    char accept[29];
    ws_accept_key(accept, head_at(&c->head, c->head.ws_key));
    if (wslay_event_context_server_init(&c->ws.wslay, &callbacks, c) != 0)
        mem_fail(sizeof c->ws);
    wslay_event_config_set_max_recv_msg_length(c->ws.wslay, config->body_bytes_max);
    size_t at = c->out.len;
    buf_putf(&c->out,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             accept);
    c->ws.open = true;
    if (!config->ws_open(config->ctx, &c->ws, (const char *)c->head.text.data)) {
        c->ws.open = false;
        c->out.len = at;
        conn_fail(c, 404);
        return false;
    }
    c->state = CONN_WS;
    return true;
}

void ws_end(struct http_conn *c)
{
    struct http_loop *l = c->loop;
    if (!c->ws.wslay)
        return;
    if (c->ws.open)
        l->config->ws_close(l->config->ctx, &c->ws);
    pthread_mutex_lock(&l->lock);
    c->ws.open = false;
    for (struct http_ws **p = &l->dirty; c->ws.queued && *p; p = &(*p)->next_dirty) {
        if (*p == &c->ws) {
            *p = c->ws.next_dirty;
            break;
        }
    }
    pthread_mutex_unlock(&l->lock);
    buf_free(&c->ws.pending);
    wslay_event_context_free(c->ws.wslay);
    c->ws.wslay = NULL;
}

void http_ws_send(struct http_ws *ws, struct bytes text)
{
    struct http_loop *l = ws->conn->loop;
    uint8_t len[4];
    be32_put(len, (uint32_t)text.len);
    pthread_mutex_lock(&l->lock);
    bool wake = false;
    if (ws->open && !ws->overflow) {
        if (ws->pending.len + text.len > CONN_WS_WAITING_MAX) {
            ws->overflow = true;
            buf_free(&ws->pending);
        } else {
            buf_put(&ws->pending, len, sizeof len);
            buf_put(&ws->pending, text.data, text.len);
        }
        if (!ws->queued) {
            ws->queued = true;
            wake = l->dirty == NULL;
            ws->next_dirty = l->dirty;
            l->dirty = ws;
        }
    }
    pthread_mutex_unlock(&l->lock);
    if (wake)
        loop_wake(l);
}

void *http_ws_data(const struct http_ws *ws)
{
    return ws->data;
}

void http_ws_set_data(struct http_ws *ws, void *data)
{
    ws->data = data;
}
