/* Tests of the store: round trips, order, wrong keys, damaged files, full map, full disk, locks,
 * and a fault at every operation. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static const uint8_t KEY[32] = "a key for tests, thirty-two long";
static const uint8_t OTHER_KEY[32] = "another key, also 32 bytes long.";

static struct store_config config_of(const char *dir)
{
    return (struct store_config){.dir = dir, .key32 = KEY};
}

static struct store *make(const char *dir)
{
    struct store_config config = config_of(dir);
    struct store *s = NULL;
    struct diag d = {""};
    config.create = true;
    if (store_open(&s, &config, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "create: %s", d.text);
    return s;
}

static struct store_key named(const char *name)
{
    return (struct store_key){.name = bytes_str(name)};
}

static struct store_key at(uint64_t height)
{
    return (struct store_key){.height = height};
}

/* put_one stores one record in its own transaction. */
static enum err put_one(struct store *s, enum store_table table, struct store_key key,
                        const char *value)
{
    struct store_txn *t;
    TRY(store_begin_write(s, &t));
    enum err e = store_put(t, table, key, bytes_str(value));
    if (e != E_OK) {
        store_abort(t);
        return e;
    }
    return store_commit(t);
}

/* value_is compares a record with text; text NULL: the record must be absent. */
static bool value_is(struct store *s, enum store_table table, struct store_key key,
                     const char *text)
{
    struct store_txn *t;
    struct buf out = {0};
    if (store_begin_read(s, &t) != E_OK)
        return false;
    enum err e = store_get(t, table, key, &out);
    store_abort(t);
    bool same = text ? e == E_OK && bytes_eq(buf_view(&out), bytes_str(text)) : e == E_NOT_FOUND;
    buf_free(&out);
    return same;
}

TEST(round_trip_and_reopen)
{
    const char *dir = test_tmpdir();
    struct store *s = make(dir);
    REQUIRE(s);
    CHECK_ERR(put_one(s, TABLE_META, named("a"), "one"), E_OK);
    CHECK_ERR(put_one(s, TABLE_META, named("a"), "two"), E_OK);
    CHECK_ERR(put_one(s, TABLE_BODY, at(7), ""), E_OK);
    CHECK_ERR(put_one(s, TABLE_NODE, (struct store_key){7, bytes_str("x")}, "node"), E_OK);
    CHECK(value_is(s, TABLE_META, named("a"), "two"));
    CHECK(value_is(s, TABLE_META, named("b"), NULL));
    CHECK(value_is(s, TABLE_FLAT, named("a"), NULL));
    store_close(s);

    struct store_config config = config_of(dir);
    struct diag d;
    REQUIRE(store_open(&s, &config, &d) == E_OK);
    CHECK(value_is(s, TABLE_META, named("a"), "two"));
    CHECK(value_is(s, TABLE_BODY, at(7), ""));
    CHECK(value_is(s, TABLE_NODE, (struct store_key){7, bytes_str("x")}, "node"));
    CHECK(value_is(s, TABLE_NODE, (struct store_key){8, bytes_str("x")}, NULL));

    struct store_txn *t;
    REQUIRE(store_begin_write(s, &t) == E_OK);
    CHECK_ERR(store_del(t, TABLE_META, named("a")), E_OK);
    CHECK_ERR(store_del(t, TABLE_META, named("a")), E_NOT_FOUND);
    CHECK_ERR(store_commit(t), E_OK);
    CHECK(value_is(s, TABLE_META, named("a"), NULL));

    struct store_stats stats;
    CHECK_ERR(store_stats(s, &stats), E_OK);
    CHECK_INT(stats.records[TABLE_META], 0);
    CHECK_INT(stats.records[TABLE_NODE], 1);
    CHECK(stats.used_bytes > 0 && stats.map_bytes == (uint64_t)64 << 30);
    CHECK_ERR(store_sync(s), E_OK);
    store_close(s);
}

TEST(hidden_names_reach_the_same_records)
{
    struct store *s = make(test_tmpdir());
    REQUIRE(s);
    uint8_t hidden[SEAL_NAME_BYTES];
    struct store_txn *t;
    struct buf out = {0};
    CHECK_ERR(put_one(s, TABLE_HISTORY, (struct store_key){3, bytes_str("name")}, "v"), E_OK);
    store_hide(s, hidden, bytes_str("name"));
    REQUIRE(store_begin_write(s, &t) == E_OK);
    CHECK_ERR(store_get_hidden(t, TABLE_HISTORY, 3, hidden, &out), E_OK);
    CHECK(bytes_eq(buf_view(&out), bytes_str("v")));
    CHECK_ERR(store_del_hidden(t, TABLE_HISTORY, 4, hidden), E_NOT_FOUND);
    CHECK_ERR(store_del_hidden(t, TABLE_HISTORY, 3, hidden), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
    CHECK(value_is(s, TABLE_HISTORY, (struct store_key){3, bytes_str("name")}, NULL));
    buf_free(&out);
    store_close(s);
}

struct walk {
    uint64_t heights[16];
    size_t count, broken;
    size_t stop_after;
};

static enum err note_record(void *ctx, const struct store_record *record)
{
    struct walk *w = ctx;
    w->heights[w->count++ % 16] = record->height;
    w->broken += record->error != E_OK && record->value.data == NULL;
    return w->stop_after && w->count == w->stop_after ? E_STOPPED : E_OK;
}

TEST(walk_goes_in_key_order_from_a_height)
{
    struct store *s = make(test_tmpdir());
    REQUIRE(s);
    static const uint64_t HEIGHTS[] = {5, 1, 300, 2, 70000};
    for (size_t i = 0; i < 5; i++)
        CHECK_ERR(put_one(s, TABLE_HEADER, at(HEIGHTS[i]), "h"), E_OK);
    struct store_txn *t;
    REQUIRE(store_begin_read(s, &t) == E_OK);
    struct walk all = {0}, some = {0}, stopped = {.stop_after = 2}, none = {0};
    CHECK_ERR(store_walk(t, TABLE_HEADER, 0, note_record, &all), E_OK);
    CHECK(all.count == 5 && all.heights[0] == 1 && all.heights[2] == 5 && all.heights[4] == 70000);
    CHECK_ERR(store_walk(t, TABLE_HEADER, 6, note_record, &some), E_OK);
    CHECK(some.count == 2 && some.heights[0] == 300);
    CHECK_ERR(store_walk(t, TABLE_HEADER, 0, note_record, &stopped), E_STOPPED);
    CHECK_INT(stopped.count, 2);
    CHECK_ERR(store_walk(t, TABLE_BODY, 0, note_record, &none), E_OK);
    CHECK_INT(none.count, 0);
    store_abort(t);
    store_close(s);
}

TEST(readers_see_the_state_at_their_beginning)
{
    struct store *s = make(test_tmpdir());
    REQUIRE(s);
    struct store_txn *t;
    struct buf out = {0};
    CHECK_ERR(put_one(s, TABLE_META, named("a"), "old"), E_OK);
    REQUIRE(store_begin_read(s, &t) == E_OK);
    CHECK(store_of(t) == s);
    CHECK_ERR(put_one(s, TABLE_META, named("a"), "new"), E_OK);
    CHECK_ERR(store_get(t, TABLE_META, named("a"), &out), E_OK);
    CHECK(bytes_eq(buf_view(&out), bytes_str("old")));
    CHECK_ERR(store_renew(t), E_OK);
    buf_clear(&out);
    CHECK_ERR(store_get(t, TABLE_META, named("a"), &out), E_OK);
    CHECK(bytes_eq(buf_view(&out), bytes_str("new")));
    store_abort(t);
    store_abort(NULL);
    buf_free(&out);
    store_close(s);
}

TEST(keys_and_passphrases_are_checked)
{
    const char *dir = test_tmpdir();
    struct store *s = make(dir);
    struct diag d;
    REQUIRE(s);
    store_close(s);
    struct store_config config = config_of(dir);
    config.key32 = OTHER_KEY;
    CHECK_ERR(store_open(&s, &config, &d), E_KEY);
    config.key32 = NULL;
    CHECK_ERR(store_open(&s, &config, &d), E_KEY);

    struct store_config phrase = {
        .dir = test_tmpdir(), .passphrase = "un deux trois", .create = true};
    REQUIRE(store_open(&s, &phrase, &d) == E_OK);
    CHECK_ERR(put_one(s, TABLE_META, named("a"), "one"), E_OK);
    store_close(s);
    phrase.create = false;
    phrase.passphrase = "un deux quatre";
    CHECK_ERR(store_open(&s, &phrase, &d), E_KEY);
    CHECK(strstr(d.text, "passphrase") != NULL);
    phrase.passphrase = "un deux trois";
    REQUIRE(store_open(&s, &phrase, &d) == E_OK);
    CHECK(value_is(s, TABLE_META, named("a"), "one"));
    store_close(s);
}

TEST(open_says_what_is_there)
{
    const char *dir = test_tmpdir();
    struct store_config config = config_of(dir);
    struct store *s;
    struct diag d;
    CHECK_ERR(store_open(&s, &config, &d), E_NOT_FOUND);
    s = make(dir);
    REQUIRE(s);
    store_close(s);
    config.create = true;
    CHECK_ERR(store_open(&s, &config, &d), E_EXISTS);
}

/* flip changes one byte of a file; twice gives it back. */
static void flip(const char *dir, const char *name, off_t offset)
{
    char path[4096];
    uint8_t byte = 0;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0 && pread(fd, &byte, 1, offset) == 1);
    byte ^= 1;
    CHECK(pwrite(fd, &byte, 1, offset) == 1);
    close(fd);
}

TEST(a_changed_head_file_is_noticed)
{
    const char *dir = test_tmpdir();
    struct store *s = make(dir);
    struct store_config config = config_of(dir);
    struct diag d;
    REQUIRE(s);
    store_close(s);
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/store.head", dir);
    REQUIRE(stat(path, &st) == 0);
    for (off_t i = 0; i < st.st_size; i++) {
        flip(dir, "store.head", i);
        enum err e = store_open(&s, &config, &d);
        if (e != E_CORRUPT && e != E_VERSION)
            test_fail(__FILE__, __LINE__, "byte %lld: %s", (long long)i, err_name(e));
        if (e == E_OK)
            store_close(s);
        flip(dir, "store.head", i);
    }
    REQUIRE(store_open(&s, &config, &d) == E_OK);
    store_close(s);
}

TEST(a_truncated_file_is_refused)
{
    const char *dir = test_tmpdir();
    struct store *s = make(dir);
    struct store_config config = config_of(dir);
    struct diag d;
    char path[4096], value[3000];
    struct stat st;
    REQUIRE(s);
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = 0;
    for (uint64_t i = 0; i < 40; i++)
        CHECK_ERR(put_one(s, TABLE_BODY, at(i), value), E_OK);
    store_close(s);
    snprintf(path, sizeof path, "%s/store.mdb", dir);
    REQUIRE(stat(path, &st) == 0);
    CHECK(st.st_size < (off_t)STORE_HEADROOM_BYTES); /* a clean close gives the headroom back */
    for (off_t size = st.st_size - 1; size >= 0; size -= size > 12000 ? 7777 : 977) {
        REQUIRE(truncate(path, size) == 0);
        CHECK_ERR(store_open(&s, &config, &d), E_CORRUPT);
        CHECK(strstr(d.text, "store.mdb") != NULL);
    }
    REQUIRE(truncate(path, 0) == 0);
    CHECK_ERR(store_open(&s, &config, &d), E_CORRUPT);
}

/* Every byte of one record, key, nonce, text and tag, is changed in turn. */
TEST(a_changed_record_is_noticed)
{
    const char *dir = test_tmpdir();
    struct store *s = make(dir);
    struct store_config config = config_of(dir);
    struct diag d;
    char path[4096], value[200];
    static uint8_t file[1 << 20];
    REQUIRE(s);
    for (uint64_t i = 0; i < 20; i++) {
        snprintf(value, sizeof value, "record number %d, with some text in it", (int)i);
        CHECK_ERR(put_one(s, TABLE_BODY, at(i), value), E_OK);
    }
    store_close(s);
    snprintf(path, sizeof path, "%s/store.mdb", dir);
    FILE *f = fopen(path, "rb");
    REQUIRE(f);
    size_t len = fread(file, 1, sizeof file, f);
    fclose(f);
    CHECK(memmem(file, len, "record number", 13) == NULL); /* nothing in clear */
    /* every copy of record 19, in the live page and in older ones */
    uint8_t key[8];
    size_t copies[64], count = 0;
    be64_put(key, 19);
    for (size_t i = 2; i + 8 <= len && count < 64; i++)
        if (memcmp(file + i, key, 8) == 0 && file[i - 2] == 8 && file[i - 1] == 0) /* key length */
            copies[count++] = i;
    REQUIRE(count > 0);
    size_t noticed = 0;
    for (size_t i = 0; i < 8 + 24 + strlen(value) + 16; i++) {
        struct walk w = {0};
        struct store_txn *t;
        for (size_t c = 0; c < count; c++)
            flip(dir, "store.mdb", (off_t)(copies[c] + i));
        REQUIRE(store_open(&s, &config, &d) == E_OK);
        REQUIRE(store_begin_read(s, &t) == E_OK);
        CHECK_ERR(store_walk(t, TABLE_BODY, 0, note_record, &w), E_OK);
        store_abort(t);
        store_close(s);
        CHECK_INT(w.count, 20);
        CHECK_INT(w.broken, 1);
        noticed += w.broken != 0;
        for (size_t c = 0; c < count; c++)
            flip(dir, "store.mdb", (off_t)(copies[c] + i));
    }
    test_count(noticed);
}

/* Any byte of the file: no open, check or walk may crash (a child process tells), and what is not a
 * value is caught by the structure check or changes nothing. */
static int look_at(const char *dir)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct store_config config = config_of(dir);
        struct store *s;
        struct store_txn *t;
        struct diag d;
        struct walk w = {0};
        config.read_only = true;
        enum err e = store_open(&s, &config, &d);
        if (e == E_OK)
            e = store_check_pages(s, &d);
        if (e == E_OK)
            e = store_begin_read(s, &t);
        for (enum store_table table = 0; e == E_OK && table < STORE_TABLE_COUNT; table++)
            e = store_walk(t, table, 0, note_record, &w);
        _exit(e != E_OK || w.broken ? 1 : 0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(a_damaged_structure_is_caught_before_it_is_followed)
{
    const char *dir = test_tmpdir();
    struct store *s = make(dir);
    struct diag d;
    char path[4096];
    static uint8_t big[9000];
    struct stat st;
    struct store_txn *t;
    REQUIRE(s);
    for (uint64_t round = 0; round < 4; round++) { /* branch pages, overflow pages, a free list */
        REQUIRE(store_begin_write(s, &t) == E_OK);
        for (uint64_t i = 0; i < 120; i++) {
            struct store_key key = {round, bytes_of(&i, sizeof i)};
            CHECK_ERR(store_put(t, TABLE_NODE, key, bytes_of(big, 60 + i)), E_OK);
            CHECK_ERR(store_put(t, TABLE_FLAT, key, bytes_of(big, 30)), E_OK);
        }
        CHECK_ERR(store_put(t, TABLE_BODY, at(round), bytes_of(big, sizeof big)), E_OK);
        CHECK_ERR(store_commit(t), E_OK);
        CHECK_ERR(store_check_pages(s, &d), E_OK);
    }
    store_close(s);
    CHECK_INT(look_at(dir), 0);
    snprintf(path, sizeof path, "%s/store.mdb", dir);
    REQUIRE(stat(path, &st) == 0);
    size_t caught = 0, crashed = 0;
    for (int i = 0; i < 600; i++) {
        /* half of the flips in page heads, where structure is */
        off_t page = (off_t)(test_random() % (uint64_t)(st.st_size / 4096)) * 4096;
        off_t offset = page + (off_t)(test_random() % (i % 2 ? 4096 : 64));
        flip(dir, "store.mdb", offset);
        int seen = look_at(dir);
        caught += seen == 1;
        crashed += seen < 0;
        if (seen < 0)
            printf("# byte %lld crashed\n", (long long)offset);
        flip(dir, "store.mdb", offset);
    }
    CHECK_INT(crashed, 0);
    CHECK(caught > 100);
    CHECK_INT(look_at(dir), 0);
    test_count(caught);
}

TEST(a_full_map_leaves_the_data)
{
    const char *dir = test_tmpdir();
    struct store_config config = config_of(dir);
    struct store *s;
    struct diag d;
    config.create = true;
    config.map_size_bytes = 1 << 20;
    REQUIRE(store_open(&s, &config, &d) == E_OK);
    CHECK_ERR(put_one(s, TABLE_META, named("a"), "kept"), E_OK);
    static uint8_t big[64 << 10];
    struct store_txn *t;
    enum err e = E_OK;
    REQUIRE(store_begin_write(s, &t) == E_OK);
    CHECK_ERR(store_put(t, TABLE_META, named("a"), bytes_str("lost")), E_OK);
    for (uint64_t i = 0; e == E_OK && i < 100; i++)
        e = store_put(t, TABLE_BODY, at(i), bytes_of(big, sizeof big));
    CHECK_ERR(e, E_MAP_FULL);
    CHECK_ERR(store_commit(t), E_MAP_FULL);
    CHECK(value_is(s, TABLE_META, named("a"), "kept"));
    CHECK(value_is(s, TABLE_BODY, at(0), NULL));
    CHECK_ERR(put_one(s, TABLE_META, named("a"), "still writable"), E_OK);
    store_close(s);
    config.create = false;
    REQUIRE(store_open(&s, &config, &d) == E_OK);
    CHECK(value_is(s, TABLE_META, named("a"), "still writable"));
    store_close(s);
}

TEST(a_full_disk_leaves_the_data)
{
    const char *dir = test_tmpdir();
    if (mount("none", dir, "tmpfs", 0, "size=1m") != 0)
        SKIP("a small tmpfs cannot be mounted here: %s", strerror(errno));
    char sub[4096];
    snprintf(sub, sizeof sub, "%s/store", dir);
    struct store *s = make(sub);
    if (s) {
        static uint8_t big[64 << 10];
        struct store_txn *t;
        CHECK_ERR(put_one(s, TABLE_META, named("a"), "kept"), E_OK);
        CHECK_ERR(store_begin_write(s, &t), E_OK);
        CHECK_ERR(store_put(t, TABLE_META, named("a"), bytes_str("lost")), E_OK);
        for (uint64_t i = 0; i < 40; i++)
            CHECK_ERR(store_put(t, TABLE_BODY, at(i), bytes_of(big, sizeof big)), E_OK);
        CHECK_ERR(store_commit(t), E_DISK_FULL);
        CHECK(value_is(s, TABLE_META, named("a"), "kept"));
        store_close(s);
        struct store_config config = config_of(sub);
        struct diag d;
        CHECK_ERR(store_open(&s, &config, &d), E_OK);
        CHECK(value_is(s, TABLE_META, named("a"), "kept"));
        CHECK(value_is(s, TABLE_BODY, at(0), NULL));
        store_close(s);
    }
    CHECK(umount(dir) == 0);
}

/* open_elsewhere opens the store in a child process and returns its error code. */
static int open_elsewhere(const char *dir, bool read_only)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct store_config config = config_of(dir);
        struct store *s;
        struct diag d;
        config.read_only = read_only;
        enum err e = store_open(&s, &config, &d);
        if (e == E_OK && read_only && !value_is(s, TABLE_META, named("a"), "one"))
            e = E_CORRUPT;
        if (e == E_OK)
            store_close(s);
        _exit(e);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(one_process_writes_others_may_read)
{
    const char *dir = test_tmpdir();
    struct store *s = make(dir), *again;
    struct store_config config = config_of(dir);
    struct diag d;
    REQUIRE(s);
    CHECK_ERR(put_one(s, TABLE_META, named("a"), "one"), E_OK);
    CHECK_ERR(open_elsewhere(dir, false), E_LOCKED);
    CHECK_ERR(open_elsewhere(dir, true), E_OK);
    CHECK_ERR(store_open(&again, &config, &d), E_LOCKED);
    config.read_only = true;
    CHECK_ERR(store_open(&again, &config, &d), E_LOCKED); /* twice in one process */
    CHECK_ERR(put_one(s, TABLE_META, named("a"), "two"), E_OK);
    store_close(s);
    config.read_only = false;
    REQUIRE(store_open(&s, &config, &d) == E_OK);
    CHECK(value_is(s, TABLE_META, named("a"), "two"));
    store_close(s);
}

/* --- a fault at every operation --------------------------------------------------------------- */

static int fault_code, faults_fired;
static long fault_countdown;

static int fail_nth(const char *operation)
{
    (void)operation;
    if (fault_countdown > 0 && --fault_countdown == 0) {
        faults_fired++;
        return fault_code;
    }
    return 0;
}

/* change replaces two records and adds and deletes others, all in one transaction. */
static enum err change(struct store *s, const char *value)
{
    struct store_txn *t;
    struct buf out = {0};
    TRY(store_begin_write(s, &t));
    enum err e = store_put(t, TABLE_META, named("a"), bytes_str(value));
    if (e == E_OK)
        e = store_get(t, TABLE_META, named("a"), &out);
    if (e == E_OK)
        e = store_put(t, TABLE_META, named("b"), bytes_str(value));
    if (e == E_OK)
        e = store_del(t, TABLE_CODE, named("c"));
    if (e == E_OK)
        e = store_put(t, TABLE_CODE, named("c"), bytes_str(value));
    buf_free(&out);
    if (e != E_OK) { /* even a caller that goes on must not get a part stored */
        enum err committed = store_commit(t);
        return committed == E_OK ? E_OK : e;
    }
    return store_commit(t);
}

TEST(after_a_fault_the_data_is_old_or_new)
{
    static const struct {
        int code;
        enum err expected;
    } FAULTS[] = {{ENOSPC, E_DISK_FULL}, {EIO, E_IO}};
    for (size_t f = 0; f < 2; f++) {
        struct store *s = make(test_tmpdir());
        REQUIRE(s);
        CHECK_ERR(put_one(s, TABLE_CODE, named("c"), "old"), E_OK);
        CHECK_ERR(change(s, "old"), E_OK);
        int before = faults_fired;
        for (long n = 1;; n++) {
            fault_code = FAULTS[f].code;
            fault_countdown = n;
            store_fault_hook = fail_nth;
            int fired = faults_fired;
            enum err e = change(s, "new");
            store_fault_hook = NULL;
            if (faults_fired == fired) {
                CHECK_ERR(e, E_OK);
                break;
            }
            const char *expected = "old";
            if (e == E_OK) /* only a failed read may go by unseen by the store */
                expected = "new";
            else
                CHECK_ERR(e, FAULTS[f].expected);
            CHECK(value_is(s, TABLE_META, named("a"), expected));
            bool whole = value_is(s, TABLE_META, named("b"), "old") &&
                         value_is(s, TABLE_CODE, named("c"), "old");
            CHECK(whole || e == E_OK);
            CHECK_ERR(change(s, "old"), E_OK);
        }
        CHECK(faults_fired - before >= 5);
        CHECK(value_is(s, TABLE_CODE, named("c"), "new"));
        store_close(s);
    }
}

TEST(an_open_that_fails_leaves_nothing)
{
    int before = faults_fired;
    for (long n = 1;; n++) {
        const char *dir = test_tmpdir();
        struct store_config config = config_of(dir);
        struct store *s = NULL;
        struct diag d;
        config.create = true;
        fault_code = ENOSPC;
        fault_countdown = n;
        store_fault_hook = fail_nth;
        int fired = faults_fired;
        enum err e = store_open(&s, &config, &d);
        store_fault_hook = NULL;
        if (faults_fired == fired) {
            CHECK_ERR(e, E_OK);
            store_close(s);
            break;
        }
        CHECK_ERR(e, E_DISK_FULL);
        CHECK_ERR(store_open(&s, &config, &d), E_OK); /* the directory can be used */
        store_close(s);
    }
    CHECK(faults_fired - before >= 2);
}

TEST(tables_have_names)
{
    CHECK_STR(store_table_name(TABLE_META), "meta");
    CHECK_STR(store_table_name(TABLE_TX_HASH), "tx_hash");
}
