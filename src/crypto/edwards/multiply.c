/* Multiplication by a scalar that is known: signed digits and odd multiples; buckets when one point
 * has several scalars. */
#include "crypto/edwards/group25519.h"

/* The 64 bits of s from bit `at` on. */
static uint64_t bits_from(const struct ed_scalar *s, int at)
{
    int word = at / 64, shift = at % 64;
    uint64_t low = word < 4 ? s->limb[word] >> shift : 0;
    return shift > 0 && word < 3 ? low | s->limb[word + 1] << (64 - shift) : low;
}

/* With a carry, what is left is s / 2^at + 1: zeros at its end are ones of s. */
int ge_wnaf(int8_t digits[GE_WNAF_DIGITS], const struct ed_scalar *s, int w)
{
    int top = 0, carry = 0;
    memset(digits, 0, GE_WNAF_DIGITS);
    for (int at = 0; at < GE_WNAF_DIGITS;) {
        uint64_t left = bits_from(s, at), skip = carry ? ~left : left;
        if (skip == 0) {
            at += 64;
            continue;
        }
        int zeros = __builtin_ctzll(skip);
        if (zeros > 0) {
            at += zeros;
            continue;
        }
        int digit = (int)(left & ((1U << w) - 1)) + carry;
        carry = digit >> (w - 1) & 1;
        digits[at] = (int8_t)(digit - (carry << w));
        top = at + 1;
        at += w;
    }
    return top;
}

_Static_assert(sizeof(struct ge_cached) == sizeof(struct ed_point), "ed_odd holds cached points");

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

void ge_sum_of_multiples(struct ed_point *out, const struct ge_multiple *m, size_t count)
{
    struct ed_point r = ED_IDENTITY;
    struct ge_factors f;
    int top = 0;
    for (size_t i = 0; i < count; i++)
        top = m[i].top > top ? m[i].top : top;
    for (int at = top - 1; at >= 0; at--) {
        ge_double_factors(&f, &r);
        for (size_t i = 0; i < count; i++) {
            if (m[i].digits[at] != 0) {
                ge_finish(&r, &f);
                ge_add_odd_factors(&f, &r, &m[i].odd, m[i].digits[at]);
            }
        }
        if (at > 0)
            ge_finish_xyz(&r, &f);
        else
            ge_finish(&r, &f);
    }
    *out = r;
}

void ed_mul(struct ed_point *out, const struct ed_point *p, const struct ed_scalar *s)
{
    struct ge_multiple m;
    ed_odd_make(&m.odd, p);
    m.top = ge_wnaf(m.digits, s, GE_ODD_WIDTH);
    ge_sum_of_multiples(out, &m, 1);
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
    struct ge_multiple m = {.odd = *p};
    struct ed_point r;
    m.top = ge_wnaf(m.digits, b, GE_ODD_WIDTH);
    ge_sum_of_multiples(&r, &m, 1);
    ed_table_add(out, &r, t, a);
}

/* --- one point, several scalars (Yao) ------------------------------------------------------------
 *
 * The doublings 2^i p are made once, from the lowest; each scalar, in its signed form, adds them or
 * their opposites to the bucket of the digit: the scalar's product is the sum of 1, 3, 5 ... times
 * the buckets. */

#define EACH_TOGETHER 8
#define BUCKETS (ED_ODD_MULTIPLES)

/* One scalar on its way. */
struct each {
    int8_t digits[GE_WNAF_DIGITS];
    bool used[BUCKETS];
    struct ed_point bucket[BUCKETS];
};

/* c is p, ready to be added. */
static void put_in_bucket(struct each *e, int digit, const struct ed_point *p,
                          const struct ge_cached *c)
{
    int k = (digit > 0 ? digit : -digit) / 2;
    struct ed_point *bucket = &e->bucket[k];
    if (e->used[k])
        ge_add_cached(bucket, bucket, c, digit < 0);
    else if (digit > 0)
        *bucket = *p;
    else
        ed_neg(bucket, p);
    e->used[k] = true;
}

/* With R_k the sum of the buckets from k on, the product is R_0 + 2 (R_1 + R_2 + ...). */
static void sum_of_buckets(struct ed_point *out, const struct each *e)
{
    struct ed_point running = ED_IDENTITY, sum = ED_IDENTITY;
    bool any = false;
    for (int k = BUCKETS - 1; k >= 0; k--) {
        if (e->used[k] && any)
            ed_add(&running, &running, &e->bucket[k]);
        else if (e->used[k])
            running = e->bucket[k];
        any |= e->used[k];
        if (k > 0 && any)
            ed_add(&sum, &sum, &running);
    }
    ge_double(&sum, &sum);
    ed_add(out, &sum, &running);
}

static void each_run(struct each *each, size_t count, const struct ed_point *p, int top)
{
    struct ed_point power = *p;
    struct ge_cached c;
    struct ge_factors f;
    for (int i = 0; i < top; i++) {
        bool ready = false;
        for (size_t k = 0; k < count; k++) {
            int digit = each[k].digits[i];
            if (digit == 0)
                continue;
            if (!ready) {
                if (i > 0)
                    fe_mul(&power.t, &f.e, &f.h);
                ge_to_cached(&c, &power);
            }
            ready = true;
            put_in_bucket(&each[k], digit, &power, &c);
        }
        ge_double_factors(&f, &power);
        ge_finish_xyz(&power, &f);
    }
}

/* q in the form of the scalars. */
static const struct {
    uint8_t at;
    int8_t digit;
} Q_FORM[] = {{0, -3},   {4, -1},   {10, 5},   {14, 7},  {18, -3}, {24, -3}, {29, 3},
              {33, -3},  {37, -7},  {42, -7},  {47, 5},  {52, 1},  {59, -5}, {63, -3},
              {67, -5},  {72, -3},  {77, -3},  {83, -1}, {88, 3},  {93, 5},  {97, -1},
              {101, -1}, {105, -3}, {112, -1}, {117, 7}, {122, 5}, {252, 1}};

/* The products, and with_q whether p is of the subgroup. */
static bool mul_each(struct ed_point *products, const struct ed_point *p,
                     const struct ed_scalar *scalars, size_t count, bool with_q)
{
    struct each each[EACH_TOGETHER];
    int top = 0;
    for (size_t k = 0; k < count; k++) {
        int own = ge_wnaf(each[k].digits, &scalars[k], GE_ODD_WIDTH);
        top = own > top ? own : top;
        memset(each[k].used, 0, sizeof each[k].used);
    }
    if (with_q) {
        struct each *q = &each[count];
        memset(q->digits, 0, sizeof q->digits);
        memset(q->used, 0, sizeof q->used);
        for (size_t i = 0; i < sizeof Q_FORM / sizeof *Q_FORM; i++)
            q->digits[Q_FORM[i].at] = Q_FORM[i].digit;
        top = top > 253 ? top : 253;
    }
    each_run(each, count + with_q, p, top);
    for (size_t k = 0; k < count; k++)
        sum_of_buckets(&products[k], &each[k]);
    if (!with_q)
        return true;
    struct ed_point q_times_p;
    sum_of_buckets(&q_times_p, &each[count]);
    return ed_is_identity(&q_times_p);
}

void ed_mul_each(struct ed_point *products, const struct ed_point *p,
                 const struct ed_scalar *scalars, size_t count)
{
    struct ed_point own = *p; /* it may be one of the products */
    for (size_t done = 0; done < count; done += EACH_TOGETHER) {
        size_t n = count - done < EACH_TOGETHER ? count - done : EACH_TOGETHER;
        mul_each(products + done, &own, scalars + done, n, false);
    }
}

bool ed_mul_each_prime(struct ed_point *products, const struct ed_point *p,
                       const struct ed_scalar *scalars, size_t count)
{
    struct ed_point own = *p;
    size_t first = count < EACH_TOGETHER ? count : EACH_TOGETHER - 1;
    if (!mul_each(products, &own, scalars, first, true))
        return false;
    ed_mul_each(products + first, &own, scalars + first, count - first);
    return true;
}
