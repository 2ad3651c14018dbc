/* Polled filters. A filter remembers only how far it has told: logs are searched, blocks counted
 * and pending hashes fetched when it is polled. Unpolled for 5 minutes, it is forgotten. */
#include "base/clock.h"
#include "base/mem.h"
#include "rpc/methods.h"

#define RANGE_MAX 1000 /* characters of a range, an EIP-1898 object at both ends included */

enum filter_kind { FILTER_NONE, FILTER_LOGS, FILTER_BLOCKS, FILTER_PENDING };

struct rpc_filter {
    enum filter_kind kind;
    uint8_t id[RPC_ID_BYTES];
    struct log_criteria criteria; /* FILTER_LOGS, whose range is read again at each poll: */
    char *range;                  /* its members of eth_newFilter's object, as JSON */
    uint64_t next;                /* block, or place in the feed of pending hashes */
    uint64_t expires_us;
};

void put_id(struct buf *out, const uint8_t id[RPC_ID_BYTES])
{
    json_put_data(out, id, RPC_ID_BYTES);
}

bool read_id(struct rpc_call *c, const struct json *j, uint8_t id[RPC_ID_BYTES])
{
    const char *text = j ? json_text(j) : NULL;
    if (!text || hex_decode(id, RPC_ID_BYTES, text, strlen(text)) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "the id must be one that this node gave");
    return true;
}

void filters_open(struct rpc *r)
{
    pthread_mutex_init(&r->filter_lock, NULL);
    r->filters = mem_zalloc(LIMIT_RPC_FILTERS, sizeof *r->filters);
}

/* The lock is held. */
static void forget(struct rpc *r, struct rpc_filter *f)
{
    if (f->kind == FILTER_PENDING)
        feed_watch_pending(r, -1);
    criteria_drop(r, &f->criteria);
    mem_free(f->range);
    *f = (struct rpc_filter){0};
}

static void expire(struct rpc *r)
{
    uint64_t now = clock_mono_us();
    for (unsigned i = 0; i < LIMIT_RPC_FILTERS; i++)
        if (r->filters[i].kind != FILTER_NONE && r->filters[i].expires_us < now)
            forget(r, &r->filters[i]);
}

void filters_close(struct rpc *r)
{
    for (unsigned i = 0; i < LIMIT_RPC_FILTERS; i++)
        forget(r, &r->filters[i]);
    mem_free(r->filters);
    pthread_mutex_destroy(&r->filter_lock);
}

unsigned filters_count(struct rpc *r)
{
    unsigned n = 0;
    pthread_mutex_lock(&r->filter_lock);
    expire(r);
    for (unsigned i = 0; i < LIMIT_RPC_FILTERS; i++)
        n += r->filters[i].kind != FILTER_NONE;
    pthread_mutex_unlock(&r->filter_lock);
    return n;
}

/* add takes criteria and range (NULL: none). */
static bool add(struct rpc_call *c, enum filter_kind kind, struct log_criteria *criteria,
                char *range, uint64_t next)
{
    struct rpc *r = c->r;
    struct rpc_filter *f = NULL;
    pthread_mutex_lock(&r->filter_lock);
    expire(r);
    for (unsigned i = 0; i < LIMIT_RPC_FILTERS && !f; i++)
        if (r->filters[i].kind == FILTER_NONE)
            f = &r->filters[i];
    if (f) {
        *f = (struct rpc_filter){.kind = kind,
                                 .range = range,
                                 .next = next,
                                 .expires_us = clock_mono_us() + RPC_FILTER_US};
        if (criteria)
            f->criteria = *criteria;
        random_bytes(f->id, sizeof f->id);
        put_id(c->out, f->id);
    } else {
        if (criteria)
            criteria_drop(r, criteria);
        mem_free(range);
    }
    pthread_mutex_unlock(&r->filter_lock);
    return f || rpc_fail(c, RPC_LIMIT, "too many filters: at most %u", LIMIT_RPC_FILTERS);
}

/* put_range writes the members that criteria_range reads; what else the object has is not kept. */
static void put_range(struct buf *out, const struct json *j)
{
    static const char *const members[] = {"fromBlock", "toBlock", "blockHash"};
    json_open(out, '{');
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct json *m = json_get(j, members[i]);
        if (m) {
            json_put_key(out, members[i]);
            json_print(out, m);
        }
    }
    json_close(out, '}');
}

bool eth_new_filter(struct rpc_call *c)
{
    struct log_criteria f, kept;
    if (!criteria_read(c, param(c, 0), &f))
        return false;
    buf_clear(&c->scratch);
    put_range(&c->scratch, param(c, 0));
    if (c->scratch.len > RANGE_MAX)
        return rpc_fail(c, RPC_PARAMS, "the range is too long");
    return criteria_keep(c, &f, &kept) &&
           add(c, FILTER_LOGS, &kept, mem_strdup(buf_cstr(&c->scratch)),
               chain_view_head(c->view) + 1);
}

bool eth_new_block_filter(struct rpc_call *c)
{
    return add(c, FILTER_BLOCKS, NULL, NULL, chain_head(c->chain).number + 1);
}

bool eth_new_pending_filter(struct rpc_call *c)
{
    bool full;
    if (!param_bool(c, 0, &full))
        return false;
    feed_watch_pending(c->r, 1);
    if (add(c, FILTER_PENDING, NULL, NULL, feed_pending_end(c->r)))
        return true;
    feed_watch_pending(c->r, -1);
    return false;
}

/* The lock is held. */
static struct rpc_filter *find(struct rpc *r, const uint8_t id[RPC_ID_BYTES])
{
    for (unsigned i = 0; i < LIMIT_RPC_FILTERS; i++)
        if (r->filters[i].kind != FILTER_NONE && memcmp(r->filters[i].id, id, RPC_ID_BYTES) == 0)
            return &r->filters[i];
    return NULL;
}

/* take copies a filter's state (criteria and range into the arena); false when there is none. */
static bool take(struct rpc_call *c, struct rpc_filter *out)
{
    uint8_t id[RPC_ID_BYTES];
    struct rpc *r = c->r;
    if (!call_view(c) || !read_id(c, param(c, 0), id))
        return false;
    pthread_mutex_lock(&r->filter_lock);
    expire(r);
    struct rpc_filter *f = find(r, id);
    if (f) {
        *out = *f;
        out->criteria = criteria_copy(&c->arena, &f->criteria);
        out->range = f->range ? arena_strdup(&c->arena, f->range) : NULL;
        f->expires_us = clock_mono_us() + RPC_FILTER_US;
    }
    pthread_mutex_unlock(&r->filter_lock);
    return f || rpc_fail(c, RPC_NOT_FOUND, "filter not found");
}

/* told moves a filter on, once its answer is complete: what was not told comes with the next poll.
 */
static void told(struct rpc_call *c, const struct rpc_filter *taken, uint64_t next)
{
    struct rpc *r = c->r;
    pthread_mutex_lock(&r->filter_lock);
    struct rpc_filter *f = find(r, taken->id);
    if (f && f->next < next)
        f->next = next;
    pthread_mutex_unlock(&r->filter_lock);
}

static bool put_new_logs(struct rpc_call *c, const struct rpc_filter *f, bool all)
{
    struct log_criteria criteria = f->criteria;
    struct json *json = NULL;
    struct diag d;
    enum err e = json_parse(&json, bytes_str(f->range), &d);
    ASSERT(e == E_OK); /* it was printed by us */
    uint64_t number;
    const struct json *from = json_get(json, "fromBlock");
    bool fixed = from && json_u64(&number, from) == E_OK, ok = criteria_range(c, json, &criteria);
    json_free(json);
    if (!ok)
        return false;
    if (!all && criteria.by_hash) {
        json_put_raw(c->out, "[]");
        return true;
    }
    /* "latest" would be the head of each poll; it means everything since the last one */
    if (!all && (!fixed || criteria.from < f->next))
        criteria.from = f->next;
    return logs_search(c, &criteria);
}

static bool put_new_hashes(struct rpc_call *c, const struct rpc_filter *f, uint64_t *next)
{
    struct hash hash;
    json_open(c->out, '[');
    if (f->kind == FILTER_PENDING) {
        buf_clear(&c->scratch);
        feed_pending(c->r, next, &c->scratch);
        for (size_t at = 0; at < c->scratch.len; at += 32)
            json_put_data(c->out, c->scratch.data + at, 32);
    } else {
        for (uint64_t n = f->next; n <= chain_view_head(c->view); n++) {
            struct header h;
            enum err e = chain_load_header(c->view, n, &c->arena, &h, &hash);
            if (e != E_OK)
                return rpc_fail_err(c, e);
            if (!call_in_time(c))
                return false;
            put_hash(c->out, &hash);
        }
    }
    json_close(c->out, ']');
    return true;
}

bool eth_get_filter_changes(struct rpc_call *c)
{
    struct rpc_filter f;
    if (!take(c, &f))
        return false;
    uint64_t next = f.kind == FILTER_PENDING ? f.next : chain_view_head(c->view) + 1;
    if (!(f.kind == FILTER_LOGS ? put_new_logs(c, &f, false) : put_new_hashes(c, &f, &next)))
        return false;
    if (c->out->len <= LIMIT_RPC_RESPONSE_BYTES) /* else the dispatcher refuses it */
        told(c, &f, next);
    return true;
}

bool eth_get_filter_logs(struct rpc_call *c)
{
    struct rpc_filter f;
    if (!take(c, &f))
        return false;
    if (f.kind != FILTER_LOGS)
        return rpc_fail(c, RPC_NOT_FOUND, "filter not found");
    return put_new_logs(c, &f, true);
}

bool eth_uninstall_filter(struct rpc_call *c)
{
    uint8_t id[RPC_ID_BYTES];
    struct rpc *r = c->r;
    if (!read_id(c, param(c, 0), id))
        return false;
    pthread_mutex_lock(&r->filter_lock);
    struct rpc_filter *f = find(r, id);
    if (f)
        forget(r, f);
    pthread_mutex_unlock(&r->filter_lock);
    json_put_bool(c->out, f != NULL);
    return true;
}
