/* trace_steps: the opcode logger: one entry for every instruction, before it runs.
 *
 * The entries are JSON from the start; the last one stays open until the next event, because an
 * instruction may turn out to fail. */
#include "rpc/trace.h"

#include "evm/opcode.h"

/* Storage that a contract has touched so far. */
struct seen_slot {
    struct address address;
    struct hash key, value;
    struct seen_slot *next;
};

struct steps {
    uint64_t count;
    bool is_open;
    unsigned depth; /* of the open entry */
    uint32_t pc;
    struct seen_slot *slots;
};

static void put_stack(struct buf *out, const struct trace_step *s)
{
    json_put_key(out, "stack");
    json_open(out, '[');
    for (size_t i = 0; i < s->stack_count; i++)
        json_put_quantity_u256(out, s->stack[i]);
    json_close(out, ']');
}

static void put_memory(struct buf *out, struct bytes memory)
{
    json_put_key(out, "memory");
    json_open(out, '[');
    for (size_t i = 0; i + 32 <= memory.len; i += 32)
        json_put_data(out, memory.data + i, 32);
    json_close(out, ']');
}

static struct hash slot_now(struct world *w, const struct address *a, const struct hash *key)
{
    struct hash value = {{0}};
    struct bytes v = state_storage(w->state, a, key);
    if (v.len > 32)
        v = bytes_of(v.data + v.len - 32, 32);
    if (v.len)
        memcpy(value.b + 32 - v.len, v.data, v.len);
    return value;
}

/* The slots the contract has read and written so far, with this one as the instruction leaves it.
 */
static void put_storage(struct trace *t, struct world *w, const struct trace_step *s)
{
    struct steps *own = t->own;
    struct seen_slot *slot = own->slots;
    struct address a = s->frame->recipient;
    struct hash key, value;
    u256_to_be(key.b, trace_top(s, 0));
    if (s->opcode == OP_SSTORE)
        u256_to_be(value.b, trace_top(s, 1));
    else
        value = slot_now(w, &a, &key);
    while (slot && !(address_eq(&slot->address, &a) && hash_eq(&slot->key, &key)))
        slot = slot->next;
    if (!slot) {
        slot = arena_alloc(&t->arena, sizeof *slot);
        *slot = (struct seen_slot){.address = a, .key = key, .next = own->slots};
        own->slots = slot;
    }
    slot->value = value;
    json_put_key(&t->json, "storage");
    json_open(&t->json, '{');
    for (slot = own->slots; slot; slot = slot->next) {
        if (!address_eq(&slot->address, &a))
            continue;
        char name[67] = "0x";
        hex_encode(name + 2, slot->key.b, 32);
        json_put_key(&t->json, name);
        json_put_data(&t->json, slot->value.b, 32);
    }
    json_close(&t->json, '}');
}

static void close_entry(struct trace *t)
{
    struct steps *own = t->own;
    if (own->is_open)
        json_close(&t->json, '}');
    own->is_open = false;
}

/* What the buffer holds counts like the arena's bytes. */
static bool room(struct trace *t, size_t before)
{
    size_t grown = t->json.len - before;
    if (grown > *t->bytes_left)
        t->stopped = TRACE_TOO_LARGE;
    else
        *t->bytes_left -= grown;
    return !t->stopped;
}

static void open_entry(struct trace *t, struct world *w, const struct trace_step *s)
{
    struct steps *own = t->own;
    struct buf *out = &t->json;
    size_t before = out->len;
    close_entry(t);
    own->is_open = true;
    own->depth = s->frame->depth;
    own->pc = s->pc;
    own->count++;
    json_open(out, '{');
    json_put_key(out, "pc");
    json_put_u64(out, s->pc);
    json_put_key(out, "op");
    json_put_string(out, opcode_name(s->opcode));
    json_put_key(out, "gas");
    json_put_i64(out, s->gas);
    json_put_key(out, "gasCost");
    json_put_i64(out, s->gas_cost);
    json_put_key(out, "depth");
    json_put_u64(out, s->frame->depth + 1);
    if (!t->config->no_stack)
        put_stack(out, s);
    if (t->config->memory && s->memory.len)
        put_memory(out, s->memory);
    if (t->config->return_data && s->return_data.len) {
        json_put_key(out, "returnData");
        json_put_data(out, s->return_data.data, s->return_data.len);
    }
    if (s->refund > 0) {
        json_put_key(out, "refund");
        json_put_i64(out, s->refund);
    }
    if (!t->config->no_storage && (s->opcode == OP_SLOAD || s->opcode == OP_SSTORE) &&
        s->stack_count >= (s->opcode == OP_SLOAD ? 1u : 2u))
        put_storage(t, w, s);
    (void)room(t, before);
}

static bool limit_reached(const struct trace *t)
{
    const struct steps *own = t->own;
    return t->config->limit && own->count >= t->config->limit;
}

static void step(void *ctx, struct world *w, const struct trace_step *s)
{
    struct trace *t = ctx;
    trace_note_step(t, s);
    if (limit_reached(t))
        close_entry(t);
    else if (trace_goes_on(t))
        open_entry(t, w, s);
}

static void fault(void *ctx, struct world *w, const struct trace_step *s)
{
    struct trace *t = ctx;
    struct steps *own = t->own;
    struct trace_why why;
    trace_note_fault(t, s);
    why = t->why[s->frame->depth <= LIMIT_CALL_DEPTH ? s->frame->depth : LIMIT_CALL_DEPTH + 1];
    if (!trace_goes_on(t))
        return;
    if (!own->is_open || own->depth != s->frame->depth || own->pc != s->pc) {
        if (limit_reached(t))
            return;
        open_entry(t, w, s);
    }
    json_put_key(&t->json, "error");
    json_put_string(&t->json, trace_fault_text(&t->arena, &why, s->error));
    close_entry(t);
}

static void steps_open(struct trace *t, struct state *s, const struct block_env *env,
                       const struct tx *tx)
{
    (void)s;
    (void)env;
    (void)tx;
    t->own = arena_zalloc(&t->arena, 1, sizeof(struct steps));
    t->tracer.step = step;
    t->tracer.fault = fault;
}

static void steps_put(struct trace *t, struct state *s, const struct trace_outcome *outcome,
                      const struct trace_place *place, struct buf *out)
{
    (void)s;
    (void)place;
    bool told = outcome->status == FRAME_SUCCESS || outcome->status == FRAME_REVERT;
    close_entry(t);
    json_open(out, '{');
    json_put_key(out, "gas");
    json_put_u64(out, outcome->gas_used);
    json_put_key(out, "failed");
    json_put_bool(out, outcome->status != FRAME_SUCCESS);
    json_put_key(out, "returnValue");
    json_put_data(out, outcome->output.data, told ? outcome->output.len : 0);
    json_put_key(out, "structLogs");
    json_open(out, '[');
    buf_put(out, t->json.data, t->json.len);
    json_close(out, ']');
    json_close(out, '}');
}

const struct trace_ops TRACE_STEPS_OPS = {steps_open, steps_put};
