#include "chain/consensus.h"

#include "base/lang.h"
#include "chain/chain_internal.h"
#include "store/tables.h"

/* --- records ---------------------------------------------------------------------------------- */

static struct store_key meta_key(void)
{
    return (struct store_key){.name = bytes_str(META_CONSENSUS)};
}

enum err consensus_get(struct store_txn *t, struct consensus_point *out)
{
    struct buf value = {0};
    enum err e = store_get(t, TABLE_META, meta_key(), &value);
    if (e == E_OK && value.len != 16)
        e = E_CORRUPT;
    if (e == E_OK)
        *out = (struct consensus_point){be64_get(value.data), be64_get(value.data + 8)};
    else if (e == E_NOT_FOUND)
        *out = (struct consensus_point){0, 0};
    buf_free(&value);
    return e == E_NOT_FOUND ? E_OK : e;
}

enum err consensus_of_block(struct store_txn *t, uint64_t block, uint64_t *height_out)
{
    struct buf value = {0};
    enum err e = store_get(t, TABLE_CONSENSUS, (struct store_key){.height = block}, &value);
    if (e == E_OK && value.len != 8)
        e = E_CORRUPT;
    if (e == E_OK)
        *height_out = be64_get(value.data);
    buf_free(&value);
    return e;
}

enum err consensus_put(struct store_txn *t, const struct consensus_point *p, bool made_block)
{
    uint8_t value[16];
    be64_put(value, p->height);
    be64_put(value + 8, p->block);
    if (made_block)
        TRY(store_put(t, TABLE_CONSENSUS, (struct store_key){.height = p->block},
                      bytes_of(value, 8)));
    return store_put(t, TABLE_META, meta_key(), bytes_of(value, sizeof value));
}

/* --- the open chain --------------------------------------------------------------------------- */

bool consensus_founded(struct chain *c)
{
    return !c->genesis.is_ethereum && members_founded(c->state);
}

enum err consensus_refresh(struct chain *c)
{
    struct account account;
    bool exists;
    const struct state_reader *reader = statedb_reader(c->db);
    if (c->genesis.is_ethereum) /* it has no services */
        return E_OK;
    TRY(reader->account(reader->ctx, &MEMBERS_SERVICE.address, &account, &exists));
    if (hash_eq(&account.storage_root, &c->members_root))
        return E_OK;
    struct state *s = state_new(reader);
    struct member *list = NULL;
    arena_reset(&c->members_arena);
    c->members = (struct consensus_members){.founded = members_founded(s),
                                            .heartbeat_s = members_heartbeat_s(s)};
    c->members.has_upgrade =
        members_upgrade(s, &c->members.upgrade_block, c->members.upgrade_program);
    enum err e = members_validators(s, &c->members_arena, &list, &c->members.count);
    c->members.list = list;
    if (e == E_OK)
        e = state_error(s);
    state_free(s);
    if (e == E_OK)
        c->members_root = account.storage_root;
    return e;
}

struct consensus_members chain_members(struct chain *c)
{
    return c->members;
}

enum err chain_members_next(struct chain *c, struct arena *a, struct member **out,
                            size_t *count_out)
{
    ASSERT(c->work.block);
    return members_validators(c->state, a, out, count_out);
}

const struct block *chain_in_hand(struct chain *c)
{
    return c->work.block ? &c->work.block->block : NULL;
}

void chain_decided_at(struct chain *c, uint64_t height)
{
    ASSERT(c->work.block && height > c->consensus.height);
    c->work.consensus_height = height;
}

enum err chain_commit_height(struct chain *c, uint64_t height)
{
    struct consensus_point p = {height, c->head.number};
    struct store_txn *t;
    ASSERT(!c->work.block && height > c->consensus.height);
    TRY(store_begin_write(c->store, &t));
    enum err e = consensus_put(t, &p, false);
    if (e != E_OK) {
        store_abort(t);
        return e;
    }
    TRY(store_commit(t));
    c->consensus = p;
    pthread_mutex_lock(&c->head_lock);
    c->head.consensus_height = height;
    pthread_mutex_unlock(&c->head_lock);
    return statedb_refresh(c->db);
}

struct consensus_point chain_consensus(struct chain *c)
{
    return c->consensus;
}

/* --- rollback --------------------------------------------------------------------------------- */

static enum err take_block(struct store_txn *t, uint64_t number)
{
    TRY(statedb_rollback(t, number));
    TRY(blocks_remove(t, number));
    enum err e = store_del(t, TABLE_CONSENSUS, (struct store_key){.height = number});
    return e == E_NOT_FOUND ? E_OK : e;
}

static enum err take_last(struct store_txn *t, struct consensus_point *out, struct diag *d)
{
    uint64_t head, decided_at;
    struct hash hash;
    TRY(blocks_check_version(t));
    TRY(blocks_head(t, &head, &hash));
    TRY(consensus_get(t, out));
    bool is_network = out->height > 0;
    if (!is_network && head == 0)
        return diag_set(d, E_NOT_FOUND,
                        T("the ledger has only its first block: there is nothing to take back",
                          "le registre n'a que son premier bloc : il n'y a rien à reprendre"));
    enum err e = is_network ? consensus_of_block(t, head, &decided_at) : E_OK;
    bool made_block = !is_network || (e == E_OK && decided_at == out->height);
    if (e != E_OK && e != E_NOT_FOUND)
        return e;
    if (made_block) {
        TRY(take_block(t, head));
        head--;
    }
    if (!is_network) {
        out->block = head;
        return E_OK;
    }
    *out = (struct consensus_point){out->height - 1, head};
    return out->height ? consensus_put(t, out, false) : store_del(t, TABLE_META, meta_key());
}

enum err chain_rollback(struct store *store, struct consensus_point *out, struct diag *d)
{
    struct store_txn *t;
    struct diag why = {""};
    TRY(store_begin_write(store, &t));
    enum err e = take_last(t, out, &why);
    if (e == E_OK)
        e = store_commit(t);
    else
        store_abort(t);
    return e == E_OK ? E_OK : diag_set(d, e, "%s", why.text[0] ? why.text : err_text(e));
}
