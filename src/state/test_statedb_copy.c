/* Tests of states as rows of values: a state that is dumped and built again is the same, and one
 * that is not a state's row is refused. */
#include "state/statedb_copy.h"

#include "test.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/keccak.h"
#include "state/trie.h"
#include "state/trie_build.h"

static const uint8_t STORE_KEY[32] = {9};

static struct store *new_store(void)
{
    struct diag d = {""};
    struct store *s = NULL;
    struct store_config config = {
        .dir = test_tmpdir(), .key32 = STORE_KEY, .create = true, .no_sync = true};
    if (store_open(&s, &config, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s", d.text);
    return s;
}

/* --- states ----------------------------------------------------------------------------------- */

enum { ACCOUNTS = 60, SLOTS = 20, BLOCKS = 12 };

static struct address address_of(unsigned i)
{
    struct address a = {{0}};
    be32_put(a.b + 16, i * 2654435761u + 1);
    return a;
}

static struct hash slot_of(unsigned i)
{
    struct hash h = {{0}};
    h.b[31] = (uint8_t)i;
    return h;
}

static void random_changes(struct state *s)
{
    static uint8_t value[20000];
    for (unsigned n = 0; n < 25; n++) {
        struct address a = address_of((unsigned)(test_random() % ACCOUNTS));
        if (test_random() % 12 == 0 && state_exists(s, &a)) {
            state_tx_begin(s);
            state_mark_created(s, &a);
            state_self_destruct(s, &a);
            state_tx_end(s);
            continue;
        }
        state_set_nonce(s, &a, 1 + test_random() % 1000);
        state_set_balance(s, &a, u256_from_u64(test_random()));
        if (test_random() % 3 == 0) {
            uint8_t code[40] = {(uint8_t)(test_random() % 7)};
            state_set_code(s, &a, bytes_of(code, sizeof code));
        }
        for (unsigned k = 0; a.b[19] % 3 == 0 && k < 8; k++) {
            struct hash slot = slot_of((unsigned)(test_random() % SLOTS));
            size_t len = test_random() % 20 ? test_random() % 33 : test_random() % sizeof value;
            memset(value, (int)(1 + test_random() % 255), len);
            state_set_storage(s, &a, &slot, bytes_of(value, len));
        }
    }
}

struct source {
    struct store *store;
    struct hash roots[BLOCKS + 1];
};

static void make_source(struct source *out, bool keep_all)
{
    struct statedb *db;
    struct store_txn *t;
    out->store = new_store();
    out->roots[0] = KECCAK_EMPTY_TRIE;
    CHECK_ERR(statedb_open(&db, out->store, &KECCAK_EMPTY_TRIE, 0, keep_all), E_OK);
    struct state *s = state_new(statedb_reader(db));
    for (uint64_t n = 1; n <= BLOCKS; n++) {
        random_changes(s);
        CHECK_ERR(statedb_apply(db, s, n, &out->roots[n]), E_OK);
        CHECK_ERR(store_begin_write(out->store, &t), E_OK);
        CHECK_ERR(statedb_write(db, t), E_OK);
        CHECK_ERR(store_commit(t), E_OK);
        statedb_written(db);
        state_clear(s);
    }
    state_free(s);
    statedb_close(db);
}

/* A row, kept. */
struct value {
    uint8_t kind;
    struct hash name;
    struct buf bytes;
};

struct row {
    struct value at[4000];
    size_t count;
};

static enum err keep(struct row *r, uint8_t kind, const struct hash *name, struct bytes bytes)
{
    if (r->count == 4000)
        return E_LIMIT;
    struct value *v = &r->at[r->count++];
    *v = (struct value){.kind = kind, .name = *name};
    buf_put(&v->bytes, bytes.data, bytes.len);
    return E_OK;
}

static enum err keep_account(void *ctx, const struct hash *name, struct bytes rlp)
{
    return keep(ctx, 'A', name, rlp);
}

static enum err keep_slot(void *ctx, const struct hash *name, struct bytes value)
{
    return keep(ctx, 'S', name, value);
}

static enum err keep_code(void *ctx, const struct hash *name, struct bytes code)
{
    return keep(ctx, 'C', name, code);
}

static void free_row(struct row *r)
{
    for (size_t i = 0; i < r->count; i++)
        buf_free(&r->at[i].bytes);
    r->count = 0;
}

static enum err dump(struct store *store, const struct hash *root, uint64_t height, struct row *out)
{
    struct store_txn *t;
    struct statedb_row row = {keep_account, keep_slot, keep_code, out};
    out->count = 0;
    CHECK_ERR(store_begin_read(store, &t), E_OK);
    enum err e = statedb_dump(t, root, height, &row);
    store_abort(t);
    return e;
}

/* build makes a state of a row in several transactions. */
static enum err build(struct store *store, const struct row *r, const struct hash *root,
                      uint64_t height, struct diag *d)
{
    struct statedb_build *b = statedb_build_new(height);
    struct store_txn *t;
    enum err e = E_OK;
    bool rooted = false;
    CHECK_ERR(store_begin_write(store, &t), E_OK);
    for (size_t i = 0; i < r->count && e == E_OK; i++) {
        const struct value *v = &r->at[i];
        struct bytes bytes = buf_view(&v->bytes);
        if (v->kind == 'C' && !rooted) {
            e = statedb_build_root(b, t, root, d);
            rooted = true;
        }
        if (e == E_OK)
            e = v->kind == 'A'   ? statedb_build_account(b, t, &v->name, bytes, d)
                : v->kind == 'S' ? statedb_build_slot(b, t, &v->name, bytes, d)
                                 : statedb_build_code(b, t, bytes, d);
        if (i % 100 == 99) {
            CHECK_ERR(store_commit(t), E_OK);
            CHECK_ERR(store_begin_write(store, &t), E_OK);
        }
    }
    if (e == E_OK && !rooted)
        e = statedb_build_root(b, t, root, d);
    if (e == E_OK)
        e = statedb_build_end(b, d);
    CHECK_ERR(store_commit(t), E_OK);
    statedb_build_free(b);
    return e;
}

static struct row row, row_again;

static void check_same(const struct row *a, const struct row *b)
{
    CHECK_INT(a->count, b->count);
    for (size_t i = 0; i < a->count && i < b->count; i++)
        CHECK(a->at[i].kind == b->at[i].kind && hash_eq(&a->at[i].name, &b->at[i].name) &&
              bytes_eq(buf_view(&a->at[i].bytes), buf_view(&b->at[i].bytes)));
}

TEST(a_state_dumped_and_built_is_the_same)
{
    struct source from;
    struct diag d = {""};
    make_source(&from, false);
    for (uint64_t n = 0; n <= BLOCKS; n += 3) { /* older heights too: values from the history */
        struct store *to = new_store();
        CHECK_ERR(dump(from.store, &from.roots[n], n, &row), E_OK);
        CHECK(n == 0 || row.count > 20);
        if (build(to, &row, &from.roots[n], n, &d) != E_OK)
            test_fail(__FILE__, __LINE__, "build: %s", d.text);
        if (n)
            CHECK_ERR(statedb_check(to, &from.roots[n], n, &d), E_OK);
        CHECK_ERR(dump(to, &from.roots[n], n, &row_again), E_OK);
        check_same(&row, &row_again);
        free_row(&row);
        free_row(&row_again);
        store_close(to);
    }
    store_close(from.store);
}

/* A built state goes on like the one it was taken from, and its past is not there. */
TEST(a_built_state_goes_on)
{
    struct source from;
    struct diag d = {""};
    struct statedb *one, *two;
    struct hash root_one, root_two;
    make_source(&from, false);
    struct store *to = new_store();
    CHECK_ERR(dump(from.store, &from.roots[BLOCKS], BLOCKS, &row), E_OK);
    CHECK_ERR(build(to, &row, &from.roots[BLOCKS], BLOCKS, &d), E_OK);
    free_row(&row);
    CHECK_ERR(statedb_open(&one, from.store, &from.roots[BLOCKS], BLOCKS, false), E_OK);
    CHECK_ERR(statedb_open(&two, to, &from.roots[BLOCKS], BLOCKS, false), E_OK);
    struct state *s = state_new(statedb_reader(one)), *s2 = state_new(statedb_reader(two));
    for (uint64_t n = BLOCKS + 1; n < BLOCKS + 2 * LIMIT_STATE_HISTORY; n += 1) {
        for (unsigned i = 0; i < 4; i++) {
            struct address a = address_of((unsigned)((n * 13 + i * 7) % ACCOUNTS));
            struct hash slot = slot_of((unsigned)(n % SLOTS));
            uint8_t v = (uint8_t)n;
            state_set_nonce(s, &a, n);
            state_set_nonce(s2, &a, n);
            state_set_storage(s, &a, &slot, bytes_of(&v, n % 5 ? 1 : 0));
            state_set_storage(s2, &a, &slot, bytes_of(&v, n % 5 ? 1 : 0));
        }
        struct store_txn *t;
        CHECK_ERR(statedb_apply(one, s, n, &root_one), E_OK);
        CHECK_ERR(statedb_apply(two, s2, n, &root_two), E_OK);
        CHECK(hash_eq(&root_one, &root_two));
        CHECK_ERR(store_begin_write(from.store, &t), E_OK);
        CHECK_ERR(statedb_write(one, t), E_OK);
        CHECK_ERR(store_commit(t), E_OK);
        statedb_written(one);
        CHECK_ERR(store_begin_write(to, &t), E_OK);
        CHECK_ERR(statedb_write(two, t), E_OK);
        CHECK_ERR(store_commit(t), E_OK);
        statedb_written(two);
        state_clear(s);
        state_clear(s2);
        if (n == BLOCKS + 3 || n + 1 == BLOCKS + 2 * LIMIT_STATE_HISTORY)
            CHECK_ERR(statedb_check(to, &root_two, n, &d), E_OK);
        if (n == BLOCKS + 3) {
            struct statedb_view *v;
            struct account account;
            struct address a = address_of(1);
            bool exists;
            CHECK_ERR(store_begin_read(to, &t), E_OK);
            CHECK_ERR(statedb_view_open(&v, to, t, &from.roots[BLOCKS - 1], BLOCKS - 1, n, false),
                      E_OK);
            const struct state_reader *r = statedb_view_reader(v);
            CHECK_ERR(r->account(r->ctx, &a, &account, &exists), E_PRUNED);
            statedb_view_close(v);
            CHECK_ERR(statedb_view_open(&v, to, t, &from.roots[BLOCKS], BLOCKS, n, false), E_OK);
            r = statedb_view_reader(v);
            CHECK_ERR(r->account(r->ctx, &a, &account, &exists), E_OK);
            statedb_view_close(v);
            store_abort(t);
        }
    }
    /* what lay in the window was pruned as ever: the snapshot's height is gone */
    CHECK_ERR(dump(to, &from.roots[BLOCKS], BLOCKS, &row), E_PRUNED);
    free_row(&row);
    state_free(s);
    state_free(s2);
    statedb_close(one);
    statedb_close(two);
    store_close(to);
    store_close(from.store);
}

/* build_refused expects a changed row to be refused with a message. */
static void build_refused(const struct hash *root, const char *named)
{
    struct diag d = {""};
    struct store *to = new_store();
    CHECK_ERR(build(to, &row, root, BLOCKS, &d), E_INVALID);
    if (!strstr(d.text, named))
        test_fail(__FILE__, __LINE__, "\"%s\" does not name \"%s\"", d.text, named);
    store_close(to);
}

static size_t find(uint8_t kind, size_t from)
{
    for (size_t i = from; i < row.count; i++)
        if (row.at[i].kind == kind)
            return i;
    return 0;
}

/* without removes a value from the row, has it refused and puts it back. */
static void without(size_t i, const struct hash *root, const char *named)
{
    struct value v = row.at[i];
    memmove(&row.at[i], &row.at[i + 1], (row.count - i - 1) * sizeof row.at[0]);
    row.count--;
    build_refused(root, named);
    memmove(&row.at[i + 1], &row.at[i], (row.count - i) * sizeof row.at[0]);
    row.at[i] = v;
    row.count++;
}

static void swapped(size_t i, size_t k, const struct hash *root, const char *named)
{
    struct value v = row.at[i];
    row.at[i] = row.at[k];
    row.at[k] = v;
    build_refused(root, named);
    row.at[k] = row.at[i];
    row.at[i] = v;
}

TEST(what_is_not_a_states_row_is_refused)
{
    struct source from;
    struct diag d = {""};
    make_source(&from, false);
    const struct hash *root = &from.roots[BLOCKS];
    CHECK_ERR(dump(from.store, root, BLOCKS, &row), E_OK);
    size_t slot = find('S', 0), code = find('C', 0), account = slot - 1, bare = 0;
    for (size_t i = 0; i + 1 < row.count && !bare; i++)
        if (row.at[i].kind == 'A' && row.at[i + 1].kind == 'A')
            bare = i;
    REQUIRE(slot && code && bare && row.at[account].kind == 'A');
    REQUIRE(row.at[slot + 1].kind == 'S' && row.at[code + 1].kind == 'C');
    char name[65];
    hex_encode(name, row.at[account].name.b, 32);

    without(slot, root, name);         /* a missing slot */
    without(bare, root, "state root"); /* a missing account */
    without(code, root, "code");       /* a missing code, in the middle and at the end */
    without(row.count - 1, root, "missing");
    swapped(slot, slot + 1, root, name);
    swapped(bare, bare + 1, root, "place");
    swapped(code, code + 1, root, "place");
    row.at[slot].bytes.data[0] ^= 1; /* another value */
    build_refused(root, name);
    row.at[slot].bytes.data[0] ^= 1;
    row.at[bare].bytes.data[3] ^= 1; /* another account */
    build_refused(root, "state");
    row.at[bare].bytes.data[3] ^= 1;
    row.at[code].bytes.data[3] ^= 1; /* another code */
    build_refused(root, "code");
    row.at[code].bytes.data[3] ^= 1;
    size_t len = row.at[slot].bytes.len; /* no value */
    row.at[slot].bytes.len = 0;
    build_refused(root, name);
    row.at[slot].bytes.len = len;
    row.at[bare].kind = 'S'; /* a slot of an account without storage, or too many */
    build_refused(root, "state");
    row.at[bare].kind = 'A';
    struct value extra = row.at[row.count - 1]; /* a code twice */
    row.at[row.count++] = extra;
    build_refused(root, "code");
    row.count--;
    build_refused(&from.roots[BLOCKS - 1], "state root");
    struct store *to = new_store();
    CHECK_ERR(build(to, &row, root, BLOCKS, &d), E_OK); /* all changes were undone */
    store_close(to);
    free_row(&row);
    store_close(from.store);
}

static enum err stop(void *ctx, const struct hash *name, struct bytes bytes)
{
    (void)ctx, (void)name, (void)bytes;
    return E_STOPPED;
}

TEST(a_dump_stops_and_names_what_is_not_kept)
{
    struct source from;
    struct store_txn *t;
    make_source(&from, false);
    CHECK_ERR(dump(from.store, &from.roots[BLOCKS], BLOCKS + 1, &row), E_PRUNED);
    struct statedb_row first = {stop, keep_slot, keep_code, &row};
    struct statedb_row second = {keep_account, stop, keep_code, &row};
    struct statedb_row third = {keep_account, keep_slot, stop, &row};
    CHECK_ERR(store_begin_read(from.store, &t), E_OK);
    row.count = 0;
    CHECK_ERR(statedb_dump(t, &from.roots[BLOCKS], BLOCKS, &first), E_STOPPED);
    CHECK_ERR(statedb_dump(t, &from.roots[BLOCKS], BLOCKS, &second), E_STOPPED);
    CHECK_ERR(statedb_dump(t, &from.roots[BLOCKS], BLOCKS, &third), E_STOPPED);
    store_abort(t);
    free_row(&row);
    store_close(from.store);
}

/* --- a large state ---------------------------------------------------------------------------- */

enum { MANY = 100000, PER_TRANSACTION = 250 };
#define MEMORY_MAX (3u << 20) /* the state has 100 times as much */

/* The i-th account: names in order, a nonce; every thousandth has 40 slots and a code. */
static struct hash many_name(uint32_t i)
{
    struct hash h = {{0}};
    be32_put(h.b, i * 42949u);
    be32_put(h.b + 20, i * 2654435761u);
    return h;
}

static enum err note_nothing(void *ctx, struct bytes path, struct bytes stored)
{
    (void)ctx, (void)path, (void)stored;
    return E_OK;
}

struct large {
    struct statedb_build *build;
    struct store *store;
    struct store_txn *txn;
    struct hash root;
    struct trie_build *names; /* the account trie alone, for the root */
    struct hash storage_root, code_hash;
    size_t calls, baseline, most;
    struct buf rlp;
    struct diag d;
};

/* Memory in use, between two transactions: LMDB keeps the pages of one transaction in memory. */
static void count_call(struct large *x)
{
    if (++x->calls % PER_TRANSACTION)
        return;
    CHECK_ERR(store_commit(x->txn), E_OK);
    size_t now = mallinfo2().uordblks;
    if (x->calls == PER_TRANSACTION)
        x->baseline = now;
    if (now > x->baseline && now - x->baseline > x->most)
        x->most = now - x->baseline;
    CHECK_ERR(store_begin_write(x->store, &x->txn), E_OK);
}

static enum err large_account(void *ctx, const struct hash *name, struct bytes rlp)
{
    struct large *x = ctx;
    count_call(x);
    return statedb_build_account(x->build, x->txn, name, rlp, &x->d);
}

static enum err large_slot(void *ctx, const struct hash *name, struct bytes value)
{
    struct large *x = ctx;
    count_call(x);
    return statedb_build_slot(x->build, x->txn, name, value, &x->d);
}

static enum err large_code(void *ctx, const struct hash *name, struct bytes code)
{
    struct large *x = ctx;
    struct diag d = {""};
    (void)name;
    CHECK_ERR(statedb_build_root(x->build, x->txn, &x->root, &d), E_OK);
    return statedb_build_code(x->build, x->txn, code, &x->d);
}

/* large_row gives the state's accounts and slots to a row, or only its accounts to x->names. */
static enum err large_row(struct large *x, const struct statedb_row *row_opt)
{
    for (uint32_t i = 0; i < MANY; i++) {
        struct hash name = many_name(i);
        struct account a = account_empty();
        a.nonce = i + 1;
        if (i % 1000 == 0) {
            a.storage_root = x->storage_root;
            a.code_hash = x->code_hash;
        }
        buf_clear(&x->rlp);
        account_encode(&x->rlp, &a);
        if (!row_opt) {
            TRY(trie_build_add(x->names, bytes_of(name.b, 32), buf_view(&x->rlp)));
            continue;
        }
        TRY(row_opt->account(row_opt->ctx, &name, buf_view(&x->rlp)));
        for (uint32_t k = 0; i % 1000 == 0 && k < 40; k++) {
            name = many_name(k * 1000);
            TRY(row_opt->slot(row_opt->ctx, &name, bytes_str("value")));
        }
    }
    return row_opt ? row_opt->code(row_opt->ctx, &x->code_hash, bytes_str("the code")) : E_OK;
}

static void large_roots(struct large *x)
{
    struct trie_sink sink = {.put_node = note_nothing};
    struct trie_build *slots = trie_build_new(1, &sink);
    for (uint32_t k = 0; k < 40; k++) {
        struct hash name = many_name(k * 1000);
        CHECK_ERR(trie_build_add(slots, bytes_of(name.b, 32), bytes_str("\x85value")), E_OK);
    }
    CHECK_ERR(trie_build_end(slots, &x->storage_root), E_OK);
    trie_build_free(slots);
    x->code_hash = keccak256_of(bytes_str("the code"));
    x->names = trie_build_new(1, &sink);
    CHECK_ERR(large_row(x, NULL), E_OK);
    CHECK_ERR(trie_build_end(x->names, &x->root), E_OK);
    trie_build_free(x->names);
}

static void large_begin(struct large *x)
{
    x->store = new_store();
    x->build = statedb_build_new(1);
    x->calls = x->most = 0;
    CHECK_ERR(store_begin_write(x->store, &x->txn), E_OK);
}

static void large_end(struct large *x)
{
    CHECK_ERR(statedb_build_end(x->build, &x->d), E_OK);
    CHECK_ERR(store_commit(x->txn), E_OK);
    statedb_build_free(x->build);
    CHECK(x->calls > MANY);
    if (x->most >= MEMORY_MAX)
        test_fail(__FILE__, __LINE__, "%zu bytes of memory", x->most);
}

TEST(a_large_state_needs_little_memory)
{
    struct large x = {0};
    struct statedb_row to_build = {large_account, large_slot, large_code, &x};
    large_roots(&x);
    large_begin(&x);
    CHECK_ERR(large_row(&x, &to_build), E_OK);
    large_end(&x);
    struct store *first = x.store, *second;
    struct store_txn *t;
    large_begin(&x); /* from there to another store */
    second = x.store;
    CHECK_ERR(store_begin_read(first, &t), E_OK);
    CHECK_ERR(statedb_dump(t, &x.root, 1, &to_build), E_OK);
    store_abort(t);
    large_end(&x);
    CHECK_ERR(statedb_check(second, &x.root, 1, &x.d), E_OK);
    store_close(first);
    store_close(second);
    buf_free(&x.rlp);
}
