/* fetch against servers of a few lines, over TCP and over Unix sockets. */
#include "net/fetch.h"
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const struct fetch_limits LIMITS = {1000, 5000, 1000};

/* A server that reads one request a connection, keeps it, and writes `answer` (NULL: nothing, until
 * stopped). */
struct peer {
    int listener;
    const char *answer;
    char request[4096];
    int quit[2];
    pthread_t thread;
};

static bool readable(struct peer *p, int fd)
{
    struct pollfd wait[2] = {{.fd = fd, .events = POLLIN}, {.fd = p->quit[0], .events = POLLIN}};
    return poll(wait, 2, -1) > 0 && !wait[1].revents;
}

static void serve(struct peer *p, int fd)
{
    size_t len = 0;
    long body = 0;
    for (char *end = NULL; !end || p->request + len < end + 4 + body;) {
        if (!readable(p, fd))
            return;
        ssize_t n = read(fd, p->request + len, sizeof p->request - 1 - len);
        if (n <= 0)
            return;
        len += (size_t)n;
        p->request[len] = 0;
        end = strstr(p->request, "\r\n\r\n");
        const char *length = strstr(p->request, "Content-Length: ");
        body = length ? strtol(length + 16, NULL, 10) : 0;
    }
    if (!p->answer) {
        readable(p, fd);
        return;
    }
    size_t answer_len = strlen(p->answer); /* once the reader has it, the test may change it */
    CHECK(write(fd, p->answer, answer_len) == (ssize_t)answer_len);
}

static void *run(void *ctx)
{
    struct peer *p = ctx;
    while (readable(p, p->listener)) {
        int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            break;
        serve(p, fd);
        close(fd);
    }
    return NULL;
}

static void peer_start(struct peer *p, int listener, const char *answer)
{
    *p = (struct peer){.listener = listener, .answer = answer};
    CHECK(pipe(p->quit) == 0 && listen(listener, 4) == 0);
    CHECK(pthread_create(&p->thread, NULL, run, p) == 0);
}

static void peer_stop(struct peer *p)
{
    CHECK(write(p->quit[1], "x", 1) == 1);
    pthread_join(p->thread, NULL);
    close(p->quit[0]);
    close(p->quit[1]);
    close(p->listener);
}

static int tcp_listener(char base[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    snprintf(base, 64, "http://127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

/* Binds folder/name from inside the folder, whatever the length of its path. */
static int unix_listener(const char *folder, const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", name);
    CHECK(chdir(folder) == 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    CHECK(fchdir(here) == 0);
    close(here);
    return fd;
}

#define OK_5 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"

TEST(fetch_get_and_post)
{
    char base[64];
    struct peer p;
    struct fetch *f;
    struct buf out = {0};
    unsigned status = 0;
    peer_start(&p, tcp_listener(base), OK_5);
    CHECK_ERR(fetch_open(&f, base, &LIMITS, NULL), E_OK);
    buf_puts(&out, "before ");
    CHECK_ERR(fetch_get(f, "/commit?height=5", &out, &status, NULL), E_OK);
    CHECK_INT(status, 200);
    CHECK_STR(buf_cstr(&out), "before hello");
    CHECK(strncmp(p.request, "GET /commit?height=5 HTTP/1.1\r\n", 31) == 0);
    CHECK(!strstr(p.request, "application/json"));
    CHECK_ERR(fetch_post(f, "", bytes_str("{\"a\":1}"), &out, NULL, NULL), E_OK);
    CHECK_STR(buf_cstr(&out), "before hellohello");
    CHECK(strncmp(p.request, "POST / HTTP/1.1\r\n", 17) == 0);
    CHECK(strstr(p.request, "Content-Type: application/json\r\n"));
    CHECK(strstr(p.request, "\r\n\r\n{\"a\":1}"));
    /* an empty body is sent as such, and GET works again afterwards */
    CHECK_ERR(fetch_post(f, "/x", (struct bytes){0}, &out, NULL, NULL), E_OK);
    CHECK(strstr(p.request, "Content-Length: 0\r\n"));
    CHECK_ERR(fetch_get(f, "", &out, NULL, NULL), E_OK);
    CHECK(strncmp(p.request, "GET / HTTP/1.1\r\n", 16) == 0);
    peer_stop(&p);
    struct diag d = {0};
    CHECK_ERR(fetch_get(f, "", &out, NULL, &d), E_CONNECT);
    CHECK(strncmp(d.text, base, strlen(base)) == 0);
    CHECK_STR(buf_cstr(&out), "before hellohellohellohello");
    fetch_close(f);
    buf_free(&out);
}

TEST(fetch_gives_the_body_of_a_refusal)
{
    char base[64];
    struct peer p;
    struct fetch *f;
    struct buf out = {0};
    unsigned status = 0;
    peer_start(&p, tcp_listener(base),
               "HTTP/1.1 500 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    CHECK_ERR(fetch_open(&f, base, &LIMITS, NULL), E_OK);
    CHECK_ERR(fetch_get(f, "/", &out, &status, NULL), E_OK);
    CHECK_INT(status, 500);
    CHECK_STR(buf_cstr(&out), "no");
    fetch_close(f);
    peer_stop(&p);
    buf_free(&out);
}

TEST(fetch_bounds_the_answer)
{
    char base[64], answer[2100];
    struct peer p;
    struct fetch *f;
    struct buf out = {0};
    struct diag d = {0};
    int head = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    memset(answer + head, 'x', 1001);
    answer[head + 1001] = 0;
    peer_start(&p, tcp_listener(base), answer);
    CHECK_ERR(fetch_open(&f, base, &LIMITS, NULL), E_OK);
    buf_puts(&out, "kept");
    CHECK_ERR(fetch_get(f, "/", &out, NULL, &d), E_TOO_LARGE);
    CHECK(strstr(d.text, "1000"));
    CHECK_STR(buf_cstr(&out), "kept");
    answer[head + 1000] = 0; /* as many as allowed, beside what was there */
    CHECK_ERR(fetch_get(f, "/", &out, NULL, &d), E_OK);
    CHECK_INT(out.len, 1004);
    fetch_close(f);
    peer_stop(&p);
    buf_free(&out);
}

TEST(fetch_does_not_wait_for_ever)
{
    char base[64];
    struct peer p;
    struct fetch *f;
    struct buf out = {0};
    struct fetch_limits brief = {1000, 100, 1000};
    peer_start(&p, tcp_listener(base), NULL);
    CHECK_ERR(fetch_open(&f, base, &brief, NULL), E_OK);
    CHECK_ERR(fetch_get(f, "/", &out, NULL, NULL), E_TIMEOUT);
    fetch_close(f);
    peer_stop(&p);
    buf_free(&out);
}

TEST(fetch_gives_up_when_told)
{
    char base[64];
    struct peer p;
    struct fetch *f;
    struct buf out = {0};
    _Atomic bool give_up = true;
    struct fetch_limits patient = {60000, 60000, 1000, &give_up};
    peer_start(&p, tcp_listener(base), NULL);
    CHECK_ERR(fetch_open(&f, base, &patient, NULL), E_OK);
    CHECK_ERR(fetch_get(f, "/", &out, NULL, NULL), E_TIMEOUT);
    fetch_close(f);
    peer_stop(&p);
    buf_free(&out);
}

static void over_unix(const char *folder, const char *name)
{
    struct peer p;
    struct fetch *f;
    struct buf out = {0}, base = {0};
    buf_putf(&base, "unix:%s/%s", folder, name);
    peer_start(&p, unix_listener(folder, name), OK_5);
    CHECK_ERR(fetch_open(&f, buf_cstr(&base), &LIMITS, NULL), E_OK);
    for (int i = 0; i < 2; i++)
        CHECK_ERR(fetch_get(f, "/status", &out, NULL, NULL), E_OK);
    CHECK_STR(buf_cstr(&out), "hellohello");
    CHECK(strncmp(p.request, "GET /status HTTP/1.1\r\n", 22) == 0);
    fetch_close(f);
    peer_stop(&p);
    buf_free(&out);
    buf_free(&base);
}

TEST(fetch_over_unix_sockets)
{
    over_unix(test_tmpdir(), "s.sock");
}

TEST(fetch_over_unix_sockets_of_any_length)
{
    char folder[1000];
    snprintf(folder, sizeof folder, "%s", test_tmpdir());
    while (strlen(folder) < 300) {
        snprintf(folder + strlen(folder), sizeof folder - strlen(folder), "/%s",
                 "a_folder_with_a_rather_long_name_as_they_occur");
        CHECK(mkdir(folder, 0700) == 0);
    }
    over_unix(folder, "s.sock");
    /* a name alone may be too long, and the folder missing */
    struct fetch *f;
    struct diag d = {0};
    char path[1200], name[121];
    memset(name, 'n', 120);
    name[120] = 0;
    snprintf(path, sizeof path, "unix:%s/%s", folder, name);
    CHECK_ERR(fetch_open(&f, path, &LIMITS, &d), E_INVALID);
    CHECK(strstr(d.text, "too long"));
    snprintf(path, sizeof path, "unix:%s/missing/s.sock", folder);
    CHECK_ERR(fetch_open(&f, path, &LIMITS, &d), E_CONNECT);
}

TEST(fetch_refuses_other_bases)
{
    static const char *const BAD[] = {"",      "127.0.0.1:8545", "ftp://host", "file:///etc/passwd",
                                      "unix:", "unix",           "HTTP//x"};
    struct fetch *f;
    struct diag d = {0};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        CHECK_ERR(fetch_open(&f, BAD[i], &LIMITS, &d), E_INVALID);
    CHECK(strstr(d.text, "unix:PATH"));
    struct buf out = {0};
    CHECK_ERR(fetch_open(&f, "unix:/nowhere/at/all.sock", &LIMITS, &d), E_OK);
    CHECK_ERR(fetch_get(f, "/", &out, NULL, &d), E_CONNECT);
    fetch_close(f);
    fetch_close(NULL);
}
