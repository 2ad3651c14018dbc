/* 0x05 MODEXP: EIP-198 from Byzantium, cheaper and simpler by EIP-2565 from Berlin, dearer by
 * EIP-7883 and bounded by EIP-7823 from Osaka.
 * Input: the lengths of base, exponent and modulus, a word each, then the three. What is missing at
 * the end reads as zero. */
#include "base/u256.h"
#include "crypto/modexp.h"
#include "evm/precompile_internal.h"

#define HEADER_BYTES 96
#define OSAKA_LENGTH_MAX 1024 /* EIP-7823 */

/* Lengths beyond 64 bits are held as this: no gas pays for them. */
#define LENGTH_HUGE UINT64_MAX

struct lengths {
    uint64_t base, exponent, modulus;
};

static uint64_t length_read(struct bytes input, size_t offset)
{
    static const uint8_t zeros[24];
    uint8_t word[32];
    input_copy(word, sizeof word, input, offset);
    return memcmp(word, zeros, sizeof zeros) == 0 ? be64_get(word + 24) : LENGTH_HUGE;
}

static struct lengths lengths_read(struct bytes input)
{
    return (struct lengths){length_read(input, 0), length_read(input, 32), length_read(input, 64)};
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* --- price ------------------------------------------------------------------------------------ */

/* The position of the highest set bit in the exponent's first 32 bytes (all of it if shorter),
 * counted from 0; 0 when none is set. */
static unsigned head_bits(struct bytes input, const struct lengths *n)
{
    uint8_t head[32];
    size_t len = n->exponent < 32 ? (size_t)n->exponent : 32;
    uint64_t at = add_saturating(HEADER_BYTES, n->base);
    input_copy(head, len, input, at > SIZE_MAX ? SIZE_MAX : (size_t)at);
    for (size_t i = 0; i < len; i++)
        if (head[i])
            return (unsigned)(8 * (len - i) - 1) - (unsigned)(__builtin_clz(head[i]) - 24);
    return 0;
}

/* The "adjusted exponent length": squarings that the exponent asks for, at least 1. Each byte
 * beyond the first 32 counts as per_byte. */
static uint128 iterations(struct bytes input, const struct lengths *n, unsigned per_byte)
{
    uint128 count = head_bits(input, n);
    if (n->exponent > 32)
        count += (uint128)(n->exponent - 32) * per_byte;
    return count ? count : 1;
}

/* EIP-198 */
static uint128 complexity_byzantium(uint128 x)
{
    if (x <= 64)
        return x * x;
    if (x <= 1024)
        return x * x / 4 + 96 * x - 3072;
    return x * x / 16 + 480 * x - 199680;
}

static uint64_t words(uint64_t len)
{
    return len / 8 + (len % 8 != 0);
}

/* complexity * count / divisor, at least min. */
static uint64_t price(uint128 complexity, uint128 count, unsigned divisor, uint64_t min)
{
    uint128 product;
    if (__builtin_mul_overflow(complexity, count, &product) || product / divisor > UINT64_MAX)
        return PRECOMPILE_UNPAYABLE;
    uint64_t gas = (uint64_t)(product / divisor);
    return gas < min ? min : gas;
}

uint64_t modexp_price(enum fork fork, struct bytes input)
{
    struct lengths n = lengths_read(input);
    uint64_t longest = n.base > n.modulus ? n.base : n.modulus;
    uint128 square = (uint128)words(longest) * words(longest);
    if (longest == LENGTH_HUGE || (n.exponent == LENGTH_HUGE && longest > 0))
        return PRECOMPILE_UNPAYABLE;
    if (fork < FORK_BERLIN)
        return price(complexity_byzantium(longest), iterations(input, &n, 8), 20, 0);
    if (fork < FORK_OSAKA)
        return price(square, iterations(input, &n, 8), 3, 200);
    return price(longest <= 32 ? 16 : 2 * square, iterations(input, &n, 16), 1, 500);
}

/* --- computation ------------------------------------------------------------------------------ */

/* len bytes of the input from offset on: a view where they all exist, else a padded copy. len was
 * paid for. */
static struct bytes slice(struct arena *a, struct bytes input, uint64_t offset, uint64_t len)
{
    if (len == 0)
        return (struct bytes){0};
    if (offset <= input.len && len <= input.len - offset)
        return bytes_of(input.data + offset, (size_t)len);
    uint8_t *copy = arena_alloc(a, (size_t)len);
    input_copy(copy, (size_t)len, input, (size_t)offset);
    return bytes_of(copy, (size_t)len);
}

bool modexp_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    struct lengths n = lengths_read(input);
    if (fork >= FORK_OSAKA && (n.base > OSAKA_LENGTH_MAX || n.exponent > OSAKA_LENGTH_MAX ||
                               n.modulus > OSAKA_LENGTH_MAX))
        return false;
    if (n.modulus == 0) /* the exponent's length may be anything now, at no price */
        return true;
    uint64_t exponent_at = add_saturating(HEADER_BYTES, n.base);
    uint64_t modulus_at = add_saturating(exponent_at, n.exponent);
    struct bytes base = slice(a, input, HEADER_BYTES, n.base);
    struct bytes exponent = slice(a, input, exponent_at, n.exponent);
    struct bytes modulus = slice(a, input, modulus_at, n.modulus);
    uint8_t *p = arena_alloc(a, (size_t)n.modulus);
    modexp(p, base, exponent, modulus);
    *out = bytes_of(p, (size_t)n.modulus);
    return true;
}
