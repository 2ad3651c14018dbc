/* energy_chain: the city's services through a node's JSON-RPC, in terms of their own tables. */
#ifndef PARVIS_APP_ENERGY_CHAIN_H
#define PARVIS_APP_ENERGY_CHAIN_H

#include "app/command.h"
#include "app/sender.h"
#include "city/energy/calendar.h"
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
