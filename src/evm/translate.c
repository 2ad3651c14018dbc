#include "evm/translate.h"

#include "evm/opcode.h"

void code_translate(uint8_t *fast, const struct code *c, enum fork fork)
{
    memcpy(fast, c->bytes, c->len + CODE_PADDING);
    for (size_t pc = 0; pc < c->len; pc += 1 + OPCODE_INFO[c->bytes[pc]].immediates)
        if (!opcode_is_valid(c->bytes[pc], fork))
            fast[pc] = OP_INVALID;
}
