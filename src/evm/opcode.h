/* opcode: the instructions of the EVM, in one table (Yellow Paper app. H.2 and the EIPs since).
 *
 * OPCODES(X) has a row for every instruction that any fork knows:
 *   X(byte, NAME, body, in, out, gas, FORK, KIND, n)
 *   body     op_<body> in evm/instructions.h (one for a whole family)
 *   in, out  words it needs on the stack and leaves in their place
 *   gas      what it costs in every fork; the rest of its price is charged by the body
 *   FORK     of introduction
 *   KIND     how the body is called and what follows (evm/interpreter.inc)
 *   n        member of a family: bytes of a PUSH, depth of a DUP or SWAP, topics of a LOG */
#ifndef PARVIS_EVM_OPCODE_H
#define PARVIS_EVM_OPCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "evm/fork.h"

// clang-format off
#define OPCODES(X) \
    X(0x00, STOP,           stop,            0,  0,     0, FRONTIER,       END,     0) \
    X(0x01, ADD,            add,             2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x02, MUL,            mul,             2,  1,     5, FRONTIER,       STACK,   0) \
    X(0x03, SUB,            sub,             2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x04, DIV,            div,             2,  1,     5, FRONTIER,       STACK,   0) \
    X(0x05, SDIV,           sdiv,            2,  1,     5, FRONTIER,       STACK,   0) \
    X(0x06, MOD,            mod,             2,  1,     5, FRONTIER,       STACK,   0) \
    X(0x07, SMOD,           smod,            2,  1,     5, FRONTIER,       STACK,   0) \
    X(0x08, ADDMOD,         addmod,          3,  1,     8, FRONTIER,       STACK,   0) \
    X(0x09, MULMOD,         mulmod,          3,  1,     8, FRONTIER,       ENV,     0) \
    X(0x0a, EXP,            exp,             2,  1,    10, FRONTIER,       GAS,     0) \
    X(0x0b, SIGNEXTEND,     signextend,      2,  1,     5, FRONTIER,       STACK,   0) \
    X(0x10, LT,             lt,              2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x11, GT,             gt,              2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x12, SLT,            slt,             2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x13, SGT,            sgt,             2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x14, EQ,             eq,              2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x15, ISZERO,         iszero,          1,  1,     3, FRONTIER,       STACK,   0) \
    X(0x16, AND,            and,             2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x17, OR,             or,              2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x18, XOR,            xor,             2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x19, NOT,            not,             1,  1,     3, FRONTIER,       STACK,   0) \
    X(0x1a, BYTE,           byte,            2,  1,     3, FRONTIER,       STACK,   0) \
    X(0x1b, SHL,            shl,             2,  1,     3, CONSTANTINOPLE, STACK,   0) \
    X(0x1c, SHR,            shr,             2,  1,     3, CONSTANTINOPLE, STACK,   0) \
    X(0x1d, SAR,            sar,             2,  1,     3, CONSTANTINOPLE, STACK,   0) \
    X(0x1e, CLZ,            clz,             1,  1,     5, OSAKA,          STACK,   0) \
    X(0x20, KECCAK256,      keccak256,       2,  1,    30, FRONTIER,       GAS,     0) \
    X(0x30, ADDRESS,        address,         0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x31, BALANCE,        balance,         1,  1,     0, FRONTIER,       GAS,     0) \
    X(0x32, ORIGIN,         origin,          0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x33, CALLER,         caller,          0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x34, CALLVALUE,      callvalue,       0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x35, CALLDATALOAD,   calldataload,    1,  1,     3, FRONTIER,       ENV,     0) \
    X(0x36, CALLDATASIZE,   calldatasize,    0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x37, CALLDATACOPY,   calldatacopy,    3,  0,     3, FRONTIER,       GAS,     0) \
    X(0x38, CODESIZE,       codesize,        0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x39, CODECOPY,       codecopy,        3,  0,     3, FRONTIER,       GAS,     0) \
    X(0x3a, GASPRICE,       gasprice,        0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x3b, EXTCODESIZE,    extcodesize,     1,  1,     0, FRONTIER,       GAS,     0) \
    X(0x3c, EXTCODECOPY,    extcodecopy,     4,  0,     0, FRONTIER,       GAS,     0) \
    X(0x3d, RETURNDATASIZE, returndatasize,  0,  1,     2, BYZANTIUM,      ENV,     0) \
    X(0x3e, RETURNDATACOPY, returndatacopy,  3,  0,     3, BYZANTIUM,      GAS,     0) \
    X(0x3f, EXTCODEHASH,    extcodehash,     1,  1,     0, CONSTANTINOPLE, GAS,     0) \
    X(0x40, BLOCKHASH,      blockhash,       1,  1,    20, FRONTIER,       ENV,     0) \
    X(0x41, COINBASE,       coinbase,        0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x42, TIMESTAMP,      timestamp,       0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x43, NUMBER,         number,          0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x44, PREVRANDAO,     prevrandao,      0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x45, GASLIMIT,       gaslimit,        0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x46, CHAINID,        chainid,         0,  1,     2, ISTANBUL,       ENV,     0) \
    X(0x47, SELFBALANCE,    selfbalance,     0,  1,     5, ISTANBUL,       ENV,     0) \
    X(0x48, BASEFEE,        basefee,         0,  1,     2, LONDON,         ENV,     0) \
    X(0x49, BLOBHASH,       blobhash,        1,  1,     3, CANCUN,         ENV,     0) \
    X(0x4a, BLOBBASEFEE,    blobbasefee,     0,  1,     2, CANCUN,         ENV,     0) \
    X(0x50, POP,            pop,             1,  0,     2, FRONTIER,       STACK,   0) \
    X(0x51, MLOAD,          mload,           1,  1,     3, FRONTIER,       GAS,     0) \
    X(0x52, MSTORE,         mstore,          2,  0,     3, FRONTIER,       GAS,     0) \
    X(0x53, MSTORE8,        mstore8,         2,  0,     3, FRONTIER,       GAS,     0) \
    X(0x54, SLOAD,          sload,           1,  1,     0, FRONTIER,       GAS,     0) \
    X(0x55, SSTORE,         sstore,          2,  0,     0, FRONTIER,       GAS,     0) \
    X(0x56, JUMP,           jump,            1,  0,     8, FRONTIER,       JUMP,    0) \
    X(0x57, JUMPI,          jumpi,           2,  0,    10, FRONTIER,       JUMPI,   0) \
    X(0x58, PC,             pc,              0,  1,     2, FRONTIER,       PC,      0) \
    X(0x59, MSIZE,          msize,           0,  1,     2, FRONTIER,       ENV,     0) \
    X(0x5a, GAS,            gas,             0,  1,     2, FRONTIER,       GAS,     0) \
    X(0x5b, JUMPDEST,       jumpdest,        0,  0,     1, FRONTIER,       NOTHING, 0) \
    X(0x5c, TLOAD,          tload,           1,  1,   100, CANCUN,         ENV,     0) \
    X(0x5d, TSTORE,         tstore,          2,  0,   100, CANCUN,         GAS,     0) \
    X(0x5e, MCOPY,          mcopy,           3,  0,     3, CANCUN,         GAS,     0) \
    X(0x5f, PUSH0,          push0,           0,  1,     2, SHANGHAI,       STACK,   0) \
    X(0x60, PUSH1,          push,            0,  1,     3, FRONTIER,       PUSH,    1) \
    X(0x61, PUSH2,          push,            0,  1,     3, FRONTIER,       PUSH,    2) \
    X(0x62, PUSH3,          push,            0,  1,     3, FRONTIER,       PUSH,    3) \
    X(0x63, PUSH4,          push,            0,  1,     3, FRONTIER,       PUSH,    4) \
    X(0x64, PUSH5,          push,            0,  1,     3, FRONTIER,       PUSH,    5) \
    X(0x65, PUSH6,          push,            0,  1,     3, FRONTIER,       PUSH,    6) \
    X(0x66, PUSH7,          push,            0,  1,     3, FRONTIER,       PUSH,    7) \
    X(0x67, PUSH8,          push,            0,  1,     3, FRONTIER,       PUSH,    8) \
    X(0x68, PUSH9,          push,            0,  1,     3, FRONTIER,       PUSH,    9) \
    X(0x69, PUSH10,         push,            0,  1,     3, FRONTIER,       PUSH,    10) \
    X(0x6a, PUSH11,         push,            0,  1,     3, FRONTIER,       PUSH,    11) \
    X(0x6b, PUSH12,         push,            0,  1,     3, FRONTIER,       PUSH,    12) \
    X(0x6c, PUSH13,         push,            0,  1,     3, FRONTIER,       PUSH,    13) \
    X(0x6d, PUSH14,         push,            0,  1,     3, FRONTIER,       PUSH,    14) \
    X(0x6e, PUSH15,         push,            0,  1,     3, FRONTIER,       PUSH,    15) \
    X(0x6f, PUSH16,         push,            0,  1,     3, FRONTIER,       PUSH,    16) \
    X(0x70, PUSH17,         push,            0,  1,     3, FRONTIER,       PUSH,    17) \
    X(0x71, PUSH18,         push,            0,  1,     3, FRONTIER,       PUSH,    18) \
    X(0x72, PUSH19,         push,            0,  1,     3, FRONTIER,       PUSH,    19) \
    X(0x73, PUSH20,         push,            0,  1,     3, FRONTIER,       PUSH,    20) \
    X(0x74, PUSH21,         push,            0,  1,     3, FRONTIER,       PUSH,    21) \
    X(0x75, PUSH22,         push,            0,  1,     3, FRONTIER,       PUSH,    22) \
    X(0x76, PUSH23,         push,            0,  1,     3, FRONTIER,       PUSH,    23) \
    X(0x77, PUSH24,         push,            0,  1,     3, FRONTIER,       PUSH,    24) \
    X(0x78, PUSH25,         push,            0,  1,     3, FRONTIER,       PUSH,    25) \
    X(0x79, PUSH26,         push,            0,  1,     3, FRONTIER,       PUSH,    26) \
    X(0x7a, PUSH27,         push,            0,  1,     3, FRONTIER,       PUSH,    27) \
    X(0x7b, PUSH28,         push,            0,  1,     3, FRONTIER,       PUSH,    28) \
    X(0x7c, PUSH29,         push,            0,  1,     3, FRONTIER,       PUSH,    29) \
    X(0x7d, PUSH30,         push,            0,  1,     3, FRONTIER,       PUSH,    30) \
    X(0x7e, PUSH31,         push,            0,  1,     3, FRONTIER,       PUSH,    31) \
    X(0x7f, PUSH32,         push,            0,  1,     3, FRONTIER,       PUSH,    32) \
    X(0x80, DUP1,           dup,             1,  2,     3, FRONTIER,       DUP,     1) \
    X(0x81, DUP2,           dup,             2,  3,     3, FRONTIER,       DUP,     2) \
    X(0x82, DUP3,           dup,             3,  4,     3, FRONTIER,       DUP,     3) \
    X(0x83, DUP4,           dup,             4,  5,     3, FRONTIER,       DUP,     4) \
    X(0x84, DUP5,           dup,             5,  6,     3, FRONTIER,       DUP,     5) \
    X(0x85, DUP6,           dup,             6,  7,     3, FRONTIER,       DUP,     6) \
    X(0x86, DUP7,           dup,             7,  8,     3, FRONTIER,       DUP,     7) \
    X(0x87, DUP8,           dup,             8,  9,     3, FRONTIER,       DUP,     8) \
    X(0x88, DUP9,           dup,             9, 10,     3, FRONTIER,       DUP,     9) \
    X(0x89, DUP10,          dup,            10, 11,     3, FRONTIER,       DUP,     10) \
    X(0x8a, DUP11,          dup,            11, 12,     3, FRONTIER,       DUP,     11) \
    X(0x8b, DUP12,          dup,            12, 13,     3, FRONTIER,       DUP,     12) \
    X(0x8c, DUP13,          dup,            13, 14,     3, FRONTIER,       DUP,     13) \
    X(0x8d, DUP14,          dup,            14, 15,     3, FRONTIER,       DUP,     14) \
    X(0x8e, DUP15,          dup,            15, 16,     3, FRONTIER,       DUP,     15) \
    X(0x8f, DUP16,          dup,            16, 17,     3, FRONTIER,       DUP,     16) \
    X(0x90, SWAP1,          swap,            2,  2,     3, FRONTIER,       SWAP,    1) \
    X(0x91, SWAP2,          swap,            3,  3,     3, FRONTIER,       SWAP,    2) \
    X(0x92, SWAP3,          swap,            4,  4,     3, FRONTIER,       SWAP,    3) \
    X(0x93, SWAP4,          swap,            5,  5,     3, FRONTIER,       SWAP,    4) \
    X(0x94, SWAP5,          swap,            6,  6,     3, FRONTIER,       SWAP,    5) \
    X(0x95, SWAP6,          swap,            7,  7,     3, FRONTIER,       SWAP,    6) \
    X(0x96, SWAP7,          swap,            8,  8,     3, FRONTIER,       SWAP,    7) \
    X(0x97, SWAP8,          swap,            9,  9,     3, FRONTIER,       SWAP,    8) \
    X(0x98, SWAP9,          swap,           10, 10,     3, FRONTIER,       SWAP,    9) \
    X(0x99, SWAP10,         swap,           11, 11,     3, FRONTIER,       SWAP,    10) \
    X(0x9a, SWAP11,         swap,           12, 12,     3, FRONTIER,       SWAP,    11) \
    X(0x9b, SWAP12,         swap,           13, 13,     3, FRONTIER,       SWAP,    12) \
    X(0x9c, SWAP13,         swap,           14, 14,     3, FRONTIER,       SWAP,    13) \
    X(0x9d, SWAP14,         swap,           15, 15,     3, FRONTIER,       SWAP,    14) \
    X(0x9e, SWAP15,         swap,           16, 16,     3, FRONTIER,       SWAP,    15) \
    X(0x9f, SWAP16,         swap,           17, 17,     3, FRONTIER,       SWAP,    16) \
    X(0xa0, LOG0,           log,             2,  0,   375, FRONTIER,       LOG,     0) \
    X(0xa1, LOG1,           log,             3,  0,   750, FRONTIER,       LOG,     1) \
    X(0xa2, LOG2,           log,             4,  0,  1125, FRONTIER,       LOG,     2) \
    X(0xa3, LOG3,           log,             5,  0,  1500, FRONTIER,       LOG,     3) \
    X(0xa4, LOG4,           log,             6,  0,  1875, FRONTIER,       LOG,     4) \
    X(0xf0, CREATE,         create,          3,  1, 32000, FRONTIER,       GAS,     0) \
    X(0xf1, CALL,           call,            7,  1,     0, FRONTIER,       GAS,     0) \
    X(0xf2, CALLCODE,       callcode,        7,  1,     0, FRONTIER,       GAS,     0) \
    X(0xf3, RETURN,         return,          2,  0,     0, FRONTIER,       END,     0) \
    X(0xf4, DELEGATECALL,   delegatecall,    6,  1,     0, HOMESTEAD,      GAS,     0) \
    X(0xf5, CREATE2,        create2,         4,  1, 32000, CONSTANTINOPLE, GAS,     0) \
    X(0xfa, STATICCALL,     staticcall,      6,  1,     0, BYZANTIUM,      GAS,     0) \
    X(0xfd, REVERT,         revert,          2,  0,     0, BYZANTIUM,      END,     0) \
    X(0xfe, INVALID,        invalid,         0,  0,     0, FRONTIER,       END,     0) \
    X(0xff, SELFDESTRUCT,   selfdestruct,    1,  0,     0, FRONTIER,       END,     0)
// clang-format on

enum opcode {
#define X(byte, name, body, in, out, gas, fork, kind, n) OP_##name = byte,
    OPCODES(X)
#undef X
};

/* What tools need to know of an instruction. name is NULL where no fork knows the byte. */
struct opcode_info {
    const char *name;
    uint8_t in, out;
    uint8_t fork;       /* enum fork of introduction */
    uint8_t immediates; /* bytes that follow and are not instructions: PUSHn */
    uint16_t gas;       /* as in OPCODES */
};
extern const struct opcode_info OPCODE_INFO[256];

static inline bool opcode_is_valid(uint8_t opcode, enum fork fork)
{
    return OPCODE_INFO[opcode].name && (enum fork)OPCODE_INFO[opcode].fork <= fork;
}

/* opcode_name as tracers print it; "opcode 0x0c not defined" for the others. */
const char *opcode_name(uint8_t opcode);

#endif
