/* bench_state: what a block costs in state: journal, trie, flat and node records, per changed
 * account, in CPU time. One line per state size; the store is written without fdatasync, so that
 * the figures are CPU and not disk. Usage: bench_state [CHANGES_PER_BLOCK] [BLOCKS] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/keccak.h"
#include "state/statedb.h"

/* CPU time of this process, the kernel's share included: stays true on a busy machine. */
static uint64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static const uint8_t bench_key[32] = {1};

struct bench {
    char dir[64];
    struct store *store;
    struct statedb *db;
    struct state *s;
    uint64_t height;
    uint64_t execute_us, apply_us, write_us, commit_us;
};

static void must(enum err e, const char *what)
{
    if (e == E_OK)
        return;
    fprintf(stderr, "bench_state: %s: %s\n", what, err_text(e));
    exit(1);
}

static struct address address_of(uint64_t i)
{
    struct address a;
    struct hash h = keccak256_of(bytes_of(&i, sizeof i));
    memcpy(a.b, h.b, sizeof a.b);
    return a;
}

static void commit(struct bench *b)
{
    struct store_txn *t;
    struct hash root;
    uint64_t t0 = cpu_us();
    must(statedb_apply(b->db, b->s, b->height + 1, &root), "apply");
    uint64_t t1 = cpu_us();
    must(store_begin_write(b->store, &t), "begin");
    must(statedb_write(b->db, t), "write");
    uint64_t t2 = cpu_us();
    must(store_commit(t), "commit");
    statedb_written(b->db);
    state_clear(b->s);
    uint64_t t3 = cpu_us();
    b->height++;
    b->apply_us += t1 - t0;
    b->write_us += t2 - t1;
    b->commit_us += t3 - t2;
}

/* One transfer as execution does it: payer's nonce, then the value. */
static void transfer(struct state *s, const struct address *from, const struct address *to)
{
    state_tx_begin(s);
    state_checkpoint(s);
    state_warm_address(s, from);
    state_warm_address(s, to);
    state_set_nonce(s, from, state_nonce(s, from) + 1);
    if (!state_transfer(s, from, to, u256_from_u64(1)))
        must(E_INVALID, "transfer");
    state_tx_end(s);
}

static void fill(struct bench *b, uint64_t accounts)
{
    for (uint64_t i = 0; i < accounts; i++) {
        struct address a = address_of(i);
        state_set_balance(b->s, &a, u256_from_u64(1000000));
        if (i % 20000 == 19999)
            commit(b);
    }
    commit(b);
}

static void run(uint64_t accounts, uint64_t changes, unsigned blocks)
{
    struct bench b = {.dir = "/tmp/parvis-bench-state-XXXXXX"};
    struct diag d = {0};
    if (!mkdtemp(b.dir))
        must(E_IO, b.dir);
    struct store_config config = {
        .dir = b.dir, .key32 = bench_key, .create = true, .no_sync = true};
    if (store_open(&b.store, &config, &d) != E_OK)
        must(E_IO, d.text);
    must(statedb_open(&b.db, b.store, &KECCAK_EMPTY_TRIE, 0, false), "open");
    b.s = state_new(statedb_reader(b.db));
    fill(&b, accounts);
    b.execute_us = b.apply_us = b.write_us = b.commit_us = 0;
    uint64_t random = 88172645463325252ULL;
    struct address *party = mem_zalloc(changes, sizeof *party);
    for (unsigned block = 0; block < blocks; block++) {
        for (uint64_t i = 0; i < changes; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            party[i] = address_of(random % accounts);
        }
        uint64_t t0 = cpu_us();
        for (uint64_t i = 0; i + 1 < changes; i += 2)
            transfer(b.s, &party[i], &party[i + 1]);
        b.execute_us += cpu_us() - t0;
        commit(&b);
    }
    struct store_stats stats;
    must(store_stats(b.store, &stats), "stats");
    double n = (double)changes * blocks;
    double all = (double)(b.execute_us + b.apply_us + b.write_us + b.commit_us);
    printf("%9" PRIu64 " %8" PRIu64 " %8.2f %8.2f %8.2f %8.2f %8.2f %10.1f\n", accounts, changes,
           (double)b.execute_us / n, (double)b.apply_us / n, (double)b.write_us / n,
           (double)b.commit_us / n, all / n, (double)stats.used_bytes / 1e6);
    mem_free(party);
    state_free(b.s);
    statedb_close(b.db);
    store_close(b.store);
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", b.dir);
    if (system(command) != 0)
        fprintf(stderr, "bench_state: %s was left behind\n", b.dir);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t changes = argc > 1 ? strtoull(argv[1], NULL, 10) : 5000;
    unsigned blocks = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 200;
    printf("us of CPU per changed account, %u blocks (pruning starts at block 129)\n", blocks);
    printf(" accounts  changes  execute    apply    write   commit      all   store MB\n");
    for (uint64_t accounts = 10000; accounts <= 1000000; accounts *= 10)
        run(accounts, changes, blocks);
    return 0;
}
