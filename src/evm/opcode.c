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
#define ROW(h)                                                                                \
    U(h##0), U(h##1), U(h##2), U(h##3), U(h##4), U(h##5), U(h##6), U(h##7), U(h##8), U(h##9), \
        U(h##a), U(h##b), U(h##c), U(h##d), U(h##e), U(h##f)
#define U(digits) "opcode " #digits " not defined"
    static const char *const unknown[256] = {
        ROW(0x),  ROW(0x1), ROW(0x2), ROW(0x3), ROW(0x4), ROW(0x5), ROW(0x6), ROW(0x7),
        ROW(0x8), ROW(0x9), ROW(0xa), ROW(0xb), ROW(0xc), ROW(0xd), ROW(0xe), ROW(0xf)};
    return OPCODE_INFO[opcode].name ? OPCODE_INFO[opcode].name : unknown[opcode];
}
