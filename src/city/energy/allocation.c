#include "city/energy/allocation.h"

__extension__ typedef unsigned __int128 u128;
/* SSE2-sized, so that every x86-64 and aarch64 has it and gcc and clang agree. */
typedef int32_t v4i __attribute__((vector_size(16)));

#define LANES 4u

const char *allocation_key_name(enum allocation_key key)
{
    static const char *const NAMES[KEY_COUNT] = {"default",  "static",  "waterfill",
                                                 "priority", "dynamic", "dynamic-full"};
    ASSERT((unsigned)key < KEY_COUNT);
    return NAMES[key];
}

bool allocation_key_parse(enum allocation_key *out, const char *text)
{
    for (unsigned k = 0; k < KEY_COUNT; k++) {
        if (strcmp(text, allocation_key_name((enum allocation_key)k)) == 0) {
            *out = (enum allocation_key)k;
            return true;
        }
    }
    return false;
}

/* R3 shares over one member more (the rest), and vectors read up to LANES - 1 past the end. */
static size_t padded(size_t point_max)
{
    return (point_max + 1 + 7) / 8 * 8;
}

size_t allocation_scratch_bytes(size_t point_max)
{
    return padded(point_max) * (4 * sizeof(uint64_t) + sizeof(uint32_t));
}

void allocation_scratch_init(struct allocation_scratch *s, void *memory, size_t point_max)
{
    size_t n = padded(point_max);
    ASSERT(point_max <= ALLOCATION_POINTS_MAX && (uintptr_t)memory % 16 == 0);
    uint64_t *p = memory;
    *s = (struct allocation_scratch){.remainder = p,
                                     .weight = p + n,
                                     .share = p + 2 * n,
                                     .left = p + 3 * n,
                                     .index = (uint32_t *)(p + 4 * n),
                                     .point_max = point_max};
}

/* Values below 2^50 and at most 2^12 + 1 of them: the sum fits with bits to spare. */
static uint64_t sum_of(const uint64_t *v, size_t count)
{
    uint64_t sum = 0, any = 0;
    for (size_t i = 0; i < count; i++) {
        sum += v[i];
        any |= v[i];
    }
    ASSERT(any < ALLOCATION_WH_LIMIT);
    return sum;
}

/* --- R1 --------------------------------------------------------------------------------------- */

static uint32_t count_at_least_32(const int32_t *r, size_t padded_count, int32_t bound)
{
    const v4i b = {bound, bound, bound, bound};
    v4i hits = {0, 0, 0, 0};
    for (size_t i = 0; i < padded_count; i += LANES) {
        v4i v;
        memcpy(&v, r + i, sizeof v);
        hits -= v >= b;
    }
    return (uint32_t)(hits[0] + hits[1] + hits[2] + hits[3]);
}

static uint32_t count_at_least_64(const uint64_t *r, size_t count, uint64_t bound)
{
    uint32_t hits = 0;
    for (size_t i = 0; i < count; i++)
        hits += r[i] >= bound;
    return hits;
}

/* The wanted-th largest remainder, found bit by bit from the top: the largest bound that at least
 * `wanted` remainders reach. Always at most 64 passes, whatever the values are (a quickselect can
 * be driven to its worst case by whoever sends the readings). *above is the number that are taken
 * without looking at ties. */
static uint64_t cut_of(const void *r, bool narrow, size_t count, uint32_t wanted, uint64_t sum,
                       uint32_t *at_least)
{
    uint64_t cut = 0;
    *at_least = (uint32_t)count;
    for (int bit = 63 - __builtin_clzll(sum | 1); bit >= 0; bit--) {
        uint64_t bound = cut | (1ull << bit);
        if (bound >= sum)
            continue;
        uint32_t n = narrow
                         ? count_at_least_32(r, (count + LANES - 1) / LANES * LANES, (int32_t)bound)
                         : count_at_least_64(r, count, bound);
        if (n < wanted)
            continue;
        cut = bound;
        *at_least = n;
        if (n == wanted)
            break;
    }
    return cut;
}

/* +1 to the `wanted` largest remainders; at the cut itself the lower indices come first. */
static void hand_out_rest_32(uint64_t *out, int32_t *r, size_t count, uint32_t wanted, uint64_t sum)
{
    for (size_t i = count; i % LANES != 0; i++)
        r[i] = -1;
    uint32_t at_least;
    int32_t cut = (int32_t)cut_of(r, true, count, wanted, sum, &at_least);
    if (at_least == wanted) {
        for (size_t i = 0; i < count; i++)
            out[i] += r[i] >= cut;
        return;
    }
    uint32_t ties = wanted;
    for (size_t i = 0; i < count; i++)
        ties -= r[i] > cut;
    for (size_t i = 0; i < count; i++) {
        uint32_t tie = (r[i] == cut) & (ties > 0);
        ties -= tie;
        out[i] += (uint32_t)(r[i] > cut) | tie;
    }
}

static void hand_out_rest_64(uint64_t *out, const uint64_t *r, size_t count, uint32_t wanted,
                             uint64_t sum)
{
    uint32_t at_least;
    uint64_t cut = cut_of(r, false, count, wanted, sum, &at_least);
    uint32_t ties = wanted;
    for (size_t i = 0; i < count; i++)
        ties -= r[i] > cut;
    for (size_t i = 0; i < count; i++) {
        uint32_t tie = (r[i] == cut) & (ties > 0);
        ties -= tie;
        out[i] += (uint32_t)(r[i] > cut) | tie;
    }
}

/* total * sum < 2^63 and sum < 2^31: one multiplication by the reciprocal instead of a division.
 * m = floor((2^64 - 1) / sum) >= 2^64 / sum - 1, so floor(x * m / 2^64) is the quotient or one
 * less for x < 2^63, and one comparison corrects it. */
static void share_narrow(uint64_t *out, uint64_t total, const uint64_t *weight, size_t count,
                         uint64_t sum, struct allocation_scratch *s)
{
    int32_t *r = (int32_t *)s->remainder;
    const uint64_t m = ~0ull / sum;
    uint64_t given = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t x = total * weight[i];
        uint64_t q = (uint64_t)(((u128)x * m) >> 64);
        uint64_t rest = x - q * sum;
        uint64_t over = rest >= sum;
        q += over;
        rest -= sum & -over;
        out[i] = q;
        r[i] = (int32_t)rest;
        given += q;
    }
    if (given != total)
        hand_out_rest_32(out, r, count, (uint32_t)(total - given), sum);
}

/* A division of 128 bits and comparisons of 64 take WIDE_WORK times what the narrow way takes, and
 * gas pays for it: readings that need this are larger than any district's. */
#define WIDE_WORK 6u

static void share_wide(uint64_t *out, uint64_t total, const uint64_t *weight, size_t count,
                       uint64_t sum, struct allocation_scratch *s)
{
    uint64_t given = 0;
    s->work += (WIDE_WORK - 1) * count;
    for (size_t i = 0; i < count; i++) {
        u128 x = (u128)total * weight[i];
        out[i] = (uint64_t)(x / sum);
        s->remainder[i] = (uint64_t)x - out[i] * sum; /* below sum: 64 bits hold the difference */
        given += out[i];
    }
    if (given != total)
        hand_out_rest_64(out, s->remainder, count, (uint32_t)(total - given), sum);
}

static void share_by_sum(uint64_t *out, uint64_t total, const uint64_t *weight, size_t count,
                         uint64_t sum, struct allocation_scratch *s)
{
    uint64_t product;
    ASSERT(count <= s->point_max + 1);
    s->work += count;
    if (sum == 0 || total == 0)
        memset(out, 0, count * sizeof *out);
    else if (sum < (1ull << 31) && !__builtin_mul_overflow(total, sum, &product) &&
             product < (1ull << 63))
        share_narrow(out, total, weight, count, sum, s);
    else
        share_wide(out, total, weight, count, sum, s);
}

void largest_remainder(uint64_t *out, uint64_t total, const uint64_t *weight, size_t count,
                       struct allocation_scratch *s)
{
    share_by_sum(out, total, weight, count, sum_of(weight, count), s);
}

/* --- keys ------------------------------------------------------------------------------------- */

void allocate_default(uint64_t *out, uint64_t production_wh, const uint64_t *consumption_wh,
                      size_t count, struct allocation_scratch *s)
{
    uint64_t needed = sum_of(consumption_wh, count);
    if (production_wh < needed) {
        share_by_sum(out, production_wh, consumption_wh, count, needed, s);
    } else {
        s->work += count;
        memcpy(out, consumption_wh, count * sizeof *out);
    }
}

void allocate_static(uint64_t *out, uint64_t production_wh, const uint64_t *consumption_wh,
                     const uint32_t *ppm, size_t count, struct allocation_scratch *s)
{
    uint64_t promised = 0;
    for (size_t i = 0; i < count; i++) {
        s->weight[i] = ppm[i];
        promised += ppm[i];
    }
    ASSERT(promised <= PPM_ONE);
    s->weight[count] = PPM_ONE - promised;
    share_by_sum(s->share, production_wh, s->weight, count + 1, PPM_ONE, s);
    for (size_t i = 0; i < count; i++)
        out[i] = s->share[i] < consumption_wh[i] ? s->share[i] : consumption_wh[i];
}

void allocate_waterfill(uint64_t *out, uint64_t production_wh, const uint64_t *consumption_wh,
                        const uint32_t *ppm, size_t count, struct allocation_scratch *s)
{
    size_t open = 0; /* members that still take part: index[], weight[] */
    for (size_t i = 0; i < count; i++) {
        out[i] = 0;
        if (ppm[i] != 0 && consumption_wh[i] != 0) { /* no need is satisfied already */
            s->index[open] = (uint32_t)i;
            s->weight[open++] = ppm[i];
        }
    }
    uint64_t remaining = production_wh;
    while (open != 0) {
        largest_remainder(s->share, remaining, s->weight, open, s);
        size_t kept = 0;
        for (size_t j = 0; j < open; j++) {
            uint32_t i = s->index[j];
            if (s->share[j] >= consumption_wh[i]) {
                out[i] = consumption_wh[i];
                remaining -= consumption_wh[i];
            } else {
                s->index[kept] = i;
                s->weight[kept] = s->weight[j];
                s->share[kept++] = s->share[j];
            }
        }
        if (kept == open) {
            for (size_t j = 0; j < open; j++)
                out[s->index[j]] = s->share[j];
            return;
        }
        open = kept;
    }
}

void allocate_priority(uint64_t *out, uint64_t production_wh, const uint64_t *consumption_wh,
                       const uint8_t *level, size_t count, struct allocation_scratch *s)
{
    bool present[256] = {false};
    for (size_t i = 0; i < count; i++) {
        present[level[i]] = true;
        out[i] = 0;
    }
    uint64_t remaining = production_wh;
    for (unsigned l = 0; l < 256 && remaining != 0; l++) {
        if (!present[l])
            continue;
        size_t members = 0;
        for (size_t i = 0; i < count; i++) {
            if (level[i] == l) {
                s->index[members] = (uint32_t)i;
                s->weight[members++] = consumption_wh[i];
            }
        }
        s->work += count; /* the scan above */
        allocate_default(s->share, remaining, s->weight, members, s);
        for (size_t j = 0; j < members; j++) {
            out[s->index[j]] = s->share[j];
            remaining -= s->share[j];
        }
    }
}

/* Full dynamic: each producer's own coefficients by R3, capped by what its consumers still need
 * after the producers before it. */
static void allocate_dynamic_full(struct allocation_result *out, const struct allocation_step *in,
                                  struct allocation_scratch *s)
{
    size_t n = in->consumers;
    memcpy(s->left, in->consumption_wh, n * sizeof *s->left);
    memset(out->allocated_wh, 0, n * sizeof *out->allocated_wh);
    for (size_t k = 0; k < in->producers; k++) {
        const uint32_t *ppm = in->ppm + k * n;
        uint64_t promised = 0, used = 0;
        for (size_t i = 0; i < n; i++) {
            s->weight[i] = ppm[i];
            promised += ppm[i];
        }
        ASSERT(promised <= PPM_ONE);
        s->weight[n] = PPM_ONE - promised;
        share_by_sum(s->share, in->production_wh[k], s->weight, n + 1, PPM_ONE, s);
        for (size_t i = 0; i < n; i++) {
            uint64_t take = s->share[i] < s->left[i] ? s->share[i] : s->left[i];
            s->left[i] -= take;
            out->allocated_wh[i] += take;
            used += take;
            if (out->matrix_wh)
                out->matrix_wh[k * n + i] = take;
        }
        out->used_wh[k] = used;
    }
}

void allocate_matrix(uint64_t *used_wh, uint64_t *matrix_wh, const uint64_t *production_wh,
                     size_t producers, const uint64_t *allocated_wh, size_t consumers,
                     struct allocation_scratch *s)
{
    uint64_t open = sum_of(allocated_wh, consumers);
    largest_remainder(used_wh, open, production_wh, producers, s);
    if (!matrix_wh)
        return;
    memcpy(s->left, allocated_wh, consumers * sizeof *s->left);
    for (size_t k = 0; k < producers; k++) {
        uint64_t *row = matrix_wh + k * consumers;
        share_by_sum(row, used_wh[k], s->left, consumers, open, s);
        for (size_t i = 0; i < consumers; i++)
            s->left[i] -= row[i];
        open -= used_wh[k];
    }
}

void allocate_step(struct allocation_result *out, const struct allocation_step *in,
                   struct allocation_scratch *s)
{
    size_t n = in->consumers;
    uint64_t produced = sum_of(in->production_wh, in->producers);
    switch (in->key) {
    case KEY_DEFAULT:
        allocate_default(out->allocated_wh, produced, in->consumption_wh, n, s);
        break;
    case KEY_STATIC:
    case KEY_DYNAMIC:
        allocate_static(out->allocated_wh, produced, in->consumption_wh, in->ppm, n, s);
        break;
    case KEY_WATERFILL:
        allocate_waterfill(out->allocated_wh, produced, in->consumption_wh, in->ppm, n, s);
        break;
    case KEY_PRIORITY:
        allocate_priority(out->allocated_wh, produced, in->consumption_wh, in->level, n, s);
        break;
    case KEY_DYNAMIC_FULL:
        allocate_dynamic_full(out, in, s);
        break;
    case KEY_COUNT:
        ASSERT(false);
    }
    if (in->key != KEY_DYNAMIC_FULL)
        allocate_matrix(out->used_wh, out->matrix_wh, in->production_wh, in->producers,
                        out->allocated_wh, n, s);
    out->produced_wh = produced;
    out->consumed_wh = sum_of(in->consumption_wh, n);
    out->shared_wh = sum_of(out->allocated_wh, n);
}

/* --- conservation ----------------------------------------------------------------------------- */

const char *allocation_fault_name(enum allocation_fault fault)
{
    switch (fault) {
    case FAULT_NONE:
        return "none";
    case FAULT_TOTALS:
        return "totals";
    case FAULT_ABOVE_CONSUMPTION:
        return "above consumption";
    case FAULT_ABOVE_PRODUCTION:
        return "above production";
    case FAULT_NOT_ALL_SHARED:
        return "not all shared";
    case FAULT_USED:
        return "used";
    case FAULT_MATRIX_ROW:
        return "matrix row";
    case FAULT_MATRIX_COLUMN:
        return "matrix column";
    }
    return "unknown";
}

/* Plain sums: a checked result may hold anything, so sum_of's ASSERT has no place here. */
static uint64_t plain_sum(const uint64_t *v, size_t count, size_t stride)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += v[i * stride];
    return sum;
}

static bool shares_all_it_can(const struct allocation_step *in)
{
    if (in->key == KEY_DEFAULT || in->key == KEY_PRIORITY)
        return true;
    if (in->key != KEY_WATERFILL)
        return false;
    for (size_t i = 0; i < in->consumers; i++) {
        if (in->ppm[i] == 0)
            return false;
    }
    return true;
}

static enum allocation_fault check_matrix(const struct allocation_step *in,
                                          const struct allocation_result *out)
{
    size_t n = in->consumers;
    for (size_t k = 0; k < in->producers; k++) {
        if (plain_sum(out->matrix_wh + k * n, n, 1) != out->used_wh[k])
            return FAULT_MATRIX_ROW;
    }
    for (size_t i = 0; i < n; i++) {
        if (plain_sum(out->matrix_wh + i, in->producers, n) != out->allocated_wh[i])
            return FAULT_MATRIX_COLUMN;
    }
    return FAULT_NONE;
}

enum allocation_fault allocation_check(const struct allocation_step *in,
                                       const struct allocation_result *out)
{
    for (size_t i = 0; i < in->consumers; i++) {
        if (out->allocated_wh[i] > in->consumption_wh[i])
            return FAULT_ABOVE_CONSUMPTION;
    }
    for (size_t k = 0; k < in->producers; k++) {
        if (out->used_wh[k] > in->production_wh[k])
            return FAULT_ABOVE_PRODUCTION;
    }
    uint64_t produced = plain_sum(in->production_wh, in->producers, 1);
    uint64_t consumed = plain_sum(in->consumption_wh, in->consumers, 1);
    uint64_t shared = plain_sum(out->allocated_wh, in->consumers, 1);
    if (shared > produced)
        return FAULT_ABOVE_PRODUCTION;
    if (shares_all_it_can(in) && shared != (produced < consumed ? produced : consumed))
        return FAULT_NOT_ALL_SHARED;
    if (plain_sum(out->used_wh, in->producers, 1) != shared)
        return FAULT_USED;
    if (produced != out->produced_wh || consumed != out->consumed_wh || shared != out->shared_wh)
        return FAULT_TOTALS;
    return out->matrix_wh ? check_matrix(in, out) : FAULT_NONE;
}

/* --- R7 and coefficients ------------------------------------------------------------------------
 */

bool invoice_amount_of(struct invoice_amount *out, uint64_t energy_wh, uint64_t price_microeur_kwh,
                       uint32_t vat_ppm)
{
    uint64_t nanoeur;
    if (__builtin_mul_overflow(energy_wh, price_microeur_kwh, &nanoeur) ||
        nanoeur >= (1ull << 63) || vat_ppm > PPM_ONE)
        return false;
    uint64_t ht = (nanoeur + 5000000) / 10000000;
    *out = (struct invoice_amount){
        .nanoeur = nanoeur,
        .ht_cents = ht,
        .vat_cents = (uint64_t)(((u128)ht * vat_ppm + PPM_ONE / 2) / PPM_ONE),
    };
    return true;
}

uint64_t coefficients_derive(uint32_t *ppm, uint64_t production_wh, const uint64_t *allocated_wh,
                             const uint64_t *consumption_wh, size_t count,
                             struct allocation_scratch *s)
{
    uint64_t shared = sum_of(allocated_wh, count);
    ASSERT(shared <= production_wh);
    memcpy(s->weight, allocated_wh, count * sizeof *allocated_wh);
    s->weight[count] = production_wh - shared;
    largest_remainder(s->share, PPM_ONE, s->weight, count + 1, s);
    for (size_t i = 0; i < count; i++)
        ppm[i] = (uint32_t)s->share[i];
    allocate_static(s->left, production_wh, consumption_wh, ppm, count, s);
    uint64_t worst = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t a = s->left[i], b = allocated_wh[i];
        uint64_t difference = a > b ? a - b : b - a;
        worst = difference > worst ? difference : worst;
    }
    return worst;
}
