#include "engine/comet.h"

#include <stdatomic.h>

#include "base/lang.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "chain/pool.h"
#include "engine/bundle.h"

#define RETRY 32000u /* from this code on CometBFT may bring the same transaction again */
#define REAP_BUNDLES_MAX 64u

void comet_fail(struct comet *c, struct abci_response *out, struct arena *a, enum err code,
                const char *why)
{
    struct engine *e = c->engine;
    if (!atomic_load(&e->failed)) {
        e->failure_code = code;
        diag_set(&e->failure, code, "%s", why && why[0] ? why : err_text(code));
        atomic_store(&e->failed, true);
        log_error("engine", "%s", e->failure.text);
    }
    *out = (struct abci_response){.kind = ABCI_EXCEPTION};
    out->exception.error = bytes_str(arena_strdup(a, e->failure.text));
}

/* A version that changes what execution gives appends its own and keeps those before. */
static const char *const PROGRAMS[] = {"parvis-0.1.0", NULL};
const char *const *comet_programs = PROGRAMS;

enum err comet_program_is_known(struct comet *c, struct diag *d)
{
    struct consensus_members m = chain_members(c->chain);
    if (!m.has_upgrade || chain_head(c->chain).number + 1 < m.upgrade_block)
        return E_OK;
    for (size_t i = 0; comet_programs[i]; i++)
        if (strcmp(comet_programs[i], m.upgrade_program) == 0)
            return E_OK;
    return diag_set(
        d, E_VERSION,
        T("from block %llu on the members agreed to run %s, which this program is not: "
          "install it and start again",
          "à partir du bloc %llu, les membres ont convenu de %s, que ce programme n'est "
          "pas : installez-le et redémarrez"),
        (unsigned long long)m.upgrade_block, m.upgrade_program);
}

/* --- the mempool connection ------------------------------------------------------------------- */

/* check_tx takes one transaction in Ethereum's encoding, for those who send through CometBFT. */
static void check_tx(struct comet *c, const struct abci_check_tx_request *in,
                     struct abci_tx_result *out)
{
    struct hash hash;
    enum err e = c->engine->ops->submit(c->engine, in->tx, &hash, NULL);
    bool later = e == E_POOL_FULL || e == E_TX_QUOTA;
    out->code = e == E_OK ? 0 : (later ? RETRY : 0) + (uint32_t)e;
    out->log = bytes_str(e == E_OK ? "" : err_name(e));
}

static void insert_tx(struct comet *c, struct bytes bundle, struct abci_insert_tx_response *out)
{
    enum err e = inbox_put(c->inbox, bundle);
    out->code = e == E_OK ? 0 : (e == E_POOL_FULL ? RETRY : 0) + (uint32_t)e;
}

static void reap_txs(struct comet *c, const struct abci_reap_txs_request *in,
                     struct abci_txs_response *out, struct arena *a)
{
    struct bytes *txs = arena_alloc(a, REAP_BUNDLES_MAX * sizeof *txs);
    struct buf b = {0};
    uint64_t head = chain_head(c->chain).number, left = in->max_bytes ? in->max_bytes : UINT64_MAX;
    while (out->tx_count < REAP_BUNDLES_MAX && left > BUNDLE_GOSSIP_BYTES) {
        buf_clear(&b);
        if (!outbox_bundle(c->outbox, &b, BUNDLE_GOSSIP_BYTES, head))
            break;
        txs[out->tx_count++] = bytes_of(arena_dup(a, b.data, b.len), b.len);
        left -= b.len < left ? b.len : left;
    }
    out->txs = txs;
    buf_free(&b);
}

/* --- dispatch --------------------------------------------------------------------------------- */

static void handle_ordering(struct comet *c, const struct abci_request *in,
                            struct abci_response *out, struct arena *a)
{
    if (atomic_load(&c->engine->failed)) {
        comet_fail(c, out, a, E_STOPPED, NULL);
        return;
    }
    switch (in->kind) {
    case ABCI_INFO:
        comet_info(c, &out->info, a);
        return;
    case ABCI_INIT_CHAIN:
        comet_init_chain(c, &in->init_chain, out, a);
        return;
    case ABCI_PREPARE_PROPOSAL:
        comet_prepare(c, &in->block, &out->prepare_proposal, a);
        return;
    case ABCI_PROCESS_PROPOSAL:
        comet_process(c, &in->block, &out->process_proposal, a);
        return;
    case ABCI_FINALIZE_BLOCK:
        comet_finalize(c, &in->block, out, a);
        return;
    case ABCI_COMMIT:
        comet_commit(c, out, a);
        return;
    default: /* vote extensions are off: nobody may ask */
        *out = (struct abci_response){.kind = ABCI_EXCEPTION};
        out->exception.error = bytes_str("this application has no vote extensions");
    }
}

static void handle_snapshot(struct comet *c, const struct abci_request *in,
                            struct abci_response *out, struct arena *a)
{
    switch (in->kind) {
    case ABCI_LIST_SNAPSHOTS:
        if (c->chain)
            comet_list_snapshots(c, &out->list_snapshots, a);
        return;
    case ABCI_LOAD_SNAPSHOT_CHUNK:
        if (c->chain)
            comet_load_chunk(c, &in->load_chunk, &out->load_chunk, a);
        return;
    case ABCI_OFFER_SNAPSHOT:
        comet_offer_snapshot(c, &in->offer_snapshot, &out->offer_snapshot);
        return;
    default:
        comet_apply_chunk(c, &in->apply_chunk, &out->apply_chunk, a);
    }
}

/* handle_without_chain: while a snapshot is being taken. What peers give is checked against a hash
 * that the engine's light client verified, but only at the end: until then a stranger's chain would
 * take room on the disk, so that only the peers this node was set up with may connect. */
static void handle_without_chain(struct comet *c, const struct abci_request *in,
                                 struct abci_response *out, struct arena *a)
{
    switch (in->kind) {
    case ABCI_INFO:
    case ABCI_REAP_TXS:
        return;
    case ABCI_QUERY:
        comet_query_alone(c, &in->query, &out->query);
        return;
    case ABCI_CHECK_TX:
        out->check_tx.code = RETRY;
        return;
    case ABCI_INSERT_TX:
        out->insert_tx.code = RETRY;
        return;
    default:
        comet_fail(c, out, a, E_BLOCK,
                   T("there is no ledger here, and the engine is not set up to take a snapshot of "
                     "one: `parvis network join --again` makes it anew (docs/network.md)",
                     "il n'y a pas de registre ici, et le moteur n'est pas réglé pour en reprendre "
                     "un instantané : `parvis network join --again` le refait (docs/network.md)"));
    }
}

static bool is_snapshot(enum abci_kind kind)
{
    return kind >= ABCI_LIST_SNAPSHOTS && kind <= ABCI_APPLY_SNAPSHOT_CHUNK;
}

void comet_handle(void *ctx, const struct abci_request *in, struct abci_response *out,
                  struct arena *a)
{
    struct comet *c = ctx;
    if (is_snapshot(in->kind)) {
        handle_snapshot(c, in, out, a);
        return;
    }
    if (!atomic_load(&c->engine->synced)) {
        handle_without_chain(c, in, out, a);
        return;
    }
    switch (in->kind) {
    case ABCI_QUERY:
        comet_query(c, &in->query, &out->query, a);
        return;
    case ABCI_CHECK_TX:
        check_tx(c, &in->check_tx, &out->check_tx);
        return;
    case ABCI_INSERT_TX:
        insert_tx(c, in->insert_tx.tx, &out->insert_tx);
        return;
    case ABCI_REAP_TXS:
        reap_txs(c, &in->reap_txs, &out->reap_txs, a);
        return;
    default:
        pthread_mutex_lock(&c->lock);
        handle_ordering(c, in, out, a);
        pthread_mutex_unlock(&c->lock);
    }
}

/* --- the engine's life ------------------------------------------------------------------------ */

enum err comet_attach(struct comet *c, struct chain *chain, struct diag *d)
{
    c->chain = chain;
    c->outbox = outbox_new(chain_pool(chain));
    enum err e = comet_program_is_known(c, d);
    if (e == E_OK)
        e = inbox_start(&c->inbox, chain_pool(chain), d);
    if (e == E_OK)
        e = comet_snapshots_start(c, d);
    if (e != E_OK) {
        inbox_stop(c->inbox);
        outbox_free(c->outbox);
        c->inbox = NULL;
        c->outbox = NULL;
        c->chain = NULL;
        return e;
    }
    atomic_store(&c->engine->synced, chain); /* from here on other threads see it */
    return E_OK;
}

static void comet_free(struct comet *c)
{
    comet_snapshots_stop(c);
    inbox_stop(c->inbox);
    outbox_free(c->outbox);
    snapshot_take_free(c->take);
    pthread_cond_destroy(&c->snapshot_due);
    pthread_mutex_destroy(&c->snapshot_lock);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

static enum err comet_start(struct engine *e, struct diag *d)
{
    struct comet *c = mem_zalloc(1, sizeof *c);
    c->engine = e;
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->snapshot_lock, NULL);
    pthread_cond_init(&c->snapshot_due, NULL);
    atomic_store(&e->failed, false);
    atomic_store(&e->synced, NULL);
    e->private_data = c; /* before the first request */
    enum err code = e->chain ? comet_attach(c, e->chain, d) : E_OK;
    if (code == E_OK)
        code = abci_server_start(&c->server, e->app_socket, comet_handle, c, d);
    if (code == E_OK)
        return E_OK;
    atomic_store(&c->stopping, true);
    comet_free(c);
    e->private_data = NULL;
    return code;
}

static void comet_stop(struct engine *e)
{
    struct comet *c = e->private_data;
    if (!c)
        return;
    atomic_store(&c->stopping, true);
    if (atomic_load(&e->synced))
        pool_wake(chain_pool(atomic_load(&e->synced)));
    abci_server_stop(c->server);
    comet_free(c);
    e->private_data = NULL;
}

static enum err comet_submit(struct engine *e, struct bytes raw, struct hash *hash_out,
                             struct diag *d)
{
    struct comet *c = e->private_data;
    if (atomic_load(&e->failed) || !atomic_load(&e->synced))
        return E_STOPPED;
    TRY(pool_add(chain_pool(c->chain), raw, hash_out, d));
    outbox_put(c->outbox, hash_out);
    return E_OK;
}

const struct engine_ops ENGINE_COMET = {
    .name = "comet",
    .agrees_on_time = true,
    .start = comet_start,
    .stop = comet_stop,
    .submit = comet_submit,
};
