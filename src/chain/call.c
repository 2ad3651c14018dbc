/* call: eth_call and gas estimation: a message run on the state of a block, then forgotten. */
#include "chain/chain_internal.h"

#include "base/limits.h"
#include "chain/execute.h"

/* What a call needs around it. Block hashes are read through the view. */
struct call_site {
    struct chain_view *view;
    struct statedb_view *state;
    struct block_env env;
    struct arena *arena;
};

static struct hash view_hash(void *ctx, uint64_t number)
{
    struct call_site *site = ctx;
    struct header header;
    struct hash hash = {{0}};
    uint64_t at = site->env.number;
    if (number < at && at - number <= CHAIN_HASH_WINDOW)
        (void)chain_load_header(site->view, number, site->arena, &header, &hash);
    return hash;
}

static enum err site_open(struct call_site *site, struct chain_view *v, uint64_t number,
                          struct arena *a)
{
    struct header header;
    struct hash hash;
    TRY(chain_load_header(v, number, a, &header, &hash));
    TRY(chain_state_at(v, number, &site->state));
    site->view = v;
    site->arena = a;
    site->env = chain_block_env(chain_view_chain(v), header.number, header.timestamp_s,
                                &header.beneficiary, &header.parent_hash);
    site->env.block_hash = view_hash;
    site->env.block_hash_ctx = site;
    return E_OK;
}

/* warm_up fills the transaction's access list (EIP-2929, EIP-2930, EIP-3651). */
static void warm_up(struct state *s, const struct call_site *site, const struct call_request *r)
{
    state_tx_begin(s);
    (void)state_warm_address(s, &r->from);
    (void)state_warm_address(s, &site->env.beneficiary);
    if (!r->is_create)
        (void)state_warm_address(s, &r->to);
    for (size_t i = 0; i < r->access_count; i++) {
        (void)state_warm_address(s, &r->access[i].address);
        for (size_t j = 0; j < r->access[i].slot_count; j++)
            (void)state_warm_slot(s, &r->access[i].address, &r->access[i].slots[j]);
    }
}

static struct frame message(const struct call_request *r, uint64_t gas)
{
    return (struct frame){
        .kind = r->is_create ? FRAME_CREATE : FRAME_CALL,
        .caller = r->from,
        .recipient = r->to,
        .code_address = r->to,
        .value = r->value,
        .gas = (int64_t)gas,
        .input = r->data,
    };
}

/* charged is the gas a transaction would pay: EIP-3529 caps the refund at a fifth, EIP-7623 sets a
 * floor by the call data. */
static uint64_t charged(uint64_t gas, const struct frame_result *out, int64_t refund,
                        uint64_t floor)
{
    uint64_t used = gas - (uint64_t)out->gas_left;
    if (out->status == FRAME_SUCCESS && refund > 0)
        used -= (uint64_t)refund < used / 5 ? (uint64_t)refund : used / 5;
    return used > floor ? used : floor;
}

/* run executes the request once with the given gas limit. */
static enum err run(struct call_site *site, const struct call_request *r, uint64_t gas,
                    struct frame_result *out, uint64_t *gas_used_out)
{
    struct tx t = {.type = r->access_count ? TX_ACCESS_LIST : TX_LEGACY,
                   .is_create = r->is_create,
                   .to = r->to,
                   .value = r->value,
                   .data = r->data,
                   .access = r->access,
                   .access_count = r->access_count};
    uint64_t intrinsic, floor;
    TRY(tx_intrinsic_gas(&t, site->env.fork, &intrinsic, &floor));
    if (gas < intrinsic || gas < floor)
        return E_TX_INTRINSIC_GAS;
    struct world w = {0};
    struct state *s = state_new(statedb_view_reader(site->state));
    warm_up(s, site, r);
    struct chain *c = chain_view_chain(site->view);
    struct execute_context x = {
        .state = s, .block = &site->env, .arena = site->arena, .evm = chain_evm_take(c)};
    execute_world(&w, &x);
    w.origin = r->from;
    w.gas_price = r->gas_price;
    if (!r->is_create) /* a contract created by a call sees the nonce a transaction would leave */
        state_set_nonce(s, &r->from, state_nonce(s, &r->from) + 1);
    struct frame f = message(r, gas - intrinsic);
    frame_call(&w, &f, out);
    chain_evm_give(c, x.evm);
    *gas_used_out = charged(gas, out, state_refund(s), floor);
    enum err e = state_error(s);
    out->output =
        bytes_of(arena_dup(site->arena, out->output.data, out->output.len), out->output.len);
    state_free(s);
    return e;
}

enum err chain_call(struct chain_view *v, uint64_t number, const struct call_request *request,
                    struct arena *a, struct frame_result *out, uint64_t *gas_used_out)
{
    struct call_site site;
    uint64_t gas = request->gas;
    if (gas == 0 || gas > LIMIT_RPC_CALL_GAS)
        gas = LIMIT_RPC_CALL_GAS;
    TRY(site_open(&site, v, number, a));
    return run(&site, request, gas, out, gas_used_out);
}

/* succeeds tells whether the request goes through with this limit. */
static enum err succeeds(struct call_site *site, const struct call_request *r, uint64_t gas,
                         bool *yes)
{
    struct frame_result result;
    uint64_t used;
    enum err e = run(site, r, gas, &result, &used);
    *yes = e == E_OK && result.status == FRAME_SUCCESS;
    return e == E_TX_INTRINSIC_GAS ? E_OK : e;
}

enum err chain_estimate_gas(struct chain_view *v, uint64_t number,
                            const struct call_request *request, struct arena *a, uint64_t *gas_out,
                            struct frame_result *out)
{
    struct call_site site;
    uint64_t high = request->gas, used;
    if (high == 0 || high > LIMIT_TX_GAS)
        high = LIMIT_TX_GAS;
    TRY(site_open(&site, v, number, a));
    TRY(run(&site, request, high, out, &used));
    if (out->status == FRAME_REVERT)
        return E_REVERT;
    if (out->status != FRAME_SUCCESS)
        return E_OUT_OF_GAS;
    /* What was charged is too little when gas was refunded, or when a call keeps back a part of the
     * gas it is given (EIP-150); usually it is enough. */
    uint64_t low = used - 1;
    bool yes;
    TRY(succeeds(&site, request, used, &yes));
    if (yes)
        high = used;
    while (high - low > 1) {
        uint64_t mid = low + (high - low) / 2;
        if (mid / 2 > low) /* most needs lie near the lower bound */
            mid = 2 * low;
        TRY(succeeds(&site, request, mid, &yes));
        *(yes ? &high : &low) = mid;
    }
    *gas_out = high;
    return E_OK;
}
