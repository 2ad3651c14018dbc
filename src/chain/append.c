/* append: the blocks of an imported Ethereum chain, one after the other, each checked by Ethereum's
 * rules and executed (chain/rules.h, chain/ethereum.h). */
#include "chain/chain_internal.h"

#include "base/lang.h"
#include "chain/ethereum.h"
#include "chain/rules.h"

/* total_difficulty adds up what lies in the store; a chain that has merged is past every mark. */
static enum err total_difficulty(struct chain *c, struct store_txn *t, struct u256 *out)
{
    struct arena a = {0};
    struct stored_header h;
    enum err e = E_OK;
    *out = U256_ZERO;
    for (uint64_t n = 0; e == E_OK && n <= c->head.number; n++) {
        arena_reset(&a);
        e = blocks_header(t, n, &a, &h);
        if (e == E_OK && u256_add(out, *out, h.header.difficulty))
            e = E_CORRUPT;
    }
    arena_free(&a);
    return e;
}

/* What the block is checked against. */
struct site {
    struct chain *chain;
    struct chain_view *view;
    struct arena arena;
    struct header parent;
};

static enum err site_open(struct site *s, struct chain *c)
{
    struct hash hash;
    s->chain = c;
    TRY(chain_view_open(c, &s->view));
    TRY(chain_load_header(s->view, c->head.number, &s->arena, &s->parent, &hash));
    if (c->has_total_difficulty)
        return E_OK;
    struct store_txn *t = NULL;
    enum err e = store_begin_read(c->store, &t);
    if (e == E_OK)
        e = total_difficulty(c, t, &c->total_difficulty);
    store_abort(t);
    c->has_total_difficulty = e == E_OK;
    return e;
}

static void site_close(struct site *s)
{
    chain_view_close(s->view);
    arena_free(&s->arena);
}

static const struct block *find_block(void *ctx, const struct hash *hash)
{
    struct site *s = ctx;
    uint64_t number;
    struct block *b = arena_zalloc(&s->arena, 1, sizeof *b);
    if (chain_number_of(s->view, hash, &number) != E_OK ||
        chain_load_block(s->view, number, &s->arena, false, b) != E_OK)
        return NULL;
    return b;
}

static struct hash block_hash(void *ctx, uint64_t number)
{
    struct chain *c = ctx;
    uint64_t next = c->head.number + 1;
    if (number >= next || next - number > CHAIN_HASH_WINDOW)
        return (struct hash){{0}};
    return c->hashes[number % CHAIN_HASH_WINDOW];
}

/* state_root applies the changes so far as the next block; a later call begins anew. */
static enum err state_root(void *ctx, struct hash *out)
{
    struct chain *c = ctx;
    if (c->work.applied)
        statedb_discard(c->db);
    c->work.applied = false;
    enum err e = statedb_apply(c->db, c->state, c->head.number + 1, out);
    c->work.applied = e == E_OK;
    return e;
}

/* take_block copies the block into memory of its own, and keeps the signers that are known. */
static enum err take_block(struct recent_block *out, const struct block *b)
{
    struct buf rlp = {0};
    block_encode(&rlp, b);
    enum err e = block_decode(&out->block, &out->arena, buf_view(&rlp));
    buf_free(&rlp);
    for (size_t i = 0; e == E_OK && i < b->tx_count; i++) {
        struct tx *t = &out->block.txs[i];
        t->has_sender = b->txs[i].has_sender;
        t->sender = b->txs[i].sender;
        if (t->auth_count) /* as many as there: the encoding is the same */
            memcpy(t->auths, b->txs[i].auths, t->auth_count * sizeof *t->auths);
    }
    return e == E_OK ? E_OK : E_BLOCK;
}

static enum err check_and_run(struct site *s, struct block *b, struct diag *d)
{
    struct chain *c = s->chain;
    const struct schedule *schedule = &c->genesis.schedule;
    struct ancestry ancestry = {find_block, s};
    struct block_run run = {.schedule = schedule,
                            .state = c->state,
                            .evm = c->evm,
                            .block_hash = block_hash,
                            .root = state_root,
                            .ctx = c};
    TRY(rules_check_header(schedule, &b->header, &s->parent, &c->head.hash, c->total_difficulty,
                           d));
    TRY(rules_check_body(schedule, b, d));
    TRY(rules_check_ommers(schedule, b, &ancestry, d));
    return ethereum_run(&run, b, &c->work.block->arena, d);
}

enum err chain_append(struct chain *c, const struct block *b, const struct block **out,
                      struct diag *d)
{
    struct work *w = &c->work;
    struct site site = {0};
    ASSERT(c->genesis.is_ethereum && !w->block);
    w->block = recent_block_new();
    w->dropped_count = 0;
    enum err e = take_block(w->block, b);
    if (e == E_OK)
        e = site_open(&site, c);
    if (e == E_OK)
        e = check_and_run(&site, &w->block->block, d);
    site_close(&site);
    if (e != E_OK) {
        chain_abandon(c);
        return d && d->text[0] ? e : diag_set(d, e, "%s", err_text(e));
    }
    struct block *made = &w->block->block;
    if (u256_add(&c->total_difficulty, c->total_difficulty, made->header.difficulty))
        c->total_difficulty = U256_MAX;
    w->block->tx_total = c->head.tx_total + made->tx_count;
    *out = made;
    return E_OK;
}
