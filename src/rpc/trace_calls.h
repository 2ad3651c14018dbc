/* trace_calls: the tree of a transaction's calls, which callTracer and flatCallTracer tell each in
 * its form. Private to the tracers. */
#ifndef PARVIS_RPC_TRACE_CALLS_H
#define PARVIS_RPC_TRACE_CALLS_H

#include "rpc/trace.h"

struct call_log {
    struct log_entry entry; /* data in the arena */
    size_t index;           /* in the block */
    size_t position;        /* calls made before it */
    struct call_log *next;
};

struct call_node {
    uint8_t opcode; /* CALL ... CREATE2, SELFDESTRUCT */
    struct address from, to;
    bool has_value, is_precompile;
    struct u256 value;
    uint64_t gas, gas_used;
    struct bytes input, output;
    const char *error; /* NULL: none */
    size_t call_count;
    struct call_node *parent, *first, *last, *next;
    struct call_log *logs, *last_log;
};

struct call_tree {
    struct call_node *top, *current;
    unsigned depth; /* of the frame that runs */
    uint8_t opcode; /* of the last instruction: tells STATICCALL from CALL */
    uint64_t gas_limit;
};

/* call_tree_open sets the tracer's hooks and t->own to a struct call_tree. call_tree_end fills in
 * what is known at the end. */
void call_tree_open(struct trace *t, const struct tx *tx);
struct call_tree *call_tree_end(struct trace *t, const struct trace_outcome *outcome);

#endif
