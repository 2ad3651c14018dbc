/* bench_settle: readings settled per second on the whole ledger: signed submitDay transactions
 * through pool, engine, execution, trie and durable sealed blocks, in one process (no HTTP). Usage:
 * bench_settle [DAYS]   operations of 100 points at 96 steps a day (default 120 operation-days) */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "chain/pool.h"
#include "city/energy/energy.h"
#include "city/energy/readings.h"
#include "crypto/ecdsa.h"
#include "engine/engine.h"

#define CONSUMERS 90u
#define PRODUCERS 10u
#define POINTS (CONSUMERS + PRODUCERS)
#define STEPS 96u
#define START 1698796800u /* 2023-11-01, UTC */
#define FIRST_DAY 19662u

static struct arena arena;
static uint8_t organiser_key[32] = {[31] = 7};
static uint64_t nonce;

static _Noreturn void stop(const char *what, const struct diag *d)
{
    fprintf(stderr, "bench_settle: %s: %s\n", what, d->text);
    exit(1);
}

static uint64_t next_random(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/* One signed call of the energy service. */
static struct bytes call(const char *method, struct abi_value *args, uint64_t gas)
{
    const struct service *s = &ENERGY_SERVICE;
    const struct abi_entry *entry = NULL;
    struct buf input = {0};
    for (size_t i = 0; s->methods[i].line && !entry; i++)
        if (strcmp(service_method_entry(s, i)->name, method) == 0)
            entry = service_method_entry(s, i);
    ASSERT(entry);
    struct abi_value tuple = {.item = args, .count = entry->inputs.size};
    buf_put(&input, entry->selector, 4);
    abi_encode(&input, &entry->inputs, &tuple);
    struct tx t = {.type = TX_DYNAMIC_FEE,
                   .has_chain_id = true,
                   .chain_id = 20260,
                   .nonce = nonce++,
                   .gas_limit = gas,
                   .to = s->address,
                   .data = buf_view(&input)};
    ASSERT(tx_sign(&t, &arena, organiser_key) == E_OK);
    buf_free(&input);
    return t.raw;
}

static struct bytes create_operation(void)
{
    uint8_t site[32] = {1};
    struct abi_value args[] = {abi_u64(0),
                               abi_u64(START),
                               abi_u64(15),
                               abi_u64(1),
                               abi_bytes32(site),
                               abi_u64(1),
                               abi_u64(OPERATION_LEGAL_ORGANISER | OPERATION_RENEWABLE)};
    return call("createOperation", args, 1000000);
}

static struct bytes add_point(uint64_t operation, uint64_t index, const struct address *holder)
{
    uint8_t pseudonym[32] = {0}, site[32] = {1};
    bool producer = index >= CONSUMERS;
    be64_put(pseudonym, operation * 1000 + index + 1);
    struct abi_value args[] = {abi_u64(operation),
                               abi_bytes32(pseudonym),
                               abi_u64(producer),
                               abi_address(holder),
                               abi_u64(0),
                               abi_u64(START),
                               abi_u64(producer ? 9000 : 0),
                               abi_u64(producer ? 110000 : 0),
                               abi_u64(producer ? 200000 : 0),
                               abi_bytes32(site),
                               abi_u64(0),
                               abi_u64(1),
                               abi_u64(0),
                               abi_u64(0)};
    return call("addPoint", args, 1000000);
}

static struct bytes submit_day(uint64_t operation, uint64_t day)
{
    struct buf batch = {0};
    uint64_t wh[STEPS];
    readings_begin(&batch);
    for (size_t p = 0; p < POINTS; p++) {
        for (size_t t = 0; t < STEPS; t++)
            wh[t] = p < CONSUMERS ? 20 + next_random() % 400 : next_random() % 2500;
        readings_put(&batch, wh, STEPS);
    }
    struct abi_value args[] = {abi_u64(operation), abi_u64(day), abi_bytes(buf_view(&batch))};
    struct bytes raw = call("submitDay", args, 6000000);
    buf_free(&batch);
    return raw;
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
        enum err code = e->ops->submit(e, raw[i], &hash);
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
    struct bytes *raw = mem_zalloc(operations * (POINTS + 1) + days, sizeof *raw);
    struct engine engine = {.ops = &ENGINE_SOLO};
    struct address organiser;
    struct diag d = {0};
    char dir[] = "/tmp/parvis-bench-settle-XXXXXX", path[80];
    services_init();
    if (!mkdtemp(dir) || ecdsa_address(&organiser, organiser_key) != E_OK)
        stop("set-up", &d);
    engine.chain = open_chain(dir, &engine);
    if (engine.ops->start(&engine, &d) != E_OK)
        stop("engine", &d);
    for (size_t o = 1; o <= operations; o++) {
        raw[count++] = create_operation();
        for (size_t p = 0; p < POINTS; p++)
            raw[count++] = add_point(o, p, &organiser);
    }
    push(&engine, raw, count);
    size_t first = count;
    for (size_t i = 0; i < days; i++)
        raw[count++] = submit_day(1 + i / per_operation, FIRST_DAY + i % per_operation);
    double cpu = cpu_us();
    uint64_t start_us = clock_mono_us();
    push(&engine, raw + first, days);
    double elapsed_us = (double)(clock_mono_us() - start_us);
    cpu = cpu_us() - cpu;
    engine.ops->stop(&engine);
    check_settled(engine.chain, days);
    double readings = (double)days * POINTS * STEPS;
    printf("%-28s %8.2f million readings/s (%zu operation-days of %u x %u, durable; %.2f us of CPU "
           "per "
           "reading)\n",
           "on the whole ledger", readings / elapsed_us, days, POINTS, STEPS, cpu / readings);
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
