/* comet: the engine of a network: CometBFT orders, this side executes (ABCI 2.0 over a Unix socket,
 * engine/abci_server.h). Private to src/engine/comet*.c; the world sees ENGINE_COMET.
 *
 * A height   PrepareProposal executes what the pool has and proposes what turned out valid, as one
 *            bundle; ProcessProposal executes somebody else's. The result stays in hand, under the
 *            hash of all that went into it; FinalizeBlock takes it from there, or executes what was
 *            decided instead. Commit is one durable store transaction.
 * Idle       a proposer with nothing to propose waits up to COMET_IDLE_MS for something, inside
 *            PrepareProposal: an idle network makes a height a second, and a transaction that
 *            arrives meanwhile is proposed at once. timeout_propose must be longer
 *            (docs/network.md).
 *
 * No block   a height without transaction, report of misbehaviour or due heartbeat makes none; the
 *            app_hash stays that of the head.
 *
 * Bounds     a proposer stops adding transactions after COMET_EXECUTE_US of execution, so that a
 *            block takes at most that and one transaction more on a machine like its own.
 *
 * Failing    what cannot be executed as decided, or not be stored, ends the node: the answer is an
 *            exception, which ends CometBFT too, and nothing of the height is on disk.
 *
 * Leaving    before the block of an upgrade to another program the node stops, COMET_LEAVE_MS after
 *            its last height is stored: meanwhile CometBFT tells its peers that height's votes. If
 *            the first ones left at once, the others could miss a vote and be too few to go on.
 *
 * Threads    CometBFT's consensus connection drives the chain, under one lock (an engine that was
 *            restarted comes on a new connection, hence another thread). The mempool, query and
 *            snapshot connections touch only pool, views and files.
 */
#ifndef PARVIS_ENGINE_COMET_H
#define PARVIS_ENGINE_COMET_H

#include <pthread.h>

#include "chain/consensus.h"
#include "chain/snapshot.h"
#include "engine/abci_server.h"
#include "engine/engine.h"
#include "engine/inbox.h"
#include "engine/outbox.h"

#define COMET_IDLE_MS 1000u
#define COMET_EXECUTE_US 200000u
#define COMET_LEAVE_MS 3000u
/* Heights whose CometBFT blocks are kept, for members that were away: two days of an idle network,
 * four hours of one that is always busy. Headers and votes stay for two days all the same, as long
 * as misbehaviour can be reported. */
#define COMET_RETAIN_HEIGHTS 200000u

struct comet {
    struct engine *engine;
    struct chain *chain; /* NULL while a snapshot is being taken: then no mempool, no blocks */
    struct abci_server *server;
    struct inbox *inbox;
    struct outbox *outbox;
    _Atomic bool stopping;

    pthread_mutex_t lock;  /* of all below: the height in hand */
    struct hash candidate; /* what the block in hand was made of; if has_candidate */
    bool has_candidate;
    uint64_t prepared_height;  /* the last one PrepareProposal was asked for */
    uint64_t finalized_height; /* FinalizeBlock was answered, Commit is to come; 0: none */
    bool finalized_block;      /* and it made a block */

    pthread_mutex_t snapshot_lock;
    pthread_cond_t snapshot_due;
    pthread_t snapshot_thread;
    bool has_snapshot_thread;
    _Atomic uint64_t snapshot_asked_us; /* when somebody last asked for one; 0: never */
    _Atomic uint64_t snapshot_since_us; /* and since when it has not been quiet */
    struct snapshot_take *take;         /* snapshot connection: the one being taken; NULL: none */
    struct consensus_point sync_point;
};

/* comet_attach: the ledger is there: mempool, blocks and snapshots begin. On an error nothing here
 * knows the chain, which is the caller's to close. */
enum err comet_attach(struct comet *c, struct chain *chain, struct diag *d);

/* comet_handle answers one request: an abci_handler whose ctx is the struct comet. */
void comet_handle(void *c, const struct abci_request *in, struct abci_response *out,
                  struct arena *a);

/* The messages of the consensus connection, with c->lock held. */
void comet_info(struct comet *c, struct abci_info_response *out, struct arena *a);
void comet_init_chain(struct comet *c, const struct abci_init_chain_request *in,
                      struct abci_response *out, struct arena *a);
void comet_prepare(struct comet *c, const struct abci_block *in, struct abci_txs_response *out,
                   struct arena *a);
void comet_process(struct comet *c, const struct abci_block *in, struct abci_verdict_response *out,
                   struct arena *a);
void comet_finalize(struct comet *c, const struct abci_block *in, struct abci_response *out,
                    struct arena *a);
void comet_commit(struct comet *c, struct abci_response *out, struct arena *a);

/* Making, serving and taking snapshots. comet_snapshots_wake: the head has moved. */
enum err comet_snapshots_start(struct comet *c, struct diag *d);
void comet_snapshots_wake(struct comet *c);
void comet_snapshots_stop(struct comet *c);
void comet_list_snapshots(struct comet *c, struct abci_list_snapshots_response *out,
                          struct arena *a);
void comet_load_chunk(struct comet *c, const struct abci_load_chunk_request *in,
                      struct abci_load_chunk_response *out, struct arena *a);
void comet_offer_snapshot(struct comet *c, const struct abci_offer_snapshot_request *in,
                          struct abci_offer_snapshot_response *out);
void comet_apply_chunk(struct comet *c, const struct abci_apply_chunk_request *in,
                       struct abci_apply_chunk_response *out, struct arena *a);

/* The query connection: peer filters and the head; _alone: as long as there is no ledger. */
void comet_query_alone(struct comet *c, const struct abci_query_request *in,
                       struct abci_query_response *out);
void comet_query(struct comet *c, const struct abci_query_request *in,
                 struct abci_query_response *out, struct arena *a);

/* The names under which an upgrade can ask for this program, then NULL. Seam: set before start. */
extern const char *const *comet_programs;
/* comet_program_is_known: may this program make the next block? From the block of an agreed upgrade
 * on (city/members) only one that knows its name may. E_OK | E_VERSION, d says what to install. */
enum err comet_program_is_known(struct comet *c, struct diag *d);

/* comet_fail ends the engine with a reason, and answers with it. */
void comet_fail(struct comet *c, struct abci_response *out, struct arena *a, enum err code,
                const char *why);

#endif
