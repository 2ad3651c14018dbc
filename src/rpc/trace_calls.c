/* trace_calls: the tree of calls, and callTracer's form of it. */
#include "rpc/trace_calls.h"

#include "evm/opcode.h"
#include "evm/precompile.h"

/* --- the tree --------------------------------------------------------------------------------- */

static bool is_creation(uint8_t opcode)
{
    return opcode == OP_CREATE || opcode == OP_CREATE2;
}

/* flatCallTracer does not know onlyTopCall. */
static bool is_watched(const struct trace *t, unsigned depth)
{
    return t->config->kind != TRACE_CALLS || !t->config->only_top_call || depth == 0;
}

/* Logs that came since the last event belong to the frame that runs. A frame that failed has taken
 * its own back before this is asked again. */
static void take_logs(struct trace *t, struct world *w)
{
    struct call_tree *tree = t->own;
    size_t count = state_log_count(w->state);
    for (size_t i = t->log_count; i < count; i++) {
        struct call_node *node = tree->current;
        if (!t->config->with_log || !node || !is_watched(t, tree->depth))
            break;
        struct call_log *log = arena_zalloc(&t->arena, 1, sizeof *log);
        log->entry = *state_log(w->state, i);
        log->entry.data.data = arena_dup(&t->arena, log->entry.data.data, log->entry.data.len);
        log->index = t->log_base + i;
        log->position = node->call_count;
        if (node->last_log)
            node->last_log->next = log;
        else
            node->logs = log;
        node->last_log = log;
    }
    t->log_count = count;
}

static struct call_node *add_node(struct trace *t)
{
    struct call_tree *tree = t->own;
    struct call_node *node = arena_zalloc(&t->arena, 1, sizeof *node), *parent = tree->current;
    node->parent = parent;
    if (!parent) {
        tree->top = node;
        return node;
    }
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->call_count++;
    return node;
}

static uint8_t opcode_of(const struct call_tree *tree, const struct frame *f)
{
    switch (f->kind) {
    case FRAME_CREATE:
        return OP_CREATE;
    case FRAME_CREATE2:
        return OP_CREATE2;
    case FRAME_DELEGATECALL:
        return OP_DELEGATECALL;
    case FRAME_CALLCODE:
        return OP_CALLCODE;
    case FRAME_CALL:
        break;
    }
    return f->depth && tree->opcode == OP_STATICCALL ? OP_STATICCALL : OP_CALL;
}

static void enter(void *ctx, struct world *w, const struct frame *f,
                  const struct address *recipient)
{
    struct trace *t = ctx;
    struct call_tree *tree = t->own;
    take_logs(t, w);
    tree->depth = f->depth;
    if (!is_watched(t, f->depth) || !trace_goes_on(t))
        return;
    struct call_node *node = add_node(t);
    node->opcode = opcode_of(tree, f);
    node->from = f->kind == FRAME_DELEGATECALL ? f->recipient : f->caller;
    node->to = is_creation(node->opcode) ? *recipient : f->code_address;
    node->has_value = node->opcode != OP_STATICCALL;
    node->value = f->value;
    node->gas = f->depth ? (uint64_t)f->gas : tree->gas_limit;
    node->input = bytes_of(arena_dup(&t->arena, f->input.data, f->input.len), f->input.len);
    node->is_precompile =
        !is_creation(node->opcode) && precompile_is(w->block->fork, &f->code_address);
    tree->current = node;
}

static void leave(void *ctx, struct world *w, const struct frame *f, const struct frame_result *r)
{
    struct trace *t = ctx;
    struct call_tree *tree = t->own;
    struct call_node *node = tree->current;
    const char *error = trace_error(t, f, r);
    take_logs(t, w);
    tree->depth = f->depth ? f->depth - 1 : 0;
    if (t->stopped || !is_watched(t, f->depth))
        return;
    node->error = error;
    node->gas_used = (uint64_t)(f->gas - r->gas_left);
    if (r->status == FRAME_SUCCESS || r->status == FRAME_REVERT)
        node->output = bytes_of(arena_dup(&t->arena, r->output.data, r->output.len), r->output.len);
    if (node->parent)
        tree->current = node->parent;
}

static void step(void *ctx, struct world *w, const struct trace_step *s)
{
    struct trace *t = ctx;
    take_logs(t, w);
    ((struct call_tree *)t->own)->opcode = s->opcode;
    trace_note_step(t, s);
    (void)trace_goes_on(t);
}

static void fault(void *ctx, struct world *w, const struct trace_step *s)
{
    (void)w;
    trace_note_fault(ctx, s);
}

static void self_destruct(void *ctx, struct world *w, const struct address *a,
                          const struct address *to, struct u256 value)
{
    struct trace *t = ctx;
    take_logs(t, w);
    if (!is_watched(t, 1) || !trace_goes_on(t))
        return;
    struct call_node *node = add_node(t);
    node->opcode = OP_SELFDESTRUCT;
    node->from = *a;
    node->to = *to;
    node->has_value = true;
    node->value = value;
}

void call_tree_open(struct trace *t, const struct tx *tx)
{
    struct call_tree *tree = arena_zalloc(&t->arena, 1, sizeof *tree);
    tree->gas_limit = tx->gas_limit;
    t->own = tree;
    t->tracer.enter = enter;
    t->tracer.leave = leave;
    t->tracer.step = step;
    t->tracer.fault = fault;
    t->tracer.self_destruct = self_destruct;
}

struct call_tree *call_tree_end(struct trace *t, const struct trace_outcome *outcome)
{
    struct call_tree *tree = t->own;
    if (tree->top)
        tree->top->gas_used = outcome->gas_used;
    return tree;
}

/* --- callTracer ------------------------------------------------------------------------------- */

static void key_data(struct buf *out, const char *name, struct bytes v)
{
    json_put_key(out, name);
    json_put_data(out, v.data, v.len);
}

static void key_quantity(struct buf *out, const char *name, uint64_t v)
{
    json_put_key(out, name);
    json_put_quantity(out, v);
}

static void put_logs(struct buf *out, const struct call_node *n)
{
    json_put_key(out, "logs");
    json_open(out, '[');
    for (const struct call_log *l = n->logs; l; l = l->next) {
        json_open(out, '{');
        key_data(out, "address", bytes_of(l->entry.address.b, 20));
        json_put_key(out, "topics");
        json_open(out, '[');
        for (unsigned i = 0; i < l->entry.topic_count; i++)
            json_put_data(out, l->entry.topics[i].b, 32);
        json_close(out, ']');
        key_data(out, "data", l->entry.data);
        key_quantity(out, "index", l->index);
        key_quantity(out, "position", l->position);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_error(struct buf *out, const struct call_node *n)
{
    json_put_key(out, "error");
    json_put_string(out, n->error);
    struct buf reason = {0};
    if (strcmp(n->error, "execution reverted") == 0 && revert_reason(&reason, n->output)) {
        json_put_key(out, "revertReason");
        json_put_text(out, (const char *)reason.data, reason.len);
    }
    buf_free(&reason);
}

/* As deep as the calls: LIMIT_CALL_DEPTH at most. */
static void put_node(struct buf *out, const struct call_node *n, bool parent_failed)
{
    bool failed = parent_failed || n->error;
    json_open(out, '{');
    json_put_key(out, "type");
    json_put_string(out, opcode_name(n->opcode));
    key_data(out, "from", bytes_of(n->from.b, 20));
    if (!(is_creation(n->opcode) && n->error))
        key_data(out, "to", bytes_of(n->to.b, 20));
    if (n->has_value) {
        json_put_key(out, "value");
        json_put_quantity_u256(out, n->value);
    }
    key_quantity(out, "gas", n->gas);
    key_quantity(out, "gasUsed", n->gas_used);
    key_data(out, "input", n->input);
    if (n->output.len)
        key_data(out, "output", n->output);
    if (n->error)
        put_error(out, n);
    if (n->first) {
        json_put_key(out, "calls");
        json_open(out, '[');
        for (const struct call_node *c = n->first; c; c = c->next)
            put_node(out, c, failed);
        json_close(out, ']');
    }
    if (n->logs && !failed)
        put_logs(out, n);
    json_close(out, '}');
}

static void calls_open(struct trace *t, struct state *s, const struct block_env *env,
                       const struct tx *tx)
{
    (void)s;
    (void)env;
    call_tree_open(t, tx);
}

static void calls_put(struct trace *t, struct state *s, const struct trace_outcome *outcome,
                      const struct trace_place *place, struct buf *out)
{
    struct call_tree *tree = call_tree_end(t, outcome);
    (void)s;
    (void)place;
    if (tree->top)
        put_node(out, tree->top, false);
    else
        json_put_null(out);
}

const struct trace_ops TRACE_CALLS_OPS = {calls_open, calls_put};
