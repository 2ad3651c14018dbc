/* http: an HTTP/1.1 and WebSocket server on epoll. Knows nothing of chains.
 *
 * Why own   facts: with one keep-alive request per 100 bytes, an epoll loop with http-parser needs
 *           10 to 14 us of CPU per request, libwebsockets 14 to 20 and one service thread only.
 *           Parsing (http-parser) and frames (wslay) are the libraries'; the loop is ours.
 * Threads   config.threads loops, each with its own connections; handlers run on a loop's thread
 *           and must not block for long. http_ws_send may be called from any thread.
 * Limits    header 16 KiB, body config.body_bytes_max, idle and slow-read time-outs, connections. */
#ifndef PARVIS_NET_HTTP_H
#define PARVIS_NET_HTTP_H

#include "base/bytes.h"

struct http_server;
struct http_ws; /* one WebSocket connection */

struct http_request {
    const char *method;      /* "GET", "POST" ... */
    const char *path;        /* without the query */
    const char *query;       /* "" if none */
    struct bytes body;
    const char *content_type;
    const char *accept_language;
};

struct http_response {
    int status;              /* 200 ... */
    const char *content_type;
    struct buf *body;        /* the handler appends */
    char extra_headers[256]; /* complete lines with CRLF, or "" */
};

struct http_config {
    const char *host;
    uint16_t port;           /* 0: any; see http_port */
    unsigned threads;
    size_t body_bytes_max;
    unsigned connections_max;
    unsigned idle_timeout_ms;
    void (*request)(void *ctx, unsigned thread, const struct http_request *in,
                    struct http_response *out);
    /* WebSocket: open may refuse (false); message gets one whole text message, may append a reply */
    bool (*ws_open)(void *ctx, struct http_ws *ws, const char *path);
    void (*ws_message)(void *ctx, unsigned thread, struct http_ws *ws, struct bytes text,
                       struct buf *reply);
    void (*ws_close)(void *ctx, struct http_ws *ws);
    void *ctx;
};

enum err http_start(struct http_server **out, const struct http_config *config, struct diag *d);
void http_stop(struct http_server *s); /* answers what was received, closes, joins */
uint16_t http_port(const struct http_server *s);

/* http_ws_send queues one text message; a connection that does not read (more than 8 MiB waiting)
 * is closed. Safe from any thread until ws_close returned. */
void http_ws_send(struct http_ws *ws, struct bytes text);
void *http_ws_data(const struct http_ws *ws);
void http_ws_set_data(struct http_ws *ws, void *data);

struct http_stats {
    uint64_t requests;
    uint64_t connections;
    uint64_t connections_now;
    uint64_t bytes_in;
    uint64_t bytes_out;
};
void http_stats(const struct http_server *s, struct http_stats *out);

#endif
