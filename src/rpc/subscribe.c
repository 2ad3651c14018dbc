/* eth_subscribe. One thread reads each new block once and writes to every WebSocket that asked. It
 * goes by block number, so nothing is lost or queued when many blocks come at once: it catches up
 * from the store. */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "rpc/methods.h"

enum sub_kind { SUB_HEADS, SUB_LOGS, SUB_PENDING, SUB_PENDING_FULL };

struct subscription {
    struct subscription *next;
    enum sub_kind kind;
    struct http_ws *ws;
    uint8_t id[RPC_ID_BYTES];
    uint64_t from; /* first block it hears of */
    struct log_criteria criteria;
    bool gone; /* released while its logs are looked for: the seeker frees it */
    bool busy;
};

struct rpc_subs {
    pthread_mutex_t lock;
    struct subscription *list;
    unsigned count, blocks, logs, pending; /* of list, by what they need */
    int event_fd;
    _Atomic bool stop;
    bool running;
    pthread_t thread;
    uint64_t next_block, next_pending;
    struct buf text, item, hashes;
};

void subs_wake(struct rpc *r)
{
    uint64_t one = 1;
    if (write(r->subs->event_fd, &one, sizeof one) < 0)
        ASSERT(errno == EAGAIN); /* full: it is awake anyway */
}

static void count(struct rpc *r, const struct subscription *s, int change)
{
    struct rpc_subs *u = r->subs;
    u->count += (unsigned)change;
    u->blocks += s->kind <= SUB_LOGS ? (unsigned)change : 0;
    u->logs += s->kind == SUB_LOGS ? (unsigned)change : 0;
    u->pending += s->kind >= SUB_PENDING ? (unsigned)change : 0;
    if (s->kind >= SUB_PENDING)
        feed_watch_pending(r, change);
}

static void discard(struct rpc *r, struct subscription *s)
{
    criteria_drop(r, &s->criteria);
    mem_free(s);
}

static void release(struct rpc *r, struct subscription **place)
{
    struct subscription *s = *place;
    *place = s->next;
    count(r, s, -1);
    s->gone = true;
    if (!s->busy)
        discard(r, s);
}

void subs_drop(struct rpc *r, struct http_ws *ws)
{
    struct rpc_subs *u = r->subs;
    pthread_mutex_lock(&u->lock);
    for (struct subscription **p = &u->list; *p;) {
        if ((*p)->ws == ws)
            release(r, p);
        else
            p = &(*p)->next;
    }
    pthread_mutex_unlock(&u->lock);
}

unsigned subs_count(struct rpc *r)
{
    pthread_mutex_lock(&r->subs->lock);
    unsigned n = r->subs->count;
    pthread_mutex_unlock(&r->subs->lock);
    return n;
}

/* --- sending ---------------------------------------------------------------------------------- */

/* The lock is held: the WebSocket cannot close meanwhile. */
static void send_item(struct rpc_subs *u, const struct subscription *s, const struct buf *item)
{
    buf_clear(&u->text);
    buf_puts(&u->text, "{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{"
                       "\"subscription\":\"");
    char id[2 * RPC_ID_BYTES + 1];
    hex_encode(id, s->id, RPC_ID_BYTES);
    buf_puts(&u->text, "0x");
    buf_puts(&u->text, id);
    buf_puts(&u->text, "\",\"result\":");
    buf_put(&u->text, item->data, item->len);
    buf_puts(&u->text, "}}");
    http_ws_send(s->ws, buf_view(&u->text));
}

/* tell_logs looks for a subscription's logs without the lock, which it holds only to send: the
 * loops that serve requests need the list too. s is busy. */
static void tell_logs(struct rpc_subs *u, const struct subscription *s, const struct block *b)
{
    size_t log_index = 0;
    bool gone = false;
    if (!criteria_may_match(&s->criteria, b->header.bloom))
        return;
    for (size_t t = 0; t < b->tx_count; t++) {
        for (size_t i = 0; i < b->receipts[t].log_count && !gone; i++, log_index++) {
            const struct log_entry *l = &b->receipts[t].logs[i];
            if (!criteria_match(&s->criteria, l))
                continue;
            buf_clear(&u->item);
            put_log(&u->item, b, t, log_index, l);
            pthread_mutex_lock(&u->lock);
            gone = s->gone;
            if (!gone)
                send_item(u, s, &u->item);
            pthread_mutex_unlock(&u->lock);
        }
    }
}

static void tell_block(struct rpc *r, const struct block *b)
{
    struct rpc_subs *u = r->subs;
    struct buf head = {0};
    json_open(&head, '{');
    put_header_fields(&head, &b->header, &b->hash);
    json_close(&head, '}');
    struct subscription **seekers = NULL;
    size_t n = 0;
    pthread_mutex_lock(&u->lock);
    if (u->logs && b->receipts)
        seekers = mem_zalloc(u->logs, sizeof *seekers);
    for (struct subscription *s = u->list; s; s = s->next) {
        if (b->header.number < s->from)
            continue;
        if (s->kind == SUB_HEADS) {
            send_item(u, s, &head);
        } else if (s->kind == SUB_LOGS && seekers) {
            s->busy = true;
            seekers[n++] = s;
        }
    }
    pthread_mutex_unlock(&u->lock);
    for (size_t i = 0; i < n; i++) {
        tell_logs(u, seekers[i], b);
        pthread_mutex_lock(&u->lock);
        seekers[i]->busy = false;
        if (seekers[i]->gone)
            discard(r, seekers[i]);
        pthread_mutex_unlock(&u->lock);
    }
    mem_free(seekers);
    buf_free(&head);
}

static void tell_blocks(struct rpc_call *c)
{
    struct rpc_subs *u = c->r->subs;
    uint64_t head = chain_head(c->chain).number;
    pthread_mutex_lock(&u->lock);
    bool wanted = u->blocks > 0, logs = u->logs > 0;
    pthread_mutex_unlock(&u->lock);
    if (!wanted) {
        u->next_block = head + 1;
        return;
    }
    for (; u->next_block <= head && !atomic_load(&u->stop); u->next_block++) {
        struct block b;
        c->deadline_us = UINT64_MAX;
        if (!call_view(c) || chain_load_block(c->view, u->next_block, &c->arena, logs, &b) != E_OK)
            break; /* the engine reports a store that fails; the next block tries again */
        tell_block(c->r, &b);
        arena_reset(&c->arena);
    }
}

/* A pending hash as the whole transaction; false when it is in neither pool nor chain. */
static bool put_full(struct rpc_call *c, const struct hash *hash, struct buf *out)
{
    struct tx t;
    struct block b;
    uint64_t number;
    size_t index;
    buf_clear(&c->scratch);
    if (pool_get(chain_pool(c->chain), hash, &c->scratch) == E_OK &&
        tx_decode(&t, &c->arena, buf_view(&c->scratch)) == E_OK && tx_recover(&t) == E_OK) {
        put_tx(out, &t, NULL, 0);
        return true;
    }
    if (!call_view(c) || chain_find_tx(c->view, hash, &number, &index) != E_OK ||
        chain_load_block(c->view, number, &c->arena, false, &b) != E_OK || index >= b.tx_count)
        return false;
    put_tx(out, &b.txs[index], NULL, 0);
    return true;
}

static void tell_pending(struct rpc_call *c)
{
    struct rpc_subs *u = c->r->subs;
    pthread_mutex_lock(&u->lock);
    bool wanted = u->pending > 0, full = false;
    for (const struct subscription *s = u->list; s && !full; s = s->next)
        full = s->kind == SUB_PENDING_FULL;
    pthread_mutex_unlock(&u->lock);
    buf_clear(&u->hashes);
    if (!wanted) {
        u->next_pending = feed_pending_end(c->r);
        return;
    }
    feed_pending(c->r, &u->next_pending, &u->hashes);
    struct buf whole = {0}, hash = {0};
    for (size_t at = 0; at < u->hashes.len && !atomic_load(&u->stop); at += 32) {
        struct hash h;
        memcpy(h.b, u->hashes.data + at, 32);
        buf_clear(&hash);
        buf_clear(&whole);
        put_hash(&hash, &h);
        bool have = full && put_full(c, &h, &whole);
        pthread_mutex_lock(&u->lock);
        for (const struct subscription *s = u->list; s; s = s->next) {
            if (s->kind == SUB_PENDING)
                send_item(u, s, &hash);
            else if (s->kind == SUB_PENDING_FULL && have)
                send_item(u, s, &whole);
        }
        pthread_mutex_unlock(&u->lock);
        if (c->arena.chunk)
            arena_reset(&c->arena);
    }
    buf_free(&whole);
    buf_free(&hash);
}

static void *subs_main(void *arg)
{
    struct rpc *r = arg;
    struct rpc_subs *u = r->subs;
    struct rpc_call c;
    call_init(&c, r);
    while (!atomic_load(&u->stop)) {
        uint64_t events;
        if (read(u->event_fd, &events, sizeof events) < 0 && errno != EINTR)
            break;
        tell_pending(&c);
        tell_blocks(&c);
        chain_view_close(c.view); /* the next round sees a newer head */
        c.view = NULL;
    }
    call_fini(&c);
    return NULL;
}

/* --- methods ---------------------------------------------------------------------------------- */

static bool read_kind(struct rpc_call *c, struct subscription *s)
{
    const char *name = param(c, 0) ? json_text(param(c, 0)) : NULL;
    if (name && strcmp(name, "newHeads") == 0) {
        s->kind = SUB_HEADS;
    } else if (name && strcmp(name, "newPendingTransactions") == 0) {
        bool full;
        if (!param_bool(c, 1, &full))
            return false;
        s->kind = full ? SUB_PENDING_FULL : SUB_PENDING;
    } else if (name && strcmp(name, "logs") == 0) {
        struct log_criteria f = {0};
        if (param(c, 1) && !criteria_read(c, param(c, 1), &f))
            return false;
        s->kind = SUB_LOGS;
        return criteria_keep(c, &f, &s->criteria);
    } else {
        return rpc_fail(c, name ? RPC_SERVER : RPC_PARAMS,
                        "no \"%.60s\" subscription: there are newHeads, logs and "
                        "newPendingTransactions",
                        name ? name : "");
    }
    return true;
}

static unsigned count_of(const struct rpc_subs *u, const struct http_ws *ws)
{
    unsigned n = 0;
    for (const struct subscription *s = u->list; s; s = s->next)
        n += s->ws == ws;
    return n;
}

bool subs_add(struct rpc_call *c)
{
    struct rpc_subs *u = c->r->subs;
    if (!c->ws)
        return rpc_fail(c, RPC_NO_METHOD, "notifications not supported: subscribe over WebSocket");
    struct subscription *s = mem_zalloc(1, sizeof *s);
    if (!read_kind(c, s)) {
        mem_free(s);
        return false;
    }
    s->ws = c->ws;
    random_bytes(s->id, sizeof s->id);
    pthread_mutex_lock(&u->lock);
    bool ok = u->count < LIMIT_RPC_SUBSCRIPTIONS && count_of(u, c->ws) < RPC_SUBSCRIPTIONS_EACH;
    if (ok) {
        s->from = chain_head(c->chain).number + 1;
        s->next = u->list;
        u->list = s;
        count(c->r, s, 1);
        put_id(c->out, s->id);
    } else {
        discard(c->r, s);
    }
    pthread_mutex_unlock(&u->lock);
    return ok || rpc_fail(c, RPC_LIMIT, "too many subscriptions: at most %u a connection",
                          RPC_SUBSCRIPTIONS_EACH);
}

bool subs_remove(struct rpc_call *c)
{
    struct rpc_subs *u = c->r->subs;
    uint8_t id[RPC_ID_BYTES];
    if (!c->ws)
        return rpc_fail(c, RPC_NO_METHOD, "notifications not supported: subscribe over WebSocket");
    if (!read_id(c, param(c, 0), id))
        return false;
    bool found = false;
    pthread_mutex_lock(&u->lock);
    for (struct subscription **p = &u->list; *p && !found; p = found ? p : &(*p)->next) {
        found = (*p)->ws == c->ws && memcmp((*p)->id, id, sizeof id) == 0;
        if (found)
            release(c->r, p);
    }
    pthread_mutex_unlock(&u->lock);
    if (!found)
        return rpc_fail(c, RPC_SERVER, "subscription not found");
    json_put_bool(c->out, true);
    return true;
}

void subs_open(struct rpc *r)
{
    struct rpc_subs *u = mem_zalloc(1, sizeof *u);
    pthread_mutex_init(&u->lock, NULL);
    u->event_fd = eventfd(0, EFD_CLOEXEC);
    ASSERT(u->event_fd >= 0);
    u->next_block = chain_head(r->chain).number + 1;
    r->subs = u;
}

void subs_start(struct rpc *r)
{
    ASSERT(pthread_create(&r->subs->thread, NULL, subs_main, r) == 0);
    r->subs->running = true;
}

void subs_close(struct rpc *r)
{
    struct rpc_subs *u = r->subs;
    atomic_store(&u->stop, true);
    subs_wake(r);
    if (u->running)
        pthread_join(u->thread, NULL);
    while (u->list)
        release(r, &u->list);
    buf_free(&u->text);
    buf_free(&u->item);
    buf_free(&u->hashes);
    close(u->event_fd);
    pthread_mutex_destroy(&u->lock);
    mem_free(u);
}
