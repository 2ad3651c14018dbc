/* statedb: the head state, for the engine thread: opening, reading, the tries in memory. */
#include "state/statedb_head.h"

#include <stdlib.h>

#define NODES_MAX_DEFAULT 2000000u
#define KEEP_DEPTH 4u /* nibbles of a trie kept in memory when it must shrink */

/* Reading the head */

struct cached *cache_slot(struct statedb *db, const struct address *a)
{
    uint64_t x, y;
    memcpy(&x, a->b, 8);
    memcpy(&y, a->b + 12, 8);
    return &db->cache[((x ^ y) * 0x9e3779b97f4a7c15ULL) >> 48 & (CACHE_ENTRIES - 1)];
}

enum err read_record(struct statedb *db, const struct hash *name, struct record *out)
{
    TRY(db->read_error);
    buf_clear(&db->scratch);
    enum err e = flat_get(db->read, bytes_of(name->b, sizeof name->b), &db->scratch);
    if (e == E_NOT_FOUND) {
        *out = record_absent();
        return E_OK;
    }
    return e == E_OK ? record_decode(out, buf_view(&db->scratch)) : e;
}

static enum err head_record(struct statedb *db, const struct address *a, struct cached **out)
{
    struct cached *c = cache_slot(db, a);
    *out = c;
    if (c->valid && address_eq(&c->address, a))
        return E_OK;
    struct hash name = name_of_address(a);
    struct record r;
    TRY(read_record(db, &name, &r));
    *c = (struct cached){true, *a, name, r};
    return E_OK;
}

static enum err read_account(void *ctx, const struct address *a, struct account *out,
                             bool *exists_out)
{
    struct cached *c;
    TRY(head_record(ctx, a, &c));
    *out = c->record.account;
    *exists_out = c->record.exists;
    return E_OK;
}

static enum err read_storage(void *ctx, const struct address *a, const struct hash *slot,
                             struct buf *out)
{
    struct statedb *db = ctx;
    struct cached *c;
    TRY(db->read_error);
    TRY(head_record(db, a, &c));
    if (hash_eq(&c->record.account.storage_root, &KECCAK_EMPTY_TRIE))
        return E_OK;
    struct hash slot_hash = name_of_slot(slot);
    struct slot_name name = slot_name(&c->name, &slot_hash);
    buf_clear(&db->scratch);
    enum err e = flat_get(db->read, bytes_of(name.b, sizeof name.b), &db->scratch);
    if (e == E_OK)
        buf_put(out, db->scratch.data + 8, db->scratch.len - 8);
    return e == E_NOT_FOUND ? E_OK : e;
}

static enum err read_code(void *ctx, const struct hash *code_hash, struct buf *out)
{
    struct statedb *db = ctx;
    struct store_key key = {.name = bytes_of(code_hash->b, sizeof code_hash->b)};
    enum err e = store_get(db->read, TABLE_CODE, key, out);
    return e == E_NOT_FOUND ? E_CORRUPT : e;
}

const struct state_reader *statedb_reader(struct statedb *db)
{
    return &db->reader;
}

/* Tries in memory */

static struct storage **storage_find(struct storage **at, size_t cap, const struct hash *owner)
{
    uint64_t h;
    memcpy(&h, owner->b, sizeof h); /* a hash is its own hash */
    size_t i = h & (cap - 1);
    while (at[i] && !hash_eq(&at[i]->place.owner, owner))
        i = (i + 1) & (cap - 1);
    return &at[i];
}

static void storage_free(struct statedb *db, struct storage *st)
{
    db->nodes -= st->nodes;
    trie_free(st->trie);
    buf_free(&st->place.flat);
    mem_free(st);
}

/* storage_rebuild makes a table of `cap` places, without the tries last used before `since`. */
static void storage_rebuild(struct statedb *db, size_t cap, uint64_t since)
{
    struct storage **at = mem_zalloc(cap, sizeof(struct storage *));
    db->storage_count = 0;
    for (size_t i = 0; i < db->storage_cap; i++) {
        struct storage *st = db->storages[i];
        if (!st)
            continue;
        if (st->used < since) {
            storage_free(db, st);
            continue;
        }
        *storage_find(at, cap, &st->place.owner) = st;
        db->storage_count++;
    }
    mem_free(db->storages);
    db->storages = at;
    db->storage_cap = cap;
}

struct storage *storage_open(struct statedb *db, const struct hash *owner, const struct record *r)
{
    if (2 * (db->storage_count + 1) > db->storage_cap)
        storage_rebuild(db, db->storage_cap ? 2 * db->storage_cap : 64, 0);
    struct storage **found = storage_find(db->storages, db->storage_cap, owner);
    if (!*found) {
        struct storage *st = mem_zalloc(1, sizeof *st);
        st->place = (struct place){.txn = &db->read, .is_storage = true, .owner = *owner};
        struct trie_source source = place_source(&st->place);
        st->trie = trie_new(&source, &r->account.storage_root, r->storage_height);
        *found = st;
        db->storage_count++;
    }
    (*found)->used = db->new_height;
    return *found;
}

static void open_accounts(struct statedb *db)
{
    trie_free(db->accounts);
    db->accounts_place.txn = &db->read;
    struct trie_source source = place_source(&db->accounts_place);
    db->accounts = trie_new(&source, &db->root, db->height);
}

void drop_tries(struct statedb *db)
{
    storage_rebuild(db, 64, UINT64_MAX);
    db->nodes = 0;
    open_accounts(db);
}

void statedb_limit_memory(struct statedb *db, size_t nodes)
{
    db->nodes_max = nodes;
}

static int compare_used(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Beyond the limit the storage tries used longest ago go until half of what they may hold is free;
 * what is left keeps only its upper levels if that was not enough. */
void trim_tries(struct statedb *db)
{
    if (db->nodes + trie_node_count(db->accounts) <= db->nodes_max)
        return;
    if (db->storage_count > 1) {
        uint64_t *used = mem_alloc(db->storage_count * sizeof *used);
        size_t n = 0;
        for (size_t i = 0; i < db->storage_cap; i++)
            if (db->storages[i])
                used[n++] = db->storages[i]->used;
        qsort(used, n, sizeof *used, compare_used);
        storage_rebuild(db, db->storage_cap, used[n / 2]);
        mem_free(used);
    }
    if (db->nodes + trie_node_count(db->accounts) <= db->nodes_max)
        return;
    if (trie_node_count(db->accounts) > db->nodes_max / 2)
        trie_forget(db->accounts, KEEP_DEPTH);
    for (size_t i = 0; i < db->storage_cap; i++) {
        struct storage *st = db->storages[i];
        if (!st || st->nodes <= db->nodes_max / 4)
            continue;
        trie_forget(st->trie, KEEP_DEPTH);
        db->nodes -= st->nodes;
        st->nodes = trie_node_count(st->trie);
        db->nodes += st->nodes;
    }
    if (db->nodes + trie_node_count(db->accounts) > db->nodes_max)
        drop_tries(db); /* everything was used just now: begin anew */
}

/* Opening */

static enum err note_first(void *ctx, const struct store_record *record)
{
    *(uint64_t *)ctx = record->height;
    return E_STOPPED;
}

enum err statedb_open(struct statedb **out, struct store *store, const struct hash *root,
                      uint64_t height, bool keep_all)
{
    struct statedb *db = mem_zalloc(1, sizeof *db);
    db->store = store;
    db->keep_all = keep_all;
    db->root = *root;
    db->height = height;
    db->nodes_max = NODES_MAX_DEFAULT;
    db->cache = mem_zalloc(CACHE_ENTRIES, sizeof *db->cache);
    db->reader = (struct state_reader){read_account, read_storage, read_code, db};
    db->prune_next = height + 1;
    enum err e = store_begin_read(store, &db->read);
    if (e == E_OK) {
        e = store_walk(db->read, TABLE_STALE, 0, note_first, &db->prune_next);
        e = e == E_STOPPED ? E_OK : e;
    }
    if (e == E_OK) {
        drop_tries(db);
        e = trie_load_root(db->accounts);
    }
    if (e != E_OK) {
        statedb_close(db);
        return e;
    }
    *out = db;
    return E_OK;
}

void statedb_close(struct statedb *db)
{
    if (!db)
        return;
    storage_rebuild(db, 64, UINT64_MAX);
    mem_free(db->storages);
    trie_free(db->accounts);
    buf_free(&db->accounts_place.flat);
    store_abort(db->read);
    mem_free(db->cache);
    mem_free(db->changes);
    mem_free(db->slots);
    mem_free(db->ops);
    buf_free(&db->bytes);
    buf_free(&db->stale);
    buf_free(&db->scratch);
    mem_free(db);
}
