/* A conversation with an engine that may say anything: requests, each behind its length (2 bytes),
 * to the application of a small network. Whatever comes, in whatever order: what is committed is
 * what was finalized, and a height is committed once. */
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/comet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char GENESIS[] =
    "{\"parvis\": 1, \"chainId\": 20260, \"timestamp\": 1700000000, \"gasLimit\": 30000000, "
    "\"engine\": {\"name\": \"solo\", \"proposer\": "
    "\"0x7777777777777777777777777777777777777777\"}, "
    "\"alloc\": {\"0x1a642f0e3c3af545e7acbd38b07251b3990914f1\": {\"balance\": "
    "\"1000000000000000000\"}}, "
    "\"services\": {\"members\": {\"validators\": [{\"name\": \"one\", \"operator\": "
    "\"0x7777777777777777777777777777777777777777\", \"key\": "
    "\"0xc0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\", \"power\": 10, "
    "\"node\": \"0xa0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0\"}, {\"name\": \"two\", "
    "\"operator\": \"0x7777777777777777777777777777777777777778\", \"key\": "
    "\"0xc1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1\", \"power\": 11, "
    "\"node\": \"0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"}]}}}";

static char dir[] = "/tmp/parvis-fuzz-XXXXXX";
static struct engine engine;
static struct comet comet;

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void finish(void)
{
    if (!engine.chain)
        return;
    outbox_free(comet.outbox);
    chain_close(engine.chain);
    engine.chain = NULL;
    pthread_cond_destroy(&comet.snapshot_due);
    pthread_mutex_destroy(&comet.snapshot_lock);
    pthread_mutex_destroy(&comet.lock);
    (void)nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void begin(void)
{
    static const uint8_t store_key[32] = "the key of a store for fuzzing.";
    static bool registered;
    struct genesis g;
    struct diag d = {""};
    struct store *store;
    log_set_level(LOG_ERROR);
    snprintf(dir, sizeof dir, "/tmp/parvis-fuzz-XXXXXX");
    ASSERT(mkdtemp(dir));
    ASSERT(genesis_parse(&g, bytes_str(GENESIS), &d) == E_OK);
    struct store_config config = {.dir = dir,
                                  .key32 = store_key,
                                  .create = true,
                                  .no_sync = true,
                                  .map_size_bytes = 1u << 28};
    ASSERT(store_open(&store, &config, &d) == E_OK && chain_create(store, &g, &d) == E_OK);
    genesis_free(&g);
    engine = (struct engine){.ops = &ENGINE_COMET};
    ASSERT(chain_open(&engine.chain, &(struct chain_config){.store = store}, &d) == E_OK);
    comet = (struct comet){.engine = &engine, .chain = engine.chain};
    comet.outbox = outbox_new(chain_pool(engine.chain));
    pthread_mutex_init(&comet.lock, NULL);
    pthread_mutex_init(&comet.snapshot_lock, NULL);
    pthread_cond_init(&comet.snapshot_due, NULL);
    engine.private_data = &comet;
    atomic_store(&comet.stopping, true); /* nobody waits for work */
    atomic_store(&engine.synced, engine.chain);
    if (!registered)
        (void)atexit(finish);
    registered = true;
}

/* What FinalizeBlock last answered. */
struct decided {
    bool is_set;
    struct hash app_hash;
};

static void answer(const struct abci_request *in, struct decided *decided, struct arena *a)
{
    struct abci_response out = {.kind = in->kind};
    struct buf encoded = {0};
    uint64_t before = chain_head(engine.chain).consensus_height;
    if (in->kind == ABCI_INSERT_TX) /* without threads */
        inbox_admit(chain_pool(engine.chain), in->insert_tx.tx);
    else
        comet_handle(&comet, in, &out, a);
    struct chain_head head = chain_head(engine.chain);
    if (in->kind == ABCI_FINALIZE_BLOCK && out.kind == ABCI_FINALIZE_BLOCK) {
        ASSERT(out.finalize_block.app_hash.len == sizeof decided->app_hash.b);
        ASSERT(out.finalize_block.tx_result_count == in->block.tx_count);
        memcpy(decided->app_hash.b, out.finalize_block.app_hash.data, sizeof decided->app_hash.b);
        decided->is_set = true;
    } else if (in->kind == ABCI_COMMIT && out.kind == ABCI_COMMIT) {
        ASSERT(decided->is_set && head.consensus_height == before + 1);
        ASSERT(hash_eq(&head.hash, &decided->app_hash));
        decided->is_set = false;
    } else {
        ASSERT(head.consensus_height == before);
        decided->is_set &= in->kind != ABCI_PREPARE_PROPOSAL && in->kind != ABCI_PROCESS_PROPOSAL;
    }
    abci_response_encode(&encoded, &out);
    buf_free(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decided decided = {0};
    struct arena a = {0};
    struct diag d = {""};
    if (!engine.chain)
        begin();
    while (size >= 2 && !atomic_load(&engine.failed)) {
        struct abci_request in;
        size_t len = (size_t)data[0] << 8 | data[1];
        if (len > size - 2)
            break;
        if (abci_request_decode(&a, &in, bytes_of(data + 2, len), &d) == E_OK &&
            in.kind != ABCI_ECHO && in.kind != ABCI_FLUSH) /* the server answers those */
            answer(&in, &decided, &a);
        arena_reset(&a);
        data += 2 + len;
        size -= 2 + len;
    }
    arena_free(&a);
    finish(); /* every conversation begins anew: it can be repeated */
    return 0;
}
