/* propose: prepare, process, finalize, commit: the life of the block in hand. */
#include "chain/chain_internal.h"

#include <stdatomic.h>

#include "base/lang.h"
#include "base/limits.h"
#include "chain/ethereum.h"
#include "chain/execute.h"
#include "city/money/quota.h"
#include "crypto/ed25519.h"
#include "crypto/keccak.h"

static struct hash recent_hash(void *ctx, uint64_t number)
{
    struct chain *c = ctx;
    uint64_t next = c->head.number + 1; /* the engine thread is the only one that changes head */
    if (number >= next || next - number > CHAIN_HASH_WINDOW)
        return (struct hash){{0}};
    return c->hashes[number % CHAIN_HASH_WINDOW];
}

/* next_env is what the transactions of the next block see. */
static struct block_env next_env(struct chain *c, const struct proposal *p)
{
    return (struct block_env){
        .chain_id = c->genesis.chain_id,
        .number = p->number,
        .timestamp_s = p->timestamp_s,
        .gas_limit = c->genesis.gas_limit,
        .beneficiary = p->proposer,
        .prev_randao = keccak256_of(bytes_of(c->head.hash.b, sizeof c->head.hash.b)),
        .fork = schedule_rules(&c->genesis.schedule, p->number, p->timestamp_s, true).fork,
        .block_hash = recent_hash,
        .block_hash_ctx = c,
    };
}

/* --- prepare and process ---------------------------------------------------------------------- */

void chain_prepare(struct chain *c, struct proposal *out, uint64_t timestamp_s, size_t bytes_max)
{
    struct chain_head head = chain_head(c);
    ASSERT(c->pool && !c->work.borrowed && !c->work.block);
    *out = (struct proposal){
        .number = head.number + 1,
        .timestamp_s = timestamp_s > head.timestamp_s ? timestamp_s : head.timestamp_s,
        .proposer = c->genesis.proposer,
        .txs = c->work.taken,
    };
    out->tx_count = pool_take(c->pool, c->work.taken, LIMIT_BLOCK_TXS, c->genesis.gas_limit,
                              bytes_max < CHAIN_BLOCK_BYTES ? bytes_max : CHAIN_BLOCK_BYTES);
    c->work.borrowed = out->tx_count > 0;
}

static enum err refuse_tx(struct diag *d, size_t index, const struct tx *t, enum err why)
{
    char hash[2 * sizeof t->hash.b + 1];
    hex_encode(hash, t->hash.b, sizeof t->hash.b);
    return diag_set(d, E_BLOCK, T("transaction %zu (0x%s): %s", "transaction %zu (0x%s) : %s"),
                    index, hash, err_text(why));
}

/* recover_missing fills in the senders nobody has recovered. One that stays without is refused in
 * its turn, so that the first fault of a proposal is the one named. */
static void recover_missing(struct chain *c, const struct proposal *p)
{
    struct tx **missing = mem_alloc((p->tx_count + 1) * sizeof(struct tx *));
    size_t count = 0, bad;
    if (c->pool)
        pool_fill_senders(c->pool, p->txs, p->tx_count);
    for (size_t i = 0; i < p->tx_count; i++)
        if (!p->txs[i]->has_sender)
            missing[count++] = p->txs[i];
    if (count)
        (void)recover_finish(recover_start(c->recover, missing, count), &bad);
    mem_free(missing);
}

enum err chain_process(struct chain *c, const struct proposal *p, struct diag *d)
{
    struct chain_head head = chain_head(c);
    uint64_t gas = 0, bytes = 0;
    enum fork fork = schedule_rules(&c->genesis.schedule, p->number, p->timestamp_s, true).fork;
    if (c->genesis.is_ethereum)
        return diag_set(d, E_BLOCK,
                        T("an imported Ethereum chain is not continued here",
                          "une chaîne Ethereum importée n'est pas continuée ici"));
    if (p->number != head.number + 1)
        return diag_set(
            d, E_BLOCK,
            T("block %llu does not follow block %llu", "le bloc %llu ne suit pas le bloc %llu"),
            (unsigned long long)p->number, (unsigned long long)head.number);
    if (p->timestamp_s < head.timestamp_s)
        return diag_set(d, E_BLOCK,
                        T("timestamp %llu is before its parent's %llu",
                          "l'horodatage %llu précède celui de son parent, %llu"),
                        (unsigned long long)p->timestamp_s, (unsigned long long)head.timestamp_s);
    bool founded = consensus_founded(c);
    if (!founded && !address_eq(&p->proposer, &c->genesis.proposer))
        return diag_set(d, E_BLOCK,
                        T("the proposer is not the one of the genesis",
                          "le proposant n'est pas celui de la genèse"));
    if (!founded && p->report_count)
        return diag_set(d, E_BLOCK,
                        T("misbehaviour is reported, and there is no network yet",
                          "un manquement est signalé, or il n'y a pas encore de réseau"));
    for (size_t i = 0; i < p->report_count; i++)
        if (p->reports[i].amount_gwei || p->reports[i].index > UINT8_MAX)
            return diag_set(d, E_BLOCK,
                            T("report %zu pays someone or is of no known kind",
                              "le signalement %zu paie quelqu'un ou est d'un genre inconnu"),
                            i);
    if (p->tx_count > LIMIT_BLOCK_TXS)
        return diag_set(d, E_BLOCK,
                        T("%zu transactions, at most %u", "%zu transactions, au plus %u"),
                        p->tx_count, LIMIT_BLOCK_TXS);
    recover_missing(c, p);
    for (size_t i = 0; i < p->tx_count; i++) {
        const struct tx *t = p->txs[i];
        enum err e = tx_check(t, fork, c->genesis.chain_id, 0);
        if (e == E_OK && !t->has_sender)
            e = E_SIGNATURE;
        gas += t->gas_limit; /* tx_check bounds each: no overflow */
        bytes += t->raw.len;
        if (e == E_OK && gas > c->genesis.gas_limit)
            e = E_TX_GAS_LIMIT;
        if (e == E_OK && bytes > CHAIN_BLOCK_BYTES)
            e = E_TX_TOO_LARGE;
        if (e != E_OK)
            return refuse_tx(d, i, t, e);
    }
    return E_OK;
}

/* --- finalize --------------------------------------------------------------------------------- */

/* copy_tx makes a transaction of the block's own memory, so that the block outlives the pool's or
 * the engine's copy. */
static void copy_tx(struct tx *out, struct arena *a, const struct tx *t)
{
    struct bytes raw = bytes_of(arena_dup(a, t->raw.data, t->raw.len), t->raw.len);
    *out = *t;
    out->raw = raw;
    if (t->data.len && t->data.data >= t->raw.data && t->data.data < t->raw.data + t->raw.len)
        out->data.data = raw.data + (t->data.data - t->raw.data);
    else
        out->data.data = arena_dup(a, t->data.data, t->data.len);
    if (t->auth_count)
        out->auths = arena_dup(a, t->auths, t->auth_count * sizeof *t->auths);
    if (!t->access_count)
        return;
    struct tx_access *access = arena_alloc(a, t->access_count * sizeof *access);
    for (size_t i = 0; i < t->access_count; i++) {
        access[i] = t->access[i];
        access[i].slots =
            arena_dup(a, t->access[i].slots, t->access[i].slot_count * sizeof(struct hash));
    }
    out->access = access;
}

/* run_txs executes the proposal's transactions into the block. */
static enum err run_txs(struct chain *c, const struct proposal *p, const struct block_env *env,
                        struct quota_block *q, bool drop_invalid, struct diag *d)
{
    struct work *w = &c->work;
    struct block *b = &w->block->block;
    struct execute_context x = {
        .state = c->state, .block = env, .arena = &w->scratch, .evm = c->evm, .quota = q};
    for (size_t i = 0; i < p->tx_count; i++) {
        struct receipt r = {0};
        if (p->enough && p->enough(p->enough_ctx))
            break;
        arena_reset(&w->scratch);
        enum err e = execute_tx(&x, p->txs[i], &r);
        enum err broken = state_error(c->state);
        if (broken != E_OK)
            return diag_set(d, broken,
                            T("block %llu, transaction %zu: %s", "bloc %llu, transaction %zu : %s"),
                            (unsigned long long)p->number, i, err_text(broken));
        if (e != E_OK && !drop_invalid)
            return refuse_tx(d, i, p->txs[i], e);
        if (e != E_OK) {
            w->dropped[w->dropped_count++] = p->txs[i]->hash;
            continue;
        }
        copy_tx(&b->txs[b->tx_count], &w->block->arena, p->txs[i]);
        receipt_copy(&b->receipts[b->tx_count], &w->block->arena, &r);
        b->tx_count++;
    }
    b->header.gas_used = x.gas_used;
    return E_OK;
}

/* punish lets the members' register act on what the engine reports (block.h, "reports"). */
static enum err punish(struct chain *c, const struct proposal *p, const struct block_env *env)
{
    struct work *w = &c->work;
    struct world world = {.state = c->state, .block = env, .arena = &w->scratch};
    arena_reset(&w->scratch);
    struct member *members;
    size_t count;
    if (p->report_count == 0)
        return E_OK;
    TRY(members_validators(c->state, &w->scratch, &members, &count));
    struct misbehaviour *list = arena_zalloc(&w->scratch, p->report_count, sizeof *list);
    for (size_t i = 0; i < p->report_count; i++) {
        list[i].kind = (uint8_t)p->reports[i].index;
        list[i].height = p->reports[i].validator_index;
        list[i].time_s = p->timestamp_s;
        memcpy(list[i].validator20, p->reports[i].address.b, sizeof list[i].validator20);
        for (size_t k = 0; k < count; k++) {
            uint8_t of_member20[20];
            ed25519_address20(of_member20, members[k].key32);
            if (memcmp(of_member20, list[i].validator20, sizeof of_member20) == 0)
                list[i].power = members[k].power;
        }
    }
    return members_punish(&world, list, p->report_count);
}

static void fill_header(struct chain *c, const struct proposal *p, const struct block_env *env,
                        const struct hash *state_root)
{
    struct block *b = &c->work.block->block;
    struct header *h = &b->header;
    header_own(h);
    h->parent_hash = c->head.hash;
    h->beneficiary = p->proposer;
    h->state_root = *state_root;
    h->transactions_root = blocks_tx_root(b->txs, b->tx_count);
    h->receipts_root = blocks_receipt_root(b->receipts, b->tx_count);
    h->number = p->number;
    h->gas_limit = env->gas_limit;
    h->timestamp_s = p->timestamp_s;
    h->prev_randao = env->prev_randao;
    if (b->withdrawal_count)
        h->withdrawals_root = block_withdrawals_root(b);
    for (size_t i = 0; i < b->tx_count; i++)
        for (size_t j = 0; b->receipts[i].log_count && j < BLOOM_BYTES; j++)
            h->bloom[j] |= b->receipts[i].bloom[j];
    b->hash = header_hash(h);
    b->size_bytes = block_rlp_size(b);
}

/* refuse_block passes e on, an error with the block's number in front. */
static enum err refuse_block(struct diag *d, const struct proposal *p, enum err e)
{
    return e == E_OK ? E_OK
                     : diag_set(d, e, T("block %llu: %s", "bloc %llu : %s"),
                                (unsigned long long)p->number, err_text(e));
}

/* forget_block drops the block in hand but not what was learnt about invalid transactions. */
static void forget_block(struct chain *c)
{
    if (c->work.applied)
        statedb_discard(c->db);
    if (c->work.block)
        state_clear(c->state);
    recent_unref(c->work.block);
    c->work.block = NULL;
    c->work.applied = false;
}

static enum err execute_proposal(struct chain *c, const struct proposal *p, bool drop_invalid,
                                 struct diag *d)
{
    struct block_env env = next_env(c, p);
    struct quota_block *q = quota_block_new(c->state, p->timestamp_s);
    enum err e = E_OK;
    if (env.fork >= FORK_PRAGUE) /* EIP-2935, where genesis put its contract */
        e = ethereum_history(c->state, c->evm, &env, &c->head.hash);
    if (e == E_OK)
        e = punish(c, p, &env);
    if (e == E_OK)
        e = run_txs(c, p, &env, q, drop_invalid, d);
    if (e == E_OK)
        quota_flush(q);
    quota_block_free(q);
    if (e != E_OK)
        return e;
    return refuse_block(d, p, state_error(c->state));
}

enum err chain_execute(struct chain *c, const struct proposal *p, bool drop_invalid, struct diag *d)
{
    struct work *w = &c->work;
    ASSERT(!w->block && p->number == c->head.number + 1);
    w->block = recent_block_new();
    struct arena *a = &w->block->arena;
    w->block->block.txs = arena_alloc(a, (p->tx_count + 1) * sizeof(struct tx));
    w->block->block.receipts = arena_alloc(a, (p->tx_count + 1) * sizeof(struct receipt));
    if (p->report_count)
        w->block->block.withdrawals =
            arena_dup(a, p->reports, p->report_count * sizeof *p->reports);
    w->block->block.withdrawal_count = p->report_count;
    w->dropped = mem_resize(w->dropped, p->tx_count + 1, sizeof *w->dropped);
    w->dropped_count = 0;
    enum err e = execute_proposal(c, p, drop_invalid, d);
    if (e != E_OK)
        forget_block(c);
    return e;
}

enum err chain_merge(struct chain *c, const struct proposal *p, const struct block **block_out,
                     struct diag *d)
{
    struct work *w = &c->work;
    struct block_env env = next_env(c, p);
    struct hash root;
    TRY(refuse_block(d, p, statedb_apply(c->db, c->state, p->number, &root)));
    w->applied = true;
    fill_header(c, p, &env, &root);
    w->block->tx_total = c->head.tx_total + w->block->block.tx_count;
    *block_out = &w->block->block;
    return E_OK;
}

enum err chain_finalize(struct chain *c, const struct proposal *p, bool drop_invalid,
                        const struct block **block_out, struct diag *d)
{
    TRY(chain_execute(c, p, drop_invalid, d));
    enum err e = chain_merge(c, p, block_out, d);
    if (e != E_OK)
        forget_block(c);
    return e;
}

/* --- commit ----------------------------------------------------------------------------------- */

void chain_sender_now(struct chain *c, const struct address *a, uint64_t *nonce_out,
                      struct u256 *balance_out)
{
    *nonce_out = state_nonce(c->state, a);
    *balance_out = state_balance(c->state, a);
}

struct changed {
    chain_account_visitor visit;
    void *ctx;
};

static void changed_account(void *ctx, const struct address *a, const struct account *now_opt)
{
    const struct changed *v = ctx;
    v->visit(v->ctx, a, now_opt ? now_opt->nonce : 0, now_opt ? now_opt->balance : U256_ZERO);
}

static void changed_storage(void *ctx, const struct address *a, const struct hash *slot,
                            struct bytes value)
{
    (void)ctx, (void)a, (void)slot, (void)value;
}

static void changed_all_storage(void *ctx, const struct address *a)
{
    (void)ctx, (void)a;
}

static void changed_code(void *ctx, const struct hash *code_hash, struct bytes code)
{
    (void)ctx, (void)code_hash, (void)code;
}

void chain_visit_changed(struct chain *c, chain_account_visitor visit, void *ctx)
{
    struct changed v = {visit, ctx};
    const struct state_change_visitor visitor = {.account = changed_account,
                                                 .storage = changed_storage,
                                                 .storage_cleared = changed_all_storage,
                                                 .code = changed_code,
                                                 .ctx = &v};
    state_visit_changes(c->state, &visitor);
}

static enum err store_block(struct chain *c)
{
    struct store_txn *t;
    TRY(store_begin_write(c->store, &t));
    enum err e = blocks_put(t, &c->work.block->block, c->work.block->tx_total);
    if (e == E_OK)
        e = statedb_write(c->db, t);
    if (e == E_OK && c->work.consensus_height)
        e = consensus_put(
            t, &(struct consensus_point){c->work.consensus_height, c->head.number + 1}, true);
    if (e != E_OK) {
        store_abort(t);
        return e;
    }
    return store_commit(t);
}

static void publish_head(struct chain *c, const struct recent_block *b)
{
    const struct header *h = &b->block.header;
    c->hashes[h->number % CHAIN_HASH_WINDOW] = b->block.hash;
    pthread_mutex_lock(&c->head_lock);
    c->head = (struct chain_head){h->number,    b->block.hash, h->state_root,      h->timestamp_s,
                                  h->gas_limit, b->tx_total,   c->consensus.height};
    pthread_mutex_unlock(&c->head_lock);
}

enum err chain_commit(struct chain *c, const struct ecdsa_signature *seal_opt)
{
    struct work *w = &c->work;
    ASSERT(w->block && w->applied);
    w->block->block.seal = seal_opt ? *seal_opt : (struct ecdsa_signature){0};
    enum err e = store_block(c);
    if (e != E_OK) {
        chain_abandon(c);
        return e;
    }
    statedb_written(c->db);
    w->applied = false;
    struct recent_block *b = w->block;
    if (!c->audit)
        recent_add(&c->recent, b);
    if (c->pool) /* before the head: who reads the new head must not find old nonces in the pool */
        pool_committed(c->pool, &b->block, w->dropped, w->dropped_count);
    w->borrowed = false;
    w->dropped_count = 0;
    w->block = NULL;
    state_clear(c->state);
    if (w->consensus_height)
        c->consensus = (struct consensus_point){w->consensus_height, b->block.header.number};
    w->consensus_height = 0;
    publish_head(c, b);
    if (c->pool)
        pool_published(c->pool);
    enum err broken = consensus_refresh(c);
    size_t n = atomic_load(&c->listener_count);
    for (size_t i = 0; i < n; i++)
        if (c->listeners[i].block)
            c->listeners[i].block(c->listeners[i].ctx, &b->block);
    recent_unref(b);
    return broken;
}

void chain_abandon(struct chain *c)
{
    struct work *w = &c->work;
    forget_block(c);
    c->has_total_difficulty = false; /* counted with the block in hand */
    if (c->pool && w->dropped_count)
        pool_committed(c->pool, NULL, w->dropped, w->dropped_count);
    else if (c->pool && w->borrowed)
        pool_return(c->pool);
    w->borrowed = false;
    w->dropped_count = 0;
    w->consensus_height = 0;
}
