/* bench_chain: signed transfers through the pool and a chain in one process, on disk.
 *   bench_chain [--txs N] [--senders N] [--block N] [--words N] [--spin N] [--dir DIR] [--solo]
 *               [--no-sync] [--audit [--repeat N]]
 * By stages (default): add all, then blocks of at most --block transactions; prints the CPU time of
 * each stage per transaction, beside what signature recovery alone costs. --solo: two threads add
 * while the engine makes blocks; prints transactions per second and CPU per transaction.
 * --words, --spin: not transfers but calls of a contract that writes so many words of storage and
 * goes so many times through a loop of 14 instructions.
 * --audit: the chain is then audited, which executes every block again: N times block after block,
 * N times as by default (merging overlaps with execution where that is worth it: chain/replay.h),
 * in turns; prints the least of each. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "chain/audit.h"
#include "chain/pool.h"
#include "chain/replay.h"
#include "engine/engine.h"

#define ADDERS 2

struct bench {
    size_t txs, senders, block;
    size_t words, spin, repeat;
    const char *dir;
    bool solo, no_sync;
    struct chain *chain;
    uint8_t proposer_key[32];
    struct address proposer;
    uint8_t (*keys)[32];
    struct address *accounts;
    struct arena arena;
    struct bytes *raws;
};

/* Called with (key, words, spins): stores the gas left at key, key + 1 ...; then counts down. */
static const struct address CONTRACT = {{0xc1, [19] = 1}};
#define CONTRACT_CODE                                                    \
    "0x6020355f355b908015601a5760019003905a8155600101600556" /* words */ \
    "5b50506040355b801560315760019003808002506020565b00"     /* spins */

static void stop_on(enum err e, const char *what, const struct diag *d)
{
    if (e == E_OK)
        return;
    fprintf(stderr, "bench_chain: %s: %s %s\n", what, err_name(e), d ? d->text : "");
    exit(1);
}

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void make_accounts(struct bench *b)
{
    memset(b->proposer_key, 0x77, 32);
    stop_on(ecdsa_address(&b->proposer, b->proposer_key), "proposer", NULL);
    b->keys = mem_alloc(b->senders * sizeof *b->keys);
    b->accounts = mem_alloc(b->senders * sizeof *b->accounts);
    for (size_t i = 0; i < b->senders; i++) {
        memset(b->keys[i], 1, 32);
        be64_put(b->keys[i] + 8, i + 1);
        stop_on(ecdsa_address(&b->accounts[i], b->keys[i]), "account", NULL);
    }
}

static void make_chain(struct bench *b)
{
    struct buf text = {0};
    struct genesis g = {0};
    struct diag d = {""};
    buf_puts(&text, "{\"parvis\":1,\"chainId\":20260,\"timestamp\":1700000000,"
                    "\"gasLimit\":500000000,\"engine\":{\"name\":\"solo\",\"proposer\":\"");
    buf_put_hex(&text, b->proposer.b, 20);
    buf_puts(&text, "\"},\"services\":{\"money\":{\"quotaGas\":1000000000000}},\"alloc\":{");
    for (size_t i = 0; i < b->senders; i++) {
        buf_puts(&text, i ? ",\"" : "\"");
        buf_put_hex(&text, b->accounts[i].b, 20);
        buf_puts(&text, "\":{\"balance\":\"1000000000000000000\"}");
    }
    buf_puts(&text, ",\"");
    buf_put_hex(&text, CONTRACT.b, 20);
    buf_puts(&text, "\":{\"code\":\"" CONTRACT_CODE "\"}}}");
    stop_on(genesis_parse(&g, buf_view(&text), &d), "genesis", &d);
    buf_free(&text);
    static const uint8_t KEY[32] = "the key of a store of benchmarks";
    struct store_config config = {
        .dir = b->dir, .key32 = KEY, .create = true, .no_sync = b->no_sync};
    struct chain_config chain = {0};
    stop_on(store_open(&chain.store, &config, &d), "store", &d);
    stop_on(chain_create(chain.store, &g, &d), "create", &d);
    stop_on(chain_open(&b->chain, &chain, &d), "open", &d);
    genesis_free(&g);
}

/* as_call makes a transfer a call of the contract; data96 must live as long as the signing. */
static void as_call(const struct bench *b, struct tx *t, size_t from, uint8_t data96[96])
{
    memset(data96, 0, 96);
    be64_put(data96 + 16, from + 1); /* each sender has words of its own */
    be64_put(data96 + 32 + 24, b->words);
    be64_put(data96 + 64 + 24, b->spin);
    t->to = CONTRACT;
    t->data = bytes_of(data96, 96);
    t->gas_limit = 30000 + b->words * 22200 + b->spin * 60;
}

static void sign_all(struct bench *b)
{
    uint8_t data[96];
    b->raws = mem_alloc(b->txs * sizeof *b->raws);
    for (size_t i = 0; i < b->txs; i++) {
        size_t from = i % b->senders;
        struct tx t = {.type = TX_DYNAMIC_FEE,
                       .has_chain_id = true,
                       .chain_id = 20260,
                       .nonce = i / b->senders,
                       .gas_limit = 21000,
                       .to = b->accounts[(i * 7 + 1) % b->senders],
                       .value = u256_from_u64(1)};
        if (b->words || b->spin)
            as_call(b, &t, from, data);
        stop_on(tx_sign(&t, &b->arena, b->keys[from]), "sign", NULL);
        b->raws[i] = t.raw;
    }
}

/* recovery_us is the CPU time of one decoding and recovery: the floor of any node. */
static double recovery_us(struct bench *b)
{
    size_t n = b->txs < 2000 ? b->txs : 2000;
    struct arena a = {0};
    double begin = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < n; i++) {
        struct tx t;
        stop_on(tx_decode(&t, &a, b->raws[i]), "decode", NULL);
        stop_on(tx_recover(&t), "recover", NULL);
    }
    arena_free(&a);
    return (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e6 / (double)n;
}

/* --- by stages -------------------------------------------------------------------------------- */

static void line(const char *what, double cpu_s, double wall_s, size_t txs)
{
    printf("%-12s %8.2f us CPU/tx %8.2f us/tx\n", what, cpu_s * 1e6 / (double)txs,
           wall_s * 1e6 / (double)txs);
}

enum stage { STAGE_ADD, STAGE_PREPARE, STAGE_FINALIZE, STAGE_COMMIT, STAGE_COUNT };

struct clocks {
    double cpu[STAGE_COUNT], wall[STAGE_COUNT];
    double cpu_from, wall_from;
};

static void begin(struct clocks *c)
{
    c->cpu_from = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    c->wall_from = seconds_of(CLOCK_MONOTONIC);
}

static void end(struct clocks *c, enum stage stage)
{
    c->cpu[stage] += seconds_of(CLOCK_PROCESS_CPUTIME_ID) - c->cpu_from;
    c->wall[stage] += seconds_of(CLOCK_MONOTONIC) - c->wall_from;
}

static size_t one_block(struct bench *b, struct clocks *c)
{
    struct proposal p;
    const struct block *made;
    struct diag d = {""};
    struct ecdsa_signature seal;
    begin(c);
    chain_prepare(b->chain, &p, clock_unix_s(), CHAIN_BLOCK_BYTES);
    end(c, STAGE_PREPARE);
    begin(c);
    stop_on(chain_finalize(b->chain, &p, true, &made, &d), "finalize", &d);
    end(c, STAGE_FINALIZE);
    size_t count = made->tx_count;
    begin(c);
    stop_on(ecdsa_sign(&seal, &made->hash, b->proposer_key), "seal", NULL);
    stop_on(chain_commit(b->chain, &seal), "commit", NULL);
    end(c, STAGE_COMMIT);
    return count;
}

static void by_stages(struct bench *b)
{
    static const char *const NAMES[] = {"pool_add", "prepare", "finalize", "commit"};
    struct clocks c = {0};
    struct hash hash;
    double cpu = 0, wall = 0;
    for (size_t done = 0; done < b->txs;) {
        size_t to = done + b->block < b->txs ? done + b->block : b->txs;
        begin(&c);
        for (size_t i = done; i < to; i++)
            stop_on(pool_add(chain_pool(b->chain), b->raws[i], &hash, NULL), "pool_add", NULL);
        end(&c, STAGE_ADD);
        while (done < to)
            done += one_block(b, &c);
    }
    for (int s = 0; s < STAGE_COUNT; s++) {
        line(NAMES[s], c.cpu[s], c.wall[s], b->txs);
        cpu += c.cpu[s];
        wall += c.wall[s];
    }
    line("all", cpu, wall, b->txs);
}

/* --- solo ------------------------------------------------------------------------------------- */

struct adder {
    pthread_t thread;
    struct bench *bench;
    size_t number;
};

static void *add_slice(void *arg)
{
    struct adder *a = arg;
    struct bench *b = a->bench;
    struct hash hash;
    for (size_t i = 0; i < b->txs; i++) {
        if (i % b->senders % ADDERS != a->number)
            continue;
        enum err e;
        while ((e = pool_add(chain_pool(b->chain), b->raws[i], &hash, NULL)) == E_POOL_FULL)
            usleep(1000);
        stop_on(e, "pool_add", NULL);
    }
    return NULL;
}

static void with_engine(struct bench *b)
{
    struct engine e = {.ops = &ENGINE_SOLO, .chain = b->chain};
    struct adder adders[ADDERS];
    struct diag d = {""};
    memcpy(e.key32, b->proposer_key, 32);
    stop_on(e.ops->start(&e, &d), "start", &d);
    double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID), wall = seconds_of(CLOCK_MONOTONIC);
    for (size_t i = 0; i < ADDERS; i++) {
        adders[i] = (struct adder){.bench = b, .number = i};
        if (pthread_create(&adders[i].thread, NULL, add_slice, &adders[i]) != 0)
            exit(1);
    }
    for (size_t i = 0; i < ADDERS; i++)
        pthread_join(adders[i].thread, NULL);
    while (chain_head(b->chain).tx_total < b->txs && !e.failed)
        usleep(500);
    cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds_of(CLOCK_MONOTONIC) - wall;
    e.ops->stop(&e);
    if (e.failed)
        stop_on(E_STOPPED, "engine", &e.failure);
    line("solo", cpu, wall, b->txs);
    uint64_t blocks = chain_head(b->chain).number;
    printf("%.0f tx/s, %llu blocks, %.0f tx/block\n", (double)b->txs / wall,
           (unsigned long long)blocks, (double)b->txs / (double)blocks);
}

/* --- audit ------------------------------------------------------------------------------------ */

static void remove_dir(const char *dir)
{
    static const char *const FILES[] = {"store.mdb", "store.mdb-lock", "store.lock", "store.head"};
    char path[256];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
        unlink(path);
    }
    rmdir(dir);
}

struct least {
    double cpu, wall;
};

static void audit_once(struct bench *b, enum replay_mode mode, struct least *least)
{
    char scratch[] = "/tmp/bench-audit-XXXXXX";
    struct audit_report report;
    struct diag d = {""};
    if (!mkdtemp(scratch))
        exit(1);
    replay_mode = mode;
    double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID), wall = seconds_of(CLOCK_MONOTONIC);
    stop_on(audit_run(chain_store(b->chain), scratch, NULL, &report, &d), "audit", &d);
    cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds_of(CLOCK_MONOTONIC) - wall;
    remove_dir(scratch);
    if (least->wall == 0 || cpu < least->cpu)
        least->cpu = cpu;
    if (least->wall == 0 || wall < least->wall)
        least->wall = wall;
}

static void audit(struct bench *b)
{
    struct least in_turn = {0}, overlapped = {0};
    for (size_t i = 0; i < b->repeat; i++) {
        audit_once(b, REPLAY_IN_TURN, &in_turn);
        audit_once(b, REPLAY_AUTO, &overlapped);
    }
    uint64_t blocks = chain_head(b->chain).number;
    line("audit", in_turn.cpu, in_turn.wall, b->txs);
    line("overlapped", overlapped.cpu, overlapped.wall, b->txs);
    printf("%.0f and %.0f tx/s audited, %.2f and %.2f ms/block, %llu blocks\n",
           (double)b->txs / in_turn.wall, (double)b->txs / overlapped.wall,
           in_turn.wall * 1e3 / (double)blocks, overlapped.wall * 1e3 / (double)blocks,
           (unsigned long long)blocks);
}

static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return NULL;
}

static bool flag(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

static size_t number(int argc, char **argv, const char *name, size_t otherwise)
{
    const char *text = option(argc, argv, name);
    size_t n = text ? strtoull(text, NULL, 10) : otherwise;
    return n ? n : otherwise;
}

int main(int argc, char **argv)
{
    char made[] = "/tmp/bench-chain-XXXXXX";
    struct bench b = {.txs = number(argc, argv, "--txs", 40000),
                      .senders = number(argc, argv, "--senders", 1000),
                      .block = number(argc, argv, "--block", 5000),
                      .words = number(argc, argv, "--words", 0),
                      .spin = number(argc, argv, "--spin", 0),
                      .repeat = number(argc, argv, "--repeat", 1),
                      .dir = option(argc, argv, "--dir"),
                      .solo = flag(argc, argv, "--solo"),
                      .no_sync = flag(argc, argv, "--no-sync")};
    if (!b.dir)
        b.dir = mkdtemp(made);
    make_accounts(&b);
    make_chain(&b);
    sign_all(&b);
    line("recovery", recovery_us(&b) * 1e-6 * (double)b.txs, 0, b.txs);
    if (b.solo)
        with_engine(&b);
    else
        by_stages(&b);
    if (flag(argc, argv, "--audit"))
        audit(&b);
    struct store_stats stats;
    if (store_stats(chain_store(b.chain), &stats) == E_OK)
        printf("store        %8.1f bytes/tx\n", (double)stats.used_bytes / (double)b.txs);
    chain_close(b.chain);
    arena_free(&b.arena);
    mem_free(b.keys);
    mem_free(b.accounts);
    mem_free(b.raws);
    if (b.dir == made)
        remove_dir(made);
    return 0;
}
