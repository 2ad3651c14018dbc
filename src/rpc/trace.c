/* trace: options, bounds, and why a frame failed. */
#include "rpc/trace.h"

#include "base/clock.h"
#include "chain/message.h"
#include "evm/opcode.h"

/* --- options ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum trace_kind kind;
} tracers[] = {
    {"callTracer", TRACE_CALLS},        {"flatCallTracer", TRACE_FLAT},
    {"prestateTracer", TRACE_PRESTATE}, {"4byteTracer", TRACE_4BYTE},
    {"noopTracer", TRACE_NOOP},         {"structLogger", TRACE_STEPS},
};

static const struct json *option(const struct json *object, const char *name)
{
    const struct json *j = json_get(object, name);
    return j && !json_is_null(j) ? j : NULL;
}

static enum err read_flag(const struct json *object, const char *name, bool *out, struct diag *d)
{
    const struct json *j = option(object, name);
    if (j && !json_is_bool(j))
        return diag_words(d, E_INVALID, "%s must be true or false", name);
    if (j)
        *out = json_true(j);
    return E_OK;
}

static enum err read_tracer(struct trace_config *out, const struct json *j, struct diag *d)
{
    const char *name = json_text(j);
    for (size_t i = 0; name && i < sizeof tracers / sizeof *tracers; i++)
        if (strcmp(name, tracers[i].name) == 0) {
            out->kind = tracers[i].kind;
            return E_OK;
        }
    return diag_words(d, E_INVALID,
                      "unknown tracer: there are callTracer, flatCallTracer, prestateTracer, "
                      "4byteTracer, noopTracer, and without a name the opcode logger");
}

/* "500ms", "10s", "2m", as geth takes it; longer than the node allows means as long as allowed. */
static enum err read_timeout(struct trace_config *out, const struct json *j, struct diag *d)
{
    const char *text = json_text(j);
    uint64_t n = 0;
    size_t digits = 0;
    for (; text && text[digits] >= '0' && text[digits] <= '9' && digits < 9; digits++)
        n = 10 * n + (uint64_t)(text[digits] - '0');
    const char *unit = digits ? text + digits : "";
    uint64_t scale = strcmp(unit, "us") == 0   ? 1
                     : strcmp(unit, "ms") == 0 ? 1000
                     : strcmp(unit, "s") == 0  ? 1000000
                     : strcmp(unit, "m") == 0  ? 60000000
                                               : 0;
    if (!scale)
        return diag_words(d, E_INVALID, "timeout must be a text such as \"5s\" or \"500ms\"");
    out->timeout_us = n * scale < TRACE_TIMEOUT_US ? n * scale : TRACE_TIMEOUT_US;
    return E_OK;
}

enum err trace_config_read(struct trace_config *out, const struct json *options, struct diag *d)
{
    *out = (struct trace_config){.kind = TRACE_STEPS, .timeout_us = TRACE_TIMEOUT_US};
    if (!options)
        return E_OK;
    if (!json_is_object(options))
        return diag_words(d, E_INVALID, "the trace options must be an object");
    const struct json *tracer = option(options, "tracer"), *timeout = option(options, "timeout"),
                      *own = option(options, "tracerConfig"), *limit = option(options, "limit");
    if (tracer)
        TRY(read_tracer(out, tracer, d));
    if (timeout)
        TRY(read_timeout(out, timeout, d));
    if (limit && json_u64(&out->limit, limit) != E_OK)
        return diag_words(d, E_INVALID, "limit must be a number of steps");
    TRY(read_flag(options, "enableMemory", &out->memory, d));
    TRY(read_flag(options, "disableStack", &out->no_stack, d));
    TRY(read_flag(options, "disableStorage", &out->no_storage, d));
    TRY(read_flag(options, "enableReturnData", &out->return_data, d));
    if (!own)
        return E_OK;
    if (!json_is_object(own))
        return diag_words(d, E_INVALID, "tracerConfig must be an object");
    TRY(read_flag(own, "onlyTopCall", &out->only_top_call, d));
    TRY(read_flag(own, "withLog", &out->with_log, d));
    TRY(read_flag(own, "convertParityErrors", &out->parity_errors, d));
    TRY(read_flag(own, "includePrecompiles", &out->precompiles, d));
    TRY(read_flag(own, "diffMode", &out->diff, d));
    TRY(read_flag(own, "disableCode", &out->no_code, d));
    TRY(read_flag(own, "includeEmpty", &out->include_empty, d));
    TRY(read_flag(own, "disableStorage", &out->no_storage, d));
    TRY(read_flag(own, "enableMemory", &out->memory, d));
    TRY(read_flag(own, "disableStack", &out->no_stack, d));
    return read_flag(own, "enableReturnData", &out->return_data, d);
}

/* --- bounds ----------------------------------------------------------------------------------- */

bool trace_goes_on(struct trace *t)
{
    if (t->stopped)
        return false;
    size_t grown = t->arena.used_bytes - t->arena_seen;
    t->arena_seen = t->arena.used_bytes;
    if (grown > *t->bytes_left) {
        *t->bytes_left = 0;
        t->stopped = TRACE_TOO_LARGE;
    } else {
        *t->bytes_left -= grown;
        if (t->events++ % 1024 == 0 && clock_mono_us() > t->deadline_us)
            t->stopped = TRACE_TIMED_OUT;
    }
    return !t->stopped;
}

/* --- why a frame failed ----------------------------------------------------------------------- */

static struct trace_why *why_of(struct trace *t, unsigned depth)
{
    return &t->why[depth <= LIMIT_CALL_DEPTH ? depth : LIMIT_CALL_DEPTH + 1];
}

void trace_note_step(struct trace *t, const struct trace_step *s)
{
    struct trace_why *w = why_of(t, s->frame->depth);
    *w = (struct trace_why){
        .opcode = s->opcode, .fork = t->fork, .stack_count = s->stack_count, .gas = s->gas};
}

void trace_note_fault(struct trace *t, const struct trace_step *s)
{
    trace_note_step(t, s);
    why_of(t, s->frame->depth)->faulted = true;
}

const char *trace_fault_text(struct arena *a, const struct trace_why *w, enum frame_status status)
{
    const struct opcode_info *info = &OPCODE_INFO[w->opcode];
    switch ((int)status) {
    case FRAME_INVALID_OPCODE:
        return arena_printf(a, "invalid opcode: %s", opcode_name(w->opcode));
    case FRAME_STACK_UNDERFLOW:
        return arena_printf(a, "stack underflow (%zu <=> %u)", w->stack_count, info->in);
    case FRAME_STACK_OVERFLOW:
        return arena_printf(a, "stack limit reached %zu (%u)", w->stack_count,
                            LIMIT_EVM_STACK_WORDS + info->in - info->out);
    case FRAME_OUT_OF_GAS:
        if (w->opcode == OP_SSTORE && w->gas <= 2300 && w->fork >= FORK_ISTANBUL)
            return "out of gas: not enough gas for reentrancy sentry";
        break;
    default:
        break;
    }
    return frame_status_text(status);
}

const char *trace_error(struct trace *t, const struct frame *f, const struct frame_result *r)
{
    struct trace_why *place = why_of(t, f->depth), w = *place;
    *place = (struct trace_why){0};
    if (r->status == FRAME_SUCCESS)
        return NULL;
    if (w.faulted)
        return trace_fault_text(&t->arena, &w, r->status);
    static const struct address blake2f = {{[19] = 9}};
    if (r->status == FRAME_INVALID && address_eq(&f->code_address, &blake2f))
        return f->input.len == 213 ? "invalid final flag" : "invalid input length";
    return frame_status_text(r->status);
}

/* --- a transaction watched -------------------------------------------------------------------- */

static const struct trace_ops *ops_of(enum trace_kind kind)
{
    switch (kind) {
    case TRACE_STEPS:
        return &TRACE_STEPS_OPS;
    case TRACE_CALLS:
        return &TRACE_CALLS_OPS;
    case TRACE_FLAT:
        return &TRACE_FLAT_OPS;
    case TRACE_PRESTATE:
        return &TRACE_PRESTATE_OPS;
    case TRACE_4BYTE:
        return &TRACE_4BYTE_OPS;
    case TRACE_NOOP:
        break;
    }
    return &TRACE_NOOP_OPS;
}

void trace_open(struct trace *out, const struct trace_config *config, struct state *s,
                const struct block_env *env, const struct tx *t, uint64_t deadline_us,
                size_t *bytes_left)
{
    *out = (struct trace){
        .config = config, .deadline_us = deadline_us, .bytes_left = bytes_left, .fork = env->fork};
    out->tracer.ctx = out;
    out->why = mem_zalloc(LIMIT_CALL_DEPTH + 2, sizeof *out->why);
    ops_of(config->kind)->open(out, s, env, t);
}

void trace_put(struct trace *t, struct state *s, const struct trace_outcome *outcome,
               const struct trace_place *place, struct buf *out)
{
    ops_of(t->config->kind)->put(t, s, outcome, place, out);
}

void trace_close(struct trace *t)
{
    arena_free(&t->arena);
    buf_free(&t->json);
    mem_free(t->why);
    *t = (struct trace){0};
}
