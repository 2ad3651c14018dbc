/* u256_ops: the 256-bit operations of the EVM, by the names and with the results its opcodes have
 * (Yellow Paper app. H.2): everything wraps modulo 2^256, division by zero gives zero.
 *
 * Use       include base/u256.h. The small operations are inline, take and return values and do not
 *           branch on their operands. The long ones (u256_div.c) take pointers, so that no caller
 *           copies words through vector registers; *out may be any of the operands.
 * Signed    the same words in two's complement.
 * Threads   no shared state. A struct u256_reciprocal belongs to one thread at a time.
 * Tests     test_u256.c, against bit-by-bit arithmetic. */
#ifndef PARVIS_BASE_U256_OPS_H
#define PARVIS_BASE_U256_OPS_H

#include "base/u256.h"

/* u256_load, u256_store and u256_copy move a word limb by limb, with the operations above and below
 * in registers: u256_store(&s[1], u256_add_wrap(u256_load(&s[0]), u256_load(&s[1]))). Plain
 * assignment is right too, but compilers make it 128-bit moves, and such a load of a word that was
 * just written by 64-bit stores waits until these have left the store buffer: some 7 ns where the
 * addition itself takes 1. Limbs that pass through an empty asm, and volatile stores, are not
 * joined; a word in registers stays there. */
static inline struct u256 u256_load(const struct u256 *a)
{
    struct u256 r = {{a->w[0], a->w[1], a->w[2], a->w[3]}};
    __asm__("" : "+r"(r.w[0]));
    __asm__("" : "+r"(r.w[1]));
    __asm__("" : "+r"(r.w[2]));
    __asm__("" : "+r"(r.w[3]));
    return r;
}

static inline void u256_store(struct u256 *out, struct u256 a)
{
    volatile uint64_t *w = out->w;
    w[0] = a.w[0], w[1] = a.w[1], w[2] = a.w[2], w[3] = a.w[3];
}

static inline void u256_copy(struct u256 *out, const struct u256 *a)
{
    u256_store(out, u256_load(a));
}

static inline struct u256 u256_from_bool(bool v)
{
    return u256_from_u64(v);
}

/* ---- arithmetic modulo 2^256 ---- */

static inline struct u256 u256_add_wrap(struct u256 a, struct u256 b)
{
    struct u256 r;
    u256_add(&r, a, b);
    return r;
}

static inline struct u256 u256_sub_wrap(struct u256 a, struct u256 b)
{
    struct u256 r;
    u256_sub(&r, a, b);
    return r;
}

static inline struct u256 u256_neg(struct u256 a)
{
    return u256_sub_wrap(U256_ZERO, a);
}

/* The ten products below 2^256, row by row; the last of each row needs no upper half. Compilers
 * spill half of the operands here, so the rows are written out where they can be. */
static inline struct u256 u256_mul_wrap(struct u256 a, struct u256 b)
{
#ifdef __x86_64__
    uint64_t r0, r1, r2, r3;
    __asm__("movq %[a0], %%rax\n\tmulq %[b0]\n\tmovq %%rax, %[r0]\n\tmovq %%rdx, %[r1]\n\t"
            "movq %[a0], %%rax\n\tmulq %[b1]\n\taddq %%rax, %[r1]\n\tadcq $0, %%rdx\n\t"
            "movq %%rdx, %[r2]\n\t"
            "movq %[a0], %%rax\n\tmulq %[b2]\n\timulq %[a0], %[b3]\n\t"
            "addq %%rax, %[r2]\n\tadcq %%rdx, %[b3]\n\t"
            "movq %[a1], %%rax\n\tmulq %[b0]\n\timulq %[a1], %[b2]\n\t"
            "addq %%rax, %[r1]\n\tadcq %%rdx, %[r2]\n\tadcq %[b2], %[b3]\n\t"
            "movq %[a1], %%rax\n\tmulq %[b1]\n\timulq %[a2], %[b1]\n\t"
            "addq %%rax, %[r2]\n\tadcq %%rdx, %[b3]\n\t"
            "movq %[a2], %%rax\n\tmulq %[b0]\n\timulq %[a3], %[b0]\n\t"
            "addq %[b1], %[b3]\n\t"
            "addq %%rax, %[r2]\n\tadcq %%rdx, %[b3]\n\taddq %[b0], %[b3]\n\t"
            : [r0] "=&r"(r0), [r1] "=&r"(r1), [r2] "=&r"(r2), [b0] "+&r"(b.w[0]),
              [b1] "+&r"(b.w[1]), [b2] "+&r"(b.w[2]), [b3] "+&r"(b.w[3])
            : [a0] "r"(a.w[0]), [a1] "r"(a.w[1]), [a2] "r"(a.w[2]), [a3] "r"(a.w[3])
            : "rax", "rdx", "cc");
    r3 = b.w[3];
    return (struct u256){{r0, r1, r2, r3}};
#else
    uint128 t00 = (uint128)a.w[0] * b.w[0], t01 = (uint128)a.w[0] * b.w[1];
    uint128 t10 = (uint128)a.w[1] * b.w[0], t02 = (uint128)a.w[0] * b.w[2];
    uint128 t11 = (uint128)a.w[1] * b.w[1], t20 = (uint128)a.w[2] * b.w[0];
    uint64_t top = a.w[0] * b.w[3] + a.w[1] * b.w[2] + a.w[2] * b.w[1] + a.w[3] * b.w[0];
    uint128 c1 = (t00 >> 64) + t01; /* < 2^128: (2^64-1)^2 + 2^64-1 */
    uint128 d1 = (uint128)(uint64_t)c1 + t10;
    uint128 high = ((uint128)top << 64) + (c1 >> 64) + (d1 >> 64) + t02 + t11 + t20;
    return (struct u256){{(uint64_t)t00, (uint64_t)d1, (uint64_t)high, (uint64_t)(high >> 64)}};
#endif
}

/* ---- bits ---- */

static inline struct u256 u256_and(struct u256 a, struct u256 b)
{
    return (struct u256){{a.w[0] & b.w[0], a.w[1] & b.w[1], a.w[2] & b.w[2], a.w[3] & b.w[3]}};
}

static inline struct u256 u256_or(struct u256 a, struct u256 b)
{
    return (struct u256){{a.w[0] | b.w[0], a.w[1] | b.w[1], a.w[2] | b.w[2], a.w[3] | b.w[3]}};
}

static inline struct u256 u256_xor(struct u256 a, struct u256 b)
{
    return (struct u256){{a.w[0] ^ b.w[0], a.w[1] ^ b.w[1], a.w[2] ^ b.w[2], a.w[3] ^ b.w[3]}};
}

static inline struct u256 u256_not(struct u256 a)
{
    return (struct u256){{~a.w[0], ~a.w[1], ~a.w[2], ~a.w[3]}};
}

/* Two limbs shifted as one, the upper (or lower) half of the result; 0 <= by < 64. */
static inline uint64_t u256_shl_pair(uint64_t high, uint64_t low, unsigned by)
{
    return high << by | low >> 1 >> (by ^ 63);
}

static inline uint64_t u256_shr_pair(uint64_t high, uint64_t low, unsigned by)
{
    return low >> by | high << 1 << (by ^ 63);
}

/* Shifts by any number of bits; 256 and more leave nothing (sar: the sign). First whole limbs are
 * moved, by two selections, then bits. */
static inline struct u256 u256_shl_bits(struct u256 v, unsigned by)
{
    uint64_t w0 = by & 128 ? 0 : v.w[0], w1 = by & 128 ? 0 : v.w[1];
    uint64_t w2 = by & 128 ? v.w[0] : v.w[2], w3 = by & 128 ? v.w[1] : v.w[3];
    w3 = by & 64 ? w2 : w3, w2 = by & 64 ? w1 : w2, w1 = by & 64 ? w0 : w1, w0 = by & 64 ? 0 : w0;
    uint64_t keep = by < 256 ? ~0ULL : 0;
    unsigned bits = by & 63;
    return (struct u256){{(w0 << bits) & keep, u256_shl_pair(w1, w0, bits) & keep,
                          u256_shl_pair(w2, w1, bits) & keep, u256_shl_pair(w3, w2, bits) & keep}};
}

static inline struct u256 u256_shr_bits(struct u256 v, unsigned by)
{
    uint64_t w3 = by & 128 ? 0 : v.w[3], w2 = by & 128 ? 0 : v.w[2];
    uint64_t w1 = by & 128 ? v.w[3] : v.w[1], w0 = by & 128 ? v.w[2] : v.w[0];
    w0 = by & 64 ? w1 : w0, w1 = by & 64 ? w2 : w1, w2 = by & 64 ? w3 : w2, w3 = by & 64 ? 0 : w3;
    uint64_t keep = by < 256 ? ~0ULL : 0;
    unsigned bits = by & 63;
    return (struct u256){{u256_shr_pair(w1, w0, bits) & keep, u256_shr_pair(w2, w1, bits) & keep,
                          u256_shr_pair(w3, w2, bits) & keep, (w3 >> bits) & keep}};
}

static inline struct u256 u256_sar_bits(struct u256 v, unsigned by)
{
    uint64_t sign = (uint64_t)((int64_t)v.w[3] >> 63);
    if (by > 255)
        by = 255;
    uint64_t w3 = by & 128 ? sign : v.w[3], w2 = by & 128 ? sign : v.w[2];
    uint64_t w1 = by & 128 ? v.w[3] : v.w[1], w0 = by & 128 ? v.w[2] : v.w[0];
    w0 = by & 64 ? w1 : w0, w1 = by & 64 ? w2 : w1, w2 = by & 64 ? w3 : w2;
    w3 = by & 64 ? sign : w3;
    unsigned bits = by & 63;
    return (struct u256){{u256_shr_pair(w1, w0, bits), u256_shr_pair(w2, w1, bits),
                          u256_shr_pair(w3, w2, bits), (uint64_t)((int64_t)w3 >> bits)}};
}

/* A word as a shift or an index: itself below 256, else 256. */
static inline unsigned u256_clamp(struct u256 a)
{
    return (a.w[1] | a.w[2] | a.w[3] | a.w[0] >> 8) ? 256 : (unsigned)a.w[0];
}

/* SHL, SHR, SAR: the value, then the shift (the EVM has the shift on top of the stack). */
static inline struct u256 u256_shl(struct u256 v, struct u256 by)
{
    return u256_shl_bits(v, u256_clamp(by));
}

static inline struct u256 u256_shr(struct u256 v, struct u256 by)
{
    return u256_shr_bits(v, u256_clamp(by));
}

static inline struct u256 u256_sar(struct u256 v, struct u256 by)
{
    return u256_sar_bits(v, u256_clamp(by));
}

/* BYTE: byte `index` of v, 0 being the most significant; 0 from index 32 on. */
static inline uint64_t u256_byte(struct u256 v, struct u256 index)
{
    unsigned i = u256_clamp(index);
    uint64_t low = i & 8 ? v.w[0] : v.w[1], high = i & 8 ? v.w[2] : v.w[3];
    uint64_t limb = i & 16 ? low : high;
    return i < 32 ? limb >> ((i & 7) ^ 7) * 8 & 0xff : 0;
}

/* SIGNEXTEND: v taken as a signed number of size + 1 bytes; v itself from size 31 on. */
static inline struct u256 u256_signextend(struct u256 v, struct u256 size)
{
    unsigned n = u256_clamp(size);
    n = n > 31 ? 31 : n;
    unsigned at = n >> 3, spare = ((n & 7) ^ 7) * 8;
    uint64_t low = n & 8 ? v.w[1] : v.w[0], high = n & 8 ? v.w[3] : v.w[2];
    uint64_t limb = (uint64_t)((int64_t)((n & 16 ? high : low) << spare) >> spare);
    uint64_t sign = (uint64_t)((int64_t)limb >> 63);
    return (struct u256){{at == 0 ? limb : v.w[0],
                          at == 1  ? limb
                          : at < 1 ? sign
                                   : v.w[1],
                          at == 2  ? limb
                          : at < 2 ? sign
                                   : v.w[2],
                          at == 3 ? limb : sign}};
}

/* CLZ (EIP-7939): the zero bits before the highest one that is set; 256 of zero. */
static inline unsigned u256_clz(struct u256 a)
{
    uint64_t limb = a.w[3];
    unsigned before = 0;
    for (int i = 2; i >= 0; i--) {
        before = limb ? before : before + 64;
        limb = limb ? limb : a.w[i];
    }
    return limb ? before + (unsigned)__builtin_clzll(limb) : 256;
}

/* ---- comparison ---- */

static inline bool u256_lt(struct u256 a, struct u256 b)
{
    struct u256 rest;
    return u256_sub(&rest, a, b);
}

static inline bool u256_gt(struct u256 a, struct u256 b)
{
    return u256_lt(b, a);
}

static inline bool u256_is_negative(struct u256 a)
{
    return a.w[3] >> 63;
}

/* Signed order is unsigned order with the sign bits turned. */
static inline bool u256_slt(struct u256 a, struct u256 b)
{
    a.w[3] ^= 1ULL << 63;
    b.w[3] ^= 1ULL << 63;
    return u256_lt(a, b);
}

static inline bool u256_sgt(struct u256 a, struct u256 b)
{
    return u256_slt(b, a);
}

/* ---- division ---- */

/* DIV, MOD, SDIV (truncates; -2^255 / -1 = -2^255), SMOD (the sign of a). */
void u256_div(struct u256 *out, const struct u256 *a, const struct u256 *b);
void u256_mod(struct u256 *out, const struct u256 *a, const struct u256 *b);
void u256_sdiv(struct u256 *out, const struct u256 *a, const struct u256 *b);
void u256_smod(struct u256 *out, const struct u256 *a, const struct u256 *b);

/* What u256_mulmod remembers of its modulus; {0} is a valid empty one. Programs that multiply in a
 * field keep one modulus for millions of operations: from its second use on, two multiplications
 * take the place of a division. */
struct u256_reciprocal {
    struct u256 modulus;
    struct u256 scaled; /* modulus << shift, its highest bit set */
    struct u256 value;  /* floor((2^512 - 1) / scaled) - 2^256 */
    unsigned shift;
    bool ready; /* value is computed; before, only modulus is valid */
};

/* ADDMOD, MULMOD of the unbounded sum and product; 0 when the modulus is 0. `cache` may be NULL. */
void u256_addmod(struct u256 *out, const struct u256 *a, const struct u256 *b,
                 const struct u256 *modulus);
void u256_mulmod(struct u256 *out, const struct u256 *a, const struct u256 *b,
                 const struct u256 *modulus, struct u256_reciprocal *cache);

/* EXP modulo 2^256; 0 to the 0 is 1. */
void u256_exp(struct u256 *out, const struct u256 *base, const struct u256 *exponent);

#endif
