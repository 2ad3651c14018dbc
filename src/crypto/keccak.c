/* Keccak-f[1600] with the 25 lanes in locals and two rounds per step, so that the permutation of
 * positions (pi) costs nothing: each pair of rounds reads a.. writes e.., then back.
 *
 * Threads   no state but the processor's features, read once by the compiler's runtime. */
#include "crypto/keccak.h"

const struct hash KECCAK_EMPTY = {{0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d,
                                   0xb2, 0xdc, 0xc7, 0x03, 0xc0, 0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82,
                                   0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70}};

const struct hash KECCAK_EMPTY_TRIE = {{0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6,
                                        0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
                                        0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0,
                                        0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21}};

bool keccak_plain_only, keccak_scalar_only;

#define RATE_LANES (KECCAK_RATE / 8)

static const uint64_t round_constant[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

#define ROL(v, n) ((v) << (n) | (v) >> (64 - (n)))

/* clang-format off */
/* One output row: chi of the five lanes that rho and pi bring there. */
#define ROW(e0, e1, e2, e3, e4, l0, l1, l2, l3, l4, r0, r1, r2, r3, r4, x0, x1, x2, x3, x4)        \
    b0 = l0 ^ d##x0; b0 = ROL(b0, r0); b1 = l1 ^ d##x1; b1 = ROL(b1, r1);                          \
    b2 = l2 ^ d##x2; b2 = ROL(b2, r2); b3 = l3 ^ d##x3; b3 = ROL(b3, r3);                          \
    b4 = l4 ^ d##x4; b4 = ROL(b4, r4);                                                             \
    e0 = b0 ^ (~b1 & b2); e1 = b1 ^ (~b2 & b3); e2 = b2 ^ (~b3 & b4);                              \
    e3 = b3 ^ (~b4 & b0); e4 = b4 ^ (~b0 & b1);

/* a, e: prefixes of the 25 input and output lanes, numbered x + 5 y. */
#define ROUND(a, e, constant)                                                                      \
    c0 = a##0 ^ a##5 ^ a##10 ^ a##15 ^ a##20; c1 = a##1 ^ a##6 ^ a##11 ^ a##16 ^ a##21;            \
    c2 = a##2 ^ a##7 ^ a##12 ^ a##17 ^ a##22; c3 = a##3 ^ a##8 ^ a##13 ^ a##18 ^ a##23;            \
    c4 = a##4 ^ a##9 ^ a##14 ^ a##19 ^ a##24;                                                      \
    d0 = c4 ^ ROL(c1, 1); d1 = c0 ^ ROL(c2, 1); d2 = c1 ^ ROL(c3, 1);                              \
    d3 = c2 ^ ROL(c4, 1); d4 = c3 ^ ROL(c0, 1);                                                    \
    b0 = a##0 ^ d0; b1 = a##6 ^ d1; b1 = ROL(b1, 44); b2 = a##12 ^ d2; b2 = ROL(b2, 43);           \
    b3 = a##18 ^ d3; b3 = ROL(b3, 21); b4 = a##24 ^ d4; b4 = ROL(b4, 14);                          \
    e##0 = b0 ^ (~b1 & b2) ^ (constant); e##1 = b1 ^ (~b2 & b3); e##2 = b2 ^ (~b3 & b4);           \
    e##3 = b3 ^ (~b4 & b0); e##4 = b4 ^ (~b0 & b1);                                                \
    ROW(e##5, e##6, e##7, e##8, e##9, a##3, a##9, a##10, a##16, a##22,                             \
        28, 20, 3, 45, 61, 3, 4, 0, 1, 2)                                                          \
    ROW(e##10, e##11, e##12, e##13, e##14, a##1, a##7, a##13, a##19, a##20,                        \
        1, 6, 25, 8, 18, 1, 2, 3, 4, 0)                                                            \
    ROW(e##15, e##16, e##17, e##18, e##19, a##4, a##5, a##11, a##17, a##23,                        \
        27, 36, 10, 15, 56, 4, 0, 1, 2, 3)                                                         \
    ROW(e##20, e##21, e##22, e##23, e##24, a##2, a##8, a##14, a##15, a##21,                        \
        62, 55, 39, 41, 2, 2, 3, 4, 0, 1)
/* clang-format on */

/* The permutation of s[25]. */
#define PERMUTE(s)                                                                                 \
    do {                                                                                           \
        uint64_t a0 = (s)[0], a1 = (s)[1], a2 = (s)[2], a3 = (s)[3], a4 = (s)[4], a5 = (s)[5],     \
                 a6 = (s)[6], a7 = (s)[7], a8 = (s)[8], a9 = (s)[9], a10 = (s)[10], a11 = (s)[11], \
                 a12 = (s)[12], a13 = (s)[13], a14 = (s)[14], a15 = (s)[15], a16 = (s)[16],        \
                 a17 = (s)[17], a18 = (s)[18], a19 = (s)[19], a20 = (s)[20], a21 = (s)[21],        \
                 a22 = (s)[22], a23 = (s)[23], a24 = (s)[24];                                      \
        uint64_t e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13, e14, e15, e16, e17,   \
            e18, e19, e20, e21, e22, e23, e24;                                                     \
        uint64_t b0, b1, b2, b3, b4, c0, c1, c2, c3, c4, d0, d1, d2, d3, d4;                       \
        for (int round = 0; round < 24; round += 2) {                                              \
            ROUND(a, e, round_constant[round])                                                     \
            ROUND(e, a, round_constant[round + 1])                                                 \
        }                                                                                          \
        (s)[0] = a0, (s)[1] = a1, (s)[2] = a2, (s)[3] = a3, (s)[4] = a4, (s)[5] = a5;              \
        (s)[6] = a6, (s)[7] = a7, (s)[8] = a8, (s)[9] = a9, (s)[10] = a10, (s)[11] = a11;          \
        (s)[12] = a12, (s)[13] = a13, (s)[14] = a14, (s)[15] = a15, (s)[16] = a16, (s)[17] = a17;  \
        (s)[18] = a18, (s)[19] = a19, (s)[20] = a20, (s)[21] = a21, (s)[22] = a22, (s)[23] = a23;  \
        (s)[24] = a24;                                                                             \
    } while (0)

static void permute_plain(uint64_t s[25])
{
    PERMUTE(s);
}

#ifdef __x86_64__
/* The same source, where the compiler may use ANDN for chi and RORX for rho. */
__attribute__((target("bmi,bmi2"))) static void permute_bmi(uint64_t s[25])
{
    PERMUTE(s);
}

/* With AVX-512 one instruction rotates, and one joins three lanes by any function: of sums (0x96)
 * and of chi, a ^ (~b & c) (0xd2). Its 32 registers hold a lane each, 0 to 24, and seven more;
 * compilers spill here. V is the kind of register: xmm for one state, whose upper halves are idle,
 * zmm for eight side by side. */

/* clang-format off */
#define R(V, n) "%%" V #n

/* c = the sum of five lanes */
#define PARITY(V, c, l0, l1, l2, l3, l4)                                                           \
    "vmovdqa64 " R(V, l0) ", " R(V, c) "\n\t"                                                      \
    "vpternlogq $0x96, " R(V, l1) ", " R(V, l2) ", " R(V, c) "\n\t"                                \
    "vpternlogq $0x96, " R(V, l3) ", " R(V, l4) ", " R(V, c) "\n\t"

/* d = the parity at the left ^ that at the right turned by one */
#define EFFECT(V, d, left, right)                                                                  \
    "vprolq $1, " R(V, right) ", " R(V, d) "\n\t"                                                  \
    "vpxorq " R(V, left) ", " R(V, d) ", " R(V, d) "\n\t"

/* theta, rho and pi of one lane */
#define MOVE(V, to, from, d, by)                                                                   \
    "vpxorq " R(V, d) ", " R(V, from) ", " R(V, to) "\n\t"                                         \
    "vprolq $" #by ", " R(V, to) ", " R(V, to) "\n\t"

#define CHI(V, l0, l1, l2, l3, l4)                                                                 \
    "vmovdqa64 " R(V, l0) ", " R(V, 27) "\n\tvmovdqa64 " R(V, l1) ", " R(V, 29) "\n\t"             \
    "vpternlogq $0xd2, " R(V, l2) ", " R(V, l1) ", " R(V, l0) "\n\t"                               \
    "vpternlogq $0xd2, " R(V, l3) ", " R(V, l2) ", " R(V, l1) "\n\t"                               \
    "vpternlogq $0xd2, " R(V, l4) ", " R(V, l3) ", " R(V, l2) "\n\t"                               \
    "vpternlogq $0xd2, " R(V, 27) ", " R(V, l4) ", " R(V, l3) "\n\t"                               \
    "vpternlogq $0xd2, " R(V, 29) ", " R(V, 27) ", " R(V, l4) "\n\t"

/* One round. pi moves all lanes but 0 in one cycle, so lane 1 waits in register 27 until its place
 * is free. Of lanes x + 5 y with x from 0 the effects are in 30, 28, 31, 25, 26. */
#define LANES_ROUND(V)                                                                             \
    PARITY(V, 25, 0, 5, 10, 15, 20) PARITY(V, 26, 1, 6, 11, 16, 21)                                \
    PARITY(V, 27, 2, 7, 12, 17, 22) PARITY(V, 28, 3, 8, 13, 18, 23)                                \
    PARITY(V, 29, 4, 9, 14, 19, 24)                                                                \
    EFFECT(V, 30, 29, 26) EFFECT(V, 31, 26, 28) EFFECT(V, 26, 28, 25)                              \
    EFFECT(V, 28, 25, 27) EFFECT(V, 25, 27, 29)                                                    \
    "vpxorq " R(V, 30) ", " R(V, 0) ", " R(V, 0) "\n\t"                                            \
    "vpxorq " R(V, 28) ", " R(V, 1) ", " R(V, 27) "\n\t"                                           \
    MOVE(V, 1, 6, 28, 44) MOVE(V, 6, 9, 26, 20) MOVE(V, 9, 22, 31, 61) \
    MOVE(V, 22, 14, 26, 39) MOVE(V, 14, 20, 30, 18) MOVE(V, 20, 2, 31, 62) \
    MOVE(V, 2, 12, 31, 43) MOVE(V, 12, 13, 25, 25) MOVE(V, 13, 19, 26, 8) \
    MOVE(V, 19, 23, 25, 56) MOVE(V, 23, 15, 30, 41) MOVE(V, 15, 4, 26, 27) \
    MOVE(V, 4, 24, 26, 14) MOVE(V, 24, 21, 28, 2) MOVE(V, 21, 8, 25, 55) \
    MOVE(V, 8, 16, 28, 45) MOVE(V, 16, 5, 30, 36) MOVE(V, 5, 3, 25, 28) \
    MOVE(V, 3, 18, 25, 21) MOVE(V, 18, 17, 31, 15) MOVE(V, 17, 11, 28, 10) \
    MOVE(V, 11, 7, 31, 6) MOVE(V, 7, 10, 30, 3) \
    "vprolq $1, " R(V, 27) ", " R(V, 10) "\n\t" \
    CHI(V, 0, 1, 2, 3, 4)                                                                          \
    "vpbroadcastq (%[constant]), " R(V, 27) "\n\taddq $8, %[constant]\n\t"                         \
    "vpxorq " R(V, 27) ", " R(V, 0) ", " R(V, 0) "\n\t"                                            \
    CHI(V, 5, 6, 7, 8, 9) CHI(V, 10, 11, 12, 13, 14)                                               \
    CHI(V, 15, 16, 17, 18, 19) CHI(V, 20, 21, 22, 23, 24)

#define EACH_LANE(M)                                                                               \
    M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15) M(16)    \
    M(17) M(18) M(19) M(20) M(21) M(22) M(23) M(24)
#define LOAD_1(n) "vmovq 8*" #n "(%[s]), %%xmm" #n "\n\t"
#define STORE_1(n) "vmovq %%xmm" #n ", 8*" #n "(%[s])\n\t"
#define LOAD_8(n) "vmovdqu64 64*" #n "(%[s]), %%zmm" #n "\n\t"
#define STORE_8(n) "vmovdqu64 %%zmm" #n ", 64*" #n "(%[s])\n\t"
#define USED(n) "xmm" #n,

#define PERMUTE_LANES(V, load, store, s)                                                           \
    do {                                                                                           \
        const uint64_t *constant = round_constant;                                                 \
        __asm__ volatile(EACH_LANE(load) ".p2align 5\n1:\n\t" LANES_ROUND(V)                       \
                         "cmpq %[end], %[constant]\n\tjne 1b\n\t" EACH_LANE(store)                 \
                         "vzeroupper\n\t" /* or SSE code after it is slow on some processors */    \
                         : [constant] "+r"(constant)                                               \
                         : [s] "r"(s), [end] "r"(round_constant + 24)                              \
                         : EACH_LANE(USED) "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30",   \
                           "xmm31", "cc", "memory");                                               \
    } while (0)
/* clang-format on */

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings" /* a round is longer than ISO's 4095 bytes \
                                                       */
__attribute__((target("avx512f,avx512vl"))) static void permute_avx512(uint64_t s[25])
{
    PERMUTE_LANES("xmm", LOAD_1, STORE_1, s);
}

#define EIGHT 8

__attribute__((target("avx512f,avx512vl"))) static void permute_eight(uint64_t s[25][EIGHT])
{
    PERMUTE_LANES("zmm", LOAD_8, STORE_8, s);
}
#pragma GCC diagnostic pop

static bool use_avx512(void)
{
    return !keccak_plain_only && !keccak_scalar_only && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

static void permute(uint64_t s[25])
{
#ifdef __x86_64__
    if (use_avx512()) {
        permute_avx512(s);
        return;
    }
    if (!keccak_plain_only && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("bmi")) {
        permute_bmi(s);
        return;
    }
#endif
    permute_plain(s);
}

static inline uint64_t lane_get(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

static inline void absorb_block(uint64_t s[25], const uint8_t *p)
{
    for (int i = 0; i < RATE_LANES; i++)
        s[i] ^= lane_get(p + 8 * i);
    permute(s);
}

/* XORs len bytes at byte position `at` of the state; at + len <= KECCAK_RATE. */
static void absorb_bytes(uint64_t s[25], size_t at, const uint8_t *p, size_t len)
{
    for (; len && at % 8; at++, p++, len--)
        s[at / 8] ^= (uint64_t)*p << 8 * (at % 8);
    for (; len >= 8; at += 8, p += 8, len -= 8)
        s[at / 8] ^= lane_get(p);
    for (; len; at++, p++, len--)
        s[at / 8] ^= (uint64_t)*p << 8 * (at % 8);
}

static void pad_and_squeeze(uint64_t s[25], size_t fill, struct hash *out)
{
    s[fill / 8] ^= (uint64_t)1 << 8 * (fill % 8);
    s[RATE_LANES - 1] ^= (uint64_t)1 << 63;
    permute(s);
    for (int i = 0; i < 4; i++) {
        uint64_t lane = lane_get((const uint8_t *)&s[i]);
        memcpy(out->b + 8 * i, &lane, sizeof lane);
    }
}

void keccak_init(struct keccak *k)
{
    memset(k, 0, sizeof *k);
}

void keccak_update(struct keccak *k, const void *data, size_t len)
{
    const uint8_t *p = data;
    if (len == 0) /* data may be NULL then, and NULL + 0 is undefined */
        return;
    if (k->fill) {
        size_t take = KECCAK_RATE - k->fill < len ? KECCAK_RATE - k->fill : len;
        absorb_bytes(k->lane, k->fill, p, take);
        k->fill += take;
        p += take;
        len -= take;
        if (k->fill < KECCAK_RATE)
            return;
        permute(k->lane);
        k->fill = 0;
    }
    for (; len >= KECCAK_RATE; p += KECCAK_RATE, len -= KECCAK_RATE)
        absorb_block(k->lane, p);
    absorb_bytes(k->lane, 0, p, len);
    k->fill = len;
}

void keccak_final(struct keccak *k, struct hash *out)
{
    ASSERT(k->fill < KECCAK_RATE);
    pad_and_squeeze(k->lane, k->fill, out);
}

void keccak256(struct hash *out, const void *data, size_t len)
{
    uint64_t s[25] = {0};
    const uint8_t *p = data;
    for (; len >= KECCAK_RATE; p += KECCAK_RATE, len -= KECCAK_RATE)
        absorb_block(s, p);
    absorb_bytes(s, 0, p, len);
    pad_and_squeeze(s, len, out);
}

struct hash keccak256_of(struct bytes b)
{
    struct hash h;
    keccak256(&h, b.data, b.len);
    return h;
}

/* --- many at once ----------------------------------------------------------------------------- */

#ifdef __x86_64__
/* hash_eight hashes at most eight inputs. All go on until the longest is done; what becomes of a
 * state whose digest was taken does not matter. */
static void hash_eight(struct hash *out, const struct bytes *in, size_t count)
{
    uint64_t lane[25][EIGHT] = {{0}};
    size_t blocks_max = 0;
    for (size_t i = 0; i < count; i++)
        if (in[i].len / KECCAK_RATE + 1 > blocks_max)
            blocks_max = in[i].len / KECCAK_RATE + 1;
    for (size_t block = 0; block < blocks_max; block++) {
        for (size_t i = 0; i < count; i++) {
            if (block * KECCAK_RATE > in[i].len)
                continue;
            uint8_t last[KECCAK_RATE] = {0};
            const uint8_t *p = block ? in[i].data + block * KECCAK_RATE : in[i].data;
            size_t len = in[i].len - block * KECCAK_RATE;
            if (len < KECCAK_RATE) {
                if (len) /* data may be NULL then */
                    memcpy(last, p, len);
                last[len] = 1;
                last[KECCAK_RATE - 1] |= 0x80;
                p = last;
            }
            for (size_t k = 0; k < RATE_LANES; k++)
                lane[k][i] ^= lane_get(p + 8 * k);
        }
        permute_eight(lane);
        for (size_t i = 0; i < count; i++)
            if (in[i].len / KECCAK_RATE == block)
                for (size_t k = 0; k < 4; k++)
                    memcpy(out[i].b + 8 * k, &lane[k][i], 8);
    }
}
#endif

void keccak256_many(struct hash *out, const struct bytes *in, size_t count)
{
    size_t done = 0;
#ifdef __x86_64__
    /* two singly cost less than a whole row */
    if (use_avx512())
        for (size_t n; (n = count - done < EIGHT ? count - done : EIGHT) > 2; done += n)
            hash_eight(out + done, in + done, n);
#endif
    for (; done < count; done++)
        keccak256(&out[done], in[done].data, in[done].len);
}
