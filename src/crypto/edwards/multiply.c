#include "crypto/edwards/group25519.h"

int ge_wnaf(int8_t digits[GE_WNAF_DIGITS], const struct ed_scalar *s, int w)
{
    uint64_t x[5] = {s->limb[0], s->limb[1], s->limb[2], s->limb[3], 0};
    int top = 0;
    unsigned carry = 0;
    memset(digits, 0, GE_WNAF_DIGITS);
    for (int i = 0; i < GE_WNAF_DIGITS;) {
        if ((x[i / 64] >> (i % 64) & 1) == carry) { /* the bit with its carry is even */
            i++;
            continue;
        }
        uint64_t window = x[i / 64] >> (i % 64);
        if (i % 64 > 64 - w)
            window |= x[i / 64 + 1] << (64 - i % 64);
        int digit = (int)(window & ((1U << w) - 1)) + (int)carry;
        carry = digit >> (w - 1) & 1;
        digits[i] = (int8_t)(digit - (int)(carry << w));
        top = i + 1;
        i += w;
    }
    return top;
}

#define ODD_WIDTH 5 /* digits -15 to 15: ED_ODD_MULTIPLES */

_Static_assert(sizeof(struct ge_cached) == sizeof(struct ed_point), "ed_odd holds cached points");

static const struct ge_cached *odd_cached(const struct ed_odd *o)
{
    return (const struct ge_cached *)(const void *)o->multiple;
}

void ed_odd_make(struct ed_odd *out, const struct ed_point *p)
{
    struct ge_cached *c = (struct ge_cached *)(void *)out->multiple, twice;
    struct ed_point m = *p;
    ge_double(&m, p);
    ge_to_cached(&twice, &m);
    m = *p;
    for (int i = 0; i < ED_ODD_MULTIPLES; i++) {
        ge_to_cached(&c[i], &m);
        if (i + 1 < ED_ODD_MULTIPLES)
            ge_add_cached(&m, &m, &twice, false);
    }
}

/* out = sum of s[i] times the point of odd[i], the doublings shared (Straus). */
static void sum_odd(struct ed_point *out, const struct ed_odd *odd, const struct ed_scalar *s)
{
    int8_t digits[GE_WNAF_DIGITS];
    int top = ge_wnaf(digits, s, ODD_WIDTH);
    struct ed_point r = ED_IDENTITY;
    struct ge_factors f;
    const struct ge_cached *c = odd_cached(odd);
    for (int i = top - 1; i >= 0; i--) {
        ge_double_factors(&f, &r);
        if (digits[i] != 0) {
            ge_finish(&r, &f);
            ge_add_cached_factors(&f, &r, &c[(digits[i] > 0 ? digits[i] : -digits[i]) / 2],
                                  digits[i] < 0);
        }
        if (i > 0)
            ge_finish_xyz(&r, &f);
        else
            ge_finish(&r, &f);
    }
    *out = r;
}

void ed_mul(struct ed_point *out, const struct ed_point *p, const struct ed_scalar *s)
{
    struct ed_odd odd;
    ed_odd_make(&odd, p);
    sum_odd(out, &odd, s);
}

void ed_mul_small(struct ed_point *out, const struct ed_point *p, uint64_t n)
{
    struct ed_point r = ED_IDENTITY;
    struct ge_cached c;
    ge_to_cached(&c, p);
    for (int i = n ? 63 - __builtin_clzll(n) : -1; i >= 0; i--) {
        ge_double(&r, &r);
        if (n >> i & 1)
            ge_add_cached(&r, &r, &c, false);
    }
    *out = r;
}

void ed_table_odd(struct ed_point *out, const struct ed_table *t, const struct ed_scalar *a,
                  const struct ed_odd *p, const struct ed_scalar *b)
{
    struct ed_point l, r;
    ed_table_mul(&l, t, a);
    sum_odd(&r, p, b);
    ed_add(out, &l, &r);
}
