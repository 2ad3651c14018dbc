#include "load_watch.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

struct place {
    struct hash hash;
    size_t node;
    struct voyage *voyage; /* NULL: free */
};

struct lookout {
    struct watch *watch;
    size_t node;
    pthread_t thread;
    struct connection connection;
    uint64_t next;
    uint64_t *at_us; /* of each block with transactions */
    size_t count, cap;
};

struct watch {
    struct lookout *lookouts;
    size_t node_count, mask;
    unsigned every_ms;
    struct place *places; /* read only once the threads run */
    _Atomic uint64_t seen;
    atomic_bool ending;
};

struct watch *watch_new(const struct node *nodes, size_t node_count, unsigned every_ms,
                        size_t voyages)
{
    struct watch *w = mem_zalloc(1, sizeof *w);
    size_t size = 1024;
    while (size < 2 * voyages)
        size *= 2;
    w->mask = size - 1;
    w->places = mem_zalloc(size, sizeof *w->places);
    w->every_ms = every_ms;
    w->node_count = node_count;
    w->lookouts = mem_zalloc(node_count, sizeof *w->lookouts);
    for (size_t i = 0; i < node_count; i++)
        w->lookouts[i] = (struct lookout){.watch = w, .node = i, .connection = {.node = &nodes[i]}};
    return w;
}

static struct place *look_up(struct watch *w, const struct hash *h)
{
    size_t at = (size_t)be64_get(h->b);
    while (w->places[at & w->mask].voyage && !hash_eq(&w->places[at & w->mask].hash, h))
        at++;
    return &w->places[at & w->mask];
}

void watch_add(struct watch *w, size_t node, const struct hash *tx_hash, struct voyage *v)
{
    *look_up(w, tx_hash) = (struct place){*tx_hash, node, v};
}

static void note_block(struct lookout *l, const struct json *txs)
{
    struct hash h;
    uint64_t now_us = clock_mono_us();
    for (const struct json *t = json_first(txs); t; t = json_next(t)) {
        const char *text = json_text(t);
        if (!text || strlen(text) != 66 || hex_decode(h.b, sizeof h.b, text, 66) != E_OK)
            die("no hash in a block", text);
        struct place *p = look_up(l->watch, &h);
        if (!p->voyage || p->node != l->node)
            continue;
        atomic_store(&p->voyage->seen_us, now_us);
        atomic_fetch_sub(p->voyage->under_way, 1);
        atomic_fetch_add(&l->watch->seen, 1);
    }
    if (json_count(txs) == 0)
        return;
    if (l->count == l->cap) {
        l->cap = 2 * l->cap + 64;
        l->at_us = mem_resize(l->at_us, l->cap, sizeof *l->at_us);
    }
    l->at_us[l->count++] = now_us;
}

static void *look(void *ctx)
{
    struct lookout *l = ctx;
    char body[160];
    while (!atomic_load(&l->watch->ending)) {
        snprintf(body, sizeof body,
                 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\",\"params\":["
                 "\"0x%" PRIx64 "\",false]}",
                 l->next);
        struct json *reply = rpc(&l->connection, body);
        const struct json *txs = json_get(json_get(reply, "result"), "transactions");
        if (txs) {
            note_block(l, txs);
            l->next++;
        } else {
            usleep(l->watch->every_ms * 1000);
        }
        json_free(reply);
    }
    return NULL;
}

void watch_start(struct watch *w, uint64_t head)
{
    for (size_t i = 0; i < w->node_count; i++) {
        w->lookouts[i].next = head + 1;
        if (pthread_create(&w->lookouts[i].thread, NULL, look, &w->lookouts[i]) != 0)
            die("cannot start a thread", NULL);
    }
}

uint64_t watch_seen(struct watch *w)
{
    return atomic_load(&w->seen);
}

void watch_stop(struct watch *w)
{
    atomic_store(&w->ending, true);
    for (size_t i = 0; i < w->node_count; i++) {
        pthread_join(w->lookouts[i].thread, NULL);
        close_connection(&w->lookouts[i].connection);
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void watch_intervals(struct watch *w, double *median_ms, double *max_ms)
{
    const struct lookout *l = &w->lookouts[0];
    *median_ms = *max_ms = 0;
    if (l->count < 2)
        return;
    size_t count = l->count - 1;
    uint64_t *us = mem_zalloc(count, sizeof *us);
    for (size_t i = 0; i < count; i++)
        us[i] = l->at_us[i + 1] - l->at_us[i];
    qsort(us, count, sizeof *us, compare);
    *median_ms = (double)us[count / 2] / 1e3;
    *max_ms = (double)us[count - 1] / 1e3;
    mem_free(us);
}
