#include "chain/ahead.h"

void ahead_init(struct ahead *a, struct recover *recover, ahead_reader read, void *ctx)
{
    *a = (struct ahead){.recover = recover, .read = read, .ctx = ctx};
}

enum err ahead_senders(struct ahead_block *b, size_t *bad_out)
{
    struct recover_batch *signers = b->signers;
    b->signers = NULL;
    return recover_finish(signers, bad_out);
}

static size_t bytes_held(const struct ahead *a)
{
    size_t sum = 0;
    for (uint64_t i = a->taken; i < a->read_count; i++)
        sum += a->ring[i % AHEAD_BLOCKS].arena.used_bytes;
    return sum;
}

static void read_one(struct ahead *a)
{
    struct ahead_block *b = &a->ring[a->read_count % AHEAD_BLOCKS];
    struct arena arena = b->arena;
    arena_reset(&arena);
    *b = (struct ahead_block){.arena = arena};
    a->ended = !a->read(a->ctx, b);
    if (a->ended)
        return;
    if (b->error == E_OK)
        b->signers = recover_start_block(a->recover, b->block.txs, b->block.tx_count,
                                         b->is_sealed ? &b->seal : NULL);
    a->ended = b->error != E_OK;
    a->read_count++;
}

/* drop_oldest lets go of a block, whether or not somebody asked for its senders. */
static void drop_oldest(struct ahead *a)
{
    size_t bad;
    (void)ahead_senders(&a->ring[a->taken++ % AHEAD_BLOCKS], &bad);
}

/* refill reads several blocks in a row, so that workers are not woken for each small one. */
static void refill(struct ahead *a)
{
    while (!a->ended && a->read_count - a->taken < AHEAD_BLOCKS &&
           (a->read_count == a->taken || bytes_held(a) < AHEAD_BYTES))
        read_one(a);
}

struct ahead_block *ahead_next(struct ahead *a)
{
    if (a->handed_out)
        drop_oldest(a);
    a->handed_out = false;
    if (a->read_count - a->taken <= AHEAD_BLOCKS / 2)
        refill(a);
    if (a->read_count == a->taken)
        return NULL;
    a->handed_out = true;
    return &a->ring[a->taken % AHEAD_BLOCKS];
}

void ahead_fini(struct ahead *a)
{
    while (a->taken < a->read_count)
        drop_oldest(a);
    for (size_t i = 0; i < AHEAD_BLOCKS; i++)
        arena_free(&a->ring[i].arena);
}
