/* abci_server: the Unix socket on which CometBFT calls the application.
 *
 * Protocol  frames of a varint length and a message; requests of one connection are answered in
 *           their order. Echo and Flush are answered here. Responses are written at a Flush or when
 *           LIMIT_ABCI_BUFFER_BYTES wait. A malformed message, or a handler that answers with
 *           ABCI_EXCEPTION, gets the exception as its answer and the end of the connection.
 * Threads   one per connection, with the stack of a thread that executes. The engine opens four
 *           connections and nothing names them: the handler is called by up to
 *           LIMIT_ABCI_CONNECTIONS threads at once. A connection of an engine that has just died
 *           may still be in the handler when its successor's first request comes.
 * Security  the socket belongs to its owner alone (mode 0600); lengths are checked before memory
 *           is taken. One more connection than the limit waits until another ends. */
#ifndef PARVIS_ENGINE_ABCI_SERVER_H
#define PARVIS_ENGINE_ABCI_SERVER_H

#include "engine/abci.h"

struct abci_server;

/* Answers one request. *response comes zeroed, with the request's kind; the handler fills it in (or
 * makes it an ABCI_EXCEPTION). request, response and everything in a die when the response has
 * been encoded, right after the call. */
typedef void (*abci_handler)(void *ctx, const struct abci_request *request,
                             struct abci_response *response, struct arena *a);

/* abci_server_start binds path, which may be longer than a socket's address, and serves it. A
 * socket that nobody listens on is removed first. E_OK | E_LOCKED (another process listens there) |
 * E_EXISTS (something that is no socket is there) | E_RANGE (the name has not 1 to 64 bytes) |
 * E_IO. */
enum err abci_server_start(struct abci_server **out, const char *path, abci_handler handler,
                           void *ctx, struct diag *d);

/* abci_server_stop takes no more requests, waits for the handlers in progress, sends their answers
 * as far as the peer reads them at once, closes everything and removes the socket. NULL is fine.
 * Not from a handler. */
void abci_server_stop(struct abci_server *server);

/* abci_server_connections is the number of open connections: 4 with a running engine. */
size_t abci_server_connections(struct abci_server *server);

#endif
