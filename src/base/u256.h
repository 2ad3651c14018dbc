/* u256: unsigned 256-bit integers, the word of the EVM and of money.
 *
 * Model     four 64-bit limbs, w[0] least significant. All operations wrap modulo 2^256 unless
 *           they return a carry, which callers handling money must check. */
#ifndef PARVIS_BASE_U256_H
#define PARVIS_BASE_U256_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

__extension__ typedef unsigned __int128 uint128;

struct u256 {
    uint64_t w[4];
};

#define U256_ZERO ((struct u256){{0, 0, 0, 0}})
#define U256_MAX ((struct u256){{~0ULL, ~0ULL, ~0ULL, ~0ULL}})

static inline struct u256 u256_from_u64(uint64_t v)
{
    return (struct u256){{v, 0, 0, 0}};
}

static inline bool u256_is_zero(struct u256 a)
{
    return (a.w[0] | a.w[1] | a.w[2] | a.w[3]) == 0;
}

static inline bool u256_eq(struct u256 a, struct u256 b)
{
    return ((a.w[0] ^ b.w[0]) | (a.w[1] ^ b.w[1]) | (a.w[2] ^ b.w[2]) | (a.w[3] ^ b.w[3])) == 0;
}

static inline bool u256_fits_u64(struct u256 a)
{
    return (a.w[1] | a.w[2] | a.w[3]) == 0;
}

/* One limb with carry (borrow) in and out, 0 or 1; compilers turn a row of them into ADC (SBB). */
static inline uint64_t u256_add_limb(uint64_t a, uint64_t b, unsigned char *carry)
{
#if defined(__clang__)
    unsigned long long out;
    unsigned long long r = __builtin_addcll(a, b, *carry, &out);
    *carry = (unsigned char)out;
    return r;
#elif defined(__x86_64__)
    unsigned long long r;
    *carry = __builtin_ia32_addcarryx_u64(*carry, a, b, &r);
    return r;
#else
    uint128 t = (uint128)a + b + *carry;
    *carry = (unsigned char)(t >> 64);
    return (uint64_t)t;
#endif
}

static inline uint64_t u256_sub_limb(uint64_t a, uint64_t b, unsigned char *borrow)
{
#if defined(__clang__)
    unsigned long long out;
    unsigned long long r = __builtin_subcll(a, b, *borrow, &out);
    *borrow = (unsigned char)out;
    return r;
#elif defined(__x86_64__)
    unsigned long long r;
    *borrow = __builtin_ia32_sbb_u64(*borrow, a, b, &r);
    return r;
#else
    uint128 t = (uint128)a - b - *borrow;
    *borrow = (unsigned char)(t >> 64) & 1;
    return (uint64_t)t;
#endif
}

/* u256_add / u256_sub / u256_mul store the wrapped result and return true when it did NOT fit
 * (carry, borrow, overflow). *out may alias the operands. */
static inline bool u256_add(struct u256 *out, struct u256 a, struct u256 b)
{
    unsigned char carry = 0;
    uint64_t r0 = u256_add_limb(a.w[0], b.w[0], &carry);
    uint64_t r1 = u256_add_limb(a.w[1], b.w[1], &carry);
    uint64_t r2 = u256_add_limb(a.w[2], b.w[2], &carry);
    uint64_t r3 = u256_add_limb(a.w[3], b.w[3], &carry);
    *out = (struct u256){{r0, r1, r2, r3}};
    return carry;
}

static inline bool u256_sub(struct u256 *out, struct u256 a, struct u256 b)
{
    unsigned char borrow = 0;
    uint64_t r0 = u256_sub_limb(a.w[0], b.w[0], &borrow);
    uint64_t r1 = u256_sub_limb(a.w[1], b.w[1], &borrow);
    uint64_t r2 = u256_sub_limb(a.w[2], b.w[2], &borrow);
    uint64_t r3 = u256_sub_limb(a.w[3], b.w[3], &borrow);
    *out = (struct u256){{r0, r1, r2, r3}};
    return borrow;
}

bool u256_mul(struct u256 *out, struct u256 a, struct u256 b);

/* u256_divmod: division by zero gives 0 and 0 (EVM DIV, MOD). Either output may be NULL. */
void u256_divmod(struct u256 *quotient, struct u256 *remainder, struct u256 a, struct u256 b);

/* u256_cmp returns -1, 0 or 1. */
static inline int u256_cmp(struct u256 a, struct u256 b)
{
    for (int i = 3; i >= 0; i--)
        if (a.w[i] != b.w[i])
            return a.w[i] < b.w[i] ? -1 : 1;
    return 0;
}

/* u256_bit_len is the number of bits up to the highest one that is set; 0 for zero. */
static inline unsigned u256_bit_len(struct u256 a)
{
    for (unsigned i = 4; i-- > 0;)
        if (a.w[i])
            return 64 * i + 64 - (unsigned)__builtin_clzll(a.w[i]);
    return 0;
}

/* 32 big-endian bytes, and the minimal form without leading zeros (0 to 32 bytes). */
static inline struct u256 u256_from_be(const uint8_t be[32])
{
    return (struct u256){{be64_get(be + 24), be64_get(be + 16), be64_get(be + 8), be64_get(be)}};
}

static inline void u256_to_be(uint8_t be[32], struct u256 a)
{
    for (int i = 0; i < 4; i++)
        be64_put(be + 8 * i, a.w[3 - i]);
}

struct u256 u256_from_be_min(struct bytes b); /* b.len <= 32 */
size_t u256_to_be_min(uint8_t be[32], struct u256 a);

/* Text. u256_parse reads decimal or 0x-hexadecimal, whole string. E_OK | E_INVALID | E_RANGE.
 * u256_parse_units reads a decimal amount with up to `decimals` fractional digits ("12.5" with 18).
 * More fractional digits than `decimals` are E_INVALID: an amount is never rounded silently.
 * u256_dec writes decimal and a NUL (79 bytes suffice); u256_units the inverse of parse_units,
 * trailing zeros cut but at least min_fraction digits kept (160 bytes suffice). */
enum err u256_parse(struct u256 *out, const char *text);
enum err u256_parse_units(struct u256 *out, const char *text, unsigned decimals);
void u256_dec(char out[79], struct u256 a);
void u256_units(char out[160], struct u256 a, unsigned decimals, unsigned min_fraction);

#include "base/u256_ops.h" /* the EVM's operations */

#endif
