/* view: reading blocks and state, from any thread. */
#include "chain/chain_internal.h"

/* A state opened through a view. */
struct view_state {
    uint64_t number;
    struct statedb_view *view;
};

struct chain_view {
    struct chain *chain;
    struct chain_head head;
    struct store_txn *txn;      /* opened when the store is first needed */
    uint64_t txn_head;          /* the head inside txn: head.number or later */
    struct recent_block **held; /* shared blocks handed out */
    size_t held_count, held_cap;
    struct view_state *states;
    size_t state_count, state_cap;
};

enum err chain_view_open(struct chain *c, struct chain_view **out)
{
    struct chain_view *v = mem_zalloc(1, sizeof *v);
    v->chain = c;
    v->head = chain_head(c);
    *out = v;
    return E_OK;
}

void chain_view_close(struct chain_view *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->state_count; i++)
        statedb_view_close(v->states[i].view);
    store_abort(v->txn);
    for (size_t i = 0; i < v->held_count; i++)
        recent_unref(v->held[i]);
    mem_free(v->held);
    mem_free(v->states);
    mem_free(v);
}

uint64_t chain_view_head(const struct chain_view *v)
{
    return v->head.number;
}

struct chain *chain_view_chain(const struct chain_view *v)
{
    return v->chain;
}

/* need_txn opens the store transaction. What it sees is the view's head or later; records of blocks
 * do not change, and state is asked for by height. */
static enum err need_txn(struct chain_view *v)
{
    struct hash hash;
    if (v->txn)
        return E_OK;
    TRY(store_begin_read(v->chain->store, &v->txn));
    enum err e = blocks_head(v->txn, &v->txn_head, &hash);
    if (e != E_OK) {
        store_abort(v->txn);
        v->txn = NULL;
    }
    return e;
}

/* hold finds a recent block and keeps it until the view closes; NULL when it is not recent. */
static const struct recent_block *hold(struct chain_view *v, uint64_t number)
{
    for (size_t i = v->held_count; i-- > 0;)
        if (v->held[i]->block.header.number == number)
            return v->held[i];
    struct recent_block *b = recent_get(&v->chain->recent, number);
    if (!b)
        return NULL;
    if (v->held_count == v->held_cap) {
        v->held_cap = v->held_cap ? 2 * v->held_cap : 4;
        v->held = mem_resize(v->held, v->held_cap, sizeof(struct recent_block *));
    }
    v->held[v->held_count++] = b;
    return b;
}

static enum err load_stored(struct chain_view *v, uint64_t number, struct arena *a,
                            struct stored_header *out)
{
    TRY(need_txn(v));
    enum err e = blocks_header(v->txn, number, a, out);
    return e == E_NOT_FOUND ? E_CORRUPT : e; /* every height up to the head must be there */
}

enum err chain_load_header(struct chain_view *v, uint64_t number, struct arena *a,
                           struct header *out, struct hash *hash_out)
{
    if (number > v->head.number)
        return E_NOT_FOUND;
    const struct recent_block *b = hold(v, number);
    if (b) {
        *out = b->block.header;
        *hash_out = b->block.hash;
        return E_OK;
    }
    struct stored_header stored;
    TRY(load_stored(v, number, a, &stored));
    *out = stored.header;
    *hash_out = stored.hash;
    return E_OK;
}

enum err chain_load_block(struct chain_view *v, uint64_t number, struct arena *a,
                          bool with_receipts, struct block *out)
{
    if (number > v->head.number)
        return E_NOT_FOUND;
    const struct recent_block *b = hold(v, number);
    if (b) {
        *out = b->block;
        return E_OK;
    }
    struct stored_header stored;
    size_t receipt_count = 0;
    TRY(load_stored(v, number, a, &stored));
    *out = (struct block){.header = stored.header,
                          .hash = stored.hash,
                          .seal = stored.seal,
                          .size_bytes = stored.size_bytes};
    enum err e = blocks_body(v->txn, number, a, out);
    if (e == E_OK && out->tx_count != stored.tx_count)
        e = E_CORRUPT;
    if (e == E_OK && with_receipts)
        e = blocks_receipts(v->txn, number, a, &out->receipts, &receipt_count);
    if (e == E_OK && with_receipts && receipt_count != out->tx_count)
        e = E_CORRUPT;
    return e == E_NOT_FOUND ? E_CORRUPT : e;
}

enum err chain_number_of(struct chain_view *v, const struct hash *block_hash, uint64_t *number_out)
{
    if (hash_eq(block_hash, &v->head.hash)) {
        *number_out = v->head.number;
        return E_OK;
    }
    uint64_t number;
    TRY(need_txn(v));
    TRY(blocks_number_of(v->txn, block_hash, &number));
    if (number > v->head.number)
        return E_NOT_FOUND;
    *number_out = number;
    return E_OK;
}

enum err chain_find_tx(struct chain_view *v, const struct hash *tx_hash, uint64_t *number_out,
                       size_t *index_out)
{
    uint64_t number;
    size_t index;
    if (!recent_find_tx(&v->chain->recent, tx_hash, &number, &index)) {
        TRY(need_txn(v));
        TRY(blocks_find_tx(v->txn, tx_hash, &number, &index));
    }
    if (number > v->head.number)
        return E_NOT_FOUND;
    *number_out = number;
    *index_out = index;
    return E_OK;
}

enum err chain_decided_height(struct chain_view *v, uint64_t number, uint64_t *height_out)
{
    if (number > v->head.number)
        return E_NOT_FOUND;
    TRY(need_txn(v));
    return consensus_of_block(v->txn, number, height_out);
}

static enum err open_state(struct chain_view *v, uint64_t number, struct statedb_view **out)
{
    struct chain *c = v->chain;
    struct arena a = {0};
    struct header header;
    struct hash hash, root = v->head.state_root;
    enum err e = E_OK;
    if (number != v->head.number) {
        e = chain_load_header(v, number, &a, &header, &hash);
        if (e == E_OK)
            root = header.state_root;
        arena_free(&a);
    }
    if (e == E_OK)
        e = need_txn(v);
    if (e == E_OK)
        e = statedb_view_open(out, c->store, v->txn, &root, number, v->txn_head, c->archive);
    return e;
}

enum err chain_state_at(struct chain_view *v, uint64_t number, struct statedb_view **out)
{
    if (number > v->head.number)
        return E_NOT_FOUND;
    for (size_t i = 0; i < v->state_count; i++)
        if (v->states[i].number == number) {
            *out = v->states[i].view;
            return E_OK;
        }
    TRY(open_state(v, number, out));
    if (v->state_count == v->state_cap) {
        v->state_cap = v->state_cap ? 2 * v->state_cap : 4;
        v->states = mem_resize(v->states, v->state_cap, sizeof *v->states);
    }
    v->states[v->state_count++] = (struct view_state){number, *out};
    return E_OK;
}
