/* statedb_rollback: the last block's changes taken out of the stored state again. */
#include "state/statedb_head.h"

#include "state/statedb_internal.h"

/* The hidden names of the trie nodes that one block wrote. */
struct written {
    uint64_t height;
    struct buf names;
};

static enum err note_node(void *ctx, const struct store_record *record)
{
    struct written *w = ctx;
    if (record->height == w->height)
        buf_put(&w->names, record->hidden_name.data, SEAL_NAME_BYTES);
    return E_OK;
}

static enum err delete_nodes(struct store_txn *t, uint64_t height)
{
    struct written w = {.height = height};
    enum err e = store_walk(t, TABLE_NODE, height, note_node, &w);
    for (size_t at = 0; e == E_OK && at < w.names.len; at += SEAL_NAME_BYTES)
        e = store_del_hidden(t, TABLE_NODE, height, w.names.data + at);
    buf_free(&w.names);
    return e;
}

/* restore puts a replaced flat record back where it was. */
static enum err restore(struct store_txn *t, uint64_t height, const uint8_t *hidden,
                        struct buf *scratch)
{
    buf_clear(scratch);
    enum err e = store_get_hidden(t, TABLE_HISTORY, height, hidden, scratch);
    if (e == E_OK)
        e = store_put_hidden(t, TABLE_FLAT, 0, hidden, buf_view(scratch));
    if (e == E_OK)
        e = store_del_hidden(t, TABLE_HISTORY, height, hidden);
    return e == E_NOT_FOUND ? E_CORRUPT : e;
}

/* undo goes through the block's list of one kind. What it made goes first: a slot that was cleared
 * and set again stands in both lists. */
static enum err undo(struct store_txn *t, struct bytes stale, uint8_t kind, struct buf *scratch)
{
    for (const uint8_t *p = stale.data; p < stale.data + stale.len; p += STALE_ENTRY_BYTES) {
        enum err e = E_OK;
        if (p[0] == kind)
            e = kind == STALE_MADE ? store_del_hidden(t, TABLE_FLAT, 0, p + 9)
                                   : restore(t, be64_get(p + 1), p + 9, scratch);
        if (e != E_OK)
            return e == E_NOT_FOUND ? E_CORRUPT : e;
    }
    return E_OK;
}

enum err statedb_rollback(struct store_txn *t, uint64_t height)
{
    struct buf stale = {0}, scratch = {0};
    struct store_key key = {.height = height};
    enum err e = store_get(t, TABLE_STALE, key, &stale);
    if (e == E_NOT_FOUND) /* every block replaces the root: the state came with a snapshot */
        e = E_PRUNED;
    if (e == E_OK && stale.len % STALE_ENTRY_BYTES)
        e = E_CORRUPT;
    if (e == E_OK)
        e = undo(t, buf_view(&stale), STALE_MADE, &scratch);
    if (e == E_OK)
        e = undo(t, buf_view(&stale), STALE_HISTORY, &scratch);
    if (e == E_OK)
        e = delete_nodes(t, height);
    if (e == E_OK)
        e = store_del(t, TABLE_STALE, key);
    buf_free(&stale);
    buf_free(&scratch);
    return e;
}
