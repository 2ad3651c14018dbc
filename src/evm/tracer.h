/* tracer: who watches an execution. Set in struct world; NULL members are not called.
 *
 * enter and leave are called by frame_call for every frame that starts to run (also services,
 * precompiles, and addresses without code) and for one that could not (depth, balance); step by the
 * interpreter before each instruction, fault when an instruction ended its frame exceptionally.
 * All pointers are borrowed for the call. A tracer may read the state and must not change it. */
#ifndef PARVIS_EVM_TRACER_H
#define PARVIS_EVM_TRACER_H

#include "evm/frame.h"

struct trace_step {
    const struct frame *frame;
    uint32_t pc;
    uint8_t opcode;
    int64_t gas;      /* before the instruction */
    int64_t gas_cost; /* of the instruction; for calls and creations what EIP-3155 asks for: all
                       * that is taken, including the gas handed to the callee */
    const struct u256 *stack; /* stack[0] is the bottom */
    size_t stack_count;
    struct bytes memory; /* before the instruction */
    struct bytes return_data;
    int64_t refund;
    enum frame_status error; /* of fault; FRAME_SUCCESS in step */
};

struct tracer {
    void (*enter)(void *ctx, struct world *w, const struct frame *f,
                  const struct address *recipient);
    void (*leave)(void *ctx, struct world *w, const struct frame *f,
                  const struct frame_result *out);
    void (*step)(void *ctx, struct world *w, const struct trace_step *step);
    void (*fault)(void *ctx, struct world *w, const struct trace_step *step);
    /* SELFDESTRUCT moved `value` from `a` to `to` */
    void (*self_destruct)(void *ctx, struct world *w, const struct address *a,
                          const struct address *to, struct u256 value);
    void *ctx;
};

#endif
