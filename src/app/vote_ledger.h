/* vote_ledger: the voting service through a node: what the `parvis vote` commands ask and send. */
#ifndef PARVIS_APP_VOTE_LEDGER_H
#define PARVIS_APP_VOTE_LEDGER_H

#include "app/cli.h"
#include "app/sender.h"
#include "belenios/election.h"

struct vote_ledger {
    const struct cli *cli;
    struct client *client;
    const struct service *voting;
    struct arena arena; /* what views answered, until the ledger is closed or it is reset */
    bool is_on_its_way; /* vote_send failed, and what it sent may be recorded all the same */
};

/* vote_ledger_open connects to --rpc; vote_ledger_close releases. */
enum err vote_ledger_open(struct vote_ledger *l, const struct cli *cli, struct diag *d);
void vote_ledger_close(struct vote_ledger *l);

/* vote_view calls a view of the service: *out is the tuple of its outputs. The node's refusals are
 * told in words; E_NOT_FOUND where there is no such consultation. */
enum err vote_view(struct vote_ledger *l, const char *method, const struct abi_value *args,
                   size_t count, struct abi_value *out, struct diag *d);

/* vote_id reads the number of a consultation. E_OK | E_USAGE. */
enum err vote_id(uint64_t *out, const char *text, struct diag *d);

enum vote_status {
    VOTE_DRAFT,
    VOTE_PUBLISHED,
    VOTE_OPEN,
    VOTE_CLOSED,
    VOTE_TALLIED,
    VOTE_DECIDED,
    VOTE_CANCELLED,
    VOTE_MERGED,
    VOTE_STATUS_COUNT, /* one that this program does not know */
};
const char *vote_status_word(enum vote_status s);  /* as the ledger has it */
const char *vote_status_title(enum vote_status s); /* in the user's language */

/* What consultation() tells; texts live in the ledger's arena. */
struct vote_consultation {
    uint64_t id;
    enum vote_status status;
    struct address clerk, registrar;
    uint64_t created_s, published_s, opens_s, closes_s;
    uint64_t floor, voters, total_weight;
    uint64_t cast, counted, counted_weight;
    uint64_t events;
    struct hash last_event, fingerprint;
    uint64_t ciphertexts, ballot_bytes;
    uint64_t series, merged_into;
    const uint64_t *units; /* that were merged into it, in order */
    size_t unit_count;
    const char *uuid, *name, *reason;
};
enum err vote_consultation_get(struct vote_ledger *l, uint64_t id, struct vote_consultation *out,
                               struct diag *d);

/* vote_election_get reads the consultation's election (its template while it is a draft: then
 * without key and fingerprint), in the arena. vote_election_of takes what a command line names: the
 * number of a consultation (a node is asked), or a file, election.json. Free it with
 * bel_election_free when it was prepared. */
enum err vote_election_get(struct vote_ledger *l, const struct vote_consultation *c,
                           struct bel_election *out, struct diag *d);
enum err vote_election_of(const struct cli *cli, const char *what, struct arena *a,
                          struct bel_election *out, struct diag *d);
/* vote_sums_get asks for the encrypted sums of a tally and checks that they are points of the
 * group, as many as the election has. The codes of vote_view | E_INVALID. */
enum err vote_sums_get(struct vote_ledger *l, uint64_t id, const struct bel_election *e,
                       struct bytes *out, struct diag *d);

/* vote_send signs a call of the service with key32, sends it and waits for its receipt;
 * *receipt_out (may be NULL) is the reply, freed with json_free. Gas is estimated, so that a call
 * that would fail is refused with its reason and never sent; a quarter more is allowed, as others'
 * transactions may come first. The codes of client_send and client_wait_receipt; E_REVERT with the
 * reason. */
enum err vote_send(struct vote_ledger *l, const uint8_t key32[32], const char *method,
                   const struct abi_value *args, size_t count, struct json **receipt_out,
                   struct diag *d);
/* The value of a log of the service in a receipt: the first one of this event whose indexed
 * parameters are `topics` words; NULL: none. */
const struct json *vote_log(const struct vote_ledger *l, const struct json *receipt,
                            const char *event);

/* vote_key loads the key that --from names (default admin). vote_any_key does so for what any
 * account may do: without --from it makes a fresh one, which nothing ties to anybody.
 * vote_address takes an address, or the name of a key in HOME/keys. The codes of key_load | E_HEX.
 */
enum err vote_key(const struct cli *cli, uint8_t key32[32], struct diag *d);
enum err vote_any_key(const struct cli *cli, uint8_t key32[32], struct diag *d);
enum err vote_address(const struct cli *cli, const char *text, struct address *out, struct diag *d);

#endif
