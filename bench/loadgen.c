/* loadgen: a JSON-RPC load generator for any Ethereum node, or for several of one chain.
 *
 * Signs transfers from many accounts beforehand (of coins; with --kind erc20 of a token that it
 * deploys first from the bytecode in --bytecode; with --kind day the readings of days, each account
 * an organiser with an operation of its own), sends them as eth_sendRawTransaction over HTTP
 * keep-alive from several connections, waits until all are in blocks, looks at receipts, and prints
 * one line of JSON: rates, latency percentiles, and the servers' CPU time per transaction.
 *
 * --port A,B,...   connections, each with its own accounts, are dealt to these nodes in turn; what
 *                  is said about the whole is asked of the first
 * --rate N         so many a second, evenly, from the time each was due; 0: as fast as they are
 * taken
 * --seconds N      no more are sent after that
 * --watch MS       looks for blocks every MS at each node: gives the latency from sending to being
 *                  in a block of the node it was sent to, and the time between blocks
 * --window N       with --watch: at most N on their way at once
 * --pid A,B,...    processes whose CPU time counts, told one by one too */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "energy_calls.h"
#include "load_options.h"
#include "load_send.h"
#include "load_watch.h"

#include "base/mem.h"
#include "city/service.h"
#include "crypto/ecdsa.h"

/* The token that erc20 transfers move; zero for coins. */
static struct address token;

static struct prepared prepare_coins(const struct sender *from, uint64_t nonce,
                                     const struct address *to, struct u256 value)
{
    return prepare(from, nonce, &(struct tx){.gas_limit = 21000, .to = *to, .value = value});
}

/* transfer(to, value) of the token. */
static struct prepared prepare_tokens(const struct sender *from, uint64_t nonce,
                                      const struct address *to, struct u256 value)
{
    uint8_t data[4 + 32 + 32] = {0xa9, 0x05, 0x9c, 0xbb};
    memcpy(data + 4 + 12, to->b, sizeof to->b);
    u256_to_be(data + 36, value);
    /* a first receipt costs 51 600 */
    struct tx what = {.gas_limit = 65000, .to = token, .data = bytes_of(data, sizeof data)};
    return prepare(from, nonce, &what);
}

static struct prepared prepare_transfer(const struct sender *from, uint64_t nonce,
                                        const struct address *to, struct u256 value)
{
    return (address_is_zero(&token) ? prepare_coins : prepare_tokens)(from, nonce, to, value);
}

static void deploy_token(struct sender *funder)
{
    char text[2 * 49152 + 4];
    struct buf code = {0};
    FILE *f = options.bytecode ? fopen(options.bytecode, "r") : NULL;
    size_t len = f ? fread(text, 1, sizeof text, f) : 0;
    if (f)
        fclose(f);
    while (len && text[len - 1] == '\n')
        len--;
    if (!len || hex_decode_buf(&code, text, len) != E_OK)
        die("--kind erc20 needs --bytecode FILE, in hexadecimal", options.bytecode);
    struct worker w = {.count = 1, .requests = mem_zalloc(1, sizeof(struct prepared))};
    struct tx what = {.gas_limit = 10000000, .is_create = true, .data = buf_view(&code)};
    w.requests[0] = prepare(funder, funder->nonce, &what);
    struct hash hash = w.requests[0].hash;
    struct address created = tx_create_address(&funder->address, funder->nonce);
    send_and_wait(&w, funder, "the token could not be deployed");
    if (!receipt_ok(&hash))
        die("the token's creation failed", NULL);
    token = created;
    buf_free(&code);
}

static struct organiser organiser_of(const struct sender *s, uint64_t nonce)
{
    struct organiser o = {.address = s->address, .chain_id = options.chain_id, .nonce = nonce};
    memcpy(o.key32, s->key, sizeof o.key32);
    return o;
}

/* Each account makes an operation and registers its points. The chain is new: they count from 1. */
static void found_operations(struct sender *accounts)
{
    struct arena arena = {0};
    services_init();
    ask_nonces(accounts, options.accounts);
    for (uint64_t i = 0; i < options.accounts; i++) {
        struct sender s = accounts[i];
        struct organiser o = organiser_of(&s, s.nonce);
        struct tx t = energy_create_operation(&o, &arena);
        s.node = options.nodes;
        struct worker one = {.count = 1, .requests = mem_zalloc(1, sizeof(struct prepared))};
        one.requests[0] = prepare_signed(&t, s.node);
        send_and_wait(&one, &s, "an operation could not be made");
        if (!receipt_ok(&t.hash))
            die("an operation could not be made", "is the chain new?");
        accounts[i].operation = i + 1;
        struct worker points = {.count = ENERGY_POINTS};
        points.requests = mem_zalloc(points.count, sizeof *points.requests);
        for (size_t p = 0; p < points.count; p++) {
            t = energy_add_point(&o, &arena, i + 1, p);
            points.requests[p] = prepare_signed(&t, s.node);
        }
        send_and_wait(&points, &s, "the points could not be registered");
        arena_reset(&arena);
    }
    arena_free(&arena);
}

/* Deploys the token if one is asked for, and gives every account what it will send. */
static void fund(struct sender *accounts)
{
    struct sender funder = {.node = options.nodes};
    struct u256 amount;
    memcpy(funder.key, options.funder_key, 32);
    if (ecdsa_address(&funder.address, funder.key) != E_OK ||
        u256_parse_units(&amount, "1", 18) != E_OK)
        die("not a valid funder key", NULL);
    ask_nonces(&funder, 1);
    if (strcmp(options.kind, "erc20") == 0)
        deploy_token(&funder);
    if (strcmp(options.kind, "day") == 0) {
        found_operations(accounts);
        return;
    }
    struct worker w = {.count = options.accounts};
    w.requests = mem_zalloc(w.count, sizeof *w.requests);
    for (size_t i = 0; i < w.count; i++)
        w.requests[i] = prepare_transfer(&funder, funder.nonce + i, &accounts[i].address, amount);
    send_and_wait(&w, &funder, "the accounts could not be funded");
}

/* Fills the pool with transactions that cannot be taken: their senders' first nonce never comes. */
static void fill_pool(void)
{
    static const struct address nowhere = {{1}};
    uint64_t per_sender = 1000;
    struct worker w = {.count = options.waiting};
    struct sender from = {.node = options.nodes};
    w.node = from.node;
    w.requests = mem_zalloc(w.count + 1, sizeof *w.requests);
    for (uint64_t i = 0; i < options.waiting; i++) {
        if (i % per_sender == 0)
            derive_key(from.key, "waiting", i / per_sender);
        w.requests[i] = prepare_coins(&from, i % per_sender + 1, &nowhere, U256_ZERO);
    }
    run_workers(&w, 1);
    if (w.refused)
        die("the node refused transactions that must wait", w.first_error);
    for (uint64_t i = 0; i < options.waiting; i++)
        mem_free(w.requests[i].data);
    mem_free(w.requests);
    mem_free(w.latency_ms);
}

/* --- figures ---------------------------------------------------------------------------------- */

static double cpu_s(uint64_t pid)
{
    char path[64], text[2048];
    snprintf(path, sizeof path, "/proc/%" PRIu64 "/stat", pid);
    FILE *f = pid ? fopen(path, "r") : NULL;
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    unsigned long user = 0, system = 0;
    char *after = strrchr(text, ')');
    if (after)
        sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Gives every connection its own accounts, so that nonces arrive in order. */
static void prepare_all(struct worker *w, struct sender *accounts)
{
    uint64_t per_account = (options.transfers + options.accounts - 1) / options.accounts, total = 0;
    bool days = strcmp(options.kind, "day") == 0;
    struct arena arena = {0};
    for (uint64_t c = 0; c < options.connections; c++)
        w[c].requests = mem_zalloc((options.accounts / options.connections + 1) * per_account,
                                   sizeof(struct prepared));
    for (uint64_t k = 0; k < per_account; k++) {
        for (uint64_t i = 0; i < options.accounts && total < options.transfers; i++, total++) {
            uint8_t key[32];
            struct address to;
            struct worker *worker = &w[i % options.connections];
            struct prepared *p = &worker->requests[worker->count++];
            uint64_t nonce = accounts[i].first_nonce + k;
            if (days) {
                struct organiser o = organiser_of(&accounts[i], nonce);
                struct tx t = energy_submit_day(&o, &arena, accounts[i].operation, k);
                *p = prepare_signed(&t, accounts[i].node);
                arena_reset(&arena);
                continue;
            }
            derive_key(key, "recipient", (i * 7919 + k * 104729) % options.recipients);
            memcpy(to.b, key + 12, 20);
            *p = prepare_transfer(&accounts[i], nonce, &to, u256_from_u64(1));
        }
    }
    arena_free(&arena);
}

static struct watch *start_watch(struct worker *w, uint64_t head)
{
    if (!options.watch_ms)
        return NULL;
    struct watch *watch =
        watch_new(options.nodes, options.node_count, (unsigned)options.watch_ms, options.transfers);
    for (uint64_t c = 0; c < options.connections; c++)
        for (size_t i = 0; i < w[c].count; i++) {
            struct prepared *p = &w[c].requests[i];
            p->voyage.under_way = &w[c].under_way;
            watch_add(watch, (size_t)(w[c].node - options.nodes), &p->hash, &p->voyage);
        }
    watch_start(watch, head);
    return watch;
}

/* How many of what was sent are in blocks. */
static uint64_t count_mined(struct sender *accounts, struct watch *watch)
{
    uint64_t mined = 0;
    if (watch)
        return watch_seen(watch);
    ask_nonces(accounts, options.accounts);
    for (uint64_t i = 0; i < options.accounts; i++)
        mined += accounts[i].nonce - accounts[i].first_nonce;
    return mined;
}

static float percentile(const float *sorted, size_t count, unsigned percent)
{
    return count ? sorted[(count - 1) * percent / 100] : 0;
}

/* Latencies until a transaction was seen in a block. */
static void print_watched(const struct worker *w, struct watch *watch)
{
    size_t count = 0;
    double median_ms, max_ms;
    float *latency = mem_zalloc(options.transfers + 1, sizeof *latency);
    for (uint64_t c = 0; c < options.connections; c++)
        for (size_t i = 0; i < w[c].sent; i++) {
            struct voyage *v = &w[c].requests[i].voyage;
            if (atomic_load(&v->seen_us))
                latency[count++] =
                    (float)(atomic_load(&v->seen_us) - atomic_load(&v->sent_us)) / 1e3f;
        }
    qsort(latency, count, sizeof *latency, compare_floats);
    watch_intervals(watch, &median_ms, &max_ms);
    printf("\"latency_median_ms\":%.1f,\"latency_p99_ms\":%.1f,\"interval_median_ms\":%.1f,"
           "\"interval_max_ms\":%.1f,",
           (double)percentile(latency, count, 50), (double)percentile(latency, count, 99),
           median_ms, max_ms);
    mem_free(latency);
}

struct figures {
    double accept_s, mined_s, cpu_s[PIDS_MAX];
    uint64_t mined, blocks;
};

static void print_figures(const struct worker *w, const struct figures *f, struct watch *watch)
{
    uint64_t accepted = 0, refused = 0, seen = 0, good = 0;
    size_t count = 0, bytes = 0;
    double server_cpu_s = 0, mined_per_s = (double)f->mined / f->mined_s;
    float *latency = mem_zalloc(options.transfers + 1, sizeof *latency);
    for (uint64_t c = 0; c < options.connections; c++) {
        accepted += w[c].accepted;
        refused += w[c].refused;
        memcpy(latency + count, w[c].latency_ms, w[c].sent * sizeof *latency);
        count += w[c].sent;
        for (size_t i = 0; i < w[c].sent; i++)
            bytes += w[c].requests[i].raw_len;
        for (size_t k = 0; k < 5 && w[c].sent; k++, seen++)
            good += receipt_ok(&w[c].requests[(w[c].sent - 1) * (k + 1) / 5].hash);
    }
    qsort(latency, count, sizeof *latency, compare_floats);
    printf("{\"label\":\"%s\",\"sent\":%zu,\"accepted\":%" PRIu64 ",\"refused\":%" PRIu64
           ",\"mined\":%" PRIu64 ",\"accept_s\":%.3f,\"mined_s\":%.3f,\"accepted_per_s\":%.0f,"
           "\"mined_per_s\":%.*f,\"blocks\":%" PRIu64 ",\"request_p50_ms\":%.2f,"
           "\"request_p99_ms\":%.2f,\"receipts_seen\":%" PRIu64 ",\"receipts_ok\":%" PRIu64 ",",
           options.label, count, accepted, refused, f->mined, f->accept_s, f->mined_s,
           (double)accepted / f->accept_s, mined_per_s < 100, mined_per_s, f->blocks,
           (double)percentile(latency, count, 50), (double)percentile(latency, count, 99), seen,
           good);
    if (watch)
        print_watched(w, watch);
    printf("\"bytes_per_tx\":%.1f,", count ? (double)bytes / (double)count : 0);
    printf("\"server_cpu_each_s\":[");
    for (size_t i = 0; i < options.pid_count; i++) {
        printf("%s%.2f", i ? "," : "", f->cpu_s[i]);
        server_cpu_s += f->cpu_s[i];
    }
    printf("],\"server_cpu_s\":%.2f,\"server_cpu_us_per_tx\":%.1f}\n", server_cpu_s,
           f->mined ? server_cpu_s * 1e6 / (double)f->mined : 0.0);
    mem_free(latency);
    if (good != seen || f->mined != accepted)
        exit(1);
}

/* Sends everything, waits until it is in blocks. */
static void measure(struct worker *w, struct sender *accounts)
{
    static struct figures f;
    uint64_t first_block = rpc_quantity("eth_blockNumber"), accepted = 0;
    struct watch *watch = start_watch(w, first_block);
    for (size_t i = 0; i < options.pid_count; i++)
        f.cpu_s[i] = -cpu_s(options.pids[i]);
    double start = now_s();
    run_workers(w, options.connections);
    f.accept_s = now_s() - start;
    for (uint64_t c = 0; c < options.connections; c++)
        accepted += w[c].accepted;
    while ((f.mined = count_mined(accounts, watch)) < accepted &&
           now_s() - start < (double)options.timeout_s)
        usleep(watch ? 1000 : 20000);
    f.mined_s = now_s() - start;
    for (size_t i = 0; i < options.pid_count; i++)
        f.cpu_s[i] += cpu_s(options.pids[i]);
    f.blocks = rpc_quantity("eth_blockNumber") - first_block;
    if (watch)
        watch_stop(watch);
    print_figures(w, &f, watch);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    options.chain_id = rpc_quantity("eth_chainId");
    struct sender *accounts = mem_zalloc(options.accounts, sizeof *accounts);
    for (uint64_t i = 0; i < options.accounts; i++) {
        accounts[i].node = &options.nodes[i % options.connections % options.node_count];
        derive_key(accounts[i].key, "account", i);
        if (ecdsa_address(&accounts[i].address, accounts[i].key) != E_OK)
            die("cannot derive an account", NULL);
    }
    fund(accounts);
    ask_nonces(accounts, options.accounts);
    for (uint64_t i = 0; i < options.accounts; i++)
        accounts[i].first_nonce = accounts[i].nonce;
    struct worker *w = mem_zalloc(options.connections, sizeof *w);
    for (uint64_t c = 0; c < options.connections; c++) {
        w[c].index = c;
        w[c].of = options.connections;
        w[c].node = &options.nodes[c % options.node_count];
    }
    prepare_all(w, accounts);
    if (options.waiting)
        fill_pool();
    wait_for_all();
    measure(w, accounts);
    return 0;
}
