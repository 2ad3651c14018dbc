#include "state/state_internal.h"

#include "base/limits.h"

struct state *state_new(const struct state_reader *reader)
{
    struct state *s = mem_zalloc(1, sizeof *s);
    s->reader = *reader;
    s->seed = (uint64_t)(uintptr_t)s * 0x9e3779b97f4a7c15ULL ^ (uint64_t)(uintptr_t)&state_new;
    s->tx = 1;
    return s;
}

void state_free(struct state *s)
{
    if (!s)
        return;
    arena_free(&s->block);
    arena_free(&s->log_arena);
    mem_free(s->acct_table.at);
    mem_free(s->slot_table.at);
    mem_free(s->accts);
    mem_free(s->journal);
    mem_free(s->touched);
    mem_free(s->logs);
    buf_free(&s->scratch);
    mem_free(s);
}

void state_clear(struct state *s)
{
    table_clear(&s->acct_table);
    table_clear(&s->slot_table);
    s->acct_count = 0;
    s->journal_len = 0;
    s->error = E_OK;
    arena_reset(&s->block);
    tx_forget(s);
}

enum err state_error(const struct state *s)
{
    return s->error;
}

void state_set_rules(struct state *s, struct state_rules rules)
{
    s->rules = rules;
}

/* Accounts */

bool state_exists(struct state *s, const struct address *address)
{
    struct state_account *a = acct_load(s, address);
    return a->alive && (s->rules.keeps_empty || !account_is_empty(&a->now));
}

bool state_is_listed(struct state *s, const struct address *address)
{
    return acct_load(s, address)->alive;
}

struct u256 state_balance(struct state *s, const struct address *address)
{
    return acct_load(s, address)->now.balance;
}

uint64_t state_nonce(struct state *s, const struct address *address)
{
    return acct_load(s, address)->now.nonce;
}

struct hash state_code_hash(struct state *s, const struct address *address)
{
    return acct_load(s, address)->now.code_hash;
}

struct bytes state_code(struct state *s, const struct address *address)
{
    struct state_account *a = acct_load(s, address);
    if (a->code_loaded || hash_eq(&a->now.code_hash, &KECCAK_EMPTY))
        return a->code;
    buf_clear(&s->scratch);
    enum err e = s->reader.code(s->reader.ctx, &a->now.code_hash, &s->scratch);
    if (e != E_OK) {
        if (s->error == E_OK)
            s->error = e;
        return bytes_of(NULL, 0);
    }
    a->code = bytes_of(arena_dup(&s->block, s->scratch.data, s->scratch.len), s->scratch.len);
    a->code_loaded = true;
    return a->code;
}

void state_set_nonce(struct state *s, const struct address *address, uint64_t nonce)
{
    struct state_account *a = acct_load(s, address);
    journal_add(s, UNDO_NONCE, a)->number = a->now.nonce;
    a->now.nonce = nonce;
    a->alive = true;
    acct_touch(s, a);
}

static void set_balance(struct state *s, struct state_account *a, struct u256 balance)
{
    journal_add(s, UNDO_BALANCE, a)->word = a->now.balance;
    a->now.balance = balance;
    a->alive = true;
    acct_touch(s, a);
}

void state_set_balance(struct state *s, const struct address *address, struct u256 balance)
{
    set_balance(s, acct_load(s, address), balance);
}

bool state_transfer(struct state *s, const struct address *from, const struct address *to,
                    struct u256 value)
{
    struct state_account *payer = acct_load(s, from), *payee = acct_load(s, to);
    struct u256 left, sum;
    if (u256_sub(&left, payer->now.balance, value))
        return false;
    if (u256_is_zero(value) || payer == payee) { /* nothing moves, but both are touched */
        acct_touch(s, payer);
        acct_touch(s, payee);
        return true;
    }
    u256_add(&sum, payee->now.balance, value);
    set_balance(s, payer, left);
    set_balance(s, payee, sum);
    return true;
}

void state_set_code(struct state *s, const struct address *address, struct bytes code)
{
    struct state_account *a = acct_load(s, address);
    struct undo *u = journal_add(s, UNDO_CODE, a);
    u->code_hash = a->now.code_hash;
    u->code = a->code;
    u->flag = a->code_loaded;
    a->now.code_hash = code.len ? keccak256_of(code) : KECCAK_EMPTY;
    a->code = code.len ? bytes_of(arena_dup(&s->block, code.data, code.len), code.len)
                       : bytes_of(NULL, 0);
    a->code_loaded = true;
    a->alive = true;
    acct_touch(s, a);
}

void state_touch(struct state *s, const struct address *address)
{
    acct_touch(s, acct_load(s, address));
}

bool state_has_storage(struct state *s, const struct address *address)
{
    struct state_account *a = acct_load(s, address);
    if (a->existed && !a->cleared && !hash_eq(&a->before.storage_root, &KECCAK_EMPTY_TRIE))
        return true;
    for (const struct state_slot *slot = a->slots; slot; slot = slot->next)
        if (slot->loaded && slot->now.len)
            return true;
    return false;
}

/* Storage */

struct bytes state_storage(struct state *s, const struct address *address, const struct hash *key)
{
    return slot_load(s, acct_load(s, address), key)->now;
}

struct bytes state_storage_original(struct state *s, const struct address *address,
                                    const struct hash *key)
{
    struct state_slot *slot = slot_load(s, acct_load(s, address), key);
    return slot->tx == s->tx ? slot->tx_before : slot->now;
}

/* The last change was made after the last checkpoint, by this very slot: nobody can ask for the
 * value in between, so it is written over. Keeps a service that updates a large record many times
 * within one call from filling the block's memory. */
static bool may_overwrite(const struct state *s, const struct state_slot *slot)
{
    return slot->undo_at >= s->last_checkpoint && slot->undo_at < s->journal_len &&
           s->journal[slot->undo_at].kind == UNDO_SLOT && s->journal[slot->undo_at].slot == slot &&
           slot->tx == s->tx;
}

void slot_set(struct state *s, struct state_slot *slot, struct bytes value)
{
    struct state_account *a = slot->owner;
    if (bytes_eq(slot->now, value))
        return;
    if (!a->alive) {
        journal_add(s, UNDO_ALIVE, a);
        a->alive = true;
    }
    if (slot->tx != s->tx) {
        slot->tx = s->tx;
        slot->tx_before = slot->now;
    }
    if (may_overwrite(s, slot) && value.len <= slot->cap) {
        if (value.len)
            memmove((uint8_t *)(uintptr_t)slot->now.data, value.data, value.len);
        slot->now.len = value.len;
        return;
    }
    if (!may_overwrite(s, slot)) {
        struct undo *u = journal_add_slot(s, UNDO_SLOT, slot);
        u->value = slot->now;
        u->cap = slot->cap;
        u->undo_at = slot->undo_at;
        slot->undo_at = s->journal_len - 1;
        slot->cap = 0;
    }
    slot->cap = (uint32_t)((value.len + 15) & ~(size_t)15);
    uint8_t *copy = slot->cap ? arena_alloc(&s->block, slot->cap) : NULL;
    if (value.len)
        memcpy(copy, value.data, value.len);
    slot->now = bytes_of(copy, value.len);
}

void state_set_storage(struct state *s, const struct address *address, const struct hash *key,
                       struct bytes value)
{
    ASSERT(value.len <= LIMIT_STATE_VALUE_BYTES);
    slot_set(s, slot_load(s, acct_load(s, address), key), value);
}

struct u256 state_transient(struct state *s, const struct address *address, const struct hash *key)
{
    /* a slot that nobody wrote gets no record: TLOAD is cheap, and may ask for a million of them */
    const struct state_slot *slot = slot_find(s, acct_get(s, address), key);
    return slot && slot->transient_tx == s->tx ? slot->transient : U256_ZERO;
}

void state_set_transient(struct state *s, const struct address *address, const struct hash *key,
                         struct u256 value)
{
    struct state_slot *slot = slot_get(s, acct_get(s, address), key);
    if (slot->transient_tx != s->tx) {
        slot->transient_tx = s->tx;
        slot->transient = U256_ZERO;
    }
    journal_add_slot(s, UNDO_TRANSIENT, slot)->word = slot->transient;
    slot->transient = value;
}

/* Changes */

static void visit_storage(struct state_account *a, const struct state_change_visitor *v)
{
    for (struct state_slot *slot = a->slots; slot; slot = slot->next) {
        if (!slot->loaded)
            continue;
        bool changed = a->cleared ? slot->now.len > 0 : !bytes_eq(slot->now, slot->before);
        if (changed)
            v->storage(v->ctx, &a->address, &slot->key, slot->now);
    }
}

static void visit_account(struct state_account *a, const struct state_change_visitor *v)
{
    if (!a->loaded)
        return;
    if (a->cleared && a->existed)
        v->storage_cleared(v->ctx, &a->address);
    if (!a->alive) {
        if (a->existed)
            v->account(v->ctx, &a->address, NULL);
        return;
    }
    visit_storage(a, v);
    bool new_code = !hash_eq(&a->now.code_hash, &a->before.code_hash);
    if (new_code && a->code.len)
        v->code(v->ctx, &a->now.code_hash, a->code);
    if (!a->existed || new_code || a->now.nonce != a->before.nonce ||
        !u256_eq(a->now.balance, a->before.balance))
        v->account(v->ctx, &a->address, &a->now);
}

void state_visit_changes(struct state *s, const struct state_change_visitor *visitor)
{
    for (size_t i = 0; i < s->acct_count; i++)
        visit_account(s->accts[i], visitor);
}
