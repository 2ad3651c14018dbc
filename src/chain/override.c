/* override: what a caller wants to be different from the chain, put into a state and a block. */
#include "chain/call.h"

#include "city/service.h"
#include "evm/precompile.h"

/* Takes all storage from an account and leaves the rest: what a destruction does, undone but for
 * the slots. */
static void clear_storage(struct state *s, const struct address *a)
{
    struct u256 balance = state_balance(s, a);
    uint64_t nonce = state_nonce(s, a);
    struct buf code = {0};
    struct bytes now = state_code(s, a);
    buf_put(&code, now.data, now.len);
    state_tx_begin(s);
    state_mark_created(s, a);
    state_self_destruct(s, a);
    state_tx_end(s);
    state_tx_begin(s);
    if (!u256_is_zero(balance))
        state_set_balance(s, a, balance);
    if (nonce)
        state_set_nonce(s, a, nonce);
    if (code.len)
        state_set_code(s, a, buf_view(&code));
    buf_free(&code);
}

static void set_slots(struct state *s, const struct account_override *o)
{
    for (size_t i = 0; i < o->slot_count; i++) {
        const uint8_t *value = o->slots[i].value.b;
        size_t skip = 0;
        while (skip < 32 && value[skip] == 0)
            skip++;
        state_set_storage(s, &o->address, &o->slots[i].key, bytes_of(value + skip, 32 - skip));
    }
}

static bool is_overridden(const struct state_override *o, const struct address *a)
{
    for (size_t i = 0; i < o->count; i++)
        if (address_eq(&o->accounts[i].address, a))
            return true;
    return false;
}

static enum err move(const struct state_override *o, const struct account_override *account,
                     bool is_precompile, struct precompile_moves *moves, struct diag *d)
{
    char who[43];
    if (account->has_move && !is_precompile) {
        address_text(who, &account->address);
        return diag_words(d, E_INVALID, "account %s is not a precompile", who);
    }
    if (account->has_move && is_overridden(o, &account->move_to)) {
        address_text(who, &account->move_to);
        return diag_words(d, E_INVALID, "account %s is already overridden", who);
    }
    if (is_precompile) /* one whose account is overridden is gone, wherever it went */
        moves->at[moves->count++] =
            (struct moved_precompile){account->address, account->move_to, !account->has_move};
    return E_OK;
}

/* Services trust what they have written: of theirs only the balance can be different. */
static enum err leave_services(const struct account_override *o, struct diag *d)
{
    char who[43];
    bool moves_there = o->has_move && service_at(&o->move_to);
    bool changes = o->has_nonce || o->has_code || o->has_state || o->slot_count || o->has_move;
    if (!moves_there && !(changes && service_at(&o->address)))
        return E_OK;
    address_text(who, moves_there ? &o->move_to : &o->address);
    return diag_words(d, E_INVALID,
                      "account %s is a service of this chain: only its balance can be overridden",
                      who);
}

enum err override_apply(const struct state_override *o, struct state *s, enum fork fork,
                        bool has_services, struct arena *a, struct precompile_moves *moves,
                        struct diag *d)
{
    *moves = (struct precompile_moves){.at = arena_zalloc(a, o->count + 1, sizeof *moves->at)};
    state_tx_begin(s);
    for (size_t i = 0; i < o->count; i++) {
        const struct account_override *account = &o->accounts[i];
        if (has_services)
            TRY(leave_services(account, d));
        TRY(move(o, account, precompile_is(fork, &account->address), moves, d));
        if (account->has_state)
            clear_storage(s, &account->address);
        if (account->has_nonce)
            state_set_nonce(s, &account->address, account->nonce);
        if (account->has_code)
            state_set_code(s, &account->address, account->code);
        if (account->has_balance)
            state_set_balance(s, &account->address, account->balance);
        set_slots(s, account);
    }
    state_tx_begin(s); /* as if a transaction before had done it */
    return state_error(s);
}

void override_block(const struct block_override *o, struct block_env *env)
{
    if (o->has_number)
        env->number = o->number;
    if (o->has_time)
        env->timestamp_s = o->time_s;
    if (o->has_gas_limit)
        env->gas_limit = o->gas_limit;
    if (o->has_beneficiary)
        env->beneficiary = o->beneficiary;
    if (o->has_prev_randao)
        env->prev_randao = o->prev_randao;
    if (o->has_base_fee)
        env->base_fee = o->base_fee;
    if (o->has_blob_base_fee)
        env->blob_base_fee = o->blob_base_fee;
    if (o->has_difficulty)
        env->difficulty = o->difficulty;
}
