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

bool keccak_plain_only;

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

/* The permutation of s[25]; of 64-bit lanes, or of vectors of them: then several states at once. */
#define PERMUTE(lane, s)                                                                          \
    do {                                                                                          \
        lane a0 = (s)[0], a1 = (s)[1], a2 = (s)[2], a3 = (s)[3], a4 = (s)[4], a5 = (s)[5],        \
             a6 = (s)[6], a7 = (s)[7], a8 = (s)[8], a9 = (s)[9], a10 = (s)[10], a11 = (s)[11],    \
             a12 = (s)[12], a13 = (s)[13], a14 = (s)[14], a15 = (s)[15], a16 = (s)[16],           \
             a17 = (s)[17], a18 = (s)[18], a19 = (s)[19], a20 = (s)[20], a21 = (s)[21],           \
             a22 = (s)[22], a23 = (s)[23], a24 = (s)[24];                                         \
        lane e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13, e14, e15, e16, e17, e18, \
            e19, e20, e21, e22, e23, e24;                                                         \
        lane b0, b1, b2, b3, b4, c0, c1, c2, c3, c4, d0, d1, d2, d3, d4;                          \
        for (int round = 0; round < 24; round += 2) {                                             \
            ROUND(a, e, round_constant[round])                                                    \
            ROUND(e, a, round_constant[round + 1])                                                \
        }                                                                                         \
        (s)[0] = a0, (s)[1] = a1, (s)[2] = a2, (s)[3] = a3, (s)[4] = a4, (s)[5] = a5;             \
        (s)[6] = a6, (s)[7] = a7, (s)[8] = a8, (s)[9] = a9, (s)[10] = a10, (s)[11] = a11;         \
        (s)[12] = a12, (s)[13] = a13, (s)[14] = a14, (s)[15] = a15, (s)[16] = a16, (s)[17] = a17; \
        (s)[18] = a18, (s)[19] = a19, (s)[20] = a20, (s)[21] = a21, (s)[22] = a22, (s)[23] = a23; \
        (s)[24] = a24;                                                                            \
    } while (0)

static void permute_plain(uint64_t s[25])
{
    PERMUTE(uint64_t, s);
}

#ifdef __x86_64__
/* The same source, where the compiler may use ANDN for chi and RORX for rho. */
__attribute__((target("bmi,bmi2"))) static void permute_bmi(uint64_t s[25])
{
    PERMUTE(uint64_t, s);
}

/* The same source again, eight states side by side. */
typedef uint64_t lanes __attribute__((vector_size(8 * sizeof(uint64_t))));

__attribute__((target("avx512f"))) static void permute_eight(lanes s[25])
{
    PERMUTE(lanes, s);
}
#endif

static void permute(uint64_t s[25])
{
#ifdef __x86_64__
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
#define EIGHT 8

/* hash_eight hashes at most eight inputs. All go on until the longest is done; what becomes of a
 * state whose digest was taken does not matter. */
static void hash_eight(struct hash *out, const struct bytes *in, size_t count)
{
    lanes s[25] = {0};
    uint64_t(*lane)[EIGHT] = (uint64_t(*)[EIGHT])s;
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
        permute_eight(s);
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
    if (!keccak_plain_only && __builtin_cpu_supports("avx512f"))
        for (size_t n; (n = count - done < EIGHT ? count - done : EIGHT) > 2; done += n)
            hash_eight(out + done, in + done, n);
#endif
    for (; done < count; done++)
        keccak256(&out[done], in[done].data, in[done].len);
}
