/* txn: transactions and records. A record's LMDB key is height and hidden name; its value is sealed
 * and bound to table and key (tables.h). */
#include "store/store_internal.h"

#include <errno.h>
#include <unistd.h>

static const struct {
    bool height, named;
} USES[STORE_TABLE_COUNT] = {
#define STORE_USES(id, name, height, named) {height, named},
    STORE_TABLES(STORE_USES)
#undef STORE_USES
};

/* A key as LMDB sees it, with the table's number before it: together the sealed value's bound data.
 */
struct record_key {
    uint8_t bytes[1 + STORE_KEY_MAX];
    size_t len; /* without the table byte */
};

static MDB_val key_val(const struct record_key *k)
{
    return (MDB_val){k->len, (void *)(uintptr_t)(k->bytes + 1)};
}

static struct bytes key_bound(const struct record_key *k)
{
    return bytes_of(k->bytes, k->len + 1);
}

static struct record_key key_of_hidden(enum store_table table, uint64_t height,
                                       const uint8_t *hidden)
{
    struct record_key k = {.bytes = {(uint8_t)table}};
    if (USES[table].height) {
        be64_put(k.bytes + 1, height);
        k.len = 8;
    }
    if (USES[table].named) {
        memcpy(k.bytes + 1 + k.len, hidden, SEAL_NAME_BYTES);
        k.len += SEAL_NAME_BYTES;
    }
    return k;
}

static struct record_key key_of(const struct store *s, enum store_table table, struct store_key key)
{
    uint8_t hidden[SEAL_NAME_BYTES] = {0};
    ASSERT(table < STORE_TABLE_COUNT);
    if (USES[table].named)
        seal_name(&s->seal, hidden, key.name);
    return key_of_hidden(table, key.height, hidden);
}

void store_hide(const struct store *s, uint8_t out[SEAL_NAME_BYTES], struct bytes name)
{
    seal_name(&s->seal, out, name);
}

/* --- transactions ----------------------------------------------------------------------------- */

static struct store_txn *take_idle(struct store *s)
{
    pthread_mutex_lock(&s->idle_lock);
    struct store_txn *t = s->idle;
    if (t) {
        s->idle = t->next_idle;
        s->idle_count--;
    }
    pthread_mutex_unlock(&s->idle_lock);
    return t;
}

/* put_idle keeps a reset read transaction; false when enough are kept. */
static bool put_idle(struct store_txn *t)
{
    struct store *s = t->store;
    pthread_mutex_lock(&s->idle_lock);
    bool kept = s->idle_count < STORE_IDLE_READERS;
    if (kept) {
        t->next_idle = s->idle;
        s->idle = t;
        s->idle_count++;
    }
    pthread_mutex_unlock(&s->idle_lock);
    return kept;
}

static void txn_release(struct store_txn *t)
{
    buf_free(&t->scratch);
    mem_free(t);
}

enum err store_begin_read(struct store *s, struct store_txn **out)
{
    int code = store_fault("begin");
    if (code)
        return store_error(s, code);
    struct store_txn *t = take_idle(s);
    if (t) {
        code = mdb_txn_renew(t->txn);
        if (code)
            mdb_txn_abort(t->txn);
    } else {
        t = mem_zalloc(1, sizeof *t);
        t->store = s;
        code = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &t->txn);
    }
    if (code) {
        txn_release(t);
        return store_error(s, code);
    }
    *out = t;
    return E_OK;
}

enum err store_begin_write(struct store *s, struct store_txn **out)
{
    ASSERT(!s->read_only);
    int code = store_fault("begin");
    if (code)
        return store_error(s, code);
    struct store_txn *t = mem_zalloc(1, sizeof *t);
    t->store = s;
    t->writing = true;
    code = mdb_txn_begin(s->env, NULL, 0, &t->txn);
    if (code) {
        txn_release(t);
        return store_error(s, code);
    }
    *out = t;
    return E_OK;
}

/* grow_file keeps the file longer than its last page may become (see store.h, "Truncated"). A
 * failure is not one: the write that needs the room will report it. */
static void grow_file(struct store *s)
{
    MDB_envinfo info;
    struct stat st;
    mdb_env_info(s->env, &info);
    uint64_t used = ((uint64_t)info.me_last_pgno + 1) * s->page_bytes;
    if (fstat(s->data_fd, &st) == 0 && (uint64_t)st.st_size < used + STORE_HEADROOM_BYTES / 2)
        (void)!ftruncate(s->data_fd, (off_t)(used + STORE_HEADROOM_BYTES));
}

enum err store_commit(struct store_txn *t)
{
    ASSERT(t->writing);
    struct store *s = t->store;
    enum err e = t->failed;
    int code = e == E_OK ? store_fault("commit") : 0;
    if (e != E_OK || code) {
        mdb_txn_abort(t->txn);
        e = e != E_OK ? e : store_error(s, code);
    } else {
        grow_file(s);
        e = store_error(s, mdb_txn_commit(t->txn));
        if (e == E_OK)
            grow_file(s);
    }
    txn_release(t);
    return e;
}

void store_abort(struct store_txn *t)
{
    if (!t)
        return;
    if (!t->writing) {
        mdb_txn_reset(t->txn);
        if (put_idle(t))
            return;
    }
    mdb_txn_abort(t->txn);
    txn_release(t);
}

enum err store_renew(struct store_txn *t)
{
    ASSERT(!t->writing);
    mdb_txn_reset(t->txn);
    int code = store_fault("renew");
    return store_error(t->store, code ? code : mdb_txn_renew(t->txn));
}

struct store *store_of(const struct store_txn *t)
{
    return t->store;
}

/* --- records ---------------------------------------------------------------------------------- */

/* fail notes the failure of a change: the transaction can then only be abandoned. */
static enum err fail(struct store_txn *t, int code)
{
    enum err e = store_error(t->store, code);
    if (t->failed == E_OK && e != E_OK && e != E_NOT_FOUND)
        t->failed = e;
    return e;
}

static enum err record_get(struct store_txn *t, enum store_table table, const struct record_key *k,
                           struct buf *out)
{
    MDB_val key = key_val(k), value;
    int code = store_fault("get");
    if (code == 0)
        code = mdb_get(t->txn, t->store->dbi[table], &key, &value);
    if (code)
        return store_error(t->store, code);
    return seal_decrypt(&t->store->seal, out, bytes_of(value.mv_data, value.mv_size), key_bound(k));
}

enum err store_get(struct store_txn *t, enum store_table table, struct store_key key,
                   struct buf *out)
{
    struct record_key k = key_of(t->store, table, key);
    return record_get(t, table, &k, out);
}

enum err store_get_hidden(struct store_txn *t, enum store_table table, uint64_t height,
                          const uint8_t hidden[SEAL_NAME_BYTES], struct buf *out)
{
    struct record_key k = key_of_hidden(table, height, hidden);
    return record_get(t, table, &k, out);
}

static enum err record_put(struct store_txn *t, enum store_table table, const struct record_key *k,
                           struct bytes value)
{
    ASSERT(t->writing);
    buf_clear(&t->scratch);
    seal_encrypt(&t->store->seal, &t->scratch, value, key_bound(k));
    MDB_val mdb_key = key_val(k), mdb_value = {t->scratch.len, t->scratch.data};
    MDB_dbi dbi = t->store->dbi[table];
    int code = store_fault("put");
    if (code)
        return fail(t, code);
    /* Tables by height alone grow at their end: appending fills pages wholly. */
    bool append = USES[table].height && !USES[table].named;
    code = append ? mdb_put(t->txn, dbi, &mdb_key, &mdb_value, MDB_APPEND) : MDB_KEYEXIST;
    if (code == MDB_KEYEXIST)
        code = mdb_put(t->txn, dbi, &mdb_key, &mdb_value, 0);
    return fail(t, code);
}

enum err store_put(struct store_txn *t, enum store_table table, struct store_key key,
                   struct bytes value)
{
    struct record_key k = key_of(t->store, table, key);
    return record_put(t, table, &k, value);
}

enum err store_put_hidden(struct store_txn *t, enum store_table table, uint64_t height,
                          const uint8_t hidden[SEAL_NAME_BYTES], struct bytes value)
{
    struct record_key k = key_of_hidden(table, height, hidden);
    return record_put(t, table, &k, value);
}

static enum err record_del(struct store_txn *t, enum store_table table, const struct record_key *k)
{
    ASSERT(t->writing);
    MDB_val key = key_val(k);
    int code = store_fault("del");
    return fail(t, code ? code : mdb_del(t->txn, t->store->dbi[table], &key, NULL));
}

enum err store_del(struct store_txn *t, enum store_table table, struct store_key key)
{
    struct record_key k = key_of(t->store, table, key);
    return record_del(t, table, &k);
}

enum err store_del_hidden(struct store_txn *t, enum store_table table, uint64_t height,
                          const uint8_t hidden[SEAL_NAME_BYTES])
{
    struct record_key k = key_of_hidden(table, height, hidden);
    return record_del(t, table, &k);
}

/* --- walking ---------------------------------------------------------------------------------- */

static enum err visit_record(struct store_txn *t, enum store_table table, MDB_val key,
                             MDB_val value, struct buf *opened, store_visit visit, void *ctx)
{
    size_t name_at = USES[table].height ? 8 : 0;
    size_t expected = name_at + (USES[table].named ? SEAL_NAME_BYTES : 0);
    struct record_key k = {.bytes = {(uint8_t)table}, .len = expected};
    struct store_record record = {.error = E_CORRUPT};
    if (key.mv_size == expected) {
        memcpy(k.bytes + 1, key.mv_data, expected);
        buf_clear(opened);
        record.error = seal_decrypt(&t->store->seal, opened, bytes_of(value.mv_data, value.mv_size),
                                    key_bound(&k));
        record.height = USES[table].height ? be64_get(k.bytes + 1) : 0;
        record.hidden_name = bytes_of(k.bytes + 1 + name_at, expected - name_at);
    }
    if (record.error == E_OK) /* never NULL: that says "does not open" */
        record.value = opened->data ? buf_view(opened) : bytes_of("", 0);
    return visit(ctx, &record);
}

enum err store_walk(struct store_txn *t, enum store_table table, uint64_t from_height,
                    store_visit visit, void *ctx)
{
    MDB_cursor *cursor = NULL;
    uint8_t from[8];
    be64_put(from, from_height);
    MDB_val key = {sizeof from, from}, value;
    bool seek = USES[table].height && from_height > 0;
    struct buf opened = {0};
    int code = store_fault("walk");
    if (code == 0)
        code = mdb_cursor_open(t->txn, t->store->dbi[table], &cursor);
    enum err e = E_OK;
    for (MDB_cursor_op op = seek ? MDB_SET_RANGE : MDB_FIRST; code == 0 && e == E_OK;
         op = MDB_NEXT) {
        code = mdb_cursor_get(cursor, &key, &value, op);
        if (code == 0)
            e = visit_record(t, table, key, value, &opened, visit, ctx);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    buf_free(&opened);
    if (e != E_OK)
        return e;
    return code == MDB_NOTFOUND ? E_OK : store_error(t->store, code);
}
