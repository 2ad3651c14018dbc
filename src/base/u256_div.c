/* u256_div: division, and what is built on it.
 *
 * Quotients by 256-bit divisors have few digits of 64 bits. Where they are at most three, each is
 * guessed with one DIV instruction and corrected (Knuth, TAOCP vol. 2, 4.3.1, D): current
 * processors need some 13 cycles for it, as long as for a multiplication with a reciprocal, which
 * would have to be computed first. The four digits of a 512-bit number, and 256-bit digits of a
 * modulus that comes again, are found by reciprocals: N. Moeller and T. Granlund, "Improved
 * division by invariant integers", IEEE Trans. Comp. 60 (2011), algorithms 4 (2 by 1), 5 (3 by 2)
 * and 6.
 *
 * Divisors are scaled: shifted until their highest bit is set; remainders are shifted back. Numbers
 * stay in variables of fixed places, no loop runs over limbs: so compilers keep them in registers.
 */
#include "base/u256.h"

#define INLINE static inline __attribute__((always_inline))
#define SELDOM(condition) __builtin_expect((condition), 0)

/* ---- one digit ---- */

/* (high:low) / d for high < d. The compiler would call a 128-by-128 routine where one instruction
 * does. */
INLINE uint64_t divide_once(uint64_t high, uint64_t low, uint64_t d, uint64_t *rest)
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

INLINE uint128 join(uint64_t high, uint64_t low)
{
    return (uint128)high << 64 | low;
}

INLINE uint64_t high_of(uint128 v)
{
    return (uint64_t)(v >> 64);
}

/* The digit_N functions divide *rest:low, of N + 1 limbs, by d, of N limbs and scaled; *rest < d
 * before and after. */

INLINE uint64_t digit_2(uint128 *rest, uint64_t low, uint128 d)
{
    uint64_t d1 = high_of(d), u2 = high_of(*rest), u1 = (uint64_t)*rest, q, r;
    bool exact = false; /* the guess cannot be too large */
    if (SELDOM(u2 == d1)) {
        q = ~0ULL;
        exact = __builtin_add_overflow(u1, d1, &r);
    } else {
        q = divide_once(u2, u1, d1, &r);
    }
    uint128 have = join(r, low), take = (uint128)q * (uint64_t)d, left = have - take;
    uint64_t over = have < take && !exact ? ~0ULL : 0; /* by one in many cases, seldom by two */
    uint128 again = left + join(over & d1, over & (uint64_t)d);
    q += over;
    if (SELDOM(over && again > left)) { /* no carry: still below zero */
        q--;
        again += d;
    }
    *rest = again;
    return q;
}

INLINE uint64_t digit_3(struct u256 *rest, uint64_t low, struct u256 d)
{
    uint128 top = join(rest->w[2], rest->w[1]), d_top = join(d.w[2], d.w[1]);
    if (SELDOM(top == d_top)) { /* then rest->w[0] < d.w[0], and the digit is 2^64 - 1 */
        unsigned char c = 0;    /* rest:low - 2^64 d + d */
        uint64_t r0 = u256_add_limb(low, d.w[0], &c);
        uint64_t r1 = u256_add_limb(rest->w[0] - d.w[0], d.w[1], &c);
        uint64_t r2 = u256_add_limb(~0ULL, d.w[2], &c);
        *rest = (struct u256){{r0, r1, r2, 0}};
        return ~0ULL;
    }
    uint64_t q = digit_2(&top, rest->w[0], d_top);
    uint128 take = (uint128)q * d.w[0];
    unsigned char c = 0;
    uint64_t r0 = u256_sub_limb(low, (uint64_t)take, &c);
    uint64_t r1 = u256_sub_limb((uint64_t)top, high_of(take), &c);
    uint64_t r2 = u256_sub_limb(high_of(top), 0, &c);
    if (SELDOM(c)) {
        q--;
        c = 0;
        r0 = u256_add_limb(r0, d.w[0], &c);
        r1 = u256_add_limb(r1, d.w[1], &c);
        r2 = u256_add_limb(r2, d.w[2], &c);
    }
    *rest = (struct u256){{r0, r1, r2, 0}};
    return q;
}

/* The last step of a digit by four limbs: the two highest limbs of d were divided into the three
 * highest of the number, leaving top; q times the two lower limbs is taken from top:r1:low. */
INLINE uint64_t digit_4_finish(struct u256 *rest, uint128 top, uint64_t r1, uint64_t low,
                               uint64_t q, struct u256 d)
{
    uint128 t0 = (uint128)q * d.w[0], t1 = (uint128)q * d.w[1] + high_of(t0);
    unsigned char c = 0;
    struct u256 r;
    r.w[0] = u256_sub_limb(low, (uint64_t)t0, &c);
    r.w[1] = u256_sub_limb(r1, (uint64_t)t1, &c);
    r.w[2] = u256_sub_limb((uint64_t)top, high_of(t1), &c);
    r.w[3] = u256_sub_limb(high_of(top), 0, &c);
    if (SELDOM(c)) {
        q--;
        r = u256_add_wrap(r, d);
    }
    *rest = r;
    return q;
}

/* rest:low / d where the highest two limbs of rest and d are equal: then the others of rest are
 * below those of d, and the digit is 2^64 - 1. */
INLINE uint64_t digit_4_highest(struct u256 *rest, uint64_t low, struct u256 d)
{
    uint128 below = join(rest->w[1], rest->w[0]) - join(d.w[1], d.w[0]);
    struct u256 less = {{low, (uint64_t)below, high_of(below), ~0ULL}}; /* rest:low - 2^64 d */
    *rest = u256_add_wrap(less, d);
    return ~0ULL;
}

/* ---- by reciprocal ---- */

/* floor((2^192 - 1) / d) - 2^64 (algorithm 6) */
INLINE uint64_t reciprocal_2(uint128 d)
{
    uint64_t d1 = high_of(d), d0 = (uint64_t)d, rest;
    uint64_t v = divide_once(~d1, ~0ULL, d1, &rest);
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
    p += high_of(t);
    if (p < high_of(t)) {
        v--;
        if (join(p, (uint64_t)t) >= d)
            v--;
    }
    return v;
}

/* digit_2 with the reciprocal v of d (algorithm 5) */
INLINE uint64_t digit_2_by(uint128 *rest, uint64_t low, uint128 d, uint64_t v)
{
    uint64_t d1 = high_of(d), d0 = (uint64_t)d;
    uint128 q = (uint128)v * high_of(*rest) + *rest;
    uint64_t q1 = high_of(q);
    uint128 r = join((uint64_t)*rest - q1 * d1, low) - (uint128)d0 * q1 - d;
    q1++;
    uint64_t over = high_of(r) >= (uint64_t)q ? ~0ULL : 0;
    q1 += over;
    r += join(over & d1, over & d0);
    if (SELDOM(r >= d)) {
        q1++;
        r -= d;
    }
    *rest = r;
    return q1;
}

INLINE uint64_t digit_4_by(struct u256 *rest, uint64_t low, struct u256 d, uint64_t v)
{
    uint128 top = join(rest->w[3], rest->w[2]), d_top = join(d.w[3], d.w[2]);
    if (SELDOM(top == d_top))
        return digit_4_highest(rest, low, d);
    uint64_t q = digit_2_by(&top, rest->w[1], d_top, v);
    return digit_4_finish(rest, top, rest->w[0], low, q, d);
}

/* (high:low) / d for high < d, d scaled. */
INLINE struct u256 divide_512(struct u256 high, struct u256 low, struct u256 d, struct u256 *rest)
{
    uint64_t v = reciprocal_2(join(d.w[3], d.w[2]));
    struct u256 q;
    q.w[3] = digit_4_by(&high, low.w[3], d, v);
    q.w[2] = digit_4_by(&high, low.w[2], d, v);
    q.w[1] = digit_4_by(&high, low.w[1], d, v);
    q.w[0] = digit_4_by(&high, low.w[0], d, v);
    *rest = high;
    return q;
}

/* ---- 256 bits by 256 bits ---- */

INLINE struct u256 divide_by_1(struct u256 a, uint64_t d, struct u256 *rest)
{
    uint64_t q3 = 0, q2 = 0, r = 0;
    if (a.w[3] | a.w[2]) {
        q3 = a.w[3] / d;
        r = a.w[3] % d;
        q2 = divide_once(r, a.w[2], d, &r);
    }
    uint64_t q1 = divide_once(r, a.w[1], d, &r);
    uint64_t q0 = divide_once(r, a.w[0], d, &r);
    *rest = u256_from_u64(r);
    return (struct u256){{q0, q1, q2, q3}};
}

/* In divide_by_2 and divide_by_3 a digit is left out where a's limbs show it to be zero. */
INLINE struct u256 divide_by_2(struct u256 a, struct u256 b, struct u256 *rest)
{
    unsigned shift = (unsigned)__builtin_clzll(b.w[1]);
    uint128 d = join(u256_shl_pair(b.w[1], b.w[0], shift), b.w[0] << shift);
    uint64_t u0 = a.w[0] << shift, u1 = u256_shl_pair(a.w[1], a.w[0], shift);
    uint64_t u2 = u256_shl_pair(a.w[2], a.w[1], shift), q2 = 0, q1 = 0;
    uint64_t u3 = u256_shl_pair(a.w[3], a.w[2], shift), u4 = u256_shl_pair(0, a.w[3], shift);
    uint128 r = join(u3, u2);
    if (a.w[3] >= b.w[1]) {
        r = join(u4, u3);
        q2 = digit_2(&r, u2, d);
    }
    if (a.w[3] | (a.w[2] >= b.w[1]))
        q1 = digit_2(&r, u1, d);
    else
        r = join(u2, u1);
    uint64_t q0 = digit_2(&r, u0, d);
    r >>= shift;
    *rest = (struct u256){{(uint64_t)r, high_of(r), 0, 0}};
    return (struct u256){{q0, q1, q2, 0}};
}

INLINE struct u256 divide_by_3(struct u256 a, struct u256 b, struct u256 *rest)
{
    unsigned shift = (unsigned)__builtin_clzll(b.w[2]);
    struct u256 d = {{b.w[0] << shift, u256_shl_pair(b.w[1], b.w[0], shift),
                      u256_shl_pair(b.w[2], b.w[1], shift), 0}};
    uint64_t u0 = a.w[0] << shift, u1 = u256_shl_pair(a.w[1], a.w[0], shift);
    uint64_t u2 = u256_shl_pair(a.w[2], a.w[1], shift), q1 = 0;
    uint64_t u3 = u256_shl_pair(a.w[3], a.w[2], shift), u4 = u256_shl_pair(0, a.w[3], shift);
    struct u256 r = {{u1, u2, u3, 0}};
    if (a.w[3] >= b.w[2]) {
        r = (struct u256){{u2, u3, u4, 0}};
        q1 = digit_3(&r, u1, d);
    }
    uint64_t q0 = digit_3(&r, u0, d);
    *rest = (struct u256){{u256_shr_pair(r.w[1], r.w[0], shift),
                           u256_shr_pair(r.w[2], r.w[1], shift), r.w[2] >> shift, 0}};
    return (struct u256){{q0, q1, 0, 0}};
}

INLINE struct u256 divide_by_4(struct u256 a, struct u256 b, struct u256 *rest)
{
    unsigned shift = (unsigned)__builtin_clzll(b.w[3]);
    struct u256 d = {{b.w[0] << shift, u256_shl_pair(b.w[1], b.w[0], shift),
                      u256_shl_pair(b.w[2], b.w[1], shift), u256_shl_pair(b.w[3], b.w[2], shift)}};
    struct u256 r = {{u256_shl_pair(a.w[1], a.w[0], shift), u256_shl_pair(a.w[2], a.w[1], shift),
                      u256_shl_pair(a.w[3], a.w[2], shift), u256_shl_pair(0, a.w[3], shift)}};
    uint128 top = join(r.w[3], r.w[2]); /* r.w[3] < 2^63 <= d.w[3]: below d's */
    uint64_t q = digit_2(&top, r.w[1], join(d.w[3], d.w[2]));
    q = digit_4_finish(&r, top, r.w[0], a.w[0] << shift, q, d);
    *rest =
        (struct u256){{u256_shr_pair(r.w[1], r.w[0], shift), u256_shr_pair(r.w[2], r.w[1], shift),
                       u256_shr_pair(r.w[3], r.w[2], shift), r.w[3] >> shift}};
    return u256_from_u64(q);
}

INLINE struct u256 divide(struct u256 a, struct u256 b, struct u256 *rest)
{
    if (b.w[3])
        return divide_by_4(a, b, rest);
    if (b.w[2])
        return divide_by_3(a, b, rest);
    if (b.w[1])
        return divide_by_2(a, b, rest);
    if (b.w[0])
        return divide_by_1(a, b.w[0], rest);
    *rest = U256_ZERO;
    return U256_ZERO;
}

INLINE bool both_fit_u64(struct u256 a, struct u256 b)
{
    return (a.w[1] | a.w[2] | a.w[3] | b.w[1] | b.w[2] | b.w[3]) == 0;
}

INLINE struct u256 quotient(struct u256 a, struct u256 b)
{
    struct u256 rest;
    if (both_fit_u64(a, b))
        return u256_from_u64(b.w[0] ? a.w[0] / b.w[0] : 0);
    return divide(a, b, &rest);
}

INLINE struct u256 remainder_of(struct u256 a, struct u256 b)
{
    struct u256 rest;
    if (both_fit_u64(a, b))
        return u256_from_u64(b.w[0] ? a.w[0] % b.w[0] : 0);
    divide(a, b, &rest);
    return rest;
}

void u256_divmod(struct u256 *quotient_out, struct u256 *remainder_out, struct u256 a,
                 struct u256 b)
{
    struct u256 r, q = divide(a, b, &r);
    if (quotient_out)
        *quotient_out = q;
    if (remainder_out)
        *remainder_out = r;
}

void u256_div(struct u256 *out, const struct u256 *a, const struct u256 *b)
{
    u256_store(out, quotient(u256_load(a), u256_load(b)));
}

void u256_mod(struct u256 *out, const struct u256 *a, const struct u256 *b)
{
    u256_store(out, remainder_of(u256_load(a), u256_load(b)));
}

/* -a where `negative` is all ones, a where it is zero. */
INLINE struct u256 negate_if(uint64_t negative, struct u256 a)
{
    struct u256 mask = {{negative, negative, negative, negative}};
    return u256_sub_wrap(u256_xor(a, mask), mask);
}

INLINE uint64_t sign_of(struct u256 a)
{
    return (uint64_t)((int64_t)a.w[3] >> 63);
}

void u256_sdiv(struct u256 *out, const struct u256 *a, const struct u256 *b)
{
    struct u256 x = u256_load(a), y = u256_load(b);
    uint64_t x_sign = sign_of(x), y_sign = sign_of(y);
    u256_store(out,
               negate_if(x_sign ^ y_sign, quotient(negate_if(x_sign, x), negate_if(y_sign, y))));
}

void u256_smod(struct u256 *out, const struct u256 *a, const struct u256 *b)
{
    struct u256 x = u256_load(a), y = u256_load(b);
    uint64_t x_sign = sign_of(x);
    u256_store(out,
               negate_if(x_sign, remainder_of(negate_if(x_sign, x), negate_if(sign_of(y), y))));
}

/* ---- products ---- */

/* Adds a b to a window of four columns, for one limb b; the lowest column is done and returned, the
 * window moves up by one. GCC would keep each carry in a register, so it gets the instructions. */
INLINE uint64_t multiply_row(struct u256 *window, struct u256 a, uint64_t b)
{
#if defined(__x86_64__) && !defined(__clang__)
    uint64_t w0 = window->w[0], w1 = window->w[1], w2 = window->w[2], w3 = window->w[3], carry;
    __asm__(
        "movq %[a0], %%rax\n\tmulq %[b]\n\taddq %%rax, %[w0]\n\tadcq $0, %%rdx\n\t"
        "movq %%rdx, %[carry]\n\tmovq %[a1], %%rax\n\tmulq %[b]\n\t"
        "addq %[carry], %[w1]\n\tadcq $0, %%rdx\n\taddq %%rax, %[w1]\n\tadcq $0, %%rdx\n\t"
        "movq %%rdx, %[carry]\n\tmovq %[a2], %%rax\n\tmulq %[b]\n\t"
        "addq %[carry], %[w2]\n\tadcq $0, %%rdx\n\taddq %%rax, %[w2]\n\tadcq $0, %%rdx\n\t"
        "movq %%rdx, %[carry]\n\tmovq %[a3], %%rax\n\tmulq %[b]\n\t"
        "addq %[carry], %[w3]\n\tadcq $0, %%rdx\n\taddq %%rax, %[w3]\n\tadcq $0, %%rdx\n\t"
        "movq %%rdx, %[carry]\n\t"
        : [w0] "+&r"(w0), [w1] "+&r"(w1), [w2] "+&r"(w2), [w3] "+&r"(w3), [carry] "=&r"(carry)
        : [a0] "rm"(a.w[0]), [a1] "rm"(a.w[1]), [a2] "rm"(a.w[2]), [a3] "rm"(a.w[3]), [b] "rm"(b)
        : "rax", "rdx", "cc");
    *window = (struct u256){{w1, w2, w3, carry}};
    return w0;
#else
    uint128 t0 = (uint128)a.w[0] * b, t1 = (uint128)a.w[1] * b;
    uint128 t2 = (uint128)a.w[2] * b, t3 = (uint128)a.w[3] * b;
    unsigned char c = 0;
    uint64_t p1 = u256_add_limb((uint64_t)t1, high_of(t0), &c);
    uint64_t p2 = u256_add_limb((uint64_t)t2, high_of(t1), &c);
    uint64_t p3 = u256_add_limb((uint64_t)t3, high_of(t2), &c);
    uint64_t p4 = high_of(t3) + c;
    c = 0;
    uint64_t done = u256_add_limb(window->w[0], (uint64_t)t0, &c);
    uint64_t w0 = u256_add_limb(window->w[1], p1, &c);
    uint64_t w1 = u256_add_limb(window->w[2], p2, &c);
    uint64_t w2 = u256_add_limb(window->w[3], p3, &c);
    *window = (struct u256){{w0, w1, w2, p4 + c}};
    return done;
#endif
}

/* Returns the low half of a b. */
INLINE struct u256 multiply_full(struct u256 *high, struct u256 a, struct u256 b)
{
    struct u256 low;
    *high = U256_ZERO;
    low.w[0] = multiply_row(high, a, b.w[0]);
    low.w[1] = multiply_row(high, a, b.w[1]);
    low.w[2] = multiply_row(high, a, b.w[2]);
    low.w[3] = multiply_row(high, a, b.w[3]);
    return low;
}

bool u256_mul(struct u256 *out, struct u256 a, struct u256 b)
{
    struct u256 high;
    *out = multiply_full(&high, a, b);
    return !u256_is_zero(high);
}

/* ---- modular ---- */

/* a mod m out of line, through copies so that the caller's words stay in registers otherwise. */
INLINE struct u256 reduce(struct u256 a, struct u256 m)
{
    struct u256 a_copy, m_copy, out;
    u256_store(&a_copy, a);
    u256_store(&m_copy, m);
    u256_mod(&out, &a_copy, &m_copy);
    return u256_load(&out);
}

void u256_addmod(struct u256 *out, const struct u256 *a, const struct u256 *b,
                 const struct u256 *modulus)
{
    struct u256 x = u256_load(a), y = u256_load(b), m = u256_load(modulus), sum, less;
    bool carry = u256_add(&sum, x, y);
    if (SELDOM(!u256_lt(x, m) || !u256_lt(y, m))) { /* also when m is 0 */
        if (!carry) {
            u256_store(out, remainder_of(sum, m));
            return;
        }
        x = reduce(x, m);
        y = reduce(y, m);
        carry = u256_add(&sum, x, y);
    }
    bool below = u256_sub(&less, sum, m);
    u256_store(out, carry || !below ? less : sum);
}

static void reciprocal_prepare(struct u256_reciprocal *c)
{
    struct u256 rest;
    c->shift = u256_clz(c->modulus);
    c->scaled = u256_shl_bits(c->modulus, c->shift);
    c->value = divide_512(u256_not(c->scaled), U256_MAX, c->scaled, &rest);
    c->ready = true;
}

/* (high:low) mod scaled by algorithm 4 with limbs of 256 bits; high < scaled. */
INLINE struct u256 rest_512(struct u256 high, struct u256 low, struct u256 d, struct u256 value)
{
    struct u256 q1, q0 = multiply_full(&q1, value, high);
    unsigned char c = 0;
    u256_add_limb(~0ULL, u256_add(&q0, q0, low), &c);
    q1.w[0] = u256_add_limb(q1.w[0], high.w[0], &c);
    q1.w[1] = u256_add_limb(q1.w[1], high.w[1], &c);
    q1.w[2] = u256_add_limb(q1.w[2], high.w[2], &c);
    q1.w[3] = u256_add_limb(q1.w[3], high.w[3], &c);
    q1 = u256_add_wrap(q1, u256_from_u64(1));
    struct u256 r = u256_sub_wrap(low, u256_mul_wrap(q1, d));
    uint64_t over = u256_gt(r, q0) ? ~0ULL : 0;
    struct u256 back = {{d.w[0] & over, d.w[1] & over, d.w[2] & over, d.w[3] & over}};
    r = u256_add_wrap(r, back);
    return SELDOM(!u256_lt(r, d)) ? u256_sub_wrap(r, d) : r;
}

/* Shifts up and down by a modulus' own shift: none or a few bits where it is a curve's field. */
INLINE struct u256 scale_up(struct u256 a, unsigned shift)
{
    if (shift >= 64)
        return u256_shl_bits(a, shift);
    return shift == 0 ? a
                      : (struct u256){{a.w[0] << shift, u256_shl_pair(a.w[1], a.w[0], shift),
                                       u256_shl_pair(a.w[2], a.w[1], shift),
                                       u256_shl_pair(a.w[3], a.w[2], shift)}};
}

INLINE struct u256 scale_down(struct u256 a, unsigned shift)
{
    if (shift >= 64)
        return u256_shr_bits(a, shift);
    return shift == 0 ? a
                      : (struct u256){{u256_shr_pair(a.w[1], a.w[0], shift),
                                       u256_shr_pair(a.w[2], a.w[1], shift),
                                       u256_shr_pair(a.w[3], a.w[2], shift), a.w[3] >> shift}};
}

/* a b modulo 2^256 - 1, by which contracts get at the upper half of a product: 2^256 is 1 there, so
 * the halves are added. */
static struct u256 multiply_mod_max(struct u256 a, struct u256 b)
{
    struct u256 high, low = multiply_full(&high, a, b), sum;
    bool carry = u256_add(&sum, low, high);
    sum = u256_add_wrap(sum, u256_from_u64(carry));
    return u256_eq(sum, U256_MAX) ? U256_ZERO : sum;
}

/* One factor, below the modulus, is scaled with it; then so is the product, and its higher half is
 * below the scaled modulus, as both divisions need. */
void u256_mulmod(struct u256 *out, const struct u256 *a, const struct u256 *b,
                 const struct u256 *modulus, struct u256_reciprocal *cache)
{
    struct u256 x = u256_load(a), y = u256_load(b), m = u256_load(modulus), high, low, r;
    if (SELDOM(u256_is_zero(m))) {
        u256_store(out, m);
        return;
    }
    if (u256_eq(m, U256_MAX)) { /* not kept: such programs have another modulus beside */
        u256_store(out, multiply_mod_max(x, y));
        return;
    }
    if (SELDOM(!u256_lt(x, m)))
        x = reduce(x, m);
    bool known = cache && u256_eq(u256_load(&cache->modulus), m);
    if (known) {
        if (SELDOM(!cache->ready))
            reciprocal_prepare(cache);
        low = multiply_full(&high, scale_up(x, cache->shift), y);
        r = rest_512(high, low, u256_load(&cache->scaled), u256_load(&cache->value));
        u256_store(out, scale_down(r, cache->shift));
        return;
    }
    if (cache) {
        u256_store(&cache->modulus, m);
        cache->ready = false;
    }
    unsigned shift = u256_clz(m);
    low = multiply_full(&high, scale_up(x, shift), y);
    divide_512(high, low, u256_shl_bits(m, shift), &r);
    u256_store(out, scale_down(r, shift));
}

/* ---- power ---- */

/* Odd numbers to exponents of more bits than this are raised four bits at a time. */
#define WINDOW_FROM_BITS 40

static struct u256 power_by_windows(struct u256 base, struct u256 exponent, unsigned bits)
{
    struct u256 power[16] = {{{1}}};
    for (unsigned i = 1; i < 16; i++)
        u256_store(&power[i], u256_mul_wrap(u256_load(&power[i - 1]), base));
    struct u256 r = power[0];
    for (unsigned at = (bits + 3) / 4; at-- > 0;) {
        for (int i = 0; i < 4; i++)
            r = u256_mul_wrap(r, r);
        r = u256_mul_wrap(r, u256_load(&power[exponent.w[at / 16] >> at % 16 * 4 & 15]));
    }
    return r;
}

static struct u256 power_by_bits(struct u256 base, uint64_t exponent)
{
    struct u256 r = base; /* for the highest bit */
    for (uint64_t bit = 1ULL << (63 - __builtin_clzll(exponent)); bit >>= 1;) {
        r = u256_mul_wrap(r, r);
        if (exponent & bit)
            r = u256_mul_wrap(r, base);
    }
    return r;
}

void u256_exp(struct u256 *out, const struct u256 *base, const struct u256 *exponent)
{
    struct u256 b = u256_load(base), e = u256_load(exponent), r;
    unsigned bits = u256_bit_len(e);
    if (bits == 0)
        r = u256_from_u64(1);
    else if (!(b.w[0] & 1) && (bits > 8 || u256_is_zero(b)))
        r = U256_ZERO; /* an even number to the 256 */
    else if (u256_is_zero(u256_and(b, u256_sub_wrap(b, u256_from_u64(1)))) && !(b.w[0] & 1))
        r = u256_shl_bits(u256_from_u64(1), (u256_bit_len(b) - 1) * (unsigned)e.w[0]);
    else if (bits > WINDOW_FROM_BITS)
        r = power_by_windows(b, e, bits);
    else
        r = power_by_bits(b, e.w[0]);
    u256_store(out, r);
}
