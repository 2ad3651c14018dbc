/* hold: no engine at all: the chain stays as it is. For an imported Ethereum chain, which nobody
 * here may continue. Transactions wait in the pool, so that tools can look at them; none is ever
 * put into a block. */
#include "chain/pool.h"
#include "engine/engine.h"

static enum err hold_start(struct engine *e, struct diag *d)
{
    (void)e;
    (void)d;
    return E_OK;
}

static void hold_stop(struct engine *e)
{
    (void)e;
}

static enum err hold_submit(struct engine *e, struct bytes raw, struct hash *hash_out,
                            struct diag *d)
{
    return pool_add(chain_pool(e->chain), raw, hash_out, d);
}

const struct engine_ops ENGINE_HOLD = {
    .name = "hold",
    .start = hold_start,
    .stop = hold_stop,
    .submit = hold_submit,
};
