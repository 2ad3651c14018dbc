/* bench_edwards: the edwards25519 group of the votes, each call's CPU time beside libsodium's for
 * the same work, the two taking turns. Points come and go encoded unless a row says otherwise.
 * Usage: bench_edwards [MS_EACH] */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "crypto/edwards/edwards.h"

static uint64_t budget_ns = 200 * 1000000;

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- what is worked on -------------------------------------------------------------------------
 */

#define PROOFS 16
#define MSM_MAX 131072

/* A 0/1 proof: g^r0 alpha^c0, y^r0 beta^c0, g^r1 alpha^c1, y^r1 (beta/g)^c1. */
struct proof {
    uint8_t alpha32[32], beta32[32];
    struct ed_scalar challenge[2], response[2];
};

struct job {
    struct proof proofs[PROOFS];
    uint8_t points32[PROOFS * 32], y32[32], out[4 * 32];
    struct ed_point points[PROOFS], y;
    struct ed_table *y_table;
    struct ed_scalar scalars[PROOFS];
    uint8_t scalars32[PROOFS][32], wide64[64];
    struct ed_point *msm_points;
    struct ed_scalar *msm_scalars;
    size_t msm_count, turn;
};

static void stop(const char *what)
{
    fprintf(stderr, "bench_edwards: %s\n", what);
    exit(1);
}

static uint64_t random_state = 0x9e3779b97f4a7c15;

static struct ed_scalar random_scalar(void)
{
    uint8_t be64[64];
    struct ed_scalar s;
    for (size_t i = 0; i < sizeof be64; i++) {
        random_state = random_state * 6364136223846793005 + 1442695040888963407;
        be64[i] = (uint8_t)(random_state >> 56);
    }
    ed_scalar_reduce(&s, be64, sizeof be64);
    return s;
}

static struct ed_point random_point(void)
{
    struct ed_point p;
    struct ed_scalar s = random_scalar();
    ed_table_mul(&p, ed_table_base(), &s);
    return p;
}

static void make_job(struct job *j)
{
    j->y = random_point();
    j->y_table = ed_table_new(&j->y);
    ed_encode(j->y32, &j->y);
    for (size_t i = 0; i < PROOFS; i++) {
        struct ed_point alpha = random_point(), beta = random_point();
        j->points[i] = random_point();
        j->scalars[i] = random_scalar();
        ed_scalar_to_le32(j->scalars32[i], &j->scalars[i]);
        ed_encode(j->points32 + 32 * i, &j->points[i]);
        ed_encode(j->proofs[i].alpha32, &alpha);
        ed_encode(j->proofs[i].beta32, &beta);
        for (int k = 0; k < 2; k++) {
            j->proofs[i].challenge[k] = random_scalar();
            j->proofs[i].response[k] = random_scalar();
        }
    }
    j->msm_points = mem_zalloc(MSM_MAX, sizeof *j->msm_points);
    j->msm_scalars = mem_zalloc(MSM_MAX, sizeof *j->msm_scalars);
    for (size_t i = 0; i < MSM_MAX; i++) {
        j->msm_scalars[i] = random_scalar();
        if (i < 64)
            j->msm_points[i] = random_point();
        else
            ed_add(&j->msm_points[i], &j->msm_points[i - 1], &j->msm_points[i - 64]);
    }
}

/* --- ours and libsodium's ----------------------------------------------------------------------
 */

static void own_check(struct job *j)
{
    struct ed_point p;
    if (!ed_decode_prime(&p, j->points32 + 32 * j->turn))
        stop("a point was refused");
}

static void peer_check(struct job *j)
{
    if (!crypto_core_ed25519_is_valid_point(j->points32 + 32 * j->turn))
        stop("libsodium refused a point");
}

static void own_check_many(struct job *j)
{
    struct ed_point p[PROOFS];
    size_t bad;
    if (!ed_decode_prime_many(p, j->points32, 32, PROOFS, &bad))
        stop("a point was refused");
}

static void peer_check_many(struct job *j)
{
    for (j->turn = 0; j->turn < PROOFS; j->turn++)
        peer_check(j);
}

static void own_mul(struct job *j)
{
    struct ed_point p;
    if (!ed_decode_prime(&p, j->points32 + 32 * j->turn))
        stop("a point was refused");
    ed_mul(&p, &p, &j->scalars[j->turn]);
    ed_encode(j->out, &p);
}

static void peer_mul(struct job *j)
{
    if (crypto_scalarmult_ed25519_noclamp(j->out, j->scalars32[j->turn],
                                          j->points32 + 32 * j->turn) != 0)
        stop("libsodium refused a point");
}

static void own_base_mul(struct job *j)
{
    struct ed_point p;
    ed_table_mul(&p, ed_table_base(), &j->scalars[j->turn]);
    ed_encode(j->out, &p);
}

static void peer_base_mul(struct job *j)
{
    if (crypto_scalarmult_ed25519_base_noclamp(j->out, j->scalars32[j->turn]) != 0)
        stop("libsodium refused a scalar");
}

static void own_scalar_mul(struct job *j)
{
    j->scalars[0] = ed_scalar_mul(j->scalars[0], j->scalars[1]);
}

static void peer_scalar_mul(struct job *j)
{
    crypto_core_ed25519_scalar_mul(j->scalars32[0], j->scalars32[0], j->scalars32[1]);
}

static void own_reduce(struct job *j)
{
    ed_scalar_reduce(&j->scalars[2], j->wide64, sizeof j->wide64);
}

static void peer_reduce(struct job *j)
{
    crypto_core_ed25519_scalar_reduce(j->scalars32[2], j->wide64);
}

static void own_point_mul(struct job *j)
{
    struct ed_point p;
    ed_mul(&p, &j->points[j->turn], &j->scalars[j->turn]);
}

static void own_table_mul(struct job *j)
{
    struct ed_point p;
    ed_table_mul(&p, j->y_table, &j->scalars[j->turn]);
}

static void own_add(struct job *j)
{
    ed_add(&j->points[0], &j->points[0], &j->points[1]);
}

static void peer_add(struct job *j)
{
    if (crypto_core_ed25519_add(j->out, j->points32, j->points32 + 32) != 0)
        stop("libsodium refused a point");
}

static void own_encode_many(struct job *j)
{
    uint8_t out[PROOFS * 32];
    ed_encode_many(out, j->points, PROOFS);
}

static void own_decode(struct job *j)
{
    struct ed_point p;
    if (!ed_decode(&p, j->points32 + 32 * j->turn))
        stop("a point was refused");
}

static void own_proof(struct job *j)
{
    const struct proof *p = &j->proofs[j->turn];
    const struct ed_table *g = ed_table_base();
    struct ed_point alpha, beta, a[2], b[2];
    struct ed_scalar minus = ed_scalar_sub(ED_ZERO, p->challenge[1]);
    if (!ed_decode(&alpha, p->alpha32) || !ed_decode(&beta, p->beta32) ||
        !ed_mul_each_prime(a, &alpha, p->challenge, 2) ||
        !ed_mul_each_prime(b, &beta, p->challenge, 2))
        stop("a point was refused");
    struct ed_point out[4];
    for (int k = 0; k < 2; k++) {
        ed_table_add(&out[2 * k], &a[k], g, &p->response[k]);
        ed_table_add(&out[2 * k + 1], &b[k], j->y_table, &p->response[k]);
    }
    ed_table_add(&out[3], &out[3], g, &minus);
    ed_encode_many(j->out, out, 4);
}

static void peer_sum(uint8_t out32[32], const uint8_t y32[32], const struct ed_scalar *response,
                     const uint8_t point32[32], const struct ed_scalar *challenge)
{
    uint8_t r32[32], c32[32], left[32], right[32];
    ed_scalar_to_le32(r32, response);
    ed_scalar_to_le32(c32, challenge);
    int refused = y32 ? crypto_scalarmult_ed25519_noclamp(left, r32, y32)
                      : crypto_scalarmult_ed25519_base_noclamp(left, r32);
    refused |= crypto_scalarmult_ed25519_noclamp(right, c32, point32);
    if (refused != 0 || crypto_core_ed25519_add(out32, left, right) != 0)
        stop("libsodium refused a point");
}

static void peer_proof(struct job *j)
{
    const struct proof *p = &j->proofs[j->turn];
    uint8_t one[32] = {1}, g32[32], less_g[32];
    /* the multiplications check the subgroup */
    peer_sum(j->out, NULL, &p->response[0], p->alpha32, &p->challenge[0]);
    peer_sum(j->out + 32, j->y32, &p->response[0], p->beta32, &p->challenge[0]);
    peer_sum(j->out + 64, NULL, &p->response[1], p->alpha32, &p->challenge[1]);
    if (crypto_scalarmult_ed25519_base_noclamp(g32, one) != 0 ||
        crypto_core_ed25519_sub(less_g, p->beta32, g32) != 0)
        stop("libsodium refused a point");
    peer_sum(j->out + 96, j->y32, &p->response[1], less_g, &p->challenge[1]);
}

static void own_msm(struct job *j)
{
    struct ed_point p;
    ed_msm(&p, j->msm_points, j->msm_scalars, j->msm_count);
}

/* --- measuring ---------------------------------------------------------------------------------
 */

static uint64_t run_ns(struct job *j, void (*call)(struct job *), uint64_t calls)
{
    uint64_t start = cpu_ns();
    for (uint64_t i = 0; i < calls; i++) {
        j->turn = i % PROOFS;
        call(j);
    }
    return cpu_ns() - start;
}

/* One row: the fastest of the turns of each; `each` pieces of work are in one call. */
static void report(struct job *j, const char *what, void (*own)(struct job *),
                   void (*sodium)(struct job *), size_t each)
{
    uint64_t calls = 1, best[2] = {UINT64_MAX, UINT64_MAX}, start = cpu_ns();
    void (*who[2])(struct job *) = {own, sodium};
    while (run_ns(j, own, calls) < budget_ns / 20 && cpu_ns() - start < budget_ns / 4)
        calls *= 2;
    do {
        for (int k = 0; k < 2; k++) {
            uint64_t ns = who[k] ? run_ns(j, who[k], calls) : UINT64_MAX;
            best[k] = ns < best[k] ? ns : best[k];
        }
    } while (cpu_ns() - start < 2 * budget_ns);
    double pieces = 1e3 * (double)calls * (double)each, us = (double)best[0] / pieces;
    printf("%-44s %10.3f", what, us);
    if (sodium)
        printf(" %10.3f %8.1f\n", (double)best[1] / pieces, (double)best[1] / pieces / us);
    else
        printf("\n");
}

static void report_proof(struct job *j)
{
    uint8_t own[128];
    own_proof(j);
    memcpy(own, j->out, sizeof own);
    peer_proof(j);
    if (memcmp(own, j->out, sizeof own) != 0)
        stop("libsodium has other commitments");
    report(j, "0/1 proof: two points, four commitments", own_proof, peer_proof, 1);
}

int main(int argc, char **argv)
{
    struct job *j = mem_zalloc(1, sizeof *j);
    if (argc > 1)
        budget_ns = strtoull(argv[1], NULL, 10) * 1000000;
    if (sodium_init() < 0)
        stop("libsodium does not start");
    make_job(j);
    printf("%-44s %10s %10s %8s\n", "edwards25519, each", "own us", "libsodium", "times");
    report_proof(j);
    report(j, "point checked for the subgroup", own_check, peer_check, 1);
    report(j, "the same, 16 together", own_check_many, peer_check_many, PROOFS);
    report(j, "point checked and multiplied", own_mul, peer_mul, 1);
    report(j, "base point multiplied", own_base_mul, peer_base_mul, 1);
    report(j, "product modulo q", own_scalar_mul, peer_scalar_mul, 1);
    report(j, "512 bits modulo q", own_reduce, peer_reduce, 1);
    report(j, "addition (libsodium's: encoded)", own_add, peer_add, 1);
    report(j, "point decoded, of any order", own_decode, NULL, 1);
    report(j, "16 points encoded", own_encode_many, NULL, PROOFS);
    report(j, "decoded point multiplied", own_point_mul, NULL, 1);
    report(j, "fixed point multiplied", own_table_mul, NULL, 1);
    static const size_t counts[] = {2, 16, 256, 4096, MSM_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        char what[64];
        j->msm_count = counts[i];
        snprintf(what, sizeof what, "sum of %zu multiples, a point", j->msm_count);
        report(j, what, own_msm, NULL, j->msm_count);
    }
    ed_table_free(j->y_table);
    mem_free(j->msm_points);
    mem_free(j->msm_scalars);
    mem_free(j);
    return 0;
}
