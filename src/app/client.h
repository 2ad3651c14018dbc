/* client: a JSON-RPC client for the command line (over net/fetch). */
#ifndef PARVIS_APP_CLIENT_H
#define PARVIS_APP_CLIENT_H

#include "base/limits.h"
#include "chain/tx.h"
#include "codec/json.h"

struct client;

/* client_open keeps one connection. E_OK | E_INVALID (not an http URL). */
enum err client_open(struct client **out, const char *url, struct diag *d);
void client_close(struct client *c);

/* client_call sends method with params (JSON array text, "[]" if none). *reply_out is the whole
 * reply object, freed with json_free; client_result picks its result. E_OK | E_CONNECT | E_TIMEOUT
 * | E_TOO_LARGE | E_JSON | E_REVERT (execution reverted: d explains) | E_LIMIT (a limit of the
 * node: later) | E_INVALID (the node refused; d holds its message). */
enum err client_call(struct client *c, const char *method, const char *params,
                     struct json **reply_out, struct diag *d);
const struct json *client_result(const struct json *reply);

/* Typed short forms. */
enum err client_quantity(struct client *c, const char *method, const char *params, uint64_t *out,
                         struct diag *d);
/* client_data reads a result that is a hexadecimal string. */
enum err client_data(struct client *c, const char *method, const char *params, struct buf *out,
                     struct diag *d);
/* client_eth_call runs a read-only call at "latest". out gets the returned bytes appended. */
enum err client_eth_call(struct client *c, const struct address *to, struct bytes input,
                         struct buf *out, struct diag *d);

/* client_estimate_gas sets t->gas_limit to what a call from this account needs at the latest block.
 * The codes of client_call. */
enum err client_estimate_gas(struct client *c, struct tx *t, const struct address *from,
                             struct diag *d);

/* client_send fills chain id, nonce, and gas (when 0, by estimate) of t, signs it with key32 and
 * sends it. *nonce_inout: the next nonce to use (UINT64_MAX: ask the node); advanced on success.
 * client_wait_receipt polls until the receipt is there; *receipt_out is the reply (client_result),
 * *ok_out whether the transaction succeeded. E_TIMEOUT when it does not come. */
enum err client_send(struct client *c, struct tx *t, const uint8_t key32[32], uint64_t *nonce_inout,
                     struct hash *hash_out, struct diag *d);
enum err client_wait_receipt(struct client *c, const struct hash *tx_hash, unsigned timeout_ms,
                             struct json **receipt_out, bool *ok_out, struct diag *d);

#endif
