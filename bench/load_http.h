/* load_http: JSON-RPC over HTTP keep-alive, as little of it as a load generator needs.
 * An answer by content-length or in chunks is fine; TLS is not spoken. What fails ends the program.
 */
#ifndef PARVIS_BENCH_LOAD_HTTP_H
#define PARVIS_BENCH_LOAD_HTTP_H

#include "base/bytes.h"
#include "codec/json.h"

_Noreturn void die(const char *what, const char *detail);

struct node {
    const char *host; /* an IPv4 address */
    uint16_t port;
};

struct connection {
    const struct node *node;
    int fd; /* 0: not open */
    struct buf in;
};

/* put_request appends a POST of body to out. */
void put_request(struct buf *out, const struct node *node, struct bytes body);

/* exchange sends a request of put_request; the body of the answer borrows from c. False when the
 * node closed the connection: close_connection, and try again. */
bool exchange(struct connection *c, struct bytes request, struct bytes *body);
void close_connection(struct connection *c);

/* rpc asks, and waits for the answer; free it with json_free. */
struct json *rpc(struct connection *c, const char *body_text);

#endif
