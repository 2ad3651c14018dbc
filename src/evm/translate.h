/* translate: the form of code that the fast interpreters run.
 *
 * Same length and same positions as the code itself, so program counters, jumps and immediates need
 * no mapping. Bytes that are no instruction in this fork become INVALID. */
#ifndef PARVIS_EVM_TRANSLATE_H
#define PARVIS_EVM_TRANSLATE_H

#include "evm/code.h"

/* code_translate writes c->len + CODE_PADDING bytes; c->bytes and c->jumpdests are ready. */
void code_translate(uint8_t *fast, const struct code *c, enum fork fork);

#endif
