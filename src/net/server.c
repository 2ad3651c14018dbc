/* Sockets and loops: one epoll instance per thread, level-triggered. A request costs one recv and
 * one send; EPOLLOUT is asked for only while a socket does not take everything. Every loop listens
 * on the shared socket (EPOLLEXCLUSIVE wakes one), the acceptor hands the connection to the loop
 * that has the fewest. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/thread.h"
#include "net/conn.h"

#define RECV_BYTES (64u << 10)
#define TICK_MS 100
#define ROUND_MAX 16    /* events of one round, whose answers wait for one another up to TURN_US */
#define EVICT_MAX 64    /* slow peers cut off in one tick when too much is held, */
#define EVICT_AGE 1000u /* who had these milliseconds to move what they hold */
#define LINGER_MS 1000
#define STOP_MS 2000

struct http_server {
    struct http_config config;
    struct http_loop *loops;
    int listen_fd;
    uint16_t port;
    _Atomic unsigned connections_now;
    _Atomic size_t held; /* bytes of all connections */
    _Atomic bool stopping;
};

void loop_wake(struct http_loop *l)
{
    uint64_t one = 1;
    if (l->wake_fd >= 0 && write(l->wake_fd, &one, sizeof one) < 0)
        ASSERT(errno == EAGAIN); /* the counter is full: it will wake up */
}

/* --- one connection's socket ------------------------------------------------------------------ */

static void ask_events(struct http_conn *c)
{
    uint32_t want = 0;
    bool full = conn_unsent(c) > CONN_OUT_PAUSE || c->in.len > 0;
    if (!c->eof && (!full || c->state == CONN_CLOSE))
        want |= EPOLLIN;
    if (conn_unsent(c) || c->yielded_us) /* which is writable: its next turn comes at once */
        want |= EPOLLOUT;
    if (want == c->events)
        return;
    struct epoll_event e = {.events = want, .data.ptr = c};
    if (epoll_ctl(c->loop->epoll_fd, EPOLL_CTL_MOD, c->fd, &e) != 0)
        c->dead = true;
    c->events = want;
}

/* taken notes that the peer took n bytes: while answers wait it lives by reading enough of them,
 * whatever else it does. */
static void taken(struct http_conn *c, size_t n)
{
    const struct http_config *config = c->loop->config;
    c->moved_bytes += n;
    c->read_bytes += n;
    if (!conn_unsent(c)) {
        if (c->phase == PHASE_IDLE)
            c->deadline_ms = c->loop->now_ms + config->idle_timeout_ms;
        else if (c->read_by_ms && c->deadline_ms < c->loop->now_ms + config->header_timeout_ms)
            c->deadline_ms = c->loop->now_ms + config->header_timeout_ms;
        c->read_by_ms = 0;
    } else if (!c->read_by_ms || c->read_bytes >= CONN_READ_MIN) {
        c->read_by_ms = c->loop->now_ms + config->body_timeout_ms;
        c->read_bytes = 0;
    }
}

/* flush sends what the socket takes. False: the connection is lost. */
static bool flush(struct http_conn *c)
{
    while (conn_unsent(c)) {
        ssize_t n = send(c->fd, c->out.data + c->out_sent, conn_unsent(c), MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (n > 0) {
            atomic_fetch_add_explicit(&c->loop->bytes_out, (uint64_t)n, memory_order_relaxed);
            c->out_sent += (size_t)n;
        }
        taken(c, n > 0 ? (size_t)n : 0);
        if (conn_unsent(c))
            return true;
    }
    c->out_sent = 0;
    if (c->out.cap > CONN_KEEP_BYTES)
        buf_free(&c->out);
    else
        buf_clear(&c->out);
    conn_count(c);
    return true;
}

/* finish_close: everything was sent; the peer gets the end of the stream and, so that a reset does
 * not destroy the last answer on its way, a moment to close first (RFC 9112 sec. 9.6). */
static void finish_close(struct http_conn *c)
{
    if (c->eof || shutdown(c->fd, SHUT_WR) != 0) {
        c->dead = true;
        return;
    }
    c->draining = true;
    c->deadline_ms = c->loop->now_ms + LINGER_MS;
}

/* settle brings a connection to rest after bytes came or went. */
static void settle(struct http_conn *c)
{
    for (;;) {
        size_t held = c->in.len;
        bool paused = c->paused;
        if (!flush(c)) {
            c->dead = true;
            return;
        }
        if (conn_unsent(c) || c->state == CONN_CLOSE)
            break;
        if (!held && !paused && !c->ws.held)
            break;
        if (c->yielded_us && c->yielded_us == c->loop->turn_us)
            break; /* its next turn comes after the others' */
        conn_resume(c);
        bool last =
            c->eof || atomic_load_explicit(&c->loop->server->stopping, memory_order_relaxed);
        if (last && !c->paused && !c->in.len)
            c->state = CONN_CLOSE;
    }
    if (c->state == CONN_CLOSE && !conn_unsent(c) && !c->draining)
        finish_close(c);
    if (!c->dead)
        ask_events(c);
}

static void readable(struct http_conn *c)
{
    struct http_loop *l = c->loop;
    ssize_t n = recv(c->fd, l->recv_buf, RECV_BYTES, 0);
    if (n > 0) {
        if (!c->draining)
            conn_feed(c, l->recv_buf, (size_t)n);
    } else if (n == 0) {
        conn_eof(c);
        if (c->draining)
            c->dead = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        c->dead = true;
    }
}

static void bury(struct http_conn *c)
{
    struct http_loop *l = c->loop;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    close(c->fd);
    c->dead = true;
    conn_uncount(c);
    /* freed after this round of events: the round may still name it */
    c->next = l->graves;
    l->graves = c;
    atomic_fetch_sub_explicit(&l->connections_now, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&l->server->connections_now, 1, memory_order_relaxed);
}

static void take_in(struct http_conn *c, uint32_t events)
{
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !c->eof)
        readable(c);
    else if (events & (EPOLLHUP | EPOLLERR))
        c->dead = true;
}

static void send_out(struct http_conn *c)
{
    if (!c->dead)
        settle(c);
    if (c->dead)
        bury(c);
}

/* --- accepting -------------------------------------------------------------------------------- */

static void adopt(struct http_loop *l, int fd)
{
    struct http_conn *c = conn_new(l, fd);
    c->events = EPOLLIN;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    c->next = l->conns;
    c->link = &l->conns;
    if (c->next)
        c->next->link = &c->next;
    l->conns = c;
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0)
        bury(c);
}

static struct http_loop *choose_loop(struct http_server *s, struct http_loop *here)
{
    struct http_loop *best = here;
    for (unsigned i = 0; i < s->config.threads; i++)
        if (atomic_load_explicit(&s->loops[i].connections_now, memory_order_relaxed) <
            atomic_load_explicit(&best->connections_now, memory_order_relaxed))
            best = &s->loops[i];
    return best;
}

static void hand_over(struct http_loop *l, int fd)
{
    pthread_mutex_lock(&l->lock);
    if (l->inbox_len == l->inbox_cap) {
        l->inbox_cap = l->inbox_cap ? l->inbox_cap * 2 : 64;
        l->inbox = mem_resize(l->inbox, l->inbox_cap, sizeof *l->inbox);
    }
    l->inbox[l->inbox_len++] = fd;
    pthread_mutex_unlock(&l->lock);
    loop_wake(l);
}

static void listen_on(struct http_loop *l, bool on)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = l->server};
    if (on != l->listening &&
        epoll_ctl(l->epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, l->server->listen_fd, &e) == 0)
        l->listening = on;
}

static void accept_all(struct http_loop *l)
{
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                               "Retry-After: 1\r\nConnection: close\r\n\r\n";
    struct http_server *s = l->server;
    for (int i = 0; i < 64; i++) {
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                listen_on(l, false); /* the tick tries again */
            return;
        }
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (atomic_load_explicit(&s->connections_now, memory_order_relaxed) >=
            s->config.connections_max) {
            (void)!send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL);
            close(fd);
            continue;
        }
        struct http_loop *to = choose_loop(s, l);
        atomic_fetch_add_explicit(&s->connections_now, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&to->connections_now, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&to->connections, 1, memory_order_relaxed);
        if (to == l)
            adopt(l, fd);
        else
            hand_over(to, fd);
    }
}

/* --- a loop ----------------------------------------------------------------------------------- */

static void woken(struct http_loop *l)
{
    uint64_t count;
    if (read(l->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        return;
    pthread_mutex_lock(&l->lock);
    int *inbox = l->inbox;
    size_t inbox_len = l->inbox_len;
    l->inbox = NULL;
    l->inbox_len = l->inbox_cap = 0;
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < inbox_len; i++)
        adopt(l, inbox[i]);
    mem_free(inbox);
    for (;;) {
        pthread_mutex_lock(&l->lock);
        struct http_ws *ws = l->dirty;
        if (ws) {
            l->dirty = ws->next_dirty;
            ws->queued = false;
        }
        pthread_mutex_unlock(&l->lock);
        if (!ws)
            return;
        struct http_conn *c = ws->conn;
        if (c->dead)
            continue;
        ws_pump(c);
        settle(c);
        if (c->dead)
            bury(c);
    }
}

/* slower tells whether a moves less than b of what is held for it. */
static bool slower(const struct http_conn *a, const struct http_conn *b, uint64_t now_ms)
{
    return (double)a->moved_bytes * (double)(now_ms - b->counted_ms) <
           (double)b->moved_bytes * (double)(now_ms - a->counted_ms);
}

/* evict cuts off the slowest peers while too much is held. */
static void evict(struct http_loop *l)
{
    for (unsigned i = 0; i < EVICT_MAX && loop_crowded(l, 3); i++) {
        struct http_conn *slowest = NULL;
        for (struct http_conn *c = l->conns; c; c = c->next)
            if (c->counted && l->now_ms - c->counted_ms >= EVICT_AGE &&
                (!slowest || slower(c, slowest, l->now_ms)))
                slowest = c;
        if (!slowest)
            return;
        bury(slowest);
    }
}

static void tick(struct http_loop *l)
{
    if (!atomic_load(&l->server->stopping))
        listen_on(l, true);
    evict(l);
    for (struct http_conn *c = l->conns, *next; c; c = next) {
        next = c->next;
        if (l->now_ms < (c->read_by_ms ? c->read_by_ms : c->deadline_ms))
            continue;
        if (c->draining || c->read_by_ms)
            c->dead = true;
        else
            conn_expire(c);
        if (!c->dead)
            settle(c);
        if (c->dead)
            bury(c);
    }
}

static void free_graves(struct http_loop *l)
{
    for (struct http_conn *c; (c = l->graves) != NULL;) {
        l->graves = c->next;
        conn_free(c);
    }
}

/* close_down answers what was received, tells WebSockets goodbye, and lets every socket go. */
static void close_down(struct http_loop *l)
{
    listen_on(l, false);
    woken(l);
    uint64_t began_us = clock_mono_us();
    for (struct http_conn *c = l->conns, *next; c; c = next) {
        next = c->next;
        if (!c->draining && !c->eof && clock_mono_us() - began_us < STOP_MS * 1000u)
            readable(c);
        if (c->state == CONN_WS)
            ws_shut(c, WSLAY_CODE_GOING_AWAY);
        else if (!c->paused)
            c->state = CONN_CLOSE;
        if (!c->dead)
            settle(c);
        if (c->dead || (c->state == CONN_CLOSE && !conn_unsent(c)))
            bury(c);
    }
    free_graves(l);
}

static void send_all(struct http_conn **conns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        send_out(conns[i]);
}

/* run_once answers a round of requests before it sends the answers: each answer wakes a client,
 * and a client that runs on this processor would interrupt the requests that wait. */
static void run_once(struct http_loop *l, int timeout_ms)
{
    struct epoll_event events[ROUND_MAX];
    struct http_conn *answered[ROUND_MAX];
    int n = epoll_wait(l->epoll_fd, events, ROUND_MAX, timeout_ms);
    size_t count = 0;
    bool accept = false, wake = false;
    uint64_t began_us = clock_mono_us();
    l->turn_us = began_us;
    l->now_ms = began_us / 1000;
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == l->server) {
            accept = true;
        } else if (events[i].data.ptr == l) {
            wake = true;
        } else {
            answered[count] = events[i].data.ptr;
            take_in(answered[count++], events[i].events);
            if (loop_turn_over(l)) { /* a slow request holds up no answer */
                send_all(answered, count);
                count = 0;
            }
        }
    }
    send_all(answered, count);
    if (accept)
        accept_all(l);
    if (wake)
        woken(l);
    free_graves(l);
}

static void *loop_main(void *arg)
{
    struct http_loop *l = arg;
    uint64_t next_tick_ms = l->now_ms + TICK_MS;
    while (!atomic_load_explicit(&l->server->stopping, memory_order_relaxed)) {
        run_once(l, TICK_MS);
        if (l->now_ms >= next_tick_ms) {
            tick(l);
            free_graves(l);
            next_tick_ms = l->now_ms + TICK_MS;
        }
    }
    close_down(l);
    for (uint64_t end_ms = l->now_ms + STOP_MS; l->conns && l->now_ms < end_ms;)
        run_once(l, TICK_MS);
    while (l->conns) {
        l->conns->dead = true;
        bury(l->conns);
    }
    free_graves(l);
    return NULL;
}

/* --- start and stop --------------------------------------------------------------------------- */

/* lookup_reason tells why getaddrinfo found no address. */
static const char *lookup_reason(int code)
{
    switch (code) {
    case EAI_SYSTEM:
        return os_reason(errno);
    case EAI_NONAME:
        return T("No such host name", "nom d'hôte inconnu");
    case EAI_AGAIN:
        return T("The name server does not answer", "le serveur de noms ne répond pas");
    default:
        return gai_strerror(code);
    }
}

static enum err open_listener(struct http_server *s, struct diag *d)
{
    char port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
    snprintf(port, sizeof port, "%u", s->config.port);
    int rc = getaddrinfo(s->config.host, port, &hints, &list);
    if (rc != 0)
        return diag_set(d, E_IO, T("%s: %s", "%s : %s"), s->config.host, lookup_reason(rc));
    enum err e = E_IO;
    int saved = 0;
    for (struct addrinfo *a = list; a && e != E_OK; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int one = 1;
        if (fd < 0) {
            saved = errno;
            continue;
        }
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, 1024) == 0) {
            s->listen_fd = fd;
            e = E_OK;
        } else {
            saved = errno;
            close(fd);
        }
    }
    freeaddrinfo(list);
    if (e != E_OK)
        return diag_set(d, e, T("%s:%s: %s", "%s:%s : %s"), s->config.host, port, os_reason(saved));
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof addr;
    getsockname(s->listen_fd, (struct sockaddr *)&addr, &len);
    s->port = ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
                                               : ((struct sockaddr_in *)&addr)->sin_port);
    return E_OK;
}

static enum err open_loop(struct http_loop *l, struct diag *d)
{
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = l};
    if (l->epoll_fd < 0 || l->wake_fd < 0 ||
        epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->wake_fd, &e) != 0)
        return diag_os(d, E_IO, "epoll", errno);
    l->recv_buf = mem_alloc(RECV_BYTES);
    listen_on(l, true);
    return E_OK;
}

static void release(struct http_server *s)
{
    for (unsigned i = 0; i < s->config.threads; i++) {
        struct http_loop *l = &s->loops[i];
        for (size_t k = 0; k < l->inbox_len; k++)
            close(l->inbox[k]);
        if (l->epoll_fd >= 0)
            close(l->epoll_fd);
        if (l->wake_fd >= 0)
            close(l->wake_fd);
        loop_fini(l);
    }
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    mem_free((void *)s->config.host);
    mem_free(s->loops);
    mem_free(s);
}

enum err http_start(struct http_server **out, const struct http_config *config, struct diag *d)
{
    struct http_server *s = mem_zalloc(1, sizeof *s);
    s->config = *config;
    s->config.host = mem_strdup(config->host);
    s->config.threads = config->threads ? config->threads : 1;
    s->config.idle_timeout_ms = config->idle_timeout_ms ? config->idle_timeout_ms : 60000;
    s->config.header_timeout_ms = config->header_timeout_ms ? config->header_timeout_ms : 10000;
    s->config.body_timeout_ms = config->body_timeout_ms ? config->body_timeout_ms : 30000;
    s->config.held_bytes_max =
        config->held_bytes_max ? config->held_bytes_max : LIMIT_RPC_HELD_BYTES;
    s->loops = mem_zalloc(s->config.threads, sizeof *s->loops);
    s->listen_fd = -1;
    for (unsigned i = 0; i < s->config.threads; i++) {
        loop_init(&s->loops[i], &s->config, i);
        s->loops[i].server = s;
        s->loops[i].held = &s->held;
    }
    enum err e = open_listener(s, d);
    for (unsigned i = 0; e == E_OK && i < s->config.threads; i++)
        e = open_loop(&s->loops[i], d);
    if (e != E_OK) {
        release(s);
        return e;
    }
    for (unsigned i = 0; i < s->config.threads; i++)
        ASSERT(thread_start(&s->loops[i].id, LIMIT_EVM_STACK_BYTES, loop_main, &s->loops[i]) == 0);
    *out = s;
    return E_OK;
}

void http_stop(struct http_server *s)
{
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    for (unsigned i = 0; i < s->config.threads; i++)
        loop_wake(&s->loops[i]);
    for (unsigned i = 0; i < s->config.threads; i++)
        pthread_join(s->loops[i].id, NULL);
    release(s);
}

uint16_t http_port(const struct http_server *s)
{
    return s->port;
}

void http_stats(const struct http_server *s, struct http_stats *out)
{
    *out = (struct http_stats){0};
    out->bytes_held = atomic_load_explicit(&s->held, memory_order_relaxed);
    for (unsigned i = 0; i < s->config.threads; i++) {
        struct http_loop *l = &s->loops[i];
        out->requests += atomic_load_explicit(&l->requests, memory_order_relaxed);
        out->connections += atomic_load_explicit(&l->connections, memory_order_relaxed);
        out->connections_now += atomic_load_explicit(&l->connections_now, memory_order_relaxed);
        out->bytes_in += atomic_load_explicit(&l->bytes_in, memory_order_relaxed);
        out->bytes_out += atomic_load_explicit(&l->bytes_out, memory_order_relaxed);
    }
}
