#include "engine/comet.h"

#include <stdatomic.h>

#include "base/clock.h"
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
        diag_set(&e->failure, code, "%s", why && why[0] ? why : err_text(code));
        atomic_store(&e->failed, true);
        log_error("engine", "%s", e->failure.text);
    }
    *out = (struct abci_response){.kind = ABCI_EXCEPTION};
    out->exception.error = bytes_str(arena_strdup(a, e->failure.text));
}

/* The names under which an upgrade can ask for this program; a version that changes what execution
 * gives appends its own and keeps those before. */
static const char *const PROGRAMS[] = {"parvis-0.1.0"};

enum err comet_program_is_known(struct comet *c, struct diag *d)
{
    struct consensus_members m = chain_members(c->chain);
    if (!m.has_upgrade || chain_head(c->chain).number + 1 < m.upgrade_block)
        return E_OK;
    for (size_t i = 0; i < sizeof PROGRAMS / sizeof PROGRAMS[0]; i++)
        if (strcmp(PROGRAMS[i], m.upgrade_program) == 0)
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
    enum err e = c->engine->ops->submit(c->engine, in->tx, &hash);
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

static void handle(void *ctx, const struct abci_request *in, struct abci_response *out,
                   struct arena *a)
{
    struct comet *c = ctx;
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

static void comet_free(struct comet *c)
{
    inbox_stop(c->inbox);
    outbox_free(c->outbox);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

static enum err comet_start(struct engine *e, struct diag *d)
{
    struct comet *c = mem_zalloc(1, sizeof *c);
    *c = (struct comet){.engine = e, .chain = e->chain};
    pthread_mutex_init(&c->lock, NULL);
    atomic_store(&e->failed, false);
    chain_tell_time(e->chain, clock_unix_s());
    c->outbox = outbox_new(chain_pool(e->chain));
    enum err code = comet_program_is_known(c, d);
    if (code == E_OK)
        code = inbox_start(&c->inbox, chain_pool(e->chain), d);
    if (code == E_OK)
        code = abci_server_start(&c->server, e->app_socket, handle, c, d);
    if (code != E_OK) {
        comet_free(c);
        return code;
    }
    e->private_data = c;
    return E_OK;
}

static void comet_stop(struct engine *e)
{
    struct comet *c = e->private_data;
    if (!c)
        return;
    atomic_store(&c->stopping, true);
    pool_wake(chain_pool(e->chain));
    abci_server_stop(c->server);
    comet_free(c);
    e->private_data = NULL;
}

static enum err comet_submit(struct engine *e, struct bytes raw, struct hash *hash_out)
{
    struct comet *c = e->private_data;
    if (atomic_load(&e->failed))
        return E_STOPPED;
    TRY(pool_add(chain_pool(e->chain), raw, hash_out));
    outbox_put(c->outbox, hash_out);
    return E_OK;
}

const struct engine_ops ENGINE_COMET = {
    .name = "comet",
    .start = comet_start,
    .stop = comet_stop,
    .submit = comet_submit,
};
