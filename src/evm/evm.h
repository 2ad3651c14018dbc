/* evm: Ethereum bytecode. The runner that frame_call asks last.
 *
 * A struct evm holds what bytecode needs besides the state: the region of the operand stacks, the
 * region of the memories (both shared by all frames of a call tree, reserved once, committed as
 * they are touched), and the cache of analysed code by code hash. One thread uses an evm at a time;
 * it keeps nothing between transactions that a result could depend on.
 *
 * Limits (base/limits.h)  stack 1024 words a frame, LIMIT_CALL_DEPTH frames, LIMIT_EVM_MEMORY_BYTES
 * for the memories of a call tree: running out of it is FRAME_OUT_OF_GAS. No gas limit below 2^31
 * can get there, and no block of ours allows more. A call level uses less than 3 KiB of the C stack
 * (less than 20 KiB with sanitizers), and threads that execute are started with
 * LIMIT_EVM_STACK_BYTES (base/thread.h), which is 64 KiB a level.
 *
 * Spec  Yellow Paper sec. 9 and appendix H; the EIPs named at each instruction. */
#ifndef PARVIS_EVM_EVM_H
#define PARVIS_EVM_EVM_H

#include "evm/frame.h"

/* evm_new reserves the regions; evm_free releases them and the cache (NULL is fine). */
struct evm *evm_new(void);
void evm_free(struct evm *e);

/* evm_run is the frame_runner of bytecode. False when f->code_address has no code (and f does not
 * create) or w->evm is NULL.
 * A delegation (EIP-7702) is followed once. With w->tracer set every instruction is reported and
 * the plain interpreter runs; the results are the same. */
bool evm_run(struct world *w, const struct frame *f, struct frame_result *out);

/* Which build of the interpreter runs, for tests and measurements: EVM_FASTEST is the default
 * (the tail-calling one if the compiler has preserve_none, else the threaded one). An absent
 * flavour is answered by the next plainer one; evm_flavour tells which. */
enum evm_flavour { EVM_PLAIN, EVM_THREADED, EVM_TAIL, EVM_FASTEST };
void evm_set_flavour(struct evm *e, enum evm_flavour flavour);
enum evm_flavour evm_flavour(const struct evm *e);

/* EIP-7702: code that delegates is 0xef0100 and an address. False for other code. */
bool evm_delegation(struct bytes code, struct address *target_out);

#endif
