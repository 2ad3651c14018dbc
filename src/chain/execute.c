#include "chain/execute.h"

#include "city/money/quota.h"
#include "city/service.h"
#include "crypto/keccak.h"

void execute_world(struct world *w, struct state *s, const struct block_env *env, struct arena *a)
{
    *w = (struct world){.state = s, .block = env, .arena = a};
    w->runners[0] = service_run;
}

/* --- may it stand in this block? -------------------------------------------------------------- */

/* Only an account without code may send (EIP-3607). */
static enum err check_sender(struct state *s, const struct tx *t)
{
    uint64_t nonce = state_nonce(s, &t->sender);
    struct hash code_hash = state_code_hash(s, &t->sender);
    struct u256 cost;
    if (t->nonce < nonce)
        return E_TX_NONCE_LOW;
    if (t->nonce > nonce)
        return E_TX_NONCE_HIGH;
    if (!hash_eq(&code_hash, &KECCAK_EMPTY))
        return E_TX_SENDER_CODE;
    bool overflow = u256_mul(&cost, t->max_fee, u256_from_u64(t->gas_limit));
    ASSERT(!overflow); /* tx_check looked */
    if (u256_add(&cost, cost, t->value) || u256_cmp(state_balance(s, &t->sender), cost) < 0)
        return E_TX_FUNDS;
    return E_OK;
}

static enum err check(struct state *s, const struct block_env *env, struct quota_block *q,
                      const struct tx *t, uint64_t gas_used_before)
{
    ASSERT(t->has_sender);
    TRY(tx_check(t, env->fork, env->chain_id));
    if (gas_used_before > env->gas_limit || t->gas_limit > env->gas_limit - gas_used_before)
        return E_TX_GAS_LIMIT;
    if (t->gas_limit > INT64_MAX) /* beyond what a frame counts; no block of ours allows it */
        return E_TX_GAS_LIMIT;
    if (u256_cmp(t->max_fee, env->base_fee) < 0)
        return E_TX_FEE;
    TRY(check_sender(s, t));
    return q ? quota_check(q, &t->sender, t->gas_limit) : E_OK;
}

/* --- running it ------------------------------------------------------------------------------- */

/* warm_up fills the warm sets of EIP-2929 and EIP-2930. Only bytecode asks for them, so a transfer
 * to an account without code skips this. Precompiles are warm by their address: the interpreter
 * knows them from its table. */
static void warm_up(struct state *s, const struct block_env *env, const struct tx *t)
{
    if (env->fork < FORK_BERLIN)
        return;
    if (!t->is_create) {
        struct hash code_hash = state_code_hash(s, &t->to);
        if (hash_eq(&code_hash, &KECCAK_EMPTY))
            return;
        state_warm_address(s, &t->to);
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

static void run(struct world *w, const struct tx *t, int64_t gas, struct frame_result *out)
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
    warm_up(w->state, w->block, t);
    if (!t->is_create) /* a creation raises it itself */
        state_set_nonce(w->state, &t->sender, t->nonce + 1);
    frame_call(w, &f, out);
    ASSERT(out->status != FRAME_DEPTH && out->status != FRAME_BALANCE);
}

/* charged is the gas the transaction pays for: refunds are capped at a fifth (EIP-3529; a half
 * before London) of what was used, then the calldata floor holds (EIP-7623). */
static uint64_t charged(const struct state *s, const struct block_env *env, uint64_t gas_used,
                        uint64_t floor)
{
    uint64_t cap = gas_used / (env->fork >= FORK_LONDON ? 5 : 2);
    int64_t refund = state_refund(s);
    ASSERT(refund >= 0);
    gas_used -= (uint64_t)refund < cap ? (uint64_t)refund : cap;
    return gas_used > floor ? gas_used : floor;
}

static void credit(struct state *s, const struct address *a, struct u256 price, uint64_t gas)
{
    struct u256 amount, sum;
    bool overflow = u256_mul(&amount, price, u256_from_u64(gas));
    if (u256_is_zero(amount)) /* the usual case: residents pay no fee */
        return;
    overflow |= u256_add(&sum, state_balance(s, a), amount);
    ASSERT(!overflow); /* it is part of what the sender had */
    state_set_balance(s, a, sum);
}

static void buy_gas(struct state *s, const struct tx *t, struct u256 price)
{
    struct u256 cost, left;
    bool overflow = u256_mul(&cost, price, u256_from_u64(t->gas_limit));
    if (u256_is_zero(cost))
        return;
    overflow |= u256_sub(&left, state_balance(s, &t->sender), cost);
    ASSERT(!overflow); /* check_sender looked */
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

enum err execute_tx(struct state *s, const struct block_env *env, struct quota_block *q,
                    const struct tx *t, uint64_t gas_used_before, struct arena *a,
                    struct receipt *out)
{
    enum err refusal = check(s, env, q, t, gas_used_before);
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
    execute_world(&w, s, env, a);
    w.origin = t->sender;
    w.gas_price = price;
    state_tx_begin(s);
    buy_gas(s, t, price);
    run(&w, t, (int64_t)(t->gas_limit - intrinsic), &result);
    uint64_t gas_used = charged(s, env, t->gas_limit - (uint64_t)result.gas_left, floor);
    credit(s, &t->sender, price, t->gas_limit - gas_used);
    credit(s, &env->beneficiary, tip, gas_used);
    if (q)
        quota_use(q, &t->sender, gas_used);

    *out = (struct receipt){
        .type = t->type,
        .success = result.status == FRAME_SUCCESS,
        .gas_used = gas_used,
        .cumulative_gas_used = gas_used_before + gas_used,
        .has_created = t->is_create,
        .output = result.output,
    };
    if (t->is_create)
        out->created = tx_create_address(&t->sender, t->nonce);
    take_logs(s, a, out);
    state_tx_end(s);
    return state_error(s);
}
