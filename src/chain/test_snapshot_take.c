/* Tests of taking snapshots: bytes changed on the way, takes interrupted, asked wrongly or out of
 * disk. Forged content: test_snapshot_forged.c. */
#include "chain/test_snapshot.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "crypto/sha256.h"
#include "store/tables.h"

TEST(every_flipped_byte_of_a_chunk_is_refused)
{
    struct made m;
    struct diag d = {""};
    struct snapshot_take *take;
    size_t flips = 0;
    snapshot_content_bytes = 2000;
    REQUIRE(made_begin(&m));
    struct snapshot_take_config config = snap_config(&m.snap, m.taken, LEDGER_STORE_KEY);
    CHECK_ERR(snapshot_take_begin(&take, &config, &d), E_OK);
    for (uint32_t i = 0; i < m.snap.count; i++) {
        char named[40];
        struct bytes chunk = m.snap.chunks[i];
        uint8_t *bad = mem_dup(chunk.data, chunk.len);
        snprintf(named, sizeof named, "chunk %u ", i);
        for (size_t k = 0; k < chunk.len; k++, flips++) {
            bad[k] ^= (uint8_t)(1 + test_random() % 255);
            CHECK_ERR(snapshot_take_chunk(take, i, bytes_of(bad, chunk.len), &d), E_CORRUPT);
            CHECK(strstr(d.text, named));
            bad[k] = chunk.data[k];
        }
        for (size_t cut = 1; cut <= chunk.len; cut += 1 + chunk.len / 50, flips++)
            CHECK_ERR(snapshot_take_chunk(take, i, bytes_of(bad, chunk.len - cut), &d), E_CORRUPT);
        struct bytes other = m.snap.chunks[(i + 1) % m.snap.count];
        CHECK_ERR(snapshot_take_chunk(take, i, other, &d), E_CORRUPT);
        CHECK_ERR(snapshot_take_chunk(take, i, chunk, &d), E_OK); /* as if nothing had happened */
        mem_free(bad);
    }
    CHECK_ERR(snapshot_take_end(take, &d), E_OK);
    snapshot_take_free(take);
    snap_audit(m.taken, LEDGER_STORE_KEY, 11);
    test_count(flips);
    made_end(&m);
    snapshot_content_bytes = SNAPSHOT_CONTENT_BYTES;
}

TEST(every_flipped_byte_of_a_manifest_is_refused)
{
    struct made m;
    struct diag d = {""};
    size_t flips = 0;
    REQUIRE(made_begin(&m));
    uint8_t *bad = mem_dup(m.snap.manifest.data, m.snap.manifest.len);
    struct snap s = m.snap;
    s.manifest.data = bad;
    for (size_t k = 0; k < s.manifest.len; k++, flips++) {
        bad[k] ^= (uint8_t)(1 + test_random() % 255);
        d.text[0] = 0;
        enum err e = snap_take(&s, m.taken, LEDGER_STORE_KEY, &d);
        CHECK(e == E_CORRUPT || e == E_VERSION || e == E_BLOCK);
        CHECK(d.text[0] && !snap_exists(m.taken) && !snap_exists(m.beside));
        bad[k] = m.snap.manifest.data[k];
    }
    for (size_t cut = 1; cut <= s.manifest.len; cut += 1 + cut / 8) {
        s.manifest.len = m.snap.manifest.len - cut;
        CHECK_ERR(snap_take(&s, m.taken, LEDGER_STORE_KEY, &d), E_CORRUPT);
    }
    mem_free(bad);
    CHECK_ERR(snap_take(&m.snap, m.taken, LEDGER_STORE_KEY, &d), E_OK);
    test_count(flips);
    made_end(&m);
}

static enum err note_finish(void *ctx, struct store_txn *t)
{
    enum err *answer = ctx;
    struct store_key key = {.name = bytes_str("note")};
    CHECK_ERR(store_put(t, TABLE_META, key, bytes_str("written with the end")), E_OK);
    return *answer;
}

TEST(a_take_asked_wrongly_refuses)
{
    struct made m;
    struct diag d = {""};
    struct snapshot_take *take;
    REQUIRE(made_begin(&m));
    struct snapshot_take_config config = snap_config(&m.snap, m.taken, LEDGER_STORE_KEY);
    config.head_hash.b[0] ^= 1; /* another block is trusted */
    CHECK_ERR(snapshot_take_begin(&take, &config, &d), E_BLOCK);
    CHECK(!snap_exists(m.beside));
    config.head_hash.b[0] ^= 1;
    config.genesis_opt = bytes_str("{}"); /* another genesis was set up */
    CHECK_ERR(snap_take_with(&m.snap, &config, &d), E_BLOCK);
    CHECK(strstr(d.text, "genesis"));
    config.genesis_opt = buf_view(&chain_genesis(m.l.chain)->text);

    CHECK_ERR(snapshot_take_begin(&take, &config, &d), E_OK);
    CHECK_ERR(snapshot_take_chunk(take, 1, m.snap.chunks[1], &d), E_INVALID);
    CHECK_ERR(snapshot_take_chunk(take, 0, m.snap.chunks[0], &d), E_OK);
    CHECK_ERR(snapshot_take_chunk(take, 0, m.snap.chunks[0], &d), E_INVALID);
    CHECK_ERR(snapshot_take_end(take, &d), E_INVALID);
    CHECK(strstr(d.text, "chunk 1"));
    for (uint32_t i = 1; i < m.snap.count; i++)
        CHECK_ERR(snapshot_take_chunk(take, i, m.snap.chunks[i], &d), E_OK);
    CHECK_ERR(snapshot_take_chunk(take, (uint32_t)m.snap.count, m.snap.chunks[0], &d), E_INVALID);
    CHECK(mkdir(m.taken, 0700) == 0); /* the place is taken, by a store for instance */
    char inside[620];
    snprintf(inside, sizeof inside, "%s/file", m.taken);
    CHECK(fclose(fopen(inside, "w")) == 0);
    CHECK_ERR(snapshot_take_end(take, &d), E_EXISTS);
    CHECK_ERR(snapshot_take_end(take, &d), E_EXISTS);
    snapshot_take_free(take);
    CHECK(snap_exists(inside) && !snap_exists(m.beside));
    CHECK(unlink(inside) == 0); /* an empty directory will do */

    enum err answer = E_LIMIT; /* what the caller adds fails, or is there with the rest */
    config.finish_opt = note_finish;
    config.finish_ctx = &answer;
    CHECK_ERR(snap_take_with(&m.snap, &config, &d), E_LIMIT);
    CHECK(!snap_exists(m.beside));
    answer = E_OK;
    CHECK_ERR(snap_take_with(&m.snap, &config, &d), E_OK);
    struct store *s = snap_open_store(m.taken, LEDGER_STORE_KEY);
    struct store_txn *t;
    struct buf note = {0}, marker = {0};
    CHECK_ERR(store_begin_read(s, &t), E_OK);
    CHECK_ERR(blocks_meta(t, "note", &note), E_OK);
    CHECK_ERR(blocks_meta(t, META_IMPORTING, &marker), E_NOT_FOUND);
    store_abort(t);
    store_close(s);
    buf_free(&note);
    made_end(&m);
}

/* A process that stops in the middle leaves a store that nothing opens as a chain; the next take
 * begins anew. */
TEST(an_interrupted_take_is_begun_again)
{
    struct made m;
    struct diag d = {""};
    snapshot_content_bytes = 2000;
    REQUIRE(made_begin(&m));
    for (size_t stop = 0; stop <= m.snap.count; stop += 1 + m.snap.count / 4) {
        pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            struct snapshot_take *take;
            struct snapshot_take_config config = snap_config(&m.snap, m.taken, SNAP_OTHER_KEY);
            if (snapshot_take_begin(&take, &config, &d) != E_OK)
                _exit(1);
            for (uint32_t i = 0; i < stop; i++)
                if (snapshot_take_chunk(take, i, m.snap.chunks[i], &d) != E_OK)
                    _exit(2);
            _exit(0);
        }
        int status = -1;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        CHECK(snap_exists(m.beside) && !snap_exists(m.taken));
        struct chain *c = NULL;
        struct chain_config config = {.store = snap_open_store(m.beside, SNAP_OTHER_KEY)};
        REQUIRE(config.store);
        enum err e = chain_open(&c, &config, &d);
        CHECK(e == E_CORRUPT || e == E_NOT_FOUND);
        CHECK(strstr(d.text, "did not end"));
        store_close(config.store);
    }
    CHECK_ERR(snap_take(&m.snap, m.taken, SNAP_OTHER_KEY, &d), E_OK);
    CHECK(!snap_exists(m.beside));
    snap_audit(m.taken, SNAP_OTHER_KEY, 11);
    made_end(&m);
    snapshot_content_bytes = SNAPSHOT_CONTENT_BYTES;
}

static int puts_left;

static int fail_put(const char *operation)
{
    return strcmp(operation, "put") == 0 && puts_left-- <= 0 ? ENOSPC : 0;
}

/* A full disk ends a take with its own code, wherever it is met; nothing is left of it. */
TEST(a_store_that_fails_ends_the_take)
{
    struct made m;
    struct diag d = {""};
    size_t fired = 0;
    REQUIRE(made_begin(&m));
    for (int puts = 1; puts < 200; puts += 1 + puts / 3, fired++) {
        struct snapshot_take *take;
        struct snapshot_take_config config = snap_config(&m.snap, m.taken, LEDGER_STORE_KEY);
        puts_left = puts;
        store_fault_hook = fail_put;
        enum err e = snapshot_take_begin(&take, &config, &d);
        CHECK_ERR(e, E_OK);
        for (uint32_t i = 0; i < m.snap.count && e == E_OK; i++)
            e = snapshot_take_chunk(take, i, m.snap.chunks[i], &d);
        store_fault_hook = NULL;
        CHECK_ERR(e, E_DISK_FULL);
        uint32_t next = snapshot_take_next(take);
        CHECK_ERR(snapshot_take_chunk(take, next, m.snap.chunks[0], &d), E_DISK_FULL);
        CHECK_ERR(snapshot_take_end(take, &d), E_DISK_FULL);
        CHECK(d.text[0]);
        snapshot_take_free(take);
        CHECK(!snap_exists(m.beside) && !snap_exists(m.taken));
    }
    CHECK(fired > 5);
    CHECK_ERR(snap_take(&m.snap, m.taken, LEDGER_STORE_KEY, &d), E_OK);
    made_end(&m);
}

TEST(a_full_chunk_fits_even_if_it_does_not_compress)
{
    struct buf content = {0}, chunk = {0}, again = {0};
    struct hash hash;
    for (size_t i = 0; i < SNAPSHOT_CONTENT_BYTES / 8; i++) {
        uint64_t word = test_random();
        buf_put(&content, &word, sizeof word);
    }
    CHECK_INT(content.len, SNAPSHOT_CONTENT_BYTES);
    sha256_once(&hash, content.data, content.len);
    chunk_pack(&chunk, buf_view(&content));
    CHECK(chunk.len > content.len && chunk.len <= LIMIT_SNAPSHOT_CHUNK_BYTES);
    CHECK_ERR(chunk_open(&again, buf_view(&chunk), &hash), E_OK);
    CHECK(bytes_eq(buf_view(&again), buf_view(&content)));
    buf_put_u8(&content, 0); /* more content than a chunk may have is not one */
    sha256_once(&hash, content.data, content.len);
    buf_clear(&again);
    buf_clear(&chunk);
    chunk_pack(&chunk, buf_view(&content));
    CHECK_ERR(chunk_open(&again, buf_view(&chunk), &hash), E_CORRUPT);
    CHECK(again.len == 0);
    buf_free(&content);
    buf_free(&chunk);
    buf_free(&again);
}
