/* Tests of the state in the store: every kept height against saved maps, pruning, reopening,
 * discarding, the audit, and that a block costs what it changes. */
#include "test.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>

#include "base/limits.h"
#include "base/mem.h"
#include "codec/rlp.h"
#include "crypto/keccak.h"
#include "state/statedb.h"
#include "state/trie.h"

enum { ACCOUNTS = 40, SLOTS = 12, WINDOW = LIMIT_STATE_HISTORY + 1 };

/* A small world: accounts 0..9 have storage. Slot values are named by (seed, length). */
struct world {
    struct {
        bool alive;
        uint64_t nonce, balance;
        uint8_t code;
    } a[ACCOUNTS];
    struct {
        uint32_t len;
        uint64_t seed;
    } slot[10][SLOTS];
    struct hash root;
};

struct rig {
    struct store *store;
    struct statedb *db;
    struct state *s;
    const char *dir;
    char path[300];
    bool keep_all;
    uint64_t height;
    struct hash root;
};

static const uint8_t store_key[32] = {7};

static void rig_store(struct rig *r, bool create)
{
    struct diag d = {0};
    struct store_config config = {
        .dir = r->path, .key32 = store_key, .create = create, .no_sync = true};
    if (store_open(&r->store, &config, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s", d.text);
}

static void rig_db(struct rig *r)
{
    CHECK_ERR(statedb_open(&r->db, r->store, &r->root, r->height, r->keep_all), E_OK);
    r->s = state_new(statedb_reader(r->db));
}

static void rig_open(struct rig *r, bool keep_all)
{
    *r = (struct rig){.keep_all = keep_all, .root = KECCAK_EMPTY_TRIE};
    snprintf(r->path, sizeof r->path, "%s", test_tmpdir());
    rig_store(r, true);
    rig_db(r);
}

static void rig_close_db(struct rig *r)
{
    state_free(r->s);
    statedb_close(r->db);
}

static void rig_close(struct rig *r)
{
    rig_close_db(r);
    store_close(r->store);
}

static bool rig_commit(struct rig *r)
{
    struct store_txn *t;
    struct hash root;
    enum err e = statedb_apply(r->db, r->s, r->height + 1, &root);
    CHECK_ERR(e, E_OK);
    if (e != E_OK || store_begin_write(r->store, &t) != E_OK)
        return false;
    CHECK_ERR(statedb_write(r->db, t), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
    statedb_written(r->db);
    state_clear(r->s);
    r->height++;
    r->root = root;
    return true;
}

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

/* Deterministic content; one byte in most cases, sometimes longer than an LMDB page. */
static struct bytes slot_value(uint64_t seed, uint32_t len)
{
    static uint8_t data[9000];
    for (uint32_t i = 0; i < len; i++)
        data[i] = (uint8_t)((seed >> (8 * (i % 8))) + i) | 1;
    return bytes_of(data, len);
}

static void random_account(struct state *s, struct world *w, unsigned i)
{
    struct address a = address_of(i);
    if (w->a[i].alive && test_random() % 6 == 0) { /* destroyed, with its storage */
        state_tx_begin(s);
        state_mark_created(s, &a);
        state_self_destruct(s, &a);
        state_tx_end(s);
        memset(&w->a[i], 0, sizeof w->a[i]);
        if (i < 10)
            memset(w->slot[i], 0, sizeof w->slot[i]);
        if (test_random() % 2) /* and perhaps made again in the same block */
            return;
    }
    w->a[i].alive = true;
    w->a[i].nonce = 1 + test_random() % 1000;
    w->a[i].balance = test_random();
    state_set_nonce(s, &a, w->a[i].nonce);
    state_set_balance(s, &a, u256_from_u64(w->a[i].balance));
    if (test_random() % 8 == 0) {
        uint8_t code = (uint8_t)(1 + test_random() % 5);
        w->a[i].code = code;
        state_set_code(s, &a, bytes_of(&code, 1));
    }
}

static void random_slot(struct state *s, struct world *w, unsigned i)
{
    unsigned n = (unsigned)(test_random() % SLOTS);
    struct address a = address_of(i);
    struct hash k = slot_of(n);
    uint32_t len = (uint32_t)(test_random() % 3);
    if (test_random() % 20 == 0)
        len = (uint32_t)(test_random() % 9000);
    if (!w->a[i].alive)
        return;
    w->slot[i][n].len = len;
    w->slot[i][n].seed = test_random();
    state_set_storage(s, &a, &k, slot_value(w->slot[i][n].seed, len));
}

static void random_block(struct state *s, struct world *w)
{
    if (test_random() % 15 == 0)
        return; /* an empty block */
    for (unsigned n = 1 + (unsigned)(test_random() % 6); n > 0; n--)
        random_account(s, w, (unsigned)(test_random() % ACCOUNTS));
    for (unsigned n = (unsigned)(test_random() % 12); n > 0; n--)
        random_slot(s, w, (unsigned)(test_random() % 10));
}

/* The root by definition: fresh tries of all that is there. */
static struct hash world_root(const struct world *w)
{
    struct trie *accounts = trie_new(NULL, NULL, 0);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct address address = address_of(i);
        struct hash name = keccak256_of(bytes_of(address.b, 20));
        struct account a = account_empty();
        struct buf rlp = {0};
        if (!w->a[i].alive)
            continue;
        struct trie *storage = trie_new(NULL, NULL, 0);
        for (unsigned n = 0; i < 10 && n < SLOTS; n++) {
            struct hash k = slot_of(n), h = keccak256_of(bytes_of(k.b, 32));
            struct bytes v = slot_value(w->slot[i][n].seed, w->slot[i][n].len);
            if (v.len == 0)
                continue;
            buf_clear(&rlp);
            rlp_put_string(&rlp, v.data, v.len);
            trie_put(storage, bytes_of(h.b, 32), buf_view(&rlp), 0);
        }
        a.nonce = w->a[i].nonce;
        a.balance = u256_from_u64(w->a[i].balance);
        a.storage_root = trie_root(storage);
        if (w->a[i].code)
            a.code_hash = keccak256_of(bytes_of(&w->a[i].code, 1));
        buf_clear(&rlp);
        account_encode(&rlp, &a);
        trie_put(accounts, bytes_of(name.b, 32), buf_view(&rlp), 0);
        trie_free(storage);
        buf_free(&rlp);
    }
    struct hash root = trie_root(accounts);
    trie_free(accounts);
    return root;
}

static void check_slot_at(struct statedb_view *v, const struct world *w, unsigned i, unsigned n,
                          const struct account *a, bool prove)
{
    const struct state_reader *r = statedb_view_reader(v);
    struct address address = address_of(i);
    struct hash k = slot_of(n), h = keccak256_of(bytes_of(k.b, 32));
    struct bytes expected = slot_value(w->slot[i][n].seed, w->slot[i][n].len), proved;
    struct buf out = {0}, rlp = {0};
    CHECK_ERR(r->storage(r->ctx, &address, &k, &out), E_OK);
    CHECK(bytes_eq(buf_view(&out), expected));
    if (prove) {
        buf_clear(&out);
        CHECK_ERR(statedb_prove_storage(v, &address, &k, &out), E_OK);
        if (expected.len)
            rlp_put_string(&rlp, expected.data, expected.len);
        CHECK_ERR(trie_verify(&a->storage_root, bytes_of(h.b, 32), buf_view(&out), &proved), E_OK);
        CHECK(bytes_eq(proved, buf_view(&rlp)));
    }
    buf_free(&out);
    buf_free(&rlp);
}

static void check_account_at(struct statedb_view *v, const struct world *w, unsigned i, bool prove)
{
    const struct state_reader *r = statedb_view_reader(v);
    struct address address = address_of(i);
    struct hash name = keccak256_of(bytes_of(address.b, 20));
    struct account a;
    bool exists;
    struct buf out = {0}, rlp = {0};
    struct bytes proved;
    CHECK_ERR(r->account(r->ctx, &address, &a, &exists), E_OK);
    CHECK(exists == w->a[i].alive);
    CHECK(a.nonce == w->a[i].nonce && u256_eq(a.balance, u256_from_u64(w->a[i].balance)));
    if (w->a[i].code) {
        CHECK_ERR(r->code(r->ctx, &a.code_hash, &out), E_OK);
        CHECK(bytes_eq(buf_view(&out), bytes_of(&w->a[i].code, 1)));
    }
    if (prove) {
        buf_clear(&out);
        CHECK_ERR(statedb_prove_account(v, &address, &out), E_OK);
        if (exists)
            account_encode(&rlp, &a);
        CHECK_ERR(trie_verify(&w->root, bytes_of(name.b, 32), buf_view(&out), &proved), E_OK);
        CHECK(bytes_eq(proved, buf_view(&rlp)));
    }
    for (unsigned n = 0; i < 10 && n < SLOTS; n++)
        check_slot_at(v, w, i, n, &a, prove && n % 3 == 0);
    buf_free(&out);
    buf_free(&rlp);
}

static void check_height(struct rig *r, const struct world *w, uint64_t height, bool prove)
{
    struct store_txn *t;
    struct statedb_view *v = NULL;
    REQUIRE(store_begin_read(r->store, &t) == E_OK);
    enum err e = statedb_view_open(&v, r->store, t, &w->root, height, r->height, r->keep_all);
    CHECK_ERR(e, E_OK);
    for (unsigned i = 0; e == E_OK && i < ACCOUNTS; i++)
        check_account_at(v, w, i, prove);
    statedb_view_close(v);
    store_abort(t);
}

static void check_pruned(struct rig *r, const struct hash *root, uint64_t height)
{
    struct store_txn *t;
    struct statedb_view *v = NULL;
    REQUIRE(store_begin_read(r->store, &t) == E_OK);
    CHECK_ERR(statedb_view_open(&v, r->store, t, root, height, r->height, r->keep_all), E_PRUNED);
    store_abort(t);
}

static uint64_t records(struct rig *r)
{
    struct store_stats stats;
    uint64_t sum = 0;
    CHECK_ERR(store_stats(r->store, &stats), E_OK);
    for (int i = 0; i < STORE_TABLE_COUNT; i++)
        sum += stats.records[i];
    return sum;
}

static void reopen_now_and_then(struct rig *r, uint64_t height)
{
    if (height % 9 == 0) {
        rig_close_db(r);
        rig_db(r);
    }
    if (height % 31 == 0) {
        rig_close(r);
        rig_store(r, false);
        rig_db(r);
    }
    if (height % 40 == 0)
        statedb_limit_memory(r->db, height % 80 == 0 ? 30 : 100000);
}

/* A block that is applied and thrown away leaves nothing behind. */
static void discarded_block(struct rig *r, const struct world *now)
{
    struct world other = *now;
    struct hash root;
    for (int i = 0; i < 3; i++)
        random_block(r->s, &other);
    CHECK_ERR(statedb_apply(r->db, r->s, r->height + 1, &root), E_OK);
    struct hash expected = world_root(&other);
    CHECK(hash_eq(&root, &expected));
    statedb_discard(r->db);
    state_clear(r->s);
}

TEST(three_hundred_blocks)
{
    static struct world saved[301];
    struct rig r;
    struct diag d;
    uint64_t most = 0, most_early = 0;
    rig_open(&r, false);
    memset(saved, 0, sizeof saved);
    saved[0].root = KECCAK_EMPTY_TRIE;
    for (uint64_t height = 1; height <= 300; height++) {
        struct world *w = &saved[height];
        *w = saved[height - 1];
        if (height % 7 == 0)
            discarded_block(&r, w);
        random_block(r.s, w);
        REQUIRE(rig_commit(&r));
        w->root = world_root(w);
        REQUIRE(hash_eq(&r.root, &w->root));
        check_height(&r, w, height, height % 5 == 0);
        for (unsigned back = 1; back < 140; back = back * 2 + (unsigned)(test_random() % 3)) {
            if (height <= back)
                break;
            if (back <= LIMIT_STATE_HISTORY)
                check_height(&r, &saved[height - back], height - back, back % 4 == 1);
            else
                check_pruned(&r, &saved[height - back].root, height - back);
        }
        if (height >= WINDOW)
            check_height(&r, &saved[height - 128], height - 128, false);
        if (height % 50 == 0)
            CHECK_ERR(statedb_check(r.store, &r.root, r.height, &d), E_OK);
        uint64_t count = records(&r);
        if (height < 200)
            most_early = count > most_early ? count : most_early;
        most = count > most ? count : most;
        reopen_now_and_then(&r, height);
    }
    for (uint64_t h = 300 - 128; h <= 300; h++)
        check_height(&r, &saved[h], h, true);
    check_pruned(&r, &saved[171].root, 171);
    check_pruned(&r, &saved[300].root, 301);
    /* the working set is constant, so the store does not grow once the window is full */
    CHECK(most < most_early + most_early / 4);
    rig_close(&r);
}

TEST(archive_keeps_every_height)
{
    static struct world saved[181];
    struct rig r;
    rig_open(&r, true);
    memset(saved, 0, sizeof saved);
    saved[0].root = KECCAK_EMPTY_TRIE;
    for (uint64_t height = 1; height <= 180; height++) {
        saved[height] = saved[height - 1];
        random_block(r.s, &saved[height]);
        REQUIRE(rig_commit(&r));
        saved[height].root = r.root;
    }
    for (uint64_t height = 0; height <= 180; height++)
        check_height(&r, &saved[height], height, height % 10 == 0);
    /* switched to pruning, the backlog goes over the next blocks */
    uint64_t full = records(&r);
    r.keep_all = false;
    rig_close_db(&r);
    rig_db(&r);
    for (int i = 0; i < 12; i++)
        REQUIRE(rig_commit(&r));
    CHECK(records(&r) < full);
    check_height(&r, &saved[180], 180, true);
    check_height(&r, &saved[65], 65, false);
    /* and asked again as an archive, what is gone says so */
    struct store_txn *t;
    struct statedb_view *v;
    struct buf out = {0};
    struct address a = address_of(0);
    REQUIRE(store_begin_read(r.store, &t) == E_OK);
    REQUIRE(statedb_view_open(&v, r.store, t, &saved[20].root, 20, r.height, true) == E_OK);
    CHECK_ERR(statedb_prove_account(v, &a, &out), E_PRUNED);
    statedb_view_close(v);
    store_abort(t);
    buf_free(&out);
    rig_close(&r);
}

/* The audit, against every record of FLAT and every reachable NODE: removed, or altered through the
 * store (so that the seal is right and only the content is not). */

struct name {
    uint64_t height;
    uint8_t hidden[SEAL_NAME_BYTES];
};

struct names {
    struct name at[4000];
    size_t count;
};

static enum err note_name(void *ctx, const struct store_record *record)
{
    struct names *n = ctx;
    if (n->count < sizeof n->at / sizeof n->at[0]) {
        n->at[n->count].height = record->height;
        memcpy(n->at[n->count++].hidden, record->hidden_name.data, SEAL_NAME_BYTES);
    }
    return E_OK;
}

static void names_of(struct rig *r, enum store_table table, struct names *out)
{
    struct store_txn *t;
    out->count = 0;
    REQUIRE(store_begin_read(r->store, &t) == E_OK);
    CHECK_ERR(store_walk(t, table, 0, note_name, out), E_OK);
    store_abort(t);
}

static void remove_record(struct rig *r, enum store_table table, const struct name *n)
{
    struct store_txn *t;
    REQUIRE(store_begin_write(r->store, &t) == E_OK);
    CHECK_ERR(store_del_hidden(t, table, n->height, n->hidden), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
}

static void put_record(struct rig *r, enum store_table table, uint64_t height, struct bytes name,
                       struct bytes value)
{
    struct store_txn *t;
    REQUIRE(store_begin_write(r->store, &t) == E_OK);
    CHECK_ERR(store_put(t, table, (struct store_key){height, name}, value), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
}

static void small_state(struct rig *r)
{
    rig_open(r, false);
    for (unsigned i = 0; i < 30; i++) {
        struct address a = address_of(i);
        state_set_nonce(r->s, &a, 1);
        for (unsigned n = 0; i < 2 && n < 20; n++) {
            struct hash k = slot_of(n);
            state_set_storage(r->s, &a, &k, bytes_of("ab", 1 + n % 2));
        }
    }
    struct address contract = address_of(3);
    state_set_code(r->s, &contract, bytes_str("code"));
    CHECK(rig_commit(r));
}

/* Three blocks on top of a kept height, one after the other, their roots as a naive trie has them;
 * the view tells the same before and after. */
static void check_preview(struct rig *r, const struct world *saved, uint64_t height)
{
    struct store_txn *t;
    struct statedb_view *v;
    struct hash root;
    struct world w = saved[height];
    if (store_begin_read(r->store, &t) != E_OK ||
        statedb_view_open(&v, r->store, t, &w.root, height, r->height, r->keep_all) != E_OK) {
        test_fail(__FILE__, __LINE__, "no view of height %" PRIu64, height);
        return;
    }
    struct state *s = state_new(statedb_view_reader(v));
    CHECK_ERR(statedb_view_root(v, s, &root), E_OK);
    CHECK(hash_eq(&root, &w.root));
    for (int i = 0; i < 3; i++) {
        random_block(s, &w);
        struct hash expected = world_root(&w);
        CHECK_ERR(statedb_view_root(v, s, &root), E_OK);
        CHECK(hash_eq(&root, &expected));
    }
    state_free(s);
    check_account_at(v, &saved[height], 3, true);
    statedb_view_close(v);
    store_abort(t);
}

TEST(roots_of_blocks_that_are_not_stored)
{
    static struct world saved[41];
    struct rig r;
    rig_open(&r, false);
    memset(saved, 0, sizeof saved);
    saved[0].root = KECCAK_EMPTY_TRIE;
    for (uint64_t height = 1; height <= 40; height++) {
        saved[height] = saved[height - 1];
        random_block(r.s, &saved[height]);
        REQUIRE(rig_commit(&r));
        saved[height].root = r.root;
    }
    for (uint64_t height = 1; height <= 40; height += 3)
        check_preview(&r, saved, height);
    rig_close(&r);
}

TEST(check_finds_removed_records)
{
    static struct names names;
    static const enum store_table tables[] = {TABLE_FLAT, TABLE_NODE, TABLE_CODE};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        size_t found = 0, tried = 1;
        for (size_t n = 0; n < tried; n++) {
            struct rig r;
            struct diag d = {0};
            small_state(&r);
            names_of(&r, tables[i], &names);
            CHECK(names.count > 0);
            tried = names.count < 12 ? names.count : 12;
            CHECK_ERR(statedb_check(r.store, &r.root, r.height, &d), E_OK);
            remove_record(&r, tables[i], &names.at[n * names.count / tried]);
            enum err e = statedb_check(r.store, &r.root, r.height, &d);
            CHECK_ERR(e, E_CORRUPT);
            CHECK(strncmp(d.text, "state: ", 7) == 0);
            found += e == E_CORRUPT;
            rig_close(&r);
        }
        CHECK_INT(found, tried);
    }
}

TEST(check_finds_altered_records)
{
    struct rig r;
    struct diag d = {0};
    small_state(&r);
    struct address a = address_of(0);
    struct hash name = keccak256_of(bytes_of(a.b, 20)), k = slot_of(0);
    struct hash slot = keccak256_of(bytes_of(k.b, 32));
    uint8_t slot_name[64];
    memcpy(slot_name, name.b, 32);
    memcpy(slot_name + 32, slot.b, 32);
    struct {
        enum store_table table;
        uint64_t height;
        struct bytes name;
    } target[] = {{TABLE_FLAT, 0, bytes_of(name.b, 32)},
                  {TABLE_FLAT, 0, bytes_of(slot_name, 64)},
                  {TABLE_NODE, 1, bytes_str("a")}};
    for (size_t i = 0; i < 3; i++) {
        struct buf value = {0};
        struct store_txn *t;
        struct store_key key = {target[i].height, target[i].name};
        REQUIRE(store_begin_read(r.store, &t) == E_OK);
        REQUIRE(store_get(t, target[i].table, key, &value) == E_OK);
        store_abort(t);
        size_t refused = 0;
        for (size_t at = 0; at < value.len; at++) {
            value.data[at] ^= 1;
            put_record(&r, target[i].table, key.height, key.name, buf_view(&value));
            refused += statedb_check(r.store, &r.root, r.height, &d) == E_CORRUPT;
            value.data[at] ^= 1;
        }
        put_record(&r, target[i].table, key.height, key.name, buf_view(&value));
        CHECK_INT(refused, value.len);
        CHECK_ERR(statedb_check(r.store, &r.root, r.height, &d), E_OK);
        buf_free(&value);
    }
    put_record(&r, TABLE_FLAT, 0, bytes_str("one too many"), bytes_str("01234567value"));
    CHECK_ERR(statedb_check(r.store, &r.root, r.height, &d), E_CORRUPT);
    CHECK_STR(d.text, "state: 71 flat records, but the tries have 70 leaves");
    rig_close(&r);
}

/* What is missing is noticed by those who read, too: never a wrong value or root. */
TEST(missing_records_stop_a_block)
{
    static struct names names;
    struct rig r;
    struct hash root;
    small_state(&r);
    names_of(&r, TABLE_NODE, &names);
    for (size_t i = 0; i < names.count; i++)
        remove_record(&r, TABLE_NODE, &names.at[i]);
    rig_close_db(&r);
    CHECK_ERR(statedb_open(&r.db, r.store, &r.root, r.height, false), E_CORRUPT);
    store_close(r.store);
    small_state(&r);
    names_of(&r, TABLE_NODE, &names);
    struct address a = address_of(0);
    struct hash k = slot_of(1), owner = keccak256_of(bytes_of(a.b, 20));
    uint8_t node_name[33] = {'s'};
    memcpy(node_name + 1, owner.b, 32);
    struct store_txn *t;
    REQUIRE(store_begin_write(r.store, &t) == E_OK);
    CHECK_ERR(store_del(t, TABLE_NODE, (struct store_key){1, bytes_of(node_name, 33)}), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
    rig_close_db(&r);
    rig_db(&r);
    state_set_storage(r.s, &a, &k, bytes_str("new"));
    CHECK_ERR(statedb_apply(r.db, r.s, r.height + 1, &root), E_CORRUPT);
    state_clear(r.s);
    a = address_of(7); /* other accounts are as good as before */
    state_set_nonce(r.s, &a, 5);
    CHECK(rig_commit(&r));
    rig_close(&r);
}

/* A block of 10 changed accounts writes about as many records in a state a hundred times larger. */
static uint64_t cost_of_ten(unsigned accounts)
{
    struct rig r;
    rig_open(&r, true);
    for (unsigned i = 0; i < accounts; i++) {
        struct address a = address_of(i);
        state_set_nonce(r.s, &a, 1);
        if (i % 10000 == 9999)
            CHECK(rig_commit(&r));
    }
    CHECK(rig_commit(&r));
    uint64_t sum = 0;
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 10; i++) {
            struct address a = address_of((i * 7919 + round * 31) % accounts);
            state_set_nonce(r.s, &a, 2 + round);
        }
        uint64_t before = records(&r);
        CHECK(rig_commit(&r));
        sum += records(&r) - before;
    }
    rig_close(&r);
    return sum / 5;
}

TEST(cost_is_what_changed)
{
    uint64_t small = cost_of_ten(1000), large = cost_of_ten(100000);
    printf("# records a block of 10 changed accounts adds: %" PRIu64 " of 1 000, %" PRIu64
           " of 100 000\n",
           small, large);
    CHECK(small >= 20); /* ten histories, a root, a stale list, branches */
    CHECK(large <= small + 10 * 2 + 5);
}

/* Views in other threads, while blocks are written: each sees its own transaction's head and a few
 * heights below, whole. */
struct reading {
    struct store *store;
    const struct world *saved;
    _Atomic bool stop;
    _Atomic unsigned reads, wrong;
    _Atomic uint64_t written; /* saved[] up to here is final: what orders the threads' memory */
};

static void read_once(struct reading *x, struct store_txn *t)
{
    struct buf head = {0};
    struct store_key key = {.name = bytes_str("test head")};
    if (store_get(t, TABLE_META, key, &head) != E_OK) {
        buf_free(&head);
        return;
    }
    uint64_t height = be64_get(head.data);
    buf_free(&head);
    if (x->written < height) {
        x->wrong++;
        return;
    }
    for (uint64_t back = 0; back < 4 && back < height; back++) {
        const struct world *w = &x->saved[height - back];
        struct statedb_view *v;
        if (statedb_view_open(&v, x->store, t, &w->root, height - back, height, false) != E_OK) {
            x->wrong++;
            continue;
        }
        const struct state_reader *r = statedb_view_reader(v);
        for (unsigned i = 0; i < ACCOUNTS; i++) {
            struct address address = address_of(i);
            struct account a;
            bool exists;
            if (r->account(r->ctx, &address, &a, &exists) != E_OK || exists != w->a[i].alive ||
                a.nonce != w->a[i].nonce)
                x->wrong++;
        }
        x->reads++;
        statedb_view_close(v);
    }
}

static void *read_always(void *ctx)
{
    struct reading *x = ctx;
    while (!x->stop) {
        struct store_txn *t;
        if (store_begin_read(x->store, &t) != E_OK) {
            x->wrong++;
            break;
        }
        read_once(x, t);
        store_abort(t);
    }
    return NULL;
}

TEST(views_while_writing)
{
    static struct world saved[101];
    struct rig r;
    rig_open(&r, false);
    memset(saved, 0, sizeof saved);
    struct reading x = {.store = r.store, .saved = saved};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        REQUIRE(pthread_create(&thread[i], NULL, read_always, &x) == 0);
    for (uint64_t height = 1; height <= 100; height++) {
        struct hash root;
        struct store_txn *t;
        uint8_t head[8];
        saved[height] = saved[height - 1];
        random_block(r.s, &saved[height]);
        CHECK_ERR(statedb_apply(r.db, r.s, height, &root), E_OK);
        saved[height].root = root; /* before the commit makes the height visible */
        x.written = height;
        REQUIRE(store_begin_write(r.store, &t) == E_OK);
        CHECK_ERR(statedb_write(r.db, t), E_OK);
        be64_put(head, height);
        CHECK_ERR(store_put(t, TABLE_META, (struct store_key){.name = bytes_str("test head")},
                            bytes_of(head, sizeof head)),
                  E_OK);
        CHECK_ERR(store_commit(t), E_OK);
        statedb_written(r.db);
        state_clear(r.s);
    }
    while (x.reads < 20) /* on a busy machine the readers may only start now */
        sched_yield();
    x.stop = true;
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    CHECK_INT(x.wrong, 0);
    rig_close(&r);
}
