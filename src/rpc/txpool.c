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
    struct address sender;
};

/* The pool visits by sender and nonce; it holds its lock meanwhile, so this only formats, and stops
 * at a quarter of the largest answer. */
static void list_one(void *ctx, const struct tx *t, bool pending)
{
    struct listing *l = ctx;
    if (pending != l->want_pending || l->full)
        return;
    if (l->out->len > LIMIT_RPC_RESPONSE_BYTES / 4) {
        l->full = true;
        return;
    }
    if (!l->any || !address_eq(&l->sender, &t->sender)) {
        char hex[43] = "0x";
        if (l->any)
            json_close(l->out, '}');
        hex_encode(hex + 2, t->sender.b, 20);
        json_put_key(l->out, hex);
        json_open(l->out, '{');
        l->sender = t->sender;
        l->any = true;
    }
    char nonce[24];
    (void)snprintf(nonce, sizeof nonce, "%" PRIu64, t->nonce);
    json_put_key(l->out, nonce);
    put_tx(l->out, t, NULL, 0);
}

bool txpool_content(struct rpc_call *c)
{
    struct pool *pool = chain_pool(c->chain);
    json_open(c->out, '{');
    for (int queued = 0; queued < 2; queued++) {
        struct listing l = {.out = c->out, .want_pending = !queued};
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
