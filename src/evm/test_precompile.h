/* test_precompile: one call of a precompile, for the tests of this room. */
#ifndef PARVIS_EVM_TEST_PRECOMPILE_H
#define PARVIS_EVM_TEST_PRECOMPILE_H

#include "evm/precompile.h"

#define ANY_GAS 100000000000

struct precompile_call {
    struct arena arena;
    struct frame_result result;
};

static inline struct address precompile_address(unsigned low)
{
    struct address a = {{0}};
    be32_put(a.b + 16, low);
    return a;
}

/* False when there is no such precompile under these rules. The output lives until the next
 * call or arena_free(&c->arena). */
static inline bool precompile_call(struct precompile_call *c, enum fork fork, unsigned low,
                                   struct bytes input, int64_t gas)
{
    struct block_env env = {.chain_id = 1, .number = 1, .fork = fork};
    struct world w = {.block = &env, .arena = &c->arena};
    struct frame f = {.recipient = precompile_address(low), .gas = gas, .input = input};
    f.code_address = f.recipient;
    arena_reset(&c->arena);
    memset(&c->result, 0x5a, sizeof c->result); /* all of it must be filled */
    return precompile_run(&w, &f, &c->result);
}

#endif
