#include "state/frozen.h"

#include <stdlib.h>

#include "state/state_internal.h"
#include "state/statedb_internal.h"

#define CACHE_ENTRIES (1u << 16) /* accounts of the head kept decoded across blocks */

/* Stands for the root of storage that there is. */
static const struct hash SOME_STORAGE = {{1}};

struct remembered {
    bool valid, exists;
    struct address address;
    struct hash name;
    struct account account;
};

struct known_code {
    struct hash hash;
    struct bytes code;
};

struct frozen {
    struct store_txn *read; /* sees the head */
    enum err read_error;    /* it could not be moved there: nothing can be read any more */
    struct state_reader reader;
    enum err (*wait)(void *ctx);
    void *ctx;
    struct remembered *cache;
    struct buf scratch;
    const struct state *over; /* the frozen block's; NULL: none */
    struct known_code *codes; /* of accounts in `over`, by hash */
    size_t code_count, code_cap;
};

/* --- the head --------------------------------------------------------------------------------- */

static struct remembered *cache_place(struct frozen *f, const struct address *a)
{
    uint64_t x, y;
    memcpy(&x, a->b, 8);
    memcpy(&y, a->b + 12, 8);
    return &f->cache[((x ^ y) * 0x9e3779b97f4a7c15ULL) >> 48 & (CACHE_ENTRIES - 1)];
}

static enum err head_account(struct frozen *f, const struct address *a, struct remembered **out)
{
    struct remembered *r = cache_place(f, a);
    *out = r;
    TRY(f->read_error);
    if (r->valid && address_eq(&r->address, a))
        return E_OK;
    struct hash name = name_of_address(a);
    struct record record = record_absent();
    buf_clear(&f->scratch);
    enum err e = flat_get(f->read, bytes_of(name.b, sizeof name.b), &f->scratch);
    if (e == E_OK)
        e = record_decode(&record, buf_view(&f->scratch));
    else if (e == E_NOT_FOUND)
        e = E_OK;
    if (e == E_OK)
        *r = (struct remembered){true, record.exists, *a, name, record.account};
    return e;
}

static enum err head_storage(struct frozen *f, const struct address *a, const struct hash *slot,
                             struct buf *out)
{
    struct remembered *r;
    TRY(head_account(f, a, &r));
    if (hash_eq(&r->account.storage_root, &KECCAK_EMPTY_TRIE))
        return E_OK;
    struct hash slot_hash = name_of_slot(slot);
    struct slot_name name = slot_name(&r->name, &slot_hash);
    buf_clear(&f->scratch);
    enum err e = flat_get(f->read, bytes_of(name.b, sizeof name.b), &f->scratch);
    if (e == E_OK)
        buf_put(out, f->scratch.data + 8, f->scratch.len - 8);
    return e == E_NOT_FOUND ? E_OK : e;
}

/* --- the frozen block over it ----------------------------------------------------------------- */

/* The account as the frozen block left it; NULL: the head's still holds. */
static const struct state_account *frozen_account(const struct frozen *f, const struct address *a)
{
    const struct state_account *met = f->over ? acct_find(f->over, a) : NULL;
    return met && met->loaded ? met : NULL;
}

/* root_after gives a root that is the empty trie's when the frozen block left the account without
 * storage, and another when not. False: only its merging tells. */
static bool root_after(const struct state_account *a, struct hash *out)
{
    bool had = a->existed && !a->cleared && !hash_eq(&a->before.storage_root, &KECCAK_EMPTY_TRIE);
    bool lost = false;
    for (const struct state_slot *slot = a->slots; slot; slot = slot->next) {
        if (!slot->loaded)
            continue;
        if (slot->now.len) {
            *out = had ? a->before.storage_root : SOME_STORAGE;
            return true;
        }
        lost |= slot->before.len > 0;
    }
    *out = had ? a->before.storage_root : KECCAK_EMPTY_TRIE;
    return !had || !lost;
}

static enum err read_account(void *ctx, const struct address *a, struct account *out,
                             bool *exists_out)
{
    struct frozen *f = ctx;
    const struct state_account *met = frozen_account(f, a);
    struct remembered *r;
    if (met && !met->alive) {
        *out = account_empty();
        *exists_out = false;
        return E_OK;
    }
    if (met) {
        struct hash root;
        bool known = root_after(met, &root);
        /* EIP-7610 asks for no account's storage that has a nonce or code */
        if (known || met->now.nonce || !hash_eq(&met->now.code_hash, &KECCAK_EMPTY)) {
            *out = met->now;
            out->storage_root = root;
            *exists_out = true;
            return E_OK;
        }
        TRY(f->wait(f->ctx));
        frozen_merged(f);
    }
    TRY(head_account(f, a, &r));
    *out = r->account;
    *exists_out = r->exists;
    return E_OK;
}

static enum err read_storage(void *ctx, const struct address *a, const struct hash *key,
                             struct buf *out)
{
    struct frozen *f = ctx;
    const struct state_account *met = frozen_account(f, a);
    if (!met)
        return head_storage(f, a, key, out);
    const struct state_slot *slot = slot_find(f->over, met, key);
    if (slot && slot->loaded)
        buf_put(out, slot->now.data, slot->now.len);
    else if (met->existed && !met->cleared)
        return head_storage(f, a, key, out);
    return E_OK;
}

static int compare_codes(const void *a, const void *b)
{
    return memcmp(((const struct known_code *)a)->hash.b, ((const struct known_code *)b)->hash.b,
                  sizeof(struct hash));
}

static enum err read_code(void *ctx, const struct hash *code_hash, struct buf *out)
{
    struct frozen *f = ctx;
    struct known_code wanted = {.hash = *code_hash};
    const struct known_code *found =
        f->over && f->code_count
            ? bsearch(&wanted, f->codes, f->code_count, sizeof wanted, compare_codes)
            : NULL;
    if (found) {
        buf_put(out, found->code.data, found->code.len);
        return E_OK;
    }
    TRY(f->read_error);
    struct store_key key = {.name = bytes_of(code_hash->b, sizeof code_hash->b)};
    enum err e = store_get(f->read, TABLE_CODE, key, out);
    return e == E_NOT_FOUND ? E_CORRUPT : e;
}

/* --- from block to block ---------------------------------------------------------------------- */

void frozen_put(struct frozen *f, const struct state *s)
{
    ASSERT(!f->over && s->error == E_OK);
    f->over = s;
    f->code_count = 0;
    for (size_t i = 0; i < s->acct_count; i++) {
        const struct state_account *a = s->accts[i];
        if (!a->loaded || !a->alive || !a->code_loaded || a->code.len == 0)
            continue;
        if (f->code_count == f->code_cap) {
            f->code_cap = f->code_cap ? 2 * f->code_cap : 64;
            f->codes = mem_resize(f->codes, f->code_cap, sizeof *f->codes);
        }
        f->codes[f->code_count++] = (struct known_code){a->now.code_hash, a->code};
    }
    if (f->code_count)
        qsort(f->codes, f->code_count, sizeof *f->codes, compare_codes);
}

static bool storage_changed(const struct state_account *a)
{
    for (const struct state_slot *slot = a->slots; slot; slot = slot->next)
        if (slot->loaded && !bytes_eq(slot->now, slot->before))
            return true;
    return a->cleared;
}

/* remember_anew keeps what is remembered of an account true. One whose storage changed is read
 * again when it is asked for: its root is in the store. */
static void remember_anew(struct frozen *f, const struct state_account *a)
{
    struct remembered *r = cache_place(f, &a->address);
    if (!a->loaded || !r->valid || !address_eq(&r->address, &a->address))
        return;
    if (storage_changed(a)) {
        r->valid = false;
        return;
    }
    struct hash root = r->account.storage_root;
    r->account = a->now;
    r->account.storage_root = root;
    r->exists = a->alive;
}

void frozen_merged(struct frozen *f)
{
    if (!f->over)
        return;
    for (size_t i = 0; i < f->over->acct_count; i++)
        remember_anew(f, f->over->accts[i]);
    f->over = NULL;
    f->read_error = store_renew(f->read);
}

enum err frozen_open(struct frozen **out, struct store *store, enum err (*wait)(void *ctx),
                     void *ctx)
{
    struct frozen *f = mem_zalloc(1, sizeof *f);
    f->reader = (struct state_reader){read_account, read_storage, read_code, f};
    f->wait = wait;
    f->ctx = ctx;
    enum err e = store_begin_read(store, &f->read);
    if (e != E_OK) {
        mem_free(f);
        return e;
    }
    f->cache = mem_zalloc(CACHE_ENTRIES, sizeof *f->cache);
    *out = f;
    return E_OK;
}

void frozen_close(struct frozen *f)
{
    if (!f)
        return;
    store_abort(f->read);
    mem_free(f->cache);
    mem_free(f->codes);
    buf_free(&f->scratch);
    mem_free(f);
}

const struct state_reader *frozen_reader(struct frozen *f)
{
    return &f->reader;
}
