/* conn: one HTTP or WebSocket connection as a state machine that is fed with bytes. It never
 * touches a socket: server.c moves bytes between sockets and connections, the fuzz target and
 * tests do it from memory.
 *
 *   conn_feed(c, bytes) -> handlers run -> answers wait in c->out from c->out_sent on
 *
 * Back-pressure  more than CONN_OUT_PAUSE bytes unsent pauses the parser; the rest of what was fed
 *                waits in c->in, conn_resume goes on after the socket took the answers.
 * Turns          requests that came together are answered until the loop's turn has taken TURN_US;
 *                the rest waits in c->in (c->yielded_us) for the loop's next turn.
 * Memory         conn_count keeps the server's sum of what connections hold. */
#ifndef PARVIS_NET_CONN_H
#define PARVIS_NET_CONN_H

#include <http_parser.h>
#include <pthread.h>
#include <stdatomic.h>
#include <wslay/wslay.h>

#include "net/http.h"

#define CONN_HEAD_BYTES_MAX (16u << 10)
#define TURN_US 2000u                  /* after which a loop's other connections have their turn */
#define CONN_OUT_PAUSE (256u << 10)    /* unsent bytes after which no further request is read */
#define CONN_KEEP_BYTES (16u << 10)    /* buffers larger than this are given back when idle */
#define LOOP_KEEP_BYTES (256u << 10)   /* the same for those of a loop */
#define CONN_COUNT_BYTES (4u << 10)    /* less than this on one connection is not counted */
#define CONN_READ_MIN (256u << 10)     /* of its answers a peer reads in body_timeout_ms */
#define CONN_WS_CROWDED (64u << 10)    /* http_ws_send bytes that may wait when too much is held */
#define CONN_WS_WAITING_MAX (8u << 20) /* http_ws_send bytes that a slow reader may pile up */

enum conn_state {
    CONN_HTTP,
    CONN_WS,
    CONN_CLOSE, /* nothing more is read; what waits in out is sent, then the socket is closed */
};

enum conn_phase { PHASE_IDLE, PHASE_HEAD, PHASE_BODY };

/* Offsets into the head buffer, 0 = the header is absent (offset 0 is the request target). */
struct conn_head {
    struct buf text; /* target NUL (name NUL value NUL)* */
    size_t first_at; /* of the first header */
    size_t name_at, value_at;
    bool in_value;
    bool bad;
    unsigned hosts, lengths, codings;
    size_t coding, content_type, accept_language, expect, upgrade, ws_key, ws_version;
};

struct http_conn;

struct http_ws {
    struct http_conn *conn;
    wslay_event_context_ptr wslay;
    void *data;
    struct bytes in; /* what wslay may read now */
    bool held;       /* http_ws_send's texts wait for out to drain */
    /* wslay is handed one frame at a time: what it has taken in cannot be held back any more */
    uint8_t head[14];
    unsigned head_len;
    bool control;
    uint64_t left;        /* payload bytes of the frame that were not handed over */
    size_t message_bytes; /* of the message that is being joined */
    unsigned fragments;
    /* guarded by the loop's lock */
    struct buf pending; /* (u32 length, text)* from http_ws_send */
    bool open, overflow, queued;
    struct http_ws *next_dirty;
};

struct http_loop {
    const struct http_config *config;
    struct http_server *server; /* NULL without sockets */
    unsigned thread;
    uint64_t now_ms;
    uint64_t turn_us;                  /* when this turn began; 0: turns have no end */
    _Atomic size_t *held, held_by_one; /* held: the server's sum, or without one held_by_one */
    struct buf reply;                  /* a handler's body */
    struct buf pushes;                 /* swapped with http_ws.pending */
    char date[48];
    uint64_t date_s;
    _Atomic uint64_t requests, bytes_in, bytes_out, connections, connections_now;

    pthread_mutex_t lock;
    struct http_ws *dirty;
    int *inbox; /* accepted sockets handed over by other loops */
    size_t inbox_len, inbox_cap;

    int epoll_fd, wake_fd;
    pthread_t id;
    struct http_conn *conns, *graves;
    bool listening;
    uint8_t *recv_buf;
};

struct http_conn {
    struct http_loop *loop;
    struct http_conn *next, **link;
    int fd;
    enum conn_state state;
    enum conn_phase phase;
    uint32_t events; /* what epoll was asked for */
    bool paused, eof, draining, dead, pinged;
    uint64_t deadline_ms;
    size_t body_mark;     /* body bytes when the deadline was last moved */
    uint64_t read_by_ms;  /* instead of the deadline while answers wait; 0: none does */
    size_t read_bytes;    /* taken by the peer since that was last moved */
    uint64_t yielded_us;  /* the turn that ended before c->in was used up; 0: none */
    size_t counted;       /* bytes of this connection in the server's sum */
    uint64_t counted_ms;  /* since when it holds any, */
    uint64_t moved_bytes; /* and what it moved since then */
    int fail_status;
    http_parser parser;
    struct conn_head head;
    struct buf body;
    struct buf in;
    struct buf out;
    size_t out_sent;
    struct http_ws ws;
};

void loop_init(struct http_loop *l, const struct http_config *config, unsigned thread);
void loop_fini(struct http_loop *l);
void loop_wake(struct http_loop *l); /* server.c */

/* A connection is made with state CONN_HTTP and freed with its ws_close callback, if it was open.
 */
struct http_conn *conn_new(struct http_loop *l, int fd);
void conn_free(struct http_conn *c);

void conn_feed(struct http_conn *c, const uint8_t *data, size_t len);
void conn_resume(struct http_conn *c); /* after out was sent */
void conn_eof(struct http_conn *c);    /* the peer will send no more */
void conn_fail(struct http_conn *c, int status);
/* conn_expire acts on a passed deadline: an answer 408, a ping, or the end. */
void conn_expire(struct http_conn *c);

/* conn_count brings the server's sum up to date; loop_crowded tells whether so many quarters of
 * what may be held are. */
void conn_count(struct http_conn *c);
void conn_uncount(struct http_conn *c);
bool loop_crowded(const struct http_loop *l, unsigned quarters);
bool loop_turn_over(const struct http_loop *l);

static inline size_t conn_unsent(const struct http_conn *c)
{
    return c->out.len - c->out_sent;
}

/* head.c */
void head_reset(struct conn_head *h);
void head_target(struct conn_head *h, const char *at, size_t len);
void head_name(struct conn_head *h, const char *at, size_t len);
void head_value(struct conn_head *h, const char *at, size_t len);
void head_end(struct conn_head *h);
const char *head_at(const struct conn_head *h, size_t offset); /* "" for 0 */

/* ws.c: ws_upgrade answers a handshake (true: the connection is a WebSocket now). ws_feed reads
 * frames, returns the bytes consumed. ws_pump sends what http_ws_send queued. ws_shut begins the
 * closing handshake. ws_end frees; calls ws_close if open was accepted. */
bool ws_upgrade(struct http_conn *c);
size_t ws_feed(struct http_conn *c, const uint8_t *data, size_t len);
void ws_pump(struct http_conn *c);
void ws_ping(struct http_conn *c);
void ws_shut(struct http_conn *c, uint16_t code);
void ws_end(struct http_conn *c);

/* ws_accept.c: the Sec-WebSocket-Accept value (28 characters and NUL) of a key (RFC 6455 4.2.2). */
void ws_accept_key(char out[29], const char *key);
bool ws_key_valid(const char *key);

#endif
