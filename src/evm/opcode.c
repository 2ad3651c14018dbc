#include "evm/opcode.h"

#define IMMEDIATES_PUSH(n) n
#define IMMEDIATES_STACK(n) 0
#define IMMEDIATES_ENV(n) 0
#define IMMEDIATES_GAS(n) 0
#define IMMEDIATES_END(n) 0
#define IMMEDIATES_JUMP(n) 0
#define IMMEDIATES_JUMPI(n) 0
#define IMMEDIATES_PC(n) 0
#define IMMEDIATES_NOTHING(n) 0
#define IMMEDIATES_DUP(n) 0
#define IMMEDIATES_SWAP(n) 0
#define IMMEDIATES_LOG(n) 0

const struct opcode_info OPCODE_INFO[256] = {
#define X(byte, name, body, in, out, gas, fork, kind, n) \
    [byte] = {#name, in, out, FORK_##fork, IMMEDIATES_##kind(n), gas},
    OPCODES(X)
#undef X
};

const char *opcode_name(uint8_t opcode)
{
#define ROW(h)                                                                                    \
    UNKNOWN(h, 0), UNKNOWN(h, 1), UNKNOWN(h, 2), UNKNOWN(h, 3), UNKNOWN(h, 4), UNKNOWN(h, 5),     \
        UNKNOWN(h, 6), UNKNOWN(h, 7), UNKNOWN(h, 8), UNKNOWN(h, 9), UNKNOWN(h, a), UNKNOWN(h, b), \
        UNKNOWN(h, c), UNKNOWN(h, d), UNKNOWN(h, e), UNKNOWN(h, f)
#define UNKNOWN(h, l) "opcode 0x" #h #l " not defined"
    static const char *const unknown[256] = {ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5),
                                             ROW(6), ROW(7), ROW(8), ROW(9), ROW(a), ROW(b),
                                             ROW(c), ROW(d), ROW(e), ROW(f)};
    return OPCODE_INFO[opcode].name ? OPCODE_INFO[opcode].name : unknown[opcode];
}
