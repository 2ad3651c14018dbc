#include "net/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

struct fetch {
    CURL *curl;
    struct curl_slist *json_headers;
    char *base;     /* as given, for messages */
    char *url_base; /* what targets are appended to */
    int socket_dir; /* -1: not needed */
    size_t response_bytes;
    const _Atomic bool *give_up;
    struct buf url;
    struct buf *reply; /* of the request in hand */
    size_t reply_start;
    bool too_large;
    char curl_error[CURL_ERROR_SIZE];
};

static void init_library(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t on_data(char *data, size_t size, size_t count, void *ctx)
{
    struct fetch *f = ctx;
    size_t len = size * count;
    f->too_large = len > f->response_bytes - (f->reply->len - f->reply_start);
    if (f->too_large)
        return 0;
    buf_put(f->reply, data, len);
    return len;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct fetch *f = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return f->give_up && atomic_load(f->give_up); /* not 0: no more */
}

/* A path that does not fit a socket address becomes /proc/self/fd/FOLDER/NAME, of any folder. */
static enum err use_socket(struct fetch *f, const char *path, struct diag *d)
{
    if (strlen(path) <= SOCKET_PATH_MAX) {
        curl_easy_setopt(f->curl, CURLOPT_UNIX_SOCKET_PATH, path);
        return E_OK;
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *folder = mem_strdup(path), shorter[SOCKET_PATH_MAX + 1];
    folder[name - path] = 0;
    f->socket_dir = open(slash ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    mem_free(folder);
    if (f->socket_dir < 0)
        return diag_os(d, E_CONNECT, path, errno);
    int n = snprintf(shorter, sizeof shorter, "/proc/self/fd/%d/%s", f->socket_dir, name);
    if (n < 0 || (size_t)n >= sizeof shorter)
        return diag_set(d, E_INVALID,
                        T("%s: the socket's name is too long", "%s : nom de socket trop long"),
                        path);
    curl_easy_setopt(f->curl, CURLOPT_UNIX_SOCKET_PATH, shorter);
    return E_OK;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

enum err fetch_open(struct fetch **out, const char *base, const struct fetch_limits *limits,
                    struct diag *d)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bool is_socket = starts(base, "unix:") && base[5];
    if (!is_socket && !starts(base, "http://") && !starts(base, "https://"))
        return diag_set(d, E_INVALID,
                        T("%s: neither http://HOST:PORT nor unix:PATH",
                          "%s : ni http://HÔTE:PORT ni unix:CHEMIN"),
                        base);
    pthread_once(&once, init_library);
    struct fetch *f = mem_zalloc(1, sizeof *f);
    f->socket_dir = -1;
    f->response_bytes = limits->response_bytes;
    f->give_up = limits->give_up;
    f->curl = curl_easy_init();
    ASSERT(f->curl);
    f->base = mem_strdup(base);
    f->url_base = mem_strdup(is_socket ? "http://localhost" : base);
    f->json_headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(f->curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(f->curl, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(f->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(f->curl, CURLOPT_XFERINFODATA, f);
    curl_easy_setopt(f->curl, CURLOPT_NOPROGRESS, f->give_up ? 0L : 1L);
    curl_easy_setopt(f->curl, CURLOPT_ERRORBUFFER, f->curl_error);
    curl_easy_setopt(f->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(f->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(f->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_ms);
    curl_easy_setopt(f->curl, CURLOPT_TIMEOUT_MS, (long)limits->total_ms);
    enum err e = is_socket ? use_socket(f, base + 5, d) : E_OK;
    if (e != E_OK) {
        fetch_close(f);
        return e;
    }
    *out = f;
    return E_OK;
}

void fetch_close(struct fetch *f)
{
    if (!f)
        return;
    curl_easy_cleanup(f->curl);
    curl_slist_free_all(f->json_headers);
    if (f->socket_dir >= 0)
        close(f->socket_dir);
    mem_free(f->base);
    mem_free(f->url_base);
    buf_free(&f->url);
    mem_free(f);
}

/* libcurl speaks English: the common reasons have French words. */
static const char *reason_of(const struct fetch *f, CURLcode code)
{
    const char *words = f->curl_error[0] ? f->curl_error : curl_easy_strerror(code);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return T(words, "connexion impossible");
    case CURLE_COULDNT_RESOLVE_HOST:
        return T(words, "nom d'hôte inconnu");
    case CURLE_OPERATION_TIMEDOUT:
        return T(words, "pas de réponse à temps");
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return T(words, "la connexion a été coupée");
    default:
        return words;
    }
}

static enum err perform(struct fetch *f, const char *target, struct buf *out, unsigned *status_out,
                        struct diag *d)
{
    long status = 0;
    buf_clear(&f->url);
    buf_putf(&f->url, "%s%s", f->url_base, target);
    curl_easy_setopt(f->curl, CURLOPT_URL, buf_cstr(&f->url));
    f->reply = out;
    f->reply_start = out->len;
    f->too_large = false;
    f->curl_error[0] = 0;
    CURLcode code = curl_easy_perform(f->curl);
    if (code == CURLE_OK) {
        curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
        if (status_out)
            *status_out = (unsigned)status;
        return E_OK;
    }
    out->len = f->reply_start;
    if (f->too_large)
        return diag_set(
            d, E_TOO_LARGE,
            T("%s: the answer is larger than %zu bytes", "%s : la réponse dépasse %zu octets"),
            f->base, f->response_bytes);
    bool timeout = code == CURLE_OPERATION_TIMEDOUT || code == CURLE_ABORTED_BY_CALLBACK;
    return diag_set(d, timeout ? E_TIMEOUT : E_CONNECT, T("%s: %s", "%s : %s"), f->base,
                    reason_of(f, code));
}

enum err fetch_get(struct fetch *f, const char *target, struct buf *out, unsigned *status_out,
                   struct diag *d)
{
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(f->curl, CURLOPT_HTTPGET, 1L);
    return perform(f, target, out, status_out, d);
}

enum err fetch_post(struct fetch *f, const char *target, struct bytes json, struct buf *out,
                    unsigned *status_out, struct diag *d)
{
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, f->json_headers);
    curl_easy_setopt(f->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(f->curl, CURLOPT_POSTFIELDS, json.len ? (const char *)json.data : "");
    curl_easy_setopt(f->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)json.len);
    return perform(f, target, out, status_out, d);
}
