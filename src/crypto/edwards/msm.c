/* Sums of many multiples: Pippenger's buckets. */
#include "crypto/edwards/group25519.h"

#include "base/mem.h"

/* Up to so many points, tables of their own with shared doublings cost less than buckets. */
#define FEW 192

static void sum_few(struct ed_point *out, const struct ed_point *points,
                    const struct ed_scalar *scalars, size_t count)
{
    struct ge_multiple *m = mem_zalloc(count, sizeof *m);
    for (size_t i = 0; i < count; i++) {
        ed_odd_make(&m[i].odd, &points[i]);
        m[i].top = ge_wnaf(m[i].digits, &scalars[i], GE_ODD_WIDTH);
    }
    ge_sum_of_multiples(out, m, count);
    mem_free(m);
}

/* Bits [from, from + width) of s; width below 32. */
static uint32_t bits(const struct ed_scalar *s, unsigned from, unsigned width)
{
    if (from >= 256)
        return 0;
    uint64_t v = s->limb[from / 64] >> (from % 64);
    if (from % 64 != 0 && from / 64 < 3)
        v |= s->limb[from / 64 + 1] << (64 - from % 64);
    return (uint32_t)(v & ((UINT64_C(1) << width) - 1));
}

static unsigned bit_length(const struct ed_scalar *scalars, size_t count)
{
    uint64_t all[4] = {0};
    for (size_t i = 0; i < count; i++)
        for (int j = 0; j < 4; j++)
            all[j] |= scalars[i].limb[j];
    for (int j = 3; j >= 0; j--)
        if (all[j])
            return 64 * (unsigned)j + 64 - (unsigned)__builtin_clzll(all[j]);
    return 0;
}

/* The window width that costs least: each window adds every point once, at 7 products of the field,
 * and each of its 2^(width-1) buckets twice, at 9. */
static unsigned best_width(size_t count, unsigned length)
{
    unsigned best = 2;
    uint64_t least = UINT64_MAX;
    for (unsigned width = 2; width <= 15; width++) {
        uint64_t windows = length / width + 1;
        uint64_t cost = windows * (7 * (uint64_t)count + (UINT64_C(18) << (width - 1)));
        if (cost < least) {
            least = cost;
            best = width;
        }
    }
    return best;
}

/* digits[window * count + i]: scalars[i] in signed digits, -2^(width-1) to 2^(width-1). */
static void recode(int16_t *digits, const struct ed_scalar *scalars, size_t count, unsigned width,
                   unsigned windows)
{
    for (size_t i = 0; i < count; i++) {
        int32_t carry = 0;
        for (unsigned w = 0; w < windows; w++) {
            int32_t digit = (int32_t)bits(&scalars[i], w * width, width) + carry;
            carry = digit > 1 << (width - 1);
            digits[w * count + i] = (int16_t)(digit - (carry << width));
        }
    }
}

/* Buckets of one window; a bucket that nothing was put into has no point. */
struct buckets {
    struct ed_point *point;
    bool *used;
    size_t count;
};

static void put(struct buckets *b, int digit, const struct ed_point *p, const struct ge_niels *n)
{
    size_t i = (size_t)(digit > 0 ? digit : -digit) - 1;
    if (b->used[i])
        ge_add_niels(&b->point[i], &b->point[i], n, digit < 0);
    else if (digit > 0)
        b->point[i] = *p;
    else
        ed_neg(&b->point[i], p);
    b->used[i] = true;
}

/* sum of (i + 1) bucket[i], by sums from the top. */
static void sum_buckets(struct ed_point *out, const struct buckets *b)
{
    struct ed_point running = ED_IDENTITY, sum = ED_IDENTITY;
    for (size_t i = b->count; i-- > 0;) {
        if (b->used[i])
            ed_add(&running, &running, &b->point[i]);
        ed_add(&sum, &sum, &running);
    }
    *out = sum;
}

void ed_msm(struct ed_point *out, const struct ed_point *points, const struct ed_scalar *scalars,
            size_t count)
{
    if (count <= FEW) {
        sum_few(out, points, scalars, count);
        return;
    }
    unsigned length = bit_length(scalars, count), width = best_width(count, length),
             windows = length / width + 1;
    struct buckets buckets = {.count = (size_t)1 << (width - 1)};
    struct ge_niels *niels = mem_zalloc(count, sizeof *niels);
    struct fe25519 *scratch = mem_zalloc(count, sizeof *scratch);
    ge_to_niels_many(niels, points, count, scratch);
    mem_free(scratch);
    int16_t *digits = mem_zalloc(count * windows, sizeof *digits);
    recode(digits, scalars, count, width, windows);
    buckets.point = mem_zalloc(buckets.count, sizeof *buckets.point);
    buckets.used = mem_zalloc(buckets.count, sizeof *buckets.used);
    struct ed_point sum = ED_IDENTITY, part;
    for (unsigned w = windows; w-- > 0;) {
        for (unsigned i = 0; i < width && w + 1 < windows; i++)
            ge_double(&sum, &sum);
        memset(buckets.used, 0, buckets.count * sizeof *buckets.used);
        for (size_t i = 0; i < count; i++)
            if (digits[w * count + i] != 0)
                put(&buckets, digits[w * count + i], &points[i], &niels[i]);
        sum_buckets(&part, &buckets);
        ed_add(&sum, &sum, &part);
    }
    mem_free(buckets.used);
    mem_free(buckets.point);
    mem_free(digits);
    mem_free(niels);
    *out = sum;
}
