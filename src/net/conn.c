#include "net/conn.h"

#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

/* --- answers ---------------------------------------------------------------------------------- */

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } table[] = {{200, "OK"},
                 {204, "No Content"},
                 {301, "Moved Permanently"},
                 {302, "Found"},
                 {304, "Not Modified"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {408, "Request Timeout"},
                 {413, "Content Too Large"},
                 {415, "Unsupported Media Type"},
                 {417, "Expectation Failed"},
                 {426, "Upgrade Required"},
                 {429, "Too Many Requests"},
                 {431, "Request Header Fields Too Large"},
                 {500, "Internal Server Error"},
                 {501, "Not Implemented"},
                 {503, "Service Unavailable"},
                 {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].status == status)
            return table[i].reason;
    return "Status";
}

static void put_decimal(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t n = 0;
    do
        digits[sizeof digits - ++n] = (char)('0' + v % 10);
    while (v /= 10);
    buf_put(b, digits + sizeof digits - n, n);
}

static void put_date(struct http_loop *l, struct buf *out)
{
    uint64_t now = clock_unix_s();
    if (now != l->date_s || !l->date[0]) {
        time_t t = (time_t)now;
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(l->date, sizeof l->date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
        l->date_s = now;
    }
    buf_puts(out, l->date);
}

/* put_head appends status line and headers up to the empty line. */
static void put_head(struct http_conn *c, const struct http_response *r, size_t len, bool keep)
{
    struct buf *out = &c->out;
    buf_reserve(out, 512 + len);
    if (r->status == 200) {
        buf_puts(out, "HTTP/1.1 200 OK\r\n");
    } else {
        buf_puts(out, "HTTP/1.1 ");
        put_decimal(out, (uint64_t)r->status);
        buf_put_u8(out, ' ');
        buf_puts(out, reason_of(r->status));
        buf_puts(out, "\r\n");
    }
    put_date(c->loop, out);
    if (r->content_type) {
        buf_puts(out, "Content-Type: ");
        buf_puts(out, r->content_type);
        buf_puts(out, "\r\n");
    }
    if (r->status != 204 && r->status != 304) {
        buf_puts(out, "Content-Length: ");
        put_decimal(out, len);
        buf_puts(out, "\r\n");
    }
    if (c->loop->config->cors_origin) {
        buf_puts(out, "Access-Control-Allow-Origin: ");
        buf_puts(out, c->loop->config->cors_origin);
        buf_puts(out, "\r\n");
    }
    buf_puts(out, r->extra_headers);
    if (!keep)
        buf_puts(out, "Connection: close\r\n");
    else if (c->parser.http_major == 1 && c->parser.http_minor == 0)
        buf_puts(out, "Connection: keep-alive\r\n");
    buf_puts(out, "\r\n");
}

/* answer_busy: too much is held for one more answer. */
static void answer_busy(struct http_conn *c, bool keep)
{
    const char *json = c->loop->config->busy_json, *text = json ? json : "Service Unavailable\n";
    struct http_response r = {
        .status = 503, .content_type = json ? "application/json" : "text/plain; charset=utf-8"};
    snprintf(r.extra_headers, sizeof r.extra_headers, "Retry-After: 1\r\n");
    bool is_head = c->parser.method == HTTP_HEAD;
    put_head(c, &r, strlen(text), keep);
    if (!is_head)
        buf_puts(&c->out, text);
}

void conn_fail(struct http_conn *c, int status)
{
    struct http_response r = {.status = status, .content_type = "text/plain; charset=utf-8"};
    if (status == 426)
        snprintf(r.extra_headers, sizeof r.extra_headers, "Sec-WebSocket-Version: 13\r\n");
    buf_free(&c->body);
    c->state = CONN_CLOSE;
    if (status == 503) {
        answer_busy(c, false);
        return;
    }
    const char *reason = reason_of(status);
    put_head(c, &r, strlen(reason) + 1, false);
    buf_puts(&c->out, reason);
    buf_put_u8(&c->out, '\n');
}

static void answer_options(struct http_conn *c, bool keep)
{
    struct http_response r = {.status = 204};
    const char *text = c->loop->config->cors_origin
                           ? "Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"
                             "Access-Control-Allow-Headers: content-type, authorization\r\n"
                             "Access-Control-Max-Age: 600\r\n"
                           : "Allow: GET, HEAD, POST, OPTIONS\r\n";
    snprintf(r.extra_headers, sizeof r.extra_headers, "%s", text);
    put_head(c, &r, 0, keep);
}

/* split_target cuts the query off and reduces an absolute-form target to its path. */
static const char *split_target(struct http_conn *c, const char **query_out)
{
    char *path = (char *)c->head.text.data;
    *query_out = "";
    if (*path != '/' && *path != '*') {
        struct http_parser_url u;
        http_parser_url_init(&u);
        if (http_parser_parse_url(path, strlen(path), 0, &u) != 0)
            return NULL;
        if (!(u.field_set & 1 << UF_PATH))
            return "/";
        path += u.field_data[UF_PATH].off;
    }
    char *fragment = strchr(path, '#');
    if (fragment)
        *fragment = 0;
    char *mark = strchr(path, '?');
    if (mark) {
        *mark = 0;
        *query_out = mark + 1;
    }
    return path;
}

static void answer(struct http_conn *c, bool keep)
{
    struct http_loop *l = c->loop;
    atomic_fetch_add_explicit(&l->requests, 1, memory_order_relaxed);
    if (c->parser.method == HTTP_OPTIONS) {
        answer_options(c, keep);
        return;
    }
    if (loop_crowded(l, 4)) {
        answer_busy(c, keep);
        return;
    }
    struct http_request in;
    bool is_head = c->parser.method == HTTP_HEAD;
    in.method = is_head ? "GET" : http_method_str((enum http_method)c->parser.method);
    in.path = split_target(c, &in.query);
    if (!in.path) {
        conn_fail(c, 400);
        return;
    }
    in.body = buf_view(&c->body);
    in.content_type = head_at(&c->head, c->head.content_type);
    in.accept_language = head_at(&c->head, c->head.accept_language);
    in.head = &c->head;
    struct http_response out;
    out.status = 200;
    out.content_type = NULL;
    out.body = &l->reply;
    out.extra_headers[0] = 0;
    buf_clear(&l->reply);
    l->config->request(l->config->ctx, l->thread, &in, &out);
    put_head(c, &out, l->reply.len, keep);
    if (!is_head && out.status != 204 && out.status != 304)
        buf_put(&c->out, l->reply.data, l->reply.len);
    if (l->reply.cap > LOOP_KEEP_BYTES)
        buf_free(&l->reply);
}

/* --- http-parser's callbacks ------------------------------------------------------------------ */

static int on_begin(http_parser *p)
{
    struct http_conn *c = p->data;
    c->phase = PHASE_HEAD;
    c->deadline_ms = c->loop->now_ms + c->loop->config->header_timeout_ms;
    head_reset(&c->head);
    buf_clear(&c->body);
    c->body_mark = 0;
    return 0;
}

static int on_url(http_parser *p, const char *at, size_t len)
{
    head_target(&((struct http_conn *)p->data)->head, at, len);
    return 0;
}

static int on_field(http_parser *p, const char *at, size_t len)
{
    struct http_conn *c = p->data;
    if (c->phase == PHASE_HEAD) /* trailers of a chunked body are ignored */
        head_name(&c->head, at, len);
    return 0;
}

static int on_value(http_parser *p, const char *at, size_t len)
{
    struct http_conn *c = p->data;
    if (c->phase == PHASE_HEAD)
        head_value(&c->head, at, len);
    return 0;
}

/* head_fault: the status with which this head is refused, or 0. Anything that could make two
 * parsers disagree about where the request ends is refused (RFC 9112 sec. 6.3, 11.2). */
static int head_fault(const struct http_conn *c)
{
    const struct conn_head *h = &c->head;
    const http_parser *p = &c->parser;
    bool has_length = h->lengths > 0;
    if (p->http_major != 1 || p->http_minor > 1)
        return 505;
    if (h->bad || h->lengths > 1 || h->hosts > 1 || (h->hosts == 0 && p->http_minor == 1))
        return 400;
    if (h->codings && (has_length || p->http_minor == 0))
        return 400;
    if (h->codings && (h->codings > 1 || strcasecmp(head_at(h, h->coding), "chunked") != 0 ||
                       !(p->flags & F_CHUNKED)))
        return 501;
    if (p->method == HTTP_CONNECT)
        return 501;
    if (has_length && p->content_length != UINT64_MAX &&
        p->content_length > c->loop->config->body_bytes_max)
        return 413;
    if (h->expect && strcasecmp(head_at(h, h->expect), "100-continue") != 0)
        return 417;
    return 0;
}

static int on_head(http_parser *p)
{
    struct http_conn *c = p->data;
    head_end(&c->head);
    c->fail_status = head_fault(c);
    if (c->fail_status)
        return -1;
    /* other protocols than WebSocket: the offer is ignored, as RFC 9110 sec. 7.8 allows */
    if (p->upgrade && strcasecmp(head_at(&c->head, c->head.upgrade), "websocket") != 0)
        p->upgrade = 0;
    if (p->upgrade && (c->head.lengths || c->head.codings)) {
        c->fail_status = 400;
        return -1;
    }
    bool has_body =
        p->flags & F_CHUNKED || (p->content_length > 0 && p->content_length != UINT64_MAX);
    if (c->head.expect && has_body && p->http_minor == 1)
        buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
    if (has_body && !(p->flags & F_CHUNKED))
        buf_reserve(&c->body, p->content_length < 65536 ? (size_t)p->content_length : 65536);
    c->phase = PHASE_BODY;
    c->deadline_ms = c->loop->now_ms + c->loop->config->body_timeout_ms;
    return 0;
}

static int on_body(http_parser *p, const char *at, size_t len)
{
    struct http_conn *c = p->data;
    if (c->body.len + len > c->loop->config->body_bytes_max) {
        c->fail_status = 413;
        return -1;
    }
    if (c->body.len + len > CONN_COUNT_BYTES && loop_crowded(c->loop, 4)) {
        c->fail_status = 503;
        return -1;
    }
    buf_put(&c->body, at, len);
    if (c->body.len - c->body_mark >= 1024) { /* a byte now and then is no progress */
        c->body_mark = c->body.len;
        c->deadline_ms = c->loop->now_ms + c->loop->config->body_timeout_ms;
    }
    return 0;
}

static int on_complete(http_parser *p)
{
    struct http_conn *c = p->data;
    c->phase = PHASE_IDLE;
    c->deadline_ms = c->loop->now_ms + c->loop->config->idle_timeout_ms;
    if (p->upgrade)
        return 0; /* conn_run answers the handshake */
    bool keep = http_should_keep_alive(p) != 0;
    answer(c, keep);
    if (!keep)
        c->state = CONN_CLOSE;
    if (c->body.cap > CONN_KEEP_BYTES)
        buf_free(&c->body);
    else
        buf_clear(&c->body);
    bool over = loop_turn_over(c->loop);
    if (over)
        c->yielded_us = c->loop->turn_us;
    if (c->state != CONN_HTTP || over || conn_unsent(c) > CONN_OUT_PAUSE) {
        http_parser_pause(p, 1);
        c->paused = true;
    }
    return 0;
}

static const http_parser_settings settings = {.on_message_begin = on_begin,
                                              .on_url = on_url,
                                              .on_header_field = on_field,
                                              .on_header_value = on_value,
                                              .on_headers_complete = on_head,
                                              .on_body = on_body,
                                              .on_message_complete = on_complete};

static int status_of(const struct http_conn *c)
{
    if (c->fail_status)
        return c->fail_status;
    switch (HTTP_PARSER_ERRNO(&c->parser)) {
    case HPE_HEADER_OVERFLOW:
        return 431;
    case HPE_INVALID_METHOD:
        return 501;
    case HPE_INVALID_VERSION:
        return 505;
    default:
        return 400;
    }
}

/* --- what is held ----------------------------------------------------------------------------- */

bool loop_turn_over(const struct http_loop *l)
{
    return l->turn_us && clock_mono_us() - l->turn_us > TURN_US;
}

bool loop_crowded(const struct http_loop *l, unsigned quarters)
{
    size_t max = l->config->held_bytes_max;
    return max && atomic_load_explicit(l->held, memory_order_relaxed) / quarters > max / 4;
}

static size_t held_by(const struct buf *b)
{
    return b->len < CONN_COUNT_BYTES ? b->len : b->cap;
}

static void set_counted(struct http_conn *c, size_t now)
{
    if (now > c->counted)
        atomic_fetch_add_explicit(c->loop->held, now - c->counted, memory_order_relaxed);
    else
        atomic_fetch_sub_explicit(c->loop->held, c->counted - now, memory_order_relaxed);
    if (!c->counted) {
        c->counted_ms = c->loop->now_ms;
        c->moved_bytes = 0;
    }
    c->counted = now;
}

void conn_count(struct http_conn *c)
{
    size_t now = held_by(&c->body) + held_by(&c->in) + held_by(&c->out) + c->ws.message_bytes;
    if (now < CONN_COUNT_BYTES)
        now = 0; /* small requests touch no cache line that the loops share */
    if (now != c->counted && !c->dead)
        set_counted(c, now);
}

void conn_uncount(struct http_conn *c)
{
    if (c->counted)
        set_counted(c, 0);
}

/* --- feeding ---------------------------------------------------------------------------------- */

static void unpause(struct http_conn *c)
{
    c->paused = false;
    http_parser_pause(&c->parser, 0);
}

/* run consumes what it can and returns how much; less than len only when paused. */
static size_t run(struct http_conn *c, const uint8_t *data, size_t len)
{
    size_t at = 0;
    c->yielded_us = 0;
    while (at < len && c->state == CONN_HTTP && !c->paused) {
        at += http_parser_execute(&c->parser, &settings, (const char *)data + at, len - at);
        if (c->parser.upgrade && HTTP_PARSER_ERRNO(&c->parser) == HPE_OK) {
            const char *query;
            if (split_target(c, &query))
                ws_upgrade(c);
            else
                conn_fail(c, 400);
        } else if (HTTP_PARSER_ERRNO(&c->parser) != HPE_OK && !c->paused) {
            conn_fail(c, status_of(c));
        }
    }
    if (c->state == CONN_WS)
        at += ws_feed(c, data ? data + at : NULL, len - at);
    if (c->state == CONN_CLOSE)
        at = len;
    if (at == len && c->yielded_us) { /* nothing is left for another turn */
        c->yielded_us = 0;
        if (c->state == CONN_HTTP && conn_unsent(c) <= CONN_OUT_PAUSE)
            unpause(c);
    }
    return at;
}

static void keep_rest(struct http_conn *c, const uint8_t *data, size_t len)
{
    buf_clear(&c->in);
    if (len)
        buf_put(&c->in, data, len);
}

void conn_feed(struct http_conn *c, const uint8_t *data, size_t len)
{
    atomic_fetch_add_explicit(&c->loop->bytes_in, len, memory_order_relaxed);
    if (c->state == CONN_CLOSE)
        return;
    if (c->state == CONN_WS)
        c->deadline_ms = c->loop->now_ms + c->loop->config->idle_timeout_ms;
    if (c->in.len) {
        buf_put(&c->in, data, len);
        conn_count(c);
        return; /* paused: conn_resume reads it in order */
    }
    size_t used = run(c, data, len);
    if (used < len)
        keep_rest(c, data + used, len - used);
    c->moved_bytes += len;
    conn_count(c);
}

void conn_resume(struct http_conn *c)
{
    if (conn_unsent(c) > CONN_OUT_PAUSE || c->state == CONN_CLOSE)
        return;
    if (c->state == CONN_HTTP && c->paused)
        unpause(c);
    if (c->in.len) {
        struct buf held = c->in;
        c->in = (struct buf){0};
        size_t used = run(c, held.data, held.len);
        if (used < held.len)
            keep_rest(c, held.data + used, held.len - used);
        buf_free(&held);
    }
    if (c->state == CONN_WS)
        ws_pump(c);
    conn_count(c);
}

void conn_eof(struct http_conn *c)
{
    c->eof = true;
    /* requests that wait behind unsent answers are still answered */
    if (c->state == CONN_WS || !c->paused)
        c->state = CONN_CLOSE;
}

void conn_expire(struct http_conn *c)
{
    if (c->state == CONN_WS && !conn_unsent(c) && !c->pinged) {
        c->pinged = true;
        c->deadline_ms = c->loop->now_ms + c->loop->config->idle_timeout_ms;
        ws_ping(c);
    } else if (c->state == CONN_HTTP && c->phase != PHASE_IDLE && !conn_unsent(c)) {
        conn_fail(c, 408);
        c->deadline_ms = c->loop->now_ms + 1000;
    } else {
        c->dead = true;
    }
}

/* --- life ------------------------------------------------------------------------------------- */

/* http-parser keeps its header limit in one global. */
static void set_limits(void)
{
    http_parser_set_max_header_size(CONN_HEAD_BYTES_MAX);
}

void loop_init(struct http_loop *l, const struct http_config *config, unsigned thread)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_limits);
    *l = (struct http_loop){.config = config, .thread = thread, .epoll_fd = -1, .wake_fd = -1};
    pthread_mutex_init(&l->lock, NULL);
    l->held = &l->held_by_one;
    l->now_ms = clock_mono_us() / 1000;
}

void loop_fini(struct http_loop *l)
{
    buf_free(&l->reply);
    buf_free(&l->pushes);
    mem_free(l->inbox);
    mem_free(l->recv_buf);
    pthread_mutex_destroy(&l->lock);
}

struct http_conn *conn_new(struct http_loop *l, int fd)
{
    struct http_conn *c = mem_zalloc(1, sizeof *c);
    c->loop = l;
    c->fd = fd;
    c->ws.conn = c;
    http_parser_init(&c->parser, HTTP_REQUEST);
    c->parser.data = c;
    c->deadline_ms = l->now_ms + l->config->idle_timeout_ms;
    return c;
}

void conn_free(struct http_conn *c)
{
    ws_end(c);
    conn_uncount(c);
    buf_free(&c->head.text);
    buf_free(&c->body);
    buf_free(&c->in);
    buf_free(&c->out);
    mem_free(c);
}
