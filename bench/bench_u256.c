/* bench_u256: nanoseconds per 256-bit operation and per keccak256, the best of several passes on
 * one core. Each operation reads its operands from memory and writes its result there, as the
 * interpreter's stack does; successive operations do not depend on each other.
 *   bench_u256 [PREFIX]   only the lines that begin so */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/u256.h"
#include "crypto/keccak.h"

#define WORDS 256u
#define PASSES 15
#define PASS_NS 4e6

static struct u256 a[WORDS], b[WORDS], m[WORDS], out[WORDS];
static struct u256_reciprocal cache;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t next_random(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/* Words of up to `limbs` limbs, the highest not zero. */
static void fill(struct u256 *words, unsigned limbs)
{
    for (unsigned i = 0; i < WORDS; i++)
        for (unsigned k = 0; k < 4; k++)
            words[i].w[k] = k < limbs ? next_random() | 1 : 0;
}

static void report(const char *only, const char *what, void (*run)(void), double per_run)
{
    if (only && strncmp(only, what, strlen(only)) != 0)
        return;
    double best = 1e30;
    run();
    for (int pass = 0; pass < PASSES; pass++) {
        double begin = now_ns(), end = begin;
        unsigned runs = 0;
        for (; end - begin < PASS_NS; runs++, end = now_ns())
            run();
        double ns = (end - begin) / (runs * per_run);
        best = ns < best ? ns : best;
    }
    printf("%-24s %8.2f ns\n", what, best);
}

/* One pass of an expression over all words; the barrier keeps results in memory. */
#define EACH(name, statement)                             \
    static void name(void)                                \
    {                                                     \
        for (unsigned i = 0; i < WORDS; i++) {            \
            statement;                                    \
            __asm__ volatile("" : : "r"(out) : "memory"); \
        }                                                 \
    }

EACH(run_copy, u256_copy(&out[i], &a[i]))
EACH(run_add, u256_store(&out[i], u256_add_wrap(u256_load(&a[i]), u256_load(&b[i]))))
EACH(run_mul, u256_store(&out[i], u256_mul_wrap(u256_load(&a[i]), u256_load(&b[i]))))
EACH(run_lt, u256_store(&out[i], u256_from_bool(u256_lt(u256_load(&a[i]), u256_load(&b[i])))))
EACH(run_slt, u256_store(&out[i], u256_from_bool(u256_slt(u256_load(&a[i]), u256_load(&b[i])))))
EACH(run_xor, u256_store(&out[i], u256_xor(u256_load(&a[i]), u256_load(&b[i]))))
EACH(run_shl, u256_store(&out[i], u256_shl(u256_load(&a[i]), u256_load(&m[i]))))
EACH(run_shr, u256_store(&out[i], u256_shr(u256_load(&a[i]), u256_load(&m[i]))))
EACH(run_sar, u256_store(&out[i], u256_sar(u256_load(&a[i]), u256_load(&m[i]))))
EACH(run_byte, u256_store(&out[i], u256_from_u64(u256_byte(u256_load(&a[i]), u256_load(&m[i])))))
EACH(run_signextend, u256_store(&out[i], u256_signextend(u256_load(&a[i]), u256_load(&m[i]))))
EACH(run_clz, u256_store(&out[i], u256_from_u64(u256_clz(u256_load(&a[i])))))
EACH(run_div, u256_div(&out[i], &a[i], &b[i]))
EACH(run_mod, u256_mod(&out[i], &a[i], &b[i]))
EACH(run_sdiv, u256_sdiv(&out[i], &a[i], &b[i]))
EACH(run_smod, u256_smod(&out[i], &a[i], &b[i]))
EACH(run_addmod, u256_addmod(&out[i], &a[i], &b[i], &m[0]))
EACH(run_mulmod, u256_mulmod(&out[i], &a[i], &b[i], &m[i], NULL))
EACH(run_mulmod_cached, u256_mulmod(&out[i], &a[i], &b[i], &m[0], &cache))

static void run_mul_chain(void)
{
    struct u256 v = a[0];
    for (unsigned i = 0; i < WORDS; i++)
        v = u256_mul_wrap(v, b[0]);
    out[0] = v;
    __asm__ volatile("" : : "r"(out) : "memory");
}

static void run_mulmod_chain(void)
{
    for (unsigned i = 0; i < WORDS; i++)
        u256_mulmod(&a[0], &a[0], &b[0], &m[0], &cache);
}

static void run_exp(void)
{
    for (unsigned i = 0; i < 16; i++)
        u256_exp(&out[i], &a[i], &b[i]);
}

static size_t input_len;
static uint8_t input[1024];

static void run_keccak(void)
{
    for (unsigned i = 0; i < 16; i++)
        keccak256((struct hash *)input, input, input_len);
}

static void run_keccak_many(void)
{
    struct bytes in[16];
    struct hash digest[16];
    for (unsigned i = 0; i < 16; i++)
        in[i] = bytes_of(input + i, input_len);
    keccak256_many(digest, in, 16);
    memcpy(input, digest, 32);
}

static void bench_division(const char *only)
{
    static const char *const names[][2] = {{"div 256/64", "mod 256/64"},
                                           {"div 256/128", "mod 256/128"},
                                           {"div 256/192", "mod 256/192"},
                                           {"div 256/256", "mod 256/256"}};
    for (unsigned limbs = 1; limbs <= 4; limbs++) {
        fill(b, limbs);
        for (unsigned i = 0; i < WORDS && limbs == 4; i++)
            b[i].w[3] >>= 1 + next_random() % 60;
        report(only, names[limbs - 1][0], run_div, WORDS);
        report(only, names[limbs - 1][1], run_mod, WORDS);
    }
    fill(b, 2);
    report(only, "sdiv 256/128", run_sdiv, WORDS);
    report(only, "smod 256/128", run_smod, WORDS);
    fill(a, 2);
    fill(b, 1);
    report(only, "div 128/64", run_div, WORDS);
    fill(a, 1);
    for (unsigned i = 0; i < WORDS; i++)
        b[i].w[0] >>= next_random() % 60;
    report(only, "div 64/64", run_div, WORDS);
    fill(a, 4);
    fill(b, 4);
}

static void bench_modular(const char *only)
{
    static const char *const names[] = {"mulmod 64", "mulmod 128", "mulmod 192", "mulmod 256"};
    for (unsigned limbs = 1; limbs <= 4; limbs++) {
        fill(m, limbs);
        report(only, names[limbs - 1], run_mulmod, WORDS);
    }
    m[0].w[3] |= 1ULL << 63; /* as the fields of the usual curves: operands are mostly below */
    for (unsigned i = 0; i < WORDS; i++) {
        a[i].w[3] >>= 1;
        b[i].w[3] >>= 1;
    }
    report(only, "mulmod 256 cached", run_mulmod_cached, WORDS);
    report(only, "mulmod 256 cached chain", run_mulmod_chain, WORDS);
    report(only, "addmod 256", run_addmod, WORDS);
    fill(m, 2);
    report(only, "addmod 128", run_addmod, WORDS);
    fill(a, 4);
    fill(b, 4);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    fill(a, 4);
    fill(b, 4);
    for (unsigned i = 0; i < WORDS; i++)
        m[i] = u256_from_u64(next_random() % 260);
    report(only, "copy", run_copy, WORDS);
    report(only, "add", run_add, WORDS);
    report(only, "mul", run_mul, WORDS);
    report(only, "mul chain", run_mul_chain, WORDS);
    report(only, "lt", run_lt, WORDS);
    report(only, "slt", run_slt, WORDS);
    report(only, "xor", run_xor, WORDS);
    report(only, "shl", run_shl, WORDS);
    report(only, "shr", run_shr, WORDS);
    report(only, "sar", run_sar, WORDS);
    report(only, "byte", run_byte, WORDS);
    report(only, "clz", run_clz, WORDS);
    for (unsigned i = 0; i < WORDS; i++)
        m[i] = u256_from_u64(next_random() % 33);
    report(only, "signextend", run_signextend, WORDS);
    bench_division(only);
    bench_modular(only);
    report(only, "exp 256 bits", run_exp, 16);
    for (unsigned i = 0; i < WORDS; i++)
        a[i] = u256_from_u64(10), b[i] = u256_from_u64(next_random() % 20);
    report(only, "exp 10^(0..19)", run_exp, 16);
    input_len = 64;
    report(only, "keccak256_many 64 B", run_keccak_many, 16);
    static const struct {
        const char *name;
        size_t len;
    } sizes[] = {{"keccak256 32 B", 32},
                 {"keccak256 64 B", 64},
                 {"keccak256 136 B", 136},
                 {"keccak256 1024 B", 1024}};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        input_len = sizes[i].len;
        report(only, sizes[i].name, run_keccak, 16);
    }
    return 0;
}
