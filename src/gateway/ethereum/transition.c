#include "gateway/ethereum/transition_internal.h"

#include "base/lang.h"
#include "chain/execute.h"
#include "gateway/ethereum/forms.h"
#include "gateway/ethereum/networks.h"

/* --- transactions ----------------------------------------------------------------------------- */

static void reject(struct transition *t, size_t index, enum err why, const struct tx *tx)
{
    t->rejected[t->rejected_count++] = (struct rejected){index, why, *tx, t->blob_gas_used};
}

/* run_one executes a transaction that decoded, or rejects it. */
static enum err run_one(struct transition *t, struct execute_context *x, size_t index,
                        struct tx *tx)
{
    struct receipt r = {0};
    arena_reset(x->arena);
    x->tracer = t->in->trace_begin ? t->in->trace_begin(t->in->trace_ctx, index, tx) : NULL;
    enum err e = execute_tx(x, tx, &r);
    TRY(state_error(t->state));
    if (t->in->trace_end)
        t->in->trace_end(t->in->trace_ctx, e == E_OK ? &r : NULL);
    if (e != E_OK) {
        reject(t, index, e, tx);
        return E_OK;
    }
    t->gas_used = x->gas_used;
    t->blob_gas_used = x->blob_gas_used;
    receipt_copy(&t->receipts[t->count], &t->arena, &r);
    if (t->rules.fork < FORK_BYZANTIUM) {
        alloc_apply(t->alloc, t->state);
        state_clear(t->state);
        t->receipts[t->count].has_root = true;
        t->receipts[t->count].root = alloc_root(t->alloc);
    }
    t->txs[t->count++] = *tx;
    return E_OK;
}

static void make_room(struct transition *t, size_t count)
{
    t->txs = arena_zalloc(&t->arena, count + 1, sizeof *t->txs);
    t->receipts = arena_zalloc(&t->arena, count + 1, sizeof *t->receipts);
    t->rejected = arena_zalloc(&t->arena, count + 1, sizeof *t->rejected);
}

static enum err run_json(struct transition *t, struct execute_context *x)
{
    size_t index = 0;
    if (!json_is_array(t->in->txs))
        return diag_set(t->d, E_JSON, T("txs: an array is needed", "txs : un tableau est attendu"));
    make_room(t, json_count(t->in->txs));
    for (const struct json *m = json_first(t->in->txs); m; m = json_next(m), index++) {
        struct tx tx = {0};
        enum err e = form_tx(&tx, &t->arena, m, t->in->chain_id);
        if (e == E_JSON)
            return diag_set(
                t->d, e, T("txs[%zu]: not a transaction", "txs[%zu] : pas une transaction"), index);
        if (e == E_OK && !tx.has_sender)
            e = tx_recover(&tx);
        if (e != E_OK)
            reject(t, index, e, &tx);
        else
            TRY(run_one(t, x, index, &tx));
    }
    return E_OK;
}

static enum err run_rlp(struct transition *t, struct execute_context *x)
{
    struct rlp whole = rlp_reader(t->in->txs_rlp), list, counting;
    struct rlp_item item;
    size_t count = 0;
    if (rlp_next_list(&whole, &list) != E_OK || !rlp_at_end(&whole))
        return diag_set(t->d, E_RLP, T("txs: %s", "txs : %s"), err_text(E_RLP));
    for (counting = list; !rlp_at_end(&counting); count++)
        if (rlp_next(&counting, &item) != E_OK)
            return diag_set(t->d, E_RLP, T("txs: %s", "txs : %s"), err_text(E_RLP));
    make_room(t, count);
    for (size_t i = 0; i < count; i++) {
        struct tx tx = {0};
        enum err e = rlp_next(&list, &item);
        if (e == E_OK)
            e = tx_decode(&tx, &t->arena, item.is_list ? item.raw : item.payload);
        if (e == E_OK)
            e = tx_recover(&tx);
        if (e != E_OK)
            reject(t, i, e, &tx);
        else
            TRY(run_one(t, x, i, &tx));
    }
    return E_OK;
}

/* --- the block around them -------------------------------------------------------------------- */

static enum err run_txs(struct transition *t)
{
    struct arena scratch = {0};
    struct execute_context x = {.state = t->state,
                                .block = &t->env,
                                .arena = &scratch,
                                .evm = t->evm,
                                .ethereum_only = true};
    execute_prepare(&x);
    enum err e = ethereum_begin(t->state, t->evm, &t->env, &t->header.parent_hash,
                                &t->header.parent_beacon_root);
    if (e == E_OK)
        e = t->in->txs ? run_json(t, &x) : run_rlp(t, &x);
    arena_free(&scratch);
    return e;
}

static enum err run_end(struct transition *t)
{
    if (t->in->has_reward)
        ethereum_reward(t->state, t->in->reward_wei, &t->header.beneficiary, t->ommers,
                        t->ommer_count);
    TRY(ethereum_withdraw(t->state, t->withdrawals, t->withdrawal_count));
    if (t->rules.fork < FORK_PRAGUE)
        return state_error(t->state);
    return ethereum_requests(t->state, t->evm, &t->env, &t->schedule.deposit_contract, t->receipts,
                             t->count, &t->requests, t->d);
}

static void write_body(const struct transition *t, struct buf *out)
{
    size_t list = rlp_list_open(out);
    for (size_t i = 0; i < t->count; i++) {
        if (t->txs[i].type == TX_LEGACY)
            rlp_put_raw(out, t->txs[i].raw);
        else
            rlp_put_string(out, t->txs[i].raw.data, t->txs[i].raw.len);
    }
    rlp_list_close(out, list);
}

static enum err run(struct transition *t, struct transition_output *out)
{
    enum err e = network_schedule(&t->schedule, t->in->fork, t->in->chain_id);
    if (e != E_OK)
        return diag_set(t->d, e, T("no rules named %s", "pas de règles nommées %s"), t->in->fork);
    TRY(alloc_read(t->alloc, t->in->alloc, t->d));
    TRY(transition_read_env(t));
    t->state = state_new(alloc_reader(t->alloc));
    TRY(run_txs(t));
    TRY(run_end(t));
    alloc_apply(t->alloc, t->state);
    state_clear(t->state);
    struct hash root = alloc_root(t->alloc);
    transition_write_result(t, &root, &out->result);
    alloc_write(t->alloc, &out->alloc);
    write_body(t, &out->body);
    return E_OK;
}

enum err transition_run(const struct transition_input *in, struct evm *evm,
                        struct transition_output *out, struct diag *d)
{
    struct diag spare;
    struct transition t = {.in = in, .evm = evm, .d = d ? d : &spare, .alloc = alloc_new()};
    *out = (struct transition_output){0};
    t.d->text[0] = 0;
    enum err e = run(&t, out);
    if (e != E_OK && !t.d->text[0])
        diag_set(t.d, e, "%s", err_text(e));
    requests_free(&t.requests);
    state_free(t.state);
    alloc_free(t.alloc);
    arena_free(&t.arena);
    return e;
}

void transition_free(struct transition_output *out)
{
    buf_free(&out->alloc);
    buf_free(&out->result);
    buf_free(&out->body);
}
