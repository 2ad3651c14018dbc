/* statedb_dump: a state walked in the order of its tries; the set of its code hashes. */
#include "state/statedb_copy.h"
#include "state/statedb_copy_internal.h"

#include <stdlib.h>

/* Code hashes: appended, and put in order without doubles whenever that frees much. */

#define CODES_UNSORTED_MIN 1024u

static int compare_hashes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash));
}

void code_set_sort(struct code_set *c)
{
    size_t kept = 0;
    if (c->count)
        qsort(c->at, c->count, sizeof *c->at, compare_hashes);
    for (size_t i = 0; i < c->count; i++)
        if (kept == 0 || !hash_eq(&c->at[kept - 1], &c->at[i]))
            c->at[kept++] = c->at[i];
    c->count = c->sorted = kept;
}

void code_set_add(struct code_set *c, const struct hash *code_hash)
{
    if (hash_eq(code_hash, &KECCAK_EMPTY))
        return;
    if (c->count == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 64;
        c->at = mem_resize(c->at, c->cap, sizeof *c->at);
    }
    c->at[c->count++] = *code_hash;
    if (c->count - c->sorted > c->sorted + CODES_UNSORTED_MIN)
        code_set_sort(c);
}

void code_set_free(struct code_set *c)
{
    mem_free(c->at);
    *c = (struct code_set){0};
}

/* The walk */

struct dump {
    struct store_txn *txn;
    const struct statedb_row *row;
    struct code_set codes;
    struct hash owner; /* of the storage being walked */
    struct buf account, slot;
};

static enum err dump_slot(void *ctx, uint64_t height, struct bytes key, struct bytes value)
{
    struct dump *x = ctx;
    struct hash name;
    (void)value;
    memcpy(name.b, key.data, sizeof name.b);
    struct slot_name flat = slot_name(&x->owner, &name);
    buf_clear(&x->slot);
    TRY(flat_get_at(x->txn, bytes_of(flat.b, sizeof flat.b), height, false, &x->slot));
    return x->row->slot(x->row->ctx, &name, bytes_of(x->slot.data + 8, x->slot.len - 8));
}

static enum err walk(struct dump *x, struct place *p, const struct hash *root, uint64_t height,
                     enum err (*leaf)(void *, uint64_t, struct bytes, struct bytes))
{
    struct trie_source source = place_source(p);
    struct trie *t = trie_new(&source, root, height);
    struct trie_visitor visitor = {.leaf = leaf, .ctx = x};
    enum err e = trie_walk(t, &visitor, false, NULL);
    buf_free(&p->flat);
    trie_free(t);
    return e;
}

static enum err dump_account(void *ctx, uint64_t height, struct bytes key, struct bytes value)
{
    struct dump *x = ctx;
    struct record r;
    (void)value;
    memcpy(x->owner.b, key.data, sizeof x->owner.b);
    buf_clear(&x->account);
    TRY(flat_get_at(x->txn, key, height, false, &x->account));
    TRY(record_decode(&r, buf_view(&x->account)));
    code_set_add(&x->codes, &r.account.code_hash);
    TRY(x->row->account(x->row->ctx, &x->owner,
                        bytes_of(x->account.data + 16, x->account.len - 16)));
    struct place p = {.txn = &x->txn, .is_storage = true, .owner = x->owner};
    return walk(x, &p, &r.account.storage_root, r.storage_height, dump_slot);
}

static enum err dump_codes(struct dump *x)
{
    struct buf code = {0};
    enum err e = E_OK;
    code_set_sort(&x->codes);
    for (size_t i = 0; e == E_OK && i < x->codes.count; i++) {
        struct store_key key = {.name = bytes_of(x->codes.at[i].b, sizeof x->codes.at[i].b)};
        buf_clear(&code);
        e = store_get(x->txn, TABLE_CODE, key, &code);
        if (e == E_NOT_FOUND)
            e = E_CORRUPT;
        if (e == E_OK)
            e = x->row->code(x->row->ctx, &x->codes.at[i], buf_view(&code));
    }
    buf_free(&code);
    return e;
}

enum err statedb_dump(struct store_txn *t, const struct hash *root, uint64_t height,
                      const struct statedb_row *row)
{
    struct dump x = {.txn = t, .row = row};
    struct place p = {.txn = &x.txn, .may_be_pruned = true};
    enum err e = walk(&x, &p, root, height, dump_account);
    if (e == E_OK)
        e = dump_codes(&x);
    code_set_free(&x.codes);
    buf_free(&x.account);
    buf_free(&x.slot);
    return e;
}
