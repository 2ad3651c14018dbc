/* network: a network of several organisations, as the command line prepares and runs it.
 *
 *   HOME/member.json             this member's public card: name, keys, where it is reached
 *   HOME/engine/                 the home of the ordering engine (CometBFT):
 *     config/config.toml         written by `network join`; config/genesis.json likewise
 *     config/node_key.json       who it is on the peer-to-peer network
 *     config/priv_validator_key.json   what it votes with
 *     data/                      its store; data/priv_validator_state.json: its last vote
 *     app.sock, rpc.sock         the application's and the engine's sockets
 *     supervisor.lock            held by `network start`
 *
 * A network file (network.json) is what all members share before the first block: the ledger's
 * genesis, the engine's genesis, everyone's card, and the chain so far where one grew on `solo`. */
#ifndef PARVIS_APP_NETWORK_H
#define PARVIS_APP_NETWORK_H

#include "app/cli.h"
#include "app/home.h"
#include "codec/json.h"

#define NETWORK_NAME_MAX 64u
#define NETWORK_ADDRESS_MAX 260u /* HOST:PORT */
#define NETWORK_POWER 10u        /* of a founding member, unless said otherwise */
#define NETWORK_POWER_MAX 1000000000u
#define NETWORK_MEMBERS_MAX 100u
#define NETWORK_P2P_PORT 26656u

struct network_member {
    char name[NETWORK_NAME_MAX + 1];
    struct address operator; /* of the key `node`: votes on the ledger, proposes blocks */
    uint8_t key32[32];       /* Ed25519: votes on blocks */
    uint8_t node20[20];      /* names it on the peer-to-peer network */
    char p2p[NETWORK_ADDRESS_MAX + 1];
    uint64_t power;
};

struct network {
    uint64_t chain_id;
    struct buf genesis;        /* the ledger's */
    struct buf engine_genesis; /* CometBFT's */
    struct network_member *members;
    size_t member_count;
    bool grown;              /* from a chain that was solo: */
    char *chain_path;        /* its export, beside the network file */
    struct hash head;        /* of its last block */
    uint64_t head_number;    /* and its height */
    struct hash fingerprint; /* SHA-256 of the file: for people to compare */
};

/* --- cards (network_card.c) ------------------------------------------------------------------- */

/* card_write appends a card as JSON; card_parse reads one; card_read a file of one.
 * E_OK | E_NOT_FOUND | E_IO | E_JSON | E_INVALID, d names file and field. */
void card_write(struct buf *out, const struct network_member *m);
enum err card_parse(struct network_member *out, const struct json *j, struct diag *d);
enum err card_read(struct network_member *out, const char *path, struct diag *d);
bool card_eq(const struct network_member *a, const struct network_member *b); /* but for power */
/* address_parse splits HOST:PORT ([HOST]:PORT for IPv6). E_OK | E_INVALID. */
enum err network_address_parse(const char *text, char host_out[NETWORK_ADDRESS_MAX + 1],
                               uint16_t *port_out, struct diag *d);

/* --- a member's own files (network_prepare.c) --------------------------------------------------
 */

/* network_prepare makes the home's keys and card, where they are not there yet.
 * E_OK | E_EXISTS (a card is there) | E_INVALID | E_IO ... */
enum err network_prepare(const struct cli *cli, const char *name, const char *p2p,
                         struct network_member *out, struct diag *d);

/* --- CometBFT's files (network_files.c) --------------------------------------------------------
 */

/* engine_keys_make writes the two keys and the vote state, mode 0600, and notes them.
 * E_OK | E_EXISTS | E_IO ... */
enum err engine_keys_make(const struct cli *cli, struct made *made, uint8_t key32_out[32],
                          uint8_t node20_out[20], struct diag *d);

struct engine_config {
    const char *moniker;
    const char *listen;     /* HOST:PORT for peers */
    const char *external;   /* HOST:PORT that peers dial */
    const char *rpc_listen; /* HOST:PORT for light clients and state sync; NULL: none */
    const struct network_member *members;
    size_t member_count;
    const struct network_member *self;
    /* state sync; NULL: none */
    const char *sync_servers; /* URL,URL */
    uint64_t trust_height;
    const char *trust_hash;
};
void engine_config_write(struct buf *out, const struct engine_config *c);
/* CometBFT's genesis. app_hash: the head of a grown chain, else NULL. */
void engine_genesis_write(struct buf *out, uint64_t chain_id, uint64_t time_s,
                          const struct network_member *members, size_t count,
                          const struct hash *app_hash);

/* --- network files (network_genesis.c) ---------------------------------------------------------
 */

/* network_members_check: 1 to NETWORK_MEMBERS_MAX, no key shared by two. E_OK | E_INVALID. */
enum err network_members_check(const struct network_member *members, size_t count, struct diag *d);
void network_write(struct buf *out, struct network *n);
/* E_OK | E_NOT_FOUND | E_IO | E_JSON | E_INVALID | E_GENESIS, d names file and field. */
enum err network_read(struct network *out, const char *path, struct diag *d);
void network_free(struct network *n);
/* "1a2b 3c4d ..." of the fingerprint's first 8 bytes, to read out */
void network_fingerprint(char out[20], const struct network *n);

/* --- growing (network_grow.c) ------------------------------------------------------------------
 */

/* network_grow founds the members on the stopped solo chain of the folder `from` and exports the
 * chain to chain_path. *n: members in; genesis, chain id, head out. */
enum err network_grow(struct cli *cli, const char *from, const char *chain_path, struct network *n,
                      struct diag *d);

/* --- joining (network_join.c) ------------------------------------------------------------------
 */

struct join_options {
    const char *listen, *rpc_listen;  /* NULL: from the card; none */
    const char *sync_servers, *trust; /* NULL: every block is fetched and executed */
    bool again;                       /* the ledger and the engine's data are removed first */
};
/* network_join makes the ledger and writes the engine's files. *validator_out: is this member among
 * the first ones? E_OK | E_EXISTS | E_NOT_FOUND | E_INVALID ... */
enum err network_join(struct cli *cli, const struct network *n, const struct join_options *o,
                      bool *validator_out, struct diag *d);

/* --- the engine (network_engine.c) --------------------------------------------------------------
 */

/* engine_program finds CometBFT: --engine, PARVIS_ENGINE, the project's engine/bin, PATH.
 * E_OK | E_NOT_FOUND. */
enum err engine_program(const struct cli *cli, char out[4096], struct diag *d);
/* engine_keys_check: its keys and the record of its last vote are there; where they are not, the
 * engine would make new ones and say nothing. E_OK | E_NOT_FOUND. */
enum err engine_keys_check(const struct cli *cli, struct diag *d);
/* engine_ask asks its own interface ("/status"). *reply_out has a "result"; freed with json_free.
 * E_OK | E_CONNECT | E_TIMEOUT | E_JSON | E_INVALID (it answered with an error). */
enum err engine_ask(const char *socket, const char *target, unsigned timeout_ms,
                    struct json **reply_out, struct diag *d);

/* --- running (network_start.c) ------------------------------------------------------------------
 */

/* network_lock: one process works on a member's folder; the lock ends with *fd_out.
 * E_OK | E_LOCKED | E_IO. */
enum err network_lock(const struct cli *cli, int *fd_out, struct diag *d);

/* --- commands -----------------------------------------------------------------------------------
 */

int run_network_prepare(struct cli *cli);
int run_network_init(struct cli *cli);
int run_network_join(struct cli *cli);
int run_network_start(struct cli *cli);
int run_network_status(struct cli *cli);
int run_network_trust(struct cli *cli);
int run_network_members(struct cli *cli);
int run_network_proposals(struct cli *cli);
int run_network_propose_add(struct cli *cli);
int run_network_propose_weight(struct cli *cli);
int run_network_propose_remove(struct cli *cli);
int run_network_propose_key(struct cli *cli);
int run_network_propose_heartbeat(struct cli *cli);
int run_network_upgrade(struct cli *cli);
int run_network_vote(struct cli *cli);
int run_network_recount(struct cli *cli);
int run_network_admit(struct cli *cli);
int run_network_dismiss(struct cli *cli);

extern const struct cli_option NETWORK_PREPARE_OPTIONS[];
extern const struct cli_option NETWORK_INIT_OPTIONS[];
extern const struct cli_option NETWORK_JOIN_OPTIONS[];
extern const struct cli_option NETWORK_START_OPTIONS[];
extern const struct cli_option NETWORK_TRUST_OPTIONS[];
extern const struct cli_option NETWORK_PROPOSALS_OPTIONS[];
extern const struct cli_option NETWORK_ADD_OPTIONS[];
extern const struct cli_option NETWORK_PROPOSE_OPTIONS[];
extern const struct cli_option NETWORK_UPGRADE_OPTIONS[];

#endif
