/* bench_heartbeat: what a block without transactions adds to the ledger's store, once the window of
 * states that can be read is full. Prints one line of JSON. Usage: bench_heartbeat [BLOCKS] */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "city/service.h"
#include "crypto/ecdsa.h"
#include "engine/engine.h"

#define START_S 1698796800u
#define PERIOD_S 10u

static struct diag d;
static uint8_t key32[32] = {[31] = 7};

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "bench_heartbeat: %s: %s\n", what, d.text);
    exit(1);
}

static struct chain *make_chain(const char *dir)
{
    static const uint8_t store_key32[32] = {9};
    struct store_config store_config = {.dir = dir, .key32 = store_key32, .create = true};
    struct chain_config config = {0};
    struct genesis genesis;
    struct address proposer;
    struct chain *chain;
    struct buf text = {0};
    if (ecdsa_address(&proposer, key32) != E_OK)
        stop("key");
    buf_putf(&text,
             "{\"parvis\":1,\"chainId\":20260,\"timestamp\":%u,\"gasLimit\":500000000,"
             "\"engine\":{\"name\":\"solo\",\"proposer\":\"",
             START_S);
    buf_put_hex(&text, proposer.b, sizeof proposer.b);
    buf_puts(&text, "\"},\"alloc\":{}}");
    if (genesis_parse(&genesis, buf_view(&text), &d) != E_OK ||
        store_open(&config.store, &store_config, &d) != E_OK ||
        chain_create(config.store, &genesis, &d) != E_OK || chain_open(&chain, &config, &d) != E_OK)
        stop("chain");
    genesis_free(&genesis);
    buf_free(&text);
    return chain;
}

static void make_block(struct chain *chain, uint64_t time_s)
{
    struct proposal p;
    const struct block *b;
    struct ecdsa_signature seal;
    chain_prepare(chain, &p, time_s, CHAIN_BLOCK_BYTES);
    if (chain_finalize(chain, &p, true, &b, &d) != E_OK ||
        ecdsa_sign(&seal, &b->hash, key32) != E_OK || chain_commit(chain, &seal) != E_OK)
        stop("block");
}

static double stored_bytes(const char *dir)
{
    char path[80];
    struct stat st;
    snprintf(path, sizeof path, "%s/store.mdb", dir);
    if (stat(path, &st) != 0)
        stop(path);
    return (double)st.st_blocks * 512;
}

int main(int argc, char **argv)
{
    uint64_t blocks = argc > 1 ? strtoul(argv[1], NULL, 10) : 4000, warm = 4 * LIMIT_STATE_HISTORY;
    char dir[] = "/tmp/parvis-bench-heartbeat-XXXXXX", path[80];
    double before = 0;
    services_init();
    if (!blocks || !mkdtemp(dir))
        stop("set-up");
    struct chain *chain = make_chain(dir);
    for (uint64_t i = 1; i <= warm + blocks; i++) {
        make_block(chain, START_S + i * PERIOD_S);
        if (i == warm)
            before = stored_bytes(dir);
    }
    printf("{\"blocks\":%llu,\"bytes_per_block\":%.0f}\n", (unsigned long long)blocks,
           (stored_bytes(dir) - before) / (double)blocks);
    chain_close(chain);
    static const char *const FILES[] = {"store.mdb", "store.mdb-lock", "store.lock", "store.head"};
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
        unlink(path);
    }
    rmdir(dir);
    return 0;
}
