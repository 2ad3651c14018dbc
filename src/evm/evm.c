#include "evm/evm.h"

#include "base/limits.h"
#include "crypto/keccak.h"
#include "evm/precompile.h"
#include "evm/vm.h"

#define STACK_BYTES ((LIMIT_CALL_DEPTH + 1) * LIMIT_EVM_STACK_WORDS * sizeof(struct u256))
#define MEMORY_SLACK 64 /* a word may be read or written whole at the last byte */
/* What a call tree may leave committed for the next one. */
#define MEMORY_KEPT_BYTES (64u << 20)
#define OUTPUT_KEPT_BYTES (1u << 20)

struct evm *evm_new(void)
{
    struct evm *e = mem_zalloc(1, sizeof *e);
    e->stack = e->stack_top = mem_reserve(STACK_BYTES);
    e->memory = e->memory_top = e->memory_dirty =
        mem_reserve(LIMIT_EVM_MEMORY_BYTES + MEMORY_SLACK);
    e->memory_end = e->memory + LIMIT_EVM_MEMORY_BYTES;
    e->codes = code_cache_new();
    evm_set_flavour(e, EVM_FASTEST);
    return e;
}

void evm_free(struct evm *e)
{
    if (!e)
        return;
    mem_release(e->stack, STACK_BYTES);
    mem_release(e->memory, LIMIT_EVM_MEMORY_BYTES + MEMORY_SLACK);
    code_cache_free(e->codes);
    buf_free(&e->output);
    mem_free(e);
}

void evm_set_flavour(struct evm *e, enum evm_flavour flavour)
{
    if (flavour == EVM_FASTEST)
        flavour = VM_TAIL_IS_FASTER ? EVM_TAIL : EVM_THREADED;
    e->flavour = flavour == EVM_TAIL && !VM_HAS_TAIL ? EVM_THREADED : flavour;
}

enum evm_flavour evm_flavour(const struct evm *e)
{
    return e->flavour;
}

bool evm_delegation(struct bytes code, struct address *target_out)
{
    static const uint8_t prefix[3] = {0xef, 0x01, 0x00};
    if (code.len != sizeof prefix + sizeof target_out->b ||
        memcmp(code.data, prefix, sizeof prefix) != 0)
        return false;
    memcpy(target_out->b, code.data + sizeof prefix, sizeof target_out->b);
    return true;
}

/* --- which code ------------------------------------------------------------------------------- */

/* The prepared code of an account, pinned; NULL if it has none. */
static struct code *code_at(struct world *w, const struct address *a)
{
    enum fork fork = w->block->fork;
    struct hash hash = state_code_hash(w->state, a);
    if (hash_eq(&hash, &KECCAK_EMPTY))
        return NULL;
    struct code *c = code_cache_find(w->evm->codes, &hash, fork);
    return c ? c : code_cache_add(w->evm->codes, &hash, state_code(w->state, a), fork);
}

/* The code a call runs: EIP-7702 follows a delegation once. *answers_out: whether bytecode is
 * responsible at all; with no code then (target without code), the call does nothing. */
static struct code *code_of_call(struct world *w, const struct frame *f, bool *answers_out)
{
    struct code *c = code_at(w, &f->code_address);
    *answers_out = c != NULL;
    if (!c || !c->delegates)
        return c;
    struct address target = c->target;
    code_unpin(c);
    return precompile_is(w->block->fork, &target) ? NULL : code_at(w, &target);
}

/* Init code runs once: it is prepared where the frame's memory would begin, and not kept. */
static struct code *code_of_creation(struct world *w, const struct frame *f)
{
    struct evm *e = w->evm;
    size_t room = code_room(f->input.len);
    if (room > (size_t)(e->memory_end - e->memory_top))
        return NULL;
    uint8_t *end = e->memory_top + room;
    if (e->memory_dirty < end)
        e->memory_dirty = end;
    return code_prepare(e->memory_top, f->input, w->block->fork);
}

/* --- one frame -------------------------------------------------------------------------------- */

static void run_flavour(struct vm *vm, int64_t gas)
{
    enum evm_flavour flavour = vm->tracing ? EVM_PLAIN : vm->evm->flavour;
    vm->text = flavour == EVM_PLAIN ? vm->code->bytes : vm->code->fast;
    if (flavour == EVM_PLAIN)
        vm_run_plain(vm, gas);
    else if (flavour == EVM_THREADED)
        vm_run_threaded(vm, gas);
    else
        vm_run_tail(vm, gas);
}

struct bytes vm_keep_output(struct evm *e, struct bytes output)
{
    buf_clear(&e->output);
    buf_put(&e->output, output.data, output.len);
    return buf_view(&e->output);
}

/* The output outlives the frame's memory: at depth 0 in the arena, below it in a buffer that the
 * next frame to end takes over, for only its parent can still ask for it. */
static struct bytes keep_output(struct world *w, const struct frame *f, struct bytes output)
{
    if (output.len == 0)
        return bytes_of(NULL, 0);
    if (f->depth == 0)
        return bytes_of(arena_dup(w->arena, output.data, output.len), output.len);
    return vm_keep_output(w->evm, output);
}

/* A call tree that took much gives it back. */
static void settle(struct evm *e)
{
    if ((size_t)(e->memory_dirty - e->memory) > MEMORY_KEPT_BYTES) {
        mem_forget(e->memory, (size_t)(e->memory_dirty - e->memory));
        e->memory_dirty = e->memory;
    }
    if (e->output.cap > OUTPUT_KEPT_BYTES)
        buf_free(&e->output);
}

static void run_code(struct world *w, const struct frame *f, const struct code *code,
                     uint8_t *memory, struct frame_result *out)
{
    struct evm *e = w->evm;
    struct vm vm = {.bottom = e->stack_top,
                    .limit = e->stack_top + LIMIT_EVM_STACK_WORDS,
                    .memory = memory,
                    .code = code,
                    .jumpdests = code->jumpdests,
                    .code_len = code->len,
                    .to_bytes = code->bytes - code->fast,
                    .frame = f,
                    .self = state_account_of(w->state, &f->recipient),
                    .block = w->block,
                    .evm = e,
                    .world = w,
                    .fork = w->block->fork,
                    .status = FRAME_OUT_OF_GAS,
                    .tracing = w->tracer && (w->tracer->step || w->tracer->fault)};
    run_flavour(&vm, f->gas);
    *out = (struct frame_result){.status = vm.status};
    if (vm.gas_left < 0)
        return;
    out->gas_left = vm.gas_left;
    out->output = keep_output(w, f, vm.output);
}

bool evm_run(struct world *w, const struct frame *f, struct frame_result *out)
{
    struct evm *e = w->evm;
    bool creates = f->kind == FRAME_CREATE || f->kind == FRAME_CREATE2, answers = true;
    if (!e)
        return false;
    struct code *code = creates ? code_of_creation(w, f) : code_of_call(w, f, &answers);
    if (!answers)
        return false;
    if (code) {
        run_code(w, f, code, e->memory_top + (creates ? code_room(f->input.len) : 0), out);
        if (!creates)
            code_unpin(code);
    } else if (creates) {
        *out = (struct frame_result){.status = FRAME_OUT_OF_GAS};
    } else { /* a delegation to nothing */
        *out = (struct frame_result){.status = FRAME_SUCCESS, .gas_left = f->gas};
    }
    if (f->depth == 0)
        settle(e);
    return true;
}
