/* trace_small: 4byteTracer counts the selectors called, with the size of their arguments;
 * noopTracer tells nothing (what does re-execution cost?). */
#include "rpc/trace.h"

#include <stdio.h>

#include "evm/precompile.h"

struct selector {
    uint8_t id[4];
    size_t size;
    uint64_t count;
};

struct selectors {
    struct selector *at;
    size_t count, cap;
};

static struct selector *selector_of(struct trace *t, struct bytes input)
{
    struct selectors *s = t->own;
    for (size_t i = 0; i < s->count; i++)
        if (memcmp(s->at[i].id, input.data, 4) == 0 && s->at[i].size == input.len - 4)
            return &s->at[i];
    if (s->count == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 16;
        struct selector *at = arena_zalloc(&t->arena, cap, sizeof *at);
        if (s->count)
            memcpy(at, s->at, s->count * sizeof *at);
        s->at = at;
        s->cap = cap;
    }
    struct selector *new = &s->at[s->count++];
    memcpy(new->id, input.data, 4);
    new->size = input.len - 4;
    return new;
}

static void enter(void *ctx, struct world *w, const struct frame *f,
                  const struct address *recipient)
{
    struct trace *t = ctx;
    (void)recipient;
    if (f->kind == FRAME_CREATE || f->kind == FRAME_CREATE2 || f->input.len < 4 ||
        precompile_is(w->block->fork, &f->code_address) || !trace_goes_on(t))
        return;
    selector_of(t, f->input)->count++;
}

static void bytes4_open(struct trace *t, struct state *s, const struct block_env *env,
                        const struct tx *tx)
{
    (void)s;
    (void)env;
    (void)tx;
    t->own = arena_zalloc(&t->arena, 1, sizeof(struct selectors));
    t->tracer.enter = enter;
}

static void bytes4_put(struct trace *t, struct state *st, const struct trace_outcome *outcome,
                       const struct trace_place *place, struct buf *out)
{
    struct selectors *s = t->own;
    (void)st;
    (void)outcome;
    (void)place;
    json_open(out, '{');
    for (size_t i = 0; i < s->count; i++) {
        char key[48], digits[9];
        hex_encode(digits, s->at[i].id, 4);
        (void)snprintf(key, sizeof key, "0x%s-%zu", digits, s->at[i].size);
        json_put_key(out, key);
        json_put_u64(out, s->at[i].count);
    }
    json_close(out, '}');
}

const struct trace_ops TRACE_4BYTE_OPS = {bytes4_open, bytes4_put};

static void noop_open(struct trace *t, struct state *s, const struct block_env *env,
                      const struct tx *tx)
{
    (void)t;
    (void)s;
    (void)env;
    (void)tx;
}

static void noop_put(struct trace *t, struct state *s, const struct trace_outcome *outcome,
                     const struct trace_place *place, struct buf *out)
{
    (void)t;
    (void)s;
    (void)outcome;
    (void)place;
    json_put_raw(out, "{}");
}

const struct trace_ops TRACE_NOOP_OPS = {noop_open, noop_put};
