/* trace3155: a tracer that writes one JSON line for every instruction, as EIP-3155 says and geth's
 * `evm --json` prints:
 *   {"pc":0,"op":96,"gas":"0x5208","gasCost":"0x3","memSize":0,"stack":[],"depth":1,"refund":0,
 *    "opName":"PUSH1"} */
#ifndef PARVIS_GATEWAY_ETHEREUM_TRACE3155_H
#define PARVIS_GATEWAY_ETHEREUM_TRACE3155_H

#include <stdio.h>

#include "evm/tracer.h"

struct trace3155 {
    struct tracer tracer; /* for struct world */
    FILE *file;           /* borrowed */
    bool memory;          /* write memory contents too */
    struct buf line;      /* held back: the last step */
    uint32_t held_pc;
    unsigned held_depth;
};

void trace3155_open(struct trace3155 *t, FILE *file, bool memory);
void trace3155_close(struct trace3155 *t); /* writes what is held back */

/* The last line: {"output":"..","gasUsed":"0x..","error":".."?}; geth's form. */
void trace3155_end(struct trace3155 *t, struct bytes output, uint64_t gas_used, const char *error);

#endif
