#include "chain/rehearse.h"

#include <stdatomic.h>

#include "chain/chain_internal.h"
#include "chain/rules.h"
#include "city/service.h"

bool chain_asks_rehearsal(const struct chain *c, const struct tx *t)
{
    return !c->genesis.is_ethereum && !t->is_create && service_does_ahead(&t->to, t->data);
}

/* The next block, made now. */
static struct block_env next_env(struct chain *c, const struct header *head)
{
    struct block_env env = rules_env(&c->genesis.schedule, head);
    uint64_t now_s = atomic_load(&c->now_s);
    env.number = head->number + 1;
    env.timestamp_s = now_s > head->timestamp_s ? now_s : head->timestamp_s;
    return env;
}

/* "InvalidBallot(rule="proof"): question 2, answer 3: ..." */
static enum err refuse(const struct frame_result *r, const struct diag *why, struct diag *d)
{
    struct buf text = {0};
    if (!service_explain_revert(&text, r->output))
        buf_puts(&text, err_text(E_REVERT));
    enum err e =
        diag_set(d, E_REVERT, "%s%s%s", buf_cstr(&text), why->text[0] ? ": " : "", why->text);
    buf_free(&text);
    return e;
}

/* The call alone, with all of the transaction's gas: what it costs before that is for the pool's
 * other rules. Services never call bytecode, so nothing else can run. */
static enum err run(const struct tx *t, const struct block_env *env, struct state *s,
                    struct arena *a, struct diag *d)
{
    struct diag why = {0};
    struct frame_result result;
    struct world w = {.state = s,
                      .block = env,
                      .origin = t->sender,
                      .arena = a,
                      .why = &why,
                      .runners = {service_run}};
    struct frame f = {.kind = FRAME_CALL,
                      .caller = t->sender,
                      .recipient = t->to,
                      .code_address = t->to,
                      .value = t->value,
                      .gas = (int64_t)t->gas_limit,
                      .input = t->data};
    state_tx_begin(s);
    frame_call(&w, &f, &result);
    TRY(state_error(s));
    if (result.status == FRAME_REVERT)
        return refuse(&result, &why, d);
    return result.status == FRAME_OUT_OF_GAS
               ? diag_set(d, E_OUT_OF_GAS, "%s", err_text(E_OUT_OF_GAS))
               : E_OK;
}

enum err chain_rehearse(struct chain *c, const struct tx *t, struct diag *d)
{
    ASSERT(t->has_sender);
    struct chain_view *v;
    struct statedb_view *at;
    struct header head;
    struct hash hash;
    struct arena arena = {0};
    TRY(chain_view_open(c, &v));
    uint64_t number = chain_view_head(v);
    enum err e = chain_load_header(v, number, &arena, &head, &hash);
    if (e == E_OK)
        e = chain_state_at(v, number, &at);
    if (e == E_OK) {
        struct block_env env = next_env(c, &head);
        struct state *s = state_new(statedb_view_reader(at));
        e = run(t, &env, s, &arena, d);
        state_free(s);
    }
    chain_view_close(v);
    arena_free(&arena);
    return e;
}
