/* bench_settle: readings settled per second on the whole ledger: signed submitDay transactions
 * through pool, engine, execution, trie and durable sealed blocks, in one process (no HTTP). Usage:
 * bench_settle [DAYS]   operations of 100 points at 96 steps a day (default 120 operation-days) */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "energy_calls.h"

#include "base/clock.h"
#include "chain/pool.h"
#include "city/service.h"
#include "crypto/ecdsa.h"
#include "engine/engine.h"

static struct arena arena;
static struct organiser organiser = {.key32 = {[31] = 7}, .chain_id = 20260};

static _Noreturn void stop(const char *what, const struct diag *d)
{
    fprintf(stderr, "bench_settle: %s: %s\n", what, d->text);
    exit(1);
}

static struct chain *open_chain(const char *dir, struct engine *engine)
{
    struct diag d = {0};
    struct genesis genesis;
    struct store *store;
    struct chain *chain;
    struct buf text = {0};
    uint8_t store_key[32] = {9};
    memset(engine->key32, 0x55, 32);
    if (ecdsa_address(&engine->address, engine->key32) != E_OK)
        stop("key", &d);
    buf_puts(&text,
             "{\"parvis\":1,\"chainId\":20260,\"timestamp\":1698796800,\"gasLimit\":500000000,"
             "\"engine\":{\"name\":\"solo\",\"proposer\":\"");
    buf_put_hex(&text, engine->address.b, 20);
    buf_puts(&text, "\"},\"alloc\":{}}");
    struct store_config config = {.dir = dir, .key32 = store_key, .create = true};
    if (genesis_parse(&genesis, buf_view(&text), &d) != E_OK ||
        store_open(&store, &config, &d) != E_OK || chain_create(store, &genesis, &d) != E_OK)
        stop("genesis", &d);
    struct chain_config chain_config = {.store = store};
    if (chain_open(&chain, &chain_config, &d) != E_OK)
        stop("open", &d);
    genesis_free(&genesis);
    buf_free(&text);
    return chain;
}

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return ((double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec) * 1e6 +
           (double)u.ru_utime.tv_usec + (double)u.ru_stime.tv_usec;
}

/* Submits and waits until all are in blocks. */
static void push(struct engine *e, const struct bytes *raw, size_t count)
{
    uint64_t target = chain_head(e->chain).tx_total + count;
    struct diag d = {0};
    for (size_t i = 0; i < count; i++) {
        struct hash hash;
        enum err code = e->ops->submit(e, raw[i], &hash, NULL);
        if (code != E_OK)
            stop(err_text(code), &d);
    }
    while (chain_head(e->chain).tx_total < target && !e->failed)
        usleep(200);
    if (e->failed)
        stop("engine", &e->failure);
}

/* Every submitted day must have settled: a refused one would be fast and prove nothing. */
static void check_settled(struct chain *chain, size_t days)
{
    struct chain_view *v;
    struct arena a = {0};
    struct diag d = {0};
    size_t settled = 0;
    if (chain_view_open(chain, &v) != E_OK)
        stop("view", &d);
    for (uint64_t n = 1; n <= chain_view_head(v); n++) {
        struct block b;
        if (chain_load_block(v, n, &a, true, &b) != E_OK)
            stop("block", &d);
        for (size_t i = 0; i < b.tx_count; i++)
            settled += b.txs[i].data.len > 5000 && b.receipts[i].success;
        arena_reset(&a);
    }
    chain_view_close(v);
    arena_free(&a);
    diag_set(&d, E_INVALID, "%zu of %zu days settled", settled, days);
    if (settled != days)
        stop("refused", &d);
}

int main(int argc, char **argv)
{
    size_t days = argc > 1 ? strtoul(argv[1], NULL, 10) : 120, per_operation = 30;
    size_t operations = (days + per_operation - 1) / per_operation, count = 0;
    struct bytes *raw = mem_zalloc(operations * (ENERGY_POINTS + 1) + days, sizeof *raw);
    struct engine engine = {.ops = &ENGINE_SOLO};
    struct diag d = {0};
    char dir[] = "/tmp/parvis-bench-settle-XXXXXX", path[80];
    services_init();
    if (!mkdtemp(dir) || ecdsa_address(&organiser.address, organiser.key32) != E_OK)
        stop("set-up", &d);
    engine.chain = open_chain(dir, &engine);
    if (engine.ops->start(&engine, &d) != E_OK)
        stop("engine", &d);
    for (size_t o = 1; o <= operations; o++) {
        raw[count++] = energy_create_operation(&organiser, &arena).raw;
        for (size_t p = 0; p < ENERGY_POINTS; p++)
            raw[count++] = energy_add_point(&organiser, &arena, o, p).raw;
    }
    push(&engine, raw, count);
    size_t first = count;
    for (size_t i = 0; i < days; i++)
        raw[count++] =
            energy_submit_day(&organiser, &arena, 1 + i / per_operation, i % per_operation).raw;
    double cpu = cpu_us();
    uint64_t start_us = clock_mono_us();
    push(&engine, raw + first, days);
    double elapsed_us = (double)(clock_mono_us() - start_us);
    cpu = cpu_us() - cpu;
    engine.ops->stop(&engine);
    check_settled(engine.chain, days);
    double readings = (double)days * ENERGY_POINTS * ENERGY_STEPS;
    printf("%-28s %8.2f million readings/s (%zu operation-days of %u x %u, durable; %.2f us of CPU "
           "per "
           "reading)\n",
           "on the whole ledger", readings / elapsed_us, days, ENERGY_POINTS, ENERGY_STEPS,
           cpu / readings);
    chain_close(engine.chain);
    static const char *const FILES[] = {"store.mdb", "store.mdb-lock", "store.lock", "store.head"};
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
        unlink(path);
    }
    rmdir(dir);
    arena_free(&arena);
    mem_free(raw);
    return 0;
}
