#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "codec/protobuf.h"
#include "engine/abci_server.h"

#define WAIT_MS 20000 /* for what must come; a test that waits this long fails */

/* ---- an application: a query's height says what to do ---- */

enum { ANSWER_KEY, ANSWER_LARGE, ANSWER_EXCEPTION, ANSWER_WHEN_TOLD };

#define LARGE_BYTES (1u << 20)

struct app {
    struct abci_server *server;
    _Atomic size_t calls;
    _Atomic size_t finished;
    sem_t entered, go;
};

static void handle(void *ctx, const struct abci_request *request, struct abci_response *response,
                   struct arena *a)
{
    struct app *app = ctx;
    atomic_fetch_add(&app->calls, 1);
    CHECK(request->kind != ABCI_ECHO && request->kind != ABCI_FLUSH);
    if (request->kind == ABCI_PROCESS_PROPOSAL)
        response->process_proposal.status = request->block.tx_count > 1 ? ABCI_REJECT : ABCI_ACCEPT;
    if (request->kind != ABCI_QUERY)
        return;
    switch (request->query.height) {
    case ANSWER_LARGE:
        response->query.value = bytes_of(arena_zalloc(a, 1, LARGE_BYTES), LARGE_BYTES);
        break;
    case ANSWER_EXCEPTION:
        response->kind = ABCI_EXCEPTION;
        response->exception.error = bytes_str("no more");
        break;
    case ANSWER_WHEN_TOLD:
        sem_post(&app->entered);
        sem_wait(&app->go);
        break;
    default:
        break;
    }
    if (response->kind == ABCI_QUERY)
        response->query.key = request->query.data;
    atomic_fetch_add(&app->finished, 1);
}

static const char *start(struct app *app)
{
    static char path[400];
    *app = (struct app){0};
    sem_init(&app->entered, 0, 0);
    sem_init(&app->go, 0, 0);
    snprintf(path, sizeof path, "%s/app.sock", test_tmpdir());
    struct diag d = {""};
    CHECK_ERR(abci_server_start(&app->server, path, handle, app, &d), E_OK);
    CHECK_STR(d.text, "");
    return path;
}

/* Connections are taken and given back by other threads: true once there are n. */
static bool connections_become(struct app *app, size_t n)
{
    for (int i = 0; i < WAIT_MS && abci_server_connections(app->server) != n; i++)
        usleep(1000);
    return abci_server_connections(app->server) == n;
}

/* ---- the engine's side ---- */

struct client {
    int fd;
    struct buf in;
    size_t taken;
    struct arena arena;
};

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    ASSERT(len < sizeof address.sun_path);
    memcpy(address.sun_path, path, len);
    return address;
}

static struct client connect_to(const char *path)
{
    struct client c = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_un address = address_of(path);
    CHECK(c.fd >= 0 && connect(c.fd, (struct sockaddr *)&address, sizeof address) == 0);
    return c;
}

static void hang_up(struct client *c)
{
    close(c->fd);
    buf_free(&c->in);
    arena_free(&c->arena);
}

static void send_all(struct client *c, struct bytes b)
{
    for (size_t done = 0; done < b.len;) {
        ssize_t n = send(c->fd, b.data + done, b.len - done, MSG_NOSIGNAL);
        REQUIRE(n > 0);
        done += (size_t)n;
    }
}

static void put_query(struct buf *out, int64_t what, const char *key)
{
    struct abci_request r = {.kind = ABCI_QUERY};
    r.query.height = what;
    r.query.data = bytes_str(key);
    abci_request_frame(out, &r);
}

static void put_kind(struct buf *out, enum abci_kind kind)
{
    struct abci_request r = {.kind = kind};
    abci_request_frame(out, &r);
}

static void send_query(struct client *c, int64_t what, const char *key, bool flush)
{
    struct buf out = {0};
    put_query(&out, what, key);
    if (flush)
        put_kind(&out, ABCI_FLUSH);
    send_all(c, buf_view(&out));
    buf_free(&out);
}

/* Reads the next response; false at the end of the connection. */
static bool receive(struct client *c, struct abci_response *out)
{
    for (;;) {
        struct bytes rest = buf_view(&c->in);
        if (c->taken > 0)
            rest = bytes_of(rest.data + c->taken, rest.len - c->taken);
        struct pb r = pb_reader(rest);
        uint64_t len;
        if (!pb_at_end(&r) && pb_next_varint(&r, &len) == E_OK && len <= (size_t)(r.end - r.p)) {
            CHECK_ERR(abci_response_decode(&c->arena, out, bytes_of(r.p, len), NULL), E_OK);
            c->taken = (size_t)(r.p - c->in.data) + len;
            return true;
        }
        struct pollfd p = {c->fd, POLLIN, 0};
        if (poll(&p, 1, WAIT_MS) != 1) {
            test_fail(__FILE__, __LINE__, "no response");
            return false;
        }
        uint8_t chunk[65536];
        ssize_t n = recv(c->fd, chunk, sizeof chunk, 0);
        if (n <= 0)
            return false;
        buf_put(&c->in, chunk, (size_t)n);
    }
}

static bool receive_kind(struct client *c, enum abci_kind kind, struct abci_response *out)
{
    bool got = receive(c, out);
    if (got && out->kind != kind)
        test_fail(__FILE__, __LINE__, "%s, expected %s", abci_kind_name(out->kind),
                  abci_kind_name(kind));
    return got && out->kind == kind;
}

static bool at_end(struct client *c)
{
    struct abci_response r;
    return !receive(c, &r);
}

/* ---- tests ---- */

TEST(abci_server_answers_in_order)
{
    struct app app;
    struct client c = connect_to(start(&app));
    struct buf out = {0};
    struct abci_response r;
    const size_t count = 3000;
    for (size_t i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "%zu", i);
        put_query(&out, ANSWER_KEY, key);
        struct abci_request echo = {.kind = ABCI_ECHO};
        echo.echo.message = bytes_str(key);
        abci_request_frame(&out, &echo);
        put_kind(&out, ABCI_COMMIT);
    }
    put_kind(&out, ABCI_FLUSH);
    /* in pieces that end anywhere */
    for (size_t done = 0; done < out.len;) {
        size_t n = 1 + test_random() % 700;
        n = n < out.len - done ? n : out.len - done;
        send_all(&c, bytes_of(out.data + done, n));
        done += n;
    }
    for (size_t i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "%zu", i);
        REQUIRE(receive_kind(&c, ABCI_QUERY, &r));
        REQUIRE(bytes_eq(r.query.key, bytes_str(key)));
        REQUIRE(receive_kind(&c, ABCI_ECHO, &r));
        REQUIRE(bytes_eq(r.echo.message, bytes_str(key)));
        REQUIRE(receive_kind(&c, ABCI_COMMIT, &r));
    }
    CHECK(receive_kind(&c, ABCI_FLUSH, &r));
    CHECK_INT(app.calls, 2 * count);
    buf_free(&out);
    hang_up(&c);
    CHECK(connections_become(&app, 0));
    abci_server_stop(app.server);
}

TEST(abci_server_waits_for_flush)
{
    struct app app;
    struct client c = connect_to(start(&app));
    struct abci_response r;
    send_query(&c, ANSWER_KEY, "a", false);
    for (int i = 0; i < WAIT_MS && app.finished == 0; i++)
        usleep(1000);
    struct pollfd p = {c.fd, POLLIN, 0};
    CHECK_INT(poll(&p, 1, 20), 0);
    /* an answer above the buffer's size goes out by itself, with the one before */
    send_query(&c, ANSWER_LARGE, "b", false);
    CHECK(receive_kind(&c, ABCI_QUERY, &r) && bytes_eq(r.query.key, bytes_str("a")));
    CHECK(receive_kind(&c, ABCI_QUERY, &r) && r.query.value.len == LARGE_BYTES);
    hang_up(&c);
    abci_server_stop(app.server);
}

TEST(abci_server_connections_are_independent)
{
    struct app app;
    const char *path = start(&app);
    struct client c[LIMIT_ABCI_CONNECTIONS + 1];
    struct abci_response r;
    for (size_t i = 0; i < LIMIT_ABCI_CONNECTIONS; i++)
        c[i] = connect_to(path);
    CHECK(connections_become(&app, LIMIT_ABCI_CONNECTIONS));
    /* one is in the handler, the others are served */
    send_query(&c[0], ANSWER_WHEN_TOLD, "late", true);
    sem_wait(&app.entered);
    for (size_t i = 1; i < LIMIT_ABCI_CONNECTIONS; i++) {
        send_query(&c[i], ANSWER_KEY, "now", true);
        CHECK(receive_kind(&c[i], ABCI_QUERY, &r) && bytes_eq(r.query.key, bytes_str("now")));
    }
    sem_post(&app.go);
    CHECK(receive_kind(&c[0], ABCI_QUERY, &r) && bytes_eq(r.query.key, bytes_str("late")));
    /* one more than there are places waits, and is served when another leaves */
    c[LIMIT_ABCI_CONNECTIONS] = connect_to(path);
    send_query(&c[LIMIT_ABCI_CONNECTIONS], ANSWER_KEY, "next", true);
    struct pollfd p = {c[LIMIT_ABCI_CONNECTIONS].fd, POLLIN, 0};
    CHECK_INT(poll(&p, 1, 20), 0);
    CHECK_INT(abci_server_connections(app.server), LIMIT_ABCI_CONNECTIONS);
    hang_up(&c[3]);
    CHECK(receive_kind(&c[LIMIT_ABCI_CONNECTIONS], ABCI_QUERY, &r));
    for (size_t i = 0; i <= LIMIT_ABCI_CONNECTIONS; i++)
        if (i != 3)
            hang_up(&c[i]);
    CHECK(connections_become(&app, 0));
    abci_server_stop(app.server);
}

TEST(abci_server_refuses)
{
    static const struct {
        const char *what, *hex;
    } cases[] = {
        {"a length above the limit", "8180802000"},
        {"a length of 2^64 - 1", "ffffffffffffffffff01"},
        {"a length in two bytes for one", "8100"},
        {"an endless length", "ffffffffffffffffffff"},
        {"no message", "00"},
        {"garbage", "05deadbeef00"},
        {"a request without its hash", "03a20100"},
        {"a kind that is not known", "022200"},
    };
    struct app app;
    const char *path = start(&app);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client c = connect_to(path);
        struct buf out = {0};
        struct abci_response r;
        /* what came before is answered, then the exception, then the end */
        put_query(&out, ANSWER_KEY, "before");
        CHECK_ERR(hex_decode_buf(&out, cases[i].hex, strlen(cases[i].hex)), E_OK);
        put_query(&out, ANSWER_KEY, "after");
        send_all(&c, buf_view(&out));
        CHECK(receive_kind(&c, ABCI_QUERY, &r));
        if (!receive_kind(&c, ABCI_EXCEPTION, &r) || r.exception.error.len == 0)
            test_fail(__FILE__, __LINE__, "%s", cases[i].what);
        CHECK(at_end(&c));
        CHECK_INT(app.calls, i + 1);
        buf_free(&out);
        hang_up(&c);
    }
    test_count(sizeof cases / sizeof *cases);
    CHECK(connections_become(&app, 0));
    abci_server_stop(app.server);
}

/* The engine counts no transactions: whoever proposes fills a block with as many as its bytes hold.
 * That is a proposal to be refused, not a message that ends the connection, and with it the engine.
 */
TEST(abci_server_reads_a_block_of_any_count)
{
    static const size_t COUNTS[] = {1, 65536, 65537, ((4u << 20) + (256u << 10)) / 2,
                                    LIMIT_ABCI_MESSAGE_BYTES / 2 - 100};
    struct app app;
    struct client c = connect_to(start(&app));
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
        struct abci_request proposal = {.kind = ABCI_PROCESS_PROPOSAL};
        struct abci_response r;
        struct buf out = {0};
        struct bytes *txs = mem_zalloc(COUNTS[i], sizeof *txs); /* empty ones */
        proposal.block.txs = txs;
        proposal.block.tx_count = COUNTS[i];
        proposal.block.height = 1;
        abci_request_frame(&out, &proposal);
        put_kind(&out, ABCI_FLUSH);
        send_all(&c, buf_view(&out));
        REQUIRE(receive_kind(&c, ABCI_PROCESS_PROPOSAL, &r));
        CHECK_INT(r.process_proposal.status, i ? ABCI_REJECT : ABCI_ACCEPT);
        REQUIRE(receive_kind(&c, ABCI_FLUSH, &r));
        buf_free(&out);
        mem_free(txs);
    }
    hang_up(&c);
    CHECK(connections_become(&app, 0));
    abci_server_stop(app.server);
}

TEST(abci_server_passes_on_the_applications_exception)
{
    struct app app;
    struct client c = connect_to(start(&app));
    struct abci_response r;
    send_query(&c, ANSWER_EXCEPTION, "", false);
    CHECK(receive_kind(&c, ABCI_EXCEPTION, &r) &&
          bytes_eq(r.exception.error, bytes_str("no more")));
    CHECK(at_end(&c));
    hang_up(&c);
    abci_server_stop(app.server);
}

/* A peer that goes away in the middle of a frame, at each of its bytes. */
TEST(abci_server_truncated_frames)
{
    struct app app;
    const char *path = start(&app);
    struct buf out = {0};
    put_query(&out, ANSWER_KEY, "0123456789");
    for (size_t len = 0; len < out.len; len++) {
        struct client c = connect_to(path);
        send_all(&c, bytes_of(out.data, len));
        hang_up(&c);
    }
    CHECK(connections_become(&app, 0));
    CHECK_INT(app.calls, 0);
    test_count(out.len);
    buf_free(&out);
    abci_server_stop(app.server);
}

TEST(abci_server_slow_reader)
{
    struct app app;
    const char *path = start(&app);
    struct client slow = connect_to(path), other = connect_to(path);
    struct abci_response r;
    const size_t count = 24; /* more than any socket's buffer holds */
    for (size_t i = 0; i < count; i++)
        send_query(&slow, ANSWER_LARGE, "x", true);
    while (app.calls == 0)
        usleep(1000);
    send_query(&other, ANSWER_KEY, "y", true);
    CHECK(receive_kind(&other, ABCI_QUERY, &r));
    CHECK(app.calls < count); /* the server holds one answer, not all */
    for (size_t i = 0; i < count; i++) {
        REQUIRE(receive_kind(&slow, ABCI_QUERY, &r) && r.query.value.len == LARGE_BYTES);
        REQUIRE(receive_kind(&slow, ABCI_FLUSH, &r));
    }
    hang_up(&slow);
    hang_up(&other);
    abci_server_stop(app.server);
}

static void *stop(void *ctx)
{
    struct app *app = ctx;
    abci_server_stop(app->server);
    return NULL;
}

TEST(abci_server_stops_while_busy)
{
    struct app app;
    const char *path = start(&app);
    struct client idle = connect_to(path), half = connect_to(path), busy = connect_to(path),
                  stuck = connect_to(path);
    struct abci_response r;
    pthread_t stopper;
    send_all(&half, bytes_of("\x10\x0a", 2)); /* of a frame of 16 bytes */
    for (int i = 0; i < 24; i++)
        send_query(&stuck, ANSWER_LARGE, "x", true); /* never read */
    send_query(&busy, ANSWER_WHEN_TOLD, "late", false);
    sem_wait(&app.entered);
    CHECK(connections_become(&app, 4));
    REQUIRE(pthread_create(&stopper, NULL, stop, &app) == 0);
    CHECK(at_end(&idle));
    CHECK(at_end(&half));
    CHECK(pthread_tryjoin_np(stopper, NULL) != 0); /* the handler is still at work */
    size_t finished = app.finished;
    sem_post(&app.go);
    REQUIRE(pthread_join(stopper, NULL) == 0);
    CHECK(app.finished > finished);
    CHECK(receive_kind(&busy, ABCI_QUERY, &r) && bytes_eq(r.query.key, bytes_str("late")));
    CHECK(at_end(&busy));
    CHECK(access(path, F_OK) != 0);
    hang_up(&idle);
    hang_up(&half);
    hang_up(&busy);
    hang_up(&stuck);
    abci_server_stop(NULL);
}

/* ---- the socket itself ---- */

static enum err try_start(struct app *app, const char *path)
{
    struct diag d = {""};
    enum err e = abci_server_start(&app->server, path, handle, app, &d);
    CHECK((e == E_OK) == (d.text[0] == 0));
    return e;
}

TEST(abci_server_socket)
{
    struct app app = {0}, second = {0};
    struct stat st;
    char path[500], other[500];
    const char *folder = test_tmpdir();
    snprintf(path, sizeof path, "%s/app.sock", folder);
    CHECK_ERR(try_start(&app, path), E_OK);
    CHECK(lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0600);
    CHECK_ERR(try_start(&second, path), E_LOCKED);
    struct client c = connect_to(path); /* the refused one left it alone */
    hang_up(&c);
    /* another's socket at its place is not removed */
    CHECK(unlink(path) == 0);
    CHECK_ERR(try_start(&second, path), E_OK);
    abci_server_stop(app.server);
    CHECK(access(path, F_OK) == 0);
    abci_server_stop(second.server);
    CHECK(access(path, F_OK) != 0);
    /* a dead one is */
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = address_of(path);
    CHECK(bind(dead, (struct sockaddr *)&address, sizeof address) == 0);
    close(dead);
    CHECK_ERR(try_start(&app, path), E_OK);
    abci_server_stop(app.server);
    /* what is no socket stays */
    snprintf(other, sizeof other, "%s/file", folder);
    FILE *f = fopen(other, "w");
    CHECK(f && fclose(f) == 0);
    CHECK_ERR(try_start(&app, other), E_EXISTS);
    CHECK(access(other, F_OK) == 0);
    snprintf(other, sizeof other, "%s/link", folder);
    CHECK(symlink("app.sock", other) == 0);
    CHECK_ERR(try_start(&app, other), E_EXISTS);
    snprintf(other, sizeof other, "%s/none/app.sock", folder);
    CHECK_ERR(try_start(&app, other), E_IO);
    snprintf(other, sizeof other, "%s/%065d", folder, 0);
    CHECK_ERR(try_start(&app, other), E_RANGE);
    snprintf(other, sizeof other, "%s/", folder);
    CHECK_ERR(try_start(&app, other), E_RANGE);
}

TEST(abci_server_long_path)
{
    struct app app = {0};
    char folder[400], path[500];
    snprintf(folder, sizeof folder, "%s/%0150d", test_tmpdir(), 0);
    REQUIRE(mkdir(folder, 0700) == 0);
    snprintf(path, sizeof path, "%s/app.sock", folder);
    CHECK_ERR(try_start(&app, path), E_OK);
    struct stat st;
    CHECK(lstat(path, &st) == 0 && S_ISSOCK(st.st_mode));
    /* a peer comes in from the folder, as the engine does */
    char back[400];
    REQUIRE(getcwd(back, sizeof back) && chdir(folder) == 0);
    struct client c = connect_to("app.sock");
    struct abci_response r;
    send_query(&c, ANSWER_KEY, "a", true);
    CHECK(receive_kind(&c, ABCI_QUERY, &r));
    hang_up(&c);
    abci_server_stop(app.server);
    /* and a name without a folder is in the current one */
    CHECK_ERR(try_start(&app, "here.sock"), E_OK);
    CHECK(access("here.sock", F_OK) == 0);
    abci_server_stop(app.server);
    CHECK(chdir(back) == 0);
}
