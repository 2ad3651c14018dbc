#include "chain/message.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "crypto/keccak.h"
#include "evm/precompile.h"

enum err diag_words(struct diag *d, enum err e, const char *format, ...)
{
    va_list ap;
    if (!d)
        return e;
    va_start(ap, format);
    (void)vsnprintf(d->text, sizeof d->text, format, ap);
    va_end(ap);
    return e;
}

void address_text(char out[43], const struct address *a)
{
    struct hash h;
    memcpy(out, "0x", 2);
    hex_encode(out + 2, a->b, sizeof a->b);
    keccak256(&h, out + 2, 40);
    for (size_t i = 0; i < 40; i++) {
        unsigned nibble = i % 2 ? h.b[i / 2] & 15u : h.b[i / 2] >> 4;
        if (nibble >= 8 && out[2 + i] >= 'a')
            out[2 + i] = (char)(out[2 + i] - 'a' + 'A');
    }
}

/* --- precompiles that are elsewhere ----------------------------------------------------------- */

static const struct precompile_moves *moves_of(struct world *w)
{
    for (size_t i = 0; i < sizeof w->runners / sizeof *w->runners; i++)
        if (w->runner_ctx[i])
            return w->runner_ctx[i];
    return NULL;
}

/* Stands where precompile_run stands otherwise. */
static bool moved_run(struct world *w, const struct frame *f, struct frame_result *out)
{
    const struct precompile_moves *moves = moves_of(w);
    struct frame there = *f;
    bool moved_away = false;
    for (size_t i = moves->count; i-- > 0;) { /* the last word counts */
        const struct moved_precompile *m = &moves->at[i];
        if (!m->is_gone && address_eq(&m->to, &f->code_address)) {
            there.code_address = m->from;
            return precompile_run(w, &there, out);
        }
        moved_away |= address_eq(&m->from, &f->code_address);
    }
    return !moved_away && precompile_run(w, f, out);
}

static void move_precompiles(struct world *w, const struct precompile_moves *moves)
{
    for (size_t i = 0; i < sizeof w->runners / sizeof *w->runners; i++)
        if (w->runners[i] == precompile_run) {
            w->runners[i] = moved_run;
            w->runner_ctx[i] = (void *)moves;
        }
}

/* --- may it run? ------------------------------------------------------------------------------ */

static bool offers_nothing(const struct tx *t)
{
    return u256_is_zero(t->max_fee) && u256_is_zero(t->max_priority_fee);
}

struct u256 message_price(const struct tx *t, struct u256 base_fee)
{
    struct u256 price;
    if (offers_nothing(t))
        return U256_ZERO;
    if (u256_add(&price, t->max_priority_fee, base_fee) || u256_cmp(price, t->max_fee) > 0)
        return t->max_fee;
    return price;
}

static enum err check_nonce(struct state *s, const struct tx *t, struct diag *d)
{
    uint64_t nonce = state_nonce(s, &t->sender);
    char who[43];
    address_text(who, &t->sender);
    if (t->nonce != nonce)
        return diag_words(d, t->nonce < nonce ? E_TX_NONCE_LOW : E_TX_NONCE_HIGH,
                          "nonce too %s: address %s, tx: %" PRIu64 " state: %" PRIu64,
                          t->nonce < nonce ? "low" : "high", who, t->nonce, nonce);
    if (nonce == UINT64_MAX)
        return diag_words(d, E_TX_NONCE_MAX, "nonce has max value: address %s, nonce: %" PRIu64,
                          who, nonce);
    return E_OK;
}

static enum err check_fee(const struct tx *t, struct u256 base_fee, struct diag *d)
{
    char who[43], cap[79], other[79];
    address_text(who, &t->sender);
    u256_dec(cap, t->max_fee);
    if (u256_cmp(t->max_fee, t->max_priority_fee) < 0) {
        u256_dec(other, t->max_priority_fee);
        return diag_words(d, E_INVALID,
                          "max priority fee per gas higher than max fee per gas: address %s, "
                          "maxPriorityFeePerGas: %s, maxFeePerGas: %s",
                          who, other, cap);
    }
    if (u256_cmp(t->max_fee, base_fee) >= 0)
        return E_OK;
    u256_dec(other, base_fee);
    return diag_words(d, E_TX_FEE,
                      "max fee per gas less than block base fee: address %s, maxFeePerGas: %s, "
                      "baseFee: %s",
                      who, cap, other);
}

static enum err check_blobs(const struct execute_context *x, const struct tx *t, bool paid,
                            struct diag *d)
{
    if (t->type != TX_BLOB)
        return E_OK;
    uint64_t max = (uint64_t)x->block->blobs_max * TX_GAS_PER_BLOB;
    if (t->blob_hash_count == 0 || t->is_create || x->blob_gas_used > max ||
        tx_blob_gas(t) > max - x->blob_gas_used)
        return diag_words(d, E_TX_BLOBS,
                          "blob transaction with a number of blobs that is not allowed");
    for (size_t i = 0; i < t->blob_hash_count; i++)
        if (t->blob_hashes[i].b[0] != 0x01)
            return diag_words(d, E_TX_BLOBS, "blob %zu has invalid hash version", i);
    bool asked = paid || !u256_is_zero(t->max_fee_per_blob_gas);
    if (asked && u256_cmp(t->max_fee_per_blob_gas, x->block->blob_base_fee) < 0)
        return diag_words(d, E_TX_BLOB_FEE, "max fee per blob gas less than block blob gas fee");
    return E_OK;
}

static enum err check_funds(struct state *s, const struct tx *t, struct diag *d)
{
    struct u256 want, blobs, have = state_balance(s, &t->sender);
    bool overflow = u256_mul(&want, t->max_fee, u256_from_u64(t->gas_limit));
    overflow |= u256_add(&want, want, t->value);
    overflow |= u256_mul(&blobs, t->max_fee_per_blob_gas, u256_from_u64(tx_blob_gas(t)));
    overflow |= u256_add(&want, want, blobs);
    if (!overflow && u256_cmp(have, want) >= 0)
        return E_OK;
    char who[43], has[79], wants[79];
    address_text(who, &t->sender);
    u256_dec(has, have);
    u256_dec(wants, want);
    return diag_words(d, E_TX_FUNDS,
                      "insufficient funds for gas * price + value: address %s have %s want %s%s",
                      who, has, wants, overflow ? " (and more than 256 bits)" : "");
}

static enum err check_gas(const struct tx *t, enum fork fork, uint64_t *intrinsic_out,
                          uint64_t *floor_out, struct diag *d)
{
    if (tx_intrinsic_gas(t, fork, intrinsic_out, floor_out) != E_OK)
        return diag_words(d, E_TX_INTRINSIC_GAS, "gas uint64 overflow");
    if (t->gas_limit < *intrinsic_out)
        return diag_words(d, E_TX_INTRINSIC_GAS,
                          "intrinsic gas too low: have %" PRIu64 ", want %" PRIu64, t->gas_limit,
                          *intrinsic_out);
    if (t->gas_limit < *floor_out)
        return diag_words(d, E_TX_INTRINSIC_GAS,
                          "insufficient gas for floor data gas cost: have %" PRIu64
                          ", want %" PRIu64,
                          t->gas_limit, *floor_out);
    if (fork >= FORK_SHANGHAI && t->is_create && t->data.len > LIMIT_INITCODE_BYTES)
        return diag_words(d, E_TX_INITCODE, "max initcode size exceeded: code size %zu limit %u",
                          t->data.len, LIMIT_INITCODE_BYTES);
    return E_OK;
}

static enum err check(const struct execute_context *x, const struct tx *t, unsigned flags,
                      uint64_t *intrinsic_out, uint64_t *floor_out, struct diag *d)
{
    ASSERT(t->gas_limit <= INT64_MAX); /* callers bound it */
    if (flags & MESSAGE_CHECK_NONCE)
        TRY(check_nonce(x->state, t, d));
    if (x->block->fork >= FORK_LONDON && ((flags & MESSAGE_PAID) || !offers_nothing(t)))
        TRY(check_fee(t, x->block->base_fee, d));
    TRY(check_blobs(x, t, flags & MESSAGE_PAID, d));
    TRY(check_funds(x->state, t, d));
    return check_gas(t, x->block->fork, intrinsic_out, floor_out, d);
}

/* --- running it ------------------------------------------------------------------------------- */

/* Balances wrap as in execute.c: an override may give more than there is. */
static void credit(struct state *s, const struct address *a, struct u256 price, uint64_t gas)
{
    struct u256 amount, sum;
    u256_mul(&amount, price, u256_from_u64(gas));
    if (u256_is_zero(amount)) {
        state_touch(s, a);
        return;
    }
    u256_add(&sum, state_balance(s, a), amount);
    state_set_balance(s, a, sum);
}

static void buy_gas(const struct execute_context *x, const struct tx *t, struct u256 price,
                    bool free_blobs)
{
    struct u256 cost, blobs = U256_ZERO, left;
    u256_mul(&cost, price, u256_from_u64(t->gas_limit));
    if (!free_blobs)
        u256_mul(&blobs, x->block->blob_base_fee, u256_from_u64(tx_blob_gas(t)));
    u256_add(&cost, cost, blobs);
    if (u256_is_zero(cost))
        return;
    bool borrow = u256_sub(&left, state_balance(x->state, &t->sender), cost);
    ASSERT(!borrow); /* check_funds looked */
    state_set_balance(x->state, &t->sender, left);
}

/* The proposer gets what is above the base fee; a message that offers nothing pays nothing. */
static void pay(const struct execute_context *x, const struct tx *t, struct u256 price,
                bool is_free, uint64_t gas_used)
{
    struct u256 tip = price;
    credit(x->state, &t->sender, price, t->gas_limit - gas_used);
    if (is_free)
        return;
    if (x->block->fork >= FORK_LONDON && u256_sub(&tip, price, x->block->base_fee))
        tip = U256_ZERO;
    credit(x->state, &x->block->beneficiary, tip, gas_used);
}

enum err message_run(struct execute_context *x, const struct tx *t, unsigned flags,
                     const struct precompile_moves *moves_opt, struct message_result *out,
                     struct diag *d)
{
    struct state *s = x->state;
    uint64_t intrinsic = 0, floor = 0;
    enum err refusal = check(x, t, flags, &intrinsic, &floor, d);
    TRY(state_error(s));
    TRY(refusal);
    struct u256 price = message_price(t, x->block->base_fee);
    bool is_free = !(flags & MESSAGE_PAID) && offers_nothing(t);
    struct world w;
    execute_world(&w, x);
    if (moves_opt && moves_opt->count)
        move_precompiles(&w, moves_opt);
    w.origin = t->sender;
    w.gas_price = price;
    w.blob_hashes = t->blob_hashes;
    w.blob_hash_count = t->blob_hash_count;
    state_tx_begin(s);
    buy_gas(x, t, price, !(flags & MESSAGE_PAID) && u256_is_zero(t->max_fee_per_blob_gas));
    execute_message(&w, t, (int64_t)(t->gas_limit - intrinsic), &out->frame);
    uint64_t refunded;
    out->gas_used =
        execute_charge(s, x->block->fork, t->gas_limit, out->frame.gas_left, floor, &refunded);
    out->gas_peak = t->gas_limit - (uint64_t)out->frame.gas_left;
    if (out->gas_peak < floor)
        out->gas_peak = floor;
    pay(x, t, price, is_free, out->gas_used);
    x->gas_used += out->gas_used;
    x->blob_gas_used += tx_blob_gas(t);
    state_tx_end(s);
    return state_error(s);
}
