/* WebSocket (RFC 6455) over a connection: wslay reads and writes frames, masks, joins fragments,
 * checks UTF-8, answers pings and runs the closing handshake. */
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/conn.h"

#define FRAME_BYTES 128      /* what wslay needs for a frame of a message, beside its payload */
#define TRY_AGAIN_LATER 1013 /* IANA's registry of close codes */

static void refuse(struct http_ws *ws, uint16_t code, const char *reason)
{
    (void)wslay_event_queue_close(ws->wslay, code, (const uint8_t *)reason, strlen(reason));
    wslay_event_shutdown_read(ws->wslay);
}

/* head_bytes: how long the frame's head is, as far as its first two bytes tell. */
static unsigned head_bytes(const struct http_ws *ws)
{
    if (ws->head_len < 2)
        return 2;
    unsigned len = ws->head[1] & 0x7f;
    return 2 + (len == 126 ? 2 : len == 127 ? 8 : 0) + (ws->head[1] & 0x80 ? 4 : 0);
}

/* head_whole begins a frame: its length, and its message's count of fragments. */
static void head_whole(struct http_ws *ws)
{
    unsigned len = ws->head[1] & 0x7f, opcode = ws->head[0] & 0x0f;
    ws->left = len < 126    ? len
               : len == 126 ? (uint64_t)ws->head[2] << 8 | ws->head[3]
                            : be64_get(ws->head + 2);
    ws->head_len = 0;
    ws->control = opcode >= 8;
    if (ws->control)
        return; /* they come between fragments */
    if (opcode) {
        ws->fragments = 0;
        ws->message_bytes = 0;
    }
    ws->message_bytes += FRAME_BYTES;
    if (++ws->fragments > LIMIT_RPC_FRAGMENTS)
        refuse(ws, WSLAY_CODE_MESSAGE_TOO_BIG, "too many fragments");
}

/* move copies what is both asked for and there. */
static size_t move(struct http_ws *ws, uint8_t *to, uint64_t want)
{
    size_t n = want < ws->in.len ? (size_t)want : ws->in.len;
    if (n)
        memcpy(to, ws->in.data, n);
    ws->in.data += n;
    ws->in.len -= n;
    return n;
}

static bool may_read(struct http_conn *c)
{
    if (c->ws.left == 0 && c->ws.head_len == 0) /* what the last frame brought, a pong too */
        (void)wslay_event_send(c->ws.wslay);
    return !c->yielded_us && conn_unsent(c) <= CONN_OUT_PAUSE;
}

/* on_recv hands over the rest of one frame at most. */
static ssize_t on_recv(wslay_event_context_ptr w, uint8_t *buf, size_t len, int flags, void *ctx)
{
    struct http_conn *c = ctx;
    struct http_ws *ws = &c->ws;
    size_t n = 0;
    (void)flags;
    if (may_read(c)) {
        while (ws->left == 0 && n < len && ws->in.len) {
            n += move(ws, buf + n, 1);
            ws->head[ws->head_len++] = buf[n - 1];
            if (ws->head_len == head_bytes(ws)) {
                head_whole(ws);
                break;
            }
        }
        size_t payload = move(ws, buf + n, ws->left < len - n ? ws->left : len - n);
        ws->left -= payload;
        ws->message_bytes += ws->control ? 0 : payload;
        n += payload;
        if (ws->message_bytes > CONN_COUNT_BYTES && loop_crowded(c->loop, 4))
            refuse(ws, TRY_AGAIN_LATER, "too much is held");
    }
    if (n == 0 || !wslay_event_get_read_enabled(w)) {
        wslay_event_set_error(w, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
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

static void on_message(wslay_event_context_ptr w, const struct wslay_event_on_msg_recv_arg *m,
                       void *ctx)
{
    struct http_conn *c = ctx;
    struct http_loop *l = c->loop;
    (void)w;
    if (!wslay_is_ctrl_frame(m->opcode))
        c->ws.message_bytes = 0;
    if (m->opcode == WSLAY_BINARY_FRAME) {
        refuse(&c->ws, WSLAY_CODE_UNSUPPORTED_DATA, "text messages only");
        return;
    }
    if (m->opcode != WSLAY_TEXT_FRAME)
        return;
    atomic_fetch_add_explicit(&l->requests, 1, memory_order_relaxed);
    buf_clear(&l->reply);
    if (!loop_crowded(l, 4))
        l->config->ws_message(l->config->ctx, l->thread, &c->ws, bytes_of(m->msg, m->msg_length),
                              &l->reply);
    else if (l->config->busy_json)
        buf_puts(&l->reply, l->config->busy_json);
    if (l->reply.len)
        queue_text(&c->ws, buf_view(&l->reply));
    if (l->reply.cap > LOOP_KEEP_BYTES)
        buf_free(&l->reply);
    if (loop_turn_over(l))
        c->yielded_us = l->turn_us;
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

static void uncount_pending(struct http_ws *ws, size_t len)
{
    atomic_fetch_sub_explicit(ws->conn->loop->held, len, memory_order_relaxed);
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
    uncount_pending(ws, taken.len);
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
    if (taken.cap > LOOP_KEEP_BYTES)
        buf_free(&l->pushes);
    else
        buf_clear(&l->pushes);
    settle(c);
    conn_count(c);
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
    uncount_pending(&c->ws, c->ws.pending.len);
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
        size_t waiting = ws->pending.len + text.len;
        if (waiting > CONN_WS_WAITING_MAX ||
            (ws->pending.len && waiting > CONN_WS_CROWDED && loop_crowded(l, 4))) {
            ws->overflow = true;
            uncount_pending(ws, ws->pending.len);
            buf_free(&ws->pending);
        } else {
            atomic_fetch_add_explicit(l->held, sizeof len + text.len, memory_order_relaxed);
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
