/* Numbers modulo q = 2^252 + c, where c has 125 bits: 2^252 is -c, so a number is reduced by
 * replacing what lies above bit 252 by its product with -c, three times. */
#include "crypto/edwards/edwards.h"

__extension__ typedef unsigned __int128 u128;

static const uint64_t Q[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};
#define HIGH_SHIFT 60 /* 252 = 3 * 64 + 60 */
#define HIGH_MASK ((UINT64_C(1) << HIGH_SHIFT) - 1)

#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 8")
#endif

const struct ed_scalar ED_ZERO = {{0}}, ED_ONE = {{1}};

/* r = a - b, returning the borrow. */
static inline uint64_t subtract(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
    uint64_t borrow = 0;
    UNROLLED
    for (int i = 0; i < 4; i++) {
        u128 d = (u128)a[i] - b[i] - borrow;
        r[i] = (uint64_t)d;
        borrow = (uint64_t)(d >> 64) & 1;
    }
    return borrow;
}

/* r = a + (b where mask has ones). */
static inline void add_masked(uint64_t r[4], const uint64_t a[4], const uint64_t b[4],
                              uint64_t mask)
{
    u128 carry = 0;
    UNROLLED
    for (int i = 0; i < 4; i++) {
        carry += (u128)a[i] + (b[i] & mask);
        r[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

struct ed_scalar ed_scalar_add(struct ed_scalar a, struct ed_scalar b)
{
    struct ed_scalar r;
    add_masked(r.limb, a.limb, b.limb, UINT64_MAX);
    uint64_t borrow = subtract(r.limb, r.limb, Q);
    add_masked(r.limb, r.limb, Q, 0 - borrow);
    return r;
}

struct ed_scalar ed_scalar_sub(struct ed_scalar a, struct ed_scalar b)
{
    struct ed_scalar r;
    uint64_t borrow = subtract(r.limb, a.limb, b.limb);
    add_masked(r.limb, r.limb, Q, 0 - borrow);
    return r;
}

/* r += a * b, where b has `words` words and r one more. */
static inline void add_row(uint64_t *r, uint64_t a, const uint64_t *b, int words)
{
    u128 carry = 0;
    UNROLLED
    for (int i = 0; i < words; i++) {
        carry += (u128)a * b[i] + r[i];
        r[i] = (uint64_t)carry;
        carry >>= 64;
    }
    r[words] = (uint64_t)carry;
}

/* The low 252 bits of x are a number of their own, below q; the rest, `words` - 3 words, times c
 * goes to r. */
static inline struct ed_scalar split(uint64_t *r, const uint64_t *x, int words)
{
    struct ed_scalar low = {{x[0], x[1], x[2], x[3] & HIGH_MASK}};
    r[0] = r[1] = 0;
    UNROLLED
    for (int i = 3; i < words; i++)
        add_row(r + i - 3, x[i] >> HIGH_SHIFT | (i + 1 < words ? x[i + 1] << (64 - HIGH_SHIFT) : 0),
                Q, 2);
    return low;
}

/* x is of 512 bits, low0 + 2^252 h0; h0 c is of 385 bits, low1 + 2^252 h1; h1 c is of 258 bits,
 * low2 + 2^252 h2; h2 c is of 131 bits: x is low0 - low1 + low2 - h2 c. */
static inline struct ed_scalar reduce_wide(const uint64_t x[8])
{
    uint64_t y[7], z[6], low3[4] = {0};
    struct ed_scalar low0 = split(y, x, 8), low1 = split(z, y, 7), low2 = split(low3, z, 5), last;
    memcpy(last.limb, low3, sizeof last.limb);
    return ed_scalar_sub(ed_scalar_add(ed_scalar_sub(low0, low1), low2), last);
}

struct ed_scalar ed_scalar_mul(struct ed_scalar a, struct ed_scalar b)
{
    uint64_t x[8] = {0};
    UNROLLED
    for (int i = 0; i < 4; i++)
        add_row(x + i, a.limb[i], b.limb, 4);
    return reduce_wide(x);
}

/* a^(q-2), Fermat. */
struct ed_scalar ed_scalar_inverse(struct ed_scalar a)
{
    struct ed_scalar r = ED_ONE;
    for (int i = 252; i >= 0; i--) {
        uint64_t word = i < 64 ? Q[0] - 2 : Q[i / 64];
        r = ed_scalar_mul(r, r);
        if (word >> (i % 64) & 1)
            r = ed_scalar_mul(r, a);
    }
    return r;
}

bool ed_scalar_eq(const struct ed_scalar *a, const struct ed_scalar *b)
{
    uint64_t difference = 0;
    for (int i = 0; i < 4; i++)
        difference |= a->limb[i] ^ b->limb[i];
    return difference == 0;
}

bool ed_scalar_is_zero(const struct ed_scalar *a)
{
    return ed_scalar_eq(a, &ED_ZERO);
}

struct ed_scalar ed_scalar_of(uint64_t n)
{
    return (struct ed_scalar){{n, 0, 0, 0}};
}

void ed_scalar_reduce(struct ed_scalar *out, const uint8_t *be, size_t len)
{
    uint8_t padded64[64] = {0};
    uint64_t x[8];
    ASSERT(len <= sizeof padded64);
    if (len > 0)
        memcpy(padded64 + sizeof padded64 - len, be, len);
    for (int i = 0; i < 8; i++)
        x[i] = be64_get(padded64 + 56 - 8 * i);
    *out = reduce_wide(x);
}

bool ed_scalar_from_be32(struct ed_scalar *out, const uint8_t be32[32])
{
    uint64_t x[4], ignored[4];
    for (int i = 0; i < 4; i++)
        x[i] = be64_get(be32 + 24 - 8 * i);
    if (subtract(ignored, x, Q) == 0)
        return false;
    memcpy(out->limb, x, sizeof x);
    return true;
}

void ed_scalar_to_be32(uint8_t be32[32], const struct ed_scalar *s)
{
    for (int i = 0; i < 4; i++)
        be64_put(be32 + 24 - 8 * i, s->limb[i]);
}

void ed_scalar_to_le32(uint8_t le32[32], const struct ed_scalar *s)
{
    for (int i = 0; i < 4; i++)
        be64_put(le32 + 8 * i, __builtin_bswap64(s->limb[i]));
}

/* --- decimal -----------------------------------------------------------------------------------
 */

bool ed_scalar_from_decimal(struct ed_scalar *out, const char *text, size_t len)
{
    uint64_t x[4] = {0}, ignored[4];
    if (len == 0 || len > ED_SCALAR_DECIMAL_MAX || (text[0] == '0' && len > 1))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        u128 carry = (u128)(text[i] - '0');
        for (int j = 0; j < 4; j++) { /* 10^76 is below 2^256 */
            carry += (u128)x[j] * 10;
            x[j] = (uint64_t)carry;
            carry >>= 64;
        }
    }
    if (subtract(ignored, x, Q) == 0)
        return false;
    memcpy(out->limb, x, sizeof x);
    return true;
}

/* x /= 10^18, returning the remainder. */
static uint64_t divide_e18(uint64_t x[4])
{
    const uint64_t e18 = 1000000000000000000;
    u128 rest = 0;
    for (int i = 3; i >= 0; i--) {
        rest = rest << 64 | x[i];
        x[i] = (uint64_t)(rest / e18);
        rest %= e18;
    }
    return (uint64_t)rest;
}

size_t ed_scalar_to_decimal(char out[ED_SCALAR_DECIMAL_MAX + 1], const struct ed_scalar *s)
{
    char digits[5 * 18]; /* the lowest first */
    uint64_t x[4];
    size_t count = 0;
    memcpy(x, s->limb, sizeof x);
    for (int part = 0; part < 5; part++) {
        uint64_t n = divide_e18(x);
        for (int i = 0; i < 18; i++, n /= 10)
            digits[count++] = (char)('0' + n % 10);
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    ASSERT(count <= ED_SCALAR_DECIMAL_MAX); /* below q */
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    out[count] = 0;
    return count;
}
