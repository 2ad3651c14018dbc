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

/* u256_add / u256_sub / u256_mul store the wrapped result and return true when it did NOT fit
 * (carry, borrow, overflow). *out may alias the operands. */
static inline bool u256_add(struct u256 *out, struct u256 a, struct u256 b)
{
    uint64_t carry = 0;
    for (int i = 0; i < 4; i++) {
        uint128 t = (uint128)a.w[i] + b.w[i] + carry;
        out->w[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    return carry != 0;
}

static inline bool u256_sub(struct u256 *out, struct u256 a, struct u256 b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        uint128 t = (uint128)a.w[i] - b.w[i] - borrow;
        out->w[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    return borrow != 0;
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

#endif
