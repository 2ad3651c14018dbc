/* bench_precompiles: what each precompile costs in CPU time against its price, at several sizes.
 * The figure that bounds a block is the smallest one: Mgas/s. Usage: bench_precompiles [MS_EACH] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "crypto/sha256.h"
#include "evm/test_precompile.h"

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#define GAS_KZG 50000

static uint64_t budget_ns = 100 * 1000000;

static uint64_t run_ns(struct precompile_call *c, enum fork fork, unsigned low, struct bytes input,
                       uint64_t calls)
{
    uint64_t start = cpu_ns();
    for (uint64_t i = 0; i < calls; i++)
        precompile_call(c, fork, low, input, ANY_GAS);
    return cpu_ns() - start;
}

/* Calls it until the budget is spent, in five parts; the fastest counts. refused: the input costs
 * the full work and then fails. */
static void measure(enum fork fork, unsigned low, const char *what, const struct buf *input,
                    bool refused)
{
    struct precompile_call c = {0};
    bool exists = precompile_call(&c, fork, low, buf_view(input), ANY_GAS);
    if (!exists || c.result.status != (refused ? FRAME_INVALID : FRAME_SUCCESS)) {
        fprintf(stderr, "bench_precompiles: %s did not run as expected\n", what);
        exit(1);
    }
    int64_t gas = refused ? GAS_KZG : ANY_GAS - c.result.gas_left; /* only 0x0a is refused */
    uint64_t calls = 1, ns;
    while ((ns = run_ns(&c, fork, low, buf_view(input), calls)) < budget_ns / 5)
        calls = ns < budget_ns / 100 ? calls * 10 : calls * (budget_ns / 5) / ns + 1;
    for (int part = 1; part < 5; part++) {
        uint64_t again = run_ns(&c, fork, low, buf_view(input), calls);
        ns = again < ns ? again : ns;
    }
    double each = (double)ns / (double)calls;
    printf("%-34s %10lld %13.0f %9.1f\n", what, (long long)gas, each, (double)gas * 1e3 / each);
    arena_free(&c.arena);
}

/* --- inputs ----------------------------------------------------------------------------------- */

static uint64_t random_state = 0x9e3779b97f4a7c15;

static void put_random(struct buf *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        buf_put_u8(b, (uint8_t)(random_state >> 32));
    }
}

static void put_zeros(struct buf *b, size_t len)
{
    memset(buf_grow(b, len), 0, len);
}

static void put_hex(struct buf *b, const char *hex)
{
    enum err e = hex_decode_buf(b, hex, strlen(hex));
    ASSERT(e == E_OK);
}

static void put_word(struct buf *b, uint64_t v)
{
    uint8_t word[32] = {0};
    be64_put(word + 24, v);
    buf_put(b, word, sizeof word);
}

static void bench_lengths(unsigned low, const char *name)
{
    static const size_t lengths[] = {0, 32, 128, 1024, 32768, 1048576};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char what[64];
        struct buf in = {0};
        put_random(&in, lengths[i]);
        snprintf(what, sizeof what, "%s %zu B", name, lengths[i]);
        measure(FORK_OSAKA, low, what, &in, false);
        buf_free(&in);
    }
}

static void bench_signatures(void)
{
    struct buf in = {0};
    put_random(&in, 32);
    put_word(&in, 27);
    put_word(&in, 1); /* a small r that is on the curve; any s then recovers something */
    put_random(&in, 32);
    in.data[96] &= 0x7f;
    measure(FORK_OSAKA, 0x01, "ECREC", &in, false);
    buf_clear(&in);
    /* RFC 6979, A.2.5, "sample" */
    put_hex(&in, "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"
                 "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                 "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
                 "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                 "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    measure(FORK_OSAKA, 0x100, "P256VERIFY", &in, false);
    buf_free(&in);
}

static void bench_blake2f(void)
{
    static const unsigned rounds[] = {1, 12, 1000, 1000000};
    for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        char what[64];
        uint8_t be[4];
        struct buf in = {0};
        be32_put(be, rounds[i]);
        buf_put(&in, be, sizeof be);
        put_random(&in, 208);
        buf_put_u8(&in, 1);
        snprintf(what, sizeof what, "BLAKE2F %u rounds", rounds[i]);
        measure(FORK_OSAKA, 0x09, what, &in, false);
        buf_free(&in);
    }
}

static void bench_modexp_one(enum fork fork, size_t base, size_t exponent, size_t modulus,
                             bool is_even, uint64_t exponent_value)
{
    char what[64];
    struct buf in = {0};
    put_word(&in, base);
    put_word(&in, exponent);
    put_word(&in, modulus);
    put_random(&in, base);
    if (exponent_value) {
        uint8_t be[8];
        be64_put(be, exponent_value);
        buf_put(&in, be + 8 - exponent, exponent);
    } else {
        memset(buf_grow(&in, exponent), 0xff, exponent);
    }
    put_random(&in, modulus);
    in.data[in.len - modulus] |= 0x80;
    in.data[in.len - 1] = (uint8_t)((in.data[in.len - 1] & 0xfe) | !is_even);
    snprintf(what, sizeof what, "MODEXP %zu^%zu mod %zu %s %s", base, exponent, modulus,
             is_even ? "even" : "odd", fork >= FORK_OSAKA ? "osaka" : "prague");
    measure(fork, 0x05, what, &in, false);
    buf_free(&in);
}

static void bench_modexp(enum fork fork)
{
    static const size_t sizes[] = {8, 16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int even = 0; even < 2; even++)
            bench_modexp_one(fork, sizes[i], sizes[i] < 32 ? 32 : sizes[i], sizes[i], even, 0);
    bench_modexp_one(fork, 8, 1, 8, true, 2);
    bench_modexp_one(fork, 8, 81, 8, true, 0);
    bench_modexp_one(fork, 8, 81, 8, false, 0);
    bench_modexp_one(fork, 8, 112, 8, true, 0);
    bench_modexp_one(fork, 32, 1, 32, false, 2);
    bench_modexp_one(fork, 32, 36, 32, false, 0);
    bench_modexp_one(fork, 32, 40, 32, true, 0);
    bench_modexp_one(fork, 192, 3, 192, true, 65537);
    bench_modexp_one(fork, 256, 1, 256, true, 2);
    bench_modexp_one(fork, 264, 1, 264, true, 2);
    bench_modexp_one(fork, 1024, 1, 1024, true, 2);
    bench_modexp_one(fork, 1024, 3, 1024, false, 65537);
}

/* --- curves ----------------------------------------------------------------------------------- */

#define BLS_G1                                                         \
    "0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f" \
    "c3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb" \
    "0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4" \
    "fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"
#define BLS_G2                                                         \
    "00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051" \
    "c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8" \
    "0000000000000000000000000000000013e02b6052719f607dacd3a088274f65" \
    "596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e" \
    "000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351a" \
    "adfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801" \
    "000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99" \
    "cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"
#define BN_G2                                                          \
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2" \
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed" \
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b" \
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"

/* Appends a random multiple of a point: multiplication is asked of the precompile low itself. */
static void put_multiple(struct buf *b, unsigned low, const char *point_hex)
{
    struct precompile_call c = {0};
    struct buf in = {0};
    put_hex(&in, point_hex);
    put_random(&in, 32);
    precompile_call(&c, FORK_OSAKA, low, buf_view(&in), ANY_GAS);
    ASSERT(c.result.status == FRAME_SUCCESS && c.result.output.len + 32 == in.len);
    buf_put(b, c.result.output.data, c.result.output.len);
    arena_free(&c.arena);
    buf_free(&in);
}

static void put_bn_g1(struct buf *b)
{
    struct precompile_call c = {0};
    struct buf in = {0};
    put_word(&in, 1);
    put_word(&in, 2);
    put_random(&in, 32);
    precompile_call(&c, FORK_OSAKA, 0x07, buf_view(&in), ANY_GAS);
    buf_put(b, c.result.output.data, c.result.output.len);
    arena_free(&c.arena);
    buf_free(&in);
}

static void bench_bn254(void)
{
    static const unsigned counts[] = {1, 2, 4, 16};
    struct buf in = {0};
    put_bn_g1(&in);
    put_bn_g1(&in);
    measure(FORK_OSAKA, 0x06, "BN254_ADD", &in, false);
    in.len = 64;
    memset(buf_grow(&in, 32), 0xff, 32);
    measure(FORK_OSAKA, 0x07, "BN254_MUL", &in, false);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char what[64];
        buf_clear(&in);
        for (unsigned k = 0; k < counts[i]; k++) {
            put_bn_g1(&in);
            put_hex(&in, BN_G2);
        }
        snprintf(what, sizeof what, "BN254_PAIRING %u", counts[i]);
        measure(FORK_OSAKA, 0x08, what, &in, false);
    }
    buf_free(&in);
}

static void bench_msm(unsigned low, const char *name, const char *generator)
{
    static const unsigned counts[] = {1, 2, 4, 16, 128, 512};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char what[64];
        struct buf in = {0};
        for (unsigned k = 0; k < counts[i]; k++) {
            put_multiple(&in, low, generator);
            put_random(&in, 32);
        }
        snprintf(what, sizeof what, "%s %u", name, counts[i]);
        measure(FORK_OSAKA, low, what, &in, false);
        buf_free(&in);
    }
}

static void bench_bls(void)
{
    static const unsigned counts[] = {1, 2, 4, 16};
    struct buf in = {0};
    put_multiple(&in, 0x0c, BLS_G1);
    put_multiple(&in, 0x0c, BLS_G1);
    measure(FORK_OSAKA, 0x0b, "BLS12_G1ADD", &in, false);
    buf_clear(&in);
    put_multiple(&in, 0x0e, BLS_G2);
    put_multiple(&in, 0x0e, BLS_G2);
    measure(FORK_OSAKA, 0x0d, "BLS12_G2ADD", &in, false);
    bench_msm(0x0c, "BLS12_G1MSM", BLS_G1);
    bench_msm(0x0e, "BLS12_G2MSM", BLS_G2);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char what[64];
        buf_clear(&in);
        for (unsigned k = 0; k < counts[i]; k++) {
            put_multiple(&in, 0x0c, BLS_G1);
            put_multiple(&in, 0x0e, BLS_G2);
        }
        snprintf(what, sizeof what, "BLS12_PAIRING_CHECK %u", counts[i]);
        measure(FORK_OSAKA, 0x0f, what, &in, false);
    }
    buf_clear(&in);
    put_zeros(&in, 17);
    put_random(&in, 47);
    measure(FORK_OSAKA, 0x10, "BLS12_MAP_FP_TO_G1", &in, false);
    put_zeros(&in, 17);
    put_random(&in, 47);
    measure(FORK_OSAKA, 0x11, "BLS12_MAP_FP2_TO_G2", &in, false);
    buf_free(&in);
}

/* A commitment (the generator) and a proof (the same) of something untrue: it takes the whole
 * pairing to find out. */
static void bench_kzg(void)
{
    static const char generator[] = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171ba"
                                    "c586c55e83ff97a1aeffb3af00adb22c6bb";
    struct buf in = {0};
    struct hash h;
    put_zeros(&in, 32);
    put_word(&in, 5);
    put_word(&in, 7);
    put_hex(&in, generator);
    put_hex(&in, generator);
    sha256_once(&h, in.data + 96, 48);
    h.b[0] = 1;
    memcpy(in.data, h.b, sizeof h.b);
    measure(FORK_OSAKA, 0x0a, "KZG_POINT_EVALUATION", &in, true);
    buf_free(&in);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        budget_ns = strtoull(argv[1], NULL, 10) * 1000000;
    printf("%-34s %10s %13s %9s\n", "precompile", "gas", "ns per call", "Mgas/s");
    bench_signatures();
    bench_lengths(0x02, "SHA256");
    bench_lengths(0x03, "RIPEMD160");
    bench_lengths(0x04, "ID");
    bench_blake2f();
    bench_bn254();
    bench_kzg();
    bench_bls();
    bench_modexp(FORK_OSAKA);
    bench_modexp(FORK_PRAGUE);
    return 0;
}
