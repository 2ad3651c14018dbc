/* statedb_view: reads and proofs at a height, for any thread, over the caller's transaction. */
#include "state/statedb_internal.h"

struct view_storage {
    struct place place;
    struct trie *trie;
    struct view_storage *next;
};

struct statedb_view {
    struct store_txn *txn;
    uint64_t height;
    bool is_head;
    struct place accounts_place;
    struct trie *accounts;
    struct view_storage *storages;
    struct state_reader reader;
    struct buf scratch;
};

/* The flat record of a name as it was after block v->height. One not written since then is it; at
 * the head none at all means absent. Otherwise *settled_out is false and the trie of that time must
 * tell at which height the value was written. E_OK | E_NOT_FOUND | E_CORRUPT | E_IO. */
static enum err newest_flat(struct statedb_view *v, struct bytes name, struct buf *out,
                            bool *settled_out)
{
    size_t start = out->len;
    enum err e = flat_get(v->txn, name, out);
    *settled_out = true;
    if (e == E_NOT_FOUND)
        *settled_out = v->is_head;
    if (e != E_OK || be64_get(out->data + start) <= v->height)
        return e;
    out->len = start;
    *settled_out = false;
    return E_NOT_FOUND;
}

static enum err view_record(struct statedb_view *v, const struct hash *name, struct record *out)
{
    struct bytes n = bytes_of(name->b, sizeof name->b);
    bool settled;
    buf_clear(&v->scratch);
    enum err e = newest_flat(v, n, &v->scratch, &settled);
    if (!settled) {
        uint64_t height;
        e = trie_find(v->accounts, n, &height);
        if (e == E_OK)
            e = flat_get_at(v->txn, n, height, false, &v->scratch);
    }
    if (e == E_NOT_FOUND) {
        *out = record_absent();
        return E_OK;
    }
    return e == E_OK ? record_decode(out, buf_view(&v->scratch)) : e;
}

static struct trie *view_storage(struct statedb_view *v, const struct hash *owner,
                                 const struct record *r)
{
    for (struct view_storage *s = v->storages; s; s = s->next)
        if (hash_eq(&s->place.owner, owner))
            return s->trie;
    struct view_storage *s = mem_zalloc(1, sizeof *s);
    s->place = (struct place){.txn = &v->txn, .is_storage = true, .owner = *owner};
    struct trie_source source = place_source(&s->place);
    s->trie = trie_new(&source, &r->account.storage_root, r->storage_height);
    s->next = v->storages;
    v->storages = s;
    return s->trie;
}

static enum err read_account(void *ctx, const struct address *a, struct account *out,
                             bool *exists_out)
{
    struct statedb_view *v = ctx;
    struct hash name = name_of_address(a);
    struct record r;
    TRY(view_record(v, &name, &r));
    *out = r.account;
    *exists_out = r.exists;
    return E_OK;
}

static enum err read_storage(void *ctx, const struct address *a, const struct hash *slot,
                             struct buf *out)
{
    struct statedb_view *v = ctx;
    struct hash owner = name_of_address(a), slot_hash = name_of_slot(slot);
    struct slot_name name = slot_name(&owner, &slot_hash);
    struct bytes n = bytes_of(name.b, sizeof name.b);
    bool settled;
    struct buf flat = {0};
    enum err e = newest_flat(v, n, &flat, &settled);
    if (!settled) {
        struct record r;
        uint64_t height;
        e = view_record(v, &owner, &r);
        if (e == E_OK)
            e = trie_find(view_storage(v, &owner, &r), bytes_of(slot_hash.b, 32), &height);
        if (e == E_OK)
            e = flat_get_at(v->txn, n, height, false, &flat);
    }
    if (e == E_OK)
        buf_put(out, flat.data + 8, flat.len - 8);
    buf_free(&flat);
    return e == E_NOT_FOUND ? E_OK : e;
}

static enum err read_code(void *ctx, const struct hash *code_hash, struct buf *out)
{
    struct statedb_view *v = ctx;
    struct store_key key = {.name = bytes_of(code_hash->b, sizeof code_hash->b)};
    enum err e = store_get(v->txn, TABLE_CODE, key, out);
    return e == E_NOT_FOUND ? E_CORRUPT : e;
}

enum err statedb_view_open(struct statedb_view **out, struct store *store, struct store_txn *t,
                           const struct hash *root, uint64_t height, uint64_t head_height,
                           bool keep_all)
{
    (void)store;
    if (height > head_height)
        return E_PRUNED; /* not there yet, or no more: either way this node does not have it */
    if (!keep_all && head_height - height > LIMIT_STATE_HISTORY)
        return E_PRUNED;
    struct statedb_view *v = mem_zalloc(1, sizeof *v);
    v->txn = t;
    v->height = height;
    v->is_head = height == head_height;
    v->reader = (struct state_reader){read_account, read_storage, read_code, v};
    v->accounts_place = (struct place){.txn = &v->txn, .may_be_pruned = !v->is_head};
    struct trie_source source = place_source(&v->accounts_place);
    v->accounts = trie_new(&source, root, height);
    *out = v;
    return E_OK;
}

void statedb_view_close(struct statedb_view *v)
{
    if (!v)
        return;
    while (v->storages) {
        struct view_storage *next = v->storages->next;
        trie_free(v->storages->trie);
        buf_free(&v->storages->place.flat);
        mem_free(v->storages);
        v->storages = next;
    }
    trie_free(v->accounts);
    buf_free(&v->accounts_place.flat);
    buf_free(&v->scratch);
    mem_free(v);
}

const struct state_reader *statedb_view_reader(struct statedb_view *v)
{
    return &v->reader;
}

enum err statedb_prove_account(struct statedb_view *v, const struct address *a,
                               struct buf *rlp_list_out)
{
    struct hash name = name_of_address(a);
    return trie_prove(v->accounts, bytes_of(name.b, sizeof name.b), rlp_list_out);
}

enum err statedb_prove_storage(struct statedb_view *v, const struct address *a,
                               const struct hash *slot, struct buf *rlp_list_out)
{
    struct hash owner = name_of_address(a), slot_hash = name_of_slot(slot);
    struct record r;
    TRY(view_record(v, &owner, &r));
    return trie_prove(view_storage(v, &owner, &r), bytes_of(slot_hash.b, sizeof slot_hash.b),
                      rlp_list_out);
}

/* What the root would be: changes merged into tries of their own, which nobody else sees. */

struct preview {
    struct statedb_view *view;
    struct trie *accounts;
    enum err error;
    struct buf scratch;
    /* the account being visited */
    bool any, cleared;
    struct address address;
    struct record before;
    struct place place;
    struct trie *storage; /* NULL: none of its slots changed */
};

static void preview_failed(struct preview *p, enum err e)
{
    if (p->error == E_OK)
        p->error = e;
}

static struct bytes hash_bytes(const struct hash *h)
{
    return bytes_of(h->b, sizeof h->b);
}

/* The account is complete when the next one begins, or at the end. */
static void preview_finish(struct preview *p, const struct account *now_opt)
{
    struct hash name = name_of_address(&p->address);
    struct account now = now_opt ? *now_opt : p->before.account;
    now.storage_root = p->cleared ? KECCAK_EMPTY_TRIE : p->before.account.storage_root;
    if (p->storage)
        now.storage_root = trie_root(p->storage);
    buf_clear(&p->scratch);
    account_encode(&p->scratch, &now);
    if (p->error == E_OK)
        preview_failed(p, trie_put(p->accounts, hash_bytes(&name), buf_view(&p->scratch),
                                   p->view->height + 1));
}

static void preview_close(struct preview *p)
{
    if (p->any)
        preview_finish(p, NULL);
    trie_free(p->storage);
    buf_free(&p->place.flat);
    p->storage = NULL;
    p->place = (struct place){0};
    p->any = p->cleared = false;
}

static void preview_open(struct preview *p, const struct address *a)
{
    if (p->any && address_eq(&p->address, a))
        return;
    preview_close(p);
    struct hash name = name_of_address(a);
    p->any = true;
    p->address = *a;
    enum err e = view_record(p->view, &name, &p->before);
    if (e != E_OK) {
        preview_failed(p, e);
        p->before = record_absent();
    }
}

static void preview_cleared(void *ctx, const struct address *a)
{
    struct preview *p = ctx;
    preview_open(p, a);
    p->cleared = true;
}

static void preview_storage(void *ctx, const struct address *a, const struct hash *slot,
                            struct bytes value)
{
    struct preview *p = ctx;
    preview_open(p, a);
    if (!p->storage) {
        p->place =
            (struct place){.txn = &p->view->txn, .is_storage = true, .owner = name_of_address(a)};
        struct trie_source source = place_source(&p->place);
        p->storage = p->cleared ? trie_new(&source, &KECCAK_EMPTY_TRIE, 0)
                                : trie_new(&source, &p->before.account.storage_root,
                                           p->before.storage_height);
    }
    struct hash name = name_of_slot(slot);
    buf_clear(&p->scratch);
    if (value.len)
        put_trie_value(&p->scratch, value);
    if (p->error == E_OK)
        preview_failed(
            p, trie_put(p->storage, hash_bytes(&name), buf_view(&p->scratch), p->view->height + 1));
}

static void preview_account(void *ctx, const struct address *a, const struct account *now_opt)
{
    struct preview *p = ctx;
    preview_open(p, a);
    if (now_opt) {
        preview_finish(p, now_opt);
    } else if (p->error == E_OK) {
        struct hash name = name_of_address(a);
        preview_failed(
            p, trie_put(p->accounts, hash_bytes(&name), bytes_of(NULL, 0), p->view->height + 1));
    }
    p->any = false;
    preview_close(p);
}

static void preview_code(void *ctx, const struct hash *code_hash, struct bytes code)
{
    (void)ctx;
    (void)code_hash;
    (void)code;
}

enum err statedb_view_root(struct statedb_view *v, struct state *s, struct hash *root_out)
{
    TRY(state_error(s));
    struct place place = v->accounts_place;
    place.flat = (struct buf){0};
    struct trie_source source = place_source(&place);
    struct hash before = trie_root(v->accounts);
    struct preview p = {.view = v, .accounts = trie_new(&source, &before, v->height)};
    struct state_change_visitor visitor = {preview_account, preview_storage, preview_cleared,
                                           preview_code, &p};
    state_visit_changes(s, &visitor);
    preview_close(&p);
    if (p.error == E_OK)
        *root_out = trie_root(p.accounts);
    trie_free(p.accounts);
    buf_free(&place.flat);
    buf_free(&p.scratch);
    return p.error;
}
