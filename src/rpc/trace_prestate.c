/* trace_prestate: prestateTracer: the accounts a transaction touches, as they were before it; with
 * diffMode what it changed of them.
 *
 * Accounts are found by what the instructions name, so what a city service reads and writes of its
 * own storage is not told: only bytecode's slots are. */
#include "rpc/trace.h"

#include "crypto/keccak.h"
#include "evm/evm.h"
#include "evm/opcode.h"
#include "rpc/slot_map.h"

struct pre_slot {
    struct hash key; /* first: slot_map.h */
    struct hash value;
    struct pre_slot *next;
};

struct pre_account {
    struct address address;
    bool is_empty, is_deleted, is_created, is_unchanged;
    struct u256 balance;
    uint64_t nonce;
    struct hash code_hash;
    struct bytes code;
    struct pre_slot *slots, **slots_end;
    struct slot_map by_key;
    struct pre_account *next;
};

struct prestate {
    struct pre_account *first, **end;
};

static struct pre_account *find(struct prestate *p, const struct address *a)
{
    struct pre_account *at = p->first;
    while (at && !address_eq(&at->address, a))
        at = at->next;
    return at;
}

static struct pre_account *look_up(struct trace *t, struct state *s, const struct address *a)
{
    struct prestate *p = t->own;
    struct pre_account *at = find(p, a);
    if (at)
        return at;
    at = arena_zalloc(&t->arena, 1, sizeof *at);
    at->address = *a;
    at->balance = state_balance(s, a);
    at->nonce = state_nonce(s, a);
    at->code_hash = state_code_hash(s, a);
    struct bytes code = state_code(s, a);
    at->code = bytes_of(arena_dup(&t->arena, code.data, code.len), code.len);
    at->is_empty = u256_is_zero(at->balance) && at->nonce == 0 && code.len == 0;
    at->slots_end = &at->slots;
    *p->end = at;
    p->end = &at->next;
    return at;
}

static struct hash word_of(struct state *s, const struct address *a, const struct hash *key)
{
    struct hash value = {{0}};
    struct bytes v = state_storage(s, a, key);
    if (v.len > 32)
        v = bytes_of(v.data + v.len - 32, 32);
    if (v.len)
        memcpy(value.b + 32 - v.len, v.data, v.len);
    return value;
}

static void look_up_slot(struct trace *t, struct state *s, const struct address *a,
                         const struct hash *key)
{
    struct pre_account *at = look_up(t, s, a);
    if (slot_map_find(&at->by_key, key))
        return;
    struct pre_slot *slot = arena_zalloc(&t->arena, 1, sizeof *slot);
    slot->key = *key;
    slot->value = word_of(s, a, key);
    *at->slots_end = slot;
    at->slots_end = &slot->next;
    slot_map_add(&at->by_key, &t->arena, slot);
}

/* The address that CREATE2 is about to deploy to, from init code that may reach beyond memory. */
static struct address create2_address(struct trace *t, const struct trace_step *s)
{
    struct u256 at = trace_top(s, 1), len = trace_top(s, 2);
    struct hash salt;
    struct bytes init = {0};
    u256_to_be(salt.b, trace_top(s, 3));
    if (u256_fits_u64(at) && u256_fits_u64(len) && len.w[0] <= LIMIT_TX_BYTES) {
        uint8_t *copy = arena_zalloc(&t->arena, len.w[0] + 1, 1);
        if (at.w[0] < s->memory.len) {
            size_t have = s->memory.len - (size_t)at.w[0];
            memcpy(copy, s->memory.data + at.w[0], have < len.w[0] ? have : (size_t)len.w[0]);
        }
        init = bytes_of(copy, (size_t)len.w[0]);
    }
    return frame_create2_address(&s->frame->recipient, &salt, init);
}

static void look_up_callee(struct trace *t, struct state *s, struct address a)
{
    struct address target;
    look_up(t, s, &a);
    if (evm_delegation(state_code(s, &a), &target))
        look_up(t, s, &target);
}

static void step(void *ctx, struct world *w, const struct trace_step *s)
{
    struct trace *t = ctx;
    struct state *st = w->state;
    const struct address *self = &s->frame->recipient;
    struct hash key;
    struct address a;
    if (s->stack_count < OPCODE_INFO[s->opcode].in || !trace_goes_on(t))
        return;
    switch (s->opcode) {
    case OP_SLOAD:
    case OP_SSTORE:
        u256_to_be(key.b, trace_top(s, 0));
        look_up_slot(t, st, self, &key);
        break;
    case OP_EXTCODECOPY:
    case OP_EXTCODEHASH:
    case OP_EXTCODESIZE:
    case OP_BALANCE:
    case OP_SELFDESTRUCT:
        a = trace_address(trace_top(s, 0));
        look_up(t, st, &a);
        if (s->opcode == OP_SELFDESTRUCT &&
            (w->block->fork < FORK_CANCUN || state_was_created(st, self)))
            look_up(t, st, self)->is_deleted = true;
        break;
    case OP_CALL:
    case OP_CALLCODE:
    case OP_DELEGATECALL:
    case OP_STATICCALL:
        look_up_callee(t, st, trace_address(trace_top(s, 1)));
        break;
    case OP_CREATE:
        a = frame_create_address(self, state_nonce(st, self));
        look_up(t, st, &a)->is_created = true;
        break;
    case OP_CREATE2:
        a = create2_address(t, s);
        look_up(t, st, &a)->is_created = true;
        break;
    default:
        break;
    }
}

static void prestate_open(struct trace *t, struct state *s, const struct block_env *env,
                          const struct tx *tx)
{
    struct prestate *p = arena_zalloc(&t->arena, 1, sizeof *p);
    p->end = &p->first;
    t->own = p;
    t->tracer.step = step;
    look_up(t, s, &tx->sender);
    struct address to = tx->to, target;
    if (tx->is_create)
        to = frame_create_address(&tx->sender, state_nonce(s, &tx->sender));
    look_up(t, s, &to)->is_created |= tx->is_create;
    look_up(t, s, &env->beneficiary);
    for (size_t i = 0; i < tx->auth_count; i++)
        if (tx->auths[i].has_authority)
            look_up(t, s, &tx->auths[i].authority);
    if (evm_delegation(state_code(s, &to), &target))
        look_up(t, s, &target);
}

/* --- what is told ----------------------------------------------------------------------------- */

static void key_of_address(struct buf *out, const struct address *a)
{
    char name[43] = "0x";
    hex_encode(name + 2, a->b, 20);
    json_put_key(out, name);
}

static void put_slot(struct buf *out, const struct hash *key, const struct hash *value)
{
    char name[67] = "0x";
    hex_encode(name + 2, key->b, 32);
    json_put_key(out, name);
    json_put_data(out, value->b, 32);
}

static void put_code(const struct trace *t, struct buf *out, const struct hash *code_hash,
                     struct bytes code)
{
    if (!t->config->no_code) {
        json_put_key(out, "code");
        json_put_data(out, code.data, code.len);
    }
    json_put_key(out, "codeHash");
    json_put_data(out, code_hash->b, 32);
}

static void put_pre(const struct trace *t, struct buf *out, const struct pre_account *a)
{
    key_of_address(out, &a->address);
    json_open(out, '{');
    json_put_key(out, "balance");
    json_put_quantity_u256(out, a->balance);
    if (a->nonce) {
        json_put_key(out, "nonce");
        json_put_u64(out, a->nonce);
    }
    if (a->code.len)
        put_code(t, out, &a->code_hash, a->code);
    if (a->slots && !t->config->no_storage) {
        json_put_key(out, "storage");
        json_open(out, '{');
        for (const struct pre_slot *s = a->slots; s; s = s->next)
            put_slot(out, &s->key, &s->value);
        json_close(out, '}');
    }
    json_close(out, '}');
}

/* What differs now is appended as the inside of an object; false: nothing. Slots that did not
 * change, or were empty, leave the account's list of earlier values. */
static bool put_post(const struct trace *t, struct state *s, struct buf *out, struct pre_account *a)
{
    size_t start = out->len;
    struct u256 balance = state_balance(s, &a->address);
    uint64_t nonce = state_nonce(s, &a->address);
    struct hash code_hash = state_code_hash(s, &a->address);
    bool modified = false;
    if (!u256_eq(balance, a->balance)) {
        json_put_key(out, "balance");
        json_put_quantity_u256(out, balance);
    }
    if (nonce != a->nonce) {
        json_put_key(out, "nonce");
        json_put_u64(out, nonce);
    }
    if (!hash_eq(&code_hash, &a->code_hash))
        put_code(t, out, &code_hash, state_code(s, &a->address));
    size_t storage = out->len, inside = 0;
    for (struct pre_slot **at = &a->slots; !t->config->no_storage && *at;) {
        struct pre_slot *slot = *at;
        struct hash now = word_of(s, &a->address, &slot->key);
        bool changed = !hash_eq(&now, &slot->value);
        modified |= changed;
        if (changed && !hash_is_zero(&now)) {
            if (!inside++) {
                json_put_key(out, "storage");
                json_open(out, '{');
            }
            put_slot(out, &slot->key, &now);
        }
        if (!changed || hash_is_zero(&slot->value))
            *at = slot->next;
        else
            at = &slot->next;
    }
    if (inside)
        json_close(out, '}');
    return modified || storage > start || out->len > start;
}

static void put_diff(struct trace *t, struct state *s, struct buf *out)
{
    struct prestate *p = t->own;
    json_open(out, '{');
    json_put_key(out, "post");
    json_open(out, '{');
    for (struct pre_account *a = p->first; a; a = a->next) {
        size_t before = out->len;
        if (a->is_deleted)
            continue;
        key_of_address(out, &a->address);
        json_open(out, '{');
        a->is_unchanged = !put_post(t, s, out, a);
        if (a->is_unchanged)
            out->len = before;
        else
            json_close(out, '}');
    }
    json_close(out, '}');
    json_put_key(out, "pre");
    json_open(out, '{');
    for (struct pre_account *a = p->first; a; a = a->next)
        if (!a->is_unchanged && (!a->is_empty || t->config->include_empty))
            put_pre(t, out, a);
    json_close(out, '}');
    json_close(out, '}');
}

static void prestate_put(struct trace *t, struct state *s, const struct trace_outcome *outcome,
                         const struct trace_place *place, struct buf *out)
{
    struct prestate *p = t->own;
    (void)outcome;
    (void)place;
    if (t->config->diff) {
        put_diff(t, s, out);
        return;
    }
    json_open(out, '{');
    for (const struct pre_account *a = p->first; a; a = a->next)
        if (!a->is_empty || t->config->include_empty)
            put_pre(t, out, a);
    json_close(out, '}');
}

const struct trace_ops TRACE_PRESTATE_OPS = {prestate_open, prestate_put};
