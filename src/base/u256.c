#include "base/u256.h"

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
    const struct u256 group = u256_from_u64(10000000000000000000ULL); /* 10^19 fits a limb */
    char digits[80];
    size_t at = sizeof digits;
    digits[--at] = 0;
    while (!u256_fits_u64(a)) {
        struct u256 rest;
        u256_divmod(&a, &rest, a, group);
        for (int i = 0; i < 19; i++, rest.w[0] /= 10)
            digits[--at] = (char)('0' + rest.w[0] % 10);
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
