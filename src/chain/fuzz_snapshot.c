/* fuzz_snapshot: what a peer sends when this node takes a snapshot: manifests, chunks, and the
 * records inside, as far as a peer that forges manifests too can get them. The first byte chooses.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "chain/snapshot_take.h"
#include "chain/store_dir.h"
#include "crypto/keccak.h"
#include "crypto/sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store *store;
static char dir[] = "/tmp/fuzz_snapshot.XXXXXX";

static void remove_dir(void)
{
    store_close(store);
    store_dir_remove(dir);
}

/* One empty store for all inputs: what an input writes is never committed. */
static void open_store(void)
{
    static const uint8_t KEY[32] = {1};
    struct diag d;
    if (store)
        return;
    bool made = mkdtemp(dir) != NULL;
    ASSERT(made);
    struct store_config config = {.dir = dir, .key32 = KEY, .create = true, .no_sync = true};
    enum err e = store_open(&store, &config, &d);
    ASSERT(e == E_OK);
    atexit(remove_dir);
}

static void fuzz_manifest(struct bytes data)
{
    struct manifest m;
    struct buf again = {0};
    struct hash hash;
    uint64_t number;
    enum err e = manifest_decode(&m, data);
    ASSERT(e == E_OK || e == E_CORRUPT || e == E_VERSION);
    ASSERT(snapshot_manifest_block(data, &number, &hash) == e);
    if (e != E_OK)
        return;
    manifest_encode(&again, &m);
    ASSERT(bytes_eq(buf_view(&again), data));
    ASSERT(number == m.number && hash_eq(&hash, &m.head_hash));
    hash = manifest_chunk_hash(&m, m.chunk_count - 1);
    buf_free(&again);
}

/* The content of a chunk comes back, and no other bytes open as it. */
static void fuzz_chunk(struct bytes data)
{
    struct buf chunk = {0}, content = {0};
    struct hash hash;
    sha256_once(&hash, data.data, data.len);
    ASSERT(chunk_open(&content, data, &hash) != E_OK && content.len == 0);
    if (data.len > 8) { /* with a right sum before it */
        struct hash sum;
        buf_put(&chunk, data.data, data.len);
        sha256_once(&sum, data.data + 8, data.len - 8);
        memcpy(chunk.data, sum.b, 8);
        ASSERT(chunk_open(&content, buf_view(&chunk), &hash) != E_OK && content.len == 0);
        buf_clear(&chunk);
    }
    chunk_pack(&chunk, data);
    ASSERT(chunk_open(&content, buf_view(&chunk), &hash) == E_OK);
    ASSERT(bytes_eq(buf_view(&content), data));
    buf_free(&chunk);
    buf_free(&content);
}

/* The first block passes for the genesis', so that more of it is looked at. */
static struct hash first_block(struct bytes data)
{
    struct record_in r;
    bool too_long;
    size_t beside = 65 + 4 + 8 + 8;
    if (!record_next(&data, &r, &too_long) || r.content.len < beside)
        return (struct hash){{0}};
    return keccak256_of(bytes_of(r.content.data + beside, r.content.len - beside));
}

static void fuzz_records(enum snapshot_section section, struct bytes data)
{
    struct diag d = {""};
    open_store();
    struct snapshot_take s = {
        .store = store, .section = section, .rest = data, .d = &d, .manifest.number = 1000};
    s.recover = recover_new();
    s.state = statedb_build_new(7);
    s.genesis_hash = first_block(data);
    enum err e = store_begin_write(store, &s.txn);
    ASSERT(e == E_OK);
    if (section == SECTION_CODE) /* of a state without accounts */
        e = statedb_build_root(s.state, s.txn, &KECCAK_EMPTY_TRIE, &d);
    ASSERT(e == E_OK);
    e = take_records(&s);
    ASSERT(e == E_OK || e == E_BLOCK);
    ASSERT(e == E_OK || d.text[0]);
    ASSERT(s.rest.len <= data.len);
    store_abort(s.txn);
    recover_free(s.recover);
    statedb_build_free(s.state);
    buf_free(&s.genesis);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 1u << 20)
        return 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    switch (data[0]) {
    case 'M':
        fuzz_manifest(rest);
        break;
    case 'Z':
        fuzz_chunk(rest);
        break;
    case 'G':
        fuzz_records(SECTION_GENESIS, rest);
        break;
    case 'B':
        fuzz_records(SECTION_BLOCKS, rest);
        break;
    case 'S':
        fuzz_records(SECTION_STATE, rest);
        break;
    case 'C':
        fuzz_records(SECTION_CODE, rest);
        break;
    default:
        break;
    }
    return 0;
}
