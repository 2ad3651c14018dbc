#include "crypto/modexp.h"

#include <gmp.h>
#include <pthread.h>

#include "base/mem.h"

_Static_assert(GMP_LIMB_BITS == 64 && GMP_NAIL_BITS == 0, "limbs of 64 bits");

/* GMP's memory comes from base/mem, so that it fails as everything else does. */
static void *gmp_alloc(size_t size)
{
    return mem_alloc(size);
}

static void *gmp_resize(void *p, size_t old_size, size_t size)
{
    (void)old_size;
    return mem_resize(p, 1, size);
}

static void gmp_free(void *p, size_t size)
{
    (void)size;
    mem_free(p);
}

static pthread_once_t memory_once = PTHREAD_ONCE_INIT;

static void memory_set(void)
{
    mp_set_memory_functions(gmp_alloc, gmp_resize, gmp_free);
}

/* Whole limbs instead of mpz_import, which goes byte by byte. */
static void number_read(mpz_t z, struct bytes be)
{
    while (be.len > 0 && be.data[0] == 0) {
        be.data++;
        be.len--;
    }
    size_t whole = be.len / 8, rest = be.len % 8, count = whole + (rest != 0);
    mpz_init2(z, count ? (mp_bitcnt_t)count * 64 : 1);
    if (count == 0)
        return;
    mp_limb_t *limbs = mpz_limbs_write(z, (mp_size_t)count);
    for (size_t i = 0; i < whole; i++)
        limbs[i] = be64_get(be.data + be.len - 8 * (i + 1));
    if (rest) {
        uint8_t top[8] = {0};
        memcpy(top + 8 - rest, be.data, rest);
        limbs[whole] = be64_get(top);
    }
    mpz_limbs_finish(z, (mp_size_t)count);
}

static void number_write(uint8_t *out, size_t len, const mpz_t z)
{
    size_t count = mpz_size(z);
    const mp_limb_t *limbs = mpz_limbs_read(z);
    size_t at = len;
    for (size_t i = 0; i < count; i++) {
        uint8_t be[8];
        be64_put(be, limbs[i]);
        size_t n = at < 8 ? at : 8; /* the bytes above are zero: the value is below the modulus */
        memcpy(out + at - n, be + 8 - n, n);
        at -= n;
    }
    memset(out, 0, at);
}

void modexp(uint8_t *out, struct bytes base, struct bytes exponent, struct bytes modulus)
{
    if (modulus.len == 0)
        return;
    ASSERT(pthread_once(&memory_once, memory_set) == 0);
    mpz_t b, e, m;
    number_read(m, modulus);
    if (mpz_sgn(m) == 0) {
        memset(out, 0, modulus.len);
        mpz_clear(m);
        return;
    }
    number_read(b, base);
    number_read(e, exponent);
    mpz_powm(b, b, e, m);
    number_write(out, modulus.len, b);
    mpz_clear(b);
    mpz_clear(e);
    mpz_clear(m);
}
