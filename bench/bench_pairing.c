/* bench_pairing: the curves of the precompiles, each call's CPU time and Mgas/s at its price
 * (EIP-1108, EIP-2537, EIP-4844), for the portable variant and the one for this processor.
 * Usage: bench_pairing [MS_EACH] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "crypto/pairing/bls12_381.h"
#include "crypto/pairing/bn254.h"
#include "crypto/pairing/variants.h"

static uint64_t budget_ns = 200 * 1000000;

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* What a call works on: count points or pairs, made from the generators. */
struct job {
    const struct bn254_variant *bn;
    const struct bls_variant *bls;
    uint8_t *input;
    size_t count;
    uint8_t out[256];
};

static bool bn_add(struct job *j)
{
    return j->bn->add(j->out, j->input, j->input + 64);
}

static bool bn_mul(struct job *j)
{
    return j->bn->mul(j->out, j->input, j->input + 64);
}

static bool bn_pairing(struct job *j)
{
    bool one;
    return j->bn->pairing_check(&one, j->input, j->count) && one;
}

static bool g1_add(struct job *j)
{
    return j->bls->g1_add(j->out, j->input, j->input + 128);
}

static bool g2_add(struct job *j)
{
    return j->bls->g2_add(j->out, j->input, j->input + 256);
}

static bool g1_msm(struct job *j)
{
    return j->bls->g1_msm(j->out, j->input, j->count);
}

static bool g2_msm(struct job *j)
{
    return j->bls->g2_msm(j->out, j->input, j->count);
}

static bool bls_pairing(struct job *j)
{
    bool one;
    return j->bls->pairing_check(&one, j->input, j->count) && one;
}

static bool map_g1(struct job *j)
{
    return j->bls->map_fp_to_g1(j->out, j->input);
}

static bool map_g2(struct job *j)
{
    return j->bls->map_fp2_to_g2(j->out, j->input);
}

static bool kzg(struct job *j)
{
    return j->bls->kzg_verify(j->input, j->input + 48, j->input + 80, j->input + 112);
}

static double best_us(struct job *j, bool (*call)(struct job *))
{
    uint64_t best = UINT64_MAX, calls = 1;
    for (uint64_t spent = 0; spent < budget_ns;) {
        uint64_t start = cpu_ns();
        for (uint64_t i = 0; i < calls; i++) {
            if (!call(j)) {
                fprintf(stderr, "bench_pairing: a call was refused\n");
                exit(1);
            }
        }
        uint64_t ns = cpu_ns() - start;
        spent += ns;
        if (ns < budget_ns / 50)
            calls *= 2;
        else if (ns / calls < best)
            best = ns / calls;
    }
    return (double)best / 1e3;
}

static void report(const char *what, struct job *j, bool (*call)(struct job *), double gas)
{
    j->bn = &bn254_plain;
    j->bls = &bls_plain;
    double plain = best_us(j, call), fast = plain;
#ifdef __x86_64__
    if (pairing_has_adx()) {
        j->bn = &bn254_adx;
        j->bls = &bls_adx;
        fast = best_us(j, call);
    }
#endif
    printf("%-24s %9.0f %11.2f %11.2f %9.1f\n", what, gas, plain, fast, gas / fast);
}

/* --- inputs ------------------------------------------------------------------------------------
 */

static uint64_t random_state = 0x9e3779b97f4a7c15;

static void put_random(uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        random_state = random_state * 6364136223846793005 + 1442695040888963407;
        p[i] = (uint8_t)(random_state >> 56);
    }
}

/* The field moduli, to turn a point into its negative. */
static const char *const bn_p = "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";
static const char *const bls_p = "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
                                 "1eabfffeb153ffffb9feffffffffaaab";

/* A point of G2 of BN254: the generator of EIP-197. */
static const char *const bn_g2 = "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
                                 "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
                                 "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
                                 "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";

static void negate(uint8_t *y, const char *modulus, size_t len)
{
    uint8_t p[48];
    unsigned borrow = 0;
    hex_decode(p, len, modulus, 2 * len);
    for (size_t i = len; i-- > 0;) {
        unsigned d = 256u + p[i] - y[i] - borrow;
        y[i] = (uint8_t)d;
        borrow = d < 256;
    }
}

/* Pairs (P, Q), (-P, Q) for random P. */
static void bn_pairs(uint8_t *to, size_t count)
{
    uint8_t generator[64] = {0}, scalar[32];
    generator[31] = 1;
    generator[63] = 2;
    for (size_t i = 0; i < count; i++, to += 192) {
        put_random(scalar, sizeof scalar);
        if (i % 2 == 0) {
            bn254_mul(to, generator, scalar);
        } else {
            memcpy(to, to - 192, 64);
            negate(to + 32, bn_p, 32);
        }
        hex_decode(to + 64, 128, bn_g2, 256);
    }
}

static void bls_random_g1(uint8_t *to)
{
    uint8_t fp[64] = {0};
    put_random(fp + 17, 47);
    bls_map_fp_to_g1(to, fp);
}

static void bls_random_g2(uint8_t *to)
{
    uint8_t fp2[128] = {0};
    put_random(fp2 + 17, 47);
    put_random(fp2 + 64 + 17, 47);
    bls_map_fp2_to_g2(to, fp2);
}

static void bls_pairs(uint8_t *to, size_t count)
{
    for (size_t i = 0; i < count; i++, to += 384) {
        if (i % 2 == 0) {
            bls_random_g1(to);
            bls_random_g2(to + 128);
        } else {
            memcpy(to, to - 384, 384);
            negate(to + 80, bls_p, 48);
        }
    }
}

static void bls_terms(uint8_t *to, size_t count, bool in_g2)
{
    for (size_t i = 0; i < count; i++) {
        (in_g2 ? bls_random_g2 : bls_random_g1)(to);
        to += in_g2 ? 256 : 128;
        put_random(to, 32);
        to += 32;
    }
}

static void report_bn254(struct job *j)
{
    bn_pairs(j->input, 3);
    memcpy(j->input + 64, j->input + 384, 64);
    report("bn254 add", j, bn_add, 150);
    put_random(j->input + 64, 32);
    report("bn254 mul", j, bn_mul, 6000);
    for (j->count = 2; j->count <= 32; j->count *= 4) {
        char what[40];
        snprintf(what, sizeof what, "bn254 pairing, %zu", j->count);
        bn_pairs(j->input, j->count);
        report(what, j, bn_pairing, 45000 + 34000 * (double)j->count);
    }
}

static void report_msm(struct job *j, size_t count, bool in_g2, double gas_each)
{
    char what[40];
    j->count = count;
    snprintf(what, sizeof what, "bls g%d msm, %zu", in_g2 ? 2 : 1, count);
    bls_terms(j->input, count, in_g2);
    report(what, j, in_g2 ? g2_msm : g1_msm, gas_each * (double)count);
}

static void report_bls(struct job *j)
{
    bls_random_g1(j->input);
    bls_random_g1(j->input + 128);
    report("bls g1 add", j, g1_add, 375);
    bls_random_g2(j->input);
    bls_random_g2(j->input + 256);
    report("bls g2 add", j, g2_add, 600);
    report_msm(j, 1, false, 12000);
    report_msm(j, 16, false, 12000 * 0.721);
    report_msm(j, 128, false, 12000 * 0.519);
    report_msm(j, 2048, false, 12000 * 0.519);
    report_msm(j, 1, true, 22500);
    report_msm(j, 16, true, 22500 * 0.726);
    report_msm(j, 128, true, 22500 * 0.524);
    report_msm(j, 2048, true, 22500 * 0.524);
    for (j->count = 2; j->count <= 32; j->count *= 4) {
        char what[40];
        snprintf(what, sizeof what, "bls pairing, %zu", j->count);
        bls_pairs(j->input, j->count);
        report(what, j, bls_pairing, 37700 + 32600 * (double)j->count);
    }
    memset(j->input, 0, 128);
    put_random(j->input + 17, 47);
    report("bls map to g1", j, map_g1, 5500);
    put_random(j->input + 64 + 17, 47);
    report("bls map to g2", j, map_g2, 23800);
}

/* The polynomial f(X) = X: its commitment and the point tau G1 are the same, f(z) = z, and the
 * proof is the commitment to (f(X) - z) / (X - z) = 1, the generator. */
static void report_kzg(struct job *j)
{
    static const char *const tau_g1 = "ad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7"
                                      "cb42d25926fc0c97b336e9f0fb35e5a04c81";
    static const char *const g1 = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
                                  "6c55e83ff97a1aeffb3af00adb22c6bb";
    hex_decode(j->input, 48, tau_g1, 96);
    put_random(j->input + 48, 32);
    j->input[48] &= 0x3f;
    memcpy(j->input + 80, j->input + 48, 32);
    hex_decode(j->input + 112, 48, g1, 96);
    report("kzg point evaluation", j, kzg, 50000);
}

int main(int argc, char **argv)
{
    struct job j = {.input = mem_zalloc(2048, 288)};
    if (argc > 1)
        budget_ns = strtoull(argv[1], NULL, 10) * 1000000;
    printf("%-24s %9s %11s %11s %9s\n", "call", "gas", "plain us", "fast us", "Mgas/s");
    report_bn254(&j);
    report_bls(&j);
    report_kzg(&j);
    mem_free(j.input);
    return 0;
}
