/* JSON-RPC bodies against a small chain: one block with a transfer and an event, one waiting
 * transaction. The chain never changes but for what a body itself sends. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "chain/pool.h"
#include "city/service.h"
#include "engine/engine.h"
#include "rpc/rpc.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/parvis-fuzz-XXXXXX";
static struct engine engine;
static struct rpc *rpc;
static struct arena arena;

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void finish(void)
{
    rpc_stop(rpc);
    chain_close(engine.chain);
    arena_free(&arena);
    (void)nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void send(const uint8_t key[32], uint64_t nonce, const uint8_t *input, size_t len)
{
    struct hash hash;
    struct tx t = {.type = TX_DYNAMIC_FEE,
                   .has_chain_id = true,
                   .chain_id = 20260,
                   .nonce = nonce,
                   .gas_limit = 200000,
                   .data = bytes_of(input, len)};
    t.to = service_named("money")->address;
    ASSERT(tx_sign(&t, &arena, key) == E_OK);
    ASSERT(pool_add(chain_pool(engine.chain), t.raw, &hash, NULL) == E_OK);
}

static void make_block(void)
{
    struct proposal p;
    const struct block *b;
    struct diag d;
    struct ecdsa_signature seal;
    chain_prepare(engine.chain, &p, 1700000001, CHAIN_BLOCK_BYTES);
    ASSERT(p.tx_count == 1);
    ASSERT(chain_finalize(engine.chain, &p, true, &b, &d) == E_OK);
    ASSERT(ecdsa_sign(&seal, &b->hash, engine.key32) == E_OK);
    ASSERT(chain_commit(engine.chain, &seal) == E_OK);
}

static void begin(void)
{
    static const uint8_t store_key[32] = "the key of a store for fuzzing.";
    uint8_t key[32];
    struct address from;
    struct genesis g;
    struct buf text = {0};
    struct diag d;
    struct store *store;
    memset(key, 1, sizeof key);
    memset(engine.key32, 0x77, 32);
    ASSERT(mkdtemp(dir) && ecdsa_address(&from, key) == E_OK &&
           ecdsa_address(&engine.address, engine.key32) == E_OK);
    buf_puts(&text, "{\"parvis\": 1, \"chainId\": 20260, \"timestamp\": 1700000000, \"gasLimit\": "
                    "30000000, \"engine\": {\"name\": \"solo\", \"proposer\": \"");
    buf_put_hex(&text, engine.address.b, 20);
    buf_puts(&text, "\"}, \"alloc\": {\"");
    buf_put_hex(&text, from.b, 20);
    buf_puts(&text, "\": {\"balance\": \"1000000000000000000\"}}}");
    ASSERT(genesis_parse(&g, buf_view(&text), &d) == E_OK);
    struct store_config config = {.dir = dir, .key32 = store_key, .create = true, .no_sync = true};
    ASSERT(store_open(&store, &config, &d) == E_OK && chain_create(store, &g, &d) == E_OK);
    genesis_free(&g);
    buf_free(&text);
    struct chain_config chain = {.store = store};
    ASSERT(chain_open(&engine.chain, &chain, &d) == E_OK);
    engine.ops = &ENGINE_SOLO;
    rpc = rpc_open(&engine);
    (void)atexit(finish);
    uint8_t transfer[68] = {0xa9, 0x05, 0x9c, 0xbb, [35] = 1, [67] = 9};
    send(key, 0, transfer, sizeof transfer);
    make_block();
    send(key, 1, transfer, sizeof transfer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf reply = {0};
    if (!rpc)
        begin();
    rpc_handle(rpc, bytes_of(data, size), &reply);
    buf_free(&reply);
    return 0;
}
