/* precompile: the contracts that every Ethereum node has built in, at 0x01..0x11 and 0x100.
 *
 * Which exist, and what they cost, depends on the fork. Bad input is FRAME_INVALID (all gas gone)
 * or an empty output with FRAME_SUCCESS, as each one's EIP says. */
#ifndef PARVIS_EVM_PRECOMPILE_H
#define PARVIS_EVM_PRECOMPILE_H

#include "evm/frame.h"

#define PRECOMPILE_MAX 18

/* Whether the address is a precompile under these rules. Such addresses are always warm (EIP-2929)
 * and a delegation to one executes nothing (EIP-7702). */
bool precompile_is(enum fork fork, const struct address *a);

/* The addresses that exist, ascending, and their names as eth_config (EIP-7910) writes them. */
size_t precompile_list(enum fork fork, struct address out[PRECOMPILE_MAX],
                       const char *names_out[PRECOMPILE_MAX]);

/* precompile_run is the frame_runner: false when f->code_address is none (or f creates). */
bool precompile_run(struct world *w, const struct frame *f, struct frame_result *out);

#endif
