/* statedb_apply: a block's changes, collected from the overlay, sorted by name and merged into the
 * tries; what is to be written is noted in statedb.ops, then put into the store. */
#include "state/statedb_head.h"

#include <stdlib.h>

#define PRUNE_HEIGHTS_MAX 8u /* per block: bounds the work after keep_all was switched off */

/* Applying: what changed, collected from the overlay */

static struct change *change_of(struct statedb *db, const struct address *a)
{
    if (db->change_count && address_eq(&db->changes[db->change_count - 1].address, a))
        return &db->changes[db->change_count - 1];
    if (db->change_count == db->change_cap) {
        db->change_cap = db->change_cap ? 2 * db->change_cap : 64;
        db->changes = mem_resize(db->changes, db->change_cap, sizeof *db->changes);
    }
    struct change *c = &db->changes[db->change_count++];
    struct cached *cached = cache_slot(db, a);
    bool hit = cached->valid && address_eq(&cached->address, a);
    *c = (struct change){.address = *a,
                         .name = hit ? cached->name : name_of_address(a),
                         .slot_first = db->slot_count};
    return c;
}

static void collect_account(void *ctx, const struct address *a, const struct account *now_opt)
{
    struct change *c = change_of(ctx, a);
    c->has_account = now_opt != NULL;
    c->deleted = now_opt == NULL;
    if (now_opt)
        c->now = *now_opt;
}

static void collect_storage(void *ctx, const struct address *a, const struct hash *slot,
                            struct bytes value)
{
    struct statedb *db = ctx;
    struct change *c = change_of(db, a);
    if (db->slot_count == db->slot_cap) {
        db->slot_cap = db->slot_cap ? 2 * db->slot_cap : 64;
        db->slots = mem_resize(db->slots, db->slot_cap, sizeof *db->slots);
    }
    db->slots[db->slot_count++] = (struct slot_change){name_of_slot(slot), value};
    c->slot_count++;
}

static void collect_cleared(void *ctx, const struct address *a)
{
    change_of(ctx, a)->cleared = true;
}

static struct op *add_op(struct statedb *db, enum store_table table, uint64_t height,
                         struct bytes name)
{
    if (db->op_count == db->op_cap) {
        db->op_cap = db->op_cap ? 2 * db->op_cap : 256;
        db->ops = mem_resize(db->ops, db->op_cap, sizeof *db->ops);
    }
    struct op *op = &db->ops[db->op_count++];
    *op = (struct op){
        .table = (uint8_t)table, .height = height, .name_at = db->bytes.len, .name_len = name.len};
    buf_put(&db->bytes, name.data, name.len);
    op->value_at = db->bytes.len;
    return op;
}

/* The value is what the caller appends to db->bytes between add_op and end_op. */
static void end_op(struct statedb *db, struct op *op)
{
    op->value_len = db->bytes.len - op->value_at;
}

static void add_put(struct statedb *db, enum store_table table, uint64_t height, struct bytes name,
                    struct bytes value)
{
    struct op *op = add_op(db, table, height, name);
    buf_put(&db->bytes, value.data, value.len);
    end_op(db, op);
}

static void add_stale(struct statedb *db, uint8_t kind, uint64_t height, struct bytes name)
{
    uint8_t *p = buf_grow(&db->stale, STALE_ENTRY_BYTES);
    p[0] = kind;
    be64_put(p + 1, height);
    store_hide(db->store, p + 9, name);
}

/* A flat record that is replaced or deleted goes to the history, and out of it in due time. */
static void add_history(struct statedb *db, struct bytes name, struct bytes flat)
{
    uint64_t height = be64_get(flat.data);
    add_put(db, TABLE_HISTORY, height, name, flat);
    add_stale(db, STALE_HISTORY, height, name);
}

/* A flat record that was not there before: what statedb_rollback takes away again. */
static void add_made(struct statedb *db, struct bytes name)
{
    add_stale(db, STALE_MADE, db->new_height, name);
}

static void collect_code(void *ctx, const struct hash *code_hash, struct bytes code)
{
    add_put(ctx, TABLE_CODE, 0, bytes_of(code_hash->b, sizeof code_hash->b), code);
}

static void collect(struct statedb *db, struct state *s)
{
    struct state_change_visitor visitor = {collect_account, collect_storage, collect_cleared,
                                           collect_code, db};
    state_visit_changes(s, &visitor);
}

/* Applying: merged into the tries */

struct sink_place {
    struct statedb *db;
    const struct place *place;
};

static enum err sink_node(void *ctx, struct bytes path, struct bytes stored)
{
    struct sink_place *to = ctx;
    uint8_t name[NODE_NAME_MAX];
    size_t len = node_name(name, to->place, path);
    add_put(to->db, TABLE_NODE, to->db->new_height, bytes_of(name, len), stored);
    return E_OK;
}

static enum err sink_stale(void *ctx, uint64_t height, struct bytes path)
{
    struct sink_place *to = ctx;
    uint8_t name[NODE_NAME_MAX];
    size_t len = node_name(name, to->place, path);
    add_stale(to->db, STALE_NODE, height, bytes_of(name, len));
    return E_OK;
}

static enum err commit_trie(struct statedb *db, struct trie *t, const struct place *place)
{
    struct sink_place to = {db, place};
    struct trie_sink sink = {sink_node, sink_stale, &to};
    return trie_commit(t, db->new_height, &sink);
}

/* A slot of an account that loses all its storage. */
static enum err clear_leaf(void *ctx, uint64_t height, struct bytes key, struct bytes value)
{
    struct sink_place *from = ctx;
    struct statedb *db = from->db;
    struct slot_name name;
    (void)value;
    memcpy(name.b, from->place->owner.b, 32);
    memcpy(name.b + 32, key.data, 32);
    struct bytes n = bytes_of(name.b, sizeof name.b);
    buf_clear(&db->scratch);
    TRY(flat_get_at(db->read, n, height, true, &db->scratch));
    add_history(db, n, buf_view(&db->scratch));
    add_op(db, TABLE_FLAT, 0, n)->del = true;
    return E_OK;
}

static enum err clear_node(void *ctx, uint64_t height, struct bytes path)
{
    return sink_stale(ctx, height, path);
}

/* clear_storage empties a storage trie by walking it: costs what it holds. */
static enum err clear_storage(struct statedb *db, const struct hash *owner, struct record *r)
{
    struct storage *st = storage_open(db, owner, r);
    struct sink_place from = {db, &st->place};
    struct trie_visitor visitor = {clear_node, clear_leaf, &from};
    TRY(trie_walk(st->trie, &visitor, false, NULL));
    r->account.storage_root = KECCAK_EMPTY_TRIE;
    r->storage_height = 0;
    struct trie_source source = place_source(&st->place);
    trie_free(st->trie);
    st->trie = trie_new(&source, &KECCAK_EMPTY_TRIE, 0);
    db->nodes -= st->nodes;
    st->nodes = 0;
    return E_OK;
}

static enum err apply_slot(struct statedb *db, struct storage *st, const struct slot_change *c,
                           bool fresh)
{
    struct slot_name slot = slot_name(&st->place.owner, &c->hash);
    struct bytes name = bytes_of(slot.b, sizeof slot.b), key = bytes_of(c->hash.b, 32);
    bool existed = false;
    if (!fresh) {
        buf_clear(&db->scratch);
        enum err e = flat_get(db->read, name, &db->scratch);
        if (e != E_OK && e != E_NOT_FOUND)
            return e;
        existed = e == E_OK;
    }
    if (existed)
        add_history(db, name, buf_view(&db->scratch));
    else if (c->value.len)
        add_made(db, name);
    if (c->value.len == 0) {
        if (existed)
            add_op(db, TABLE_FLAT, 0, name)->del = true;
        return trie_put(st->trie, key, c->value, db->new_height);
    }
    struct op *op = add_op(db, TABLE_FLAT, 0, name);
    be64_put(buf_grow(&db->bytes, 8), db->new_height);
    buf_put(&db->bytes, c->value.data, c->value.len);
    end_op(db, op);
    buf_clear(&db->scratch);
    put_trie_value(&db->scratch, c->value);
    return trie_put(st->trie, key, buf_view(&db->scratch), db->new_height);
}

static int compare_slots(const void *a, const void *b)
{
    return memcmp(((const struct slot_change *)a)->hash.b, ((const struct slot_change *)b)->hash.b,
                  32);
}

/* The account's storage after the block: root and height go to *r. */
static enum err apply_storage(struct statedb *db, struct change *c, struct record *r)
{
    bool had = !hash_eq(&r->account.storage_root, &KECCAK_EMPTY_TRIE);
    if ((c->cleared || c->deleted) && had) {
        TRY(clear_storage(db, &c->name, r));
        had = false;
    }
    if (c->deleted || c->slot_count == 0)
        return E_OK;
    struct slot_change *slots = db->slots + c->slot_first;
    qsort(slots, c->slot_count, sizeof *slots, compare_slots);
    struct storage *st = storage_open(db, &c->name, r);
    for (size_t i = 0; i < c->slot_count; i++)
        TRY(apply_slot(db, st, &slots[i], !had));
    r->account.storage_root = trie_root(st->trie);
    TRY(commit_trie(db, st->trie, &st->place));
    uint64_t root_height = trie_root_height(st->trie); /* not this block if nothing changed */
    r->storage_height = root_height == UINT64_MAX ? 0 : root_height;
    db->nodes -= st->nodes;
    st->nodes = trie_node_count(st->trie);
    db->nodes += st->nodes;
    return E_OK;
}

static enum err apply_account(struct statedb *db, struct change *c)
{
    struct bytes name = bytes_of(c->name.b, sizeof c->name.b);
    struct cached *cached = cache_slot(db, &c->address);
    struct record old;
    if (cached->valid && address_eq(&cached->address, &c->address))
        old = cached->record;
    else
        TRY(read_record(db, &c->name, &old));
    struct record now = old;
    TRY(apply_storage(db, c, &now));
    if (old.exists) {
        buf_clear(&db->scratch);
        record_encode(&db->scratch, &old);
        add_history(db, name, buf_view(&db->scratch));
    }
    if (c->deleted) {
        c->record = record_absent();
        if (old.exists)
            add_op(db, TABLE_FLAT, 0, name)->del = true;
        return trie_put(db->accounts, name, bytes_of(NULL, 0), db->new_height);
    }
    if (c->has_account) {
        now.account.nonce = c->now.nonce;
        now.account.balance = c->now.balance;
        now.account.code_hash = c->now.code_hash;
    }
    if (!old.exists)
        add_made(db, name);
    now.exists = true;
    now.height = db->new_height;
    c->record = now;
    struct op *op = add_op(db, TABLE_FLAT, 0, name);
    record_encode(&db->bytes, &now);
    end_op(db, op);
    struct bytes rlp =
        bytes_of(db->bytes.data + op->value_at + 16, db->bytes.len - op->value_at - 16);
    return trie_put(db->accounts, name, rlp, db->new_height);
}

static int compare_changes(const void *a, const void *b)
{
    return memcmp(((const struct change *)a)->name.b, ((const struct change *)b)->name.b, 32);
}

/* The store keeps records by table, height and hidden name. Going through them in that order
 * touches each of its pages once and fills new ones wholly (bench_state shows what it saves).
 * Equal names keep their order (a cleared slot that is set again is deleted first). */
static int compare_ops(const void *a, const void *b)
{
    const struct op *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    if (x->height != y->height)
        return x->height < y->height ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->name_at < y->name_at ? -1 : x->name_at > y->name_at;
}

static int compare_stale(const void *a, const void *b)
{
    return memcmp(a, b, STALE_ENTRY_BYTES);
}

static void sort_for_store(struct statedb *db)
{
    for (size_t i = 0; i < db->op_count; i++) {
        struct op *op = &db->ops[i];
        uint8_t hidden[SEAL_NAME_BYTES];
        store_hide(db->store, hidden, bytes_of(db->bytes.data + op->name_at, op->name_len));
        op->order = be64_get(hidden);
    }
    if (db->op_count)
        qsort(db->ops, db->op_count, sizeof *db->ops, compare_ops);
    if (db->stale.len)
        qsort(db->stale.data, db->stale.len / STALE_ENTRY_BYTES, STALE_ENTRY_BYTES, compare_stale);
}

static enum err apply_changes(struct statedb *db, struct state *s)
{
    TRY(state_error(s));
    TRY(db->read_error);
    collect(db, s);
    if (db->change_count)
        qsort(db->changes, db->change_count, sizeof *db->changes, compare_changes);
    for (size_t i = 0; i < db->change_count; i++)
        TRY(apply_account(db, &db->changes[i]));
    TRY(trie_touch(db->accounts));
    db->new_root = trie_root(db->accounts);
    TRY(commit_trie(db, db->accounts, &db->accounts_place));
    sort_for_store(db);
    return E_OK;
}

/* A block: applied, written, or forgotten */

static void forget_pending(struct statedb *db)
{
    db->applied = false;
    db->change_count = db->slot_count = db->op_count = 0;
    buf_clear(&db->bytes);
    buf_clear(&db->stale);
}

enum err statedb_apply(struct statedb *db, struct state *s, uint64_t height, struct hash *root_out)
{
    ASSERT(!db->applied);
    ASSERT(height == db->height + 1 || hash_eq(&db->root, &KECCAK_EMPTY_TRIE));
    db->new_height = height;
    enum err e = apply_changes(db, s);
    db->applied = true;
    if (e != E_OK) {
        statedb_discard(db);
        return e;
    }
    *root_out = db->new_root;
    return E_OK;
}

enum err statedb_refresh(struct statedb *db)
{
    ASSERT(!db->applied);
    db->read_error = store_renew(db->read);
    return db->read_error;
}

void statedb_discard(struct statedb *db)
{
    if (!db->applied)
        return;
    forget_pending(db);
    drop_tries(db); /* they have the block merged in; they come back from the store as needed */
}

static enum err prune_height(struct statedb *db, struct store_txn *t, uint64_t height)
{
    struct store_key key = {.height = height};
    buf_clear(&db->scratch);
    enum err e = store_get(t, TABLE_STALE, key, &db->scratch);
    if (e != E_OK)
        return e == E_NOT_FOUND ? E_OK : e;
    if (db->scratch.len % STALE_ENTRY_BYTES)
        return E_CORRUPT;
    for (const uint8_t *p = db->scratch.data; p < db->scratch.data + db->scratch.len;
         p += STALE_ENTRY_BYTES) {
        enum store_table table = p[0] == STALE_NODE ? TABLE_NODE : TABLE_HISTORY;
        if (p[0] == STALE_MADE)
            continue;
        e = store_del_hidden(t, table, be64_get(p + 1), p + 9);
        if (e != E_OK && e != E_NOT_FOUND)
            return e;
    }
    return store_del(t, TABLE_STALE, key);
}

enum err statedb_write(struct statedb *db, struct store_txn *t)
{
    ASSERT(db->applied);
    for (size_t i = 0; i < db->op_count; i++) {
        const struct op *op = &db->ops[i];
        struct store_key key = {op->height, bytes_of(db->bytes.data + op->name_at, op->name_len)};
        if (op->del)
            TRY(store_del(t, op->table, key));
        else
            TRY(store_put(t, op->table, key,
                          bytes_of(db->bytes.data + op->value_at, op->value_len)));
    }
    if (db->stale.len)
        TRY(store_put(t, TABLE_STALE, (struct store_key){.height = db->new_height},
                      buf_view(&db->stale)));
    uint64_t next = db->prune_next;
    for (unsigned i = 0;
         !db->keep_all && i < PRUNE_HEIGHTS_MAX && next + LIMIT_STATE_HISTORY <= db->new_height;
         i++)
        TRY(prune_height(db, t, next++));
    return E_OK;
}

void statedb_written(struct statedb *db)
{
    ASSERT(db->applied);
    db->root = db->new_root;
    db->height = db->new_height;
    if (!db->keep_all)
        for (unsigned i = 0;
             i < PRUNE_HEIGHTS_MAX && db->prune_next + LIMIT_STATE_HISTORY <= db->height; i++)
            db->prune_next++;
    for (size_t i = 0; i < db->change_count; i++) {
        const struct change *c = &db->changes[i];
        *cache_slot(db, &c->address) = (struct cached){true, c->address, c->name, c->record};
    }
    forget_pending(db);
    db->read_error = store_renew(db->read);
    trim_tries(db);
}
