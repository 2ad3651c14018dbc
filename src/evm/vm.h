/* vm: one frame of bytecode at work; private to src/evm.
 *
 * Conventions of the instruction bodies (op_*), in evm/instructions.h and the vm_*.c files:
 *   sp   one past the top of the stack, as before the instruction; sp[-1] is the top. A body writes
 *        its result to the place where it belongs; the interpreter moves sp by out - in.
 *   gas  what is left, the table's static price already taken. A body that charges returns what is
 *        left then; negative means that the frame ends with vm->status, which is
 *        FRAME_OUT_OF_GAS unless the body set another.
 * A body first charges all it will charge, then calls vm_charged, then acts: what a tracer sees at
 * that point is the state before the instruction and its whole price. */
#ifndef PARVIS_EVM_VM_H
#define PARVIS_EVM_VM_H

#include <assert.h>

#include "base/limits.h"
#include "base/u256_ops.h"
#include "evm/code.h"
#include "evm/evm.h"
#include "evm/tracer.h"

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

struct evm {
    struct u256 *stack;     /* LIMIT_EVM_STACK_WORDS for each possible depth */
    struct u256 *stack_top; /* where the next frame's operands begin */
    uint8_t *memory, *memory_end;
    uint8_t *memory_top;   /* where the next frame's memory begins */
    uint8_t *memory_dirty; /* nothing was ever written from here on */
    struct buf output;     /* of the last frame below depth 0 that ended */
    struct code_cache *codes;
    struct u256_reciprocal reciprocal; /* of the last MULMOD */
    enum evm_flavour flavour;
};

struct vm {
    struct u256 *bottom, *limit; /* of this frame's stack */
    uint8_t *memory;
    uint64_t memory_bytes; /* a multiple of 32 */
    /* of the code, for jumps: which copy runs, its length, its jump destinations */
    const uint8_t *text;
    const uint8_t *jumpdests;
    uint64_t code_len;
    ptrdiff_t to_bytes; /* from a place in the fast form to the same place in the code */
    const struct code *code;
    const struct frame *frame;
    struct state_account *self; /* the recipient */
    const struct block_env *block;
    struct evm *evm;
    struct world *world;
    enum fork fork;
    enum frame_status status;
    struct bytes return_data; /* of the last call */
    struct bytes output;
    int64_t gas_left; /* when the frame has ended */

    /* for a tracer; the plain interpreter keeps them */
    bool tracing, reported;
    uint8_t step_opcode;
    uint32_t step_pc;
    int64_t step_gas;
    struct u256 *step_sp;
    uint64_t step_memory_bytes;
};

/* The flavours: run vm->text from its start and fill status, gas_left and output. The plain one
 * wants the code's bytes there, the others its fast form. */
void vm_run_plain(struct vm *vm, int64_t gas);
void vm_run_threaded(struct vm *vm, int64_t gas);
void vm_run_tail(struct vm *vm, int64_t gas);
/* false where the compiler cannot build it; whether it beats the threaded one: with clang and
 * preserve_none it does, with the usual calling convention it is behind by 0 to 15 %. */
extern const bool VM_HAS_TAIL, VM_TAIL_IS_FASTER;

/* vm_keep_output copies what a frame below depth 0 returns to where its parent can read it until
 * the next frame ends. */
struct bytes vm_keep_output(struct evm *e, struct bytes output);

/* vm_report tells the tracer of the instruction at step_pc; gas: what is left of it. */
void vm_report(struct vm *vm, int64_t gas);
void vm_report_fault(struct vm *vm);

#ifndef VM_TRACED
#define VM_TRACED 1 /* 0 in the flavours that no tracer uses */
#endif

static inline void vm_charged(struct vm *vm, int64_t gas)
{
    if (VM_TRACED && UNLIKELY(vm->tracing))
        vm_report(vm, gas);
}

/* vm_fail ends the frame: `return vm_fail(vm, FRAME_...)` in a body. */
static inline int64_t vm_fail(struct vm *vm, enum frame_status status)
{
    vm->status = status;
    return -1;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* An offset of so many bits is beyond the region, and below it no price overflows. */
#define VM_MEMORY_BITS 33
static_assert(LIMIT_EVM_MEMORY_BYTES <= UINT64_C(1) << VM_MEMORY_BITS, "region");

/* vm_grow makes memory at least `end` bytes long and returns the gas left, negative if that or the
 * region does not suffice. end > vm->memory_bytes. */
int64_t vm_grow(struct vm *vm, int64_t gas, uint64_t end);

/* vm_need pays for memory up to offset + len; nothing when len is 0. */
static inline int64_t vm_need(struct vm *vm, int64_t gas, const struct u256 *offset,
                              const struct u256 *len)
{
    if (u256_is_zero(*len))
        return gas;
    if (UNLIKELY((offset->w[1] | offset->w[2] | offset->w[3] | len->w[1] | len->w[2] | len->w[3]) ||
                 (offset->w[0] | len->w[0]) >> VM_MEMORY_BITS))
        return -1;
    uint64_t end = offset->w[0] + len->w[0];
    return LIKELY(end <= vm->memory_bytes) ? gas : vm_grow(vm, gas, end);
}

/* vm_view is the memory a paid region names. */
static inline struct bytes vm_view(const struct vm *vm, const struct u256 *offset,
                                   const struct u256 *len)
{
    return len->w[0] ? bytes_of(vm->memory + offset->w[0], len->w[0]) : bytes_of(NULL, 0);
}

static inline int64_t vm_word_gas(uint64_t len, int64_t price)
{
    return (int64_t)((len + 31) / 32) * price;
}

/* --- words ------------------------------------------------------------------------------------ */

/* vm_address is the address in a word: its low 20 bytes. */
static inline struct address vm_address(const struct u256 *word)
{
    struct address a;
    be32_put(a.b, (uint32_t)word->w[2]);
    be64_put(a.b + 4, word->w[1]);
    be64_put(a.b + 12, word->w[0]);
    return a;
}

static inline void vm_put_address(struct u256 *out, const struct address *a)
{
    uint64_t high = be32_get(a->b), mid = be64_get(a->b + 4), low = be64_get(a->b + 12);
    *out = (struct u256){{low, mid, high, 0}};
}

static inline struct hash vm_hash(const struct u256 *word)
{
    struct hash h;
    u256_to_be(h.b, *word);
    return h;
}

/* --- bodies in vm_state.c, vm_memory.c and vm_call.c ------------------------------------------ */

#define VM_BODY(name) int64_t op_##name(struct u256 *sp, int64_t gas, struct vm *vm)
VM_BODY(exp);
VM_BODY(keccak256);
VM_BODY(balance);
VM_BODY(calldatacopy);
VM_BODY(codecopy);
VM_BODY(returndatacopy);
VM_BODY(mcopy);
VM_BODY(extcodesize);
VM_BODY(extcodecopy);
VM_BODY(extcodehash);
VM_BODY(sload);
VM_BODY(sstore);
VM_BODY(tstore);
VM_BODY(create);
VM_BODY(create2);
VM_BODY(call);
VM_BODY(callcode);
VM_BODY(delegatecall);
VM_BODY(staticcall);
VM_BODY(selfdestruct);
int64_t op_log(struct u256 *sp, int64_t gas, struct vm *vm, unsigned topics);
void op_tload(struct u256 *sp, struct vm *vm);
void op_blockhash(struct u256 *sp, struct vm *vm);
void op_selfbalance(struct u256 *sp, struct vm *vm);

/* vm_access_account: EIP-2929. Returns the gas left; cold or warm is charged from Berlin on. */
int64_t vm_access_account(struct vm *vm, int64_t gas, const struct address *a);

#endif
