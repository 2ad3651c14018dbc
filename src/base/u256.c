#include "base/u256.h"

bool u256_mul(struct u256 *out, struct u256 a, struct u256 b)
{
    uint64_t product[8] = {0};
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < 4; j++) {
            uint128 t = (uint128)a.w[i] * b.w[j] + product[i + j] + carry;
            product[i + j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        product[i + 4] = carry;
    }
    memcpy(out->w, product, sizeof out->w);
    return (product[4] | product[5] | product[6] | product[7]) != 0;
}

/* Divides high:low by divisor; high < divisor, so that the quotient fits one limb. The compiler
 * would call a 128-by-128 routine where one instruction does. */
static uint64_t div_2by1(uint64_t high, uint64_t low, uint64_t divisor, uint64_t *remainder)
{
#ifdef __x86_64__
    uint64_t quotient;
    __asm__("divq %4"
            : "=a"(quotient), "=d"(*remainder)
            : "a"(low), "d"(high), "r"(divisor)
            : "cc");
    return quotient;
#else
    uint128 n = (uint128)high << 64 | low;
    *remainder = (uint64_t)(n % divisor);
    return (uint64_t)(n / divisor);
#endif
}

/* In place: a becomes the quotient, the remainder is returned. */
static uint64_t div_small(struct u256 *a, uint64_t divisor)
{
    uint64_t rest = 0;
    for (int i = 3; i >= 0; i--)
        a->w[i] = div_2by1(rest, a->w[i], divisor, &rest);
    return rest;
}

/* q_hat of Knuth's step D3: never below the true digit, at most two above before the correction,
 * at most one after it. top is the normalised divisor's highest limb, below the next one. */
static uint64_t guess_digit(const uint64_t *u, int n, uint64_t top, uint64_t below)
{
    uint64_t rest, digit;
    if (u[n] >= top) {
        digit = ~0ULL;
        if (__builtin_add_overflow(u[n - 1], top, &rest)) /* u[n] == top here */
            return digit;
    } else {
        digit = div_2by1(u[n], u[n - 1], top, &rest);
    }
    while ((uint128)digit * below > ((uint128)rest << 64 | u[n - 2])) {
        digit--;
        if (__builtin_add_overflow(rest, top, &rest))
            break;
    }
    return digit;
}

/* u[0..n] -= digit * v[0..n); returns true if that went below zero. */
static bool subtract_multiple(uint64_t *u, const uint64_t *v, int n, uint64_t digit)
{
    uint64_t carry = 0;
    bool borrow = false;
    for (int i = 0; i < n; i++) {
        uint128 t = (uint128)digit * v[i] + carry;
        carry = (uint64_t)(t >> 64);
        uint64_t low = (uint64_t)t, d;
        bool b1 = __builtin_sub_overflow(u[i], low, &d);
        bool b2 = __builtin_sub_overflow(d, (uint64_t)borrow, &u[i]);
        borrow = b1 || b2;
    }
    uint64_t d;
    bool b1 = __builtin_sub_overflow(u[n], carry, &d);
    bool b2 = __builtin_sub_overflow(d, (uint64_t)borrow, &u[n]);
    return b1 || b2;
}

static void add_back(uint64_t *u, const uint64_t *v, int n)
{
    uint64_t carry = 0;
    for (int i = 0; i < n; i++) {
        uint128 t = (uint128)u[i] + v[i] + carry;
        u[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    u[n] += carry;
}

static int limb_count(struct u256 a)
{
    int n = 4;
    while (n > 0 && a.w[n - 1] == 0)
        n--;
    return n;
}

/* Knuth, TAOCP vol. 2, 4.3.1, algorithm D with 64-bit digits; b has n >= 2 limbs and b <= a. */
static void div_long(struct u256 *quotient, struct u256 *remainder, struct u256 a, struct u256 b)
{
    int n = limb_count(b), m = limb_count(a);
    int shift = __builtin_clzll(b.w[n - 1]);
    uint64_t u[5] = {0}, v[4] = {0};
    for (int i = 0; i < n; i++)
        v[i] = b.w[i] << shift | (shift && i ? b.w[i - 1] >> (64 - shift) : 0);
    for (int i = 0; i < m; i++)
        u[i] = a.w[i] << shift | (shift && i ? a.w[i - 1] >> (64 - shift) : 0);
    u[m] = shift ? a.w[m - 1] >> (64 - shift) : 0;
    *quotient = U256_ZERO;
    for (int j = m - n; j >= 0; j--) {
        uint64_t digit = guess_digit(u + j, n, v[n - 1], v[n - 2]);
        if (subtract_multiple(u + j, v, n, digit)) {
            digit--;
            add_back(u + j, v, n);
        }
        quotient->w[j] = digit;
    }
    *remainder = U256_ZERO;
    for (int i = 0; i < n; i++)
        remainder->w[i] = u[i] >> shift | (shift && i + 1 <= n ? u[i + 1] << (64 - shift) : 0);
}

void u256_divmod(struct u256 *quotient, struct u256 *remainder, struct u256 a, struct u256 b)
{
    struct u256 q = U256_ZERO, r = U256_ZERO;
    if (u256_is_zero(b)) {
        /* EVM: x / 0 = x % 0 = 0 */
    } else if (u256_cmp(a, b) < 0) {
        r = a;
    } else if (u256_fits_u64(a)) {
        q.w[0] = a.w[0] / b.w[0];
        r.w[0] = a.w[0] % b.w[0];
    } else if (u256_fits_u64(b)) {
        q = a;
        r.w[0] = div_small(&q, b.w[0]);
    } else {
        div_long(&q, &r, a, b);
    }
    if (quotient)
        *quotient = q;
    if (remainder)
        *remainder = r;
}

struct u256 u256_from_be_min(struct bytes b)
{
    uint8_t be[32] = {0};
    ASSERT(b.len <= sizeof be);
    if (b.len)
        memcpy(be + sizeof be - b.len, b.data, b.len);
    return u256_from_be(be);
}

size_t u256_to_be_min(uint8_t be[32], struct u256 a)
{
    uint8_t full[32];
    u256_to_be(full, a);
    size_t len = (u256_bit_len(a) + 7) / 8;
    memcpy(be, full + 32 - len, len);
    return len;
}

/* ---- text ---- */

/* *v = *v * base + digit; false when it does not fit. */
static bool push_digit(struct u256 *v, unsigned base, unsigned digit)
{
    struct u256 t;
    if (u256_mul(&t, *v, u256_from_u64(base)) || u256_add(&t, t, u256_from_u64(digit)))
        return false;
    *v = t;
    return true;
}

static int digit_value(char c, unsigned base)
{
    int v = c >= '0' && c <= '9'   ? c - '0'
            : c >= 'a' && c <= 'f' ? c - 'a' + 10
            : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                   : 99;
    return v < (int)base ? v : -1;
}

enum err u256_parse(struct u256 *out, const char *text)
{
    unsigned base = 10;
    if (text[0] == '0' && text[1] == 'x') {
        base = 16;
        text += 2;
    }
    if (!*text)
        return E_INVALID;
    struct u256 v = U256_ZERO;
    bool fits = true;
    for (; *text; text++) {
        int digit = digit_value(*text, base);
        if (digit < 0)
            return E_INVALID;
        fits = fits && push_digit(&v, base, (unsigned)digit);
    }
    if (!fits)
        return E_RANGE;
    *out = v;
    return E_OK;
}

enum err u256_parse_units(struct u256 *out, const char *text, unsigned decimals)
{
    ASSERT(decimals <= 77);
    struct u256 v = U256_ZERO;
    bool fits = true, in_fraction = false;
    unsigned whole_digits = 0, fraction_digits = 0;
    for (; *text; text++) {
        if (*text == '.' && !in_fraction && whole_digits) {
            in_fraction = true;
            continue;
        }
        int digit = digit_value(*text, 10);
        if (digit < 0 || (in_fraction && fraction_digits == decimals))
            return E_INVALID;
        fits = fits && push_digit(&v, 10, (unsigned)digit);
        if (in_fraction)
            fraction_digits++;
        else
            whole_digits = 1;
    }
    if (!whole_digits || (in_fraction && !fraction_digits))
        return E_INVALID;
    for (; fraction_digits < decimals; fraction_digits++)
        fits = fits && push_digit(&v, 10, 0);
    if (!fits)
        return E_RANGE;
    *out = v;
    return E_OK;
}

void u256_dec(char out[79], struct u256 a)
{
    const uint64_t group = 10000000000000000000ULL; /* 10^19, the largest power in a limb */
    char digits[80];
    size_t at = sizeof digits;
    digits[--at] = 0;
    while (!u256_fits_u64(a)) {
        uint64_t rest = div_small(&a, group);
        for (int i = 0; i < 19; i++, rest /= 10)
            digits[--at] = (char)('0' + rest % 10);
    }
    uint64_t rest = a.w[0];
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    memcpy(out, digits + at, sizeof digits - at);
}

void u256_units(char out[160], struct u256 a, unsigned decimals, unsigned min_fraction)
{
    ASSERT(decimals <= 77 && min_fraction <= decimals);
    char digits[79], padded[160];
    u256_dec(digits, a);
    size_t len = strlen(digits), lead = len <= decimals ? decimals + 1 - len : 0;
    memset(padded, '0', lead); /* so that at least one digit stands before the point */
    memcpy(padded + lead, digits, len);
    len += lead;
    size_t whole = len - decimals, fraction = decimals;
    while (fraction > min_fraction && padded[whole + fraction - 1] == '0')
        fraction--;
    memcpy(out, padded, whole);
    if (fraction) {
        out[whole++] = '.';
        memcpy(out + whole, padded + whole - 1, fraction);
    }
    out[whole + fraction] = 0;
}
