#include "chain/execute.h"

#include "city/money/quota.h"
#include "city/service.h"
#include "crypto/keccak.h"
#include "evm/precompile.h"

#define GAS_AUTH_KNOWN_REFUND 12500 /* EIP-7702: 25000 - 12500, for an account that exists */
#define DELEGATION_BYTES 23u        /* 0xef0100 and an address */

void execute_world(struct world *w, const struct execute_context *x)
{
    size_t n = 0;
    *w = (struct world){.state = x->state,
                        .block = x->block,
                        .arena = x->arena,
                        .evm = x->evm,
                        .tracer = x->tracer,
                        .why = x->why};
    if (!x->ethereum_only)
        w->runners[n++] = service_run;
    w->runners[n++] = precompile_run;
    if (x->evm)
        w->runners[n++] = evm_run;
}

void execute_prepare(const struct execute_context *x)
{
    enum fork fork = x->block->fork;
    state_set_rules(x->state, (struct state_rules){.keeps_empty = fork < FORK_EIP158,
                                                   .destroys_any = fork < FORK_CANCUN});
}

/* --- may it stand in this block? -------------------------------------------------------------- */

/* Only an account without code may send (EIP-3607), or one that delegates (EIP-7702). */
static enum err check_sender_code(struct state *s, enum fork fork, const struct address *sender)
{
    struct hash code_hash = state_code_hash(s, sender);
    struct address target;
    if (hash_eq(&code_hash, &KECCAK_EMPTY))
        return E_OK;
    if (fork >= FORK_PRAGUE && evm_delegation(state_code(s, sender), &target))
        return E_OK;
    return E_TX_SENDER_CODE;
}

/* The most that the transaction may take from its sender. True when it does not fit. */
static bool cost_overflows(struct u256 *cost_out, const struct tx *t)
{
    struct u256 blobs;
    bool overflow = u256_mul(cost_out, t->max_fee, u256_from_u64(t->gas_limit));
    overflow |= u256_add(cost_out, *cost_out, t->value);
    overflow |= u256_mul(&blobs, t->max_fee_per_blob_gas, u256_from_u64(tx_blob_gas(t)));
    return overflow | u256_add(cost_out, *cost_out, blobs);
}

static enum err check_sender(struct state *s, enum fork fork, const struct tx *t)
{
    uint64_t nonce = state_nonce(s, &t->sender);
    struct u256 cost;
    if (t->nonce < nonce)
        return E_TX_NONCE_LOW;
    if (t->nonce > nonce)
        return E_TX_NONCE_HIGH;
    TRY(check_sender_code(s, fork, &t->sender));
    if (cost_overflows(&cost, t) || u256_cmp(state_balance(s, &t->sender), cost) < 0)
        return E_TX_FUNDS;
    return E_OK;
}

/* EIP-4844: what the block has room for, and the price of blobs. */
static enum err check_blobs(const struct execute_context *x, const struct tx *t)
{
    uint64_t max = (uint64_t)x->block->blobs_max * TX_GAS_PER_BLOB;
    if (t->type != TX_BLOB)
        return E_OK;
    if (x->blob_gas_used > max || tx_blob_gas(t) > max - x->blob_gas_used)
        return E_TX_BLOBS;
    return u256_cmp(t->max_fee_per_blob_gas, x->block->blob_base_fee) < 0 ? E_TX_BLOB_FEE : E_OK;
}

static enum err check(const struct execute_context *x, const struct tx *t)
{
    const struct block_env *env = x->block;
    ASSERT(t->has_sender);
    TRY(tx_check(t, env->fork, env->chain_id, env->blobs_max));
    if (x->gas_used > env->gas_limit || t->gas_limit > env->gas_limit - x->gas_used)
        return E_TX_GAS_LIMIT;
    if (t->gas_limit > INT64_MAX) /* beyond what a frame counts; no block of ours allows it */
        return E_TX_GAS_LIMIT;
    if (u256_cmp(t->max_fee, env->base_fee) < 0)
        return E_TX_FEE;
    TRY(check_blobs(x, t));
    TRY(check_sender(x->state, env->fork, t));
    return x->quota ? quota_check(x->quota, &t->sender, t->gas_limit) : E_OK;
}

/* --- running it ------------------------------------------------------------------------------- */

/* EIP-7702. What an authorization does stays, whatever becomes of the transaction. */
static void set_delegation(struct state *s, uint64_t chain_id, const struct tx_auth *given)
{
    uint8_t code[DELEGATION_BYTES] = {0xef, 0x01, 0x00};
    struct tx_auth auth = *given;
    struct address target;
    if (!u256_is_zero(auth.chain_id) && !u256_eq(auth.chain_id, u256_from_u64(chain_id)))
        return;
    if (auth.nonce == UINT64_MAX)
        return;
    if (!auth.is_recovered)
        tx_recover_auth(&auth);
    if (!auth.has_authority)
        return;
    (void)state_warm_address(s, &auth.authority);
    struct bytes before = state_code(s, &auth.authority);
    if (before.len && !evm_delegation(before, &target))
        return;
    if (state_nonce(s, &auth.authority) != auth.nonce)
        return;
    if (state_is_listed(s, &auth.authority))
        state_add_refund(s, GAS_AUTH_KNOWN_REFUND);
    memcpy(code + 3, auth.address.b, sizeof auth.address.b);
    state_set_code(s, &auth.authority,
                   bytes_of(code, address_is_zero(&auth.address) ? 0 : sizeof code));
    state_set_nonce(s, &auth.authority, auth.nonce + 1);
}

/* warm_up fills the warm sets of EIP-2929 and EIP-2930. Only bytecode asks for them, so a transfer
 * to an account without code skips this. Precompiles are warm by their address: the interpreter
 * knows them from its table. */
static void warm_up(struct state *s, const struct block_env *env, const struct tx *t)
{
    struct address target;
    if (env->fork < FORK_BERLIN)
        return;
    if (!t->is_create) {
        struct hash code_hash = state_code_hash(s, &t->to);
        if (hash_eq(&code_hash, &KECCAK_EMPTY))
            return;
        state_warm_address(s, &t->to);
        if (env->fork >= FORK_PRAGUE && evm_delegation(state_code(s, &t->to), &target))
            state_warm_address(s, &target);
    }
    state_warm_address(s, &t->sender);
    if (env->fork >= FORK_SHANGHAI) /* EIP-3651 */
        state_warm_address(s, &env->beneficiary);
    for (size_t i = 0; i < t->access_count; i++) {
        state_warm_address(s, &t->access[i].address);
        for (size_t k = 0; k < t->access[i].slot_count; k++)
            state_warm_slot(s, &t->access[i].address, &t->access[i].slots[k]);
    }
}

void execute_message(struct world *w, const struct tx *t, int64_t gas, struct frame_result *out)
{
    struct frame f = {
        .kind = t->is_create ? FRAME_CREATE : FRAME_CALL,
        .caller = t->sender,
        .recipient = t->to,
        .code_address = t->to,
        .value = t->value,
        .gas = gas,
        .input = t->data,
    };
    if (!t->is_create) /* a creation raises it itself */
        state_set_nonce(w->state, &t->sender, state_nonce(w->state, &t->sender) + 1);
    for (size_t i = 0; i < t->auth_count; i++)
        set_delegation(w->state, w->block->chain_id, &t->auths[i]);
    warm_up(w->state, w->block, t);
    frame_call(w, &f, out);
}

uint64_t execute_charge(const struct state *s, enum fork fork, uint64_t gas_limit, int64_t gas_left,
                        uint64_t floor, uint64_t *refunded_out_opt)
{
    uint64_t used = gas_limit - (uint64_t)gas_left;
    uint64_t cap = used / (fork >= FORK_LONDON ? 5 : 2);
    ASSERT(state_refund(s) >= 0);
    uint64_t refund = (uint64_t)state_refund(s) < cap ? (uint64_t)state_refund(s) : cap;
    if (refunded_out_opt)
        *refunded_out_opt = refund;
    used -= refund;
    return used > floor ? used : floor;
}

/* credit wraps like a transfer: no sum of balances of ours exceeds 256 bits, a fixture's may. */
static void credit(struct state *s, const struct address *a, struct u256 price, uint64_t gas)
{
    struct u256 amount, sum;
    u256_mul(&amount, price, u256_from_u64(gas)); /* part of what check_sender bounded */
    if (u256_is_zero(amount)) {                   /* the usual case: residents pay no fee */
        state_touch(s, a);
        return;
    }
    u256_add(&sum, state_balance(s, a), amount);
    state_set_balance(s, a, sum);
}

/* buy_gas takes the gas and, burnt at once, the price of the blobs. */
static void buy_gas(struct state *s, const struct block_env *env, const struct tx *t,
                    struct u256 price)
{
    struct u256 cost, blobs, left;
    u256_mul(&cost, price, u256_from_u64(t->gas_limit));
    u256_mul(&blobs, env->blob_base_fee, u256_from_u64(tx_blob_gas(t)));
    u256_add(&cost, cost, blobs); /* no more than check_sender found affordable */
    if (u256_is_zero(cost))
        return;
    bool borrow = u256_sub(&left, state_balance(s, &t->sender), cost);
    ASSERT(!borrow);
    state_set_balance(s, &t->sender, left);
}

static void take_logs(struct state *s, struct arena *a, struct receipt *out)
{
    out->log_count = state_log_count(s);
    if (!out->log_count)
        return;
    out->logs = arena_alloc(a, out->log_count * sizeof *out->logs);
    for (size_t i = 0; i < out->log_count; i++) {
        struct log_entry *log = &out->logs[i];
        *log = *state_log(s, i);
        log->data.data = log->data.len ? arena_dup(a, log->data.data, log->data.len) : NULL;
        bloom_add(out->bloom, bytes_of(log->address.b, sizeof log->address.b));
        for (unsigned k = 0; k < log->topic_count; k++)
            bloom_add(out->bloom, bytes_of(log->topics[k].b, sizeof log->topics[k].b));
    }
}

static void fill_receipt(struct execute_context *x, const struct tx *t, uint64_t gas_used,
                         const struct frame_result *result, struct receipt *out)
{
    x->gas_used += gas_used;
    x->blob_gas_used += tx_blob_gas(t);
    *out = (struct receipt){
        .type = t->type,
        .success = result->status == FRAME_SUCCESS,
        .gas_used = gas_used,
        .cumulative_gas_used = x->gas_used,
        .has_created = t->is_create,
        .output = result->output,
    };
    if (t->is_create)
        out->created = tx_create_address(&t->sender, t->nonce);
    take_logs(x->state, x->arena, out);
}

enum err execute_tx(struct execute_context *x, const struct tx *t, struct receipt *out)
{
    struct state *s = x->state;
    const struct block_env *env = x->block;
    enum err refusal = check(x, t);
    TRY(state_error(s)); /* what was read decides nothing if reading failed */
    TRY(refusal);
    uint64_t intrinsic, floor;
    enum err e = tx_intrinsic_gas(t, env->fork, &intrinsic, &floor);
    ASSERT(e == E_OK);
    struct u256 price = tx_effective_gas_price(t, env->base_fee), tip;
    bool borrow = u256_sub(&tip, price, env->base_fee);
    ASSERT(!borrow);

    struct world w;
    struct frame_result result;
    execute_world(&w, x);
    w.origin = t->sender;
    w.gas_price = price;
    w.blob_hashes = t->blob_hashes;
    w.blob_hash_count = t->blob_hash_count;
    state_tx_begin(s);
    buy_gas(s, env, t, price);
    execute_message(&w, t, (int64_t)(t->gas_limit - intrinsic), &result);
    ASSERT(result.status != FRAME_DEPTH && result.status != FRAME_BALANCE); /* check looked */
    uint64_t gas_used = execute_charge(s, env->fork, t->gas_limit, result.gas_left, floor, NULL);
    credit(s, &t->sender, price, t->gas_limit - gas_used);
    credit(s, &env->beneficiary, tip, gas_used);
    if (x->quota)
        quota_use(x->quota, &t->sender, gas_used);
    fill_receipt(x, t, gas_used, &result, out);
    state_tx_end(s);
    return state_error(s);
}
