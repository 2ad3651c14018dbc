/* call: eth_call, gas estimation and replay: run on the state of a block, then forgotten. */
#include "chain/chain_internal.h"

#include "base/lang.h"
#include "base/limits.h"
#include "chain/call_site.h"
#include "chain/ethereum.h"

/* --- where a call runs ------------------------------------------------------------------------ */

struct hash call_site_hash(struct call_site *site, uint64_t number)
{
    struct site_hash *known = &site->hashes[number % CALL_SITE_HASHES];
    if (known->is_set && known->number == number)
        return known->hash;
    struct header header;
    struct hash hash = {{0}};
    struct arena_mark before = arena_mark(site->arena);
    (void)chain_load_header(site->view, number, site->arena, &header, &hash);
    arena_back(site->arena, before);
    *known = (struct site_hash){true, number, hash};
    return hash;
}

static struct hash view_hash(void *ctx, uint64_t number)
{
    struct call_site *site = ctx;
    /* On a chain of ours the call may be in the block after this one, which names it. */
    uint64_t at = site->env.number + !site->is_ethereum;
    if (number < at && at - number <= CHAIN_HASH_WINDOW)
        return call_site_hash(site, number);
    return (struct hash){{0}};
}

enum err call_site_open(struct call_site *site, struct chain_view *v, uint64_t number,
                        uint64_t state_of, struct arena *a)
{
    *site = (struct call_site){.view = v, .chain = chain_view_chain(v), .arena = a};
    const struct genesis *genesis = chain_genesis(site->chain);
    TRY(chain_load_header(v, number, a, &site->header, &site->hash));
    TRY(chain_state_at(v, state_of, &site->base));
    site->is_ethereum = genesis->is_ethereum;
    site->schedule = &genesis->schedule;
    site->env = rules_env(site->schedule, &site->header);
    site->env.block_hash = view_hash;
    site->env.block_hash_ctx = site;
    site->evm = chain_evm_take(site->chain);
    return E_OK;
}

void call_site_close(struct call_site *site)
{
    if (site->evm)
        chain_evm_give(site->chain, site->evm);
    site->evm = NULL;
}

struct execute_context call_site_context(struct call_site *site, struct state *s)
{
    return (struct execute_context){.state = s,
                                    .block = &site->env,
                                    .arena = site->arena,
                                    .evm = site->evm,
                                    .ethereum_only = site->is_ethereum};
}

/* --- one message ------------------------------------------------------------------------------ */

static enum tx_type type_of(const struct call_request *r)
{
    if (r->blob_hash_count)
        return TX_BLOB;
    if (r->auth_count)
        return TX_SET_CODE;
    if (r->is_legacy)
        return r->access_count ? TX_ACCESS_LIST : TX_LEGACY;
    return TX_DYNAMIC_FEE;
}

struct tx call_tx(const struct call_request *r)
{
    return (struct tx){.type = type_of(r),
                       .nonce = r->nonce,
                       .max_fee = r->max_fee,
                       .max_priority_fee = r->max_priority_fee,
                       .max_fee_per_blob_gas = r->max_fee_per_blob_gas,
                       .gas_limit = r->gas,
                       .is_create = r->is_create,
                       .to = r->to,
                       .value = r->value,
                       .data = r->data,
                       .access = r->access,
                       .access_count = r->access_count,
                       .auths = r->auths,
                       .auth_count = r->auth_count,
                       .blob_hashes = r->blob_hashes,
                       .blob_hash_count = r->blob_hash_count,
                       .has_sender = true,
                       .sender = r->from};
}

/* A message that offers no fee sees a base fee of 0, so that it never looks underpriced. */
static void free_of_charge(struct block_env *env, const struct tx *t)
{
    if (u256_is_zero(message_price(t, env->base_fee)))
        env->base_fee = U256_ZERO;
    if (u256_is_zero(t->max_fee_per_blob_gas))
        env->blob_base_fee = U256_ZERO;
}

static enum err tell(const struct replay_watcher *watcher, struct state *s, const struct tx *t,
                     const struct message_result *result)
{
    struct receipt r = {.type = t->type,
                        .success = result->frame.status == FRAME_SUCCESS,
                        .gas_used = result->gas_used,
                        .output = result->frame.output};
    return watcher->end(watcher->ctx, 0, s, t, &r);
}

/* run executes the request once with the given gas limit, on a state of its own. */
static enum err run(struct call_site *site, const struct call_request *r, uint64_t gas,
                    struct message_result *out)
{
    struct tx t = call_tx(r);
    struct precompile_moves moves = {0};
    struct state *s = state_new(statedb_view_reader(site->base));
    struct block_env env = site->env;
    struct execute_context x = call_site_context(site, s);
    enum err e = E_OK;
    t.gas_limit = gas;
    if (r->block)
        override_block(r->block, &env);
    free_of_charge(&env, &t);
    x.block = &env;
    x.tracer = r->tracer;
    x.why = r->diag;
    execute_prepare(&x);
    if (r->state)
        e = override_apply(r->state, s, env.fork, !site->is_ethereum, site->arena, &moves, r->diag);
    if (e == E_OK && r->watcher)
        x.tracer = r->watcher->begin(r->watcher->ctx, 0, s, &env, &t);
    if (e == E_OK)
        e = message_run(&x, &t, 0, &moves, out, r->diag);
    if (e == E_OK && r->watcher)
        e = tell(r->watcher, s, &t, out);
    if (e == E_OK) {
        struct bytes *output = &out->frame.output;
        *output = bytes_of(arena_dup(site->arena, output->data, output->len), output->len);
    }
    state_free(s);
    return e;
}

enum err chain_call(struct chain_view *v, uint64_t number, const struct call_request *request,
                    struct arena *a, struct frame_result *out, uint64_t *gas_used_out)
{
    struct call_site site;
    struct message_result result;
    uint64_t gas = request->gas;
    if (gas == 0 || gas > LIMIT_RPC_CALL_GAS)
        gas = LIMIT_RPC_CALL_GAS;
    TRY(call_site_open(&site, v, number, number, a));
    enum err e = run(&site, request, gas, &result);
    call_site_close(&site);
    if (e != E_OK)
        return e;
    *out = result.frame;
    *gas_used_out = result.gas_used;
    return E_OK;
}

/* --- estimation ------------------------------------------------------------------------------- */

/* succeeds tells whether the request goes through with this limit. */
static enum err succeeds(struct call_site *site, const struct call_request *r, uint64_t gas,
                         bool *yes)
{
    struct message_result result;
    if (r->goes_on && !r->goes_on(r->goes_on_ctx))
        return E_TIMEOUT;
    struct arena_mark before = arena_mark(site->arena);
    enum err e = run(site, r, gas, &result);
    *yes = e == E_OK && result.frame.status == FRAME_SUCCESS;
    arena_back(site->arena, before); /* nobody looks at its output */
    return e == E_TX_INTRINSIC_GAS ? E_OK : e;
}

/* The most gas that the sender can pay for at the price it offers. */
static enum err allowance(struct call_site *site, const struct call_request *r, uint64_t *gas)
{
    struct account account;
    bool exists;
    struct u256 left, units;
    if (u256_is_zero(r->max_fee))
        return E_OK;
    const struct state_reader *reader = statedb_view_reader(site->base);
    TRY(reader->account(reader->ctx, &r->from, &account, &exists));
    for (size_t i = 0; r->state && i < r->state->count; i++)
        if (r->state->accounts[i].has_balance &&
            address_eq(&r->state->accounts[i].address, &r->from))
            account.balance = r->state->accounts[i].balance;
    if (u256_sub(&left, account.balance, r->value))
        return E_TX_FUNDS;
    u256_divmod(&units, NULL, left, r->max_fee);
    if (u256_fits_u64(units) && units.w[0] < *gas)
        *gas = units.w[0];
    return E_OK;
}

/* between searches the smallest sufficient limit: low is too little, high is enough. */
static enum err between(struct call_site *site, const struct call_request *r, uint64_t low,
                        uint64_t high, uint64_t hint, uint64_t *gas_out)
{
    bool yes;
    while (high - low > 1) {
        uint64_t mid = low + (high - low) / 2;
        if (hint > low && hint < high) /* what a first run says is mostly right, or nearly */
            mid = hint;
        else if (mid / 2 > low) /* most needs lie near the lower bound */
            mid = 2 * low;
        hint = 0;
        TRY(succeeds(site, r, mid, &yes));
        *(yes ? &high : &low) = mid;
    }
    *gas_out = high;
    return E_OK;
}

static enum err estimate(struct call_site *site, const struct call_request *r, uint64_t *gas_out,
                         struct frame_result *out)
{
    struct message_result first;
    uint64_t high = r->gas, most = LIMIT_RPC_CALL_GAS;
    if (site->env.fork >= FORK_OSAKA)
        most = LIMIT_TX_GAS; /* EIP-7825 */
    if (most > site->env.gas_limit && !r->gas)
        most = site->env.gas_limit;
    if (high == 0 || high > most)
        high = most;
    TRY(allowance(site, r, &high));
    TRY(run(site, r, high, &first));
    *out = first.frame;
    *gas_out = high;
    if (out->status == FRAME_REVERT)
        return E_REVERT;
    if (out->status != FRAME_SUCCESS)
        return E_OUT_OF_GAS;
    /* What was charged is too little when gas was refunded, or when a call keeps back a part of
     * the gas it is given (EIP-150); usually what it needed at its peak is enough. */
    bool yes;
    uint64_t low = first.gas_used - 1;
    TRY(succeeds(site, r, first.gas_peak < high ? first.gas_peak : high, &yes));
    if (yes && first.gas_peak < high)
        high = first.gas_peak;
    else if (!yes)
        low = first.gas_peak;
    return between(site, r, low, high, (first.gas_peak + 2300) * 64 / 63, gas_out);
}

enum err chain_estimate_gas(struct chain_view *v, uint64_t number,
                            const struct call_request *request, struct arena *a, uint64_t *gas_out,
                            struct frame_result *out)
{
    struct call_site site;
    TRY(call_site_open(&site, v, number, number, a));
    enum err e = estimate(&site, request, gas_out, out);
    call_site_close(&site);
    return e;
}

/* --- replay ----------------------------------------------------------------------------------- */

enum err call_site_begin(struct call_site *site, struct state *s)
{
    const struct header *h = &site->header;
    if (site->is_ethereum)
        return ethereum_begin(s, site->evm, &site->env, &h->parent_hash, &h->parent_beacon_root);
    return ethereum_history(s, site->evm, &site->env, &h->parent_hash);
}

static enum err replay_one(struct execute_context *x, const struct block *b, size_t i,
                           const struct replay_watcher *watcher)
{
    struct receipt r = {0};
    const struct tx *t = &b->txs[i];
    arena_reset(x->arena);
    x->tracer = watcher ? watcher->begin(watcher->ctx, i, x->state, x->block, t) : NULL;
    enum err e = execute_tx(x, t, &r);
    x->tracer = NULL;
    TRY(state_error(x->state));
    if (e != E_OK || r.cumulative_gas_used != b->receipts[i].cumulative_gas_used)
        return E_CORRUPT;
    return watcher ? watcher->end(watcher->ctx, i, x->state, t, &r) : E_OK;
}

enum err chain_replay(struct chain_view *v, uint64_t number, size_t first, size_t last,
                      const struct replay_watcher *watcher, struct arena *a)
{
    struct call_site site;
    struct block b;
    if (number == 0)
        return E_UNSUPPORTED;
    TRY(chain_load_block(v, number, a, true, &b));
    if (b.tx_count && last >= b.tx_count)
        return E_NOT_FOUND;
    TRY(call_site_open(&site, v, number, number - 1, a));
    struct arena scratch = {0};
    struct state *s = state_new(statedb_view_reader(site.base));
    struct execute_context x = call_site_context(&site, s);
    x.arena = &scratch;
    execute_prepare(&x);
    enum err e = call_site_begin(&site, s);
    for (size_t i = 0; e == E_OK && i <= last && i < b.tx_count; i++) {
        if (watcher->goes_on && !watcher->goes_on(watcher->ctx))
            e = E_TIMEOUT;
        else
            e = replay_one(&x, &b, i, i >= first ? watcher : NULL);
    }
    state_free(s);
    arena_free(&scratch);
    call_site_close(&site);
    return e;
}
