/* abci_nop: an application for CometBFT that does nothing, to know what ordering alone costs.
 *
 * usage: abci_nop SOCKET [--bundle] [--rate N] [--bytes N] [--window N] [--retain N]
 *
 * Serves ABCI on SOCKET for an engine with mempool.type = "app". --rate N makes N transactions a
 * second of --bytes bytes (250) from the first block on. What is gossiped is a unit: a transaction,
 * or with --bundle as many as fit 64 KiB. With --bundle, a block is units in a row, as the engine's
 * only transaction. Nothing is checked or executed; the application's hash counts transactions.
 * --window N makes none while N made here are in no block yet. --retain N tells the engine to keep
 * N heights.
 *
 * Prints a line of JSON when the first transaction is made, and at SIGTERM or SIGINT, which end it,
 * another: transactions in blocks, seconds from the first made to the last committed (here), the
 * latency of those made here after the first two seconds, from making to the end of Commit, and the
 * time between blocks with transactions since then. Transactions that find a full pool or window
 * are not made, and counted as refused. */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "engine/abci_server.h"

#define UNIT_BYTES (64u << 10)
#define UNIT_HEADER 24    /* length of the whole, maker, number, transactions */
#define TX_HEADER 4       /* length */
#define BLOCK_OVERHEAD 16 /* at most, that the engine adds to a transaction's bytes */
#define RETRY_CODE 32000
#define WARM_UP_US 2000000 /* not measured: an idle engine waits for its interval */

static struct {
    const char *socket;
    bool bundle;
    uint64_t rate, bytes, window, retain;
} options = {.bytes = 250};

/* What is gossiped. Units wait in a list, in the order of their coming. */
struct unit {
    uint64_t maker, number;
    uint32_t txs;
    struct buf bytes;
    uint64_t *made_us; /* of each transaction; NULL unless made here */
    bool given;        /* to the engine, for gossip */
    struct unit *next, *prev;
};

struct samples {
    uint32_t *us;
    size_t count, cap;
};

struct entry {
    uint64_t maker, number;
    struct unit *unit; /* NULL: in a block */
};

static struct {
    pthread_mutex_t lock;
    uint64_t maker, next_number;
    struct unit *first, *last, *open; /* open: not yet in the list */
    size_t waiting_txs;
    struct entry *table; /* every unit ever seen, by name; an entry of maker 0 is free */
    size_t table_size, table_used;
    /* the block in hand, from FinalizeBlock to Commit */
    struct entry *block;
    size_t block_units, block_cap;
    uint64_t block_txs;
    uint64_t committed, refused, blocks;
    int64_t height;
    uint64_t first_us, last_us;
    uint64_t own_waiting;
    struct samples latencies, intervals;
} app = {.lock = PTHREAD_MUTEX_INITIALIZER};

static atomic_bool running; /* the first block is there */
static atomic_bool ending;

static _Noreturn void die(const char *what, const char *detail)
{
    fprintf(stderr, "abci_nop: %s: %s\n", what, detail);
    exit(1);
}

/* ---- units ---- */

static bool next_unit(struct bytes *rest, struct unit *out)
{
    if (rest->len < UNIT_HEADER)
        return false;
    uint32_t len = be32_get(rest->data);
    if (len < UNIT_HEADER || len > rest->len || len > UNIT_BYTES)
        return false;
    *out = (struct unit){.maker = be64_get(rest->data + 4),
                         .number = be64_get(rest->data + 12),
                         .txs = be32_get(rest->data + 20)};
    out->bytes = (struct buf){(uint8_t *)(uintptr_t)rest->data, len, 0};
    *rest = bytes_of(rest->data + len, rest->len - len);
    return out->maker != 0;
}

static struct entry *look_up(uint64_t maker, uint64_t number)
{
    size_t at = (maker ^ number * UINT64_C(0x9e3779b97f4a7c15)) >> 17;
    for (;; at++) {
        struct entry *e = &app.table[at & (app.table_size - 1)];
        if (e->maker == 0 || (e->maker == maker && e->number == number))
            return e;
    }
}

static void grow_table(void)
{
    struct entry *old = app.table;
    size_t old_size = app.table_size;
    app.table_size = old_size ? 2 * old_size : 1u << 16;
    app.table = mem_zalloc(app.table_size, sizeof *app.table);
    for (size_t i = 0; i < old_size; i++)
        if (old[i].maker != 0)
            *look_up(old[i].maker, old[i].number) = old[i];
    mem_free(old);
}

/* The entry of a name; made if there is none. */
static struct entry *take_entry(uint64_t maker, uint64_t number, bool *fresh)
{
    if (2 * app.table_used >= app.table_size)
        grow_table();
    struct entry *e = look_up(maker, number);
    *fresh = e->maker == 0;
    if (*fresh) {
        *e = (struct entry){maker, number, NULL};
        app.table_used++;
    }
    return e;
}

static void pool_append(struct unit *u)
{
    u->prev = app.last;
    if (app.last)
        app.last->next = u;
    else
        app.first = u;
    app.last = u;
    app.waiting_txs += u->txs;
}

static void pool_remove(struct unit *u)
{
    *(u->prev ? &u->prev->next : &app.first) = u->next;
    *(u->next ? &u->next->prev : &app.last) = u->prev;
    app.waiting_txs -= u->txs;
    buf_free(&u->bytes);
    mem_free(u->made_us);
    mem_free(u);
}

/* The unit that is being filled goes into the pool. */
static void close_open(void)
{
    struct unit *u = app.open;
    bool fresh;
    if (!u)
        return;
    be32_put(u->bytes.data, (uint32_t)u->bytes.len);
    be64_put(u->bytes.data + 4, u->maker);
    be64_put(u->bytes.data + 12, u->number);
    be32_put(u->bytes.data + 20, u->txs);
    take_entry(u->maker, u->number, &fresh)->unit = u;
    pool_append(u);
    app.open = NULL;
}

static void make_tx(uint64_t now_us)
{
    if (app.waiting_txs >= LIMIT_POOL_TXS ||
        (options.window && app.own_waiting >= options.window)) {
        app.refused++;
        return;
    }
    size_t need = TX_HEADER + options.bytes;
    if (app.open && app.open->bytes.len + need > UNIT_BYTES)
        close_open();
    if (!app.open) {
        app.open = mem_zalloc(1, sizeof *app.open);
        app.open->maker = app.maker;
        app.open->number = app.next_number++;
        app.open->made_us = mem_zalloc(UNIT_BYTES / need + 1, sizeof(uint64_t));
        buf_grow(&app.open->bytes, UNIT_HEADER);
    }
    uint8_t *p = buf_grow(&app.open->bytes, need);
    be32_put(p, (uint32_t)options.bytes);
    memset(p + TX_HEADER, 0xa5, options.bytes);
    app.open->made_us[app.open->txs++] = now_us;
    app.own_waiting++;
    if (!app.first_us) {
        app.first_us = now_us;
        printf("{\"begun\":true}\n");
        fflush(stdout);
    }
    if (!options.bundle)
        close_open();
}

static void *generate(void *ctx)
{
    (void)ctx;
    uint64_t from = 0, made = 0;
    while (!atomic_load(&ending)) {
        usleep(1000);
        if (!atomic_load(&running))
            continue;
        uint64_t now = clock_mono_us();
        from = from ? from : now;
        uint64_t due = (now - from) * options.rate / 1000000;
        pthread_mutex_lock(&app.lock);
        for (; made < due; made++)
            make_tx(now);
        pthread_mutex_unlock(&app.lock);
    }
    return NULL;
}

/* ---- the engine's requests, under the lock ---- */

static void answer_insert(struct bytes tx, struct abci_insert_tx_response *out)
{
    struct bytes rest = tx;
    struct unit view;
    bool fresh;
    out->code = 1;
    if (!next_unit(&rest, &view) || rest.len != 0)
        return;
    out->code = RETRY_CODE;
    if (app.waiting_txs >= LIMIT_POOL_TXS)
        return;
    struct entry *e = take_entry(view.maker, view.number, &fresh);
    out->code = 0;
    if (!fresh)
        return;
    struct unit *u = e->unit = mem_dup(&view, sizeof view);
    u->bytes = (struct buf){0};
    buf_put(&u->bytes, tx.data, tx.len);
    pool_append(u);
}

static void answer_reap(const struct abci_reap_txs_request *in, struct abci_txs_response *out,
                        struct arena *a)
{
    close_open();
    size_t count = 0, bytes = 0;
    struct bytes *list = arena_alloc(a, LIMIT_ABCI_TXS * sizeof *list);
    for (struct unit *u = app.first; u && count < LIMIT_ABCI_TXS; u = u->next) {
        if (u->given || !u->made_us)
            continue;
        bytes += u->bytes.len;
        if ((in->max_bytes && bytes > in->max_bytes) || bytes > LIMIT_ABCI_MESSAGE_BYTES / 2)
            break;
        u->given = true;
        list[count++] = bytes_of(arena_dup(a, u->bytes.data, u->bytes.len), u->bytes.len);
    }
    *out = (struct abci_txs_response){list, count};
}

static void answer_prepare(const struct abci_block *in, struct abci_txs_response *out,
                           struct arena *a)
{
    close_open();
    uint64_t room = in->max_tx_bytes > 0 ? (uint64_t)in->max_tx_bytes : 0;
    uint64_t overhead = options.bundle ? 0 : BLOCK_OVERHEAD;
    uint64_t used = options.bundle ? BLOCK_OVERHEAD : 0;
    struct bytes *list = arena_alloc(a, LIMIT_ABCI_TXS * sizeof *list);
    size_t count = 0, total = 0;
    for (struct unit *u = app.first; u && count < LIMIT_ABCI_TXS; u = u->next) {
        used += u->bytes.len + overhead;
        if (used > room || used > LIMIT_ABCI_MESSAGE_BYTES / 2)
            break;
        list[count++] = bytes_of(arena_dup(a, u->bytes.data, u->bytes.len), u->bytes.len);
        total += u->bytes.len;
    }
    if (options.bundle && count > 0) {
        uint8_t *all = arena_alloc(a, total), *p = all;
        for (size_t i = 0; i < count; p += list[i++].len)
            memcpy(p, list[i].data, list[i].len);
        list[0] = bytes_of(all, total);
        count = 1;
    }
    *out = (struct abci_txs_response){list, count};
}

/* Every unit is well-formed and in no block yet. */
static bool block_holds(const struct abci_block *in)
{
    for (size_t i = 0; i < in->tx_count; i++) {
        struct bytes rest = in->txs[i];
        struct unit view;
        while (rest.len > 0) {
            if (!next_unit(&rest, &view))
                return false;
            struct entry *e = app.table_size ? look_up(view.maker, view.number) : NULL;
            if (e && e->maker != 0 && !e->unit)
                return false;
        }
    }
    return true;
}

static void answer_finalize(const struct abci_block *in, struct abci_finalize_block_response *out,
                            struct arena *a)
{
    app.block_units = 0;
    app.block_txs = 0;
    app.height = in->height;
    for (size_t i = 0; i < in->tx_count; i++) {
        struct bytes rest = in->txs[i];
        struct unit view;
        while (next_unit(&rest, &view)) {
            if (app.block_units == app.block_cap) {
                app.block_cap = 2 * app.block_cap + 1024;
                app.block = mem_resize(app.block, app.block_cap, sizeof *app.block);
            }
            app.block[app.block_units++] = (struct entry){view.maker, view.number, NULL};
            app.block_txs += view.txs;
        }
    }
    uint8_t *hash = arena_zalloc(a, 1, 32);
    be64_put(hash + 24, app.committed + app.block_txs);
    out->app_hash = bytes_of(hash, 32);
    out->tx_results = arena_zalloc(a, in->tx_count, sizeof *out->tx_results);
    out->tx_result_count = in->tx_count;
}

static void add_sample(struct samples *s, uint64_t us)
{
    if (s->count == s->cap) {
        s->cap = 2 * s->cap + 1024;
        s->us = mem_resize(s->us, s->cap, sizeof *s->us);
    }
    s->us[s->count++] = (uint32_t)us;
}

static void measure(const struct unit *u, uint64_t now_us)
{
    if (!u->made_us)
        return;
    app.own_waiting -= u->txs;
    for (uint32_t i = 0; i < u->txs && u->made_us[0] >= app.first_us + WARM_UP_US; i++)
        add_sample(&app.latencies, now_us - u->made_us[i]);
}

static void answer_commit(void)
{
    uint64_t now = clock_mono_us();
    bool fresh;
    for (size_t i = 0; i < app.block_units; i++) {
        struct entry *e = take_entry(app.block[i].maker, app.block[i].number, &fresh);
        if (!e->unit)
            continue;
        measure(e->unit, now);
        pool_remove(e->unit);
        e->unit = NULL;
    }
    app.committed += app.block_txs;
    app.blocks++;
    if (app.block_txs > 0) {
        if (app.first_us && app.last_us >= app.first_us + WARM_UP_US)
            add_sample(&app.intervals, now - app.last_us);
        app.last_us = now;
    }
    app.block_units = 0;
    app.block_txs = 0;
    atomic_store(&running, true);
}

static void handle(void *ctx, const struct abci_request *request, struct abci_response *response,
                   struct arena *a)
{
    (void)ctx;
    pthread_mutex_lock(&app.lock);
    switch (request->kind) {
    case ABCI_INFO:
        response->info.data = bytes_str("abci_nop");
        break;
    case ABCI_INSERT_TX:
        answer_insert(request->insert_tx.tx, &response->insert_tx);
        break;
    case ABCI_CHECK_TX:
        response->check_tx.code = 1; /* the engine's own door is closed */
        break;
    case ABCI_REAP_TXS:
        answer_reap(&request->reap_txs, &response->reap_txs, a);
        break;
    case ABCI_PREPARE_PROPOSAL:
        answer_prepare(&request->block, &response->prepare_proposal, a);
        break;
    case ABCI_PROCESS_PROPOSAL:
        response->process_proposal.status =
            block_holds(&request->block) ? ABCI_ACCEPT : ABCI_REJECT;
        break;
    case ABCI_FINALIZE_BLOCK:
        answer_finalize(&request->block, &response->finalize_block, a);
        break;
    case ABCI_COMMIT:
        answer_commit();
        if (options.retain && app.height > (int64_t)options.retain)
            response->commit.retain_height = app.height - (int64_t)options.retain;
        break;
    case ABCI_OFFER_SNAPSHOT:
        response->offer_snapshot.result = ABCI_OFFER_REJECT;
        break;
    case ABCI_APPLY_SNAPSHOT_CHUNK:
        response->apply_chunk.result = ABCI_APPLY_ABORT;
        break;
    case ABCI_VERIFY_VOTE_EXTENSION:
        response->verify_extension.status = ABCI_ACCEPT;
        break;
    default:
        break; /* an answer of zeros */
    }
    pthread_mutex_unlock(&app.lock);
}

/* ---- from start to end ---- */

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* percent 100: the largest. */
static double percentile_ms(struct samples *s, unsigned percent)
{
    if (s->count == 0)
        return 0;
    qsort(s->us, s->count, sizeof *s->us, compare);
    return s->us[(s->count - 1) * percent / 100] / 1e3;
}

static void report(void)
{
    double seconds = app.last_us > app.first_us ? (double)(app.last_us - app.first_us) / 1e6 : 0;
    printf("{\"transactions\":%" PRIu64 ",\"seconds\":%.3f,\"blocks\":%" PRIu64
           ",\"height\":%" PRId64 ",\"measured\":%zu,\"latency_median_ms\":%.1f"
           ",\"latency_p99_ms\":%.1f,\"interval_median_ms\":%.1f,\"interval_max_ms\":%.1f"
           ",\"waiting\":%zu,\"refused\":%" PRIu64 "}\n",
           app.committed, seconds, app.blocks, app.height, app.latencies.count,
           percentile_ms(&app.latencies, 50), percentile_ms(&app.latencies, 99),
           percentile_ms(&app.intervals, 50), percentile_ms(&app.intervals, 100), app.waiting_txs,
           app.refused);
}

static uint64_t number_of(const char *name, const char *text, uint64_t most)
{
    char *end;
    unsigned long long v = text ? strtoull(text, &end, 10) : 0;
    if (!text || *end || v == 0 || v > most)
        die(name, "give a number");
    return v;
}

static void read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--bundle") == 0)
            options.bundle = true;
        else if (strcmp(argv[i], "--rate") == 0)
            options.rate = number_of(argv[i], argv[i + 1], 10000000), i++;
        else if (strcmp(argv[i], "--bytes") == 0)
            options.bytes = number_of(argv[i], argv[i + 1], UNIT_BYTES / 2), i++;
        else if (strcmp(argv[i], "--window") == 0)
            options.window = number_of(argv[i], argv[i + 1], LIMIT_POOL_TXS), i++;
        else if (strcmp(argv[i], "--retain") == 0)
            options.retain = number_of(argv[i], argv[i + 1], INT32_MAX), i++;
        else if (argv[i][0] != '-' && !options.socket)
            options.socket = argv[i];
        else
            die(argv[i], "not an option");
    }
    if (!options.socket)
        die("usage", "abci_nop SOCKET [--bundle] [--rate N] [--bytes N] [--window N] [--retain N]");
}

int main(int argc, char **argv)
{
    sigset_t set;
    int number;
    pthread_t generator;
    struct diag d = {""};
    struct abci_server *server;
    read_options(argc, argv);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    random_bytes(&app.maker, sizeof app.maker);
    app.maker |= 1;
    if (abci_server_start(&server, options.socket, handle, NULL, &d) != E_OK)
        die("no socket", d.text);
    if (options.rate > 0 && pthread_create(&generator, NULL, generate, NULL) != 0)
        die("no thread", "generator");
    sigwait(&set, &number);
    atomic_store(&ending, true);
    if (options.rate > 0)
        pthread_join(generator, NULL);
    abci_server_stop(server);
    report();
    return 0;
}
