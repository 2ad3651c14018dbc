/* alloc: the accounts live in an array in the order in which they came, found through a hash table;
 * an account's storage likewise. Copies share code and storage with the original until they change
 * it. */
#include "gateway/ethereum/alloc.h"

#include <stdlib.h>

#include "base/lang.h"
#include "base/mem.h"
#include "chain/ptr_map.h"
#include "codec/rlp.h"
#include "crypto/keccak.h"
#include "gateway/ethereum/forms.h"
#include "state/trie.h"

struct cell {
    struct hash key;
    struct u256 word; /* 0: absent */
};

/* Open addressing over cells; a key once met stays, with word 0 when it is absent. */
struct cells {
    struct cell *at;
    size_t cap, count;
    bool *used;
};

struct entry {
    struct address address;
    struct hash path; /* keccak256 of the address */
    bool exists;
    bool shares_cells; /* with the original of a copy: copied before the first change */
    bool root_known;   /* account.storage_root is right */
    struct account account;
    struct bytes code; /* borrowed: of the JSON's arena, or of another alloc's */
    struct cells cells;
};

struct alloc {
    struct arena arena;
    struct ptr_map map;
    struct entry **entries;
    size_t count, cap;
    struct state_reader reader;
    struct hash told_hash; /* of alloc_apply: code whose account comes next */
    struct bytes told_code;
};

/* --- storage cells ---------------------------------------------------------------------------- */

static size_t cell_home(const struct cells *c, const struct hash *key)
{
    uint64_t h = be64_get(key->b) ^ be64_get(key->b + 24) * 0x9e3779b97f4a7c15ULL;
    h *= 0xe7037ed1a0b428dbULL;
    return (size_t)(h ^ h >> 32) & (c->cap - 1);
}

static struct cell *cell_find(const struct cells *c, const struct hash *key)
{
    if (!c->cap)
        return NULL;
    for (size_t i = cell_home(c, key); c->used[i]; i = (i + 1) & (c->cap - 1))
        if (hash_eq(&c->at[i].key, key))
            return &c->at[i];
    return NULL;
}

static struct cell *cell_place(struct cells *c, const struct hash *key)
{
    size_t i = cell_home(c, key);
    while (c->used[i])
        i = (i + 1) & (c->cap - 1);
    c->used[i] = true;
    c->at[i] = (struct cell){.key = *key};
    c->count++;
    return &c->at[i];
}

static void cells_grow(struct cells *c, struct arena *a, size_t cap)
{
    struct cells old = *c;
    *c = (struct cells){.at = arena_alloc(a, cap * sizeof *c->at),
                        .cap = cap,
                        .used = arena_zalloc(a, cap, sizeof *c->used)};
    for (size_t i = 0; i < old.cap; i++)
        if (old.used[i] && !u256_is_zero(old.at[i].word))
            cell_place(c, &old.at[i].key)->word = old.at[i].word;
}

static void set_cell(struct alloc *a, struct entry *e, const struct hash *key, struct u256 word)
{
    if (e->shares_cells) {
        size_t cap = 8;
        while (cap < 2 * (e->cells.count + 1))
            cap *= 2;
        cells_grow(&e->cells, &a->arena, cap);
        e->shares_cells = false;
    }
    struct cell *cell = cell_find(&e->cells, key);
    if (!cell && u256_is_zero(word))
        return;
    if (!cell) {
        if (2 * (e->cells.count + 1) > e->cells.cap)
            cells_grow(&e->cells, &a->arena, e->cells.cap ? 2 * e->cells.cap : 8);
        cell = cell_place(&e->cells, key);
    }
    cell->word = word;
    e->root_known = false;
}

static void clear_cells(struct entry *e)
{
    e->cells = (struct cells){0};
    e->shares_cells = false;
    e->account.storage_root = KECCAK_EMPTY_TRIE;
    e->root_known = true;
}

/* --- accounts --------------------------------------------------------------------------------- */

static struct entry *entry_find(const struct alloc *a, const struct address *address)
{
    return ptr_map_find(&a->map, address->b);
}

static void entry_add(struct alloc *a, struct entry *e)
{
    ptr_map_insert(&a->map, e);
    if (a->count == a->cap) {
        a->cap = a->cap ? 2 * a->cap : 16;
        a->entries = mem_resize(a->entries, a->cap, sizeof(struct entry *));
    }
    a->entries[a->count++] = e;
}

static struct entry *entry_make(struct alloc *a, const struct address *address)
{
    struct entry *e = entry_find(a, address);
    if (e)
        return e;
    e = arena_zalloc(&a->arena, 1, sizeof *e);
    e->address = *address;
    e->path = keccak256_of(bytes_of(address->b, sizeof address->b));
    e->account = account_empty();
    e->root_known = true;
    entry_add(a, e);
    return e;
}

/* --- life ------------------------------------------------------------------------------------- */

static enum err read_account(void *ctx, const struct address *address, struct account *out,
                             bool *exists_out);
static enum err read_storage(void *ctx, const struct address *address, const struct hash *slot,
                             struct buf *out);
static enum err read_code(void *ctx, const struct hash *code_hash, struct buf *out);

struct alloc *alloc_new(void)
{
    struct alloc *a = mem_zalloc(1, sizeof *a);
    a->map = (struct ptr_map){.key_at = offsetof(struct entry, address),
                              .key_len = sizeof(struct address)};
    a->reader = (struct state_reader){read_account, read_storage, read_code, a};
    return a;
}

void alloc_free(struct alloc *a)
{
    if (!a)
        return;
    mem_free(a->map.slot);
    mem_free(a->entries);
    arena_free(&a->arena);
    mem_free(a);
}

struct alloc *alloc_copy(const struct alloc *from)
{
    struct alloc *a = alloc_new();
    for (size_t i = 0; i < from->count; i++) {
        struct entry *e = arena_dup(&a->arena, from->entries[i], sizeof *e);
        e->shares_cells = true;
        entry_add(a, e);
    }
    return a;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum err read_cells(struct alloc *a, struct entry *e, const struct json *storage)
{
    for (const struct json *j = json_first(storage); j; j = json_next(j)) {
        struct hash key;
        struct u256 word;
        TRY(form_hash_text(&key, json_key(j)));
        TRY(form_u256(&word, j));
        set_cell(a, e, &key, word);
    }
    return E_OK;
}

static enum err read_entry(struct alloc *a, const struct json *j)
{
    struct address address;
    struct buf code = {0};
    TRY(form_address_text(&address, json_key(j)));
    struct entry *e = entry_make(a, &address);
    e->exists = true;
    if (json_get(j, "balance"))
        TRY(form_u256(&e->account.balance, json_get(j, "balance")));
    if (json_get(j, "nonce"))
        TRY(form_u64(&e->account.nonce, json_get(j, "nonce")));
    enum err error = json_get(j, "code") ? form_data(&code, json_get(j, "code")) : E_OK;
    if (error == E_OK && code.len) {
        e->code = bytes_of(arena_dup(&a->arena, code.data, code.len), code.len);
        e->account.code_hash = keccak256_of(e->code);
    }
    buf_free(&code);
    TRY(error);
    return read_cells(a, e, json_get(j, "storage"));
}

enum err alloc_read(struct alloc *a, const struct json *object, struct diag *d)
{
    if (!json_is_object(object))
        return diag_set(d, E_JSON, T("accounts: an object is expected", "comptes : objet attendu"));
    for (const struct json *j = json_first(object); j; j = json_next(j))
        if (read_entry(a, j) != E_OK)
            return diag_set(d, E_JSON,
                            T("account %s: a field is not as expected",
                              "compte %s : un champ n'est pas comme attendu"),
                            json_key(j));
    return E_OK;
}

static int compare_cells(const void *a, const void *b)
{
    const struct cell *const *x = a, *const *y = b;
    return memcmp((*x)->key.b, (*y)->key.b, sizeof(*x)->key.b);
}

/* The storage words that are there, by key. Freed by the caller. */
static const struct cell **sorted_cells(const struct entry *e, size_t *count_out)
{
    const struct cell **list = mem_alloc((e->cells.count + 1) * sizeof(const struct cell *));
    size_t n = 0;
    for (size_t i = 0; i < e->cells.cap; i++)
        if (e->cells.used[i] && !u256_is_zero(e->cells.at[i].word))
            list[n++] = &e->cells.at[i];
    qsort(list, n, sizeof *list, compare_cells);
    *count_out = n;
    return list;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *const *x = a, *const *y = b;
    return memcmp((*x)->address.b, (*y)->address.b, sizeof(*x)->address.b);
}

/* The accounts that exist, by address. Freed by the caller. */
static struct entry **sorted_entries(struct alloc *a, size_t *count_out)
{
    struct entry **list = mem_alloc((a->count + 1) * sizeof(struct entry *));
    size_t n = 0;
    for (size_t i = 0; i < a->count; i++)
        if (a->entries[i]->exists)
            list[n++] = a->entries[i];
    qsort(list, n, sizeof *list, compare_entries);
    *count_out = n;
    return list;
}

/* --- the root --------------------------------------------------------------------------------- */

static void put_word(struct trie *t, const struct cell *cell)
{
    struct buf value = {0};
    struct hash path = keccak256_of(bytes_of(cell->key.b, sizeof cell->key.b));
    rlp_put_u256(&value, cell->word);
    enum err e = trie_put(t, bytes_of(path.b, sizeof path.b), buf_view(&value), 0);
    ASSERT(e == E_OK); /* in memory only */
    buf_free(&value);
}

static void know_root(struct entry *e)
{
    if (e->root_known)
        return;
    struct trie *t = trie_new(NULL, NULL, 0);
    for (size_t i = 0; i < e->cells.cap; i++)
        if (e->cells.used[i] && !u256_is_zero(e->cells.at[i].word))
            put_word(t, &e->cells.at[i]);
    e->account.storage_root = trie_root(t);
    e->root_known = true;
    trie_free(t);
}

struct hash alloc_root(struct alloc *a)
{
    struct trie *t = trie_new(NULL, NULL, 0);
    struct buf value = {0};
    for (size_t i = 0; i < a->count; i++) {
        struct entry *e = a->entries[i];
        if (!e->exists)
            continue;
        know_root(e);
        buf_clear(&value);
        account_encode(&value, &e->account);
        enum err error = trie_put(t, bytes_of(e->path.b, sizeof e->path.b), buf_view(&value), 0);
        ASSERT(error == E_OK);
    }
    struct hash root = trie_root(t);
    buf_free(&value);
    trie_free(t);
    return root;
}

/* --- as a state's reader ---------------------------------------------------------------------- */

/* The state asks only whether an account has storage: a root that is not the empty trie's says so
 * (EIP-7610), which makes hashing storage before a transaction unnecessary. */
static enum err read_account(void *ctx, const struct address *address, struct account *out,
                             bool *exists_out)
{
    struct entry *e = entry_find(ctx, address);
    *exists_out = e && e->exists;
    *out = *exists_out ? e->account : account_empty();
    if (*exists_out && !e->root_known) {
        size_t words = 0;
        for (size_t i = 0; i < e->cells.cap; i++)
            words += e->cells.used[i] && !u256_is_zero(e->cells.at[i].word);
        out->storage_root = words ? (struct hash){{1}} : KECCAK_EMPTY_TRIE;
    }
    return E_OK;
}

static enum err read_storage(void *ctx, const struct address *address, const struct hash *slot,
                             struct buf *out)
{
    const struct entry *e = entry_find(ctx, address);
    const struct cell *cell = e && e->exists ? cell_find(&e->cells, slot) : NULL;
    uint8_t be[32];
    if (cell)
        buf_put(out, be, u256_to_be_min(be, cell->word));
    return E_OK;
}

/* Accounts are few where code is asked for by its hash: the state does so once per account. */
static enum err read_code(void *ctx, const struct hash *code_hash, struct buf *out)
{
    const struct alloc *a = ctx;
    for (size_t i = 0; i < a->count; i++)
        if (a->entries[i]->code.len && hash_eq(&a->entries[i]->account.code_hash, code_hash)) {
            buf_put(out, a->entries[i]->code.data, a->entries[i]->code.len);
            return E_OK;
        }
    return hash_eq(code_hash, &KECCAK_EMPTY) ? E_OK : E_CORRUPT;
}

const struct state_reader *alloc_reader(struct alloc *a)
{
    return &a->reader;
}

/* --- taking in changes ------------------------------------------------------------------------ */

static void on_cleared(void *ctx, const struct address *address)
{
    clear_cells(entry_make(ctx, address));
}

static void on_storage(void *ctx, const struct address *address, const struct hash *slot,
                       struct bytes value)
{
    set_cell(ctx, entry_make(ctx, address), slot, u256_from_be_min(value));
}

/* The state tells of code right before the account that has it. */
static void on_code(void *ctx, const struct hash *code_hash, struct bytes code)
{
    struct alloc *a = ctx;
    a->told_hash = *code_hash;
    a->told_code = bytes_of(arena_dup(&a->arena, code.data, code.len), code.len);
}

static void on_account(void *ctx, const struct address *address, const struct account *now_opt)
{
    struct alloc *a = ctx;
    struct entry *e = entry_make(a, address);
    e->exists = now_opt != NULL;
    if (!now_opt) {
        clear_cells(e);
        e->account = account_empty();
        e->code = (struct bytes){0};
        return;
    }
    if (hash_eq(&now_opt->code_hash, &KECCAK_EMPTY)) {
        e->code = (struct bytes){0};
    } else if (!hash_eq(&e->account.code_hash, &now_opt->code_hash)) {
        ASSERT(hash_eq(&a->told_hash, &now_opt->code_hash));
        e->code = a->told_code;
    }
    e->account.nonce = now_opt->nonce;
    e->account.balance = now_opt->balance;
    e->account.code_hash = now_opt->code_hash;
}

void alloc_apply(struct alloc *a, struct state *s)
{
    struct state_change_visitor visitor = {.account = on_account,
                                           .storage = on_storage,
                                           .storage_cleared = on_cleared,
                                           .code = on_code,
                                           .ctx = a};
    state_visit_changes(s, &visitor);
    a->told_hash = (struct hash){{0}};
}

/* --- writing ---------------------------------------------------------------------------------- */

static void put_hex_key(struct buf *out, const uint8_t *data, size_t len)
{
    char name[67] = "0x";
    hex_encode(name + 2, data, len);
    json_put_key(out, name);
}

static void write_storage(struct buf *out, const struct entry *e)
{
    size_t count;
    const struct cell **list = sorted_cells(e, &count);
    if (count) {
        json_put_key(out, "storage");
        json_open(out, '{');
        for (size_t i = 0; i < count; i++) {
            uint8_t be[32];
            u256_to_be(be, list[i]->word);
            put_hex_key(out, list[i]->key.b, sizeof list[i]->key.b);
            json_put_data(out, be, sizeof be);
        }
        json_close(out, '}');
    }
    mem_free(list);
}

void alloc_write(struct alloc *a, struct buf *out)
{
    size_t count;
    struct entry **list = sorted_entries(a, &count);
    json_open(out, '{');
    for (size_t i = 0; i < count; i++) {
        const struct entry *e = list[i];
        put_hex_key(out, e->address.b, sizeof e->address.b);
        json_open(out, '{');
        if (e->code.len) {
            json_put_key(out, "code");
            json_put_data(out, e->code.data, e->code.len);
        }
        write_storage(out, e);
        json_put_key(out, "balance");
        json_put_quantity_u256(out, e->account.balance);
        if (e->account.nonce) {
            json_put_key(out, "nonce");
            json_put_quantity(out, e->account.nonce);
        }
        json_close(out, '}');
    }
    json_close(out, '}');
    mem_free(list);
}

/* --- differences ------------------------------------------------------------------------------ */

static void put_difference(struct buf *out, const struct address *a, const char *field,
                           struct u256 got, struct u256 wanted)
{
    char address[41], x[79], y[79];
    hex_encode(address, a->b, sizeof a->b);
    u256_dec(x, got);
    u256_dec(y, wanted);
    buf_putf(out, "0x%s %s: %s, expected %s\n", address, field, x, y);
}

static size_t diff_cells(const struct entry *got, const struct entry *wanted, struct buf *out)
{
    size_t lines = 0;
    for (int pass = 0; pass < 2; pass++) { /* the second: what only the other has */
        const struct entry *from = pass ? wanted : got, *to = pass ? got : wanted;
        for (size_t i = 0; i < from->cells.cap; i++) {
            const struct cell *cell = &from->cells.at[i];
            if (!from->cells.used[i] || u256_is_zero(cell->word))
                continue;
            const struct cell *other = cell_find(&to->cells, &cell->key);
            struct u256 word = other ? other->word : U256_ZERO;
            if (u256_eq(word, cell->word) || (pass && !u256_is_zero(word)))
                continue;
            char field[80] = "storage 0x";
            hex_encode(field + 10, cell->key.b, sizeof cell->key.b);
            put_difference(out, &got->address, field, pass ? word : cell->word,
                           pass ? cell->word : word);
            lines++;
        }
    }
    return lines;
}

static size_t diff_entry(const struct entry *got, const struct entry *wanted, struct buf *out)
{
    size_t lines = 0;
    if (got->exists != wanted->exists) {
        put_difference(out, &got->address, "exists", u256_from_u64(got->exists),
                       u256_from_u64(wanted->exists));
        lines++;
    }
    if (!u256_eq(got->account.balance, wanted->account.balance)) {
        put_difference(out, &got->address, "balance", got->account.balance,
                       wanted->account.balance);
        lines++;
    }
    if (got->account.nonce != wanted->account.nonce) {
        put_difference(out, &got->address, "nonce", u256_from_u64(got->account.nonce),
                       u256_from_u64(wanted->account.nonce));
        lines++;
    }
    if (!hash_eq(&got->account.code_hash, &wanted->account.code_hash)) {
        put_difference(out, &got->address, "code bytes", u256_from_u64(got->code.len),
                       u256_from_u64(wanted->code.len));
        lines++;
    }
    return lines + diff_cells(got, wanted, out);
}

size_t alloc_diff(struct alloc *got, struct alloc *wanted, struct buf *out)
{
    size_t lines = 0, count;
    struct entry absent = {.account = account_empty()};
    struct entry **list = sorted_entries(got, &count);
    for (size_t i = 0; i < count; i++) {
        const struct entry *other = entry_find(wanted, &list[i]->address);
        lines += diff_entry(list[i], other ? other : &absent, out);
    }
    mem_free(list);
    list = sorted_entries(wanted, &count);
    for (size_t i = 0; i < count; i++) {
        const struct entry *other = entry_find(got, &list[i]->address);
        absent.address = list[i]->address;
        if (!other || !other->exists)
            lines += diff_entry(&absent, list[i], out);
    }
    mem_free(list);
    return lines;
}

/* --- logs ------------------------------------------------------------------------------------- */

struct hash logs_hash(const struct log_entry *logs, size_t count)
{
    struct buf b = {0};
    size_t list = rlp_list_open(&b);
    for (size_t i = 0; i < count; i++) {
        size_t entry = rlp_list_open(&b);
        rlp_put_string(&b, logs[i].address.b, sizeof logs[i].address.b);
        size_t topics = rlp_list_open(&b);
        for (unsigned k = 0; k < logs[i].topic_count; k++)
            rlp_put_string(&b, logs[i].topics[k].b, sizeof logs[i].topics[k].b);
        rlp_list_close(&b, topics);
        rlp_put_string(&b, logs[i].data.data, logs[i].data.len);
        rlp_list_close(&b, entry);
    }
    rlp_list_close(&b, list);
    struct hash h = keccak256_of(buf_view(&b));
    buf_free(&b);
    return h;
}
