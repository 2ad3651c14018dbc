/* Tests of snapshots: what is taken is the ledger it was made from, whoever made it; what cannot be
 * made is refused. Refusals of takes: test_snapshot_take.c; forged content:
 * test_snapshot_forged.c. */
#include "chain/test_snapshot.h"

#include <sys/stat.h>

#include "base/thread.h"
#include "crypto/sha256.h"

/* --- the same ledger -------------------------------------------------------------------------- */

static void check_blocks(struct ledger *a, struct ledger *b)
{
    struct chain_view *v, *w;
    struct arena arena = {0};
    CHECK_ERR(chain_view_open(a->chain, &v), E_OK);
    CHECK_ERR(chain_view_open(b->chain, &w), E_OK);
    for (uint64_t n = 0; n <= chain_view_head(v); n++) {
        struct block x, y;
        uint64_t number = 0;
        CHECK_ERR(chain_load_block(v, n, &arena, true, &x), E_OK);
        CHECK_ERR(chain_load_block(w, n, &arena, true, &y), E_OK);
        CHECK(hash_eq(&x.hash, &y.hash) && x.tx_count == y.tx_count &&
              x.size_bytes == y.size_bytes && memcmp(&x.seal, &y.seal, sizeof x.seal) == 0);
        CHECK_ERR(chain_number_of(w, &x.hash, &number), E_OK);
        CHECK_INT(number, n);
        for (size_t i = 0; i < x.tx_count && i < y.tx_count; i++) {
            size_t index;
            CHECK_ERR(chain_find_tx(w, &x.txs[i].hash, &number, &index), E_OK);
            CHECK(number == n && index == i);
            CHECK(address_eq(&x.txs[i].sender, &y.txs[i].sender));
            CHECK(address_eq(&x.receipts[i].created, &y.receipts[i].created));
        }
    }
    chain_view_close(v);
    chain_view_close(w);
    arena_free(&arena);
}

/* Before the snapshot's height there is no state. */
static void check_past(struct ledger *l, uint64_t number)
{
    struct chain_view *v;
    struct statedb_view *at;
    struct account account;
    bool there;
    CHECK_ERR(chain_view_open(l->chain, &v), E_OK);
    CHECK_ERR(chain_state_at(v, number, &at), E_OK);
    const struct state_reader *r = statedb_view_reader(at);
    CHECK_ERR(r->account(r->ctx, &l->accounts[1], &account, &there), E_PRUNED);
    chain_view_close(v);
}

TEST(what_is_taken_is_the_ledger)
{
    struct made m;
    struct diag d = {""};
    REQUIRE(made_begin(&m));
    if (snap_take(&m.snap, m.taken, LEDGER_STORE_KEY, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "take: %s", d.text);
    CHECK(!snap_exists(m.beside));
    struct ledger copy = m.l;
    copy.arena = (struct arena){0};
    copy.chain = NULL;
    snprintf(copy.dir, sizeof copy.dir, "%.500s", m.taken);
    REQUIRE(ledger_open(&copy));
    struct chain_head before = chain_head(m.l.chain), after = chain_head(copy.chain);
    CHECK(before.number == 10 && memcmp(&before, &after, sizeof before) == 0);
    CHECK_ERR(statedb_check(chain_store(copy.chain), &after.state_root, 10, &d), E_OK);
    check_blocks(&m.l, &copy);
    check_past(&copy, 9);

    snap_blocks(&m.l); /* both go on, to the same blocks */
    snap_blocks(&copy);
    before = chain_head(m.l.chain);
    after = chain_head(copy.chain);
    CHECK(before.number == 15 && memcmp(&before, &after, sizeof before) == 0);
    check_past(&copy, 9);
    ledger_end(&copy);
    snap_audit(m.taken, LEDGER_STORE_KEY, 16);
    made_end(&m);
}

TEST(a_ledger_of_only_block_0_travels)
{
    struct ledger l;
    struct diag d = {""};
    struct snap s;
    char snapshots[600], taken[600];
    REQUIRE(ledger_begin(&l));
    snap_path(snapshots, l.dir, "snapshots");
    snap_path(taken, l.dir, "taken");
    CHECK_ERR(snap_make(chain_store(l.chain), snapshots, 0, &d), E_OK);
    REQUIRE(snap_load(&s, chain_store(l.chain), snapshots, 0));
    CHECK_ERR(snap_take(&s, taken, SNAP_OTHER_KEY, &d), E_OK);
    snap_audit(taken, SNAP_OTHER_KEY, 1);
    arena_free(&s.arena);
    ledger_end(&l);
}

/* --- the same snapshot ------------------------------------------------------------------------ */

static void check_same(const struct snap *a, const struct snap *b)
{
    CHECK(bytes_eq(a->manifest, b->manifest));
    CHECK_INT(a->count, b->count);
    for (size_t i = 0; i < a->count && i < b->count; i++)
        CHECK(bytes_eq(a->chunks[i], b->chunks[i]));
}

/* again makes a snapshot of a closed ledger and compares it. */
static void again(const char *dir, const uint8_t *key, const struct snap *expected)
{
    char snapshots[600];
    struct diag d = {""};
    struct snap s;
    snap_path(snapshots, dir, "snapshots");
    struct store *store = snap_open_store(dir, key);
    CHECK_ERR(snap_make(store, snapshots, expected->number, &d), E_OK);
    if (snap_load(&s, store, snapshots, expected->number))
        check_same(expected, &s);
    arena_free(&s.arena);
    store_close(store);
}

/* Nodes with other keys, one that took a snapshot and one that executed every block, make the same
 * snapshot as the first, chunk for chunk. */
TEST(nodes_with_other_keys_make_the_same_snapshot)
{
    struct made m;
    struct diag d = {""};
    char file[600], imported[600];
    snapshot_content_bytes = 3000;
    REQUIRE(made_begin(&m));
    CHECK(m.snap.count > 10);
    CHECK_ERR(snap_take(&m.snap, m.taken, SNAP_OTHER_KEY, &d), E_OK);
    again(m.taken, SNAP_OTHER_KEY, &m.snap);
    snap_path(file, m.l.dir, "chain");
    snap_path(imported, m.l.dir, "imported");
    CHECK_ERR(chain_export(chain_store(m.l.chain), file, NULL, &d), E_OK);
    struct store_config config = {.dir = imported, .key32 = SNAP_OTHER_KEY};
    CHECK_ERR(chain_import_new(&config, file, NULL, &d), E_OK);
    again(imported, SNAP_OTHER_KEY, &m.snap);
    made_end(&m);
    snapshot_content_bytes = SNAPSHOT_CONTENT_BYTES;
}

static ino_t inode(const char *dir, uint64_t number, uint32_t index)
{
    char of[SNAPSHOT_PATH_BYTES], path[SNAPSHOT_PATH_BYTES];
    struct stat st = {0};
    snapshot_path(of, dir, number, false);
    snapshot_chunk_path(path, of, index);
    CHECK(stat(path, &st) == 0);
    return st.st_ino;
}

/* A later snapshot has the earlier one's full chunks of blocks, as the same files; and is the one
 * that would have been made without it. With chunks so small that records span several, and of all
 * sizes so that boundaries fall everywhere. */
TEST(a_later_snapshot_shares_the_chunks_of_blocks)
{
    for (size_t content = 700; content < 9000; content = content * 3 / 2 + 1) {
        struct made m;
        struct diag d = {""};
        struct snap later, anew;
        struct manifest earlier;
        char elsewhere[600];
        snapshot_content_bytes = content;
        REQUIRE(made_begin(&m));
        snap_path(elsewhere, m.l.dir, "elsewhere");
        snap_blocks(&m.l);
        struct store *store = chain_store(m.l.chain);
        CHECK_ERR(snap_make(store, m.snapshots, 12, &d), E_OK); /* of a height that has passed */
        CHECK_ERR(snap_make(store, m.snapshots, SNAPSHOT_HEAD, &d), E_OK);
        CHECK_ERR(snap_make(store, elsewhere, 15, &d), E_OK);
        REQUIRE(snap_load(&later, store, m.snapshots, 15));
        REQUIRE(snap_load(&anew, store, elsewhere, 15));
        check_same(&anew, &later);
        CHECK_ERR(manifest_decode(&earlier, m.snap.manifest), E_OK);
        uint32_t shared = earlier.chunks[SECTION_GENESIS] + earlier.chunks[SECTION_BLOCKS] - 1;
        CHECK(shared > 1);
        for (uint32_t i = 0; i < shared; i++) {
            CHECK(bytes_eq(m.snap.chunks[i], later.chunks[i]));
            bool linked = inode(m.snapshots, 10, i) == inode(m.snapshots, 15, i);
            CHECK(linked == (i >= earlier.chunks[SECTION_GENESIS]));
        }
        CHECK_ERR(snap_take(&later, m.taken, LEDGER_STORE_KEY, &d), E_OK);
        snap_audit(m.taken, LEDGER_STORE_KEY, 16);
        arena_free(&later.arena);
        arena_free(&anew.arena);
        made_end(&m);
    }
    snapshot_content_bytes = SNAPSHOT_CONTENT_BYTES;
}

/* What an earlier snapshot lacks is written anew; one of another chain is not used. */
TEST(a_damaged_or_foreign_earlier_snapshot_is_no_help)
{
    struct made m;
    struct diag d = {""};
    struct snap later;
    struct ledger other;
    char of[SNAPSHOT_PATH_BYTES], path[SNAPSHOT_PATH_BYTES];
    snapshot_content_bytes = 1000;
    REQUIRE(made_begin(&m));
    struct store *store = chain_store(m.l.chain);
    snap_blocks(&m.l);
    snapshot_path(of, m.snapshots, 10, false);
    snapshot_chunk_path(path, of, 4);
    CHECK(unlink(path) == 0);
    CHECK_ERR(snap_make(store, m.snapshots, 15, &d), E_OK);
    REQUIRE(snap_load(&later, store, m.snapshots, 15));
    CHECK_ERR(snap_take(&later, m.taken, LEDGER_STORE_KEY, &d), E_OK);
    arena_free(&later.arena);

    REQUIRE(snap_begin(&other)); /* the same genesis and store key, other blocks */
    for (int i = 0; i < 20; i++) {
        ledger_transfer(&other, 3, 1, 1);
        ledger_block(&other);
    }
    CHECK_ERR(snap_make(chain_store(other.chain), m.snapshots, 20, &d), E_OK);
    REQUIRE(snap_load(&later, chain_store(other.chain), m.snapshots, 20));
    char taken[600];
    snap_path(taken, other.dir, "taken");
    CHECK_ERR(snap_take(&later, taken, LEDGER_STORE_KEY, &d), E_OK);
    arena_free(&later.arena);
    ledger_end(&other);
    made_end(&m);
    snapshot_content_bytes = SNAPSHOT_CONTENT_BYTES;
}

struct background {
    struct made *m;
    atomic_bool done;
    size_t count;
};

static void *make_many(void *ctx)
{
    struct background *b = ctx;
    struct diag d = {""};
    for (;;) {
        enum err e = snap_make(chain_store(b->m->l.chain), b->m->snapshots, SNAPSHOT_HEAD, &d);
        CHECK(e == E_OK || e == E_EXISTS);
        b->count += e == E_OK;
        if (atomic_load(&b->done))
            return NULL;
    }
}

/* A thread makes snapshots while blocks are committed: each is of one height. */
TEST(snapshots_are_made_while_blocks_go_on)
{
    struct made m;
    struct background b = {.m = &m};
    struct arena a = {0};
    struct snapshot_info *list;
    struct diag d = {""};
    pthread_t thread;
    size_t count;
    snapshot_content_bytes = 2000;
    REQUIRE(made_begin(&m));
    REQUIRE(thread_start(&thread, 0, make_many, &b) == 0);
    for (int i = 0; i < 9; i++) /* days of readings end with November 13 */
        snap_blocks(&m.l);
    atomic_store(&b.done, true);
    pthread_join(thread, NULL);
    CHECK(b.count > 0);
    CHECK_ERR(snapshot_list(chain_store(m.l.chain), m.snapshots, &a, &list, &count), E_OK);
    CHECK_INT(count, b.count + 1);
    for (size_t i = 0; i < count && i < 5; i++) {
        struct snap s;
        char to[700];
        snprintf(to, sizeof to, "%s%zu", m.taken, i);
        REQUIRE(snap_load(&s, chain_store(m.l.chain), m.snapshots, list[i].number));
        if (snap_take(&s, to, LEDGER_STORE_KEY, &d) != E_OK)
            test_fail(__FILE__, __LINE__, "%s", d.text);
        snap_audit(to, LEDGER_STORE_KEY, s.number + 1);
        arena_free(&s.arena);
    }
    arena_free(&a);
    made_end(&m);
    snapshot_content_bytes = SNAPSHOT_CONTENT_BYTES;
}

/* --- making: refusals ------------------------------------------------------------------------- */

static void set_stop(void *ctx, const char *what, uint64_t done, uint64_t total)
{
    CHECK(what[0] && done <= total);
    atomic_store((atomic_bool *)ctx, true);
}

TEST(what_cannot_be_made_is_refused)
{
    struct made m;
    struct diag d = {""};
    char path[600];
    REQUIRE(made_begin(&m));
    struct store *store = chain_store(m.l.chain);
    CHECK_ERR(snap_make(store, m.snapshots, 10, &d), E_EXISTS);
    CHECK_ERR(snap_make(store, m.snapshots, 11, &d), E_NOT_FOUND);
    CHECK(strstr(d.text, "block 11"));
    snap_path(path, m.l.dir, "store.head"); /* a file */
    CHECK_ERR(snap_make(store, path, 10, &d), E_IO);

    snapshot_content_bytes = 3000; /* more chunks than a manifest of its size can name */
    snapshot_manifest_bytes = 48 + 600 + 8 * 32;
    snap_path(path, m.l.dir, "limited");
    CHECK_ERR(snap_make(store, path, 10, &d), E_LIMIT);
    CHECK(strstr(d.text, "chunks"));
    snapshot_manifest_bytes = LIMIT_SNAPSHOT_MANIFEST_BYTES;
    snapshot_content_bytes = SNAPSHOT_CONTENT_BYTES;

    atomic_bool stop = false;
    struct progress progress = {set_stop, &stop};
    struct snapshot_make_config config = {
        .store = store, .dir = path, .number = 9, .progress_opt = &progress, .stop_opt = &stop};
    uint64_t number;
    CHECK_ERR(snapshot_make(&config, &number, &d), E_STOPPED);
    uint64_t *left;
    size_t count;
    CHECK_ERR(snapshot_numbers(path, true, &left, &count), E_OK);
    CHECK(count == 0 && !left);
    CHECK_ERR(snapshot_numbers(path, false, &left, &count), E_OK);
    CHECK(count == 0 && !left);

    struct store_txn *t; /* a damaged ledger */
    struct store_key third = {.height = 3};
    struct buf body = {0};
    CHECK_ERR(store_begin_write(store, &t), E_OK);
    CHECK_ERR(store_get(t, TABLE_BODY, third, &body), E_OK);
    CHECK_ERR(store_del(t, TABLE_BODY, third), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
    CHECK_ERR(snap_make(store, path, 9, &d), E_CORRUPT);
    CHECK(strstr(d.text, "block 3"));
    CHECK_ERR(store_begin_write(store, &t), E_OK);
    CHECK_ERR(store_put(t, TABLE_BODY, third, buf_view(&body)), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
    buf_free(&body);

    for (size_t i = 0; i < LIMIT_STATE_HISTORY; i++)
        ledger_block(&m.l);
    CHECK_ERR(snap_make(store, path, 9, &d), E_PRUNED);
    CHECK_ERR(snap_make(store, path, 10, &d), E_OK); /* the oldest that is kept */
    made_end(&m);
}

TEST(an_ethereum_chain_has_no_snapshots)
{
    static const char GENESIS[] = "{\"config\": {\"chainId\": 1}, \"alloc\": {}, \"difficulty\": "
                                  "\"0x20000\", \"gasLimit\": \"0x1388\"}";
    const char *dir = test_tmpdir();
    struct store *s = ledger_store(dir, true);
    struct diag d = {""};
    char path[600];
    snap_path(path, dir, "snapshots");
    if (chain_import_ethereum(s, bytes_str(GENESIS), NULL, NULL, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "import: %s", d.text);
    CHECK_ERR(snap_make(s, path, 0, &d), E_UNSUPPORTED);
    CHECK(strstr(d.text, "Ethereum"));
    store_close(s);
}

/* --- the directory ---------------------------------------------------------------------------- */

TEST(snapshots_are_listed_loaded_and_pruned)
{
    struct made m;
    struct diag d = {""};
    struct arena a = {0};
    struct snapshot_info *list;
    size_t count;
    char path[SNAPSHOT_PATH_BYTES], of[SNAPSHOT_PATH_BYTES];
    REQUIRE(made_begin(&m));
    struct store *store = chain_store(m.l.chain);
    CHECK_ERR(snapshot_list(store, "/nonexistent", &a, &list, &count), E_OK);
    CHECK_INT(count, 0);
    for (uint64_t n = 6; n < 10; n++)
        CHECK_ERR(snap_make(store, m.snapshots, n, &d), E_OK);
    CHECK_ERR(snapshot_list(store, m.snapshots, &a, &list, &count), E_OK);
    CHECK_INT(count, 5);
    for (size_t i = 0; i < count; i++) {
        struct hash hash;
        sha256_once(&hash, list[i].manifest.data, list[i].manifest.len);
        CHECK(list[i].number == 10 - i && list[i].chunks >= 3 && hash_eq(&hash, &list[i].hash));
    }
    struct buf chunk = {0};
    CHECK_ERR(snapshot_load_chunk(store, m.snapshots, 10, list[0].chunks, &chunk), E_NOT_FOUND);
    CHECK_ERR(snapshot_load_chunk(store, m.snapshots, 11, 0, &chunk), E_NOT_FOUND);

    snapshot_path(of, m.snapshots, 8, false); /* a chunk in another's place, one too short */
    snapshot_chunk_path(path, of, 0);
    CHECK(truncate(path, 100) == 0);
    CHECK_ERR(snapshot_load_chunk(store, m.snapshots, 8, 0, &chunk), E_CORRUPT);
    char other[SNAPSHOT_PATH_BYTES];
    snapshot_chunk_path(other, of, 1);
    CHECK(rename(other, path) == 0);
    CHECK_ERR(snapshot_load_chunk(store, m.snapshots, 8, 0, &chunk), E_CORRUPT);
    CHECK_ERR(snapshot_load_chunk(store, m.snapshots, 8, 1, &chunk), E_NOT_FOUND);
    CHECK(chunk.len == 0);
    snprintf(path, sizeof path, "%s/7/manifest", m.snapshots); /* this one is left out */
    CHECK(truncate(path, 100) == 0);
    CHECK_ERR(snapshot_list(store, m.snapshots, &a, &list, &count), E_OK);
    CHECK(count == 4 && list[3].number == 6);
    struct store *foreign = NULL; /* and all of them under another key */
    struct store_config config = {.dir = test_tmpdir(), .key32 = SNAP_OTHER_KEY, .create = true};
    CHECK_ERR(store_open(&foreign, &config, &d), E_OK);
    CHECK_ERR(snapshot_list(foreign, m.snapshots, &a, &list, &count), E_OK);
    CHECK_INT(count, 0);
    store_close(foreign);

    snapshot_path(of, m.snapshots, 5, true); /* what an interrupted make left */
    CHECK(mkdir(of, 0700) == 0);
    snapshot_chunk_path(path, of, 0);
    CHECK(fclose(fopen(path, "w")) == 0);
    CHECK_ERR(snapshot_prune(m.snapshots, 2, &d), E_OK);
    CHECK(!snap_exists(of));
    CHECK_ERR(snapshot_list(store, m.snapshots, &a, &list, &count), E_OK);
    CHECK(count == 2 && list[0].number == 10 && list[1].number == 9);
    CHECK_ERR(snapshot_prune(m.snapshots, 0, &d), E_OK);
    CHECK_ERR(snapshot_list(store, m.snapshots, &a, &list, &count), E_OK);
    CHECK_INT(count, 0);
    CHECK_ERR(snapshot_prune("/nonexistent", 1, &d), E_OK);
    buf_free(&chunk);
    arena_free(&a);
    made_end(&m);
}

/* The ledger is in clear inside: neither its genesis nor a chunk may be read from the files. */
TEST(files_are_sealed)
{
    struct made m;
    char of[SNAPSHOT_PATH_BYTES], path[SNAPSHOT_PATH_BYTES];
    static uint8_t file[1 << 20];
    REQUIRE(made_begin(&m));
    snapshot_path(of, m.snapshots, 10, false);
    for (uint32_t i = 0; i < m.snap.count; i++) {
        snapshot_chunk_path(path, of, i);
        FILE *f = fopen(path, "rb");
        REQUIRE(f);
        size_t len = fread(file, 1, sizeof file, f);
        fclose(f);
        struct bytes chunk = m.snap.chunks[i];
        CHECK_INT(len, chunk.len + SEAL_OVERHEAD);
        CHECK(!memmem(file, len, chunk.data + 8, chunk.len < 40 ? chunk.len - 8 : 32));
    }
    made_end(&m);
}
