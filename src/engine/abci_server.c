#include "engine/abci_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "codec/protobuf.h"

#define ROOM "abci"
#define READ_BYTES (64u << 10) /* asked for at a time */
#define KEEP_BYTES (4u << 20)  /* buffers and arenas above are given back after the message */
#define BACKLOG LIMIT_ABCI_CONNECTIONS

/* A place for a connection. The accepting thread fills it and joins its thread; the thread itself
 * says that it has ended. */
struct slot {
    struct abci_server *server;
    pthread_t thread;
    int fd;
    bool used;          /* accepting thread only */
    _Atomic bool ended; /* the thread will do nothing more */
};

struct abci_server {
    abci_handler handler;
    void *ctx;
    int dir_fd, listen_fd;
    int stop_fd; /* readable for ever once the server stops */
    int free_fd; /* readable when a connection ended */
    char *name;  /* the socket in its folder */
    dev_t device;
    ino_t inode; /* of the socket: another one's is not removed */
    pthread_t acceptor;
    _Atomic size_t connections;
    _Atomic bool stopping;
    struct slot slots[LIMIT_ABCI_CONNECTIONS];
};

/* ---- one connection ---- */

struct conn {
    struct abci_server *server;
    int fd;
    struct buf in;
    size_t taken; /* bytes of in that are done with */
    struct buf out;
    struct arena arena;
};

/* Waits until fd is ready for events; false once the server stops. */
static bool wait_ready(const struct conn *c, short events)
{
    struct pollfd fds[] = {{c->fd, events, 0}, {c->server->stop_fd, POLLIN, 0}};
    while (poll(fds, 2, -1) < 0)
        ASSERT(errno == EINTR || errno == ENOMEM);
    return (fds[1].revents & POLLIN) == 0;
}

/* Writes all of out. A server that stops does not wait for a slow reader. */
static bool write_out(struct conn *c)
{
    size_t done = 0;
    while (done < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + done, c->out.len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            done += (size_t)n;
            continue;
        }
        bool full = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        if (!(full && wait_ready(c, POLLOUT)) && !(n < 0 && errno == EINTR))
            return false;
    }
    if (c->out.cap > KEEP_BYTES)
        buf_free(&c->out);
    buf_clear(&c->out);
    return true;
}

/* Reads what is there, waiting for the first byte; want is how much the message still lacks. False
 * when the peer closed (in the middle of a message or between two) and when the server stops. */
static bool read_more(struct conn *c, size_t want)
{
    if (c->taken > 0) {
        memmove(c->in.data, c->in.data + c->taken, c->in.len - c->taken);
        c->in.len -= c->taken;
        c->taken = 0;
    }
    if (c->in.len == 0 && c->in.cap > KEEP_BYTES)
        buf_free(&c->in);
    size_t room = want > READ_BYTES ? want : READ_BYTES;
    buf_reserve(&c->in, room);
    for (;;) {
        if (!wait_ready(c, POLLIN))
            return false;
        ssize_t n = recv(c->fd, c->in.data + c->in.len, room, MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
            continue;
        if (n <= 0)
            return false;
        c->in.len += (size_t)n;
        return true;
    }
}

enum frame { FRAME_WHOLE, FRAME_PART, FRAME_BAD };

/* Looks for a whole frame in what was read. *lacks is what is missing of one that is not. */
static enum frame find_frame(const struct conn *c, struct bytes *message, size_t *size,
                             size_t *lacks)
{
    size_t available = c->in.len - c->taken;
    uint64_t len = 0;
    *lacks = 1;
    if (available == 0)
        return FRAME_PART;
    struct pb r = pb_reader(bytes_of(c->in.data + c->taken, available));
    const uint8_t *from = r.p;
    if (pb_next_varint(&r, &len) != E_OK) {
        bool open = available < PB_VARINT_BYTES && (from[available - 1] & 0x80);
        return open ? FRAME_PART : FRAME_BAD;
    }
    if (len > LIMIT_ABCI_MESSAGE_BYTES)
        return FRAME_BAD;
    size_t header = (size_t)(r.p - from);
    if (len > available - header) {
        *lacks = len - (available - header);
        return FRAME_PART;
    }
    *message = bytes_of(r.p, len);
    *size = header + len;
    return FRAME_WHOLE;
}

/* The last answer of a connection. */
static void refuse(struct conn *c, const char *what, const char *why)
{
    struct abci_response response = {.kind = ABCI_EXCEPTION};
    response.exception.error = bytes_str(why);
    log_error(ROOM, T("%s refused: %s", "%s refusé : %s"), what, why);
    abci_response_frame(&c->out, &response);
    write_out(c);
}

/* Answers one message; false when the connection ends with it. */
static bool answer(struct conn *c, struct bytes message)
{
    struct abci_request request;
    struct diag d = {""};
    struct abci_response response;
    memset(&response, 0, sizeof response);
    if (abci_request_decode(&c->arena, &request, message, &d) != E_OK) {
        refuse(c, T("a message", "un message"), d.text);
        return false;
    }
    response.kind = request.kind;
    if (request.kind == ABCI_ECHO)
        response.echo = request.echo;
    else if (request.kind != ABCI_FLUSH)
        c->server->handler(c->server->ctx, &request, &response, &c->arena);
    if (response.kind == ABCI_EXCEPTION) {
        refuse(c, abci_kind_name(request.kind),
               arena_printf(&c->arena, "%.*s", (int)response.exception.error.len,
                            (const char *)response.exception.error.data));
        return false;
    }
    ASSERT(response.kind == request.kind);
    abci_response_frame(&c->out, &response);
    if (c->arena.used_bytes > KEEP_BYTES)
        arena_free(&c->arena);
    arena_reset(&c->arena);
    bool due = request.kind == ABCI_FLUSH || c->out.len >= LIMIT_ABCI_BUFFER_BYTES;
    return !due || write_out(c);
}

/* Answers one frame after the other until the peer closes, sends nonsense, or the server stops. */
static void serve(struct conn *c)
{
    while (!atomic_load(&c->server->stopping)) {
        struct bytes message;
        size_t size, lacks;
        switch (find_frame(c, &message, &size, &lacks)) {
        case FRAME_PART:
            if (!read_more(c, lacks))
                return;
            break;
        case FRAME_BAD:
            refuse(c, T("a message", "un message"),
                   T("the length in front of a message is malformed or too large",
                     "la longueur qui précède un message est mal formée ou trop grande"));
            return;
        case FRAME_WHOLE:
            if (!answer(c, message))
                return;
            c->taken += size;
            break;
        }
    }
}

static void signal_fd(int fd)
{
    uint64_t one = 1;
    ASSERT(write(fd, &one, sizeof one) == sizeof one);
}

static void *run_connection(void *ctx)
{
    struct slot *slot = ctx;
    struct conn c = {.server = slot->server, .fd = slot->fd};
    serve(&c);
    write_out(&c); /* what no Flush asked for */
    close(c.fd);
    buf_free(&c.in);
    buf_free(&c.out);
    arena_free(&c.arena);
    atomic_fetch_sub(&slot->server->connections, 1);
    atomic_store(&slot->ended, true);
    signal_fd(slot->server->free_fd);
    return NULL;
}

/* ---- accepting ---- */

/* Joins the threads that have ended, or all; returns a free slot, NULL if there is none. */
static struct slot *collect(struct abci_server *s, bool all)
{
    struct slot *free_slot = NULL;
    for (size_t i = 0; i < LIMIT_ABCI_CONNECTIONS; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->used && (all || atomic_load(&slot->ended))) {
            pthread_join(slot->thread, NULL);
            slot->used = false;
        }
        if (!slot->used && !free_slot)
            free_slot = slot;
    }
    return free_slot;
}

static void take_connection(struct abci_server *s, struct slot *slot)
{
    int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            log_error(ROOM, T("a connection waits: %s", "une connexion attend : %s"),
                      os_reason(errno));
            struct pollfd stop = {s->stop_fd, POLLIN, 0};
            poll(&stop, 1, 200); /* until something is given back */
        }
        return;
    }
    *slot = (struct slot){.server = s, .fd = fd, .used = true};
    atomic_fetch_add(&s->connections, 1);
    int code = thread_start(&slot->thread, LIMIT_EVM_STACK_BYTES, run_connection, slot);
    if (code != 0) {
        log_error(ROOM, T("no thread for a connection: %s", "pas de fil pour une connexion : %s"),
                  os_reason(code));
        atomic_fetch_sub(&s->connections, 1);
        slot->used = false;
        close(fd);
    }
}

static void *run_acceptor(void *ctx)
{
    struct abci_server *s = ctx;
    while (!atomic_load(&s->stopping)) {
        struct slot *slot = collect(s, false);
        /* poll ignores a negative descriptor: without a free slot, peers wait in the backlog */
        struct pollfd fds[] = {{s->stop_fd, POLLIN, 0},
                               {s->free_fd, POLLIN, 0},
                               {slot ? s->listen_fd : -1, POLLIN, 0}};
        if (poll(fds, 3, -1) < 0) {
            ASSERT(errno == EINTR || errno == ENOMEM);
            continue;
        }
        uint64_t ended;
        if (fds[1].revents & POLLIN)
            ASSERT(read(s->free_fd, &ended, sizeof ended) == sizeof ended);
        else if (fds[2].revents & POLLIN)
            take_connection(s, slot);
    }
    collect(s, true);
    return NULL;
}

/* ---- the socket ---- */

/* An address of 108 bytes holds any socket's when it goes through the open folder. */
static enum err make_address(struct sockaddr_un *out, const struct abci_server *s, const char *path,
                             struct diag *d)
{
    size_t len = strlen(s->name);
    if (len < 1 || len > 64)
        return diag_set(d, E_RANGE,
                        T("%s: a socket's name has 1 to 64 bytes", //
                          "%s : le nom d'un socket a 1 à 64 octets"),
                        path);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s", s->dir_fd, s->name);
    return E_OK;
}

/* Removes a socket that nobody listens on. */
static enum err clear_place(const struct abci_server *s, const struct sockaddr_un *address,
                            const char *path, struct diag *d)
{
    struct stat st;
    if (fstatat(s->dir_fd, s->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? E_OK : diag_os(d, E_IO, path, errno);
    if (!S_ISSOCK(st.st_mode))
        return diag_set(d, E_EXISTS,
                        T("%s: exists and is no socket; move it away",
                          "%s : existe et n'est pas un socket ; déplacez-le"),
                        path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return diag_os(d, E_IO, path, errno);
    bool dead = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                errno == ECONNREFUSED;
    close(fd);
    if (!dead)
        return diag_set(d, E_LOCKED,
                        T("%s: another process listens there; stop it first",
                          "%s : un autre processus y écoute ; arrêtez-le d'abord"),
                        path);
    return unlinkat(s->dir_fd, s->name, 0) == 0 ? E_OK : diag_os(d, E_IO, path, errno);
}

static enum err open_folder(struct abci_server *s, const char *path, struct diag *d)
{
    const char *slash = strrchr(path, '/');
    s->name = mem_strdup(slash ? slash + 1 : path);
    char *folder = mem_strdup(slash ? path : ".");
    if (slash)
        folder[slash == path ? 1 : slash - path] = 0;
    s->dir_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    enum err e = s->dir_fd >= 0 ? E_OK : diag_os(d, E_IO, folder, errno);
    mem_free(folder);
    return e;
}

static enum err bind_socket(struct abci_server *s, const char *path, struct diag *d)
{
    struct sockaddr_un address;
    struct stat st;
    TRY(open_folder(s, path, d));
    TRY(make_address(&address, s, path, d));
    TRY(clear_place(s, &address, path, d));
    s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* the mode of the open socket is the mode that its name gets: at no time may others connect */
    if (s->listen_fd < 0 || fchmod(s->listen_fd, 0600) != 0 ||
        bind(s->listen_fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return diag_os(d, E_IO, path, errno);
    if (fstatat(s->dir_fd, s->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return diag_os(d, E_IO, path, errno);
    s->device = st.st_dev;
    s->inode = st.st_ino;
    return listen(s->listen_fd, BACKLOG) == 0 ? E_OK : diag_os(d, E_IO, path, errno);
}

static void unbind(struct abci_server *s)
{
    struct stat st;
    if (s->inode != 0 && fstatat(s->dir_fd, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_dev == s->device && st.st_ino == s->inode)
        unlinkat(s->dir_fd, s->name, 0);
}

static void release(struct abci_server *s)
{
    int fds[] = {s->listen_fd, s->dir_fd, s->stop_fd, s->free_fd};
    unbind(s);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    mem_free(s->name);
    mem_free(s);
}

static enum err start(struct abci_server *s, const char *path, struct diag *d)
{
    s->stop_fd = eventfd(0, EFD_CLOEXEC);
    s->free_fd = eventfd(0, EFD_CLOEXEC);
    if (s->stop_fd < 0 || s->free_fd < 0)
        return diag_os(d, E_IO, path, errno);
    TRY(bind_socket(s, path, d));
    int code = thread_start(&s->acceptor, 0, run_acceptor, s);
    return code == 0 ? E_OK : diag_os(d, E_IO, path, code);
}

enum err abci_server_start(struct abci_server **out, const char *path, abci_handler handler,
                           void *ctx, struct diag *d)
{
    struct abci_server *s = mem_zalloc(1, sizeof *s);
    s->handler = handler;
    s->ctx = ctx;
    s->dir_fd = s->listen_fd = s->stop_fd = s->free_fd = -1;
    enum err e = start(s, path, d);
    if (e != E_OK) {
        release(s);
        return e;
    }
    *out = s;
    return E_OK;
}

void abci_server_stop(struct abci_server *s)
{
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    signal_fd(s->stop_fd);
    pthread_join(s->acceptor, NULL);
    release(s);
}

size_t abci_server_connections(struct abci_server *s)
{
    return atomic_load(&s->connections);
}
