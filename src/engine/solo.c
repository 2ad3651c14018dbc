/* solo: one proposer on one machine. A thread makes a block as soon as something waits (block_ms 0)
 * or at most one per block_ms; no empty blocks. What arrives while a block is being written to disk
 * stands in the next one, so the faster transactions come, the more of them share a disk write.
 *
 * Gathering: a block costs about half a millisecond however small it is. When transactions come
 * from many at once (the last block had SOLO_MANY or more), the next block waits until the last
 * one's duration is a quarter of the time, or SOLO_ENOUGH are there, or SOLO_GATHER_US passed.
 * Someone who waits for each receipt before sending again is not delayed.
 *
 * Heartbeat: after the last block with transactions one empty block follows, SOLO_HEARTBEAT_US
 * later if nothing else came. A client that looks for a receipt, finds none, and then waits for the
 * next block (as ethers does) would wait for ever if its block fell between the two. An idle chain
 * then rests. */
#include "engine/engine.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "chain/consensus.h"
#include "chain/pool.h"

#define SOLO_TICK_MS 500u /* how often an idle engine tells the chain the time */

#define SOLO_MANY 4u
#define SOLO_ENOUGH 4000u
#define SOLO_GATHER_US 30000u
#define SOLO_LOOK_US 5000u
#define SOLO_HEARTBEAT_US 400000u

struct solo {
    pthread_t thread;
    _Atomic bool stopping;
    uint64_t began_us, ended_us; /* the last block; 0: none yet */
    size_t last_count;
    bool heartbeat_due; /* the last block had transactions */
};

/* fail stops producing for good: the store or the state cannot be trusted to go on. */
static void fail(struct engine *e, enum err code, const struct diag *d)
{
    e->failure_code = code;
    diag_set(&e->failure, code, "%s", d->text[0] ? d->text : err_text(code));
    atomic_store(&e->failed, true);
    log_error("engine", "%s", e->failure.text);
}

/* seal_block signs the finalized block and commits it. */
static enum err seal_and_commit(struct engine *e, const struct block *b, struct diag *d)
{
    struct ecdsa_signature seal;
    uint64_t number = b->header.number;
    enum err code = ecdsa_sign(&seal, &b->hash, e->key32);
    if (code != E_OK) {
        chain_abandon(e->chain);
        return diag_set(d, code,
                        T("block %llu cannot be signed", "le bloc %llu ne peut être signé"),
                        (unsigned long long)number);
    }
    code = chain_commit(e->chain, &seal);
    if (code == E_OK && chain_members(e->chain).founded)
        return diag_set(d, E_STOPPED,
                        T("the network was founded with block %llu: this node alone makes no more "
                          "blocks; go on with `parvis network init --from`",
                          "le réseau est fondé au bloc %llu : ce nœud seul ne fait plus de bloc ; "
                          "continuez avec `parvis network init --from`"),
                        (unsigned long long)number);
    if (code != E_OK)
        return diag_set(d, code,
                        T("block %llu could not be stored: %s; the node stops, the last stored "
                          "block holds",
                          "le bloc %llu n'a pas pu être enregistré : %s ; le nœud s'arrête, le "
                          "dernier bloc enregistré fait foi"),
                        (unsigned long long)number, err_text(code));
    return E_OK;
}

/* rest_us is how long the next block has to wait yet, with `ready` transactions there. */
static uint64_t rest_us(const struct engine *e, const struct solo *s, size_t ready)
{
    uint64_t now_us = clock_mono_us(), due_us = 0;
    if (!s->began_us)
        return 0;
    if (e->block_ms) {
        due_us = s->began_us + (uint64_t)e->block_ms * 1000;
    } else if (s->last_count >= SOLO_MANY && ready < SOLO_ENOUGH) {
        uint64_t gather_us = 3 * (s->ended_us - s->began_us);
        due_us = s->ended_us + (gather_us < SOLO_GATHER_US ? gather_us : SOLO_GATHER_US);
    }
    return due_us > now_us ? due_us - now_us : 0;
}

/* make_block does one round; an empty block only as a heartbeat. False when the engine must stop.
 */
static bool make_block(struct engine *e, bool heartbeat)
{
    struct diag d = {""};
    struct proposal p;
    const struct block *b;
    struct solo *solo = e->private_data;
    solo->began_us = clock_mono_us();
    chain_prepare(e->chain, &p, clock_unix_s(), CHAIN_BLOCK_BYTES);
    solo->last_count = p.tx_count;
    if (p.tx_count == 0 && !heartbeat)
        return true;
    enum err code = chain_finalize(e->chain, &p, true, &b, &d);
    if (code == E_OK && b->tx_count == 0 &&
        !heartbeat) { /* all turned out invalid: nothing to order */
        chain_abandon(e->chain);
        return true;
    }
    if (code == E_OK) {
        solo->heartbeat_due = b->tx_count > 0;
        code = seal_and_commit(e, b, &d);
    } else {
        chain_abandon(e->chain);
    }
    if (code != E_OK)
        fail(e, code, &d);
    return code == E_OK;
}

static bool heartbeat(const struct solo *s)
{
    return s->heartbeat_due && clock_mono_us() - s->ended_us >= SOLO_HEARTBEAT_US - SOLO_LOOK_US;
}

static void *run(void *arg)
{
    struct engine *e = arg;
    struct solo *solo = e->private_data;
    struct pool *pool = chain_pool(e->chain);
    while (!atomic_load(&solo->stopping)) {
        chain_tell_time(e->chain, clock_unix_s());
        size_t ready =
            pool_wait(pool, solo->heartbeat_due ? SOLO_HEARTBEAT_US / 1000 : SOLO_TICK_MS);
        uint64_t rest = ready ? rest_us(e, solo, ready) : 0;
        if (rest && !e->block_ms && rest > SOLO_LOOK_US)
            rest = SOLO_LOOK_US; /* and see whether enough are there */
        if (rest) {
            pool_pause(pool, (unsigned)((rest + 999) / 1000));
        } else if (ready || heartbeat(solo)) {
            if (!make_block(e, !ready))
                break;
            solo->ended_us = clock_mono_us();
        }
    }
    return NULL;
}

static enum err solo_start(struct engine *e, struct diag *d)
{
    TRY(ecdsa_address(&e->address, e->key32));
    if (!address_eq(&e->address, &chain_genesis(e->chain)->proposer)) {
        struct buf ours = {0}, theirs = {0};
        buf_put_hex(&ours, e->address.b, sizeof e->address.b);
        buf_put_hex(&theirs, chain_genesis(e->chain)->proposer.b, sizeof e->address.b);
        enum err code = diag_set(d, E_KEY,
                                 T("this node's key is %s, the genesis names %s as proposer",
                                   "la clé de ce nœud est %s, la genèse désigne %s"),
                                 buf_cstr(&ours), buf_cstr(&theirs));
        buf_free(&ours);
        buf_free(&theirs);
        return code;
    }
    struct solo *solo = mem_zalloc(1, sizeof *solo);
    e->private_data = solo;
    atomic_store(&e->failed, false);
    chain_tell_time(e->chain, clock_unix_s());
    if (thread_start(&solo->thread, LIMIT_EVM_STACK_BYTES, run, e) != 0) { /* it executes */
        mem_free(solo);
        e->private_data = NULL;
        return diag_set(d, E_IO, T("no thread for the engine", "pas de fil pour le moteur"));
    }
    return E_OK;
}

static void solo_stop(struct engine *e)
{
    struct solo *solo = e->private_data;
    if (!solo)
        return;
    atomic_store(&solo->stopping, true);
    pool_wake(chain_pool(e->chain));
    pthread_join(solo->thread, NULL);
    mem_free(solo);
    e->private_data = NULL;
}

static enum err solo_submit(struct engine *e, struct bytes raw, struct hash *hash_out,
                            struct diag *d)
{
    if (atomic_load(&e->failed))
        return E_STOPPED;
    chain_tell_time(e->chain, clock_unix_s()); /* the engine's thread may have slept for a second */
    return pool_add(chain_pool(e->chain), raw, hash_out, d);
}

const struct engine_ops ENGINE_SOLO = {
    .name = "solo",
    .start = solo_start,
    .stop = solo_stop,
    .submit = solo_submit,
};
