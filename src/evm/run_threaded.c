/* run_threaded: the interpreter as one function in which every handler jumps to the next one. */
#pragma GCC diagnostic ignored "-Wpedantic" /* addresses of labels */
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
/* Words joined into vectors wait for the 64-bit stores that wrote them (see u256_copy): measured at
 * 1.3 to 2 times the time. */
#pragma GCC optimize("no-tree-slp-vectorize")
#endif

#include "evm/run_fast.h"
#include "evm/run_fused.h"

#define BEGIN(name) \
    L_##name:       \
    {
#define END }
#define GO goto *labels[*pc]
#define UNFUSE goto *labels[pc[vm->to_bytes]]
#define STOP(why)           \
    do {                    \
        vm->status = (why); \
        goto failed;        \
    } while (0)
#define FAILED goto failed
#define FINISHED goto finished

void vm_run_threaded(struct vm *vm, int64_t gas)
{
#define X(byte, name, body, in, out, cost, fork, kind, n) [byte] = &&L_##name,
    static const void *const labels[256] = {[0 ... 255] = &&L_INVALID,
                                            OPCODES(X)
#undef X
#define X(byte, name) [byte] = &&L_##name,
                                                FUSED(X)};
#undef X
    const uint8_t *pc = vm->text;
    struct u256 *sp = vm->bottom, *const bottom = vm->bottom;
    GO;
    OPCODES(HANDLER)
    FUSED_HANDLERS
failed:
    gas = -1;
finished:
    vm->gas_left = gas;
}
