#include "load_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

_Noreturn void die(const char *what, const char *detail)
{
    fprintf(stderr, "loadgen: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
    exit(1);
}

static void dial(struct connection *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(c->node->port)};
    int one = 1;
    if (inet_pton(AF_INET, c->node->host, &address.sin_addr) != 1)
        die("give the host as an IPv4 address", c->node->host);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("no connection to the node", c->node->host);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static bool send_all(int fd, const uint8_t *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool receive_more(struct connection *c)
{
    buf_reserve(&c->in, 65536);
    ssize_t n = recv(c->fd, c->in.data + c->in.len, 65535, 0);
    if (n <= 0)
        return false;
    c->in.len += (size_t)n;
    buf_cstr(&c->in);
    return true;
}

/* Joins the chunks of a body in place; false until the last chunk has come. */
static bool dechunk(struct connection *c, size_t start, struct bytes *body)
{
    char *end = (char *)c->in.data + c->in.len, *from = (char *)c->in.data + start, *out;
    for (;;) {
        char *line = memmem(from, (size_t)(end - from), "\r\n", 2);
        if (!line)
            return false;
        size_t len = strtoul(from, NULL, 16);
        if ((size_t)(end - line) < len + 4)
            return false;
        if (len == 0)
            break;
        from = line + 2 + len + 2;
    }
    /* complete: now move */
    from = out = (char *)c->in.data + start;
    for (;;) {
        char *line = memmem(from, (size_t)(end - from), "\r\n", 2);
        size_t len = strtoul(from, NULL, 16);
        if (len == 0)
            break;
        memmove(out, line + 2, len);
        out += len;
        from = line + 2 + len + 2;
    }
    *body = bytes_of(c->in.data + start, (size_t)(out - ((char *)c->in.data + start)));
    return true;
}

/* One request that is already complete with its header; the body of the answer borrows from c. */
bool exchange(struct connection *c, struct bytes request, struct bytes *body)
{
    if (c->fd <= 0)
        dial(c);
    buf_clear(&c->in);
    if (!send_all(c->fd, request.data, request.len))
        return false;
    char *head_end = NULL;
    do {
        if (!receive_more(c))
            return false;
        head_end = strstr((char *)c->in.data, "\r\n\r\n");
    } while (!head_end);
    size_t start = (size_t)(head_end + 4 - (char *)c->in.data);
    char *length = strcasestr((char *)c->in.data, "\r\ncontent-length:");
    if (length && length < head_end) {
        size_t want = strtoul(length + 17, NULL, 10);
        while (c->in.len < start + want)
            if (!receive_more(c))
                return false;
        *body = bytes_of(c->in.data + start, want);
        return true;
    }
    while (!dechunk(c, start, body))
        if (!receive_more(c))
            return false;
    return true;
}

void put_request(struct buf *out, const struct node *node, struct bytes body)
{
    buf_putf(out,
             "POST / HTTP/1.1\r\nHost: %s:%u\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n",
             node->host, node->port, body.len);
    buf_put(out, body.data, body.len);
}

void close_connection(struct connection *c)
{
    if (c->fd > 0)
        close(c->fd);
    c->fd = 0;
}

struct json *rpc(struct connection *c, const char *body_text)
{
    struct buf request = {0};
    struct bytes body;
    struct json *reply;
    put_request(&request, c->node, bytes_str(body_text));
    if (!exchange(c, buf_view(&request), &body))
        die("the node closed the connection", NULL);
    struct diag d = {0};
    if (json_parse(&reply, body, &d) != E_OK)
        die("the node's answer is not JSON", d.text);
    buf_free(&request);
    return reply;
}
