/* http: an HTTP/1.1 and WebSocket server on epoll. Knows nothing of chains.
 *
 * Why own   Debian's libwebsockets is built for one service thread; here each loop serves.
 *           Parsing (http-parser) and frames (wslay) are the libraries'; the loop is ours.
 * Threads   config.threads loops, each with its own connections; a new connection goes to the loop
 *           that has the fewest. Handlers run on a loop's thread and must not block for long.
 *           http_ws_send may be called from any thread.
 * Limits    header 16 KiB, body config.body_bytes_max, idle time-out, connections, frames of one
 *           WebSocket message. Requests after an answer that the peer does not read wait in the
 *           kernel. A peer must read (write) something of an answer (body) in body_timeout_ms.
 * Memory    what all connections hold (bodies, unread answers) is counted: beyond
 *           config.held_bytes_max requests are refused with 503, and from three quarters of it on
 *           the slowest peers are cut off. One more answer per thread may come on top.
 * Answers   HEAD is given to the handler as GET and its body is not sent; OPTIONS is answered here
 *           (CORS preflight); a handler's answer always carries Content-Length.
 * Refused   400 malformed, ambiguous length (Content-Length with Transfer-Encoding, repeated),
 *           no or two Host; 408 slow; 413 body; 417 Expect; 426 WebSocket version; 431 header;
 *           501 method or transfer coding; 503 too many connections, too much held.
 * Files     conn.c one connection as a state machine fed with bytes (no socket: the fuzz target's
 *           entry), head.c header fields, ws.c WebSocket, server.c sockets and loops. */
#ifndef PARVIS_NET_HTTP_H
#define PARVIS_NET_HTTP_H

#include "base/bytes.h"

struct http_server;
struct http_ws; /* one WebSocket connection */

struct http_request {
    const char *method; /* "GET", "POST" ... */
    const char *path;   /* without the query; as sent, not percent-decoded */
    const char *query;  /* "" if none */
    struct bytes body;
    const char *content_type;    /* "" if none */
    const char *accept_language; /* "" if none */
    const void *head;            /* for http_header */
};

/* http_header returns a request header's value (name without regard to case), or NULL. The first
 * one where a name is repeated. Valid during the handler. */
const char *http_header(const struct http_request *in, const char *name);

struct http_response {
    int status;               /* 200 ... */
    const char *content_type; /* NULL: none */
    struct buf *body;         /* the handler appends */
    char extra_headers[256];  /* complete lines with CRLF, or "" */
};

struct http_config {
    const char *host;
    uint16_t port; /* 0: any; see http_port */
    unsigned threads;
    size_t body_bytes_max;
    unsigned connections_max;
    unsigned idle_timeout_ms; /* between requests; 0: 60 s. WebSockets are pinged at this rate */
    void (*request)(void *ctx, unsigned thread, const struct http_request *in,
                    struct http_response *out);
    /* WebSocket: open may refuse (false); message gets one whole text message, may append a reply.
     * NULL open: no WebSockets (404) */
    bool (*ws_open)(void *ctx, struct http_ws *ws, const char *path);
    void (*ws_message)(void *ctx, unsigned thread, struct http_ws *ws, struct bytes text,
                       struct buf *reply);
    void (*ws_close)(void *ctx, struct http_ws *ws);
    void *ctx;
    /* Access-Control-Allow-Origin of every answer ("*"), or NULL for none */
    const char *cors_origin;
    unsigned
        header_timeout_ms;    /* from the first byte of a request to the end of its head; 0: 10 s */
    unsigned body_timeout_ms; /* without progress in a body, or in reading answers; 0: 30 s */
    size_t held_bytes_max;    /* of all connections together; 0: LIMIT_RPC_HELD_BYTES */
    const char *busy_json; /* body of that 503, and a WebSocket's answer then; NULL: plain text */
};

/* http_start listens and starts the loops. E_OK | E_IO (address in use, unknown host ...; d says).
 */
enum err http_start(struct http_server **out, const struct http_config *config, struct diag *d);
/* http_stop answers what was received, closes (WebSockets with 1001), joins. NULL is fine. */
void http_stop(struct http_server *s);
uint16_t http_port(const struct http_server *s);

/* http_ws_send queues one text message; a connection that does not read (more than 8 MiB waiting)
 * is closed. Safe from any thread until ws_close returned. */
void http_ws_send(struct http_ws *ws, struct bytes text);
void *http_ws_data(const struct http_ws *ws);
void http_ws_set_data(struct http_ws *ws, void *data);

struct http_stats {
    uint64_t requests; /* HTTP requests and WebSocket messages */
    uint64_t connections;
    uint64_t connections_now;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t bytes_held; /* now; what is less than 4 KiB on a connection is not counted */
};
void http_stats(const struct http_server *s, struct http_stats *out);

#endif
