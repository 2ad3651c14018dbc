/* trace_flat: flatCallTracer: the tree of calls as a list, each with its path in the tree, in the
 * form that Parity gave it and explorers read. */
#include "rpc/trace_calls.h"

#include <stdio.h>

#include "evm/opcode.h"

static const struct {
    const char *ours, *parity;
    bool is_prefix;
} parity_words[] = {
    {"contract creation code storage out of gas", "Out of gas", false},
    {"out of gas", "Out of gas", true},
    {"max code size exceeded", "Out of gas", false},
    {"invalid jump destination", "Bad jump destination", false},
    {"execution reverted", "Reverted", false},
    {"return data out of bounds", "Out of bounds", false},
    {"stack limit reached", "Out of stack", true},
    {"invalid input", "Built-in failed", true},
    {"invalid opcode:", "Bad instruction", true},
    {"stack underflow", "Stack underflow", true},
};

static const char *error_words(const struct trace *t, const char *error)
{
    for (size_t i = 0; t->config->parity_errors && i < sizeof parity_words / sizeof *parity_words;
         i++) {
        const char *word = parity_words[i].ours;
        if (parity_words[i].is_prefix ? strncmp(error, word, strlen(word)) == 0
                                      : strcmp(error, word) == 0)
            return parity_words[i].parity;
    }
    return error;
}

struct flat {
    struct trace *t;
    const struct trace_place *place;
    struct buf *out;
    size_t path[LIMIT_CALL_DEPTH + 2];
};

static void key_data(struct buf *out, const char *name, const void *data, size_t len)
{
    json_put_key(out, name);
    json_put_data(out, data, len);
}

static void key_u256(struct buf *out, const char *name, struct u256 v)
{
    json_put_key(out, name);
    json_put_quantity_u256(out, v);
}

/* Calls of precompiles are not told, as Parity has it. */
static bool is_hidden(const struct trace *t, const struct call_node *n)
{
    return n->parent && n->is_precompile && !t->config->precompiles &&
           (n->opcode == OP_CALL || n->opcode == OP_STATICCALL);
}

static const char *kind_of(uint8_t opcode)
{
    switch (opcode) {
    case OP_CREATE:
        return "create";
    case OP_CREATE2:
        return "create2";
    case OP_CALLCODE:
        return "callcode";
    case OP_DELEGATECALL:
        return "delegatecall";
    case OP_STATICCALL:
        return "staticcall";
    default:
        return "call";
    }
}

static void put_action(struct buf *out, const struct call_node *n, bool creates)
{
    json_put_key(out, "action");
    json_open(out, '{');
    if (n->opcode == OP_SELFDESTRUCT) {
        key_data(out, "address", n->from.b, 20);
        key_u256(out, "balance", n->value);
        key_data(out, "refundAddress", n->to.b, 20);
    } else {
        json_put_key(out, creates ? "creationMethod" : "callType");
        json_put_string(out, kind_of(n->opcode));
        key_data(out, "from", n->from.b, 20);
        key_u256(out, "gas", u256_from_u64(n->gas));
        key_data(out, creates ? "init" : "input", n->input.data, n->input.len);
        if (!creates)
            key_data(out, "to", n->to.b, 20);
        key_u256(out, "value", n->has_value ? n->value : U256_ZERO);
    }
    json_close(out, '}');
}

static void put_result(struct buf *out, const struct call_node *n, bool creates)
{
    json_put_key(out, "result");
    json_open(out, '{');
    if (creates && !n->error)
        key_data(out, "address", n->to.b, 20);
    if (creates)
        key_data(out, "code", n->output.data, n->output.len);
    key_u256(out, "gasUsed", u256_from_u64(n->gas_used));
    if (!creates)
        key_data(out, "output", n->output.data, n->output.len);
    json_close(out, '}');
}

static size_t told_calls(const struct trace *t, const struct call_node *n)
{
    size_t count = 0;
    for (const struct call_node *c = n->first; c; c = c->next)
        count += !is_hidden(t, c);
    return count;
}

static void put_place(struct flat *f, size_t depth)
{
    struct buf *out = f->out;
    json_put_key(out, "traceAddress");
    json_open(out, '[');
    for (size_t i = 0; i < depth; i++)
        json_put_u64(out, f->path[i]);
    json_close(out, ']');
    json_put_key(out, "blockNumber");
    json_put_u64(out, f->place->block_number);
    if (!f->place->in_block)
        return;
    key_data(out, "blockHash", f->place->block_hash.b, 32);
    key_data(out, "transactionHash", f->place->tx_hash.b, 32);
    json_put_key(out, "transactionPosition");
    json_put_u64(out, f->place->index);
}

/* As deep as the calls: LIMIT_CALL_DEPTH at most. */
static void put_node(struct flat *f, const struct call_node *n, size_t depth)
{
    struct buf *out = f->out;
    bool creates = n->opcode == OP_CREATE || n->opcode == OP_CREATE2,
         destroys = n->opcode == OP_SELFDESTRUCT;
    json_open(out, '{');
    put_action(out, n, creates);
    if (n->error) {
        json_put_key(out, "error");
        json_put_string(out, error_words(f->t, n->error));
    }
    if (!destroys && (!n->error || strcmp(n->error, "execution reverted") == 0))
        put_result(out, n, creates);
    json_put_key(out, "subtraces");
    json_put_u64(out, told_calls(f->t, n));
    put_place(f, depth);
    json_put_key(out, "type");
    json_put_string(out, creates ? "create" : destroys ? "suicide" : "call");
    json_close(out, '}');
    size_t i = 0;
    for (const struct call_node *c = n->first; c; c = c->next)
        if (!is_hidden(f->t, c)) {
            f->path[depth] = i++;
            put_node(f, c, depth + 1);
        }
}

static void flat_open(struct trace *t, struct state *s, const struct block_env *env,
                      const struct tx *tx)
{
    (void)s;
    (void)env;
    call_tree_open(t, tx);
}

static void flat_put(struct trace *t, struct state *s, const struct trace_outcome *outcome,
                     const struct trace_place *place, struct buf *out)
{
    struct call_tree *tree = call_tree_end(t, outcome);
    struct flat f = {.t = t, .place = place, .out = out};
    (void)s;
    json_open(out, '[');
    if (tree->top)
        put_node(&f, tree->top, 0);
    json_close(out, ']');
}

const struct trace_ops TRACE_FLAT_OPS = {flat_open, flat_put};
