/* eth_call, eth_estimateGas, eth_createAccessList, eth_sendRawTransaction. */
#include "rpc/methods.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "evm/opcode.h"
#include "evm/precompile.h"
#include "rpc/slot_map.h"
#include "rpc/trace.h"

/* What a call is asked with: message, block, state overrides, block overrides. */
struct call_input {
    struct call_request request;
    struct state_override state;
    struct block_override block;
    struct diag diag;
    uint64_t number;
};

static bool in_time(void *ctx)
{
    return call_in_time(ctx);
}

/* Whether the block is asked for as latest or pending, or not at all. */
static bool asks_for_now(const struct json *j)
{
    const char *text = json_text(j);
    return !j || (text && (strcmp(text, "latest") == 0 || strcmp(text, "pending") == 0));
}

/* as_next makes the call see the block that would come next, at this moment: here blocks follow
 * transactions, so the head may be hours old, and what is mined next has another number and time
 * than it. An estimate at the head's own number would be too low for contracts that keep something
 * per block. Calls on an imported chain see the head, as other nodes have it. */
static bool as_next(struct rpc_call *c, uint64_t head, struct block_override *o)
{
    struct header h;
    struct hash hash;
    enum err e = chain_load_header(c->view, head, &c->arena, &h, &hash);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    uint64_t now_s = c->r->engine->ops->agrees_on_time ? chain_now_s(c->chain) : clock_unix_s();
    if (!o->has_number)
        o->number = head + 1;
    if (!o->has_time)
        o->time_s = now_s > h.timestamp_s ? now_s : h.timestamp_s;
    o->has_number = o->has_time = true;
    return true;
}

static bool read_input(struct rpc_call *c, struct call_input *in)
{
    if (!read_call(c, param(c, 0), &in->request) || !param_block(c, 1, &in->number, NULL) ||
        !read_state_override(c, param(c, 2), &in->state) ||
        !read_block_override(c, param(c, 3), false, &in->block))
        return false;
    if (asks_for_now(param(c, 1)) && !chain_genesis(c->chain)->is_ethereum &&
        !as_next(c, in->number, &in->block))
        return false;
    in->diag.text[0] = 0;
    in->request.state = &in->state;
    in->request.block = &in->block;
    in->request.diag = &in->diag;
    in->request.goes_on = in_time;
    in->request.goes_on_ctx = c;
    return true;
}

/* A failed frame, with what a service says of it in words. */
static bool fail_frame(struct rpc_call *c, const struct call_input *in,
                       const struct frame_result *result)
{
    size_t len;
    if (rpc_fail_frame(c, result))
        return true;
    len = strlen(c->error_text);
    if (result->status == FRAME_REVERT && in->diag.text[0])
        snprintf(c->error_text + len, sizeof c->error_text - len, ": %.300s", in->diag.text);
    return false;
}

bool eth_call(struct rpc_call *c)
{
    struct call_input in;
    struct frame_result result = {0};
    uint64_t gas_used;
    if (!read_input(c, &in))
        return false;
    enum err e = chain_call(c->view, in.number, &in.request, &c->arena, &result, &gas_used);
    if (e != E_OK)
        return rpc_fail_diag(c, e, &in.diag);
    if (!fail_frame(c, &in, &result))
        return false;
    json_put_data(c->out, result.output.data, result.output.len);
    return true;
}

bool eth_estimate_gas(struct rpc_call *c)
{
    struct call_input in;
    struct frame_result result = {0};
    uint64_t gas = 0;
    if (!read_input(c, &in))
        return false;
    enum err e = chain_estimate_gas(c->view, in.number, &in.request, &c->arena, &gas, &result);
    if (e == E_REVERT || (e == E_OUT_OF_GAS && result.status != FRAME_OUT_OF_GAS))
        return fail_frame(c, &in, &result);
    if (e == E_TIMEOUT)
        return call_in_time(c); /* says so */
    if (e == E_OUT_OF_GAS)
        return rpc_fail(c, RPC_SERVER, "gas required exceeds allowance (%llu)",
                        (unsigned long long)gas);
    if (e != E_OK)
        return rpc_fail_diag(c, e, &in.diag);
    json_put_quantity(c->out, gas);
    return true;
}

/* --- access lists ----------------------------------------------------------------------------- */

#define ACCESS_RUNS_MAX 16u /* the list is stable after two runs, mostly */

struct touched {
    struct address address;
    struct hash *slots; /* sorted in the end */
    size_t slot_count, slot_cap;
    struct slot_map by_key;
};

struct touch_list {
    struct rpc_call *c;
    unsigned steps;
    bool is_late; /* nothing is kept any more */
    struct arena *arena;
    struct touched *at;
    size_t count, cap;
    const struct call_request *request; /* sender, callee and authorities are warm anyway */
    struct address callee;
};

static bool is_warm_anyway(const struct touch_list *l, enum fork fork, const struct address *a)
{
    for (size_t i = 0; i < l->request->auth_count; i++)
        if (l->request->auths[i].has_authority && address_eq(&l->request->auths[i].authority, a))
            return true;
    return address_eq(a, &l->request->from) || address_eq(a, &l->callee) || precompile_is(fork, a);
}

static struct touched *touch(struct touch_list *l, const struct address *a)
{
    for (size_t i = 0; i < l->count; i++)
        if (address_eq(&l->at[i].address, a))
            return &l->at[i];
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct touched *at = arena_zalloc(l->arena, cap, sizeof *at);
        if (l->count)
            memcpy(at, l->at, l->count * sizeof *at);
        l->at = at;
        l->cap = cap;
    }
    l->at[l->count].address = *a;
    return &l->at[l->count++];
}

static void touch_slot(struct touch_list *l, const struct address *a, struct u256 slot)
{
    struct touched *t = touch(l, a);
    struct hash key;
    u256_to_be(key.b, slot);
    if (slot_map_find(&t->by_key, &key))
        return;
    slot_map_add(&t->by_key, l->arena, arena_dup(l->arena, key.b, sizeof key.b));
    if (t->slot_count == t->slot_cap) {
        size_t cap = t->slot_cap ? 2 * t->slot_cap : 16;
        struct hash *slots = arena_alloc(l->arena, cap * sizeof *slots);
        if (t->slot_count)
            memcpy(slots, t->slots, t->slot_count * sizeof *slots);
        t->slots = slots;
        t->slot_cap = cap;
    }
    t->slots[t->slot_count++] = key;
}

static void touch_step(void *ctx, struct world *w, const struct trace_step *s)
{
    struct touch_list *l = ctx;
    struct address a;
    if (++l->steps % 1024 == 0 && !call_in_time(l->c))
        l->is_late = true;
    if (l->is_late || s->stack_count < OPCODE_INFO[s->opcode].in)
        return;
    switch (s->opcode) {
    case OP_SLOAD:
    case OP_SSTORE:
        touch_slot(l, &s->frame->recipient, trace_top(s, 0));
        return;
    case OP_EXTCODECOPY:
    case OP_EXTCODEHASH:
    case OP_EXTCODESIZE:
    case OP_BALANCE:
    case OP_SELFDESTRUCT:
        a = trace_address(trace_top(s, 0));
        break;
    case OP_CALL:
    case OP_CALLCODE:
    case OP_DELEGATECALL:
    case OP_STATICCALL:
        a = trace_address(trace_top(s, 1));
        break;
    default:
        return;
    }
    if (!is_warm_anyway(l, w->block->fork, &a))
        touch(l, &a);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash));
}

static int by_address(const void *a, const void *b)
{
    return memcmp(((const struct tx_access *)a)->address.b,
                  ((const struct tx_access *)b)->address.b, sizeof(struct address));
}

static size_t slots_of(const struct tx_access *list, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += list[i].slot_count;
    return n;
}

/* settle makes the list of what was touched, sorted. */
static struct tx_access *settle(struct touch_list *l)
{
    struct tx_access *list = arena_zalloc(l->arena, l->count + 1, sizeof *list);
    for (size_t i = 0; i < l->count; i++) {
        struct touched *t = &l->at[i];
        if (t->slot_count)
            qsort(t->slots, t->slot_count, sizeof *t->slots, by_hash);
        list[i] = (struct tx_access){t->address, t->slots, t->slot_count};
    }
    if (l->count)
        qsort(list, l->count, sizeof *list, by_address);
    return list;
}

/* Where a creation goes: warm from the start. */
static bool find_callee(struct rpc_call *c, const struct call_input *in, struct address *out)
{
    struct statedb_view *s;
    struct account account;
    bool exists;
    *out = in->request.to;
    if (!in->request.is_create)
        return true;
    enum err e = chain_state_at(c->view, in->number, &s);
    if (e == E_OK) {
        const struct state_reader *reader = statedb_view_reader(s);
        e = reader->account(reader->ctx, &in->request.from, &account, &exists);
    }
    if (e != E_OK)
        return rpc_fail_err(c, e);
    uint64_t nonce = in->request.has_nonce ? in->request.nonce : account.nonce;
    *out = tx_create_address(&in->request.from, nonce);
    return true;
}

static void put_access_result(struct buf *out, const struct call_request *q,
                              const struct frame_result *r, uint64_t gas_used)
{
    json_open(out, '{');
    put_access_list(out, q->access, q->access_count);
    if (r->status != FRAME_SUCCESS) {
        json_put_key(out, "error");
        json_put_string(out, frame_status_text(r->status));
    }
    json_put_key(out, "gasUsed");
    json_put_quantity(out, gas_used);
    json_close(out, '}');
}

/* The list changes what gas there is, so it is asked for until it does not change any more. */
bool eth_create_access_list(struct rpc_call *c)
{
    struct call_input in;
    struct frame_result result = {0};
    uint64_t gas_used = 0;
    if (!read_input(c, &in))
        return false;
    struct touch_list l = {.c = c, .arena = &c->arena, .request = &in.request};
    struct tracer tracer = {.step = touch_step, .ctx = &l};
    if (!find_callee(c, &in, &l.callee))
        return false;
    for (size_t i = 0; i < in.request.auth_count; i++)
        tx_recover_auth(&in.request.auths[i]);
    for (size_t i = 0; i < in.request.access_count; i++) {
        const struct tx_access *given = &in.request.access[i];
        for (size_t k = 0; k < given->slot_count; k++)
            touch_slot(&l, &given->address, u256_from_be(given->slots[k].b));
    }
    in.request.tracer = &tracer;
    for (unsigned run = 0; run < ACCESS_RUNS_MAX; run++) {
        if (!call_in_time(c))
            return false;
        enum err e = chain_call(c->view, in.number, &in.request, &c->arena, &result, &gas_used);
        if (l.is_late)
            return call_in_time(c); /* says so */
        if (e != E_OK)
            return rpc_fail_diag(c, e, &in.diag);
        struct tx_access *list = settle(&l);
        bool stable =
            l.count == in.request.access_count &&
            slots_of(list, l.count) == slots_of(in.request.access, in.request.access_count);
        in.request.access = list;
        in.request.access_count = l.count;
        if (stable)
            break;
    }
    put_access_result(c->out, &in.request, &result, gas_used);
    return true;
}

/* --- sending ---------------------------------------------------------------------------------- */

bool eth_send_raw(struct rpc_call *c)
{
    const struct json *j = param(c, 0);
    const char *text = j ? json_text(j) : NULL;
    struct hash hash;
    if (!text || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
        return rpc_fail(c, RPC_PARAMS, "the transaction must be hexadecimal data (0x...)");
    buf_clear(&c->scratch);
    if (hex_decode_buf(&c->scratch, text, strlen(text)) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "the transaction is not hexadecimal data");
    struct diag why = {0};
    enum err e = c->r->engine->ops->submit(c->r->engine, buf_view(&c->scratch), &hash, &why);
    if (e == E_REVERT)
        return rpc_fail(c, RPC_REVERT, "execution reverted: %.700s", why.text);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    put_hash(c->out, &hash);
    return true;
}
