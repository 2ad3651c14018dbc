/* modexp against plain 64-bit arithmetic and against laws that hold at every size. */
#include "test.h"

#include "base/u256.h"
#include "crypto/modexp.h"

#define SIZE_MAX_TESTED 200

static void random_fill(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(test_random() >> 13);
}

static uint64_t power_mod(uint64_t base, uint64_t exponent, uint64_t modulus)
{
    uint128 result = 1 % modulus, square = base % modulus;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * square % modulus;
        square = square * square % modulus;
    }
    return (uint64_t)result;
}

static uint64_t modexp_u64(uint64_t base, uint64_t exponent, uint64_t modulus)
{
    uint8_t b[8], e[8], m[8], out[8];
    be64_put(b, base);
    be64_put(e, exponent);
    be64_put(m, modulus);
    memset(out, 0xee, sizeof out);
    modexp(out, bytes_of(b, 8), bytes_of(e, 8), bytes_of(m, 8));
    return be64_get(out);
}

TEST(modexp_small)
{
    CHECK_INT(modexp_u64(3, 5, 100), 43);
    CHECK_INT(modexp_u64(2, 10, 1000), 24);
    CHECK_INT(modexp_u64(7, 0, 13), 1);
    CHECK_INT(modexp_u64(0, 0, 13), 1); /* EIP-198 */
    CHECK_INT(modexp_u64(0, 5, 13), 0);
    CHECK_INT(modexp_u64(5, 0, 1), 0);
    CHECK_INT(modexp_u64(0, 0, 0), 0);
    CHECK_INT(modexp_u64(9, 9, 0), 0);
    for (int i = 0; i < 2000; i++) {
        unsigned cut = (unsigned)(test_random() % 64);
        uint64_t b = test_random() >> (test_random() % 64), e = test_random() >> cut;
        uint64_t m = (test_random() >> (test_random() % 64)) | 1;
        m = i % 2 ? m : m + 1 ? m + 1 : 2; /* even ones as often */
        if (modexp_u64(b, e, m) != power_mod(b, e, m))
            test_fail(__FILE__, __LINE__, "%" PRIu64 " ^ %" PRIu64 " mod %" PRIu64, b, e, m);
    }
}

TEST(modexp_lengths)
{
    uint8_t out[4] = {9, 9, 9, 9};
    static const uint8_t two[1] = {2}, wide_two[5] = {0, 0, 0, 0, 2}, ten[1] = {10};
    static const uint8_t thousand[4] = {0, 0, 0x03, 0xe8}, zeros[4];
    modexp(out, bytes_of(NULL, 0), bytes_of(two, 1), bytes_of(NULL, 0));
    CHECK_HEX(out, 4, "09090909"); /* nothing to write */
    modexp(out, bytes_of(wide_two, 5), bytes_of(ten, 1), bytes_of(thousand, 4));
    CHECK_HEX(out, 4, "00000018");
    modexp(out, bytes_of(NULL, 0), bytes_of(NULL, 0), bytes_of(thousand, 4));
    CHECK_HEX(out, 4, "00000001");
    modexp(out, bytes_of(two, 1), bytes_of(NULL, 0), bytes_of(zeros, 4));
    CHECK_HEX(out, 4, "00000000");
}

/* (x^a)^b = (x^b)^a, at every length, for odd and even moduli. */
TEST(modexp_powers_commute)
{
    for (int i = 0; i < 200; i++) {
        uint8_t x[SIZE_MAX_TESTED], m[SIZE_MAX_TESTED], a[8], b[8];
        uint8_t xa[SIZE_MAX_TESTED], xb[SIZE_MAX_TESTED], xab[SIZE_MAX_TESTED],
            xba[SIZE_MAX_TESTED];
        size_t len = 1 + (size_t)(test_random() % SIZE_MAX_TESTED);
        size_t x_len = 1 + (size_t)(test_random() % SIZE_MAX_TESTED);
        random_fill(x, x_len);
        random_fill(m, len);
        random_fill(a, 8);
        random_fill(b, 8);
        modexp(xa, bytes_of(x, x_len), bytes_of(a, 8), bytes_of(m, len));
        modexp(xb, bytes_of(x, x_len), bytes_of(b, 8), bytes_of(m, len));
        modexp(xab, bytes_of(xa, len), bytes_of(b, 8), bytes_of(m, len));
        modexp(xba, bytes_of(xb, len), bytes_of(a, 8), bytes_of(m, len));
        CHECK(memcmp(xab, xba, len) == 0);
    }
}

/* Fermat: 2^(p-1) is 1 and 2^p is 2 modulo the prime 2^255 - 19. */
TEST(modexp_fermat)
{
    static const uint8_t two[1] = {2};
    uint8_t p[32], exponent[32], out[32], one[32] = {[31] = 1};
    memset(p, 0xff, sizeof p);
    p[0] = 0x7f;
    p[31] = 0xed;
    memcpy(exponent, p, sizeof p);
    modexp(out, bytes_of(two, 1), bytes_of(p, 32), bytes_of(p, 32));
    CHECK(out[31] == 2 && out[0] == 0);
    exponent[31]--;
    modexp(out, bytes_of(two, 1), bytes_of(exponent, 32), bytes_of(p, 32));
    CHECK(memcmp(out, one, 32) == 0);
}
