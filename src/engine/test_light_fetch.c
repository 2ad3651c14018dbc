/* light_fetch against recorded answers over a Unix socket, and against a real engine where there is
 * one ($PARVIS_ENGINE, engine/bin/cometbft of the project, or cometbft on the path). */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/light_fetch.h"
#include "engine/test_light.h"

/* --- an engine that answers what was recorded ----------------------------------------------------
 */

struct peer {
    int listener, quit[2];
    pthread_t thread;
    const struct json *heights;
    const char *validators; /* another answer instead, if set */
    char asked[64];         /* the last target for validators */
};

static void put_answer(struct peer *p, const char *target, struct buf *out)
{
    static const char commit[] = "/commit?height=", validators[] = "/validators?height=";
    bool of_commit = strncmp(target, commit, strlen(commit)) == 0;
    bool latest = strcmp(target, "/commit") == 0;
    if (strncmp(target, validators, strlen(validators)) == 0) {
        snprintf(p->asked, sizeof p->asked, "%.63s", target);
        if (p->validators) {
            buf_puts(out, p->validators);
            return;
        }
    } else if (!of_commit && !latest) {
        buf_puts(out, "{}");
        return;
    }
    char height[32] = "3";
    if (!latest)
        snprintf(height, sizeof height, "%.*s", (int)strcspn(strchr(target, '=') + 1, "&"),
                 strchr(target, '=') + 1);
    const struct json *h = json_get(p->heights, height);
    if (h)
        json_print(out, json_get(h, of_commit || latest ? "commit" : "validators"));
    else
        buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":-1,\"error\":{\"code\":-32603,\"message\":"
                      "\"Internal error\",\"data\":\"height 1000 must be less than or equal to the "
                      "current blockchain height 18\"}}");
}

static bool readable(struct peer *p, int fd)
{
    struct pollfd wait[2] = {{.fd = fd, .events = POLLIN}, {.fd = p->quit[0], .events = POLLIN}};
    return poll(wait, 2, -1) > 0 && !wait[1].revents;
}

static void *serve(void *ctx)
{
    struct peer *p = ctx;
    while (readable(p, p->listener)) {
        char request[2048];
        int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 && readable(p, fd)) {
            ssize_t n = read(fd, request, sizeof request - 1); /* one segment: the client is curl */
            request[n > 0 ? n : 0] = 0;
            strtok_r(request + 4, " ", &(char *){NULL});
            struct buf body = {0}, all = {0};
            put_answer(p, request + 4, &body);
            buf_putf(&all, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                     body.len);
            buf_put(&all, body.data, body.len);
            CHECK(write(fd, all.data, all.len) == (ssize_t)all.len);
            buf_free(&body);
            buf_free(&all);
        }
        close(fd);
    }
    return NULL;
}

static void peer_start(struct peer *p, const char *path, const struct json *heights)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    *p = (struct peer){.heights = heights};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(p->listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(p->listener, 4) == 0);
    CHECK(pipe(p->quit) == 0 && pthread_create(&p->thread, NULL, serve, p) == 0);
}

static void peer_stop(struct peer *p)
{
    CHECK(write(p->quit[1], "x", 1) == 1);
    pthread_join(p->thread, NULL);
    close(p->listener);
    close(p->quit[0]);
    close(p->quit[1]);
}

static void read_back(struct light_block *b, struct arena *a, struct buf *text)
{
    struct json *j = NULL;
    struct diag d = {0};
    CHECK_ERR(json_parse(&j, buf_view(text), &d), E_OK);
    CHECK_ERR(light_read_block(b, a, j, &d), E_OK);
    CHECK_STR(d.text, "");
    json_free(j);
}

TEST(light_fetch_recorded_heights)
{
    struct peer p;
    struct arena a = {0};
    char path[200];
    struct json *heights = recorded_json("heights.json");
    snprintf(path, sizeof path, "%.90s/rpc.sock", test_tmpdir());
    peer_start(&p, path, heights);
    size_t cases = 0;
    for (const struct json *h = json_first(heights); h; h = json_next(h), cases++) {
        struct buf text = {0};
        struct diag d = {0};
        struct light_block b = {0};
        CHECK_ERR(light_fetch(path, strtoull(json_key(h), NULL, 10), &text, &d), E_OK);
        read_back(&b, &a, &text);
        CHECK_ERR(light_check(&b, &d), E_OK);
        CHECK(!strstr(buf_cstr(&text), "proposer_priority"));
        CHECK(strstr(p.asked, "&page=1&per_page=100"));
        buf_free(&text);
    }
    struct buf text = {0};
    struct diag d = {0};
    struct light_block b = {0};
    CHECK_ERR(light_fetch(path, 0, &text, &d), E_OK); /* the latest */
    read_back(&b, &a, &text);
    CHECK_INT(b.header.height, 3);
    buf_clear(&text);
    CHECK_ERR(light_fetch(path, 1000, &text, &d), E_NOT_FOUND);
    CHECK(strstr(d.text, "current blockchain height"));
    p.validators = "{\"result\":{\"validators\":[],\"total\":\"4\"}}";
    CHECK_ERR(light_fetch(path, 3, &text, &d), E_JSON);
    p.validators = "{\"result\":{\"validators\":[],\"total\":\"100000\"}}";
    CHECK_ERR(light_fetch(path, 3, &text, &d), E_JSON);
    p.validators = "{\"result\":{}}";
    CHECK_ERR(light_fetch(path, 3, &text, &d), E_JSON);
    p.validators = "{\"nothing\":1}";
    CHECK_ERR(light_fetch(path, 3, &text, &d), E_JSON);
    p.validators = "no JSON";
    CHECK_ERR(light_fetch(path, 3, &text, &d), E_JSON);
    CHECK_INT(text.len, 0);
    peer_stop(&p);
    CHECK_ERR(light_fetch(path, 3, &text, &d), E_CONNECT);
    buf_free(&text);
    json_free(heights);
    arena_free(&a);
    test_count(cases);
}

/* More validators than a page holds: every page is asked for, in order. */
TEST(light_fetch_pages)
{
    struct peer p;
    struct arena a = {0};
    char path[200];
    uint64_t powers[2] = {10, 10};
    struct light_block b = made_block(&a, 3, 0, 2, powers, NULL), back = {0};
    struct buf commit = {0}, page = {0}, heights = {0}, text = {0};
    struct json *block = NULL, *all = NULL;
    light_put_block(&page, &b);
    CHECK_ERR(json_parse(&block, buf_view(&page), NULL), E_OK);
    buf_puts(&commit, "{\"result\":{\"signed_header\":");
    json_print(&commit, json_get(block, "signed_header"));
    buf_puts(&commit, ",\"canonical\":true}}");
    buf_clear(&page);
    buf_puts(&page, "{\"result\":{\"validators\":[");
    json_print(&page, json_at(json_get(block, "validators"), 0));
    buf_puts(&page, "],\"total\":\"2\"}}");
    buf_puts(&heights, "{\"3\":{\"commit\":");
    buf_puts(&heights, buf_cstr(&commit));
    buf_puts(&heights, "}}");
    CHECK_ERR(json_parse(&all, buf_view(&heights), NULL), E_OK);
    snprintf(path, sizeof path, "%.90s/pages.sock", test_tmpdir());
    peer_start(&p, path, all);
    p.validators = buf_cstr(&page);
    /* the same validator comes twice, which a reader refuses; here only the asking matters */
    CHECK_ERR(light_fetch(path, 3, &text, NULL), E_OK);
    CHECK_STR(p.asked, "/validators?height=3&page=2&per_page=100");
    read_back(&back, &a, &text);
    CHECK_INT(back.set.count, 2);
    /* its second vote is not by the validator that stands there: left out */
    CHECK(back.commit.votes[0].flag == LIGHT_COMMIT && back.commit.votes[1].flag == LIGHT_ABSENT);
    peer_stop(&p);
    json_free(block);
    json_free(all);
    buf_free(&commit);
    buf_free(&page);
    buf_free(&heights);
    buf_free(&text);
    arena_free(&a);
}

/* --- a real engine
 * -------------------------------------------------------------------------------- */

static pid_t run(const char *engine, const char *what, const char *dir)
{
    pid_t pid = fork();
    if (pid == 0) {
        int nothing = open("/dev/null", O_WRONLY);
        dup2(nothing, 1);
        dup2(nothing, 2);
        if (chdir(dir) == 0)
            execlp(engine, engine, what, "--home", ".", (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* config.toml with other values for some names; laddr occurs for RPC and for P2P. */
static void configure(const char *dir)
{
    static const char *const LINES[][2] = {{"proxy_app = ", "proxy_app = \"kvstore\""},
                                           {"timeout_commit = ", "timeout_commit = \"50ms\""}};
    char path[300], line[4096];
    struct buf out = {0};
    bool rpc = false;
    snprintf(path, sizeof path, "%s/config/config.toml", dir);
    FILE *f = fopen(path, "r");
    REQUIRE(f);
    while (fgets(line, sizeof line, f)) {
        const char *put = line;
        if (line[0] == '[')
            rpc = strncmp(line, "[rpc]", 5) == 0;
        if (strncmp(line, "laddr = ", 8) == 0)
            put = rpc ? "laddr = \"unix://rpc.sock\"\n" : "laddr = \"tcp://127.0.0.1:0\"\n";
        for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
            if (strncmp(line, LINES[i][0], strlen(LINES[i][0])) == 0) {
                buf_putf(&out, "%s\n", LINES[i][1]);
                put = "";
            }
        buf_puts(&out, put);
    }
    fclose(f);
    f = fopen(path, "w");
    REQUIRE(f);
    CHECK(fwrite(out.data, 1, out.len, f) == out.len);
    fclose(f);
    buf_free(&out);
}

TEST(light_fetch_real_engine)
{
    char dir[200], path[300];
    const char *engine = getenv("PARVIS_ENGINE"), *root = getenv("PARVIS_ROOT");
    char own[4300];
    int status = 0;
    struct buf text = {0};
    struct arena a = {0};
    struct diag d = {0};
    snprintf(own, sizeof own, "%s/engine/bin/cometbft", root ? root : ".");
    if (!engine)
        engine = access(own, X_OK) == 0 ? own : "cometbft";
    snprintf(dir, sizeof dir, "%.90s/engine", test_tmpdir());
    snprintf(path, sizeof path, "%s/rpc.sock", dir);
    CHECK(mkdir(dir, 0700) == 0);
    waitpid(run(engine, "init", dir), &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        SKIP("no CometBFT here (script/bootstrap --network, or PARVIS_ENGINE)");
    configure(dir);
    pid_t pid = run(engine, "start", dir);
    enum err e = E_CONNECT;
    for (unsigned i = 0; i < 600 && e != E_OK; i++) {
        usleep(50000);
        buf_clear(&text);
        e = light_fetch(path, 4, &text, &d);
    }
    CHECK_ERR(e, E_OK);
    if (e == E_OK) {
        struct light_block b = {0};
        struct light_trust t = {0};
        struct json *genesis = NULL;
        char file[400];
        read_back(&b, &a, &text);
        CHECK_INT(b.header.height, 4);
        snprintf(file, sizeof file, "%s/config/genesis.json", dir);
        CHECK_ERR(json_parse_file(&genesis, file, &d), E_OK);
        CHECK_ERR(light_read_trust(&t, &a, genesis, &d), E_OK);
        CHECK_ERR(light_step(&t, &b, b.header.time, &d), E_OK);
        CHECK_ERR(light_fetch(path, 100000, &text, &d), E_NOT_FOUND);
        json_free(genesis);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    buf_free(&text);
    arena_free(&a);
}
