/* u256_div: division, and what is built on it.
 *
 * Quotient digits are found by multiplication with a reciprocal of the divisor's two highest limbs:
 * N. Moeller and T. Granlund, "Improved division by invariant integers", IEEE Trans. Comp. 60
 * (2011), algorithms 4 (2 by 1), 5 (3 by 2) and 6. Divisors are shifted so that their highest bit
 * is set; remainders are shifted back. */
#include "base/u256.h"

/* ---- limbs ---- */

/* (high:low) / d for high < d. The compiler would call a 128-by-128 routine where one instruction
 * does. */
static inline uint64_t divide_once(uint64_t high, uint64_t low, uint64_t d, uint64_t *rest)
{
#ifdef __x86_64__
    uint64_t quotient;
    __asm__("divq %4" : "=a"(quotient), "=d"(*rest) : "a"(low), "d"(high), "r"(d) : "cc");
    return quotient;
#else
    uint128 n = (uint128)high << 64 | low;
    *rest = (uint64_t)(n % d);
    return (uint64_t)(n / d);
#endif
}

/* floor((2^128 - 1) / d) - 2^64, of a d with its highest bit set. */
static inline uint64_t reciprocal_of_1(uint64_t d)
{
    uint64_t rest;
    return divide_once(~d, ~0ULL, d, &rest);
}

/* floor((2^192 - 1) / (d1:d0)) - 2^64 (algorithm 6) */
static inline uint64_t reciprocal_of_2(uint64_t d1, uint64_t d0)
{
    uint64_t v = reciprocal_of_1(d1);
    uint64_t p = d1 * v + d0;
    if (p < d0) {
        v--;
        if (p >= d1) {
            v--;
            p -= d1;
        }
        p -= d1;
    }
    uint128 t = (uint128)v * d0;
    p += (uint64_t)(t >> 64);
    if (p < (uint64_t)(t >> 64)) {
        v--;
        if (((uint128)p << 64 | (uint64_t)t) >= ((uint128)d1 << 64 | d0))
            v--;
    }
    return v;
}

/* *rest:low divided by d, *rest < d; v is the reciprocal of d (algorithm 4). */
static inline uint64_t digit_2by1(uint64_t *rest, uint64_t low, uint64_t d, uint64_t v)
{
    uint128 q = (uint128)v * *rest + ((uint128)*rest << 64 | low);
    uint64_t q1 = (uint64_t)(q >> 64) + 1;
    uint64_t r = low - q1 * d;
    uint64_t too_far = r > (uint64_t)q ? ~0ULL : 0;
    q1 += too_far;
    r += too_far & d;
    if (__builtin_expect(r >= d, 0)) {
        q1++;
        r -= d;
    }
    *rest = r;
    return q1;
}

/* *rest:low divided by d, *rest < d, all of two limbs but low; v is the reciprocal of d
 * (algorithm 5). */
static inline uint64_t digit_3by2(uint128 *rest, uint64_t low, uint128 d, uint64_t v)
{
    uint64_t u2 = (uint64_t)(*rest >> 64), d1 = (uint64_t)(d >> 64), d0 = (uint64_t)d;
    uint128 q = (uint128)v * u2 + *rest;
    uint64_t q1 = (uint64_t)(q >> 64);
    uint64_t r1 = (uint64_t)*rest - q1 * d1;
    uint128 r = ((uint128)r1 << 64 | low) - (uint128)d0 * q1 - d;
    q1++;
    uint64_t too_far = (uint64_t)(r >> 64) >= (uint64_t)q ? ~0ULL : 0;
    q1 += too_far;
    r += (uint128)(too_far & d1) << 64 | (too_far & d0);
    if (__builtin_expect(r >= d, 0)) {
        q1++;
        r -= d;
    }
    *rest = r;
    return q1;
}

/* ---- long division ---- */

/* A divisor of n limbs, shifted left until its highest bit is set. */
struct divisor {
    uint64_t w[4];
    unsigned n;
    unsigned shift;
};

static inline unsigned limb_count(const uint64_t *w, unsigned n)
{
    while (n > 0 && w[n - 1] == 0)
        n--;
    return n;
}

/* out[0..n] = a[0..n) << shift; returns the limb that was pushed out, which is also out[n]. */
static inline void shift_up(uint64_t *out, const uint64_t *a, unsigned n, unsigned shift)
{
    uint64_t below = 0;
    for (unsigned i = 0; i < n; i++) {
        uint64_t limb = a[i];
        out[i] = u256_shl_pair(limb, below, shift);
        below = limb;
    }
    out[n] = u256_shl_pair(0, below, shift);
}

/* u[0..n+1) -= digit * d[0..n), of which the two highest limbs of d and the three highest of u are
 * left to the caller; returns the borrow against them. */
static inline uint64_t subtract_low(uint64_t *u, const uint64_t *d, unsigned n, uint64_t digit)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; i + 2 < n; i++) {
        uint128 t = (uint128)digit * d[i] + borrow;
        borrow = (uint64_t)(t >> 64) + (u[i] < (uint64_t)t);
        u[i] -= (uint64_t)t;
    }
    return borrow;
}

/* u[0..n) += d[0..n) modulo 2^(64 n) */
static inline void add_back(uint64_t *u, const uint64_t *d, unsigned n)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < n; i++) {
        uint128 t = (uint128)u[i] + d[i] + carry;
        u[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
}

/* One digit of a division by n >= 3 limbs: u[0..n+1) becomes the rest in u[0..n). The two highest
 * limbs of d divide the three highest of u; the rest of the digit's multiple is then taken away,
 * and seldom once too much (Knuth, TAOCP vol. 2, 4.3.1, D). */
static inline uint64_t long_digit(uint64_t *u, const uint64_t *d, unsigned n, uint64_t v)
{
    uint128 top = (uint128)d[n - 1] << 64 | d[n - 2];
    uint128 rest = (uint128)u[n] << 64 | u[n - 1];
    uint64_t digit;
    if (__builtin_expect(rest == top, 0)) { /* the quotient of these limbs would be 2^64 */
        digit = ~0ULL;
        uint64_t borrow = 0;
        for (unsigned i = 0; i < n; i++) {
            uint128 t = (uint128)digit * d[i] + borrow;
            borrow = (uint64_t)(t >> 64) + (u[i] < (uint64_t)t);
            u[i] -= (uint64_t)t;
        }
        return digit;
    }
    digit = digit_3by2(&rest, u[n - 2], top, v);
    uint64_t borrow = subtract_low(u, d, n, digit);
    bool below = rest < borrow;
    rest -= borrow;
    u[n - 2] = (uint64_t)rest;
    u[n - 1] = (uint64_t)(rest >> 64);
    if (__builtin_expect(below, 0)) {
        digit--;
        add_back(u, d, n);
    }
    return digit;
}

/* q[0..m] = u / d for u of m + 1 + n limbs shifted as d is, u[m + n] < the highest limb of d; the
 * rest, still shifted, is left in u[0..n). */
static inline void divide_1(uint64_t *q, uint64_t *u, unsigned m, const uint64_t *d)
{
    uint64_t v = reciprocal_of_1(d[0]), rest = u[m + 1];
    for (unsigned j = m + 1; j-- > 0;)
        q[j] = digit_2by1(&rest, u[j], d[0], v);
    u[0] = rest;
}

static inline void divide_2(uint64_t *q, uint64_t *u, unsigned m, const uint64_t *d)
{
    uint128 divisor = (uint128)d[1] << 64 | d[0];
    uint128 rest = (uint128)u[m + 2] << 64 | u[m + 1];
    uint64_t v = reciprocal_of_2(d[1], d[0]);
    for (unsigned j = m + 1; j-- > 0;)
        q[j] = digit_3by2(&rest, u[j], divisor, v);
    u[0] = (uint64_t)rest;
    u[1] = (uint64_t)(rest >> 64);
}

static inline void divide_3(uint64_t *q, uint64_t *u, unsigned m, const uint64_t *d)
{
    uint64_t v = reciprocal_of_2(d[2], d[1]);
    for (unsigned j = m + 1; j-- > 0;)
        q[j] = long_digit(u + j, d, 3, v);
}

static inline void divide_4(uint64_t *q, uint64_t *u, unsigned m, const uint64_t *d)
{
    uint64_t v = reciprocal_of_2(d[3], d[2]);
    for (unsigned j = m + 1; j-- > 0;)
        q[j] = long_digit(u + j, d, 4, v);
}

/* quotient[0..len), rest = a[0..len) / b, for b != 0 and len <= 8; quotient limbs that are zero are
 * not written. */
static inline void divide(uint64_t *quotient, struct u256 *rest, const uint64_t *a, unsigned len,
                          const struct u256 *b)
{
    uint64_t u[9], d[5];
    unsigned n = limb_count(b->w, 4), shift = (unsigned)__builtin_clzll(b->w[n - 1]);
    len = limb_count(a, len);
    if (len < n) {
        *rest = (struct u256){{a[0], a[1], a[2], 0}}; /* len <= 3; the limbs above are zero */
        return;
    }
    shift_up(u, a, len, shift);
    shift_up(d, b->w, n, shift);
    switch (n) {
    case 1:
        divide_1(quotient, u, len - 1, d);
        break;
    case 2:
        divide_2(quotient, u, len - 2, d);
        break;
    case 3:
        divide_3(quotient, u, len - 3, d);
        break;
    default:
        divide_4(quotient, u, len - 4, d);
    }
    for (unsigned i = n; i < 5; i++)
        u[i] = 0;
    for (unsigned i = 0; i < 4; i++)
        rest->w[i] = u256_shr_pair(u[i + 1], u[i], shift);
}

static inline bool both_fit_u64(const struct u256 *a, const struct u256 *b)
{
    return (a->w[1] | a->w[2] | a->w[3] | b->w[1] | b->w[2] | b->w[3]) == 0;
}

void u256_divmod(struct u256 *quotient, struct u256 *remainder, struct u256 a, struct u256 b)
{
    struct u256 q = U256_ZERO, r = U256_ZERO;
    if (!u256_is_zero(b))
        divide(q.w, &r, a.w, 4, &b);
    if (quotient)
        *quotient = q;
    if (remainder)
        *remainder = r;
}

void u256_div(struct u256 *out, const struct u256 *a, const struct u256 *b)
{
    if (both_fit_u64(a, b)) {
        *out = u256_from_u64(b->w[0] ? a->w[0] / b->w[0] : 0);
        return;
    }
    struct u256 q = U256_ZERO, r;
    if (!u256_is_zero(*b))
        divide(q.w, &r, a->w, 4, b);
    u256_copy(out, &q);
}

void u256_mod(struct u256 *out, const struct u256 *a, const struct u256 *b)
{
    if (both_fit_u64(a, b)) {
        *out = u256_from_u64(b->w[0] ? a->w[0] % b->w[0] : 0);
        return;
    }
    struct u256 q, r = U256_ZERO;
    if (!u256_is_zero(*b))
        divide(q.w, &r, a->w, 4, b);
    u256_copy(out, &r);
}

static inline struct u256 negate_if(bool negative, struct u256 a)
{
    return negative ? u256_neg(a) : a;
}

void u256_sdiv(struct u256 *out, const struct u256 *a, const struct u256 *b)
{
    bool a_negative = u256_is_negative(*a), b_negative = u256_is_negative(*b);
    struct u256 a_size = negate_if(a_negative, *a), b_size = negate_if(b_negative, *b), q;
    u256_div(&q, &a_size, &b_size);
    *out = negate_if(a_negative != b_negative, q);
}

void u256_smod(struct u256 *out, const struct u256 *a, const struct u256 *b)
{
    bool a_negative = u256_is_negative(*a);
    struct u256 a_size = negate_if(a_negative, *a);
    struct u256 b_size = negate_if(u256_is_negative(*b), *b), r;
    u256_mod(&r, &a_size, &b_size);
    *out = negate_if(a_negative, r);
}

/* ---- modular ---- */

static inline void multiply_full(uint64_t p[8], const struct u256 *a, const struct u256 *b)
{
    for (int i = 0; i < 4; i++)
        p[i] = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < 4; j++) {
            uint128 t = (uint128)a->w[i] * b->w[j] + p[i + j] + carry;
            p[i + j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        p[i + 4] = carry;
    }
}

bool u256_mul(struct u256 *out, struct u256 a, struct u256 b)
{
    uint64_t p[8];
    multiply_full(p, &a, &b);
    *out = (struct u256){{p[0], p[1], p[2], p[3]}};
    return (p[4] | p[5] | p[6] | p[7]) != 0;
}

void u256_addmod(struct u256 *out, const struct u256 *a, const struct u256 *b,
                 const struct u256 *modulus)
{
    struct u256 sum, less, m = *modulus;
    if (u256_is_zero(m)) {
        *out = m;
        return;
    }
    bool carry = u256_add(&sum, *a, *b);
    if (u256_lt(*a, m) && u256_lt(*b, m)) { /* the usual case: one subtraction at most */
        bool below = u256_sub(&less, sum, m);
        *out = carry || !below ? less : sum;
        return;
    }
    uint64_t u[5] = {sum.w[0], sum.w[1], sum.w[2], sum.w[3], carry}, q[5];
    divide(q, out, u, 5, &m);
}

/* (a b) mod m by algorithm 4 with limbs of 256 bits: the product of a << shift (below scaled) and b
 * is divided by scaled. One of a, b is below the modulus. */
static inline void mulmod_reciprocal(struct u256 *out, const struct u256 *below,
                                     const struct u256 *b, const struct u256_reciprocal *c)
{
    struct u256 a = u256_shl_bits(*below, c->shift), d = c->scaled;
    uint64_t u[8], t[8];
    multiply_full(u, &a, b);
    struct u256 low = {{u[0], u[1], u[2], u[3]}}, high = {{u[4], u[5], u[6], u[7]}};
    multiply_full(t, &high, &c->value);
    struct u256 q0 = {{t[0], t[1], t[2], t[3]}}, q1 = {{t[4], t[5], t[6], t[7]}};
    bool carry = u256_add(&q0, q0, low);
    q1 = u256_add_wrap(q1, high);
    q1 = u256_add_wrap(q1, u256_from_u64(1 + (uint64_t)carry));
    struct u256 r = u256_sub_wrap(low, u256_mul_wrap(q1, d));
    if (u256_gt(r, q0))
        r = u256_add_wrap(r, d);
    if (__builtin_expect(!u256_lt(r, d), 0))
        r = u256_sub_wrap(r, d);
    *out = u256_shr_bits(r, c->shift);
}

static void reciprocal_prepare(struct u256_reciprocal *c)
{
    c->shift = u256_clz(c->modulus);
    c->scaled = u256_shl_bits(c->modulus, c->shift);
    struct u256 d = c->scaled, rest, flipped = u256_not(d);
    uint64_t u[8] = {~0ULL,        ~0ULL,        ~0ULL,        ~0ULL,
                     flipped.w[0], flipped.w[1], flipped.w[2], flipped.w[3]};
    uint64_t q[8] = {0};
    divide(q, &rest, u, 8, &d);
    c->value = (struct u256){{q[0], q[1], q[2], q[3]}};
    c->ready = true;
}

void u256_mulmod(struct u256 *out, const struct u256 *a, const struct u256 *b,
                 const struct u256 *modulus, struct u256_reciprocal *cache)
{
    struct u256 m = *modulus;
    if (u256_is_zero(m)) {
        *out = m;
        return;
    }
    if (cache && u256_eq(cache->modulus, m)) {
        if (!cache->ready)
            reciprocal_prepare(cache);
        struct u256 rest;
        if (u256_lt(*a, m)) {
            mulmod_reciprocal(out, a, b, cache);
        } else if (u256_lt(*b, m)) {
            mulmod_reciprocal(out, b, a, cache);
        } else {
            u256_mod(&rest, a, &m);
            mulmod_reciprocal(out, &rest, b, cache);
        }
        return;
    }
    if (cache) {
        cache->modulus = m;
        cache->ready = false;
    }
    uint64_t u[8], q[8];
    multiply_full(u, a, b);
    divide(q, out, u, 8, &m);
}

/* ---- power ---- */

void u256_exp(struct u256 *out, const struct u256 *base, const struct u256 *exponent)
{
    struct u256 b = *base, e = *exponent, r = u256_from_u64(1);
    unsigned bits = u256_bit_len(e);
    if (bits && !(b.w[0] & 1)) {
        /* an even number to the 256 is 0; a power of two to an exponent is a shift */
        unsigned power = u256_bit_len(b) - 1;
        if (u256_is_zero(b) || bits > 8) {
            *out = U256_ZERO;
            return;
        }
        if (u256_eq(b, u256_shl_bits(r, power))) {
            *out = u256_shl_bits(r, power * (unsigned)e.w[0]);
            return;
        }
    }
    for (unsigned i = bits; i-- > 0;) {
        r = u256_mul_wrap(r, r);
        if (e.w[i / 64] >> (i % 64) & 1)
            r = u256_mul_wrap(r, b);
    }
    *out = r;
}
