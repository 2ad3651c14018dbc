/* fetch: an HTTP client (libcurl): GET and POST over http, https or a Unix socket. One connection
 * is kept, one request at a time; every wait and every answer is bounded. No redirect is followed
 * and no proxy is asked.
 *
 * A base is "http://HOST:PORT", "https://HOST" or "unix:PATH". The path of a socket may have any
 * length: what does not fit a socket address is reached through its folder. */
#ifndef PARVIS_NET_FETCH_H
#define PARVIS_NET_FETCH_H

#include "base/bytes.h"

struct fetch;

struct fetch_limits {
    unsigned connect_ms;
    unsigned total_ms; /* of one request, with the connection */
    size_t response_bytes;
    const _Atomic bool *give_up; /* becomes true: the request in hand ends within a second or so,
                                    E_TIMEOUT; NULL: nothing ends it */
};

/* E_OK | E_INVALID (not such a base, a socket's name too long) | E_CONNECT (no folder of the
 * socket). Nothing is sent yet. */
enum err fetch_open(struct fetch **out, const char *base, const struct fetch_limits *limits,
                    struct diag *d);
void fetch_close(struct fetch *f); /* NULL is fine */

/* The answer's body is appended to out, whatever the status; *status_out (may be NULL) is 200 and
 * so on. target follows the base as it is: "" or "/commit?height=5". fetch_post sends JSON. On an
 * error out is as it was. E_OK | E_CONNECT | E_TIMEOUT | E_TOO_LARGE; d is "BASE: reason". */
enum err fetch_get(struct fetch *f, const char *target, struct buf *out, unsigned *status_out,
                   struct diag *d);
enum err fetch_post(struct fetch *f, const char *target, struct bytes json, struct buf *out,
                    unsigned *status_out, struct diag *d);

#endif
