#include "chain/overlap.h"

#include <stdatomic.h>

#include "base/thread.h"
#include "chain/chain_internal.h"
#include "chain/replay.h"
#include "state/frozen.h"

#define STACK_BYTES ((size_t)1 << 20) /* the merging thread executes nothing */
#define WORTH_A_WAKE_GAS 300000u      /* a smaller block merges in less time than a thread wakes */

/* A block handed over. Written by the caller's thread before, by the merging one during the job. */
struct job {
    struct proposal proposal; /* without its transactions */
    struct header stated;
    uint8_t extra_data[HEADER_EXTRA_BYTES];
    struct hash stated_hash;
    struct ecdsa_signature seal;
    bool commit;
    struct state *state;
    struct recent_block *made;
    enum err error;
    bool commit_failed;
    struct diag why;
};

struct overlap {
    struct chain *chain;
    struct chain front;
    struct proposal proposal; /* of the block in front's hand */
    struct frozen *frozen;
    struct state *states[2];
    unsigned turn; /* states[turn] executes */
    bool always;
    struct job job;
    bool has_job; /* the caller's: handed over and not yet waited for */

    pthread_t merger;
    bool has_merger;
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    bool working, stopping; /* under the lock; working: the job is the merging thread's */
};

/* --- the merging thread ----------------------------------------------------------------------- */

/* merge ends the job. The chain's own state stays out of it: what chain_commit and chain_abandon
 * clear is not the state that the other thread still reads. */
static void merge(struct chain *c, struct job *j)
{
    const struct block *made;
    struct state *own = c->state;
    j->why.text[0] = 0;
    j->commit_failed = false;
    c->work.block = j->made;
    c->state = j->state;
    enum err e = chain_merge(c, &j->proposal, &made, &j->why);
    c->state = own;
    if (e == E_OK)
        e = replay_compare(&j->stated, &j->stated_hash, made, &j->why);
    if (e == E_OK && j->commit) {
        e = chain_commit(c, &j->seal);
        j->commit_failed = e != E_OK;
    } else {
        chain_abandon(c);
    }
    j->error = e;
}

static void *merger(void *arg)
{
    struct overlap *o = arg;
    pthread_mutex_lock(&o->lock);
    for (;;) {
        while (!o->working && !o->stopping)
            pthread_cond_wait(&o->begin, &o->lock);
        if (!o->working)
            break;
        pthread_mutex_unlock(&o->lock);
        merge(o->chain, &o->job);
        pthread_mutex_lock(&o->lock);
        o->working = false;
        pthread_cond_signal(&o->end);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static void wait_for_merger(struct overlap *o)
{
    pthread_mutex_lock(&o->lock);
    while (o->working)
        pthread_cond_wait(&o->end, &o->lock);
    pthread_mutex_unlock(&o->lock);
}

/* in_store is what the frozen state's reader asks: has the block handed over become the head? */
static enum err in_store(void *ctx)
{
    struct overlap *o = ctx;
    wait_for_merger(o);
    if (o->job.error != E_OK)
        return o->job.error;
    return o->job.commit ? E_OK : E_STOPPED;
}

/* --- the caller's thread ---------------------------------------------------------------------- */

uint64_t overlap_next(const struct overlap *o)
{
    return o->front.head.number + 1;
}

enum err overlap_execute(struct overlap *o, const struct proposal *p,
                         const struct recover_seal *seal_opt, const struct block **block_out,
                         struct diag *d)
{
    struct chain *front = &o->front;
    front->state = o->states[o->turn];
    TRY(replay_check_seal(front, seal_opt, d));
    TRY(chain_process(front, p, d));
    TRY(chain_execute(front, p, false, d));
    o->proposal = *p;
    o->proposal.txs = NULL;
    *block_out = &front->work.block->block;
    return E_OK;
}

void overlap_drop(struct overlap *o)
{
    if (o->front.work.block)
        chain_abandon(&o->front);
}

/* advance makes the stated header front's head. */
static void advance(struct chain *front, const struct job *j)
{
    const struct header *h = &j->stated;
    front->hashes[h->number % CHAIN_HASH_WINDOW] = j->stated_hash;
    front->head = (struct chain_head){.number = h->number,
                                      .hash = j->stated_hash,
                                      .state_root = h->state_root,
                                      .timestamp_s = h->timestamp_s,
                                      .gas_limit = h->gas_limit};
}

static void fill_job(struct job *j, const struct block *stated, bool commit)
{
    j->stated = stated->header;
    ASSERT(stated->header.extra_data.len <= sizeof j->extra_data);
    if (stated->header.extra_data.len)
        memcpy(j->extra_data, stated->header.extra_data.data, stated->header.extra_data.len);
    j->stated.extra_data = bytes_of(j->extra_data, stated->header.extra_data.len);
    j->stated_hash = stated->hash;
    j->seal = stated->seal;
    j->commit = commit;
}

void overlap_hand_over(struct overlap *o, const struct block *stated, bool commit)
{
    struct job *j = &o->job;
    ASSERT(!o->has_job && o->front.work.block);
    fill_job(j, stated, commit);
    j->proposal = o->proposal;
    j->state = o->states[o->turn];
    j->made = o->front.work.block;
    o->front.work.block = NULL;
    o->turn ^= 1;
    o->has_job = true;
    advance(&o->front, j);
    frozen_put(o->frozen, j->state);
    if (!o->has_merger || (!o->always && j->made->block.header.gas_used < WORTH_A_WAKE_GAS)) {
        merge(o->chain, j);
        return;
    }
    pthread_mutex_lock(&o->lock);
    o->working = true;
    pthread_cond_signal(&o->begin);
    pthread_mutex_unlock(&o->lock);
}

enum err overlap_wait(struct overlap *o, bool *commit_failed_out, struct diag *d)
{
    struct job *j = &o->job;
    *commit_failed_out = false;
    if (!o->has_job)
        return E_OK;
    wait_for_merger(o);
    o->has_job = false;
    *commit_failed_out = j->commit_failed;
    if (j->error != E_OK || !j->commit) { /* the replay ends here: overlap_close clears the state */
        *d = j->why;
        return j->error;
    }
    frozen_merged(o->frozen);
    state_clear(j->state);
    return E_OK;
}

/* --- opening and closing ---------------------------------------------------------------------- */

enum err overlap_open(struct overlap **out, struct chain *c, bool always)
{
    struct overlap *o = mem_zalloc(1, sizeof *o);
    enum err e = frozen_open(&o->frozen, c->store, in_store, o);
    if (e != E_OK) {
        mem_free(o);
        return e;
    }
    o->chain = c;
    o->always = always;
    for (size_t i = 0; i < 2; i++)
        o->states[i] = state_new(frozen_reader(o->frozen));
    struct chain *front = &o->front;
    front->genesis = c->genesis;
    front->audit = true;
    front->evm = c->evm; /* the chain's own thread executes nothing meanwhile */
    front->recover = c->recover;
    front->head = chain_head(c);
    memcpy(front->hashes, c->hashes, sizeof front->hashes);
    pthread_mutex_init(&front->head_lock, NULL);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->begin, NULL);
    pthread_cond_init(&o->end, NULL);
    o->has_merger = thread_start(&o->merger, STACK_BYTES, merger, o) == 0;
    *out = o;
    return E_OK;
}

void overlap_close(struct overlap *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->stopping = true;
    pthread_cond_signal(&o->begin);
    pthread_mutex_unlock(&o->lock);
    if (o->has_merger) /* it ends what it has in hand first */
        pthread_join(o->merger, NULL);
    overlap_drop(o);
    mem_free(o->front.work.dropped);
    arena_free(&o->front.work.scratch);
    pthread_mutex_destroy(&o->front.head_lock);
    for (size_t i = 0; i < 2; i++)
        state_free(o->states[i]);
    frozen_close(o->frozen);
    pthread_cond_destroy(&o->begin);
    pthread_cond_destroy(&o->end);
    pthread_mutex_destroy(&o->lock);
    mem_free(o);
}
