/* txpool_*: what waits. */
#include <inttypes.h>
#include <stdio.h>

#include "rpc/methods.h"

bool txpool_status(struct rpc_call *c)
{
    struct pool *pool = chain_pool(c->chain);
    struct pool_stats s = pool ? pool_stats(pool) : (struct pool_stats){0};
    json_open(c->out, '{');
    json_put_key(c->out, "pending");
    json_put_quantity(c->out, s.pending);
    json_put_key(c->out, "queued");
    json_put_quantity(c->out, s.queued);
    json_close(c->out, '}');
    return true;
}

struct listing {
    struct buf *out;
    bool want_pending, any, full;
    bool inspect;                 /* a line for each, not the whole transaction */
    const struct address *of_opt; /* this sender's only, without its address around */
    struct address sender;
};

/* One line: where it goes, what it is worth. */
static void put_summary(struct buf *out, const struct tx *t)
{
    char line[400], to[43], value[79], price[79];
    address_text(to, &t->to);
    u256_dec(value, t->value);
    u256_dec(price, t->max_fee);
    (void)snprintf(line, sizeof line, "%s: %s wei + %" PRIu64 " gas \u00d7 %s wei",
                   t->is_create ? "contract creation" : to, value, t->gas_limit, price);
    json_put_string(out, line);
}

/* The pool visits by sender and nonce; it holds its lock meanwhile, so this only formats, and stops
 * at a quarter of the largest answer. */
static void list_one(void *ctx, const struct tx *t, bool pending)
{
    struct listing *l = ctx;
    if (pending != l->want_pending || l->full || (l->of_opt && !address_eq(l->of_opt, &t->sender)))
        return;
    if (l->out->len > LIMIT_RPC_RESPONSE_BYTES / 4) {
        l->full = true;
        return;
    }
    if (!l->of_opt && (!l->any || !address_eq(&l->sender, &t->sender))) {
        char who[43];
        if (l->any)
            json_close(l->out, '}');
        address_text(who, &t->sender);
        json_put_key(l->out, who);
        json_open(l->out, '{');
        l->sender = t->sender;
        l->any = true;
    }
    char nonce[24];
    (void)snprintf(nonce, sizeof nonce, "%" PRIu64, t->nonce);
    json_put_key(l->out, nonce);
    if (l->inspect)
        put_summary(l->out, t);
    else
        put_tx(l->out, t, NULL, 0);
}

static bool list(struct rpc_call *c, bool inspect, const struct address *of_opt)
{
    struct pool *pool = chain_pool(c->chain);
    json_open(c->out, '{');
    for (int queued = 0; queued < 2; queued++) {
        struct listing l = {
            .out = c->out, .want_pending = !queued, .inspect = inspect, .of_opt = of_opt};
        json_put_key(c->out, queued ? "queued" : "pending");
        json_open(c->out, '{');
        if (pool)
            pool_visit(pool, list_one, &l);
        if (l.any)
            json_close(c->out, '}');
        json_close(c->out, '}');
        if (l.full)
            return rpc_fail(c, RPC_LIMIT, "too many transactions wait to list them all");
    }
    json_close(c->out, '}');
    return true;
}

bool txpool_content(struct rpc_call *c)
{
    return list(c, false, NULL);
}

bool txpool_content_from(struct rpc_call *c)
{
    struct address a;
    return param_address(c, 0, &a) && list(c, false, &a);
}

bool txpool_inspect(struct rpc_call *c)
{
    return list(c, true, NULL);
}
