/* u256: unsigned 256-bit integers, the word of the EVM and of money.
 *
 * Model     four 64-bit limbs, w[0] least significant. All operations wrap modulo 2^256 unless
 *           they return a carry, which callers handling money must check. */
#ifndef PARVIS_BASE_U256_H
#define PARVIS_BASE_U256_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

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
bool u256_add(struct u256 *out, struct u256 a, struct u256 b);
bool u256_sub(struct u256 *out, struct u256 a, struct u256 b);
bool u256_mul(struct u256 *out, struct u256 a, struct u256 b);

/* u256_divmod: division by zero gives 0 and 0 (EVM DIV, MOD). Either output may be NULL. */
void u256_divmod(struct u256 *quotient, struct u256 *remainder, struct u256 a, struct u256 b);

int u256_cmp(struct u256 a, struct u256 b); /* -1, 0, 1 */
unsigned u256_bit_len(struct u256 a);       /* 0 for zero */

/* 32 big-endian bytes, and the minimal form without leading zeros (0 to 32 bytes). */
struct u256 u256_from_be(const uint8_t be[32]);
void u256_to_be(uint8_t be[32], struct u256 a);
struct u256 u256_from_be_min(struct bytes b); /* b.len <= 32 */
size_t u256_to_be_min(uint8_t be[32], struct u256 a);

/* Text. u256_parse reads decimal or 0x-hexadecimal, whole string. E_OK | E_INVALID | E_RANGE.
 * u256_parse_units reads a decimal amount with up to `decimals` fractional digits ("12.5" with 18).
 * u256_dec writes decimal and a NUL (79 bytes suffice); u256_units the inverse of parse_units,
 * trailing zeros cut but at least min_fraction digits kept (160 bytes suffice). */
enum err u256_parse(struct u256 *out, const char *text);
enum err u256_parse_units(struct u256 *out, const char *text, unsigned decimals);
void u256_dec(char out[79], struct u256 a);
void u256_units(char out[160], struct u256 a, unsigned decimals, unsigned min_fraction);

#endif
