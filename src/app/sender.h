/* sender: calls of the city's services through a node, by the services' own tables; and many
 * transactions of one account on the way at once. */
#ifndef PARVIS_APP_SENDER_H
#define PARVIS_APP_SENDER_H

#include "app/client.h"
#include "city/service.h"

/* client_input appends the call data of a method; args has as many values as it has inputs. */
void client_input(struct buf *out, const struct service *s, const char *method,
                  const struct abi_value *args, size_t count);

/* client_view calls a view at the latest block; *out is its outputs, in the arena. The codes of
 * client_eth_call | E_ABI. */
enum err client_view(struct client *c, struct arena *a, const struct service *s, const char *method,
                     const struct abi_value *args, size_t count, struct abi_value *out,
                     struct diag *d);

/* --- sending: many transactions on the way, receipts looked at in order ----------------------- */

#define SENDER_WINDOW 64

struct sender {
    struct client *client;
    const uint8_t *key32;
    uint64_t nonce; /* UINT64_MAX: ask */
    struct waiting {
        struct hash hash;
        struct buf data; /* to ask the node why, if it failed */
        struct address to;
        char what[64];
    } waiting[SENDER_WINDOW];
    size_t head, count;
    uint64_t sent;
};

/* client_wait_idle waits until no transaction of an account is on the way any more (an earlier run
 * may have been cut), so that what views tell is what the account did. E_TIMEOUT after a minute. */
enum err client_wait_idle(struct client *c, const uint8_t *key32, struct diag *d);

struct sender *sender_new(struct client *c, const uint8_t *key32);
void sender_free(struct sender *s);

/* sender_send signs and sends a call of a service (gas 0: asks the node for an estimate, which sees
 * only what is in a block already). When SENDER_WINDOW are on the way it waits for the oldest.
 * what: told to the user if it fails. */
enum err sender_send(struct sender *s, const struct service *service, const char *method,
                     const struct abi_value *args, size_t count, uint64_t gas, const char *what,
                     struct diag *d);

/* sender_drain waits for all receipts. E_REVERT with the reason when a transaction failed. */
enum err sender_drain(struct sender *s, struct diag *d);

#endif
