/* energy_chain: the city's services through a node's JSON-RPC, in terms of their own tables. */
#ifndef PARVIS_APP_ENERGY_CHAIN_H
#define PARVIS_APP_ENERGY_CHAIN_H

#include "app/client.h"
#include "app/command.h"
#include "city/energy/calendar.h"
#include "city/service.h"
#include "gateway/files/organiser.h"

struct energy_chain {
    struct client *client;
    const struct service *energy, *money;
    struct arena arena; /* results of views: reset it when they are used up */
    uint64_t operation;
};

/* energy_chain_open connects to --rpc. energy_chain_close releases. */
enum err energy_chain_open(struct energy_chain *c, const struct cli *cli, struct diag *d);
void energy_chain_close(struct energy_chain *c);

/* chain_input appends the call data of a method; args has as many values as it has inputs. */
void chain_input(struct buf *out, const struct service *s, const char *method,
                 const struct abi_value *args, size_t count);

/* chain_view calls a view at the latest block; *out is its outputs, in c->arena. */
enum err chain_view(struct energy_chain *c, const struct service *s, const char *method,
                    const struct abi_value *args, size_t count, struct abi_value *out,
                    struct diag *d);

/* What operation() tells. */
struct chain_operation {
    struct address organiser;
    enum zone zone;
    uint64_t start_s;
    uint32_t step_minutes;
    uint8_t key;
    uint32_t points, consumers, producers;
    uint64_t settled_until_s;
    uint32_t open_month;
    bool closing;
};
enum err chain_operation_get(struct energy_chain *c, struct chain_operation *out, struct diag *d);

/* What totals() tells. */
struct chain_totals {
    uint64_t produced_wh, consumed_wh, shared_wh, surplus_wh;
    uint32_t days;
    uint64_t ht_cents, vat_cents, paid_cents;
};
enum err chain_totals_get(struct energy_chain *c, struct chain_totals *out, struct diag *d);

/* A point, named by the organiser's file when there is one, else by its pseudonym. */
struct chain_point {
    uint32_t index;
    bool consumes, produces;
    uint64_t enter_s, leave_s;
    struct hash pseudonym;
    char id[72];
    char prm[16];
    struct district_party holder;
};
/* chain_points reads all points; *out is freed with mem_free. o may be NULL. */
enum err chain_points(struct energy_chain *c, uint32_t count, struct organiser *o,
                      struct chain_point **out, struct diag *d);

/* --- sending: many transactions on the way, receipts looked at in order ----------------------- */

#define SENDER_WINDOW 64

struct sender {
    struct energy_chain *chain;
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

/* chain_wait_idle waits until no transaction of an account is on the way any more (an earlier run
 * may have been cut), so that what views tell is what the account did. E_TIMEOUT after a minute. */
enum err chain_wait_idle(struct energy_chain *c, const uint8_t *key32, struct diag *d);

struct sender *sender_new(struct energy_chain *c, const uint8_t *key32);
void sender_free(struct sender *s);

/* sender_send signs and sends a call of a service (gas 0: asks the node for an estimate, which sees
 * only what is in a block already). When SENDER_WINDOW are on the way it waits for the oldest.
 * what: told to the user if it fails. */
enum err sender_send(struct sender *s, const struct service *service, const char *method,
                     const struct abi_value *args, size_t count, uint64_t gas, const char *what,
                     struct diag *d);

/* sender_drain waits for all receipts. E_REVERT with the reason when a transaction failed. */
enum err sender_drain(struct sender *s, struct diag *d);

/* --- the organiser's file ----------------------------------------------------------------------
 */

/* organiser_path: --organiser FILE, else HOME/organiser.sealed. */
const char *organiser_path(const struct cli *cli);
/* organiser_open loads it with the secret the command line names. */
enum err organiser_open(const struct cli *cli, struct organiser *o, struct diag *d);
enum err organiser_store(const struct cli *cli, const struct organiser *o, struct diag *d);

/* energy_chain_select sets c->operation: --id N, else the organiser's file, else the last one made.
 * *have_organiser tells whether o was filled and is of this very operation (free it then): its
 * names must not stand beside another one. */
enum err energy_chain_select(struct energy_chain *c, struct cli *cli, struct organiser *o,
                             bool *have_organiser, struct diag *d);

#endif
