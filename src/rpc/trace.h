/* trace: what debug_trace* tells about a transaction. Each tracer watches one transaction through a
 * struct tracer (evm/tracer.h), keeps what it saw in an arena, and appends one JSON value.
 *
 * Files     trace.c           options, bounds, and why a frame failed, in geth's words
 *           trace_steps.c     the opcode logger (structLogs)
 *           trace_calls.c     callTracer; trace_flat.c flatCallTracer, made from the same tree
 *           trace_prestate.c  prestateTracer
 *           trace_small.c     4byteTracer, noopTracer
 * Bounds    what a tracer keeps is at most LIMIT_TRACE_BYTES for all transactions of a request, and
 *           it stops at a deadline; the execution then runs to its end unwatched (its gas bounds
 *           it) and the request is refused.
 * Forms     those of geth, byte for byte where the official trace tests look. */
#ifndef PARVIS_RPC_TRACE_H
#define PARVIS_RPC_TRACE_H

#include "base/limits.h"
#include "chain/tx.h"
#include "codec/json.h"
#include "evm/tracer.h"

#define LIMIT_TRACE_BYTES (128u << 20) /* kept by the tracers of one request */
#define TRACE_TIMEOUT_US 10000000u     /* the most that a request may ask for, and the default */

enum trace_kind { TRACE_STEPS, TRACE_CALLS, TRACE_FLAT, TRACE_PRESTATE, TRACE_4BYTE, TRACE_NOOP };

/* What a request asks for. */
struct trace_config {
    enum trace_kind kind;
    uint64_t timeout_us;
    /* opcode logger */
    bool memory, no_stack, return_data;
    uint64_t limit; /* steps told; 0: all */
    /* opcode logger and prestateTracer */
    bool no_storage;
    /* callTracer, flatCallTracer */
    bool only_top_call, with_log, parity_errors, precompiles;
    /* prestateTracer */
    bool diff, no_code, include_empty;
};

/* trace_config_read reads the options object of a debug_trace* method (NULL: the opcode logger).
 * E_OK | E_INVALID, d says which option: unknown tracers (JavaScript among them) and values of the
 * wrong type are refused, unknown members are not looked at. */
enum err trace_config_read(struct trace_config *out, const struct json *options, struct diag *d);

/* What came of the transaction. */
struct trace_outcome {
    enum frame_status status;
    uint64_t gas_used;
    struct bytes output; /* returned, deployed or revert data */
};

/* Where the transaction stands, for tracers that tell it. */
struct trace_place {
    bool in_block; /* false: a call that is no transaction */
    struct hash block_hash, tx_hash;
    uint64_t block_number;
    size_t index;
};

/* The last instruction of a frame, as far as it says why the frame failed. */
struct trace_why {
    bool faulted;
    uint8_t opcode;
    enum fork fork;
    size_t stack_count;
    int64_t gas;
};

enum trace_stop { TRACE_GOES_ON, TRACE_TIMED_OUT, TRACE_TOO_LARGE };

struct trace {
    struct tracer tracer; /* for struct world */
    const struct trace_config *config;
    uint64_t deadline_us;
    size_t *bytes_left; /* shared by the transactions of a request */
    enum trace_stop stopped;
    /* the rest is the tracers' */
    struct arena arena;
    size_t arena_seen;
    unsigned events;
    enum fork fork;
    struct trace_why *why; /* LIMIT_CALL_DEPTH + 2 places */
    void *own;
    struct buf json;  /* inside of an array */
    size_t log_count; /* of the state, as last seen */
    size_t log_base;  /* logs of the block before this transaction: set after trace_open */
};

/* trace_open starts watching one transaction. s is the state before it (gas not yet bought), nonces
 * and balances included; t may be a call. bytes_left is LIMIT_TRACE_BYTES for a new request.
 * trace_put appends the result after the transaction ended (not when stopped). */
void trace_open(struct trace *out, const struct trace_config *config, struct state *s,
                const struct block_env *env, const struct tx *t, uint64_t deadline_us,
                size_t *bytes_left);
void trace_put(struct trace *t, struct state *s, const struct trace_outcome *outcome,
               const struct trace_place *place, struct buf *out);
void trace_close(struct trace *t);

/* --- for the tracers -------------------------------------------------------------------------- */

/* trace_goes_on: nothing is kept any more once it says no. */
bool trace_goes_on(struct trace *t);

/* Every tracer that tells errors calls these at step and fault. trace_error is why a frame failed,
 * in geth's words (arena or static), NULL for success; it ends the frame's notes. */
void trace_note_step(struct trace *t, const struct trace_step *step);
void trace_note_fault(struct trace *t, const struct trace_step *step);
const char *trace_error(struct trace *t, const struct frame *f, const struct frame_result *r);
/* The words for one instruction that ended its frame. */
const char *trace_fault_text(struct arena *a, const struct trace_why *w, enum frame_status status);

struct trace_ops {
    void (*open)(struct trace *t, struct state *s, const struct block_env *env,
                 const struct tx *tx);
    void (*put)(struct trace *t, struct state *s, const struct trace_outcome *outcome,
                const struct trace_place *place, struct buf *out);
};
extern const struct trace_ops TRACE_STEPS_OPS, TRACE_CALLS_OPS, TRACE_FLAT_OPS, TRACE_PRESTATE_OPS,
    TRACE_4BYTE_OPS, TRACE_NOOP_OPS;

/* The reason of Error(string) or Panic(uint256) appended as text; false for anything else. */
bool revert_reason(struct buf *out, struct bytes data);

/* Word of the stack, counted from the top; 0 when there are not as many. */
static inline struct u256 trace_top(const struct trace_step *s, size_t from_top)
{
    return from_top < s->stack_count ? s->stack[s->stack_count - 1 - from_top] : U256_ZERO;
}

static inline struct address trace_address(struct u256 word)
{
    uint8_t be[32];
    struct address a;
    u256_to_be(be, word);
    memcpy(a.b, be + 12, sizeof a.b);
    return a;
}

#endif
