/* bench_ballots: a consultation on a chain in one process, on disk: how fast a node takes ballots.
 *   bench_ballots [--ballots N] [--answers N] [--threads N] [--dir DIR] [--no-sync]
 *   bench_ballots --audit-of DIR
 * N voters' ballots (one question of --answers, 3 by default; each from an account of its own) are
 * made and signed first. Then threads offer them (pool_add, which verifies) while the engine makes
 * blocks; prints ballots per second and microseconds per ballot, wall and CPU, until all stand in
 * blocks. The chain stays in DIR where one is given (an empty folder), and --audit-of, in a process
 * that has verified nothing yet, executes it again. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "belenios/ballot.h"
#include "belenios/trustees.h"
#include "chain/audit.h"
#include "chain/call.h"
#include "chain/pool.h"
#include "city/voting/verified.h"
#include "city/voting/voting.h"
#include "engine/engine.h"

#define THREADS_MAX 16
#define ROLL_CHUNK 1500u

static const uint8_t STORE_KEY[32] = "the key of a store of benchmarks";

enum { CLERK, REGISTRAR, TRUSTEE, STAFF };

struct bench {
    size_t ballots, answers, threads;
    const char *dir;
    bool no_sync;
    struct chain *chain;
    uint8_t keys[STAFF][32], proposer_key[32];
    struct address staff[STAFF], proposer;
    uint64_t nonces[STAFF];
    struct bel_election e;
    struct voter {
        struct ed_scalar x;
        uint8_t key32[32];
        struct bytes raw; /* the signed transaction */
    } * voters;
    struct arena arena;
};

static void stop_on(enum err e, const char *what, const struct diag *d)
{
    if (e == E_OK)
        return;
    fprintf(stderr, "bench_ballots: %s: %s %s\n", what, err_name(e), d ? d->text : "");
    exit(1);
}

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- threads over all voters ------------------------------------------------------------------ */

struct slice {
    pthread_t thread;
    struct bench *b;
    size_t number;
    struct arena arena;
    void (*each)(struct slice *s, size_t voter);
};

static void *run_slice(void *arg)
{
    struct slice *s = arg;
    for (size_t i = s->number; i < s->b->ballots; i += s->b->threads)
        s->each(s, i);
    return NULL;
}

static void over_all(struct bench *b, struct slice *slices, void (*each)(struct slice *s, size_t i))
{
    for (size_t i = 0; i < b->threads; i++) {
        slices[i].b = b;
        slices[i].number = i;
        slices[i].each = each;
        if (pthread_create(&slices[i].thread, NULL, run_slice, &slices[i]) != 0)
            exit(1);
    }
    for (size_t i = 0; i < b->threads; i++)
        pthread_join(slices[i].thread, NULL);
}

/* --- the chain -------------------------------------------------------------------------------- */

static void make_staff(struct bench *b)
{
    memset(b->proposer_key, 0x77, 32);
    stop_on(ecdsa_address(&b->proposer, b->proposer_key), "proposer", NULL);
    for (size_t i = 0; i < STAFF; i++) {
        memset(b->keys[i], (int)i + 1, 32);
        stop_on(ecdsa_address(&b->staff[i], b->keys[i]), "account", NULL);
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
    buf_puts(&text, "\"},\"services\":{\"money\":{\"quotaGas\":1000000000000},\"voting\":{"
                    "\"clerks\":[\"");
    buf_put_hex(&text, b->staff[CLERK].b, 20);
    buf_puts(&text, "\"]}},\"alloc\":{}}");
    stop_on(genesis_parse(&g, buf_view(&text), &d), "genesis", &d);
    buf_free(&text);
    struct store_config config = {
        .dir = b->dir, .key32 = STORE_KEY, .create = true, .no_sync = b->no_sync};
    struct chain_config chain = {0};
    stop_on(store_open(&chain.store, &config, &d), "store", &d);
    stop_on(chain_create(chain.store, &g, &d), "create", &d);
    stop_on(chain_open(&b->chain, &chain, &d), "open", &d);
    genesis_free(&g);
}

static void one_block(struct bench *b)
{
    struct proposal p;
    const struct block *made;
    struct diag d = {""};
    struct ecdsa_signature seal;
    chain_prepare(b->chain, &p, clock_unix_s(), CHAIN_BLOCK_BYTES);
    stop_on(chain_finalize(b->chain, &p, true, &made, &d), "finalize", &d);
    for (size_t i = 0; i < made->tx_count; i++)
        if (!made->receipts[i].success)
            stop_on(E_REVERT, "a transaction of the setup", NULL);
    stop_on(ecdsa_sign(&seal, &made->hash, b->proposer_key), "seal", NULL);
    stop_on(chain_commit(b->chain, &seal), "commit", NULL);
}

static const struct abi_entry *method(const char *name)
{
    for (size_t i = 0; i < service_method_count(&VOTING_SERVICE); i++)
        if (strcmp(service_method_entry(&VOTING_SERVICE, i)->name, name) == 0)
            return service_method_entry(&VOTING_SERVICE, i);
    abort();
}

/* Call data of a method, in the arena. */
static struct bytes call_data(struct arena *a, const char *name, struct abi_value *args)
{
    const struct abi_entry *m = method(name);
    struct buf data = {0};
    struct abi_value tuple = {.item = args, .count = m->inputs.size};
    buf_put(&data, m->selector, 4);
    abi_encode(&data, &m->inputs, &tuple);
    struct bytes copy = bytes_of(arena_dup(a, data.data, data.len), data.len);
    buf_free(&data);
    return copy;
}

static struct tx call_tx_of(struct bytes data, uint64_t nonce, uint64_t gas)
{
    return (struct tx){.type = TX_DYNAMIC_FEE,
                       .has_chain_id = true,
                       .chain_id = 20260,
                       .nonce = nonce,
                       .gas_limit = gas,
                       .to = VOTING_SERVICE.address,
                       .data = data};
}

static void send(struct bench *b, size_t from, const char *name, struct abi_value *args)
{
    struct hash hash;
    struct diag d = {""};
    struct tx t = call_tx_of(call_data(&b->arena, name, args), b->nonces[from]++, 16000000);
    stop_on(tx_sign(&t, &b->arena, b->keys[from]), "sign", NULL);
    stop_on(pool_add(chain_pool(b->chain), t.raw, &hash, &d), name, &d);
    one_block(b);
}

/* --- the consultation ------------------------------------------------------------------------- */

static struct bytes template_of(struct bench *b)
{
    struct buf out = {0};
    buf_puts(&out, "{\"description\":\"\",\"name\":\"Place\",\"questions\":[{\"answers\":[");
    for (size_t i = 0; i < b->answers; i++)
        buf_putf(&out, "%s\"answer %zu\"", i ? "," : "", i);
    buf_puts(&out, "],\"min\":1,\"max\":1,\"question\":\"Which one?\"}]}");
    struct bytes copy = bytes_of(arena_dup(&b->arena, out.data, out.len), out.len);
    buf_free(&out);
    return copy;
}

static void create(struct bench *b)
{
    uint64_t now_s = clock_unix_s();
    struct abi_value member = abi_address(&b->staff[TRUSTEE]);
    struct abi_value entry[] = {abi_u64(0), {.item = &member, .count = 1}};
    struct abi_value entries[] = {{.item = entry, .count = 2}};
    struct abi_value plan[] = {abi_bytes(template_of(b)),         abi_u64(now_s - 60),
                               abi_u64(now_s + 864000),           abi_u64(0),
                               abi_address(&b->staff[REGISTRAR]), {.item = entries, .count = 1}};
    send(b, CLERK, "create", (struct abi_value[]){{.item = plan, .count = 6}});
    struct bel_key_message m;
    struct ed_scalar secret;
    bel_single_make(&m, &secret, "aaaaaaaaaaaaaaaaaaaaaa");
    send(b, TRUSTEE, "postKey",
         (struct abi_value[]){abi_u64(1), abi_bytes(bytes_of(&m, sizeof m))});
}

static void make_voter(struct slice *s, size_t i)
{
    struct voter *v = &s->b->voters[i];
    v->x = ed_scalar_of(i + 1000);
    bel_credential_public(v->key32, &v->x);
}

static int compare_voters(const void *a, const void *b)
{
    const struct voter *x = a, *y = b;
    for (size_t i = 32; i-- > 0;)
        if (x->key32[i] != y->key32[i])
            return x->key32[i] < y->key32[i] ? -1 : 1;
    return 0;
}

static void add_voters(struct bench *b)
{
    struct buf keys = {0};
    for (size_t i = 0; i < b->ballots;) {
        buf_clear(&keys);
        for (size_t k = 0; k < ROLL_CHUNK && i < b->ballots; k++, i++)
            buf_put(&keys, b->voters[i].key32, 32);
        send(b, REGISTRAR, "addVoters",
             (struct abi_value[]){abi_u64(1), abi_bytes(buf_view(&keys)), {.count = 0}});
    }
    buf_free(&keys);
}

static void read_election(struct bench *b)
{
    struct chain_view *v;
    struct frame_result r = {0};
    struct abi_value out;
    struct diag d = {""};
    uint64_t gas;
    struct call_request request = {
        .to = VOTING_SERVICE.address,
        .data = call_data(&b->arena, "electionOf", (struct abi_value[]){abi_u64(1)})};
    stop_on(chain_view_open(b->chain, &v), "view", NULL);
    stop_on(chain_call(v, chain_view_head(v), &request, &b->arena, &r, &gas), "electionOf", NULL);
    chain_view_close(v);
    stop_on(abi_decode(&out, &b->arena, &method("electionOf")->outputs, r.output), "abi", NULL);
    stop_on(bel_election_read(&b->e, &b->arena, out.item[0].bytes, &d), "election", &d);
    bel_election_prepare(&b->e);
}

static void make_ballot(struct slice *s, size_t i)
{
    struct bench *b = s->b;
    struct voter *v = &b->voters[i];
    uint8_t choice[BEL_CIPHERTEXTS_MAX] = {0}, key[32] = {9};
    struct buf packed = {0};
    struct diag d = {""};
    struct arena scratch = {0};
    choice[i % b->answers] = 1;
    stop_on(bel_ballot_make(&packed, &b->e, &v->x, choice, &scratch, NULL, &d), "ballot", &d);
    struct tx t = call_tx_of(
        call_data(&scratch, "cast", (struct abi_value[]){abi_u64(1), abi_bytes(buf_view(&packed))}),
        0, 150000 + b->answers * 30000);
    be64_put(key + 8, i + 1);
    stop_on(tx_sign(&t, &scratch, key), "sign", NULL);
    v->raw = bytes_of(arena_dup(&s->arena, t.raw.data, t.raw.len), t.raw.len);
    arena_free(&scratch);
    buf_free(&packed);
}

/* --- measured --------------------------------------------------------------------------------- */

static void line(const char *what, double cpu_s, double wall_s, size_t ballots)
{
    printf("%-10s %8.1f us CPU/ballot %8.1f us/ballot %8.0f ballots/s\n", what,
           cpu_s * 1e6 / (double)ballots, wall_s * 1e6 / (double)ballots, (double)ballots / wall_s);
}

static void offer(struct slice *s, size_t i)
{
    struct hash hash;
    struct diag d = {""};
    enum err e;
    while ((e = pool_add(chain_pool(s->b->chain), s->b->voters[i].raw, &hash, &d)) == E_POOL_FULL)
        usleep(1000);
    stop_on(e, "pool_add", &d);
}

static void cast_all(struct bench *b, struct slice *slices)
{
    struct engine e = {.ops = &ENGINE_SOLO, .chain = b->chain};
    struct diag d = {""};
    uint64_t before = chain_head(b->chain).tx_total, first = chain_head(b->chain).number;
    memcpy(e.key32, b->proposer_key, 32);
    stop_on(e.ops->start(&e, &d), "start", &d);
    double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID), wall = seconds_of(CLOCK_MONOTONIC);
    over_all(b, slices, offer);
    double offered = seconds_of(CLOCK_MONOTONIC) - wall;
    while (chain_head(b->chain).tx_total < before + b->ballots && !e.failed)
        usleep(500);
    cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds_of(CLOCK_MONOTONIC) - wall;
    e.ops->stop(&e);
    if (e.failed)
        stop_on(E_STOPPED, "engine", &e.failure);
    line("cast", cpu, wall, b->ballots);
    uint64_t blocks = chain_head(b->chain).number - first;
    printf("offered in %.1f s, executed in %.1f s, %llu blocks, %llu ballots verified\n", offered,
           wall, (unsigned long long)blocks, (unsigned long long)verified_work());
}

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

static void audit_of(const char *dir)
{
    char scratch[] = "/tmp/bench-audit-XXXXXX";
    struct audit_report report;
    struct store_config config = {.dir = dir, .key32 = STORE_KEY};
    struct store *store;
    struct diag d = {""};
    if (!mkdtemp(scratch))
        exit(1);
    stop_on(store_open(&store, &config, &d), "store", &d);
    double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID), wall = seconds_of(CLOCK_MONOTONIC);
    stop_on(audit_run(store, scratch, NULL, &report, &d), "audit", &d);
    cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds_of(CLOCK_MONOTONIC) - wall;
    remove_dir(scratch);
    store_close(store);
    line("audit", cpu, wall, report.transactions);
    printf("%llu ballots verified\n", (unsigned long long)verified_work());
}

/* --- options ---------------------------------------------------------------------------------- */

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

static size_t number(int argc, char **argv, const char *name, size_t otherwise, size_t max)
{
    const char *text = option(argc, argv, name);
    size_t n = text ? strtoull(text, NULL, 10) : otherwise;
    return n == 0 ? otherwise : n < max ? n : max;
}

int main(int argc, char **argv)
{
    char made[] = "/tmp/bench-ballots-XXXXXX";
    static struct slice slices[THREADS_MAX];
    struct bench b = {.ballots = number(argc, argv, "--ballots", 5000, VOTING_VOTERS_MAX),
                      .answers = number(argc, argv, "--answers", 3, 100),
                      .threads = number(argc, argv, "--threads", 2, THREADS_MAX),
                      .dir = option(argc, argv, "--dir"),
                      .no_sync = flag(argc, argv, "--no-sync")};
    if (option(argc, argv, "--audit-of")) {
        audit_of(option(argc, argv, "--audit-of"));
        return 0;
    }
    if (!b.dir)
        b.dir = mkdtemp(made);
    b.voters = mem_zalloc(b.ballots, sizeof *b.voters);
    make_staff(&b);
    make_chain(&b);
    create(&b);
    over_all(&b, slices, make_voter);
    qsort(b.voters, b.ballots, sizeof *b.voters, compare_voters);
    double wall = seconds_of(CLOCK_MONOTONIC);
    add_voters(&b);
    line("roll", 0, seconds_of(CLOCK_MONOTONIC) - wall, b.ballots);
    send(&b, CLERK, "publish", (struct abi_value[]){abi_u64(1)});
    read_election(&b);
    wall = seconds_of(CLOCK_MONOTONIC);
    over_all(&b, slices, make_ballot);
    line("made", 0, seconds_of(CLOCK_MONOTONIC) - wall, b.ballots);
    cast_all(&b, slices);
    struct store_stats stats;
    if (store_stats(chain_store(b.chain), &stats) == E_OK)
        printf("store      %8.1f bytes/ballot\n", (double)stats.used_bytes / (double)b.ballots);
    chain_close(b.chain);
    bel_election_free(&b.e);
    for (size_t i = 0; i < b.threads; i++)
        arena_free(&slices[i].arena);
    arena_free(&b.arena);
    mem_free(b.voters);
    if (b.dir == made)
        remove_dir(made);
    return 0;
}
